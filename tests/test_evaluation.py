"""Analogies and word pairs: gensim's numbers, from batches of matrix products; and measures of rankings."""

from __future__ import annotations

import ast
import codecs
import gzip
import logging
import math
import re
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import NEEDS_IR_MEASURES, few_vectors, gensim_twin

from fastw2v import evaluation
from fastw2v.evaluation import questions as questions_module
from fastw2v.evaluation import rankings
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.warn import FastW2VWarning

ROOTS = ["paris", "france", "rome", "italy", "berlin", "germany", "tokyo", "japan", "straße", "ok"]


def words_in_all_cases() -> list[str]:
    """Each word lower-case, some also in other spellings: the first of them is meant."""
    words = list(ROOTS)
    words += [word.capitalize() for word in ROOTS[:6]] + [word.upper() for word in ROOTS[:5]]
    words += [word[:-1] + word[-1].upper() for word in ROOTS[:4]] + [
        word[0] + word[1:].upper() for word in ROOTS[:4]
    ]
    words += [f"other{i}" for i in range(20)]
    return words


def vectors_of(words: list[str], seed: int, spread: float) -> KeyedVectors:
    """Spellings of one word lie within `spread` of each other; little spread crowds the candidates."""
    rng = np.random.default_rng(seed)
    centres: dict[str, np.ndarray] = {}
    rows = [
        centres.setdefault(word.upper(), rng.standard_normal(6)) + spread * rng.standard_normal(6)
        for word in words
    ]
    kv = KeyedVectors(6)
    kv.add_vectors(words, np.array(rows) * rng.uniform(0.1, 10, (len(words), 1)))
    return kv


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """All kinds of lines; random questions, in random case, some with unknown or repeated words."""
    rng = np.random.default_rng(5)
    words = [*words_in_all_cases(), "unknown"]
    lines = [
        ": capitals",
        "paris france rome italy",
        "too few words",
        "",
        "five words in a line",
        ":no section",
    ]
    for section in range(3):
        lines.append(f": section {section}")
        lines += [" ".join(rng.choice(words, 4)) for _ in range(60)]
    lines += [": empty", ": again", "\tParis \t France  ROME Italy \r"]
    path = tmp_path / "questions.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf8")
    return path


ANALOGY_OPTIONS: list[dict[str, Any]] = [
    {},
    {"case_insensitive": False},
    {"dummy4unknown": True},
    {"restrict_vocab": 12},
    {"restrict_vocab": 5, "dummy4unknown": True},
    {"restrict_vocab": None},
    {"restrict_vocab": 0},
]


@pytest.mark.parametrize("options", ANALOGY_OPTIONS, ids=repr)
@pytest.mark.parametrize("spread", [0.01, 0.3, 2.0])
def test_analogies_as_gensim(questions: Path, options: dict[str, Any], spread: float) -> None:
    kv = vectors_of(words_in_all_cases(), 1, spread)
    expected = gensim_twin(kv).evaluate_word_analogies(str(questions), **options)
    assert kv.evaluate_word_analogies(questions, **options) == expected


SPELLINGS = "aa bb cc AA BB CC Aa Bb Cc aA bB cC"


@pytest.mark.parametrize(
    "words", ["a b c", "a b c A", "a b c A B C", "a b c A B C d", SPELLINGS, SPELLINGS + " d"]
)
def test_hardly_a_word_but_the_questions(tmp_path: Path, words: str) -> None:
    """The nearest five may all be spellings of the question's words; the last of them is then the answer."""
    path = tmp_path / "questions"
    questions = product(words.split()[:3], words.split()[:3], words.split()[:3], {*words.upper().split()})
    path.write_text(": s\n" + "".join(" ".join(question) + "\n" for question in questions))
    for seed in range(10):
        kv = vectors_of(words.split(), seed, 0.5)
        expected = gensim_twin(kv).evaluate_word_analogies(str(path))
        assert kv.evaluate_word_analogies(path) == expected


@pytest.mark.parametrize("spread", [0.01, 0.3])
def test_analogies_in_blocks(monkeypatch: pytest.MonkeyPatch, questions: Path, spread: float) -> None:
    kv = vectors_of(words_in_all_cases(), 2, spread)
    whole = kv.evaluate_word_analogies(questions)
    monkeypatch.setattr(questions_module, "ROWS_PER_BLOCK", 4)
    assert kv.evaluate_word_analogies(questions) == whole
    assert 0 < whole[0] < 1


def slow_answer(kv: KeyedVectors, question: tuple[str, ...], multiply: bool) -> str | None:
    """The definition, one question at a time, over all rows."""
    rows: dict[str, int] = {}
    for row, word in enumerate(kv.index_to_key):
        rows.setdefault(word.upper(), row)
    a, b, c = (rows[word] for word in question[:3])
    unit = kv.get_normed_vectors().astype(np.float64)
    if multiply:
        cosines = (1 + unit @ unit.T) / 2
        scores = cosines[b] * cosines[c] / (cosines[a] + 1e-6)
    else:
        scores = unit @ (unit[b] + unit[c] - unit[a])
    nearest = [row for row in np.argsort(-scores).tolist() if row not in (a, b, c)][:5]
    answer = None
    for row in nearest:
        answer = kv.index_to_key[row].upper()
        if answer not in question[:3]:
            break
    return answer


@pytest.mark.parametrize("function", ["most_similar", "most_similar_cosmul"])
@pytest.mark.parametrize("spread", [0.01, 0.5])
def test_analogies_by_definition(questions: Path, function: str, spread: float) -> None:
    kv = vectors_of(words_in_all_cases(), 3, spread)
    _, sections = kv.evaluate_word_analogies(questions, similarity_function=function)
    total = sections[-1]
    assert len(total["correct"]) + len(total["incorrect"]) > 100
    for verdict in ("correct", "incorrect"):
        for question in total[verdict]:
            right = slow_answer(kv, question, function.endswith("cosmul")) == question[3]
            assert right == (verdict == "correct"), question


def test_the_functions_differ(questions: Path) -> None:
    kv = vectors_of(words_in_all_cases(), 3, 0.5)
    answers = [
        kv.evaluate_word_analogies(questions, similarity_function=name)
        for name in ("most_similar", "most_similar_cosmul")
    ]
    assert answers[0] != answers[1]


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
@pytest.mark.parametrize("function", ["most_similar", "most_similar_cosmul"])
def test_other_precisions(questions: Path, function: str, dtype: Any) -> None:
    kv = vectors_of(words_in_all_cases(), 3, 0.5)
    other = KeyedVectors(6, dtype=dtype)
    other.add_vectors(kv.index_to_key, kv.vectors)
    expected = kv.evaluate_word_analogies(questions, similarity_function=function)[0]
    score = other.evaluate_word_analogies(questions, similarity_function=function)[0]
    assert score == pytest.approx(expected, abs=0.02)


def test_opposite_vectors_can_be_multiplied(tmp_path: Path) -> None:
    """Cosines of -1 shift to 0, whose logarithm is none."""
    kv = KeyedVectors(2)
    kv.add_vectors([*"abcdef"], [[1, 0], [1, 1], [1, -1], [-1, 0], [-1, -1], [-2, 0]])
    path = tmp_path / "questions"
    path.write_text(": s\n" + "".join(" ".join(question) + "\n" for question in product("abcdef", repeat=4)))
    score, sections = kv.evaluate_word_analogies(path, similarity_function="most_similar_cosmul")
    assert len(sections[-1]["correct"]) + len(sections[-1]["incorrect"]) == 6**4 and 0 < score < 1


@pytest.mark.filterwarnings("ignore:.*is an older spelling:DeprecationWarning")
@pytest.mark.parametrize("function", ["most_similar", "most_similar_cosmul"])
def test_accuracy(questions: Path, function: str) -> None:
    """gensim 3's name; the function is given itself."""
    kv = vectors_of(words_in_all_cases(), 3, 0.5)
    expected = kv.evaluate_word_analogies(questions, 12, similarity_function=function)
    assert kv.accuracy(questions, 12, getattr(KeyedVectors, function)) == expected[1]
    if function == "most_similar":
        assert kv.accuracy(questions, restrict_vocab=12) == expected[1]


def test_rows_without_direction_or_key(questions: Path) -> None:
    kv = vectors_of(words_in_all_cases(), 1, 0.3)
    expected = kv.evaluate_word_analogies(questions)
    pairs = questions.with_name("pairs")
    pairs.write_text("paris\trome\t1\nparis\tother1\t2\nzero\tnan\t3\n")
    kv.add_vectors(["zero", "nan"], np.array([[0] * 6, [np.nan] * 6]))
    assert kv.evaluate_word_analogies(questions) == expected
    pearson, spearman, _ = kv.evaluate_word_pairs(pairs)
    assert np.isfinite([pearson[0], spearman[0]]).all()

    prepared = KeyedVectors(6, count=len(kv) + 5)
    for word in kv.index_to_key:
        prepared.add_vector(word, kv[word])
    assert prepared.evaluate_word_analogies(questions) == expected


def test_the_object_is_left_as_it_was(questions: Path) -> None:
    """gensim swaps key_to_index meanwhile, and loses it if something is raised."""
    kv = vectors_of(words_in_all_cases(), 1, 0.3)
    before = dict(kv.key_to_index), kv.vectors.copy()
    kv.evaluate_word_analogies(questions)
    questions.write_bytes(b": s\nparis \xff rome italy\n")
    with pytest.raises(UnicodeDecodeError):
        kv.evaluate_word_analogies(questions)
    assert kv.key_to_index == before[0]
    np.testing.assert_array_equal(kv.vectors, before[1])


@pytest.mark.parametrize("text", ["", ": only a section\n", ": s\nno four words\n"])
def test_no_questions(questions: Path, text: str) -> None:
    questions.write_text(text)
    with pytest.raises(ValueError, match="holds no analogies"):
        vectors_of(ROOTS, 1, 0.3).evaluate_word_analogies(questions)


def test_no_section(questions: Path) -> None:
    questions.write_text("paris france rome italy\n")
    with pytest.raises(ValueError, match="line 1.*section"):
        vectors_of(ROOTS, 1, 0.3).evaluate_word_analogies(questions)


def test_all_unknown(questions: Path) -> None:
    questions.write_text(": s\nx y z w\n")
    score, sections = vectors_of(ROOTS, 1, 0.3).evaluate_word_analogies(questions)
    assert score == 0.0
    assert sections[-1] == {"section": "Total accuracy", "correct": [], "incorrect": []}


def test_unknown_similarity_function(questions: Path) -> None:
    with pytest.raises(ValueError, match="cosmul"):
        vectors_of(ROOTS, 1, 0.3).evaluate_word_analogies(questions, similarity_function="cosine")


PAIRS = """# word word judgement
paris\trome\t7.5
Paris\tTOKYO\t6
france\titaly\t6.5
unknown\trome\t1
ok\tother1\t0.5
berlin\tok\t1
too few\t1
one\ttwo\t3\t4
paris\trome\tmany

other2\tother3\t.25
"""

PAIR_OPTIONS: list[dict[str, Any]] = [
    {},
    {"case_insensitive": False},
    {"dummy4unknown": True},
    {"restrict_vocab": 10},
    {"restrict_vocab": 8, "dummy4unknown": True},
    {"encoding": "latin-1"},
    {"delimiter": " "},
]


@pytest.mark.parametrize("options", PAIR_OPTIONS, ids=repr)
def test_pairs_as_gensim(tmp_path: Path, options: dict[str, Any]) -> None:
    path = tmp_path / "pairs"
    path.write_text(PAIRS.replace("\t", options.get("delimiter", "\t")))
    kv = vectors_of(words_in_all_cases(), 4, 0.3)
    expected = gensim_twin(kv).evaluate_word_pairs(str(path), **options)
    pearson, spearman, unknown = kv.evaluate_word_pairs(path, **options)
    np.testing.assert_allclose(pearson, expected[0], atol=1e-6)
    np.testing.assert_allclose(spearman, expected[1], atol=1e-6)
    assert type(pearson) is type(expected[0]) and type(spearman) is type(expected[1])
    assert unknown == expected[2]


@pytest.mark.parametrize("judgement", ["nan", "inf", "-Infinity"])
def test_a_judgement_that_is_no_number_is_left_out(tmp_path: Path, judgement: str) -> None:
    path, without = tmp_path / "pairs", tmp_path / "without"
    pairs = "w0\tw1\t3\nw1\tw2\t1\nw2\tw3\t2\n"
    path.write_text(f"{pairs}w3\tw4\t{judgement}\n")
    without.write_text(pairs)
    assert few_vectors().evaluate_word_pairs(path) == few_vectors().evaluate_word_pairs(without)


def test_pairs_by_hand(tmp_path: Path) -> None:
    kv = KeyedVectors(2)
    kv.add_vectors(["a", "b", "c", "d"], [[1, 0], [1, 1], [0, 1], [-1, 0]])
    path = tmp_path / "pairs"
    path.write_text("a\tb\t3\na\tc\t2\na\td\t1\na\tx\t9\n")
    pearson, spearman, unknown = kv.evaluate_word_pairs(path)
    assert spearman[0] == pytest.approx(1)
    assert pearson[0] == pytest.approx(np.corrcoef([3, 2, 1], [0.5**0.5, 0, -1])[0, 1])
    assert unknown == 25.0


@pytest.mark.parametrize("text", ["", "# nothing\n", "x\ty\t1\nz\tw\t2\n", "paris\trome\t1\n"])
def test_too_few_pairs(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pairs"
    path.write_text(text)
    with pytest.raises(ValueError, match="too few for a correlation"):
        vectors_of(ROOTS, 1, 0.3).evaluate_word_pairs(path)


def test_logging(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    KeyedVectors.log_accuracy({"section": "capitals", "correct": [1], "incorrect": [2, 3, 4]})
    KeyedVectors.log_accuracy({"section": "none", "correct": [], "incorrect": []})
    KeyedVectors.log_evaluate_word_pairs((0.25, 1), (0.5, 1), 12.5, "pairs.tsv")
    assert [record.getMessage() for record in caplog.records] == [
        "capitals: 25.0% (1/4)",
        "pairs.tsv: Pearson 0.2500, Spearman 0.5000, 12.5% unknown",
    ]


def test_missing_files(tmp_path: Path) -> None:
    kv = vectors_of(ROOTS, 1, 0.3)
    with pytest.raises(FileNotFoundError):
        kv.evaluate_word_analogies(tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        kv.evaluate_word_pairs(tmp_path / "none")


# --- files as they lie about ---


def put(folder: Path, content: str | bytes, name: str = "file") -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


JUDGED_PAIRS = "a\tb\t1\nb\tc\t2\nc\td\t4\n"


def abcd() -> KeyedVectors:
    kv = KeyedVectors(3)
    kv.add_vectors(list("abcd"), np.random.default_rng(1).normal(size=(4, 3)))
    return kv


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_a_byte_order_mark_is_no_part_of_a_word(tmp_path: Path, encoding: str) -> None:
    expected = abcd().evaluate_word_pairs(put(tmp_path, JUDGED_PAIRS))
    assert (
        abcd().evaluate_word_pairs(put(tmp_path, JUDGED_PAIRS.encode(encoding)), encoding="ascii") == expected
    )
    big_endian = codecs.BOM_UTF16_BE + JUDGED_PAIRS.encode("utf-16-be")
    assert abcd().evaluate_word_pairs(put(tmp_path, big_endian)) == expected
    analogies = put(tmp_path, ": section\na b c d\n".encode(encoding))
    assert [s["section"] for s in abcd().evaluate_word_analogies(analogies)[1]][0] == "section"


@pytest.mark.parametrize(
    "text, delimiter",
    [
        ("one,two,score\na,b,1\nb,c,2\n", "','"),
        ("a b 1\nb c 2\n", "' '"),
        ("a;b;1\nb;c;2\n", "';'"),
        ("a  b\t1\nb c   2\n", "None"),
    ],
)
def test_the_delimiter_that_would_do_is_named(tmp_path: Path, text: str, delimiter: str) -> None:
    with pytest.raises(ValueError, match=rf"with delimiter={delimiter} instead of '\\t'"):
        abcd().evaluate_word_pairs(put(tmp_path, text))
    chosen = ast.literal_eval(delimiter)
    assert abcd().evaluate_word_pairs(put(tmp_path, text * 2), delimiter=chosen)[2] == 0


def test_lines_with_another_delimiter_are_not_lost_without_a_word(tmp_path: Path) -> None:
    path = put(tmp_path, "a\tb\t1\nb\tc\t2\na\tc\t4\na,d,3\nb,d,1\n")
    with pytest.warns(FastW2VWarning, match=f"{path}: 2 lines or more are left out .*delimiter=','"):
        abcd().evaluate_word_pairs(path)


def test_a_judgement_that_is_no_number_does_not_spoil_the_others(tmp_path: Path) -> None:
    path = put(tmp_path, "a\tb\t1\nb\tc\t2\na\tc\t4\na\td\tnan\nb\td\tinf\n")
    pearson, spearman, _ = abcd().evaluate_word_pairs(path)
    assert math.isfinite(pearson[0]) and math.isfinite(spearman[0])


def test_lines_that_no_delimiter_helps_are_shown(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"line 2 is not two words and a number .*'a\\tb\\tX\\t1'"):
        abcd().evaluate_word_pairs(put(tmp_path, "one\ttwo\tpos\tscore\na\tb\tX\t1\n"))
    with pytest.raises(ValueError, match="line 2 is not four words .*'a,b,c,d'"):
        abcd().evaluate_word_analogies(put(tmp_path, ": section\na,b,c,d\n"))
    with pytest.raises(ValueError, match="line 1: found 'a b c d' before the first section"):
        abcd().evaluate_word_analogies(put(tmp_path, "a b c d\n"))


@pytest.mark.parametrize("read", ["evaluate_word_pairs", "evaluate_word_analogies"])
def test_what_cannot_be_read_is_told_with_file_and_line(tmp_path: Path, read: str) -> None:
    path = put(tmp_path, b": b\n\xff\tb\t1\n")
    with pytest.raises(UnicodeDecodeError, match=rf"line 2 of {path}: the text is not utf-8"):
        getattr(abcd(), read)(path)
    path = put(tmp_path, gzip.compress(random_bytes(9000))[:-20], "cut.gz")
    with pytest.raises(ValueError, match=rf"{path}: the compressed data is cut short"):
        getattr(abcd(), read)(path)


@pytest.mark.parametrize("read", ["evaluate_word_pairs", "evaluate_word_analogies"])
def test_what_is_no_text_is_named_for_what_it_is(tmp_path: Path, read: str) -> None:
    others = {"Parquet": b"PAR1\x15\x04", "numpy": b"\x93NUMPY\x01\0", "zip": b"PK\x03\x04" + bytes(30)}
    for what, content in others.items():
        path = put(tmp_path, content)
        with pytest.raises(ValueError, match=rf"{path}: expected a text, the file is .*{what}"):
            getattr(abcd(), read)(path)
    for given in (["a"], None, {"q": {"d": 1}}):
        with pytest.raises(TypeError, match="expected a path"):
            getattr(abcd(), read)(given)


def test_judgements_are_read_whatever_tells_of_compression_and_encoding(tmp_path: Path) -> None:
    text = "q1 d1 1\n"
    for content in (
        text.encode(),
        gzip.compress(text.encode()),
        gzip.compress(text.encode("utf-16")),
        *(text.encode(encoding) for encoding in ("utf-8-sig", "utf-16", "utf-32", "utf-16-le")),
    ):
        for name in ("qrels.txt", "qrels.gz"):
            assert evaluation.read_judgements(put(tmp_path, content, name)) == {"q1": {"d1": 1}}


def random_bytes(size: int) -> bytes:
    return b": section\n" + np.random.default_rng(0).integers(97, 120, size, dtype=np.uint8).tobytes()


QRELS = {"q1": {"d1": 1, "d2": 0}, "q2": {"d1": 2}}


@pytest.mark.parametrize(
    "text",
    [
        "q1 0 d1 1\nq1 0 d2 0\nq2 0 d1 2\n",
        "q1 d1 1\nq1 d2 0\n\nq2  d1\t2",
        "q1\td1\t1\r\nq1\td2\t0\r\nq2\td1\t2\r\n",
        "  # judged by 3\n#topic 3 4\nq1 0 d1 1\nq1 0 d2 0\n# x y 3\nq2 0 d1 2\n",
        "\ufeffq1 0 d1 1\nq1 0 d2 0\nq2 0 d1 2\n",
        "\ufeff# by 3\nq1 0 d1 1\nq1 0 d2 0\nq2 0 d1 2\n",
        "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td2\t0\nq2\td1\t2\n",
        "topic iteration docno relevance\nq1 0 d1 1\nq1 0 d2 0\nq2 0 d1 2\n",
        "query_id\tdoc\tsome\tmore\tgrade\nq1\td1\t1\nq1\td2\t0\nq2\td1\t2.0\n",
        "q1 d1 1\nq1 d2 0\nq2 d1 2\nq1 d1 1\n",  # the same twice
        "q1 \t0\t d1\t+1\t\nq1\t0\td2\t0\nq2\t0\td1\t2\n",
    ],
)
def test_judgements_as_they_are_written(tmp_path: Path, text: str) -> None:
    assert evaluation.read_judgements(put(tmp_path, text)) == QRELS


def test_tabs_separate_where_there_are_tabs(tmp_path: Path) -> None:
    for text in ("q 1\ta b\t-1\n", "q 1\t0\ta b\t-1\n"):
        assert evaluation.read_judgements(put(tmp_path, text)) == {"q 1": {"a b": -1}}


@pytest.mark.parametrize(
    "text, message",
    [
        ("10 GX2 0 1 0.16\n10 GX4 2 2 0.60\n", "line 1: .*5 columns"),
        ("q1 Q0 d1 1 9.5 tag\n", "line 1: .*six columns are a run"),
        ("q1\tQ0\td1\t1\t9.5\ttag\n", "line 1: .*six columns are a run"),
        ("q1 0 d1 1 # sure\n", "line 1: .*6 columns; leave query"),
        ("q1 d1\n", "line 1: expected query, document and grade"),
        ("q1 d1 1\nq1 d2 0.5\n", "line 2: .*'0.5' is not a whole number"),
        ("q1 d1 1\nquery document grade\n", "line 2: .*'grade' is not a whole number"),
        ("q1 d1 high\n", "line 1: .*'high' is not a whole number"),
        ('{"query-id": "q1", "corpus-id": "d1", "score": 1}\n', "line 1: .*JSON"),
        ("q1,d1,1\n", "line 1: .*by tabs or spaces, not by commas"),
        ("q1 d1 1\nq1 a b 1\n", "line 2: .*4 columns, where the lines before have 3"),
        ("q1 d1 1\nq1 d2 1\nq1 d1 2\n", "line 3: query 'q1' has document 'd1' with grade 2, but .* 1"),
        ("", "has no judgements"),
        ("query-id\tcorpus-id\tscore\n", "has no judgements"),
    ],
)
def test_what_are_no_judgements(tmp_path: Path, text: str, message: str) -> None:
    path = put(tmp_path, text)
    with pytest.raises(ValueError, match=f"^{path}.*{message}"):
        evaluation.read_judgements(path)


# --- rankings ---


@NEEDS_IR_MEASURES
def test_ranking_measures_by_hand() -> None:
    qrels = {"1": {"a": 2, "b": 1, "c": 0, "d": 1}, "2": {"a": 1}, "none": {}}
    run = {"1": [("b", 9.0), ("x", 9.0), ("a", 1.0)], "other": [("a", 1.0)]}
    with pytest.warns(FastW2VWarning, match="1 of the 2 judged queries are not in the run .*: '2'"):
        found = evaluation.evaluate_ranking(run, qrels, ["nDCG@3", "AP", "R@3", "nDCG@1"])
    run["2"] = []
    ideal = 3 + 1 / math.log2(3) + 1 / 2
    assert found["nDCG@3"] == pytest.approx((1 + 3 / 2) / ideal / 2)  # query 2 is judged and has no answer
    assert found["nDCG@1"] == pytest.approx(1 / 3 / 2)
    assert found["AP"] == pytest.approx((1 + 2 / 3) / 3 / 2)
    assert found["R@3"] == pytest.approx(2 / 3 / 2)
    linear = evaluation.evaluate_ranking(run, qrels, ["nDCG@3"], gain="linear")
    assert linear["nDCG@3"] == pytest.approx((1 + 2 / 2) / (2 + 1 / math.log2(3) + 1 / 2) / 2)


@NEEDS_IR_MEASURES
def test_documents_of_equal_score_count_in_the_order_given() -> None:
    for order, value in (("ab", 1.0), ("ba", 0.0)):
        run = {1: [(name, 0.5) for name in order]}
        assert evaluation.evaluate_ranking(run, {1: {"a": 1}}, ["nDCG@1"]) == {"nDCG@1": value}


@pytest.mark.parametrize(
    "qrels, measure, gain, message",
    [
        ({}, "AP", "linear", "no query"),
        ({1: {2: 1}}, "Zest@3", "linear", "Zest"),
        ({1: {2: 1}}, "AP", "x", "gain"),
        ({1: {2: 0.5}}, "AP", "linear", "grade 0.5"),
    ],
)
@NEEDS_IR_MEASURES
def test_rankings_that_cannot_be_judged(qrels: Any, measure: str, gain: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluation.evaluate_ranking({}, qrels, [measure], gain=gain)


@pytest.mark.parametrize(
    "name, measure",
    [
        ("AP", lambda package: package.AP),
        ("NDCG@3", lambda package: package.nDCG @ 3),
        (" P(rel=2) @ 5 ", lambda package: package.P(rel=2) @ 5),
        (
            "nDCG(dcg='exp-log2', judged_only=True)@10",
            lambda package: package.nDCG(dcg="exp-log2", judged_only=True) @ 10,
        ),
        ("IPrec@0.3", lambda package: package.IPrec @ 0.3),
    ],
)
def test_names_of_measures(name: str, measure: Any) -> None:
    package = pytest.importorskip("ir_measures", reason="measures are of this package")
    assert rankings._parse_measure(name) == measure(package)


@pytest.mark.parametrize(
    "name", ["", "AP(", "nDCG@x", "nDCG@1@2", "P(2)@3", "AP;R@1", "1+1", "Measure", "P(a=b)"]
)
def test_what_is_no_name_of_a_measure(name: str) -> None:
    pytest.importorskip("ir_measures", reason="measures are of this package")
    with pytest.raises(ValueError, match=re.escape(f"measure {name!r}")):
        rankings._parse_measure(name)


@NEEDS_IR_MEASURES
def test_a_run_is_by_query() -> None:
    assert evaluation.evaluate_ranking({1: [(2, 0.5)]}, {1: {2: 1}}, "AP") == {"AP": 1}
    with pytest.raises(TypeError, match="mappings by query, not list and dict"):
        evaluation.evaluate_ranking([(2, 0.5)], {1: {2: 1}})  # type: ignore[arg-type]


@pytest.mark.parametrize("run, named", [({"1": [("a", 1)]}, "like '1'"), ({}, "which is empty")])
@NEEDS_IR_MEASURES
def test_queries_that_meet_nowhere_are_an_error(run: Any, named: str) -> None:
    with pytest.raises(ValueError, match=f"none of the 2 judged queries, such as 'q1', 'q2', .*{named}"):
        evaluation.evaluate_ranking(run, {"q1": {"a": 1}, "q2": {"a": 1}}, "AP")


@NEEDS_IR_MEASURES
def test_documents_that_meet_nowhere_are_told() -> None:
    with pytest.warns(FastW2VWarning, match="none of the 1 judged documents, such as '07', .* '7': give"):
        assert evaluation.evaluate_ranking({1: [("7", 1.0)]}, {1: {"07": 1}}, "AP") == {"AP": 0}
    assert evaluation.evaluate_ranking({1: [(7, 1.0)]}, {1: {"7": 1}}, "AP") == {"AP": 1}
    assert evaluation.evaluate_ranking({1: []}, {1: {"7": 1}}, "AP") == {"AP": 0}
