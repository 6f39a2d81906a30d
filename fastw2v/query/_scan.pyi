from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

def plain(array: npt.NDArray[Any]) -> npt.NDArray[Any]: ...
def unit_row(matrix: npt.NDArray[Any], row: int) -> npt.NDArray[Any]: ...
def unit_rows(rows: npt.NDArray[Any], out: npt.NDArray[Any]) -> None: ...
def row_lengths(rows: npt.NDArray[Any], out: npt.NDArray[Any]) -> None: ...
def weighted_sum(
    matrix: npt.NDArray[Any], rows: list[int], weights: list[float], unit: bool
) -> npt.NDArray[np.float64]: ...
def cosine(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> float: ...
def cosines(
    matrix: npt.NDArray[np.float32],
    units: npt.NDArray[np.float32],
    scores: npt.NDArray[np.float32],
    pieces: int = 1,
    threads: int = 1,
) -> None: ...
def cosines_by_query(
    rows: npt.NDArray[np.float32],
    units: npt.NDArray[np.float32],
    bounds: npt.NDArray[np.int64],
    scores: npt.NDArray[np.float32],
) -> None: ...
def largest(scores: npt.NDArray[Any], count: int) -> tuple[list[int], list[float]]: ...
def name_best(
    names: Sequence[Any],
    row_of: Mapping[Any, int],
    rows: list[int],
    scores: list[float],
    count: int,
    left_out: Collection[int],
) -> list[tuple[Any, float]]: ...
