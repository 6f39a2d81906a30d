"""Columns of attributes ↔ arrays of a file.

The column `count` is the array `counts`, and the Huffman tree is `codes`, `points` and `path_starts`. Any
other attribute x is `attr.x` if it has numbers, `attr.x` and `attr_starts.x` if it has rows of different
lengths, and `attr_json.x` or `attr_typed.x` if it has other values: as JSON, if that has their types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.columns import Ragged, object_column
from fastw2v.formats import native
from fastw2v.formats.errors import FormatError
from fastw2v.formats.typed import Packer, dumps, loads, plain
from fastw2v.vocabulary.huffman import HuffmanTree

Array = npt.NDArray[Any]
Columns = dict[str, Array | Ragged]

_NUMBERS, _STARTS, _OBJECTS, _TYPED = "attr.", "attr_starts.", "attr_json.", "attr_typed."


def pack_columns(columns: Mapping[str, Array | Ragged], size: int) -> dict[str, Array]:
    """Return the columns as arrays, by their names in a file.

    Args:
        columns (mapping of str to array or Ragged): V values each.
        size (int): V.

    Returns:
        dict of str to array: the numbers are not copied.

    Raises:
        TypeError: an attribute has a value that cannot be kept.
    """
    rest = dict(columns)
    tensors: dict[str, Array] = {}
    count = columns.get("count")
    if isinstance(count, np.ndarray) and count.dtype == np.int64 and count.ndim == 1:
        tensors["counts"] = count
        del rest["count"]
    tree = _sound_tree(columns, size)
    if tree is not None:
        tensors |= {"codes": tree.codes, "points": tree.points, "path_starts": tree.starts}
        for name in tree.columns():
            del rest[name]
    for name, column in rest.items():
        if isinstance(column, Ragged):
            starts = column.starts.astype(np.int64, copy=False)
            tensors |= {_NUMBERS + name: column.values, _STARTS + name: starts}
        elif native.can_hold(column):
            tensors[_NUMBERS + name] = column
        else:
            tensors |= _pack_objects(name, column)
    return tensors


def is_new(name: str) -> bool:
    """Return whether format 1 does not have an array of this name.

    Args:
        name (str): of an array that `pack_columns` returned.

    Returns:
        bool: whether it is new in format 2.
    """
    return name.startswith(_TYPED)


def _sound_tree(columns: Mapping[str, Array | Ragged], size: int) -> HuffmanTree | None:
    """Return the Huffman tree if it is one of so many words; after an edit by hand it need not be."""
    tree = HuffmanTree.of(columns)
    if tree is None or tree.points.dtype != np.uint32 or tree.codes.dtype != np.uint8:
        return None
    try:
        tree.check(size, saved=True)
    except ValueError:
        return None
    return tree


def unpack_columns(tensors: Mapping[str, Array], size: int) -> Columns:
    """Return the columns that `pack_columns` packed.

    Args:
        tensors (mapping of str to array): the arrays of a file.
        size (int): number of values that each column must have.

    Returns:
        dict of str to array or Ragged: plain columns are copied, so that they can be changed while the matrix
            is mapped.

    Raises:
        FormatError: a column is damaged or has another number of values, or a Huffman path leaves the tree.
    """
    columns: Columns = {}
    if "counts" in tensors:
        columns["count"] = np.array(native.expect(tensors, "counts", np.int64, (size,)))
    if "path_starts" in tensors:
        codes = native.expect(tensors, "codes", np.uint8, (None,))
        points = native.expect(tensors, "points", np.uint32, (None,))
        tree = HuffmanTree(points, codes, native.expect(tensors, "path_starts", np.int64, (size + 1,)))
        tree.check(size, error=FormatError, saved=True)
        joined = tree.columns()
        columns |= {"code": joined["code"], "point": joined["point"]}
    for target, values in tensors.items():
        if target.startswith((_OBJECTS, _TYPED)):
            name = target.removeprefix(_OBJECTS).removeprefix(_TYPED)
            columns[name] = _unpack_objects(values, name, size, typed=target.startswith(_TYPED))
        elif target.startswith(_NUMBERS):
            name = target.removeprefix(_NUMBERS)
            if _STARTS + name in tensors:
                starts = native.expect(tensors, _STARTS + name, np.int64, (size + 1,))
                native.check_starts(_STARTS + name, starts, values.size)
                columns[name] = Ragged(values.reshape(-1), starts)
            else:
                shape = (size, *values.shape[1:])
                columns[name] = np.array(native.expect(tensors, target, values.dtype, shape))
    return columns


def check_numbers(
    tensors: Mapping[str, Array], names: Iterable[str], error: Callable[[str], Exception] = ValueError
) -> None:
    """Check columns that must have one number for each word, if they are there.

    Args:
        tensors (mapping of str to array): what `pack_columns` returned, or a file has.
        names (iterable of str): of the columns.
        error (callable): makes the error of its message.

    Raises:
        ValueError: `error(message)`; one holds something else.
    """
    for name in names:
        others = [kind for kind in (_STARTS, _OBJECTS, _TYPED) if kind + name in tensors]
        numbers = tensors.get(_NUMBERS + name, np.zeros(0))
        if others or numbers.ndim != 1 or numbers.dtype.kind not in "iuf" or not native.all_finite(numbers):
            raise error(f"attribute {name!r} of a model's words is not one finite number for each")


def _pack_objects(name: str, column: Array) -> dict[str, Array]:
    """Return a column of other values than numbers as one array of JSON."""
    packer = Packer()
    try:
        # A column of rows, or of a dtype that files lack, is kept as the array that it is.
        plain = column.dtype == object and column.ndim == 1
        packed = [packer.pack(value) for value in column] if plain else packer.pack(column)
    except TypeError as error:
        raise TypeError(
            f"attribute {name!r} holds a value that cannot be saved: {error}. Leave it out with "
            f"ignore=[{name!r}], or keep it with pickle.dump"
        ) from None
    target = (_TYPED if packer.typed else _OBJECTS) + name
    return {target: np.frombuffer(dumps(packed), dtype=np.uint8)}


def _unpack_objects(packed: Array, name: str, size: int, *, typed: bool) -> Array:
    values = (loads if typed else plain)(packed.tobytes(), f"attribute {name!r}", wraps=1)
    if typed and isinstance(values, np.ndarray) and values.ndim and len(values) == size:
        return values
    if not isinstance(values, list) or len(values) != size:
        raise FormatError(f"attribute {name!r} is not a list of {size} values")
    return object_column(values, size)
