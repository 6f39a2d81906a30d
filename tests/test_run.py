"""training/run.py: an error in the text or a worker, and Ctrl-C, reach the caller; no thread is left."""

from __future__ import annotations

import ast
import re
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import count, cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from children import run_python
from factories import (
    MODES,
    SMALL,
    TEXT,
    UNSAMPLED,
    Restartable,
    assert_same,
    assert_usable,
    matrices,
    text,
    threads,
    written,
)

from fastw2v import CallbackAny2Vec, Word2Vec
from fastw2v.progress import NoProgress
from fastw2v.text.texts import STREAM_WORDS
from fastw2v.training import run as running
from fastw2v.training._kernels import StopFlag
from fastw2v.training.jobs import EpochResult, Job
from fastw2v.training.objective import Objective
from fastw2v.training.run import GROUP, Run


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
@pytest.mark.trains_again
def test_sentences_that_are_none_are_named(sentence: Any, error: type, static: bool) -> None:
    bad = [*TEXT[:12], sentence, *TEXT]
    model = Word2Vec(TEXT, **SMALL)
    with pytest.raises(error, match="sentence #12"):
        model.train(bad if static else Restartable(lambda: iter(bad)), total_examples=1, epochs=1)
    assert_usable(model)


HOOKS = ["on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end"]


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.trains_again
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

    def job_seeds(self: Objective, random: Any, *, by_number: bool = False) -> Any:
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
@pytest.mark.trains_again
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
    # Groups of jobs that wait, and what other threads do until the fourth job begins; the text is endless.
    waiting = 1 if workers == 1 else 20 * workers
    assert sum(read) < waiting * GROUP + STREAM_WORDS + 100  # and the next portion of the text
    most = waiting * (GROUP // 100 + 2)
    assert begun == [0, 1, 2, 3] if workers == 1 else len(begun) < most
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
        run.epoch(iter([job] * 50), EpochResult(), lambda *_: None, {}, None)
    assert len(begun) == 1 and stop.raised and not threads()


@pytest.mark.trains_again
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
import json, os, random, signal, sys, threading, time, warnings
import numpy as np
from fastw2v import PathLineSentences, Word2Vec

warnings.filterwarnings("ignore", "the learning rate starts at")
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
    [
        ("scan-stream", 1),
        ("scan-files", 4),
        ("train-stream", 1),
        ("train-stream", 4),
        ("train-list", 4),
        ("train-list", 16),
    ],
)
@pytest.mark.parametrize("rounds", [6, pytest.param(100, marks=pytest.mark.long)])
def test_ctrl_c(kind: str, workers: int, rounds: int, tmp_path: Path) -> None:
    """Real SIGINTs at random times: nobody is left, nothing changes. With -s: how soon they were heard."""
    corpus = written(tmp_path, "text", text(1000))
    done = run_python(INTERRUPTED, kind, workers, corpus, rounds)
    # Python itself drops a Ctrl-C that strikes where it forgets a thread, and says so.
    dropped = r"Exception ignored in: <function WeakSet.*?KeyboardInterrupt: *\n"
    assert not re.sub(dropped, "", done.stderr, flags=re.DOTALL)
    waits = sorted(ast.literal_eval(done.stdout))
    assert len(waits) == rounds
    most = waits[int(0.95 * rounds)]
    print(f"{kind}, {workers} workers: KeyboardInterrupt within {most:.3f} s (95 %), {waits[-1]:.3f} s (all)")


@pytest.mark.parametrize("vocabulary", [20, 2000])
def test_vectors_that_are_no_longer_finite_are_told_of_after_a_sentence(vocabulary: int) -> None:
    model = Word2Vec(**UNSAMPLED)
    model.build_vocab_from_freq({f"w{i}": vocabulary - i for i in range(vocabulary)})
    model.wv.vectors[vocabulary // 2, 3] = np.nan
    sentence = [[f"w{i}" for i in range(vocabulary // 2 - 3, vocabulary // 2 + 3)]]
    with pytest.raises(FloatingPointError, match="no longer finite"):
        model.train(sentence, total_examples=1, epochs=1)
    assert not threads()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.trains_again
def test_a_sentence_is_trained_without_threads_to_the_same_end(
    mode: str, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trained() -> Word2Vec:
        model = Word2Vec(TEXT, **SMALL | {"compute_loss": True}, **MODES[mode])
        model.workers = workers
        names: list[list[str]] = []
        watched = Restartable(lambda: (names.append(threads()), TEXT[0])[1:])
        assert model.train(watched, total_examples=1, epochs=3, compute_loss=True)[1] == 3 * len(TEXT[0])
        assert not any(names), "no thread waits for so short a text"
        return model

    here = trained()
    monkeypatch.setattr(running, "SHORT_JOB", -1)
    in_threads = trained()
    if workers == 1:
        assert_same(matrices(here), matrices(in_threads))
    for one, other in zip(here.history, in_threads.history, strict=True):
        for name in ("words", "effective_words", "examples", "alpha"):
            assert one[name] == other[name]
        assert one["loss"] == pytest.approx(other["loss"], rel=0.2)
        assert one["seconds"] > 0


@pytest.mark.parametrize("corpus", [[], [[]], [["unknown"]]], ids=["empty", "no-words", "unknown"])
@pytest.mark.trains_again
@pytest.mark.filterwarnings("ignore:.*(empty iterator|but no words|corpus has 0 examples)")
def test_a_day_without_known_words_changes_nothing(corpus: Any) -> None:
    model = Word2Vec(TEXT, **SMALL)
    before = matrices(model)
    assert model.train(corpus, total_examples=1, epochs=2) == (0, 2 * sum(map(len, corpus)))
    assert_same(matrices(model), before)
