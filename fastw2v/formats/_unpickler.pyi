from collections.abc import Callable, Collection
from typing import Any

class Budget:
    def __init__(self, size: int) -> None: ...
    def spend(self, steps: int) -> int: ...
    def check_keys(self, keys: Collection[Any]) -> None: ...
    def check_searches(self, keys: Collection[Any]) -> None: ...

class Unpickler:
    at: int
    def __init__(
        self,
        data: bytes | bytearray | memoryview,
        find: Callable[[str, str], Any],
        callables: tuple[type, ...],
        classes: type,
        nodes: tuple[type, ...],
        budget: Budget,
    ) -> None: ...
    def load(self) -> Any: ...
