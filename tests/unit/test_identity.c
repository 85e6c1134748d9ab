/* Who calls: names, API keys and tokens; what RFC 8725 warns of is refused, and no refusal tells more than it should. */
#include "io_fixture.h"

#include "base/hex.h"
#include "crypto/key.h"
#include "crypto/mac.h"
#include "guard/identity.h"

enum { NOW = 1000000 };

struct world {
    struct scratch *s;
    struct redan_ctx ctx;
    struct redan_policy policy;
    struct redan_identity *id;
};

static void begin(struct world *w, struct scratch *s, enum redan_identity_kind kind)
{
    *w = (struct world){.s = s};
    redan_ctx_init(&w->ctx, NULL);
    w->policy.folder = redan_slice_of(s->root);
    w->policy.identity.kind = kind;
    w->policy.identity.required = true;
}

static void opened(struct world *w)
{
    if (redan_identity_open(&w->ctx, &w->policy, &w->id) != REDAN_OK)
        fail_msg("%s", w->ctx.failure.text);
}

static void end(struct world *w)
{
    redan_identity_free(w->id);
    redan_ctx_done(&w->ctx);
    assert_int_equal(w->ctx.mem.used, 0);
}

/* The name, or what the refusal says. */
static void establish(struct world *w, struct redan_slice given, int64_t now, const char *name,
                      const char *refusal, bool cached)
{
    struct redan_slice got = {0};
    bool was = !cached;
    enum redan_status status = redan_identity_establish(&w->ctx, w->id, given, now, &got, &was);

    if (refusal) {
        if (status != REDAN_E_SIGNATURE || !strstr(w->ctx.failure.text, refusal))
            fail_msg("%.*s: \"%s\" where \"%s\" belongs", REDAN_FMT(given), w->ctx.failure.text,
                     refusal);
        redan_fail_clear(&w->ctx);
        return;
    }
    if (status != REDAN_OK)
        fail_msg("%.*s: %s", REDAN_FMT(given), w->ctx.failure.text);
    assert_slice(got, name);
    assert_int_equal(was, cached);
}

static void test_names(void **state)
{
    static const char longest[] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    struct world w;

    for (int kind = REDAN_IDENTITY_PLAIN; kind <= REDAN_IDENTITY_SUBJECT; kind++) {
        begin(&w, *state, (enum redan_identity_kind)kind);
        opened(&w);
        establish(&w, REDAN_S("CN=merchant-1,O=B\xc3\xa4nk"), NOW, "CN=merchant-1,O=B\xc3\xa4nk",
                  NULL, false);
        establish(&w, REDAN_S("  a b  "), NOW, "a b", NULL, false);
        establish(&w, REDAN_S("Bearer x"), NOW, "Bearer x", NULL, false);
        establish(&w, (struct redan_slice){longest, 256}, NOW, longest + sizeof(longest) - 257,
                  NULL, false);
        establish(&w, redan_slice_of(longest), NOW, NULL, "1 to 256 bytes", false);
        establish(&w, REDAN_S("a\x01"), NOW, NULL, "control characters", false);
        establish(&w, REDAN_S("a\tb"), NOW, NULL, "control characters", false);
        establish(&w, (struct redan_slice){"a\0b", 3}, NOW, NULL, "control characters", false);
        establish(&w, REDAN_S("a\xc2\x85"), NOW, NULL, "control characters", false);
        establish(&w, REDAN_S("a\xff"), NOW, NULL, "UTF-8", false);
        establish(&w, REDAN_S(""), NOW, NULL, "does not say who calls", false);
        end(&w);
    }
    begin(&w, *state, REDAN_IDENTITY_PLAIN);
    w.policy.identity.required = false;
    opened(&w);
    establish(&w, REDAN_S(" "), NOW, "", NULL, false);
    establish(&w, REDAN_S("a\x7f"), NOW, NULL, "control characters", false);
    end(&w);
}

static void key_line(char *text, size_t size, const char *key, const char *name)
{
    struct redan_ctx ctx;
    struct redan_digest digest;
    char hex[REDAN_DIGEST_HEX];

    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_sha256(&ctx, redan_slice_of(key), &digest));
    redan_digest_hex(&digest, hex);
    size_t at = strlen(text);
    (void)snprintf(text + at, size - at, "sha256:%s %s\n", hex, name);
    redan_ctx_done(&ctx);
}

static void test_api_keys(void **state)
{
    char text[4096] = "# of the merchants\n\n";
    struct world w;

    key_line(text, sizeof(text), "key-one", " merchant 1 ");
    key_line(text, sizeof(text), "key-two", "merchant 2");
    key_line(text, sizeof(text), "key-three", "merchant 2"); /* two keys of one name are fine */
    begin(&w, *state, REDAN_IDENTITY_API_KEY);
    scratch_text(w.s, "keys", text);
    w.policy.identity.keys = REDAN_S("keys");
    opened(&w);
    establish(&w, REDAN_S("key-one"), NOW, "merchant 1", NULL, false);
    establish(&w, REDAN_S("Bearer key-two"), NOW, "merchant 2", NULL, false);
    establish(&w, REDAN_S("bEARER key-three"), NOW, "merchant 2", NULL, false);
    establish(&w, REDAN_S("key-on"), NOW, NULL, "the API key is not known", false);
    establish(&w, REDAN_S("Bearer"), NOW, NULL, "the API key is not known", false);
    establish(&w, redan_slice_of(strstr(text, "sha256:")), NOW, NULL, "not known", false);
    end(&w);
}

static void test_api_key_files(void **state)
{
    static const char digest[] =
        "sha256:0000000000000000000000000000000000000000000000000000000000000001";
    static const struct {
        const char *form; /* %s is the digest */
        const char *text;
    } rows[] = {
        {"# none\n", "no keys"},
        {"", "no keys"},
        {"%s", "behind the digest"},
        {"%s a\n%s b\n", "twice"},
        {"%s a\x01\n", "behind the digest"},
        {"md5:00 a\n", "printf %s KEY | sha256sum"},
        {"secret a\n", "sha256:HEX NAME"},
    };

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        char text[512];
        struct world w;
        begin(&w, *state, REDAN_IDENTITY_API_KEY);
        size_t n = 0;
        for (const char *p = rows[i].form; *p;) {
            bool here = strncmp(p, "%s", 2) == 0;
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%.*s", here ? 71 : 1,
                                  here ? digest : p);
            p += here ? 2 : 1;
        }
        scratch_file(w.s, "keys", text, n);
        w.policy.identity.keys = REDAN_S("keys");
        assert_int_not_equal(redan_identity_open(&w.ctx, &w.policy, &w.id), REDAN_OK);
        if (!strstr(w.ctx.failure.text, rows[i].text) || !strstr(w.ctx.failure.name, "/keys"))
            fail_msg("\"%s\" does not say \"%s\"", w.ctx.failure.text, rows[i].text);
        end(&w);
    }
}

/* --- tokens -------------------------------------------------------------------------------------------------------------- */

static const char secret[] = "0123456789abcdef0123456789abcdef";

static void url_add(struct redan_buf *out, struct redan_ctx *ctx, struct redan_slice bytes)
{
    struct redan_buf text REDAN_DEFER(redan_buf_done) = {0};

    redan_buf_init(&text, ctx, 1 << 16);
    redan_base64_add(&text, bytes);
    for (size_t i = 0; i < text.len && text.data[i] != '='; i++)
        redan_buf_char(out, text.data[i] == '+' ? '-' : text.data[i] == '/' ? '_' : text.data[i]);
}

/* Signed by `key` (Ed25519), or sealed with `sealed`. */
static struct redan_slice token_of(struct redan_ctx *ctx, const struct redan_key *key,
                                   struct redan_slice sealed, const char *header,
                                   const char *payload)
{
    struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};
    struct redan_slice signature = {0};
    struct redan_slice token = {0};
    struct redan_digest mac;

    redan_buf_init(&out, ctx, 1 << 16);
    url_add(&out, ctx, redan_slice_of(header));
    redan_buf_char(&out, '.');
    url_add(&out, ctx, redan_slice_of(payload));
    if (key) {
        assert_ok(redan_key_sign(ctx, key, redan_buf_view(&out), &signature));
    } else {
        assert_ok(redan_mac(ctx, sealed, redan_buf_view(&out), &mac));
        signature = (struct redan_slice){(const char *)mac.bytes, sizeof(mac.bytes)};
    }
    redan_buf_char(&out, '.');
    url_add(&out, ctx, signature);
    assert_ok(redan_copy(ctx, redan_buf_view(&out), &token));
    return token;
}

static struct redan_slice jwk_x(struct redan_ctx *ctx, const struct redan_key *key)
{
    struct redan_buf blob REDAN_DEFER(redan_buf_done) = {0};
    struct redan_buf x REDAN_DEFER(redan_buf_done) = {0};
    struct redan_slice text = {0};

    redan_buf_init(&blob, ctx, 256);
    redan_buf_init(&x, ctx, 256);
    redan_key_add_public_blob(&blob, key);
    url_add(&x, ctx, (struct redan_slice){blob.data + blob.len - 32, 32});
    assert_ok(redan_copy(ctx, redan_buf_view(&x), &text));
    return text;
}

static void jwt_policy(struct world *w, const char *algorithm, const char *jwks)
{
    scratch_text(w->s, "jwks.json", jwks);
    w->policy.identity.keys = REDAN_S("jwks.json");
    w->policy.identity.algorithm = redan_slice_of(algorithm);
    w->policy.identity.issuer = REDAN_S("https://issuer");
    w->policy.identity.audience = REDAN_S("fraud");
    w->policy.identity.leeway = 10;
}

#define GOOD "\"iss\":\"https://issuer\",\"aud\":\"fraud\",\"exp\":1000100,\"sub\":\"m-1\""
#define ED "{\"alg\":\"EdDSA\",\"kid\":\"a\"}"

static const struct token_row {
    const char *header, *payload;
    const char *refusal; /* NULL: m-1 is established */
} tokens[] = {
    {ED, "{" GOOD "}", NULL},
    {"{\"alg\":\"EdDSA\",\"kid\":\"a\",\"typ\":\"JWT\",\"jku\":\"https://evil\",\"jwk\":{\"x\":1}}",
     "{" GOOD ",\"nbf\":1000000,\"iat\":999999.5,\"x\":[{}]}", NULL},
    {"{\"alg\":\"EdDSA\",\"kid\":\"a\",\"typ\":\"application/"
     "at+JWT\",\"x5c\":[\"a\"],\"x5u\":\"b\"}",
     "{" GOOD "}", NULL},
    {ED, "{\"iss\":\"https://issuer\",\"aud\":[\"x\",\"fraud\"],\"exp\":1e6,\"sub\":\"m-1\"}",
     NULL},
    {ED, "{\"iss\":\"https://issuer\",\"aud\":\"fraud\",\"exp\":999991,\"sub\":\"m-1\"}", NULL},
    {ED, "{\"iss\":\"https://issuer\",\"aud\":\"fraud\",\"exp\":999990,\"sub\":\"m-1\"}",
     "has expired"},
    {ED, "{\"iss\":\"https://issuer\",\"aud\":\"fraud\",\"exp\":-1e300,\"sub\":\"m-1\"}",
     "has expired"},
    {ED, "{\"iss\":\"https://issuer\",\"aud\":\"fraud\",\"sub\":\"m-1\"}", "no time of expiry"},
    {ED, "{\"iss\":\"https://issuer\",\"aud\":\"fraud\",\"exp\":\"1000100\",\"sub\":\"m-1\"}",
     "of the types"},
    {ED, "{" GOOD ",\"nbf\":1000011}", "not valid yet"},
    {ED, "{" GOOD ",\"nbf\":null}", "of the types"},
    {ED, "{" GOOD ",\"iat\":1000011}", "issued in the future"},
    {ED, "{\"iss\":\"https://issuer/\",\"aud\":\"fraud\",\"exp\":1000100,\"sub\":\"m-1\"}",
     "another issuer"},
    {ED, "{\"aud\":\"fraud\",\"exp\":1000100,\"sub\":\"m-1\"}", "another issuer"},
    {ED, "{\"iss\":\"https://issuer\",\"aud\":\"frau\",\"exp\":1000100,\"sub\":\"m-1\"}",
     "another audience"},
    {ED, "{\"iss\":\"https://issuer\",\"aud\":[],\"exp\":1000100,\"sub\":\"m-1\"}",
     "another audience"},
    {ED, "{\"iss\":\"https://issuer\",\"aud\":[\"fraud\",{}],\"exp\":1000100,\"sub\":\"m-1\"}",
     "of the types"},
    {ED, "{\"iss\":\"https://issuer\",\"exp\":1000100,\"sub\":\"m-1\"}", "another audience"},
    {ED, "{\"iss\":\"https://issuer\",\"aud\":\"fraud\",\"exp\":1000100}", "who calls"},
    {ED, "{\"iss\":\"https://issuer\",\"aud\":\"fraud\",\"exp\":1000100,\"sub\":7}", "who calls"},
    {ED, "{\"iss\":\"https://issuer\",\"aud\":\"fraud\",\"exp\":1000100,\"sub\":\"a\\n\"}",
     "who calls"},
    {ED, "{" GOOD ",\"sub\":\"m-2\"}", "not a signed token"},
    {ED, "[]", "of the types"},
    {ED, "{" GOOD "} ", NULL},
    {ED, "{" GOOD "}}", "not a signed token"},
    {"{\"alg\":\"EdDSA\"}", "{" GOOD "}", "signature is not valid"}, /* several keys, none named */
    {"{\"alg\":\"EdDSA\",\"kid\":\"z\"}", "{" GOOD "}", "signature is not valid"},
    {"{\"alg\":\"EdDSA\",\"kid\":\"b\"}", "{" GOOD "}", "signature is not valid"},
    {"{\"alg\":\"EdDSA\",\"kid\":7}", "{" GOOD "}", "not a signed token"},
    {"{\"alg\":\"none\",\"kid\":\"a\"}", "{" GOOD "}", "another algorithm"},
    {"{\"alg\":\"HS256\",\"kid\":\"a\"}", "{" GOOD "}", "another algorithm"},
    {"{\"alg\":\"eddsa\",\"kid\":\"a\"}", "{" GOOD "}", "another algorithm"},
    {"{\"kid\":\"a\"}", "{" GOOD "}", "another algorithm"},
    {"{\"alg\":[\"EdDSA\"],\"kid\":\"a\"}", "{" GOOD "}", "not a signed token"},
    {"{\"alg\":\"EdDSA\",\"kid\":\"a\",\"crit\":[\"exp\"],\"exp\":1}", "{" GOOD "}",
     "not a signed token"},
    {"{\"alg\":\"EdDSA\",\"kid\":\"a\",\"b64\":false}", "{" GOOD "}", "not a signed token"},
    {"{\"alg\":\"EdDSA\",\"kid\":\"a\",\"typ\":\"logout+jwt\"}", "{" GOOD "}",
     "not a signed token"},
    {"{\"alg\":\"EdDSA\",\"alg\":\"EdDSA\",\"kid\":\"a\"}", "{" GOOD "}", "not a signed token"},
    {"\"x\"", "{" GOOD "}", "not a signed token"},
    {"{\"alg\":\"EdDSA\"", "{" GOOD "}", "not a signed token"},
};

static void test_tokens(void **state)
{
    struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
    struct redan_key *other REDAN_DEFER(redan_key_drop) = NULL;
    char jwks[2048];
    struct world w;

    begin(&w, *state, REDAN_IDENTITY_JWT);
    assert_ok(redan_key_new(&w.ctx, REDAN_KEY_ED25519, &key));
    assert_ok(redan_key_new(&w.ctx, REDAN_KEY_ED25519, &other));
    (void)snprintf(jwks, sizeof(jwks),
                   "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"a\",\"use\":\"sig\","
                   "\"alg\":\"EdDSA\",\"x\":\"%.*s\"},{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":"
                   "\"b\",\"key_ops\":[\"verify\"],\"x\":\"%.*s\"},{\"kty\":\"oct\",\"kid\":\"h\"},"
                   "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"kid\":\"z\",\"x\":\"%.*s\"}]}",
                   REDAN_FMT(jwk_x(&w.ctx, key)), REDAN_FMT(jwk_x(&w.ctx, other)),
                   REDAN_FMT(jwk_x(&w.ctx, key)));
    jwt_policy(&w, "EdDSA", jwks);
    opened(&w);
    for (size_t i = 0; i < REDAN_COUNT(tokens); i++) {
        struct redan_slice token =
            token_of(&w.ctx, key, (struct redan_slice){0}, tokens[i].header, tokens[i].payload);
        establish(&w, token, NOW, "m-1", tokens[i].refusal, false);
        if (!tokens[i].refusal) /* and again from memory */
            establish(&w, token, NOW, "m-1", NULL, true);
        else
            establish(&w, token, NOW, NULL, tokens[i].refusal, false);
    }
    struct redan_slice token = token_of(&w.ctx, key, (struct redan_slice){0}, ED, "{" GOOD "}");
    establish(&w, token, 1000109, "m-1", NULL, true);
    establish(&w, token, 1000110, NULL, "has expired", false); /* memory ends with the token */
    establish(&w, token, NOW, "m-1", NULL, true);
    establish(&w, REDAN_S("Bearer "), NOW, NULL, "not a signed token", false);
    establish(&w, REDAN_S("a.b.c"), NOW, NULL, "not a signed token", false);
    struct redan_slice cut = token;
    cut.len -= 2;
    establish(&w, cut, NOW, NULL, "signature is not valid", false);
    /* the algorithm is the policy's: a seal made with the public key's bytes is worth nothing */
    token = token_of(&w.ctx, NULL, jwk_x(&w.ctx, key), "{\"alg\":\"HS256\",\"kid\":\"a\"}",
                     "{" GOOD "}");
    establish(&w, token, NOW, NULL, "another algorithm", false);
    token = token_of(&w.ctx, NULL, jwk_x(&w.ctx, key), ED, "{" GOOD "}");
    establish(&w, token, NOW, NULL, "signature is not valid", false);
    end(&w);
}

/* More tokens than places: each is right, first or again. */
static void test_many_tokens(void **state)
{
    char payload[256];
    char name[16];
    struct world w;
    size_t remembered = 0;

    begin(&w, *state, REDAN_IDENTITY_JWT);
    jwt_policy(
        &w, "HS256",
        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"}]}");
    w.policy.identity.claim = REDAN_S("who");
    opened(&w);
    for (unsigned i = 0; i < 6000; i++) {
        struct redan_slice got = {0};
        bool cached = false;
        struct redan_arena_mark mark = redan_arena_mark(&w.ctx.arena);
        (void)snprintf(name, sizeof(name), "m-%u", i % 3000);
        (void)snprintf(payload, sizeof(payload), "{" GOOD ",\"who\":\"%s\"}", name);
        struct redan_slice token =
            token_of(&w.ctx, NULL, redan_slice_of(secret), "{\"alg\":\"HS256\"}", payload);
        assert_ok(redan_identity_establish(&w.ctx, w.id, token, NOW, &got, &cached));
        assert_slice(got, name);
        assert_true(i >= 3000 || !cached);
        remembered += cached;
        redan_arena_reset(&w.ctx.arena, mark);
    }
    assert_true(remembered < 1024);
    end(&w);
}

static void test_key_sets(void **state)
{
    static const struct {
        const char *algorithm, *jwks, *text;
    } rows[] = {
        {"EdDSA", "", "ends"},
        {"EdDSA", "[]", "not a JSON Web Key Set"},
        {"EdDSA", "{\"keys\":[]}", "not a JSON Web Key Set"},
        {"EdDSA", "{\"keys\":[1]}", "a key is an object"},
        {"EdDSA", "{\"keys\":[{\"kty\":\"RSA\"}]}", "none of the 1 keys"},
        {"HS256", "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AA\",\"e\":\"AQAB\"}]}",
         "none of the 1 keys"},
        {"EdDSA", "{\"keys\":[{\"kid\":\"a\"},{\"kid\":\"a\"}]}", "two keys have the kid \"a\""},
        {"EdDSA", "{\"keys\":[{\"kid\":7}]}", "a kid is a text"},
        {"EdDSA", "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\",\"d\":\"AA\"}]}",
         "a private key"},
        {"EdDSA", "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"A=\"}]}",
         "\"x\" is not base64url"},
        {"EdDSA", "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"}]}",
         "x of 32 bytes"},
        {"EdDSA", "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"use\":\"enc\"}]}", "none of"},
        {"EdDSA", "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"ES256\"}]}",
         "none of"},
        {"EdDSA", "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"key_ops\":[\"sign\"]}]}",
         "none of"},
        {"HS256",
         "{\"keys\":[{\"kty\":\"oct\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"},{"
         "\"kty\":"
         "\"oct\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\",\"kid\":\"b\"}]}",
         "each needs a kid"},
        {"none", "{\"keys\":[{}]}", "the algorithm is one of"},
    };

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct world w;
        begin(&w, *state, REDAN_IDENTITY_JWT);
        jwt_policy(&w, rows[i].algorithm, rows[i].jwks);
        assert_int_not_equal(redan_identity_open(&w.ctx, &w.policy, &w.id), REDAN_OK);
        if (!strstr(w.ctx.failure.text, rows[i].text))
            fail_msg("\"%s\" does not say \"%s\"", w.ctx.failure.text, rows[i].text);
        end(&w);
    }
}

static void test_open_refused(void **state)
{
    struct world w;

    begin(&w, *state, REDAN_IDENTITY_JWT);
    assert_int_equal(redan_identity_open(&w.ctx, &w.policy, &w.id), REDAN_E_SCHEMA);
    assert_failure(&w.ctx, REDAN_E_SCHEMA, "keys: FILE");
    w.policy.identity.keys = REDAN_S("absent.json");
    assert_int_equal(redan_identity_open(&w.ctx, &w.policy, &w.id), REDAN_E_ABSENT);
    redan_fail_clear(&w.ctx);
    jwt_policy(&w, "EdDSA", "{}");
    w.policy.identity.audience = (struct redan_slice){0};
    assert_int_equal(redan_identity_open(&w.ctx, &w.policy, &w.id), REDAN_E_SCHEMA);
    assert_failure(&w.ctx, REDAN_E_SCHEMA, "an issuer and an audience");
    end(&w);
}

static void test_without_memory(void **state)
{
    struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
    struct redan_slice token = {0};
    enum redan_status status = REDAN_E_MEMORY;
    char jwks[512];
    struct redan_ctx maker;

    redan_ctx_init(&maker, NULL);
    assert_ok(redan_key_new(&maker, REDAN_KEY_ED25519, &key));
    (void)snprintf(
        jwks, sizeof(jwks),
        "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"a\",\"x\":\"%.*s\"}]}",
        REDAN_FMT(jwk_x(&maker, key)));
    token = token_of(&maker, key, (struct redan_slice){0}, ED, "{" GOOD "}");
    for (uint64_t at = 1; status == REDAN_E_MEMORY; at++) {
        struct redan_slice name = {0};
        struct world w;
        begin(&w, *state, REDAN_IDENTITY_JWT);
        jwt_policy(&w, "EdDSA", jwks);
        w.ctx.mem.fail_at = at;
        status = redan_identity_open(&w.ctx, &w.policy, &w.id);
        if (status == REDAN_OK)
            status = redan_identity_establish(&w.ctx, w.id, token, NOW, &name, NULL);
        end(&w);
        assert_true(at < 200);
    }
    assert_ok(status);
    redan_ctx_done(&maker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_names),         WITH_FOLDER(test_api_keys),
        WITH_FOLDER(test_api_key_files), WITH_FOLDER(test_tokens),
        WITH_FOLDER(test_many_tokens),   WITH_FOLDER(test_key_sets),
        WITH_FOLDER(test_open_refused),  WITH_FOLDER(test_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
