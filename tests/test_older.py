"""older.py: every older spelling works, and says the new one once."""

from __future__ import annotations

import copy
import inspect
import itertools
import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import (
    BOTH,
    IGNORE_OLDER,
    KEYS,
    NO_GENSIM,
    ROWS,
    TEXT,
    assert_same,
    few_vectors,
    matrices,
    small,
    trained_vectors,
)

from fastw2v import Word2Vec
from fastw2v.keyedvectors import Vocab
from fastw2v.older.records import VocabView
from fastw2v.word2vec import Word2VecTrainables, Word2VecVocab

# --- of models ---


OLDER: dict[str, tuple[Callable[[Word2Vec], Any], Callable[[Word2Vec], Any]]] = {
    "iter": (lambda m: m.iter, lambda m: m.epochs),
    "trainables": (lambda m: m.trainables.syn1neg, lambda m: m.syn1neg),
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
    for name in ("trainables", "vocabulary"):
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


# What gensim 3.8 had there, as its own help says.
PARTS = {
    "vocabulary": {
        "scan_vocab": ["sentences", "corpus_file", "progress_per", "workers", "trim_rule"],
        "prepare_vocab": ["hs", "negative", "wv", "update", "keep_raw_vocab", "trim_rule", "min_count"]
        + ["sample", "dry_run"],
        "make_cum_table": ["wv", "domain"],
        "create_binary_tree": ["wv"],
        "add_null_word": ["wv"],
        "sort_vocab": ["wv"],
    },
    "trainables": {
        "prepare_weights": ["hs", "negative", "wv", "update", "vocabulary"],
        "reset_weights": ["hs", "negative", "wv"],
        "update_weights": ["hs", "negative", "wv"],
        "seeded_vector": ["seed_string", "vector_size"],
    },
}
SETTINGS = {
    "vocabulary": [
        *("max_vocab_size", "min_count", "sample", "sorted_vocab", "null_word", "cum_table", "raw_vocab"),
        *("max_final_vocab", "ns_exponent"),
    ],
    "trainables": ["hashfxn", "layer1_size", "seed", "syn1neg", "syn1", "vectors_lockf"],
}


@IGNORE_OLDER
@pytest.mark.parametrize("name", PARTS)
def test_the_parts_of_a_model_are_gensim_3s(name: str) -> None:
    model = small(**BOTH)
    part = getattr(model, name)
    assert isinstance(part, {"vocabulary": Word2VecVocab, "trainables": Word2VecTrainables}[name])
    for method, parameters in PARTS[name].items():
        assert list(inspect.signature(getattr(part, method)).parameters) == parameters
    for setting in SETTINGS[name]:
        assert np.all(getattr(part, setting) == getattr(model, setting))
    with pytest.raises(AttributeError, match="nonsense"):
        part.nonsense  # noqa: B018
    assert isinstance(pickle.loads(pickle.dumps(part)), type(part))


@IGNORE_OLDER
def test_a_model_is_built_part_by_part() -> None:
    ours = Word2Vec(vector_size=12, sample=0, workers=1)
    ours.vocabulary.min_count = 1
    words, sentences = ours.vocabulary.scan_vocab(TEXT)
    ours.corpus_count = sentences
    ours.vocabulary.prepare_vocab(ours.hs, ours.negative, ours.wv)
    ours.trainables.prepare_weights(ours.hs, ours.negative, ours.wv, vocabulary=ours.vocabulary)
    assert words == sum(map(len, TEXT)) and ours.min_count == 1
    table = ours.cum_table
    ours.vocabulary.make_cum_table(ours.wv)
    np.testing.assert_array_equal(ours.cum_table, table)
    ours.trainables.syn1neg[:] = 1
    ours.trainables.reset_weights(ours.hs, ours.negative, ours.wv)
    assert not ours.syn1neg.any()
    assert ours.train(TEXT, total_examples=sentences, epochs=1)[1] == words
    del ours.trainables.syn1neg
    assert not hasattr(ours, "syn1neg")


def test_parts_by_themselves_hold_what_they_were_given() -> None:
    vocabulary, trainables = Word2VecVocab(min_count=3), Word2VecTrainables(vector_size=7, seed=2)
    assert (vocabulary.min_count, vocabulary.ns_exponent) == (3, 0.75)
    assert (trainables.layer1_size, trainables.seed) == (7, 2)
    with pytest.raises(RuntimeError, match="belongs to no model"):
        vocabulary.scan_vocab(TEXT)
    with pytest.raises(AttributeError, match="syn1neg"):
        trainables.syn1neg  # noqa: B018


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_seeded_vector_is_gensims() -> None:
    gensim = pytest.importorskip("gensim", reason=NO_GENSIM)
    theirs = gensim.models.Word2Vec(hashfxn=len).seeded_vector("word", 9)
    np.testing.assert_array_equal(Word2Vec(hashfxn=len).seeded_vector("word", 9), theirs)


# --- of vectors ---


@IGNORE_OLDER
def test_vocab_reads_and_writes_through() -> None:
    kv = trained_vectors()
    record = kv.vocab["w3"]
    assert record.index == 3 and record.count == 57**2
    np.testing.assert_array_equal(record.point, kv.get_vecattr("w3", "point"))
    np.testing.assert_array_equal(record.code, kv.get_vecattr("w3", "code"))
    record.count = 11
    record.sample_int = 12
    record.code = 1 - record.code
    assert kv.get_vecattr("w3", "count") == 11 and kv.vocab["w3"].sample_int == 12
    np.testing.assert_array_equal(kv.vocab["w3"].code, 1 - trained_vectors().vocab["w3"].code)
    kv.set_vecattr("w3", "count", 13)
    assert record.count == 13


@IGNORE_OLDER
def test_vocab_is_a_mapping() -> None:
    kv = trained_vectors()
    vocab = kv.vocab
    assert len(vocab) == 60 and list(vocab) == KEYS == list(vocab.keys())
    assert "w3" in vocab and 3 not in vocab and vocab.get("unknown") is None
    assert [record.index for record in vocab.values()] == list(range(60))
    assert vocab["w9"] < vocab["w1"] and max(vocab.values()).index == 0
    kv.add_vectors(["new"], ROWS[:1])
    assert vocab["new"].index == 60
    with pytest.raises(KeyError):
        vocab["unknown"]
    assert "index:0" in repr(vocab["w0"]) and "61 keys" in repr(vocab)


@IGNORE_OLDER
def test_vocab_records_have_bounds() -> None:
    kv = trained_vectors()
    for row, error in ((-1, ValueError), (1.5, TypeError), (None, TypeError)):
        with pytest.raises(error, match="record of 'w3'"):
            kv.vocab["w3"].index = row
    for records, error in ((["w3"], TypeError), ({"w3": Vocab(count=2)}, TypeError), ({"w3": 7}, TypeError)):
        with pytest.raises(error, match="index"):
            kv.vocab = records
    assert kv.vocab.keys() == trained_vectors().vocab.keys()
    with pytest.raises(AttributeError, match="sample_int"):
        kv.vocab["w3"].tag  # noqa: B018
    with pytest.raises(ValueError, match="'code' of 'w3' has .* give as many"):
        kv.vocab["w3"].code = np.zeros(64, dtype=np.uint8)


@IGNORE_OLDER
def test_vocab_is_a_dict_to_those_who_ask() -> None:
    kv = trained_vectors()
    vocab = kv.vocab
    assert isinstance(vocab, dict) and isinstance(vocab["w3"], Vocab)
    assert vocab == kv.vocab == dict(vocab) == vocab.copy()
    assert (vocab != kv.vocab) is False
    assert vocab != {} and vocab.copy().keys() == vocab.keys() == set(KEYS)
    assert {**vocab}.keys() == (vocab | {"x": 1}).keys() - {"x"} == ({"x": 1} | vocab).keys() - {"x"}
    assert list(reversed(vocab)) == KEYS[::-1] and sorted(vocab, key=lambda w: vocab[w].count)[-1] == "w0"
    numbers = {word: (record.count, record.index) for word, record in vocab.items()}
    assert json.loads(json.dumps(numbers))["w3"] == [57**2, 3]
    assert vars(vocab["w3"])["count"] == vocab["w3"].__dict__["count"] == 57**2
    assert len({vocab["w3"], kv.vocab["w3"], vocab["w4"]}) == 2


@IGNORE_OLDER
@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_of_records_are_records_by_themselves(clone: Callable[[Any], Any]) -> None:
    kv = trained_vectors()
    record = clone(kv.vocab["w3"])
    assert type(record) is Vocab and record == kv.vocab["w3"] and record.index == 3
    record.count = 1
    record.code[:] = 7
    assert kv.vocab["w3"].count == 57**2 and 7 not in kv.vocab["w3"].code
    vocab = clone(kv.vocab)
    assert type(vocab) is dict and vocab == kv.vocab
    del vocab["w3"]
    assert "w3" in kv.vocab


@IGNORE_OLDER
def test_a_view_deletes_and_adds_as_a_dict() -> None:
    kv = trained_vectors()
    record, vocab = kv.vocab["w3"], kv.vocab
    del vocab["w3"]
    assert "w3" not in kv and "w3" not in kv.vocab and len(kv.vocab) == 59
    assert kv.index2word[3] == "w3" and len(kv.vectors) == 60  # the row stays, as in gensim 3
    assert "w3" not in [word for word, _ in kv.most_similar("w4", topn=60)]
    assert record.index == 3 and record.count == 57**2
    with pytest.raises(AttributeError, match="deleted"):
        record.count = 5
    taken = vocab.pop("w4")
    assert type(taken) is Vocab and taken.count == 56**2 and "w4" not in kv
    assert vocab.pop("w4", None) is None
    with pytest.raises(KeyError):
        vocab.pop("w4")
    vocab["w4"] = taken
    vocab.update({"renamed": record})
    assert vocab.setdefault("w5", None).index == 5 and kv.get_vecattr("renamed", "count") == 57**2
    assert vocab == kv.vocab and vocab["w4"] == taken
    assert kv.vocab.popitem()[0] == "renamed"
    vocab.clear()
    assert not kv.vocab and not len(kv.key_to_index)
    with pytest.raises(KeyError):
        vocab.popitem()


KEPT = [f"w{i}" for i in (7, 2, 40, 19)]


def parts_of(kv: Any, record: Callable[[int, str], Any]) -> dict[str, Any]:
    """What a program of gensim 3's assigns to keep the words of KEPT."""
    return {
        "syn0": np.array([kv.vectors[kv.key_to_index[word]] for word in KEPT]),
        "index2word": list(KEPT),
        "vocab": {word: record(row, word) for row, word in enumerate(KEPT)},
        "vectors_norm": None,
    }


def assert_kept(kv: Any, *attributes: str) -> None:
    """All parts fit together, and each word has what it had."""
    before = trained_vectors()
    assert kv.index_to_key == KEPT and kv.key_to_index == {word: row for row, word in enumerate(KEPT)}
    assert {type(word) for word in kv.index_to_key} == {str}
    for word in KEPT:
        np.testing.assert_array_equal(kv[word], before[word])
        for name in attributes:
            np.testing.assert_array_equal(kv.get_vecattr(word, name), before.get_vecattr(word, name))
    assert kv.expandos.keys() == set(attributes) and all(len(column) == 4 for column in kv.expandos.values())
    assert {word for word, _ in kv.most_similar("w7", topn=9)} == set(KEPT[1:])


ALL = ("count", "sample_int", "code", "point")


@IGNORE_OLDER
@pytest.mark.parametrize(
    "order", list(itertools.permutations(["syn0", "index2word", "vocab", "vectors_norm"]))
)
@pytest.mark.parametrize("as_array", [False, True])
def test_words_are_kept_in_any_order_of_assignments(order: tuple[str, ...], as_array: bool) -> None:
    kv = trained_vectors()
    parts = parts_of(kv, lambda row, word: Vocab(index=row, count=kv.vocab[word].count))
    if as_array:
        parts["index2word"] = np.array(KEPT)
    for name in order:
        setattr(kv, name, parts[name])
    assert_kept(kv, "count")
    kv.add_vectors(["new"], ROWS[:1])
    assert kv.vocab["new"].index == 4 and kv.vocab["w40"].count == 20**2


def moved(kv: Any, row: int, word: str) -> Any:
    record = kv.vocab[word]
    record.index = row
    return record


@IGNORE_OLDER
@pytest.mark.parametrize("order", list(itertools.permutations(["syn0", "index2entity", "vocab"])))
@pytest.mark.parametrize("asks_between", [False, True])
def test_live_records_move_with_all_that_they_have(
    order: tuple[str, ...], asks_between: bool, tmp_path: Path
) -> None:
    kv = trained_vectors()
    vectors = kv.vectors

    def record(row: int, word: str) -> Any:
        if asks_between:
            kv.get_vecattr("w9", "count")  # of the columns, while two words have one row
        return moved(kv, row, word)

    parts = parts_of(trained_vectors(), record) | {"index2entity": list(KEPT)}
    assert kv.vocab["w40"].index == 2 and kv.vocab["w40"].count == 20**2 and kv.vectors is vectors
    for name in order:
        setattr(kv, name, parts[name])
    assert_kept(kv, *ALL)
    for name in ("code", "point"):  # of a tree that has lost its leaves
        del kv.expandos[name]
    kv.save(tmp_path / "kept")
    assert_kept(type(kv).load(tmp_path / "kept"), "count", "sample_int")


@IGNORE_OLDER
def test_rows_are_deleted_and_numbered_anew() -> None:
    """The recipe ends without an assignment: lists are changed in place, then each record is told its row."""
    kv = trained_vectors()
    gone = [word for word in KEYS if word not in KEPT]
    rows = [kv.vocab[word].index for word in gone]
    for word in gone:
        del kv.vocab[word]
    kv.vectors = np.delete(kv.vectors, rows, axis=0)
    for row in sorted(rows, reverse=True):
        del kv.index2word[row]
    for row, word in enumerate(kv.index2word):
        kv.vocab[word].index = row
    assert sorted(kv.index_to_key) == sorted(KEPT)
    before = trained_vectors()
    for word in KEPT:
        np.testing.assert_array_equal(kv[word], before[word])
        for name in ALL:
            np.testing.assert_array_equal(kv.get_vecattr(word, name), before.get_vecattr(word, name))
    assert all(len(column) == 4 for column in kv.expandos.values())


@IGNORE_OLDER
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_word_is_added_by_hand(order: tuple[int, ...]) -> None:
    kv = trained_vectors()
    steps: list[Callable[[], Any]] = [
        lambda: kv.vocab.__setitem__("new", Vocab(index=60, count=3, tag="x")),
        lambda: kv.index2word.append("new"),
        lambda: setattr(kv, "vectors", np.vstack([kv.vectors, ROWS[:1]])),
    ]
    for step in order:
        steps[step]()
    np.testing.assert_array_equal(kv["new"], ROWS[0])
    assert kv.get_vecattr("new", "count") == kv.vocab["new"].count == 3 and kv.vocab["new"].tag == "x"
    assert kv.get_vecattr("w3", "count") == 57**2 and len(kv.get_vecattr("new", "code")) == 0


@IGNORE_OLDER
def test_words_change_places() -> None:
    kv, before = trained_vectors(), trained_vectors()
    first, second = kv.vocab["w1"], kv.vocab["w2"]
    first.index, second.index = second.index, first.index
    kv.index2word[1:3] = ["w2", "w1"]
    assert first.index == 2 and first.count == 59**2
    for word in ("w1", "w2"):
        for name in ALL:
            np.testing.assert_array_equal(kv.get_vecattr(word, name), before.get_vecattr(word, name))
    assert kv.vocab["w1"] == first


@IGNORE_OLDER
def test_words_that_share_a_row_keep_their_attributes_apart() -> None:
    kv = trained_vectors()
    kv.vocab["w1"].index = 2
    assert kv.get_vecattr("w2", "count") == kv.vocab["w2"].count == 58**2
    assert kv.vocab["w1"].count == 59**2
    kv.vocab["w1"].tag = "kept"
    kv.vocab["w1"].index = 1
    assert kv.get_vecattr("w1", "count") == 59**2 and kv.get_vecattr("w1", "tag") == "kept"


@IGNORE_OLDER
def test_values_of_another_kind_widen_a_column() -> None:
    kv = trained_vectors()
    kv.vocab["new"] = Vocab(index=60, count=2.5, sample_int=2**32, code=[1, 0])
    assert kv.get_vecattr("new", "count") == 2.5 and kv.get_vecattr("w3", "count") == 57**2
    assert kv.get_vecattr("new", "sample_int") == 2**32 - 1  # gensim 3's number for "never dropped"
    kv.vocab["w3"].sample_int = 2**32
    assert kv.get_vecattr("w3", "sample_int") == 2**32 - 1
    assert kv.expandos["sample_int"].dtype == trained_vectors().expandos["sample_int"].dtype
    np.testing.assert_array_equal(kv.get_vecattr("new", "code"), [1, 0])
    assert len(kv.get_vecattr("new", "point")) == 0
    kv.vocab["far"] = Vocab(index=10**15, count=1)  # a slip: no column becomes so long
    assert kv.vocab["far"].count == 1 and len(kv.expandos["count"]) == 61


@IGNORE_OLDER
@pytest.mark.parametrize("assign", [dict, copy.deepcopy, lambda vocab: vocab])
def test_a_model_trains_on_with_the_vocab_that_it_was_given(assign: Callable[[Any], Any]) -> None:
    ours, twin = (small(**BOTH, sample=1e-2) for _ in range(2))
    ours.wv.vocab = assign(ours.wv.vocab)
    for model in (ours, twin):
        model.train(TEXT, total_examples=len(TEXT), epochs=1, start_alpha=model.min_alpha_yet_reached)
    assert_same(matrices(ours), matrices(twin))


@IGNORE_OLDER
def test_a_model_takes_vocab_too() -> None:
    model = small()
    with_counts = {word: Vocab(index=row, count=9 - row) for row, word in enumerate(["x", "y"])}
    model.vocab = with_counts
    model.index2word = np.array(["x", "y"])
    model.syn0norm = model.syn0 = np.eye(2, 12, dtype=np.float32)
    assert model.wv.vocab == model.vocab == with_counts and model.wv.get_vecattr("y", "count") == 8


@IGNORE_OLDER
def test_older_names(tmp_path: Path) -> None:
    kv = few_vectors()
    assert kv.index2word is kv.index2entity is kv.index_to_key
    kv.index2word = list(reversed(KEYS))
    assert kv.index_to_key[0] == "w59"
    assert kv.syn0 is kv.vectors and kv.wv is kv
    kv.syn0 = 2 * ROWS
    assert kv.vectors[0, 0] == 2 * ROWS[0, 0]
    for norms in (kv.vectors_norm, kv.syn0norm):
        np.testing.assert_allclose(np.linalg.norm(norms, axis=1), 1, atol=1e-6)
    kv.vectors_norm = None
    assert kv.vectors_norm is not None
    kv.syn0norm = kv.syn0 = 3 * ROWS  # as programs that turn one space into another write it
    np.testing.assert_array_equal(kv.vectors, 3 * ROWS)
    np.testing.assert_array_equal(kv.word_vec("w1", use_norm=True), kv.get_vector("w1", norm=True))
    kv.add(["w1", "new"], [ROWS[0], ROWS[1]], True)
    np.testing.assert_array_equal(kv[["w1", "new"]], ROWS[:2])


OLDER_CALLS: dict[str, Callable[[Any], Any]] = {
    "vocab": lambda kv: kv.vocab,
    "wv": lambda kv: kv.wv,
    "index2word": lambda kv: kv.index2word,
    "index2entity": lambda kv: kv.index2entity,
    "syn0": lambda kv: kv.syn0,
    "vectors_norm": lambda kv: kv.vectors_norm,
    "syn0norm": lambda kv: kv.syn0norm,
    "add()": lambda kv: kv.add(["new"], ROWS[:1]),
    "word_vec()": lambda kv: kv.word_vec("w1"),
    "words_closer_than()": lambda kv: kv.words_closer_than("w1", "w2"),
    "init_sims()": lambda kv: kv.init_sims(),
}


@pytest.mark.parametrize("name", OLDER_CALLS)
def test_older_names_warn_once(name: str) -> None:
    with pytest.warns(DeprecationWarning, match=rf"^KeyedVectors\.{re.escape(name)} is an older") as caught:
        OLDER_CALLS[name](few_vectors())
        OLDER_CALLS[name](few_vectors())
    assert len(caught) == 1 and caught[0].filename == __file__


@IGNORE_OLDER
def test_both_spellings() -> None:
    with pytest.raises(TypeError, match=r"use_norm= and norm="):
        few_vectors().word_vec("w1", use_norm=True, norm=False)


def test_records() -> None:
    records = [Vocab(count=3, index=1), Vocab(index=0), Vocab(count=2, code=[1])]
    assert [record.count for record in sorted(records)] == [0, 2, 3]
    assert records[2].code == [1]


def test_a_state_of_vectors_takes_no_attributes_of_moved_words_away() -> None:
    kv = few_vectors()
    VocabView(kv)["w3"] = Vocab(index=3, count=9)
    assert kv._as_it_is().expandos["count"][3] == 9
    assert kv.get_vecattr("w3", "count") == 9
