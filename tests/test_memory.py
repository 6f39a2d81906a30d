"""memory.py: what is free by all limits, and the refusal of what would take far more."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from children import run_python

from fastw2v import KeyedVectors, Word2Vec, memory
from fastw2v.memory import available_memory, require_memory

MB, GB = 2**20, 2**30
MACHINE = f"MemTotal: {16 << 20} kB\nMemAvailable: {8 << 20} kB\nSwapFree: {2 << 20} kB\n"


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A machine with 8 GB free and 2 GB of swap, and the control groups that a test gives it."""
    monkeypatch.setattr(memory, "PROC", tmp_path / "proc")
    monkeypatch.setattr(memory, "CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(memory, "_own_limits", lambda: iter(()))

    def write(own: str = "0::/\n", groups: dict[str, str] | None = None) -> None:
        for name, content in {
            "proc/meminfo": MACHINE,
            "proc/self/cgroup": own,
            **{f"cgroup/{name}": content for name, content in (groups or {}).items()},
        }.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)

    return write


def version2(group: str, limit: int | str, used: int, inactive: int = 0) -> dict[str, str]:
    return {
        f"{group}memory.max": f"{limit}\n",
        f"{group}memory.current": f"{used}\n",
        f"{group}memory.stat": f"anon 1\ninactive_file {inactive}\n",
    }


def version1(group: str, limit: int, used: int, inactive: int = 0) -> dict[str, str]:
    return {
        f"memory/{group}memory.limit_in_bytes": f"{limit}\n",
        f"memory/{group}memory.usage_in_bytes": f"{used}\n",
        f"memory/{group}memory.stat": f"inactive_file 0\ntotal_inactive_file {inactive}\n",
    }


NO_LIMIT = 0x7FFFFFFFFFFFF000  # how version 1 says so


@pytest.mark.parametrize(
    ("own", "groups", "free"),
    [
        ("0::/\n", {}, 8 * GB),
        ("0::/\n", version2("", 2 * GB, 512 * MB), 1536 * MB),
        ("0::/a/b\n", version2("a/b/", GB, 900 * MB, 500 * MB), 624 * MB),
        ("0::/a/b\n", version2("a/b/", "max", GB) | version2("a/", GB, 0), GB),
        ("0::/a/b\n", version2("a/b/", 2 * GB, 0) | version2("a/", GB, 800 * MB), 224 * MB),
        ("0::/only/outside\n", version2("", GB, 0), GB),
        ("4:cpu,memory:/a\n0::/\n", version1("a/", GB, 500 * MB, 100 * MB), 624 * MB),
        ("4:memory:/a\n0::/\n", version1("a/", NO_LIMIT, 9) | version1("", 3 * GB, GB), 2 * GB),
        ("4:memory:/outside/x\n", version1("", 3 * GB, GB), 2 * GB),
        ("0::/\n", version2("", GB, 2 * GB), 0),
        ("", {"memory.max": "broken"}, 8 * GB),
    ],
)
def test_the_least_of_all_limits(
    own: str, groups: dict[str, str], free: int, system: Callable[..., None]
) -> None:
    system(own, groups)
    assert available_memory() == free


def test_this_system_says_something_sensible() -> None:
    assert 16 * MB < available_memory() < 2**50


def test_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PROC", "CGROUPS"):
        monkeypatch.setattr(memory, name, tmp_path)
    monkeypatch.setattr(memory, "_own_limits", lambda: iter(()))
    assert available_memory() > 0
    monkeypatch.setattr(memory, "_physical_memory", lambda: 0)
    assert available_memory() == memory.UNKNOWN
    require_memory(2**60, "what nobody can judge", "nothing")


def test_only_far_too_much_is_refused(system: Callable[..., None]) -> None:
    system()
    require_memory(8 * GB, "all that is free", "")
    require_memory(12 * GB, "with swap and the margin", "")
    with pytest.raises(
        MemoryError, match=r"A book would take 13,958,643,712 bytes.*10,737,418,240.*read less"
    ):
        require_memory(13 * GB, "A book", "read less")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what of a limit is used")
def test_the_limits_of_the_process_count() -> None:
    code = """
import resource, sys
from fastw2v import memory, Word2Vec
resource.setrlimit(resource.{limit}, (int(sys.argv[1]), int(sys.argv[1])))
assert memory.available_memory() <= int(sys.argv[1])
model = Word2Vec(min_count=1, vector_size=1_000_000)
try:
    model.build_vocab([[f"w{i}" for i in range(1000)]])
except MemoryError as error:
    print(error)
assert len(model.wv) == 0 and not hasattr(model, "syn1neg")
"""
    for limit in ("RLIMIT_AS", "RLIMIT_DATA"):
        said = run_python(code.replace("{limit}", limit), 2 * GB).stdout
        assert "2 matrices of 1,000 words" in said and "vector_size" in said


def refuse(size: int, what: str, advice: str) -> None:
    if size > 100:
        raise MemoryError(f"{what}: {advice}")


@pytest.mark.trains_again
def test_a_vocabulary_that_does_not_fit_leaves_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Word2Vec([["a", "b"]], min_count=1, vector_size=4, workers=1)
    before = model.syn0.copy()
    monkeypatch.setattr("fastw2v.matrices.require_memory", refuse)
    for update in (False, True):
        with pytest.raises(MemoryError, match="vector_size"):
            model.build_vocab([["c", "d", "e", "f"]], update=update)
        assert model.wv.index_to_key == ["b", "a"] and (model.syn0 == before).all()
    model.train([["a", "b"]], total_examples=1, epochs=1)


def test_files_that_do_not_fit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Word2Vec([["a", "b"]], min_count=1, vector_size=40, workers=1)
    model.save(tmp_path / "model.fw2v")
    model.wv.save_word2vec_format(tmp_path / "vectors", binary=True)
    monkeypatch.setattr("fastw2v.formats.native.require_memory", refuse)
    monkeypatch.setattr("fastw2v.formats.word2vec_format.require_memory", refuse)
    with pytest.raises(MemoryError, match=r"model.fw2v.*mmap='r'"):
        Word2Vec.load(tmp_path / "model.fw2v")
    assert len(Word2Vec.load(tmp_path / "model.fw2v", mmap="r").wv) == 2
    with pytest.raises(MemoryError, match="vectors: give limit"):
        KeyedVectors.load_word2vec_format(tmp_path / "vectors", binary=True)
