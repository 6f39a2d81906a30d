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
    """Correlate cosines with the human judgements of word pairs in a file.

    A line is two words and a number, a line that starts with "#" is a comment. Other lines are skipped and
    logged.

    Args:
        path (path): the file; it may be compressed.
        words (sequence of words): V words, by row.
        unit (callable): slice or int array of rows → vectors of length 1, float (n, D).
        unit_second (callable or None): the same for the second word of a pair; None takes `unit`.
        delimiter (str): what separates the fields of a line.
        encoding (str): of the file.
        case_insensitive (bool): whether to compare words in upper case; of equal words the first row counts.
        dummy4unknown (bool): whether pairs with unknown words have the cosine 0, or are left out.

    Returns:
        (result, result, float): scipy's results for Pearson's and for Spearman's correlation, and the
        percentage of pairs with unknown words.

    Raises:
        ValueError: fewer than two pairs are left.
        OSError: the file cannot be read.
        UnicodeDecodeError: the file has another encoding.
    """
    from scipy import stats  # imported here: it takes a second, longer than everything else

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
            f"{path}: {len(gold)} usable pairs are too few for a correlation, give at least 2; "
            f"{unknown} pairs have words that are not among the {len(words):,} words of the vectors"
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
    """Yield (number, line, pair of words, judgement) for the lines that have these."""
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
    """Log what `word_pairs` returned.

    Args:
        pearson (result): scipy's result for Pearson's correlation.
        spearman (result): scipy's result for Spearman's correlation.
        oov (float): the percentage of pairs with unknown words.
        pairs (path): the file.
    """
    logger.info("%s: Pearson %.4f, Spearman %.4f, %.1f%% unknown", pairs, pearson[0], spearman[0], oov)
