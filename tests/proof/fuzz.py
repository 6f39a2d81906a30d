"""Coverage-guided fuzzing of every loader and reader with atheris (libFuzzer), compiled code included.

`fuzz.py TARGET … --seconds N` (or `all`) builds the package once with clang and AddressSanitizer in WORK,
and runs each target for N seconds from a corpus that grows in WORK/corpus. It needs `pip install atheris`,
and clang with its runtime (Debian: clang-16 libclang-rt-16-dev). A line for each target says what was run;
a fault is printed with the file that shows it: `fuzz.py TARGET --replay FILE`.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
WORK = ROOT / "build" / "fuzz"
SLOW = 1.0  # seconds that an input may take
STUCK = 60  # seconds after which libFuzzer ends an input
LONGEST = 1 << 15  # bytes of an input


def clang() -> str | None:
    names = ("clang", *(f"clang-{version}" for version in range(30, 13, -1)))
    return next(filter(None, map(shutil.which, names)), None)


def build(work: Path, sanitize: str) -> Path:
    """Compile a copy of the sources for coverage; nothing is done if it is newer than these."""
    copy = work / "source"
    sources = [
        path for kind in ("py", "pyx", "pxd", "pyi", "h") for path in ROOT.glob(f"fastw2v/**/*.{kind}")
    ]
    others = (ROOT / name for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"))
    for path in (*sources, *others, *ROOT.glob("building/*.py")):
        to = copy / path.relative_to(ROOT)
        if not to.exists() or to.read_bytes() != path.read_bytes():
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to)
    compiler = clang()
    if compiler is None:
        sys.exit("fuzz.py: no clang here")
    variables = {"CC": compiler, "LDSHARED": f"{compiler} -shared", "FASTW2V_SANITIZE": sanitize}
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    subprocess.run(command, cwd=copy, env=os.environ | variables, check=True, stdout=subprocess.DEVNULL)
    return copy


def child_environment(copy: Path) -> dict[str, str]:
    import atheris

    return os.environ | {
        "PYTHONPATH": str(copy),
        "PYTHONWARNINGS": "ignore",
        "LD_PRELOAD": str(Path(atheris.path()) / "asan_with_fuzzer.so"),
        # Freed memory is kept for a while to catch its use; not so much that it looks like the reader's.
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:quarantine_size_mb=8",
    }


def run(name: str, seconds: int, work: Path, copy: Path) -> tuple[str, list[str]]:
    """Fuzz a target; return a line about it and its faults. It begins anew after a crash."""
    corpus, faults = (work / kind / name.replace(" ", "-") for kind in ("corpus", "faults"))
    for folder in (corpus, faults):
        folder.mkdir(parents=True, exist_ok=True)
    runs, crashes, until, found = 0, 0, time.monotonic() + seconds, []
    log = faults / "log"
    while (left := round(until - time.monotonic())) > 0:
        options = [f"-max_total_time={left}", f"-timeout={STUCK}", f"-max_len={LONGEST}"]
        options += ["-len_control=0", "-rss_limit_mb=4096", f"-artifact_prefix={faults}/"]
        command = [sys.executable, __file__, name, "--child", str(faults), *options, str(corpus)]
        with open(log, "w") as out:
            done = subprocess.run(command, env=child_environment(copy), stdout=out, stderr=out, cwd=copy)
        said = log.read_text(errors="replace")
        found += re.findall(r"^FAULT (.*)$", said, re.MULTILINE)
        runs += int((re.findall(r"^#(\d+)", said, re.MULTILINE) or ["0"])[-1])
        if done.returncode:
            crashes += 1
            found.append(f"ended with {done.returncode}: {log.rename(faults / f'crash-{crashes}.log')}")
            if crashes > 9:
                break
    covered, kept = (re.findall(r"cov: (\d+)", said) or ["?"])[-1], len(list(corpus.iterdir()))
    return f"{name}: {runs:,} runs, {covered} edges, {kept:,} files in the corpus", found


# --- in the child ---


def fuzz(name: str, faults: Path, options: list[str]) -> None:
    """Run libFuzzer; an error is printed once for each place that it comes from, and the run goes on."""
    import atheris

    with atheris.instrument_imports(include=["fastw2v", "targets"]):
        import targets
    import logging

    logging.disable()
    target = targets.TARGETS[name]
    seeds = target.seeds()
    known: set[str] = set()

    def report(place: str, what: str, data: bytes) -> None:
        if place in known:
            return
        known.add(place)
        file = faults / hashlib.sha1(data).hexdigest()[:16]
        file.write_bytes(data)
        print(f"FAULT {place}: {what:.300}: {file}", flush=True)

    def once(data: bytes) -> None:
        begin = time.perf_counter()
        try:
            target.check(data)
        except Exception as error:
            report(targets.where(error), " ".join(repr(error).split()), data)
        took = time.perf_counter() - begin
        if took > SLOW:  # of the processor, and not because others use it
            begin = time.process_time()
            with contextlib.suppress(Exception):
                target.read(data)
            if time.process_time() - begin > SLOW:
                report("slow", f"{took:.1f} s", data)

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        rng = random.Random(seed)
        if target.sealed and data and rng.random() < 0.5:
            return targets.forged(data, rng)[:longest]
        return bytes(atheris.Mutate(data, longest))

    corpus = Path(options[-1])
    for seed in seeds:
        target.read(seed)  # what is imported or made once is not counted
        (corpus / hashlib.sha1(seed).hexdigest()).write_bytes(seed)
    more: dict[str, Any] = {"custom_mutator": mutate} if target.sealed else {}
    atheris.Setup([sys.argv[0], *options], once, **more)
    atheris.Fuzz()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="+", metavar="TARGET", help="names of targets.py, or all")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: 60)")
    parser.add_argument("--work", type=Path, default=WORK, help="folder for the build, corpora and faults")
    parser.add_argument("--sanitize", default="address,fuzzer-no-link", help="for the compiler")
    parser.add_argument("--replay", type=Path, help="read this file once, with the package beside")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options, rest = parser.parse_known_args()
    if options.child:
        fuzz(options.targets[0], options.child, rest)
        return
    sys.path.append(str(ROOT))
    import targets

    if options.replay:
        targets.TARGETS[options.targets[0]].check(options.replay.read_bytes())
        return
    names = list(targets.TARGETS) if options.targets == ["all"] else options.targets
    copy = build(options.work, options.sanitize)
    faults = []
    for name in names:
        line, found = run(name, options.seconds, options.work, copy)
        print(line, *(f"  {fault}" for fault in found), sep="\n", flush=True)
        faults += found
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
