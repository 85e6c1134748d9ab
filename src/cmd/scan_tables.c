/* What pickles may import: the tables that are built in, or a signed file in their place; with what the policy adds. */
#include "cmd/scan_tables.h"

#include <string.h>

#include "cmd/cli_keys.h"
#include "cmd/cli_system.h"
#include "cmd/scan_run.h"
#include "io/file.h"
#include "record/embedded.h"
#include "scan/policy.h"

extern const struct redan_embedded redan_scan_policy_files[]; /* catalog/pickle-*.tsv */

void redan_scan_tables_add(struct redan_buf *out)
{
    for (const struct redan_embedded *file = redan_scan_policy_files; file->name; file++)
        redan_buf_add(out, file->bytes, file->len);
}

/* The keys that count: a ring of the pinned root, signed by it. */
static enum redan_status trusted_ring(struct redan_cli *cli, struct redan_keyring *ring)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice folder = {0};
    struct redan_slice path = {0};
    struct redan_slice text = {0};
    struct redan_pin pin;
    bool present = false;
    uint64_t found = 0;

    REDAN_TRY(redan_cli_pin(cli, &pin));
    if (!pin.set)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "tables are believed under a pinned root alone: --root, REDAN_ROOT or "
                          "/etc/redan/root");
    REDAN_TRY(redan_cli_keys_folder(cli, &folder));
    REDAN_TRY(redan_cli_keyring(cli, folder, &present, ring));
    if (!present)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "there is no keys.yaml in %.*s to check the tables by",
                          REDAN_FMT(folder));
    if (!redan_digest_eq(&pin.root, &ring->root))
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "keys.yaml in %.*s is not of the root that is pinned", REDAN_FMT(folder));
    REDAN_TRY(redan_path_join(ctx, folder, REDAN_S("keys.dsse.json"), &path));
    enum redan_status status = redan_file_read(ctx, path, ctx->limits.file, false, &text);
    if (status == REDAN_OK)
        status = redan_keyring_root_signed(ctx, ring, &ring->file, text, &found);
    if (status == REDAN_OK || status == REDAN_E_MEMORY)
        return status;
    redan_fail_clear(ctx);
    return redan_fail(ctx, REDAN_E_USAGE, 0, "keys.yaml in %.*s is not signed by its root",
                      REDAN_FMT(folder));
}

static bool may_sign(const struct redan_keyring *ring, const struct redan_signer *signer,
                     int64_t now)
{
    const struct redan_keyring_key *key = signer->key;

    if (redan_keyring_state_signed(key, now, signer->stamped) != REDAN_KEY_VALID)
        return false;
    return redan_texts_have(&ring->root_keys, key->id) ||
           redan_keyring_holds(ring, key->holder, REDAN_S(REDAN_SCAN_TABLES_ROLE));
}

static enum redan_status open_envelope(struct redan_cli *cli, struct redan_slice path,
                                       struct redan_slice *payload)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_keyring REDAN_DEFER(redan_keyring_done) ring = {0};
    struct redan_dsse envelope = {0};
    struct redan_slice text = {0};
    size_t count = 0;

    REDAN_TRY(trusted_ring(cli, &ring));
    REDAN_TRY(redan_file_read(ctx, path, 2 * (size_t)REDAN_SCAN_TABLES_MOST, true, &text));
    if (redan_dsse_parse(ctx, text, &envelope) != REDAN_OK ||
        !redan_slice_is(envelope.payload_type, REDAN_SCAN_TABLES_TYPE)) {
        redan_fail_clear(ctx);
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "%.*s is no envelope of signed tables; redan scan tables makes one",
                          REDAN_FMT(path));
    }
    struct redan_signer *signers = redan_take_array(ctx, envelope.count, sizeof(*signers));
    if (!signers)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_keyring_signers(ctx, &ring, &envelope, signers, &count));
    for (size_t i = 0; i < count; i++) {
        if (may_sign(&ring, &signers[i], ctx->now)) {
            *payload = envelope.payload;
            return REDAN_OK;
        }
    }
    return redan_fail(ctx, REDAN_E_USAGE, 0,
                      "%.*s is not signed by the root or a " REDAN_SCAN_TABLES_ROLE
                      " of keys.yaml whose key is valid",
                      REDAN_FMT(path));
}

/* A name may stand for an attribute of a class as well: each dot may be the one between module and name. */
static void add_rows(struct redan_buf *out, const struct redan_scan_global *global, const char *use)
{
    struct redan_slice name = global->global;

    for (size_t i = 1; i + 1 < name.len; i++) {
        if (name.at[i] != '.')
            continue;
        redan_buf_printf(out, "%.*s\t%.*s\t%s\t", (int)i, name.at, (int)(name.len - i - 1),
                         name.at + i + 1, use);
        for (size_t k = 0; k < global->reason.len; k++) {
            unsigned char c = (unsigned char)global->reason.at[k];
            redan_buf_char(out, c < ' ' ? ' ' : (char)c);
        }
        redan_buf_text(out, *use == '!' ? " (by the policy)\n" : "\n");
    }
}

/* The policy's names as rows; of two for one name the last counts, and that is the denial. */
static void add_policy(struct redan_buf *out, const struct redan_scan_policy *policy, int64_t now)
{
    const struct redan_scan_global *allow = policy->allow.items;
    const struct redan_scan_global *deny = policy->deny.items;

    for (size_t i = 0; i < policy->allow.count; i++) {
        if (now < allow[i].expires)
            add_rows(out, &allow[i], "call:~");
    }
    for (size_t i = 0; i < policy->deny.count; i++)
        add_rows(out, &deny[i], "!exec");
}

enum redan_status redan_scan_tables_choose(struct redan_scan_run *run)
{
    struct redan_cli *cli = run->cli;
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    struct redan_slice given = {0};
    bool alone = redan_cli_has(cli, "tables");

    redan_buf_init(&text, ctx, 2 * (size_t)REDAN_SCAN_TABLES_MOST);
    if (alone)
        REDAN_TRY(open_envelope(cli, redan_cli_value(cli, "tables"), &given));
    if (redan_cli_has(cli, "for")) { /* only a record names them */
        if (!alone) {
            redan_scan_tables_add(&text);
            given = redan_buf_view(&text);
        }
        REDAN_TRY(redan_sha256(ctx, given, &run->tables));
    }
    redan_buf_clear(&text);
    if (alone)
        redan_buf_slice(&text, given);
    if (run->policy) {
        redan_buf_char(&text, '\n');
        add_policy(&text, run->policy, ctx->now);
    }
    REDAN_TRY(redan_buf_ok(ctx, &text, "the tables"));
    if (!alone && text.len == 0)
        return redan_scan_tables_builtin(ctx, &run->engine.tables);
    enum redan_status status =
        redan_scan_tables_parse(ctx, redan_buf_view(&text), alone, &run->engine.tables);
    if (status == REDAN_E_SYNTAX)
        redan_fail_name(ctx,
                        alone ? redan_cli_value(cli, "tables") : redan_cli_value(cli, "policy"));
    return status;
}
