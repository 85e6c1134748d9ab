/* Scripts that the system itself runs: by their interpreter line, or as Windows batch and PowerShell files begin. */
#include <string.h>
#include <strings.h>

#include "format/format_table.h"
#include "format/peek.h"

enum { LINE = 256 };

/* The program of "#!/usr/bin/env -S python3 -u": "python3". */
static struct redan_slice interpreter(struct redan_slice line)
{
    struct redan_slice word = {0};
    struct redan_slice rest = redan_slice_trim(redan_slice_sub(line, 2, line.len));
    bool env = true;

    while (env && rest.len) {
        struct redan_slice after = {0};

        (void)redan_slice_cut(rest, ' ', &word, &after);
        rest = redan_slice_trim(after);
        for (size_t i = word.len; i > 0; i--) {
            if (word.at[i - 1] == '/') {
                word = redan_slice_sub(word, i, word.len);
                break;
            }
        }
        env = redan_slice_is(word, "env") || (word.len && word.at[0] == '-');
    }
    return word;
}

static bool begins(struct redan_slice head, const char *word)
{
    size_t len = strlen(word);

    return head.len >= len && strncasecmp(head.at, word, len) == 0;
}

static bool ends(struct redan_slice name, const char *ending)
{
    size_t len = strlen(ending);

    return name.len > len && strncasecmp(name.at + name.len - len, ending, len) == 0;
}

static const char *kind_of(struct redan_slice head)
{
    static const char *const shells[] = {"sh",  "bash", "zsh",  "ksh",     "ash",
                                         "csh", "tcsh", "dash", "busybox", NULL};
    struct redan_slice line = {0};

    if (!redan_slice_starts(head, REDAN_S("#!"))) {
        if (redan_slice_starts(head, REDAN_S("\xef\xbb\xbf")))
            head = redan_slice_sub(head, 3, head.len);
        head = redan_slice_trim(redan_slice_sub(head, 0, LINE));
        if (begins(head, "@echo off") || begins(head, "@powershell") || begins(head, "powershell "))
            return "script-windows";
        return begins(head, "<script language=\"vbscript\"") ||
                       begins(head, "createobject(\"wscript")
                   ? "script-windows"
                   : NULL;
    }
    (void)redan_slice_cut(redan_slice_sub(head, 0, LINE), '\n', &line, &(struct redan_slice){0});
    line = redan_slice_trim(line);
    if (!redan_peek_text(line) || !memchr(line.at, '/', line.len))
        return NULL;
    struct redan_slice program = interpreter(line);
    if (redan_slice_among(shells, program))
        return "script-shell";
    return program.len ? "script" : NULL;
}

/* Text without such a beginning, by what its name says of it. */
static const char *kind_named(struct redan_slice name)
{
    static const char *const windows[] = {".bat", ".cmd", ".ps1", ".vbs"};
    static const char *const shell[] = {".sh", ".bash"};

    for (size_t i = 0; i < REDAN_COUNT(windows); i++) {
        if (ends(name, windows[i]))
            return "script-windows";
    }
    for (size_t i = 0; i < REDAN_COUNT(shell); i++) {
        if (ends(name, shell[i]))
            return "script-shell";
    }
    return NULL;
}

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    if (kind_of(probe->head))
        return REDAN_SNIFF_YES;
    return kind_named(probe->name) && redan_peek_text(redan_slice_sub(probe->head, 0, LINE))
               ? REDAN_SNIFF_MAYBE
               : REDAN_SNIFF_NO;
}

/* The whole text up to a bound; the rest is told as runs of text. */
static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct redan_fact fact = {.kind = REDAN_FACT_CODE};
    struct redan_slice text = {0};
    char line[LINE];

    REDAN_TRY(redan_source_view(ctx, source, 0, REDAN_SOURCE_VIEW, &text));
    fact.what = kind_of(text);
    if (!fact.what && redan_peek_text(redan_slice_sub(text, 0, LINE)))
        fact.what = kind_named(name);
    if (!fact.what)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "not a script");
    (void)redan_slice_cut(redan_slice_sub(text, 0, LINE), '\n', &fact.name,
                          &(struct redan_slice){0});
    memcpy(line, fact.name.at, fact.name.len);
    fact.name = redan_slice_trim((struct redan_slice){line, fact.name.len});
    fact.text = text;
    uint64_t shown = text.len;
    REDAN_TRY(redan_tell(to, &fact));
    if (shown < REDAN_SOURCE_VIEW)
        return REDAN_OK;
    return redan_peek_runs(ctx, source, shown, source->size, REDAN_S("script"), to);
}

static const char *const extensions[] = {".sh", ".bash", ".bat", ".cmd", ".ps1", ".vbs", NULL};

const struct redan_format redan_format_script = {.name = "script",
                                                 .title = "a script",
                                                 .extensions = extensions,
                                                 .sniff = sniff,
                                                 .read = read,
                                                 .layered = true};
