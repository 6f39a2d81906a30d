"""older.py: every older spelling works, and says the new one once."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import BOTH, IGNORE_OLDER, KEYS, NO_GENSIM, ROWS, TEXT, few_vectors, small, trained_vectors

from fastw2v import Word2Vec
from fastw2v.keyedvectors import Vocab

# --- of models ---


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
    with pytest.raises(AttributeError, match="move words"):
        kv.vocab["w3"].index = 5  # type: ignore[misc]
    with pytest.raises(AttributeError, match="sample_int"):
        kv.vocab["w3"].tag  # noqa: B018
    with pytest.raises(ValueError, match="'code' of 'w3' has .* give as many"):
        kv.vocab["w3"].code = np.zeros(64, dtype=np.uint8)
    with pytest.raises(AttributeError):
        kv.vocab = {}  # type: ignore[misc, assignment]


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
