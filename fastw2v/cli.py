"""The command line: `fastw2v train`, `neighbors`, `desm`, `info`, `demo`.

Answers go to standard output; warnings, progress and errors to standard error.
Exit codes: 0 done, 1 it failed, 2 it was asked wrongly, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import io
import itertools
import json
import logging
import os
import platform
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from fastw2v import demo
from fastw2v._version import __version__
from fastw2v.progress import is_watched
from fastw2v.text.readers import PathLineSentences
from fastw2v.threads import usable_cpus
from fastw2v.utils import open as open_text
from fastw2v.word2vec import Word2Vec

SPACES = {
    "in": "words used like it: its IN vector against all IN vectors",
    "out": "words whose company is like its own: OUT against OUT",
    "in-out": "words it keeps company with: its IN vector against all OUT vectors",
    "out-in": "words that keep company with it: its OUT vector against all IN vectors",
}
DESM_SPACES = ("in-out", "in-in", "out-out", "out-in")
COMPARED = "all"  # in place of one of them: IN-IN, OUT-OUT and IN-OUT side by side

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments` (default: those of the process); returns the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # for words that the terminal cannot show
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
        # Who read our output has enough (`| head`). Send the rest nowhere, or closing it is a second error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if options.verbose:
            traceback.print_exc()
        return _complain(error, 1)
    return 0


def build_parser() -> argparse.ArgumentParser:
    """The parser of all subcommands; each sets `run` to the function that does it."""
    common = Parser(add_help=False, allow_abbrev=False)
    common.add_argument("-q", "--quiet", action="store_true", help="no progress bar, no summary, no warnings")
    common.add_argument("-v", "--verbose", action="store_true", help="log lines; a traceback with an error")

    parser = Parser(prog="fastw2v", description="Train and query word2vec models.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"fastw2v {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, run: Any, summary: str) -> argparse.ArgumentParser:
        made = commands.add_parser(
            name,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            parents=[common],
            allow_abbrev=False,
        )
        made.set_defaults(run=run, warnings=True)
        return made

    train = command("train", run_train, "train a model on a text")
    train.add_argument(
        "corpus",
        metavar="CORPUS",
        help="text file, one sentence a line, words separated by white space; .gz .bz2 .xz .zst are"
        " unpacked; a folder of such files; - for standard input",
    )
    output = train.add_argument_group("what to write (at least one)")
    output.add_argument("-o", "--output", metavar="MODEL", help="the model; a file there is replaced")
    output.add_argument("--vectors", metavar="FILE", help="IN vectors in word2vec format; - standard output")
    output.add_argument("--out-vectors", metavar="FILE", help="OUT vectors, likewise")
    output.add_argument("--binary", action="store_true", help="binary word2vec format rather than text")
    _add_training_options(train, {})

    neighbors = command("neighbors", run_neighbors, "print the nearest neighbours of words")
    neighbors.add_argument("model", metavar="MODEL", help="file written by `fastw2v train -o`")
    neighbors.add_argument("words", metavar="WORD", nargs="+")
    neighbors.add_argument(
        "--space",
        choices=[*SPACES, COMPARED],
        default="in",
        help="; ".join(f"{name}: {meaning}" for name, meaning in SPACES.items())
        + f"; {COMPARED}: in, out and in-out side by side (default: in)",
    )
    neighbors.add_argument(
        "--topn", type=_positive, default=10, metavar="N", help="neighbours per word (default: 10)"
    )
    neighbors.add_argument("--json", action="store_true", help="print JSON")

    _add_desm_commands(commands, common)

    info = command("info", run_info, "print what is in a model file")
    info.add_argument("model", metavar="MODEL", help="file written by `fastw2v train -o`")
    info.add_argument("--json", action="store_true", help="print JSON")

    shown = command("demo", run_demo, "train on the documentation inside Python and show neighbours")
    shown.add_argument(
        "--output",
        metavar="MODEL",
        help=f"where to save the model; a file there is replaced (default: {DEMO_OUTPUT},"
        " replaced only if the demo wrote it)",
        default=argparse.SUPPRESS,
    )
    shown.set_defaults(warnings=False)  # of both objectives being on, as is meant here
    workers = min(4, usable_cpus())
    _add_training_options(shown, {**demo.SETTINGS, "comment": demo.COMMENT, "workers": workers})
    return parser


def _add_desm_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    summary = "rank documents by the dual embedding space model"
    ranking = commands.add_parser("desm", help=summary, description=summary, allow_abbrev=False)
    steps = ranking.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def step(name: str, run: Any, summary: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = steps.add_parser(
            name, help=summary, description=summary, parents=[common], allow_abbrev=False
        )
        made.set_defaults(run=run, warnings=True)
        return made

    index = step("index", run_desm_index, "make an index of documents")
    index.add_argument("docs", metavar="DOCS.jsonl", help='lines of JSON, {"id": ..., "text": ...}; .gz etc.')
    index.add_argument("-m", "--model", required=True, metavar="MODEL", help="written by `fastw2v train -o`")
    index.add_argument("-o", "--output", required=True, metavar="INDEX", help="a file there is replaced")
    index.add_argument("--spaces", choices=DESM_SPACES, default="in-out", help="of query and document words")
    index.add_argument("--no-center", action="store_true", help="leave the mean of each space where it is")
    index.add_argument("--idf", action="store_true", help="weigh words by their inverse document frequency")
    index.add_argument("--paper", action="store_true", help="as published: not centred, BM25 k1=1.7 b=0.95")
    index.add_argument("--bm25", action="store_true", help="index for BM25 too; needs the package bm25s")
    index.add_argument("--precision", choices=("float32", "float16", "int8"), default="float32")

    search = step("search", run_desm_search, "print the best documents for a query")
    search.add_argument("index", metavar="INDEX", help="file written by `fastw2v desm index`")
    search.add_argument("query", metavar="QUERY", nargs="*")
    search.add_argument(
        "--queries", metavar="FILE", help="JSON lines as above; prints a run in the format of TREC"
    )
    search.add_argument("-k", type=_positive, default=10, metavar="N", help="documents (default: 10)")

    judge = step("eval", run_desm_eval, "judge rankings: nDCG@1, 3 and 10, MAP and recall")
    judge.add_argument("index", metavar="INDEX", help="file written by `fastw2v desm index`")
    judge.add_argument("--queries", required=True, metavar="FILE", help="JSON lines as above")
    judge.add_argument(
        "--qrels", required=True, metavar="FILE", help="lines: query, document, grade; or as TREC has them"
    )
    judge.add_argument("-k", type=_positive, default=1000, metavar="N", help="ranks (default: 1000)")
    judge.add_argument("--tune", action="store_true", help="with --mix: find the best alpha on these queries")
    for parser in (search, judge):
        parser.add_argument("--mix", choices=("raw", "zscore", "rrf"), help="with BM25; without: DESM alone")
        parser.add_argument("--alpha", type=float, metavar="X", help="share of DESM in the mixture")
        parser.add_argument("--json", action="store_true", help="print JSON")


def _add_training_options(parser: argparse.ArgumentParser, defaults: Mapping[str, Any]) -> None:
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


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def run_train(options: argparse.Namespace) -> None:
    """Train on a text; write the model and, if asked, its vectors."""
    outputs = [path for path in (options.output, options.vectors, options.out_vectors) if path is not None]
    _check_train(options, outputs)
    with _corpus(options.corpus) as corpus:
        start = time.perf_counter()
        model = _trained(corpus, options)
        seconds = time.perf_counter() - start
    if options.output:
        model.save(options.output)
    if options.vectors:
        model.wv.save_word2vec_format(_target(options.vectors), binary=options.binary)
    if options.out_vectors:
        model.wv_out.save_word2vec_format(_target(options.out_vectors), binary=options.binary)

    if not options.quiet:
        loss = f", loss {model.history[-1]['loss']:.4f}" if model.compute_loss else ""
        written = ", ".join(path for path in outputs if path != "-")
        _note(f"{_speed(model)}, {len(model.wv):,} words in the vocabulary, {seconds:.1f} s in all{loss}")
        if written:
            _note(f"written: {written}")


def run_neighbors(options: argparse.Namespace) -> None:
    """Print the neighbours of words, a table or JSON."""
    model = _load(options.model)
    unknown = next((word for word in options.words if word not in model.wv), None)
    if unknown is not None:
        raise KeyError(f"{unknown!r} is not among the {len(model.wv):,} words of the vocabulary")
    compared = options.space == COMPARED
    table = model.compare_spaces(
        options.words, options.topn, ["in-in", "out-out", "in-out"] if compared else [options.space]
    )
    if options.json:
        rows = {word: {name: _listed(ranked) for name, ranked in columns.items()}
                for word, columns in table.neighbors.items()}  # fmt: skip
        _print_json({
            "space": options.space,
            "neighbors": rows if compared else {word: rows[word][options.space] for word in rows},
        })  # fmt: skip
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


def _listed(ranked: Iterable[tuple[str, float]]) -> list[dict[str, Any]]:
    return [{"word": other, "similarity": similarity} for other, similarity in ranked]


def run_desm_index(options: argparse.Namespace) -> None:
    """Make an index of documents."""
    from fastw2v.desm import DESM  # here, as below, for its import is not for other commands to wait for

    _check_writable(options.output)
    desm = DESM(
        _load(options.model),
        options.spaces,
        center=not options.no_center,
        weights="idf" if options.idf else None,
        preset="paper" if options.paper else None,
    )
    first, second = itertools.tee(_texts(options.docs))
    index = desm.index(
        (text for _, text in first),
        (name for name, _ in second),
        bm25=options.bm25,
        precision=options.precision,
        progress=_progress(options),
    )
    index.save(options.output)
    if not options.quiet:
        _note(f"{len(index):,} documents, written: {options.output}")


def run_desm_search(options: argparse.Namespace) -> None:
    """Print the best documents for one query, or a run of many."""
    from fastw2v.desm import DESMIndex

    if bool(options.query) == bool(options.queries):
        raise UsageError("give a query, or --queries FILE")
    _check_mixture(options)
    index = DESMIndex.load(options.index, mmap="r")
    queries = _queries(options.queries) if options.queries else {"": " ".join(options.query)}
    run = index.search_many(
        queries, options.k, mix=options.mix, alpha=options.alpha, progress=_progress(options)
    )
    if options.json:
        listed = {
            name: [{"id": document, "score": score} for document, score in ranking]
            for name, ranking in run.items()
        }
        _print_json({"queries": listed} if options.queries else {"documents": listed[""]})
        return
    if options.queries:
        _check_trec(run)
    for name, ranking in run.items():
        for place, (document, score) in enumerate(ranking, 1):
            if options.queries:
                print(f"{name} Q0 {document} {place} {score:.6f} fastw2v")
            else:
                print(f"{place:>3}  {score:8.4f}  {document}")


def run_desm_eval(options: argparse.Namespace) -> None:
    """Judge the rankings of an index."""
    from fastw2v import evaluation
    from fastw2v.desm import DESMIndex

    _check_mixture(options)
    if options.tune and (not options.mix or options.alpha is not None):
        raise UsageError("--tune finds the alpha of a mixture: give --mix, and no --alpha")
    index = DESMIndex.load(options.index, mmap="r")
    queries, qrels = _queries(options.queries), _judgements(options.qrels)
    alpha = options.alpha
    if options.tune:
        alpha = index.tune(queries, qrels, mix=options.mix, progress=_progress(options)).alpha
    run = index.search_many(queries, options.k, mix=options.mix, alpha=alpha, progress=_progress(options))
    scores = evaluation.evaluate_ranking(run, qrels)
    if options.json:
        _print_json({"mix": options.mix, "alpha": alpha, "scores": scores})
        return
    if options.tune:
        print(f"alpha    {alpha:g}")
    for measure, value in scores.items():
        print(f"{measure:<8} {value:.4f}")


def _check_mixture(options: argparse.Namespace) -> None:
    if options.alpha is not None and not (options.mix and 0 <= options.alpha <= 1):
        raise UsageError("--alpha is the share of DESM, 0 to 1, in a mixture: give --mix too")


def _check_trec(run: Mapping[str, list[tuple[Any, float]]]) -> None:
    """Raise ValueError for ids that would stand in more than one column of a run."""
    for name in itertools.chain(run, *({document for document, _ in ranking} for ranking in run.values())):
        if len(str(name).split()) != 1:
            raise ValueError(f"the id {name!r} has white space, which TREC's format cannot hold: add --json")


def _texts(path: str) -> Iterator[tuple[str, str]]:
    """Yield (id, text) of lines of JSON; a title that the text does not begin with is put before it."""
    with open_text(path) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                name, text = record["id"], record["text"]
            except (ValueError, TypeError, KeyError):
                name = text = None
            if not isinstance(name, str | int) or not isinstance(text, str):
                raise ValueError(f'{path}, line {number}: JSON of the form {{"id": ..., "text": ...}} is due')
            title = record.get("title") or ""
            if not isinstance(title, str):
                raise ValueError(f"{path}, line {number}: the title is {title!r}, not a text")
            yield str(name), text if text.startswith(title) else f"{title} {text}"


def _queries(path: str) -> dict[str, str]:
    queries: dict[str, str] = {}
    for name, text in _texts(path):
        if name in queries:
            raise ValueError(f"{path}: two queries are called {name!r}")
        queries[name] = text
    return queries


def _judgements(path: str) -> dict[str, dict[str, int]]:
    """Query → document → grade; lines of three columns, or four as TREC has them, the second left out."""
    found: dict[str, dict[str, int]] = {}
    with open_text(path) as lines:
        for number, line in enumerate(lines, 1):
            fields = line.split()
            if not fields:
                continue
            try:
                query, document, grade = fields if len(fields) == 3 else (fields[0], fields[2], fields[3])
                found.setdefault(query, {})[document] = int(grade)
            except (ValueError, IndexError):
                raise ValueError(f"{path}, line {number}: query, document and grade are due") from None
    return found


def run_info(options: argparse.Namespace) -> None:
    """Print what a model is and how it was trained."""
    model = _load(options.model)
    matrices = {
        name: list(getattr(model, name).shape)
        for name, present in (("syn0", True), ("syn1neg", model.negative > 0), ("syn1", bool(model.hs)))
        if present
    }
    facts: dict[str, Any] = {
        "file": options.model,
        "bytes": os.path.getsize(options.model),
        "vocabulary": len(model.wv),
        "vector_size": model.vector_size,
        "model": "skip-gram" if model.sg else "CBOW",
        "objectives": [
            name
            for name, on in (("negative sampling", model.negative), ("hierarchical softmax", model.hs))
            if on
        ],
        "matrices": matrices,
        "settings": {name: getattr(model, name) for name in TRAINING_OPTIONS},
        "corpus_words": model.corpus_total_words,
        "corpus_sentences": model.corpus_count,
        "history": model.history,
        "first_words": list(model.wv.index_to_key[:10]),
    }
    if options.json:
        _print_json(facts)
        return
    facts["objectives"] = ", ".join(facts["objectives"])
    facts["matrices"] = ", ".join(f"{name} {rows:,} x {width}" for name, (rows, width) in matrices.items())
    given = {name: value for name, value in facts["settings"].items() if value is not None}
    facts["settings"] = " ".join(f"{name}={value}" for name, value in given.items())
    facts["history"] = f"{len(model.history)} epochs" + (f", {_speed(model)}" if model.history else "")
    facts["first_words"] = " ".join(map(str, facts["first_words"]))
    width = max(map(len, facts))
    for name, value in facts.items():
        print(f"{name.replace('_', ' '):<{width}}  {f'{value:,}' if isinstance(value, int) else value}")


DEMO_OUTPUT = "fastw2v-demo.fw2v"


def run_demo(options: argparse.Namespace) -> None:
    """Train on the documentation inside this Python; print neighbours in all spaces and a Huffman path."""
    output = getattr(options, "output", None)
    if output is None:
        output = DEMO_OUTPUT
        if os.path.exists(output) and not _is_demo_model(output):
            raise UsageError(f"{output} exists and is not the demo's; name another file with --output")
    _check_writable(output)
    settings = _checked(options.settings)

    print(f"Reading the documentation of Python {platform.python_version()} ...", flush=True)
    sentences = demo.standard_library_text()
    print(
        f"{sum(map(len, sentences)):,} words in {len(sentences):,} paragraphs; training"
        f" {settings.epochs} epochs with {settings.workers} threads ...",
        flush=True,
    )
    model = _trained(sentences, options)
    print(f"{len(model.wv):,} words seen at least {model.min_count} times; {_speed(model)}\n")

    words = [word for word in demo.WORDS if word in model.wv]
    if words:
        spaces = ["in-in", "out-out", "in-out"] if model.negative else ["in-in"]
        print(model.compare_spaces(words, spaces=spaces), end="\n\n")
    if model.hs and words:
        _print_path(model, words[0])
    model.save(output)
    print(f"Saved to {output}. Try: fastw2v neighbors {output} {' '.join(words[:2])}")


def _print_path(model: Word2Vec, word: str) -> None:
    """Print the Huffman code of `word` and the nodes it passes from the root."""
    path = model.huffman_path(word)
    print(f"Huffman path of {word}, from the root: {len(path.code)} rows of syn1, and the turn at each")
    width = max(len(str(node)) for node in path.point) if len(path.point) else 0
    print("  node  " + " ".join(f"{node:>{width}}" for node in path.point))
    print("  code  " + " ".join(f"{bit:>{width}}" for bit in path.code) + "\n")


def _check_train(options: argparse.Namespace, outputs: list[str]) -> None:
    """Refuse before the work what would fail after it."""
    if not outputs:
        raise UsageError("nothing to write: give -o MODEL, --vectors FILE or --out-vectors FILE")
    checked = _checked(options.settings)
    if options.out_vectors and not checked.negative:
        raise UsageError(
            "--out-vectors with --negative 0: hierarchical softmax has no OUT vector per word;"
            " train with --negative 5"
        )
    if options.output == "-":
        raise UsageError("-o -: a model cannot go to standard output; only --vectors and --out-vectors can")
    if options.binary and not (options.vectors or options.out_vectors):
        raise UsageError("--binary is the format of --vectors and --out-vectors; give one of them")
    if len(set(map(os.path.abspath, outputs))) < len(outputs):
        raise UsageError("two outputs have the same name")
    if options.corpus != "-" and not os.path.exists(options.corpus):
        raise FileNotFoundError(f"no such file or folder: {options.corpus}")
    for path in outputs:
        if path == "-":
            continue
        _check_writable(path)
        if options.corpus != "-" and os.path.exists(path) and os.path.samefile(path, options.corpus):
            raise UsageError(f"{path} is the corpus itself; it would be overwritten")


def _checked(settings: Mapping[str, Any]) -> Word2Vec:
    """An empty model with these settings, which the constructor checks; UsageError if they make no sense."""
    try:
        model = Word2Vec(**settings)
    except (ValueError, TypeError) as error:
        raise UsageError(str(error)) from error
    if not (model.hs or model.negative):
        raise UsageError("--negative 0 leaves nothing to train: add --hs, or draw noise with --negative 5")
    if model.epochs < 1:
        raise UsageError(f"--epochs {model.epochs}: go through the text at least once")
    return model


def _trained(corpus: Iterable[list[str]], options: argparse.Namespace) -> Word2Vec:
    """A model trained on `corpus`, with a progress bar for who watches."""
    return Word2Vec(corpus, **options.settings, progress=_progress(options))


def _progress(options: argparse.Namespace) -> bool:
    return not options.quiet and is_watched()


def _check_writable(path: str) -> None:
    """Raise OSError if a file cannot be made at `path`."""
    folder = Path(path).absolute().parent
    if os.path.isdir(path):
        raise IsADirectoryError(f"cannot write {path}: it is a folder")
    if not folder.is_dir():
        raise FileNotFoundError(f"cannot write {path}: there is no folder {folder}")
    if not os.access(path if os.path.exists(path) else folder, os.W_OK):
        raise PermissionError(f"cannot write {path}: no permission")


@contextlib.contextmanager
def _corpus(source: str) -> Iterator[PathLineSentences]:
    """The sentences of a file or folder; standard input (-) and pipes are copied to a temporary file first.

    Training reads a text more than once.
    """
    if source != "-" and (os.path.isfile(source) or os.path.isdir(source)):
        yield PathLineSentences(source)
        return
    with tempfile.TemporaryDirectory(prefix="fastw2v-") as folder:
        path = Path(folder, "corpus")
        with contextlib.ExitStack() as files:
            text = sys.stdin.buffer if source == "-" else files.enter_context(open(source, "rb"))
            shutil.copyfileobj(text, files.enter_context(path.open("wb")), 1 << 20)
        yield PathLineSentences(path)


def _target(path: str) -> Any:
    """Where to write: a file name, or the bytes of standard output for `-`."""
    return sys.stdout.buffer if path == "-" else path


def _load(path: str) -> Word2Vec:
    """The model in `path`, its matrices mapped."""
    return Word2Vec.load(path, mmap="r")


def _is_demo_model(path: str) -> bool:
    try:
        return _load(path).comment == demo.COMMENT
    except (OSError, ValueError):
        return False


def _speed(model: Word2Vec) -> str:
    """What training took, in words of the text, those left out and downsampled included."""
    words = sum(epoch["words"] for epoch in model.history)
    seconds = sum(epoch["seconds"] for epoch in model.history)
    return f"{words:,} words trained in {seconds:.1f} s ({words / max(seconds, 1e-9):,.0f} words/s)"


@contextlib.contextmanager
def _log_to_stderr(options: argparse.Namespace) -> Iterator[None]:
    """Show the library's log lines (--verbose) or its warnings (unless --quiet) while a command runs."""
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
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def _note(text: str) -> None:
    print(f"fastw2v: {text}", file=sys.stderr)


def _complain(error: Exception, code: int) -> int:
    """Print `error` in one line; returns `code`."""
    message = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    _note("error: " + (" ".join(message.split()) or type(error).__name__))
    return code


def _print_json(value: Any) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    print()
