"""threads.py: equal shares of work, done at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from fastw2v.threads import in_shares, shares


@pytest.mark.parametrize("count", [0, 1, 7, 100])
@pytest.mark.parametrize("threads", [1, 3, 8])
def test_shares_are_equal_and_whole(count: int, threads: int) -> None:
    done: list[tuple[int, int]] = []
    in_shares(lambda start, end: done.append((start, end)), count, threads)
    assert sorted(done) == shares(count, threads) and len(done) == threads
    assert [i for start, end in sorted(done) for i in range(start, end)] == list(range(count))
    sizes = [end - start for start, end in done]
    assert max(sizes) - min(sizes) <= 1


def test_a_pool_is_used_again() -> None:
    with ThreadPoolExecutor(2) as pool:
        for count in (5, 9):
            done: list[int] = []
            in_shares(lambda start, end, done=done: done.extend(range(start, end)), count, 2, pool)  # type: ignore[misc]
            assert sorted(done) == list(range(count))


def test_an_error_in_a_share_is_raised() -> None:
    def work(start: int, end: int) -> None:
        raise ValueError(f"{start} to {end}")

    with pytest.raises(ValueError, match="0 to 2"):
        in_shares(work, 4, 2)
