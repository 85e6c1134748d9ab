/* A model through libredan: the bytes that were signed, or none. */
#ifndef FRAUD_SIGNED_H
#define FRAUD_SIGNED_H

#include "base/ctx.h"

/* What was verified, mapped from memory that nobody can change; `root` names it. */
struct fraud_signed {
    struct redan_slice bytes;
    char root[80];
};

/* Verify `model` against its signature and the public key in a file (PEM). REDAN_E_SIGNATURE with libredan's reason when it is refused. */
REDAN_NODISCARD enum redan_status fraud_signed_open(struct redan_ctx *ctx, const char *model,
                                                    const char *signature, const char *key,
                                                    struct fraud_signed *verified);
void fraud_signed_done(struct fraud_signed *verified); /* for REDAN_DEFER */

#endif
