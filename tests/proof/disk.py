"""Writers on a disk that fails at each of their calls in turn; what is wrong afterwards, as JSON.

`disk.py FOLDER MODE:CODE,… NAME …`, started with the library of `faults.c` preloaded.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

from faults import CODES, MODES, SHORT, Faults
from writers import WRITERS, Writer

OLD, NEW = 6, 7
MOST = 500  # calls of a writer


def wrong_files(writer: Writer, folder: Path, old: dict[str, bytes], *, must_be_new: bool) -> list[str]:
    """What is wrong with the files after a write."""
    found = []
    others = {path.name for path in folder.iterdir()} - set(writer.files)
    if others:
        found.append(f"left behind: {sorted(others)}")
    try:
        numbers = writer.read(folder)
    except Exception as error:
        return [*found, f"no longer loads: {error!r:.200}"]
    for name, number in zip(writer.files, numbers, strict=True):
        if number not in ((NEW,) if must_be_new else (OLD, NEW)):
            found.append(f"{name} holds {number}")
        if number == OLD and (folder / name).read_bytes() != old[name]:
            found.append(f"{name} is not what it was")
    return found


def wrong_error(writer: Writer, folder: Path, error: BaseException) -> list[str]:
    """What is wrong with the error that a write ended with."""
    if not isinstance(error, OSError):
        return [f"no OSError: {error!r:.200}"]
    targets = [str(folder / name) for name in writer.files] or [str(folder)]
    if not any(target in str(error) for target in targets):
        return [f"names no target: {error!r:.200}"]
    return []


def attempt(writer: Writer, folder: Path, faults: Faults, old: dict[str, bytes], *fault: int) -> list[str]:
    """Write over old files with one fault; return what is wrong then."""
    for path in folder.iterdir():
        path.unlink()
    for name, content in old.items():
        (folder / name).write_bytes(content)
    faults.arm(folder, *fault)
    try:
        writer.write(folder, NEW)
    except Exception as error:
        faults.disarm()
        return wrong_error(writer, folder, error) + wrong_files(writer, folder, old, must_be_new=False)
    faults.disarm()
    return wrong_files(writer, folder, old, must_be_new=True)


def wrong_with(writer: Writer, folder: Path, kinds: list[str]) -> dict[str, Any]:
    """Let each call fail in each way; return the usual calls, how many faults there were, what was wrong."""
    faults = Faults()
    writer.write(folder, OLD)
    old = {name: (folder / name).read_bytes() for name in writer.files}
    found = [f"short writes: {what}" for what in attempt(writer, folder, faults, old, 0, 0, SHORT)]
    found += [f"no fault: {what}" for what in attempt(writer, folder, faults, old)]
    usual, injected = faults.log(), 0
    for kind in kinds:
        mode, _, code = kind.partition(":")
        for at in range(1, MOST):
            wrong = attempt(writer, folder, faults, old, at, CODES[code], MODES[mode])
            log = faults.log()
            if len(log) < at:
                break
            injected += 1
            found += [f"{kind} at call {at}, {' '.join(log[at - 1])}: {what}" for what in wrong]
        else:
            found.append(f"{kind}: never ran through")
    return {"calls": usual, "injected": injected, "wrong": found}


if __name__ == "__main__":
    logging.disable()
    warnings.simplefilter("ignore")
    _, place, kinds, *names = sys.argv
    found = {}
    for name in names:
        folder = Path(place, name, "in")
        folder.mkdir(parents=True)
        found[name] = wrong_with(WRITERS[name], folder, kinds.split(","))
    print(json.dumps(found))
