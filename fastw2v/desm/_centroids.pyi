import numpy as np
import numpy.typing as npt

def widen(halves: npt.NDArray[np.uint16], out: npt.NDArray[np.float32], plain: bool = False) -> None: ...
