"""What goes wrong in practice, and what becomes of it: gensim beside fastw2v, each in a process with limits.

    python benchmarks/reliability.py [--tests G1 G8 ...] [--libraries gensim fastw2v]
                                       [--seconds 20] [--kills 12] [--markdown]

Fifteen accidents and attacks: forged and damaged files of vectors, errors and Ctrl-C during training, a
pickle that runs a command, a full disk, kill -9, a model saved over its own mapping. Nothing of the table is
written down here: a process that trains and loads says what happened to it, or how long it was waited for.
Time and memory are of one call, without the import; memory is how far its peak rose above what was held.

Every process has at most 12 GB of address space and --seconds of time; none of them writes outside a folder
that is removed afterwards. Linux. Without gensim the table has our column alone.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
import os
import pickle
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import machine, row, table_head

MEMORY = 12 << 30  # bytes of address space
MODULES = {"gensim": "gensim.models", "fastw2v": "fastw2v"}
SENTENCES = [f"w{i % 50} w{i % 31} common w{i % 7}".split() * 5 for i in range(2000)]
SMALL = {"vector_size": 50, "min_count": 1, "workers": 3}
Library = Any  # the module that has Word2Vec and KeyedVectors
Step = Callable[[Library, Path], str]


# --- what a child says ---


def megabytes(field: str) -> float:
    """A figure of /proc/self/status: VmHWM is the peak, VmRSS what is held now."""
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def shortened(message: str, folder: Path) -> str:
    """A message in a line, without the folder that things happened in."""
    return textwrap.shorten(message.replace(f"{folder}/", ""), 140, placeholder=" …")


def short(error: BaseException, folder: Path) -> str:
    return shortened(f"{type(error).__name__}: {error}", folder)


class Heard(logging.Handler):
    """What a user without a log of their own would read of it: warnings."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(f"{record.levelname.lower()} in the log: {record.getMessage()}")


def outcome(call: Callable[[], str], folder: Path) -> str:
    """What a call says, or its error, with its time and how far it took the peak of memory."""
    logging.getLogger().addHandler(heard := Heard())
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, start = megabytes("VmRSS"), time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            said = call()
        except MemoryError:
            said = f"MemoryError (more than {MEMORY >> 30} GB)"
        except Exception as error:
            said = short(error, folder)
    took = f"{1000 * (time.perf_counter() - start):.0f} ms, +{max(megabytes('VmHWM') - before, 0):.1f} MB"
    warned = [f"{w.category.__name__}: {w.message}" for w in caught] or heard.said
    return "; ".join([said, *(shortened(words, folder) for words in warned)]) + f" ({took})"


def loads(library: Library, path: Path, say: Callable[[Any], str], **options: Any) -> str:
    """What is said of the vectors in a file of word2vec's format, or why it is refused."""
    return outcome(
        lambda: "loads: " + say(library.KeyedVectors.load_word2vec_format(path, **options)), path.parent
    )


def text_file(folder: Path, content: bytes) -> Path:
    path = folder / "vectors.txt"
    path.write_bytes(content)
    return path


def binary_file(folder: Path, cut: int = 0, more: bytes = b"") -> Path:
    rows = b"".join(b"w%d " % i + struct.pack("<20f", *range(20)) + b"\n" for i in range(100))
    path = folder / "vectors.bin"
    path.write_bytes((b"100 20\n" + rows)[: -cut or None] + more)
    return path


def size(kv: Any) -> str:
    return f"{len(kv)} rows"


# --- files of vectors ---


def header_bomb(library: Library, folder: Path) -> str:
    return loads(library, text_file(folder, b"2000000000 300\nfoo" + b" 0.5" * 300 + b"\n"), size)


def short_row(library: Library, folder: Path) -> str:
    path = text_file(folder, b"2 5\nfoo 0.5\nbar 1 2 3 4 5\n")
    return loads(library, path, lambda kv: f"foo = {kv['foo'].tolist()}")


def not_a_number(library: Library, folder: Path) -> str:
    path = text_file(folder, b"3 2\nfoo nan 1\nbar 1 2\nbaz inf 2\n")
    return loads(library, path, lambda kv: f"the nearest to bar: {kv.most_similar('bar', topn=1)}")


def cut_binary(library: Library, folder: Path) -> str:
    return loads(library, binary_file(folder, cut=13), size, binary=True)


def garbage_behind(library: Library, folder: Path) -> str:
    return loads(library, binary_file(folder, more=b"\x07garbage" * 88), size, binary=True)


def not_utf8(library: Library, folder: Path) -> str:
    return loads(library, text_file(folder, b"2 2\nfoo 1 2\nb\xe4r 1 2\n"), size)


def negative_count(library: Library, folder: Path) -> str:
    return loads(library, text_file(folder, b"-5 2\nfoo 1 2\n"), size)


# --- training ---


class Passes:
    """A corpus; `spoil(number of the pass, of the sentence)` may give another sentence, or raise."""

    def __init__(self, spoil: Callable[[int, int], Any]) -> None:
        self.spoil = spoil
        self.passes = 0

    def __iter__(self) -> Iterator[Any]:
        self.passes += 1
        for number, sentence in enumerate(SENTENCES):
            yield self.spoil(self.passes, number) or sentence


def library_threads(before: int) -> int:
    return threading.active_count() - before


def train_until(library: Library, folder: Path, corpus: Any, **options: Any) -> str:
    """How `train` ends: its error, how long after it was caused, and how many threads are left."""
    model = library.Word2Vec(**SMALL)
    model.build_vocab(SENTENCES)
    before = threading.active_count()
    start = time.perf_counter()
    try:
        model.train(corpus, total_examples=len(SENTENCES), epochs=3, **options)
        said = "trains on"
    except Exception as error:
        said = short(error, folder)
    return f"{said} ({time.perf_counter() - start:.2f} s; {library_threads(before)} threads left)"


def iterator_fails(library: Library, folder: Path) -> str:
    def spoil(passed: int, number: int) -> None:
        if (passed, number) == (2, 1000):
            raise RuntimeError("the disk of the corpus is gone")

    return train_until(library, folder, Passes(spoil))


def bad_token(library: Library, folder: Path) -> str:
    return train_until(
        library,
        folder,
        Passes(lambda passed, number: [["a", "list"]] if (passed, number) == (2, 1000) else None),
    )


def callback_fails(library: Library, folder: Path) -> str:
    callbacks = __import__(f"{library.__name__}.callbacks", fromlist=["CallbackAny2Vec"])

    class Failing(callbacks.CallbackAny2Vec):  # type: ignore[misc, name-defined]
        def on_epoch_end(self, model: Any) -> None:
            raise RuntimeError("the callback failed")

    return train_until(library, folder, SENTENCES, callbacks=[Failing()])


def ctrl_c(library: Library, folder: Path) -> str:
    """SIGINT after a second of training; then a second for those who go on."""
    model = library.Word2Vec(**SMALL)
    model.build_vocab(SENTENCES)
    before = threading.active_count()
    sent = []

    def send() -> None:
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(1, send)
    timer.start()
    try:
        model.train(SENTENCES * 1000, total_examples=1000 * len(SENTENCES), epochs=100)
        return "is not heard"
    except KeyboardInterrupt:
        took = time.perf_counter() - sent[0]
    timer.join()
    then = model.wv.vectors.copy()
    time.sleep(1)
    moved = float(abs(model.wv.vectors - then).max())
    return (
        f"KeyboardInterrupt after {took:.2f} s; a second later {library_threads(before)} threads are left, "
        f"and weights have {f'moved by up to {moved:.2g}' if moved else 'not moved'}"
    )


# --- files of models ---


def large_model(library: Library, words: int = 28_000) -> Any:
    """Of 11 MB a matrix."""
    model = library.Word2Vec(vector_size=100, min_count=1)
    model.build_vocab_from_freq({f"w{i}": words - i for i in range(words)})
    model.train([["w1", "w2", "w3"]], total_examples=1, epochs=1)
    return model


def reads_back(library: Library, folder: Path) -> str:
    """Whether the model in this folder can be used."""
    try:
        model = library.Word2Vec.load(str(folder / "model"))
        model.wv.most_similar("w1", topn=1)
        said = "the file loads"
    except Exception as error:
        said = f"the file is lost ({short(error, folder)})"
    others = [path.name for path in folder.iterdir() if ".tmp" in path.name]
    return said + (f"; {len(others)} temporary files left" if others else "")


class Bomb:
    """When it is unpickled, a file appears."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> Any:
        return os.system, (f"touch '{self.canary}'",)


def hostile_pickle(library: Library, folder: Path) -> str:
    canary = folder / "canary"
    (folder / "model").write_bytes(pickle.dumps(Bomb(canary)))

    def load() -> str:
        return f"loads as {type(library.Word2Vec.load(str(folder / 'model'))).__name__}"

    said = outcome(load, folder)
    return f"{'THE COMMAND RAN' if canary.exists() else 'no command ran'}; {said}"


def full_disk(library: Library, folder: Path) -> str:
    """A good model is saved; then files may grow to 4 MB only, and it is saved again."""
    model = large_model(library)
    model.save(str(folder / "model"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, resource.RLIM_INFINITY))
    try:
        model.save(str(folder / "model"))
        return "saved"
    except OSError as error:
        return short(error, folder)


def save_over_mapping(library: Library, folder: Path) -> str:
    path = str(folder / "model")
    large_model(library).save(path, sep_limit=1 << 16)  # gensim maps what is in files of its own
    mapped = library.Word2Vec.load(path, mmap="r")
    before = mapped.wv.vectors[-1].copy()
    try:
        mapped.save(path, sep_limit=1 << 16)
    except OSError as error:
        return short(error, folder)
    same = (mapped.wv.vectors[-1] == before).all()
    return f"saved; the old mapping {'answers as before' if same else 'has changed'}"


def save_for_ever(library: Library, folder: Path) -> str:
    model = large_model(library)
    path = str(folder / "model")
    model.save(path)
    print("saved", flush=True)
    while True:
        model.save(path)


def count_unloadable(library: Library, folder: Path) -> str:
    trials = sorted(folder.iterdir())
    lost = [said for trial in trials if not (said := reads_back(library, trial)).startswith("the file loads")]
    return f"{len(lost)} of {len(trials)} unloadable"


# --- the table ---


@dataclass(frozen=True)
class Accident:
    """What happens, and what is done about it in processes of their own, one after the other."""

    what: str
    steps: tuple[Step, ...]


ACCIDENTS = {
    "G1": Accident("a text header that promises 2,000,000,000 rows of 300", (header_bomb,)),
    "G2": Accident("a row with 1 number where there should be 5", (short_row,)),
    "G3": Accident("rows of NaN and infinity", (not_a_number,)),
    "G4": Accident("a binary file that lacks its last 13 bytes", (cut_binary,)),
    "G5": Accident("700 bytes of garbage behind the last binary row", (garbage_behind,)),
    "G6": Accident("a word that is not UTF-8", (not_utf8,)),
    "G7": Accident("a negative number of rows in the header", (negative_count,)),
    "G8": Accident("an error in the iterator, in epoch 2", (iterator_fails,)),
    "G9": Accident("a list where a word should be, in epoch 2", (bad_token,)),
    "G10": Accident("an error in a callback", (callback_fails,)),
    "G11": Accident("Ctrl-C during training", (ctrl_c,)),
    "G12": Accident("a pickle that runs a command, given to `Word2Vec.load`", (hostile_pickle,)),
    "G13": Accident("the disk is full when a good model is saved again", (full_disk, reads_back)),
    "G14": Accident("kill -9 in a loop of saves", (save_for_ever, count_unloadable)),
    "G15": Accident('a model loaded with `mmap="r"` is saved over itself', (save_over_mapping, reads_back)),
}
STEPS = {step.__name__: step for accident in ACCIDENTS.values() for step in accident.steps}


def command(step: Step, library: str, folder: Path) -> list[str]:
    return [sys.executable, __file__, "--child", step.__name__, library, str(folder)]


def act(step: str, library: str, folder: Path) -> None:
    """The child: take a step within limits and say how it went."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # shells make what is in the background deaf
    module = __import__(MODULES[library], fromlist=["Word2Vec"])
    print(json.dumps({"said": STEPS[step](module, folder)}), flush=True)
    os._exit(0)  # threads that wait for ever are no reason to wait for them


def told(step: Step, library: str, folder: Path, seconds: float) -> str:
    """What a child says of its step, or how it ended without a word."""
    child = subprocess.Popen(
        command(step, library, folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        shown, errors = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return f"HANGS (killed after {seconds:g} s)"
    if child.returncode < 0:
        return f"THE PROCESS DIES of {signal.Signals(-child.returncode).name}"
    if child.returncode:
        return (errors.strip() or "no words").rpartition("\n")[2]
    return str(json.loads(shown.rstrip().rpartition("\n")[2])["said"])


def kill_while_saving(library: str, folder: Path, kills: int, seconds: float) -> str:
    """End a process at a random moment, so many times; then see what is there to load."""
    rng = random.Random(14)
    for trial in range(kills):
        (place := folder / f"{trial:04}").mkdir()
        child = subprocess.Popen(
            command(save_for_ever, library, place), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert child.stdout is not None
        if not child.stdout.readline():
            return "does not save"
        time.sleep(rng.uniform(0, 0.5))
        child.kill()
        child.communicate()
    return told(count_unloadable, library, folder, seconds + kills)


def run(accident: Accident, library: str, kills: int, seconds: float) -> str:
    folder = Path(tempfile.mkdtemp(prefix="reliability-"))
    try:
        if accident.steps[0] is save_for_ever:
            return kill_while_saving(library, folder, kills, seconds)
        return "; ".join(told(step, library, folder, seconds) for step in accident.steps)
    finally:
        shutil.rmtree(folder)


def in_columns(cells: list[str], widths: list[int]) -> str:
    """A row of text whose cells are wrapped."""
    wrapped = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, widths, strict=True)]
    height = max(map(len, wrapped))
    lines = zip(*(part + [""] * (height - len(part)) for part in wrapped), strict=True)
    return "\n".join(
        "  ".join(part.ljust(width) for part, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def version(library: str) -> str:
    code = f"import {library}; print({library}.__version__)"
    return subprocess.check_output([sys.executable, "-P", "-c", code], text=True).strip()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tests", nargs="*", choices=ACCIDENTS, default=list(ACCIDENTS))
    parser.add_argument("--libraries", nargs="*", choices=MODULES, default=list(MODULES))
    parser.add_argument("--seconds", type=float, default=20, help="after which a process hangs")
    parser.add_argument("--kills", type=int, default=12, help="of G14")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        step, library, folder = args.child
        act(step, library, Path(folder))
    libraries = [name for name in args.libraries if importlib.util.find_spec(name)]
    if libraries != args.libraries:
        print("gensim is not installed: what fastw2v does, alone\n")
    heads = ["", "what happens", *(f"{name} {version(name)}" for name in libraries)]
    widths = [3, 24, *[46] * len(libraries)]
    print(f"{machine()}; Python {sys.version.split()[0]}\n")
    print(table_head(heads) if args.markdown else in_columns(heads, widths))
    for name in args.tests:
        accident = ACCIDENTS[name]
        results = [run(accident, library, args.kills, args.seconds) for library in libraries]
        cells = [name, accident.what, *results]
        shown = (
            row(cell.replace("|", "\\|") for cell in cells) if args.markdown else in_columns(cells, widths)
        )
        print(shown if args.markdown else f"\n{shown}", flush=True)


if __name__ == "__main__":
    main()
