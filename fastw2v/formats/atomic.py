"""Replace a file so that its old content stays until the new one is complete and on the disk.

Write to a temporary file in the same directory, fsync it, `os.replace` it over the target, fsync the
directory. A crash, a full disk, a `kill -9` or Ctrl-C leaves the old file as it was. The next save to the
same name removes the temporary file of a killed writer.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import stat
import time
from collections.abc import Iterator
from typing import IO, Any

from fastw2v import magic, paths, utils

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

StrPath = str | os.PathLike[str]

_WINDOWS_PATIENCE = 1.0  # seconds to wait until readers have closed the target


@contextlib.contextmanager
def atomic_writer(
    target: StrPath | IO[bytes], *, expected_bytes: int = 0, compressed: bool = False
) -> Iterator[IO[bytes]]:
    """Open `target` for writing bytes; it is replaced when the block ends without an error.

    Args:
        target (path or binary file): what to replace, as `atomic_path` does; an open file is written to
            directly and left open.
        expected_bytes (int): size of the new content; an error is raised at once if the file system has less
            room. 0 does not check.
        compressed (bool): whether to compress what is written to a path that ends in .gz, .bz2, .xz or .zst.

    Yields:
        binary file: to write the new content to.

    Raises:
        TypeError: `target` is neither a path nor an open file.
        ImportError: it is to be compressed, and this Python lacks the module for that.
        OSError: the file cannot be written; the error names `target`.
    """
    if not isinstance(target, str | os.PathLike):
        with paths.naming_errors(paths.name_of(target)):
            check_open_file(target)
            whole: Any = _Whole(target) if isinstance(target, io.RawIOBase) else target
            yield whole
        return
    name = paths.expand(target)
    with atomic_path(name, expected_bytes=expected_bytes) as temporary:
        folder = os.path.dirname(temporary) if paths.is_remote(name) else None
        with open_for(name, temporary, "wb", folder=folder, compressed=compressed) as file:
            yield file


class _Whole:
    """A file without a buffer, whose `write` may take a part and only return how much: write all of it."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, data: Any) -> int:
        left = memoryview(data).cast("B")
        size = len(left)
        while left:
            written = self._file.write(left)
            if not written:  # None, of a pipe that does not wait for its reader
                raise BlockingIOError(errno.EAGAIN, "the file takes nothing now: open it with a buffer")
            left = left[written:]
        return size


@contextlib.contextmanager
def open_for(
    name: str, path: str, mode: str, *, folder: str | None = None, compressed: bool = False
) -> Iterator[IO[bytes]]:
    """Open a file that stands for another.

    Args:
        name (str): the file that errors name.
        path (str): the file to open.
        mode (str): "wb", or "ab" to add to it.
        folder (str or None): the temporary folder that it is in, if it is sent from there.
        compressed (bool): whether to compress as the suffix of `name` says.

    Yields:
        binary file: to write the content to.

    Raises:
        ImportError: it is to be compressed, and this Python lacks the module for that.
        OSError: the file cannot be written; the error names `name`.
    """
    with contextlib.ExitStack() as files:
        suffix = paths.suffix(name)
        packing = utils.compression(suffix) if compressed and suffix in magic.SUFFIXES.values() else None
        file: IO[bytes] = files.enter_context(paths.open_named(path, mode, name, folder=folder))
        yield file if packing is None else files.enter_context(packing.open(file, mode))


def check_open_file(target: Any) -> None:
    """Check that a file is open for writing bytes.

    Args:
        target (binary file): what a caller gave instead of a path.

    Raises:
        TypeError: it is no file, or open as text or for reading.
    """
    if not hasattr(target, "write"):
        raise TypeError(f"expected a path or an open binary file, got {target!r}")
    try:
        target.write(b"")
    except (TypeError, io.UnsupportedOperation):
        name = getattr(target, "name", "the file")
        raise TypeError(f"{name} is not open for writing in binary: open it with mode 'wb'") from None


@contextlib.contextmanager
def atomic_path(path: StrPath, *, expected_bytes: int = 0) -> Iterator[str]:
    """Yield the name of a temporary file that replaces `path` when the block ends without an error.

    The temporary name has the suffix of `path`, for functions that look at it (.gz). Symbolic links are
    resolved; mode and, where permitted, owner of an existing file are kept.

    Args:
        path (path): what to replace. A remote file is sent when it is complete.
        expected_bytes (int): size of the new content; an error is raised at once if the file system has less
            room. 0 does not check.

    Yields:
        str: the name to write to. It is `path` itself if that is not a regular file (a pipe, a device) and
            so cannot be replaced.

    Raises:
        IsADirectoryError: `path` is a directory.
        PermissionError: the file is read-only.
        FileNotFoundError: `path` is empty, or its folder does not exist.
        OSError: there is not enough room, or the file cannot be written; the error names `path`.
    """
    name = paths.expand(path)
    if paths.is_remote(name):
        with paths.sent(name) as temporary:
            _check_room(os.path.dirname(temporary), expected_bytes, f"{name}, first written {paths.HERE}")
            yield temporary
        return
    with paths.naming_errors(name):
        old = _stat_target(name)
    if old is not None and not stat.S_ISREG(old.st_mode):
        if stat.S_ISDIR(old.st_mode):
            raise IsADirectoryError(errno.EISDIR, "cannot save over a directory", name)
        yield name
        return
    if old is not None and not os.access(name, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise PermissionError(errno.EACCES, "the file is read-only", name)

    final = os.path.realpath(name)
    directory = os.path.dirname(final)
    _remove_leftovers(final)
    _check_room(directory, expected_bytes, name)
    with paths.naming_errors(name, hidden=directory):
        descriptor, temporary = _create_beside(final, old, name)
    try:
        try:
            yield temporary
            with paths.naming_errors(name, hidden=temporary):
                if old is not None and hasattr(os, "fchmod"):
                    os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
                _flush_to_disk(descriptor)
                if os.name == "nt":  # Windows cannot rename an open file
                    os.close(descriptor)
                    descriptor = -1
                _replace(temporary, final)
        except BaseException:
            if os.name == "nt" and descriptor >= 0:
                os.close(descriptor)
                descriptor = -1
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    finally:
        if descriptor >= 0:
            with contextlib.suppress(OSError):  # the content has been synced already
                os.close(descriptor)
    with paths.naming_errors(name, hidden=directory):
        _flush_directory(directory)


def _stat_target(name: str) -> os.stat_result | None:
    if not name:  # which `realpath` takes for the folder that we are in
        raise FileNotFoundError(errno.ENOENT, "cannot write to a file without a name", name)
    try:
        return os.stat(name)
    except FileNotFoundError:
        return None


def _check_room(directory: str, expected_bytes: int, name: str) -> None:
    if expected_bytes <= 0 or not hasattr(os, "statvfs"):
        return
    try:
        room = os.statvfs(directory)
    except OSError:
        return  # creating the file will raise the right error
    free = room.f_bavail * room.f_frsize
    # Some network and overlay file systems report no blocks at all.
    if room.f_blocks and free < expected_bytes:
        text = f"not enough room: {expected_bytes:,} bytes needed, {free:,} free"
        raise OSError(errno.ENOSPC, text, name)


def _temporary_prefix(final: str) -> str:
    # Cut, because the target's name may already have the greatest length that is allowed.
    return f".{os.path.basename(final)[:40]}."


def _create_beside(final: str, old: os.stat_result | None, name: str) -> tuple[int, str]:
    """Create the temporary file, readable only by those who could read the old one, and lock it."""
    suffix = os.path.splitext(final)[1][:16]
    # The owner must be able to write; the old mode, which is never wider than this, is set at the end.
    mode = 0o666 if old is None else stat.S_IMODE(old.st_mode) | 0o600
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    while True:
        unique = f"{os.getpid()}.{os.urandom(8).hex()}.tmp"
        temporary = os.path.join(os.path.dirname(final), _temporary_prefix(final) + unique + suffix)
        try:
            descriptor = paths.above_standard(os.open(temporary, flags, mode))
        except FileExistsError:
            continue
        except OSError as error:
            raise OSError(error.errno, f"cannot write here: {error.strerror}", name) from error
        try:
            if old is not None and hasattr(os, "fchown"):
                with contextlib.suppress(OSError):
                    os.fchown(descriptor, old.st_uid, old.st_gid)
            # Windows neither locks here nor removes what is open, nor numbers each file alike for both calls.
            if fcntl is None or (_lock(descriptor) and _is_still(descriptor, temporary)):
                return descriptor, temporary
        except BaseException:
            os.close(descriptor)
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        os.close(descriptor)  # another process removed it as a leftover between open and lock: try again


def _lock(descriptor: int) -> bool:
    """Lock without waiting; return False if another process has the lock, True if there are none."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _is_still(descriptor: int, name: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(name))
    except FileNotFoundError:
        return False


def _remove_leftovers(final: str) -> None:
    """Unlink temporary files of this target that are not locked: their writer has died."""
    pattern = re.compile(re.escape(_temporary_prefix(final)) + r"\d+\.[0-9a-f]{16}\.tmp(\.|$)")
    try:
        with os.scandir(os.path.dirname(final)) as entries:
            leftovers = [entry.path for entry in entries if pattern.match(entry.name)]
    except OSError:
        return
    for leftover in leftovers:
        with contextlib.suppress(OSError):
            if fcntl is None:
                os.unlink(leftover)  # fails while its writer has it open
                continue
            descriptor = os.open(leftover, os.O_WRONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(leftover)
            finally:
                os.close(descriptor)


def _flush_to_disk(descriptor: int) -> None:
    full_sync: Any = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync stops at the drive's cache
    if full_sync is not None:
        try:
            fcntl.fcntl(descriptor, full_sync)
            return
        except OSError:
            pass  # not on this file system
    os.fsync(descriptor)


def _replace(temporary: str, final: str) -> None:
    deadline = time.monotonic() + _WINDOWS_PATIENCE
    while True:
        try:
            os.replace(temporary, final)
            return
        except PermissionError:
            # Windows refuses while a process has the target open or mapped.
            if os.name != "nt" or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _flush_directory(directory: str) -> None:
    """Make the renaming itself durable."""
    if os.name == "nt":
        return
    try:
        descriptor = os.open(directory, os.O_RDONLY)
    except PermissionError:
        return  # a directory that may be written to but not listed
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
