"""What was taken over from gensim, and how long it took."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import wraps
from typing import Any


def calling_module(depth: int) -> str:
    """Return the name of the module whose code called, `depth` frames above the caller of this.

    Args:
        depth (int): how many frames above.

    Returns:
        str: a dotted name, "" if it has none.
    """
    return str(sys._getframe(depth + 1).f_globals.get("__name__", ""))


class Ledger:
    """Counts of objects and seconds of calls, by class and by the module of the program that made them.

    Attributes:
        made (Counter): (class, module) → objects that became ours.
        stayed (Counter): class of gensim's → objects that did not.
        seconds (dict): method → seconds, of the outermost calls.
    """

    def __init__(self) -> None:
        self.made: Counter[tuple[str, str]] = Counter()
        self.stayed: Counter[str] = Counter()
        self.seconds: dict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._inside = threading.local()

    def note_made(self, kind: str, module: str) -> None:
        """Count an object that became ours.

        Args:
            kind (str): its class.
            module (str): who made it.
        """
        with self._lock:
            self.made[kind, module] += 1

    def note_stayed(self, kind: str) -> None:
        """Count an object that is gensim's.

        Args:
            kind (str): its class.
        """
        with self._lock:
            self.stayed[kind] += 1

    def timed(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        """Return a method whose outermost calls are timed.

        Args:
            name (str): what it is called in the table.
            method (callable): the method.

        Returns:
            callable: the same, timed.
        """

        @wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            if getattr(self._inside, "a_call", False):
                return method(*args, **kwargs)
            self._inside.a_call = True
            start = time.perf_counter()
            try:
                return method(*args, **kwargs)
            finally:
                self._inside.a_call = False
                with self._lock:
                    self.seconds[name] += time.perf_counter() - start
                    self.calls[name] += 1

        return call

    def __str__(self) -> str:
        lines = ["fastw2v took over from gensim:" if self.made else "fastw2v took nothing over from gensim"]
        for (kind, module), count in sorted(self.made.items()):
            lines.append(f"  {count:6,} {kind} made by {module}")
        for name, seconds in sorted(self.seconds.items(), key=lambda item: -item[1]):
            calls = "1 call" if self.calls[name] == 1 else f"{self.calls[name]:,} calls"
            lines.append(f"  {seconds:8.2f} s in {calls} of {name}")
        if self.stayed:
            kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(self.stayed.items()))
            lines.append(f"  gensim's own stayed: {kinds}")
        return "\n".join(lines)
