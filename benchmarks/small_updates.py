"""What `train()` on one sentence costs in models of several sizes, fastw2v against gensim, turn by turn.

    python benchmarks/small_updates.py [--words 2000 200000 500000] [--modes sg-ns ...] [--rounds 9]
                                       [--epochs 20] [--dim 100]

A model of so many words gets one sentence of 20 words, as in online learning: as a list, and as an object
that is read anew in each epoch. One worker, wall time of all epochs, the median over rounds; a ratio is taken
inside a round. `update` is one call of `build_vocab(update=True)` on a sentence with a new word: it makes
larger matrices, so it grows with the model, in both libraries.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import gensim
from common import MODES, machine, row, table_head

import fastw2v

SENTENCE = 20


class Stream:
    """A corpus that nobody can know to be always the same."""

    def __init__(self, sentences: list[list[str]]) -> None:
        self.sentences = sentences

    def __iter__(self) -> Iterator[list[str]]:
        return iter(self.sentences)


def timed(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - start)


def measured(words: int, mode: str, dim: int, rounds: int, epochs: int) -> list[object]:
    """The cells of one row."""
    counts = {f"w{i}": words - i for i in range(words)}
    sentences = [[f"w{i * 7 % words}" for i in range(SENTENCE)]]
    models = []
    for library in (gensim.models.Word2Vec, fastw2v.Word2Vec):
        model = library(vector_size=dim, min_count=1, workers=1, **MODES[mode])
        model.build_vocab_from_freq(counts)
        models.append(model)
    cells: list[object] = [f"{words:,}", mode]
    for corpus in (sentences, Stream(sentences)):
        times: list[list[float]] = [[], []]
        for _ in range(rounds):
            for model, taken in zip(models, times, strict=True):
                taken.append(timed(partial(model.train, corpus, total_examples=1, epochs=epochs)))
        theirs, ours = map(statistics.median, times)
        ratio = statistics.median(a / b for a, b in zip(*times, strict=True))
        cells += [f"{theirs:.1f}", f"{ours:.1f}", f"{ratio:.2f}"]
    updates = [timed(partial(model.build_vocab, [["new", "w1"]], update=True)) for model in models]
    return [*cells, *(f"{ms:.0f}" for ms in updates)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--words", type=int, nargs="+", default=[2_000, 200_000, 500_000])
    parser.add_argument("--modes", nargs="+", default=list(MODES), choices=MODES)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--dim", type=int, default=100)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"{machine()}; ms for {args.epochs} epochs of one sentence, d = {args.dim}\n")
    sides = [f"{corpus}: {name}" for corpus in ("list", "stream") for name in ("gensim", "fastw2v", "ratio")]
    print(table_head(["words", "mode", *sides, "update: gensim", "fastw2v"]))
    for words in args.words:
        for mode in args.modes:
            print(row(measured(words, mode, args.dim, args.rounds, args.epochs)), flush=True)


if __name__ == "__main__":
    main()
