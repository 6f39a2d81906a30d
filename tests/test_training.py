"""From text to jobs to threads: every road gives the same vectors, and whatever goes wrong comes home.

`Word2Vec`'s settings, accessors and files are in `test_word2vec`, the arithmetic in `test_kernels`.
"""

from __future__ import annotations

import ast
import copy
import logging
import math
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from children import run_python
from factories import (
    BOTH,
    HS,
    LONGER,
    MODES,
    NO_GENSIM,
    SMALL,
    STEPS,
    TEXT,
    Restartable,
    assert_same,
    matrices,
    text,
    written,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v import (
    CallbackAny2Vec,
    KeyedVectors,
    LineSentence,
    PathLineSentences,
    Text8Corpus,
    Word2Vec,
)
from fastw2v.progress import NoProgress
from fastw2v.text.ids import Block
from fastw2v.text.source import Source
from fastw2v.text.texts import STREAM_WORDS
from fastw2v.training import jobs as making_jobs
from fastw2v.training import run as running
from fastw2v.training import weights as in_training
from fastw2v.training._kernels import StopFlag
from fastw2v.training.jobs import EpochResult, Job, Schedule, job_bounds, jobs_of
from fastw2v.training.objective import Objective
from fastw2v.training.run import Run

RAW = sum(map(len, TEXT))


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("fastw2v")]


def assert_usable(model: Word2Vec) -> None:
    """Nobody is left, everything is finite, and it learns."""
    assert not threads()
    before = matrices(model)
    assert all(np.isfinite(matrix).all() for matrix in before.values())
    trained, raw = model.train(TEXT, total_examples=len(TEXT), epochs=1)
    assert raw == RAW and trained > 0
    assert not np.array_equal(model.syn0, before["syn0"])
    assert not threads()


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
        model.train(TEXT, epochs=3, **totals)
        model.train(TEXT, epochs=1, start_alpha=0.05, end_alpha=0.04, **totals)
        rates.append((model.alpha, model.min_alpha, model.min_alpha_yet_reached))
    assert ours == theirs and len(ours) > 60
    assert rates[0] == rates[1]


# --- roads into training ---


class ReturnsItself:
    """An iterator whose `__iter__` begins anew: bad style, but restartable."""

    def __iter__(self) -> ReturnsItself:
        self.sentences = iter(LONGER)
        return self

    def __next__(self) -> list[str]:
        return next(self.sentences)


ROADS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "list": lambda folder: {"sentences": LONGER},
    "tuple": lambda folder: {"sentences": tuple(map(tuple, LONGER))},
    "iterable": lambda folder: {"sentences": Restartable(lambda: iter(LONGER))},
    "returns-itself": lambda folder: {"sentences": ReturnsItself()},
    "generators-inside": lambda folder: {"sentences": Restartable(lambda: map(iter, LONGER))},
    "numpy-sentences": lambda folder: {"sentences": [np.array(sentence) for sentence in LONGER]},
    "numpy-stream": lambda folder: {"sentences": Restartable(lambda: map(np.array, LONGER))},
    "object-arrays": lambda folder: {"sentences": [np.array(sentence, dtype=object) for sentence in LONGER]},
    "corpus-file": lambda folder: {"corpus_file": written(folder, "text", LONGER)},
    "corpus-file-str": lambda folder: {"corpus_file": str(written(folder, "text", LONGER))},
    "compressed": lambda folder: {"corpus_file": written(folder, "text.gz", LONGER)},
    "line-sentence": lambda folder: {"sentences": LineSentence(written(folder, "text", LONGER))},
    "line-sentence-gz": lambda folder: {"sentences": LineSentence(written(folder, "text.gz", LONGER))},
    "path-lines": lambda folder: {
        "sentences": PathLineSentences(
            (written(folder, "1.txt", LONGER[:1500]), written(folder, "2.gz", LONGER[1500:]))[0].parent
        )
    },
}


@pytest.fixture(scope="module")
def by_list() -> dict[str, Word2Vec]:
    return {
        step: Word2Vec(LONGER, **SMALL, **MODES["sg-neg"], epochs=2, batch_words=999, step=step)
        for step in STEPS
    }


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("road", ROADS)
def test_every_road_leads_to_the_same_vectors(
    road: str, step: str, by_list: dict[str, Word2Vec], tmp_path: Path
) -> None:
    corpus = ROADS[road](tmp_path)
    model = Word2Vec(**corpus, **SMALL, **MODES["sg-neg"], epochs=2, batch_words=999, step=step)
    assert model.wv.index_to_key == by_list[step].wv.index_to_key
    assert all(type(word) is str for word in model.wv.index_to_key)
    assert (model.corpus_count, model.corpus_total_words) == (len(LONGER), sum(map(len, LONGER)))
    assert_same(matrices(model), matrices(by_list[step]))
    # Vocabulary and training by two calls instead of one.
    names = {"sentences": "corpus_iterable"}
    corpus = {names.get(name, name): value for name, value in corpus.items()}
    model = Word2Vec(**SMALL, **MODES["sg-neg"], batch_words=999, step=step)
    model.build_vocab(**corpus)
    totals = {"total_examples": model.corpus_count, "total_words": model.corpus_total_words}
    model.train(**corpus, **totals, epochs=2)
    assert_same(matrices(model), matrices(by_list[step]))


def test_text8_is_slices(tmp_path: Path) -> None:
    words = [word for sentence in LONGER for word in sentence]
    (tmp_path / "text8").write_text(" ".join(words))
    slices = [words[start : start + 700] for start in range(0, len(words), 700)]
    model = Word2Vec(Text8Corpus(tmp_path / "text8", 700), **SMALL)
    assert_same(matrices(model), matrices(Word2Vec(slices, **SMALL)))


def test_ids_that_do_not_fit_into_memory_train_alike(
    tmp_path: Path, by_list: dict[str, Word2Vec], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTW2V_SPILL_BYTES", "1000")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    model = Word2Vec(LONGER, **SMALL, **MODES["sg-neg"], epochs=2, batch_words=999, step="pair")
    assert_same(matrices(model), matrices(by_list["pair"]))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("step", STEPS)
def test_no_sentence_is_cut(step: str) -> None:
    long = [word for sentence in LONGER for word in sentence][:25_000]
    model = Word2Vec([long], **SMALL, sg=1, sample=0, step=step, shrink_windows=False, window=2, epochs=1)
    assert model.corpus_count == 1
    assert model.history[0]["effective_words"] == 25_000
    assert model.history[0]["examples"] == 4 * 25_000 - 6  # 4 neighbours each, but for the ends


@pytest.mark.parametrize("sg", [0, 1], ids=["cbow", "sg"])
@pytest.mark.parametrize("static", [True, False], ids=["list", "stream"])
def test_several_workers_share_a_very_long_sentence(
    sg: int, static: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = list(islice(cycle(word for sentence in LONGER for word in sentence), 150_000))
    corpus = [long, TEXT[0]]
    jobs = []

    def spied(*arguments: Any) -> Iterator[Job]:
        for job in jobs_of(*arguments):
            jobs.append(job)
            yield job

    monkeypatch.setattr(running, "jobs_of", spied)
    source = corpus if static else Restartable(lambda: iter(corpus))
    few = {"vector_size": 2, "workers": 3, "epochs": 1, "negative": 1}
    model = Word2Vec(source, **(SMALL | few), sg=sg, sample=0, shrink_windows=False, window=2, step="window")
    words, last = 150_000 + len(TEXT[0]), len(TEXT[0])
    assert model.history[0]["effective_words"] == model.history[0]["words"] == words
    assert model.history[0]["examples"] == (4 * 150_000 - 6 + 4 * last - 6 if sg else words)
    assert len(jobs) > 15
    assert len({job.alpha for job in jobs}) > 10


# --- what goes wrong ---


class Failure(BaseException):
    """Not even an Exception: nobody may swallow it."""


def failing(when: str) -> tuple[Restartable, Failure, int]:
    """A corpus that raises in one of its passes, what it raises, and how many passes that leaves."""
    error = Failure(when)
    which, at = {
        "vocabulary": (0, 3),
        "epoch-1": (1, 0),
        "epoch-3": (3, 150),
        "last-item": (2, len(TEXT) - 1),
    }[when]
    passes = count()

    def start() -> Iterator[list[str]]:
        this = next(passes)
        for number, sentence in enumerate(TEXT):
            if (this, number) == (which, at):
                raise error
            yield sentence
        if (this, which, at) == (which, this, len(TEXT)):
            raise error

    return Restartable(start), error, which + 1


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("when", ["vocabulary", "epoch-1", "epoch-3", "last-item"])
def test_what_the_corpus_raises_arrives(when: str, workers: int) -> None:
    corpus, error, passes = failing(when)
    model = Word2Vec(**(SMALL | {"workers": workers}), batch_words=100)
    if when == "vocabulary":
        with pytest.raises(Failure) as caught:
            model.build_vocab(corpus)
        assert len(model.wv) == 0 and model.corpus_count == 0
        model.build_vocab(TEXT)
    else:
        model.build_vocab(corpus)
        with pytest.raises(Failure) as caught:
            model.train(corpus, total_examples=len(TEXT), epochs=5)
    assert not threads() and corpus.passes == passes
    assert caught.value is error
    assert_usable(model)
    with pytest.raises(Failure):
        Word2Vec(failing(when)[0], **(SMALL | {"workers": workers}))
    assert not threads()


@pytest.mark.parametrize(
    ("sentence", "error"), [(None, TypeError), (7, TypeError), (["a", ["b"]], TypeError), ([{}], TypeError)]
)
@pytest.mark.parametrize("static", [True, False], ids=["list", "stream"])
def test_sentences_that_are_none_are_named(sentence: Any, error: type, static: bool) -> None:
    bad = [*TEXT[:12], sentence, *TEXT]
    model = Word2Vec(TEXT, **SMALL)
    with pytest.raises(error, match="sentence #12"):
        model.train(bad if static else Restartable(lambda: iter(bad)), total_examples=1, epochs=1)
    assert_usable(model)


HOOKS = ["on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end"]


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("hook", HOOKS)
def test_what_a_callback_raises_arrives(hook: str, workers: int) -> None:
    error = Failure(hook)
    calls = []

    class Failing(CallbackAny2Vec):
        def on_epoch_begin(self, model: Word2Vec) -> None:
            assert not threads()

    def fail(self: Any, model: Word2Vec) -> None:
        calls.append(hook)
        if len(calls) == 2 or "train" in hook:
            raise error

    setattr(Failing, hook, fail)
    model = Word2Vec(TEXT, **(SMALL | {"workers": workers}))
    epochs = len(model.history)
    with pytest.raises(Failure) as caught:
        model.train(TEXT, total_examples=len(TEXT), epochs=3, callbacks=[Failing()])
    assert caught.value is error
    done = {"on_train_begin": 0, "on_epoch_begin": 1, "on_epoch_end": 2, "on_train_end": 3}[hook]
    assert len(model.history) - epochs == done
    assert model.train_count == (2 if hook == "on_train_end" else 1)
    assert_usable(model)


def seeds_that_fail(error: BaseException, in_draws: bool, begun: list[int]) -> Callable[[Any], Any]:
    """In place of `Objective.job_seeds`: the fourth job fails, in its seed or in drawing its windows."""

    def job_seeds(self: Objective, random: Any) -> Any:
        def draw(number: int) -> Any:
            if number == 3:
                raise error
            return np.zeros(1, np.int32)

        def seed(number: int) -> Any:
            begun.append(number)
            if number == 3 and not in_draws:
                raise error
            return number, lambda length: np.broadcast_to(draw(number), length)

        return seed

    return job_seeds


@pytest.mark.parametrize(
    "error", [Failure("worker"), MemoryError("worker"), KeyboardInterrupt("worker")], ids=repr
)
@pytest.mark.parametrize("in_draws", [True, False], ids=["draws", "seed"])
@pytest.mark.parametrize("workers", [1, 3])
def test_what_a_worker_raises_arrives(
    workers: int, in_draws: bool, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    begun: list[int] = []

    def endless() -> Iterator[list[str]]:
        for sentence in cycle(TEXT):
            read.append(len(sentence))
            assert len(read) < 100_000, "the text is read on"
            yield sentence

    model = Word2Vec(TEXT, **(SMALL | {"workers": workers}), batch_words=100)
    with monkeypatch.context() as patch:
        patch.setattr(Objective, "job_seeds", seeds_that_fail(error, in_draws, begun))
        with pytest.raises(type(error)) as caught:
            model.train(Restartable(endless), total_examples=len(TEXT), epochs=1)
    assert not threads()
    assert sum(read) < STREAM_WORDS + 100  # the first portion of the text
    assert begun == [0, 1, 2, 3] if workers == 1 else len(begun) < 100  # of 200 in that portion
    assert caught.value is error
    assert_usable(model)


def test_the_first_error_wins_and_jobs_behind_it_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []

    class Worker:
        loss, examples = 0.0, 0

        def train(self, *_: Any) -> int:
            begun.append(1)
            raise Failure(str(len(begun)))

    stop = StopFlag()
    job = Job(np.empty(0, np.int32), np.empty(0, np.int64), 1, 0.1)
    with (
        pytest.raises(Failure, match="1"),
        Run([Worker()], stop, lambda number: (number, None), 2, NoProgress()) as run,
    ):
        run.epoch(iter([job] * 50), EpochResult(), lambda *_: None)
    assert len(begun) == 1 and stop.raised and not threads()


def test_threads_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Word2Vec(TEXT, **SMALL)
    start = threading.Thread.start

    def started(thread: threading.Thread) -> None:
        if thread.name == "fastw2v-2":
            raise RuntimeError("can't start new thread")
        start(thread)

    model.workers = 4
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", started)
        with pytest.raises(RuntimeError, match="can't start"):
            model.train(TEXT, total_examples=len(TEXT), epochs=1)
    assert_usable(model)


INTERRUPTED = """
import json, os, random, signal, sys, threading, time
import numpy as np
from fastw2v import PathLineSentences, Word2Vec

kind, workers, path, rounds = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
with open(path, "rb") as file:
    sentences = [line.decode().split() for line in file]


class Endless:
    def __iter__(self):
        while True:
            yield from sentences


def files():
    corpus = PathLineSentences(path)
    corpus.input_files *= 100_000
    return corpus


RUNS = {
    "scan-stream": lambda model: model.scan_vocab(Endless()),
    "scan-files": lambda model: model.scan_vocab(files()),
    "train-stream": lambda model: model.train(Endless(), total_examples=10**6, epochs=1),
    "train-list": lambda model: model.train(sentences, total_examples=len(sentences), epochs=10**6),
}
model = Word2Vec(sentences, workers=workers, vector_size=50, sg=1, progress=False, min_count=1, epochs=1)
random.seed(workers)
waits = []
for _ in range(rounds):
    sent = []
    def send():
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)
    timer = threading.Timer(random.uniform(0.005, 0.25), send)
    timer.start()
    try:
        RUNS[kind](model)
    except KeyboardInterrupt:
        waits.append(time.perf_counter() - sent[0])
    after = model.syn0.copy(), model.syn1neg.copy()
    timer.join()
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            thread.join()  # Python itself is not done with a thread the moment its work has ended
    assert (model.syn0 == after[0]).all() and (model.syn1neg == after[1]).all()
    other = Word2Vec(sentences, vector_size=5, min_count=1, epochs=1, progress=False)  # takes its time
    assert (model.syn0 == after[0]).all() and (model.syn1neg == after[1]).all()
    assert np.isfinite(model.syn0).all()
    trained, raw = model.train(sentences, total_examples=len(sentences), epochs=1)
    assert raw == sum(map(len, sentences)) and trained > 0
    assert (model.syn0 != after[0]).any()
print(json.dumps(waits))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send to oneself on Windows")
@pytest.mark.parametrize(
    ("kind", "workers"),
    [("scan-stream", 1), ("scan-files", 4), ("train-stream", 1), ("train-stream", 4), ("train-list", 4)],
)
def test_ctrl_c(kind: str, workers: int, tmp_path: Path) -> None:
    """Real SIGINTs at random times: nobody is left, nothing changes. With -s: how soon they were heard."""
    corpus = written(tmp_path, "text", text(1000))
    done = run_python(INTERRUPTED, kind, workers, corpus, 6)
    assert not done.stderr
    waits = ast.literal_eval(done.stdout)
    assert len(waits) == 6
    print(f"{kind}, {workers} workers: KeyboardInterrupt after {sorted(waits)} s")


def test_a_file_is_read_once_for_vocabulary_and_training(tmp_path: Path, monkeypatch) -> None:
    """…and again if it has changed since, or once it has been trained on."""
    path = written(tmp_path, "text", TEXT)
    read = []
    encode = Source.encode
    monkeypatch.setattr(Source, "encode", lambda *a, **k: read.append(1) or encode(*a, **k))

    def trained(change: bool) -> Word2Vec:
        model = Word2Vec(**SMALL)
        model.build_vocab(corpus_file=path)
        if change:
            written(tmp_path, "text", TEXT[::-1])
        model.train(corpus_file=path, total_words=model.corpus_total_words, epochs=1)
        return model

    model = trained(change=False)
    assert not read
    expected = Word2Vec(**SMALL)
    expected.build_vocab(TEXT)
    expected.train(TEXT, total_words=expected.corpus_total_words, epochs=1)
    assert len(read) == 1
    assert np.array_equal(model.syn0, expected.syn0)
    model.train(corpus_file=path, total_words=model.corpus_total_words, epochs=1)
    assert len(read) == 2
    assert not np.array_equal(trained(change=True).syn0, expected.syn0)
    assert len(read) == 3


# --- refusals ---


@pytest.mark.parametrize(
    ("arguments", "error", "part"),
    [
        ({"epochs": None}, ValueError, "epochs=None"),
        ({"epochs": 0}, ValueError, "epochs=0"),
        ({"epochs": -3}, ValueError, "epochs=-3"),
        ({"epochs": 1.5}, TypeError, "epochs is 1.5"),
        ({"epochs": "2"}, TypeError, "epochs is '2'"),
        ({"total_examples": None}, ValueError, "total_examples"),
        ({"total_examples": 0}, ValueError, "total_words"),
        ({"total_examples": -5}, ValueError, "total_examples=-5"),
        ({"total_examples": "all"}, TypeError, "total_examples is 'all'"),
        ({"total_words": float("nan")}, TypeError, "total_words is nan"),
        ({"start_alpha": float("nan")}, ValueError, "start_alpha=nan"),
        ({"end_alpha": "low"}, TypeError, "end_alpha is 'low'"),
        ({"queue_factor": 0}, ValueError, "queue_factor=0"),
        ({"report_delay": None}, TypeError, "report_delay is None"),
        ({"callbacks": 3}, TypeError, "callbacks must be a list"),
        ({"callbacks": [print]}, TypeError, "on_train_begin"),
        ({"unknown": 1}, TypeError, "unknown"),
        ({"corpus_file": "/no/such/file", "total_words": 9}, TypeError, "two corpora"),
        ({"corpus_iterable": None}, TypeError, "no corpus"),
        ({"corpus_iterable": None, "corpus_file": "/no/such/file"}, ValueError, "total_words"),
        ({"corpus_iterable": None, "corpus_file": "/no/file", "total_words": 9}, TypeError, "is not a file"),
        ({"corpus_iterable": (s for s in TEXT)}, TypeError, "a generator can be read only once"),
        ({"corpus_iterable": iter(TEXT)}, TypeError, "a list_iterator can be read only once"),
        ({"corpus_iterable": map(list, TEXT)}, TypeError, "a map can be read only once"),
        ({"corpus_iterable": zip(TEXT, TEXT, strict=True)}, TypeError, "a zip can be read only once"),
        ({"corpus_iterable": islice(TEXT, 9)}, TypeError, "a islice can be read only once"),
        ({"corpus_iterable": 5}, TypeError, "not int"),
        ({"corpus_iterable": "text.txt"}, TypeError, "corpus_file=path"),
    ],
)
def test_a_refused_call_changes_nothing(arguments: dict[str, Any], error: type, part: str) -> None:
    model = Word2Vec(TEXT, **SMALL, compute_loss=True)
    before = matrices(model)
    state = {
        name: copy.deepcopy(value) for name, value in model.__dict__.items() if name not in ("wv", "random")
    }
    random = model.random.get_state()[1:3]
    call = {
        "corpus_iterable": TEXT,
        "total_examples": 200,
        "epochs": 2,
        "start_alpha": 0.01,
        "end_alpha": 0.005,
    }
    with pytest.raises(error, match=part):
        model.train(**(call | arguments))
    assert_same(matrices(model), before)
    for name, value in state.items():
        np.testing.assert_equal(getattr(model, name), value, err_msg=name)
    np.testing.assert_equal(model.random.get_state()[1:3], random)
    assert_usable(model)


@pytest.mark.parametrize(
    ("spoil", "error", "part"),
    [
        (lambda model: setattr(model, "workers", 0), ValueError, "workers=0"),
        (lambda model: setattr(model, "window", 0), ValueError, "window=0"),
        (lambda model: setattr(model, "negative", 0), ValueError, "nothing would be trained"),
        (lambda model: setattr(model, "hs", 1), RuntimeError, "no syn1"),
        (lambda model: delattr(model, "syn1neg"), RuntimeError, "no syn1neg"),
        (
            lambda model: setattr(model, "syn1neg", model.syn1neg[:5]),
            ValueError,
            r"syn1neg is float32 \(5, 12\)",
        ),
        (lambda model: setattr(model, "syn0", model.syn0.astype(np.float64)), ValueError, "syn0 is float64"),
        (lambda model: setattr(model.syn0.flags, "writeable", False), ValueError, "syn0 is read-only"),
        (lambda model: setattr(model, "cum_table", np.empty(0, np.uint32)), RuntimeError, "cum_table"),
        (lambda model: model.make_cum_table(domain=1000), RuntimeError, "cum_table"),
        (lambda model: model.wv.expandos.pop("sample_int"), RuntimeError, "sample_int"),
        (lambda model: model.wv.key_to_index.update(new=10**6), ValueError, "row 1000000"),
        (lambda model: model.wv.key_to_index.update(w0=-1), ValueError, "row .*-1"),
        (lambda model: model.wv.add_vectors(["new"], np.ones((1, 12))), ValueError, "update=True"),
        (lambda model: setattr(model, "wv", KeyedVectors(12)), RuntimeError, "no vocabulary to train"),
    ],
)
def test_a_spoilt_model_is_refused(spoil: Any, error: type, part: str) -> None:
    """What would have the kernels read or write outside their arrays is found before."""
    model = Word2Vec(TEXT, **SMALL)
    spoil(model)
    with pytest.raises(error, match=part):
        model.train(TEXT, total_examples=200, epochs=1)
    assert not threads()


@pytest.mark.parametrize("name", ["point", "code"])
def test_a_spoilt_tree_is_refused(name: str) -> None:
    for spoil, error in (
        (lambda wv: wv.expandos.pop(name), RuntimeError),
        (lambda wv: wv.expandos["point"].values.__setitem__(0, 10**6), ValueError),
        (lambda wv: wv.expandos[name].starts.__setitem__(1, 10**6), ValueError),
        (lambda wv: wv.expandos[name].starts.__setitem__(1, -5), ValueError),
        (lambda wv: setattr(wv.expandos[name], "starts", wv.expandos[name].starts + 1), ValueError),
        (lambda wv: setattr(wv.expandos[name], "values", wv.expandos[name].values[:-1]), ValueError),
    ):
        model = Word2Vec(TEXT, **SMALL, **HS)
        assert model.wv.expandos["point"].starts is model.wv.expandos["code"].starts
        spoil(model.wv)
        with pytest.raises(error, match="tree|paths"):
            model.train(TEXT, total_examples=200, epochs=1)
        model.create_binary_tree()
        assert_usable(model)


def test_other_vectors_have_no_totals_and_no_outputs(tmp_path: Path) -> None:
    model = Word2Vec(TEXT, **SMALL)
    model.wv.save_word2vec_format(tmp_path / "vectors", binary=True)
    model.wv = KeyedVectors.load_word2vec_format(tmp_path / "vectors", binary=True)
    with pytest.raises(ValueError, match="total_examples"):
        model.train(TEXT)
    with pytest.raises(RuntimeError, match="sample_int"):
        model.train(TEXT, total_examples=200, epochs=1)
    model.sample = 0
    assert model.train(TEXT, total_examples=200, epochs=1) == (RAW, RAW)


def test_a_matrix_of_another_layout_is_taken() -> None:
    model, twin = Word2Vec(TEXT, **SMALL), Word2Vec(TEXT, **SMALL)
    model.syn0, model.syn1neg = np.asfortranarray(model.syn0), np.repeat(model.syn1neg, 2, axis=0)[::2]
    for each in (model, twin):
        each.train(TEXT, total_examples=200, epochs=1)
    assert_same(matrices(model), matrices(twin))
    assert model.syn0 is model.wv.vectors


# --- warnings ---


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelno >= logging.WARNING]


def test_wrong_totals_are_warned_about(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    model = Word2Vec(TEXT, **SMALL)
    assert not warnings_of(caplog)
    for corpus in ({"corpus_iterable": TEXT}, {"corpus_file": written(tmp_path, "text", TEXT)}):
        caplog.clear()
        model.train(**corpus, total_examples=199, total_words=RAW + 1, epochs=2, start_alpha=0.0001)
        assert warnings_of(caplog) == [
            line
            for epoch in (0, 1)
            for line in (
                f"EPOCH {epoch}: supplied example count (200) did not equal expected count (199)",
                f"EPOCH {epoch}: supplied raw word count ({RAW}) did not equal expected count ({RAW + 1})",
            )
        ]


def test_an_iterator_that_is_used_up_is_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    used = iter(TEXT)
    model = Word2Vec(TEXT, **SMALL)
    before = matrices(model)
    model.train(Restartable(lambda: used), total_examples=200, epochs=2, start_alpha=0.0001)
    assert not np.array_equal(model.syn0, before["syn0"])
    assert sum("empty iterator" in line for line in warnings_of(caplog)) == 1
    assert "EPOCH 1: supplied example count (0) did not equal expected count (200)" in warnings_of(caplog)


def test_sentences_that_are_used_up_are_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    corpus = [iter(sentence) for sentence in TEXT]
    model = Word2Vec(**SMALL)
    model.build_vocab(corpus)
    assert model.train(corpus, total_examples=200, epochs=1) == (0, 0)
    assert any("200 sentences, but no words" in line for line in warnings_of(caplog))


def test_warnings_of_gensim(caplog: pytest.LogCaptureFixture) -> None:
    model = Word2Vec(TEXT, **SMALL, **BOTH)
    assert "Both hierarchical softmax and negative sampling are activated." in caplog.text
    assert "Effective 'alpha' higher" not in caplog.text
    model.train(TEXT, total_examples=200, epochs=1)
    assert "Effective 'alpha' higher than previous training cycles" in caplog.text


# --- odd sizes ---


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("corpus", [[["a"]], [["a"] * 9, [], ["a", "a"]]], ids=["once", "often"])
def test_a_vocabulary_of_one_word(mode: str, step: str, corpus: Any) -> None:
    model = Word2Vec(corpus, **SMALL, **MODES[mode], step=step, sample=0, compute_loss=True)
    assert all(np.isfinite(matrix).all() for matrix in matrices(model).values())
    assert np.isfinite(model.get_latest_training_loss())
    assert model.history[0]["effective_words"] == sum(map(len, corpus))


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("sg", [0, 1], ids=["cbow", "sg"])
@pytest.mark.parametrize("words", [2, 5])
def test_more_noise_words_than_words(sg: int, step: str, words: int) -> None:
    corpus = text(100, words)
    model = Word2Vec(corpus, **SMALL, sg=sg, negative=3 * words, step=step, sample=0)
    assert all(np.isfinite(matrix).all() for matrix in matrices(model).values())


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("mode", MODES)
def test_a_learning_rate_far_too_high(mode: str, step: str) -> None:
    """Either the vectors stay finite, or the first epoch ends with advice."""
    for alpha in (10.0, 1e30, 3e38):
        model = Word2Vec(**SMALL, **MODES[mode], step=step, alpha=alpha, min_alpha=alpha)
        model.build_vocab(TEXT)
        try:
            model.train(TEXT, total_examples=200, epochs=3)
        except FloatingPointError as error:
            assert "lower alpha" in str(error) and len(model.history) == 1
        else:
            assert np.isfinite(model.syn0).all()
        assert not threads()
    model.build_vocab(TEXT)
    model.alpha = model.min_alpha = 0.01
    assert_usable(model)


def test_vectors_that_are_not_finite_are_said() -> None:
    model = Word2Vec(TEXT, **SMALL)
    model.syn0[3, 2] = np.nan
    with pytest.raises(FloatingPointError, match=r"epoch 0.*alpha=0.025.*lower alpha"):
        model.train(TEXT, total_examples=200, epochs=2)
    assert not threads()


@pytest.mark.parametrize("batch_words", [1, 7, 10**6, 2**40])
@pytest.mark.parametrize("mode", ["sg-neg", "cbow-hs"])
def test_jobs_tiny_and_huge(batch_words: int, mode: str) -> None:
    for corpus in (TEXT, Restartable(lambda: iter(TEXT))):
        model = Word2Vec(corpus, **(SMALL | {"workers": 3}), **MODES[mode], batch_words=batch_words, sample=0)
        assert [(epoch["words"], epoch["effective_words"]) for epoch in model.history] == [(RAW, RAW)] * 5


@pytest.mark.parametrize("vector_size", [1, 2, 17, 300])
@pytest.mark.parametrize("step", STEPS)
def test_dimensions(vector_size: int, step: str) -> None:
    model = Word2Vec(TEXT, **(SMALL | {"vector_size": vector_size}), sg=1, step=step)
    assert model.syn0.shape[1] == vector_size and np.isfinite(model.syn0).all()


def test_unsorted_vocabulary_learns_alike() -> None:
    """Order decides the random streams, so not the vectors, but the loss must agree."""
    sizes = {"compute_loss": True, "sample": 0, "epochs": 10, "sg": 1, "vector_size": 20, "alpha": 0.1}
    losses = [
        Word2Vec(LONGER[:1000], **(SMALL | sizes), sorted_vocab=sort).history[-1]["loss"] for sort in (0, 1)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=0.02)


def test_more_workers_than_work() -> None:
    model = Word2Vec(TEXT[:2], **(SMALL | {"workers": 40}))
    assert model.train_count == 1 and not threads()


def test_all_words_unknown() -> None:
    model = Word2Vec(TEXT, **SMALL)
    before = matrices(model)
    assert model.train([["un", "known"]] * 3, total_examples=3, epochs=2) == (0, 12)
    assert_same(matrices(model), before)


# --- the same again ---


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("mode", MODES)
def test_one_worker_and_one_seed_give_one_model(mode: str, step: str) -> None:
    first, second = (Word2Vec(TEXT, **SMALL, **MODES[mode], step=step, seed=5) for _ in range(2))
    assert_same(matrices(first), matrices(second))
    other = Word2Vec(TEXT, **SMALL, **MODES[mode], step=step, seed=6)
    assert not np.array_equal(first.syn0, other.syn0)


@pytest.mark.parametrize("step", STEPS)
def test_one_job_is_deterministic_with_any_number_of_workers(step: str) -> None:
    one = Word2Vec(TEXT[:50], **SMALL, step=step)
    three = Word2Vec(TEXT[:50], **(SMALL | {"workers": 3}), step=step)
    assert_same(matrices(one), matrices(three))


def test_by_windows_each_epoch_and_each_seed_draws_anew() -> None:
    settings = {"sg": True, "window": 5, "shrink_windows": True, "cbow_mean": True, "compute_loss": False}
    objective = Objective(**settings, by_window=True, lockf=np.ones(1, np.float32), negative=5)
    seeds = [
        seed_job(number)
        for seed in (1, 2)
        for model in [Word2Vec(seed=seed, step="window")]
        for seed_job in (objective.job_seeds(model.random), objective.job_seeds(model.random))
        for number in range(5)
    ]
    assert len(set(seeds)) == 20
    assert all(0 <= seed < 2**48 and draw is None for seed, draw in seeds)


def test_hash_seeds_change_nothing() -> None:
    """Two processes that hash strings differently."""
    script = (
        "import sys, hashlib; sys.path.insert(0, sys.argv[1]); from factories import *\n"
        "for step in STEPS:\n"
        "    for corpus in (TEXT, Restartable(lambda: iter(TEXT))):\n"
        "        model = Word2Vec(corpus, **SMALL, **BOTH, step=step)\n"
        "        print(hashlib.sha256(model.syn0.tobytes() + model.syn1neg.tobytes()).hexdigest())\n"
        "        print(model.wv.index_to_key)"
    )
    here = Path(__file__).parent
    answers = {run_python(script, here, PYTHONHASHSEED=seed).stdout for seed in ("1", "2")}
    assert len(answers) == 1 and len(answers.pop().splitlines()) == 8


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("mode", MODES)
def test_the_loss_is_the_same_for_any_number_of_workers(mode: str, step: str) -> None:
    sizes = {"compute_loss": True, "epochs": 3, "batch_words": 500, "step": step}
    losses = [
        Word2Vec(LONGER[:1500], **(SMALL | sizes | {"workers": workers}), **MODES[mode]).history[-1]["loss"]
        for workers in (1, 4)
    ]
    assert losses[1] == pytest.approx(losses[0], rel=0.05)


def test_the_loss_does_not_stick() -> None:
    """A float32 sum of this size would have lost its digits: every epoch must still add its share."""
    model = Word2Vec(TEXT, **SMALL, compute_loss=True, epochs=1, sample=0)
    share = model.get_latest_training_loss()
    losses = []

    class Watch(CallbackAny2Vec):
        def on_train_begin(self, model: Word2Vec) -> None:
            model.running_training_loss = 2.0**27 * 1e6

        def on_epoch_end(self, model: Word2Vec) -> None:
            losses.append(model.get_latest_training_loss())

    model.train(TEXT, total_examples=200, epochs=4, compute_loss=True, callbacks=[Watch()])
    assert len(set(losses)) == 4
    assert np.diff(losses) == pytest.approx(share, rel=0.2)
    assert np.float32(losses[1]) == np.float32(losses[0])


def test_queries_during_training_and_training_in_another_thread() -> None:
    model = Word2Vec(TEXT, **SMALL)
    model.workers = 2
    raised: list[BaseException] = []

    def train() -> None:
        try:
            model.train(LONGER, total_examples=len(LONGER), epochs=8)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=train)
    thread.start()
    answers = 0
    while thread.is_alive() or not answers:
        assert len(model.wv.most_similar("w0", topn=5)) == 5
        answers += 1
    thread.join()
    assert not raised and answers
    assert_usable(model)


class Struck(np.ndarray):
    """An array that Ctrl-C strikes the first time that it is written to."""

    strikes = 1

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        if self.strikes:
            self.strikes -= 1
            raise KeyboardInterrupt


@pytest.mark.parametrize("dim", [1, 16, 17, 100])
def test_aligned_rows_are_written_back_whatever_happens(dim):
    before = [np.arange(3 * dim, dtype=np.float32).reshape(3, dim) + i for i in range(2)]
    matrices = [matrix.copy().view(Struck) for matrix in before]
    with pytest.raises(KeyboardInterrupt), in_training.aligned_rows(matrices, 3) as rows:
        for matrix, copy in zip(before, rows, strict=True):
            assert copy.ctypes.data % 64 == 0 and copy.strides[0] % 64 == 0
            assert np.array_equal(copy[:, :dim], matrix) and not copy[:, dim:].any()
            copy[:, :dim] += 1
        raise ValueError("the text is broken")
    for matrix, then in zip(matrices, before, strict=True):
        assert np.array_equal(matrix, then + 1)


@pytest.mark.parametrize("name", MODES)
def test_aligned_rows_change_no_bit(name, monkeypatch):
    """Where copies would take too much memory the matrices are trained where they lie, to the same end."""

    def trained() -> Word2Vec:
        return Word2Vec(LONGER, **SMALL | {"vector_size": 19}, **MODES[name], epochs=2)

    aligned = trained()
    monkeypatch.setattr(in_training, "ALIGNED_BYTES", 0)
    in_place = trained()
    assert aligned.wv.vectors.shape[1] == 19 and aligned.wv.vectors.flags.c_contiguous
    for matrix in matrices(aligned):
        assert np.array_equal(getattr(aligned, matrix), getattr(in_place, matrix))
