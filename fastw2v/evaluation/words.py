"""The lines of a file of judgements, and the rows of the words in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy.typing as npt

from fastw2v.formats.atomic import StrPath
from fastw2v.utils import open as open_file

Array = npt.NDArray[Any]
Unit = Callable[[Any], Array]
"""slice or int array of row numbers → rows of length 1, float (n, D)."""


def lines_of(path: StrPath, encoding: str) -> Iterator[tuple[int, str]]:
    """Yield (number, line) for the lines of a file, which may be compressed. The first line has number 1."""
    with open_file(path, "rb") as file:
        for number, line in enumerate(file, 1):
            yield number, line.decode(encoding)


def fold_case(words: Sequence[Any], case_insensitive: bool) -> Sequence[Any]:
    """Return the words upper-cased, if `case_insensitive`."""
    if not case_insensitive:
        return words
    return [word.upper() if isinstance(word, str) else word for word in words]


def rows_by_word(words: Sequence[Any]) -> dict[Any, int]:
    """Return the row of each word; of equal words the first one."""
    return dict(zip(reversed(words), range(len(words) - 1, -1, -1), strict=True))
