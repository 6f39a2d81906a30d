"""Types of the compiled module `_guard`."""

from threading import RLock

class Guard:
    """Who may change a model: one thread at a time, and what goes on is named by its kind.

    counting: a text is read for its words. vocabulary: words, tables and matrices are made; its steps may
    call each other. training: a call of `train`, between whose epochs the thread itself may edit matrices.
    epoch: one of them.
    """

    in_place: bool
    def hold(self, kind: str, what: str) -> Hold: ...
    def check_edit(self, what: str) -> None: ...
    @property
    def held(self) -> bool: ...
    @property
    def free(self) -> bool: ...
    @property
    def shared(self) -> bool: ...
    @property
    def steady(self) -> RLock: ...
    @property
    def commits(self) -> RLock: ...

class Hold:
    """A piece of work that others must not disturb, as a context manager."""

    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...
