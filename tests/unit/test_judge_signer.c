/* The judge against a Sigstore of our own: who signed, what was signed, and what is told of it. */
#include "judge_fixture.h"

/* ---- certificates and names ---- */

static void bend_sigstore(struct trial *t)
{
    t->wanted.method = REDAN_SIGN_SIGSTORE;
    t->wanted.identity = REDAN_S(WORLD_IDENTITY);
    t->wanted.issuer = REDAN_S(WORLD_ISSUER);
}

static void bend_pki_as_leaf(struct trial *t)
{
    bend_sigstore(t);
    t->bundle.material = REDAN_BUNDLE_CERTIFICATE;
    t->bundle.certificate_count = 1;
}

static void bend_pki_as_chain(struct trial *t)
{
    bend_v02(t);
    bend_sigstore(t);
}

static void bend_chain_in_v03(struct trial *t)
{
    t->bundle.material = REDAN_BUNDLE_CHAINED;
}

static void bend_leaf_in_v02(struct trial *t)
{
    t->bundle.version = REDAN_BUNDLE_V02;
}

static void bend_root_in_chain(struct trial *t)
{
    struct redan_slice *list = redan_take_array(t->ctx, 2, sizeof(*list));

    bend_v02(t);
    list[0] = t->bundle.certificates[0];
    list[1] = redan_certificate_der(t->root.authorities[1].chain[1]);
    t->bundle.certificates = list;
    t->bundle.certificate_count = 2;
}

/* The intermediate is no longer in the trust root, and comes with the bundle instead. */
static void bend_link_of_bundle(struct trial *t)
{
    struct redan_slice *list = redan_take_array(t->ctx, 2, sizeof(*list));

    bend_v02(t);
    list[0] = t->bundle.certificates[0];
    list[1] = redan_certificate_der(t->root.authorities[1].chain[0]);
    t->bundle.certificates = list;
    t->bundle.certificate_count = 2;
    t->authorities[1].chain++;
    t->authorities[1].count--;
}

static void bend_no_between(struct trial *t)
{
    t->bundle.certificate_count = 1;
}

static void bend_fulcio_ended(struct trial *t)
{
    t->authorities[1].until = (int64_t)WORLD_START * 1000 - 1;
}

static void bend_wrong_identity(struct trial *t)
{
    t->wanted.identity = REDAN_S("bob@example.com");
}

static void bend_identity_case(struct trial *t)
{
    t->wanted.identity = REDAN_S("Ann@example.com");
}

static void bend_identity_part(struct trial *t)
{
    t->wanted.identity = REDAN_S("ann@example");
}

static void bend_regex_part(struct trial *t)
{
    t->wanted.identity = (struct redan_slice){0};
    t->wanted.identity_regex = REDAN_S("ann@example");
}

static void bend_regex_paren(struct trial *t)
{
    t->wanted.identity = (struct redan_slice){0};
    t->wanted.identity_regex = REDAN_S("a(nn");
}

static void bend_both(struct trial *t)
{
    t->wanted.identity_regex = REDAN_S("b.*");
}

static void bend_issuer(struct trial *t)
{
    t->wanted.issuer = REDAN_S("https://login.example.org");
}

static void bend_issuer_regex(struct trial *t)
{
    t->wanted.issuer = (struct redan_slice){0};
    t->wanted.issuer_regex = REDAN_S("https://login");
}

static void bend_dns(struct trial *t)
{
    t->wanted.identity = REDAN_S("ci.example.com");
}

static void bend_ct_unknown(struct trial *t)
{
    t->root.ct_log_count = 0;
}

static void bend_other_anchor(struct trial *t)
{
    t->wanted.anchors = t->root.authorities[1].chain + 1;
}

static void test_certificates(void **state)
{
    static const struct row rows[] = {
        {"an organisation's certificate", {.pki = true}, bend_pki_as_leaf, "is refused"},
        {"an organisation's chain", {.pki = true}, bend_pki_as_chain, "is refused"},
        {"a chain in 0.3", {.from = 0}, bend_chain_in_v03, "version 0.3"},
        {"a bare leaf in 0.2", {.from = 0}, bend_leaf_in_v02, "before version 0.3"},
        {"a root in the chain", {.from = 0}, bend_root_in_chain, "self-signed"},
        {"a link of the bundle's", {.from = 0}, bend_link_of_bundle, "unable to get local issuer"},
        {"the authority had ended",
         {.from = 0},
         bend_fulcio_ended,
         "certificate authorities counts"},
        {"a CA's", {.basic = "critical,CA:TRUE"}, NULL, "authority's"},
        {"no key usage", {.usage = ""}, NULL, "key usage"},
        {"another key usage", {.usage = "critical,keyAgreement"}, NULL, "key usage"},
        {"no extended usage", {.extended = ""}, NULL, "extended key usage"},
        {"another extended usage", {.extended = "serverAuth"}, NULL, "extended key usage"},
        {"no promise of transparency", {.no_sct = true}, NULL, "no signed certificate timestamp"},
        {"one by nobody known", {.sct_abroad = true}, NULL, "logs are not in the trust root"},
        {"one for another certificate", {.sct_other = true}, NULL, "timestamps holds"},
        {"no log of certificates is known",
         {.from = 0},
         bend_ct_unknown,
         "logs are not in the trust root"},
        {"another person",
         {.from = 0},
         bend_wrong_identity,
         "is of \"ann@example.com\"; wanted is \"bob@example.com\""},
        {"the same in capitals", {.from = 0}, bend_identity_case, "is of \"ann@"},
        {"a part of the name", {.from = 0}, bend_identity_part, "is of \"ann@"},
        {"a pattern for a part", {.from = 0}, bend_regex_part, "a name like \"ann@example\""},
        {"a broken pattern", {.from = 0}, bend_regex_paren, "not a POSIX extended"},
        {"name and pattern disagree", {.from = 0}, bend_both, "is of \"ann@"},
        {"nobody", {.san = ""}, NULL, "names nobody"},
        {"a host", {.san = "DNS:ci.example.com"}, bend_dns, "names nobody"},
        {"two others", {.san = "email:a@example.com,email:b@example.com"}, NULL, "(and 1 more)"},
        {"another provider", {.from = 0}, bend_issuer, "provider is \"" WORLD_ISSUER},
        {"a pattern for a part of it", {.from = 0}, bend_issuer_regex, "one like"},
        {"no provider", {.issuer = ""}, NULL, "no identity provider"},
        {"two providers", {.issuer_old = "https://login.example.org"}, NULL, "two different"},
        {"another root",
         {.pki = true, .dsse = true, .no_log = true},
         bend_other_anchor,
         "is refused"},
        {"no intermediate",
         {.pki = true, .dsse = true, .no_log = true},
         bend_no_between,
         "is refused"},
        {"neither use",
         {.pki = true,
          .dsse = true,
          .no_log = true,
          .usage = "keyAgreement",
          .extended = "serverAuth"},
         NULL,
         "neither for"},
        {"no use",
         {.pki = true, .dsse = true, .no_log = true, .usage = "", .extended = ""},
         NULL,
         "neither for"},
        {"not this name",
         {.pki = true, .dsse = true, .no_log = true},
         bend_pki_identity_wrong,
         "wanted is \"bob"},
    };

    judge_run(state, rows, REDAN_COUNT(rows));
}

/* ---- content and keys ---- */

static void bend_other_file(struct trial *t)
{
    t->thing.bytes = REDAN_S("forty-three weights\n");
    assert_ok(redan_sha256(t->ctx, t->thing.bytes, &t->thing.digest));
}

static void bend_other_file_no_digest(struct trial *t)
{
    bend_other_file(t);
    t->bundle.has_digest = false;
}

static void bend_message_digest(struct trial *t)
{
    t->bundle.digest.bytes[0] ^= 1;
}

static void bend_message_algorithm(struct trial *t)
{
    t->bundle.digest_hash = REDAN_HASH_SHA384;
}

static void bend_signature(struct trial *t)
{
    t->bundle.signature = judge_flipped(t, t->bundle.signature, 30);
}

static void bend_payload(struct trial *t)
{
    t->bundle.dsse.payload = judge_flipped(t, t->bundle.dsse.payload, 80);
}

static void bend_payload_type(struct trial *t)
{
    t->bundle.dsse.payload_type = REDAN_S("application/json");
}

static void bend_wrong_key(struct trial *t)
{
    t->wanted.key = world_signer(t->world, WORLD_P384);
}

static void bend_wrong_key_no_hint(struct trial *t)
{
    bend_wrong_key(t);
    bend_no_hint(t);
}

static void bend_certificate_with_key(struct trial *t)
{
    t->wanted.method = REDAN_SIGN_KEY;
    t->wanted.key = world_signer(t->world, WORLD_P256);
}

static void bend_nameless(struct trial *t)
{
    t->wanted.identity = (struct redan_slice){0};
}

static void bend_issuerless(struct trial *t)
{
    t->wanted.issuer = (struct redan_slice){0};
}

static void bend_keyless(struct trial *t)
{
    t->wanted.key = NULL;
}

static void bend_rootless(struct trial *t)
{
    t->wanted.anchor_count = 0;
}

static void bend_thingless(struct trial *t)
{
    t->thing = (struct redan_signed_thing){0};
}

/* Well signed in the form of OMS 0.2, and larger than that form is written out for. */
static void bend_old_large(struct trial *t)
{
    enum { SIZE = (16 << 20) + 1 };
    struct world_plan plan = {.pki = true, .dsse = true, .no_log = true, .old_pae = true};
    struct redan_buf text REDAN_DEFER(redan_buf_done) = {0};

    redan_buf_init(&text, t->ctx, (size_t)2 * SIZE);
    redan_buf_text(&text, "{\"predicateType\":\"https://model_signing/Digests/v0.1\",\"a\":\"");
    redan_buf_repeat(&text, 'x', SIZE);
    redan_buf_text(&text, "\"}");
    assert_ok(redan_buf_ok(t->ctx, &text, "a payload"));
    plan.payload = text.data;
    world_bundle(t->world, &plan, &t->bundle);
    assert_ok(redan_copy(t->ctx, t->bundle.dsse.payload, &t->bundle.dsse.payload));
    bend_oms(t);
}

static void test_content(void **state)
{
    static const struct row rows[] = {
        {"another file", {.from = 0}, bend_other_file, "messageDigest is not"},
        {"another file, no digest",
         {.from = 0},
         bend_other_file_no_digest,
         "not signed by this key"},
        {"messageDigest", {.from = 0}, bend_message_digest, "messageDigest is not"},
        {"its algorithm", {.from = 0}, bend_message_algorithm, "messageDigest is a sha384"},
        {"signature", {.from = 0}, bend_signature, "not signed by this key"},
        {"signature, envelope", {.dsse = true}, bend_signature, "not signed by this key"},
        {"payload", {.dsse = true}, bend_payload, "not signed by this key"},
        {"payload type", {.dsse = true}, bend_payload_type, "payloadType is \"application/json\""},
        {"payload type, signed",
         {.dsse = true, .payload_type = "application/json"},
         NULL,
         "payloadType"},
        {"about another file", {.dsse = true}, bend_other_file, "not about this file"},
        {"no statement", {.dsse = true, .payload = "{}"}, NULL, "not an in-toto statement"},
        {"P-256 with SHA-512",
         {.other_hash = true, .hash = REDAN_HASH_SHA512, .dsse = true},
         NULL,
         "not signed by this key"},
        {"P-384 with SHA-256",
         {.other_hash = true, .signer = WORLD_P384, .dsse = true},
         NULL,
         "not signed by this key"},
        {"P-384, a digest alone",
         {.signer = WORLD_P384},
         bend_digest_only,
         "file itself is needed"},
        {"Ed25519, a digest alone",
         {.bare = true, .signer = WORLD_ED25519, .no_log = true},
         bend_digest_only,
         "file itself"},
        {"another key", {.bare = true, .no_log = true}, bend_wrong_key, "another key: its hint"},
        {"another key, no hint",
         {.bare = true, .no_log = true},
         bend_wrong_key_no_hint,
         "messageDigest is a sha256"},
        {"another key, no hint, envelope",
         {.bare = true, .no_log = true, .dsse = true},
         bend_wrong_key_no_hint,
         "not signed by this key"},
        {"another key in the bundle",
         {.bare = true, .no_log = true},
         bend_pem_other,
         "publicKey.rawBytes"},
        {"a certificate for a key",
         {.from = 0},
         bend_certificate_with_key,
         "signed with a certificate"},
        {"a key for an identity", {.bare = true}, bend_sigstore, "bare key"},
        {"a model, RSA",
         {.bare = true, .dsse = true, .no_log = true, .signer = WORLD_RSA},
         bend_oms,
         "RSA"},
        {"a model, a message", {.bare = true, .no_log = true}, bend_oms, "is an envelope"},
        {"a model, P-256 with SHA-512",
         {.bare = true,
          .dsse = true,
          .no_log = true,
          .other_hash = true,
          .hash = REDAN_HASH_SHA512},
         bend_oms,
         "not signed by this key"},
        {"OMS 0.2 by a key",
         {.bare = true,
          .dsse = true,
          .no_log = true,
          .old_pae = true,
          .payload = "{\"predicateType\":\"https://model_signing/Digests/v0.1\"}"},
         bend_oms,
         "not signed by this key"},
        {"OMS 0.2 of many megabytes",
         {.pki = true, .dsse = true, .no_log = true},
         bend_old_large,
         "not signed by this key"},
        {"OMS 1.0 encoded as 0.2",
         {.pki = true,
          .dsse = true,
          .no_log = true,
          .old_pae = true,
          .payload = "{\"predicateType\":\"https://model_signing/signature/v1.0\"}"},
         bend_oms,
         "not signed by this key"},
        {"no identity", {.from = 0}, bend_nameless, "no identity"},
        {"no issuer", {.from = 0}, bend_issuerless, "no issuer"},
        {"no trust root", {.from = 0}, bend_no_root, "no trust root"},
        {"no key", {.bare = true}, bend_keyless, "no key"},
        {"no roots", {.pki = true}, bend_rootless, "no root certificate"},
        {"no file", {.from = 0}, bend_thingless, "say which"},
    };

    judge_run(state, rows, REDAN_COUNT(rows));
}

/* What is told of a signature is what was verified of it. */
static void test_facts(void **state)
{
    struct state *s = *state;
    struct redan_signer_facts facts = {0};
    struct redan_digest leaf = {0};
    struct trial t;

    judge_prepare(s, &(struct world_plan){.log = WORLD_TILES, .stamps = 2, .stamp_at = 9}, &t);
    assert_ok(redan_sign_judge(t.ctx, &t.bundle, &t.wanted, &t.thing, &facts));
    assert_slice(facts.signer, WORLD_IDENTITY);
    assert_slice(facts.identity, WORLD_IDENTITY);
    assert_slice(facts.issuer, WORLD_ISSUER);
    assert_slice(facts.log, "https://tiles.example.com");
    assert_int_equal(facts.time, WORLD_START + 9);
    assert_int_equal(facts.stamps, 2);
    assert_int_equal(facts.logs, 1);
    assert_int_equal(facts.log_index, 3);
    assert_false(facts.old_form);
    assert_ok(redan_sha256(t.ctx, t.bundle.certificates[0], &leaf));
    assert_true(redan_digest_eq(&leaf, &facts.certificate));
    redan_spki_id(world_signer(s->world, WORLD_P256), &leaf);
    assert_true(redan_digest_eq(&leaf, &facts.key));

    judge_prepare(s, &(struct world_plan){.integrated = 3, .stamps = 1, .stamp_at = 9}, &t);
    bend_v02(&t);
    assert_ok(redan_sign_judge(t.ctx, &t.bundle, &t.wanted, &t.thing, &facts));
    assert_int_equal(facts.time, WORLD_START + 3);
    assert_int_equal(facts.log_index, 7003); /* the promise's */
    assert_true(facts.old_form);

    judge_prepare(s, &(struct world_plan){.bare = true, .no_log = true}, &t);
    assert_ok(redan_sign_judge(t.ctx, &t.bundle, &t.wanted, &t.thing, &facts));
    assert_true(redan_slice_starts(facts.signer, REDAN_S("key sha256:")));
    assert_int_equal(facts.time, 0);
    assert_int_equal(facts.identity.len, 0);
    assert_false(facts.old_form);
    bend_no_hint(&t);
    assert_ok(redan_sign_judge(t.ctx, &t.bundle, &t.wanted, &t.thing, &facts));
    assert_true(facts.old_form);

    judge_prepare(s, &(struct world_plan){.pki = true, .dsse = true, .no_log = true}, &t);
    bend_oms(&t);
    assert_ok(redan_sign_judge(t.ctx, &t.bundle, &t.wanted, &t.thing, &facts));
    assert_slice(facts.signer, "CN=signer");
    assert_slice(facts.identity, WORLD_IDENTITY);
    assert_int_equal(facts.time, 0);
}

/* Every allocation may fail: then nothing is believed, nothing leaks, and it is not called a forgery. */
static void test_memory(void **state)
{
    static const struct world_plan plans[] = {
        {.stamps = 1},
        {.dsse = true, .kind = "intoto"},
        {.bare = true, .dsse = true, .signer = WORLD_ED25519}};
    struct state *s = *state;

    for (size_t i = 0; i < REDAN_COUNT(plans); i++) {
        enum redan_status status = REDAN_E_MEMORY;
        uint64_t at = 1;

        for (; status != REDAN_OK && at < 500; at++) {
            struct redan_ctx REDAN_DEFER(redan_ctx_done) ctx;
            struct redan_signer_facts facts = {0};
            struct trial t;

            judge_prepare(s, &plans[i], &t);
            redan_ctx_init(&ctx, NULL);
            ctx.now = WORLD_START;
            ctx.mem.fail_at = at;
            status = redan_sign_judge(&ctx, &t.bundle, &t.wanted, &t.thing, &facts);
            assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
        }
        assert_true(at > 5);
        assert_int_equal(status, REDAN_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_content),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, judge_setup, judge_teardown);
}
