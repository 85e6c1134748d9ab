/* The pinned Sigstore trust root (trusted_root.json, versions 0.1 and 0.2): logs, authorities and when each counts. */
#ifndef REDAN_SIGN_TRUST_ROOT_H
#define REDAN_SIGN_TRUST_ROOT_H

#include "base/buf.h"
#include "crypto/timestamp.h"

struct redan_trust_log {
    struct redan_slice url;
    struct redan_slice host; /* of the url: the name in checkpoints */
    struct redan_slice id;
    struct redan_slice
        checkpoint_id; /* of its key in checkpoints; the id, where no other is said */
    struct redan_spki *key;
    int64_t from; /* milliseconds, closed interval; INT64_MAX for no end */
    int64_t until;
};

struct redan_trust_authority {
    struct redan_slice url;
    struct redan_certificate **chain; /* leaf or intermediate first, anchor last */
    size_t count;
    int64_t from;
    int64_t until;
};

/* Keys and certificates are owned and freed by _done; the rest lies in the arena. */
struct redan_trust_root {
    struct redan_trust_log *logs;
    size_t log_count;
    struct redan_trust_log *ct_logs;
    size_t ct_log_count;
    struct redan_trust_authority *authorities; /* certificateAuthorities */
    size_t authority_count;
    struct redan_trust_authority *stampers; /* timestampAuthorities */
    size_t stamper_count;
    struct redan_digest digest; /* of its canonical JSON: its name */
    int64_t newest;             /* seconds: the latest `start` in it, to tell its age by */
};

/* Unknown fields are ignored, as protobuf-specs asks of trust roots; a log or authority without validFor.start is refused, and so is a key or certificate that cannot be read. */
REDAN_NODISCARD enum redan_status redan_trust_root_parse(struct redan_ctx *ctx,
                                                         struct redan_slice text,
                                                         struct redan_trust_root *root);
/* The one that is shipped (catalog/sigstore.json, embedded): the public-good instance of Sigstore. */
REDAN_NODISCARD enum redan_status redan_trust_root_builtin(struct redan_ctx *ctx,
                                                           struct redan_trust_root *root);
struct redan_slice redan_trust_root_builtin_text(void);
/* Its time-stamping authorities and its certificate transparency logs, as crypto takes them; in the arena. */
REDAN_NODISCARD enum redan_status
redan_trust_root_stampers(struct redan_ctx *ctx, const struct redan_trust_root *root,
                          struct redan_timestamp_authority **stampers);
REDAN_NODISCARD enum redan_status redan_trust_root_ct_logs(struct redan_ctx *ctx,
                                                           const struct redan_trust_root *root,
                                                           struct redan_ct_log **logs);
void redan_trust_root_done(struct redan_trust_root *root);

#endif
