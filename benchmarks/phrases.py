"""Phrases: seconds of gensim and of fastw2v on one text, turn by turn, and whether they agree in everything.

    python benchmarks/phrases.py CORPUS [--rounds N] [--min-count N] [--threshold X]

CORPUS has one sentence a line; it is read into lists before. Seconds are the processor's, best of the rounds.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable
from typing import Any

from common import row
from gensim.models import Word2Vec as GensimsWord2Vec
from gensim.models.phrases import Phrases as GensimsPhrases

import fastw2v

JOBS = ("learn", "export", "freeze", "apply", "apply frozen", "train 1 epoch of it")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    gc.collect()
    begun = time.process_time()
    made = work()
    return time.process_time() - begun, made


def run(
    phrases_class: Any, model_class: Any, text: list[list[str]], settings: dict[str, Any]
) -> dict[str, Any]:
    """Return seconds and results by job."""
    took: dict[str, Any] = {}
    took["learn"], phrases = timed(lambda: phrases_class(text, **settings))
    took["export"], exported = timed(phrases.export_phrases)
    took["freeze"], frozen = timed(phrases.freeze)
    took["apply"], joined = timed(lambda: list(phrases[text]))
    took["apply frozen"], joined_frozen = timed(lambda: list(frozen[text]))
    took["train 1 epoch of it"], _ = timed(
        lambda: model_class(frozen[text], vector_size=100, sg=1, epochs=1, workers=1)
    )
    took["results"] = (phrases.vocab, exported, joined, joined_frozen)
    return took


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--min-count", type=int, default=5)
    parser.add_argument("--threshold", type=float, default=10.0)
    options = parser.parse_args()
    with open(options.corpus, encoding="utf-8") as lines:
        text = [line.split() for line in lines]
    words = sum(map(len, text))
    settings = {"min_count": options.min_count, "threshold": options.threshold}
    best: dict[str, list[float]] = {job: [float("inf")] * 2 for job in JOBS}
    for turn in range(options.rounds):
        theirs = run(GensimsPhrases, GensimsWord2Vec, text, settings)
        ours = run(fastw2v.Phrases, fastw2v.Word2Vec, text, settings)
        same = ours.pop("results") == theirs.pop("results")
        for job in JOBS:
            best[job] = [min(best[job][0], theirs[job]), min(best[job][1], ours[job])]
        print(f"round {turn + 1}: results {'are the same' if same else 'DIFFER'}", flush=True)
    print(f"\n{words:,} words\n")
    print(row(("", "gensim s", "fastw2v s", "times as fast")))
    print(row(("---", "---:", "---:", "---:")))
    for job, (theirs_took, ours_took) in best.items():
        print(row((job, f"{theirs_took:.3f}", f"{ours_took:.3f}", f"{theirs_took / ours_took:.1f}")))


if __name__ == "__main__":
    main()
