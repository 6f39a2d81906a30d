"""The commands on words: `train`, `neighbors`, `info`."""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fastw2v import magic, paths, utils
from fastw2v.cli.contents import facts_of, load_words
from fastw2v.cli.options import (
    A_MODEL,
    UsageError,
    add_command,
    add_training_options,
    check_not_input,
    check_writable,
    note,
    positive,
    print_json,
    wants_progress,
)
from fastw2v.formats.streams import open_stream
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.query.spaces import SpaceComparison
from fastw2v.text.once import readable_again
from fastw2v.text.readers import LineSentence, PathLineSentences
from fastw2v.training.report import total_of
from fastw2v.word2vec import Word2Vec

PAIRS_OF_SPACES = {
    "in": "its IN vector with all IN vectors, words of the same kind",
    "out": "its OUT vector with all OUT vectors, also words of the same kind",
    "in-out": "its IN vector with all OUT vectors, words that occur around it",
    "out-in": "its OUT vector with all IN vectors, words around which it occurs",
}
COMPARED = "all"  # instead of one of these: IN-IN, OUT-OUT and IN-OUT side by side


# --- train ---


def add_train(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `train`."""
    train = add_command(commands, common, "train", run_train, "train a model on a text")
    train.add_argument(
        "corpus",
        type=paths.expand,
        metavar="CORPUS",
        help="text file, one sentence a line, words separated by white space; .gz, .bz2, .xz and .zst are"
        " unpacked; or a folder of such files; or - for standard input",
    )
    output = train.add_argument_group("what to write (at least one)")
    output.add_argument(
        "-o", "--output", type=paths.expand, metavar="MODEL", help="the model; a file there is replaced"
    )
    output.add_argument(
        "--vectors",
        type=paths.expand,
        metavar="FILE",
        help="IN vectors in word2vec format; - for standard output",
    )
    output.add_argument(
        "--out-vectors", type=paths.expand, metavar="FILE", help="OUT vectors, in the same way"
    )
    output.add_argument("--binary", action="store_true", help="word2vec format in binary instead of text")
    runs = train.add_argument_group("runs that may be killed")
    runs.add_argument(
        "--checkpoint",
        type=paths.expand,
        metavar="FILE",
        help="write the model so far while training, at the end of each epoch, and when told to end; it is a"
        " model file like any other",
    )
    runs.add_argument(
        "--checkpoint-every", type=float, default=300.0, metavar="S", help="seconds (default: 300)"
    )
    runs.add_argument(
        "--resume",
        action="store_true",
        help="go on where the run stopped that wrote --checkpoint; without such a file yet, begin",
    )
    add_training_options(train, {})


def run_train(options: argparse.Namespace) -> None:
    """Train on a text; write the model, its vectors, or both."""
    targets = (options.output, options.vectors, options.out_vectors, options.checkpoint)
    outputs = [path for path in targets if path is not None]
    _check_train(options, outputs)
    with open_corpus(options.corpus) as corpus:
        start = time.perf_counter()
        kept = {"checkpoint": options.checkpoint, "checkpoint_every": options.checkpoint_every}
        model = _go_on(corpus, options, kept) if _goes_on(options) else train_model(corpus, options, **kept)
        seconds = time.perf_counter() - start
    if options.output:
        model.save(options.output)
    vectors = [(options.vectors, "wv"), (options.out_vectors, "wv_out")]
    # Standard output last: its reader may leave, as `head` does.
    for path, name in sorted(vectors, key=lambda one: one[0] == "-"):
        if path:
            getattr(model, name).save_word2vec_format(_target_of(path), binary=options.binary)

    if not options.quiet:
        loss = f", loss {model.history[-1]['loss']:.4f}" if model.compute_loss else ""
        written = ", ".join(path for path in outputs if path != "-")
        vocabulary = f"{len(model.wv):,} words in the vocabulary"
        note(f"{describe_speed(model.history)}, {vocabulary}, {seconds:.1f} s in all{loss}")
        if written:
            note(f"written: {written}")


def _check_train(options: argparse.Namespace, outputs: list[str]) -> None:
    """Raise before training what would fail after it."""
    if not outputs:
        raise UsageError("nothing to write: give -o MODEL, --vectors FILE or --out-vectors FILE")
    _check_run(options)
    checked = check_settings(options.settings)
    if options.out_vectors and not checked.negative:
        raise UsageError(
            "--out-vectors with --negative 0: hierarchical softmax has no OUT vector per word;"
            " give --negative 5"
        )
    if options.binary and not (options.vectors or options.out_vectors):
        raise UsageError("--binary is the format of --vectors and --out-vectors: give one of them too")
    if len(set(map(os.path.abspath, outputs))) < len(outputs):
        raise UsageError("two outputs have the same name: give each its own")
    remote = paths.is_remote(options.corpus)
    if options.corpus != "-" and not remote and not os.path.exists(options.corpus):
        raise FileNotFoundError(f"no such file or folder: {options.corpus}")
    for path in outputs:
        if path == "-":
            continue
        check_writable(path)
        check_not_input(path, options.corpus, "corpus")
    for path in (options.vectors, options.out_vectors):
        if path and (suffix := paths.suffix(path)) in magic.SUFFIXES.values():
            utils.packing_module(suffix)


def _check_run(options: argparse.Namespace) -> None:
    """Raise UsageError for a model that cannot be written, or a run that cannot go on."""
    for flag, path in (("-o", options.output), ("--checkpoint", options.checkpoint)):
        if path == "-":
            raise UsageError(
                f"{flag} -: a model cannot go to standard output; only --vectors and --out-vectors can"
            )
    if options.resume and not options.checkpoint:
        raise UsageError("--resume goes on from a checkpoint: give --checkpoint FILE")
    if not 0 < options.checkpoint_every < math.inf:
        raise UsageError(f"--checkpoint-every {options.checkpoint_every:g}: give seconds, above 0")


def check_settings(settings: Mapping[str, Any]) -> Word2Vec:
    """Return an empty model with these settings; UsageError if they are invalid."""
    try:
        model = Word2Vec(**settings)
    except (ValueError, TypeError) as error:
        raise UsageError(str(error)) from error
    if not (model.hs or model.negative):
        raise UsageError("--negative 0 without --hs leaves nothing to train: add --hs, or give --negative 5")
    if model.epochs < 1:
        raise UsageError(f"--epochs {model.epochs}: give at least 1")
    return model


def train_model(corpus: Iterable[list[str]], options: argparse.Namespace, **kept: Any) -> Word2Vec:
    """Return a model trained on `corpus`; show a progress bar if `wants_progress`."""
    return Word2Vec(corpus, **options.settings, **kept, progress=wants_progress(options))


def _goes_on(options: argparse.Namespace) -> bool:
    """Return whether there is a run to go on with."""
    there = options.resume and (paths.is_remote(options.checkpoint) or os.path.exists(options.checkpoint))
    return bool(there)


def _go_on(corpus: Iterable[list[str]], options: argparse.Namespace, kept: Mapping[str, Any]) -> Word2Vec:
    """Return the model of a checkpoint, trained to its end; UsageError if an option says otherwise."""
    model = Word2Vec.load(options.checkpoint)
    free = {"workers", "comment"}
    changed = [
        f"--{name.replace('_', '-')} {value}, was {getattr(model, name)}"
        for name, value in options.settings.items()
        if name not in free and value != getattr(model, name)
    ]
    if changed:
        raise UsageError(
            f"{options.checkpoint} cannot go on with other settings: {'; '.join(changed)}. Leave these "
            "options out, or begin a new run without --resume"
        )
    for name in free & options.settings.keys():
        setattr(model, name, options.settings[name])
    model.progress = wants_progress(options)
    model.train(corpus, resume=True, **kept)
    return model


@contextlib.contextmanager
def open_corpus(source: str) -> Iterator[LineSentence | PathLineSentences]:
    """Open the sentences of a file or folder."""
    if paths.is_remote(source) or (source != "-" and (os.path.isfile(source) or os.path.isdir(source))):
        yield PathLineSentences(source)
        return
    if source == "-" and sys.stdin is None:
        raise UsageError("CORPUS -: standard input is closed; give a file, or a pipe into this command")
    # Standard input (-) and pipes are copied, decompressed, because training reads a text more than once.
    with contextlib.ExitStack() as steps:
        stream = steps.enter_context(open_stream(sys.stdin.buffer if source == "-" else source))
        name = "standard input" if source == "-" else source
        copy = steps.enter_context(readable_again(stream.file, name))
        yield LineSentence(copy)


def _target_of(path: str) -> Any:
    """Return where to write: a file name, or standard output in bytes for `-`."""
    return sys.stdout.buffer if path == "-" else path


def describe_speed(history: Iterable[Any]) -> str:
    """Return words and seconds of training as text; words that were left out or downsampled count."""
    words, seconds = total_of(history, "words"), total_of(history, "seconds")
    return f"{words:,} words trained in {seconds:.1f} s ({words / max(seconds, 1e-9):,.0f} words/s)"


# --- neighbors ---


def add_neighbors(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `neighbors`."""
    neighbors = add_command(
        commands, common, "neighbors", run_neighbors, "print the nearest neighbours of words"
    )
    neighbors.add_argument(
        "model", type=paths.expand, metavar="MODEL", help=f"{A_MODEL}, or vectors, also in word2vec's formats"
    )
    neighbors.add_argument("words", metavar="WORD", nargs="+", help="word of the vocabulary")
    neighbors.add_argument(
        "--space",
        choices=[*PAIRS_OF_SPACES, COMPARED],
        default="in",
        help="vectors to compare. "
        + "; ".join(f"{name}: {meaning}" for name, meaning in PAIRS_OF_SPACES.items())
        + f"; {COMPARED}: in, out and in-out side by side (default: in)",
    )
    neighbors.add_argument(
        "--topn", type=positive, default=10, metavar="N", help="neighbours per word (default: 10)"
    )
    neighbors.add_argument("--json", action="store_true", help="print JSON")


def run_neighbors(options: argparse.Namespace) -> None:
    """Print the neighbours of words, as a table or JSON."""
    held = load_words(options.model)
    words = held.wv if isinstance(held, Word2Vec) else held
    unknown = next((word for word in options.words if word not in words), None)
    if unknown is not None:
        raise KeyError(f"{unknown!r} is not among the {len(words):,} words of {options.model}")
    compared = options.space == COMPARED
    table = _compare(held, options)
    if options.json:
        rows = {
            word: {name: _as_records(ranked) for name, ranked in columns.items()}
            for word, columns in table.neighbors.items()
        }
        print_json(
            {
                "space": options.space,
                "neighbors": rows if compared else {word: rows[word][options.space] for word in rows},
            }
        )
        return
    if compared:
        print(table)
        return
    found = {word: columns[options.space] for word, columns in table.neighbors.items()}
    width = max((len(other) for ranked in found.values() for other, _ in ranked), default=0)
    for number, (word, ranked) in enumerate(found.items()):
        if len(found) > 1:
            print(f"{os.linesep if number else ''}{word}")
        for other, similarity in ranked:
            print(f"{other:<{width}}  {similarity:7.4f}")


def _compare(held: Word2Vec | KeyedVectors, options: argparse.Namespace) -> SpaceComparison:
    """Return the neighbours in the spaces that were asked for."""
    if isinstance(held, Word2Vec):
        spaces = ["in-in", "out-out", "in-out"] if options.space == COMPARED else [options.space]
        return held.compare_spaces(options.words, options.topn, spaces)
    if options.space != "in":
        raise ValueError(
            f"{options.model} holds vectors of one space, without a model: --space {options.space} needs two"
        )
    found = {word: {"in": held.most_similar(word, topn=options.topn)} for word in options.words}
    return SpaceComparison(("in",), found)


def _as_records(ranked: Iterable[tuple[str, float]]) -> list[dict[str, Any]]:
    """Return neighbours as objects for JSON."""
    return [{"word": other, "similarity": similarity} for other, similarity in ranked]


# --- info ---


def add_info(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `info`."""
    info = add_command(commands, common, "info", run_info, "print what is in a file")
    info.add_argument(
        "model",
        type=paths.expand,
        metavar="FILE",
        help=f"{A_MODEL}; vectors, also in word2vec's formats; or an index of documents",
    )
    info.add_argument("--json", action="store_true", help="print JSON")


def run_info(options: argparse.Namespace) -> None:
    """Print what a model is and how it was trained."""
    facts = facts_of(options.model)
    if options.json:
        print_json(facts)
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        print(f"{name.replace('_', ' '):<{width}}  {_as_text(name, value)}")


def _as_text(name: str, value: Any) -> str:
    """Return a fact as people read it."""
    if name == "matrices":
        return ", ".join(f"{matrix} {rows:,} x {width}" for matrix, (rows, width) in value.items())
    if name == "history":
        return f"{len(value)} epochs" + (f", {describe_speed(value)}" if value else "")
    if isinstance(value, dict):
        return " ".join(f"{key}={one}" for key, one in value.items() if one is not None)
    if isinstance(value, list):
        return (" " if name.startswith("first") else ", ").join(map(str, value))
    if value is None or isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
