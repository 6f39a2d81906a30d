"""The choices of a document ranking, by name.

They are below `desm`, so that the command line can offer them without loading it.
"""

from __future__ import annotations

from typing import Literal, get_args

Precision = Literal["float32", "float16", "int8"]  # of stored rows
Mix = Literal["raw", "zscore", "rrf"]  # of DESM with BM25
SpacePair = Literal["in-out", "in-in", "out-out", "out-in"]  # of query words, and of document words

PRECISIONS: tuple[Precision, ...] = get_args(Precision)
MIXES: tuple[Mix, ...] = get_args(Mix)
SPACE_PAIRS: tuple[SpacePair, ...] = get_args(SpacePair)

RANKS = 1000  # default depth of rankings, that of TREC


def either(names: tuple[str, ...]) -> str:
    """Return names as a message offers them: "'a', 'b' or 'c'"."""
    *others, last = map(repr, names)
    return f"{', '.join(others)} or {last}"
