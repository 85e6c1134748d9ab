/* The nearest of the reference rows: eight of them in a vector register, four such blocks at once, the same bits on every machine. */
#include "stats/neighbour.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define WIDE __attribute__((target("avx2"))) /* without FMA: it would round otherwise */
#define HAS_WIDE() __builtin_cpu_supports("avx2")
#else
#define WIDE
#define HAS_WIDE() false
#endif

enum { LANES = REDAN_REFERENCES_TOGETHER, BLOCKS = 4 };

/* Eight numbers that are handled as one; the compiler makes of it what the machine has. */
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t masks __attribute__((vector_size(LANES * sizeof(int32_t))));

/* The nearest so far, for each lane of its own. */
struct best {
    float distance[LANES];
    int32_t block[LANES];
};

#define ALWAYS static inline __attribute__((always_inline))

ALWAYS void load(lanes *to, const float *from)
{
    memcpy(to, from, sizeof(*to));
}

/* Blocks b ... b + count - 1; `count` is a constant where this is inlined. */
ALWAYS void some(const struct redan_references *refs, const float *row, size_t b, size_t count,
                 lanes *distance, masks *block)
{
    size_t apart = refs->width * LANES;
    const float *at = refs->values + b * apart;
    lanes sums[BLOCKS] = {{0}};

    for (size_t c = 0; c < refs->width; c++, at += LANES)
        for (size_t i = 0; i < count; i++) {
            lanes d;

            load(&d, at + i * apart);
            d = row[c] - d;
            sums[i] += d * d;
        }
    for (size_t i = 0; i < count; i++) {
        masks nearer = sums[i] < *distance;
        masks other = (masks){0} + (int32_t)(b + i);

        *distance = (lanes)(((masks)sums[i] & nearer) | ((masks)*distance & ~nearer));
        *block = (other & nearer) | (*block & ~nearer);
    }
}

ALWAYS bool within(const struct redan_references *refs, const float *row, float most)
{
    size_t blocks = (refs->rows + LANES - 1) / LANES;

    for (size_t b = 0; b < blocks;) {
        lanes distance = (lanes){0} + INFINITY;
        masks block = {0};
        float found[LANES];

        if (b + BLOCKS <= blocks) {
            some(refs, row, b, BLOCKS, &distance, &block);
            b += BLOCKS;
        } else {
            some(refs, row, b++, 1, &distance, &block);
        }
        memcpy(found, &distance, sizeof(found));
        for (size_t l = 0; l < LANES; l++)
            if (found[l] <= most)
                return true;
    }
    return false;
}

ALWAYS void nearest(const struct redan_references *refs, const float *row, struct best *best)
{
    size_t blocks = (refs->rows + LANES - 1) / LANES;
    lanes distance = (lanes){0} + INFINITY;
    masks block = {0};
    size_t b = 0;

    for (; b + BLOCKS <= blocks; b += BLOCKS)
        some(refs, row, b, BLOCKS, &distance, &block);
    for (; b < blocks; b++)
        some(refs, row, b, 1, &distance, &block);
    memcpy(best->distance, &distance, sizeof(distance));
    memcpy(best->block, &block, sizeof(block));
}

WIDE static void nearest_wide(const struct redan_references *refs, const float *row,
                              struct best *best)
{
    nearest(refs, row, best);
}

static void nearest_plain(const struct redan_references *refs, const float *row, struct best *best)
{
    nearest(refs, row, best);
}

WIDE static bool within_wide(const struct redan_references *refs, const float *row, float most)
{
    return within(refs, row, most);
}

static bool within_plain(const struct redan_references *refs, const float *row, float most)
{
    return within(refs, row, most);
}

bool redan_neighbour_within(const struct redan_references *references, const float *row,
                            double most)
{
    float limit = (float)most;

    if ((double)limit > most)
        limit = nextafterf(limit, -INFINITY);
    return HAS_WIDE() ? within_wide(references, row, limit) : within_plain(references, row, limit);
}

float redan_neighbour_nearest(const struct redan_references *references, const float *row,
                              size_t *which)
{
    struct best best;
    size_t lane = 0;

    if (HAS_WIDE())
        nearest_wide(references, row, &best);
    else
        nearest_plain(references, row, &best);
    for (size_t l = 1; l < LANES; l++)
        if (best.distance[l] < best.distance[lane] ||
            (best.distance[l] <= best.distance[lane] && best.block[l] < best.block[lane]))
            lane = l;
    if (which)
        *which = (size_t)best.block[lane] * LANES + lane;
    return best.distance[lane];
}

void redan_references_lay(float *values, const float *rows, size_t row_count, size_t width,
                          const unsigned short *columns, size_t count)
{
    size_t all = (row_count + LANES - 1) / LANES * LANES;

    for (size_t r = 0; r < all; r++)
        for (size_t c = 0; c < count; c++)
            values[redan_references_at(count, r, c)] =
                r < row_count ? rows[r * width + (columns ? columns[c] : c)] : 1e19F;
}
