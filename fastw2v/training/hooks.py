"""Private methods of gensim's that programs replace: nothing here calls them, and training says so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastw2v.checks import package_of
from fastw2v.warn import warn_user

# Of gensim 3.8 and 4.4. None is the name of a method of ours: tests/test_surface.py.
TRAINING_HOOKS = (
    "_check_corpus_sanity",
    "_check_input_data_sanity",
    "_check_training_sanity",
    "_clear_post_train",
    "_do_train_epoch",
    "_do_train_job",
    "_get_job_params",
    "_get_next_alpha",
    "_get_thread_working_mem",
    "_job_producer",
    "_log_epoch_end",
    "_log_epoch_progress",
    "_log_progress",
    "_log_train_end",
    "_minimize_model",
    "_raw_word_count",
    "_scan_vocab",
    "_set_train_params",
    "_train_epoch",
    "_train_epoch_corpusfile",
    "_update_job_params",
    "_worker_loop",
    "_worker_loop_corpusfile",
)


def hooks_of(cls: type, more: Iterable[str] = ()) -> list[str]:
    """Return the methods of a class that only gensim's training would call.

    Args:
        cls (type): the class; what gensim's own classes define does not count.
        more (iterable of str): attributes of an object of it.

    Returns:
        list of str: their names.
    """
    names = {*more, *(name for base in cls.__mro__ if package_of(base) != "gensim" for name in vars(base))}
    return [name for name in TRAINING_HOOKS if name in names]


def warn_of_hooks(model: Any) -> None:
    """Warn if a model, or a class that it is of, has methods that only gensim's training would call."""
    if hooks := hooks_of(type(model), vars(model)):
        warn_user(
            f"{type(model).__name__} defines {', '.join(hooks)}: private to gensim's training, and never "
            "called by fastw2v's, which trains without it. Watch or change training by callbacks "
            "(fastw2v.CallbackAny2Vec); set the learning rate by train(start_alpha=, end_alpha=)"
        )
