/* What a release pins: named digests, which evidence and approvals are about. */
#ifndef REDAN_RECORD_RELEASE_H
#define REDAN_RECORD_RELEASE_H

#include "codec/node.h"
#include "crypto/digest.h"

/* One named digest of a release. */
struct redan_release_item {
    struct redan_slice name;
    struct redan_slice
        value; /* "sha256:..." or the name of an outside thing, "vendor/chat@2026-09-01" */
    struct redan_digest
        digest; /* of the value: the digest itself, or SHA-256("redan/1\0reference\0" value) */
    const struct redan_node *node;
};

struct redan_release {
    struct redan_release_item *items;
    size_t count;
};

const struct redan_release_item *redan_release_find(const struct redan_release *release,
                                                    struct redan_slice name);
/* Add the map `release` {NAME: value} to a predicate. */
REDAN_NODISCARD enum redan_status redan_release_add(struct redan_ctx *ctx,
                                                    struct redan_node *predicate,
                                                    const struct redan_release *release);

#endif
