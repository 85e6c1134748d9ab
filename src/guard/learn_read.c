/* A CSV table read twice: once to see what each column is, once for its values. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "codec/csv.h"
#include "codec/json_pull.h"
#include "guard/learn_parts.h"

struct seen {
    struct redan_slice name;
    size_t at; /* in a row of the file */
    bool forced;
    enum redan_column_kind kind;
    bool texts, words, fractions,
        beyond; /* other than numbers; true, false; not whole; not 0 or 1 */
    bool rises; /* every value is larger than the one before */
    double last;
    struct redan_slice odd; /* the first text that is no number, */
    unsigned line, column;  /* and where */
    struct redan_map categories;
    size_t category_count;
};

struct category {
    struct redan_slice text;
    size_t index, sorted;
};

struct reading {
    struct redan_ctx *ctx;
    const struct redan_learn_options *options;
    struct redan_csv_table csv;
    struct seen *seen;
    size_t width;
    size_t *where;                 /* columns of options->where */
    struct category ***categories; /* by column, in the order in which they were met */
};

static enum redan_status find(const struct reading *r, struct redan_slice name, const char *option,
                              size_t *at)
{
    for (size_t i = 0; i < r->csv.count; i++)
        if (redan_slice_eq(r->csv.fields[i].text, name)) {
            *at = i;
            return REDAN_OK;
        }
    return redan_fail_at(r->ctx, REDAN_E_USAGE, 1, 1,
                         "%s names the column \"%.*s\", which the header does not have", option,
                         REDAN_FMT(name));
}

static enum redan_status check_names(const struct reading *r)
{
    const struct redan_learn_options *o = r->options;
    const struct {
        const char *option;
        const struct redan_texts *names;
    } lists[] = {{"--drop", &o->drop}, {"--only", &o->only}, {"--caller", &o->caller}};
    size_t at = 0;

    for (size_t l = 0; l < REDAN_COUNT(lists); l++)
        for (size_t i = 0; i < lists[l].names->count; i++)
            REDAN_TRY(find(r, lists[l].names->items[i], lists[l].option, &at));
    for (size_t i = 0; i < o->kind_count; i++)
        REDAN_TRY(find(r, o->kinds[i].name, "--column", &at));
    for (size_t i = 0; i < o->where_count; i++)
        REDAN_TRY(find(r, o->where[i].name, "--where", &r->where[i]));
    return REDAN_OK;
}

static enum redan_status force_kind(const struct reading *r, struct seen *seen)
{
    const struct redan_learn_options *o = r->options;

    for (size_t i = 0; i < o->kind_count; i++) {
        if (!redan_slice_eq(o->kinds[i].name, seen->name))
            continue;
        seen->forced = false;
        for (int k = 0; redan_column_words[k]; k++)
            if (redan_slice_is(o->kinds[i].value, redan_column_words[k])) {
                seen->forced = true;
                seen->kind = (enum redan_column_kind)k;
            }
        if (!seen->forced)
            return redan_fail(
                r->ctx, REDAN_E_USAGE, 0,
                "--column %.*s=%.*s: the kind must be real, integer, bool or category",
                REDAN_FMT(seen->name), REDAN_FMT(o->kinds[i].value));
    }
    return REDAN_OK;
}

static bool wanted(const struct reading *r, struct redan_slice name, size_t at)
{
    const struct redan_learn_options *o = r->options;

    for (size_t i = 0; i < o->where_count; i++)
        if (r->where[i] == at)
            return false;
    return !redan_texts_have(&o->drop, name) &&
           (o->only.count == 0 || redan_texts_have(&o->only, name));
}

static enum redan_status read_header(struct reading *r)
{
    bool more = false;

    REDAN_TRY(redan_csv_table_next(&r->csv, &more));
    if (!more)
        return redan_fail_at(r->ctx, REDAN_E_SYNTAX, 1, 1,
                             "the file is empty; its first row must name the columns");
    r->seen = redan_take_array(r->ctx, r->csv.count, sizeof(*r->seen));
    r->where = redan_take_array(r->ctx, r->options->where_count + 1, sizeof(*r->where));
    if (!r->seen || !r->where)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < r->csv.count; i++) {
        struct redan_slice name = r->csv.fields[i].text;

        if (name.len == 0 || name.len > 256)
            return redan_fail_at(r->ctx, REDAN_E_SCHEMA, 1, r->csv.fields[i].column,
                                 "column %zu has no name of 1 to 256 bytes", i + 1);
        for (size_t j = 0; j < i; j++)
            if (redan_slice_eq(name, r->csv.fields[j].text))
                return redan_fail_at(r->ctx, REDAN_E_SCHEMA, 1, r->csv.fields[i].column,
                                     "the header names the column \"%.*s\" twice", REDAN_FMT(name));
    }
    REDAN_TRY(check_names(r));
    for (size_t i = 0; i < r->csv.count; i++) {
        if (!wanted(r, r->csv.fields[i].text, i))
            continue;
        struct seen *seen = &r->seen[r->width++];
        *seen = (struct seen){.at = i, .rises = true, .last = -HUGE_VAL};
        REDAN_TRY(redan_copy(r->ctx, r->csv.fields[i].text, &seen->name));
        REDAN_TRY(force_kind(r, seen));
        redan_map_init(&seen->categories, r->ctx);
    }
    if (r->width == 0)
        return redan_fail_at(r->ctx, REDAN_E_USAGE, 1, 1, "no column is left to learn from");
    return REDAN_OK;
}

static bool kept(const struct reading *r)
{
    const struct redan_learn_options *o = r->options;

    for (size_t i = 0; i < o->where_count; i++)
        if (!redan_slice_eq(r->csv.fields[r->where[i]].text, o->where[i].value))
            return false;
    return true;
}

static bool is_missing(const struct redan_csv_field *field)
{
    static const char *const words[] = {"NA", "NaN", "nan", "null", NULL};

    return !field->quoted && (field->text.len == 0 || redan_slice_among(words, field->text));
}

static bool is_truth(struct redan_slice text, double *value)
{
    bool yes = redan_slice_is(text, "true") || redan_slice_is(text, "True");

    *value = yes;
    return yes || redan_slice_is(text, "false") || redan_slice_is(text, "False");
}

static void look(struct seen *seen, const struct redan_csv_field *field, unsigned line)
{
    double value = 0;

    if (is_missing(field)) {
        seen->rises = false;
        return;
    }
    if (is_truth(field->text, &value)) {
        seen->words = true;
        seen->rises = false;
        return;
    }
    if (!redan_json_double(field->text, &value)) {
        if (!seen->texts) {
            seen->odd = redan_slice_sub(field->text, 0, 40);
            seen->line = line;
            seen->column = field->column;
        }
        seen->texts = true;
        return;
    }
    seen->fractions |= value != floor(value);
    seen->beyond |= value != 0 && value != 1;
    seen->rises &= value > seen->last;
    seen->last = value;
}

static enum redan_status settle_kind(const struct reading *r, struct seen *seen)
{
    if (!seen->forced) {
        seen->kind = seen->texts || (seen->words && (seen->beyond || seen->fractions))
                         ? REDAN_COLUMN_CATEGORY
                     : !seen->beyond   ? REDAN_COLUMN_BOOL
                     : seen->fractions ? REDAN_COLUMN_REAL
                                       : REDAN_COLUMN_INTEGER;
        return REDAN_OK;
    }
    if (seen->kind != REDAN_COLUMN_CATEGORY && seen->texts)
        return redan_fail_at(
            r->ctx, REDAN_E_SCHEMA, seen->line, seen->column,
            "\"%.*s\" in column \"%.*s\" is not a number; --category %.*s, or mend "
            "the file",
            REDAN_FMT(seen->odd), REDAN_FMT(seen->name), REDAN_FMT(seen->name));
    if ((seen->kind == REDAN_COLUMN_INTEGER && seen->fractions) ||
        (seen->kind == REDAN_COLUMN_BOOL && seen->beyond))
        return redan_fail(r->ctx, REDAN_E_SCHEMA, 0,
                          "column \"%.*s\" is said to be %s, but holds other numbers",
                          REDAN_FMT(seen->name), redan_column_words[seen->kind]);
    return REDAN_OK;
}

static enum redan_status first_pass(struct reading *r, struct redan_learn_data *data)
{
    bool more = true;

    for (;;) {
        REDAN_TRY(redan_csv_table_next(&r->csv, &more));
        if (!more)
            break;
        if (!kept(r)) {
            data->left_out++;
            continue;
        }
        data->rows++;
        for (size_t c = 0; c < r->width; c++)
            look(&r->seen[c], &r->csv.fields[r->seen[c].at], r->csv.row_line);
    }
    for (size_t c = 0; c < r->width; c++)
        REDAN_TRY(settle_kind(r, &r->seen[c]));
    if (data->rows < REDAN_LEARN_LEAST)
        return redan_fail(r->ctx, REDAN_E_SCHEMA, 0,
                          "%zu rows to learn from (%llu left out by --where); at least %d are "
                          "needed, and 4,000 for a false-reject rate of 1 %%",
                          data->rows, (unsigned long long)data->left_out, REDAN_LEARN_LEAST);
    if (data->rows > UINT32_MAX / 2)
        return redan_fail(r->ctx, REDAN_E_LIMIT, 0, "too many rows");
    return REDAN_OK;
}

/* The category's number in the order of meeting; its place among the sorted is known at the end. */
static enum redan_status meet_category(struct reading *r, size_t c, struct redan_slice text,
                                       double *value)
{
    struct seen *seen = &r->seen[c];
    struct category *found = redan_map_get(&seen->categories, text);

    if (!found) {
        if (seen->category_count == REDAN_LEARN_CATEGORIES)
            return redan_fail_at(r->ctx, REDAN_E_LIMIT, r->csv.row_line, 1,
                                 "column \"%.*s\" has more than %d different texts; an id, a time "
                                 "or a label is left out with --drop %.*s",
                                 REDAN_FMT(seen->name), REDAN_LEARN_CATEGORIES,
                                 REDAN_FMT(seen->name));
        found = redan_take(r->ctx, sizeof(*found));
        if (!found)
            return REDAN_E_MEMORY;
        REDAN_TRY(redan_copy(r->ctx, text, &found->text));
        found->index = seen->category_count++;
        r->categories[c][found->index] = found;
        REDAN_TRY(redan_map_put(&seen->categories, found->text, found));
    }
    *value = (double)found->index;
    return REDAN_OK;
}

static enum redan_status cell(struct reading *r, size_t c, double *value)
{
    const struct redan_csv_field *field = &r->csv.fields[r->seen[c].at];
    bool category = r->seen[c].kind == REDAN_COLUMN_CATEGORY;

    *value = (double)NAN;
    if (category)
        return field->text.len == 0 && !field->quoted ? REDAN_OK
                                                      : meet_category(r, c, field->text, value);
    if (is_missing(field) || is_truth(field->text, value))
        return REDAN_OK;
    if (!redan_json_double(field->text, value) || fabs(*value) > 1e150)
        return redan_fail_at(r->ctx, REDAN_E_SCHEMA, r->csv.row_line, field->column,
                             "\"%.*s\" is too large a number",
                             REDAN_FMT(redan_slice_sub(field->text, 0, 40)));
    return REDAN_OK;
}

static int by_text(const void *a, const void *b)
{
    struct category *const *x = a;
    struct category *const *y = b;

    return redan_slice_cmp((*x)->text, (*y)->text);
}

/* Sort a column's categories, and renumber its cells. */
static enum redan_status sort_categories(struct reading *r, size_t c, struct redan_learn_data *data)
{
    size_t count = r->seen[c].category_count;
    struct category **list = r->categories[c];
    size_t *place = redan_take_array(r->ctx, count + 1, sizeof(*place));
    struct redan_slice *texts = redan_take_array(r->ctx, count + 1, sizeof(*texts));

    if (!place || !texts)
        return REDAN_E_MEMORY;
    qsort(list, count, sizeof(struct category *), by_text);
    for (size_t i = 0; i < count; i++) {
        texts[i] = list[i]->text;
        place[list[i]->index] = i;
    }
    for (size_t row = 0; row < data->rows; row++) {
        double *value = &data->values[row * data->width + c];

        if (!isnan(*value))
            *value = (double)place[(size_t)*value];
    }
    data->columns[c].categories = texts;
    data->columns[c].category_count = count;
    return REDAN_OK;
}

static enum redan_status second_pass(struct reading *r, struct redan_learn_data *data)
{
    bool more = true;

    redan_csv_table_rewind(&r->csv);
    REDAN_TRY(redan_csv_table_next(&r->csv, &more));
    for (size_t row = 0;;) {
        REDAN_TRY(redan_csv_table_next(&r->csv, &more));
        if (!more)
            break;
        if (!kept(r))
            continue;
        for (size_t c = 0; c < r->width; c++)
            REDAN_TRY(cell(r, c, &data->values[row * r->width + c]));
        row++;
    }
    for (size_t c = 0; c < r->width; c++)
        if (r->seen[c].kind == REDAN_COLUMN_CATEGORY)
            REDAN_TRY(sort_categories(r, c, data));
    return REDAN_OK;
}

static enum redan_status remark(struct reading *r, struct redan_learned *learned)
{
    for (size_t c = 0; c < r->width; c++) {
        const struct seen *seen = &r->seen[c];

        if (seen->rises && seen->kind != REDAN_COLUMN_CATEGORY)
            REDAN_TRY(redan_learn_note(r->ctx, learned,
                                       "column \"%.*s\" rises from row to row, as ids and times "
                                       "do: --drop %.*s?",
                                       REDAN_FMT(seen->name), REDAN_FMT(seen->name)));
        if (!seen->forced && seen->texts)
            REDAN_TRY(redan_learn_note(r->ctx, learned,
                                       "column \"%.*s\" is a category: \"%.*s\" in line %u is no "
                                       "number",
                                       REDAN_FMT(seen->name), REDAN_FMT(seen->odd), seen->line));
    }
    return REDAN_OK;
}

enum redan_status redan_learn_read(struct redan_ctx *ctx, struct redan_slice csv,
                                   const struct redan_learn_options *options,
                                   struct redan_learn_data *data, struct redan_learned *learned)
{
    struct reading r = {.ctx = ctx, .options = options};
    struct redan_learn_data made = {0};
    size_t row = 0;

    *learned = (struct redan_learned){0};
    redan_csv_table_init(&r.csv, ctx, csv);
    REDAN_TRY(read_header(&r));
    REDAN_TRY(first_pass(&r, &made));
    made.width = r.width;
    made.columns = redan_take_array(ctx, r.width, sizeof(*made.columns));
    r.categories = redan_take_array(ctx, r.width, sizeof(*r.categories));
    if (!redan_mul_size(r.width, sizeof(double), &row) || !made.columns || !r.categories)
        return REDAN_E_MEMORY;
    made.values = redan_take_array(ctx, made.rows, row);
    if (!made.values)
        return REDAN_E_MEMORY;
    for (size_t c = 0; c < r.width; c++) {
        made.columns[c].name = r.seen[c].name;
        made.columns[c].kind = r.seen[c].kind;
        made.columns[c].caller =
            options->caller.count == 0 || redan_texts_have(&options->caller, r.seen[c].name);
        if (r.seen[c].kind != REDAN_COLUMN_CATEGORY)
            continue;
        r.categories[c] = redan_take_array(ctx, REDAN_LEARN_CATEGORIES, sizeof(struct category *));
        if (!r.categories[c])
            return REDAN_E_MEMORY;
    }
    REDAN_TRY(second_pass(&r, &made));
    REDAN_TRY(remark(&r, learned));
    *data = made;
    return REDAN_OK;
}
