"""What an index answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Ranking = list[tuple[Any, float]]
"""Ids and scores, best first."""


@dataclass(frozen=True, repr=False)
class Explanation:
    """Why a document has its score: `score` is the sum of the parts in `words`, (query word, cosine, part).

    `unknown` are the query's words that the model lacks. Printed, it is a table.
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
    """The share `alpha` of DESM with the largest mean `value`, of those in `curve`, {alpha: value}."""

    alpha: float
    value: float
    curve: dict[float, float]
