from typing import Any

import numpy as np
import numpy.typing as npt

ISAS: tuple[str, ...]
CACHE_LINE: int

def available_isas() -> list[str]: ...
def select_isa(name: str) -> None: ...
def selected_isa() -> str: ...
def lines(dtype: npt.DTypeLike, *shape: int) -> npt.NDArray[Any]: ...
def floats(*shape: int) -> npt.NDArray[np.float32]: ...
def dot_rows(
    vectors: npt.NDArray[np.float32],
    queries: npt.NDArray[np.float32],
    bounds: npt.NDArray[np.int64],
    dots: npt.NDArray[np.float32],
    squares: npt.NDArray[np.float32],
) -> None: ...
