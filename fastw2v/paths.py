"""Paths as people write them: `~`, `file://`, and the addresses of remote files.

Remote files are opened by smart_open, or by fsspec, whichever is installed and knows the scheme. What needs a
real file gets a temporary copy; what is written is sent when it is complete.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import io
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from typing import IO, Any, NoReturn

StrPath = str | os.PathLike[str]

_SCHEME = r"([A-Za-z][A-Za-z0-9+.-]+)://"  # not one letter: C: is a drive of Windows
_CUT_SCHEME = r"(file|https?|s3|gs|hdfs|memory):/[^/]"
_FILE = "file://"
_WEB = ("http", "https")  # what can be read, not written
_MOVES = "(the environment variable TMPDIR moves it)"
HERE = f"here {_MOVES}"
FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
_STANDARD_ERROR = 2  # the highest of the descriptors that every process has
_PIECE = 1 << 20  # bytes that are copied at a time


def expand(path: StrPath) -> str:
    """Return a path as the system knows it; a remote address stays as it is.

    Args:
        path (path): `~` and `~user` at its beginning become the home directory, as in a shell; if there is no
            such user the path stays. `file://` is taken away, and `%20` and the like are decoded.

    Returns:
        str: the path. Of bytes, which are never expanded, the bytes.

    Raises:
        FileNotFoundError: nothing follows `file://`.
        ValueError: no file can have this name; or an address was made a `pathlib.Path`, which loses one of
            its slashes.
    """
    name = os.fspath(path)
    _check_name(name)
    if not isinstance(path, str) and isinstance(name, str) and re.match(_CUT_SCHEME, name):
        raise ValueError(f"{name!r} has lost a slash in pathlib: give the address as a str")
    if isinstance(name, str) and name[: len(_FILE)].lower() == _FILE:
        from urllib.parse import unquote

        name = re.sub(r"^localhost(?=/)", "", unquote(name[len(_FILE) :], errors="surrogateescape"))
        if os.name == "nt":
            name = re.sub(r"^/(?=[A-Za-z]:)", "", name)
        if not name:
            raise FileNotFoundError(errno.ENOENT, "an address without a name of a file", os.fspath(path))
    return os.path.expanduser(name) if isinstance(name, str) and name.startswith("~") else name


class Reopened(os.PathLike[str]):
    """A path of what has no name of its own, such as a copy of standard input.

    Args:
        path (str): by which it is opened.
        name (str): what errors call it.
    """

    def __init__(self, path: str, name: str) -> None:
        self.path = path
        self.name = name

    def __fspath__(self) -> str:
        return self.path

    def __repr__(self) -> str:
        return self.name


def name_of(source: object) -> str:
    """Return what an error calls a file.

    Args:
        source (path or open file): what a caller gave.

    Returns:
        str: the path, the name of an open file if it has one, else "the open file".
    """
    is_path = isinstance(source, str | bytes | os.PathLike) and not isinstance(source, Reopened)
    name = source if is_path else getattr(source, "name", None)
    return os.fsdecode(name) if isinstance(name, str | bytes | os.PathLike) else "the open file"


def _check_name(name: str | bytes) -> None:
    """Raise ValueError for what no file can be called; the system's own errors do not say what was given."""
    try:
        raw = os.fsencode(name)
    except UnicodeEncodeError:
        raise ValueError(f"{name!r} cannot be the name of a file: it holds half a character") from None
    if b"\0" in raw:
        raise ValueError(f"{name!r} cannot be the name of a file: it holds a NUL character")


def is_remote(path: object) -> bool:
    """Return whether this is the address of a file elsewhere: `s3://bucket/key`, but not `file:///a`.

    Args:
        path (any): a path, or something else.

    Returns:
        bool: whether it is.
    """
    name = os.fspath(path) if isinstance(path, str | os.PathLike) else None
    found = re.match(_SCHEME, name) if isinstance(name, str) else None
    return found is not None and found[0].lower() != _FILE


def suffix(path: StrPath) -> str:
    """Return the ending of a file's name in lower case.

    Args:
        path (path): the file; what follows `?` or `#` in the address of a web page does not count.

    Returns:
        str: `.gz` or the like; empty if there is none.
    """
    name = os.fspath(path)
    if is_remote(name) and name.lower().startswith(_WEB):
        name = re.split("[?#]", name, maxsplit=1)[0]
    return os.path.splitext(name)[1].lower()


@contextlib.contextmanager
def fetched(path: StrPath, mmap: str | None = None) -> Iterator[str]:
    """Yield the name of a local file with the content of a file, which may be remote.

    Args:
        path (path): the file.
        mmap (str or None): how the caller means to map it.

    Yields:
        str: its own name, or that of a copy, which is removed when the block ends.

    Raises:
        ValueError: a remote file is to be mapped.
        ImportError: nothing that is installed can read such an address.
        OSError: the file cannot be read.
    """
    name = expand(path)
    if not is_remote(name):
        yield name
        return
    if mmap is not None:
        raise ValueError(
            f"mmap={mmap!r}: {name} is not on this machine and cannot be mapped: load it with mmap=None, "
            "or copy it first"
        )
    with _temporary_folder(name) as folder:
        copy = os.path.join(folder, "fetched" + suffix(name))
        with _opener(name)(name, "rb") as source, open_named(copy, "wb", name, folder=folder) as file:
            shutil.copyfileobj(source, file, _PIECE)
        yield copy


@contextlib.contextmanager
def sent(path: StrPath) -> Iterator[str]:
    """Yield the name of a local file to write to.

    Args:
        path (path): where the content belongs.

    Yields:
        str: the path itself, or for a remote one a temporary name with its suffix: the file is sent when the
            block ends without an error, so that what is there stays until the new content is complete.

    Raises:
        ImportError: nothing that is installed can write to such an address.
        OSError: the file cannot be written.
    """
    name = expand(path)
    if not is_remote(name):
        yield name
        return
    check_can_send(name)
    with _temporary_folder(name) as folder:
        made = os.path.join(folder, "to-send" + suffix(name))
        yield made
        with naming_errors(name), open(made, "rb") as file, _opener(name)(name, "wb") as target:
            shutil.copyfileobj(file, target, _PIECE)


@contextlib.contextmanager
def _temporary_folder(name: str) -> Iterator[str]:
    """Make a folder for a copy of a remote file, which is removed when the block ends."""
    with contextlib.ExitStack() as stack:
        with naming_errors(name, hidden=tempfile.gettempdir()):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="fastw2v-"))
        yield folder


@contextlib.contextmanager
def naming_errors(name: str, *, hidden: str | None = None, folder: str | None = None) -> Iterator[None]:
    """Make errors of the system name a file: that of a full disk names none, others that of a temporary one.

    Args:
        name (str): the file, as its user knows it.
        hidden (str or None): what stands for it; names that begin so are replaced, too.
        folder (str or None): the temporary folder that is written to first; it is named if it is full.

    Raises:
        OSError: as in the block, of the same class, with the file as its `filename`.
    """
    try:
        yield
    except OSError as error:
        found = error.filename
        if error.errno is None or not (found is None or (hidden and str(found).startswith(hidden))):
            raise
        text = error.strerror
        if folder is not None and error.errno in FULL:
            text = f"{text} in {folder}, where it is written first {_MOVES}"
        raise OSError(error.errno, text, name) from error


def above_standard(descriptor: int) -> int:
    """Return another descriptor of an open file, if it is 0, 1 or 2; else the same.

    Where standard input, output or error are closed the next file takes their number, and what is printed
    there, by a library or a child process, would be written into it.

    Args:
        descriptor (int): of an open file; it is closed if another is returned.

    Returns:
        int: 3 or more.

    Raises:
        OSError: the process has too many open files.
    """
    low = []
    try:
        while descriptor <= _STANDARD_ERROR:
            low.append(descriptor)
            descriptor = os.dup(descriptor)
    finally:
        for one in low:
            os.close(one)
    return descriptor


class _WritingFile(io.FileIO):
    """A file that is written to for another, which its errors name."""

    def __init__(self, path: str, mode: str, name: str, folder: str | None) -> None:
        self._naming = functools.partial(naming_errors, name, hidden=path, folder=folder)
        with self._naming():
            super().__init__(
                path, mode, opener=lambda path, flags: above_standard(os.open(path, flags, 0o666))
            )

    def write(self, data: Any) -> int:
        with self._naming():
            return super().write(data)

    def close(self) -> None:
        with self._naming():
            super().close()


def open_named(path: str, mode: str, name: str, *, folder: str | None = None) -> io.BufferedWriter:
    """Open a file to write bytes to it, or to add some; errors name the file that it stands for.

    Args:
        path (str): what to open.
        mode (str): "wb" or "ab".
        name (str): the file, as its user knows it.
        folder (str or None): the temporary folder that it is in, if the file belongs elsewhere.

    Returns:
        binary file: open for writing.

    Raises:
        OSError: it cannot be opened; the error names `name`.
    """
    return io.BufferedWriter(_WritingFile(path, mode, name, folder))


def check_can_send(path: StrPath) -> None:
    """Check what can be checked of a remote address before anything is written there.

    Args:
        path (path): the address.

    Raises:
        ImportError: nothing that is installed can write to such an address.
        UnsupportedOperation: it is a web page; an OSError and a ValueError.
    """
    name = os.fspath(path)
    if _scheme_of(name) in _WEB:
        raise io.UnsupportedOperation(
            f"cannot write {name}: web pages can only be read; write to a file of this machine, to s3:// …"
        )
    _opener(name)


def open_stream(path: StrPath, decompressed: Callable[[IO[bytes]], Any] | None = None) -> io.BufferedReader:
    """Open a remote file for reading from its beginning to its end, without a copy of it.

    Args:
        path (path): the address.
        decompressed (callable or None): compressed stream → stream of its content.

    Returns:
        binary file: the content.

    Raises:
        ImportError: nothing that is installed can read such an address.
        OSError: the file cannot be read.
    """
    name = os.fspath(path)
    stream = _opener(name)(name, "rb")
    return _Stream(stream if decompressed is None else decompressed(stream), stream)


class _Stream(io.BufferedReader):
    """A reader of what is inside a stream; both are closed together."""

    def __init__(self, content: Any, stream: IO[bytes]) -> None:
        super().__init__(content)
        self._stream = stream

    def fileno(self) -> NoReturn:
        """Raise: what the number of a connection says of size and kind is not true of the content."""
        raise io.UnsupportedOperation("a remote file has no number")

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._stream.close()


class Sending:
    """A file that is open for writing, and is sent to its address when it is closed.

    It is not sent if the block that writes to it ends with an error.

    Args:
        path (path): the address.
        opened (callable): name of a local file → that file, open for writing.

    Raises:
        ImportError: nothing that is installed can write to such an address.
        OSError: the file cannot be written.
    """

    def __init__(self, path: StrPath, opened: Callable[[str], IO[Any]]) -> None:
        with contextlib.ExitStack() as stack:
            self._file = stack.enter_context(opened(stack.enter_context(sent(path))))
            self._steps = stack.pop_all()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> Sending:
        return self

    def __exit__(self, *error: Any) -> None:
        self._steps.__exit__(*error)

    def close(self) -> None:
        """Complete the file and send it."""
        self._steps.close()


def files_in(path: StrPath) -> list[str]:
    """Return the files at a remote address.

    Args:
        path (path): a file; or a folder, which only fsspec can list.

    Returns:
        list of str: the address itself, or those of the files directly in the folder, by name.

    Raises:
        ValueError: it ends in "/", as a folder does, and cannot be listed.
    """
    name = os.fspath(path)
    try:
        import fsspec

        system, inside = fsspec.core.url_to_fs(name)
        # Pages of the web have no folders, though what lists their links may say so.
        if _scheme_of(name) not in _WEB and system.isdir(inside):
            found = system.ls(inside, detail=True)
            return sorted(system.unstrip_protocol(one["name"]) for one in found if one["type"] == "file")
    except (ImportError, ValueError):
        pass  # not fsspec's: it can still be one file
    if name.endswith("/"):
        raise ValueError(f"{name} is a folder that cannot be listed: give its files one by one")
    return [name]


def _scheme_of(name: str) -> str:
    return name.partition("://")[0].lower()


def _opener(name: str) -> Callable[[str, str], Any]:
    """Return what opens a remote file, (name, mode) → binary file; ImportError if nothing can."""
    scheme = _scheme_of(name)
    with contextlib.suppress(ImportError):
        import smart_open
        from smart_open.transport import SUPPORTED_SCHEMES

        if scheme in SUPPORTED_SCHEMES:
            return lambda name, mode: smart_open.open(name, mode, compression="disable")
    try:
        import fsspec

        fsspec.get_filesystem_class(scheme)
        return _open_by_fsspec
    except (ImportError, ValueError) as error:
        raise ImportError(
            f"{name}: files at {scheme}:// are opened by smart_open or fsspec, with their part for it: "
            f"pip install 'fastw2v[remote]' (s3, gs, https); for others see their documentation"
        ) from error


def _open_by_fsspec(name: str, mode: str) -> Any:
    """Open a remote file; what is written replaces it when the block that writes ends without an error."""
    import fsspec

    system, inside = fsspec.core.url_to_fs(name)
    if mode == "rb":
        try:
            return system.open(inside, mode)
        except FileNotFoundError as error:  # of some systems, with nothing but a part of the address
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name) from error
    return _open_in_transaction(system, inside, mode)


@contextlib.contextmanager
def _open_in_transaction(system: Any, inside: str, mode: str) -> Iterator[IO[bytes]]:
    with system.transaction, system.open(inside, mode) as file:
        yield file
