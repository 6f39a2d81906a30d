"""keyedvectors.py: keys, rows and attributes are added, changed, sorted and saved."""

from __future__ import annotations

import copy
import gzip
import io
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import KEYS, ROWS, assert_close, few_vectors, saved, trained_vectors

from fastw2v import FastW2VWarning, Word2Vec
from fastw2v.columns import Ragged
from fastw2v.formats import native
from fastw2v.formats.errors import FormatError
from fastw2v.keyedvectors import KeyedVectors, prep_vectors

# --- sorting, norms ---


def test_sorting_moves_all_that_belongs_to_a_row(caplog: pytest.LogCaptureFixture) -> None:
    kv, before = trained_vectors(), trained_vectors()
    counts = np.random.default_rng(0).integers(1, 9, 60)
    kv.expandos["count"] = counts
    kv.vectors_lockf = np.arange(60, dtype=np.float32)
    with pytest.warns(FastW2VWarning, match="output vectors, does not"):
        kv.sort_by_descending_frequency()
    assert "does not" in caplog.text
    assert kv.index_to_key == sorted(KEYS, key=lambda word: (-counts[KEYS.index(word)], -KEYS.index(word)))
    for row, word in enumerate(kv.index_to_key):
        assert kv.key_to_index[word] == row and kv.vectors_lockf[row] == KEYS.index(word)
        np.testing.assert_array_equal(kv[word], before[word])
        np.testing.assert_array_equal(kv.get_vecattr(word, "point"), before.get_vecattr(word, "point"))


def test_sorting_with_prepared_rows() -> None:
    kv = KeyedVectors(2, count=4)
    for key, count in (("a", 1), ("b", 2)):
        kv.add_vector(key, [count, 0])
        kv.set_vecattr(key, "count", count)
    kv.sort_by_descending_frequency()
    assert kv.index_to_key == ["b", "a", None, None] and kv["a"][0] == 1
    assert kv.add_vector("c", [3, 0]) == 2
    KeyedVectors(2).sort_by_descending_frequency()
    with pytest.raises(KeyError, match="count"):
        few_vectors().sort_by_descending_frequency()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_norms_cannot_be_set(dtype: Any) -> None:
    kv = few_vectors(dtype)
    kv.norms = np.ones(60)
    np.testing.assert_allclose(kv.norms, np.linalg.norm(ROWS, axis=1), rtol=1e-3)
    assert kv.norms.dtype == dtype


# --- vectors of another file ---


@pytest.mark.parametrize("binary", [False, True])
def test_intersecting(tmp_path: Path, binary: bool) -> None:
    """gensim fails on its own default, a single lock factor, and in binary."""
    other = KeyedVectors(9)
    other.add_vectors(["w3", "new", "w1"], np.arange(27).reshape(3, 9))
    other.save_word2vec_format(tmp_path / "other", binary=binary)
    kv = trained_vectors()
    kv.intersect_word2vec_format(tmp_path / "other", binary=binary)
    assert kv.index_to_key == KEYS
    expected, factors = ROWS.copy(), np.ones(60, dtype=np.float32)
    expected[[3, 1]], factors[[3, 1]] = np.arange(27).reshape(3, 9)[[0, 2]], 0
    np.testing.assert_array_equal(kv.vectors, expected, strict=True)
    np.testing.assert_array_equal(kv.vectors_lockf, factors, strict=True)
    kv.intersect_word2vec_format(tmp_path / "other", lockf=0.5, binary=binary)
    assert kv.vectors_lockf[[1, 2, 3]].tolist() == [0.5, 1, 0.5]
    assert [event["event"] for event in kv.lifecycle_events or []] == ["intersect_word2vec_format"] * 2
    plain = few_vectors()
    plain.intersect_word2vec_format(tmp_path / "other", binary=binary)
    np.testing.assert_array_equal(plain.vectors_lockf, factors, strict=True)


def test_intersecting_as_gensim_can(tmp_path: Path, twin: Any) -> None:
    theirs, ours = copy.deepcopy(twin), trained_vectors()
    theirs.vectors_lockf = np.ones(60, dtype=np.float32)
    ours.vectors[4] = theirs.vectors[4] = 0
    ours.save_word2vec_format(tmp_path / "other")
    for kv in (ours, theirs):
        kv.vectors[5] = 7
        kv.intersect_word2vec_format(str(tmp_path / "other"), lockf=0.25)
    np.testing.assert_array_equal(ours.vectors, theirs.vectors)
    np.testing.assert_array_equal(ours.vectors_lockf, theirs.vectors_lockf)


def test_intersecting_another_dimension(tmp_path: Path) -> None:
    other = KeyedVectors(8)
    other.add_vectors(["w1"], np.ones((1, 8)))
    other.save_word2vec_format(tmp_path / "other")
    kv = trained_vectors()
    with pytest.raises(ValueError, match="vectors of dimension 8, expected 9"):
        kv.intersect_word2vec_format(tmp_path / "other")
    np.testing.assert_array_equal(kv.vectors, ROWS)
    assert len(kv.vectors_lockf) == 1


@pytest.mark.parametrize("binary", [False, True])
def test_intersecting_a_damaged_file_changes_nothing(tmp_path: Path, binary: bool) -> None:
    other = KeyedVectors(9)
    other.add_vectors([f"w{i}" for i in range(5000)], np.ones((5000, 9)))
    other.save_word2vec_format(tmp_path / "other", binary=binary)
    raw = (tmp_path / "other").read_bytes()
    kv = trained_vectors()
    for suffix, damaged in (("", raw[:-20]), (".gz", gzip.compress(raw)[:-20])):
        path = tmp_path / f"damaged{suffix}"
        path.write_bytes(damaged)
        with pytest.raises(FormatError, match=str(path)):
            kv.intersect_word2vec_format(path, binary=binary)
    np.testing.assert_array_equal(kv.vectors, ROWS)
    assert len(kv.vectors_lockf) == 1 and not hasattr(kv, "lifecycle_events")


def test_intersecting_says_how_many_of_how_many(tmp_path: Path) -> None:
    other = KeyedVectors(9)
    other.add_vectors(["w3", "new", "w1"], np.ones((3, 9)))
    other.save_word2vec_format(tmp_path / "other.gz")
    kv = trained_vectors()
    kv.intersect_word2vec_format(tmp_path / "other.gz")
    (event,) = kv.lifecycle_events or []
    assert "took 2 of the 3 vectors" in event["msg"] and "these 60 words" in event["msg"]


# --- adding ---


def test_events(tmp_path: Path) -> None:
    few_vectors().save_word2vec_format(tmp_path / "v")
    kv = KeyedVectors.load_word2vec_format(tmp_path / "v")
    (event,) = kv.lifecycle_events or []
    assert event["event"] == "load_word2vec_format" and "(60, 9)" in event["msg"]
    kv.lifecycle_events = None
    kv.add_lifecycle_event("mine")
    assert kv.lifecycle_events is None


def test_writeable_or_not() -> None:
    kv = few_vectors()
    for view in (kv["w1"], kv.get_vector("w1"), kv.get_vector("w1", norm=True)):
        with pytest.raises(ValueError, match="read-only"):
            view[0] = 1
    assert np.shares_memory(kv["w1"], kv.vectors)
    kv[["w1"]][0, 0] = 99
    np.testing.assert_array_equal(kv.vectors, ROWS)


def test_prepared_rows_are_filled_first() -> None:
    kv = KeyedVectors(2, count=3)
    assert kv.index_to_key == [None] * 3 and len(kv) == 3 and kv.next_index == 0
    assert kv.add_vector("a", [1, 2]) == 0
    kv.add_vectors(["b", "c", "d"], np.arange(6).reshape(3, 2))
    assert kv.index_to_key == ["a", "b", "c", "d"] and kv.next_index == 4
    np.testing.assert_array_equal(kv.vectors, [[1, 2], [0, 1], [2, 3], [4, 5]])


def test_add_vector_warns_of_growing() -> None:
    kv = few_vectors()
    with pytest.warns(UserWarning, match="add_vectors"):
        assert kv.add_vector("new", ROWS[0]) == 60
    assert kv.index_to_key[60] == "new" and kv.vectors.dtype == np.float32
    np.testing.assert_array_equal(kv["new"], ROWS[0])


def test_add_vector_of_a_known_key() -> None:
    kv = few_vectors()
    assert kv.add_vector("w3", ROWS[0]) == 3
    assert len(kv) == 60
    np.testing.assert_array_equal(kv["w3"], ROWS[0])


@pytest.mark.parametrize("replace", [False, True])
def test_add_vectors_known_and_new(replace: bool) -> None:
    kv = few_vectors()
    kv.add_vectors(["w3", "new", "new"], [ROWS[0], ROWS[1], ROWS[2]], replace=replace)
    assert len(kv) == 61 and len(kv.key_to_index) == 61
    np.testing.assert_array_equal(kv["w3"], ROWS[0] if replace else ROWS[3])
    np.testing.assert_array_equal(kv["new"], ROWS[2] if replace else ROWS[1])


def test_add_vectors_one_key() -> None:
    kv = few_vectors()
    kv.add_vectors("new", ROWS[0])
    kv.add_vectors(99, ROWS[1].tolist())
    assert kv.index_to_key[60:] == ["new", 99]
    np.testing.assert_array_equal(kv[99], ROWS[1])


def test_integer_keys_before_row_numbers() -> None:
    kv = few_vectors()
    kv.add_vectors([3], [ROWS[0]])
    assert kv.get_index(3) == 60 and kv.get_index(4) == 4


def test_attributes_grow_with_the_keys() -> None:
    """gensim leaves them short."""
    kv = trained_vectors()
    kv.add_vectors(["new"], [ROWS[0]], extras={"count": [7], "tag": ["x"], "weight": [0.5]})
    assert kv.get_vecattr("new", "count") == 7 and kv.get_vecattr("w0", "count") == 3600
    assert kv.get_vecattr("new", "sample_int") == 0
    assert kv.get_vecattr("new", "weight") == 0.5 and kv.get_vecattr("w0", "weight") == 0
    assert kv.get_vecattr("new", "tag") == "x"
    assert len(kv.get_vecattr("new", "code")) == 0
    np.testing.assert_array_equal(kv.get_vecattr("w9", "point"), trained_vectors().get_vecattr("w9", "point"))


def test_extras_of_known_keys() -> None:
    kv = trained_vectors()
    kv.add_vectors(["w1", "new"], ROWS[:2], extras={"count": [5, 6]})
    assert [kv.get_vecattr(word, "count") for word in ("w1", "new")] == [59**2, 6]
    kv.add_vectors(["w1"], ROWS[:1], extras={"count": [5]}, replace=True)
    assert kv.get_vecattr("w1", "count") == 5


def test_setting_items() -> None:
    kv = few_vectors()
    kv["w3"] = ROWS[0]
    kv["new"] = ROWS[1]
    kv[["w4", "newer"]] = ROWS[2:4]
    kv["x", "y"] = ROWS[5]  # a tuple is one key
    assert kv.index_to_key[60:] == ["new", "newer", ("x", "y")]
    for word, row in (("w3", 0), ("new", 1), ("w4", 2), ("newer", 3)):
        np.testing.assert_array_equal(kv[word], ROWS[row])


WRONG_ADDING: dict[str, tuple[Callable[[KeyedVectors], Any], str]] = {
    "dimension": (lambda kv: kv.add_vectors(["a"], np.ones((1, 8))), r"for 1 keys: expected \(1, 9\)"),
    "one dimension": (lambda kv: kv.add_vector("a", np.ones(8)), r"for 1 keys: expected \(1, 9\)"),
    "item": (lambda kv: kv.__setitem__("a", np.ones((2, 9))), r"for 1 keys: expected \(1, 9\)"),
    "too many": (lambda kv: kv.add_vectors(["a"], ROWS[:2]), r"for 1 keys: expected \(1, 9\)"),
    "too few": (lambda kv: kv.add_vectors(["a", "b", "c"], ROWS[:2]), r"for 3 keys: expected \(3, 9\)"),
    "flat": (lambda kv: kv.add_vectors(["a", "b"], np.ones(18)), r"for 2 keys: expected \(2, 9\)"),
    "extras": (lambda kv: kv.add_vectors(["a"], ROWS[:1], extras={"count": [1, 2]}), "2 values for 1"),
}


@pytest.mark.parametrize("call, message", WRONG_ADDING.values(), ids=WRONG_ADDING.keys())
def test_wrong_adding_changes_nothing(call: Callable[[KeyedVectors], Any], message: str) -> None:
    kv = few_vectors()
    with pytest.raises(ValueError, match=message):
        call(kv)
    assert kv.index_to_key == KEYS and len(kv.key_to_index) == 60
    np.testing.assert_array_equal(kv.vectors, ROWS)


def test_with_vectors_shares_all() -> None:
    kv = trained_vectors()
    out = kv.with_vectors(ROWS[:, :4].copy())
    assert out.vector_size == 4 and str(out) == "KeyedVectors<vector_size=4, 60 keys>"
    assert out.index_to_key is kv.index_to_key and out.expandos is kv.expandos
    assert out.most_similar("w1", topn=1)[0][0] in kv
    with pytest.raises(ValueError, match="60 keys"):
        kv.with_vectors(ROWS[:59])


def test_resize() -> None:
    kv = few_vectors()
    kv.index_to_key.append("new")
    kv.key_to_index["new"] = 60
    kv.resize_vectors(seed=4)
    np.testing.assert_array_equal(kv.vectors[:60], ROWS)
    np.testing.assert_array_equal(kv["new"], prep_vectors((61, 9), seed=4)[60])


# --- attributes ---


VALUES: dict[str, tuple[Any, Any, Any]] = {
    "int": (3, np.int64, 0),
    "float": (2.5, np.float64, 0.0),
    "bool": (True, np.bool_, False),
    "numpy": (np.float32(1.5), np.float32, 0.0),
    "str": ("noun", object, 0),
    "list": ([1, 2], object, 0),
}


@pytest.mark.parametrize("value, dtype, default", VALUES.values(), ids=VALUES.keys())
def test_attributes(value: Any, dtype: Any, default: Any) -> None:
    kv = few_vectors()
    kv.set_vecattr("w3", "x", value)
    assert kv.expandos["x"].dtype == dtype  # type: ignore[union-attr]
    assert kv.get_vecattr("w3", "x") == value and kv.get_vecattr(3, "x") == value
    assert kv.get_vecattr("w4", "x") == default


def test_attributes_as_gensim(twin: Any) -> None:
    for value, _, _ in VALUES.values():
        ours, theirs = few_vectors(), copy.deepcopy(twin)
        for kv in (ours, theirs):
            kv.set_vecattr("w3", "x", value)
        assert ours.expandos["x"].dtype == theirs.expandos["x"].dtype  # type: ignore[union-attr]
        assert_close(ours.get_vecattr("w3", "x"), theirs.get_vecattr("w3", "x"))
        assert_close(ours.get_vecattr("w4", "x"), theirs.get_vecattr("w4", "x"))


@pytest.mark.parametrize("value", ["text", 2.5, [1], None])
def test_an_integer_attribute_stays_one(value: Any) -> None:
    kv = trained_vectors()
    with pytest.raises(TypeError, match="'count' is int64: it cannot hold"):
        kv.set_vecattr("w3", "count", value)


def test_integers_into_unsigned_attributes() -> None:
    """gensim refuses them."""
    kv = trained_vectors()
    kv.set_vecattr("w3", "sample_int", 2**32 - 1)
    assert kv.get_vecattr("w3", "sample_int") == 2**32 - 1
    for value in (2**32, -1):
        with pytest.raises(OverflowError, match="'sample_int' is uint32"):
            kv.set_vecattr("w3", "sample_int", value)


def test_allocating_attributes() -> None:
    kv = few_vectors()
    kv.allocate_vecattrs(["a", "b"], [np.uint32, str])
    assert kv.expandos["a"].dtype == np.uint32 and kv.expandos["b"].dtype == object  # type: ignore[union-attr]
    with pytest.raises(TypeError):
        kv.allocate_vecattrs(["a"], [float])
    with pytest.raises(ValueError):
        kv.allocate_vecattrs(["a", "b"], [int])


def test_missing_attributes() -> None:
    with pytest.raises(KeyError):
        few_vectors().get_vecattr("w3", "count")
    with pytest.raises(KeyError):
        few_vectors().set_vecattr("unknown", "count", 1)


# --- saving ---


def assert_same_kv(kv: KeyedVectors, expected: KeyedVectors) -> None:
    assert kv.index_to_key == expected.index_to_key and kv.key_to_index == expected.key_to_index
    assert kv.vector_size == expected.vector_size and kv.next_index == expected.next_index
    np.testing.assert_array_equal(kv.vectors, expected.vectors, strict=True)
    assert kv.expandos.keys() == expected.expandos.keys()
    for name, column in expected.expandos.items():
        got = kv.expandos[name]
        assert type(got) is type(column)
        if isinstance(column, Ragged) and isinstance(got, Ragged):
            np.testing.assert_array_equal(got.values, column.values, strict=True)
            np.testing.assert_array_equal(got.starts, column.starts, strict=True)
        else:
            np.testing.assert_array_equal(got, column, strict=True)
    assert hasattr(kv, "vectors_lockf") == hasattr(expected, "vectors_lockf")


def decorated() -> KeyedVectors:
    """Every kind of key and attribute."""
    kv = KeyedVectors(2, count=5, dtype=np.float64)
    for key in ("a", 7, "日本", "\ud800"):
        kv.add_vector(key, [1, 2])
    kv.set_vecattr("a", "tag", "noun")
    kv.set_vecattr(7, "parts", [1, "x", None, {"y": 2.5}])
    kv.set_vecattr(7, "weight", np.float16(0.5))
    kv.set_vecattr("a", "flag", True)
    kv.set_vecattr("a", "count.starts", 5)
    kv.expandos["links"] = Ragged(np.array([1.5, 2.5]), np.array([0, 1, 1, 2, 2, 2]))
    return kv


KINDS: dict[str, Callable[[], KeyedVectors]] = {
    "trained": trained_vectors,
    "plain": few_vectors,
    "decorated": decorated,
    "float16": lambda: few_vectors(np.float16),
    "empty": lambda: KeyedVectors(5),
    "one": lambda: trained_vectors().__class__(3, 1),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mmap", [None, "r", "c"])
def test_save_and_load(tmp_path: Path, kind: str, mmap: Any) -> None:
    path = tmp_path / "vectors.fw2v"
    kv = KINDS[kind]()
    kv.save(path)
    assert_same_kv(KeyedVectors.load(path, mmap=mmap, verify="full"), kv)
    assert_same_kv(KeyedVectors.load(saved(kv)), kv)


def test_mapped_vectors(tmp_path: Path) -> None:
    path = tmp_path / "vectors.fw2v"
    trained_vectors().save(path)
    kv = KeyedVectors.load(path, mmap="r")
    with pytest.raises(ValueError, match="read-only"):
        kv["w3"] = ROWS[0]
    kv.set_vecattr("w3", "count", 5)  # attributes are in memory
    kv.add_vectors(["new"], ROWS[:1])  # a larger matrix is
    assert kv.most_similar("w0", topn=1)[0][0] == "new"
    kv.save(path)  # over its own mapping
    assert_same_kv(KeyedVectors.load(path, verify="full"), kv)
    changeable = KeyedVectors.load(path, mmap="c")
    changeable["w3"] = ROWS[0]
    assert KeyedVectors.load(path)["w3"][0] == ROWS[3, 0]


def test_subclasses_load_as_themselves() -> None:
    class Mine(KeyedVectors):
        pass

    assert type(Mine.load(saved(few_vectors()))) is Mine


def test_a_whole_models_file() -> None:
    """Its output matrices are left alone."""
    buffer = io.BytesIO()
    native.write(
        buffer, {**trained_vectors().to_tensors(), "syn1neg": ROWS, "cum_table": ROWS}, {"kind": "Word2Vec"}
    )
    buffer.seek(0)
    assert_same_kv(KeyedVectors.load(buffer), trained_vectors())


def test_object_columns_of_paths_are_packed() -> None:
    """As gensim has them; words without a path hold 0."""
    kv = KeyedVectors(2)
    kv.add_vectors(["a", "b"], np.ones((2, 2)))
    kv.set_vecattr("b", "code", np.array([0, 1], dtype=np.uint8))
    back = KeyedVectors.load(saved(kv))
    assert back.get_vecattr("a", "code") == 0
    assert list(back.get_vecattr("b", "code")) == [0, 1]


@pytest.mark.parametrize("value", [print, object(), [1, {2: object()}]])
def test_attributes_that_cannot_be_saved(tmp_path: Path, value: Any) -> None:
    kv = few_vectors()
    kv.set_vecattr("w3", "thing", value)
    with pytest.raises(TypeError, match="'thing' holds"):
        kv.save(tmp_path / "v")
    assert not list(tmp_path.iterdir())


def test_keys_that_cannot_be_saved(tmp_path: Path) -> None:
    kv = few_vectors()
    kv.add_vectors([print], ROWS[:1])
    with pytest.raises(TypeError, match=r"print.*builtin_function.*pickle\.dump\(model, file\)"):
        kv.save(tmp_path / "v")
    assert not list(tmp_path.iterdir())


def tampered(**change: Any) -> dict[str, Any]:
    tensors: dict[str, Any] = {**trained_vectors().to_tensors(), "attr.x": np.arange(60), **change}
    return {name: array for name, array in tensors.items() if array is not None}


STARTS = trained_vectors().to_tensors()["path_starts"]
POINTS = trained_vectors().to_tensors()["points"]
TAMPERINGS: dict[str, dict[str, Any]] = {
    "no matrix": tampered(syn0=None),
    "fewer rows": tampered(syn0=ROWS[:59]),
    "flat": tampered(syn0=ROWS.ravel()),
    "no words": tampered(vocab_bytes=None),
    "no offsets": tampered(vocab_offsets=None),
    "lookup": tampered(
        lookup=np.array([60]), alias_rows=np.empty(0, int), **native.pack_strings([], "alias")
    ),
    "alias": tampered(lookup=np.arange(60), alias_rows=np.array([-1]), **native.pack_strings("a", "alias")),
    "no alias": tampered(lookup=np.arange(60)),
    "extras": tampered(**{"wv.extras": np.frombuffer(b'{"a": 1}', dtype=np.uint8)}),
    "extras damaged": tampered(**{"wv.extras": np.frombuffer(b'[["a", {"~b": 1}]]', dtype=np.uint8)}),
    "typed damaged": tampered(**{"attr_typed.y": np.frombuffer(b'[{"~date": "x"}]', dtype=np.uint8)}),
    "fewer words": tampered(**native.pack_strings(KEYS[:59])),
    "counts short": tampered(counts=np.arange(59)),
    "counts float": tampered(counts=np.arange(60.0)),
    "attribute short": tampered(**{"attr.x": np.arange(59)}),
    "attribute of rows": tampered(**{"attr.x": ROWS[:59]}),
    "no codes": tampered(codes=None),
    "point out of range": tampered(points=POINTS + np.uint32(59)),
    "starts short": tampered(path_starts=STARTS[:-1]),
    "starts beyond": tampered(path_starts=STARTS + 1),
    "points signed": tampered(points=POINTS.astype(np.int32)),
    "ragged starts": tampered(**{"attr_starts.x": np.arange(61) + 5}),
    "objects damaged": tampered(**{"attr_json.y": np.frombuffer(b'["a"', dtype=np.uint8)}),
    "objects few": tampered(**{"attr_json.y": np.frombuffer(b'["a"]', dtype=np.uint8)}),
    "objects no list": tampered(**{"attr_json.y": np.frombuffer(b'{"a": 1}', dtype=np.uint8)}),
    "objects deep": tampered(**{"attr_json.y": np.frombuffer(b"[" * 100_000, dtype=np.uint8)}),
    "lockf": tampered(vectors_lockf=np.ones((2, 2), dtype=np.float32)),
}


@pytest.mark.parametrize("tensors", TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_tampered_files(tmp_path: Path, tensors: dict[str, Any]) -> None:
    path = tmp_path / "tampered"
    native.write(path, tensors, {})
    with pytest.raises(FormatError, match=str(path)):
        KeyedVectors.load(path)


def test_untampered() -> None:
    KeyedVectors.from_tensors(tampered())


def test_copies() -> None:
    kv = trained_vectors()
    for other in (copy.deepcopy(kv), pickle.loads(pickle.dumps(kv))):
        assert_same_kv(other, kv)
        other.vectors[0] = 0
        assert kv.vectors[0].any()


# --- None as a key ---


def with_none() -> KeyedVectors:
    """Row 1 is named None, rows 2 and 4 are prepared and have no key."""
    kv = KeyedVectors(2, count=5)
    kv.add_vectors(["a", None], [[1, 0], [1, 1]])
    kv.index_to_key[3], kv.key_to_index["d"] = "d", 3
    kv.vectors[2:] = [[1, 2], [1, 3], [1, 4]]
    return kv


def test_none_may_be_a_key(tmp_path: Path) -> None:
    kv = with_none()
    kv.save(tmp_path / "kv")
    for each in (kv, KeyedVectors.load(tmp_path / "kv"), pickle.loads(pickle.dumps(kv))):
        assert each.index_to_key == ["a", None, None, "d", None]
        assert each.key_to_index == {"a": 0, None: 1, "d": 3}
        assert None in each and each.get_index(None) == 1
        np.testing.assert_array_equal(each[None], [1, 1])
        assert [key for key, _ in each.most_similar("a", topn=9)] == [None, "d"]
        assert each.closer_than("a", "d") == [None]
        assert each.most_similar_many(["a"], topn=9)[0] == each.most_similar("a", topn=9)


def test_the_row_of_none_is_not_given_away(tmp_path: Path) -> None:
    kv = with_none()
    kv.save(tmp_path / "kv")
    for each in (kv, KeyedVectors.load(tmp_path / "kv")):
        assert each.add_vector("new", [5, 5]) == 2 == each.next_index - 1
        np.testing.assert_array_equal(each[None], [1, 1])
        assert each.add_vector(None, [7, 7]) == 1
        np.testing.assert_array_equal(each[None], [7, 7])


def test_a_model_of_text_with_none() -> None:
    sentences = [["a", None, "b"], [None, "c"]] * 20
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # None among words is seldom meant
        model = Word2Vec(sentences, vector_size=4, min_count=1, workers=1)
    row = model.wv.key_to_index[None]
    loaded = Word2Vec.load(saved(model))
    for each in (model, loaded):
        np.testing.assert_array_equal(each.wv[None], model.wv.vectors[row])
        assert each.wv.key_to_index == model.wv.key_to_index and len(each.wv) == each.wv.next_index == 4
        assert None in dict(each.wv.most_similar("a", topn=3))


def test_more_names_than_rows_hide_no_answer() -> None:
    kv = few_vectors()
    kv.key_to_index |= {"alias": 3, "other": 3}
    assert len(kv.most_similar("w0", topn=59)) == 59
    kv.index_to_key[5] = None
    assert len(kv.most_similar("w0", topn=59)) == 58


@pytest.mark.parametrize("rows", [[[1, 2], [3, 4]], [(1,), (1, 2)], np.eye(2)])
def test_rows_as_attributes(rows: Any) -> None:
    kv = KeyedVectors(2)
    kv.add_vectors(["a", "b"], np.eye(2), extras={"row": rows})
    for key, row in zip("ab", rows, strict=True):
        np.testing.assert_array_equal(kv.get_vecattr(key, "row"), row)
    kv.expandos["row"] = np.eye(2)
    kv.add_vectors(["c"], np.ones((1, 2)), extras={"row": [[5.0, 6.0]]})
    assert kv.get_vecattr("c", "row").tolist() == [5, 6]


@pytest.mark.parametrize("wrong", [{"count": ["x"]}, {"code": [1]}, {"new": "x"}, {"count": 5}])
def test_attributes_that_do_not_fit_leave_all_as_it_was(wrong: dict[str, Any]) -> None:
    kv = KeyedVectors(2)
    kv.add_vectors(["a", "b"], np.eye(2), extras={"count": [1, 2]})
    kv.expandos["code"] = Ragged(np.zeros(2, np.uint8), np.array([0, 1, 2]))
    with pytest.raises(TypeError):
        kv.add_vectors(["c"], np.ones((1, 2)), extras=wrong)
    assert (
        kv.index_to_key == ["a", "b"]
        and kv.vectors.shape == (2, 2)
        and kv.expandos.keys() == {"count", "code"}
    )
