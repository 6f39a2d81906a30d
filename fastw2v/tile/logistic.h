/* The logistic function as word2vec computes it: from a table, and with a gradient of 0 for scores beyond +-6.
 *
 * Every module that includes this has its own tables and fills them when it is imported.
 */
#ifndef FASTW2V_LOGISTIC_H
#define FASTW2V_LOGISTIC_H

#include <math.h>

#include "tile_api.h"

#define TILE_MAX_SCORE 6.0f
#define TILE_TABLE_SIZE 1000
/* gensim divides integers, 1000 / 6 / 2: the table has 83.3 steps per unit, but is read as if it had 83 */
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

/* One row of g: scores become gradients. Returns whether a score is not finite. */
TILE_UNUSED int tile_logistic(float *g, ptrdiff_t columns, const float *label, const float *times_y, float rate) {
    int odd = 0;
    for (ptrdiff_t j = 0; j < columns; j++) {
        odd |= !(g[j] - g[j] == 0);
        g[j] = g[j] > -TILE_MAX_SCORE && g[j] < TILE_MAX_SCORE
            ? (label[j] - tile_sigmoid[tile_bucket(g[j])]) * rate * times_y[j]
            : 0;
    }
    return odd;
}

/* -log sigmoid(+-score), summed over a block of scores. */
TILE_UNUSED double tile_loss(const float *g, ptrdiff_t m, ptrdiff_t columns, const float *label, const float *times_x,
                             const float *times_y) {
    double loss = 0;
    for (ptrdiff_t i = 0; i < m; i++, g += TILE_STRIDE)
        for (ptrdiff_t j = 0; j < columns; j++)
            if (g[j] > -TILE_MAX_SCORE && g[j] < TILE_MAX_SCORE)
                loss -= (double)tile_log_sigmoid[tile_bucket(label[j] != 0 ? g[j] : -g[j])] * (times_x[i] * times_y[j]);
    return loss;
}

#endif
