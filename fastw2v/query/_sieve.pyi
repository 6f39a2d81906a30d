from typing import Any

import numpy as np
import numpy.typing as npt

def quantise(rows: npt.NDArray[np.float32], out: npt.NDArray[np.int16]) -> None: ...
def quantise_bytes(
    rows: npt.NDArray[np.float32], out: npt.NDArray[np.int8], grades: npt.NDArray[np.float32]
) -> None: ...

BLOCK: int

class Sieve:
    def __init__(self, units: npt.NDArray[np.float32], count: int) -> None: ...
    def __len__(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def byte_width(self) -> int: ...
    def sift(
        self,
        rows: npt.NDArray[np.int16],
        small: npt.NDArray[np.int8],
        grades: npt.NDArray[np.float32],
        place: int,
        first: int,
        end: int,
    ) -> None: ...
    def candidates(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]: ...

def raise_best(
    gains: npt.NDArray[Any],
    losses: npt.NDArray[Any],
    terms: npt.NDArray[np.int64],
    first: int,
    hidden_starts: npt.NDArray[np.int64],
    hidden: npt.NDArray[np.int64],
    hidden_scores: npt.NDArray[Any],
    best: npt.NDArray[np.int64],
    best_scores: npt.NDArray[Any],
    start: int,
    end: int,
) -> None: ...
