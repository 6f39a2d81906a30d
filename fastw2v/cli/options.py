"""What the commands share: the parser, training options, checks, and messages to the user."""

from __future__ import annotations

import argparse
import contextlib
import inspect
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from fastw2v import paths
from fastw2v.progress import is_watched
from fastw2v.word2vec import Word2Vec

# Constructor parameters that can be given as --options, with their help. Types and defaults are those of the
# constructor. The other parameters (corpora, callables) cannot be written on a command line.
TRAINING_OPTIONS = {
    "vector_size": "dimensions of the vectors",
    "alpha": "learning rate at the start",
    "min_alpha": "learning rate at the end",
    "window": "largest distance between a word and its context words",
    "min_count": "leave out words that occur less often than this",
    "max_vocab_size": "prune rare words while counting, to hold at most this many words in memory",
    "max_final_vocab": "raise --min-count until at most this many words are kept",
    "sample": "downsample words more frequent than this share of the text; 0 for never",
    "seed": "seed of the random numbers; with --workers 1 the same seed gives the same vectors",
    "workers": "number of threads",
    "sg": "1 for skip-gram, 0 for CBOW; --sg alone means 1",
    "hs": "1 for hierarchical softmax; --hs alone means 1. Add --negative 0 for hierarchical softmax only",
    "negative": "noise words drawn for each true word; 0 for no negative sampling",
    "ns_exponent": "draw noise words in proportion to their frequency to this power",
    "cbow_mean": "CBOW takes the mean (1) or the sum (0) of the context vectors",
    "epochs": "passes over the text",
    "null_word": "1 to add a null word to the vocabulary",
    "sorted_vocab": "1 to sort the vocabulary by frequency, 0 for the order of first appearance",
    "batch_words": "words that a thread takes at a time",
    "compute_loss": "compute and report the loss",
    "comment": "a note to keep in the model",
    "shrink_windows": "draw each window's size from 1 to --window, rather than always --window",
    "step": "order of updates: pair, as in gensim, or window, all context words of a window together, faster"
    " (default: window for skip-gram with negative sampling alone, else pair)",
    "baskets": "treat a sentence as a set: every word is context of all others, and --window is ignored",
    "deterministic": "give the same vectors on every run with --workers N, too: each trains a model of its "
    "own, and these are merged",
}
SWITCHES = {"sg", "hs", "cbow_mean", "null_word", "sorted_vocab"}  # gensim has them as 0 and 1
CHOICES = {"step": ("window", "pair")}
TYPES: dict[str, type] = {"max_vocab_size": int, "max_final_vocab": int, "comment": str}  # default: None


A_MODEL = "model file, of fastw2v or gensim"


class UsageError(Exception):
    """The command line is wrong; nothing has been done."""


class Parser(argparse.ArgumentParser):
    """A parser that reports an error in one line, without its usage."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(f"{message} (see {self.prog} --help)")


def common_options() -> argparse.ArgumentParser:
    """Return the options that every command has."""
    common = Parser(add_help=False, allow_abbrev=False)
    common.add_argument(
        "-q", "--quiet", action="store_true", help="show no progress bar, summary or warnings"
    )
    common.add_argument(
        "-v", "--verbose", action="store_true", help="show log lines, and the traceback of an error"
    )
    return common


def add_command(
    commands: Any,
    common: argparse.ArgumentParser,
    name: str,
    run: Callable[[argparse.Namespace], None],
    summary: str,
) -> argparse.ArgumentParser:
    """Add a command with the `common` options to `commands`; `run` runs it, `summary` is its help."""
    made: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=as_sentence(summary),
        parents=[common],
        allow_abbrev=False,
    )
    made.set_defaults(run=run, warnings=True)
    return made


def as_sentence(summary: str) -> str:
    """Return a summary with a capital and a full stop, as descriptions have them."""
    return summary[0].upper() + summary[1:] + "."


def add_training_options(parser: argparse.ArgumentParser, defaults: Mapping[str, Any]) -> None:
    """Add an --option for each of TRAINING_OPTIONS.

    Parsed values are put into the dict `options.settings`, over `defaults`. It holds nothing else: the other
    defaults are the constructor's.
    """
    group = parser.add_argument_group("training options, with gensim's names and defaults")
    parameters = inspect.signature(Word2Vec).parameters

    class Store(argparse.Action):
        def __call__(self, _: Any, namespace: Any, value: Any, flag: str | None = None) -> None:
            if self.nargs == 0:
                value = not (flag or "").startswith("--no-")
            namespace.settings = {**namespace.settings, self.dest: value}

    parser.set_defaults(settings=dict(defaults))
    for name, text in TRAINING_OPTIONS.items():
        default = defaults.get(name, parameters[name].default)
        flags = ["--" + name.replace("_", "-")]
        how: dict[str, Any]
        if isinstance(default, bool):
            flags.append(flags[0].replace("--", "--no-", 1))
            how = {"nargs": 0}
            default = "yes" if default else "no"
        elif name in SWITCHES:
            how = {"type": _parse_switch, "nargs": "?", "const": 1, "metavar": "0|1"}
        elif name in CHOICES:
            how = {"choices": CHOICES[name]}
        else:
            kind = TYPES.get(name, type(default))
            how = {"type": kind, "metavar": {int: "N", float: "X", str: "TEXT"}[kind]}
        how["help"] = text if default is None else f"{text} (default: {default})"
        group.add_argument(*flags, action=Store, default=argparse.SUPPRESS, dest=name, **how)


def _parse_switch(text: str) -> int:
    if text not in ("0", "1"):
        # As in `--sg corpus.txt`: an optional value takes what follows.
        advice = "" if text.isdecimal() else ", or put the option after CORPUS"
        raise argparse.ArgumentTypeError(f"{text!r} is neither 0 nor 1: give one of them{advice}")
    return int(text)


def positive(text: str) -> int:
    """Return the value of an option that is a whole number, at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a whole number, at least 1")
    return int(text)


def wants_progress(options: argparse.Namespace) -> bool:
    """Whether to show a progress bar: if standard error is a terminal, and not --quiet."""
    return not options.quiet and is_watched()


def check_writable(path: str) -> None:
    """Raise OSError if a file cannot be written at `path`, ImportError if no package writes there.

    UsageError if it is empty.
    """
    if paths.is_remote(path):
        paths.check_can_send(path)
        return
    if not path:
        raise UsageError("an output has no name: give that of a file")
    folder = Path(path).absolute().parent
    if os.path.isdir(path):
        raise IsADirectoryError(f"cannot write {path}: it is a folder, give a file")
    if not folder.is_dir():
        raise FileNotFoundError(f"cannot write {path}: there is no folder {folder}")
    if not os.access(path if os.path.exists(path) else folder, os.W_OK):
        raise PermissionError(f"cannot write {path}: no permission")


def check_not_input(path: str, given: str, what: str) -> None:
    """Raise UsageError if an output would replace what the command reads; `what` says which input that is."""
    there = not (paths.is_remote(path) or paths.is_remote(given)) and os.path.exists(path)
    if path == given or (there and os.path.exists(given) and os.path.samefile(path, given)):
        raise UsageError(f"{path} is the {what} itself and would be overwritten: give another output")


def note(text: str) -> None:
    """Print a line for the user on standard error; if nobody can read it, the work goes on."""
    if sys.stderr is not None:  # print() would take standard output
        with contextlib.suppress(OSError, ValueError):
            print(f"fastw2v: {text}", file=sys.stderr)


def print_json(value: Any) -> None:
    """Print a value as JSON; characters beyond ASCII are not escaped, and what JSON lacks is a text."""
    print(json.dumps(_as_json(value), ensure_ascii=False, indent=2))


def _as_json(value: Any) -> Any:
    """Return a value as JSON has it: words and comments may be of any plain type."""
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else str(key): _as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
