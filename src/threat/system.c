/* Finding and reading a system's folder, and deciding what trust it stands on. */
#include "threat/system.h"

#include "io/file.h"

static enum redan_status there(struct redan_ctx *ctx, struct redan_slice folder, const char *name,
                               bool *yes)
{
    struct redan_slice path = {0};

    REDAN_TRY(redan_path_join(ctx, folder, redan_slice_of(name), &path));
    *yes = redan_file_exists(ctx, path);
    return REDAN_OK;
}

enum redan_status redan_system_find(struct redan_ctx *ctx, struct redan_slice start,
                                    struct redan_slice *folder)
{
    struct redan_slice at = start;

    for (size_t up = 0; up <= ctx->limits.depth; up++) {
        struct redan_slice below = {0};
        bool here = false;
        bool in_redan = false;
        REDAN_TRY(redan_path_join(ctx, at, REDAN_S("redan"), &below));
        REDAN_TRY(there(ctx, at, "threatmodel.yaml", &here));
        REDAN_TRY(there(ctx, below, "threatmodel.yaml", &in_redan));
        if (here && in_redan) /* one laid above another would be judged in its place */
            return redan_fail(
                ctx, REDAN_E_SCHEMA, 0,
                "%.*s has a threatmodel.yaml, and its folder redan another; remove the "
                "one that is not meant",
                REDAN_FMT(at));
        if (here || in_redan) {
            *folder = here ? at : below;
            return REDAN_OK;
        }
        if (redan_slice_is(at, "/") || !redan_folder_exists(ctx, at))
            break;
        REDAN_TRY(redan_path_join(ctx, at, REDAN_S(".."), &at));
    }
    return redan_fail(
        ctx, REDAN_E_ABSENT, 0,
        "no redan/threatmodel.yaml in %.*s or the folders above it; --dir names another "
        "folder, redan org new --help begins one",
        REDAN_FMT(start));
}

/* A file of the folder; an absent one is an empty text and `*present` false. */
static enum redan_status read_text(struct redan_system *s, struct redan_ctx *ctx, const char *name,
                                   struct redan_slice *text, bool *present)
{
    struct redan_slice path = {0};

    REDAN_TRY(redan_path_join(ctx, s->folder, redan_slice_of(name), &path));
    enum redan_status status = redan_file_read(ctx, path, ctx->limits.yaml, false, text);
    *present = status == REDAN_OK;
    if (status == REDAN_E_ABSENT) {
        redan_fail_clear(ctx);
        *text = (struct redan_slice){"", 0};
        return REDAN_OK;
    }
    return status;
}

/* A document that cannot even be read as YAML is a problem of the document, with its place. */
static enum redan_status as_problem(struct redan_problems *problems, enum redan_status status)
{
    if (status == REDAN_E_SYNTAX || status == REDAN_E_LIMIT || status == REDAN_E_SCHEMA ||
        status == REDAN_E_UNSUPPORTED) {
        redan_problem_take(problems);
        return REDAN_OK;
    }
    return status;
}

static enum redan_status name_file(struct redan_system *s, const char *name)
{
    return redan_path_join(s->problems.ctx, s->folder, redan_slice_of(name), &s->problems.file);
}

static enum redan_status load_org(struct redan_ctx *ctx, struct redan_system *s)
{
    struct redan_slice text = {0};

    REDAN_TRY(name_file(s, "org.yaml"));
    REDAN_TRY(read_text(s, ctx, "org.yaml", &text, &s->has_org));
    if (!s->has_org)
        text = REDAN_S("schema: redan/org/1\norg: none\n"); /* the defaults */
    return as_problem(&s->problems, redan_org_parse(&s->problems, text, &s->org));
}

/* Whether a quorum of the root signed a file of the folder. */
static enum redan_status root_signed(struct redan_ctx *ctx, struct redan_system *s,
                                     const char *what, const struct redan_digest *file,
                                     const char *signature)
{
    struct redan_slice text = {0};
    bool present = false;
    uint64_t found = 0;

    REDAN_TRY(read_text(s, ctx, signature, &text, &present));
    if (!present) {
        s->trust = REDAN_TRUST_UNSIGNED;
        return redan_format(ctx, &s->trust_detail, "%s is not signed: there is no %s", what,
                            signature);
    }
    enum redan_status status = redan_keyring_root_signed(ctx, &s->ring, file, text, &found);
    if (status == REDAN_E_MEMORY)
        return status;
    if (status != REDAN_OK || found < s->ring.root_threshold) {
        redan_fail_clear(ctx);
        s->trust = REDAN_TRUST_UNSIGNED;
        return redan_format(ctx, &s->trust_detail,
                            "%s does not hold the signatures of %llu root key%s over this %s",
                            signature, (unsigned long long)s->ring.root_threshold,
                            s->ring.root_threshold == 1 ? "" : "s", what);
    }
    return REDAN_OK;
}

/* Another root than the pinned one may be the one that follows it: still a failure, but one with another remedy. */
static enum redan_status judge_handover(struct redan_ctx *ctx, struct redan_system *s)
{
    struct redan_slice text = {0};
    bool present = false;

    REDAN_TRY(read_text(s, ctx, "keys.dsse.json", &text, &present));
    if (!present)
        return REDAN_OK;
    return redan_keyring_handover(ctx, &s->ring, &s->pin.root, text, &s->handed_over);
}

static enum redan_status judge_trust(struct redan_ctx *ctx, struct redan_system *s)
{
    char found[REDAN_DIGEST_HEX];

    if (!s->pin.set) {
        redan_digest_hex(&s->ring.root, found);
        s->trust = REDAN_TRUST_UNPINNED;
        return redan_format(ctx, &s->trust_detail,
                            "no root of trust is pinned; these keys stand on sha256:%s", found);
    }
    if (!redan_digest_eq(&s->pin.root, &s->ring.root)) {
        redan_digest_hex(&s->ring.root, found);
        s->trust = REDAN_TRUST_OTHER;
        REDAN_TRY(judge_handover(ctx, s));
        if (s->handed_over)
            return redan_format(ctx, &s->trust_detail,
                                "the pinned root has handed over to sha256:%s, and its quorum "
                                "signed that",
                                found);
        return redan_format(ctx, &s->trust_detail,
                            "keys.yaml stands on the root sha256:%s, not on the pinned one", found);
    }
    s->trust = REDAN_TRUST_PINNED;
    s->trust_detail = (struct redan_slice){"", 0};
    REDAN_TRY(root_signed(ctx, s, "keys.yaml", &s->ring.file, "keys.dsse.json"));
    if (s->trust == REDAN_TRUST_PINNED && s->has_org)
        REDAN_TRY(root_signed(ctx, s, "org.yaml", &s->org.file, "org.dsse.json"));
    return REDAN_OK;
}

static enum redan_status load_keys(struct redan_ctx *ctx, struct redan_system *s)
{
    struct redan_slice text = {0};
    bool present = false;

    REDAN_TRY(name_file(s, "keys.yaml"));
    REDAN_TRY(read_text(s, ctx, "keys.yaml", &text, &present));
    if (!present) {
        s->trust = REDAN_TRUST_ABSENT;
        s->trust_detail = REDAN_S("there is no keys.yaml");
        return REDAN_OK;
    }
    size_t before = s->problems.count;
    REDAN_TRY(as_problem(&s->problems, redan_keyring_parse(&s->problems, text, &s->ring)));
    return s->problems.count > before ? REDAN_OK : judge_trust(ctx, s);
}

enum redan_status redan_system_load_keys(struct redan_ctx *ctx, struct redan_slice folder,
                                         const struct redan_pin *pin, struct redan_system *system)
{
    *system = (struct redan_system){.folder = folder,
                                    .pin = *pin,
                                    .trust = REDAN_TRUST_ABSENT,
                                    .trust_detail = REDAN_S("keys.yaml cannot be read")};
    redan_problems_init(&system->problems, ctx, folder);
    return load_keys(ctx, system);
}

/* The threat model, read while the records are verified. */
static enum redan_status load_model(struct redan_ctx *ctx, void *arg)
{
    struct redan_system *s = arg;
    struct redan_slice text = {0};

    s->problems.ctx = ctx;
    if (!s->catalog) {
        REDAN_TRY(redan_catalog_load(ctx, &s->own_catalog));
        s->catalog = &s->own_catalog;
    }
    REDAN_TRY(redan_file_read(ctx, s->problems.file, ctx->limits.yaml, false, &text));
    return redan_threat_model_parse(&s->problems, s->catalog, &s->org, text, &s->model);
}

enum redan_status redan_system_load(struct redan_ctx *ctx, const struct redan_catalog *catalog,
                                    struct redan_slice folder, const struct redan_pin *pin,
                                    struct redan_system *system)
{
    struct redan_system *s = system;
    struct redan_slice path = {0};

    *s = (struct redan_system){.folder = folder,
                               .catalog = catalog,
                               .pin = *pin,
                               .trust = REDAN_TRUST_ABSENT, /* until the keys say otherwise */
                               .trust_detail = REDAN_S("keys.yaml cannot be read")};
    redan_problems_init(&s->problems, ctx, folder);
    REDAN_TRY(load_org(ctx, s));
    REDAN_TRY(load_keys(ctx, s));
    REDAN_TRY(name_file(s, "threatmodel.yaml"));
    if (s->problems.count > 0) /* without rules and keys nothing can be judged but the form */
        return s->org.rules ? load_model(ctx, s) : REDAN_OK;
    REDAN_TRY(redan_path_join(ctx, folder, REDAN_S("evidence"), &path));
    enum redan_status status =
        redan_store_read_beside(ctx, &s->ring, path, &s->store, load_model, s);
    s->problems.ctx = ctx;
    s->model.threats_by_id.ctx = ctx;
    s->model.controls_by_id.ctx = ctx;
    REDAN_TRY(status);
    if (s->problems.count > 0)
        return REDAN_OK;
    REDAN_TRY(redan_path_join(ctx, folder, REDAN_S("approvals"), &path));
    REDAN_TRY(redan_approvals_read(ctx, &s->ring, path, &s->approvals));
    return redan_history_read(ctx, s, &s->history);
}

void redan_system_done(struct redan_system *system)
{
    if (system)
        redan_keyring_done(&system->ring);
}
