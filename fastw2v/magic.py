"""What a file is, by its first bytes, and what decompressors say of damaged data.

One table for all who read files; what to do with a file of another kind is for its reader to say.
"""

from __future__ import annotations

import codecs
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

HEAD = 512
"""Bytes that are looked at; the magic of a tar archive is the farthest."""

Group = Literal[
    "model", "compressed", "packed", "archive", "arrays", "table", "document", "wide", "text", "other"
]


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        name (str): in one word, such as "gzip".
        what (str): as an error says it: "a zip archive". Of a text in UTF-16 or UTF-32, the encoding.
        group (str): kinds for which there is the same to do. "compressed" is what `utils.open` reads,
            "packed" what it does not; "text" is characters that mean something else than a plain text.
    """

    name: str
    what: str
    group: Group

    def told(self, advice: Mapping[str, str]) -> str:
        """Return what it is, and what to do with it.

        Args:
            advice (mapping of str to str): what to do, by name or, where that is not in it, by group.

        Returns:
            str: such as "a zip archive: unpack it", or the first part of it.
        """
        found = advice.get(self.name) or advice.get(self.group)
        return f"{self.what}: {found}" if found else self.what


SUFFIXES = {"gzip": ".gz", "bzip2": ".bz2", "xz": ".xz", "zstd": ".zst"}
"""Of the files of each compression that is read."""

_UTF16 = Kind("utf-16", "UTF-16", "wide")
_UTF32 = Kind("utf-32", "UTF-32", "wide")

# The longer of those that begin alike come first. A word may begin like a magic of letters.
_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (re.escape(codecs.BOM_UTF32_LE), _UTF32),
    (re.escape(codecs.BOM_UTF32_BE), _UTF32),
    (re.escape(codecs.BOM_UTF16_LE), _UTF16),
    (re.escape(codecs.BOM_UTF16_BE), _UTF16),
    (rb'.{4}\0{4}\{"__metadata__":\{"kind":', Kind("fw2v", "a fastw2v file", "model")),
    (rb'.{5}\0{3}\{\s*"', Kind("safetensors", "a safetensors file", "arrays")),
    (
        rb"\x80[\x02-\x05]|ccopy_?reg\n_reconstructor",
        Kind("pickle", "a pickle, as gensim's save() writes", "model"),
    ),
    (rb"\x1f\x8b", Kind("gzip", "compressed by gzip", "compressed")),
    (rb"BZh[1-9](1AY&SY|\x17rE8P\x90)", Kind("bzip2", "compressed by bzip2", "compressed")),
    (rb"\xfd7zXZ\0", Kind("xz", "compressed by xz", "compressed")),
    (rb"\x28\xb5\x2f\xfd", Kind("zstd", "compressed by zstd", "compressed")),
    (rb"\x04\x22\x4d\x18", Kind("lz4", "compressed by lz4", "packed")),
    (rb"\x1f[\x9d\xa0]", Kind("compress", "compressed by compress", "packed")),
    (rb"\]\0\0[\0-\x80][\0-\x08]", Kind("lzma", "compressed by lzma", "packed")),
    (rb"x[\x01\x5e\x9c\xda]", Kind("zlib", "compressed by zlib, as joblib.dump writes", "packed")),
    (rb"PK\x03\x04.{26}[^\n]{0,80}\.npy", Kind("npz", "numpy's .npz", "arrays")),
    (rb"PK\x03\x04.{26}[^\n]{0,80}data\.pkl", Kind("torch", "a PyTorch file", "arrays")),
    (rb"PK[\x03\x05]", Kind("zip", "a zip archive", "archive")),
    (rb".{257}ustar(\0|  )", Kind("tar", "a tar archive", "archive")),
    (rb"7z\xbc\xaf\x27\x1c", Kind("7z", "a 7z archive", "archive")),
    (rb"Rar!\x1a", Kind("rar", "a rar archive", "archive")),
    (rb"\x93NUMPY", Kind("npy", "numpy's .npy", "arrays")),
    (rb"\x89HDF\r\n", Kind("hdf5", "an HDF5 file", "arrays")),
    (rb"\xba\x16\x4f\x2f", Kind("fasttext", "a model of fastText", "other")),
    (rb"PAR1[^\t\r\n -\x7e]", Kind("parquet", "a Parquet file", "table")),
    (rb"ARROW1\0", Kind("arrow", "an Arrow file", "table")),
    (rb"FEA1[^\t\r\n -\x7e]", Kind("feather", "a Feather file", "table")),
    (rb"SQLite format 3\0", Kind("sqlite", "a SQLite database", "table")),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind("office", "an Office document", "document")),
    (rb"%PDF-", Kind("pdf", "a PDF document", "document")),
    (rb"\{\\rtf", Kind("rtf", "a rich text document", "document")),
    (rb"\x89PNG\r\n|\xff\xd8\xff", Kind("image", "an image", "other")),
    (rb"\x7fELF", Kind("elf", "a program", "other")),
    (rb"version https://git-lfs", Kind("lfs", "a pointer of Git LFS, not the file", "other")),
    (
        rb"\s*<(\?xml[\s?]|(?i:!doctype\s|html[\s>]|mediawiki[\s>]))",
        Kind("markup", "a web page (XML or HTML)", "text"),
    ),
    (rb"\s*[\[{]\s*[\[{\"'\]}]", Kind("json", "JSON", "text")),
)


@functools.cache
def _kinds() -> tuple[tuple[re.Pattern[bytes], Kind], ...]:
    """Return the table, compiled when it is first needed: that takes 5 ms, and imports should not."""
    return tuple((re.compile(pattern, re.DOTALL), kind) for pattern, kind in _MAGIC)


def kind_of(head: bytes) -> Kind | None:
    """Return what a file is.

    Args:
        head (bytes): its first bytes, `HEAD` or all; a byte order mark of UTF-8 is left out.

    Returns:
        Kind or None: None if it is no kind that is known.
    """
    for magic, kind in _kinds():
        if magic.match(head) and not (kind.name == "zlib" and _is_utf8(head)):
            return kind
    return _unmarked(head)


def _unmarked(head: bytes) -> Kind | None:
    """Return the kind of a text in UTF-16 without a byte order mark: each second byte of most is zero."""
    nuls = head.count(0)
    for offset, encoding in ((0, "UTF-16BE"), (1, "UTF-16LE")):
        if head[offset::2].count(0) == nuls >= max(4, len(head) // 3):
            return Kind(encoding.lower(), encoding, "wide")
    return None


def _is_utf8(head: bytes) -> bool:
    """Return whether a file that begins so, and goes on, can be UTF-8."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def compression_of(head: bytes) -> str | None:
    """Return how a file is compressed.

    Args:
        head (bytes): its first bytes, 10 or more.

    Returns:
        str or None: a key of `SUFFIXES`; None if it is not, or by something that is not read.
    """
    kind = kind_of(head)
    return kind.name if kind is not None and kind.group == "compressed" else None


# By their names: what raises them is in modules that a Python may lack.
_DAMAGED = {"zlib.error", "gzip.BadGzipFile", "_lzma.LZMAError"}


def damage_of(error: BaseException) -> str | None:
    """Return what an error says of compressed data.

    Args:
        error (exception): raised while the data was read.

    Returns:
        str or None: "cut short", "damaged", or that it takes too much memory; None if the error is not of a
            decompressor.
    """
    if isinstance(error, EOFError):
        return "cut short"
    name = f"{type(error).__module__}.{type(error).__name__}"
    if name == "_lzma.LZMAError" and "Memory usage" in str(error):
        return "made with a larger dictionary than that of `xz -9`, 64 MB"
    if name in _DAMAGED or type(error).__name__ == "ZstdError":
        return "damaged"
    # Errors of the system have a number.
    of_file = type(error) is OSError and error.errno is None
    return "damaged" if of_file else None
