"""Where sentences come from: readers of text files.

The readers are restartable iterables of lists of words. Words are what `str.split()` makes of a line: every
Unicode white space separates. Text is strict UTF-8, compressed if its file's name says so (`utils.open`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, Any

from fastw2v.text.blocks import FilePath, TextFiles, decode_line, decoded_blocks
from fastw2v.utils import open as open_file


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
    return type(source) in (list, tuple, BrownCorpus) or text_files(source) is not None
