"""What programs import from gensim's compiled module of this name."""

from __future__ import annotations

from fastw2v.word2vec import (
    FAST_VERSION,
    MAX_WORDS_IN_BATCH,
    REAL,
    score_sentence_cbow,
    score_sentence_sg,
    train_batch_cbow,
    train_batch_sg,
)

__all__ = [
    "FAST_VERSION",
    "MAX_WORDS_IN_BATCH",
    "REAL",
    "score_sentence_cbow",
    "score_sentence_sg",
    "train_batch_cbow",
    "train_batch_sg",
]
