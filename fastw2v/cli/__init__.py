"""The command line: `fastw2v train`, `neighbors`, `desm`, `info`, `demo`.

Answers go to standard output; warnings, progress and errors to standard error.
Exit codes: 0 success, 1 failure, 2 wrong usage, 130 Ctrl-C.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from fastw2v._version import __version__
from fastw2v.cli import demo, documents, words
from fastw2v.cli.documents import _judgements as _judgements
from fastw2v.cli.documents import _queries as _queries
from fastw2v.cli.options import TRAINING_OPTIONS, Parser, UsageError, common_options, note
from fastw2v.cli.words import COMPARED, PAIRS_OF_SPACES
from fastw2v.warn import FastW2VWarning

__all__ = ["COMPARED", "PAIRS_OF_SPACES", "TRAINING_OPTIONS", "Parser", "UsageError", "build_parser", "main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; `arguments` are by default those of the process."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # words may have characters that the terminal lacks
    options = argparse.Namespace(verbose=False)
    try:
        options = build_parser().parse_args(arguments)
        with _log_to_stderr(options):
            options.run(options)
            sys.stdout.flush()
    except UsageError as error:
        return _complain(error, 2)
    except KeyboardInterrupt:
        print("fastw2v: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output has left (`| head`). Discard the rest, or closing it is a second error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if options.verbose:
            traceback.print_exc()
        return _complain(error, 1)
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands. Each sets `run`, the function that runs it."""
    common = common_options()
    parser = Parser(prog="fastw2v", description="Train and query word2vec models.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"fastw2v {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    # In the order that help lists them.
    words.add_train(commands, common)
    words.add_neighbors(commands, common)
    documents.add_desm(commands, common)
    words.add_info(commands, common)
    demo.add_demo(commands, common)
    return parser


@contextlib.contextmanager
def _log_to_stderr(options: argparse.Namespace) -> Iterator[None]:
    """While a command runs, show the library's log lines (--verbose) or its warnings (unless --quiet)."""
    logger = logging.getLogger("fastw2v")
    handler = logging.StreamHandler()
    if options.verbose:
        level, form = logging.INFO, "%(asctime)s : %(levelname)s : %(message)s"
    else:
        level = logging.WARNING if options.warnings and not options.quiet else logging.ERROR
        form = "fastw2v: warning: %(message)s"
    handler.setFormatter(logging.Formatter(form))
    before = logger.level
    logger.setLevel(level)
    logger.addHandler(handler)
    others = warnings.showwarning

    def show(message: Warning | str, *where: Any, **more: Any) -> None:
        if not isinstance(message, FastW2VWarning):
            others(message, *where, **more)
        elif not message.is_logged:  # else it was said above
            logger.warning("%s", message)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", FastW2VWarning)
            warnings.showwarning = show
            yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def _complain(error: Exception, code: int) -> int:
    """Print an error in one line and return `code`."""
    message = str(error)
    if isinstance(error, KeyError) and error.args:
        message = str(error.args[0])  # without the quotes that KeyError adds
    elif isinstance(error, OSError) and error.strerror and error.filename is not None:
        message = f"{error.strerror}: {error.filename}"  # without "[Errno 2]"
    note("error: " + (" ".join(message.split()) or type(error).__name__))
    return code
