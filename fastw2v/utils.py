"""Small helpers under gensim's names: vocabulary rules, unicode, opening compressed files."""

from __future__ import annotations

import builtins
import bz2
import gzip
import lzma
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from importlib import import_module
from types import ModuleType
from typing import IO, Any, TypeVar

from fastw2v.threads import blas_threads as blas_threads  # these three were first known under this module
from fastw2v.threads import shares as shares
from fastw2v.threads import usable_cpus as usable_cpus

RULE_DEFAULT = 0
RULE_DISCARD = 1
RULE_KEEP = 2

TrimRule = Callable[[Any, int, int], int]
"""`trim_rule(word, count, min_count)` returns RULE_KEEP, RULE_DISCARD or RULE_DEFAULT."""

Document = TypeVar("Document")

_LETTERS = re.compile(r"[^\W\d]+")


def keep_vocab_item(word: Any, count: int, min_count: int, trim_rule: TrimRule | None = None) -> bool:
    """Return whether a word seen `count` times stays in the vocabulary; the rule may overrule `min_count`."""
    verdict = RULE_DEFAULT if trim_rule is None else trim_rule(word, count, min_count)
    if verdict == RULE_KEEP:
        return True
    if verdict == RULE_DISCARD:
        return False
    return count >= min_count


def prune_vocab(vocab: MutableMapping[Any, int], min_reduce: int, trim_rule: TrimRule | None = None) -> int:
    """Delete from `vocab` the words `keep_vocab_item` rejects; return the sum of their counts."""
    dropped = {word: n for word, n in vocab.items() if not keep_vocab_item(word, n, min_reduce, trim_rule)}
    for word in dropped:
        del vocab[word]
    return sum(dropped.values())


def any2unicode(text: str | bytes, encoding: str = "utf8", errors: str = "strict") -> str:
    """Return `text` as str, decoding bytes."""
    return text if isinstance(text, str) else text.decode(encoding, errors)


def any2utf8(text: str | bytes, errors: str = "strict", encoding: str = "utf8") -> bytes:
    """Return `text` as UTF-8; bytes are taken to be in `encoding`."""
    return any2unicode(text, encoding, errors).encode("utf8")


to_unicode = any2unicode
to_utf8 = any2utf8


def simple_preprocess(
    doc: str | bytes, deacc: bool = False, min_len: int = 2, max_len: int = 15
) -> list[str]:
    """Return the lower-cased words of `doc`: runs of letters, `min_len` to `max_len` long.

    With `deacc` accents are removed first. Words that start with an underscore are left out.
    """
    text = any2unicode(doc, errors="ignore").lower()
    if deacc:
        bare = (c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
        text = unicodedata.normalize("NFC", "".join(bare))
    return [
        word
        for word in _LETTERS.findall(text)
        if min_len <= len(word) <= max_len and not word.startswith("_")
    ]


def open(  # noqa: A001 - gensim's name
    path: str | os.PathLike[str],
    mode: str = "r",
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
) -> IO[Any]:
    """Open a file as the built-in does, (de)compressing by its suffix: .gz, .bz2, .xz and .zst.

    Text is UTF-8 unless `encoding` says otherwise. Raises ImportError for .zst where Python has no zstd.
    """
    if "b" not in mode:
        encoding = encoding or "utf8"
    module = _COMPRESSION.get(os.path.splitext(os.fspath(path))[1].lower())
    if module is None:
        return builtins.open(path, mode, encoding=encoding, errors=errors, newline=newline)
    if "b" not in mode and "t" not in mode:
        mode += "t"
    handle: IO[Any] = module().open(path, mode, encoding=encoding, errors=errors, newline=newline)
    return handle


def _zstd() -> ModuleType:
    """Return the zstd module of Python 3.14 or its backport."""
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return import_module(name)
        except ImportError:
            continue
    raise ImportError(
        "reading .zst files needs Python 3.14 or newer, or the package backports.zstd: "
        "pip install backports.zstd"
    )


_COMPRESSION: dict[str, Callable[[], ModuleType]] = {
    ".gz": lambda: gzip,
    ".bz2": lambda: bz2,
    ".xz": lambda: lzma,
    ".zst": _zstd,
}


def save_as_line_sentence(corpus: Iterable[Iterable[str]], filename: str | os.PathLike[str]) -> None:
    """Write one sentence a line, its words separated by spaces, as UTF-8."""
    with open(filename, "wb") as out:
        for sentence in corpus:
            out.write((" ".join(sentence) + "\n").encode("utf8"))


class RepeatCorpus(Iterable[Document]):
    """The documents of `corpus`, over and over, `reps` of them in all."""

    def __init__(self, corpus: Iterable[Document], reps: int) -> None:
        self.corpus = corpus
        self.reps = reps

    def __iter__(self) -> Iterator[Document]:
        left = self.reps
        while left > 0:
            before = left
            for document in self.corpus:
                yield document
                left -= 1
                if left <= 0:
                    return
            if left == before:
                return
