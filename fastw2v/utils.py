"""Small helpers under gensim's names: vocabulary rules, unicode, opening compressed files."""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from importlib import import_module
from numbers import Integral
from types import SimpleNamespace
from typing import IO, Any, TypeVar, cast

from fastw2v import paths
from fastw2v.threads import blas_threads as blas_threads  # these three can be imported from here as well
from fastw2v.threads import shares as shares
from fastw2v.threads import usable_cpus as usable_cpus
from fastw2v.warn import warn_user

RULE_DEFAULT = 0
RULE_DISCARD = 1
RULE_KEEP = 2

TrimRule = Callable[[Any, int, int], int]
"""`trim_rule(word, count, min_count)` returns RULE_KEEP, RULE_DISCARD or RULE_DEFAULT (min_count decides)."""

Document = TypeVar("Document")

_XZ_MEMORY = 66 << 20  # bytes, what `xz -9` needs; a header may ask for 4 GB
_BLOCK = 1 << 18
_INPUT = 1 << 14  # small, as the rest of it is copied for each of many short streams

_LETTERS = re.compile(r"[^\W\d]+")


def keep_vocab_item(word: Any, count: int, min_count: int, trim_rule: TrimRule | None = None) -> bool:
    """Return whether a word stays in the vocabulary.

    Args:
        word (key): the word.
        count (int): how often it occurred.
        min_count (int): how often it must occur, unless the rule decides otherwise.
        trim_rule (function or None): called with (word, count, min_count), returns RULE_KEEP, RULE_DISCARD or
            RULE_DEFAULT. None leaves it to `min_count`.

    Returns:
        bool: whether to keep it.

    Raises:
        TypeError: the rule returned a bool, or what is no number. Other values and None mean RULE_DEFAULT.
    """
    if trim_rule is None:
        return count >= min_count
    verdict = trim_rule(word, count, min_count)
    if verdict is None:
        verdict = RULE_DEFAULT
    # True equals RULE_DISCARD: it would drop what it was meant to keep.
    if isinstance(verdict, bool) or not isinstance(verdict, Integral):
        raise TypeError(
            f"trim_rule returned {verdict!r:.60} for {word!r:.60}: it must return RULE_KEEP, RULE_DISCARD or "
            "RULE_DEFAULT of fastw2v.utils; for a condition, RULE_KEEP if condition else RULE_DISCARD"
        )
    return verdict == RULE_KEEP or (verdict != RULE_DISCARD and count >= min_count)


def prune_vocab(vocab: MutableMapping[Any, int], min_reduce: int, trim_rule: TrimRule | None = None) -> int:
    """Delete the words that `keep_vocab_item` rejects.

    Args:
        vocab (dict): word → count; it is changed.
        min_reduce (int): how often a word must occur, unless the rule decides otherwise.
        trim_rule (function or None): as for `keep_vocab_item`.

    Returns:
        int: the sum of the deleted counts.
    """
    dropped = {word: n for word, n in vocab.items() if not keep_vocab_item(word, n, min_reduce, trim_rule)}
    for word in dropped:
        del vocab[word]
    return sum(dropped.values())


def any2unicode(text: str | bytes, encoding: str = "utf8", errors: str = "strict") -> str:
    """Return a text as str.

    Args:
        text (str or bytes): the text; a str is returned as it is.
        encoding (str): of bytes.
        errors (str): what to do with bytes that cannot be decoded, as for `bytes.decode`.

    Returns:
        str: the text.

    Raises:
        UnicodeDecodeError: the bytes cannot be decoded, and `errors` is "strict".
    """
    return text if isinstance(text, str) else text.decode(encoding, errors)


def any2utf8(text: str | bytes, errors: str = "strict", encoding: str = "utf8") -> bytes:
    """Return a text as bytes in UTF-8.

    Args:
        text (str or bytes): the text.
        errors (str): what to do with bytes that cannot be decoded, as for `bytes.decode`.
        encoding (str): of bytes that are given.

    Returns:
        bytes: the text in UTF-8.

    Raises:
        UnicodeDecodeError: the bytes cannot be decoded, and `errors` is "strict".
    """
    return any2unicode(text, encoding, errors).encode("utf8")


to_unicode = any2unicode
to_utf8 = any2utf8


def simple_preprocess(
    doc: str | bytes, deacc: bool = False, min_len: int = 2, max_len: int = 15
) -> list[str]:
    """Return the words of a text in lower case: runs of letters, in their order.

    Words that begin with an underscore are left out, and so are words that are too short or too long.

    Args:
        doc (str or bytes): the text; bytes are UTF-8, and what cannot be decoded is dropped.
        deacc (bool): remove accents first.
        min_len (int): letters of the shortest word.
        max_len (int): letters of the longest word.

    Returns:
        list of str: the words.

    Example:
        >>> from fastw2v.utils import simple_preprocess
        >>> simple_preprocess("Café No. 9: the cat sat.", deacc=True)
        ['cafe', 'no', 'the', 'cat', 'sat']
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
    """Open a file as the built-in does, and (de)compress it if its name ends in .gz, .bz2, .xz or .zst.

    `~` and `file://` are understood, and remote addresses such as `s3://bucket/text.gz` if smart_open or
    fsspec is installed (pip install 'fastw2v[remote]'). A remote file is sent when it is closed; if the
    `with` block that writes to it ends with an error, what is there stays.

    Args:
        path (path): the file.
        mode (str): as for the built-in; without "b" it is text.
        encoding (str or None): of text; None is UTF-8.
        errors (str or None): what to do with text that cannot be decoded or encoded, as for the built-in.
        newline (str or None): how line ends of text are translated, as for the built-in.

    Returns:
        file: open, of text or bytes.

    Raises:
        OSError: the file cannot be opened.
        ImportError: this Python lacks the module for such files, see `compression`; or nothing that is
            installed opens the address.
        ValueError: a remote file is opened for anything but reading from or writing to its beginning.
    """
    if "b" not in mode:
        encoding = encoding or "utf8"
    path = paths.expand(path)
    suffix = paths.suffix(path)
    packed = suffix in _MODULES
    if paths.is_remote(path):
        if not set(mode) <= set("rbt"):
            return _open_to_send(path, mode, encoding, errors, newline)
        stream = paths.open_stream(path, compression(suffix).open if packed else None)
        return stream if "b" in mode else io.TextIOWrapper(stream, encoding, errors, newline)
    if not packed:
        return builtins.open(path, mode, encoding=encoding, errors=errors, newline=newline)
    if "b" not in mode and "t" not in mode:
        mode += "t"
    handle: IO[Any] = compression(suffix).open(path, mode, encoding=encoding, errors=errors, newline=newline)
    return handle


def _open_to_send(path: str, mode: str, *how: str | None) -> IO[Any]:
    """Open a remote file for writing."""
    if not set(mode) <= set("wbt"):
        raise ValueError(f"mode {mode!r} of {path}: a remote file can be read ('r') or replaced ('w')")
    return cast(IO[Any], paths.Sending(path, lambda name: open(name, mode, *how)))


class _XzContent(io.RawIOBase):
    """What a file holds that is compressed by xz.

    `lzma.LZMAFile` has no limit: it takes the memory that a header asks for, up to 4 GB.
    """

    def __init__(self, file: paths.StrPath | IO[bytes]) -> None:
        self._owned: IO[bytes] | None = None
        if isinstance(file, str | os.PathLike):
            file = self._owned = builtins.open(file, "rb")  # noqa: SIM115  # closed by `close`
        self._file: IO[bytes] = file
        self._start = self._file.tell() if self.seekable() else 0
        self._blocks, self._left = unpacked_blocks(self._file, _BLOCK), b""
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return hasattr(self._file, "seekable") and self._file.seekable()

    def readinto(self, buffer: Any) -> int:
        block = self._left or next(self._blocks, b"")
        part, self._left = block[: len(buffer)], block[len(buffer) :]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Unpack up to a place, anew if it has been passed."""
        if whence == io.SEEK_END:
            while self.read(_BLOCK):
                pass
        offset += 0 if whence == io.SEEK_SET else self._at
        if offset < self._at:
            self._file.seek(self._start)
            self._blocks, self._left = unpacked_blocks(self._file, _BLOCK), b""
            self._at = 0
        while self._at < offset and self.read(min(_BLOCK, offset - self._at)):
            pass
        return self._at

    def close(self) -> None:
        if self._owned is not None:
            self._owned.close()
        super().close()


class _XzFile(io.BufferedReader):
    """A file compressed by xz, open for reading bytes."""


def _open_xz(file: Any, mode: str = "rb", **text: Any) -> IO[Any]:
    """Open a file as `lzma.open` does; what is read takes bounded memory."""
    if "r" not in mode:
        return cast(IO[Any], packing_module(".xz").open(file, mode, **text))
    opened = _XzFile(_XzContent(file))
    return opened if "t" not in mode else io.TextIOWrapper(opened, **text)


def unpack_xz() -> Any:
    """Return what unpacks xz in bounded memory.

    Returns:
        LZMADecompressor: of one stream.

    Raises:
        ImportError: this Python lacks the module lzma.
    """
    return packing_module(".xz").LZMADecompressor(memlimit=_XZ_MEMORY)


def unpacked_blocks(file: IO[bytes], size: int, unpack: Callable[[], Any] = unpack_xz) -> Iterator[bytes]:
    """Yield what the rest of a file holds, which is compressed in one stream or several.

    Args:
        file (binary file): what to read.
        size (int): bytes of a block, at most.
        unpack (function): returns a decompressor, anew for each stream.

    Yields:
        bytes: a block.

    Raises:
        EOFError: it is cut short. Damage is an error of the decompressor.
    """
    rest = file.read(_INPUT)
    if not rest:
        raise EOFError
    while rest:
        stream = unpack()
        while not stream.eof:
            if stream.needs_input and not (rest := rest or file.read(_INPUT)):
                raise EOFError
            block = stream.decompress(rest, size)
            rest = b""
            if block:
                yield block
        rest = (stream.unused_data or file.read(_INPUT)).lstrip(b"\0")  # xz is padded with zeros


# Of each suffix: the module of Python that reads and writes such files, and the packages of Debian and Fedora
# with the headers that it is built with. A Python that was built without them lacks the module.
_MODULES = {
    ".gz": ("gzip", "zlib1g-dev or zlib-devel"),
    ".bz2": ("bz2", "libbz2-dev or bzip2-devel"),
    ".xz": ("lzma", "liblzma-dev or xz-devel"),
    ".zst": ("compression.zstd", "libzstd-dev or libzstd-devel"),
}


def packing_module(suffix: str, files: str | None = None) -> Any:
    """Return the module for files with this suffix; it is imported here, as a Python may lack it.

    Args:
        suffix (str): ".gz", ".bz2", ".xz" or ".zst".
        files (str or None): what an error calls files that are packed in the same way; None is the suffix.

    Returns:
        module: of the standard library, or for ".zst" perhaps its backport.

    Raises:
        ImportError: this Python lacks it; the error says which module that is, and what to do.
    """
    name, headers = _MODULES[suffix]
    try:
        return import_module(name)
    except ImportError as error:
        missing = error.name or name  # of gzip it is zlib
    what = f"{files or suffix} files need"
    if suffix == ".zst":
        with contextlib.suppress(ImportError):
            return import_module("backports.zstd")
        if sys.version_info < (3, 14):
            advice = "pip install backports.zstd"
            raise ImportError(f"{what} Python 3.14 or newer, or the package backports.zstd: {advice}")
    raise ImportError(
        f"{what} the module {missing}, which this Python was built without: take another Python, install "
        f"{headers} and build this one again, or do without that compression",
        name=missing,
    )


def compression(suffix: str) -> Any:
    """Return what has an `open` that reads and writes files with this suffix.

    Args:
        suffix (str): ".gz", ".bz2", ".xz" or ".zst".

    Returns:
        module: as `packing_module` returns it; for ".xz" an object.

    Raises:
        ImportError: this Python lacks the module for such files.
    """
    module = packing_module(suffix)
    return SimpleNamespace(open=_open_xz) if suffix == ".xz" else module


def save_as_line_sentence(corpus: Iterable[Iterable[str]], filename: str | os.PathLike[str]) -> None:
    """Write one sentence per line, its words separated by spaces, in UTF-8: what `LineSentence` reads.

    Args:
        corpus (iterable of lists of words): the sentences.
        filename (path): where to write; compressed if its name says so, as for `open`. A file that is there
            is replaced when the new one is complete.

    Raises:
        OSError: the file cannot be written; what was there stays.
    """
    from fastw2v.formats.atomic import atomic_writer  # which lies higher, and takes its compression from here

    with atomic_writer(filename, compressed=True) as out:
        for number, sentence in enumerate(corpus):
            if not number and isinstance(sentence, str):
                warn_user(
                    f"the sentence {sentence!r:.60} is a string: its letters are written as words; give "
                    "lists of words, as sentence.split() makes them"
                )
            out.write((" ".join(sentence) + "\n").encode("utf8"))


class RepeatCorpus(Iterable[Document]):
    """The documents of a corpus, over and over, until there were `reps` documents.

    Args:
        corpus (iterable): the documents; it is iterated over again in each round.
        reps (int): how many documents in all.
    """

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
