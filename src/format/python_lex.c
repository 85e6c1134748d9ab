/* The tokens of Python (reference 2): logical lines, indentation, texts with their prefixes. */
#include <string.h>

#include "format/python.h"

static bool name_start(char c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool starts(const struct redan_python_lex *lex, size_t at, const char *with, size_t len)
{
    return lex->text.len - at >= len && memcmp(lex->text.at + at, with, len) == 0;
}

/* Past blanks, comments and joined lines; true when a logical line ended on the way. */
static bool blanks(struct redan_python_lex *lex)
{
    while (lex->at < lex->text.len) {
        char c = lex->text.at[lex->at];
        if (c == ' ' || c == '\t' || c == '\f') {
            lex->at++;
        } else if (c == '\\' &&
                   (starts(lex, lex->at + 1, "\n", 1) || starts(lex, lex->at + 1, "\r\n", 2))) {
            lex->at += lex->text.at[lex->at + 1] == '\r' ? 3 : 2;
        } else if (c == '#') {
            const char *end = memchr(lex->text.at + lex->at, '\n', lex->text.len - lex->at);
            lex->at = end ? (size_t)(end - lex->text.at) : lex->text.len;
        } else if (c == '\n' || c == '\r') {
            lex->at++;
            if (lex->begun && lex->brackets == 0)
                return true;
        } else {
            return false;
        }
    }
    return false;
}

/* The column of the first thing on this line, tabs to the next multiple of eight. */
static uint64_t column(const struct redan_python_lex *lex)
{
    size_t from = lex->at;
    uint64_t col = 0;

    while (from > 0 && lex->text.at[from - 1] != '\n' && lex->text.at[from - 1] != '\r')
        from--;
    for (; from < lex->at; from++)
        col = lex->text.at[from] == '\t' ? (col / 8 + 1) * 8 : col + 1;
    return col;
}

/* The length of a text's prefix with its quote, or 0 when no text begins here. */
static size_t prefix(const struct redan_python_lex *lex, struct redan_python_token *token)
{
    size_t n = 0;

    for (; n < 3 && lex->at + n < lex->text.len; n++) {
        char c = (char)(lex->text.at[lex->at + n] | 0x20);
        if (lex->text.at[lex->at + n] == '"' || lex->text.at[lex->at + n] == '\'')
            return n + 1;
        if (c == 'r')
            token->raw = true;
        else if (c == 'f' || c == 't')
            token->format = true;
        else if (c == 'b')
            token->bytes = true;
        else if (c != 'u')
            return 0;
    }
    return 0;
}

static void text_token(struct redan_python_lex *lex, struct redan_python_token *token, size_t len)
{
    size_t quote_at = lex->at + len - 1;
    char quote = lex->text.at[quote_at];
    char three[3] = {quote, quote, quote};
    bool triple = starts(lex, quote_at, three, 3);
    size_t from = quote_at + (triple ? 3 : 1);
    size_t at = from;

    token->kind = REDAN_PY_TEXT;
    for (; at < lex->text.len; at++) {
        char c = lex->text.at[at];
        if (c == '\\')
            at++;
        else if (triple ? starts(lex, at, three, 3) : c == quote || c == '\n')
            break;
    }
    if (at >= lex->text.len) {
        at = lex->text.len;
        lex->broken = true;
    }
    token->text = redan_slice_sub(lex->text, from, at - from);
    lex->at = at;
    if (lex->at < lex->text.len && lex->text.at[lex->at] == quote)
        lex->at += triple ? 3 : 1;
}

static void number_token(struct redan_python_lex *lex, struct redan_python_token *token)
{
    size_t from = lex->at;
    bool hex = starts(lex, from, "0x", 2) || starts(lex, from, "0X", 2);

    token->kind = REDAN_PY_NUMBER;
    lex->at += hex ? 2 : 0;
    for (; lex->at < lex->text.len; lex->at++) {
        char c = lex->text.at[lex->at];
        char low = (char)(c | 0x20);
        if (digit(c) && token->number < UINT64_MAX / 32)
            token->number = token->number * (hex ? 16 : 10) + (uint64_t)(c - '0');
        else if (hex && low >= 'a' && low <= 'f' && token->number < UINT64_MAX / 32)
            token->number = token->number * 16 + (uint64_t)(low - 'a' + 10);
        else if (!digit(c) && c != '_' && c != '.' && !name_start(c))
            break;
    }
    token->text = redan_slice_sub(lex->text, from, lex->at - from);
}

struct redan_python_token redan_python_next(struct redan_python_lex *lex)
{
    static const char twos[][3] = {"**", "//", "==", "!=", "<=", ">=", "->", ":=", "+=",
                                   "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>"};
    struct redan_python_token token = {.kind = REDAN_PY_END};

    if (blanks(lex)) {
        lex->begun = false;
        token.kind = REDAN_PY_LINE;
        token.offset = lex->at;
        return token;
    }
    token.offset = lex->at;
    if (lex->at >= lex->text.len)
        return token;
    if (!lex->begun) {
        lex->begun = true;
        token.kind = REDAN_PY_INDENT;
        token.number = column(lex);
        return token;
    }
    char c = lex->text.at[lex->at];
    size_t len = prefix(lex, &token);
    if (len) {
        text_token(lex, &token, len);
        return token;
    }
    token.raw = token.format = token.bytes = false;
    if (digit(c)) {
        number_token(lex, &token);
        return token;
    }
    len = 1;
    if (name_start(c)) {
        while (lex->at + len < lex->text.len &&
               (name_start(lex->text.at[lex->at + len]) || digit(lex->text.at[lex->at + len])))
            len++;
        token.kind = REDAN_PY_NAME;
    } else {
        token.kind = REDAN_PY_PUNCT;
        for (size_t i = 0; i < REDAN_COUNT(twos); i++) {
            if (starts(lex, lex->at, twos[i], 2))
                len = 2;
        }
        if (c == '(' || c == '[' || c == '{')
            lex->brackets++;
        else if ((c == ')' || c == ']' || c == '}') && lex->brackets)
            lex->brackets--;
    }
    token.text = redan_slice_sub(lex->text, lex->at, len);
    lex->at += len;
    return token;
}
