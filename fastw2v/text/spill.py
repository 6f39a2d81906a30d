"""A temporary file in a folder that has room for it."""

from __future__ import annotations

import errno
import io
import os
import shutil
import tempfile
import weakref

import numpy as np
import numpy.typing as npt

from fastw2v.paths import above_standard, naming_errors

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_MEMORY = ("tmpfs", "ramfs")
_COPIED = 1 << 24  # bytes at a time


class SpillFile:
    """Ids in a file without a name, which vanishes with the process, however that ends.

    It is where `tempfile` puts files (TMPDIR), unless there is no room and another folder has some; if its
    folder becomes full, it moves.

    Args:
        expected (int): bytes that may come; 0 is unknown.
    """

    def __init__(self, expected: int = 0) -> None:
        self._expected = expected
        self._size = 0
        self.folder = folder_with_room(expected)
        self._file = self._open_in(self.folder)

    def write(self, ids: npt.NDArray[np.int32]) -> None:
        """Add ids at the end; OSError, which says what to set, if no folder has room."""
        left = ids.view(np.uint8).data
        while left:
            try:
                written = self._file.write(left)
            except OSError as error:
                if error.errno not in _FULL or not self._move(len(left)):
                    raise OSError(error.errno, self._explain(error), os.path.abspath(self.folder)) from error
            else:
                left = left[written:]
                self._size += written

    def finish(self) -> npt.NDArray[np.int32]:
        """Return all ids as one array, which is the file; nothing may be written afterwards."""
        with naming_errors(self.folder), self._file:
            return np.memmap(self._file, np.int32, mode="r+")

    def _move(self, more: int) -> bool:
        """Go on in the folder of another disk that has most room; return whether there is one."""
        here = os.stat(self.folder).st_dev
        others = [folder for folder in _folders() if os.stat(folder).st_dev != here]
        target = max((folder for folder in others if not _is_in_memory(folder)), key=_room, default=None)
        if target is None or _room(target) < self._size + more:
            return False
        moved = self._open_in(target)
        self._file.seek(0)
        try:
            while part := memoryview(self._file.read(_COPIED)):
                while part:
                    part = part[moved.write(part) :]
        except OSError:
            return False
        self._file.close()
        self.folder, self._file = target, moved
        return True

    def _open_in(self, folder: str) -> io.FileIO:
        """Return a new file, which is closed at the latest when this object is gone."""
        with naming_errors(folder), tempfile.TemporaryFile(prefix="fastw2v-", dir=folder) as made:
            file = io.FileIO(above_standard(os.dup(made.fileno())), "r+")
        weakref.finalize(self, file.close)
        return file

    def _explain(self, error: OSError) -> str:
        """Return what to say if the file cannot grow."""
        folder = os.path.abspath(self.folder)
        need = f"up to {self._expected:,} bytes" if self._expected else f"more than {self._size:,} bytes"
        return (
            f"the text as ids does not fit on the disk ({error.strerror}): {self._size:,} bytes of it are in "
            f"{folder}, which has {_room(folder):,} bytes left. Set TMPDIR to a folder with room for {need}, "
            "or FASTW2V_SPILL_BYTES to the number of bytes that may stay in memory"
        )


def folder_with_room(expected: int) -> str:
    """Return the first folder for temporary files with room for so many bytes, or else the one with most.

    A folder that is kept in memory is no help where memory is short: it must be named by TMPDIR.
    """
    folders = _folders()
    named = any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    for place, folder in enumerate(folders):
        if _room(folder) >= expected and ((named and place == 0) or not _is_in_memory(folder)):
            return folder
    return max(folders, key=_room)


def disk_with_room(size: int) -> str | None:
    """Return the folder of a `SpillFile` of so many bytes if it has room, and is not in memory; else None."""
    folder = folder_with_room(size)
    return None if _room(folder) < size or _is_in_memory(folder) else folder


def _folders() -> list[str]:
    """Return the folders that may hold temporary files, the usual one first."""
    usual = tempfile.gettempdir()
    others = ("/var/tmp", os.curdir)
    return [usual, *(folder for folder in others if os.path.isdir(folder) and os.access(folder, os.W_OK))]


def _room(folder: str) -> int:
    """Return how many bytes are free in a folder."""
    return shutil.disk_usage(folder).free


def _is_in_memory(folder: str) -> bool:
    """Return whether a folder is on a file system that Linux keeps in memory."""
    try:
        with open("/proc/mounts", encoding="utf8", errors="replace") as lines:
            mounts = [line.split()[1:3] for line in lines]
    except OSError:
        return False
    path = os.path.join(os.path.realpath(folder), "")
    holding = [(point, kind) for point, kind in mounts if path.startswith(os.path.join(point, ""))]
    return bool(holding) and max(reversed(holding), key=lambda mount: len(mount[0]))[1] in _MEMORY
