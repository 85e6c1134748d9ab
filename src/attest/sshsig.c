/* SSHSIG: what is signed is a short text about the message's digest, bound to a namespace. */
#include "attest/sshsig.h"

#include <string.h>

#include "base/hex.h"
#include "base/reader.h"

#define MAGIC "SSHSIG"
#define LABEL "SSH SIGNATURE"

enum { VERSION = 1, BLOB_MAX = 4096, TEXT_MAX = 16384 };

static void put_u32(struct redan_buf *out, size_t number)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        redan_buf_char(out, (char)(unsigned char)(number >> shift));
}

static void put(struct redan_buf *out, struct redan_slice bytes)
{
    put_u32(out, bytes.len); /* all that is put is short */
    redan_buf_slice(out, bytes);
}

/* PROTOCOL.sshsig 2: the text that the key signs, in the arena. */
static enum redan_status signed_text(struct redan_ctx *ctx, struct redan_slice space,
                                     struct redan_slice hash, struct redan_slice message,
                                     struct redan_slice *text)
{
    struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};
    struct redan_digest short_digest;
    uint8_t digest[REDAN_SHA512_LEN];
    struct redan_slice bytes = {(const char *)digest, sizeof(digest)};

    if (redan_slice_is(hash, "sha256")) {
        REDAN_TRY(redan_sha256(ctx, message, &short_digest));
        bytes = (struct redan_slice){(const char *)short_digest.bytes, REDAN_DIGEST_LEN};
    } else {
        REDAN_TRY(redan_sha512(ctx, message, digest));
    }
    redan_buf_init(&out, ctx, BLOB_MAX);
    redan_buf_text(&out, MAGIC);
    put(&out, space);
    put(&out, (struct redan_slice){"", 0}); /* reserved */
    put(&out, hash);
    put(&out, bytes);
    REDAN_TRY(redan_buf_ok(ctx, &out, "an SSH signature"));
    return redan_copy(ctx, redan_buf_view(&out), text);
}

enum redan_status redan_sshsig_sign(struct redan_ctx *ctx, const struct redan_key *key,
                                    struct redan_slice space, struct redan_slice message,
                                    struct redan_slice *blob)
{
    struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};
    struct redan_buf half REDAN_DEFER(redan_buf_done) = {0};
    struct redan_slice text = {0};
    struct redan_slice signature = {0};

    if (space.len == 0) /* PROTOCOL.sshsig 1: never empty */
        return redan_fail(ctx, REDAN_E_USAGE, 0, "an SSH signature needs a namespace");
    REDAN_TRY(signed_text(ctx, space, REDAN_S("sha512"), message, &text));
    REDAN_TRY(redan_key_sign_ssh(ctx, key, text, &signature));
    redan_buf_init(&half, ctx, BLOB_MAX);
    redan_key_add_public_blob(&half, key);
    REDAN_TRY(redan_buf_ok(ctx, &half, "a public key"));
    redan_buf_init(&out, ctx, BLOB_MAX);
    redan_buf_text(&out, MAGIC);
    put_u32(&out, VERSION);
    put(&out, redan_buf_view(&half));
    put(&out, space);
    put(&out, (struct redan_slice){"", 0}); /* reserved */
    put(&out, REDAN_S("sha512"));
    put(&out, signature);
    REDAN_TRY(redan_buf_ok(ctx, &out, "an SSH signature"));
    return redan_copy(ctx, redan_buf_view(&out), blob);
}

/* What an SSHSIG says of itself. */
struct parts {
    struct redan_slice key;
    struct redan_slice space;
    struct redan_slice hash;
    struct redan_slice signature;
};

static bool split(struct redan_slice blob, struct parts *parts)
{
    struct redan_reader in;

    if (blob.len > BLOB_MAX)
        return false;
    redan_reader_init(&in, blob);
    struct redan_slice magic = redan_reader_bytes(&in, sizeof(MAGIC) - 1);
    uint32_t version = redan_reader_u32be(&in);
    parts->key = redan_reader_string(&in);
    parts->space = redan_reader_string(&in);
    struct redan_slice reserved = redan_reader_string(&in);
    parts->hash = redan_reader_string(&in);
    parts->signature = redan_reader_string(&in);
    return !in.failed && redan_reader_left(&in) == 0 && redan_slice_is(magic, MAGIC) &&
           version == VERSION && reserved.len == 0;
}

enum redan_status redan_sshsig_verify(struct redan_ctx *ctx, const struct redan_key *key,
                                      struct redan_slice space, struct redan_slice message,
                                      struct redan_slice blob)
{
    struct redan_buf half REDAN_DEFER(redan_buf_done) = {0};
    struct redan_slice text = {0};
    struct parts parts;

    if (!split(blob, &parts) || !redan_slice_eq(parts.space, space) ||
        (!redan_slice_is(parts.hash, "sha256") && !redan_slice_is(parts.hash, "sha512")))
        return REDAN_E_SIGNATURE;
    redan_buf_init(&half, ctx, BLOB_MAX);
    redan_key_add_public_blob(&half, key);
    REDAN_TRY(redan_buf_ok(ctx, &half, "a public key"));
    if (!redan_slice_eq(redan_buf_view(&half), parts.key))
        return REDAN_E_SIGNATURE;
    REDAN_TRY(signed_text(ctx, space, parts.hash, message, &text));
    return redan_key_verify_ssh(ctx, key, text, parts.signature);
}

bool redan_sshsig_is(struct redan_slice bytes)
{
    return redan_slice_starts(bytes, REDAN_S(MAGIC));
}

void redan_sshsig_add_armour(struct redan_buf *out, struct redan_slice blob)
{
    redan_pem_add(out, LABEL, blob, 70);
}

enum redan_status redan_sshsig_parse_armour(struct redan_ctx *ctx, struct redan_slice text,
                                            struct redan_slice *blob)
{
    const struct redan_slice begin = REDAN_S("-----BEGIN " LABEL "-----");
    const struct redan_slice end = REDAN_S("-----END " LABEL "-----");
    struct redan_slice label = {0};
    struct redan_slice bytes = {0};

    text = redan_slice_trim(text);
    if (text.len > TEXT_MAX)
        return redan_fail(ctx, REDAN_E_LIMIT, TEXT_MAX, "an SSH signature of %zu characters",
                          text.len);
    const char *hit = text.len ? memmem(text.at, text.len, end.at, end.len) : NULL;
    if (!redan_slice_starts(text, begin) || !hit || hit + end.len != text.at + text.len)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "this is not an armoured SSH signature");
    REDAN_TRY(redan_pem_parse(ctx, text, &label, &bytes));
    if (!redan_slice_is(label, LABEL) || !redan_sshsig_is(bytes) || bytes.len > BLOB_MAX)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "the block does not hold an SSH signature");
    *blob = bytes;
    return REDAN_OK;
}
