/* Rows for probes: reference rows read back from standardised numbers, and what nobody ever sent. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "guard/probes_parts.h"
#include "stats/splitmix.h"

enum { ROWS_MOST = 1025, TRIES = 400, HALVES = 12, BODY = 16 << 20 };

static size_t below(struct redan_making *m, size_t n)
{
    return (size_t)(redan_splitmix(&m->random) % n); /* the bias of so few is nothing here */
}

enum redan_status redan_making_begin(struct redan_making *m)
{
    struct redan_ctx *ctx = m->ctx;
    size_t width = m->profile->width;
    size_t cells = 0;
    bool texts = false;

    m->most_rows = ROWS_MOST;
    m->random = m->wanted->seed;
    if (!redan_mul_size(width, m->most_rows, &cells) || m->profile->references.rows == 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the profile has no reference rows");
    m->reference = below(m, m->profile->references.rows);
    m->values = redan_take_array(ctx, cells, sizeof(*m->values));
    m->names = redan_take_array(ctx, width, sizeof(*m->names));
    m->encoded = redan_take_array(ctx, width, sizeof(*m->encoded));
    m->line = redan_take_array(ctx, width, sizeof(*m->line));
    if (!m->values || !m->names || !m->encoded || !m->line)
        return REDAN_E_MEMORY;
    for (size_t c = 0; c < width; c++) {
        m->names[c] = m->profile->columns[c].name;
        texts = texts || m->profile->columns[c].kind == REDAN_COLUMN_CATEGORY;
    }
    if (texts && !(m->texts = redan_take_array(ctx, cells, sizeof(*m->texts))))
        return REDAN_E_MEMORY;
    return REDAN_OK;
}

static void put(struct redan_making *m, size_t rows, struct redan_rows_made *made)
{
    made->request = (struct redan_request){.rows = rows,
                                           .columns = m->profile->width,
                                           .values = m->values,
                                           .texts = m->texts,
                                           .names = m->names};
}

/* To where a column's values lie: its grid, whole numbers, its range. */
static double settle(const struct redan_column *column, double value)
{
    if (column->kind != REDAN_COLUMN_REAL)
        value = nearbyint(value);
    else if (column->grid > 0)
        value = nearbyint(value / column->grid) * column->grid;
    if (column->kind == REDAN_COLUMN_REAL && column->grid > 0 && column->grid < 1) {
        double per = nearbyint(1 / column->grid); /* 0.07, not 7 * 0.01 */
        if (fabs(per * column->grid - 1) < 1e-9)
            value = nearbyint(value * per) / per;
    }
    return fmin(fmax(value, column->low), column->high);
}

/* The category whose number is nearest. */
static size_t category_near(const struct redan_column *column, double surprise)
{
    size_t best = 0;

    for (size_t k = 1; k < column->category_count; k++) {
        if (fabs(column->surprise[k] - surprise) < fabs(column->surprise[best] - surprise))
            best = k;
    }
    return best;
}

static void put_category(const struct redan_column *column, size_t category, double *value,
                         struct redan_slice *text)
{
    assert(text); /* with a column of categories there is room for texts */
    for (size_t k = 0; k < column->number_count; k++) {
        if (column->numbers[k].category == category) {
            *value = column->numbers[k].value;
            *text = (struct redan_slice){0};
            return;
        }
    }
    *value = (double)NAN;
    *text = column->categories[category];
}

static void read_back(const struct redan_making *m, size_t reference, double *values,
                      struct redan_slice *texts)
{
    const struct redan_references *from = &m->profile->references;

    for (size_t c = 0; c < m->profile->width; c++) {
        const struct redan_column *column = &m->profile->columns[c];
        double number =
            (double)from->values[redan_references_at(from->width, reference, c)] * column->scale +
            column->mean;
        if (column->kind == REDAN_COLUMN_CATEGORY && column->category_count) {
            put_category(column, category_near(column, number), &values[c], &texts[c]);
            continue;
        }
        values[c] = settle(column, number);
        if (texts)
            texts[c] = (struct redan_slice){0};
    }
}

static bool faultless(const struct redan_making *m, const double *values,
                      const struct redan_slice *texts)
{
    size_t column = 0;
    size_t which = 0;

    return redan_profile_fault(m->profile, values, texts, &column, &which) == REDAN_FAULT_NONE;
}

static double p_of(const struct redan_making *m, const double *values,
                   const struct redan_slice *texts)
{
    redan_profile_encode(m->profile, values, texts, m->encoded);
    return redan_profile_p(m->profile, redan_profile_score(m->profile, m->encoded));
}

bool redan_making_honest(struct redan_making *m, size_t rows, struct redan_rows_made *made)
{
    size_t width = m->profile->width;
    size_t done = 0;

    if (rows > m->most_rows)
        return false;
    for (size_t tries = 0; done < rows && tries < rows + m->profile->references.rows; tries++) {
        double *values = m->values + done * width;
        struct redan_slice *texts = m->texts ? m->texts + done * width : NULL;
        read_back(m, m->reference, values, texts);
        m->reference = (m->reference + 1) % m->profile->references.rows;
        done += faultless(m, values, texts) && p_of(m, values, texts) > 0.05;
    }
    put(m, done, made);
    return done == rows;
}

/* Cell after cell is moved to anywhere in its range, and stays where no rule of the schema breaks. */
static void scatter(struct redan_making *m)
{
    for (size_t c = 0; c < m->profile->width; c++) {
        const struct redan_column *column = &m->profile->columns[c];
        double value = m->values[c];
        struct redan_slice text = m->texts ? m->texts[c] : (struct redan_slice){0};
        if (column->kind == REDAN_COLUMN_CATEGORY && column->category_count)
            put_category(column, below(m, column->category_count), &m->values[c], &m->texts[c]);
        else
            m->values[c] = settle(column, column->low + redan_splitmix_unit(&m->random) *
                                                            (column->high - column->low));
        if (faultless(m, m->values, m->texts))
            continue;
        m->values[c] = value;
        if (m->texts)
            m->texts[c] = text;
    }
}

bool redan_making_strange(struct redan_making *m, double alpha, struct redan_rows_made *made)
{
    for (int tries = 0; tries < TRIES; tries++) {
        if (!redan_making_honest(m, 1, made))
            return false;
        scatter(m);
        scatter(m); /* what was held by another cell may move now */
        if (p_of(m, m->values, m->texts) <= alpha && faultless(m, m->values, m->texts))
            return true;
    }
    return false;
}

bool redan_making_wrong(struct redan_making *m, size_t c, enum redan_wrong how,
                        struct redan_rows_made *made)
{
    const struct redan_column *column = &m->profile->columns[c];

    if (column->kind == REDAN_COLUMN_CATEGORY || !redan_making_honest(m, 1, made))
        return false;
    switch (how) {
    case REDAN_WRONG_TEXT:
        if (!m->texts) /* rows of numbers alone: a text is spelled here for the first time */
            m->texts =
                redan_take_array(m->ctx, m->profile->width * m->most_rows, sizeof(*m->texts));
        if (!m->texts)
            return false;
        m->texts[c] = REDAN_S("57 EUR");
        m->values[c] = (double)NAN;
        break;
    case REDAN_WRONG_RANGE:
        m->values[c] = column->high + 10 * (column->high - column->low) + 1000;
        break;
    case REDAN_WRONG_PART:
        if (column->kind == REDAN_COLUMN_REAL || column->high <= column->low)
            return false;
        m->values[c] = column->low + 0.5;
        break;
    case REDAN_WRONGS:
        return false;
    }
    put(m, 1, made);
    return true;
}

bool redan_making_search(struct redan_making *m, size_t n, struct redan_rows_made *made)
{
    size_t width = m->profile->width;
    size_t step = n % HALVES;

    if (step == 0) {
        if (!redan_making_honest(m, 1, made))
            return false;
        memcpy(m->line, m->values, width * sizeof(*m->line));
    }
    const uint16_t *callers = m->profile->caller_columns;
    size_t c = m->profile->caller_count ? callers[n / HALVES % m->profile->caller_count]
                                        : n / HALVES % width;
    memcpy(m->values, m->line, width * sizeof(*m->line));
    if (m->profile->columns[c].kind != REDAN_COLUMN_CATEGORY)
        m->values[c] = settle(&m->profile->columns[c],
                              m->line[c] + (m->profile->columns[c].high - m->line[c]) /
                                               (double)((uint64_t)1 << step));
    put(m, 1, made);
    return true;
}

enum redan_status redan_making_body(struct redan_making *m, const struct redan_rows_made *rows,
                                    struct redan_slice *body)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};

    redan_buf_init(&out, m->ctx, BODY);
    m->preset->encode_request(&rows->request, &out);
    REDAN_TRY(redan_buf_ok(m->ctx, &out, "a probe"));
    return redan_copy(m->ctx, redan_buf_view(&out), body);
}
