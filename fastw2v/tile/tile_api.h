/* The tile as all modules see it: its table of functions, its sizes, and helpers small enough to be inlined.
 *
 * The bodies are in `_tile.h`, which only `dispatch` compiles; it hands out the table that is in use.
 */
#ifndef FASTW2V_TILE_API_H
#define FASTW2V_TILE_API_H

#include <stddef.h>
#include <stdint.h>

#include "../compiler.h" /* relative: others need only this folder on their include path */

#if defined(__x86_64__) && defined(FASTW2V_GNU)
#define TILE_X86 1
#elif defined(__aarch64__) && defined(FASTW2V_GNU)
#define TILE_ARM 1
#endif

#if defined(FASTW2V_GNU)
#define TILE_HAS_VECTORS 1
#else
#define TILE_HAS_VECTORS 0
#endif

#define TILE_INLINE FASTW2V_INLINE
#if defined(FASTW2V_GNU)
#define TILE_UNUSED __attribute__((unused)) static
#else
#define TILE_UNUSED static
#endif

/* Prefetches the cache line at an address for writing: no other core keeps a copy of it. */
#if defined(TILE_X86)
#define TILE_PREFETCH(address) __asm__ volatile("prefetchw %0" : : "m"(*(const char *)(address)))
#elif defined(FASTW2V_GNU)
#define TILE_PREFETCH(address) __builtin_prefetch(address, 1, 3)
#else
#define TILE_PREFETCH(address) ((void)(address))
#endif

/* Prefetches the cache line at an address, which need not exist, for reading. */
#if defined(FASTW2V_GNU)
#define TILE_PREFETCH_TO_READ(address) __builtin_prefetch(address, 0, 3)
#else
#define TILE_PREFETCH_TO_READ(address) ((void)(address))
#endif

#define TILE_STRIDE 8   /* floats from one row of g to the next, so that each is one vector */
#define TILE_SLACK 16   /* floats that may be read past the last label and the last of times_y */
#define TILE_PANEL 16   /* queries that `sift` compares at once */

typedef void TileSift(const int16_t *rows, ptrdiff_t count, ptrdiff_t pairs, const int16_t *panel,
                      const int32_t *border, uint16_t *above, int32_t *scores);

typedef struct {
    const char *name;
    /* loss: NULL, or where to add the -log likelihood. Returns whether a score is not finite: an update would then
     * spread NaN to all rows of the block. */
    int (*gradients)(const float **x, const float *times_x, ptrdiff_t m, float **y, const float *label,
                     const float *times_y, ptrdiff_t n, ptrdiff_t dim, float alpha, float *g, double *loss);
    /* partial: room for (m + n) * (dim + TILE_SLACK) floats. The rows `ahead` are prefetched meanwhile. */
    void (*update)(const float **x, float **to, const float *lock, ptrdiff_t m, float **y, ptrdiff_t n, ptrdiff_t dim,
                   const float *g, float *partial, const float **ahead, ptrdiff_t ahead_count);
    /* to[0:targets] gain the gradient one after another: a row that is listed twice gains it twice */
    void (*update_one)(const float *x, float **to, const float *lock, ptrdiff_t targets, float **y, ptrdiff_t n,
                       ptrdiff_t dim, const float *g, const float **ahead, ptrdiff_t ahead_count);
    /* out := scale * sum of m rows, added in order from zero */
    void (*sum_rows)(const float **rows, ptrdiff_t m, ptrdiff_t dim, float scale, float *out);
    /* rows[m] += lock[m] * delta, one after another: a row that is listed twice gains it twice */
    void (*add_rows)(float **rows, const float *lock, ptrdiff_t m, ptrdiff_t dim, const float *delta);
    /* out (m, dim) += a (m, depth) b (depth, dim), dim a multiple of 16; each sum is made in the order of b's rows */
    void (*multiply)(const float *a, ptrdiff_t m, ptrdiff_t depth, const float *b, ptrdiff_t dim, float *out);
    /* dots[i] = rows[i] . query, squares[i] = |rows[i]|^2, in one reading of the matrix */
    void (*scan)(const float *rows, ptrdiff_t count, ptrdiff_t dim, const float *query, float *dots, float *squares);
    /* Compares rows (count, 2 * pairs) with TILE_PANEL queries, laid out as panel (pairs, TILE_PANEL, 2). Bit q of
     * above[i] tells whether row i . query q > border[q]; scores[i] (TILE_PANEL,) are written only if a bit is set. */
    TileSift *sift;
    TileSift *sift_bytes; /* the same with two integers of 8 bits for each of 16; NULL where that is no faster */
} Tile;

/* Index of the lowest bit that is set; there must be one. */
TILE_INLINE int tile_lowest_bit(unsigned bits) {
#if defined(FASTW2V_GNU)
    return __builtin_ctz(bits);
#else
    int place = 0;
    for (; !(bits & 1); bits >>= 1) place++;
    return place;
#endif
}

/* Size of the next block when `left` rows remain: `most`, or less so that the last two blocks are about equal. */
TILE_INLINE ptrdiff_t tile_block(ptrdiff_t left, const ptrdiff_t most) {
    return left <= most ? left : left < 2 * most ? (left + 1) >> 1 : most;
}

TILE_INLINE void tile_prefetch(const float *row, ptrdiff_t dim) {
    for (ptrdiff_t d = 0; d < dim; d += FASTW2V_CACHE_LINE) TILE_PREFETCH(row + d);
    TILE_PREFETCH(row + dim - 1);
}

/* Prefetches one cache line of each row: only a few at a time, as more would delay the reads of the current row. */
TILE_INLINE void tile_prefetch_lines(const float **rows, ptrdiff_t count, ptrdiff_t d, ptrdiff_t dim) {
    if (d % FASTW2V_CACHE_LINE) return;
    for (ptrdiff_t k = 0; k < count; k++) {
        TILE_PREFETCH(rows[k] + d);
        if (d == 0) TILE_PREFETCH(rows[k] + dim - 1);
    }
}

#endif
