"""The training of one thread.

Positions become windows, windows become inputs and labelled outputs, and one `update` serves every mode. The arithmetic
is in `fastw2v.tile`; no Python runs below `Worker.train`.

Shapes: V words, D dimensions, L length of a Huffman path, M inputs and N outputs of one update.
"""

from libc.stdint cimport INT32_MAX
from libc.string cimport memcpy, memset

import numpy as np

from fastw2v.memory import require_memory
from fastw2v.tile.dispatch cimport TILE_SLACK, TILE_STRIDE, selected_tile, tile_prefetch

from fastw2v.tile.dispatch import floats, lines


cdef extern from "compiler.h" nogil:
    void prefetch "fastw2v_prefetch"(const void *address)
    bint is_set "fastw2v_is_set"(const uint64_t *bits, int64_t place)
    bint set_bit "fastw2v_set"(uint64_t *bits, int64_t place)
    void raise_flag "fastw2v_raise"(int *flag)
    bint is_raised "fastw2v_is_raised"(const int *flag)


# --- random numbers: Java's generator, as in word2vec ---

cdef enum:
    RNG_BITS = 48              # of its state
    NOISE_DOMAIN = 0x7FFFFFFF  # last entry of every noise table
    LANES = 4                  # steps at once: each waits for the one before it, so several take hardly longer

cdef uint64_t RNG_MASK = (<uint64_t>1 << RNG_BITS) - 1
cdef uint64_t STEP = 25214903917, ADD = 11                                    # one step
cdef uint64_t LEAP = pow(<object>STEP, LANES, <object>RNG_MASK + 1)           # LANES steps
cdef uint64_t LEAP_ADD = <object>ADD * sum((<object>STEP)**k for k in range(LANES)) % (<object>RNG_MASK + 1)


cdef inline uint32_t draw(uint64_t *rng) noexcept nogil:
    """Return the top 32 bits of the generator, and advance it by one step."""
    cdef uint32_t top = <uint32_t>(rng[0] >> (RNG_BITS - 32))
    rng[0] = (rng[0] * STEP + ADD) & RNG_MASK
    return top


cdef inline uint32_t noise_draw_of(uint64_t rng) noexcept nogil:
    """Return the generator's top 32 bits modulo NOISE_DOMAIN = 2**31 - 1, without a division."""
    cdef uint32_t x = <uint32_t>(rng >> (RNG_BITS - 32))
    x = (x & NOISE_DOMAIN) + (x >> 31)
    return x - NOISE_DOMAIN if x >= <uint32_t>NOISE_DOMAIN else x


cdef inline uint64_t bit_of(int32_t word) noexcept nogil:
    """Return the bit of a word, by the last six bits of its id, in a set that tells which words may be members."""
    return <uint64_t>1 << (word & 63)


# --- numbers that are not finite ---

class NotFinite(FloatingPointError):
    """A score left the finite, so the weights are about to, or have."""

    taken_back = True  # the weights are as they were before

    def __init__(self):
        super().__init__("the vectors are no longer finite: the learning rate (alpha) is too high; give a lower alpha")


# --- the worker ---

cdef class StopFlag:
    def stop(self):
        raise_flag(<int *>&self.raised)


cdef class Worker:
    def __cinit__(
        self,
        float[:, ::1] input not None,
        float[:, ::1] output,
        float[:, ::1] nodes,
        const float[::1] lockf not None,
        StopFlag stop not None,
        *,
        bint sg,
        int negative,
        int window,
        bint shrink_windows,
        bint cbow_mean,
        bint by_window,
        bint compute_loss,
        bint alone,
        const uint32_t[::1] keep,
        const uint32_t[::1] noise_table,
        const int32_t[::1] noise_index,
        int noise_shift,
        bint last_only=False,
        bint frozen_outputs=False,
        const uint8_t[::1] codes,
        const uint32_t[::1] points,
        const int64_t[::1] path_starts,
        undo=None,
    ):
        """Keep references to the arrays; `input`, `output`, `nodes` are float32 (V, D), the last two may be None.

        Everything is checked here that takes no time in proportion to V. The caller has checked the entries of the
        noise tables; ids and Huffman paths are checked by `train`, those that a job has. A worker that is not `alone`
        updates private copies of the nodes near the root, and merges them every few updates. With `last_only` only the
        last word of a sentence is a centre; with `frozen_outputs` only `input` is trained. With `undo`, a
        `weights.Undo`, every row is saved there before its first update.

        Raises:
            ValueError: a setting is out of range, or arrays do not fit each other.
        """
        cdef Py_ssize_t dim = input.shape[1], rows = input.shape[0]
        cdef uint64_t[::1] claimed, saved
        if rows < 1 or dim < 1 or window < 1 or negative < 0 or lockf.shape[0] < 1:
            raise ValueError(
                f"syn0 {rows} x {dim}, window={window}, negative={negative}, {lockf.shape[0]} lock factors: "
                "expected at least one of each, and negative of at least 0"
            )
        for name, matrix in (("output", output), ("nodes", nodes)):
            if matrix is not None and (matrix.shape[0], matrix.shape[1]) != (rows, dim):
                raise ValueError(f"{name} is {matrix.shape[0]} x {matrix.shape[1]}, expected {rows} x {dim}")
        if keep is not None and keep.shape[0] != rows:
            raise ValueError(f"{keep.shape[0]} thresholds of downsampling for {rows} words")
        if negative:
            if output is None or noise_table is None or noise_index is None:
                raise ValueError(f"negative={negative} needs OUT vectors and a noise table with its index")
            if noise_table.shape[0] != rows or noise_table[rows - 1] < NOISE_DOMAIN:
                raise ValueError(f"the noise table of {noise_table.shape[0]} entries does not end at {NOISE_DOMAIN}")
            if not 0 <= noise_shift < 32 or noise_index.shape[0] <= NOISE_DOMAIN >> noise_shift:
                raise ValueError(f"{noise_index.shape[0]} entries index the noise, by draws shifted by {noise_shift}")
        if nodes is not None:
            if codes is None or points is None or path_starts is None:
                raise ValueError("vectors of inner nodes need Huffman paths and codes")
            if path_starts.shape[0] != rows + 1 or codes.shape[0] != points.shape[0]:
                raise ValueError(
                    f"{path_starts.shape[0] - 1} Huffman paths for {rows} words, with {points.shape[0]} nodes "
                    f"and {codes.shape[0]} code bits"
                )
        cdef float[:, ::1] hot
        cdef int32_t[::1] hot_updates
        self.tile = selected_tile()
        self.stop = stop
        self.weights.input = &input[0, 0]
        self.weights.output = &output[0, 0] if output is not None else NULL
        self.weights.nodes = &nodes[0, 0] if nodes is not None else NULL
        self.weights.lockf = &lockf[0]
        self.weights.locks = lockf.shape[0]
        self.weights.rows = input.shape[0]
        self.weights.dim = dim
        self.objective.sg = sg
        self.objective.hs = nodes is not None
        self.objective.negative = negative
        self.objective.window = window
        self.objective.shrink_windows = shrink_windows
        self.objective.cbow_mean = cbow_mean
        self.objective.by_window = by_window
        self.objective.last_only = last_only
        self.objective.frozen_outputs = frozen_outputs
        self.objective.want_loss = compute_loss
        self.objective.downsample = keep is not None
        if keep is not None:
            self.objective.keep = &keep[0]
        if negative:
            self.objective.noise_table = &noise_table[0]
            self.objective.noise_index = &noise_index[0]
            self.objective.noise_shift = noise_shift
        if nodes is not None:
            self.objective.path_starts = &path_starts[0]
            if codes.shape[0]:
                self.objective.codes = &codes[0]
                self.objective.points = &points[0]
            self.objective.path_total = min(codes.shape[0], points.shape[0])
            self.weights.first_hot = max(0, nodes.shape[0] - 1 - HOT_NODES)  # the last row is not in the tree
            if not alone and not frozen_outputs:
                hot = floats(2 * HOT_NODES, dim)
                hot_updates = lines(np.int32, HOT_NODES)
                self.scratch.hot_copies = &hot[0, 0]
                self.scratch.merged = &hot[HOT_NODES, 0]
                self.scratch.hot_updates = &hot_updates[0]
                self.private = (hot, hot_updates)
        self.outputs = 1 + negative  # more once a path is longer
        self.borrowed = (input, output, nodes, lockf, keep, noise_table, noise_index, codes, points, path_starts)
        self.inputs = 0  # the first job says how much scratch to reserve
        self.kept = np.empty(0, dtype=np.int32)
        self.reduced = np.empty(0, dtype=np.int32)
        self.kept_ends = np.empty(0, dtype=np.int64)
        self.undo = undo
        if undo is not None:
            claimed, saved = undo.claimed, undo.saved
            if claimed.shape[0] * 64 < 3 * rows or saved.shape[0] * 64 < 3 * rows:
                raise ValueError(f"undo has {claimed.shape[0]} and {saved.shape[0]} words of bits for 3 x {rows} rows")
            self.before.claimed = &claimed[0]
            self.before.saved = &saved[0]
            self.before.alone = alone

    cdef int reserve(self, Py_ssize_t inputs) except -1:
        """Allocate scratch for windows of up to `inputs` context words.

        The longest sentence decides how many, because `window` may be far wider.
        """
        cdef Py_ssize_t outputs = self.outputs, dim = self.weights.dim, i
        cdef Py_ssize_t new_rows = outputs * self.objective.window  # about so many are new in each window
        cdef Py_ssize_t batch_noise
        # In Python's numbers, which do not overflow: gradients, both sides of `partial`, and noise with its draws.
        need = 4 * (<object>inputs * outputs * TILE_STRIDE + (<object>inputs + outputs) * (<object>dim + TILE_SLACK)
                    + 3 * BATCH * <object>inputs * self.objective.negative)
        require_memory(need, f"a window of {inputs} words, with negative={self.objective.negative}",
                       "give a smaller window or negative, or shorter sentences")
        batch_noise = BATCH * inputs * self.objective.negative

        def pointers(count):
            return lines(np.uintp, count)

        cdef float[::1] hidden = floats(dim), input_gradient = floats(dim)
        cdef float[::1] gradients = floats(inputs * outputs * TILE_STRIDE)
        cdef float[::1] partial = floats((inputs + outputs) * (dim + TILE_SLACK))
        cdef float[::1] lock = floats(inputs), times_x = floats(inputs)
        cdef float[::1] path_label = floats(outputs + TILE_SLACK), noise_label = floats(outputs + TILE_SLACK)
        cdef float[::1] times_drawn = floats(outputs + TILE_SLACK)
        cdef float[::1] unit_factors = floats(max(inputs, outputs) + TILE_SLACK)
        cdef size_t[::1] x = pointers(inputs), receivers = pointers(inputs), y = pointers(outputs)
        cdef size_t[::1] output_copies = pointers(outputs)
        cdef float[:, ::1] copies = floats(outputs if self.objective.frozen_outputs else 0, dim)
        cdef Py_ssize_t rows_of_window = inputs + 2 + self.objective.negative + outputs
        cdef size_t[::1] ahead = pointers(PREFETCH_DISTANCE * rows_of_window + self.objective.negative)
        cdef int32_t[:, ::1] contexts = lines(np.int32, 2 * BATCH, inputs)
        cdef int32_t[::1] noise = lines(np.int32, 2 * batch_noise + 1)
        cdef uint32_t[::1] draws = lines(np.uint32, batch_noise + 1)
        noise_label[0] = 1
        unit_factors[:] = 1
        self.scratch.hidden = &hidden[0]
        self.scratch.input_gradient = &input_gradient[0]
        self.scratch.gradients = &gradients[0]
        self.scratch.partial = &partial[0]
        self.scratch.lock = &lock[0]
        self.scratch.times_x = &times_x[0]
        self.scratch.path_label = &path_label[0]
        self.scratch.noise_label = &noise_label[0]
        self.scratch.times_drawn = &times_drawn[0]
        self.scratch.unit_factors = &unit_factors[0]
        self.scratch.x = <const float **>&x[0]
        self.scratch.receivers = <float **>&receivers[0]
        self.scratch.y = <float **>&y[0]
        self.scratch.output_copies = <float **>&output_copies[0]
        for i in range(copies.shape[0]):
            self.scratch.output_copies[i] = &copies[i, 0]
        self.scratch.ahead = <const float **>&ahead[0]
        self.scratch.noise = &noise[0]
        self.scratch.batch_noise = batch_noise
        self.scratch.draws = &draws[0]
        for i in range(2 * BATCH):
            self.windows[i].context = &contexts[i, 0]
        if self.objective.by_window or not self.objective.sg:
            new_rows = 2 + self.objective.negative
        self.prefetch_distance = PREFETCH_DISTANCE if new_rows * dim * sizeof(float) <= PREFETCH_BYTES else 1
        self.inputs = inputs
        self.owned = (hidden, input_gradient, gradients, partial, lock, times_x, path_label, noise_label, times_drawn,
                      unit_factors, x, receivers, y, ahead, contexts, noise, draws, output_copies, copies)
        return 0

    @property
    def loss(self):
        """-log likelihood of all examples so far, in float64; 0 without `compute_loss`."""
        return self.scratch.loss

    @loss.setter
    def loss(self, double loss):
        self.scratch.loss = loss

    @property
    def examples(self):
        """Number of examples so far: pairs in skip-gram, positions in CBOW, counted for each objective."""
        return self.scratch.examples

    @examples.setter
    def examples(self, int64_t examples):
        self.scratch.examples = examples

    def train(
        self,
        const int32_t[::1] ids not None,
        const int64_t[::1] ends not None,
        float alpha,
        uint64_t seed,
        draw_windows=None,
        Py_ssize_t lead=0,
        Py_ssize_t trail=0,
    ):
        """Train one job in place and return how many of its words were kept by downsampling.

        Args:
            ids: (n,) rows of the vocabulary.
            ends: (sentences,) where each sentence ends in `ids`.
            alpha: learning rate. With 0 the loss is added up and nothing is written, so that others may train.
            seed: of the worker's generator, 48 bits.
            draw_windows: `draw_windows(count)` returns by how much each window is reduced; None draws that from the
                worker's generator.
            lead, trail: how many ids at the beginning and the end are only context, in a piece of a longer sentence.

        Raises:
            ValueError: an id is not a row, its Huffman path is damaged, the sentences do not fit the ids, or
                `draw_windows` does not return what it should; nothing was trained.
            NotFinite: a score left the finite; unless alpha is 0, as there nothing is learnt.
        """
        self.check_job(ids, ends, lead, trail)
        cdef Py_ssize_t count = ids.shape[0], sentences = ends.shape[0], kept, i, start
        cdef Py_ssize_t first = 0, last = 0, longest = 1, longest_path = self.check(ids)
        cdef int window = self.objective.window
        if self.kept.shape[0] < count:
            self.kept = np.empty(count + count // 2, dtype=np.int32)
            self.reduced = np.zeros(count + count // 2, dtype=np.int32)
        if self.kept_ends.shape[0] < sentences:
            self.kept_ends = np.empty(sentences + sentences // 2, dtype=np.int64)
        self.scratch.rng = seed & RNG_MASK
        self.scratch.overflowed = False
        self.scratch.alpha = alpha
        with nogil:
            kept = self.downsample(ids, ends, lead, trail, &first, &last)
            start = 0
            for i in range(sentences):
                longest = max(longest, self.kept_ends[i] - start)
                start = self.kept_ends[i]
        longest = min(longest, 2 * <Py_ssize_t>window)
        if longest > self.inputs or longest_path > self.outputs:
            self.outputs = max(self.outputs, longest_path)
            self.reserve(max(self.inputs, longest + longest // 2))
        if self.objective.shrink_windows:
            if draw_windows is not None:
                np.asarray(self.reduced)[:kept] = draw_windows(kept)
                for i in range(kept):
                    if not 0 <= self.reduced[i] < window:
                        raise ValueError(
                            f"model.random.randint(0, {window}) gave {self.reduced[i]}: "
                            "let model.random be a numpy.random.RandomState"
                        )
            else:
                for i in range(kept):
                    self.reduced[i] = draw(&self.scratch.rng) % window
        with nogil:
            if self.before.claimed != NULL:
                self.save_hot_nodes()
            self.merge_hot_nodes()
            self.train_windows(first, last)
            self.merge_hot_nodes()
        if self.scratch.overflowed and alpha != 0:
            raise NotFinite
        return last - first

    cdef int check_job(self, const int32_t[::1] ids, const int64_t[::1] ends, Py_ssize_t lead,
                       Py_ssize_t trail) except -1:
        """Raise ValueError unless the sentences are in `ids`, and the context is."""
        cdef int64_t i, start = 0, count = ids.shape[0]
        for i in range(ends.shape[0]):
            if not start <= ends[i] <= count:
                raise ValueError(f"sentence {i} ends at {ends[i]}, expected {start} to {count}")
            start = ends[i]
        if not (0 <= lead <= count and 0 <= trail <= count - lead):
            raise ValueError(f"{lead} and {trail} of {count} words are context: expected none twice")
        return 0

    cdef Py_ssize_t check(self, const int32_t[::1] ids) except -1:
        """Check all that these ids lead to, and return the length of the longest Huffman path among them.

        Only they are looked at: a check of the whole vocabulary would cost more than to train a sentence.
        """
        cdef Py_ssize_t i, k, longest = 0
        cdef int64_t start, end
        cdef uint32_t rows = <uint32_t>min(self.weights.rows, <Py_ssize_t>INT32_MAX), furthest = 0, node = 0
        cdef bint damaged = False
        with nogil:
            for i in range(ids.shape[0]):
                furthest = max(furthest, <uint32_t>ids[i])  # a negative id is a very large one
            if self.objective.hs and furthest < rows:
                for i in range(ids.shape[0]):
                    start = self.objective.path_starts[ids[i]]
                    end = self.objective.path_starts[ids[i] + 1]
                    if not 0 <= start <= end <= self.objective.path_total:
                        damaged = True
                        break
                    for k in range(start, end):
                        node = max(node, self.objective.points[k])
                    longest = max(longest, end - start)
        if ids.shape[0] and furthest >= rows:
            raise ValueError(
                f"wv.key_to_index leads to row {<int32_t>furthest}, expected 0 to {rows - 1}: "
                "add words with build_vocab(update=True)"
            )
        if damaged or longest and node >= rows - 1:  # the last row is not in the tree, and has no private copy
            raise ValueError("the Huffman paths are damaged: call create_binary_tree() to rebuild them")
        return longest

    cdef void merge_hot_nodes(self) noexcept nogil:
        """Add this worker's updates of the hot nodes to the shared rows, and take over those of the others."""
        cdef Py_ssize_t hot
        if self.scratch.hot_copies != NULL:
            for hot in range(min(HOT_NODES, self.weights.rows - 1)):
                self.merge_hot_node(hot)

    cdef void merge_hot_node(self, Py_ssize_t hot) noexcept nogil:
        cdef Py_ssize_t dim = self.weights.dim, d
        cdef float *shared = self.weights.nodes + dim * (self.weights.first_hot + hot)
        cdef float *mine = self.scratch.hot_copies + dim * hot
        cdef float *merged = self.scratch.merged + dim * hot
        for d in range(dim):
            shared[d] += mine[d] - merged[d]
            mine[d] = merged[d] = shared[d]
        self.scratch.hot_updates[hot] = 0

    cdef float *node_row(self, Py_ssize_t node, Py_ssize_t updates) noexcept nogil:
        """Return the row of an inner node that will get so many updates next.

        Every path begins at the root, so cores that update the same rows near it would spend their time passing cache
        lines to each other. Private copies avoid that (Vuurens et al. 2016); they are merged often enough that the
        copies of many workers do not drift apart.
        """
        cdef Py_ssize_t hot = node - self.weights.first_hot
        if hot < 0 or self.scratch.hot_copies == NULL:
            return self.weights.nodes + self.weights.dim * node
        if self.scratch.hot_updates[hot] >= HOT_UPDATES:
            self.merge_hot_node(hot)
        self.scratch.hot_updates[hot] += <int32_t>updates
        return self.scratch.hot_copies + self.weights.dim * hot

    cdef Py_ssize_t downsample(self, const int32_t[::1] ids, const int64_t[::1] ends, Py_ssize_t lead,
                               Py_ssize_t trail, Py_ssize_t *first, Py_ssize_t *last) noexcept nogil:
        """Fill `kept` and `kept_ends`; kept[first:last] are the positions to train. Each token takes one draw."""
        cdef Py_ssize_t sentence, i, start = 0, kept = 0, count = ids.shape[0]
        cdef uint64_t rng = self.scratch.rng
        for sentence in range(ends.shape[0]):
            for i in range(start, ends[sentence]):
                if i == lead:
                    first[0] = kept
                if i == count - trail:
                    last[0] = kept
                self.kept[kept] = ids[i]  # the next one overwrites it if it is dropped
                kept += not self.objective.downsample or self.objective.keep[ids[i]] >= draw(&rng)
            start = ends[sentence]
            self.kept_ends[sentence] = kept
        self.scratch.rng = rng
        if trail == 0:
            last[0] = kept
        return kept

    cdef int train_windows(self, Py_ssize_t first, Py_ssize_t last) except -1 nogil:
        """Train all positions in [first, last), left to right.

        The random choices of a window do not depend on the weights: they are made well ahead, and the rows of a window
        are prefetched while another one is computed.
        """
        cdef Py_ssize_t filled = 0, done = 0, i
        cdef Py_ssize_t more = BATCH
        self.scratch.position = first
        self.scratch.sentence = 0
        self.scratch.ahead_count = 0
        while not is_raised(<const int *>&self.stop.raised):
            while more == BATCH and filled - done <= BATCH:
                more = self.fill_windows(filled // BATCH % 2, last)
                if filled == 0:
                    for i in range(min(more, self.prefetch_distance)):
                        self.look_ahead(&self.windows[i])
                    self.prefetch()
                filled += more
            if done == filled:
                break
            for i in range(done, min(done + BATCH, filled)):
                self.scratch.ahead_count = 0
                if i + self.prefetch_distance < filled:
                    self.look_ahead(&self.windows[(i + self.prefetch_distance) % (2 * BATCH)])
                self.train_example(&self.windows[i % (2 * BATCH)])
            done = min(done + BATCH, filled)
            if self.scratch.overflowed and self.scratch.alpha != 0:
                break
        return 0

    cdef Py_ssize_t fill_windows(self, Py_ssize_t half, Py_ssize_t last) except -1 nogil:
        """Fill one half of `windows` with the next ones before `last`; return how many: below BATCH only at the end."""
        cdef Scratch *s = &self.scratch
        cdef Window *windows = self.windows + half * BATCH
        cdef int32_t *noise = s.noise + half * s.batch_noise
        cdef Py_ssize_t count = 0, lists, drawn = 0, end
        while count < BATCH and s.position < last:
            while self.kept_ends[s.sentence] <= s.position:
                s.sentence += 1
            end = self.kept_ends[s.sentence]
            if self.objective.last_only:
                s.position = end - 1
                if s.position >= last:
                    break
            self.fill_window(&windows[count], self.kept_ends[s.sentence - 1] if s.sentence else 0, end)
            windows[count].noise = noise + drawn
            lists = windows[count].size if self.objective.sg else 1
            drawn += (min(lists, <Py_ssize_t>1) if self.objective.by_window else lists) * self.objective.negative
            s.position += 1
            count += 1
        if self.objective.hs:
            self.find_paths(windows, count)
        self.draw_noise(noise, drawn)
        if self.before.claimed != NULL:
            self.save_windows(windows, count, noise, drawn)
        return count

    cdef int save_windows(self, const Window *windows, Py_ssize_t count, const int32_t *noise,
                          Py_ssize_t drawn) except -1 nogil:
        """Save the rows that these windows will train, unless that was done before."""
        cdef Py_ssize_t i, k
        cdef int64_t rows = self.weights.rows
        cdef const uint64_t *saved = self.before.saved  # looked at here, too: a call takes longer
        if not self.objective.frozen_outputs:
            for i in range(drawn):
                if not is_set(saved, rows + noise[i]):
                    tile_prefetch(self.output_row(noise[i]), self.weights.dim)
        for i in range(count):
            for k in range(windows[i].size):
                if not is_set(saved, windows[i].context[k]):
                    self.save_row(self.weights.input, 0, windows[i].context[k])
        if self.objective.frozen_outputs:
            return 0
        for i in range(count):
            if self.objective.negative:
                self.save_row(self.weights.output, 1, windows[i].centre)
            for k in range(windows[i].path_length):
                self.save_row(self.weights.nodes, 2, min(<Py_ssize_t>windows[i].points[k], self.weights.rows - 1))
        for i in range(drawn):
            if not is_set(saved, rows + noise[i]):
                self.save_row(self.weights.output, 1, noise[i])
        return 0

    cdef int save_hot_nodes(self) except -1 nogil:
        """Save the nodes that `merge_hot_nodes` writes to, whatever the text."""
        cdef Py_ssize_t hot
        if self.scratch.hot_copies != NULL:
            for hot in range(min(HOT_NODES, self.weights.rows - 1)):
                self.save_row(self.weights.nodes, 2, self.weights.first_hot + hot)
        return 0

    cdef int save_row(self, const float *matrix, int64_t number, Py_ssize_t row) except -1 nogil:
        """Save a row of matrix `number`, unless that was done before; when this returns no one writes to it unsaved."""
        cdef int64_t place = number * self.weights.rows + row
        cdef Before *b = &self.before
        if is_set(b.saved, place):
            return 0
        if b.used == b.room:
            with gil:
                self.make_room()  # before it is claimed: who waits for the row does not wait for Python
        if not b.alone and set_bit(b.claimed, place):
            while not is_set(b.saved, place):
                pass
            return 0
        memcpy(b.values + b.used * self.weights.dim, matrix + row * self.weights.dim, self.weights.dim * sizeof(float))
        b.places[b.used] = place
        b.used += 1
        if b.alone:
            b.saved[place >> 6] |= <uint64_t>1 << (place & 63)
        else:
            set_bit(b.saved, place)
        return 0

    cdef int make_room(self) except -1:
        cdef int64_t[::1] places
        cdef float[:, ::1] values
        self.chunk = self.undo.room(self.chunk)
        places, values = self.chunk
        if values.shape[1] != self.weights.dim or min(places.shape[0], values.shape[0]) < 1:
            raise ValueError(f"undo gave room for {values.shape[0]} rows of {values.shape[1]}, not {self.weights.dim}")
        self.before.places = &places[0]
        self.before.values = &values[0, 0]
        self.before.room = min(places.shape[0], values.shape[0])
        self.before.used = 0
        return 0

    cdef void fill_window(self, Window *w, Py_ssize_t start, Py_ssize_t end) noexcept nogil:
        """Fill in the window at `position`, of the sentence [start, end)."""
        cdef Py_ssize_t position = self.scratch.position, window = self.objective.window, i
        cdef Py_ssize_t reach = window - self.reduced[position]
        cdef Py_ssize_t left = max(start, position - reach), right = min(end, position + reach + 1)
        w.centre = self.kept[position]
        w.size = right - left - 1
        for i in range(left, position):
            w.context[i - left] = self.kept[i]
        for i in range(position + 1, right):
            w.context[i - left - 1] = self.kept[i]
        i = start if position == start else min(position + window, end)  # a sentence's first window enters as a whole
        w.entering = &self.kept[0] + i
        w.entering_count = min(position + window + 1, end) - i

    cdef void find_paths(self, Window *windows, Py_ssize_t count) noexcept nogil:
        """Find the paths of the windows' centres; in two passes, so that their cache misses overlap."""
        cdef Py_ssize_t i
        cdef int64_t start, end
        for i in range(count):
            prefetch(self.objective.path_starts + windows[i].centre)
        for i in range(count):
            start = self.objective.path_starts[windows[i].centre]
            end = self.objective.path_starts[windows[i].centre + 1]
            if not 0 <= start <= end <= self.objective.path_total or end - start > self.outputs:
                start = end = 0  # another thread has written to the tree since `check`
            windows[i].points = self.objective.points + start
            windows[i].codes = self.objective.codes + start
            windows[i].path_length = end - start
            prefetch(windows[i].points)
            prefetch(windows[i].codes)

    cdef void draw_noise(self, int32_t *noise, Py_ssize_t count) noexcept nogil:
        """Draw `count` noise words one after another; in three passes, so that their cache misses overlap."""
        cdef Py_ssize_t i = 0, k
        cdef int32_t word
        cdef uint32_t *draws = self.scratch.draws
        cdef const uint32_t *table = self.objective.noise_table
        cdef const int32_t *index = self.objective.noise_index
        cdef int shift = self.objective.noise_shift
        cdef uint64_t[LANES] lanes
        lanes[0] = self.scratch.rng
        for k in range(1, LANES):
            lanes[k] = lanes[k - 1]
            draw(&lanes[k])
        while i + LANES <= count:
            for k in range(LANES):
                draws[i + k] = noise_draw_of(lanes[k])
                lanes[k] = (lanes[k] * LEAP + LEAP_ADD) & RNG_MASK
            i += LANES
        for k in range(count - i):
            draws[i + k] = noise_draw_of(lanes[k])
        self.scratch.rng = lanes[count - i]
        for i in range(count):
            prefetch(index + (draws[i] >> shift))
        for i in range(count):
            noise[i] = index[draws[i] >> shift]
            prefetch(table + noise[i])
        for i in range(count):
            word = noise[i]
            word += table[word] < draws[i]  # two branch-free steps first: the branch would be unpredictable
            word += table[word] < draws[i]
            while table[word] < draws[i]:
                word += 1
            noise[i] = word

    cdef void look_ahead(self, const Window *w) noexcept nogil:
        """List the rows that this window needs and earlier ones do not; the next update prefetches them."""
        cdef Py_ssize_t i
        for i in range(w.entering_count):
            self.look_ahead_to(self.input_row(w.entering[i]))
        if self.objective.negative:
            self.look_ahead_to(self.output_row(w.centre))
            self.look_ahead_to_noise(w.noise)
        if self.objective.hs:
            for i in range(w.path_length):
                if w.points[i] < self.weights.first_hot:
                    self.look_ahead_to(self.weights.nodes + self.weights.dim * w.points[i])

    cdef void look_ahead_to(self, const float *row) noexcept nogil:
        self.scratch.ahead[self.scratch.ahead_count] = row
        self.scratch.ahead_count += 1

    cdef void look_ahead_to_noise(self, const int32_t *noise) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(self.objective.negative):
            self.look_ahead_to(self.output_row(noise[i]))

    cdef void prefetch(self) noexcept nogil:
        """Prefetch the rows ahead now: no update comes before the one that needs them."""
        cdef Py_ssize_t i
        for i in range(self.scratch.ahead_count):
            tile_prefetch(self.scratch.ahead[i], self.weights.dim)
        self.scratch.ahead_count = 0

    cdef float *input_row(self, int32_t word) noexcept nogil:
        return self.weights.input + self.weights.dim * word

    cdef float *output_row(self, int32_t word) noexcept nogil:
        return self.weights.output + self.weights.dim * word

    cdef float lock_of(self, int32_t word) noexcept nogil:
        return self.weights.lockf[0] if self.weights.locks == 1 else self.weights.lockf[word % self.weights.locks]

    cdef void train_example(self, const Window *w) noexcept nogil:
        if not self.objective.sg:
            self.train_cbow(w)
        elif w.size == 0:
            return
        elif self.objective.by_window:
            self.train_window(w)
        else:
            self.train_skipgram(w)

    cdef void train_skipgram(self, const Window *w) noexcept nogil:
        """Train each context word to predict the centre, in order; in the paper the centre predicts them."""
        cdef Py_ssize_t i
        cdef const int32_t *noise = w.noise
        for i in range(w.size):
            self.scratch.receivers[0] = self.input_row(w.context[i])
            self.scratch.lock[0] = self.lock_of(w.context[i])
            if self.objective.hs:
                self.update_one(self.scratch.receivers[0], 1, self.path_outputs(w, 1))
            if self.objective.negative:
                if i + 1 < w.size:
                    self.look_ahead_to_noise(noise + self.objective.negative)
                self.update_one(self.scratch.receivers[0], 1, self.noise_outputs(w.centre, noise))
                noise += self.objective.negative

    cdef void train_window(self, const Window *w) noexcept nogil:
        """Train all context words at once to predict the centre, with the same noise (HogBatch, Ji et al. 2016)."""
        cdef Py_ssize_t m = self.context_inputs(w)
        if self.objective.hs:
            self.update(m, self.path_outputs(w, m))
            self.scratch.examples += w.size
        if self.objective.negative:
            self.update(m, self.merge_equal_outputs(self.noise_outputs(w.centre, w.noise)))
            self.scratch.examples += w.size

    cdef void train_cbow(self, const Window *w) noexcept nogil:
        """Train the sum or mean of the context words to predict the centre.

        As in word2vec.c the gradient of a mean is not divided by the number of inputs, that of a sum is.
        """
        cdef Py_ssize_t i
        cdef float share = 1 if self.objective.cbow_mean else <float>1 / max(w.size, 1)
        for i in range(w.size):
            self.scratch.receivers[i] = self.input_row(w.context[i])
            self.scratch.lock[i] = share * self.lock_of(w.context[i])
        if self.objective.hs:
            self.update_hidden(w.size, self.path_outputs(w, 1))
        if self.objective.negative:
            self.update_hidden(w.size, self.noise_outputs(w.centre, w.noise))

    cdef Py_ssize_t context_inputs(self, const Window *w) noexcept nogil:
        """List the distinct context rows of the window, with how often each occurs; return their number."""
        cdef Py_ssize_t i, j, m = 0
        cdef uint64_t seen = 0, bit
        cdef float *row
        for i in range(w.size):
            row = self.input_row(w.context[i])
            bit = bit_of(w.context[i])
            j = m
            if seen & bit:
                j = 0
                while j < m and self.scratch.receivers[j] != row:
                    j += 1
            if j < m:
                self.scratch.times_x[j] += 1
            else:
                self.scratch.x[m] = self.scratch.receivers[m] = row
                self.scratch.lock[m] = self.lock_of(w.context[i])
                self.scratch.times_x[m] = 1
                m += 1
            seen |= bit
        return m

    cdef Py_ssize_t path_outputs(self, const Window *w, Py_ssize_t m) noexcept nogil:
        """List the inner nodes on the path to the centre, for m inputs; label 1 where the path turns left (code 0)."""
        cdef Scratch *s = &self.scratch
        cdef Py_ssize_t i, node, unused = self.weights.rows - 1
        for i in range(w.path_length):
            node = w.points[i]
            s.y[i] = self.node_row(node if node < unused else 0, m)  # not if another thread has written to the tree
            s.path_label[i] = 1 - w.codes[i]
        s.label = s.path_label
        s.times_y = s.unit_factors
        s.distinct = True
        return w.path_length

    cdef Py_ssize_t noise_outputs(self, int32_t target, const int32_t *noise) noexcept nogil:
        """List the target, label 1, then the noise words, label 0, except those that are the target itself."""
        cdef Scratch *s = &self.scratch
        cdef Py_ssize_t n = 1, i
        cdef uint64_t seen = bit_of(target), bit
        s.distinct = True
        s.y[0] = self.output_row(target)
        for i in range(self.objective.negative):
            s.y[n] = self.output_row(noise[i])
            bit = bit_of(noise[i])
            if seen & bit:
                if noise[i] == target:
                    continue
                s.distinct = False
            seen |= bit
            n += 1
        s.label = s.noise_label
        s.times_y = s.unit_factors
        return n

    cdef Py_ssize_t merge_equal_outputs(self, Py_ssize_t n) noexcept nogil:
        """List each row once, with how often it counts: equal rows have equal scores, so their updates add up."""
        cdef Scratch *s = &self.scratch
        cdef Py_ssize_t k, distinct = 0, same
        if s.distinct:
            return n
        for k in range(n):
            same = self.find_output(0, distinct, s.y[k])
            if same < distinct:
                s.times_drawn[same] += 1
            else:
                s.y[distinct] = s.y[k]
                s.times_drawn[distinct] = 1
                distinct += 1
        s.times_y = s.times_drawn
        s.distinct = True
        return distinct

    cdef Py_ssize_t find_output(self, Py_ssize_t start, Py_ssize_t end, const float *row) noexcept nogil:
        """Return the index of `row` among the outputs [start, end); `end` if it is not there."""
        cdef Py_ssize_t k
        for k in range(start, end):
            if self.scratch.y[k] == row:
                return k
        return end

    cdef void update_hidden(self, Py_ssize_t inputs, Py_ssize_t n) noexcept nogil:
        """hidden := sum or mean of the `inputs` rows in `receivers`; train it, and let these rows gain its gradient."""
        cdef float scale = <float>1 / inputs if inputs and self.objective.cbow_mean else 1
        cdef Scratch *s = &self.scratch
        self.tile.sum_rows(<const float **>s.receivers, inputs, self.weights.dim, scale, s.hidden)
        self.update_one(s.hidden, inputs, n)

    cdef void update_one(self, const float *x, Py_ssize_t targets, Py_ssize_t n) noexcept nogil:
        """Train one input with the outputs [0, n) as if one after the other; its gradient goes to `targets` receivers.

        A row that is listed again must see its earlier update, so the outputs are taken in runs of distinct ones.
        """
        cdef Scratch *s = &self.scratch
        cdef Py_ssize_t start = 0, end = self.run_end(0, n)
        s.examples += 1
        if end == n:
            self.update_run(x, s.receivers, s.lock, targets, 0, n)
            return
        memset(s.input_gradient, 0, self.weights.dim * sizeof(float))
        while start < n:
            self.update_run(x, &s.input_gradient, s.unit_factors, 1, start, end - start)
            start = end
            end = self.run_end(start, n)
        if s.alpha != 0:
            self.tile.add_rows(s.receivers, s.lock, targets, self.weights.dim, s.input_gradient)

    cdef Py_ssize_t run_end(self, Py_ssize_t start, Py_ssize_t n) noexcept nogil:
        """Return the first output after `start` whose row has been in the run already; n if all are distinct."""
        cdef Py_ssize_t k
        if self.scratch.distinct:
            return n
        for k in range(start + 1, n):
            if self.find_output(start, k, self.scratch.y[k]) < k:
                return k
        return n

    cdef void update_run(self, const float *x, float **to, const float *lock, Py_ssize_t targets, Py_ssize_t first,
                         Py_ssize_t n) noexcept nogil:
        """Do the training step of one input and the n distinct outputs from `first` on."""
        cdef Scratch *s = &self.scratch
        if self.tile.gradients(&x, s.unit_factors, 1, s.y + first, s.label + first, s.times_y + first, n,
                               self.weights.dim, s.alpha, s.gradients, self.wanted_loss()):
            s.overflowed = True
            s.ahead_count = 0
            return
        if s.alpha == 0:
            self.prefetch()
            return
        self.tile.update_one(x, to, lock, targets, self.learning(first, n), n, self.weights.dim, s.gradients, s.ahead,
                             s.ahead_count)
        s.ahead_count = 0

    cdef void update(self, Py_ssize_t m, Py_ssize_t n) noexcept nogil:
        """Do the training step of m inputs and n outputs, all distinct."""
        cdef Scratch *s = &self.scratch
        if self.tile.gradients(s.x, s.times_x, m, s.y, s.label, s.times_y, n, self.weights.dim, s.alpha, s.gradients,
                               self.wanted_loss()):
            s.overflowed = True
            s.ahead_count = 0
            return
        if s.alpha == 0:
            self.prefetch()
            return
        self.tile.update(s.x, s.receivers, s.lock, m, self.learning(0, n), n, self.weights.dim, s.gradients, s.partial,
                         s.ahead, s.ahead_count)
        s.ahead_count = 0

    cdef double *wanted_loss(self) noexcept nogil:
        return &self.scratch.loss if self.objective.want_loss else NULL

    cdef float **learning(self, Py_ssize_t first, Py_ssize_t n) noexcept nogil:
        """Return the rows to update for the outputs [first, first + n): themselves, or copies if they are frozen."""
        cdef Py_ssize_t k
        if not self.objective.frozen_outputs:
            return self.scratch.y + first
        for k in range(n):
            memcpy(self.scratch.output_copies[k], self.scratch.y[first + k], self.weights.dim * sizeof(float))
        return self.scratch.output_copies
