"""DESM mixed with BM25: the formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.query.choices import MIXES, Mix

Array = npt.NDArray[Any]

ALPHAS: dict[str, float] = {"raw": 0.97, "zscore": 0.3, "rrf": 0.33}
"""The share of DESM in a mixture unless one is given; 0.97 is the paper's."""
RANK_CONSTANT = 60  # of reciprocal rank fusion: Cormack, Clarke and Büttcher 2009


def check_mix(mix: Any, alpha: Any) -> None:
    """Raise ValueError unless these are the name of a mixture, and a share of DESM or None; or both None."""
    if mix is not None and mix not in MIXES:
        raise ValueError(f"mix={mix!r}: give one of {', '.join(map(repr, MIXES))}, or None for DESM alone")
    if alpha is not None and mix is None:
        raise ValueError("alpha is the share of DESM in a mixture: give mix= too")
    if alpha is not None and not (isinstance(alpha, int | float | np.number) and 0 <= alpha <= 1):
        raise ValueError(f"alpha={alpha!r}: the share of DESM is a number that lies between 0 and 1")


def mixed(desm: Array, bm25: Array, mix: Mix, alpha: float) -> Array:
    """Return mixtures (N,) of DESM scores and BM25 scores; see `DESMIndex.search`.

    NaN where neither has anything to say: no DESM score, and none of the query's words.
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
    deviation = float(scores.std(dtype=np.float64))
    centered = scores - scores.mean(dtype=np.float64)
    return np.asarray(centered / deviation if deviation > 0 else centered)


def _reciprocal_ranks(scores: Array, ranked: Array) -> Array:
    """1 / (60 + rank) of those `ranked`, best 1; 0 of others."""
    order = np.argsort(-scores, kind="stable")
    order = order[ranked[order]]
    out = np.zeros(len(scores))
    out[order] = 1 / (RANK_CONSTANT + 1 + np.arange(len(order)))
    return out
