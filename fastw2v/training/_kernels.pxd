"""What all workers share during training, and what each worker owns.

Other modules may cimport `Weights`, `Objective`, `StopFlag` and `Worker`, and use a worker as Python does. Everything
below "private" may change at any time; it is declared here because a worker contains it. In a module of its own its
functions could not be inlined: they would be called through a table, which costs speed.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from fastw2v.tile.dispatch cimport Tile


# --- shared by all workers ---

# All workers read and write these rows at the same time, without locks (Hogwild, Niu et al. 2011): the updates that are
# lost now and then cost less than locks would. Nothing else is shared that way.
ctypedef struct Weights:
    float *input            # (V, dim) IN vectors, syn0
    float *output           # (V, dim) OUT vectors, syn1neg; NULL without negative sampling
    float *nodes            # (V, dim) inner nodes of the Huffman tree, syn1; NULL without hierarchical softmax
    Py_ssize_t first_hot    # nodes from this row on are near the root, as the tree is built bottom up: used most
    const float *lockf      # (locks,) factor on what an input row learns; row i reads lockf[i % locks]
    Py_ssize_t locks
    Py_ssize_t rows         # V
    Py_ssize_t dim


# All workers read this.
ctypedef struct Objective:
    bint sg                 # skip-gram, else CBOW
    bint hs                 # hierarchical softmax
    int negative            # noise words per example
    int window              # largest distance of a context word
    bint shrink_windows     # each position draws its own distance from 1..window
    bint cbow_mean          # CBOW: hidden layer is the mean of the context rows, else their sum
    bint by_window          # skip-gram: all context rows of a window are trained with the same outputs
    bint last_only          # of each sentence only the last word is a centre: (input, output) pairs
    bint frozen_outputs     # OUT and node vectors stay as they are
    bint want_loss
    bint downsample
    const uint32_t *keep    # (V,) a token stays if its draw does not exceed keep[id]
    const uint32_t *noise_table  # (V,) cumulative noise distribution
    const int32_t *noise_index   # first row that a draw can hit, by its leading bits
    int noise_shift
    const uint8_t *codes    # Huffman codes of all words, one after another
    const uint32_t *points  # the inner nodes on their paths
    const int64_t *path_starts   # (V + 1,) where each word's path begins
    int64_t path_total      # codes and points of all words


cdef class StopFlag:
    """Raised by the thread that called `train`: workers finish their batch of windows and return."""
    cdef readonly bint raised  # for C by `raise_flag` and `is_raised` only


# --- private ---

cdef enum:
    BATCH = 16              # windows whose random numbers are drawn together
    PREFETCH_DISTANCE = 2   # at most so many windows between the prefetch of a row and its use
    PREFETCH_BYTES = 4096   # of the first-level cache, for rows that are prefetched so early
    HOT_NODES = 63          # the inner nodes of the highest counts: about the first six levels below the root
    HOT_UPDATES = 32        # updates of a private copy of such a node before it is merged


# One position of a sentence, with all random choices made that its training needs.
ctypedef struct Window:
    int32_t centre          # id of the word in the middle, the one predicted
    Py_ssize_t size         # number of context words
    int32_t *context        # their ids, left to right
    const int32_t *entering # ids of words that no earlier window of the sentence can reach
    Py_ssize_t entering_count
    int32_t *noise          # noise words, `negative` for each list of outputs
    const uint32_t *points  # inner nodes from the root to the centre
    const uint8_t *codes    # which way the path turns at each
    Py_ssize_t path_length


# What rows held before their first update, see `weights.Undo`. All workers share the bits; the rest is each one's.
ctypedef struct Before:
    uint64_t *claimed       # a bit for each row of all matrices, set by its saver; NULL: nothing is saved
    uint64_t *saved         # the same, set once it is saved: no worker writes to the row before
    int64_t *places         # (room,) which rows are in `values`, counted through all matrices; -1 is none
    float *values           # (room, dim)
    Py_ssize_t used, room
    bint alone              # no other worker saves rows: `claimed` does not matter


# Each worker owns one.
ctypedef struct Scratch:
    uint64_t rng            # Java's 48-bit generator
    Py_ssize_t position     # of the next window to be filled
    Py_ssize_t sentence     # the sentence that it is in, or an earlier one
    float alpha
    double loss
    int64_t examples
    float *hidden           # (dim,) CBOW's hidden layer
    float *input_gradient   # (dim,) of one input, summed over several runs of outputs
    float *gradients        # the tile's g: one for each input and output
    float *partial          # room for the tile's `update`
    float **output_copies   # updated instead of the outputs when these are frozen
    const float **x         # the tile's inputs
    float **receivers       # the rows that gain the inputs' gradients
    float *lock             # the factors on what they gain
    float *times_x          # how often each input occurs in the window
    float **y               # the tile's outputs
    const float *label      # 1 for what was observed, 0 for noise
    const float *times_y    # how often each output was drawn
    bint distinct           # no output is listed twice (False: some may be)
    bint overflowed         # a score was not finite: the job is to stop
    float *path_label       # room for labels that follow a path
    float *times_drawn      # room for times_y where a noise word was drawn twice
    float *noise_label      # 1, 0, 0, …
    float *unit_factors     # 1, 1, 1, …: for any of the lists above if all members count once
    float *hot_copies       # (HOT_NODES, dim) private copies of the hot nodes; NULL if this worker is the only one
    float *merged           # (HOT_NODES, dim) their values after the last merge
    int32_t *hot_updates    # (HOT_NODES,) their updates since then
    const float **ahead     # rows that later updates need; the next update prefetches them
    Py_ssize_t ahead_count
    int32_t *noise          # noise words of two batches of windows, one after another
    Py_ssize_t batch_noise  # room for those of one batch
    uint32_t *draws         # the random numbers that choose them


@cython.final
cdef class Worker:
    """Trains the jobs of one thread: owns its scratch, borrows weights and objective."""
    cdef Weights weights
    cdef Objective objective
    cdef Scratch scratch
    cdef Before before
    cdef object undo, chunk         # the `weights.Undo` that gives room for `before`, and the room that it gave
    cdef Window windows[2 * BATCH]
    cdef const Tile *tile
    cdef StopFlag stop
    cdef Py_ssize_t prefetch_distance  # windows between the prefetch of a row and its use
    cdef Py_ssize_t inputs, outputs # how many of each the scratch has room for
    cdef object borrowed, owned, private  # keep alive everything that the pointers above point into
    cdef int32_t[::1] kept          # the job's ids after downsampling
    cdef int32_t[::1] reduced       # by how much each of its windows is smaller than `window`
    cdef int64_t[::1] kept_ends     # ends of its sentences in `kept`

    cdef int reserve(self, Py_ssize_t inputs) except -1
    cdef int check_job(self, const int32_t[::1] ids, const int64_t[::1] ends, Py_ssize_t lead,
                       Py_ssize_t trail) except -1
    cdef Py_ssize_t check(self, const int32_t[::1] ids) except -1
    cdef Py_ssize_t downsample(self, const int32_t[::1] ids, const int64_t[::1] ends, Py_ssize_t lead,
                               Py_ssize_t trail, Py_ssize_t *first, Py_ssize_t *last) noexcept nogil
    cdef int train_windows(self, Py_ssize_t first, Py_ssize_t last) except -1 nogil
    cdef Py_ssize_t fill_windows(self, Py_ssize_t half, Py_ssize_t last) except -1 nogil
    cdef int save_windows(self, const Window *windows, Py_ssize_t count, const int32_t *noise,
                          Py_ssize_t drawn) except -1 nogil
    cdef int save_hot_nodes(self) except -1 nogil
    cdef int save_row(self, const float *matrix, int64_t number, Py_ssize_t row) except -1 nogil
    cdef int make_room(self) except -1
    cdef void fill_window(self, Window *w, Py_ssize_t start, Py_ssize_t end) noexcept nogil
    cdef void find_paths(self, Window *windows, Py_ssize_t count) noexcept nogil
    cdef void draw_noise(self, int32_t *noise, Py_ssize_t count) noexcept nogil
    cdef void look_ahead(self, const Window *w) noexcept nogil
    cdef void look_ahead_to(self, const float *row) noexcept nogil
    cdef void look_ahead_to_noise(self, const int32_t *noise) noexcept nogil
    cdef void prefetch(self) noexcept nogil
    cdef float *input_row(self, int32_t word) noexcept nogil
    cdef float *output_row(self, int32_t word) noexcept nogil
    cdef float lock_of(self, int32_t word) noexcept nogil
    cdef void merge_hot_nodes(self) noexcept nogil
    cdef void merge_hot_node(self, Py_ssize_t hot) noexcept nogil
    cdef float *node_row(self, Py_ssize_t node, Py_ssize_t updates) noexcept nogil
    cdef void train_example(self, const Window *w) noexcept nogil
    cdef void train_skipgram(self, const Window *w) noexcept nogil
    cdef void train_window(self, const Window *w) noexcept nogil
    cdef void train_cbow(self, const Window *w) noexcept nogil
    cdef Py_ssize_t context_inputs(self, const Window *w) noexcept nogil
    cdef Py_ssize_t path_outputs(self, const Window *w, Py_ssize_t m) noexcept nogil
    cdef Py_ssize_t noise_outputs(self, int32_t target, const int32_t *noise) noexcept nogil
    cdef Py_ssize_t merge_equal_outputs(self, Py_ssize_t n) noexcept nogil
    cdef Py_ssize_t find_output(self, Py_ssize_t start, Py_ssize_t end, const float *row) noexcept nogil
    cdef void update_hidden(self, Py_ssize_t inputs, Py_ssize_t n) noexcept nogil
    cdef void update_one(self, const float *x, Py_ssize_t targets, Py_ssize_t n) noexcept nogil
    cdef void update_run(self, const float *x, float **to, const float *lock, Py_ssize_t targets, Py_ssize_t first,
                         Py_ssize_t n) noexcept nogil
    cdef Py_ssize_t run_end(self, Py_ssize_t start, Py_ssize_t n) noexcept nogil
    cdef void update(self, Py_ssize_t m, Py_ssize_t n) noexcept nogil
    cdef double *wanted_loss(self) noexcept nogil
    cdef float **learning(self, Py_ssize_t first, Py_ssize_t n) noexcept nogil
