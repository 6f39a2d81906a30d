"""Analogies: a is to b as c is to …?"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from fastw2v.evaluation.words import Array, Unit, fold_case, lines_of, rows_by_word
from fastw2v.formats.atomic import StrPath
from fastw2v.query._sieve import raise_best
from fastw2v.threads import blas_threads, shares

logger = logging.getLogger("fastw2v.evaluation")

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
    folded = fold_case(words, case_insensitive)
    rows = rows_by_word(folded)
    sections: list[Section] = []
    asked: list[tuple[Section, Question]] = []
    known: list[Question] = []
    unknown = 0
    for number, line in lines_of(path, "utf8"):
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
    threads = blas_threads()
    starts, ends = zip(*shares(len(questions), threads), strict=True)
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
