"""The whole job beside the kernels, turn by turn with gensim: from raw text to saved vectors, and queries.

    python benchmarks/job.py CORPUS [--jobs vocabulary import queries whole] [--analogies FILE] [--large]
                             [--workers 2] [--dim 100] [--epochs 5] [--rounds 3]

CORPUS is a text file, one sentence a line. Each round does the job with gensim, then with fastw2v; a ratio is
taken within a round, and its median over rounds is printed.

- vocabulary: `build_vocab` of the file with --workers threads, seconds of the clock, and of a list of token
  lists, seconds of the processor; the list is made anew each time, since a str computes its hash only once.
  fastw2v's leaves the file encoded for training.
- import: what the package takes beyond `import numpy`, each in a new Python; seconds of the processor.
- queries: `most_similar` of 1,000 words in one call, gensim's in a loop, and the analogies of FILE.
- whole: a new Python reads the text, trains skip-gram and saves the vectors as text: seconds of the clock,
  start of Python included, and its peak memory (Linux). fastw2v in both orders of updates.
- --large: the same for one epoch at d = 300, saved as binary, of a text written for it: a million distinct
  words, once each and then five million as often as Zipf's law has it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gensim
import numpy as np
from vectors import MAKERS, filled, seconds

import fastw2v
from fastw2v.tile import dispatch

Pair = tuple[float, float]  # gensim's figure and ours in one round

LARGE_WORDS, LARGE_TOKENS = 1_000_000, 5_000_000
CHILD = """
import sys
module, corpus, out, settings, binary = sys.argv[1:]
Word2Vec = __import__(module, fromlist=["Word2Vec"]).Word2Vec
model = Word2Vec(corpus_file=corpus, **eval(settings))
model.wv.save_word2vec_format(out, binary=binary == "True")
with open("/proc/self/status") as lines:
    print(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""


def clock(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def show(job: str, unit: str, rounds: list[Pair]) -> None:
    ratios = [base / ours for base, ours in rounds]
    base, ours = (statistics.median(figures) for figures in zip(*rounds, strict=True))
    print(
        f"| {job} | {base:.3f} {unit} | {ours:.3f} {unit} "
        f"| {statistics.median(ratios):.1f}x ({min(ratios):.1f}-{max(ratios):.1f}) |",
        flush=True,
    )


def vocabulary(args: argparse.Namespace) -> None:
    makers = (gensim.models.Word2Vec, fastw2v.Word2Vec)

    def build(make: Any, **source: Any) -> Callable[[], Any]:
        return lambda: make(vector_size=args.dim, workers=args.workers).build_vocab(**source)

    def of_list(make: Any) -> float:
        with open(args.corpus, encoding="utf8") as lines:
            sentences = [line.split() for line in lines]
        return seconds(build(make, corpus_iterable=sentences))

    def of_file(make: Any) -> float:
        return clock(build(make, corpus_file=args.corpus))

    for job, measure in (
        (f"vocabulary, file, {args.workers} workers", of_file),
        ("vocabulary, list", of_list),
    ):
        show(job, "s", [(measure(makers[0]), measure(makers[1])) for _ in range(args.rounds)])


def imports(args: argparse.Namespace) -> None:
    def once(names: str) -> float:
        code = f"import time; start = time.process_time(); import {names}; print(time.process_time() - start)"
        return float(subprocess.check_output([sys.executable, "-c", code]))

    def beyond_numpy(name: str) -> float:
        return max(once(f"numpy, {name}") - once("numpy"), 0.001)

    rounds = [(beyond_numpy("gensim.models"), beyond_numpy("fastw2v")) for _ in range(args.rounds + 1)]
    show("import beyond numpy", "s", rounds[1:])  # the first came from the disk


def queries(args: argparse.Namespace) -> None:
    model = fastw2v.Word2Vec(
        corpus_file=args.corpus, vector_size=args.dim, workers=args.workers, step="window", epochs=1, sg=1
    )
    words = model.wv.index_to_key[:40_000]
    theirs, ours = (filled(make, model.wv.vectors[: len(words)], words) for make in MAKERS)
    asked = words[:: -(-len(words) // 1000)]

    def loop() -> Any:
        return [theirs.most_similar(word) for word in asked]

    def one_call() -> Any:
        return ours.most_similar_many(asked)

    loop(), one_call()  # norms are computed, and BLAS starts its threads
    rounds = [(clock(loop), clock(one_call)) for _ in range(args.rounds)]
    show(f"most_similar of {len(asked)} words among {len(words):,}", "s", rounds)
    if args.analogies:
        rounds = [
            (
                clock(lambda: theirs.evaluate_word_analogies(args.analogies)),
                clock(lambda: ours.evaluate_word_analogies(args.analogies)),
            )
            for _ in range(args.rounds)
        ]
        show(f"analogies of {os.path.basename(args.analogies)}", "s", rounds)


def in_child(module: str, corpus: str, settings: dict[str, Any], binary: bool) -> Pair:
    """Seconds and peak MB of a Python that trains a model and saves its vectors."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", CHILD, module, corpus, str(Path(folder, "vectors")), repr(settings)]
        start = time.perf_counter()
        kilobytes = subprocess.check_output([*command, str(binary)])
        return time.perf_counter() - start, int(kilobytes) / 1024


def from_text_to_vectors(name: str, corpus: str, settings: dict[str, Any], rounds: int, binary: bool) -> None:
    base, *ours = zip(
        *(
            [
                in_child("gensim.models", corpus, settings, binary),
                *(
                    in_child("fastw2v", corpus, settings | {"step": step}, binary)
                    for step in ("window", "pair")
                ),
            ]
            for _ in range(rounds)
        ),
        strict=True,
    )
    for step, figures in zip(("window", "pair"), ours, strict=True):
        for what, unit, place in (("", "s", 0), (", peak memory", "MB", 1)):
            pairs = [(b[place], o[place]) for b, o in zip(base, figures, strict=True)]
            show(f"{name}, {step}{what}", unit, pairs)


def whole(args: argparse.Namespace) -> None:
    settings = {"vector_size": args.dim, "workers": args.workers, "epochs": args.epochs, "sg": 1}
    from_text_to_vectors(f"{args.epochs} epochs", args.corpus, settings, args.rounds, binary=False)


def large(args: argparse.Namespace) -> None:
    generator = np.random.default_rng(1)
    shares = 1 / np.arange(1, LARGE_WORDS + 1)
    drawn = np.searchsorted(np.cumsum(shares) / shares.sum(), generator.random(LARGE_TOKENS))
    tokens = np.concatenate([np.arange(LARGE_WORDS), drawn])
    with tempfile.NamedTemporaryFile("w") as corpus:
        for start in range(0, len(tokens), 20):
            corpus.write(" ".join([f"w{rank}" for rank in tokens[start : start + 20].tolist()]) + "\n")
        corpus.flush()
        settings = {"vector_size": 300, "workers": args.workers, "epochs": 1, "sg": 1, "min_count": 1}
        from_text_to_vectors(f"V = {LARGE_WORDS:,}, d = 300", corpus.name, settings, 1, binary=True)


JOBS = {"vocabulary": vocabulary, "import": imports, "queries": queries, "whole": whole}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("--jobs", nargs="*", choices=JOBS, default=list(JOBS))
    parser.add_argument("--analogies", help="a file of questions, such as questions-words.txt")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print(
        f"gensim {gensim.__version__}, fastw2v {fastw2v.__version__} ({dispatch.selected_isa()}), "
        f"numpy {np.__version__}, {os.cpu_count()} cores; {os.path.basename(args.corpus)}, d = {args.dim}"
    )
    print("| job | gensim | fastw2v | ratio: median (min-max) |")
    print("|---|---|---|---|")
    for job in args.jobs:
        JOBS[job](args)
    if args.large:
        large(args)


if __name__ == "__main__":
    main()
