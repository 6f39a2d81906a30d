"""Attributes that users set on a model or on vectors ↔ arrays of a file.

Arrays are `extra.x`, all other values together are `extras`, in JSON that keeps their types.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.checks import package_of
from fastw2v.formats import native
from fastw2v.formats.errors import FormatError
from fastw2v.formats.typed import Packer, dumps, loads

Array = npt.NDArray[Any]


def users_attributes(obj: Any, ours: Collection[str]) -> dict[str, Any]:
    """Return the attributes of an object that its user set, or a class that a user derived.

    Args:
        obj (Word2Vec or KeyedVectors): the object.
        ours (collection of str): the attributes that our classes set.

    Returns:
        dict of str to any: by name.
    """
    names = vars(obj).keys() - ours
    if not names:
        return {}
    names -= {name for cls in _our_classes(type(obj)) for name in inspect.get_annotations(cls)}
    return {name: value for name, value in vars(obj).items() if name in names}


def set_attributes(obj: Any, extras: Mapping[str, Any], ours: Collection[str]) -> None:
    """Set attributes of users on a loaded object; what its class defines is left as it is.

    Args:
        obj (Word2Vec or KeyedVectors): the object.
        extras (mapping of str to any): the attributes, from a file.
        ours (collection of str): the attributes that our classes set.
    """
    if not extras:
        return
    taken = taken_names(type(obj)).union(ours)
    vars(obj).update({name: value for name, value in extras.items() if _is_free(name, taken)})


def taken_names(cls: type) -> set[str]:
    """Return the names that no attribute of a user may have, besides those that begin with two underscores.

    Args:
        cls (type): the class of the object.

    Returns:
        set of str: what our classes have, and methods and properties of any class.
    """
    own = _our_classes(cls)
    ours = {name for base in own for name in (*vars(base), *inspect.get_annotations(base))}
    members = {name: member for base in reversed(cls.__mro__) for name, member in vars(base).items()}
    return ours | {
        name
        for name, member in members.items()
        if callable(member) or hasattr(member, "__get__") or hasattr(member, "__set__")
    }


def _is_free(name: str, taken: Collection[str]) -> bool:
    return not name.startswith("__") and name not in taken


def _our_classes(cls: type) -> list[type]:
    return [base for base in cls.__mro__ if package_of(base) == "fastw2v"]


def pack_extras(
    extras: Mapping[str, Any], held: set[int], cls: type, prefix: str = ""
) -> tuple[dict[str, Array], list[str]]:
    """Return the attributes of users as arrays of a file.

    Args:
        extras (mapping of str to any): by name.
        held (set of int): identities of what is saved already; what is packed is added.
        cls (type): of the object that has them.
        prefix (str): how the names of the arrays begin.

    Returns:
        tuple of (dict of str to array, list of str): the arrays; and for each attribute that a file cannot
        hold its name and why.
    """
    tensors: dict[str, Array] = {}
    values: list[list[Any]] = []
    refused = []
    taken = taken_names(cls) if extras else set()
    for name, value in extras.items():
        before = set(held)
        try:
            packed = _pack(name, value, held, cls, taken)
        except (TypeError, ValueError) as error:
            held.clear()
            held |= before
            printable = name.encode("utf-8", "backslashreplace").decode()
            refused.append(f"{prefix}{printable}: {error}")
            continue
        if isinstance(packed, np.ndarray):
            tensors[f"{prefix}extra.{name}"] = packed
        else:
            values.append([name, packed])
    if values:
        tensors[f"{prefix}extras"] = np.frombuffer(dumps(values), dtype=np.uint8)
    return tensors, refused


def _pack(name: str, value: Any, held: set[int], cls: type, taken: set[str]) -> Any:
    """Return an attribute as an array of a file or as JSON; TypeError or ValueError if it is neither."""
    name.encode()  # a lone surrogate fits no header
    if not _is_free(name, taken):
        raise TypeError(f"{cls.__name__} has a member of this name")
    if type(value) not in (np.ndarray, np.memmap) or not native.can_hold(value):
        return Packer(held=held).pack(value)
    if id(value) in held:
        raise TypeError("this array is saved already, and would come back as two")
    held.add(id(value))
    return value


def unpack_extras(tensors: Mapping[str, Array], prefix: str = "") -> dict[str, Any]:
    """Return the attributes that `pack_extras` packed.

    Args:
        tensors (mapping of str to array): the arrays of a file.
        prefix (str): how the names of the arrays begin.

    Returns:
        dict of str to any: by name.

    Raises:
        FormatError: they are damaged.
    """
    start = f"{prefix}extra."
    found: dict[str, Any] = {
        name.removeprefix(start): array for name, array in tensors.items() if name.startswith(start)
    }
    packed = tensors.get(f"{prefix}extras")
    if packed is not None:
        items = loads(packed.tobytes(), "attributes set by users", wraps=2)
        if not isinstance(items, list) or not all(
            isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) for item in items
        ):
            raise FormatError("attributes set by users cannot be read: they are not names with values")
        found |= dict(items)
    return found


def why_left_out(refused: list[str]) -> str:
    """Return the warning for attributes that a file cannot hold.

    Args:
        refused (list of str): names and reasons.

    Returns:
        str: what is left out, why, and what to do.
    """
    return (
        f"a .fw2v file cannot hold these attributes, and save leaves them out: {'; '.join(refused)}. Keep "
        "them with pickle.dump, or name them in ignore=[…] to leave them out without this warning"
    )
