"""What the benchmarks share: the modes, the judge of vectors, and jobs that run as processes of their own.

Only the standard library is imported here, so that a script that starts such jobs stays small itself: the
system counts what a process held when it was forked into its peak memory.
"""

from __future__ import annotations

import functools
import json
import os
import platform
import re
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MODES = {
    "sg-ns": {"sg": 1, "hs": 0, "negative": 5},
    "sg-hs": {"sg": 1, "hs": 1, "negative": 0},
    "cbow-ns": {"sg": 0, "hs": 0, "negative": 5},
    "cbow-hs": {"sg": 0, "hs": 1, "negative": 0},
}
SCORES = ("ws353", "simlex", "analogies")


@functools.cache
def count_words(corpus: str) -> int:
    """Raw words, those that downsampling or `min_count` drops included."""
    with open(corpus, "rb") as lines:
        return sum(len(line.split()) for line in lines)


@functools.cache
def count_lines(corpus: str) -> int:
    with open(corpus, "rb") as lines:
        return sum(1 for _ in lines)


def judge(wv: Any, eval_dir: Path) -> dict[str, float]:
    """Scores in percent, by gensim's code: Spearman's rho on word pairs, accuracy on analogies."""
    import numpy as np
    from gensim.models import KeyedVectors

    neutral = KeyedVectors(wv.vectors.shape[1])
    neutral.add_vectors(list(wv.index_to_key), np.ascontiguousarray(wv.vectors))
    rho = {
        name: neutral.evaluate_word_pairs(str(eval_dir / file))[1][0]
        for name, file in (("ws353", "EN-WS-353-ALL.txt"), ("simlex", "EN-SIMLEX-999.txt"))
    }
    accuracy, _ = neutral.evaluate_word_analogies(str(eval_dir / "questions-words.txt"))
    return {name: 100 * float(value) for name, value in (*rho.items(), ("analogies", accuracy))}


def row(cells: Iterable[object]) -> str:
    """A line of a markdown table."""
    return f"| {' | '.join(map(str, cells))} |"


def table_head(names: Iterable[str]) -> str:
    names = list(names)
    return f"{row(names)}\n|{'---|' * len(names)}"


def machine() -> str:
    """The processor and how many of its cores this process may use."""
    described = Path("/proc/cpuinfo")
    name = re.search(r"model name\s*: (.+)", described.read_text()) if described.exists() else None
    return f"{name[1] if name else platform.processor()}, {len(os.sched_getaffinity(0))} cores"


@dataclass
class Child:
    """A job that was a process of its own, from its start to its end.

    `seconds` on the wall, `cpu` seconds of all its threads, peak `memory` in MB. `shown` is what it wrote,
    `said` the JSON object of the last line of that; `progress` are (seconds since the start, percent done).
    """

    seconds: float
    cpu: float
    memory: float
    shown: str
    said: dict[str, Any] = field(default_factory=dict)
    progress: list[tuple[float, float]] = field(default_factory=list)


def run_child(command: list[str]) -> Child:
    """Run a command to its end. RuntimeError with its output if it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    written, progress = b"", []
    while chunk := os.read(process.stdout.fileno(), 1 << 16):
        written += chunk
        if percents := re.findall(rb"Progress:\s*([\d.]+)%", chunk):
            progress.append((time.perf_counter() - start, float(percents[-1])))
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    shown = written.decode(errors="replace")
    if process.returncode:
        raise RuntimeError(f"{command} failed:\n{shown[-2000:]}")
    last = shown.rstrip().rpartition("\n")[2]
    said = json.loads(last) if last.startswith("{") else {}
    return Child(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, shown, said, progress)
