r"""The formats of the original word2vec program: vectors as text or as binary.

    text:    "V D\n", then per word: "word 0.1 -0.2 ...\n"
    binary:  "V D\n", then per word: "word ", D little-endian float32; word2vec.c adds "\n", gensim does not

GloVe's text files are the same without the first line. Files ending in .gz, .bz2, .xz or .zst are compressed.
Memory is allocated for what the file can hold, not for what its header claims.

A word may contain anything but a newline, and in binary no space, because the first space ends the word.
"""

from __future__ import annotations

import contextlib
import io
import logging
import lzma
import os
import stat
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any, Literal, NoReturn

import numpy as np
import numpy.typing as npt

import fastw2v.formats._decimals as _decimals
from fastw2v import paths, utils
from fastw2v.checks import at_least, one_of
from fastw2v.formats.atomic import StrPath, atomic_path
from fastw2v.formats.errors import FormatError, TruncatedError, WordEncodingError
from fastw2v.formats.parts import Vectors

logger = logging.getLogger("fastw2v.formats.word2vec")

Array = npt.NDArray[Any]
BadValues = Literal["raise", "drop", "keep"]

MAX_DIMENSION = 1 << 16
MAX_WORD = 1 << 16  # bytes
_MAX_HEADER = 200  # bytes
_MAX_NUMBER = 64  # bytes of a number in text, with its space
_TEXT_OF_NUMBERS = b"0123456789 +-.eE\n"
_SURELY_TEXT = 16  # bytes of a binary vector that are all in _TEXT_OF_NUMBERS: too many for chance
_MAX_DIGITS = 18  # of a count; so many always fit into 64 bits
_CHUNK = 1 << 18  # bytes read at a time; small, so that they are still in the cache when they are converted
_NUMBERS_PER_BLOCK = 1 << 16  # converted at a time


# --- reading ---


def read(
    source: StrPath | IO[bytes],
    *,
    fvocab: StrPath | None = None,
    binary: bool = False,
    encoding: str = "utf8",
    unicode_errors: str = "strict",
    limit: int | None = None,
    datatype: npt.DTypeLike = np.float32,
    no_header: bool = False,
    on_bad_values: BadValues = "raise",
) -> Vectors:
    """Read words and their vectors.

    If a word occurs more than once, its first row is kept and the log has a warning.

    Args:
        source (path or binary file): what to read; decompressed if a path ends in .gz, .bz2, .xz or .zst.
        fvocab (path or None): a file of counts, as `write_counts` writes it; None reads no counts.
        binary (bool): whether the file is binary; False reads text.
        encoding (str): of the words.
        unicode_errors (str): what to do with bytes that are not text, as in `bytes.decode`; "strict" raises.
        limit (int or None): how many rows to read at most; None or 0 reads all.
        datatype (dtype): of the vectors that are returned.
        no_header (bool): whether the text starts with the first word, as GloVe's does.
        on_bad_values (str): what to do with rows of NaN, infinity or numbers too large for `datatype`:
            "raise", "drop" or "keep".

    Returns:
        Vectors: V words, their vectors (V, D), and with `fvocab` a column `count` int64 (V,), 0 for words
            that it lacks.

    Raises:
        FormatError: a line or row is wrong; the error says which, and what was expected.
        TruncatedError: the file ends too early, or its compressed data is damaged. Also an EOFError.
        WordEncodingError: a word cannot be decoded. Also a UnicodeDecodeError.
        NotImplementedError: `no_header` with `binary`.
        ImportError: the file is .zst, and Python has no zstd.
        TypeError: `source` is neither a path nor an open file.
        ValueError: `limit` is negative, or `on_bad_values` is none of the above.
        OSError: the file cannot be opened or read.
    """
    if binary and no_header:
        raise NotImplementedError("no_header=True only works for text: a binary file must say its dimension")
    at_least("limit", limit, 0)
    one_of("on_bad_values", on_bad_values, ("raise", "drop", "keep"))
    counts_by_word = None if fvocab is None else _read_counts(fvocab, encoding, unicode_errors)
    with _open_source(source) as (file, name, size), _damage_is_truncation(name):
        reader = _Reader(
            file, name, size, np.dtype(datatype), on_bad_values, limit or None, encoding, unicode_errors
        )
        reader.read_binary() if binary else reader.read_text(no_header)
    words, vectors = _keep_first_rows(reader.words, reader.vectors, name)
    if counts_by_word is None:
        return Vectors(words, vectors, {})
    return Vectors(words, vectors, {"count": _look_up_counts(words, counts_by_word, os.fspath(fvocab or ""))})


@contextlib.contextmanager
def _damage_is_truncation(name: str) -> Iterator[None]:
    """Turn the errors of a decompressor into a TruncatedError."""
    try:
        yield
    except FormatError:
        raise
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        if getattr(error, "errno", None) is not None:  # the system's, not a decompressor's
            raise
        raise TruncatedError(f"{name}: the compressed data is cut short or damaged: {error}") from error


@contextlib.contextmanager
def _open_source(source: StrPath | IO[bytes]) -> Iterator[tuple[IO[bytes], str, int | None]]:
    """Yield the file, its name, and the size of its content in bytes, or None where that is unknown."""
    if isinstance(source, str | os.PathLike):
        with utils.open(source, "rb") as file:
            yield file, os.fspath(source), _plain_size(file)
    elif hasattr(source, "read"):
        yield source, str(getattr(source, "name", "<file>")), _plain_size(source)
    else:
        raise TypeError(f"expected a path or an open binary file, got {source!r}")


def _plain_size(file: IO[bytes]) -> int | None:
    if not isinstance(file, io.BufferedReader):  # a decompressor
        return None
    try:
        status = os.fstat(file.fileno())
    except OSError:
        return None
    return status.st_size - file.tell() if stat.S_ISREG(status.st_mode) else None


class _Reader:
    """Reads the rows of one file into `words` and `vectors` (V, D)."""

    def __init__(
        self,
        file: IO[bytes],
        name: str,
        size: int | None,
        dtype: np.dtype[Any],
        on_bad_values: BadValues,
        limit: int | None,
        encoding: str,
        unicode_errors: str,
    ) -> None:
        self.file, self.name, self.size = file, name, size
        self.dtype, self.on_bad_values, self.limit = dtype, on_bad_values, limit
        self.encoding, self.unicode_errors = encoding, unicode_errors
        self.narrow = dtype.itemsize < 8
        self.words: list[str] = []
        self.vectors: Array = np.empty((0, 0), dtype=dtype)
        self.place = "row"  # what error messages number: rows or lines
        self.number = 1  # of the next row or line
        self.rows_read = 0
        self.rows_dropped = 0

    def fail(self, number: int, what: str) -> NoReturn:
        raise FormatError(f"{self.name}, {self.place} {number}: {what}")

    def fail_short(self, rows: int, where: str = "") -> NoReturn:
        raise TruncatedError(
            f"{self.name}: expected {rows:,} rows, but the file ends in row {self.rows_read + 1:,}{where}: "
            "is the count wrong or the file cut short?"
        )

    def read_text(self, no_header: bool) -> None:
        """Read all lines; without a header, blank lines are skipped."""
        self.place = "line"
        first = b""
        rows: int | None
        if no_header:
            first = self.file.readline(MAX_WORD + _MAX_NUMBER * MAX_DIMENSION)
            dimension = len(first.rstrip().split(b" ")) - 1
            if not 1 <= dimension <= MAX_DIMENSION:
                found = _show(first) if first else "an empty file"
                self.fail(1, f"expected 'word number …', found {found}")
            rows = self.limit
            self.allocate(0, dimension)
        else:
            rows, dimension = self.read_header(bytes_per_number=2)
            self.number = 2
        values = np.empty((max(1, _NUMBERS_PER_BLOCK // dimension), dimension))
        for block in self.blocks_of_lines(first, longest=MAX_WORD + _MAX_NUMBER * dimension):
            position = 0
            while position < len(block) and self.rows_read != rows:
                room = values if rows is None else values[: rows - self.rows_read]
                words, position = _decimals.parse_rows(block, position, room, self.narrow)
                self.append(words, room[: len(words)])
                if len(words) == len(room) or position == len(block):
                    continue
                line_end = block.index(b"\n", position)
                line, position = block[position:line_end], line_end + 1
                if no_header and not line.strip():
                    self.number += 1
                else:
                    self.append([self.parse_spaced(line, room[:1])], room[:1])
            if self.rows_read == self.limit:
                break
            if self.rows_read == rows and block[position:].strip():
                self.warn_of_more()
                break
        if rows is not None and self.rows_read < rows and not no_header:
            self.fail_short(rows)
        self.finish()

    def read_header(self, bytes_per_number: int) -> tuple[int, int]:
        """Return how many rows to read and their dimension, and make room for them."""
        header = self.file.readline(_MAX_HEADER)
        fields = header.split()
        if len(fields) != 2 or not header.endswith(b"\n") or not all(map(_is_count, fields)):
            hint = ": give no_header=True if the file has no header"
            found = _show(header) + hint if header else "an empty file"
            self.fail(1, f"expected 'rows dimension', found {found}")
        rows, dimension = map(int, fields)
        if not 1 <= dimension <= MAX_DIMENSION:
            self.fail(1, f"the vectors have {dimension:,} numbers, expected 1 to {MAX_DIMENSION:,}")
        wanted = rows if self.limit is None else min(rows, self.limit)
        if self.size is not None:
            # A row takes at least a separator after an empty word; a number of text a space and a digit.
            possible = (self.size - len(header) + 1) // (1 + bytes_per_number * dimension)
            if wanted > possible:
                raise TruncatedError(
                    f"{self.name}: the header claims {rows:,} rows of {dimension:,} numbers; "
                    f"a file of {self.size:,} bytes can hold at most {possible:,}"
                )
        self.allocate(wanted, dimension)
        return wanted, dimension

    def blocks_of_lines(self, rest: bytes, longest: int) -> Iterator[bytes]:
        """Yield the remaining lines, many whole ones at a time; `rest` has been read and precedes them."""
        while chunk := self.file.read(_CHUNK):
            cut = chunk.rfind(b"\n") + 1
            if cut:
                yield rest + chunk[:cut]
                rest = chunk[cut:]
            else:
                rest += chunk
            if len(rest) > longest:
                self.fail(self.number, f"the line is longer than {longest:,} bytes: is this really text?")
        if rest:
            if not rest.endswith(b"\n"):
                logger.warning("%s: the last line has no line end, the file may be cut short", self.name)
                rest += b"\n"
            yield rest

    def parse_spaced(self, line: bytes, values: Array) -> bytes:
        """Return the word of a line that has more spaces than numbers; the numbers go to `values` (1, D)."""
        dimension = values.shape[1]
        word, *fields = line.rstrip().rsplit(b" ", dimension)
        if len(fields) == dimension and b" " in word and _is_word(word):
            found, _ = _decimals.parse_rows(line[len(word) :] + b"\n", 0, values, self.narrow)
            if found:
                return word
        fields = line.rstrip().split(b" ")
        wrong = [field for field in reversed(fields[1:]) if not _is_number(field)]
        if wrong and len(fields) > dimension:
            self.fail(self.number, f"{wrong[0][:40]!r} is not a number")
        there = f"a word and {len(fields) - 1}" if any(fields) else "an empty line"
        self.fail(self.number, f"expected a word and {dimension} numbers, found {there}")

    def read_binary(self) -> None:
        """Read all rows."""
        rows, dimension = self.read_header(bytes_per_number=4)
        vector_size = 4 * dimension
        vectors = np.empty((max(1, _NUMBERS_PER_BLOCK // dimension), dimension), dtype="<f4")
        block = b""
        position = before = 0  # bytes, in the block and in the blocks before it
        while self.rows_read < rows:
            room = vectors[: rows - self.rows_read]
            if self.dtype == room.dtype:  # no conversion: read straight to where they belong
                room = self.next_rows(len(room))
            words, position = _decimals.split_rows(block, position, room.view(np.uint8), MAX_WORD)
            if not words:  # the block is used up
                if len(block) - position > MAX_WORD and b" " not in block[position : position + MAX_WORD + 1]:
                    self.fail(self.number, f"no word ends within {MAX_WORD:,} bytes: is this really binary?")
                before += position
                more = self.file.read(max(_CHUNK, 4 * vector_size))
                if not more:
                    self.fail_short(rows, f", {before:,} bytes after the header")
                block, position = block[position:] + more, 0
                continue
            if vector_size >= _SURELY_TEXT and not room[0].tobytes().strip(_TEXT_OF_NUMBERS):
                self.fail(self.number, "this looks like text: read it with binary=False")
            self.append(words, room[: len(words)])
        if self.limit is None and (block[position:].strip() or self.file.read(_CHUNK).strip()):
            self.warn_of_more()
        self.finish()

    def warn_of_more(self) -> None:
        logger.warning("%s: the header says %d rows, but more follows them", self.name, self.rows_read)

    def allocate(self, rows: int, dimension: int) -> None:
        # The header has been compared with the size of the file. Where that is unknown, the matrix grows.
        self.vectors = np.empty((rows if self.size is not None else 0, dimension), dtype=self.dtype)

    def next_rows(self, count: int) -> Array:
        """Return the part of `vectors` where the next `count` rows of the file belong."""
        start, end = len(self.words), len(self.words) + count
        if end > len(self.vectors):
            self.vectors.resize((max(end, 2 * len(self.vectors)), self.vectors.shape[1]), refcheck=False)
        return self.vectors[start:end]

    def append(self, words: list[bytes], values: Array) -> None:
        """Add the next rows of the file; `values` may be what `next_rows` returned."""
        block = self.next_rows(len(words))
        if not np.may_share_memory(values, block):
            with np.errstate(over="ignore"):
                block[:] = values
        numbers: Sequence[int] = range(self.number, self.number + len(words))
        self.number += len(words)
        self.rows_read += len(words)
        if self.on_bad_values != "keep" and not _all_finite(block):
            finite = np.isfinite(block).all(axis=1)
            if self.on_bad_values == "raise":
                self.fail(
                    numbers[int(np.argmin(finite))],
                    f"NaN, infinity or a number too large for {self.dtype}: give on_bad_values='drop' or "
                    "'keep' to read such files",
                )
            kept = np.flatnonzero(finite).tolist()
            self.rows_dropped += len(words) - len(kept)
            words, numbers = [words[i] for i in kept], [numbers[i] for i in kept]
            block[: len(kept)] = block[kept]
        try:
            self.words += [word.decode(self.encoding, self.unicode_errors) for word in words]
        except UnicodeDecodeError:
            self.fail_decoding(words, numbers)

    def fail_decoding(self, words: list[bytes], numbers: Sequence[int]) -> None:
        for word, number in zip(words, numbers, strict=True):
            try:
                word.decode(self.encoding, self.unicode_errors)
            except UnicodeDecodeError as error:
                reason = (
                    f"{error.reason}, in the word of {self.place} {number} of {self.name}: give "
                    "unicode_errors='replace', 'ignore' or (to keep the bytes) 'surrogateescape'"
                )
                raise WordEncodingError(error.encoding, word, error.start, error.end, reason) from None

    def finish(self) -> None:
        self.vectors.resize((len(self.words), self.vectors.shape[1]), refcheck=False)
        if self.rows_dropped:
            logger.warning("%s: dropped %d rows with NaN or infinity", self.name, self.rows_dropped)


def _all_finite(block: Array) -> bool:
    # If the sum of squares is finite, so are all numbers; BLAS computes it in a quarter of the time.
    if block.dtype.char in "fd" and np.isfinite(np.vdot(block, block)):
        return True
    return bool(np.isfinite(block).all())


def _is_count(field: bytes) -> bool:
    return field.isdigit() and len(field) <= _MAX_DIGITS


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field


def _is_word(word: bytes) -> bool:
    """Return whether this is a word, perhaps with spaces, and not a word followed by surplus numbers."""
    if b" " not in word:
        return True
    pieces = word.split(b" ")
    return all(pieces) and not _is_number(pieces[-1])


def _show(line: bytes) -> str:
    return f"{line[:60]!r}" if line.strip() else "an empty line"


def _keep_first_rows(words: list[str], vectors: Array, name: str) -> tuple[list[str], Array]:
    """Keep the first row of every word."""
    if len(set(words)) == len(words):
        return words, vectors
    first: dict[str, int] = {}
    for row, word in enumerate(words):
        first.setdefault(word, row)
    repeated = [word for row, word in enumerate(words) if first[word] != row]
    logger.warning(
        "%s: ignored %d rows of duplicate words, keeping the first of each: %s",
        name,
        len(repeated),
        ", ".join(map(repr, repeated[:5])) + (", …" if len(repeated) > 5 else ""),
    )
    return list(first), vectors[list(first.values())]


def _read_counts(path: StrPath, encoding: str, errors: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    with utils.open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            fields = line.decode(encoding, errors).strip().rsplit(maxsplit=1)
            if len(fields) != 2 or not fields[1].isdecimal() or len(fields[1]) > _MAX_DIGITS:
                raise FormatError(
                    f"{os.fspath(path)}, line {number}: expected 'word count', found {_show(line)}"
                )
            counts[fields[0]] = int(fields[1])
    return counts


def _look_up_counts(words: list[str], counts: dict[str, int], name: str) -> npt.NDArray[np.int64]:
    missing = [word for word in words if word not in counts]
    if missing:
        logger.warning("%s has no count for %d words, 0 is taken: %s …", name, len(missing), missing[:5])
    return np.array([counts.get(word, 0) for word in words], dtype=np.int64)


# --- writing ---


def write(
    target: StrPath | IO[bytes],
    words: Vectors,
    *,
    binary: bool = False,
    order: Iterable[int] | None = None,
    total_vec: int | None = None,
    write_header: bool = True,
    prefix: str = "",
    append: bool = False,
) -> None:
    """Write words and their vectors.

    Text has the shortest decimals that read back to the same numbers: float32 as numpy 2.4 prints them, other
    types as the installed numpy does. Words are written as UTF-8.

    Args:
        target (path or binary file): where to write; compressed if a path ends in .gz, .bz2, .xz or .zst.
        words (Vectors): the words and their vectors (V, D); columns are not written.
        binary (bool): whether to write binary, float32; False writes text.
        order (iterable of int or None): the rows to write, in this order; None writes all, in their order.
        total_vec (int or None): number of rows that the header says; None says how many are written.
        write_header (bool): whether to write the first line, "V D".
        prefix (str): what to write before every word.
        append (bool): whether to add to an existing file; if that fails it is cut back to its old length.
            False replaces it when the new one is complete.

    Raises:
        TypeError: `target` is neither a path nor an open file.
        ValueError: a word holds white space that would end it when it is read back.
        UnicodeEncodeError: a word holds surrogates that are not from `unicode_errors="surrogateescape"`.
        ImportError: the file is .zst, and Python has no zstd.
        OSError: the file cannot be written.
    """
    keys, vectors = words.keys, words.vectors
    rows = np.arange(len(keys)) if order is None else np.fromiter(order, dtype=np.intp)
    _check_words(keys, binary)
    write_block = _binary_block if binary else _text_block
    block_size = max(1, _NUMBERS_PER_BLOCK // max(1, vectors.shape[1]))
    with _open_target(target, append) as file:
        if write_header:
            file.write(f"{len(rows) if total_vec is None else total_vec} {vectors.shape[1]}\n".encode())
        for start in range(0, len(rows), block_size):
            block = rows[start : start + block_size]
            names = [f"{prefix}{keys[row]}".encode("utf8", "surrogateescape") for row in block.tolist()]
            file.write(write_block(names, vectors[block]))


def write_counts(
    target: StrPath | IO[bytes],
    words: Sequence[Any],
    counts: Sequence[Any] | Array,
    *,
    prefix: str = "",
    append: bool = False,
) -> None:
    """Write the counts of words, a line "word count" for each: what `read` takes as `fvocab`.

    Args:
        target (path or binary file): where to write; compressed if a path ends in .gz, .bz2, .xz or .zst.
        words (sequence): V words.
        counts (sequence of int): V counts.
        prefix (str): what to write before every word.
        append (bool): whether to add to an existing file; if that fails it is cut back to its old length.
            False replaces it when the new one is complete.

    Raises:
        TypeError: `target` is neither a path nor an open file.
        ValueError: there are not as many counts as words.
        UnicodeEncodeError: as for `write`.
        ImportError: the file is .zst, and Python has no zstd.
        OSError: the file cannot be written.
    """
    with _open_target(target, append) as file:
        for word, count in zip(words, counts, strict=True):
            file.write(f"{prefix}{word} {count}\n".encode("utf8", "surrogateescape"))


def _check_words(words: Iterable[Any], binary: bool) -> None:
    with_spaces = 0
    for word in map(str, words):
        if " " in word or "\n" in word:
            if binary or "\n" in word or not _is_word(word.encode("utf8", "replace")):
                raise ValueError(
                    f"{word!r} could not be read back from word2vec {'binary' if binary else 'text'}, where "
                    "white space ends a word: rename it, or use save()"
                )
            with_spaces += 1
    if with_spaces:
        logger.warning("%d words hold spaces: not every program can read them back", with_spaces)


def _text_block(names: list[bytes], vectors: Array) -> bytes:
    if vectors.dtype == np.float32:
        return _decimals.print_rows(names, vectors)
    # A cast to "U" prints each number as str() does, without a Python object for it.
    rows = vectors.astype("U32").tolist()
    return b"".join(name + f" {' '.join(row)}\n".encode() for name, row in zip(names, rows, strict=True))


def _binary_block(names: list[bytes], vectors: Array) -> bytes:
    with np.errstate(over="ignore"):
        rows = vectors.astype("<f4")
    return b"".join(name + b" " + row.tobytes() for name, row in zip(names, rows, strict=True))


@contextlib.contextmanager
def _open_target(target: StrPath | IO[bytes], append: bool) -> Iterator[IO[bytes]]:
    if not isinstance(target, str | os.PathLike):
        if not hasattr(target, "write"):
            raise TypeError(f"expected a path or an open binary file, got {target!r}")
        yield target
        return
    target = paths.expand(target)
    if append and paths.is_remote(target):
        raise ValueError(f"append=True cannot add to {target}: write a file of this machine, and send it")
    if append and os.path.isfile(target):
        size = os.path.getsize(target)
        try:
            with utils.open(target, "ab") as file:
                yield file
        except BaseException:
            os.truncate(target, size)
            raise
    else:
        with atomic_path(target) as temporary, utils.open(temporary, "wb") as file:
            yield file
