"""Documents ranked by the dual embedding space model (DESM)."""

from __future__ import annotations

from fastw2v.desm.bm25 import BM25
from fastw2v.desm.index import (
    ALPHAS,
    DESM,
    ENOUGH_WORDS,
    PAPER_BM25,
    RANK_CONSTANT,
    Array,
    Centroids,
    DESMIndex,
    Document,
    Explanation,
    Mix,
    Precision,
    Ranking,
    Tokenizer,
    Tuned,
    mixed,
    tokenize,
)

__all__ = [
    "ALPHAS",
    "BM25",
    "DESM",
    "ENOUGH_WORDS",
    "PAPER_BM25",
    "RANK_CONSTANT",
    "Array",
    "Centroids",
    "DESMIndex",
    "Document",
    "Explanation",
    "Mix",
    "Precision",
    "Ranking",
    "Tokenizer",
    "Tuned",
    "mixed",
    "tokenize",
]
