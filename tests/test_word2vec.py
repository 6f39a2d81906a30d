"""`Word2Vec(...)`: its parameters, and settings and corpora that it refuses."""

from __future__ import annotations

import inspect
import logging
import os
import re
from typing import Any

import numpy as np
import pytest
from factories import NO_GENSIM, TEXT

from fastw2v import CallbackAny2Vec, Word2Vec
from fastw2v.utils import RULE_KEEP
from fastw2v.warn import FastW2VWarning


def test_parameters_are_gensims_and_then_keyword_only() -> None:
    gensim = pytest.importorskip("gensim", reason=NO_GENSIM)
    theirs = list(inspect.signature(gensim.models.Word2Vec).parameters.values())
    ours = list(inspect.signature(Word2Vec).parameters.values())
    assert [(p.name, p.default) for p in ours[: len(theirs)]] == [(p.name, p.default) for p in theirs]
    assert len(theirs) == 27
    assert all(p.kind is p.POSITIONAL_OR_KEYWORD for p in ours[:27])
    assert {p.name: (p.kind, p.default) for p in ours[27:]} == {
        "step": (inspect.Parameter.KEYWORD_ONLY, None),
        "baskets": (inspect.Parameter.KEYWORD_ONLY, False),
        "deterministic": (inspect.Parameter.KEYWORD_ONLY, False),
        "cluster": (inspect.Parameter.KEYWORD_ONLY, None),
        "progress": (inspect.Parameter.KEYWORD_ONLY, "auto"),
        "checkpoint": (inspect.Parameter.KEYWORD_ONLY, None),
        "checkpoint_every": (inspect.Parameter.KEYWORD_ONLY, 300.0),
    }


@pytest.mark.parametrize(
    "method", ["train", "build_vocab_from_freq", "scan_vocab", "prepare_vocab", "estimate_memory"]
)
def test_methods_take_gensims_parameters(method: str) -> None:
    gensim = pytest.importorskip("gensim", reason=NO_GENSIM)
    theirs = [
        (p.name, p.default)
        for p in inspect.signature(getattr(gensim.models.Word2Vec, method)).parameters.values()
        if p.kind is not p.VAR_KEYWORD
    ]
    ours = inspect.signature(getattr(Word2Vec, method)).parameters.values()
    assert [(p.name, p.default) for p in ours if p.kind is not p.KEYWORD_ONLY] == theirs


def test_all_parameters_by_position() -> None:
    values = (
        None,
        None,
        7,
        0.03,
        4,
        2,
        99,
        0.1,
        5,
        2,
        0.001,
        1,
        1,
        3,
        0.5,
        0,
        len,
        4,
        1,
        None,
        0,
        77,
        True,
        (),
        "x",
        50,
        False,
    )
    model = Word2Vec(*values)
    names = list(inspect.signature(Word2Vec).parameters)[:27]
    stored = dict(zip(names, values, strict=True))
    for name in ("sentences", "corpus_file", "trim_rule", "callbacks"):
        del stored[name]
    assert {name: getattr(model, name) for name in stored} == stored
    assert model.layer1_size == 7 and model.min_alpha_yet_reached == 0.03


@pytest.mark.parametrize("name", ["siz", "iters", "max_final", "wokers"])
def test_unknown_parameters_are_type_errors(name: str) -> None:
    with pytest.raises(TypeError, match=name):
        Word2Vec(**{name: 3})


class Unread:
    def __iter__(self) -> Any:
        raise AssertionError("the corpus was read")


@pytest.mark.parametrize(
    ("setting", "value", "error"),
    [
        ("vector_size", 0, ValueError),
        ("window", 0, ValueError),
        ("window", 2**31, ValueError),
        ("workers", 0, ValueError),
        ("workers", -1, ValueError),
        ("negative", -1, ValueError),
        ("batch_words", 0, ValueError),
        ("alpha", float("nan"), ValueError),
        ("min_alpha", float("inf"), ValueError),
        ("ns_exponent", float("nan"), ValueError),
        ("ns_exponent", "0.75", TypeError),
        ("sample", -1e-3, ValueError),
        ("sample", "1e-3", TypeError),
        ("min_count", None, TypeError),
        ("max_final_vocab", 10.5, TypeError),
        ("max_vocab_size", -5, ValueError),
        ("seed", -1, ValueError),
        ("seed", 2**32, ValueError),
        ("seed", 1.5, TypeError),
        ("seed", "1", TypeError),
        ("vector_size", 2.5, TypeError),
        ("vector_size", "100", TypeError),
        ("vector_size", True, TypeError),
        ("vector_size", None, TypeError),
        ("vector_size", [100], TypeError),
        ("window", 5.9, TypeError),
        ("window", "5", TypeError),
        ("negative", 5.5, TypeError),
        ("negative", "5", TypeError),
        ("negative", True, TypeError),
        ("workers", 2.5, TypeError),
        ("workers", "4", TypeError),
        ("batch_words", "10000", TypeError),
        ("batch_words", 0.5, TypeError),
        ("epochs", "5", TypeError),
        ("epochs", True, TypeError),
        ("epochs", [5], TypeError),
        ("min_count", "5", TypeError),
        ("min_count", True, TypeError),
        ("max_vocab_size", "10", TypeError),
        ("max_final_vocab", True, TypeError),
        ("sg", "skipgram", TypeError),
        ("sg", "1", TypeError),
        ("sg", 2, ValueError),
        ("sg", 0.5, ValueError),
        ("sg", None, TypeError),
        ("hs", "softmax", TypeError),
        ("hs", -1, ValueError),
        ("cbow_mean", "mean", TypeError),
        ("cbow_mean", 2, ValueError),
        ("null_word", "x", TypeError),
        ("sorted_vocab", "yes", TypeError),
        ("compute_loss", "yes", TypeError),
        ("shrink_windows", "no", TypeError),
        ("baskets", "no", TypeError),
        ("sample", True, TypeError),
        ("alpha", "0.025", TypeError),
        ("alpha", None, TypeError),
        ("alpha", 0, ValueError),
        ("alpha", -0.025, ValueError),
        ("min_alpha", "low", TypeError),
        ("trim_rule", "keep", TypeError),
        ("trim_rule", {"a": 1}, TypeError),
        ("step", "both", ValueError),
        ("progress", "never", ValueError),
    ],
)
def test_impossible_settings_are_refused_before_anything_is_read(
    setting: str, value: Any, error: type
) -> None:
    with pytest.raises(error, match=f"^{setting}(=| is ){re.escape(repr(value))}") as said:
        Word2Vec(Unread(), **{setting: value})
    assert re.search("must be|give", str(said.value)), "what was expected"


@pytest.mark.parametrize(
    "name", ["window", "sg", "negative", "vector_size", "alpha", "shrink_windows", "seed"]
)
def test_settings_are_looked_at_again_before_training(name: str) -> None:
    model = Word2Vec(TEXT, min_count=1, vector_size=4, workers=1)
    setattr(model, name, "5.9")
    with pytest.raises(TypeError, match=f"^{name} is '5.9'"):
        model.train(Unread(), total_examples=len(TEXT), epochs=1)


def test_numbers_of_other_types_are_pythons() -> None:
    given: dict[str, Any] = {
        "vector_size": np.int64(12),
        "window": 4.0,
        "negative": np.float32(3),
        "workers": np.uint8(1),
        "batch_words": 1e4,
        "epochs": np.int32(2),
        "min_count": np.int16(1),
        "max_final_vocab": 100.0,
        "seed": np.uint32(2**32 - 1),
        "sg": np.bool_(True),
        "hs": True,
        "cbow_mean": 0.0,
        "sorted_vocab": False,
        "alpha": np.float32(0.5),
        "min_alpha": 0,
        "sample": np.float64(0.01),
        "shrink_windows": 0,
        "compute_loss": None,
    }
    model = Word2Vec(TEXT, **given)
    plain = {name: int(value or 0) if "alpha" not in name else float(value) for name, value in given.items()}
    twin = Word2Vec(TEXT, **plain | {"sample": 0.01})
    for name, value in given.items():
        found = getattr(model, name)
        assert found == (value or 0) and type(found) in (int, float, bool), name
    assert (model.syn1neg == twin.syn1neg).all() and (model.syn1 == twin.syn1).all()


def test_a_rate_that_rises_is_warned_about() -> None:
    rises = "^the learning rate rises in training, from alpha=0.025 to min_alpha=0.5: give the higher"
    with pytest.warns(FastW2VWarning, match=rises):
        model = Word2Vec(TEXT, alpha=0.025, min_alpha=0.5, min_count=1, vector_size=4, workers=1)
    model.min_alpha = 0.01
    with pytest.warns(FastW2VWarning, match=rises):
        model.train(TEXT, total_examples=len(TEXT), epochs=1, end_alpha=0.5)
    model.min_alpha = 0.5
    with pytest.warns(FastW2VWarning, match=rises):
        model.train_pairs(["w0"], ["w1"])


@pytest.mark.parametrize(
    ("settings", "error", "part"),
    [
        ({"hs": 0, "negative": 0}, ValueError, "nothing would be trained"),
        ({"epochs": 0}, ValueError, "epochs=0"),
        ({"epochs": None}, ValueError, "epochs=None"),
        ({"epochs": 2.5}, TypeError, "epochs is 2.5"),
        ({"callbacks": CallbackAny2Vec()}, TypeError, "callbacks must be a list"),
        ({"callbacks": [object()]}, TypeError, "on_train_begin"),
        ({"callbacks": [CallbackAny2Vec]}, TypeError, "callback"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_the_corpus_is_read(
    settings: dict[str, Any], error: type, part: str
) -> None:
    with pytest.raises(error, match=re.escape(part)):
        Word2Vec(Unread(), **settings)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ((TEXT, "text.txt"), "two corpora"),
        ((TEXT, 100), "corpus_file must be a path, not int; to set the size of vectors, give vector_size="),
        ((None, "/no/such/file"), "is not a file that exists"),
        ((None, os.path.dirname(__file__)), "is not a file that exists"),
        (("text.txt",), "corpus_file=path"),
        ((5,), "not int"),
        ((iter(TEXT),), "read only once"),
        ((map(list, TEXT),), "read only once"),
        ((zip(TEXT, TEXT, strict=True),), "read only once"),
        (((sentence for sentence in TEXT),), "a generator can be read only once"),
    ],
)
def test_a_corpus_that_is_none(arguments: tuple[Any, ...], part: str) -> None:
    with pytest.raises(TypeError, match=re.escape(part)):
        Word2Vec(*arguments)


def test_an_open_file_is_read_only_once(tmp_path: Any) -> None:
    (tmp_path / "text").write_text("a b c\n")
    with (
        open(tmp_path / "text") as lines,
        pytest.raises(TypeError, match="TextIOWrapper can be read only once.* give corpus_file=path"),
    ):
        Word2Vec(lines)


def test_without_a_corpus_rule_and_callbacks_are_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.warns(FastW2VWarning, match="given without a corpus is not used") as heard:
        Word2Vec(trim_rule=lambda *_: RULE_KEEP, callbacks=[CallbackAny2Vec()])
    assert len(heard) == 2
    assert [record.message.split()[0] for record in caplog.records if record.levelno == logging.WARNING] == [
        "trim_rule",
        "callbacks",
    ]


def test_text() -> None:
    assert str(Word2Vec(vector_size=3)) == "Word2Vec<vocab=0, vector_size=3, alpha=0.025>"


@pytest.mark.parametrize("epochs", ["5", 1.5, True])
def test_a_number_without_a_border_is_refused_without_one(epochs: Any) -> None:
    with pytest.raises(TypeError, match="it must be a whole number$"):
        Word2Vec(epochs=epochs)


@pytest.mark.parametrize("progress", [0, 1])
def test_progress_takes_0_and_1(progress: int) -> None:
    assert Word2Vec(TEXT, min_count=1, workers=1, progress=progress).progress is bool(progress)  # type: ignore[arg-type]
