/* Gathers what a lead reads before signing: the difference, the proofs, what slipped, what is new in the catalogue, who has not signed. */
#include "cmd/review.h"

#include <string.h>

static enum redan_status read_sides(struct redan_cli *cli, struct redan_review *r)
{
    r->before = redan_history_before(&r->system->history);
    REDAN_TRY(redan_side_folder(cli, r->system->folder, &r->to));
    if (r->before)
        REDAN_TRY(redan_side_step(cli, r->system, r->before, &r->from));
    else
        r->from.documents[REDAN_DIFF_THREAT_MODEL].known = true;
    return redan_side_compare(cli, &r->from, &r->to, &r->diffs);
}

/* A chain that cannot be added to is something to read, not a failure to review. */
static enum redan_status read_next(struct redan_ctx *ctx, struct redan_review *r)
{
    struct redan_approval_step step = {0};
    enum redan_status status = redan_history_next(ctx, r->system, &step);

    if (status == REDAN_OK) {
        r->number = step.number;
        return REDAN_OK;
    }
    if (status != REDAN_E_SCHEMA && status != REDAN_E_ABSENT)
        return status;
    status = redan_copy(ctx, redan_slice_of(ctx->failure.text), &r->hindrance);
    redan_fail_clear(ctx);
    return status;
}

static void count_proofs(struct redan_review *r)
{
    for (size_t i = 0; i < r->check.state_count; i++) {
        const struct redan_control_state *state = &r->check.states[i];
        for (size_t k = 0; k < state->count; k++) {
            r->proofs++;
            r->proofs_holding += redan_outcome_holds(state->judgements[k].outcome);
        }
    }
}

static int64_t approved_due(const struct redan_history_step *step, struct redan_slice id)
{
    for (size_t i = 0; step && i < step->planned_count; i++) {
        if (redan_slice_eq(step->planned[i].id, id))
            return step->planned[i].due;
    }
    return 0;
}

static enum redan_status read_slips(struct redan_ctx *ctx, struct redan_review *r)
{
    const struct redan_threat_model *model = &r->system->model;
    const struct redan_threat *threats = model->threats.items;

    r->slips = redan_take_array(ctx, model->threats.count, sizeof(*r->slips));
    if (!r->slips)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < model->threats.count; i++) {
        const struct redan_resolution *plan = threats[i].resolution;
        struct redan_review_slip slip = {.threat = threats[i].id, .owner = plan->owner};
        int64_t began = 0;
        if (plan->kind != REDAN_RESOLUTION_PLANNED)
            continue;
        slip.due = plan->due;
        slip.approved = approved_due(r->before, threats[i].id);
        slip.overdue = ctx->now > plan->due;
        redan_history_plan(&r->system->history, model, &threats[i], &began, &slip.redates);
        if (slip.overdue || (slip.approved != 0 && slip.approved != slip.due))
            r->slips[r->slip_count++] = slip;
    }
    return REDAN_OK;
}

static bool covers(const struct redan_threat_model *model, struct redan_slice archetype)
{
    const struct redan_threat *threats = model->threats.items;
    const struct redan_exclusion *exclusions = model->exclusions.items;

    for (size_t i = 0; i < model->threats.count; i++) {
        if (redan_slice_eq(threats[i].archetype, archetype))
            return true;
    }
    for (size_t i = 0; i < model->exclusions.count; i++) {
        if (redan_slice_eq(exclusions[i].archetype, archetype))
            return true;
    }
    return false;
}

static enum redan_status read_catalog(struct redan_ctx *ctx, struct redan_review *r)
{
    const struct redan_system *s = r->system;
    const struct redan_archetype *items = s->catalog->archetypes.items;
    const struct redan_threat_model *before = NULL;
    struct redan_slice path = {0};

    if (!r->before)
        return REDAN_OK;
    if (r->before->approval) {
        r->catalog_known = true;
        r->catalog_before = r->before->approval->step.catalog_version;
        r->catalog_changed =
            !redan_digest_eq(&r->before->approval->step.catalog, &s->catalog->digest);
    }
    before = r->before->model;
    if (!before)
        REDAN_TRY(redan_history_model(ctx, s->folder, &r->before->root, &before, &path));
    r->techniques = redan_take_array(ctx, s->catalog->archetypes.count, sizeof(*r->techniques));
    if (!r->techniques)
        return REDAN_E_MEMORY;
    for (size_t i = 0; before && i < s->catalog->archetypes.count; i++) {
        if (!redan_profile_demands(&s->org, s->model.profile, &items[i]) ||
            covers(before, items[i].id))
            continue;
        r->techniques[r->technique_count++] =
            (struct redan_review_technique){&items[i], covers(&s->model, items[i].id)};
    }
    return REDAN_OK;
}

static enum redan_status read_leads(struct redan_ctx *ctx, struct redan_review *r)
{
    static const char *const roles[] = {"ml-lead", "security-lead"};
    const struct redan_owners *owners = r->system->model.owners;
    struct redan_consent consent = {0};

    for (size_t i = 0; i < REDAN_COUNT(roles); i++) {
        struct redan_review_lead *lead = &r->leads[i];
        *lead = (struct redan_review_lead){
            .role = roles[i], .owner = i == 0 ? owners->ml_lead : owners->security_lead};
        REDAN_TRY(redan_history_signed(ctx, r->system, redan_slice_of(roles[i]), &consent,
                                       &lead->has_signed));
    }
    return REDAN_OK;
}

static void add_sign(struct redan_review *r, struct redan_slice only,
                     const struct redan_review_sign *sign)
{
    if (only.len && !redan_slice_eq(only, sign->role))
        return;
    for (size_t i = 0; i < r->sign_count; i++) {
        if (redan_slice_eq(r->signs[i].command, sign->command))
            return;
    }
    r->signs[r->sign_count++] = *sign;
}

/* The command in what a finding says to do, when that is a body's signature. */
static bool body_signs(const struct redan_finding *f, struct redan_review_sign *sign)
{
    static const char lead_in[] = REDAN_CHECK_BODY_SIGNS;
    static const char head[] = "redan approve --role ";
    struct redan_slice rest = {0};

    if (!redan_slice_starts(f->action, REDAN_S(lead_in)))
        return false;
    sign->command = redan_slice_sub(f->action, sizeof(lead_in) - 1, f->action.len);
    if (!redan_slice_starts(sign->command, REDAN_S(head)))
        return false;
    rest = redan_slice_sub(sign->command, sizeof(head) - 1, sign->command.len);
    (void)redan_slice_cut(rest, ' ', &sign->role, &rest);
    sign->because = f->detail;
    return true;
}

/* First the bodies, whose signatures the leads stand on, then the leads. */
static enum redan_status read_signs(struct redan_ctx *ctx, struct redan_slice role,
                                    struct redan_review *r)
{
    struct redan_review_sign sign = {0};

    r->signs = redan_take_array(ctx, r->check.findings.count + 2, sizeof(*r->signs));
    if (!r->signs)
        return REDAN_E_MEMORY;
    for (const struct redan_finding *f = r->check.findings.first; f; f = f->next) {
        sign = (struct redan_review_sign){0};
        if (body_signs(f, &sign))
            add_sign(r, role, &sign);
    }
    for (size_t i = 0; i < REDAN_COUNT(r->leads); i++) {
        const struct redan_review_lead *lead = &r->leads[i];
        if (lead->has_signed)
            continue;
        sign = (struct redan_review_sign){.role = redan_slice_of(lead->role),
                                          .who = lead->owner,
                                          .because = REDAN_S("the threat model as it stands")};
        REDAN_TRY(
            redan_format(ctx, &sign.command, "redan approve --role %s --key KEY", lead->role));
        add_sign(r, role, &sign);
    }
    return REDAN_OK;
}

enum redan_status redan_review_make(struct redan_cli *cli, const struct redan_system *system,
                                    struct redan_slice role, struct redan_review *review)
{
    struct redan_ctx *ctx = &cli->ctx;

    memset(review, 0, sizeof(*review));
    review->system = system;
    REDAN_TRY(redan_system_verdict(ctx, system, NULL, 0, cli->simulated, &review->verdict));
    REDAN_TRY(redan_check_run(ctx, system, NULL, 0, &review->check));
    REDAN_TRY(read_sides(cli, review));
    REDAN_TRY(read_next(ctx, review));
    count_proofs(review);
    REDAN_TRY(read_slips(ctx, review));
    REDAN_TRY(read_catalog(ctx, review));
    REDAN_TRY(read_leads(ctx, review));
    return read_signs(ctx, role, review);
}
