"""Analogies: a is to b as c is to …?"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any, TypedDict

import numpy as np

from fastw2v.checks import one_of
from fastw2v.evaluation.words import Array, Unit, fold_case, lines_of, rows_by_word
from fastw2v.formats.atomic import StrPath
from fastw2v.query._sieve import raise_best
from fastw2v.threads import Pool, blas_threads, in_shares

logger = logging.getLogger("fastw2v.evaluation")

Question = tuple[str, str, str, str]
"""The words a, b, c and the expected answer."""
CANDIDATES = 5
"""The number of nearest rows among which an answer must be; case variants of a, b, c count too."""
ROWS_PER_BLOCK = 1 << 9  # so that the scores for one question fit in the nearest cache


class Section(TypedDict):
    """The questions under one heading of a file: the heading, and those answered right and wrong."""

    section: str
    correct: list[Question]
    incorrect: list[Question]


def analogies(
    path: StrPath,
    words: Sequence[Any],
    unit: Unit,
    *,
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
    similarity_function: str = "most_similar",
) -> tuple[float, list[Section]]:
    """Answer the questions in a file, "a is to b as c is to …?".

        most_similar          the row nearest to b − a + c
        most_similar_cosmul   the row with the largest cos(b) cos(c) / (cos(a) + 1e-6), cosines shifted to 0…1

    Rows that are a, b or c in any case are no answers. The answer must be among the `CANDIDATES` best rows.
    Words are compared by unit vectors. A line is four words, the last one the expected answer; a line
    ": name" starts a section. Other lines are skipped and logged.

    Args:
        path (path): the file; it may be compressed.
        words (sequence of words): V words, by row.
        unit (callable): slice or int array of rows → vectors of length 1, float (n, D).
        case_insensitive (bool): whether to compare words in upper case; of equal words the first row counts.
        dummy4unknown (bool): whether questions with unknown words count as wrong answers, or are left out.
        similarity_function (str): "most_similar" or "most_similar_cosmul".

    Returns:
        (float, list of Section): the share of right answers, and the sections; the last one,
        "Total accuracy", has the questions of all others.

    Raises:
        ValueError: the file has no question, or one before the first section; or an unknown
            `similarity_function`.
        OSError: the file cannot be read.
        UnicodeDecodeError: the file is not UTF-8.

    Mikolov et al. 2013, "Efficient Estimation of Word Representations in Vector Space", arXiv 1301.3781;
    3CosMul: Levy and Goldberg 2014, "Linguistic Regularities in Sparse and Explicit Word Representations".
    """
    one_of("similarity_function", similarity_function, ("most_similar", "most_similar_cosmul"))
    folded = fold_case(words, case_insensitive)
    rows = rows_by_word(folded)
    sections, asked = _read_questions(path, case_insensitive)
    known = [question for _, question in asked if all(word in rows for word in question)]
    multiply = similarity_function == "most_similar_cosmul"
    answers = dict(zip(known, _answer(known, rows, folded, unit, multiply), strict=True))
    for section, question in asked:
        if question in answers or dummy4unknown:
            right = question in answers and answers[question] == question[3]
            (section["correct"] if right else section["incorrect"]).append(question)
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
    """Return the sections of a file, still empty, and all questions, each with its section."""
    sections: list[Section] = []
    asked: list[tuple[Section, Question]] = []
    skipped = ""
    for number, line in lines_of(path, "utf8"):
        if line.startswith(": "):
            sections.append({"section": line.lstrip(": ").strip(), "correct": [], "incorrect": []})
            continue
        if not sections:
            raise ValueError(
                f"{path}, line {number}: found {line.strip()[:60]!r} before the first section, expected a "
                "line ': name of section'"
            )
        fields = (line.upper() if case_insensitive else line).split()
        if len(fields) != 4:
            logger.info("%s, line %d: skipped, not four words", path, number)
            skipped = skipped or f"; line {number} is not four words between spaces: {line.strip()[:60]!r}"
            continue
        a, b, c, expected = fields
        asked.append((sections[-1], (a, b, c, expected)))
    if not asked:
        raise ValueError(
            f"{path} holds no analogies: give a line ': name of section', then lines of four words{skipped}"
        )
    return sections, asked


def _add_up(sections: list[Section]) -> Section:
    """Return the section that has all questions of the others."""
    total: Section = {"section": "Total accuracy", "correct": [], "incorrect": []}
    for section in sections:
        total["correct"] += section["correct"]
        total["incorrect"] += section["incorrect"]
    return total


def log_accuracy(section: Section) -> None:
    """Log the share of right answers in a section, unless it is empty.

    Args:
        section (Section): a section that `analogies` returned.
    """
    right, wrong = len(section["correct"]), len(section["incorrect"])
    if right + wrong:
        logger.info("%s: %.1f%% (%d/%d)", section["section"], 100 * _share(section), right, right + wrong)


def _share(section: Section) -> float:
    """Return the share of right answers in a section, 0 if it is empty."""
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
    """For each of Q questions, the nearest row that is not a spelling of a, b or c (a "variant").

    The rows of the matrix are read once, for all questions together. The scores of variants are kept: they
    take places among the candidates, perhaps all.
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
        self.asked_words = unit(np.array(used))  # (R, D), of all questions
        # (Q, 3): the rows of a, b and c in asked_words.
        terms = [[place[rows[word]] for word in question[:3]] for question in questions]
        self.terms = np.array(terms, dtype=np.int64)
        self.asked_rows = [{rows[word] for word in question[:3]} for question in questions]
        self.variants = [
            sorted({row for word in question[:3] for row in spellings[word]}) for question in questions
        ]
        # All variants; those of question q start at first_hidden[q].
        self.hidden = np.array([row for variants in self.variants for row in variants], dtype=np.int64)
        self.first_hidden = np.cumsum([0, *map(len, self.variants)], dtype=np.int64)
        self.hidden_scores = np.empty(len(self.hidden), dtype=self.asked_words.dtype)
        self.best = np.full(len(questions), -1, dtype=np.int64)
        self.best_scores = np.full(len(questions), -np.inf, dtype=self.asked_words.dtype)

    def look_through(self, count: int, multiply: bool) -> None:
        """Find the best of the first `count` rows for each question, and the scores of its variants."""
        threads = blas_threads()
        with Pool(threads) as pool:
            for first in range(0, count, ROWS_PER_BLOCK):
                block = self.unit(slice(first, min(first + ROWS_PER_BLOCK, count)))
                work = partial(
                    raise_best,
                    *_gains_and_losses(self.asked_words, block, multiply),
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
        """Return the row that answers question i, whose words have other spellings; -1 if there is none."""
        best, best_score = int(self.best[i]), self.best_scores[i]
        scores = self.hidden_scores[self.first_hidden[i] : self.first_hidden[i + 1]].tolist()
        ranked = sorted(zip([-score for score in scores], self.variants[i], strict=True))
        # The best row is the answer, unless so many spellings come before it that it is not a candidate.
        before = [
            row
            for score, row in ranked
            if row not in self.asked_rows[i] and (best < 0 or (score, row) < (-best_score, best))
        ]
        if len(before) >= CANDIDATES:
            return before[CANDIDATES - 1]
        return before[-1] if best < 0 and before else best


def _gains_and_losses(asked: Array, candidates: Array, multiply: bool) -> tuple[Array, Array]:
    """Return what candidates, unit rows (n, D), gain and lose (R, n) by each asked word, unit rows (R, D)."""
    # A candidate's score for "a is to b as c is to …?" is gain(b) + gain(c) - loss(a). All questions together
    # have only R words, whose products are computed once. 3CosMul is a sum of logarithms.
    cosines = asked @ candidates.T
    if not multiply:
        return cosines, cosines
    shifted = np.maximum((1 + cosines) / 2, np.finfo(cosines.dtype).tiny)
    return np.log(shifted), np.log(shifted + 1e-6)
