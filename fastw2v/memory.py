"""How much memory this process could still take, and the refusal of what would take far more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

SMALL = 64 << 20  # bytes that are taken without asking: to ask takes longer than many a call
MARGIN = 1.25  # times what is free is refused: figures are estimates, and not all that is asked for is used
UNLIMITED = 1 << 60  # limits from here on are none
UNKNOWN = 4 << 30  # bytes that are free where no system says

PROC, CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")
# Of each version: what /proc/self/cgroup calls it, its folder, limit, usage, and what of that can be dropped.
CONTROLLERS = {
    2: ("", "", "memory.max", "memory.current", "inactive_file"),
    1: ("memory", "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}


def available_memory() -> int:
    """Return how many bytes this process could still use without swapping.

    The least of what is free in the machine, in each control group that the process is in, and within its own
    limits of address space and data.
    """
    free = list(_free(swapped=0))
    return max(0, min(free)) if free else _physical_memory() // 2 or UNKNOWN


def require_memory(size: int, what: str, advice: str) -> None:
    """Raise MemoryError if so many bytes are far more than there could be, swap included.

    Args:
        size (int): bytes.
        what (str): what needs them, for the error.
        advice (str): what helps, for the error.

    Raises:
        MemoryError: the memory is not there; it says how much is needed and how much is free.
    """
    if size <= SMALL:
        return
    figures = list(_free(swapped=_fields(PROC / "meminfo").get("SwapFree", 0)))
    free = max(0, min(figures)) if figures else _physical_memory()
    if (figures or free) and size > MARGIN * free:
        raise MemoryError(
            f"{what} would take {size:,} bytes ({size / 2**30:.1f} GiB) of memory, but only {free:,} are "
            f"free: {advice}"
        )


def _free(swapped: int) -> Iterator[int]:
    """Yield what is free by each limit, with so many bytes `swapped` out at most."""
    with suppress(KeyError):
        yield _fields(PROC / "meminfo")["MemAvailable"] + swapped
    for limit, used in _cgroups():
        yield limit - used + swapped
    yield from _own_limits()


def _cgroups() -> Iterator[tuple[int, int]]:
    """Yield limit and usage, in bytes, of the memory of each control group around this process."""
    with suppress(OSError):
        for line in (PROC / "self/cgroup").read_text().splitlines():
            names, path = line.split(":", 2)[1:]
            for name, folder, limit, usage, dropped in CONTROLLERS.values():
                if name in names.split(","):
                    # A container may see its own group as the root, or the path as it is outside.
                    group = CGROUPS / folder / path.strip("/")
                    for around in (group, *group.parents):
                        if not around.is_relative_to(CGROUPS / folder):
                            break
                        with suppress(OSError, ValueError):  # no such group here, or "max"
                            most = int((around / limit).read_text())
                            if most < UNLIMITED:
                                used = int((around / usage).read_text())
                                yield most, max(0, used - _fields(around / "memory.stat").get(dropped, 0))


def _own_limits() -> Iterator[int]:
    """Yield what is left of the limits of this process: `ulimit -v` and `ulimit -d`."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    for limit, used in ((resource.RLIMIT_AS, "VmSize"), (resource.RLIMIT_DATA, "VmData")):
        most = resource.getrlimit(limit)[0]
        if most != resource.RLIM_INFINITY:
            with suppress(KeyError):
                yield most - _fields(PROC / "self/status")[used]


def _fields(file: Path) -> dict[str, int]:
    """Return the numbers in lines `name: number kB` or `name number`, in bytes; none if there is no file."""
    numbers = {}
    with suppress(OSError):
        for line in file.read_text().splitlines():
            name, *values = line.replace(":", " ", 1).split()
            if values and values[0].isdecimal():
                numbers[name] = int(values[0]) << (10 if values[1:] == ["kB"] else 0)
    return numbers


def _physical_memory() -> int:
    """Return the bytes of the machine's memory; 0 if the system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return 0
