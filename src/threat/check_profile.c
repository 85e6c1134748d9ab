/* The profile decides which threats must be answered: made narrower, it needs the governance body's signature. */
#include "base/buf.h"
#include "threat/check_table.h"

static const char *const maps[] = {"sp-800-218a:2024/PW.1.1", NULL};
static const struct redan_rule rule = {"TM026", "the profile was narrowed", REDAN_SEVERITY_HIGH,
                                       maps,
                                       "restore the profile, or have the governance body sign it"};
static const struct redan_rule *const rules[] = {&rule, NULL};

/* From the threat model at hand back through the approved ones. */
struct walk {
    struct redan_check *check;
    const struct redan_node *next; /* the profile that followed the step at hand */
    struct redan_digest next_digest;
    bool *lost; /* by archetype: no longer mandatory, and nobody signed that */
    size_t lost_count;
    int64_t lost_at; /* when the last profile was approved that demanded one of them */
    bool agreed;     /* the body has signed a narrowing: what came before is settled */
};

/* Mark what a step demands, and neither the profile that followed nor the one at hand; how many. */
static size_t mark_lost(const struct walk *w, const struct redan_node *profile, bool *lost)
{
    const struct redan_system *s = w->check->system;
    const struct redan_archetype *items = s->catalog->archetypes.items;
    size_t count = 0;

    for (size_t i = 0; i < s->catalog->archetypes.count; i++) {
        lost[i] = redan_profile_demands(&s->org, profile, &items[i]) &&
                  !redan_profile_demands(&s->org, w->next, &items[i]) &&
                  !redan_profile_demands(&s->org, s->model.profile, &items[i]);
        count += lost[i];
    }
    return count;
}

static enum redan_status name_lost(const struct walk *w, const bool *lost, const char *end,
                                   struct redan_slice *text)
{
    struct redan_ctx *ctx = w->check->ctx;
    const struct redan_archetype *items = w->check->system->catalog->archetypes.items;
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};

    redan_buf_init(&out, ctx, ctx->limits.file);
    for (size_t i = 0; i < w->check->system->catalog->archetypes.count; i++) {
        if (lost[i])
            redan_buf_printf(&out, "%s%.*s", out.len ? ", " : "", REDAN_FMT(items[i].id));
    }
    redan_buf_text(&out, end);
    REDAN_TRY(redan_buf_ok(ctx, &out, "the archetypes"));
    return redan_copy(ctx, redan_buf_view(&out), text);
}

/* The body's signature over a profile, made after the wider one had been approved: an older one was about another narrowing. */
static struct redan_signing signing_of(const struct redan_check *check,
                                       const struct redan_digest *profile, int64_t not_before)
{
    return (struct redan_signing){.rule = &rule,
                                  .kind = REDAN_APPROVAL_PROFILE,
                                  .subject = profile,
                                  .option = "--profile",
                                  .role = redan_check_body(check),
                                  .cap = check->system->org.rules->accepted_max,
                                  .not_before = not_before};
}

/* Whether the body has signed the profile that followed the step. */
static enum redan_status ask_body(struct walk *w, const struct redan_history_step *step,
                                  struct redan_signed *result)
{
    const struct redan_signing signing = signing_of(w->check, &w->next_digest, step->time);
    struct redan_consent consent = {0};

    REDAN_TRY(redan_check_consent(w->check, &signing, &consent, result));
    w->agreed = result->enough;
    return REDAN_OK;
}

static enum redan_status list_waiver(const struct walk *w, const bool *lost,
                                     const struct redan_signed *result)
{
    struct redan_waiver waiver = {.kind = "narrowed",
                                  .owner = redan_check_body(w->check),
                                  .reason = REDAN_S("the profile was narrowed"),
                                  .since = result->since,
                                  .until = result->until,
                                  .in_force = true};

    REDAN_TRY(name_lost(w, lost, "", &waiver.about));
    return redan_check_waiver(w->check, &waiver);
}

static enum redan_status judge_step(struct walk *w, const struct redan_history_step *step,
                                    const struct redan_node *profile)
{
    size_t archetypes = w->check->system->catalog->archetypes.count;
    bool *lost = redan_take_array(w->check->ctx, archetypes, sizeof(*lost));
    struct redan_signed result = {0};

    if (!lost)
        return REDAN_E_MEMORY;
    if (mark_lost(w, profile, lost) == 0)
        return REDAN_OK;
    REDAN_TRY(ask_body(w, step, &result));
    if (w->agreed)
        return list_waiver(w, lost, &result);
    for (size_t i = 0; i < archetypes; i++) {
        w->lost_count += lost[i] && !w->lost[i];
        w->lost[i] = w->lost[i] || lost[i];
    }
    if (step->time > w->lost_at)
        w->lost_at = step->time;
    return REDAN_OK;
}

static enum redan_status raise_missing(struct redan_check *check, struct redan_slice path)
{
    struct redan_slice detail = {0};

    REDAN_TRY(redan_format(check->ctx, &detail,
                           "whether it was cannot be told: %.*s is not there, or is another",
                           REDAN_FMT(path)));
    return redan_check_raise(check, &rule, REDAN_LEVEL_UNCLEAR, NULL, detail,
                             REDAN_S("restore the file from history"));
}

static enum redan_status look_at(struct walk *w, const struct redan_history_step *step, bool *there)
{
    struct redan_check *check = w->check;
    const struct redan_threat_model *model = step->model;
    const struct redan_arena_mark mark = redan_arena_mark(&check->ctx->arena);
    struct redan_slice path = {0};

    if (!model)
        REDAN_TRY(
            redan_history_model(check->ctx, check->system->folder, &step->root, &model, &path));
    *there = model != NULL;
    if (!model) { /* whatever it demanded: the body may have signed what followed */
        struct redan_signed result = {0};
        REDAN_TRY(ask_body(w, step, &result));
        return w->agreed ? REDAN_OK : raise_missing(check, path);
    }
    if (redan_digest_eq(&model->profile_digest, &w->next_digest)) {
        if (model != step->model) /* a long history does not lie in memory side by side */
            redan_arena_reset(&check->ctx->arena, mark);
        return REDAN_OK;
    }
    REDAN_TRY(judge_step(w, step, model->profile));
    w->next = model->profile;
    w->next_digest = model->profile_digest;
    return REDAN_OK;
}

/* Newest first, until the body has signed: a narrower profile that the leads alone have approved does not become the measure for the
 * next one. */
static enum redan_status walk_back(struct walk *w)
{
    const struct redan_history *h = &w->check->system->history;
    const struct redan_history_step *before = redan_history_before(h);
    bool there = true;

    for (const struct redan_history_step *s = before;
         s && there && !w->agreed && s < h->steps + h->count; s++)
        REDAN_TRY(look_at(w, s, &there));
    return REDAN_OK;
}

static enum redan_status run(struct redan_check *check)
{
    const struct redan_system *s = check->system;
    struct walk w = {
        .check = check, .next = s->model.profile, .next_digest = s->model.profile_digest};
    struct redan_signed result = {0};

    w.lost = redan_take_array(check->ctx, s->catalog->archetypes.count, sizeof(*w.lost));
    if (!w.lost)
        return REDAN_E_MEMORY;
    REDAN_TRY(walk_back(&w));
    if (w.lost_count == 0)
        return REDAN_OK;
    struct redan_signing signing = signing_of(check, &s->model.profile_digest, w.lost_at);
    REDAN_TRY(name_lost(&w, w.lost, " no longer mandatory", &signing.what));
    return redan_check_signed(check, &signing, &result);
}

const struct redan_threat_check redan_check_profile = {
    .name = "profile", .rules = rules, .run = run};
