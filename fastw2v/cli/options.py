"""What the commands share: the parser, the constructor's parameters as options, notes to the user."""

from __future__ import annotations

import argparse
import inspect
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from fastw2v.progress import is_watched
from fastw2v.word2vec import Word2Vec

# Constructor parameters that can be given as --options, with what help says of them. Types and defaults are
# read off the constructor; the others (corpora, callables) have no spelling on a command line.
TRAINING_OPTIONS = {
    "vector_size": "dimensions of the vectors",
    "alpha": "learning rate at the start",
    "min_alpha": "learning rate at the end",
    "window": "largest distance between a word and its context words",
    "min_count": "leave out words seen less often",
    "max_vocab_size": "prune rare words while counting, to keep no more than this many in memory",
    "max_final_vocab": "raise --min-count until no more words than this are kept",
    "sample": "downsample words more frequent than this share of the text; 0 for never",
    "seed": "of the random numbers; with one worker, the same seed gives the same vectors",
    "workers": "threads",
    "sg": "1 skip-gram, 0 CBOW; --sg alone means 1",
    "hs": "1 hierarchical softmax; --hs alone means 1. Add --negative 0 for hierarchical softmax only",
    "negative": "noise words drawn for each true one; 0 for no negative sampling",
    "ns_exponent": "noise words are drawn by their frequency to this power",
    "cbow_mean": "1 CBOW takes the mean of the context vectors, 0 their sum",
    "epochs": "passes over the text",
    "null_word": "1 adds a null word to the vocabulary",
    "sorted_vocab": "1 sorts the vocabulary by frequency, 0 leaves it in order of appearance",
    "batch_words": "words that a thread takes at a time",
    "compute_loss": "report the loss",
    "comment": "a note kept in the model",
    "shrink_windows": "draw each window's size from 1 to --window, rather than always --window",
    "step": "order of updates in skip-gram: gensim's (pair), or all context words of a window at once",
    "baskets": "a sentence is a set: every word is context of all others, and --window has no say",
}
SWITCHES = {"sg", "hs", "cbow_mean", "null_word", "sorted_vocab"}  # gensim has them as 0 and 1
CHOICES = {"step": ("window", "pair")}
TYPES: dict[str, type] = {"max_vocab_size": int, "max_final_vocab": int, "comment": str}  # default: None


class UsageError(Exception):
    """The command line asks for something that cannot be; nothing has been done."""


class Parser(argparse.ArgumentParser):
    """Reports in one line instead of printing its usage."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")


def common_options() -> argparse.ArgumentParser:
    """The options of every command."""
    common = Parser(add_help=False, allow_abbrev=False)
    common.add_argument("-q", "--quiet", action="store_true", help="no progress bar, no summary, no warnings")
    common.add_argument("-v", "--verbose", action="store_true", help="log lines; a traceback with an error")
    return common


def add_command(
    commands: Any,
    common: argparse.ArgumentParser,
    name: str,
    run: Callable[[argparse.Namespace], None],
    summary: str,
    description: str | None = None,
) -> argparse.ArgumentParser:
    """Add a command, which `run` does, to a parser's `commands`; `common` options are among its own.

    `description`: what its help begins with, by default the summary as a sentence.
    """
    made: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=description or summary[0].upper() + summary[1:] + ".",
        parents=[common],
        allow_abbrev=False,
    )
    made.set_defaults(run=run, warnings=True)
    return made


def add_training_options(parser: argparse.ArgumentParser, defaults: Mapping[str, Any]) -> None:
    """Add an --option for each of TRAINING_OPTIONS; parsed values land in `options.settings`, a dict.

    It holds `defaults` and what was given on the command line: the rest is the constructor's business.
    """
    group = parser.add_argument_group("training options, gensim's by name and default")
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
            how = {"type": _switch, "nargs": "?", "const": 1, "metavar": "0|1"}
        elif name in CHOICES:
            how = {"choices": CHOICES[name]}
        else:
            kind = TYPES.get(name, type(default))
            how = {"type": kind, "metavar": {int: "N", float: "X", str: "TEXT"}[kind]}
        how["help"] = text if default is None else f"{text} (default: {default})"
        group.add_argument(*flags, action=Store, default=argparse.SUPPRESS, dest=name, **how)


def _switch(text: str) -> int:
    if text not in ("0", "1"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither 0 nor 1")
    return int(text)


def positive(text: str) -> int:
    """The type of an option that is a number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def wants_progress(options: argparse.Namespace) -> bool:
    """Whether to show a progress bar: not to nobody, nor if --quiet."""
    return not options.quiet and is_watched()


def check_writable(path: str) -> None:
    """Raise OSError if a file cannot be made at `path`."""
    folder = Path(path).absolute().parent
    if os.path.isdir(path):
        raise IsADirectoryError(f"cannot write {path}: it is a folder")
    if not folder.is_dir():
        raise FileNotFoundError(f"cannot write {path}: there is no folder {folder}")
    if not os.access(path if os.path.exists(path) else folder, os.W_OK):
        raise PermissionError(f"cannot write {path}: no permission")


def load_model(path: str) -> Word2Vec:
    """The model in `path`, its matrices mapped."""
    return Word2Vec.load(path, mmap="r")


def note(text: str) -> None:
    """Tell the user something, on standard error."""
    print(f"fastw2v: {text}", file=sys.stderr)


def print_json(value: Any) -> None:
    """Print a value as JSON, words as they are."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    print()
