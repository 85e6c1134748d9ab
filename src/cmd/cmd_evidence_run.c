/* redan evidence run: the organisation's probes and commands. */
#include "cmd/cli_fork.h"
#include "cmd/cli_record.h"
#include "cmd/command.h"
#include "probe/probe.h"

static const struct redan_option options[] = {
    {"all", 'a', NULL, "every probe of this system"},
    {"dry-run", 0, NULL, "say what would run, and run nothing"},
    {"fork", 0, NULL, "a stranger's proposal is looked at: refuse"},
    {"root", 0, "FINGERPRINT", "the root of trust; else REDAN_ROOT, else /etc/redan/root"},
    REDAN_RECORD_OPTIONS,
    {NULL, 0, NULL, NULL},
};

/* A definition is executed only from an org.yaml that the pinned root has signed. */
static enum redan_status trusted(struct redan_cli *cli, const struct redan_system *system)
{
    if (system->trust == REDAN_TRUST_PINNED && system->has_org)
        return REDAN_OK;
    if (!system->has_org)
        return redan_fail(&cli->ctx, REDAN_E_SCHEMA, 0,
                          "there is no org.yaml: probes are defined there and nowhere else");
    return redan_fail(
        &cli->ctx, REDAN_E_SIGNATURE, 0,
        "nothing is run from an organisation file that the pinned root has not signed: "
        "%.*s",
        REDAN_FMT(system->trust_detail));
}

/* What was seen of other bytes says nothing of the release. */
static enum redan_status about_release(struct redan_cli *cli, const struct redan_draft *draft,
                                       const struct redan_probe *probe,
                                       const struct redan_probed *probed)
{
    const struct redan_query *q = draft->query;
    struct redan_slice got = {0};

    if (!probed->has_artefact)
        return REDAN_OK;
    if (q->subject && redan_digest_eq(&probed->artefact, &q->subject->digest))
        return REDAN_OK;
    REDAN_TRY(redan_digest_text(&cli->ctx, &probed->artefact, &got));
    if (!q->subject)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "%.*s has no subject; the probe is about %s: subject: release.NAME",
                          REDAN_FMT(probe->evidence),
                          probe->model.len ? "a model" : "the policy of a guard");
    return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                      "%.*s is %.*s, and the release pins %.*s as %.*s; pin it first: redan "
                      "release pin %.*s=PATH",
                      REDAN_FMT(probe->model.len ? probe->model : probe->metrics), REDAN_FMT(got),
                      REDAN_FMT(q->subject->name), REDAN_FMT(q->subject->value),
                      REDAN_FMT(q->subject->name));
}

static enum redan_status run_probe(struct redan_cli *cli, const struct redan_system *system,
                                   const struct redan_probe *probe)
{
    struct redan_probed probed = {0};
    struct redan_draft draft = {0};

    REDAN_TRY(redan_cli_query(cli, system, probe->evidence, &draft.query));
    if (redan_cli_has(cli, "dry-run")) {
        redan_buf_printf(&cli->out, "%.*s  %.*s  %.*s\n", REDAN_FMT(probe->id),
                         REDAN_FMT(probe->kind), REDAN_FMT(probe->evidence));
        return REDAN_OK;
    }
    redan_cli_say(cli, "running %.*s", REDAN_FMT(probe->id));
    struct redan_probe known = *probe;
    known.ring = &system->ring;
    REDAN_TRY(redan_probe_run(&cli->ctx, &known, &probed));
    REDAN_TRY(about_release(cli, &draft, probe, &probed));
    draft.observed = probed.observed;
    draft.n = probed.n;
    REDAN_TRY(redan_cli_draft(cli, &draft));
    return redan_cli_record(cli, system, &draft);
}

static bool wanted(const struct redan_cli *cli, const struct redan_probe *probe)
{
    if (redan_cli_has(cli, "all"))
        return true;
    for (size_t i = 0; i < cli->arg_count; i++) {
        if (redan_slice_eq(cli->args[i], probe->id) ||
            redan_slice_eq(cli->args[i], probe->evidence))
            return true;
    }
    return false;
}

/* One probe that fails is said, and with --all the others run all the same: what they see is worth having. */
static enum redan_status run_one(struct redan_cli *cli, const struct redan_system *system,
                                 const struct redan_probe *probe, size_t *failed)
{
    enum redan_status status = run_probe(cli, system, probe);

    if (status == REDAN_OK || status == REDAN_E_MEMORY || !redan_cli_has(cli, "all"))
        return status;
    redan_fail_name(&cli->ctx, probe->id);
    (void)redan_cli_failed(cli);
    redan_fail_clear(&cli->ctx);
    ++*failed;
    return REDAN_OK;
}

static enum redan_status run_all(struct redan_cli *cli, const struct redan_system *system,
                                 size_t *failed)
{
    const struct redan_probe *probes = system->org.probes.items;
    size_t ran = 0;

    REDAN_TRY(trusted(cli, system));
    for (size_t i = 0; i < system->org.probes.count; i++) {
        if (!redan_slice_eq(probes[i].system, system->model.id) || !wanted(cli, &probes[i]))
            continue;
        REDAN_TRY(run_one(cli, system, &probes[i], failed));
        ran++;
    }
    if (ran == 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "org.yaml defines no such probe for %.*s; --all --dry-run lists them",
                          REDAN_FMT(system->model.id));
    return REDAN_OK;
}

static int run(struct redan_cli *cli)
{
    struct redan_cli_system REDAN_DEFER(redan_cli_system_done) loaded = {0};
    size_t failed = 0;

    if (cli->arg_count == 0 && !redan_cli_has(cli, "all"))
        return redan_cli_usage(cli, "name a probe, or say --all");
    if (redan_cli_refuse_fork(cli) != REDAN_OK)
        return redan_cli_failed(cli);
    if (redan_cli_load_sound(cli, &loaded) != REDAN_OK ||
        run_all(cli, &loaded.system, &failed) != REDAN_OK)
        return redan_cli_failed(cli);
    return failed ? REDAN_EXIT_UNDONE : REDAN_EXIT_CLEAN;
}

const struct redan_command redan_cmd_evidence_run = {
    .name = "evidence run",
    .args = "[PROBE...]",
    .summary = "run the organisation's probes and record what they saw",
    .text = "Definitions live in org.yaml alone, and are executed only when the pinned root has "
            "signed it; a\n"
            "threat model under review can ask for evidence but never say how it is made. With "
            "--all, one\n"
            "probe that fails does not keep the others from running; the exit code is then 3.",
    .options = options,
    .most = 1000,
    .run = run,
};
