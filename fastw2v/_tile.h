/* The arithmetic of one training step: inputs x (M rows) times labelled outputs y (N rows), D dimensions.
 *
 *   scores     g[m,n] = x[m] . y[n]
 *   logistic   g[m,n] = (label[n] - sigmoid(g[m,n])) * alpha * times_x[m] * times_y[n]
 *   update     to[m] += lock[m] * sum_n g[m,n] y[n]        y[n] += sum_m g[m,n] x[m]        from the values before
 *
 * One body serves every instruction set. This file includes itself once for each of them, with TILE_ISA (its name),
 * TILE_WIDTH (floats in a vector register), TILE_ROWS (rows of x in a register block) and TILE_TARGET (the compiler's
 * function attribute); `tile_named` and `tile_best` hand out the table of functions that the machine can run.
 *
 * Rows need no alignment and no padding: the last D mod W floats go through masked loads and stores.
 * g is kept in blocks of at most TILE_COLUMNS outputs, each block (M, columns) and contiguous, see `tile_columns`.
 */
#ifndef FASTW2V_TILE_H
#define FASTW2V_TILE_H

#include <math.h>
#include <stddef.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define TILE_X86 1
#endif

#if defined(__GNUC__)
#define TILE_INLINE static inline __attribute__((always_inline))
#define TILE_UNUSED __attribute__((unused)) static
#ifdef TILE_X86
#define TILE_PREFETCH(address) __asm__ volatile("prefetchw %0" : : "m"(*(const char *)(address)))
#else
#define TILE_PREFETCH(address) __builtin_prefetch(address, 1, 3)
#endif
#else
#define TILE_INLINE static __inline
#define TILE_UNUSED static
#define TILE_PREFETCH(address) ((void)(address))
#endif

/* gcc would fold the load of a vector into each multiplication that uses it: three unaligned loads where one will do
 * (a 3 x 6 block of scores at D = 300 took 15 % longer than a 4 x 6 one). */
#ifdef TILE_X86
#define TILE_IN_REGISTER(vector) __asm__("" : "+v"(vector))
#else
#define TILE_IN_REGISTER(vector) ((void)0)
#endif

#define TILE_COLUMNS 6  /* outputs in one register block: a word and its 5 negatives */
#define TILE_SLACK 16   /* floats that `scores` may write past the last element of g */

typedef struct {
    const char *name;
    void (*scores)(const float **x, ptrdiff_t m, float **y, ptrdiff_t n, ptrdiff_t dim, float *g);
    /* partial: room for (m + n) * (dim + TILE_SLACK) floats. The rows `ahead` are called into the cache on the way. */
    void (*update)(const float **x, float **to, const float *lock, ptrdiff_t m, float **y, ptrdiff_t n, ptrdiff_t dim,
                   const float *g, float *partial, const float **ahead, ptrdiff_t ahead_count);
    /* out := scale * sum of m rows, added in order from zero */
    void (*sum_rows)(const float **rows, ptrdiff_t m, ptrdiff_t dim, float scale, float *out);
    /* rows[m] += lock[m] * delta, one after another: a row that stands twice gets it twice */
    void (*add_rows)(float **rows, const float *lock, ptrdiff_t m, ptrdiff_t dim, const float *delta);
    /* dots[i] = rows[i] . query, squares[i] = |rows[i]|^2, in one reading of the matrix */
    void (*scan)(const float *rows, ptrdiff_t count, ptrdiff_t dim, const float *query, float *dots, float *squares);
} Tile;

/* Width of the next block of g when `left` of the outputs are still to be placed: blocks as equal as can be. */
TILE_INLINE ptrdiff_t tile_columns(ptrdiff_t left) {
    ptrdiff_t blocks = (left + TILE_COLUMNS - 1) / TILE_COLUMNS;
    return (left + blocks - 1) / blocks;
}

TILE_INLINE void tile_prefetch_one(const void *address) { TILE_PREFETCH(address); }

TILE_INLINE void tile_prefetch(const float *row, ptrdiff_t dim) {
    for (ptrdiff_t d = 0; d < dim; d += 16) TILE_PREFETCH(row + d);
    TILE_PREFETCH(row + dim - 1);
}

/* One cache line of each of these rows: a few at a time, for more would stop the reads of the row in work. */
TILE_INLINE void tile_prefetch_lines(const float **rows, ptrdiff_t count, ptrdiff_t d, ptrdiff_t dim) {
    if (d % 16) return;
    for (ptrdiff_t k = 0; k < count; k++) {
        TILE_PREFETCH(rows[k] + d);
        if (d == 0) TILE_PREFETCH(rows[k] + dim - 1);
    }
}

/* ---- the logistic function, as word2vec reads it: from a table, and not at all beyond +-6 ---- */

#define TILE_MAX_SCORE 6.0f
#define TILE_TABLE_SIZE 1000
/* gensim divides in integers, 1000 / 6 / 2: the table is read at 83 steps a unit where it was written at 83.3 */
#define TILE_STEPS_PER_UNIT 83

static float tile_sigmoid[TILE_TABLE_SIZE];
static float tile_log_sigmoid[TILE_TABLE_SIZE];

TILE_UNUSED void tile_fill_tables(void) {
    for (int k = 0; k < TILE_TABLE_SIZE; k++) {
        float e = (float)exp(((double)((float)k / (float)TILE_TABLE_SIZE) * 2 - 1) * TILE_MAX_SCORE);
        tile_sigmoid[k] = (float)(e / (e + 1.0));
        tile_log_sigmoid[k] = (float)log(tile_sigmoid[k]);
    }
}

TILE_INLINE int tile_bucket(float score) { return (int)(((double)score + 6.0) * TILE_STEPS_PER_UNIT); }

/* Scores in g become gradients. Returns the loss, -log sigmoid(+-score) summed over the examples, if it is wanted. */
TILE_INLINE double tile_logistic(float *g, ptrdiff_t m, ptrdiff_t n, const float *label, const float *times_x,
                                 const float *times_y, float alpha, int want_loss) {
    double loss = 0;
    for (ptrdiff_t done = 0, columns; done < n; done += columns) {
        columns = tile_columns(n - done);
        for (ptrdiff_t i = 0; i < m; i++) {
            for (ptrdiff_t j = done; j < done + columns; j++, g++) {
                float score = *g;
                if (!(score > -TILE_MAX_SCORE && score < TILE_MAX_SCORE)) {
                    *g = 0;
                    continue;
                }
                float times = times_x[i] * times_y[j];
                *g = (label[j] - tile_sigmoid[tile_bucket(score)]) * alpha * times;
                if (want_loss)
                    loss -= (double)tile_log_sigmoid[tile_bucket(label[j] != 0 ? score : -score)] * times;
            }
        }
    }
    return loss;
}

/* ---- one table of functions per instruction set ---- */

#define TILE_JOIN_(a, b) a##_##b
#define TILE_JOIN(a, b) TILE_JOIN_(a, b)
#define TILE_TEXT_(a) #a
#define TILE_TEXT(a) TILE_TEXT_(a)

#define TILE_ISA generic
#define TILE_TARGET
#define TILE_ROWS 2
#if defined(__GNUC__)
#define TILE_WIDTH 4
#else
#define TILE_WIDTH 1
#endif
#include "_tile.h"

#ifdef TILE_X86
#define TILE_ISA avx2
#define TILE_TARGET __attribute__((target("avx2,fma")))
#define TILE_WIDTH 8
#define TILE_ROWS 2
#include "_tile.h"

#define TILE_ISA avx512
#define TILE_TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx2,fma")))
#define TILE_WIDTH 16
#define TILE_ROWS 4
#include "_tile.h"
#endif

/* NULL where this machine or this build has no such instruction set. */
TILE_UNUSED const Tile *tile_named(const char *name) {
    if (!strcmp(name, "generic")) return &tile_generic;
#ifdef TILE_X86
    __builtin_cpu_init();
    if (!strcmp(name, "avx2"))
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &tile_avx2 : NULL;
    if (!strcmp(name, "avx512"))
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
                && __builtin_cpu_supports("avx512dq") ? &tile_avx512 : NULL;
#endif
    return NULL;
}

#else /* the body, once per instruction set */

#define ISA(name) TILE_JOIN(name, TILE_ISA)
#define W TILE_WIDTH
#define VECTOR ISA(vec)
#define INLINE TILE_INLINE TILE_TARGET

#if W == 1
typedef float VECTOR;
#define SPLAT(value) (value)
#else
typedef float VECTOR __attribute__((vector_size(W * sizeof(float))));
#define SPLAT(value) ((value) - (VECTOR){0})
#endif

INLINE VECTOR ISA(load)(const float *p) {
    VECTOR v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void ISA(store)(float *p, VECTOR v) { memcpy(p, &v, sizeof v); }

/* The first `count` < W floats of a vector; the others are zero, and are not touched in memory. */
#if W == 16
INLINE VECTOR ISA(load_some)(const float *p, ptrdiff_t count) {
    return (VECTOR)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
}
INLINE void ISA(store_some)(float *p, VECTOR v, ptrdiff_t count) {
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), (__m512)v);
}
#elif W == 8
INLINE __m256i ISA(mask)(ptrdiff_t count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
INLINE VECTOR ISA(load_some)(const float *p, ptrdiff_t count) {
    return (VECTOR)_mm256_maskload_ps(p, ISA(mask)(count));
}
INLINE void ISA(store_some)(float *p, VECTOR v, ptrdiff_t count) {
    _mm256_maskstore_ps(p, ISA(mask)(count), (__m256)v);
}
#else
INLINE VECTOR ISA(load_some)(const float *p, ptrdiff_t count) {
    float some[W] = {0};
    for (ptrdiff_t i = 0; i < count; i++) some[i] = p[i];
    return ISA(load)(some);
}
INLINE void ISA(store_some)(float *p, VECTOR v, ptrdiff_t count) {
    float some[W];
    ISA(store)(some, v);
    for (ptrdiff_t i = 0; i < count; i++) p[i] = some[i];
}
#endif

#define LOAD(p) (full ? ISA(load)(p) : ISA(load_some)(p, count))
#define STORE(p, v) (full ? ISA(store)(p, v) : ISA(store_some)(p, v, count))

/* Runs `chunk` for d = 0, W, 2W, …: whole vectors, then what is left. */
#define FOR_CHUNKS(dim, chunk)                                          \
    do {                                                                \
        ptrdiff_t d = 0;                                                \
        for (; d + W <= (dim); d += W) {                                \
            const int full = 1;                                         \
            const ptrdiff_t count = W;                                  \
            (void)count;                                                \
            chunk;                                                      \
        }                                                               \
        if (d < (dim)) {                                                \
            const int full = 0;                                         \
            const ptrdiff_t count = (dim) - d;                          \
            chunk;                                                      \
        }                                                               \
    } while (0)

/* Sums over the lanes of each of `count` vectors, written to out[0:count] (and up to TILE_SLACK floats beyond).
 * Pairs of vectors are folded into one until W of them have become a single vector of sums: W - 1 additions for W sums
 * where one at a time would take W log W. */
#if W == 1
INLINE void ISA(lane_sums)(const VECTOR *v, const int count, float *out) {
    for (int i = 0; i < count; i++) out[i] = v[i];
}
#else

typedef float ISA(vec4) __attribute__((vector_size(16)));

INLINE ISA(vec4) ISA(fold4)(ISA(vec4) a, ISA(vec4) b, ISA(vec4) c, ISA(vec4) e) {
    ISA(vec4) ac = __builtin_shufflevector(a, c, 0, 1, 4, 5) + __builtin_shufflevector(a, c, 2, 3, 6, 7);
    ISA(vec4) be = __builtin_shufflevector(b, e, 0, 1, 4, 5) + __builtin_shufflevector(b, e, 2, 3, 6, 7);
    return __builtin_shufflevector(ac, be, 0, 4, 2, 6) + __builtin_shufflevector(ac, be, 1, 5, 3, 7);
}

INLINE void ISA(sums4)(const ISA(vec4) *v, const int count, float *out) {
    const ISA(vec4) zero = {0};
#pragma GCC unroll 8
    for (int i = 0; i < count; i += 4) {
        ISA(vec4) sums = ISA(fold4)(v[i], i + 1 < count ? v[i + 1] : zero, i + 2 < count ? v[i + 2] : zero,
                                    i + 3 < count ? v[i + 3] : zero);
        memcpy(out + i, &sums, sizeof sums);
    }
}

#if W == 4
INLINE void ISA(lane_sums)(const VECTOR *v, const int count, float *out) { ISA(sums4)(v, count, out); }
#else

typedef float ISA(vec8) __attribute__((vector_size(32)));

INLINE void ISA(sums8)(const ISA(vec8) *v, const int count, float *out) {
    int done = 0;
#pragma GCC unroll 4
    for (; count - done > 4; done += 8) {
        const ISA(vec8) zero = {0};
        ISA(vec8) half[4], sums, a, b;
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            ISA(vec8) low = v[done + i], high = done + i + 4 < count ? v[done + i + 4] : zero;
            half[i] = __builtin_shufflevector(low, high, 0, 1, 2, 3, 8, 9, 10, 11)
                    + __builtin_shufflevector(low, high, 4, 5, 6, 7, 12, 13, 14, 15);
        }
        a = __builtin_shufflevector(half[0], half[2], 0, 1, 8, 9, 4, 5, 12, 13)
          + __builtin_shufflevector(half[0], half[2], 2, 3, 10, 11, 6, 7, 14, 15);
        b = __builtin_shufflevector(half[1], half[3], 0, 1, 8, 9, 4, 5, 12, 13)
          + __builtin_shufflevector(half[1], half[3], 2, 3, 10, 11, 6, 7, 14, 15);
        sums = __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14)
             + __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
        memcpy(out + done, &sums, sizeof sums);
    }
    if (done < count) {
        ISA(vec4) quarter[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++)
            if (done + i < count)
                quarter[i] = __builtin_shufflevector(v[done + i], v[done + i], 0, 1, 2, 3)
                           + __builtin_shufflevector(v[done + i], v[done + i], 4, 5, 6, 7);
        ISA(sums4)(quarter, count - done, out + done);
    }
}

#if W == 8
INLINE void ISA(lane_sums)(const VECTOR *v, const int count, float *out) { ISA(sums8)(v, count, out); }
#else
/* Halving first and folding as vectors of 8: the same number of additions, at half the width of the shuffles. */
INLINE void ISA(lane_sums)(const VECTOR *v, const int count, float *out) {
    ISA(vec8) half[TILE_ROWS * TILE_COLUMNS];
#pragma GCC unroll 32
    for (int i = 0; i < count; i++)
        half[i] = __builtin_shufflevector(v[i], v[i], 0, 1, 2, 3, 4, 5, 6, 7)
                + __builtin_shufflevector(v[i], v[i], 8, 9, 10, 11, 12, 13, 14, 15);
    ISA(sums8)(half, count, out);
}
#endif
#endif
#endif

/* g[0 : rows * columns] = x[rows] . y[columns], with the accumulators in registers. */
INLINE void ISA(score_block)(const float **x, const int rows, float **y, const int columns, ptrdiff_t dim,
                             float *g) {
    VECTOR sum[TILE_ROWS * TILE_COLUMNS];
#pragma GCC unroll 32
    for (int i = 0; i < rows * columns; i++) sum[i] = SPLAT(0.0f);
    FOR_CHUNKS(dim, {
        VECTOR a[TILE_ROWS];
        _Pragma("GCC unroll 8")
        for (int i = 0; i < rows; i++) a[i] = LOAD(x[i] + d);
        _Pragma("GCC unroll 8")
        for (int j = 0; j < columns; j++) {
            VECTOR b = LOAD(y[j] + d);
            TILE_IN_REGISTER(b);
            _Pragma("GCC unroll 8")
            for (int i = 0; i < rows; i++) sum[i * columns + j] += a[i] * b;
        }
    });
    ISA(lane_sums)(sum, rows * columns, g);
}

#define SCORE_COLUMNS(columns)                                                                           \
    case columns:                                                                                        \
        for (ptrdiff_t i = 0, rows; i < m; i += rows, g += rows * columns) {                             \
            ptrdiff_t blocks = (m - i + TILE_ROWS - 1) / TILE_ROWS;                                      \
            rows = (m - i + blocks - 1) / blocks;                                                        \
            switch (rows) {                                                                              \
                case 1: ISA(score_block)(x + i, 1, y, columns, dim, g); break;                           \
                case 2: ISA(score_block)(x + i, 2, y, columns, dim, g); break;                           \
                case 3: ISA(score_block)(x + i, TILE_ROWS > 2 ? 3 : 1, y, columns, dim, g); break;       \
                case 4: ISA(score_block)(x + i, TILE_ROWS > 3 ? 4 : 1, y, columns, dim, g); break;       \
            }                                                                                            \
        }                                                                                                \
        break;

TILE_TARGET static void ISA(scores)(const float **x, ptrdiff_t m, float **y, ptrdiff_t n, ptrdiff_t dim,
                                    float *g) {
    for (ptrdiff_t columns; n > 0; n -= columns, y += columns) {
        columns = tile_columns(n);
        switch (columns) {
            SCORE_COLUMNS(1)
            SCORE_COLUMNS(2)
            SCORE_COLUMNS(3)
            SCORE_COLUMNS(4)
            SCORE_COLUMNS(5)
            SCORE_COLUMNS(6)
        }
    }
}

/* One chunk of W dimensions of `update`, for one block of outputs. The gradient that reaches an input is the sum over
 * all blocks of outputs, so it waits in `partial` until the last one: only then may the input change. */
INLINE void ISA(update_chunk)(const float **x, float **to, const float *lock, ptrdiff_t m,
                              float **y, const int columns, const float *g, float *partial, const int first,
                              const int last, ptrdiff_t d, const int full, ptrdiff_t count) {
    VECTOR before[TILE_COLUMNS], after[TILE_COLUMNS];
#pragma GCC unroll 8
    for (int j = 0; j < columns; j++) before[j] = after[j] = LOAD(y[j] + d);
    for (ptrdiff_t i = 0; i < m; i++, g += columns) {
        VECTOR a = LOAD(x[i] + d);
        VECTOR delta = first ? SPLAT(0.0f) : ISA(load)(partial + i * W);
#pragma GCC unroll 8
        for (int j = 0; j < columns; j++) {
            VECTOR gradient = SPLAT(g[j]);
            delta += gradient * before[j];
            after[j] += gradient * a;
        }
        if (last)
            STORE(to[i] + d, LOAD(to[i] + d) + SPLAT(lock[i]) * delta);
        else
            ISA(store)(partial + i * W, delta);
    }
#pragma GCC unroll 8
    for (int j = 0; j < columns; j++) STORE(y[j] + d, after[j]);
}

/* One input needs no blocks of outputs: each output is read, used both ways and written. */
INLINE void ISA(update_chunk_of_one)(const float *x, float *to, float lock, float **y, ptrdiff_t n, const float *g,
                                     ptrdiff_t d, const int full, ptrdiff_t count) {
    VECTOR a = LOAD(x + d), delta = SPLAT(0.0f);
    for (ptrdiff_t j = 0; j < n; j++) {
        VECTOR b = LOAD(y[j] + d), gradient = SPLAT(g[j]);
        delta += gradient * b;
        STORE(y[j] + d, b + gradient * a);
    }
    STORE(to + d, LOAD(to + d) + SPLAT(lock) * delta);
}

#define AHEAD() tile_prefetch_lines(ahead, ahead_count, d, dim)

#define UPDATE_CHUNK(columns, first, last) \
    ISA(update_chunk)(x, to, lock, m, y + done, columns, g + m * done, partial, first, last, d, full, count)

#define UPDATE_ONE(columns)                                      \
    case columns: FOR_CHUNKS(dim, { AHEAD(); UPDATE_CHUNK(columns, 1, 1); }); break;

#define UPDATE_MANY(columns)                                     \
    case columns: UPDATE_CHUNK(columns, done == 0, done + columns == n); break;

TILE_TARGET static void ISA(update)(const float **x, float **to, const float *lock, ptrdiff_t m,
                                    float **y, ptrdiff_t n, ptrdiff_t dim, const float *g, float *partial,
                                    const float **ahead, ptrdiff_t ahead_count) {
    ptrdiff_t done = 0;
    if (m == 1 && n > TILE_COLUMNS) {
        FOR_CHUNKS(dim, { AHEAD(); ISA(update_chunk_of_one)(x[0], to[0], lock[0], y, n, g, d, full, count); });
        return;
    }
    if (n <= TILE_COLUMNS) {
        switch (n) {
            UPDATE_ONE(1)
            UPDATE_ONE(2)
            UPDATE_ONE(3)
            UPDATE_ONE(4)
            UPDATE_ONE(5)
            UPDATE_ONE(6)
        }
        return;
    }
    FOR_CHUNKS(dim, {
        ptrdiff_t columns;
        AHEAD();
        for (done = 0; done < n; done += columns) {
            columns = tile_columns(n - done);
            switch (columns) {
                UPDATE_MANY(1)
                UPDATE_MANY(2)
                UPDATE_MANY(3)
                UPDATE_MANY(4)
                UPDATE_MANY(5)
                UPDATE_MANY(6)
            }
        }
    });
}

TILE_TARGET static void ISA(sum_rows)(const float **rows, ptrdiff_t m, ptrdiff_t dim, float scale, float *out) {
    FOR_CHUNKS(dim, {
        VECTOR sum = SPLAT(0.0f);
        for (ptrdiff_t i = 0; i < m; i++) sum += LOAD(rows[i] + d);
        STORE(out + d, sum * SPLAT(scale));
    });
}

TILE_TARGET static void ISA(add_rows)(float **rows, const float *lock, ptrdiff_t m, ptrdiff_t dim,
                                      const float *delta) {
    FOR_CHUNKS(dim, {
        VECTOR change = LOAD(delta + d);
        for (ptrdiff_t i = 0; i < m; i++) STORE(rows[i] + d, LOAD(rows[i] + d) + SPLAT(lock[i]) * change);
    });
}

TILE_TARGET static void ISA(scan)(const float *rows, ptrdiff_t count, ptrdiff_t dim, const float *query, float *dots,
                                  float *squares) {
    for (ptrdiff_t i = 0; i < count; i++) {
        const float *row = rows + i * dim;
        VECTOR sum[2] = {SPLAT(0.0f), SPLAT(0.0f)};
        float both[2 + TILE_SLACK];
        FOR_CHUNKS(dim, {
            VECTOR a = LOAD(row + d);
            sum[0] += a * LOAD(query + d);
            sum[1] += a * a;
        });
        ISA(lane_sums)(sum, 2, both);
        dots[i] = both[0];
        squares[i] = both[1];
    }
}

TILE_UNUSED const Tile ISA(tile) = {TILE_TEXT(TILE_ISA), ISA(scores), ISA(update), ISA(sum_rows), ISA(add_rows), ISA(scan)};

#undef ISA
#undef W
#undef VECTOR
#undef INLINE
#undef SPLAT
#undef LOAD
#undef STORE
#undef FOR_CHUNKS
#undef SCORE_COLUMNS
#undef AHEAD
#undef UPDATE_CHUNK
#undef UPDATE_ONE
#undef UPDATE_MANY
#undef TILE_ISA
#undef TILE_TARGET
#undef TILE_WIDTH
#undef TILE_ROWS
#endif
