"""Documents ranked by DESM, by BM25 and by both, on collections with judgements.

    python benchmarks/desm.py COLLECTION_DIR... [--seeds 3] [--engines fastw2v gensim] [--workers 1]
    python benchmarks/desm.py COLLECTION_DIR... --vectors MODEL
    python benchmarks/desm.py --speed [--docs 1000000]

A collection is a folder with docs.jsonl and queries.jsonl (one {"id", "text"} a line, perhaps with a
"title") and qrels.tsv (query, document, grade). The model is trained on the collection itself: lower-case
words of letters and digits, without stop words, seen at least twice; CBOW, 200 dimensions, window 10, 10
negatives, 50 epochs; with one worker both engines give the same vectors. Or --vectors names a saved model
of fastw2v, trained on more text. BM25 has k1 = 1.2, b = 0.75; nDCG has the gain 2^grade - 1. With --results
FILE every finished run is appended as one JSON line, and runs that FILE already holds are not repeated.
Needs `pip install '.[desm]'`, and gensim to compare with.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from fastw2v import KeyedVectors, Word2Vec
from fastw2v.desm import ALPHAS, DESM, DESMIndex, Precision, tokenize
from fastw2v.evaluation import evaluate_ranking
from fastw2v.query.choices import PRECISIONS, SPACE_PAIRS

SETTINGS: dict[str, Any] = {
    "vector_size": 200,
    "window": 10,
    "negative": 10,
    "sg": 0,
    "min_count": 2,
    "epochs": 50,
}
ENGINES = ("fastw2v", "gensim")
MEASURES = ("nDCG@1", "nDCG@3", "nDCG@10", "AP")
DEPTH = 1000  # documents of a full ranking that are judged
CANDIDATES = 100  # BM25's best, which DESM ranks again
# What dual-space.md asks of BM25 + IN-OUT, centred, raw mixture at 0.97: least nDCG@10.
GATES = {"cranfield": 34.0, "cisi": 38.9, "npl": 37.0}
STOP_WORDS = frozenset(
    tokenize(
        """a about above after again all also am an and any are as at be because been before being below
        between both but by can cannot could did do does doing down during each few for from further had
        has have having he her here him his how i if in into is it its itself may me might more most must
        my no nor not of off on once only or other our out over own same shall she should so some such
        than that the their them then there these they this those through to too under until up upon us
        very was we were what when where which while who whom why will with within without would you your"""
    )
)


class Collection:
    """Documents, queries and judgements of a folder, stop words removed."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        docs, queries = (list(self._lines(folder / f"{name}.jsonl")) for name in ("docs", "queries"))
        self.ids = [name for name, _ in docs]
        self.docs = [words for _, words in docs]
        self.qrels: dict[str, dict[str, int]] = {}
        for line in (folder / "qrels.tsv").read_text().splitlines():
            query, document, grade = line.split("\t")
            self.qrels.setdefault(query, {})[document] = int(grade)
        self.queries = {name: words for name, words in queries if name in self.qrels}

    @staticmethod
    def _lines(path: Path) -> Iterator[tuple[str, list[str]]]:
        for line in path.read_text(encoding="utf8").splitlines():
            record = json.loads(line)
            text, title = record["text"], record.get("title", "")
            words = tokenize(text if text.startswith(title) else f"{title} {text}")
            yield record["id"], [word for word in words if word not in STOP_WORDS]


def trained(engine: str, docs: list[list[str]], seed: int, workers: int) -> Any:
    """A model for DESM, trained on `docs` by one of the engines."""
    if engine == "fastw2v":
        return Word2Vec(docs, seed=seed, workers=workers, **SETTINGS)
    from gensim.models import Word2Vec as GensimWord2Vec

    return pair_of_gensim(GensimWord2Vec(docs, seed=seed, workers=workers, **SETTINGS))


def pair_of_gensim(model: Any) -> tuple[KeyedVectors, KeyedVectors]:
    pair = []
    for matrix in (model.wv.vectors, model.syn1neg):
        vectors = KeyedVectors(model.vector_size)
        vectors.add_vectors(model.wv.index_to_key, matrix)
        pair.append(vectors)
    return pair[0], pair[1]


def rows(collection: Collection, model: Any) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield (what was done, scores in percent)."""

    def score(run: Any) -> dict[str, float]:
        found = evaluate_ranking(run, collection.qrels, MEASURES)
        return {measure: round(100 * value, 3) for measure, value in found.items()}

    def make(spaces: str, center: bool) -> DESMIndex:
        return DESM(model, spaces, center=center).index(collection.docs, collection.ids, bm25=True)

    index = make("in-out", False)
    bm25 = index.search_many(collection.queries, DEPTH, mix="raw", alpha=0)
    yield "BM25", score(bm25)
    candidates = {query: [name for name, _ in ranking[:CANDIDATES]] for query, ranking in bm25.items()}
    for spaces in SPACE_PAIRS:
        for center in (False, True):
            index = make(spaces, center)
            name = f"{spaces.upper()}{' centred' if center else ''}"
            yield (
                f"{name}, re-ranking",
                score(index.search_many(collection.queries, CANDIDATES, candidates=candidates)),
            )
            yield f"{name}, full", score(index.search_many(collection.queries, DEPTH))
            for mix, alpha in ALPHAS.items():
                run = index.search_many(collection.queries, DEPTH, mix=mix, alpha=alpha)  # type: ignore[arg-type]
                yield f"BM25 + {name}, {mix} {alpha}", score(run)
            if spaces == "in-out":
                for precision in ("float16", "int8"):
                    rounded = DESM(model, spaces, center=center).index(
                        collection.docs,
                        collection.ids,
                        precision=precision,  # type: ignore[arg-type]
                    )
                    yield f"{name}, full, {precision}", score(rounded.search_many(collection.queries, DEPTH))
                tuned = two_fold(collection, index)
                yield f"BM25 + {name}, raw, alpha by two folds {tuned[0]}", score(tuned[1])


def two_fold(collection: Collection, index: DESMIndex) -> tuple[str, Any]:
    """Rank each half of the queries at the alpha that is best for the other half."""
    names = list(collection.queries)
    alphas, run = [], {}
    shares = [*(i / 20 for i in range(18)), *(0.9 + i / 100 for i in range(10)), 0.995, 1.0]
    for here, there in ((names[::2], names[1::2]), (names[1::2], names[::2])):
        best = index.tune({n: collection.queries[n] for n in there}, collection.qrels, alphas=shares)
        alphas.append(best.alpha)
        run |= index.search_many({n: collection.queries[n] for n in here}, DEPTH, mix="raw", alpha=best.alpha)
    return "/".join(f"{alpha:g}" for alpha in alphas), run


def rank_collections(args: argparse.Namespace) -> None:
    results: list[dict[str, Any]] = []
    if args.results and args.results.exists():
        results = [json.loads(line) for line in args.results.read_text().splitlines()]
    done = {(r["collection"], r["engine"], r["seed"]) for r in results}
    for folder in args.collections:
        collection = Collection(folder)
        model = Word2Vec.load(args.vectors) if args.vectors else None
        if model is not None:
            known = [word in model.wv for words in collection.docs for word in words]
            print(f"{collection.name}: {100 * np.mean(known):.1f} % of the words are known", file=sys.stderr)
        engines = [Path(args.vectors).stem] if args.vectors else args.engines
        seeds = range(1, 2 if args.vectors else 1 + args.seeds)
        for engine, seed in product(engines, seeds):
            if (collection.name, engine, seed) in done:
                continue
            start = time.perf_counter()
            run = {"collection": collection.name, "engine": engine, "seed": seed}
            ranked = rows(collection, model or trained(engine, collection.docs, seed, args.workers))
            found = [run | {"row": name} | scores for name, scores in ranked]
            results += found
            print(
                f"{collection.name}, {engine}, seed {seed}: {time.perf_counter() - start:.0f} s",
                file=sys.stderr,
            )
            if args.results:
                with args.results.open("a") as out:
                    out.writelines(json.dumps(result) + "\n" for result in found)
    print_table(results)


def print_table(results: list[dict[str, Any]]) -> None:
    """One table per collection; mean ± standard deviation over seeds, in percent."""
    for collection in dict.fromkeys(r["collection"] for r in results):
        here = [r for r in results if r["collection"] == collection]
        engines = list(dict.fromkeys(r["engine"] for r in here))
        print(f"\n{collection}: {', '.join(MEASURES)}\n")
        print("| ranking | " + " | ".join(engines) + " |")
        print("|" + "---|" * (1 + len(engines)))
        for row in dict.fromkeys(r["row"].split(" folds")[0] for r in here):
            cells = []
            for engine in engines:
                found = [r for r in here if r["engine"] == engine and r["row"].split(" folds")[0] == row]
                values = [np.array([r[measure] for r in found]) for measure in MEASURES]
                cells.append(
                    " ".join(f"{v.mean():.1f}±{v.std():.1f}" if len(v) > 1 else f"{v[0]:.1f}" for v in values)
                    if found
                    else "–"
                )
            print(f"| {row} | " + " | ".join(cells) + " |")
        gate, name = GATES.get(collection), "BM25 + IN-OUT centred, raw 0.97"
        for engine in [engine for engine in engines if gate and engine in ENGINES]:
            value = np.mean([r["nDCG@10"] for r in here if r["engine"] == engine and r["row"] == name])
            print(f"\ngate, {engine}: {name} nDCG@10 {value:.2f}, at least {gate}: ", end="")
            print("holds" if gate is not None and value >= gate else "FAILS")


def measure_speed(documents: int, precisions: list[Precision], dim: int = 200, words: int = 50_000) -> None:
    """Seconds of the processor, one thread of numpy's BLAS if OPENBLAS_NUM_THREADS=1 says so."""
    clock = time.process_time
    chance = np.random.default_rng(1)
    pair = []
    for _ in range(2):
        vectors = KeyedVectors(dim)
        matrix = chance.standard_normal((words, dim), dtype=np.float32)
        vectors.add_vectors([f"w{i}" for i in range(words)], matrix)
        pair.append(vectors)
    desm = DESM((pair[0], pair[1]))
    length = 100
    rows_ = np.minimum(chance.zipf(1.1, (10_000, length)) - 1, words - 1).astype(np.int32)
    names = np.array([f"w{i}" for i in range(words)])
    strings = [" ".join(names[row]).split() for row in rows_]  # distinct objects, as a tokenizer makes them
    for what, docs in (("strings", strings), ("ids", list(rows_))):
        seconds = []
        for _ in range(3):
            start = clock()
            desm.index(docs, progress=False)
            seconds.append(clock() - start)
        print(f"centroids from {what}: {rows_.size / min(seconds) / 1e6:.1f} M words/s")
    for precision in precisions:
        sizes = [min(10_000, documents - start) for start in range(0, documents, 10_000)]
        blocks = (chance.standard_normal((size, dim), dtype=np.float32) for size in sizes)
        index = DESMIndex.from_vectors(desm, blocks, precision=precision)
        query = ["w1", "w20", "w300"]
        some = chance.choice(documents, min(1000, documents), replace=False).tolist()
        timed = {
            "all scores": partial(index.scores, query),
            "best 10 of all": partial(index.search, query, 10),
            "re-ranking 1,000": partial(index.search, query, 10, candidates=some),
            "best 10 for 32 queries": partial(index.search_many, dict.fromkeys(range(32), query), 10),
        }
        for what, work in timed.items():
            seconds = []
            for _ in range(5):
                start = clock()
                work()
                seconds.append(clock() - start)
            print(f"{precision}, {documents:,} x {dim}: {what} {1000 * min(seconds):.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("collections", nargs="*", type=Path)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--vectors", help="a saved model to rank with, instead of training on the collection")
    parser.add_argument("--results", type=Path)
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=["float32"])
    parser.add_argument("--docs", type=int, default=1_000_000)
    args = parser.parse_args()
    if args.speed:
        measure_speed(args.docs, args.precisions)
    if args.collections:
        rank_collections(args)


if __name__ == "__main__":
    main()
