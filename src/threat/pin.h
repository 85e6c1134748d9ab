/* What is pinned outside the tree under review: the root of trust, and the least that is known to have been there already. */
#ifndef REDAN_THREAT_PIN_H
#define REDAN_THREAT_PIN_H

#include "base/ctx.h"
#include "crypto/digest.h"

enum { REDAN_PIN_TEXT = 1 << 20 }; /* the most bytes that a pin may have */

/* The last approved threat model of one system. */
struct redan_pin_last {
    struct redan_slice system;
    uint64_t number;
    struct redan_digest root;
};

struct redan_pin {
    bool set;
    struct redan_digest root;
    struct redan_slice source; /* "--root", "REDAN_ROOT", "/etc/redan/root" */
    struct redan_slice system; /* the id that the threat model must have; empty: any */
    uint64_t keys_version;     /* keys.yaml may not be older; 0: any */
    uint64_t org_version;
    struct redan_pin_last *last; /* one per system */
    size_t last_count;
};

/* "sha256:HEX [keys=N] [org=N] [SYSTEM=N:sha256:HEX]...", parted by blanks, commas or line breaks; "#" begins a comment line. REDAN_E_USAGE
 * says which word is wrong. `source` and `system` are the caller's. */
REDAN_NODISCARD enum redan_status redan_pin_parse(struct redan_ctx *ctx, struct redan_slice text,
                                                  struct redan_pin *pin);
void redan_pin_add(struct redan_buf *out, const struct redan_pin *pin); /* in that form, one line */
/* The same for a file: one line for the root, one for each system. */
void redan_pin_add_lines(struct redan_buf *out, const struct redan_pin *pin);
const struct redan_pin_last *redan_pin_last(const struct redan_pin *pin, struct redan_slice system);

/* What is pinned once `now` has been seen: the higher of all values, the systems of both. Nothing goes back: `why` says what would, and then
 * `pin` is not written. */
REDAN_NODISCARD enum redan_status redan_pin_advance(struct redan_ctx *ctx,
                                                    const struct redan_pin *before,
                                                    const struct redan_pin *now,
                                                    struct redan_pin *pin, struct redan_slice *why);

#endif
