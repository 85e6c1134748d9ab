/* With what a model is signed: a key, a certificate's key, or an identity; and who then has to be found in the signature. */
#ifndef REDAN_CMD_SIGN_HOW_H
#define REDAN_CMD_SIGN_HOW_H

#include "cmd/cli_secret.h"
#include "cmd/cli_trust.h"
#include "sign/keyless.h"

#define REDAN_HOW_OPTIONS                                                                         \
    {"key", 'k', "KEY", "the private key: a PEM or OpenSSH file, or pkcs11:... on a token"},      \
        {"cert", 0, "FILE", "the certificate of that key (PEM)"},                                 \
        {"cert-chain", 0, "FILE", "the certificates above it (PEM); may be repeated"},            \
        {"keyless", 0, NULL, "with an identity (Sigstore) in place of a key"},                    \
        {"identity-token", 0, "TOKEN",                                                            \
         "the identity, an OIDC token; else SIGSTORE_ID_TOKEN, else GitHub Actions is asked"},    \
        {"identity-token-file", 0, "FILE", "or the file that holds it"},                          \
        {"signing-config", 0, "FILE", "the services of --keyless (Sigstore SigningConfig v0.2)"}, \
        {"identity", 0, "NAME",                                                                   \
         "the name that --keyless must get, where the token does not tell it"},                   \
        {"fulcio", 0, "URL", "the authority that issues the certificate"},                        \
        {"rekor", 0, "URL", "the transparency log (Rekor v2)"},                                   \
        {"tsa", 0, "URL", "a time-stamping authority (RFC 3161), for keys too; may be repeated"}, \
        {"timeout", 0, "SECONDS", "wait so long for each answer of a service; 30"},               \
        REDAN_TRUST_OPTION,                                                                       \
        {"pkcs11-module", 0, "FILE", "the token's module, where the address names none"},         \
        {"ed25519", 0, NULL, "allow an Ed25519 key, which the reference client refuses"},         \
        REDAN_SECRET_OPTION

struct redan_sign_how {
    enum redan_sign_method method;
    struct redan_slice key_path;
    struct redan_key *key;
    struct redan_spki *spki;                               /* its public half */
    struct redan_certificate *own[REDAN_CERTIFICATES_MAX]; /* leaf first; all that were read */
    size_t own_count;
    struct redan_certificate *chain[REDAN_CERTIFICATES_MAX]; /* those that go into the bundle */
    size_t chain_count;
    struct redan_certificate *anchors[REDAN_CERTIFICATES_MAX]; /* what the signer says to believe */
    size_t anchor_count;
    struct redan_keyless_services services;
    bool ambient; /* the token would be asked of GitHub Actions, and has not been */
    struct redan_slice token;
    struct redan_keyless_claims claims;
    struct redan_cli_trust trust; /* loaded where the network is used */
};

/* Read the options. `dry` asks nobody for anything: not a token's PIN, not an identity. */
REDAN_NODISCARD enum redan_status redan_sign_how_open(struct redan_cli *cli, bool dry,
                                                      struct redan_sign_how *how);
void redan_sign_how_done(struct redan_sign_how *how);
/* Sign, stamp, and verify what came out as its receiver will. Facts of that. */
REDAN_NODISCARD enum redan_status redan_sign_how_sign(struct redan_cli *cli,
                                                      const struct redan_sign_how *how,
                                                      struct redan_slice payload,
                                                      struct redan_buf *text,
                                                      struct redan_signer_facts *facts);
/* "with the key sha256:...", "as r.okafor@..., vouched for by https://..." */
REDAN_NODISCARD enum redan_status redan_sign_how_who(struct redan_cli *cli,
                                                     const struct redan_sign_how *how,
                                                     struct redan_slice *who);

#endif
