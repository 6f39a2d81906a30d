"""magic.py: what a file is by its first bytes, and what decompressors say."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib

import pytest

from fastw2v import magic

RAW = b"the cat sat on the mat\n" * 200


@pytest.mark.parametrize(
    "head, name",
    [
        (gzip.compress(RAW, mtime=0), "gzip"),
        (bz2.compress(RAW), "bzip2"),
        (bz2.compress(b""), "bzip2"),
        (lzma.compress(RAW), "xz"),
        (lzma.compress(RAW, format=lzma.FORMAT_ALONE), "lzma"),
        *((zlib.compress(RAW, level), "zlib") for level in (1, 3, 6, 9)),
        ("a b".encode("utf-16"), "utf-16"),
        ("a b".encode("utf-32"), "utf-32"),
        ("a b c".encode("utf-16-be"), "utf-16be"),
        (b"\x89PNG\r\n\x1a\n", "image"),
    ],
)
def test_kinds(head: bytes, name: str) -> None:
    kind = magic.kind_of(head[: magic.HEAD])
    assert kind is not None and kind.name == name
    assert magic.compression_of(head) == (name if name in magic.SUFFIXES else None)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        RAW,
        b"x^2 + y",
        "x^é".encode() * 400,
        b"PAR1 0.5 1",
        b"PAR1S",
        b"FEA1x",
        b"ccopy_reg\nx",
        b"BZh9 1 2",
        b"{ a }",
    ],
)
def test_texts_are_no_kind(head: bytes) -> None:
    assert magic.kind_of(head[: magic.HEAD]) is None


def test_damage_is_told_from_errors_of_the_system() -> None:
    assert magic.damage_of(EOFError()) == "cut short"
    for error in (zlib.error(), lzma.LZMAError(), gzip.BadGzipFile("x"), OSError("Invalid data stream")):
        assert magic.damage_of(error) == "damaged"
    for other in (OSError(5, "Input/output error"), ConnectionResetError(), ValueError(), KeyError()):
        assert magic.damage_of(other) is None
