/* Who stands behind a decision: quorums, keys, ends, what a signature covers, and what it does not survive. */
#include "threat_fixture.h"

/* One signature: by whom, when, and how it misses. */
struct act {
    enum fixture_key key;
    int signed_at; /* days from NOW */
    int until;     /* days from NOW; 0 for none */
    enum { RIGHT, OTHER_SYSTEM, OTHER_SUBJECT, OTHER_KIND, OTHER_ROLE } miss;
};

static void sign(struct fixture *f, const struct act *act)
{
    struct redan_slice system = f->model.id;
    int64_t until = act->until ? NOW + (int64_t)act->until * DAY : 0;

    f->ctx.now = NOW + (int64_t)act->signed_at * DAY;
    if (act->miss == OTHER_SYSTEM)
        f->model.id = REDAN_S("another");
    if (act->miss == OTHER_KIND)
        fixture_approve(f, act->key, REDAN_APPROVAL_RELEASE, "risk-board", NULL, until);
    else
        fixture_approve(f, act->key, REDAN_APPROVAL_ACCEPTANCE,
                        act->miss == OTHER_ROLE ? "security-lead" : "risk-board",
                        act->miss == OTHER_SUBJECT ? "membership" : "drift", until);
    f->model.id = system;
    f->ctx.now = NOW;
}

/* Acts end at the first with KEY_ROOT. */
static const struct {
    const char *what;
    struct act acts[4];
    int at; /* days from NOW */
    size_t count;
    const char *why;
    int until; /* days from NOW; 0 for none */
} consents[] = {
    {"two persons", {{KEY_BOARD_1, 0, 0, RIGHT}, {KEY_BOARD_2, 0, 0, RIGHT}}, 0, 2, "", 0},
    {"one person, twice", {{KEY_BOARD_1, 0, 0, RIGHT}, {KEY_BOARD_1, -1, 0, RIGHT}}, 0, 1, "", 0},
    {"one person, two keys",
     {{KEY_BOARD_1, 0, 0, RIGHT}, {KEY_BOARD_1B, 0, 0, RIGHT}},
     0,
     1,
     "",
     0},
    {"one person, two ids",
     {{KEY_BOARD_1, 0, 0, RIGHT}, {KEY_BOARD_1_ALIAS, 0, 0, RIGHT}},
     0,
     1,
     "",
     0},
    {"the second id alone", {{KEY_BOARD_1_ALIAS, 0, 0, RIGHT}}, 0, 1, "", 0},
    {"the owner of the plan",
     {{KEY_BOARD_1, 0, 0, RIGHT}, {KEY_MOREAU, 0, 0, RIGHT}},
     0,
     1,
     "d.moreau owns what is to be accepted",
     0},
    {"not of the body",
     {{KEY_LINDQVIST, 0, 0, RIGHT}},
     0,
     0,
     "h.lindqvist does not hold the role risk-board",
     0},
    {"before the key's time",
     {{KEY_EARLY, 0, 0, RIGHT}},
     0,
     0,
     "the key early was not yet valid when it signed",
     0},
    {"in the key's time", {{KEY_EARLY, 60, 0, RIGHT}}, 61, 1, "", 0},
    {"after the key's time",
     {{KEY_OLD, 0, 0, RIGHT}},
     0,
     0,
     "the key old was expired when it signed",
     0},
    {"when the key was valid, by its own word",
     {{KEY_OLD, -200, 0, RIGHT}},
     0,
     0,
     "the key old is expired, and no stamp says when it signed",
     0},
    {"while the key is valid", {{KEY_OLD, -200, 0, RIGHT}}, -199, 1, "", 0},
    {"a compromised key",
     {{KEY_LOST, -100, 0, RIGHT}},
     0,
     0,
     "the key lost was revoked when it signed",
     0},
    {"an end that has passed", {{KEY_BOARD_1, -9, -1, RIGHT}}, 0, 0, "it has expired", 0},
    {"an end to come", {{KEY_BOARD_1, -9, 5, RIGHT}, {KEY_BOARD_2, 0, 3, RIGHT}}, 0, 2, "", 3},
    {"one of two has ended",
     {{KEY_BOARD_1, -9, 5, RIGHT}, {KEY_BOARD_2, 0, 3, RIGHT}},
     4,
     1,
     "it has expired",
     5},
    {"from the future", {{KEY_BOARD_1, 1, 0, RIGHT}}, 0, 0, "signed in the future", 0},
    {"for another system", {{KEY_BOARD_1, 0, 0, OTHER_SYSTEM}}, 0, 0, "", 0},
    {"another threat", {{KEY_BOARD_1, 0, 0, OTHER_SUBJECT}}, 0, 0, "", 0},
    {"the release alone", {{KEY_BOARD_1, 0, 0, OTHER_KIND}}, 0, 0, "", 0},
    {"in another role", {{KEY_BOARD_1, 0, 0, OTHER_ROLE}}, 0, 0, "", 0},
    {"a stranger hides nobody",
     {{KEY_CI, 0, 0, RIGHT},
      {KEY_BOARD_2, 0, 0, RIGHT},
      {KEY_OLD, 0, 0, RIGHT},
      {KEY_BOARD_1, 0, 0, RIGHT}},
     0,
     2,
     "",
     0},
};

static void read_approvals(struct fixture *f, struct redan_approvals *approvals)
{
    struct redan_slice folder = {0};

    assert_ok(redan_copy(&f->ctx, scratch_slice(&f->dir, "approvals"), &folder));
    assert_ok(redan_approvals_read(&f->ctx, &f->ring, folder, approvals));
}

/* Who stands behind the interim of the plan, asked as the row says. */
static struct redan_consent ask_about(struct fixture *f, const char *role,
                                      const struct redan_texts *barred, int64_t cap)
{
    struct redan_approvals approvals;
    struct redan_consent consent;
    const struct redan_threat *t = redan_threat_model_threat(&f->model, REDAN_S("drift"));
    struct redan_consent_ask ask = {.ring = &f->ring,
                                    .approvals = &approvals,
                                    .system = f->model.id,
                                    .kind = REDAN_APPROVAL_ACCEPTANCE,
                                    .subject = &t->acceptance,
                                    .role = redan_slice_of(role),
                                    .barred = barred,
                                    .cap = cap};

    read_approvals(f, &approvals);
    assert_ok(redan_consent_count(&f->ctx, &ask, &consent));
    return consent;
}

static struct redan_consent consent_of(struct fixture *f)
{
    struct redan_slice names[] = {REDAN_S("r.okafor"), REDAN_S("h.lindqvist"), REDAN_S("d.moreau")};
    struct redan_texts barred = {names, 3};

    return ask_about(f, "risk-board", &barred, 0);
}

static void test_consent(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(consents); i++) {
        struct fixture f;
        fixture_open(&f);
        fixture_write_model(&f, fixture_model);
        for (size_t k = 0; k < 4 && consents[i].acts[k].key != KEY_ROOT; k++)
            sign(&f, &consents[i].acts[k]);
        f.ctx.now = NOW + (int64_t)consents[i].at * DAY;
        struct redan_consent c = consent_of(&f);
        if (c.count != consents[i].count ||
            !redan_slice_starts(c.why, redan_slice_of(consents[i].why)))
            print_error("%s: %zu, %.*s\n", consents[i].what, c.count, REDAN_FMT(c.why));
        assert_int_equal(c.count, consents[i].count);
        assert_true(redan_slice_starts(c.why, redan_slice_of(consents[i].why)));
        if (consents[i].until) /* else as long as the keys */
            assert_int_equal(c.until, NOW + (int64_t)consents[i].until * DAY);
        else
            assert_int_equal(c.until != 0, c.count > 0);
        fixture_close(&f);
    }
}

/* A stamp says when a key signed: then it counts beyond the key's end, and none before its own beginning. */
static void test_stamped(void **state)
{
    static const struct {
        enum fixture_key key;
        int signed_at; /* days from NOW, by its own word */
        int stamped;   /* days from NOW; 0 for none */
        int at;        /* days from NOW */
        int not_before;
        size_t count;
        const char *why;
    } cases[] = {
        {KEY_OLD, -200, -200, 0, 0, 1, ""},
        {KEY_OLD, -200, 0, 0, 0, 0, "the key old is expired, and no stamp says when it signed"},
        {KEY_OLD, -200, -1, 0, 0, 0, "the key old was expired when it signed"},
        {KEY_LOST, -100, -100, 0, 0, 1, ""},
        {KEY_LOST, -100, -100, 300, 0, 1, ""}, /* revoked by then, and stamped before */
        {KEY_BOARD_1, -10, 0, 0, -5, 0, "the key board-1 signed with a time before the approval"},
        {KEY_BOARD_1, -10, -10, 0, -5, 0, "the key board-1 signed with a time before the approval"},
        {KEY_BOARD_1, -10, -4, 0, -5, 1, ""},
        {KEY_BOARD_1, -4, -4, 0, -5, 1, ""},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        const struct act act = {cases[i].key, cases[i].signed_at, 0, RIGHT};
        struct fixture f;
        struct redan_approvals approvals;
        struct redan_consent c;
        fixture_open(&f);
        fixture_write_model(&f, fixture_model);
        sign(&f, &act);
        f.ctx.now = NOW + (int64_t)cases[i].at * DAY;
        read_approvals(&f, &approvals);
        assert_int_equal(approvals.count, 1);
        if (cases[i].stamped)
            approvals.items[0].signers[0].stamped = NOW + (int64_t)cases[i].stamped * DAY;
        const struct redan_consent_ask ask = {
            .ring = &f.ring,
            .approvals = &approvals,
            .system = f.model.id,
            .kind = REDAN_APPROVAL_ACCEPTANCE,
            .subject = &redan_threat_model_threat(&f.model, REDAN_S("drift"))->acceptance,
            .role = REDAN_S("risk-board"),
            .not_before = cases[i].not_before ? NOW + (int64_t)cases[i].not_before * DAY : 0};
        assert_ok(redan_consent_count(&f.ctx, &ask, &c));
        if (c.count != cases[i].count || !redan_slice_starts(c.why, redan_slice_of(cases[i].why)))
            print_error("case %zu: %zu, %.*s\n", i, c.count, REDAN_FMT(c.why));
        assert_int_equal(c.count, cases[i].count);
        assert_true(redan_slice_starts(c.why, redan_slice_of(cases[i].why)));
        if (cases[i].stamped && c.count)
            assert_int_equal(c.until, 0); /* the key's end is not its own */
        fixture_close(&f);
    }
}

/* Owners are written by the author, by id or by name, in whatever case. */
static void test_barred(void **state)
{
    static const struct {
        const char *written;
        size_t count;
    } cases[] = {
        {"d.moreau", 0},        {"D.Moreau", 0}, {" d.moreau ", 0}, {"Person d.moreau", 0},
        {"PERSON D.MOREAU", 0}, {"d.morea", 1},  {"moreau", 1},     {"", 1},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        struct fixture f;
        struct redan_slice name = redan_slice_of(cases[i].written);
        const struct redan_texts barred = {&name, 1};
        fixture_open(&f);
        fixture_write_model(&f, fixture_model);
        fixture_approve(&f, KEY_MOREAU, REDAN_APPROVAL_ACCEPTANCE, "risk-board", "drift", 0);
        struct redan_consent c = ask_about(&f, "risk-board", &barred, 0);
        if (c.count != cases[i].count)
            print_error("\"%s\": %zu\n", cases[i].written, c.count);
        assert_int_equal(c.count, cases[i].count);
        fixture_close(&f);
    }
}

static void test_services_never_count(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f);
    fixture_write_model(&f, fixture_model);
    fixture_approve(&f, KEY_CI, REDAN_APPROVAL_ACCEPTANCE, "builders", "drift", 0);
    struct redan_consent c = ask_about(&f, "builders", NULL, 0);
    assert_int_equal(c.count, 0);
    assert_slice(c.why, "ci is a service, not a person");
    fixture_close(&f);
}

/* The end of the board's keys: 2036-01-01. */
enum { KEYS_END = 2082758400 };

/* Since when and until when: of each person the latest end, of all the earliest; a cap counts from the signature. Without a stamp nothing
 * outlasts its key. */
static void test_span(void **state)
{
    static const struct {
        struct act acts[4];
        int cap; /* days */
        int at;  /* days from NOW */
        size_t count;
        int since; /* days from NOW */
        int until; /* 0: that of the keys */
    } cases[] = {
        {{{KEY_BOARD_1, -9, 0, RIGHT}, {KEY_BOARD_2, -3, 0, RIGHT}}, 0, 0, 2, -9, 0},
        {{{KEY_BOARD_1, -9, 0, RIGHT}, {KEY_BOARD_2, -3, 0, RIGHT}}, 30, 0, 2, -9, 21},
        {{{KEY_BOARD_1, -9, 5, RIGHT}, {KEY_BOARD_2, -3, 0, RIGHT}}, 30, 0, 2, -9, 5},
        {{{KEY_BOARD_1, -9, 90, RIGHT}, {KEY_BOARD_2, -3, 90, RIGHT}}, 30, 0, 2, -9, 21},
        {{{KEY_BOARD_1, -9, 90, RIGHT}, {KEY_BOARD_2, -3, 90, RIGHT}}, 30, 22, 1, -3, 27},
        {{{KEY_BOARD_1, -9, 5, RIGHT}, {KEY_BOARD_1, -1, 50, RIGHT}}, 0, 0, 1, -9, 50},
        {{{KEY_BOARD_1, -9, 5, RIGHT}, {KEY_BOARD_1, -1, 0, RIGHT}}, 0, 0, 1, -9, 0},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        struct fixture f;
        fixture_open(&f);
        fixture_write_model(&f, fixture_model);
        for (size_t k = 0; k < 4 && cases[i].acts[k].key != KEY_ROOT; k++)
            sign(&f, &cases[i].acts[k]);
        f.ctx.now = NOW + (int64_t)cases[i].at * DAY;
        struct redan_consent c = ask_about(&f, "risk-board", NULL, (int64_t)cases[i].cap * DAY);
        assert_int_equal(c.count, cases[i].count);
        assert_int_equal(c.since, NOW + (int64_t)cases[i].since * DAY);
        assert_int_equal(c.until,
                         cases[i].until ? NOW + (int64_t)cases[i].until * DAY : (int64_t)KEYS_END);
        fixture_close(&f);
    }
}

/* What an approval may say, by editing one that is right before it is signed. */
static void test_form(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        const char *fault; /* how it begins; NULL for none */
    } cases[] = {
        {NULL, NULL, NULL},
        {"\"number\":1,", "", "an approval of a release needs \"number\""},
        {"\"number\":1,", "\"number\":0,", "number counts from 1"},
        {"\"number\":1,", "\"number\":9007199254740993,", "number counts from 1"},
        {"\"number\":1,", "\"number\":\"1\",", "\"number\" must be a whole number"},
        {"\"keys\":{\"version\":1},", "", "an approval of a release needs \"keys\""},
        {"\"keys\":{\"version\":1},", "\"keys\":null,", "keys, org and catalog must say"},
        {"\"keys\":{\"version\":1},", "\"keys\":{},", "missing field \"version\""},
        {"\"previous\":\"sha256:", "\"previous\":\"", "its digests must be sha256:HEX"},
        {"\"chain\":", "\"chains\":", "unknown field \"chains\""},
        {"\"chain\":\"sha256:", "\"chain\":\"", "its digests must be sha256:HEX"},
        {"\"diff\":\"sha256:", "\"diff\":\"SHA256:", "its digests must be sha256:HEX"},
        {"\"heads\":", "\"hedas\":", "unknown field \"hedas\""},
        {"\"seq\":1", "\"seq\":0", "the seq of a head counts from 1"},
        {"\"kind\":\"release\"", "\"kind\":\"profile\"",
         "an approval of kind profile has no \"number\""},
        {"\"kind\":\"release\"", "\"kind\":\"relaese\"", "unknown kind \"relaese\""},
        {"\"heads\":[",
         "\"heads\":[{\"digest\":\"sha256:"
         "1111111111111111111111111111111111111111111111111111111111111111\","
         "\"producer\":\"zz\",\"seq\":1,\"system\":\"base\"},",
         "heads are sorted by system and producer"},
        {"\"subject\":[",
         "\"subject\":[{\"digest\":{\"sha256\":"
         "\"1111111111111111111111111111111111111111111111111111111111111111\"}},",
         "an approval is of one thing"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        struct fixture f;
        struct redan_approvals approvals;
        struct redan_approval_step step;
        struct redan_dsse envelope = {0};
        struct redan_slice folder = {0};
        struct redan_slice path = {0};
        fixture_open(&f);
        fixture_write_model(&f, fixture_model);
        fixture_record_add(&f, fixture_records[0].query, fixture_records[0].observed);
        fixture_next(&f, &step);
        struct redan_approval_draft draft = {.kind = REDAN_APPROVAL_RELEASE,
                                             .system = f.model.id,
                                             .role = REDAN_S("ml-lead"),
                                             .subject = &f.model.root,
                                             .release = &f.model.release,
                                             .step = &step};
        assert_ok(redan_approval_write(&f.ctx, &draft, &envelope));
        struct redan_slice whole = {0};
        assert_ok(redan_copy(&f.ctx, envelope.payload, &whole));
        envelope.payload = redan_slice_of(fixture_edit(&f, whole.at, cases[i].from, cases[i].to));
        assert_ok(redan_dsse_sign(&f.ctx, &envelope, f.keys[KEY_OKAFOR]));
        assert_ok(redan_copy(&f.ctx, scratch_slice(&f.dir, "approvals"), &folder));
        assert_ok(redan_approvals_add(&f.ctx, folder, &envelope, &path));
        assert_ok(redan_approvals_read(&f.ctx, &f.ring, folder, &approvals));
        assert_int_equal(approvals.count, 1);
        struct redan_slice fault = approvals.items[0].fault;
        if (!cases[i].fault) {
            assert_int_equal(fault.len, 0);
            assert_int_equal(approvals.items[0].step.head_count, 1);
            assert_slice(approvals.items[0].step.heads[0].producer, "ci");
            assert_true(redan_digest_eq(&approvals.items[0].step.org, &f.org.file));
        } else {
            if (!redan_slice_starts(fault, redan_slice_of(cases[i].fault)))
                print_error("case %zu: %.*s\n", i, REDAN_FMT(fault));
            assert_true(redan_slice_starts(fault, redan_slice_of(cases[i].fault)));
        }
        fixture_close(&f);
    }
}

/* One envelope may carry the signatures of several. */
static void test_one_envelope(void **state)
{
    struct fixture f;
    struct redan_dsse envelope = {0};
    struct redan_slice path = {0};

    (void)state;
    fixture_open(&f);
    fixture_write_model(&f, fixture_model);
    const struct redan_threat *t = redan_threat_model_threat(&f.model, REDAN_S("drift"));
    struct redan_approval_draft draft = {.kind = REDAN_APPROVAL_ACCEPTANCE,
                                         .system = f.model.id,
                                         .role = REDAN_S("risk-board"),
                                         .about = t->id,
                                         .reason = REDAN_S("weighed on 2026-11-20"),
                                         .subject = &t->acceptance,
                                         .release = &f.model.release};
    assert_ok(redan_approval_write(&f.ctx, &draft, &envelope));
    assert_ok(redan_dsse_sign(&f.ctx, &envelope, f.keys[KEY_BOARD_1]));
    assert_ok(redan_dsse_sign(&f.ctx, &envelope, f.keys[KEY_BOARD_2]));
    assert_ok(redan_approvals_add(&f.ctx, scratch_slice(&f.dir, "approvals"), &envelope, &path));
    assert_int_equal(consent_of(&f).count, 2);
    fixture_close(&f);
}

/* One by somebody whom nobody knows, as large as it may be, and one under false signatures. */
static void test_junk(void **state)
{
    static const struct {
        size_t values;
        size_t junk;
        const char *fault; /* NULL for none */
        size_t signers;
    } rows[] = {
        {0, 0, NULL, 1},
        {0, 4, NULL, 1},
        {0, REDAN_DSSE_SIGNATURES - 1, "it carries more false signatures", 0},
        {60000, 0, "the JSON has more values", 0},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct fixture f;
        struct redan_approvals approvals;
        struct redan_approval_step step;
        struct redan_dsse envelope = {0};
        struct redan_dsse_signature all[REDAN_DSSE_SIGNATURES];
        struct redan_buf text;
        fixture_open(&f);
        fixture_write_model(&f, fixture_model);
        fixture_next(&f, &step);
        struct redan_approval_draft draft = {.kind = REDAN_APPROVAL_RELEASE,
                                             .system = f.model.id,
                                             .role = REDAN_S("ml-lead"),
                                             .subject = &f.model.root,
                                             .release = &f.model.release,
                                             .step = &step};
        assert_ok(redan_approval_write(&f.ctx, &draft, &envelope));
        scratch_folder(&f.dir, "approvals");
        redan_buf_init(&text, &f.ctx, SIZE_MAX);
        redan_buf_text(&text, "\"subject\":[");
        for (size_t k = 0; k < rows[i].values; k++)
            redan_buf_text(&text, "{},");
        const char *payload = envelope.payload.at;
        envelope.payload = redan_slice_of(fixture_edit(&f, payload, "\"subject\":[", text.data));
        redan_buf_clear(&text);
        assert_ok(redan_dsse_sign(&f.ctx, &envelope, f.keys[KEY_OKAFOR]));
        for (size_t k = 0; k < rows[i].junk; k++)
            all[k] = (struct redan_dsse_signature){.keyid = envelope.signatures[0].keyid,
                                                   .bytes = REDAN_S("false")};
        all[rows[i].junk] = envelope.signatures[0];
        envelope.signatures = all;
        envelope.count = rows[i].junk + 1;
        size_t before = rows[i].junk; /* spends what the folder shares */
        redan_dsse_add(&text, &envelope);
        for (size_t k = 0; before > 4 && k < REDAN_KEYRING_TRIES / before + 1; k++) {
            char name[64];
            (void)snprintf(name, sizeof(name), "approvals/a%03zu.json", k);
            scratch_file(&f.dir, name, text.data, text.len);
        }
        scratch_file(&f.dir, "approvals/z.json", text.data, text.len);
        redan_buf_done(&text);
        assert_ok(
            redan_approvals_read(&f.ctx, &f.ring, scratch_slice(&f.dir, "approvals"), &approvals));
        const struct redan_approval *last = &approvals.items[approvals.count - 1];
        if (rows[i].fault ? !redan_slice_starts(last->fault, redan_slice_of(rows[i].fault))
                          : last->fault.len > 0)
            fail_msg("row %zu: %.*s", i, REDAN_FMT(last->fault));
        assert_int_equal(last->signer_count, rows[i].signers);
        fixture_close(&f);
    }
}

/* The organisation may ask for more than the keyring does; never for less. */
static void test_quorum(void **state)
{
    static const struct {
        const char *board; /* in org.yaml */
        const char *rules;
        const char *detail;
    } cases[] = {
        {"risk-board: 3", "TM009 TM012", "interim risk: 2 of 3 signatures of risk-board"},
        {"risk-board: 1", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        struct fixture f;
        struct fixture_outcome o;
        fixture_open(&f);
        fixture_write_org(&f, fixture_edit(&f, fixture_org, "risk-board: 2", cases[i].board));
        fixture_write_model(&f, fixture_model);
        fixture_fill(&f, NULL, NULL);
        fixture_check(&f, PIN_OURS, NOW, NULL, &o);
        assert_string_equal(o.rules, cases[i].rules);
        assert_string_equal(o.detail, cases[i].detail);
        fixture_close(&f);
    }
}

/* What an edit does to what people have signed. */
static const struct {
    const char *what;
    const char *from;
    const char *to;
    bool root;       /* the leads' signatures stay good */
    bool drift;      /* the board's, over the interim of the plan */
    bool membership; /* the board's, over the accepted risk */
} edits[] = {
    {"a comment", "threats:\n", "threats: # and more\n", true, true, true},
    {"an annotation", "stages:\n", "annotations: {wiki: here}\nstages:\n", true, true, true},
    {"quotes", "severity: medium", "severity: \"medium\"", true, true, true},
    {"another threat", "cycle: 2026Q4", "cycle: 2027Q1", false, true, true},
    {"another threat's control", "expect: {raw_score: 0}", "expect: {raw_score: 1}", false, true,
     true},
    {"the release", "sha256:1111", "sha256:1112", false, true, true},
    {"the condition, loosened", "0.55", "0.65", false, true, false},
    {"the condition, older proof", "role: builders, fresh: release", "role: builders, fresh: 900d",
     false, true, false},
    {"the condition, another signer", "role: builders", "signer: ci", false, true, false},
    {"the condition, dropped", "\n      conditions: [audit]", "", false, true, false},
    {"the end", "2027-05-31", "2027-08-31", false, true, false},
    {"the reason", "learn nothing new", "learn little", false, true, false},
    {"the interim's proof", "fresh: 24h", "fresh: 48h", false, false, true},
    {"the interim's risk", "[alive], residual: medium", "[alive], residual: high", false, false,
     true},
    {"the deadline", "2027-02-26", "2027-03-26", false, false, true},
    {"the profile", "trains: false", "trains: false, query_access: true", false, false, false},
};

static void test_what_a_signature_covers(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f);
    for (size_t i = 0; i < REDAN_COUNT(edits); i++) {
        struct redan_threat_model old;
        fixture_write_model(&f, fixture_model);
        old = f.model;
        fixture_write_model(&f, fixture_edit(&f, fixture_model, edits[i].from, edits[i].to));
        const struct redan_threat *a = old.threats.items;
        const struct redan_threat *b = f.model.threats.items;
        bool drift = redan_digest_eq(&a[1].acceptance, &b[1].acceptance);
        bool membership = redan_digest_eq(&a[2].acceptance, &b[2].acceptance);
        bool root = redan_digest_eq(&old.root, &f.model.root);
        if (root != edits[i].root || drift != edits[i].drift || membership != edits[i].membership)
            print_error("%s: root %d, drift %d, membership %d\n", edits[i].what, root, drift,
                        membership);
        assert_int_equal(root, edits[i].root);
        assert_int_equal(drift, edits[i].drift);
        assert_int_equal(membership, edits[i].membership);
    }
    fixture_close(&f);
}

/* What an acceptance relies on, however indirectly, and whoever owns it, voids it when it is loosened. */
static void test_indirect(void **state)
{
    static const char *const relied[] = {"[mapping]", "[online, mapping]", "[platform]"};
    struct fixture f;

    (void)state;
    fixture_open(&f);
    for (size_t i = 0; i < REDAN_COUNT(relied); i++) {
        char line[128];
        (void)snprintf(line, sizeof(line), "conditions: [audit]\n      relies-on: %s", relied[i]);
        const char *base = fixture_edit(&f, fixture_model, "conditions: [audit]", line);
        fixture_write_org(&f, fixture_org);
        fixture_write_model(&f, base);
        const struct redan_threat *t = f.model.threats.items;
        struct redan_digest before = t[2].acceptance;
        if (i < 2)
            base = fixture_edit(&f, base, "raw_score: 0", "raw_score: 1");
        else
            fixture_write_org(&f, fixture_edit(&f, fixture_org, "fresh: 7d", "fresh: 70d"));
        fixture_write_model(&f, base);
        t = f.model.threats.items;
        assert_false(redan_digest_eq(&before, &t[2].acceptance));
    }
    fixture_close(&f);
}

/* End to end: the leads sign the loosened model, the evidence is recorded anew; the board has not been asked. */
static void test_loosened(void **state)
{
    struct fixture f;
    struct fixture_outcome o;

    (void)state;
    fixture_open(&f);
    fixture_write_model(&f, fixture_model);
    fixture_fill(&f, NULL, NULL);
    fixture_check(&f, PIN_OURS, NOW, NULL, &o);
    assert_int_equal(o.word, REDAN_WORD_PASS);
    fixture_write_model(&f, fixture_edit(&f, fixture_model, "0.55", "0.65"));
    f.ctx.now += 60;
    fixture_record_add(&f, fixture_records[2].query, fixture_records[2].observed);
    fixture_check(&f, PIN_OURS, f.ctx.now, NULL, &o);
    assert_string_equal(o.rules, "TM003 TM012");
    fixture_approve(&f, KEY_OKAFOR, REDAN_APPROVAL_RELEASE, "ml-lead", NULL, 0);
    fixture_approve(&f, KEY_LINDQVIST, REDAN_APPROVAL_RELEASE, "security-lead", NULL, 0);
    fixture_check(&f, PIN_OURS, f.ctx.now, NULL, &o);
    assert_string_equal(o.rules, "TM012");
    fixture_close(&f);
}

/* A signed not-applicable stands in for a proof: by the security lead alone, about this query, for ninety days at most. */
static void test_not_applicable(void **state)
{
    static const struct {
        enum fixture_key key;
        const char *role;
        int64_t until;    /* seconds from NOW; 0 for none */
        int64_t now;      /* the same */
        const char *from; /* a later edit */
        const char *to;
        const char *rules;
    } cases[] = {
        {KEY_LINDQVIST, "security-lead", 60 * DAY, 0, NULL, NULL, ""},
        {KEY_LINDQVIST, "security-lead", 91 * DAY, 0, NULL, NULL, "TM004"},
        {KEY_LINDQVIST, "security-lead", 0, 0, NULL, NULL, "TM004"},
        {KEY_LINDQVIST, "security-lead", 3600, 3599, NULL, NULL, ""},
        {KEY_LINDQVIST, "security-lead", 3600, 3600, NULL, NULL, "TM004"},
        {KEY_OKAFOR, "ml-lead", 60 * DAY, 0, NULL, NULL, "TM004"},
        {KEY_OKAFOR, "security-lead", 60 * DAY, 0, NULL, NULL, "TM004"},
        {KEY_LINDQVIST, "security-lead", 60 * DAY, 0, "raw_score: 0", "raw_score: 1", "TM004"},
        {KEY_LINDQVIST, "security-lead", 60 * DAY, 0, "{raw_score: 0}, signer: ci",
         "{raw_score: 0}, signer: h.lindqvist", "TM028"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        struct fixture f;
        struct fixture_outcome o;
        fixture_open(&f);
        fixture_write_model(&f, fixture_model);
        fixture_approve(&f, cases[i].key, REDAN_APPROVAL_NOT_APPLICABLE, cases[i].role,
                        "labels-only/shape", cases[i].until ? NOW + cases[i].until : 0);
        fixture_write_model(&f, fixture_edit(&f, fixture_model, cases[i].from, cases[i].to));
        fixture_fill(&f, "labels-only/shape", NULL);
        fixture_check(&f, PIN_OURS, NOW + cases[i].now, NULL, &o);
        /* a waiver is worth E1, and the threat asks for E2 */
        if (cases[i].rules[0] == '\0' ? strcmp(o.rules, "TM005") != 0
                                      : strcmp(o.rules, cases[i].rules) != 0)
            print_error("case %zu: %s\n", i, o.rules);
        assert_string_equal(o.rules, cases[i].rules[0] ? cases[i].rules : "TM005");
        fixture_close(&f);
    }
}

/* Where any allocation fails, there is no pass. */
static void test_no_memory(void **state)
{
    struct fixture f;
    uint64_t calls = 0;

    (void)state;
    fixture_open(&f);
    fixture_write_model(&f, fixture_model);
    fixture_fill(&f, NULL, NULL);
    for (uint64_t n = 1;; n += 1 + n / 200) {
        struct redan_ctx ctx;
        struct redan_pin pin = {.set = true, .root = f.ring.root, .source = REDAN_S("--root")};
        struct redan_system system = {0};
        struct redan_verdict verdict = {.word = REDAN_WORD_INDETERMINATE};
        redan_ctx_init(&ctx, NULL);
        ctx.now = NOW;
        ctx.mem.fail_at = n;
        enum redan_status status =
            redan_system_load(&ctx, &f.catalog, redan_slice_of(f.dir.root), &pin, &system);
        if (status == REDAN_OK)
            status = redan_system_verdict(&ctx, &system, NULL, 0, false, &verdict);
        calls = ctx.mem.calls;
        bool reached = calls >= n;
        if (status == REDAN_OK && reached && verdict.word == REDAN_WORD_PASS)
            print_error("allocation %llu failed, and the verdict is pass\n", (unsigned long long)n);
        if (reached)
            assert_false(status == REDAN_OK && verdict.word == REDAN_WORD_PASS);
        redan_system_done(&system);
        redan_ctx_done(&ctx);
        if (!reached && status == REDAN_OK) {
            assert_int_equal(verdict.word, REDAN_WORD_PASS);
            break;
        }
    }
    assert_true(calls > 10);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_consent),
        cmocka_unit_test(test_one_envelope),
        cmocka_unit_test(test_junk),
        cmocka_unit_test(test_barred),
        cmocka_unit_test(test_services_never_count),
        cmocka_unit_test(test_stamped),
        cmocka_unit_test(test_span),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_quorum),
        cmocka_unit_test(test_what_a_signature_covers),
        cmocka_unit_test(test_indirect),
        cmocka_unit_test(test_loosened),
        cmocka_unit_test(test_not_applicable),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
