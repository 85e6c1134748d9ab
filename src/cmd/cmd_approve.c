/* redan approve: a person in a role signs the threat model, a decision of the governance body, or that a proof does not apply. */
#include "base/clock.h"
#include "cmd/cli_record.h"
#include "cmd/cli_sign.h"
#include "cmd/command.h"
#include "io/file.h"
#include "threat/check.h"
#include "threat/diff.h"

static const struct redan_option options[] = {
    {"role", 'r', "ROLE", "ml-lead, security-lead, or the governance body's role"},
    REDAN_SIGN_OPTIONS,
    {"accept", 0, "THREAT", "sign the acceptance, interim, residual or severity of this threat"},
    {"exclude", 0, "ARCHETYPE", "sign that this archetype is ruled out"},
    {"except", 0, "CONTROL", "sign the exception from this control of the organisation"},
    {"profile", 0, NULL, "sign the profile, which asks for less than the approved one"},
    {"not-applicable", 0, "CONTROL/EVIDENCE", "security lead: this proof does not apply here"},
    {"reason", 0, "TEXT", "why"},
    {"until", 0, "DATE", "its end; for not-applicable at most 90 days away"},
    {"tsa", 0, "URL", "time-stamping authority (RFC 3161)"},
    {NULL, 0, NULL, NULL},
};

static enum redan_status absent(struct redan_cli *cli, const char *what, struct redan_slice id)
{
    return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "there is no %s \"%.*s\"", what, REDAN_FMT(id));
}

static enum redan_status about_threat(struct redan_cli *cli, const struct redan_system *s,
                                      struct redan_approval_draft *draft)
{
    struct redan_slice id = redan_cli_value(cli, "accept");
    const struct redan_threat *t = redan_threat_model_threat(&s->model, id);

    if (!t)
        return absent(cli, "threat", id);
    draft->about = t->id;
    draft->subject = &t->acceptance;
    return REDAN_OK;
}

static enum redan_status about_exclusion(struct redan_cli *cli, const struct redan_system *s,
                                         struct redan_approval_draft *draft)
{
    const struct redan_exclusion *items = s->model.exclusions.items;
    struct redan_slice id = redan_cli_value(cli, "exclude");

    for (size_t i = 0; i < s->model.exclusions.count; i++) {
        if (!redan_slice_eq(items[i].archetype, id))
            continue;
        draft->about = items[i].archetype;
        draft->subject = &items[i].subject;
        return REDAN_OK;
    }
    return absent(cli, "exclusion of", id);
}

static enum redan_status about_exception(struct redan_cli *cli, const struct redan_system *s,
                                         struct redan_approval_draft *draft)
{
    const struct redan_exception *items = s->model.exceptions.items;
    struct redan_slice id = redan_cli_value(cli, "except");

    for (size_t i = 0; i < s->model.exceptions.count; i++) {
        if (!redan_slice_eq(items[i].control, id))
            continue;
        draft->about = items[i].control;
        draft->subject = &items[i].subject;
        return REDAN_OK;
    }
    return absent(cli, "exception from", id);
}

static enum redan_status about_profile(struct redan_cli *cli, const struct redan_system *s,
                                       struct redan_approval_draft *draft)
{
    (void)cli;
    draft->subject = &s->model.profile_digest;
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
    if (draft->until - cli->ctx.now > REDAN_NOT_APPLICABLE_MAX)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "--until is more than %d days away: such a signature never counts",
                          (int)(REDAN_NOT_APPLICABLE_MAX / 86400));
    draft->about = redan_cli_value(cli, "not-applicable");
    draft->subject = &q->digest;
    return REDAN_OK;
}

/* What may be signed besides the threat model as a whole. */
static const struct {
    const char *option;
    enum redan_approval_kind kind;
    bool body; /* the governance body signs it */
    enum redan_status (*about)(struct redan_cli *cli, const struct redan_system *s,
                               struct redan_approval_draft *draft);
} subjects[] = {
    {"accept", REDAN_APPROVAL_ACCEPTANCE, true, about_threat},
    {"exclude", REDAN_APPROVAL_EXCLUSION, true, about_exclusion},
    {"except", REDAN_APPROVAL_EXCEPTION, true, about_exception},
    {"profile", REDAN_APPROVAL_PROFILE, true, about_profile},
    {"not-applicable", REDAN_APPROVAL_NOT_APPLICABLE, false, about_query},
};

static enum redan_status read_subject(struct redan_cli *cli, const struct redan_system *s,
                                      struct redan_approval_draft *draft)
{
    size_t chosen = REDAN_COUNT(subjects);

    for (size_t i = 0; i < REDAN_COUNT(subjects); i++) {
        if (!redan_cli_has(cli, subjects[i].option))
            continue;
        if (chosen != REDAN_COUNT(subjects))
            return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "one thing at a time");
        chosen = i;
    }
    if (chosen == REDAN_COUNT(subjects)) {
        if (!redan_slice_is(draft->role, "ml-lead") &&
            !redan_slice_is(draft->role, "security-lead"))
            return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                              "the threat model as a whole is signed by ml-lead and "
                              "security-lead; a body signs --accept THREAT, --exclude ARCHETYPE, "
                              "--except CONTROL or --profile");
        return REDAN_OK;
    }
    draft->kind = subjects[chosen].kind;
    if (subjects[chosen].body && !redan_org_is_body(&s->org, draft->role))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "%.*s is no governance body; org.yaml names them: bodies: [risk-board]",
                          REDAN_FMT(draft->role));
    return subjects[chosen].about(cli, s, draft);
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
    if (draft->until && draft->until <= cli->ctx.now)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--until %.*s is past already",
                          REDAN_FMT(until));
    return read_subject(cli, s, draft);
}

/* The zeros that a new threat model begins with. */
static enum redan_status pins_something(struct redan_cli *cli, const struct redan_release *release)
{
    static const struct redan_digest none;

    for (size_t i = 0; i < release->count; i++) {
        if (redan_digest_eq(&release->items[i].digest, &none))
            return redan_fail(&cli->ctx, REDAN_E_SCHEMA, 0,
                              "release.%.*s pins nothing yet, only zeros; first: redan release pin "
                              "%.*s=PATH",
                              REDAN_FMT(release->items[i].name), REDAN_FMT(release->items[i].name));
    }
    return REDAN_OK;
}

/* A signature that would never count: better to hear of it now. */
static enum redan_status may_sign(struct redan_cli *cli, const struct redan_system *s,
                                  const struct redan_approval_draft *draft,
                                  struct redan_slice holder)
{
    struct redan_ctx *ctx = &cli->ctx;
    const struct redan_owners *owners = s->model.owners;
    struct redan_slice lead =
        redan_slice_is(draft->role, "ml-lead") ? owners->ml_lead : owners->security_lead;

    if (!redan_keyring_holds(&s->ring, holder, draft->role))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "%.*s does not hold the role %.*s in keys.yaml",
                          REDAN_FMT(holder), REDAN_FMT(draft->role));
    if (draft->kind == REDAN_APPROVAL_RELEASE)
        REDAN_TRY(pins_something(cli, draft->release));
    if (draft->kind == REDAN_APPROVAL_RELEASE && !redan_slice_eq(holder, lead))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "%.*s is not the %.*s of this system; its owners name %.*s",
                          REDAN_FMT(holder), REDAN_FMT(draft->role), REDAN_FMT(lead));
    if (draft->kind != REDAN_APPROVAL_RELEASE && draft->kind != REDAN_APPROVAL_NOT_APPLICABLE &&
        (redan_slice_eq(holder, owners->ml_lead) || redan_slice_eq(holder, owners->security_lead)))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "%.*s owns this system; those who carry its risk are others",
                          REDAN_FMT(holder));
    return REDAN_OK;
}

/* What the lead is about to sign: how many changes of which effect, and those that ask for less one by one. */
static enum redan_status show_step(struct redan_cli *cli, const struct redan_system *s,
                                   const struct redan_approval_step *step)
{
    const struct redan_threat_model *before = NULL;
    struct redan_slice path = {0};
    struct redan_diff diff;

    if (step->number == 1) {
        redan_cli_say(cli, "approval 1 of %.*s: there is none before it", REDAN_FMT(s->model.id));
        return REDAN_OK;
    }
    REDAN_TRY(redan_history_model(&cli->ctx, s->folder, &step->previous, &before, &path));
    REDAN_TRY(redan_history_diff(&cli->ctx, s, before, &diff));
    redan_cli_say(cli,
                  "approval %llu of %.*s, since approval %llu: %zu loosened, %zu changed, %zu "
                  "tightened, %zu words; redan review shows all",
                  (unsigned long long)step->number, REDAN_FMT(s->model.id),
                  (unsigned long long)(step->number - 1), diff.counts[REDAN_DIFF_LOOSENED],
                  diff.counts[REDAN_DIFF_CHANGED], diff.counts[REDAN_DIFF_TIGHTENED],
                  diff.counts[REDAN_DIFF_WORDS]);
    for (size_t i = 0; i < diff.counts[REDAN_DIFF_LOOSENED]; i++)
        redan_cli_say(cli, "  loosened: %.*s", REDAN_FMT(diff.entries[i].text));
    return REDAN_OK;
}

static enum redan_status sign(struct redan_cli *cli, const struct redan_system *s,
                              const struct redan_approval_draft *draft,
                              const struct redan_cli_signer *signer, struct redan_slice *path)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_lock REDAN_DEFER(redan_lock_done) lock = {-1};
    struct redan_dsse envelope = {0};
    struct redan_slice folder = {0};

    REDAN_TRY(redan_approval_write(ctx, draft, &envelope));
    REDAN_TRY(redan_cli_signer_sign(cli, signer, &envelope));
    REDAN_TRY(redan_cli_stamp(cli, &envelope));
    REDAN_TRY(redan_lock_take(ctx, s->folder, &lock));
    if (draft->step) /* first what it will be compared with, then the signature */
        REDAN_TRY(redan_history_keep(ctx, s));
    REDAN_TRY(redan_path_join(ctx, s->folder, REDAN_S("approvals"), &folder));
    enum redan_status status = redan_approvals_add(ctx, folder, &envelope, path);
    if (status != REDAN_E_EXISTS) /* the very same signature: nothing to add */
        REDAN_TRY(status);
    redan_fail_clear(ctx);
    return REDAN_OK;
}

static enum redan_status answer(struct redan_cli *cli, const struct redan_approval_draft *draft,
                                struct redan_slice holder, struct redan_slice path)
{
    struct redan_slice number = {"", 0};

    if (draft->step)
        REDAN_TRY(
            redan_format(&cli->ctx, &number, "%llu", (unsigned long long)draft->step->number));
    redan_cli_say(cli, "%.*s signed as %.*s: %s%s%.*s, in %.*s", REDAN_FMT(holder),
                  REDAN_FMT(draft->role), redan_approval_words[draft->kind],
                  draft->about.len ? " " : "", REDAN_FMT(draft->about), REDAN_FMT(path));
    const struct redan_cli_field fields[] = {
        {"kind", redan_slice_of(redan_approval_words[draft->kind])},
        {"about", draft->about},
        {"role", draft->role},
        {"holder", holder},
        {"number", number},
        {"file", path}};
    redan_cli_object(cli, fields, REDAN_COUNT(fields));
    return REDAN_OK;
}

static enum redan_status approve(struct redan_cli *cli, const struct redan_system *s)
{
    struct redan_cli_signer REDAN_DEFER(redan_cli_signer_done) signer = {0};
    struct redan_approval_step step = {0};
    struct redan_approval_draft draft;
    struct redan_slice path = {0};

    REDAN_TRY(make_draft(cli, s, &draft));
    REDAN_TRY(redan_cli_signer_open(cli, &s->ring, &signer));
    REDAN_TRY(may_sign(cli, s, &draft, signer.by->holder));
    if (draft.kind == REDAN_APPROVAL_RELEASE) {
        REDAN_TRY(redan_history_next(&cli->ctx, s, &step));
        REDAN_TRY(show_step(cli, s, &step));
        draft.step = &step;
    }
    REDAN_TRY(sign(cli, s, &draft, &signer, &path));
    return answer(cli, &draft, signer.by->holder, path);
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
    .text =
        "A lead signs the canonical root: this very threat model, for this very release, changed\n"
        "like this since the one approved before, which redan/history/ keeps. A governance body\n"
        "signs one threat as it stands, with the profile and all that the decision relies on:\n"
        "loosening any of it voids the signature, editing a comment does not.\n\n"
        "  redan approve --role ml-lead --key okafor.pem\n"
        "  redan approve --role risk-board --accept membership --key board-1.pem\n"
        "  redan approve --role risk-board --exclude DC-08 --key board-1.pem",
    .options = options,
    .run = run,
};
