"""Vectors of documents: weighted means of the vectors of their words.

    v(d) = (1/n) Σ weight(w) v(w) over the words w of d that have a vector       `DocumentVectors`

Weights are None (the plain mean), a mapping, idf, or those of SIF, which removes a common component too.
"""

from __future__ import annotations

from fastw2v.documents.vectors import DocumentVectors

__all__ = ["DocumentVectors"]
