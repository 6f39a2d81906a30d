"""A corpus as it was given: `Source` looks at it once, and all code that reads a corpus asks it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from fastw2v import paths
from fastw2v.checks import trim_rule_of
from fastw2v.text import scan
from fastw2v.text.blocks import FilePath, TextFiles
from fastw2v.text.ids import EncodedCorpus
from fastw2v.text.once import kind_of_once
from fastw2v.text.readers import LineSentence, PathLineSentences, begin_reading, is_static, text_files
from fastw2v.text.tables import Rows, sentences_of
from fastw2v.utils import TrimRule

_TIMES = "(once for a new vocabulary, and once in each epoch)"

FileState = tuple[int, int, int]  # inode, bytes, time of change in ns


@dataclass(frozen=True, eq=False)
class Source:
    """A corpus: text files with their state, something fixed in memory, or a stream that is read each time.

    Attributes:
        given (any): the corpus as the caller gave it, by which it is known again.
        sentences (iterable of lists of words): what is read of it.
        files (TextFiles or None): the files that it comes from, if one of our readers reads them.
        states (tuple): the state of each file when it was looked at.
        fixed (bool): whether each pass gives the same sentences.
    """

    given: Any
    sentences: Iterable[Any]
    files: TextFiles | None
    states: tuple[FileState, ...]
    fixed: bool

    @classmethod
    def of(cls, sentences: Any, corpus_file: FilePath | None, *, passes: int) -> Source:
        """Look at a corpus; TypeError unless it is exactly one, and can be read `passes` times."""
        _check_one_corpus(sentences, corpus_file)
        given = sentences
        if corpus_file is None:
            sentences = sentences_of(given)
            _check_sentences(sentences, passes)
        else:
            sentences = (LineSentence if kind_of_once(corpus_file) else PathLineSentences)(corpus_file)
        files = text_files(sentences)
        if passes > 1 and files is not None:
            _check_files(files, passes)
        states = () if files is None else tuple(map(_state_of, files.paths))
        knows = isinstance(sentences, Rows | scan.SelfEncoded)
        fixed = sentences.fixed if knows else is_static(sentences)
        return cls(given, sentences, files, states, fixed)

    def is_same_text(self, other: Source) -> bool:
        """Return whether the other is the same object, or the same files, unchanged."""
        if self.files is None:
            return self.given is other.given
        return (self.files, self.states) == (other.files, other.states)

    def check_not(self, target: FilePath) -> None:
        """Raise ValueError if a file that is to be written is one that is read."""
        for path in () if self.files is None else self.files.paths:
            local = not paths.is_remote(path) and os.path.exists(paths.expand(target))
            if local and os.path.samefile(paths.expand(path), paths.expand(target)):
                raise ValueError(f"checkpoint={os.fspath(target)!r} is the text: it would be replaced")
        folder = paths.expand(self.sentences.source) if isinstance(self.sentences, PathLineSentences) else ""
        if not (paths.is_remote(folder) or paths.is_remote(target)) and os.path.isdir(folder):
            beside = os.path.dirname(os.path.abspath(paths.expand(target)))
            if os.path.isdir(beside) and os.path.samefile(beside, folder):
                raise ValueError(
                    f"checkpoint={os.fspath(target)!r} is in the folder of the text, of which all files are "
                    "read: the run could not go on. Give a place outside of it"
                )

    def scan(
        self,
        *,
        max_vocab_size: int | None,
        trim_rule: TrimRule | None,
        progress_per: int,
        encode: bool,
        threads: int,
    ) -> scan.Scan:
        """Count the words in one reading; see `text.scan.scan` for the settings."""
        if not max_vocab_size:  # else the sentences are iterated over, which notes it
            begin_reading(self.sentences)
        return scan.scan(
            self.sentences,
            self.files,
            max_vocab_size=max_vocab_size,
            trim_rule=trim_rule_of(trim_rule),
            progress_per=progress_per,
            encode=encode,
            threads=threads,
        )

    def encode(self, key_to_index: dict[Any, int], *, threads: int) -> EncodedCorpus:
        """Return the text as rows of a vocabulary, without words that it lacks."""
        begin_reading(self.sentences)
        return scan.encode(self.sentences, self.files, key_to_index, threads=threads)


def _state_of(path: FilePath) -> FileState:
    if paths.is_remote(path) or kind_of_once(path):
        return 0, 0, time.time_ns()  # each reading may find another text
    state = os.stat(paths.expand(path))
    return state.st_ino, state.st_size, state.st_mtime_ns


def _check_one_corpus(sentences: Any, corpus_file: Any) -> None:
    if sentences is None and corpus_file is None:
        raise TypeError("no corpus: give either an iterable of lists of words or corpus_file, a path")
    if corpus_file is None:
        return
    if not isinstance(corpus_file, str | os.PathLike):
        advice = "; to set the size of vectors, give vector_size=" * isinstance(corpus_file, int)
        raise TypeError(f"corpus_file must be a path, not {type(corpus_file).__name__}{advice}")
    if sentences is not None:
        raise TypeError("two corpora: give either an iterable of lists of words or corpus_file, not both")
    if not paths.is_remote(corpus_file):
        local = paths.expand(corpus_file)
        if not os.path.isfile(local) and not kind_of_once(local):
            advice = ": for all files of a folder, give PathLineSentences(folder)" * os.path.isdir(local)
            raise TypeError(f"corpus_file {os.fspath(corpus_file)!r} is not a file that exists{advice}")


def _check_sentences(sentences: Any, passes: int) -> None:
    if isinstance(sentences, str | bytes):
        raise TypeError(
            f"the corpus is the string {sentences[:40]!r}, which would be read as letters: "
            "give corpus_file=path for a file, or a list of lists of words"
        )
    if not isinstance(sentences, Iterable):
        advice = ": give corpus_file=path for a file" * isinstance(sentences, os.PathLike)
        raise TypeError(
            "the corpus must be a restartable iterable of lists of words, "
            f"not {type(sentences).__name__}{advice}"
        )
    if passes > 1 and _is_one_shot(sentences):
        advice = "corpus_file=path" if hasattr(sentences, "readline") else "a list"
        raise TypeError(
            f"a {type(sentences).__name__} can be read only once, and the corpus is read {passes} times "
            f"{_TIMES}: give {advice}, or an object whose __iter__ starts again from the beginning"
        )


def _check_files(files: TextFiles, passes: int) -> None:
    """Raise TypeError for what can be read only once; to open a pipe again may wait for ever."""
    for path in files.paths:
        if (kind := kind_of_once(path)) is not None:
            raise TypeError(
                f"{paths.name_of(path)} is {kind}, which can be read only once, and the corpus is read "
                f"{passes} times {_TIMES}: write the text to a file and give that"
            )


def _is_one_shot(sentences: Iterable[Any]) -> bool:
    """Return whether this is one of Python's own iterators: a generator, a map, an open file and the like.

    A class with an `__iter__` written in Python is trusted: it may start again and return the object itself.
    """
    if not isinstance(sentences, Iterator):
        return False
    iterate = getattr(type(sentences), "__iter__", None)
    return not isinstance(iterate, FunctionType) or iterate is Iterator.__iter__
