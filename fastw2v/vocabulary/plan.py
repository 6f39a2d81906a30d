"""Decide from the counts of a text which words stay, in which order, and how often each is dropped.

V is the number of words that stay. Nothing here changes a model.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

import numpy as np
import numpy.typing as npt

from fastw2v.checks import rounded
from fastw2v.columns import Ragged, check_column_type, descending, resized
from fastw2v.text.scan import Words
from fastw2v.utils import TrimRule, keep_vocab_item
from fastw2v.vocabulary.rows import known_rows
from fastw2v.vocabulary.sampling import downsampling
from fastw2v.warn import warn_user

# People filter by the name of gensim's module.
logger = logging.getLogger("fastw2v.word2vec")

NULL_WORD = "\0"

Counts = npt.NDArray[np.int64]
Thresholds = npt.NDArray[np.uint32]


class Report(TypedDict, total=False):
    """What `Word2Vec.prepare_vocab` returns: how many words and occurrences stay and go.

    Attributes:
        drop_unique (int): distinct words that are dropped.
        retain_total (int): occurrences of the words that stay.
        downsample_unique (int): words that `sample` takes occurrences from.
        downsample_total (int): occurrences expected to be left by `sample`.
        num_retained_words (int): distinct words that stay.
        memory (dict): bytes that the model needs by part, as `Word2Vec.estimate_memory` returns them; only
            from `build_vocab`.
    """

    drop_unique: int
    retain_total: int
    downsample_unique: int
    downsample_total: int
    num_retained_words: int
    memory: dict[str, int]


class Table(NamedTuple):
    """A vocabulary: `words` in the order of their rows, `counts` int64 (V,), `thresholds` uint32 (V,).

    A word is kept in downsampling if its threshold is not less than a uniform 32-bit draw.
    """

    words: list[Any]
    counts: Counts
    thresholds: Thresholds

    def with_null_word(self) -> Table:
        """Return the table with the null word: the last one, count 1, threshold 0; unless it is there."""
        if NULL_WORD in self.words:
            return self
        return Table(
            [*self.words, NULL_WORD],
            np.append(self.counts, self.counts.dtype.type(1)),
            np.append(self.thresholds, np.uint32(0)),
        )

    def by_descending_frequency(self) -> Table:
        """Return the table with frequent words first, and of equally frequent ones the later first."""
        order = sort_by_descending_frequency(self.counts)
        words = list(map(self.words.__getitem__, order.tolist()))
        return Table(words, self.counts[order], self.thresholds[order])


@dataclass(frozen=True, eq=False)  # arrays are not compared
class Plan:
    """The decision about counted words.

    Attributes:
        retained (Table): the words that stay, in the order first seen.
        min_count (int): count that a word needs to stay.
        raw_words (Words): all words that were counted.
        raw_counts (int64 array): their counts (words,).
        downsampled_words (int): retained words that lose occurrences to downsampling.
        tokens_left (float): occurrences expected to be left.
    """

    retained: Table
    min_count: int
    raw_words: Words
    raw_counts: Counts
    downsampled_words: int
    tokens_left: float

    @property
    def report(self) -> Report:
        """The decision in numbers."""
        return {
            "drop_unique": len(self.raw_words) - len(self.retained.words),
            "retain_total": int(self.retained.counts.sum()),
            "downsample_unique": self.downsampled_words,
            "downsample_total": int(self.tokens_left),
            "num_retained_words": len(self.retained.words),
        }

    def added_to(
        self,
        index_to_key: list[Any],
        key_to_index: dict[Any, int],
        columns: Mapping[str, npt.NDArray[Any] | Ragged],
    ) -> tuple[Table, dict[Any, int]]:
        """Return the table of a vocabulary with the retained words added at its end, and the rows of keys.

        All words gain their counts in the new text. As in gensim, the thresholds of retained words come from
        the new text alone, also for words already known. ValueError if keys and rows do not fit each other.
        """
        known = len(index_to_key)
        rows = known_rows(index_to_key, key_to_index, self.retained.words)
        new = [word for word in self.retained.words if word not in rows]
        rows |= {word: row for row, word in enumerate(new, known)}
        # What a column has beyond the last row belongs to words that were there before.
        table = table_of(
            index_to_key + new,
            {name: resized(columns[name], known) for name in ("count", "sample_int") if name in columns},
        )
        table.thresholds[np.array([rows[word] for word in self.retained.words], dtype=np.intp)] = (
            self.retained.thresholds
        )
        at = self.raw_words.rows_in(rows)
        table.counts[at[at >= 0]] += self.raw_counts[at >= 0]
        return table, rows


def counts_of(word_freq: Any) -> dict[Any, int]:
    """Return the counts of words in a mapping, or in a Series of pandas, as whole numbers."""
    if not isinstance(word_freq, Mapping) and not (
        hasattr(word_freq, "items") and getattr(word_freq, "ndim", None) == 1
    ):
        raise TypeError(
            f"word_freq is of type {type(word_freq).__name__}: give a dict of word -> count, as Counter is"
        )
    counts = {word: rounded(f"the count of {word!r}", count) for word, count in word_freq.items()}
    if any(0 < count < 0.5 for _, count in word_freq.items()):
        warn_user(
            "some counts are below 0.5, and are taken as 1: if they are shares, multiply all of them, by "
            "1,000 for instance, so that rare and frequent words differ"
        )
    return counts


def table_of(words: list[Any], columns: Mapping[str, npt.NDArray[Any] | Ragged]) -> Table:
    """Return a vocabulary as a table, with copies of its columns; zero for words beyond their end."""
    return Table(
        words,
        _grow(columns, "count", np.int64, len(words)),
        _grow(columns, "sample_int", np.uint32, len(words)),
    )


def plan(
    words: Words,
    counts: Counts,
    *,
    min_count: int,
    max_final_vocab: int | None,
    trim_rule: TrimRule | None,
    sample: float | None,
) -> Plan:
    """Decide from the `counts` (words,) of a text which words stay; the settings are as for `Word2Vec`."""
    effective = effective_min_count(counts, min_count, max_final_vocab)
    places = choose_words(words, counts, effective, trim_rule)
    stay = counts[places]
    thresholds, downsampled_words, tokens_left = downsampling(stay, sample)
    retained = Table(words.at(places), stay, thresholds)
    return Plan(retained, effective, words, counts, downsampled_words, tokens_left)


def log_plan(made: Plan, sample: float | None) -> None:
    """Log what a plan keeps, in gensim's words."""
    report = made.report
    logger.info(
        "effective_min_count=%d retains %i unique words of %i",
        made.min_count,
        report["num_retained_words"],
        len(made.raw_words),
    )
    logger.info("sample=%g downsamples %i most-common words", sample or 0, made.downsampled_words)
    logger.info("downsampling leaves about %.0f of %i words", made.tokens_left, report["retain_total"])


def effective_min_count(counts: Counts, min_count: int, max_final_vocab: int | None) -> int:
    """Return the count that a word needs, at least `min_count`, so that at most `max_final_vocab` words stay.

    Words of equal count stay or go together, so fewer may stay.
    """
    if max_final_vocab is None or max_final_vocab >= len(counts):
        return min_count
    place = len(counts) - 1 - max_final_vocab
    return max(min_count, int(np.partition(counts, place)[place]) + 1)


def choose_words(
    words: Words, counts: Counts, min_count: int, trim_rule: TrimRule | None
) -> npt.NDArray[np.intp]:
    """Return the places of the words to keep, in rising order."""
    if trim_rule is None:
        return np.flatnonzero(counts >= min_count)
    everything = words.all()
    kept = [
        place
        for place, (word, count) in enumerate(zip(everything, counts.tolist(), strict=True))
        if keep_vocab_item(word, count, min_count, trim_rule)
    ]
    return np.array(kept, np.intp)


def sort_by_descending_frequency(counts: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Return the places of all words, frequent words first, and of equally frequent ones the later first."""
    return descending(counts, later_first=True)


def _grow(
    columns: Mapping[str, npt.NDArray[Any] | Ragged], name: str, dtype: type[np.generic], size: int
) -> npt.NDArray[Any]:
    """Return a copy of a column with `size` values, new ones zero; TypeError if it cannot hold `dtype`."""
    column = columns.get(name)
    if column is None:
        return np.zeros(size, dtype=dtype)
    check_column_type(name, column, dtype)
    grown = resized(column, size)
    assert isinstance(grown, np.ndarray)
    return grown
