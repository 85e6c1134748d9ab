/* Keys, certificates and timestamps of the tests' Sigstore, made with OpenSSL. */
#include "sigstore_pki.h"

#include <openssl/ts.h>
#include <openssl/x509v3.h>

#include <string.h>

#include "base/hex.h"

enum { DAY = 86400, YEAR = 365 * DAY };

/* ---- bytes ---- */

struct redan_slice world_keep(struct world *world, const void *bytes, size_t len)
{
    struct redan_slice copy = {0};

    CHECK(redan_copy(world->ctx, (struct redan_slice){bytes, len}, &copy) == REDAN_OK);
    return copy;
}

struct redan_slice world_end(struct world *world, struct redan_buf *buf)
{
    CHECK(buf->fail == REDAN_OK);
    struct redan_slice copy = world_keep(world, buf->data, buf->len);
    redan_buf_done(buf);
    return copy;
}

void world_begin(struct world *world, struct redan_buf *buf)
{
    redan_buf_init(buf, world->ctx, (size_t)64 << 20);
}

struct redan_slice world_base64(struct world *world, struct redan_slice bytes)
{
    struct redan_buf buf;

    world_begin(world, &buf);
    redan_base64_add(&buf, bytes);
    return world_end(world, &buf);
}

struct redan_slice world_pem(struct world *world, const char *label, struct redan_slice der)
{
    struct redan_buf buf;

    world_begin(world, &buf);
    redan_pem_add(&buf, label, der, 64);
    return world_end(world, &buf);
}

static void number(struct redan_buf *buf, uint64_t value, unsigned bytes)
{
    while (bytes--)
        redan_buf_char(buf, (char)(value >> (8 * bytes)));
}

void world_sum_of(const EVP_MD *md, struct redan_slice bytes, uint8_t *sum)
{
    CHECK(EVP_Digest(bytes.at, bytes.len, sum, NULL, md, NULL) == 1);
}

/* ---- keys ---- */

EVP_PKEY *world_make_key(enum world_signer kind)
{
    static const char *const curves[] = {"P-256", "P-384", "P-521"};
    EVP_PKEY *key = kind == WORLD_ED25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                    : kind == WORLD_RSA   ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048)
                                          : EVP_PKEY_Q_keygen(NULL, NULL, "EC", curves[kind]);
    CHECK(key);
    return key;
}

const EVP_MD *world_hash_of(EVP_PKEY *key)
{
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519)
        return NULL;
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && EVP_PKEY_get_bits(key) > 256)
        return EVP_PKEY_get_bits(key) > 384 ? EVP_sha512() : EVP_sha384();
    return EVP_sha256();
}

struct redan_slice world_sign(struct world *world, EVP_PKEY *key, const EVP_MD *md,
                              struct redan_slice text)
{
    EVP_MD_CTX *with = EVP_MD_CTX_new();
    uint8_t made[1024];
    size_t len = sizeof(made);

    CHECK(with && EVP_DigestSignInit(with, NULL, md, NULL, key) == 1 &&
          EVP_DigestSign(with, made, &len, (const uint8_t *)text.at, text.len) == 1);
    EVP_MD_CTX_free(with);
    return world_keep(world, made, len);
}

struct redan_slice world_spki_of(struct world *world, EVP_PKEY *key)
{
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(key, &der);

    CHECK(len > 0);
    struct redan_slice copy = world_keep(world, der, (size_t)len);
    OPENSSL_free(der);
    return copy;
}

void world_make_log(struct world *world, struct log *log, const char *host, enum world_signer kind)
{
    struct redan_buf buf;

    log->host = host;
    log->key = world_make_key(kind);
    log->spki = world_spki_of(world, log->key);
    if (kind != WORLD_ED25519) {
        world_sum_of(EVP_sha256(), log->spki, log->id);
        return;
    }
    /* C2SP signed-note: SHA-256(name || 0x0A || 0x01 || public key) */
    world_begin(world, &buf);
    redan_buf_printf(&buf, "%s\n\x01", host);
    redan_buf_slice(&buf, redan_slice_sub(log->spki, log->spki.len - 32, 32));
    world_sum_of(EVP_sha256(), world_end(world, &buf), log->id);
}

/* ---- certificates ---- */

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX with;
    char text[1024];

    if (!value || !*value)
        return;
    X509V3_set_ctx(&with, issuer, certificate, NULL, NULL, 0);
    (void)snprintf(text, sizeof(text), "%s", value);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &with, nid, text);
    CHECK(extension && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static void add_raw(X509 *certificate, const char *oid, struct redan_slice der)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *string = ASN1_OCTET_STRING_new();

    CHECK(object && string &&
          ASN1_OCTET_STRING_set(string, (const uint8_t *)der.at, (int)der.len) == 1);
    X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, 0, string);
    CHECK(extension && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(string);
    ASN1_OBJECT_free(object);
}

static X509 *make_certificate(struct world *world, EVP_PKEY *key, const char *name, X509 *issuer,
                              int64_t from, int64_t until)
{
    X509 *made = X509_new();
    X509_NAME *subject = X509_NAME_new();

    CHECK(made && subject && X509_set_version(made, 2) == 1 &&
          ASN1_INTEGER_set(X509_get_serialNumber(made), ++world->serial) == 1 &&
          ASN1_TIME_set(X509_getm_notBefore(made), from) &&
          ASN1_TIME_set(X509_getm_notAfter(made), until) && X509_set_pubkey(made, key) == 1);
    if (name)
        CHECK(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const uint8_t *)name, -1,
                                         -1, 0) == 1);
    CHECK(X509_set_subject_name(made, subject) == 1 &&
          X509_set_issuer_name(made, issuer ? X509_get_subject_name(issuer) : subject) == 1);
    X509_NAME_free(subject);
    return made;
}

void world_make_authority(struct world *world, struct authority *authority, const char *name,
                          bool stamps)
{
    char below[64];

    authority->root_key = world_make_key(WORLD_P384);
    authority->below_key = world_make_key(stamps ? WORLD_P256 : WORLD_P384);
    X509 *root = make_certificate(world, authority->root_key, name, NULL, WORLD_START - YEAR,
                                  WORLD_START + 9 * (int64_t)YEAR);
    add_extension(root, root, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(root, root, NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(root, root, NID_subject_key_identifier, "hash");
    CHECK(X509_sign(root, authority->root_key, EVP_sha384()) > 0);
    (void)snprintf(below, sizeof(below), "%s, %s", name, stamps ? "stamps" : "intermediate");
    X509 *made = make_certificate(world, authority->below_key, below, root, WORLD_START - YEAR / 2,
                                  WORLD_START + 4 * (int64_t)YEAR);
    add_extension(made, root, NID_basic_constraints,
                  stamps ? "critical,CA:FALSE" : "critical,CA:TRUE,pathlen:0");
    add_extension(made, root, NID_key_usage,
                  stamps ? "critical,digitalSignature" : "critical,keyCertSign,cRLSign");
    add_extension(made, root, NID_ext_key_usage, stamps ? "critical,timeStamping" : "codeSigning");
    add_extension(made, root, NID_subject_key_identifier, "hash");
    add_extension(made, root, NID_authority_key_identifier, "keyid");
    CHECK(X509_sign(made, authority->root_key, EVP_sha384()) > 0);
    authority->root = root;
    authority->below = made;
}

struct redan_slice world_der_of(struct world *world, X509 *certificate)
{
    uint8_t *der = NULL;
    int len = i2d_X509(certificate, &der);

    CHECK(len > 0);
    struct redan_slice copy = world_keep(world, der, (size_t)len);
    OPENSSL_free(der);
    return copy;
}

/* RFC 6962 3.2: what a log of certificates signs, and the list of one promise as the extension has it. */
static void add_sct(struct world *world, X509 *leaf, const struct world_plan *plan)
{
    const struct log *log = plan->sct_abroad ? &world->ct_abroad : &world->ct;
    struct redan_slice issuer = world_spki_of(world, world->fulcio.below_key);
    uint64_t at = ((uint64_t)WORLD_START - 1) * 1000 + 7;
    struct redan_buf buf;
    uint8_t *tbs = NULL;
    uint8_t hash[REDAN_DIGEST_LEN];
    int len = i2d_re_X509_tbs(leaf, &tbs);

    CHECK(len > 0);
    world_sum_of(EVP_sha256(), issuer, hash);
    world_begin(world, &buf);
    number(&buf, 0, 2); /* v1, certificate_timestamp */
    number(&buf, at, 8);
    number(&buf, 1, 2); /* precert_entry */
    redan_buf_add(&buf, hash, sizeof(hash));
    number(&buf, (uint64_t)len + plan->sct_other, 3);
    redan_buf_add(&buf, tbs, (size_t)len);
    if (plan->sct_other)
        redan_buf_char(&buf, 0);
    number(&buf, 0, 2);
    OPENSSL_free(tbs);
    struct redan_slice made = world_sign(world, log->key, EVP_sha256(), world_end(world, &buf));
    world_begin(world, &buf);
    size_t sct = 1 + 32 + 8 + 2 + 2 + 2 + made.len;
    size_t list = sct + 4;
    CHECK(list < 128);
    number(&buf, 4, 1); /* OCTET STRING */
    number(&buf, list, 1);
    number(&buf, list - 2, 2);
    number(&buf, sct, 2);
    number(&buf, 0, 1);
    redan_buf_add(&buf, log->id, REDAN_DIGEST_LEN);
    number(&buf, at, 8);
    number(&buf, 0, 2);
    number(&buf, 0x0403, 2); /* sha256, ecdsa */
    number(&buf, made.len, 2);
    redan_buf_slice(&buf, made);
    add_raw(leaf, "1.3.6.1.4.1.11129.2.4.2", world_end(world, &buf));
}

static void add_issuer(struct world *world, X509 *leaf, const struct world_plan *plan)
{
    const char *value = plan->issuer ? plan->issuer : WORLD_ISSUER;
    struct redan_buf buf;

    if (plan->issuer_old)
        add_raw(leaf, "1.3.6.1.4.1.57264.1.1", redan_slice_of(plan->issuer_old));
    if (!*value)
        return;
    world_begin(world, &buf);
    number(&buf, 0x0c, 1); /* UTF8String */
    number(&buf, strlen(value), 1);
    redan_buf_text(&buf, value);
    add_raw(leaf, "1.3.6.1.4.1.57264.1.8", world_end(world, &buf));
}

struct redan_slice world_make_leaf(struct world *world, const struct world_plan *plan)
{
    const struct authority *by = plan->pki ? &world->pki : &world->fulcio;
    bool set = plan->from || plan->until;
    X509 *leaf = make_certificate(world, world->signers[plan->signer], plan->pki ? "signer" : NULL,
                                  by->below, WORLD_START + (set ? plan->from : -60),
                                  WORLD_START + (set ? plan->until : 600));

    add_extension(leaf, by->below, NID_basic_constraints,
                  plan->basic ? plan->basic : "critical,CA:FALSE");
    add_extension(leaf, by->below, NID_key_usage,
                  plan->usage ? plan->usage : "critical,digitalSignature");
    add_extension(leaf, by->below, NID_ext_key_usage,
                  plan->extended ? plan->extended : "codeSigning");
    add_extension(leaf, by->below, NID_subject_key_identifier, "hash");
    add_extension(leaf, by->below, NID_authority_key_identifier, "keyid");
    add_extension(leaf, by->below, NID_subject_alt_name,
                  plan->san ? plan->san : "critical,email:" WORLD_IDENTITY);
    if (!plan->pki) {
        add_issuer(world, leaf, plan);
        CHECK(X509_sign(leaf, by->below_key, EVP_sha384()) >
              0); /* names the algorithm in the TBS */
        if (!plan->no_sct)
            add_sct(world, leaf, plan);
    }
    CHECK(X509_sign(leaf, by->below_key, EVP_sha384()) > 0);
    struct redan_slice der = world_der_of(world, leaf);
    X509_free(leaf);
    return der;
}

/* ---- timestamps ---- */

static int stamp_time(TS_RESP_CTX *with, void *plan, long *seconds, long *micros)
{
    (void)with;
    *seconds = WORLD_START + (long)((const struct world_plan *)plan)->stamp_at;
    *micros = 0;
    return 1;
}

static ASN1_INTEGER *stamp_serial(TS_RESP_CTX *with, void *world)
{
    ASN1_INTEGER *serial = ASN1_INTEGER_new();

    (void)with;
    CHECK(serial && ASN1_INTEGER_set(serial, ++((struct world *)world)->serial) == 1);
    return serial;
}

static BIO *stamp_request(struct redan_slice message, bool bare)
{
    uint8_t sum[REDAN_DIGEST_LEN];
    TS_REQ *request = TS_REQ_new();
    TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();
    BIO *out = BIO_new(BIO_s_mem());

    world_sum_of(EVP_sha256(), message, sum);
    CHECK(request && imprint && algorithm && out && TS_REQ_set_version(request, 1) == 1 &&
          X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
          TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
          TS_MSG_IMPRINT_set_msg(imprint, sum, sizeof(sum)) == 1 &&
          TS_REQ_set_msg_imprint(request, imprint) == 1 &&
          TS_REQ_set_cert_req(request, bare ? 0 : 1) == 1 && i2d_TS_REQ_bio(out, request) == 1);
    X509_ALGOR_free(algorithm);
    TS_MSG_IMPRINT_free(imprint);
    TS_REQ_free(request);
    return out;
}

struct redan_slice world_make_stamp(struct world *world, const struct world_plan *plan,
                                    struct redan_slice message)
{
    const struct authority *by = plan->stamp_abroad ? &world->stamper_abroad : &world->stamper;
    struct world_plan copy = *plan;
    ASN1_OBJECT *policy = OBJ_txt2obj("1.2.3.4.1", 1);
    TS_RESP_CTX *with = TS_RESP_CTX_new();
    STACK_OF(X509) *chain = sk_X509_new_null();
    uint8_t *der = NULL;

    CHECK(policy && with && chain && sk_X509_push(chain, by->below) > 0 &&
          TS_RESP_CTX_set_signer_cert(with, by->below) == 1 &&
          TS_RESP_CTX_set_signer_key(with, by->below_key) == 1 &&
          TS_RESP_CTX_set_certs(with, chain) == 1 &&
          TS_RESP_CTX_set_def_policy(with, policy) == 1 &&
          TS_RESP_CTX_set_signer_digest(with, EVP_sha256()) == 1 &&
          TS_RESP_CTX_set_ess_cert_id_digest(with, EVP_sha256()) == 1 &&
          TS_RESP_CTX_add_md(with, EVP_sha256()) == 1);
    TS_RESP_CTX_set_time_cb(with, stamp_time, &copy);
    TS_RESP_CTX_set_serial_cb(with, stamp_serial, world);
    BIO *request = stamp_request(message, plan->stamp_bare);
    TS_RESP *response = TS_RESP_create_response(with, request);
    CHECK(response);
    int len = i2d_TS_RESP(response, &der);
    CHECK(len > 0 && TS_RESP_get_token(response));
    struct redan_slice made = world_keep(world, der, (size_t)len);
    OPENSSL_free(der);
    TS_RESP_free(response);
    BIO_free(request);
    sk_X509_free(chain);
    TS_RESP_CTX_free(with);
    ASN1_OBJECT_free(policy);
    return made;
}
