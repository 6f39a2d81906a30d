"""Everything at once, for hours: does memory stay, and do threads and open files come back?

`soak.py --minutes N` trains, saves, loads, maps, asks from threads, grows vocabularies, raises in texts and
callbacks, and interrupts, over and over; it prints a line a minute, and at the end whether anything grew
(then it ends with 1).
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import logging
import os
import random
import signal
import sys
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

sys.path.append(str(Path(__file__).parent.parent))

import numpy as np  # noqa: E402
from factories import assert_same, matrices, text, threads, unsampled, written  # noqa: E402

from fastw2v import CallbackAny2Vec, KeyedVectors, LineSentence, Word2Vec  # noqa: E402
from fastw2v.desm import DESM, DESMIndex  # noqa: E402

TEXT = text(2000, 400, seed=5)
NOISE = 12 << 20  # bytes by which a process that keeps nothing grows and shrinks
PER_CYCLE = 1 << 10  # bytes that a cycle may keep


class Wrong(Exception):
    """Raised on purpose."""


class Raises(CallbackAny2Vec):
    def on_epoch_end(self, model: Word2Vec) -> None:
        raise Wrong


def train(rng: random.Random, folder: Path) -> Word2Vec:
    settings: dict[str, Any] = {"sg": rng.randint(0, 1), "workers": rng.randint(1, 4), "vector_size": 30}
    settings |= rng.choice([{"hs": 1, "negative": 0}, {"hs": 1, "negative": 3}, {"negative": 5}])
    corpus = rng.choice([TEXT, LineSentence(folder / "text"), LineSentence(folder / "text.gz")])
    return unsampled(corpus, epochs=2, seed=rng.randrange(1000), **settings)


def files(model: Word2Vec, folder: Path) -> None:
    path = folder / "model.fw2v"
    model.save(path)
    for options in ({"verify": "full"}, {"mmap": "r"}, {"mmap": "c"}):
        loaded = Word2Vec.load(path, **options)  # type: ignore[arg-type]
        assert_same(matrices(loaded), matrices(model))
    loaded.save(path)  # over its own mapping
    for binary, name in ((False, "v.txt"), (True, "v.bin"), (False, "v.txt.gz")):
        model.wv.save_word2vec_format(folder / name, binary=binary)
        KeyedVectors.load_word2vec_format(folder / name, binary=binary)
    with contextlib.suppress(ValueError):
        Word2Vec.load(folder / "v.txt")
    with contextlib.suppress(ValueError):
        KeyedVectors.load_word2vec_format(path)


def ask(model: Word2Vec) -> None:
    words = model.wv.index_to_key[:200]
    expected = [model.wv.most_similar(word, topn=3) for word in words]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda word: model.wv.most_similar(word, topn=3), words)) == expected
    model.wv.most_similar_many(words, topn=3)


def index(model: Word2Vec, folder: Path) -> None:
    if not model.negative:
        return
    made = DESM(model).index(TEXT[:200], [str(i) for i in range(200)], progress=False)
    made.save(folder / "index.desm")
    loaded = DESMIndex.load(folder / "index.desm", model, mmap="r")
    assert loaded.search("w1 w2", 5) == made.search("w1 w2", 5)


def grow(model: Word2Vec, rng: random.Random) -> None:
    fresh = [[f"new{rng.randrange(30)}" for _ in range(6)] for _ in range(20)]
    model.build_vocab(fresh, update=True)
    model.train(fresh, total_examples=len(fresh), epochs=1)


def fail(model: Word2Vec) -> None:
    """Errors of a text and of a callback, and a sentence that is none."""

    def broken() -> Any:
        yield from TEXT[:500]
        raise Wrong

    class Text:
        def __iter__(self) -> Any:
            return broken()

    for corpus, error, callbacks in (
        (Text(), Wrong, []),
        (TEXT, Wrong, [Raises()]),
        ([*TEXT, 7], TypeError, []),
    ):
        try:
            model.train(corpus, total_examples=len(TEXT), epochs=1, callbacks=callbacks)
        except error:
            continue
        raise AssertionError(f"{error} did not come out")


def interrupt(model: Word2Vec, rng: random.Random) -> None:
    """What Ctrl-C raises, at some moment of a training."""
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        try:
            signal.setitimer(signal.ITIMER_REAL, rng.uniform(0.001, 0.1))
            model.train(TEXT, total_examples=len(TEXT), epochs=50)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    assert all(np.isfinite(matrix).all() for matrix in matrices(model).values())


def cycle(rng: random.Random, folder: Path) -> None:
    model = train(rng, folder)
    files(model, folder)
    ask(model)
    index(model, folder)
    grow(model, rng)
    fail(model)
    interrupt(model, rng)
    assert not threads(), threads()


class Sample(NamedTuple):
    """What a process holds after so many cycles."""

    cycles: int
    resident: int
    threads: int
    files: int


def sample(cycles: int) -> Sample:
    gc.collect()
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    return Sample(cycles, resident, len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd")))


def verdict(samples: list[Sample]) -> list[str]:
    """What grew after the first quarter, in which a process takes what it then keeps."""
    late = samples[len(samples) // 4 :]
    found = []
    for name in ("threads", "files"):
        first, last = getattr(late[0], name), getattr(late[-1], name)
        if last > first:
            found.append(f"{name}: {first}, then {last}")
    cycles, resident = (np.array([one[field] for one in late], dtype=float) for field in (0, 1))
    spread = cycles - cycles.mean()
    slope = float(spread @ resident / max(spread @ spread, 1))
    growth = slope * (cycles[-1] - cycles[0])
    if growth > NOISE + PER_CYCLE * len(late):
        found.append(f"memory: {slope / 1024:.1f} kB a cycle, {growth / 2**20:.1f} MB in all")
    return found


def shown(one: Sample, seconds: float) -> str:
    return (
        f"{seconds / 60:7.1f} min {one.cycles:7,} cycles {one.resident / 2**20:8.1f} MB"
        f" {one.threads:4} threads {one.files:4} files"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--every", type=float, default=60, metavar="SECONDS", help="between two lines")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.disable()
    warnings.simplefilter("ignore")
    rng = random.Random(options.seed)
    samples: list[Sample] = []
    begin = printed = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fastw2v-soak-") as name:
        for file in ("text", "text.gz"):
            written(Path(name), file, TEXT)
        while not samples or time.monotonic() - begin < 60 * options.minutes:
            cycle(rng, Path(name))
            samples.append(sample(len(samples) + 1))
            if time.monotonic() - printed > options.every:
                printed = time.monotonic()
                print(shown(samples[-1], printed - begin), flush=True)
    print(shown(samples[-1], time.monotonic() - begin))
    found = verdict(samples)
    print(*(found or ["nothing grew"]), sep="\n")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
