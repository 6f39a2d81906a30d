"""What to do where the compiled modules cannot be imported."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path


def what_to_do(error: ImportError) -> str:
    """Say why, and what helps: most often Python was started in a clone, and found the sources first."""
    here = Path(__file__).resolve().parent
    if not (here / "tile" / "dispatch.pyx").is_file():
        return f"fastw2v's compiled modules cannot be imported; install it anew with this Python ({error})"
    found = importlib.metadata.distributions(name="fastw2v")  # here, too, if pip has built here
    places = (Path(str(one.locate_file("fastw2v"))).resolve() for one in found)
    installed = next((place for place in places if place != here and (place / "tile").is_dir()), None)
    sources = f"fastw2v is imported from its sources in {here.parent}, which are not compiled for this Python"
    if installed is None:
        return f"{sources}: `pip install -e .` there compiles them ({error})"
    return (
        f"{sources}, and not from {installed}, where it is installed: start Python in another folder or as "
        f"`python -P`, or compile the sources with `pip install -e .` ({error})"
    )
