"""Bytes of text files in blocks that end between words."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from fastw2v.magic import HEAD, compression_of, damage_of
from fastw2v.paths import expand, is_remote, suffix
from fastw2v.text.kinds import BOM, HEAD_BYTES, check_plain_text
from fastw2v.utils import open as open_file

FilePath = str | os.PathLike[str]
BLOCK_BYTES = 1 << 20
"""Files are encoded in blocks of this size: they fit into the cache, and each takes a few ms."""

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
            f"{os.fspath(path)} is a folder: give PathLineSentences(folder), which reads all files in it"
        )
    with open_file(path, "rb") as handle, naming_damage(os.fspath(path), None if is_remote(path) else path):
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
        if path is not None and not _begins_compressed(path):
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
                head = bytes(block[: min(size, HEAD_BYTES)])
                check_plain_text(head, os.fspath(path), whole=size < len(buffer))
                if buffer.startswith(BOM):
                    size -= len(BOM)
                    block[:size] = block[len(BOM) : size + len(BOM)]
            if limit is not None:
                lines = buffer.count(b"\n", len(rest), size)
                if lines >= limit:
                    size = _end_of_line(buffer, limit)
                limit -= lines
            end = _after_space(buffer, size)
            rest = bytes(block[end:size])
            if end:
                yield block[:end]
    if rest:
        yield memoryview(rest)


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
                decode_line(line, number, os.fspath(path))
            raise
        yield text
        first_line += block.count(b"\n")
