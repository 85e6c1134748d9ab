/* Groups findings by stage, and picks what to do next. */
#include "threat/verdict.h"

#include "base/clock.h"
#include "threat/check_table.h"
#include "threat/verdict_parts.h"

static enum redan_level worst(enum redan_level a, enum redan_level b)
{
    return a > b ? a : b;
}

/* The findings about one subject; an empty subject collects those about the threat model itself. */
static enum redan_status collect(const struct redan_check *check, struct redan_slice subject,
                                 struct redan_verdict_item *item)
{
    size_t count = 0;

    for (const struct redan_finding *f = check->findings.first; f; f = f->next)
        count += redan_slice_eq(f->subject, subject);
    item->findings = redan_take_array(check->ctx, count, sizeof(*item->findings));
    if (!item->findings)
        return REDAN_E_MEMORY;
    for (const struct redan_finding *f = check->findings.first; f; f = f->next) {
        if (!redan_slice_eq(f->subject, subject))
            continue;
        item->findings[item->count++] = f;
        item->level = worst(item->level, f->level);
    }
    return REDAN_OK;
}

/* The strongest proof among the controls that answer a threat. */
static enum redan_grade grade_of(const struct redan_check *check, const struct redan_texts *ids)
{
    enum redan_grade grade = REDAN_GRADE_CLAIMED;

    for (size_t i = 0; i < ids->count; i++) {
        const struct redan_control_state *s = redan_map_get(&check->states_by_id, ids->items[i]);
        if (s && s->holds && s->grade > grade)
            grade = s->grade;
    }
    return grade;
}

static enum redan_status note_of(struct redan_ctx *ctx, const struct redan_threat *t,
                                 struct redan_slice *note)
{
    const struct redan_resolution *r = t->resolution;
    char date[REDAN_TIME_TEXT];

    if (r->kind == REDAN_RESOLUTION_PLANNED) {
        redan_date_text(r->due, date);
        return redan_format(ctx, note, "due %s, interim risk %s", date,
                            redan_severity_words[r->interim->residual]);
    }
    if (r->kind == REDAN_RESOLUTION_ACCEPTED) {
        redan_date_text(r->expires, date);
        return redan_format(ctx, note, "by %.*s until %s, residual %s", REDAN_FMT(r->body), date,
                            redan_severity_words[r->residual]);
    }
    return REDAN_OK;
}

static enum redan_status item_of(const struct redan_check *check, const struct redan_threat *t,
                                 struct redan_verdict_item *item)
{
    const struct redan_resolution *r = t->resolution;
    struct redan_slice name = t->known ? t->known->name : t->name;

    *item = (struct redan_verdict_item){
        .id = t->id,
        .answer = redan_slice_of(redan_resolution_words[r->kind]),
        .severity = redan_slice_of(redan_severity_words[t->severity]),
    };
    if (r->kind == REDAN_RESOLUTION_CONTROL || r->kind == REDAN_RESOLUTION_ELIMINATED) {
        const struct redan_texts *ids =
            r->kind == REDAN_RESOLUTION_CONTROL ? &r->controls : &r->absent;
        item->grade = redan_slice_of(redan_grade_words[grade_of(check, ids)]);
    }
    REDAN_TRY(redan_format(check->ctx, &item->title, "%.*s%s%.*s", REDAN_FMT(t->archetype),
                           t->archetype.len ? " " : "", REDAN_FMT(name)));
    REDAN_TRY(note_of(check->ctx, t, &item->note));
    return collect(check, t->id, item);
}

static enum redan_status groups_of(const struct redan_check *check, struct redan_verdict *v)
{
    const struct redan_threat *threats = check->system->model.threats.items;
    size_t count = check->system->model.threats.count;
    struct redan_verdict_item self = {.id = REDAN_S("this threat model")};

    v->groups = redan_take_array(check->ctx, REDAN_STAGE_COUNT + 1, sizeof(*v->groups));
    if (!v->groups)
        return REDAN_E_MEMORY;
    for (int s = 0; s < REDAN_STAGE_COUNT; s++) {
        struct redan_verdict_group *g = &v->groups[v->group_count];
        *g = (struct redan_verdict_group){.name = redan_slice_of(redan_stage_words[s])};
        g->items = redan_take_array(check->ctx, count, sizeof(*g->items));
        if (!g->items)
            return REDAN_E_MEMORY;
        for (size_t i = 0; i < count; i++) {
            if (redan_threat_stage(&threats[i]) != s)
                continue;
            REDAN_TRY(item_of(check, &threats[i], &g->items[g->count]));
            g->held += g->items[g->count].level <= REDAN_LEVEL_WARN;
            g->count++;
        }
        v->group_count++;
    }
    REDAN_TRY(collect(check, (struct redan_slice){"", 0}, &self));
    if (self.count == 0)
        return REDAN_OK;
    struct redan_verdict_group *g = &v->groups[v->group_count++];
    g->name = REDAN_S("review");
    g->items = redan_take(check->ctx, sizeof(self));
    if (!g->items)
        return REDAN_E_MEMORY;
    g->items[0] = self;
    g->count = 1;
    g->held = self.level <= REDAN_LEVEL_WARN;
    return REDAN_OK;
}

static enum redan_status page_text(struct redan_ctx *ctx, const struct redan_threat_model *model,
                                   struct redan_slice *text)
{
    struct redan_page page;
    unsigned stages = 0;

    redan_threat_model_page(model, &page);
    for (size_t i = 0; i < REDAN_STAGE_COUNT; i++)
        stages += page.stage[i];
    return redan_format(ctx, text, "%u of 5 stages written, %u of %u cells, %u of them \"none\"",
                        stages, page.written, page.cells, page.none);
}

static enum redan_status trust_text(struct redan_ctx *ctx, const struct redan_system *s,
                                    struct redan_slice *text)
{
    struct redan_slice root = {0};

    if (s->trust != REDAN_TRUST_PINNED) {
        *text = s->trust_detail;
        return REDAN_OK;
    }
    REDAN_TRY(redan_digest_text(ctx, &s->ring.root, &root));
    return redan_format(ctx, text, "%.*s, pinned by %.*s", REDAN_FMT(root),
                        REDAN_FMT(s->pin.source));
}

static enum redan_status headline(const struct redan_check *check, struct redan_verdict *v,
                                  enum redan_level level)
{
    struct redan_slice waived = {"", 0};
    size_t held = 0;
    size_t count = 0;

    for (size_t i = 0; i < v->group_count && i < REDAN_STAGE_COUNT; i++) {
        held += v->groups[i].held;
        count += v->groups[i].count;
    }
    if (v->waiver_count > 0)
        REDAN_TRY(redan_format(check->ctx, &waived, ", %zu waiver%s: %.*s", v->waiver_count,
                               v->waiver_count == 1 ? "" : "s", REDAN_FMT(v->waivers)));
    if (level <= REDAN_LEVEL_WARN)
        return redan_format(check->ctx, &v->headline, "may ship: all %zu threats are answered%.*s",
                            count, REDAN_FMT(waived));
    if (held == count)
        return redan_format(check->ctx, &v->headline,
                            "may not ship: see below; all %zu are answered%.*s", count,
                            REDAN_FMT(waived));
    return redan_format(check->ctx, &v->headline,
                        "may not ship: %zu of %zu threats %s not answered%.*s", count - held, count,
                        count - held == 1 ? "is" : "are", REDAN_FMT(waived));
}

/* The first failure decides; where nothing fails but something cannot be decided, that. Trust and files come first in the table, so they
 * come first here. */
static const struct redan_finding *choose_next(const struct redan_check *check,
                                               enum redan_level level)
{
    for (const struct redan_finding *f = check->findings.first; f; f = f->next) {
        if (f->level == level && level >= REDAN_LEVEL_WARN)
            return f;
    }
    return NULL;
}

static enum redan_status verdict_of(struct redan_check *check, bool simulated,
                                    struct redan_verdict *v)
{
    const struct redan_system *s = check->system;
    enum redan_level level = REDAN_LEVEL_NOTE;
    static const enum redan_word words[] = {REDAN_WORD_PASS, REDAN_WORD_WARN,
                                            REDAN_WORD_INDETERMINATE, REDAN_WORD_FAIL};

    *v = (struct redan_verdict){.system = s->model.id,
                                .at = check->ctx->now,
                                .simulated = simulated,
                                .until = check->until};
    for (const struct redan_finding *f = check->findings.first; f; f = f->next)
        level = worst(level, f->level);
    v->word = words[level];
    v->next = choose_next(check, level);
    REDAN_TRY(groups_of(check, v));
    REDAN_TRY(redan_verdict_waivers(check, v));
    REDAN_TRY(redan_verdict_deadlines(check, v));
    REDAN_TRY(headline(check, v, level));
    REDAN_TRY(trust_text(check->ctx, s, &v->trust));
    REDAN_TRY(redan_digest_text(check->ctx, &s->model.root, &v->root));
    REDAN_TRY(page_text(check->ctx, &s->model, &v->page));
    if (s->model.stride)
        REDAN_TRY(redan_format(
            check->ctx, &v->stride,
            "%llu of %llu threats \"mitigated\" in %.*s: claims (E0), imported and "
            "counted, never a pass",
            (unsigned long long)check->stride_mitigated, (unsigned long long)check->stride_threats,
            REDAN_FMT(s->model.stride->file)));
    return REDAN_OK;
}

/* A form with problems is judged no further. */
static enum redan_status refuse_form(struct redan_ctx *ctx, const struct redan_system *system,
                                     bool simulated, struct redan_verdict *v)
{
    struct redan_check check = {.ctx = ctx, .system = system};
    struct redan_verdict_group *g = redan_take(ctx, sizeof(*g));
    struct redan_verdict_item *item = redan_take(ctx, sizeof(*item));

    if (!g || !item)
        return REDAN_E_MEMORY;
    *v = (struct redan_verdict){.word = REDAN_WORD_FAIL,
                                .system = system->model.id.len ? system->model.id : system->folder,
                                .at = ctx->now,
                                .simulated = simulated};
    REDAN_TRY(redan_format(ctx, &v->headline, "may not ship: %zu problem%s of form",
                           system->problems.count, system->problems.count == 1 ? "" : "s"));
    REDAN_TRY(trust_text(ctx, system, &v->trust));
    redan_findings_init(&check.findings, ctx);
    REDAN_TRY(redan_check_form.run(&check));
    item->id = REDAN_S("form");
    REDAN_TRY(collect(&check, v->system, item));
    *g = (struct redan_verdict_group){REDAN_S("review"), item, 1, 0};
    v->groups = g;
    v->group_count = 1;
    v->next = check.findings.first;
    return REDAN_OK;
}

enum redan_status redan_system_verdict(struct redan_ctx *ctx, const struct redan_system *system,
                                       const struct redan_artefact *artefacts,
                                       size_t artefact_count, bool simulated,
                                       struct redan_verdict *verdict)
{
    struct redan_check check;

    if (system->problems.count > 0)
        return refuse_form(ctx, system, simulated, verdict);
    REDAN_TRY(redan_check_run(ctx, system, artefacts, artefact_count, &check));
    return verdict_of(&check, simulated, verdict);
}
