import numpy as np
import numpy.typing as npt

def unit_sums(
    rows: npt.NDArray[np.float32],
    weights: npt.NDArray[np.float32],
    ids: npt.NDArray[np.int32],
    ends: npt.NDArray[np.int64],
    out: npt.NDArray[np.float32],
    known: npt.NDArray[np.uint8],
) -> None: ...
def means(
    rows: npt.NDArray[np.float32],
    weights: npt.NDArray[np.float32],
    ids: npt.NDArray[np.int32],
    ends: npt.NDArray[np.int64],
    zeros: npt.NDArray[np.int64],
    out: npt.NDArray[np.float32],
    known: npt.NDArray[np.uint8],
) -> None: ...
def count_documents(
    ids: npt.NDArray[np.int32],
    ends: npt.NDArray[np.int64],
    before: int,
    frequency: npt.NDArray[np.int64],
    last: npt.NDArray[np.int64],
) -> None: ...
