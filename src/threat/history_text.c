/* The texts in history/: approved threat models and organisation files, believed when their digest is their name. */
#include "threat/history_text.h"

#include "base/pool.h"
#include "codec/yaml.h"
#include "io/file.h"
#include "threat/diff.h"
#include "threat/system.h"

enum { LEAST = 256 << 10, GROWTH = 4 };

/* "history/KIND-HEX.yaml", and the same below the folder. */
static enum redan_status name_text(struct redan_ctx *ctx, struct redan_slice folder,
                                   const char *kind, const struct redan_digest *digest,
                                   struct redan_slice *name, struct redan_slice *path)
{
    char hex[REDAN_DIGEST_HEX];

    redan_digest_hex(digest, hex);
    REDAN_TRY(redan_format(ctx, name, "history/%s-%s.yaml", kind, hex));
    return redan_path_join(ctx, folder, *name, path);
}

/* What cannot be read or understood is not there; only what the machine lacks is a failure. */
static enum redan_status absent(struct redan_ctx *ctx, enum redan_status status)
{
    if (status == REDAN_E_MEMORY || status == REDAN_E_CRYPTO)
        return status;
    redan_fail_clear(ctx);
    return REDAN_OK;
}

/* Annotations are signed by nobody, so that an old text can be as large as anybody likes and keep its name. Many of them are read: none
 * much larger than the one at hand. */
static enum redan_status most_bytes(struct redan_ctx *ctx, struct redan_slice folder, size_t *most)
{
    struct redan_slice path = {0};

    REDAN_TRY(redan_path_join(ctx, folder, REDAN_S("threatmodel.yaml"), &path));
    uint64_t now = redan_file_size(ctx, path);
    *most = now > ctx->limits.yaml / GROWTH ? ctx->limits.yaml : (size_t)now * GROWTH;
    if (*most < LEAST)
        *most = redan_min_size(LEAST, ctx->limits.yaml);
    return REDAN_OK;
}

static enum redan_status read_model(struct redan_ctx *ctx, struct redan_slice path, size_t most,
                                    const struct redan_digest *root, struct redan_slice *text,
                                    struct redan_threat_model *model, bool *found)
{
    struct redan_problems problems;

    *found = false;
    redan_problems_init(&problems, ctx, path);
    enum redan_status status = redan_file_read(ctx, path, most, false, text);
    if (status == REDAN_OK)
        status = redan_threat_model_outline(&problems, *text, model);
    if (status != REDAN_OK)
        return absent(ctx, status);
    *found = problems.count == 0 && redan_digest_eq(&model->root, root);
    return REDAN_OK;
}

enum redan_status redan_history_model(struct redan_ctx *ctx, struct redan_slice folder,
                                      const struct redan_digest *root,
                                      const struct redan_threat_model **model,
                                      struct redan_slice *path)
{
    struct redan_threat_model *made = redan_take(ctx, sizeof(*made));
    struct redan_slice file = {0};
    struct redan_slice text = {0};
    bool found = false;
    size_t most = 0;

    if (!made)
        return REDAN_E_MEMORY;
    REDAN_TRY(most_bytes(ctx, folder, &most));
    REDAN_TRY(name_text(ctx, folder, "model", root, path, &file));
    const struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    REDAN_TRY(read_model(ctx, file, most, root, &text, made, &found));
    if (!found)
        redan_arena_reset(&ctx->arena, mark);
    *model = found ? made : NULL;
    return REDAN_OK;
}

enum redan_status redan_history_org(struct redan_ctx *ctx, struct redan_slice folder,
                                    const struct redan_digest *file, const struct redan_node **org,
                                    struct redan_slice *path)
{
    struct redan_slice at = {0};
    struct redan_slice text = {0};
    struct redan_digest digest = {0};
    const struct redan_node *node = NULL;

    *org = NULL;
    REDAN_TRY(name_text(ctx, folder, "org", file, path, &at));
    enum redan_status status = redan_file_read(ctx, at, ctx->limits.yaml, false, &text);
    if (status == REDAN_OK)
        status = redan_sha256(ctx, text, &digest);
    if (status == REDAN_OK && redan_digest_eq(&digest, file))
        status = redan_yaml_parse(ctx, text, &node);
    if (status != REDAN_OK)
        return absent(ctx, status);
    *org = node;
    return REDAN_OK;
}

enum redan_status redan_history_diff(struct redan_ctx *ctx, const struct redan_system *system,
                                     const struct redan_threat_model *before,
                                     struct redan_diff *diff)
{
    struct redan_problems problems;

    redan_problems_init(&problems, ctx, system->model.file);
    REDAN_TRY(redan_diff_make(&problems, REDAN_DIFF_THREAT_MODEL, before ? before->root_node : NULL,
                              system->model.root_node, diff));
    if (problems.count > 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "%.*s", REDAN_FMT(problems.first->text));
    return REDAN_OK;
}

/* What one model plans, in the arena of `ctx`, whatever arena the model is in. */
static enum redan_status take_plans(struct redan_ctx *ctx, const struct redan_threat_model *model,
                                    struct redan_history_step *step)
{
    const struct redan_threat *threats = model->threats.items;
    size_t count = 0;

    for (size_t i = 0; i < model->threats.count; i++)
        count += threats[i].resolution->kind == REDAN_RESOLUTION_PLANNED;
    struct redan_history_planned *made = redan_take_array(ctx, count, sizeof(*made));
    if (!made)
        return REDAN_E_MEMORY;
    step->planned = made;
    for (size_t i = 0; i < model->threats.count; i++) {
        const struct redan_threat *t = &threats[i];
        if (t->resolution->kind != REDAN_RESOLUTION_PLANNED)
            continue;
        REDAN_TRY(redan_copy(ctx, t->id, &made->id));
        REDAN_TRY(redan_copy(ctx, t->archetype, &made->archetype));
        REDAN_TRY(redan_copy(ctx, t->name, &made->name));
        REDAN_TRY(redan_copy(ctx, t->resolution->ticket, &made->ticket));
        made->opened = t->resolution->opened;
        made->due = t->resolution->due;
        made++;
        step->planned_count++;
    }
    return REDAN_OK;
}

struct plans {
    struct redan_slice folder;
    size_t most;
    struct redan_history_step *steps;
    bool *found;
};

/* The models of a long history do not lie in memory side by side: each goes as soon as it has been looked at. */
static enum redan_status plans_of(struct redan_ctx *ctx, size_t index, void *arg)
{
    const struct plans *plans = arg;
    struct redan_history_step *step = &plans->steps[index];
    struct redan_ctx REDAN_DEFER(redan_ctx_done) scratch;
    struct redan_threat_model model = {0};
    struct redan_slice name = {0};
    struct redan_slice path = {0};
    struct redan_slice text = {0};

    redan_ctx_init(&scratch, &ctx->limits);
    if (step->model) {
        plans->found[index] = true;
        return take_plans(ctx, step->model, step);
    }
    enum redan_status status =
        name_text(&scratch, plans->folder, "model", &step->root, &name, &path);
    if (status == REDAN_OK)
        status = read_model(&scratch, path, plans->most, &step->root, &text, &model,
                            &plans->found[index]);
    if (status != REDAN_OK)
        return redan_fail(ctx, status, 0, "%s", scratch.failure.text);
    return plans->found[index] ? take_plans(ctx, &model, step) : REDAN_OK;
}

static bool plans_anything(const struct redan_threat_model *model)
{
    const struct redan_threat *threats = model->threats.items;

    for (size_t i = 0; i < model->threats.count; i++) {
        if (threats[i].resolution->kind == REDAN_RESOLUTION_PLANNED)
            return true;
    }
    return false;
}

static enum redan_status read_plans(struct redan_ctx *ctx, const struct redan_system *system,
                                    struct redan_history *h)
{
    struct plans plans = {.folder = system->folder, .steps = h->steps};
    struct redan_slice path = {0};

    REDAN_TRY(most_bytes(ctx, system->folder, &plans.most));
    plans.found = redan_take_array(ctx, h->count, sizeof(*plans.found));
    if (!plans.found)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_pool_each(ctx, h->count, plans_of, &plans));
    for (size_t i = 0; i < h->count; i++) {
        if (plans.found[i])
            continue;
        return name_text(ctx, system->folder, "model", &h->steps[i].root, &h->missing, &path);
    }
    return REDAN_OK;
}

enum redan_status redan_history_texts(struct redan_ctx *ctx, const struct redan_system *system,
                                      struct redan_history *h)
{
    size_t before = h->approved ? 1 : 0;
    struct redan_slice path = {0};

    if (h->approved)
        h->steps[0].model = &system->model;
    if (before < h->count) {
        struct redan_history_step *step = &h->steps[before];
        REDAN_TRY(redan_history_model(ctx, system->folder, &step->root, &step->model, &path));
        if (!step->model)
            h->missing = path;
    }
    if (h->missing.len == 0 && plans_anything(&system->model))
        return read_plans(ctx, system, h);
    return REDAN_OK;
}

/* A text under the name of its digest. What lies there already stays when it is what its name says. */
static enum redan_status keep(struct redan_ctx *ctx, struct redan_slice path,
                              struct redan_slice text, bool there)
{
    if (there)
        return REDAN_OK;
    if (redan_file_exists(ctx, path))
        return redan_file_replace(ctx, path, 0644, text);
    return redan_file_create(ctx, path, 0644, text);
}

static enum redan_status keep_model(struct redan_ctx *ctx, const struct redan_system *system)
{
    struct redan_threat_model model = {0};
    struct redan_slice name = {0};
    struct redan_slice path = {0};
    struct redan_slice text = {0};
    struct redan_slice kept = {0};
    bool same = false;
    bool there = false;
    size_t most = 0;

    /* what was judged, not what was written meanwhile */
    REDAN_TRY(read_model(ctx, system->model.file, ctx->limits.yaml, &system->model.root, &text,
                         &model, &same));
    if (!same)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "%.*s has changed meanwhile; read it and sign again",
                          REDAN_FMT(system->model.file));
    REDAN_TRY(name_text(ctx, system->folder, "model", &system->model.root, &name, &path));
    REDAN_TRY(most_bytes(ctx, system->folder, &most));
    REDAN_TRY(read_model(ctx, path, most, &system->model.root, &kept, &model, &there));
    return keep(ctx, path, text, there);
}

enum redan_status redan_history_keep(struct redan_ctx *ctx, const struct redan_system *system)
{
    struct redan_slice text = {0};
    struct redan_slice name = {0};
    struct redan_slice path = {0};
    struct redan_digest digest;
    const struct redan_node *org = NULL;

    REDAN_TRY(keep_model(ctx, system));
    if (!system->has_org)
        return REDAN_OK;
    REDAN_TRY(redan_path_join(ctx, system->folder, REDAN_S("org.yaml"), &path));
    REDAN_TRY(redan_file_read(ctx, path, ctx->limits.yaml, false, &text));
    REDAN_TRY(redan_sha256(ctx, text, &digest));
    if (!redan_digest_eq(&digest, &system->org.file))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "org.yaml has changed meanwhile; read it and sign again");
    REDAN_TRY(redan_history_org(ctx, system->folder, &digest, &org, &name));
    REDAN_TRY(name_text(ctx, system->folder, "org", &digest, &name, &path));
    return keep(ctx, path, text, org != NULL);
}
