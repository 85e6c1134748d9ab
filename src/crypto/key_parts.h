/* What the key readers of this room hand to each other: a key as its kind and its bare numbers. Private to crypto/. */
#ifndef REDAN_CRYPTO_KEY_PARTS_H
#define REDAN_CRYPTO_KEY_PARTS_H

#include <openssl/evp.h>

#include "crypto/key.h"

enum {
    REDAN_KEY_KINDS = 5,
    REDAN_KEY_PUBLIC_MAX = 133, /* an uncompressed point of P-521 */
    REDAN_KEY_PRIVATE_MAX = 66, /* a scalar of P-521 */
    REDAN_KEY_TEXT_MAX = 65536, /* no key file is longer */
    REDAN_KEY_APPLICATION_MAX = 64,
};

#define REDAN_KEY_ADVICE "make one with: ssh-keygen -t ed25519 (to sign models: -t ecdsa)"

/* Everything that differs between the kinds. */
struct redan_key_card {
    const char *name;
    const char *ssh;   /* type in OpenSSH files */
    const char *curve; /* its name in OpenSSH files; NULL for Ed25519 */
    const char *group; /* its name in OpenSSL; NULL for Ed25519 */
    const char *md;    /* hash of the signature; NULL for Ed25519 */
    size_t public_len; /* 32, or 0x04 and two coordinates */
    size_t private_len;
    uint8_t spki[26]; /* SubjectPublicKeyInfo in DER up to the key's own bytes */
    size_t spki_len;  /* 0: it has none */
};

struct redan_key_parts {
    enum redan_key_kind kind;
    bool is_private;
    uint8_t public_bytes[REDAN_KEY_PUBLIC_MAX];
    uint8_t private_bytes[REDAN_KEY_PRIVATE_MAX]; /* big-endian, padded to the field */
    char application[REDAN_KEY_APPLICATION_MAX];  /* of a security key, "ssh:..." */
    size_t application_len;
    bool ssh; /* from a private key file of OpenSSH */
};

/* A private half that is elsewhere: it signs as redan_key_sign does, DER for ECDSA, into the arena. */
struct redan_key_token {
    enum redan_status (*sign)(struct redan_ctx *ctx, void *token, struct redan_slice message,
                              struct redan_slice *signature);
    void (*done)(void *token); /* with the key; may be NULL */
    void *token;
};

struct redan_key {
    struct redan_key_parts parts; /* its private bytes are cleared: only OpenSSL keeps them */
    struct redan_digest id;
    EVP_PKEY *pkey;
    EVP_MD_CTX *verifier;         /* ready to verify; copied by each call, never changed */
    struct redan_key_token token; /* .sign is NULL when there is none */
};

const struct redan_key_card *redan_key_card(enum redan_key_kind kind);
/* By OpenSSL's name of the curve; false for a curve that is not used. */
bool redan_key_kind_of_group(const char *group, enum redan_key_kind *kind);
/* RFC 8032 5.1: a point of small order, or one that is not reduced. */
bool redan_key_weak_ed25519(const uint8_t y[32]);

/* Check the halves against the curve and each other, and make the key. */
REDAN_NODISCARD enum redan_status
redan_key_build(struct redan_ctx *ctx, const struct redan_key_parts *parts, struct redan_key **key);
/* A key of public parts whose private half is a token's; the key owns the token from then on, and on failure nobody does
 * but the caller. What the token signs is verified before it is handed out. */
REDAN_NODISCARD enum redan_status redan_key_build_token(struct redan_ctx *ctx,
                                                        const struct redan_key_parts *parts,
                                                        const struct redan_key_token *token,
                                                        struct redan_key **key);
/* The parts of a private key that OpenSSL read or made; other kinds are refused by name. */
REDAN_NODISCARD enum redan_status redan_key_take_parts(struct redan_ctx *ctx, const EVP_PKEY *pkey,
                                                       struct redan_key_parts *parts);
/* Clear the private half. */
void redan_key_parts_drop(struct redan_key_parts *parts);
/* Clear bytes that were decoded into the arena. */
void redan_key_cleanse(struct redan_slice *bytes);

/* One OpenSSH public line. */
REDAN_NODISCARD enum redan_status redan_ssh_public(struct redan_ctx *ctx, struct redan_slice line,
                                                   struct redan_key_parts *parts);
/* Exactly one PEM block and nothing else. */
REDAN_NODISCARD enum redan_status redan_key_block(struct redan_ctx *ctx, struct redan_slice text,
                                                  struct redan_slice *label,
                                                  struct redan_slice *der);
/* OpenSSH's blob of a public key; REDAN_KEY_BLOB_MAX bytes are enough. The length. */
enum { REDAN_KEY_BLOB_MAX = 256 };
size_t redan_ssh_blob(const struct redan_key_parts *parts, char blob[REDAN_KEY_BLOB_MAX]);
/* 32-bit big-endian length and the bytes, at `at`; the place after. */
size_t redan_ssh_put(char *out, size_t at, const void *bytes, size_t len);
/* RFC 4251 5: a positive number without needless zeros, into a field of `len` bytes. */
bool redan_ssh_number(struct redan_slice number, uint8_t *out, size_t len);
/* What of a private key file of OpenSSH is in the clear: the public half, and whether the rest can be read here. */
REDAN_NODISCARD enum redan_status redan_ssh_outside(struct redan_ctx *ctx, struct redan_slice bytes,
                                                    struct redan_key_parts *parts, bool *open);
/* The bytes inside "OPENSSH PRIVATE KEY". */
REDAN_NODISCARD enum redan_status redan_ssh_private(struct redan_ctx *ctx, struct redan_slice bytes,
                                                    struct redan_key_parts *parts);

#endif
