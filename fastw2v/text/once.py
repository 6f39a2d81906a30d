"""What can be read only once, such as a pipe: told without opening it, and copied to be read again."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from fastw2v import paths
from fastw2v.text.spill import SpillFile, folder_with_room

_KINDS = ((stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"))
_OPEN_FILES = "/proc/self/fd"  # of Linux: each can be opened anew, from its beginning, also without a name
_PIECE = 1 << 20  # bytes that are copied at a time


def kind_of_once(path: paths.StrPath) -> str | None:
    """Return what is at a path if it can be read only once, such as "a pipe"; it is not opened.

    Args:
        path (path): what may be a file.

    Returns:
        str or None: None for a file, a folder, a remote address, and where there is nothing.
    """
    if paths.is_remote(path):
        return None
    try:
        mode = os.stat(paths.expand(path)).st_mode
    except (OSError, ValueError):
        return None
    return next((name for is_kind, name in _KINDS if is_kind(mode)), None)


class _SpilledText(SpillFile):
    """A text in a file without a name."""

    def copy(self, source: IO[bytes]) -> None:
        """Copy a stream to its end; OSError, which says what to set, if no folder has room."""
        while piece := source.read(_PIECE):
            self.write(np.frombuffer(piece, dtype=np.uint8))

    def path(self) -> str:
        """Return what can be opened as long as this object lives."""
        return f"{_OPEN_FILES}/{self._file.fileno()}"

    def close(self) -> None:
        """Remove the file."""
        self._file.close()

    def _explain(self, error: OSError) -> str:
        """Return what to say if the file cannot grow."""
        return (
            f"a copy of the text, which is read more than once, does not fit on the disk ({error.strerror}): "
            f"{self._size:,} bytes of it are in {os.path.abspath(self.folder)}. Set TMPDIR to a folder with "
            "more room, or write the text to a file and give that"
        )


@contextlib.contextmanager
def readable_again(source: IO[bytes], name: str) -> Iterator[paths.Reopened]:
    """Copy a stream, and yield a path by which the copy can be read again and again.

    The copy has no name, so that nothing is left of it however the process ends; only where the system cannot
    open such a file again it is in a temporary folder, which is removed when the block ends.

    Args:
        source (binary file): read from where it stands.
        name (str): what errors call it.

    Yields:
        Reopened: the path.

    Raises:
        OSError: it cannot be read, or no folder has room for the copy.
    """
    if os.path.isdir(_OPEN_FILES):
        file = _SpilledText()
        with contextlib.closing(file):
            file.copy(source)
            yield paths.Reopened(file.path(), name)
        return
    with tempfile.TemporaryDirectory(prefix="fastw2v-", dir=folder_with_room(0)) as folder:
        path = os.path.join(folder, "text")
        with open(path, "wb") as out:
            while piece := source.read(_PIECE):
                out.write(piece)
        yield paths.Reopened(path, name)


def refuse_again(reader: Any, path: paths.StrPath) -> None:
    """Note that a reader begins to read a path.

    Args:
        reader (any): an object with attributes of its own.
        path (path): what it reads.

    Raises:
        ValueError: it was read by this reader before, and can be read only once.
    """
    kind = kind_of_once(path)
    if kind is None:
        return
    if vars(reader).get("_was_read"):
        raise ValueError(
            f"{paths.name_of(path)} is {kind}, and was read before: to read it again may wait for ever. "
            "Write the text to a file and give that"
        )
    reader._was_read = True
