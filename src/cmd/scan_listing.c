/* In the worker: the pickle that is wanted, opcode by opcode. */
#include "cmd/scan_listing.h"

#include <stdio.h>
#include <string.h>

#include "codec/json.h"
#include "format/format.h"
#include "format/format_table.h"
#include "format/pickle.h"
#include "format/pickle_op.h"

enum { ROOM = 1000 << 10, SHOWN = 48, NOTE = 400, HEAD = 4096, CHAIN = 16, NAMED = 6 };

struct writer {
    const struct redan_scan_listing *listing;
    struct redan_buf *out;
    struct redan_buf text;
    uint64_t lines;
    bool more;
};

/* Bytes as a person reads them: printable ASCII, the rest as \xNN. */
static void show(struct redan_buf *to, struct redan_slice bytes, size_t most)
{
    for (size_t i = 0; i < bytes.len && i < most; i++) {
        unsigned char c = (unsigned char)bytes.at[i];
        if (c < ' ' || c >= 0x7f || c == '\\')
            redan_buf_printf(to, "\\x%02x", c);
        else
            redan_buf_char(to, (char)c);
    }
    if (bytes.len > most)
        redan_buf_text(to, "...");
}

static uint64_t little(struct redan_slice bytes, size_t n)
{
    uint64_t number = 0;

    for (size_t i = 0; i < n && i < bytes.len; i++)
        number |= (uint64_t)(unsigned char)bytes.at[i] << 8 * i;
    return number;
}

static size_t width(enum redan_pickle_operand operand)
{
    static const size_t widths[] = {
        [REDAN_OPERAND_1] = 1,         [REDAN_OPERAND_2] = 2,         [REDAN_OPERAND_4] = 4,
        [REDAN_OPERAND_8] = 8,         [REDAN_OPERAND_COUNTED_1] = 1, [REDAN_OPERAND_COUNTED_4] = 4,
        [REDAN_OPERAND_COUNTED_8] = 8, [REDAN_OPERAND_LINES] = 0,
    };

    return widths[operand];
}

static void operand(struct redan_buf *to, const struct redan_pickle_line *line)
{
    enum redan_pickle_operand shape = redan_pickle_opcodes[line->opcode].operand;
    struct redan_slice bytes = line->operand;
    size_t n = width(shape);

    if (line->opcode == REDAN_OP_BININT) {
        redan_buf_printf(to, "%d", (int)(int32_t)(uint32_t)little(bytes, 4));
    } else if (line->opcode == REDAN_OP_BINFLOAT) {
        uint64_t bits = 0;
        double number = 0;
        for (size_t i = 0; i < 8 && i < bytes.len; i++)
            bits = bits << 8 | (unsigned char)bytes.at[i];
        memcpy(&number, &bits, sizeof(number));
        redan_buf_printf(to, "%.17g", number);
    } else if (shape == REDAN_OPERAND_LINE || shape == REDAN_OPERAND_LINES) {
        while (bytes.len && bytes.at[bytes.len - 1] == '\n')
            bytes.len--;
        struct redan_slice first = bytes, second = {0};
        bool two = redan_slice_cut(bytes, '\n', &first, &second);
        show(to, first, SHOWN);
        if (two && shape == REDAN_OPERAND_LINES) {
            redan_buf_char(to, ' ');
            show(to, second, SHOWN);
        }
    } else if (shape == REDAN_OPERAND_COUNTED_1 || shape == REDAN_OPERAND_COUNTED_4 ||
               shape == REDAN_OPERAND_COUNTED_8) {
        uint64_t count = little(bytes, n);
        redan_buf_printf(to, "%llu '", (unsigned long long)count);
        show(to, redan_slice_sub(bytes, n, bytes.len), SHOWN);
        redan_buf_text(to, count > 256 - n ? "'..." : "'");
    } else if (n) {
        redan_buf_printf(to, "%llu", (unsigned long long)little(bytes, n));
    }
}

static void top(struct redan_buf *to, struct redan_pickle *pickle,
                const struct redan_pickle_value *value)
{
    static const char *const kinds[] = {"unknown", "None",   "bool",   "int",        "float",
                                        "text",    "bytes",  "tuple",  "list",       "dict",
                                        "set",     "global", "result", "persistent", ""};
    struct redan_slice module, name;

    redan_buf_text(to, value->kind < REDAN_COUNT(kinds) ? kinds[value->kind] : "");
    if (redan_pickle_global(pickle, value, &module, &name)) {
        redan_buf_char(to, ' ');
        show(to, module, SHOWN);
        redan_buf_char(to, '.');
        show(to, name, SHOWN);
    } else if (value->kind == REDAN_PICKLE_TEXT || value->kind == REDAN_PICKLE_BYTES) {
        redan_buf_text(to, " '");
        show(to, redan_pickle_text(pickle, value, SHOWN + 1), SHOWN);
        redan_buf_char(to, '\'');
    } else if (value->kind >= REDAN_PICKLE_TUPLE && value->kind <= REDAN_PICKLE_SET) {
        redan_buf_printf(to, " of %llu", (unsigned long long)value->at);
    }
}

static void field(struct writer *w, const char *name)
{
    redan_buf_printf(w->out, ", \"%s\": ", name);
    redan_json_string_add(w->out, redan_buf_view(&w->text));
    redan_buf_clear(&w->text);
}

/* A line begins; false when there is no room for more. */
static bool begin(struct writer *w, uint64_t offset)
{
    if (w->lines >= w->listing->lines || w->out->len > ROOM) {
        w->more = true;
        return false;
    }
    redan_buf_printf(w->out, "%s\n{\"offset\": %llu", w->lines++ ? "," : "",
                     (unsigned long long)offset);
    return true;
}

static enum redan_status line(void *arg, struct redan_pickle *pickle,
                              const struct redan_pickle_line *line)
{
    struct writer *w = arg;

    if (!begin(w, line->offset))
        return REDAN_E_LIMIT;
    redan_buf_text(&w->text, line->name ? line->name : "?");
    field(w, "opcode");
    operand(&w->text, line);
    field(w, "operand");
    redan_buf_printf(w->out, ", \"stack\": %zu, \"marks\": %zu, \"memo\": %zu", line->stack,
                     line->marks, line->memo);
    top(&w->text, pickle, &line->top);
    field(w, "top");
    show(&w->text, line->note, NOTE);
    field(w, "note");
    redan_buf_char(w->out, '}');
    return w->out->fail;
}

/* What the listing does not show by itself: structure, arrays, ends. */
static enum redan_status fact(void *arg, const struct redan_fact *fact)
{
    struct writer *w = arg;
    const struct redan_pickle_event *event = fact->event;
    const char *what = NULL;

    if (fact->kind != REDAN_FACT_PICKLE)
        return REDAN_OK;
    if (event->kind == REDAN_PICKLE_STRUCTURE || event->kind == REDAN_PICKLE_END)
        what = event->what;
    if (event->kind == REDAN_PICKLE_ARRAY)
        what = "array";
    if (!what)
        return REDAN_OK;
    if (!begin(w, event->offset))
        return REDAN_E_LIMIT;
    redan_buf_text(&w->text, event->kind == REDAN_PICKLE_END ? "end" : "structure");
    field(w, "event");
    redan_buf_text(&w->text, what);
    field(w, "what");
    redan_buf_printf(w->out, ", \"pickle\": %u, \"number\": %llu}", event->stream,
                     (unsigned long long)event->number);
    return w->out->fail;
}

/* The member with a name, of whatever format holds it. */
struct wanted {
    struct redan_ctx *ctx;
    struct redan_slice name;
    struct redan_part part;
    bool found;
};

static enum redan_status member(void *arg, const struct redan_fact *fact)
{
    struct wanted *w = arg;

    if (fact->kind != REDAN_FACT_MEMBER || w->found || !redan_slice_eq(fact->name, w->name))
        return REDAN_OK;
    w->found = true;
    w->part = fact->part;
    return fact->part.memory.at ? redan_copy(w->ctx, fact->part.memory, &w->part.memory) : REDAN_OK;
}

static enum redan_status find(struct redan_ctx *ctx, struct redan_source *in,
                              struct redan_slice name, struct wanted *wanted)
{
    struct redan_probe probe = {.ctx = ctx, .source = in};
    struct redan_listener to = {.tell = member, .arg = wanted};
    struct redan_slice head = {0};

    REDAN_TRY(redan_source_view(ctx, in, 0, HEAD, &head));
    REDAN_TRY(redan_copy(ctx, head, &probe.head));
    for (size_t i = 0; redan_formats[i] && !wanted->found; i++) {
        if (redan_formats[i]->sniff(&probe) != REDAN_SNIFF_YES)
            continue;
        enum redan_status status = redan_formats[i]->read(ctx, in, name, &to);
        if (status == REDAN_E_MEMORY || status == REDAN_E_IO)
            return status;
        redan_fail_clear(ctx);
    }
    if (!wanted->found)
        return redan_fail(ctx, REDAN_E_ABSENT, 0, "there is no member \"%.*s\"",
                          (int)redan_min_size(wanted->name.len, 200), wanted->name.at);
    return REDAN_OK;
}

struct named {
    struct redan_buf text;
    size_t count;
};

static enum redan_status name_member(void *arg, const struct redan_fact *fact)
{
    struct named *names = arg;

    if (fact->kind != REDAN_FACT_MEMBER)
        return REDAN_OK;
    redan_buf_text(&names->text, names->count ? ", " : "");
    if (names->count++ == NAMED) {
        redan_buf_text(&names->text, "...");
        return REDAN_E_LIMIT;
    }
    redan_buf_slice(&names->text, redan_slice_sub(fact->name, 0, SHOWN));
    return REDAN_OK;
}

/* An archive can be listed as if it were opcodes, which helps nobody: say what it holds. */
static enum redan_status refuse_container(struct redan_ctx *ctx, struct redan_source *in,
                                          struct redan_slice name)
{
    struct redan_probe probe = {.ctx = ctx, .source = in};
    struct redan_slice head = {0};

    REDAN_TRY(redan_source_view(ctx, in, 0, HEAD, &head));
    REDAN_TRY(redan_copy(ctx, head, &probe.head));
    if (redan_format_pickle.sniff(&probe) == REDAN_SNIFF_YES)
        return REDAN_OK;
    for (size_t i = 0; redan_formats[i]; i++) {
        struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
        struct named names = {0};
        struct redan_listener to = {.tell = name_member, .arg = &names};
        if (redan_formats[i] == &redan_format_pickle ||
            redan_formats[i]->sniff(&probe) != REDAN_SNIFF_YES)
            continue;
        redan_buf_init(&names.text, ctx, NOTE);
        enum redan_status status = redan_formats[i]->read(ctx, in, name, &to);
        text = names.text;
        if (status == REDAN_E_MEMORY || status == REDAN_E_IO)
            return status;
        redan_fail_clear(ctx);
        if (names.count)
            return redan_fail(ctx, REDAN_E_SYNTAX, 0,
                              "this is %s, no pickle; name one of its members with --member: %.*s",
                              redan_formats[i]->name, REDAN_FMT(redan_buf_view(&text)));
    }
    return REDAN_OK;
}

static enum redan_status list(struct redan_ctx *ctx, struct writer *w, struct redan_source *source,
                              struct redan_slice name)
{
    struct redan_listener to = {.tell = fact, .arg = w};

    if (w->listing->offset == 0)
        REDAN_TRY(refuse_container(ctx, source, name));
    enum redan_status status = redan_pickle_list(ctx, source, w->listing->offset, &to, line, w);

    return w->more ? REDAN_OK : status;
}

/* From the outside in, each opened within the one before. */
static enum redan_status descend(struct redan_ctx *ctx, struct writer *w,
                                 struct redan_source *source, struct redan_slice name)
{
    struct redan_source opened[CHAIN];
    size_t depth = 0;
    struct redan_slice rest = w->listing->member;
    enum redan_status status = REDAN_OK;

    while (rest.len && status == REDAN_OK) {
        struct wanted wanted = {.ctx = ctx};
        struct redan_slice next = {0};

        (void)redan_slice_cut(rest, '!', &wanted.name, &next);
        if (depth == CHAIN) {
            status = redan_fail(ctx, REDAN_E_LIMIT, 0, "members nested too deep");
            break;
        }
        struct redan_source *in = depth ? &opened[depth - 1] : source;

        status = find(ctx, in, name, &wanted);
        if (status == REDAN_OK)
            status = redan_unpack(ctx, in, &wanted.part, &opened[depth]);
        depth += status == REDAN_OK;
        name = wanted.name;
        rest = next;
    }
    if (status == REDAN_OK)
        status = list(ctx, w, depth ? &opened[depth - 1] : source, name);
    while (depth > 0)
        redan_source_done(&opened[--depth]);
    return status;
}

void redan_scan_listing_add(struct redan_ctx *ctx, const struct redan_scan_listing *listing,
                            struct redan_source *source, struct redan_slice name,
                            struct redan_buf *out)
{
    struct writer w = {.listing = listing, .out = out};

    redan_buf_init(&w.text, ctx, 1 << 16);
    redan_buf_text(out, "{\"lines\": [");
    enum redan_status status = descend(ctx, &w, source, name);

    redan_buf_printf(out, "],\n\"more\": %s", w.more ? "true" : "false");
    if (status != REDAN_OK) {
        const char *why = ctx->failure.text[0] ? ctx->failure.text : redan_status_name(status);
        show(&w.text, redan_slice_of(why), NOTE);
        field(&w, "failure");
    }
    redan_buf_text(out, "}\n");
    redan_buf_done(&w.text);
}
