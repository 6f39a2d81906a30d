"""gensim's pickles, 0.12 to 4.4: read without gensim, and without running anything that they name.

A pickle says which functions to call. Here each of the few names that gensim's files hold stands for
something inert that remembers what it was given; any other name is refused. Before, the pickle's own
structure is checked, for a number in it can ask for gigabytes. Large arrays lie beside the file,
`model.wv.vectors.npy`, and can be mapped.

What comes out has the names of the version that wrote it: `gensim_parts` reads them.
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
_HEAD = 32  # bytes that tell a pickle from other files


def is_pickle(source: StrPath | IO[bytes]) -> bool:
    """Whether a path or seekable handle leads to a pickle, perhaps compressed, and not to a native file."""
    if not isinstance(source, str | os.PathLike):
        return hasattr(source, "seek") and _starts_as_pickle(source)
    with open(source, "rb") as file:
        return _starts_as_pickle(file)


def _starts_as_pickle(file: IO[bytes]) -> bool:
    start = file.tell()
    try:
        head = _opened(file).read(_HEAD)
    except (OSError, EOFError, lzma.LZMAError):  # magic bytes, and then something else
        return False
    finally:
        file.seek(start)
    # A native file begins with the length of its header, which could look like a pickle's first two bytes.
    is_native = head[4:9] == b"\0\0\0\0{"
    return _PICKLES.match(head) is not None and not is_native


def _opened(file: IO[bytes]) -> IO[bytes]:
    """The file, or what gives its content if it is compressed."""
    start = file.tell()
    magic = file.read(_LONGEST_MAGIC)
    file.seek(start)
    for prefix, decompressed in _COMPRESSED:
        if magic.startswith(prefix):
            content: IO[bytes] = decompressed(file)
            return content
    return file


def read(source: StrPath | IO[bytes], mmap: Mmap, describe: Callable[[Any], Described]) -> Described:
    """Return what `describe` makes of the inert object in a file, or of one in an open binary handle.

    `mmap` maps those arrays that lie beside the file. Whatever is wrong with the pickle, `describe`'s
    complaints included, is raised as `RefusedPickle`.
    """
    check_mmap(mmap)
    if not isinstance(source, str | os.PathLike):
        return _read_open(source, None, str(getattr(source, "name", "<file>")), mmap, describe)
    path = os.fspath(source)
    with open(path, "rb") as file:
        return _read_open(file, path, path, mmap, describe)


def _read_open(
    file: IO[bytes], path: str | None, name: str, mmap: Mmap, describe: Callable[[Any], Described]
) -> Described:
    opened = _opened(file)
    compressed = opened is not file
    if compressed and mmap is not None:
        raise OSError(f"{name} is compressed, so it cannot be mapped: load it with mmap=None")
    try:
        loaded = _unpickle(io.BytesIO(opened.read()) if compressed else file)
        if not isinstance(loaded, _Object):
            raise RefusedPickle("it is a pickle, but not of gensim's Word2Vec or KeyedVectors")
        _fetch_arrays(loaded, path, "npz" if compressed else "npy", mmap)
        return describe(loaded)
    except RefusedPickle as error:
        raise RefusedPickle(f"{name}: {error}") from None
    # What a pickle can bring the unpickler, and its forged values us, to raise.
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
        raise RefusedPickle(f"{name}: it is damaged, or not gensim's: {error!r}") from None


def _unpickle(file: IO[bytes]) -> Any:
    try:
        data: Any = _mmap.mmap(file.fileno(), 0, access=_mmap.ACCESS_READ)
        begin = file.tell()
    except (AttributeError, OSError, ValueError):  # no file of the system
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
_LINES = {"stringnl_noescape_pair": 2}  # arguments that are lines of text; the others are one line


def _opcodes() -> dict[int, tuple[str, int, int]]:
    """Opcode → name, bytes of its argument or of the argument's length or 0, and lines of its argument."""
    table = {}
    for opcode in pickletools.opcodes:
        width, lines = 0, 0
        if opcode.arg is not None and opcode.arg.n == pickletools.UP_TO_NEWLINE:
            lines = _LINES.get(opcode.arg.name, 1)
        elif opcode.arg is not None:
            width = _WIDTH.get(opcode.arg.n, opcode.arg.n)
        table[ord(opcode.code)] = opcode.name, width, lines
    return table


_OPCODES = _opcodes()
_COUNTED = {ord(op.code) for op in pickletools.opcodes if op.arg is not None and op.arg.n in _WIDTH}
_WATCHED = {ord(op.code) for op in pickletools.opcodes if op.name in ("STOP", "FRAME", "PUT", "LONG_BINPUT")}


def _harmless(size: int) -> re.Pattern[bytes]:
    """Matches a run of opcodes, with their arguments, that need no look at their numbers.

    That is all but very few: those with arguments of a fixed length, short strings, and LONG_BINPUT to
    places in the memo that are not far beyond the `size` of the pickle in bytes. As an example, a list of 5
    and "abc" is matched but for its last opcode, STOP, which `_check_structure` must see; a string that says
    it has 2**31 - 1 bytes is not matched:

        >>> _harmless(40).match(b"]K\\x05aX\\x03\\x00\\x00\\x00abca.")[0]
        b']K\\x05aX\\x03\\x00\\x00\\x00abca'
        >>> _harmless(40).match(b"X\\xff\\xff\\xff\\x7fabc.")
    """

    def one_of(codes: Iterable[int]) -> bytes:
        return b"[" + b"".join(re.escape(bytes([code])) for code in codes) + b"]"

    plain = [code for code, (_, _, lines) in _OPCODES.items() if not lines and code not in _WATCHED]
    runs = []
    for width in (1, 4):
        lengths = (re.escape(n.to_bytes(width, "little")) + b".{%d}" % n for n in range(_SHORT))
        codes = one_of(code for code in plain if code in _COUNTED and _OPCODES[code][1] == width)
        runs.append(codes + b"(?:" + b"|".join(lengths) + b")")
    for width in (0, 1, 2, 4, 8):
        codes = one_of(code for code in plain if code not in _COUNTED and _OPCODES[code][1] == width)
        runs.append(codes + b".{%d}" % width)
    high = size >> 16 if size < 1 << 24 else min(size >> 24, 255)
    highest = b"[\\0-" + re.escape(bytes([high])) + b"]"
    runs.append(b"r" + (b".." + highest + b"\\0" if size < 1 << 24 else b"..." + highest))
    return re.compile(b"(?:" + b"|".join(runs) + b"){1,%d}+" % _RUN, re.DOTALL)


def _check_structure(data: Any) -> None:
    """Raise `RefusedPickle` unless all that the opcodes announce fits into the pickle `data` (bytes-like).

    Python's unpickler makes room before it looks: a memo index of 4 bytes is answered with up to 64 GB.
    """
    size = len(data)
    harmless = _harmless(size)
    at = 0
    while at < size:
        if run := harmless.match(data, at):
            at = run.end()
            continue
        code = data[at]
        if code not in _OPCODES:
            raise RefusedPickle(f"byte {at} is no opcode of a pickle")
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
            raise RefusedPickle(f"its place {number} in the memo cannot be: it has {size} bytes")
        if name == "FRAME" and number > size - at:
            break
    raise RefusedPickle("it is cut short")


# --- what the names stand for ---


class _Name:
    """A name of the closed list, for what is only mentioned, such as the class of an array."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __setstate__(self, state: Any) -> None:
        raise RefusedPickle(f"it changes {self.name}")

    def __repr__(self) -> str:
        return self.name


class _Call(_Name):
    """A name that the pickle may call, with what the call gives."""

    __slots__ = ("_result",)

    def __init__(self, name: str, result: Callable[..., Any]) -> None:
        super().__init__(name)
        self._result = result

    def __call__(self, *args: Any) -> Any:
        return self._result(*args)


class _Object:
    """An object of a gensim class: its attributes. The subclasses say which class."""

    __slots__ = ("attributes",)
    attributes: dict[str, Any]
    kind: Kind

    def __new__(cls) -> _Object:
        self = object.__new__(cls)
        self.attributes = {}
        return self

    def __setstate__(self, state: Any) -> None:
        if type(state) is not dict or not all(type(name) is str for name in state):
            raise RefusedPickle(f"an object of {type(self).__name__} has the state {type(state).__name__}")
        self.attributes.update(state)


class _Word2Vec(_Object):
    kind = "Word2Vec"


class _KeyedVectors(_Object):
    kind = "KeyedVectors"


class _Record(_Object):
    """A word's `Vocab`, or a part of a model: `Word2VecVocab`, `Word2VecTrainables`."""

    kind = "record"


class _Dtype:
    """A numpy dtype to be: only numbers, and objects that are then looked at one by one."""

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
        """The array of this dtype and shape, in C or Fortran `order`, of the bytes or the list `data`."""
        if not all(type(size) is int and size >= 0 for size in shape):
            raise RefusedPickle(f"it holds an array of shape {shape}")
        if self.dtype.kind == "O":
            array = object_column(data, len(data))
        else:
            if isinstance(data, str):  # bytes, in a pickle of Python 2
                data = data.encode("latin1")
            array = np.frombuffer(data, dtype=self.dtype)
            native = self.dtype.newbyteorder("=")
            if array.dtype != native or not array.flags.writeable:
                array = array.astype(native)
        return array.reshape(shape, order=order)


class _Array:
    """A numpy array to be."""

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
        """The bytes of this array, one of many small ones, in `dtype`; without making it, if that can be."""
        data = self._data
        if (
            type(data) is bytes
            and self._dtype.dtype == dtype
            and self._shape == (len(data) / dtype.itemsize,)
        ):
            return data
        return self.array.astype(dtype).tobytes()


class _Random:
    """A generator of random numbers, or a part of one: what it would have been set to."""

    __slots__ = ("state",)
    state: Any

    def __init__(self, *_: Any) -> None:
        self.state = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


def _bytes(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise RefusedPickle(f"it holds text in {encoding!r}")
    return text.encode("latin1")


def _no_bytes() -> bytes:
    return b""


def _object(cls: Any, _base: Any, _state: Any) -> _Object:
    """What protocols 0 and 1 make objects by."""
    if not (isinstance(cls, type) and issubclass(cls, _Object)):
        raise RefusedPickle(f"it makes an object of {cls!r}")
    return cls()


def _scalar(dtype: _Dtype, data: Any) -> Any:
    return dtype.array(data, (1,), "C")[0].item()


def _names() -> dict[str, Any]:
    """Everything that a pickle may name. `numpy._core`, numpy 2's, is listed as `numpy.core`."""
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
        "UserString.defaultdict": lambda *_: {},  # what Python 3 once called it for Python 2
        **{
            f"{builtins}.{name}": result
            for builtins in ("builtins", "__builtin__")
            # In gensim's lifecycle events; and b"" in protocol 2, where bytes(10**12) must not be had.
            for name, result in (("frozenset", frozenset), ("set", set), ("bytes", _no_bytes))
        },
        "_codecs.encode": _bytes,
        "copyreg._reconstructor": _object,
        "copy_reg._reconstructor": _object,
        "numpy.dtype": _Dtype,
        "numpy.core.multiarray._reconstruct": _Array,
        "numpy.core.numeric._frombuffer": _Array.of_buffer,
        "numpy.core.multiarray.scalar": _scalar,
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


_NAMES = _names()


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        full = f"{module}.{name}"
        try:
            return _NAMES[re.sub(r"^numpy\._core\.", "numpy.core.", full)]
        except KeyError:
            raise RefusedPickle(
                f"it asks for {full}, which no file of gensim's Word2Vec or KeyedVectors needs; pickles can "
                "run code, so it is not loaded. If you trust it, load it in gensim and use from_gensim()"
            ) from None


# --- arrays that lie beside the pickle ---


def _fetch_arrays(saved: _Object, path: str | None, suffix: str, mmap: Mmap) -> None:
    """Put the arrays that `saved` says are in files of their own, `path.name.npy`, back in their places."""
    attributes = saved.attributes
    for name in map(_attribute, attributes.pop("__recursive_saveloads", ())):
        if isinstance(part := attributes.get(name), _Object):
            _fetch_arrays(part, path and f"{path}.{name}", suffix, mmap)
    for name in map(_attribute, attributes.pop("__numpys", ())):
        if path is None:
            raise RefusedPickle(
                f"the array {name!r} lies in a file beside it: give the path, not an open file"
            )
        if name != "neg_labels":  # 1, 0, 0, …: versions before 0.13.3 saved it
            read_array = _read_npz if suffix == "npz" else _read_npy
            attributes[name] = read_array(f"{path}.{name}.{suffix}", mmap)
    if scipys := attributes.pop("__scipys", ()):
        raise RefusedPickle(f"it has sparse matrices beside it: {scipys!r}")
    attributes.pop("__ignoreds", None)


def _attribute(name: Any) -> str:
    # It becomes a part of a path.
    if not isinstance(name, str) or not name.isidentifier():
        raise RefusedPickle(f"{name!r} is no attribute")
    return name


def _read_npy(path: str, mmap: Mmap) -> Array:
    # Mapped in any case, because numpy then compares the shape with the file before it makes room for it.
    mapped = np.load(path, mmap_mode=mmap or "r", allow_pickle=False)
    return np.asarray(mapped) if mmap else np.array(mapped)


def _read_npz(path: str, _: Mmap) -> Array:
    with zipfile.ZipFile(path) as archive, archive.open("val.npy") as file:
        version = np.lib.format.read_magic(file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, by_columns, dtype = read_header(file)
        due = math.prod(shape) * dtype.itemsize
        if dtype.hasobject or due > archive.getinfo("val.npy").file_size:
            raise RefusedPickle(f"{path} cannot hold an array {shape} of {dtype}")
        data = bytearray(file.read(due))
    return np.frombuffer(data, dtype=dtype).reshape(shape, order="F" if by_columns else "C")


# --- what was saved, inert or alive ---


def kind_of(saved: Any) -> Kind | None:
    """Return what an inert object stands for; None if it is none, but an object of an installed gensim."""
    return saved.kind if isinstance(saved, _Object) else None


def attributes_of(saved: Any) -> dict[str, Any]:
    """The attributes of an inert object, or of a live one, as they are: arrays may be inert too."""
    return saved.attributes if isinstance(saved, _Object) else vars(saved)


def as_array(value: Any) -> Any:
    """The numpy array that an inert one stands for; anything else as it is."""
    return value.array if isinstance(value, _Array) else value


def bytes_as(array: Any, dtype: np.dtype[Any]) -> bytes:
    """The bytes of an array, inert or not, in `dtype`."""
    return array.bytes_as(dtype) if isinstance(array, _Array) else np.asarray(array, dtype=dtype).tobytes()


def state_of_generator(generator: Any) -> Any:
    """What an inert generator of random numbers was to be set to; None for anything else."""
    return generator.state if isinstance(generator, _Random) else None
