/* redan keys revoke: a key, or all keys of a holder, no longer count. */
#include "base/clock.h"
#include "cmd/cli_ring.h"
#include "cmd/command.h"
#include "io/file.h"
#include "record/store.h"
#include "threat/approval.h"

static const struct redan_option options[] = {
    {"reason", 0, "REASON", "retired: ended in good order; compromise: somebody else may have it"},
    {"at", 0, "DATE", "since when; by default now"},
    {"force", 0, NULL, "even when a role is left with fewer holders than its quorum"},
    REDAN_RING_OPTIONS,
    {NULL, 0, NULL, NULL},
};

struct revoking {
    struct redan_cli *cli;
    struct redan_cli_ring *edit;
    struct redan_keyring_revocation how;
    size_t count; /* of keys */
    bool root;    /* one of them is the root's */
    size_t records;
    size_t approvals;
    size_t words; /* approvals that only the key's own word dates */
};

static enum redan_status read_how(struct revoking *r)
{
    struct redan_cli *cli = r->cli;
    struct redan_slice reason = redan_cli_value(cli, "reason");
    struct redan_slice at = redan_cli_value(cli, "at");

    r->how.at = cli->ctx.now;
    if (redan_slice_is(reason, "compromise"))
        r->how.reason = 1;
    else if (!redan_slice_is(reason, "retired"))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--reason takes retired or compromise");
    if (at.len && !redan_time_parse(at, &r->how.at))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--at takes a date, 2027-02-01");
    return REDAN_OK;
}

/* A second revocation may say worse, never better. */
static bool named(const struct revoking *r, const struct redan_keyring_key *key)
{
    struct redan_slice name = r->cli->args[0];

    if (!redan_slice_eq(key->id, name) && !redan_slice_eq(key->holder, name))
        return false;
    if (!key->revoked)
        return true;
    return (key->revoked->reason == 0 && r->how.reason == 1) ||
           (key->revoked->reason == r->how.reason && r->how.at < key->revoked->at);
}

static bool voids(const struct revoking *r, const struct redan_signer *signer, int64_t claimed)
{
    struct redan_keyring_revocation how = r->how;
    struct redan_keyring_key after = *signer->key;

    after.revoked = &how;
    return named(r, signer->key) &&
           redan_keyring_state_signed(signer->key, claimed, signer->stamped) == REDAN_KEY_VALID &&
           redan_keyring_state_signed(&after, claimed, signer->stamped) != REDAN_KEY_VALID;
}

/* What has been signed with these keys and will not count any more. */
static enum redan_status count_voided(struct revoking *r)
{
    struct redan_ctx *ctx = &r->cli->ctx;
    struct redan_store store;
    struct redan_approvals approvals;
    struct redan_slice path = {0};

    REDAN_TRY(redan_path_join(ctx, r->edit->folder, REDAN_S("evidence"), &path));
    REDAN_TRY(redan_store_read(ctx, &r->edit->ring, path, &store));
    for (size_t i = 0; i < store.count; i++) {
        for (size_t k = 0; k < store.records[i].signer_count; k++)
            r->records += voids(r, &store.records[i].signers[k], store.records[i].time);
    }
    REDAN_TRY(redan_path_join(ctx, r->edit->folder, REDAN_S("approvals"), &path));
    REDAN_TRY(redan_approvals_read(ctx, &r->edit->ring, path, &approvals));
    for (size_t i = 0; i < approvals.count; i++) {
        for (size_t k = 0; k < approvals.items[i].signer_count; k++) {
            const struct redan_signer *signer = &approvals.items[i].signers[k];
            bool gone = voids(r, signer, approvals.items[i].time);
            r->approvals += gone;
            r->words += !gone && named(r, signer->key) && !signer->stamped;
        }
    }
    return REDAN_OK;
}

/* How many of a role's holders can still sign; `after` looks past the revocation. */
static uint64_t able(const struct revoking *r, const struct redan_keyring_role *role, bool after)
{
    const struct redan_keyring_key *keys = r->edit->ring.keys.items;
    uint64_t count = 0;

    for (size_t h = 0; h < role->holders.count; h++) {
        bool can = false;
        for (size_t i = 0; i < r->edit->ring.keys.count && !can; i++)
            can = redan_slice_eq(keys[i].holder, role->holders.items[h]) && !keys[i].revoked &&
                  keys[i].until > r->cli->ctx.now && !(after && named(r, &keys[i]));
        count += can;
    }
    return count;
}

static enum redan_status check_quorums(const struct revoking *r)
{
    const struct redan_keyring_role *roles = r->edit->ring.roles.items;

    for (size_t i = 0; i < r->edit->ring.roles.count; i++) {
        uint64_t left = able(r, &roles[i], true);
        if (left >= roles[i].quorum || able(r, &roles[i], false) < roles[i].quorum)
            continue;
        if (redan_cli_has(r->cli, "force")) {
            redan_cli_say(r->cli, "%.*s asks for %llu, and %llu can sign now",
                          REDAN_FMT(roles[i].id), (unsigned long long)roles[i].quorum,
                          (unsigned long long)left);
            continue;
        }
        return redan_fail(&r->cli->ctx, REDAN_E_USAGE, 0,
                          "%.*s asks for %llu, and %llu could sign after this; enrol another first "
                          "(redan keys add, redan keys rotate), or say --force",
                          REDAN_FMT(roles[i].id), (unsigned long long)roles[i].quorum,
                          (unsigned long long)left);
    }
    return REDAN_OK;
}

/* A root that can no longer sign cannot even sign that. */
static enum redan_status check_root(const struct revoking *r)
{
    const struct redan_keyring *ring = &r->edit->ring;
    uint64_t left = 0;

    for (size_t i = 0; i < ring->root_keys.count; i++) {
        const struct redan_keyring_key *key = redan_keyring_named(ring, ring->root_keys.items[i]);
        left += key && !key->revoked && key->until > r->cli->ctx.now && !named(r, key);
    }
    if (left >= ring->root_threshold)
        return REDAN_OK;
    return redan_fail(&r->cli->ctx, REDAN_E_USAGE, 0,
                      "the root asks for %llu keys, and %llu would be left; put another in its "
                      "place: redan keys rotate KEY --root",
                      (unsigned long long)ring->root_threshold, (unsigned long long)left);
}

static enum redan_status apply(struct revoking *r)
{
    struct redan_keyring_key *keys = r->edit->ring.keys.items;
    struct redan_keyring_revocation *how = redan_take(&r->cli->ctx, sizeof(*how));

    if (!how)
        return REDAN_E_MEMORY;
    *how = r->how;
    for (size_t i = 0; i < r->edit->ring.keys.count; i++) {
        if (!named(r, &keys[i]))
            continue;
        keys[i].revoked = how;
        r->count++;
        r->root = r->root || redan_texts_have(&r->edit->ring.root_keys, keys[i].id);
        redan_cli_say(r->cli, "revoked %.*s of %.*s (%s)", REDAN_FMT(keys[i].id),
                      REDAN_FMT(keys[i].holder), how->reason == 1 ? "compromise" : "retired");
    }
    return REDAN_OK;
}

static enum redan_status check_named(const struct revoking *r)
{
    const struct redan_keyring_key *keys = r->edit->ring.keys.items;
    struct redan_slice name = r->cli->args[0];
    bool known = false;

    for (size_t i = 0; i < r->edit->ring.keys.count; i++) {
        if (named(r, &keys[i]))
            return REDAN_OK;
        known = known || redan_slice_eq(keys[i].id, name) || redan_slice_eq(keys[i].holder, name);
    }
    return redan_fail(&r->cli->ctx, REDAN_E_USAGE, 0,
                      known ? "\"%.*s\" is revoked already; redan keys list shows it"
                            : "there is no key and no holder \"%.*s\"; redan keys list shows them",
                      REDAN_FMT(name));
}

static enum redan_status revoke(struct redan_cli *cli)
{
    struct redan_cli_ring REDAN_DEFER(redan_cli_ring_done) edit = {0};
    struct revoking r = {.cli = cli, .edit = &edit};

    REDAN_TRY(read_how(&r));
    REDAN_TRY(redan_cli_ring_open_old(cli, &edit));
    REDAN_TRY(check_named(&r));
    REDAN_TRY(check_root(&r));
    REDAN_TRY(check_quorums(&r));
    REDAN_TRY(count_voided(&r));
    REDAN_TRY(apply(&r));
    REDAN_TRY(redan_cli_ring_save(cli, &edit));
    if (r.root) /* it may have been one of those that signed */
        REDAN_TRY(redan_cli_ring_org(cli, &edit));
    if (r.words)
        redan_cli_say(
            cli,
            "%zu approval%s of these keys ha%s no time stamp: where it is the newest of a "
            "system, it is to be signed anew with another key",
            r.words, r.words == 1 ? "" : "s", r.words == 1 ? "s" : "ve");
    if (cli->json)
        redan_buf_printf(&cli->out,
                         "{\"revoked\": %zu, \"records\": %zu, \"approvals\": %zu, \"version\": "
                         "%llu, \"signatures\": %llu}\n",
                         r.count, r.records, r.approvals, (unsigned long long)edit.ring.version,
                         (unsigned long long)edit.signed_by);
    else
        redan_buf_printf(
            &cli->out, "%zu record%s and %zu approval%s no longer count%s\n", r.records,
            r.records == 1 ? "" : "s", r.approvals, r.approvals == 1 ? "" : "s",
            r.records + r.approvals ? ": redan check says what is to be signed anew" : "");
    return REDAN_OK;
}

static int run(struct redan_cli *cli)
{
    return revoke(cli) == REDAN_OK ? REDAN_EXIT_CLEAN : redan_cli_failed(cli);
}

const struct redan_command redan_cmd_keys_revoke = {
    .name = "keys revoke",
    .args = "KEY | HOLDER",
    .summary = "a key, or all keys of a holder, no longer count",
    .text =
        "From then on a signature of the key counts only when a time stamp by a listed authority "
        "shows that it\n"
        "was made before. retired: earlier steps of the chain of approvals stay approved. "
        "compromise means that\n"
        "somebody else may have it: then these do not count without a stamp either.\n\n"
        "  redan keys revoke okafor-1 --reason retired --sign-with ~/root.pem\n"
        "  redan keys revoke ci --reason compromise --at 2027-03-01 --sign-with ~/root.pem",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
