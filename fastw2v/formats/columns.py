"""Columns of attributes ↔ arrays of a file.

The column `count` is the array `counts`, and the Huffman tree is `codes`, `points` and `path_starts`. Any
other attribute x is `attr.x` if it has numbers, `attr.x` and `attr_starts.x` if it has rows of different
lengths, and `attr_json.x` if it has other values, which are saved as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.columns import Ragged, object_column
from fastw2v.formats import native
from fastw2v.formats.errors import FormatError
from fastw2v.vocabulary.huffman import HuffmanTree

Array = npt.NDArray[Any]
Columns = dict[str, Array | Ragged]

_NUMBERS, _STARTS, _OBJECTS = "attr.", "attr_starts.", "attr_json."


def pack_columns(columns: Mapping[str, Array | Ragged]) -> dict[str, Array]:
    """Return the columns as arrays, by their names in a file.

    Args:
        columns (mapping of str to array or Ragged): V values each.

    Returns:
        dict of str to array: the numbers are not copied.

    Raises:
        TypeError: an attribute has a value that JSON cannot represent.
    """
    rest = dict(columns)
    tensors: dict[str, Array] = {}
    count = columns.get("count")
    if isinstance(count, np.ndarray) and count.dtype == np.int64:
        tensors["counts"] = count
        del rest["count"]
    tree = HuffmanTree.of(columns)
    if tree is not None:
        tensors |= {"codes": tree.codes, "points": tree.points, "path_starts": tree.starts}
        for name in tree.columns():
            del rest[name]
    for name, column in rest.items():
        if isinstance(column, Ragged):
            tensors |= {_NUMBERS + name: column.values, _STARTS + name: column.starts}
        elif column.dtype == object:
            tensors[_OBJECTS + name] = _pack_objects(name, column)
        else:
            tensors[_NUMBERS + name] = column
    return tensors


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
        if target.startswith(_OBJECTS):
            name = target.removeprefix(_OBJECTS)
            columns[name] = _unpack_objects(values, name, size)
        elif target.startswith(_NUMBERS):
            name = target.removeprefix(_NUMBERS)
            if _STARTS + name in tensors:
                starts = native.expect(tensors, _STARTS + name, np.int64, (size + 1,))
                native.check_starts(_STARTS + name, starts, values.size)
                columns[name] = Ragged(values.reshape(-1), starts)
            else:
                columns[name] = np.array(native.expect(tensors, target, values.dtype, (size,)))
    return columns


def _pack_objects(name: str, column: Array) -> Array:
    def numbers(value: Any) -> Any:
        if isinstance(value, np.ndarray | np.generic):
            return value.tolist()
        raise TypeError(f"attribute {name!r} holds {value!r}, which cannot be saved as JSON")

    return np.frombuffer(json.dumps(column.tolist(), default=numbers).encode(), dtype=np.uint8)


def _unpack_objects(packed: Array, name: str, size: int) -> Array:
    try:
        values = json.loads(packed.tobytes())
    except (ValueError, RecursionError) as error:
        raise FormatError(f"attribute {name!r} is damaged: {error}") from None
    if not isinstance(values, list) or len(values) != size:
        raise FormatError(f"attribute {name!r} is not a list of {size} values")
    return object_column(values, size)
