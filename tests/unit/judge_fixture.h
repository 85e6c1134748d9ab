/* What the judge's tests share: a world, trials in it, and the ways in which several files bend one. */
#ifndef REDAN_TESTS_JUDGE_FIXTURE_H
#define REDAN_TESTS_JUDGE_FIXTURE_H

#include "test.h"

#include "sigstore_world.h"

struct state {
    struct redan_ctx ctx; /* the world's */
    struct world *world;
};

/* One judgement, to be bent before it is made. */
struct trial {
    struct redan_ctx *ctx;
    struct world *world;
    struct redan_bundle bundle;
    struct redan_signer_wanted wanted;
    struct redan_signed_thing thing;
    struct redan_trust_root root; /* a copy, whose lists are copies too */
    struct redan_trust_log logs[WORLD_LOG_ABROAD];
    struct redan_trust_authority authorities[2];
    struct redan_trust_authority stampers[1];
    int64_t now;
};

struct row {
    const char *what;
    struct world_plan plan;
    void (*bend)(struct trial *trial);
    const char *says; /* in the refusal; NULL: believed */
};

int judge_setup(void **state);
int judge_teardown(void **state);
void judge_prepare(struct state *s, const struct world_plan *plan, struct trial *trial);
struct redan_slice judge_flipped(struct trial *trial, struct redan_slice bytes, size_t at);
void judge_run(void **state, const struct row *rows, size_t count);
void bend_v02(struct trial *t);
void bend_later(struct trial *t);
void bend_needs(struct trial *t);
void bend_digest_only(struct trial *t);
void bend_no_root(struct trial *t);
void bend_oms(struct trial *t);
void bend_no_hint(struct trial *t);
void bend_pem(struct trial *t);
void bend_pem_other(struct trial *t);
void bend_pki_identity_wrong(struct trial *t);

#endif
