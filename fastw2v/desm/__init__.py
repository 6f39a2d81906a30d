"""Documents ranked by the dual embedding space model (DESM).

    D̄ = (1/|D|) Σ d/|d| over the words d of a document             centroid of unit vectors
    DESM(Q, D) = (1/|Q|) Σ cos(q, D̄) over the words q of a query

Words q are looked up among the IN vectors and words d among the OUT vectors, or elsewhere as `spaces` says.
The score is linear in the centroid of length 1, so the scores of all documents are one product: the matrix of
the centroids times the mean unit vector of the query's words.

    index = DESM(model).index(texts, ids=names, bm25=True)
    index.search("a question", k=10)                     # DESM alone
    index.search("a question", k=10, mix="raw")          # with BM25

Words that the model lacks are left out. A document or a query without a known word has the score NaN.

Mitra, Nalisnick, Craswell and Caruana 2016, "A Dual Embedding Space Model for Document Ranking",
arXiv 1602.01137.
"""

from __future__ import annotations

from fastw2v.desm.answers import Explanation, Ranking, Tuned
from fastw2v.desm.bm25 import BM25, PAPER_BM25
from fastw2v.desm.centroids import Centroids
from fastw2v.desm.index import DESM, DESMIndex
from fastw2v.desm.mixing import RANK_CONSTANT, mixed
from fastw2v.desm.sides import ENOUGH_WORDS, Array, Document, Tokenizer, tokenize
from fastw2v.query.choices import ALPHAS, Mix, Precision

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
