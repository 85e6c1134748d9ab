/* Digests and keys: known answers, every text form there and back, and the forms that must be refused. */
#include "test.h"

#include <pthread.h>

#include "base/hex.h"
#include "crypto/key.h"
#include "tool.h"

#define ED_SPKI "302a300506032b6570032100"
#define ED_PKCS8 "302e020100300506032b657004220420"
#define P256_SPKI "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
#define P521_SPKI "30819b301006072a8648ce3d020106052b810400230381860004"
#define P384_SPKI "3076301006072a8648ce3d020106052b8104002203620004"

static struct redan_slice unhex(struct redan_ctx *ctx, const char *hex)
{
    size_t len = strlen(hex) / 2;
    char *bytes = redan_take(ctx, len + 1);

    assert_non_null(bytes);
    assert_true(redan_hex_parse(redan_slice_of(hex), bytes, len));
    return (struct redan_slice){bytes, len};
}

static struct redan_slice pem_of(struct redan_ctx *ctx, const char *label, struct redan_slice der)
{
    struct redan_buf buf REDAN_DEFER(redan_buf_done);
    struct redan_slice text = {0};

    redan_buf_init(&buf, ctx, 100000);
    redan_pem_add(&buf, label, der, 64);
    assert_ok(redan_copy(ctx, redan_buf_view(&buf), &text));
    return text;
}

static struct redan_slice pem_hex(struct redan_ctx *ctx, const char *label, const char *hex)
{
    return pem_of(ctx, label, unhex(ctx, hex));
}

static void test_sha256(void **state)
{
    struct redan_ctx ctx;
    struct redan_digest digest;
    struct redan_digest other;
    struct redan_hasher *hasher REDAN_DEFER(redan_hasher_drop) = NULL;
    char hex[REDAN_DIGEST_HEX];
    static const struct {
        const char *text, *hex; /* FIPS 180-4 examples */
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_hasher_new(&ctx, &hasher));
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_slice text = redan_slice_of(rows[i].text);
        assert_ok(redan_sha256(&ctx, text, &digest));
        redan_digest_hex(&digest, hex);
        assert_string_equal(hex, rows[i].hex);
        for (size_t k = 0; k < text.len; k++)
            assert_ok(redan_hasher_add(&ctx, hasher, redan_slice_sub(text, k, 1)));
        assert_ok(redan_hasher_end(&ctx, hasher, &other));
        assert_true(redan_digest_eq(&digest, &other));
    }
    assert_true(redan_digest_parse_hex(redan_slice_of(hex), &other));
    assert_true(redan_digest_eq(&digest, &other));
    hex[0] = '3';
    assert_true(redan_digest_parse_hex(redan_slice_of(hex), &other));
    assert_false(redan_digest_eq(&digest, &other));
    redan_ctx_done(&ctx);
}

static void test_digest_text(void **state)
{
    struct redan_digest digest;
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", true},
        {"sha256:BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", false},
        {"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a", false},
        {"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015adad", false},
        {"sha256:ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", false},
        {"SHA256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", false},
        {"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", false},
        {"sha256:", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++)
        assert_int_equal(redan_digest_parse(redan_slice_of(rows[i].text), &digest), rows[i].good);
}

static void test_random(void **state)
{
    struct redan_ctx ctx;
    uint8_t a[16] = {0};
    uint8_t b[16] = {0};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_random(&ctx, a, sizeof(a)));
    assert_ok(redan_random(&ctx, b, sizeof(b)));
    assert_memory_not_equal(a, b, sizeof(a));
    redan_ctx_done(&ctx);
}

/* RFC 8032 7.1, tests 1 to 3. */
static void test_ed25519_known(void **state)
{
    struct redan_ctx ctx;
    static const struct {
        const char *seed, *public_key, *message, *signature;
    } rows[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e3970"
         "1cf9b46bd25bf5f0595bbe24655141438e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613"
         "d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760"
         "984dc6594a7c15e9716ed28dc027beceea1ec40a"},
    };

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
        struct redan_key *half REDAN_DEFER(redan_key_drop) = NULL;
        struct redan_slice signature = {0};
        struct redan_digest a;
        struct redan_digest b;
        char hex[200];
        struct redan_slice message = unhex(&ctx, rows[i].message);
        struct redan_slice expect = unhex(&ctx, rows[i].signature);
        (void)snprintf(hex, sizeof(hex), ED_PKCS8 "%s", rows[i].seed);
        assert_ok(redan_key_parse_private(&ctx, pem_hex(&ctx, "PRIVATE KEY", hex), &key));
        (void)snprintf(hex, sizeof(hex), ED_SPKI "%s", rows[i].public_key);
        assert_ok(redan_key_parse_public(&ctx, pem_hex(&ctx, "PUBLIC KEY", hex), &half));
        redan_key_id(key, &a);
        redan_key_id(half, &b);
        assert_true(redan_digest_eq(&a, &b));
        assert_ok(redan_sha256(&ctx, unhex(&ctx, hex), &b));
        assert_true(redan_digest_eq(&a, &b));
        assert_true(redan_key_can_sign(key));
        assert_false(redan_key_can_sign(half));
        assert_ok(redan_key_sign(&ctx, key, message, &signature));
        assert_true(redan_slice_eq(signature, expect));
        assert_ok(redan_key_verify(&ctx, half, message, expect));
        assert_int_equal(redan_key_verify(&ctx, half, REDAN_S("x"), expect), REDAN_E_SIGNATURE);
    }
    redan_ctx_done(&ctx);
}

/* RFC 6979 A.2.5 to A.2.7, message "sample", SHA-256, SHA-384 and SHA-512. */
static void test_ecdsa_known(void **state)
{
    struct redan_ctx ctx;
    static const struct {
        const char *spki, *signature;
    } rows[] = {
        {P256_SPKI "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                   "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
         "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
         "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
        {P384_SPKI "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866"
                   "064a254515480bc138015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9"
                   "db1288b231c3ae0d4fe7344fd2533264720",
         "306602310094edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44ac"
         "f96e36dd1e80fabe4602310099ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f"
         "a329c145786e679e7b82c71a38628ac8"},
        {P521_SPKI
         "01894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd371123d46e45db6b"
         "5d5370a7f20fb633155d38ffa16d2bd761dcac474b9a2f5023a400493101c962cd4d2fddf782285e"
         "64584139c2f91b47f87ff82354d6630f746a28a0db25741b5b34a828008b22acc23f924faafbd4d3"
         "3f81ea66956dfeaa2bfdfcf5",
         "308187024200c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25"
         "a1ee9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e377fa0241617cce7cf50648"
         "06c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8c37ff077"
         "7b1a20f8ccb1dccc43997f1ee0e44da4a67a"},
    };

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
        struct redan_slice pem = pem_hex(&ctx, "PUBLIC KEY", rows[i].spki);
        struct redan_slice signature = unhex(&ctx, rows[i].signature);
        char *bad = redan_take(&ctx, signature.len + 1);
        assert_ok(redan_key_parse_public(&ctx, pem, &key));
        assert_ok(redan_key_verify(&ctx, key, REDAN_S("sample"), signature));
        assert_int_equal(redan_key_verify(&ctx, key, REDAN_S("Sample"), signature),
                         REDAN_E_SIGNATURE);
        for (size_t k = 0; k < signature.len; k++) { /* every byte counts, every length too */
            memcpy(bad, signature.at, signature.len);
            bad[k] ^= 1;
            assert_int_equal(redan_key_verify(&ctx, key, REDAN_S("sample"),
                                              (struct redan_slice){bad, signature.len}),
                             REDAN_E_SIGNATURE);
            assert_int_equal(
                redan_key_verify(&ctx, key, REDAN_S("sample"), redan_slice_sub(signature, 0, k)),
                REDAN_E_SIGNATURE);
        }
        memcpy(bad, signature.at, signature.len);
        assert_int_equal(redan_key_verify(&ctx, key, REDAN_S("sample"),
                                          (struct redan_slice){bad, signature.len + 1}),
                         REDAN_E_SIGNATURE);
        assert_int_equal(ctx.failure.status, REDAN_OK);
    }
    redan_ctx_done(&ctx);
}

/* Make, write in each form, read back: one key, one id; and a key signs for itself only. */
static void test_round_trip(void **state)
{
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (int kind = REDAN_KEY_ED25519; kind <= REDAN_KEY_P521; kind++) {
        struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
        struct redan_key *other REDAN_DEFER(redan_key_drop) = NULL;
        struct redan_slice signature = {0};
        struct redan_digest id;
        assert_ok(redan_key_new(&ctx, (enum redan_key_kind)kind, &key));
        assert_ok(redan_key_new(&ctx, (enum redan_key_kind)kind, &other));
        redan_key_id(key, &id);
        assert_ok(redan_key_sign(&ctx, key, REDAN_S("text"), &signature));
        assert_int_equal(redan_key_verify(&ctx, other, REDAN_S("text"), signature),
                         REDAN_E_SIGNATURE);
        for (int form = 0; form < 3; form++) {
            struct redan_key *again REDAN_DEFER(redan_key_drop) = NULL;
            struct redan_buf buf REDAN_DEFER(redan_buf_done);
            struct redan_digest got;
            redan_buf_init(&buf, &ctx, 10000);
            buf.secret = form == 2;
            if (form == 0)
                redan_key_add_public_pem(&buf, key);
            if (form == 1)
                redan_key_add_public_ssh(&buf, key, REDAN_S("a comment"));
            if (form == 2)
                redan_key_add_private_pem(&buf, key);
            assert_ok(redan_buf_ok(&ctx, &buf, "the key"));
            assert_ok(form == 2 ? redan_key_parse_private(&ctx, redan_buf_view(&buf), &again)
                                : redan_key_parse_public(&ctx, redan_buf_view(&buf), &again));
            redan_key_id(again, &got);
            assert_true(redan_digest_eq(&id, &got));
            assert_int_equal(redan_key_kind(again), kind);
            assert_int_equal(redan_key_can_sign(again), form == 2);
            assert_ok(redan_key_verify(&ctx, again, REDAN_S("text"), signature));
            if (form < 2) {
                struct redan_slice none = {0};
                assert_int_equal(redan_key_sign(&ctx, again, REDAN_S("text"), &none),
                                 REDAN_E_USAGE);
                redan_fail_clear(&ctx);
                redan_buf_clear(&buf);
                redan_key_add_private_pem(&buf, again);
                assert_int_equal(buf.fail, REDAN_E_USAGE);
            }
        }
    }
    assert_string_equal(redan_key_kind_name(REDAN_KEY_P384), "ecdsa-p384");
    assert_string_equal(redan_key_kind_name(REDAN_KEY_P521), "ecdsa-p521");
    redan_ctx_done(&ctx);
}

#define X256 "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
#define Y256 "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"

static void test_public_refused(void **state)
{
    struct redan_ctx ctx;
    static const struct {
        const char *hex; /* DER of a PUBLIC KEY block */
        enum redan_status status;
    } ders[] = {
        {P256_SPKI X256 Y256, REDAN_OK},
        {P256_SPKI X256 "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f4",
         REDAN_E_CRYPTO}, /* off the curve */
        {P256_SPKI X256 Y256 "00", REDAN_E_SYNTAX},
        {"3039301306072a8648ce3d020106082a8648ce3d03010703220003" X256, REDAN_E_SYNTAX},
        {"3056301006072a8648ce3d020106052b8104000a0342000479be667ef9dcbbac55a06295ce870b07029bfcdb"
         "2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
         REDAN_E_UNSUPPORTED}, /* secp256k1 */
        {ED_SPKI "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", REDAN_OK},
        {ED_SPKI "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a00",
         REDAN_E_SYNTAX},
        {"302a300506032b656e032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
         REDAN_E_UNSUPPORTED}, /* X25519 */
        {ED_SPKI "0100000000000000000000000000000000000000000000000000000000000000",
         REDAN_E_CRYPTO}, /* order 1 */
        {ED_SPKI "0000000000000000000000000000000000000000000000000000000000000080",
         REDAN_E_CRYPTO}, /* order 4 */
        {ED_SPKI "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
         REDAN_E_CRYPTO}, /* order 8 */
        {ED_SPKI "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
         REDAN_E_CRYPTO}, /* order 2 */
        {ED_SPKI "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
         REDAN_E_CRYPTO}, /* 3 + p, not reduced */
        {"3000", REDAN_E_SYNTAX},
        {"", REDAN_E_SYNTAX},
    };
    static const struct {
        const char *text;
        enum redan_status status;
    } texts[] = {
        {"", REDAN_E_SYNTAX},
        {"ssh-ed25519", REDAN_E_SYNTAX},
        {"ssh-ed25519 !!!!", REDAN_E_SYNTAX},
        {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea",
         REDAN_OK},
        {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea a b c",
         REDAN_OK},
        {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1EaAA==",
         REDAN_E_SYNTAX}, /* a byte too many */
        {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAH9damAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1E=",
         REDAN_E_SYNTAX}, /* 31 bytes */
        {"ecdsa-sha2-nistp256 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea",
         REDAN_E_SYNTAX}, /* two types */
        {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea\nx",
         REDAN_E_SYNTAX},
        {"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQ==", REDAN_E_UNSUPPORTED},
        {"ssh-dss AAAA", REDAN_E_UNSUPPORTED},
        {"sk-ssh-ed25519@openssh.com AAAA", REDAN_E_SYNTAX},
        {"sk-ecdsa-sha2-nistp256@openssh.com AAAA", REDAN_E_UNSUPPORTED},
        {"ecdsa-sha2-nistp521 AAAA", REDAN_E_SYNTAX},
        {"\x01\x02 AAAA", REDAN_E_SYNTAX},
        {"-----BEGIN PUBLIC KEY-----\n", REDAN_E_SYNTAX},
        {"-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----", REDAN_E_SYNTAX},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", REDAN_E_UNSUPPORTED},
        {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", REDAN_E_SCHEMA},
        {"-----BEGIN PUBLIC "
         "KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
         "-----END PUBLIC KEY-----\n-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
         REDAN_E_SYNTAX},
        {"-----BEGIN PUBLIC "
         "KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
         "-----END PUBLIC KEY-----\nand more",
         REDAN_E_SYNTAX},
    };

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(ders) + REDAN_COUNT(texts); i++) {
        struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
        bool der = i < REDAN_COUNT(ders);
        size_t k = der ? i : i - REDAN_COUNT(ders);
        struct redan_slice text =
            der ? pem_hex(&ctx, "PUBLIC KEY", ders[k].hex) : redan_slice_of(texts[k].text);
        enum redan_status want = der ? ders[k].status : texts[k].status;
        enum redan_status got = redan_key_parse_public(&ctx, text, &key);
        if (got != want)
            print_error("row %zu of %s: %s\n", k, der ? "ders" : "texts", ctx.failure.text);
        assert_int_equal(got, want);
        assert_int_equal(ctx.failure.status, want);
        assert_int_equal(key != NULL, want == REDAN_OK);
        redan_fail_clear(&ctx);
    }
    redan_ctx_done(&ctx);
}

static void test_private_refused(void **state)
{
    struct redan_ctx ctx;
    static const struct {
        const char *label, *hex;
        enum redan_status status;
        const char *says;
    } rows[] = {
        {"PRIVATE KEY", ED_PKCS8 "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         REDAN_OK, ""},
        {"PRIVATE KEY",
         ED_PKCS8 "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f6000",
         REDAN_E_SYNTAX, "bytes after"},
        {"PRIVATE KEY",
         "302c020100300506032b6570042004"
         "1e61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f",
         REDAN_E_SYNTAX, "does not hold"},
        {"PRIVATE KEY", "", REDAN_E_SYNTAX, "does not hold"},
        {"ENCRYPTED PRIVATE KEY", "3000", REDAN_E_UNSUPPORTED, "openssl pkey"},
        {"RSA PRIVATE KEY", "3000", REDAN_E_UNSUPPORTED, "RSA PRIVATE KEY"},
        {"DSA PRIVATE KEY", "3000", REDAN_E_UNSUPPORTED, "DSA PRIVATE KEY"},
        {"PUBLIC KEY", "3000", REDAN_E_SCHEMA, "private half"},
        {"EC PRIVATE KEY",
         "3031020101042000000000000000000000000000000000000000000000000000000000000000"
         "01a00a06082a8648ce3d030107",
         REDAN_OK, ""}, /* the scalar 1, its public half derived */
        {"EC PRIVATE KEY",
         "3077020101042000000000000000000000000000000000000000000000000000000000000000"
         "02a00a06082a8648ce3d030107a14403420004" X256 Y256,
         REDAN_E_CRYPTO, "halves"}, /* the public half of 1 */
        {"EC PRIVATE KEY",
         "3077020101042000000000000000000000000000000000000000000000000000000000000000"
         "01a00a06082a8648ce3d030107a14403420004" X256
         "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f4",
         REDAN_E_SYNTAX, ""}, /* off the curve */
        {"EC PRIVATE KEY",
         "3031020101042000000000000000000000000000000000000000000000000000000000000000"
         "00a00a06082a8648ce3d030107",
         REDAN_E_CRYPTO, ""}, /* the scalar 0 */
        {"EC PRIVATE KEY",
         "30310201010420ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc6325"
         "51a00a06082a8648ce3d030107",
         REDAN_E_CRYPTO, ""}, /* the order */
        {"EC PRIVATE KEY",
         "302e020101042000000000000000000000000000000000000000000000000000000000000000"
         "01a00706052b8104000a",
         REDAN_E_UNSUPPORTED, "secp256k1"},
        {"OPENSSH PRIVATE KEY", "00", REDAN_E_SYNTAX, ""},
    };

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
        struct redan_slice pem = pem_hex(&ctx, rows[i].label, rows[i].hex);
        enum redan_status got = redan_key_parse_private(&ctx, pem, &key);
        if (got != rows[i].status || !strstr(ctx.failure.text, rows[i].says))
            print_error("row %zu: %s\n", i, ctx.failure.text);
        assert_int_equal(got, rows[i].status);
        assert_non_null(strstr(ctx.failure.text, rows[i].says));
        redan_fail_clear(&ctx);
    }
    struct redan_key *none = NULL;
    assert_int_equal(redan_key_parse_private(
                         &ctx,
                         REDAN_S("-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
                                 "DEK-Info: AES-128-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----"),
                         &none),
                     REDAN_E_UNSUPPORTED);
    redan_fail_clear(&ctx);
    char *large = redan_take(&ctx, 70000);
    memset(large, 'A', 70000);
    assert_int_equal(redan_key_parse_private(&ctx, (struct redan_slice){large, 70000}, &none),
                     REDAN_E_LIMIT);
    redan_ctx_done(&ctx);
}

/* One thing of an OpenSSH private file made wrong at a time. */
enum fault {
    FAULT_NONE,
    FAULT_MAGIC,
    FAULT_CIPHER,
    FAULT_KDF,
    FAULT_OPTIONS,
    FAULT_KEYS,
    FAULT_CHECK,
    FAULT_INNER_TYPE,
    FAULT_INNER_PUBLIC,
    FAULT_SECOND_PUBLIC,
    FAULT_SEED,
    FAULT_PAD,
    FAULT_BLOCK,
    FAULT_TRAIL,
    FAULT_RSA,
    FAULTS
};

static void put(struct redan_buf *out, struct redan_slice s)
{
    for (int i = 0; i < 4; i++)
        redan_buf_char(out, (char)(uint8_t)(s.len >> (24 - 8 * i)));
    redan_buf_slice(out, s);
}

static struct redan_slice ssh_private(struct redan_ctx *ctx, enum fault fault)
{
    struct redan_buf out REDAN_DEFER(redan_buf_done);
    struct redan_buf part REDAN_DEFER(redan_buf_done);
    struct redan_slice bytes = {0};
    struct redan_slice type = fault == FAULT_RSA ? REDAN_S("ssh-rsa") : REDAN_S("ssh-ed25519");
    struct redan_slice seed =
        unhex(ctx, "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    struct redan_slice good =
        unhex(ctx, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    struct redan_slice wrong =
        unhex(ctx, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");

    redan_buf_init(&out, ctx, 10000);
    redan_buf_init(&part, ctx, 10000);
    redan_buf_add(&out, fault == FAULT_MAGIC ? "openssh-key-v2" : "openssh-key-v1", 15);
    put(&out, fault == FAULT_CIPHER ? REDAN_S("aes256-ctr") : REDAN_S("none"));
    put(&out, fault == FAULT_KDF ? REDAN_S("bcrypt") : REDAN_S("none"));
    put(&out, fault == FAULT_OPTIONS ? REDAN_S("x") : REDAN_S(""));
    redan_buf_add(&out, fault == FAULT_KEYS ? "\0\0\0\2" : "\0\0\0\1", 4);
    put(&part, type);
    put(&part, good);
    put(&out, redan_buf_view(&part));
    redan_buf_clear(&part);
    redan_buf_add(&part, fault == FAULT_CHECK ? "abcdabce" : "abcdabcd", 8);
    put(&part, fault == FAULT_INNER_TYPE ? REDAN_S("ecdsa-sha2-nistp256") : type);
    put(&part, fault == FAULT_INNER_PUBLIC ? wrong : good);
    redan_buf_add(&part, "\0\0\0\x40", 4);
    redan_buf_slice(&part, fault == FAULT_SEED ? wrong : seed);
    redan_buf_slice(&part, fault == FAULT_SECOND_PUBLIC ? wrong : good);
    put(&part, REDAN_S("a comment"));
    for (int i = 1; part.len % 8 != 0; i++)
        redan_buf_char(&part, (char)(fault == FAULT_PAD ? 0 : i));
    if (fault == FAULT_BLOCK)
        redan_buf_char(&part, 1);
    put(&out, redan_buf_view(&part));
    if (fault == FAULT_TRAIL)
        redan_buf_char(&out, 0);
    assert_ok(redan_copy(ctx, redan_buf_view(&out), &bytes));
    return bytes;
}

static void test_ssh_private_faults(void **state)
{
    struct redan_ctx ctx;
    struct redan_key *none = NULL;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (int fault = FAULT_NONE; fault < FAULTS; fault++) {
        struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
        struct redan_slice bytes = ssh_private(&ctx, (enum fault)fault);
        enum redan_status want = REDAN_E_SYNTAX;
        if (fault == FAULT_NONE)
            want = REDAN_OK;
        if (fault == FAULT_CIPHER || fault == FAULT_KDF || fault == FAULT_RSA)
            want = REDAN_E_UNSUPPORTED;
        if (fault == FAULT_SEED)
            want = REDAN_E_CRYPTO; /* the halves are not one key */
        enum redan_status got =
            redan_key_parse_private(&ctx, pem_of(&ctx, "OPENSSH PRIVATE KEY", bytes), &key);
        if (got != want)
            print_error("fault %d: %s\n", fault, ctx.failure.text);
        assert_int_equal(got, want);
        if (fault == FAULT_CIPHER)
            assert_non_null(strstr(ctx.failure.text, "ssh-keygen -p -N '' -f FILE"));
        redan_fail_clear(&ctx);
    }
    struct redan_slice whole = ssh_private(&ctx, FAULT_NONE);
    for (size_t len = 0; len < whole.len; len++) {
        assert_int_equal(
            redan_key_parse_private(
                &ctx, pem_of(&ctx, "OPENSSH PRIVATE KEY", redan_slice_sub(whole, 0, len)), &none),
            REDAN_E_SYNTAX);
        redan_fail_clear(&ctx);
    }
    redan_ctx_done(&ctx);
}

static void test_memory_refused(void **state)
{
    static const char public_line[] =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
    struct redan_ctx outer;

    (void)state;
    redan_ctx_init(&outer, NULL);
    struct redan_slice private_text =
        pem_of(&outer, "OPENSSH PRIVATE KEY", ssh_private(&outer, FAULT_NONE));
    for (int what = 0; what < 2; what++) {
        enum redan_status got = REDAN_E_MEMORY;
        for (uint64_t n = 1; got != REDAN_OK; n++) {
            struct redan_ctx ctx;
            struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
            redan_ctx_init(&ctx, NULL);
            ctx.mem.fail_at = n;
            got = what ? redan_key_parse_private(&ctx, private_text, &key)
                       : redan_key_parse_public(&ctx, REDAN_S(public_line), &key);
            assert_true(got == REDAN_OK || got == REDAN_E_MEMORY);
            redan_ctx_done(&ctx);
            assert_int_equal(ctx.mem.used, 0);
            assert_true(n < 100);
        }
    }
    redan_ctx_done(&outer);
}

/* FIPS 180-4's example of one block. */
static void test_sha512(void **state)
{
    struct redan_ctx ctx;
    uint8_t got[REDAN_SHA512_LEN];
    uint8_t want[REDAN_SHA512_LEN];
    static const char hex[] = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                              "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_sha512(&ctx, REDAN_S("abc"), got));
    assert_true(redan_hex_parse(REDAN_S(hex), want, sizeof(want)));
    assert_memory_equal(got, want, sizeof(want));
    redan_ctx_done(&ctx);
}

/* A key under a passphrase opens with it, and with nothing else. */
static void test_locked(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf pem REDAN_DEFER(redan_buf_done);

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&pem, &ctx, 10000);
    for (int kind = REDAN_KEY_ED25519; kind <= REDAN_KEY_P521; kind++) {
        struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
        struct redan_key *again REDAN_DEFER(redan_key_drop) = NULL;
        struct redan_key *none = NULL;
        struct redan_slice signature = {0};
        assert_ok(redan_key_new(&ctx, (enum redan_key_kind)kind, &key));
        redan_buf_clear(&pem);
        redan_key_add_locked_pem(&pem, key, REDAN_S("pass word"));
        assert_ok(redan_buf_ok(&ctx, &pem, "the key"));
        struct redan_slice text = redan_buf_view(&pem);
        assert_true(redan_slice_starts(text, REDAN_S("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")));
        assert_int_equal(redan_key_lock(&ctx, text), REDAN_KEY_PASSPHRASE);
        assert_int_equal(redan_key_parse_private(&ctx, text, &none), REDAN_E_UNSUPPORTED);
        redan_fail_clear(&ctx);
        static const char *const wrong[] = {"", "pass wor", "pass word ", "PASS WORD"};
        for (size_t i = 0; i < REDAN_COUNT(wrong); i++) {
            assert_int_equal(redan_key_unlock(&ctx, text, redan_slice_of(wrong[i]), &none),
                             REDAN_E_SIGNATURE);
            redan_fail_clear(&ctx);
        }
        assert_ok(redan_key_unlock(&ctx, text, REDAN_S("pass word"), &again));
        assert_false(redan_key_is_ssh(again));
        assert_ok(redan_key_sign(&ctx, again, REDAN_S("text"), &signature));
        assert_ok(redan_key_verify(&ctx, key, REDAN_S("text"), signature));
        for (size_t len = 0; len + 1 < text.len; len += 13) {
            assert_true(redan_key_unlock(&ctx, redan_slice_sub(text, 0, len), REDAN_S("pass word"),
                                         &none) != REDAN_OK);
            redan_fail_clear(&ctx);
        }
        assert_null(none);
        redan_buf_clear(&pem);
        redan_key_add_locked_pem(&pem, key, REDAN_S("")); /* it would look like protection */
        assert_int_equal(pem.fail, REDAN_E_USAGE);
    }
    redan_ctx_done(&ctx);
}

/* What a key file asks for, by its text alone. */
static void test_lock(void **state)
{
    struct redan_ctx ctx;
    static const struct {
        const char *text;
        enum redan_key_lock lock;
    } rows[] = {
        {"", REDAN_KEY_OPEN},
        {"anything", REDAN_KEY_OPEN},
        {"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", REDAN_KEY_OPEN},
        {"-----BEGIN ENCRYPTED PRIVATE KEY-----\n", REDAN_KEY_PASSPHRASE},
        {"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
         REDAN_KEY_OPEN}, /* whoever reads it says what is wrong */
        {"-----BEGIN OPENSSH PRIVATE KEY-----\n", REDAN_KEY_OPEN},
        {"  ssh-ed25519 AAAA", REDAN_KEY_PUBLIC},
        {"ecdsa-sha2-nistp256 AAAA", REDAN_KEY_PUBLIC},
        {"sk-ssh-ed25519@openssh.com AAAA", REDAN_KEY_PUBLIC},
    };

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++)
        assert_int_equal(redan_key_lock(&ctx, redan_slice_of(rows[i].text)), rows[i].lock);
    assert_int_equal(ctx.failure.status, REDAN_OK);
    struct redan_key *none = NULL;
    assert_int_equal(redan_key_unlock(&ctx, REDAN_S("x"), REDAN_S("y"), &none), REDAN_E_SYNTAX);
    redan_ctx_done(&ctx);
}

static void *verify_many(void *arg)
{
    const struct redan_key *key = arg;
    struct redan_ctx ctx;
    struct redan_slice signature = {0};
    uintptr_t good = 0;

    redan_ctx_init(&ctx, NULL);
    for (int i = 0; i < 50; i++) {
        if (redan_key_sign(&ctx, key, REDAN_S("text"), &signature) == REDAN_OK &&
            redan_key_verify(&ctx, key, REDAN_S("text"), signature) == REDAN_OK)
            good++;
    }
    redan_ctx_done(&ctx);
    return (void *)good;
}

static void test_threads(void **state)
{
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (int kind = REDAN_KEY_ED25519; kind <= REDAN_KEY_P521; kind++) {
        struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
        pthread_t threads[4];
        assert_ok(redan_key_new(&ctx, (enum redan_key_kind)kind, &key));
        for (size_t i = 0; i < REDAN_COUNT(threads); i++)
            assert_int_equal(pthread_create(&threads[i], NULL, verify_many, key), 0);
        for (size_t i = 0; i < REDAN_COUNT(threads); i++) {
            void *good = NULL;
            assert_int_equal(pthread_join(threads[i], &good), 0);
            assert_int_equal((uintptr_t)good, 50);
        }
    }
    redan_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_digest_text),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_ed25519_known),
        cmocka_unit_test(test_ecdsa_known),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_public_refused),
        cmocka_unit_test(test_private_refused),
        cmocka_unit_test(test_ssh_private_faults),
        cmocka_unit_test(test_memory_refused),
        cmocka_unit_test(test_sha512),
        cmocka_unit_test(test_locked),
        cmocka_unit_test(test_lock),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
