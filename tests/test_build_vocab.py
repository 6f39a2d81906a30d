"""The vocabulary of a model: built from text or counts, trimmed, updated, refused, taken over."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from factories import HS, MODES, NEG, NO_GENSIM, SMALL, TEXT, Restartable, assert_same, matrices, small, text

from fastw2v import FastW2VWarning, Word2Vec
from fastw2v.utils import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP

RAREST_FIRST = [["d"], ["c"] * 2, ["b"] * 3, ["a"] * 4]  # in the order seen; sorted it is a b c d


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
    with pytest.warns(FastW2VWarning, match="^the corpus has 3 raw words, but train"):
        assert model.train([["a", "b", "c"]], total_words=model.corpus_total_words, epochs=1)[1] == 3


def test_build_vocab_from_freq_leaves_the_callers_dict_alone() -> None:
    counts = {"a": 4, "b": 3}
    model = Word2Vec(min_count=1)
    model.build_vocab_from_freq(counts)
    assert counts == {"a": 4, "b": 3} and model.raw_vocab == {}


@pytest.mark.parametrize(
    ("counts", "error"),
    [
        ({"a": 1.5, "b": None}, TypeError),
        ({"a": float("nan")}, ValueError),
        ({"a": float("inf")}, ValueError),
        ({"a": -0.1}, ValueError),
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
@pytest.mark.trains_again
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
@pytest.mark.trains_again
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
@pytest.mark.trains_again
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
    with pytest.warns(FastW2VWarning, match="none of 2 is kept with min_count=5"):
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
    with pytest.warns(FastW2VWarning, match="letters are taken for words") as heard:
        model.build_vocab(["human", "machine"])
    assert len(heard) == 1
    assert (
        caplog.text.count("Each 'sentences' item should be a list of words (usually unicode strings).") == 1
    )
    assert set(model.wv.index_to_key) == set("humanmachine")


@pytest.mark.parametrize(
    "verdict", [True, False, np.True_, "keep", 1.5, [1]], ids=lambda verdict: repr(verdict)
)
@pytest.mark.parametrize("max_vocab_size", [None, 1])
def test_a_rule_that_answers_no_rule(verdict: Any, max_vocab_size: int | None) -> None:
    """True equals RULE_DISCARD: what was to be kept would go."""
    model = small(max_vocab_size=max_vocab_size) if max_vocab_size is None else small()
    model.max_vocab_size = max_vocab_size
    before = matrices(model)
    for way in (
        lambda rule: small(RAREST_FIRST, trim_rule=rule, max_vocab_size=max_vocab_size),
        lambda rule: model.build_vocab(RAREST_FIRST, trim_rule=rule),
        lambda rule: model.build_vocab(RAREST_FIRST, trim_rule=rule, update=True),
        lambda rule: model.build_vocab_from_freq({"a": 4}, trim_rule=rule),
    ):
        with pytest.raises(TypeError, match=r"^trim_rule returned .* for '.*': .* RULE_KEEP, RULE_DISCARD"):
            way(lambda *_: verdict)
    assert_same(matrices(model), before)


def test_a_rule_may_leave_it_to_the_count() -> None:
    for verdict in (None, RULE_DEFAULT, np.int64(RULE_DEFAULT)):
        verdicts = {"a": RULE_KEEP, "b": verdict}
        model = small([["a", "b", "b"]], min_count=2, trim_rule=lambda word, *_, of=verdicts: of[word])
        assert model.wv.index_to_key == ["b", "a"]


@pytest.mark.parametrize("way", ["build_vocab", "prepare_vocab", "build_vocab_from_freq", "scan_vocab"])
def test_a_rule_that_is_no_function_is_refused(way: str) -> None:
    given = {"build_vocab_from_freq": [{"a": 1}], "prepare_vocab": []}.get(way, [Restartable(lambda: 1 / 0)])
    with pytest.raises(TypeError, match="^trim_rule is 'keep': give a function"):
        getattr(Word2Vec(), way)(*given, trim_rule="keep")


def test_a_limit_of_memory_that_drops_every_word_is_named() -> None:
    corpus = [["a", "b", "c"], ["d", "e", "f"]] * 20
    with pytest.raises(RuntimeError, match="max_vocab_size=3 dropped all words.* give max_final_vocab"):
        Word2Vec(corpus, min_count=1, max_vocab_size=3)
    model = Word2Vec(min_count=1, max_vocab_size=3)
    with pytest.warns(FastW2VWarning, match="max_vocab_size=3 dropped all words"):
        model.build_vocab(corpus)
    with pytest.raises(RuntimeError, match="min_count=5, and max_vocab_size=3 may have dropped"):
        Word2Vec([*corpus, ["a"]], min_count=5, max_vocab_size=3)
    with pytest.raises(RuntimeError, match="the corpus has none"):
        Word2Vec([[]], max_vocab_size=3)


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


def test_scan_needs_something() -> None:
    with pytest.raises(TypeError, match="no corpus"):
        Word2Vec().scan_vocab()


def test_progress_needs_a_step() -> None:
    for count in (Word2Vec().build_vocab, Word2Vec().scan_vocab):
        with pytest.raises(ValueError, match="progress_per=0"):
            count([], progress_per=0)


def test_build_vocab_calls_prepare_vocab() -> None:
    """Subclasses of gensim's change the vocabulary there."""

    class Marked(Word2Vec):
        def prepare_vocab(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
            self.raw_vocab["marked"] = 10
            return super().prepare_vocab(*args, **kwargs)

    model = Marked(min_count=1)
    model.build_vocab([["a", "b", "a"]])
    assert model.wv.index_to_key == ["marked", "a", "b"] and model.raw_vocab == {}


class Frame:
    """Has items, as a table of pandas does, but in two dimensions."""

    ndim = 2

    def items(self) -> Any:
        return iter([("a", 3)])


@pytest.mark.parametrize("counts", [Frame(), [("a", 3)], "a", 5])
def test_what_is_no_table_of_counts_is_named(counts: Any) -> None:
    with pytest.raises(TypeError, match=f"word_freq is of type {type(counts).__name__}: give a dict"):
        Word2Vec().build_vocab_from_freq(counts)


def test_counts_are_rounded_to_whole_ones() -> None:
    model = Word2Vec(min_count=1, vector_size=4, workers=1)
    counts = {"a": 3.0, "b": 2.5, "c": np.float32(1.4), "d": np.int16(7), "e": 0.5, "f": 0.0}
    model.build_vocab_from_freq(counts)
    kept = {word: int(model.wv.get_vecattr(word, "count")) for word in model.wv.key_to_index}
    assert kept == {"a": 3, "b": 3, "c": 1, "d": 7, "e": 1}
    assert model.corpus_total_words == 15 and model.wv.expandos["count"].dtype == np.int64


def test_counts_that_are_shares_are_warned_about() -> None:
    model = Word2Vec(min_count=1, vector_size=4, workers=1)
    with pytest.warns(FastW2VWarning, match="below 0.5.*multiply") as said:
        model.build_vocab_from_freq({"a": 0.4, "b": 0.1})
    assert said[0].filename == __file__ and len(model.wv) == 2


def test_a_series_of_pandas_is_a_table_of_counts() -> None:
    pandas = pytest.importorskip("pandas", reason="compares with pandas")
    ours, theirs = (Word2Vec(min_count=1, vector_size=4, workers=1) for _ in range(2))
    ours.build_vocab_from_freq(pandas.Series(["b", "a", "b", "c", "b", "a"]).value_counts())
    theirs.build_vocab_from_freq({"b": 3, "a": 2, "c": 1})
    assert ours.wv.index_to_key == theirs.wv.index_to_key
    assert_same(matrices(ours), matrices(theirs))
    with pytest.raises(TypeError, match="is of type DataFrame"):
        ours.build_vocab_from_freq(pandas.DataFrame({"a": [3]}))


# --- reset_from ---


def test_reset_from_takes_a_model_of_gensims(gensims: Any) -> None:
    theirs = gensims.Word2Vec(TEXT, min_count=1, vector_size=7, workers=1)
    ours, twin = small(None, vector_size=9), small(None, vector_size=9)
    ours.reset_from(theirs)
    twin.reset_from(Word2Vec.from_gensim(theirs))
    assert ours.wv.index_to_key == theirs.wv.index_to_key and ours.syn0.shape == (len(theirs.wv), 9)
    assert_same(matrices(ours), matrices(twin))
    assert ours.train(TEXT, total_examples=ours.corpus_count, epochs=1)[1] == sum(map(len, TEXT))


@pytest.mark.parametrize("kind", ["Word2Vec.wv", "FastText", "int"])
def test_reset_from_says_what_it_wants(kind: str) -> None:
    given: Any = 5
    if kind != "int":
        models = pytest.importorskip("gensim.models", reason=NO_GENSIM)
        given = models.FastText() if kind == "FastText" else models.Word2Vec().wv
    model = small()
    before = matrices(model)
    with pytest.raises(TypeError, match="from_gensim|expected gensim's|is of type int: give a Word2Vec"):
        model.reset_from(given)
    assert_same(matrices(model), before)


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


@pytest.mark.parametrize(
    "call",
    [
        lambda model: model.build_vocab([["a", "b"]]),
        lambda model: model.build_vocab([["a", "b"]], update=True),
        lambda model: model.build_vocab_from_freq({"a": 3}),
        lambda model: model.scan_vocab([["a", "b"]]),
        lambda model: model.prepare_vocab(),
    ],
)
@pytest.mark.parametrize("name", ["workers", "seed", "vector_size", "max_final_vocab", "max_vocab_size"])
def test_settings_are_looked_at_again_before_words_are_counted(name: str, call: Any) -> None:
    model = small()
    setattr(model, name, "x")
    events = list(model.lifecycle_events or ())
    with pytest.raises(TypeError, match=f"^{name} is 'x'"):
        call(model)
    assert model.lifecycle_events == events


def test_a_vocabulary_grows_only_in_its_own_dimensions() -> None:
    model = small()
    width = model.vector_size
    model.vector_size = width + 1
    with pytest.raises(ValueError, match=f"vector_size={width + 1}.* {width} dimensions"):
        model.build_vocab([["new"]], update=True)


def test_what_failed_did_not_happen() -> None:
    class Fails(Word2Vec):
        def init_weights(self) -> None:
            raise MemoryError

    model = Fails(min_count=1)
    events = list(model.lifecycle_events or ())
    with pytest.raises(MemoryError):
        model.build_vocab([["a", "b"]])
    assert model.lifecycle_events == events


@pytest.mark.parametrize("as_file", [False, True])
def test_the_constructor_calls_build_vocab_of_a_derived_class(as_file: bool, tmp_path: Any) -> None:
    """gensim's does, and there programs count or filter words."""

    class Counting(Word2Vec):
        def build_vocab(self, *args: Any, **kwargs: Any) -> None:
            super().build_vocab(*args, **kwargs)
            self.built = len(self.wv)

    path = tmp_path / "text.txt"
    path.write_text("a b a\n")
    model = Counting(**{"corpus_file": path} if as_file else {"sentences": [["a", "b", "a"]]}, min_count=1)
    assert model.built == 2 and model.train_count == 1
    plain = Word2Vec([["a", "b", "a"]], min_count=1)
    assert (model.wv.vectors == plain.wv.vectors).all()
    with pytest.warns(FastW2VWarning, match="none of 2"), pytest.raises(RuntimeError, match="no vocabulary"):
        Counting([["a", "b"]])


def test_a_limit_of_words_that_leaves_none_is_named() -> None:
    with pytest.raises(RuntimeError, match="give a higher max_final_vocab"):
        small([["a", "b", "c"]], max_final_vocab=2)


@pytest.mark.parametrize("as_file", [False, True])
def test_build_vocab_calls_scan_vocab_of_a_derived_class(as_file: bool, tmp_path: Any) -> None:
    class Counting(Word2Vec):
        def scan_vocab(self, *args: Any, **kwargs: Any) -> tuple[int, int]:
            counted = super().scan_vocab(*args, **kwargs)
            self.raw_vocab["c"] = 9
            return counted

    path = tmp_path / "text.txt"
    path.write_text("a b a\n")
    model = Counting(**{"corpus_file": path} if as_file else {"sentences": [["a", "b", "a"]]}, min_count=1)
    assert model.wv.index_to_key == ["c", "a", "b"]
    assert (model.corpus_count, model.corpus_total_words, model.train_count) == (1, 3, 1)
