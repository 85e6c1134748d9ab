/* redan guard replay: what a policy would have done to recorded requests, before it is enforced. */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/command.h"
#include "cmd/replay_report.h"

enum { LISTED = 20, MEMORY_MOST = 768 };

static const struct redan_option options[] = {
    {"policy", 'p', "FILE", "the guard's policy; judged as if its mode were enforce"},
    {"since", 0, "TIME", "only requests from here on: a date, or a time like 2026-11-24T05:36:27Z"},
    {"until", 0, "TIME", "only requests before"},
    {"all", 0, NULL, "list every caller that would have been refused or accused, not the first 20"},
    {"fail-on", 0, "ACTION",
     "exit with 1 when a request would have been marked, degraded or refused, or more: mark, "
     "degrade or refuse"},
    {"memory", 0, "MIB", "for the state of callers; 64, as redan_zone ... 64m has"},
    {NULL, 0, NULL, NULL},
};

struct watching {
    bool on;
    bool shown;
};

static void progress(void *arg, uint64_t done, uint64_t all)
{
    struct watching *watching = arg;

    if (!watching->on || done % 20000 != 0 || done == 0)
        return;
    watching->shown = true;
    (void)fprintf(stderr, "\r%llu of %llu events\x1b[K", (unsigned long long)done,
                  (unsigned long long)all);
}

static enum redan_status read_time(struct redan_cli *cli, const char *option, uint64_t *ms)
{
    int64_t seconds = 0;

    if (!redan_cli_has(cli, option))
        return REDAN_OK;
    if (!redan_time_parse(redan_cli_value(cli, option), &seconds))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "--%s: write a date, 2026-11-24, or a time, 2026-11-24T05:36:27Z",
                          option);
    *ms = (uint64_t)seconds * 1000;
    return REDAN_OK;
}

static enum redan_status read_options(struct redan_cli *cli, struct redan_replay_wanted *wanted,
                                      enum redan_action *fail_on)
{
    struct redan_slice word = redan_cli_value(cli, "fail-on");
    uint64_t memory = 64;
    int action = REDAN_ACTION_REFUSE + 1;

    REDAN_TRY(read_time(cli, "since", &wanted->since_ms));
    REDAN_TRY(read_time(cli, "until", &wanted->until_ms));
    if (redan_cli_has(cli, "memory") &&
        (!redan_slice_u64(redan_cli_value(cli, "memory"), &memory) || memory < 1 ||
         memory > MEMORY_MOST))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--memory: a number from 1 to %d",
                          MEMORY_MOST);
    wanted->memory = (size_t)memory << 20;
    if (redan_cli_has(cli, "fail-on")) {
        for (action = REDAN_ACTION_MARK; redan_action_words[action]; action++)
            if (redan_slice_is(word, redan_action_words[action]))
                break;
        if (!redan_action_words[action])
            return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--fail-on: mark, degrade or refuse");
    }
    *fail_on = (enum redan_action)action;
    return redan_cli_value(cli, "policy").len
               ? REDAN_OK
               : redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--policy FILE is needed: which policy?");
}

/* The first problem of the policy, with its place. */
static int refused(struct redan_cli *cli, const struct redan_problems *problems)
{
    const struct redan_problem *p = problems->first;

    if (p)
        (void)redan_fail_at(&cli->ctx, REDAN_E_SCHEMA, p->line, p->column, "%.*s%s%.*s",
                            REDAN_FMT(p->text), p->fix.len ? "; " : "", REDAN_FMT(p->fix));
    redan_fail_name(&cli->ctx, redan_cli_value(cli, "policy"));
    return redan_cli_failed(cli);
}

static int replay(struct redan_cli *cli, struct redan_edition *edition,
                  const struct redan_replay_wanted *wanted, enum redan_action fail_on)
{
    const struct watching *watching = wanted->progress_arg;
    size_t listed = redan_cli_has(cli, "all") ? SIZE_MAX : LISTED;
    struct redan_replay_report report;
    enum redan_status status =
        redan_replay(&cli->ctx, edition, wanted, cli->args, cli->arg_count, &report);

    if (watching->shown)
        (void)fprintf(stderr, "\r\x1b[K");
    if (status == REDAN_OK)
        status = cli->json ? redan_replay_json(cli, edition, &report, listed)
                           : redan_replay_text(cli, edition, &report, listed);
    if (status != REDAN_OK)
        return redan_cli_failed(cli);
    if (!report.judged)
        return REDAN_EXIT_UNDONE;
    for (int a = (int)fail_on; a <= REDAN_ACTION_REFUSE; a++)
        if (report.tally.requests[a])
            return REDAN_EXIT_FINDINGS;
    return REDAN_EXIT_CLEAN;
}

static int run(struct redan_cli *cli)
{
    struct watching watching = {.on = !redan_cli_has(cli, "quiet") && isatty(STDERR_FILENO) == 1};
    struct redan_replay_wanted wanted = {.progress = progress, .progress_arg = &watching};
    struct redan_slice file = redan_cli_value(cli, "policy");
    enum redan_action fail_on = REDAN_ACTION_REFUSE;
    struct redan_edition *edition = NULL;
    struct redan_problems problems;

    if (read_options(cli, &wanted, &fail_on) != REDAN_OK)
        return redan_cli_failed(cli);
    redan_problems_init(&problems, &cli->ctx, file);
    if (redan_edition_open(&problems, file, &edition) != REDAN_OK)
        return refused(cli, &problems);
    int code = replay(cli, edition, &wanted, fail_on);
    redan_edition_release(edition);
    return code;
}

const struct redan_command redan_cmd_guard_replay = {
    .name = "guard replay",
    .args = "LOGS...",
    .summary = "what a policy would have done to recorded requests, before it is enforced",
    .text =
        "Reads the events that a guard in observe mode has written (events: {features: store}; "
        "any\n"
        "number of files, - is standard input, in any order), puts them in the order of time, and\n"
        "takes each request through the same stages. It says how many requests and callers would\n"
        "have been marked, degraded and refused, by which rules and for which reasons, with 95 %\n"
        "intervals, and what judging cost.\n\n"
        "  redan guard replay events.jsonl events.jsonl.1 --policy guard.yaml\n"
        "  redan guard replay events.jsonl --policy stricter.yaml --since 2026-11-01 --json\n"
        "  redan guard replay honest.jsonl --policy guard.yaml --fail-on refuse   # in a "
        "pipeline\n\n"
        "Refused requests tell no answer: their callers' later requests are judged as if the "
        "policy\n"
        "had been enforced. Exit code 0, with --fail-on 1 when something would have been done, 3 "
        "when\n"
        "no event could be judged. Events say who called, but not with what: identities are taken "
        "as\n"
        "they were established then.",
    .options = options,
    .least = 1,
    .most = SIZE_MAX,
    .run = run,
};
