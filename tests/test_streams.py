"""What a caller gives to read: a path or an open file, compressed or not, or a file of another kind."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fastw2v import KeyedVectors, Word2Vec, utils
from fastw2v.formats.errors import FormatError, TruncatedError, WordEncodingError
from fastw2v.formats.streams import name_kind, open_stream, seekable

TEXT = "2 3\nthé 0.5 1 2\n中国 1 2 3\n"
RAW = TEXT.encode()


def zstd(raw: bytes) -> bytes:
    try:
        compressed: bytes = utils.compression(".zst").compress(raw)
    except ImportError:
        pytest.skip("this Python has no zstd")
    return compressed


COMPRESS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstd}
COMPRESSED = pytest.mark.parametrize("suffix, compress", COMPRESS.items(), ids=list(COMPRESS))


class Body:
    """What urllib, S3 and the like hand out: it can be read, not rewound, and comes in pieces."""

    def __init__(self, raw: bytes, piece: int = 1000) -> None:
        self.rest, self.piece = io.BytesIO(raw), piece

    def read(self, size: int = -1) -> bytes:
        return self.rest.read(min(size, self.piece) if size >= 0 else -1)


def few_vectors() -> KeyedVectors:
    kv = KeyedVectors(3)
    kv.add_vectors(["a", "b"], np.arange(6, dtype=np.float32).reshape(2, 3))
    return kv


def saved(what: Any) -> bytes:
    buffer = io.BytesIO()
    what.save(buffer)
    return buffer.getvalue()


def content(source: Any, **options: Any) -> bytes:
    with open_stream(source, **options) as stream:
        raw = stream.file.read()
    assert raw.startswith(stream.head) and (stream.size is None or stream.size == len(raw))
    return raw


# --- content ---


@COMPRESSED
@pytest.mark.parametrize("given", ["path", "file", "bytes", "body", "slow body"])
def test_compression_is_told_by_the_first_bytes(
    tmp_path: Path, suffix: str, compress: Callable[[bytes], bytes], given: str
) -> None:
    for name in ("vectors", f"vectors{suffix}", "vectors.gz", "vectors.txt"):
        for raw, expected in ((compress(RAW), RAW), (RAW, RAW), (b"", b""), (compress(b""), b"")):
            path = tmp_path / name
            path.write_bytes(raw)
            with open(path, "rb") as file:
                source: Any = {
                    "path": path,
                    "file": file,
                    "bytes": io.BytesIO(raw),
                    "body": Body(raw),
                    "slow body": Body(raw, 1),
                }[given]
                assert content(source) == expected


def test_a_file_is_read_from_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(b"before" + RAW)
    with open(tmp_path / "v", "rb") as file:
        file.seek(6)
        assert content(file) == RAW
        assert not file.closed


def test_many_members_of_gzip() -> None:
    assert content(io.BytesIO(gzip.compress(RAW[:10]) + gzip.compress(RAW[10:]))) == RAW


def test_compressed_twice() -> None:
    with pytest.raises(FormatError, match=r"compressed twice: unpack it, and give the \.xz file"):
        content(io.BytesIO(gzip.compress(lzma.compress(RAW))))


@pytest.mark.parametrize("encoding", ["utf8", "utf-8", "utf-8-sig", "latin-1"])
def test_byte_order_mark_of_utf8(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "v").write_bytes(b"\xef\xbb\xbf" + RAW)
    for source in (
        tmp_path / "v",
        io.BytesIO(gzip.compress(b"\xef\xbb\xbf" + RAW)),
        Body(b"\xef\xbb\xbf" + RAW),
    ):
        assert content(source, encoding=encoding) == RAW


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp037"])
def test_encodings_without_ascii_digits_become_utf8(encoding: str) -> None:
    text = TEXT if encoding != "cp037" else "2 3\nthé 0.5 1 2\n"
    raw = text.encode(encoding)
    assert content(Body(raw, 3), encoding=encoding) == content(Body(raw), encoding=encoding) == text.encode()


def test_a_damaged_text_in_such_an_encoding_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "v"
    path.write_bytes(TEXT.encode("utf-16")[:-1])
    with pytest.raises(WordEncodingError, match=f"in {path}"):
        content(path, encoding="utf-16")
    assert content(path, encoding="utf-16", errors="ignore").decode() == TEXT[:-1]


# --- damage ---


@COMPRESSED
def test_damaged_compression_is_said_in_our_words(
    tmp_path: Path, suffix: str, compress: Callable[[bytes], bytes]
) -> None:
    """Cut anywhere, or with any byte changed; what no checksum covers may be read."""
    path = tmp_path / f"vectors{suffix}"
    raw = b"9 50\n" + b"".join(b"w%d" % i + b" 0.25" * 50 + b"\n" for i in range(9))
    whole = compress(raw)
    damaged = [whole[:length] for length in range(1, len(whole))]
    damaged += [whole[:i] + bytes([whole[i] ^ 255]) + whole[i + 1 :] for i in range(len(whole))]
    refused = 0
    for data in damaged:
        path.write_bytes(data)
        try:
            KeyedVectors.load_word2vec_format(path)
        except FormatError as error:
            refused += 1
            assert str(path) in str(error)
            for foreign in (
                "end-of-stream",
                "CRC",
                "Error -",
                "Invalid data stream",
                "Corrupt input",
                "Unable to",
            ):
                assert foreign not in str(error)
            assert error.__cause__ is None
    assert refused > len(whole)


@COMPRESSED
def test_cut_compression_is_an_eof_error(suffix: str, compress: Callable[[bytes], bytes]) -> None:
    for length in (30, -1):
        with pytest.raises(TruncatedError, match="the open file: the compressed data is cut short"):
            content(io.BytesIO(compress(RAW)[:length]))


def test_damage_that_a_reader_of_the_caller_finds() -> None:
    with gzip.open(io.BytesIO(gzip.compress(RAW)[:-3])) as file, pytest.raises(TruncatedError):
        content(file)


def test_errors_of_the_system_pass() -> None:
    class Broken:
        def read(self, size: int) -> bytes:
            raise ConnectionResetError(104, "Connection reset by peer")

    with pytest.raises(ConnectionResetError):
        content(Broken())


# --- files of another kind ---


def archived(kind: str) -> bytes:
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("vectors.txt", RAW)
    else:
        with tarfile.open(fileobj=buffer, mode="w:gz" if kind == "tgz" else "w") as tar:
            entry = tarfile.TarInfo("vectors.txt")
            entry.size = len(RAW)
            tar.addfile(entry, io.BytesIO(RAW))
    return buffer.getvalue()


def by_numpy(write: Callable[..., None]) -> bytes:
    buffer = io.BytesIO()
    write(buffer, np.ones((2, 2)))
    return buffer.getvalue()


OTHERS: dict[str, tuple[Callable[[], bytes], str]] = {
    "vectors of ours": (lambda: saved(few_vectors()), r"KeyedVectors\.load\("),
    "a model of ours": (
        lambda: saved(Word2Vec([["a", "b"]] * 9, vector_size=3, min_count=1, workers=1)),
        r"Word2Vec\.load\(",
    ),
    "safetensors": (lambda: b'\x40\0\0\0\0\0\0\0{"a":{"dtype":"F32"', "safetensors"),
    "pickle": (lambda: pickle.dumps({"a": [1.0]}, protocol=4), r"pickle.*KeyedVectors\.load\("),
    "pickle of protocol 0": (lambda: b"ccopy_reg\n_reconstructor\np0\n", "pickle"),
    "zip": (lambda: archived("zip"), "zip archive: unpack"),
    "tar": (lambda: archived("tar"), "tar archive: unpack"),
    "tar.gz": (lambda: archived("tgz"), "tar archive: unpack"),
    "npy": (lambda: by_numpy(np.save), r"\.npy: read it with numpy\.load"),
    "npz": (lambda: by_numpy(np.savez), r"\.npz: read it with numpy\.load"),
    "HDF5": (lambda: b"\x89HDF\r\n\x1a\n" + bytes(99), "HDF5"),
    "Parquet": (lambda: b"PAR1\x15\x04" + bytes(99), "Parquet"),
    "Arrow": (lambda: b"ARROW1\0\0" + bytes(99), "Arrow"),
    "JSON object": (lambda: json.dumps({"a": [1, 2]}).encode(), "JSON"),
    "JSON list": (lambda: json.dumps([["a", 1]], indent=1).encode(), "JSON"),
    "web page": (lambda: b"<!DOCTYPE html>\n<html><body>404", "web page"),
    "Git LFS": (lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    "fastText": (lambda: b"\xba\x16\x4f\x2f\x0c\0\0\0" + bytes(99), r"fastText.*\.vec"),
    "UTF-16": (lambda: TEXT.encode("utf-16"), "encoding='utf-16'"),
    "UTF-16 without a mark": (lambda: TEXT.encode("utf-16-le"), "encoding='utf-16-le'"),
    "UTF-16, big end first": (lambda: TEXT.encode("utf-16-be"), "encoding='utf-16-be'"),
}


@pytest.mark.parametrize("make, says", OTHERS.values(), ids=OTHERS.keys())
@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_other_kinds_are_named(tmp_path: Path, make: Callable[[], bytes], says: str, binary: bool) -> None:
    path = tmp_path / "vectors"
    raw = make()
    for data in (raw,) if raw.startswith(b"\x1f\x8b") else (raw, gzip.compress(raw)):
        path.write_bytes(data)
        with pytest.raises(FormatError, match=says) as caught:
            KeyedVectors.load_word2vec_format(path, binary=binary)
        assert str(path) in str(caught.value) and "no_header" not in str(caught.value)


@pytest.mark.parametrize("head", [RAW, b"[ 0.5 1\n", b"{ 0.5 1\n", b"PKw 1 2\n", b"", b"the cat"])
def test_what_is_no_other_kind(head: bytes) -> None:
    assert name_kind(head) is None


def test_words_of_vectors_without_a_header_are_not_taken_for_json() -> None:
    raw = b'{" 0.5 1\n[[ 1 2\n'
    assert KeyedVectors.load_word2vec_format(io.BytesIO(raw), no_header=True).index_to_key == ['{"', "[["]


# --- open files ---


def test_a_file_that_is_open_as_text(tmp_path: Path) -> None:
    path = tmp_path / "v"
    path.write_bytes(RAW)
    with open(path, encoding="utf8") as file:
        for source in (file, io.StringIO(TEXT)):
            for read in (KeyedVectors.load_word2vec_format, KeyedVectors.load, Word2Vec.load):
                with pytest.raises(TypeError, match=r"is open as text: open it in binary, with .*'rb'"):
                    read(source)


def test_neither_a_path_nor_a_file() -> None:
    with pytest.raises(TypeError, match="expected a path or an open binary file, got 5"):
        content(5)


def test_a_model_comes_from_a_stream_that_cannot_be_rewound(tmp_path: Path) -> None:
    model = Word2Vec([["a", "b"]] * 9, vector_size=3, min_count=1, workers=1)
    read = Word2Vec.load(Body(saved(model)))  # type: ignore[arg-type]
    np.testing.assert_array_equal(read.wv.vectors, model.wv.vectors)
    kv = KeyedVectors.load(Body(saved(few_vectors())))  # type: ignore[arg-type]
    np.testing.assert_array_equal(kv.vectors, few_vectors().vectors)


def test_vectors_come_from_a_stream_that_cannot_be_rewound() -> None:
    buffer = io.BytesIO()
    few_vectors().save_word2vec_format(buffer, binary=True)
    for raw in (buffer.getvalue(), gzip.compress(buffer.getvalue())):
        kv = KeyedVectors.load_word2vec_format(Body(raw, 7), binary=True)  # type: ignore[arg-type]
        np.testing.assert_array_equal(kv.vectors, few_vectors().vectors)


def test_files_that_can_be_rewound_are_not_copied(tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(RAW)
    with open(tmp_path / "v", "rb") as file:
        assert seekable(file) is file
    assert seekable(tmp_path / "v") == tmp_path / "v"
    assert seekable(5) == 5  # type: ignore[arg-type]  # refused by who reads it
