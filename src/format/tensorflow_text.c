/* TensorFlow's graphs as text (.pbtxt), which are loaded like those in binary: nodes, functions, paths and texts. */
#include <string.h>

#include "format/tensorflow.h"

enum { DEEP = 100, TEXT = 4096, LEAST = 4 };

enum kind { OTHER, NODE, FUNCTION, SIGNATURE, ASSET };

struct text {
    struct redan_source_reader in;
    const struct redan_listener *to;
    bool over;
    int next; /* the character at hand, or -1 */
    size_t depth;
    uint8_t kinds[DEEP + 1];
    struct redan_wire_word field; /* whose value comes */
    struct redan_wire_word op, name, key, function;
    uint64_t node_at;
    size_t len;
    char value[TEXT];
};

static void step(struct text *t)
{
    t->next = -1;
    if (t->in.pos >= t->in.end)
        return;
    uint8_t c = redan_source_u8(&t->in);
    if (!t->in.failed)
        t->next = c;
}

static bool is_word(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-' || c == '+';
}

static void set(struct redan_wire_word *word, struct redan_slice s)
{
    word->len = redan_min_size(s.len, sizeof(word->at));
    if (word->len)
        memcpy(word->at, s.at, word->len);
}

static struct redan_slice of(const struct redan_wire_word *word)
{
    return redan_wire_word(word);
}

static void take_word(struct text *t)
{
    t->field.len = 0;
    while (is_word(t->next)) {
        if (t->field.len < sizeof(t->field.at))
            t->field.at[t->field.len++] = (char)t->next;
        step(t);
    }
}

static void add(struct text *t, int c)
{
    if (t->len < sizeof(t->value))
        t->value[t->len++] = (char)c;
}

/* \n, \x2f, \057: what of C's escapes makes a path or an operator's name. */
static void take_escape(struct text *t)
{
    int c = t->next;
    int value = 0;

    step(t);
    if (c == 'x' || c == 'X') {
        for (size_t i = 0; i < 2; i++) {
            int d = t->next | 0x20;
            if (!((d >= '0' && d <= '9') || (d >= 'a' && d <= 'f')))
                break;
            value = value * 16 + (d <= '9' ? d - '0' : d - 'a' + 10);
            step(t);
        }
        add(t, value);
    } else if (c >= '0' && c <= '7') {
        value = c - '0';
        for (size_t i = 0; i < 2 && t->next >= '0' && t->next <= '7'; i++) {
            value = value * 8 + t->next - '0';
            step(t);
        }
        add(t, value & 0xFF);
    } else {
        add(t, c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c);
    }
}

/* Texts side by side are one. */
static void take_text(struct text *t)
{
    t->len = 0;
    while (t->next == '"' || t->next == '\'') {
        int quote = t->next;
        step(t);
        while (t->next >= 0 && t->next != quote) {
            int c = t->next;
            step(t);
            if (c == '\\')
                take_escape(t);
            else
                add(t, c);
        }
        step(t);
        while (t->next == ' ' || t->next == '\n' || t->next == '\t' || t->next == '\r')
            step(t);
    }
}

static enum redan_status tell(struct text *t, enum redan_fact_kind kind, const char *what,
                              struct redan_slice module, struct redan_slice name,
                              struct redan_slice text)
{
    return redan_tell(t->to, &(struct redan_fact){.kind = kind,
                                                  .what = what,
                                                  .offset = t->node_at,
                                                  .number = t->function.len ? 1 : 0,
                                                  .module = module,
                                                  .name = name,
                                                  .text = text});
}

static enum redan_status on_value(struct text *t)
{
    struct redan_slice value = {t->value, t->len};
    enum kind kind = (enum kind)t->kinds[t->depth];
    struct redan_slice field = of(&t->field);

    if (kind == NODE && redan_slice_is(field, "name"))
        set(&t->name, value);
    if (kind == NODE && redan_slice_is(field, "op"))
        set(&t->op, value);
    if (kind == SIGNATURE && redan_slice_is(field, "name")) {
        set(&t->function, value);
        return tell(t, REDAN_FACT_OPERATOR, "tensorflow-function", (struct redan_slice){0}, value,
                    (struct redan_slice){0});
    }
    if (kind == ASSET && redan_slice_is(field, "filename"))
        return tell(t, REDAN_FACT_LINK, "tensorflow-asset", (struct redan_slice){0},
                    (struct redan_slice){0}, value);
    if (redan_slice_is(field, "key"))
        set(&t->key, value);
    if (redan_slice_is(field, "string_val") && value.len >= LEAST)
        return tell(t, REDAN_FACT_TEXT, NULL, (struct redan_slice){0}, of(&t->name), value);
    if (redan_slice_is(field, "s") && redan_tf_leads_away(value))
        return tell(t, REDAN_FACT_LINK, "tensorflow-path", of(&t->op), of(&t->key), value);
    return REDAN_OK;
}

static enum redan_status on_open(struct text *t)
{
    static const struct {
        const char *field;
        enum kind kind;
    } known[] = {{"node", NODE},
                 {"node_def", NODE},
                 {"function", FUNCTION},
                 {"signature", SIGNATURE},
                 {"asset_file_def", ASSET}};
    enum kind kind = OTHER;

    for (size_t i = 0; i < REDAN_COUNT(known); i++) {
        if (redan_slice_is(of(&t->field), known[i].field))
            kind = known[i].kind;
    }
    if (kind == SIGNATURE && t->kinds[t->depth] != FUNCTION)
        kind = OTHER;
    if (t->depth == DEEP)
        return redan_fail(t->in.ctx, REDAN_E_LIMIT, t->in.pos, "nested deeper than the limit");
    t->kinds[++t->depth] = (uint8_t)kind;
    if (kind == NODE) {
        t->op.len = t->name.len = 0;
        t->node_at = t->in.pos;
    }
    return REDAN_OK;
}

static enum redan_status on_close(struct text *t)
{
    enum kind kind = (enum kind)t->kinds[t->depth];

    if (t->depth == 0)
        return redan_fail(t->in.ctx, REDAN_E_SYNTAX, t->in.pos, "a brace that nothing opened");
    t->depth--;
    if (kind == NODE && t->op.len)
        REDAN_TRY(
            tell(t, REDAN_FACT_OPERATOR, "tensorflow", of(&t->function), of(&t->op), of(&t->name)));
    if (kind == FUNCTION)
        t->function.len = 0;
    return REDAN_OK;
}

static enum redan_status token(struct text *t)
{
    int c = t->next;

    if (c == '"' || c == '\'') {
        take_text(t);
        return on_value(t);
    }
    if (is_word(c)) {
        take_word(t);
        return REDAN_OK;
    }
    step(t);
    if (c == '#') {
        while (t->next >= 0 && t->next != '\n')
            step(t);
        return REDAN_OK;
    }
    if (c == '{' || c == '<')
        return on_open(t);
    if (c == '}' || c == '>')
        return on_close(t);
    return REDAN_OK;
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct text *t = redan_take(ctx, sizeof(*t));

    (void)name;
    if (!t)
        return REDAN_E_MEMORY;
    t->to = to;
    uint64_t size = 0;
    REDAN_TRY(redan_source_measure(ctx, source, &size));
    redan_source_reader_init(&t->in, ctx, source, 0, size);
    step(t);
    while (t->next >= 0)
        REDAN_TRY(token(t));
    REDAN_TRY(redan_source_ok(&t->in, "a TensorFlow graph as text"));
    if (t->depth)
        return redan_fail(ctx, REDAN_E_SYNTAX, size, "the text ends within a message");
    return REDAN_OK;
}

/* It begins with a field of these messages, opened or given a number, and has nodes with operators. */
static enum redan_sniff sniff(const struct redan_probe *probe)
{
    static const char *const starts[] = {
        "node",          "meta_graphs", "saved_model_schema_version",
        "meta_info_def", "graph_def",   "library",
        "versions",      NULL};
    struct redan_slice head = redan_slice_trim(probe->head);
    size_t len = 0;

    if (probe->source->size > probe->head.len &&
        (head.len == 0 || redan_slice_starts(head, REDAN_S("#")))) {
        /* blanks and comments may be longer than what is looked at first */
        if (redan_source_view(probe->ctx, probe->source, 0, REDAN_SOURCE_VIEW, &head) != REDAN_OK)
            redan_fail_clear(probe->ctx);
        head = redan_slice_trim(head);
    }
    while (redan_slice_starts(head, REDAN_S("#"))) {
        struct redan_slice line;
        if (!redan_slice_cut(head, '\n', &line, &head))
            return REDAN_SNIFF_NO;
        head = redan_slice_trim(head);
    }
    while (len < head.len && is_word((unsigned char)head.at[len]))
        len++;
    struct redan_slice rest = redan_slice_trim(redan_slice_sub(head, len, head.len));
    if (!redan_slice_among(starts, redan_slice_sub(head, 0, len)) || rest.len == 0 ||
        !redan_char_among(":{<", rest.at[0]))
        return REDAN_SNIFF_NO;
    return REDAN_SNIFF_YES;
}

static const char *const extensions[] = {".pbtxt", NULL};

const struct redan_format redan_format_tf_text = {.name = "tensorflow-text",
                                                  .title = "TensorFlow graph as text",
                                                  .extensions = extensions,
                                                  .sniff = sniff,
                                                  .read = read,
                                                  .layered = true};
