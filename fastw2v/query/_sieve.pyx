"""The best answers to many questions at once: the rows nearest to vectors, or with the largest sums of scores."""

from cython cimport floating
from libc.math cimport INFINITY, copysignf, floor, sqrt
from libc.stdint cimport INT32_MAX, INT32_MIN, int8_t, int16_t, int32_t, int64_t, uint16_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy, memset

import numpy as np

from fastw2v.tile.dispatch cimport TILE_PANEL, Tile, TileSift, selected_tile, tile_lowest_bit


cdef enum:
    SCALE = 32767   # of 16 bits, for an entry of 1; products of unit vectors stay below 2**30
    BYTE = 127      # of 8 bits, for the largest entry of a block
    WIDEST = 65536  # entries whose products of 8 bits have a sum in 32
    ROWS = 96       # a block: compared at a time, with a panel of queries they fit into the first-level cache
    LEVEL = 1 << 30  # of a cosine of 1
    ROOM = 32       # a query has room for so many candidates at first, in addition to twice the wanted ones
    CROWD = 32      # times that room: with more candidates a query is given up

BLOCK = ROWS


# --- vectors as integers ---

cdef double to_bytes(const float *row, Py_ssize_t dim, float scale, int8_t *out, Py_ssize_t width) noexcept nogil:
    """out := scale * row, rounded and padded with zeros; return the square of the length of what is lost, unscaled."""
    cdef float[8] sums
    cdef float step = 1 / scale, lost, total = 0
    cdef Py_ssize_t d = 0, lane
    memset(sums, 0, sizeof(sums))
    while d + 8 <= dim:
        for lane in range(8):
            out[d + lane] = <int8_t>(row[d + lane] * scale + copysignf(0.5, row[d + lane]))
            lost = row[d + lane] - out[d + lane] * step
            sums[lane] += lost * lost
        d += 8
    while d < dim:
        out[d] = <int8_t>(row[d] * scale + copysignf(0.5, row[d]))
        lost = row[d] - out[d] * step
        total += lost * lost
        d += 1
    memset(out + dim, 0, width - dim)
    for lane in range(8):
        total += sums[lane]
    return total


cdef void to_words(const float *row, Py_ssize_t dim, int16_t *out, Py_ssize_t width) noexcept nogil:
    """out := SCALE * row, rounded and padded with zeros."""
    cdef Py_ssize_t d
    for d in range(dim):
        out[d] = <int16_t>(row[d] * SCALE + copysignf(0.5, row[d]))
    for d in range(dim, width):
        out[d] = 0


cdef float largest_entry(const float *rows, Py_ssize_t size) noexcept nogil:
    """Return the largest magnitude, by its bits: a comparison of floats is not vectorised."""
    cdef int32_t bits, most = 0
    cdef float entry
    cdef Py_ssize_t i
    for i in range(size):
        memcpy(&bits, rows + i, sizeof(bits))
        bits &= 0x7FFFFFFF
        most = max(most, bits)
    memcpy(&entry, &most, sizeof(entry))
    return entry


cdef void quantise_block(const float *rows, Py_ssize_t count, Py_ssize_t dim, int16_t *out, Py_ssize_t width,
                         bint bytes, float *grade) noexcept nogil:
    """grade := the scale of the integers, and the most that a row loses of its length."""
    cdef Py_ssize_t i
    cdef double most = 0
    if bytes:
        grade[0] = BYTE / (largest_entry(rows, count * dim) or BYTE)
        for i in range(count):
            most = max(most, to_bytes(rows + i * dim, dim, grade[0], <int8_t *>(out + i * width), 2 * width))
        grade[1] = <float>(sqrt(most) * 1.0001 + 1e-6)  # it was summed in float32
    else:
        for i in range(count):
            to_words(rows + i * dim, dim, out + i * width, width)
        grade[0], grade[1] = SCALE, <float>(sqrt(<double>dim) / 2 / SCALE)


# --- the candidates of many queries ---

cdef struct Candidate:
    int64_t place
    int32_t most    # its cosine is at most this

cdef struct Best:
    Candidate *candidates
    Py_ssize_t used, room
    bint given_up


cdef void replace_least(int32_t *heap, Py_ssize_t count, int32_t score) noexcept nogil:
    """Replace heap[0], the least of `count` scores in a binary heap, by a larger score."""
    cdef Py_ssize_t place = 0, child = 1
    while child < count:
        child += child + 1 < count and heap[child + 1] < heap[child]
        if heap[child] >= score:
            break
        heap[place] = heap[child]
        place = child
        child = 2 * place + 1
    heap[place] = score


cdef int32_t level_of(double cosine) noexcept nogil:
    return <int32_t>max(min(cosine * LEVEL, <double>INT32_MAX - 1), <double>INT32_MIN + 1)


cdef class Sieve:
    """Keeps, for each query in `units` (Q, D), the rows seen so far that may be among its `count` best.

    Queries and rows have length 1 or 0. Their entries are rounded to integers, of 8 bits where the processor multiplies
    these fastest, unless `fine`. What that loses is known for each block of rows and each query, so a product tells
    between which bounds a cosine is: a row is kept unless `count` others are above it for sure. If this keeps too many
    rows, as in a matrix of nearly equal rows, the query is given up.
    """

    cdef Py_ssize_t queries, count, dim
    cdef readonly Py_ssize_t width                   # of a row of integers, in units of 16 bits, even
    cdef readonly bint bytes                         # whether they have 8 bits
    cdef TileSift *compare
    cdef int16_t[:, :, :, ::1] panels                # (panels, width / 2, TILE_PANEL, 2)
    cdef float[:, ::1] grades                        # (Q, 2) of the queries, see `quantise`
    cdef int32_t[::1] levels                         # what a cosine must exceed, by query; padded
    cdef int32_t[:, ::1] reached                     # (Q, count) the largest cosines so far, at least; each row a heap
    cdef Best *best
    cdef double rounding                             # of float32, where cosines and rows of length 1 are computed

    def __cinit__(self, const float[:, ::1] units not None, Py_ssize_t count, bint fine=False):
        cdef Py_ssize_t panels = (units.shape[0] + TILE_PANEL - 1) // TILE_PANEL, query
        cdef const Tile *tile = selected_tile()
        self.queries, self.dim, self.count = units.shape[0], units.shape[1], max(count, 1)
        self.bytes = tile.sift_bytes != NULL and self.dim <= WIDEST and not fine
        self.compare = tile.sift_bytes if self.bytes else tile.sift
        self.width = (self.dim + 3) // 4 * 2 if self.bytes else self.dim + self.dim % 2
        self.rounding = (self.dim + 8) * 2.0 ** -23
        whole = np.zeros((panels * TILE_PANEL, self.width), dtype=np.int16)
        self.grades = np.empty((self.queries, 2), dtype=np.float32)
        cdef int16_t[:, ::1] integers = whole
        if self.dim:
            for query in range(self.queries):
                quantise_block(&units[query, 0], 1, self.dim, &integers[query, 0], self.width, self.bytes,
                               &self.grades[query, 0])
        pairs = whole.reshape(panels, TILE_PANEL, self.width // 2, 2)
        self.panels = np.ascontiguousarray(pairs.transpose(0, 2, 1, 3))
        levels = np.full(panels * TILE_PANEL, INT32_MAX, dtype=np.int32)
        levels[: self.queries] = INT32_MIN
        self.levels = levels
        self.reached = np.full((self.queries, self.count), INT32_MIN, dtype=np.int32)
        self.best = <Best *>malloc(max(panels * TILE_PANEL, 1) * sizeof(Best))
        if self.best is NULL:
            raise MemoryError
        memset(self.best, 0, panels * TILE_PANEL * sizeof(Best))

    def __dealloc__(self):
        cdef Py_ssize_t query
        if self.best is not NULL:
            for query in range(self.queries):
                free(self.best[query].candidates)
            free(self.best)

    def __len__(self):
        """Return the number of panels, of `TILE_PANEL` queries each; threads may sift for different panels at once."""
        return self.panels.shape[0]

    def quantise(self, const float[:, ::1] rows not None, int16_t[:, ::1] out not None, float[:, ::1] grades not None):
        """Round `rows` (R, D) to integers, `out` (R, width); no entry may exceed 1.

        Each block of `BLOCK` rows has its grade, in `grades`: the scale of its integers, and the length of the most
        that a row loses.
        """
        cdef Py_ssize_t block, start, count = rows.shape[0]
        if (rows.shape[1] != self.dim or out.shape[0] != count or out.shape[1] != self.width or grades.shape[1] != 2
                or grades.shape[0] != (count + ROWS - 1) // ROWS):
            raise ValueError(f"{count} x {rows.shape[1]} numbers do not go into {out.shape[0]} x {out.shape[1]} and "
                             f"{grades.shape[0]} x {grades.shape[1]}: there are {self.dim} a row, and {self.width}")
        if not self.dim:
            return
        with nogil:
            for block in range(grades.shape[0]):
                start = block * ROWS
                quantise_block(&rows[start, 0], min(<Py_ssize_t>ROWS, count - start), self.dim, &out[start, 0],
                               self.width, self.bytes, &grades[block, 0])

    def sift(self, const int16_t[:, ::1] rows not None, const float[:, ::1] grades not None, int64_t place,
             Py_ssize_t first, Py_ssize_t end):
        """Compare rows that `quantise` made, the first of them row `place` of the matrix, with panels [first, end)."""
        cdef uint16_t[ROWS] above
        cdef int32_t[ROWS * TILE_PANEL] scores
        cdef int32_t[TILE_PANEL] borders
        cdef Py_ssize_t start = 0, panel, left, count = rows.shape[0]
        if (rows.shape[1] != self.width or not 0 <= first <= end <= len(self) or grades.shape[1] != 2
                or grades.shape[0] != (count + ROWS - 1) // ROWS):
            raise ValueError(f"rows are {count} x {rows.shape[1]}, panels {first} to {end}: there are {len(self)} "
                             f"of width {self.width}")
        if not self.dim:
            return
        with nogil:
            while start < count:
                left = min(<Py_ssize_t>ROWS, count - start)
                for panel in range(first, end):
                    self.bound(panel * TILE_PANEL, &grades[start // ROWS, 0], borders)
                    self.compare(&rows[start, 0], left, self.width // 2, &self.panels[panel, 0, 0, 0], borders, above,
                                 scores)
                    self.keep(panel * TILE_PANEL, &grades[start // ROWS, 0], place + start, left, above, scores)
                start += left

    cdef double error(self, Py_ssize_t query, const float *grade) noexcept nogil:
        """The most by which the cosine of a row and a query differs from the product of their integers.

        a . b - a' . b' = (a - a') . b + a' . (b - b'), and a, b have length 1.
        """
        return grade[1] + (1 + grade[1]) * self.grades[query, 1] + self.rounding

    cdef void bound(self, Py_ssize_t first, const float *grade, int32_t *borders) noexcept nogil:
        """borders := what products with each query of a panel must exceed for the cosine to reach its level."""
        cdef Py_ssize_t k
        cdef int32_t level
        for k in range(TILE_PANEL):
            level = borders[k] = self.levels[first + k]
            if INT32_MIN < level < INT32_MAX:
                borders[k] = <int32_t>max(min(floor(
                    (<double>level / LEVEL - self.error(first + k, grade)) * grade[0] * self.grades[first + k, 0]
                ), INT32_MAX - 1), INT32_MIN)

    cdef int keep(self, Py_ssize_t first, const float *grade, int64_t place, Py_ssize_t count, const uint16_t *above,
                  const int32_t *scores) except -1 nogil:
        cdef Py_ssize_t i, k
        cdef unsigned int left
        cdef double cosine, error
        for i in range(count):
            left = above[i]
            while left:
                k = tile_lowest_bit(left)
                left &= left - 1
                cosine = scores[i * TILE_PANEL + k] / (<double>grade[0] * self.grades[first + k, 0])
                error = self.error(first + k, grade)
                self.add(first + k, Candidate(place + i, level_of(cosine + error)), level_of(cosine - error))
        return 0

    cdef int add(self, Py_ssize_t query, Candidate candidate, int32_t least_cosine) except -1 nogil:
        cdef Best *best = &self.best[query]
        cdef Py_ssize_t room = best.room, least = 2 * self.count + ROOM
        cdef int32_t *reached = &self.reached[query, 0]
        cdef Candidate *grown
        if best.given_up:
            return 0
        if best.used == room:
            self.drop(query)
            if 2 * best.used >= room:
                if room >= CROWD * least:
                    free(best.candidates)
                    best[0] = Best(NULL, 0, 0, True)
                    self.levels[query] = INT32_MAX
                    return 0
                room = max(2 * room, least)
                grown = <Candidate *>realloc(best.candidates, room * sizeof(Candidate))
                if grown is NULL:
                    with gil:
                        raise MemoryError
                best.candidates, best.room = grown, room
        best.candidates[best.used] = candidate
        best.used += 1
        if least_cosine > reached[0]:
            replace_least(reached, self.count, least_cosine)
            self.levels[query] = reached[0]
        return 0

    cdef void drop(self, Py_ssize_t query) noexcept nogil:
        """Drop the candidates whose cosine cannot exceed the level."""
        cdef Best *best = &self.best[query]
        cdef Py_ssize_t i, kept = 0
        for i in range(best.used):
            best.candidates[kept] = best.candidates[i]
            kept += best.candidates[i].most > self.levels[query]
        best.used = kept

    def candidates(self):
        """Return `(ends int64 (Q,), places int64)`: query q's candidates are places[ends[q - 1] : ends[q]], ascending.

        A query that was given up has none; any other has at least one, if there were rows.
        """
        cdef Py_ssize_t query, i, total = 0
        ends_array = np.empty(self.queries, dtype=np.int64)
        cdef int64_t[::1] ends = ends_array
        for query in range(self.queries):
            self.drop(query)
            total += self.best[query].used
            ends[query] = total
        places_array = np.empty(total, dtype=np.int64)
        cdef int64_t[::1] places = places_array
        total = 0
        for query in range(self.queries):
            for i in range(self.best[query].used):
                places[total] = self.best[query].candidates[i].place
                total += 1
        return ends_array, places_array


# --- analogies ---

def raise_best(
    const floating[:, ::1] gains,       # IN (R, n)
    const floating[:, ::1] losses,      # IN (R, n)
    const int64_t[:, ::1] terms,        # IN (Q, 3) rows of these
    int64_t first,
    const int64_t[::1] hidden_starts,   # IN (Q + 1,)
    const int64_t[::1] hidden,          # IN (hidden_starts[Q],)
    floating[::1] hidden_scores,        # OUT, as long as `hidden`
    int64_t[::1] best,                  # IN, OUT (Q,)
    floating[::1] best_scores,          # IN, OUT (Q,)
    Py_ssize_t start,
    Py_ssize_t end,
):
    """Update best[q] and best_scores[q], for the questions q in [start, end), with n more candidates.

    Candidate j is row `first` + j; its score is gains[b, j] + gains[c, j] - losses[a, j] with a, b, c = terms[q]. Of
    equal scores the earlier row wins. The rows hidden[hidden_starts[q] : hidden_starts[q + 1]] are not candidates;
    their scores go to `hidden_scores`.
    """
    cdef Py_ssize_t n = gains.shape[1], q, j, k
    cdef const floating *loss
    cdef const floating *gain
    cdef const floating *other
    cdef floating *scores
    cdef floating bound
    cdef int raised
    if (losses.shape[0] != gains.shape[0] or losses.shape[1] != n or terms.shape[1] != 3
            or not 0 <= start <= end <= terms.shape[0] or hidden_starts.shape[0] != terms.shape[0] + 1
            or best.shape[0] != terms.shape[0] or best_scores.shape[0] != terms.shape[0]
            or hidden_scores.shape[0] != hidden.shape[0]):
        raise ValueError(f"{terms.shape[0]} questions, {start} to {end} of them: other arrays do not fit")
    for q in range(start, end):
        if not 0 <= hidden_starts[q] <= hidden_starts[q + 1] <= hidden.shape[0]:
            raise ValueError(f"question {q} hides {hidden_starts[q]} to {hidden_starts[q + 1]} of {hidden.shape[0]}")
        for k in range(3):
            if not 0 <= terms[q, k] < gains.shape[0]:
                raise ValueError(f"question {q} asks for row {terms[q, k]} of {gains.shape[0]}")
    if not n:
        return
    cdef floating[::1] room = np.empty(n, dtype=np.asarray(best_scores).dtype)
    scores = &room[0]
    with nogil:
        for q in range(start, end):
            loss, gain, other = &losses[terms[q, 0], 0], &gains[terms[q, 1], 0], &gains[terms[q, 2], 0]
            bound, raised = best_scores[q], 0
            for j in range(n):  # one flag for all, so that the compiler can vectorise the loop
                scores[j] = gain[j] + other[j] - loss[j]
                raised |= scores[j] > bound
            for k in range(hidden_starts[q], hidden_starts[q + 1]):
                if first <= hidden[k] < first + n:
                    hidden_scores[k] = scores[hidden[k] - first]
                    scores[hidden[k] - first] = -INFINITY
            if raised:
                for j in range(n):
                    if scores[j] > best_scores[q]:
                        best[q], best_scores[q] = first + j, scores[j]
