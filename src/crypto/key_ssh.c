/* OpenSSH's own key forms: the public line (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4) and the private file
 * (OpenSSH's PROTOCOL.key). */
#include <openssl/crypto.h>
#include <string.h>

#include "base/hex.h"
#include "base/reader.h"
#include "crypto/key_parts.h"

static enum redan_status find_type(struct redan_ctx *ctx, struct redan_slice type,
                                   enum redan_key_kind *kind)
{
    for (int i = 0; i < REDAN_KEY_KINDS; i++) {
        if (redan_slice_is(type, redan_key_card((enum redan_key_kind)i)->ssh)) {
            *kind = (enum redan_key_kind)i;
            return REDAN_OK;
        }
    }
    for (size_t i = 0; i < type.len; i++)
        if (type.at[i] <= ' ' || type.at[i] > '~')
            type.len = 0;
    if (type.len == 0 || type.len > 64)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "this is neither a PEM nor an OpenSSH key");
    return redan_fail(ctx, REDAN_E_UNSUPPORTED, 0,
                      "an OpenSSH key of type %.*s; only ssh-ed25519, ecdsa-sha2-nistp256, "
                      "ecdsa-sha2-nistp384, ecdsa-sha2-nistp521 and sk-ssh-ed25519@openssh.com are "
                      "used: " REDAN_KEY_ADVICE,
                      REDAN_FMT(type));
}

/* PROTOCOL.u2f: what the device takes part in signing for; OpenSSH's always begin with "ssh:". */
static enum redan_status read_application(struct redan_ctx *ctx, struct redan_reader *in,
                                          struct redan_key_parts *parts)
{
    struct redan_slice text = redan_reader_string(in);

    REDAN_TRY(redan_reader_ok(ctx, in, "the OpenSSH key"));
    bool good = text.len <= sizeof(parts->application) && redan_slice_starts(text, REDAN_S("ssh:"));
    for (size_t i = 0; i < text.len; i++)
        good = good && text.at[i] > ' ' && text.at[i] <= '~';
    if (!good)
        return redan_fail(ctx, REDAN_E_SYNTAX, in->pos,
                          "the application of a security key must be \"ssh:\" and at most %zu "
                          "characters",
                          sizeof(parts->application));
    memcpy(parts->application, text.at, text.len);
    parts->application_len = text.len;
    return REDAN_OK;
}

/* What follows the type: the curve's name for ECDSA, then the public bytes. */
static enum redan_status read_public(struct redan_ctx *ctx, struct redan_reader *in,
                                     struct redan_key_parts *parts)
{
    const struct redan_key_card *card = redan_key_card(parts->kind);

    if (card->curve && !redan_slice_is(redan_reader_string(in), card->curve))
        return redan_fail(ctx, REDAN_E_SYNTAX, in->pos,
                          "the key of type %s does not name the curve %s", card->ssh, card->curve);
    struct redan_slice point = redan_reader_string(in);
    REDAN_TRY(redan_reader_ok(ctx, in, "the OpenSSH key"));
    if (point.len != card->public_len)
        return redan_fail(ctx, REDAN_E_SYNTAX, in->pos,
                          "the key of type %s has %zu public bytes instead of %zu", card->ssh,
                          point.len, card->public_len);
    memcpy(parts->public_bytes, point.at, point.len);
    return parts->kind == REDAN_KEY_SK_ED25519 ? read_application(ctx, in, parts) : REDAN_OK;
}

static enum redan_status read_blob(struct redan_ctx *ctx, struct redan_slice blob,
                                   struct redan_key_parts *parts)
{
    struct redan_reader in;

    redan_reader_init(&in, blob);
    struct redan_slice type = redan_reader_string(&in);
    REDAN_TRY(redan_reader_ok(ctx, &in, "the OpenSSH key"));
    REDAN_TRY(find_type(ctx, type, &parts->kind));
    REDAN_TRY(read_public(ctx, &in, parts));
    if (redan_reader_left(&in) != 0)
        return redan_fail(ctx, REDAN_E_SYNTAX, in.pos, "bytes after the end of the OpenSSH key");
    return REDAN_OK;
}

enum redan_status redan_ssh_public(struct redan_ctx *ctx, struct redan_slice line,
                                   struct redan_key_parts *parts)
{
    struct redan_slice type = {0};
    struct redan_slice text = {0};
    struct redan_slice blob = {0};
    struct redan_slice rest = line;
    enum redan_key_kind kind = REDAN_KEY_ED25519;

    for (size_t i = 0; i < line.len; i++)
        if ((unsigned char)line.at[i] < ' ' && line.at[i] != '\t')
            return redan_fail(ctx, REDAN_E_SYNTAX, i,
                              "an OpenSSH public key is one line; this has more");
    (void)redan_slice_cut(rest, ' ', &type, &rest);
    REDAN_TRY(find_type(ctx, type, &kind));
    (void)redan_slice_cut(redan_slice_trim(rest), ' ', &text, &rest);
    REDAN_TRY(redan_base64_parse(ctx, text, &blob));
    REDAN_TRY(read_blob(ctx, blob, parts));
    if (parts->kind != kind)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0,
                          "the OpenSSH key is called %.*s, and is of another type inside",
                          REDAN_FMT(type));
    return REDAN_OK;
}

bool redan_ssh_number(struct redan_slice number, uint8_t *out, size_t len)
{
    const uint8_t *at = (const uint8_t *)number.at;

    if (number.len == 0 || at[0] >= 0x80)
        return false;
    if (at[0] == 0) {
        if (number.len == 1 || at[1] < 0x80)
            return false;
        at++;
        number.len--;
    }
    if (number.len > len)
        return false;
    memset(out, 0, len - number.len);
    memcpy(out + (len - number.len), at, number.len);
    return true;
}

static enum redan_status read_private(struct redan_ctx *ctx, struct redan_reader *in,
                                      struct redan_key_parts *parts)
{
    const struct redan_key_card *card = redan_key_card(parts->kind);
    struct redan_slice number = redan_reader_string(in);

    REDAN_TRY(redan_reader_ok(ctx, in, "the OpenSSH private key"));
    if (card->curve) {
        if (!redan_ssh_number(number, parts->private_bytes, card->private_len))
            return redan_fail(ctx, REDAN_E_SYNTAX, in->pos, "the private number is malformed");
        return REDAN_OK;
    }
    /* Ed25519: the seed and the public key once more. */
    if (number.len != 64 || CRYPTO_memcmp(number.at + 32, parts->public_bytes, 32) != 0)
        return redan_fail(ctx, REDAN_E_SYNTAX, in->pos,
                          "the private key does not repeat its public half");
    memcpy(parts->private_bytes, number.at, 32);
    return REDAN_OK;
}

/* The part that a passphrase would have encrypted. */
static enum redan_status read_section(struct redan_ctx *ctx, struct redan_slice section,
                                      struct redan_key_parts *parts)
{
    struct redan_key_parts outer = *parts;
    struct redan_reader in;

    redan_reader_init(&in, section);
    uint32_t check = redan_reader_u32be(&in);
    bool same = check == redan_reader_u32be(&in);
    struct redan_slice type = redan_reader_string(&in);
    REDAN_TRY(redan_reader_ok(ctx, &in, "the OpenSSH private key"));
    if (!same)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0,
                          "the two check numbers of the OpenSSH private key differ");
    REDAN_TRY(find_type(ctx, type, &parts->kind));
    REDAN_TRY(read_public(ctx, &in, parts));
    if (parts->kind != outer.kind ||
        memcmp(parts->public_bytes, outer.public_bytes, sizeof(outer.public_bytes)) != 0)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0,
                          "the public halves in the OpenSSH private key differ");
    REDAN_TRY(read_private(ctx, &in, parts));
    (void)redan_reader_string(&in); /* the comment */
    REDAN_TRY(redan_reader_ok(ctx, &in, "the OpenSSH private key"));
    size_t pad = redan_reader_left(&in);
    bool good = pad <= 8 && section.len % 8 == 0; /* a whole block too, as some write */
    for (size_t i = 1; i <= pad; i++)
        good = redan_reader_u8(&in) == i && good;
    if (!good)
        return redan_fail(ctx, REDAN_E_SYNTAX, in.pos,
                          "the padding of the OpenSSH private key is wrong");
    return REDAN_OK;
}

/* PROTOCOL.key: everything up to the section that a passphrase encrypts; `in` stands there. */
static enum redan_status read_outside(struct redan_ctx *ctx, struct redan_reader *in,
                                      struct redan_key_parts *parts, bool *open)
{
    static const char magic[] = "openssh-key-v1"; /* with its NUL */
    struct redan_slice head = redan_reader_bytes(in, sizeof(magic));
    struct redan_slice cipher = redan_reader_string(in);
    struct redan_slice kdf = redan_reader_string(in);
    struct redan_slice options = redan_reader_string(in);
    uint32_t keys = redan_reader_u32be(in);
    struct redan_slice blob = redan_reader_string(in);

    if (head.len != sizeof(magic) || memcmp(head.at, magic, sizeof(magic)) != 0)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "this is not an OpenSSH private key");
    REDAN_TRY(redan_reader_ok(ctx, in, "the OpenSSH private key"));
    *open = redan_slice_is(cipher, "none") && redan_slice_is(kdf, "none");
    if ((*open && options.len != 0) || keys != 1)
        return redan_fail(ctx, REDAN_E_SYNTAX, in->pos,
                          "the OpenSSH private key has options or more than one key");
    REDAN_TRY(read_blob(ctx, blob, parts));
    *open = *open && parts->kind != REDAN_KEY_SK_ED25519;
    return REDAN_OK;
}

enum redan_status redan_ssh_outside(struct redan_ctx *ctx, struct redan_slice bytes,
                                    struct redan_key_parts *parts, bool *open)
{
    struct redan_reader in;

    redan_reader_init(&in, bytes);
    return read_outside(ctx, &in, parts, open);
}

enum redan_status redan_ssh_private(struct redan_ctx *ctx, struct redan_slice bytes,
                                    struct redan_key_parts *parts)
{
    struct redan_reader in;
    bool open = false;

    redan_reader_init(&in, bytes);
    REDAN_TRY(read_outside(ctx, &in, parts, &open));
    if (!open)
        return redan_fail(
            ctx, REDAN_E_UNSUPPORTED, 0,
            "the key is encrypted or on a security key; make an unencrypted copy with: ssh-keygen "
            "-p -N '' -f FILE, or have ssh-keygen sign: --ssh-key FILE");
    struct redan_slice section = redan_reader_string(&in);
    REDAN_TRY(redan_reader_ok(ctx, &in, "the OpenSSH private key"));
    if (redan_reader_left(&in) != 0)
        return redan_fail(ctx, REDAN_E_SYNTAX, in.pos,
                          "bytes after the end of the OpenSSH private key");
    parts->ssh = true;
    return read_section(ctx, section, parts);
}

size_t redan_ssh_put(char *out, size_t at, const void *bytes, size_t len)
{
    for (size_t i = 0; i < 4; i++)
        out[at + i] = (char)(uint8_t)(len >> (24 - 8 * i));
    memcpy(out + at + 4, bytes, len);
    return at + 4 + len;
}

size_t redan_ssh_blob(const struct redan_key_parts *parts, char blob[REDAN_KEY_BLOB_MAX])
{
    const struct redan_key_card *card = redan_key_card(parts->kind);
    size_t n = redan_ssh_put(blob, 0, card->ssh, strlen(card->ssh));

    if (card->curve)
        n = redan_ssh_put(blob, n, card->curve, strlen(card->curve));
    n = redan_ssh_put(blob, n, parts->public_bytes, card->public_len);
    if (parts->application_len)
        n = redan_ssh_put(blob, n, parts->application, parts->application_len);
    return n;
}

void redan_key_add_public_blob(struct redan_buf *out, const struct redan_key *key)
{
    char blob[REDAN_KEY_BLOB_MAX];

    redan_buf_add(out, blob, redan_ssh_blob(&key->parts, blob));
}

void redan_key_add_public_ssh(struct redan_buf *out, const struct redan_key *key,
                              struct redan_slice comment)
{
    char blob[REDAN_KEY_BLOB_MAX];
    size_t n = redan_ssh_blob(&key->parts, blob);

    redan_buf_text(out, redan_key_card(key->parts.kind)->ssh);
    redan_buf_char(out, ' ');
    redan_base64_add(out, (struct redan_slice){blob, n});
    if (comment.len) {
        redan_buf_char(out, ' ');
        redan_buf_slice(out, comment);
    }
}
