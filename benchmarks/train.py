"""Training speed of fastw2v against gensim, turn by turn in one process.

    python benchmarks/train.py CORPUS [--dims 100 300] [--workers 1 2] [--modes sg-ns ...]
                               [--isas avx512 avx2] [--rounds 3]

CORPUS is a text file, one sentence a line; gensim reads it the fastest way it has, `corpus_file=`. Times are
of `train()` for one epoch after `build_vocab()` on the same file, which in fastw2v leaves the text encoded,
while gensim reads it again. Each round trains gensim, then fastw2v in every order and with every instruction
set asked for; a ratio is taken inside a round, and its median over rounds is printed. words/s are raw corpus
words, those that downsampling drops included.

GFLOP/s count what the algorithm needs, 6 D for each input and output that meet (a dot product and two
updates) and in CBOW 13 D more for six context words; they are compared with the product of two large matrices
by numpy's BLAS on as many cores, which comes close to the machine's peak of fused multiply-adds.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import time
from typing import Any

import gensim
import numpy as np
from common import MODES, count_words, machine, row, table_head

import fastw2v
from fastw2v.tile import dispatch


def steps_of(mode: str, steps: list[str]) -> list[str]:
    """CBOW is the same in both orders of updates, so it is timed once."""
    return steps if mode.startswith("sg") else steps[:1]


def ready(make: Any, corpus: str, **settings: Any) -> Any:
    model = make(**settings)
    model.build_vocab(corpus_file=corpus)
    return model


def timed_train(make: Any, corpus: str, settings: dict[str, Any]) -> tuple[float, Any]:
    """Seconds of one epoch by a new model, and the model."""
    model = ready(make, corpus, **settings)
    start = time.perf_counter()
    model.train(
        corpus_file=corpus, total_examples=model.corpus_count, total_words=model.corpus_total_words, epochs=1
    )
    return time.perf_counter() - start, model


def gigaflops(model: Any) -> float:
    """What the last epoch computed, in 10^9 floating-point operations."""
    outputs = 1 + model.negative
    if model.hs:
        paths = [len(model.huffman_path(word).point) for word in model.wv.index_to_key]
        kept = model.wv.expandos["count"] * (model.wv.expandos["sample_int"] / 2**32)
        outputs = np.average(paths, weights=kept)
    per_dimension = 6 * outputs + (0 if model.sg else 13)
    return float(model.history[-1]["examples"] * model.vector_size * per_dimension / 1e9)


def blas_gigaflops() -> float:
    """GFLOP/s of one core in a product of large matrices."""
    code = """
import time, numpy
a, times = numpy.ones((2000, 2000), numpy.float32), []
for _ in range(8):
    start = time.perf_counter(); a @ a; times.append(time.perf_counter() - start)
print(2 * 2000**3 / min(times) / 1e9)
"""
    one = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")}
    return float(subprocess.check_output([sys.executable, "-c", code], env=os.environ | one))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("--dims", nargs="+", type=int, default=[100, 300])
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES))
    parser.add_argument("--steps", nargs="+", choices=("window", "pair"), default=["window", "pair"])
    parser.add_argument("--isas", nargs="+", choices=dispatch.ISAS, default=[dispatch.selected_isa()])
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print(
        f"gensim {gensim.__version__}, fastw2v {fastw2v.__version__}, numpy {np.__version__}, {machine()}; "
        f"window 5, negative 5, sample 1e-3, one epoch of {os.path.basename(args.corpus)}"
    )
    print(
        table_head(
            ("mode", "d", "workers", "gensim k words/s", "order", "instructions", "fastw2v k words/s")
            + ("ratio: median (min-max)", "GFLOP/s", "of BLAS")
        )
    )
    words = count_words(args.corpus) / 1000
    for mode, dim, workers in itertools.product(args.modes, args.dims, args.workers):
        settings = {"vector_size": dim, "workers": workers, **MODES[mode]}
        base: list[float] = []
        blas: list[float] = []
        times: dict[tuple[str, str], list[float]] = {
            key: [] for key in itertools.product(steps_of(mode, args.steps), args.isas)
        }
        work = 0.0
        for _ in range(args.rounds):
            blas.append(blas_gigaflops() * workers)
            base.append(timed_train(gensim.models.Word2Vec, args.corpus, settings)[0])
            for (step, isa), seconds in times.items():
                dispatch.select_isa(isa)
                ours = settings | {"step": step, "progress": False}
                taken, model = timed_train(fastw2v.Word2Vec, args.corpus, ours)
                seconds.append(taken)
                work = work or gigaflops(model)
        for (step, isa), seconds in times.items():
            ratios = [b / s for b, s in zip(base, seconds, strict=True)]
            share = statistics.median([work / s / b for s, b in zip(seconds, blas, strict=True)])
            cells = (
                *(mode, dim, workers, f"{words / statistics.median(base):.0f}"),
                *(step if mode.startswith("sg") else "–", isa, f"{words / statistics.median(seconds):.0f}"),
                f"{statistics.median(ratios):.1f}x ({min(ratios):.1f}-{max(ratios):.1f})",
                *(f"{work / statistics.median(seconds):.0f}", f"{100 * share:.0f} %"),
            )
            print(row(cells), flush=True)


if __name__ == "__main__":
    main()
