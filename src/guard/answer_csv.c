/* Answers in CSV (RFC 4180), as SageMaker's containers give them: a line per row, a cell per class; or one line with a cell per row. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "codec/json.h"
#include "guard/answer_number.h"
#include "guard/answer_parts.h"

struct cell {
    struct redan_slice raw;     /* as it stands between the commas */
    struct redan_slice content; /* without blanks and quotes */
    double value;
    bool numeric, real, clamped, lesser;
};

struct table {
    struct redan_answering *answering;
    struct cell *cells;
    double *values;
    bool *lesser;
    size_t count, cap;
    bool fraction; /* a number that is not whole occurs */
    bool apart;    /* one line, each cell of which is a row */
    bool changed;
};

static void table_done(struct table *table)
{
    struct redan_mem *mem = &table->answering->ctx->mem;

    redan_mem_give(mem, table->cells, table->cap * sizeof(*table->cells));
    redan_mem_give(mem, table->values, table->cap * sizeof(*table->values));
    redan_mem_give(mem, table->lesser, table->cap * sizeof(*table->lesser));
}

static enum redan_status grow(struct table *table)
{
    struct redan_ctx *ctx = table->answering->ctx;
    size_t cap = table->cap ? table->cap * 2 : 16;
    struct cell *cells = redan_mem_take(&ctx->mem, cap * sizeof(*cells));
    double *values = redan_mem_take(&ctx->mem, cap * sizeof(*values));
    bool *lesser = redan_mem_take(&ctx->mem, cap * sizeof(*lesser));

    if (!cells || !values || !lesser) {
        redan_mem_give(&ctx->mem, cells, cap * sizeof(*cells));
        redan_mem_give(&ctx->mem, values, cap * sizeof(*values));
        redan_mem_give(&ctx->mem, lesser, cap * sizeof(*lesser));
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for %zu cells", cap);
    }
    if (table->count)
        memcpy(cells, table->cells, table->count * sizeof(*cells));
    table_done(table);
    table->cells = cells;
    table->values = values;
    table->lesser = lesser;
    table->cap = cap;
    return REDAN_OK;
}

static enum redan_status add_cell(struct table *table, struct redan_slice raw)
{
    if (table->count == table->cap)
        REDAN_TRY(grow(table));
    assert(table->cells);
    struct cell *cell = &table->cells[table->count++];
    *cell = (struct cell){.raw = raw, .content = redan_slice_trim(raw)};
    if (cell->content.len >= 2 && *cell->content.at == '"')
        cell->content = redan_slice_sub(cell->content, 1, cell->content.len - 2);
    cell->numeric = redan_text_number(cell->content, &cell->value);
    cell->real = redan_text_real(cell->content);
    table->fraction = table->fraction || (cell->numeric && !redan_place_whole(cell->value));
    return REDAN_OK;
}

/* One line without its end into cells. A quote that is not closed on its line cannot be judged. */
static enum redan_status split(struct table *table, struct redan_slice line)
{
    bool quoted = false;
    size_t begin = 0;

    table->count = 0;
    for (size_t i = 0; i < line.len; i++) {
        quoted = quoted != (line.at[i] == '"');
        if (line.at[i] != ',' || quoted)
            continue;
        REDAN_TRY(add_cell(table, redan_slice_sub(line, begin, i - begin)));
        begin = i + 1;
    }
    if (quoted)
        return redan_fail(table->answering->ctx, REDAN_E_SYNTAX, 0, "a quote is not closed");
    return add_cell(table, redan_slice_sub(line, begin, line.len - begin));
}

static bool all_numeric(const struct table *table)
{
    for (size_t i = 0; i < table->count; i++)
        if (!table->cells[i].numeric)
            return false;
    return table->count > 0;
}

static size_t largest(const struct table *table)
{
    size_t best = 0;

    for (size_t i = 1; i < table->count; i++)
        if (table->cells[i].value > table->cells[best].value)
            best = i;
    return best;
}

static double label_of(const struct table *table, const struct cell *cell)
{
    bool whole = !table->fraction && redan_place_whole(cell->value) && fabs(cell->value) < 1e15;

    return whole ? cell->value : cell->value >= table->answering->wanted.policy->threshold;
}

static void take_facts(const struct table *table)
{
    struct redan_answering *answering = table->answering;
    uint64_t class = answering->wanted.policy->score_class;

    if (!all_numeric(table))
        return;
    if (table->apart || table->count == 1) {
        for (size_t i = 0; i < table->count; i++) {
            double label = label_of(table, &table->cells[i]);
            redan_answer_take_row(answering, table->cells[i].real ? &table->cells[i].value : NULL,
                                  &label);
        }
        return;
    }
    double label = (double)largest(table);
    redan_answer_take_row(answering, class < table->count ? &table->cells[class].value : NULL,
                          &label);
}

/* A first line of names: a column that never leaves cannot be taken out of a text whose other lines may have other cells. */
static enum redan_status check_names(struct table *table,
                                     const struct redan_policy_answer_rule *rule)
{
    struct redan_answering *answering = table->answering;

    for (size_t f = 0; f < rule->fields.count; f++) {
        struct redan_slice field = rule->fields.items[f];
        for (size_t i = 0; i < table->count; i++) {
            if (!redan_slice_eq(table->cells[i].content, field) ||
                !redan_answer_speak(answering, rule, "column %zu is %.*s", i,
                                    (int)redan_min_size(field.len, 64), field.at))
                continue;
            enum redan_status status = redan_fail(answering->ctx, REDAN_E_UNSUPPORTED, 0,
                                                  "a column is not taken out of CSV");
            return redan_answer_could_not(answering, rule, status);
        }
    }
    return REDAN_OK;
}

static enum redan_status check(struct table *table, bool first)
{
    struct redan_answering *answering = table->answering;
    const struct redan_policy_answers *policy = answering->wanted.policy;

    for (size_t r = 0; r < policy->rule_count && !answering->fault; r++) {
        const struct redan_policy_answer_rule *rule = &policy->rules[r];
        for (size_t i = 0; rule->check == REDAN_CHECK_RANGE && i < table->count; i++)
            if (table->cells[i].numeric &&
                redan_answer_range(answering, rule, &table->cells[i].value))
                table->cells[i].clamped = true;
        if (rule->check == REDAN_CHECK_FIELDS && first)
            REDAN_TRY(check_names(table, rule));
        if (rule->check == REDAN_CHECK_SCHEMA && first) {
            enum redan_status status = redan_fail(answering->ctx, REDAN_E_UNSUPPORTED, 0,
                                                  "a JSON schema says nothing about CSV");
            REDAN_TRY(redan_answer_could_not(answering, rule, status));
        }
    }
    return REDAN_OK;
}

/* --- shaping ------------------------------------------------------------------------------------------------------------- */

static void write_value(struct table *table, const struct cell *cell, struct redan_slice other,
                        struct redan_buf *out)
{
    size_t before = (size_t)(cell->content.at - cell->raw.at);

    redan_buf_slice(out, redan_slice_sub(cell->raw, 0, before));
    redan_buf_slice(out, other);
    redan_buf_slice(out, redan_slice_sub(cell->raw, before + cell->content.len, cell->raw.len));
    table->changed = true;
}

static void write_number(struct table *table, const struct cell *cell, double value,
                         struct redan_buf *out)
{
    size_t before = (size_t)(cell->content.at - cell->raw.at);

    redan_buf_slice(out, redan_slice_sub(cell->raw, 0, before));
    redan_json_number_add(out, value);
    redan_buf_slice(out, redan_slice_sub(cell->raw, before + cell->content.len, cell->raw.len));
    table->changed = true;
}

static void write_cell(struct table *table, const struct cell *cell, struct redan_buf *out)
{
    REDAN_DEFER(redan_buf_done) struct redan_buf rounded = {0};
    unsigned decimals = table->answering->wanted.shape.decimals;

    redan_buf_init(&rounded, table->answering->ctx, cell->content.len + 65536);
    if (cell->lesser)
        write_value(table, cell, REDAN_S("0"), out);
    else if (cell->clamped)
        write_number(table, cell, cell->value, out);
    else if (cell->real && decimals < REDAN_DECIMALS_ALL &&
             redan_text_round(cell->content, decimals, &rounded))
        write_value(table, cell, redan_buf_view(&rounded), out);
    else
        redan_buf_slice(out, cell->raw);
    if (rounded.fail != REDAN_OK)
        out->fail = rounded.fail;
}

/* A row of numbers becomes its label; from a row with texts the scores go. */
static void write_labels(struct table *table, struct redan_buf *out)
{
    bool numeric = all_numeric(table);
    bool any = false;
    size_t written = 0;

    for (size_t i = 0; i < table->count; i++)
        any = any || table->cells[i].real;
    if (any && numeric && table->count > 1 && !table->apart) {
        redan_buf_printf(out, "%zu", largest(table));
        table->changed = true;
        return;
    }
    for (size_t i = 0; i < table->count; i++) {
        const struct cell *cell = &table->cells[i];
        if (cell->real && !numeric) {
            table->changed = true;
            continue;
        }
        if (written++)
            redan_buf_char(out, ',');
        if (cell->real || cell->clamped)
            write_number(table, cell, label_of(table, cell), out);
        else
            redan_buf_slice(out, cell->raw);
    }
}

static enum redan_status write_line(struct table *table, struct redan_buf *out)
{
    const struct redan_policy_shape *shape = &table->answering->wanted.shape;
    bool real = false;

    if (shape->labels) {
        write_labels(table, out);
        return REDAN_OK;
    }
    for (size_t i = 0; i < table->count; i++) {
        table->values[i] = table->cells[i].value;
        real = real || table->cells[i].real;
    }
    if (shape->top && real && table->count > 1 && !table->apart && all_numeric(table)) {
        REDAN_TRY(redan_answer_lesser(table->answering->ctx, table->values, table->count,
                                      shape->top, table->lesser));
        for (size_t i = 0; i < table->count; i++)
            table->cells[i].lesser = table->lesser[i];
    }
    for (size_t i = 0; i < table->count; i++) {
        if (i)
            redan_buf_char(out, ',');
        write_cell(table, &table->cells[i], out);
    }
    return REDAN_OK;
}

/* --- lines --------------------------------------------------------------------------------------------------------------- */

/* The next line, and its end as it is spelled. */
static bool next_line(struct redan_slice *text, struct redan_slice *line, struct redan_slice *end)
{
    if (!text->len)
        return false;
    const char *feed = memchr(text->at, '\n', text->len);
    size_t len = feed ? (size_t)(feed - text->at) : text->len;
    size_t stop = feed ? len + 1 : len;
    if (len && text->at[len - 1] == '\r')
        len--;
    *line = redan_slice_sub(*text, 0, len);
    *end = redan_slice_sub(*text, len, stop - len);
    *text = redan_slice_sub(*text, stop, text->len);
    return true;
}

static enum redan_status survey(struct table *table, struct redan_slice text)
{
    struct redan_slice line;
    struct redan_slice end;
    size_t lines = 0;
    size_t cells = 0;

    while (next_line(&text, &line, &end)) {
        if (!redan_slice_trim(line).len)
            continue;
        REDAN_TRY(split(table, line));
        cells = table->count;
        lines++;
    }
    table->apart = lines == 1 && cells > 1 && cells == table->answering->wanted.rows;
    return REDAN_OK;
}

static enum redan_status each_line(struct table *table, struct redan_slice text,
                                   struct redan_buf *out)
{
    struct redan_slice line;
    struct redan_slice end;

    for (bool first = true; next_line(&text, &line, &end); first = false) {
        if (!redan_slice_trim(line).len) {
            if (out)
                redan_buf_slice(out, line);
        } else {
            REDAN_TRY(split(table, line));
            if (!table->answering->fault)
                take_facts(table);
            REDAN_TRY(check(table, first));
            if (out)
                REDAN_TRY(write_line(table, out));
        }
        if (out)
            redan_buf_slice(out, end);
    }
    return REDAN_OK;
}

enum redan_status redan_answer_csv(struct redan_answering *answering, struct redan_slice text,
                                   struct redan_buf *out)
{
    struct table table = {.answering = answering};
    enum redan_status status = survey(&table, text);

    if (status == REDAN_OK)
        status = each_line(&table, text, out);
    table_done(&table);
    REDAN_TRY(status);
    if (out)
        REDAN_TRY(redan_buf_ok(answering->ctx, out, "an answer in CSV"));
    answering->changed = answering->changed || table.changed;
    return REDAN_OK;
}
