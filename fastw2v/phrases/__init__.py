"""Phrases: words that stand together more often than by chance, found and joined as gensim does."""

from __future__ import annotations

from fastw2v.phrases.model import FrozenPhrases, Phrases
from fastw2v.phrases.scoring import ENGLISH_CONNECTOR_WORDS, npmi_scorer, original_scorer
from fastw2v.phrases.text import PhrasedText

Phraser = FrozenPhrases  # gensim's older name

__all__ = [
    "ENGLISH_CONNECTOR_WORDS",
    "FrozenPhrases",
    "PhrasedText",
    "Phraser",
    "Phrases",
    "npmi_scorer",
    "original_scorer",
]
