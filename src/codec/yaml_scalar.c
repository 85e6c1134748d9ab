/* Writing a scalar so that it reads back as the same text, here and in other YAML readers. */
#include "base/buf.h"
#include "base/utf8.h"
#include "codec/yaml.h"

#include <strings.h>

/* Words that other readers take for a bool or for nothing (YAML 1.1). */
static bool is_reserved(struct redan_slice text)
{
    static const char *const words[] = {"true", "false", "null", "yes", "no",
                                        "on",   "off",   "y",    "n"};

    for (size_t i = 0; i < REDAN_COUNT(words); i++) {
        struct redan_slice word = redan_slice_of(words[i]);
        if (word.len == text.len && strncasecmp(word.at, text.at, text.len) == 0)
            return true;
    }
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Letters first, so that nothing looks like a number, a date or an indicator; no character that means something in
 * brackets or after a blank. */
static bool is_plain(struct redan_slice text)
{
    static const char also[] = "0123456789 _./-+()=;";

    if (text.len == 0 || !is_letter(text.at[0]) || text.at[text.len - 1] == ' ' ||
        is_reserved(text))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        bool known = is_letter(text.at[i]);
        for (size_t k = 0; k < sizeof(also) - 1 && !known; k++)
            known = text.at[i] == also[k];
        if (!known)
            return false;
    }
    return true;
}

static void add_wide(struct redan_buf *out, struct redan_slice text, size_t at, size_t len,
                     uint32_t code)
{
    if (len == 0 || (code >= 0x7f && code < 0xa0))
        redan_buf_text(out, "\xef\xbf\xbd"); /* U+FFFD */
    else if (code == 0x2028 || code == 0x2029 || code == 0xfeff || code == 0xfffe || code == 0xffff)
        redan_buf_printf(out, "\\u%04X", (unsigned)code);
    else
        redan_buf_add(out, text.at + at, len);
}

void redan_yaml_quoted_add(struct redan_buf *out, struct redan_slice text)
{
    redan_buf_char(out, '"');
    for (size_t i = 0; i < text.len;) {
        uint32_t code = 0;
        size_t len = redan_utf8_decode(text, i, &code);
        char c = text.at[i];
        if (c == '"' || c == '\\') {
            redan_buf_char(out, '\\');
            redan_buf_char(out, c);
        } else if (c == '\n' || c == '\t' || c == '\r') {
            redan_buf_text(out, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
        } else if (len == 1 && code >= 0x20 && code < 0x7f) {
            redan_buf_char(out, c);
        } else {
            add_wide(out, text, i, code < 0x20 ? 0 : len, code);
        }
        i += len ? len : 1;
    }
    redan_buf_char(out, '"');
}

void redan_yaml_scalar_add(struct redan_buf *out, struct redan_slice text)
{
    if (is_plain(text))
        redan_buf_slice(out, text);
    else
        redan_yaml_quoted_add(out, text);
}
