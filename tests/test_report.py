"""What training reports: hooks in order, loss and history, log lines, warnings."""

from __future__ import annotations

import copy
import logging
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import BOTH, MODES, RAW, SMALL, TEXT, Restartable, assert_same, matrices, small, written

from fastw2v import CallbackAny2Vec, FastW2VWarning, Word2Vec
from fastw2v.training.jobs import EpochResult, Schedule
from fastw2v.training.report import no_lines, progress_lines

# --- warnings ---


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelno >= logging.WARNING]


def test_wrong_totals_are_warned_about(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    model = Word2Vec(TEXT, **SMALL)
    assert not warnings_of(caplog)
    for corpus in ({"corpus_iterable": TEXT}, {"corpus_file": written(tmp_path, "text", TEXT)}):
        caplog.clear()
        with pytest.warns(FastW2VWarning, match=r"^the corpus has .*, but train\(\) was told of") as heard:
            model.train(**corpus, total_examples=199, total_words=RAW + 1, epochs=2, start_alpha=0.0001)
        assert len(heard) == 2, "once for both epochs"
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
    with pytest.warns(FastW2VWarning, match="empty iterator|the corpus has 0 examples") as heard:
        model.train(Restartable(lambda: used), total_examples=200, epochs=2, start_alpha=0.0001)
    assert len(heard) == 2
    assert not np.array_equal(model.syn0, before["syn0"])
    assert sum("empty iterator" in line for line in warnings_of(caplog)) == 1
    assert "EPOCH 1: supplied example count (0) did not equal expected count (200)" in warnings_of(caplog)


def test_sentences_that_are_used_up_are_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    corpus = [iter(sentence) for sentence in TEXT]
    model = Word2Vec(**SMALL)
    model.build_vocab(corpus)
    with pytest.warns(FastW2VWarning, match="200 sentences, but no words"):
        assert model.train(corpus, total_examples=200, epochs=1) == (0, 0)
    assert any("200 sentences, but no words" in line for line in warnings_of(caplog))


def test_warnings_of_gensim(caplog: pytest.LogCaptureFixture) -> None:
    model = Word2Vec(TEXT, **SMALL, **BOTH)
    assert "Both hierarchical softmax and negative sampling are activated." in caplog.text
    assert "Effective 'alpha' higher" not in caplog.text
    before = matrices(model)
    with pytest.warns(
        FastW2VWarning, match=r"starts at 0\.025, above where training ended .* train\(epochs=N\)"
    ) as said:
        model.train(TEXT, total_examples=200, epochs=1)
    assert said[0].filename == __file__
    assert "Effective 'alpha' higher than previous training cycles" in caplog.text
    assert not np.array_equal(model.syn0, before["syn0"])


# --- callbacks, loss, history, log ---


class Recorder(CallbackAny2Vec):
    def __init__(self) -> None:
        self.calls: list[str] = []
        self.losses: list[float] = []

    def on_train_begin(self, model: Word2Vec) -> None:
        self.calls.append("train{")

    def on_epoch_begin(self, model: Word2Vec) -> None:
        self.calls.append("epoch{")

    def on_epoch_end(self, model: Word2Vec) -> None:
        self.calls.append("}")
        self.losses.append(model.get_latest_training_loss())

    def on_train_end(self, model: Word2Vec) -> None:
        self.calls.append("}train")
        assert model.train_count == 1


def test_callbacks_in_order() -> None:
    first, second = Recorder(), Recorder()
    second.calls = first.calls
    small(epochs=2, callbacks=(recorder for recorder in [first, second]))
    once = ["train{", "epoch{", "}", "epoch{", "}", "}train"]
    assert first.calls == [call for call in once for _ in range(2)]


def test_callbacks_need_not_be_derived() -> None:
    class Duck:
        on_train_begin = on_epoch_begin = on_train_end = staticmethod(lambda model: None)
        epochs = 0

        def on_epoch_end(self, model: Word2Vec) -> None:
            self.epochs += 1

    duck = Duck()
    small(callbacks=[duck])
    assert duck.epochs == 5


def test_callbacks_may_change_alpha_and_the_matrix() -> None:
    class Change(CallbackAny2Vec):
        def on_epoch_begin(self, model: Word2Vec) -> None:
            model.alpha = model.min_alpha = 0.01
            model.wv.vectors = model.wv.vectors * 2  # another array

    model = small(epochs=2, callbacks=[Change()])
    assert [epoch["alpha"] for epoch in model.history] == [0.01, 0.01]
    unchanged = small(epochs=2, alpha=0.01, min_alpha=0.01)
    assert np.linalg.norm(model.syn0) > 2 * np.linalg.norm(unchanged.syn0)


def test_callbacks_must_not_build_another_vocabulary() -> None:
    class Rebuild(CallbackAny2Vec):
        def on_epoch_end(self, model: Word2Vec) -> None:
            model.build_vocab([["only"]])

    with pytest.raises(RuntimeError, match="is being trained by the very call"):
        small(callbacks=[Rebuild()])


def test_queries_between_epochs_are_never_stale() -> None:
    class Query(CallbackAny2Vec):
        def on_epoch_end(self, model: Word2Vec) -> None:
            assert model.wv.most_similar("w0", topn=1)[0][1] <= 1 + 1e-5
            assert model.wv.similarity("w0", "w0") == 1

    small(callbacks=[Query()], epochs=3, alpha=0.5)


@pytest.mark.parametrize("mode", MODES)
def test_loss_and_history(mode: str) -> None:
    recorder = Recorder()
    model = small(**MODES[mode], compute_loss=True, epochs=4, callbacks=[recorder], sample=0)
    assert isinstance(model.get_latest_training_loss(), float)
    assert len(model.history) == 4
    for number, epoch in enumerate(model.history):
        assert epoch["epoch"] == number and epoch["seconds"] > 0
        assert epoch["words"] == epoch["effective_words"] == sum(map(len, TEXT))
    totals = [epoch["loss"] * epoch["examples"] for epoch in model.history]
    np.testing.assert_allclose(np.cumsum(totals), recorder.losses)  # cumulative
    alphas = [epoch["alpha"] for epoch in model.history]
    assert alphas == sorted(alphas, reverse=True) and alphas[-1] == model.min_alpha_yet_reached
    # Before anything is learnt every score is 0, so an example costs log 2 for each of its outputs.
    model = small(**MODES[mode], compute_loss=True, epochs=1, alpha=1e-9, min_alpha=1e-9, sample=0)
    assert 0.6 < model.history[0]["loss"] < 12 * np.log(2)


@pytest.mark.trains_again
def test_loss_is_reset_by_each_call_and_history_is_not() -> None:
    model = small(compute_loss=True, epochs=2)
    first = model.get_latest_training_loss()
    model.train(TEXT, total_examples=len(TEXT), epochs=1, compute_loss=True)
    assert 0 < model.get_latest_training_loss() < first
    assert [epoch["epoch"] for epoch in model.history] == [0, 1, 0]
    model.train(TEXT, total_examples=len(TEXT), epochs=1)  # gensim's default: no loss
    assert model.get_latest_training_loss() == 0 and not model.compute_loss
    assert model.history[-1]["loss"] is None


def test_the_loss_changes_no_vector() -> None:
    for mode in MODES.values():
        assert_same(matrices(small(**mode)), matrices(small(**mode, compute_loss=True)))


def test_log_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="fastw2v")
    model = Word2Vec(min_count=1, hs=1, workers=1, progress=False)
    model.build_vocab(TEXT, progress_per=50)
    model.train(TEXT, total_examples=model.corpus_count, total_words=model.corpus_total_words, epochs=1)
    lines = [record.message for record in caplog.records if record.name.startswith("fastw2v.")]
    words, sentences = sum(map(len, TEXT)), len(TEXT)
    expected = [
        r"collecting all words and their counts",
        r"PROGRESS: at sentence #50, processed \d+ words, keeping \d+ word types",
        rf"collected \d+ word types from a corpus of {words} raw words and {sentences} sentences",
        r"sample=0.001 downsamples \d+ most-common words",
        r"constructing a huffman tree from \d+ words",
        r"Word2Vec lifecycle event \{.*'event': 'prepare_vocab'.*\}",
        r"estimated required memory for \d+ words and 100 dimensions: \d+ bytes",
        r"resetting layer weights",
        rf"EPOCH 0: training on {words} raw words \(\d+ effective words\) took \d+\.\ds, "
        r"\d+ effective words/s",
    ]
    places = []
    for pattern in expected:
        found = [place for place, line in enumerate(lines) if re.fullmatch(pattern, line)]
        assert found, pattern
        places.append(found[0])
    assert places == sorted(places)


def test_progress_is_logged_where_no_bar_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="fastw2v.word2vec")
    schedule, result = Schedule(0.1, 0.0, 1, 200, None), EpochResult(sentences=50)
    report = progress_lines(schedule, 3, result, 1.0)
    for seconds in (0.5, 1.5, 1.9, 2.6):
        report(seconds, 3000, 2)
    assert [line for line in caplog.messages if "PROGRESS" in line] == [
        "EPOCH 3 - PROGRESS: at 25.00% examples, 2000 words/s, in_qsize 2, out_qsize 0",
        "EPOCH 3 - PROGRESS: at 25.00% examples, 1154 words/s, in_qsize 2, out_qsize 0",
    ]
    caplog.clear()
    no_lines(9.0, 3000, 2)
    assert not caplog.messages


def test_lifecycle_events() -> None:
    model = small()
    events = [event["event"] for event in model.lifecycle_events or []]
    assert events == ["prepare_vocab", "build_vocab", "train", "train", "created"]
    model.lifecycle_events = None
    model.add_lifecycle_event("mine")
    assert model.lifecycle_events is None


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("window", 0, "window=0"),
        ("sg", "skipgram", "sg is 'skipgram'"),
        ("negative", 2.5, "negative is 2.5"),
        ("alpha", float("nan"), "alpha=nan"),
        ("alpha", -0.001, "alpha=-0.001: a learning rate cannot be negative"),
        ("min_alpha", -0.001, "min_alpha=-0.001: a learning rate cannot be negative"),
    ],
)
def test_what_a_callback_sets_is_checked(name: str, value: Any, said: str) -> None:
    class Change(CallbackAny2Vec):
        def on_epoch_end(self, model: Word2Vec) -> None:
            setattr(model, name, value)

    with pytest.raises((TypeError, ValueError), match=re.escape(said)):
        small(epochs=2, callbacks=[Change()])


@pytest.mark.parametrize("wrong", [None, {"a": 1}, [["a"]]])
def test_a_text_that_is_refused_changes_nothing(wrong: Any) -> None:
    model = small()
    before, state = matrices(model), copy.deepcopy({k: v for k, v in vars(model).items() if k != "wv"})
    with pytest.raises(TypeError, match="sentence #200"):
        model.train([*TEXT, wrong], total_examples=201, epochs=3, start_alpha=0.001, compute_loss=True)
    assert_same(matrices(model), before)
    for name in ("alpha", "epochs", "compute_loss", "lifecycle_events", "running_training_loss"):
        assert getattr(model, name) == state[name], name
