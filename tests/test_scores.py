"""Scores of sentences, predictions of words, single batches: against gensim and the formulas."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from factories import (
    BOTH,
    HS,
    LONGER,
    MODES,
    NEG,
    NO_GENSIM,
    SMALL,
    STEPS,
    TEXT,
    assert_same,
    matrices,
    small,
    threads,
    written,
)

from fastw2v import FastW2VWarning, LineSentence, Word2Vec, word2vec


def like_gensims(**settings: Any) -> tuple[Word2Vec, Any]:
    """A model of ours and one of gensim's with the same weights, far enough from 0 to matter."""
    gensim = pytest.importorskip("gensim", reason=NO_GENSIM)
    ours = small(**settings)
    theirs = gensim.models.Word2Vec(TEXT, **{k: v for k, v in (SMALL | settings).items() if k != "progress"})
    assert ours.wv.index_to_key == theirs.wv.index_to_key
    rng = np.random.default_rng(5)
    for mine, gensims in ((ours.syn0, theirs.wv.vectors), *outputs(ours, theirs)):
        mine[:] = rng.normal(scale=0.6, size=mine.shape)
        gensims[:] = mine
    return ours, theirs


def outputs(ours: Word2Vec, theirs: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    names = [name for name in ("syn1", "syn1neg") if hasattr(ours, name)]
    return [(getattr(ours, name), getattr(theirs, name)) for name in names]


SCORED = [*TEXT[:60], [], ["unknown"], ["w0"], ["w1", "unknown", "w2"], ("w3", "w4")]


@pytest.mark.parametrize("cbow_mean", [0, 1])
@pytest.mark.parametrize("mode", [mode for mode in MODES if "neg" not in mode])
def test_score_is_gensims(mode: str, cbow_mean: int) -> None:
    settings = MODES[mode] | {"cbow_mean": cbow_mean, "window": 3}
    ours, theirs = like_gensims(**settings)
    before = matrices(ours)
    scores = ours.score(iter(SCORED))
    assert scores.dtype == np.float32 and scores.shape == (len(SCORED),)
    np.testing.assert_allclose(scores, theirs.score(SCORED), rtol=2e-4, atol=1e-4)
    assert scores[60] == scores[61] == 0 and (scores[:60] < 0).any()
    assert_same(matrices(ours), before)


def test_score_follows_the_paths() -> None:
    """Σ over windows of full width and nodes of log σ(± score), written out; the table is good to 2 %."""
    model = small(**MODES["sg-hs"], window=2)
    sentence = ["w0", "w1", "w2", "w0", "w5"]
    expected = 0.0
    for i, target in enumerate(sentence):
        path = model.huffman_path(target)
        for j in range(max(0, i - 2), min(len(sentence), i + 3)):
            if j != i:
                scores = model.syn1[path.point] @ model.in_vector(sentence[j])
                expected -= np.logaddexp(0, np.where(path.code, scores, -scores)).sum()
    assert model.score([sentence])[0] == pytest.approx(expected, rel=0.025)


@pytest.mark.parametrize("workers", [1, 3])
def test_score_in_portions(workers: int) -> None:
    """A text that is read in several portions, and the same a few sentences at a time."""
    model = small(**MODES["sg-hs"])
    expected = np.concatenate([model.score(LONGER[i : i + 100]) for i in range(0, len(LONGER), 100)])
    model.workers = workers
    np.testing.assert_allclose(model.score(LONGER), expected, rtol=1e-6)
    np.testing.assert_allclose(model.score(LONGER, total_sentences=3000), expected[:3000], rtol=1e-6)
    assert model.score([]).shape == (0,) == model.score(TEXT, total_sentences=0).shape


def test_score_of_a_mapped_model(tmp_path: Any) -> None:
    model = small(**MODES["cbow-hs"])
    model.save(tmp_path / "model")
    mapped = Word2Vec.load(tmp_path / "model", mmap="r")
    np.testing.assert_array_equal(mapped.score(TEXT), model.score(TEXT))


def test_what_cannot_be_scored() -> None:
    with pytest.raises(RuntimeError, match="hs=0"):
        small().score(TEXT)
    model = small(**MODES["sg-hs"])
    with pytest.raises(TypeError, match="letters"):
        model.score("w0 w1")
    with pytest.raises(TypeError, match="sentence #1"):
        model.score([["w0"], None])
    del model.syn1
    with pytest.raises(RuntimeError, match="syn1"):
        model.score(TEXT)


@pytest.mark.parametrize("mode", ["sg-both", "cbow-neg"])
@pytest.mark.parametrize("cbow_mean", [0, 1])
def test_predict_output_word_is_gensims(mode: str, cbow_mean: int) -> None:
    ours, theirs = like_gensims(**MODES[mode], cbow_mean=cbow_mean)
    for context in (["w1", "w2"], ["w1", "unknown", 3], ["w4"]):
        predicted, expected = (
            ours.predict_output_word(context, topn=None),
            theirs.predict_output_word(context, None),
        )
        assert [word for word, _ in predicted] == [word for word, _ in expected]
        np.testing.assert_allclose([p for _, p in predicted], [p for _, p in expected], rtol=1e-4)
        assert type(predicted[0][1]) is type(expected[0][1]) is np.float32
    rows = [ours.wv.get_index("w1"), ours.wv.get_index("w2")]
    assert ours.predict_output_word(["w1", "w2"], topn=5) == ours.predict_output_word(rows, topn=5)


@pytest.mark.parametrize("mode", ["sg-hs", "cbow-hs"])
def test_predict_output_word_by_the_path(mode: str) -> None:
    model = small(**MODES[mode])
    hidden = (model.in_vector("w1") + model.in_vector("w2")) / 2
    predicted = dict(model.predict_output_word(["w1", "w2"], topn=None))
    assert predicted.keys() == set(model.wv.index_to_key) and sum(
        map(float, predicted.values())
    ) == pytest.approx(1)
    for word in ("w0", "w9"):
        path = model.huffman_path(word)
        right = 1 / (1 + np.exp(model.syn1[path.point] @ hidden))
        assert predicted[word] == pytest.approx(np.where(path.code, right, 1 - right).prod(), rel=1e-5)


@pytest.mark.parametrize("objective", [NEG, HS], ids=["neg", "hs"])
def test_predict_output_word_at_the_edges(objective: Any, caplog: pytest.LogCaptureFixture) -> None:
    model = small(**objective)
    assert model.predict_output_word(["unknown"]) is None and "none of the context words" in caplog.text
    assert model.predict_output_word(["w1"], topn=0) == []
    assert len(model.predict_output_word(["w1"]) or []) == 10
    for matrix in (model.syn0, getattr(model, "syn1neg" if objective is NEG else "syn1")):
        matrix *= 1e4
    assert np.isfinite([chance for _, chance in model.predict_output_word(["w1"]) or []]).all()
    vectors = Word2Vec(**objective)
    vectors.wv = model.wv
    with pytest.raises(RuntimeError, match="this model has no syn1"):
        vectors.predict_output_word(["w1"])


@pytest.mark.parametrize("sg", [0, 1])
@pytest.mark.parametrize("objective", [NEG, HS, BOTH], ids=["neg", "hs", "both"])
def test_a_batch_is_a_job(sg: int, objective: Any) -> None:
    by_job, by_batch = (small(None, sg=one, step="pair", **objective) for one in (sg, 1 - sg))
    for model in (by_job, by_batch):
        model.build_vocab(TEXT)
    trained, _ = by_job.train(
        TEXT, total_examples=len(TEXT), epochs=1, start_alpha=0.03, end_alpha=0.03, compute_loss=True
    )
    train_batch = word2vec.train_batch_sg if sg else word2vec.train_batch_cbow
    assert train_batch(by_batch, TEXT, 0.03, compute_loss=True) == trained
    assert_same(matrices(by_batch), matrices(by_job))
    assert by_batch.get_latest_training_loss() == by_job.get_latest_training_loss()
    assert train_batch(by_batch, [], 0.03) == 0


def test_scores_of_single_sentences() -> None:
    for mode, score in (("sg-hs", word2vec.score_sentence_sg), ("cbow-hs", word2vec.score_sentence_cbow)):
        model = small(**MODES[mode])
        assert score(model, TEXT[0]) == pytest.approx(float(model.score(TEXT[:1])[0]))


@pytest.mark.parametrize("context", ["w1 w2", b"w1"])
def test_a_context_that_is_a_text_is_warned_about(context: Any) -> None:
    model = small(sg=0)
    with pytest.warns(FastW2VWarning, match="whose letters are taken for words"):
        model.predict_output_word(context)


# --- the loss of a text ---


@pytest.mark.parametrize("other", [{}, {"baskets": True}, {"sample": 1e-2}], ids=["", "baskets", "sample"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.trains_again
def test_the_loss_of_a_text_is_that_of_history(mode: str, step: Any, other: Any) -> None:
    """An epoch that hardly learns has the same loss, but for what is drawn at random."""
    model = small(LONGER, **MODES[mode], step=step, **other)
    loss = model.evaluate_loss(LONGER)
    hardly = {"start_alpha": 1e-12, "end_alpha": 1e-12}
    model.train(LONGER, total_examples=len(LONGER), epochs=1, compute_loss=True, **hardly)
    assert loss == pytest.approx(model.history[-1]["loss"], rel=0.015)


@pytest.mark.parametrize("mode", ["sg-hs", "cbow-hs"])
def test_the_loss_of_a_text_is_its_score_per_example(mode: str) -> None:
    model = small(LONGER, **MODES[mode], shrink_windows=False, sample=0, window=2)
    lengths = np.array([len(sentence) for sentence in LONGER])
    pairs = sum(2 * np.maximum(lengths - distance, 0) for distance in (1, 2)).sum()
    examples = pairs if model.sg else lengths.sum()
    assert model.evaluate_loss(LONGER) == pytest.approx(-model.score(LONGER).sum() / examples, rel=1e-5)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("mode", MODES)
def test_to_evaluate_a_loss_changes_nothing(mode: str, step: Any, tmp_path: Any) -> None:
    """Not the sign of a zero; and infinity does not spread. A copy that is mapped has the same loss."""
    model = small(**MODES[mode], step=step)
    for name in matrices(model):
        getattr(model, name)[:5] = -0.0
    model.save(tmp_path / "model")
    before = copy.deepcopy(model)
    loss = model.evaluate_loss(TEXT)
    for workers in (2, 5, 1):
        model.workers = workers
        assert model.evaluate_loss(iter(TEXT)) == loss
    assert_same(model, before)
    assert all(np.signbit(matrix[:5]).all() for matrix in matrices(model).values())
    assert Word2Vec.load(tmp_path / "model", mmap="r").evaluate_loss(TEXT) == loss
    model.syn0[3] = np.inf
    before = copy.deepcopy(model)
    model.evaluate_loss(TEXT)
    assert_same(model, before)


def test_the_loss_of_a_text_from_anywhere(tmp_path: Any) -> None:
    model = small(sample=0)
    path = written(tmp_path, "text.gz", TEXT)
    expected = model.evaluate_loss(TEXT)
    unknown = [[*sentence[:3], "unknown", *sentence[3:]] for sentence in TEXT]
    for loss in (
        model.evaluate_loss(corpus_file=path),
        model.evaluate_loss(LineSentence(path)),
        model.evaluate_loss(unknown),
        model.evaluate_loss([np.array(sentence) for sentence in TEXT]),
    ):
        assert loss == expected
    (ours,) = [small(TEXT, sg=1, sample=0).evaluate_loss([[word for line in LONGER for word in line] * 3])]
    assert np.isfinite(ours)  # a sentence of several jobs


def test_the_loss_falls_with_training() -> None:
    model = small(None, sg=1)
    model.build_vocab(TEXT[40:])
    losses = [model.evaluate_loss(TEXT[:40])]
    model.train(TEXT[40:], total_examples=160, epochs=9)
    losses.append(model.evaluate_loss(TEXT[:40]))
    assert losses[0] == pytest.approx(6 * np.log(2), rel=0.25) and losses[1] < losses[0] - 0.1


def test_what_has_no_loss() -> None:
    model = small()
    for text, said in (
        ([], "no example in 0 sentences of 0 words"),
        ([["unknown", "w0x"]], "no example in 1 sentences of 2 words.*`sample` may have dropped some"),
    ):
        with pytest.raises(ValueError, match=said):
            model.evaluate_loss(text)
    with pytest.raises(ValueError, match="beside each other$"):
        small(sg=1, sample=0).evaluate_loss([["w0"], ["w1"]])
    with pytest.raises(TypeError, match="letters"):
        model.evaluate_loss("w0 w1")
    with pytest.raises(TypeError, match="sentence #1"):
        model.evaluate_loss([["w0"], None])
    with pytest.raises(TypeError, match="no corpus"):
        model.evaluate_loss()
    with pytest.raises(RuntimeError, match="no vocabulary"):
        Word2Vec().evaluate_loss(TEXT)
    model.syn1neg = model.syn1neg[:, :5]
    with pytest.raises(ValueError, match="syn1neg is float32"):
        model.evaluate_loss(TEXT)
    del model.syn1neg
    with pytest.raises(RuntimeError, match="syn1neg"):
        model.evaluate_loss(TEXT)
    model = small()
    model.window = 0
    with pytest.raises(ValueError, match="window=0"):
        model.evaluate_loss(TEXT)
    assert not threads()


def test_an_error_in_a_text_ends_the_evaluation_and_its_threads() -> None:
    def broken() -> Any:
        yield from LONGER
        raise OSError("the network is gone")

    model = small(LONGER, workers=3)
    with pytest.raises(OSError, match="network"):
        model.evaluate_loss(broken())
    assert not threads()
