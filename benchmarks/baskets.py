"""Complementary products in baskets with a planted truth: Recall@20 of IN-OUT, IN-IN, OUT-OUT and co-counts.

Products come in families of two parts, such as mattresses and sheets, with `BRANDS` brands of each part. What
completes a product are all brands of the other part of its family. A basket holds one brand of one part,
usually one brand of the other part too, and popular things of no family. There are so few baskets that most
complementary pairs never occur together. Counting pairs cannot find these. The spaces can, because brands of
a part are bought in the same way.

After Kvernadze et al. 2022, "Two Is Better Than One: Dual Embeddings for Complementary Product
Recommendations", arXiv 2211.14982, whose data is not public.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from itertools import permutations, product
from typing import Any

import numpy as np

from fastw2v import Word2Vec
from fastw2v.query.spaces import Space

FAMILIES, BRANDS, POPULAR, TOP = 100, 20, 300, 20
SETTINGS: dict[str, Any] = {"vector_size": 64, "negative": 20, "sample": 0, "alpha": 0.1, "min_count": 1}


def draw_baskets(count: int, seed: int) -> list[list[str]]:
    """Return baskets of one family each, with Zipfian brands and popular things."""
    rng = np.random.default_rng(seed)
    brand = 1 / np.arange(1, BRANDS + 1) ** 0.5
    popular = 1 / np.arange(1, POPULAR + 1)
    made = []
    for family in rng.integers(0, FAMILIES, count):
        parts = [rng.integers(0, 2)] if rng.random() < 0.3 else [0, 1]
        chosen = rng.choice(BRANDS, 2, p=brand / brand.sum())
        things = rng.choice(POPULAR, rng.integers(0, 4), p=popular / popular.sum())
        made.append([*(f"{family}.{part}.{chosen[part]}" for part in parts), *(f"any.{i}" for i in things)])
    return made


def completes(word: str) -> set[str]:
    """Return all brands of the other part of the product's family."""
    family, part, _ = word.split(".")
    return {f"{family}.{1 - int(part)}.{brand}" for brand in range(BRANDS)}


def recall(products: Iterable[str], answer: Callable[[str], Iterable[str]]) -> float:
    """Return the mean share of what completes a product that is in its answer."""
    return float(np.mean([len(completes(p) & set(answer(p))) / BRANDS for p in products]))


def count_pairs(orders: Iterable[list[str]]) -> dict[str, Counter[str]]:
    """Return how often each product occurs with each other one."""
    met: dict[str, Counter[str]] = defaultdict(Counter)
    for order in orders:
        for a, b in permutations(order, 2):
            met[a][b] += 1
    return met


def measure(options: argparse.Namespace, count: int, exponent: float, seed: int) -> list[float]:
    """Return the numbers of one row of the table: shares, and the seconds of training."""
    orders = draw_baskets(count, seed)
    begin = time.perf_counter()
    model = Word2Vec(
        orders,
        baskets=True,
        sg=1,
        ns_exponent=exponent,
        epochs=options.epochs,
        seed=seed,
        workers=options.workers,
        progress=False,
        **SETTINGS,
    )
    seconds = time.perf_counter() - begin
    met = count_pairs(orders)
    products = [word for word in model.wv.index_to_key if not word.startswith("any")]

    def nearest(source: Space, target: Space, word: str) -> list[str]:
        return [other for other, _ in model.most_similar(word, topn=TOP, source=source, target=target)]

    return [
        recall(products, lambda word: met[word]),
        recall(products, lambda word: [other for other, _ in met[word].most_common(TOP)]),
        recall(products, partial(nearest, "in", "out")),
        recall(products, partial(nearest, "in", "in")),
        recall(products, partial(nearest, "out", "out")),
        seconds,
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--baskets", type=int, nargs="*", default=[5_000, 20_000, 80_000])
    parser.add_argument("--ns-exponent", type=float, nargs="*", default=[0.75, -0.1])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    print("| baskets | ns_exponent | pairs seen | co-counts | IN-OUT | IN-IN | OUT-OUT | s to train |")
    print("|---|---|---|---|---|---|---|---|")
    for count, exponent in product(options.baskets, options.ns_exponent):
        rows = [measure(options, count, exponent, seed) for seed in range(1, options.seeds + 1)]
        mean, spread = np.mean(rows, axis=0), np.std(rows, axis=0)
        cells = [f"{m:.3f} ± {s:.3f}" for m, s in zip(mean[:5], spread[:5], strict=True)]
        print(f"| {count:,} | {exponent} | {' | '.join(cells)} | {mean[5]:.1f} |", flush=True)


if __name__ == "__main__":
    main()
