"""How much two words belong together, by their counts."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

Scorer = Callable[..., float]

ENGLISH_CONNECTOR_WORDS = frozenset(
    ("a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with", "without")
)
"""Words that may stand inside of a phrase, and do not begin or end one; the same as gensim's."""

PARAMETERS = ("worda_count", "wordb_count", "bigram_count", "len_vocab", "min_count", "corpus_word_count")


def original_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """Score two words as word2phrase does: (ab - min_count) / (a · b) · distinct words and pairs.

    Args:
        worda_count (int): how often the first word occurs.
        wordb_count (int): how often the second one does.
        bigram_count (int): how often both stand together.
        len_vocab (int): distinct words and pairs.
        min_count (float): taken off, so that rare pairs score low.
        corpus_word_count (int): not used.

    Returns:
        float: 0 and less for rare pairs, no upper bound; -inf if a word does not occur.

    Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their Compositionality".
    """
    both = worda_count * wordb_count
    return (bigram_count - min_count) / both * len_vocab if both else -math.inf


def npmi_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """Score two words by normalised pointwise mutual information: ln(p(ab) / (p(a) p(b))) / -ln p(ab).

    Args:
        worda_count (int): how often the first word occurs.
        wordb_count (int): how often the second one does.
        bigram_count (int): how often both stand together.
        len_vocab (int): not used.
        min_count (float): pairs below it are no phrases.
        corpus_word_count (int): words of the text.

    Returns:
        float: -1 (never together) to 1 (always); -inf for a pair below `min_count`.

    Bouma 2009, "Normalized (Pointwise) Mutual Information in Collocation Extraction".
    """
    if bigram_count < min_count or not corpus_word_count:
        return -math.inf
    a, b, both = (count / corpus_word_count for count in (worda_count, wordb_count, bigram_count))
    if both in (0, 1) or not a or not b:
        return -math.inf
    return math.log(both / (a * b)) / -math.log(both)


KNOWN: dict[str, Scorer] = {"default": original_scorer, "npmi": npmi_scorer}


def scorer_of(scoring: Any, threshold: float) -> Scorer:
    """Return the function that `scoring` names or is.

    Args:
        scoring (str or callable): "default", "npmi", or a function of the six counts, by their names.
        threshold (float): the least score of a phrase, which must fit it.

    Returns:
        callable: the function.

    Raises:
        ValueError: there is no such name, the threshold is out of range, or the function lacks a parameter.
        TypeError: it is neither a name nor a function.
    """
    if scoring == "default" and threshold <= 0:
        raise ValueError(f"threshold={threshold}: with scoring='default' it must be above 0")
    if scoring == "npmi" and not -1 <= threshold <= 1:
        raise ValueError(f"threshold={threshold}: with scoring='npmi' it must be between -1 and 1")
    if isinstance(scoring, str):
        if scoring not in KNOWN:
            raise ValueError(f"scoring={scoring!r}: give 'default', 'npmi', or a function")
        return KNOWN[scoring]
    if not callable(scoring):
        raise TypeError(f"scoring is of type {type(scoring).__name__}: give 'default', 'npmi', or a function")
    missing = set(PARAMETERS) - set(inspect.signature(scoring).parameters)
    if missing:
        raise ValueError(
            f"the scoring function lacks the parameters {', '.join(sorted(missing))}: it is called with "
            f"{', '.join(PARAMETERS)}, by name"
        )
    scorer: Scorer = scoring
    return scorer
