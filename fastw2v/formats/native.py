"""The native container, `.fw2v`: named arrays and a few strings in one file, in the layout of safetensors.

    8 bytes   N, length of the header, little-endian
    N bytes   JSON: {"__metadata__": {str: str}, name: {"dtype", "shape", "data_offsets": [begin, end]}, ...}
    rest      the arrays, little-endian, C order, without gaps

The `safetensors` package opens these files. Reading never executes anything, and never allocates more than
the file could hold. It always checks the structure: the arrays fill the file to the last byte, and the header
matches its checksum. `verify="full"` also compares the SHA-256 of every array and refuses NaN and infinity.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import mmap as _mmap
import os
import re
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, Literal

import numpy as np
import numpy.typing as npt

from fastw2v import magic, paths
from fastw2v._version import __version__
from fastw2v.checks import one_of
from fastw2v.columns import rises
from fastw2v.formats.atomic import StrPath, atomic_writer
from fastw2v.formats.errors import FormatError
from fastw2v.formats.typed import MAX_BITS, Packer, check_hashes, dumps, loads, shown
from fastw2v.memory import require_memory
from fastw2v.tile.dispatch import count_not_finite

Array = npt.NDArray[Any]
Mmap = Literal["r", "c"] | None
Entries = dict[str, dict[str, Any]]  # the header's, by array: dtype, shape, data_offsets

FORMAT = "fastw2v"
FORMAT_VERSION = 2
"""The newest format that is read: 2 has what came after fastw2v 0.1. A file says the oldest that reads it."""

MAX_HEADER = 16 << 20  # bytes; a header takes about 100 bytes per array

# Metadata that `write` adds itself.
RESERVED = ("format", "format_version", "writer", "sha256", "header_sha256")

_ALIGNMENT = 64  # bytes, a cache line: where the largest array starts
_MAX_AXES = 8  # of an array; ours have one or two
_VALUES_PER_BLOCK = 1 << 20  # checked at a time
_MAX_DIGITS = 4000  # of an integer key; int() refuses more than 4300
_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}
_NAMES = {np.dtype(code): name for name, code in _DTYPES.items()}

# What to do with a file of another kind, by its name or its group.
_ADVICE = {
    "pickle": "pickles can run code and are not read here",
    "compressed": "unpack it",
    "packed": "unpack it; if you trust it, joblib.load reads what joblib wrote",
    "archive": "unpack it",
    "arrays": "give its rows to add_vectors",
    "npy": "give its rows to add_vectors(words, numpy.load(file))",
    "markup": "a page that came instead of a download",
    "lfs": "fetch the file itself with git lfs pull",
}


def write(
    target: StrPath | IO[bytes],
    tensors: Mapping[str, Array],
    metadata: Mapping[str, str],
    version: int = 1,
) -> None:
    """Write arrays and strings to a file.

    An existing file is replaced when the new one is complete. The arrays must not change during the call.

    Args:
        target (path or binary file): where to write; an open file is written to and left open.
        tensors (mapping of str to array): integers, floats or booleans of up to 8 bytes an item.
        metadata (mapping of str to str): any names but those in `RESERVED`.
        version (int): the oldest format that has all of it; older versions of fastw2v refuse the file.

    Raises:
        TypeError: the format has no such dtype, or `target` is neither a path nor an open file.
        ValueError: a name is reserved by the format, or the metadata is longer than `MAX_HEADER` bytes.
        OSError: the file cannot be written; the error names it.
    """
    if clash := [key for key in metadata if key in RESERVED]:
        raise ValueError(f"metadata has the names {clash}, which the format reserves: choose others")
    if "__metadata__" in tensors:
        raise ValueError("the format reserves the name '__metadata__': choose another for the tensor")
    arrays = {name: _little_endian(name, array) for name, array in tensors.items()}
    # The widest items first: every array then starts at a multiple of its item size, without padding.
    names = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, -arrays[name].nbytes))

    entries: Entries = {}
    offsets: dict[str, int] = {}
    end = 0
    for name in names:
        array = arrays[name]
        offsets[name], end = end, end + array.nbytes
        entries[name] = {
            "dtype": _NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [offsets[name], end],
        }
    full = {
        **metadata,
        "format": FORMAT,
        "format_version": str(version),
        "writer": f"fastw2v {__version__}",
        "sha256": json.dumps({name: _sha256(arrays[name]) for name in names}),
    }
    full["header_sha256"] = _header_digest(full, entries)
    # The largest array comes first among those of its width. If its items take 4 bytes or more, aligning it
    # aligns the 8-byte arrays before it too.
    wide = [name for name in names if arrays[name].dtype.itemsize >= 4]
    largest = max(wide, key=lambda name: arrays[name].nbytes, default=None)
    header = _header_bytes({"__metadata__": full, **entries}, offsets[largest] if largest is not None else 0)

    with atomic_writer(target, expected_bytes=8 + len(header) + end) as file:
        file.write(struct.pack("<Q", len(header)))
        file.write(header)
        for name in names:
            for piece in _pieces(arrays[name]):
                file.write(piece)


def read(
    source: StrPath | IO[bytes],
    mmap: Mmap = None,
    *,
    verify: Literal["structure", "full"] = "structure",
    wanted: Callable[[str], bool] | None = None,
) -> tuple[dict[str, Array], dict[str, str]]:
    """Return the arrays and the metadata of a file.

    Args:
        source (path or binary file): what to read; an open file must be seekable.
        mmap (str or None): None reads the arrays into memory; "r" maps them read-only, shared between
            processes; "c" maps them copy-on-write: changes stay in memory.
        verify (str): "structure" checks the header and all sizes; "full" also compares the checksum of every
            array that is returned and refuses NaN and infinity.
        wanted (callable or None): `wanted(name)` says whether to return the array; None returns all.

    Returns:
        tuple of dict: arrays by name; and metadata, str by str, without the names in `RESERVED`.

    Raises:
        FormatError: the file is damaged, cut short, of a newer format or of another kind; or an array is not
            aligned in the file, so that it cannot be mapped.
        TypeError: `source` is neither a path nor an open file.
        ValueError: `mmap` or `verify` is none of the above, or an open file is to be mapped.
        OSError: the file cannot be opened or read, or it is to be mapped on a big-endian machine.
    """
    check_mmap(mmap)
    one_of("verify", verify, ("structure", "full"))
    if not isinstance(source, str | os.PathLike):
        if not hasattr(source, "read"):
            raise TypeError(f"expected a path or an open binary file, got {source!r}")
        if mmap is not None:
            raise ValueError(f"mmap={mmap!r} needs a path: an open file cannot be mapped")
        return _read_open(source, paths.name_of(source), None, verify, wanted)
    name = paths.expand(source)
    with paths.fetched(name, mmap) as local, open(local, "rb") as file:
        return _read_open(file, name, mmap, verify, wanted)


def check_mmap(mmap: Any) -> None:
    """Check that this is a way to map arrays.

    Args:
        mmap (str or None): None, "r" (read-only) or "c" (copy-on-write).

    Raises:
        ValueError: it is something else; modes that write to the file do not exist.
    """
    advice = "give None, 'r' or 'c'; saved files are replaced, never changed in place"
    one_of("mmap", mmap, (None, "r", "c"), advice)


def _read_open(
    file: IO[bytes], name: str, mmap: str | None, verify: str, wanted: Callable[[str], bool] | None
) -> tuple[dict[str, Array], dict[str, str]]:
    try:
        metadata, entries, first = _read_header(file)
        checksums = _check_metadata(metadata, entries)
        chosen = {key: entry for key, entry in entries.items() if wanted is None or wanted(key)}
        if not mmap:
            size = sum(end - begin for begin, end in (entry["data_offsets"] for entry in chosen.values()))
            require_memory(size, name, "load it with mmap='r', which leaves the matrices in the file")
        elif sys.byteorder == "big":
            raise OSError(
                f"{name} is little-endian and cannot be mapped on this machine: load it with mmap=None"
            )
        arrays = _map(file, first, chosen, mmap) if mmap else _load(file, first, chosen)
        if verify == "full":
            for key, array in arrays.items():
                if _sha256(array) != checksums[key]:
                    raise FormatError(f"array {key!r} is damaged: its checksum does not match")
                if not all_finite(array):
                    raise FormatError(f"array {key!r} holds NaN or infinity")
    except FormatError as error:
        raise FormatError(f"{name}: {error}") from None
    arrays = {key: in_machine_order(array) for key, array in arrays.items()}
    return arrays, {key: value for key, value in metadata.items() if key not in RESERVED}


def _read_header(file: IO[bytes]) -> tuple[dict[str, str], Entries, int]:
    """Return metadata, entries and the offset of the first array, checked against the size of the file."""
    start = file.tell()
    size = file.seek(0, io.SEEK_END) - start
    file.seek(start)
    prefix = file.read(8)
    header_size = struct.unpack("<Q", prefix)[0] if len(prefix) == 8 else -1
    if not 2 <= header_size <= min(size - 8, MAX_HEADER):
        raise FormatError(_describe_other(prefix + file.read(magic.HEAD), size))
    raw = file.read(header_size)
    if not raw.startswith(b"{"):
        raise FormatError(_describe_other(prefix + raw[: magic.HEAD], size))
    try:
        header = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_join_pairs, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError):
        raise FormatError("the header is damaged: it is not the JSON that save() writes") from None
    metadata = header.pop("__metadata__", None)
    if not _is_strings(metadata):
        raise FormatError("the header has no '__metadata__', or it does not consist of strings")
    _check_entries(header, size - 8 - header_size)
    return metadata, header, start + 8 + header_size


def _describe_other(head: bytes, size: int) -> str:
    """Return what to say of a file that does not begin with a header."""
    if size == 0:
        return "the file is empty"
    kind = magic.kind_of(head)
    # One that begins as ours do has a damaged header.
    if kind is not None and kind.name not in ("fw2v", "safetensors"):
        return (
            "not a fastw2v file: it is " + ("text in " if kind.group == "wide" else "") + kind.told(_ADVICE)
        )
    if head[:1].isdigit():
        return "not a fastw2v file; if it holds vectors in word2vec's format, use load_word2vec_format"
    return f"not a fastw2v file, or cut short: it has {size:,} bytes and does not begin with a header"


def _check_entries(entries: Entries, data_size: int) -> None:
    """Raise FormatError unless the arrays are possible and cover `data_size` bytes without gap or overlap."""
    spans = []
    for key, entry in entries.items():
        if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
            raise FormatError(f"array {key!r} must have a dtype, a shape and data_offsets, and nothing else")
        dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
        if not isinstance(dtype, str) or dtype not in _DTYPES:
            raise FormatError(f"array {key!r} has the unknown dtype {dtype!r}")
        if not _is_sizes(shape) or not _is_sizes(offsets) or len(offsets) != 2 or len(shape) > _MAX_AXES:
            raise FormatError(f"array {key!r} has an impossible shape {shape!r} or data_offsets {offsets!r}")
        itemsize = np.dtype(_DTYPES[dtype]).itemsize
        # numpy refuses shapes whose non-zero sizes overflow, even if the array is empty.
        if math.prod(size for size in shape if size) * itemsize >= 1 << 63:
            raise FormatError(f"array {key!r} has an impossible shape {shape!r}")
        begin, end = offsets
        if end - begin != math.prod(shape) * itemsize:
            raise FormatError(
                f"array {key!r} of shape {shape!r} and dtype {dtype} does not fill bytes {begin} to {end}"
            )
        spans.append((begin, end, key))
    reached = 0
    for begin, end, key in sorted(spans):
        if begin != reached:
            raise FormatError(f"array {key!r} starts at byte {begin}, expected {reached}")
        reached = end
    if reached != data_size:
        kind = "cut short" if reached > data_size else "followed by foreign bytes"
        raise FormatError(f"the file is {kind}: its arrays take {reached:,} bytes, but it has {data_size:,}")


def _check_metadata(metadata: dict[str, str], entries: Entries) -> dict[str, str]:
    """Return the checksum of every array; raise FormatError unless the header is ours and undamaged."""
    if metadata.get("format") != FORMAT:
        raise FormatError("this is a safetensors file, but not one written by fastw2v")
    version = metadata.get("format_version", "")
    if not (version.isascii() and version.isdigit() and len(version) < 6):
        raise FormatError(f"the format version {version[:20]!r} is not a number of up to 5 digits")
    if int(version) > FORMAT_VERSION:
        writer = re.fullmatch(r"fastw2v (\d[\w.+-]{0,30})", metadata.get("writer", ""), re.ASCII)
        needed = f"fastw2v ≥ {writer[1]}" if writer else "a newer fastw2v"
        raise FormatError(
            f"it is of format {version} and needs {needed}; "
            f"this is fastw2v {__version__}, which reads formats up to {FORMAT_VERSION}: update it with "
            "pip install -U fastw2v"
        )
    content = {key: value for key, value in metadata.items() if key != "header_sha256"}
    if metadata.get("header_sha256") != _header_digest(content, entries):
        raise FormatError("the header is damaged: its checksum does not match")
    try:
        checksums: dict[str, str] | None = json.loads(metadata.get("sha256", ""))
    except (ValueError, RecursionError):
        checksums = None
    if checksums is None or not _is_strings(checksums) or checksums.keys() != entries.keys():
        raise FormatError("the header lacks the checksums of its arrays")
    return checksums


def _load(file: IO[bytes], first: int, entries: Entries) -> dict[str, Array]:
    arrays = {}
    for key, entry in entries.items():
        array = np.empty(entry["shape"], dtype=_DTYPES[entry["dtype"]])
        file.seek(first + entry["data_offsets"][0])
        view = _flat_bytes(array)
        while view:
            got = file.readinto(view)  # type: ignore[attr-defined]
            if not got:
                raise FormatError("the file became shorter while it was read")
            view = view[got:]
        arrays[key] = array
    return arrays


def _map(file: IO[bytes], first: int, entries: Entries, mmap: str) -> dict[str, Array]:
    # One mapping of one open file: all arrays belong together even if the path is replaced meanwhile.
    mapping = _mmap.mmap(file.fileno(), 0, access=_mmap.ACCESS_READ if mmap == "r" else _mmap.ACCESS_COPY)
    arrays = {}
    for key, entry in entries.items():
        begin, end = (first + offset for offset in entry["data_offsets"])
        if end > len(mapping):
            raise FormatError("the file became shorter while it was read")
        array: Array = np.ndarray(entry["shape"], dtype=_DTYPES[entry["dtype"]], buffer=mapping, offset=begin)
        if not array.flags.aligned:
            raise FormatError(f"array {key!r} is not aligned in the file: load with mmap=None")
        arrays[key] = array
    return arrays


def _little_endian(name: str, array: Array) -> Array:
    """Return the array in the byte order of a file; TypeError if the format has no such dtype."""
    dtype = array.dtype.newbyteorder("<") if array.dtype.kind in "biuf" else array.dtype
    if dtype not in _NAMES:
        raise TypeError(f"array {name!r} has dtype {array.dtype}: give one of {', '.join(map(str, _NAMES))}")
    return np.asarray(array, dtype=dtype)


def in_machine_order(array: Array) -> Array:
    """Return the array in the byte order that compiled code takes: nearly always the same object.

    Args:
        array (array): any.

    Returns:
        array: of the same values.
    """
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _flat_bytes(array: Array) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _pieces(array: Array) -> Iterator[memoryview]:
    """Yield the bytes of an array in C order; of one that is not, a few rows are copied at a time."""
    if array.flags.c_contiguous or not array.size:
        yield _flat_bytes(array)
        return
    rows = max(1, _VALUES_PER_BLOCK * len(array) // array.size)
    for start in range(0, len(array), rows):
        yield _flat_bytes(np.ascontiguousarray(array[start : start + rows]))


def _sha256(array: Array) -> str:
    digest = hashlib.sha256()
    for piece in _pieces(array):
        digest.update(piece)
    return digest.hexdigest()


def _header_digest(metadata: Mapping[str, str], entries: Entries) -> str:
    """Return the digest of what the header says; offsets follow from it, order and spacing are free."""
    shapes = {key: [entry["dtype"], entry["shape"]] for key, entry in entries.items()}
    return hashlib.sha256(json.dumps([metadata, shapes], sort_keys=True).encode()).hexdigest()


def _header_bytes(header: dict[str, Any], largest_offset: int) -> bytes:
    # Not as \u escapes: damage that changes only the case of their digits would go unnoticed.
    raw = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    if len(raw) > MAX_HEADER - _ALIGNMENT:
        raise ValueError(
            f"too much metadata: the header would take {len(raw):,} bytes, at most {MAX_HEADER:,} are allowed"
        )
    return raw + b" " * (-(8 + len(raw) + largest_offset) % _ALIGNMENT)


def _join_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate name")
    return result


def _refuse_constant(constant: str) -> Any:
    raise ValueError(f"{constant} is not a number")


def _is_strings(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _is_sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(size) is int and size >= 0 for size in value)


def all_finite(array: Array) -> bool:
    """Return whether an array is free of NaN and infinity.

    It is checked block by block, so that this needs little memory.

    Args:
        array (array): of any dtype; only floats can fail.

    Returns:
        bool: True if all numbers are finite.
    """
    if array.dtype.kind != "f":
        return True
    flat = array.reshape(-1)
    starts = range(0, len(flat), _VALUES_PER_BLOCK)
    return all(np.isfinite(flat[start : start + _VALUES_PER_BLOCK]).all() for start in starts)


def rows_not_finite(array: Array) -> int:
    """Return how many rows of an array hold NaN or infinity.

    Args:
        array (array): of any dtype and shape; only rows of floats can.

    Returns:
        int: the rows; 0 if it is no matrix.
    """
    if array.dtype == np.float32 and array.ndim == 2 and array.flags.c_contiguous and array.flags.aligned:
        return count_not_finite(array)
    if array.dtype.kind != "f" or array.ndim != 2:
        return 0
    at_once = max(1, _VALUES_PER_BLOCK // max(1, array.shape[1]))
    blocks = (array[start : start + at_once] for start in range(0, len(array), at_once))
    return sum(len(block) - int(np.isfinite(block).all(axis=1).sum()) for block in blocks)


def expect(
    tensors: Mapping[str, Array], name: str, dtype: npt.DTypeLike, shape: Sequence[int | None]
) -> Array:
    """Return an array that must be there, with this dtype and shape.

    Args:
        tensors (mapping of str to array): the arrays of a file.
        name (str): which array.
        dtype (dtype): which dtype it must have.
        shape (sequence): how many entries along each axis; None allows any number.

    Returns:
        array: `tensors[name]`, not copied.

    Raises:
        FormatError: the array is missing, or has another dtype or shape.
    """
    array = tensors.get(name)
    if array is None:
        raise FormatError(f"array {name!r} is missing")
    fits = len(array.shape) == len(shape) and all(
        want is None or size == want for size, want in zip(array.shape, shape, strict=True)
    )
    if array.dtype != np.dtype(dtype) or not fits:
        expected = "x".join("any" if size is None else str(size) for size in shape)
        found = "x".join(map(str, array.shape))
        raise FormatError(f"array {name!r} is {array.dtype} {found}, expected {np.dtype(dtype)} {expected}")
    return array


def check_starts(name: str, starts: Array, total: int) -> None:
    """Check an array that cuts `total` values into rows.

    Args:
        name (str): of the array, for the error.
        starts (array): int64 (rows + 1,) where each row starts, and the end of the last.
        total (int): number of values.

    Raises:
        FormatError: `starts` does not rise from 0 to `total`.
    """
    if not rises(starts, total):
        raise FormatError(f"array {name!r} does not rise from 0 to {total}")


_STRING, _INTEGER, _ABSENT, _TYPED = 0, 1, 2, 3  # types of packed keys


def can_hold(array: Array) -> bool:
    """Return whether a file can hold an array of this dtype.

    Args:
        array (array): any.

    Returns:
        bool: whether `write` takes it.
    """
    # Texts of numpy 2, `StringDType`, have no order of bytes that could be asked for.
    return array.dtype.kind in "biuf" and array.dtype.newbyteorder("<") in _NAMES


def pack_strings(keys: Iterable[Any], name: str = "vocab", *, typed: bool = False) -> dict[str, Array]:
    """Return V keys as arrays of UTF-8.

    Lone surrogates are kept.

    Args:
        keys (iterable): str, int, or None for a row that has no key.
        name (str): how the names of the arrays begin.
        typed (bool): whether keys may be of any other type that `typed` has, too.

    Returns:
        dict of str to array: `{name}_bytes` uint8 (total,), `{name}_offsets` int64 (V + 1,) where each key
            starts, and `{name}_types` uint8 (V,) only if some key is not a str.

    Raises:
        TypeError: a key is of another type.
    """
    parts: list[bytes] = []
    types = bytearray()
    for key in keys:
        if isinstance(key, str):
            types.append(_STRING)
            parts.append(key.encode("utf-8", "surrogatepass"))
        elif key is None:
            types.append(_ABSENT)
            parts.append(b"")
        elif isinstance(key, int | np.integer) and not (typed and _needs_type(key)):
            types.append(_INTEGER)
            parts.append(b"%d" % int(key))
        elif typed:
            types.append(_TYPED)
            parts.append(_typed_key(key))
        else:
            raise TypeError(f"only str and int keys can be saved, got {shown(key)}")
    offsets = np.zeros(len(parts) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, parts), dtype=np.int64, count=len(parts)), out=offsets[1:])
    packed: dict[str, Array] = {
        f"{name}_bytes": np.frombuffer(b"".join(parts), dtype=np.uint8),
        f"{name}_offsets": offsets,
    }
    if any(types):
        packed[f"{name}_types"] = np.frombuffer(bytes(types), dtype=np.uint8)
    return packed


def has_typed(tensors: Mapping[str, Array], name: str = "vocab") -> bool:
    """Return whether some packed key is neither str nor int, so that format 1 does not have it.

    Args:
        tensors (mapping of str to array): what `pack_strings` returned.
        name (str): how the names of the arrays begin.

    Returns:
        bool: whether there is one.
    """
    types = tensors.get(f"{name}_types")
    return types is not None and bool((types == _TYPED).any())


def _needs_type(key: Any) -> bool:
    """Return whether an integer would come back as another type, or has too many digits to be read."""
    return isinstance(key, bool) or int(key).bit_length() > MAX_BITS


def _typed_key(key: Any) -> bytes:
    try:
        packed = dumps(Packer(as_key=True).pack(key))
        hash(key)  # TypeError for what cannot be a key of a dict
    except TypeError as error:
        raise TypeError(
            f"the key {shown(key)} cannot be saved in a .fw2v file: {error}. It holds str, int, None, float, "
            "bytes, tuples, dates and other plain values; pickle.dump(model, file) keeps any key"
        ) from None
    return packed


def unpack_strings(tensors: Mapping[str, Array], name: str = "vocab") -> list[Any]:
    """Return the keys that `pack_strings` packed.

    Args:
        tensors (mapping of str to array): the arrays of a file.
        name (str): how the names of the arrays begin.

    Returns:
        list of key: the V keys, None where there is none.

    Raises:
        FormatError: an array is missing, or `pack_strings` cannot have written it.
    """
    data = expect(tensors, f"{name}_bytes", np.uint8, (None,))
    offsets = expect(tensors, f"{name}_offsets", np.int64, (None,))
    check_starts(f"{name}_offsets", offsets, len(data))
    try:
        text = data.tobytes().decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise FormatError(f"array '{name}_bytes' is damaged: byte {error.start:,} is not UTF-8") from None
    if len(text) != len(data):
        # Offsets become those of characters. An offset inside a character must not be rounded to its start.
        starts_character = (data & 0xC0) != 0x80
        inner = offsets[offsets < len(data)]
        if not starts_character[inner].all():
            raise FormatError(f"array '{name}_offsets' has an offset in the middle of a character")
        position = np.zeros(len(data) + 1, dtype=np.int64)
        np.cumsum(starts_character, out=position[1:])
        offsets = position[offsets]
    bounds = offsets.tolist()
    keys: list[Any] = [text[a:b] for a, b in zip(bounds, bounds[1:], strict=False)]
    if f"{name}_types" in tensors:
        types = expect(tensors, f"{name}_types", np.uint8, (len(keys),))
        for i in np.flatnonzero(types).tolist():
            keys[i] = _restore(keys[i], int(types[i]))
        check_hashes(keys[i] for i in np.flatnonzero(types % _ABSENT).tolist())
    return keys


def _restore(text: str, kind: int) -> Any:
    if kind == _ABSENT and not text:
        return None
    if kind == _TYPED:
        key = loads(text, f"the key {text[:40]!r}")
        try:
            hash(key)
        except TypeError as error:
            raise FormatError(f"the key {text[:40]!r} can be no key: {error}") from None
        return key
    # Only plain decimal digits: int() also takes "1_0" and Arabic digits, and two keys could become equal.
    digits = text.removeprefix("-")
    if kind == _INTEGER and digits.isascii() and digits.isdigit() and len(digits) < _MAX_DIGITS:
        return int(text)
    raise FormatError(f"a key has type {kind} and the text {text[:40]!r}, which do not fit together")
