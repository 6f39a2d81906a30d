"""Measures of rankings."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

Run = Mapping[Any, Sequence[tuple[Any, float]]]  # query → [(document, score), …], best first
Judgements = Mapping[Any, Mapping[Any, int]]  # query → document → grade
GAINS: dict[str, Callable[[int], int]] = {
    "exponential": lambda grade: 2 ** max(grade, 0) - 1,
    "linear": lambda grade: grade,
}


def evaluate_ranking(
    run: Run,
    qrels: Judgements,
    measures: str | Sequence[str] = ("nDCG@1", "nDCG@3", "nDCG@10", "AP", "R@100"),
    *,
    gain: Literal["exponential", "linear"] = "exponential",
) -> dict[str, float]:
    """Return the mean of each measure over the judged queries; one that `run` lacks counts as 0.

    The measures are those of the package `ir_measures` (pip install 'fastw2v[desm]'): AP is that of MAP. The
    gain of a grade g in nDCG is 2^g − 1 (Burges et al. 2005, as the paper of DESM has it), or g if "linear"
    (Järvelin and Kekäläinen 2002, as trec_eval has it). Documents count in the order they are given in, for
    trec_eval would break ties by their names. ValueError for an unknown measure, or if nothing is judged.
    """
    measures = [measures] if isinstance(measures, str) else measures
    by_query = ranking_by_query(run, qrels, measures, gain=gain)
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
    """Return what `evaluate_ranking` averages: query → measure → value, for every judged query."""
    ir_measures = _import_ir_measures()
    if not isinstance(run, Mapping) or not isinstance(qrels, Mapping):
        raise TypeError(
            f"run and qrels must be mappings by query, not {type(run).__name__} and {type(qrels).__name__}: "
            "run = {query: [(document, score), ...]}, qrels = {query: {document: grade}}"
        )
    if gain not in GAINS:
        raise ValueError(f"gain={gain!r}: give one of {', '.join(map(repr, GAINS))}")
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


def cutoff_of(measure: str) -> int | None:
    """Return down to which rank a measure looks: 10 for "nDCG@10"; None if it looks at all ranks."""
    cutoff = _parse_measure(measure).params.get("cutoff")
    return None if cutoff is None else int(cutoff)


def _parse_measure(name: str) -> Any:
    package = _import_ir_measures()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its parser asks for names that `ast` gives up
        try:
            return package.parse_measure(name)
        except (NameError, ValueError, SyntaxError) as error:
            raise ValueError(f"measure {name!r}: {error}; examples are nDCG@10, AP, R@100") from None


def _check_grade(grade: Any) -> int:
    """Return a grade as int; ValueError unless it is a whole number."""
    if int(grade) != grade:
        raise ValueError(f"grade {grade!r}: measures take whole numbers")
    return int(grade)


def _import_ir_measures() -> Any:
    try:
        import ir_measures
    except ImportError:
        raise ImportError(
            "measures of rankings need the package ir_measures: pip install 'fastw2v[desm]'"
        ) from None
    return ir_measures
