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

static void approve_step(struct fixture *f, const struct redan_approval_step *step)
{
    fixture_approve_step(f, KEY_OKAFOR, "ml-lead", NULL, step);
    fixture_approve_step(f, KEY_LINDQVIST, "security-lead", NULL, step);
}

/* The leads saw a later catalogue than this program has. */
static void approve_later_catalogue(struct fixture *f)
{
    struct redan_approval_step step;

    fixture_next(f, &step);
    step.catalog_version++;
    approve_step(f, &step);
}

/* They signed again, and not what changed. */
static void approve_other_diff(struct fixture *f)
{
    struct redan_approval_step step;

    f->ctx.now += 60;
    fixture_next(f, &step);
    step.diff.bytes[0] ^= 1;
    approve_step(f, &step);
}

static void review_hourly(struct fixture *f)
{
    f->ctx.now += 7200;
    fixture_write_org(f, fixture_edit(f, fixture_org, "roles:", "rules: {review: 1h}\nroles:"));
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

/* The leads approved a profile that asks for one archetype more. */
static void approve_wider(struct fixture *f)
{
    int64_t now = f->ctx.now;

    f->ctx.now = now - 10 * DAY;
    fixture_write_model(f, fixture_edit(f, fixture_model, "trains: false", "trains: true"));
    fixture_approve_release(f);
    f->ctx.now = now;
}

static void record_platform(struct fixture *f)
{
    fixture_record_add(f, "platform/scan", "{\"violations\": 0}");
}

static void newer_catalogue(struct fixture *f)
{
    f->catalog.version = 900;
}

enum { AFTER_DUE = 1803700000 }; /* 2027-02-27, a day after the plan was due */

static const char boundary[] = "name: Boundary mapping\n    stage: inference\n    severity: high";
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
    const char *org_from; /* in org.yaml */
    const char *org_to;
    void (*before)(struct fixture *f); /* what was approved earlier */
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
    {"", REDAN_WORD_PASS, .from = "trains: false}", /* not mandatory: nothing to sign */
     .to = "trains: false}\nexcluded: [{archetype: DC-04, reason: no labels, by: h.lindqvist}]",
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
    {"TM024", REDAN_WORD_FAIL, .from = boundary, .to = "archetype: IN-02\n    severity: low",
     .detail = "severity low, under the floor medium of IN-02: 0 of 2 signatures of risk-board"},
    {"", REDAN_WORD_PASS, .from = boundary, .to = "archetype: IN-02\n    severity: medium",
     .detail = ""},
    {"TM024", REDAN_WORD_FAIL, .from = boundary, .to = "archetype: IN-02\n    severity: medium",
     .org_from = "version: 1", .org_to = "version: 1\nfloors: {IN-02: critical}",
     .detail = "severity medium, under the floor critical of IN-02: 0 of 2 signatures"},
    {"", REDAN_WORD_PASS, .from = boundary, .to = "archetype: IN-02\n    severity: low",
     .org_from = "version: 1", .org_to = "version: 1\nfloors: {IN-02: low}", .detail = ""},
    {"", REDAN_WORD_PASS, .from = "archetype: EV-03\n    severity: high", /* the board has signed */
     .to = "archetype: EV-03\n    severity: low", .org_from = "version: 1",
     .org_to = "version: 1\nfloors: {EV-03: high}", .detail = ""},
    {"TM025", REDAN_WORD_FAIL, .from = "trains: false}",
     .to = "trains: true}\nexcluded: [{archetype: DC-04, reason: no labels, by: h.lindqvist}]",
     .detail = "exclusion of DC-04: 0 of 2 signatures of risk-board"},
    {"TM026", REDAN_WORD_FAIL, .before = approve_wider,
     .detail = "DC-04 no longer mandatory: 0 of 2 signatures of risk-board"},
    {"TM027", REDAN_WORD_FAIL, .from = "controls:\n  - id: labels-only",
     .to = "controls:\n  - id: platform\n    evidence:\n"
           "      - {id: scan, type: policy, signer: ci, fresh: 8d}\n  - id: labels-only",
     .detail = "control platform asks for less than the organisation's: "},
    {"", REDAN_WORD_PASS, .from = "controls:\n  - id: labels-only",
     .to = "controls:\n  - id: platform\n    evidence:\n"
           "      - {id: scan, type: policy, signer: ci, fresh: 6d}\n  - id: labels-only",
     .detail = ""},
    {"TM028", REDAN_WORD_FAIL, .from = "{\"$.online\": false}, signer: ci",
     .to = "{\"$.online\": false}, signer: h.lindqvist", .unrecorded = "no-update/config",
     .detail = "no proof of no-update: config wrong-signer, it is to be signed by h.lindqvist, who "
               "leads this system"},
    {"TM029", REDAN_WORD_FAIL, .from = "controls: [labels-only]",
     .to = "controls: [labels-only, platform]", .spoil = record_platform,
     .org_from = "- id: platform", .org_to = "- id: platform\n    scope: system.hosts_model",
     .detail = "platform is inherited where system.hosts_model; the profile says otherwise"},
    {"", REDAN_WORD_PASS, .from = "controls: [labels-only]",
     .to = "controls: [labels-only, platform]", .spoil = record_platform,
     .org_from = "- id: platform",
     .org_to = "- id: platform\n    scope: not system.hosts_model and 'predictive' in system.kind",
     .detail = ""},
    {"TM030", REDAN_WORD_FAIL, .spoil = newer_catalogue, .org_from = "version: 1",
     .org_to = "version: 1\ncatalog: {version: 1, max-age: 45d, reviewed: 2026-10-01}",
     .detail = "the catalogue has the version 900, org.yaml has triaged 1, and not within 45 days"},
    {"", REDAN_WORD_PASS, .spoil = newer_catalogue, .org_from = "version: 1",
     .org_to = "version: 1\ncatalog: {version: 1, max-age: 45d, reviewed: 2026-11-01}",
     .detail = ""},
    {"TM030", REDAN_WORD_FAIL, .spoil = newer_catalogue, .org_from = "version: 1",
     .org_to = "version: 1\ncatalog: {version: 1, max-age: 45d, reviewed: 2027-11-01}"},
    {"TM030", REDAN_WORD_FAIL, .spoil = newer_catalogue, .org_from = "version: 1",
     .org_to = "version: 1\ncatalog: {version: 901}",
     .detail = "this program's catalogue has the version 900, org.yaml asks for 901"},
    {"TM032", REDAN_WORD_FAIL, .org_from = "version: 1",
     .org_to = "version: 1\nrequired: [{catalog: I-RATE}]",
     .detail = "I-RATE Per-principal query budget sized to the extraction threat, not only a "
               "throttle is required, and no threat is answered by one"},
    {"TM032", REDAN_WORD_WARN, .org_from = "version: 1",
     .org_to = "version: 1\nrequired: [{catalog: I-RATE, from: 2027-03-01}]"},
    {"", REDAN_WORD_PASS, .org_from = "version: 1",
     .org_to = "version: 1\nrequired: [{catalog: I-RATE, scope: system.trains}]", .detail = ""},
    {"", REDAN_WORD_PASS, .org_from = "version: 1",
     .org_to = "version: 1\nrequired: [{catalog: I-OBSC}]", .detail = ""},
    {"TM022", REDAN_WORD_FAIL, .spoil = approve_later_catalogue,
     .detail = "the catalogue of this program has version"},
    {"TM023", REDAN_WORD_FAIL, .spoil = approve_other_diff,
     .detail = "the difference that was signed is not the one"},
    {"TM031", REDAN_WORD_FAIL, .spoil = review_hourly,
     .detail = "the review is 2 hours old, the organisation allows 1h"},
};

static void build(struct fixture *f, const struct row *row)
{
    if (row->now)
        f->ctx.now = row->now;
    if (row->org_from)
        fixture_write_org(f, fixture_edit(f, fixture_org, row->org_from, row->org_to));
    if (row->before)
        row->before(f);
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

/* Whose specimens need a chain of approvals: test_history.c. */
static bool elsewhere(const char *id)
{
    static const char *const ids[] = {"TM022", "TM023", "TM031"};

    for (size_t i = 0; i < REDAN_COUNT(ids); i++) {
        if (strcmp(ids[i], id) == 0)
            return true;
    }
    return false;
}

/* No rule without its specimen, and the ids have no hole. */
static void test_every_rule_has_a_row(void **state)
{
    bool seen[100] = {false};
    size_t count = 0;

    (void)state;
    for (size_t c = 0; redan_threat_checks[c]; c++) {
        for (size_t r = 0; redan_threat_checks[c]->rules[r]; r++) {
            const char *id = redan_threat_checks[c]->rules[r]->id;
            uint64_t number = 0;
            bool found = elsewhere(id);
            for (size_t i = 0; i < REDAN_COUNT(rows) && !found; i++)
                found = strcmp(rows[i].rules, id) == 0;
            if (!found)
                print_error("%s has no specimen\n", id);
            assert_true(found);
            assert_true(redan_slice_u64(redan_slice_of(id + 2), &number) && number < 100);
            assert_false(seen[number]);
            seen[number] = true;
            count++;
        }
    }
    for (size_t i = 1; i <= count; i++) {
        if (!seen[i])
            print_error("there is no TM%03zu\n", i);
        assert_true(seen[i]);
    }
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
    assert_string_equal(o.rules, "TM001 TM022");
    assert_string_equal(o.detail, "it inherits bank, there is no org.yaml");
    fixture_write_org(&f, fixture_edit(&f, fixture_org, "org: bank", "org: other"));
    fixture_check(&f, PIN_OURS, NOW, NULL, &o);
    assert_int_equal(o.word, REDAN_WORD_FAIL);
    assert_string_equal(o.detail, "keys.yaml is that of bank, org.yaml that of other");
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
