"""What merging does to vectors: nodes emulated by LocalCluster beside one node, by the rule and plain ones.

    python benchmarks/cluster.py CORPUS EVAL_DIR [--nodes N]... [--mode NAME]... [--rule NAME]... [--seeds N]
                                 [--epochs N] [--workers N]

Rules: "curvature" is the product's; "mean" averages, "sum" adds up, both at the usual learning rate. Scores
are of WordSim-353, SimLex-999 and analogies, judged by gensim's code; % is of the mean of one node. Seconds
are of `train()` in --workers threads, and say nothing of machines that work at the same time.
"""

from __future__ import annotations

import argparse
import statistics
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

from common import MODES, SCORES, judge, row

from fastw2v import Word2Vec
from fastw2v.distributed import LocalCluster
from fastw2v.merging import rule
from fastw2v.training import replicas

RULES: dict[str, dict[str, float]] = {
    "curvature": {},
    "mean": {"KAPPA": 1e12, "RATE": 1},  # all directions are settled
    "sum": {"KAPPA": 0.0, "RATE": 1},  # all are free
}


def train(options: Any, nodes: int, kind: str, **settings: Any) -> tuple[Word2Vec, int]:
    """Return a model and how often its nodes were merged."""
    merges = 0
    merge = replicas.merge

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal merges
        merges += 1
        return merge(*args, **kwargs)

    with ExitStack() as patches:
        for name, value in RULES[kind].items():
            patches.enter_context(mock.patch.object(rule, name, value))
        patches.enter_context(mock.patch.object(replicas, "merge", counted))
        model = Word2Vec(
            corpus_file=options.corpus,
            vector_size=100,
            epochs=options.epochs,
            workers=options.workers if nodes > 1 else 1,
            cluster=LocalCluster(nodes),
            progress=False,
            **settings,
        )
    return model, merges


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("eval_dir", type=Path)
    parser.add_argument("--nodes", type=int, action="append")
    parser.add_argument("--mode", action="append", choices=MODES)
    parser.add_argument("--rule", action="append", choices=RULES)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    print(row(("mode", "nodes", "rule", "merges", *SCORES, "mean", "% of one node", "s")))
    print(row(("---", "---:", "---", *["---:"] * 7)))
    for mode in options.mode or MODES:
        one = 0.0
        kinds = [(1, "curvature")]
        kinds += [(n, kind) for n in options.nodes or [4, 16] for kind in options.rule or RULES]
        for nodes, kind in kinds:
            scores, seconds, merges = [], [], 0
            for seed in range(1, options.seeds + 1):
                model, merges = train(options, nodes, kind, **MODES[mode], seed=seed)
                scores.append(list(judge(model.wv, options.eval_dir).values()))
                seconds.append(model.total_train_time)
            means = [statistics.fmean(column) for column in zip(*scores, strict=True)]
            mean = statistics.fmean(means)
            one = one or mean
            cells = (*(f"{score:.1f}" for score in means), f"{mean:.2f}", f"{100 * mean / one:.1f}")
            name = kind if nodes > 1 else ""
            print(row((mode, nodes, name, merges, *cells, f"{statistics.fmean(seconds):.1f}")), flush=True)


if __name__ == "__main__":
    main()
