"""How objects of gensim's classes become ours: wrapped constructors, and ours derived from gensim's."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from fastw2v.accel.ledger import Ledger, calling_module
from fastw2v.checks import package_of
from fastw2v.formats.errors import FormatError
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.training.hooks import hooks_of
from fastw2v.word2vec import Word2Vec

# Modules whose own objects must stay what they are: FastText and Doc2Vec are trained by code that knows
# them, and `to_gensim` makes what it says.
INSIDE = (
    "gensim.models.word2vec",
    "gensim.models.keyedvectors",
    "gensim.models.doc2vec",
    "gensim.models.fasttext",
    "gensim.models._fasttext_bin",
    "gensim.models.poincare",
    "fastw2v.formats.gensim_parts",
)
MODELS = ("FastText", "Doc2Vec")  # which call Word2Vec's constructor from inside
TIMED = {
    Word2Vec: ("build_vocab", "train", "most_similar", "save"),
    KeyedVectors: ("most_similar", "load_word2vec_format", "save"),
}

_lock = threading.RLock()
_undo: list[Callable[[], None]] = []  # in the order in which things were done
_ledger: Ledger | None = None
_saved_as = ""


def begin(save_as: str) -> Ledger:
    """Take gensim's two classes over, once; see `accelerate`.

    Args:
        save_as (str): "fastw2v" or "gensim".

    Returns:
        Ledger: what was taken over since the first call.

    Raises:
        ImportError: gensim is not installed.
    """
    try:
        from gensim.models import keyedvectors, word2vec
    except ImportError as error:
        raise ImportError(
            f"there is nothing to take over, as gensim cannot be imported ({error}): programs of yours can "
            "`from fastw2v import Word2Vec`; those that import gensim need it"
        ) from error
    with _lock:
        if _ledger is not None and save_as == _saved_as:
            return _ledger
        ledger = _ledger or Ledger()
        end()
        try:
            for theirs, ours in ((word2vec.Word2Vec, Word2Vec), (keyedvectors.KeyedVectors, KeyedVectors)):
                _take_over(theirs, ours, ledger, save_as)
        except BaseException:
            end()
            raise
        _remember(ledger, save_as)
        return ledger


def _remember(ledger: Ledger | None, save_as: str) -> None:
    global _ledger, _saved_as
    _ledger, _saved_as = ledger, save_as


def end() -> None:
    """Give gensim its classes back."""
    with _lock:
        while _undo:
            _undo.pop()()
        _remember(None, "")


def _take_over(theirs: Any, ours: Any, ledger: Ledger, save_as: str) -> None:
    derived = [cls for cls in _programs(theirs) if not _has_objects(cls)]
    _replace(ours, "__bases__", (*ours.__bases__, theirs))  # `isinstance` holds
    for cls in derived:
        _derive_from_ours(cls, theirs, ours)
    _replace(theirs, "__init__", _initializer(theirs, ours, ledger))
    _replace(theirs, "__init_subclass__", classmethod(_subclasses(theirs, ours)))
    _replace(theirs, "load", classmethod(_loader(theirs, ours, "load", ledger)))
    if hasattr(ours, "load_word2vec_format") and "load_word2vec_format" in vars(theirs):
        _replace(
            theirs, "load_word2vec_format", classmethod(_loader(theirs, ours, "load_word2vec_format", ledger))
        )
    if save_as == "gensim":
        _replace(ours, "save", _saver(ours))
    for name in TIMED[ours]:
        member = vars(ours).get(name)
        if callable(member):
            _replace(ours, name, ledger.timed(f"{ours.__name__}.{name}", member))


def _replace(owner: Any, name: str, value: Any) -> None:
    """Set an attribute of a class, to be set back by `end`."""
    if name == "__bases__":
        before = owner.__bases__
        _undo.append(lambda: setattr(owner, name, before))
    elif name in vars(owner):
        member = vars(owner)[name]  # the classmethod itself, not what it makes of a function
        _undo.append(lambda: setattr(owner, name, member))
    else:
        _undo.append(lambda: delattr(owner, name))
    setattr(owner, name, value)


# --- objects ---


def _initializer(theirs: Any, ours: Any, ledger: Ledger) -> Callable[..., None]:
    original = theirs.__init__
    of_ours = ledger.timed(f"{ours.__name__}()", ours.__init__)

    @wraps(original)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        caller = calling_module(1)
        if type(self) is theirs and caller not in INSIDE:
            self.__class__ = ours
            ledger.note_made(ours.__name__, caller)
            of_ours(self, *args, **kwargs)
        elif isinstance(self, ours):  # of a class derived from gensim's, which calls it by name
            ledger.note_made(type(self).__name__, caller)
            of_ours(self, *args, **kwargs)
        else:
            if caller not in INSIDE or type(self).__name__ in MODELS:
                ledger.note_stayed(type(self).__name__)
            original(self, *args, **kwargs)

    return __init__


def _loader(theirs: Any, ours: Any, name: str, ledger: Ledger) -> Callable[..., Any]:
    original = vars(theirs)[name].__func__ if name in vars(theirs) else getattr(theirs, name).__func__
    of_ours = ledger.timed(f"{ours.__name__}.{name}", getattr(ours, name))

    @wraps(original)
    def load(cls: Any, *args: Any, **kwargs: Any) -> Any:
        caller = calling_module(1)
        if cls is not theirs or caller in INSIDE:
            return original(cls, *args, **kwargs)
        try:
            loaded = of_ours(*args, **kwargs)
        except FormatError as error:
            # It may hold what only gensim has: FastText, Doc2Vec, vectors of theirs.
            try:
                return original(cls, *args, **kwargs)
            except Exception:
                raise error from None
        ledger.note_made(type(loaded).__name__, caller)
        return loaded

    return load


def _saver(ours: Any) -> Callable[..., None]:
    """Return a `save` that writes gensim's files; what gensim's has for options, it takes."""

    @wraps(ours.save)
    def save(self: Any, *args: Any, **kwargs: Any) -> None:
        self.to_gensim().save(*args, **kwargs)

    return save


# --- classes that programs derive ---


def _programs(theirs: Any) -> Iterator[Any]:
    """Classes that programs have derived from gensim's and that can be derived from ours instead."""
    for cls in theirs.__subclasses__():
        if _can_be_ours(cls):
            yield cls


def _can_be_ours(cls: Any) -> bool:
    """Whether a class is a program's, and does not replace what only gensim's training calls."""
    return package_of(cls) not in ("gensim", "fastw2v") and not hooks_of(cls)


def _has_objects(cls: Any) -> bool:
    """Whether there are objects of a class, which were made as gensim's and would not fit ours."""
    return any(isinstance(held, cls) for held in gc.get_objects() if type(held).__module__ != "weakref")


def _derive_from_ours(cls: Any, theirs: Any, ours: Any) -> None:
    bases = tuple(ours if base is theirs else base for base in cls.__bases__)

    def set_back() -> None:
        if not _has_objects(cls):  # else these go on as ours
            cls.__bases__ = before

    before, cls.__bases__ = cls.__bases__, bases
    _undo.append(set_back)


def _subclasses(theirs: Any, ours: Any) -> Callable[..., None]:
    def __init_subclass__(cls: Any, **kwargs: Any) -> None:
        super(theirs, cls).__init_subclass__(**kwargs)
        if theirs in cls.__bases__ and _can_be_ours(cls):
            _derive_from_ours(cls, theirs, ours)

    return __init_subclass__
