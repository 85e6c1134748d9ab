/* Gathers what a pull request touches: the documents at the merge base against the work tree, files against `touches`, approvals against
 * what they were given for. */
#include "cmd/pr.h"

#include <stdlib.h>
#include <string.h>

#include "io/file.h"
#include "text/glob.h"

/* The threat model and organisation at the merge base; `system` has nothing else. */
struct earlier {
    bool sound;
    struct redan_system system;
};

enum { TURNED_BACK = 64 }; /* sentences; what is beyond is counted in the last */

static enum redan_status turned_back(struct redan_ctx *ctx, struct redan_pr *pr,
                                     struct redan_slice sentence)
{
    if (!pr->turned_back)
        pr->turned_back = redan_take_array(ctx, TURNED_BACK, sizeof(*pr->turned_back));
    if (!pr->turned_back)
        return REDAN_E_MEMORY;
    if (pr->turned_back_count < TURNED_BACK)
        pr->turned_back[pr->turned_back_count++] = sentence;
    else
        pr->turned_back[TURNED_BACK - 1] = REDAN_S("and more");
    return REDAN_OK;
}

static enum redan_status read_commits(struct redan_cli *cli, struct redan_slice folder,
                                      struct redan_pr *pr)
{
    struct redan_ctx *ctx = &cli->ctx;

    REDAN_TRY(redan_git_open(ctx, folder, &pr->git));
    REDAN_TRY(redan_git_commit(ctx, &pr->git, pr->base, &pr->base_commit));
    REDAN_TRY(redan_git_commit(ctx, &pr->git, REDAN_S("HEAD"), &pr->head));
    REDAN_TRY(redan_git_merge_base(ctx, &pr->git, pr->base_commit, pr->head, &pr->merge_base));
    REDAN_TRY(
        redan_side_commit(cli, &pr->git, pr->merge_base, REDAN_S("the merge base"), &pr->from));
    REDAN_TRY(redan_side_commit(cli, &pr->git, pr->base_commit, pr->base, &pr->tip));
    REDAN_TRY(redan_side_folder(cli, folder, &pr->to));
    REDAN_TRY(redan_side_compare(cli, &pr->from, &pr->to, &pr->diffs));
    return redan_git_changed(ctx, &pr->git, pr->merge_base, &pr->files, &pr->file_count);
}

static uint64_t version_of(const struct redan_node *root)
{
    uint64_t version = 0;

    (void)redan_slice_u64(redan_node_text(root, "version"), &version);
    return version;
}

/* The version of keys.yaml and org.yaml only rises, and neither goes away. */
static enum redan_status compare_versions(struct redan_ctx *ctx, struct redan_pr *pr)
{
    for (int i = REDAN_DIFF_ORG; i < REDAN_SIDE_DOCUMENTS; i++) {
        const struct redan_node *from = pr->from.documents[i].root;
        const struct redan_node *tip = pr->tip.documents[i].root;
        const struct redan_node *to = pr->to.documents[i].root;
        struct redan_slice sentence = {0};
        uint64_t then = version_of(from);
        uint64_t there = version_of(tip);
        if (!from && !tip)
            continue;
        if (!to)
            REDAN_TRY(redan_format(ctx, &sentence, "%s is gone", redan_side_files[i]));
        else if (version_of(to) < then)
            REDAN_TRY(redan_format(ctx, &sentence, "%s has version %llu, and had %llu",
                                   redan_side_files[i], (unsigned long long)version_of(to),
                                   (unsigned long long)then));
        else if (version_of(to) < there) /* behind, not turned back */
            REDAN_TRY(redan_format(ctx, &pr->remark,
                                   "%s has version %llu, and %.*s has %llu: bring it up to date",
                                   redan_side_files[i], (unsigned long long)version_of(to),
                                   REDAN_FMT(pr->base), (unsigned long long)there));
        else if (version_of(to) == then && pr->diffs.there[i] && pr->diffs.diffs[i].count > 0)
            REDAN_TRY(redan_format(ctx, &sentence, "%s was changed and still has version %llu",
                                   redan_side_files[i], (unsigned long long)then));
        if (sentence.len)
            REDAN_TRY(turned_back(ctx, pr, sentence));
    }
    return REDAN_OK;
}

static int by_text(const void *a, const void *b)
{
    return redan_slice_cmp(*(const struct redan_slice *)a, *(const struct redan_slice *)b);
}

static bool has(const struct redan_slice *sorted, size_t count, struct redan_slice text)
{
    size_t low = 0;

    while (count > 0) {
        size_t half = count / 2;
        int order = redan_slice_cmp(sorted[low + half], text);
        if (order == 0)
            return true;
        if (order < 0) {
            low += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return false;
}

/* Approvals, approved texts and records are written once: none goes away or is rewritten. */
static enum redan_status compare_records(struct redan_ctx *ctx, struct redan_slice folder,
                                         struct redan_pr *pr)
{
    static const char *const kept[] = {"approvals", "history", "evidence"};

    for (size_t i = 0; i < REDAN_COUNT(kept); i++) {
        struct redan_slice below = {0};
        struct redan_slice *paths = NULL;
        size_t count = 0;
        REDAN_TRY(redan_format(ctx, &below, "%.*s%s", REDAN_FMT(pr->git.prefix), kept[i]));
        REDAN_TRY(redan_git_files(ctx, &pr->git, pr->merge_base, below, &paths, &count));
        for (size_t k = 0; k < count; k++) {
            struct redan_slice name = redan_slice_sub(paths[k], pr->git.prefix.len, paths[k].len);
            struct redan_slice path = {0};
            struct redan_slice sentence = {0};
            REDAN_TRY(redan_path_join(ctx, folder, name, &path));
            if (!redan_file_exists(ctx, path))
                REDAN_TRY(redan_format(ctx, &sentence, "%.*s is gone", REDAN_FMT(name)));
            else if (has(pr->files, pr->file_count, paths[k]))
                REDAN_TRY(redan_format(ctx, &sentence, "%.*s was rewritten", REDAN_FMT(name)));
            if (sentence.len)
                REDAN_TRY(turned_back(ctx, pr, sentence));
        }
    }
    return REDAN_OK;
}

/* What stood at the merge base, as far as it is sound. */
static enum redan_status read_earlier(struct redan_cli *cli, const struct redan_system *now,
                                      struct redan_pr *pr, struct earlier *earlier)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_system *s = &earlier->system;
    struct redan_slice org = pr->from.documents[REDAN_DIFF_ORG].text;

    *earlier = (struct earlier){0};
    s->catalog = now->catalog;
    s->has_org = pr->from.documents[REDAN_DIFF_ORG].root != NULL;
    if (!pr->from.documents[REDAN_DIFF_THREAT_MODEL].root)
        return REDAN_OK;
    redan_problems_init(&s->problems, ctx, pr->from.documents[REDAN_DIFF_THREAT_MODEL].file);
    if (!s->has_org)
        org = REDAN_S("schema: redan/org/1\norg: none\n");
    REDAN_TRY(redan_org_parse(&s->problems, org, &s->org));
    REDAN_TRY(redan_threat_model_parse(&s->problems, s->catalog, &s->org,
                                       pr->from.documents[REDAN_DIFF_THREAT_MODEL].text,
                                       &s->model));
    earlier->sound = s->problems.count == 0;
    if (!earlier->sound)
        pr->remark = REDAN_S("the documents at the merge base have problems of form: which "
                             "approvals become void cannot be told");
    return REDAN_OK;
}

/* The files of the change that a threat's `touches` mean. */
static enum redan_status match_files(struct redan_ctx *ctx, const struct redan_pr *pr,
                                     const struct redan_threat *threat,
                                     struct redan_pr_touched *touched)
{
    size_t n = 0;

    if (threat->touches.count == 0)
        return REDAN_OK;
    touched->items = redan_take_array(ctx, pr->file_count, sizeof(*touched->items));
    if (!touched->items)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < pr->file_count; i++) {
        bool fits = false;
        for (size_t k = 0; k < threat->touches.count && !fits; k++)
            fits = redan_glob_fits(threat->touches.items[k], pr->files[i]);
        if (fits)
            touched->items[n++] = pr->files[i];
    }
    touched->count = n;
    return REDAN_OK;
}

static enum redan_status touch_threat(struct redan_ctx *ctx, struct redan_pr *pr,
                                      const struct redan_threat *threat, const char *change)
{
    struct redan_pr_touched touched = {.id = threat->id, .change = change};

    REDAN_TRY(match_files(ctx, pr, threat, &touched));
    if (touched.change || touched.count > 0)
        pr->threats[pr->threat_count++] = touched;
    return REDAN_OK;
}

static enum redan_status touch_threats(struct redan_ctx *ctx, const struct redan_system *now,
                                       const struct earlier *earlier, struct redan_pr *pr)
{
    const struct redan_threat_model *then = &earlier->system.model;
    const struct redan_threat *items = now->model.threats.items;
    const struct redan_threat *old = then->threats.items;

    pr->threats =
        redan_take_array(ctx, now->model.threats.count + then->threats.count, sizeof(*pr->threats));
    if (!pr->threats)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < now->model.threats.count; i++) {
        const struct redan_threat *was =
            earlier->sound ? redan_threat_model_threat(then, items[i].id) : NULL;
        const char *change = !was                                          ? "added"
                             : redan_digest_eq(&was->leaf, &items[i].leaf) ? NULL
                                                                           : "changed";
        REDAN_TRY(touch_threat(ctx, pr, &items[i], change));
    }
    for (size_t i = 0; earlier->sound && i < then->threats.count; i++) {
        if (!redan_threat_model_threat(&now->model, old[i].id))
            REDAN_TRY(touch_threat(ctx, pr, &old[i], "removed"));
    }
    return REDAN_OK;
}

static bool names(const struct redan_threat *threat, struct redan_slice control)
{
    const struct redan_resolution *r = threat->resolution;

    return redan_texts_have(&r->controls, control) || redan_texts_have(&r->conditions, control) ||
           redan_texts_have(&r->relies_on, control) || redan_texts_have(&r->absent, control) ||
           (r->interim && redan_texts_have(&r->interim->controls, control));
}

static enum redan_status touch_control(struct redan_ctx *ctx, struct redan_pr *pr,
                                       const struct redan_threat_model *model,
                                       struct redan_slice id, const char *change)
{
    const struct redan_threat *threats = model->threats.items;
    struct redan_pr_touched touched = {.id = id, .change = change};

    touched.items = redan_take_array(ctx, model->threats.count, sizeof(*touched.items));
    if (!touched.items)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < model->threats.count; i++) {
        if (names(&threats[i], id))
            touched.items[touched.count++] = threats[i].id;
    }
    pr->controls[pr->control_count++] = touched;
    return REDAN_OK;
}

/* Whether two definitions of a control differ: by their leaves. */
static enum redan_status same_control(struct redan_ctx *ctx, const struct redan_control *a,
                                      const struct redan_control *b, bool *same)
{
    struct redan_problems problems;
    struct redan_diff diff;

    redan_problems_init(&problems, ctx, (struct redan_slice){"", 0});
    REDAN_TRY(redan_diff_control(&problems, a->node, b->node, &diff));
    *same = diff.count == 0 && redan_slice_eq(a->scope, b->scope);
    return REDAN_OK;
}

static const struct redan_control *find(const struct redan_control *controls, size_t count,
                                        struct redan_slice id)
{
    for (size_t i = 0; i < count; i++) {
        if (redan_slice_eq(controls[i].id, id))
            return &controls[i];
    }
    return NULL;
}

/* Controls that the system stands on, its own and inherited, whose definition is another. */
static enum redan_status touch_controls(struct redan_cli *cli, const struct redan_system *now,
                                        const struct earlier *earlier, struct redan_pr *pr)
{
    struct redan_ctx *ctx = &cli->ctx;
    const struct redan_control *to = NULL;
    const struct redan_control *from = NULL;
    size_t to_count = 0;
    size_t from_count = 0;

    REDAN_TRY(redan_cli_controls(cli, now, &to, &to_count));
    if (earlier->sound)
        REDAN_TRY(redan_cli_controls(cli, &earlier->system, &from, &from_count));
    pr->controls = redan_take_array(ctx, to_count + from_count, sizeof(*pr->controls));
    if (!pr->controls)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < to_count; i++) {
        const struct redan_control *was = find(from, from_count, to[i].id);
        bool same = false;
        if (was)
            REDAN_TRY(same_control(ctx, was, &to[i], &same));
        if (!same)
            REDAN_TRY(touch_control(ctx, pr, &now->model, to[i].id, was ? "changed" : "added"));
    }
    for (size_t i = 0; i < from_count; i++) {
        if (!find(to, to_count, from[i].id))
            REDAN_TRY(touch_control(ctx, pr, &earlier->system.model, from[i].id, "removed"));
    }
    return REDAN_OK;
}

/* What approvals are given for. */
struct ground {
    const struct redan_system *system;
    const struct redan_control *controls; /* that it stands on, with their queries */
    size_t count;
};

static bool about_threat(const struct ground *g, const struct redan_digest *subject)
{
    const struct redan_threat *items = g->system->model.threats.items;

    for (size_t i = 0; i < g->system->model.threats.count; i++) {
        if (redan_digest_eq(subject, &items[i].acceptance))
            return true;
    }
    return false;
}

static bool about_exclusion(const struct ground *g, const struct redan_digest *subject)
{
    const struct redan_exclusion *items = g->system->model.exclusions.items;

    for (size_t i = 0; i < g->system->model.exclusions.count; i++) {
        if (redan_digest_eq(subject, &items[i].subject))
            return true;
    }
    return false;
}

static bool about_exception(const struct ground *g, const struct redan_digest *subject)
{
    const struct redan_exception *items = g->system->model.exceptions.items;

    for (size_t i = 0; i < g->system->model.exceptions.count; i++) {
        if (redan_digest_eq(subject, &items[i].subject))
            return true;
    }
    return false;
}

static bool about_query(const struct ground *g, const struct redan_digest *subject)
{
    for (size_t i = 0; i < g->count; i++) {
        for (size_t k = 0; k < g->controls[i].query_count; k++) {
            if (redan_digest_eq(subject, &g->controls[i].queries[k].digest))
                return true;
        }
    }
    return false;
}

static bool stands(const struct ground *g, const struct redan_approval *a)
{
    switch ((enum redan_approval_kind)a->kind) {
    case REDAN_APPROVAL_RELEASE:
        return redan_digest_eq(&a->subject, &g->system->model.root);
    case REDAN_APPROVAL_ACCEPTANCE:
        return about_threat(g, &a->subject);
    case REDAN_APPROVAL_NOT_APPLICABLE:
        return about_query(g, &a->subject);
    case REDAN_APPROVAL_EXCLUSION:
        return about_exclusion(g, &a->subject);
    case REDAN_APPROVAL_EXCEPTION:
        return about_exception(g, &a->subject);
    case REDAN_APPROVAL_PROFILE:
        break;
    }
    return redan_digest_eq(&a->subject, &g->system->model.profile_digest);
}

static enum redan_status add_void(struct redan_ctx *ctx, struct redan_pr *pr,
                                  const struct redan_approval *a)
{
    struct redan_pr_void *one = NULL;

    for (size_t i = 0; i < pr->void_count && !one; i++) {
        if ((int)pr->voids[i].kind == a->kind && redan_slice_eq(pr->voids[i].about, a->about))
            one = &pr->voids[i];
    }
    if (!one) {
        one = &pr->voids[pr->void_count++];
        *one = (struct redan_pr_void){.kind = (enum redan_approval_kind)a->kind, .about = a->about};
    }
    for (size_t i = 0; i < a->signer_count; i++)
        REDAN_TRY(redan_format(ctx, &one->signers, "%.*s%s%.*s (%.*s)", REDAN_FMT(one->signers),
                               one->signers.len ? ", " : "", REDAN_FMT(a->signers[i].key->holder),
                               REDAN_FMT(a->role)));
    return REDAN_OK;
}

/* By what they decide, then by who signed: their files' names are digests, and in no order that means something. */
static int by_decision(const void *x, const void *y)
{
    const struct redan_approval *a = *(const struct redan_approval *const *)x;
    const struct redan_approval *b = *(const struct redan_approval *const *)y;
    int order = (a->kind > b->kind) - (a->kind < b->kind);

    if (order == 0)
        order = redan_slice_cmp(a->about, b->about);
    if (order == 0)
        order = redan_slice_cmp(a->role, b->role);
    if (order != 0 || a->signer_count == 0 || b->signer_count == 0)
        return order != 0
                   ? order
                   : (a->signer_count > b->signer_count) - (a->signer_count < b->signer_count);
    return redan_slice_cmp(a->signers[0].key->holder, b->signers[0].key->holder);
}

/* Approvals of this system that fitted at the merge base and do not fit now. */
static enum redan_status find_voids(struct redan_cli *cli, const struct redan_system *now,
                                    const struct earlier *earlier, struct redan_pr *pr)
{
    const struct redan_approvals *approvals = &now->approvals;
    struct ground before = {.system = &earlier->system};
    struct ground after = {.system = now};

    REDAN_TRY(redan_cli_controls(cli, now, &after.controls, &after.count));
    if (earlier->sound)
        REDAN_TRY(redan_cli_controls(cli, before.system, &before.controls, &before.count));
    pr->voids = redan_take_array(&cli->ctx, approvals->count, sizeof(*pr->voids));
    const struct redan_approval **sorted =
        redan_take_array(&cli->ctx, approvals->count, sizeof(struct redan_approval *));
    if (!pr->voids || !sorted)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < approvals->count; i++)
        sorted[i] = &approvals->items[i];
    if (approvals->count > 1)
        qsort(sorted, approvals->count, sizeof(struct redan_approval *), by_decision);
    for (size_t i = 0; earlier->sound && i < approvals->count; i++) {
        const struct redan_approval *a = sorted[i];
        if (a->fault.len || !redan_slice_eq(a->system, before.system->model.id))
            continue;
        if (stands(&before, a) && !(stands(&after, a) && redan_slice_eq(a->system, now->model.id)))
            REDAN_TRY(add_void(&cli->ctx, pr, a));
    }
    return REDAN_OK;
}

enum redan_status redan_pr_make(struct redan_cli *cli, const struct redan_system *system,
                                struct redan_slice base, struct redan_pr *pr)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct earlier earlier;

    memset(pr, 0, sizeof(*pr));
    pr->base = base;
    REDAN_TRY(read_commits(cli, system->folder, pr));
    if (pr->file_count > 1)
        qsort(pr->files, pr->file_count, sizeof(*pr->files), by_text);
    REDAN_TRY(compare_versions(ctx, pr));
    REDAN_TRY(compare_records(ctx, system->folder, pr));
    REDAN_TRY(read_earlier(cli, system, pr, &earlier));
    REDAN_TRY(touch_threats(ctx, system, &earlier, pr));
    REDAN_TRY(touch_controls(cli, system, &earlier, pr));
    REDAN_TRY(find_voids(cli, system, &earlier, pr));
    return redan_review_make(cli, system, (struct redan_slice){"", 0}, &pr->review);
}
