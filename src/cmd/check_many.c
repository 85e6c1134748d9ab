/* redan check DIR DIR...: several systems judged together, one line each. */
#include "base/clock.h"
#include "base/pool.h"
#include "cmd/check.h"
#include "codec/json.h"
#include "record/report_github.h"

/* One system, judged: what remains when its memory is gone. */
struct outcome {
    enum redan_word word;
    struct redan_slice system;
    struct redan_slice headline;
    struct redan_slice next;
    struct redan_slice json;
    struct redan_slice annotations;
    struct redan_slice summary;
};

struct many {
    const struct redan_check_ask *ask;
    const struct redan_catalog *catalog;
    struct outcome *outcomes;
};

/* What is kept goes through the heap, so that the system's own memory can be given back. */
static enum redan_status keep(struct redan_ctx *ctx, struct redan_arena_mark mark,
                              const struct redan_check_ask *ask,
                              const struct redan_verdict *verdict, struct outcome *to)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    struct redan_slice *const parts[] = {&to->system, &to->headline,    &to->next,
                                         &to->json,   &to->annotations, &to->summary};
    size_t ends[REDAN_COUNT(parts)];
    enum redan_status status = REDAN_OK;
    size_t n = 0;

    redan_buf_init(&text, ctx, (size_t)64 << 20);
    redan_buf_slice(&text, verdict->system);
    ends[n++] = text.len;
    redan_buf_slice(&text, verdict->headline);
    ends[n++] = text.len;
    if (verdict->next)
        redan_buf_slice(&text, verdict->next->action);
    ends[n++] = text.len;
    if (ask->cli->json)
        redan_check_json(ctx, verdict, NULL, &text, &status);
    ends[n++] = text.len;
    if (ask->github)
        redan_verdict_github(&text, verdict);
    ends[n++] = text.len;
    if (ask->github)
        redan_verdict_markdown(&text, verdict, REDAN_CHECK_SUMMARY_FINDINGS);
    ends[n++] = text.len;
    to->word = verdict->word;
    REDAN_TRY(status);
    REDAN_TRY(redan_buf_ok(ctx, &text, "the verdict"));
    redan_arena_reset(&ctx->arena, mark);
    struct redan_slice all = {0};
    REDAN_TRY(redan_copy(ctx, redan_buf_view(&text), &all));
    for (size_t i = 0, from = 0; i < n; from = ends[i++])
        *parts[i] = redan_slice_sub(all, from, ends[i] - from);
    return REDAN_OK;
}

/* A system that cannot even be read is indeterminate; the others are judged all the same. */
static enum redan_status undone(struct redan_ctx *ctx, struct redan_slice folder,
                                struct outcome *to)
{
    to->word = REDAN_WORD_INDETERMINATE;
    to->system = folder;
    REDAN_TRY(redan_copy(ctx, redan_slice_of(ctx->failure.text), &to->headline));
    redan_fail_clear(ctx);
    return REDAN_OK;
}

static enum redan_status check_one(struct redan_ctx *ctx, size_t index, void *arg)
{
    const struct many *many = arg;
    const struct redan_check_ask *ask = many->ask;
    struct redan_slice start = ask->cli->args[index];
    struct outcome *to = &many->outcomes[index];
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    struct redan_slice folder = {0};
    struct redan_system system = {0};
    struct redan_verdict verdict;

    enum redan_status status = redan_system_find(ctx, start, &folder);
    if (status == REDAN_OK)
        status = redan_system_load(ctx, many->catalog, folder, &ask->pin, &system);
    if (status == REDAN_OK)
        status = redan_check_judge(ctx, ask, &system, &verdict);
    redan_system_done(&system); /* the keys go before the memory that lists them */
    if (status == REDAN_OK)
        status = keep(ctx, mark, ask, &verdict, to);
    if (status == REDAN_OK || status == REDAN_E_MEMORY)
        return status;
    return undone(ctx, start, to);
}

static int worst_exit(int a, int b)
{
    if (a == REDAN_EXIT_FINDINGS || b == REDAN_EXIT_FINDINGS)
        return REDAN_EXIT_FINDINGS;
    return a > b ? a : b;
}

/* A verdict about a system that could not be read. */
static void unread_json(struct redan_cli *cli, const struct outcome *outcome)
{
    char at[REDAN_TIME_TEXT];

    redan_time_text(cli->ctx.now, at);
    redan_buf_text(&cli->out, "{\"schema\": \"redan/verdict/1\", \"verdict\": \"indeterminate\", "
                              "\"exit\": 3, \"system\": ");
    redan_json_string_add(&cli->out, outcome->system);
    redan_buf_text(&cli->out, ", \"headline\": ");
    redan_json_string_add(&cli->out, outcome->headline);
    redan_buf_printf(&cli->out, ", \"at\": \"%s\", \"simulated\": %s, \"groups\": [], ", at,
                     cli->simulated ? "true" : "false");
    redan_buf_text(&cli->out, "\"deadlines\": []}");
}

static void report_json(struct redan_cli *cli, const struct outcome *outcomes)
{
    redan_buf_text(&cli->out, "{\"schema\": \"redan/verdicts/1\", \"verdicts\": [\n");
    for (size_t i = 0; i < cli->arg_count; i++) {
        if (outcomes[i].json.len) {
            redan_buf_slice(&cli->out, redan_slice_trim(outcomes[i].json));
        } else {
            unread_json(cli, &outcomes[i]);
        }
        redan_buf_text(&cli->out, i + 1 < cli->arg_count ? ",\n" : "\n");
    }
    redan_buf_text(&cli->out, "]}\n");
}

static void report_text(const struct redan_check_ask *ask, const struct outcome *outcomes, int code,
                        size_t held)
{
    static const char *const shout[] = {"PASS", "PASS", "FAIL", "????", "????"};
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    size_t count = ask->cli->arg_count;

    redan_buf_init(&text, &ask->cli->ctx, (size_t)64 << 20);
    redan_buf_printf(&text, "%s  %zu of %zu systems may ship\n",
                     code == 0                   ? "PASS"
                     : code != REDAN_EXIT_UNDONE ? "FAIL"
                     : ask->fork.is              ? "UNVERIFIED"
                                                 : "INDETERMINATE",
                     held, count);
    for (size_t i = 0; i < count; i++) {
        redan_buf_printf(&text, "  %s  %-24.*s %.*s\n", shout[outcomes[i].word],
                         REDAN_FMT(outcomes[i].system), REDAN_FMT(outcomes[i].headline));
        if (outcomes[i].next.len)
            redan_buf_printf(&text, "        do: %.*s\n", REDAN_FMT(outcomes[i].next));
    }
    redan_check_log(ask, &text);
}

static void report_github(const struct redan_check_ask *ask, const struct outcome *outcomes)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) summary = {0};
    struct redan_buf *out = &ask->cli->out;

    redan_buf_init(&summary, &ask->cli->ctx, (size_t)64 << 20);
    for (size_t i = 0; i < ask->cli->arg_count; i++) {
        redan_buf_slice(out, outcomes[i].annotations);
        redan_buf_slice(&summary, outcomes[i].summary);
        if (outcomes[i].summary.len)
            continue;
        redan_github_annotate(out, "error", "redan check", outcomes[i].headline);
        redan_buf_text(&summary, "## INDETERMINATE ");
        redan_markdown_text(&summary, outcomes[i].system);
        redan_buf_text(&summary, "\n\n");
        redan_markdown_text(&summary, outcomes[i].headline);
        redan_buf_text(&summary, "\n\n");
    }
    redan_check_step_summary(ask, &summary);
}

int redan_check_many(const struct redan_check_ask *ask)
{
    struct redan_cli *cli = ask->cli;
    struct redan_catalog catalog; /* one for all */
    struct many many = {ask, &catalog, NULL};
    int code = REDAN_EXIT_CLEAN;
    size_t held = 0;

    many.outcomes = redan_take_array(&cli->ctx, cli->arg_count, sizeof(*many.outcomes));
    if (!many.outcomes || redan_catalog_load(&cli->ctx, &catalog) != REDAN_OK ||
        redan_pool_each(&cli->ctx, cli->arg_count, check_one, &many) != REDAN_OK)
        return redan_check_failed(ask);
    for (size_t i = 0; i < cli->arg_count; i++) {
        code = worst_exit(code, redan_word_exit(many.outcomes[i].word));
        held += redan_word_exit(many.outcomes[i].word) == 0;
    }
    if (cli->json)
        report_json(cli, many.outcomes);
    else
        report_text(ask, many.outcomes, code, held);
    if (ask->github)
        report_github(ask, many.outcomes);
    return code;
}
