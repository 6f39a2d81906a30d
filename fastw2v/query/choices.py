"""The choices for a ranking of documents: precisions, mixtures and pairs of spaces, by name.

They are defined below `desm`, so that the command line can offer them without importing it.
"""

from __future__ import annotations

from typing import Literal, get_args

Precision = Literal["float32", "float16", "int8"]
"""Of stored centroids."""
Mix = Literal["raw", "zscore", "rrf"]
"""Of DESM scores with BM25 scores."""
SpacePair = Literal["in-out", "in-in", "out-out", "out-in"]
"""Where words of queries and words of documents are looked up."""

PRECISIONS: tuple[Precision, ...] = get_args(Precision)
MIXES: tuple[Mix, ...] = get_args(Mix)
SPACE_PAIRS: tuple[SpacePair, ...] = get_args(SpacePair)

ALPHAS: dict[Mix, float] = {"raw": 0.97, "zscore": 0.3, "rrf": 0.33}
"""The default share of DESM in each mixture; 0.97 is the paper's."""

RANKS = 1000  # how many ranks are judged by default, as TREC does
