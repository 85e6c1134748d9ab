/* The judge against a Sigstore of our own: what is believed and what is not of timestamps, and of validity at the times they prove. */
#include "judge_fixture.h"

static void bend_tsa_ended(struct trial *t)
{
    t->stampers[0].until = (int64_t)WORLD_START * 1000 - 1;
}

static void bend_stamp(struct trial *t)
{
    t->bundle.stamps[0] = judge_flipped(t, t->bundle.stamps[0], t->bundle.stamps[0].len - 3);
}

/* A good stamp, of another signature. */
static void bend_stamp_borrowed(struct trial *t)
{
    struct redan_bundle other = {0};

    world_bundle(t->world, &(struct world_plan){.log = WORLD_TILES, .stamps = 1}, &other);
    t->bundle.stamps[0] = other.stamps[0];
}

static void bend_now_before(struct trial *t)
{
    t->now = (int64_t)WORLD_START - 61;
}

static void bend_no_root_needs_stamp(struct trial *t)
{
    t->wanted.root = NULL;
    t->wanted.need_stamp = true;
}

static void bend_no_root_needs_log(struct trial *t)
{
    t->wanted.root = NULL;
    t->wanted.need_log = true;
}

static void bend_needs_stamp(struct trial *t)
{
    t->wanted.need_stamp = true;
}

static void test_times(void **state)
{
    static const struct row rows[] = {
        {"Rekor v2 without a stamp", {.log = WORLD_TILES}, NULL, "proves when"},
        {"a proof without promise or stamp", {.no_promise = true}, NULL, "proves when"},
        {"logged after the certificate",
         {.integrated = 601},
         NULL,
         "the certificate is valid from"},
        {"logged before the certificate",
         {.integrated = -61},
         NULL,
         "the certificate is valid from"},
        {"stamped after the certificate, logged in time",
         {.stamps = 1, .stamp_at = 601},
         NULL,
         "the certificate is valid from"},
        {"stamped before the certificate",
         {.log = WORLD_TILES, .stamps = 1, .stamp_at = -61},
         NULL,
         "the certificate is valid from"},
        {"stamped by nobody known",
         {.log = WORLD_TILES, .stamps = 1, .stamp_abroad = true},
         NULL,
         "timestamp"},
        {"stamped by nobody known, bare",
         {.log = WORLD_TILES, .stamps = 1, .stamp_abroad = true, .stamp_bare = true},
         NULL,
         "timestamp"},
        {"one by nobody known beside a promise",
         {.stamps = 1, .stamp_abroad = true},
         NULL,
         "timestamp"},
        {"the stamper had ended", {.log = WORLD_TILES, .stamps = 1}, bend_tsa_ended, "timestamp"},
        {"a stamp with a bit turned", {.log = WORLD_TILES, .stamps = 1}, bend_stamp, "timestamp"},
        {"another signature's stamp",
         {.log = WORLD_TILES, .stamps = 1},
         bend_stamp_borrowed,
         "timestamp"},
        {"a stamp before its authority",
         {.log = WORLD_TILES,
          .stamps = 1,
          .stamp_at = -(int64_t)365 * 86400,
          .from = -(int64_t)366 * 86400,
          .until = 600},
         NULL,
         "timestamp"},
        {"an expired certificate",
         {.pki = true, .dsse = true, .no_log = true},
         bend_later,
         "the certificate is valid from"},
        {"a certificate of tomorrow",
         {.pki = true, .dsse = true, .no_log = true},
         bend_now_before,
         "the certificate is valid from"},
        {"a certificate stamped too late",
         {.pki = true, .dsse = true, .no_log = true, .stamps = 1, .stamp_at = 601},
         NULL,
         "the certificate is valid from"},
        {"a stamp asked for",
         {.bare = true, .no_log = true},
         bend_needs_stamp,
         "no verified timestamp"},
        {"a stamp asked for, keyless", {.from = 0}, bend_needs_stamp, "no verified timestamp"},
        {"a stamp nobody can verify",
         {.bare = true, .no_log = true, .stamps = 1},
         bend_no_root_needs_stamp,
         "no trust root"},
        {"a log nobody can verify", {.bare = true}, bend_no_root_needs_log, "no trust root"},
        {"a log asked for", {.bare = true, .no_log = true}, bend_needs, "no verified log entry"},
        {"a key, stamped by nobody known",
         {.bare = true, .stamps = 1, .stamp_abroad = true},
         NULL,
         "timestamp"},
    };

    judge_run(state, rows, REDAN_COUNT(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_times)};

    return cmocka_run_group_tests(tests, judge_setup, judge_teardown);
}
