"""Writers that are killed, or that write to one path at a time; prints what happened, as JSON.

`kills.py kill FOLDER TIMES NAME …`: kill -9 at a random moment of a loop of saves, so many times.
`kills.py race FOLDER TIMES NAME …`: two processes save, so many times each, while a third reads.
"""

from __future__ import annotations

import functools
import itertools
import json
import logging
import os
import random
import signal
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from writers import WRITERS, Writer


def fork(work: Callable[[], object]) -> int:
    """Do work in a child that ends without the parent's endings; return its id."""
    child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def save_for_ever(writer: Writer, folder: Path, first: int) -> None:
    for number in itertools.count(first):
        writer.write(folder, number)


def leftovers(writer: Writer, folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - set(writer.files)


def kill(writer: Writer, folder: Path, times: int) -> dict[str, Any]:
    """Kill a child that saves 1, 2, 3, …: each file always holds a number, whole, and no older one."""
    rng = random.Random(times)
    begin = time.perf_counter()
    writer.write(folder, 1)  # the first takes longest, as it does in a child
    seconds = time.perf_counter() - begin
    last, interrupted = writer.read(folder), 0
    for _ in range(times):
        child = fork(functools.partial(save_for_ever, writer, folder, max(last) + 1))
        time.sleep(rng.uniform(0, 2 * seconds))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), "the child ended before it was killed"
        found = writer.read(folder)
        assert all(new >= old for new, old in zip(found, last, strict=True)), (found, last)
        interrupted += bool(leftovers(writer, folder))
        last = found
    writer.write(folder, max(last) + 1)
    assert not leftovers(writer, folder)
    return {"kills": times, "interrupted": interrupted, "saves": max(last)}


def race(writer: Writer, folder: Path, times: int) -> dict[str, Any]:
    """Two save to one path: each file always holds what one of them wrote, whole."""
    writer.write(folder, 1)

    def save(number: int) -> None:
        for _ in range(times):
            writer.write(folder, number)

    children = {fork(functools.partial(save, number)) for number in (1, 2)}
    seen: set[int] = set()
    reads = 0
    while children:
        seen.update(writer.read(folder))
        reads += 1
        child, status = os.waitpid(-1, os.WNOHANG)
        assert status == 0
        children -= {child}
    assert seen <= {1, 2} and not leftovers(writer, folder)
    return {"saves": 2 * times, "reads": reads, "seen": sorted(seen)}


if __name__ == "__main__":
    logging.disable()
    warnings.simplefilter("ignore")
    _, what, place, times, *names = sys.argv
    found: dict[str, Any] = {}
    for name in names:
        folder = Path(place, name, "in")
        folder.mkdir(parents=True)
        try:
            found[name] = {"kill": kill, "race": race}[what](WRITERS[name], folder, int(times))
        except Exception as error:
            found[name] = {"wrong": f"{error!r:.300}"}
    print(json.dumps(found))
