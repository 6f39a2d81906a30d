"""text/texts.py: a text as ids, which begins anew for every epoch."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from factories import TEXT, UNSAMPLED, Restartable
from hypothesis import given
from hypothesis import strategies as st

from fastw2v import Word2Vec
from fastw2v.text.ids import Block, EncodedCorpus
from fastw2v.text.source import Source
from fastw2v.text.texts import PAIRS_PER_BLOCK, Baskets, Encoded, EncodedText, Pairs, StreamedText, as_sets

ROWS = {f"w{i}": i for i in range(20)}  # of the 60 words of TEXT
KNOWN = [[ROWS[word] for word in sentence if word in ROWS] for sentence in TEXT]


def sentences_of(text: Any) -> tuple[list[list[int]], list[int]]:
    """Sentences as rows, and their raw lengths; each block is checked by itself."""
    sentences: list[list[int]] = []
    lengths: list[int] = []
    for ids, ends, raw in text:
        assert (ids.dtype, ends.dtype, raw.dtype) == (np.int32, np.int64, np.int64)
        assert len(ends) == len(raw) and (ends[-1] if len(ends) else 0) == len(ids)
        sentences += [part.tolist() for part in np.split(ids, ends[:-1])]
        lengths += raw.tolist()
    return sentences, lengths


def encoded(source: Source, rows: dict[Any, int]) -> Encoded:
    return Encoded.of(source, source.encode(rows, threads=1), rows)


# --- held in memory ---


def test_encoded_text_begins_anew() -> None:
    text = EncodedText(encoded(Source.of(TEXT, None, passes=2), ROWS), lambda: ROWS)
    for _ in range(3):
        assert sentences_of(text) == (KNOWN, [len(sentence) for sentence in TEXT])
    assert len(list(text)) == 1


def test_encoded_text_copies_nothing() -> None:
    corpus = EncodedCorpus(np.array([0], np.int32), np.array([1]), np.array([3]))
    held = Encoded.of(Source.of(TEXT, None, passes=2), corpus, ROWS)
    ((ids, ends, lengths),) = EncodedText(held, lambda: ROWS)
    assert ids is corpus.ids and ends is corpus.ends and lengths is corpus.lengths


@pytest.mark.parametrize("change", ["grown", "another"])
def test_encoded_text_belongs_to_one_vocabulary(change: str) -> None:
    rows = dict(ROWS)
    current = [rows]
    text = EncodedText(encoded(Source.of(TEXT, None, passes=2), rows), lambda: current[0])
    assert len(list(text)) == 1
    if change == "grown":
        rows["new"] = len(rows)
    else:
        current[0] = dict(rows)
    with pytest.raises(RuntimeError):
        list(text)


def test_which_text_and_which_vocabulary_was_encoded() -> None:
    source, rows = Source.of(TEXT, None, passes=2), dict(ROWS)
    held = encoded(source, rows)
    assert held.has_rows_of(rows) and held.is_of(source, rows)
    assert held.is_of(Source.of(TEXT, None, passes=9), rows)
    assert not held.is_of(Source.of(TEXT[:], None, passes=2), rows)
    assert not held.has_rows_of(dict(rows))
    rows["new"] = len(rows)
    assert not held.has_rows_of(rows) and not held.is_of(source, rows)


# --- read each time ---


@pytest.mark.parametrize("portion", [1, 50, 10**6])
def test_streamed_text_begins_anew(portion: int) -> None:
    corpus = Restartable(lambda: TEXT)
    text = StreamedText(corpus, lambda: ROWS, portion)
    for passes in (1, 2, 3):
        assert sentences_of(text) == (KNOWN, [len(sentence) for sentence in TEXT])
        assert corpus.passes == passes


def test_streamed_text_comes_in_portions() -> None:
    blocks = list(StreamedText(TEXT, lambda: ROWS, 50))
    assert len(blocks) > 10
    for _, _, lengths in blocks[:-1]:
        assert lengths.sum() >= 50 > lengths[:-1].sum()


def test_a_stream_is_read_no_further_than_is_asked_for() -> None:
    read: list[int] = []

    def watched() -> Any:
        for number, sentence in enumerate(TEXT):
            read.append(number)
            yield sentence

    blocks = iter(StreamedText(Restartable(watched), lambda: ROWS, 50))
    assert not read
    _, _, lengths = next(blocks)
    assert len(read) == len(lengths) < len(TEXT)


def test_streamed_text_has_the_vocabulary_of_its_pass() -> None:
    rows = {"a": 0}
    text = StreamedText([["a", "b"]], lambda: rows)
    assert sentences_of(text) == ([[0]], [2])
    rows["b"] = 1
    assert sentences_of(text) == ([[0, 1]], [2])


def test_streams_without_words() -> None:
    for corpus in ([], [[]], [[], []]):
        sentences, lengths = sentences_of(StreamedText(corpus, lambda: ROWS))
        assert sentences == corpus and lengths == [0] * len(corpus)


# --- baskets ---


def test_baskets_begin_anew() -> None:
    corpus = Restartable(lambda: TEXT)
    text = Baskets(StreamedText(corpus, lambda: ROWS, 50))
    sets = [list(dict.fromkeys(sentence)) for sentence in KNOWN]
    for passes in (1, 2):
        assert sentences_of(text) == (sets, [len(sentence) for sentence in TEXT])
        assert corpus.passes == passes


def test_baskets_leave_the_ids_they_are_made_of_alone() -> None:
    ids = np.array([3, 3, 1, 3], np.int32)
    block: Block = ids, np.array([3, 4]), np.array([5, 1])
    assert sentences_of(Baskets([block])) == ([[3, 1], [3]], [5, 1])
    assert ids.tolist() == [3, 3, 1, 3]


@given(st.lists(st.lists(st.integers(0, 9), max_size=12), max_size=12))
def test_as_sets(sentences: list[list[int]]) -> None:
    ids = np.array([word for sentence in sentences for word in sentence], dtype=np.int32)
    ends = np.cumsum([len(sentence) for sentence in sentences], dtype=np.int64)
    kept, kept_ends = as_sets(ids, ends)
    parts = np.split(kept, kept_ends[:-1]) if sentences else []
    assert [part.tolist() for part in parts] == [list(dict.fromkeys(sentence)) for sentence in sentences]
    assert kept.dtype == np.int32 and kept_ends.dtype == np.int64


@pytest.mark.parametrize("words", [1, 37, 10**6])
@pytest.mark.parametrize("portion", [10, 300, 10**6])
def test_baskets_in_portions(words: int, portion: int) -> None:
    """Each sentence becomes a set once, however many are looked at at a time; raw lengths stay."""
    rows = {f"w{i}": i for i in range(60)}
    text = Baskets(StreamedText(TEXT, lambda: rows, portion), words)
    sets = [[rows[word] for word in dict.fromkeys(sentence)] for sentence in TEXT]
    for _ in range(2):
        sentences, lengths = [], []
        for ids, ends, raw in text:
            assert len(ends) == len(raw) == 1 or ends[-1] <= words
            sentences += [part.tolist() for part in np.split(ids, ends[:-1])]
            lengths += raw.tolist()
        assert sentences == sets and lengths == [len(sentence) for sentence in TEXT]


# --- pairs ---


def test_pairs_begin_anew_in_another_order() -> None:
    ids = np.arange(400, dtype=np.int32).reshape(200, 2)
    text = Pairs(ids, np.ones(200), 200, np.random.RandomState(3))
    (first, lengths), (second, _) = sentences_of(text), sentences_of(text)
    assert sorted(first) == sorted(second) == ids.tolist() and lengths == [2] * 200
    assert first != second != ids.tolist()


def test_pairs_are_those_of_the_generator() -> None:
    ids, weights = np.array([[0, 1], [2, 3]], np.int32), np.array([1.0, 3.0])
    one, other = (Pairs(ids, weights, 40, np.random.RandomState(3)) for _ in range(2))
    for _ in range(3):
        assert sentences_of(one) == sentences_of(other)
    counts = Counter(map(tuple, sentences_of(one)[0]))
    assert counts == {(0, 1): 10, (2, 3): 30}


def test_pairs_in_several_blocks() -> None:
    total = PAIRS_PER_BLOCK + 1
    text = Pairs(np.array([[0, 1]], np.int32), np.ones(1), total, np.random.RandomState(3))
    assert [len(lengths) for _, _, lengths in text] == [PAIRS_PER_BLOCK, 1]


@pytest.mark.parametrize("weights", [[2, 0, 1, 3], [0.5, 0.25, 1.75, 0.5], [0.1, 0.2, 0.3, 1000.4]])
def test_weights_are_how_often_pairs_come(weights: list[float]) -> None:
    model = Word2Vec(**UNSAMPLED)
    ids = np.arange(8, dtype=np.int32).reshape(4, 2)
    total, passes = round(sum(weights)), 300
    text = Pairs(ids, np.array(weights, dtype=float), total, model.random)
    seen = np.zeros(4)
    for _ in range(passes):
        pairs = np.concatenate([words.reshape(-1, 2) for words, *_ in text])
        assert len(pairs) == total and (pairs[:, 1] == pairs[:, 0] + 1).all()
        counts = np.bincount(pairs[:, 0] // 2, minlength=4)
        assert (np.abs(counts - np.array(weights) * total / sum(weights)) < 1).all()
        seen += counts
    np.testing.assert_allclose(seen / passes, np.array(weights) * total / sum(weights), atol=0.12)
