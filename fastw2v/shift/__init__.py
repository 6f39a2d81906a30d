"""Vectors of several times or corpora, made comparable: a compass, a rotation, and how far words moved."""

from __future__ import annotations

from fastw2v.shift.alignment import align
from fastw2v.shift.compass import Compass
from fastw2v.shift.measures import most_shifted, shifts

__all__ = ["Compass", "align", "most_shifted", "shifts"]
