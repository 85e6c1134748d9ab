/* The exported symbols of verified models: a thin face over the engine. */
#include "redan/model.h"

#include <stdio.h>

#include "io/file.h"
#include "sign/opened.h"
#include "sign/verified.h"

enum { ERROR_TEXT = REDAN_FAILURE_TEXT + REDAN_FAILURE_NAME + 8 };

struct redan_trust {
    struct redan_ctx ctx;
    struct redan_signer_wanted signer;
    struct redan_spki *key;
    struct redan_certificate *anchors[REDAN_CERTIFICATES_MAX];
    struct redan_trust_root root;
    struct redan_verify_policy policy;
    bool has_root;
    bool has_policy;
    bool said;   /* who */
    bool failed; /* something was to be trusted, and could not be read */
    char error[ERROR_TEXT];
};

struct redan_model {
    struct redan_limits limits;
    struct redan_ctx ctx;
    struct redan_verified verified;
    struct redan_opened *opened;
    const char *signer;
    const char *root;
    const char **names;
    char error[ERROR_TEXT];
};

static const struct redan_mem trust_memory = {.max = sizeof(struct redan_trust)};
static const struct redan_mem model_memory = {.max = sizeof(struct redan_model)};

/* The context's failure as one line, and no failure left in it. */
static void keep_error(struct redan_ctx *ctx, enum redan_status status, char error[ERROR_TEXT])
{
    error[0] = '\0';
    if (status != REDAN_OK) {
        (void)redan_fail(ctx, status, 0, "%s", redan_status_name(status));
        (void)snprintf(error, ERROR_TEXT, "%s%s%s", ctx->failure.name,
                       ctx->failure.name[0] ? ": " : "", ctx->failure.text);
    }
    redan_fail_clear(ctx);
}

struct redan_trust *redan_trust_new(void)
{
    struct redan_mem memory = trust_memory;
    struct redan_trust *trust = redan_mem_take(&memory, sizeof(*trust));

    if (!trust)
        return NULL;
    *trust = (struct redan_trust){.said = false};
    redan_ctx_init(&trust->ctx, NULL);
    return trust;
}

void redan_trust_free(struct redan_trust *trust)
{
    struct redan_mem memory = trust_memory;

    if (!trust)
        return;
    redan_spki_free(trust->key);
    for (size_t i = 0; i < trust->signer.anchor_count; i++)
        redan_certificate_free(trust->anchors[i]);
    if (trust->has_root)
        redan_trust_root_done(&trust->root);
    if (trust->has_policy)
        redan_verify_policy_done(&trust->policy);
    redan_ctx_done(&trust->ctx);
    memory.used = sizeof(*trust);
    redan_mem_give(&memory, trust, sizeof(*trust));
}

const char *redan_trust_error(const struct redan_trust *trust)
{
    return trust ? trust->error : "no trust";
}

/* Keeps what was said, or why it could not be. */
static int settle(struct redan_trust *trust, enum redan_status status)
{
    keep_error(&trust->ctx, status, trust->error);
    trust->said = true;
    trust->failed = trust->failed || status != REDAN_OK;
    return status == REDAN_OK;
}

static enum redan_status first_word(struct redan_trust *trust, bool sound)
{
    if (trust->said)
        return redan_fail(&trust->ctx, REDAN_E_USAGE, 0,
                          "who must have signed was said already; make another trust");
    if (!sound)
        return redan_fail(&trust->ctx, REDAN_E_USAGE, 0, "an argument is missing");
    return REDAN_OK;
}

/* Keys and certificates may have been logged and stamped too: by what this library brings along. */
static enum redan_status builtin_root(struct redan_trust *trust)
{
    REDAN_TRY(redan_trust_root_builtin(&trust->ctx, &trust->root));
    trust->has_root = true;
    trust->signer.root = &trust->root;
    return REDAN_OK;
}

static enum redan_status trust_key(struct redan_trust *trust, struct redan_slice pem)
{
    REDAN_TRY(first_word(trust, pem.at && pem.len));
    REDAN_TRY(redan_spki_parse_text(&trust->ctx, pem, &trust->key));
    trust->signer.method = REDAN_SIGN_KEY;
    trust->signer.key = trust->key;
    return builtin_root(trust);
}

int redan_trust_key(struct redan_trust *trust, const void *pem, size_t size)
{
    return trust ? settle(trust, trust_key(trust, (struct redan_slice){pem, size})) : 0;
}

static enum redan_status trust_roots(struct redan_trust *trust, struct redan_slice pem,
                                     const char *identity)
{
    struct redan_signer_wanted *signer = &trust->signer;

    REDAN_TRY(first_word(trust, pem.at && pem.len && (!identity || identity[0])));
    REDAN_TRY(redan_copy(&trust->ctx, redan_slice_of(identity), &signer->identity));
    REDAN_TRY(redan_certificate_parse_pem(&trust->ctx, pem, trust->anchors, &signer->anchor_count));
    signer->method = REDAN_SIGN_CERTIFICATE;
    signer->anchors = trust->anchors;
    return builtin_root(trust);
}

int redan_trust_roots(struct redan_trust *trust, const void *pem, size_t size, const char *identity)
{
    return trust ? settle(trust, trust_roots(trust, (struct redan_slice){pem, size}, identity)) : 0;
}

static enum redan_status trust_identity(struct redan_trust *trust, const char *identity,
                                        const char *issuer, struct redan_slice root)
{
    struct redan_ctx *ctx = &trust->ctx;
    struct redan_signer_wanted *signer = &trust->signer;
    struct redan_slice text = {0};

    REDAN_TRY(first_word(trust, identity && identity[0] && issuer && issuer[0]));
    REDAN_TRY(redan_copy(ctx, redan_slice_of(identity), &signer->identity));
    REDAN_TRY(redan_copy(ctx, redan_slice_of(issuer), &signer->issuer));
    signer->method = REDAN_SIGN_SIGSTORE;
    if (!root.at)
        return builtin_root(trust);
    REDAN_TRY(redan_copy(ctx, root, &text)); /* what is parsed borrows from it */
    REDAN_TRY(redan_trust_root_parse(ctx, text, &trust->root));
    trust->has_root = true;
    signer->root = &trust->root;
    return REDAN_OK;
}

int redan_trust_identity(struct redan_trust *trust, const char *identity, const char *issuer,
                         const void *root, size_t size)
{
    return trust ? settle(trust, trust_identity(trust, identity, issuer,
                                                (struct redan_slice){root, root ? size : 0}))
                 : 0;
}

static enum redan_status trust_policy(struct redan_trust *trust, const char *path)
{
    struct redan_problems problems;
    struct redan_slice name = {0};

    REDAN_TRY(first_word(trust, path && path[0]));
    REDAN_TRY(redan_copy(&trust->ctx, redan_slice_of(path), &name));
    redan_problems_init(&problems, &trust->ctx, name);
    enum redan_status status = redan_verify_policy_read(&problems, name, &trust->policy);
    trust->has_policy = true; /* half of it may be there, and is freed */
    if (status == REDAN_OK && problems.first)
        status = redan_fail(&trust->ctx, REDAN_E_SCHEMA, 0, "line %u: %.*s%s%.*s",
                            problems.first->line, REDAN_FMT(problems.first->text),
                            problems.first->fix.len ? "; " : "", REDAN_FMT(problems.first->fix));
    if (status != REDAN_OK)
        redan_fail_name(&trust->ctx, name);
    return status;
}

int redan_trust_policy(struct redan_trust *trust, const char *path)
{
    return trust ? settle(trust, trust_policy(trust, path)) : 0;
}

int redan_trust_demand(struct redan_trust *trust, int log_entry, int timestamp)
{
    if (!trust || trust->has_policy)
        return 0;
    trust->signer.need_log = log_entry != 0;
    trust->signer.need_stamp = timestamp != 0;
    return 1;
}

static enum redan_model_answer answer_of(struct redan_model *model, enum redan_status status)
{
    static const enum redan_model_answer answers[] = {
        [REDAN_OK] = REDAN_MODEL_VERIFIED,          [REDAN_E_MEMORY] = REDAN_MODEL_UNDONE,
        [REDAN_E_LIMIT] = REDAN_MODEL_REFUSED,      [REDAN_E_SYNTAX] = REDAN_MODEL_REFUSED,
        [REDAN_E_SCHEMA] = REDAN_MODEL_REFUSED,     [REDAN_E_ABSENT] = REDAN_MODEL_REFUSED,
        [REDAN_E_EXISTS] = REDAN_MODEL_UNDONE,      [REDAN_E_IO] = REDAN_MODEL_UNDONE,
        [REDAN_E_CRYPTO] = REDAN_MODEL_UNDONE,      [REDAN_E_SIGNATURE] = REDAN_MODEL_REFUSED,
        [REDAN_E_UNSUPPORTED] = REDAN_MODEL_UNDONE, [REDAN_E_USAGE] = REDAN_MODEL_MISUSED,
    };

    keep_error(&model->ctx, status, model->error);
    return answers[status];
}

/* "DIR/model.sig", "FILE.sig". */
static enum redan_status default_signature(struct redan_ctx *ctx, struct redan_slice path,
                                           struct redan_slice *signature)
{
    if (redan_folder_exists(ctx, path))
        return redan_path_join(ctx, path, REDAN_S("model.sig"), signature);
    return redan_format(ctx, signature, "%.*s.sig", REDAN_FMT(path));
}

static enum redan_status tell(struct redan_model *model)
{
    struct redan_ctx *ctx = &model->ctx;
    struct redan_slice text = {0};
    size_t count = redan_opened_count(model->opened);

    REDAN_TRY(redan_copy(ctx, model->verified.signer, &text));
    model->signer = text.at;
    REDAN_TRY(redan_digest_text(ctx, &model->verified.manifest.root, &text));
    model->root = text.at;
    model->names = redan_take_array(ctx, count, sizeof(*model->names));
    if (!model->names)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        REDAN_TRY(redan_copy(ctx, redan_opened_path(model->opened, i), &text));
        model->names[i] = text.at;
    }
    return REDAN_OK;
}

static enum redan_status open_model(struct redan_model *model, const char *path,
                                    const char *const *signatures, size_t count,
                                    const struct redan_trust *trust)
{
    struct redan_ctx *ctx = &model->ctx;
    struct redan_slice name = {0};

    if (!path || !path[0] || !signatures || count == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "no model was given");
    if (!trust || !trust->said || trust->failed)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "nobody is trusted to have signed%s%s",
                          trust && trust->failed ? ": " : "",
                          trust && trust->failed ? trust->error : "");
    struct redan_slice *files = redan_take_array(ctx, count, sizeof(*files));
    if (!files)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_copy(ctx, redan_slice_of(path), &name));
    while (name.len > 1 && name.at[name.len - 1] == '/')
        name.len--;
    for (size_t i = 0; i < count; i++) {
        if (signatures[i])
            REDAN_TRY(redan_copy(ctx, redan_slice_of(signatures[i]), &files[i]));
        else
            REDAN_TRY(default_signature(ctx, name, &files[i]));
    }
    const struct redan_verified_wanted wanted = {
        .signer = &trust->signer,
        .policy = trust->has_policy ? &trust->policy : NULL,
        .model = name,
        .signatures = files,
        .signature_count = count,
    };
    REDAN_TRY(redan_verified_judge(ctx, &wanted, &model->verified));
    REDAN_TRY(redan_opened_new(ctx, name, &model->verified.manifest, &model->opened));
    return tell(model);
}

enum redan_model_answer redan_model_open_many(const char *path, const char *const *signatures,
                                              size_t count, const struct redan_trust *trust,
                                              struct redan_model **model)
{
    struct redan_mem memory = model_memory;

    if (!model)
        return REDAN_MODEL_MISUSED;
    struct redan_model *m = redan_mem_take(&memory, sizeof(*m));
    *model = m;
    if (!m)
        return REDAN_MODEL_UNDONE;
    *m = (struct redan_model){.limits = redan_limits_default, .signer = "", .root = ""};
    m->limits.memory = (size_t)2 << 30; /* a bundle of 256 MiB, decoded and as a tree */
    redan_ctx_init(&m->ctx, &m->limits);
    enum redan_status status = open_model(m, path, signatures, count, trust);
    if (status != REDAN_OK) {
        redan_opened_free(m->opened);
        m->opened = NULL;
        m->signer = "";
        m->root = "";
    }
    return answer_of(m, status);
}

enum redan_model_answer redan_model_open(const char *path, const char *signature,
                                         const struct redan_trust *trust,
                                         struct redan_model **model)
{
    return redan_model_open_many(path, &signature, 1, trust, model);
}

void redan_model_free(struct redan_model *model)
{
    struct redan_mem memory = model_memory;

    if (!model)
        return;
    redan_opened_free(model->opened);
    redan_ctx_done(&model->ctx);
    memory.used = sizeof(*model);
    redan_mem_give(&memory, model, sizeof(*model));
}

size_t redan_model_count(const struct redan_model *model)
{
    return model && model->opened ? redan_opened_count(model->opened) : 0;
}

const char *redan_model_name(const struct redan_model *model, size_t index)
{
    return index < redan_model_count(model) ? model->names[index] : NULL;
}

/* What is asked for, if it can be. NULL is the one file of a model that is one. */
static enum redan_status signed_name(struct redan_model *model, const char *name,
                                     struct redan_slice *path)
{
    size_t index = 0;

    if (!model->opened)
        return redan_fail(&model->ctx, REDAN_E_USAGE, 0, "the model was refused");
    *path = redan_slice_of(name);
    if (!name && !redan_opened_folder(model->opened))
        *path = REDAN_S(".");
    if (!redan_opened_find(model->opened, *path, &index))
        return redan_fail(&model->ctx, REDAN_E_USAGE, 0, "%.200s is no signed file of the model",
                          name ? name : "(no name)");
    return REDAN_OK;
}

static enum redan_status give_fd(struct redan_model *model, const char *name, int *fd)
{
    struct redan_slice path = {0};

    if (!fd)
        return redan_fail(&model->ctx, REDAN_E_USAGE, 0, "no place for the descriptor");
    REDAN_TRY(signed_name(model, name, &path));
    return redan_opened_file(&model->ctx, model->opened, path, fd);
}

enum redan_model_answer redan_model_fd(struct redan_model *model, const char *name, int *fd)
{
    if (!model)
        return REDAN_MODEL_MISUSED;
    struct redan_arena_mark mark = redan_arena_mark(&model->ctx.arena);
    enum redan_status status = give_fd(model, name, fd);
    redan_arena_reset(&model->ctx.arena, mark);
    return answer_of(model, status);
}

static enum redan_status give_bytes(struct redan_model *model, const char *name, uint64_t offset,
                                    void *bytes, size_t size, size_t *got)
{
    struct redan_slice path = {0};

    if (!got || (!bytes && size))
        return redan_fail(&model->ctx, REDAN_E_USAGE, 0, "no place for the bytes");
    REDAN_TRY(signed_name(model, name, &path));
    return redan_opened_read(&model->ctx, model->opened, path, offset, bytes, size, got);
}

enum redan_model_answer redan_model_read(struct redan_model *model, const char *name,
                                         unsigned long long offset, void *bytes, size_t size,
                                         size_t *got)
{
    if (!model)
        return REDAN_MODEL_MISUSED;
    struct redan_arena_mark mark = redan_arena_mark(&model->ctx.arena);
    enum redan_status status = give_bytes(model, name, offset, bytes, size, got);
    redan_arena_reset(&model->ctx.arena, mark);
    return answer_of(model, status);
}

const char *redan_model_signer(const struct redan_model *model)
{
    return model ? model->signer : "";
}

const char *redan_model_root(const struct redan_model *model)
{
    return model ? model->root : "";
}

const char *redan_model_error(const struct redan_model *model)
{
    return model ? model->error : "no model";
}
