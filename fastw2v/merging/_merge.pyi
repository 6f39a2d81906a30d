import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

TABLE_OCTAVES: Doubles

def add_moment(rows: Floats, weights: Floats, start: int, stop: int, moment: Floats) -> None: ...
def eigen(symmetric: Doubles) -> tuple[Doubles, Doubles]: ...
def merge_rows(
    base: Floats,
    replicas: list[Floats],
    start: int,
    stop: int,
    row_octaves: Floats | None,
    octaves: Floats | None,
    shares: Floats,
    basis: Floats | None,
    turned: Floats | None,
) -> tuple[int, int]: ...
