"""Plain Python values ↔ JSON that keeps their types; nothing of what is read is run.

    None, bool, str, int, float, list     as JSON has them
    dict                                  as JSON has it, if all keys are str that do not begin with "~"
    all else                              {"~kind": what it is made of}, with one of `kinds`

Values may be nested `MAX_DEPTH` deep. A subclass of str, int, float or bytes becomes what it is derived from,
which is equal; other subclasses would lose what they add and are refused.
"""

from __future__ import annotations

import binascii
import json
import math
import re
import reprlib
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastw2v.columns import object_column
from fastw2v.formats._unpickler import Budget
from fastw2v.formats.errors import FormatError, RefusedPickle

if TYPE_CHECKING:
    from fractions import Fraction

Array = npt.NDArray[Any]

MAX_DEPTH = 50
_SALTED = frozenset({str, bytes})  # of these nobody knows the hash beforehand
MOST_ALIKE = 500  # keys with one hash, each of which is compared with all others
MAX_BITS = 8000  # of an int in decimal digits: Python reads no more than 4300 digits
_FACTORIES: dict[str, Any] = {kind.__name__: kind for kind in (int, float, str, list, dict, set, tuple)}
_DTYPE = re.compile(r"[<>|](?:b1|[iu][1248]|f[248]|c8|c16|[SU][1-9]\d{0,8}|[Mm]8(?:\[\w{1,12}\])?)")

# What Python raises for parts that make no value.
_UNREADABLE = (
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    MemoryError,
)

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 60


def shown(value: Any) -> str:
    """Return a short text of any value for an error; it takes little time, whatever the value holds.

    Args:
        value (any): the value.

    Returns:
        str: its beginning and its type.
    """
    try:
        text = _short.repr(value)
    except Exception:  # a foreign __repr__, or an int of too many digits
        text = "a value"
    return f"{' '.join(text.split())} ({type(value).__name__})"


class Packer:
    """Turns values into what `json.dumps` takes.

    Args:
        as_key (bool): whether any tuple counts as a tuple, as it does for a dict.
        held (set of int, or None): identities of lists, dicts, sets and arrays that are held elsewhere: to
            write one again would make two of one, and is refused. None allows it.

    Attributes:
        typed (bool): whether a value was packed that JSON does not have.
    """

    def __init__(self, *, as_key: bool = False, held: set[int] | None = None) -> None:
        self.typed = False
        self._as_key = as_key
        self._held = held

    def pack(self, value: Any, depth: int = 0) -> Any:
        """Return a value as JSON has it.

        Args:
            value (any): the value.
            depth (int): how deep it is nested.

        Returns:
            any: None, bool, str, int, float, or a list or dict of such.

        Raises:
            TypeError: the value, or one that it holds, is of a type that cannot be kept.
        """
        if value is None or type(value) in (bool, float, str):
            return value
        if depth > MAX_DEPTH:
            raise TypeError(f"values are nested more than {MAX_DEPTH} deep, or hold themselves")
        self._hold(value)
        if type(value) is list:
            return [self.pack(item, depth + 1) for item in value]
        if type(value) is dict and all(type(key) is str and not key.startswith("~") for key in value):
            return {key: self.pack(item, depth + 1) for key, item in value.items()}
        if isinstance(value, str):  # a subclass, such as numpy's
            return str.__str__(value)
        if isinstance(value, int):
            return self._integer(int(value))
        if isinstance(value, float) and not isinstance(value, np.generic):
            return float(value)
        self.typed = True
        return self._pack_kind(value, depth)

    def _pack_kind(self, value: Any, depth: int) -> Any:
        """Return a value that JSON does not have."""
        for name, (classes, take_apart, _) in kinds().items():
            if type(value) in classes or (self._as_key and name == "tuple" and isinstance(value, tuple)):
                return {f"~{name}": self._parts(take_apart(value), depth)}
        if isinstance(value, bytes):
            return {"~bytes": _as_text(value)}
        if isinstance(value, np.generic | np.ndarray):
            return self._numpy(value, depth)
        raise TypeError(f"{shown(value)} cannot be kept")

    def _integer(self, value: int) -> Any:
        if value.bit_length() <= MAX_BITS:
            return value
        self.typed = True
        return {"~int": hex(value)}

    def _parts(self, parts: Any, depth: int) -> Any:
        """Return the parts of a value; a text or a list of JSON's own stays, an iterator is packed."""
        if isinstance(parts, str | list):
            return parts
        return [self.pack(part, depth + 1) for part in parts]

    def _numpy(self, value: Any, depth: int) -> Any:
        exact = isinstance(value, np.generic) or type(value) in (np.ndarray, np.memmap)
        if exact and value.dtype == object:
            items = [self.pack(item, depth + 1) for item in value.reshape(-1)]
            return {"~objects": [list(value.shape), items]}
        if not exact or not _DTYPE.fullmatch(value.dtype.str):
            raise TypeError(f"{shown(value)} of dtype {value.dtype} cannot be kept")
        name = "scalar" if isinstance(value, np.generic) else "array"
        return {f"~{name}": [value.dtype.str, list(value.shape), _as_text(value.tobytes())]}

    def _hold(self, value: Any) -> None:
        """Note a value that can be changed; TypeError if it was noted before."""
        if self._held is None or not isinstance(value, list | dict | set | bytearray | np.ndarray):
            return
        if id(value) in self._held:
            raise TypeError(f"{shown(value)} is held in two places, and would come back as two")
        self._held.add(id(value))


def dumps(value: Any) -> bytes:
    """Return packed values as text in UTF-8; lone surrogates are kept.

    Args:
        value (any): what `Packer.pack` returned.

    Returns:
        bytes: JSON.
    """
    # Not as \u escapes: two lone surrogates in a row would be read as one character.
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def loads(raw: bytes | str, what: str, *, wraps: int = 0) -> Any:
    """Return the values that were packed and dumped.

    Args:
        raw (bytes or str): JSON.
        what (str): what it holds, for the error.
        wraps (int): how deep the values that were packed are in it.

    Returns:
        any: the values.

    Raises:
        FormatError: it cannot have been written by `dumps`.
    """
    return _read(raw, what, lambda node: unpack(node, -wraps))


def plain(raw: bytes | str, what: str, *, wraps: int = 0) -> Any:
    """Return values as format 1 has them: JSON's own, none of which is marked with its type.

    Args:
        raw (bytes or str): JSON.
        what (str): what it holds, for the error.
        wraps (int): how deep the values are in it.

    Returns:
        any: the values.

    Raises:
        FormatError: it is no JSON, or nested deeper than what is saved.
    """
    return _read(raw, what, lambda node: _within_depth(node, -wraps))


def _within_depth(node: Any, depth: int) -> Any:
    """Return JSON; ValueError if it is nested too deep."""
    if depth > MAX_DEPTH:
        raise ValueError(f"values are nested more than {MAX_DEPTH} deep")
    for item in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        if isinstance(item, list | dict):
            _within_depth(item, depth + 1)
    return node


def _read(raw: bytes | str, what: str, use: Callable[[Any], Any]) -> Any:
    try:
        text = raw if isinstance(raw, str) else raw.decode("utf-8", "surrogatepass")
        return use(json.loads(text))
    except _UNREADABLE as error:
        raise FormatError(f"{what} cannot be read: {type(error).__name__}: {error!s:.200}") from None


def check_hashes(keys: Iterable[Any]) -> None:
    """Refuse keys that were made to collide, so that a dict of them would take very long.

    Args:
        keys (iterable of key): what a dict or a set will be made of.

    Raises:
        FormatError: too many have the same hash, or hashes that lead to the same places of a table.
        TypeError: one cannot be a key.
    """
    keys = list(keys)
    hashes = np.fromiter(map(hash, keys), dtype=np.int64)
    if len(hashes) > MOST_ALIKE and np.unique(hashes, return_counts=True)[1].max() > MOST_ALIKE:
        raise FormatError(f"more than {MOST_ALIKE} keys have the same hash: the file was made to take long")
    if not _SALTED.issuperset(map(type, keys)):
        try:
            Budget(len(keys)).check_searches(keys)
        except RefusedPickle:
            raise FormatError("the keys collide: the file was made to take long") from None


def _set_of(kind: Any) -> Callable[[Any], Any]:
    def make(parts: list[Any]) -> Any:
        check_hashes(parts)
        return kind(parts)

    return make


def unpack(node: Any, depth: int = 0) -> Any:
    """Return the value that was packed.

    Args:
        node (any): what JSON held; its lists and dicts are used up, which saves half of the memory.
        depth (int): how deep it is nested.

    Returns:
        any: the value.

    Raises:
        ValueError: it was not packed by `Packer`.
    """
    if depth > MAX_DEPTH:
        raise ValueError(f"values are nested more than {MAX_DEPTH} deep")
    if isinstance(node, list):
        for place, item in enumerate(node):
            node[place] = unpack(item, depth + 1)
        return node
    if not isinstance(node, dict):
        return node
    if len(node) == 1:
        ((name, parts),) = node.items()
        if name.startswith("~"):
            return _restore(name[1:], parts, depth)
    if any(key.startswith("~") for key in node):
        raise ValueError("a kind of value stands among others")
    for key, item in node.items():
        node[key] = unpack(item, depth + 1)
    return node


def _restore(name: str, parts: Any, depth: int) -> Any:
    """Return a value of a kind that JSON does not have."""
    if name == "int":
        return _hexadecimal(parts)
    if name in ("array", "scalar"):
        return _array_of(*parts) if name == "array" else _array_of(*parts)[()]
    if name == "objects":
        shape, items = parts
        return object_column((unpack(item, depth + 1) for item in items), len(items)).reshape(shape)
    if name not in kinds():
        raise ValueError(f"the kind of value {name[:40]!r} is unknown: was it written by a newer fastw2v?")
    if name == "Fraction" and max(map(int.bit_length, parts)) > MAX_BITS:
        raise ValueError(f"a Fraction has more than {MAX_BITS} bits")
    if not isinstance(parts, str | list):
        raise ValueError(f"a {name} is made of something else")
    put_together = kinds()[name][2]
    return put_together(parts if isinstance(parts, str) else unpack(parts, depth))


def _hexadecimal(text: str) -> int:
    if not re.fullmatch(r"-?0x[0-9a-f]+", text):
        raise ValueError(f"{text[:40]!r} is no integer")
    return int(text, 16)


def _array_of(code: str, shape: list[int], text: str) -> Array:
    if not _DTYPE.fullmatch(code) or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError(f"there is no array of dtype {code[:40]!r} and this shape")
    raw = _as_bytes(text)
    dtype = np.dtype(code)
    if math.prod(shape) * dtype.itemsize != len(raw):
        raise ValueError(f"{len(raw)} bytes do not make an array of dtype {code!r} and its shape")
    array = np.frombuffer(bytearray(raw), dtype=dtype).reshape(shape)
    if dtype.kind == "U" and array.size:
        points = array.reshape(-1).view(np.dtype(np.uint32).newbyteorder(dtype.byteorder))
        if int(points.max()) > 0x10FFFF:
            raise ValueError("an array of texts holds what is no character")
    return array


def _as_text(raw: bytes | bytearray) -> str:
    return binascii.b2a_base64(raw, newline=False).decode()


def _as_bytes(text: str) -> bytes:
    return binascii.a2b_base64(text, strict_mode=True) if text else b""


def _moment(value: datetime | time) -> list[Any]:
    if value.tzinfo is not None and type(value.tzinfo) is not timezone:
        raise TypeError(f"{shown(value)} cannot be kept: its time zone has rules of its own; use UTC")
    return [value.isoformat(), value.fold]


def _moment_of(kind: Any) -> Callable[[Any], Any]:
    return lambda parts: kind.fromisoformat(parts[0]).replace(fold=parts[1])


def _default_parts(value: defaultdict[Any, Any]) -> Iterable[Any]:
    factory = value.default_factory
    name = getattr(factory, "__name__", None)
    if factory is not None and _FACTORIES.get(str(name)) is not factory:
        raise TypeError(f"a defaultdict of {shown(factory)} cannot be kept")
    return (name, *value.items())


def _default_of(parts: list[Any]) -> defaultdict[Any, Any]:
    name, *items = parts
    return defaultdict(None if name is None else _FACTORIES[name], _pairs(items))


def _pairs(items: list[Any]) -> list[Any]:
    if not all(type(item) is tuple and len(item) == 2 for item in items):
        raise ValueError("a dict is not made of keys and values")
    check_hashes(key for key, _ in items)
    return items


def _digits(value: Decimal) -> str:
    text = str(value)
    if len(text) > MAX_BITS:
        raise TypeError(f"a Decimal of more than {MAX_BITS} digits cannot be kept")
    return text


def _decimal(text: str) -> Decimal:
    if len(text) > MAX_BITS or str(Decimal(text)) != text:
        raise ValueError(f"{text[:40]!r} is no decimal number")
    return Decimal(text)


def _quotient(value: Fraction) -> Any:
    parts = [value.numerator, value.denominator]
    if max(part.bit_length() for part in parts) > MAX_BITS:  # finding common divisors takes too long
        raise TypeError(f"a Fraction of more than {MAX_BITS} bits cannot be kept")
    return parts


# Kind → the types, what a value of them is made of, and what makes it of that. Parts are a text, a list that
# JSON has, or an iterator of values.
@cache
def kinds() -> dict[str, tuple[tuple[type, ...], Callable[[Any], Any], Callable[[Any], Any]]]:
    """Return the kinds of values that JSON lacks: name → classes, taken apart by, put together by."""
    from fractions import Fraction  # imported here, because most programs save no such values
    from pathlib import Path, PurePath
    from uuid import UUID

    return {
        "tuple": ((tuple,), iter, tuple),
        "dict": ((dict,), lambda value: iter(value.items()), lambda parts: dict(_pairs(parts))),
        "bytes": ((bytes,), _as_text, _as_bytes),
        "set": ((set,), iter, _set_of(set)),
        "frozenset": ((frozenset,), iter, _set_of(frozenset)),
        "bytearray": ((bytearray,), _as_text, lambda text: bytearray(_as_bytes(text))),
        "OrderedDict": ((OrderedDict,), lambda value: iter(value.items()), lambda x: OrderedDict(_pairs(x))),
        "Counter": (
            (Counter,),
            lambda value: iter(value.items()),
            lambda parts: Counter(dict(_pairs(parts))),
        ),
        "defaultdict": ((defaultdict,), _default_parts, _default_of),
        "complex": ((complex,), lambda value: [value.real, value.imag], lambda parts: complex(*parts)),
        "datetime": ((datetime,), _moment, _moment_of(datetime)),
        "date": ((date,), lambda value: value.isoformat(), date.fromisoformat),
        "time": ((time,), _moment, _moment_of(time)),
        "timedelta": (
            (timedelta,),
            lambda value: [value.days, value.seconds, value.microseconds],
            lambda parts: timedelta(*parts),
        ),
        "Decimal": ((Decimal,), _digits, _decimal),
        "Fraction": ((Fraction,), _quotient, lambda parts: Fraction(*parts)),
        "UUID": ((UUID,), lambda value: value.hex, UUID),
        "Path": ((type(Path()), Path, PurePath), str, Path),
    }
