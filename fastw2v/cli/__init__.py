"""The command line: `fastw2v train`, `neighbors`, `phrases`, `desm`, `info`, `demo`.

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
from typing import Any, TextIO

from fastw2v import paths, warn
from fastw2v._version import __version__
from fastw2v.cli import demo, documents, phrases, words
from fastw2v.cli.documents import _judgements as _judgements
from fastw2v.cli.documents import _queries as _queries
from fastw2v.cli.options import TRAINING_OPTIONS, Parser, UsageError, common_options, note
from fastw2v.cli.words import COMPARED, PAIRS_OF_SPACES

__all__ = ["COMPARED", "PAIRS_OF_SPACES", "TRAINING_OPTIONS", "Parser", "UsageError", "build_parser", "main"]

_OUTPUT = "<stdout>"  # as Python calls it, and errors of writing there


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; `arguments` are by default those of the process."""
    _open_standard_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # words may have characters that the terminal lacks
    options = argparse.Namespace(verbose=False)
    try:
        options = build_parser().parse_args(arguments)
        with _log_to_stderr(options):
            options.run(options)
            _flush_output()
    except SystemExit:  # of --help and --version
        if (error := _unwritten()) is not None:
            return _complain(error, 1)
        raise
    except UsageError as error:
        return _complain(error, 2)
    except KeyboardInterrupt:
        note("interrupted")
        return 130
    except BrokenPipeError as error:
        _discard(sys.stdout)
        # The reader of our output has left (`| head`), which needs no word; that of a named pipe does.
        return 1 if error.filename in (None, _OUTPUT) else _complain(error, 1)
    except Exception as error:
        if options.verbose:
            with contextlib.suppress(OSError, ValueError):
                traceback.print_exc()
        return _complain(_of_output(error), 1)
    finally:
        _discard_lost_messages()
    return 0


def _open_standard_streams() -> None:
    """Make those that are closed something that can be asked: output fails, messages go nowhere, no input.

    A file that is opened later would else get their descriptors. Output without a buffer (PYTHONUNBUFFERED)
    gets one: of what is written to it, a disk that becomes full may take a part without an error.
    """
    for number, access in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, access)  # takes the lowest descriptor that is free, which is this one
    if sys.stdout is None or isinstance(getattr(sys.stdout, "buffer", None), io.RawIOBase):
        raw: Any = io.FileIO(1, "w", closefd=False)
        raw.name = _OUTPUT
        encoding = "utf8" if sys.stdout is None else sys.stdout.encoding
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(raw), encoding)


def _flush_output() -> None:
    with paths.naming_errors(_OUTPUT):
        sys.stdout.flush()


def _unwritten() -> OSError | None:
    """Return why the output cannot be written; None if all of it is."""
    try:
        _flush_output()
    except OSError as error:
        _discard(sys.stdout)
        return error
    return None


def _of_output(error: Exception) -> Exception:
    """Return an error as one that names standard output, if it is that which cannot be written to."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        _discard(sys.stdout)
    if isinstance(error, OSError) and error.filename is None and error.errno in paths.FULL:  # of print()
        return OSError(error.errno, error.strerror, _OUTPUT)
    return error


def _discard(stream: TextIO) -> None:
    """Let what is still to be written go nowhere, or closing the stream is a second error."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _discard_lost_messages() -> None:
    """Messages that cannot be written are no failure, but since Python 3.14 the exit code would be 120."""
    if sys.stderr is not None:
        try:
            sys.stderr.flush()
        except (OSError, ValueError):
            _discard(sys.stderr)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands. Each sets `run`, the function that runs it."""
    common = common_options()
    parser = Parser(prog="fastw2v", description="Train and query word2vec models.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"fastw2v {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    # In the order that help lists them.
    words.add_train(commands, common)
    words.add_neighbors(commands, common)
    phrases.add_phrases(commands, common)
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
    handler.addFilter(lambda record: record.module != warn.__name__.rpartition(".")[2])  # shown as warnings
    try:
        with warnings.catch_warnings():
            shown = options.verbose or (options.warnings and not options.quiet)
            warnings.simplefilter("default" if shown else "ignore", warn.FastW2VWarning)
            warnings.showwarning = _show_warning  # type: ignore[assignment]
            yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def _show_warning(message: Warning | str, category: type[Warning], *place: Any) -> None:
    """Print a warning in one line: where in the program it came from is nothing to its users."""
    note("warning: " + " ".join(str(message).split()))


def _complain(error: Exception, code: int) -> int:
    """Print an error in one line and return `code`."""
    message = str(error)
    if isinstance(error, KeyError) and error.args:
        message = str(error.args[0])  # without the quotes that KeyError adds
    elif isinstance(error, OSError) and error.strerror and error.filename is not None:
        message = f"{error.strerror}: {error.filename or repr(error.filename)}"  # without "[Errno 2]"
    note("error: " + (" ".join(message.split()) or type(error).__name__))
    return code
