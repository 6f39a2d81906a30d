"""text/kinds.py: what is no plain text is refused with what to do, and what is one is taken."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import few_vectors, saved, write

from fastw2v import BrownCorpus, LineSentence, PathLineSentences, Text8Corpus, Word2Vec
from fastw2v.text.kinds import check_plain_text

ROWS = [{"id": i, "tokens": ["the", "cat"]} for i in range(9)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


def array_file(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def zip_file() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", "the cat")
    return file.getvalue()


def vectors_file(binary: bool) -> bytes:
    file = io.BytesIO()
    few_vectors().save_word2vec_format(file, binary=binary)
    return file.getvalue()


# Name of the file, what is in it, and a part of what to do.
OTHERS: dict[str, tuple[str, bytes, str]] = {
    "json lines": ("a.jsonl", LINES.encode(), "JSON"),
    "json lines under another name": ("a.txt", LINES.encode(), "json.loads"),
    "json lines with a byte order mark": ("a.txt", b"\xef\xbb\xbf" + LINES.encode(), "JSON"),
    "one json line": ("a.txt", b'{"text": "the cat"}', "JSON"),
    "json lines of token lists": ("a.txt", b'["the", "cat"]\n["sat"]\n', "JSON"),
    "a json line that is longer than what is looked at": (
        "a.jsonl",
        b'{"text": "' + b"the cat " * 20_000,
        "JSON",
    ),
    "a json document": ("a.json", json.dumps(ROWS, indent=1).encode(), "JSON"),
    "a json document under another name": ("a", json.dumps(ROWS, indent=1).encode(), "JSON"),
    "a table with commas": ("a.csv", b'id,text\n1,the cat\n2,"a, cat"\n', "2 columns"),
    "a table with tabs": ("a.tsv", b"id\ttext\n1\tthe cat\n", "2 columns"),
    "a table with semicolons": ("A.CSV", b"id;text;label\n1;the cat;0\n", "3 columns"),
    "a table of long texts": (
        "a.csv",
        b"id,text\n" + b'1,"' + b"the cat\n" * 3000 + b'"\n2,"' + b"the cat\n" * 9000,
        "2 columns",
    ),
    "parquet": ("a.parquet", b"PAR1\x15\x04\x15", "Parquet"),
    "arrow": ("a", b"ARROW1\0\0\xff\xff", "Arrow"),
    "hdf5": ("a", b"\x89HDF\r\n\x1a\n", "HDF5"),
    "sqlite": ("a", b"SQLite format 3\0\x10", "SQLite"),
    "xlsx": ("a.xlsx", zip_file(), "zip archive"),
    "docx under another name": ("a.txt", zip_file(), "zip archive"),
    "an old Office document": ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "Office"),
    "rtf": ("a.rtf", b"{\\rtf1\\ansi the cat}", "rich text"),
    "pdf": ("a.pdf", b"%PDF-1.7\n%\xe2\xe3\n", "PDF"),
    "gzip": ("a.txt", gzip.compress(b"the cat"), "suffix .gz"),
    "bzip2": ("a.txt", bz2.compress(b"the cat"), "suffix .bz2"),
    "xz": ("a.txt", lzma.compress(b"the cat"), "suffix .xz"),
    "zstd": ("a.txt", b"\x28\xb5\x2f\xfd\x04\x58", "suffix .zst"),
    "lz4": ("a.txt", b"\x04\x22\x4d\x18\x64\x40", "lz4: unpack"),
    "zlib": ("a.txt", zlib.compress(b"the cat"), "zlib.*: unpack"),
    "compressed twice": ("a.txt.gz", gzip.compress(b"the cat"), "compressed twice"),
    "tar": ("a.tar", b"a.txt" + bytes(252) + b"ustar\x0000" + bytes(99), "tar archive: unpack"),
    "rar": ("a.txt", b"Rar!\x1a\x07\x01\0", "rar archive: unpack"),
    "a pointer of Git LFS": (
        "a.txt",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        "lfs pull",
    ),
    "npy": ("a.npy", array_file(np.arange(9)), "numpy.load"),
    "a pickle": ("a.pkl", pickle.dumps([["the", "cat"]]), "pickle"),
    "one of our files": ("a.fw2v", saved(few_vectors()).getvalue(), "KeyedVectors.load"),
    "vectors as text": ("a.txt", vectors_file(False), "load_word2vec_format"),
    "vectors in binary": ("a.bin", vectors_file(True), "binary=True"),
    "numbers in binary": ("a", np.arange(100).tobytes(), "zero bytes"),
    "UTF-16": ("a.txt", "the cat\n".encode("utf-16"), "UTF-16"),
    "UTF-16 without a mark": ("a.txt", "the cat\n".encode("utf-16-le"), "UTF-16LE"),
    "UTF-16, big end first": ("a.txt", "the cat\n".encode("utf-16-be"), "UTF-16BE"),
    "UTF-32": ("a.txt", "the cat\n".encode("utf-32"), "UTF-32"),
    "XML": ("a.xml", b'\n<?xml version="1.0"?><mediawiki>', "XML or HTML"),
    "HTML": ("a.html", b"<!DOCTYPE html>\n<html>", "XML or HTML"),
}

TEXTS: dict[str, tuple[str, bytes]] = {
    "empty": ("a.txt", b""),
    "white space": ("a.csv", b" \n\n"),
    "braces": ("a.txt", b"{ the cat }\n{ sat }\n"),
    "code": ("a.txt", b'{ }\n{ "a" }\n[ ]\n[ 1 ]\n'),
    "a line of json, then prose": ("a.txt", b'{"the": 1}\nthe cat sat\n'),
    "citations": ("a.txt", b"[1] the cat\n[2] a cat\n"),
    "numbers in brackets": ("a.txt", b"[1]\n[2]\n"),
    "a csv without delimiters": ("a.csv", b"the cat\na cat\n"),
    "prose in a csv": ("a.csv", b"the cat, the dog\na cat\na cat, or two, or three\n"),
    "a csv of one line": ("a.csv", b"the cat, the dog"),
    "commas in a txt": ("a.txt", b"the,cat\na,cat\n"),
    "a tsv without tabs": ("a.tsv", b"the cat\na cat\n"),
    "zero bytes in words": ("a.txt", b"the \0 cat\0\n" + b"sat " * 20),
    "node ids": ("a.txt", b"3 2\n3 2 1\n1 2 3\n"),
    "a count and a word": ("a.txt", b"3 2\nthe cat sat\n"),
    "markup of documents": ("a.txt", b'<doc id="1">\nthe cat\n</doc>\n'),
    "formulas": ("a.txt", b"x^2 + y^2 = z^2\nx^n"),
    "PAR2": ("a.txt", b"PAR 1\n"),
    "Latin-1 is another error": ("a.txt", b"caf\xe9\n"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_no_plain_text(kind: str) -> None:
    name, content, part = OTHERS[kind]
    with pytest.raises(ValueError, match=f"^{name} is no plain text: .*{part}"):
        check_plain_text(content, name, whole=True)


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("whole", [True, False])
def test_what_is_a_text(kind: str, whole: bool) -> None:
    name, content = TEXTS[kind]
    check_plain_text(content, name, whole=whole)


@pytest.mark.parametrize("kind", ["json lines", "parquet", "gzip", "one of our files", "UTF-16"])
@pytest.mark.trains_again
def test_every_way_in_refuses_it_and_names_the_file(kind: str, tmp_path: Path) -> None:
    name, content, part = OTHERS[kind]
    path = write(tmp_path / name, content)
    model = Word2Vec([["the", "cat"]], vector_size=4, min_count=1, workers=1)
    ways = (
        lambda: Word2Vec(corpus_file=path, min_count=1),
        lambda: model.build_vocab(corpus_file=path, update=True),
        lambda: model.train(corpus_file=path, total_words=9, epochs=1),
        lambda: Word2Vec(LineSentence(path)),
        lambda: Word2Vec(Text8Corpus(path)),
        lambda: Word2Vec(PathLineSentences(tmp_path), max_vocab_size=9),
        lambda: list(LineSentence(path)),
        lambda: list(Text8Corpus(path)),
        lambda: list(PathLineSentences(tmp_path)),
        lambda: list(BrownCorpus(tmp_path)),
    )
    before = model.syn0.copy()
    for way in ways:
        with pytest.raises(ValueError, match=f"{name} is no plain text: .*{part}"):
            way()
    np.testing.assert_array_equal(model.syn0, before)


def test_a_parquet_file_of_pyarrow(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "text"
    parquet.write_table(pyarrow.table({"tokens": [["the", "cat"]]}), path)
    with pytest.raises(ValueError, match="Parquet.*give the column that holds lists of words"):
        Word2Vec(corpus_file=path)


def test_a_compressed_table_is_known_by_the_name_before_that(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv.gz", b"id,text\n1,the cat\n")
    with pytest.raises(ValueError, match="2 columns"):
        list(LineSentence(path))


def test_damage_of_an_open_file_is_told_in_our_words() -> None:
    cut = gzip.compress(" ".join(map(str, range(99))).encode())[:90]
    with gzip.open(io.BytesIO(cut)) as file, pytest.raises(ValueError, match="is compressed, and cut short"):
        list(LineSentence(file))


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
@pytest.mark.parametrize("damage", ["plain", "cut"])
def test_damaged_compression_is_told_with_the_files_name(tmp_path: Path, suffix: str, damage: str) -> None:
    path = Path(write(tmp_path / f"text{suffix}", "the cat sat\n" * 99))
    path.write_bytes(b"the cat sat\n" if damage == "plain" else path.read_bytes()[:-9])
    says = (
        f"is not compressed, although .* without {suffix}" if damage == "plain" else "is compressed, and cut"
    )
    for reader in (LineSentence(path), Text8Corpus(path)):
        with pytest.raises(ValueError, match=f"text{suffix} {says}") as caught:
            list(reader)
        assert caught.value.__cause__ is None
