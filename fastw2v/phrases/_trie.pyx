"""Phrases as paths of a trie: counted over a text of ids, scored, and found in one.

The key of a phrase is its words joined by the delimiter, as a string of its own may be: "new_york" is a word of a text
that was joined before, and counts as the pair new, york does. So a key is the list of its *parts*, what the delimiter
divides it into, and a node of the trie is a key or the beginning of one. Node 0 is the root.
"""

from cpython.exc cimport PyErr_CheckSignals
from cpython.object cimport PyObject
from libc.math cimport INFINITY, NAN, floor, isnan, log
from libc.stdint cimport INT32_MAX, INT64_MAX, int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memset

import numpy as np

cdef extern from "Python.h":  # borrowed references
    PyObject *PyDict_GetItemWithError(object values, PyObject *key) except? NULL
    PyObject *PyList_GetItem(object values, Py_ssize_t place) except NULL

cdef extern from "compiler.h":
    void prefetch "fastw2v_prefetch"(const void *address) noexcept nogil


cdef enum:
    AHEAD = 12                  # words; to count 1 M words of Wikipedia took 90 ms without, 50 with
    SENTENCES_PER_CHECK = 4096  # for signals

cdef enum Scorer:
    STORED          # by node, made beforehand
    DEFAULT
    NPMI

cdef uint64_t MIX = 0x9E3779B97F4A7C15  # 2**64 / golden ratio, odd

cdef struct Slot:
    int32_t node, part   # key; node -1: free
    int32_t child


cdef class Trie:
    cdef Slot *slots
    cdef int bits                      # log2 of their number
    cdef int32_t *parents
    cdef int32_t *lasts                # the last part of each node's key
    cdef int64_t *counts
    cdef int64_t *firsts               # when the key was first seen: orders keys as a dict would
    cdef Py_ssize_t used, room         # nodes

    def __cinit__(self):
        self.bits = 10
        self.slots = <Slot *>malloc(sizeof(Slot) << self.bits)
        self.room = 1024
        self.parents = <int32_t *>malloc(self.room * sizeof(int32_t))
        self.lasts = <int32_t *>malloc(self.room * sizeof(int32_t))
        self.counts = <int64_t *>malloc(self.room * sizeof(int64_t))
        self.firsts = <int64_t *>malloc(self.room * sizeof(int64_t))
        if not (self.slots and self.parents and self.lasts and self.counts and self.firsts):
            raise MemoryError("no memory for phrases")
        memset(self.slots, 0xFF, sizeof(Slot) << self.bits)
        self.add_node(-1, -1)

    def __dealloc__(self):
        free(self.slots)
        free(self.parents)
        free(self.lasts)
        free(self.counts)
        free(self.firsts)

    cdef int32_t add_node(self, int32_t parent, int32_t part) except -1 nogil:
        if self.used == self.room:
            self.grow_nodes()
        self.parents[self.used] = parent
        self.lasts[self.used] = part
        self.counts[self.used] = 0
        self.firsts[self.used] = INT64_MAX
        self.used += 1
        return <int32_t>(self.used - 1)

    cdef int grow_nodes(self) except -1 nogil:
        cdef Py_ssize_t room = 2 * self.room
        cdef void *grown
        if self.used >= INT32_MAX // 2:
            raise OverflowError("the text has more than 2**30 distinct phrases: give a smaller max_vocab_size")
        grown = realloc(self.parents, room * sizeof(int32_t))
        if grown is NULL:
            raise MemoryError("no memory for phrases: give a smaller max_vocab_size")
        self.parents = <int32_t *>grown
        grown = realloc(self.lasts, room * sizeof(int32_t))
        if grown is NULL:
            raise MemoryError("no memory for phrases: give a smaller max_vocab_size")
        self.lasts = <int32_t *>grown
        grown = realloc(self.counts, room * sizeof(int64_t))
        if grown is NULL:
            raise MemoryError("no memory for phrases: give a smaller max_vocab_size")
        self.counts = <int64_t *>grown
        grown = realloc(self.firsts, room * sizeof(int64_t))
        if grown is NULL:
            raise MemoryError("no memory for phrases: give a smaller max_vocab_size")
        self.firsts = <int64_t *>grown
        self.room = room
        return 0

    cdef int grow_slots(self) except -1 nogil:
        cdef int bits = self.bits + 1
        cdef Slot *old = self.slots
        cdef Slot *made = <Slot *>malloc(sizeof(Slot) << bits)
        cdef Py_ssize_t i
        if made is NULL:
            raise MemoryError("no memory for phrases: give a smaller max_vocab_size")
        memset(made, 0xFF, sizeof(Slot) << bits)
        self.slots, self.bits = made, bits
        for i in range(<Py_ssize_t>1 << (bits - 1)):
            if old[i].node >= 0:
                self.slot_of(old[i].node, old[i].part)[0] = old[i]
        free(old)
        return 0

    cdef inline Slot *place(self, int32_t node, int32_t part) noexcept nogil:
        """Return where a step should stand."""
        cdef uint64_t key = <uint64_t>node << 32 | <uint64_t>part
        return &self.slots[key * MIX >> (64 - self.bits)]

    cdef inline Slot *slot_of(self, int32_t node, int32_t part) noexcept nogil:
        """Return where a step stands, or would."""
        cdef uint64_t mask = (<uint64_t>1 << self.bits) - 1
        cdef uint64_t place = self.place(node, part) - self.slots
        while self.slots[place].node >= 0 and not (
            self.slots[place].node == node and self.slots[place].part == part
        ):
            place = (place + 1) & mask
        return &self.slots[place]

    cdef inline int32_t step(self, int32_t node, int32_t part) noexcept nogil:
        """Return the node one part further, -1 if there is none."""
        cdef Slot *slot
        if node < 0 or part < 0:
            return -1
        slot = self.slot_of(node, part)
        return slot.child if slot.node >= 0 else -1

    cdef inline int32_t make(self, int32_t node, int32_t part) except -1 nogil:
        """Return the node one part further, a new one if there is none."""
        cdef Slot *slot = self.slot_of(node, part)
        cdef int32_t child
        if slot.node >= 0:
            return slot.child
        child = self.add_node(node, part)
        slot.node, slot.part, slot.child = node, part, child
        if 8 * self.used > 5 << self.bits:
            self.grow_slots()
        return child

    cdef inline int32_t walk(
        self, int32_t node, const int32_t *parts, int64_t count, bint make
    ) except -2 nogil:
        cdef int64_t i
        for i in range(count):
            node = self.make(node, parts[i]) if make else self.step(node, parts[i])
            if node < 0:
                return -1
        return node

    def __len__(self):
        # keys that were counted
        cdef Py_ssize_t i, count = 0
        for i in range(self.used):
            count += self.counts[i] > 0
        return count

    @property
    def nodes(self):
        """How many there are."""
        return self.used

    def nodes_of(self, const int32_t[::1] parts, const int64_t[::1] starts, bint make=False):
        """Return the node of each key, int32; -1 if there is none and none is made."""
        cdef Py_ssize_t i
        nodes_array = np.empty(starts.shape[0] - 1, np.int32)
        cdef int32_t[::1] nodes = nodes_array
        with nogil:
            for i in range(nodes.shape[0]):
                nodes[i] = self.walk(0, &parts[0] + starts[i], starts[i + 1] - starts[i], make)
        return nodes_array

    def add(self, const int32_t[::1] nodes, const int64_t[::1] counts, const int64_t[::1] firsts):
        """Add counts to nodes, and when they were first seen."""
        cdef Py_ssize_t i
        for i in range(nodes.shape[0]):
            self.counts[nodes[i]] += counts[i]
            self.firsts[nodes[i]] = min(self.firsts[nodes[i]], firsts[i])

    def counts_of(self, const int32_t[::1] nodes):
        """Return how often each was counted, int64; 0 for -1."""
        cdef Py_ssize_t i
        counts_array = np.zeros(nodes.shape[0], np.int64)
        cdef int64_t[::1] counts = counts_array
        for i in range(nodes.shape[0]):
            if nodes[i] >= 0:
                counts[i] = self.counts[nodes[i]]
        return counts_array

    def keys(self):
        """Return `(nodes int32, counts int64)` of all that was counted, in the order first seen."""
        cdef Py_ssize_t i
        counts_array = np.empty(self.used, np.int64)
        firsts_array = np.empty(self.used, np.int64)
        cdef int64_t[::1] counts = counts_array, firsts = firsts_array
        for i in range(self.used):
            counts[i] = self.counts[i]
            firsts[i] = self.firsts[i]
        nodes = np.flatnonzero(counts_array > 0)
        nodes = nodes[np.argsort(firsts_array[nodes], kind="stable")]
        return nodes.astype(np.int32), counts_array[nodes]

    def paths(self, const int32_t[::1] nodes):
        """Return the parts of each node's key, as a list of lists of int."""
        cdef int32_t node
        cdef Py_ssize_t i
        cdef list paths = []
        for i in range(nodes.shape[0]):
            path = []
            node = nodes[i]
            while node > 0:
                path.append(self.lasts[node])
                node = self.parents[node]
            path.reverse()
            paths.append(path)
        return paths

    # --- learning ---

    def count(
        self,
        const int32_t[::1] ids not None,
        const int64_t[::1] ends not None,
        const int32_t[::1] parts not None,
        const int64_t[::1] starts not None,
        const uint8_t[::1] connects not None,
    ):
        """Count the words and the pairs of a text of ids; connectors stand inside of pairs and are not counted.

        `parts[starts[w]:starts[w + 1]]` are the parts of word w; sentence s ends at `ends[s]`.
        """
        cdef int32_t[::1] nodes = self.nodes_of(parts, starts, True)
        cdef Py_ssize_t s, i = 0, last = ids.shape[0] - 1 - AHEAD
        cdef int32_t w, node = 0
        cdef bint started
        with nogil:
            while 8 * (self.used + ids.shape[0] // 2) > 5 << self.bits:  # about what is to come
                self.grow_slots()
            for s in range(ends.shape[0]):
                started = False
                while i < ends[s]:
                    if i < last:
                        prefetch(self.place(nodes[ids[i + AHEAD]], parts[starts[ids[i + AHEAD + 1]]]))
                    w = ids[i]
                    if connects[w]:
                        if started:
                            node = self.walk(node, &parts[0] + starts[w], starts[w + 1] - starts[w], True)
                    else:
                        if started:
                            node = self.walk(node, &parts[0] + starts[w], starts[w + 1] - starts[w], True)
                            if self.firsts[node] == INT64_MAX:
                                self.firsts[node] = 2 * i + 1
                            self.counts[node] += 1
                        node = nodes[w]
                        if self.firsts[node] > 2 * i:
                            self.firsts[node] = 2 * i
                        self.counts[node] += 1
                        started = True
                    i += 1
                if s % SENTENCES_PER_CHECK == 0:
                    with gil:
                        PyErr_CheckSignals()

    def scores(self, int scorer, double min_count, double words):
        """Return by node the score of its key as a phrase, float64: of its first part with its last.

        NaN for what is no phrase: a single part, or one whose parts were not counted. `scorer` is 1 (default) or 2
        (npmi); `words` the words of the text, for the second.
        """
        cdef Py_ssize_t i
        cdef int32_t first
        cdef double keys = len(self)
        scores_array = np.full(self.used, NAN)
        cdef double[::1] scores = scores_array
        with nogil:
            for i in range(1, self.used):
                if self.counts[i] <= 0 or self.parents[i] <= 0:
                    continue
                first = <int32_t>i
                while self.parents[first] > 0:
                    first = self.parents[first]
                scores[i] = self.score(
                    scorer, first, self.step(0, self.lasts[i]), <int32_t>i, min_count, words, keys
                )
        return scores_array

    cdef inline double score(
        self, int scorer, int32_t a, int32_t b, int32_t both, double min_count, double words, double keys
    ) noexcept nogil:
        """Return the score of a pair of words; NaN if one of the three was not counted."""
        cdef double of_a, of_b, of_both, together
        if a < 0 or b < 0 or both < 0:
            return NAN
        of_a, of_b, of_both = self.counts[a], self.counts[b], self.counts[both]
        if of_a <= 0 or of_b <= 0 or of_both <= 0:
            return NAN
        if scorer == DEFAULT:
            return (of_both - min_count) / (of_a * of_b) * keys
        together = of_both / words
        if of_both < min_count or together == 1:
            return -INFINITY
        return log(together / ((of_a / words) * (of_b / words))) / -log(together)

    # --- finding ---

    def apply(
        self,
        const int32_t[::1] ids not None,
        const int64_t[::1] ends not None,
        const int32_t[::1] parts not None,
        const int64_t[::1] starts not None,
        const uint8_t[::1] connects not None,
        const uint8_t[::1] empty not None,
        const int32_t[::1] nodes not None,
        int scorer,
        const double[::1] stored not None,
        double threshold,
        double min_count,
        double words,
    ):
        """Return `(tokens int32, ends int64)`: phrases joined in a text of ids. A phrase is -1 - its node.

        `nodes` are the nodes of words, -1 for those without one. With scorer 0, `stored` holds scores by node.
        """
        cdef Py_ssize_t s, i = 0, used = 0, begin = 0
        cdef int32_t w, node = 0, start = 0
        cdef bint started
        cdef double score, keys = 0 if scorer == STORED else len(self)
        tokens_array = np.empty(ids.shape[0], np.int32)
        ends_array = np.empty(ends.shape[0], np.int64)
        cdef int32_t[::1] tokens = tokens_array
        cdef int64_t[::1] out = ends_array
        with nogil:
            for s in range(ends.shape[0]):
                started = False
                while i < ends[s]:
                    w = ids[i]
                    if connects[w]:
                        if started:
                            node = self.walk(node, &parts[0] + starts[w], starts[w + 1] - starts[w], False)
                        else:
                            tokens[used] = w
                            used += 1
                        i += 1
                        continue
                    if started:
                        node = self.walk(node, &parts[0] + starts[w], starts[w + 1] - starts[w], False)
                        score = NAN
                        if node >= 0:
                            if scorer == STORED:
                                score = stored[node]
                            else:
                                score = self.score(scorer, nodes[start], nodes[w], node, min_count, words, keys)
                        if not isnan(score) and score > threshold:
                            tokens[used] = -1 - node
                            used += 1
                            started = False
                            i += 1
                            continue
                        while begin < i:
                            tokens[used] = ids[begin]
                            used += 1
                            begin += 1
                    start, node, begin = w, nodes[w], i
                    started = not empty[w]  # gensim loses an empty word that could begin a phrase
                    i += 1
                if started:
                    while begin < i:
                        tokens[used] = ids[begin]
                        used += 1
                        begin += 1
                out[s] = used
                if s % SENTENCES_PER_CHECK == 0:
                    with gil:
                        PyErr_CheckSignals()
        return tokens_array[:used], ends_array


def divide(
    list words not None, str delimiter not None, frozenset connectors not None, dict numbers not None, bint learn
):
    """Divide words into parts, which are numbered.

    `numbers` has those of known parts; with `learn` new parts are added to it, else they have number -1. Returns what
    `Divided` holds.
    """
    cdef Py_ssize_t w, count = len(words), used = 0
    cdef bint any_connects = bool(connectors)
    cdef list divided = []
    cdef object word
    starts_array = np.zeros(count + 1, np.int64)
    connects_array, empty_array = np.zeros(count, np.uint8), np.zeros(count, np.uint8)
    cdef int64_t[::1] starts = starts_array
    cdef uint8_t[::1] connects = connects_array, empty = empty_array
    compound = []
    for w in range(count):
        word = check_str(words[w])
        if delimiter in word:
            compound.append(w)
            parts_of_word = word.split(delimiter)
            divided.append(parts_of_word)
            starts[w + 1] = starts[w] + len(parts_of_word)
        else:
            starts[w + 1] = starts[w] + 1
        empty[w] = not word
        if any_connects:
            connects[w] = word in connectors
    parts_array = np.empty(starts[count], np.int32)
    cdef int32_t[::1] parts = parts_array
    cdef Py_ssize_t several = 0
    for w in range(count):
        if starts[w + 1] == starts[w] + 1:
            parts[used] = number_of(words[w], numbers, learn)
            used += 1
            continue
        for part in divided[several]:
            parts[used] = number_of(part, numbers, learn)
            used += 1
        several += 1
    return parts_array, starts_array, connects_array, empty_array, np.array(compound, dtype=np.int64)


cdef inline object check_str(object word):
    """Return a word; TypeError if it is no str, as only strings are joined."""
    if not isinstance(word, str):
        raise TypeError(f"{word!r:.60} is of type {type(word).__name__}: phrases are made of str")
    return word


cdef int32_t number_of(object part, dict numbers, bint learn) except -2:
    cdef PyObject *found = PyDict_GetItemWithError(numbers, <PyObject *>part)
    if found is not NULL:
        return <object>found
    if not learn:
        return -1
    numbers[part] = len(numbers)
    return <int32_t>(len(numbers) - 1)


cdef enum:
    CONNECTS = 1  # flags of a word, above which stands its part plus one
    EMPTY = 2
    FLAG_BITS = 3
    FLAGS = 2     # how many


cdef class ListJoiner:
    """Joins the phrases of sentences that are lists of str, without numbering all words.

    Args:
        trie (Trie): the phrases, or the counts of words and pairs.
        numbers (dict): part → number.
        delimiter (str): what divides words into parts.
        connectors (frozenset): connector words.
        stored (array): float64, the scores of nodes, for scorer 0.
        scorer (int): 0: `stored`; 1 or 2: by counts, see `Trie.apply`.
        limits (tuple): threshold, min_count, and the words of the text that was counted.
    """

    cdef Trie trie
    cdef dict known       # word → its flags and part, or -1 - flags and place in `compounds`
    cdef dict numbers
    cdef list parts       # strings, by number
    cdef list compounds   # tuples of parts
    cdef dict phrases     # node → str
    cdef str delimiter
    cdef const double[::1] stored
    cdef int scorer
    cdef double threshold, min_count, words, keys
    cdef double enough    # pairs that were counted less often are no phrases
    cdef int32_t[::1] roots  # the nodes of parts alone
    cdef int64_t *values  # of the words of a sentence, as in `known`
    cdef Py_ssize_t room

    def __dealloc__(self):
        free(self.values)

    def __init__(self, trie, numbers, delimiter, connectors, stored, scorer, limits):
        self.trie, self.numbers, self.delimiter, self.stored, self.scorer = trie, numbers, delimiter, stored, scorer
        self.threshold, self.min_count, self.words = limits
        self.keys = len(trie)
        self.enough = -INFINITY
        if scorer == NPMI:
            self.enough = self.min_count
        elif scorer == DEFAULT and self.threshold >= 0:
            self.enough = floor(self.min_count) + 1
        count = len(numbers)
        self.roots = self.trie.nodes_of(np.arange(count, dtype=np.int32), np.arange(count + 1))
        self.parts, self.compounds, self.phrases = list(numbers), [], {}
        self.known = {part: number + 1 << FLAGS for part, number in numbers.items()}
        for word in {"", *connectors}:
            self.add(word, (word in connectors) * CONNECTS | (not word) * EMPTY)

    cdef int add(self, object word, int flags) except -1:
        """Make a word known that is not a part alone, or has flags."""
        if self.delimiter in word:
            self.known[word] = -1 - (len(self.compounds) << FLAGS | flags)
            parts = word.split(self.delimiter)
            self.compounds.append(tuple([number_of(part, self.numbers, False) for part in parts]))
        else:
            self.known[word] = number_of(word, self.numbers, False) + 1 << FLAGS | flags
        return 0

    cdef bint make_known(self, object word) except -1:
        """Return whether a word that was not known is now: one of several parts, all of which are known."""
        check_str(word)
        if self.delimiter not in word:
            return False
        for part in word.split(self.delimiter):
            if part not in self.numbers:
                return False
        self.add(word, 0)
        return True

    cdef int32_t advance(self, int32_t node, int64_t value) except -2:
        """Return the node that a word leads to, -1 if none."""
        cdef int32_t single
        if value >= 0:
            single = <int32_t>((value >> FLAGS) - 1)
            return self.roots[single] if node == 0 and single >= 0 else self.trie.step(node, single)
        for part in self.compounds[<Py_ssize_t>((-1 - value) >> FLAGS)]:
            node = self.trie.step(node, part)
        return node

    cdef bint is_phrase(self, int32_t first, int64_t last, int32_t both) except -1:
        """Return whether the key of a node is a phrase: of the word of node `first` and the word of value `last`."""
        cdef double score
        if self.scorer == STORED:
            score = self.stored[both]
        elif self.trie.counts[both] < self.enough:
            return False
        else:
            score = self.trie.score(
                self.scorer, first, self.advance(0, last), both, self.min_count, self.words, self.keys
            )
        return not isnan(score) and score > self.threshold

    cdef object phrase(self, int32_t node):
        cdef int32_t at = node
        found = self.phrases.get(node)
        if found is None:
            path = []
            while at > 0:
                path.append(self.parts[self.trie.lasts[at]])
                at = self.trie.parents[at]
            path.reverse()
            found = self.phrases[node] = self.delimiter.join(path)
        return found

    cdef int read(self, list tokens) except -1:
        """Look up the words of a sentence, and have the steps of its pairs come into the cache."""
        cdef Py_ssize_t i, count = len(tokens)
        cdef PyObject *token
        cdef PyObject *found
        cdef void *grown
        cdef int64_t value
        cdef int32_t node = -1
        if count > self.room:
            grown = realloc(self.values, 2 * count * sizeof(int64_t))
            if grown is NULL:
                raise MemoryError(f"no memory for a sentence of {count:,} words")
            self.values, self.room = <int64_t *>grown, 2 * count
        for i in range(count):
            token = PyList_GetItem(tokens, i)
            found = PyDict_GetItemWithError(self.known, token)
            if found is NULL and self.make_known(<object>token):
                found = PyDict_GetItemWithError(self.known, token)
            value = 0 if found is NULL else <object>found
            self.values[i] = value
            if value > FLAG_BITS:
                if node >= 0:
                    prefetch(self.trie.place(node, <int32_t>((value >> FLAGS) - 1)))
                node = self.roots[(value >> FLAGS) - 1]
            else:
                node = -1
        return 0

    def join(self, sentence):
        """Return a sentence, any iterable of str, as a list of str with its phrases joined."""
        cdef list tokens = list(sentence)  # its beginning is overwritten by what comes out
        cdef Py_ssize_t i, count = len(tokens), used = 0, begin = 0
        cdef int32_t node = -1, first = -1, both
        cdef int64_t value, flags
        self.read(tokens)
        for i in range(count):
            value = self.values[i]
            flags = (value if value >= 0 else -1 - value) & FLAG_BITS
            if flags & CONNECTS:
                node = self.advance(node, value)
            else:
                both = self.advance(node, value)
                if both >= 0 and self.is_phrase(first, value, both):
                    tokens[begin] = self.phrase(both)
                    used = begin + 1
                    node = -1
                    continue
                if flags & EMPTY:
                    node = -1
                    continue  # gensim loses an empty word that could begin a phrase
                node = first = self.advance(0, value)
                begin = used
            if used < i:
                tokens[used] = tokens[i]
            used += 1
        if used < count:
            del tokens[used:]
        return tokens
