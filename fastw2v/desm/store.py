"""The documents of an index: their ids, centroids and BM25, which change together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.desm.bm25 import BM25
from fastw2v.desm.centroids import Centroids

Rows = npt.NDArray[np.intp] | slice


class DocumentStore:
    """Row i of the ids, of the centroids and of BM25 (if there is one) is one document.

    A document that is removed keeps its row until `compact`, which moves the others up.
    """

    def __init__(
        self, centroids: Centroids, bm25: BM25 | None = None, ids: Sequence[Any] = (), next_id: int = 0
    ) -> None:
        self.centroids = centroids
        self.bm25 = bm25
        self.by_row: list[Any] = list(ids)  # ids, also of removed documents
        # The next automatic id: larger than all numbers that are or were ids.
        numbers = (name for name in self.by_row if isinstance(name, int))
        self.next_id = max(next_id, 1 + max(numbers, default=-1))
        self.row_of: dict[Any, int] = {name: row for row, name in enumerate(self.by_row)}
        self._removed: list[int] = []  # rows

    def __len__(self) -> int:
        """The number of rows, also of removed documents."""
        return len(self.by_row)

    def append(
        self,
        ids: Iterable[Any],
        centroids: npt.NDArray[np.float32],
        known: npt.NDArray[np.bool_],
        terms: Iterable[Sequence[Any]],
    ) -> None:
        """Append documents. If it fails, the caller must `truncate`.

        Args:
            ids (iterable of str or int): one for each document.
            centroids (array): float32 (N, D).
            known (array): bool (N,), which of them have a direction.
            terms (iterable of sequences): the words of each document, for BM25.

        Raises:
            TypeError: an id is neither str nor int.
            ValueError: an id is used already, or there are fewer ids than documents.
        """
        for name in ids:
            self._take_id(name)
        if len(self) != len(self.centroids) + len(centroids):
            raise ValueError("there are fewer ids than documents: give one for each")
        self.centroids.extend(centroids, known)
        if self.bm25 is not None:
            self.bm25.extend(terms)

    def _take_id(self, name: Any) -> None:
        if not isinstance(name, str | int | np.integer):
            raise TypeError(f"id {name!r:.60} is of type {type(name).__name__}: give str or int")
        name = name if isinstance(name, str) else int(name)
        if name in self.row_of:
            raise ValueError(
                f"id {name!r} is used already: give another one, or replace that document with update()"
            )
        self.by_row.append(name)  # first, as `truncate` looks here for what to take back
        self.row_of[name] = len(self.by_row) - 1
        if isinstance(name, int):
            self.next_id = max(self.next_id, name + 1)

    def truncate(self, size: int, next_id: int) -> None:
        """Take back what an addition that failed may have appended.

        Args:
            size (int): the number of rows before.
            next_id (int): the next automatic id before.
        """
        for name in self.by_row[size:]:
            if self.row_of.get(name, -1) >= size:
                del self.row_of[name]
        del self.by_row[size:]
        self.centroids.truncate(size)
        if self.bm25 is not None and len(self.bm25) > size:
            self.bm25.keep(range(size))
        self.next_id = next_id

    def replace(
        self,
        rows: npt.NDArray[np.intp],
        centroids: npt.NDArray[np.float32],
        known: npt.NDArray[np.bool_],
        terms: Iterable[Sequence[Any]],
    ) -> None:
        """Put other documents in the places of some.

        Args:
            rows (array): int (N,), their places.
            centroids (array): float32 (N, D), of the new documents.
            known (array): bool (N,), which of them have a direction.
            terms (iterable of sequences): the words of each new document, for BM25.
        """
        self.centroids.replace(rows, centroids, known)
        if self.bm25 is not None:
            self.bm25.replace(rows.tolist(), terms)

    def remove(self, rows: npt.NDArray[np.intp]) -> None:
        """Remove documents.

        Args:
            rows (array): int (N,), their places.
        """
        for row in rows.tolist():
            if self.row_of.pop(self.by_row[row], None) is not None:
                self._removed.append(row)
        if self.bm25 is not None:
            self.bm25.remove(rows.tolist())
        if len(self.row_of) * 2 < len(self.by_row):
            self.compact()  # seldom enough that a removal takes constant time on average

    def compact(self) -> None:
        """Free the memory of removed documents."""
        rows = np.fromiter(self.row_of.values(), dtype=np.intp, count=len(self.row_of))
        if len(rows) == len(self.by_row):
            return
        self.centroids.keep(rows)
        if self.bm25 is not None:
            self.bm25.keep(rows.tolist())
        self.by_row = list(self.row_of)
        self.row_of = {name: row for row, name in enumerate(self.by_row)}
        self._removed = []

    def live(self) -> Rows:
        """Return the rows of all documents that were not removed, an array or a slice."""
        if len(self.row_of) == len(self.by_row):
            return slice(0, len(self.by_row))
        return np.delete(np.arange(len(self.by_row)), self._removed)

    def rows_of(self, ids: Iterable[Any]) -> npt.NDArray[np.intp]:
        """Return the rows of documents.

        Args:
            ids (iterable of str or int): the documents.

        Returns:
            int (N,): their rows.

        Raises:
            KeyError: no document has such an id.
            TypeError: this is not a list of ids.
        """
        try:
            return np.array([self.row_of[name] for name in ids], dtype=np.intp)
        except KeyError as error:
            raise KeyError(f"no document has the id {error.args[0]!r}") from None
        except TypeError as error:
            raise TypeError(
                f"{ids!r:.60} is not a list of ids ({error}): give a list of str or int"
            ) from error
