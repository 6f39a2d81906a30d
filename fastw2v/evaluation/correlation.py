"""Correlation of cosines with human judgements of word pairs."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from fastw2v.evaluation.words import Unit, fold_case, lines_of, rows_by_word
from fastw2v.formats.atomic import StrPath

logger = logging.getLogger("fastw2v.evaluation")


def word_pairs(
    path: StrPath,
    words: Sequence[Any],
    unit: Unit,
    unit_second: Unit | None = None,
    *,
    delimiter: str = "\t",
    encoding: str = "utf8",
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
) -> tuple[Any, Any, float]:
    """Correlate cosines with the judgements in a file: return scipy's Pearson and Spearman results, and the
    percentage of pairs with unknown words.

    Lines are word, word, number; "#" starts a comment. `unit_second` gives the rows of a pair's second word,
    if they are others than those of the first. Pairs with unknown words are left out, or given cosine
    0 if `dummy4unknown`. `ValueError` if fewer than two pairs remain.
    """
    from scipy import stats  # takes a second to import, longer than all the rest

    rows = rows_by_word(fold_case(words, case_insensitive))
    gold: list[float] = []
    known: list[tuple[int, int, int]] = []  # place in gold, row, row
    unknown = 0
    for number, line, (a, b), judgement in _read_pairs(path, delimiter, encoding, case_insensitive):
        if a in rows and b in rows:
            known.append((len(gold), rows[a], rows[b]))
        else:
            unknown += 1
            if not dummy4unknown:
                logger.info("%s, line %d: skipped, unknown words: %s", path, number, line.strip())
                continue
        gold.append(judgement)
    if len(gold) < 2:
        raise ValueError(
            f"{path}: {len(gold)} usable pairs are too few for a correlation; "
            f"{unknown} pairs have words that are not among the {len(words):,} looked at"
        )
    places, left, right = np.array(known, dtype=np.intp).reshape(-1, 3).T
    cosines = np.zeros(len(gold))
    cosines[places] = np.einsum("ij,ij->i", unit(left), (unit_second or unit)(right), dtype=np.float64)
    spearman, pearson = stats.spearmanr(gold, cosines), stats.pearsonr(gold, cosines)
    share = unknown / (len(gold) if dummy4unknown else len(gold) + unknown) * 100
    log_evaluate_word_pairs(pearson, spearman, share, path)
    return pearson, spearman, share


def _read_pairs(
    path: StrPath, delimiter: str, encoding: str, case_insensitive: bool
) -> Iterator[tuple[int, str, tuple[str, str], float]]:
    """Yield (number, line, pair of words, judgement) of the lines that are such."""
    for number, line in lines_of(path, encoding):
        if line.startswith("#"):
            continue
        fields = (line.upper() if case_insensitive else line).rstrip("\r\n").split(delimiter)
        try:
            a, b, judgement = fields
            score = float(judgement)
        except ValueError:
            logger.info("%s, line %d: skipped, not two words and a number", path, number)
            continue
        yield number, line, (a, b), score


def log_evaluate_word_pairs(pearson: Any, spearman: Any, oov: float, pairs: StrPath) -> None:
    """Log what `word_pairs` returned of a file `pairs`."""
    logger.info("%s: Pearson %.4f, Spearman %.4f, %.1f%% unknown", pairs, pearson[0], spearman[0], oov)
