"""`Word2Vec` as its user meets it: settings, vocabulary, accessors, callbacks, loss, files.

How the text gets into it, and what happens when something goes wrong on the way, is in `test_training`.
"""

from __future__ import annotations

import copy
import inspect
import json
import logging
import os
import pickle
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from factories import BOTH, HS, LONGER, MODES, NEG, NO_GENSIM, SMALL, TEXT, assert_same, matrices, small, text

from fastw2v import CallbackAny2Vec, FormatError, KeyedVectors, LineSentence, Word2Vec, word2vec
from fastw2v.formats import native
from fastw2v.training.jobs import EpochResult, Schedule
from fastw2v.training.report import no_lines, progress_lines
from fastw2v.utils import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP

RAREST_FIRST = [["d"], ["c"] * 2, ["b"] * 3, ["a"] * 4]  # in the order seen; sorted it is a b c d


# --- the constructor ---


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
    class Unread:
        def __iter__(self) -> Any:
            raise AssertionError("the corpus was read")

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
    class Unread:
        def __iter__(self) -> Any:
            raise AssertionError("the corpus was read")

    with pytest.raises(error, match=re.escape(part)):
        Word2Vec(Unread(), **settings)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ((TEXT, "text.txt"), "two corpora"),
        ((TEXT, 100), "corpus_file must be a path, not int; a size goes into vector_size="),
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
    Word2Vec(trim_rule=lambda *_: RULE_KEEP, callbacks=[CallbackAny2Vec()])
    assert [record.message.split()[0] for record in caplog.records if record.levelno == logging.WARNING] == [
        "trim_rule",
        "callbacks",
    ]


def test_text() -> None:
    assert str(Word2Vec(vector_size=3)) == "Word2Vec<vocab=0, vector_size=3, alpha=0.025>"


# --- the vocabulary ---


def test_sorted_by_count_and_later_seen_first() -> None:
    model = small([["x", "y", "b", "a", "a", "b"]])
    assert model.wv.index_to_key == ["a", "b", "y", "x"]
    assert small([["x", "y", "b", "a", "a", "b"]], sorted_vocab=0).wv.index_to_key == ["x", "y", "b", "a"]


@pytest.mark.parametrize("min_count", [0, 1])
def test_min_count_0_and_1_keep_all(min_count: int) -> None:
    assert len(small(RAREST_FIRST, min_count=min_count).wv) == 4


@pytest.mark.parametrize(
    ("limit", "min_count", "words"),
    [(3, 1, "abc"), (2, 1, "ab"), (2, 4, "a"), (9, 2, "abc"), (None, 3, "ab")],
)
def test_max_final_vocab(limit: int | None, min_count: int, words: str) -> None:
    model = small(RAREST_FIRST, max_final_vocab=limit, min_count=min_count)
    assert "".join(model.wv.index_to_key) == words


def test_max_final_vocab_drops_all_of_equal_count() -> None:
    assert small([["a", "a", "b", "c", "d"]], max_final_vocab=2).wv.index_to_key == ["a"]


def test_max_vocab_size_prunes_while_counting() -> None:
    model = Word2Vec(max_vocab_size=2, min_count=1)
    # After the second sentence, 3 words: those seen less than once go (none); after the third, than twice.
    model.build_vocab([["a", "a"], ["b", "c"], ["d", "a"], ["e"]])
    assert model.wv.index_to_key == ["a", "e"]
    assert model.corpus_total_words == 7 and model.corpus_count == 4


def test_max_vocab_size_trains() -> None:
    model = small(TEXT, max_vocab_size=20)
    assert 0 < len(model.wv) < 40 and model.train_count == 1


def test_trim_rule() -> None:
    def rule(word: str, count: int, min_count: int) -> int:
        assert min_count == 3
        return {"a": RULE_DISCARD, "d": RULE_KEEP}.get(word, RULE_DEFAULT)

    assert small(RAREST_FIRST, trim_rule=rule, min_count=3).wv.index_to_key == ["b", "d"]
    model = Word2Vec(min_count=3)
    model.build_vocab(RAREST_FIRST, trim_rule=rule)
    assert model.wv.index_to_key == ["b", "d"]


def test_null_word() -> None:
    model = small([["x", "y", "y"]], null_word=1)
    assert model.wv.index_to_key == ["y", "\0", "x"]  # seen once, and last
    assert model.wv.get_vecattr("\0", "count") == 1 and model.wv.get_vecattr("\0", "sample_int") == 0
    model.build_vocab([["z", "y"]], update=True)
    assert model.wv.index_to_key == ["y", "\0", "x", "z"]


@pytest.mark.parametrize(
    ("sample", "threshold"),
    [(0, None), (None, None), (0.1, 0.1 * 400), (1e-3, 0.4), (20, 52), (1, 2), (1.5, 3)],
)
def test_sample(sample: float | None, threshold: float | None) -> None:
    model = Word2Vec(min_count=1, sample=sample)
    model.build_vocab([["a"] * 300 + ["b"] * 90 + ["c"] * 10])
    counts = np.array([300, 90, 10])
    kept = (
        np.ones(3)
        if threshold is None
        else np.minimum((np.sqrt(counts / threshold) + 1) * threshold / counts, 1)
    )
    if threshold is None:  # as if all words together were the threshold
        kept = np.minimum((np.sqrt(counts / 400) + 1) * 400 / counts, 1)
    assert model.wv.expandos["sample_int"].tolist() == (kept * (2**32 - 1)).astype(np.uint32).tolist()


def test_prepare_vocab_reports_and_writes_back() -> None:
    model = Word2Vec(min_count=1)
    assert model.scan_vocab(RAREST_FIRST) == (10, 4)
    assert model.raw_vocab == {"d": 1, "c": 2, "b": 3, "a": 4}
    report = model.prepare_vocab(min_count=3, sample=0.5, keep_raw_vocab=True)
    assert report == {
        "drop_unique": 2,
        "retain_total": 7,
        "downsample_unique": 0,
        "downsample_total": 7,
        "num_retained_words": 2,
    }
    assert (model.min_count, model.sample, model.effective_min_count) == (3, 0.5, 3)
    assert model.raw_vocab
    model.prepare_weights()
    assert model.syn0.shape == (2, 100)


def test_a_dry_run_changes_nothing() -> None:
    model = small(RAREST_FIRST, sample=0)
    before, words = matrices(model), list(model.wv.index_to_key)
    assert before["syn1neg"].any()
    model.build_vocab([["e"] * 9], dry_run=True, min_count=2)
    assert_same(matrices(model), before)
    assert model.wv.index_to_key == words and model.min_count == 1
    assert model.raw_vocab == {"e": 9}
    assert model.prepare_vocab(dry_run=True, min_count=20)["num_retained_words"] == 0
    assert model.wv.index_to_key == words


@pytest.mark.parametrize("update", [False, True])
@pytest.mark.parametrize("objective", [NEG, HS], ids=["neg", "hs"])
def test_build_vocab_from_freq(update: bool, objective: dict[str, int]) -> None:
    model = Word2Vec(**(SMALL | objective))
    model.build_vocab_from_freq({"a": 4, "b": 3, "rare": np.int64(0)}, corpus_count=5)
    assert model.wv.index_to_key == ["a", "b"]
    assert (model.corpus_count, model.corpus_total_words) == (5, 7)
    model.build_vocab_from_freq({"c": 9, "b": 2}, update=update)
    assert model.wv.index_to_key == (["a", "b", "c"] if update else ["c", "b"])
    assert model.wv.get_vecattr("b", "count") == (5 if update else 2)
    assert model.train([["a", "b", "c"]], total_words=model.corpus_total_words, epochs=1)[1] == 3


def test_build_vocab_from_freq_leaves_the_callers_dict_alone() -> None:
    counts = {"a": 4, "b": 3}
    model = Word2Vec(min_count=1)
    model.build_vocab_from_freq(counts)
    assert counts == {"a": 4, "b": 3} and model.raw_vocab == {}


@pytest.mark.parametrize(
    ("counts", "error"),
    [
        ({"a": 1.5}, TypeError),
        ({"a": "3"}, TypeError),
        ({"a": -1}, ValueError),
        ({"a": 2**63}, ValueError),
        ([("a", 3)], TypeError),
        ({}, None),
    ],
)
def test_counts_that_are_none(counts: Any, error: type | None) -> None:
    model = small()
    before = matrices(model)
    with pytest.raises(error or RuntimeError):
        model.build_vocab_from_freq(counts)
    assert_same(matrices(model), before)
    assert model.corpus_count == len(TEXT)


def test_gensims_vocabulary() -> None:
    """Words, counts, thresholds, noise table and report, for settings that interact."""
    gensim = pytest.importorskip("gensim", reason=NO_GENSIM)
    for settings in (
        {"min_count": 2},
        {"min_count": 1, "null_word": 1},
        {"min_count": 1, "max_final_vocab": 10, "ns_exponent": -0.5},
        {"min_count": 2, "sorted_vocab": 0, "sample": 3, "null_word": 1},
        {"min_count": 1, "max_vocab_size": 15, "sample": None},
    ):
        models = gensim.models.Word2Vec(**settings), Word2Vec(**settings)
        reports = []
        for model in models:
            counted = model.scan_vocab(TEXT)
            reports.append((counted, model.prepare_vocab()))
        theirs, ours = models
        assert reports[0] == reports[1]
        assert ours.wv.index_to_key == theirs.wv.index_to_key
        assert ours.cum_table.tolist() == theirs.cum_table.tolist()
        assert ours.effective_min_count == theirs.effective_min_count
        for column in ("count", "sample_int"):
            # gensim gives an unsorted null word no threshold at all.
            expected = theirs.wv.expandos[column].tolist()
            assert ours.wv.expandos[column].tolist()[: len(expected)] == expected
            assert len(ours.wv.expandos[column]) == len(ours.wv)


def test_estimate_memory() -> None:
    assert Word2Vec(vector_size=10).estimate_memory(vocab_size=100) == {
        "vocab": 50_000,
        "vectors": 4000,
        "syn1neg": 4000,
        "total": 58_000,
    }
    assert Word2Vec(vector_size=10, hs=1, negative=0).estimate_memory(100, {"mine": 1}) == {
        "mine": 1,
        "vocab": 70_000,
        "vectors": 4000,
        "syn1": 4000,
        "total": 78_001,
    }
    assert small().estimate_memory()["vectors"] == len(small().wv) * 12 * 4


@pytest.mark.parametrize("mode", MODES)
def test_update_adds_words_and_keeps_what_was_learnt(mode: str) -> None:
    model = small(**MODES[mode])
    before, words = matrices(model), list(model.wv.index_to_key)
    held = model.wv.with_vectors(model.syn0)
    count = model.wv.get_vecattr("w0", "count")
    model.build_vocab([["new", "w0", "w1", "newer"]], update=True)
    assert model.wv.index_to_key == [*words, "new", "newer"]
    for name, matrix in matrices(model).items():
        assert matrix.shape == (len(words) + 2, 12)
        np.testing.assert_array_equal(matrix[: len(words)], before[name])
    new = model.syn0[-1].copy()
    assert new.any()
    assert model.wv.get_vecattr("w0", "count") == sum(s.count("w0") for s in TEXT) + 1
    assert (model.corpus_count, model.corpus_total_words) == (1, 4)
    # Whoever shared the old words (`wv_out`, say) still has a consistent vocabulary.
    assert held.index_to_key == list(held.key_to_index) == words
    assert {len(column) for column in held.expandos.values()} == {len(words)} == {len(held.vectors)}
    assert held.get_vecattr("w0", "count") == count
    trained, raw = model.train([["new", "w0", "w1", "newer"]] * 50, total_examples=50, epochs=2)
    assert raw == 400 and trained > 0
    assert (model.syn0[-1] != new).any()


@pytest.mark.parametrize("mode", MODES)
def test_frozen_words_stay_so_and_new_ones_learn(mode: str) -> None:
    model = small(**MODES[mode], sample=0)
    model.wv.vectors_lockf = np.zeros(len(model.wv), dtype=np.float32)
    model.wv.vectors_lockf[5] = 0.5
    old = model.syn0.copy()
    more = [["w0", "new", "newer", "w1"]] * 20
    model.build_vocab(more, update=True)
    assert model.wv.vectors_lockf.tolist() == [0] * 5 + [0.5] + [0] * (len(old) - 6) + [1, 1]
    first = model.syn0.copy()
    model.train(more, total_examples=20, epochs=2)
    np.testing.assert_array_equal(np.delete(model.syn0[: len(old)], 5, axis=0), np.delete(old, 5, axis=0))
    assert (model.syn0[len(old) :] != first[len(old) :]).any(axis=1).all()


def test_update_says_that_the_tree_changes(caplog: pytest.LogCaptureFixture) -> None:
    model = small(**MODES["sg-hs"])
    model.build_vocab([["new"]], update=True)
    assert any("Huffman tree is built anew" in record.message for record in caplog.records)


def test_update_that_adds_nothing() -> None:
    model = small(min_count=2)
    before, words = matrices(model), list(model.wv.index_to_key)
    model.build_vocab([["once"], ["twice"]], update=True)
    assert_same(matrices(model), before)
    assert model.wv.index_to_key == words


def test_update_needs_something_to_update() -> None:
    with pytest.raises(RuntimeError, match="no vocabulary to update"):
        Word2Vec().build_vocab(TEXT, update=True)
    model = small()
    del model.syn1neg
    with pytest.raises(RuntimeError, match="no syn1neg"):
        model.build_vocab([["new"]], update=True)
    assert "new" not in model


def test_a_second_vocabulary_begins_anew() -> None:
    model = small()
    model.build_vocab([["other", "words"]])
    assert model.wv.index_to_key == ["words", "other"]
    fresh = Word2Vec(**SMALL)
    fresh.build_vocab([["other", "words"]])
    assert_same(matrices(model), matrices(fresh))


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda model: model.build_vocab([]), RuntimeError),
        (lambda model: model.build_vocab([["a", "b"]], min_count=5), RuntimeError),
        (lambda model: model.build_vocab([["a", ["b"]]]), TypeError),
        (lambda model: model.build_vocab([["a"], None]), TypeError),
        (lambda model: model.build_vocab([["a"], 7], update=True), TypeError),
        (lambda model: model.build_vocab(TEXT, unknown=1), TypeError),
        (lambda model: model.build_vocab(TEXT, progress_per=0), ValueError),
        (lambda model: model.build_vocab(TEXT, min_count="2"), TypeError),
        (lambda model: model.build_vocab(TEXT, sample=-1), ValueError),
        (lambda model: model.build_vocab(corpus_file="/no/such/file"), TypeError),
        (lambda model: model.build_vocab(TEXT, trim_rule=lambda *_: 1 / 0), ZeroDivisionError),
        (lambda m: m.build_vocab([["b"]], update=True, trim_rule=lambda *_: 1 / 0), ZeroDivisionError),
        (lambda model: model.scan_vocab(None), TypeError),
        (lambda model: model.scan_vocab("text"), TypeError),
    ],
)
def test_a_refused_vocabulary_leaves_the_model_as_it_was(call: Any, error: type) -> None:
    model = small()
    before = matrices(model) | {name: column.copy() for name, column in model.wv.expandos.items()}
    state = {k: v for k, v in model.__dict__.items() if isinstance(v, int | float | dict | list | str)}
    state = copy.deepcopy(state)
    words = list(model.wv.index_to_key)
    with pytest.raises(error):
        call(model)
    assert_same(matrices(model) | {name: column.copy() for name, column in model.wv.expandos.items()}, before)
    assert model.wv.index_to_key == words == list(model.wv.key_to_index)
    assert {name: getattr(model, name) for name in state} == state


@pytest.mark.parametrize("corpus", [[["new", "words"]], [["w0", "w0"]]], ids=["new", "known"])
@pytest.mark.parametrize("update", [False, True])
def test_no_memory_for_the_weights_leaves_the_model_as_it_was(
    update: bool, corpus: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = small()
    before, words = matrices(model), list(model.wv.index_to_key)
    columns = {name: column.copy() for name, column in model.wv.expandos.items()}
    monkeypatch.setattr(
        "fastw2v.matrices.prep_vectors", lambda *_, **__: (_ for _ in ()).throw(MemoryError())
    )
    with pytest.raises(MemoryError):
        model.build_vocab(corpus, update=update)
    monkeypatch.undo()
    assert_same(matrices(model), before)
    assert_same(dict(model.wv.expandos), columns)
    assert model.wv.index_to_key == words
    assert len(model.wv.expandos["count"]) == len(model.cum_table) == len(words)
    assert model.train(TEXT, total_examples=len(TEXT), epochs=1)[0] > 0


def test_a_pruned_corpus_is_an_error_only_for_those_who_train(caplog: pytest.LogCaptureFixture) -> None:
    model = Word2Vec()
    model.build_vocab([["a", "b"]])
    assert "none of 2 is kept with min_count=5" in caplog.text
    assert len(model.wv) == 0
    with pytest.raises(RuntimeError, match="no vocabulary to train"):
        model.train([["a", "b"]], total_examples=1, epochs=1)
    with pytest.raises(RuntimeError, match="none of 2 is kept with min_count=5"):
        Word2Vec([["a", "b"]])
    with pytest.raises(RuntimeError, match="the corpus has none"):
        Word2Vec([])
    with pytest.raises(RuntimeError, match="the corpus has none"):
        Word2Vec([[], []])


def test_strings_instead_of_lists_of_words_are_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    model = Word2Vec(min_count=1)
    model.build_vocab(["human", "machine"])
    assert (
        caplog.text.count("Each 'sentences' item should be a list of words (usually unicode strings).") == 1
    )
    assert set(model.wv.index_to_key) == set("humanmachine")


def test_integer_words() -> None:
    corpus = [[5, 700, 5], [700, 10**12, 5]]
    model = small(corpus)
    assert model.wv.index_to_key == [5, 700, 10**12]
    assert model.wv.get_index(5) == 0 and model.wv.get_index(10**12) == 2
    assert np.shares_memory(model.in_vector(700), model.syn0[1])
    assert model.wv.most_similar(5, topn=1)[0][0] in (700, 10**12)
    as_array = small([np.array(sentence) for sentence in corpus])
    assert as_array.wv.index_to_key == model.wv.index_to_key
    assert_same(matrices(as_array), matrices(model))


# --- accessors ---


@pytest.mark.parametrize("mode", MODES)
def test_accessors(mode: str) -> None:
    model = small(**MODES[mode])
    rows = len(model.wv)
    assert model.syn0 is model.wv.vectors
    for name in matrices(model):
        matrix = getattr(model, name)
        assert matrix.shape == (rows, 12) and matrix.dtype == np.float32 and matrix.flags.c_contiguous
    for word in ("w0", "w3", 2):
        row = model.wv.get_index(word)
        assert model.in_vector(word).shape == (12,)
        assert np.shares_memory(model.in_vector(word), model.syn0[row])
        if model.negative:
            assert np.shares_memory(model.out_vector(word), model.syn1neg[row])
            np.testing.assert_array_equal(model.out_vector(word), model.syn1neg[row])
        if model.hs:
            path = model.huffman_path(word)
            assert path.point.dtype == np.uint32 and path.code.dtype == np.uint8
            assert path.point.shape == path.code.shape and path.point[0] == rows - 2
            nodes = model.node_vectors(word)
            assert nodes.shape == (len(path.point), 12) and nodes.dtype == np.float32
            np.testing.assert_array_equal(nodes, model.syn1[path.point])
    model.in_vector("w0")[:] = 7
    assert (model.wv["w0"] == 7).all()


@pytest.mark.parametrize("mode", [mode for mode in MODES if "hs" not in mode])
def test_wv_out_shares_words_and_memory(mode: str) -> None:
    model = small(**MODES[mode])
    out = model.wv_out
    assert isinstance(out, KeyedVectors) and out.index_to_key is model.wv.index_to_key
    assert out.vectors is model.syn1neg
    model.out_vector("w1")[:] = 3
    assert (out["w1"] == 3).all()
    assert len(out.most_similar("w1", topn=3)) == 3


@pytest.mark.parametrize(
    ("objective", "access", "advice"),
    [
        (NEG, lambda model: model.syn1, "hs=1"),
        (NEG, lambda model: model.huffman_path("w0"), "hs=1"),
        (NEG, lambda model: model.node_vectors("w0"), "hs=1"),
        (HS, lambda model: model.syn1neg, "negative=5"),
        (HS, lambda model: model.wv_out, "negative=5"),
        (HS, lambda model: model.out_vector("w0"), "node_vectors(word)"),
        (HS, lambda model: model.out_vector("w0"), "negative=5"),
    ],
)
def test_what_was_not_trained_says_which_setting_would_have(objective: Any, access: Any, advice: str) -> None:
    model = small(**objective)
    with pytest.raises(AttributeError, match=re.escape(advice)):
        access(model)


def test_before_training_there_are_no_outputs() -> None:
    model = Word2Vec()
    for name in ("syn1", "syn1neg"):
        assert not hasattr(model, name)
        with pytest.raises(AttributeError, match="build a vocabulary"):
            getattr(model, name)


@pytest.mark.parametrize("access", ["in_vector", "out_vector", "node_vectors", "huffman_path"])
def test_unknown_words_are_key_errors(access: str) -> None:
    model = small(**MODES["sg-both"])
    with pytest.raises(KeyError, match="potato"):
        getattr(model, access)("potato")


def test_what_people_were_told_to_write() -> None:
    model = small([["potato", "soup", "potato"]], **BOTH)
    np.testing.assert_array_equal(model["potato"], model.in_vector("potato"))
    assert "potato" in model and "tomato" not in model
    with pytest.warns(DeprecationWarning, match=r"KeyedVectors\.vocab is an older spelling.* key_to_index"):
        record = model.wv.vocab["potato"]
    np.testing.assert_array_equal(model.syn1[record.point], model.node_vectors("potato"))
    np.testing.assert_array_equal(model.syn1neg[record.index], model.out_vector("potato"))
    assert (record.count, record.index) == (2, 0)
    assert record.code.tolist() == model.huffman_path("potato").code.tolist()


def test_load_is_a_method_of_the_class(tmp_path: Any) -> None:
    model = small()
    model.save(tmp_path / "model")
    with pytest.raises(AttributeError, match=r"Word2Vec\.load"):
        model.load(tmp_path / "model")
    assert callable(Word2Vec.load)

    class Mine(Word2Vec):
        pass

    assert type(Mine.load(tmp_path / "model")) is Mine


# --- older spellings ---


OLDER: dict[str, tuple[Callable[[Word2Vec], Any], Callable[[Word2Vec], Any]]] = {
    "iter": (lambda m: m.iter, lambda m: m.epochs),
    "trainables": (lambda m: m.trainables, lambda m: m),
    "vocabulary": (lambda m: m.vocabulary.min_count, lambda m: m.min_count),
    "vectors_lockf": (lambda m: m.vectors_lockf, lambda m: m.wv.vectors_lockf),
    "syn0_lockf": (lambda m: m.syn0_lockf, lambda m: m.wv.vectors_lockf),
    "syn0norm": (lambda m: m.syn0norm, lambda m: m.wv.get_normed_vectors()),
    "index2word": (lambda m: m.index2word, lambda m: m.wv.index_to_key),
    "vocab": (lambda m: m.vocab["w3"].index, lambda m: m.wv.get_index("w3")),
    "most_similar_cosmul": (
        lambda m: m.most_similar_cosmul("w3"),
        lambda m: m.wv.most_similar_cosmul("w3"),
    ),
    "n_similarity": (lambda m: m.n_similarity(["w3"], ["w4"]), lambda m: m.wv.similarity("w3", "w4")),
    "doesnt_match": (
        lambda m: m.doesnt_match(["w1", "w2", "w5"]),
        lambda m: m.wv.doesnt_match(["w1", "w2", "w5"]),
    ),
    "similar_by_word": (lambda m: m.similar_by_word("w3"), lambda m: m.wv.most_similar("w3")),
    "similar_by_vector": (lambda m: m.similar_by_vector(m["w3"]), lambda m: m.wv.similar_by_vector(m["w3"])),
    "accuracy": (lambda m: m.accuracy, lambda m: m.wv.accuracy),
    "wmdistance": (lambda m: m.wmdistance, lambda m: m.wv.wmdistance),
    "intersect_word2vec_format": (
        lambda m: m.intersect_word2vec_format,
        lambda m: m.wv.intersect_word2vec_format,
    ),
    "reset_weights": (lambda m: m.reset_weights, lambda m: m.init_weights),
}


@pytest.mark.parametrize("name", OLDER)
def test_older_spellings_say_the_new_one_once(name: str) -> None:
    model = small(**BOTH)
    old, new = OLDER[name]
    with pytest.warns(DeprecationWarning, match=rf"^Word2Vec\.{name} is an older spelling.*: use ") as heard:
        given = old(model)
        old(model)
    assert len(heard) == 1 and heard[0].filename == __file__
    expected = new(model)
    same = np.array_equal if isinstance(expected, np.ndarray) else lambda a, b: a == b
    assert same(given, expected)


@pytest.mark.parametrize(
    ("old", "new", "value"),
    [
        ("iter", lambda model: model.epochs, 7),
        ("vectors_lockf", lambda model: model.wv.vectors_lockf, np.zeros(1, dtype=np.float32)),
        ("index2word", lambda model: model.wv.index_to_key, ["x"]),
    ],
)
def test_writing_reaches_the_new_name(old: str, new: Any, value: Any) -> None:
    model = small()
    with pytest.warns(DeprecationWarning, match=old):
        setattr(model, old, value)
    assert new(model) is value


def test_what_older_spellings_cannot_be_set() -> None:
    model = small()
    for name in ("trainables", "syn0norm"):
        with pytest.raises(AttributeError, match="cannot be set"):
            setattr(model, name, 1)


def test_older_parameters() -> None:
    with pytest.warns(DeprecationWarning) as heard:
        model = Word2Vec(TEXT, size=7, iter=2, min_count=1, workers=1, progress=False)
    assert [str(w.message).partition(" is ")[0] for w in heard] == ["Word2Vec(size=)", "Word2Vec(iter=)"]
    assert {w.filename for w in heard} == {__file__}
    assert (model.vector_size, model.epochs, model.syn0.shape[1]) == (7, 2, 7)
    with pytest.warns(DeprecationWarning, match=r"Word2Vec\.build_vocab\(sentences=\).*corpus_iterable="):
        model.build_vocab(sentences=TEXT)
    with pytest.warns(DeprecationWarning, match=r"Word2Vec\.train\(sentences=\)"):
        assert model.train(sentences=TEXT, total_examples=len(TEXT), epochs=1)[1] == sum(map(len, TEXT))


@pytest.mark.parametrize(
    ("call", "both"),
    [
        (Word2Vec, {"size": 5, "vector_size": 5}),
        (Word2Vec, {"iter": 5, "epochs": 5}),
        (lambda **both: small().train(**both), {"sentences": TEXT, "corpus_iterable": TEXT}),
        (lambda **both: small().train(TEXT, **both), {"sentences": TEXT}),
        (lambda **both: small().build_vocab(**both), {"sentences": TEXT, "corpus_iterable": TEXT}),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_both_spellings_are_a_type_error(call: Any, both: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=f"{next(iter(both))}=|multiple values"):
        call(**both)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_word2vec_file_as_a_model(tmp_path: Any) -> None:
    model = small()
    model.wv.save_word2vec_format(tmp_path / "vectors.txt")
    read = Word2Vec.load_word2vec_format(tmp_path / "vectors.txt")
    assert isinstance(read, Word2Vec) and read.vocab.keys() == model.vocab.keys()
    read.save(tmp_path / "model")
    for copied in (read, Word2Vec.load(tmp_path / "model")):
        np.testing.assert_array_equal(copied["w3"], model["w3"])
        with pytest.raises(RuntimeError, match="syn1neg"):
            copied.train(TEXT, total_examples=len(TEXT), epochs=1)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_program_of_gensim_3s_time(tmp_path: Any) -> None:
    """Words of one's own, vectors of others where there are some, and training goes on."""
    pretrained = small(vector_size=9)
    pretrained.wv.save_word2vec_format(tmp_path / "vectors.bin", binary=True)
    more = [["w0", "new", "w1", "newer"]] * 30
    model = Word2Vec(size=9, min_count=1, iter=2, sample=0, workers=1, progress=False)
    model.build_vocab(sentences=more)
    model.intersect_word2vec_format(tmp_path / "vectors.bin", lockf=0.0, binary=True)
    model.train(sentences=more, total_examples=model.corpus_count, epochs=model.iter)
    np.testing.assert_array_equal(model["w0"], pretrained["w0"])
    assert model.most_similar(positive=["w0"], negative=["new"], topn=1)[0][0] in {"w1", "newer"}
    assert max(model.vocab, key=lambda word: model.wv.vocab[word].count) in model.index2word


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_gensim_itself_deprecates() -> None:
    model = small(**BOTH)
    before = model.syn0.copy()
    model.init_sims()
    model.clear_sims()
    np.testing.assert_array_equal(model.syn0, before)
    model.init_sims(replace=True)
    np.testing.assert_allclose(np.linalg.norm(model.syn0, axis=1), 1, rtol=1e-6)
    model.delete_temporary_training_data()
    assert not hasattr(model, "syn1") and not hasattr(model, "syn1neg")
    assert model.seeded_vector("w", 5).shape == (5,)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_seeded_vector_is_gensims() -> None:
    gensim = pytest.importorskip("gensim", reason=NO_GENSIM)
    theirs = gensim.models.Word2Vec(hashfxn=len).seeded_vector("word", 9)
    np.testing.assert_array_equal(Word2Vec(hashfxn=len).seeded_vector("word", 9), theirs)


# --- what the outputs tell ---


def like_gensims(**settings: Any) -> tuple[Word2Vec, Any]:
    """A model of ours and one of gensim's with the same weights, far enough from 0 to matter."""
    gensim = pytest.importorskip("gensim", reason=NO_GENSIM)
    ours = small(**settings)
    theirs = gensim.models.Word2Vec(TEXT, **{k: v for k, v in (SMALL | settings).items() if k != "progress"})
    assert ours.wv.index_to_key == theirs.wv.index_to_key
    rng = np.random.default_rng(5)
    for mine, gensims in ((ours.syn0, theirs.wv.vectors), *outputs(ours, theirs)):
        mine[:] = rng.normal(scale=0.6, size=mine.shape)
        gensims[:] = mine
    return ours, theirs


def outputs(ours: Word2Vec, theirs: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    names = [name for name in ("syn1", "syn1neg") if hasattr(ours, name)]
    return [(getattr(ours, name), getattr(theirs, name)) for name in names]


SCORED = [*TEXT[:60], [], ["unknown"], ["w0"], ["w1", "unknown", "w2"], ("w3", "w4")]


@pytest.mark.parametrize("cbow_mean", [0, 1])
@pytest.mark.parametrize("mode", [mode for mode in MODES if "neg" not in mode])
def test_score_is_gensims(mode: str, cbow_mean: int) -> None:
    settings = MODES[mode] | {"cbow_mean": cbow_mean, "window": 3}
    ours, theirs = like_gensims(**settings)
    before = matrices(ours)
    scores = ours.score(iter(SCORED))
    assert scores.dtype == np.float32 and scores.shape == (len(SCORED),)
    np.testing.assert_allclose(scores, theirs.score(SCORED), rtol=2e-4, atol=1e-4)
    assert scores[60] == scores[61] == 0 and (scores[:60] < 0).any()
    assert_same(matrices(ours), before)


def test_score_follows_the_paths() -> None:
    """Σ over windows of full width and nodes of log σ(± score), written out; the table is good to 2 %."""
    model = small(**MODES["sg-hs"], window=2)
    sentence = ["w0", "w1", "w2", "w0", "w5"]
    expected = 0.0
    for i, target in enumerate(sentence):
        path = model.huffman_path(target)
        for j in range(max(0, i - 2), min(len(sentence), i + 3)):
            if j != i:
                scores = model.syn1[path.point] @ model.in_vector(sentence[j])
                expected -= np.logaddexp(0, np.where(path.code, scores, -scores)).sum()
    assert model.score([sentence])[0] == pytest.approx(expected, rel=0.025)


@pytest.mark.parametrize("workers", [1, 3])
def test_score_in_portions(workers: int) -> None:
    """A text that is read in several portions, and the same a few sentences at a time."""
    model = small(**MODES["sg-hs"])
    expected = np.concatenate([model.score(LONGER[i : i + 100]) for i in range(0, len(LONGER), 100)])
    model.workers = workers
    np.testing.assert_allclose(model.score(LONGER), expected, rtol=1e-6)
    np.testing.assert_allclose(model.score(LONGER, total_sentences=3000), expected[:3000], rtol=1e-6)
    assert model.score([]).shape == (0,) == model.score(TEXT, total_sentences=0).shape


def test_score_of_a_mapped_model(tmp_path: Any) -> None:
    model = small(**MODES["cbow-hs"])
    model.save(tmp_path / "model")
    mapped = Word2Vec.load(tmp_path / "model", mmap="r")
    np.testing.assert_array_equal(mapped.score(TEXT), model.score(TEXT))


def test_what_cannot_be_scored() -> None:
    with pytest.raises(RuntimeError, match="hs=0"):
        small().score(TEXT)
    model = small(**MODES["sg-hs"])
    with pytest.raises(TypeError, match="letters"):
        model.score("w0 w1")
    with pytest.raises(TypeError, match="sentence #1"):
        model.score([["w0"], None])
    del model.syn1
    with pytest.raises(RuntimeError, match="syn1"):
        model.score(TEXT)


@pytest.mark.parametrize("mode", ["sg-both", "cbow-neg"])
@pytest.mark.parametrize("cbow_mean", [0, 1])
def test_predict_output_word_is_gensims(mode: str, cbow_mean: int) -> None:
    ours, theirs = like_gensims(**MODES[mode], cbow_mean=cbow_mean)
    for context in (["w1", "w2"], ["w1", "unknown", 3], ["w4"]):
        predicted, expected = (
            ours.predict_output_word(context, topn=None),
            theirs.predict_output_word(context, None),
        )
        assert [word for word, _ in predicted] == [word for word, _ in expected]
        np.testing.assert_allclose([p for _, p in predicted], [p for _, p in expected], rtol=1e-4)
        assert type(predicted[0][1]) is type(expected[0][1]) is np.float32
    rows = [ours.wv.get_index("w1"), ours.wv.get_index("w2")]
    assert ours.predict_output_word(["w1", "w2"], topn=5) == ours.predict_output_word(rows, topn=5)


@pytest.mark.parametrize("mode", ["sg-hs", "cbow-hs"])
def test_predict_output_word_by_the_path(mode: str) -> None:
    model = small(**MODES[mode])
    hidden = (model.in_vector("w1") + model.in_vector("w2")) / 2
    predicted = dict(model.predict_output_word(["w1", "w2"], topn=None))
    assert predicted.keys() == set(model.wv.index_to_key) and sum(
        map(float, predicted.values())
    ) == pytest.approx(1)
    for word in ("w0", "w9"):
        path = model.huffman_path(word)
        right = 1 / (1 + np.exp(model.syn1[path.point] @ hidden))
        assert predicted[word] == pytest.approx(np.where(path.code, right, 1 - right).prod(), rel=1e-5)


@pytest.mark.parametrize("objective", [NEG, HS], ids=["neg", "hs"])
def test_predict_output_word_at_the_edges(objective: Any, caplog: pytest.LogCaptureFixture) -> None:
    model = small(**objective)
    assert model.predict_output_word(["unknown"]) is None and "none of the context words" in caplog.text
    assert model.predict_output_word(["w1"], topn=0) == []
    assert len(model.predict_output_word(["w1"]) or []) == 10
    for matrix in (model.syn0, getattr(model, "syn1neg" if objective is NEG else "syn1")):
        matrix *= 1e4
    assert np.isfinite([chance for _, chance in model.predict_output_word(["w1"]) or []]).all()
    vectors = Word2Vec(**objective)
    vectors.wv = model.wv
    with pytest.raises(RuntimeError, match="this model has no syn1"):
        vectors.predict_output_word(["w1"])


@pytest.mark.parametrize("sg", [0, 1])
@pytest.mark.parametrize("objective", [NEG, HS, BOTH], ids=["neg", "hs", "both"])
def test_a_batch_is_a_job(sg: int, objective: Any) -> None:
    by_job, by_batch = (small(None, sg=one, step="pair", **objective) for one in (sg, 1 - sg))
    for model in (by_job, by_batch):
        model.build_vocab(TEXT)
    trained, _ = by_job.train(
        TEXT, total_examples=len(TEXT), epochs=1, start_alpha=0.03, end_alpha=0.03, compute_loss=True
    )
    train_batch = word2vec.train_batch_sg if sg else word2vec.train_batch_cbow
    assert train_batch(by_batch, TEXT, 0.03, compute_loss=True) == trained
    assert_same(matrices(by_batch), matrices(by_job))
    assert by_batch.get_latest_training_loss() == by_job.get_latest_training_loss()
    assert train_batch(by_batch, [], 0.03) == 0


def test_scores_of_single_sentences() -> None:
    for mode, score in (("sg-hs", word2vec.score_sentence_sg), ("cbow-hs", word2vec.score_sentence_cbow)):
        model = small(**MODES[mode])
        assert score(model, TEXT[0]) == pytest.approx(float(model.score(TEXT[:1])[0]))


# --- reset_from ---


@pytest.mark.parametrize("other", ["sg-neg", "cbow-hs", "sg-both"])
@pytest.mark.parametrize("mode", MODES)
def test_reset_from_takes_the_vocabulary_over(mode: str, other: str) -> None:
    source = small(text(seed=3, words=25), **MODES[other])
    before, columns = matrices(source), set(source.wv.expandos)
    model = small(**MODES[mode], vector_size=9)
    model.reset_from(source)
    assert model.wv.key_to_index is source.wv.key_to_index and model.wv.vectors.shape == (len(source.wv), 9)
    assert (model.corpus_count, model.corpus_total_words) == (source.corpus_count, source.corpus_total_words)
    assert model.wv.expandos["count"] is source.wv.expandos["count"]
    fresh = small(None, vector_size=9, **MODES[mode])
    fresh.build_vocab(text(seed=3, words=25))
    assert_same(matrices(model), matrices(fresh))
    for trained in (model, fresh):
        trained.random = np.random.RandomState(1)
        trained.train(TEXT, total_examples=len(TEXT), epochs=1)
    assert_same(matrices(model), matrices(fresh))
    assert_same(matrices(source), before)
    assert set(source.wv.expandos) == columns


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

    with pytest.raises(RuntimeError, match="vocabulary changed"):
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


# --- what training answers ---


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample", [0, 1e-2])
def test_trained_and_raw_words_are_gensims(mode: str, sample: float) -> None:
    gensim = pytest.importorskip("gensim", reason=NO_GENSIM)
    settings = {"vector_size": 4, "workers": 1, "min_count": 2, "sample": sample, **MODES[mode]}
    answers = []
    for model in (gensim.models.Word2Vec(**settings), Word2Vec(**settings, progress=False, step="pair")):
        model.build_vocab(TEXT)
        answers.append(model.train(TEXT, total_examples=model.corpus_count, epochs=3))
    assert answers[0] == answers[1]
    assert answers[1][1] == 3 * sum(map(len, TEXT))


@pytest.mark.parametrize("step", ["pair", "window"])
@pytest.mark.parametrize("mode", MODES)
def test_lockf(mode: str, step: str) -> None:
    model = Word2Vec(**SMALL, **MODES[mode], step=step)
    model.build_vocab(TEXT)
    model.wv.vectors_lockf = np.ones(len(model.wv))  # float64 is taken too
    model.wv.vectors_lockf[[0, 3]] = 0
    before = matrices(model)
    model.train(TEXT, total_examples=len(TEXT), epochs=2)
    still = (model.syn0 == before["syn0"]).all(axis=1)
    assert still[[0, 3]].all() and not still[[1, 2, 4]].any()


@pytest.mark.parametrize("lockf", [np.empty(0), np.ones((2, 2))])
def test_lockf_that_is_none(lockf: np.ndarray) -> None:
    model = small()
    model.wv.vectors_lockf = lockf
    with pytest.raises(ValueError, match="vectors_lockf"):
        model.train(TEXT, total_examples=1, epochs=1)


# --- files ---


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("mmap", [None, "r", "c"])
def test_save_and_load(mode: str, mmap: Any, tmp_path: Any) -> None:
    model = small(**MODES[mode], compute_loss=True, comment="größer", max_final_vocab=30)
    model.save(tmp_path / "model.fw2v")
    loaded = Word2Vec.load(tmp_path / "model.fw2v", mmap=mmap)
    assert_same(matrices(loaded), matrices(model))
    assert loaded.wv.index_to_key == model.wv.index_to_key
    np.testing.assert_array_equal(loaded.cum_table, model.cum_table)
    plain = {
        name: value
        for name, value in model.__dict__.items()
        if name not in ("wv", "random", "lifecycle_events") and not isinstance(value, np.ndarray)
    }
    plain["progress"] = "auto"  # whoever loads it decides anew
    assert {name: loaded.__dict__[name] for name in plain} == plain
    assert loaded.__dict__.keys() == model.__dict__.keys()
    assert loaded.lifecycle_events[: len(model.lifecycle_events)] == model.lifecycle_events
    for column in model.wv.expandos:
        for row in range(len(model.wv)):
            np.testing.assert_array_equal(loaded.wv.expandos[column][row], model.wv.expandos[column][row])
    assert loaded.wv.most_similar("w0") == model.wv.most_similar("w0")
    if model.negative:
        assert loaded.wv_out.vectors is loaded.syn1neg


@pytest.mark.parametrize("step", ["pair", "window"])
@pytest.mark.parametrize("mode", MODES)
def test_a_resumed_run_is_identical(mode: str, step: str, tmp_path: Any) -> None:
    once = small(**MODES[mode], step=step, epochs=2)
    once.save(tmp_path / "model")
    resumed, mapped = Word2Vec.load(tmp_path / "model"), Word2Vec.load(tmp_path / "model", mmap="c")
    for model in (once, resumed, mapped):
        model.train(TEXT, total_examples=model.corpus_count, epochs=2, start_alpha=0.01)
        model.build_vocab(text(seed=9), update=True)
        model.train(text(seed=9), total_words=model.corpus_total_words, epochs=1)
    assert_same(matrices(resumed), matrices(once))
    assert_same(matrices(mapped), matrices(once))
    assert resumed.history[-1]["alpha"] == once.history[-1]["alpha"]


def test_a_read_only_model_refuses_to_train(tmp_path: Any) -> None:
    model = small()
    model.save(tmp_path / "model")
    mapped = Word2Vec.load(tmp_path / "model", mmap="r")
    with pytest.raises(ValueError, match=r"read-only.*mmap='r'.*mmap='c'"):
        mapped.train(TEXT, total_examples=mapped.corpus_count, epochs=1)
    assert_same(matrices(mapped), matrices(model))
    assert mapped.wv.most_similar("w0") == model.wv.most_similar("w0")
    mapped.syn0 = mapped.syn0.copy()
    with pytest.raises(ValueError, match="syn1neg is read-only"):
        mapped.train(TEXT, total_examples=mapped.corpus_count, epochs=1)
    mapped.syn1neg = mapped.syn1neg.copy()
    mapped.train(TEXT, total_examples=mapped.corpus_count, epochs=1)


def test_changes_to_a_model_mapped_c_stay_in_memory(tmp_path: Any) -> None:
    model = small()
    model.save(tmp_path / "model")
    mapped = Word2Vec.load(tmp_path / "model", mmap="c")
    mapped.train(TEXT, total_examples=mapped.corpus_count, epochs=1)
    assert not np.array_equal(mapped.syn0, model.syn0)
    assert_same(matrices(Word2Vec.load(tmp_path / "model", verify="full")), matrices(model))


@pytest.mark.parametrize("mmap", ["r", "c"])
def test_save_over_ones_own_mapping(mmap: Any, tmp_path: Any) -> None:
    path = tmp_path / "model"
    model = small()
    model.save(path)
    mapped = Word2Vec.load(path, mmap=mmap)
    mapped.comment = "again"
    mapped.save(path)
    assert_same(matrices(mapped), matrices(model))
    again = Word2Vec.load(path, verify="full")
    assert again.comment == "again"
    assert_same(matrices(again), matrices(model))


def test_save_takes_gensims_arguments_and_handles(tmp_path: Any) -> None:
    model = small()
    model.save(str(tmp_path / "model"), sep_limit=0, separately=["syn1neg"], pickle_protocol=4)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    with open(tmp_path / "handle", "wb") as file:
        model.save(file)
    with open(tmp_path / "handle", "rb") as file:
        assert_same(matrices(Word2Vec.load(file)), matrices(model))


def test_an_untrained_model_can_be_saved(tmp_path: Any) -> None:
    for model in (Word2Vec(), Word2Vec(hs=1, negative=0)):
        model.save(tmp_path / "empty")
        loaded = Word2Vec.load(tmp_path / "empty")
        loaded.build_vocab(TEXT, min_count=1)
        loaded.train(TEXT, total_examples=len(TEXT), epochs=1)
    model.scan_vocab(TEXT)
    model.save(tmp_path / "scanned")
    loaded = Word2Vec.load(tmp_path / "scanned")
    assert loaded.raw_vocab == model.raw_vocab == Counter(word for sentence in TEXT for word in sentence)
    loaded.prepare_vocab(min_count=1)


def test_a_large_raw_vocabulary_and_a_long_life_can_be_saved(tmp_path: Any) -> None:
    model = small()
    model.raw_vocab = {f"word{i}" * 10: i for i in range(200_000)}
    model.history *= 20_000
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model")
    assert loaded.raw_vocab == model.raw_vocab and len(loaded.history) == len(model.history)


def test_words_that_cannot_be_saved_are_said_before_anything_is_written(tmp_path: Any) -> None:
    for name, value in (("raw_vocab", {("a", "b"): 3}), ("comment", object()), ("comment", {1, 2})):
        model = small()
        setattr(model, name, value)
        with pytest.raises(TypeError):
            model.save(tmp_path / "model")
        assert not list(tmp_path.iterdir())


def test_odd_words_survive(tmp_path: Any) -> None:
    words = ["", " ", "\n", "\0", "ä", "日本", "\ud800", 0, -7, 2**70, "7"]
    model = small([words, words[:3]])
    model.save(tmp_path / "model")
    assert Word2Vec.load(tmp_path / "model").wv.index_to_key == model.wv.index_to_key


def test_a_file_of_keyed_vectors_is_an_attribute_error(tmp_path: Any) -> None:
    small().wv.save(tmp_path / "kv")
    with pytest.raises(AttributeError, match=r"KeyedVectors\.load"):
        Word2Vec.load(tmp_path / "kv")


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x80\x04\x95junk", b"2 3\na 1 2 3\n", b"\0" * 100])
def test_files_of_other_kinds(content: bytes, tmp_path: Any) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(FormatError, match="file"):
        Word2Vec.load(tmp_path / "file")


def test_missing_file(tmp_path: Any) -> None:
    with pytest.raises(FileNotFoundError):
        Word2Vec.load(tmp_path / "nothing")
    with pytest.raises(OSError, match="nowhere"):
        small().save(tmp_path / "nowhere" / "model")


def change_settings(**changes: Any) -> Any:
    def change(tensors: dict[str, Any], metadata: dict[str, str]) -> None:
        metadata["model"] = json.dumps(json.loads(metadata["model"]) | changes)

    return change


def change_array(name: str, array: Any) -> Any:
    return lambda tensors, metadata: tensors.update({name: array(tensors[name])})


@pytest.mark.parametrize(
    "damage",
    [
        change_settings(window=0),
        change_settings(negative="5"),
        change_settings(vector_size=13),
        change_settings(step="other"),
        change_settings(random=["MT19937", 625, 0, 0.0]),
        change_settings(random=["MT19937", -1, 0, 0.0]),
        change_settings(random=None),
        lambda tensors, metadata: metadata.update(model="{}"),
        lambda tensors, metadata: metadata.update(model="["),
        lambda tensors, metadata: metadata.update(model="[1]"),
        lambda tensors, metadata: tensors.pop("logs"),
        lambda tensors, metadata: tensors.pop("cum_table"),
        lambda tensors, metadata: tensors.pop("random_state"),
        lambda tensors, metadata: tensors.pop("codes"),
        lambda tensors, metadata: [tensors.pop(name) for name in ("codes", "points", "path_starts")],
        change_array("logs", lambda logs: np.frombuffer(b"[]", np.uint8)),
        change_array("cum_table", lambda table: table // 2),
        change_array("cum_table", lambda table: table[::-1].copy()),
        change_array("syn1neg", lambda matrix: matrix[:-1]),
        change_array("syn1", lambda matrix: matrix.astype(np.float64)),
        change_array("syn0", lambda matrix: matrix.astype(np.float64)),
        change_array("points", lambda points: points + 1),
    ],
)
def test_files_that_say_impossible_things(damage: Any, tmp_path: Any) -> None:
    """A file with valid checksums whose contents would lead the kernels astray."""
    small(**BOTH).save(tmp_path / "model")
    tensors, metadata = native.read(tmp_path / "model")
    damage(tensors, metadata)
    native.write(tmp_path / "damaged", tensors, metadata)
    with pytest.raises(FormatError):
        Word2Vec.load(tmp_path / "damaged")


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_train_on_alike(clone: Any) -> None:
    model = small(**BOTH)
    twin = clone(model)
    for each in (model, twin):
        each.train(TEXT, total_examples=len(TEXT), epochs=1)
    assert_same(matrices(model), matrices(twin))
    assert not np.shares_memory(model.syn0, twin.syn0)


def test_vectors_saved_by_word_are_those_of_the_model(tmp_path: Any) -> None:
    (tmp_path / "text").write_text("\n".join(" ".join(sentence) for sentence in TEXT), encoding="utf8")
    model = small(LineSentence(tmp_path / "text"))
    model.wv.save_word2vec_format(tmp_path / "vectors")
    model.wv_out.save_word2vec_format(tmp_path / "out", binary=True)
    np.testing.assert_array_equal(KeyedVectors.load_word2vec_format(tmp_path / "vectors")["w3"], model["w3"])
    out = KeyedVectors.load_word2vec_format(tmp_path / "out", binary=True)
    np.testing.assert_array_equal(out["w3"], model.out_vector("w3"))
