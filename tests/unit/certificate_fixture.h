/* A small infrastructure of our own, for the tests of certificates: a root, one between, keys. */
#ifndef REDAN_TESTS_CERTIFICATE_FIXTURE_H
#define REDAN_TESTS_CERTIFICATE_FIXTURE_H

#include "test.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>

#include "base/hex.h"
#include "pki.h"

enum { NOW = PKI_FROM + 86400, DAY = 86400 };

#define CA                                               \
    {"basicConstraints", true, "CA:TRUE", NULL, 0},      \
    {                                                    \
        "keyUsage", true, "keyCertSign,cRLSign", NULL, 0 \
    }
#define EMAIL "subjectAltName", true, "email:a@example.org", NULL, 0

struct world {
    struct redan_ctx ctx;
    EVP_PKEY *root_key, *between_key, *leaf_key, *other_key;
    X509 *root, *between;
};

static REDAN_UNUSED X509 *make_ca(const char *name, EVP_PKEY *key, const X509 *issuer,
                                  EVP_PKEY *signer)
{
    struct pki_spec spec = {
        .name = name, .key = key, .issuer = issuer, .signer = signer, .extensions = {CA}};

    return pki_make(&spec);
}

static REDAN_UNUSED int set_up(void **state)
{
    static struct world w;

    redan_ctx_init(&w.ctx, NULL);
    w.root_key = pki_key("P-384");
    w.between_key = pki_key("P-256");
    w.leaf_key = pki_key("P-256");
    w.other_key = pki_key("P-256");
    w.root = make_ca("root", w.root_key, NULL, NULL);
    w.between = make_ca("between", w.between_key, w.root, w.root_key);
    *state = &w;
    return 0;
}

static REDAN_UNUSED int tear_down(void **state)
{
    struct world *w = *state;

    X509_free(w->root);
    X509_free(w->between);
    EVP_PKEY_free(w->root_key);
    EVP_PKEY_free(w->between_key);
    EVP_PKEY_free(w->leaf_key);
    EVP_PKEY_free(w->other_key);
    redan_ctx_done(&w->ctx);
    return 0;
}

#endif
