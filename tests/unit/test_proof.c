/* Proofs that are the organisation's, proofs that are signed not applicable, and proofs by those who approve. */
#include "threat_fixture.h"

#include "codec/json.h"

static const char uses_platform[] = "controls: [labels-only, platform]";

static void open_shared(struct fixture *f)
{
    fixture_open(f);
    fixture_write_model(f,
                        fixture_edit(f, fixture_model, "controls: [labels-only]", uses_platform));
    fixture_fill(f, NULL, NULL);
}

/* Proved once for all the systems that a record names. */
static void test_shared(void **state)
{
    struct redan_slice both[] = {REDAN_S("other"), REDAN_S("base")};
    static const struct {
        enum fixture_key key;
        size_t first; /* of `both` */
        size_t count;
        const char *rules;
        const char *detail;
    } cases[] = {
        {KEY_CI, 0, 2, "", ""},
        {KEY_CI, 1, 1, "", ""},
        {KEY_CI, 0, 1, "TM004",
         "no proof of platform: scan wrong-subject, it does not cover the system base"},
        {KEY_MOREAU, 0, 2, "TM004",
         "no proof of platform: scan wrong-signer, signed by d.moreau, who is not the signer ci"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        const struct redan_texts covers = {both + cases[i].first, cases[i].count};
        struct fixture f;
        struct fixture_outcome o;
        open_shared(&f);
        fixture_record_add_by(&f, cases[i].key, "platform/scan", "{\"violations\": 0}", &covers);
        fixture_check(&f, PIN_OURS, NOW, NULL, &o);
        assert_string_equal(o.rules, cases[i].rules);
        assert_string_equal(o.detail, cases[i].detail);
        fixture_close(&f);
    }
}

/* The query of every system is the same; a record of the system itself does not answer it, nor one without its predecessor. */
static void test_shared_spoofed(void **state)
{
    struct fixture f;
    struct fixture_outcome o;
    struct redan_control here;
    struct redan_control there;
    struct redan_threat_model other;

    (void)state;
    open_shared(&f);
    const struct redan_control *shared = redan_org_control(&f.org, REDAN_S("platform"));
    other = f.model;
    other.id = REDAN_S("other");
    assert_ok(redan_threat_model_inherit(&f.problems, &f.model, shared, &here));
    assert_ok(redan_threat_model_inherit(&f.problems, &other, shared, &there));
    assert_true(redan_digest_eq(&here.queries[0].digest, &there.queries[0].digest));
    assert_slice(here.queries[0].system, "bank");
    assert_false(redan_digest_eq(&here.queries[0].covered, &there.queries[0].covered));

    struct redan_query query = here.queries[0];
    struct redan_draft draft = {
        .query = &query, .release = &f.model.release, .n = 500, .time = NOW};
    struct redan_store store = {0};
    struct redan_dsse envelope = {0};
    struct redan_slice path = {0};
    struct redan_digest id;
    query.system = REDAN_S("base"); /* its own word for itself */
    redan_key_id(f.keys[KEY_CI], &id);
    draft.by = redan_keyring_find(&f.ring, &id);
    assert_ok(redan_json_parse(&f.ctx, REDAN_S("{\"violations\": 0}"), &draft.observed));
    struct redan_slice folder = {0};
    assert_ok(redan_copy(&f.ctx, scratch_slice(&f.dir, "evidence"), &folder));
    assert_ok(redan_store_read(&f.ctx, &f.ring, folder, &store));
    assert_ok(redan_draft_write(&f.ctx, &store, &draft, &envelope));
    assert_ok(redan_dsse_sign(&f.ctx, &envelope, f.keys[KEY_CI]));
    assert_ok(redan_store_add(&f.ctx, folder, &envelope, &path));
    fixture_check(&f, PIN_OURS, NOW, NULL, &o);
    assert_string_equal(o.rules, "TM004");
    assert_string_equal(o.detail,
                        "no proof of platform: scan wrong-context, recorded for another system");
    fixture_close(&f);
}

/* A failing record of the organisation withheld leaves a hole in its chain; the system's own chain has nothing to do with it. */
static void test_shared_withheld(void **state)
{
    struct fixture f;
    struct fixture_outcome o;
    struct redan_store store = {0};
    struct redan_slice folder = {0};

    (void)state;
    open_shared(&f);
    fixture_record_add(&f, "platform/scan", "{\"violations\": 3}");
    fixture_check(&f, PIN_OURS, NOW, NULL, &o);
    assert_string_equal(o.detail, "no proof of platform: scan fail, violations is not 0");
    f.ctx.now = NOW + 60;
    fixture_record_add(&f, "platform/scan", "{\"violations\": 0}");
    fixture_check(&f, PIN_OURS, f.ctx.now, NULL, &o);
    assert_string_equal(o.rules, "");
    assert_ok(redan_copy(&f.ctx, scratch_slice(&f.dir, "evidence"), &folder));
    assert_ok(redan_store_read(&f.ctx, &f.ring, folder, &store));
    assert_int_equal(store.chain_count, 2);
    for (size_t i = 0; i < store.count; i++) {
        const struct redan_record *r = &store.records[i];
        if (redan_slice_is(r->system, "bank") && r->seq == 1)
            assert_int_equal(unlink(r->file.at), 0);
    }
    fixture_check(&f, PIN_OURS, f.ctx.now, NULL, &o);
    assert_int_equal(o.word, REDAN_WORD_INDETERMINATE);
    assert_string_equal(o.rules, "TM004");
    assert_string_equal(o.detail, "no proof of platform: scan gap, the chain of ci has a gap: "
                                  "record 1 is missing");
    fixture_close(&f);
}

/* A signed not-applicable is for proofs that are not there, of controls that are built now. */
static void test_not_applicable(void **state)
{
    static const struct {
        const char *query;
        const char *observed; /* NULL: nothing is recorded */
        const char *rules;
    } cases[] = {
        {"labels-only/shape", NULL, ""},
        {"labels-only/shape", "{\"raw_score\": 1}", "TM004"}, /* measured: it says no */
        {"labels-only/shape", "{\"other\": 1}", "TM004"},
        {"alive/beat", NULL, "TM008"},
        {"audit/auc", NULL, "TM013"},
        {"no-update/config", NULL, "TM014"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        struct fixture f;
        struct fixture_outcome o;
        fixture_open(&f);
        /* a medium threat asks for E1, which is what a waiver is worth */
        fixture_write_model(&f, fixture_edit(&f, fixture_model, "inference\n    severity: high",
                                             "inference\n    severity: medium"));
        fixture_fill(&f, cases[i].query, NULL);
        if (cases[i].observed)
            fixture_record_add(&f, cases[i].query, cases[i].observed);
        fixture_approve(&f, KEY_LINDQVIST, REDAN_APPROVAL_NOT_APPLICABLE, "security-lead",
                        cases[i].query, NOW + 30 * DAY);
        fixture_check(&f, PIN_OURS, NOW, NULL, &o);
        if (strcmp(o.rules, cases[i].rules) != 0)
            print_error("%s: %s, %s\n", cases[i].query, o.rules, o.detail);
        assert_string_equal(o.rules, cases[i].rules);
        fixture_close(&f);
    }
}

/* It is this system's security lead who says so, not another's, nor the ML lead under a second id. */
static void test_not_applicable_by(void **state)
{
    static const struct {
        enum fixture_key key;
        const char *rules;
    } cases[] = {
        {KEY_LINDQVIST, ""},
        {KEY_SEC_ELSEWHERE, "TM004"},
        {KEY_ALIAS, "TM004"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        struct fixture f;
        struct fixture_outcome o;
        fixture_open(&f);
        fixture_write_model(&f, fixture_edit(&f, fixture_model, "inference\n    severity: high",
                                             "inference\n    severity: medium"));
        fixture_fill(&f, "labels-only/shape", NULL);
        fixture_approve(&f, cases[i].key, REDAN_APPROVAL_NOT_APPLICABLE, "security-lead",
                        "labels-only/shape", NOW + 30 * DAY);
        fixture_check(&f, PIN_OURS, NOW, NULL, &o);
        assert_string_equal(o.rules, cases[i].rules);
        fixture_close(&f);
    }
}

/* Without a stamp a record counts as long as its producer's key does; a stamp says that it was made before. */
static void test_ended_key(void **state)
{
    static const struct {
        enum fixture_key key;
        int made; /* days from NOW */
        int at;
        int stamped; /* 0 for none */
        const char *detail;
    } cases[] = {
        {KEY_CI_RETIRED, 28, 29, 0, NULL},
        {KEY_CI_RETIRED, 28, 31, 0, "the key ci-retired of ci is revoked, and no stamp says"},
        {KEY_CI_RETIRED, 28, 31, 28, NULL},
        {KEY_CI_RETIRED, 28, 35, 32, "the key ci-retired of ci was revoked when it signed"},
        {KEY_CI_SHORT, 28, 29, 0, NULL},
        {KEY_CI_SHORT, 28, 31, 0, "the key ci-short of ci is expired, and no stamp says"},
        {KEY_CI_SHORT, 28, 31, 28, NULL},
        {KEY_CI, 28, 31, 0, NULL},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        const struct redan_texts none = {0};
        struct fixture f;
        struct fixture_outcome o;
        struct redan_system s = {0};
        fixture_open(&f);
        fixture_write_model(&f, fixture_edit(&f, fixture_model, "fresh: 24h", "fresh: 90d"));
        fixture_fill(&f, "labels-only/shape", NULL);
        f.ctx.now = NOW + (int64_t)cases[i].made * DAY;
        fixture_record_add_by(&f, cases[i].key, "labels-only/shape", "{\"raw_score\": 0}", &none);
        f.ctx.now = NOW + (int64_t)cases[i].at * DAY;
        fixture_load(&f, PIN_OURS, &s);
        for (size_t k = 0; cases[i].stamped && k < s.store.count; k++) {
            if (redan_slice_is(s.store.records[k].control, "labels-only"))
                s.store.records[k].signers[0].stamped = NOW + (int64_t)cases[i].stamped * DAY;
        }
        fixture_judge(&f.ctx, &s, NULL, &o);
        if (!cases[i].detail != (o.rules[0] == '\0'))
            print_error("case %zu: %s, %s\n", i, o.rules, o.detail);
        assert_string_equal(o.rules, cases[i].detail ? "TM004" : "");
        if (cases[i].detail)
            assert_non_null(strstr(o.detail, cases[i].detail));
        redan_system_done(&s);
        fixture_close(&f);
    }
}

/* A withheld record is not waived: the chain of its producer has a hole. */
static void test_not_applicable_gap(void **state)
{
    struct fixture f;
    struct fixture_outcome o;
    struct redan_store store = {0};

    (void)state;
    fixture_open(&f);
    fixture_write_model(&f, fixture_model);
    fixture_record_add(&f, "labels-only/shape", "{\"raw_score\": 1}");
    fixture_fill(&f, NULL, NULL);
    assert_ok(redan_store_read(&f.ctx, &f.ring, scratch_slice(&f.dir, "evidence"), &store));
    for (size_t i = 0; i < store.count; i++) {
        if (store.records[i].seq == 1)
            assert_int_equal(unlink(store.records[i].file.at), 0);
    }
    fixture_approve(&f, KEY_LINDQVIST, REDAN_APPROVAL_NOT_APPLICABLE, "security-lead",
                    "labels-only/shape", NOW + 30 * DAY);
    fixture_check(&f, PIN_OURS, NOW, NULL, &o);
    assert_int_equal(o.word, REDAN_WORD_INDETERMINATE);
    assert_non_null(strstr(o.rules, "TM004"));
    fixture_close(&f);
}

/* A lead does not prove what both leads approve, unless the organisation has left that duty out. */
static void test_evidence_by_a_lead(void **state)
{
    static const struct {
        const char *separation;
        const char *rules;
        const char *detail;
    } cases[] = {
        {"version: 1", "TM028",
         "no proof of no-update: config wrong-signer, signed by h.lindqvist, who leads this "
         "system"},
        {"version: 1\nrules: {separation: [evidence-signer != author]}", "TM028", NULL},
        {"version: 1\nrules: {separation: [acceptor != owner]}", "", NULL},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        const struct redan_texts none = {0};
        struct fixture f;
        struct fixture_outcome o;
        fixture_open(&f);
        fixture_write_org(&f, fixture_edit(&f, fixture_org, "version: 1", cases[i].separation));
        fixture_write_model(&f, fixture_edit(&f, fixture_model, "{\"$.online\": false}, signer: ci",
                                             "{\"$.online\": false}, signer: h.lindqvist"));
        fixture_fill(&f, "no-update/config", NULL);
        fixture_record_add_by(&f, KEY_LINDQVIST, "no-update/config", "{\"online\": false}", &none);
        fixture_check(&f, PIN_OURS, NOW, NULL, &o);
        assert_string_equal(o.rules, cases[i].rules);
        if (cases[i].detail)
            assert_string_equal(o.detail, cases[i].detail);
        fixture_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared),
        cmocka_unit_test(test_shared_spoofed),
        cmocka_unit_test(test_shared_withheld),
        cmocka_unit_test(test_not_applicable),
        cmocka_unit_test(test_not_applicable_by),
        cmocka_unit_test(test_ended_key),
        cmocka_unit_test(test_not_applicable_gap),
        cmocka_unit_test(test_evidence_by_a_lead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
