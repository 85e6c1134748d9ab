/* JSON documents of any size, and files of several: every map, template and short text, and no tree. */
#include <string.h>

#include "format/document.h"
#include "format/format_table.h"
#include "format/json_lex.h"
#include "format/text.h"

static const char *const extensions[] = {".json", ".jsonl", ".ndjson", NULL};
static const char *const defects[] = {"json-duplicate-key", NULL};

enum want {
    VALUE,
    VALUE_OR_END, /* after [ */
    KEY,          /* after , in a map */
    KEY_OR_END,   /* after { */
    COLON,
    COMMA_OR_END,
    ROOT, /* between documents */
};

struct reader {
    struct redan_json_lex lex;
    struct redan_document doc;
    const struct redan_listener *to;
    enum want want;
    uint64_t documents;
};

static void reader_done(struct reader *r)
{
    redan_json_lex_done(&r->lex);
    redan_document_done(&r->doc);
}

static enum redan_status broken(struct reader *r, const char *what)
{
    return redan_fail(r->lex.ctx, REDAN_E_SYNTAX, r->lex.offset, "%s in JSON", what);
}

static void after_value(struct reader *r)
{
    r->want = r->doc.depth ? COMMA_OR_END : ROOT;
    r->documents += r->doc.depth == 0;
    r->doc.records |= r->doc.depth == 0; /* lines that follow are rows of data */
}

static enum redan_status close(struct reader *r)
{
    REDAN_TRY(redan_document_end(&r->doc));
    after_value(r);
    return REDAN_OK;
}

static enum redan_status begin(struct reader *r, bool map)
{
    if (r->doc.depth == 0)
        r->doc.records = r->documents > 0 || !map;
    REDAN_TRY(redan_document_begin(&r->doc, map, (struct redan_slice){0}, r->lex.offset));
    r->want = map ? KEY_OR_END : VALUE_OR_END;
    return REDAN_OK;
}

static enum redan_status value(struct reader *r, enum redan_json_lexeme lexeme)
{
    static const enum redan_entry_kind kinds[] = {
        [REDAN_LEX_TEXT] = REDAN_ENTRY_TEXT, [REDAN_LEX_NUMBER] = REDAN_ENTRY_NUMBER,
        [REDAN_LEX_TRUE] = REDAN_ENTRY_BOOL, [REDAN_LEX_FALSE] = REDAN_ENTRY_BOOL,
        [REDAN_LEX_NULL] = REDAN_ENTRY_NULL,
    };
    struct redan_document_value v = {.offset = r->lex.offset};

    if (lexeme == REDAN_LEX_PUNCT && (r->lex.punct == '{' || r->lex.punct == '['))
        return begin(r, r->lex.punct == '{');
    if (lexeme == REDAN_LEX_PUNCT || lexeme == REDAN_LEX_END || lexeme == REDAN_LEX_BAD)
        return broken(r, "no value where one belongs");
    v.kind = kinds[lexeme];
    v.truth = lexeme == REDAN_LEX_TRUE;
    if (lexeme == REDAN_LEX_TEXT || lexeme == REDAN_LEX_NUMBER) {
        v.text = r->lex.value;
        v.length = r->lex.length;
        v.hidden = r->lex.hidden;
    }
    REDAN_TRY(redan_document_value(&r->doc, &v));
    after_value(r);
    return REDAN_OK;
}

static enum redan_status step(struct reader *r, enum redan_json_lexeme lexeme)
{
    char punct = lexeme == REDAN_LEX_PUNCT ? r->lex.punct : 0;

    switch (r->want) {
    case ROOT:
    case VALUE:
        return value(r, lexeme);
    case VALUE_OR_END:
        return punct == ']' ? close(r) : value(r, lexeme);
    case KEY_OR_END:
    case KEY:
        if (punct == '}' && r->want == KEY_OR_END)
            return close(r);
        if (lexeme != REDAN_LEX_TEXT)
            return broken(r, "no key where one belongs");
        r->want = COLON;
        return redan_document_key(&r->doc, r->lex.value, r->lex.offset);
    case COLON:
        if (punct != ':')
            return broken(r, "no colon after a key");
        r->want = VALUE;
        return REDAN_OK;
    case COMMA_OR_END:
        break;
    }
    bool map = redan_document_in_map(&r->doc);
    if (punct == (map ? '}' : ']'))
        return close(r);
    if (punct != ',')
        return broken(r, "no comma where one belongs");
    r->want = map ? KEY : VALUE;
    return REDAN_OK;
}

static enum redan_status read_all(struct reader *r)
{
    for (;;) {
        enum redan_json_lexeme lexeme = REDAN_LEX_BAD;
        REDAN_TRY(redan_json_lex_next(&r->lex, &lexeme));
        if (lexeme == REDAN_LEX_END && r->want == ROOT && r->documents > 0)
            return REDAN_OK;
        REDAN_TRY(step(r, lexeme));
    }
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct reader r REDAN_DEFER(reader_done) = {.to = to, .want = ROOT};

    redan_json_lex_init(&r.lex, ctx, source, REDAN_DOCUMENT_TEMPLATE);
    redan_document_init(&r.doc, ctx, to);
    r.doc.twice = "json-duplicate-key";
    enum redan_status status = read_all(&r);
    if (status != REDAN_OK && status != REDAN_E_SYNTAX)
        return status;
    /* what a template loader makes of the same bytes */
    REDAN_TRY(redan_text_template(ctx, source, name, to, status != REDAN_OK));
    return status;
}

/* The first tokens: 2 when they cannot come about by chance, 1 when they fit; of a document that is longer, also when they are cut. */
static int first_tokens(struct redan_json_lex *lex, bool longer)
{
    enum redan_json_lexeme lexeme = REDAN_LEX_BAD;

    if (redan_json_lex_next(lex, &lexeme) != REDAN_OK)
        return 0;
    if (lexeme == REDAN_LEX_END)
        return longer; /* a comment */
    if (lexeme != REDAN_LEX_PUNCT)
        return 0;
    char open = lex->punct;
    if ((open != '{' && open != '[') || redan_json_lex_next(lex, &lexeme) != REDAN_OK)
        return 0;
    if (longer && lex->at == lex->end)
        return 1;
    if (open == '[')
        return lexeme != REDAN_LEX_BAD && lexeme != REDAN_LEX_END &&
               (lexeme != REDAN_LEX_PUNCT || lex->punct == '{' || lex->punct == '[' ||
                lex->punct == ']');
    if (lexeme == REDAN_LEX_PUNCT)
        return lex->punct == '}';
    if (lexeme != REDAN_LEX_TEXT || redan_json_lex_next(lex, &lexeme) != REDAN_OK)
        return 0;
    if (longer && lex->at == lex->end && lexeme != REDAN_LEX_PUNCT)
        return 1;
    return lexeme == REDAN_LEX_PUNCT && lex->punct == ':' ? 2 : 0;
}

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    struct redan_source head;
    struct redan_json_lex lex REDAN_DEFER(redan_json_lex_done);
    size_t at = 0;

    lex.ctx = NULL;
    while (at < probe->head.len && redan_char_among(" \t\r\n\xef\xbb\xbf", probe->head.at[at]))
        at++;
    bool longer = probe->source->size > probe->head.len;
    if (at == probe->head.len)
        return longer ? REDAN_SNIFF_MAYBE : REDAN_SNIFF_NO; /* blanks may stand before any */
    if (!redan_char_among("{[/", probe->head.at[at]))
        return REDAN_SNIFF_NO;
    redan_source_memory(&head, probe->head);
    redan_json_lex_init(&lex, probe->ctx, &head, 4096);
    int sure = first_tokens(&lex, longer);
    redan_source_done(&head);
    return sure == 2 ? REDAN_SNIFF_YES : sure == 1 ? REDAN_SNIFF_MAYBE : REDAN_SNIFF_NO;
}

const struct redan_format redan_format_json = {
    .name = "json",
    .title = "JSON document",
    .extensions = extensions,
    .sniff = sniff,
    .read = read,
    .defects = defects,
    .layered = true,
};
