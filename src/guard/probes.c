/* Each kind of request in turn; what is due follows from the policy's rules. */
#include "guard/probes_parts.h"

#include <assert.h>

#include "text/glob.h"

enum { NOTES = 16, CALLER_ROWS = 25, BATCH = 50, DEPTH_MOST = 4096 };

static const struct redan_policy_rule *rule_of(const struct redan_making *m, const char *stage,
                                               enum redan_action least)
{
    const struct redan_policy *policy = m->policy;

    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct redan_policy_rule *rule = &policy->rules[i];
        if (redan_slice_is(redan_slice_of(rule->stage->name), stage) && rule->action >= least &&
            (rule->caller_class.len == 0 || redan_slice_eq(rule->caller_class, m->caller_class)))
            return rule;
    }
    return NULL;
}

static enum redan_status note(struct redan_making *m, const char *text)
{
    if (m->notes->count < NOTES)
        m->notes->items[m->notes->count++] = redan_slice_of(text);
    return REDAN_OK;
}

static struct redan_probe_item *add(struct redan_making *m, enum redan_probing of,
                                    enum redan_probe_due due)
{
    struct redan_probe_item *items = m->set->items.items;

    if (m->set->items.count == REDAN_PROBE_ITEMS)
        return &m->spill; /* bounded by what is wanted; never reached */
    struct redan_probe_item *item = &items[m->set->items.count++];
    *item = (struct redan_probe_item){.of = (int)of, .due = (int)due, .path = m->path};
    item->media = redan_slice_of(m->preset->media[0]);
    item->caller = ++m->callers;
    return item;
}

static enum redan_status add_rows(struct redan_making *m, enum redan_probing of,
                                  enum redan_probe_due due, const struct redan_rows_made *rows,
                                  struct redan_probe_item **item)
{
    struct redan_probe_item *made = add(m, of, due);

    REDAN_TRY(redan_making_body(m, rows, &made->body));
    *item = made;
    return REDAN_OK;
}

/* What is due of a row that a stage's rule speaks about. */
static bool due_of(const struct redan_policy_rule *rule, enum redan_probe_due *due)
{
    if (!rule || rule->action == REDAN_ACTION_ALLOW)
        return false;
    *due = rule->action == REDAN_ACTION_REFUSE ? REDAN_DUE_REFUSED : REDAN_DUE_MARKED;
    return true;
}

/* So many rows one caller may ask without reaching a budget. */
static uint64_t allowance(const struct redan_making *m)
{
    uint64_t least = CALLER_ROWS;

    for (size_t i = 0; i < m->policy->rule_count; i++) {
        const struct redan_policy_rule *rule = &m->policy->rules[i];
        uint64_t most = rule->requests ? rule->requests : rule->rows;
        if (most && most < least)
            least = most;
    }
    return least;
}

static enum redan_status honest(struct redan_making *m)
{
    uint64_t each = allowance(m);
    struct redan_rows_made rows = {0};
    struct redan_probe_item *item = NULL;

    for (size_t i = 0; i < m->wanted->honest; i++) {
        if (!redan_making_honest(m, 1, &rows))
            return note(m, "too few reference rows fit the schema: fewer in-distribution rows");
        REDAN_TRY(add_rows(m, REDAN_PROBING_HONEST, REDAN_DUE_ANSWERED, &rows, &item));
        item->caller = 1 + i / each; /* an honest caller asks more than once */
        m->callers = item->caller;
    }
    return REDAN_OK;
}

static enum redan_status strange(struct redan_making *m)
{
    const struct redan_policy_rule *rule = rule_of(m, "out-of-distribution", REDAN_ACTION_MARK);
    struct redan_rows_made rows = {0};
    struct redan_probe_item *item = NULL;
    enum redan_probe_due due;

    if (!due_of(rule, &due))
        return note(m, "the policy has no out-of-distribution rule: no row is sent that nobody "
                       "ever sent");
    for (size_t i = 0; i < m->wanted->strange; i++) {
        if (!redan_making_strange(m, rule->alpha, &rows))
            return note(m, i == 0 ? "no row was found that the schema allows and the "
                                    "out-of-distribution rule does not: is alpha within what the "
                                    "profile can tell?"
                                  : "few rows were found that the schema allows and the "
                                    "out-of-distribution rule does not");
        REDAN_TRY(add_rows(m, REDAN_PROBING_STRANGE, due, &rows, &item));
        item->rule = rule->id;
    }
    return REDAN_OK;
}

static enum redan_status wrong(struct redan_making *m)
{
    const struct redan_policy_rule *rule = rule_of(m, "schema", REDAN_ACTION_MARK);
    struct redan_rows_made rows = {0};
    struct redan_probe_item *item = NULL;
    enum redan_probe_due due;

    if (!due_of(rule, &due))
        return note(m, "the policy has no schema rule: no wrong values are sent");
    for (size_t c = 0; c < m->profile->width; c++) {
        for (int how = 0; how < REDAN_WRONGS; how++) {
            if (!redan_making_wrong(m, c, (enum redan_wrong)how, &rows))
                continue;
            REDAN_TRY(add_rows(m, REDAN_PROBING_WRONG, due, &rows, &item));
            item->rule = rule->id;
        }
    }
    return REDAN_OK;
}

/* Texts that are no request, made of one that is. */
static enum redan_status malformed(struct redan_making *m)
{
    struct redan_rows_made rows = {0};
    struct redan_probe_item *item = NULL;
    struct redan_slice good = {0};

    if (!redan_making_honest(m, 1, &rows))
        return REDAN_OK;
    REDAN_TRY(redan_making_body(m, &rows, &good));
    add(m, REDAN_PROBING_MALFORMED, REDAN_DUE_REFUSED)->body =
        redan_slice_sub(good, 0, good.len / 2);
    item = add(m, REDAN_PROBING_MALFORMED, REDAN_DUE_REFUSED);
    REDAN_TRY(redan_format(m->ctx, &item->body, "%.*s %.*s", REDAN_FMT(good), REDAN_FMT(good)));
    static const char *const texts[] = {"{",
                                        "[[[[",
                                        "not JSON at all",
                                        "{\"a\": NaN}",
                                        "{\"a\": Infinity}",
                                        "{\"a\": 1, \"a\": 2}"};
    for (size_t i = 0; i < REDAN_COUNT(texts); i++)
        add(m, REDAN_PROBING_MALFORMED, REDAN_DUE_REFUSED)->body = redan_slice_of(texts[i]);
    item = add(m, REDAN_PROBING_MALFORMED, REDAN_DUE_REFUSED);
    item->body = good;
    item->media = REDAN_S("application/x-www-form-urlencoded");
    item = add(m, REDAN_PROBING_COMPRESSED, REDAN_DUE_REFUSED);
    item->body = good;
    item->encoding = REDAN_S("gzip");
    item = add(m, REDAN_PROBING_UNKNOWN, REDAN_DUE_REFUSED);
    item->body = good;
    item->path = REDAN_S("/v2/repository/index");
    item = add(m, REDAN_PROBING_UNKNOWN, REDAN_DUE_REFUSED);
    item->body = good;
    item->path = REDAN_S("/nobody-knows-this-path");
    item = add(m, REDAN_PROBING_UNKNOWN, REDAN_DUE_REFUSED);
    item->body = REDAN_S("{}");
    item->path = REDAN_S("/v2/systemsharedmemory/region/any/register");
    if (m->policy->identity.required) {
        item = add(m, REDAN_PROBING_NOBODY, REDAN_DUE_REFUSED);
        item->body = good;
        item->caller = 0;
    }
    return REDAN_OK;
}

static enum redan_status oversized(struct redan_making *m)
{
    struct redan_rows_made rows = {0};
    struct redan_buf REDAN_DEFER(redan_buf_done) deep = {0};
    struct redan_probe_item *item = NULL;

    if (!redan_making_honest(m, 1, &rows))
        return REDAN_OK;
    if (m->policy->bytes < REDAN_PROBE_PAD) {
        REDAN_TRY(add_rows(m, REDAN_PROBING_OVERSIZED, REDAN_DUE_REFUSED, &rows, &item));
        item->pad = m->policy->bytes;
    }
    if (m->policy->depth < DEPTH_MOST) {
        redan_buf_init(&deep, m->ctx, (size_t)4 * DEPTH_MOST);
        redan_buf_text(&deep, "{\"instances\": ");
        redan_buf_repeat(&deep, '[', m->policy->depth + 1);
        redan_buf_repeat(&deep, ']', m->policy->depth + 1);
        redan_buf_char(&deep, '}');
        REDAN_TRY(redan_buf_ok(m->ctx, &deep, "a probe"));
        item = add(m, REDAN_PROBING_OVERSIZED, REDAN_DUE_REFUSED);
        REDAN_TRY(redan_copy(m->ctx, redan_buf_view(&deep), &item->body));
    }
    if (m->policy->rows >= m->most_rows)
        return note(m, "the policy allows more rows in one request than are sent here");
    if (!redan_making_honest(m, m->policy->rows + 1, &rows))
        return REDAN_OK;
    return add_rows(m, REDAN_PROBING_OVERSIZED, REDAN_DUE_REFUSED, &rows, &item);
}

static enum redan_status raw(struct redan_making *m)
{
    static const char *const names[] = {"score", "probability", "probabilities", "logits"};
    struct redan_rows_made rows = {0};
    struct redan_probe_item *item = NULL;

    if (!redan_making_honest(m, 1, &rows))
        return REDAN_OK;
    for (size_t i = 0; i < REDAN_COUNT(names); i++) {
        const struct redan_slice wanted = redan_slice_of(names[i]);
        rows.request.wanted = &wanted;
        rows.request.wanted_count = 1;
        REDAN_TRY(add_rows(m, REDAN_PROBING_RAW, REDAN_DUE_SHAPED, &rows, &item));
    }
    return REDAN_OK;
}

/* One caller asks, with rows as honest as any, more than any caller may. */
static enum redan_status over_budget(struct redan_making *m)
{
    const struct redan_policy_rule *rule = rule_of(m, "budget", REDAN_ACTION_REFUSE);
    struct redan_rows_made rows = {0};
    struct redan_probe_item *item = NULL;

    if (!rule)
        return note(m, "the policy has no budget that refuses for these callers");
    uint64_t most = rule->requests ? rule->requests : rule->rows;
    if (most > m->wanted->budget)
        return note(m, "the budget is larger than is tried out; --budget says how much is");
    uint64_t batch = rule->requests ? 1 : redan_min_size(BATCH, m->policy->rows);
    if (batch > most)
        batch = most;
    uint64_t sends = most / batch + 2;
    uint64_t caller = m->callers + 1;
    for (uint64_t i = 0; i < sends; i++) {
        if (!redan_making_honest(m, (size_t)batch, &rows))
            return REDAN_OK;
        REDAN_TRY(add_rows(m, REDAN_PROBING_BUDGET, REDAN_DUE_STOPPED, &rows, &item));
        item->caller = caller;
        m->callers = caller;
    }
    return REDAN_OK;
}

static enum redan_status search(struct redan_making *m)
{
    const struct redan_policy_rule *rule = rule_of(m, "caller", REDAN_ACTION_REFUSE);
    struct redan_rows_made rows = {0};
    struct redan_probe_item *item = NULL;
    uint64_t caller = m->callers + 1;

    if (!rule)
        return note(m, "the policy has no per-caller rule that refuses these callers");
    for (size_t i = 0; i < m->wanted->search; i++) {
        if (!redan_making_search(m, i, &rows))
            return REDAN_OK;
        REDAN_TRY(add_rows(m, REDAN_PROBING_SEARCH, REDAN_DUE_STOPPED, &rows, &item));
        item->caller = caller;
        m->callers = caller;
    }
    return REDAN_OK;
}

static enum redan_status address(struct redan_making *m)
{
    struct redan_slice model = m->wanted->model;

    for (size_t i = 0; m->policy->presets[i] && !m->preset; i++) {
        const struct redan_preset *preset = m->policy->presets[i];
        if (preset->encode_request && preset->before_model && preset->media && preset->media[0])
            m->preset = preset;
    }
    if (!m->preset)
        return redan_fail(m->ctx, REDAN_E_SCHEMA, 0,
                          "none of the policy's presets has requests that can be written; probes "
                          "need one of kserve-v1, oip-v2, mlflow, sagemaker");
    if (model.len == 0 && m->policy->models.count)
        model = m->policy->models.items[0];
    if (model.len == 0 && m->preset->after_model)
        return redan_fail(m->ctx, REDAN_E_USAGE, 0,
                          "the policy names no model; say which one requests are for: --model "
                          "NAME");
    m->path = redan_slice_of(m->preset->before_model);
    if (!m->preset->after_model)
        return REDAN_OK;
    return redan_format(m->ctx, &m->path, "%s%.*s%s", m->preset->before_model, REDAN_FMT(model),
                        m->preset->after_model);
}

static void classify(struct redan_making *m)
{
    const struct redan_policy *policy = m->policy;

    for (size_t i = 0; i < policy->class_count && m->caller_class.len == 0; i++) {
        if (redan_glob_name(policy->classes[i].match, m->wanted->caller))
            m->caller_class = policy->classes[i].id;
    }
}

static enum redan_status describe(struct redan_making *m)
{
    struct redan_probe_set *set = m->set;
    const struct redan_policy_shape *shape = &m->policy->answers.shape;

    assert(m->preset);
    *set = (struct redan_probe_set){.policy = m->policy->digest,
                                    .policy_id = m->policy->id,
                                    .caller = m->wanted->caller,
                                    .preset = redan_slice_of(m->preset->name),
                                    .labels = shape->labels,
                                    .decimals = shape->decimals,
                                    .has_profile = true,
                                    .profile = m->profile->digest,
                                    .has_model = m->profile->has_model,
                                    .model = m->profile->model_digest};
    set->items.items = redan_take_array(m->ctx, REDAN_PROBE_ITEMS, sizeof(struct redan_probe_item));
    m->notes->items = redan_take_array(m->ctx, NOTES, sizeof(struct redan_slice));
    m->notes->count = 0;
    return set->items.items && m->notes->items ? REDAN_OK : REDAN_E_MEMORY;
}

enum redan_status redan_probes_make(struct redan_ctx *ctx, const struct redan_edition *edition,
                                    const struct redan_probes_wanted *wanted,
                                    struct redan_probe_set *set, struct redan_texts *notes)
{
    enum redan_status (*const parts[])(struct redan_making *) = {
        honest, malformed, oversized, wrong, raw, strange, over_budget, search};
    struct redan_making m = {.ctx = ctx,
                             .policy = redan_edition_policy(edition),
                             .profile = redan_edition_profile(edition),
                             .wanted = wanted,
                             .set = set,
                             .notes = notes};

    if (!m.profile)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "the policy names no profile, and probes are made from one; redan guard "
                          "learn makes it");
    REDAN_TRY(address(&m));
    classify(&m);
    REDAN_TRY(describe(&m));
    REDAN_TRY(redan_making_begin(&m));
    for (size_t i = 0; i < REDAN_COUNT(parts); i++)
        REDAN_TRY(parts[i](&m));
    return REDAN_OK;
}
