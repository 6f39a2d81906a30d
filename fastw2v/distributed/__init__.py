"""Training on several nodes that are merged now and then: `LocalCluster` emulates them in one process."""

from __future__ import annotations

from fastw2v.distributed.local import LocalCluster

__all__ = ["LocalCluster"]
