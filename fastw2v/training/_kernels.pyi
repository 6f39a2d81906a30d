from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

class StopFlag:
    @property
    def raised(self) -> bool: ...
    def stop(self) -> None: ...

class Worker:
    def __init__(
        self,
        input: npt.NDArray[np.float32],
        output: npt.NDArray[np.float32] | None,
        nodes: npt.NDArray[np.float32] | None,
        lockf: npt.NDArray[np.float32],
        stop: StopFlag,
        *,
        sg: bool,
        negative: int,
        window: int,
        shrink_windows: bool,
        cbow_mean: bool,
        by_window: bool,
        compute_loss: bool,
        alone: bool,
        keep: npt.NDArray[np.uint32] | None,
        noise_table: npt.NDArray[np.uint32] | None,
        noise_index: npt.NDArray[np.int32] | None,
        noise_shift: int,
        last_only: bool = False,
        frozen_outputs: bool = False,
        codes: npt.NDArray[np.uint8] | None,
        points: npt.NDArray[np.uint32] | None,
        path_starts: npt.NDArray[np.int64] | None,
    ) -> None: ...
    loss: float
    examples: int
    def train(
        self,
        ids: npt.NDArray[np.int32],
        ends: npt.NDArray[np.int64],
        alpha: float,
        seed: int,
        draw_windows: Callable[[int], Any] | None = None,
        lead: int = 0,
        trail: int = 0,
    ) -> int: ...
