/* Readers of CSV differ in all that RFC 4180 leaves open, so that what they could read differently is refused: lines that end in a lone CR,
 * blank lines, quotes inside a cell, line breaks in quotes, control characters, spellings of numbers that JSON does not have, words for nothing. */
#include "inference/csv.h"

#include <string.h>

#include "base/utf8.h"
#include "codec/json.h"

enum { SHOWN = 32 };

static enum redan_status refuse(struct redan_csv *csv, size_t offset, const char *what)
{
    return redan_fail(csv->ctx, REDAN_E_SYNTAX, offset, "%s", what);
}

/* Nearly every body is, and a check of eight bytes at once is a tenth of the work. */
static bool all_ascii(struct redan_slice text)
{
    uint64_t high = 0;
    size_t i = 0;

    for (; i + sizeof(high) <= text.len; i += sizeof(high)) {
        uint64_t eight = 0;
        memcpy(&eight, text.at + i, sizeof(eight));
        high |= eight;
    }
    for (; i < text.len; i++)
        high |= (unsigned char)text.at[i];
    return (high & 0x8080808080808080U) == 0;
}

enum redan_status redan_csv_init(struct redan_csv *csv, struct redan_ctx *ctx,
                                 struct redan_slice text)
{
    size_t bad = 0;

    *csv = (struct redan_csv){.ctx = ctx, .text = text};
    if (text.len == 0)
        return refuse(csv, 0, "the CSV is empty");
    if (redan_slice_starts(text, REDAN_S("\xef\xbb\xbf")))
        return refuse(csv, 0, "CSV must not begin with a byte order mark");
    if (!all_ascii(text) && !redan_utf8_check(text, &bad))
        return refuse(csv, bad, "bad UTF-8 in CSV");
    return REDAN_OK;
}

bool redan_csv_over(const struct redan_csv *csv)
{
    return csv->at >= csv->text.len;
}

/* What follows a cell: a comma, the end of the line, or the end of all. */
static enum redan_status after_cell(struct redan_csv *csv, struct redan_csv_cell *cell)
{
    const char *text = csv->text.at;
    size_t left = csv->text.len - csv->at;

    cell->last = true;
    if (left == 0)
        return REDAN_OK;
    switch (text[csv->at]) {
    case ',':
        cell->last = false;
        csv->at++;
        return REDAN_OK;
    case '\n':
        csv->at++;
        return REDAN_OK;
    case '\r':
        if (left < 2 || text[csv->at + 1] != '\n')
            return refuse(csv, csv->at, "a lone CR in CSV; a line ends in LF or CRLF");
        csv->at += 2;
        return REDAN_OK;
    case '"':
        return refuse(csv, csv->at,
                      "a quote inside a CSV cell; quote the whole cell and double it");
    default:
        return refuse(csv, csv->at, "a control character in CSV, or more after a closing quote");
    }
}

/* Bytes that a cell without quotes may hold. */
static bool bare(char c)
{
    unsigned char u = (unsigned char)c;

    return u > ',' ? u != 0x7f : u >= ' ' && u != ',' && u != '"';
}

static enum redan_status quoted(struct redan_csv *csv, struct redan_slice *text)
{
    const char *at = csv->text.at;
    size_t begin = ++csv->at;
    size_t doubled = 0;

    for (;; csv->at++) {
        if (csv->at == csv->text.len)
            return refuse(csv, begin - 1, "a CSV cell's closing quote is missing");
        if ((unsigned char)at[csv->at] < ' ' || at[csv->at] == 0x7f)
            return refuse(csv, csv->at, "a control character or a line break in a CSV cell");
        if (at[csv->at] != '"')
            continue;
        if (csv->at + 1 == csv->text.len || at[csv->at + 1] != '"')
            break;
        csv->at++;
        doubled++;
    }
    *text = (struct redan_slice){at + begin, csv->at++ - begin};
    if (doubled == 0)
        return REDAN_OK;
    char *copy = redan_take(csv->ctx, text->len - doubled);
    size_t n = 0;
    if (!copy)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < text->len; i++) {
        copy[n++] = text->at[i];
        i += text->at[i] == '"'; /* its double */
    }
    *text = (struct redan_slice){copy, n};
    return REDAN_OK;
}

enum redan_status redan_csv_next(struct redan_csv *csv, struct redan_csv_cell *cell)
{
    const char *at = csv->text.at;

    cell->offset = csv->at;
    if (csv->at < csv->text.len && at[csv->at] == '"') {
        REDAN_TRY(quoted(csv, &cell->text));
    } else {
        while (csv->at < csv->text.len && bare(at[csv->at]))
            csv->at++;
        cell->text = (struct redan_slice){at + cell->offset, csv->at - cell->offset};
    }
    if (csv->comments && cell->text.len && memchr(cell->text.at, '#', cell->text.len))
        return refuse(csv, cell->offset, "a '#' in CSV, where some readers begin a comment");
    return after_cell(csv, cell);
}

enum redan_status redan_csv_names(struct redan_csv *csv, struct redan_slice *names, size_t max,
                                  size_t *count)
{
    struct redan_csv_cell cell = {.last = false};

    for (*count = 0; !cell.last; (*count)++) {
        REDAN_TRY(redan_csv_next(csv, &cell));
        if (*count == max)
            return redan_fail(csv->ctx, REDAN_E_SCHEMA, cell.offset, "more than %zu columns", max);
        names[*count] = cell.text;
    }
    return REDAN_OK;
}

static bool all_of(struct redan_slice text, size_t from, const char *chars)
{
    for (size_t i = from; i < text.len; i++)
        if (!redan_char_among(chars, text.at[i]))
            return false;
    return true;
}

static bool word_is(struct redan_slice text, const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i < text.len && text.len == len; i++) {
        char c = text.at[i];
        if ((c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c) != word[i])
            return false;
    }
    return text.len == len;
}

/* Digits, a point and an exponent as some reader takes them: "1.", ".5", "1_000", "007", "1d5". */
static bool digits_like(struct redan_slice text)
{
    size_t i = 0;
    size_t points = 0;
    bool digit = false;

    for (; i < text.len && redan_char_among("0123456789._", text.at[i]); i++) {
        digit = digit || (text.at[i] >= '0' && text.at[i] <= '9');
        points += text.at[i] == '.';
    }
    if (!digit || points > 1)
        return false;
    if (i < text.len && redan_char_among("eEdD", text.at[i])) {
        i++;
        i += i < text.len && (text.at[i] == '+' || text.at[i] == '-');
    }
    return all_of(text, i, "0123456789_");
}

bool redan_csv_doubtful(struct redan_slice text)
{
    /* what Python, numpy and C read as numbers, in any letter case; and pandas as nothing (parsers.STR_NA_VALUES) */
    static const char *const numbers[] = {"nan", "inf", "infinity", NULL};
    static const char *const nothing[] = {"#N/A",   "#N/A N/A", "#NA",  "1.#IND", "1.#QNAN",
                                          "1.#INF", "<NA>",     "N/A",  "NA",     "NULL",
                                          "None",   "n/a",      "null", NULL};

    text = redan_slice_trim(text);
    if (text.len > 0 && (text.at[0] == '+' || text.at[0] == '-'))
        text = redan_slice_trim(redan_slice_sub(text, 1, text.len));
    if (redan_slice_among(nothing, text))
        return true;
    for (const char *const *word = numbers; *word; word++)
        if (word_is(text, *word))
            return true;
    if (text.len > 2 && text.at[0] == '0' && redan_char_among("xXbBoO", text.at[1]))
        return all_of(text, 2, "0123456789abcdefABCDEF.pP+-_");
    return digits_like(text);
}

static enum redan_status put(struct redan_grid *grid, const struct redan_csv_cell *cell, size_t at)
{
    struct redan_ctx *ctx = grid->cells.ctx;
    const struct redan_request_rules *rules = grid->cells.rules;
    struct redan_slice shown = {cell->text.at, redan_min_size(cell->text.len, SHOWN)};

    if (cell->text.len == 1 && cell->text.at[0] >= '0' && cell->text.at[0] <= '9') {
        grid->cells.values[at] = cell->text.at[0] - '0';
        return REDAN_OK;
    }
    if (redan_json_double(cell->text, &grid->cells.values[at]))
        return REDAN_OK;
    if (cell->text.len == 0) {
        if (!rules->missing)
            return redan_fail(ctx, REDAN_E_SCHEMA, cell->offset, "an empty cell");
        redan_cells_put_nothing(&grid->cells, at);
        return REDAN_OK;
    }
    if (redan_csv_doubtful(cell->text))
        return redan_fail(ctx, REDAN_E_SCHEMA, cell->offset,
                          "'%.*s' is not a number as JSON spells it, nor a text that could not be "
                          "taken for one; a missing value is an empty cell",
                          REDAN_FMT(shown));
    if (!rules->texts)
        return redan_fail(ctx, REDAN_E_SCHEMA, cell->offset,
                          "'%.*s' is not a number as JSON spells it", REDAN_FMT(shown));
    return redan_cells_put_text(&grid->cells, at, cell->text);
}

/* How many cells the line has that comes next, by reading it once more than needed. */
static enum redan_status measure(struct redan_csv *csv, size_t *columns)
{
    struct redan_csv ahead = *csv;
    struct redan_csv_cell cell = {.last = false};

    for (*columns = 0; !cell.last; (*columns)++) {
        if (*columns == REDAN_COLUMNS_MAX)
            return redan_fail(csv->ctx, REDAN_E_LIMIT, csv->at, "more than %d values",
                              REDAN_COLUMNS_MAX);
        REDAN_TRY(redan_csv_next(&ahead, &cell));
    }
    return REDAN_OK;
}

static enum redan_status one_row(struct redan_csv *csv, struct redan_grid *grid)
{
    struct redan_csv_cell cell = {.last = false};
    size_t begin = csv->at;
    size_t at = 0;

    if (grid->columns == 0)
        REDAN_TRY(measure(csv, &grid->columns));
    REDAN_TRY(redan_grid_next(grid, begin, &at));
    for (size_t count = 0; !cell.last; count++) {
        REDAN_TRY(redan_csv_next(csv, &cell));
        if (count == 0 && cell.last && cell.text.len == 0)
            return refuse(csv, begin, "a blank line in CSV");
        if (count == grid->columns || (cell.last && count + 1 < grid->columns))
            return redan_fail(csv->ctx, REDAN_E_SCHEMA, begin,
                              "%s%zu values where the model takes %zu",
                              count == grid->columns ? "more than " : "",
                              count == grid->columns ? count : count + 1, grid->columns);
        REDAN_TRY(put(grid, &cell, at + count));
    }
    return REDAN_OK;
}

enum redan_status redan_csv_rows(struct redan_csv *csv, struct redan_grid *grid)
{
    grid->least = 1; /* an empty cell, and its comma or its line's end */
    while (!redan_csv_over(csv)) {
        size_t limit = redan_rows_limit(grid->cells.rules);
        if (grid->rows == limit)
            return redan_fail(csv->ctx, REDAN_E_LIMIT, csv->at, "more than %zu %ss", limit,
                              grid->item);
        enum redan_status status = one_row(csv, grid);
        if (status != REDAN_OK)
            return redan_rows_prefix(csv->ctx, status, grid->item, grid->rows);
        grid->rows++;
    }
    return redan_grid_some(grid, csv->text.len);
}
