"""Older spellings: names of gensim before version 4, which lead to today's names.

Each spelling warns once per process, with a `DeprecationWarning` that says which name has replaced it. Only
those spellings warn for which gensim 4 itself warns or raises.

The spellings themselves are in `older`, in a base class for each class: `OlderKeyedVectors` has those of
`KeyedVectors`. Warnings and errors name the class that users know: "Older" is left out.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from operator import attrgetter
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

told: set[str] = set()  # the older spellings that have warned already


def tell(old: str, new: str, stacklevel: int = 3) -> None:
    """Warn that `old` is an older spelling of `new`, unless that was said before.

    Args:
        old (str): the older spelling, as users write it.
        new (str): what to write instead.
        stacklevel (int): as for `warnings.warn`; 3 is the caller of the function that calls this.
    """
    if old in told:
        return
    told.add(old)
    warnings.warn(
        f"{old} is an older spelling that gensim 4 gave up: use {new}", DeprecationWarning, stacklevel
    )


class Spelling:
    """An attribute under its older name; it cannot be set.

    On the class, the older name of a method of the same object is that method; any other is this descriptor.

    Args:
        read (function): gives the value, from the object.
        new (str): what to write instead.
    """

    def __init__(self, read: Callable[[Any], Any], new: str) -> None:
        self._read, self._new = read, new
        self.__doc__ = f"Older spelling of `{new}`."

    def __set_name__(self, owner: type, name: str) -> None:
        self._old = f"{_today(owner.__name__)}.{name}"

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return getattr(owner, self._new, self)
        value = self._read(instance)
        tell(self._old, self._new)
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        raise AttributeError(f"{self._old} cannot be set")


class renamed(Spelling):
    """An attribute or method that has another name now: `index2word = renamed("index_to_key")`.

    Args:
        new (str): the name that is read and set; it may lead through attributes ("wv.most_similar").
    """

    def __init__(self, new: str) -> None:
        super().__init__(attrgetter(new), new)

    def __set__(self, instance: Any, value: Any) -> None:
        holder, _, name = self._new.rpartition(".")
        setattr(attrgetter(holder)(instance) if holder else instance, name, value)
        tell(self._old, self._new)


class itself(Spelling):
    """A part of an object that is now the object itself: `trainables = itself()`."""

    def __init__(self) -> None:
        super().__init__(lambda instance: instance, "self")

    def __set_name__(self, owner: type, name: str) -> None:
        super().__set_name__(owner, name)
        self._new = f"the attributes of {_today(owner.__name__)} itself"


def deprecated(new: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate a method that still does what it did, but should be called no longer.

    Args:
        new (str): what to write instead.

    Returns:
        function: the decorator.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            tell(f"{_name(function)}()", new)
            return function(*args, **kwargs)

        return call

    return decorate


def renamed_keywords(**names: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate a function whose parameters had other names: `@renamed_keywords(size="vector_size")`.

    Calls that give both spellings of one parameter are a TypeError.

    Args:
        **names (str): older name = today's name.

    Returns:
        function: the decorator.
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
    """Return what users call a function or a class."""
    return _today(function.__qualname__.removesuffix(".__init__"))


def _today(name: str) -> str:
    """Return a name as users write it: what `OlderWord2Vec` holds is an attribute of `Word2Vec`."""
    return name.removeprefix("Older")
