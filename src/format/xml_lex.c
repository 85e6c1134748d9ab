/* The lexer of XML: byte by byte through a window, with what is kept of every token bounded. */
#include "format/xml_lex.h"

#include <string.h>

enum { WINDOW = 64 << 10, NONE = -1 };

void redan_xml_lex_init(struct redan_xml_lex *lex, struct redan_ctx *ctx,
                        struct redan_source *source)
{
    struct redan_slice head = {0};

    *lex = (struct redan_xml_lex){.ctx = ctx, .source = source};
    redan_buf_init(&lex->text, ctx, REDAN_XML_TEXT);
    lex->status = redan_source_view(ctx, source, 0, 4, &head);
    if (lex->status != REDAN_OK)
        return;
    bool big =
        head.len >= 2 && (memcmp(head.at, "\xFE\xFF", 2) == 0 || memcmp(head.at, "\0<", 2) == 0);
    bool little =
        head.len >= 2 && (memcmp(head.at, "\xFF\xFE", 2) == 0 || memcmp(head.at, "<\0", 2) == 0);
    lex->wide = big || little;
    lex->big = big;
    if (lex->wide && head.at[0] != '<' && head.at[0] != '\0')
        lex->pos = 2;
    if (head.len >= 3 && memcmp(head.at, "\xEF\xBB\xBF", 3) == 0)
        lex->pos = 3;
}

void redan_xml_lex_done(struct redan_xml_lex *lex)
{
    redan_buf_done(&lex->text);
}

struct redan_slice redan_xml_name(const struct redan_xml_lex *lex)
{
    return (struct redan_slice){lex->name, lex->name_len};
}

struct redan_slice redan_xml_value(const struct redan_xml_lex *lex)
{
    return (struct redan_slice){lex->value, lex->value_len};
}

struct redan_slice redan_xml_local(struct redan_slice name)
{
    struct redan_slice prefix;
    struct redan_slice local;

    return redan_slice_cut(name, ':', &prefix, &local) ? local : name;
}

/* The byte at an offset, or NONE. */
static int byte_at(struct redan_xml_lex *lex, uint64_t at)
{
    if (!(lex->near.len && lex->near_turn == lex->source->turn && at >= lex->near_at &&
          at - lex->near_at < lex->near.len)) {
        if (lex->status != REDAN_OK)
            return NONE;
        lex->status = redan_source_view(lex->ctx, lex->source, at, WINDOW, &lex->near);
        lex->near_at = at;
        lex->near_turn = lex->source->turn;
        if (lex->status != REDAN_OK || lex->near.len == 0) {
            lex->near.len = 0;
            return NONE;
        }
    }
    return (unsigned char)lex->near.at[at - lex->near_at];
}

/* The character `ahead` of the next, as ASCII; others of UTF-16 are one that means nothing here. */
static int peek(struct redan_xml_lex *lex, unsigned ahead)
{
    if (!lex->wide)
        return byte_at(lex, lex->pos + ahead);
    int first = byte_at(lex, lex->pos + 2 * (uint64_t)ahead);
    int second = byte_at(lex, lex->pos + 2 * (uint64_t)ahead + 1);
    if (first == NONE || second == NONE)
        return NONE;
    int high = lex->big ? first : second;
    int low = lex->big ? second : first;
    return high ? 0x80 : low;
}

static int get(struct redan_xml_lex *lex)
{
    int c = peek(lex, 0);

    if (c != NONE)
        lex->pos += lex->wide ? 2 : 1;
    return c;
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(struct redan_xml_lex *lex)
{
    while (is_blank(peek(lex, 0)))
        (void)get(lex);
}

static bool take(struct redan_xml_lex *lex, const char *word)
{
    size_t len = strlen(word);

    for (unsigned i = 0; i < len; i++) {
        if (peek(lex, i) != (unsigned char)word[i])
            return false;
    }
    lex->pos += len * (lex->wide ? 2 : 1);
    return true;
}

static void add_value(struct redan_xml_lex *lex, int c)
{
    if (lex->value_len < sizeof(lex->value))
        lex->value[lex->value_len++] = (char)c;
}

static void take_name(struct redan_xml_lex *lex)
{
    lex->name_len = 0;
    for (;;) {
        int c = peek(lex, 0);
        if (c == NONE || is_blank(c) || redan_char_among("/>=?[]\"'<&;", c))
            return;
        if (lex->name_len < sizeof(lex->name))
            lex->name[lex->name_len++] = (char)c;
        (void)get(lex);
    }
}

/* Everything up to `stop`, kept as the value. */
static void take_until(struct redan_xml_lex *lex, const char *stop)
{
    lex->value_len = 0;
    while (!take(lex, stop)) {
        int c = get(lex);
        if (c == NONE) {
            lex->cut = true;
            return;
        }
        add_value(lex, c);
    }
}

/* A text in quotes, added to the value; false when none stands there. */
static bool take_literal(struct redan_xml_lex *lex)
{
    int quote = peek(lex, 0);

    if (quote != '"' && quote != '\'')
        return false;
    (void)get(lex);
    for (;;) {
        int c = get(lex);
        if (c == NONE)
            lex->cut = true;
        if (c == NONE || c == quote)
            return true;
        add_value(lex, c);
    }
}

/* SYSTEM "where" or PUBLIC "what" "where": the place is kept. */
static bool take_identifier(struct redan_xml_lex *lex)
{
    bool public = take(lex, "PUBLIC");

    if (!public && !take(lex, "SYSTEM"))
        return false;
    skip_blanks(lex);
    (void)take_literal(lex);
    skip_blanks(lex);
    if (public) {
        size_t first = lex->value_len;
        lex->value_len = 0;
        if (!take_literal(lex))
            lex->value_len = first;
    }
    return true;
}

/* To the end of a declaration; quotes may hold its mark. */
static void skip_declaration(struct redan_xml_lex *lex)
{
    size_t len = lex->value_len;

    for (;;) {
        if (take_literal(lex))
            continue;
        int c = get(lex);
        lex->cut = lex->cut || c == NONE;
        if (c == NONE || c == '>')
            break;
    }
    lex->value_len = len;
}

static enum redan_xml_token doctype(struct redan_xml_lex *lex)
{
    skip_blanks(lex);
    take_name(lex);
    skip_blanks(lex);
    lex->value_len = 0;
    (void)take_identifier(lex);
    skip_blanks(lex);
    if (take(lex, "["))
        lex->in_doctype = true;
    else
        skip_declaration(lex);
    return REDAN_XML_DOCTYPE;
}

static enum redan_xml_token entity(struct redan_xml_lex *lex)
{
    skip_blanks(lex);
    lex->parameter = take(lex, "%");
    skip_blanks(lex);
    take_name(lex);
    skip_blanks(lex);
    lex->value_len = 0;
    lex->outside = take_identifier(lex);
    if (!lex->outside)
        (void)take_literal(lex);
    skip_declaration(lex);
    return REDAN_XML_ENTITY;
}

/* Within the brackets of a document type; false when they are closed. */
static bool in_doctype(struct redan_xml_lex *lex, enum redan_xml_token *token)
{
    for (;;) {
        skip_blanks(lex);
        lex->at = lex->pos;
        if (take(lex, "<!ENTITY")) {
            *token = entity(lex);
            return true;
        }
        if (take(lex, "<!--"))
            take_until(lex, "-->");
        else if (take(lex, "<?"))
            take_until(lex, "?>");
        else if (take(lex, "<"))
            skip_declaration(lex);
        else if (take(lex, "]")) {
            lex->in_doctype = false;
            skip_declaration(lex);
            return false;
        } else if (get(lex) == NONE) {
            lex->cut = true;
            lex->in_doctype = false;
            return false;
        }
    }
}

/* Within a start tag. */
static enum redan_xml_token in_tag(struct redan_xml_lex *lex)
{
    for (;;) {
        skip_blanks(lex);
        lex->at = lex->pos;
        lex->empty = take(lex, "/>");
        if (lex->empty || take(lex, ">")) {
            lex->in_tag = false;
            return REDAN_XML_START_DONE;
        }
        if (peek(lex, 0) == '<' || peek(lex, 0) == NONE) { /* never closed */
            lex->cut = lex->cut || peek(lex, 0) == NONE;
            lex->in_tag = false;
            return REDAN_XML_START_DONE;
        }
        take_name(lex);
        if (lex->name_len == 0) {
            (void)get(lex); /* a stray mark */
            continue;
        }
        skip_blanks(lex);
        lex->value_len = 0;
        if (take(lex, "=")) {
            skip_blanks(lex);
            (void)take_literal(lex);
        }
        return REDAN_XML_ATTRIBUTE;
    }
}

/* A piece of text up to the next mark, or of as much as is kept. */
static enum redan_xml_token characters(struct redan_xml_lex *lex, const char *stop)
{
    redan_buf_clear(&lex->text);
    while (lex->text.len < REDAN_XML_TEXT) {
        if (stop && take(lex, stop))
            break;
        int c = peek(lex, 0);
        if (c == NONE || (!stop && c == '<'))
            break;
        redan_buf_char(&lex->text, (char)c);
        (void)get(lex);
    }
    enum redan_status status = redan_buf_ok(lex->ctx, &lex->text, "the text of an element");
    if (status != REDAN_OK && lex->status == REDAN_OK)
        lex->status = status;
    return REDAN_XML_CHARACTERS;
}

static enum redan_xml_token mark(struct redan_xml_lex *lex, bool *again)
{
    *again = false;
    if (take(lex, "<!--")) {
        take_until(lex, "-->");
        *again = true;
    } else if (take(lex, "<![CDATA[")) {
        return characters(lex, "]]>");
    } else if (take(lex, "<?")) {
        take_name(lex);
        skip_blanks(lex);
        take_until(lex, "?>");
        return REDAN_XML_INSTRUCTION;
    } else if (take(lex, "<!DOCTYPE")) {
        return doctype(lex);
    } else if (take(lex, "<!")) {
        skip_declaration(lex);
        *again = true;
    } else if (take(lex, "</")) {
        take_name(lex);
        skip_declaration(lex);
        return REDAN_XML_CLOSE;
    } else {
        (void)get(lex);
        take_name(lex);
        lex->in_tag = true;
        return REDAN_XML_START;
    }
    return REDAN_XML_END;
}

enum redan_xml_token redan_xml_lex_next(struct redan_xml_lex *lex)
{
    enum redan_xml_token token = REDAN_XML_END;

    for (;;) {
        bool again = false;

        lex->at = lex->pos;
        if (lex->in_tag)
            return in_tag(lex);
        if (lex->in_doctype) {
            if (in_doctype(lex, &token))
                return token;
            continue;
        }
        int c = peek(lex, 0);
        if (c == NONE)
            return REDAN_XML_END;
        if (c != '<')
            return characters(lex, NULL);
        token = mark(lex, &again);
        if (!again)
            return token;
    }
}
