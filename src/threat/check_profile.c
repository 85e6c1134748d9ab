/* The profile decides which threats must be answered: made narrower, it needs the governance body's signature. */
#include "base/buf.h"
#include "threat/check_table.h"

static const char *const maps[] = {"sp-800-218a:2024/PW.1.1", NULL};
static const struct redan_rule rule = {"TM026", "the profile was narrowed", REDAN_SEVERITY_HIGH,
                                       maps,
                                       "restore the profile, or have the governance body sign it"};
static const struct redan_rule *const rules[] = {&rule, NULL};

/* What earlier approved profiles made mandatory and this one does not, by archetype. */
struct walk {
    struct redan_check *check;
    bool *lost;
    size_t lost_count;
    struct redan_digest newer; /* the profile that followed the step at hand */
};

static enum redan_status body_signed(struct walk *w, bool *yes)
{
    const struct redan_signing signing = {.rule = &rule,
                                          .kind = REDAN_APPROVAL_PROFILE,
                                          .subject = &w->newer,
                                          .role = redan_check_body(w->check)};
    struct redan_consent consent = {0};
    struct redan_signed result = {0};

    REDAN_TRY(redan_check_consent(w->check, &signing, &consent, &result));
    *yes = result.enough;
    return REDAN_OK;
}

static void compare(struct walk *w, const struct redan_node *profile)
{
    const struct redan_system *s = w->check->system;
    const struct redan_archetype *items = s->catalog->archetypes.items;

    for (size_t i = 0; i < s->catalog->archetypes.count; i++) {
        if (w->lost[i] || redan_profile_demands(&s->org, s->model.profile, &items[i]) ||
            !redan_profile_demands(&s->org, profile, &items[i]))
            continue;
        w->lost[i] = true;
        w->lost_count++;
    }
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

/* One earlier step. Its text is read for this, and goes again. */
static enum redan_status look_at(struct walk *w, const struct redan_history_step *step, bool *there)
{
    struct redan_ctx *ctx = w->check->ctx;
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    const struct redan_threat_model *model = step->model;
    struct redan_slice path = {0};

    if (!model)
        REDAN_TRY(redan_history_model(ctx, w->check->system->folder, &step->root, &model, &path));
    *there = model != NULL;
    if (!model)
        return raise_missing(w->check, path);
    compare(w, model->profile);
    w->newer = model->profile_digest;
    redan_arena_reset(&ctx->arena, mark);
    return REDAN_OK;
}

/* Newest first, until the body has signed: a narrower profile that the leads alone have approved does not become the measure for the
 * next one. */
static enum redan_status walk_back(struct walk *w)
{
    const struct redan_history *h = &w->check->system->history;
    const struct redan_history_step *before = redan_history_before(h);
    bool agreed = false;
    bool there = true;

    for (const struct redan_history_step *s = before; s && there && s < h->steps + h->count; s++) {
        REDAN_TRY(body_signed(w, &agreed));
        if (agreed)
            break;
        REDAN_TRY(look_at(w, s, &there));
    }
    return REDAN_OK;
}

static enum redan_status raise_lost(struct walk *w)
{
    struct redan_check *check = w->check;
    const struct redan_archetype *items = check->system->catalog->archetypes.items;
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    struct redan_slice what = {0};
    struct redan_signed result = {0};

    redan_buf_init(&text, check->ctx, check->ctx->limits.file);
    for (size_t i = 0; i < check->system->catalog->archetypes.count; i++) {
        if (w->lost[i])
            redan_buf_printf(&text, "%s%.*s", text.len ? ", " : "", REDAN_FMT(items[i].id));
    }
    redan_buf_text(&text, " no longer mandatory");
    REDAN_TRY(redan_buf_ok(check->ctx, &text, "the archetypes"));
    REDAN_TRY(redan_copy(check->ctx, redan_buf_view(&text), &what));
    const struct redan_signing signing = {.rule = &rule,
                                          .kind = REDAN_APPROVAL_PROFILE,
                                          .subject = &check->system->model.profile_digest,
                                          .what = what,
                                          .option = "--profile",
                                          .role = redan_check_body(check)};
    return redan_check_signed(check, &signing, &result);
}

static enum redan_status run(struct redan_check *check)
{
    const struct redan_system *s = check->system;
    struct walk w = {.check = check, .newer = s->model.profile_digest};

    w.lost = redan_take_array(check->ctx, s->catalog->archetypes.count, sizeof(*w.lost));
    if (!w.lost)
        return REDAN_E_MEMORY;
    REDAN_TRY(walk_back(&w));
    return w.lost_count > 0 ? raise_lost(&w) : REDAN_OK;
}

const struct redan_threat_check redan_check_profile = {
    .name = "profile", .rules = rules, .run = run};
