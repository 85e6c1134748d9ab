/* redan keys rotate: another key in a key's place, also in the root's. */
#include "base/clock.h"
#include "cmd/cli_ring.h"
#include "cmd/command.h"

static const struct redan_option options[] = {
    {"public", 0, "FILE", "the new key's public half: OpenSSH's line or PEM"},
    {"out", 'o', "FILE", "or make the new key, and put its private half there"},
    {"passphrase", 0, NULL, "encrypt it under a passphrase"},
    {"type", 0, "TYPE", "ed25519 (default), ecdsa-p256, ecdsa-p384 or ecdsa-p521"},
    {"until", 0, "DATE", "the new key's end; by default as long a life as the old one's"},
    {"reason", 0, "REASON", "what the old key ends with: retired (default) or compromise"},
    {"root", 0, NULL, "it is a root key: the fingerprint that machines pin will be another"},
    REDAN_RING_OPTIONS,
    {NULL, 0, NULL, NULL},
};

struct rotation {
    struct redan_cli *cli;
    struct redan_cli_ring *edit;
    struct redan_slice old;
    struct redan_slice made;
    bool root;
    int reason;
    struct redan_key *key; /* the new one; its private half when it is made here */
    struct redan_digest before;
};

static void rotation_done(struct rotation *r)
{
    redan_key_free(r->key);
    r->key = NULL;
}

static enum redan_status read_options(struct rotation *r)
{
    struct redan_cli *cli = r->cli;
    struct redan_slice reason = redan_cli_value(cli, "reason");

    r->reason = redan_slice_is(reason, "compromise");
    if (reason.len && !r->reason && !redan_slice_is(reason, "retired"))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--reason takes retired or compromise");
    if (redan_cli_has(cli, "public") == redan_cli_has(cli, "out"))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "give either --public FILE, a key that exists, or --out FILE, to make "
                          "one");
    if (redan_cli_has(cli, "public"))
        return redan_cli_key_public(cli, redan_cli_value(cli, "public"), &r->key);
    return redan_cli_key_make(cli, &r->key);
}

static enum redan_status check_old(struct rotation *r, const struct redan_keyring_key *old)
{
    struct redan_ctx *ctx = &r->cli->ctx;

    if (!old)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "there is no key \"%.*s\"; redan keys list shows them",
                          REDAN_FMT(r->old));
    if (old->revoked)
        return redan_fail(
            ctx, REDAN_E_USAGE, 0,
            "%.*s is revoked already; enrol a new key: redan keys add, redan keys new",
            REDAN_FMT(r->old));
    r->root = redan_texts_have(&r->edit->ring.root_keys, r->old);
    if (r->root && !redan_cli_has(r->cli, "root"))
        return redan_fail(
            ctx, REDAN_E_USAGE, 0,
            "%.*s is a key of the root: every machine that pins the root will have to "
            "pin another; if that is meant, say --root",
            REDAN_FMT(r->old));
    if (!r->root && redan_cli_has(r->cli, "root"))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "%.*s is no key of the root", REDAN_FMT(r->old));
    return REDAN_OK;
}

/* The new key stands where the old one stood; the old root is remembered, so that it can be seen to hand over. */
static enum redan_status follow_root(struct rotation *r)
{
    struct redan_ctx *ctx = &r->cli->ctx;
    struct redan_keyring *ring = &r->edit->ring;
    struct redan_keyring_root former = {.threshold = ring->root_threshold, .keys = ring->root_keys};
    struct redan_texts keys = {0};

    if (r->reason == 0)
        REDAN_TRY(redan_cli_append(ctx, &ring->former, sizeof(former), &former));
    for (size_t i = 0; i < ring->root_keys.count; i++) {
        bool replaced = redan_slice_eq(ring->root_keys.items[i], r->old);
        REDAN_TRY(redan_cli_append_text(ctx, &keys, replaced ? r->made : ring->root_keys.items[i]));
    }
    ring->root_keys = keys;
    return REDAN_OK;
}

static enum redan_status replace(struct rotation *r, const struct redan_keyring_key *old)
{
    struct redan_ctx *ctx = &r->cli->ctx;
    struct redan_keyring_revocation *how = redan_take(ctx, sizeof(*how));
    int64_t life = old->until - old->from;
    size_t at = (size_t)(old - (const struct redan_keyring_key *)r->edit->ring.keys.items);

    if (!how)
        return REDAN_E_MEMORY;
    *how = (struct redan_keyring_revocation){ctx->now, r->reason};
    REDAN_TRY(redan_cli_ring_key(r->cli, r->edit, (struct redan_slice){"", 0}, old->holder, r->key,
                                 life, &r->made));
    ((struct redan_keyring_key *)r->edit->ring.keys.items)[at].revoked = how;
    return r->root ? follow_root(r) : REDAN_OK;
}

/* A root key of our own making signs what it now stands for; so do the others of --sign-with, old and new. */
static enum redan_status add_signer(struct rotation *r)
{
    if (!r->root || !redan_key_can_sign(r->key))
        return REDAN_OK;
    if (r->edit->signer_count == REDAN_RING_SIGNERS)
        return redan_fail(&r->cli->ctx, REDAN_E_USAGE, 0, "--sign-with is given too often");
    r->edit->signers[r->edit->signer_count++] = (struct redan_cli_signer){.key = r->key};
    r->key = NULL; /* the signer's now */
    return REDAN_OK;
}

static enum redan_status say_root(struct rotation *r)
{
    struct redan_cli *cli = r->cli;
    struct redan_slice before = {0};
    struct redan_slice after = {0};
    bool handed = false;

    REDAN_TRY(redan_digest_text(&cli->ctx, &r->before, &before));
    REDAN_TRY(redan_digest_text(&cli->ctx, &r->edit->saved.root, &after));
    redan_cli_say(cli, "the root is another: every machine that pins it must pin the new one, told "
                       "so by those who hold it; until then it fails");
    REDAN_TRY(redan_keyring_handover(&cli->ctx, &r->edit->saved, &r->before, r->edit->signature,
                                     &handed));
    if (!handed && r->reason == 0)
        redan_cli_say(cli, "the old root's keys have not all signed that: redan keys sign "
                           "keys.yaml --key OLD-ROOT-KEY");
    if (!cli->json)
        redan_buf_printf(&cli->out, "old  %.*s\nnew  %.*s\n", REDAN_FMT(before), REDAN_FMT(after));
    const struct redan_cli_field fields[] = {
        {"key", r->made}, {"old", before}, {"new", after}, {"revoked", r->old}};
    redan_cli_object(cli, fields, REDAN_COUNT(fields));
    return REDAN_OK;
}

static enum redan_status say(struct rotation *r)
{
    struct redan_cli *cli = r->cli;

    redan_cli_say(cli, "%.*s is %s; %.*s is in its place", REDAN_FMT(r->old),
                  r->reason ? "revoked as compromised" : "retired", REDAN_FMT(r->made));
    if (r->root)
        return say_root(r);
    redan_cli_say(cli,
                  "what the old key signed last without a time stamp is to be signed again with "
                  "the new one; redan check says what that is");
    if (!cli->json)
        redan_buf_printf(&cli->out, "enrolled %.*s\n", REDAN_FMT(r->made));
    const struct redan_cli_field fields[] = {{"key", r->made}, {"revoked", r->old}};
    redan_cli_object(cli, fields, REDAN_COUNT(fields));
    return REDAN_OK;
}

static enum redan_status rotate(struct redan_cli *cli)
{
    struct redan_cli_ring REDAN_DEFER(redan_cli_ring_done) edit = {0};
    struct rotation REDAN_DEFER(rotation_done) r = {.cli = cli, .edit = &edit, .old = cli->args[0]};

    REDAN_TRY(read_options(&r));
    REDAN_TRY(redan_cli_ring_open_old(cli, &edit));
    const struct redan_keyring_key *old = redan_keyring_named(&edit.ring, r.old);
    REDAN_TRY(check_old(&r, old));
    r.before = edit.ring.root;
    const struct redan_key *made = r.key;
    REDAN_TRY(replace(&r, old));
    REDAN_TRY(add_signer(&r));
    REDAN_TRY(redan_cli_ring_try(cli, &edit));
    if (redan_cli_has(cli, "out"))
        REDAN_TRY(redan_cli_key_write(cli, made, redan_cli_value(cli, "out")));
    REDAN_TRY(redan_cli_ring_save(cli, &edit));
    if (r.root) /* what the old root signed is not signed by the new one */
        REDAN_TRY(redan_cli_ring_org(cli, &edit));
    return say(&r);
}

static int run(struct redan_cli *cli)
{
    return rotate(cli) == REDAN_OK ? REDAN_EXIT_CLEAN : redan_cli_failed(cli);
}

const struct redan_command redan_cmd_keys_rotate = {
    .name = "keys rotate",
    .args = "KEY",
    .summary = "another key in a key's place; the old one is retired",
    .text = "The holder and the roles stay. With --root the key is one of the root's: the "
            "fingerprint changes, the\n"
            "old root's keys sign with the new ones, and a machine that pins the old root fails, "
            "and says that\n"
            "it has handed over, until somebody pins the new one.\n\n"
            "  redan keys rotate okafor-1 --public okafor-new.pub --sign-with ~/root.pem\n"
            "  redan keys rotate a.root-1 --root --out ~/root-new.pem --sign-with ~/root.pem",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
