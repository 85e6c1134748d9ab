/* Trials of the judge: made, bent, and run over a table. */
#include "judge_fixture.h"

#include <stdio.h>
#include <stdlib.h>

int judge_setup(void **state)
{
    struct state *s = calloc(1, sizeof(*s));

    redan_ctx_init(&s->ctx, NULL);
    s->world = world_new(&s->ctx);
    *state = s;
    return 0;
}

int judge_teardown(void **state)
{
    struct state *s = *state;

    world_free(s->world);
    redan_ctx_done(&s->ctx);
    free(s);
    return 0;
}

void judge_prepare(struct state *s, const struct world_plan *plan, struct trial *trial)
{
    const struct redan_trust_root *root = world_root(s->world);

    *trial = (struct trial){.ctx = &s->ctx, .world = s->world, .root = *root, .now = WORLD_START};
    assert_int_equal(root->log_count, WORLD_LOG_ABROAD);
    assert_int_equal(root->authority_count, 2);
    assert_int_equal(root->stamper_count, 1);
    memcpy(trial->logs, root->logs, sizeof(trial->logs));
    memcpy(trial->authorities, root->authorities, sizeof(trial->authorities));
    memcpy(trial->stampers, root->stampers, sizeof(trial->stampers));
    trial->root.logs = trial->logs;
    trial->root.authorities = trial->authorities;
    trial->root.stampers = trial->stampers;
    world_bundle(s->world, plan, &trial->bundle);
    trial->wanted.root = &trial->root;
    trial->wanted.method = plan->bare  ? REDAN_SIGN_KEY
                           : plan->pki ? REDAN_SIGN_CERTIFICATE
                                       : REDAN_SIGN_SIGSTORE;
    if (plan->bare)
        trial->wanted.key = world_signer(s->world, plan->signer);
    if (plan->pki) {
        trial->wanted.anchors = world_anchor(s->world);
        trial->wanted.anchor_count = 1;
    }
    if (!plan->bare && !plan->pki) {
        trial->wanted.identity = REDAN_S(WORLD_IDENTITY);
        trial->wanted.issuer = REDAN_S(WORLD_ISSUER);
    }
    trial->thing.has_digest = true;
    assert_ok(redan_sha256(&s->ctx, REDAN_S(WORLD_ARTEFACT), &trial->thing.digest));
    trial->thing.has_bytes = true;
    trial->thing.bytes = REDAN_S(WORLD_ARTEFACT);
}

/* The trial's own copy of the log entry's or signature's bytes, with one bit of byte `at` turned over. */
struct redan_slice judge_flipped(struct trial *trial, struct redan_slice bytes, size_t at)
{
    struct redan_slice copy = {0};

    assert_true(at < bytes.len);
    assert_ok(redan_copy(trial->ctx, bytes, &copy));
    char *own = redan_take(trial->ctx, copy.len);
    assert_non_null(own);
    memcpy(own, copy.at, copy.len);
    own[at] = (char)(own[at] ^ 1);
    return (struct redan_slice){own, copy.len};
}

void judge_run(void **state, const struct row *rows, size_t count)
{
    struct state *s = *state;

    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        struct redan_ctx REDAN_DEFER(redan_ctx_done) ctx;
        struct redan_signer_facts facts = {0};
        struct trial trial;

        judge_prepare(s, &row->plan, &trial);
        if (row->bend)
            row->bend(&trial);
        redan_ctx_init(&ctx, NULL);
        ctx.now = trial.now;
        enum redan_status status =
            redan_sign_judge(&ctx, &trial.bundle, &trial.wanted, &trial.thing, &facts);
        if (!row->says) {
            if (status != REDAN_OK)
                fail_msg("%s: refused: %s", row->what, ctx.failure.text);
            assert_int_equal(facts.method, trial.wanted.method);
            assert_true(facts.signer.len > 0);
            continue;
        }
        if (status == REDAN_OK)
            fail_msg("%s: believed", row->what);
        if (!strstr(ctx.failure.text, row->says))
            fail_msg("%s: \"%s\" says nothing of \"%s\"", row->what, ctx.failure.text, row->says);
        assert_int_equal(ctx.failure.status, status);
        assert_int_equal(facts.signer.len, 0); /* nothing is said of what is refused */
    }
}

void bend_v02(struct trial *t)
{
    t->bundle.version = REDAN_BUNDLE_V02;
    t->bundle.material = REDAN_BUNDLE_CHAINED;
}

void bend_digest_only(struct trial *t)
{
    t->thing.has_bytes = false;
}

void bend_no_root(struct trial *t)
{
    t->wanted.root = NULL;
}

void bend_oms(struct trial *t)
{
    t->thing = (struct redan_signed_thing){.oms = true};
}

void bend_no_hint(struct trial *t)
{
    t->bundle.hint = (struct redan_slice){0};
}

void bend_pem(struct trial *t)
{
    t->bundle.hint = (struct redan_slice){0};
    t->bundle.key_pem = world_signer_pem(t->world, WORLD_P256);
}

void bend_pem_other(struct trial *t)
{
    bend_pem(t);
    t->bundle.key_pem = world_signer_pem(t->world, WORLD_P384);
}

void bend_pki_identity_wrong(struct trial *t)
{
    t->wanted.identity = REDAN_S("bob@example.com");
}

void bend_later(struct trial *t)
{
    t->now = (int64_t)WORLD_START + 700;
}

void bend_needs(struct trial *t)
{
    t->wanted.need_log = true;
    t->wanted.need_stamp = true;
}
