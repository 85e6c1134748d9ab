/* What must be true of a signature, read from options: exactly one answer to "who must have signed?". */
#include "cmd/cli_system.h"
#include "cmd/verify.h"
#include "io/file.h"

static enum redan_status refuse_empty(struct redan_cli *cli)
{
    static const char *const names[] = {"signature", "bundle", "only", "for"};

    for (size_t i = 0; i < REDAN_COUNT(names); i++) {
        struct redan_slice value = {0};
        for (size_t n = 0; redan_cli_value_at(cli, names[i], n, &value); n++) {
            if (value.len == 0)
                return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                                  "--%s is empty: is the variable set?", names[i]);
        }
    }
    return REDAN_OK;
}

/* The signature files; one of them may lie inside the model, the others that do are left out of it as well. */
static enum redan_status list_signatures(struct redan_verify *v, const char *option)
{
    struct redan_cli *cli = v->cli;
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice path = {0};

    v->votes = redan_take_array(ctx, cli->value_count + 1, sizeof(*v->votes));
    if (!v->votes)
        return REDAN_E_MEMORY;
    while (redan_cli_value_at(cli, option, v->vote_count, &path))
        v->votes[v->vote_count++].file = path;
    if (v->vote_count == 0) {
        REDAN_TRY(redan_cli_model_signature(cli, &v->model, &v->votes[0].file));
        v->vote_count = 1;
        if (!redan_file_exists(ctx, v->votes[0].file))
            return redan_fail(ctx, REDAN_E_USAGE, 0,
                              "there is no %.*s; where is the signature? --signature FILE",
                              REDAN_FMT(v->votes[0].file));
    }
    if (v->vote_count > 1 && !v->who.by_policy)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "several signatures need a --policy, which says how many must agree");
    return REDAN_OK;
}

static enum redan_status leave_out_signatures(struct redan_verify *v)
{
    struct redan_ctx *ctx = &v->cli->ctx;
    struct redan_slice *ignore =
        redan_take_array(ctx, v->model.ignore_count + v->vote_count + 1, sizeof(*ignore));
    size_t count = 0;

    if (!ignore)
        return REDAN_E_MEMORY;
    while (count < v->model.ignore_count) {
        ignore[count] = v->model.ignore[count];
        count++;
    }
    for (size_t i = 0; i < v->vote_count; i++) {
        struct redan_slice below = {0};
        REDAN_TRY(redan_cli_model_below(v->cli, &v->model, v->votes[i].file, &below));
        if (redan_slice_is(below, "."))
            return redan_fail(ctx, REDAN_E_USAGE, 0, "--signature %.*s is the model itself",
                              REDAN_FMT(v->votes[i].file));
        if (below.len && v->check.signature.len == 0)
            v->check.signature = below;
        else if (below.len)
            ignore[count++] = below;
    }
    v->check.ignore = ignore;
    v->check.ignore_count = count;
    return REDAN_OK;
}

static enum redan_status read_check(struct redan_verify *v)
{
    struct redan_cli *cli = v->cli;
    struct redan_slice *only = redan_take_array(&cli->ctx, cli->value_count + 1, sizeof(*only));

    if (!only)
        return REDAN_E_MEMORY;
    while (redan_cli_value_at(cli, "only", v->check.only_count, &only[v->check.only_count])) {
        struct redan_slice *path = &only[v->check.only_count++];
        while (path->len > 1 && path->at[path->len - 1] == '/')
            path->len--;
    }
    v->check.only = only;
    v->check.links = v->model.links;
    v->check.keep_git = v->model.keep_git;
    v->check.ignore_unsigned =
        redan_cli_has(cli, "ignore-unsigned") || redan_cli_has(cli, "ignore-unsigned-files");
    v->partial = v->check.only_count > 0;
    return leave_out_signatures(v);
}

/* A digest, or a file; one whose name is a digest is written ./sha256:... */
static enum redan_status read_artefact(struct redan_verify *v)
{
    static const char *const models[] = {
        "signature",       "ignore-paths",          "ignore-git-paths", "no-ignore-git-paths",
        "ignore-unsigned", "ignore-unsigned-files", "allow-symlinks",   "only"};
    struct redan_cli *cli = v->cli;

    for (size_t i = 0; i < REDAN_COUNT(models); i++) {
        if (redan_cli_has(cli, models[i]))
            return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                              "--%s is about models; --bundle verifies one file or digest",
                              models[i]);
    }
    v->thing.has_digest = redan_digest_parse(v->target, &v->thing.digest);
    if (!v->thing.has_digest && redan_slice_starts(v->target, REDAN_S("sha256:")) &&
        !redan_file_exists(&cli->ctx, v->target))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "a digest is written sha256: and 64 lower-case digits");
    return REDAN_OK;
}

enum redan_status redan_verify_settings(struct redan_verify *v)
{
    struct redan_cli *cli = v->cli;

    v->target = cli->args[0];
    v->artefact = redan_cli_has(cli, "bundle");
    REDAN_TRY(refuse_empty(cli));
    REDAN_TRY(redan_cli_clock(cli));
    if (v->artefact && redan_cli_has(cli, "policy"))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "a policy is about models, not about --bundle");
    if (v->artefact)
        REDAN_TRY(read_artefact(v));
    else
        REDAN_TRY(redan_cli_model_open(cli, v->target, true, &v->model));
    REDAN_TRY(redan_sign_wanted_open(cli, &v->who));
    REDAN_TRY(list_signatures(v, v->artefact ? "bundle" : "signature"));
    return v->artefact ? REDAN_OK : read_check(v);
}
