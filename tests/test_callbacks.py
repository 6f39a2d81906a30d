"""How training stops early: by any hook, and by `EarlyStopping`, which may bring the best epoch back."""

from __future__ import annotations

import copy
import logging
import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import (
    LONGER,
    MODES,
    RAW,
    SMALL,
    TEXT,
    Restartable,
    assert_same,
    matrices,
    saved,
    small,
    threads,
    topics,
    unsampled,
    written,
)

import fastw2v
from fastw2v import CallbackAny2Vec, EarlyStopping, Word2Vec
from fastw2v.formats.extras import users_attributes
from fastw2v.formats.parts import MODELS_HOLD

HELD_OUT, REST = TEXT[:40], TEXT[40:]


class Stop(CallbackAny2Vec):
    """Ends training in one hook, when it is called the second time; counts the calls of all."""

    def __init__(self, hook: str, call: int = 2) -> None:
        self.calls = dict.fromkeys(("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end"), 0)
        self.hook, self.call = hook, call

    def _called(self, hook: str, model: Word2Vec) -> None:
        self.calls[hook] += 1
        if (hook, self.calls[hook]) == (self.hook, self.call):
            model.stop_training = True

    def on_train_begin(self, model: Word2Vec) -> None:
        self._called("on_train_begin", model)

    def on_epoch_begin(self, model: Word2Vec) -> None:
        self._called("on_epoch_begin", model)

    def on_epoch_end(self, model: Word2Vec) -> None:
        self._called("on_epoch_end", model)

    def on_train_end(self, model: Word2Vec) -> None:
        self._called("on_train_end", model)


class Scripted:
    """A function to watch that returns one number after the other."""

    def __init__(self, *values: float) -> None:
        self.values = values
        self.calls = 0

    def __call__(self, model: Word2Vec) -> float:
        value = self.values[self.calls]
        self.calls += 1
        return value


class Recorder(CallbackAny2Vec):
    """Copies of the matrices after each epoch."""

    def __init__(self) -> None:
        self.seen: list[dict[str, np.ndarray]] = []

    def on_epoch_end(self, model: Word2Vec) -> None:
        self.seen.append(matrices(model))


def watched(*values: float, **settings: Any) -> tuple[EarlyStopping, Word2Vec, Recorder]:
    """Train with scripted values, of which lower is better unless `mode` says it."""
    stopping = EarlyStopping(Scripted(*values), **{"mode": "min", **settings})
    recorder = Recorder()
    return stopping, small(epochs=len(values), callbacks=[recorder, stopping]), recorder


# --- a hook ends training ---


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize(
    ("hook", "call", "epochs"),
    [
        ("on_train_begin", 1, 0),
        ("on_epoch_begin", 1, 0),
        ("on_epoch_begin", 2, 1),
        ("on_epoch_end", 1, 1),
        ("on_epoch_end", 2, 2),
        ("on_epoch_end", 4, 4),
        ("on_train_end", 1, 4),
    ],
)
def test_a_hook_ends_training(hook: str, call: int, epochs: int, workers: int) -> None:
    model = small(None, workers=workers)
    model.build_vocab(TEXT)
    before, stop = matrices(model), Stop(hook, call)
    trained, raw = model.train(TEXT, total_examples=len(TEXT), epochs=4, callbacks=[stop])
    assert raw == epochs * RAW and trained == sum(epoch["effective_words"] for epoch in model.history)
    assert len(model.history) == epochs == stop.calls["on_epoch_end"]
    assert model.train_count == 1 == stop.calls["on_train_end"] and not threads()
    assert model.stop_training
    if epochs:
        assert model.min_alpha_yet_reached == model.history[-1]["alpha"]
    else:
        assert_same(matrices(model), before)


def test_what_is_trained_until_then_is_what_all_epochs_would_have_trained() -> None:
    whole, recorder = Recorder(), Recorder()
    small(epochs=4, callbacks=[whole])
    small(epochs=4, callbacks=[recorder, Stop("on_epoch_end")])
    assert_same(recorder.seen, whole.seen[:2])


@pytest.mark.trains_again
def test_the_next_call_trains_all_its_epochs() -> None:
    model = small(epochs=4, callbacks=[Stop("on_epoch_end", 1)])
    assert len(model.history) == 1
    model.train(TEXT, total_examples=len(TEXT), epochs=2)
    assert len(model.history) == 3 and not model.stop_training
    model.stop_training = True  # by hand, between two calls
    model.train(TEXT, total_examples=len(TEXT), epochs=2)
    assert len(model.history) == 5


def test_training_of_pairs_ends_too() -> None:
    model = small(None)
    model.train_pairs(["a", "b"], ["c", "d"], epochs=5, callbacks=[Stop("on_epoch_end")])
    assert len(model.history) == 2


def test_that_training_was_ended_is_not_saved() -> None:
    model = small(epochs=4, callbacks=[Stop("on_epoch_end")])
    for copied in (Word2Vec.load(saved(model)), pickle.loads(pickle.dumps(model)), model):
        assert users_attributes(copied, MODELS_HOLD) == {}
    assert not Word2Vec.load(saved(model)).stop_training


# --- when EarlyStopping does ---

NAN = math.nan


@pytest.mark.parametrize(
    ("values", "settings", "best_epoch", "epochs"),
    [
        ([5, 4, 3, 2], {}, 3, 4),
        ([5, 4, 4, 2], {}, 1, 3),
        ([5, 4, 6, 3, 7, 8, 2], {"patience": 2}, 3, 6),
        ([5, 4, 6, 3, 7, 8, 2], {"patience": 3}, 6, 7),
        ([1, 2, 3, 2], {"mode": "max"}, 2, 4),
        ([1, 2, 1, 3], {"mode": "max"}, 1, 3),
        ([5, 4.5, 4.1, 4, 1], {"min_delta": 1, "patience": 3}, 0, 4),
        ([5, 4.5, 3.9, 4, 1], {"min_delta": 1, "patience": 3}, 4, 5),
        ([NAN, 5, NAN, 4, NAN, NAN, 1], {"patience": 2}, 3, 6),
        ([NAN, NAN, NAN], {"patience": 2}, None, 2),
        ([math.inf, 5, -math.inf, -math.inf, 1], {}, 2, 4),
    ],
)
def test_it_stops_when_epochs_no_longer_help(
    values: list[float], settings: Any, best_epoch: int | None, epochs: int
) -> None:
    stopping, model, recorder = watched(*values, restore_best=True, **settings)
    np.testing.assert_array_equal(stopping.values, values[:epochs])
    assert len(model.history) == epochs and stopping.best_epoch == best_epoch
    assert stopping.best == (None if best_epoch is None else values[best_epoch])
    assert stopping.stopped_epoch == (None if best_epoch == epochs - 1 else epochs - 1)
    assert_same(matrices(model), recorder.seen[-1 if best_epoch is None else best_epoch])


def test_it_says_so_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="fastw2v.callbacks")
    watched(5, 4, 4.5, 3)
    (record,) = [record for record in caplog.records if record.name == "fastw2v.callbacks"]
    assert record.message == (
        "early stopping after epoch 2: 4.5; the best of 2 epochs before was 4.0, of epoch 1"
    )


def test_the_loss_of_training() -> None:
    # A rate that rises from nothing to far too much: the loss falls, and rises again.
    stopping = EarlyStopping(patience=2)
    with (
        pytest.warns(fastw2v.FastW2VWarning, match="rises in training"),
        pytest.warns(fastw2v.FastW2VWarning, match="vectors grow and learn nothing"),
    ):
        model = unsampled(
            sg=1, alpha=0.001, min_alpha=3.0, epochs=60, compute_loss=True, callbacks=[stopping]
        )
    losses = [epoch["loss"] for epoch in model.history]
    assert stopping.values == losses and stopping.best == min(losses) == losses[stopping.best_epoch or 0]
    assert stopping.stopped_epoch == len(losses) - 1 == (stopping.best_epoch or 0) + 2 < 59


def test_an_epoch_without_examples_is_no_improvement() -> None:
    stopping = EarlyStopping(patience=2)
    model = small(None)
    model.build_vocab(TEXT)
    text = Restartable(lambda: TEXT if text.passes == 1 else [["unknown"]] * len(TEXT))
    model.train(text, total_examples=len(TEXT), epochs=9, compute_loss=True, callbacks=[stopping])
    assert len(model.history) == 3 and stopping.best_epoch == 0 and math.isnan(stopping.values[-1])


@pytest.mark.parametrize("mode", MODES)
def test_the_loss_of_sentences_held_out(mode: str, tmp_path: Path) -> None:
    text = topics(1200)
    held_out, rest = text[:200], text[200:]
    model = small(None, **MODES[mode])
    model.build_vocab(rest)
    stopping = EarlyStopping(held_out=held_out, restore_best=True)
    from_file = EarlyStopping(held_out=written(tmp_path, "held_out.txt.gz", held_out), patience=10)
    recorder = Recorder()
    model.train(
        rest,
        total_examples=len(rest),
        epochs=80,
        start_alpha=0.2,
        callbacks=[recorder, stopping, from_file],
    )
    assert stopping.values == from_file.values and len(model.history) == len(stopping.values) < 80
    assert stopping.best == min(stopping.values) == model.evaluate_loss(held_out)
    assert_same(matrices(model), recorder.seen[stopping.best_epoch or 0])


def test_to_watch_changes_nothing_that_is_trained() -> None:
    watching = EarlyStopping(held_out=HELD_OUT, restore_best=True, patience=99)
    plain, other = (small(REST, epochs=4, callbacks=callbacks) for callbacks in ([], [watching]))
    assert watching.best_epoch == 3
    assert_same(matrices(other), matrices(plain))
    assert_same(other.random, plain.random)


def test_a_function_may_return_any_number() -> None:
    for number in (1, True, np.float32(1), np.array(1.0), np.int64(1)):
        assert watched(number)[0].values == [1.0]
    for wrong in ("1", None, [1.0], np.ones(2)):
        with pytest.raises(TypeError, match="it must return a number"):
            watched(wrong)  # type: ignore[arg-type]


@pytest.mark.trains_again
def test_each_call_is_watched_from_anew() -> None:
    stopping, model, _ = watched(5, 1, 2, restore_best=True)
    assert stopping.stopped_epoch == 2
    stopping.monitor = Scripted(9, 8, 7)
    model.train(TEXT, total_examples=len(TEXT), epochs=3, callbacks=[stopping])
    assert stopping.values == [9, 8, 7] and stopping.best == 7 and stopping.stopped_epoch is None


# --- what is refused, and when ---


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"monitor": "val_loss"}, ValueError, "monitor='val_loss': give 'loss', with held_out="),
        ({"monitor": len}, ValueError, "mode='auto' with a function"),
        (
            {"monitor": len, "mode": "max", "held_out": HELD_OUT},
            ValueError,
            "held_out is given with a function",
        ),
        ({"mode": "lower"}, ValueError, "mode='lower'"),
        ({"patience": 0}, ValueError, "patience=0: it must be at least 1"),
        ({"patience": 1.5}, TypeError, "patience is 1.5"),
        ({"min_delta": -1}, ValueError, "min_delta=-1"),
        ({"min_delta": NAN}, ValueError, "min_delta=nan"),
        ({"restore_best": "best"}, TypeError, "restore_best is 'best'"),
        ({"held_out": 3}, TypeError, "held_out: .*not int"),
        ({"held_out": iter(HELD_OUT)}, TypeError, "held_out: .* can be read only once"),
        ({"held_out": "no such file"}, TypeError, "held_out: .*'no such file' is not a file"),
    ],
)
def test_wrong_arguments_are_refused(arguments: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        EarlyStopping(**arguments)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({}, ValueError, "give compute_loss=True"),
        ({"held_out": [["unknown", "words"]] * 3}, ValueError, "no example in 3 sentences of 6 words"),
        ({"held_out": [["w0"], None]}, TypeError, "sentence #1"),
    ],
)
def test_what_cannot_be_watched_is_refused_before_training(
    arguments: Any, error: type[Exception], said: str
) -> None:
    model = small(None)
    model.build_vocab(TEXT)
    before = copy.deepcopy(model)
    with pytest.raises(error, match=said):
        model.train(TEXT, total_examples=len(TEXT), epochs=5, callbacks=[EarlyStopping(**arguments)])
    assert_same(model, before)


# --- the best epoch ---


def test_the_best_epoch_is_written_into_the_arrays_that_users_hold() -> None:
    model = small(None, **MODES["sg-both"])
    model.build_vocab(TEXT)
    held, out = model.wv.vectors, model.wv_out.vectors
    stopping = EarlyStopping(Scripted(3, 1, 2), mode="min", restore_best=True)
    model.train(TEXT, total_examples=len(TEXT), epochs=3, callbacks=[stopping])
    assert model.wv.vectors is held
    np.testing.assert_array_equal(out, model.syn1neg)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_the_best_epoch_can_be_brought_back_after_an_error(error: type[BaseException]) -> None:
    def fail(model: Word2Vec) -> None:
        if len(model.history) == 3:
            raise error

    class Failing(CallbackAny2Vec):
        on_epoch_end = staticmethod(fail)

    stopping = EarlyStopping(Scripted(3, 1, 2), mode="min", patience=9, restore_best=True)
    recorder, model = Recorder(), small(None)
    model.build_vocab(TEXT)
    with pytest.raises(error):
        model.train(TEXT, total_examples=len(TEXT), epochs=9, callbacks=[recorder, stopping, Failing()])
    assert_same(matrices(model), recorder.seen[2])
    stopping.restore(model)
    assert_same(matrices(model), recorder.seen[1])


def test_the_best_epoch_of_another_vocabulary_is_not_brought_back() -> None:
    class Failing(CallbackAny2Vec):
        def on_epoch_end(self, model: Word2Vec) -> None:
            if len(model.history) == 2:
                raise KeyError

    stopping = EarlyStopping(Scripted(1, 2), mode="min", restore_best=True)
    model, text = small(None), Restartable(lambda: TEXT)
    model.build_vocab(TEXT)
    with pytest.raises(KeyError):
        model.train(text, total_examples=len(TEXT), epochs=2, callbacks=[stopping, Failing()])
    with pytest.raises(RuntimeError, match="cannot be brought back"):
        stopping.restore(small(LONGER))
    model.remove_words(["w1"])
    model.build_vocab([["new"] * 9], update=True)  # as many words as before
    with pytest.raises(RuntimeError, match="cannot be brought back"):
        stopping.restore(model)


def test_copies_are_kept_only_while_they_are_needed() -> None:
    stopping, model, _ = watched(3, 1, 2, restore_best=True)
    assert "syn0" not in stopping.get_state()
    with pytest.raises(RuntimeError, match="no matrices of a best epoch"):
        stopping.restore(model)
    with pytest.raises(RuntimeError, match="give restore_best=True"):
        watched(3, 1, 2)[0].restore(model)


# --- checkpoints ---


class Resume(CallbackAny2Vec):
    """Replaces the one that watches by a new one, as a process does that goes on from a checkpoint."""

    def __init__(self, new: Callable[[], EarlyStopping], after: int) -> None:
        self.new, self.after, self.watching = new, after, new()

    def on_train_begin(self, model: Word2Vec) -> None:
        self.watching.on_train_begin(model)

    def on_epoch_begin(self, model: Word2Vec) -> None:
        self.watching.on_epoch_begin(model)

    def on_epoch_end(self, model: Word2Vec) -> None:
        self.watching.on_epoch_end(model)
        if len(model.history) == self.after:
            state = copy.deepcopy(self.watching.get_state())
            for value in state.values():
                assert isinstance(value, np.ndarray)
                value.flags.writeable = False
            self.watching = self.new()
            self.watching.on_train_begin(model)
            self.watching.set_state(state)
            model.stop_training = False

    def on_train_end(self, model: Word2Vec) -> None:
        self.watching.on_train_end(model)


@pytest.mark.parametrize("after", range(1, 8))
@pytest.mark.parametrize("restore_best", [False, True])
@pytest.mark.parametrize("end", [3.0, 0.5])
def test_a_new_one_goes_on_from_the_state(after: int, restore_best: bool, end: float) -> None:
    numbers = [5.0, 4.0, 6.0, 3.0, NAN, 7.0, 8.0, end, 2.0]

    def new() -> EarlyStopping:
        return EarlyStopping(
            lambda model: numbers[len(model.history) - 1], mode="min", patience=4, restore_best=restore_best
        )

    def train(callback: Any) -> Word2Vec:
        return small(epochs=len(numbers), **MODES["sg-both"], callbacks=[callback])

    whole, resumed = new(), Resume(new, after)
    expected, model = train(whole), train(resumed)
    assert_same(matrices(model), matrices(expected))
    assert len(model.history) == len(expected.history) == (8 if end == 3 else 9)
    found, wanted = vars(resumed.watching), vars(whole)
    np.testing.assert_array_equal(found["values"], wanted["values"])
    assert all(found[name] == wanted[name] for name in ("best", "best_epoch", "stopped_epoch"))


def test_a_run_that_was_stopped_trains_no_more_when_it_is_resumed() -> None:
    stopping, _, recorder = watched(3, 1, 2, 0)
    again = EarlyStopping(Scripted(), mode="min", restore_best=True)
    model = small(None)
    model.build_vocab(TEXT)
    again.on_train_begin(model)
    again.set_state(stopping.get_state() | recorder.seen[1])
    again.on_epoch_begin(model)
    assert model.stop_training
    again.on_train_end(model)
    assert_same(matrices(model), recorder.seen[1])


def test_a_state_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="no state of EarlyStopping: it holds \\['epoch'\\]"):
        EarlyStopping().set_state({"epoch": 3})
    state = watched(3, 1, 2)[0].get_state()
    with pytest.raises(ValueError, match="no best matrices"):
        EarlyStopping(Scripted(), mode="min", restore_best=True).set_state(state)


def test_it_is_where_callbacks_are() -> None:
    from fastw2v.models.callbacks import EarlyStopping as as_gensims

    assert as_gensims is fastw2v.EarlyStopping is fastw2v.callbacks.EarlyStopping
    assert len(Word2Vec(TEXT, epochs=3, **SMALL, callbacks=[as_gensims(held_out=HELD_OUT)]).history) >= 1
