/* Inside the tests' Sigstore: its keys, certificates and stamps, and the small change of making bytes. */
#ifndef REDAN_TESTS_SIGSTORE_PKI_H
#define REDAN_TESTS_SIGSTORE_PKI_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <stdio.h>
#include <stdlib.h>

#include "sigstore_world.h"

#define CHECK(expr)                                                          \
    do {                                                                     \
        if (!(expr)) {                                                       \
            (void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #expr); \
            abort();                                                         \
        }                                                                    \
    } while (0)

struct log {
    const char *host;
    EVP_PKEY *key;
    struct redan_slice spki;
    uint8_t id[REDAN_DIGEST_LEN];
};

struct authority {
    X509 *root;
    EVP_PKEY *root_key;
    X509 *below; /* an intermediate, or the stamper itself */
    EVP_PKEY *below_key;
};

struct world {
    struct redan_ctx *ctx;
    EVP_PKEY *signers[WORLD_SIGNERS];
    struct redan_slice signer_pem[WORLD_SIGNERS];
    struct redan_spki *signer_spki[WORLD_SIGNERS];
    struct log logs[WORLD_LOGS];
    struct log ct;
    struct log ct_abroad;
    struct authority fulcio;
    struct authority pki;
    struct authority stamper;
    struct authority stamper_abroad;
    struct redan_certificate *anchor;
    struct redan_slice anchor_pem;
    struct redan_slice root_text;
    struct redan_trust_root root;
    long serial;
};

struct redan_slice world_keep(struct world *world, const void *bytes, size_t len);
struct redan_slice world_end(struct world *world, struct redan_buf *buf);
void world_begin(struct world *world, struct redan_buf *buf);
struct redan_slice world_base64(struct world *world, struct redan_slice bytes);
struct redan_slice world_pem(struct world *world, const char *label, struct redan_slice der);
void world_sum_of(const EVP_MD *md, struct redan_slice bytes, uint8_t *sum);
EVP_PKEY *world_make_key(enum world_signer kind);
const EVP_MD *world_hash_of(EVP_PKEY *key);
struct redan_slice world_sign(struct world *world, EVP_PKEY *key, const EVP_MD *md,
                              struct redan_slice text);
struct redan_slice world_spki_of(struct world *world, EVP_PKEY *key);
void world_make_log(struct world *world, struct log *log, const char *host, enum world_signer kind);
void world_make_authority(struct world *world, struct authority *authority, const char *name,
                          bool stamps);
struct redan_slice world_der_of(struct world *world, X509 *certificate);
struct redan_slice world_make_leaf(struct world *world, const struct world_plan *plan);
struct redan_slice world_make_stamp(struct world *world, const struct world_plan *plan,
                                    struct redan_slice message);

#endif
