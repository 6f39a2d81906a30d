"""Speed of single questions against gensim: most_similar by size and threads, and the small calls.

    python benchmarks/queries.py [--rows 100 1000 7000] [--dims 100 300] [--threads 1 2] [--seconds 1]

The vectors are random. Both libraries ask about the same words in the same order, a different one each
time, and take turns. A ratio is of the times within one turn, and its median is printed: above 1 fastw2v is
faster. Microseconds are the fastest turn's, which a busy machine disturbs least. gensim's norms are computed
before the clock starts. "threads" are those that BLAS is allowed, by threadpoolctl: fastw2v takes as many.
OpenBLAS's threads go on spinning for 130 ms after a product and hold their cores: with more than one thread
each turn waits until they sleep, and begins with a question that is not counted.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable
from typing import Any

import gensim
import numpy as np
from common import machine, row, table_head
from threadpoolctl import threadpool_limits

import fastw2v

MAKERS = (gensim.models.KeyedVectors, fastw2v.KeyedVectors)
TURN = 0.002  # seconds, at least
SPINNING = 0.3  # seconds after which BLAS's threads sleep
ROWS_FOR_SMALL_CALLS = 10_000

SMALL: dict[str, Callable[[Any, list[str], np.ndarray], Any]] = {
    "word in wv": lambda kv, words, vector: words[0] in kv,
    "wv[word]": lambda kv, words, vector: kv[words[0]],
    "wv[row]": lambda kv, words, vector: kv[7],
    "wv[10 words]": lambda kv, words, vector: kv[words],
    "get_vector(word)": lambda kv, words, vector: kv.get_vector(words[0]),
    "get_vector(word, norm=True)": lambda kv, words, vector: kv.get_vector(words[0], norm=True),
    "get_index(word)": lambda kv, words, vector: kv.get_index(words[0]),
    "get_vecattr(word, 'count')": lambda kv, words, vector: kv.get_vecattr(words[0], "count"),
    "norms[row]": lambda kv, words, vector: kv.norms[7],
    "similarity(word, word)": lambda kv, words, vector: kv.similarity(words[0], words[1]),
    "distance(word, word)": lambda kv, words, vector: kv.distance(words[0], words[1]),
    "distances(word, 10 words)": lambda kv, words, vector: kv.distances(words[0], words),
    "get_mean_vector(1 word)": lambda kv, words, vector: kv.get_mean_vector(words[:1]),
    "get_mean_vector(10 words)": lambda kv, words, vector: kv.get_mean_vector(words),
    "n_similarity(3 words, 3 words)": lambda kv, words, vector: kv.n_similarity(words[:3], words[3:6]),
    "doesnt_match(5 words)": lambda kv, words, vector: kv.doesnt_match(words[:5]),
    "most_similar_to_given(word, 5 words)": lambda kv, words, vector: kv.most_similar_to_given(
        words[0], words[1:6]
    ),
    "cosine_similarities(vector, 10 rows)": lambda kv, words, vector: kv.cosine_similarities(
        vector, kv.vectors[:10]
    ),
    "most_similar(word)": lambda kv, words, vector: kv.most_similar(words[0]),
    "most_similar(word, topn=1)": lambda kv, words, vector: kv.most_similar(words[0], topn=1),
    "most_similar(word, topn=100)": lambda kv, words, vector: kv.most_similar(words[0], topn=100),
    "most_similar(word, topn=None)": lambda kv, words, vector: kv.most_similar(words[0], topn=None),
    "most_similar(2 words, [word])": lambda kv, words, vector: kv.most_similar(words[:2], [words[2]]),
    "most_similar_cosmul(2 words, [word])": lambda kv, words, vector: kv.most_similar_cosmul(
        words[:2], [words[2]]
    ),
    "similar_by_vector(vector)": lambda kv, words, vector: kv.similar_by_vector(vector),
    "most_similar(word, restrict_vocab=1000)": lambda kv, words, vector: kv.most_similar(
        words[0], restrict_vocab=1000
    ),
    "distances(word)": lambda kv, words, vector: kv.distances(words[0]),
    "rank(word, word)": lambda kv, words, vector: kv.rank(words[0], words[1]),
}


def filled(rows: int, dim: int) -> list[Any]:
    """Both libraries' vectors, the same."""
    vectors = np.random.default_rng(1).standard_normal((rows, dim), dtype=np.float32)
    both = [make(dim) for make in MAKERS]
    for keyed in both:
        keyed.add_vectors([f"word{number}" for number in range(rows)], vectors)
        keyed.set_vecattr("word0", "count", 1)
        keyed.fill_norms()
    return both


def take_turns(
    calls: list[Callable[[], Any]], seconds: float, pause: float
) -> tuple[list[float], list[float]]:
    """Return the fastest time of each call, and the ratios of the first to the second within each turn."""
    start = time.perf_counter()
    for call in calls:
        call()
    repeats = max(1, round(TURN * len(calls) / (time.perf_counter() - start)))
    times: list[list[float]] = [[], []]
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds or len(times[0]) < 5:
        for call, taken in zip(calls, times, strict=True):
            if pause:
                time.sleep(pause)
                call()
            start = time.perf_counter()
            for _ in range(repeats):
                call()
            taken.append((time.perf_counter() - start) / repeats)
    return [min(taken) for taken in times], [base / ours for base, ours in zip(*times, strict=True)]


def shown(name: list[Any], calls: list[Callable[[], Any]], seconds: float, pause: float = 0) -> str:
    (base, ours), ratios = take_turns(calls, seconds, pause)
    low, _, high = statistics.quantiles(ratios, n=4)
    return row(
        [
            *name,
            f"{base * 1e6:,.1f}",
            f"{ours * 1e6:,.1f}",
            f"{statistics.median(ratios):.2f}x ({low:.2f}-{high:.2f})",
        ]
    )


def asks_in_turn(keyed: Any) -> Callable[[], Any]:
    """A call of most_similar about another word each time."""
    words = itertools.cycle(keyed.index_to_key[:: max(1, len(keyed) // 97)])
    return lambda: keyed.most_similar(next(words))


def compare_answers(both: list[Any]) -> None:
    theirs, ours = (keyed.most_similar("word7") for keyed in both)
    if [word for word, _ in theirs] != [word for word, _ in ours]:
        raise SystemExit(f"the answers differ: {theirs}, {ours}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", nargs="*", type=int, default=[100, 1_000, 7_000, 40_000, 400_000])
    parser.add_argument("--dims", nargs="+", type=int, default=[100, 300])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--seconds", type=float, default=1.0, help="for each line")
    args = parser.parse_args()
    print(
        f"gensim {gensim.__version__}, fastw2v {fastw2v.__version__}, numpy {np.__version__}; {machine()}\n"
    )
    columns = ["gensim µs", "fastw2v µs", "ratio: median (quartiles)"]
    print(table_head(["most_similar(word): d", "rows", "threads", *columns]))
    for dim, rows in itertools.product(args.dims, args.rows):
        both = filled(rows, dim)
        compare_answers(both)
        for threads in args.threads:
            with threadpool_limits(threads, user_api="blas"):
                calls, pause = [*map(asks_in_turn, both)], SPINNING if threads > 1 else 0
                print(shown([dim, f"{rows:,}", threads], calls, args.seconds, pause), flush=True)
    both = filled(ROWS_FOR_SMALL_CALLS, 100)
    words = both[0].index_to_key[100:110]
    vector = both[0].vectors[3] * 2
    print(f"\n{table_head([f'{ROWS_FOR_SMALL_CALLS:,} rows, d = 100, one thread', *columns])}")
    with threadpool_limits(1, user_api="blas"):
        for name, call in SMALL.items():
            calls = [lambda kv=keyed, ask=call: ask(kv, words, vector) for keyed in both]
            print(shown([name], calls, args.seconds), flush=True)


if __name__ == "__main__":
    main()
