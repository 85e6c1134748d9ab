/* Reading keys.yaml, and signing it and org.yaml with the root. */
#include "cmd/cli_keys.h"

#include "attest/statement.h"
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

static enum redan_status read_private(struct redan_cli *cli, struct redan_slice path,
                                      struct redan_key **key)
{
    struct redan_slice text = {0};

    REDAN_TRY(redan_file_read(&cli->ctx, path, 65536, true, &text));
    enum redan_status status = redan_key_parse_private(&cli->ctx, text, key);
    redan_fail_name(&cli->ctx, path);
    return status;
}

enum redan_status redan_cli_root_key(struct redan_cli *cli, const struct redan_keyring *ring,
                                     struct redan_slice path, struct redan_key **key)
{
    struct redan_key *REDAN_DEFER(redan_key_drop) found = NULL;
    struct redan_digest id;

    REDAN_TRY(read_private(cli, path, &found));
    redan_key_id(found, &id);
    const struct redan_keyring_key *entry = redan_keyring_find(ring, &id);
    if (!entry || !redan_texts_have(&ring->root_keys, entry->id)) {
        (void)redan_fail(&cli->ctx, REDAN_E_SCHEMA, 0,
                         "this key is none of the root's in keys.yaml");
        redan_fail_name(&cli->ctx, path);
        return REDAN_E_SCHEMA;
    }
    *key = found;
    found = NULL;
    return REDAN_OK;
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

enum redan_status redan_cli_root_sign(struct redan_cli *cli, struct redan_slice folder,
                                      struct redan_slice name, struct redan_slice bytes,
                                      const struct redan_key *key, size_t *count)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};
    struct redan_dsse envelope = {0};
    struct redan_digest digest;
    struct redan_slice path = {0};

    redan_buf_init(&out, ctx, ctx->limits.file);
    REDAN_TRY(redan_path_join(ctx, folder,
                              redan_slice_is(name, "org.yaml") ? REDAN_S("org.dsse.json")
                                                               : REDAN_S("keys.dsse.json"),
                              &path));
    REDAN_TRY(redan_sha256(ctx, bytes, &digest));
    REDAN_TRY(open_envelope(ctx, path, name, &digest, &envelope));
    enum redan_status status = redan_dsse_sign(ctx, &envelope, key);
    if (status == REDAN_E_EXISTS) /* signed already: nothing to add */
        redan_fail_clear(ctx);
    else
        REDAN_TRY(status);
    redan_dsse_add(&out, &envelope);
    REDAN_TRY(redan_buf_ok(ctx, &out, "the signature"));
    *count = envelope.count;
    return redan_file_replace(ctx, path, 0644, redan_buf_view(&out));
}
