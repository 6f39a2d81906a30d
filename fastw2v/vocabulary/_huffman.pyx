"""The Huffman tree: built with heapq's algorithm on arrays, then read off along the way from each leaf to the root."""

from libc.stdint cimport INT32_MAX, int32_t, int64_t, uint8_t, uint32_t

import numpy as np


cdef struct Heap:
    int32_t *nodes          # heap of node ids
    const int64_t *weight   # by node id; the order of the heap
    Py_ssize_t size


cdef inline bint lighter(const Heap *heap, int32_t a, int32_t b) noexcept nogil:
    return heap.weight[a] < heap.weight[b]


cdef void rise(Heap *heap, Py_ssize_t top, Py_ssize_t place) noexcept nogil:
    """Move the node at `place` up, not above `top`, past every heavier parent."""
    cdef int32_t node = heap.nodes[place]
    cdef Py_ssize_t parent
    while place > top:
        parent = (place - 1) >> 1
        if not lighter(heap, node, heap.nodes[parent]):
            break
        heap.nodes[place] = heap.nodes[parent]
        place = parent
    heap.nodes[place] = node


cdef void settle(Heap *heap, Py_ssize_t top) noexcept nogil:
    """Sink the node at `top` to a leaf along the lighter children, then let it rise.

    As in heapq it first sinks all the way, and to the right child if both weigh the same: this decides which of several
    equal counts is merged first, and so the shape of the tree.
    """
    cdef int32_t node = heap.nodes[top]
    cdef Py_ssize_t place = top, child = 2 * top + 1
    while child < heap.size:
        if child + 1 < heap.size and not lighter(heap, heap.nodes[child], heap.nodes[child + 1]):
            child += 1
        heap.nodes[place] = heap.nodes[child]
        place = child
        child = 2 * place + 1
    heap.nodes[place] = node
    rise(heap, top, place)


cdef int32_t pop(Heap *heap) noexcept nogil:
    """Remove and return the lightest node."""
    cdef int32_t lightest = heap.nodes[0]
    heap.size -= 1
    if heap.size:
        heap.nodes[0] = heap.nodes[heap.size]
        settle(heap, 0)
    return lightest


cdef void push(Heap *heap, int32_t node) noexcept nogil:
    heap.nodes[heap.size] = node
    heap.size += 1
    rise(heap, 0, heap.size - 1)


cdef void merge(Heap *heap, int64_t *weight, int32_t *parent, uint8_t *bit) noexcept nogil:
    """Join the two lightest nodes under a new node until only one is left."""
    cdef Py_ssize_t i
    cdef int32_t left, right, joint = <int32_t>heap.size
    for i in range(heap.size // 2 - 1, -1, -1):
        settle(heap, i)
    while heap.size > 1:
        left = pop(heap)
        right = pop(heap)
        weight[joint] = weight[left] + weight[right]
        parent[left] = parent[right] = joint
        bit[left] = 0
        bit[right] = 1
        push(heap, joint)
        joint += 1


def build(const int64_t[::1] counts):
    """Return `(points uint32, codes uint8, starts int64 (V + 1,))`: the path from the root to each of V leaves."""
    cdef Py_ssize_t V = counts.shape[0], nodes = max(1, 2 * V - 1), i, place
    if nodes > INT32_MAX:
        raise ValueError(f"{V} words: a Huffman tree of at most {INT32_MAX // 2} is numbered in 32 bits")
    cdef int64_t[::1] weight = np.empty(nodes, np.int64)
    cdef int32_t[::1] order = np.arange(max(1, V), dtype=np.int32)
    cdef int32_t[::1] parent = np.zeros(nodes, np.int32)
    cdef uint8_t[::1] bit = np.zeros(nodes, np.uint8)
    cdef int32_t[::1] depth = np.zeros(nodes, np.int32)
    cdef int32_t node
    cdef Heap heap

    starts_array = np.zeros(V + 1, np.int64)
    cdef int64_t[::1] starts = starts_array
    with nogil:
        for i in range(V):
            weight[i] = counts[i]
        heap = Heap(nodes=&order[0], weight=&weight[0], size=V)
        merge(&heap, &weight[0], &parent[0], &bit[0])
        for i in range(2 * V - 3, -1, -1):  # a parent's id is greater than its children's: the root comes first
            depth[i] = depth[parent[i]] + 1
        for i in range(V):
            starts[i + 1] = starts[i] + depth[i]

    points_array = np.empty(starts_array[V], np.uint32)
    codes_array = np.empty(starts_array[V], np.uint8)
    cdef uint32_t[::1] points = points_array
    cdef uint8_t[::1] codes = codes_array
    with nogil:
        for i in range(V):
            node = <int32_t>i
            for place in range(starts[i + 1] - 1, starts[i] - 1, -1):
                codes[place] = bit[node]
                node = parent[node]
                points[place] = <uint32_t>(node - V)
    return points_array, codes_array, starts_array
