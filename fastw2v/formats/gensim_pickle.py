"""gensim's pickles, 0.12 to 4.4: read without gensim, and without running anything that they name.

A pickle names functions to call. Each of the few names in gensim's files is replaced by something inert that
keeps its arguments, and any other name is refused. The structure of the pickle is checked first, because a
number in it can ask for gigabytes. Large arrays are in files beside it, `model.wv.vectors.npy`, and can be
mapped.

The result has the attribute names of the version that wrote it; `gensim_parts` knows them.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import math
import mmap as _mmap
import os
import pickle
import pickletools
import re
import zipfile
from collections.abc import Callable, Iterable
from typing import IO, Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from fastw2v import paths
from fastw2v.columns import object_column
from fastw2v.formats.atomic import StrPath
from fastw2v.formats.errors import RefusedPickle
from fastw2v.formats.native import Mmap, check_mmap

Array = npt.NDArray[Any]
Kind = Literal["Word2Vec", "KeyedVectors", "record"]
Described = TypeVar("Described")


# --- files ---

_PICKLES = re.compile(rb"\x80[\x02-\x05]|ccopy_?reg\n_reconstructor\n")  # protocols 2 to 5; 0 and 1
_COMPRESSED: tuple[tuple[bytes, Callable[[IO[bytes]], Any]], ...] = (
    (b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ", lzma.LZMAFile),
)
_LONGEST_MAGIC = 6  # bytes
_HEAD = 32  # bytes that distinguish a pickle from other files
_REMOTE_HEAD = 1 << 20  # bytes of a file, perhaps compressed, in which these are: as long as a block of .bz2


def is_pickle(source: StrPath | IO[bytes]) -> bool:
    """Return whether a file is a pickle.

    Args:
        source (path or binary file): what to look at; an open file keeps its position.

    Returns:
        bool: True if it is a pickle, perhaps compressed, and not a native file; False if an open file is not
            seekable.

    Raises:
        OSError: the file cannot be opened.
    """
    if not isinstance(source, str | os.PathLike):
        return hasattr(source, "seek") and _starts_as_pickle(source)
    if paths.is_remote(source):
        with paths.open_stream(source) as stream:
            return _starts_as_pickle(io.BytesIO(stream.read(_REMOTE_HEAD)))
    with open(paths.expand(source), "rb") as file:
        return _starts_as_pickle(file)


def _starts_as_pickle(file: IO[bytes]) -> bool:
    start = file.tell()
    try:
        head = _decompress(file).read(_HEAD)
    except (OSError, EOFError, lzma.LZMAError):  # it only begins as a compressed file does
        return False
    finally:
        file.seek(start)
    # A native file begins with the length of its header, whose bytes can equal a pickle's first two.
    is_native = head[4:9] == b"\0\0\0\0{"
    return _PICKLES.match(head) is not None and not is_native


def _decompress(file: IO[bytes]) -> IO[bytes]:
    """Return the file, or a reader of its content if it is compressed."""
    start = file.tell()
    magic = file.read(_LONGEST_MAGIC)
    file.seek(start)
    for prefix, decompressed in _COMPRESSED:
        if magic.startswith(prefix):
            content: IO[bytes] = decompressed(file)
            return content
    return file


def read(source: StrPath | IO[bytes], mmap: Mmap, describe: Callable[[Any], Described]) -> Described:
    """Read the inert object in a file and return what `describe` makes of it.

    Args:
        source (path or binary file): the pickle.
        mmap (str or None): how to map the arrays that are in files beside it, as in `native.read`.
        describe (callable): gets the inert object.

    Returns:
        any: what `describe` returns.

    Raises:
        RefusedPickle: the pickle is damaged or not gensim's, or `describe` raised one of the usual errors.
        ValueError: `mmap` is not a mode.
        OSError: a file cannot be read, or a compressed one is to be mapped.
    """
    check_mmap(mmap)
    if not isinstance(source, str | os.PathLike):
        return _read_open(source, None, str(getattr(source, "name", "<file>")), mmap, describe)
    path = paths.expand(source)
    with paths.fetched(path, mmap) as local, open(local, "rb") as file:
        return _read_open(file, path, path, mmap, describe)


def _read_open(
    file: IO[bytes], path: str | None, name: str, mmap: Mmap, describe: Callable[[Any], Described]
) -> Described:
    opened = _decompress(file)
    compressed = opened is not file
    if compressed and mmap is not None:
        raise OSError(f"{name} is compressed and cannot be mapped: load it with mmap=None")
    try:
        loaded = _unpickle(io.BytesIO(opened.read()) if compressed else file)
        if not isinstance(loaded, _Object):
            raise RefusedPickle("it is a pickle, but not of gensim's Word2Vec or KeyedVectors")
        _fetch_arrays(loaded, path, "npz" if compressed else "npy", mmap)
        return describe(loaded)
    except RefusedPickle as error:
        raise RefusedPickle(f"{name}: {error}") from None
    # What the unpickler, and code here that meets forged values, can raise.
    except (
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        TypeError,
        AttributeError,
        LookupError,
        ImportError,
        RecursionError,
        OverflowError,
        lzma.LZMAError,
        zipfile.BadZipFile,
    ) as error:
        raise RefusedPickle(f"{name}: the pickle is damaged, or not gensim's: {error!r}") from None


def _unpickle(file: IO[bytes]) -> Any:
    try:
        data: Any = _mmap.mmap(file.fileno(), 0, access=_mmap.ACCESS_READ)
        begin = file.tell()
    except (AttributeError, OSError, ValueError):  # not a file of the system
        data, begin = file.read(), 0
        file = io.BytesIO(data)
    with memoryview(data) as view:
        _check_structure(view[begin:])
    return _Unpickler(file, encoding="latin1").load()


# --- the structure of a pickle ---

_SHORT = 256  # arguments of fewer bytes are skipped in compiled code
_RUN = 5000  # opcodes skipped at a time
_WIDTH = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
_LINES = {"stringnl_noescape_pair": 2}  # arguments of more than one line of text


def _list_opcodes() -> dict[int, tuple[str, int, int]]:
    """Return by opcode: its name, the bytes of its argument or of the argument's length, and its lines."""
    table = {}
    for opcode in pickletools.opcodes:
        width, lines = 0, 0
        if opcode.arg is not None and opcode.arg.n == pickletools.UP_TO_NEWLINE:
            lines = _LINES.get(opcode.arg.name, 1)
        elif opcode.arg is not None:
            width = _WIDTH.get(opcode.arg.n, opcode.arg.n)
        table[ord(opcode.code)] = opcode.name, width, lines
    return table


_OPCODES = _list_opcodes()
_COUNTED = {ord(op.code) for op in pickletools.opcodes if op.arg is not None and op.arg.n in _WIDTH}
_WATCHED = {ord(op.code) for op in pickletools.opcodes if op.name in ("STOP", "FRAME", "PUT", "LONG_BINPUT")}


def _compile_harmless(size: int) -> re.Pattern[bytes]:
    r"""Return a pattern of opcodes, with their arguments, that announce no great size.

    These are nearly all opcodes of a pickle: those with arguments of a fixed length, short strings, and
    LONG_BINPUT with a memo index not far beyond the `size` of the pickle in bytes. The pattern matches the
    list of 5 and "abc" up to its last opcode, STOP. It does not match a string that claims 2**31 - 1 bytes:

        >>> _compile_harmless(40).match(b"]K\x05aX\x03\x00\x00\x00abca.")[0]
        b']K\x05aX\x03\x00\x00\x00abca'
        >>> _compile_harmless(40).match(b"X\xff\xff\xff\x7fabc.")
    """

    def any_of(codes: Iterable[int]) -> bytes:
        return b"[" + b"".join(re.escape(bytes([code])) for code in codes) + b"]"

    plain = [code for code, (_, _, lines) in _OPCODES.items() if not lines and code not in _WATCHED]
    runs = []
    for width in (1, 4):
        lengths = (re.escape(n.to_bytes(width, "little")) + b".{%d}" % n for n in range(_SHORT))
        codes = any_of(code for code in plain if code in _COUNTED and _OPCODES[code][1] == width)
        runs.append(codes + b"(?:" + b"|".join(lengths) + b")")
    for width in (0, 1, 2, 4, 8):
        codes = any_of(code for code in plain if code not in _COUNTED and _OPCODES[code][1] == width)
        runs.append(codes + b".{%d}" % width)
    high = size >> 16 if size < 1 << 24 else min(size >> 24, 255)
    highest = b"[\\0-" + re.escape(bytes([high])) + b"]"
    runs.append(b"r" + (b".." + highest + b"\\0" if size < 1 << 24 else b"..." + highest))
    return re.compile(b"(?:" + b"|".join(runs) + b"){1,%d}+" % _RUN, re.DOTALL)


def _check_structure(data: Any) -> None:
    """Raise RefusedPickle unless all sizes in the pickle `data` (bytes-like) fit into it."""
    # Python's unpickler allocates before it checks: for a memo index of 4 bytes up to 64 GB.
    size = len(data)
    harmless = _compile_harmless(size)
    at = 0
    while at < size:
        if run := harmless.match(data, at):
            at = run.end()
            continue
        code = data[at]
        if code not in _OPCODES:
            raise RefusedPickle(f"byte {at} is not a pickle opcode")
        name, width, lines = _OPCODES[code]
        if name == "STOP":
            return
        begin = at + 1 + width
        number = int.from_bytes(data[at + 1 : begin], "little")
        if lines:
            line = re.compile(b"(?:[^\n]*\n){%d}" % lines).match(data, begin)
            if line is None:
                break
            at = line.end()
            number = int(line[0]) if name == "PUT" else 0
        else:
            at = begin + number if code in _COUNTED else begin
        if "PUT" in name and not 0 <= number <= size:
            raise RefusedPickle(f"its memo index {number} is impossible in a pickle of {size} bytes")
        if name == "FRAME" and number > size - at:
            break
    raise RefusedPickle("it is cut short")


# --- what replaces the names ---


class _Name:
    """A name that may be mentioned but not called, such as the class of an array."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __setstate__(self, state: Any) -> None:
        raise RefusedPickle(f"it changes the state of {self.name}")

    def __repr__(self) -> str:
        return self.name


class _Call(_Name):
    """A name that the pickle may call, with the function that is called instead."""

    __slots__ = ("_result",)

    def __init__(self, name: str, result: Callable[..., Any]) -> None:
        super().__init__(name)
        self._result = result

    def __call__(self, *args: Any) -> Any:
        return self._result(*args)


class _Object:
    """The attributes of an object of gensim; the subclass tells which class it had."""

    __slots__ = ("attributes",)
    attributes: dict[str, Any]
    kind: Kind

    def __new__(cls) -> _Object:
        self = object.__new__(cls)
        self.attributes = {}
        return self

    def __setstate__(self, state: Any) -> None:
        if type(state) is not dict or not all(type(name) is str for name in state):
            raise RefusedPickle(
                f"the state of an object is a {type(state).__name__}, expected a dict of attributes by name"
            )
        self.attributes.update(state)


class _Word2Vec(_Object):
    kind = "Word2Vec"


class _KeyedVectors(_Object):
    kind = "KeyedVectors"


class _Record(_Object):
    """A word's `Vocab`, or a part of a model: `Word2VecVocab`, `Word2VecTrainables`."""

    kind = "record"


class _Dtype:
    """A numpy dtype: of numbers, or of objects, which are checked one by one."""

    __slots__ = ("dtype",)

    def __init__(self, code: Any, *_: Any) -> None:
        if not isinstance(code, str) or not re.fullmatch(r"f[248]|[iu][1248]|b1|O[48]", code):
            raise RefusedPickle(f"it holds an array of dtype {code!r}")
        self.dtype = np.dtype(code[0] if code[0] == "O" else code)

    def __setstate__(self, state: Any) -> None:
        version, order, *fields = state
        if order not in ("<", ">", "|", "=") or fields[:3] != [None, None, None]:
            raise RefusedPickle("it holds an array of records")
        if order in ("<", ">"):
            self.dtype = self.dtype.newbyteorder(order)

    def array(self, data: Any, shape: Any, order: Any) -> Array:
        """Return the array of this dtype and shape, in C or Fortran `order`, of the bytes or list `data`."""
        if not all(type(size) is int and size >= 0 for size in shape):
            raise RefusedPickle(f"it holds an array of shape {shape}")
        if self.dtype.kind == "O":
            array = object_column(data, len(data))
        else:
            if isinstance(data, str):  # Python 2 pickled bytes as str
                data = data.encode("latin1")
            array = np.frombuffer(data, dtype=self.dtype)
            native = self.dtype.newbyteorder("=")
            if array.dtype != native or not array.flags.writeable:
                array = array.astype(native)
        return array.reshape(shape, order=order)


class _Array:
    """A numpy array that has not been made yet."""

    __slots__ = ("_data", "_dtype", "_order", "_shape")

    def __init__(self, *_: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        _version, self._shape, self._dtype, by_columns, self._data = state
        self._order = "F" if by_columns else "C"

    @classmethod
    def of_buffer(cls, data: Any, dtype: Any, shape: Any, order: Any, *_: Any) -> _Array:
        self = cls()
        self._data, self._dtype, self._shape, self._order = data, dtype, shape, order
        return self

    @property
    def array(self) -> Array:
        if not isinstance(self._dtype, _Dtype):
            raise RefusedPickle("it holds an array without a dtype")
        return self._dtype.array(self._data, self._shape, self._order)

    def bytes_as(self, dtype: np.dtype[Any]) -> bytes:
        """Return its bytes in `dtype`; if possible without making the array, as there are many small ones."""
        data = self._data
        if (
            type(data) is bytes
            and self._dtype.dtype == dtype
            and self._shape == (len(data) / dtype.itemsize,)
        ):
            return data
        return self.array.astype(dtype).tobytes()


class _Random:
    """The state of a generator of random numbers, or of a part of one."""

    __slots__ = ("state",)
    state: Any

    def __init__(self, *_: Any) -> None:
        self.state = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


def _encode(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise RefusedPickle(f"it encodes text as {encoding!r}, expected 'latin1'")
    return text.encode("latin1")


def _make_no_bytes() -> bytes:
    return b""


def _reconstruct(cls: Any, _base: Any, _state: Any) -> _Object:
    """Make an object as protocols 0 and 1 do."""
    if not (isinstance(cls, type) and issubclass(cls, _Object)):
        raise RefusedPickle(f"it makes an object of {cls!r}")
    return cls()


def _make_scalar(dtype: _Dtype, data: Any) -> Any:
    return dtype.array(data, (1,), "C")[0].item()


def _list_names() -> dict[str, Any]:
    """Return all names that a pickle may use; `numpy._core` of numpy 2 is listed as `numpy.core`."""
    classes = {
        "gensim.models.word2vec.Word2Vec": _Word2Vec,
        "gensim.models.keyedvectors.KeyedVectors": _KeyedVectors,
        "gensim.models.keyedvectors.EuclideanKeyedVectors": _KeyedVectors,
        "gensim.models.keyedvectors.Word2VecKeyedVectors": _KeyedVectors,
        "gensim.models.word2vec.Vocab": _Record,
        "gensim.models.keyedvectors.Vocab": _Record,
        "gensim.models.word2vec.Word2VecVocab": _Record,
        "gensim.models.word2vec.Word2VecTrainables": _Record,
    }
    mentioned = (
        *("builtins.int", "builtins.hash", "builtins.object", "gensim.utils.call_on_class_only"),
        *("__builtin__.int", "__builtin__.long", "__builtin__.hash", "__builtin__.object"),
        *("numpy.ndarray", "numpy.random._mt19937.MT19937", "numpy.random._pcg64.PCG64"),
        "numpy.random.bit_generator.SeedSequence",
    )
    calls: dict[str, Callable[..., Any]] = {
        "collections.defaultdict": lambda *_: {},
        "UserString.defaultdict": lambda *_: {},  # as some versions of Python 3 wrote it in protocol 2
        **{
            f"{builtins}.{name}": result
            for builtins in ("builtins", "__builtin__")
            # Lifecycle events have sets. Protocol 2 writes b"" as bytes(); bytes(10**12) must not work.
            for name, result in (("frozenset", frozenset), ("set", set), ("bytes", _make_no_bytes))
        },
        "_codecs.encode": _encode,
        "copyreg._reconstructor": _reconstruct,
        "copy_reg._reconstructor": _reconstruct,
        "numpy.dtype": _Dtype,
        "numpy.core.multiarray._reconstruct": _Array,
        "numpy.core.numeric._frombuffer": _Array.of_buffer,
        "numpy.core.multiarray.scalar": _make_scalar,
        "numpy.random.__RandomState_ctor": _Random,
        "numpy.random._pickle.__randomstate_ctor": _Random,
        "numpy.random._pickle.__generator_ctor": _Random,
        "numpy.random._pickle.__bit_generator_ctor": _Random,
        "numpy.random.bit_generator.__pyx_unpickle_SeedSequence": _Random,
    }
    return (
        classes
        | {name: _Name(name) for name in mentioned}
        | {name: _Call(name, result) for name, result in calls.items()}
    )


_NAMES = _list_names()


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        full = f"{module}.{name}"
        try:
            return _NAMES[re.sub(r"^numpy\._core\.", "numpy.core.", full)]
        except KeyError:
            raise RefusedPickle(
                f"it asks for {full}, which gensim's files of Word2Vec and KeyedVectors do not need; pickles "
                "can run code, so it is not loaded. If you trust it, load it in gensim and use from_gensim()"
            ) from None


# --- arrays in files beside the pickle ---


def _fetch_arrays(saved: _Object, path: str | None, suffix: str, mmap: Mmap) -> None:
    """Read the arrays that are in files of their own, `path.name.npy`, into the attributes of `saved`."""
    attributes = saved.attributes
    for name in map(_attribute, attributes.pop("__recursive_saveloads", ())):
        if isinstance(part := attributes.get(name), _Object):
            _fetch_arrays(part, path and f"{path}.{name}", suffix, mmap)
    for name in map(_attribute, attributes.pop("__numpys", ())):
        if path is None:
            raise RefusedPickle(f"the array {name!r} is in a file beside it: give the path, not an open file")
        if name != "neg_labels":  # always 1, 0, 0, …; versions before 0.13.3 saved it
            read_array = _read_npz if suffix == "npz" else _read_npy
            attributes[name] = read_array(f"{path}.{name}.{suffix}", mmap)
    if scipys := attributes.pop("__scipys", ()):
        raise RefusedPickle(f"it has sparse matrices in files beside it, which are not read: {scipys!r}")
    attributes.pop("__ignoreds", None)


def _attribute(name: Any) -> str:
    # It becomes part of a path.
    if not isinstance(name, str) or not name.isidentifier():
        raise RefusedPickle(f"{name!r} is not the name of an attribute")
    return name


def _read_npy(path: str, mmap: Mmap) -> Array:
    # Always mapped: numpy then compares the shape with the size of the file before it allocates.
    with paths.fetched(path) as local:
        mapped = np.load(local, mmap_mode=mmap or "r", allow_pickle=False)
        return np.asarray(mapped) if mmap else np.array(mapped)


def _read_npz(path: str, _: Mmap) -> Array:
    with paths.fetched(path) as local, zipfile.ZipFile(local) as archive, archive.open("val.npy") as file:
        version = np.lib.format.read_magic(file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, by_columns, dtype = read_header(file)
        size = math.prod(shape) * dtype.itemsize
        if dtype.hasobject or size > archive.getinfo("val.npy").file_size:
            raise RefusedPickle(f"{path} cannot hold an array of shape {shape} and dtype {dtype}")
        data = bytearray(file.read(size))
    return np.frombuffer(data, dtype=dtype).reshape(shape, order="F" if by_columns else "C")


# --- what was saved, inert or alive ---


def kind_of(saved: Any) -> Kind | None:
    """Return what an inert object was.

    Args:
        saved (any): an inert object, or a live one of an installed gensim.

    Returns:
        str or None: "Word2Vec", "KeyedVectors" or "record"; None for a live object.
    """
    return saved.kind if isinstance(saved, _Object) else None


def attributes_of(saved: Any) -> dict[str, Any]:
    """Return the attributes of an object.

    Args:
        saved (any): an inert object, or a live one of an installed gensim.

    Returns:
        dict of str to any: arrays among them may be inert.
    """
    return saved.attributes if isinstance(saved, _Object) else vars(saved)


def as_array(value: Any) -> Any:
    """Return a value, made an array if it is an inert one.

    Args:
        value (any): the value of an attribute.

    Returns:
        any: a numpy array for an inert one; anything else as it is.
    """
    return value.array if isinstance(value, _Array) else value


def bytes_as(array: Any, dtype: np.dtype[Any]) -> bytes:
    """Return the bytes of an array.

    Args:
        array (any): an inert array, or anything that numpy makes one of.
        dtype (dtype): of the numbers that the bytes are.

    Returns:
        bytes: in C order.
    """
    return array.bytes_as(dtype) if isinstance(array, _Array) else np.asarray(array, dtype=dtype).tobytes()


def state_of_generator(generator: Any) -> Any:
    """Return the state of an inert generator of random numbers.

    Args:
        generator (any): the value of an attribute.

    Returns:
        any: its state as it was pickled; None for anything but an inert generator.
    """
    return generator.state if isinstance(generator, _Random) else None
