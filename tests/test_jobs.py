"""training/jobs.py: blocks of ids become gensim's jobs, with gensim's learning rates."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from factories import NO_GENSIM, RAW, TEXT
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v import Word2Vec
from fastw2v.text._encoder import pack_jobs
from fastw2v.text.ids import Block
from fastw2v.training import jobs as making_jobs
from fastw2v.training import run as running
from fastw2v.training.jobs import EpochResult, Job, Schedule, job_bounds, jobs_of
from fastw2v.warn import FastW2VWarning


@given(st.lists(st.integers(0, 12)), st.integers(1, 15))
def test_pack_jobs(lengths: list[int], batch_words: int) -> None:
    bounds: npt.NDArray[np.int64] = pack_jobs(np.array(lengths, np.int64), batch_words)
    assert bounds.dtype == np.int64
    jobs = [list(range(a, b)) for a, b in zip(bounds[:-1], bounds[1:], strict=True)]
    assert jobs == gensims_jobs(lengths, batch_words)


def test_a_long_first_sentence_makes_an_empty_job() -> None:
    assert pack_jobs(np.array([11, 1, 11, 11]), 10).tolist() == [0, 0, 1, 2, 3, 4]


# --- jobs ---


def gensims_jobs(lengths: list[int], batch_words: int) -> list[list[int]]:
    """The rule of gensim's producer, written down plainly: sentence numbers by job."""
    jobs: list[list[int]] = []
    batch: list[int] = []
    size = 0
    for number, length in enumerate(lengths):
        if size + length <= batch_words:
            batch.append(number)
            size += length
        else:
            jobs.append(batch)
            batch, size = [number], length
    return [*jobs, batch] if batch else jobs


def in_blocks(lengths: list[int], cuts: list[int], known: Callable[[int], int]) -> list[Block]:
    """Blocks of the sentences between cuts; sentence i has known(i) ids, all of them i."""
    blocks = []
    for start, end in zip([0, *cuts], [*cuts, len(lengths)], strict=True):
        numbers = np.arange(start, end)
        kept = np.array([known(i) for i in numbers], dtype=np.int64)
        ids = np.repeat(numbers, kept).astype(np.int32)
        blocks.append((ids, np.cumsum(kept, dtype=np.int64), np.array(lengths[start:end], dtype=np.int64)))
    return [block for block in blocks if len(block[2])]


@st.composite
def corpora(draw: st.DrawFn) -> tuple[list[int], list[int], list[int]]:
    """Raw lengths, numbers of known words, and where the blocks end."""
    lengths = draw(st.lists(st.integers(0, 12), max_size=30))
    known = [draw(st.integers(0, length)) for length in lengths]
    cuts = sorted(draw(st.lists(st.integers(0, len(lengths)), max_size=4)))
    return lengths, known, cuts


@settings(max_examples=300, deadline=None)
@given(corpora(), st.integers(1, 40))
def test_jobs_are_gensims(corpus: tuple[list[int], list[int], list[int]], batch_words: int) -> None:
    lengths, known, cuts = corpus
    expected = gensims_jobs(lengths, batch_words)
    found = []
    sentence = 0
    for block, first, last in job_bounds(in_blocks(lengths, cuts, known.__getitem__), batch_words):
        assert block[2][first:last].tolist() == lengths[sentence : sentence + last - first]
        found.append(list(range(sentence, sentence + last - first)))
        sentence += last - first
    assert found == expected

    result, done = EpochResult(), 0
    schedule = Schedule(0.5, 0.1, 3, len(lengths) or 1, None)
    blocks = in_blocks(lengths, cuts, known.__getitem__)
    for job, sentences in zip(jobs_of(blocks, batch_words, 5, schedule, 1, result), expected, strict=True):
        assert job.ids.tolist() == [i for i in sentences for _ in range(known[i])]
        assert np.diff(job.ends, prepend=0).tolist() == [known[i] for i in sentences]
        assert job.raw_words == sum(lengths[i] for i in sentences)
        assert job.alpha == pytest.approx(0.5 - 0.4 * (1 + done / (len(lengths) or 1)) / 3)
        assert (job.lead, job.trail) == (0, 0)
        done += len(sentences)
    assert (result.sentences, result.raw_words) == (len(lengths), sum(lengths))


@settings(max_examples=100, deadline=None)
@given(
    words=st.integers(200, 3000),
    unknown=st.integers(0, 3000),
    window=st.integers(1, 20),
    before=st.integers(0, 3),
    batch_words=st.integers(1, 60),
)
def test_pieces_of_a_long_sentence(
    words: int, unknown: int, window: int, before: int, batch_words: int
) -> None:
    """Each id is trained once, in order, with its neighbours on both sides, but none of another sentence."""
    lengths = [2] * before + [words + unknown, 2]
    ids = np.concatenate([np.full(2 * before, -1), np.arange(words), [-1, -1]]).astype(np.int32)
    ends = np.cumsum([2] * before + [words, 2], dtype=np.int64)
    block = ids, ends, np.array(lengths, dtype=np.int64)
    result, trained, raw, alphas = EpochResult(), [], 0, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making_jobs, "LONG_SENTENCE", 100)
        for job in jobs_of([block], batch_words, window, Schedule(1, 0, 1, len(lengths), None), 0, result):
            mine = job.ids[job.lead : len(job.ids) - job.trail]
            trained += mine.tolist()
            raw += job.raw_words
            alphas.append(job.alpha)
            assert job.ends[-1] == len(job.ids) if len(job.ends) else not len(job.ids)
            if len(mine) and mine[0] >= 0:
                assert -1 not in job.ids
                assert job.lead >= min(window, mine[0])
                assert job.trail >= min(window, words - 1 - mine[-1])
                assert len(mine) <= max(batch_words, 10) or words + unknown <= max(100, 10 * batch_words)
    assert trained == ids.tolist()
    assert (result.sentences, result.raw_words) == (len(lengths), sum(lengths))
    assert abs(raw - sum(lengths)) <= len(alphas)
    assert alphas == sorted(alphas, reverse=True)


def test_a_long_sentence_of_unknown_words_is_counted() -> None:
    block = np.empty(0, np.int32), np.array([0]), np.array([10**6])
    result = EpochResult()
    jobs = list(jobs_of([block], 10_000, 5, Schedule(1, 0.5, 1, None, 10**6), 0, result))
    assert [len(job.ids) for job in jobs] == [0, 0]  # before the first long sentence gensim has an empty job
    assert (result.sentences, result.raw_words) == (1, 10**6)


@pytest.mark.parametrize("length", ["total_examples", "total_words", "both"])
@pytest.mark.parametrize("wrong", [1, 0.5, 3], ids=["right", "too-short", "too-long"])
@pytest.mark.trains_again
def test_learning_rates_are_gensims(length: str, wrong: float, monkeypatch: pytest.MonkeyPatch) -> None:
    gensim = pytest.importorskip("gensim", reason=NO_GENSIM)
    totals = {"total_examples": math.ceil(len(TEXT) * wrong), "total_words": math.ceil(RAW * wrong)}
    totals = {name: total for name, total in totals.items() if length in (name, "both")}
    theirs: list[float] = []
    ours: list[float] = []

    class Spied(gensim.models.Word2Vec):
        def _do_train_job(self, sentences: Any, alpha: float, inits: Any) -> Any:
            theirs.append(alpha)
            return super()._do_train_job(sentences, alpha, inits)

    def spied(*arguments: Any) -> Iterator[Job]:
        for job in jobs_of(*arguments):
            ours.append(job.alpha)
            yield job

    monkeypatch.setattr(running, "jobs_of", spied)
    rates = []
    for kind in (Spied, Word2Vec):
        model = kind(vector_size=2, min_count=1, workers=1, batch_words=100, alpha=0.1, min_alpha=0.01)
        model.build_vocab(TEXT)
        says = wrong != 1 and kind is Word2Vec
        for course in ({"epochs": 3}, {"epochs": 1, "start_alpha": 0.05, "end_alpha": 0.04}):
            with pytest.warns(FastW2VWarning, match="the corpus has") if says else nullcontext():
                model.train(TEXT, **course, **totals)
        rates.append((model.alpha, model.min_alpha, model.min_alpha_yet_reached))
    assert ours == theirs and len(ours) > 60
    assert rates[0] == rates[1]
