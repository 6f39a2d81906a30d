"""Where sentences come from: readers of text files, and text that has become ids.

The readers are restartable iterables of lists of words. Words are what `str.split()` makes of a line: every
Unicode white space separates. Text is strict UTF-8, compressed if its file's name says so (`utils.open`).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from fastw2v._encoder import renumber
from fastw2v.utils import open as open_file

FilePath = str | os.PathLike[str]

BLOCK_BYTES = 1 << 20
"""Files are encoded in blocks of this size, which the cache holds: a few ms of work each."""


# -- readers --------------------------------------------------------------------------------------


class LineSentence:
    """One sentence per line; blank lines are none.

    `source` is a path, or an open text or binary file that can seek to its start. Lines of more than
    `max_sentence_length` words are cut into sentences of that length (None: never cut; gensim cuts at
    10,000). Only the first `limit` lines are read.
    """

    def __init__(
        self, source: FilePath | IO[Any], max_sentence_length: int | None = None, limit: int | None = None
    ) -> None:
        self.source = source
        self.max_sentence_length = _at_least(1, max_sentence_length, "max_sentence_length")
        self.limit = _at_least(0, limit, "limit")

    def __iter__(self) -> Iterator[list[str]]:
        if isinstance(self.source, (str, os.PathLike)):
            with open_file(self.source, "rb") as handle:
                yield from self._sentences(handle, os.fspath(self.source))
        else:
            self.source.seek(0)
            yield from self._sentences(self.source, getattr(self.source, "name", "the file given"))

    def _sentences(self, lines: Iterable[str | bytes], name: object) -> Iterator[list[str]]:
        for number, line in enumerate(islice(lines, self.limit), 1):
            words = (line if isinstance(line, str) else decode_line(line, number, name)).split()
            yield from _cut(words, self.max_sentence_length)


class PathLineSentences:
    """`LineSentence` over one file, or over all files of a directory (not of its subdirectories) by name.

    `limit` counts the lines of each file.
    """

    def __init__(
        self, source: FilePath, max_sentence_length: int | None = None, limit: int | None = None
    ) -> None:
        self.source = source
        self.max_sentence_length = _at_least(1, max_sentence_length, "max_sentence_length")
        self.limit = _at_least(0, limit, "limit")
        path = os.fspath(source)
        if os.path.isfile(path):
            self.input_files = [path]
        elif os.path.isdir(path):
            inside = (os.path.join(path, name) for name in sorted(os.listdir(path)))
            self.input_files = [name for name in inside if os.path.isfile(name)]
        else:
            raise ValueError(f"{path!r} is neither a file nor a directory: give the path of one that exists")

    def __iter__(self) -> Iterator[list[str]]:
        for path in self.input_files:
            yield from LineSentence(path, self.max_sentence_length, self.limit)


class Text8Corpus:
    """A file without sentences, such as text8: slices of `max_sentence_length` words, the last one shorter.

    Line ends are white space like any other.
    """

    def __init__(self, fname: FilePath, max_sentence_length: int = 10000) -> None:
        self.fname = fname
        self.max_sentence_length = _at_least(1, max_sentence_length, "max_sentence_length")

    def __iter__(self) -> Iterator[list[str]]:
        words: list[str] = []
        for text in decoded_blocks(self.fname):
            words += text.split()
            whole = len(words) // self.max_sentence_length * self.max_sentence_length
            yield from _cut(words[:whole], self.max_sentence_length)
            words = words[whole:]
        yield from _cut(words, self.max_sentence_length)


class BrownCorpus:
    """The Brown corpus: a directory of files whose lines are sentences of `word/TAG` tokens.

    Tokens become the lower-cased word with the first two letters of its tag; tokens whose tag is not
    alphabetic (punctuation) are dropped, and so are sentences without any token left. Files are read in
    the order of their names.
    """

    def __init__(self, dirname: FilePath) -> None:
        self.dirname = dirname

    def __iter__(self) -> Iterator[list[str]]:
        for path in PathLineSentences(self.dirname).input_files:
            for tokens in LineSentence(path):
                pairs = (token.split("/") for token in tokens if token.count("/") == 1)
                words = [f"{word.lower()}/{tag[:2]}" for word, tag in pairs if tag[:2].isalpha()]
                if words:
                    yield words


def _at_least(least: int, number: Any, name: str) -> Any:
    """Return `number`, which may be None."""
    if number is not None and number < least:
        raise ValueError(f"{name}={number}: it must be at least {least}")
    return number


def _cut(words: list[str], length: int | None) -> Iterator[list[str]]:
    """Yield `words` in slices of `length`; nothing if there are no words."""
    if length is None:
        length = len(words) or 1
    for start in range(0, len(words), length):
        yield words[start : start + length]


def cut_lengths(lengths: npt.NDArray[np.int64], length: int | None) -> npt.NDArray[np.int64]:
    """Do to the lengths of sentences what `_cut` does to the sentences."""
    lengths = lengths[lengths > 0]
    if length is None:
        return lengths
    slices = -(-lengths // length)
    cut = np.full(slices.sum(), length, dtype=np.int64)
    cut[np.cumsum(slices) - 1] = lengths - (slices - 1) * length
    return cut


# -- bytes of text --------------------------------------------------------------------------------


@dataclass(frozen=True)
class TextFiles:
    """Files that are read as bytes by the compiled encoder, with the reader's settings."""

    paths: tuple[FilePath, ...]
    max_sentence_length: int | None = None
    limit: int | None = None
    by_line: bool = True


def text_files(source: Any) -> TextFiles | None:
    """Return the files behind one of our own readers; None for any other source, subclasses included."""
    if type(source) is LineSentence and isinstance(source.source, (str, os.PathLike)):
        return TextFiles((source.source,), source.max_sentence_length, source.limit)
    if type(source) is PathLineSentences:
        return TextFiles(tuple(source.input_files), source.max_sentence_length, source.limit)
    if type(source) is Text8Corpus:
        return TextFiles((source.fname,), source.max_sentence_length, by_line=False)
    return None


def is_static(source: Any) -> bool:
    """Return whether every pass over `source` gives the same sentences, so that one pass is enough."""
    return isinstance(source, EncodedCorpus) or type(source) in (list, tuple, BrownCorpus) or (
        text_files(source) is not None
    )


def text_blocks(
    path: FilePath, limit: int | None = None, spare: list[bytearray] | None = None
) -> Iterator[memoryview]:
    """Yield the bytes of a text file in blocks that end after white space, so that no word is split.

    Only the first `limit` lines are read. Each block lies in a bytearray, its `obj`, that the caller may put
    among the `spare` ones when it is done with: fresh memory would be handed out page by page, and zeroed.
    """
    rest = b""
    handle: Any
    with open_file(path, "rb") as handle:
        while limit is None or limit > 0:
            buffer = spare.pop() if spare else bytearray(BLOCK_BYTES)
            if len(buffer) < 2 * len(rest):  # a very long word
                buffer = bytearray(4 * len(rest))
            buffer[: len(rest)] = rest
            block = memoryview(buffer)
            size = len(rest) + handle.readinto(block[len(rest) :])
            if size == len(rest):
                break
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
    """Return where the line of this number, counted from 1, ends."""
    end = 0
    for _ in range(number):
        end = text.index(b"\n", end) + 1
    return end


def _after_space(text: bytearray, size: int) -> int:
    """Return where the last white space of ASCII among the first `size` bytes ends; 0 if there is none."""
    near = max(0, size - 256)  # in most texts it is not far
    for start, end in ((near, size), (0, near)):
        last = max(text.rfind(space, start, end) for space in (b"\n", b" ", b"\t", b"\r"))
        if last >= 0:
            return last + 1
    return 0


def decode_line(line: bytes, number: int, name: object) -> str:
    """Decode UTF-8; the UnicodeDecodeError names the line and the file."""
    try:
        return line.decode("utf8")
    except UnicodeDecodeError as error:
        error.reason += f" (line {number} of {name}: text must be UTF-8)"
        raise


def decoded_blocks(path: FilePath, limit: int | None = None) -> Iterator[str]:
    """Yield `text_blocks` as str; errors as of `decode_line`."""
    first_line = 1
    for block in map(bytes, text_blocks(path, limit)):
        try:
            text = block.decode("utf8")
        except UnicodeDecodeError:
            for number, line in enumerate(block.split(b"\n"), first_line):
                decode_line(line, number, os.fspath(path))
            raise
        yield text
        first_line += block.count(b"\n")


# -- text as ids ----------------------------------------------------------------------------------


@dataclass
class EncodedCorpus:
    """Sentences as ids.

    `ids` int32 (tokens,): words of the vocabulary, unknown ones dropped; may be a memory-mapped file.
    `ends` int64 (sentences,): where each sentence ends in `ids`. `lengths` int64 (sentences,): its number
    of raw words, unknown ones included.
    """

    ids: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]

    @property
    def sentences(self) -> int:
        return len(self.ends)

    @property
    def tokens(self) -> int:
        return len(self.ids)

    @property
    def raw_words(self) -> int:
        return int(self.lengths.sum())


@dataclass
class ProvisionalCorpus:
    """Sentences as numbers of words, before it is decided which words have a row in the vocabulary.

    `ids` int32 (tokens,) and `lengths` int64 (sentences,) as in `EncodedCorpus`. Every thread numbers words
    in its own way: `parts` are pairs (numbers, size); the next `size` ids are to be read as numbers[id].
    """

    ids: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.int64]
    parts: list[tuple[npt.NDArray[np.int32], int]]

    def renumbered(self, rows: npt.NDArray[np.int32]) -> EncodedCorpus:
        """Return the corpus with `rows[numbers[id]]` for every id, without those that become -1.

        The ids are rewritten in place: this object must not be used afterwards.
        """
        distinct = {id(numbers): numbers for numbers, _ in self.parts}
        new_ids = {key: rows[numbers] for key, numbers in distinct.items()}
        ends = np.cumsum(self.lengths)
        kept = renumber(self.ids, ends, [(new_ids[id(numbers)], size) for numbers, size in self.parts])
        return EncodedCorpus(self.ids[:kept], ends, self.lengths)


class IdStore:
    """Collects ids in memory, and those beyond `budget` bytes in a temporary file.

    Memory for the `expected` number of ids is reserved at once; what is not written to costs nothing.
    The file lies where `tempfile` puts files (TMPDIR) and has no name: it is gone with the process, however
    that ends.
    """

    def __init__(self, expected: int = 0, budget: int | None = None) -> None:
        self._budget = spill_bytes() if budget is None else budget
        self._ids = np.empty(min(expected, self._budget // 4), np.int32)
        self._used = 0
        self._file: IO[bytes] | None = None

    def append(self, ids: npt.NDArray[np.int32]) -> None:
        end = self._used + len(ids)
        if self._file is None and ids.itemsize * end > self._budget:
            self._file = tempfile.TemporaryFile(prefix="fastw2v-", buffering=0)  # noqa: SIM115
            _write_all(self._file, self._ids[: self._used])
            self._ids = np.empty(0, np.int32)
        if self._file is not None:
            _write_all(self._file, ids)
            return
        if end > len(self._ids):
            # In small steps: where realloc moves pages instead of copying them, only the slack costs memory.
            self._ids.resize(end + end // 8, refcheck=False)
        self._ids[self._used : end] = ids
        self._used = end

    def finish(self) -> npt.NDArray[np.int32]:
        """Return all ids as one array; nothing may be appended afterwards."""
        if self._file is not None:
            with self._file:
                return np.memmap(self._file, np.int32, mode="r+")
        self._ids.resize(self._used, refcheck=False)
        return self._ids


def _write_all(file: IO[bytes], array: npt.NDArray[np.int32]) -> None:
    left = array.view(np.uint8).data
    while left:
        left = left[file.write(left) :]


def spill_bytes() -> int:
    """Return how many bytes of ids may stay in memory.

    A quarter of the memory now available, or what the environment variable FASTW2V_SPILL_BYTES says.
    """
    said = os.environ.get("FASTW2V_SPILL_BYTES")
    if not said:
        return available_memory() // 4
    if not said.isdecimal():
        raise ValueError(f"FASTW2V_SPILL_BYTES={said!r}: give a number of bytes")
    return int(said)


def available_memory() -> int:
    """Return the bytes of memory this process could still use: the machine's, or its container's if less."""
    figures = []
    try:
        figures.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)
        with open("/proc/meminfo", encoding="ascii") as lines:
            figures = [int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")]
        with open("/sys/fs/cgroup/memory.max") as most, open("/sys/fs/cgroup/memory.current") as used:
            figures.append(int(most.read()) - int(used.read()))
    except (OSError, ValueError, AttributeError):
        pass  # not Linux, or no limit: what has been found so far stands
    return max(0, min(figures, default=4 << 30))
