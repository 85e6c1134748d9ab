/* A program of the organisation's: it ends well and prints one JSON object, which is what was observed. */
#include <string.h>

#include "base/utf8.h"
#include "io/process.h"
#include "probe/probe_table.h"
#include "record/import.h"

enum { SHOWN = REDAN_PROBE_LINE - 1 };

static const char *lint(const struct redan_probe *probe)
{
    if (probe->argv.count == 0 || probe->argv.items[0].len == 0)
        return "it has no argv; add argv: [PROGRAM, ARGUMENT, ...]";
    if (probe->url.len > 0 || probe->preset.len > 0 || probe->body.len > 0)
        return "url, preset and body belong to probes of the other kinds; remove them";
    return NULL;
}

static enum redan_status make_argv(struct redan_ctx *ctx, const struct redan_probe *probe,
                                   const char *const **argv)
{
    const char **list = redan_take_array(ctx, probe->argv.count + 1, sizeof(*list));

    if (!list)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < probe->argv.count; i++) {
        struct redan_slice copy = {0};
        if (memchr(probe->argv.items[i].at, '\0', probe->argv.items[i].len))
            return redan_fail(ctx, REDAN_E_SCHEMA, 0, "argument %zu of argv holds a NUL byte", i);
        REDAN_TRY(redan_copy(ctx, probe->argv.items[i], &copy));
        list[i] = copy.at;
    }
    *argv = list;
    return REDAN_OK;
}

void redan_probe_last_line(struct redan_slice text, char line[REDAN_PROBE_LINE])
{
    size_t len = 0;

    text = redan_slice_trim(text);
    for (size_t i = text.len; i > 0; i--) {
        if (text.at[i - 1] == '\n') {
            text = redan_slice_sub(text, i, SIZE_MAX);
            break;
        }
    }
    for (size_t i = 0; i < text.len;) {
        uint32_t code = 0;
        size_t n = redan_utf8_decode(text, i, &code);
        size_t take = n ? n : 1;
        if (len + take > SHOWN)
            break;
        bool fit = n > 1 || (n == 1 && text.at[i] >= 0x20 && text.at[i] != 0x7f);
        if (fit)
            memcpy(line + len, text.at + i, take);
        else
            line[len] = n ? ' ' : '?';
        len += fit ? take : 1;
        i += take;
    }
    line[len] = '\0';
}

static enum redan_status ended_well(struct redan_ctx *ctx, const struct redan_probe *probe,
                                    const struct redan_process_result *result)
{
    char line[REDAN_PROBE_LINE];
    const char *colon = ": ";

    redan_probe_last_line(result->err, line);
    if (line[0] == '\0')
        colon = "";
    if (result->timed_out)
        return redan_fail(ctx, REDAN_E_IO, 0, "the command did not end within %u seconds%s%s",
                          redan_probe_seconds(probe), colon, line);
    if (result->exit_code != 0)
        return redan_fail(ctx, REDAN_E_IO, 0, "the command failed with exit code %d%s%s",
                          result->exit_code, colon, line);
    if (result->cut)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "the command printed more than %zu bytes",
                          ctx->limits.output);
    return REDAN_OK;
}

static enum redan_status run(struct redan_ctx *ctx, const struct redan_probe *probe,
                             struct redan_probed *probed)
{
    struct redan_process process = {.seconds = redan_probe_seconds(probe)};
    struct redan_process_result result;
    struct redan_imported object = {0};
    char text[REDAN_FAILURE_TEXT];

    REDAN_TRY(make_argv(ctx, probe, &process.argv));
    REDAN_TRY(redan_process_run(ctx, &process, &result));
    REDAN_TRY(ended_well(ctx, probe, &result));
    enum redan_status status = redan_import_object(ctx, result.out, &object);
    if (status == REDAN_OK) {
        *probed = (struct redan_probed){.observed = object.observed, .n = object.n};
        return REDAN_OK;
    }
    if (status == REDAN_E_MEMORY)
        return status;
    uint64_t offset = ctx->failure.offset;
    memcpy(text, ctx->failure.text, sizeof(text));
    redan_fail_clear(ctx);
    return redan_fail(
        ctx, status, 0,
        "the command did not print one JSON object: at byte %llu of its output, %.300s",
        (unsigned long long)offset, text);
}

const struct redan_probe_kind redan_probe_command = {
    .name = "command",
    .title = "a program that prints one JSON object",
    .lint = lint,
    .run = run,
};
