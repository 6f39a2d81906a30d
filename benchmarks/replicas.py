"""deterministic=True against all threads in one model: the same bits on every run, quality, and time.

    python benchmarks/replicas.py CORPUS EVAL_DIR [--workers N]... [--seeds N] [--rounds N] [--mode NAME]...

Scores are of WordSim-353, SimLex-999 and analogies, judged by gensim's code; % is of the mean of one worker.
Words/s are of `train()` on the wall, turn by turn, best of the rounds.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import time
from pathlib import Path
from typing import Any

from common import MODES, SCORES, judge, row

from fastw2v import Word2Vec


def train(corpus: str, **settings: Any) -> tuple[Word2Vec, float]:
    """Return a model and the seconds of its training."""
    model = Word2Vec(vector_size=100, epochs=5, progress=False, **settings)
    model.build_vocab(corpus_file=corpus)
    begun = time.perf_counter()
    model.train(corpus_file=corpus, total_words=model.corpus_total_words, epochs=5)
    return model, time.perf_counter() - begun


def digest(model: Word2Vec) -> str:
    return hashlib.blake2b(model.wv.vectors.tobytes(), digest_size=4).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("eval_dir", type=Path)
    parser.add_argument("--workers", type=int, action="append")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mode", action="append", choices=MODES)
    options = parser.parse_args()
    kinds = [(1, False)] + [(n, how) for n in options.workers or [2] for how in (False, True)]
    print(row(("mode", "workers", "", *SCORES, "mean", "% of one worker", "words/s", "hashes of one seed")))
    print(row(("---", "---:", "---", *["---:"] * 6, "---")))
    for mode in options.mode or MODES:
        scores: dict[Any, list[list[float]]] = {kind: [] for kind in kinds}
        fastest: dict[Any, float] = dict.fromkeys(kinds, float("inf"))
        hashes: dict[Any, set[str]] = {kind: set() for kind in kinds}
        words = 0
        for turn in range(max(options.seeds, options.rounds)):
            for workers, how in kinds:
                seed = turn % options.seeds + 1
                settings = MODES[mode] | {"workers": workers, "deterministic": how, "seed": seed}
                model, seconds = train(options.corpus, **settings)
                words = 5 * model.corpus_total_words
                fastest[workers, how] = min(fastest[workers, how], seconds)
                if seed == 1:
                    hashes[workers, how].add(digest(model))
                    if turn == 0:  # again, as to give the same once proves nothing
                        hashes[workers, how].add(digest(train(options.corpus, **settings)[0]))
                if turn < options.seeds:
                    scores[workers, how].append(list(judge(model.wv, options.eval_dir).values()))
        one = statistics.fmean(statistics.fmean(found) for found in scores[1, False])
        for (workers, how), found in scores.items():
            means = [statistics.fmean(column) for column in zip(*found, strict=True)]
            mean = statistics.fmean(means)
            cells = (*(f"{score:.1f}" for score in means), f"{mean:.2f}", f"{100 * mean / one:.1f}")
            speed = f"{words / fastest[workers, how]:,.0f}"
            name = "deterministic" if how else "one model"
            print(row((mode, workers, name, *cells, speed, len(hashes[workers, how]))), flush=True)


if __name__ == "__main__":
    main()
