"""A compass against CADE's way on gensim, and against models turned by Procrustes: seconds, and shifts found.

    python benchmarks/compass.py CORPUS [--rounds 3]

The text is halved, and in the second half pairs of words change places: these are the shifts to find. Scores
are the share of them among as many words that moved most. gensim has no way to hold OUT vectors still, so
its seconds are of the same passes (all of the text, then each half) with everything trained, which takes it
longer than CADE's own gensim by what the updates of OUT take; its slices are not scored. Turn by turn in one
process, seconds of the processor, one worker; gensim must be installed.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Any

from common import row

from fastw2v import Compass, Word2Vec, align
from fastw2v.shift import most_shifted

SETTINGS: dict[str, Any] = {"vector_size": 100, "negative": 10, "workers": 1, "seed": 1, "min_count": 5}
SWAPPED, LEAST = 40, 60


def halves(corpus: Path) -> tuple[list[list[str]], list[list[str]], set[str]]:
    """The halves of a text, words of the second swapped, and these words."""
    lines = [line.split() for line in corpus.read_text(encoding="utf-8").splitlines()]
    first, second = lines[: len(lines) // 2], lines[len(lines) // 2 :]
    counts = [Counter(word for line in part for word in line) for part in (first, second)]
    usual = [word for word, _ in counts[0].most_common(1500)[300:] if counts[1][word] > LEAST]
    chosen = random.Random(0).sample(usual, SWAPPED)
    swap = dict(zip(chosen[::2], chosen[1::2], strict=True))
    swap |= {there: here for here, there in swap.items()}
    return first, [[swap.get(word, word) for word in line] for line in second], {*chosen}


def seconds(work: Any) -> tuple[float, Any]:
    start = time.process_time()
    made = work()
    return time.process_time() - start, made


def main() -> None:
    """Print a table for skip-gram and CBOW."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    from gensim.models import Word2Vec as Gensims

    first, second, moved = halves(given.corpus)

    def found(ranked: list[tuple[str, float]]) -> str:
        return f"{sum(word in moved for word, _ in ranked) / len(moved):.2f}"

    def with_gensim(sg: int) -> list[Any]:
        return [Gensims(text, sg=sg, **SETTINGS) for text in (first + second, first, second)]

    def with_compass(sg: int) -> Compass:
        return Compass({"first": first, "second": second}, sg=sg, **SETTINGS)

    print(row(["", "Compass s", "gensim s", "ratio", "Compass cosine", "Compass neighbors", "Procrustes"]))
    print(row(["---"] * 7))
    for name, sg in (("skip-gram", 1), ("CBOW", 0)):
        turns = []
        for _ in range(given.rounds):
            ours, compass = seconds(lambda sg=sg: with_compass(sg))
            theirs, _ = seconds(lambda sg=sg: with_gensim(sg))
            turns.append((ours, theirs))
        scores = [
            found(compass.most_shifted("first", "second", SWAPPED, min_count=LEAST, measure=measure))
            for measure in ("cosine", "neighbors")
        ]
        apart = [Word2Vec(text, sg=sg, **SETTINGS) for text in (first, second)]
        scores.append(found(most_shifted(align(*apart), apart[1], SWAPPED, min_count=LEAST)))
        ours, theirs = (statistics.median(side) for side in zip(*turns, strict=True))
        ratio = statistics.median(theirs / ours for ours, theirs in turns)
        print(row([name, f"{ours:.1f}", f"{theirs:.1f}", f"{ratio:.1f}", *scores]), flush=True)


if __name__ == "__main__":
    main()
