"""One reading of a corpus: its words are counted, and the text becomes ids on the way."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v import paths
from fastw2v.text._encoder import SentenceCounter, WordTable, no_row
from fastw2v.text.blocks import BLOCK_BYTES, FilePath, TextFiles, cut_lengths, decoded_blocks, text_blocks
from fastw2v.text.ids import EncodedCorpus, IdStore, ProvisionalCorpus
from fastw2v.text.once import kind_of_once
from fastw2v.text.readers import line_parts
from fastw2v.text.tables import Taker, plain_word, refuse_unhashable
from fastw2v.threads import Pool
from fastw2v.utils import TrimRule, prune_vocab

# gensim logs all this as its word2vec module, and people filter by that name.
logger = logging.getLogger("fastw2v.word2vec")

WORDS_PER_PART = 1 << 20
"""Sentences are read in parts of so many words; after each part their ids may go to the disk."""

FEW_WORDS = 4
"""A text with so many times fewer words than a vocabulary looks up its own in it, not the other way round."""


class Words:
    """Distinct words, in the order in which they were first seen; a word's place is its number in it."""

    def __init__(self, words: list[Any]) -> None:
        self._words = words

    def __len__(self) -> int:
        return len(self._words)

    def at(self, places: npt.NDArray[np.intp]) -> list[Any]:
        """Return the words at these places."""
        words = self._words
        return [words[place] for place in places.tolist()]

    def all(self) -> list[Any]:
        """Return all words."""
        return list(self._words)

    def rows_in(self, key_to_index: dict[Any, int]) -> npt.NDArray[np.int32]:
        """Return the rows of all words in a vocabulary, -1 for those that it does not have."""
        rows = np.fromiter(map(key_to_index.get, self._words, repeat(-1)), np.int32, len(self))
        for word in self.at(np.flatnonzero(rows < 0)):
            if word in key_to_index:
                raise no_row(key_to_index[word])
        return rows


class _TableWords(Words):
    """Words of a table; they become Python strings when they are asked for, which most words never are."""

    def __init__(self, table: WordTable, ids: npt.NDArray[np.int32]) -> None:
        self._table = table
        self._ids = ids  # by place

    def __len__(self) -> int:
        return len(self._ids)

    def at(self, places: npt.NDArray[np.intp]) -> list[Any]:
        return self._table.words_of(self._ids[places])

    def all(self) -> list[Any]:
        return self._table.words_of(self._ids)

    def rows_in(self, key_to_index: dict[Any, int]) -> npt.NDArray[np.int32]:
        if FEW_WORDS * len(self) < len(key_to_index):
            return Words(self.at(np.arange(len(self)))).rows_in(key_to_index)
        return self._table.rows_in(key_to_index)[self._ids]


@dataclass
class Scan:
    """What one reading of a corpus found.

    Attributes:
        words (Words): the distinct words.
        counts (array): int64 (words,), how often each occurred.
        total_words (int): raw words of the corpus.
        sentences (int): sentences of the corpus, empty ones included.
        encoded (ProvisionalCorpus or None): the text as places in `words`, if that was asked for.
    """

    words: Words
    counts: npt.NDArray[np.int64]
    total_words: int
    sentences: int
    encoded: ProvisionalCorpus | None

    @property
    def raw_vocab(self) -> dict[Any, int]:
        """A new dict, word → count."""
        return dict(zip(self.words.all(), self.counts.tolist(), strict=True))


class SelfEncoded:
    """A base class of texts that are read as ids faster than as lists of words.

    Attributes:
        fixed (bool): whether each pass gives the same sentences.
    """

    fixed: bool

    def scan_as_ids(self, threads: int) -> Scan | None:
        """Return the text as ids, read in so many threads; None if it has to be read as words."""
        raise NotImplementedError


class RawVocab:
    """Counts of all words of a text, kept as columns until they are asked for as a dict.

    Hashing all words takes as long as counting a fifth of the text, and few callers need the dict.

    Args:
        by_word (dict): word → count.
    """

    def __init__(self, by_word: dict[Any, int]) -> None:
        self._by_word: dict[Any, int] | None = by_word
        self._scan: Scan | None = None

    @classmethod
    def of(cls, scan: Scan) -> RawVocab:
        """Take the words and counts of a reading."""
        raw = cls({})
        raw._by_word, raw._scan = None, replace(scan, encoded=None)
        return raw

    @property
    def by_word(self) -> dict[Any, int]:
        """A dict, word → count; always the same one, which may be changed."""
        if self._scan is not None:
            self._by_word, self._scan = self._scan.raw_vocab, None
        assert self._by_word is not None
        return self._by_word

    def columns(self) -> tuple[Words, npt.NDArray[np.int64]]:
        """Return the words and their counts (words,)."""
        if self._scan is not None:
            return self._scan.words, self._scan.counts
        counts = np.fromiter(self.by_word.values(), np.int64, len(self.by_word))
        return Words(list(self.by_word)), counts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RawVocab) and self.by_word == other.by_word

    __hash__ = None  # type: ignore[assignment]  # like a dict: it may change

    def __getstate__(self) -> dict[str, Any]:
        # Plain Python can be saved and copied; the table of words of a reading cannot.
        return {"_by_word": self.by_word, "_scan": None}


def scan(
    sentences: Iterable[Any],
    files: TextFiles | None = None,
    *,
    max_vocab_size: int | None = None,
    trim_rule: TrimRule | None = None,
    progress_per: int = 10000,
    encode: bool = True,
    threads: int = 1,
    block_bytes: int = BLOCK_BYTES,
) -> Scan:
    """Count the words of a text, and encode them in the same reading.

    Args:
        sentences (iterable of lists of words): the text.
        files (TextFiles or None): the files that it comes from, if there are; they are read instead.
        max_vocab_size (int or None): if a sentence ends with more distinct words than that, those seen less
            than m times are dropped; m is 1 at first, and then grows by 1 each time. Counts are then
            approximate, and nothing is encoded. None or 0 drops no words.
        trim_rule (function or None): may decide otherwise which words are dropped.
        progress_per (int): number of sentences between two lines of the log.
        encode (bool): keep the text as ids.
        threads (int): how many read the files.
        block_bytes (int): how much of a file is read at a time.

    Returns:
        Scan: words, counts and, if it was asked for, the encoded text.
    """
    logger.info("collecting all words and their counts")
    as_ids = None
    if isinstance(sentences, SelfEncoded) and not max_vocab_size:
        as_ids = sentences.scan_as_ids(threads)
    if max_vocab_size:
        found = _scan_pruning(_parts_of(sentences, files), max_vocab_size, trim_rule, progress_per)
    elif as_ids is not None:
        found = as_ids if encode else replace(as_ids, encoded=None)
    elif files is not None:
        found = _FileScan(files, progress_per, encode, block_bytes).run(threads)
    else:
        found = _scan_sentences(sentences, progress_per, encode)
    logger.info(
        "collected %i word types from a corpus of %i raw words and %i sentences",
        len(found.words),
        found.total_words,
        found.sentences,
    )
    return found


def encode(
    sentences: Iterable[Any],
    files: TextFiles | None,
    key_to_index: dict[Any, int],
    *,
    threads: int = 1,
) -> EncodedCorpus:
    """Return a text, given as for `scan`, as rows of an existing vocabulary, without words that it lacks."""
    silent = sys.maxsize
    as_ids = sentences.scan_as_ids(threads) if isinstance(sentences, SelfEncoded) else None
    if as_ids is not None:
        found = as_ids
    elif files is not None:
        found = _FileScan(files, silent, encode=True).run(threads)
    else:
        found = _scan_sentences(sentences, silent, encode=True, learn=False)
    assert found.encoded is not None
    return found.encoded.renumbered(found.words.rows_in(key_to_index))


def _log_progress(sentences: int, words: int, types: int) -> None:
    logger.info(
        "PROGRESS: at sentence #%i, processed %i words, keeping %i word types", sentences, words, types
    )


def _scan_sentences(sentences: Iterable[Any], progress_per: int, encode: bool, *, learn: bool = True) -> Scan:
    # A generator, because each read asks for an iterator, and some iterators start again then.
    counter = SentenceCounter((sentence for sentence in sentences), encode=encode, learn=learn)
    store = IdStore()
    while counter.read(WORDS_PER_PART, progress_per - counter.sentence_count % progress_per):
        store.append(counter.take())
        if counter.sentence_count % progress_per == 0:
            _log_progress(counter.sentence_count, counter.total_words, len(counter))
    tokens, counts = counter.vocabulary()
    encoded = None
    if encode:
        numbers = np.arange(len(tokens), dtype=np.int32)
        encoded = ProvisionalCorpus(store.finish(), counter.lengths(), [(numbers, counter.total_words)])
    return Scan(Words(tokens), counts, counter.total_words, counter.sentence_count, encoded)


@dataclass(frozen=True)
class _Block:
    """A piece of a text file that ends between two words."""

    text: memoryview
    path: FilePath
    offset: int  # in all files together
    first: bool  # whether it is the first of its file


def _size_of(path: FilePath) -> int:
    """Return the bytes of a file, 0 for a remote one."""
    return 0 if paths.is_remote(path) else os.path.getsize(paths.expand(path))


class _FileScan:
    """Encodes text files block by block in threads; each thread numbers words in a table of its own."""

    def __init__(
        self, files: TextFiles, progress_per: int, encode: bool, block_bytes: int = BLOCK_BYTES
    ) -> None:
        self.files = files
        self.block_bytes = block_bytes
        self.progress_per = progress_per
        self.encode = encode
        self.own = threading.local()
        self.tables: list[WordTable] = []
        self.spare: list[bytearray] = []
        smallest_word = 2  # bytes, with the space after it
        size = sum(map(_size_of, files.paths)) if encode else 0
        self.store = IdStore(expected=size // smallest_word)
        self.parts: list[tuple[WordTable, int]] = []  # the table that the next ids of the store are from
        self.lengths = [np.empty(0, np.int64)]
        self.open_words = 0  # of the last sentence, which the next block may continue
        self.sentences = self.total_words = 0

    def run(self, threads: int) -> Scan:
        pool = Pool(threads)
        waiting: deque[tuple[_Block, Future[tuple[WordTable, Any, Any]]]] = deque()
        try:
            for block in self.blocks():
                waiting.append((block, pool.submit(self.encode_block, block)))
                if len(waiting) > 2 * threads:
                    self.collect(*waiting.popleft())
            while waiting:
                self.collect(*waiting.popleft())
        finally:
            pool.shutdown(cancel_futures=True)  # joins the threads; after an error the queue is dropped
        self.end_sentence()
        words, counts, numbers = self.join_tables()
        encoded = None
        if self.encode:
            parts = [(numbers[table], size) for table, size in self.parts]
            encoded = ProvisionalCorpus(self.store.finish(), np.concatenate(self.lengths), parts)
        return Scan(words, counts, self.total_words, self.sentences, encoded)

    def blocks(self) -> Iterator[_Block]:
        offset = 0
        for path in self.files.paths:
            first = True
            for text in text_blocks(path, self.files.limit, self.spare, self.block_bytes):
                yield _Block(text, path, offset, first)
                offset += len(text)
                first = False

    def encode_block(self, block: _Block) -> tuple[WordTable, Any, Any]:
        """Encode a block in a thread; each thread is given its blocks in the order of the text."""
        try:
            table: WordTable = self.own.table
        except AttributeError:
            table = self.own.table = WordTable()
            self.tables.append(table)
        return table, *table.encode(block.text, block.offset)

    def collect(self, block: _Block, result: Future[tuple[WordTable, Any, Any]]) -> None:
        """Add the result of the next block, in the order of the text."""
        try:
            table, ids, lines = result.result()
        except UnicodeDecodeError as error:
            if kind_of_once(block.path):
                error.reason += f" (in {paths.name_of(block.path)}: text must be UTF-8)"
                raise
            for _ in decoded_blocks(block.path, self.files.limit, self.block_bytes):
                pass  # meets the same error, and names the line
            raise
        if isinstance(block.text.obj, bytearray):
            self.spare.append(block.text.obj)
        if block.first:
            self.end_sentence()
        if self.encode:
            self.store.append(ids)
            self.parts.append((table, len(ids)))
        self.total_words += len(ids)
        if self.files.by_line:
            lines[0] += self.open_words
            self.open_words = int(lines[-1])
            self.add_sentences(lines[:-1])
        else:
            self.open_words += len(ids)

    def end_sentence(self) -> None:
        """End the last sentence, as its file has ended."""
        self.add_sentences(np.array([self.open_words]))
        self.open_words = 0

    def add_sentences(self, lengths: npt.NDArray[np.int64]) -> None:
        before = self.sentences
        lengths = cut_lengths(lengths, self.files.max_sentence_length)
        self.lengths.append(lengths)
        self.sentences += len(lengths)
        if self.sentences // self.progress_per > before // self.progress_per:
            types = max(map(len, self.tables))  # of a single thread: tables are joined at the end
            _log_progress(self.sentences, self.total_words, types)

    def join_tables(
        self,
    ) -> tuple[Words, npt.NDArray[np.int64], dict[WordTable, npt.NDArray[np.int32]]]:
        """Return all words, their counts, and for each table the places of its words among all."""
        first, *others = self.tables or [WordTable()]
        ids = {table: first.absorb(table) for table in others}
        counts, seen = first.totals()
        order = np.argsort(seen).astype(np.int32)
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        places = {first: place} | {table: place[ids[table]] for table in others}
        return _TableWords(first, order), counts[order], places


def _parts_of(sentences: Iterable[Any], files: TextFiles | None) -> Iterator[tuple[Any, bool]]:
    """Yield sentences, those of long lines in parts, and whether a sentence ends there."""
    if files is None or not files.by_line or files.max_sentence_length is not None:
        yield from ((sentence, True) for sentence in sentences)
        return
    for path in files.paths:
        before = 0  # words of the line so far
        for words, ended in line_parts(path, files.limit):
            if words or (ended and before):
                yield words, ended
            before = 0 if ended else before + len(words)


def _scan_pruning(
    parts: Iterable[tuple[Any, bool]], max_vocab_size: int, trim_rule: TrimRule | None, progress_per: int
) -> Scan:
    vocab: dict[Any, int] = defaultdict(int)
    total_words = number = 0
    min_reduce = 1
    taker = Taker()
    for part, ended in parts:
        number += ended
        words = taker.words_of(part, number - ended)
        if words and type(words[0]) is not str:
            words = list(map(plain_word, words))
        total_words += len(words)
        try:
            for word in words:
                vocab[word] += 1
        except TypeError as error:
            refuse_unhashable(words, number - ended, error)
            raise
        if len(vocab) > max_vocab_size:
            dropped = prune_vocab(vocab, min_reduce, trim_rule)
            logger.info(
                "max_vocab_size=%i: dropped words that occurred %i times; %i words are left",
                max_vocab_size,
                dropped,
                len(vocab),
            )
            min_reduce += 1
        if ended and number % progress_per == 0:
            _log_progress(number, total_words, len(vocab))
    for word in vocab:
        taker.warn_of_missing(word)
    counts = np.fromiter(vocab.values(), np.int64, len(vocab))
    return Scan(Words(list(vocab)), counts, total_words, number, None)
