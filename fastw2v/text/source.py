"""What a caller gives to read: `Source` looks at it once, and whatever reads a corpus asks it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from fastw2v.text import scan
from fastw2v.text.blocks import FilePath, TextFiles
from fastw2v.text.ids import EncodedCorpus
from fastw2v.text.readers import PathLineSentences, is_static, text_files
from fastw2v.utils import TrimRule

FileState = tuple[int, int, int]  # inode, bytes, time of change


@dataclass(frozen=True, eq=False)
class Source:
    """A corpus: text files with their state, something fixed in memory, or a stream that is read each time.

    `sentences` is what to iterate over in any case; `files` are those behind it, if it is one of our
    readers, with their `states` when they were looked at. `fixed`: every pass gives the same sentences.
    """

    sentences: Iterable[Any]
    files: TextFiles | None
    states: tuple[FileState, ...]
    fixed: bool

    @classmethod
    def of(cls, sentences: Any, corpus_file: FilePath | None, *, passes: int) -> Source:
        """Look at what was given; TypeError unless it is one corpus that can be read `passes` times."""
        _check_one_corpus(sentences, corpus_file)
        if corpus_file is None:
            _check_sentences(sentences, passes)
        else:
            sentences = PathLineSentences(corpus_file)
        files = text_files(sentences)
        states = () if files is None else tuple(map(_state_of, files.paths))
        return cls(sentences, files, states, fixed=files is not None or is_static(sentences))

    def is_same_text(self, other: Source) -> bool:
        """Whether the other is the same object, or the same files unchanged."""
        if self.files is None:
            return self.sentences is other.sentences
        return (self.files, self.states) == (other.files, other.states)

    def scan(
        self,
        *,
        max_vocab_size: int | None,
        trim_rule: TrimRule | None,
        progress_per: int,
        encode: bool,
        threads: int,
    ) -> scan.Scan:
        """Count the words in one reading; see `text.scan.scan`."""
        return scan.scan(
            self.sentences,
            self.files,
            max_vocab_size=max_vocab_size,
            trim_rule=trim_rule,
            progress_per=progress_per,
            encode=encode,
            threads=threads,
        )

    def encode(self, key_to_index: dict[Any, int], *, threads: int) -> EncodedCorpus:
        """Read the text as rows of a vocabulary, without other words."""
        return scan.encode(self.sentences, self.files, key_to_index, threads=threads)


def _state_of(path: FilePath) -> FileState:
    state = os.stat(path)
    return state.st_ino, state.st_size, state.st_mtime_ns


def _check_one_corpus(sentences: Any, corpus_file: Any) -> None:
    if sentences is None and corpus_file is None:
        raise TypeError("no corpus: give either an iterable of lists of words or corpus_file, a path")
    if corpus_file is None:
        return
    if not isinstance(corpus_file, str | os.PathLike):
        raise TypeError(
            f"corpus_file must be a path, not {type(corpus_file).__name__}; a size goes into vector_size="
        )
    if sentences is not None:
        raise TypeError("two corpora: give either an iterable of lists of words or corpus_file, not both")
    if not os.path.isfile(corpus_file):
        raise TypeError(f"corpus_file {os.fspath(corpus_file)!r} is not a file that exists")


def _check_sentences(sentences: Any, passes: int) -> None:
    if isinstance(sentences, str | bytes):
        raise TypeError(
            f"the corpus is the string {sentences[:40]!r}, which would be read as letters: "
            "give corpus_file=path for a file, or a list of lists of words"
        )
    if not isinstance(sentences, Iterable):
        raise TypeError(
            f"the corpus must be a restartable iterable of lists of words, not {type(sentences).__name__}"
        )
    if passes > 1 and _is_one_shot(sentences):
        raise TypeError(
            f"a {type(sentences).__name__} can be read only once, and the corpus is read {passes} times "
            "(each epoch, and before them for the vocabulary): "
            "give a list, or an object whose __iter__ begins anew"
        )


def _is_one_shot(sentences: Iterable[Any]) -> bool:
    """Whether this is an iterator of Python's own: a generator, a map, an open file, iter(a list), …

    A class written in Python may well return itself from an `__iter__` that begins anew.
    """
    if not isinstance(sentences, Iterator):
        return False
    iterate = getattr(type(sentences), "__iter__", None)
    return not isinstance(iterate, FunctionType) or iterate is Iterator.__iter__
