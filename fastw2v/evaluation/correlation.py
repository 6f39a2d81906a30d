"""Correlation of cosines with human judgements of word pairs."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from fastw2v.evaluation.words import Unit, fold_case, lines_of, rows_by_word
from fastw2v.formats.atomic import StrPath
from fastw2v.warn import warn_user

_DELIMITERS = ("\t", ",", ";", "|", " ", None)  # None: any white space
_SKIPPED_KEPT = 100  # lines

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
    skipped: list[tuple[int, str]] = []
    for number, line, (a, b), judgement in _read_pairs(path, delimiter, encoding, case_insensitive, skipped):
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
            + _describe_skipped(skipped, delimiter)
        )
    other, more = _other_delimiter(skipped)
    if more > 1:  # one is a slip
        warn_user(
            f"{path}: {more} lines or more are left out that are two words and a number with "
            f"delimiter={other!r}, not {delimiter!r}: separate the fields of all lines alike",
            log=logger,
        )
    places, left, right = np.array(known, dtype=np.intp).reshape(-1, 3).T
    cosines = np.zeros(len(gold))
    cosines[places] = np.einsum("ij,ij->i", unit(left), (unit_second or unit)(right), dtype=np.float64)
    spearman, pearson = stats.spearmanr(gold, cosines), stats.pearsonr(gold, cosines)
    share = unknown / (len(gold) if dummy4unknown else len(gold) + unknown) * 100
    log_evaluate_word_pairs(pearson, spearman, share, path)
    return pearson, spearman, share


def _read_pairs(
    path: StrPath, delimiter: str, encoding: str, case_insensitive: bool, skipped: list[tuple[int, str]]
) -> Iterator[tuple[int, str, tuple[str, str], float]]:
    """Yield (number, line, pair of words, judgement) for the lines that have these; keep the first others."""
    for number, line in lines_of(path, encoding):
        if line.startswith("#"):
            continue
        parsed = _parse_pair(line.upper() if case_insensitive else line, delimiter)
        if parsed is None:
            logger.info("%s, line %d: skipped, not two words and a number", path, number)
            if line.strip() and len(skipped) < _SKIPPED_KEPT:
                skipped.append((number, line))
            continue
        yield number, line, parsed[:2], parsed[2]


def _parse_pair(line: str, delimiter: str | None) -> tuple[str, str, float] | None:
    """Return two words and a number, or None if the line is something else."""
    try:
        a, b, number = line.rstrip("\r\n").split(delimiter)
        judgement = float(number)
    except ValueError:
        return None
    return (a, b, judgement) if math.isfinite(judgement) else None  # one NaN would make all NaN


def _describe_skipped(skipped: list[tuple[int, str]], delimiter: str) -> str:
    """Return what a message says of lines that were no pairs: what they are, and which delimiter would do."""
    if not skipped:
        return ""
    other, more = _other_delimiter(skipped)
    if more:
        return f"; with delimiter={other!r} instead of {delimiter!r} more lines are two words and a number"
    number, line = skipped[-1]  # the first may be a header
    return f"; line {number} is not two words and a number separated by {delimiter!r}: {line.strip()[:60]!r}"


def _other_delimiter(skipped: list[tuple[int, str]]) -> tuple[str | None, int]:
    """Return the delimiter by which most of these lines are pairs, and how many are."""
    usable = {
        other: sum(_parse_pair(line, other) is not None for _, line in skipped) for other in _DELIMITERS
    }
    best = max(_DELIMITERS, key=lambda other: usable[other])
    return best, usable[best]


def log_evaluate_word_pairs(pearson: Any, spearman: Any, oov: float, pairs: StrPath) -> None:
    """Log what `word_pairs` returned.

    Args:
        pearson (result): scipy's result for Pearson's correlation.
        spearman (result): scipy's result for Spearman's correlation.
        oov (float): the percentage of pairs with unknown words.
        pairs (path): the file.
    """
    logger.info("%s: Pearson %.4f, Spearman %.4f, %.1f%% unknown", pairs, pearson[0], spearman[0], oov)
