"""The commands on documents, `desm index`, `search` and `eval`, and the readers of their files."""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from fastw2v import evaluation
from fastw2v.cli.options import (
    UsageError,
    add_command,
    check_writable,
    load_model,
    note,
    positive,
    print_json,
    wants_progress,
)
from fastw2v.query.choices import MIXES, PRECISIONS, RANKS, SPACE_PAIRS
from fastw2v.utils import open as open_text


def add_desm(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `desm`, with commands of its own."""
    summary = "rank documents by the dual embedding space model"
    ranking = commands.add_parser("desm", help=summary, description=summary, allow_abbrev=False)
    steps = ranking.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def step(name: str, run: Any, summary: str) -> argparse.ArgumentParser:
        return add_command(steps, common, name, run, summary, description=summary)

    index = step("index", run_desm_index, "make an index of documents")
    index.add_argument("docs", metavar="DOCS.jsonl", help='lines of JSON, {"id": ..., "text": ...}; .gz etc.')
    index.add_argument("-m", "--model", required=True, metavar="MODEL", help="written by `fastw2v train -o`")
    index.add_argument("-o", "--output", required=True, metavar="INDEX", help="a file there is replaced")
    index.add_argument("--spaces", choices=SPACE_PAIRS, default="in-out", help="of query and document words")
    index.add_argument("--no-center", action="store_true", help="leave the mean of each space where it is")
    index.add_argument("--idf", action="store_true", help="weigh words by their inverse document frequency")
    index.add_argument("--paper", action="store_true", help="as published: not centred, BM25 k1=1.7 b=0.95")
    index.add_argument("--bm25", action="store_true", help="index for BM25 too; needs the package bm25s")
    index.add_argument("--precision", choices=PRECISIONS, default="float32")

    search = step("search", run_desm_search, "print the best documents for a query")
    search.add_argument("index", metavar="INDEX", help="file written by `fastw2v desm index`")
    search.add_argument("query", metavar="QUERY", nargs="*")
    search.add_argument(
        "--queries", metavar="FILE", help="JSON lines as above; prints a run in the format of TREC"
    )
    search.add_argument("-k", type=positive, default=10, metavar="N", help="documents (default: 10)")

    judge = step("eval", run_desm_eval, "judge rankings: nDCG@1, 3 and 10, MAP and recall")
    judge.add_argument("index", metavar="INDEX", help="file written by `fastw2v desm index`")
    judge.add_argument("--queries", required=True, metavar="FILE", help="JSON lines as above")
    judge.add_argument(
        "--qrels", required=True, metavar="FILE", help="lines: query, document, grade; or as TREC has them"
    )
    judge.add_argument("-k", type=positive, default=RANKS, metavar="N", help=f"ranks (default: {RANKS})")
    judge.add_argument("--tune", action="store_true", help="with --mix: find the best alpha on these queries")
    for parser in (search, judge):
        parser.add_argument("--mix", choices=MIXES, help="with BM25; without: DESM alone")
        parser.add_argument("--alpha", type=float, metavar="X", help="share of DESM in the mixture")
        parser.add_argument("--json", action="store_true", help="print JSON")


def run_desm_index(options: argparse.Namespace) -> None:
    """Make an index of documents."""
    from fastw2v.desm import DESM  # here, as below, for its import is not for other commands to wait for

    check_writable(options.output)
    desm = DESM(
        load_model(options.model),
        options.spaces,
        center=not options.no_center,
        weights="idf" if options.idf else None,
        preset="paper" if options.paper else None,
    )
    first, second = itertools.tee(_read_texts(options.docs))
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
    """Print the best documents for one query, or a run of many."""
    from fastw2v.desm import DESMIndex

    if bool(options.query) == bool(options.queries):
        raise UsageError("give a query, or --queries FILE")
    _check_mixture(options)
    index = DESMIndex.load(options.index, mmap="r")
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
    from fastw2v.desm import DESMIndex

    _check_mixture(options)
    if options.tune and (not options.mix or options.alpha is not None):
        raise UsageError("--tune finds the alpha of a mixture: give --mix, and no --alpha")
    index = DESMIndex.load(options.index, mmap="r")
    queries, qrels = _queries(options.queries), _judgements(options.qrels)
    alpha, progress = options.alpha, wants_progress(options)
    if options.tune:
        alpha = index.tune(queries, qrels, mix=options.mix, progress=progress).alpha
    run = index.search_many(queries, options.k, mix=options.mix, alpha=alpha, progress=progress)
    scores = evaluation.evaluate_ranking(run, qrels)
    if options.json:
        print_json({"mix": options.mix, "alpha": alpha, "scores": scores})
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


def _read_texts(path: str) -> Iterator[tuple[str, str]]:
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
    for name, text in _read_texts(path):
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
