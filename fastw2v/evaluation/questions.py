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
from fastw2v.threads import blas_threads, in_shares

logger = logging.getLogger("fastw2v.evaluation")

Question = tuple[str, str, str, str]
Section = dict[str, Any]  # "section": name, "correct" and "incorrect": lists of questions
CANDIDATES = 5  # how many of the nearest words may be case variants of the question's words
ROWS_PER_BLOCK = 1 << 9  # whose scores for one question the nearest cache holds


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
    sections, asked = _read_questions(path, case_insensitive)
    known = [question for _, question in asked if all(word in rows for word in question)]
    multiply = similarity_function == "most_similar_cosmul"
    answers = dict(zip(known, _answer(known, rows, folded, unit, multiply), strict=True))
    for section, question in asked:
        if question in answers or dummy4unknown:
            right = question in answers and answers[question] == question[3]
            section["correct" if right else "incorrect"].append(question)
    sections.append(_add_up(sections))
    for section in sections:
        log_accuracy(section)
    unknown = sum(question not in answers for _, question in asked)
    logger.info(
        "%.1f%% of the questions have unknown words: %s",
        100 * unknown / len(asked),
        "taken as wrong answers" if dummy4unknown else "left out",
    )
    return _share(sections[-1]), sections


def _read_questions(
    path: StrPath, case_insensitive: bool
) -> tuple[list[Section], list[tuple[Section, Question]]]:
    """Return the sections of a file, empty as yet, and all questions, each with its section."""
    sections: list[Section] = []
    asked: list[tuple[Section, Question]] = []
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
        asked.append((sections[-1], (a, b, c, expected)))
    if not asked:
        raise ValueError(f"{path} holds no analogies: lines of four words after a line ': name of section'")
    return sections, asked


def _add_up(sections: list[Section]) -> Section:
    """Return the section that has all questions of the others."""
    total: Section = {"section": "Total accuracy", "correct": [], "incorrect": []}
    for section in sections:
        total["correct"] += section["correct"]
        total["incorrect"] += section["incorrect"]
    return total


def log_accuracy(section: Section) -> None:
    """Log the share of right answers in a section, unless it is empty."""
    right, wrong = len(section["correct"]), len(section["incorrect"])
    if right + wrong:
        logger.info("%s: %.1f%% (%d/%d)", section["section"], 100 * _share(section), right, right + wrong)


def _share(section: Section) -> float:
    right, wrong = len(section["correct"]), len(section["incorrect"])
    return right / (right + wrong) if right + wrong else 0.0


def _answer(
    questions: list[Question], rows: dict[Any, int], words: Sequence[Any], unit: Unit, multiply: bool
) -> list[Any]:
    """Return the answer to each question; None if there is none. `rows` has the first of equal `words`."""
    if not questions:
        return []
    search = _Search(questions, rows, words, unit)
    search.look_through(len(words), multiply)
    return [None if row < 0 else words[row] for row in search.answers()]


class _Search:
    """For each of Q questions, the nearest row that is no variant of its words: no spelling of a, b or c.

    Rows of the matrix pass by once, for all questions together. The scores of variants are kept, as other
    spellings of the question's words take places among the candidates, and may take all.
    """

    def __init__(
        self, questions: list[Question], rows: dict[Any, int], words: Sequence[Any], unit: Unit
    ) -> None:
        spellings: dict[Any, list[int]] = {word: [] for question in questions for word in question[:3]}
        for row, word in enumerate(words):
            if word in spellings:
                spellings[word].append(row)
        used = sorted({rows[word] for word in spellings})
        place = {row: i for i, row in enumerate(used)}
        self.unit = unit
        self.asked_words = unit(np.array(used))  # (R, D): those of all questions
        # (Q, 3): where a, b and c are among these.
        terms = [[place[rows[word]] for word in question[:3]] for question in questions]
        self.terms = np.array(terms, dtype=np.int64)
        self.asked_rows = [{rows[word] for word in question[:3]} for question in questions]
        self.variants = [
            sorted({row for word in question[:3] for row in spellings[word]}) for question in questions
        ]
        # All variants, those of question q from first_hidden[q] on.
        self.hidden = np.array([row for variants in self.variants for row in variants], dtype=np.int64)
        self.first_hidden = np.cumsum([0, *map(len, self.variants)], dtype=np.int64)
        self.hidden_scores = np.empty(len(self.hidden), dtype=self.asked_words.dtype)
        self.best = np.full(len(questions), -1, dtype=np.int64)
        self.best_scores = np.full(len(questions), -np.inf, dtype=self.asked_words.dtype)

    def look_through(self, count: int, multiply: bool) -> None:
        """Find the best of the first `count` rows for each question, and the scores of its variants."""
        threads = blas_threads()
        with ThreadPoolExecutor(threads) as pool:
            for first in range(0, count, ROWS_PER_BLOCK):
                block = self.unit(slice(first, min(first + ROWS_PER_BLOCK, count)))
                work = partial(
                    raise_best,
                    *_terms(self.asked_words, block, multiply),
                    self.terms,
                    first,
                    self.first_hidden,
                    self.hidden,
                    self.hidden_scores,
                    self.best,
                    self.best_scores,
                )
                in_shares(work, len(self.asked_rows), threads, pool)

    def answers(self) -> list[int]:
        """Return the row that answers each question, -1 if there is none."""
        answers: list[int] = self.best.tolist()
        for i, (rows, variants) in enumerate(zip(self.asked_rows, self.variants, strict=True)):
            if len(rows) < len(variants) or answers[i] < 0:
                answers[i] = self._among_variants(i)
        return answers

    def _among_variants(self, i: int) -> int:
        """Return the row that answers question i, whose words have other spellings; -1 if there is none.

        That is the best row, unless so many spellings come before it that it is no candidate.
        """
        best, best_score = int(self.best[i]), self.best_scores[i]
        scores = self.hidden_scores[self.first_hidden[i] : self.first_hidden[i + 1]].tolist()
        ranked = sorted(zip([-score for score in scores], self.variants[i], strict=True))
        before = [
            row
            for score, row in ranked
            if row not in self.asked_rows[i] and (best < 0 or (score, row) < (-best_score, best))
        ]
        if len(before) >= CANDIDATES:
            return before[CANDIDATES - 1]
        return before[-1] if best < 0 and before else best


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
