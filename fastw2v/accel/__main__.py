"""`python -m fastw2v.accel`: runs a program in which gensim's Word2Vec is fastw2v's."""

from __future__ import annotations

import argparse
import os
import runpy
import sys
import types
from pathlib import Path

from fastw2v.accel import accelerate

EPILOG = """\
The program sees its own name and arguments; its output, its errors and its exit code are as without this.
Processes that it forks are accelerated, those that it starts anew are not. More: docs/accelerate.md
"""


def main() -> int:
    """Read the command line, take over, and run the program.

    Returns:
        int: the exit code.
    """
    parser = argparse.ArgumentParser(
        prog="python -m fastw2v.accel",
        usage="%(prog)s [-v] [--save-as {fastw2v,gensim}] (SCRIPT | -m MODULE | -c CODE) [ARGUMENTS ...]",
        description="Run a Python program with gensim's Word2Vec and KeyedVectors replaced by fastw2v's.",
        epilog=EPILOG,
        allow_abbrev=False,
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="say at the end what was taken over")
    parser.add_argument(
        "--save-as",
        choices=["fastw2v", "gensim"],
        default="fastw2v",
        help="what model.save writes (default: %(default)s); gensim's files are read without fastw2v",
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("-m", metavar="MODULE", dest="module", help="run a module, as python -m does")
    kind.add_argument("-c", metavar="CODE", dest="code", help="run a line, as python -c does")
    ours, program = _divide(sys.argv[1:])
    given = parser.parse_args(ours)
    if not program and given.module is None and given.code is None:
        parser.error("give a SCRIPT, -m MODULE or -c CODE")
    try:
        ledger = accelerate(save_as=given.save_as)
    except ImportError as error:
        parser.exit(1, f"{parser.prog}: {error}\n")
    try:
        return _run(given.module, given.code, program)
    finally:
        if given.verbose:
            print(ledger, file=sys.stderr)


def _divide(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Return our options, and the program with its arguments; all that follows -m or -c is the program's."""
    place = 0
    while place < len(arguments) and arguments[place].startswith("-") and arguments[place] != "-":
        option = arguments[place]
        place += 2 if option in ("-m", "-c", "--save-as") else 1
        if option in ("-m", "-c"):
            break
    return arguments[:place], arguments[place:]


def _run(module: str | None, code: str | None, program: list[str]) -> int:
    if module is not None:
        sys.argv = [module, *program]
        sys.path[0] = os.getcwd()
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return 0
    if code is not None:
        sys.argv = ["-c", *program]
        sys.path[0] = ""
        return _execute(code, "<string>", None)
    path, sys.argv = program[0], program
    if os.path.isdir(path) or path.endswith((".zip", ".pyz")):
        runpy.run_path(path, run_name="__main__")
        return 0
    try:
        source = Path(path).read_bytes()
    except OSError as error:
        print(f"{sys.executable}: can't open file {path!r}: {error}", file=sys.stderr)
        return 2  # as Python
    sys.path[0] = os.path.dirname(os.path.realpath(path))
    return _execute(source, path, path)


def _execute(source: str | bytes, name: str, file: str | None) -> int:
    """Run a program as the main module, which it stays: threads and exit functions of its look there."""
    program = types.ModuleType("__main__")
    program.__dict__["__builtins__"] = __builtins__
    if file is not None:
        program.__file__ = file
    sys.modules["__main__"] = program
    try:
        exec(compile(source, name, "exec", dont_inherit=True), program.__dict__)
    except SystemExit:
        raise
    except BaseException as error:
        trace = error.__traceback__.tb_next if error.__traceback__ else None  # without this frame
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
