/* The tokens of Jinja's expressions (jinja2/lexer.py), texts with their escapes decoded. */
#include <string.h>

#include "format/jinja_parts.h"

static bool name_start(char c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static int hex_value(char c)
{
    if (digit(c))
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void put(struct redan_jinja_pool *pool, struct redan_jinja_token *token, char c)
{
    if (pool->len == pool->cap) {
        token->unknown = true;
        return;
    }
    pool->at[pool->len++] = c;
}

static void put_code(struct redan_jinja_pool *pool, struct redan_jinja_token *token, uint32_t code)
{
    if (code < 0x80) {
        put(pool, token, (char)code);
    } else if (code < 0x800) {
        put(pool, token, (char)(0xc0 | code >> 6));
        put(pool, token, (char)(0x80 | (code & 0x3f)));
    } else {
        if (code >= 0x10000) {
            put(pool, token, (char)(0xf0 | (code >> 18 & 7)));
            put(pool, token, (char)(0x80 | (code >> 12 & 0x3f)));
        } else {
            put(pool, token, (char)(0xe0 | code >> 12));
        }
        put(pool, token, (char)(0x80 | (code >> 6 & 0x3f)));
        put(pool, token, (char)(0x80 | (code & 0x3f)));
    }
}

/* Names that stand for characters names are made of; any other is not known here. */
static void named_character(struct redan_slice text, size_t *at, struct redan_jinja_pool *pool,
                            struct redan_jinja_token *token)
{
    const char *close = memchr(text.at + *at, '}', redan_min_size(text.len - *at, 64));
    struct redan_slice name = {0};

    if (*at >= text.len || text.at[*at] != '{' || !close) {
        token->unknown = true;
        return;
    }
    name = redan_slice_sub(text, *at + 1, (size_t)(close - text.at) - *at - 1);
    *at = (size_t)(close - text.at) + 1;
    if (redan_slice_is(name, "LOW LINE"))
        put(pool, token, '_');
    else
        token->unknown = true;
}

/* Python's escapes, as "unicode-escape" decodes them; `*at` is after the backslash. */
static void escape(struct redan_slice text, size_t *at, struct redan_jinja_pool *pool,
                   struct redan_jinja_token *token)
{
    static const char simple[256] = {
        ['n'] = '\n', ['t'] = '\t', ['r'] = '\r', ['\\'] = '\\', ['\''] = '\'',
        ['"'] = '"',  ['a'] = '\a', ['b'] = '\b', ['f'] = '\f',  ['v'] = '\v'};
    char c = text.at[(*at)++];
    uint32_t code = 0;
    size_t most = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;

    if (simple[(unsigned char)c]) {
        put(pool, token, simple[(unsigned char)c]);
        return;
    }
    if (c == '\n')
        return;
    if (c == 'N') {
        named_character(text, at, pool, token);
        return;
    }
    if (c >= '0' && c <= '7') {
        code = (uint32_t)(c - '0');
        for (int i = 0; i < 2 && *at < text.len && text.at[*at] >= '0' && text.at[*at] <= '7'; i++)
            code = code * 8 + (uint32_t)(text.at[(*at)++] - '0');
        put_code(pool, token, code);
        return;
    }
    if (most == 0) {
        put(pool, token, '\\');
        put(pool, token, c);
        return;
    }
    for (size_t i = 0; i < most && *at < text.len && hex_value(text.at[*at]) >= 0; i++)
        code = code << 4 | (uint32_t)hex_value(text.at[(*at)++]);
    put_code(pool, token, code);
}

static void text_token(struct redan_slice text, size_t *at, struct redan_jinja_pool *pool,
                       struct redan_jinja_token *token)
{
    char quote = text.at[(*at)++];
    size_t begin = pool->len;
    size_t from = *at;

    token->kind = REDAN_JINJA_T_BAD; /* until its quote closes */
    while (*at < text.len && text.at[*at] != quote && text.at[*at] != '\\')
        (*at)++;
    if (*at < text.len && text.at[*at] == quote) { /* as it stands */
        token->kind = REDAN_JINJA_T_TEXT;
        token->text = redan_slice_sub(text, from, *at - from);
        (*at)++;
        return;
    }
    *at = from;
    while (*at < text.len && text.at[*at] != quote) {
        char c = text.at[(*at)++];
        if (c != '\\')
            put(pool, token, c);
        else if (*at < text.len)
            escape(text, at, pool, token);
    }
    if (*at < text.len) {
        (*at)++;
        token->kind = REDAN_JINJA_T_TEXT;
    }
    token->text = (struct redan_slice){pool->at + begin, pool->len - begin};
}

static void number_token(struct redan_slice text, size_t *at, struct redan_jinja_token *token)
{
    size_t from = *at;
    bool hex = text.at[from] == '0' && from + 1 < text.len && (text.at[from + 1] | 0x20) == 'x';

    token->kind = REDAN_JINJA_T_NUMBER;
    if (hex)
        *at += 2;
    while (*at < text.len &&
           (digit(text.at[*at]) || text.at[*at] == '_' || (hex && hex_value(text.at[*at]) >= 0))) {
        unsigned n = text.at[*at] == '_' ? 0 : (unsigned)hex_value(text.at[*at]);
        if (text.at[*at] != '_' && token->number < UINT64_MAX / 32)
            token->number = token->number * (hex ? 16 : 10) + n;
        (*at)++;
    }
    if (*at + 1 < text.len && text.at[*at] == '.' && digit(text.at[*at + 1])) {
        (*at)++;
        while (*at < text.len && (digit(text.at[*at]) || (text.at[*at] | 0x20) == 'e'))
            (*at)++;
    }
    token->text = redan_slice_sub(text, from, *at - from);
}

/* "%}", "-%}", "+%}" or "}}" at a place where it may end the block. */
static bool at_end(struct redan_slice rest, bool statement)
{
    struct redan_slice close = statement ? REDAN_S("%}") : REDAN_S("}}");

    if (rest.len && (rest.at[0] == '-' || (statement && rest.at[0] == '+')) &&
        redan_slice_starts(redan_slice_sub(rest, 1, SIZE_MAX), close))
        return true;
    return redan_slice_starts(rest, close);
}

struct redan_jinja_token redan_jinja_token_next(struct redan_slice text, size_t *at, size_t *open,
                                                bool statement, struct redan_jinja_pool *pool)
{
    static const char pairs[][3] = {"//", "**", "==", "!=", "<=", ">="};
    struct redan_jinja_token token = {.kind = REDAN_JINJA_T_END};

    while (*at < text.len && blank(text.at[*at]))
        (*at)++;
    token.offset = *at;
    struct redan_slice rest = redan_slice_sub(text, *at, SIZE_MAX);
    if (rest.len == 0 || (*open == 0 && at_end(rest, statement)))
        return token;
    char c = rest.at[0];
    if (c == '"' || c == '\'') {
        text_token(text, at, pool, &token);
        return token;
    }
    if (digit(c)) {
        number_token(text, at, &token);
        return token;
    }
    if (name_start(c)) {
        size_t len = 1;
        while (len < rest.len && (name_start(rest.at[len]) || digit(rest.at[len])))
            len++;
        token.kind = REDAN_JINJA_T_NAME;
        token.text = redan_slice_sub(rest, 0, len);
        *at += len;
        return token;
    }
    size_t len = 1;
    for (size_t i = 0; i < REDAN_COUNT(pairs); i++) {
        if (redan_slice_starts(rest, (struct redan_slice){pairs[i], 2}))
            len = 2;
    }
    token.kind =
        redan_char_among("+-/*%~[](){}=!<>.:|,;", c) ? REDAN_JINJA_T_PUNCT : REDAN_JINJA_T_BAD;
    token.text = redan_slice_sub(rest, 0, len);
    *at += len;
    if (c == '(' || c == '[' || c == '{')
        ++*open;
    else if ((c == ')' || c == ']' || c == '}') && *open)
        --*open;
    return token;
}
