"""Speed of reading and writing vectors, as word2vec's text and binary, against gensim, turn by turn.

    python benchmarks/vectors.py [--rows 100000] [--dims 100 300] [--rounds 3] [--folder DIR]

The vectors are random numbers of the size that trained ones have. Each round writes them with gensim and with
fastw2v, checks that both files are equal to the byte, and reads one back with both. A ratio is taken within
a round; its median over rounds is printed. Seconds are of the processor: a disk adds the same to both.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gensim
import numpy as np

import fastw2v

MAKERS = (gensim.models.KeyedVectors, fastw2v.KeyedVectors)


def filled(make: Any, vectors: np.ndarray, words: list[str] | None = None) -> Any:
    keyed = make(vectors.shape[1])
    keyed.add_vectors(words or [f"word{row}" for row in range(len(vectors))], vectors)
    keyed.expandos["count"] = np.arange(len(vectors), 0, -1)
    return keyed


def seconds(call: Callable[[], Any]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def one_round(both: list[Any], files: list[str], binary: bool) -> dict[str, list[float]]:
    """Return the times of gensim and of fastw2v for each job."""
    save = [
        seconds(lambda k=keyed, f=file: k.save_word2vec_format(f, binary=binary))
        for keyed, file in zip(both, files, strict=True)
    ]
    if not filecmp.cmp(*files, shallow=False):
        raise SystemExit("the files differ")
    load = [seconds(lambda m=make: m.load_word2vec_format(files[0], binary=binary)) for make in MAKERS]
    return {"load": load, "save": save}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dims", nargs="+", type=int, default=[100, 300])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="where the files go for the time being")
    args = parser.parse_args()
    print(
        f"gensim {gensim.__version__}, fastw2v {fastw2v.__version__}, numpy {np.__version__}, "
        f"{os.cpu_count()} cores; {args.rows:,} rows, {args.rounds} rounds"
    )
    print("| format | d | job | gensim s | fastw2v s | ratio: median (min-max) |")
    print("|---|---|---|---|---|---|")
    for dim in args.dims:
        vectors = np.random.default_rng(1).standard_normal((args.rows, dim), dtype=np.float32) / 10
        both = [filled(make, vectors) for make in MAKERS]
        for binary in (False, True):
            with tempfile.TemporaryDirectory(dir=args.folder) as folder:
                files = [str(Path(folder, name)) for name in ("gensim", "fastw2v")]
                rounds = [one_round(both, files, binary) for _ in range(args.rounds)]
            for job in rounds[0]:
                base, ours = zip(*(times[job] for times in rounds), strict=True)
                ratios = [b / s for b, s in zip(base, ours, strict=True)]
                print(
                    f"| {'binary' if binary else 'text'} | {dim} | {job} | {statistics.median(base):.2f} "
                    f"| {statistics.median(ours):.2f} "
                    f"| {statistics.median(ratios):.1f}x ({min(ratios):.1f}-{max(ratios):.1f}) |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
