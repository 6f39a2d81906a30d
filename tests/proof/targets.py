"""What reads files of strangers: for each loader and reader, valid files to begin with, and what to call.

`Target.check(data)` lets through the errors that are documented, and raises TooMuch if reading takes more
memory than the input explains.
"""

from __future__ import annotations

import atexit
import bz2
import contextlib
import copy
import functools
import gzip
import io
import json
import lzma
import pickle
import random
import re
import resource
import struct
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

sys.path.append(str(Path(__file__).parent.parent))

import numpy as np  # noqa: E402
from factories import KINDS, few_vectors, small, trained, trained_vectors  # noqa: E402

from fastw2v import KeyedVectors, LineSentence, Text8Corpus, Word2Vec, evaluation  # noqa: E402
from fastw2v.cli import contents, documents  # noqa: E402
from fastw2v.desm import DESM, DESMIndex  # noqa: E402
from fastw2v.formats import _decimals, gensim_pickle, inflate, native  # noqa: E402
from fastw2v.formats.errors import FastW2VError  # noqa: E402
from fastw2v.text import _encoder  # noqa: E402

MEGABYTE = 1 << 20
ALLOWED = 64 * MEGABYTE  # that reading a small file may take, and four times its size


class TooMuch(Exception):
    """Reading took more memory than the file explains."""


def where(error: BaseException) -> str:
    """The kind of an error and the last line of the package that it came through: one fault, one text."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "fastw2v" in frame.filename and "proof" not in frame.filename]
    place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "the target"
    return f"{type(error).__name__} from {place}"


class Target(NamedTuple):
    """A reader."""

    seeds: Callable[[], list[bytes]]
    read: Callable[[bytes], object]
    errors: tuple[type[Exception], ...] = (FastW2VError,)
    sealed: bool = False  # a native file, whose header has a checksum

    def check(self, data: bytes) -> None:
        """Read; raise any error but the documented ones, and TooMuch."""
        before, peak = _resident(), _peak()
        with contextlib.suppress(*self.errors):
            self.read(data)
        after = _peak()
        if after > peak and after - before > ALLOWED + 4 * len(data):
            raise TooMuch(f"{(after - before) / MEGABYTE:.0f} MB for {len(data):,} bytes")


def _resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


# --- valid files ---


def _saved(thing: Any, *args: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    thing(file, *args, **options)
    return file.getvalue()


@functools.cache
def _model() -> Word2Vec:
    return trained()


def _models() -> list[bytes]:
    made = [trained(**settings) for settings in KINDS.values() if not settings.get("baskets")]
    made += [Word2Vec(vector_size=2, min_count=1), small([["one"]], vector_size=1)]
    return [_saved(model.save) for model in made]


def _vectors(count: int = 3, size: int = 2) -> KeyedVectors:
    kv = KeyedVectors(size)
    if count:
        rows = np.arange(count * size, dtype=np.float32).reshape(count, size) - 1.5
        kv.add_vectors([f"k{i}" for i in range(count)], rows)
    return kv


def _native_vectors() -> list[bytes]:
    odd = KeyedVectors(1)
    odd.add_vectors([1, "ü", (2, "b")], np.ones((3, 1), dtype=np.float32))
    return [_saved(kv.save) for kv in (_vectors(0), _vectors(1, 1), _vectors(), trained_vectors(), odd)]


def _indices() -> list[bytes]:
    texts = [["graph", "trees"], ["human"], [], ["nowhere"]]
    made = []
    for options in ({}, {"precision": "int8"}, {"precision": "float16"}, {"bm25": True}):
        index = DESM(_model()).index(texts, ["a", "b", "c", "d"], progress=False, **options)
        made.append(_saved(index.save))
    return made


def _texts(**options: Any) -> list[bytes]:
    many = [_vectors(1, 1), _vectors(), few_vectors(), trained_vectors()]
    return [_saved(kv.save_word2vec_format, **options) for kv in many]


GLOVE = [b"the 0.25 -1e-3\ncat 1 2\n", b"\xef\xbb\xbfa 1.5\nb 2\n", b"a\t1\t2\nb\t3\t4\n", b"x y 1\nb 3\n"]


def _pickles() -> list[bytes]:
    from test_hostile_files import model, saved

    made = [saved(), model(), saved(x=pickle.dumps({"a": (1, 2.5, None), "b": {3}}, 3)[2:-1])]
    try:
        from gensim.models import Word2Vec as Theirs
    except ImportError:
        return made
    theirs = Theirs([["a", "b", "c"]] * 9, vector_size=2, min_count=1, workers=1, hs=1)
    return [*made, *(pickle.dumps(thing, protocol) for thing in (theirs, theirs.wv) for protocol in (2, 4))]


def _plain_pickles() -> list[bytes]:
    values = [[1, -(2**70), 2.5, "é", b"b", None, True], {"a": {1, 2}, (1, 2): [frozenset("ab")]}]
    return [pickle.dumps(value, protocol) for value in values for protocol in range(6)]


SENTENCES = [b"the cat says meow\na cow\n", "zwei Wörter\u2028drei\x85vier\r\n\n".encode(), b"\xef\xbb\xbfa"]
JSON_LINES = [
    b'{"id": "a", "text": "the cat"}\n{"id": 2, "text": "cow", "title": "A"}\n',
    b'{"_id": "x", "text": "\\ud83d\\ude00", "metadata": {"y": [1, {"z": null}]}}\n',
]
QRELS = [b"q1 0 d1 1\nq1 0 d2 0\n", b"query-id\tcorpus-id\tscore\nq 1\td 1\t2.0\n", b"# x\nq d -1\n"]
QUESTIONS = [b": capitals\nw0 w1 w2 w3\nw1 w2 w3 w4\n: empty\n", b": a\nW0 W1 W2 nowhere\n"]
PAIRS = [b"# a\nw0\tw1\t0.5\nw1\tw2\t-1e2\nw3\tw4\t3\n", b"W0\tw1\t2\nw1\tnowhere\t1\nw2\tw1\t0\n"]


def _compressed(raw: list[bytes]) -> list[bytes]:
    return [pack(data) for data in raw for pack in (gzip.compress, bz2.compress, lzma.compress)]


def _archives() -> list[bytes]:
    made = []
    for array in (np.arange(6, dtype=np.float32).reshape(2, 3), np.zeros(0), np.array(["a"])):
        made.append(_saved(np.savez_compressed, val=array))
    return [*made, _saved(np.savez, val=np.ones(3))]


# --- calls ---


def _use(kv: KeyedVectors) -> None:
    """Ask what was loaded, so that compiled code follows its indices."""
    if len(kv) and kv.index_to_key[0] in kv:
        with np.errstate(all="ignore"):
            kv.most_similar(kv.index_to_key[0], topn=3)
            for name in kv.expandos:
                kv.get_vecattr(kv.index_to_key[-1], name)


def _read_model(data: bytes) -> None:
    model = Word2Vec.load(io.BytesIO(data))
    with np.errstate(all="ignore"):
        _use(model.wv)
        words = [word for word in model.wv.index_to_key[:5] if isinstance(word, str)]
        with contextlib.suppress(ValueError, RuntimeError, FloatingPointError):  # what training does not take
            model.train([words] * 2, total_examples=2, epochs=1)
        model.save(io.BytesIO())


def _read_index(data: bytes) -> None:
    index = DESMIndex.load(io.BytesIO(data))
    with np.errstate(all="ignore"):
        index.search("graph human", 3)


def _read_words(**options: Any) -> Callable[[bytes], object]:
    return lambda data: _use(KeyedVectors.load_word2vec_format(io.BytesIO(data), **options))


def _read_pickle(data: bytes) -> None:
    _use(KeyedVectors.load(io.BytesIO(data)))


def _unpickle(data: bytes) -> None:
    with contextlib.suppress(gensim_pickle.NotPlain):
        gensim_pickle.plain(*gensim_pickle._unpickle(io.BytesIO(data), None))


def _parse_decimals(data: bytes) -> None:
    block = data + b"\n"
    for columns, separator, narrow in ((1, 32, True), (3, 9, False), (2, 44, True)):
        _decimals.parse_rows(block, 0, np.empty((4, columns)), narrow, separator)
    _decimals.split_rows(data, 0, np.empty((4, 8), dtype=np.uint8), 20)
    numbers = np.frombuffer(data[: len(data) // 4 * 4], dtype="<f4").reshape(-1, 1)
    if len(numbers) and np.isfinite(numbers).all():
        printed = _decimals.print_rows([b"w"] * len(numbers), numbers)
        values = np.empty((len(numbers), 1))
        _decimals.parse_rows(printed, 0, values, True, 32)
        assert (values.astype(np.float32) == numbers).all(), "what was printed reads back to another number"


def _encode(data: bytes) -> None:
    for cut in {len(data), data.find(b"\n") + 1}:  # blocks are of whole lines
        table = _encoder.WordTable()
        for offset, block in ((0, data[:cut]), (cut, data[cut:])):
            ids, lines = table.encode(block, offset)
            words = table.words_of(ids)
            assert words == block.decode().split() and lines.sum() == len(words)
            table.rows_in(dict.fromkeys(words, 0))
    sentences = [line.split() for line in data.decode().splitlines()]
    counter = _encoder.SentenceCounter(sentences)
    counter.read(1 << 30, 1 << 30)
    assert counter.total_words == sum(map(len, sentences)) and len(counter.take()) == counter.total_words


@functools.cache
def _room() -> Path:
    """A folder in memory, for readers of paths."""
    holder = tempfile.TemporaryDirectory(prefix="fastw2v-proof-", dir="/dev/shm")
    atexit.register(holder.cleanup)
    return Path(holder.name)


def _of_path(read: Callable[[str], object], name: str = "input") -> Callable[[bytes], object]:
    """A reader of paths as one of bytes."""

    def of_bytes(data: bytes) -> object:
        path = _room() / name
        path.write_bytes(data)
        return read(str(path))

    return of_bytes


@functools.cache
def _asked() -> KeyedVectors:
    return few_vectors()


def _read_sentences(path: str) -> None:
    list(LineSentence(path, max_sentence_length=3))
    list(Text8Corpus(path))


def _inflate(data: bytes) -> None:
    file = io.BytesIO(data)
    if kind := inflate.compression_of(file):
        inflate.read_head(file, kind, 32)
        inflate.inflate(file, kind)


# Of the unpickler itself: `gensim_pickle.read` says of each that the pickle is damaged.
UNPICKLING = (pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, ArithmeticError)

TARGETS = {
    # A file of vectors is no model: AttributeError, as gensim raises.
    "model": Target(_models, _read_model, (FastW2VError, AttributeError), sealed=True),
    "vectors": Target(_native_vectors, lambda data: _use(KeyedVectors.load(io.BytesIO(data))), sealed=True),
    "index": Target(_indices, _read_index, sealed=True),
    "text": Target(_texts, _read_words()),
    "text without header": Target(lambda: GLOVE, _read_words(no_header=True)),
    "binary": Target(lambda: _texts(binary=True), _read_words(binary=True)),
    "compressed vectors": Target(lambda: _compressed(_texts()[:2]), _read_words()),
    "pickle": Target(_pickles, _read_pickle, (FastW2VError, AttributeError)),
    "unpickler": Target(_plain_pickles, _unpickle, UNPICKLING),
    "decimals": Target(lambda: GLOVE + _texts(binary=True), _parse_decimals),
    "encoder": Target(lambda: SENTENCES, _encode, (UnicodeDecodeError,)),
    "sentences": Target(lambda: SENTENCES, _of_path(_read_sentences), (ValueError,)),
    "compressed sentences": Target(
        lambda: [gzip.compress(data) for data in SENTENCES],
        _of_path(_read_sentences, "input.gz"),
        (ValueError, EOFError, OSError),
    ),
    "json lines": Target(
        lambda: JSON_LINES,
        _of_path(lambda path: list(documents._read_texts(path, "document"))),
        (ValueError,),
    ),
    "qrels": Target(lambda: QRELS, _of_path(evaluation.read_judgements), (ValueError,)),
    "questions": Target(
        lambda: QUESTIONS, _of_path(lambda path: _asked().evaluate_word_analogies(path)), (ValueError,)
    ),
    "pairs": Target(
        lambda: PAIRS + _compressed(PAIRS),
        _of_path(lambda path: _asked().evaluate_word_pairs(path)),
        (ValueError,),
    ),
    "inflate": Target(lambda: _compressed(SENTENCES + [bytes(5000)]), _inflate),
    "npz": Target(_archives, _of_path(inflate.read_npz)),
    "kind of file": Target(lambda: [*_texts(), *_pickles()[:2], *_models()[:1]], _of_path(contents.kind_of)),
}


# --- mutations ---

ODD = [b"0", b"-1", b"1", b"2147483648", b"9223372036854775807", b"1" * 30, b"nan", b"1e999", b"\0", b"\xff"]
ODD_VALUES: list[Any] = [0, -1, 1, 2**31, 2**63, 1.5, -0.0, 1e308, "", "x", None, True, [], {}, [0], ["a"]]


def mutated(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """One to four changes of bytes."""
    for _ in range(rng.randint(1, 4)):
        place, length = rng.randrange(len(data) + 1), rng.randint(1, 16)
        other = rng.choice(others)
        start = rng.randrange(len(other) + 1)
        kind = rng.randrange(7)
        if kind == 0 and place < len(data):
            data = data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]
        elif kind == 1:
            data = data[:place] + data[place + length :]
        elif kind == 2:
            data = data[:place] + rng.choice(ODD) + data[place:]
        elif kind == 3:
            data = data[:place] + data[place : place + length] * rng.randint(2, 5) + data[place:]
        elif kind == 4:
            data = data[:place] + other[start : start + 4 * length] + data[place:]
        elif kind == 5:
            data = re.sub(rb"-?\d+", lambda _: rng.choice(ODD), data, count=rng.randint(1, 3))
        else:
            data = data[:place] + rng.randbytes(length) + data[place + length :]
    return data


def header_of(data: bytes) -> tuple[dict[str, Any], bytes] | None:
    """The header of a native file and what follows; None if there is none."""
    try:
        end = 8 + struct.unpack("<Q", data[:8])[0]
        header = json.loads(data[8:end])
        return (header, data[end:]) if isinstance(header["__metadata__"], dict) else None
    except (ValueError, KeyError, TypeError, struct.error, RecursionError, OverflowError):
        return None


def with_header(header: dict[str, Any], rest: bytes) -> bytes:
    """A native file with this header, whose checksum is right: as one would forge it."""
    metadata = {key: value for key, value in header["__metadata__"].items() if key != "header_sha256"}
    entries = {key: value for key, value in header.items() if key != "__metadata__"}
    with contextlib.suppress(KeyError, TypeError):
        metadata["header_sha256"] = native._header_digest(metadata, entries)
    raw = json.dumps({"__metadata__": metadata, **entries}).encode("utf-8", "surrogatepass")
    return struct.pack("<Q", len(raw)) + raw + rest


def forged(data: bytes, rng: random.Random) -> bytes:
    """A native file with odd values in its settings, sizes or arrays, but right checksums of its header."""
    found = header_of(data)
    if found is None:
        return data
    header, rest = found
    for _ in range(rng.randint(1, 3)):
        kind = rng.randrange(3)
        if kind == 0 and rest:
            place = rng.randrange(len(rest))
            odd = rng.choice([b"\xff\xff\xff\xff", b"\x7f", b"\0" * 8, b"\x80"])
            rest = (rest[:place] + odd + rest[place + len(odd) :])[: len(rest)]
        elif kind == 1 and len(header) > 1:
            entry = header[rng.choice([key for key in header if key != "__metadata__"])]
            change_value(entry, rng)
        else:
            metadata = header["__metadata__"]
            name = rng.choice([key for key in metadata if key != "sha256"])
            metadata[name] = forged_text(metadata[name], rng)
    return with_header(header, rest)


def forged_text(text: Any, rng: random.Random) -> str:
    """The JSON of settings with one odd value; another text where it is no JSON."""
    try:
        value = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return str(rng.choice(ODD_VALUES))
    holder = [value]
    change_value(holder, rng)
    return json.dumps(holder[0])


def change_value(holder: Any, rng: random.Random) -> None:
    """Replace one value, somewhere in a dict or list."""
    keys = list(holder) if isinstance(holder, dict) else range(len(holder))
    if not keys:
        return
    key = rng.choice(keys)
    if isinstance(holder[key], dict | list) and holder[key] and rng.random() < 0.8:
        change_value(holder[key], rng)
    elif isinstance(holder, dict) and rng.random() < 0.1:
        del holder[key]
    else:
        holder[key] = copy.deepcopy(rng.choice(ODD_VALUES))


def changed(target: Target, seeds: list[bytes], rng: random.Random) -> bytes:
    """An input for a target."""
    data = rng.choice(seeds)
    return forged(data, rng) if target.sealed and rng.random() < 0.7 else mutated(data, seeds, rng)
