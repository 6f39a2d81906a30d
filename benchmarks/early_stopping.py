"""The loss of held-out lines and the score on word pairs, by epoch, and where `EarlyStopping` ends training.

    python benchmarks/early_stopping.py CORPUS [--pairs EVAL_DIR/EN-WS-353-ALL.txt] [--epochs 5 10] [--table]

Every tenth line of the corpus is held out. The learning rate falls over all epochs, so runs of different
lengths are trained each by itself.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from common import row

from fastw2v import EarlyStopping, Word2Vec

HELD_OUT = 10  # every so many lines one is held out


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--pairs", type=Path, help="a file of word pairs with judgements")
    parser.add_argument("--epochs", type=int, nargs="+", default=[5, 10, 20, 40], help="one run for each")
    parser.add_argument("--alpha", type=float, nargs="+", default=[0.025], help="one run for each")
    parser.add_argument("--sg", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--table", action="store_true", help="show every epoch")
    options = parser.parse_args()
    lines = [line.split() for line in options.corpus.read_text(encoding="utf-8").splitlines()]
    held_out = lines[::HELD_OUT]
    rest = [line for number, line in enumerate(lines) if number % HELD_OUT]
    print(f"{len(rest)} lines trained, {len(held_out)} held out")
    print(row(("alpha", "epochs", "loss", "least", "patience=1 ends at", "pairs", "best", "at least loss")))
    print(row(["---"] * 8))
    for alpha in options.alpha:
        for epochs in options.epochs:
            run(rest, held_out, alpha, epochs, options)


def run(
    rest: list[list[str]], held_out: list[list[str]], alpha: float, epochs: int, options: argparse.Namespace
) -> None:
    """Train so many epochs, watch loss and score after each, and say where patience would have ended."""

    def score(model: Word2Vec) -> float:
        return 100 * model.wv.evaluate_word_pairs(options.pairs)[1][0] if options.pairs else math.nan

    loss = EarlyStopping(held_out=held_out, patience=epochs)
    pairs = EarlyStopping(score, mode="max", patience=epochs + 1)
    model = Word2Vec(
        rest,
        sg=options.sg,
        alpha=alpha,
        epochs=epochs,
        workers=options.workers,
        compute_loss=True,
        callbacks=[loss, pairs],
        progress=False,
    )
    steps = zip(loss.values, loss.values[1:], strict=False)
    end = next((number for number, (one, other) in enumerate(steps, 1) if other >= one), "–")
    assert loss.best is not None and loss.best_epoch is not None
    cells = [alpha, epochs, f"{loss.values[-1]:.3f}", f"{loss.best:.3f} ({loss.best_epoch})", end]
    best = "–" if pairs.best is None else f"{pairs.best:.1f} ({pairs.best_epoch})"
    print(row([*cells, f"{pairs.values[-1]:.1f}", best, f"{pairs.values[loss.best_epoch]:.1f}"]))
    if options.table:
        for epoch, value, correlation in zip(model.history, loss.values, pairs.values, strict=True):
            print(row(["", epoch["epoch"], f"{epoch['loss']:.4f}", f"{value:.4f}", f"{correlation:.1f}"]))


if __name__ == "__main__":
    main()
