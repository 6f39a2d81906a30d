"""The test suite on a build with sanitizers: `sanitize.py address,undefined|thread [ARGUMENTS OF PYTEST]`.

The sources are copied to WORK and compiled there with gcc. Python itself is not instrumented, so the
sanitizers' library is preloaded. Of `thread` that means: races in compiled code of this package are seen,
and so are the locks of Python, which order what is done under them (the GIL is one); races inside Python or
numpy are not seen. `tsan.supp` names what may race.

Prints pytest's output, then each report once, and how many there were; ends with 1 if there is one, or a
test failed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORK = ROOT / "build" / "sanitize"
LIBRARIES = {"address": "libasan.so", "undefined": "libubsan.so", "thread": "libtsan.so"}

# What cannot run there: limits of address space, of which the sanitizers take terabytes.
LEFT_OUT = [
    "tests/test_hostile_files.py::test_hostile_pickles_are_bounded",
    "tests/test_hostile_files.py::test_compressed_bombs_are_bounded",
    "tests/test_hostile_files.py::test_bombs_beside_a_model_are_bounded",
    "tests/test_memory.py::test_the_limits_of_the_process_count",
]


def copy_sources(to: Path) -> None:
    """Copy what a clone would hold, with changes not yet committed; what is unchanged keeps its time."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, os.fsdecode(listed.stdout).split("\0")):
        source, target = ROOT / name, to / name
        if source.is_file() and (not target.exists() or target.read_bytes() != source.read_bytes()):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def library(name: str) -> str:
    found = subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True)
    return os.path.realpath(found.stdout.strip())


def variables(kinds: list[str], reports: Path) -> dict[str, str]:
    log = f"log_path={reports}/report"
    libraries = [library(LIBRARIES[kind]) for kind in kinds]
    return os.environ | {
        # libstdc++ too: a sanitizer that does not find it at its start cannot throw for other extensions.
        "LD_PRELOAD": ":".join([*libraries, library("libstdc++.so")]),
        "PYTHONMALLOC": "malloc",
        # pytrec_eval, which judges rankings, frees what it got from new: it would end the process.
        "ASAN_OPTIONS": f"detect_leaks=0:allocator_may_return_null=1:alloc_dealloc_mismatch=0:{log}",
        # Beside AddressSanitizer it writes to standard error, which tests may capture: it ends the process.
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
        "TSAN_OPTIONS": f"suppressions={Path(__file__).with_name('tsan.supp')}:die_after_fork=0:{log}",
    }


def distinct(reports: Path) -> dict[str, str]:
    """The reports by their last lines, which say what was found where."""
    found: dict[str, str] = {}
    for path in sorted(reports.glob("report.*")):
        text = path.read_text(errors="replace")
        for part in re.split(r"(?m)^={18,}$", text):
            summary = re.search(r"SUMMARY: (.*)|(\S+:\d+:\d+: runtime error: .*)", part)
            if summary:
                found.setdefault(re.sub(r"0x[0-9a-f]+", "…", summary.group()), part.strip())
    return found


def main() -> None:
    if len(sys.argv) < 2 or not set(sys.argv[1].split(",")) <= set(LIBRARIES):
        sys.exit(__doc__)
    kinds = sys.argv[1].split(",")
    copy, reports = WORK / "-".join(kinds), WORK / f"reports-{'-'.join(kinds)}"
    shutil.rmtree(reports, ignore_errors=True)
    reports.mkdir(parents=True)
    copy_sources(copy)
    build = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    subprocess.run(build, cwd=copy, env=os.environ | {"FASTW2V_SANITIZE": sys.argv[1]}, check=True)
    left_out = [f"--deselect={test}" for test in LEFT_OUT]
    pytest = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", *left_out, *sys.argv[2:]]
    done = subprocess.run(pytest, cwd=copy, env=variables(kinds, reports))
    found = distinct(reports)
    for report in found.values():
        print(report, end="\n\n")
    print(f"{len(found)} distinct reports, pytest ended with {done.returncode}")
    print(*found, sep="\n")
    sys.exit(bool(found or done.returncode))


if __name__ == "__main__":
    main()
