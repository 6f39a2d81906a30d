"""What is promised of the whole: no stranger's code, odd texts, sizes beyond 2**31, readers, threads, pools.

Each room's own tests hold its part. Here is what goes through several: from a file or a text to an answer.
Figures are printed (`-s`), times are not asserted. `-m long` goes on until chance has had its say.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import pickle
import re
import shutil
import struct
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from children import HANGS, PYTHON, environment, run_python
from factories import (
    LONGER,
    MODES,
    SMALL,
    STEPS,
    TEXT,
    Restartable,
    assert_same,
    assert_usable,
    matrices,
    saved,
    small,
    text,
    threads,
    unsampled,
)

from fastw2v import KeyedVectors, LineSentence, Word2Vec, evaluation
from fastw2v.cli import main
from fastw2v.desm import DESM, DESMIndex
from fastw2v.formats import native
from fastw2v.formats.errors import FormatError
from fastw2v.warn import FastW2VWarning

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, or needs files with holes")


# --- nothing of a file runs ---


class Bomb:
    """When it is unpickled, a file appears."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> Any:
        return Path.touch, (self.canary,)


def npy_of(objects: Any) -> bytes:
    np.save(file := io.BytesIO(), np.array(objects, dtype=object), allow_pickle=True)
    return file.getvalue()


def archive_of(name: str, content: bytes) -> bytes:
    with zipfile.ZipFile(file := io.BytesIO(), "w") as archive:
        archive.writestr(name, content)
    return file.getvalue()


BOMBS: dict[str, Callable[[Bomb], bytes]] = {
    "pickle": pickle.dumps,
    "old-pickle": lambda bomb: pickle.dumps(bomb, 0),
    "npy": lambda bomb: npy_of([bomb]),
    "npz": lambda bomb: archive_of("vectors.npy", npy_of([bomb])),
    "torch": lambda bomb: archive_of("archive/data.pkl", pickle.dumps(bomb)),
}
DOORS: dict[str, Callable[[Path], Any]] = {
    "model": Word2Vec.load,
    "model-open": lambda path: Word2Vec.load(io.BytesIO(path.read_bytes())),
    "vectors": KeyedVectors.load,
    "index": DESMIndex.load,
    "text-vectors": KeyedVectors.load_word2vec_format,
    "binary-vectors": lambda path: KeyedVectors.load_word2vec_format(path, binary=True),
    "without-a-header": lambda path: KeyedVectors.load_word2vec_format(path, no_header=True),
    "counts": lambda path: KeyedVectors.load_word2vec_format(path, fvocab=path),
    "intersect": lambda path: small().wv.intersect_word2vec_format(path),
    "sentences": lambda path: Word2Vec(LineSentence(path), min_count=1, progress=False),
    "corpus-file": lambda path: Word2Vec(corpus_file=str(path), min_count=1, progress=False),
    "analogies": lambda path: small().wv.evaluate_word_analogies(path),
    "pairs": lambda path: small().wv.evaluate_word_pairs(path),
    "judgements": evaluation.read_judgements,
    "info": lambda path: main(["info", str(path)]),
    "neighbors": lambda path: main(["neighbors", str(path), "w1"]),
    "train": lambda path: main(["train", str(path), "-o", f"{path}.out", "--quiet"]),
    "search": lambda path: main(["desm", "search", str(path), "w1"]),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("kind", BOMBS)
def test_nothing_of_a_file_runs(kind: str, door: str, tmp_path: Path) -> None:
    """Whatever call it is given to, and whatever it says it is."""
    canary = tmp_path / "canary"
    path = tmp_path / "file"
    path.write_bytes(BOMBS[kind](Bomb(canary)))
    with contextlib.suppress(ValueError, AttributeError, RuntimeError):
        DOORS[door](path)
    assert not canary.exists()
    if kind == "pickle":
        pickle.loads(path.read_bytes())
        assert canary.exists(), "the bomb is none"


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_nothing_of_an_array_beside_a_model_runs(suffix: str, tmp_path: Path) -> None:
    gensim = pytest.importorskip("gensim.models", reason="writes the files")
    path, canary = tmp_path / ("model.gz" if suffix == "npz" else "model"), tmp_path / "canary"
    gensim.Word2Vec(TEXT, min_count=1, vector_size=4).save(str(path), sep_limit=1)
    (beside,) = tmp_path.glob(f"*syn1neg.{suffix}")
    bomb = npy_of([Bomb(canary)])
    beside.write_bytes(archive_of("val.npy", bomb) if suffix == "npz" else bomb)
    with pytest.raises(FormatError, match=beside.name):
        Word2Vec.load(path)
    assert not canary.exists()


# --- odd texts and odd sizes ---


@pytest.mark.parametrize("stream", [False, True], ids=["list", "stream"])
@pytest.mark.parametrize(
    ("odd", "answer"),
    [
        (None, TypeError),
        (7, TypeError),
        (["w0", ["w1"]], TypeError),
        (["w0", {"w1"}], TypeError),
        ([np.zeros(2)], TypeError),
        ({"w0": 1, "w1": 2}, TypeError),
        ("w0 w1", "whose letters"),
        (b"w0", "whose letters"),
        (("w0", "w1"), None),
        (np.array(["w0", "w1"]), None),
        ([], None),
        (["", " ", "w0"], None),
        (["never"] * 50, None),
    ],
    ids=repr,
)
@pytest.mark.filterwarnings("ignore:the learning rate starts at")
def test_a_sentence_of_any_kind_is_trained_or_named(odd: Any, answer: Any, stream: bool) -> None:
    """In the middle of an epoch; afterwards the model learns as before."""
    corpus = [*TEXT[:50], odd, *TEXT[50:]]
    given = Restartable(lambda: iter(corpus)) if stream else corpus
    model = Word2Vec(TEXT, **(SMALL | {"workers": 2}))
    if isinstance(answer, type):
        with pytest.raises(answer, match="sentence #50"):
            model.train(given, total_examples=len(corpus), epochs=1)
    elif answer:
        with pytest.warns(FastW2VWarning, match=answer):
            model.train(given, total_examples=len(corpus), epochs=1)
    else:
        assert model.train(given, total_examples=len(corpus), epochs=1)[0] > 0
    assert_usable(model)


@pytest.mark.parametrize("words", [10**6, pytest.param(10**7, marks=pytest.mark.long)])
def test_one_sentence_may_be_the_whole_text(words: int) -> None:
    word = [f"w{i}" for i in range(1000)]
    sentence = list(itertools.islice(itertools.cycle(word), words))
    model = Word2Vec(vector_size=2, min_count=1, workers=2, window=1, negative=1, sample=0, progress=False)
    model.build_vocab(Restartable(lambda: iter([sentence])))
    trained, raw = model.train(Restartable(lambda: iter([sentence])), total_examples=1, epochs=1)
    assert raw == trained == words and not threads()


TINY: dict[str, Any] = {
    "one word": [["a"]],
    "one word often": [["a"] * 9, [], ["a", "a"]],
    "two words": [["a", "b"]] * 3,
    "each word once": [[f"w{i}"] for i in range(5)],
}


@pytest.mark.filterwarnings("ignore:the learning rate starts at")
@pytest.mark.parametrize("corpus", TINY)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("mode", MODES)
def test_the_smallest_models_live_a_whole_life(mode: str, step: str, corpus: str, tmp_path: Path) -> None:
    """One dimension, one word, more noise words than words: nothing spins, nothing is NaN."""
    sentences = TINY[corpus]
    settings = MODES[mode] | {"negative": 20 * bool(MODES[mode]["negative"])}
    model = unsampled(sentences, **(settings | {"vector_size": 1, "window": 1, "step": step, "workers": 2}))
    word = model.wv.index_to_key[0]
    model.build_vocab([[word, "new"]], update=True)
    model.train([[word, "new"]] * 3, total_examples=3, epochs=2, start_alpha=0.01, end_alpha=0.01)
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model", verify="full")
    assert_same(matrices(loaded), matrices(model))
    assert all(np.isfinite(matrix).all() for matrix in matrices(loaded).values())
    found = loaded.wv.most_similar(word, topn=10)
    assert len(found) == len(loaded.wv) - 1 and all(np.isfinite(score) for _, score in found)
    predicted = loaded.predict_output_word([word])
    assert predicted and all(np.isfinite(p) for _, p in predicted)
    if MODES[mode]["negative"]:
        index = DESM(loaded).index([[word], ["unknown"], []], bm25=False)
        assert len(index) == 3 and all(np.isfinite(score) for _, score in index.search([word]))
    loaded.remove_words(["new"])
    assert_same(loaded.wv.index_to_key, model.wv.index_to_key[: len(loaded.wv)])
    assert not threads()


@pytest.mark.filterwarnings("ignore:.*(empty iterator|but no words|corpus has 0 examples)")
def test_a_model_of_no_words_says_so(tmp_path: Path) -> None:
    for make in (
        lambda: Word2Vec([], progress=False),
        lambda: Word2Vec([[]], progress=False),
        lambda: Word2Vec(TEXT, min_count=10**6, progress=False),
    ):
        with pytest.raises((RuntimeError, ValueError)):
            make()
    model = Word2Vec(**SMALL)
    model.save(tmp_path / "empty")
    for empty in (model, Word2Vec.load(tmp_path / "empty")):
        with pytest.raises(RuntimeError, match="vocabulary"):
            empty.train(TEXT, total_examples=1, epochs=1)
        with pytest.raises(KeyError):
            empty.wv.most_similar("w0")
    kv = KeyedVectors(3)
    kv.save(tmp_path / "kv")
    assert len(KeyedVectors.load(tmp_path / "kv", mmap="r")) == 0
    assert not threads()


# --- sizes beyond 2**31, in files with holes ---


def with_holes(path: Path, model: Word2Vec, dimensions: int) -> None:
    """Write a model as if its vectors had so many dimensions: zeros that take no room on the disk."""
    file = saved(model)
    head = struct.unpack("<Q", file.read(8))[0]
    entries = json.loads(file.read(head))
    body = file.read()
    metadata = entries.pop("__metadata__")
    state = json.loads(metadata["model"]) | {"vector_size": dimensions, "layer1_size": dimensions}
    metadata["model"] = json.dumps(state)
    large = [name for name, entry in entries.items() if entry["shape"] == [len(model.wv), model.vector_size]]
    assert len(large) == 2
    kept = {name: body[slice(*entry["data_offsets"])] for name, entry in entries.items() if name not in large}
    end = 0
    for name, entry in sorted(entries.items(), key=lambda item: item[1]["data_offsets"]):
        if name in large:
            entry["shape"][1] = dimensions
            size = 4 * len(model.wv) * dimensions
        else:
            size = len(kept[name])
        entry["data_offsets"] = [end, end + size]
        end += size
    metadata.pop("header_sha256")
    metadata["header_sha256"] = native._header_digest(metadata, entries)
    header = native._header_bytes({"__metadata__": metadata, **entries}, 0)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(header)) + header)
        first = out.tell()
        for name, data in kept.items():
            out.seek(first + entries[name]["data_offsets"][0])
            out.write(data)
        out.truncate(first + end)


def counted(words: int) -> Word2Vec:
    model = Word2Vec(vector_size=3, min_count=1, workers=1, progress=False)
    model.build_vocab_from_freq({f"w{i}": words - i for i in range(words)})
    return model


GROWN = """
import json, resource, sys, time
from fastw2v import KeyedVectors, Word2Vec
def held(field="VmRSS"):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(field)) >> 10
path = sys.argv[1]
before, start = held(), time.perf_counter()
model = Word2Vec.load(path, mmap="r")
took, grown = time.perf_counter() - start, held("VmHWM") - before
word = model.wv.index_to_key[-1]
assert model.wv[word].shape == (model.vector_size,)
assert model.wv.similarity(word, model.wv.index_to_key[0]) == 0
print(json.dumps([took, grown, held() - before]))
"""


@LINUX
def test_a_large_mapped_model_takes_no_memory(tmp_path: Path) -> None:
    """4 GB, of which the words are read and the vectors are not."""
    path = tmp_path / "model.fw2v"
    with_holes(path, counted(50_000), 10_000)
    assert path.stat().st_size > 4e9 and path.stat().st_blocks * 512 < 1e8
    took, grown, asked = json.loads(run_python(GROWN, path).stdout)
    print(f"4 GB mapped in {took:.2f} s, peak +{grown} MB, after two questions +{asked} MB")
    assert grown <= 150 and asked <= 150


@LINUX
@pytest.mark.long
def test_rows_beyond_two_to_the_31_are_read_and_trained(tmp_path: Path) -> None:
    """IN and OUT have 2.4 * 10**9 numbers each, in a file of 19 GB; the last rows are those that are used."""
    words, dimensions = 40_000, 60_000
    path = tmp_path / "model.fw2v"
    with_holes(path, counted(words), dimensions)
    model = Word2Vec.load(path, mmap="c")
    assert model.syn0.size > 2**31 and path.stat().st_size > 8 << 30
    last, other = f"w{words - 1}", f"w{words - 2}"
    rng = np.random.default_rng(0)
    one, noise = rng.standard_normal((2, dimensions)).astype(np.float32) / np.float32(np.sqrt(dimensions))
    model.syn0[-1], model.syn0[-2] = one, one + noise / 10
    model.syn1neg[-2] = model.syn0[-1]
    assert model.wv.similarity(last, last) == pytest.approx(1)
    (found,) = model.wv.most_similar(last, topn=1)
    assert found[0] == other and found[1] == pytest.approx(model.wv.similarity(last, other), abs=1e-6)
    assert model.wv.most_similar_many([last], topn=1)[0][0][0] == other
    assert model.most_similar(last, target="out", topn=1)[0][0] == other
    assert model.similarity(last, other, spaces="in-out") == pytest.approx(1, abs=1e-6)
    before = model.syn0[-3:].copy()
    sentence = [f"w{words - 1 - i % 3}" for i in range(12)]
    for step in STEPS:
        model.step = step
        model.sg, model.negative = 1, 1
        model.train([sentence], total_examples=1, epochs=1, start_alpha=0.01, end_alpha=0.01)
        assert (model.syn0[-3:] != before).any(axis=1).all()
        before = model.syn0[-3:].copy()
    assert np.isfinite(before).all() and not model.syn0[: words // 2 : 997].any()


# --- readers, while others write or train ---


@pytest.mark.skipif(sys.platform == "win32", reason="a mapped file cannot be replaced on Windows")
@pytest.mark.parametrize("cycles", [20, pytest.param(200, marks=pytest.mark.long)])
def test_readers_of_a_file_that_is_replaced_see_one_model_or_the_other(cycles: int, tmp_path: Path) -> None:
    path = tmp_path / "model"
    one, other = small(seed=1), small(seed=2)
    answers = [model.wv.most_similar("w1", topn=5) for model in (one, other)]
    one.save(path)
    done = threading.Event()
    wrong: list[object] = []
    counts = [0] * 4

    def read(number: int) -> None:
        try:
            while not done.is_set() or not counts[number]:
                kv = KeyedVectors.load(path, mmap="r")
                first = kv.most_similar("w1", topn=5)
                time.sleep(0.002)  # the file is replaced meanwhile
                if first not in answers or kv.most_similar("w1", topn=5) != first:
                    wrong.append(first)
                counts[number] += 1
        except BaseException as error:
            wrong.append(error)

    readers = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for reader in readers:
        reader.start()
    try:
        for cycle in range(cycles):
            (one, other)[cycle % 2].save(path)
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert not wrong and all(counts)
    print(f"{cycles} replacements under {sum(counts)} loads")


SHARED = """
import sys
from fastw2v import KeyedVectors
kv = KeyedVectors.load(sys.argv[1], mmap="r")
kv.most_similar("k1")
print("read", flush=True)
sys.stdin.readline()
pss = here = 0
with open("/proc/self/smaps") as lines:
    for line in lines:
        name = line.split()[0]
        if not name.endswith(":"):
            here = line.rstrip().endswith(sys.argv[1])
        elif here and name in ("Pss:", "Private_Dirty:"):
            pss += int(line.split()[1])
print(pss >> 10, flush=True)
sys.stdin.readline()
"""


@LINUX
def test_processes_that_map_a_model_share_it(tmp_path: Path) -> None:
    """What four of them hold of the file is together what one would."""
    kv = KeyedVectors(100)
    kv.add_vectors(
        [f"k{i}" for i in range(40_000)], np.random.default_rng(0).random((40_000, 100), np.float32)
    )
    kv.save(path := tmp_path / "kv")
    readers = [
        subprocess.Popen(
            [*PYTHON, "-c", SHARED, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        for _ in range(4)
    ]
    for reader in readers:
        assert reader.stdout is not None and reader.stdout.readline() == "read\n"
    held = []
    for reader in readers:  # each says what it holds while all are there
        assert reader.stdin is not None and reader.stdout is not None
        reader.stdin.write("\n")
        reader.stdin.flush()
        held.append(int(reader.stdout.readline()))
    for reader in readers:
        reader.communicate()
    size = path.stat().st_size >> 20
    print(f"4 readers of {size} MB hold {sum(held)} MB of it")
    assert sum(held) <= 1.15 * size


@pytest.mark.parametrize("seconds", [1, pytest.param(60, marks=pytest.mark.long)])
@pytest.mark.filterwarnings("ignore:the learning rate starts at")
def test_sixteen_threads_may_ask_while_the_model_is_trained(seconds: float) -> None:
    model = small(LONGER, workers=2, hs=1)
    raised: list[BaseException] = []
    counts = [0] * 16
    done = threading.Event()
    questions: list[Callable[[], Any]] = [
        lambda: model.wv.most_similar("w0", topn=5),
        lambda: model.most_similar("w1", target="out", topn=5),
        lambda: model.wv.most_similar_many(["w1", "w2", "w3"], topn=3),
        lambda: [model.wv.similarity("w0", "w1")],
        lambda: model.predict_output_word(["w0", "w1"], topn=5),
        lambda: [model.hs_probability(["w0"], "w1")],
        lambda: model.wv.rank("w0", "w1") and [1],
        lambda: model.wv.doesnt_match(["w0", "w1", "w2"]),
    ]

    def ask(number: int) -> None:
        try:
            while not done.is_set() or not counts[number]:
                assert len(questions[number % len(questions)]()) > 0
                counts[number] += 1
        except BaseException as error:
            raised.append(error)

    askers = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for asker in askers:
        asker.start()
    end, calls = time.monotonic() + seconds, 0
    try:
        while time.monotonic() < end or not calls:
            model.train(LONGER, total_examples=len(LONGER), epochs=1)
            calls += 1
    finally:
        done.set()
        for asker in askers:
            asker.join()
    assert not raised and all(counts)
    print(f"{sum(counts)} answers of 16 threads during {calls} epochs")
    assert_usable(model)


WRITES = """
import os, sys
from fastw2v import KeyedVectors, Word2Vec
from fastw2v.desm import DESMIndex
written = []
def watch(event, values):
    if event == "open":
        path, _, flags = values
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and path != os.devnull:
            written.append(str(path))
    elif event in ("os.mkdir", "os.rename", "os.remove", "os.link", "os.symlink", "tempfile.mkstemp"):
        written.append(event)
sys.addaudithook(watch)
model, index, vectors = sys.argv[1:]
for mmap in (None, "r", "c"):
    loaded = Word2Vec.load(model, mmap=mmap, verify="full")
    loaded.wv.most_similar("w1"), loaded.predict_output_word(["w1"])
    KeyedVectors.load(model, mmap=mmap).similarity("w1", "w2")
    DESMIndex.load(index, mmap=mmap).search(["w1"])
KeyedVectors.load_word2vec_format(vectors).most_similar("w1")
print(written)
"""


def test_to_load_and_to_ask_writes_nothing(tmp_path: Path) -> None:
    """No file of a cache, no lock: models may lie where nobody may write."""
    model = small()
    paths = [tmp_path / name for name in ("model", "index", "vectors")]
    model.save(paths[0])
    DESM(model).index([["w1"], ["w2", "w3"]]).save(paths[1])
    model.wv.save_word2vec_format(paths[2])
    assert run_python(WRITES, *paths).stdout == "[]\n"


# --- pools of processes ---


POOLS = """
import faulthandler, multiprocessing, sys, threading, warnings
from fastw2v import Word2Vec
warnings.filterwarnings("ignore")
TEXT = [[f"w{(7 * i + j) % 50}" for j in range(12)] for i in range(400)]
model = None

def train(seed=1):
    return Word2Vec(TEXT, vector_size=8, min_count=1, workers=2, seed=seed, progress=False, epochs=1)

def begin(path):
    global model
    model = Word2Vec.load(path, mmap="r")

def ask(word):
    return (model or inherited).wv.most_similar(word, topn=3)

def both(seed):
    return train(seed).wv.most_similar_many(["w1", "w2"], topn=3) is not None

if __name__ == "__main__":
    method, path, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    faulthandler.dump_traceback_later(300 + 30 * rounds, exit=True)  # a deadlock says where it is
    inherited = train()  # threads came and went before the fork
    inherited.save(path)
    expected = [inherited.wv.most_similar(f"w{i}", topn=3) for i in range(50)]
    words = [f"w{i}" for i in range(50)]
    done = threading.Event()
    def query():
        while not done.is_set():
            inherited.wv.most_similar_many(words, topn=5)
    asking = threading.Thread(target=query)
    asking.start()
    context = multiprocessing.get_context(method)
    for _ in range(rounds):
        with context.Pool(2, begin, (path,)) as pool:
            assert pool.map(ask, words) == expected
            assert all(pool.map(both, range(4)))
        if method == "fork":
            with context.Pool(2) as pool:
                assert pool.map(ask, words) == expected
    done.set()
    asking.join()
    print("done")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has spawn only")
@pytest.mark.parametrize("rounds", [1, pytest.param(100, marks=pytest.mark.long)])
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_of_a_pool_ask_and_train(method: str, rounds: int, tmp_path: Path) -> None:
    """Forked after training, and while another thread asks: no lock of the parent is held in the child."""
    (program := tmp_path / "program.py").write_text(POOLS)
    done = subprocess.run(
        [*PYTHON, str(program), method, str(tmp_path / "model"), str(rounds)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=HANGS,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "done\n"


# --- where memory ends ---


ENDS = """
import faulthandler, os, resource, sys, warnings
import numpy as np
from fastw2v import KeyedVectors, Word2Vec
from fastw2v.desm import DESM
warnings.filterwarnings("ignore")
faulthandler.dump_traceback_later(300, exit=True)  # what hangs says where
folder = sys.argv[1]
words = [f"word{i}" for i in range(20_000)]
text = [words[i:i + 20] for i in range(0, 20_000, 20)]
settings = dict(vector_size=100, min_count=1, workers=1, sample=0, progress=False, epochs=1)
model = Word2Vec(text, **settings)
model.save(f"{folder}/model")
model.wv.save_word2vec_format(f"{folder}/vectors.txt")
sizes = [model.syn0.copy(), model.syn1neg.copy()]
calls = {
    "constructor": lambda: Word2Vec(text, **settings),
    "build_vocab": lambda: Word2Vec(**settings).build_vocab(text),
    "update": lambda: model.build_vocab([[f"new{i}" for i in range(20_000)]], update=True),
    "load": lambda: Word2Vec.load(f"{folder}/model"),
    "load text": lambda: KeyedVectors.load_word2vec_format(f"{folder}/vectors.txt"),
    "save": lambda: model.save(f"{folder}/model"),
    "most_similar": lambda: model.wv.most_similar_many(words[:2000]),
    "vectors": lambda: model.vectors("concat"),
    "index": lambda: DESM(model).index(text * 20),
}
def address_space():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
for name, call in calls.items():
    failed = 0
    for megabytes in (0, 1, 2, 4, 6, 8, 10, 13, 16, 20, 25, 32, 40, 64, 128, 2000):
        limit = address_space() + (megabytes << 20)
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
        try:
            call()
            ended = True
        except (MemoryError, RuntimeError) as error:
            assert isinstance(error, MemoryError) or "thread" in str(error), error
            ended = False
            failed += 1
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        if ended:
            break
        assert len(model.wv) == 20_000 and len(model.wv.key_to_index) == 20_000
        assert (model.syn0 == sizes[0]).all() and (model.syn1neg == sizes[1]).all()
        assert os.listdir(folder).__len__() == 2, os.listdir(folder)
    assert ended, name
    print(name, failed, "times short of memory, done with", megabytes, "MB")
    if name == "update":
        model = Word2Vec.load(f"{folder}/model")
assert (Word2Vec.load(f"{folder}/model", verify="full").syn0 == sizes[0]).all()
"""


@LINUX
def test_a_call_without_memory_leaves_all_as_it_was(tmp_path: Path) -> None:
    # What is freed goes back at once, and nothing is kept in reserve for threads.
    done = run_python(ENDS, tmp_path, MALLOC_MMAP_THRESHOLD_="65536", MALLOC_ARENA_MAX="1")
    print(done.stdout)
    short = [int(line.split(" times")[0].split()[-1]) for line in done.stdout.splitlines()]
    assert len(short) == 9 and sum(short) > 9  # else nothing was tested


# --- documents ---


def test_documents_that_say_nothing_stay_last_through_every_change(tmp_path: Path) -> None:
    """Empty and unknown ones, however they come and go, and after a file."""
    model = unsampled(negative=5)
    index = DESM(model).index([["w1"], [], ["unknown"]], ids=["good", "empty", "strange"], bm25=True)
    index.add([["w2"], ["nothing"]], ids=["late", "later"])
    index.update([[]], ids=["late"])
    index.remove(["empty"])
    index.add([[]], ids=["empty"])
    index.save(tmp_path / "index")
    for each in (
        index,
        DESMIndex.load(tmp_path / "index", mmap="r"),
        DESMIndex.load(tmp_path / "index", model),
    ):
        assert [name for name, _ in each.search(["w1"])] == ["good"]
        assert each.search(["unheard"]) == []
        assert each.search([]) == []
        ranked = each.search(["w1"], candidates=["empty", "strange", "late", "later", "good"])
        assert ranked[0][0] == "good" and all(np.isnan(score) for _, score in ranked[1:])
    index.remove(["good"])
    assert index.search(["w1"]) == []


def test_no_part_of_an_index_is_taken_for_one(tmp_path: Path) -> None:
    """Cut anywhere, or grown: refused, and the file stays as it is."""
    DESM(unsampled(text(20, 5), vector_size=2)).index([["w1"], ["w2", "w3"]], bm25=True).save(
        path := tmp_path / "index"
    )
    whole = path.read_bytes()
    for end in [*range(0, len(whole), 97), *range(len(whole) - 20, len(whole))]:
        with pytest.raises(FormatError):
            DESMIndex.load(io.BytesIO(whole[:end]))
    with pytest.raises(FormatError, match="foreign"):
        DESMIndex.load(io.BytesIO(whole + b"\0"))
    shutil.copy(path, copy := tmp_path / "copy")
    os.truncate(copy, len(whole) - 1)
    for mmap in (None, "r", "c"):
        with pytest.raises(FormatError, match="cut short"):
            DESMIndex.load(copy, mmap=mmap)  # type: ignore[arg-type]
    assert len(DESMIndex.load(path, verify="full")) == 2


# --- the figures that are published ---


@LINUX
def test_what_is_published_of_us_is_so() -> None:
    """`benchmarks/reliability.py`, our column of it."""
    script = Path(__file__).parent.parent / "benchmarks" / "reliability.py"
    names = ["G2", "G9", "G12", "G13", "G14", "G15"]
    options = ["--libraries", "fastw2v", "--kills", "2", "--seconds", "600", "--markdown"]
    said = subprocess.run(
        [sys.executable, str(script), "--tests", *names, *options],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=HANGS,
    )
    assert said.returncode == 0, said.stderr
    cells = dict(line.split(" | ", 1) for line in said.stdout.splitlines() if line.startswith("| G"))
    assert [name[2:] for name in cells] == names
    for name, says in zip(
        names, ["line 2", "#1000.*0 threads left", "no command ran; Refused"], strict=False
    ):
        assert re.search(says, cells[f"| {name}"]), cells
    assert "the file loads" in cells["| G13"] and "0 of 2 unloadable" in cells["| G14"]
    assert "the old mapping answers as before; the file loads" in cells["| G15"]
