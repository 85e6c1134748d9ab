/* Envelopes, statements and chains: the specification's example, what is refused, and what memory does not change. */
#include "test.h"

#include <stdio.h>

#include "attest/chain.h"
#include "attest/dsse.h"
#include "attest/statement.h"
#include "base/hex.h"

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* DSSE protocol.md, "Test Vectors", with r and s in DER. */
static void test_dsse_specification(void **state)
{
    struct redan_ctx ctx;
    struct redan_dsse envelope = {0};
    struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
    struct redan_slice pae = {0};
    static const char text[] =
        "{\"payload\":\"aGVsbG8gd29ybGQ=\",\"payloadType\":\"http://example.com/HelloWorld\","
        "\"signatures\":[{\"sig\":\"MEQCIANyarEBrVbCdjtsaqyOSHJ14qeRk6CdxfhZ2fjvPEo7AiBR6rDA"
        "ajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==\"}]}";
    static const char der[] = "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
                              "67cd390f77aa359cb08c2235f652270493a9ed832b0abcc01f70954c0390d238"
                              "0c782bd54e269125a44f4433aff1432ce94e12bca73aa67ac80cea12608ddf74";
    char bytes[91];
    struct redan_buf pem REDAN_DEFER(redan_buf_done);

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_dsse_parse(&ctx, REDAN_S(text), &envelope));
    assert_slice(envelope.payload, "hello world");
    assert_int_equal(envelope.count, 1);
    assert_int_equal(envelope.signatures[0].keyid.len, 0);
    assert_ok(redan_dsse_pae(&ctx, &envelope, &pae));
    assert_slice(pae, "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    redan_buf_init(&pem, &ctx, 1000);
    assert_true(redan_hex_parse(REDAN_S(der), bytes, sizeof(bytes)));
    redan_pem_add(&pem, "PUBLIC KEY", (struct redan_slice){bytes, sizeof(bytes)}, 64);
    assert_ok(redan_key_parse_public(&ctx, redan_buf_view(&pem), &key));
    assert_ok(redan_key_verify(&ctx, key, pae, envelope.signatures[0].bytes));
    redan_ctx_done(&ctx);
}

static void test_dsse_parse(void **state)
{
    struct redan_ctx ctx;
    static const struct {
        const char *text;
        enum redan_status status;
    } rows[] = {
        {"{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[{\"sig\":\"AA==\"}]}", REDAN_OK},
        {"{\"payloadType\":\"t\",\"payload\":\"-_-_\",\"signatures\":[{\"sig\":\"AA==\"}]}",
         REDAN_OK},
        {"{\"payloadType\":\"t\",\"payload\":\"-_+/\",\"signatures\":[{\"sig\":\"AA==\"}]}",
         REDAN_E_SYNTAX},
        {"{\"x\":[1],\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[{\"sig\":\"AA==\","
         "\"keyid\":null,\"extension\":{}}]}",
         REDAN_OK},
        {"{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[{\"sig\":\"AA==\","
         "\"timestamp\":\"MAA=\"}]}",
         REDAN_OK},
        {"{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[{\"sig\":\"AA==\","
         "\"timestamp\":\"no\"}]}",
         REDAN_E_SYNTAX},
        {"{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[]}", REDAN_E_SCHEMA},
        {"{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":{}}", REDAN_E_SCHEMA},
        {"{\"payloadType\":\"t\",\"payload\":\"\"}", REDAN_E_SCHEMA},
        {"{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[1]}", REDAN_E_SCHEMA},
        {"{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[{}]}", REDAN_E_SCHEMA},
        {"{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[{\"sig\":\"\"}]}",
         REDAN_E_SCHEMA},
        {"{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[{\"sig\":1}]}", REDAN_E_SCHEMA},
        {"{\"payloadType\":\"t\",\"payload\":\"\",\"signatures\":[{\"sig\":\"A\"}]}",
         REDAN_E_SYNTAX},
        {"{\"payloadType\":\"t\",\"payload\":\"A A=\",\"signatures\":[{\"sig\":\"AA==\"}]}",
         REDAN_E_SYNTAX},
        {"{\"payloadType\":\"t\",\"payload\":\"AB==\",\"signatures\":[{\"sig\":\"AA==\"}]}",
         REDAN_E_SYNTAX},
        {"{\"payload\":\"\",\"signatures\":[{\"sig\":\"AA==\"}]}", REDAN_E_SCHEMA},
        {"{\"payloadType\":1,\"payload\":\"\",\"signatures\":[{\"sig\":\"AA==\"}]}",
         REDAN_E_SCHEMA},
        {"{\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"AA==\"}]}", REDAN_E_SCHEMA},
        {"{\"payloadType\":\"t\",\"payload\":\"\",\"payload\":\"\",\"signatures\":[{\"sig\":"
         "\"AA==\"}]}",
         REDAN_E_SYNTAX},
        {"[]", REDAN_E_SCHEMA},
        {"{", REDAN_E_SYNTAX},
        {"", REDAN_E_SYNTAX},
    };

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_dsse envelope = {0};
        enum redan_status got = redan_dsse_parse(&ctx, redan_slice_of(rows[i].text), &envelope);
        if (got != rows[i].status)
            print_error("row %zu: %s\n", i, ctx.failure.text);
        assert_int_equal(got, rows[i].status);
        redan_fail_clear(&ctx);
    }
    redan_ctx_done(&ctx);
}

static struct redan_slice text_of(struct redan_ctx *ctx, const struct redan_dsse *envelope)
{
    struct redan_buf out REDAN_DEFER(redan_buf_done);
    struct redan_slice text = {0};

    redan_buf_init(&out, ctx, 1 << 20);
    redan_dsse_add(&out, envelope);
    assert_ok(redan_buf_ok(ctx, &out, "the envelope"));
    assert_ok(redan_copy(ctx, redan_buf_view(&out), &text));
    return text;
}

static void test_dsse_sign(void **state)
{
    struct redan_ctx ctx;
    struct redan_dsse envelope = {.payload_type = REDAN_S(REDAN_DSSE_INTOTO),
                                  .payload = {"a\0\xff\"b", 5}};
    struct redan_dsse again = {0};
    struct redan_slice pae = {0};
    struct redan_key *keys[3] = {0};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (int kind = 0; kind < 3; kind++) {
        assert_ok(redan_key_new(&ctx, (enum redan_key_kind)kind, &keys[kind]));
        assert_ok(redan_dsse_sign(&ctx, &envelope, keys[kind]));
        assert_int_equal(redan_dsse_sign(&ctx, &envelope, keys[kind]), REDAN_E_EXISTS);
        redan_fail_clear(&ctx);
    }
    /* a hint that lies does not keep the key's owner from signing */
    struct redan_dsse lie = {.payload_type = envelope.payload_type, .payload = envelope.payload};
    struct redan_dsse_signature fake = {.keyid = envelope.signatures[0].keyid,
                                        .bytes = REDAN_S("x")};
    lie.signatures = &fake;
    lie.count = 1;
    assert_ok(redan_dsse_sign(&ctx, &lie, keys[0]));
    assert_int_equal(lie.count, 2);
    envelope.signatures[1].timestamp = REDAN_S("a token");
    struct redan_slice text = text_of(&ctx, &envelope);
    assert_true(redan_slice_ends(text, REDAN_S("]}\n")));
    assert_ok(redan_dsse_parse(&ctx, text, &again));
    assert_true(redan_slice_eq(again.payload, envelope.payload));
    assert_int_equal(again.count, 3);
    assert_slice(again.signatures[1].timestamp, "a token");
    assert_int_equal(again.signatures[0].timestamp.len, 0);
    assert_ok(redan_dsse_pae(&ctx, &again, &pae));
    for (size_t i = 0; i < 3; i++)
        assert_ok(redan_key_verify(&ctx, keys[i], pae, again.signatures[i].bytes));
    assert_true(redan_slice_eq(text_of(&ctx, &again), text));
    while (again.count < REDAN_DSSE_SIGNATURES) {
        struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
        assert_ok(redan_key_new(&ctx, REDAN_KEY_ED25519, &key));
        assert_ok(redan_dsse_sign(&ctx, &again, key));
    }
    struct redan_dsse full = {0};
    assert_ok(redan_dsse_parse(&ctx, text_of(&ctx, &again), &full));
    assert_int_equal(redan_dsse_sign(&ctx, &again, keys[0]), REDAN_E_LIMIT);
    for (size_t i = 0; i < 3; i++)
        redan_key_free(keys[i]);
    redan_ctx_done(&ctx);
}

static void test_statement_parse(void **state)
{
    struct redan_ctx ctx;
#define HEAD "{\"_type\":\"https://in-toto.io/Statement/v1\","
#define SUBJECT "\"subject\":[{\"name\":\"n\",\"digest\":{\"sha256\":\"" HEX_A "\"}}],"
#define TAIL "\"predicateType\":\"p\",\"predicate\":{}}"
    static const struct {
        const char *text;
        enum redan_status status;
    } rows[] = {
        {HEAD SUBJECT TAIL, REDAN_OK},
        {HEAD "\"more\":1," SUBJECT TAIL, REDAN_OK},
        {HEAD "\"subject\":[{\"digest\":{\"sha512\":\"00\",\"sha256\":\"" HEX_A "\"}}]," TAIL,
         REDAN_OK},
        {"{\"_type\":\"https://in-toto.io/Statement/v0.1\"," SUBJECT TAIL, REDAN_E_SCHEMA},
        {"{" SUBJECT TAIL, REDAN_E_SCHEMA},
        {HEAD TAIL, REDAN_E_SCHEMA},
        {HEAD "\"subject\":[]," TAIL, REDAN_E_SCHEMA},
        {HEAD "\"subject\":{}," TAIL, REDAN_E_SCHEMA},
        {HEAD "\"subject\":[1]," TAIL, REDAN_E_SCHEMA},
        {HEAD "\"subject\":[{\"name\":\"n\"}]," TAIL, REDAN_E_SCHEMA},
        {HEAD "\"subject\":[{\"digest\":{\"sha512\":\"00\"}}]," TAIL, REDAN_E_SCHEMA},
        {HEAD "\"subject\":[{\"digest\":{\"sha256\":\"00\"}}]," TAIL, REDAN_E_SCHEMA},
        {HEAD "\"subject\":[{\"digest\":{\"sha256\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
              "AAAAAAAAAAAAAAAAAAAA\"}}]," TAIL,
         REDAN_E_SCHEMA},
        {HEAD "\"subject\":[{\"digest\":{\"sha256\":\"" HEX_A "\"}},{}]," TAIL, REDAN_E_SCHEMA},
        {HEAD SUBJECT "\"predicate\":{}}", REDAN_E_SCHEMA},
        {HEAD SUBJECT "\"predicateType\":\"\",\"predicate\":{}}", REDAN_E_SCHEMA},
        {HEAD SUBJECT "\"predicateType\":\"p\"}", REDAN_E_SCHEMA},
        {HEAD SUBJECT "\"predicateType\":\"p\",\"predicate\":null}", REDAN_E_SCHEMA},
        {HEAD SUBJECT "\"predicateType\":\"p\",\"predicate\":[]}", REDAN_E_SCHEMA},
        {HEAD SUBJECT "\"predicateType\":\"p\",\"predicate\":{\"a\":1,\"a\":1}}", REDAN_E_SYNTAX},
        {"[]", REDAN_E_SCHEMA},
        {"{", REDAN_E_SYNTAX},
    };

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_statement statement = {0};
        enum redan_status got =
            redan_statement_parse(&ctx, redan_slice_of(rows[i].text), &statement);
        if (got != rows[i].status)
            print_error("row %zu: %s\n", i, ctx.failure.text);
        assert_int_equal(got, rows[i].status);
        redan_fail_clear(&ctx);
    }
    redan_ctx_done(&ctx);
}

static void test_statement_subjects_limit(void **state)
{
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (int count = 1024; count <= 1025; count++) {
        struct redan_buf out REDAN_DEFER(redan_buf_done);
        struct redan_statement statement = {0};
        redan_buf_init(&out, &ctx, 1 << 20);
        redan_buf_text(&out, HEAD "\"subject\":[");
        for (int i = 0; i < count; i++)
            redan_buf_printf(&out, "%s{\"digest\":{\"sha256\":\"" HEX_A "\"}}", i ? "," : "");
        redan_buf_text(&out, "]," TAIL);
        assert_int_equal(redan_statement_parse(&ctx, redan_buf_view(&out), &statement),
                         count == 1024 ? REDAN_OK : REDAN_E_SCHEMA);
        redan_fail_clear(&ctx);
    }
    redan_ctx_done(&ctx);
}

static void test_statement_write(void **state)
{
    struct redan_ctx ctx;
    struct redan_statement statement = {0};
    struct redan_slice payload = {0};
    struct redan_slice again = {0};
    static const char text[] =
        HEAD "\"subject\":[{\"name\":\"z\",\"digest\":{\"sha256\":\"" HEX_A
             "\"}},{\"digest\":{\"sha256\":\"" HEX_A "\"}}],"
             "\"predicateType\":\"p\",\"predicate\":{\"b\":[1.0,true,null],\"a\":\"\\u00e9\"}}";
    static const char canonical[] =
        "{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicate\":{\"a\":\"\xc3\xa9\",\"b\":[1,"
        "true,null]},\"predicateType\":\"p\",\"subject\":[{\"digest\":{\"sha256\":\"" HEX_A
        "\"},\"name\":\"z\"},{\"digest\":{\"sha256\":\"" HEX_A "\"}}]}";

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_statement_parse(&ctx, REDAN_S(text), &statement));
    assert_ok(redan_statement_write(&ctx, &statement, &payload));
    assert_slice(payload, canonical);
    assert_ok(redan_statement_write(&ctx, &statement, &again)); /* the predicate is untouched */
    assert_true(redan_slice_eq(payload, again));
    assert_ok(redan_statement_parse(&ctx, payload, &statement));
    statement.count = 0;
    assert_int_equal(redan_statement_write(&ctx, &statement, &again), REDAN_E_USAGE);
    redan_ctx_done(&ctx);
}

static struct redan_digest digest_of(int n)
{
    struct redan_digest digest = {{0}};

    digest.bytes[0] = (uint8_t)n;
    return digest;
}

struct link_row {
    const char *producer;
    uint64_t seq;
    int digest;
    int previous;
};

static void test_chain(void **state)
{
    struct redan_ctx ctx;
    static const struct {
        struct link_row links[6]; /* until a producer of NULL */
        const char *fault;        /* of producer "p" */
        uint64_t count;
        uint64_t head;
    } rows[] = {
        {{{"p", 1, 1, 0}, {"p", 2, 2, 1}, {"p", 3, 3, 2}}, "", 3, 3},
        {{{"p", 3, 3, 2}, {"q", 2, 9, 1}, {"p", 1, 1, 0}, {"p", 2, 2, 1}}, "", 3, 3},
        {{{"p", 1, 1, 0}}, "", 1, 1},
        {{{"p", 1, 1, 0}, {"p", 2, 2, 1}, {"p", 2, 2, 1}}, "", 2, 2},
        {{{"p", 1, 1, 0}, {"p", 3, 3, 2}}, "record 2 is missing", 2, 3},
        {{{"p", 1, 1, 0}, {"p", 5, 5, 4}, {"p", 9, 9, 8}}, "records 2 to 4 are missing", 3, 9},
        {{{"p", 2, 2, 1}}, "record 1 is missing", 1, 2},
        {{{"p", 4, 2, 1}}, "records 1 to 3 are missing", 1, 4},
        {{{"p", 1, 1, 0}, {"p", 2, 2, 7}, {"p", 3, 3, 2}},
         "record 2 does not follow record 1: it names another digest",
         3,
         3},
        {{{"p", 1, 1, 0}, {"p", 2, 2, 0}},
         "record 2 does not follow record 1: it names another digest",
         2,
         2},
        {{{"p", 1, 1, 0}, {"p", 2, 2, 1}, {"p", 2, 3, 1}},
         "two different records have the number 2",
         3,
         2},
        {{{"p", 1, 1, 0}, {"p", 1, 2, 0}, {"p", 2, 3, 1}},
         "two different records have the number 1",
         3,
         2},
        {{{"p", 1, 1, 5}}, "record 1 names a record before it", 1, 1},
        {{{"p", 0, 1, 0}, {"p", 1, 2, 1}}, "a record has the number 0; the first is 1", 2, 1},
        {{{"p", 1, 1, 0}, {"p", UINT64_MAX, 2, 1}},
         "records 2 to 18446744073709551614 are missing",
         2,
         UINT64_MAX},
    };

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_link links[6];
        struct redan_chain *chains = NULL;
        size_t n = 0;
        size_t count = 0;
        for (; n < 6 && rows[i].links[n].producer; n++)
            links[n] = (struct redan_link){redan_slice_of(rows[i].links[n].producer), REDAN_S("s"),
                                           rows[i].links[n].seq, digest_of(rows[i].links[n].digest),
                                           digest_of(rows[i].links[n].previous)};
        assert_ok(redan_chain_judge(&ctx, links, n, &chains, &count));
        const struct redan_chain *chain = redan_chain_of(chains, count, REDAN_S("p"), REDAN_S("s"));
        assert_non_null(chain);
        assert_slice(chain->fault, rows[i].fault);
        assert_int_equal(chain->whole, rows[i].fault[0] == '\0');
        assert_true(chain->count == rows[i].count);
        assert_true(chain->head->seq == rows[i].head);
        assert_null(redan_chain_of(chains, count, REDAN_S("o"), REDAN_S("s")));
        assert_null(redan_chain_of(chains, count, REDAN_S("r"), REDAN_S("s")));
    }
    struct redan_link two[] = {
        {REDAN_S("p"), REDAN_S("s"), 2, digest_of(2), digest_of(1)}, /* its first is gone */
        {REDAN_S("p"), REDAN_S("org"), 1, digest_of(3), digest_of(0)},
        {REDAN_S("o"), REDAN_S("s"), 1, digest_of(4), digest_of(0)},
    };
    struct redan_chain *chains = NULL;
    size_t count = 7;
    assert_ok(redan_chain_judge(&ctx, two, REDAN_COUNT(two), &chains, &count));
    assert_int_equal(count, 3);
    assert_false(redan_chain_of(chains, count, REDAN_S("p"), REDAN_S("s"))->whole);
    assert_true(redan_chain_of(chains, count, REDAN_S("p"), REDAN_S("org"))->whole);
    assert_true(redan_chain_of(chains, count, REDAN_S("o"), REDAN_S("s"))->whole);
    assert_null(redan_chain_of(chains, count, REDAN_S("o"), REDAN_S("org")));
    count = 7;
    assert_ok(redan_chain_judge(&ctx, NULL, 0, &chains, &count));
    assert_int_equal(count, 0);
    assert_null(redan_chain_of(chains, count, REDAN_S("p"), REDAN_S("s")));
    redan_ctx_done(&ctx);
}

static enum redan_status everything(struct redan_ctx *ctx, struct redan_slice text)
{
    struct redan_dsse envelope = {0};
    struct redan_statement statement = {0};
    struct redan_slice pae = {0};
    struct redan_slice payload = {0};
    struct redan_link links[2] = {{.producer = REDAN_S("p"), .seq = 4},
                                  {.producer = REDAN_S("q"), .seq = 2}};
    struct redan_chain *chains = NULL;
    size_t count = 0;

    REDAN_TRY(redan_dsse_parse(ctx, text, &envelope));
    REDAN_TRY(redan_dsse_pae(ctx, &envelope, &pae));
    REDAN_TRY(redan_statement_parse(ctx, envelope.payload, &statement));
    REDAN_TRY(redan_statement_write(ctx, &statement, &payload));
    return redan_chain_judge(ctx, links, 2, &chains, &count);
}

static void test_memory_refused(void **state)
{
    struct redan_ctx outer;
    struct redan_dsse envelope = {.payload_type = REDAN_S(REDAN_DSSE_INTOTO),
                                  .payload = REDAN_S(HEAD SUBJECT TAIL)};
    struct redan_dsse_signature signature = {
        .keyid = REDAN_S("k"), .bytes = REDAN_S("sig"), .timestamp = REDAN_S("token")};
    enum redan_status got = REDAN_E_MEMORY;

    (void)state;
    redan_ctx_init(&outer, NULL);
    envelope.signatures = &signature;
    envelope.count = 1;
    struct redan_slice text = text_of(&outer, &envelope);
    for (uint64_t n = 1; got != REDAN_OK; n++) {
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        got = everything(&ctx, text);
        assert_true(got == REDAN_OK || (got == REDAN_E_MEMORY && ctx.failure.status == got));
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
        assert_true(n < 1000);
    }
    redan_ctx_done(&outer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dsse_specification),
        cmocka_unit_test(test_dsse_parse),
        cmocka_unit_test(test_dsse_sign),
        cmocka_unit_test(test_statement_parse),
        cmocka_unit_test(test_statement_subjects_limit),
        cmocka_unit_test(test_statement_write),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_memory_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
