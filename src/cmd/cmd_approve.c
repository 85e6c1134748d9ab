/* redan approve: a person in a role signs the threat model, an acceptance, or that a proof does not apply. */
#include "base/clock.h"
#include "cmd/cli_record.h"
#include "cmd/command.h"
#include "io/file.h"

static const struct redan_option options[] = {
    {"role", 'r', "ROLE", "ml-lead, security-lead, or the governance body's role"},
    {"key", 'k', "FILE", "private key of the person who signs"},
    {"accept", 0, "THREAT", "sign the acceptance, interim or residual risk of this threat"},
    {"not-applicable", 0, "CONTROL/EVIDENCE", "security lead: this proof does not apply here"},
    {"reason", 0, "TEXT", "why"},
    {"until", 0, "DATE", "its end; for not-applicable at most 90 days away"},
    {"tsa", 0, "URL", "time-stamping authority (RFC 3161)"},
    {NULL, 0, NULL, NULL},
};

static enum redan_status about_threat(struct redan_cli *cli, const struct redan_system *s,
                                      struct redan_approval_draft *draft)
{
    const struct redan_threat *t =
        redan_threat_model_threat(&s->model, redan_cli_value(cli, "accept"));

    if (!t)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "there is no threat \"%.*s\"",
                          REDAN_FMT(redan_cli_value(cli, "accept")));
    draft->kind = REDAN_APPROVAL_ACCEPTANCE;
    draft->about = t->id;
    draft->subject = &t->acceptance;
    return REDAN_OK;
}

static enum redan_status about_query(struct redan_cli *cli, const struct redan_system *s,
                                     struct redan_approval_draft *draft)
{
    const struct redan_query *q = NULL;

    REDAN_TRY(redan_cli_query(cli, s, redan_cli_value(cli, "not-applicable"), &q));
    if (!redan_slice_is(draft->role, "security-lead"))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "only the security lead says that a proof does not apply: "
                          "--role security-lead");
    if (draft->until == 0 || draft->reason.len == 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "--not-applicable needs --reason and --until");
    draft->kind = REDAN_APPROVAL_NOT_APPLICABLE;
    draft->about = redan_cli_value(cli, "not-applicable");
    draft->subject = &q->digest;
    return REDAN_OK;
}

static enum redan_status make_draft(struct redan_cli *cli, const struct redan_system *s,
                                    struct redan_approval_draft *draft)
{
    struct redan_slice until = redan_cli_value(cli, "until");

    *draft = (struct redan_approval_draft){.kind = REDAN_APPROVAL_RELEASE,
                                           .system = s->model.id,
                                           .role = redan_cli_value(cli, "role"),
                                           .reason = redan_cli_value(cli, "reason"),
                                           .subject = &s->model.root,
                                           .release = &s->model.release};
    if (draft->role.len == 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--role ROLE is needed: in which role?");
    if (until.len && !redan_time_parse(until, &draft->until))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--until takes a date, 2027-02-01");
    if (redan_cli_has(cli, "accept") && redan_cli_has(cli, "not-applicable"))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "one thing at a time");
    if (redan_cli_has(cli, "accept"))
        return about_threat(cli, s, draft);
    if (redan_cli_has(cli, "not-applicable"))
        return about_query(cli, s, draft);
    return REDAN_OK;
}

static enum redan_status approve(struct redan_cli *cli, const struct redan_system *s)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_key *REDAN_DEFER(redan_key_drop) key = NULL;
    const struct redan_keyring_key *by = NULL;
    struct redan_approval_draft draft;
    struct redan_dsse envelope = {0};
    struct redan_slice folder = {0};
    struct redan_slice path = {0};

    REDAN_TRY(make_draft(cli, s, &draft));
    REDAN_TRY(redan_cli_key(cli, &s->ring, &key, &by));
    if (!redan_keyring_holds(&s->ring, by->holder, draft.role))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "%.*s does not hold the role %.*s in keys.yaml",
                          REDAN_FMT(by->holder), REDAN_FMT(draft.role));
    REDAN_TRY(redan_approval_write(ctx, &draft, &envelope));
    REDAN_TRY(redan_dsse_sign(ctx, &envelope, key));
    REDAN_TRY(redan_cli_stamp(cli, &envelope));
    REDAN_TRY(redan_path_join(ctx, s->folder, REDAN_S("approvals"), &folder));
    enum redan_status status = redan_approvals_add(ctx, folder, &envelope, &path);
    if (status != REDAN_E_EXISTS) /* the very same signature: nothing to add */
        REDAN_TRY(status);
    redan_fail_clear(ctx);
    redan_cli_say(cli, "%.*s signed as %.*s: %s%s%.*s, in %.*s", REDAN_FMT(by->holder),
                  REDAN_FMT(draft.role), redan_approval_words[draft.kind],
                  draft.about.len ? " " : "", REDAN_FMT(draft.about), REDAN_FMT(path));
    const struct redan_cli_field fields[] = {
        {"kind", redan_slice_of(redan_approval_words[draft.kind])},
        {"about", draft.about},
        {"role", draft.role},
        {"holder", by->holder},
        {"file", path}};
    redan_cli_object(cli, fields, REDAN_COUNT(fields));
    return REDAN_OK;
}

static int run(struct redan_cli *cli)
{
    struct redan_cli_system REDAN_DEFER(redan_cli_system_done) loaded = {0};

    if (redan_cli_load_sound(cli, &loaded) != REDAN_OK || approve(cli, &loaded.system) != REDAN_OK)
        return redan_cli_failed(cli);
    return REDAN_EXIT_CLEAN;
}

const struct redan_command redan_cmd_approve = {
    .name = "approve",
    .args = "",
    .summary = "sign the threat model, or a risk that a body carries",
    .text = "Without --accept it signs the canonical root: this very threat model, for this very "
            "release. With\n"
            "--accept it signs one threat as it stands, with the profile and all that the decision "
            "relies on:\n"
            "loosening any of it voids the signature, editing a comment does not.\n\n"
            "  redan approve --role ml-lead --key okafor.pem\n"
            "  redan approve --role risk-board --accept membership --key board-1.pem",
    .options = options,
    .run = run,
};
