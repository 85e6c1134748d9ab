/* Workflow commands, escaped as the runner's own toolkit escapes them. */
#include "record/report_github.h"

#include "base/utf8.h"

/* Invisible or reordering characters could make a line read as what it is not: Unicode 6.3, 23.2 and line separators. */
static bool odd(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0xfeff;
}

/* The next character of a text and its bytes; what is odd is a blank, what is not UTF-8 a question mark. Line breaks pass. */
static uint32_t next_code(struct redan_slice text, size_t *at, struct redan_slice *bytes)
{
    uint32_t code = 0;
    size_t len = redan_utf8_decode(text, *at, &code);

    *bytes = redan_slice_sub(text, *at, len);
    *at += len ? len : 1;
    if (len == 0) {
        *bytes = REDAN_S("?");
        return '?';
    }
    if (code == '\n' || code == '\r' || !odd(code))
        return code;
    *bytes = REDAN_S(" ");
    return ' ';
}

/* @actions/core: data has %, CR and LF escaped, properties also colon and comma. */
static void escape(struct redan_buf *out, struct redan_slice text, bool property)
{
    static const struct {
        uint32_t code;
        const char *as;
    } escapes[] = {{'%', "%25"}, {'\r', "%0D"}, {'\n', "%0A"}, {':', "%3A"}, {',', "%2C"}};
    size_t known = property ? REDAN_COUNT(escapes) : 3;

    for (size_t i = 0; i < text.len;) {
        struct redan_slice bytes = {0};
        uint32_t code = next_code(text, &i, &bytes);
        for (size_t k = 0; k < known; k++) {
            if (escapes[k].code == code)
                bytes = redan_slice_of(escapes[k].as);
        }
        redan_buf_slice(out, bytes);
    }
}

void redan_github_log(struct redan_buf *out, struct redan_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool colons = i > 0 && text.at[i] == ':' && text.at[i - 1] == ':';
        bool older = i > 1 && text.at[i] == '[' && text.at[i - 1] == '#' && text.at[i - 2] == '#';
        if (colons || older)
            redan_buf_char(out, ' ');
        redan_buf_char(out, text.at[i] == '\r' ? ' ' : text.at[i]);
    }
}

void redan_github_annotate(struct redan_buf *out, const char *command, const char *title,
                           struct redan_slice message)
{
    redan_buf_printf(out, "::%s title=", command);
    escape(out, redan_slice_of(title), true);
    redan_buf_text(out, "::");
    escape(out, message, false);
    redan_buf_char(out, '\n');
}

static const char *command_of(enum redan_level level)
{
    switch (level) {
    case REDAN_LEVEL_FAIL:
    case REDAN_LEVEL_UNCLEAR:
        return "error";
    case REDAN_LEVEL_WARN:
        return "warning";
    case REDAN_LEVEL_NOTE:
        break;
    }
    return "notice";
}

static void annotate(struct redan_buf *out, const struct redan_finding *f)
{
    redan_buf_printf(out, "::%s ", command_of(f->level));
    if (f->file.len) {
        redan_buf_text(out, "file=");
        escape(out, f->file, true);
        redan_buf_char(out, ',');
    }
    if (f->file.len && f->line)
        redan_buf_printf(out, "line=%u,col=%u,", f->line, f->column ? f->column : 1);
    redan_buf_text(out, "title=");
    escape(out, redan_slice_of(f->rule->id), true);
    redan_buf_char(out, ' ');
    escape(out, redan_slice_of(f->rule->title), true);
    redan_buf_text(out, "::");
    if (f->subject.len) {
        escape(out, f->subject, false);
        redan_buf_text(out, ": ");
    }
    escape(out, f->detail, false);
    if (f->action.len) {
        redan_buf_text(out, "%0Ado: ");
        escape(out, f->action, false);
    }
    redan_buf_char(out, '\n');
}

void redan_verdict_github(struct redan_buf *out, const struct redan_verdict *verdict)
{
    for (size_t i = 0; i < verdict->group_count; i++) {
        const struct redan_verdict_group *g = &verdict->groups[i];
        for (size_t k = 0; k < g->count; k++) {
            for (size_t n = 0; n < g->items[k].count; n++)
                annotate(out, g->items[k].findings[n]);
        }
    }
}

/* CommonMark 2.4 and 2.5: a character reference is never markup; GFM finds links by ':', '.' and '@', which are none here. */
void redan_markdown_text(struct redan_buf *out, struct redan_slice text)
{
    static const struct redan_slice harmless = {" ,-/()", 6};

    for (size_t i = 0; i < text.len;) {
        struct redan_slice bytes = {0};
        uint32_t code = next_code(text, &i, &bytes);
        bool word = code >= 0x80 || (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') ||
                    (code >= 'a' && code <= 'z');
        for (size_t k = 0; k < harmless.len && !word; k++)
            word = code == (uint32_t)harmless.at[k];
        if (code == '\n' || code == '\r')
            redan_buf_char(out, ' ');
        else if (word)
            redan_buf_slice(out, bytes);
        else
            redan_buf_printf(out, "&#%u;", (unsigned)code);
    }
}
