"""The vector spaces of one model: their names, and the table that shows words in several of them.

An IN vector tells which words a word predicts, an OUT vector which words predict it. IN–IN and OUT–OUT
neighbours are words of the same kind, IN–OUT neighbours words of the same topic.

Mitra, Nalisnick, Craswell and Caruana 2016, "A Dual Embedding Space Model for Document Ranking", arXiv
1602.01137.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from fastw2v.checks import one_of

Space = Literal["in", "out", "in+out", "concat"]
SPACES: tuple[Space, ...] = get_args(Space)

Neighbors = list[tuple[Any, float]]


def checked_space(space: str) -> Space:
    """Return `space`; ValueError if no space has this name, TypeError if it is no name."""
    if not isinstance(space, str):
        raise TypeError(
            f"a space is of type {type(space).__name__}: give one of {', '.join(map(repr, SPACES))}. "
            "Vectors of another model answer model.wv.most_similar(..., target=vectors)"
        )
    return one_of("space", space, SPACES)


def pair_of_spaces(spaces: str) -> tuple[Space, Space]:
    """Return the spaces of the first and the second of two words: ("in", "out") for "in-out".

    Args:
        spaces (str): two names joined by "-", or one name for both.

    Returns:
        tuple of (str, str): the names.

    Raises:
        ValueError: these are not names of spaces.
    """
    first, dash, second = str(spaces).partition("-")
    try:
        return checked_space(first), checked_space(second if dash else first)
    except ValueError:
        raise ValueError(
            f"spaces={spaces!r}: give two of {', '.join(map(repr, SPACES))}, joined as in 'in-out', "
            "or one for both"
        ) from None


@dataclass(frozen=True, repr=False)
class SpaceComparison:
    """Neighbours of words in several pairs of spaces, side by side.

    It prints as an aligned table, and shows as an HTML table in a notebook.

    Attributes:
        spaces (tuple of str): the pairs of spaces, such as "in-out".
        neighbors (mapping): `neighbors[word][spaces]` is a list of (neighbour, cosine), best first.
    """

    spaces: tuple[str, ...]
    neighbors: Mapping[Any, Mapping[str, Neighbors]]

    def to_dict(self) -> dict[Any, dict[str, Neighbors]]:
        """Return plain dicts and lists: word → spaces → list of (neighbour, cosine), best first."""
        return {
            word: {spaces: list(found) for spaces, found in columns.items()}
            for word, columns in self.neighbors.items()
        }

    def _rows(self) -> Iterator[tuple[Any, list[tuple[str, str]]]]:
        """Yield (word, cells), the word in the first row of its block only; cells are (neighbour, cosine)."""
        for word, columns in self.neighbors.items():
            for place in range(max(map(len, columns.values()), default=0)):
                cells = [
                    (str(found[place][0]), f"{found[place][1]:.2f}") if place < len(found) else ("", "")
                    for found in columns.values()
                ]
                yield word if not place else "", cells

    def __str__(self) -> str:
        titles, rows = [spaces.upper() for spaces in self.spaces], list(self._rows())
        left = max((_terminal_width(str(word)) for word, _ in rows), default=0)
        widths = [
            max([_terminal_width(title) - 7, *(_terminal_width(cells[i][0]) for _, cells in rows)])
            for i, title in enumerate(titles)
        ]
        lines = [" " * left + "".join(f"   {_pad(t, w + 7)}" for t, w in zip(titles, widths, strict=True))]
        for number, (word, cells) in enumerate(rows):
            if number and word != "":
                lines.append("")
            line = "".join(
                f"   {_pad(name, width)}{cosine:>7}"
                for (name, cosine), width in zip(cells, widths, strict=True)
            )
            lines.append(_pad(str(word), left) + line)
        return "\n".join(line.rstrip() for line in lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        import html  # imported here: it is for notebooks only, and reads a table of all entities

        head = "".join(f"<th colspan=2>{html.escape(title)}</th>" for title in map(str.upper, self.spaces))
        body = "".join(
            f"<tr><th>{html.escape(str(word))}</th>"
            + "".join(f"<td>{html.escape(name)}</td><td>{cosine}</td>" for name, cosine in cells)
            + "</tr>"
            for word, cells in self._rows()
        )
        return f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>"


def _terminal_width(text: str) -> int:
    """Return the terminal columns that `text` takes: two for a wide character, none for a combining one."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _terminal_width(text))
