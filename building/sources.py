"""What a compiled module is made of, by content; and which modules in this tree are older than that.

Used when modules are compiled (`building.py`) and by the tests, so it needs nothing but Python.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "fastw2v"
RECORD = ROOT / "build" / "inplace.json"  # path of a compiled module → its digest, and that of its sources


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.pyx"))


def sources(module: Path) -> tuple[Path, ...]:
    """Return a `.pyx` and the declarations and headers that it needs.

    A file needs those whose names, without their endings, are words of its text: at times more than that, but
    nothing is missed that an `include`, a `cimport` or a macro could reach.
    """
    files = [path for kind in ("*.pxd", "*.pxi", "*.h") for path in PACKAGE.rglob(kind)]
    found = {module}
    unread = [module]
    while unread:
        path = unread.pop()
        words = {path.stem, *re.findall(r"\w+", path.read_text(encoding="utf-8"))}
        needed = {file for file in files if file.stem in words} - found
        found |= needed
        unread += needed
    return tuple(sorted(found))


def size(module: Path) -> int:
    """Return how many bytes a compiler has to read."""
    return sum(path.stat().st_size for path in sources(module))


def digest(paths: Iterable[Path]) -> str:
    """Return a digest of the names and contents of files of this tree."""
    total = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        total.update(f"{path.relative_to(ROOT).as_posix()} {len(content)}\n".encode())
        total.update(content)
    return total.hexdigest()


def compiled_here(module: Path) -> Path | None:
    """Return the file that this Python would load for a `.pyx` of this tree."""
    paths = (module.with_suffix(suffix) for suffix in EXTENSION_SUFFIXES)
    return next(filter(Path.is_file, paths), None)


def record(compiled: dict[Path, Path]) -> None:
    """Write down of which sources the modules in this tree were compiled: module → its `.pyx`."""
    entries = {
        path.relative_to(ROOT).as_posix(): [digest([path]), digest(sources(module))]
        for path, module in compiled.items()
    }
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_text(json.dumps(recorded() | entries, indent=1), encoding="utf-8")


def recorded() -> dict[str, list[str]]:
    """Return what is written down; other Pythons may have compiled here, too."""
    try:
        return json.loads(RECORD.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def stale() -> list[str]:
    """Return the compiled modules in this tree that were made of other sources than those beside them.

    Only what is known is said: of a module that was put here by other means than ours there is no record.
    """
    entries = recorded()
    found = []
    for module in modules():
        path = compiled_here(module)
        name = path.relative_to(ROOT).as_posix() if path else ""
        compiled, made_of = entries.get(name, ("", ""))
        if path and digest([path]) == compiled and digest(sources(module)) != made_of:
            found.append(name)
    return found
