/* The arithmetic of one training step: inputs x (M rows) times labelled outputs y (N rows), D dimensions.
 *
 *   gradients   g[m,n] = (label[n] - sigmoid(x[m] . y[n])) * alpha * times_x[m] * times_y[n]
 *   update      to[m] += lock[m] * sum_n g[m,n] y[n]        y[n] += sum_m g[m,n] x[m]       from the values before
 *   update_one  the same for a single x, whose gradient goes to all of `to`
 *
 * and the product of two matrices, see `multiply`, and the comparison of a matrix's rows with queries, see `sift`.
 *
 * One body serves every instruction set. This file includes itself once for each of them, with TILE_ISA (its name),
 * TILE_TARGET (the compiler's function attribute), TILE_WIDTH (floats in a vector register), TILE_ROWS and TILE_COLUMNS
 * (rows of x and of y in a register block), TILE_STEP (vectors of a row that an update of these takes at once) and
 * TILE_CHUNKS (vectors of one row in registers, see FOR_PIECES); `tile_named` returns the table of functions of an
 * instruction set that the machine can run.
 *
 * Rows need no alignment and no padding: the last D mod W floats go through masked loads and stores.
 * g is kept in blocks of at most TILE_COLUMNS outputs, see `tile_block`: each block is (M, TILE_STRIDE), and the first
 * `columns` of its rows count.
 */
#ifndef FASTW2V_TILE_H
#define FASTW2V_TILE_H

#include <string.h>

#include "logistic.h"
#include "processor.h"
#include "tile_api.h"

#if defined(TILE_X86)
#include <immintrin.h>
#if defined(__clang__) && defined(_MSC_VER) /* clang-cl leaves out what the whole file is not compiled for */
#include <smmintrin.h>
#include <avxintrin.h>
#include <avx2intrin.h>
#include <avx512fintrin.h>
#include <avx512bwintrin.h>
#endif
#elif defined(TILE_ARM)
#include <arm_neon.h>
#endif

/* gcc would fold the load of a vector into each multiplication that uses it: three unaligned loads where one will do
 * (a 3 x 6 block of scores at D = 300 took 15 % longer than a 4 x 6 one). */
#if defined(TILE_X86)
#define TILE_IN_REGISTER(vector) __asm__("" : "+v"(vector))
#define TILE_AFTER(vector, other) ((void)0)
#elif defined(TILE_ARM)
#define TILE_IN_REGISTER(vector) __asm__("" : "+w"(vector))
/* A vector is changed only once another is computed: gcc would begin both at once, from copies (70 instructions for 12
 * vectors of a row in `update_one`, and 50 so). */
#define TILE_AFTER(vector, other) __asm__("" : "+w"(vector) : "w"(other))
#else
#define TILE_IN_REGISTER(vector) ((void)0)
#define TILE_AFTER(vector, other) ((void)0)
#endif

/* Unrolls the loop that follows, of a count that the compiler knows. clang passes over gcc's pragma, and keeps sums in
 * memory then (of aarch64 four times as many instructions). */
#define TILE_PRAGMA(text) _Pragma(#text)
#if defined(__clang__) && defined(FASTW2V_GNU)
#define TILE_UNROLL(count) TILE_PRAGMA(clang loop unroll(full))
#elif defined(FASTW2V_GNU)
#define TILE_UNROLL(count) TILE_PRAGMA(GCC unroll count)
#else
#define TILE_UNROLL(count)
#endif

/* Floats that `scan` prefetches ahead: the processor's own prefetchers leave a third of the memory's speed unused
 * (400,000 rows, one core of a Xeon with AMX: D = 100 10.4 ms instead of 14.8, D = 300 29.1 instead of 41.1; 512 and
 * 4,096 are no better). */
#define TILE_SCAN_AHEAD 1024

/* Vectors of a row that `multiply` sums up at once, of TILE_ROWS rows; they, b and a factor fill registers. */
#define TILE_PRODUCTS 5

/* ---- one table of functions per instruction set ---- */

#define TILE_JOIN_(a, b) a##_##b
#define TILE_JOIN(a, b) TILE_JOIN_(a, b)

#define TILE_ISA generic
#define TILE_TARGET
#define TILE_ROWS 2
#define TILE_COLUMNS 6
#define TILE_STEP 1
#define TILE_CHUNKS 6
#if TILE_HAS_VECTORS
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
#define TILE_COLUMNS 6
#define TILE_STEP 1
#define TILE_CHUNKS 6
#include "_tile.h"

#define TILE_ISA avx512
#define TILE_TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")))
#define TILE_WIDTH 16
#define TILE_ROWS 4
#define TILE_COLUMNS 8
#define TILE_STEP 1
#define TILE_CHUNKS 8
#include "_tile.h"
#endif

/* Every 64-bit Arm has these 32 registers of four floats. Scores: 4 x 6 sums, four rows of x, one of y. A
 * multiplication takes four cycles, and a core begins two (Neoverse N1) to four (V2, Apple) a cycle: 16 sums must be in
 * the making, which a single row of x has not (6 sums, as long as its 7 loads take on an N1). Updates: 6 rows of y
 * before and after, of two vectors each; these share an address, and the factors, by which registers are multiplied
 * lane by lane. Instructions of gcc 12, D = 100, against `generic`: scores and update of 6 x 6 rows 6,250 (8,400), of 1
 * x 6 rows 1,770 (2,000). What processors do in a cycle could not be measured. SVE has no table: its registers are as
 * wide as these on Neoverse N2 and V2, and Apple has none. */
#ifdef TILE_ARM
#define TILE_ISA neon
#define TILE_TARGET
#define TILE_WIDTH 4
#define TILE_ROWS 4
#define TILE_COLUMNS 6
#define TILE_STEP 2
#define TILE_CHUNKS 12
#define TILE_BY_LANE
/* Of the function that uses it alone. The extension came with version 8.2, without which binutils takes no `sdot`. */
#define TILE_DOT_PRODUCT __attribute__((target("arch=armv8.2-a+dotprod")))
#include "_tile.h"
#endif

/* What was compiled in, and what a processor needs for it. */
static const struct {
    const Tile *tile;
    unsigned needs;
} tile_tables[] = {
#if defined(TILE_X86)
    {&tile_avx512vnni, PROCESSOR_AVX512VNNI},
    {&tile_avx512, PROCESSOR_AVX512},
    {&tile_avx2, PROCESSOR_AVX2},
#elif defined(TILE_ARM)
    {&tile_neondot, PROCESSOR_DOTPROD},
    {&tile_neon, 0},
#endif
    {&tile_generic, 0},
};

/* NULL where this build has no such instruction set, or a processor with these features cannot run it. */
TILE_UNUSED const Tile *tile_named(const char *name, unsigned features) {
    for (size_t k = 0; k < sizeof tile_tables / sizeof *tile_tables; k++)
        if (!strcmp(name, tile_tables[k].tile->name))
            return (features & tile_tables[k].needs) == tile_tables[k].needs ? tile_tables[k].tile : NULL;
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

/* Does `each` for v = 0, …: the vectors of a step. ADDRESS declares the address of a row at `d`, which AT reads; where
 * registers suffice it stays in one: stores might change the array of pointers, for all that the compiler knows, and
 * one address serves the vectors of a step in pairs. */
#if TILE_STEP == 1
#define VECTORS(v, each) do { enum { v }; each; } while (0)
#define ADDRESS(address, row) ((void)0)
#define AT(address, row) ((row) + d)
#else
#define VECTORS(v, each)                           \
    do {                                           \
        TILE_UNROLL(TILE_STEP)                     \
        for (int v = 0; v < vectors; v++) { each; } \
    } while (0)
#define ADDRESS(address, row) address = (float *)(row) + d; __asm__("" : "+r"(address))
#define AT(address, row) (address)
#endif

/* One of a row's TILE_STRIDE factors in all lanes; where instructions multiply by a lane of a register, all come at
 * once. gcc would take them apart by instructions for integers if it saw where they come from. */
#ifdef TILE_BY_LANE
#define FACTORS(g)                                                  \
    VECTOR factors[2] = {ISA(load)(g), ISA(load)((g) + W)};         \
    TILE_IN_REGISTER(factors[0]);                                   \
    TILE_IN_REGISTER(factors[1])
#define FACTOR(g, j) SPLAT(factors[(j) / W][(j) % W])
#else
#define FACTORS(g) ((void)0)
#define FACTOR(g, j) SPLAT((g)[j])
#endif

/* Runs `chunk` for d = 0, W, 2W, …: whole vectors, then what is left. FOR_STEPS runs it for steps of them first. */
#define FOR_CHUNKS_FROM(start, dim, chunk)                              \
    do {                                                                \
        ptrdiff_t d = start;                                            \
        for (; d + W <= (dim); d += W) {                                \
            const int full = 1, vectors = 1;                            \
            const ptrdiff_t count = W;                                  \
            (void)vectors, (void)count;                                 \
            chunk;                                                      \
        }                                                               \
        if (d < (dim)) {                                                \
            const int full = 0, vectors = 1;                            \
            const ptrdiff_t count = (dim) - d;                          \
            (void)vectors;                                              \
            chunk;                                                      \
        }                                                               \
    } while (0)
#define FOR_CHUNKS(dim, chunk) FOR_CHUNKS_FROM(0, dim, chunk)
#if TILE_STEP == 1
#define FOR_STEPS FOR_CHUNKS
#else
#define FOR_STEPS(dim, chunk)                                           \
    do {                                                                \
        ptrdiff_t end = 0;                                              \
        for (; end + TILE_STEP * W <= (dim); end += TILE_STEP * W) {    \
            const int full = 1, vectors = TILE_STEP;                    \
            const ptrdiff_t d = end, count = W;                         \
            (void)count;                                                \
            chunk;                                                      \
        }                                                               \
        FOR_CHUNKS_FROM(end, dim, chunk);                               \
    } while (0)
#endif

/* Runs call(d, chunks, full, count) for pieces of a row whose number of vectors the compiler knows, and for what is
 * left. A row of up to TILE_CHUNKS vectors is one piece. Of longer ones 48 floats at a time: with AVX-512 at D = 300
 * that took 8-13 % less time than 128 in CBOW, 0-8 % in pairs, 0-4 % in hierarchical softmax. */
#define PIECE (48 / W < TILE_CHUNKS ? 48 / W : TILE_CHUNKS)
#define SHORT_PIECE(chunks, call) \
    case chunks: call(d, chunks <= TILE_CHUNKS ? chunks : 1, 1, W); d += chunks * W; break;
#if TILE_CHUNKS > 8
#define LONGER_PIECES(call) SHORT_PIECE(9, call) SHORT_PIECE(10, call) SHORT_PIECE(11, call) SHORT_PIECE(12, call)
#else
#define LONGER_PIECES(call)
#endif
#define FOR_PIECES(dim, call)                                                          \
    do {                                                                               \
        ptrdiff_t d = 0;                                                               \
        if ((dim) > TILE_CHUNKS * W)                                                   \
            for (; d + PIECE * W <= (dim); d += PIECE * W) call(d, PIECE, 1, W);       \
        switch (((dim) - d) / W) {                                                     \
            SHORT_PIECE(1, call)                                                       \
            SHORT_PIECE(2, call)                                                       \
            SHORT_PIECE(3, call)                                                       \
            SHORT_PIECE(4, call)                                                       \
            SHORT_PIECE(5, call)                                                       \
            SHORT_PIECE(6, call)                                                       \
            SHORT_PIECE(7, call)                                                       \
            SHORT_PIECE(8, call)                                                       \
            LONGER_PIECES(call)                                                        \
        }                                                                              \
        if (d < (dim)) call(d, 1, 0, (dim) - d);                                       \
    } while (0)

/* Sums over the lanes of each of `count` vectors. */
#if W == 1
INLINE const VECTOR *ISA(row_sums)(const VECTOR *v, const int count) { return v; }
typedef int ISA(oddity);
#define LOGISTIC_ROW(g, columns, label, times_y, rate, odd) odd |= tile_logistic(g, columns, label, times_y, rate)
#define IS_ODD(odd) (odd)
#else

typedef float ISA(vec4) __attribute__((vector_size(16)));
typedef float ISA(vec8) __attribute__((vector_size(32)));
/* What is done to a row of g is done to so many of its floats at a time: gcc makes single floats of eight in registers
 * of four (a row took 140 more instructions of aarch64 than the 73 that it takes). */
#define LANES (W == 4 ? 4 : TILE_STRIDE)
typedef float ISA(lanes) __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t ISA(bits) __attribute__((vector_size(LANES * sizeof(int32_t))));

/* Pairs of vectors are folded into one until all are a single vector of sums: N - 1 additions for the sums of N
 * vectors, where one at a time would take N log W. */
INLINE ISA(vec4) ISA(fold4)(ISA(vec4) a, ISA(vec4) b, ISA(vec4) c, ISA(vec4) e) {
#ifdef TILE_ARM
    float32x4_t ab = vpaddq_f32((float32x4_t)a, (float32x4_t)b), ce = vpaddq_f32((float32x4_t)c, (float32x4_t)e);
    return (ISA(vec4))vpaddq_f32(ab, ce);
#else
    ISA(vec4) ac = __builtin_shufflevector(a, c, 0, 1, 4, 5) + __builtin_shufflevector(a, c, 2, 3, 6, 7);
    ISA(vec4) be = __builtin_shufflevector(b, e, 0, 1, 4, 5) + __builtin_shufflevector(b, e, 2, 3, 6, 7);
    return __builtin_shufflevector(ac, be, 0, 4, 2, 6) + __builtin_shufflevector(ac, be, 1, 5, 3, 7);
#endif
}

#if W == 4
INLINE ISA(lanes) ISA(row_sums)(const VECTOR *v, const int count) {
    const VECTOR zero = {0};
#define V(i) (i < count ? v[i < count ? i : 0] : zero)
    return ISA(fold4)(V(0), V(1), V(2), V(3));
#undef V
}
#else

INLINE ISA(vec8) ISA(eight)(VECTOR v) {
#if W == 8
    return v;
#else
    return __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7)
         + __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
#endif
}

INLINE ISA(vec8) ISA(row_sums)(const VECTOR *v, const int count) {
    const ISA(vec8) zero = {0};
    ISA(vec8) half[4], a, b;
    TILE_UNROLL(4)
    for (int i = 0; i < 4; i++) {
        ISA(vec8) low = i < count ? ISA(eight)(v[i]) : zero, high = i + 4 < count ? ISA(eight)(v[i + 4]) : zero;
        half[i] = __builtin_shufflevector(low, high, 0, 1, 2, 3, 8, 9, 10, 11)
                + __builtin_shufflevector(low, high, 4, 5, 6, 7, 12, 13, 14, 15);
    }
    a = __builtin_shufflevector(half[0], half[2], 0, 1, 8, 9, 4, 5, 12, 13)
      + __builtin_shufflevector(half[0], half[2], 2, 3, 10, 11, 6, 7, 14, 15);
    b = __builtin_shufflevector(half[1], half[3], 0, 1, 8, 9, 4, 5, 12, 13)
      + __builtin_shufflevector(half[1], half[3], 2, 3, 10, 11, 6, 7, 14, 15);
    return __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14)
         + __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
}
#endif

/* What `tile_sigmoid` holds for each score, computed: gathering it from the table took three times as long (Zen 4).
 * Its entry k is 1 / (1 + exp(6 - 12 k / 1000)), and k is the whole part of 83 (score + 6). */
INLINE ISA(lanes) ISA(sigmoid)(ISA(lanes) score) {
    const float log2e = 1.44269504f, step = 2 * TILE_MAX_SCORE / TILE_TABLE_SIZE;
    const float first = TILE_MAX_SCORE * (1 - TILE_STEPS_PER_UNIT * step);
    const float to_integer = 3 << 22; /* added to a float below 2**22, leaves no bits for its fraction */
    ISA(lanes) entry = (score * TILE_STEPS_PER_UNIT - 0.5f + to_integer) - to_integer;
    ISA(lanes) t = first * log2e - entry * (step * log2e); /* exp(-x) = 2**t, t = whole + part, |part| <= 1/2 */
    ISA(lanes) shifted = t + to_integer, part = t - (shifted - to_integer), square = part * part, power;
    ISA(bits) whole, bits;
    power = (part * 1.33335581e-3f + 9.61812911e-3f) * square + (part * 5.55041087e-2f + 2.40226507e-1f);
    power = power * square + (part * 6.93147181e-1f + 1.0f); /* log(2)**k / k! */
    memcpy(&whole, &shifted, sizeof whole);
    memcpy(&bits, &power, sizeof bits);
    bits += whole << 23;
    memcpy(&power, &bits, sizeof power);
    return 1.0f / (1.0f + power);
}

/* Sums of 0 * score: 0, or NaN once a score was not finite. One instruction a row. */
typedef ISA(lanes) ISA(oddity);
INLINE int ISA(is_odd)(ISA(oddity) sum) {
    ISA(bits) odd = sum != sum;
#if W == 8 || W == 16
    return _mm256_movemask_ps((__m256)odd);
#else
    int64_t half[2];
    memcpy(half, &odd, sizeof half);
    return (half[0] | half[1]) != 0;
#endif
}
#define IS_ODD(odd) ISA(is_odd)(odd)

/* `tile_logistic`; computes TILE_STRIDE columns: where there are fewer, `score_block` has left zeros. */
#define LOGISTIC_ROW(g, columns, label, times_y, rate, odd) odd = ISA(logistic_row)(g, label, times_y, rate, odd)
INLINE ISA(oddity) ISA(logistic_row)(float *g, const float *label, const float *times_y, float rate, ISA(oddity) odd) {
    TILE_UNROLL(2)
    for (int k = 0; k < TILE_STRIDE; k += LANES) {
        ISA(lanes) score, labels, times, gradient;
        ISA(bits) inside, bits;
        memcpy(&score, g + k, sizeof score);
        memcpy(&labels, label + k, sizeof labels);
        memcpy(&times, times_y + k, sizeof times);
        inside = (score > -TILE_MAX_SCORE) & (score < TILE_MAX_SCORE);
        gradient = (labels - ISA(sigmoid)(score)) * (rate * times);
        memcpy(&bits, &gradient, sizeof bits);
        bits &= inside;
        memcpy(g + k, &bits, sizeof bits);
        odd = score * 0.0f + odd;
    }
    return odd;
}
#endif

#define MOST_ROWS(columns) (columns > 6 && TILE_ROWS > 3 ? 3 : TILE_ROWS) /* 24 sums fit the registers, 32 do not */
#define MOST_SUMS 24

/* The scores of a block of g, summed up in registers. */
INLINE void ISA(score_block)(const float **x, const int rows, float **y, const int columns, ptrdiff_t dim, float *g) {
    VECTOR sum[MOST_SUMS];
    TILE_UNROLL(32)
    for (int i = 0; i < rows * columns; i++) sum[i] = SPLAT(0.0f);
    FOR_CHUNKS(dim, {
        VECTOR a[TILE_ROWS];
        TILE_UNROLL(8)
        for (int i = 0; i < rows; i++) a[i] = LOAD(x[i] + d);
        TILE_UNROLL(8)
        for (int j = 0; j < columns; j++) {
            VECTOR b = LOAD(y[j] + d);
            TILE_IN_REGISTER(b);
            TILE_UNROLL(8)
            for (int i = 0; i < rows; i++) sum[i * columns + j] += a[i] * b;
        }
    });
    TILE_UNROLL(8)
    for (int i = 0; i < rows; i++) {
#if W == 1
        memcpy(g + i * TILE_STRIDE, sum + i * columns, columns * sizeof(float));
#else
        TILE_UNROLL(2)
        for (int k = 0; k < TILE_STRIDE; k += LANES) {
            ISA(lanes) scores = ISA(row_sums)(sum + i * columns + k, columns - k);
            memcpy(g + i * TILE_STRIDE + k, &scores, sizeof scores);
        }
#endif
    }
}

#define POSSIBLE(columns) (columns <= TILE_COLUMNS ? columns : 1) /* for cases that cannot come */
#define SCORE_BLOCK(rows, columns) ISA(score_block)(x + i, rows, y, POSSIBLE(columns), dim, g + i * TILE_STRIDE)

#define SCORE_COLUMNS(columns)                                                                           \
    case columns:                                                                                        \
        for (ptrdiff_t i = 0, rows; i < m; i += rows) {                                                  \
            rows = tile_block(m - i, MOST_ROWS(columns));                                                \
            switch (rows) {                                                                              \
                case 1: SCORE_BLOCK(1, columns); break;                                                  \
                case 2: SCORE_BLOCK(2, columns); break;                                                  \
                case 3: SCORE_BLOCK(TILE_ROWS > 2 ? 3 : 1, columns); break;                              \
                case 4: SCORE_BLOCK(MOST_ROWS(columns) > 3 ? 4 : 1, columns); break;                     \
            }                                                                                            \
        }                                                                                                \
        break;

TILE_TARGET static int ISA(gradients)(const float **x, const float *times_x, ptrdiff_t m, float **y,
                                      const float *label, const float *times_y, ptrdiff_t n, ptrdiff_t dim,
                                      float alpha, float *g, double *loss) {
    ISA(oddity) odd = {0};
    float *start = g;
    for (ptrdiff_t done = 0, columns; done < n; done += columns, y += columns, g += m * TILE_STRIDE) {
        columns = tile_block(n - done, TILE_COLUMNS);
        switch (columns) {
            SCORE_COLUMNS(1)
            SCORE_COLUMNS(2)
            SCORE_COLUMNS(3)
            SCORE_COLUMNS(4)
            SCORE_COLUMNS(5)
            SCORE_COLUMNS(6)
            SCORE_COLUMNS(7)
            SCORE_COLUMNS(8)
        }
    }
    /* Not row by row as the scores are ready: a row takes 60 cycles, which overlap only side by side. */
    g = start;
    for (ptrdiff_t columns; n > 0; n -= columns, label += columns, times_y += columns) {
        columns = tile_block(n, TILE_COLUMNS);
        if (loss) *loss += tile_loss(g, m, columns, label, times_x, times_y);
        for (ptrdiff_t i = 0; i < m; i++, g += TILE_STRIDE)
            LOGISTIC_ROW(g, columns, label, times_y, alpha * times_x[i], odd);
    }
    return IS_ODD(odd);
}

/* One chunk of W dimensions of `update`, for one block of outputs. The gradient that reaches an input is the sum over
 * all blocks of outputs, so it waits in `partial` until the last one: only then may the input change. */
INLINE void ISA(update_chunk)(const float **x, float **to, const float *lock, ptrdiff_t m,
                              float **y, const int columns, const float *g, float *partial, const int first,
                              const int last, ptrdiff_t d, const int vectors, const int full, ptrdiff_t count) {
    VECTOR before[TILE_COLUMNS][TILE_STEP], after[TILE_COLUMNS][TILE_STEP];
#if TILE_STEP > 1
    float *row[TILE_COLUMNS], *from, *into;
#endif
    TILE_UNROLL(8)
    for (int j = 0; j < columns; j++) {
        ADDRESS(row[j], y[j]);
        VECTORS(v, before[j][v] = after[j][v] = LOAD(AT(row[j], y[j]) + v * W));
    }
    for (ptrdiff_t i = 0; i < m; i++, g += TILE_STRIDE) {
        VECTOR a[TILE_STEP], delta[TILE_STEP];
        FACTORS(g);
        ADDRESS(from, x[i]);
        ADDRESS(into, to[i]);
        VECTORS(v, a[v] = LOAD(AT(from, x[i]) + v * W));
        VECTORS(v, delta[v] = first ? SPLAT(0.0f) : ISA(load)(partial + (i * TILE_STEP + v) * W));
        TILE_UNROLL(8)
        for (int j = 0; j < columns; j++) {
            VECTOR gradient = FACTOR(g, j);
            VECTORS(v, {
                delta[v] = TILE_STEP > 1 && first && j == 0 ? gradient * before[j][v]
                                                            : delta[v] + gradient * before[j][v];
                after[j][v] += gradient * a[v];
            });
        }
        if (last) {
            VECTORS(v, delta[v] = LOAD(AT(into, to[i]) + v * W) + SPLAT(lock[i]) * delta[v]);
            VECTORS(v, STORE(AT(into, to[i]) + v * W, delta[v]));
        } else {
            VECTORS(v, ISA(store)(partial + (i * TILE_STEP + v) * W, delta[v]));
        }
    }
    TILE_UNROLL(8)
    for (int j = 0; j < columns; j++) VECTORS(v, STORE(AT(row[j], y[j]) + v * W, after[j][v]));
}

#define AHEAD() tile_prefetch_lines(ahead, ahead_count, d, dim)

#define UPDATE_CHUNK(columns, first, last) \
    ISA(update_chunk)(x, to, lock, m, y + done, POSSIBLE(columns), block, partial, first, last, d, vectors, full, \
                      count)

#define UPDATE_ONE(columns)                                      \
    case columns: FOR_STEPS(dim, { AHEAD(); UPDATE_CHUNK(columns, 1, 1); }); break;

#define UPDATE_MANY(columns)                                     \
    case columns: UPDATE_CHUNK(columns, done == 0, done + columns == n); break;

TILE_TARGET static void ISA(update)(const float **x, float **to, const float *lock, ptrdiff_t m,
                                    float **y, ptrdiff_t n, ptrdiff_t dim, const float *g, float *partial,
                                    const float **ahead, ptrdiff_t ahead_count) {
    const float *block = g;
    ptrdiff_t done = 0;
    if (n <= TILE_COLUMNS) {
        switch (n) {
            UPDATE_ONE(1)
            UPDATE_ONE(2)
            UPDATE_ONE(3)
            UPDATE_ONE(4)
            UPDATE_ONE(5)
            UPDATE_ONE(6)
            UPDATE_ONE(7)
            UPDATE_ONE(8)
        }
        return;
    }
    FOR_STEPS(dim, {
        ptrdiff_t columns;
        AHEAD();
        for (done = 0, block = g; done < n; done += columns, block += m * TILE_STRIDE) {
            columns = tile_block(n - done, TILE_COLUMNS);
            switch (columns) {
                UPDATE_MANY(1)
                UPDATE_MANY(2)
                UPDATE_MANY(3)
                UPDATE_MANY(4)
                UPDATE_MANY(5)
                UPDATE_MANY(6)
                UPDATE_MANY(7)
                UPDATE_MANY(8)
            }
        }
    });
}

/* One input stays in registers with its gradient, row by row of the outputs. Chunk by chunk of all of them, as in
 * `update`, takes twice as many instructions, and more loads wait for stores whose addresses end in the same 12 bits.
 */
INLINE void ISA(update_one_piece)(const float *x, float **to, const float *lock, ptrdiff_t targets, float **y,
                                  ptrdiff_t n, const float *g, const float **ahead, ptrdiff_t ahead_count, ptrdiff_t d,
                                  const int chunks, const int full, const ptrdiff_t count) {
    VECTOR a[TILE_CHUNKS], delta[TILE_CHUNKS];
    const float **last = ahead + ahead_count;
    TILE_UNROLL(12)
    for (int c = 0; c < chunks; c++) {
        a[c] = LOAD(x + d + c * W);
        delta[c] = SPLAT(0.0f);
    }
    for (ptrdiff_t columns; n > 0; n -= columns, g += TILE_STRIDE) {
        columns = tile_block(n, TILE_COLUMNS);
        for (ptrdiff_t j = 0; j < columns; j++) {
            float *row = *y++ + d;
            const float *next = ahead < last ? *ahead++ + d : row;
            VECTOR gradient = SPLAT(g[j]);
            TILE_UNROLL(12)
            for (int c = 0; c < chunks; c += TILE_STEP) {
                const int vectors = c + TILE_STEP <= chunks ? TILE_STEP : 1;
                VECTOR b[TILE_STEP];
                (void)vectors;
                VECTORS(v, {
                    b[v] = LOAD(row + (c + v) * W);
                    TILE_IN_REGISTER(b[v]);
                });
                if (c * W % FASTW2V_CACHE_LINE == 0) TILE_PREFETCH(next + c * W);
                VECTORS(v, {
                    delta[c + v] += gradient * b[v];
                    TILE_AFTER(b[v], delta[c + v]);
                    b[v] += gradient * a[c + v];
                });
                VECTORS(v, STORE(row + (c + v) * W, b[v]));
            }
        }
    }
    for (ptrdiff_t i = 0; i < targets; i++) {
        float *row = to[i] + d;
        const float *next = ahead < last ? *ahead++ + d : row;
        VECTOR factor = SPLAT(lock[i]);
        TILE_UNROLL(12)
        for (int c = 0; c < chunks; c++) {
            if (c * W % FASTW2V_CACHE_LINE == 0) TILE_PREFETCH(next + c * W);
            STORE(row + c * W, LOAD(row + c * W) + factor * delta[c]);
        }
    }
    while (ahead < last) tile_prefetch(*ahead++ + d, full ? chunks * W : count);
}

#define UPDATE_PIECE(d, chunks, full, count) \
    ISA(update_one_piece)(x, to, lock, targets, y, n, g, ahead, ahead_count, d, chunks, full, count)

TILE_TARGET static void ISA(update_one)(const float *x, float **to, const float *lock, ptrdiff_t targets,
                                        float **y, ptrdiff_t n, ptrdiff_t dim, const float *g,
                                        const float **ahead, ptrdiff_t ahead_count) {
    FOR_PIECES(dim, UPDATE_PIECE);
}

INLINE void ISA(sum_piece)(const float **rows, ptrdiff_t m, float scale, float *out, ptrdiff_t d, const int chunks,
                           const int full, const ptrdiff_t count) {
    VECTOR sum[TILE_CHUNKS];
    TILE_UNROLL(12)
    for (int c = 0; c < chunks; c++) sum[c] = SPLAT(0.0f);
    for (ptrdiff_t i = 0; i < m; i++) {
        const float *row = rows[i] + d;
        TILE_UNROLL(12)
        for (int c = 0; c < chunks; c++) sum[c] += LOAD(row + c * W);
    }
    TILE_UNROLL(12)
    for (int c = 0; c < chunks; c++) STORE(out + d + c * W, sum[c] * SPLAT(scale));
}

#define SUM_PIECE(d, chunks, full, count) ISA(sum_piece)(rows, m, scale, out, d, chunks, full, count)

TILE_TARGET static void ISA(sum_rows)(const float **rows, ptrdiff_t m, ptrdiff_t dim, float scale, float *out) {
    FOR_PIECES(dim, SUM_PIECE);
}

TILE_TARGET static void ISA(add_rows)(float **rows, const float *lock, ptrdiff_t m, ptrdiff_t dim,
                                      const float *delta) {
    FOR_STEPS(dim, {
        VECTOR change[TILE_STEP];
        VECTORS(v, change[v] = LOAD(delta + d + v * W));
        for (ptrdiff_t i = 0; i < m; i++) {
            VECTOR sum[TILE_STEP];
#if TILE_STEP > 1
            float *row;
#endif
            ADDRESS(row, rows[i]);
            VECTORS(v, sum[v] = LOAD(AT(row, rows[i]) + v * W) + SPLAT(lock[i]) * change[v]);
            VECTORS(v, STORE(AT(row, rows[i]) + v * W, sum[v]));
        }
    });
}

/* out[rows] += a[rows] b for so many rows of a, and columns of W; sums are made in the order of b's rows. */
INLINE void ISA(multiply_block)(const float *a, ptrdiff_t depth, const float *b, ptrdiff_t dim, float *out,
                                const int rows, const int columns) {
    VECTOR sum[TILE_ROWS][TILE_PRODUCTS];
    TILE_UNROLL(4)
    for (int r = 0; r < rows; r++) {
        TILE_UNROLL(8)
        for (int c = 0; c < columns; c++) sum[r][c] = ISA(load)(out + r * dim + c * W);
    }
    for (ptrdiff_t j = 0; j < depth; j++) {
        VECTOR value[TILE_PRODUCTS];
        TILE_UNROLL(8)
        for (int c = 0; c < columns; c++) value[c] = ISA(load)(b + j * dim + c * W);
        TILE_UNROLL(4)
        for (int r = 0; r < rows; r++) {
            TILE_UNROLL(8)
            for (int c = 0; c < columns; c++) sum[r][c] += SPLAT(a[r * depth + j]) * value[c];
        }
    }
    TILE_UNROLL(4)
    for (int r = 0; r < rows; r++) {
        TILE_UNROLL(8)
        for (int c = 0; c < columns; c++) ISA(store)(out + r * dim + c * W, sum[r][c]);
    }
}

#define MULTIPLY(rows, columns) \
    case columns: ISA(multiply_block)(a + i * depth, depth, b + d, dim, out + i * dim + d, rows, columns); break
#define MULTIPLY_COLUMNS(rows)                                                                            \
    do {                                                                                                  \
        switch (block) {                                                                                  \
            MULTIPLY(rows, 1);                                                                            \
            MULTIPLY(rows, 2);                                                                            \
            MULTIPLY(rows, 3);                                                                            \
            MULTIPLY(rows, 4);                                                                            \
            MULTIPLY(rows, 5);                                                                            \
        }                                                                                                 \
    } while (0)

TILE_TARGET static void ISA(multiply)(const float *a, ptrdiff_t m, ptrdiff_t depth, const float *b, ptrdiff_t dim,
                                      float *out) {
    ptrdiff_t i = 0, d, block;
    for (; i + TILE_ROWS <= m; i += TILE_ROWS)
        for (d = 0; d < dim; d += block * W) {
            block = tile_block((dim - d) / W, TILE_PRODUCTS);
            MULTIPLY_COLUMNS(TILE_ROWS);
        }
    for (; i < m; i++)
        for (d = 0; d < dim; d += block * W) {
            block = tile_block((dim - d) / W, TILE_PRODUCTS);
            MULTIPLY_COLUMNS(1);
        }
}

TILE_TARGET static void ISA(scan)(const float *rows, ptrdiff_t count, ptrdiff_t dim, const float *query, float *dots,
                                  float *squares) {
    for (ptrdiff_t i = 0; i < count; i++) {
        const float *row = rows + i * dim;
        VECTOR sum[2] = {SPLAT(0.0f), SPLAT(0.0f)};
        FOR_STEPS(dim, {
            VECTOR a[TILE_STEP];
            VECTORS(v, a[v] = LOAD(row + d + v * W));
            if (d % FASTW2V_CACHE_LINE == 0) TILE_PREFETCH_TO_READ(row + d + TILE_SCAN_AHEAD);
            VECTORS(v, {
                sum[0] += a[v] * LOAD(query + d + v * W);
                sum[1] += a[v] * a[v];
            });
        });
        dots[i] = ISA(row_sums)(sum, 2)[0];
        squares[i] = ISA(row_sums)(sum, 2)[1];
    }
}

/* ---- sift: products of small integers, two or four times as many an instruction as of floats ---- */

#if W == 1
typedef int32_t ISA(ints);
#else
typedef int32_t ISA(ints) __attribute__((vector_size(W * sizeof(int32_t))));
typedef uint32_t ISA(uints) __attribute__((vector_size(W * sizeof(int32_t))));
#endif

enum { ISA(PLAIN), ISA(FUSED), ISA(BYTES) }; /* how products are added to their sum; of bytes a pair is four */

/* sum + products of the integers in each lane; a's pair is the same in all of them. Where products fill twice the lanes
 * of their factors, those of one half of b. */
INLINE ISA(ints) ISA(add_pair)(ISA(ints) sum, const int16_t *pair, ISA(ints) b, const int half, const int how) {
    ISA(ints) a;
    int32_t both;
#if W == 16
    if (how == ISA(FUSED)) { /* its own target attribute would keep the function from being inlined */
        __asm__("vpdpwssd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(b), "m"(*(const int16_t (*)[2])pair));
        return sum;
    }
#endif
    (void)how, (void)half;
    memcpy(&both, pair, sizeof both);
    a = both - (ISA(ints)){0};
#if W == 16
    return sum + (ISA(ints))_mm512_madd_epi16((__m512i)a, (__m512i)b);
#elif W == 8
    return sum + (ISA(ints))_mm256_madd_epi16((__m256i)a, (__m256i)b);
#elif W == 4 && defined(TILE_X86)
    return sum + (ISA(ints))_mm_madd_epi16((__m128i)a, (__m128i)b);
#elif W == 1
    return sum + (int32_t)(int16_t)a * (int16_t)b + (a >> 16) * (b >> 16);
#elif defined(TILE_BY_LANE)
    if (how == ISA(BYTES)) {
        __asm__("sdot %0.4s, %1.16b, %2.16b" : "+w"(sum) : "w"(a), "w"(b));
        return sum;
    }
    if (half) { /* clang would take the halves of b apart first, and run out of registers */
        __asm__("smlal2 %0.4s, %1.8h, %2.8h" : "+w"(sum) : "w"(a), "w"(b));
        return sum;
    }
    return (ISA(ints))vmlal_s16((int32x4_t)sum, vget_low_s16((int16x8_t)a), vget_low_s16((int16x8_t)b));
#else
    return sum + ((ISA(ints))((ISA(uints))a << 16) >> 16) * ((ISA(ints))((ISA(uints))b << 16) >> 16)
         + (a >> 16) * (b >> 16);
#endif
}

/* A bit for each lane in which a > b. */
INLINE unsigned ISA(greater)(ISA(ints) a, ISA(ints) b) {
#if W == 16
    return _mm512_cmpgt_epi32_mask((__m512i)a, (__m512i)b);
#elif W == 8
    return (unsigned)_mm256_movemask_ps((__m256)(a > b));
#elif W == 4 && defined(TILE_X86)
    return (unsigned)_mm_movemask_ps((__m128)(a > b));
#elif W == 1
    return a > b;
#elif defined(TILE_BY_LANE)
    return (unsigned)vaddvq_s32((int32x4_t)((a > b) & (ISA(ints)){1, 2, 4, 8}));
#else
    unsigned bits = 0;
    for (int k = 0; k < W; k++) bits |= (unsigned)(a[k] > b[k]) << k;
    return bits;
#endif
}

#define SIFT_VECTORS (TILE_PANEL / W)
/* So many rows' sums fill the registers: 32 of four lanes hold 24. */
#ifdef TILE_BY_LANE
#define SIFT_HALVES(how) (how == ISA(PLAIN) ? 2 : 1)
#define SIFT_ROWS(how) (6 / SIFT_HALVES(how))
#else
#define SIFT_HALVES(how) 1
#define SIFT_ROWS(how) (W == 1 ? 1 : 12 / SIFT_VECTORS)
#endif
#define SIFT_SUMS(how) (SIFT_VECTORS * SIFT_HALVES(how))

INLINE ISA(ints) ISA(load_ints)(const void *p) {
    ISA(ints) v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void ISA(sift_rows)(const int16_t *rows, const int count, ptrdiff_t pairs, const int16_t *panel,
                           const int32_t *border, uint16_t *above, int32_t *scores, const int how) {
    ISA(ints) sum[SIFT_ROWS(ISA(FUSED))][SIFT_SUMS(ISA(PLAIN))], b[SIFT_VECTORS];
    TILE_UNROLL(12)
    for (int i = 0; i < count; i++)
        TILE_UNROLL(8)
        for (int v = 0; v < SIFT_SUMS(how); v++) sum[i][v] = 0 - (ISA(ints)){0};
    for (ptrdiff_t k = 0; k < pairs; k++, panel += 2 * TILE_PANEL) {
        TILE_UNROLL(4)
        for (int v = 0; v < SIFT_VECTORS; v++) b[v] = ISA(load_ints)(panel + 2 * v * W);
        TILE_UNROLL(12)
        for (int i = 0; i < count; i++)
            TILE_UNROLL(8)
            for (int v = 0; v < SIFT_SUMS(how); v++)
                sum[i][v] = ISA(add_pair)(sum[i][v], rows + 2 * (i * pairs + k), b[v / SIFT_HALVES(how)],
                                          v % SIFT_HALVES(how), how);
    }
    TILE_UNROLL(12)
    for (int i = 0; i < count; i++, scores += TILE_PANEL) {
        unsigned bits = 0;
#ifdef TILE_BY_LANE
        if (how == ISA(PLAIN))
            TILE_UNROLL(4)
            for (int v = 0; v < SIFT_VECTORS; v++)
                sum[i][v] = (ISA(ints))vpaddq_s32((int32x4_t)sum[i][2 * v], (int32x4_t)sum[i][2 * v + 1]);
#endif
        TILE_UNROLL(4)
        for (int v = 0; v < SIFT_VECTORS; v++)
            bits |= ISA(greater)(sum[i][v], ISA(load_ints)(border + v * W)) << (v * W);
        above[i] = (uint16_t)bits;
        if (!bits) continue;
        TILE_UNROLL(4)
        for (int v = 0; v < SIFT_VECTORS; v++) memcpy(scores + v * W, &sum[i][v], sizeof sum[i][v]);
    }
}

INLINE void ISA(sift_all)(const int16_t *rows, ptrdiff_t count, ptrdiff_t pairs, const int16_t *panel,
                          const int32_t *border, uint16_t *above, int32_t *scores, const int how) {
    ptrdiff_t i = 0;
    for (; i + SIFT_ROWS(how) <= count; i += SIFT_ROWS(how))
        ISA(sift_rows)(rows + 2 * i * pairs, SIFT_ROWS(how), pairs, panel, border, above + i, scores + i * TILE_PANEL,
                       how);
    for (; i < count; i++)
        ISA(sift_rows)(rows + 2 * i * pairs, 1, pairs, panel, border, above + i, scores + i * TILE_PANEL, how);
}

#define SIFT(name, how, target)                                                                          \
    target static void ISA(name)(const int16_t *rows, ptrdiff_t count, ptrdiff_t pairs,                  \
                                 const int16_t *panel, const int32_t *border, uint16_t *above,           \
                                 int32_t *scores) {                                                      \
        ISA(sift_all)(rows, count, pairs, panel, border, above, scores, how);                            \
    }

#define TILE(name, sift, sift_bytes)                                                                     \
    {FASTW2V_TEXT(name), ISA(gradients), ISA(update), ISA(update_one), ISA(sum_rows), ISA(add_rows),     \
     ISA(multiply), ISA(scan), sift, sift_bytes}

SIFT(sift, ISA(PLAIN), TILE_TARGET)
TILE_UNUSED const Tile ISA(tile) = TILE(TILE_ISA, ISA(sift), NULL);
#if W == 16
SIFT(sift_fused, ISA(FUSED), TILE_TARGET)
TILE_UNUSED const Tile tile_avx512vnni = TILE(avx512vnni, ISA(sift_fused), NULL);
#endif
#ifdef TILE_BY_LANE
SIFT(sift_bytes, ISA(BYTES), TILE_DOT_PRODUCT)
TILE_UNUSED const Tile tile_neondot = TILE(neondot, ISA(sift), ISA(sift_bytes));
#endif

#undef ISA
#undef W
#undef VECTOR
#undef INLINE
#undef SPLAT
#undef LOAD
#undef STORE
#undef FOR_CHUNKS
#undef FOR_CHUNKS_FROM
#undef FOR_STEPS
#undef VECTORS
#undef ADDRESS
#undef AT
#undef FACTORS
#undef FACTOR
#undef FOR_PIECES
#undef LONGER_PIECES
#undef PIECE
#undef SHORT_PIECE
#undef SCORE_BLOCK
#undef POSSIBLE
#undef MOST_ROWS
#undef MOST_SUMS
#undef SCORE_COLUMNS
#undef LOGISTIC_ROW
#undef IS_ODD
#undef AHEAD
#undef UPDATE_CHUNK
#undef UPDATE_ONE
#undef UPDATE_MANY
#undef UPDATE_PIECE
#undef SUM_PIECE
#undef SIFT_VECTORS
#undef SIFT_ROWS
#undef SIFT_HALVES
#undef SIFT_SUMS
#undef SIFT
#undef TILE
#undef TILE_ISA
#undef TILE_TARGET
#undef TILE_WIDTH
#undef TILE_ROWS
#undef TILE_COLUMNS
#undef TILE_STEP
#undef TILE_CHUNKS
#undef TILE_BY_LANE
#endif
