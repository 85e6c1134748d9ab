/* Every rule of every check: the base system trips none, one specimen each trips exactly its own. */
#include "threat_fixture.h"

#include "base/clock.h"

static void add_garbage(struct fixture *f)
{
    scratch_folder(&f->dir, "evidence/aa");
    scratch_text(&f->dir, "evidence/aa/x.json", "{\"payload\": 1");
}

static void add_bad_approval(struct fixture *f)
{
    scratch_text(&f->dir, "approvals/x.json", "not JSON");
}

static void write_model_file(struct fixture *f)
{
    scratch_text(&f->dir, "model.bin", "some other model");
}

static void unsign_keys(struct fixture *f)
{
    assert_int_equal(unlink(scratch_at(&f->dir, "keys.dsse.json")), 0);
}

static void unsign_org(struct fixture *f)
{
    assert_int_equal(unlink(scratch_at(&f->dir, "org.dsse.json")), 0);
}

/* The organisation allows more than what was signed. */
static void change_org(struct fixture *f)
{
    scratch_text(&f->dir, "org.yaml", fixture_edit(f, fixture_org, "version: 1", "version: 2"));
}

static void write_stride(struct fixture *f)
{
    static const char text[] =
        "{\"detail\": {\"diagrams\": [{\"cells\": [{\"data\": {\"threats\": [{\"status\": "
        "\"Mitigated\"}, {\"status\": \"Open\"}]}}, {\"threats\": [{\"status\": "
        "\"Mitigated\"}]}, {\"shape\": \"actor\"}]}]}}";
    scratch_text(&f->dir, "api.json", text);
}

static void write_bad_stride(struct fixture *f)
{
    scratch_text(&f->dir, "api.json", "{\"detail\": ");
}

static void break_model(struct fixture *f)
{
    scratch_text(&f->dir, "threatmodel.yaml",
                 fixture_edit(f, fixture_model, "severity: medium", "severity: grave"));
}

static void truncate_model(struct fixture *f)
{
    scratch_text(&f->dir, "threatmodel.yaml", "schema: redan/1\nid: [base");
}

enum { AFTER_DUE = 1803700000 }; /* 2027-02-27, a day after the plan was due */

static const char stride[] = "extends-stride: {format: threat-dragon, file: api.json}\nstages:";

/* How the base system is changed, and the one rule that must then fire. */
static const struct row {
    const char *rules; /* "" for none */
    enum redan_word word;
    const char *from; /* in the threat model */
    const char *to;
    const char *unrecorded; /* a query */
    const char *unsigned_;  /* a role or a threat */
    void (*spoil)(struct fixture *f);
    const char *artefact; /* release.NAME, held against model.bin */
    enum fixture_pin pin;
    int64_t now; /* when all is made and judged; 0 for NOW */
    const char *detail;
} rows[] = {
    {"", REDAN_WORD_PASS, .detail = ""},
    {"TM001", REDAN_WORD_INDETERMINATE, .pin = PIN_NONE,
     .detail = "no root of trust is pinned; these keys stand on sha256:"},
    {"TM001", REDAN_WORD_FAIL, .pin = PIN_OTHER, .detail = "keys.yaml stands on the root sha256:"},
    {"TM001", REDAN_WORD_FAIL, .spoil = unsign_keys,
     .detail = "keys.yaml is not signed: there is no keys.dsse.json"},
    {"TM001", REDAN_WORD_FAIL, .spoil = unsign_org,
     .detail = "org.yaml is not signed: there is no org.dsse.json"},
    {"TM001", REDAN_WORD_FAIL, .spoil = change_org,
     .detail = "org.dsse.json does not hold the signatures of 1 root key over this org.yaml"},
    {"TM002", REDAN_WORD_FAIL, .spoil = write_model_file, .artefact = "model"},
    {"TM002", REDAN_WORD_FAIL, .spoil = write_model_file, .artefact = "other",
     .detail = "the release pins nothing called \"other\""},
    {"TM003", REDAN_WORD_FAIL, .unsigned_ = "ml-lead",
     .detail = "r.okafor has not signed it as ml-lead"},
    {"TM003", REDAN_WORD_FAIL, .unsigned_ = "security-lead",
     .detail = "h.lindqvist has not signed it as security-lead"},
    {"TM004", REDAN_WORD_FAIL, .unrecorded = "labels-only/shape",
     .detail = "no proof of labels-only: shape missing, nothing recorded"},
    {"TM004", REDAN_WORD_FAIL, .from = "[labels-only], ", .to = "[labels-only, baseline], ",
     .detail = "no proof of baseline: it has no evidence, only the claim"},
    {"TM005", REDAN_WORD_FAIL, .from = "inference\n    severity: high",
     .to = "inference\n    severity: critical",
     .detail = "its best proof is E2, a critical threat asks for E3"},
    {"TM006", REDAN_WORD_FAIL, .from = "[labels-only], residual: low",
     .to = "[labels-only], residual: medium",
     .detail = "residual over the appetite: 0 of 2 signatures of risk-board"},
    {"TM007", REDAN_WORD_FAIL, .now = AFTER_DUE,
     .detail = "drift was due 2027-02-26 (T-1, d.moreau)"},
    {"TM007", REDAN_WORD_FAIL, .from = "opened: 2026-10-05\n      due: 2027-02-26",
     .to = "opened: 2027-10-05\n      due: 2028-02-26",
     .detail = "drift is opened on 2027-10-05, which is still to come"},
    {"TM008", REDAN_WORD_FAIL, .unrecorded = "alive/beat",
     .detail = "no proof of alive: beat missing, nothing recorded"},
    {"TM009", REDAN_WORD_FAIL, .unsigned_ = "drift",
     .detail = "interim risk: 0 of 2 signatures of risk-board"},
    {"TM010", REDAN_WORD_WARN, .now = AFTER_DUE - 5 * DAY,
     .detail = "drift is due 2027-02-26, in 3 days (T-1, d.moreau)"},
    {"TM011", REDAN_WORD_FAIL, .from = "2027-05-31", .to = "2026-11-20",
     .detail = "the acceptance expired on 2026-11-20"},
    {"TM011", REDAN_WORD_FAIL, .from = "2027-05-31", .to = "2028-05-31",
     .detail = "the acceptance runs to 2028-05-31, longer than the rules allow"},
    {"TM012", REDAN_WORD_FAIL, .unsigned_ = "membership",
     .detail = "acceptance: 0 of 2 signatures of risk-board"},
    {"TM013", REDAN_WORD_FAIL, .unrecorded = "audit/auc",
     .detail = "no proof of audit: auc missing, nothing recorded"},
    {"TM013", REDAN_WORD_FAIL, .from = "conditions: [audit]",
     .to = "conditions: [audit]\n      relies-on: [baseline]",
     .detail = "no proof of baseline: it has no evidence, only the claim"},
    {"TM014", REDAN_WORD_FAIL, .unrecorded = "no-update/config",
     .detail = "no proof of no-update: config missing, nothing recorded"},
    {"TM015", REDAN_WORD_FAIL, .from = "evolution\n    severity: high",
     .to = "evolution\n    severity: critical",
     .detail = "its best proof is E2, a critical threat asks for E3"},
    {"TM016", REDAN_WORD_FAIL, .from = "trains: false", .to = "trains: true",
     .detail = "DC-04 Label and annotation manipulation (data) is not answered"},
    {"", REDAN_WORD_PASS, .from = "trains: false}", /* and ruled out with a reason */
     .to = "trains: true}\nexcluded: [{archetype: DC-04, reason: no labels, by: h.lindqvist}]",
     .detail = ""},
    {"TM017", REDAN_WORD_INDETERMINATE, .spoil = add_garbage},
    {"TM017", REDAN_WORD_INDETERMINATE, .spoil = add_bad_approval},
    {"TM018", REDAN_WORD_WARN, .from = "stage: evolution",
     .to = "stage: evolution\n    review-by: 2026-11-01",
     .detail = "online was to be reviewed by 2026-11-01"},
    {"TM019", REDAN_WORD_FAIL, .from = "stages:", .to = stride},
    {"TM019", REDAN_WORD_FAIL, .from = "stages:", .to = stride, .spoil = write_bad_stride},
    {"TM019", REDAN_WORD_WARN,
     .from = "stages:", .to = "extends-stride: {format: drawing, file: a.png}\nstages:",
     .detail = "format \"drawing\" is not imported; counted as none"},
    {"TM020", REDAN_WORD_WARN, .from = "stages:", .to = stride, .spoil = write_stride,
     .detail = "1 of 3 threats in api.json are open"},
    {"TM021", REDAN_WORD_FAIL, .spoil = break_model},
    {"TM021", REDAN_WORD_FAIL, .spoil = truncate_model},
};

static void build(struct fixture *f, const struct row *row)
{
    if (row->now)
        f->ctx.now = row->now;
    fixture_write_model(f, fixture_edit(f, fixture_model, row->from, row->to));
    fixture_fill(f, row->unrecorded, row->unsigned_);
    if (row->spoil)
        row->spoil(f);
}

static void test_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        const struct row *row = &rows[i];
        struct fixture f;
        struct fixture_outcome o;
        struct redan_artefact artefact = {.name = redan_slice_of(row->artefact)};
        fixture_open(&f);
        build(&f, row);
        if (row->artefact)
            assert_ok(redan_copy(&f.ctx, scratch_slice(&f.dir, "model.bin"), &artefact.path));
        fixture_check(&f, row->pin, f.ctx.now, row->artefact ? &artefact : NULL, &o);
        if (strcmp(o.rules, row->rules) != 0 || o.word != row->word ||
            (row->detail && strncmp(o.detail, row->detail, strlen(row->detail)) != 0))
            print_error("row %zu (%s): %s, \"%s\", %s\n", i, row->rules, o.rules, o.detail,
                        redan_word_words[o.word]);
        assert_string_equal(o.rules, row->rules);
        assert_int_equal(o.word, row->word);
        if (row->detail)
            assert_memory_equal(o.detail, row->detail, strlen(row->detail));
        assert_int_equal(o.action[0] != '\0', row->rules[0] != '\0');
        fixture_close(&f);
    }
}

/* No rule without its specimen. TM021 belongs to no check: it stands for all problems of form. */
static void test_every_rule_has_a_row(void **state)
{
    size_t rules = 1;
    char id[8];

    (void)state;
    for (size_t c = 0; redan_threat_checks[c]; c++) {
        for (size_t r = 0; redan_threat_checks[c]->rules[r]; r++) {
            bool found = false;
            for (size_t i = 0; i < REDAN_COUNT(rows) && !found; i++)
                found = strcmp(rows[i].rules, redan_threat_checks[c]->rules[r]->id) == 0;
            if (!found)
                print_error("%s has no specimen\n", redan_threat_checks[c]->rules[r]->id);
            assert_true(found);
            rules++;
        }
    }
    (void)snprintf(id, sizeof(id), "TM%03zu", rules);
    assert_string_equal(rows[REDAN_COUNT(rows) - 1].rules, id); /* and the ids have no hole */
}

/* Nobody can pass a check by leaving things away, or by asking without them. */
static void test_no_keys(void **state)
{
    struct fixture f;
    struct fixture_outcome o;

    (void)state;
    fixture_open(&f);
    build(&f, &rows[0]);
    assert_int_equal(unlink(scratch_at(&f.dir, "keys.yaml")), 0);
    fixture_check(&f, PIN_OURS, NOW, NULL, &o);
    assert_int_equal(o.word, REDAN_WORD_FAIL);
    assert_string_equal(o.rules, "TM001 TM003 TM004 TM008 TM009 TM012 TM013 TM014");
    assert_string_equal(o.detail, "there is no keys.yaml");
    fixture_close(&f);
}

/* The leads signed whose rules apply: laxer defaults cannot be had by leaving the organisation away. */
static void test_no_org(void **state)
{
    struct fixture f;
    struct fixture_outcome o;

    (void)state;
    fixture_open(&f);
    build(&f, &rows[0]);
    assert_int_equal(unlink(scratch_at(&f.dir, "org.yaml")), 0);
    fixture_check(&f, PIN_OURS, NOW, NULL, &o);
    assert_int_equal(o.word, REDAN_WORD_FAIL);
    assert_string_equal(o.rules, "TM001");
    assert_string_equal(o.detail, "it inherits bank, there is no org.yaml");
    fixture_write_org(&f, fixture_edit(&f, fixture_org, "org: bank", "org: other"));
    fixture_check(&f, PIN_OURS, NOW, NULL, &o);
    assert_int_equal(o.word, REDAN_WORD_FAIL);
    assert_string_equal(o.detail, "it inherits bank, org.yaml is that of other");
    fixture_close(&f);
}

/* An inherited control is asked for about this system's release. */
static void test_inherited(void **state)
{
    struct fixture f;
    struct fixture_outcome o;

    (void)state;
    fixture_open(&f);
    fixture_write_model(
        &f, fixture_edit(&f, fixture_model, "[labels-only], ", "[labels-only, platform], "));
    fixture_fill(&f, NULL, NULL);
    fixture_check(&f, PIN_OURS, NOW, NULL, &o);
    assert_string_equal(o.rules, "TM004");
    assert_string_equal(o.detail, "no proof of platform: scan missing, nothing recorded");
    fixture_record_add(&f, "platform/scan", "{\"violations\": 0}");
    fixture_check(&f, PIN_OURS, NOW, NULL, &o);
    assert_string_equal(o.rules, "");
    fixture_check(&f, PIN_OURS, NOW + 8 * DAY, NULL, &o);
    assert_int_equal(o.word, REDAN_WORD_FAIL);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),     cmocka_unit_test(test_every_rule_has_a_row),
        cmocka_unit_test(test_no_keys),   cmocka_unit_test(test_no_org),
        cmocka_unit_test(test_inherited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
