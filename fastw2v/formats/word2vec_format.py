r"""The formats of the original word2vec program: vectors as text or as binary.

    text:    "V D\n", then per word: "word 0.1 -0.2 ...\n"
    binary:  "V D\n", then per word: "word ", D little-endian float32; word2vec.c adds "\n", gensim does not

GloVe's text files are the same without the first line. Text may have tabs instead of spaces, and may begin
with a byte order mark. Memory is allocated for what the file can hold, not for what its header claims, and
where the file is compressed or a stream, for what has come.

A text is refused if its last line has no line end: it may have been cut within its last number, which still
looks like one. `allow_truncated=True` accepts it, and a file with fewer rows than its header says.

A word may contain anything but a newline, and in binary no space, because the first space ends the word.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import IO, Any, Literal, NoReturn

import numpy as np
import numpy.typing as npt

import fastw2v.formats._decimals as _decimals
from fastw2v import paths
from fastw2v.checks import one_of, whole
from fastw2v.formats.atomic import StrPath, atomic_writer, open_for
from fastw2v.formats.errors import FormatError, TruncatedError, WordEncodingError
from fastw2v.formats.parts import Vectors
from fastw2v.formats.streams import Stream, name_kind, open_stream, words_encoding
from fastw2v.memory import require_memory
from fastw2v.warn import warn_user

logger = logging.getLogger("fastw2v.formats.word2vec")

Array = npt.NDArray[Any]
BadValues = Literal["raise", "drop", "keep"]
BadWords = Literal["raise", "skip", "replace"]

MAX_WORD = 1 << 21  # bytes, so that a small compressed file cannot fill the memory with one word
MAX_DIMENSION = 1 << 20  # where the size of the file does not say what it can hold
_MAX_HEADER = 200  # bytes
_MAX_NUMBER = 32  # bytes of a number in text, with its space, where there are very many
_EXPLAINED = 1 << 20  # bytes of a line that is looked at, number by number, to say what is wrong with it
_ACCEPT = "give allow_truncated=True"
_TEXT_OF_NUMBERS = b"0123456789 +-.eE\r\n\t"
_SURELY_TEXT = 16  # bytes of a binary vector that are all in _TEXT_OF_NUMBERS: too many for chance
_NOT_IN_TEXT = rb"[\0-\x08\x0e-\x1f]"
_BLANK_LINES = re.compile(rb"\s*\n")
_COUNT_LINE = rb"(?s:(.*)[ \t]([0-9]{1,18})\s*)"
_MAX_DIGITS = 18  # of a count; so many always fit into 64 bits
_CHUNK = 1 << 18  # bytes read at a time; small, so that they are still in the cache when they are converted
_NUMBERS_PER_BLOCK = 1 << 16  # converted at a time


# --- reading ---


def read(
    source: StrPath | IO[bytes],
    *,
    fvocab: StrPath | IO[bytes] | None = None,
    binary: bool = False,
    encoding: str = "utf8",
    unicode_errors: str = "strict",
    limit: int | None = None,
    datatype: npt.DTypeLike = np.float32,
    no_header: bool = False,
    on_bad_values: BadValues = "raise",
    allow_truncated: bool = False,
) -> Vectors:
    """Read words and their vectors.

    If a word occurs more than once, its first row is kept and the log has a warning.

    Args:
        source (path or binary file): what to read; gzip, bzip2, xz and zstd are decompressed, whatever its
            name.
        fvocab (path, binary file, or None): a file of counts, as `write` writes it; None reads no counts.
        binary (bool): whether the file is binary; False reads text.
        encoding (str): of the words. A byte order mark of UTF-8 is left out, whatever is given.
        unicode_errors (str): what to do with bytes that are not text, as in `bytes.decode`; "strict" raises.
        limit (int or None): how many rows to read at most; None or 0 reads all.
        datatype (dtype): of the vectors that are returned.
        no_header (bool): whether the text starts with the first word, as GloVe's does.
        on_bad_values (str): what to do with rows of NaN, infinity or numbers too large for `datatype`:
            "raise", "drop" or "keep".
        allow_truncated (bool): whether to read what there is of a file, or of `fvocab`, that may have been
            cut short, with a warning: its last line has no line end, its last row is not whole, or it has
            fewer rows than its header says.

    Returns:
        Vectors: V words, their vectors (V, D), and with `fvocab` a column `count` int64 (V,), 0 for words
            that it lacks.

    Raises:
        FormatError: a line or row is wrong, or the file is of another kind; the error says which, and what
            to do.
        TruncatedError: the file ends too early, or may do so, or its compressed data is damaged. Also an
            EOFError.
        WordEncodingError: a word cannot be decoded. Also a UnicodeDecodeError.
        NotImplementedError: `no_header` with `binary`.
        ImportError: it is compressed, and this Python lacks the module for that.
        LookupError: there is no such `encoding`.
        TypeError: `source` is neither a path nor a file that is open in binary, or `limit` is not a whole
            number.
        ValueError: `limit` is negative, `datatype` is not one of floats, or `on_bad_values` is none of the
            above.
        OSError: the file cannot be opened or read.
    """
    counts_by_word = (
        None if fvocab is None else _read_counts(fvocab, encoding, unicode_errors, allow_truncated)
    )
    reader = _read_rows(
        source,
        binary=binary,
        encoding=encoding,
        unicode_errors=unicode_errors,
        limit=limit,
        datatype=datatype,
        no_header=no_header,
        on_bad_values=on_bad_values,
        allow_truncated=allow_truncated,
    )
    words, vectors = _keep_first_rows(reader.words, reader.vectors, reader.name)
    if counts_by_word is None:
        return Vectors(words, vectors, {})
    return Vectors(words, vectors, {"count": _look_up_counts(words, counts_by_word, paths.name_of(fvocab))})


def read_wanted(
    source: StrPath | IO[bytes],
    wanted: Container[Any],
    dimension: int,
    *,
    binary: bool = False,
    encoding: str = "utf8",
    unicode_errors: str = "strict",
    datatype: npt.DTypeLike = np.float32,
    allow_truncated: bool = False,
) -> tuple[Vectors, int]:
    """Read some words and their vectors; memory is needed for these only.

    Args:
        source (path or binary file): what to read, as for `read`.
        wanted (container): which words to keep, for instance a set.
        dimension (int): D, which the vectors must have.
        binary (bool): whether the file is binary; False reads text.
        encoding (str): of the words, as for `read`.
        unicode_errors (str): what to do with bytes that are not text, as for `read`.
        datatype (dtype): of the vectors that are returned.
        allow_truncated (bool): whether to read what there is of a file that may be cut short, as for `read`.

    Returns:
        tuple of Vectors and int: the words that are wanted and their vectors, and how many rows the file has.

    Raises:
        FormatError: as for `read`; or the vectors have another dimension.
        OSError: the file cannot be opened or read.
    """
    reader = _read_rows(
        source,
        binary=binary,
        encoding=encoding,
        unicode_errors=unicode_errors,
        datatype=datatype,
        wanted=wanted,
        dimension=dimension,
        allow_truncated=allow_truncated,
    )
    return Vectors(*_keep_first_rows(reader.words, reader.vectors, reader.name), {}), reader.rows_read


def _read_rows(
    source: StrPath | IO[bytes],
    *,
    binary: bool,
    encoding: str,
    unicode_errors: str,
    datatype: npt.DTypeLike,
    limit: int | None = None,
    no_header: bool = False,
    on_bad_values: BadValues = "raise",
    wanted: Container[Any] | None = None,
    dimension: int | None = None,
    allow_truncated: bool = False,
) -> _Reader:
    if binary and no_header:
        raise NotImplementedError("no_header=True only works for text: a binary file must say its dimension")
    if isinstance(limit, float) and limit.is_integer():
        limit = int(limit)
    most = None if limit is None else whole("limit", limit, 0) or None
    dtype = np.dtype(datatype)
    if dtype.kind != "f":
        raise ValueError(f"datatype={dtype}: vectors need a type with fractions, such as numpy.float32")
    one_of("on_bad_values", on_bad_values, ("raise", "drop", "keep"))
    decoding = (encoding, unicode_errors) if binary else words_encoding(encoding, unicode_errors)
    with open_stream(source, "utf8" if binary else encoding, unicode_errors) as stream:
        reader = _Reader(stream, dtype, on_bad_values, most, decoding, wanted, dimension)
        reader.allow_truncated = allow_truncated
        reader.read_binary() if binary else reader.read_text(no_header)
    return reader


class _Reader:
    """Reads the rows of one file into `words` and `vectors` (V, D)."""

    def __init__(
        self,
        stream: Stream,
        dtype: np.dtype[Any],
        on_bad_values: BadValues,
        limit: int | None,
        decoding: tuple[str, str],
        wanted: Container[Any] | None,
        dimension: int | None,
    ) -> None:
        self.file, self.name, self.size, self.head = stream.file, stream.name, stream.size, stream.head
        self.dtype, self.on_bad_values, self.limit = dtype, on_bad_values, limit
        self.decoding = decoding  # encoding and errors
        self.wanted, self.expected = wanted, dimension  # None: all words, any dimension
        self.narrow = dtype.itemsize < 8
        self.words: list[str] = []
        self.vectors: Array = np.empty((0, 0), dtype=dtype)
        self.place = "line"  # what error messages number: lines or rows
        self.separator = b" "
        self.number = 1  # of the next row or line
        self.rows_read = 0
        self.rows_dropped = 0
        self.dimension: int | None = None  # not known yet
        self.allow_truncated = False
        self.unended = False  # whether the last line has come, and has no line end

    def fail(self, number: int, what: str) -> NoReturn:
        raise FormatError(f"{self.name}, {self.place} {number}: {what}")

    def end_short(self, rows: int, where: str = "", or_what: str = "") -> None:
        """Say that there are fewer rows than expected; TruncatedError unless that is allowed."""
        if self.allow_truncated:
            self.warn(
                f"the file is cut short, or its count is wrong: it has {self.rows_read:,} rows, where its "
                f"header says {rows:,}; get it anew if you need the others"
            )
            return
        raise TruncatedError(
            f"{self.name}: expected {rows:,} rows, but the file ends in row {self.rows_read + 1:,}{where}: "
            f"is the count wrong or the file cut short?{or_what} {_ACCEPT} to read what there is"
        )

    def warn(self, what: str) -> None:
        message = f"{self.name}: {what}"
        warn_user(message, log=logger)

    # --- text ---

    def read_text(self, no_header: bool) -> None:
        """Read all lines; without a header, blank lines are skipped."""
        rows, dimension = (self.limit, 0) if no_header else self.read_header(bytes_per_number=2, binary=False)
        self.number = 1 if no_header else 2
        self.dimension = dimension or None
        blocks = self.blocks_of_lines()
        first = next(blocks, b"")
        self.find_separator(first)
        if no_header:
            dimension = self.dimension = self.find_dimension(first)
        elif rows and first and len(first) < 2 * dimension and not (self.unended and self.allow_truncated):
            self.fail_row(first, 0, dimension)  # before memory is taken for a row that is not there
        values = np.empty((max(1, _NUMBERS_PER_BLOCK // dimension), dimension if rows != 0 and first else 0))
        for block in itertools.chain([first], blocks):
            position = (
                self.read_last(block, values, rows, no_header)
                if self.unended
                else (self.read_block(block, values, rows, no_header))
            )
            if self.rows_read == self.limit:
                break
            if self.rows_read == rows and block[position:].strip():
                self.warn_of_more()
                break
        if rows is not None and self.rows_read < rows and not no_header:
            self.end_short(rows)
        self.finish()

    def read_last(self, line: bytes, values: Array, rows: int | None, no_header: bool) -> int:
        """Read a line without a line end, unless all rows are there; return where reading ended."""
        if self.rows_read == rows or not line.strip():
            return 0
        number, read = self.number, self.rows_read
        try:
            position = self.read_block(line, values, rows, no_header)
        except FormatError as error:
            if not read or isinstance(error, UnicodeDecodeError):
                raise
            if not self.allow_truncated:
                raise TruncatedError(
                    f"{error}. The file ends in this line: get it anew, or {_ACCEPT} to leave the line out"
                ) from None
            self.warn(f"line {number} is cut short, and left out")
            return len(line)
        if not self.allow_truncated:
            raise TruncatedError(
                f"{self.name}, line {number}: the file ends without a line end, so its last number may have "
                f"been cut: get the file anew, or {_ACCEPT} if it is whole, or end its last line"
            )
        self.warn(f"line {number} has no line end: its last number may have been cut")
        return position

    def read_block(self, block: bytes, values: Array, rows: int | None, no_header: bool) -> int:
        """Read the lines of a block until there are as many rows as wanted; return where reading ended."""
        position = 0
        while position < len(block) and self.rows_read != rows:
            room = values if rows is None else values[: rows - self.rows_read]
            words, position = _decimals.parse_rows(block, position, room, self.narrow, ord(self.separator))
            self.append(words, room[: len(words)])
            if len(words) == len(room) or position == len(block):
                continue
            start, position = position, block.index(b"\n", position) + 1
            if no_header and (blank := _BLANK_LINES.match(block, start)):
                self.number += blank[0].count(b"\n")
                position = blank.end()
            else:
                self.append([self.parse_spaced(block, start, room[:1])], room[:1])
        return position

    def find_separator(self, block: bytes) -> None:
        fields = block[: block.find(b"\n")].rstrip().split(b"\t")[1:]
        if fields and all(_is_number(field) and b" " not in field for field in fields):
            self.separator = b"\t"

    def find_dimension(self, block: bytes) -> int:
        """Return how many numbers the first line has, where no header says it."""
        line = block[: block.find(b"\n")]
        dimension = _count_numbers(line, self.separator)
        if not dimension:
            kind = name_kind(self.head)
            hint = self.binary_hint(block) or _csv_hint(line)
            found = f"found {_show(line) if self.head else 'an empty file'}{hint}"
            self.fail(1, f"expected 'word number …', {f'the file is {kind}' if kind else found}")
        self.allocate(0, dimension)
        return dimension

    def read_header(self, bytes_per_number: int, binary: bool) -> tuple[int, int]:
        """Return how many rows to read and their dimension, and make room for them."""
        header = self.file.readline(_MAX_HEADER)
        fields = header.split()
        if len(fields) != 2 or not header.endswith(b"\n") or not all(map(_is_count, fields)):
            self.fail(1, self.explain_header(header, binary))
        rows, dimension = map(int, fields)
        if self.expected not in (None, dimension):
            self.fail(1, f"vectors of dimension {dimension:,}, expected {self.expected:,}")
        if not dimension:
            self.fail(1, "the vectors have 0 numbers, expected at least 1")
        wanted = rows if self.limit is None else min(rows, self.limit)
        if self.size is not None and wanted:
            # A row takes at least a separator after an empty word; a number of text a space and a digit.
            possible = (self.size - len(header) + 1) // (1 + bytes_per_number * dimension)
            if wanted > possible:
                if not self.allow_truncated:
                    self.fail_impossible(rows, dimension, possible, binary)
                self.allocate(possible, dimension)
                return wanted, dimension
        elif dimension > MAX_DIMENSION:
            self.fail(1, f"the vectors have {dimension:,} numbers, expected 1 to {MAX_DIMENSION:,}")
        self.allocate(wanted, dimension)
        return wanted, dimension

    def fail_impossible(self, rows: int, dimension: int, possible: int, binary: bool) -> NoReturn:
        """Raise for a header that claims more rows than the file can hold."""
        if binary and _is_text(self.file.read(_CHUNK)):
            self.fail(2, "this looks like text: read it with binary=False")
        raise TruncatedError(
            f"{self.name}: the header claims {rows:,} rows of {dimension:,} numbers; a file "
            f"of {self.size:,} bytes can hold at most {possible:,}: get it anew, or {_ACCEPT} to read "
            "what there is"
        )

    def explain_header(self, header: bytes, binary: bool) -> str:
        """Return what the file is, instead of one that begins with a header, and what to do."""
        found = f"expected 'rows dimension', found {_show(header) if header else 'an empty file'}"
        # The end of a long line has not been read.
        is_whole = header.endswith(b"\n") or len(header) < _MAX_HEADER
        read = header if is_whole else b"".join(header.rsplit(None, 1)[:1])
        if self.looks_like_row(read) and not re.search(_NOT_IN_TEXT, header):
            # By name: not all who read this format have such parameters.
            return found + (
                ": this looks like text without a header: read it by load_word2vec_format with binary=False "
                "and no_header=True"
                if binary
                else ": give no_header=True to load_word2vec_format if the file has no header"
            )
        if kind := name_kind(self.head):
            return f"expected 'rows dimension', the file is {kind}"
        if hint := _csv_hint(header):
            return found + hint
        return found + (": a binary file cannot be read without it" if binary else "")

    def looks_like_row(self, line: bytes) -> bool:
        """Return whether the first line is a word and numbers, not a header that is wrong, such as "-2 3"."""
        fields, numbers = line.split(), _count_numbers(line, None)
        if len(fields) == 2 and _is_number(fields[0]):
            second = self.head.partition(b"\n")[2].partition(b"\n")[0]
            return 0 < numbers == _count_numbers(second, None)
        return numbers > 0 and 2 * numbers >= len(fields) - 1

    def blocks_of_lines(self) -> Iterator[bytes]:
        """Yield the remaining lines, many whole ones at a time; a last one without line end comes alone."""
        rest = bytearray()
        numbers = 0  # in the rest, at most, where a row may have any number
        while chunk := self.file.read(_CHUNK):
            cut = chunk.rfind(b"\n") + 1
            if cut:
                yield b"".join((rest, chunk[:cut]))
                rest, numbers = bytearray(), 0
            rest += memoryview(chunk)[cut:]
            if self.dimension is None:
                numbers += rest.count(b" ", -len(chunk)) + rest.count(b"\t", -len(chunk))
                numbers = numbers if self.size is not None else min(numbers, MAX_DIMENSION)
            most = MAX_WORD + _MAX_NUMBER * (1 + (numbers if self.dimension is None else self.dimension))
            if len(rest) > most:
                self.fail_long(rest, most)
        if rest:
            self.unended = True
            rest += b"\n"
            yield bytes(rest)

    def fail_long(self, line: bytes | bytearray, most: int) -> NoReturn:
        """Raise FormatError for a line that is too long to be a row."""
        of = "" if self.dimension is None else f" and {self.dimension:,} numbers"
        hint = self.binary_hint(bytes(line[:_EXPLAINED]))
        self.fail(
            self.number,
            f"a line of more than {most:,} bytes, expected a word{of}: is this really text?{hint}",
        )

    def parse_spaced(self, block: bytes, start: int, values: Array) -> bytes:
        """Return the word of a line that has more spaces than numbers; the numbers go to `values` (1, D)."""
        line, separator, dimension = block[start : block.index(b"\n", start)], self.separator, values.shape[1]
        word, *fields = line.rstrip().rsplit(separator, dimension)
        if len(fields) == dimension and separator in word and _is_word(word, separator):
            numbers = line[len(word) :] + b"\n"
            found, _ = _decimals.parse_rows(numbers, 0, values, self.narrow, ord(separator))
            if found:
                return word
        self.fail_row(block, start, dimension)

    def fail_row(self, block: bytes, start: int, dimension: int) -> NoReturn:
        """Raise FormatError, saying what is wrong with the line that starts there."""
        line = block[start : block.index(b"\n", start)].rstrip()
        if len(line) > max(_EXPLAINED, _MAX_NUMBER * dimension):
            self.fail_long(line, _EXPLAINED)
        fields = line.split(self.separator)
        wrong = next((i for i in reversed(range(1, len(fields))) if not _is_number(fields[i])), None)
        if wrong is not None and len(fields) > dimension:
            before = self.separator.join(fields[:wrong]) + self.separator
            what = f"{fields[wrong][:40]!r} is not a number, in column {_columns(before) + 1}"
        else:
            there = f"a word and {len(fields) - 1}" if any(fields) else "an empty line"
            what = f"expected a word and {dimension} numbers, found {there}"
        hint = self.binary_hint(block[start:], line.partition(self.separator)[2])
        self.fail(self.number, what + (hint or self.hint(line, fields, dimension)))

    def hint(self, line: bytes, fields: list[bytes], dimension: int) -> str:
        """Return what a line that is no row looks like, and what to do; "" if it looks like nothing known."""
        if b"\t" in line and len(line.split()) == dimension + 1:
            return ": it has tabs and spaces; put one space before each number"
        if len(line.split()) == dimension + 1 < len(fields):
            return ": it has several spaces in a row, or one at the start; put one space before each number"
        if any(re.fullmatch(rb"[-+]?\d+,\d+", field) for field in fields[1:]):
            return ": numbers have a decimal point, not a comma"
        if dimension and line.count(b",") >= dimension > len(fields) - 1:
            return ": put spaces instead of commas"
        if (
            dimension == 1
            and self.number == 2
            and self.head.split(b"\n")[0].split()[1:] == [b"%d" % (len(fields) - 1)]
        ):
            return ": the first line is a header, so leave no_header=True out"
        return ""

    def binary_hint(self, block: bytes, numbers: bytes = b"") -> str:
        binary = re.search(_NOT_IN_TEXT, block) or "\ufffd" in numbers.decode("utf-8", "replace")
        return ": this looks like binary: read it with binary=True" if binary else ""

    # --- binary ---

    def read_binary(self) -> None:
        """Read all rows."""
        rows, dimension = self.read_header(bytes_per_number=4, binary=True)
        self.place = "row"
        size = 4 * dimension
        rows_of_block = max(1, _NUMBERS_PER_BLOCK // dimension)
        # Numbers that need no conversion and are all wanted are read straight to where they belong.
        scratch: Array | None = None
        direct = self.dtype == np.dtype("<f4") and self.wanted is None
        block = b""
        position = before = 0  # bytes, in the block and in the blocks before it
        while self.rows_read < rows:
            # No more than the block can hold: memory is not taken for rows that are only claimed.
            count = min(rows - self.rows_read, rows_of_block, (len(block) - position) // (size + 1))
            words: list[bytes] = []
            if count:
                if direct:
                    room = self.next_rows(count)
                else:
                    if scratch is None:
                        scratch = np.empty((rows_of_block, dimension), dtype="<f4")
                    room = scratch[:count]
                words, position = _decimals.split_rows(block, position, room.view(np.uint8), MAX_WORD)
            if words:
                self.append(words, room[: len(words)])
                continue
            # The block is used up.
            if len(block) - position > MAX_WORD and b" " not in block[position : position + MAX_WORD + 1]:
                self.fail(self.number, f"no word ends within {MAX_WORD:,} bytes: is this really binary?")
            more = self.file.read(max(_CHUNK, len(block) - position))
            if not more:
                where = f", {before + position:,} bytes after the header"
                text = " Or is it text? Then read it with binary=False." if _is_text(block) else ""
                self.end_short(rows, where, text)
                break
            if not before and not block and _looks_like_text(more, dimension):
                self.fail(self.number, "this looks like text: read it with binary=False")
            before += position
            block, position = block[position:] + more, 0
        if (
            self.limit is None
            and self.rows_read == rows
            and (block[position:].strip() or self.file.read(_CHUNK).strip())
        ):
            self.warn_of_more()
        self.finish()

    # --- both ---

    def warn_of_more(self) -> None:
        logger.warning("%s: the header says %d rows, but more follows them", self.name, self.rows_read)

    def allocate(self, rows: int, dimension: int) -> None:
        # The header has been compared with the size of the file. Where that is unknown, or not all rows are
        # wanted, the matrix grows.
        known = self.size is not None and self.wanted is None
        if known:
            size = rows * dimension * np.dtype(self.dtype).itemsize
            require_memory(size, self.name, "give limit=, the number of rows to read")
        self.vectors = np.empty((rows if known else 0, dimension), dtype=self.dtype)

    def next_rows(self, count: int) -> Array:
        """Return the part of `vectors` where the next `count` rows of the file belong."""
        start, end = len(self.words), len(self.words) + count
        if end > len(self.vectors):
            self.vectors.resize((max(end, 2 * len(self.vectors)), self.vectors.shape[1]), refcheck=False)
        return self.vectors[start:end]

    def append(self, words: list[bytes], values: Array) -> None:
        """Add the next rows of the file; `values` may be what `next_rows` returned."""
        numbers: Sequence[int] = range(self.number, self.number + len(words))
        self.number += len(words)
        self.rows_read += len(words)
        names = self.decode(words, numbers)
        if self.wanted is not None:
            kept = [i for i, name in enumerate(names) if name in self.wanted]
            names, numbers, values = [names[i] for i in kept], [numbers[i] for i in kept], values[kept]
        block = self.next_rows(len(names))
        if not np.may_share_memory(values, block):
            with np.errstate(over="ignore"):
                block[:] = values
        if self.on_bad_values != "keep" and not _all_finite(block):
            kept = self.finite_rows(block, numbers)
            self.rows_dropped += len(names) - len(kept)
            names = [names[i] for i in kept]
            block[: len(kept)] = block[kept]
        self.words += names

    def decode(self, words: list[bytes], numbers: Sequence[int]) -> list[str]:
        """Return words as text; WordEncodingError says which cannot be."""
        encoding, errors = self.decoding
        try:
            return [word.decode(encoding, errors) for word in words]
        except UnicodeDecodeError as error:
            place = f"the word of {self.place} {numbers[words.index(error.object)]} of {self.name}"
            raise _encoding_error(error, place) from None

    def finite_rows(self, block: Array, numbers: Sequence[int]) -> list[int]:
        """Return which rows are finite; FormatError names the first that is not, unless they are dropped."""
        finite = np.isfinite(block)
        good = finite.all(axis=1)
        if self.on_bad_values == "raise":
            row = int(np.argmin(good))
            column = int(np.argmin(finite[row])) + 1
            self.fail(
                numbers[row],
                f"NaN, infinity or a number too large for {self.dtype}, as number {column} of "
                f"{block.shape[1]}: give on_bad_values='drop' or 'keep' to load_word2vec_format to read it",
            )
        return np.flatnonzero(good).tolist()

    def finish(self) -> None:
        self.vectors.resize((len(self.words), self.vectors.shape[1]), refcheck=False)
        if self.rows_dropped:
            logger.warning("%s: dropped %d rows with NaN or infinity", self.name, self.rows_dropped)


def _encoding_error(error: UnicodeDecodeError, place: str) -> WordEncodingError:
    reason = (
        f"{error.reason}, in {place}: give unicode_errors='replace', 'ignore' or (to keep the bytes) "
        "'surrogateescape', or another encoding"
    )
    return WordEncodingError(error.encoding, error.object, error.start, error.end, reason)


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


def _count_numbers(line: bytes, separator: bytes | None) -> int:
    """Return how many numbers end a line, of which the first field is a word, whatever it looks like."""
    pattern = rb"\S+" if separator is None else rb"(?:^|%b)([^%b]*)" % (separator, separator)
    fields = re.finditer(pattern, line.rstrip())  # one by one: there may be very many
    next(fields, None)
    count = 0
    for field in fields:
        count = count + 1 if _is_number(field[field.re.groups]) else 0
    return count


def _looks_like_text(block: bytes, dimension: int) -> bool:
    """Return whether what follows a header is a row of text; of one number one cannot know."""
    line, line_end, _ = block.partition(b"\n")
    if dimension > 1 and line_end and len(line.split()) == dimension + 1 == _count_numbers(line, None) + 1:
        return True
    numbers = block.partition(b" ")[2][: 4 * dimension]
    return len(numbers) >= _SURELY_TEXT and not numbers.strip(_TEXT_OF_NUMBERS)


def _is_text(block: bytes) -> bool:
    line = block.partition(b"\n")[0]
    return not re.search(_NOT_IN_TEXT, block) and "\ufffd" not in line.decode("utf-8", "replace")


def _is_word(word: bytes, separator: bytes = b" ") -> bool:
    """Return whether this is a word, perhaps with spaces, and not a word followed by surplus numbers."""
    if separator not in word:
        return True
    pieces = word.split(separator)
    return all(pieces) and not _is_number(pieces[-1])


def _columns(text: bytes) -> int:
    return len(text.decode("utf-8", "replace"))


def _csv_hint(line: bytes) -> str:
    if line.count(b",") > 1 and len(line.split()) <= 2:
        return ": this looks like CSV: read it with pandas or csv and use add_vectors"
    return ""


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


def _read_counts(
    source: StrPath | IO[bytes], encoding: str, errors: str, allow_truncated: bool
) -> dict[str, int]:
    counts: dict[str, int] = {}
    decoding = words_encoding(encoding, errors)
    with open_stream(source, encoding, errors) as stream:
        for number, line in enumerate(stream.lines(MAX_WORD), 1):
            match = re.fullmatch(_COUNT_LINE, line)
            if match is None:
                kind = name_kind(stream.head)
                found = f"the file is {kind}" if kind else f"found {_show(line)}"
                raise FormatError(f"{stream.name}, line {number}: expected 'word count', {found}")
            if not line.endswith(b"\n"):
                cut = (
                    f"{stream.name}, line {number}: the file ends without a line end, so its last count may "
                    "have been cut"
                )
                if not allow_truncated:
                    raise TruncatedError(
                        f"{cut}: get it anew, or {_ACCEPT} if it is whole, or end its last line"
                    )
                warn_user(cut, log=logger)
            try:
                counts[match[1].decode(*decoding)] = int(match[2])
            except UnicodeDecodeError as error:
                raise _encoding_error(error, f"line {number} of {stream.name}") from None
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
    fvocab: StrPath | IO[bytes] | None = None,
    counts: Array | None = None,
    binary: bool = False,
    order: Iterable[int] | None = None,
    total_vec: int | None = None,
    write_header: bool = True,
    prefix: str = "",
    append: bool = False,
    on_bad_values: BadValues = "raise",
    on_bad_words: BadWords = "raise",
) -> None:
    """Write words and their vectors.

    Text has the shortest decimals that read back to the same numbers: float32 as numpy 2.4 prints them, other
    types as the installed numpy does. Words are written as UTF-8; keys that are not str as `str` shows them.

    A word cannot be held if it is None; if white space in it would end it when it is read back; if it cannot
    be encoded; or if an earlier one is the same when it is written, as 1 and "1" are.

    Args:
        target (path or binary file): where to write; compressed if a path ends in .gz, .bz2, .xz or .zst.
        words (Vectors): the words and their vectors (V, D); columns are not written.
        fvocab (path, binary file, or None): a second file to write, of lines "word count", which `read` takes
            as `fvocab`.
        counts (array or None): (V,) what `fvocab` says of each word.
        binary (bool): whether to write binary, float32; False writes text.
        order (iterable of int or None): the rows to write, in this order; None writes all, in their order.
        total_vec (int or None): number of rows that the header says; None says how many are written.
        write_header (bool): whether to write the first line, "V D".
        prefix (str): what to write before every word.
        append (bool): whether to add to an existing file; if that fails it is cut back to its old length.
            False replaces it when the new one is complete.
        on_bad_values (str): what to do with rows that hold NaN or infinity: "raise", "drop" or "keep".
        on_bad_words (str): what to do with words that cannot be held: "raise", "skip" or "replace", which
            writes "_" for white space and makes the word one that no other row has.

    Raises:
        TypeError: `target` is neither a path nor a file that is open in binary.
        ValueError: a row holds NaN or infinity, or a word cannot be held; nothing has been written. Or there
            is not a vector of at least one number for every word, `fvocab` is `target`, `total_vec` is
            negative, or `on_bad_values` or `on_bad_words` is something else.
        UnicodeEncodeError: as that, for a word with surrogates that are not from
            `unicode_errors="surrogateescape"`.
        ImportError: it is to be compressed, and this Python lacks the module for that.
        OSError: the file cannot be written.
    """
    one_of("on_bad_values", on_bad_values, ("raise", "drop", "keep"))
    one_of("on_bad_words", on_bad_words, ("raise", "skip", "replace"))
    if total_vec is not None:
        whole("total_vec", total_vec, 0)
    if fvocab is not None and _is_same_file(fvocab, target):
        raise ValueError(
            f"fname and fvocab are both {paths.name_of(target)}: the one would replace the other"
        )
    keys, vectors = words.keys, words.vectors
    if vectors.ndim == 2 and not 1 <= vectors.shape[1] <= MAX_DIMENSION:
        raise ValueError(
            f"the vectors have {vectors.shape[1]:,} numbers: word2vec's formats hold 1 to {MAX_DIMENSION:,}, "
            "so use save()"
        )
    if vectors.ndim != 2 or len(vectors) < len(keys):
        raise ValueError(
            f"a matrix of shape {vectors.shape} has not a vector for each of {len(keys):,} words: "
            "remove words, or add rows with add_vectors"
        )
    rows = np.arange(len(keys)) if order is None else np.fromiter(order, dtype=np.intp)
    rows = _writable_rows(rows, words, binary, on_bad_values)
    chosen = [keys[row] for row in rows.tolist()]
    names = [f"{prefix}{key}" for key in chosen] if prefix else list(map(str, chosen))
    none = [place for place, key in enumerate(chosen) if key is None] if None in chosen else []
    names, places = _writable_names(names, none, binary, on_bad_words)
    rows = rows if places is None else rows[places]
    with contextlib.ExitStack() as files:
        if fvocab is not None and counts is not None:
            lines = (f"{name} {count}\n" for name, count in zip(names, counts[rows], strict=True))
            files.enter_context(_open_target(fvocab, append)).writelines(map(_encode, lines))
        file = files.enter_context(_open_target(target, append))
        if write_header:
            file.write(f"{len(rows) if total_vec is None else total_vec} {vectors.shape[1]}\n".encode())
        _write_rows(file, names, vectors, rows, binary)


def _is_same_file(one: Any, other: Any) -> bool:
    if not (isinstance(one, str | os.PathLike) and isinstance(other, str | os.PathLike)):
        return one is other
    return os.path.realpath(paths.expand(one)) == os.path.realpath(paths.expand(other))


def _write_rows(file: IO[bytes], names: list[str], vectors: Array, rows: Array, binary: bool) -> None:
    write_block = _binary_block if binary else _text_block
    block_size = max(1, _NUMBERS_PER_BLOCK // vectors.shape[1])
    for start in range(0, len(rows), block_size):
        block = np.ascontiguousarray(vectors[rows[start : start + block_size]])
        file.write(write_block(list(map(_encode, names[start : start + block_size])), block))


def _encode(name: str) -> bytes:
    return name.encode("utf8", "surrogateescape")


def _writable_rows(rows: Array, words: Vectors, binary: bool, on_bad_values: BadValues) -> Array:
    """Return the rows whose numbers are finite, or all; ValueError if one is not and none may be left out."""
    if on_bad_values == "keep" or words.vectors.dtype.kind != "f":
        return rows
    narrowed = binary and words.vectors.dtype.itemsize > 4  # to float32, where a number can become infinite
    if not narrowed and words.vectors.flags.c_contiguous and _all_finite(words.vectors):
        return rows
    finite = np.ones(len(rows), dtype=bool)
    block_size = max(1, _NUMBERS_PER_BLOCK // words.vectors.shape[1])
    with np.errstate(over="ignore"):
        for start in range(0, len(rows), block_size):
            block = words.vectors[rows[start : start + block_size]]
            block = block.astype("<f4") if narrowed else block
            finite[start : start + block_size] = np.isfinite(block).all(axis=1)
    if finite.all():
        return rows
    bad = np.flatnonzero(~finite)
    if on_bad_values == "raise":
        raise ValueError(
            f"{len(bad):,} of {len(rows):,} vectors hold NaN, infinity or numbers too large for float32, the "
            f"first that of {words.keys[rows[bad[0]]]!r:.80}: give on_bad_values='drop' to leave them out, "
            "or 'keep' to write them"
        )
    logger.warning("dropped %d rows with NaN or infinity", len(bad))
    return rows[finite]


def _writable_names(
    names: list[str], none: list[int], binary: bool, on_bad_words: BadWords
) -> tuple[list[str], list[int] | None]:
    """Return the names to write, and which of `names` they are, None for all; `none` are those of None."""
    bad = _bad_names(names, binary) | dict.fromkeys(none, "it is None, not a word")
    if not bad:
        return names, None
    if on_bad_words == "raise":
        place, why = min(bad.items())
        advice = "give on_bad_words='skip' to leave such words out or 'replace' to rename them, or use save()"
        if isinstance(why, UnicodeEncodeError):
            raise UnicodeEncodeError(why.encoding, why.object, why.start, why.end, f"{why.reason}: {advice}")
        raise ValueError(
            f"{names[place][:80]!r} could not be read back from word2vec {'binary' if binary else 'text'}: "
            f"{why}; {advice} ({len(bad):,} of {len(names):,} words are such)"
        )
    logger.warning("%d words cannot be held by the format: on_bad_words=%r", len(bad), on_bad_words)
    if on_bad_words == "skip":
        places = [place for place in range(len(names)) if place not in bad]
        return [names[place] for place in places], places
    taken = {name for place, name in enumerate(names) if place not in bad}
    names = list(names)
    for place in sorted(bad):
        names[place] = _free_name(names[place], taken)
        taken.add(names[place])
    return names, None


def _bad_names(names: list[str], binary: bool) -> dict[int, str | UnicodeEncodeError]:
    """Return why names could not be read back, by their place."""
    joined = "\n".join(names)
    spaced = " " in joined or joined.count("\n") >= max(1, len(names))
    most = MAX_WORD // 4  # a character takes up to 4 bytes
    short = len(joined) <= most or max(map(len, names)) <= most
    if not spaced and short and len(set(names)) == len(names):
        with contextlib.suppress(UnicodeEncodeError):
            _encode(joined)
            return {}
    bad: dict[int, str | UnicodeEncodeError] = {}
    seen: set[str] = set()
    with_spaces = 0
    for place, name in enumerate(names):
        if name in seen:
            bad[place] = "another row is written with the same word"
        elif why := _why_bad(name, binary):
            bad[place] = why
        else:
            seen.add(name)
            with_spaces += " " in name
    if with_spaces:
        logger.warning("%d words hold spaces: not every program can read them back", with_spaces)
    return bad


def _why_bad(name: str, binary: bool) -> str | UnicodeEncodeError | None:
    try:
        raw = _encode(name)
    except UnicodeEncodeError as error:
        return error
    if b"\n" in raw or (b" " in raw and (binary or not _is_word(raw))):
        return "white space ends a word there"
    return f"it is longer than {MAX_WORD:,} bytes" if len(raw) > MAX_WORD else None


def _free_name(name: str, taken: set[str]) -> str:
    """Return a name that the format can hold and no other row has."""
    plain = re.sub(r"\s+", "_", name.encode("utf8", "replace").decode("utf8"))[: MAX_WORD // 8]
    candidates = itertools.chain([plain], (f"{plain}_{number}" for number in itertools.count(2)))
    return next(candidate for candidate in candidates if candidate not in taken)


def _text_block(names: list[bytes], vectors: Array) -> bytes:
    if vectors.dtype == np.float32:
        return _decimals.print_rows(names, vectors)
    # A cast to "U" prints each number as str() does, without a Python object for it.
    rows = vectors.astype("U32").tolist()
    return b"".join(name + f" {' '.join(row)}\n".encode() for name, row in zip(names, rows, strict=True))


def _binary_block(names: list[bytes], vectors: Array) -> bytes:
    with np.errstate(over="ignore"):
        data, size = vectors.astype("<f4", copy=False).tobytes(), 4 * vectors.shape[1]
    parts = [b" "] * (3 * len(names))
    parts[::3] = names
    parts[2::3] = [data[start : start + size] for start in range(0, len(data), size)]
    return b"".join(parts)


@contextlib.contextmanager
def _open_target(target: StrPath | IO[bytes], append: bool) -> Iterator[IO[bytes]]:
    name = paths.expand(target) if isinstance(target, str | os.PathLike) else None
    if name is None or not append:
        with atomic_writer(target, compressed=True) as file:
            yield file
        return
    if paths.is_remote(name):
        raise ValueError(f"append=True cannot add to {name}: write a file of this machine, and send it")
    path = os.path.join(os.getcwd(), name)  # whatever folder the program has gone to when it is cut back
    if not os.path.isfile(path):
        with atomic_writer(name, compressed=True) as file:
            yield file
        return
    size = os.path.getsize(path)
    try:
        with open_for(name, path, "ab", compressed=True) as file:
            yield file
    except BaseException:
        os.truncate(path, size)
        raise
