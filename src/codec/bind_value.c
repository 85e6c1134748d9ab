/* The types of fields: what each accepts, how it is read, and what a person should have written. */
#include "codec/bind_value.h"

#include "base/buf.h"
#include "base/clock.h"

enum { NEAR_MAX = 64, FIX_MAX = 1024 };

static char lower(char c)
{
    if (c == '_' || c == ' ')
        return '-'; /* the usual slips between naming habits */
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t least(size_t a, size_t b, size_t c)
{
    return redan_min_size(a, redan_min_size(b, c));
}

/* Edits between two words, a swap of neighbours counting one (optimal string alignment). */
static size_t distance(struct redan_slice a, struct redan_slice b)
{
    size_t rows[3][NEAR_MAX + 1];

    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            char x = lower(a.at[i - 1]);
            char y = lower(b.at[j - 1]);
            row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b.at[j - 2]) && y == lower(a.at[i - 2]))
                row[j] = redan_min_size(row[j], before[j - 2] + 1);
        }
    }
    return rows[a.len % 3][b.len];
}

void redan_bind_nearest(struct redan_slice word, const char *candidate, const char **near,
                        size_t *best)
{
    struct redan_slice name = redan_slice_of(candidate);

    if (word.len == 0 || name.len == 0 || word.len > NEAR_MAX || name.len > NEAR_MAX)
        return;
    size_t edits = distance(word, name);
    if (edits < *best && edits <= 1 + name.len / 4 && edits < name.len) {
        *near = candidate;
        *best = edits;
    }
}

/* "the text "lots"", "the number 5", "a map". */
static void describe(const struct redan_node *node, struct redan_buf *out)
{
    switch (node->kind) {
    case REDAN_NODE_TEXT:
        redan_buf_printf(out, "the %stext \"%s\"", node->line && !node->plain ? "quoted " : "",
                         redan_snippet_of(node->text).text);
        break;
    case REDAN_NODE_NUMBER:
        redan_buf_printf(out, "the number %s", redan_snippet_of(node->text).text);
        break;
    case REDAN_NODE_BOOL:
        redan_buf_text(out, node->truth ? "true" : "false");
        break;
    case REDAN_NODE_NULL:
    case REDAN_NODE_LIST:
    case REDAN_NODE_MAP:
        redan_buf_text(out, redan_node_kind_name(node->kind));
        break;
    }
}

void redan_bind_wrong(struct redan_problems *problems, const struct redan_bind_field *field,
                      const struct redan_node *node, const char *expected, const char *fix)
{
    struct redan_buf found REDAN_DEFER(redan_buf_done) = {0};
    struct redan_buf advice REDAN_DEFER(redan_buf_done) = {0};

    redan_buf_init(&found, problems->ctx, FIX_MAX);
    redan_buf_init(&advice, problems->ctx, FIX_MAX);
    describe(node, &found);
    redan_buf_printf(&advice, "write %s", fix ? fix : expected);
    if (field->help)
        redan_buf_printf(&advice, ": %s", field->help);
    redan_problem_add(problems, node, redan_buf_view(&advice).at, "\"%s\" must be %s, found %s",
                      field->name, expected, redan_buf_view(&found).at);
}

void redan_bind_empty(struct redan_problems *problems, const struct redan_bind_field *field,
                      const struct redan_node *node)
{
    struct redan_buf fix REDAN_DEFER(redan_buf_done) = {0};

    if (node->line == 0 && !field->required)
        return;
    redan_buf_init(&fix, problems->ctx, FIX_MAX);
    redan_buf_printf(&fix, "write a value%s", field->required ? "" : ", or remove the field");
    if (field->help)
        redan_buf_printf(&fix, ": %s", field->help);
    redan_problem_add(problems, node, redan_buf_view(&fix).at, "\"%s\" has no value", field->name);
}

bool redan_bind_is_id(struct redan_slice text)
{
    if (text.len == 0 || text.len > 64)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alnum && (i == 0 || (c != '.' && c != '_' && c != '-')))
            return false;
    }
    return true;
}

static enum redan_status bind_text(struct redan_problems *problems,
                                   const struct redan_bind_field *field,
                                   const struct redan_node *node, void *out)
{
    struct redan_slice text = redan_slice_trim(node->text);

    if (text.len == 0 && field->required) {
        redan_bind_empty(problems, field, node);
        return REDAN_OK;
    }
    if (field->kind == REDAN_BIND_ID && !redan_bind_is_id(text)) {
        redan_bind_wrong(problems, field, node, "an id",
                         "1 to 64 letters, digits, \".\", \"_\" or \"-\", a letter or digit first");
        return REDAN_OK;
    }
    *(struct redan_slice *)out = text;
    return REDAN_OK;
}

/* A number in quotes is a text; the fix then is to take them away. */
static const char *unquote(const struct redan_node *node, const char *fix)
{
    struct redan_node bare = *node;
    double number = 0;
    bool truth = false;

    if (node->line == 0 || node->plain || node->kind != REDAN_NODE_TEXT)
        return fix;
    bare.plain = true;
    return redan_node_number(&bare, &number) || redan_node_bool(&bare, &truth) ? "it without quotes"
                                                                               : fix;
}

static enum redan_status bind_number(struct redan_problems *problems,
                                     const struct redan_bind_field *field,
                                     const struct redan_node *node, void *out)
{
    double value = 0;

    if (redan_node_number(node, &value))
        *(double *)out = value;
    else
        redan_bind_wrong(problems, field, node, "a number", unquote(node, "a number such as 0.05"));
    return REDAN_OK;
}

static enum redan_status bind_count(struct redan_problems *problems,
                                    const struct redan_bind_field *field,
                                    const struct redan_node *node, void *out)
{
    double value = 0;
    uint64_t exact = 0;

    if (!redan_node_number(node, &value)) {
        redan_bind_wrong(problems, field, node, "a whole number",
                         unquote(node, "a whole number such as 1000"));
        return REDAN_OK;
    }
    if (!redan_slice_u64(node->text, &exact)) { /* "1e3", "5.0"; exact as doubles up to 2^53 */
        if (!(value >= 0 && value <= 9007199254740992.0) || (double)(uint64_t)value < value) {
            redan_bind_wrong(problems, field, node, "a whole number, 0 or more",
                             "a whole number such as 1000");
            return REDAN_OK;
        }
        exact = (uint64_t)value;
    }
    *(uint64_t *)out = exact;
    return REDAN_OK;
}

static enum redan_status bind_bool(struct redan_problems *problems,
                                   const struct redan_bind_field *field,
                                   const struct redan_node *node, void *out)
{
    bool value = false;

    if (redan_node_bool(node, &value))
        *(bool *)out = value;
    else
        redan_bind_wrong(problems, field, node, "true or false", unquote(node, NULL));
    return REDAN_OK;
}

static enum redan_status bind_time(struct redan_problems *problems,
                                   const struct redan_bind_field *field,
                                   const struct redan_node *node, void *out)
{
    struct redan_slice text = redan_slice_trim(node->text);
    bool date = field->kind == REDAN_BIND_DATE;
    int64_t seconds = 0;

    if (date ? redan_time_parse(text, &seconds) : redan_span_parse(text, &seconds))
        *(int64_t *)out = seconds;
    else if (date)
        redan_bind_wrong(problems, field, node, "a date",
                         "a day that exists as 2026-11-24, or a time as 2026-11-24T05:36:27Z");
    else
        redan_bind_wrong(problems, field, node, "a span of time",
                         "a number and s, m, h, d or w, such as 90d");
    return REDAN_OK;
}

static enum redan_status bind_word(struct redan_problems *problems,
                                   const struct redan_bind_field *field,
                                   const struct redan_node *node, void *out)
{
    struct redan_slice text = redan_slice_trim(node->text);
    struct redan_buf fix REDAN_DEFER(redan_buf_done) = {0};
    const char *near = NULL;
    size_t best = SIZE_MAX;

    for (int i = 0; field->words[i]; i++) {
        if (field->words[i][0] != '\0' && redan_slice_is(text, field->words[i])) {
            *(int *)out = i;
            return REDAN_OK;
        }
    }
    redan_buf_init(&fix, problems->ctx, FIX_MAX);
    redan_buf_text(&fix, "write one of:");
    for (int i = 0; field->words[i]; i++) {
        if (field->words[i][0] == '\0') /* stands for absence */
            continue;
        redan_bind_nearest(text, field->words[i], &near, &best);
        redan_buf_printf(&fix, " %s,", field->words[i]);
    }
    if (near) {
        redan_buf_clear(&fix);
        redan_buf_printf(&fix, "did you mean \"%s\"?,", near);
    }
    if (fix.fail == REDAN_OK) /* without the last comma */
        fix.data[fix.len - 1] = '\0';
    redan_problem_add(problems, node, redan_buf_view(&fix).at, "unknown %s \"%s\"", field->name,
                      redan_snippet_of(text).text);
    return REDAN_OK;
}

static enum redan_status bind_texts(struct redan_problems *problems,
                                    const struct redan_bind_field *field,
                                    const struct redan_node *node, void *out)
{
    struct redan_texts *texts = out;

    if (node->count == 0)
        return REDAN_OK;
    texts->items = redan_take_array(problems->ctx, node->count, sizeof(*texts->items));
    if (!texts->items)
        return REDAN_E_MEMORY;
    for (const struct redan_node *item = node->first; item; item = item->next) {
        struct redan_slice text = redan_slice_trim(item->text);
        if (item->kind != REDAN_NODE_TEXT)
            redan_bind_wrong(problems, field, item, "a list of texts", "every item as a text");
        else if (text.len == 0)
            redan_problem_add(problems, item, "write a text, or remove the item",
                              "an empty item in \"%s\"", field->name);
        else
            texts->items[texts->count++] = text;
    }
    return REDAN_OK;
}

/* What a kind reads, and from which node it can be read at all. */
struct reader {
    enum redan_status (*bind)(struct redan_problems *problems, const struct redan_bind_field *field,
                              const struct redan_node *node, void *out);
    const char *expected; /* when the node is of another kind; NULL: any scalar, bind decides */
    const char *fix;
    enum redan_node_kind from;
};

static const struct reader readers[] = {
    [REDAN_BIND_TEXT] = {bind_text, "a text", "a text", REDAN_NODE_TEXT},
    [REDAN_BIND_ID] = {bind_text, "an id", "an id such as label-only", REDAN_NODE_TEXT},
    [REDAN_BIND_NUMBER] = {bind_number, NULL, NULL, REDAN_NODE_TEXT},
    [REDAN_BIND_COUNT] = {bind_count, NULL, NULL, REDAN_NODE_TEXT},
    [REDAN_BIND_BOOL] = {bind_bool, NULL, NULL, REDAN_NODE_TEXT},
    [REDAN_BIND_DATE] = {bind_time, "a date", "a date such as 2026-11-24", REDAN_NODE_TEXT},
    [REDAN_BIND_SPAN] = {bind_time, "a span of time", "a number and a unit, such as 90d",
                         REDAN_NODE_TEXT},
    [REDAN_BIND_WORD] = {bind_word, "a word", NULL, REDAN_NODE_TEXT},
    [REDAN_BIND_TEXTS] = {bind_texts, "a list of texts", "a list, such as [a, b]", REDAN_NODE_LIST},
};

enum redan_status redan_bind_value(struct redan_problems *problems,
                                   const struct redan_bind_field *field,
                                   const struct redan_node *node, void *out)
{
    const struct reader *reader = &readers[field->kind];

    if (reader->expected && node->kind != reader->from) {
        redan_bind_wrong(problems, field, node, reader->expected, reader->fix);
        return REDAN_OK;
    }
    return reader->bind(problems, field, node, out);
}

bool redan_texts_have(const struct redan_texts *texts, struct redan_slice text)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (redan_slice_eq(texts->items[i], text))
            return true;
    }
    return false;
}
