"""gensim's own files: what it saved since 0.12 loads and trains on, hostile pickles do not run, and objects
go to an installed gensim and back bit for bit.
"""

from __future__ import annotations

import bz2
import collections
import contextlib
import copy
import datetime
import decimal
import gzip
import io
import lzma
import os
import pickle
import re
import shutil
import struct
import sys
import threading
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from children import run_python
from factories import NO_GENSIM, TOPICS
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v import KeyedVectors, Word2Vec
from fastw2v.formats import gensim_parts, gensim_pickle
from fastw2v.formats.errors import FormatError
from fastw2v.formats.parts import Model, Vectors
from fastw2v.warn import FastW2VWarning

gensim = pytest.importorskip("gensim", reason=NO_GENSIM)
IGNORE_FITS = pytest.mark.filterwarnings("ignore::fastw2v.warn.FastW2VWarning")
DATA = Path(gensim.__file__).parent / "test" / "test_data"

# Every pickle of words and vectors in gensim's test data: vocabulary and dimension.
MODELS = {
    **{f"old_w2v_models/w2v_0.12.{i}.mdl": (3, 4) for i in range(5)},
    **{f"old_w2v_models/w2v_0.13.{i}.mdl": (3, 4) for i in range(5)},
    **{
        f"old_w2v_models/w2v_{version}.mdl": (3, 4)
        for version in (
            *("1.0.0", "1.0.1", "2.0.0", "2.1.0", "2.2.0", "2.3.0"),
            *("3.0.0", "3.1.0", "3.2.0", "3.3.0", "3.4.0"),
        )
    },
    **{f"word2vec_pre_kv_{kind}": (9, 2) for kind in ("py2", "py3", "py3_4")},
    **{f"word2vec_pre_kv_sep_{kind}": (9, 2) for kind in ("py2", "py3", "py3_4")},
    "w2v-lee-v0.12.0": (806, 100),
    "word2vec_old": (12, 100),
    "word2vec_old_sep": (12, 100),
    "word2vec_3.3": (4, 100),
    "model-from-gensim-3.8.0.w2v": (3, 300),
}
VECTORS = {"old_keyedvectors_320.dat": (12, 100)}

# What gensim 4.4 cannot load itself: before 1.0 there was no `wv`, or one that it does not upgrade.
TOO_OLD_FOR_GENSIM = ("_0.1", "-v0.12", "pre_kv")


def weights(model: Any) -> dict[str, Any]:
    """All matrices of a model, ours or gensim's."""
    names = [name for name, on in (("syn1", model.hs), ("syn1neg", model.negative)) if on]
    return {"vectors": model.wv.vectors} | {name: getattr(model, name) for name in names}


def assert_same_weights(one: Any, other: Any, within: float = 0) -> None:
    a, b = weights(one), weights(other)
    assert a.keys() == b.keys()
    for name in a:
        assert a[name].dtype == b[name].dtype
        np.testing.assert_allclose(a[name], b[name], rtol=0, atol=within * np.abs(b[name]).max(initial=0))


def assert_same_words(kv: KeyedVectors, theirs: Any) -> None:
    """Ours and gensim's have the same keys, vectors and attributes, bit for bit."""
    assert kv.index_to_key == theirs.index_to_key
    assert kv.key_to_index == theirs.key_to_index
    np.testing.assert_array_equal(kv.vectors, theirs.vectors, strict=True)
    for name in kv.expandos:
        for key in kv.index_to_key:
            np.testing.assert_array_equal(kv.get_vecattr(key, name), theirs.get_vecattr(key, name))


def gensims_model(**more: Any) -> Any:
    """A model of gensim's."""
    return gensim.models.Word2Vec(
        TOPICS, **{"vector_size": 8, "min_count": 1, "workers": 1, "seed": 3, **more}
    )


# --- all that gensim's test data holds ---


@pytest.mark.parametrize("name", MODELS)
def test_models_of_all_versions_load_and_train_on(name: str, tmp_path: Path) -> None:
    model = Word2Vec.load(DATA / name)
    words, dimensions = MODELS[name]
    assert all(matrix.shape == (words, dimensions) for matrix in weights(model).values())
    assert all(np.isfinite(matrix).all() for matrix in weights(model).values()) and model.wv.vectors.any()
    assert model.wv.get_vecattr(model.wv.index_to_key[0], "count") >= 1
    assert len(model.wv.most_similar(model.wv.index_to_key[0], topn=2)) == 2
    before = copy.deepcopy(weights(model))
    sentences = [[*model.wv.index_to_key[:9], "Unheard"]] * 20
    model.build_vocab(sentences, update=True)
    model.train(sentences * 20, total_examples=400, epochs=1)
    assert len(model.wv) == words + 1
    assert all((matrix[:words] != before[name]).any() for name, matrix in weights(model).items())
    model.save(tmp_path / "model")
    assert_same_weights(Word2Vec.load(tmp_path / "model", verify="full"), model)


@pytest.mark.parametrize(
    "name", [name for name in MODELS if not any(old in name for old in TOO_OLD_FOR_GENSIM)]
)
def test_models_are_what_gensim_makes_of_them(name: str) -> None:
    ours, theirs = Word2Vec.load(DATA / name), gensim.models.Word2Vec.load(str(DATA / name))
    assert_same_weights(ours, theirs)
    assert_same_words(ours.wv, theirs.wv)
    for setting in (
        *("vector_size", "layer1_size", "alpha", "min_alpha", "window", "min_count", "max_vocab_size"),
        *("sample", "seed", "workers", "sg", "hs", "negative", "ns_exponent", "cbow_mean", "epochs"),
        *("null_word", "sorted_vocab", "batch_words", "max_final_vocab", "shrink_windows"),
        *("min_alpha_yet_reached", "corpus_count", "corpus_total_words", "train_count", "total_train_time"),
    ):
        assert getattr(ours, setting) == getattr(theirs, setting), setting
    if ours.negative:
        np.testing.assert_array_equal(ours.cum_table, theirs.cum_table)


@pytest.mark.parametrize("name", VECTORS)
def test_vectors_load(name: str) -> None:
    kv = KeyedVectors.load(DATA / name)
    assert kv.vectors.shape == VECTORS[name]
    assert_same_words(kv, gensim.models.KeyedVectors.load(str(DATA / name)))


def test_the_table_is_complete() -> None:
    """Every other pickle there is refused, by the name of a class that is not ours to load."""
    loaded, refused = set(), {}
    for path in filter(Path.is_file, (*DATA.iterdir(), *(DATA / "old_w2v_models").iterdir())):
        if gensim_pickle.is_pickle(path):
            try:
                gensim_parts.read(path)
                loaded.add(path.relative_to(DATA).as_posix())
            except pickle.UnpicklingError as error:
                refused[path.name] = str(error)
    assert loaded == MODELS.keys() | VECTORS.keys()
    assert len(refused) > 20
    for name, error in refused.items():
        assert re.search(r"it is a (?!Word2Vec)\w+|it holds (Fast|Doc)\w+|asks for|but not of", error), (
            name,
            error,
        )
        assert "word2vec." not in error and "Word2VecKeyedVectors" not in error


def test_gensim_is_not_needed() -> None:
    code = (
        "import sys; sys.modules['gensim'] = None\n"
        "from fastw2v import KeyedVectors, Word2Vec\n"
        f"model = Word2Vec.load({os.fspath(DATA / 'word2vec_old_sep')!r}, mmap='c')\n"
        "model.train([['graph', 'trees']] * 50, total_examples=50, epochs=1)\n"
        f"kv = KeyedVectors.load({os.fspath(DATA / 'old_keyedvectors_320.dat')!r})\n"
        "print(len(kv), model.wv.most_similar('graph')[0][0] in kv)\n"
        "try: model.to_gensim()\n"
        "except ImportError as error: print('gensim' in str(error))\n"
    )
    run = run_python(code)
    assert run.stdout.split() == ["12", "True", "True"], run.stderr


# --- what gensim 4 saves ---

WAYS: dict[str, dict[str, Any]] = {
    **{f"protocol-{protocol}": {"pickle_protocol": protocol} for protocol in range(6)},
    "apart": {"sep_limit": 0},
    "chosen": {"separately": ["syn1neg"]},
}


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2"])
@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_saving(way: str, suffix: str, tmp_path: Path) -> None:
    theirs = gensims_model(hs=1)
    path = tmp_path / f"model{suffix}"
    theirs.save(str(path), **WAYS[way])
    ours = Word2Vec.load(path)
    assert_same_weights(ours, theirs)
    assert_same_words(ours.wv, theirs.wv)
    assert [event["event"] for event in ours.lifecycle_events or []][-2:] == ["saving", "loaded"]
    assert_same_words(KeyedVectors.load(path), theirs.wv)  # the vectors of a whole model
    theirs.wv.save(str(path), **{key: value for key, value in WAYS[way].items() if key != "separately"})
    assert_same_words(KeyedVectors.load(path), theirs.wv)
    with pytest.raises(AttributeError, match=r"KeyedVectors\.load"):
        Word2Vec.load(path)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_arrays_of_another_byte_order(suffix: str, tmp_path: Path) -> None:
    theirs = gensims_model()
    path = tmp_path / f"model{suffix}"
    theirs.save(str(path), sep_limit=0)
    for file in tmp_path.glob("*.np?"):
        with np.load(file) if suffix else contextlib.nullcontext({"val": np.load(file)}) as arrays:
            swapped = arrays["val"].astype(arrays["val"].dtype.newbyteorder("S"))
        if suffix:
            np.savez_compressed(file, val=swapped)
        else:
            np.save(file, swapped)
    ours = Word2Vec.load(path)
    assert_same_weights(ours, theirs)
    assert ours.wv.vectors.dtype == np.float32
    ours.train([["graph"]], total_examples=1, epochs=1, start_alpha=1e-4)
    if not suffix:
        with pytest.raises(FormatError, match=r"npy: .*another byte order: load it with mmap=None"):
            Word2Vec.load(path, mmap="r")


def test_xz_too(tmp_path: Path) -> None:
    theirs = gensims_model()
    theirs.save(str(tmp_path / "model"))
    (tmp_path / "model.xz").write_bytes(lzma.compress((tmp_path / "model").read_bytes()))
    assert_same_weights(Word2Vec.load(tmp_path / "model.xz"), theirs)


@pytest.mark.parametrize("mmap", ["r", "c"])
@pytest.mark.trains_again
def test_arrays_that_lie_apart_can_be_mapped(mmap: Any, tmp_path: Path) -> None:
    theirs = gensims_model()
    theirs.save(str(tmp_path / "model"), sep_limit=0)
    before = (tmp_path / "model.wv.vectors.npy").read_bytes()
    for obj in (
        model := Word2Vec.load(tmp_path / "model", mmap=mmap),
        KeyedVectors.load(tmp_path / "model", mmap),
    ):
        kv = obj if isinstance(obj, KeyedVectors) else obj.wv
        assert type(kv.vectors) is np.ndarray and kv.vectors.flags.writeable == (mmap == "c")
        assert kv.most_similar("graph")[0][0] == theirs.wv.most_similar("graph")[0][0]
    if mmap == "r":
        with pytest.raises(ValueError, match="read-only"):
            model.train(TOPICS, total_examples=len(TOPICS), epochs=1)
    else:
        model.train(TOPICS, total_examples=len(TOPICS), epochs=1)
        assert (model.wv.vectors != theirs.wv.vectors).any()
    assert (tmp_path / "model.wv.vectors.npy").read_bytes() == before
    with pytest.raises(ValueError, match=r"mmap='w\+': give None, 'r' or 'c'"):
        Word2Vec.load(tmp_path / "model", mmap="w+")  # type: ignore[arg-type]


def test_compressed_files_cannot_be_mapped(tmp_path: Path) -> None:
    gensims_model().save(str(tmp_path / "model.gz"), sep_limit=0)
    with pytest.raises(OSError, match="compressed"):
        Word2Vec.load(tmp_path / "model.gz", mmap="r")


def test_open_files(tmp_path: Path) -> None:
    theirs = gensims_model()
    theirs.save(str(tmp_path / "model"))
    theirs.save(str(tmp_path / "apart"), sep_limit=0)
    with open(tmp_path / "model", "rb") as file:
        assert_same_weights(Word2Vec.load(file), theirs)
    raw = (tmp_path / "model").read_bytes()
    file_at_7 = io.BytesIO(b"x" * 7 + raw)
    file_at_7.seek(7)
    assert_same_weights(Word2Vec.load(file_at_7), theirs)
    with open(tmp_path / "apart", "rb") as file, pytest.raises(FormatError, match="give the path"):
        Word2Vec.load(file)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_missing_array_is_named(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"model{suffix}"
    gensims_model().save(str(path), sep_limit=0)
    beside = f"{path}.syn1neg.{'npz' if suffix else 'npy'}"
    os.remove(beside)
    with pytest.raises(FileNotFoundError, match="syn1neg"):
        Word2Vec.load(path)


@pytest.mark.parametrize(
    "more",
    [{"sg": 1}, {"sg": 0}, {"hs": 1, "negative": 0}, {"hs": 1, "sg": 1}, {"sample": 0, "ns_exponent": 0.5}],
    ids=str,
)
@pytest.mark.trains_again
def test_training_goes_on_as_in_gensim(more: dict[str, Any], tmp_path: Path) -> None:
    """Random numbers, noise table, Huffman tree and counters are where gensim left them."""
    theirs = gensims_model(**more)
    theirs.save(str(tmp_path / "model"))
    ours = Word2Vec.load(tmp_path / "model")
    again = Word2Vec.from_gensim(theirs)
    for model in (theirs, ours, again):
        model.train(TOPICS, total_examples=len(TOPICS), epochs=4, start_alpha=0.05)
        model.build_vocab([*TOPICS, ["new", "word"]], update=True)
        model.train(TOPICS, total_examples=len(TOPICS), epochs=2)
    assert_same_weights(ours, theirs, within=1e-3)
    assert_same_weights(again, ours)
    assert ours.min_alpha_yet_reached == theirs.min_alpha_yet_reached
    assert ours.train_count == theirs.train_count


@pytest.mark.trains_again
def test_frozen_words_stay_frozen(tmp_path: Path) -> None:
    theirs = gensims_model()
    theirs.wv.vectors_lockf = np.ones(len(theirs.wv), dtype=np.float32)
    theirs.wv.vectors_lockf[0] = 0
    theirs.save(str(tmp_path / "model"))
    ours = Word2Vec.load(tmp_path / "model")
    ours.train(TOPICS, total_examples=len(TOPICS), epochs=2)
    np.testing.assert_array_equal(ours.wv.vectors[0], theirs.wv.vectors[0])
    assert (ours.wv.vectors[1] != theirs.wv.vectors[1]).any()


def test_never_downsampled_stays_so() -> None:
    """gensim 3 wrote 2**32 for it, which gensim 4 takes for 0, "always"."""
    model = Word2Vec.load(DATA / "w2v-lee-v0.12.0")
    assert (model.wv.expandos["sample_int"] == 2**32 - 1).all()


def test_odd_models(tmp_path: Path) -> None:
    """No vocabulary; one word; no workers; words that are no str; a foreign generator; numpy's numbers."""
    gensim.models.Word2Vec(vector_size=5).save(str(tmp_path / "empty"), pickle_protocol=2)
    empty = Word2Vec.load(tmp_path / "empty")
    empty.build_vocab(TOPICS, min_count=1)
    empty.train(TOPICS, total_examples=len(TOPICS), epochs=1)
    assert empty.wv.vectors.shape == (len({word for sentence in TOPICS for word in sentence}), 5)

    one = gensim.models.Word2Vec(vector_size=5, min_count=1, hs=1, workers=0)
    one.build_vocab([[7, 7]])
    one.random = np.random.default_rng(1)
    one.alpha = np.float64(0.5)
    one.corpus_count = np.int64(1)
    one.save(str(tmp_path / "one"))
    ours = Word2Vec.load(tmp_path / "one")
    assert (ours.wv.index_to_key, ours.workers, ours.alpha, ours.corpus_count) == ([7], 1, 0.5, 1)
    ours.train([[7, 7]], total_examples=1, epochs=1)


def test_attributes_of_vectors(tmp_path: Path) -> None:
    theirs = gensim.models.KeyedVectors(2, count=3, dtype=np.float64)
    theirs.add_vector("a", np.array([1.5, 2]))
    theirs.add_vectors(["b"], np.array([[3.0, 4]]))
    for attr, value in (("text", "x"), ("number", 2.5), ("big", np.uint8(200)), ("list", [1, 2])):
        theirs.set_vecattr("a", attr, value)
    theirs.save(str(tmp_path / "kv"))
    kv = KeyedVectors.load(tmp_path / "kv")
    assert kv.index_to_key == theirs.index_to_key and kv.next_index == 1 and kv.vectors.dtype == np.float64
    for attr in ("text", "number", "big", "list"):
        assert kv.get_vecattr("a", attr) == theirs.get_vecattr("a", attr)
        assert getattr(kv.expandos[attr], "dtype", None) == theirs.expandos[attr].dtype


def test_columns_that_gensim_forgot_to_grow(tmp_path: Path) -> None:
    theirs = gensims_model(hs=1)
    theirs.wv.index_to_key.append("late")
    theirs.wv.key_to_index["late"] = len(theirs.wv) - 1
    theirs.wv.vectors = np.vstack([theirs.wv.vectors, theirs.wv.vectors[:1]])
    theirs.wv.save(str(tmp_path / "kv"))
    kv = KeyedVectors.load(tmp_path / "kv")
    assert kv.get_vecattr("late", "count") == 0 and len(kv.get_vecattr("late", "point")) == 0
    assert kv.get_vecattr("graph", "count") == theirs.wv.get_vecattr("graph", "count")


# --- what people's edits leave in gensim's files ---


def gensims_vectors(keys: Any, rows: Any = None) -> Any:
    """Vectors of gensim's with these keys, set by hand."""
    rows = np.arange(3 * len(keys), dtype=np.float32).reshape(-1, 3) if rows is None else rows
    theirs = gensim.models.KeyedVectors(rows.shape[1], dtype=rows.dtype)
    theirs.vectors, theirs.index_to_key = rows, keys
    theirs.key_to_index = {key: row for row, key in enumerate(keys)}
    return theirs


def loaded(theirs: Any, folder: Path, **options: Any) -> KeyedVectors:
    theirs.save(str(folder / "kv"), **options)
    return KeyedVectors.load(folder / "kv")


def cut_to(words: list[str], kv: Any) -> None:
    kv.vectors = np.array([kv[word] for word in words])
    kv.index_to_key, kv.key_to_index = words, {word: row for row, word in enumerate(words)}


TZ = datetime.timezone(datetime.timedelta(hours=2), "CEST")
ODD_KEYS: dict[str, list[Any]] = {
    "None": ["b", None, "c"],
    "bytes": [b"a", b"\xff"],
    "floats": [0.5, -1e300, float("inf")],
    "tuples": [("a", "b"), ("a", ("b", 1)), ()],
    "dates": [
        *(datetime.date(2020, 2, 29), datetime.datetime(2020, 1, 2, 3, 4, 5, 6), datetime.time(1, 2)),
        *(datetime.timedelta(1, 2, 3), datetime.datetime(2020, 1, 2, tzinfo=TZ)),
    ],
    "decimals": [decimal.Decimal("1.10"), 2 + 3j],
    "truths": [True, False, 2],
    "frozensets": [frozenset({"a", 1}), frozenset()],
    "large ints": [2**80, -(2**80), 0],
    "surrogates": ["\ud800", "", "\0"],
    "numpy's texts": [np.str_("w1"), np.str_("näh"), np.str_(""), np.bytes_(b"w2")],
    "numpy's numbers": [np.int64(7), np.int8(-1), np.float32(0.1), np.float64(2.5), np.bool_(False)],
}


@pytest.mark.parametrize("protocol", [0, 1, 2, 4, 5])
@pytest.mark.parametrize("name", ODD_KEYS)
def test_keys_of_all_kinds(name: str, protocol: int, tmp_path: Path) -> None:
    keys = ODD_KEYS[name]
    theirs = gensims_vectors(keys)
    for kv in (loaded(theirs, tmp_path, pickle_protocol=protocol), KeyedVectors.from_gensim(theirs)):
        assert kv.index_to_key == keys and kv.key_to_index == theirs.key_to_index
        for row, key in enumerate(keys):
            np.testing.assert_array_equal(kv.get_vector(key), theirs.vectors[row])
            assert type(kv.index_to_key[row]) is type(key.item() if isinstance(key, np.generic) else key)


@pytest.mark.parametrize("keys", [np.array(["ab", "c"]), np.array([3, 1]), np.array(["a", 5], dtype=object)])
def test_keys_in_an_array(keys: Any, tmp_path: Path) -> None:
    """numpy.delete leaves them so."""
    theirs = gensims_vectors(keys)
    theirs.key_to_index = {key: row for row, key in enumerate(keys.tolist())}
    for kv in (loaded(theirs, tmp_path), KeyedVectors.from_gensim(theirs)):
        assert kv.index_to_key == keys.tolist() and type(kv.index_to_key) is list
        assert [type(key) for key in kv.index_to_key] == [type(key) for key in keys.tolist()]
        np.testing.assert_array_equal(kv.get_vector(keys.tolist()[1]), theirs.vectors[1])


@pytest.mark.parametrize("dtype", [np.float64, np.float16, ">f4"])
def test_rows_of_another_kind(dtype: Any, tmp_path: Path) -> None:
    theirs = gensims_vectors(["a", "b"], np.asfortranarray(np.eye(2, 5, dtype=dtype)))
    kv = loaded(theirs, tmp_path)
    np.testing.assert_array_equal(kv.vectors, theirs.vectors)
    assert kv.vector_size == 5


def test_a_memmap_inside(tmp_path: Path) -> None:
    theirs = gensims_vectors(["a", "b"])
    theirs.vectors = np.memmap(tmp_path / "rows", np.float32, "w+", shape=(2, 3))
    theirs.vectors[:] = 7
    for protocol in (2, 4, 5):
        kv = loaded(theirs, tmp_path, pickle_protocol=protocol)
        assert type(kv.vectors) is np.ndarray and (kv.vectors == 7).all()


@pytest.mark.parametrize("core", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_the_names_of_numpy_1_16_0(core: bytes, tmp_path: Path) -> None:
    """It alone named the module in which its functions are written in C."""
    theirs = gensims_vectors([np.str_("a"), "b"])
    raw = pickle.dumps(theirs, 2)
    for name in (b"_reconstruct", b"scalar"):
        for module in (b"numpy._core.multiarray", b"numpy.core.multiarray"):
            made_by = core.replace(b"multiarray", b"_multiarray_umath")
            raw = raw.replace(b"c%b\n%b\n" % (module, name), b"c%b\n%b\n" % (made_by, name))
    assert raw.count(b"_multiarray_umath") == 2
    assert KeyedVectors.load(io.BytesIO(raw)).index_to_key == ["a", "b"]


@pytest.mark.parametrize("more", [{}, {"hs": 1, "negative": 0}], ids=str)
def test_vectors_cut_to_some_words(more: dict[str, int], tmp_path: Path) -> None:
    theirs = gensims_model(**more).wv
    theirs.vectors_lockf = np.linspace(0, 1, len(theirs), dtype=np.float32)
    cut_to(["graph", "minors"], theirs)
    if not more:
        kv = loaded(theirs, tmp_path)
    else:
        with pytest.warns(FastW2VWarning, match="Huffman tree in the file is not of these 2 words"):
            kv = loaded(theirs, tmp_path)
    assert_same_words(kv, theirs)
    np.testing.assert_array_equal(kv.vectors_lockf, theirs.vectors_lockf[:2])
    assert kv.get_vecattr("minors", "count") == theirs.get_vecattr("minors", "count")


def test_the_mapping_as_saved_wins(tmp_path: Path) -> None:
    """Of rows with the same word, of words with the same row, and of None."""
    theirs = gensims_vectors(["a", "b", "a", None])
    theirs.key_to_index = {"a": 0, "b": 1, "alias": 1}
    parts = gensim_parts.describe(theirs)
    assert isinstance(parts, Vectors)
    assert parts.rows == parts.key_to_index == theirs.key_to_index
    theirs.key_to_index = {"a": 2, "b": 1}  # None is no key here
    assert loaded(theirs, tmp_path).next_index == 3
    theirs.key_to_index[None] = 3
    kv = loaded(theirs, tmp_path)
    assert kv.key_to_index == {"a": 2, "b": 1, None: 3}
    np.testing.assert_array_equal(kv.get_vector(None), theirs.vectors[3])


@pytest.mark.parametrize("rows", [{"a": 1, "b": 0}, {"a": 0, "b": 1, "c": 2}, {"a": 0, "b": -1}], ids=str)
def test_a_mapping_that_was_forgotten_is_said(rows: dict[str, int], tmp_path: Path) -> None:
    theirs = gensims_vectors(["a", "b"])
    theirs.key_to_index = rows
    with pytest.warns(FastW2VWarning, match=r"the word '\w' \(str\) to row -?\d, which its list of 2 words"):
        kv = loaded(theirs, tmp_path)
    assert kv.key_to_index == {"a": 0, "b": 1}
    np.testing.assert_array_equal(kv["b"], theirs.vectors[1])


def test_a_word_added_to_vectors_of_gensim_3() -> None:
    """Its record has a number and a count, and no more."""
    kv = Word2Vec.load(DATA / "word2vec_3.3").wv
    raw = (DATA / "word2vec_3.3").read_bytes()
    old, _ = gensim_pickle._unpickle(io.BytesIO(raw), None)
    vectors = gensim_pickle.attributes_of(gensim_pickle.attributes_of(old)["wv"])
    record = type(next(iter(vectors["vocab"].values())))()
    record.attributes = {"index": 4, "count": 3}
    vectors["vocab"]["<unk>"] = record
    vectors["index2word"].append("<unk>")
    vectors["vectors"] = np.vstack(
        [gensim_pickle.as_array(vectors["vectors"]), np.ones((1, 100), np.float32)]
    )
    parts = gensim_parts.describe(old)
    assert isinstance(parts, Model)
    assert parts.wv.keys == [*kv.index_to_key, "<unk>"] and parts.wv.rows is None
    assert parts.wv.columns["count"][4] == 3 and parts.wv.columns["sample_int"][4] == 0  # type: ignore[index]
    np.testing.assert_array_equal(parts.wv.columns["sample_int"][:4], kv.expandos["sample_int"])  # type: ignore[index]
    assert parts.outputs["syn1neg"].shape == (4, 100)


def edited_models() -> dict[str, Any]:
    """Models of gensim's after what people do to their vectors."""
    cut, wide, more, narrow = (gensims_model() for _ in range(4))
    cut_to(["graph", "minors"], cut.wv)
    wide.wv.vectors = wide.wv.vectors.astype(np.float64)
    more.wv.add_vectors(["<unk>"], np.ones((1, 8), dtype=np.float32))
    narrow.wv.vectors, narrow.wv.vector_size = narrow.wv.vectors[:, :3].copy(), 3
    more.wv.expandos["count"] = np.append(more.wv.expandos["count"], 0)  # gensim would raise IndexError
    more.wv.expandos["sample_int"] = np.append(more.wv.expandos["sample_int"], 0)
    return {"cut": cut, "float64": wide, "a word more": more, "fewer dimensions": narrow}


@pytest.mark.parametrize("name", ["cut", "float64", "a word more", "fewer dimensions"])
def test_models_whose_vectors_were_edited_answer_as_in_gensim(name: str, tmp_path: Path) -> None:
    theirs = edited_models()[name]
    theirs.save(str(tmp_path / "model"))
    for ours in (Word2Vec.load(tmp_path / "model"), Word2Vec.from_gensim(theirs)):
        assert_same_words(ours.wv, theirs.wv)
        np.testing.assert_array_equal(ours.syn1neg, theirs.syn1neg, strict=True)
        found = ours.wv.most_similar("graph", topn=3)
        assert [word for word, _ in found] == [word for word, _ in theirs.wv.most_similar("graph", topn=3)]
        ours.save(tmp_path / "ours")
        assert_same_words(Word2Vec.load(tmp_path / "ours").wv, theirs.wv)


def test_columns_of_all_kinds(tmp_path: Path) -> None:
    theirs = gensims_vectors(["a", "b"])
    theirs.expandos = {
        "day": np.array([datetime.date(2020, 1, 1), None], dtype=object),
        "tags": np.array([("x", 1), {"y": [1, 2]}], dtype=object),
        "text": np.array(["é", "long"]),
        "list": [1.5, 2.5],
        "short": np.array([9]),
        "table": np.eye(2),
    }
    for kv in (loaded(theirs, tmp_path), KeyedVectors.from_gensim(theirs)):
        assert kv.expandos["day"].tolist() == [datetime.date(2020, 1, 1), None]
        assert kv.expandos["tags"].tolist() == [("x", 1), {"y": [1, 2]}]
        assert kv.expandos["text"].tolist() == ["é", "long"]
        assert kv.expandos["list"].tolist() == [1.5, 2.5] and kv.expandos["short"].tolist() == [9, 0]


def plain_attributes() -> dict[str, Any]:
    return {
        "idf": {"a": 0.5, "b": 1.5},
        "language": "de",
        "graph": {("a", 1): [1, (2, {3})], None: {"deep": [[[[]]]]}},
        "table": np.arange(6).reshape(2, 3),
        "labels": np.array(["x", "yy"]),
        "mixed": np.array([None, (1, 2), "x"], dtype=object),
        "made": datetime.date(2020, 1, 1),
        "number": np.float32(0.5),
        "days": np.array(["2020-01-01", "NaT"], dtype="M8[D]"),
        "spans": np.array([1, 2], dtype="m8[15m]"),
        "moment": np.datetime64("2020-01-01T00:00:00.123456789"),
        "while": np.timedelta64(3, "D"),
        "ratio": Fraction(1, 3),
        "raw": bytearray(b"a\xff"),
        "seen": collections.Counter("aab"),
        "order": collections.OrderedDict(b=1, a=2),
        "of": collections.defaultdict(list, {"k": [1]}),
    }


def test_attributes_of_users_come_over(tmp_path: Path) -> None:
    """Of a model and of its vectors, from a file or alive."""
    theirs = gensims_model()
    theirs.__dict__.update(plain_attributes())
    theirs.wv.__dict__.update(plain_attributes())
    for options in ({}, {"pickle_protocol": 2}, {"pickle_protocol": 5}):
        theirs.save(str(tmp_path / "model"), **options)
        for parts in (gensim_parts.read(tmp_path / "model"), gensim_parts.describe_live(theirs)):
            assert isinstance(parts, Model)
            for extras in (parts.extras, parts.wv.extras):
                assert extras.keys() == plain_attributes().keys()
                for name, value in plain_attributes().items():
                    if isinstance(value, np.ndarray):
                        np.testing.assert_array_equal(extras[name], value, strict=True)
                    else:
                        assert extras[name] == value and type(extras[name]).__module__ in (
                            "builtins",
                            "datetime",
                            "fractions",
                            "numpy",
                        )
                        assert not isinstance(extras[name], np.floating)


def test_attributes_that_are_not_plain_are_named(tmp_path: Path) -> None:
    theirs = gensims_model()
    theirs.good, theirs.itself = 1, []
    theirs.itself.append(theirs.itself)
    theirs.save(str(tmp_path / "model"))
    with pytest.warns(FastW2VWarning, match=r"do not come over: 'itself' \(it is nested"):
        parts = gensim_parts.read(tmp_path / "model")
    assert parts.extras == {"good": 1}
    theirs.itself = {object()}
    with pytest.warns(FastW2VWarning, match=r"'itself' \(it has a key of class object"):
        assert gensim_parts.describe_live(theirs).extras == {"good": 1}
    theirs.itself = object()
    with pytest.warns(FastW2VWarning, match=r"'itself' \(it holds an object of class object"):
        assert gensim_parts.describe_live(theirs).extras == {"good": 1}


def test_what_gensim_sets_is_not_taken_for_users_attributes() -> None:
    for name in (*MODELS, *VECTORS):
        parts = gensim_parts.read(DATA / name)
        assert not parts.extras and not (isinstance(parts, Model) and parts.wv.extras), name
    parts = gensim_parts.describe_live(gensims_model(hs=1, compute_loss=True, comment="c"))
    assert isinstance(parts, Model) and not parts.extras and not parts.wv.extras


def test_a_comment_of_any_plain_kind(tmp_path: Path) -> None:
    for comment, comes in ((Path("a/b"), str(Path("a/b"))), ({"lr": 0.1}, {"lr": 0.1}), (None, None)):
        theirs = gensims_model(comment=comment)
        theirs.save(str(tmp_path / "model"))
        assert gensim_parts.read(tmp_path / "model").settings["comment"] == comes  # type: ignore[union-attr]


# --- pickles that are not what they should be ---


class Calls:
    """Pickles as a call of any function."""

    def __init__(self, function: Any, *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> Any:
        return self.call


def model_with(**attributes: Any) -> bytes:
    model = gensims_model()
    model.__dict__.update(attributes)
    return pickle.dumps(model, 4)


HOSTILE: dict[str, tuple[Callable[[str], bytes], str]] = {
    "system": (lambda canary: pickle.dumps(Calls(os.system, f"touch {canary}")), r"(posix|nt)\.system"),
    "in a model": (lambda canary: model_with(comment=Calls(os.system, f"touch {canary}")), r"\.system"),
    "in protocol 0": (
        lambda canary: pickle.dumps([Calls(os.system, f"touch {canary}")], 0).replace(b"(l", b"(l", 1),
        r"is not a fastw2v file|not a fastw2v|system",
    ),
    "hashfxn": (lambda canary: model_with(hashfxn=Path), r"pathlib(\._local)?\.Path"),
    "eval": (lambda canary: model_with(x=Calls(eval, f"open({canary!r}, 'w')")), r"builtins\.eval"),
    "getattr": (lambda canary: model_with(x=Calls(getattr, 1, "real")), r"builtins\.getattr"),
    "numpy": (lambda canary: model_with(x=Calls(np.save, canary, 1)), r"numpy\.save"),
    "dotted": (
        lambda canary: b"\x80\x04\x8c\x16gensim.models.word2vec\x8c\x11Word2Vec.load.sys\x93.",
        r"word2vec\.Word2Vec\.load\.sys",
    ),
    "instance": (lambda canary: b"\x80\x02(S'touch'\nios\nsystem\n.", r"os\.system"),
    "extension": (lambda canary: b"\x80\x02\x82\x01.", "extension"),
    "persistent": (lambda canary: b"\x80\x02Ptouch\n.", "persistent"),
}


@pytest.mark.parametrize("load", [Word2Vec.load, KeyedVectors.load])
@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_runs(name: str, load: Any, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    pickled, says = HOSTILE[name]
    for suffix, wrapped in (("", bytes), (".gz", gzip.compress), (".bz2", bz2.compress)):
        path = tmp_path / f"model{suffix}"
        path.write_bytes(wrapped(pickled(os.fspath(canary))))
        with pytest.raises(FormatError, match=says) as raised:
            load(path)
        if name != "in protocol 0":  # not taken for a pickle at all
            assert isinstance(raised.value, pickle.UnpicklingError)
            assert str(path) in str(raised.value)
    assert not canary.exists()


def other_files(folder: Path) -> dict[str, str]:
    """Files of other programs, by name, and what is said of each."""
    joblib = pytest.importorskip("joblib")
    few, doc2vec = [["a", "b"]] * 5, gensim.models.doc2vec
    fast_text = gensim.models.FastText(few, vector_size=4, min_count=1, bucket=10)
    docs = gensim.models.Doc2Vec([doc2vec.TaggedDocument(["a"], [0])], vector_size=4, min_count=1)
    model = gensim.models.Word2Vec(few, vector_size=300, min_count=1)
    fast_text.save(str(folder / "fasttext"))
    fast_text.wv.save(str(folder / "fasttext.kv"))
    docs.save(str(folder / "doc2vec"))
    gensim.models.Phrases(few).save(str(folder / "phrases"))
    joblib.dump(model, folder / "joblib")
    joblib.dump(model, folder / "joblib.z", compress=3)
    joblib.dump(model.wv, folder / "joblib.gz", compress=("gzip", 3))
    np.save(folder / "array", np.eye(2))
    np.savez(folder / "arrays", a=np.eye(2))
    (folder / "json").write_text('{"a": 1}')
    (folder / "page").write_text("<!DOCTYPE html><html></html>")
    (folder / "pointer").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    (folder / "pickle").write_bytes(pickle.dumps({"a": np.eye(2)}))
    (folder / "own").write_bytes(pickle.dumps(KeyedVectors(2)))
    return {
        "fasttext": r"a FastText model: load it in gensim and use KeyedVectors\.from_gensim\(model\.wv\)",
        "fasttext.kv": r"it holds FastTextKeyedVectors: load it in gensim and use KeyedVectors\.from_gensim",
        "doc2vec": r"it is a Doc2Vec model: load it in gensim and use KeyedVectors\.from_gensim\(model\.wv\)",
        "phrases": "it is a Phrases of gensim",
        "joblib": r"written by joblib, .* use joblib\.load, then Word2Vec\.from_gensim",
        "joblib.z": r"compressed by zlib, .* joblib\.load",
        "joblib.gz": r"written by joblib, .* use joblib\.load",
        "array.npy": r"numpy's \.npy",
        "arrays.npz": r"numpy's \.npz",
        "own": r"a pickle of fastw2v.*: if you trust it, use pickle\.load, then save\(\)",
        "json": "JSON",
        "page": "HTML",
        "pointer": "git lfs pull",
        "pickle": "a pickle, but not of gensim's",
    }


@pytest.mark.parametrize("load", [Word2Vec.load, KeyedVectors.load])
def test_other_files_are_named_for_what_they_are(load: Any, tmp_path: Path) -> None:
    for name, says in other_files(tmp_path).items():
        with pytest.raises(FormatError, match=re.escape(f"{tmp_path / name}: ") + f".*{says}"):
            load(tmp_path / name)


def test_the_way_that_is_named_for_fasttext_and_doc2vec_goes(tmp_path: Path) -> None:
    other_files(tmp_path)
    for name, cls in (("fasttext", gensim.models.FastText), ("doc2vec", gensim.models.Doc2Vec)):
        theirs = cls.load(str(tmp_path / name)).wv
        kv = KeyedVectors.from_gensim(theirs)
        np.testing.assert_array_equal(kv["a"], theirs.vectors[theirs.key_to_index["a"]])
    joblib = pytest.importorskip("joblib")
    assert len(Word2Vec.from_gensim(joblib.load(tmp_path / "joblib")).wv) == 2


class Derived(gensim.models.Word2Vec):  # type: ignore[misc]
    """As people derive their own."""


def test_the_way_that_is_named_for_derived_classes_goes(tmp_path: Path) -> None:
    theirs = Derived(TOPICS, vector_size=4, min_count=1)
    theirs.graph = {"a": 1}
    theirs.save(str(tmp_path / "model"))
    with pytest.raises(FormatError, match=r"Derived, .* use Word2Vec\.from_gensim\(model\)"):
        Word2Vec.load(tmp_path / "model")
    ours = Word2Vec.from_gensim(Derived.load(str(tmp_path / "model")))
    assert_same_weights(ours, theirs)
    assert ours.graph == {"a": 1}  # type: ignore[attr-defined]


def opcodes(*parts: bytes) -> bytes:
    return b"\x80\x02" + b"".join(parts) + b"."


MODEL = b"cgensim.models.word2vec\nWord2Vec\n)\x81"
RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\1b\x87R"
DTYPE = b"cnumpy\ndtype\nX\2\0\0\0f4K\0K\1\x87R"
FORGED = {
    "memo of 4 GB": opcodes(b"N", b"r\xff\xff\xff\x07"),
    "memo by text": opcodes(b"N", b"p99999999999\n"),
    "memo below 0": opcodes(b"N", b"p-5\n"),
    "frame": b"\x80\x04\x95" + struct.pack("<Q", 2**60) + b"N.",
    "long bytes": opcodes(b"\x8e" + struct.pack("<Q", 2**60)),
    "long text": opcodes(b"X\xff\xff\xff\x7f"),
    "no end": b"\x80\x02N",
    "no opcode": opcodes(b"\xff"),
    "pops nothing": opcodes(b"00"),
    "nothing": opcodes(b"N"),
    "a list": opcodes(b"]"),
    "only a class": opcodes(b"cgensim.models.word2vec\nWord2Vec\n"),
    "only a record": opcodes(b"cgensim.models.word2vec\nVocab\n)\x81"),
    "a function": opcodes(b"cnumpy\ndtype\n"),
    "changes a function": opcodes(b"c_codecs\nencode\n}X\1\0\0\0aK\1sb"),
    "changes a class": opcodes(b"cgensim.models.word2vec\nVocab\n}X\1\0\0\0aK\1sb"),
    "arguments": opcodes(b"cgensim.models.word2vec\nVocab\nK\1\x85\x81"),
    "state": opcodes(MODEL, b"K\1b"),
    "slots": opcodes(MODEL, b"}}X\x09\0\0\0__class__K\1s\x86b"),
    "keys": opcodes(MODEL, b"}K\1K\1sb"),
    "codec": opcodes(b"c_codecs\nencode\nX\1\0\0\0aX\5\0\0\0utf-7\x86R"),
    "reconstructor": opcodes(b"ccopy_reg\n_reconstructor\nccopy_reg\n_reconstructor\nNN\x87R"),
    "dtype of python": opcodes(b"cnumpy\ndtype\nX\6\0\0\0O8,M8dK\0K\1\x87R"),
    "dtype of records": opcodes(DTYPE, b"(K\3X\1\0\0\0|NX\1\0\0\0aNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"),
    "array too large": opcodes(RECONSTRUCT, b"(K\1", b"\x8a\x06\0\0\0\0\0\1\x85", DTYPE, b"\x89C\4abcdtb"),
    "array below 0": opcodes(RECONSTRUCT, b"(K\1", b"J\xff\xff\xff\xff\x85", DTYPE, b"\x89C\4abcdtb"),
    "array of nothing": opcodes(RECONSTRUCT, b"N", b"b"),
    "settings": opcodes(MODEL, b"}X\6\0\0\0windowX\1\0\0\0xsb"),
    "words": opcodes(MODEL, b"}X\x0a\0\0\0index2wordK\1sb"),
    "words without vectors": opcodes(MODEL, b"}X\x0a\0\0\0index2word]X\1\0\0\0aasb"),
    "path": opcodes(MODEL, b"}X\x08\0\0\0__numpys]X\x0d\0\0\0/../../secretasb"),
    "deep": opcodes(b"]" * 100_000, b"a" * 99_999),
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_pickles(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(FORGED[name])
    with pytest.raises(FormatError, match=str(path)):
        Word2Vec.load(path)
    with pytest.raises(FormatError):
        Word2Vec.load(io.BytesIO(FORGED[name]))


def test_a_forged_memo_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(FORGED["memo of 4 GB"])
    code = (
        "import resource\nfrom fastw2v import Word2Vec\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"try: Word2Vec.load({os.fspath(path)!r})\nexcept ValueError: pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    if sys.platform == "win32":
        pytest.skip("no getrusage")
    run = run_python(code)
    assert int(run.stdout) < 64 << 10, run.stderr  # KiB (bytes on macOS)


@pytest.fixture(scope="module")
def gensims_pickles() -> list[bytes]:
    """Small models of gensim's as bytes: protocols 2 and 4, negative sampling and hierarchical softmax."""
    few = [["a", "b", "c"], ["b", "c"]]
    models = [
        gensim.models.Word2Vec(few, vector_size=2, min_count=1, workers=1, **kind)
        for kind in ({}, {"hs": 1, "negative": 0})
    ]
    for model in models:
        model.lifecycle_events = []
    return [pickle.dumps(model, protocol) for model in models for protocol in (2, 4)]


def test_no_cut_file_loads(gensims_pickles: list[bytes]) -> None:
    for whole in gensims_pickles:
        gensim_parts.read(io.BytesIO(whole))
        for length in range(0, len(whole), 3):
            with pytest.raises(FormatError):
                gensim_parts.read(io.BytesIO(whole[:length]))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(data=st.data())
@pytest.mark.trains_again
def test_damage_is_found_or_harmless(gensims_pickles: list[bytes], data: st.DataObject) -> None:
    """Whatever bytes change: FormatError is raised, or there is a model that can be asked and trained."""
    raw = bytearray(data.draw(st.sampled_from(gensims_pickles)))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(2, len(raw) - 1))
        raw[place] = data.draw(st.integers(0, 255))
    try:
        model = Word2Vec.load(io.BytesIO(raw))
    except (FormatError, AttributeError) as error:
        assert isinstance(error, FormatError) or "KeyedVectors.load" in str(error)
        return
    model.workers = model.epochs = 1
    if len(model.wv):
        model.wv.most_similar(np.ones(model.vector_size, dtype=np.float32))
    said = ValueError, RuntimeError, TypeError, FloatingPointError, FastW2VWarning  # not crashed
    with contextlib.suppress(*said):
        model.train([["a", "b", "c"]], total_examples=1, epochs=1)


def test_a_word_that_is_no_text_is_told_in_our_words(tmp_path: Path) -> None:
    gensims_model().save(str(tmp_path / "model"))
    whole = (tmp_path / "model").read_bytes()
    (tmp_path / "model").write_bytes(whole.replace(b"graph", b"gr\xffph"))
    with pytest.raises(FormatError, match="model: the pickle is damaged, or not gensim's$"):
        Word2Vec.load(tmp_path / "model")


def forged_npy(shape: str, dtype: str = "<f4") -> bytes:
    header = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + b"\0" * 400


@pytest.mark.parametrize("npy", [forged_npy("(2000000000, 300)"), forged_npy("(1,)", "|O"), b"", b"junk"])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_forged_arrays_beside(npy: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"model{suffix}"
    gensims_model().save(str(path), sep_limit=0)
    if suffix:
        with zipfile.ZipFile(f"{path}.syn1neg.npz", "w") as archive:
            archive.writestr("val.npy", npy)
    else:
        Path(f"{path}.syn1neg.npy").write_bytes(npy)
    with pytest.raises(FormatError, match=rf"{path}\.syn1neg\.np[yz]: ") as caught:
        Word2Vec.load(path)
    assert not re.search("allow_pickle|mmap|No data left|format version|EOF", str(caught.value))


@pytest.mark.parametrize(
    "damage",
    [
        lambda model: setattr(model.wv, "vectors", model.wv.vectors[:-1]),
        lambda model: setattr(model.wv, "vectors", model.wv.vectors.astype(np.complex64)),
        lambda model: setattr(model.wv, "vectors", None),
        lambda model: setattr(model.wv, "index_to_key", [[]] * len(model.wv)),
        lambda model: setattr(model, "window", 0),
        lambda model: setattr(model, "negative", -1),
        lambda model: setattr(model, "seed", -1),
        lambda model: model.wv.expandos["point"].__setitem__(0, np.array([2**31], dtype=np.uint32)),
        lambda model: model.wv.expandos["code"].__setitem__(0, np.zeros(50, dtype=np.uint8)),
    ],
)
def test_files_that_say_impossible_things(damage: Any, tmp_path: Path) -> None:
    model = gensims_model(hs=1)
    damage(model)
    with open(tmp_path / "model", "wb") as file:
        pickle.dump(model, file)
    with pytest.raises(FormatError, match="model"):
        Word2Vec.load(tmp_path / "model")


def test_a_native_file_that_begins_as_a_pickle_does(tmp_path: Path) -> None:
    """Its first bytes are the length of its header, and 0x0280 reads as a pickle of protocol 2."""
    model = Word2Vec(TOPICS, vector_size=4, min_count=1)
    for length in range(640 - 64, 641):
        model.comment = "x" * length
        model.save(tmp_path / "model")
        raw = (tmp_path / "model").read_bytes()
        (tmp_path / "forged").write_bytes(b"\x80\x02" + raw[2:])
        assert not gensim_pickle.is_pickle(tmp_path / "model")
        assert not gensim_pickle.is_pickle(tmp_path / "forged")


# --- to an installed gensim, and back ---


@pytest.mark.parametrize("more", [{}, {"hs": 1, "negative": 0}, {"hs": 1, "sg": 1}], ids=str)
@pytest.mark.trains_again
def test_models_go_to_gensim_and_back(more: dict[str, Any], tmp_path: Path) -> None:
    ours = Word2Vec(TOPICS, vector_size=8, min_count=1, workers=1, comment="c", **more)
    ours.build_vocab(TOPICS, update=True, keep_raw_vocab=True)
    theirs = ours.to_gensim()
    assert type(theirs) is gensim.models.Word2Vec and type(theirs.wv) is gensim.models.KeyedVectors
    assert_same_weights(ours, theirs)
    assert_same_words(ours.wv, theirs.wv)
    back = Word2Vec.from_gensim(theirs)
    theirs.save(str(tmp_path / "theirs"), sep_limit=0)
    for twin in (back, Word2Vec.load(tmp_path / "theirs")):
        assert_same_weights(twin, ours)
        assert_same_words(twin.wv, ours.wv)
        np.testing.assert_array_equal(twin.cum_table, ours.cum_table, strict=True)
        assert twin.raw_vocab == ours.raw_vocab and twin.comment == "c"
    for model in (ours, back):
        model.train(TOPICS, total_examples=len(TOPICS), epochs=2)
    theirs.train(TOPICS, total_examples=len(TOPICS), epochs=2)
    assert_same_weights(back, ours)
    assert_same_weights(ours, theirs, within=1e-3)


def test_gensims_copy_is_its_own() -> None:
    ours = Word2Vec(TOPICS, vector_size=8, min_count=1)
    before = copy.deepcopy(ours)
    theirs = ours.to_gensim()
    theirs.train(TOPICS, total_examples=len(TOPICS), epochs=2)
    theirs.wv.unit_normalize_all()
    theirs.wv.index_to_key.append("x")
    theirs.wv.set_vecattr("graph", "count", 77)
    assert_same_weights(ours, before)
    assert_same_words(ours.wv, before.wv)


def test_vectors_go_to_gensim_and_back() -> None:
    ours = KeyedVectors(3, dtype=np.float64)
    ours.add_vectors(["a", "b", 5], np.arange(9).reshape(3, 3), extras={"tag": ["x", "y", "z"]})
    theirs = ours.to_gensim()
    assert isinstance(theirs, gensim.models.KeyedVectors)
    assert_same_words(ours, theirs)
    assert_same_words(KeyedVectors.from_gensim(theirs), theirs)
    assert theirs.most_similar("b", topn=1)[0][0] == ours.most_similar("b", topn=1)[0][0]
    assert "count" not in theirs.expandos


@pytest.mark.trains_again
def test_gensims_vectors_in_a_model_of_ours(tmp_path: Path) -> None:
    ours, theirs = Word2Vec(TOPICS, vector_size=8, min_count=1), gensims_model()
    ours.wv = theirs.wv
    assert type(ours.wv) is KeyedVectors
    assert_same_words(ours.wv, theirs.wv)
    ours.train(TOPICS, total_examples=len(TOPICS), epochs=1)
    ours.save(tmp_path / "ours")
    assert_same_weights(Word2Vec.load(tmp_path / "ours"), ours)
    ours.wv = dict(theirs.wv.key_to_index)
    with pytest.raises(TypeError, match="wv is of type dict: give KeyedVectors"):
        ours.save(tmp_path / "ours")


def test_what_users_set_goes_to_gensim_and_back() -> None:
    ours, lock = Word2Vec(TOPICS, vector_size=8, min_count=1), threading.Lock()
    ours.idf, ours.lock, ours.wv.source = {"graph": [1.5]}, lock, "wiki"  # type: ignore[attr-defined]
    ours._clear_post_train = "mine"  # type: ignore[attr-defined]  # a method, there
    theirs = ours.to_gensim()
    assert theirs.idf == {"graph": [1.5]} and theirs.wv.source == "wiki"
    assert callable(theirs._clear_post_train)
    assert theirs.idf is not ours.idf and theirs.lock is lock  # type: ignore[attr-defined]
    with pytest.warns(FastW2VWarning, match="'lock'"):
        back: Any = Word2Vec.from_gensim(theirs)
    assert back.idf == theirs.idf and back.wv.source == "wiki"


@IGNORE_FITS
@pytest.mark.parametrize(
    "edit",
    [
        lambda kv: setattr(kv, "index_to_key", np.array(kv.index_to_key)),
        lambda kv: setattr(kv, "vectors", kv.vectors.tolist()),
        lambda kv: setattr(kv, "vectors", kv.vectors.view(np.ma.MaskedArray)),
        lambda kv: setattr(kv, "key_to_index", None),
        lambda kv: vars(kv).update(vectors=np.eye(8), index_to_key=[*"abcdefgh"], key_to_index=None),
        lambda kv: kv.expandos.update(count=kv.expandos["count"][:3]),
    ],
)
def test_what_was_edited_by_hand_goes_to_gensim(edit: Any) -> None:
    ours = Word2Vec(TOPICS, vector_size=8, min_count=1)
    edit(ours.wv)
    for theirs in (ours.wv.to_gensim(), ours.to_gensim().wv):
        assert type(theirs.vectors) is np.ndarray and type(theirs.index_to_key) is list
        assert theirs.index_to_key == list(ours.wv.index_to_key)
        np.testing.assert_array_equal(theirs.vectors, np.asarray(ours.wv.vectors))
        theirs.most_similar(theirs.index_to_key[0])
        for column in theirs.expandos.values():
            assert len(column) == len(theirs)


def test_columns_of_dates_load(tmp_path: Path) -> None:
    theirs = gensims_model()
    days = theirs.wv.expandos["day"] = np.arange(len(theirs.wv)).astype("M8[D]")
    theirs.wv.save(str(tmp_path / "theirs"))
    for ours in (KeyedVectors.load(tmp_path / "theirs"), KeyedVectors.from_gensim(theirs.wv)):
        ours.save(tmp_path / "ours")
        for kv in (ours, KeyedVectors.load(tmp_path / "ours")):
            np.testing.assert_array_equal(kv.expandos["day"], days, strict=True)


def test_what_contradicts_itself_does_not_go_to_gensim() -> None:
    ours = Word2Vec(TOPICS, vector_size=8, min_count=1)
    ours.wv.vectors = ours.wv.vectors[:-1]
    for obj in (ours, ours.wv):
        with pytest.raises(ValueError, match="keys, but"):
            obj.to_gensim()


def test_rows_of_whole_numbers_load(tmp_path: Path) -> None:
    theirs = gensims_model().wv
    theirs.vectors = (theirs.vectors * 1000).astype(np.int8)
    theirs.save(str(tmp_path / "theirs"))
    ours = KeyedVectors.load(tmp_path / "theirs")
    np.testing.assert_array_equal(ours.vectors, theirs.vectors, strict=True)
    assert ours.most_similar("graph")


def test_only_word2vec_comes_from_gensim() -> None:
    fast_text = gensim.models.FastText([["a", "b"]], vector_size=4, min_count=1, bucket=10)
    for obj in (fast_text, Word2Vec(), object()):
        with pytest.raises(TypeError):
            Word2Vec.from_gensim(obj)
    with pytest.raises(TypeError, match=r"KeyedVectors\.from_gensim"):
        Word2Vec.from_gensim(fast_text.wv)
    with pytest.raises(TypeError, match=r"Word2Vec\.from_gensim"):
        KeyedVectors.from_gensim(gensims_model())
    np.testing.assert_array_equal(KeyedVectors.from_gensim(fast_text.wv).vectors, fast_text.wv.vectors)


# --- gensim's arguments of `save` and `load` ---


def test_parts_can_be_left_out(tmp_path: Path) -> None:
    model = Word2Vec(TOPICS, vector_size=4, min_count=1, hs=1)
    model.raw_vocab = {"a": 1}
    model.save(
        tmp_path / "model",
        ignore=["syn1neg", "raw_vocab", "history", "lifecycle_events", "cum_table", "norms", "vectors_norm"],
    )
    loaded = Word2Vec.load(tmp_path / "model")
    assert not hasattr(loaded, "syn1neg") and not loaded.raw_vocab and not loaded.history
    np.testing.assert_array_equal(loaded.syn1, model.syn1)
    with pytest.raises(RuntimeError, match="syn1neg"):
        loaded.train(TOPICS, total_examples=len(TOPICS), epochs=1)
    model.wv.save(tmp_path / "kv", ignore=("expandos", "vectors_lockf", "norms"))
    kv = KeyedVectors.load(tmp_path / "kv")
    assert not kv.expandos and not hasattr(kv, "vectors_lockf") and kv.index_to_key == model.wv.index_to_key
    for obj, ignore in ((model, ["wv"]), (model, ["window"]), (model.wv, ["vectors"])):
        with pytest.raises(ValueError, match=ignore[0]):
            obj.save(tmp_path / "refused", ignore=ignore)
    with pytest.raises(TypeError, match="list"):
        model.save(tmp_path / "refused", ignore="syn1neg")
    assert not (tmp_path / "refused").exists()


def test_an_open_file_after_a_path(tmp_path: Path) -> None:
    """gensim remembers what the first save put into files of its own, and leaves it out of the second."""
    for obj in (model := Word2Vec(TOPICS, vector_size=4, min_count=1), model.wv):
        obj.save(tmp_path / "first", separately=["vectors"], sep_limit=0)
        file = io.BytesIO()
        obj.save(file)
        file.seek(0)
        np.testing.assert_array_equal(KeyedVectors.load(file).vectors, model.syn0)


def test_load_is_a_method_of_the_class(tmp_path: Path) -> None:
    theirs = gensims_model()
    theirs.save(str(tmp_path / "model"))
    with pytest.raises(AttributeError):
        Word2Vec().load(tmp_path / "model")
    assert_same_weights(Word2Vec.load(str(tmp_path / "model"), mmap=None, rethrow=True), theirs)


def test_a_subclass_loads_as_itself(tmp_path: Path) -> None:
    class Mine(Word2Vec):
        def __init__(self) -> None:
            raise AssertionError("loading is not making")

    shutil.copy(DATA / "word2vec_old", tmp_path / "model")
    assert type(Mine.load(tmp_path / "model")) is Mine
