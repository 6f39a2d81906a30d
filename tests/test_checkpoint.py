"""training/checkpoint.py: a run that is stopped at any moment goes on as if it had not been."""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from children import HANGS, PYTHON, environment
from factories import (
    LONGER,
    MODES,
    SMALL,
    STEPS,
    TEXT,
    Restartable,
    assert_same,
    assert_usable,
    matrices,
    saved,
    written,
)

from fastw2v import CallbackAny2Vec, EarlyStopping, LineSentence, PathLineSentences, Word2Vec
from fastw2v.cli import main
from fastw2v.formats import model_file, native
from fastw2v.formats.errors import FormatError
from fastw2v.progress import NoProgress
from fastw2v.training.checkpoint import Checkpoints
from fastw2v.warn import FastW2VWarning

RUN = SMALL | {"epochs": 3, "batch_words": 1000, "compute_loss": True}


def history(model: Word2Vec) -> list[dict[str, Any]]:
    return [{name: value for name, value in epoch.items() if name != "seconds"} for epoch in model.history]


def assert_same_run(model: Word2Vec, whole: Word2Vec) -> None:
    """All that training leaves behind, but for times, is the same to the last bit."""
    assert_same(matrices(model), matrices(whole))
    assert_same(model.random, whole.random)
    assert history(model) == history(whole)
    for name in ("train_count", "running_training_loss", "min_alpha_yet_reached", "alpha", "epochs"):
        assert getattr(model, name) == getattr(whole, name), name


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[bytes]]]:
    """Trains with checkpoints after every n-th job, and returns each file that was written."""
    files: list[bytes] = []
    write = model_file.write_model

    def run(folder: Path, every: int, train: Callable[[Path], object]) -> list[bytes]:
        jobs = 0

        def is_due(self: Checkpoints) -> bool:
            nonlocal jobs
            original(self)
            jobs += 1
            return jobs % every == 0

        def write_and_keep(path: Any, *args: Any, **kwargs: Any) -> None:
            write(path, *args, **kwargs)
            files.append(Path(path).read_bytes())

        original = Checkpoints.is_due
        with monkeypatch.context() as patch:
            patch.setattr(Checkpoints, "is_due", is_due)
            patch.setattr(model_file, "write_model", write_and_keep)
            train(folder / "run.fw2v")
        return files

    yield run


def go_on(file: bytes, corpus: Any, **more: Any) -> tuple[Word2Vec, tuple[int, int]]:
    model = Word2Vec.load(io.BytesIO(file))
    return model, model.train(corpus, resume=True, **more)


# --- bit for bit ---


@pytest.mark.parametrize("static", [True, False], ids=["list", "stream"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("mode", MODES)
def test_a_stopped_run_ends_as_if_it_had_not_been(
    mode: str, step: str, static: bool, tmp_path: Path, kept: Any
) -> None:
    corpus: Any = LONGER if static else Restartable(lambda: iter(LONGER))
    settings = RUN | MODES[mode] | {"step": step}
    whole = Word2Vec(corpus, **settings)
    again: list[Word2Vec] = []
    files = kept(tmp_path, 19, lambda path: again.append(Word2Vec(corpus, **settings, checkpoint=path)))
    assert_same_run(again[0], whole)  # where checkpoints fall changes nothing
    assert (
        len(files) == 1 + 126 // 19 + 3 + 1
    )  # at the beginning, in between, at the ends of epochs, at the end
    read = sum(epoch["words"] for epoch in whole.history)
    for file in files:
        model, (_, raw) = go_on(file, corpus)
        assert_same_run(model, whole)
        read, before = raw, read
        assert read < before or file is files[0] or file is files[-1]  # less and less is left to do
    assert raw == 0


@pytest.mark.parametrize(
    "settings",
    [
        {"sg": 1, "baskets": True},
        {"sg": 1, "shrink_windows": False},
        {"cbow_mean": 0},
        {"sample": 0},
        {"vector_size": 7},
        {"null_word": 1},
    ],
    ids=lambda settings: "-".join(settings),
)
def test_with_other_settings(settings: dict[str, Any], tmp_path: Path, kept: Any) -> None:
    settings = RUN | settings
    whole = Word2Vec(LONGER, **settings)
    for file in kept(tmp_path, 31, lambda path: Word2Vec(LONGER, **settings, checkpoint=path)):
        assert_same_run(go_on(file, LONGER)[0], whole)


@pytest.mark.parametrize("freeze", ["in", "out"])
def test_a_frozen_side_stays_frozen(freeze: Any, tmp_path: Path, kept: Any) -> None:
    def begun() -> Word2Vec:
        model = Word2Vec(**(RUN | {"sg": 1}))
        model.build_vocab(LONGER)
        return model

    course: dict[str, Any] = {
        "total_examples": 4000,
        "epochs": 2,
        "start_alpha": 0.05,
        "freeze": freeze,
        "compute_loss": True,
    }
    whole = begun()
    whole.train(LONGER, **course)
    for file in kept(tmp_path, 31, lambda path: begun().train(LONGER, **course, checkpoint=path)):
        assert_same_run(go_on(file, LONGER)[0], whole)


def test_files_of_another_path_are_the_same_text(tmp_path: Path, kept: Any) -> None:
    first = written(tmp_path, "first.txt", LONGER)
    whole = Word2Vec(LineSentence(first), **RUN)
    files = kept(tmp_path, 50, lambda path: Word2Vec(corpus_file=first, **RUN, checkpoint=path))
    moved = written(tmp_path, "moved.txt.gz", LONGER)
    for file in files:
        model = Word2Vec.load(io.BytesIO(file))
        model.train(corpus_file=moved, resume=True)
        assert_same_run(model, whole)


@pytest.mark.trains_again
def test_several_workers_train_each_word_once(tmp_path: Path, kept: Any) -> None:
    settings = RUN | {"workers": 3, "sample": 0}
    files = kept(tmp_path, 23, lambda path: Word2Vec(LONGER, **settings, checkpoint=path))
    for file in files:
        model, _ = go_on(file, LONGER)
        raw = sum(map(len, LONGER))
        assert [(epoch["words"], epoch["effective_words"]) for epoch in model.history] == [(raw, raw)] * 3
        assert_usable(model)


def test_another_number_of_workers_may_go_on(tmp_path: Path, kept: Any) -> None:
    for file in kept(tmp_path, 60, lambda path: Word2Vec(LONGER, **RUN, checkpoint=path)):
        model = Word2Vec.load(io.BytesIO(file))
        model.workers = 2
        model.train(LONGER, resume=True)
        assert len(model.history) == 3


# --- what a checkpoint is ---


def test_the_bar_of_a_run_that_goes_on_ends_full(
    tmp_path: Path, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[int] = []

    class Bar(NoProgress):
        def update(self, words: int, **_: object) -> None:
            shown.append(words)

    files = kept(tmp_path, 19, lambda path: Word2Vec(LONGER, **RUN, checkpoint=path))
    monkeypatch.setattr("fastw2v.training.loop.make_progress", lambda *_: Bar())
    for file in files[:-1]:
        shown.clear()
        model, _ = go_on(file, LONGER)
        assert sum(shown) == 3 * model.corpus_total_words


@pytest.mark.trains_again
def test_a_checkpoint_is_a_model(tmp_path: Path, kept: Any) -> None:
    files = kept(tmp_path, 19, lambda path: Word2Vec(LONGER, **RUN, checkpoint=path))
    for file in files:
        model = Word2Vec.load(io.BytesIO(file), verify="full")
        assert len(model.wv.most_similar("w0", topn=3)) == 3
        assert_usable(model)
        with pytest.raises(RuntimeError, match="resume=True, but this model is not from a checkpoint"):
            model.train(LONGER, resume=True)
    assert sorted(os.listdir(tmp_path)) == ["run.fw2v"]


def test_a_checkpoint_goes_through_save_and_load(tmp_path: Path, kept: Any) -> None:
    whole = Word2Vec(LONGER, **RUN)
    for file in kept(tmp_path, 40, lambda path: Word2Vec(LONGER, **RUN, checkpoint=path)):
        copy = saved(Word2Vec.load(io.BytesIO(file))).getvalue()
        assert_same_run(go_on(copy, LONGER)[0], whole)


def test_a_complete_run_trains_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.fw2v"
    model = Word2Vec(TEXT, **RUN, checkpoint=path)
    again = Word2Vec.load(path)
    assert again.train(TEXT, resume=True) == (0, 0)
    assert again.train(resume=True) == (0, 0)  # what it was trained on may be gone
    assert_same_run(again, model)
    assert again.train_count == 1


def test_the_last_epoch_is_not_lost_with_the_end_of_the_call(tmp_path: Path) -> None:
    class Failing(CallbackAny2Vec):
        def on_train_end(self, model: Word2Vec) -> None:
            raise KeyError("on_train_end")

    path = tmp_path / "run.fw2v"
    with pytest.raises(KeyError):
        Word2Vec(TEXT, **RUN, checkpoint=path, callbacks=[Failing()])
    model = Word2Vec.load(path)
    assert model.train(TEXT, resume=True) == (0, 0)
    assert_same_run(model, Word2Vec(TEXT, **RUN))


# --- what is refused ---


@pytest.fixture
def stopped(tmp_path: Path, kept: Any) -> bytes:
    """A checkpoint in the second epoch."""
    files = kept(tmp_path, 60, lambda path: Word2Vec(LONGER, **RUN, checkpoint=path))
    return next(file for file in files if (Word2Vec.load(io.BytesIO(file))._checkpoint or None).jobs)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"window": 3}, "window is 3, was 5"),
        ({"alpha": 0.01}, "alpha is 0.01, was 0.025"),
        ({"negative": 7, "sample": 0}, "sample is 0, was 0.001; negative is 7, was 5"),
    ],
    ids=["window", "alpha", "two"],
)
def test_changed_settings_are_named(stopped: bytes, change: dict[str, Any], said: str) -> None:
    model = Word2Vec.load(io.BytesIO(stopped))
    vars(model).update(change)
    with pytest.raises(ValueError, match=said):
        model.train(LONGER, resume=True)
    vars(model).update({"window": 5, "alpha": 0.025, "negative": 5, "sample": 0.001})
    model.train(LONGER, resume=True)  # nothing was lost
    assert_same_run(model, Word2Vec(LONGER, **RUN))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"epochs": 5}, "epochs is 5, was 3"),
        ({"total_examples": 7}, "total_examples is 7, was 4000"),
        ({"start_alpha": 0.5}, "start_alpha is 0.5, was 0.025"),
        ({"freeze": "in"}, "freeze is in, was None"),
    ],
    ids=lambda given: "-".join(given) if isinstance(given, dict) else "",
)
def test_other_arguments_are_named(stopped: bytes, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        go_on(stopped, LONGER, **given)
    model, _ = go_on(stopped, LONGER, epochs=3, total_examples=4000, start_alpha=0.025)
    assert_same_run(model, Word2Vec(LONGER, **RUN))


OTHER = [["w1", "w2"], *LONGER[1:]]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (LONGER[:-1], "it has 3,999 sentences, and had 4,000"),
        (OTHER, "it has 4,000 sentences as before, but other words"),
        ([], "it has 0 sentences, and had 4,000"),
    ],
    ids=["shorter", "other-words", "empty"],
)
@pytest.mark.parametrize("static", [True, False], ids=["list", "stream"])
def test_another_text_is_refused(stopped: bytes, other: Any, said: str, static: bool) -> None:
    model = Word2Vec.load(io.BytesIO(stopped))
    before = matrices(model)
    with pytest.raises(ValueError, match=said):
        model.train(other if static else Restartable(lambda: iter(other)), resume=True)
    assert_same(matrices(model), before)
    model.train(LONGER, resume=True)
    assert_same_run(model, Word2Vec(LONGER, **RUN))


def test_the_beginning_of_a_stream_is_compared(tmp_path: Path, kept: Any) -> None:
    """In the first epoch nobody has seen its end."""
    stream = Restartable(lambda: iter(LONGER))
    file = kept(tmp_path, 30, lambda path: Word2Vec(stream, **RUN, checkpoint=path))[1]
    with pytest.raises(ValueError, match="sentences are not those that were trained already"):
        go_on(file, Restartable(lambda: iter(OTHER)))
    model = Word2Vec.load(io.BytesIO(file))
    with pytest.raises(ValueError, match="it ends before the [0-9,]+ sentences"):
        model.train(Restartable(lambda: iter(LONGER[:100])), resume=True)
    model.train(stream, resume=True)
    assert_same_run(model, Word2Vec(stream, **RUN))


def test_a_stream_in_a_new_order_each_time_can_go_on(tmp_path: Path, kept: Any) -> None:
    """Nobody can say what was trained, but how much."""
    shuffled = Restartable(lambda: iter(random.Random(shuffled.passes).sample(LONGER, len(LONGER))))
    files = kept(tmp_path, 30, lambda path: Word2Vec(shuffled, **RUN, checkpoint=path))
    model, _ = go_on(files[-3], shuffled)
    assert len(model.history) == 3


def test_without_a_checkpoint_there_is_nothing_to_resume() -> None:
    model = Word2Vec(TEXT, **RUN)
    with pytest.raises(RuntimeError, match="load the file that train"):
        model.train(TEXT, resume=True)


@pytest.mark.parametrize("every", [0, -1, float("nan"), "soon", None], ids=str)
def test_an_interval_is_a_number_above_zero(every: Any, tmp_path: Path) -> None:
    with pytest.raises((ValueError, TypeError), match="checkpoint_every"):
        Word2Vec(TEXT, **RUN, checkpoint=tmp_path / "x", checkpoint_every=every)
    assert not list(tmp_path.iterdir())


def test_a_vocabulary_that_grew_is_another_run(stopped: bytes) -> None:
    model = Word2Vec.load(io.BytesIO(stopped))
    model.build_vocab([["new", "words"]], update=True)
    with pytest.raises(RuntimeError, match="changed since"):
        model.train(LONGER, resume=True)


# --- forged files ---


@pytest.mark.parametrize("value", [None, -1, "x", [], {}, 1e308, True], ids=repr)
def test_forged_fields_are_refused(stopped: bytes, value: Any, tmp_path: Path) -> None:
    tensors, metadata = native.read(io.BytesIO(stopped))
    state = Word2Vec.load(io.BytesIO(stopped))._checkpoint
    assert state is not None
    model = model_file.read_model(io.BytesIO(stopped))
    for name in vars(state):
        if name in ("random", "callbacks"):
            continue
        forged = vars(state) | {name: value}
        model.checkpoint = type(state)(**forged)
        file = io.BytesIO()
        model_file.write_model(file, model)
        file.seek(0)
        try:
            loaded = Word2Vec.load(file)
        except FormatError as error:
            assert "checkpoint is damaged" in str(error)
            continue
        with pytest.raises(ValueError):  # noqa: PT011  # or all is as it was
            loaded.train(LONGER, resume=True)
            raise ValueError


# --- where it is written ---


def test_what_cannot_be_written_is_known_before_training(tmp_path: Path) -> None:
    model = Word2Vec(**RUN)
    model.build_vocab(TEXT)
    before = matrices(model)
    with pytest.raises(OSError, match="nowhere"):
        model.train(TEXT, total_examples=200, epochs=3, checkpoint=tmp_path / "nowhere" / "run.fw2v")
    assert_same(matrices(model), before)
    assert model.train_count == 0 and not model.history


def test_the_text_is_not_replaced(tmp_path: Path) -> None:
    corpus = written(tmp_path, "text.txt", TEXT)
    with pytest.raises(ValueError, match="is the text"):
        Word2Vec(LineSentence(corpus), **RUN, checkpoint=tmp_path / ".." / tmp_path.name / "text.txt")
    assert corpus.read_text().startswith("w")


def test_a_disk_that_is_full_later_is_no_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.fw2v"
    write, calls = model_file.write_model, []

    def failing(*args: Any, **kwargs: Any) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise OSError(28, "No space left on device", str(path))
        write(*args, **kwargs)

    monkeypatch.setattr(model_file, "write_model", failing)
    with pytest.warns(
        FastW2VWarning, match="no checkpoint could be written: .*No space left.*Training goes on"
    ):
        model = Word2Vec(TEXT, **RUN, checkpoint=path)
    assert len(calls) == 5
    assert_same_run(Word2Vec.load(path), model)


def test_a_checkpoint_does_not_become_text(tmp_path: Path) -> None:
    """A folder is read whole: the run that goes on would read the checkpoint too."""
    written(tmp_path, "text.txt", TEXT)
    with pytest.raises(ValueError, match="is in the folder of the text.*Give a place outside"):
        Word2Vec(PathLineSentences(tmp_path), **RUN, checkpoint=tmp_path / "run.fw2v")
    assert os.listdir(tmp_path) == ["text.txt"]


@pytest.mark.parametrize("path", [True, 5, io.BytesIO(), b"run.fw2v"], ids=["bool", "int", "file", "bytes"])
def test_a_checkpoint_is_a_path(path: Any) -> None:
    with pytest.raises(TypeError, match=f"checkpoint is of type {type(path).__name__}: give the path"):
        Word2Vec(TEXT, **RUN, checkpoint=path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX")
def test_a_pipe_is_no_checkpoint(tmp_path: Path) -> None:
    """To open it would wait for a reader, with all signals held back."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="is a pipe: a checkpoint must be a file"):
        Word2Vec(TEXT, **RUN, checkpoint=tmp_path / "pipe")


@pytest.mark.parametrize("static", [True, False], ids=["list-then-stream", "stream-then-list"])
def test_a_text_in_memory_is_the_same_as_one_that_is_read(static: bool, tmp_path: Path, kept: Any) -> None:
    one, other = LONGER, Restartable(lambda: iter(LONGER))
    if not static:
        one, other = other, one  # type: ignore[assignment]
    whole = Word2Vec(LONGER, **RUN)
    for file in kept(tmp_path, 19, lambda path: Word2Vec(one, **RUN, checkpoint=path)):
        model, _ = go_on(file, other)
        assert_same_run(model, whole)


def test_an_epoch_that_goes_wrong_leaves_the_last_good_one(
    tmp_path: Path, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where checkpoints were written within it, of vectors that were on their way to infinity."""
    rest = Checkpoints.rest

    def rest_and_spoil(self: Checkpoints, result: Any, held: Any) -> None:
        rest(self, result, held)
        if self.state.epoch == 1:
            for matrix in held.rows.values():
                matrix[...] = 1e38

    model = Word2Vec(**RUN)
    model.build_vocab(LONGER)

    def run(path: Path) -> None:
        monkeypatch.setattr(Checkpoints, "rest", rest_and_spoil)
        with pytest.raises(FloatingPointError, match="epoch 1 .*as they were before"):
            model.train(
                LONGER,
                total_examples=model.corpus_count,
                total_words=model.corpus_total_words,
                epochs=3,
                compute_loss=True,
                checkpoint=path,
            )
        monkeypatch.setattr(Checkpoints, "rest", rest)

    *_, within, last = kept(tmp_path, 19, run)
    state = Word2Vec.load(io.BytesIO(within))._checkpoint
    assert state is not None and (state.epoch, state.jobs > 0) == (1, True)
    assert_same(matrices(Word2Vec.load(io.BytesIO(last))), matrices(model))
    again, _ = go_on(last, LONGER)
    assert_same_run(again, Word2Vec(LONGER, **RUN))


# --- callbacks ---


@pytest.mark.parametrize("value", [np.True_, 1, None, np.False_], ids=repr)
def test_what_a_callback_sets_to_stop_can_be_read_again(value: Any, tmp_path: Path) -> None:
    class Stopping(CallbackAny2Vec):
        def on_epoch_end(self, model: Word2Vec) -> None:
            model.stop_training = value

    path = tmp_path / "run.fw2v"
    model = Word2Vec(TEXT, **RUN, checkpoint=path, callbacks=[Stopping()])
    assert_same_run(Word2Vec.load(path), model)
    assert len(model.history) == (1 if value else 3)


@pytest.mark.parametrize("callbacks", [[], [CallbackAny2Vec(), EarlyStopping()]], ids=["none", "moved"])
def test_a_callback_that_does_not_go_on_is_told(callbacks: list[Any], tmp_path: Path, kept: Any) -> None:
    watched = kept(
        tmp_path, 19, lambda path: Word2Vec(LONGER, **RUN, checkpoint=path, callbacks=[EarlyStopping()])
    )
    with pytest.warns(FastW2VWarning, match="EarlyStopping does not go on: it was callback 0 of the run"):
        go_on(watched[4], LONGER, callbacks=callbacks)


class Counting(CallbackAny2Vec):
    """Has a state of its own, and slows the rate by it."""

    def __init__(self) -> None:
        self.seen = np.zeros(2)

    def on_epoch_begin(self, model: Word2Vec) -> None:
        model.alpha = 0.05 / (1 + float(self.seen[0]))

    def on_epoch_end(self, model: Word2Vec) -> None:
        self.seen += 1

    def get_state(self) -> dict[str, Any]:
        return {"seen": self.seen}

    def set_state(self, state: dict[str, Any]) -> None:
        self.seen = np.array(state["seen"])


def test_callbacks_go_on_too(tmp_path: Path, kept: Any) -> None:
    whole = Word2Vec(LONGER, **RUN, callbacks=[Counting()])
    files = kept(tmp_path, 31, lambda path: Word2Vec(LONGER, **RUN, callbacks=[Counting()], checkpoint=path))
    for file in files[:-1]:
        counting = Counting()
        model, _ = go_on(file, LONGER, callbacks=[counting])
        assert_same_run(model, whole)
        assert counting.seen[0] == 3


@pytest.mark.parametrize("stop", [False, True], ids=["by-itself", "early"])
def test_early_stopping_goes_on_too(stop: bool, tmp_path: Path, kept: Any) -> None:
    """With the best matrices, of an epoch that another process trained."""
    settings = RUN | {"epochs": 6, "alpha": 0.3 if stop else 0.025, "sg": 1}

    def stopping() -> EarlyStopping:
        return EarlyStopping(held_out=LONGER[:50], restore_best=True)

    whole = Word2Vec(LONGER, **settings, callbacks=[watching := stopping()])
    assert (watching.stopped_epoch is not None) == stop
    files = kept(
        tmp_path, 31, lambda path: Word2Vec(LONGER, **settings, callbacks=[stopping()], checkpoint=path)
    )
    for file in files:
        again = stopping()
        model, words = go_on(file, LONGER, callbacks=[again])
        assert_same_run(model, whole)
        assert again.values == watching.values or words == (0, 0)


def test_a_state_that_no_file_holds_is_told_at_once(tmp_path: Path) -> None:
    class Odd(CallbackAny2Vec):
        def get_state(self) -> dict[str, Any]:
            return {"handle": sys.stdout}

    with pytest.raises(TypeError, match="get_state"):
        Word2Vec(TEXT, **RUN, checkpoint=tmp_path / "run.fw2v", callbacks=[Odd()])


# --- what an error of the constructor carries ---


@pytest.mark.parametrize("error", [KeyError("x"), KeyboardInterrupt()], ids=["error", "interrupt"])
def test_an_error_of_the_constructor_carries_the_model(error: BaseException) -> None:
    class Failing(CallbackAny2Vec):
        def on_epoch_end(self, model: Word2Vec) -> None:
            if len(model.history) == 2:
                raise error

    with pytest.raises(type(error)) as caught:
        Word2Vec(TEXT, **RUN, callbacks=[Failing()])
    model = caught.value.model  # type: ignore[attr-defined]
    assert len(model.history) == 2 and "attribute `model`" in caught.value.__notes__[0]
    assert_usable(model)


def test_an_error_before_there_are_words_carries_none() -> None:
    with pytest.raises(RuntimeError, match="no word") as caught:
        Word2Vec([["once"]])
    assert not hasattr(caught.value, "model")


# --- signals and kills ---

LONG_RUN = RUN | {"epochs": 6, "vector_size": 60}
KILLED_RUN = LONG_RUN | {"epochs": 25}
CHILD = """
import os, signal, sys, time
from fastw2v import Word2Vec
from factories import LONGER, Restartable
path = sys.argv[1]
if hasattr(signal, "SIGHUP"):  # else it stays ignored where the suite runs under nohup
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
"""
GOES_ON = """
print("ready", flush=True)
how = {"checkpoint": path, "checkpoint_every": 0.001}
if os.path.exists(path):
    Word2Vec.load(path).train(LONGER, resume=True, **how)
else:
    Word2Vec(LONGER, **RUN, **how)
"""


def child(path: Path, code: str, run: dict[str, Any] = LONG_RUN) -> subprocess.Popen[str]:
    variables = environment()
    variables["PYTHONPATH"] += os.pathsep + str(Path(__file__).parent)
    return subprocess.Popen(
        [*PYTHON, "-c", f"{CHILD}RUN = {run!r}\n{code}", str(path)],
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("times", [6, pytest.param(100, marks=pytest.mark.long)])
def test_kill_9_at_any_moment(times: int, tmp_path: Path) -> None:
    """Again and again, until a run gets through: the same bits."""
    whole, rng, kills, runs = Word2Vec(LONGER, **KILLED_RUN), random.Random(times), 0, 0
    while kills < times:
        path, done = tmp_path / f"run-{runs}.fw2v", False
        while not done:
            with child(path, GOES_ON, KILLED_RUN) as process:
                assert process.stdout is not None
                process.stdout.readline()
                try:
                    done = process.wait(rng.uniform(0.0, 0.3) if kills < times else HANGS) == 0
                    assert done, process.communicate()
                except subprocess.TimeoutExpired:
                    process.kill()
                    kills += 1
        assert_same_run(Word2Vec.load(path), whole)
        runs += 1
    print(f"{kills} kills, {runs} runs")
    assert sorted(os.listdir(tmp_path)) == sorted(f"run-{number}.fw2v" for number in range(runs))


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="POSIX")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
@pytest.mark.parametrize("blocked", [False, True], ids=["training", "waiting-for-text"])
def test_a_signal_writes_a_last_checkpoint(name: str, blocked: bool, tmp_path: Path) -> None:
    code = """
def sentences():
    for number, sentence in enumerate(LONGER):
        if number == 3000 and stream.passes == 3:
            print("ready", flush=True)
            if BLOCKED:
                time.sleep(600)
        if number >= 3000 and stream.passes >= 3:
            time.sleep(0.01)
        yield sentence
stream = Restartable(sentences)
Word2Vec(stream, **RUN, checkpoint=path, checkpoint_every=1e6)
""".replace("BLOCKED", str(blocked))
    path = tmp_path / "run.fw2v"
    number = getattr(signal, name)
    with child(path, code) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        _, said = process.communicate(timeout=HANGS)
    assert process.returncode == -number, said
    assert os.listdir(tmp_path) == ["run.fw2v"]
    model = Word2Vec.load(path, verify="full")
    assert model._checkpoint is not None and model._checkpoint.epoch == 1 and model._checkpoint.jobs > 5
    model.train(Restartable(lambda: iter(LONGER)), resume=True)
    assert_same_run(model, Word2Vec(LONGER, **LONG_RUN))


def test_handlers_are_put_back_and_called(tmp_path: Path) -> None:
    heard = []

    class Signalling(CallbackAny2Vec):
        def on_epoch_end(self, model: Word2Vec) -> None:
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    ours = signal.getsignal(signal.SIGTERM)
    try:
        model = Word2Vec(TEXT, **RUN, checkpoint=tmp_path / "run.fw2v", callbacks=[Signalling()])
        assert signal.getsignal(signal.SIGTERM) is ours
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM] * 3  # its usual effect, which here is not the end
    assert_same_run(model, Word2Vec(TEXT, **RUN))


@pytest.mark.parametrize("raises", [False, True])
def test_a_handler_is_called_while_the_text_is_waited_for(raises: bool, tmp_path: Path) -> None:
    """The text may wait for what the handler does; what it raises comes after a last checkpoint."""
    heard = threading.Event()

    def handle(number: int, _: Any) -> None:
        heard.set()
        if raises:
            raise SystemExit(7)

    def sentences() -> Iterator[list[str]]:
        for number, sentence in enumerate(LONGER):
            if number == 3000 and stream.passes == 3:
                signal.raise_signal(signal.SIGTERM)
                assert heard.wait(HANGS)
            yield sentence

    path, stream = tmp_path / "run.fw2v", Restartable(sentences)
    before = signal.signal(signal.SIGTERM, handle)
    try:
        if raises:
            with pytest.raises(SystemExit) as caught:
                Word2Vec(stream, **RUN, checkpoint=path)
            assert caught.value.code == 7
        else:
            Word2Vec(stream, **RUN, checkpoint=path)
        assert signal.getsignal(signal.SIGTERM) is handle
    finally:
        signal.signal(signal.SIGTERM, before)
    model = Word2Vec.load(path)
    assert model._checkpoint is not None
    assert model._checkpoint.complete is not raises and bool(model._checkpoint.jobs) is raises
    model.train(LONGER, resume=True)
    assert_same_run(model, Word2Vec(LONGER, **RUN))


def test_a_handler_may_set_another(tmp_path: Path) -> None:
    """As those do that end the program when the signal comes for a second time."""

    class Signalling(CallbackAny2Vec):
        def on_epoch_end(self, model: Word2Vec) -> None:
            if len(model.history) == 1:
                signal.raise_signal(signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, lambda number, _: signal.signal(number, signal.SIG_DFL))
    try:
        Word2Vec(TEXT, **RUN, checkpoint=tmp_path / "run.fw2v", callbacks=[Signalling()])
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


def test_in_another_thread_no_handler_is_set(tmp_path: Path) -> None:
    found = []

    class Looking(CallbackAny2Vec):
        def on_epoch_end(self, model: Word2Vec) -> None:
            found.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)

    def train() -> None:
        Word2Vec(TEXT, **RUN, checkpoint=tmp_path / "run.fw2v", callbacks=[Looking()])

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert found == [before] * 3 and (tmp_path / "run.fw2v").exists()


def test_without_a_checkpoint_no_handler_is_set() -> None:
    found = []

    class Looking(CallbackAny2Vec):
        def on_epoch_end(self, model: Word2Vec) -> None:
            found.append(signal.getsignal(signal.SIGTERM))

    Word2Vec(TEXT, **RUN, callbacks=[Looking()])
    assert found == [signal.getsignal(signal.SIGTERM)] * 3


# --- on the command line ---


def command(path: Path, *options: str) -> list[str]:
    return ["train", str(path / "text.txt"), "--checkpoint", str(path / "run.fw2v"), "-q", *options]


OPTIONS = ("--vector-size", "12", "--min-count", "1", "--workers", "1", "--epochs", "4")


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="POSIX")
def test_the_same_command_again_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, "text.txt", LONGER)
    asked = command(tmp_path, *OPTIONS, "--resume", "-o", str(tmp_path / "model.fw2v"))

    def stop(self: Checkpoints, result: Any) -> None:
        end_epoch(self, result)
        if self.state.epoch == 2:
            raise KeyboardInterrupt

    end_epoch = Checkpoints.end_epoch
    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "end_epoch", stop)
        assert main(asked) == 130
    assert not (tmp_path / "model.fw2v").exists()
    assert main(asked) == 0
    whole = Word2Vec(corpus_file=str(tmp_path / "text.txt"), **(SMALL | {"epochs": 4}))
    assert_same_run(Word2Vec.load(tmp_path / "model.fw2v"), whole)
    assert main(asked) == 0  # there is nothing left to do
    assert_same_run(Word2Vec.load(tmp_path / "model.fw2v"), whole)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--resume", "--window", "3"), "cannot go on with other settings: --window 3, was 5"),
        (("--checkpoint-every", "0"), "--checkpoint-every 0: give seconds, above 0"),
        (("--checkpoint-every", "nan"), "--checkpoint-every nan: give seconds, above 0"),
        (("--checkpoint", "-"), "--checkpoint -: a model cannot go to standard output"),
    ],
    ids=["settings", "interval", "no-number", "standard-output"],
)
def test_wrong_commands(
    options: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, "text.txt", TEXT)
    assert main(command(tmp_path, *OPTIONS)) == 0
    before = (tmp_path / "run.fw2v").read_bytes()
    assert main(command(tmp_path, *OPTIONS, *options)) == 2
    assert said in capsys.readouterr().err
    assert (tmp_path / "run.fw2v").read_bytes() == before


def test_to_resume_needs_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = written(tmp_path, "text.txt", TEXT)
    assert main(["train", str(corpus), "-o", str(tmp_path / "m"), "--resume"]) == 2
    assert "give --checkpoint FILE" in capsys.readouterr().err


def test_a_run_on_another_text_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, "text.txt", TEXT)
    state = []

    class Stop(CallbackAny2Vec):
        def on_epoch_end(self, model: Word2Vec) -> None:
            state.append(1)
            if len(state) == 2:
                raise KeyError

    with pytest.raises(KeyError):
        Word2Vec(TEXT, **RUN, checkpoint=tmp_path / "run.fw2v", callbacks=[Stop()])
    written(tmp_path, "text.txt", TEXT[1:])
    assert main(command(tmp_path, "--resume")) == 1
    assert "with another text: it has 199 sentences, and had 200" in capsys.readouterr().err
