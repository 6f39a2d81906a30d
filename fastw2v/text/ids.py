"""Text as ids: in memory, or in a temporary file if memory does not suffice."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastw2v.memory import available_memory
from fastw2v.text._encoder import renumber
from fastw2v.text.spill import SpillFile

Block = tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""Sentences as ids: the `ids`, `ends` and `lengths` of an `EncodedCorpus`."""

GROWTH = 8
"""Memory that is full grows by one part in so many."""


ASKED = 1 << 20
"""Bytes of ids that stay in memory, whatever is free."""


@dataclass
class EncodedCorpus:
    """Sentences as ids.

    Attributes:
        ids (array): int32 (tokens,), rows of the vocabulary, without unknown words; may be a mapped file.
        ends (array): int64 (sentences,), where each sentence ends in `ids`.
        lengths (array): int64 (sentences,), the raw words of each sentence, unknown ones included.
    """

    ids: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]


@dataclass
class ProvisionalCorpus:
    """Sentences as numbers of words, before it is decided which words have a row in the vocabulary.

    Attributes:
        ids (array): int32 (tokens,), numbers of words; each thread that reads numbers words in its own way.
        lengths (array): int64 (sentences,), the words of each sentence.
        parts (list of (array, int)): pairs (numbers, size): the next `size` ids mean the words numbers[id].
    """

    ids: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.int64]
    parts: list[tuple[npt.NDArray[np.int32], int]]

    def renumbered(self, rows: npt.NDArray[np.int32]) -> EncodedCorpus:
        """Return the corpus with `rows[numbers[id]]` in place of each id, without those that become -1.

        The ids are overwritten: this object must not be used afterwards.
        """
        distinct = {id(numbers): numbers for numbers, _ in self.parts}
        new_ids = {key: rows[numbers] for key, numbers in distinct.items()}
        ends = np.cumsum(self.lengths)
        kept = renumber(self.ids, ends, [(new_ids[id(numbers)], size) for numbers, size in self.parts])
        return EncodedCorpus(self.ids[:kept], ends, self.lengths)


class IdStore:
    """Collects ids in memory; once these are more than `budget` bytes, all in a temporary file.

    The file has no name, and is in a folder that has room: see `spill`.

    Args:
        expected (int): number of ids to reserve memory for; memory that is not written to costs nothing.
        budget (int or None): bytes; None is `spill_bytes()`.
    """

    def __init__(self, expected: int = 0, budget: int | None = None) -> None:
        # To ask what is free takes longer than to train a sentence, and few ids need not ask.
        self._fixed = budget is not None or bool(os.environ.get("FASTW2V_SPILL_BYTES"))
        self._budget = (spill_bytes() if self._fixed else ASKED) if budget is None else budget
        self._raise_budget(expected * 4)
        self._ids = np.empty(min(expected, self._budget // 4), np.int32)
        self._expected = expected
        self._used = 0
        self._file: SpillFile | None = None

    def append(self, ids: npt.NDArray[np.int32]) -> None:
        """Add ids at the end."""
        end = self._used + len(ids)
        self._raise_budget(end * 4)
        if self._file is None and ids.itemsize * end > self._budget:
            self._file = SpillFile(self._expected * ids.itemsize)
            self._file.write(self._ids[: self._used])
            self._ids = np.empty(0, np.int32)
        if self._file is not None:
            self._file.write(ids)
            return
        if end > len(self._ids):
            # In small steps: realloc moves pages without copying them, so only the slack costs memory.
            self._ids.resize(end + end // GROWTH, refcheck=False)
        self._ids[self._used : end] = ids
        self._used = end

    def _raise_budget(self, size: int) -> None:
        """Ask how many bytes may stay in memory, once they are to be more than a few."""
        if size > self._budget and not self._fixed:
            self._budget, self._fixed = spill_bytes(), True

    def finish(self) -> npt.NDArray[np.int32]:
        """Return all ids as one array (ids,); nothing may be appended afterwards."""
        if self._file is not None:
            return self._file.finish()
        self._ids.resize(self._used, refcheck=False)
        return self._ids


def spill_bytes() -> int:
    """Return how many bytes of ids may stay in memory: FASTW2V_SPILL_BYTES, or a quarter of what is free."""
    given = os.environ.get("FASTW2V_SPILL_BYTES")
    if not given:
        return available_memory() // 4
    if not given.isdecimal():
        raise ValueError(f"FASTW2V_SPILL_BYTES={given!r}: give a number of bytes")
    return int(given)
