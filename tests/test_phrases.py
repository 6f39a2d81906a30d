"""Phrases are gensim's, on every text: counts, scores, what is joined; as sentences they become ids."""

from __future__ import annotations

import itertools
import json
import pickle
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastw2v import FormatError, LineSentence, Word2Vec
from fastw2v.cli import main
from fastw2v.phrases import (
    ENGLISH_CONNECTOR_WORDS,
    FrozenPhrases,
    PhrasedText,
    Phraser,
    Phrases,
    npmi_scorer,
    original_scorer,
)

TEXT = [
    "the bank of america is a bank",
    "new york is not york",
    "in new york the bank of america stands",
    "",
    "new new york",
    "york",
]
SENTENCES = [line.split() for line in TEXT] * 4
WORDS = ["a", "b", "c", "d", "of", "a_b", "_", "", "a_", "né", "b_c_d"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=9), max_size=12)
SETTINGS: dict[str, dict[str, Any]] = {
    "default": {"threshold": 0.1},
    "connectors": {"threshold": 0.5, "connector_words": frozenset(["of", "_", ""])},
    "npmi": {"threshold": 0.01, "scoring": "npmi"},
    "npmi-connectors": {
        "threshold": -0.9,
        "scoring": "npmi",
        "connector_words": frozenset(["of", "a_b"]),
        "min_count": 2,
    },
    "long-delimiter": {"threshold": 0.2, "delimiter": "__"},
    "other-delimiter": {"threshold": 0.2, "delimiter": "é"},
}


def by_length(
    worda_count: int,
    wordb_count: int,
    bigram_count: int,
    len_vocab: int,
    min_count: int,
    corpus_word_count: int,
) -> float:
    return bigram_count / (worda_count + wordb_count) * len_vocab / corpus_word_count


@pytest.fixture(scope="module")
def theirs() -> Any:
    return pytest.importorskip("gensim.models.phrases", reason="compares with gensim")


def check_same(ours: Phrases, gensims: Any, text: list[list[str]]) -> None:
    assert list(ours.vocab.items()) == list(gensims.vocab.items())
    assert (ours.corpus_word_count, ours.min_reduce) == (gensims.corpus_word_count, gensims.min_reduce)
    assert ours.export_phrases() == gensims.export_phrases()
    assert list(ours[text]) == list(gensims[text]) == [ours[sentence] for sentence in text]
    frozen, other = ours.freeze(), gensims.freeze()
    assert list(frozen.phrasegrams.items()) == list(other.phrasegrams.items())
    assert list(frozen[text]) == list(other[text]) == [frozen[sentence] for sentence in text]
    assert ours.find_phrases(text) == gensims.find_phrases(text)
    assert frozen.find_phrases(text) == other.find_phrases(text)
    assert str(ours) == str(gensims) and str(frozen) == str(other)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@given(text=TEXTS, more=TEXTS)
def test_all_is_as_gensim_has_it(theirs: Any, settings: dict[str, Any], text: Any, more: Any) -> None:
    settings = {"min_count": 1, **settings}
    ours, gensims = Phrases(text, **settings), theirs.Phrases(text, **settings)
    check_same(ours, gensims, more)
    ours.add_vocab(more)
    gensims.add_vocab(more)
    check_same(ours, gensims, text)


@given(text=TEXTS, more=TEXTS, size=st.integers(1, 12))
def test_pruned_vocabularies_are_gensims(theirs: Any, text: Any, more: Any, size: int) -> None:
    settings = {"min_count": 1, "threshold": 0.1, "max_vocab_size": size}
    ours, gensims = Phrases(text, **settings), theirs.Phrases(text, **settings)
    check_same(ours, gensims, more)
    ours.add_vocab(more)
    gensims.add_vocab(more)
    check_same(ours, gensims, text)


@given(text=TEXTS)
def test_a_function_of_the_users_scores(theirs: Any, text: Any) -> None:
    settings = {"min_count": 1, "threshold": 0.05, "scoring": by_length}
    check_same(Phrases(text, **settings), theirs.Phrases(text, **settings), text)


PAIRS = [*itertools.product([3, 9], [9, 50], [0, 1, 3], [50], [1, 4], [60, 100])]


@pytest.mark.parametrize("counts", PAIRS, ids=str)
def test_scorers_are_gensims(theirs: Any, counts: tuple[int, ...]) -> None:
    for ours, gensims in ((original_scorer, theirs.original_scorer), (npmi_scorer, theirs.npmi_scorer)):
        assert ours(*counts) == gensims(*counts)
    assert ENGLISH_CONNECTOR_WORDS == theirs.ENGLISH_CONNECTOR_WORDS


def test_what_cannot_be_scored_is_no_phrase() -> None:
    assert original_scorer(0, 3, 0, 9, 1, 9) == npmi_scorer(0, 3, 0, 9, 1, 9) == -np.inf
    assert npmi_scorer(9, 9, 9, 9, 1, 9) == -np.inf  # gensim divides by ln 1


def test_phrases_of_phrases(theirs: Any) -> None:
    settings: dict[str, Any] = {"min_count": 1, "threshold": 0.1}
    chains = []
    for module in (Phrases, theirs.Phrases):
        first = module(SENTENCES, **settings)
        second = module(first[SENTENCES], **settings)
        chains.append((first, second))
    (ours, longer), (gensims, theirs_longer) = chains
    check_same(longer, theirs_longer, list(ours[SENTENCES]))
    assert list(longer[ours[SENTENCES]]) == list(theirs_longer[gensims[SENTENCES]])
    assert any(word.count("_") > 1 for sentence in longer[ours[SENTENCES]] for word in sentence)


def test_connectors_stand_inside() -> None:
    phrases = Phrases(SENTENCES, min_count=1, threshold=0.1, connector_words=ENGLISH_CONNECTOR_WORDS)
    assert phrases[["the", "bank", "of", "america"]] == ["the", "bank_of_america"]
    assert phrases[["bank", "of"]] == ["bank", "of"]
    assert phrases.vocab["bank_of_america"] == 8 and "of" not in phrases.vocab


# --- what is taken ---


def test_texts_of_all_kinds(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("\n".join(line for line in TEXT if line) + "\n")
    expected = Phrases([line.split() for line in TEXT], min_count=1, threshold=0.1)
    texts = [
        LineSentence(str(tmp_path / "text")),
        (line.split() for line in TEXT),
        iter([line.split() for line in TEXT]),
        tuple(tuple(line.split()) for line in TEXT),
    ]
    for text in texts:
        made = Phrases(text, min_count=1, threshold=0.1)
        assert made.vocab == expected.vocab and made.corpus_word_count == expected.corpus_word_count
    reader = LineSentence(str(tmp_path / "text"))
    assert list(expected[reader]) == list(expected[list(reader)])


def test_sentences_and_texts_are_told_apart() -> None:
    phrases = Phrases(SENTENCES, min_count=1, threshold=0.1)
    assert phrases[["new", "york"]] == phrases[iter(["new", "york"])] == ["new_york"]
    assert phrases[[]] == []
    text = phrases[SENTENCES]
    assert isinstance(text, PhrasedText) and list(text) == list(text)
    once = phrases[iter(SENTENCES)]
    assert list(once) == list(text) and list(once) == []


@pytest.mark.filterwarnings("ignore::fastw2v.FastW2VWarning")
@pytest.mark.parametrize("text", [[["a", 3]], [[b"a", b"b"]], [["a", None]]], ids=str)
def test_only_strings_are_joined(text: Any) -> None:
    phrases = Phrases(SENTENCES, min_count=1, threshold=0.1)
    before = phrases.vocab
    with pytest.raises(TypeError, match="phrases are made of str"):
        phrases.add_vocab(text)
    assert phrases.vocab == before
    with pytest.raises(TypeError, match="phrases are made of str"):
        list(phrases[text])


def refused() -> list[Any]:
    return [
        (ValueError, "min_count=0: it must be above 0", {"min_count": 0}),
        (ValueError, "threshold=0.0: with scoring='default' it must be above 0", {"threshold": 0}),
        (ValueError, "threshold=2.0: with scoring='npmi'", {"threshold": 2, "scoring": "npmi"}),
        (ValueError, "scoring='pmi': give 'default'", {"scoring": "pmi"}),
        (ValueError, "lacks the parameters bigram_count", {"scoring": lambda worda_count: 1}),
        (TypeError, "scoring is of type int", {"scoring": 3}),
        (ValueError, "delimiter is '': give a str", {"delimiter": ""}),
        (TypeError, "connector_words is the str 'of': give a set", {"connector_words": "of"}),
        (ValueError, "max_vocab_size=0", {"max_vocab_size": 0}),
    ]


@pytest.mark.parametrize(("error", "message", "settings"), refused())
def test_wrong_arguments_are_refused(error: Any, message: str, settings: dict[str, Any]) -> None:
    with pytest.raises(error, match=message):
        Phrases(SENTENCES, **settings)


# --- kept ---


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_files_and_pickles_give_the_same(tmp_path: Path, settings: dict[str, Any]) -> None:
    phrases = Phrases(SENTENCES, **{"min_count": 1, **settings})
    phrases.save(tmp_path / "phrases")
    phrases.freeze().save(tmp_path / "frozen")
    for other in (Phrases.load(tmp_path / "phrases"), pickle.loads(pickle.dumps(phrases))):
        assert list(other.vocab.items()) == list(phrases.vocab.items())
        assert other.export_phrases() == phrases.export_phrases()
        assert list(other[SENTENCES]) == list(phrases[SENTENCES]) and str(other) == str(phrases)
        other.add_vocab([["more"]])
        assert other.vocab["more"] == 1 and other.corpus_word_count == phrases.corpus_word_count + 1
    frozen = phrases.freeze()
    for same in (FrozenPhrases.load(tmp_path / "frozen"), pickle.loads(pickle.dumps(frozen))):
        assert same.phrasegrams == frozen.phrasegrams and list(same[SENTENCES]) == list(frozen[SENTENCES])


def test_other_files_are_refused(tmp_path: Path) -> None:
    phrases = Phrases(SENTENCES, min_count=1)
    phrases.save(tmp_path / "phrases")
    with pytest.raises(FormatError, match="is not what FrozenPhrases.save writes"):
        FrozenPhrases.load(tmp_path / "phrases")
    good = json.loads((tmp_path / "phrases").read_text())
    for change in (
        {"vocab": [1]},
        {"vocab": {"a": -1}},
        {"vocab": {"a": 0.5}},
        {"min_count": "x"},
        {"format": 3},
    ):
        (tmp_path / "bad").write_text(json.dumps(good | change))
        with pytest.raises(FormatError, match="bad is not what Phrases.save writes"):
            Phrases.load(tmp_path / "bad")
    (tmp_path / "bad").write_bytes(pickle.dumps(phrases))
    with pytest.raises(FormatError, match="It may be gensim's"):
        Phrases.load(tmp_path / "bad")
    with pytest.raises(TypeError, match="cannot be saved"):
        Phrases(SENTENCES, scoring=by_length).save(tmp_path / "bad")


def test_gensims_phrases_can_be_frozen(theirs: Any) -> None:
    gensims = theirs.Phrases(SENTENCES, min_count=1, threshold=0.1)
    assert list(Phraser(gensims)[SENTENCES]) == list(gensims[SENTENCES])
    assert list(theirs.Phraser(Phrases(SENTENCES, min_count=1, threshold=0.1))[SENTENCES]) == list(
        gensims[SENTENCES]
    )


def test_a_phrase_can_be_struck_out() -> None:
    frozen = Phrases(SENTENCES, min_count=1, threshold=0.1).freeze()
    assert ["new_york"] in list(frozen[[["new", "york"]]])
    del frozen.phrasegrams["new_york"]
    assert list(frozen[[["new", "york"]]]) == [["new", "york"]] == [frozen[["new", "york"]]]


# --- as sentences ---


@pytest.mark.parametrize("kind", ["list", "file", "frozen", "twice"])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_model_of_phrased_text_is_that_of_its_strings(tmp_path: Path, kind: str, workers: int) -> None:
    (tmp_path / "text").write_text("".join(f"{' '.join(words)}\n" for words in SENTENCES))
    text: Any = LineSentence(str(tmp_path / "text")) if kind == "file" else SENTENCES
    phrases: Any = Phrases(text, min_count=1, threshold=0.1)
    phrased = phrases.freeze()[text] if kind == "frozen" else phrases[text]
    if kind == "twice":
        phrased = Phrases(phrased, min_count=1, threshold=0.1)[phrased]
    settings: dict[str, Any] = {"vector_size": 8, "min_count": 1, "seed": 1, "epochs": 2, "workers": 1}
    settings["workers"] = workers
    ours, strings = Word2Vec(phrased, **settings), Word2Vec([*map(list, phrased)], **settings)
    assert ours.wv.index_to_key == strings.wv.index_to_key
    assert (ours.corpus_count, ours.corpus_total_words) == (strings.corpus_count, strings.corpus_total_words)
    assert ours.wv.expandos["count"].tolist() == strings.wv.expandos["count"].tolist()
    if workers == 1:
        np.testing.assert_array_equal(ours.wv.vectors, strings.wv.vectors)
    total = {"total_examples": ours.corpus_count, "epochs": 1, "start_alpha": ours.min_alpha}
    assert ours.train(phrased, **total)[0] > 0


@given(text=TEXTS)
def test_ids_are_those_of_the_strings(text: Any) -> None:
    phrased = PhrasedText(Phrases(text, min_count=1, threshold=0.1), text)
    scanned = phrased.scan_as_ids(1)
    assert scanned is not None and scanned.encoded is not None
    words = scanned.words.at(np.arange(len(scanned.words)))
    assert len(set(words)) == len(words) and scanned.sentences == len(text)
    encoded = scanned.encoded.renumbered(np.arange(len(words), dtype=np.int32))
    sentences = np.split(encoded.ids, encoded.ends[:-1]) if len(text) else []
    assert [[words[n] for n in sentence] for sentence in sentences] == list(phrased)
    assert scanned.counts.tolist() == np.bincount(encoded.ids, minlength=len(words)).tolist()


def test_a_text_that_can_be_read_once_is_refused() -> None:
    phrases = Phrases(SENTENCES, min_count=1, threshold=0.1)
    with pytest.raises(TypeError, match="can be read only once"):
        Word2Vec(phrases[iter(SENTENCES)], vector_size=8, min_count=1)


def test_threads_join_at_once() -> None:
    phrases = Phrases(SENTENCES, min_count=1, threshold=0.1)
    frozen, expected = phrases.freeze(), list(phrases[SENTENCES])
    found: list[Any] = []

    def join() -> None:
        found.extend(list(kind[SENTENCES]) == expected for kind in (phrases, frozen) for _ in range(20))

    threads = [threading.Thread(target=join) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 160


# --- the command ---


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "text").write_text("".join(f"{' '.join(words)}\n" for words in SENTENCES))
    return tmp_path / "text"


@pytest.mark.parametrize("name", ["joined", "joined.gz"])
def test_the_command_joins_a_file(corpus: Path, name: str) -> None:
    out, export, saved = (corpus.with_name(file) for file in (name, "phrases.tsv", "saved"))
    options = ["--min-count", "1", "--threshold", "0.1", "--connectors", "--export", export, "--save", saved]
    assert main(["phrases", str(corpus), "-o", str(out), *map(str, options)]) == 0
    reader = LineSentence(str(corpus))
    phrases = Phrases(reader, min_count=1, threshold=0.1, connector_words=ENGLISH_CONNECTOR_WORDS)
    assert list(LineSentence(str(out))) == [words for words in phrases[reader] if words]
    lines = [line.split("\t") for line in export.read_text().splitlines()]
    assert {name: float(score) for name, score in lines} == pytest.approx(phrases.export_phrases(), rel=1e-5)
    assert Phrases.load(saved).vocab == phrases.vocab


def test_the_command_goes_over_a_text_again(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--min-count", "1", "--threshold", "1", "--passes", "2", "-o", "-"]
    assert main(["phrases", str(corpus), *options]) == 0
    reader = LineSentence(str(corpus))
    once = Phrases(reader, min_count=1, threshold=1.0).freeze()[reader]
    twice = Phrases(once, min_count=1, threshold=0.5).freeze()[once]
    captured = capsys.readouterr()
    assert [line.split() for line in captured.out.splitlines()] == list(twice)
    assert captured.err.startswith("fastw2v: ") and captured.err.endswith("written: -\n")


WRONG: list[tuple[list[str], str]] = [
    ([], "nothing to write"),
    (["--save", "here", "--passes", "2"], "--save with --passes"),
    (["-o", "text"], "is the corpus itself"),
    (["-o", "-", "--export", "-"], "two outputs have the same name"),
    (["-o", "-", "--threshold", "0"], "threshold=0.0"),
]


@pytest.mark.parametrize(("options", "message"), WRONG)
def test_the_command_asked_wrongly(
    corpus: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(corpus.parent)
    before = corpus.read_bytes()
    assert main(["phrases", "text", *options]) in (1, 2)
    assert message in capsys.readouterr().err and corpus.read_bytes() == before


@pytest.mark.parametrize("delimiter", ["_", "__"])
@pytest.mark.parametrize("at_once", [1, 2, 1000])
def test_lines_are_the_sentences(delimiter: str, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastw2v.phrases.text.LINES_AT_ONCE", at_once)
    phrases = Phrases(SENTENCES, min_count=1, threshold=0.5, delimiter=delimiter)
    for text in (phrases[SENTENCES], phrases.freeze()[phrases[SENTENCES]], phrases[[[], ["york"], []]]):
        assert isinstance(text, PhrasedText)
        assert "\n".join(text.lines()) == "\n".join(map(" ".join, text))
    assert delimiter.join(["new", "york"]) in "".join(phrases[SENTENCES].lines())


def test_a_long_sentence_is_joined(theirs: Any) -> None:
    """It has more words than were looked up at once before."""
    phrases, other = (
        Phrases(SENTENCES, min_count=1, threshold=0.5),
        theirs.Phrases(SENTENCES, min_count=1, threshold=0.5),
    )
    text = [[], ["new"], list(itertools.chain(*SENTENCES)) * 50, ["new", "york"]]
    assert list(phrases[text]) == list(other[text])
