import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

def add_moment(rows: Floats, weights: Floats, start: int, stop: int, moment: Floats) -> None: ...
def eigen(symmetric: Doubles) -> tuple[Doubles, Doubles]: ...
def merge_rows(
    base: Floats,
    replicas: list[Floats],
    start: int,
    stop: int,
    bins: npt.NDArray[np.int32],
    even: Floats,
    shares: Floats,
    basis: Floats,
    turned: Floats,
) -> tuple[int, int]: ...
