/* The options of `redan scan`, the files that they name, and the reports that they open. */
#include <sched.h>
#include <stdio.h>

#include "base/clock.h"
#include "cmd/scan_run.h"
#include "codec/json.h"
#include "io/file.h"

enum { OUT_MOST = 256 << 20, TIMEOUT = 120 };

/* A whole number in its bounds; left alone when the option is not there. */
static enum redan_status count_of(struct redan_cli *cli, const char *name, uint64_t least,
                                  uint64_t most, size_t *to)
{
    struct redan_slice text = redan_cli_value(cli, name);
    uint64_t value = 0;

    if (!redan_cli_has(cli, name))
        return REDAN_OK;
    if (!redan_slice_u64(text, &value) || value < least || value > most)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "--%s takes a whole number from %llu to %llu, found \"%.*s\"", name,
                          (unsigned long long)least, (unsigned long long)most, REDAN_FMT(text));
    *to = (size_t)value;
    return REDAN_OK;
}

static enum redan_status size_of(struct redan_cli *cli, const char *name, uint64_t least,
                                 size_t *to)
{
    struct redan_slice text = redan_cli_value(cli, name);
    uint64_t value = 0;

    if (!redan_cli_has(cli, name))
        return REDAN_OK;
    if (!redan_scan_size(text, &value))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "--%s takes a size, 512M or 2G, found \"%.*s\"", name, REDAN_FMT(text));
    if (value < least)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--%s takes at least %lluM, found \"%.*s\"",
                          name, (unsigned long long)(least >> 20), REDAN_FMT(text));
    *to = (size_t)value;
    return REDAN_OK;
}

/* A document with problems is a mistake of whoever calls. */
static enum redan_status refuse(struct redan_ctx *ctx, const struct redan_problems *problems)
{
    const struct redan_problem *first = problems->first;

    if (!first)
        return REDAN_OK;
    (void)redan_fail_at(ctx, REDAN_E_USAGE, first->line, first->column, "%.*s%s%.*s",
                        REDAN_FMT(first->text), first->fix.len ? "; " : "", REDAN_FMT(first->fix));
    redan_fail_name(ctx, problems->file);
    return REDAN_E_USAGE;
}

static void say_expired(const struct redan_cli *cli, struct redan_slice path, size_t count)
{
    if (count)
        redan_cli_say(cli, "%.*s: %zu %s expired and no longer count%s", REDAN_FMT(path), count,
                      count == 1 ? "entry has" : "entries have", count == 1 ? "s" : "");
}

static size_t expired(const struct redan_cli *cli, const struct redan_scan_policy *policy)
{
    const struct redan_scan_global *allow = policy->allow.items;
    const struct redan_scan_rule_level *rules = policy->rules.items;
    size_t count = 0;

    for (size_t i = 0; i < policy->allow.count; i++)
        count += cli->ctx.now >= allow[i].expires;
    for (size_t i = 0; i < policy->rules.count; i++)
        count += cli->ctx.now >= rules[i].expires;
    return count;
}

static enum redan_status read_policy(struct redan_cli *cli, struct redan_scan_run *run)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice path = redan_cli_value(cli, "policy");
    struct redan_problems problems;
    struct redan_slice text = {0};

    if (!redan_cli_has(cli, "policy"))
        return REDAN_OK;
    run->policy = redan_take(ctx, sizeof(*run->policy));
    if (!run->policy)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_file_read(ctx, path, ctx->limits.yaml, true, &text));
    redan_problems_init(&problems, ctx, path);
    enum redan_status status = redan_scan_policy_parse(&problems, text, run->policy);
    redan_fail_name(ctx, path);
    REDAN_TRY(status);
    REDAN_TRY(refuse(ctx, &problems));
    say_expired(cli, path, expired(cli, run->policy));
    return REDAN_OK;
}

static enum redan_status read_baseline(struct redan_cli *cli, struct redan_scan_run *run)
{
    struct redan_ctx *ctx = &cli->ctx;
    bool update = redan_cli_has(cli, "update-baseline");
    struct redan_problems problems;
    struct redan_slice text = {0};
    size_t old = 0;

    run->baseline_path = redan_cli_value(cli, "baseline");
    if (!redan_cli_has(cli, "baseline"))
        return REDAN_OK;
    run->baseline = redan_take(ctx, sizeof(*run->baseline));
    if (!run->baseline)
        return REDAN_E_MEMORY;
    if (update && !redan_file_exists(ctx, run->baseline_path))
        return REDAN_OK;
    REDAN_TRY(redan_file_read(ctx, run->baseline_path, ctx->limits.yaml, true, &text));
    redan_problems_init(&problems, ctx, run->baseline_path);
    enum redan_status status = redan_scan_baseline_parse(&problems, text, run->baseline);
    redan_fail_name(ctx, run->baseline_path);
    REDAN_TRY(status);
    REDAN_TRY(refuse(ctx, &problems));
    const struct redan_scan_accepted *entries = run->baseline->accepted.items;
    for (size_t i = 0; i < run->baseline->accepted.count; i++)
        old += ctx->now >= entries[i].expires;
    say_expired(cli, run->baseline_path, old);
    return REDAN_OK;
}

/* Accepting is a person's act, with a reason and an end. */
static enum redan_status check_update(struct redan_cli *cli)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice expires = redan_cli_value(cli, "expires");
    bool update = redan_cli_has(cli, "update-baseline");
    int64_t until = 0;

    if (!update &&
        (redan_cli_has(cli, "reason") || redan_cli_has(cli, "by") || redan_cli_has(cli, "expires")))
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "--reason, --by and --expires go with --update-baseline");
    if (!update)
        return REDAN_OK;
    if (!redan_cli_has(cli, "baseline"))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--update-baseline needs --baseline FILE");
    if (redan_slice_trim(redan_cli_value(cli, "reason")).len == 0 ||
        redan_slice_trim(redan_cli_value(cli, "by")).len == 0 || expires.len == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "what is accepted needs --reason TEXT, --by PERSON and --expires DATE");
    if (!redan_date_parse(expires, &until) || until <= ctx->now)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--expires takes a day to come, found \"%.*s\"",
                          REDAN_FMT(expires));
    return REDAN_OK;
}

static enum redan_status patterns(struct redan_cli *cli, const char *name,
                                  const struct redan_texts *more, const struct redan_slice **to,
                                  size_t *count)
{
    size_t extra = more ? more->count : 0;
    struct redan_slice *list =
        redan_take_array(&cli->ctx, cli->value_count + extra + 1, sizeof(*list));
    size_t n = 0;

    if (!list)
        return REDAN_E_MEMORY;
    while (redan_cli_value_at(cli, name, n, &list[n])) {
        if (list[n].len == 0)
            return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--%s takes a pattern", name);
        n++;
    }
    for (size_t i = 0; i < extra; i++)
        list[n++] = more->items[i];
    *to = list;
    *count = n;
    return REDAN_OK;
}

static enum redan_status fail_on(struct redan_cli *cli, struct redan_scan_run *run)
{
    struct redan_slice text = redan_cli_value(cli, "fail-on");

    run->fail_on = REDAN_SCAN_SUSPICIOUS;
    if (run->policy && run->policy->fail_on)
        run->fail_on = (enum redan_scan_word)run->policy->fail_on;
    if (!redan_cli_has(cli, "fail-on"))
        return REDAN_OK;
    for (int i = REDAN_SCAN_NOTE; redan_scan_words[i]; i++) {
        if (redan_slice_is(text, redan_scan_words[i])) {
            run->fail_on = (enum redan_scan_word)i;
            return REDAN_OK;
        }
    }
    return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                      "--fail-on takes note, suspicious or malicious, found \"%.*s\"",
                      REDAN_FMT(text));
}

static void policy_limits(struct redan_scan_run *run)
{
    const struct redan_scan_policy_limits *l = run->policy ? run->policy->limits : NULL;
    uint64_t size = 0;

    if (!l)
        return;
    if (l->unpacked.len && redan_scan_size(l->unpacked, &size))
        run->limits.unpacked = (size_t)size;
    if (l->memory.len && redan_scan_size(l->memory, &size))
        run->limits.memory = (size_t)size;
    if (l->members)
        run->limits.members = (size_t)l->members;
    if (l->depth)
        run->limits.containers = (size_t)redan_min_size((size_t)l->depth, 64);
    if (l->timeout)
        run->seconds = (double)l->timeout;
}

static enum redan_status limits(struct redan_cli *cli, struct redan_scan_run *run)
{
    size_t jobs = 0;
    cpu_set_t set;
    struct redan_slice timeout = redan_cli_value(cli, "timeout");
    int64_t span = 0;
    uint64_t seconds = 0;

    CPU_ZERO(&set);
    run->jobs = sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
    run->seconds = TIMEOUT;
    policy_limits(run);
    REDAN_TRY(count_of(cli, "jobs", 1, REDAN_CREW_WORKERS, &jobs));
    if (jobs)
        run->jobs = (unsigned)jobs;
    REDAN_TRY(size_of(cli, "max-unpacked", 1, &run->limits.unpacked));
    REDAN_TRY(size_of(cli, "max-memory", (uint64_t)16 << 20, &run->limits.memory));
    REDAN_TRY(count_of(cli, "max-members", 1, SIZE_MAX / 2, &run->limits.members));
    REDAN_TRY(count_of(cli, "max-depth", 1, 64, &run->limits.containers));
    if (!redan_cli_has(cli, "timeout"))
        return REDAN_OK;
    if (redan_slice_u64(timeout, &seconds) && seconds > 0 && seconds < 1000000)
        run->seconds = (double)seconds;
    else if (redan_span_parse(timeout, &span))
        run->seconds = (double)span;
    else
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "--timeout takes seconds or a span, 60 or 5m");
    return REDAN_OK;
}

static enum redan_status outputs(struct redan_cli *cli, struct redan_scan_run *run)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice file = redan_cli_value(cli, "output");
    struct redan_slice sarif = redan_cli_value(cli, "sarif");

    redan_buf_init(&run->text, ctx, OUT_MOST);
    redan_buf_init(&run->sarif_text, ctx, OUT_MOST);
    run->form = cli->json ? REDAN_SCAN_JSON : REDAN_SCAN_TEXT;
    run->with_sarif = sarif.len > 0;
    if (redan_cli_has(cli, "sarif") && sarif.len == 0) {
        if (cli->json)
            return redan_fail(ctx, REDAN_E_USAGE, 0,
                              "--json and --sarif both want the output; write --sarif=FILE");
        run->form = REDAN_SCAN_SARIF;
    }
    run->colour = cli->colour && (file.len == 0 || redan_cli_has(cli, "colour")) &&
                  run->form == REDAN_SCAN_TEXT;
    REDAN_TRY(redan_growing_open(ctx, file, &run->out));
    if (run->with_sarif)
        REDAN_TRY(redan_growing_open(ctx, sarif, &run->sarif_file));
    return REDAN_OK;
}

enum redan_status redan_scan_settings(struct redan_cli *cli, struct redan_scan_run *run)
{
    *run = (struct redan_scan_run){.cli = cli, .limits = cli->ctx.limits};
    run->out.folder = run->sarif_file.folder = -1;
    run->out.fd = run->sarif_file.fd = -1;
    redan_ctx_init(&run->turn, &cli->ctx.limits);
    run->verbose = redan_cli_has(cli, "verbose");
    run->allow_uninspected = redan_cli_has(cli, "allow-uninspected");
    run->engine.deep = redan_cli_has(cli, "deep");
    run->walk.follow = redan_cli_has(cli, "follow");
    REDAN_TRY(check_update(cli));
    REDAN_TRY(read_policy(cli, run));
    REDAN_TRY(read_baseline(cli, run));
    REDAN_TRY(fail_on(cli, run));
    REDAN_TRY(limits(cli, run));
    REDAN_TRY(patterns(cli, "include", NULL, &run->walk.include, &run->walk.include_count));
    REDAN_TRY(patterns(cli, "exclude", run->policy ? &run->policy->exclude : NULL,
                       &run->walk.exclude, &run->walk.exclude_count));
    REDAN_TRY(redan_scan_tables_choose(run));
    return outputs(cli, run);
}

void redan_scan_run_done(struct redan_scan_run *run)
{
    redan_growing_done(&run->out);
    redan_growing_done(&run->sarif_file);
    redan_buf_done(&run->text);
    redan_buf_done(&run->sarif_text);
    redan_scan_sarif_done(&run->sarif);
    redan_ctx_done(&run->turn);
}
