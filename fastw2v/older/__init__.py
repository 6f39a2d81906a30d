"""The older spellings of `KeyedVectors` and `Word2Vec`, as a base class for each, and gensim 3's records.

records.py    `wv.vocab`, a dict that reads and writes the vectors
vectors.py    what `KeyedVectors` was called before
models.py     what `Word2Vec` was called before
parts.py      `model.vocabulary` and `model.trainables`
batches.py    one batch or sentence by itself

Each spelling warns once which name has replaced it, see `legacy`, and does what that name does. What these
base classes use of the classes derived from them is declared for type checkers.
"""

from __future__ import annotations

from fastw2v.older.batches import (
    Heapitem,
    score_sentence_cbow,
    score_sentence_sg,
    train_batch_cbow,
    train_batch_sg,
)
from fastw2v.older.models import OlderWord2Vec
from fastw2v.older.parts import Word2VecTrainables, Word2VecVocab
from fastw2v.older.records import CompatVocab, Vocab, VocabRecord, VocabView
from fastw2v.older.vectors import OlderKeyedVectors

__all__ = [
    "CompatVocab",
    "Heapitem",
    "OlderKeyedVectors",
    "OlderWord2Vec",
    "Vocab",
    "VocabRecord",
    "VocabView",
    "Word2VecTrainables",
    "Word2VecVocab",
    "score_sentence_cbow",
    "score_sentence_sg",
    "train_batch_cbow",
    "train_batch_sg",
]
