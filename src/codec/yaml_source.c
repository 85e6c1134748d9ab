/* Refusing what no YAML text may hold before libyaml sees it, and keeping libyaml's marks and bytes together. */
#include "codec/yaml_source.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char tab_indent[] = "a tab is used as indentation; use spaces";
static const char directive[] = "a \"%\" directive is not allowed; remove the line";

static void place(struct redan_slice text, size_t offset, unsigned *line, unsigned *column)
{
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < offset && i < text.len; i++) {
        if (text.at[i] == '\n') {
            ++*line;
            *column = 1;
        } else if (((unsigned char)text.at[i] & 0xc0) != 0x80) {
            ++*column;
        }
    }
}

enum redan_status redan_yaml_source_fail(const struct redan_yaml_source *source, size_t offset,
                                         const char *format, ...)
{
    char text[REDAN_FAILURE_TEXT];
    unsigned line = 0;
    unsigned column = 0;
    va_list args;

    place(source->text, offset, &line, &column);
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return redan_fail_at(source->ctx, REDAN_E_SYNTAX, line, column, "%s", text);
}

bool redan_yaml_control(struct redan_slice text, uint32_t *code)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f) {
            *code = c;
            return true;
        }
        if (c == 0xc2 && i + 1 < text.len && (unsigned char)text.at[i + 1] < 0xa0) {
            *code = (unsigned char)text.at[i + 1]; /* U+0080 to U+009F */
            return true;
        }
    }
    return false;
}

/* A character over U+007F that libyaml would take for something else than text. */
static enum redan_status check_wide(const struct redan_yaml_source *source, size_t at,
                                    uint32_t code)
{
    if (code < 0xa0)
        return redan_yaml_source_fail(
            source, at, "control character U+%04X is not allowed; remove it", (unsigned)code);
    if (code == 0xfeff)
        return redan_yaml_source_fail(source, at,
                                      "a byte order mark (U+FEFF) is not allowed; save the file as "
                                      "UTF-8 without one");
    if (code == 0x2028 || code == 0x2029)
        return redan_yaml_source_fail(source, at,
                                      "line separator U+%04X is not allowed; write \\u%04X in "
                                      "double quotes if it is needed",
                                      (unsigned)code, (unsigned)code);
    if (code == 0xfffe || code == 0xffff)
        return redan_yaml_source_fail(source, at, "U+%04X is not a character; remove it",
                                      (unsigned)code);
    return REDAN_OK;
}

static enum redan_status check_low(const struct redan_yaml_source *source, size_t at)
{
    struct redan_slice text = source->text;
    char c = text.at[at];

    if (c == '\n' || c == '\t' || (c == '\r' && at + 1 < text.len && text.at[at + 1] == '\n'))
        return REDAN_OK;
    if (c == '\r')
        return redan_yaml_source_fail(source, at,
                                      "a carriage return without a line feed is not allowed; end "
                                      "lines with LF or CR LF");
    if (c == '\0')
        return redan_yaml_source_fail(source, at,
                                      "a NUL byte is not allowed; save the file as "
                                      "UTF-8 text");
    return redan_yaml_source_fail(source, at, "control character U+%04X is not allowed; remove it",
                                  (unsigned)(unsigned char)c);
}

static enum redan_status check_characters(struct redan_yaml_source *source)
{
    struct redan_slice text = source->text;

    source->ascii = true;
    for (size_t i = 0; i < text.len;) {
        unsigned char c = (unsigned char)text.at[i];
        uint32_t code = 0;
        if (c >= 0x20 && c < 0x7f) {
            i++;
        } else if (c < 0x80) {
            REDAN_TRY(check_low(source, i));
            i++;
        } else {
            size_t len = redan_utf8_decode(text, i, &code);
            if (len == 0)
                return redan_yaml_source_fail(source, i,
                                              "byte 0x%02x is not UTF-8; save the file "
                                              "as UTF-8",
                                              (unsigned)c);
            REDAN_TRY(check_wide(source, i, code));
            source->ascii = false;
            i += len;
        }
    }
    return REDAN_OK;
}

/* The offset of the next line's first byte. */
static size_t line_after(struct redan_slice text, size_t at)
{
    const char *hit = at < text.len ? memchr(text.at + at, '\n', text.len - at) : NULL;

    return hit ? (size_t)(hit - text.at) + 1 : text.len;
}

static size_t blanks_end(struct redan_slice text, size_t at)
{
    while (at < text.len && (text.at[at] == ' ' || text.at[at] == '\t' || text.at[at] == '\r'))
        at++;
    return at;
}

/* Directives come before any content. libyaml compares every %TAG with all the others, so that it must not see them. */
static enum redan_status check_directives(const struct redan_yaml_source *source)
{
    struct redan_slice text = source->text;

    for (size_t i = 0; i < text.len; i = line_after(text, i)) {
        if (text.at[i] == '%')
            return redan_yaml_source_fail(source, i, "%s", directive);
        size_t mark = blanks_end(text, i);
        if (mark < text.len && text.at[mark] != '\n' && text.at[mark] != '#')
            break;
    }
    return REDAN_OK;
}

enum redan_status redan_yaml_source_rest(const struct redan_yaml_source *source, size_t from)
{
    struct redan_slice text = source->text;

    for (size_t i = from; i < text.len; i = line_after(text, i)) {
        size_t mark = blanks_end(text, i);
        struct redan_slice rest = redan_slice_sub(text, mark, SIZE_MAX);
        if (rest.len == 0 || rest.at[0] == '\n' || rest.at[0] == '#')
            continue;
        if (rest.at[0] == '%')
            return redan_yaml_source_fail(source, mark, "%s", directive);
        if (mark == i && redan_slice_starts(rest, REDAN_S("..."))) {
            size_t after = blanks_end(text, mark + 3);
            if (after >= text.len || text.at[after] == '\n' || text.at[after] == '#')
                continue;
        }
        return redan_yaml_source_fail(source, mark,
                                      "a second document begins here; keep one document in a file");
    }
    return REDAN_OK;
}

enum redan_status redan_yaml_source_init(struct redan_yaml_source *source, struct redan_ctx *ctx,
                                         struct redan_slice text)
{
    *source = (struct redan_yaml_source){.ctx = ctx, .text = text};
    if (text.len > ctx->limits.yaml)
        return redan_fail(ctx, REDAN_E_LIMIT, ctx->limits.yaml,
                          "the document has %zu bytes, more than %zu; split it", text.len,
                          ctx->limits.yaml);
    REDAN_TRY(check_characters(source));
    REDAN_TRY(check_directives(source));
    if (!yaml_parser_initialize(&source->parser))
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for the YAML parser");
    source->ready = true;
    yaml_parser_set_encoding(&source->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&source->parser, (const unsigned char *)(text.len ? text.at : ""),
                                 text.len);
    return REDAN_OK;
}

void redan_yaml_source_done(struct redan_yaml_source *source)
{
    if (source->ready)
        yaml_parser_delete(&source->parser);
    source->ready = false;
}

size_t redan_yaml_source_offset(struct redan_yaml_source *source, const yaml_mark_t *mark)
{
    struct redan_slice text = source->text;

    if (source->ascii)
        return redan_min_size(mark->index, text.len);
    while (source->chars < mark->index && source->bytes < text.len) {
        do
            source->bytes++;
        while (source->bytes < text.len && ((unsigned char)text.at[source->bytes] & 0xc0) == 0x80);
        source->chars++;
    }
    while (source->chars > mark->index && source->bytes > 0) {
        do
            source->bytes--;
        while (source->bytes > 0 && ((unsigned char)text.at[source->bytes] & 0xc0) == 0x80);
        source->chars--;
    }
    return source->bytes;
}

struct redan_yaml_gap redan_yaml_source_gap(const struct redan_yaml_source *source, size_t from,
                                            size_t to)
{
    struct redan_yaml_gap gap = {SIZE_MAX, SIZE_MAX, SIZE_MAX};
    struct redan_slice text = redan_slice_sub(source->text, 0, to);
    bool indent = from == 0 || (from <= text.len && text.at[from - 1] == '\n');
    size_t tab = SIZE_MAX;

    for (size_t i = from; i < text.len; i++) {
        char c = text.at[i];
        if (c == '\n' || c == '#') {
            if (c == '#')
                i = line_after(text, i) - 1;
            indent = true;
            tab = SIZE_MAX;
        } else if (c == '\t' && indent && tab == SIZE_MAX) {
            tab = i;
        } else if (c != ' ' && c != '\t' && c != '\r') {
            if (c == ':' && gap.colon == SIZE_MAX)
                gap.colon = i;
            if (c == '?' && gap.question == SIZE_MAX)
                gap.question = i;
            if (gap.tab == SIZE_MAX)
                gap.tab = tab;
            indent = false;
        }
    }
    if (gap.tab == SIZE_MAX)
        gap.tab = tab; /* what follows is the next event */
    return gap;
}

/* libyaml's complaint in our words. `begin`: the place is where the thing begins, not where libyaml gave up. */
struct complaint {
    const char *problem;
    const char *text;
    bool begin;
};

static const struct complaint complaints[] = {
    {"mapping values are not allowed in this context",
     "a \":\" is not allowed here; put a text that holds \": \" in quotes, or correct the "
     "indentation",
     false},
    {"could not find expected ':'",
     "a key without \":\"; write \"key: value\", or indent the text under its key", true},
    {"did not find expected key",
     "this line does not continue the map; align it with the map's keys, or put the text before it "
     "in quotes",
     false},
    {"did not find expected '-' indicator",
     "this line does not continue the list; begin it with \"- \" in the column of the other items",
     false},
    {"did not find expected ',' or ']'", "a list in brackets is not continued; add \",\" or \"]\"",
     false},
    {"did not find expected ',' or '}'", "a map in braces is not continued; add \",\" or \"}\"",
     false},
    {"did not find expected node content",
     "a value is missing; write one, or remove what asks for "
     "it",
     false},
    {"block sequence entries are not allowed in this context",
     "a \"- \" is not allowed here; begin the list on a line of its own", false},
    {"mapping keys are not allowed in this context",
     "an explicit key (\"? \") is not allowed; write \"key: value\"", false},
    {"found unexpected end of stream", "a quoted text is not closed; add the closing quote", true},
    {"found unexpected document indicator",
     "a document marker inside a quoted text; close the quote", false},
    {"found unknown escape character",
     "an unknown escape in double quotes; write \\\\ for a backslash, or use single quotes", false},
    {"did not find expected hexdecimal number",
     "an escape without its hexadecimal digits; write \\xNN, \\uNNNN or \\UNNNNNNNN", false},
    {"found invalid Unicode character escape code",
     "an escape that is not a character; write a code point from 0 to D7FF or E000 to 10FFFF",
     false},
    {"found a tab character where an indentation space is expected", tab_indent, false},
    {"found a tab character that violates indentation", tab_indent, false},
    {"found an indentation indicator equal to 0", "a block text with indentation 0; write 1 to 9",
     false},
    {"did not find expected comment or line break",
     "a block text begins on the line after \"|\" or \">\"; move it there", false},
    {"found undefined tag handle", "a tag is not allowed; remove it", false},
    {"found unexpected ':'", "a \":\" is not allowed here; put a text that holds \":\" in quotes",
     false},
};

static enum redan_status translate(struct redan_yaml_source *source)
{
    const yaml_parser_t *parser = &source->parser;
    const char *problem = parser->problem ? parser->problem : "";
    const char *context = parser->context ? parser->context : "";
    const yaml_mark_t *mark = &parser->problem_mark;
    size_t at = redan_yaml_source_offset(source, mark);
    char c = at < source->text.len ? source->text.at[at] : '\0';
    char said[160];

    (void)snprintf(said, sizeof(said), "%s; correct the text here", problem);
    const char *text = said;
    if (strcmp(problem, "found character that cannot start any token") == 0) {
        (void)snprintf(said, sizeof(said), "a value may not begin with \"%c\"; put it in quotes",
                       c);
        text = c == '\t' ? tab_indent : said;
    } else if (strstr(context, "directive")) {
        text = directive;
        mark = &parser->context_mark;
    } else if (strstr(context, " tag")) {
        text = "a tag is not allowed; remove it";
        mark = &parser->context_mark;
    } else if (strstr(context, "anchor") || strstr(context, "alias")) {
        text = "an anchor or alias is not allowed; put a text that begins with \"&\" or \"*\" in "
               "quotes";
        mark = &parser->context_mark;
    } else {
        for (size_t i = 0; i < REDAN_COUNT(complaints); i++) {
            if (strcmp(problem, complaints[i].problem) == 0) {
                text = complaints[i].text;
                mark = complaints[i].begin ? &parser->context_mark : mark;
            }
        }
    }
    return redan_fail_at(source->ctx, REDAN_E_SYNTAX, (unsigned)mark->line + 1,
                         (unsigned)mark->column + 1, "%s", text);
}

enum redan_status redan_yaml_source_next(struct redan_yaml_source *source, yaml_event_t *event)
{
    if (yaml_parser_parse(&source->parser, event))
        return REDAN_OK;
    if (source->parser.error == YAML_MEMORY_ERROR)
        return redan_fail(source->ctx, REDAN_E_MEMORY, 0, "no memory for the YAML parser");
    return translate(source);
}
