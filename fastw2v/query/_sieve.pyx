"""The best answers to many questions at once: the rows nearest to vectors, or with the largest sums of scores."""

from cython cimport floating
from libc.math cimport INFINITY, copysignf, floor, sqrt
from libc.stdint cimport INT32_MAX, INT32_MIN, int8_t, int16_t, int32_t, int64_t, uint16_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy, memset

import numpy as np

from fastw2v.tile.dispatch cimport TILE_PANEL, Tile, selected_tile, tile_lowest_bit


cdef enum:
    SCALE = 32767   # of an entry of 1; products of unit vectors stay below 2**30
    BYTE = 127      # what the largest entry of a block becomes in 8 bits
    WIDEST = 65536  # entries whose products of 8 bits have a sum in 32
    ROWS = 96       # a block: compared at a time, with a panel of queries they fit into the first-level cache
    ROOM = 32       # a query has room for so many candidates at first, in addition to twice the wanted ones
    CROWD = 32      # times that room: with more candidates a query is given up
    ROUNDED = 128   # 2 * 2**30 * 2**-24: the error of two products of SCALE**2 in float32

BLOCK = ROWS


# --- vectors as integers ---

def quantise(const float[:, ::1] rows not None, int16_t[:, ::1] out not None):
    """out := SCALE * rows (R, D), rounded to integers, each row padded with zeros; no entry of `rows` may exceed 1."""
    cdef Py_ssize_t i, d, dim = rows.shape[1]
    if out.shape[0] != rows.shape[0] or out.shape[1] < dim:
        raise ValueError(f"{rows.shape[0]} x {dim} numbers do not go into {out.shape[0]} x {out.shape[1]}")
    with nogil:
        for i in range(rows.shape[0]):
            for d in range(dim):
                out[i, d] = <int16_t>(rows[i, d] * SCALE + copysignf(0.5, rows[i, d]))
            for d in range(dim, out.shape[1]):
                out[i, d] = 0


cdef double to_bytes(const float *row, Py_ssize_t dim, float scale, int8_t *out, Py_ssize_t width) noexcept nogil:
    """out := scale * row, rounded and padded with zeros; return the squared length of row - out / scale."""
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


cdef float largest_entry(const float *rows, Py_ssize_t size) noexcept nogil:
    """Return the largest magnitude, by its bits: a comparison of floats would not be vectorised."""
    cdef int32_t bits, most = 0
    cdef float entry
    cdef Py_ssize_t i
    for i in range(size):
        memcpy(&bits, rows + i, sizeof(bits))
        bits &= 0x7FFFFFFF
        most = max(most, bits)
    memcpy(&entry, &most, sizeof(entry))
    return entry


cdef void block_to_bytes(const float *rows, Py_ssize_t count, Py_ssize_t dim, int8_t *out, Py_ssize_t width,
                         float *grade) noexcept nogil:
    """grade := the scale of the integers, and the length of the most that a row loses."""
    cdef Py_ssize_t i
    cdef double most = 0
    grade[0] = BYTE / (largest_entry(rows, count * dim) or BYTE)
    for i in range(count):
        most = max(most, to_bytes(rows + i * dim, dim, grade[0], out + i * width, width))
    grade[1] = <float>(sqrt(most) * 1.0001 + 1e-6)  # it was summed in float32


def quantise_bytes(const float[:, ::1] rows not None, int8_t[:, ::1] out not None, float[:, ::1] grades not None):
    """Round rows (R, D) of length 1 to integers of 8 bits, each row padded with zeros.

    Each block of `BLOCK` rows has its scale, and the length of the most that one of its rows loses: `grades`. Nothing
    is done if `out` has no columns.
    """
    cdef Py_ssize_t block, start, count = rows.shape[0], dim = rows.shape[1], width = out.shape[1]
    if not dim or not width:
        return
    if (out.shape[0] != count or width < dim or grades.shape[0] != (count + ROWS - 1) // ROWS
            or grades.shape[1] != 2):
        raise ValueError(f"{count} x {dim} numbers do not go into {out.shape[0]} x {width}, {grades.shape[0]} grades")
    with nogil:
        for block in range(grades.shape[0]):
            start = block * ROWS
            block_to_bytes(&rows[start, 0], min(<Py_ssize_t>ROWS, count - start), dim, &out[start, 0], width,
                           &grades[block, 0])


cdef int32_t product(const int16_t *a, const int16_t *b, Py_ssize_t width) noexcept nogil:
    cdef int32_t total = 0
    cdef Py_ssize_t d
    for d in range(width):
        total += <int32_t>a[d] * b[d]
    return total


# --- the candidates of many queries ---

cdef struct Candidate:
    int64_t place
    int32_t score

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


cdef class Sieve:
    """Keeps, for each query in `units` (Q, D), the rows seen so far that may be among its `count` best.

    Queries and rows have length 1 or 0. Entries are rounded to integers, so two products can be in the wrong order if
    they differ by less than `slack`: a row is kept unless its product is that much below the `count`-th largest. If
    this keeps too many rows, as in a matrix of nearly equal rows, the query is given up.

    Where the processor multiplies integers of 8 bits faster than those of 16, these come first: what they lose is known
    for each block of rows and each query, and only where a product might exceed the border is that of 16 bits computed.
    On Arm that is 218 instead of 657 instructions for a row of 100 entries and a panel.
    """

    cdef Py_ssize_t queries, count
    cdef readonly Py_ssize_t width                   # of a row of integers of 16 bits, even
    cdef readonly Py_ssize_t byte_width              # of a row of integers of 8 bits, a multiple of 4; 0: none are used
    cdef const int16_t[:, ::1] asked                 # (Q, width), padded
    cdef int16_t[:, :, :, ::1] panels                # (panels, width / 2, TILE_PANEL, 2); of bytes byte_width / 4
    cdef float[:, ::1] grades                        # (Q, 2) of the queries' bytes
    cdef int32_t[::1] borders                        # what a row's score must exceed, by query; padded
    cdef int32_t[:, ::1] reached                     # (Q, count) the largest scores so far, each row a heap
    cdef Best *best
    cdef int64_t slack

    def __cinit__(self, const float[:, ::1] units not None, Py_ssize_t count):
        cdef Py_ssize_t dim = units.shape[1], panels = (units.shape[0] + TILE_PANEL - 1) // TILE_PANEL, query
        cdef int8_t[:, ::1] small
        self.queries, self.count, self.width = units.shape[0], max(count, 1), dim + dim % 2
        whole = np.zeros((panels * TILE_PANEL, self.width), dtype=np.int16)
        quantise(units, whole[: self.queries])
        self.asked = whole
        self.byte_width = (dim + 3) // 4 * 4 if selected_tile().sift_bytes != NULL and dim <= WIDEST else 0
        if self.byte_width:
            self.grades = np.zeros((self.queries, 2), dtype=np.float32)
            whole = np.zeros((panels * TILE_PANEL, self.byte_width), dtype=np.int8)
            small = whole
            for query in range(self.queries):
                block_to_bytes(&units[query, 0], 1, dim, &small[query, 0], self.byte_width, &self.grades[query, 0])
            whole = whole.view(np.int16)
        pairs = whole.reshape(panels, TILE_PANEL, whole.shape[1] // 2, 2)
        self.panels = np.ascontiguousarray(pairs.transpose(0, 2, 1, 3))
        borders = np.full(panels * TILE_PANEL, INT32_MAX, dtype=np.int32)
        borders[: self.queries] = INT32_MIN
        self.borders = borders
        self.reached = np.full((self.queries, self.count), INT32_MIN, dtype=np.int32)
        # The error of an entry is at most 1/2, so that of a product of vectors is at most SCALE sqrt(D) + D / 4; the
        # rest is rounding in float32, here and where the products are computed. Two products are compared.
        self.slack = <int64_t>(2 * (SCALE * sqrt(<double>dim) + dim + <double>ROUNDED * (dim + 8)))
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
        # the number of panels, of `TILE_PANEL` queries each; threads may sift for different panels at once
        return self.panels.shape[0]

    def sift(self, const int16_t[:, ::1] rows not None, const int8_t[:, ::1] small not None,
             const float[:, ::1] grades not None, int64_t place, Py_ssize_t first, Py_ssize_t end):
        """Compare rows with the panels [first, end): integers that `quantise` and `quantise_bytes` made.

        Args:
            rows (array): int16 (R, width).
            small (array): int8 (R, byte_width).
            grades (array): float32 (ceil(R / BLOCK), 2); they are not read if `byte_width` is 0.
            place (int): of the first row in the matrix.
            first (int): panel.
            end (int): panel.
        """
        cdef const Tile *tile = selected_tile()
        cdef uint16_t[ROWS] above
        cdef int32_t[ROWS * TILE_PANEL] scores
        cdef Py_ssize_t start = 0, panel, left, count = rows.shape[0]
        if rows.shape[1] != self.width or not 0 <= first <= end <= len(self):
            raise ValueError(f"rows are {count} x {rows.shape[1]}, panels {first} to {end}: there are {len(self)} "
                             f"of width {self.width}")
        if self.byte_width and (small.shape[0] != count or small.shape[1] != self.byte_width
                                or grades.shape[0] != (count + ROWS - 1) // ROWS or grades.shape[1] != 2):
            raise ValueError(f"{count} rows, {small.shape[0]} x {small.shape[1]} bytes, {grades.shape[0]} grades")
        with nogil:
            while start < count:
                left = min(<Py_ssize_t>ROWS, count - start)
                for panel in range(first, end):
                    if self.byte_width:
                        self.sift_block(tile, &rows[start, 0], &small[start, 0], &grades[start // ROWS, 0], left,
                                        place + start, panel)
                        continue
                    tile.sift(&rows[start, 0], left, self.width // 2, &self.panels[panel, 0, 0, 0],
                              &self.borders[panel * TILE_PANEL], above, scores)
                    self.keep(panel * TILE_PANEL, place + start, left, above, scores)
                start += left

    cdef int sift_block(self, const Tile *tile, const int16_t *rows, const int8_t *small, const float *grade,
                        Py_ssize_t count, int64_t place, Py_ssize_t panel) except -1 nogil:
        cdef uint16_t[ROWS] above
        cdef int32_t[ROWS * TILE_PANEL] scores
        cdef int32_t[TILE_PANEL] borders
        cdef Py_ssize_t i, k, query
        cdef unsigned int left
        cdef int32_t score
        for k in range(TILE_PANEL):
            borders[k] = self.border_of_bytes(panel * TILE_PANEL + k, grade)
        tile.sift_bytes(<const int16_t *>small, count, self.byte_width // 4, &self.panels[panel, 0, 0, 0], borders,
                        above, scores)
        for i in range(count):
            left = above[i]
            while left:
                query = panel * TILE_PANEL + tile_lowest_bit(left)
                left &= left - 1
                score = product(rows + i * self.width, &self.asked[query, 0], self.width)
                if score > self.borders[query]:
                    self.add(query, Candidate(place + i, score))
        return 0

    cdef int32_t border_of_bytes(self, Py_ssize_t query, const float *grade) noexcept nogil:
        """Return what a product of bytes must exceed, lest that of 16 bits exceeds the border.

        With a', b' for what the bytes stand for, a . b - a' . b' = (a - a') . b + a' . (b - b'), and a, b have length
        1; `slack` covers what 16 bits lose, twice.
        """
        cdef int32_t border = self.borders[query]
        cdef double lost, least
        if border == INT32_MIN or border == INT32_MAX:
            return border
        lost = grade[1] + (1 + grade[1]) * self.grades[query, 1]
        least = (<double>(border - self.slack) / (SCALE * SCALE) - lost) * grade[0] * self.grades[query, 0]
        return <int32_t>max(min(floor(least), <double>(INT32_MAX - 1)), <double>INT32_MIN)

    cdef int keep(self, Py_ssize_t first, int64_t place, Py_ssize_t count, const uint16_t *above,
                  const int32_t *scores) except -1 nogil:
        cdef Py_ssize_t i, k
        cdef unsigned int left
        for i in range(count):
            left = above[i]
            while left:
                k = tile_lowest_bit(left)
                left &= left - 1
                self.add(first + k, Candidate(place + i, scores[i * TILE_PANEL + k]))
        return 0

    cdef int add(self, Py_ssize_t query, Candidate candidate) except -1 nogil:
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
                    self.borders[query] = INT32_MAX
                    return 0
                room = max(2 * room, least)
                grown = <Candidate *>realloc(best.candidates, room * sizeof(Candidate))
                if grown is NULL:
                    with gil:
                        raise MemoryError
                best.candidates, best.room = grown, room
        best.candidates[best.used] = candidate
        best.used += 1
        if candidate.score > reached[0]:
            replace_least(reached, self.count, candidate.score)
            self.borders[query] = <int32_t>max(reached[0] - self.slack, INT32_MIN)
        return 0

    cdef void drop(self, Py_ssize_t query) noexcept nogil:
        """Drop the candidates whose score no longer exceeds the border."""
        cdef Best *best = &self.best[query]
        cdef Py_ssize_t i, kept = 0
        for i in range(best.used):
            best.candidates[kept] = best.candidates[i]
            kept += best.candidates[i].score > self.borders[query]
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
