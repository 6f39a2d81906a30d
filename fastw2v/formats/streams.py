"""Paths and open files as streams of bytes: decompressed, and named for what they hold.

The first bytes of a file say whether it is compressed and what it is; its name does not. What a decompressor
or an open file has to say of damage becomes an error with the file's name.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import itertools
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from fastw2v import magic, paths, utils
from fastw2v.formats.atomic import StrPath
from fastw2v.formats.errors import FormatError, TruncatedError, WordEncodingError
from fastw2v.text.once import kind_of_once

_CHUNK = 1 << 18  # bytes that are fetched at a time

_LOAD = "load it with KeyedVectors.load(path), or a whole model with Word2Vec.load(path)"

# What to do with a file of another kind, by its name or its group.
_ADVICE = {
    "model": _LOAD,
    "safetensors": "read it with safetensors and give KeyedVectors the arrays",
    "npz": "read it with numpy.load and use add_vectors",
    "npy": "read it with numpy.load and use add_vectors",
    "torch": "read it with torch.load and use add_vectors",
    "hdf5": "read it with h5py or pandas and use add_vectors",
    "sqlite": "read it with sqlite3 and use add_vectors",
    "table": "read it with pandas, polars or pyarrow and use add_vectors",
    "compressed": "unpack it",
    "packed": "unpack it",
    "archive": "unpack it, and give the file that was in it",
    "fasttext": "give its .vec file, or load it with gensim's FastText",
    "lfs": "fetch it with git lfs pull",
    "markup": "was it downloaded from the right place?",
    "json": "read it with json.load and use add_vectors",
}


@dataclass
class Stream:
    """A file that is open for reading.

    Attributes:
        file (buffered binary file): its content, decompressed, without a byte order mark of UTF-8.
        name (str): of the file, for errors.
        head (bytes): the first bytes of the content; they are still to be read from `file`.
        size (int or None): bytes of the content, None where that is unknown.
        marked (bool): whether it began with a byte order mark of UTF-8.
    """

    file: IO[bytes]
    name: str
    head: bytes
    size: int | None
    marked: bool

    def lines(self, longest: int, file: Any = None) -> Iterator[Any]:
        """Yield the lines of the content, each with its line end.

        A line of a plain file may be as long as the file; what is compressed may hold far more than its size.

        Args:
            longest (int): bytes of a line, where the size of the content is unknown.
            file (text file or None): what reads the content as text; None reads bytes.

        Yields:
            bytes, or str of a text file: a line.

        Raises:
            FormatError: a line is longer.
        """
        file, most = file or self.file, max(longest, self.size or 0)
        for number in itertools.count(1):
            line = file.readline(most + 1)
            if len(line) > most:
                raise FormatError(
                    f"{self.name}, line {number}: longer than {most:,} bytes, as in files that are made to "
                    "fill the memory: if it is right, unpack the file first"
                )
            if not line:
                return
            yield line


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
        ImportError: it is compressed, and this Python lacks the module for that.
        OSError: the file cannot be opened.
    """
    if isinstance(source, str | os.PathLike):
        name = paths.expand(source)
        with paths.open_stream(name) if paths.is_remote(name) else open(name, "rb") as file:
            yield _stream_of(file, name, encoding, errors)
    elif hasattr(source, "read"):
        yield _stream_of(source, paths.name_of(source), encoding, errors)
    else:
        raise TypeError(f"expected a path or an open binary file, got {source!r}")


def _stream_of(file: Any, name: str, encoding: str, errors: str) -> Stream:
    head, file = _peek(file, name)
    if packed := magic.compression_of(head):
        head, file = _peek(utils.compression(magic.SUFFIXES[packed]).open(file, "rb"), name)
        if packed := magic.compression_of(head):
            raise FormatError(
                f"{name}: it is compressed twice: unpack it, and give the {magic.SUFFIXES[packed]} file that "
                "was in it"
            )
    elif _belies_its_name(name, head):
        raise FormatError(f"{name}: it is not what its name says, or damaged: get or write the file anew")
    if not _has_ascii_digits(encoding):
        head, file = _peek(_Recoded(file, name, encoding, errors), name)
    size = _plain_size(file)
    marked = head.startswith(codecs.BOM_UTF8)
    if marked:
        file.read(len(codecs.BOM_UTF8))
        head = head[len(codecs.BOM_UTF8) :]
        size = None if size is None else size - len(codecs.BOM_UTF8)
    return Stream(file, name, head, size, marked)


def _peek(file: Any, name: str) -> tuple[bytes, IO[bytes]]:
    """Return the first bytes, and a buffered file from which they are still to be read."""
    if type(file) is io.BufferedReader and file.seekable():  # one that unpacks has errors of its own
        head = file.read(magic.HEAD)
        file.seek(-len(head), io.SEEK_CUR)
        return head, file
    raw = _Fetched(file, name)
    head = b""
    while len(head) < magic.HEAD and (more := raw.fetch(magic.HEAD - len(head))):
        head += more
    raw.rest = head
    return head, io.BufferedReader(raw, _CHUNK)


def _plain_size(file: IO[bytes]) -> int | None:
    try:
        status = os.fstat(file.fileno())
    except OSError:
        return None
    return status.st_size - file.tell() if stat.S_ISREG(status.st_mode) else None


def _belies_its_name(name: str, head: bytes) -> bool:
    """Return whether a name tells of compression, but the file begins as no other file either."""
    named = name.lower().endswith(tuple(magic.SUFFIXES.values()))
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
            state = magic.damage_of(error)
            if isinstance(error, FormatError) or state is None:
                raise
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
        except UnicodeError as error:  # it has no byte order mark
            raise FormatError(f"{self.name}: {error}: give another encoding") from None


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
        head (bytes): its first bytes, `magic.HEAD` or all.

    Returns:
        str or None: such as "numpy's .npy: read it with …"; None if it is no kind that is known.
    """
    kind = magic.kind_of(head)
    if kind is None:
        return None
    if kind.group == "wide":
        return f"text in {kind.what}: give encoding={codecs.lookup(kind.what).name!r}"
    return kind.told(_ADVICE)


def seekable(source: StrPath | IO[bytes]) -> StrPath | IO[bytes]:
    """Return a path or an open file that can be rewound and read into arrays.

    Args:
        source (path or binary file): what a caller gave.

    Returns:
        path or binary file: the same; or, of a pipe or a file that cannot be rewound, its content in memory.

    Raises:
        TypeError: the file is open as text.
        OSError: a pipe cannot be read.
    """
    if isinstance(source, str | os.PathLike):
        if kind_of_once(source) != "a pipe":
            return source
        with open(paths.expand(source), "rb") as pipe:
            return _in_memory(pipe, paths.name_of(source))
    if not hasattr(source, "read"):
        return source
    if isinstance(source.read(0), str):
        raise TypeError(f"{paths.name_of(source)} is open as text: open it in binary, with mode 'rb'")
    try:
        source.seek(source.tell())
    except (AttributeError, OSError):
        return _in_memory(source, paths.name_of(source))
    return source if hasattr(source, "readinto") else _in_memory(source, paths.name_of(source))


def _in_memory(source: IO[bytes], name: str) -> IO[bytes]:
    """Return the rest of a file, under its name."""
    content: Any = io.BytesIO(source.read())
    content.name = name
    return content  # type: ignore[no-any-return]
