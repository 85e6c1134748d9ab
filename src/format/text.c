/* Text of no other format: licences, vocabularies, notes, templates; the last to be tried. */
#include "format/text.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "format/document.h"
#include "format/format_table.h"

enum {
    CHUNK = 1 << 16,      /* bytes of a text that is told at once */
    OVERLAP = 512,        /* of which these come again in the next */
    CHUNKS_END = 4 << 20, /* no chunk begins beyond */
    TEMPLATE = REDAN_DOCUMENT_TEMPLATE,
    CUT = 1024, /* bytes from which on a text may be a part of a longer one */
};

static const char *const extensions[] = {".txt", ".md", ".rst", ".jinja", ".j2", ".jinja2", NULL};

bool redan_text_ends(struct redan_slice name, const char *ending)
{
    size_t len = strlen(ending);

    return name.len >= len && strncasecmp(name.at + name.len - len, ending, len) == 0;
}

struct redan_slice redan_text_base(struct redan_slice name)
{
    size_t from = name.len;

    while (from > 0 && name.at[from - 1] != '/' && name.at[from - 1] != '\\')
        from--;
    return redan_slice_sub(name, from, SIZE_MAX);
}

bool redan_text_template_name(struct redan_slice name)
{
    static const char *const endings[] = {".jinja", ".jinja2", ".j2", ".template", ".tmpl", NULL};
    struct redan_slice base = redan_text_base(name);

    for (size_t i = 0; endings[i]; i++) {
        if (redan_text_ends(base, endings[i]))
            return true;
    }
    return base.len >= 13 && strncasecmp(base.at, "chat_template", 13) == 0 &&
           !redan_text_ends(base, ".json");
}

bool redan_text_like(struct redan_slice bytes)
{
    size_t wide = 0;   /* bytes beyond ASCII */
    size_t broken = 0; /* of these, in no UTF-8 character */
    size_t control = 0;

    for (size_t i = 0; i < bytes.len;) {
        unsigned char c = (unsigned char)bytes.at[i];
        uint32_t code = 0;
        if (c < 0x80) {
            if (c == 0)
                return false;
            control += (c < 0x20 && (c < '\t' || c > '\r') && c != 0x1b) || c == 0x7f;
            i++;
            continue;
        }
        size_t len = redan_utf8_decode(bytes, i, &code);
        if (len == 0 && bytes.len - i < 4 && i >= CUT)
            break; /* cut */
        if (len == 0 && i < 4 && bytes.len >= CUT) {
            i++; /* the first may be cut as well */
            continue;
        }
        broken += len == 0;
        wide += len ? len : 1;
        i += len ? len : 1;
    }
    /* vocabularies have a few odd characters; Latin-1 has bytes that are no UTF-8 */
    return control <= bytes.len / 128 && (broken == 0 || wide <= bytes.len / 4);
}

/* "{%" and a word that begins a statement. */
static bool has_statement(struct redan_slice text)
{
    static const char *const words[] = {"for",    "if",      "set",   "macro",  "include",
                                        "import", "extends", "block", "filter", "call",
                                        "from",   "raw",     "do",    "with",   NULL};
    const char *p = text.at;
    const char *end = text.at + text.len;

    while (end - p >= 2 && (p = memchr(p, '{', (size_t)(end - p - 1))) != NULL) {
        if (p[1] == '{') { /* an expression that reaches for what Python hides */
            const char *stop = memchr(p, '}', redan_min_size((size_t)(end - p), 1024));
            if (stop && memmem(p, (size_t)(stop - p), "__", 2))
                return true;
        }
        const char *q = p + 2;
        p++;
        if (*p != '%')
            continue;
        while (q < end && (*q == '-' || *q == '+' || *q == ' ' || *q == '\t' || *q == '\n'))
            q++;
        size_t len = 0;
        while (q + len < end && q[len] >= 'a' && q[len] <= 'z')
            len++;
        if (redan_slice_among(words, (struct redan_slice){q, len}))
            return true;
    }
    return false;
}

enum redan_status redan_text_template(struct redan_ctx *ctx, struct redan_source *source,
                                      struct redan_slice name, const struct redan_listener *to,
                                      bool any)
{
    bool named = redan_text_template_name(name);
    struct redan_slice text = {0};

    if (!named && !any)
        return REDAN_OK;
    REDAN_TRY(redan_source_view(ctx, source, 0, TEMPLATE, &text));
    if (!redan_document_marked(text) || (!named && !has_statement(text)))
        text.len = 0;
    uint64_t size = source->size;
    if (text.len) { /* a copy: whoever listens may look at the source too */
        if (!source->memory.at)
            REDAN_TRY(redan_copy(ctx, text, &text));
        struct redan_fact fact = {.kind = REDAN_FACT_TEMPLATE,
                                  .what = "jinja",
                                  .number = !named, /* it only looks like one */
                                  .name = redan_text_base(name),
                                  .text = text};
        REDAN_TRY(redan_tell(to, &fact));
    }
    if (named && size > TEMPLATE)
        return redan_tell_unread(to, REDAN_UNREAD_BUDGET, TEMPLATE,
                                 size == REDAN_SOURCE_UNKNOWN ? 0 : size - TEMPLATE,
                                 REDAN_S("a template that is too long"));
    return REDAN_OK;
}

/* 1 little-endian, 2 big-endian UTF-16, 3 and 4 so of UTF-32, by its mark or by how a document must begin; 0 for none. */
static int utf16(struct redan_slice head)
{
    static const char begins[] = "{[#-\"'<";

    if (head.len < 4)
        return 0;
    if (memcmp(head.at, "\xff\xfe\0\0", 4) == 0 ||
        (memcmp(head.at + 1, "\0\0\0", 3) == 0 && head.at[0] && strchr(begins, head.at[0])))
        return 3;
    if (memcmp(head.at, "\0\0\xfe\xff", 4) == 0 ||
        (memcmp(head.at, "\0\0\0", 3) == 0 && head.at[3] && strchr(begins, head.at[3])))
        return 4;
    if (memcmp(head.at, "\xff\xfe", 2) == 0)
        return 1;
    if (memcmp(head.at, "\xfe\xff", 2) == 0)
        return 2;
    if (head.at[1] == 0 && head.at[3] == 0 && head.at[0] && strchr(begins, head.at[0]))
        return 1;
    if (head.at[0] == 0 && head.at[2] == 0 && head.at[1] && strchr(begins, head.at[1]))
        return 2;
    return 0;
}

static uint32_t unit_at(struct redan_slice text, size_t at, int order)
{
    uint32_t value = 0;
    size_t wide = order > 2 ? 4 : 2;

    for (size_t i = 0; i < wide; i++) {
        size_t place = (order & 1) ? wide - 1 - i : i; /* the highest byte first */
        value = value << 8 | (unsigned char)text.at[at + place];
    }
    return value;
}

static void add_code(struct redan_buf *out, uint32_t code)
{
    if (code < 0x80) {
        redan_buf_char(out, (char)code);
        return;
    }
    if (code >= 0x10000)
        redan_buf_char(out, (char)(0xf0 | code >> 18));
    if (code >= 0x10000)
        redan_buf_char(out, (char)(0x80 | (code >> 12 & 0x3f)));
    else if (code >= 0x800)
        redan_buf_char(out, (char)(0xe0 | code >> 12));
    if (code >= 0x800)
        redan_buf_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
    else
        redan_buf_char(out, (char)(0xc0 | code >> 6));
    redan_buf_char(out, (char)(0x80 | (code & 0x3f)));
}

/* The same text in UTF-8 is what loaders see: it is looked at anew, as a thing inside. */
static enum redan_status read_utf16(struct redan_ctx *ctx, struct redan_source *source, int order,
                                    const struct redan_listener *to)
{
    struct redan_buf out REDAN_DEFER(redan_buf_done);
    struct redan_slice text = {0};

    redan_buf_init(&out, ctx, SIZE_MAX);
    REDAN_TRY(redan_source_whole(ctx, source, ctx->limits.whole / 2, &text));
    size_t wide = order > 2 ? 4 : 2;
    for (size_t i = 0; text.len - i >= wide; i += wide) {
        uint32_t code = unit_at(text, i, order);
        if (i == 0 && code == 0xfeff)
            continue;
        if (code > 0x10ffff)
            return redan_tell_unread(to, REDAN_UNREAD_DAMAGED, i, text.len - i,
                                     REDAN_S("a text in UTF-32"));
        if (wide == 2 && code >= 0xd800 && code <= 0xdbff && i + 3 < text.len) {
            uint32_t low = unit_at(text, i + 2, order);
            if (low >= 0xdc00 && low <= 0xdfff) {
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                i += 2;
            }
        }
        add_code(&out, code);
    }
    REDAN_TRY(redan_buf_ok(ctx, &out, "a text in UTF-16"));
    if (out.len == 0)
        return REDAN_OK;
    struct redan_fact fact = {.kind = REDAN_FACT_MEMBER,
                              .name = REDAN_S("utf-16"),
                              .part = {.memory = redan_buf_view(&out), .unpacked = out.len}};
    return redan_tell(to, &fact);
}

static enum redan_status tell_chunk(const struct redan_listener *to, struct redan_slice text,
                                    uint64_t offset)
{
    struct redan_fact fact = {
        .kind = REDAN_FACT_TEXT, .what = "chunk", .offset = offset, .text = text};

    return redan_tell(to, &fact);
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct redan_slice view = {0};
    char *copy = NULL;

    REDAN_TRY(redan_source_view(ctx, source, 0, 4096, &view));
    if (utf16(view))
        return read_utf16(ctx, source, utf16(view), to);
    REDAN_TRY(redan_text_template(ctx, source, name, to, true));
    for (uint64_t at = 0;;) {
        REDAN_TRY(redan_source_view(ctx, source, at, CHUNK, &view));
        if (view.len == 0)
            return REDAN_OK;
        if (!redan_text_like(view))
            return redan_tell_unread(to, REDAN_UNREAD_OPAQUE, at, 0,
                                     REDAN_S("bytes that are no text"));
        size_t len = view.len;
        if (at < CHUNKS_END) {
            if (!source->memory.at) { /* whoever listens may look at the source too */
                if (!copy)
                    copy = redan_take(ctx, CHUNK);
                if (!copy)
                    return REDAN_E_MEMORY;
                memcpy(copy, view.at, len);
                view.at = copy;
            }
            REDAN_TRY(tell_chunk(to, view, at));
            if (len == CHUNK)
                len -= OVERLAP;
        }
        at += len;
    }
}

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    if (utf16(probe->head) || redan_text_like(probe->head))
        return REDAN_SNIFF_MAYBE;
    return REDAN_SNIFF_NO;
}

const struct redan_format redan_format_text = {
    .name = "text",
    .title = "text",
    .extensions = extensions,
    .sniff = sniff,
    .read = read,
    .layered = true,
};
