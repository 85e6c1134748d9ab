/* Admission by a signed summary: one sound case, and everything that may be wrong with it, each alone. */
#include "threat_fixture.h"

#include "codec/json.h"
#include "threat/admission.h"
#include "threat/vsa.h"

static const char model_digest[] =
    "sha256:1111111111111111111111111111111111111111111111111111111111111111";
static const char other_digest[] =
    "sha256:3333333333333333333333333333333333333333333333333333333333333333";
static const char root_digest[] =
    "sha256:4444444444444444444444444444444444444444444444444444444444444444";

/* What is different from the sound case; zero and NULL change nothing. */
struct row {
    const char *says; /* in the headline; NULL for a pass */
    enum redan_word word;
    enum fixture_key
        key; /* who signs; KEY_ROOT stands for KEY_CI, KEY_COUNT for nobody of the ring */
    const char *payload_type;
    const char *predicate_type;
    const char *verifier;
    const char *result;
    const char *resource;
    const char *time;
    const char *until;   /* "-" for none */
    const char *redan;   /* the whole object, as JSON; "-" for none */
    const char *subject; /* name of the subject with the release's digest */
    const char *model;   /* name of the threat model's subject */
    const char *wanted;  /* --release */
    const char *system;  /* --system */
    int64_t max_age;
    int pin; /* enum fixture_pin */
    uint64_t pin_keys;
    uint64_t pin_org;
    uint64_t pin_number;
    const char *pin_root; /* of the last step */
    const char *text;     /* instead of an envelope */
    int spoil;            /* 1: one byte of the payload after signing */
    const char *file;     /* a file of the folder that is overwritten ... */
    const char *with;     /* ... with this */
};

static const struct row rows[] = {
    {NULL, REDAN_WORD_PASS, .key = KEY_CI},
    {NULL, REDAN_WORD_PASS, .system = "base"},
    {NULL, REDAN_WORD_PASS, .until = "-"},
    {NULL, REDAN_WORD_PASS, .time = "2026-11-24T06:00:00Z"}, /* this very second */
    {NULL, REDAN_WORD_PASS, .time = "2026-11-17T06:00:00Z"}, /* seven days, to the second */
    {NULL, REDAN_WORD_PASS, .pin_keys = 1, .pin_org = 1, .pin_number = 3},
    {NULL, REDAN_WORD_PASS, .pin_number = 2, .pin_root = other_digest}, /* moved on since */

    /* trust */
    {"no root of trust is pinned", REDAN_WORD_INDETERMINATE, .pin = PIN_NONE},
    {"keys.yaml stands on the root", .pin = PIN_OTHER},
    {"keys.yaml has version 1, and the pin asks for 2", .pin_keys = 2},
    {"keys.yaml is not signed", .file = "keys.dsse.json", .with = NULL},
    {"does not hold the signatures", .file = "keys.dsse.json", .with = "{}"},
    {"keys.yaml:", .file = "keys.yaml", .with = "schema: redan/keys/1\nodd: field\n"},
    {"there is no keys.yaml", .file = "keys.yaml", .with = NULL},

    /* the envelope */
    {"this is no signed summary", .text = ""},
    {"this is no signed summary", .text = "{}"},
    {"this is no signed summary", .text = "not JSON"},
    {"this is no signed summary", .payload_type = "application/json"},
    {"no key of keys.yaml signed it", .key = KEY_COUNT},
    {"no key of keys.yaml signed it", .spoil = 1},
    {"r.okafor does not hold the role gate", .key = KEY_OKAFOR},
    {"b.haas does not hold the role gate", .key = KEY_BOARD_1},
    {"the key early is not yet valid", .key = KEY_EARLY},
    {"the key old is expired", .key = KEY_OLD},
    {"the key lost is revoked", .key = KEY_LOST},

    /* what it says */
    {"of another kind", .predicate_type = "https://slsa.dev/verification_summary/v0.2"},
    {"of another kind", .predicate_type = "https://redan.dev/approval/v1"},
    {"by another verifier", .verifier = "https://redan.dev/check/"},
    {"by another verifier", .verifier = ""},
    {"was not a pass", .result = "FAILED"},
    {"was not a pass", .result = "passed"},
    {"was not a pass", .result = ""},
    {"names no system", .resource = ""},
    {"does not name the threat model", .resource = "other"},
    {"does not name the threat model", .model = "threat-model:other"},
    {"about the system base, not fraud", .system = "fraud"},
    {"does not say when", .time = ""},
    {"does not say when", .time = "yesterday"},
    {"in the future", .time = "2026-11-24T06:00:01Z"},
    {"7 days old", .time = "2026-11-17T05:59:59Z"},
    {"1 day old", .time = "2026-11-23T05:00:00Z", .max_age = DAY},
    {"ended at 2026-11-24T06:00:00Z", .until = "2026-11-24T06:00:00Z"},
    {"an end that is no time", .until = "never"},
    {"does not say which keys.yaml", .redan = "-"},
    {"does not say which keys.yaml", .redan = "{\"org\": 1, \"number\": 3}"},
    {"does not say which keys.yaml", .redan = "{\"keys\": 1, \"number\": 3}"},
    {"does not say which keys.yaml", .redan = "{\"keys\": \"1\", \"org\": 1}"},
    {"does not say which keys.yaml", .redan = "{\"keys\": 0.5, \"org\": 1}"},
    {"does not say which keys.yaml", .redan = "{\"keys\": -1, \"org\": 1}"},
    {"a number that is none", .redan = "{\"keys\": 1, \"org\": 1, \"number\": \"3\"}"},
    {"an end that is no time", .redan = "{\"keys\": 1, \"org\": 1, \"until\": 5}"},
    {"stood on version 2 of keys.yaml, and here is version 1",
     .redan = "{\"keys\": 2, \"org\": 1, \"number\": 3}"},
    {"stood on version 0 of keys.yaml, and the pin asks for 1", .pin_keys = 1,
     .redan = "{\"keys\": 0, \"org\": 1, \"number\": 3}"},
    {"stood on version 1 of org.yaml, and the pin asks for 2", .pin_org = 2},
    {"stood on the approved threat model 3, and the pin asks for 4", .pin_number = 4},
    {"stood on the approved threat model 0, and the pin asks for 1", .pin_number = 1,
     .redan = "{\"keys\": 1, \"org\": 1}"},
    {"stood on another threat model 3", .pin_number = 3, .pin_root = other_digest},
    {"is not among the releases of base", .wanted = other_digest},
    {"is not among the releases of base", .wanted = root_digest}, /* the threat model's is none */
    {"is not among the releases of base", .subject = "artefact:model"},
    {"is not among the releases of base", .subject = "release"},
    {"is not among the releases of base", .subject = "pre-release:model"},
};

static struct redan_slice or_else(const char *text, const char *other)
{
    return redan_slice_of(text ? text : other);
}

static const struct redan_node *predicate(struct redan_ctx *ctx, const struct row *r)
{
    struct redan_node *p = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_node *verifier = redan_node_add_kind(ctx, p, "verifier", REDAN_NODE_MAP);
    struct redan_slice own = {0};
    const struct redan_node *tree = NULL;
    const char *until = r->until ? r->until : "2026-12-01T00:00:00Z";

    assert_non_null(
        redan_node_add_text(ctx, verifier, "id", or_else(r->verifier, "https://redan.dev/check")));
    assert_non_null(
        redan_node_add_text(ctx, p, "timeVerified", or_else(r->time, "2026-11-23T00:00:00Z")));
    assert_non_null(redan_node_add_text(ctx, p, "resourceUri", or_else(r->resource, "base")));
    assert_non_null(
        redan_node_add_text(ctx, p, "verificationResult", or_else(r->result, "PASSED")));
    if (r->redan && strcmp(r->redan, "-") == 0)
        return p;
    assert_ok(redan_format(ctx, &own, "{\"keys\": 1, \"org\": 1, \"number\": 3%s%s%s}",
                           strcmp(until, "-") == 0 ? "" : ", \"until\": \"",
                           strcmp(until, "-") == 0 ? "" : until,
                           strcmp(until, "-") == 0 ? "" : "\""));
    if (r->redan)
        own = redan_slice_of(r->redan);
    assert_ok(redan_json_parse(ctx, own, &tree));
    struct redan_node *copy = redan_node_add_kind(ctx, p, "redan", REDAN_NODE_MAP);
    copy->first = tree->first;
    copy->last = tree->last;
    copy->count = tree->count;
    return p;
}

static struct redan_slice summary(struct fixture *f, const struct row *r)
{
    struct redan_ctx *ctx = &f->ctx;
    struct redan_statement_subject subjects[] = {{or_else(r->model, "threat-model:base"), {{0}}},
                                                 {or_else(r->subject, "release:model"), {{0}}}};
    struct redan_statement statement = {
        subjects, 2, or_else(r->predicate_type, "https://slsa.dev/verification_summary/v1"),
        predicate(ctx, r)};
    struct redan_dsse envelope = {.payload_type = or_else(r->payload_type, REDAN_DSSE_INTOTO)};
    struct redan_key *stranger = NULL;
    struct redan_slice text = {0};
    struct redan_buf out;

    if (r->text)
        return redan_slice_of(r->text);
    assert_true(redan_digest_parse(redan_slice_of(root_digest), &subjects[0].digest));
    assert_true(redan_digest_parse(redan_slice_of(model_digest), &subjects[1].digest));
    assert_ok(redan_statement_write(ctx, &statement, &envelope.payload));
    assert_ok(redan_key_new(ctx, REDAN_KEY_ED25519, &stranger));
    assert_ok(redan_dsse_sign(ctx, &envelope,
                              r->key == KEY_COUNT  ? stranger
                              : r->key == KEY_ROOT ? f->keys[KEY_CI]
                                                   : f->keys[r->key]));
    redan_key_free(stranger);
    if (r->spoil) {
        assert_ok(redan_copy(ctx, envelope.payload, &text));
        char *at = strstr((char *)(uintptr_t)text.at, "PASSED");
        assert_non_null(at);
        at[0] = 'p';
        envelope.payload = text;
    }
    redan_buf_init(&out, ctx, 100000);
    redan_dsse_add(&out, &envelope);
    assert_ok(redan_buf_ok(ctx, &out, "a summary"));
    assert_ok(redan_copy(ctx, redan_buf_view(&out), &text));
    redan_buf_done(&out);
    return text;
}

static void judge(struct fixture *f, const struct row *r, struct redan_slice text,
                  struct redan_ctx *ctx, struct redan_admission *out)
{
    struct redan_pin_last last = {REDAN_S("base"), r->pin_number, {{0}}};
    struct redan_pin pin = {.set = r->pin != PIN_NONE,
                            .root = f->ring.root,
                            .source = REDAN_S("--root"),
                            .keys_version = r->pin_keys,
                            .org_version = r->pin_org,
                            .last = &last,
                            .last_count = r->pin_number > 0};
    struct redan_admission_ask ask = {.system = redan_slice_of(r->system),
                                      .release_count = 1,
                                      .max_age = r->max_age ? r->max_age : (int64_t)7 * DAY};
    struct redan_digest wanted;
    struct redan_system keys = {0};

    ctx->now = NOW;
    if (r->pin == PIN_OTHER)
        pin.root.bytes[0] ^= 1;
    assert_true(redan_digest_parse(or_else(r->pin_root, root_digest), &last.root));
    assert_true(redan_digest_parse(or_else(r->wanted, model_digest), &wanted));
    ask.releases = &wanted;
    enum redan_status status =
        redan_system_load_keys(ctx, redan_slice_of(f->dir.root), &pin, &keys);
    if (status == REDAN_OK)
        status = redan_admission_judge(ctx, &keys, &ask, text, out);
    redan_system_done(&keys);
    if (status != REDAN_OK) {
        assert_int_equal(status, REDAN_E_MEMORY);
        out->word = REDAN_WORD_INDETERMINATE;
        out->headline = REDAN_S("memory");
    }
}

static void test_rows(void **state)
{
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_admission out = {0};
        enum redan_word word =
            rows[i].says && rows[i].word == REDAN_WORD_PASS ? REDAN_WORD_FAIL : rows[i].word;
        char headline[600];

        fixture_open(&f);
        if (rows[i].file && rows[i].with)
            scratch_text(&f.dir, rows[i].file, rows[i].with);
        else if (rows[i].file)
            assert_int_equal(unlink(scratch_at(&f.dir, rows[i].file)), 0);
        redan_ctx_init(&ctx, NULL);
        judge(&f, &rows[i], summary(&f, &rows[i]), &ctx, &out);
        (void)snprintf(headline, sizeof(headline), "%.*s", REDAN_FMT(out.headline));
        if (out.word != word || (rows[i].says && !strstr(headline, rows[i].says)))
            fail_msg("row %zu: %s, %s", i, redan_word_words[out.word], headline);
        assert_int_equal(out.action.len == 0, out.word == REDAN_WORD_PASS);
        if (out.word == REDAN_WORD_PASS) {
            assert_slice(out.signer, "ci");
            assert_slice(out.system, "base");
        }
        redan_ctx_done(&ctx);
        fixture_close(&f);
    }
}

/* Several releases: one that was not gated refuses all. */
static void test_several(void **state)
{
    struct fixture f;
    struct redan_system keys = {0};
    struct redan_digest wanted[2];
    struct redan_admission out = {0};

    (void)state;
    fixture_open(&f);
    struct redan_pin pin = {.set = true, .root = f.ring.root, .source = REDAN_S("--root")};
    struct redan_admission_ask ask = {
        .releases = wanted, .release_count = 2, .max_age = (int64_t)7 * DAY};
    assert_true(redan_digest_parse(redan_slice_of(model_digest), &wanted[0]));
    assert_true(redan_digest_parse(redan_slice_of(other_digest), &wanted[1]));
    struct redan_slice text = summary(&f, &rows[0]);
    assert_ok(redan_system_load_keys(&f.ctx, redan_slice_of(f.dir.root), &pin, &keys));
    assert_ok(redan_admission_judge(&f.ctx, &keys, &ask, text, &out));
    assert_int_equal(out.word, REDAN_WORD_FAIL);
    wanted[1] = wanted[0];
    assert_ok(redan_admission_judge(&f.ctx, &keys, &ask, text, &out));
    assert_int_equal(out.word, REDAN_WORD_PASS);
    ask.release_count = 0;
    assert_ok(redan_admission_judge(&f.ctx, &keys, &ask, text, &out));
    assert_int_equal(out.word, REDAN_WORD_FAIL);
    redan_system_done(&keys);
    fixture_close(&f);
}

static void test_memory(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f);
    struct redan_slice text = summary(&f, &rows[0]);
    for (uint64_t n = 1; n < 4000; n++) {
        struct redan_ctx ctx;
        struct redan_admission out = {0};
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = ctx.mem.calls + n;
        judge(&f, &rows[0], text, &ctx, &out);
        bool done = ctx.mem.calls < ctx.mem.fail_at;
        if ((out.word == REDAN_WORD_PASS) != done)
            fail_msg("allocation %d: %s", (int)n, redan_word_words[out.word]);
        redan_ctx_done(&ctx);
        if (done) {
            fixture_close(&f);
            return;
        }
    }
    fail();
}

/* What redan check writes is what admission reads. */
static void test_written(void **state)
{
    struct fixture f;
    struct redan_system system = {0};
    struct redan_verdict verdict = {.word = REDAN_WORD_PASS, .at = NOW - DAY};
    struct redan_verdict_deadline ends[] = {{NOW - 5, REDAN_S("past")}, {NOW + 50, REDAN_S("a")}};
    struct redan_waiver waiver = {.kind = "planned", .until = NOW + 40, .in_force = true};
    struct redan_dsse envelope = {0};
    struct redan_admission out = {0};
    struct redan_ctx ctx;
    struct redan_buf text;

    (void)state;
    fixture_open(&f);
    fixture_write_model(&f, fixture_model);
    struct redan_pin pin = {.set = true, .root = f.ring.root, .source = REDAN_S("--root")};
    assert_ok(redan_system_load(&f.ctx, &f.catalog, redan_slice_of(f.dir.root), &pin, &system));
    ends[0].at = NOW - 2 * DAY;
    verdict.deadlines = ends;
    verdict.deadline_count = 2;
    verdict.waiver = &waiver;
    verdict.waiver_count = 1;
    assert_ok(redan_vsa_write(&f.ctx, &system, &verdict, &envelope));
    assert_ok(redan_dsse_sign(&f.ctx, &envelope, f.keys[KEY_CI]));
    redan_buf_init(&text, &f.ctx, 1000000);
    redan_dsse_add(&text, &envelope);
    redan_ctx_init(&ctx, NULL);
    judge(&f, &rows[0], redan_buf_view(&text), &ctx, &out);
    if (out.word != REDAN_WORD_PASS)
        fail_msg("%.*s", REDAN_FMT(out.headline));
    assert_int_equal(out.verified, NOW - DAY);
    assert_int_equal(out.until, NOW + 40);
    redan_ctx_done(&ctx);
    redan_buf_done(&text);
    redan_system_done(&system);
    fixture_close(&f);
}

/* One change of the small system, who signs for how long, and when the summary of its verdict ends. */
static const struct end {
    const char *what;
    const char *from[2];
    const char *to[2];
    const char *unsigned_; /* what the board signs apart */
    int days;              /* until when, from NOW; 0 for no end */
    const char *also;      /* and this threat too */
    int64_t until;         /* seconds from NOW */
} ends[] = {
    {"the plan's end", .until = 93 * DAY + 18 * 3600},
    {"a proof's age",
     {"release.gateway,\n         expect: {raw_score: 0}, signer: ci, fresh: 90d"},
     {"release.gateway,\n         expect: {raw_score: 0}, signer: ci, fresh: 7d"},
     .until = 7 * DAY},
    {"the interim's signatures", .unsigned_ = "drift", .days = 3, .until = 3 * DAY},
    {"the acceptance's signatures", .unsigned_ = "membership", .days = 4, .until = 4 * DAY},
    {"the residual's signatures",
     {"[labels-only], residual: low"},
     {"[labels-only], residual: high"},
     .also = "mapping",
     .days = 5,
     .until = 5 * DAY},
    {"an age in what was seen",
     {"expect: {raw_score: 0}"},
     {"expect: {raw_score: 0, last: {max-age: 30d}}"},
     .until = DAY + 18 * 3600},
    {"one lead's own end", .unsigned_ = "ml-lead", .days = 6, .until = 6 * DAY},
    {"as far as a verdict looks",
     {"due: 2027-02-26", "expires: 2027-05-31"},
     {"due: 2027-04-01", "expires: 2027-10-31"},
     .until = REDAN_VERDICT_HORIZON},
};

static int64_t end_of(const struct end *e)
{
    struct fixture f;
    struct redan_system system = {0};
    struct redan_verdict verdict;
    struct redan_dsse envelope = {0};
    struct redan_admission out = {0};
    struct redan_ctx ctx;
    struct redan_buf text;
    int64_t until = e->days ? NOW + (int64_t)e->days * DAY : 0;

    fixture_open(&f);
    fixture_write_org(&f, fixture_edit(&f, fixture_org, "version: 1",
                                       "version: 1\nrules: {review: each-release}"));
    const char *model = fixture_edit(&f, fixture_model, "fresh: 7d", "fresh: 90d");
    model = fixture_edit(&f, model, "fresh: 24h", "fresh: 900d");
    for (size_t i = 0; i < 2; i++)
        model = fixture_edit(&f, model, e->from[i], e->to[i]);
    if (!e->from[0] || !strstr(e->from[0], "fresh"))
        model = fixture_edit(&f, model, "fresh: 90d", "fresh: 900d");
    fixture_write_model(&f, model);
    fixture_fill(&f, "labels-only/shape", e->unsigned_);
    fixture_record_add(&f, "labels-only/shape", "{\"raw_score\": 0, \"last\": \"2026-10-27\"}");
    if (e->unsigned_ && strcmp(e->unsigned_, "ml-lead") == 0)
        fixture_approve(&f, KEY_OKAFOR, REDAN_APPROVAL_RELEASE, "ml-lead", NULL, until);
    else if (e->unsigned_ || e->also) {
        const char *about = e->also ? e->also : e->unsigned_;
        fixture_approve(&f, KEY_BOARD_1, REDAN_APPROVAL_ACCEPTANCE, "risk-board", about, until);
        fixture_approve(&f, KEY_BOARD_2, REDAN_APPROVAL_ACCEPTANCE, "risk-board", about, until);
    }
    fixture_load(&f, PIN_OURS, &system);
    assert_ok(redan_system_verdict(&f.ctx, &system, NULL, 0, false, &verdict));
    if (verdict.word != REDAN_WORD_PASS)
        fail_msg("%s: %.*s", e->what, REDAN_FMT(verdict.headline));
    assert_ok(redan_vsa_write(&f.ctx, &system, &verdict, &envelope));
    assert_ok(redan_dsse_sign(&f.ctx, &envelope, f.keys[KEY_CI]));
    redan_buf_init(&text, &f.ctx, 1000000);
    redan_dsse_add(&text, &envelope);
    redan_ctx_init(&ctx, NULL);
    judge(&f, &rows[0], redan_buf_view(&text), &ctx, &out);
    assert_int_equal(out.word, REDAN_WORD_PASS);
    redan_ctx_done(&ctx);
    redan_buf_done(&text);
    redan_system_done(&system);
    fixture_close(&f);
    return out.until - NOW;
}

/* A summary lasts no longer than the first thing that its verdict stands on. */
static void test_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(ends); i++) {
        int64_t until = end_of(&ends[i]);
        if (until != ends[i].until)
            print_error("%s: %lld and not %lld\n", ends[i].what, (long long)until,
                        (long long)ends[i].until);
        assert_int_equal(until, ends[i].until);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),   cmocka_unit_test(test_several),
        cmocka_unit_test(test_memory), cmocka_unit_test(test_written),
        cmocka_unit_test(test_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
