/* Evidence: every type against every class of failure. */
#include "test.h"

#include "scratch.h"

#include "base/clock.h"
#include "codec/json.h"
#include "codec/yaml.h"
#include "record/control.h"
#include "record/store.h"

enum { NOW = 1795500000, DAY = 86400 }; /* 2026-11-24 */

/* One producer, one stranger, one release, one store in memory. */
struct bench {
    struct redan_ctx ctx;
    struct redan_keyring ring;
    struct redan_key *ci;
    struct redan_key *stranger;
    struct redan_release release;
    struct redan_release_item items[2];
    struct redan_record *records;
    size_t count;
    struct redan_store store;
};

/* What a good record of a type observes, and how one fails its expectation. */
static const struct {
    const char *type;
    const char *expect;   /* YAML; "" for none */
    const char *good;     /* JSON */
    const char *bad;      /* JSON: fails */
    const char *unusable; /* JSON: lacks what the type stands on; NULL where any map will do */
} types[] = {
    {"age", "{last: {max-age: 90d}}", "{\"last\": \"2026-11-01\"}", "{\"last\": \"2026-01-01\"}",
     "{\"last\": \"soon\"}"},
    {"attestation", "{builder: {in: [ci-1]}}", "{\"verified\": true, \"builder\": \"ci-1\"}",
     "{\"verified\": false, \"builder\": \"ci-1\"}", "{\"builder\": \"ci-1\"}"},
    {"bom", "", "{\"format\": \"cyclonedx\", \"matches\": true, \"missing\": 0}",
     "{\"format\": \"cyclonedx\", \"matches\": true, \"missing\": 1}", "{\"matches\": true}"},
    {"config", "{\"$.a[*].b\": {none-of: [all]}}", "{\"a\": [{\"b\": \"x\"}]}",
     "{\"a\": [{\"b\": \"x\"}, {\"b\": \"all\"}]}", NULL},
    {"digest", "",
     "{\"digest\": \"sha256:"
     "1111111111111111111111111111111111111111111111111111111111111111\"}",
     "{\"digest\": \"sha256:2222222222222222222222222222222222222222222222222222222222222222\"}",
     "{\"digest\": \"1111\"}"},
    {"file", "", "{\"exists\": true}", "{\"exists\": false}", "{}"},
    {"git", "{unsigned: 0, approvals: {\">=\": 2}}",
     "{\"commit\": \"7f3c9a1\", \"unsigned\": 0, \"approvals\": 2}",
     "{\"commit\": \"7f3c9a1\", \"unsigned\": 1, \"approvals\": 2}", "{\"unsigned\": 0}"},
    {"heartbeat", "", "{\"alive\": true}", "{\"alive\": false}", "{}"},
    {"log", "", "{\"from\": \"2026-11-01\", \"to\": \"2026-11-24\", \"gaps\": 0}",
     "{\"from\": \"2026-11-01\", \"to\": \"2026-11-24\", \"gaps\": 2}", "{\"gaps\": 0}"},
    {"metric", "{rate: {\"<=\": 0.1}, n: {\">=\": 100}}",
     "{\"rate\": {\"value\": 0.05, \"low\": 0.03, \"high\": 0.08}}",
     "{\"rate\": {\"value\": 0.05, \"low\": 0.03, \"high\": 0.12}}", NULL},
    {"policy", "", "{\"violations\": 0}", "{\"violations\": 3}", "{}"},
    {"probe", "{status: 200, fields: [decision, reason]}",
     "{\"status\": 200, \"fields\": [\"reason\", \"decision\"]}",
     "{\"status\": 200, \"fields\": [\"reason\", \"decision\", \"score\"]}", NULL},
    {"scan", "{findings: 0}", "{\"coverage\": \"complete\", \"findings\": 0}",
     "{\"coverage\": \"incomplete\", \"findings\": 0}", "{\"findings\": 0}"},
    {"signature", "", "{\"verified\": true, \"format\": \"oms\"}",
     "{\"verified\": false, \"format\": \"oms\"}", "{\"format\": \"oms\"}"},
    {"signoff", "{role: risk-board}", "{\"decision\": \"approve\", \"role\": \"risk-board\"}",
     "{\"decision\": \"reject\", \"role\": \"risk-board\"}", "{\"role\": \"risk-board\"}"},
    {"tests", "{passed: [a.b]}", "{\"passedTests\": [\"a.b\", \"c\"], \"failedTests\": []}",
     "{\"passedTests\": [\"c\"], \"failedTests\": []}", "{\"passedTests\": [\"a.b\"]}"},
};

static void open_bench(struct bench *b)
{
    struct redan_buf text;
    struct redan_problems problems;

    memset(b, 0, sizeof(*b));
    redan_ctx_init(&b->ctx, NULL);
    b->ctx.now = NOW;
    assert_ok(redan_key_new(&b->ctx, REDAN_KEY_ED25519, &b->ci));
    assert_ok(redan_key_new(&b->ctx, REDAN_KEY_P256, &b->stranger));
    redan_buf_init(&text, &b->ctx, 100000);
    redan_buf_text(&text,
                   "schema: redan/keys/1\norg: bank\nversion: 1\nroot: {threshold: 1, keys: "
                   "[ci-1]}\nholders:\n  - {id: ci, kind: service}\n  - {id: other, kind: "
                   "service}\nkeys:\n  - id: ci-1\n    holder: ci\n    from: 2026-01-01\n    "
                   "until: 2027-01-01\n    public: \"");
    redan_key_add_public_ssh(&text, b->ci, REDAN_S("ci"));
    redan_buf_text(&text,
                   "\"\n  - id: other-1\n    holder: other\n    from: 2026-01-01\n    until: "
                   "2027-01-01\n    public: \"");
    redan_key_add_public_ssh(&text, b->stranger, REDAN_S("other"));
    redan_buf_text(&text, "\"\nroles:\n  - {id: builders, holders: [ci], quorum: 1}\n");
    assert_int_equal(text.fail, REDAN_OK);
    struct redan_slice copy = {0};
    assert_ok(redan_copy(&b->ctx, redan_buf_view(&text), &copy));
    redan_buf_done(&text);
    redan_problems_init(&problems, &b->ctx, REDAN_S("keys.yaml"));
    assert_ok(redan_keyring_parse(&problems, copy, &b->ring));
    assert_int_equal(problems.count, 0);
    b->items[0] = (struct redan_release_item){.name = REDAN_S("model"), .value = REDAN_S("m")};
    memset(b->items[0].digest.bytes, 0x11, REDAN_DIGEST_LEN);
    b->items[1] = (struct redan_release_item){.name = REDAN_S("data"), .value = REDAN_S("d")};
    memset(b->items[1].digest.bytes, 0x33, REDAN_DIGEST_LEN);
    b->release = (struct redan_release){b->items, 2};
    b->records = redan_take_array(&b->ctx, 16, sizeof(*b->records));
    assert_non_null(b->records);
}

static void close_bench(struct bench *b)
{
    redan_keyring_done(&b->ring);
    redan_key_free(b->ci);
    redan_key_free(b->stranger);
    redan_ctx_done(&b->ctx);
}

static struct redan_query query_of(struct bench *b, size_t row)
{
    struct redan_query q = {.system = REDAN_S("sys"),
                            .control = REDAN_S("con"),
                            .id = REDAN_S("ev"),
                            .subject = &b->items[0],
                            .ledger = REDAN_S("staging/x"),
                            .signer = REDAN_S("ci"),
                            .fresh = 7 * DAY};

    q.type = redan_evidence_type_named(redan_slice_of(types[row].type));
    assert_non_null(q.type);
    if (types[row].expect[0])
        assert_ok(redan_yaml_parse(&b->ctx, redan_slice_of(types[row].expect), &q.expect));
    q.digest.bytes[0] = 42;
    return q;
}

/* How a record is made wrong. */
struct change {
    const char *observed;
    uint64_t n;
    int64_t time;
    enum redan_mode mode;
    const char *ledger;
    const char *system;
    unsigned char query;
    bool other_subject;
    bool by_stranger;
    bool unsigned_;
    uint64_t skip; /* numbers left out of the chain before it */
    bool garbage;
};

static void rebuild(struct bench *b)
{
    struct redan_link *links = redan_take_array(&b->ctx, 16, sizeof(*links));
    size_t count = 0;

    assert_non_null(links);
    for (size_t i = 0; i < b->count; i++) {
        const struct redan_record *r = &b->records[i];
        if (!r->fault.len)
            links[count++] =
                (struct redan_link){r->producer, r->system, r->seq, r->digest, r->previous};
    }
    assert_ok(redan_chain_judge(&b->ctx, links, count, &b->store.chains, &b->store.chain_count));
    b->store.records = b->records;
    b->store.count = b->count;
}

static void add_record(struct bench *b, const struct redan_query *q, const struct change *c)
{
    struct redan_dsse envelope = {0};
    const struct redan_node *observed = NULL;
    struct redan_query asked = *q;
    struct redan_buf text;
    const struct redan_key *key = c->by_stranger ? b->stranger : b->ci;
    struct redan_draft draft = {.query = &asked,
                                .release = &b->release,
                                .n = c->n,
                                .mode = c->mode,
                                .ledger = redan_slice_of(c->ledger),
                                .time = c->time};
    struct redan_digest id;
    struct redan_store store = b->store;
    struct redan_link head = {.producer = REDAN_S("ci"), .seq = c->skip};
    struct redan_chain chain = {.producer = REDAN_S("ci"),
                                .system = asked.system,
                                .head = &head,
                                .count = c->skip,
                                .whole = true};

    assert_ok(redan_json_parse(&b->ctx, redan_slice_of(c->observed), &observed));
    draft.observed = observed;
    asked.digest.bytes[0] = (unsigned char)(asked.digest.bytes[0] + c->query);
    if (c->system)
        asked.system = redan_slice_of(c->system);
    if (c->other_subject)
        asked.subject = &b->items[1];
    redan_key_id(key, &id);
    draft.by = redan_keyring_find(&b->ring, &id);
    if (c->skip) {
        store.chains = &chain;
        store.chain_count = 1;
    }
    assert_ok(redan_draft_write(&b->ctx, &store, &draft, &envelope));
    if (c->unsigned_) {
        struct redan_key *unknown = NULL;
        assert_ok(redan_key_new(&b->ctx, REDAN_KEY_ED25519, &unknown));
        assert_ok(redan_dsse_sign(&b->ctx, &envelope, unknown));
        redan_key_free(unknown);
    } else {
        assert_ok(redan_dsse_sign(&b->ctx, &envelope, key));
    }
    redan_buf_init(&text, &b->ctx, 1000000);
    redan_dsse_add(&text, &envelope);
    struct redan_slice copy = {0};
    assert_ok(redan_copy(&b->ctx, redan_buf_view(&text), &copy));
    redan_buf_done(&text);
    assert_ok(redan_record_read(&b->ctx, &b->ring, REDAN_S("r.json"), copy, &b->records[b->count]));
    b->count++;
    rebuild(b);
}

static struct redan_judgement judge(struct bench *b, const struct redan_query *q)
{
    struct redan_judgement j;

    assert_ok(redan_evidence_judge(&b->ctx, &b->ring, &b->store, &b->release, q, &j));
    if (j.outcome != REDAN_OUTCOME_PASS) { /* every refusal says what was found and what to do */
        assert_true(j.detail.len > 0);
        assert_true(j.action.len > 0);
    }
    return j;
}

static struct change good(size_t row)
{
    return (struct change){.observed = types[row].good, .n = 1000, .time = NOW - DAY, .ledger = ""};
}

enum failure_class {
    CLASS_FAIL,
    CLASS_STALE,
    CLASS_MISSING,
    CLASS_GAP,
    CLASS_SUBJECT,
    CLASS_CONTEXT_SYSTEM,
    CLASS_CONTEXT_QUERY,
    CLASS_CONTEXT_LEDGER,
    CLASS_CONTEXT_MODE,
    CLASS_SIGNER_OTHER,
    CLASS_SIGNER_UNKNOWN,
    CLASS_MALFORMED,
    CLASS_FUTURE,
    CLASS_NO_SAMPLES,
    CLASS_COUNT,
};

/* The record of one failure class, and what the query must come to. False where the class does not exist for the type. */
static bool spoil(enum failure_class class, size_t row, struct change *c, enum redan_outcome *want)
{
    *c = good(row);
    switch (class) {
    case CLASS_FAIL:
        c->observed = types[row].bad;
        *want = REDAN_OUTCOME_FAIL;
        return true;
    case CLASS_STALE:
        c->time = NOW - 8 * DAY;
        *want = REDAN_OUTCOME_STALE;
        return true;
    case CLASS_GAP:
        c->skip = 2;
        *want = REDAN_OUTCOME_GAP;
        return true;
    case CLASS_SUBJECT:
        c->other_subject = true;
        *want = REDAN_OUTCOME_WRONG_SUBJECT;
        return true;
    case CLASS_CONTEXT_SYSTEM:
        c->system = "another";
        *want = REDAN_OUTCOME_WRONG_CONTEXT;
        return true;
    case CLASS_CONTEXT_QUERY:
        c->query = 1;
        *want = REDAN_OUTCOME_WRONG_CONTEXT;
        return true;
    case CLASS_CONTEXT_LEDGER:
        c->ledger = "prod/x";
        *want = REDAN_OUTCOME_WRONG_CONTEXT;
        return true;
    case CLASS_CONTEXT_MODE:
        c->mode = REDAN_MODE_OBSERVE;
        *want = REDAN_OUTCOME_WRONG_CONTEXT;
        return true;
    case CLASS_SIGNER_OTHER:
        c->by_stranger = true;
        *want = REDAN_OUTCOME_WRONG_SIGNER;
        return true;
    case CLASS_SIGNER_UNKNOWN:
        c->unsigned_ = true;
        *want = REDAN_OUTCOME_WRONG_SIGNER;
        return true;
    case CLASS_MALFORMED:
        c->observed = types[row].unusable;
        *want = REDAN_OUTCOME_ERROR;
        return types[row].unusable != NULL;
    case CLASS_FUTURE:
        c->time = NOW + DAY;
        *want = REDAN_OUTCOME_ERROR;
        return true;
    case CLASS_NO_SAMPLES:
        c->n = 0;
        *want = REDAN_OUTCOME_FAIL;
        return true;
    case CLASS_MISSING:
    case CLASS_COUNT:
        break;
    }
    return false;
}

static void test_matrix(void **state)
{
    size_t cells = 0;

    (void)state;
    assert_int_equal(REDAN_COUNT(types), 16);
    for (size_t row = 0; row < REDAN_COUNT(types); row++) {
        for (int class = -1; class < CLASS_COUNT; class ++) {
            struct bench b;
            struct change c = good(row);
            enum redan_outcome want = REDAN_OUTCOME_PASS;
            open_bench(&b);
            struct redan_query q = query_of(&b, row);
            if (class == CLASS_MISSING) {
                want = REDAN_OUTCOME_MISSING;
            } else if (class < 0 || spoil((enum failure_class) class, row, &c, &want)) {
                add_record(&b, &q, &c);
            } else { /* any map will do for this type: malformed is then what cannot be read at all */
                assert_int_equal(class, CLASS_MALFORMED);
                c = good(row);
                want = REDAN_OUTCOME_ERROR;
                add_record(&b, &q, &c);
                b.records[0].fault = REDAN_S("not JSON");
                rebuild(&b);
            }
            struct redan_judgement j = judge(&b, &q);
            if (j.outcome != want)
                print_error("%s, class %d: %s (%.*s), expected %s\n", types[row].type, class,
                            redan_outcome_words[j.outcome], REDAN_FMT(j.detail),
                            redan_outcome_words[want]);
            assert_int_equal(j.outcome, want);
            assert_int_equal(redan_outcome_holds(j.outcome), class < 0);
            if (class < 0)
                assert_true(j.grade <= REDAN_GRADE_VERIFIED); /* nobody else vouches for the time */
            cells++;
            close_bench(&b);
        }
    }
    assert_int_equal(cells, 16 * (CLASS_COUNT + 1));
}

/* The newest record counts: a later failure is not undone by an older pass, and a stranger's record hides nothing. */
static void test_newest(void **state)
{
    struct bench b;
    size_t row = 9; /* metric */
    struct change c = good(row);

    (void)state;
    assert_string_equal(types[row].type, "metric");
    open_bench(&b);
    struct redan_query q = query_of(&b, row);
    c.time = NOW - 3 * DAY;
    add_record(&b, &q, &c);
    assert_int_equal(judge(&b, &q).outcome, REDAN_OUTCOME_PASS);
    c.time = NOW - 2 * DAY;
    c.observed = types[row].bad;
    add_record(&b, &q, &c);
    assert_int_equal(judge(&b, &q).outcome, REDAN_OUTCOME_FAIL);
    struct change stranger = good(row);
    stranger.by_stranger = true;
    add_record(&b, &q, &stranger);
    assert_int_equal(judge(&b, &q).outcome, REDAN_OUTCOME_FAIL);
    c = good(row);
    add_record(&b, &q, &c);
    assert_int_equal(judge(&b, &q).outcome, REDAN_OUTCOME_PASS);
    /* the failing record is withheld: the chain shows it */
    b.records[1] = b.records[--b.count];
    rebuild(&b);
    assert_int_equal(judge(&b, &q).outcome, REDAN_OUTCOME_GAP);
    close_bench(&b);
}

/* What cannot be read as a record says why, and can never be judged. */
static void test_unreadable(void **state)
{
#define RECORD(head, rest)                                                                   \
    "{\"_type\": \"https://in-toto.io/Statement/v1\", \"predicateType\": "                   \
    "\"https://redan.dev/evidence/metric/v1\", \"subject\": [{\"name\": \"m\", \"digest\": " \
    "{\"sha256\": \"1111111111111111111111111111111111111111111111111111111111111111\"}}], " \
    "\"predicate\": {" head rest "}}"
#define DIGEST "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define HEAD(query, seq, more)                                                                    \
    "\"record\": {\"system\": \"s\", \"control\": \"con\", \"evidence\": \"ev\", \"query\": "     \
    "\"" query "\", \"mode\": \"enforce\", \"release\": {}, \"n\": 1, \"time\": \"2026-11-01\", " \
    "\"producer\": "                                                                              \
    "\"ci\", \"seq\": " seq ", \"previous\": \"" DIGEST "\"" more "}"
    static const struct {
        const char *payload;
        const char *fault; /* a piece of it; "" when it can be read */
    } rows[] = {
        {RECORD(HEAD(DIGEST, "1", ""), ", \"observed\": {}"), ""},
        {RECORD(HEAD(DIGEST, "1", ", \"source\": {\"signature\": \"none\"}"), ""), ""},
        {RECORD(HEAD(DIGEST, "1", ", \"source\": {\"signature\": \"maybe\"}"), ""),
         "source.signature"},
        {RECORD(HEAD(DIGEST, "0", ""), ""), "seq counts from 1"},
        {RECORD(HEAD(DIGEST, "1.5", ""), ""), "seq"},
        {RECORD(HEAD("sha256:12", "1", ""), ""), "sha256:HEX"},
        {RECORD(HEAD(DIGEST, "1", ", \"more\": 1"), ""), "more"},
        {RECORD(HEAD(DIGEST, "1", ""), ", \"observed\": []"), "not a map"},
        {RECORD("", ""), "no \"record\""},
        {RECORD("\"record\": []", ""), "no \"record\""},
        {"{}", "_type"},
        {"[", ""},
        {"not JSON", ""},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct bench b;
        struct redan_record r;
        struct redan_buf text = {0};
        struct redan_dsse envelope = {.payload_type = REDAN_S(REDAN_DSSE_INTOTO),
                                      .payload = redan_slice_of(rows[i].payload)};
        open_bench(&b);
        assert_ok(redan_dsse_sign(&b.ctx, &envelope, b.ci));
        redan_buf_init(&text, &b.ctx, 100000);
        redan_dsse_add(&text, &envelope);
        assert_ok(redan_record_read(&b.ctx, &b.ring, REDAN_S("r.json"), redan_buf_view(&text), &r));
        bool readable = i < 2;
        if ((r.fault.len == 0) != readable)
            print_error("row %zu: %.*s\n", i, REDAN_FMT(r.fault));
        assert_int_equal(r.fault.len == 0, readable);
        assert_true(!readable || r.signer_count == 1);
        assert_true(r.fault.len == 0 ||
                    memmem(r.fault.at, r.fault.len, rows[i].fault, strlen(rows[i].fault)));
        assert_ok(
            redan_record_read(&b.ctx, &b.ring, REDAN_S("r.json"), REDAN_S("{\"payload\""), &r));
        assert_true(r.fault.len > 0);
        for (uint64_t n = 1;; n++) { /* and without memory it is a failure, not a record */
            b.ctx.mem.calls = 0;
            b.ctx.mem.fail_at = n;
            enum redan_status status =
                redan_record_read(&b.ctx, &b.ring, REDAN_S("r.json"), redan_buf_view(&text), &r);
            redan_fail_clear(&b.ctx);
            if (status == REDAN_OK)
                break;
            assert_int_equal(status, REDAN_E_MEMORY);
            assert_true(n < 1000);
        }
        b.ctx.mem.fail_at = 0;
        redan_buf_done(&text);
        close_bench(&b);
    }
}

/* `passed` may be a list or one name; whatever it is, it is not passed over. */
static void test_named_tests(void **state)
{
    static const struct {
        const char *expect;
        bool holds;
    } rows[] = {
        {"{passed: a.b}", true},
        {"{passed: x.y}", false},
        {"{passed: [a.b, c]}", true},
        {"{passed: [a.b, x.y]}", false},
        {"{passed: {\"==\": a.b}}", false},
        {"{passed: [a.b], n: {\">=\": 2000}}", false},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct bench b;
        struct change c = good(15);
        open_bench(&b);
        struct redan_query q = query_of(&b, 15);
        assert_string_equal(q.type->name, "tests");
        assert_ok(redan_yaml_parse(&b.ctx, redan_slice_of(rows[i].expect), &q.expect));
        add_record(&b, &q, &c);
        assert_int_equal(judge(&b, &q).outcome == REDAN_OUTCOME_PASS, rows[i].holds);
        close_bench(&b);
    }
}

static void test_role_and_whole_release(void **state)
{
    struct bench b;
    struct change c = good(7); /* heartbeat */

    (void)state;
    open_bench(&b);
    struct redan_query q = query_of(&b, 7);
    q.signer = (struct redan_slice){"", 0};
    q.role = REDAN_S("builders");
    q.subject = NULL; /* the whole release */
    add_record(&b, &q, &c);
    assert_int_equal(judge(&b, &q).outcome, REDAN_OUTCOME_PASS);
    b.items[1].digest.bytes[0] ^= 1;
    assert_int_equal(judge(&b, &q).outcome, REDAN_OUTCOME_WRONG_SUBJECT);
    b.items[1].digest.bytes[0] ^= 1;
    q.role = REDAN_S("nobody");
    assert_int_equal(judge(&b, &q).outcome, REDAN_OUTCOME_WRONG_SIGNER);
    close_bench(&b);
}

/* Written to disk and read back on all cores; a stranger's file, garbage and a link are seen for what they are. */
static void test_store_on_disk(void **state)
{
    struct scratch dir;
    struct bench b;
    struct redan_store store;
    struct redan_slice where;

    (void)state;
    scratch_make(&dir);
    open_bench(&b);
    struct redan_slice folder = redan_slice_of(dir.root);
    struct redan_query q = query_of(&b, 7);
    for (int i = 0; i < 5; i++) {
        struct redan_dsse envelope = {0};
        struct redan_slice path = {0};
        const struct redan_node *observed = NULL;
        struct redan_draft draft = {.query = &q, .release = &b.release, .n = 1, .time = NOW - DAY};
        struct redan_digest id;
        redan_key_id(b.ci, &id);
        draft.by = redan_keyring_find(&b.ring, &id);
        assert_ok(redan_json_parse(&b.ctx, REDAN_S("{\"alive\": true}"), &observed));
        draft.observed = observed;
        assert_ok(redan_store_read(&b.ctx, &b.ring, folder, &store));
        assert_int_equal(store.count, i);
        assert_ok(redan_draft_write(&b.ctx, &store, &draft, &envelope));
        assert_ok(redan_dsse_sign(&b.ctx, &envelope, b.ci));
        assert_ok(redan_store_add(&b.ctx, folder, &envelope, &path));
        assert_int_equal(redan_store_add(&b.ctx, folder, &envelope, &path),
                         REDAN_E_EXISTS); /* written once */
        redan_fail_clear(&b.ctx);
        where = path;
    }
    assert_ok(redan_store_read(&b.ctx, &b.ring, folder, &store));
    assert_int_equal(store.count, 5);
    assert_int_equal(store.chain_count, 1);
    assert_true(store.chains[0].whole);
    b.store = store;
    assert_int_equal(judge(&b, &q).outcome, REDAN_OUTCOME_PASS);
    /* a link among the records is a fault, not a way out of the folder */
    char link[512];
    (void)snprintf(link, sizeof(link), "%.*s", REDAN_FMT(where));
    char *slash = strrchr(link, '/');
    (void)snprintf(slash, sizeof(link) - (size_t)(slash - link), "/link.json");
    assert_int_equal(symlink("/etc/passwd", link), 0);
    assert_ok(redan_store_read(&b.ctx, &b.ring, folder, &store));
    assert_int_equal(store.count, 6);
    size_t faults = 0;
    for (size_t i = 0; i < store.count; i++)
        faults += store.records[i].fault.len > 0;
    assert_int_equal(faults, 1);
    close_bench(&b);
    scratch_drop(&dir);
}

/* A record of this payload by the producer, with false signatures before the true one: 'u' names no key, 'k' the producer's. */
static void lay_record(struct bench *b, struct scratch *dir, const char *name,
                       struct redan_slice payload, size_t junk, char hint, bool true_one)
{
    struct redan_dsse signed_ = {.payload_type = REDAN_S(REDAN_DSSE_INTOTO), .payload = payload};
    struct redan_dsse_signature all[REDAN_DSSE_SIGNATURES];
    struct redan_buf text;
    struct redan_slice copy = {0};

    assert_ok(redan_dsse_sign(&b->ctx, &signed_, b->ci));
    for (size_t i = 0; i < junk; i++)
        all[i] = (struct redan_dsse_signature){.keyid = hint == 'k' ? signed_.signatures[0].keyid
                                                                    : REDAN_S("another"),
                                               .bytes = REDAN_S("false")};
    if (true_one)
        all[junk] = signed_.signatures[0];
    signed_.signatures = all;
    signed_.count = junk + true_one;
    redan_buf_init(&text, &b->ctx, SIZE_MAX);
    redan_dsse_add(&text, &signed_);
    assert_ok(redan_copy(&b->ctx, redan_buf_view(&text), &copy));
    redan_buf_done(&text);
    scratch_file(dir, name, copy.at, copy.len);
}

static const char record_head[] =
    "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"digest\":{\"sha256\":"
    "\"1111111111111111111111111111111111111111111111111111111111111111\"}}],"
    "\"predicateType\":\"https://redan.dev/evidence/heartbeat/v1\",\"predicate\":{\"record\":{"
    "\"system\":\"s\",\"control\":\"c\",\"evidence\":\"e\",\"query\":\"sha256:"
    "1111111111111111111111111111111111111111111111111111111111111111\",\"mode\":\"enforce\","
    "\"release\":{},\"n\":1,\"time\":\"2026-11-20T00:00:00Z\",\"producer\":\"ci\",\"seq\":1,"
    "\"previous\":\"sha256:"
    "0000000000000000000000000000000000000000000000000000000000000000\"},\"observed\":{\"x\":[1";

/* As large a record as asked for. */
static struct redan_slice record_of(struct bench *b, size_t values)
{
    struct redan_buf out;
    struct redan_slice copy = {0};

    redan_buf_init(&out, &b->ctx, SIZE_MAX);
    redan_buf_text(&out, record_head);
    for (size_t i = 0; i < values; i++)
        redan_buf_text(&out, ",[]");
    redan_buf_text(&out, "]}}}");
    assert_ok(redan_copy(&b->ctx, redan_buf_view(&out), &copy));
    redan_buf_done(&out);
    return copy;
}

/* What one record may cost, and what junk in it may hide. */
static void test_bounds(void **state)
{
    static const struct {
        size_t values;
        size_t junk;
        char hint;
        bool true_one;
        const char *fault; /* NULL: it can be used */
    } rows[] = {
        {0, 0, 0, true, NULL},
        {0, 4, 'u', true, NULL}, /* of a ring of two keys: four times two tries */
        {0, 5, 'u', true, "more false signatures than are looked at"},
        {0, 60, 'u', true, "more false signatures than are looked at"},
        {0, 60, 'k', true, "more false signatures than are looked at"},
        {0, 60, 'u', false, "more false signatures than are looked at"},
        {0, 2, 'u', false, NULL},
        {49000, 0, 0, true, NULL},
        {50000, 0, 0, true, "more values"},
        {1500000, 0, 0, true, "longer than"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct bench b;
        struct scratch dir;
        struct redan_store store;
        scratch_make_fast(&dir);
        scratch_folder(&dir, "zz");
        open_bench(&b);
        lay_record(&b, &dir, "zz/r.json", record_of(&b, rows[i].values), rows[i].junk, rows[i].hint,
                   rows[i].true_one);
        assert_ok(redan_store_read(&b.ctx, &b.ring, redan_slice_of(dir.root), &store));
        assert_int_equal(store.count, 1);
        const struct redan_record *r = &store.records[0];
        if (!rows[i].fault != (r->fault.len == 0) ||
            (rows[i].fault &&
             !memmem(r->fault.at, r->fault.len, rows[i].fault, strlen(rows[i].fault))))
            fail_msg("row %zu: \"%.*s\"", i, REDAN_FMT(r->fault));
        assert_int_equal(r->signer_count, !rows[i].fault && rows[i].true_one);
        assert_int_equal(r->observed != NULL, !rows[i].fault && rows[i].true_one);
        if (!rows[i].fault)
            assert_slice(r->control, "c");
        close_bench(&b);
        scratch_drop(&dir);
    }
}

/* Large records that nobody of the ring has signed do not stay in memory side by side. */
static void test_junk_is_not_kept(void **state)
{
    struct bench b;
    struct scratch dir;
    struct redan_store store;
    struct redan_ctx ctx;
    struct redan_limits limits = redan_limits_default;

    (void)state;
    scratch_make_fast(&dir);
    scratch_folder(&dir, "zz");
    open_bench(&b);
    struct redan_slice payload = record_of(&b, 49000);
    for (int i = 0; i < 40; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "zz/%d.json", i);
        lay_record(&b, &dir, name, payload, 1, 'u', false);
    }
    limits.memory = 32 << 20; /* four of them with all that they say */
    limits.workers = 1;
    redan_ctx_init(&ctx, &limits);
    assert_ok(redan_store_read(&ctx, &b.ring, redan_slice_of(dir.root), &store));
    assert_int_equal(store.count, 40);
    for (size_t i = 0; i < store.count; i++) {
        assert_int_equal(store.records[i].fault.len, 0);
        assert_slice(store.records[i].evidence, "e");
        assert_slice(store.records[i].producer, "ci");
    }
    redan_ctx_done(&ctx);
    close_bench(&b);
    scratch_drop(&dir);
}

/* What could not be read again is not even signed. */
static void test_too_large_to_record(void **state)
{
    static const struct {
        size_t values;
        size_t bytes;
        enum redan_status status;
        const char *text;
    } rows[] = {
        {1000, 1000, REDAN_OK, ""},
        {60000, 0, REDAN_E_LIMIT, "more than 50000 values"},
        {0, 3 << 20, REDAN_E_LIMIT, "a record holds 2097152"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct bench b;
        struct redan_buf out;
        struct redan_dsse envelope = {0};
        struct redan_store store = {0};
        struct redan_digest id;
        const struct redan_node *observed = NULL;
        open_bench(&b);
        struct redan_query q = query_of(&b, 7);
        redan_key_id(b.ci, &id);
        struct redan_draft draft = {.query = &q,
                                    .release = &b.release,
                                    .n = 1,
                                    .time = NOW - DAY,
                                    .by = redan_keyring_find(&b.ring, &id)};
        redan_buf_init(&out, &b.ctx, SIZE_MAX);
        redan_buf_text(&out, "{\"list\":[1");
        for (size_t k = 0; k < rows[i].values; k++)
            redan_buf_text(&out, ",1");
        redan_buf_text(&out, "],\"text\":\"");
        redan_buf_repeat(&out, 'a', rows[i].bytes);
        redan_buf_text(&out, "\"}");
        assert_ok(redan_json_parse(&b.ctx, redan_buf_view(&out), &observed));
        draft.observed = observed;
        assert_int_equal(redan_draft_write(&b.ctx, &store, &draft, &envelope), rows[i].status);
        if (!strstr(b.ctx.failure.text, rows[i].text))
            fail_msg("row %zu: %s", i, b.ctx.failure.text);
        redan_buf_done(&out);
        close_bench(&b);
    }
}

/* Every failure of memory on the way from an envelope to a judgement is an error, never a pass. */
static void test_no_memory(void **state)
{
    struct bench b;
    struct change c = good(9);

    (void)state;
    open_bench(&b);
    struct redan_query q = query_of(&b, 9);
    c.observed = types[9].bad;
    add_record(&b, &q, &c);
    for (uint64_t n = 1;; n++) {
        struct redan_judgement j = {.outcome = REDAN_OUTCOME_ERROR};
        b.ctx.mem.calls = 0;
        b.ctx.mem.fail_at = n;
        struct redan_arena_mark mark = redan_arena_mark(&b.ctx.arena);
        enum redan_status status =
            redan_evidence_judge(&b.ctx, &b.ring, &b.store, &b.release, &q, &j);
        assert_int_not_equal(j.outcome, REDAN_OUTCOME_PASS);
        redan_arena_reset(&b.ctx.arena, mark);
        redan_fail_clear(&b.ctx);
        if (status == REDAN_OK)
            break;
        assert_int_equal(status, REDAN_E_MEMORY);
        assert_true(n < 1000);
    }
    b.ctx.mem.fail_at = 0;
    close_bench(&b);
}

/* Who is barred says nothing, by id or by name; the next best record answers. */
static void test_barred(void **state)
{
    static const struct {
        const char *who;
        bool barred;
    } cases[] = {
        {"ci", true}, {" CI ", true}, {"The Pipeline", true}, {"ci-2", false}, {"", false}};
    size_t row = 9;

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        struct bench b;
        struct change c = good(row);
        struct redan_slice who = redan_slice_of(cases[i].who);
        open_bench(&b);
        struct redan_keyring_holder *holders = b.ring.holders.items;
        for (size_t k = 0; k < b.ring.holders.count; k++)
            holders[k].name =
                redan_slice_is(holders[k].id, "ci") ? REDAN_S("the pipeline") : REDAN_S("somebody");
        struct redan_query q = query_of(&b, row);
        q.barred = (struct redan_texts){&who, 1};
        struct redan_judgement j = judge(&b, &q); /* it could never be answered */
        assert_int_equal(j.outcome,
                         cases[i].barred ? REDAN_OUTCOME_WRONG_SIGNER : REDAN_OUTCOME_MISSING);
        assert_int_equal(j.barred, cases[i].barred);
        add_record(&b, &q, &c);
        j = judge(&b, &q);
        assert_int_equal(j.outcome,
                         cases[i].barred ? REDAN_OUTCOME_WRONG_SIGNER : REDAN_OUTCOME_PASS);
        assert_int_equal(j.barred, cases[i].barred);
        struct change other = good(row); /* by whom the query does not ask */
        other.by_stranger = true;
        other.time = NOW - 60;
        add_record(&b, &q, &other);
        assert_int_equal(redan_outcome_holds(judge(&b, &q).outcome), !cases[i].barred);
        q.signer = REDAN_S("other"); /* now it does: who is barred hides nothing */
        j = judge(&b, &q);
        assert_int_equal(j.outcome, REDAN_OUTCOME_PASS);
        assert_false(j.barred);
        close_bench(&b);
    }
}

/* Each producer has a chain for each system: a hole in one is none in the other. */
static void test_chain_per_system(void **state)
{
    struct bench b;
    size_t row = 9;
    struct change c = good(row);

    (void)state;
    open_bench(&b);
    struct redan_query q = query_of(&b, row);
    struct redan_query shared = q;
    shared.system = REDAN_S("bank");
    shared.subject = NULL;
    shared.covers = REDAN_S("sys");
    assert_ok(redan_system_digest(&b.ctx, shared.covers, &shared.covered));
    add_record(&b, &q, &c);
    add_record(&b, &shared, &c);
    assert_true(b.records[0].seq == 1 && b.records[1].seq == 1);
    assert_slice(b.records[1].statement.subjects[0].name, "system:sys");
    assert_int_equal(judge(&b, &q).outcome, REDAN_OUTCOME_PASS);
    assert_int_equal(judge(&b, &shared).outcome, REDAN_OUTCOME_PASS);
    c.skip = 3;
    add_record(&b, &shared, &c); /* number 4 */
    assert_int_equal(judge(&b, &shared).outcome, REDAN_OUTCOME_GAP);
    assert_int_equal(judge(&b, &q).outcome, REDAN_OUTCOME_PASS);
    /* its own digest must be among the subjects, whatever the release is */
    shared.covers = REDAN_S("sys2");
    assert_ok(redan_system_digest(&b.ctx, shared.covers, &shared.covered));
    assert_int_equal(judge(&b, &shared).outcome, REDAN_OUTCOME_WRONG_SUBJECT);
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matrix),
        cmocka_unit_test(test_barred),
        cmocka_unit_test(test_chain_per_system),
        cmocka_unit_test(test_newest),
        cmocka_unit_test(test_named_tests),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_role_and_whole_release),
        cmocka_unit_test(test_store_on_disk),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_junk_is_not_kept),
        cmocka_unit_test(test_too_large_to_record),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
