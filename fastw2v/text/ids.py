"""Text as ids: in memory, or in a temporary file where that does not suffice."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from typing import IO

import numpy as np
import numpy.typing as npt

from fastw2v.text._encoder import renumber

Block = tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""Encoded sentences: ids (tokens,) without unknown words, ends (sentences,) in ids, raw lengths (sentences,).
"""


@dataclass
class EncodedCorpus:
    """Sentences as ids.

    `ids` int32 (tokens,): words of the vocabulary, unknown ones dropped; may be a memory-mapped file.
    `ends` int64 (sentences,): where each sentence ends in `ids`. `lengths` int64 (sentences,): its number
    of raw words, unknown ones included.
    """

    ids: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]


@dataclass
class ProvisionalCorpus:
    """Sentences as numbers of words, before it is decided which words have a row in the vocabulary.

    `ids` int32 (tokens,) and `lengths` int64 (sentences,) as in `EncodedCorpus`. Every thread numbers words
    in its own way: `parts` are pairs (numbers, size); the next `size` ids are to be read as numbers[id].
    """

    ids: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.int64]
    parts: list[tuple[npt.NDArray[np.int32], int]]

    def renumbered(self, rows: npt.NDArray[np.int32]) -> EncodedCorpus:
        """Return the corpus with `rows[numbers[id]]` for every id, without those that become -1.

        The ids are rewritten in place: this object must not be used afterwards.
        """
        distinct = {id(numbers): numbers for numbers, _ in self.parts}
        new_ids = {key: rows[numbers] for key, numbers in distinct.items()}
        ends = np.cumsum(self.lengths)
        kept = renumber(self.ids, ends, [(new_ids[id(numbers)], size) for numbers, size in self.parts])
        return EncodedCorpus(self.ids[:kept], ends, self.lengths)


class IdStore:
    """Collects ids in memory, and those beyond `budget` bytes in a temporary file.

    Memory for the `expected` number of ids is reserved at once; what is not written to costs nothing.
    The file lies where `tempfile` puts files (TMPDIR) and has no name: it is gone with the process, however
    that ends.
    """

    def __init__(self, expected: int = 0, budget: int | None = None) -> None:
        self._budget = spill_bytes() if budget is None else budget
        self._ids = np.empty(min(expected, self._budget // 4), np.int32)
        self._used = 0
        self._file: IO[bytes] | None = None

    def append(self, ids: npt.NDArray[np.int32]) -> None:
        end = self._used + len(ids)
        if self._file is None and ids.itemsize * end > self._budget:
            self._file = tempfile.TemporaryFile(prefix="fastw2v-", buffering=0)  # noqa: SIM115
            _write_all(self._file, self._ids[: self._used])
            self._ids = np.empty(0, np.int32)
        if self._file is not None:
            _write_all(self._file, ids)
            return
        if end > len(self._ids):
            # In small steps: where realloc moves pages instead of copying them, only the slack costs memory.
            self._ids.resize(end + end // 8, refcheck=False)
        self._ids[self._used : end] = ids
        self._used = end

    def finish(self) -> npt.NDArray[np.int32]:
        """Return all ids as one array; nothing may be appended afterwards."""
        if self._file is not None:
            with self._file:
                return np.memmap(self._file, np.int32, mode="r+")
        self._ids.resize(self._used, refcheck=False)
        return self._ids


def _write_all(file: IO[bytes], array: npt.NDArray[np.int32]) -> None:
    left = array.view(np.uint8).data
    while left:
        left = left[file.write(left) :]


def spill_bytes() -> int:
    """Return how many bytes of ids may stay in memory.

    A quarter of the memory now available, or what the environment variable FASTW2V_SPILL_BYTES says.
    """
    said = os.environ.get("FASTW2V_SPILL_BYTES")
    if not said:
        return available_memory() // 4
    if not said.isdecimal():
        raise ValueError(f"FASTW2V_SPILL_BYTES={said!r}: give a number of bytes")
    return int(said)


def available_memory() -> int:
    """Return the bytes of memory this process could still use: the machine's, or its container's if less."""
    figures = []
    try:
        figures.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)
        with open("/proc/meminfo", encoding="ascii") as lines:
            figures = [int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")]
        with open("/sys/fs/cgroup/memory.max") as most, open("/sys/fs/cgroup/memory.current") as used:
            figures.append(int(most.read()) - int(used.read()))
    except (OSError, ValueError, AttributeError):
        pass  # not Linux, or no limit: what has been found so far stands
    return max(0, min(figures, default=4 << 30))
