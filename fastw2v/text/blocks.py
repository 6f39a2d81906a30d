"""Bytes of text files in blocks that end between words."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from fastw2v.magic import HEAD, compression_of, damage_of
from fastw2v.paths import expand, is_remote, name_of, suffix
from fastw2v.text.kinds import BOM, HEAD_BYTES, check_plain_text
from fastw2v.text.once import kind_of_once
from fastw2v.utils import open as open_file

FilePath = str | os.PathLike[str]

_LINE_ENDS = ("\n", b"\n")
_SPACE_OF_TEXT = re.compile(r"\s")
SPACE = re.compile(
    b"|".join(re.escape(chr(point).encode()) for point in range(0x3001) if chr(point).isspace())
)
"""White space of Unicode in UTF-8."""

BLOCK_BYTES = 1 << 20
"""Files are encoded in blocks of this size: they fit into the cache, and each takes a few ms."""

MOST_WORD = 1 << 21
"""Bytes without white space that may be a word: far above any real one, as many as in files of vectors."""

NEAR_END = 256
"""White space is looked for among so many last bytes of a block first: in most texts it is there."""


def cut_lengths(lengths: npt.NDArray[np.int64], length: int | None) -> npt.NDArray[np.int64]:
    """Return the lengths (sentences,) that sentences have once they are cut into slices of `length` words."""
    lengths = lengths[lengths > 0]
    if length is None:
        return lengths
    slices = -(-lengths // length)
    cut = np.full(slices.sum(), length, dtype=np.int64)
    cut[np.cumsum(slices) - 1] = lengths - (slices - 1) * length
    return cut


@dataclass(frozen=True)
class TextFiles:
    """Files that the compiled encoder reads as bytes, with the settings of their reader."""

    paths: tuple[FilePath, ...]
    max_sentence_length: int | None = None
    limit: int | None = None
    by_line: bool = True


@contextmanager
def open_text(path: FilePath) -> Iterator[IO[bytes]]:
    """Open a text file to read its bytes, decompressed; errors in reading it name it.

    Raises:
        IsADirectoryError: it is a folder.
        ValueError: it is compressed, and damaged or cut short.
    """
    if os.path.isdir(expand(path)):
        raise IsADirectoryError(
            f"{name_of(path)} is a folder: give PathLineSentences(folder), which reads all files in it"
        )
    with open_file(path, "rb") as handle, naming_damage(name_of(path), None if is_remote(path) else path):
        yield handle


@contextmanager
def naming_damage(name: object, path: FilePath | None = None) -> Iterator[None]:
    """Make errors of a decompressor one that names the file; `path` is where it can be looked at again."""
    try:
        yield
    except Exception as error:
        state = damage_of(error)
        if state is None:
            raise
        if path is not None and kind_of_once(path) is None and not _begins_compressed(path):
            raise ValueError(
                f"{name} is not compressed, although its name says so: name it without {suffix(path)} if it "
                "is plain text, or get it anew"
            ) from None
        raise ValueError(f"{name} is compressed, and {state}: get or write the file anew") from None


def _begins_compressed(path: FilePath) -> bool:
    with open(expand(path), "rb") as file:
        return compression_of(file.read(HEAD)) is not None


def text_blocks(
    path: FilePath,
    limit: int | None = None,
    spare: list[bytearray] | None = None,
    block_bytes: int = BLOCK_BYTES,
) -> Iterator[memoryview]:
    """Yield the bytes of a text file in blocks that end after white space, so that no word is split.

    Only the first `limit` lines are read, `block_bytes` at a time. The memory of a block is a bytearray, its
    `obj`. A caller that has finished with it may append it to `spare`, to be used again: fresh memory costs a
    page fault and zeroing for each page. What is no plain text is a ValueError; a byte order mark is
    left out.
    """
    rest = b""
    begun = False
    offset = 0  # bytes before the block
    handle: Any
    with open_text(path) as handle:
        while limit is None or limit > 0:
            buffer = spare.pop() if spare else bytearray(block_bytes)
            if len(buffer) < 2 * len(rest):  # a word that is longer than a block
                buffer = bytearray(4 * len(rest))
            buffer[: len(rest)] = rest
            block = memoryview(buffer)
            size = len(rest) + handle.readinto(block[len(rest) :])
            if size == len(rest):
                break
            if not begun:
                begun = True
                offset = _begin(buffer, size, name_of(path))
                size -= offset
            if limit is not None:
                lines = buffer.count(b"\n", len(rest), size)
                if lines >= limit:
                    size = _end_of_line(buffer, limit)
                limit -= lines
            end = _after_space(buffer, size)
            if size - end > MOST_WORD and (end := _after_any_space(buffer, size)) < size - MOST_WORD:
                raise ValueError(explain_long_word(name_of(path), _line_at(path, offset + end), offset + end))
            rest = bytes(block[end:size])
            offset += end
            if end:
                yield block[:end]
    if rest:
        yield memoryview(rest)


def _begin(buffer: bytearray, size: int, name: str) -> int:
    """Check that the first bytes are of a plain text; drop a byte order mark, and return its length."""
    check_plain_text(bytes(memoryview(buffer)[: min(size, HEAD_BYTES)]), name, whole=size < len(buffer))
    if not buffer.startswith(BOM):
        return 0
    buffer[: size - len(BOM)] = buffer[len(BOM) : size]
    return len(BOM)


def _end_of_line(text: bytearray, number: int) -> int:
    """Return where line `number`, counted from 1, ends."""
    end = 0
    for _ in range(number):
        end = text.index(b"\n", end) + 1
    return end


def _after_space(text: bytearray, size: int) -> int:
    """Return where the last ASCII white space among the first `size` bytes ends; 0 if there is none."""
    near = max(0, size - NEAR_END)
    for start, end in ((near, size), (0, near)):
        last = max(text.rfind(space, start, end) for space in (b"\n", b" ", b"\t", b"\r"))
        if last >= 0:
            return last + 1
    return 0


def _after_any_space(text: bytearray, size: int) -> int:
    """Return where the last white space of Unicode among the first `size` bytes ends; 0 if there is none."""
    near = max(0, size - MOST_WORD)
    last = max((found.end() for found in SPACE.finditer(text, near, size)), default=0)
    return last or max((found.end() for found in SPACE.finditer(text, 0, near)), default=0)


def _line_at(path: FilePath, offset: int) -> int | None:
    """Return the number of the line, from 1, at an offset in a text; None if it cannot be read again."""
    if kind_of_once(path) is not None:
        return None
    line = 1
    with open_text(path) as handle:
        while offset and (piece := handle.read(min(offset, BLOCK_BYTES))):
            line += piece.count(b"\n")
            offset -= len(piece)
    return line


def explain_long_word(name: str, line: int | None, offset: int) -> str:
    """Return what to say of a word that is too long, in a line counted from 1."""
    where = "" if line is None else f"line {line}, "
    return (
        f"{name}, {where}byte {offset:,}: more than {MOST_WORD:,} bytes without white space, which are no "
        "word: words are separated by white space; split the text into words first"
    )


def lines_of(handle: Any, name: str) -> Iterator[Any]:
    """Yield the lines of an open file of text or bytes; ValueError for a word that is too long."""
    if not hasattr(handle, "readline"):
        yield from handle
        return
    offset, number = 0, 1
    text = handle.readline(MOST_WORD)
    while text:
        if len(text) >= MOST_WORD and text[-1:] not in _LINE_ENDS:
            text = _whole_line(handle, text, name, number, offset)
        yield text
        number += 1
        offset += len(text)
        text = handle.readline(MOST_WORD)


def _whole_line(handle: Any, text: Any, name: str, number: int, offset: int) -> Any:
    """Return a line that begins so, at an offset; ValueError if a part of it has no white space."""
    space = SPACE if isinstance(text, bytes) else _SPACE_OF_TEXT
    parts = [text]
    while len(parts[-1]) >= MOST_WORD and parts[-1][-1:] not in _LINE_ENDS:
        if not space.search(parts[-1]):
            before = text[:0].join(parts[-2:-1])
            word = max((found.end() for found in space.finditer(before)), default=0)
            begin = offset + sum(map(len, parts[:-1])) - len(before) + word
            raise ValueError(explain_long_word(name, number, begin))
        parts.append(handle.readline(MOST_WORD))
    return text[:0].join(parts)


def decode_line(line: bytes, number: int, name: object) -> str:
    """Return a line as str; the UnicodeDecodeError, if it is not UTF-8, names the line and the file."""
    try:
        return line.decode("utf8")
    except UnicodeDecodeError as error:
        error.reason += f" (line {number} of {name}: text must be UTF-8)"
        raise


def decoded_blocks(path: FilePath, limit: int | None = None, block_bytes: int = BLOCK_BYTES) -> Iterator[str]:
    """Yield `text_blocks` as str; a UnicodeDecodeError names the line and the file."""
    first_line = 1
    for block in map(bytes, text_blocks(path, limit, block_bytes=block_bytes)):
        try:
            text = block.decode("utf8")
        except UnicodeDecodeError:
            for number, line in enumerate(block.split(b"\n"), first_line):
                decode_line(line, number, name_of(path))
            raise
        yield text
        first_line += block.count(b"\n")
