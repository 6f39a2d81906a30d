"""Pythons that were built without parts of the standard library: all goes on that needs none of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from children import run_python
from factories import SMALL, TEXT

from fastw2v import KeyedVectors, LineSentence, Word2Vec, cli, magic, utils
from fastw2v.formats import inflate

# What is left out where the headers of a library are missing, or the system is small: first, for each suffix,
# the module without which such files cannot be read.
PACKERS = {".gz": "zlib", ".bz2": "_bz2", ".xz": "_lzma", ".zst": "_zstd"}
OPTIONAL = (
    *PACKERS.values(),
    *("backports.zstd", "_ctypes", "_curses", "_decimal", "_hashlib", "_multiprocessing", "_posixshmem"),
    *("_sqlite3", "_ssl", "_uuid", "readline"),
)
NAMES = {".gz": "zlib", ".bz2": "_?bz2", ".xz": "_?lzma", ".zst": "zstd"}

BARE = """
import sys
missing = sys.argv[2:]
for name in missing:
    sys.modules[name] = None
import importlib, os, pkgutil
os.chdir(sys.argv[1])
import fastw2v
from fastw2v import KeyedVectors, LineSentence, Word2Vec, cli, show_config, utils
from fastw2v.desm import DESM, DESMIndex

for module in pkgutil.walk_packages(fastw2v.__path__, "fastw2v."):
    # SciPy needs ctypes, and the last is for scikit-learn, which is no dependency.
    if module.name not in ("fastw2v.__main__", "fastw2v.tile._blas", "fastw2v.sklearn"):
        importlib.import_module(module.name)
show_config()
kv = KeyedVectors(2)
kv.add_vectors(["a", "b"], [[1, 2], [2, 1]])
for binary in (False, True):
    kv.save_word2vec_format("vectors", binary=binary)
    read = KeyedVectors.load_word2vec_format("vectors", binary=binary)
    assert read.most_similar("a") == kv.most_similar("a")
    read.save("kv")
    assert KeyedVectors.load("kv", mmap="r").index_to_key == ["a", "b"]
assert cli.main(["neighbors", "kv", "a"]) == 0
try:
    import numpy.random
except ImportError as error:
    assert "zlib" in missing and "zlib" in str(error), error
    print("NumPy needs zlib")
    sys.exit()
text = [["cat", "sat", "mat"], ["dog", "sat"]] * 100
utils.save_as_line_sentence(text, "text")
for hs, negative in ((0, 5), (1, 0)):
    model = Word2Vec(text, hs=hs, negative=negative, progress=False)
    model.train(corpus_file="text", total_words=model.corpus_total_words, epochs=1, start_alpha=0.001)
    model.save("model")
    assert Word2Vec.load("model", mmap="r").wv.most_similar("cat") == model.wv.most_similar("cat")
model = Word2Vec(LineSentence("text"), hs=1, progress=False)
index = DESMIndex(DESM(model))
index.add(text)
index.save("index")
assert DESMIndex.load("index", model).search(text[0]) == index.search(text[0])
assert cli.main("train text -o out.fw2v --vectors out.txt -q".split()) == 0
assert not [name for name in missing if sys.modules.get(name)]
print("trained")
"""


@pytest.mark.parametrize("zlib", [True, False], ids=["zlib", "no zlib"])
def test_what_needs_no_optional_module_works(zlib: bool, tmp_path: Path) -> None:
    missing = set(OPTIONAL) - ({"zlib"} if zlib else set())
    last = run_python(BARE, tmp_path, *sorted(missing)).stdout.splitlines()[-1]
    assert last == "trained" or (
        last == "NumPy needs zlib" and not zlib
    )  # 2.4's wheels do, for its generators


def without(suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this a Python that lacks the module for such files."""
    if suffix == ".zst":
        # Not a module in `sys.modules`: 3.14 begins with a package that the others lack.
        for name in ("compression.zstd", "backports.zstd"):
            monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.setattr(sys, "version_info", (3, 14, 0, "final", 0))
        return
    for loaded in ("gzip", "bz2", "lzma"):
        monkeypatch.delitem(sys.modules, loaded, raising=False)
    monkeypatch.setitem(sys.modules, PACKERS[suffix], None)


def packed(raw: bytes, suffix: str) -> bytes:
    return bytes(pytest.importorskip({".gz": "gzip", ".bz2": "bz2", ".xz": "lzma"}[suffix]).compress(raw))


def a_text(path: Path, suffix: str) -> None:
    path.write_bytes(packed(b"a b c\n", suffix))


def a_pickle(path: Path, suffix: str) -> None:
    path.write_bytes(packed(b"\x80\x04N.", suffix))


def vectors() -> KeyedVectors:
    kv = KeyedVectors(2)
    kv.add_vectors(["a"], np.ones((1, 2), np.float32))
    return kv


READING: dict[str, tuple[Callable[[Path, str], None], Callable[[Path], Any]]] = {
    "open": (a_text, utils.open),
    "sentences": (a_text, lambda path: list(LineSentence(path))),
    "corpus_file": (a_text, lambda path: Word2Vec(corpus_file=path, **SMALL)),
    "vectors": (a_text, KeyedVectors.load_word2vec_format),
    "a model of gensim's": (a_pickle, Word2Vec.load),
    "vectors of gensim's": (a_pickle, KeyedVectors.load),
}
WRITING: dict[str, Callable[[Path], Any]] = {
    "open": lambda path: utils.open(path, "w"),
    "sentences": lambda path: utils.save_as_line_sentence(TEXT, path),
    "vectors": lambda path: vectors().save_word2vec_format(path),
}


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
@pytest.mark.parametrize("how", READING)
def test_reading_names_the_module_that_is_missing(
    how: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, read = READING[how]
    path = tmp_path / f"file{suffix}"
    write(path, suffix)
    without(suffix, monkeypatch)
    with pytest.raises(
        ImportError, match=rf"^{suffix} files need the module {NAMES[suffix]}, .*-dev"
    ) as caught:
        read(path)
    assert caught.value.name in (PACKERS[suffix], PACKERS[suffix].removeprefix("_"))


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("how", WRITING)
def test_writing_names_it_and_leaves_what_was_there(
    how: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(suffix, monkeypatch)
    path = tmp_path / f"file{suffix}"
    path.write_text("before")
    with pytest.raises(ImportError, match=rf"^{suffix} files need the module .*{NAMES[suffix]}, .*-dev"):
        WRITING[how](path)
    assert path.read_text() == "before" and len(list(tmp_path.iterdir())) == 1


def test_arrays_beside_a_model_of_gensims_need_zlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("zlib")
    np.savez_compressed(tmp_path / "packed.npz", val=np.arange(9))
    np.savez(tmp_path / "plain.npz", val=np.arange(9))
    without(".gz", monkeypatch)
    assert inflate.read_npz(str(tmp_path / "plain.npz")).tolist() == list(range(9))
    with pytest.raises(ImportError, match=r"^\.npz files need the module zlib, "):
        inflate.read_npz(str(tmp_path / "packed.npz"))


def test_the_command_says_it_before_it_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text").write_text("a b c\n" * 20)
    without(".bz2", monkeypatch)
    monkeypatch.setattr(Word2Vec, "train", lambda *_args, **_named: pytest.fail("trained for nothing"))
    assert cli.main(["train", str(tmp_path / "text"), "--vectors", str(tmp_path / "out.bz2")])
    assert "error: .bz2 files need the module" in capsys.readouterr().err
    assert not (tmp_path / "out.bz2").exists()


def test_each_compression_that_is_told_has_a_module() -> None:
    assert set(magic.SUFFIXES.values()) == set(PACKERS)
