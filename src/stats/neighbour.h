/* Distance to the nearest of a few hundred reference rows: as good as all neighbours over all rows, at a thousandth of the cost (research/guard.md, 6). */
#ifndef REDAN_STATS_NEIGHBOUR_H
#define REDAN_STATS_NEIGHBOUR_H

#include <stdbool.h>
#include <stddef.h>

enum { REDAN_REFERENCES_TOGETHER = 8 };

/* Rows lie in blocks of eight, and in a block column after column: eight rows are measured at once. What fills up the last block is far from everything. */
struct redan_references {
    size_t rows;
    size_t width;
    const float *values; /* redan_references_room numbers, laid out by redan_references_at */
};

/* Numbers that so many rows take. */
static inline size_t redan_references_room(size_t rows, size_t width)
{
    return (rows + REDAN_REFERENCES_TOGETHER - 1) / REDAN_REFERENCES_TOGETHER * width *
           REDAN_REFERENCES_TOGETHER;
}
/* Where one of them lies. */
static inline size_t redan_references_at(size_t width, size_t row, size_t column)
{
    return (row / REDAN_REFERENCES_TOGETHER * width + column) * REDAN_REFERENCES_TOGETHER +
           row % REDAN_REFERENCES_TOGETHER;
}
/* Lay out rows of `width` numbers: of each those of `columns` (NULL: the first `count`). `values` has room. */
void redan_references_lay(float *values, const float *rows, size_t row_count, size_t width,
                          const unsigned short *columns, size_t count);

/* Whether the squared Euclidean distance to the nearest is at most so much: cheaper than the distance, the more so the more are that near. */
bool redan_neighbour_within(const struct redan_references *references, const float *row,
                            double most);
/* Squared Euclidean distance to the nearest, and which one (the first of those that are as near; may be NULL). `row` has `width` floats. */
float redan_neighbour_nearest(const struct redan_references *references, const float *row,
                              size_t *which);

#endif
