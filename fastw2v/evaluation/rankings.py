"""Measures of rankings."""

from __future__ import annotations

import ast
import itertools
import logging
import re
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from fastw2v.checks import one_of
from fastw2v.warn import warn_user

logger = logging.getLogger("fastw2v.evaluation")

Run = Mapping[Any, Sequence[tuple[Any, float]]]
"""query → [(document, score), …], best first."""
Judgements = Mapping[Any, Mapping[Any, int]]
"""query → document → grade."""
GAINS: dict[str, Callable[[int], int]] = {
    "exponential": lambda grade: 2 ** max(grade, 0) - 1,
    "linear": lambda grade: grade,
}
_MEASURE = re.compile(r"(?P<name>\w+)\s*(\((?P<options>.*)\))?\s*(@\s*(?P<at>\d+(\.\d+)?))?")
_ONE_PARSES = threading.Lock()  # CPython 3.11's parser fails at times where several threads parse


def evaluate_ranking(
    run: Run,
    qrels: Judgements,
    measures: str | Sequence[str] = ("nDCG@1", "nDCG@3", "nDCG@10", "AP", "R@100"),
    *,
    gain: Literal["exponential", "linear"] = "exponential",
) -> dict[str, float]:
    """Return the mean of each measure over the judged queries.

    The package `ir_measures` computes them (pip install 'fastw2v[desm]'). A judged query that `run` lacks
    counts as 0, with a warning. Documents count in the order given: scores are not looked at, because
    trec_eval would break ties by the names of documents.

    Args:
        run (mapping): query → [(document, score), …], best first.
        qrels (mapping): query → document → grade, a whole number; larger is better.
        measures (str or sequence of str): names in ir_measures: "nDCG@10", "AP" (whose mean is MAP), "R@100".
        gain (str): of a grade g in nDCG: "exponential" is 2^g − 1, as in the paper on DESM (Burges et al.
            2005); "linear" is g, as in trec_eval (Järvelin and Kekäläinen 2002).

    Returns:
        dict of str to float: each measure, from 0 to 1.

    Raises:
        ImportError: the package ir_measures is not installed.
        TypeError: `run` or `qrels` is not a mapping.
        ValueError: an unknown measure or `gain`, a grade that is not a whole number, no query is judged, or
            `run` has none of the judged queries.

    Example:
        >>> from fastw2v.evaluation import evaluate_ranking
        >>> run = {"q": [("a", 0.9), ("b", 0.5)]}
        >>> evaluate_ranking(run, {"q": {"b": 1}}, ["AP", "R@2"])
        {'AP': 0.5, 'R@2': 1.0}
    """
    measures = [measures] if isinstance(measures, str) else measures
    by_query = ranking_by_query(run, qrels, measures, gain=gain)
    check_overlap("judged queries", by_query, "the run", run)
    judged, ranked = (_documents(qrels[query] for query in by_query), _documents(map(dict, run.values())))
    if ranked and judged.keys().isdisjoint(ranked):
        warn_user(_apart("judged documents", judged, "the run", ranked), log=logger)
    return {
        measure: float(np.mean([values[measure] for values in by_query.values()])) for measure in measures
    }


def ranking_by_query(
    run: Run,
    qrels: Judgements,
    measures: Sequence[str],
    *,
    gain: Literal["exponential", "linear"] = "exponential",
) -> dict[Any, dict[str, float]]:
    """Return the value of each measure for each judged query.

    Args:
        run (mapping): query → [(document, score), …], best first.
        qrels (mapping): query → document → grade, a whole number.
        measures (sequence of str): names in the package ir_measures.
        gain (str): of a grade in nDCG: "exponential" or "linear", as in `evaluate_ranking`.

    Returns:
        dict: query → measure → value; 0 for a judged query that `run` lacks.

    Raises:
        ImportError: the package ir_measures is not installed.
        TypeError: `run` or `qrels` is not a mapping.
        ValueError: an unknown measure or `gain`, a grade that is not a whole number, or no query is judged.
    """
    ir_measures = _import_ir_measures()
    if not isinstance(run, Mapping) or not isinstance(qrels, Mapping):
        raise TypeError(
            f"run and qrels must be mappings by query, not {type(run).__name__} and {type(qrels).__name__}: "
            "run = {query: [(document, score), ...]}, qrels = {query: {document: grade}}"
        )
    one_of("gain", gain, tuple(GAINS))
    judged = [query for query in qrels if qrels[query]]
    if not judged:
        raise ValueError("no query has a judgement: give qrels as {query: {document: grade}}")
    parsed = {measure: _parse_measure(measure) for measure in measures}
    ranks = {
        str(number): {str(document): -place for place, (document, _) in enumerate(run.get(query, ()))}
        for number, query in enumerate(judged)
    }
    values: dict[Any, dict[str, float]] = {query: dict.fromkeys(measures, 0.0) for query in judged}
    for name, of_grade in (("nDCG", GAINS[gain]), ("", GAINS["linear"])):
        chosen = {m: text for text, m in parsed.items() if (m.NAME == "nDCG") == (name == "nDCG")}
        if not chosen:
            continue
        grades = {
            str(number): {
                str(document): of_grade(_check_grade(grade)) for document, grade in qrels[query].items()
            }
            for number, query in enumerate(judged)
        }
        for metric in ir_measures.iter_calc(list(chosen), grades, ranks):
            values[judged[int(metric.query_id)]][chosen[metric.measure]] = float(metric.value)
    return values


def check_overlap(what: str, judged: Collection[Any], where: str, known: Collection[Any]) -> None:
    """Check that judgements are of what there is, and warn if some are not.

    Args:
        what (str): what is judged, for messages: "judged queries".
        judged (collection): their names.
        where (str): where they are looked up, for messages.
        known (collection): the names there.

    Raises:
        ValueError: no name is there, as if names of two kinds were compared: "7" and "q7".
    """
    missing = [name for name in judged if name not in known]
    if judged and len(missing) == len(judged):
        raise ValueError(_apart(what, judged, where, known))
    if missing:
        warn_user(
            f"{len(missing):,} of the {len(judged):,} {what} are not in {where} and count as not found: "
            + _some(missing),
            log=logger,
        )


def _apart(what: str, judged: Collection[Any], where: str, known: Collection[Any]) -> str:
    """Return the message for names that meet nowhere."""
    there = f"where names are like {_some(known)}" if known else "which is empty"
    return (
        f"none of the {len(judged):,} {what}, such as {_some(judged)}, is in {where}, {there}: "
        "give both the same names"
    )


def _some(names: Collection[Any]) -> str:
    return ", ".join(f"{name!r:.40}" for name in itertools.islice(names, 3))


def _documents(by_query: Iterable[Mapping[Any, Any]]) -> dict[str, None]:
    """Return the names of documents as they are compared, without doubles."""
    return dict.fromkeys(str(document) for documents in by_query for document in documents)


def cutoff_of(measure: str) -> int | None:
    """Return the last rank that a measure looks at: 10 for "nDCG@10".

    Args:
        measure (str): its name in the package ir_measures.

    Returns:
        int or None: the rank; None if the measure looks at all.

    Raises:
        ImportError: the package ir_measures is not installed.
        ValueError: the measure is unknown.
    """
    cutoff = _parse_measure(measure).params.get("cutoff")
    return None if cutoff is None else int(cutoff)


def _parse_measure(name: str) -> Any:
    """Return a measure of ir_measures, whose own parser of names fails since Python 3.14."""
    package = _import_ir_measures()
    found = _MEASURE.fullmatch(name.strip())
    measure = getattr(package, found["name"], None) if found else None
    if found is None or not isinstance(measure, package.Measure):
        raise ValueError(f"there is no measure {name!r}: give one as in nDCG@10, AP or R@100")
    options = [option.partition("=") for option in (found["options"] or "").split(",") if option.strip()]
    try:
        with _ONE_PARSES:
            measure = measure(**{key.strip(): ast.literal_eval(value.strip()) for key, _, value in options})
    except (ValueError, SyntaxError):
        raise ValueError(f"the options of measure {name!r}: give them as in P(rel=2)@5") from None
    if found["at"] is None:
        return measure
    return measure @ (float(found["at"]) if "." in found["at"] else int(found["at"]))


def _check_grade(grade: Any) -> int:
    """Return a grade as int; raise ValueError unless it is a whole number, which may be a float: 1.0."""
    if int(grade) != grade:
        raise ValueError(f"grade {grade!r}: give a whole number")
    return int(grade)


def _import_ir_measures() -> Any:
    try:
        import ir_measures
    except ImportError:
        raise ImportError(
            "measures of rankings need the package ir_measures: pip install 'fastw2v[desm]'"
        ) from None
    return ir_measures
