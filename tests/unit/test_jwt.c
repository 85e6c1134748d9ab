/* Signatures of tokens: the vectors of RFC 7515 (appendix A) and RFC 8037, others made with another library, and every way to be wrong. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "crypto/jwt.h"

static const char rsa_n[] =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrc"
    "S2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGz"
    "jb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xs"
    "mtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8"
    "q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
static const char ec_x[] = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
static const char ec_y[] = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
static const char secret[] =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjA"
    "zZr1Z9CAow";
static const char ed_x[] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
static const char ps_n[] =
    "oLpbhmA-9qV5I3ITBvpdQQBPtBvyiC4XVP8oW7nIWjkyclbp2YXy3BRJJ0QrYSZ3ZWHcO49MvTSq"
    "H0sh0UXs1cFELmlGAIn2zZma1sJw-xexpyvIp_gvJ6I8ymBYCJUrG0nRUWYV-nK7FsrNF4i__6rS"
    "fiAkDXSaPG-Qzo_8ZVzMTonzvMHlEvykD5S5BYv73i5Ko2fTdKLNJd7v1LXhgxm06eczfLlsVwHo"
    "AfS0fRYS51rZhE4iLdBFjwRf5lIsjpVQ_pbe8Xyt_k2vf5OrQSsdT--6m7rYiDbul8uldeqjb8cr"
    "w2O_P6hBguKPmPp79bt4M1Trf4B7epBsruzedQ";
static const char e384_x[] = "wGZqDoT1xvZceQlpdilScaIStt3uqYNoV3P9-ASKlDxQHTz0NAFPK4HVYbQpzpm6";
static const char e384_y[] = "WV3S84hNCnltP1z1qY4DdYqGV1ker7EIfg9CNjavD4R2gU0qZBYD535ib-YquDNy";
static const char rsa_1024[] =
    "vMB-VoZxrYaMElkdyqYgYuquMaHTeBtuEmflUXU5PmhSuuhywF-EeHFHeoRmL3ah9HZ52t0EtwPu"
    "QSiuHt-2ddh3fBb3r591ZeOK-y3q-D2XBZU7ObvrRnwX8H12YSSKIEFPZI9WcLRQvTK0O6pahZPQ"
    "kJ2jdH_65R0yOD4QSf0";

struct texts {
    const char *x, *y, *n, *e, *k; /* base64url */
};

static const struct vector {
    const char *name;
    enum redan_jwt_algorithm algorithm;
    const char *token;
    struct texts key;
} vectors[] = {
    {"A.1",
     REDAN_JWT_HS256,
     "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA"
     "4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB9"
     "2K27uhbUJU1p1r_wW1gFWFOEjXk",
     {.k = secret}},
    {"A.2",
     REDAN_JWT_RS256,
     "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA"
     "6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat"
     "0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t"
     "1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07"
     "Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnv"
     "Wh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77"
     "Rw",
     {.n = rsa_n, .e = "AQAB"}},
    {"A.3",
     REDAN_JWT_ES256,
     "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA"
     "6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4Ga"
     "wxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
     {.x = ec_x, .y = ec_y}},
    {"RFC 8037 A.4",
     REDAN_JWT_EDDSA,
     "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnL"
     "WG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
     {.x = ed_x}},
    {"PS256",
     REDAN_JWT_PS256,
     "eyJhbGciOiJQUzI1NiJ9.eyJzdWIiOiJ4In0.iHt82N9tUHPplMRGx9gmEAHkGiShQ7LozhRLrcQ"
     "_NR2bOM5TVyedpKAKWmkQpPmIEgTSqiK6KUeLk0VNFdszq1m9uFzUDicsjkFx1IGEz2-M6lPSYjq"
     "Xqv3W6WmBt2iPVQKL6xiTflC6OjZ5wWqTJvvUAAsu1lyeiS-lp_DhhPwxJOA5hot4TfUMkI1gJSc"
     "Nsa5ZT116kuHpO-m8vn15jX1XPJJNaj97TgOp0dg10y-nJeBi4XFOesFpCX1Mua61KZd8HySekW1"
     "_h5gQLS1hCZ769qxICvN8okSfD-x9blGft6auAtBAAjmbmWLa9LU32mNVwconmhMiAFoSmWVeVg",
     {.n = ps_n, .e = "AQAB"}},
    {"ES384",
     REDAN_JWT_ES384,
     "eyJhbGciOiJFUzM4NCJ9.eyJzdWIiOiJ4In0.NlZsYV_9taFYFY7rJjL1ZJyx5V98WfVsOcsWBo4"
     "vqi-3PokyMAQdWQRmY78_yZhkrtaRNaUNiBLxijkKaPOXu1DAWX3EqgYffX79UDOQlWBDEu9eUDQ"
     "FaCfLhNVfmLfs",
     {.x = e384_x, .y = e384_y}},
};

/* By RFC 8017 with a salt of 20 bytes, where RFC 7518 3.5 asks for 32. */
static const char short_salt[] =
    "eyJhbGciOiJQUzI1NiJ9.eyJzdWIiOiJ4In0.SS4FlX44DFVrNYTmcl5FrRD5tpmt_7Dk0sD8Xoy"
    "1MnOeIDFZdxbUaYHNBhibIArB7uFgWrRihkUlOICCnTYN9bt7QaDXU5CmFfiUy5gODcfZ_kDp0jt"
    "6bsb3xNQ2EN9R32UBvD7AZeuvx_XmU2MVWhtXwFOkG8xi3Ct1jgKfn7KWSKxqstBB3K1FOU0EUyt"
    "veb8UFMMVFbmIzBLZBqEnLJYp99PwTtl7nOHwQmztca46q3XNTrNYkjk7NW5n6zkp0ZVtTWYt_sm"
    "cC6fNpdkdD-91vf3uUzCPI_rDX8vKlAS7Yz9JazYjauc3BsinPT9Oy8Yz2hrMPjRd7DYdLCaajA";

static struct redan_slice bytes_of(struct redan_ctx *ctx, const char *text)
{
    struct redan_slice bytes = {0};

    if (text)
        assert_ok(redan_base64url_parse(ctx, redan_slice_of(text), &bytes));
    return bytes;
}

static struct redan_jwt_parts parts_of(struct redan_ctx *ctx, const struct vector *vector)
{
    return (struct redan_jwt_parts){
        .algorithm = vector->algorithm,
        .x = bytes_of(ctx, vector->key.x),
        .y = bytes_of(ctx, vector->key.y),
        .n = bytes_of(ctx, vector->key.n),
        .e = bytes_of(ctx, vector->key.e),
        .k = bytes_of(ctx, vector->key.k),
    };
}

static struct redan_jwt_key *key_of(struct redan_ctx *ctx, const struct vector *vector)
{
    const struct redan_jwt_parts parts = parts_of(ctx, vector);
    struct redan_jwt_key *key = NULL;

    assert_ok(redan_jwt_key_new(ctx, &parts, &key));
    return key;
}

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(vectors); i++) {
        struct redan_ctx ctx;
        struct redan_jwt jwt;
        redan_ctx_init(&ctx, NULL);
        struct redan_jwt_key *key = key_of(&ctx, &vectors[i]);
        assert_ok(redan_jwt_cut(&ctx, redan_slice_of(vectors[i].token), &jwt));
        if (redan_jwt_verify(&ctx, key, &jwt) != REDAN_OK)
            fail_msg("%s does not verify", vectors[i].name);
        redan_jwt_key_free(key);
        redan_ctx_done(&ctx);
    }
}

/* Any bit of the token, any other length of the signature, any other key: not valid, and not recorded. */
static void test_changed(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(vectors); i++) {
        struct redan_ctx ctx;
        struct redan_jwt jwt;
        char text[2048];
        redan_ctx_init(&ctx, NULL);
        struct redan_jwt_key *key = key_of(&ctx, &vectors[i]);
        assert_ok(redan_jwt_cut(&ctx, redan_slice_of(vectors[i].token), &jwt));
        struct redan_jwt changed = jwt;
        for (size_t at = 0; at < jwt.signature.len; at += 7) {
            memcpy(text, jwt.signature.at, jwt.signature.len);
            text[at] = (char)(text[at] ^ 1);
            changed.signature.at = text;
            assert_int_equal(redan_jwt_verify(&ctx, key, &changed), REDAN_E_SIGNATURE);
        }
        memcpy(text, jwt.signature.at, jwt.signature.len);
        text[jwt.signature.len] = '\0';
        for (size_t len = 0; len <= jwt.signature.len + 1; len++) {
            changed.signature = (struct redan_slice){text, len};
            assert_int_equal(redan_jwt_verify(&ctx, key, &changed),
                             len == jwt.signature.len ? REDAN_OK : REDAN_E_SIGNATURE);
        }
        memset(text, 0, sizeof(text)); /* r and s of nothing, CVE-2022-21449 */
        changed.signature = (struct redan_slice){text, jwt.signature.len};
        assert_int_equal(redan_jwt_verify(&ctx, key, &changed), REDAN_E_SIGNATURE);
        changed = jwt;
        changed.signed_part.len--;
        assert_int_equal(redan_jwt_verify(&ctx, key, &changed), REDAN_E_SIGNATURE);
        for (size_t k = 0; k < REDAN_COUNT(vectors); k++) {
            struct redan_jwt_key *other = k == i ? NULL : key_of(&ctx, &vectors[k]);
            if (other)
                assert_int_equal(redan_jwt_verify(&ctx, other, &jwt), REDAN_E_SIGNATURE);
            redan_jwt_key_free(other);
        }
        assert_int_equal(ctx.failure.status, REDAN_OK);
        redan_jwt_key_free(key);
        redan_ctx_done(&ctx);
    }
}

static void test_salt(void **state)
{
    struct redan_ctx ctx;
    struct redan_jwt jwt;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(vectors); i++) {
        if (vectors[i].algorithm != REDAN_JWT_PS256)
            continue;
        struct redan_jwt_key *key = key_of(&ctx, &vectors[i]);
        assert_ok(redan_jwt_cut(&ctx, redan_slice_of(short_salt), &jwt));
        assert_int_equal(redan_jwt_verify(&ctx, key, &jwt), REDAN_E_SIGNATURE);
        redan_jwt_key_free(key);
    }
    redan_ctx_done(&ctx);
}

static void test_cut(void **state)
{
    static const struct {
        const char *token;
        enum redan_status status;
    } rows[] = {
        {"e30.e30.AA", REDAN_OK},         {"", REDAN_E_SYNTAX},
        {"e30", REDAN_E_SYNTAX},          {"e30.e30", REDAN_E_SYNTAX},
        {"e30.e30.", REDAN_E_SYNTAX},     {".e30.AA", REDAN_E_SYNTAX},
        {"e30..AA", REDAN_E_SYNTAX},      {"e30.e30.AA.", REDAN_E_SYNTAX},
        {"a.b.c.d.e", REDAN_E_SYNTAX},    {"e30=.e30.AA", REDAN_E_SYNTAX},
        {"e30.e30.AA==", REDAN_E_SYNTAX}, {"e30.e30.AB", REDAN_E_SYNTAX}, /* unused bits */
        {"e30.e30.A", REDAN_E_SYNTAX},    {"e30.e30.+A", REDAN_E_SYNTAX},
        {"e30.e30.A A", REDAN_E_SYNTAX},  {"e30.e3 .AA", REDAN_E_SYNTAX},
        {"e30.e30.AA\n", REDAN_E_SYNTAX},
    };
    struct redan_jwt jwt;
    struct redan_ctx ctx;

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        redan_ctx_init(&ctx, NULL);
        if (redan_jwt_cut(&ctx, redan_slice_of(rows[i].token), &jwt) != rows[i].status)
            fail_msg("%s", rows[i].token);
        redan_ctx_done(&ctx);
    }
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_jwt_cut(&ctx, REDAN_S("eyJhIjoxfQ.eyJiIjoyfQ._-8"), &jwt));
    assert_slice(jwt.header, "{\"a\":1}");
    assert_slice(jwt.payload, "{\"b\":2}");
    assert_slice(jwt.signature, "\xff\xef");
    assert_slice(jwt.signed_part, "eyJhIjoxfQ.eyJiIjoyfQ");
    char *large = calloc(1, 16386);
    memset(large, 'A', 16385);
    assert_int_equal(redan_jwt_cut(&ctx, redan_slice_of(large), &jwt), REDAN_E_LIMIT);
    free(large);
    redan_ctx_done(&ctx);
}

static void test_keys_refused(void **state)
{
    static const char zeros[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    static const struct vector rows[] = {
        {"x too short", REDAN_JWT_ES256, NULL, {.x = "AAAA", .y = ec_y}},
        {"no y", REDAN_JWT_ES256, NULL, {.x = ec_x}},
        {"not on the curve", REDAN_JWT_ES256, NULL, {.x = ec_x, .y = ec_x}},
        {"of another curve", REDAN_JWT_ES384, NULL, {.x = ec_x, .y = ec_y}},
        {"y for Ed25519", REDAN_JWT_EDDSA, NULL, {.x = ed_x, .y = ed_x}},
        {"small order", REDAN_JWT_EDDSA, NULL, {.x = zeros}},
        {"1024 bits", REDAN_JWT_RS256, NULL, {.n = rsa_1024, .e = "AQAB"}},
        {"no exponent", REDAN_JWT_RS256, NULL, {.n = rsa_n}},
        {"exponent 3", REDAN_JWT_PS256, NULL, {.n = rsa_n, .e = "Aw"}},
        {"even exponent", REDAN_JWT_RS256, NULL, {.n = rsa_n, .e = "AQAA"}},
        {"short secret", REDAN_JWT_HS256, NULL, {.k = "AAAA"}},
        {"no secret", REDAN_JWT_HS256, NULL, {.n = rsa_n, .e = "AQAB"}},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_jwt_key *key = NULL;
        redan_ctx_init(&ctx, NULL);
        const struct redan_jwt_parts parts = parts_of(&ctx, &rows[i]);
        if (redan_jwt_key_new(&ctx, &parts, &key) == REDAN_OK || !ctx.failure.text[0])
            fail_msg("%s was taken", rows[i].name);
        redan_ctx_done(&ctx);
    }
    redan_jwt_key_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),      cmocka_unit_test(test_changed),
        cmocka_unit_test(test_salt),         cmocka_unit_test(test_cut),
        cmocka_unit_test(test_keys_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
