"""gensim's own saved models, 0.12 to 4.4: read without gensim, and without running anything that they name.

Such a file is a pickle, and a pickle says which functions to call. Here each of the few names that gensim's
files hold stands for something inert that remembers what it was given; any other name is refused. Before,
the pickle's own structure is checked, for a number in it can ask for gigabytes. Large arrays lie beside the
file, `model.wv.vectors.npy`, and can be mapped.

Whatever the version, what comes out is a `Model` or `Words`, in the names of gensim 4. They also stand
between our objects and those of a gensim that is installed: `describe_live` and `build`.
"""

from __future__ import annotations

import bz2
import copy
import gzip
import inspect
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
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import IO, Any, Literal

import numpy as np
import numpy.typing as npt

from fastw2v.formats.atomic import StrPath
from fastw2v.formats.errors import RefusedPickle

Array = npt.NDArray[Any]
Mmap = Literal["r", "c"] | None
RandomState = tuple[str, Array, int, int, float]  # as numpy.random.RandomState.get_state() returns it
# Values and starts (V + 1,) of rows of different lengths: row i is values[starts[i] : starts[i + 1]].
Paths = tuple[Array, npt.NDArray[np.int64]]

_SCALARS = (bool, int, float, str, type(None))


@dataclass
class Words:
    """What a `KeyedVectors` is made of; V keys, and None for rows that have none yet.

    A column holds one value per key, or paths of different lengths. `lockf` is `vectors_lockf`.
    """

    keys: list[Any]
    vectors: Array  # (V, D)
    columns: dict[str, Array | Paths]
    lockf: Array | None = None


@dataclass
class Model:
    """What a `Word2Vec` is made of: its words, plain settings and counters, and the output matrices."""

    words: Words
    settings: dict[str, Any]
    outputs: dict[str, Array]  # "syn1", "syn1neg": (V, D)
    random: RandomState | None
    raw_vocab: dict[Any, int] = field(default_factory=dict)
    lifecycle_events: list[dict[str, Any]] | None = None


# --- files ---

_PICKLES = re.compile(rb"\x80[\x02-\x05]|ccopy_?reg\n_reconstructor\n")  # protocols 2 to 5; 0 and 1
_COMPRESSED: tuple[tuple[bytes, Callable[[IO[bytes]], Any]], ...] = (
    (b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ", lzma.LZMAFile),
)


def is_pickle(source: StrPath | IO[bytes]) -> bool:
    """Whether a path or seekable handle leads to a pickle, perhaps compressed, and not to a native file."""
    if not isinstance(source, str | os.PathLike):
        return hasattr(source, "seek") and _starts_as_pickle(source)
    with open(source, "rb") as file:
        return _starts_as_pickle(file)


def _starts_as_pickle(file: IO[bytes]) -> bool:
    start = file.tell()
    try:
        head = _opened(file).read(32)
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
    magic = file.read(6)
    file.seek(start)
    for prefix, decompressed in _COMPRESSED:
        if magic.startswith(prefix):
            content: IO[bytes] = decompressed(file)
            return content
    return file


def read(source: StrPath | IO[bytes], mmap: Mmap = None) -> Model | Words:
    """Read what gensim's `save` wrote: a path, or an open binary handle if no arrays lie beside it.

    `mmap` maps those arrays that do: "r" read-only and shared, "c" with changes kept in memory. Raises
    `RefusedPickle` (a `FormatError` and a `pickle.UnpicklingError`) for anything but gensim's Word2Vec and
    KeyedVectors, FileNotFoundError if an array beside is missing, and OSError if a compressed file is to be
    mapped.
    """
    if mmap not in (None, "r", "c"):
        raise ValueError(f"mmap must be None, 'r' or 'c', not {mmap!r}: files are replaced, never changed")
    if not isinstance(source, str | os.PathLike):
        return _read_open(source, None, str(getattr(source, "name", "<file>")), mmap)
    path = os.fspath(source)
    with open(path, "rb") as file:
        return _read_open(file, path, path, mmap)


def _read_open(file: IO[bytes], path: str | None, name: str, mmap: Mmap) -> Model | Words:
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
        pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, LookupError, ImportError,
        RecursionError, OverflowError, lzma.LZMAError, zipfile.BadZipFile,
    ) as error:  # fmt: skip
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
    places in the memo that are not far beyond the `size` of the pickle in bytes.
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
    return re.compile(b"(?:" + b"|".join(runs) + b"){1,5000}+", re.DOTALL)


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
    """An object of a gensim class: its attributes. The subclasses differ by name only."""

    __slots__ = ("attributes",)
    attributes: dict[str, Any]

    def __new__(cls) -> _Object:
        self = object.__new__(cls)
        self.attributes = {}
        return self

    def __setstate__(self, state: Any) -> None:
        if type(state) is not dict or not all(type(name) is str for name in state):
            raise RefusedPickle(f"an object of {type(self).__name__} has the state {type(state).__name__}")
        self.attributes.update(state)


class _Word2Vec(_Object):
    pass


class _KeyedVectors(_Object):
    pass


class _Record(_Object):
    """A word's `Vocab`, or a part of a model: `Word2VecVocab`, `Word2VecTrainables`."""


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
            array = _objects(data, len(data))
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


def _plain(value: Any) -> Any:
    return value.array if isinstance(value, _Array) else value


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


# --- from any version's names to gensim 4's ---

_RENAMED = {"iter": "epochs"}
_NOT_COLUMNS = ("index", "word")  # of a word's `Vocab`


def describe(saved: Any) -> Model | Words:
    """What a model or vectors of gensim are made of: inert ones, or live ones of an installed gensim."""
    if isinstance(saved, _KeyedVectors) or (not isinstance(saved, _Object) and not hasattr(saved, "wv")):
        return _words(_attributes(saved))
    if isinstance(saved, _Record):
        raise RefusedPickle("it holds a part of a model")
    own = _attributes(saved)
    flat: dict[str, Any] = {}
    for part in ("vocabulary", "trainables"):  # of 3.3 to 3.8
        if part in own:
            flat |= _attributes(own[part])
    flat |= own
    for old, new in _RENAMED.items():
        if old in flat:
            flat.setdefault(new, flat[old])
    in_wv = _attributes(flat["wv"]) if "wv" in flat else {}  # before 0.13.3 it was all one
    words = _words({**_chosen(flat, "syn0", "index2word", "vocab", "vector_size"), **in_wv})
    if words.lockf is None:
        words.lockf = _lockf(flat)
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in flat.items()}
    settings = {name: value for name, value in plain.items() if type(value) in _SCALARS}
    if not isinstance(saved, _Object):
        settings |= _chosen(flat, "hashfxn")
    return Model(
        words,
        settings=settings,
        outputs={
            name: _matrix(name, flat[name]) for name in ("syn1", "syn1neg") if flat.get(name) is not None
        },
        random=_random(flat.get("random")),
        raw_vocab=_counts(flat.get("raw_vocab")),
        lifecycle_events=_events(flat.get("lifecycle_events", [])),
    )


def describe_live(obj: Any) -> Model | Words:
    """Copies of what a model or vectors of an installed gensim, 3.8 or 4, are made of.

    TypeError for objects of other classes and for FastText and Doc2Vec, whose models are more than that.
    """
    classes = [cls for cls in type(obj).__mro__ if cls.__module__.partition(".")[0] == "gensim"]
    names = {cls.__name__ for cls in classes}
    if not names & {"Word2Vec", "KeyedVectors", "Word2VecKeyedVectors"} or names & {"FastText", "Doc2Vec"}:
        raise TypeError(
            f"a Word2Vec or KeyedVectors of gensim is needed, not {type(obj).__module__}."
            f"{type(obj).__qualname__}" + ("; give its .wv" if names & {"FastText", "Doc2Vec"} else "")
        )
    return copy.deepcopy(describe(obj))


def _own(saved: Any) -> dict[str, Any]:
    return saved.attributes if isinstance(saved, _Object) else vars(saved)


def _attributes(saved: Any) -> dict[str, Any]:
    return {name: _plain(value) for name, value in _own(saved).items()}


def _chosen(attributes: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: attributes[name] for name in names if name in attributes}


def _first(attributes: dict[str, Any], *names: str) -> Any:
    return next((attributes[name] for name in names if attributes.get(name) is not None), None)


def _words(attributes: dict[str, Any]) -> Words:
    keys = _first(attributes, "index_to_key", "index2word")
    if keys is None:
        keys = []
    if not isinstance(keys, list):
        raise RefusedPickle(f"its words are a {type(keys).__name__}")
    if odd := set(map(type, keys)) - {str, int, bytes, float, bool, tuple, type(None)} - _numpy_scalars():
        raise RefusedPickle(f"its words are of type {', '.join(kind.__name__ for kind in odd)}")
    vectors = _first(attributes, "vectors", "syn0")
    if vectors is None:
        if keys:
            raise RefusedPickle("it has words but no vectors: was it saved with ignore=['vectors']?")
        vectors = np.zeros((0, attributes.get("vector_size") or 0), dtype=np.float32)
    columns: dict[str, Array | Paths] = {}
    if attributes.get("expandos"):
        columns = {
            name: _column(name, _plain(values), len(keys)) for name, values in attributes["expandos"].items()
        }
    elif attributes.get("vocab"):
        columns = _columns_of_records(keys, attributes["vocab"])
    return Words(keys, _matrix("vectors", vectors), columns, _lockf(attributes))


def _numpy_scalars() -> set[type]:
    return {np.str_, np.int32, np.int64}


def _matrix(name: str, value: Any) -> Array:
    if not isinstance(value, np.ndarray) or value.ndim != 2 or value.dtype.kind != "f":
        raise RefusedPickle(f"{name} is not a matrix of floats")
    return np.asarray(value, order="C")


def _lockf(attributes: dict[str, Any]) -> Array | None:
    factors = _first(attributes, "vectors_lockf", "syn0_lockf")
    if factors is None:
        return None
    factors = np.array(factors, dtype=np.float32)
    if factors.ndim != 1:
        raise RefusedPickle(f"vectors_lockf has shape {factors.shape}")
    # One factor per word was what gensim 3 wrote even if nobody had set any; gensim 4 wants a word for it.
    return np.ones(1, dtype=np.float32) if (factors == 1).all() else factors


def _columns_of_records(keys: list[Any], vocab: Any) -> dict[str, Array | Paths]:
    """Columns of what gensim 3 kept in one record per word, `vocab[word]`."""
    records = [_own(vocab[key]) for key in keys]
    if len(vocab) != len(keys) or any(record.get("index") != i for i, record in enumerate(records)):
        raise RefusedPickle("its words and their records disagree")
    names = dict.fromkeys(chain.from_iterable(records))
    return {
        name: _column(name, [record[name] for record in records], len(keys))
        for name in names
        if name not in _NOT_COLUMNS and all(name in record for record in records)
    }


def _column(name: str, values: Any, size: int) -> Array | Paths:
    missing = size - len(values)  # gensim 4 forgets words that were added to those of a file
    if missing < 0:
        raise RefusedPickle(f"attribute {name!r} has {len(values)} values for {size} words")
    if name in ("code", "point"):
        return _paths(
            chain(values, [()] * missing), size, np.dtype(np.uint8 if name == "code" else np.uint32)
        )
    if missing:
        values = np.concatenate([values, np.zeros(missing, dtype=np.asarray(values).dtype)])
    if name == "sample_int":  # once 2**32 stood for "never dropped"
        return np.minimum(np.asarray(values, dtype=np.int64), 2**32 - 1).astype(np.uint32)
    if isinstance(values, np.ndarray) and values.dtype != object:
        return values.copy()
    if name == "count" or set(map(type, values)) <= {int}:
        return np.asarray(values, dtype=np.int64)
    if set(map(type, values)) <= {float}:
        return np.asarray(values, dtype=np.float64)
    return _objects(map(_plain, values), size)


def _paths(paths: Iterable[Any], size: int, dtype: np.dtype[Any]) -> Paths:
    parts = [
        path.bytes_as(dtype) if isinstance(path, _Array) else np.asarray(path, dtype=dtype).tobytes()
        for path in paths
    ]
    starts = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, parts), dtype=np.int64, count=size) // dtype.itemsize, out=starts[1:])
    return np.frombuffer(b"".join(parts), dtype=dtype).copy(), starts


def _objects(values: Iterable[Any], size: int) -> Array:
    column = np.empty(size, dtype=object)
    for place, value in enumerate(values):  # not column[:] = values, which would take lists for rows
        column[place] = value
    return column


def _random(generator: Any) -> RandomState | None:
    """The state of the Mersenne twister that all versions draw from; None if it is something else."""
    if isinstance(generator, np.random.RandomState):
        return state_of(generator)
    state = generator.state if isinstance(generator, _Random) else None
    if isinstance(state, dict) and state.get("bit_generator") == "MT19937":
        inner = state["state"]
        state = "MT19937", inner["key"], inner["pos"], state["has_gauss"], state["gauss"]
    if not isinstance(state, tuple) or len(state) != 5 or state[0] != "MT19937":
        return None
    keys = np.asarray(_plain(state[1]), dtype=np.uint32)
    return "MT19937", keys, int(state[2]), int(state[3]), float(state[4])


def state_of(generator: np.random.RandomState) -> RandomState:
    """The generator's state, a tuple."""
    state: Any = generator.get_state(legacy=True)
    return state  # type: ignore[no-any-return]


def _counts(raw_vocab: Any) -> dict[Any, int]:
    if not isinstance(raw_vocab, dict):
        return {}
    return {word: int(count) for word, count in raw_vocab.items()}


def _events(events: Any) -> list[dict[str, Any]] | None:
    if not isinstance(events, list):
        return None
    return [
        {str(name): value for name, value in event.items() if type(value) in _SCALARS}
        for event in events
        if isinstance(event, dict)
    ]


# --- to an installed gensim ---


def build(parts: Model | Words) -> Any:
    """The real gensim object, of gensim 4, that is made of these parts; it takes the arrays as they are.

    Raises ImportError if no gensim is installed.
    """
    try:
        from gensim.models import KeyedVectors, Word2Vec
    except ImportError as error:
        raise ImportError(f"this makes an object of gensim, which cannot be imported: {error}") from error
    words = parts.words if isinstance(parts, Model) else parts
    wv = KeyedVectors(words.vectors.shape[1], dtype=words.vectors.dtype)
    wv.vectors = words.vectors
    wv.index_to_key = words.keys
    wv.key_to_index = {key: row for row, key in enumerate(words.keys) if key is not None}
    wv.next_index = len(wv.key_to_index)
    for name, column in words.columns.items():
        if not isinstance(column, np.ndarray):
            values, starts = column
            rows = (values[begin:end] for begin, end in pairwise(starts.tolist()))
            column = _objects(rows, len(words.keys))
        wv.expandos[name] = column
    if words.lockf is not None:
        wv.vectors_lockf = words.lockf
    if isinstance(parts, Words):
        return wv
    parameters = inspect.signature(Word2Vec.__init__).parameters
    model = Word2Vec(**{name: value for name, value in parts.settings.items() if name in parameters})
    for name, value in chain(parts.settings.items(), parts.outputs.items()):
        setattr(model, name, value)
    model.wv = wv
    if parts.random is not None:
        model.random.set_state(parts.random)
    model.raw_vocab, model.lifecycle_events = parts.raw_vocab, parts.lifecycle_events
    if model.negative and "count" in wv.expandos:
        model.make_cum_table()
    return model
