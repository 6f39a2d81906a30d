"""DESM mixed with BM25: the formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.checks import one_of
from fastw2v.query.choices import MIXES, Mix

Array = npt.NDArray[Any]

RANK_CONSTANT = 60  # of reciprocal rank fusion: Cormack, Clarke and Büttcher 2009


def check_mix(mix: Any, alpha: Any) -> None:
    """Check the name of a mixture and the share of DESM in it; each may be None.

    Raises:
        ValueError: there is no such mixture, `alpha` is not a number from 0 to 1, or it is given without
            `mix`.
    """
    one_of("mix", mix, (*MIXES, None))
    if alpha is not None and mix is None:
        raise ValueError(f"alpha={alpha!r} is the share of DESM in a mixture: give mix= too")
    if alpha is not None and not (isinstance(alpha, int | float | np.number) and 0 <= alpha <= 1):
        raise ValueError(f"alpha={alpha!r}: give the share of DESM, a number between 0 and 1")


def mixed(desm: Array, bm25: Array, mix: Mix, alpha: float) -> Array:
    """Return the mixture of DESM scores with BM25 scores, by the formulas of `DESMIndex.search`.

    A document without a DESM score is given the lowest one of all. If none has a DESM score, the BM25 scores
    alone decide.

    Args:
        desm (array): float (N,), NaN where a document has no score.
        bm25 (array): float (N,), 0 where a document has none of the query's words.
        mix (str): "raw", "zscore" or "rrf".
        alpha (float): the share of DESM, from 0 to 1.

    Returns:
        float (N,): NaN where a document has neither a DESM score nor a word of the query.
    """
    known = ~np.isnan(desm)
    if not known.any():
        return np.where(bm25 > 0, bm25, np.nan)
    desm = np.where(known, desm, desm[known].min())
    if mix == "raw":
        scores = alpha * desm + (1 - alpha) * bm25
    elif mix == "zscore":
        scores = alpha * _standardize(desm) + (1 - alpha) * _standardize(bm25)
    else:
        scores = alpha * _reciprocal_ranks(desm, known) + (1 - alpha) * _reciprocal_ranks(bm25, bm25 > 0)
    return np.asarray(np.where(known | (bm25 > 0), scores, np.nan), dtype=np.float32)


def _standardize(scores: Array) -> Array:
    """Return the scores with mean 0 and deviation 1; all 0 if they are equal."""
    deviation = float(scores.std(dtype=np.float64))
    centered = scores - scores.mean(dtype=np.float64)
    return np.asarray(centered / deviation if deviation > 0 else centered)


def _reciprocal_ranks(scores: Array, ranked: Array) -> Array:
    """Return 1 / (60 + rank), where the best of those `ranked` has rank 1; 0 for the others."""
    order = np.argsort(-scores, kind="stable")
    order = order[ranked[order]]
    out = np.zeros(len(scores))
    out[order] = 1 / (RANK_CONSTANT + 1 + np.arange(len(order)))
    return out
