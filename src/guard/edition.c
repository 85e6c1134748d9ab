/* A policy opened: with the profile, the keys and the schemas that it names, all read once and never changed. */
#include "guard/edition.h"

#include <sys/stat.h>

#include "attest/statement.h"
#include "codec/json.h"
#include "crypto/key.h"
#include "guard/answer_schema.h"
#include "io/file.h"
#include "stats/conformal.h"

enum { KEY_MOST = 1 << 16, SCHEMA_MOST = 1 << 20, SECRET_LEAST = 16, SECRET_MOST = 4096 };

/* The handle itself is not part of what a context counts. */
static const struct redan_mem handle_memory = {.max = sizeof(struct redan_edition)};

void redan_watch_init(struct redan_watch *watch)
{
    *watch = (struct redan_watch){.count = 0};
    redan_ctx_init(&watch->ctx, NULL);
}

void redan_watch_done(struct redan_watch *watch)
{
    redan_ctx_done(&watch->ctx);
}

static struct redan_os_mark mark_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? redan_os_mark(&st) : (struct redan_os_mark){0};
}

/* Before it is read: what changes meanwhile is seen at the next tick. */
static enum redan_status watch_add(struct redan_watch *watch, struct redan_slice path)
{
    struct redan_slice copy = {0};

    if (watch->count == REDAN_WATCHED)
        return REDAN_OK;
    REDAN_TRY(redan_copy(&watch->ctx, path, &copy));
    watch->files[watch->count].path = copy;
    watch->files[watch->count++].mark = mark_of(copy.at);
    return REDAN_OK;
}

bool redan_watch_changed(const struct redan_watch *watch)
{
    for (size_t i = 0; i < watch->count; i++) {
        struct redan_os_mark now = mark_of(watch->files[i].path.at);
        if (!redan_os_same(&now, &watch->files[i].mark))
            return true;
    }
    return false;
}

/* What is being opened. */
struct opening {
    struct redan_edition *edition;
    struct redan_problems *problems;
    struct redan_watch *watch;
};

static enum redan_status read_beside(struct opening *o, struct redan_slice name, size_t most,
                                     struct redan_slice *text)
{
    struct redan_ctx *ctx = &o->edition->ctx;
    struct redan_slice path = {0};

    if (redan_slice_is(name, "-"))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "\"-\" is no file; write its path, from the policy's folder");
    REDAN_TRY(redan_path_join(ctx, o->edition->policy.folder, name, &path));
    if (watch_add(o->watch, path) != REDAN_OK)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for a path");
    return redan_file_read(ctx, path, most, true, text);
}

static enum redan_status read_profile(struct opening *o)
{
    struct redan_edition *e = o->edition;
    struct redan_policy *policy = &e->policy;
    REDAN_DEFER(redan_key_drop) struct redan_key *key = NULL;
    struct redan_slice text = {0};
    struct redan_digest wanted;

    if (policy->profile_key.len) {
        REDAN_TRY(read_beside(o, policy->profile_key, KEY_MOST, &text));
        REDAN_TRY(redan_key_parse_public(&e->ctx, text, &key));
    }
    REDAN_TRY(read_beside(o, policy->profile, REDAN_PROFILE_BYTES, &text));
    REDAN_TRY(redan_profile_read(&e->ctx, text, key, &e->profile));
    if (policy->profile_digest.len && redan_digest_parse(policy->profile_digest, &wanted) &&
        !redan_digest_eq(&wanted, &e->profile.digest)) {
        char hex[REDAN_DIGEST_HEX];
        redan_digest_hex(&e->profile.digest, hex);
        return redan_fail(&e->ctx, REDAN_E_SCHEMA, 0,
                          "it is sha256:%s, not the one that the policy names; write that digest, "
                          "or bring the profile that was reviewed",
                          hex);
    }
    e->has_profile = true;
    e->profile_digest = e->profile.digest;
    return REDAN_OK;
}

static enum redan_status read_identity(struct opening *o)
{
    struct redan_edition *e = o->edition;
    struct redan_slice keys = e->policy.identity.keys;
    struct redan_slice path = {0};

    if (keys.len) {
        REDAN_TRY(redan_path_join(&e->ctx, e->policy.folder, keys, &path));
        if (watch_add(o->watch, path) != REDAN_OK)
            return redan_fail(&e->ctx, REDAN_E_MEMORY, 0, "no memory for a path");
    }
    return redan_identity_open(&e->ctx, &e->policy, &e->identity);
}

static enum redan_status read_secret(struct opening *o)
{
    struct redan_edition *e = o->edition;

    if (e->policy.features != REDAN_FEATURES_HASH)
        return REDAN_OK;
    REDAN_TRY(read_beside(o, e->policy.features_key, SECRET_MOST, &e->features_key));
    if (e->features_key.len < SECRET_LEAST)
        return redan_fail(&e->ctx, REDAN_E_SCHEMA, 0,
                          "%zu bytes are no secret; write %d random ones or more",
                          e->features_key.len, SECRET_LEAST);
    return REDAN_OK;
}

/* A failure while reading a part is a problem of the policy; memory is not. */
static enum redan_status part(struct opening *o, const char *what, struct redan_slice name,
                              enum redan_status status)
{
    struct redan_ctx *ctx = &o->edition->ctx;
    struct redan_failure failure = ctx->failure;

    if (status == REDAN_OK || status == REDAN_E_MEMORY)
        return status;
    redan_fail_clear(ctx);
    redan_problem_add(o->problems, NULL, NULL, "%s %.*s: %s", what, REDAN_FMT(name), failure.text);
    return REDAN_OK;
}

static enum redan_status read_schemas(struct opening *o)
{
    struct redan_edition *e = o->edition;
    struct redan_policy_answers *answers = &e->policy.answers;

    for (size_t i = 0; i < answers->rule_count; i++) {
        struct redan_policy_answer_rule *rule = &answers->rules[i];
        struct redan_slice text = {0};
        const struct redan_node *root = NULL;

        if (rule->file.len) {
            enum redan_status status = read_beside(o, rule->file, SCHEMA_MOST, &text);
            if (status == REDAN_OK)
                status = redan_json_parse(&e->ctx, text, &root);
            rule->schema = root;
            REDAN_TRY(part(o, "schema", rule->file, status));
        }
        if (!rule->schema)
            continue;
        size_t before = o->problems->count;
        REDAN_TRY(redan_answer_schema_check(o->problems, rule->schema));
        if (o->problems->count == before)
            REDAN_TRY(redan_answer_schema_compile(&e->ctx, rule->schema, &rule->compiled));
    }
    return REDAN_OK;
}

/* What the profile must carry for the rules to keep what they say. */
static enum redan_status check_rules(struct opening *o)
{
    struct redan_edition *e = o->edition;
    bool schema = false;

    for (size_t i = 0; i < e->policy.rule_count; i++) {
        const struct redan_policy_rule *rule = &e->policy.rules[i];

        schema = schema || rule->stage == &redan_stage_schema;
        e->weighs = e->weighs || rule->stage == &redan_stage_caller;
        e->learns = e->learns || rule->stage->learn;
        if (rule->stage == &redan_stage_ood && e->has_profile &&
            !redan_conformal_can(e->profile.score_count, rule->alpha))
            redan_problem_add(o->problems, NULL, "raise alpha, or learn the profile from more rows",
                              "rule %.*s: an alpha of %g asks for more than the profile's %zu "
                              "calibration rows: nothing would ever be rejected",
                              REDAN_FMT(rule->id), rule->alpha, e->profile.score_count);
    }
    if (e->has_profile)
        REDAN_TRY(redan_arming_check(o->problems, &e->policy, &e->profile, &e->notes));
    e->texts = !e->has_profile || schema;
    e->missing = e->texts;
    for (size_t c = 0; e->has_profile && c < e->profile.width; c++) {
        e->texts = e->texts || e->profile.columns[c].kind == REDAN_COLUMN_CATEGORY;
        e->missing = e->missing || e->profile.columns[c].missing;
    }
    return REDAN_OK;
}

static enum redan_status name_columns(struct redan_edition *e)
{
    struct redan_slice id = {0};

    REDAN_TRY(redan_copy(&e->ctx, e->policy.id, &id));
    e->id = id.at;
    e->policy_text = e->profile_text = (struct redan_slice){"", 0};
    REDAN_TRY(redan_digest_text(&e->ctx, &e->policy.digest, &e->policy_text));
    if (!e->has_profile)
        return REDAN_OK;
    REDAN_TRY(redan_digest_text(&e->ctx, &e->profile_digest, &e->profile_text));
    e->names = redan_take_array(&e->ctx, e->profile.width, sizeof(*e->names));
    if (!e->names)
        return REDAN_E_MEMORY;
    for (size_t c = 0; c < e->profile.width; c++)
        e->names[c] = e->profile.columns[c].name;
    return REDAN_OK;
}

static enum redan_status read_all(struct opening *o, struct redan_slice file)
{
    struct redan_edition *e = o->edition;
    struct redan_slice text = {0};
    struct redan_slice path = {0};

    REDAN_TRY(redan_copy(&e->ctx, file, &path));
    if (watch_add(o->watch, path) != REDAN_OK)
        return redan_fail(&e->ctx, REDAN_E_MEMORY, 0, "no memory for a path");
    REDAN_TRY(redan_file_read(&e->ctx, path, e->ctx.limits.yaml, true, &text));
    REDAN_TRY(redan_policy_parse(o->problems, redan_path_folder(path), text, &e->policy));
    if (o->problems->count > 0)
        return REDAN_OK; /* what it names may not be what is meant */
    if (e->policy.profile.len)
        REDAN_TRY(part(o, "profile", e->policy.profile, read_profile(o)));
    REDAN_TRY(part(o, "identity", e->policy.identity.keys, read_identity(o)));
    REDAN_TRY(part(o, "key of features", e->policy.features_key, read_secret(o)));
    REDAN_TRY(read_schemas(o));
    REDAN_TRY(check_rules(o));
    return name_columns(e);
}

/* What was found goes where the caller collects it. */
static void tell(struct redan_problems *to, const struct redan_problems *from)
{
    for (const struct redan_problem *p = from->first; p; p = p->next) {
        const struct redan_node at = {.line = p->line, .column = p->column};
        redan_problem_add(to, p->line ? &at : NULL, p->fix.len ? p->fix.at : NULL, "%.*s",
                          REDAN_FMT(p->text));
    }
}

enum redan_status redan_edition_read(struct redan_problems *problems, struct redan_slice file,
                                     struct redan_watch *watch, struct redan_edition **edition)
{
    struct redan_mem memory = handle_memory;
    struct redan_edition *e = redan_mem_take(&memory, sizeof(*e));
    struct redan_problems found;
    struct opening opening = {.edition = e, .problems = &found, .watch = watch};

    if (!e)
        return redan_fail(problems->ctx, REDAN_E_MEMORY, 0, "no memory for a policy");
    *e = (struct redan_edition){.holders = 1};
    redan_ctx_beside(&e->ctx, problems->ctx);
    redan_problems_init(&found, &e->ctx, file);
    enum redan_status status = read_all(&opening, file);
    if (status != REDAN_OK && status != REDAN_E_MEMORY)
        redan_problem_take(&found);
    if (status == REDAN_E_MEMORY || e->ctx.failure.status == REDAN_E_MEMORY)
        status = redan_fail(problems->ctx, REDAN_E_MEMORY, 0, "no memory for the policy");
    else if (found.count > 0)
        status = REDAN_E_SCHEMA;
    if (status == REDAN_OK) {
        *edition = e;
        return REDAN_OK;
    }
    tell(problems, &found);
    redan_edition_release(e);
    return status;
}

enum redan_status redan_edition_open(struct redan_problems *problems, struct redan_slice file,
                                     struct redan_edition **edition)
{
    struct redan_watch REDAN_DEFER(redan_watch_done) watch;

    redan_watch_init(&watch);
    return redan_edition_read(problems, file, &watch, edition);
}

struct redan_edition *redan_edition_hold(struct redan_edition *edition)
{
    edition->holders++;
    return edition;
}

void redan_edition_release(struct redan_edition *edition)
{
    struct redan_mem memory = handle_memory;

    if (!edition || --edition->holders > 0)
        return;
    redan_identity_free(edition->identity);
    if (edition->features_key.len) /* the bytes are the edition's own */
        redan_mem_cleanse((char *)(uintptr_t)edition->features_key.at, edition->features_key.len);
    redan_ctx_done(&edition->ctx);
    memory.used = sizeof(*edition);
    redan_mem_give(&memory, edition, sizeof(*edition));
}

const struct redan_policy *redan_edition_policy(const struct redan_edition *edition)
{
    return &edition->policy;
}

const struct redan_profile *redan_edition_profile(const struct redan_edition *edition)
{
    return edition->has_profile ? &edition->profile : NULL;
}
