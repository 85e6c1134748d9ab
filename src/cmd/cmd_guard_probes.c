/* redan guard probes: from a policy to the set of requests that tells whether a running guard keeps it. */
#include "cmd/cli_profile.h"
#include "cmd/command.h"
#include "guard/probes.h"
#include "io/file.h"

enum { FILE_LIMIT = 8 << 20 };

static const struct redan_option options[] = {
    {"out", 'o', "FILE", "where the set goes; replaced in one step"},
    REDAN_SIGN_OPTIONS,
    {"caller", 0, "NAME",
     "what the probes call themselves; {n} in it is a number that is new each time "
     "(probe-{n})"},
    {"model", 0, "NAME", "that paths name, where the policy names none"},
    {"honest", 0, "N", "rows of the data (200)"},
    {"strange", 0, "N", "rows that nobody sent (40)"},
    {"search", 0, "N", "queries of the caller who looks for the line (500)"},
    {"budget", 0, "N", "the largest budget that is tried out (5000)"},
    {"seed", 0, "NUMBER", "of what is drawn (1)"},
    {NULL, 0, NULL, NULL},
};

static enum redan_status number(struct redan_cli *cli, const char *option, uint64_t most,
                                uint64_t *value)
{
    if (!redan_cli_has(cli, option))
        return REDAN_OK;
    if (!redan_slice_u64(redan_cli_value(cli, option), value) || *value > most)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--%s takes a whole number up to %llu",
                          option, (unsigned long long)most);
    return REDAN_OK;
}

static enum redan_status read_options(struct redan_cli *cli, struct redan_probes_wanted *wanted)
{
    uint64_t honest = 200;
    uint64_t strange = 40;
    uint64_t search = 500;

    *wanted = (struct redan_probes_wanted){.caller = REDAN_S("probe-{n}"),
                                           .model = redan_cli_value(cli, "model"),
                                           .seed = 1,
                                           .budget = 5000};
    if (redan_cli_has(cli, "caller"))
        wanted->caller = redan_cli_value(cli, "caller");
    REDAN_TRY(number(cli, "honest", 2000, &honest));
    REDAN_TRY(number(cli, "strange", 500, &strange));
    REDAN_TRY(number(cli, "search", 1000, &search));
    REDAN_TRY(number(cli, "budget", 100000, &wanted->budget));
    REDAN_TRY(number(cli, "seed", UINT64_MAX, &wanted->seed));
    wanted->honest = (size_t)honest;
    wanted->strange = (size_t)strange;
    wanted->search = (size_t)search;
    return REDAN_OK;
}

static size_t count_of(const struct redan_probe_set *set, int of)
{
    const struct redan_probe_item *items = set->items.items;
    size_t count = 0;

    for (size_t i = 0; i < set->items.count; i++)
        count += items[i].of == of;
    return count;
}

static void tell(struct redan_cli *cli, const struct redan_probe_set *set,
                 const struct redan_texts *notes, bool is_signed)
{
    struct redan_buf *out = &cli->out;

    redan_buf_printf(out, "%.*s: %zu requests for the policy %.*s%s\n",
                     REDAN_FMT(redan_cli_value(cli, "out")), set->items.count,
                     REDAN_FMT(set->policy_id), is_signed ? "; signed" : "");
    for (int k = 0; redan_probing_words[k]; k++)
        redan_buf_printf(out, "  %-20s %zu\n", redan_probing_words[k], count_of(set, k));
    for (size_t i = 0; i < notes->count; i++)
        redan_cli_say(cli, "%.*s", REDAN_FMT(notes->items[i]));
}

static enum redan_status save(struct redan_cli *cli, const struct redan_probe_set *set,
                              bool *is_signed)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};
    struct redan_slice payload = {0};

    redan_buf_init(&out, &cli->ctx, FILE_LIMIT);
    REDAN_TRY(redan_probe_set_write(&cli->ctx, set, &payload));
    REDAN_TRY(redan_cli_statement_sign(cli, payload, &out, is_signed));
    REDAN_TRY(redan_buf_ok(&cli->ctx, &out, "the probe set"));
    return redan_file_replace(&cli->ctx, redan_cli_value(cli, "out"), 0644, redan_buf_view(&out));
}

static enum redan_status make(struct redan_cli *cli, struct redan_edition *edition)
{
    struct redan_probes_wanted wanted;
    struct redan_probe_set set;
    struct redan_texts notes = {0};
    bool is_signed = false;

    REDAN_TRY(read_options(cli, &wanted));
    REDAN_TRY(redan_probes_make(&cli->ctx, edition, &wanted, &set, &notes));
    REDAN_TRY(save(cli, &set, &is_signed));
    if (cli->json) {
        const struct redan_cli_field fields[] = {{"file", redan_cli_value(cli, "out")},
                                                 {"policy", set.policy_id},
                                                 {"caller", set.caller}};
        redan_cli_object(cli, fields, REDAN_COUNT(fields));
    } else {
        tell(cli, &set, &notes, is_signed);
    }
    if (!is_signed)
        redan_cli_say(cli, "the set is not signed: a probe of the organisation takes only one "
                           "that is; --key FILE signs it");
    return REDAN_OK;
}

/* The first of the policy's problems. */
static int refused(struct redan_cli *cli, const struct redan_problems *problems)
{
    const struct redan_problem *p = problems->first;

    if (p && cli->ctx.failure.status != REDAN_E_MEMORY) {
        (void)redan_fail_at(&cli->ctx, REDAN_E_SCHEMA, p->line, p->column, "%.*s%s%.*s",
                            REDAN_FMT(p->text), p->fix.len ? "; " : "", REDAN_FMT(p->fix));
        redan_fail_name(&cli->ctx, p->file);
    }
    return redan_cli_failed(cli);
}

static int run(struct redan_cli *cli)
{
    struct redan_edition *edition = NULL;
    struct redan_problems problems;

    if (redan_cli_value(cli, "out").len == 0)
        return redan_cli_usage(cli, "--out FILE is needed: where does the set go?");
    redan_problems_init(&problems, &cli->ctx, cli->args[0]);
    if (redan_edition_open(&problems, cli->args[0], &edition) != REDAN_OK)
        return refused(cli, &problems);
    enum redan_status status = make(cli, edition);
    redan_edition_release(edition);
    return status == REDAN_OK ? REDAN_EXIT_CLEAN : redan_cli_failed(cli);
}

const struct redan_command redan_cmd_guard_probes = {
    .name = "guard probes",
    .args = "POLICY",
    .summary = "the requests that tell whether a running guard keeps its policy",
    .text = "Made from the policy and the reference profile that it names: rows of the data, rows "
            "that nobody\n"
            "ever sent, wrong types, malformed bodies, raw scores asked for, too much of "
            "everything, nobody's\n"
            "name, and a caller who looks for the line between two answers; each with what is "
            "due. The same\n"
            "policy, profile and seed give the same set. Signed, it is what a probe of kind guard "
            "in org.yaml\n"
            "sends (redan evidence run), and its record is bound to the digests of policy, "
            "profile and model:\n\n"
            "  redan guard probes guard/policy.yaml --caller 'merchant-probe-{n}' --key "
            "ml-eval.pem --out probes.json",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
