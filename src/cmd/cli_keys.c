/* Reading keys.yaml, and signing it and org.yaml with the root. */
#include "cmd/cli_keys.h"

#include "attest/sshsig.h"
#include "attest/statement.h"
#include "base/clock.h"
#include "io/file.h"
#include "threat/system.h"

enum redan_status redan_cli_keys_folder(struct redan_cli *cli, struct redan_slice *folder)
{
    struct redan_slice dir = redan_cli_value(cli, "dir");

    if (dir.len) {
        *folder = dir;
        return REDAN_OK;
    }
    if (redan_system_find(&cli->ctx, REDAN_S("."), folder) == REDAN_OK)
        return REDAN_OK;
    redan_fail_clear(&cli->ctx); /* keys may come before the first threat model */
    *folder = redan_file_exists(&cli->ctx, REDAN_S("keys.yaml")) ? REDAN_S(".") : REDAN_S("redan");
    return REDAN_OK;
}

enum redan_status redan_cli_keyring(struct redan_cli *cli, struct redan_slice folder, bool *present,
                                    struct redan_keyring *ring)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_problems problems;
    struct redan_slice path = {0};
    struct redan_slice text = {0};

    *ring = (struct redan_keyring){0};
    REDAN_TRY(redan_path_join(ctx, folder, REDAN_S("keys.yaml"), &path));
    *present = redan_file_exists(ctx, path);
    if (!*present)
        return REDAN_OK;
    REDAN_TRY(redan_file_read(ctx, path, ctx->limits.yaml, false, &text));
    redan_problems_init(&problems, ctx, path);
    enum redan_status status = redan_keyring_parse(&problems, text, ring);
    if (status == REDAN_OK && problems.first)
        status = redan_fail_at(ctx, REDAN_E_SCHEMA, problems.first->line, problems.first->column,
                               "%.*s", REDAN_FMT(problems.first->text));
    redan_fail_name(ctx, path);
    return status;
}

/* A key of the root, or of the one before it, which is retired by now and may still hand over. */
static enum redan_status check_root(struct redan_ctx *ctx, const struct redan_keyring *ring,
                                    bool former, const struct redan_keyring_key *key)
{
    const struct redan_keyring_root *roots = ring->former.items;
    bool before = former && key && ring->former.count > 0 &&
                  redan_texts_have(&roots[ring->former.count - 1].keys, key->id) &&
                  !(key->revoked && key->revoked->reason == 1);

    if (!before && (!key || !redan_texts_have(&ring->root_keys, key->id)))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "this key is none of the root's in keys.yaml");
    enum redan_key_state state = redan_keyring_state(key, ctx->now);
    if (!before && state != REDAN_KEY_VALID)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the key %.*s of %.*s is %s", REDAN_FMT(key->id),
                          REDAN_FMT(key->holder), redan_key_state_name(state));
    return REDAN_OK;
}

enum redan_status redan_cli_root_signer(struct redan_cli *cli, const struct redan_keyring *ring,
                                        struct redan_slice path, bool keygen, bool former,
                                        struct redan_cli_signer *signer)
{
    struct redan_cli_signer made = {0};
    struct redan_digest id;

    REDAN_TRY(redan_cli_signer_read(cli, path, keygen, &made));
    redan_key_id(made.key, &id);
    made.by = redan_keyring_find(ring, &id);
    enum redan_status status = check_root(&cli->ctx, ring, former, made.by);
    redan_fail_name(&cli->ctx, path);
    if (status == REDAN_OK)
        *signer = made;
    else
        redan_cli_signer_done(&made);
    return status;
}

/* The envelope that is there already, when it is about the same bytes; else a new one without signatures. */
static enum redan_status open_envelope(struct redan_ctx *ctx, struct redan_slice path,
                                       struct redan_slice name, const struct redan_digest *digest,
                                       struct redan_dsse *envelope)
{
    struct redan_slice text = {0};
    struct redan_statement old = {0};
    struct redan_statement_subject subject = {name, *digest};
    struct redan_statement statement = {&subject, 1, REDAN_S(REDAN_PREDICATE_KEYS),
                                        redan_node_new(ctx, REDAN_NODE_MAP)};

    if (redan_file_exists(ctx, path)) {
        enum redan_status status = redan_file_read(ctx, path, ctx->limits.file, false, &text);
        if (status == REDAN_OK)
            status = redan_dsse_parse(ctx, text, envelope);
        if (status == REDAN_OK)
            status = redan_statement_parse(ctx, envelope->payload, &old);
        if (status == REDAN_E_MEMORY)
            return status;
        redan_fail_clear(ctx); /* an unreadable one is replaced */
        if (status == REDAN_OK && old.count == 1 &&
            redan_digest_eq(&old.subjects[0].digest, digest))
            return REDAN_OK;
    }
    if (!statement.predicate)
        return REDAN_E_MEMORY;
    if (redan_slice_is(name, "org.yaml"))
        statement.predicate_type = REDAN_S(REDAN_PREDICATE_ORG);
    *envelope = (struct redan_dsse){.payload_type = REDAN_S(REDAN_DSSE_INTOTO)};
    return redan_statement_write(ctx, &statement, &envelope->payload);
}

static enum redan_status signature_path(struct redan_ctx *ctx, struct redan_slice folder,
                                        struct redan_slice name, struct redan_slice *path)
{
    return redan_path_join(ctx, folder,
                           redan_slice_is(name, "org.yaml") ? REDAN_S("org.dsse.json")
                                                            : REDAN_S("keys.dsse.json"),
                           path);
}

static enum redan_status sign_all(struct redan_cli *cli, const struct redan_cli_signer *signers,
                                  size_t count, struct redan_dsse *envelope)
{
    for (size_t i = 0; i < count; i++) {
        enum redan_status status = redan_cli_signer_sign(cli, &signers[i], envelope);
        if (status == REDAN_E_EXISTS) /* signed already: nothing to add */
            redan_fail_clear(&cli->ctx);
        else
            REDAN_TRY(status);
    }
    return REDAN_OK;
}

enum redan_status redan_cli_root_sign(struct redan_cli *cli, const struct redan_keyring *ring,
                                      struct redan_slice folder, struct redan_slice name,
                                      struct redan_slice bytes,
                                      const struct redan_cli_signer *signers, size_t count,
                                      struct redan_slice *signature, uint64_t *found)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};
    struct redan_dsse envelope = {0};
    struct redan_digest digest;
    struct redan_slice path = {0};

    redan_buf_init(&out, ctx, ctx->limits.file);
    REDAN_TRY(signature_path(ctx, folder, name, &path));
    REDAN_TRY(redan_sha256(ctx, bytes, &digest));
    REDAN_TRY(open_envelope(ctx, path, name, &digest, &envelope));
    REDAN_TRY(sign_all(cli, signers, count, &envelope));
    redan_dsse_add(&out, &envelope);
    REDAN_TRY(redan_buf_ok(ctx, &out, "the signature"));
    REDAN_TRY(redan_copy(ctx, redan_buf_view(&out), signature));
    enum redan_status status = redan_keyring_root_signed(ctx, ring, &digest, *signature, found);
    if (status == REDAN_E_SIGNATURE) { /* not enough of them yet */
        redan_fail_clear(ctx);
        return REDAN_OK;
    }
    return status;
}

enum redan_status redan_cli_root_write(struct redan_cli *cli, struct redan_slice folder,
                                       struct redan_slice name, struct redan_slice signature)
{
    struct redan_slice path = {0};

    REDAN_TRY(signature_path(&cli->ctx, folder, name, &path));
    return redan_file_replace(&cli->ctx, path, 0644, signature);
}

void redan_cli_allowed_signers(struct redan_buf *out, const struct redan_keyring *ring)
{
    const struct redan_keyring_key *keys = ring->keys.items;
    char from[REDAN_TIME_TEXT];
    char until[REDAN_TIME_TEXT];
    char at[REDAN_TIME_TEXT];

    for (size_t i = 0; i < ring->keys.count; i++) {
        const struct redan_keyring_revocation *revoked = keys[i].revoked;
        redan_time_text(keys[i].from, from);
        redan_time_text(keys[i].until, until);
        redan_buf_printf(out, "# %.*s, valid from %s until %s", REDAN_FMT(keys[i].id), from, until);
        if (revoked) {
            redan_time_text(revoked->at, at);
            redan_buf_printf(out, "; %s at %s", revoked->reason == 1 ? "compromised" : "retired",
                             at);
        }
        redan_buf_char(out, '\n');
        if (revoked && revoked->reason == 1)
            continue;
        redan_buf_printf(out, "%.*s namespaces=\"" REDAN_SSHSIG_NAMESPACE "\" ",
                         REDAN_FMT(keys[i].holder));
        redan_key_add_public_ssh(out, keys[i].key, keys[i].id);
        redan_buf_char(out, '\n');
    }
}
