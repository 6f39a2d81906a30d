"""How the cost of a word grows with the settings, a model that predicts the next point, and more threads.

    python benchmarks/scaling.py [--quick] [--modes sg-ns cbow-ns] [--rounds 2] [--plot FILE.png]

Texts are synthetic: words drawn by Zipf's law (in Mandelbrot's form, fitted to English), 40 a sentence, so
that the size of the vocabulary can be chosen. Each point trains gensim (`corpus_file=`) and fastw2v in every
order of updates, turn by turn in one process, on a text and on a quarter of it: the difference between their
fastest epochs is the time of words alone. It is processor time with one worker and wall time with more. The
fastest of the rounds counts: what slows a machine down for minutes meets other points in each.

A model of the cost is fitted to all points but the last of each axis, and the last are predicted. The time of
a raw word is a sum of five terms, whose factors come from non-negative least squares of relative errors:

    word   1
    call   updates: one for each kept word by windows, for each pair in pairs, for each output in gensim
    draw   noise words drawn; in gensim, which searches for them, times log2 V
    madd   multiply-adds: 3 d for each pair of an input and an output; in CBOW 2 d for each context word
    miss   cache lines from beyond the cache of the second level, if the most popular rows of all stay there;
           those from beyond the third count three times

What 32 and 64 threads will do is computed from one and two workers here: `predict_threads` says how. That
needs a quiet machine.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import math
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gensim
import numpy as np
from common import MODES, machine, row, table_head
from scipy.optimize import nnls

import fastw2v

SENTENCE, JOB = 40, 10_000  # raw words
SAMPLE = 1e-3
LINE = 64  # bytes of a cache line
TERMS = ("word", "call", "draw", "madd", "miss")
AXES = {
    "dim": (50, 100, 150, 200, 300, 500, 1000),
    "window": (2, 3, 5, 7, 10, 15),
    "negative": (2, 3, 5, 7, 10, 20),
    "vocabulary": (10_000, 30_000, 100_000, 300_000, 1_000_000),
}
QUICK = {name: values[:-2] for name, values in AXES.items()}
TOTAL = 20_000_000  # words that the vocabulary was counted in, whatever part of them is trained


@dataclass(frozen=True)
class Setting:
    """One point of the study."""

    mode: str
    dim: int = 100
    window: int = 5
    negative: int = 5
    vocabulary: int = 30_000
    workers: int = 1


# --- synthetic text ---


def zipf(vocabulary: int) -> np.ndarray:
    """Probabilities of words by rank, (V,)."""
    weights = 1 / (np.arange(vocabulary) + 2.4) ** 1.1
    return weights / weights.sum()


def write_text(path: Path, vocabulary: int, words: int) -> None:
    """Independent draws, a million at a time."""
    edges, names = np.cumsum(zipf(vocabulary)), np.char.add("w", np.arange(vocabulary).astype(str))
    random = np.random.default_rng(vocabulary)
    with path.open("w") as out:
        for start in range(0, words, 1_000_000):
            ids = np.searchsorted(edges, random.random(min(1_000_000, words - start)) * edges[-1])
            drawn = names[np.minimum(ids, vocabulary - 1)].tolist()
            out.writelines(
                " ".join(drawn[at : at + SENTENCE]) + "\n" for at in range(0, len(drawn), SENTENCE)
            )


@dataclass(frozen=True)
class Texts:
    """Files of a folder, written when they are first asked for."""

    folder: Path
    words: int

    @property
    def sizes(self) -> tuple[int, int]:
        return self.words // 4, self.words

    def of(self, vocabulary: int, words: int) -> Path:
        path = self.folder / f"{vocabulary}-{words}.txt"
        if not path.exists():
            write_text(path, vocabulary, words)
        return path


# --- measurement ---


class Clock:
    """A callback that notes how long each epoch takes, in gensim and in fastw2v alike."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.epochs: list[float] = []
        self.begun = 0.0

    def on_train_begin(self, model: Any) -> None: ...

    def on_epoch_begin(self, model: Any) -> None:
        self.begun = self.now()

    def on_epoch_end(self, model: Any) -> None:
        self.epochs.append(self.now() - self.begun)

    def on_train_end(self, model: Any) -> None: ...


def engines_of(mode: str) -> dict[str, dict[str, Any]]:
    """What is timed, with fastw2v's own settings; CBOW is the same in both orders."""
    ours = {f"fastw2v {step}": {"step": step, "progress": False} for step in ("pair", "window")}
    if not MODES[mode]["sg"]:
        ours = {"fastw2v": ours["fastw2v window"]}
    return {"gensim": {}} | ours


def model_of(engine: str, setting: Setting, **more: Any) -> Any:
    """A model with the vocabulary's expected counts, none of its words too rare."""
    make = gensim.models.Word2Vec if engine == "gensim" else fastw2v.Word2Vec
    model = make(
        **MODES[setting.mode] | {"negative": setting.negative if MODES[setting.mode]["negative"] else 0},
        **engines_of(setting.mode)[engine],
        **more,
        vector_size=setting.dim,
        window=setting.window,
        workers=setting.workers,
        sample=SAMPLE,
        min_count=1,
    )
    counts = np.ceil(zipf(setting.vocabulary) * TOTAL).astype(int).tolist()
    model.build_vocab_from_freq(
        {f"w{rank}": count for rank, count in enumerate(counts)}, corpus_count=TOTAL // SENTENCE
    )
    return model


def seconds(model: Any, text: Path, epochs: int) -> float:
    """The fastest epoch; the first one also meets memory that nobody has touched."""
    clock = Clock(time.process_time if model.workers == 1 else time.perf_counter)
    model.train(corpus_file=str(text), total_words=TOTAL, epochs=epochs, callbacks=[clock])
    return min(clock.epochs)


def measure(
    jobs: Iterable[tuple[str, Setting]], texts: Texts, rounds: int
) -> dict[tuple[str, Setting], float]:
    """Raw words per second of each (engine, setting), which take turns.

    Of each text the fastest time of all rounds counts, not the largest difference of two: that would choose
    the rounds in which the short text met a slow minute.
    """
    jobs = list(jobs)
    fastest: dict[tuple[str, Setting], dict[int, float]] = {job: {} for job in jobs}
    for _, (engine, setting) in itertools.product(range(rounds), jobs):
        model, epochs = model_of(engine, setting), 2 if engine == "gensim" else 6
        best = fastest[engine, setting]
        for size in texts.sizes:
            taken = seconds(model, texts.of(setting.vocabulary, size), epochs)
            best[size] = min(best.get(size, math.inf), taken)
    short, long = sorted(texts.sizes)
    return {job: (long - short) / (best[long] - best[short]) for job, best in fastest.items()}


# --- the model of cost ---


def frequencies(setting: Setting) -> tuple[float, np.ndarray, np.ndarray]:
    """Share of words that downsampling keeps; probabilities of kept words, and of noise words, by rank."""
    p = zipf(setting.vocabulary)
    left = p * np.minimum(1, np.sqrt(SAMPLE / p) + SAMPLE / p)
    noise = p**0.75
    return float(left.sum()), left / left.sum(), noise / noise.sum()


def contexts(setting: Setting, kept: float) -> float:
    """Context words of a position, on average over windows 1..window in sentences of the usual length."""
    length = SENTENCE * kept
    reach = np.minimum(np.arange(1, setting.window + 1), length - 1)
    return float(np.mean(2 * reach - reach * (reach + 1) / length))


def row_rates(engine: str, setting: Setting) -> np.ndarray:
    """How often each row of IN, then of OUT, is called into the cache, per raw word. (2V,)"""
    kept, words, noise = frequencies(setting)
    by_pair = MODES[setting.mode]["sg"] and engine != "fastw2v window"
    lists = kept * (contexts(setting, kept) if by_pair else 1)
    return np.concatenate((kept * words, kept * words + lists * setting.negative * noise))


def lines_of(setting: Setting) -> int:
    return -(-4 * setting.dim // LINE)


@functools.cache
def cache_bytes(level: int) -> int:
    """Of the first core, or what is usual where the system does not say."""
    for index in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"):
        if (index / "level").read_text().strip() == str(level):
            return int((index / "size").read_text().strip().removesuffix("K")) << 10
    return {2: 1 << 20, 3: 32 << 20}[level]


def misses(engine: str, setting: Setting) -> float:
    """Cache lines per raw word from beyond the second level; one from memory counts as three."""
    rates = np.sort(row_rates(engine, setting))[::-1]
    l2, l3 = (cache_bytes(level) // (lines_of(setting) * LINE) for level in (2, 3))
    return float(lines_of(setting) * (rates[l2:].sum() + 2 * rates[l3:].sum()))


def terms(engine: str, setting: Setting) -> np.ndarray:
    """What each of `TERMS` amounts to for one raw word."""
    sg = MODES[setting.mode]["sg"]
    kept, _, _ = frequencies(setting)
    context = contexts(setting, kept)
    outputs = 1 + setting.negative
    pairs = kept * outputs * (context if sg else 1)
    lists = kept * (context if sg and engine != "fastw2v window" else 1)
    madds = 3 * setting.dim * pairs + (0 if sg else 2 * setting.dim * kept * context)
    calls = lists * (outputs if engine == "gensim" else 1)
    draws = lists * setting.negative * (math.log2(setting.vocabulary) if engine == "gensim" else 1)
    return np.array([1, calls, draws, madds, misses(engine, setting)])


def fit(engine: str, measured: dict[Setting, float]) -> np.ndarray:
    """Nanoseconds for one unit of each term."""
    cost = np.array([1e9 / speed for speed in measured.values()])
    matrix = np.array([terms(engine, setting) for setting in measured]) / cost[:, None]
    scale = matrix.max(axis=0) + 1e-30  # terms differ by orders of magnitude
    factors, _ = nnls(matrix / scale, np.ones(len(cost)))
    return np.asarray(factors / scale)


def predict(engine: str, setting: Setting, factors: np.ndarray) -> float:
    """Raw words per second."""
    return 1e9 / float(terms(engine, setting) @ factors)


# --- the study ---


def settings_of(mode: str, axes: dict[str, tuple[int, ...]]) -> Iterator[tuple[str, Setting]]:
    """(axis, setting) for each point; the common centre of the axes comes once in each."""
    for axis, values in axes.items():
        for value in values:
            yield axis, replace(Setting(mode), **{axis: value})


def study(mode: str, axes: dict[str, tuple[int, ...]], texts: Texts, rounds: int) -> dict[str, Any]:
    """Measure all points of a mode, fit, predict, print. Returns what the plot and the prediction need."""
    speeds: dict[str, dict[Setting, float]] = {engine: {} for engine in engines_of(mode)}
    points = dict.fromkeys(setting for _, setting in settings_of(mode, axes))
    jobs = ((engine, setting) for setting in points for engine in speeds)
    for (engine, setting), speed in measure(jobs, texts, rounds).items():
        speeds[engine][setting] = speed
    last = {replace(Setting(mode), **{axis: values[-1]}) for axis, values in axes.items()}
    factors = {
        engine: fit(engine, {setting: speed for setting, speed in measured.items() if setting not in last})
        for engine, measured in speeds.items()
    }
    print(f"\n### {mode}\n\nMeasured, and what the model says, k words/s; **bold**: predicted, not fitted.\n")
    names = [f"{engine}, {what}" for engine in speeds for what in ("measured", "model")]
    print(table_head(["axis", "value", *names]))
    errors: dict[str, list[float]] = {engine: [] for engine in speeds}
    for axis, setting in settings_of(mode, axes):
        cells = []
        for engine, measured in speeds.items():
            said = predict(engine, setting, factors[engine])
            error = said / measured[setting] - 1
            text_of = f"{said / 1000:.0f} ({error:+.0%})"
            cells += [f"{measured[setting] / 1000:.0f}", f"**{text_of}**" if setting in last else text_of]
            if setting in last:
                errors[engine].append(abs(error))
        print(row([axis, f"{getattr(setting, axis):,}", *cells]))
    print("\nFitted factors, ns; and the share of each term at the centre.\n")
    print(table_head(["engine", *TERMS, "mean error of the predicted points"]))
    for engine, ns in factors.items():
        amounts = terms(engine, Setting(mode)) * ns
        shares = [f"{f:.3g} ({a / amounts.sum():.0%})" for f, a in zip(ns, amounts, strict=True)]
        print(row([engine, *shares, f"{np.mean(errors[engine]):.0%}"]), flush=True)
    return {"speeds": speeds, "factors": factors}


def whole_jobs(mode: str, sizes: list[int], gensim_up_to: int, texts: Texts, workers: int) -> None:
    """Text to trained vectors, one epoch, by the size of the corpus, whose vocabulary grows as in English."""
    print(f"\n### {mode}: size of the corpus\n")
    print(f"Text file to vectors, one epoch, d=100, {workers} workers, k words/s.\n")
    print(table_head(["words", "vocabulary", *engines_of(mode)]))
    for words in sizes:
        text = texts.of(round(90 * words**0.5), words)
        cells, found = [], 0
        for engine, ours in engines_of(mode).items():
            if engine == "gensim" and words > gensim_up_to:
                cells.append("–")
                continue
            make = gensim.models.Word2Vec if engine == "gensim" else fastw2v.Word2Vec
            start = time.perf_counter()
            model = make(corpus_file=str(text), workers=workers, epochs=1, **MODES[mode], **ours)
            cells.append(f"{words / (time.perf_counter() - start) / 1000:.0f}")
            found = len(model.wv)
        print(row([f"{words:,}", f"{found:,}", *cells]), flush=True)


def predict_threads(mode: str, texts: Texts, rounds: int) -> None:
    """Print what limits 2, 32 and 64 threads, from what is measured here with one and two.

    Three limits, each in raw words per second. Threads: T / (t + extra), where t is a word's time with one
    worker and `extra` what it loses to cache lines that another core has written last. A row that is popular
    enough to stay in a cache was last written by another core with probability (T - 1) / T, so two workers
    lose half of what infinitely many lose: extra(T) = 2 (1 - 1/T) (t(2) - t). GIL: what happens under it in
    each job, measured by making jobs smaller. Hottest row: it has one owner at a time and is handed over line
    by line.
    """
    base, counts = Setting(mode), (1, 2, 8, 32, 64)
    print(f"\n### {mode}: a prediction for more threads\n")
    print("ns/word are of one worker; limits and speeds are M words/s.\n")
    names = ["order", "ns/word", "with 2 workers", "ns to hand over a line", "µs of a job"]
    names += ["limit by hottest row", "limit by GIL"]
    print(table_head([*names, *(f"{count} threads" for count in counts)]))
    for engine in engines_of(mode):
        if engine == "gensim":
            continue
        jobs = [(engine, replace(base, workers=workers)) for workers in (1, 2)]
        t1, t2 = (
            1e9 * workers / speed
            for workers, speed in zip((1, 2), measure(jobs, texts, rounds).values(), strict=True)
        )
        extra = max(0.0, t2 - t1)
        rates = row_rates(engine, base)
        popular = np.sort(rates)[::-1][: cache_bytes(2) // (lines_of(base) * LINE)]
        handover = 2 * extra / (popular.sum() * lines_of(base))
        job = job_microseconds(engine, base, texts)
        by_gil = JOB / job
        by_row = 1e3 / (handover * lines_of(base) * rates.max()) if handover else math.inf
        speeds = [min(count * 1e3 / (t1 + 2 * extra * (1 - 1 / count)), by_gil, by_row) for count in counts]
        values = [f"{value:.1f}" for value in (t1, t2, handover, job, by_row, by_gil, *speeds)]
        print(row([engine.removeprefix("fastw2v ").replace("fastw2v", "–"), *values]))
    print("\nAnd once, by one thread, on this machine:\n")
    for line in serial_parts(mode, texts):
        print(f"- {line}")


def job_microseconds(engine: str, setting: Setting, texts: Texts) -> float:
    """What a job costs beside its words: the same text in jobs of one sentence, and in usual ones."""
    text = texts.of(setting.vocabulary, texts.words)
    small, usual = (
        seconds(model_of(engine, setting, batch_words=size), text, epochs=4) for size in (SENTENCE, JOB)
    )
    return (small - usual) / (texts.words / SENTENCE - texts.words / JOB) * 1e6


def serial_parts(mode: str, texts: Texts) -> Iterator[str]:
    """Sentences about counting and encoding the text, and about copying the matrices."""
    words, times = 10 * texts.words, {}
    text = str(texts.of(Setting(mode).vocabulary, words))
    for workers in (1, 2):
        model = fastw2v.Word2Vec(workers=workers)
        start = time.perf_counter()
        model.build_vocab(corpus_file=text)
        times[workers] = (time.perf_counter() - start) * 1e9 / words
    yield f"counting and encoding {words:,} words: {times[1]:.0f} ns a word by 1, {times[2]:.0f} by 2 threads"
    setting = replace(Setting(mode), vocabulary=100_000)
    model, clock = model_of(list(engines_of(mode))[-1], setting), Clock(time.perf_counter)
    text = str(texts.of(setting.vocabulary, texts.words))
    model.train(corpus_file=text, total_words=TOTAL, epochs=4, callbacks=[clock])
    threads = [epoch["seconds"] for epoch in model.history]
    copying = min(whole - part for whole, part in zip(clock.epochs, threads, strict=True))
    yield (
        f"copying both {setting.vocabulary:,} × {setting.dim} matrices to aligned rows and back, each epoch: "
        f"{copying * 1000:.0f} ms, or {copying * 1e9 / TOTAL:.1f} ns a word of {TOTAL / 1e6:.0f} M"
    )


def plot(path: Path, studies: dict[str, Any], axes: dict[str, tuple[int, ...]]) -> None:
    """A panel for each mode and axis: points are measured, lines the model; last points were predicted."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(
        len(studies), len(axes), figsize=(4 * len(axes), 3.6 * len(studies)), squeeze=False, sharey="row"
    )
    for (mode, found), line in zip(studies.items(), panels, strict=True):
        for (axis, values), panel in zip(axes.items(), line, strict=True):
            settings = [replace(Setting(mode), **{axis: value}) for value in values]
            for place, (engine, measured) in enumerate(found["speeds"].items()):
                said = [predict(engine, s, found["factors"][engine]) / 1000 for s in settings]
                seen = [measured[s] / 1000 for s in settings]
                panel.plot(values, seen, "o", color=f"C{place}", label=engine)
                panel.plot(values, said, "-", color=f"C{place}", alpha=0.6)
            panel.axvline(values[-1], color="grey", linestyle=":")
            panel.set(xscale="log", yscale="log", xlabel=axis, title=mode)
            panel.set_xticks(values, [f"{value:g}" for value in values])
            panel.minorticks_off()
        line[0].set_ylabel("k words/s")
        line[0].legend(fontsize="small", loc="lower left")
    figure.suptitle("Points: measured. Lines: model of cost, fitted without the points on the dotted line.")
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer points and words: some minutes")
    parser.add_argument("--modes", nargs="+", choices=("sg-ns", "cbow-ns"), default=["sg-ns", "cbow-ns"])
    parser.add_argument("--rounds", type=int, default=2, help="over all points")
    parser.add_argument("--words", type=int, help="that a point is measured with")
    parser.add_argument("--sizes", nargs="*", type=int, help="of the corpus, in words")
    parser.add_argument("--gensim-up-to", type=int, default=5_000_000, help="gensim's largest corpus")
    parser.add_argument("--workers", type=int, default=2, help="for whole corpora")
    parser.add_argument("--no-threads", action="store_true", help="no prediction, which needs two cores")
    parser.add_argument("--folder", help="where the texts go for the time being")
    parser.add_argument("--plot", type=Path)
    args = parser.parse_args()
    axes = QUICK if args.quick else AXES
    words = args.words or (100_000 if args.quick else 200_000)
    sizes = args.sizes
    if sizes is None:
        sizes = [1_000_000] if args.quick else [1_000_000, 5_000_000, 40_000_000]
    if words < 20_000:
        parser.error("--words: give at least 20,000; fewer take too little time to be measured")
    print(f"{machine()}; gensim {gensim.__version__}, fastw2v {fastw2v.__version__}, numpy {np.__version__}")
    studies = {}
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        texts = Texts(Path(folder), words)
        for mode in args.modes:
            studies[mode] = study(mode, axes, texts, args.rounds)
            if not args.no_threads:
                predict_threads(mode, texts, args.rounds)
            if sizes:
                whole_jobs(mode, sizes, args.gensim_up_to, texts, args.workers)
    if args.plot:
        plot(args.plot, studies, axes)


if __name__ == "__main__":
    main()
