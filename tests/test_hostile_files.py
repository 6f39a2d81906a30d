"""Pickles and compressed files that are made to crash a program, to keep it busy, or to take all its memory.

Each is loaded in a child that may take little memory and time; what is refused is refused in few words,
whatever it holds, and what is loaded can be used.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import json
import lzma
import pickle
import struct
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from children import run_python
from factories import chained_keys
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v import KeyedVectors, Word2Vec
from fastw2v.formats import gensim_pickle, inflate
from fastw2v.formats._unpickler import Budget, Unpickler
from fastw2v.formats.errors import FormatError, RefusedPickle
from fastw2v.warn import FastW2VWarning

# --- pieces of pickles; each pushes one value ---

TENS = 10_000
MERSENNE = 2**61 - 1  # ints that are the same modulo this have the same hash


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def whole(number: int) -> bytes:
    data = number.to_bytes(number.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def array(data: bytes, shape: bytes, dtype: str = "f4") -> bytes:
    """An array: `data` and `shape` are opcodes."""
    return (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\x01b\x87R(K\x01" + shape
        + b"cnumpy\ndtype\n" + text(dtype) + b"K\0K\x01\x87R\x89" + data + b"tb"
    )  # fmt: skip


VECTORS = array(b"C\x08" + struct.pack("<2f", 1, 2), b"K\x01K\x02\x86")


def saved(cls: str = "keyedvectors\nKeyedVectors", **attributes: bytes) -> bytes:
    """A file of vectors of one word, or of a model, with more attributes."""
    words = {"index_to_key": b"](" + text("a") + b"e", "vectors": VECTORS}
    state = words | attributes if "Keyed" in cls else attributes
    pairs = b"".join(text(name) + value + b"s" for name, value in state.items())
    return b"\x80\x03cgensim.models." + cls.encode() + b"\n)\x81}" + pairs + b"b."


def model(**attributes: bytes) -> bytes:
    return saved("word2vec\nWord2Vec", wv=saved()[2:-1], **attributes)


def twice(kind: bytes, levels: int = 60) -> bytes:
    """A container that holds one twice that holds one twice, and so on: 2**levels members."""
    once = b"".join(b"q%c0(h%ch%c" % (level, level, level) + kind for level in range(levels))
    return b"](K\x01e" + once


def call(name: str, *arguments: bytes) -> bytes:
    module, _, function = name.rpartition(".")
    return b"c" + module.encode() + b"\n" + function.encode() + b"\n(" + b"".join(arguments) + b"tR"


def again(times: int, first: bytes, each: bytes) -> bytes:
    """A list of what `each` makes of the value `first`, which the memo holds at 200."""
    return first + b"q\xc80](" + each * times + b"e"


def column(values: bytes, name: str = "x") -> bytes:
    return b"}" + text(name) + values + b"s"


SHARED_LIST = twice(b"le"[:1])  # LIST
SHARED_TUPLE = twice(b"t")
DEEP_TUPLE = b")" + b"\x85" * 300_000
DEEP_LIST = b"]" * 300_000 + b"a" * 299_999
DEEP_DICT = b"}" + b"K\x01}" * 100_000 + b"s" * 100_000
COLLIDING = b"".join(whole(MERSENNE * n) for n in range(1, 10_000))
COLLIDING_PAIRS = b"".join(whole(MERSENNE * n) + b"N" for n in range(1, 10_000))
ITSELF = b"]q\xc8h\xc8a"  # a list that holds itself
LONG = text("x" * 1_000_000)
EVENT = b"}" + b"".join(text(f"k{n}") + b"Ns" for n in range(1000))

HOSTILE: dict[str, bytes] = {
    # Depth: hashing, comparing, printing and freeing recurse in C.
    "deep tuple as a key": saved(x=b"}" + DEEP_TUPLE + b"K\x01s"),
    "deep tuple as a key of many": saved(x=b"}(" + DEEP_TUPLE + b"K\x01u"),
    "deep tuple as a key of an old dict": saved(x=b"(" + DEEP_TUPLE + b"K\x01d"),
    "deep tuple in a frozenset": saved(x=call("builtins.frozenset", b"](" + DEEP_TUPLE + b"e")),
    "deep tuple in a newer frozenset": saved(x=b"(" + DEEP_TUPLE + b"\x91"),
    "deep tuple in a set": saved(x=b"\x8f(" + DEEP_TUPLE + b"\x90"),
    "deep tuple in an old set": saved(x=call("__builtin__.set", b"](" + DEEP_TUPLE + b"e")),
    "deep tuple as a word": saved(index_to_key=b"](" + DEEP_TUPLE + b"e"),
    "deep tuple as a counted word": model(raw_vocab=b"}" + DEEP_TUPLE + b"K\x01s"),
    "deep tuple in a dict of pairs": saved(x=call("collections.OrderedDict", b"](](" + DEEP_TUPLE + b"Nee")),
    "deep tuple as the words": saved(index_to_key=DEEP_TUPLE),
    "deep frozenset": saved(x=b"(" * 100_000 + b"\x91" * 100_000),
    "deep tuple as a state": b"\x80\x03cgensim.models.word2vec\nWord2Vec\n)\x81" + DEEP_TUPLE + b"b.",
    "deep tuple as a shape": saved(vectors=array(b"C\x04aaaa", DEEP_TUPLE)),
    "deep tuple as a dtype": saved(x=call("numpy.dtype", DEEP_TUPLE, b"K\0K\x01")),
    "deep tuple as an argument": saved(x=call("datetime.date", DEEP_TUPLE)),
    "deep tuple in a column": saved(expandos=column(b"](" + DEEP_TUPLE + b"e")),
    "deep lists as an attribute": saved(x=DEEP_LIST),
    "deep dicts as an attribute": saved(x=DEEP_DICT),
    "deep tuple as an attribute": saved(x=DEEP_TUPLE),
    "deep tuple as a comment": model(comment=DEEP_TUPLE),
    "deep lists that are no model": b"\x80\x03" + DEEP_LIST + b".",
    "objects in objects": saved(x=b"cgensim.models.word2vec\nVocab\nq\xc8" + b")\x81}" + text("x")
                                + (b"h\xc8)\x81}" + text("x")) * 50_000 + b"N" + b"sb" * 50_001),
    "models in models": saved(
        "word2vec\nWord2Vec", wv=b"cgensim.models.word2vec\nVocab\nq\xc8)\x81}" + text("wv")
        + (b"h\xc8)\x81}" + text("__recursive_saveloads") + b"](" + text("wv") + b"es" + text("wv")) * 5000
        + b"N" + b"sb" * 5001, __recursive_saveloads=b"](" + text("wv") + b"e"),
    "marks": b"\x80\x03" + b"(" * 300_000,
    # Sharing: a few hundred bytes unfold to 2**60 members.
    "shared tuple as a key": saved(x=b"}" + SHARED_TUPLE + b"K\x01s"),
    "shared tuple in a frozenset": saved(x=b"(" + SHARED_TUPLE + b"\x91"),
    "shared tuple as a word": saved(index_to_key=b"](" + SHARED_TUPLE + b"e"),
    "shallow shared tuple as a key": saved(x=b"})q\0" + b"".join(
        b"0(" + b"h%c" % level * 100 + b"tq%c" % (level + 1) for level in range(15)) + b"K\x01s"),
    "shared lists as an attribute": saved(x=SHARED_LIST),
    "shared lists as a model's attribute": model(x=SHARED_LIST),
    "shared lists as a comment": model(comment=SHARED_LIST),
    "shared lists as an event": model(lifecycle_events=SHARED_LIST),
    "shared lists as a column": saved(expandos=column(SHARED_LIST)),
    "shared lists in a column": saved(expandos=column(b"](" + SHARED_LIST + b"e")),
    "shared lists as counts": saved(expandos=column(SHARED_LIST, "count")),
    "shared lists as thresholds": saved(expandos=column(SHARED_LIST, "sample_int")),
    "shared lists as codes": saved(expandos=column(b"](" + SHARED_LIST + b"e", "code")),
    "shared lists as points": saved(expandos=column(SHARED_LIST, "point")),
    "shared lists as factors": saved(vectors_lockf=SHARED_LIST),
    "shared lists as vectors": saved(vectors=SHARED_LIST),
    "shared lists as words": saved(index_to_key=SHARED_LIST),
    "shared lists as an array of objects": saved(x=array(SHARED_LIST, b"K\x02\x85", "O8")),
    "shared lists as a dtype": saved(x=call("numpy.dtype", SHARED_LIST, b"K\0K\x01")),
    "shared lists as a shape": saved(vectors=array(b"C\x04aaaa", SHARED_LIST)),
    "shared lists as a size": saved(vectors=array(b"C\x04aaaa", SHARED_LIST + b"\x85")),
    "shared lists as an encoding": saved(x=call("_codecs.encode", text("x"), SHARED_LIST)),
    "shared lists as a name": saved(__numpys=b"](" + SHARED_LIST + b"e"),
    "shared lists as names": saved(__numpys=SHARED_LIST),
    "shared lists as sparse matrices": saved(__scipys=b"](" + SHARED_LIST + b"e"),
    "shared lists as parts": saved(__recursive_saveloads=b"](" + SHARED_LIST + b"e"),
    "shared lists as a class": saved(x=call("copyreg._reconstructor", SHARED_LIST, b"NN")),
    "shared lists as columns": saved(expandos=SHARED_LIST),
    "shared lists as records": saved(vocab=SHARED_LIST, expandos=b"}"),
    "shared lists as a record": saved(vocab=column(SHARED_LIST, "a")),
    "shared lists as an index": saved(vocab=column(
        b"cgensim.models.word2vec\nVocab\n)\x81}" + text("index") + SHARED_LIST + b"sb", "a")),
    "shared lists as rows": saved(key_to_index=column(SHARED_LIST, "a")),
    "shared lists as a vector_size": saved(index_to_key=b"]", vectors=b"N", vector_size=SHARED_LIST),
    "shared lists as settings": model(window=SHARED_LIST, sg=SHARED_LIST, workers=SHARED_LIST),
    "shared lists as counted words": model(raw_vocab=column(SHARED_LIST)),
    "shared lists as the outputs": model(syn1neg=SHARED_LIST),
    "shared lists as a generator": model(random=call("numpy.random.__RandomState_ctor") + b"("
                                         + text("MT19937") + SHARED_LIST + b"K\0K\0K\0tb"),
    "shared lists as a part of a generator": model(random=call("numpy.random.__RandomState_ctor") + b"("
                                                   + text("MT19937") + b"]" + SHARED_LIST + b"K\0K\0tb"),
    "shared lists as the vectors of a model": saved("word2vec\nWord2Vec", wv=SHARED_LIST),
    "shared dicts": saved(x=b"}" + b"".join(
        b"q%c0}" % level + text("a") + b"h%cs" % level + text("b") + b"h%cs" % level for level in range(60))),
    # Keys that collide: a dict of n takes n**2 steps.
    "colliding keys": saved(x=b"}(" + COLLIDING_PAIRS + b"u"),
    "colliding keys, one by one": saved(x=b"}" + b"".join(
        whole(MERSENNE * n) + b"Ns" for n in range(1, 10_000))),
    "colliding keys of an old dict": saved(x=b"(" + COLLIDING_PAIRS + b"d"),
    "colliding keys in tuples": saved(x=b"}(" + b"".join(
        whole(MERSENNE * n) + b"\x85N" for n in range(1, 10_000)) + b"u"),
    "colliding members of a set": saved(x=b"\x8f(" + COLLIDING + b"\x90"),
    "colliding members of an old set": saved(x=call("builtins.set", b"](" + COLLIDING + b"e")),
    "colliding members of a frozenset": saved(x=b"(" + COLLIDING + b"\x91"),
    "colliding pairs": saved(x=call("collections.OrderedDict", b"](" + b"".join(
        b"](" + whole(MERSENNE * n) + b"Ne" for n in range(1, 10_000)) + b"e")),
    "colliding words": saved(index_to_key=b"](" + COLLIDING + b"e"),
    "colliding counted words": model(raw_vocab=b"}(" + COLLIDING_PAIRS + b"u"),
    # Work that one opcode repeats on what was written once.
    "one long text encoded often": saved(x=again(
        20_000, LONG, b"c_codecs\nencode\nh\xc8" + text("latin1") + b"\x86R")),
    "one long list made a set often": saved(x=again(
        TENS, b"](" + b"".join(whole(n) for n in range(100_000)) + b"e", b"cbuiltins\nset\nh\xc8\x85R")),
    "one long text as a key often": saved(
        x=LONG + b"q\xc80" + LONG + b"q\xc90}h\xc8Ns" + b"h\xc9Ns" * 100_000),
    "one set in a set often": saved(x=b"(" + b"".join(whole(n) for n in range(100_000))
                                    + b"\x91q\xc80](" + b"(h\xc8\x91" * 10_000 + b"e"),
    "one long text as an array often": saved(**{f"x{n}": (
        array(LONG + b"q\xc8", whole(1_000_000) + b"\x85", "u1") if n == 0
        else array(b"h\xc8", whole(1_000_000) + b"\x85", "u1")) for n in range(300)}),
    "one long column often": saved(
        x=array(LONG, whole(1_000_000) + b"\x85", "u1") + b"q\xc8",
        expandos=b"}" + b"".join(text(f"c{n}") + b"h\xc8s" for n in range(TENS))),
    "one long event often": model(lifecycle_events=again(100_000, EVENT, b"h\xc8")),
    "one long code often": saved(
        index_to_key=b"](" + b"".join(whole(n) for n in range(TENS)) + b"e",
        expandos=column(again(TENS, array(LONG, whole(1_000_000) + b"\x85", "u1"), b"h\xc8"), "code")),
    "one long list as an attribute often": saved(x=again(
        100_000, b"](" + b"N" * 100_000 + b"e", b"h\xc8")),
    "one long text as an attribute often": saved(x=again(100_000, LONG, b"h\xc8")),
    "one long list as arguments often": saved(x=again(
        20_000, b"(" + b"N" * 100_000 + b"t", b"ccollections\ndefaultdict\nh\xc8R")),
    "one long tuple as a state often": saved(x=again(
        20_000, b"(" + b"N" * 100_000 + b"t", b"cnumpy\ndtype\n" + text("f4") + b"\x85Rh\xc8b")),
    "many empty sets": saved(x=b"](" + b"\x8f" * 500_000 + b"e"),
    "many frozensets": saved(x=b"](" + b"(N\x91" * 200_000 + b"e"),
    # Sizes that the file does not have.
    "memo": b"\x80\x02Nr\xff\xff\xff\x7f.",
    "memo in text": b"\x80\x02Np2147483647\n.",
    "memo of many digits": b"\x80\x02Np" + b"9" * 100_000 + b"\n.",
    "recall": b"\x80\x02j\xff\xff\xff\x7f.",
    "recall below 0": b"\x80\x02g-1\n.",
    "frame": b"\x80\x04\x95" + struct.pack("<Q", 1 << 62) + b"N.",
    "number": b"\x80\x02\x8b\xff\xff\xff\x7f.",
    "number below 0": b"\x80\x02\x8b\xff\xff\xff\xff.",
    "number of a million bytes": saved(x=b"\x8b" + struct.pack("<I", 1 << 20) + b"\x7f" * (1 << 20)),
    "number of a million digits": saved(x=b"L" + b"9" * 1_000_000 + b"L\n"),
    "int of a million digits": saved(x=b"I" + b"9" * 1_000_000 + b"\n"),
    **{
        f"{name} of 2**{bits} bytes": b"\x80\x04" + opcode + (2**bits - 1).to_bytes(width, "little") + b"."
        for name, opcode, width in (
            ("text", b"X", 4), ("long text", b"\x8d", 8), ("bytes", b"B", 4), ("long bytes", b"\x8e", 8),
            ("bytearray", b"\x96", 8), ("old text", b"T", 4))
        for bits in (31, 32, 63, 64) if bits <= 8 * width
    },  # fmt: skip
    "array of 2**60 empty texts": saved(index_to_key=array(b"C\0", whole(1 << 60) + b"\x85", "U0")),
    "array of 2**60 numbers": saved(vectors=array(b"C\0", whole(1 << 60) + b"K\x02\x86")),
    "array of 0 times 2**62": saved(vectors=array(b"C\0", b"K\0" + whole((1 << 62) - 1) + b"\x86")),
    "array of many axes": saved(vectors=array(b"C\x04aaaa", b"(" + b"K\x01" * 100_000 + b"t")),
    "array of long texts": saved(x=array(b"C\0", b"K\x01\x85", "U999999999")),
    "a vector_size of 2**62": saved(index_to_key=b"]", vectors=b"N", vector_size=whole(1 << 62)),
    "a decimal of 10**999999": saved(x=b"}" + call("decimal.Decimal", text("1E999999999999999999")) + b"Ns"),
    "a decimal of a million digits": saved(x=call("decimal.Decimal", text("9" * 1_000_000))),
    "a fraction of 10**999999999": saved(x=call("fractions.Fraction", text("1e999999999"))),
    "a fraction of nothing": saved(x=call("fractions.Fraction", b"K\x01K\0")),
    "a bytearray of 10**12 bytes": saved(x=call("builtins.bytearray", whole(10**12))),
    "one long bytearray often": saved(x=again(
        20_000, b"B" + struct.pack("<I", 1_000_000) + b"x" * 1_000_000, b"cbuiltins\nbytearray\nh\xc8\x85R")),
    **{
        f"dates in units of {unit!r}": saved(x=call("numpy.dtype", text("M8")) + b"(K\x04" + text("<")
            + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0N(C" + bytes([len(unit)]) + unit + whole(number)
            + b"K\x01K\x01t\x86tb")
        for unit, number in ((b"xx", 1), (b"s", 10**30), (b"s", -1), (b"s, 1", 1), (b"\xff", 1))
    },
    "a timedelta of 10**30 days": saved(x=call("datetime.timedelta", whole(10**30))),
    "a setting of a million characters": model(sg=LONG),
    "a name of a million characters": b"\x80\x03c" + b"x" * 1_000_000 + b"\ny\n.",
    "an attribute of a million characters": saved(**{"x" * 1_000_000: ITSELF}),
    # Cycles.
    "words in themselves": saved(index_to_key=ITSELF),
    "factors in themselves": saved(vectors_lockf=ITSELF),
    "a list in itself": saved(x=ITSELF),
    "a list in itself as an event": model(lifecycle_events=ITSELF),
    "a column in itself": saved(expandos=column(ITSELF)),
    "a dict in itself": saved(x=b"}q\xc8" + text("x") + b"h\xc8s"),
    "a tuple in a list in it": saved(x=b"]q\xc8h\xc8\x85a"),
    "an array in itself": saved(x=b"]q\xc8" + array(b"h\xc8", b"K\x01\x85", "O8") + b"a"),
    "vectors in themselves": b"\x80\x03cgensim.models.word2vec\nWord2Vec\n)\x81q\xc8}" + text("wv")
        + b"h\xc8s" + text("__recursive_saveloads") + b"](" + text("wv") + b"esb.",
    "a state in itself": b"\x80\x03cgensim.models.word2vec\nWord2Vec\n)\x81}q\xc8" + text("x") + b"h\xc8sb.",
    # What is no pickle of anything.
    "pops nothing": b"\x80\x030.", "no mark": b"\x80\x03t.", "items below a mark": b"\x80\x03N(s.",
    "appends to a dict": saved(x=b"}Na"), "sets items of a list": saved(x=b"]NNs"),
    "odd pairs": saved(x=b"}(Nu"), "odd old pairs": saved(x=b"(Nd"), "adds to a list": saved(x=b"](N\x90"),
    "state of a list": saved(x=b"]Nb"), "calls a text": saved(x=text("f") + b")R"),
    "calls a class": saved(x=b"cgensim.models.word2vec\nVocab\nN\x85R"),
    "a list as a key": saved(x=b"}]Ns"), "an object as a key": saved(x=b"}" + VECTORS + b"Ns"),
    "surrogates": saved(index_to_key=b"](X\x03\0\0\0\xed\xa0\x80e"),
    "half a character": saved(index_to_key=b"](X\x01\0\0\0\xffe"),
    "characters that do not exist": saved(index_to_key=array(b"C\x04\xff\xff\xff\xff", b"K\x01\x85", "U1")),
    "no quotation marks": saved(x=b"Sabc\n"), "a backslash at the end": saved(x=b"S'\\x'\n"),
}  # fmt: skip

# These load: what is hostile in them is an attribute that no one needs. It is left out, or harmless.
MAY_LOAD = {
    *(f"deep {what} as an attribute" for what in ("lists", "dicts", "tuple")),
    *("deep tuple as a comment", "objects in objects", "shared lists as an event", "surrogates"),
    *("a list in itself", "a list in itself as an event", "a dict in itself", "an array in itself"),
    *("a tuple in a list in it", "a decimal of 10**999999", "an attribute of a million characters"),
}

CHILD = """
import json, os, resource, sys
folder = sys.argv[1]
from fastw2v import KeyedVectors, Word2Vec
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_CPU, (300, 300))  # a net: all files take a few seconds
start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name in sorted(os.listdir(folder)):
    print(json.dumps([name, None, "began"]), flush=True)
    path = os.path.join(folder, name)
    with open(path, "rb") as file:
        both = b"\\x80" not in file.read(1)  # compressed
    with open(path, "rb") as file:
        model = b"word2vec" in file.read(40)
    for cls in [Word2Vec, KeyedVectors] if both else [Word2Vec if model else KeyedVectors]:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            loaded = cls.load(path)
            kv = getattr(loaded, "wv", loaded)
            kv.most_similar(kv.index_to_key[0]) if len(kv) else None
            said = ["", ""]
            del loaded, kv
        except Exception as error:
            said = [type(error).__name__, str(error)]
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(json.dumps([name, grown >> 10, *said]), flush=True)
"""


def answers(folder: Path) -> dict[str, list[tuple[int, str, str]]]:
    """What a child of little memory says of each file; it ends with an error if it is ended."""
    if sys.platform in ("win32", "darwin"):
        pytest.skip("needs limits of memory as Linux keeps them")
    found: dict[str, list[tuple[int, str, str]]] = {}
    for line in run_python(CHILD, folder, PYTHONWARNINGS="ignore").stdout.splitlines():
        name, *said = json.loads(line)
        if said[0] is not None:
            found.setdefault(name, []).append((said[0], said[1], said[2]))
    return found


def test_hostile_pickles_are_bounded(tmp_path: Path) -> None:
    names = dict(enumerate(HOSTILE))
    for number, name in names.items():
        (tmp_path / f"{number:03}.model").write_bytes(HOSTILE[name])
    found = answers(tmp_path)
    assert len(found) == len(HOSTILE)
    wrong = []
    for number, name in names.items():
        for grown, error, message in found[f"{number:03}.model"]:
            refused = error in ("RefusedPickle", "FormatError") or "KeyedVectors.load" in message
            loaded = not error and name in MAY_LOAD
            if not (refused or loaded) or grown > 64 + 250 * len(HOSTILE[name]) / 1e6 or len(message) > 3000:
                wrong.append((name, grown, error, message[:200]))
            elif refused and f"{number:03}.model" not in message:
                wrong.append((name, "the file is not named", error, message[:200]))
    assert not wrong, "\n".join(map(str, wrong))


def test_what_is_left_out_is_named(tmp_path: Path) -> None:
    for name in ("a list in itself", "deep tuple as an attribute", "objects in objects"):
        (tmp_path / "kv").write_bytes(HOSTILE[name])
        with pytest.warns(FastW2VWarning, match="do not come over: 'x'"):
            kv = KeyedVectors.load(tmp_path / "kv")
        assert kv.index_to_key == ["a"] and not hasattr(kv, "x")


# --- compressed files ---


def with_bit_flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 16]) + data[place + 1 :]


def npz(data: bytes, shape: str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive, archive.open("val.npy", "w", force_zip64=True) as out:
        out.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        out.write(data)
    return file.getvalue()


def test_compressed_bombs_are_bounded(tmp_path: Path) -> None:
    size = 80 << 20
    nothings = b"\x80\x03" + b"N" * size
    zeros = b"\x80\x03B" + struct.pack("<I", size) + bytes(size) + b"."
    for kind, compress in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
        (tmp_path / f"nothings.{kind}").write_bytes(compress(nothings))
        (tmp_path / f"zeros.{kind}").write_bytes(compress(zeros))
        small = saved()
        for place in range(0, len(compress(small)), 17):
            (tmp_path / f"flipped-{place}.{kind}").write_bytes(with_bit_flipped(compress(small), place))
            (tmp_path / f"cut-{place}.{kind}").write_bytes(compress(small)[:place])
    many = bz2.compress(b"") * 50_000
    (tmp_path / "many-streams.bz2").write_bytes(many)
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]
    (tmp_path / "large-dictionary.xz").write_bytes(lzma.compress(saved(), filters=filters))
    found = answers(tmp_path)
    assert len(found) > 60
    for name, said in found.items():
        for grown, error, message in said:
            assert grown < 64, (name, grown)
            if name.startswith("flipped") and not error:
                continue  # a bit of the time of the file, which means nothing
            assert error in ("RefusedPickle", "FormatError", "AttributeError"), (name, error, message)
            assert name in message and "zlib" not in message and "Error -" not in message, message


def test_bombs_beside_a_model_are_bounded(tmp_path: Path) -> None:
    ones = np.ones(75 << 20, dtype=np.float32).tobytes()
    beside = {
        "ones": (npz(ones, "(75, 1048576)"), True),
        "forged": (npz(b"abcd", "(1048576, 1048576)"), True),
        "bzip2": (npz(b"abcd" * 2, "(1, 2)", zipfile.ZIP_BZIP2), True),
        "cut": (npz(bytes(1 << 20), "(1, 262144)")[:600], True),
        "damaged": (with_bit_flipped(npz(struct.pack("<2f", 1, 2), "(1, 2)"), 60), True),
        "before": (npz(struct.pack("<2f", 1, 2), "(1, 2)")[:-6] + b"\xd1\0\0\x08\0\0", True),
        "fine": (npz(struct.pack("<2f", 1, 2), "(1, 2)"), False),
    }
    for name, (data, _) in beside.items():
        listed = saved(vectors=b"N", __numpys=b"](" + text("vectors") + b"e")
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(listed))
        (tmp_path / f"{name}.gz.vectors.npz").write_bytes(data)
    found = answers(tmp_path)
    for name, (_, refused) in beside.items():
        grown, error, message = found[f"{name}.gz"][1]
        assert grown < 64 and bool(error) == refused, (name, grown, error, message)
        assert not refused or f"{name}.gz.vectors.npz" in message


def test_zeros_beside_a_model_are_read(tmp_path: Path) -> None:
    """The outputs of a model that is not trained yet shrink to a thousandth."""
    (tmp_path / "zeros.npz").write_bytes(npz(bytes(64 << 20), "(16, 1048576)"))
    read = inflate.read_npz(str(tmp_path / "zeros.npz"))
    assert read.shape == (16, 1 << 20) and not read[::5, ::1000].any()


# --- the unpickler ---


def test_honest_keys_may_be_many_and_of_any_kind() -> None:
    budget = Budget(1 << 20)
    budget.check_keys(
        [*range(-50_000, 50_000), *(n / 7 for n in range(1, 9999)), None, True, b"b", ("a", (1, 2))]
    )
    budget.check_keys([MERSENNE * n for n in range(60)])  # few may collide
    with pytest.raises(RefusedPickle, match="collide"):
        budget.check_keys([MERSENNE * n for n in range(100)])
    with pytest.raises(RefusedPickle, match="a key of class list"):
        budget.check_keys([[]])
    with pytest.raises(RefusedPickle, match="far larger"):
        budget.check_keys([("x" * 1000,) * 1000] * 1000)


def test_keys_of_different_hashes_may_collide_as_well() -> None:
    """Where a dict looks for a number follows from it: such searches go through all that is there."""
    keys = chained_keys()
    assert len(set(keys)) == len(keys)
    for answer in (
        lambda: Budget(10 * len(keys)).check_keys(keys),
        lambda: _unpickled(pickle.dumps(dict.fromkeys(keys))),
        lambda: _unpickled(pickle.dumps(set(keys))),
        lambda: _unpickled(pickle.dumps(frozenset(keys))),
    ):
        with pytest.raises(RefusedPickle, match="keys collide"):
            answer()
    for others in ([n << 40 for n in range(30_000)], [n / 7 for n in range(30_000)]):
        for honest in (dict.fromkeys(others), set(others), frozenset(others)):
            assert _unpickled(pickle.dumps(honest)) == honest


def _unpickled(raw: bytes) -> Any:
    return Unpickler(raw, None, (), object, (), Budget(len(raw))).load()


ATOMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**600), 2**600)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.dates()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
)
KEYS = st.recursive(
    ATOMS, lambda parts: st.tuples(parts, parts) | st.frozensets(parts, max_size=3), max_leaves=4
)
VALUES = st.recursive(
    ATOMS | KEYS | st.sets(KEYS, max_size=4),
    lambda parts: st.lists(parts) | st.tuples(parts, parts) | st.dictionaries(KEYS, parts, max_size=5),
    max_leaves=30,
)


def unpickled(data: bytes) -> object:
    file = io.BytesIO(data)
    found, budget = gensim_pickle._unpickle(file, None)
    assert file.tell() == len(data)
    return gensim_pickle.plain(found, budget)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(value=VALUES, protocol=st.integers(0, 5), slow=st.booleans())
def test_plain_values_come_back(value: object, protocol: int, slow: bool) -> None:
    """From both picklers of Python, in every protocol."""
    data = pickle._dumps(value, protocol) if slow else pickle.dumps(value, protocol)  # type: ignore[attr-defined]
    found = unpickled(data)
    assert found == value and type(found) is type(value)
    assert repr(found) == repr(pickle.loads(data)) or isinstance(value, set | frozenset | dict | list | tuple)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(data=st.data())
def test_any_opcodes_end_in_a_value_or_an_error(data: st.DataObject) -> None:
    """Of pieces of real pickles in any order, and bytes between them."""
    pieces = [
        b"(",
        b"]",
        b"}",
        b")",
        b"t",
        b"s",
        b"u",
        b"a",
        b"e",
        b"b",
        b"R",
        b"\x81",
        b"\x85",
        b"2",
        b"0",
        b"1",
    ]
    pieces += [
        b"\x8f",
        b"\x90",
        b"\x91",
        b"\x92",
        b"o",
        b"l",
        b"d",
        b"N",
        b"\x94",
        b"q\0",
        b"h\0",
        text("a"),
        VECTORS,
    ]
    pieces += [
        b"cnumpy\ndtype\n",
        b"cgensim.models.word2vec\nWord2Vec\n",
        b"cbuiltins\nset\n",
        b"inumpy\ndtype\n",
    ]
    drawn = data.draw(st.lists(st.sampled_from(pieces) | st.binary(max_size=2), max_size=60))
    with contextlib.suppress(FormatError):
        KeyedVectors.load(io.BytesIO(b"\x80\x04" + b"".join(drawn) + b"."))


def test_a_file_may_follow_a_pickle(tmp_path: Path) -> None:
    with open(tmp_path / "two", "wb") as file:
        file.write(b"skipped" + saved() + saved(index_to_key=b"](" + text("b") + b"e"))
    with open(tmp_path / "two", "rb") as file:
        file.seek(7)
        assert KeyedVectors.load(file).index_to_key == ["a"]
        assert KeyedVectors.load(file).index_to_key == ["b"]
        with pytest.raises(FormatError, match="two"):
            Word2Vec.load(file)


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_streams_in_a_row_are_one(compress: object, tmp_path: Path) -> None:
    assert callable(compress)
    data = saved()
    (tmp_path / "kv").write_bytes(compress(data[:50]) + compress(data[50:]))
    with warnings.catch_warnings():
        assert KeyedVectors.load(tmp_path / "kv").index_to_key == ["a"]
