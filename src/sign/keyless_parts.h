/* Inside the room: the steps of keyless signing, and what each service's answer must be. */
#ifndef REDAN_SIGN_KEYLESS_PARTS_H
#define REDAN_SIGN_KEYLESS_PARTS_H

#include "sign/keyless.h"

enum {
    REDAN_KEYLESS_ANSWER = 1 << 20, /* bytes of one answer: an honest one is a few KB */
    REDAN_KEYLESS_SECONDS = 30,
    REDAN_KEYLESS_TOKEN = 16 << 10, /* bytes of a token; GitHub's are under 3 KB */
};

/* One exchange with a service. */
struct redan_keyless_exchange {
    const char *service; /* as people call it: "Fulcio" */
    struct redan_slice method;
    struct redan_slice url;
    struct redan_slice type;
    struct redan_slice body;
    const struct redan_slice *headers;
    size_t header_count;
    struct redan_slice secret; /* an answer that repeats it is not shown */
    unsigned seconds;          /* 0: REDAN_KEYLESS_SECONDS */
};

/* The body of an answer with status 200 or 201. Anything else is REDAN_E_IO with the service, its address, the status, the
 * first 200 safe characters of what it said, and what to do. */
REDAN_NODISCARD enum redan_status redan_keyless_send(struct redan_ctx *ctx,
                                                     const struct redan_keyless_exchange *exchange,
                                                     struct redan_slice *answer);
/* Put `who` before the failure that is recorded, and `advice` (may be NULL) behind it; its status stays. */
enum redan_status redan_keyless_blame(struct redan_ctx *ctx, enum redan_status status,
                                      const char *who, struct redan_slice url, const char *advice);
/* "BASE/path", whether or not the base ends with a slash. */
REDAN_NODISCARD enum redan_status redan_keyless_url(struct redan_ctx *ctx, struct redan_slice base,
                                                    const char *path, struct redan_slice *url);
/* A text of at most 200 characters, each printable ASCII. */
struct redan_keyless_shown {
    char text[201];
};
struct redan_keyless_shown redan_keyless_show(struct redan_slice text);

/* What Fulcio gave: the leaf first. The certificates are owned and freed by _done. */
struct redan_keyless_certificate {
    struct redan_certificate *chain[REDAN_CERTIFICATES_MAX];
    size_t count;
    struct redan_certificate_facts facts; /* of the leaf */
};
void redan_keyless_certificate_done(struct redan_keyless_certificate *certificate);

/* Fulcio's answer as it was written: a chain of at least two PEM certificates. */
REDAN_NODISCARD enum redan_status
redan_keyless_fulcio_parse(struct redan_ctx *ctx, struct redan_slice answer,
                           struct redan_keyless_certificate *certificate);
/* Ask for a certificate for `key`, and believe it: our key, the token's name and issuer, valid now, chained to `root` and
 * promised to a certificate transparency log of it (where it has any). */
REDAN_NODISCARD enum redan_status
redan_keyless_certify(struct redan_ctx *ctx, const struct redan_keyless_services *services,
                      struct redan_slice token, const struct redan_keyless_claims *claims,
                      const struct redan_key *key, const struct redan_trust_root *root,
                      struct redan_keyless_certificate *certificate);
/* Whether a certificate's name is one that the token stands for. */
bool redan_keyless_named(const struct redan_keyless_claims *claims, const struct redan_san *name);

/* Rekor's answer as it was written: one TransparencyLogEntry with a proof and a checkpoint. */
REDAN_NODISCARD enum redan_status redan_keyless_rekor_parse(struct redan_ctx *ctx,
                                                            struct redan_slice answer,
                                                            struct redan_bundle_log *entry);
/* Enter the bundle's signature over `pae` in the log, and put the entry, once it is proved to be there, into the bundle. */
REDAN_NODISCARD enum redan_status
redan_keyless_log(struct redan_ctx *ctx, const struct redan_keyless_services *services,
                  const struct redan_certificate *leaf, struct redan_slice pae,
                  const struct redan_trust_root *root, struct redan_bundle *bundle);

/* A timestamp by the authority at `url`. `milliseconds` is its time, 0 when there is no root to prove it by. */
REDAN_NODISCARD enum redan_status redan_keyless_stamp_by(struct redan_ctx *ctx,
                                                         struct redan_slice url, unsigned seconds,
                                                         const struct redan_trust_root *root,
                                                         struct redan_bundle *bundle,
                                                         int64_t *milliseconds);

#endif
