/* One row measured by a profile: encoded, scored, its p-value, and what is wrong with it. */
#include <math.h>

#include "inference/profile.h"
#include "stats/conformal.h"

/* The category of a cell; category_count when it is none. */
static size_t category_of(const struct redan_column *column, double value, struct redan_slice text)
{
    size_t low = 0;
    size_t high = text.at ? column->category_count : column->number_count;
    size_t count = high;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bool less = text.at ? redan_slice_cmp(column->categories[middle], text) < 0
                            : column->numbers[middle].value < value;
        if (less)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == count)
        return column->category_count;
    if (text.at)
        return redan_slice_eq(column->categories[low], text) ? low : column->category_count;
    return column->numbers[low].value <= value ? column->numbers[low].category
                                               : column->category_count;
}

static float clamp(double z)
{
    return z > REDAN_ENCODED_MOST    ? (float)REDAN_ENCODED_MOST
           : z < -REDAN_ENCODED_MOST ? (float)-REDAN_ENCODED_MOST
                                     : (float)z;
}

void redan_profile_encode(const struct redan_profile *profile, const double *values,
                          const struct redan_slice *texts, float *encoded)
{
    for (size_t c = 0; c < profile->width; c++) {
        const struct redan_column *column = &profile->columns[c];
        struct redan_slice text = texts ? texts[c] : (struct redan_slice){0};
        double number = values[c];

        encoded[c] = 0;
        if (!text.at && isnan(number))
            continue; /* missing */
        if (column->kind == REDAN_COLUMN_CATEGORY) {
            size_t found = category_of(column, number, text);
            number = found < column->category_count ? column->surprise[found] : column->unknown;
        } else if (text.at) {
            continue; /* a text where a number belongs: a fault, not a distance */
        }
        encoded[c] = clamp((number - column->mean) / column->scale);
    }
}

void redan_profile_tune(struct redan_profile *profile)
{
    size_t n = profile->tuned_count;
    size_t top = n / 10 > 0 ? n / 10 : 1;

    for (int i = 0; i < 2; i++) {
        const double *tuned = profile->tuned[i];
        double base = tuned[n > top ? n - top - 1 : 0];
        double sum = 0;

        for (size_t k = n - top; k < n; k++)
            sum += (tuned[k] - base) / (double)top;
        /* rows that are all alike: any distance beyond is far */
        profile->excess[i] = fmax(sum, fmax(tuned[n - 1] * 1e-9, 1e-9));
    }
}

/* A distance as -log of its survival among the tuning rows: straight between them, and straight on beyond the last, so that it always orders as the distance does. */
static double rarity(const struct redan_profile *profile, int which, double distance)
{
    const double *tuned = profile->tuned[which];
    size_t n = profile->tuned_count;
    double all = (double)(n + 1);
    size_t low = 0; /* those before it are at most `distance` */
    size_t high = n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tuned[middle] <= distance)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == n)
        return log(all) + (distance - tuned[n - 1]) / profile->excess[which];
    double above = -log((double)(n - low) / all);
    double from = low ? tuned[low - 1] : 0;
    double below = low ? -log((double)(n - low + 1) / all) : 0;
    return below + (above - below) * (distance - from) / (tuned[low] - from);
}

void redan_profile_distances(const struct redan_profile *profile, const float *encoded,
                             double distances[2])
{
    float near = redan_neighbour_nearest(&profile->references, encoded, NULL);
    float unusual = redan_mahalanobis(&profile->mahalanobis, encoded);

    distances[0] = fmin(sqrt((double)near), 1e18); /* infinity orders, but does not subtract */
    distances[1] = fmin(sqrt((double)unusual), 1e18);
}

/* An unusual combination counts when it is rarer by a factor of e than the distance from the references: there it adds, and elsewhere it does not dilute. Chosen on half of the sets of bench/guard/ood. */
double redan_profile_score(const struct redan_profile *profile, const float *encoded)
{
    double distances[2];

    redan_profile_distances(profile, encoded, distances);
    return fmax(rarity(profile, 0, distances[0]), rarity(profile, 1, distances[1]) - 1);
}

double redan_profile_p(const struct redan_profile *profile, double score)
{
    return redan_conformal_p(profile->scores, profile->score_count, score);
}

/* Whether a value is a whole multiple, as exactly as single precision can say it. */
static bool on_grid(double value, double grid)
{
    double times = value / grid;

    return fabs(times - nearbyint(times)) <= 1e-6 + fabs(times) * 1.2e-7;
}

static enum redan_row_fault cell_fault(const struct redan_column *column, double value,
                                       struct redan_slice text)
{
    if (!text.at && isnan(value))
        return column->missing ? REDAN_FAULT_NONE : REDAN_FAULT_MISSING;
    if (column->kind == REDAN_COLUMN_CATEGORY) {
        if (!text.at && column->number_count == 0)
            return REDAN_FAULT_TYPE;
        return category_of(column, value, text) < column->category_count ? REDAN_FAULT_NONE
                                                                         : REDAN_FAULT_CATEGORY;
    }
    if (text.at)
        return REDAN_FAULT_TYPE;
    if (value < column->low || value > column->high)
        return REDAN_FAULT_RANGE;
    if (column->kind != REDAN_COLUMN_REAL && value != nearbyint(value))
        return REDAN_FAULT_WHOLE;
    return column->grid > 0 && !on_grid(value, column->grid) ? REDAN_FAULT_GRID : REDAN_FAULT_NONE;
}

bool redan_profile_foreign(const struct redan_profile *profile, const double *values,
                           const struct redan_slice *texts)
{
    bool foreign = false;

    for (size_t c = 0; c < profile->width; c++) {
        const struct redan_column *column = &profile->columns[c];
        bool text = texts && texts[c].at;
        foreign = foreign || (text ? column->kind != REDAN_COLUMN_CATEGORY
                                   : isnan(values[c]) && !column->missing);
    }
    return foreign;
}

enum redan_row_fault redan_profile_fault(const struct redan_profile *profile, const double *values,
                                         const struct redan_slice *texts, size_t *column,
                                         size_t *which)
{
    bool off_grid = false; /* the mildest: any other is said instead */

    for (size_t c = 0; c < profile->width; c++) {
        struct redan_slice text = texts ? texts[c] : (struct redan_slice){0};
        enum redan_row_fault fault = cell_fault(&profile->columns[c], values[c], text);

        if (fault == REDAN_FAULT_NONE || (fault == REDAN_FAULT_GRID && off_grid))
            continue;
        *column = c;
        if (fault != REDAN_FAULT_GRID)
            return fault;
        off_grid = true;
    }
    if (off_grid)
        return REDAN_FAULT_GRID;
    for (size_t i = 0; i < profile->invariant_count; i++) {
        const struct redan_invariant *v = &profile->invariants[i];

        if (values[v->low] > values[v->high]) { /* one that is missing breaks nothing */
            *column = profile->width;
            *which = i;
            return REDAN_FAULT_INVARIANT;
        }
    }
    return REDAN_FAULT_NONE;
}

size_t redan_profile_strangest(const struct redan_profile *profile, const float *encoded)
{
    size_t which = 0;
    size_t found = 0;
    float most = -1;

    redan_neighbour_nearest(&profile->references, encoded, &which);
    for (size_t c = 0; c < profile->width; c++) {
        float d = fabsf(encoded[c] -
                        profile->references.values[redan_references_at(profile->width, which, c)]);

        if (d > most) {
            most = d;
            found = c;
        }
    }
    return found;
}
