/* The bits of one row, over the columns that callers choose: what a server computes would accuse a caller of what others did (research: monitor.md, 0, lesson 2). */
#include "inference/caller_bits.h"

#include <math.h>
#include <string.h>

enum { COPIED_LEAST = 4, COPIED_BUT = 2, LANES = REDAN_CALLER_WIDTH / 2 };

const char *const redan_bit_words[] = {"near",  "coarse", "copy",        "margin",    "flip",
                                       "novel", "grid",   "mahalanobis", "invariant", NULL};

static uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93U;
    h ^= h >> 32;
    return h;
}

static uint64_t seed_of(const struct redan_profile *profile)
{
    uint64_t seed = 0;

    memcpy(&seed, profile->digest.bytes, sizeof(seed));
    return seed;
}

/* Up to REDAN_CALLER_WIDTH columns stand for themselves. More are folded into so many signed sums, by a hash of the column under the profile's digest: squared distances keep their expectation (Charikar,
 * Chen, Farach-Colton 2002), and two rows that differ in one or two columns differ in at most two sums. */
static void fold(const struct redan_profile *profile, const float *columns,
                 float ring[REDAN_CALLER_WIDTH])
{
    uint64_t seed = seed_of(profile);

    for (size_t i = 0; i < REDAN_CALLER_WIDTH; i++)
        ring[i] = 0;
    if (profile->caller_count <= REDAN_CALLER_WIDTH) {
        for (size_t i = 0; i < profile->caller_count; i++)
            ring[i] = columns[i];
        return;
    }
    for (size_t i = 0; i < profile->caller_count; i++) {
        uint64_t h = mix(mix(seed ^ (i + 1)) + seed);
        ring[h % REDAN_CALLER_WIDTH] += h >> 63 ? columns[i] : -columns[i];
    }
}

/* Of all columns: sums of folded ones may agree where the rows do not. */
static uint32_t hash(const struct redan_profile *profile, const float *columns)
{
    uint64_t h = seed_of(profile);

    for (size_t i = 0; i < profile->caller_count; i++) {
        float f = columns[i] + 0.0F; /* one zero */
        uint32_t w = 0;
        memcpy(&w, &f, sizeof(w));
        h = mix(h ^ w) * 0x9e3779b97f4a7c15U + 1;
    }
    return (uint32_t)(mix(h) >> 32);
}

/* Numbers often were single precision on their way. */
static bool whole(double x)
{
    return fabs(x - nearbyint(x)) <= 1e-6 + 1.2e-7 * fabs(x);
}

/* A number that no honest source writes: off the grid, or with a fraction where there was none. */
static bool off_grid(const struct redan_profile *profile, const double *values)
{
    for (size_t i = 0; i < profile->caller_count; i++) {
        const struct redan_column *column = &profile->columns[profile->caller_columns[i]];
        double x = values[profile->caller_columns[i]];
        if (isnan(x) || column->kind == REDAN_COLUMN_CATEGORY)
            continue;
        if (column->grid > 0 ? !whole(x / column->grid)
                             : column->kind != REDAN_COLUMN_REAL && !whole(x))
            return true;
    }
    return false;
}

/* Only where both columns are the caller's. */
static bool breaks_invariant(const struct redan_profile *profile, const double *values)
{
    for (size_t i = 0; i < profile->invariant_count; i++) {
        const struct redan_invariant *v = &profile->invariants[i];
        if (!profile->columns[v->low].caller || !profile->columns[v->high].caller)
            continue;
        double high = values[v->high];
        if (values[v->low] > high + 1e-6 * (1 + fabs(high))) /* false when one is missing */
            return true;
    }
    return false;
}

/* Nearest in the ring, and whether one differs in one or two columns only. */
static unsigned against_ring(const struct redan_caller *caller, const struct redan_profile *profile,
                             struct redan_caller_row *row)
{
    size_t width = profile->caller_count < REDAN_CALLER_WIDTH ? profile->caller_count
                                                              : (size_t)REDAN_CALLER_WIDTH;
    unsigned oldest = caller->written % REDAN_CALLER_RING;
    float best = INFINITY; /* of all */
    float kept = INFINITY; /* of those that stay when this row takes the oldest's place */
    bool copy = false;

    for (unsigned i = 0; i < REDAN_CALLER_RING; i++) {
        if (caller->labels[i] == REDAN_CALLER_EMPTY)
            continue;
        const float *other = caller->ring[i];
        float parts[LANES];
        int equal[LANES];
        for (unsigned j = 0; j < LANES; j++) { /* two halves side by side: for vectors */
            float d = row->ring[j] - other[j];
            float e = row->ring[j + LANES] - other[j + LANES];
            parts[j] = d * d + e * e;
            equal[j] = (d == 0) + (e == 0);
        }
        float sum = 0;
        int same = 0;
        for (unsigned j = 0; j < LANES; j++) {
            sum += parts[j];
            same += equal[j];
        }
        if (same == REDAN_CALLER_WIDTH && caller->rows[i] == row->hash) {
            row->retry = true;
            return 0;
        }
        copy = copy || same + COPIED_BUT >= REDAN_CALLER_WIDTH;
        best = sum < best ? sum : best;
        if (sum < kept && i != oldest) {
            kept = sum;
            row->near = (uint8_t)i;
        }
    }
    if (!((double)kept < profile->coarse))
        row->near = REDAN_CALLER_NO_SLOT;
    return ((double)best < profile->near ? 1U << REDAN_BIT_NEAR : 0) |
           ((double)best < profile->coarse ? 1U << REDAN_BIT_COARSE : 0) |
           (copy && width >= COPIED_LEAST ? 1U << REDAN_BIT_COPY : 0);
}

unsigned redan_caller_bits(const struct redan_caller *caller, const struct redan_profile *profile,
                           const double *values, const struct redan_slice *texts REDAN_UNUSED,
                           const float *encoded, struct redan_caller_row *row)
{
    float columns[REDAN_PROFILE_CALLERS] = {0};

    *row = (struct redan_caller_row){.near = REDAN_CALLER_NO_SLOT};
    for (size_t i = 0; i < profile->caller_count; i++)
        columns[i] = encoded[profile->caller_columns[i]];
    fold(profile, columns, row->ring);
    row->hash = hash(profile, columns);
    unsigned bits = against_ring(caller, profile, row);
    if (row->retry)
        return 0;
    if (profile->novel > 0 && profile->caller_references.rows > 0 &&
        !redan_neighbour_within(&profile->caller_references, columns, profile->novel))
        bits |= 1U << REDAN_BIT_NOVEL;
    if (off_grid(profile, values))
        bits |= 1U << REDAN_BIT_GRID;
    if (profile->unusual > 0 && profile->caller_mahalanobis.width > 0 &&
        (double)redan_mahalanobis(&profile->caller_mahalanobis, columns) > profile->unusual)
        bits |= 1U << REDAN_BIT_MAHALANOBIS;
    if (breaks_invariant(profile, values))
        bits |= 1U << REDAN_BIT_INVARIANT;
    return bits;
}
