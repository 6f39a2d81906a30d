"""A cluster within one process, to see what one would do to vectors."""

from __future__ import annotations

from dataclasses import dataclass

from fastw2v.checks import whole


@dataclass(frozen=True)
class LocalCluster:
    """Nodes of a cluster, emulated in this process: each trains a model of its own, and these are merged.

    What is learnt is what as many machines would learn that merge as often: once after 10,000 words each,
    then whenever a quarter more of the text is done, and in the end ten times an epoch. The same text,
    settings, seed and number of nodes give the same vectors to the last bit, however many `workers` there
    are. It takes `nodes` + 1 copies of the matrices. One node is a cluster that changes nothing.

    Args:
        nodes (int): how many, at least 1.

    Raises:
        ValueError: `nodes` is below 1.
        TypeError: it is no whole number.

    Example:
        >>> model = Word2Vec(sentences, vector_size=10, min_count=1, cluster=LocalCluster(nodes=4))
        >>> len(model.wv)
        9
    """

    nodes: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", whole("nodes", self.nodes, 1))
