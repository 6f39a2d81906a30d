"""fastw2v beside the other programs that train word2vec on processors: speed, whole job, memory, quality.

    python benchmarks/peers.py CORPUS EVAL_DIR [--modes sg-ns cbow-ns] [--dim 100] [--workers 2] [--rounds 1]
                               [--plot FILE.png]

Peers: gensim (`corpus_file=`), fastText without subwords (`pip install fasttext`), the original C program
(`pip install word2vec` builds it), fastw2v in both orders of updates. One that is not installed is left out,
and said so. CORPUS is a text file, one sentence a line; EVAL_DIR holds the files that `quality.py` needs.

Each training is a process of its own, from the text file to saved vectors (word2vec's binary format). In each
round all peers train turn by turn; medians over rounds are printed, of scores means. "k words/s" is of
training alone and counts raw words; "whole job", "CPU" and "peak memory" are of the process, start of Python
and imports included. gensim's and fastw2v's training is timed in the process; fastText tells its rate, and
the C program's follows from the percentages that it shows, and when.

The same for all: d, window 5 shrunk at random, 5 noise words, sample 1e-3, minimum count 5, alpha 0.025
falling in a line to nearly 0 (0.05 is fastText's default, and the C program's in CBOW), the mean of the
context words in CBOW, its gradient not divided. What cannot be made the same is left as it is:

- fastText draws noise in proportion to count^0.5 (the others ^0.75), and again where a noise word is the
  target (the others leave it out); in downsampling, whose law is the same, it counts rare words and line ends
  among all words; its epoch ends after as many words of the vocabulary as the text has words of any kind, so
  it trains longer than the others; its skip-gram predicts the context from the centre; it cuts lines after
  1,024 words;
- the C program takes scores beyond 6 for certain in negative sampling (gensim and fastw2v skip them, as it
  does itself in hierarchical softmax); it cuts lines after 1,000 words;
- both have the line end in the vocabulary, as "</s>"; the seed of both is fixed here.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import re
import shutil
import statistics
import sys
import sysconfig
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from common import MODES, SCORES, Child, count_lines, count_words, judge, machine, row, run_child, table_head

WINDOW, SAMPLE, MIN_COUNT, ALPHA = 5, 1e-3, 5, 0.025
PEERS = ("gensim", "fastText", "word2vec.c", "fastw2v pair", "fastw2v window")


def word2vec_c() -> str | None:
    """Where the C program is."""
    return shutil.which("word2vec", path=sysconfig.get_path("scripts")) or shutil.which("word2vec")


def version(peer: str) -> str | None:
    """Of an installed peer; None if it is not there."""
    package = {"fastText": "fasttext", "word2vec.c": "word2vec"}.get(peer, peer.split()[0])
    there = word2vec_c() if peer == "word2vec.c" else importlib.util.find_spec(package)
    if not there:
        return None
    for distribution in importlib.metadata.packages_distributions().get(package, [package]):
        return importlib.metadata.version(distribution)
    return None


# --- what a child does: import only what it needs, train, save, say how long training took ---


def train_like_gensim(make: Any, job: dict[str, Any], **ours: Any) -> dict[str, float]:
    model = make(
        vector_size=job["dim"],
        window=WINDOW,
        sample=SAMPLE,
        min_count=MIN_COUNT,
        alpha=ALPHA,
        seed=job["seed"],
        workers=job["workers"],
        epochs=job["epochs"],
        **MODES[job["mode"]],
        **ours,
    )
    model.build_vocab(corpus_file=job["corpus"])
    start = time.perf_counter()
    model.train(
        corpus_file=job["corpus"],
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=job["epochs"],
    )
    seconds = time.perf_counter() - start
    model.wv.save_word2vec_format(job["out"], binary=True)
    return {"seconds": seconds}


def child(job: dict[str, Any]) -> dict[str, float]:
    match job["peer"].split():
        case ["gensim"]:
            import gensim

            return train_like_gensim(gensim.models.Word2Vec, job)
        case ["fastw2v", step]:
            import fastw2v

            return train_like_gensim(fastw2v.Word2Vec, job, step=step, progress=False)
        case ["fastText"]:
            return train_fasttext(job)
        case ["judge"]:
            import gensim

            wv = gensim.models.KeyedVectors.load_word2vec_format(job["out"], binary=True)
            return judge(wv, Path(job["eval_dir"]))
        case _:
            raise ValueError(job)


def train_fasttext(job: dict[str, Any]) -> dict[str, float]:
    import fasttext

    mode = MODES[job["mode"]]
    model = fasttext.train_unsupervised(
        job["corpus"],
        model="skipgram" if mode["sg"] else "cbow",
        lr=ALPHA,
        dim=job["dim"],
        ws=WINDOW,
        epoch=job["epochs"],
        minCount=MIN_COUNT,
        minn=0,
        maxn=0,
        neg=mode["negative"],
        loss="hs" if mode["hs"] else "ns",
        thread=job["workers"],
        t=SAMPLE,
        verbose=2,
    )
    words, vectors = model.get_words(), model.get_input_matrix()
    with open(job["out"], "wb") as out:
        out.write(b"%d %d\n" % (len(words), job["dim"]))
        for word, vector in zip(words, vectors, strict=True):
            out.write(word.encode() + b" " + vector.tobytes() + b"\n")
    return {}


# --- the parent, which stays small ---


def command_of(job: dict[str, Any]) -> list[str]:
    if job["peer"] != "word2vec.c":
        return [sys.executable, __file__, "--child", json.dumps(job)]
    program, mode = word2vec_c(), MODES[job["mode"]]
    assert program is not None
    flags = {
        "train": job["corpus"],
        "output": job["out"],
        "size": job["dim"],
        "window": WINDOW,
        "sample": SAMPLE,
        "min-count": MIN_COUNT,
        "alpha": ALPHA,
        "iter": job["epochs"],
        "threads": job["workers"],
        "cbow": 1 - mode["sg"],
        "hs": mode["hs"],
        "negative": mode["negative"],
        "binary": 1,
    }
    return [program, *(str(part) for name, value in flags.items() for part in ("-" + name, value))]


def training_seconds(done: Child, job: dict[str, Any]) -> float:
    """What a child says itself, or of the C program, between which percentages how long it took."""
    if "seconds" in done.said:
        return float(done.said["seconds"])
    if speed := re.search(r"words/sec/thread:\s*(\d+)", done.shown):  # fastText's average, with its line ends
        tokens = count_words(job["corpus"]) + count_lines(job["corpus"])
        return tokens * job["epochs"] / (int(speed[1]) * job["workers"])
    (first, low), (last, high) = done.progress[0], done.progress[-1]
    return (last - first) / (high - low) * 100


def one_turn(job: dict[str, Any]) -> dict[str, float]:
    done = run_child(command_of(job))
    words = count_words(job["corpus"]) * job["epochs"]
    timed = {
        "speed": words / training_seconds(done, job) / 1000,
        "seconds": done.seconds,
        "cpu": done.cpu,
        "memory": done.memory,
    }
    return timed | run_child(command_of(job | {"peer": "judge"})).said


def middle_of(turns: list[dict[str, float]]) -> dict[str, float]:
    """Mean scores, and the medians of what is timed."""
    return {
        name: (statistics.mean if name in SCORES else statistics.median)([turn[name] for turn in turns])
        for name in turns[0]
    }


def plot(path: Path, rows: dict[str, dict[str, dict[str, float]]], title: str) -> None:
    """Bars of words/s, and mean score over the seconds of the whole job, for each mode."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, len(rows), figsize=(5 * len(rows), 8), squeeze=False)
    for (mode, peers), (bars, quality) in zip(rows.items(), axes.T, strict=True):
        colours = [f"C{PEERS.index(peer)}" for peer in peers]
        speeds = [values["speed"] for values in peers.values()]
        bars.barh(list(peers), speeds, color=colours)
        bars.invert_yaxis()
        bars.set(title=mode, xlabel="training, k words/s", xlim=(0, 1.2 * max(speeds)))
        for place, speed in enumerate(speeds):
            bars.text(speed, place, f" {speed:.0f}", va="center")
        for (peer, values), colour in zip(peers.items(), colours, strict=True):
            score = statistics.mean(values[name] for name in SCORES)
            quality.scatter(values["seconds"], score, color=colour)
            quality.annotate(peer, (values["seconds"], score), xytext=(5, 3), textcoords="offset points")
        quality.set(xlabel="whole job, s", ylabel="mean of the three scores, %")
        quality.margins(0.3)
        quality.set_xlim(0, 1.5 * max(values["seconds"] for values in peers.values()))  # room for the names
    figure.suptitle(title)
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("eval_dir")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--modes", nargs="+", choices=MODES, default=["sg-ns", "cbow-ns"])
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--plot", type=Path)
    args = parser.parse_args()
    versions = {peer: version(peer) for peer in args.peers}
    peers = [peer for peer, there in versions.items() if there]
    title = (
        f"{Path(args.corpus).stem}, d={args.dim}, {args.epochs} epochs, {args.workers} workers; "
        f"window {WINDOW}, sample {SAMPLE}, alpha {ALPHA}"
    )
    print(f"{machine()}; " + ", ".join(f"{peer} {versions[peer]}" for peer in peers))
    for peer in sorted(set(args.peers) - set(peers)):
        print(f"{peer} is not installed and left out")
    print(title, "\n")
    print(
        table_head(
            ["mode", "peer", "k words/s", "× gensim", "whole job s", "CPU s", "peak memory MB", *SCORES]
        )
    )
    rows: dict[str, dict[str, dict[str, float]]] = {}
    for mode in args.modes:
        turns: dict[str, list[dict[str, float]]] = defaultdict(list)
        for seed in range(1, args.rounds + 1):
            for peer in peers:
                if mode.startswith("cbow") and peer == "fastw2v window" and "fastw2v pair" in peers:
                    continue  # CBOW is the same in both orders
                with tempfile.TemporaryDirectory() as folder:
                    job = {
                        "peer": peer,
                        "mode": mode,
                        "corpus": args.corpus,
                        "eval_dir": args.eval_dir,
                        "out": str(Path(folder, "vectors.bin")),
                        "dim": args.dim,
                        "epochs": args.epochs,
                        "workers": args.workers,
                        "seed": seed,
                    }
                    try:
                        turns[peer].append(one_turn(job))
                    except RuntimeError as error:  # fastText 0.9.3 meets NaN now and then
                        print(f"\n{peer}, {mode}, round {seed}: {error}\n", file=sys.stderr)
        rows[mode] = {peer: middle_of(all_of) for peer, all_of in turns.items()}
        for peer, values in rows[mode].items():
            ratios = [
                ours["speed"] / theirs["speed"]
                for ours, theirs in zip(turns[peer], turns.get("gensim", []), strict=False)
            ]
            ratio = f"{statistics.median(ratios):.1f}" if ratios else "–"
            cells = [f"{values['seconds']:.1f}", f"{values['cpu']:.1f}", f"{values['memory']:.0f}"]
            cells += [f"{values[name]:.1f}" for name in SCORES]
            print(row([mode, peer, f"{values['speed']:.0f}", ratio, *cells]), flush=True)
    if args.plot:
        plot(args.plot, rows, title)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print("\n" + json.dumps(child(json.loads(sys.argv[2]))))
    else:
        main()
