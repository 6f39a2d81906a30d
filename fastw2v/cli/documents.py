"""The commands on documents, `desm index`, `search` and `eval`, and the readers of their files."""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fastw2v import evaluation, paths
from fastw2v.cli.contents import load_words
from fastw2v.cli.options import (
    A_MODEL,
    UsageError,
    add_command,
    as_sentence,
    check_not_input,
    check_writable,
    note,
    positive,
    print_json,
    wants_progress,
)
from fastw2v.evaluation.words import lines_of
from fastw2v.formats.typed import shown
from fastw2v.query.choices import ALPHAS, MIXES, PRECISIONS, RANKS, SPACE_PAIRS
from fastw2v.text.once import kind_of_once

if TYPE_CHECKING:
    from fastw2v.desm import DESMIndex


_PLURALS = {"document": "documents", "query": "queries"}
_LONGEST_TEXT = 1 << 24  # bytes of a line in a compressed file: more than a long book has
_JSON_LINES = 'one JSON object a line: {"id" or "_id": ..., "text": ...}, with a "title" or without'


def add_desm(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `desm`, with commands of its own."""
    summary = "rank documents by the dual embedding space model (DESM)"
    ranking = commands.add_parser("desm", help=summary, description=as_sentence(summary), allow_abbrev=False)
    steps = ranking.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def step(name: str, run: Any, summary: str) -> argparse.ArgumentParser:
        return add_command(steps, common, name, run, summary)

    _add_index_options(step("index", run_desm_index, "make an index of documents"))
    search = step("search", run_desm_search, "print the best documents for a query")
    judge = step("eval", run_desm_eval, "judge rankings: nDCG@1, nDCG@3, nDCG@10, MAP and recall")
    for parser in (search, judge):
        parser.add_argument(
            "index", type=paths.expand, metavar="INDEX", help="index file, written by `fastw2v desm index`"
        )
    search.add_argument("query", metavar="QUERY", nargs="*", help="words of the query")
    search.add_argument(
        "--queries",
        type=paths.expand,
        metavar="FILE",
        help=f"instead of QUERY: many queries, {_JSON_LINES}; prints a run in the format of TREC",
    )
    search.add_argument("-k", type=positive, default=10, metavar="N", help="documents a query (default: 10)")
    judge.add_argument(
        "--queries", type=paths.expand, required=True, metavar="FILE", help=f"queries, {_JSON_LINES}"
    )
    judge.add_argument(
        "--qrels",
        type=paths.expand,
        required=True,
        metavar="FILE",
        help="judgements, a line for each: query, document and grade, or in the format of TREC",
    )
    judge.add_argument(
        "-k", type=positive, default=RANKS, metavar="N", help=f"ranks to judge (default: {RANKS})"
    )
    judge.add_argument("--tune", action="store_true", help="with --mix: find the best alpha on these queries")
    shares = ", ".join(f"{alpha} for {mix}" for mix, alpha in ALPHAS.items())
    for parser in (search, judge):
        parser.add_argument(
            "--mix",
            choices=MIXES,
            help="mix DESM with BM25, by scores as they are (raw), by standardized scores (zscore) or by"
            " reciprocal ranks (rrf); default: DESM alone",
        )
        parser.add_argument(
            "--alpha", type=float, metavar="X", help=f"share of DESM in the mixture (default: {shares})"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")


def _add_index_options(index: argparse.ArgumentParser) -> None:
    index.add_argument(
        "docs", type=paths.expand, metavar="DOCS.jsonl", help=f"documents, {_JSON_LINES}; may be compressed"
    )
    index.add_argument(
        "-m",
        "--model",
        type=paths.expand,
        required=True,
        metavar="MODEL",
        help=f"{A_MODEL}, or vectors of one space",
    )
    index.add_argument(
        "-o",
        "--output",
        type=paths.expand,
        required=True,
        metavar="INDEX",
        help="the index; a file there is replaced",
    )
    index.add_argument(
        "--spaces",
        choices=SPACE_PAIRS,
        default="in-out",
        help="where words of queries and words of documents are looked up (default: in-out)",
    )
    index.add_argument(
        "--no-center", action="store_true", help="do not subtract the mean of each space from its vectors"
    )
    index.add_argument("--idf", action="store_true", help="weigh words by their inverse document frequency")
    index.add_argument(
        "--paper",
        action="store_true",
        help="the model as published: not centred; with --bm25, k1 is 1.7 and b is 0.95",
    )
    index.add_argument(
        "--bm25",
        action="store_true",
        help="index for BM25 too, as --mix needs it; requires the package bm25s",
    )
    index.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="float32",
        help="of the stored vectors: float16 takes half the memory, int8 a quarter (default: float32)",
    )


def run_desm_index(options: argparse.Namespace) -> None:
    """Make an index of documents."""
    from fastw2v.desm import DESM  # imported here: slow, and other commands do not need it

    check_writable(options.output)
    check_not_input(options.output, options.docs, "file of documents")
    check_not_input(options.output, options.model, "model")
    desm = DESM(
        load_words(options.model),
        options.spaces,
        center=not options.no_center,
        weights="idf" if options.idf else None,
        preset="paper" if options.paper else None,
    )
    first, second = itertools.tee(_read_texts(options.docs, "document"))
    index = desm.index(
        (text for _, text in first),
        (name for name, _ in second),
        bm25=options.bm25,
        precision=options.precision,
        progress=wants_progress(options),
    )
    index.save(options.output)
    if not options.quiet:
        note(f"{len(index):,} documents, written: {options.output}")


def run_desm_search(options: argparse.Namespace) -> None:
    """Print the best documents for one query, or a run of many queries."""
    if bool(options.query) == bool(options.queries):
        raise UsageError("give a query, either as QUERY or in --queries FILE")
    _check_mixture(options)
    index = _load_index(options)
    queries = _queries(options.queries) if options.queries else {"": " ".join(options.query)}
    run = index.search_many(
        queries, options.k, mix=options.mix, alpha=options.alpha, progress=wants_progress(options)
    )
    if options.json:
        listed = {
            name: [{"id": document, "score": score} for document, score in ranking]
            for name, ranking in run.items()
        }
        print_json({"queries": listed} if options.queries else {"documents": listed[""]})
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
    _check_mixture(options)
    if options.tune and (not options.mix or options.alpha is not None):
        raise UsageError("--tune finds the alpha of a mixture: give --mix, and no --alpha")
    index = _load_index(options)
    queries, qrels = _queries(options.queries), _judgements(options.qrels)
    evaluation.check_overlap("judged queries", qrels, options.queries, queries)
    alpha, progress = options.alpha, wants_progress(options)
    if options.tune:  # which compares names of documents itself
        alpha = index.tune(queries, qrels, mix=options.mix, progress=progress).alpha
    else:
        judged = {document: None for grades in qrels.values() for document in grades}
        evaluation.check_overlap(
            "judged documents", judged, options.index, dict.fromkeys(map(str, index.ids))
        )
    run = index.search_many(queries, options.k, mix=options.mix, alpha=alpha, progress=progress)
    unasked: dict[str, list[Any]] = {query: [] for query in qrels}  # they count, and have been named
    scores = evaluation.evaluate_ranking(unasked | run, qrels)
    if options.json:
        print_json({"mix": options.mix, "alpha": alpha, "scores": scores})
        return
    if options.tune:
        print(f"alpha    {alpha:g}")
    for measure, value in scores.items():
        print(f"{measure:<8} {value:.4f}")


def _check_mixture(options: argparse.Namespace) -> None:
    if options.alpha is None:
        return
    if not options.mix:
        raise UsageError(f"--alpha {options.alpha:g} is the share of DESM in a mixture: give --mix too")
    if not 0 <= options.alpha <= 1:
        raise UsageError(f"--alpha {options.alpha:g}: give the share of DESM in the mixture, 0 to 1")


def _load_index(options: argparse.Namespace) -> DESMIndex:
    from fastw2v.desm import DESMIndex

    mapped = not (paths.is_remote(options.index) or kind_of_once(options.index))
    index = DESMIndex.load(options.index, mmap="r" if mapped else None)
    if options.mix and index.bm25 is None:
        raise ValueError(f"{options.index} has no BM25 for --mix: make it with `fastw2v desm index --bm25`")
    return index


def _check_trec(run: Mapping[str, list[tuple[Any, float]]]) -> None:
    """Raise ValueError for ids that would take more than one column of a run."""
    for name in itertools.chain(run, *({document for document, _ in ranking} for ranking in run.values())):
        if len(str(name).split()) != 1:
            raise ValueError(f"the id {name!r} has white space, which TREC's format cannot hold: give --json")


def _read_texts(path: str, what: str) -> Iterator[tuple[str, str]]:
    """Yield (id, text) for lines of JSON; a title is put before the text, unless the text begins with it."""
    seen: set[str] = set()
    for number, line in lines_of(path, longest=_LONGEST_TEXT):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            name, text = record["_id" if "id" not in record else "id"], record["text"]  # BEIR writes "_id"
        except (ValueError, TypeError, KeyError, RecursionError):
            name = text = None
        if not isinstance(name, str | int) or isinstance(name, bool) or not isinstance(text, str):
            raise ValueError(
                f'{path}, line {number}: expected {{"id": ..., "text": ...}}, found {line.strip():.40}'
            )
        if str(name) in seen:
            raise ValueError(f"{path}, line {number}: duplicate {what} id {name!r:.60}")
        seen.add(str(name))
        title = record.get("title") or ""
        if not isinstance(title, str):
            raise ValueError(f"{path}, line {number}: the title is {shown(title)}, expected a text")
        yield str(name), text if text.startswith(title) else f"{title} {text}"
    if not seen:
        raise ValueError(f"{path} has no {_PLURALS[what]}: give {_JSON_LINES}")


def _queries(path: str) -> dict[str, str]:
    return dict(_read_texts(path, "query"))


_judgements = evaluation.read_judgements
