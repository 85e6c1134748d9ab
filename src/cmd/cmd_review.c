/* redan review: one screen before signing, which ends with the commands that sign. */
#include "base/clock.h"
#include "cmd/command.h"
#include "cmd/review.h"
#include "codec/json.h"

static const struct redan_option options[] = {
    {"root", 0, "FINGERPRINT", "the root of trust; else REDAN_ROOT, else /etc/redan/root"},
    {"at", 0, "TIME", "review as if it were this time"},
    {"role", 'r', "ROLE", "only what this role has to sign"},
    {NULL, 0, NULL, NULL},
};

enum { MOST = 12 }; /* lines of a section: it is one screen */

static void more(struct redan_buf *out, size_t count, const char *where)
{
    if (count > MOST)
        redan_buf_printf(out, "  and %zu more: %s\n", count - MOST, where);
}

static void print_head(struct redan_cli *cli, const struct redan_review *r)
{
    const struct redan_verdict *v = &r->verdict;
    struct redan_buf *out = &cli->out;
    char day[REDAN_TIME_TEXT];

    if (v->simulated) {
        redan_time_text(v->at, day);
        redan_buf_printf(out, "SIMULATED at %s\n", day);
    }
    redan_buf_printf(out, "%.*s %.*s\n", REDAN_FMT(v->system), REDAN_FMT(v->root));
    redan_buf_printf(out, "root of trust: %.*s\n", REDAN_FMT(v->trust));
    if (r->hindrance.len)
        redan_buf_printf(out, "CANNOT BE SIGNED: %.*s\n", REDAN_FMT(r->hindrance));
    else
        redan_buf_printf(out, "approval %llu%s\n", (unsigned long long)r->number,
                         r->before ? "" : ", the first");
    redan_buf_printf(out, "now: %s: %.*s\n", redan_word_words[v->word], REDAN_FMT(v->headline));
}

static void print_diff(struct redan_cli *cli, const struct redan_review *r)
{
    static const char *const titles[] = {"threat model", "organisation", "keys"};
    struct redan_buf *out = &cli->out;

    if (!r->before) {
        redan_buf_text(out, "\nnothing was approved before: all of it is new\n");
        return;
    }
    redan_buf_printf(out, "\nsince %.*s\n", REDAN_FMT(r->from.name));
    for (int i = 0; i < REDAN_SIDE_DOCUMENTS; i++) {
        struct redan_diff shown = r->diffs.diffs[i];
        if (!r->diffs.there[i] || (i > 0 && shown.count == 0))
            continue;
        redan_buf_printf(out, "%s: ", titles[i]);
        if (shown.count > MOST)
            shown.count = MOST;
        redan_diff_text(out, &shown, cli->colour);
        more(out, r->diffs.diffs[i].count, "redan diff");
    }
}

static void print_proofs(struct redan_cli *cli, const struct redan_review *r)
{
    struct redan_buf *out = &cli->out;
    size_t failing = 0;

    redan_buf_printf(out, "\nproofs: %zu of %zu hold\n", r->proofs_holding, r->proofs);
    for (size_t i = 0; i < r->check.state_count; i++) {
        const struct redan_control_state *state = &r->check.states[i];
        for (size_t k = 0; k < state->count; k++) {
            const struct redan_judgement *j = &state->judgements[k];
            if (redan_outcome_holds(j->outcome) || failing++ >= MOST)
                continue;
            redan_buf_printf(out, "  %.*s/%.*s: %s, %.*s\n", REDAN_FMT(j->query->control),
                             REDAN_FMT(j->query->id), redan_outcome_words[j->outcome],
                             REDAN_FMT(j->detail));
        }
    }
    more(out, failing, "redan check");
}

static void print_waivers(struct redan_cli *cli, const struct redan_review *r)
{
    struct redan_buf *out = &cli->out;
    char day[REDAN_TIME_TEXT];

    redan_buf_printf(out, "shipped unproved: %.*s\n", REDAN_FMT(r->verdict.waivers));
    for (size_t i = 0; i < r->verdict.waiver_count && i < MOST; i++) {
        const struct redan_waiver *w = &r->verdict.waiver[i];
        redan_buf_printf(out, "  %s %.*s", w->kind, REDAN_FMT(w->about));
        if (w->owner.len)
            redan_buf_printf(out, ", %.*s", REDAN_FMT(w->owner));
        if (w->until != 0) {
            redan_date_text(w->until, day);
            redan_buf_printf(out, ", until %s", day);
        }
        redan_buf_text(out, w->in_force ? "\n" : ", NOT IN FORCE\n");
    }
    more(out, r->verdict.waiver_count, "redan check --waivers");
    for (size_t i = 0; i < r->slip_count; i++) {
        const struct redan_review_slip *s = &r->slips[i];
        redan_date_text(s->due, day);
        redan_buf_printf(out, "  %s %.*s, %.*s: due %s", s->overdue ? "OVERDUE" : "SLIPPED",
                         REDAN_FMT(s->threat), REDAN_FMT(s->owner), day);
        if (s->approved != 0 && s->approved != s->due) {
            redan_date_text(s->approved, day);
            redan_buf_printf(out, ", approved for %s", day);
        }
        redan_buf_printf(out, ", re-dates: %llu\n", (unsigned long long)s->redates);
    }
}

static void print_catalog(struct redan_cli *cli, const struct redan_review *r)
{
    struct redan_buf *out = &cli->out;

    if (r->catalog_known && r->catalog_changed)
        redan_buf_printf(out, "catalogue: version %llu, approval %llu was judged by version %llu\n",
                         (unsigned long long)r->system->catalog->version,
                         (unsigned long long)r->before->number,
                         (unsigned long long)r->catalog_before);
    for (size_t i = 0; i < r->technique_count && i < MOST; i++) {
        const struct redan_archetype *a = r->techniques[i].archetype;
        redan_buf_printf(out, "  new: %.*s %.*s, %s", REDAN_FMT(a->id), REDAN_FMT(a->name),
                         r->techniques[i].answered ? "answered now" : "NOT ANSWERED");
        for (size_t k = 0; r->catalog_changed && k < a->maps.count; k++)
            redan_buf_printf(out, "%s%.*s", k ? " " : "; ", REDAN_FMT(a->maps.items[k]));
        redan_buf_char(out, '\n');
    }
    more(out, r->technique_count, "redan review --json");
}

static void print_signs(struct redan_cli *cli, const struct redan_review *r)
{
    struct redan_buf *out = &cli->out;

    redan_buf_char(out, '\n');
    for (size_t i = 0; i < REDAN_COUNT(r->leads); i++)
        redan_buf_printf(out, "%s %.*s: %s\n", r->leads[i].role, REDAN_FMT(r->leads[i].owner),
                         r->leads[i].has_signed ? "signed" : "has not signed");
    if (r->sign_count == 0) {
        redan_buf_text(out, "nothing left to sign\n");
        return;
    }
    redan_buf_text(out, "to sign:\n");
    for (size_t i = 0; i < r->sign_count; i++) {
        const struct redan_review_sign *s = &r->signs[i];
        redan_buf_printf(out, "  %.*s   # %.*s%s%.*s\n", REDAN_FMT(s->command), REDAN_FMT(s->who),
                         s->who.len ? ", " : "", REDAN_FMT(s->because));
    }
}

/* Members of the tree, each a text; false when memory is refused. */
struct member {
    const char *key;
    struct redan_slice text;
};

static struct redan_node *add_map(struct redan_ctx *ctx, struct redan_node *list,
                                  const struct member *members, size_t count)
{
    struct redan_node *map = redan_node_add_kind(ctx, list, NULL, REDAN_NODE_MAP);

    for (size_t i = 0; map && i < count; i++) {
        if (members[i].text.len && !redan_node_add_text(ctx, map, members[i].key, members[i].text))
            return NULL;
    }
    return map;
}
#define ADD(ctx, list, ...)                                      \
    add_map((ctx), (list), (const struct member[]){__VA_ARGS__}, \
            REDAN_COUNT(((const struct member[]){__VA_ARGS__})))

static enum redan_status date(struct redan_ctx *ctx, int64_t at, struct redan_slice *text)
{
    char day[REDAN_TIME_TEXT];

    *text = (struct redan_slice){"", 0};
    if (at == 0)
        return REDAN_OK;
    redan_date_text(at, day);
    return redan_copy(ctx, redan_slice_of(day), text);
}

static enum redan_status tree_proofs(struct redan_ctx *ctx, const struct redan_review *r,
                                     struct redan_node *map)
{
    struct redan_node *proofs = redan_node_add_kind(ctx, map, "proofs", REDAN_NODE_MAP);

    if (!proofs || !redan_node_add_number(ctx, proofs, "count", (double)r->proofs) ||
        !redan_node_add_number(ctx, proofs, "hold", (double)r->proofs_holding))
        return REDAN_E_MEMORY;
    struct redan_node *failing = redan_node_add_kind(ctx, proofs, "failing", REDAN_NODE_LIST);
    for (size_t i = 0; failing && i < r->check.state_count; i++) {
        const struct redan_control_state *state = &r->check.states[i];
        for (size_t k = 0; k < state->count; k++) {
            const struct redan_judgement *j = &state->judgements[k];
            if (!redan_outcome_holds(j->outcome) &&
                !ADD(ctx, failing, {"control", j->query->control}, {"evidence", j->query->id},
                     {"outcome", redan_slice_of(redan_outcome_words[j->outcome])},
                     {"detail", j->detail}))
                return REDAN_E_MEMORY;
        }
    }
    return failing ? REDAN_OK : REDAN_E_MEMORY;
}

static enum redan_status tree_dates(struct redan_ctx *ctx, const struct redan_review *r,
                                    struct redan_node *map)
{
    struct redan_node *waivers = redan_node_add_kind(ctx, map, "waivers", REDAN_NODE_LIST);
    struct redan_node *slips = redan_node_add_kind(ctx, map, "slipped", REDAN_NODE_LIST);
    struct redan_slice day = {0};
    struct redan_slice approved = {0};

    for (size_t i = 0; waivers && i < r->verdict.waiver_count; i++) {
        const struct redan_waiver *w = &r->verdict.waiver[i];
        REDAN_TRY(date(ctx, w->until, &day));
        struct redan_node *one = ADD(ctx, waivers, {"kind", redan_slice_of(w->kind)},
                                     {"about", w->about}, {"owner", w->owner}, {"until", day});
        if (!one || !redan_node_add_bool(ctx, one, "in-force", w->in_force))
            return REDAN_E_MEMORY;
    }
    for (size_t i = 0; slips && i < r->slip_count; i++) {
        const struct redan_review_slip *s = &r->slips[i];
        REDAN_TRY(date(ctx, s->due, &day));
        REDAN_TRY(date(ctx, s->approved, &approved));
        struct redan_node *one = ADD(ctx, slips, {"threat", s->threat}, {"owner", s->owner},
                                     {"due", day}, {"approved", approved});
        if (!one || !redan_node_add_bool(ctx, one, "overdue", s->overdue) ||
            !redan_node_add_number(ctx, one, "redates", (double)s->redates))
            return REDAN_E_MEMORY;
    }
    return waivers && slips ? REDAN_OK : REDAN_E_MEMORY;
}

static enum redan_status tree_signs(struct redan_ctx *ctx, const struct redan_review *r,
                                    struct redan_node *map)
{
    struct redan_node *techniques = redan_node_add_kind(ctx, map, "techniques", REDAN_NODE_LIST);
    struct redan_node *leads = redan_node_add_kind(ctx, map, "leads", REDAN_NODE_LIST);
    struct redan_node *signs = redan_node_add_kind(ctx, map, "sign", REDAN_NODE_LIST);

    for (size_t i = 0; techniques && i < r->technique_count; i++) {
        const struct redan_archetype *a = r->techniques[i].archetype;
        struct redan_node *one = ADD(ctx, techniques, {"archetype", a->id}, {"name", a->name});
        struct redan_node *maps =
            one && redan_node_add_bool(ctx, one, "answered", r->techniques[i].answered)
                ? redan_node_add_kind(ctx, one, "maps", REDAN_NODE_LIST)
                : NULL;
        for (size_t k = 0; maps && k < a->maps.count; k++) {
            if (!redan_node_add_text(ctx, maps, NULL, a->maps.items[k]))
                return REDAN_E_MEMORY;
        }
        if (!maps)
            return REDAN_E_MEMORY;
    }
    for (size_t i = 0; leads && i < REDAN_COUNT(r->leads); i++) {
        struct redan_node *one = ADD(ctx, leads, {"role", redan_slice_of(r->leads[i].role)},
                                     {"owner", r->leads[i].owner});
        if (!one || !redan_node_add_bool(ctx, one, "signed", r->leads[i].has_signed))
            return REDAN_E_MEMORY;
    }
    for (size_t i = 0; signs && i < r->sign_count; i++) {
        const struct redan_review_sign *s = &r->signs[i];
        if (!ADD(ctx, signs, {"role", s->role}, {"who", s->who}, {"command", s->command},
                 {"because", s->because}))
            return REDAN_E_MEMORY;
    }
    return techniques && leads && signs ? REDAN_OK : REDAN_E_MEMORY;
}

static enum redan_status print_json(struct redan_cli *cli, const struct redan_review *r)
{
    struct redan_ctx *ctx = &cli->ctx;
    const struct redan_verdict *v = &r->verdict;
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);

    if (!map || !redan_node_add_text(ctx, map, "schema", REDAN_S("redan/review/1")) ||
        !redan_node_add_text(ctx, map, "system", v->system) ||
        !redan_node_add_text(ctx, map, "root", v->root) ||
        !redan_node_add_text(ctx, map, "trust", v->trust) ||
        !redan_node_add_text(ctx, map, "verdict", redan_slice_of(redan_word_words[v->word])) ||
        !redan_node_add_bool(ctx, map, "simulated", v->simulated) ||
        !redan_node_add_number(ctx, map, "number", (double)r->number) ||
        (r->hindrance.len && !redan_node_add_text(ctx, map, "hindrance", r->hindrance)) ||
        (r->before && !redan_node_add_text(ctx, map, "since", r->from.name)) ||
        (r->catalog_known && !redan_node_add_bool(ctx, map, "catalog-changed", r->catalog_changed)))
        return REDAN_E_MEMORY;
    struct redan_node *documents = redan_node_add_kind(ctx, map, "documents", REDAN_NODE_MAP);
    if (!documents)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_side_tree(cli, &r->diffs, documents));
    REDAN_TRY(tree_proofs(ctx, r, map));
    REDAN_TRY(tree_dates(ctx, r, map));
    REDAN_TRY(tree_signs(ctx, r, map));
    redan_json_tree_add(&cli->out, map);
    return REDAN_OK;
}

static int run(struct redan_cli *cli)
{
    struct redan_cli_system REDAN_DEFER(redan_cli_system_done) loaded = {0};
    struct redan_review *review = redan_take(&cli->ctx, sizeof(*review));

    if (!review || redan_cli_load_sound(cli, &loaded) != REDAN_OK ||
        redan_review_make(cli, &loaded.system, redan_cli_value(cli, "role"), review) != REDAN_OK)
        return redan_cli_failed(cli);
    if (cli->json && print_json(cli, review) != REDAN_OK)
        return redan_cli_failed(cli);
    if (!cli->json) {
        print_head(cli, review);
        print_diff(cli, review);
        print_proofs(cli, review);
        print_waivers(cli, review);
        print_catalog(cli, review);
        print_signs(cli, review);
        cli->painted = cli->colour;
    }
    return review->sign_count > 0 || review->hindrance.len > 0 ? REDAN_EXIT_FINDINGS
                                                               : REDAN_EXIT_CLEAN;
}

const struct redan_command redan_cmd_review = {
    .name = "review",
    .args = "",
    .summary = "one screen before signing: what changed, what is proved, who has to sign",
    .text =
        "Shows the difference since the last approved threat model, loosened first; which proofs "
        "hold;\n"
        "what ships unproved and which dates slipped; what the catalogue has made mandatory "
        "since; who\n"
        "has signed; and ends with the commands that sign. Ends with 1 while something is to be "
        "signed,\n"
        "with 0 when nothing is left.\n\n"
        "  redan review                      all of it\n"
        "  redan review --role risk-board    only what the body has to sign",
    .options = options,
    .run = run,
};
