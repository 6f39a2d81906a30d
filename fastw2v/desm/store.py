"""The documents of an index: ids, centroids and BM25, which change together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.desm.bm25 import BM25
from fastw2v.desm.centroids import Centroids

Rows = npt.NDArray[np.intp] | slice


class DocumentStore:
    """Row i of the ids, of the centroids and, if there is one, of BM25 is one document.

    A document that is removed keeps its row until `compact`, which makes the others rise.
    """

    def __init__(
        self, centroids: Centroids, bm25: BM25 | None = None, ids: Sequence[Any] = (), next_id: int = 0
    ) -> None:
        self.centroids = centroids
        self.bm25 = bm25
        self.by_row: list[Any] = list(ids)  # ids, those of removed documents too
        # For a document that is given none: above all numbers that are or were ids.
        numbers = (name for name in self.by_row if isinstance(name, int))
        self.next_id = max(next_id, 1 + max(numbers, default=-1))
        self.row_of: dict[Any, int] = {name: row for row, name in enumerate(self.by_row)}
        self._removed: list[int] = []  # rows

    def __len__(self) -> int:
        """How many rows there are, those of removed documents too."""
        return len(self.by_row)

    def append(
        self,
        ids: Iterable[Any],
        centroids: npt.NDArray[np.float32],
        known: npt.NDArray[np.bool_],
        terms: Iterable[Sequence[Any]],
    ) -> None:
        """Append documents, the `terms` of each for BM25. If it fails, the caller must `truncate`."""
        for name in ids:
            self._take_id(name)
        if len(self) != len(self.centroids) + len(centroids):
            raise ValueError("there are fewer ids than documents")
        self.centroids.extend(centroids, known)
        if self.bm25 is not None:
            self.bm25.extend(terms)

    def _take_id(self, name: Any) -> None:
        if not isinstance(name, str | int | np.integer):
            raise TypeError(f"an id must be str or int, not {name!r:.60}")
        name = name if isinstance(name, str) else int(name)
        if name in self.row_of:
            raise ValueError(f"document {name!r} is there already: update() replaces it")
        self.by_row.append(name)  # first, as `truncate` looks here for what to take back
        self.row_of[name] = len(self.by_row) - 1
        if isinstance(name, int):
            self.next_id = max(self.next_id, name + 1)

    def truncate(self, size: int, next_id: int) -> None:
        """Return to `size` rows and to `next_id`, after an addition that failed and may be there in part."""
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
        """Put other documents in the places `rows`."""
        self.centroids.replace(rows, centroids, known)
        if self.bm25 is not None:
            self.bm25.replace(rows.tolist(), terms)

    def remove(self, rows: npt.NDArray[np.intp]) -> None:
        """Remove documents."""
        for row in rows.tolist():
            if self.row_of.pop(self.by_row[row], None) is not None:
                self._removed.append(row)
        if self.bm25 is not None:
            self.bm25.remove(rows.tolist())
        if len(self.row_of) * 2 < len(self.by_row):
            self.compact()  # now and then, so that a removal takes constant time on the whole

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
        """Return the rows of all documents that were not removed."""
        if len(self.row_of) == len(self.by_row):
            return slice(0, len(self.by_row))
        return np.delete(np.arange(len(self.by_row)), self._removed)

    def rows_of(self, ids: Iterable[Any]) -> npt.NDArray[np.intp]:
        """Return the rows of documents; KeyError if there is no document of such a name."""
        try:
            return np.array([self.row_of[name] for name in ids], dtype=np.intp)
        except KeyError as error:
            raise KeyError(f"no document is called {error.args[0]!r}") from None
        except TypeError as error:
            raise TypeError(f"{ids!r:.60} are no ids ({error}): give a list of str or int") from error
