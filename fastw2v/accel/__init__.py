"""gensim's Word2Vec and KeyedVectors made by fastw2v, in programs and libraries that import gensim.

    python -m fastw2v.accel script.py [ARGUMENTS]      # nothing is edited
    fastw2v.accelerate()                               # or from here on in this process
    %load_ext fastw2v.accel                            # or in a notebook

gensim's classes stay the objects that they are, under all the names that anybody has bound them to, whatever
was imported first. What a program makes of them becomes ours at the end of `__init__` or `load`: its class
changes to that of fastw2v, which is derived from gensim's meanwhile, so that `isinstance` holds. What gensim
makes itself, inside FastText and Doc2Vec, stays gensim's, and so does what a pickle holds.
"""

from __future__ import annotations

from typing import Any

from fastw2v.accel import takeover
from fastw2v.accel.ledger import Ledger

__all__ = ["accelerate", "deaccelerate", "load_ipython_extension", "unload_ipython_extension"]


def accelerate(*, save_as: str = "fastw2v") -> Ledger:
    """Let gensim's `Word2Vec` and `KeyedVectors` be fastw2v's in this process, for every library.

    Args:
        save_as (str): what `model.save` and `model.wv.save` write from now on. "fastw2v": one file, read by
            `load` of fastw2v, and of gensim while this is on. "gensim": gensim's own files, which programs
            read that run without fastw2v.

    Returns:
        Ledger: what was taken over so far, and how long it took; `print` shows it.

    Raises:
        ImportError: gensim is not installed, so there is nothing to take over.
        ValueError: `save_as` is something else.

    Example:
        >>> import fastw2v, gensim
        >>> ledger = fastw2v.accelerate()
        >>> model = gensim.models.Word2Vec([["a", "b"]] * 10, min_count=1, workers=1)
        >>> type(model).__module__, isinstance(model, gensim.models.Word2Vec)
        ('fastw2v.word2vec', True)
        >>> fastw2v.deaccelerate()
    """
    if save_as not in ("fastw2v", "gensim"):
        raise ValueError(f"save_as is {save_as!r}: give 'fastw2v' or 'gensim'")
    return takeover.begin(save_as)


def deaccelerate() -> None:
    """Let gensim's classes be gensim's again; models that were made stay fastw2v's, and go on working."""
    takeover.end()


def load_ipython_extension(shell: Any) -> None:
    """Accelerate: what `%load_ext fastw2v.accel` calls.

    Args:
        shell (InteractiveShell): IPython's; not used.
    """
    accelerate()


def unload_ipython_extension(shell: Any) -> None:
    """Undo it: what `%unload_ext fastw2v.accel` calls.

    Args:
        shell (InteractiveShell): IPython's; not used.
    """
    deaccelerate()
