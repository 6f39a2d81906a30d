"""`Word2Vec(...)`: its parameters, and settings and corpora that it refuses."""

from __future__ import annotations

import inspect
import logging
import os
import re
from typing import Any

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
        "progress": (inspect.Parameter.KEYWORD_ONLY, "auto"),
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
        ("step", "both", ValueError),
        ("progress", "never", ValueError),
    ],
)
def test_impossible_settings_are_refused_before_anything_is_read(
    setting: str, value: Any, error: type
) -> None:
    with pytest.raises(error, match="(?i)" + setting):
        Word2Vec(Unread(), **{setting: value})


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
        pytest.raises(TypeError, match="TextIOWrapper can be read only once"),
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
