"""Readers of text files: objects that give sentences, lists of words, whenever they are iterated over.

Words are what `str.split()` makes of a line: all white space of Unicode separates. Text must be UTF-8; a byte
order mark is left out. Files are decompressed if their name ends in .gz, .bz2, .xz or .zst; see `utils.open`.
What is no plain text (JSON lines, tables, archives, saved models) is refused when it is read: see `kinds`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, Any

from fastw2v import paths
from fastw2v.checks import at_least
from fastw2v.text.blocks import FilePath, TextFiles, decode_line, decoded_blocks, lines_of, naming_damage
from fastw2v.text.kinds import HEAD_BYTES, check_plain_text
from fastw2v.text.once import refuse_again


class LineSentence:
    """A text file with one sentence per line; blank lines are skipped.

    Args:
        source (path or open file): the file; an open one, of text or bytes, must be seekable.
        max_sentence_length (int or None): words of the longest sentence; longer lines are cut into sentences
            of that length. None never cuts; gensim cuts at 10,000.
        limit (int or None): how many lines are read; None reads all.

    Raises:
        TypeError: `source` is neither a path nor an open file, for instance a list.
        ValueError: `max_sentence_length` is below 1, or `limit` below 0; in reading, it is no plain text, has
            a word without an end (2 MiB), or is a pipe that was read before.
        UnicodeDecodeError: in reading, the text is not UTF-8; the error names the line.
        OSError: in reading, the file cannot be opened.

    Example:
        >>> from fastw2v import LineSentence
        >>> from fastw2v.utils import save_as_line_sentence
        >>> save_as_line_sentence([["the", "cat", "says", "meow"], ["a", "cow"]], f"{tmp}/text.txt")
        >>> list(LineSentence(f"{tmp}/text.txt", max_sentence_length=3))
        [['the', 'cat', 'says'], ['meow'], ['a', 'cow']]
    """

    def __init__(
        self, source: FilePath | IO[Any], max_sentence_length: int | None = None, limit: int | None = None
    ) -> None:
        if not (hasattr(source, "seek") and hasattr(source, "read")):
            _check_path(type(self).__name__, source, "the path of a text file, or an open file")
        self.source = source
        self.max_sentence_length = at_least("max_sentence_length", max_sentence_length, 1)
        self.limit = at_least("limit", limit, 0)

    def __iter__(self) -> Iterator[list[str]]:
        if isinstance(self.source, (str, os.PathLike)):
            refuse_again(self, self.source)
            words: list[str] = []
            for part, ended in line_parts(self.source, self.limit):
                words += part
                if ended:
                    yield from _cut(words, self.max_sentence_length)
                    words = []
                elif self.max_sentence_length is not None:  # a long line is not kept until it ends
                    whole = len(words) // self.max_sentence_length * self.max_sentence_length
                    yield from _cut(words[:whole], self.max_sentence_length)
                    del words[:whole]
        else:
            name = paths.name_of(self.source)
            with naming_damage(name):
                self.source.seek(0)
                head = self.source.read(HEAD_BYTES)
                as_bytes = head.encode("utf8", "replace") if isinstance(head, str) else head
                check_plain_text(as_bytes, name, whole=len(head) < HEAD_BYTES)
                self.source.seek(0)
                yield from self._sentences(lines_of(self.source, name), name)

    def _sentences(self, lines: Iterable[str | bytes], name: object) -> Iterator[list[str]]:
        for number, line in enumerate(islice(lines, self.limit), 1):
            text = line if isinstance(line, str) else decode_line(line, number, name)
            words = (text.removeprefix("\ufeff") if number == 1 else text).split()
            yield from _cut(words, self.max_sentence_length)


class PathLineSentences:
    """Text files with one sentence per line: all files of a directory, in the order of their names.

    Args:
        source (path): a directory, whose subdirectories are not read, or a single file.
        max_sentence_length (int or None): words of the longest sentence; longer lines are cut into sentences
            of that length. None never cuts; gensim cuts at 10,000.
        limit (int or None): how many lines of each file are read; None reads all.

    Raises:
        TypeError: `source` is not a path.
        ValueError: `source` is neither a directory nor a file, `max_sentence_length` is below 1, or `limit`
            below 0; in reading, a file is no plain text.
        UnicodeDecodeError: in reading, the text is not UTF-8; the error names the line and the file.
    """

    def __init__(
        self, source: FilePath, max_sentence_length: int | None = None, limit: int | None = None
    ) -> None:
        _check_path(type(self).__name__, source, "the path of a folder")
        self.source = source
        self.max_sentence_length = at_least("max_sentence_length", max_sentence_length, 1)
        self.limit = at_least("limit", limit, 0)
        path = paths.expand(source)
        if paths.is_remote(path):
            self.input_files = paths.files_in(path)
        elif os.path.isfile(path):
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
    """A text file without sentences, such as text8: it is cut into slices, the last of which may be shorter.

    Line ends are white space like all other.

    Args:
        fname (path): the file.
        max_sentence_length (int): words of a slice.

    Raises:
        TypeError: `fname` is not a path.
        ValueError: `max_sentence_length` is below 1; in reading, the file is no plain text, has a word
            without an end (2 MiB), or is a pipe that was read before.
        UnicodeDecodeError: in reading, the text is not UTF-8; the error names the line.
        OSError: in reading, the file cannot be opened.
    """

    def __init__(self, fname: FilePath, max_sentence_length: int = 10000) -> None:
        _check_path(type(self).__name__, fname, "the path of a text file")
        self.fname = fname
        self.max_sentence_length = at_least("max_sentence_length", max_sentence_length, 1)

    def __iter__(self) -> Iterator[list[str]]:
        words: list[str] = []
        refuse_again(self, self.fname)
        for text in decoded_blocks(self.fname):
            words += text.split()
            whole = len(words) // self.max_sentence_length * self.max_sentence_length
            yield from _cut(words[:whole], self.max_sentence_length)
            words = words[whole:]
        yield from _cut(words, self.max_sentence_length)


class BrownCorpus:
    """The Brown corpus: a directory of files whose lines are sentences of `word/TAG` tokens.

    A token becomes the lower-cased word with the first two letters of its tag. Tokens whose tag is not
    alphabetic (punctuation) are dropped, and so are sentences without a token left. Files are read in the
    order of their names.

    Args:
        dirname (path): the directory.

    Raises:
        TypeError: `dirname` is not a path.
        ValueError: in reading, there is no such directory, or a file in it is no plain text.
        UnicodeDecodeError: in reading, the text is not UTF-8; the error names the line and the file.
    """

    def __init__(self, dirname: FilePath) -> None:
        _check_path(type(self).__name__, dirname, "the path of a folder")
        self.dirname = dirname

    def __iter__(self) -> Iterator[list[str]]:
        for path in PathLineSentences(self.dirname).input_files:
            for tokens in LineSentence(path):
                pairs = (token.split("/") for token in tokens if token.count("/") == 1)
                words = [f"{word.lower()}/{tag[:2]}" for word, tag in pairs if tag[:2].isalpha()]
                if words:
                    yield words


def _check_path(reader: str, given: Any, expected: str) -> None:
    """Raise TypeError unless a path was given to a reader."""
    if not isinstance(given, str | os.PathLike):
        raise TypeError(
            f"{reader} expects {expected}, not {given!r:.60} of type {type(given).__name__}; "
            "sentences that are lists of words already are given to Word2Vec as they are"
        )


def line_parts(path: FilePath, limit: int | None) -> Iterator[tuple[list[str], bool]]:
    """Yield the words of each line of a text file, a long one in parts, and whether it ends with them."""
    for text in decoded_blocks(path, limit):
        *lines, rest = text.split("\n")
        for line in lines:
            yield line.split(), True
        yield rest.split(), False
    yield [], True


def _cut(words: list[str], length: int | None) -> Iterator[list[str]]:
    """Yield words in slices of `length`, or all in one if that is None; nothing if there are no words."""
    if length is None:
        length = len(words) or 1
    for start in range(0, len(words), length):
        yield words[start : start + length]


def text_files(source: Any) -> TextFiles | None:
    """Return the files that one of these readers reads; None for other sources, and for subclasses."""
    if type(source) is LineSentence and isinstance(source.source, (str, os.PathLike)):
        return TextFiles((source.source,), source.max_sentence_length, source.limit)
    if type(source) is PathLineSentences:
        return TextFiles(tuple(source.input_files), source.max_sentence_length, source.limit)
    if type(source) is Text8Corpus:
        return TextFiles((source.fname,), source.max_sentence_length, by_line=False)
    return None


def begin_reading(source: Any) -> None:
    """Note that one of these readers reads its files; ValueError if that can be done only once, and was."""
    files = text_files(source)
    for path in files.paths if files is not None else ():
        refuse_again(source, path)


def is_static(source: Any) -> bool:
    """Return whether each pass over `source` gives the same sentences, so that one pass is enough."""
    return type(source) in (list, tuple, BrownCorpus) or text_files(source) is not None
