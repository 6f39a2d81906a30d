"""Vectors and models that were edited by hand: what is saved comes back, or nothing is written."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import BOTH, HS, NEG, TOPICS, assert_same, small
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fastw2v import KeyedVectors, Word2Vec
from fastw2v.columns import Ragged
from fastw2v.formats.parts import Vectors
from fastw2v.warn import FastW2VWarning

IGNORE_FITS = pytest.mark.filterwarnings("ignore::fastw2v.warn.FastW2VWarning")


def some_vectors() -> KeyedVectors:
    """Seven words with counts, a label each, and a Huffman tree."""
    kv = copy.deepcopy(MODEL.wv)
    for row, word in enumerate(kv.index_to_key):
        kv.set_vecattr(word, "label", f"of {word}")
        kv.set_vecattr(word, "weight", row / 2)
    return kv


MODEL = Word2Vec(TOPICS, vector_size=4, min_count=1, workers=1, sample=0, hs=1, negative=3)


def keep(kv: KeyedVectors, rows: list[int]) -> None:
    """As recipes cut vectors down: rows and both maps are replaced, and nothing else."""
    kv.vectors = kv.vectors[rows]
    kv.index_to_key = [kv.index_to_key[row] for row in rows]
    kv.key_to_index = {word: row for row, word in enumerate(kv.index_to_key)}


def put_before(kv: KeyedVectors) -> None:
    kv.vectors = np.vstack([np.zeros((1, kv.vectors.shape[1]), np.float32), kv.vectors])
    kv.index_to_key = ["<pad>", *kv.index_to_key]
    kv.key_to_index = {word: row for row, word in enumerate(kv.index_to_key)}


def merge(kv: KeyedVectors, *, earlier: bool) -> None:
    """Stack other vectors, of which two words are known already."""
    other = ["graph", "new", "user"]
    kv.vectors = np.vstack([kv.vectors, np.eye(3, kv.vectors.shape[1])]).astype(np.float32)
    kv.index_to_key = [*kv.index_to_key, *other]
    rows = list(enumerate(kv.index_to_key))
    kv.key_to_index = {word: row for row, word in (reversed(rows) if earlier else rows)}


def change(**attributes: Callable[[KeyedVectors], Any]) -> Callable[[KeyedVectors], None]:
    def edit(kv: KeyedVectors) -> None:
        for name, value in attributes.items():
            setattr(kv, name, value(kv))

    return edit


def column(value: Callable[[KeyedVectors], Any], name: str = "weight") -> Callable[[KeyedVectors], None]:
    return lambda kv: kv.expandos.update({name: value(kv)})


HELD: dict[str, Callable[[KeyedVectors], Any]] = {
    "nothing": lambda kv: None,
    "subset": lambda kv: keep(kv, [4, 0, 2]),
    "one word": lambda kv: keep(kv, [3]),
    "no words": lambda kv: keep(kv, []),
    "padding before": put_before,
    "merged, the later counts": lambda kv: merge(kv, earlier=False),
    "merged, the earlier counts": lambda kv: merge(kv, earlier=True),
    "appended": lambda kv: kv.add_vectors(["<unk>", None], np.eye(2, kv.vectors.shape[1])),
    "another name for a word": lambda kv: kv.key_to_index.update(alias=1),
    "a word forgotten": lambda kv: kv.key_to_index.pop("graph", None),
    "None as a word": lambda kv: (
        kv.key_to_index.update({None: kv.index_to_key.index(None)})
        if None in kv.index_to_key
        else kv.add_vectors([None], np.ones((1, kv.vectors.shape[1])))
    ),
    "a nameless row": lambda kv: kv.index_to_key.__setitem__(0, None) if len(kv) else None,
    "keys in a numpy array": change(index_to_key=lambda kv: np.array(kv.index_to_key)),
    "keys in a tuple": change(index_to_key=lambda kv: tuple(kv.index_to_key)),
    "rows as numpy integers": change(
        key_to_index=lambda kv: {key: np.int64(row) for key, row in kv.key_to_index.items()}
    ),
    "fewer dimensions": change(vectors=lambda kv: kv.vectors[:, :2]),
    "more dimensions": change(vectors=lambda kv: np.hstack([kv.vectors, kv.vectors])),
    "float64": change(vectors=lambda kv: kv.vectors.astype(np.float64)),
    "float16": change(vectors=lambda kv: kv.vectors.astype(np.float16)),
    "integers": change(vectors=lambda kv: (kv.vectors * 100).astype(np.int8)),
    "not contiguous": change(vectors=lambda kv: np.asfortranarray(kv.vectors)[:, ::-1]),
    "read-only": lambda kv: kv.vectors.setflags(write=False),
    "lock factors in float64": change(vectors_lockf=lambda kv: np.ones(len(kv))),
    "one lock factor": change(vectors_lockf=lambda kv: 0.5),
    "lock factors in a list": change(vectors_lockf=lambda kv: [1.0] * len(kv)),
    "a column short": column(lambda kv: np.ones(2)),
    "a column long": column(lambda kv: np.ones(len(kv) + 5, dtype=np.uint8)),
    "a column in a list": column(lambda kv: [7] * len(kv)),
    "a column of texts": column(lambda kv: np.array(["a"] * len(kv))),
    "a column of dates": column(lambda kv: np.full(len(kv), "2026-01-01", dtype="M8[D]")),
    "a column of rows": column(lambda kv: np.ones((len(kv), 3))),
    "a column of rows, short": column(lambda kv: np.ones((2, 3))),
    "a column of complex numbers": column(lambda kv: np.full(len(kv), 1j)),
    "a column of anything": column(lambda kv: np.array([(1, {2}), b"x", None, 1.5, "s"] * 3, dtype=object)),
    "a tree of other types": lambda kv: (
        kv.expandos.update(
            point=Ragged(kv.expandos["point"].values.astype(np.int64), kv.expandos["point"].starts)
        )
        if isinstance(kv.expandos.get("point"), Ragged)
        else None
    ),
    "a tree in half": lambda kv: kv.expandos.pop("code", None),
    "counts as floats": column(lambda kv: np.ones(len(kv)), "count"),
    "no attributes": lambda kv: kv.expandos.clear(),
}
REFUSED: dict[str, tuple[Callable[[KeyedVectors], Any], str]] = {
    "more rows": (change(vectors=lambda kv: np.ones((9, 4), np.float32)), "8 keys, but 9 vectors: give"),
    "fewer rows": (change(vectors=lambda kv: kv.vectors[:3]), "8 keys, but 3 vectors: give"),
    "no rows": (change(vectors=lambda kv: kv.vectors[:0]), "8 keys, but 0 vectors.*init_weights"),
    "more keys": (change(index_to_key=lambda kv: [*kv.index_to_key, "x"]), "9 keys, but 8 vectors"),
    "one vector": (change(vectors=lambda kv: kv.vectors[0]), r"float32 of shape \(4,\): give a matrix"),
    "complex": (change(vectors=lambda kv: kv.vectors * 1j), "complex64 of shape"),
    "a row beyond": (lambda kv: kv.key_to_index.update(graph=8), "from 'graph' .* to row 8, .* only 8 rows"),
    "a row below": (lambda kv: kv.key_to_index.update(graph=-1), "from 'graph' .* to row -1"),
    "no row": (lambda kv: kv.key_to_index.update(graph="x"), "from 'graph' .* to 'x' .*: give a row"),
    "words replaced": (
        lambda kv: [keep(kv, [0, 1]), kv.key_to_index.update(graph=7)],
        "to row 7, but there are only 2",
    ),
    "lists as keys": (change(index_to_key=lambda kv: [[]] * len(kv)), "can be no key"),
    "objects as keys": (change(index_to_key=lambda kv: [print] * len(kv)), "print.*pickle.dump"),
    "lock factors": (change(vectors_lockf=lambda kv: np.ones((2, 2))), "vectors_lockf is"),
    "lock words": (change(vectors_lockf=lambda kv: "all"), "vectors_lockf is 'all'"),
    "one value": (column(lambda kv: 5), "attribute 'weight' is 5 .*: give one value per key"),
    "an object": (column(lambda kv: [print] * len(kv)), "attribute 'weight' holds .*print"),
    "records": (column(lambda kv: np.zeros(len(kv), "f4,i4")), "attribute 'weight' holds"),
}


def comes_back(kv: KeyedVectors, back: KeyedVectors) -> None:
    """What was saved is there, of the same types, and answers alike."""
    if len(kv.vectors):  # without any, a model has those of its vector_size
        np.testing.assert_array_equal(back.vectors, kv.vectors, strict=True)
    assert back.vector_size == back.vectors.shape[1] and len(back.vectors) == len(kv.vectors)
    keys = list(kv.index_to_key)
    assert back.index_to_key == keys and type(back.index_to_key) is list
    assert back.key_to_index == kv.key_to_index
    for name, values in kv.expandos.items():
        found = back.expandos[name]
        assert len(found) == len(keys)
        for one, other in zip(found, list(values)[: len(keys)], strict=False):
            np.testing.assert_array_equal(one, other)
        for row in range(len(values), len(keys)):  # grown as allocate_vecattrs does
            assert not np.any(found[row])
    kv.vector_size = kv.vectors.shape[1]  # so that it can be asked
    for key in [key for key in kv.key_to_index if isinstance(key, str)][:3]:
        if kv.vectors.dtype.kind == "f":
            answers, again = (each.most_similar(key, topn=20) for each in (kv, back))
            assert [name for name, _ in answers] == [name for name, _ in again]
            np.testing.assert_allclose([x for _, x in answers], [x for _, x in again], atol=1e-3)


@IGNORE_FITS
@pytest.mark.parametrize("name", HELD)
def test_vectors_edited_by_hand_come_back(name: str, tmp_path: Path) -> None:
    kv = some_vectors()
    HELD[name](kv)
    kv.save(tmp_path / "kv")
    comes_back(kv, KeyedVectors.load(tmp_path / "kv"))
    comes_back(kv, KeyedVectors.load(tmp_path / "kv", mmap="r", verify="full"))


@pytest.mark.parametrize("name", REFUSED)
def test_what_contradicts_itself_is_refused_before_it_is_written(name: str, tmp_path: Path) -> None:
    edit, reason = REFUSED[name]
    for obj in (some_vectors(), copy.deepcopy(MODEL)):
        kv = obj if isinstance(obj, KeyedVectors) else obj.wv
        obj.save(tmp_path / "file")
        before = (tmp_path / "file").read_bytes()
        edit(kv)
        with pytest.raises((TypeError, ValueError), match=reason), warnings.catch_warnings():
            warnings.simplefilter("ignore", FastW2VWarning)
            obj.save(tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == before
        assert [path.name for path in tmp_path.iterdir()] == ["file"]


ALL = {**HELD, **{name: edit for name, (edit, _) in REFUSED.items()}}


@IGNORE_FITS
@given(names=st.lists(st.sampled_from(sorted(ALL)), min_size=2, max_size=4), whole=st.booleans())
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_save_never_replaces_a_good_file_by_one_that_load_refuses(
    names: list[str], whole: bool, tmp_path: Path
) -> None:
    """Edits upon edits: what is written is read, and what is refused is not written."""
    path = tmp_path / "file"
    obj = copy.deepcopy(MODEL) if whole else some_vectors()
    kv = obj.wv if isinstance(obj, Word2Vec) else obj
    obj.save(path)
    before = path.read_bytes()
    for name in names:
        try:
            ALL[name](kv)
        except Exception:
            return  # an edit that the one before made impossible
    try:
        obj.save(path)
    except (TypeError, ValueError):
        assert path.read_bytes() == before
        return
    comes_back(kv, KeyedVectors.load(path))
    if whole:
        comes_back(kv, Word2Vec.load(path).wv)


def test_attributes_of_words_can_be_left_out(tmp_path: Path) -> None:
    model = copy.deepcopy(MODEL)
    keep(model.wv, [4, 0, 2])
    model.wv.set_vecattr("graph", "thing", print)
    for obj in (model, model.wv):
        obj.save(tmp_path / "file", ignore=["expandos"])
        assert KeyedVectors.load(tmp_path / "file").expandos == {}
        with pytest.raises(TypeError, match=r"ignore=\['thing'\]"), pytest.warns(FastW2VWarning):
            obj.save(tmp_path / "file")
        with pytest.warns(FastW2VWarning, match="count"):
            obj.save(tmp_path / "file", ignore=["thing"])
        assert KeyedVectors.load(tmp_path / "file").expandos.keys() == model.wv.expandos.keys() - {"thing"}


def test_attributes_that_are_cut_or_grown_are_said(tmp_path: Path) -> None:
    kv = some_vectors()
    keep(kv, [4, 0, 2])
    with pytest.warns(FastW2VWarning, match=r"keys \(3\): count \(8\), sample_int \(8\)") as heard:
        kv.save(tmp_path / "kv")
    assert heard[0].filename == __file__
    assert len(kv.expandos["count"]) == 8  # only what is written is cut
    kv.allocate_vecattrs()
    kv.save(tmp_path / "kv")
    with pytest.raises(TypeError, match="a list of names"):
        kv.save(tmp_path / "kv", ignore="expandos")


# --- models ---


@IGNORE_FITS
@pytest.mark.parametrize("mode", [NEG, HS, BOTH], ids=["neg", "hs", "both"])
@pytest.mark.parametrize("name", ["subset", "padding before", "merged, the earlier counts", "no words"])
def test_a_model_whose_words_were_changed_answers_and_does_not_train(
    name: str, mode: dict[str, int], tmp_path: Path
) -> None:
    model = small(TOPICS, vector_size=4, **mode)
    HELD[name](model.wv)
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model")
    comes_back(model.wv, loaded.wv)
    assert_same(loaded._matrices(), model._matrices())
    for each in (model, loaded):
        with pytest.raises((ValueError, RuntimeError)):
            each.train(TOPICS, total_examples=len(TOPICS), epochs=1)
        with pytest.raises((ValueError, RuntimeError)):
            each.predict_output_word(["graph"])
    again = tmp_path / "again"
    loaded.save(again)
    comes_back(model.wv, Word2Vec.load(again).wv)


@IGNORE_FITS
@pytest.mark.parametrize("name", ["float64", "fewer dimensions", "integers"])
def test_vectors_that_cannot_be_trained_are_saved_with_their_model(name: str, tmp_path: Path) -> None:
    model = copy.deepcopy(MODEL)
    HELD[name](model.wv)
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model")
    comes_back(model.wv, loaded.wv)
    assert loaded.vector_size == loaded.layer1_size == model.wv.vectors.shape[1]
    with pytest.raises(ValueError, match="syn"):
        loaded.train(TOPICS, total_examples=len(TOPICS), epochs=1)


@pytest.mark.trains_again
def test_float64_vectors_say_how_they_are_converted() -> None:
    model = copy.deepcopy(MODEL)
    model.wv.vectors = model.wv.vectors.astype(np.float64)
    with pytest.raises(ValueError, match=r"syn0 is float64.*astype\(np.float32\)"):
        model.train(TOPICS, total_examples=len(TOPICS), epochs=1)
    model.wv.vectors = model.wv.vectors.astype(np.float32)
    model.train(TOPICS, total_examples=len(TOPICS), epochs=1)


TABLES: dict[str, Callable[[Word2Vec], Any]] = {
    "no noise table": lambda model: setattr(model, "cum_table", None),
    "half a noise table": lambda model: setattr(model, "cum_table", model.cum_table[:3]),
    "another domain": lambda model: model.make_cum_table(domain=1000),
    "a noise table of floats": lambda model: setattr(model, "cum_table", np.ones(8)),
    "no tree": lambda model: [model.wv.expandos.pop(name) for name in ("point", "code")],
    "half a tree": lambda model: model.wv.expandos.pop("code"),
    "no outputs": lambda model: setattr(model, "syn1neg", None),
    "outputs of float64": lambda model: setattr(model, "syn1neg", model.syn1neg.astype(np.float64)),
    "outputs of other rows": lambda model: setattr(model, "syn1", model.syn1[:-1]),
    "a table of two axes": lambda model: setattr(model, "cum_table", model.cum_table[np.newaxis]),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_that_training_refuses_are_saved_as_they_are(name: str, tmp_path: Path) -> None:
    model = copy.deepcopy(MODEL)
    TABLES[name](model)
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model")
    comes_back(model.wv, loaded.wv)
    assert_same(loaded._matrices(), model._matrices())
    for each in (model, loaded):
        with pytest.raises((ValueError, RuntimeError)):
            each.train(TOPICS, total_examples=len(TOPICS), epochs=1)


@pytest.mark.parametrize(
    "change", [{"window": 0}, {"workers": 0}, {"step": "x"}, {"alpha": "high"}], ids=repr
)
def test_settings_that_load_refuses_are_not_saved(change: dict[str, Any], tmp_path: Path) -> None:
    model = copy.deepcopy(MODEL)
    model.save(tmp_path / "model")
    before = (tmp_path / "model").read_bytes()
    vars(model).update(change)
    with pytest.raises((TypeError, ValueError), match=next(iter(change))):
        model.save(tmp_path / "model")
    assert (tmp_path / "model").read_bytes() == before


def test_a_model_of_no_dimensions_is_not_saved(tmp_path: Path) -> None:
    model = copy.deepcopy(MODEL)
    model.wv.vectors = model.wv.vectors[:, :0]
    with pytest.raises(ValueError, match="no dimensions"):
        model.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())
    model.wv.save(tmp_path / "kv")
    assert KeyedVectors.load(tmp_path / "kv").vectors.shape == (8, 0)


def test_vectors_of_an_empty_model_have_its_size(tmp_path: Path) -> None:
    model = Word2Vec(vector_size=100, min_count=1)
    model.vector_size = 7
    model.save(tmp_path / "model")
    assert Word2Vec.load(tmp_path / "model").vector_size == 7


def test_keys_of_no_row_and_double_keys_come_from_parts() -> None:
    vectors = np.eye(3, dtype=np.float32)
    kv = KeyedVectors.from_words(Vectors(["a", "a", None], vectors, {}, rows={"a": 0, "b": 1}))
    assert kv.key_to_index == {"a": 0, "b": 1} and kv.next_index == 2
    assert kv.most_similar("a", topn=5) == [("a", 0.0)]


# --- words that add_vectors adds to a model ---


@pytest.mark.parametrize("sample", [0, 0.5])
@pytest.mark.parametrize("mode", [NEG, HS, BOTH], ids=["neg", "hs", "both"])
@pytest.mark.trains_again
def test_a_word_added_to_a_model(mode: dict[str, int], sample: float, tmp_path: Path) -> None:
    model = small(TOPICS, **mode, sample=sample)
    words = len(model.wv)
    model.wv.add_vectors(["<unk>", "<pad>"], np.ones((2, 12)))
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model")
    assert all(len(matrix) == words + 2 for matrix in loaded._matrices().values())
    for each in (model, loaded):
        answers = each.predict_output_word(["graph", "<unk>"], topn=None)
        assert answers is not None and len(answers) == words
        assert not {"<unk>", "<pad>"} & {word for word, _ in answers}
        assert sum(chance for _, chance in answers) == pytest.approx(1)
        if each.hs:
            assert each.hs_probability("graph").sum() == pytest.approx(1)
            assert each.hs_probability("graph", "<unk>") == 0
        each.train(TOPICS, total_examples=len(TOPICS), epochs=1)
        np.testing.assert_array_equal(each.wv["<unk>"], np.ones(12))
        with_it = [["<unk>", *sentence] for sentence in TOPICS]
        each.train(with_it, total_examples=len(with_it), epochs=1)
        np.testing.assert_array_equal(each.wv["<pad>"], np.ones(12))
        assert (each.wv["<unk>"] != 1).any() == (sample == 0)  # sampling drops what was never counted
        each.build_vocab([["<unk>", "graph"]] * 5, update=True)
        assert each.wv.get_vecattr("<unk>", "count") == 5
        before = each.wv["<unk>"].copy()
        each.train([["<unk>", "graph"]] * 5, total_examples=5, epochs=3)
        assert (each.wv["<unk>"] != before).any()
    assert_same(loaded.syn0, model.syn0)


def test_an_added_word_is_in_all_matrices() -> None:
    model = small(TOPICS)
    model.wv.vectors_lockf = np.full(len(model.wv), 0.5, dtype=np.float32)
    model.wv.add_vectors(["<unk>"], np.ones((1, 12)))
    assert not model.out_vector("<unk>").any()
    assert len(model.wv_out) == len(model.wv) and model.wv.vectors_lockf.tolist()[-2:] == [0.5, 1]
    assert model.cum_table[-1] == model.cum_table[-2] == 2**31 - 1


def test_words_put_before_the_others_are_not_taken_for_added_ones() -> None:
    model = small(TOPICS)
    put_before(model.wv)
    with pytest.raises(ValueError, match="syn1neg"):
        model.train(TOPICS, total_examples=len(TOPICS), epochs=1)
    model.wv.add_vectors(["<unk>"], np.ones((1, 12)))
    with pytest.raises(ValueError, match="syn1neg"):
        model.train(TOPICS, total_examples=len(TOPICS), epochs=1)


def test_a_column_whose_name_is_half_a_character(tmp_path: Path) -> None:
    kv = some_vectors()
    kv.expandos["\ud800"] = np.arange(len(kv))
    with pytest.raises(ValueError, match=r"named '\\ud800'.*rename it"):
        kv.save(tmp_path / "kv")
    assert not list(tmp_path.iterdir())


def test_a_new_word_does_not_inherit_from_one_that_was_cut() -> None:
    kv = some_vectors()
    keep(kv, list(range(len(kv) - 1)))
    kv.add_vectors(["new"], np.ones((1, 4)))
    assert kv.get_vecattr("new", "count") == 0 == kv.get_vecattr("new", "label")
    assert len(kv.get_vecattr("new", "point")) == 0
