"""Instructions that a word takes to train, under an emulator: what is known of a processor not at hand.

    python benchmarks/instructions.py ./python-aarch64 [--cpu neoverse-n1] [--dim 100] [--lines 300]

`python-aarch64` is a script that runs Python of the other architecture under qemu-user, with fastw2v and
gensim installed, and hands `$QEMU_OPTIONS` and `$QEMU_CPU` on to it. The instructions are counted by a
plugin (qemu-user must be built with them: Debian's qemu-user is, its qemu-user-static is not), which is
compiled here. Each figure is the difference of two runs, over so many lines and over twice as many,
divided by the words between them: what it takes to start, to import and to make a vocabulary is in both.
A count is no time: processors differ in what they do at once.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

MODES = {
    "skip-gram, windows": ({"sg": 1, "negative": 5}, "window"),
    "skip-gram, pairs": ({"sg": 1, "negative": 5}, "pair"),
    "skip-gram, hs": ({"sg": 1, "hs": 1, "negative": 0}, "window"),
    "CBOW": ({"sg": 0, "negative": 5}, "pair"),
    "CBOW, hs": ({"sg": 0, "hs": 1, "negative": 0}, "pair"),
}
WORDS_PER_LINE = 20
VOCABULARY = 5000

PLUGIN = r"""
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
struct qemu_plugin_tb; /* a block of instructions that is run at once */
struct info;
extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t, void (*)(uint64_t, struct qemu_plugin_tb *));
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int, void *, uint64_t);
extern void qemu_plugin_register_atexit_cb(uint64_t, void (*)(uint64_t, void *), void *);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
int qemu_plugin_version = 1;
static uint64_t count;
static void translated(uint64_t id, struct qemu_plugin_tb *block) {
    qemu_plugin_register_vcpu_tb_exec_inline(block, 0, &count, qemu_plugin_tb_n_insns(block));
}
static void ended(uint64_t id, void *data) {
    fprintf(stderr, "\ninstructions %llu\n", (unsigned long long)count);
}
int qemu_plugin_install(uint64_t id, const struct info *info, int argc, char **argv) {
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
"""


def train(package: str, mode: str, dim: int, lines: int) -> None:
    """Train one epoch on a text whose words are drawn by Zipf's law, in one thread."""
    import importlib

    import numpy as np

    settings, step = MODES[mode]
    weights = 1 / np.arange(1, VOCABULARY + 1)
    ids = np.random.default_rng(1).choice(VOCABULARY, (lines, WORDS_PER_LINE), p=weights / weights.sum())
    text = [[f"w{k}" for k in line] for line in ids.tolist()]
    counts = {f"w{k}": max(1, int(100_000 * weight)) for k, weight in enumerate(weights)}
    model = importlib.import_module(f"{package}.models").Word2Vec(
        vector_size=dim,
        window=5,
        workers=1,
        min_count=1,
        sample=0,
        seed=1,
        **settings,
        **({"step": step} if package == "fastw2v" else {}),
    )
    model.build_vocab_from_freq(counts)
    model.train(text, total_examples=len(text), total_words=ids.size, epochs=1)


def count(python: str, plugin: Path, cpu: str, isa: str, arguments: list[str]) -> int:
    """Return how many instructions a run of `train` takes."""
    quiet = {"OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    run = subprocess.run(
        [python, __file__, "--train", *arguments],
        env=os.environ | quiet | {"QEMU_CPU": cpu, "QEMU_OPTIONS": f"-plugin {plugin}", "FASTW2V_ISA": isa},
        stderr=subprocess.PIPE,
        text=True,
    )
    if run.returncode:
        sys.exit(run.stderr)
    return int(run.stderr.rsplit("instructions ", 1)[1])


def main() -> None:
    """Print a table of instructions per word."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("python", help="runs Python of the other architecture")
    parser.add_argument("--cpu", default="neoverse-n1", help="as `qemu-aarch64 -cpu help` names it")
    parser.add_argument("--isas", default="neon,generic", help="of fastw2v; each is a column")
    parser.add_argument("--modes", default=",".join(str(k) for k in range(len(MODES))), help="their numbers")
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--lines", type=int, default=300, help=f"of {WORDS_PER_LINE} words")
    given = parser.parse_args()
    columns = [("fastw2v", isa) for isa in given.isas.split(",")] + [("gensim", "")]
    with tempfile.TemporaryDirectory() as folder:
        plugin = Path(folder, "count.so")
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-O2", "-x", "c", "-", "-o", plugin],
            input=PLUGIN,
            text=True,
            check=True,
        )
        print("| |", " | ".join(f"{package} {isa}".strip() for package, isa in columns), "|")
        print("|---|" + "---|" * len(columns))
        for number in given.modes.split(","):
            mode = list(MODES)[int(number)]
            cells = []
            for package, isa in columns:
                once, twice = (
                    count(given.python, plugin, given.cpu, isa, [package, mode, str(given.dim), str(lines)])
                    for lines in (given.lines, 2 * given.lines)
                )
                cells.append((twice - once) / (given.lines * WORDS_PER_LINE))
            print(f"| {mode} |", " | ".join(f"{cell:,.0f}" for cell in cells), "|", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--train"]:
        train(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
    else:
        main()
