"""Documents as blocks of ids: lists of words, columns, generators and readers of files, a part at a time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.text._encoder import SentenceEncoder
from fastw2v.text.ids import Block, IdStore
from fastw2v.text.source import Source
from fastw2v.text.tables import Taker, plain_word

WORDS_PER_BLOCK = 1 << 18  # their ids take a megabyte; a thread adds them up in some milliseconds


def blocks_of(docs: Any, key_to_index: dict[Any, int], *, all_known: bool, threads: int) -> Iterator[Block]:
    """Return documents as blocks of ids, in their order; what they are is looked at before the first is read.

    Args:
        docs (iterable of lists of words): the documents; read once.
        key_to_index (dict): the row of each word.
        all_known (bool): whether a word without a row is a KeyError. If not, it is left out.
        threads (int): how many read files.

    Returns:
        iterator of (int32 (n,), int64 (N,), int64 (N,)): ids, where each document ends in them, and how many
        words it has, those that were left out included.

    Raises:
        TypeError: these are not documents.
    """
    if isinstance(docs, str | bytes | os.PathLike):
        raise TypeError(
            f"docs is {docs!r:.60}: give lists of words, as in [text.split() for text in texts]; for a file "
            "with a document on each line, LineSentence(path)"
        )
    source = Source.of(docs, None, passes=1)
    if source.files is not None:
        return _of_files(source, key_to_index, all_known, threads)
    return _of_lists(source.sentences, key_to_index, all_known)


def _of_lists(docs: Iterable[Any], key_to_index: dict[Any, int], all_known: bool) -> Iterator[Block]:
    held: list[Any] = []  # the documents of a block, if a word may have to be named
    encoder = SentenceEncoder(_checked(docs, held if all_known else None), key_to_index)
    before = 0
    while (block := encoder.read(WORDS_PER_BLOCK)) is not None:
        if all_known and (place := _first_incomplete(block)) is not None:
            raise _unknown(held[place], before + place, key_to_index)
        held.clear()
        before += len(block[1])
        yield block


def _checked(docs: Iterable[Any], held: list[Any] | None) -> Iterator[Any]:
    """Yield documents; TypeError for a text, whose letters would be taken for words."""
    taker = Taker()
    for number, doc in enumerate(docs):
        if type(doc) is not list:
            if isinstance(doc, str | bytes):
                raise TypeError(
                    f"document #{number} is the text {doc[:40]!r}: give each document as a list of words, "
                    "for instance text.split()"
                )
            if held is not None:
                doc = taker.words_of(doc, number)
        if held is not None:
            held.append(doc)
        yield doc


def _of_files(source: Source, key_to_index: dict[Any, int], all_known: bool, threads: int) -> Iterator[Block]:
    corpus = source.encode(key_to_index, threads=threads)
    whole = corpus.ids, corpus.ends, corpus.lengths
    if all_known and (place := _first_incomplete(whole)) is not None:
        for number, words in enumerate(source.sentences):
            if number == place:
                raise _unknown(words, number, key_to_index)
    yield from parts_of(whole)


def parts_of(block: Block) -> Iterator[Block]:
    """Yield documents in blocks of about `WORDS_PER_BLOCK` words, at least one document each."""
    ids, ends, lengths = block
    start, place = 0, 0
    while start < len(ends):
        stop = max(start + 1, int(np.searchsorted(ends, place + WORDS_PER_BLOCK, side="right")))
        last = int(ends[stop - 1])
        yield np.ascontiguousarray(ids[place:last]), ends[start:stop] - place, lengths[start:stop]
        start, place = stop, last


def kept(blocks: Iterable[Block]) -> Block:
    """Return all documents in one block; ids that memory does not suffice for are in a temporary file."""
    store = IdStore()
    ends, lengths, before = [np.empty(0, np.int64)], [np.empty(0, np.int64)], 0
    for ids, stops, sizes in blocks:
        store.append(ids)
        ends.append(stops + before)
        lengths.append(sizes)
        before += len(ids)
    return store.finish(), np.concatenate(ends), np.concatenate(lengths)


def left_out(block: Block) -> npt.NDArray[np.int64]:
    """Return how many words of each document have no row, int64 (N,)."""
    _, ends, lengths = block
    return np.asarray(lengths - np.diff(ends, prepend=0), dtype=np.int64)


def _first_incomplete(block: Block) -> int | None:
    """Return the place of the first document with a word that was left out; None if there is none."""
    places = np.flatnonzero(left_out(block))
    return int(places[0]) if len(places) else None


def _unknown(words: Iterable[Any], number: int, key_to_index: dict[Any, int]) -> KeyError:
    word = next((word for word in map(plain_word, words) if word not in key_to_index), None)
    return KeyError(
        f"document #{number} contains {word!r}, which has no vector: unknown='skip' leaves such words out, "
        "unknown='zero' counts them as zeros"
    )
