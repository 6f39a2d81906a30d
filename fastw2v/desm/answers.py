"""What an index answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Ranking = list[tuple[Any, float]]
"""Ids and scores, best first."""


@dataclass(frozen=True, repr=False)
class Explanation:
    """Why a document has its DESM score. Printed, it is a table.

    Args:
        id (str or int): the document.
        score (float): its DESM score, the sum of the parts in `words`; NaN if it has none.
        words (list of tuples): (word, cosine, part) of each known word of the query: its cosine with the
            document's centroid, and its part of the score.
        unknown (list of words): the query's words that the model lacks.
    """

    id: Any
    score: float
    words: list[tuple[Any, float, float]]
    unknown: list[Any]

    def __str__(self) -> str:
        width = max([5, *(len(str(word)) for word, _, _ in self.words)])
        lines = [f"{'word':<{width}}  cosine     part"]
        lines += [f"{word!s:<{width}} {cosine:7.4f}  {part:7.4f}" for word, cosine, part in self.words]
        lines.append(f"{'score':<{width}} {'':7}  {self.score:7.4f}")
        if self.unknown:
            lines.append("unknown: " + ", ".join(map(str, self.unknown)))
        return "\n".join(lines)

    __repr__ = __str__


@dataclass(frozen=True)
class Tuned:
    """The best share of DESM in a mixture, as `DESMIndex.tune` found it.

    Args:
        alpha (float): the share with the largest value.
        value (float): the mean of the measure at this share.
        curve (dict of float to float): the mean of the measure at each share that was tried.
    """

    alpha: float
    value: float
    curve: dict[float, float]
