"""How good vectors and rankings are: analogies, correlation with human judgement, measures of rankings.

Nothing here knows `KeyedVectors`: functions take the words, and `unit`, a function that returns rows of
length 1 for a slice or an array of row numbers.
"""

from __future__ import annotations

from fastw2v.evaluation.correlation import log_evaluate_word_pairs, word_pairs
from fastw2v.evaluation.judgements import read_judgements
from fastw2v.evaluation.questions import CANDIDATES, Question, Section, analogies, log_accuracy
from fastw2v.evaluation.rankings import (
    GAINS,
    Judgements,
    Run,
    check_overlap,
    cutoff_of,
    evaluate_ranking,
    ranking_by_query,
)
from fastw2v.evaluation.words import Unit

__all__ = [
    "CANDIDATES",
    "GAINS",
    "Judgements",
    "Question",
    "Run",
    "Section",
    "Unit",
    "analogies",
    "check_overlap",
    "cutoff_of",
    "evaluate_ranking",
    "log_accuracy",
    "log_evaluate_word_pairs",
    "ranking_by_query",
    "read_judgements",
    "word_pairs",
]
