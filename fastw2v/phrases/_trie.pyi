from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.uint8]

class Trie:
    def __len__(self) -> int: ...
    @property
    def nodes(self) -> int: ...
    def nodes_of(self, parts: Ids, starts: Places, make: bool = False) -> Ids: ...
    def add(self, nodes: Ids, counts: Places, firsts: Places) -> None: ...
    def counts_of(self, nodes: Ids) -> Places: ...
    def keys(self) -> tuple[Ids, Places]: ...
    def paths(self, nodes: Ids) -> list[list[int]]: ...
    def count(self, ids: Ids, ends: Places, parts: Ids, starts: Places, connects: Flags) -> None: ...
    def scores(self, scorer: int, min_count: float, words: float) -> npt.NDArray[np.float64]: ...
    def apply(
        self,
        ids: Ids,
        ends: Places,
        parts: Ids,
        starts: Places,
        connects: Flags,
        empty: Flags,
        nodes: Ids,
        scorer: int,
        stored: npt.NDArray[np.float64],
        threshold: float,
        min_count: float,
        words: float,
    ) -> tuple[Ids, Places]: ...

class ListJoiner:
    def __init__(
        self,
        trie: Trie,
        numbers: dict[str, int],
        delimiter: str,
        connectors: frozenset[str],
        stored: npt.NDArray[np.float64],
        scorer: int,
        limits: tuple[float, float, float],
    ) -> None: ...
    def join(self, sentence: Iterable[str]) -> list[str]: ...

def divide(
    words: list[str], delimiter: str, connectors: frozenset[str], numbers: dict[str, int], learn: bool
) -> tuple[Ids, Places, Flags, Flags, Places]: ...
