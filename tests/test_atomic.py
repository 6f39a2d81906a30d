"""A save either happens or does not: crashes, full disks and odd targets."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fastw2v import paths
from fastw2v.formats import atomic
from fastw2v.formats.atomic import atomic_path, atomic_writer

fcntl: Any = pytest.importorskip("fcntl", reason="modes, owners and locks are those of POSIX")
resource: Any = pytest.importorskip("resource", reason="modes, owners and locks are those of POSIX")

OLD, NEW = b"the old content", b"the new content, longer"


def save(path: str | Path, content: bytes = NEW) -> None:
    with atomic_writer(path) as file:
        file.write(content)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "model.fw2v"
    path.write_bytes(OLD)
    return path


@contextlib.contextmanager
def unprivileged() -> Iterator[None]:
    """As somebody whom file modes bind: root is asked nothing."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def anyones_directory() -> Iterator[Path]:
    """A directory that `unprivileged` can reach; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o777)
        yield Path(name)
        os.chmod(name, 0o777)


def test_replaces_and_leaves_nothing_else(target: Path) -> None:
    save(target)
    assert target.read_bytes() == NEW
    assert os.listdir(target.parent) == [target.name]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit, OSError])
@pytest.mark.parametrize("exists", [True, False])
def test_an_error_leaves_the_old_file(target: Path, error: type[BaseException], exists: bool) -> None:
    if not exists:
        target.unlink()
    with pytest.raises(error), atomic_writer(target) as file:
        file.write(NEW)
        raise error
    assert [path.read_bytes() for path in target.parent.iterdir()] == ([OLD] if exists else [])


def test_the_target_is_old_until_the_end(target: Path) -> None:
    with atomic_writer(target) as file:
        file.write(NEW)
        file.flush()
        assert target.read_bytes() == OLD
    assert target.read_bytes() == NEW


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o666, 0o755])
def test_keeps_the_mode(target: Path, mode: int) -> None:
    target.chmod(mode)
    with atomic_path(target) as temporary:
        # Nobody may read the new content meanwhile who could not read the old.
        assert stat.S_IMODE(os.stat(temporary).st_mode) & ~(mode | 0o600) == 0
        Path(temporary).write_bytes(NEW)
    assert stat.S_IMODE(target.stat().st_mode) == mode
    assert target.read_bytes() == NEW


def test_a_new_file_obeys_the_umask(tmp_path: Path) -> None:
    old_mask = os.umask(0o027)
    try:
        save(tmp_path / "new")
    finally:
        os.umask(old_mask)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


@pytest.mark.parametrize("dangling", [False, True])
def test_follows_symbolic_links(tmp_path: Path, dangling: bool) -> None:
    (tmp_path / "data").mkdir()
    real, link, link_to_link = tmp_path / "data/real", tmp_path / "link", tmp_path / "link2"
    if not dangling:
        real.write_bytes(OLD)
    link.symlink_to("data/real")
    link_to_link.symlink_to(link)
    save(link_to_link)
    assert link.is_symlink() and link_to_link.is_symlink() and not real.is_symlink()
    assert real.read_bytes() == NEW
    assert os.listdir(tmp_path / "data") == ["real"]


def test_writes_through_what_cannot_be_replaced(tmp_path: Path) -> None:
    save("/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        save(tmp_path / "pipe")
        assert os.read(reader, 100) == NEW
    finally:
        os.close(reader)
    assert os.listdir(tmp_path) == ["pipe"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_device() -> None:
    with pytest.raises(OSError) as caught:
        save("/dev/full")
    assert caught.value.errno == errno.ENOSPC


def test_an_open_handle_is_passed_through() -> None:
    handle = io.BytesIO()
    with atomic_writer(handle) as file:
        file.write(NEW)
    assert handle.getvalue() == NEW  # and still open


@pytest.mark.parametrize("wrong", [None, 3, ["path"]])
def test_neither_path_nor_handle(wrong: Any) -> None:
    with pytest.raises(TypeError, match="a path or an open binary file"), atomic_writer(wrong):
        pass


def test_missing_directory(tmp_path: Path) -> None:
    path = tmp_path / "none" / "model"
    with pytest.raises(FileNotFoundError) as caught:
        save(path)
    assert caught.value.filename == str(path)  # not the temporary's name


def test_no_name_is_not_the_folder_that_we_are_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("", "file://"):
        with pytest.raises(FileNotFoundError, match="without a name"):
            save(name)
    assert not list(tmp_path.iterdir())


def test_a_directory_as_target(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        save(tmp_path)


def test_read_only_directory(anyones_directory: Path) -> None:
    path = anyones_directory / "model"
    path.write_bytes(OLD)
    path.chmod(0o666)
    anyones_directory.chmod(0o555)
    with unprivileged(), pytest.raises(PermissionError) as caught:
        save(path)
    assert caught.value.filename == str(path)
    assert path.read_bytes() == OLD


def test_read_only_file(anyones_directory: Path) -> None:
    path = anyones_directory / "model"
    path.write_bytes(OLD)
    path.chmod(0o444)
    with unprivileged(), pytest.raises(PermissionError, match="read-only"):
        save(path)
    assert path.read_bytes() == OLD
    assert os.listdir(anyones_directory) == ["model"]


@pytest.mark.parametrize("name", ["x" * 255, "ü" * 127, "a" * 250 + ".gz", ".hidden", "-", "new\nline"])
def test_names_of_any_kind(tmp_path: Path, name: str) -> None:
    save(tmp_path / name)
    save(tmp_path / name, OLD)
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).read_bytes() == OLD


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(bytes(tmp_path) + b"/caf\xe9")
    save(name)
    assert os.listdir(bytes(tmp_path)) == [b"caf\xe9"]


def test_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with atomic_writer("model") as file:
        monkeypatch.chdir(tmp_path / "elsewhere")
        file.write(NEW)
    assert (tmp_path / "model").read_bytes() == NEW


def test_the_temporary_name_has_the_suffix(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "vectors.txt.gz") as temporary:
        assert temporary.endswith(".gz")
        assert Path(temporary).parent == tmp_path


def test_too_little_room(target: Path) -> None:
    with (
        pytest.raises(OSError, match="not enough room: 1,152,921,504,606,846,976 bytes") as caught,
        atomic_writer(target, expected_bytes=1 << 60),
    ):
        pass
    assert caught.value.errno == errno.ENOSPC
    assert target.read_bytes() == OLD


def test_the_disk_becomes_full(target: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OSError) as caught:
            save(target, b"x" * 200_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.errno == errno.EFBIG
    assert target.read_bytes() == OLD
    assert os.listdir(target.parent) == [target.name]


class Faults:
    """Stands in for `os` and `open_named` in `atomic`; counts what touches the disk, fails at one count."""

    COUNTED = ("open", "fchmod", "fchown", "fsync", "replace", "stat", "close", "scandir", "statvfs")

    def __init__(self, fail_at: int | None = None, code: int = errno.EIO) -> None:
        self.fail_at, self.code = fail_at, code
        self.log: list[str] = []  # what was done or tried
        self.failed: str | None = None

    def hit(self, name: str) -> None:
        self.log.append(name)
        if len(self.log) == self.fail_at:
            self.failed = name
            raise OSError(self.code, os.strerror(self.code))  # no name: most calls know only a number

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in self.COUNTED:
            return real

        def counted(*args: Any, **kwargs: Any) -> Any:
            if name == "close":
                real(*args)  # a failing close closes nevertheless
            self.hit(name if name != "fsync" else f"fsync {kind(args[0])}")
            return None if name == "close" else real(*args, **kwargs)

        return counted

    def open_file(self, path: str, mode: str, name: str, *, folder: str | None = None) -> Any:
        with paths.naming_errors(name):
            self.hit("open file")
        write = self.write

        class Faulty(paths._WritingFile):
            def write(self, data: Any) -> int:
                with self._naming():
                    write()
                return super().write(data)

        return Faulty(path, mode, name, folder)

    def write(self) -> None:
        self.hit("write")


def kind(descriptor: int) -> str:
    return "directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"


def save_with(faults: Faults, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(atomic, "os", faults)
        patch.setattr(paths, "open_named", faults.open_file)
        with atomic_writer(target, expected_bytes=1) as file:
            for start in range(0, len(NEW), 5):
                file.write(NEW[start : start + 5])


def test_the_order_of_things(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = Faults()
    save_with(faults, target, monkeypatch)
    writes = [i for i, name in enumerate(faults.log) if name == "write"]
    mode, synced = faults.log.index("fchmod"), faults.log.index("fsync file")
    renamed, directory = faults.log.index("replace"), faults.log.index("fsync directory")
    assert writes[-1] < mode < synced < renamed < directory


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT, errno.EINTR])
def test_the_nth_operation_fails(target: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    for n in range(1, 100):
        target.write_bytes(OLD)
        faults = Faults(n, code)
        try:
            save_with(faults, target, monkeypatch)
        except OSError as error:
            assert (error.errno, error.filename) == (code, str(target))
            # Once renamed, the new content is there, whole; only its durability is in doubt.
            renamed = "replace" in faults.log and faults.failed != "replace"
            assert target.read_bytes() == (NEW if renamed else OLD)
        else:
            assert target.read_bytes() == NEW
        assert os.listdir(target.parent) == [target.name]
        if faults.failed is None:
            assert n > 15
            break
    else:
        pytest.fail("the save never ran through")


def temporary_beside(target: Path, number: int) -> Path:
    return target.with_name(f".{target.name}.{number}.0123456789abcdef.tmp.fw2v")


def test_removes_what_a_dead_writer_left(target: Path) -> None:
    left = temporary_beside(target, 4711)
    left.write_bytes(b"half a model")
    save(target)
    assert not left.exists()


def test_spares_what_a_live_writer_writes(target: Path) -> None:
    with atomic_writer(target) as slow:
        slow.write(b"slow")
        save(target)
        assert target.read_bytes() == NEW
    assert target.read_bytes() == b"slow"
    assert os.listdir(target.parent) == [target.name]


@pytest.mark.parametrize(
    "name",
    [
        ".model.fw2v.tmp",
        ".model.fw2v.4711.tmp",
        "model.fw2v.4711.0123456789abcdef.tmp",
        ".other.fw2v.4711.0123456789abcdef.tmp",
        ".model.fw2v.4711.0123456789abcdeg.tmp",
        ".model.fw2v.4711.0123456789abcdef.tmpx",
    ],
)
def test_spares_files_of_others(target: Path, name: str) -> None:
    (target.parent / name).write_bytes(b"precious")
    save(target)
    assert (target.parent / name).read_bytes() == b"precious"


def test_taken_for_a_leftover_before_it_is_locked(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process may unlink the temporary between its creation and its lock: we make another."""
    real = fcntl.flock
    calls = 0

    def flock(descriptor: int, operation: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            for path in target.parent.glob(".*.tmp*"):
                path.unlink()
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    save(target)
    assert calls == 2
    assert target.read_bytes() == NEW
    assert os.listdir(target.parent) == [target.name]


def test_file_systems_without_locks(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    left = temporary_beside(target, 4711)
    left.write_bytes(b"perhaps somebody writes this")
    monkeypatch.setattr(fcntl, "flock", flock)
    save(target)
    assert target.read_bytes() == NEW
    assert left.exists()
