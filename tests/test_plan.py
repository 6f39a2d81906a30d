"""vocabulary/plan.py: which words stay, in which order, is decided and nothing is changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastw2v import utils
from fastw2v.text.scan import Words
from fastw2v.vocabulary.plan import (
    NULL_WORD,
    Plan,
    Table,
    choose_words,
    effective_min_count,
    plan,
    sort_by_descending_frequency,
    table_of,
)

WORDS = Words(["the", "rare", "of", "a", "once"])
COUNTS = np.array([40, 2, 30, 30, 1])


def planned(**settings: Any) -> Plan:
    defaults = {"min_count": 2, "max_final_vocab": None, "trim_rule": None, "sample": None}
    return plan(WORDS, COUNTS, **defaults | settings)


def table(words: list[Any], counts: list[int], thresholds: list[int]) -> Table:
    return Table(words, np.array(counts), np.array(thresholds, dtype=np.uint32))


def rows(table: Table) -> list[tuple[Any, int, int]]:
    return list(zip(table.words, table.counts.tolist(), table.thresholds.tolist(), strict=True))


# --- a plan ---


@pytest.mark.parametrize(
    ("settings", "words", "min_count"),
    [
        ({}, ["the", "rare", "of", "a"], 2),
        ({"min_count": 0}, ["the", "rare", "of", "a", "once"], 0),
        ({"min_count": 31}, ["the"], 31),
        ({"min_count": 99}, [], 99),
        ({"max_final_vocab": 3}, ["the", "of", "a"], 3),
        ({"max_final_vocab": 2}, ["the"], 31),
        (
            {"trim_rule": lambda word, *_: utils.RULE_KEEP if word == "once" else utils.RULE_DEFAULT},
            ["the", "rare", "of", "a", "once"],
            2,
        ),
        ({"trim_rule": lambda word, *_: utils.RULE_DISCARD}, [], 2),
    ],
)
def test_words_that_stay(settings: Any, words: list[str], min_count: int) -> None:
    found = planned(**settings)
    assert (found.retained.words, found.min_count) == (words, min_count)
    counts = dict(zip(WORDS.at(np.arange(5)), COUNTS.tolist(), strict=True))
    assert found.retained.counts.tolist() == [counts[word] for word in words]
    assert len(found.retained.thresholds) == len(words)


def test_the_report_adds_up() -> None:
    assert planned().report == {
        "drop_unique": 1,
        "retain_total": 102,
        "downsample_unique": 0,
        "downsample_total": 102,
        "num_retained_words": 4,
    }
    sampled = planned(sample=0.1)
    assert sampled.report["downsample_unique"] == sampled.downsampled_words == 3
    assert sampled.report["downsample_total"] == int(sampled.tokens_left) < 102
    assert (np.diff(sampled.retained.thresholds[[0, 2, 1]].astype(np.int64)) > 0).all()  # rare words stay


def test_nothing_is_changed_by_a_plan() -> None:
    counts = COUNTS.copy()
    counts.flags.writeable = False
    found = plan(WORDS, counts, min_count=2, max_final_vocab=3, trim_rule=None, sample=0.01)
    columns = {"count": np.array([7, 1]), "sample_int": np.array([5, 6], dtype=np.uint32)}
    known = ["of", "new"]
    for column in columns.values():
        column.flags.writeable = False
    keys = {"of": 0, "new": 1}
    (first, to), (second, _) = found.added_to(known, keys, columns), found.added_to(known, keys, columns)
    assert rows(first) == rows(second) and known == ["of", "new"] == list(keys)
    assert to == {word: row for row, word in enumerate(first.words)}
    assert (
        found.report
        == plan(WORDS, counts, min_count=2, max_final_vocab=3, trim_rule=None, sample=0.01).report
    )
    assert found.raw_words is WORDS and found.raw_counts is counts


def test_plans_are_made_of_equal_counts_alike() -> None:
    one, other = planned(sample=0.05), planned(sample=0.05)
    assert rows(one.retained) == rows(other.retained)


# --- added to a vocabulary ---


def test_words_are_added_at_the_end_and_known_ones_gain() -> None:
    found = planned(min_count=30)
    columns = {"count": np.array([5, 7]), "sample_int": np.array([11, 12], dtype=np.uint32)}
    grown = found.added_to(["rare", "of"], {"rare": 0, "of": 1}, columns)[0]
    thresholds = dict(zip(found.retained.words, found.retained.thresholds.tolist(), strict=True))
    assert rows(grown) == [
        ("rare", 5 + 2, 11),  # too rare here to stay, and known: it gains its count, and keeps its threshold
        ("of", 7 + 30, thresholds["of"]),
        ("the", 40, thresholds["the"]),
        ("a", 30, thresholds["a"]),
    ]


def test_added_to_a_vocabulary_without_counts() -> None:
    grown = planned(min_count=30).added_to(["of"], {"of": 0}, {})[0]
    assert grown.words == ["of", "the", "a"] and grown.counts.tolist() == [30, 40, 30]


def test_what_columns_have_beyond_the_last_row_goes_to_nobody() -> None:
    columns = {"count": np.array([5, 700]), "sample_int": np.array([11, 12], dtype=np.uint32)}
    grown, _ = planned(min_count=30).added_to(["of"], {"of": 0}, columns)
    assert grown.words == ["of", "the", "a"] and grown.counts.tolist() == [5 + 30, 40, 30]


# --- tables ---


def test_the_null_word_comes_once() -> None:
    before = table(["a", "b"], [3, 1], [7, 8])
    after = before.with_null_word()
    assert rows(after) == [("a", 3, 7), ("b", 1, 8), (NULL_WORD, 1, 0)]
    assert (after.counts.dtype, after.thresholds.dtype) == (np.int64, np.uint32)
    assert after.with_null_word() is after and len(before.words) == 2


def test_frequent_words_come_first_and_of_equal_ones_the_later() -> None:
    sorted_table = table(["x", "b", "y", "a"], [2, 5, 2, 9], [1, 2, 3, 4]).by_descending_frequency()
    assert rows(sorted_table) == [("a", 9, 4), ("b", 5, 2), ("y", 2, 3), ("x", 2, 1)]
    assert rows(sorted_table.by_descending_frequency())[2:] == [("x", 2, 1), ("y", 2, 3)]
    assert rows(table([], [], []).by_descending_frequency()) == []


def test_a_vocabulary_as_a_table() -> None:
    columns = {
        "count": np.array([4, 2]),
        "sample_int": np.array([8, 9], dtype=np.uint32),
        "other": np.ones(2),
    }
    found = table_of(["a", "b", "new"], columns)
    assert rows(found) == [("a", 4, 8), ("b", 2, 9), ("new", 0, 0)]
    found.counts[0] = 100
    assert columns["count"].tolist() == [4, 2]
    assert rows(table_of(["a"], {})) == [("a", 0, 0)]


def test_a_column_that_cannot_hold_counts() -> None:
    with pytest.raises(TypeError):
        table_of(["a", "b"], {"count": np.array([True, False])})


# --- choosing and ordering words ---


counts_of_words = st.dictionaries(st.text("abc", min_size=1), st.integers(1, 9), min_size=1)


@given(counts_of_words, st.integers(0, 9), st.none() | st.integers(1, 12))
def test_effective_min_count(vocab: dict[str, int], min_count: int, max_final_vocab: int | None) -> None:
    words, counts = Words(list(vocab)), np.array(list(vocab.values()))
    least = effective_min_count(counts, min_count, max_final_vocab)
    kept = choose_words(words, counts, least, None)
    assert least >= min_count
    assert max_final_vocab is None or len(kept) <= max_final_vocab
    if least > min_count:
        assert max_final_vocab is not None
        assert len(choose_words(words, counts, least - 1, None)) > max_final_vocab, "no less would do"


def test_keep_passes_the_count_it_compares_with() -> None:
    def rule(word: str, count: int, min_count: int) -> int:
        asked.append((word, count, min_count))
        return utils.RULE_DEFAULT

    asked: list[tuple[str, int, int]] = []
    assert choose_words(Words(["a", "b"]), np.array([2, 5]), 4, rule).tolist() == [1]
    assert asked == [("a", 2, 4), ("b", 5, 4)]


def test_equally_frequent_words_go_backwards() -> None:
    assert sort_by_descending_frequency([2, 5, 2, 9, 5]).tolist() == [3, 4, 1, 2, 0]
