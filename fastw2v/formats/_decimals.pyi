import numpy as np
import numpy.typing as npt

def print_rows(names: list[bytes], vectors: npt.NDArray[np.float32]) -> bytes: ...
def parse_rows(
    block: bytes, position: int, values: npt.NDArray[np.float64], narrow: bool, separator: int = 32
) -> tuple[list[bytes], int]: ...
def split_rows(
    block: bytes, position: int, vectors: npt.NDArray[np.uint8], longest_word: int
) -> tuple[list[bytes], int]: ...
