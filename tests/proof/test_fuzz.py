"""Every loader and reader gets files that were changed at random: no error but the documented ones."""

from __future__ import annotations

import random
import sys

import pytest
from targets import TARGETS, changed, where

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="memory is read as Linux tells it"),
    pytest.mark.filterwarnings("ignore"),
]

RUNS = 250


@pytest.mark.parametrize("name", TARGETS)
def test_changed_files(name: str) -> None:
    target = TARGETS[name]
    seeds = target.seeds()
    for seed in seeds:
        target.read(seed)
    rng = random.Random(1)
    found: dict[str, str] = {}
    for _ in range(RUNS):
        data = changed(target, seeds, rng)
        try:
            target.check(data)
        except Exception as error:
            found.setdefault(where(error), f"{error!r:.200}, for {data!r:.1500}")
    assert not found, "\n".join(f"{place}: {what}" for place, what in found.items())
