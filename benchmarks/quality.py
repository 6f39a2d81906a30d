"""The quality gate: fastw2v's vectors against gensim's, on a corpus of your own.

    python benchmarks/quality.py CORPUS EVAL_DIR [--dims 100 300] [--workers 1 2] [--seeds 5]

Trains every engine with the same settings and several seeds, judges all of them with one judge
(gensim's own evaluation code), and prints mean and standard error for each score, then whether the
gate holds: no score of ours more than one point below gensim's, and not below it on average.

CORPUS is a text file, one sentence or paragraph a line. EVAL_DIR holds tab-separated word pairs
(EN-WS-353-ALL.txt, EN-SIMLEX-999.txt) and Google's questions-words.txt. With --results FILE every
finished run is appended as one JSON line, and runs that FILE already holds are not repeated. Where there
are no runs of gensim, its own order of updates with one worker stands for it: it makes the same vectors.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gensim
import numpy as np
from common import MODES, SCORES, judge
from gensim.models import Word2Vec as GensimWord2Vec
from gensim.models.word2vec import LineSentence


def train_gensim(corpus: str, **settings: Any) -> Any:
    return GensimWord2Vec(LineSentence(corpus), **settings).wv


def train_fastw2v(step: str) -> Callable[..., Any]:
    def train(corpus: str, **settings: Any) -> Any:
        import fastw2v

        return fastw2v.Word2Vec(corpus_file=corpus, step=step, **settings).wv

    return train


ENGINES: dict[str, Callable[..., Any]] = {
    "gensim": train_gensim,
    "pair": train_fastw2v("pair"),
    "window": train_fastw2v("window"),
}


def load_results(path: Path | None) -> list[dict[str, Any]]:
    if path is None or not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


SETTING = ("corpus", "mode", "dim", "workers")
RUN_KEYS = ("corpus", "mode", "engine", "dim", "workers", "epochs", "seed")


def run_all(args: argparse.Namespace) -> list[dict[str, Any]]:
    results = load_results(args.results)
    done = {tuple(r[key] for key in RUN_KEYS) for r in results}
    grid = itertools.product(args.modes, args.dims, args.workers, range(1, args.seeds + 1), args.engines)
    for mode, dim, workers, seed, engine in grid:
        corpus = Path(args.corpus).stem
        run: dict[str, Any] = dict(
            zip(RUN_KEYS, (corpus, mode, engine, dim, workers, args.epochs, seed), strict=True)
        )
        if tuple(run.values()) in done:
            continue
        start = time.perf_counter()
        wv = ENGINES[engine](
            args.corpus, vector_size=dim, workers=workers, seed=seed, epochs=args.epochs, **MODES[mode]
        )
        run["seconds"] = round(time.perf_counter() - start, 1)
        run |= judge(wv, Path(args.eval_dir))
        results.append(run)
        print(json.dumps(run), file=sys.stderr, flush=True)
        if args.results is not None:
            with args.results.open("a") as out:
                out.write(json.dumps(run) + "\n")
    return results


def mean_and_error(values: list[float]) -> tuple[float, float]:
    spread = np.std(values, ddof=1) / math.sqrt(len(values)) if len(values) > 1 else float("nan")
    return float(np.mean(values)), float(spread)


def reference(
    results: list[dict[str, Any]], corpus: str, mode: str, dim: int, workers: int
) -> list[float] | None:
    """Mean scores of gensim, or else of its own order with one worker, which has gensim's vectors."""
    for engine, threads in (("gensim", workers), ("pair", 1)):
        wanted = corpus, mode, dim, threads, engine
        runs = [r for r in results if tuple(r[k] for k in (*SETTING, "engine")) == wanted]
        if runs:
            return [mean_and_error([r[s] for r in runs])[0] for s in SCORES]
    return None


def print_table(results: list[dict[str, Any]]) -> None:
    """One block per setting, one row per engine: score ± standard error, and the gate's verdict."""
    print("| corpus | mode | d | workers | engine | runs | " + " | ".join(SCORES) + " | mean | gate |")
    print("|" + "---|" * (8 + len(SCORES)))
    for key in sorted({tuple(r[k] for k in SETTING) for r in results}):
        rows = [r for r in results if tuple(r[k] for k in SETTING) == key]
        theirs = reference(results, *key)
        for engine in ENGINES:
            runs = [r for r in rows if r["engine"] == engine]
            if not runs:
                continue
            stats = [mean_and_error([r[s] for r in runs]) for s in SCORES]
            means = [mean for mean, _ in stats]
            if engine == "gensim" or means == theirs:
                verdict = "–"
            elif theirs is None:
                verdict = "no gensim runs"
            else:
                worst = min(ours - base for ours, base in zip(means, theirs, strict=True))
                average = float(np.mean(means) - np.mean(theirs))
                held = worst >= -1 and average >= 0
                # gensim's own order of updates gives gensim's vectors, so there is nothing to decide.
                decision = "parity" if engine == "pair" else "holds" if held else "FAILS"
                verdict = f"{decision} (worst {worst:+.2f}, average {average:+.2f})"
            cells = " | ".join(f"{mean:.2f} ± {error:.2f}" for mean, error in stats)
            head = " | ".join(map(str, key))
            print(f"| {head} | {engine} | {len(runs)} | {cells} | {np.mean(means):.2f} | {verdict} |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("eval_dir")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--modes", nargs="+", choices=MODES, default=["sg-ns"])
    parser.add_argument("--dims", nargs="+", type=int, default=[100, 300])
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--results", type=Path)
    args = parser.parse_args()
    print(
        f"gensim {gensim.__version__}, numpy {np.__version__}, {os.cpu_count()} cores, window 5, sample 1e-3"
    )
    print_table(run_all(args))


if __name__ == "__main__":
    main()
