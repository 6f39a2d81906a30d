"""How good are these vectors? Analogies, correlation with human judgement of word pairs, and rankings.

Nothing here knows `KeyedVectors`: functions take the words, and `unit`, which gives rows of length 1 for a
slice or an array of row numbers.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from fastw2v import utils
from fastw2v._sieve import raise_best
from fastw2v.formats.atomic import StrPath

logger = logging.getLogger(__name__)

Array = npt.NDArray[Any]
Unit = Callable[[Any], Array]
Question = tuple[str, str, str, str]
Section = dict[str, Any]  # "section": name, "correct" and "incorrect": lists of questions

CANDIDATES = 5  # how many of the nearest words may be case variants of the question's words
_ROWS_PER_BLOCK = 1 << 9  # whose scores for one question the nearest cache holds


def analogies(
    path: StrPath,
    words: Sequence[Any],
    unit: Unit,
    *,
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
    similarity_function: str = "most_similar",
) -> tuple[float, list[Section]]:
    """Answer a file of questions "a is to b as c is to …?"; return the share of right answers, and sections.

    Lines are four words, after at least one line ": name of section"; others are skipped. The answer is the
    row nearest to b − a + c (or, by "most_similar_cosmul", with the largest cos(b)·cos(c)/cos(a), cosines
    shifted to 0…1) that is none of a, b, c in any case, among the `CANDIDATES` best. Questions with unknown
    words are left out, or wrong answers if `dummy4unknown`. If `case_insensitive`, words are upper-cased, and
    the first of equal ones is meant. The last section, "Total accuracy", has all. `ValueError` if the file
    has no question.
    """
    if similarity_function not in ("most_similar", "most_similar_cosmul"):
        raise ValueError(f"most_similar or most_similar_cosmul is due, not {similarity_function!r}")
    folded = _folded(words, case_insensitive)
    rows = _rows_by_word(folded)
    sections: list[Section] = []
    asked: list[tuple[Section, Question]] = []
    known: list[Question] = []
    unknown = 0
    for number, line in _lines(path, "utf8"):
        if line.startswith(": "):
            sections.append({"section": line.lstrip(": ").strip(), "correct": [], "incorrect": []})
            continue
        if not sections:
            raise ValueError(f"{path}, line {number}: a section ': name' is due before the first question")
        fields = (line.upper() if case_insensitive else line).split()
        if len(fields) != 4:
            logger.info("%s, line %d: skipped, not four words", path, number)
            continue
        a, b, c, expected = fields
        question = a, b, c, expected
        asked.append((sections[-1], question))
        if a in rows and b in rows and c in rows and expected in rows:
            known.append(question)
    if not asked:
        raise ValueError(f"{path} holds no analogies: lines of four words after a line ': name of section'")

    multiply = similarity_function == "most_similar_cosmul"
    answers = dict(zip(known, _answers(known, rows, folded, unit, multiply), strict=True))
    for section, question in asked:
        if question in answers:
            right = answers[question] == question[3]
        else:
            unknown += 1
            if not dummy4unknown:
                continue
            right = False
        section["correct" if right else "incorrect"].append(question)

    total: Section = {"section": "Total accuracy", "correct": [], "incorrect": []}
    for section in sections:
        total["correct"] += section["correct"]
        total["incorrect"] += section["incorrect"]
    sections.append(total)
    for section in sections:
        log_accuracy(section)
    logger.info(
        "%.1f%% of the questions have unknown words: %s", 100 * unknown / len(asked),
        "taken as wrong answers" if dummy4unknown else "left out",
    )  # fmt: skip
    return _share(total), sections


def log_accuracy(section: Section) -> None:
    """Log the share of right answers in a section, unless it is empty."""
    right, wrong = len(section["correct"]), len(section["incorrect"])
    if right + wrong:
        logger.info("%s: %.1f%% (%d/%d)", section["section"], 100 * _share(section), right, right + wrong)


def word_pairs(
    path: StrPath,
    words: Sequence[Any],
    unit: Unit,
    unit_second: Unit | None = None,
    *,
    delimiter: str = "\t",
    encoding: str = "utf8",
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
) -> tuple[Any, Any, float]:
    """Correlate cosines with the judgements in a file: return scipy's Pearson and Spearman results, and the
    percentage of pairs with unknown words.

    Lines are word, word, number; "#" starts a comment. `unit_second` gives the rows of a pair's second word,
    if they are others than those of the first. Pairs with unknown words are left out, or given cosine
    0 if `dummy4unknown`. `ValueError` if fewer than two pairs remain.
    """
    from scipy import stats  # takes a second to import, longer than all the rest

    rows = _rows_by_word(_folded(words, case_insensitive))
    gold: list[float] = []
    known: list[tuple[int, int, int]] = []  # place in gold, row, row
    unknown = 0
    for number, line in _lines(path, encoding):
        if line.startswith("#"):
            continue
        fields = (line.upper() if case_insensitive else line).rstrip("\r\n").split(delimiter)
        try:
            a, b, judgement = fields
            score = float(judgement)
        except ValueError:
            logger.info("%s, line %d: skipped, not two words and a number", path, number)
            continue
        if a in rows and b in rows:
            known.append((len(gold), rows[a], rows[b]))
        else:
            unknown += 1
            if not dummy4unknown:
                logger.info("%s, line %d: skipped, unknown words: %s", path, number, line.strip())
                continue
        gold.append(score)
    if len(gold) < 2:
        raise ValueError(
            f"{path}: {len(gold)} usable pairs are too few for a correlation; "
            f"{unknown} pairs have words that are not among the {len(words):,} looked at"
        )
    places, left, right = np.array(known, dtype=np.intp).reshape(-1, 3).T
    cosines = np.zeros(len(gold))
    cosines[places] = np.einsum("ij,ij->i", unit(left), (unit_second or unit)(right), dtype=np.float64)
    spearman, pearson = stats.spearmanr(gold, cosines), stats.pearsonr(gold, cosines)
    share = unknown / (len(gold) if dummy4unknown else len(gold) + unknown) * 100
    log_evaluate_word_pairs(pearson, spearman, share, path)
    return pearson, spearman, share


def log_evaluate_word_pairs(pearson: Any, spearman: Any, oov: float, pairs: StrPath) -> None:
    """Log what `word_pairs` returned of a file `pairs`."""
    logger.info("%s: Pearson %.4f, Spearman %.4f, %.1f%% unknown", pairs, pearson[0], spearman[0], oov)


def _lines(path: StrPath, encoding: str) -> Iterator[tuple[int, str]]:
    with utils.open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            yield number, line.decode(encoding)


def _folded(words: Sequence[Any], case_insensitive: bool) -> Sequence[Any]:
    if not case_insensitive:
        return words
    return [word.upper() if isinstance(word, str) else word for word in words]


def _rows_by_word(words: Sequence[Any]) -> dict[Any, int]:
    """Of equal words the first counts."""
    return dict(zip(reversed(words), range(len(words) - 1, -1, -1), strict=True))


def _share(section: Section) -> float:
    right, wrong = len(section["correct"]), len(section["incorrect"])
    return right / (right + wrong) if right + wrong else 0.0


def _terms(asked: Array, candidates: Array, multiply: bool) -> tuple[Array, Array]:
    """What candidates, unit rows (n, D), gain and lose (R, n) by being near to words asked, unit rows (R, D).

    A candidate's score for "a is to b as c is to …?" is gain(b) + gain(c) - loss(a): all questions together
    name only R words, whose products are made once. 3CosMul is the sum of logarithms.
    """
    cosines = asked @ candidates.T
    if not multiply:
        return cosines, cosines
    shifted = np.maximum((1 + cosines) / 2, np.finfo(cosines.dtype).tiny)
    return np.log(shifted), np.log(shifted + 1e-6)


def _answers(
    questions: list[Question], rows: dict[Any, int], words: Sequence[Any], unit: Unit, multiply: bool
) -> list[Any]:
    """Return the answer to each question; None if there is none. `rows` has the first of equal `words`."""
    if not questions:
        return []
    variants: dict[Any, list[int]] = {word: [] for question in questions for word in question[:3]}
    for row, word in enumerate(words):
        if word in variants:
            variants[word].append(row)
    used = sorted({rows[word] for word in variants})
    index = {row: i for i, row in enumerate(used)}
    terms = np.array([[index[rows[word]] for word in question[:3]] for question in questions], dtype=np.int64)
    asked_words = unit(np.array(used))

    # The nearest row that is no variant of a, b, c; rows of the matrix pass by once. The scores of variants
    # are kept: of question q those from first_variant[q] on.
    variants_of = [sorted({row for word in question[:3] for row in variants[word]}) for question in questions]
    first_variant = np.cumsum([0, *map(len, variants_of)], dtype=np.int64)
    hidden = np.array([row for rows_ in variants_of for row in rows_], dtype=np.int64)
    hidden_scores = np.empty(len(hidden), dtype=asked_words.dtype)
    best = np.full(len(questions), -1, dtype=np.int64)
    best_scores = np.full(len(questions), -np.inf, dtype=asked_words.dtype)
    threads = utils.blas_threads()
    starts, ends = zip(*utils.shares(len(questions), threads), strict=True)
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, len(words), _ROWS_PER_BLOCK):
            block = unit(slice(first, min(first + _ROWS_PER_BLOCK, len(words))))
            arrays = (*_terms(asked_words, block, multiply), terms, first, first_variant, hidden)
            work = partial(raise_best, *arrays, hidden_scores, best, best_scores)
            list(pool.map(work, starts, ends))

    answers = best.tolist()
    for i, question in enumerate(questions):
        asked = {rows[word] for word in question[:3]}
        if len(asked) == len(variants_of[i]) and answers[i] >= 0:
            continue
        # Other spellings of the question's words take places among the candidates, and may take all.
        scores = hidden_scores[first_variant[i] : first_variant[i + 1]].tolist()
        ranked = sorted(zip([-score for score in scores], variants_of[i], strict=True))
        before = [
            row
            for score, row in ranked
            if row not in asked and (best[i] < 0 or (score, row) < (-best_scores[i], best[i]))
        ]
        if len(before) >= CANDIDATES:
            answers[i] = before[CANDIDATES - 1]
        elif best[i] < 0 and before:
            answers[i] = before[-1]
    return [None if answer < 0 else words[answer] for answer in answers]


# --- rankings ---

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
    ir_measures = _ir_measures()
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
    parsed = {measure: _measure(measure) for measure in measures}
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
            str(number): {str(document): of_grade(_whole(grade)) for document, grade in qrels[query].items()}
            for number, query in enumerate(judged)
        }
        for metric in ir_measures.iter_calc(list(chosen), grades, ranks):
            values[judged[int(metric.query_id)]][chosen[metric.measure]] = float(metric.value)
    return values


def cutoff_of(measure: str) -> int | None:
    """Return down to which rank a measure looks: 10 for "nDCG@10"; None if it looks at all ranks."""
    cutoff = _measure(measure).params.get("cutoff")
    return None if cutoff is None else int(cutoff)


def _measure(name: str) -> Any:
    package = _ir_measures()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its parser asks for names that `ast` gives up
        try:
            return package.parse_measure(name)
        except (NameError, ValueError, SyntaxError) as error:
            raise ValueError(f"measure {name!r}: {error}; examples are nDCG@10, AP, R@100") from None


def _whole(grade: Any) -> int:
    if int(grade) != grade:
        raise ValueError(f"grade {grade!r}: measures take whole numbers")
    return int(grade)


def _ir_measures() -> Any:
    try:
        import ir_measures
    except ImportError:
        raise ImportError(
            "measures of rankings need the package ir_measures: pip install 'fastw2v[desm]'"
        ) from None
    return ir_measures
