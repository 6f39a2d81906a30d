"""Paths and open files as streams of bytes: decompressed, and named for what they hold.

The first bytes of a file say whether it is compressed and what it is; its name does not. What a decompressor
or an open file has to say of damage becomes an error with the file's name.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import lzma
import os
import re
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from gzip import BadGzipFile
from typing import IO, Any

from fastw2v import paths, utils
from fastw2v.formats.atomic import StrPath
from fastw2v.formats.errors import FormatError, TruncatedError, WordEncodingError

HEAD = 512  # bytes that are looked at; the magic of a tar archive is the farthest
_CHUNK = 1 << 18  # bytes that are fetched at a time

_COMPRESSED = (
    (re.compile(rb"\x1f\x8b\x08"), ".gz"),
    (re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"), ".bz2"),
    (re.compile(rb"\xfd7zXZ\0"), ".xz"),
    (re.compile(rb"\x28\xb5\x2f\xfd"), ".zst"),
)

_LOAD = "load it with KeyedVectors.load(path), or a whole model with Word2Vec.load(path)"

# What a file is, and what to do; DOTALL, because bytes are not lines.
_KINDS = tuple(
    (re.compile(pattern, re.DOTALL), meaning)
    for pattern, meaning in (
        (rb'.{4}\0{4}\{"__metadata__":\{"kind":', f"a fastw2v file: {_LOAD}"),
        (
            rb'.{4}\0{4}\{\s*"',
            "a safetensors file: read it with safetensors and give KeyedVectors the arrays",
        ),
        (rb"\x80[\x02-\x05]|ccopy_?reg\n", f"a pickle, as gensim's save() writes: {_LOAD}"),
        (rb"PK\x03\x04.{26}[^\n]{0,80}\.npy", "numpy's .npz: read it with numpy.load and use add_vectors"),
        (
            rb"PK\x03\x04.{26}[^\n]{0,80}data\.pkl",
            "a PyTorch file: read it with torch.load and use add_vectors",
        ),
        (rb"PK[\x03\x05]", "a zip archive: unpack it, and give the file that was in it"),
        (rb".{257}ustar", "a tar archive: unpack it, and give the file that was in it"),
        (rb"7z\xbc\xaf\x27\x1c|Rar!\x1a", "an archive: unpack it, and give the file that was in it"),
        (rb"\x93NUMPY", "numpy's .npy: read it with numpy.load and use add_vectors"),
        (rb"\x89HDF\r\n", "an HDF5 file: read it with h5py or pandas and use add_vectors"),
        (rb"PAR1[^ \t]", "a Parquet file: read it with pandas or polars and use add_vectors"),
        (rb"ARROW1\0|FEA1[^ \t]", "an Arrow file: read it with pyarrow and use add_vectors"),
        (rb"SQLite format 3\0", "a SQLite database: read it with sqlite3 and use add_vectors"),
        (rb"\xba\x16\x4f\x2f", "a model of fastText: give its .vec file, or load it with gensim's FastText"),
        (rb"%PDF-", "a PDF"),
        (rb"version https://git-lfs", "a pointer of Git LFS, not the file: fetch it with git lfs pull"),
        (
            rb"\s*<(!doctype|!DOCTYPE|html|HTML|\?xml)",
            "a web page or XML: was it downloaded from the right place?",
        ),
        (rb"\s*[\[{]\s*[\[{\"']", "JSON: read it with json.load and use add_vectors"),
        (rb"\xff\xfe|\xfe\xff|\0\0\xfe\xff", "text in UTF-16 or UTF-32: give encoding='utf-16' or 'utf-32'"),
        (rb"(\d\0)+ \0\d\0", "text in UTF-16: give encoding='utf-16-le'"),
        (rb"(\0\d)+\0 \0\d", "text in UTF-16: give encoding='utf-16-be'"),
    )
)


@dataclass
class Stream:
    """A file that is open for reading.

    Attributes:
        file (buffered binary file): its content, decompressed, without a byte order mark of UTF-8.
        name (str): of the file, for errors.
        head (bytes): the first bytes of the content; they are still to be read from `file`.
        size (int or None): bytes of the content, None where that is unknown.
    """

    file: IO[bytes]
    name: str
    head: bytes
    size: int | None


@contextlib.contextmanager
def open_stream(
    source: StrPath | IO[bytes], encoding: str = "utf8", errors: str = "strict"
) -> Iterator[Stream]:
    """Open what a caller gave for reading.

    Args:
        source (path or binary file): what to read; an open file is read from where it stands, and left open.
        encoding (str): of the text. UTF-16 and others whose spaces and digits are not those of ASCII are
            turned into UTF-8.
        errors (str): what to do with bytes that are not text in such an encoding, as for `bytes.decode`.

    Yields:
        Stream: the open file.

    Raises:
        TypeError: `source` is neither a path nor a file that is open in binary.
        FormatError: it is compressed twice.
        ImportError: it is compressed with zstd, and Python has none.
        OSError: the file cannot be opened.
    """
    if isinstance(source, str | os.PathLike):
        name = paths.expand(source)
        with paths.open_stream(name) if paths.is_remote(name) else open(name, "rb") as file:
            yield _stream_of(file, name, encoding, errors)
    elif hasattr(source, "read"):
        yield _stream_of(source, str(getattr(source, "name", "<file>")), encoding, errors)
    else:
        raise TypeError(f"expected a path or an open binary file, got {source!r}")


def _stream_of(file: Any, name: str, encoding: str, errors: str) -> Stream:
    head, file = _peek(file, name)
    if suffix := _compression(head):
        head, file = _peek(utils.compression(suffix).open(file, "rb"), name)
        if suffix := _compression(head):
            raise FormatError(
                f"{name}: it is compressed twice: unpack it, and give the {suffix} file that was in it"
            )
    elif _belies_its_name(name, head):
        raise FormatError(f"{name}: it is not what its name says, or damaged: get or write the file anew")
    if not _has_ascii_digits(encoding):
        head, file = _peek(_Recoded(file, name, encoding, errors), name)
    size = _plain_size(file)
    if head.startswith(codecs.BOM_UTF8):
        file.read(len(codecs.BOM_UTF8))
        head = head[len(codecs.BOM_UTF8) :]
        size = None if size is None else size - len(codecs.BOM_UTF8)
    return Stream(file, name, head, size)


def _peek(file: Any, name: str) -> tuple[bytes, IO[bytes]]:
    """Return the first bytes, and a buffered file from which they are still to be read."""
    if isinstance(file, io.BufferedReader) and file.seekable():
        head = file.read(HEAD)
        file.seek(-len(head), io.SEEK_CUR)
        return head, file
    raw = _Fetched(file, name)
    head = b""
    while len(head) < HEAD and (more := raw.fetch(HEAD - len(head))):
        head += more
    raw.rest = head
    return head, io.BufferedReader(raw, _CHUNK)


def _plain_size(file: IO[bytes]) -> int | None:
    try:
        status = os.fstat(file.fileno())
    except OSError:
        return None
    return status.st_size - file.tell() if stat.S_ISREG(status.st_mode) else None


def _compression(head: bytes) -> str | None:
    return next((suffix for magic, suffix in _COMPRESSED if magic.match(head)), None)


def _belies_its_name(name: str, head: bytes) -> bool:
    """Return whether a name tells of compression, but the file begins as no other file either."""
    named = name.lower().endswith(tuple(suffix for _, suffix in _COMPRESSED))
    return named and not head[:1].isdigit() and b"\0" in head and name_kind(head) is None


class _Fetched(io.RawIOBase):
    """Whatever has `read(size)`, such as a decompressor or the body of an HTTP answer, as a raw file."""

    def __init__(self, file: Any, name: str) -> None:
        self.file, self.name = file, name
        self.rest = b""  # has been fetched, but not yet read

    def readable(self) -> bool:
        return True

    def fetch(self, size: int) -> bytes:
        """Return some more bytes, b"" at the end."""
        try:
            data = self.file.read(size)
        except Exception as error:
            if isinstance(error, FormatError) or not _is_of_decompressor(error):
                raise
            state = "cut short" if isinstance(error, EOFError) else "damaged"
            raise TruncatedError(
                f"{self.name}: the compressed data is {state}: get or write the file anew"
            ) from None
        if isinstance(data, str):
            raise TypeError(
                f"{self.name} is open as text: open it in binary, with open(path, 'rb'), or give "
                "io.BytesIO(text.encode())"
            )
        return bytes(data or b"")

    def readinto(self, buffer: Any) -> int:
        if not self.rest:
            self.rest = self.fetch(len(buffer))
        part, self.rest = self.rest[: len(buffer)], self.rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


def _is_of_decompressor(error: Exception) -> bool:
    """Return whether it says that compressed data is damaged; errors of the system have a number."""
    if isinstance(error, EOFError | zlib.error | lzma.LZMAError) or type(error).__name__ == "ZstdError":
        return True
    return type(error) in (OSError, BadGzipFile) and getattr(error, "errno", None) is None


class _Recoded:
    """A text in another encoding, read as UTF-8."""

    def __init__(self, file: IO[bytes], name: str, encoding: str, errors: str) -> None:
        self.file, self.name = file, name
        self.decoder = codecs.getincrementaldecoder(encoding)(errors)

    def read(self, size: int) -> bytes:
        while data := self.file.read(max(size, 4)):
            if text := self.decode(data):
                return text
        return self.decode(b"")

    def decode(self, data: bytes) -> bytes:
        try:
            return self.decoder.decode(data, final=not data).encode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            reason = (
                f"{error.reason}, in {self.name}: give unicode_errors='replace' or 'ignore', or another "
                "encoding"
            )
            raise WordEncodingError(error.encoding, error.object, error.start, error.end, reason) from None


def _has_ascii_digits(encoding: str) -> bool:
    return " 1\n".encode(encoding).endswith(b" 1\n")


def words_encoding(encoding: str, errors: str) -> tuple[str, str]:
    """Return encoding and errors of the words in a stream.

    Args:
        encoding (str): of the file, as for `open_stream`.
        errors (str): what to do with bytes that are not text, as for `open_stream`.

    Returns:
        tuple of str: what to give `bytes.decode`.

    Raises:
        LookupError: there is no such encoding.
    """
    if not _has_ascii_digits(encoding):
        return "utf-8", "surrogatepass"
    return ("utf-8" if codecs.lookup(encoding).name == "utf-8-sig" else encoding), errors


def name_kind(head: bytes) -> str | None:
    """Return what a file is, and what to do with it.

    Args:
        head (bytes): its first bytes, `HEAD` or all.

    Returns:
        str or None: such as "numpy's .npy: read it with …"; None if it is no kind that is known.
    """
    return next((meaning for magic, meaning in _KINDS if magic.match(head)), None)


def seekable(source: StrPath | IO[bytes]) -> StrPath | IO[bytes]:
    """Return a path or an open file that can be rewound and read into arrays.

    Args:
        source (path or binary file): what a caller gave.

    Returns:
        path or binary file: the same; or, of a file that cannot be rewound, its content in memory.

    Raises:
        TypeError: the file is open as text.
    """
    if isinstance(source, str | os.PathLike) or not hasattr(source, "read"):
        return source
    if isinstance(source.read(0), str):
        raise TypeError(
            f"{getattr(source, 'name', '<file>')} is open as text: open it in binary, with mode 'rb'"
        )
    try:
        source.seek(source.tell())
    except (AttributeError, OSError):
        return io.BytesIO(source.read())
    return source if hasattr(source, "readinto") else io.BytesIO(source.read())
