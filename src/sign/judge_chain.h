/* Inside sign: whether a bundle's certificate may sign, at every time that was verified, and for whom. */
#ifndef REDAN_SIGN_JUDGE_CHAIN_H
#define REDAN_SIGN_JUDGE_CHAIN_H

#include "sign/judge.h"

/* The certificates of a bundle, read. Owned; freed by _done. */
struct redan_judge_chain {
    struct redan_certificate *all[REDAN_BUNDLE_CHAIN]; /* leaf first */
    size_t count;
    struct redan_certificate_facts leaf;
};

/* The material is what the method asks for, and every certificate can be read. */
REDAN_NODISCARD enum redan_status redan_judge_chain_read(struct redan_ctx *ctx,
                                                         const struct redan_bundle *bundle,
                                                         enum redan_sign_method method,
                                                         struct redan_judge_chain *chain);
void redan_judge_chain_done(struct redan_judge_chain *chain);

/* SIGSTORE and CERTIFICATE: the leaf is fit to sign, chains at every one of `times` (milliseconds; of CERTIFICATE at ctx->now when there is none), is in a CT log, and names who is wanted; fills
 * the facts about it. */
REDAN_NODISCARD enum redan_status redan_judge_chain(struct redan_ctx *ctx,
                                                    const struct redan_judge_chain *chain,
                                                    const struct redan_signer_wanted *wanted,
                                                    const int64_t *times, size_t count,
                                                    struct redan_signer_facts *facts);

#endif
