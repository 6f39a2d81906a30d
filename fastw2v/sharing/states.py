"""States of a model: one to ask, one to change aside, and the moment in which it takes the place of the old.

Threads that ask need no lock: lists, dicts and matrices of other rows are replaced, not changed. Who looks
at several parts takes them in one step of Python's (`shallow`), and who changes several replaces them in one
step (`replace`). What is taken of a model and its `wv` together is taken under `Guard.commits`.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, wraps
from types import MemberDescriptorType
from typing import Any, Literal, TypeVar, cast

from fastw2v.sharing._guard import Guard

Kind = Literal["counting", "vocabulary", "training", "epoch"]  # of work on a model, see `Guard`
F = TypeVar("F", bound=Callable[..., Any])
M = TypeVar("M")

_ABSENT: Any = object()
_guards: dict[int, tuple[weakref.ref[Any], Guard]] = {}
"""The guard of a model and of its vectors, by their `id`: attributes would be saved and copied."""


# --- whose guard ---


def guard_of(obj: Any) -> Guard:
    """Return the guard of a model, or of vectors, which is that of their model.

    Args:
        obj (Word2Vec or KeyedVectors): which.

    Returns:
        Guard: the guard.
    """
    guard = _known_guard(obj)
    if guard is not None:
        return guard
    words = vars(obj).get("wv")  # of a model that was unpickled, for instance
    return _register(obj, Guard() if words is None else guard_of(words))


def _known_guard(obj: Any) -> Guard | None:
    try:
        made, guard = _guards[id(obj)]  # `.get` of a free-threaded Python 3.13 waits for itself, for 10 us
    except KeyError:
        return None
    return guard if made() is obj else None


def _free_generators() -> None:
    """Let a child draw random numbers, though a thread that it does not have drew some when it was forked."""
    for made, _ in list(_guards.values()):
        generator = getattr(getattr(made(), "__dict__", {}).get("random"), "_bit_generator", None)
        lock: Any = getattr(generator, "lock", None)
        if hasattr(lock, "_at_fork_reinit"):
            lock._at_fork_reinit()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_generators)


def _register(obj: Any, guard: Guard, *, anew: bool = False) -> Guard:
    key = id(obj)
    made = weakref.ref(obj, lambda _: _guards.pop(key, None)), guard
    kept = _guards.setdefault(key, made)  # of two threads that come at once the first makes it
    if anew or kept[0]() is not obj:
        _guards[key] = kept = made
    return kept[1]


def join(model: Any, words: Any) -> None:
    """Let a model and the vectors that become its own have one guard, also with a model that has them too.

    Args:
        model (Word2Vec): the model.
        words (KeyedVectors): the vectors; anything else is left alone.
    """
    try:
        theirs, own = _known_guard(words), _known_guard(model)
        if theirs is not None and not (own is not None and own.held):
            _register(model, theirs, anew=True)
        else:
            _register(words, guard_of(model), anew=True)
    except TypeError:  # no vectors of ours, and nothing that has a guard
        pass


# --- who may change ---


def holds(kind: Kind) -> Callable[[F], F]:
    """Return a decorator for methods of a model that change it; RuntimeError while others are at work.

    Args:
        kind (str): what they do, see `Guard`.

    Returns:
        callable: the decorator.
    """

    def decorate(method: F) -> F:
        name = f"{method.__name__.lstrip('_')}()"

        @wraps(method)
        def held(self: Any, *args: Any, **kwargs: Any) -> Any:
            with guard_of(self).hold(kind, name):
                return method(self, *args, **kwargs)

        return cast(F, held)

    return decorate


def edits(method: F) -> F:
    """Decorate a method that edits rows: RuntimeError while another thread is at work, or an epoch runs.

    Of several threads that edit, one goes after the other.

    Args:
        method (callable): of vectors.

    Returns:
        callable: the method.
    """
    name = f"{method.__name__}()"

    @wraps(method)
    def checked(self: Any, *args: Any, **kwargs: Any) -> Any:
        guard = guard_of(self)
        with guard.edits:
            guard.check_edit(name)
            return method(self, *args, **kwargs)

    return cast(F, checked)


# --- one state ---


def of_one_state(question: F) -> F:
    """Decorate a method that looks at several parts: it gets an object that stays as it is now.

    Args:
        question (callable): a method of a model or of vectors.

    Returns:
        callable: the method.
    """

    @wraps(question)
    def asked(self: Any, *args: Any, **kwargs: Any) -> Any:
        return question(self._as_it_is(), *args, **kwargs)

    return cast(F, asked)


def shallow(obj: M) -> M:
    """Return an object of the same class with the same attributes, taken in one step.

    Args:
        obj (any): the object.

    Returns:
        any: the other.
    """
    made = object.__new__(_ends_quietly(type(obj)))  # type: ignore[arg-type]
    made.__dict__.update(obj.__dict__)
    if _slots(type(obj)):  # type: ignore[arg-type]
        _copy_slots(obj, made)
    copied: M = made
    return copied


@cache
def _ends_quietly(cls: Any) -> Any:
    """Return the class, or one derived from it that does not close what a copy shares when the copy ends."""
    if not hasattr(cls, "__del__"):
        return cls
    quiet = {"__del__": lambda _: None, "__slots__": (), "__module__": cls.__module__}
    return type(cls)(cls.__name__, (cls,), quiet)


def _copy_slots(obj: Any, other: Any) -> None:
    """Give another object of the same class the attributes of a derived class that are not in `__dict__`."""
    for slot in _slots(type(obj)):  # type: ignore[arg-type]
        with suppress(AttributeError):  # it is not set
            slot.__set__(other, slot.__get__(obj, type(obj)))


@cache
def _slots(cls: Any) -> tuple[MemberDescriptorType, ...]:
    """Return where a class keeps attributes that are not in `__dict__`."""
    return tuple(
        held for base in cls.__mro__ for held in vars(base).values() if isinstance(held, MemberDescriptorType)
    )


def replace(obj: Any, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Give an object, in one step, the attributes in which `after` differs from `before`.

    Args:
        obj (any): the object.
        before (dict): attributes.
        after (dict): attributes.
    """
    state = obj.__dict__
    changed = {name: value for name, value in after.items() if before.get(name, _ABSENT) is not value}
    held = dict(state)  # so that nothing is freed, and runs code of its own, during the step
    state.update(changed)
    for name in before.keys() - after.keys():
        state.pop(name, None)
    del held


@contextmanager
def aside(model: M) -> Iterator[M]:
    """Give a copy of a model to change: taken over at once in the end, or forgotten if the block raises.

    `wv` stays the object that it is, unless the block sets another.

    Args:
        model (Word2Vec): the model.

    Yields:
        Word2Vec: the copy.
    """
    own: Any = vars(model)["wv"]
    events = getattr(model, "lifecycle_events", None)
    columns, known = dict(own.expandos), len(events or ())
    made = shallow(model)
    made.__dict__["wv"] = words = shallow(own)
    before, words_before = made.__dict__ | {"wv": own}, dict(words.__dict__)
    words.__dict__["expandos"] = columns
    try:
        yield made
    except BaseException:
        if events:
            del events[known:]
        raise
    same = made.__dict__.get("wv") is words
    itself = {id(made): model, id(words): own if same else words}  # a step may have kept what it was given
    after = {name: itself.get(id(value), value) for name, value in made.__dict__.items()}
    guard, interrupt, done = guard_of(model), None, False
    while not done:  # all of it, even after Ctrl-C: parts of two states do not fit together
        try:
            with guard.steady, guard.commits:
                if same:
                    replace(own, words_before, words.__dict__)
                    _copy_slots(words, own)
                replace(model, before, after)
                _copy_slots(made, model)
                done = True
        except KeyboardInterrupt as error:
            interrupt = error
    if not same:
        join(model, after["wv"])
    if interrupt is not None:
        raise interrupt


def restore(obj: Any, before: dict[str, Any]) -> None:
    """Give an object the attributes that it had before, and no others.

    Args:
        obj (any): the object.
        before (dict): the attributes.
    """
    obj.__dict__.update(before)
    for name in obj.__dict__.keys() - before.keys():
        obj.__dict__.pop(name, None)
