"""Older spellings: what gensim before version 4 called things, led to today's names.

Each spelling says once in the life of the process, as a `DeprecationWarning`, which name took its place. Only
spellings warn at which gensim 4 itself warns or raises.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from operator import attrgetter
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

told: set[str] = set()  # the older spellings that have been warned about


def tell(old: str, new: str, stacklevel: int = 3) -> None:
    """Warn, if this is the first time, that `old` is a spelling of the past and `new` that of today.

    `stacklevel` as for `warnings.warn`: 3 is the caller of the function that calls this.
    """
    if old in told:
        return
    told.add(old)
    warnings.warn(
        f"{old} is an older spelling that gensim 4 gave up: use {new}", DeprecationWarning, stacklevel
    )


class renamed:
    """An attribute or method under its older name: `index2word = renamed("index_to_key")`.

    Reading and writing reach `new`. That may lead on through attributes ("wv.most_similar") and end in a call
    ("get_normed_vectors()"); "" is the object itself. On the class, the older name of a method of the
    same object is that method; any other is this descriptor.
    """

    def __init__(self, new: str) -> None:
        self._new = new
        path = new.removesuffix("()")
        self._read: Callable[[Any], Any] = attrgetter(path) if path else lambda itself: itself
        self.__doc__ = f"Older spelling of `{new or 'self'}`."

    def __set_name__(self, owner: type, name: str) -> None:
        self._old = f"{owner.__name__}.{name}"

    def _tell(self) -> None:
        tell(self._old, self._new or f"the attributes of {self._old.partition('.')[0]} itself", stacklevel=4)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return getattr(owner, self._new, self) if self._new.isidentifier() else self
        value = self._read(instance)
        self._tell()
        return value() if self._new.endswith("()") else value

    def __set__(self, instance: Any, value: Any) -> None:
        holder, _, name = self._new.rpartition(".")
        if not name.isidentifier():
            raise AttributeError(f"{self._old} cannot be set")
        setattr(attrgetter(holder)(instance) if holder else instance, name, value)
        self._tell()


def deprecated(new: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate a method that does what it did, but whose calls should become `new`."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            tell(f"{_name(function)}()", new)
            return function(*args, **kwargs)

        return call

    return decorate


def renamed_keywords(**names: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate a function whose parameters had other names: `@renamed_keywords(size="vector_size")`.

    Raises TypeError if both spellings of one parameter are given.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            for old in [name for name in kwargs if name in names]:
                new = names[old]
                if new in kwargs:
                    raise TypeError(
                        f"{_name(function)}() got {old}= and {new}=, two spellings of one parameter: "
                        f"give {new}= only"
                    )
                kwargs[new] = kwargs.pop(old)
                tell(f"{_name(function)}({old}=)", f"{new}=")
            return function(*args, **kwargs)

        return call

    return decorate


def _name(function: Callable[..., Any]) -> str:
    return function.__qualname__.removesuffix(".__init__")
