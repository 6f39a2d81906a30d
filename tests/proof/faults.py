"""The loader of `faults.c`: what a child in which it is preloaded does with it."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("faults.c")
LIBRARY = "FASTW2V_FAULTS"  # the variable that tells a child where the library is
ONCE, EVER, HALF, SHORT = range(4)  # as in faults.c
MODES = {"once": ONCE, "ever": EVER, "half": HALF}
CODES = {name: getattr(errno, name) for name in ("ENOSPC", "EIO", "EDQUOT", "EROFS", "EINTR")}


def compiler() -> str | None:
    """The C compiler, if there is one."""
    return next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)


def build(folder: Path) -> Path:
    """Compile the library."""
    library = folder / "faults.so"
    command = [str(compiler()), "-shared", "-fPIC", "-O1", "-Wall", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    return library


class Faults:
    """The library in this process, which was started with it."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(os.environ[LIBRARY])
        self._library.faults_disarm.restype = ctypes.c_long
        self._library.faults_log.restype = ctypes.c_char_p

    def arm(self, folder: Path, at: int = 0, code: int = errno.EIO, mode: int = ONCE) -> None:
        """Count the calls below a folder; let the one with number `at` fail, none if it is 0."""
        self._library.faults_arm(os.fsencode(folder), ctypes.c_long(at), code, mode)

    def disarm(self) -> int:
        """Count no longer; return how many calls were counted."""
        return int(self._library.faults_disarm())

    def log(self) -> list[tuple[str, str]]:
        """(operation, path below the folder) of each counted call; "" is the folder."""
        lines = os.fsdecode(self._library.faults_log()).splitlines()
        return [(operation, path[1:]) for operation, _, path in (line.partition(" ") for line in lines)]
