/* The strict CSV reader. */
#include "codec/csv.h"

#include <string.h>

#include "base/utf8.h"

static enum redan_status wrong(struct redan_csv_table *csv, enum redan_status status, size_t at,
                               const char *what)
{
    return redan_fail_at(csv->ctx, status, csv->line, (unsigned)(at - csv->line_at) + 1, "%s",
                         what);
}

void redan_csv_table_init(struct redan_csv_table *csv, struct redan_ctx *ctx,
                          struct redan_slice text)
{
    *csv = (struct redan_csv_table){.ctx = ctx, .text = text};
    redan_csv_table_rewind(csv);
}

void redan_csv_table_rewind(struct redan_csv_table *csv)
{
    csv->at = redan_slice_starts(csv->text, REDAN_S("\xef\xbb\xbf")) ? 3 : 0;
    csv->line_at = csv->at;
    csv->line = 1;
    csv->width = 0;
    csv->count = 0;
}

/* Room for one more field; the old list stays in the arena, which doubling bounds to twice the longest row. */
static enum redan_status reserve(struct redan_csv_table *csv, size_t at)
{
    if (csv->count < csv->room)
        return REDAN_OK;
    if (csv->count >= REDAN_CSV_FIELDS)
        return wrong(csv, REDAN_E_LIMIT, at, "the row has more than 4,096 fields");
    size_t room = csv->room ? csv->room * 2 : 32;
    struct redan_csv_field *fields = redan_take_array(csv->ctx, room, sizeof(*fields));
    if (!fields)
        return REDAN_E_MEMORY;
    if (csv->count)
        memcpy(fields, csv->fields, csv->count * sizeof(*fields));
    csv->fields = fields;
    csv->room = room;
    return REDAN_OK;
}

static enum redan_status check_text(struct redan_csv_table *csv, struct redan_slice text, size_t at)
{
    if (text.len > REDAN_CSV_FIELD)
        return wrong(csv, REDAN_E_LIMIT, at, "the field is longer than 64 KiB");
    if (text.len && memchr(text.at, 0, text.len))
        return wrong(csv, REDAN_E_SYNTAX, at, "the field holds a NUL byte: is this a CSV file?");
    if (!redan_utf8_check(text, NULL))
        return wrong(csv, REDAN_E_SYNTAX, at, "the field is not UTF-8; save the file as UTF-8");
    return REDAN_OK;
}

/* Up to a comma, a line's end or the text's. */
static enum redan_status plain_field(struct redan_csv_table *csv, struct redan_csv_field *field)
{
    const char *text = csv->text.at;
    size_t begin = csv->at;
    size_t at = begin;

    while (at < csv->text.len && text[at] != ',' && text[at] != '\n' && text[at] != '\r') {
        if (text[at] == '"')
            return wrong(csv, REDAN_E_SYNTAX, at,
                         "a quote inside a field without quotes; quote the whole field and double "
                         "the quotes in it");
        at++;
    }
    field->text = redan_slice_sub(csv->text, begin, at - begin);
    csv->at = at;
    return check_text(csv, field->text, begin);
}

/* Quotes written once, in a copy. */
static enum redan_status undouble(struct redan_csv_table *csv, struct redan_slice *text)
{
    char *to = redan_take(csv->ctx, text->len ? text->len : 1);
    size_t n = 0;

    if (!to)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < text->len; i++) {
        to[n++] = text->at[i];
        if (text->at[i] == '"')
            i++; /* its second */
    }
    *text = (struct redan_slice){to, n};
    return REDAN_OK;
}

static enum redan_status quoted_field(struct redan_csv_table *csv, struct redan_csv_field *field)
{
    const char *text = csv->text.at;
    size_t begin = csv->at + 1;
    size_t at = begin;
    size_t opened = csv->at;
    size_t line_at = csv->line_at;
    unsigned line = csv->line;
    bool doubled = false;

    for (;; at++) {
        if (at >= csv->text.len)
            return redan_fail_at(csv->ctx, REDAN_E_SYNTAX, line, (unsigned)(opened - line_at) + 1,
                                 "the quote that opens here is never closed");
        if (text[at] == '\n') {
            csv->line++;
            csv->line_at = at + 1;
        }
        if (text[at] != '"')
            continue;
        if (at + 1 >= csv->text.len || text[at + 1] != '"')
            break;
        doubled = true;
        at++;
    }
    field->text = redan_slice_sub(csv->text, begin, at - begin);
    field->quoted = true;
    csv->at = at + 1;
    if (csv->at < csv->text.len && text[csv->at] != ',' && text[csv->at] != '\n' &&
        text[csv->at] != '\r')
        return wrong(csv, REDAN_E_SYNTAX, csv->at,
                     "text after the closing quote; a quote inside a field is written twice");
    REDAN_TRY(check_text(csv, field->text, at));
    return doubled ? undouble(csv, &field->text) : REDAN_OK;
}

/* Past LF or CRLF; `*over` when the row ends here. */
static enum redan_status line_end(struct redan_csv_table *csv, bool *over)
{
    const char *text = csv->text.at;

    *over = true;
    if (csv->at >= csv->text.len)
        return REDAN_OK;
    if (text[csv->at] == ',') {
        csv->at++;
        *over = false;
        return REDAN_OK;
    }
    if (text[csv->at] == '\r') {
        if (csv->at + 1 >= csv->text.len || text[csv->at + 1] != '\n')
            return wrong(csv, REDAN_E_SYNTAX, csv->at, "a carriage return without a line feed");
        csv->at++;
    }
    csv->at++;
    csv->line++;
    csv->line_at = csv->at;
    return REDAN_OK;
}

static bool blank(const struct redan_csv_table *csv)
{
    const char *text = csv->text.at;
    size_t at = csv->at;

    return at < csv->text.len && (text[at] == '\n' || text[at] == '\r');
}

enum redan_status redan_csv_table_next(struct redan_csv_table *csv, bool *more)
{
    bool over = false;

    *more = false;
    csv->count = 0;
    csv->row_line = csv->line;
    if (csv->at >= csv->text.len)
        return REDAN_OK;
    if (blank(csv) && csv->width != 1) {
        REDAN_TRY(line_end(csv, &over));
        if (csv->at >= csv->text.len)
            return REDAN_OK;
        return redan_fail_at(csv->ctx, REDAN_E_SYNTAX, csv->row_line, 1, "an empty line");
    }
    while (!over) {
        REDAN_TRY(reserve(csv, csv->at));
        struct redan_csv_field *field = &csv->fields[csv->count++];

        *field = (struct redan_csv_field){.column = (unsigned)(csv->at - csv->line_at) + 1};
        REDAN_TRY(csv->at < csv->text.len && csv->text.at[csv->at] == '"'
                      ? quoted_field(csv, field)
                      : plain_field(csv, field));
        REDAN_TRY(line_end(csv, &over));
    }
    if (csv->width == 0)
        csv->width = csv->count;
    if (csv->count != csv->width)
        return redan_fail_at(csv->ctx, REDAN_E_SYNTAX, csv->row_line, 1,
                             "the row has %zu fields; the first has %zu", csv->count, csv->width);
    *more = true;
    return REDAN_OK;
}
