"""The command `phrases`: what word2phrase does."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import Any

from fastw2v import paths, utils
from fastw2v.cli.options import (
    UsageError,
    add_command,
    check_not_input,
    check_writable,
    note,
    positive,
)
from fastw2v.cli.words import open_corpus
from fastw2v.phrases import ENGLISH_CONNECTOR_WORDS, Phrases

THRESHOLDS = {"default": 100.0, "npmi": 0.5}  # the first is word2phrase's


def add_phrases(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `phrases`."""
    phrases = add_command(
        commands,
        common,
        "phrases",
        run_phrases,
        "join words that stand together more often than by chance, new york → new_york",
    )
    phrases.add_argument(
        "corpus",
        type=paths.expand,
        metavar="CORPUS",
        help="text file, one sentence a line, or a folder of such files; compressed ones are unpacked; - for "
        "standard input",
    )
    phrases.add_argument(
        "-o",
        "--output",
        type=paths.expand,
        metavar="FILE",
        help="the text with phrases joined, compressed if its name says so; - for standard output",
    )
    phrases.add_argument(
        "--export",
        type=paths.expand,
        metavar="FILE",
        help="the phrases and their scores, a line each, with a tab between",
    )
    phrases.add_argument(
        "--save", type=paths.expand, metavar="FILE", help="what was learnt, for fastw2v.Phrases.load"
    )
    phrases.add_argument(
        "--min-count",
        type=positive,
        default=5,
        metavar="N",
        help="pairs that occur less often are no phrases (default: 5)",
    )
    phrases.add_argument(
        "--threshold",
        type=float,
        metavar="X",
        help="join what scores higher; higher means fewer phrases (default: 100, with --scoring npmi 0.5)",
    )
    phrases.add_argument(
        "--scoring",
        choices=THRESHOLDS,
        default="default",
        help="default: (pair - N) / (first x second) x distinct words and pairs; npmi: -1 to 1",
    )
    phrases.add_argument(
        "--passes",
        type=positive,
        default=1,
        metavar="N",
        help="go over the text so often, for longer phrases, each time with half the threshold (npmi: the "
        "same; default: 1)",
    )
    phrases.add_argument("--delimiter", default="_", metavar="TEXT", help="what joins words (default: _)")
    phrases.add_argument(
        "--connectors",
        action="store_true",
        help="of, the, and, … may stand inside of a phrase: bank_of_america",
    )


def run_phrases(options: argparse.Namespace) -> None:
    """Learn phrases from a text, and write it with them joined, their list, or both."""
    outputs = _checked_outputs(options)
    threshold = THRESHOLDS[options.scoring] if options.threshold is None else options.threshold
    connectors = ENGLISH_CONNECTOR_WORDS if options.connectors else frozenset()
    found: dict[str, float] = {}
    words = 0
    with open_corpus(options.corpus) as corpus:
        text: Any = corpus
        for _ in range(options.passes):
            phrases = Phrases(
                text,
                min_count=options.min_count,
                threshold=threshold,
                scoring=options.scoring,
                delimiter=options.delimiter,
                connector_words=connectors,
            )
            words = words or phrases.corpus_word_count
            found |= phrases.export_phrases()
            text = phrases.freeze()[text]
            threshold = threshold / 2 if options.scoring == "default" else threshold
        if options.save:
            phrases.save(options.save)
        if options.export:
            _write_lines(options.export, (f"{phrase}\t{score:.6g}" for phrase, score in found.items()))
        if options.output:
            _write_lines(options.output, text.lines())
    if not options.quiet:
        note(f"{len(found):,} phrases in {words:,} words; written: {', '.join(outputs)}")


def _checked_outputs(options: argparse.Namespace) -> list[str]:
    """Return what is to be written; raise before learning what would fail after it."""
    outputs = [path for path in (options.output, options.export, options.save) if path is not None]
    if not outputs:
        raise UsageError("nothing to write: give -o FILE, --export FILE or --save FILE")
    if options.save and options.passes > 1:
        raise UsageError("--save with --passes: each pass learns phrases of its own; run them one by one")
    if len({*outputs}) < len(outputs):
        raise UsageError("two outputs have the same name: give each its own")
    for path in outputs:
        if path != "-":
            check_writable(path)
            check_not_input(path, options.corpus, "corpus")
    return outputs


def _write_lines(path: str, lines: Iterable[str]) -> None:
    if path == "-":
        for line in lines:
            print(line, file=sys.stdout)
    else:
        utils.save_as_line_sentence(((line,) for line in lines), path)
