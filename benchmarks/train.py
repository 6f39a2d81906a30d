"""Training speed of fastw2v against gensim, turn by turn in one process.

    python benchmarks/train.py CORPUS [--dims 100 300] [--workers 1 2] [--modes sg-ns ...] [--rounds 3]

CORPUS is a text file, one sentence a line; gensim reads it the fastest way it has, `corpus_file=`. Times are
of `train()` for one epoch after `build_vocab()` on the same file, which in fastw2v leaves the text encoded,
while gensim reads it again. Each round trains gensim, then fastw2v in every order asked for; a ratio is taken
inside a round, and its median over rounds is printed. words/s are raw corpus words, those that downsampling
drops included.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from typing import Any

import gensim
import numpy as np
from common import MODES, count_words

import fastw2v
from fastw2v import _kernels


def steps_of(mode: str, steps: list[str]) -> list[str]:
    """CBOW is the same in both orders of updates, so it is timed once."""
    return steps if mode.startswith("sg") else steps[:1]


def ready(make: Any, corpus: str, **settings: Any) -> Any:
    model = make(**settings)
    model.build_vocab(corpus_file=corpus)
    return model


def timed_train(make: Any, corpus: str, settings: dict[str, Any]) -> float:
    """Seconds of one epoch by a new model."""
    model = ready(make, corpus, **settings)
    start = time.perf_counter()
    model.train(
        corpus_file=corpus, total_examples=model.corpus_count, total_words=model.corpus_total_words, epochs=1
    )
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("--dims", nargs="+", type=int, default=[100, 300])
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES))
    parser.add_argument("--steps", nargs="+", choices=("window", "pair"), default=["window", "pair"])
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print(
        f"gensim {gensim.__version__}, fastw2v {fastw2v.__version__} ({_kernels.selected_isa()}), "
        f"numpy {np.__version__}, {os.cpu_count()} cores; window 5, negative 5, sample 1e-3, "
        f"one epoch of {os.path.basename(args.corpus)}"
    )
    print("| mode | d | workers | gensim k words/s | order | fastw2v k words/s | ratio: median (min-max) |")
    print("|---|---|---|---|---|---|---|")
    for mode in args.modes:
        for dim in args.dims:
            for workers in args.workers:
                settings = {"vector_size": dim, "workers": workers, **MODES[mode]}
                words = count_words(args.corpus) / 1000
                base: list[float] = []
                times: dict[str, list[float]] = {step: [] for step in steps_of(mode, args.steps)}
                for _ in range(args.rounds):
                    base.append(timed_train(gensim.models.Word2Vec, args.corpus, settings))
                    for step, seconds in times.items():
                        ours = settings | {"step": step, "progress": False}
                        seconds.append(timed_train(fastw2v.Word2Vec, args.corpus, ours))
                for step, seconds in times.items():
                    ratios = [b / s for b, s in zip(base, seconds, strict=True)]
                    order = step if mode.startswith("sg") else "–"
                    print(
                        f"| {mode} | {dim} | {workers} | {words / statistics.median(base):.0f} | {order} "
                        f"| {words / statistics.median(seconds):.0f} "
                        f"| {statistics.median(ratios):.1f}x ({min(ratios):.1f}-{max(ratios):.1f}) |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
