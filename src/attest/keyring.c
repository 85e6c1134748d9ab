/* Questions to a keyring: who, in which role, valid when, and whose signatures are on an envelope. */
#include "attest/keyring.h"

#include <stdlib.h>
#include <string.h>

#include "attest/statement.h"
#include "codec/canonical.h"
#include "crypto/timestamp.h"

/* Failing verifications that one envelope may cost, each a tenth of a millisecond or more, when its ring is not larger. */
enum { TRIES = 128, FREE = 2 };

void redan_keyring_done(struct redan_keyring *ring)
{
    struct redan_keyring_key *keys = ring ? ring->keys.items : NULL;

    for (size_t i = 0; keys && i < ring->keys.count; i++) {
        redan_key_free(keys[i].key);
        keys[i].key = NULL;
    }
}

const struct redan_keyring_key *redan_keyring_find(const struct redan_keyring *ring,
                                                   const struct redan_digest *keyid)
{
    const struct redan_keyring_key *keys = ring->keys.items;

    for (size_t i = 0; i < ring->keys.count; i++)
        if (keys[i].key && memcmp(keys[i].keyid.bytes, keyid->bytes, REDAN_DIGEST_LEN) == 0)
            return &keys[i];
    return NULL;
}

const struct redan_keyring_key *redan_keyring_named(const struct redan_keyring *ring,
                                                    struct redan_slice id)
{
    const struct redan_keyring_key *keys = ring->keys.items;

    for (size_t i = 0; i < ring->keys.count; i++)
        if (redan_slice_eq(keys[i].id, id))
            return &keys[i];
    return NULL;
}

const struct redan_keyring_role *redan_keyring_role(const struct redan_keyring *ring,
                                                    struct redan_slice id)
{
    const struct redan_keyring_role *roles = ring->roles.items;

    for (size_t i = 0; i < ring->roles.count; i++)
        if (redan_slice_eq(roles[i].id, id))
            return &roles[i];
    return NULL;
}

bool redan_keyring_holds(const struct redan_keyring *ring, struct redan_slice holder,
                         struct redan_slice role)
{
    const struct redan_keyring_role *found = redan_keyring_role(ring, role);

    return found && redan_texts_have(&found->holders, holder);
}

const struct redan_keyring_holder *redan_keyring_holder(const struct redan_keyring *ring,
                                                        struct redan_slice id)
{
    const struct redan_keyring_holder *holders = ring->holders.items;

    for (size_t i = 0; i < ring->holders.count; i++)
        if (redan_slice_eq(holders[i].id, id))
            return &holders[i];
    return NULL;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool redan_keyring_alike(struct redan_slice a, struct redan_slice b)
{
    bool alike = a.len > 0 && a.len == b.len;

    for (size_t i = 0; alike && i < a.len; i++)
        alike = lower(a.at[i]) == lower(b.at[i]);
    return alike;
}

enum redan_key_state redan_keyring_state(const struct redan_keyring_key *key, int64_t at)
{
    if (key->revoked && (key->revoked->reason == 1 || at >= key->revoked->at))
        return REDAN_KEY_REVOKED; /* whoever has a stolen key can date what it signs */
    if (at < key->from)
        return REDAN_KEY_EARLY;
    return at >= key->until ? REDAN_KEY_EXPIRED : REDAN_KEY_VALID;
}

enum redan_key_state redan_keyring_state_signed(const struct redan_keyring_key *key,
                                                int64_t claimed, int64_t stamped)
{
    int64_t at = stamped ? stamped : claimed;
    struct redan_keyring_key sound = *key;

    if (key->revoked && (at >= key->revoked->at || (key->revoked->reason == 1 && !stamped)))
        return REDAN_KEY_REVOKED;
    sound.revoked = NULL;
    return redan_keyring_state(&sound, at);
}

const char *redan_key_state_name(enum redan_key_state state)
{
    static const char *const names[] = {
        [REDAN_KEY_VALID] = "valid",
        [REDAN_KEY_EARLY] = "not yet valid",
        [REDAN_KEY_EXPIRED] = "expired",
        [REDAN_KEY_REVOKED] = "revoked",
    };
    return names[state];
}

static int order(const void *a, const void *b)
{
    return memcmp(a, b, REDAN_DIGEST_HEX);
}

static enum redan_status fingerprint(struct redan_ctx *ctx, const struct redan_keyring *ring,
                                     const struct redan_texts *names, uint64_t threshold,
                                     struct redan_digest *root)
{
    struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};
    size_t count = names->count;
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_node *list = map ? redan_node_add_kind(ctx, map, "keys", REDAN_NODE_LIST) : NULL;
    char(*hex)[REDAN_DIGEST_HEX] = redan_take_array(ctx, count, sizeof(*hex));

    if (!list || !hex || !redan_node_add_number(ctx, map, "threshold", (double)threshold))
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        const struct redan_keyring_key *key = redan_keyring_named(ring, names->items[i]);
        if (!key || !key->key)
            return redan_fail(ctx, REDAN_E_ABSENT, 0, "the root's key \"%.*s\" is not in the keys",
                              REDAN_FMT(names->items[i]));
        redan_digest_hex(&key->keyid, hex[i]);
    }
    if (count)
        qsort(hex, count, sizeof(*hex), order);
    for (size_t i = 0; i < count; i++)
        if (!redan_node_add_text(ctx, list, NULL, redan_slice_of(hex[i])))
            return REDAN_E_MEMORY;
    redan_buf_init(&out, ctx, ctx->limits.json);
    redan_buf_slice(&out, REDAN_S("redan/1\0root\0"));
    REDAN_TRY(redan_canonical_add(ctx, &out, map));
    REDAN_TRY(redan_buf_ok(ctx, &out, "the root's fingerprint"));
    return redan_sha256(ctx, redan_buf_view(&out), root);
}

enum redan_status redan_keyring_fingerprint(struct redan_ctx *ctx, const struct redan_keyring *ring,
                                            struct redan_digest *root)
{
    return fingerprint(ctx, ring, &ring->root_keys, ring->root_threshold, root);
}

/* One envelope being judged. */
struct judge {
    struct redan_ctx *ctx;
    const struct redan_keyring *ring;
    struct redan_slice pae;
    size_t *tries; /* how many more may fail, of its own and of those it shares */
    size_t left;
    size_t
        free; /* signatures that name their key and are tried all the same: an honest envelope has one or two */
    bool cut; /* not every signature was looked at */
};

static void spend(struct judge *judge)
{
    judge->left -= judge->left > 0;
    *judge->tries -= *judge->tries > 0;
}

static enum redan_status try_key(struct judge *judge, const struct redan_keyring_key *key,
                                 struct redan_slice signature, bool *holds)
{
    *holds = false;
    bool free = judge->free > 0;
    if (!free && (judge->left == 0 || *judge->tries == 0)) {
        judge->cut = true;
        return REDAN_OK;
    }
    judge->free -= free;
    enum redan_status status = redan_dsse_verify(judge->ctx, key->key, judge->pae, signature);
    *holds = status == REDAN_OK;
    if (!*holds)
        spend(judge);
    return status == REDAN_E_SIGNATURE ? REDAN_OK : status;
}

static const struct redan_keyring_key *hinted(const struct judge *judge,
                                              const struct redan_dsse_signature *signature)
{
    struct redan_digest hint;

    return redan_digest_parse_hex(signature->keyid, &hint) ? redan_keyring_find(judge->ring, &hint)
                                                           : NULL;
}

/* The key that made the signature, or NULL: the one that the hint names, or with a hint that names none, whichever it is. */
static enum redan_status find_signer(struct judge *judge,
                                     const struct redan_dsse_signature *signature,
                                     const struct redan_keyring_key *named,
                                     const struct redan_keyring_key **signer)
{
    const struct redan_keyring_key *keys = judge->ring->keys.items;
    bool holds = false;

    *signer = NULL;
    if (named) {
        REDAN_TRY(try_key(judge, named, signature->bytes, &holds));
        *signer = holds ? named : NULL;
        return REDAN_OK;
    }
    judge->free = 0;
    for (size_t i = 0; !holds && i < judge->ring->keys.count; i++) {
        if (!keys[i].key)
            continue;
        REDAN_TRY(try_key(judge, &keys[i], signature->bytes, &holds));
        if (holds)
            *signer = &keys[i];
    }
    return REDAN_OK;
}

static enum redan_status stamped(struct judge *judge, const struct redan_dsse_signature *signature,
                                 int64_t *seconds)
{
    const struct redan_keyring_authority *authorities = judge->ring->timestamps.items;

    *seconds = 0;
    for (size_t i = 0; signature->timestamp.len && i < judge->ring->timestamps.count; i++) {
        enum redan_status status =
            redan_timestamp_verify(judge->ctx, signature->timestamp, signature->bytes,
                                   authorities[i].certificate, seconds);
        if (status != REDAN_E_SIGNATURE)
            return status;
    }
    return REDAN_OK;
}

static enum redan_status look_at(struct judge *judge, const struct redan_dsse_signature *signature,
                                 const struct redan_keyring_key *named,
                                 struct redan_signer *signers, size_t *count)
{
    struct redan_signer found = {0};
    size_t k = 0;

    REDAN_TRY(find_signer(judge, signature, named, &found.key));
    if (!found.key)
        return REDAN_OK;
    REDAN_TRY(stamped(judge, signature, &found.stamped));
    while (k < *count && signers[k].key != found.key)
        k++;
    if (k == *count) {
        signers[(*count)++] = found;
        return REDAN_OK;
    }
    spend(judge); /* a key's second signature is no better than a false one, but for its stamp */
    if (found.stamped && (!signers[k].stamped || found.stamped < signers[k].stamped))
        signers[k].stamped = found.stamped;
    return REDAN_OK;
}

enum redan_status redan_keyring_signers_within(struct redan_ctx *ctx,
                                               const struct redan_keyring *ring,
                                               const struct redan_dsse *envelope, size_t *tries,
                                               struct redan_signer *signers, size_t *count,
                                               bool *whole)
{
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    struct judge judge = {.ctx = ctx, .ring = ring, .tries = tries, .left = TRIES, .free = FREE};
    size_t n = 0;

    if (judge.left < 4 * ring->keys.count) /* a few that name no key are each tried with all */
        judge.left = 4 * ring->keys.count;
    REDAN_TRY(redan_dsse_pae(ctx, envelope, &judge.pae));
    for (int named = 1; named >= 0; named--) {
        for (size_t i = 0; i < envelope->count; i++) {
            const struct redan_dsse_signature *signature = &envelope->signatures[i];
            const struct redan_keyring_key *key = hinted(&judge, signature);
            if ((key != NULL) == (named != 0))
                REDAN_TRY(look_at(&judge, signature, key, signers, &n));
        }
    }
    redan_arena_reset(&ctx->arena, mark); /* nothing of it is in what was found */
    *count = n;
    *whole = !judge.cut;
    return REDAN_OK;
}

enum redan_status redan_keyring_signers(struct redan_ctx *ctx, const struct redan_keyring *ring,
                                        const struct redan_dsse *envelope,
                                        struct redan_signer *signers, size_t *count)
{
    size_t tries = SIZE_MAX; /* those of one envelope are bounded anyhow */
    bool whole = false;

    return redan_keyring_signers_within(ctx, ring, envelope, &tries, signers, count, &whole);
}

static enum redan_status root_statement(struct redan_ctx *ctx, struct redan_slice signature,
                                        const struct redan_digest *file,
                                        struct redan_dsse *envelope)
{
    struct redan_statement statement = {0};
    enum redan_status status = redan_statement_open(ctx, signature, envelope, &statement);

    if (envelope->count > 0 && !redan_slice_is(envelope->payload_type, REDAN_DSSE_INTOTO)) {
        redan_fail_clear(ctx);
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the root's signature is not over an in-toto statement");
    }
    REDAN_TRY(status);
    if (!redan_slice_is(statement.predicate_type, REDAN_PREDICATE_KEYS) &&
        !redan_slice_is(statement.predicate_type, REDAN_PREDICATE_ORG))
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the root's signature is over a statement of another type");
    if (statement.count != 1 || !redan_digest_eq(&statement.subjects[0].digest, file))
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the root's signature is over other bytes than these");
    return REDAN_OK;
}

enum redan_status redan_keyring_root_signed(struct redan_ctx *ctx, const struct redan_keyring *ring,
                                            const struct redan_digest *file,
                                            struct redan_slice signature, uint64_t *found)
{
    struct redan_dsse envelope = {0};
    size_t count = 0;

    *found = 0;
    REDAN_TRY(root_statement(ctx, signature, file, &envelope));
    struct redan_signer *signers = redan_take_array(ctx, envelope.count, sizeof(*signers));
    if (!signers)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_keyring_signers(ctx, ring, &envelope, signers, &count));
    for (size_t i = 0; i < count; i++)
        *found += redan_texts_have(&ring->root_keys, signers[i].key->id) &&
                  redan_keyring_state(signers[i].key, ctx->now) == REDAN_KEY_VALID;
    if (*found == 0 || *found < ring->root_threshold)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "%llu of the %llu keys that the root asks for have signed",
                          (unsigned long long)*found, (unsigned long long)ring->root_threshold);
    return REDAN_OK;
}

/* How many of the keys named have signed; one that was compromised has not. */
static uint64_t count_former(const struct redan_keyring_root *root,
                             const struct redan_signer *signers, size_t count)
{
    uint64_t found = 0;

    for (size_t i = 0; i < count; i++) {
        const struct redan_keyring_revocation *revoked = signers[i].key->revoked;
        found +=
            redan_texts_have(&root->keys, signers[i].key->id) && (!revoked || revoked->reason != 1);
    }
    return found;
}

enum redan_status redan_keyring_handover(struct redan_ctx *ctx, const struct redan_keyring *ring,
                                         const struct redan_digest *pinned,
                                         struct redan_slice signature, bool *handed)
{
    const struct redan_keyring_root *roots = ring->former.items;
    struct redan_dsse envelope = {0};
    size_t count = 0;

    *handed = false;
    if (ring->former.count == 0)
        return REDAN_OK;
    enum redan_status status = root_statement(ctx, signature, &ring->file, &envelope);
    if (status == REDAN_E_MEMORY)
        return status;
    if (status != REDAN_OK) { /* then it says nothing about a root */
        redan_fail_clear(ctx);
        return REDAN_OK;
    }
    struct redan_signer *signers = redan_take_array(ctx, envelope.count, sizeof(*signers));
    if (!signers)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_keyring_signers(ctx, ring, &envelope, signers, &count));
    for (size_t i = 0; i < ring->former.count && !*handed; i++) {
        struct redan_digest root;
        REDAN_TRY(fingerprint(ctx, ring, &roots[i].keys, roots[i].threshold, &root));
        *handed = redan_digest_eq(&root, pinned) &&
                  count_former(&roots[i], signers, count) >= roots[i].threshold;
    }
    return REDAN_OK;
}
