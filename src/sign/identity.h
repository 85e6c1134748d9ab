/* Whether a name is the one that is wanted, exactly or by an operator's pattern. */
#ifndef REDAN_SIGN_IDENTITY_H
#define REDAN_SIGN_IDENTITY_H

#include "crypto/certificate.h"
#include "sign/judge.h"

enum { REDAN_IDENTITY_MAX = 2048 }; /* bytes of a name that a pattern is tried on */

/* POSIX extended, case-sensitive, the whole of `text`. A pattern that cannot be compiled is REDAN_E_USAGE, recorded. A text with a NUL, or longer than REDAN_IDENTITY_MAX, matches nothing. */
REDAN_NODISCARD enum redan_status redan_identity_match(struct redan_ctx *ctx,
                                                       struct redan_slice pattern,
                                                       struct redan_slice text, bool *matches);
/* The certificate's names and issuer against what is wanted; whatever is not asked for is not judged. `name` receives the name that matched, or the first one. REDAN_E_SIGNATURE, recorded with what was
 * found and what was wanted. */
REDAN_NODISCARD enum redan_status redan_identity_judge(struct redan_ctx *ctx,
                                                       const struct redan_certificate_facts *facts,
                                                       const struct redan_signer_wanted *wanted,
                                                       struct redan_slice *name);

#endif
