"""vocabulary/rows.py: words go and words come, and no row moves to another word."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import HS, MODES, SMALL, TEXT, assert_same, matrices, saved, small

from fastw2v import FastW2VWarning, KeyedVectors, Word2Vec
from fastw2v.columns import Ragged
from fastw2v.vocabulary.huffman import HuffmanTree
from fastw2v.vocabulary.rows import pruned
from fastw2v.vocabulary.sampling import downsampling, noise_table

GONE = ["w0", "w7", "w3", "w40", "w7"]


def vectors_of(model: Word2Vec, words: list[str]) -> dict[str, Any]:
    """What a model knows of words: vectors and attributes, by word."""
    known: dict[str, Any] = {"in": model.wv[words].copy()}
    if model.negative:
        known["out"] = np.array([model.out_vector(word) for word in words])
    for name in ("count", "own", "sample_int"):
        if name in model.wv.expandos:
            known[name] = [model.wv.get_vecattr(word, name) for word in words]
    return known


def everything(model: Word2Vec) -> Any:
    state = {name: value for name, value in vars(model).items() if name not in ("wv", "random")}
    return copy.deepcopy((state, vars(model.wv), model.random.get_state()))


# --- words go ---


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("how", ["remove", "keep", "first"])
@pytest.mark.trains_again
def test_all_that_belongs_to_a_word_goes_and_all_else_stays(mode: str, how: str) -> None:
    model = small(**MODES[mode])
    wv, out = model.wv, model.wv_out if model.negative else None
    for number, word in enumerate(wv.index_to_key):
        wv.set_vecattr(word, "own", number)
    wv.vectors_lockf = np.linspace(0.1, 1, len(wv), dtype=np.float32)
    words = {"remove": [w for w in wv.index_to_key if w not in GONE], "first": wv.index_to_key[:9]}.get(
        how, wv.index_to_key[3::4]
    )
    locks = dict(zip(wv.index_to_key, wv.vectors_lockf.tolist(), strict=True))
    before, everyone = vectors_of(model, words), list(wv.index_to_key)
    if how == "remove":
        model.remove_words(GONE)
    else:
        model.restrict_vocab(9 if how == "first" else [*reversed(words), words[0]])
    assert model.wv is wv and wv.index_to_key == words == list(wv.key_to_index)
    assert list(wv.key_to_index.values()) == list(range(len(words))) and wv.next_index == len(words)
    after = vectors_of(model, words)
    counts = np.array(after["count"])
    np.testing.assert_array_equal(after.pop("sample_int"), downsampling(counts, model.sample)[0])
    del before["sample_int"]
    assert_same(after, before)
    assert wv.vectors_lockf.tolist() == [locks[word] for word in words]
    assert all(matrix.shape == (len(words), 12) for matrix in matrices(model).values())
    if model.negative:
        np.testing.assert_array_equal(model.cum_table, noise_table(counts, 0.75))
        assert out is not None and out.index_to_key == everyone and len(out.vectors) == len(everyone)
    assert model.train(TEXT, total_examples=len(TEXT), epochs=2)[0] > 0
    model.build_vocab([["w0", "w7", "more"]], update=True)
    assert wv.index_to_key[: len(words)] == words and "more" in model
    assert model.train(TEXT, total_examples=len(TEXT), epochs=1)[0] > 0
    again = Word2Vec.load(saved(model))
    assert_same(matrices(again), matrices(model))


@pytest.mark.parametrize("mode", ["sg-hs", "cbow-both"])
@pytest.mark.trains_again
def test_probabilities_of_the_words_that_stay_sum_to_1(mode: str) -> None:
    model = small(**MODES[mode], epochs=20, sample=0)
    rng = np.random.default_rng(5)
    while len(model.wv) > 1:
        word = str(rng.choice(model.wv.index_to_key))
        context = [w for w in model.wv.index_to_key if w != word][:3]
        paths = {w: model.node_vectors(w).tolist() for w in model.wv.index_to_key if w != word}
        model.remove_words(word)
        chances = model.hs_probability(context)
        assert chances.shape == (len(model.wv),) and chances.sum() == pytest.approx(1)
        assert chances[0] == pytest.approx(model.hs_probability(context, model.wv.index_to_key[0]))
        for each, nodes in paths.items():  # what is left of a path are nodes of it, in their order
            left = iter(nodes)
            assert all(node in left for node in model.node_vectors(each).tolist())
    assert model.train(TEXT, total_examples=len(TEXT), epochs=1)[0] > 0


@pytest.mark.parametrize("seed", range(20))
def test_a_pruned_tree_is_a_tree(seed: int) -> None:
    rng = np.random.default_rng(seed)
    words = int(rng.integers(1, 30))
    tree = HuffmanTree.from_counts(rng.zipf(1.4, words))
    rows = np.sort(rng.choice(words, int(rng.integers(1, words + 1)), replace=False))
    small_tree, nodes = pruned(tree, rows)
    small_tree.check(len(rows), saved=True)
    codes, points = small_tree.columns()["code"], small_tree.columns()["point"]
    assert sum(0.5 ** len(code) for code in codes) == 1, "codes of a full binary tree"
    assert len({code.tobytes() for code in codes}) == len(rows)
    assert sorted({int(node) for path in points for node in path}) == list(range(len(rows) - 1))
    for place, row in enumerate(rows.tolist()):
        old = tree.columns()["point"][row].tolist()
        kept = [nodes[node] for node in points[place]]
        assert kept == [node for node in old if node in kept]
        turns = dict(zip(old, tree.columns()["code"][row].tolist(), strict=True))
        assert [turns[node] for node in kept] == codes[place].tolist()
    if len(rows) == words:
        assert small_tree.points.tolist() == tree.points.tolist()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m.remove_words(["w0", "nobody"]), KeyError, "1 words .*'nobody'.*nothing was removed"),
        (lambda m: m.restrict_vocab([f"x{i}" for i in range(99)]), KeyError, "'x4' and 94 more"),
        (lambda m: m.remove_words(list(m.wv.index_to_key)), ValueError, "at least one must stay"),
        (lambda m: m.restrict_vocab([]), ValueError, "at least one must stay"),
        (lambda m: m.restrict_vocab(0), ValueError, "words=0: it must be at least 1"),
        (lambda m: m.remove_words(3), KeyError, "1 words .* 3;"),
        (lambda m: m.remove_words(None), TypeError, "NoneType"),
    ],
)
def test_a_refused_call_leaves_the_model_as_it_was(call: Any, error: type, message: str) -> None:
    model = small(**MODES["sg-both"])
    before = everything(model)
    with pytest.raises(error, match=message):
        call(model)
    assert_same(everything(model), before)


def test_a_failure_on_the_way_leaves_the_model_as_it_was() -> None:
    class Failing(Word2Vec):
        def make_cum_table(self, domain: int = 2**31 - 1) -> None:
            if hasattr(self, "fails"):
                raise MemoryError
            super().make_cum_table(domain)

    model = Failing(TEXT, **SMALL)
    model.fails = True  # type: ignore[attr-defined]
    before = everything(model)
    with pytest.raises(MemoryError):
        model.remove_words("w0")
    assert_same(everything(model), before)


def test_one_word_and_no_words() -> None:
    model = small()
    words = list(model.wv.index_to_key)
    model.remove_words("w3")  # a str is a word, not three letters
    model.remove_words([])
    model.restrict_vocab(10**6)
    assert model.wv.index_to_key == [word for word in words if word != "w3"]


def test_words_that_are_numbers_are_words() -> None:
    model = small([[5, 700, 5, 2], [700, 10**12, 5]])
    row = model.wv["w" if "w" in model else 700].copy()
    model.remove_words([5, np.int64(2)])
    assert model.wv.index_to_key == [700, 10**12] and np.array_equal(model.wv[700], row)
    model.restrict_vocab([700])
    assert model.wv.index_to_key == [700]


@pytest.mark.parametrize("objective", [{}, HS])
@pytest.mark.trains_again
def test_a_mapped_model_loses_words(objective: Any, tmp_path: Path) -> None:
    small(**objective).save(tmp_path / "model")
    model = Word2Vec.load(tmp_path / "model", mmap="r")
    model.restrict_vocab(20)
    assert len(model.wv) == 20
    assert model.train(TEXT, total_examples=len(TEXT), epochs=1)[0] > 0
    assert len(Word2Vec.load(tmp_path / "model").wv) > 20


def test_text_that_was_kept_is_encoded_anew(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("\n".join(" ".join(sentence) for sentence in TEXT))
    model = Word2Vec(**SMALL | {"sample": 0})
    model.build_vocab(corpus_file=path)
    model.restrict_vocab(["w5"])
    occurrences = sum(sentence.count("w5") for sentence in TEXT)
    assert model.train(corpus_file=path, total_words=sum(map(len, TEXT)), epochs=1)[0] == occurrences
    assert model.corpus_count == len(TEXT)


def test_the_null_word_is_never_trained_afterwards_either() -> None:
    model = small(null_word=1)
    assert model.wv.get_vecattr("\0", "sample_int") == 0
    model.remove_words(["w0"])
    assert model.wv.get_vecattr("\0", "sample_int") == 0


# --- the vocabulary was changed by hand ---


def cut(model: Word2Vec) -> None:
    """The recipe of many answers on the web."""
    wv, keep = model.wv, model.wv.index_to_key[5:20]
    wv.vectors = wv.vectors[5:20]
    wv.index_to_key, wv.key_to_index = keep, {word: row for row, word in enumerate(keep)}


def replaced(model: Word2Vec) -> None:
    model.wv = model.wv.vectors_for_all(model.wv.index_to_key[5:20])


OUT_QUESTIONS: dict[str, Callable[[Word2Vec], Any]] = {
    "out_vector": lambda model: model.out_vector("w6"),
    "wv_out": lambda model: model.wv_out,
    "vectors": lambda model: model.vectors("out"),
    "concat": lambda model: model.vectors("concat"),
    "most_similar": lambda model: model.most_similar("w6", target="out"),
    "most_similar_many": lambda model: model.most_similar_many(["w6"], source="in+out"),
    "similarity": lambda model: model.similarity("w6", "w7", "in-out"),
    "association": lambda model: model.association("w6", "w7"),
    "compare_spaces": lambda model: model.compare_spaces(["w6"]),
    "save": lambda model: model.save_word2vec_format("never", space="out"),
    "predict": lambda model: model.predict_output_word(["w6", "w7"]),
    "train": lambda model: model.train(TEXT, total_examples=len(TEXT), epochs=1),
    "train_pairs": lambda model: model.train_pairs(["w6"], ["w7"], epochs=1),
    "update": lambda model: model.build_vocab(TEXT, update=True),
    "remove": lambda model: model.remove_words(["w6"]),
}


def test_counts_of_words_that_are_gone_count_for_nobody() -> None:
    model = small()
    cut(model)
    model.syn1neg = model.syn1neg[5:20]
    assert model.out_vector("w6") is not None
    for call in (lambda: model.build_vocab(NEW, update=True), lambda: model.remove_words(["w6"])):
        with pytest.raises(ValueError, match="changed by hand.*attribute 'count' has"):
            call()


@pytest.mark.parametrize("edit", [cut, replaced])
@pytest.mark.parametrize("question", OUT_QUESTIONS)
def test_no_word_answers_with_the_output_of_another(edit: Any, question: str) -> None:
    model = small()
    edit(model)
    with pytest.raises(ValueError, match=r"changed by hand.*restrict_vocab\(words\).*remove_words\(words\)"):
        OUT_QUESTIONS[question](model)
    assert model.wv.most_similar("w6")


def test_no_word_takes_the_path_of_another() -> None:
    model = small(**HS)
    cut(model)
    for question in (
        lambda: model.huffman_path("w6"),
        lambda: model.node_vectors("w6"),
        lambda: model.hs_path_vector("w6"),
        lambda: model.hs_probability("w6", "w7"),
        lambda: model.train(TEXT, total_examples=len(TEXT), epochs=1),
    ):
        with pytest.raises(ValueError, match="changed by hand"):
            question()


def test_sorting_the_rows_of_a_model_is_warned_of_and_that_of_vectors_is_not() -> None:
    model, text = small(), [["rare"] * 9, ["often"] * 99]
    alone = KeyedVectors(2)
    alone.add_vectors(["a", "b"], np.ones((2, 2)), extras={"count": [1, 2]})
    alone.sort_by_descending_frequency()
    assert alone.index_to_key == ["b", "a"]
    model.build_vocab(text, update=True)
    with pytest.warns(FastW2VWarning, match="output vectors"):
        model.wv.sort_by_descending_frequency()


# --- words come ---


def updated(model: Word2Vec, text: Any, stay: list[Any]) -> None:
    """Update a vocabulary; words that were there keep rows, vectors and outputs, and everything fits."""
    rows = {word: model.wv.key_to_index[word] for word in stay}
    vectors = {word: model.wv[word].copy() for word in stay}
    outputs = {word: model.syn1neg[rows[word]].copy() for word in stay if rows[word] < len(model.syn1neg)}
    model.build_vocab(text, update=True)
    wv = model.wv
    assert {word: wv.key_to_index[word] for word in stay} == rows
    for word in stay:
        assert np.array_equal(wv[word], vectors[word])
        assert np.array_equal(model.out_vector(word), outputs.get(word, np.zeros(12, np.float32)))
    assert len(wv.vectors) == len(model.syn1neg) == len(model.cum_table) == len(wv) == len(wv.index_to_key)
    assert all(len(column) == len(wv) for column in wv.expandos.values())
    before = {word: model.out_vector(word).copy() for word in stay}
    assert model.train(text, total_examples=len(text), epochs=5, start_alpha=0.1)[0] > 0
    assert any(not np.array_equal(model.out_vector(word), before[word]) for word in stay)


NEW = [["fresh", "w1", "w2", "fresh"]] * 30


@pytest.mark.trains_again
def test_an_added_word_that_occurs_gets_an_output_of_its_own() -> None:
    model = small(sample=0)
    words = list(model.wv.index_to_key)
    model.wv.add_vectors(["added", "idle"], np.ones((2, 12)))
    updated(model, [*NEW, ["added", "w1"]], [*words, "added", "idle"])
    assert model.wv.get_vecattr("added", "count") == 1 and model.wv.get_vecattr("idle", "count") == 0
    assert model.wv.index_to_key[-3:] == ["added", "idle", "fresh"]


@pytest.mark.trains_again
def test_a_word_with_two_rows_stays_in_the_one_that_is_its_own() -> None:
    model = small(sample=0)
    words = list(model.wv.index_to_key)
    model.wv.index_to_key[-1] = "w1"  # as after a merge: the last row has no key of its own
    del model.wv.key_to_index[words[-1]]
    updated(model, NEW, words[:-1])
    assert model.wv.key_to_index["w1"] == words.index("w1")


@pytest.mark.trains_again
def test_a_row_without_a_name_gets_none() -> None:
    model = small(sample=0)
    words = list(model.wv.index_to_key)
    model.wv.index_to_key[-1] = None
    del model.wv.key_to_index[words[-1]]
    updated(model, NEW, words[:-1])
    assert None not in model.wv.key_to_index and model.wv.index_to_key[len(words) - 1] is None


@pytest.mark.trains_again
def test_a_deleted_key_stays_deleted_until_its_word_comes_back_to_its_row() -> None:
    model = small(sample=0)
    words = list(model.wv.index_to_key)
    rows = {word: model.wv.key_to_index.pop(word) for word in ("w5", "w6")}
    vector = model.syn0[rows["w5"]].copy()
    updated(model, NEW, [word for word in words if word not in rows])
    assert "w5" not in model.wv.key_to_index
    model.build_vocab([["w5"]], update=True)
    assert model.wv.key_to_index["w5"] == rows["w5"] and np.array_equal(model.wv["w5"], vector)
    assert "w6" not in model.wv.key_to_index and len(model.syn1neg) == len(model.wv)


@pytest.mark.trains_again
def test_a_second_name_of_a_row_stays_one() -> None:
    model = small(sample=0)
    words = list(model.wv.index_to_key)
    model.wv.key_to_index["alias"] = 3
    updated(model, NEW, words)
    assert model.wv.key_to_index["alias"] == 3


@pytest.mark.trains_again
def test_whole_numbers_that_are_words_are_not_rows() -> None:
    model = small([[5, 700, 5], [700, 0, 5]], sample=0)
    updated(model, [[1, 700, 0, 5]] * 20, [5, 700, 0])
    assert model.wv.key_to_index == {5: 0, 700: 1, 0: 2, 1: 3}


@pytest.mark.trains_again
def test_attributes_and_lock_factors_of_the_users_own_grow() -> None:
    model = small(sample=0)
    words = list(model.wv.index_to_key)
    model.wv.expandos["listed"] = list(words)
    for number, word in enumerate(words):
        model.wv.set_vecattr(word, "own", number)
    model.wv.vectors_lockf = np.linspace(0.1, 1, len(words), dtype=np.float32)
    model.wv.add_vectors(["added"], np.ones((1, 12)))
    updated(model, NEW, [*words, "added"])
    assert [model.wv.get_vecattr(word, "own") for word in words] == list(range(len(words)))
    assert model.wv.get_vecattr("fresh", "own") == 0
    model.remove_words(words[0])
    assert [model.wv.get_vecattr(word, "listed") for word in words[1:]] == words[1:]
    assert len(model.wv.vectors_lockf) == len(words) + 1 and (model.wv.vectors_lockf[-2:] == 1).all()


def swap(model: Word2Vec) -> None:
    wv = model.wv
    wv.index_to_key = [wv.index_to_key[1], wv.index_to_key[0], *wv.index_to_key[2:]]


def longer(model: Word2Vec) -> None:
    names = [f"x{i}" for i in range(len(model.wv) + 5)]
    model.wv = KeyedVectors(12)
    model.wv.add_vectors(names, np.ones((len(names), 12)))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (swap, "wv.index_to_key has"),
        (lambda model: model.wv.key_to_index.update(w1=10**6), "leads to row 1000000 for 'w1'"),
        (lambda model: model.wv.key_to_index.update(w1=-1), "leads to row -1 for 'w1'"),
        (cut, "changed by hand"),
        (replaced, "changed by hand"),
        (longer, "changed by hand"),
        (lambda model: setattr(model.wv, "index_to_key", model.wv.index_to_key[:-1]), "changed by hand"),
        (lambda model: setattr(model, "syn1neg", np.ones((90, 12), np.float32)), "syn1neg has 90 rows"),
    ],
)
def test_an_update_that_would_move_rows_is_refused(edit: Any, message: str) -> None:
    model = small()
    edit(model)
    before = everything(model)
    with pytest.raises(ValueError, match=message):
        model.build_vocab(NEW, update=True)
    assert_same(everything(model), before)


def test_the_columns_of_a_tree_are_rows_too() -> None:
    model = small(**MODES["sg-both"])
    model.remove_words(["w0"])
    for name in ("point", "code"):
        assert isinstance(model.wv.expandos[name], Ragged) and len(model.wv.expandos[name]) == len(model.wv)
    model.build_vocab(NEW, update=True)
    assert len(model.wv.expandos["point"]) == len(model.wv)
