/* The world of the judge's tests, made with OpenSSL alone: nothing of it goes through the code that is tested, but the writing of base64. */
#include "sigstore_pki.h"

#include <string.h>

#include "base/hex.h"

enum { NEIGHBOURS = 5, PLACE = 3, BASE = 7000 };

/* ---- logs ---- */

static void node(const struct redan_digest *left, const struct redan_digest *right,
                 struct redan_digest *above)
{
    uint8_t bytes[65] = {1};

    memcpy(bytes + 1, left->bytes, 32);
    memcpy(bytes + 33, right->bytes, 32);
    world_sum_of(EVP_sha256(), (struct redan_slice){(const char *)bytes, sizeof(bytes)},
                 above->bytes);
}

/* RFC 6962 2.1 and 2.1.1 as they are written: the head of leaves[0..n), and the path of leaf m when it is in there. */
static void merkle(const struct redan_digest *leaves, size_t n, size_t m, bool inside,
                   struct redan_digest *head, struct redan_digest *path, size_t *count)
{
    struct redan_digest left = {0};
    struct redan_digest right = {0};
    size_t k = 1;

    if (n == 1) {
        *head = leaves[0];
        return;
    }
    while (2 * k < n)
        k *= 2;
    merkle(leaves, k, m, inside && m < k, &left, path, count);
    merkle(leaves + k, n - k, m - k, inside && m >= k, &right, path, count);
    if (inside)
        path[(*count)++] = m < k ? right : left;
    node(&left, &right, head);
}

struct redan_slice world_note_line(struct world *world, enum world_log log, const char *name,
                                   struct redan_slice text)
{
    const struct log *by = &world->logs[log];
    struct redan_slice made = world_sign(world, by->key, world_hash_of(by->key), text);
    struct redan_buf buf;

    world_begin(world, &buf);
    redan_buf_add(&buf, by->id, 4);
    redan_buf_slice(&buf, made);
    struct redan_slice encoded = world_base64(world, world_end(world, &buf));
    world_begin(world, &buf);
    redan_buf_printf(&buf, "\xe2\x80\x94 %s %.*s\n", name ? name : by->host, REDAN_FMT(encoded));
    return world_end(world, &buf);
}

static void prove(struct world *world, const struct world_plan *plan,
                  struct redan_bundle_log *entry)
{
    struct redan_digest leaves[NEIGHBOURS] = {{{0}}};
    struct redan_buf buf;

    entry->proof_path = redan_take_array(world->ctx, NEIGHBOURS, sizeof(*entry->proof_path));
    CHECK(entry->proof_path);
    for (size_t i = 0; i < NEIGHBOURS; i++) {
        world_begin(world, &buf);
        redan_buf_char(&buf, 0);
        if (i == PLACE)
            redan_buf_slice(&buf, entry->body);
        else
            redan_buf_printf(&buf, "neighbour %zu", i);
        world_sum_of(EVP_sha256(), world_end(world, &buf), leaves[i].bytes);
    }
    merkle(leaves, NEIGHBOURS, PLACE, true, &entry->proof_root, entry->proof_path,
           &entry->proof_count);
    entry->has_proof = true;
    entry->proof_index = PLACE;
    entry->proof_size = NEIGHBOURS;
    struct redan_slice root =
        world_base64(world, (struct redan_slice){(const char *)entry->proof_root.bytes, 32});
    world_begin(world, &buf);
    redan_buf_printf(&buf, "%s%s\n%d\n%.*s\n", world->logs[plan->log].host,
                     plan->log == WORLD_REKOR1 ? " - 4711" : "", NEIGHBOURS, REDAN_FMT(root));
    struct redan_slice text = world_end(world, &buf);
    struct redan_slice line = world_note_line(world, plan->log, NULL, text);
    world_begin(world, &buf);
    redan_buf_printf(&buf, "%.*s\n%s%.*s%s", REDAN_FMT(text), plan->before ? plan->before : "",
                     REDAN_FMT(line), plan->after ? plan->after : "");
    entry->checkpoint = world_end(world, &buf);
}

static void promise(struct world *world, const struct world_plan *plan,
                    struct redan_bundle_log *entry)
{
    const struct log *by = &world->logs[plan->log];
    struct redan_slice body = world_base64(world, entry->body);
    struct redan_buf buf;

    world_begin(world, &buf);
    redan_buf_printf(&buf, "{\"body\":\"%.*s\",\"integratedTime\":%lld,\"logID\":\"",
                     REDAN_FMT(body), (long long)entry->time);
    for (size_t i = 0; i < REDAN_DIGEST_LEN; i++)
        redan_buf_printf(&buf, "%02x", by->id[i]);
    redan_buf_printf(&buf, "\",\"logIndex\":%llu}", (unsigned long long)entry->index);
    entry->promise = world_sign(world, by->key, EVP_sha256(), world_end(world, &buf));
}

/* What a body is made of. */
struct parts {
    struct redan_slice signature; /* base64, like the rest */
    struct redan_slice digest;
    struct redan_slice hex;
    struct redan_slice payload_hex;
    struct redan_slice pem;
    struct redan_slice der;
    const char *word; /* sha256 */
    const char *common;
    bool bare;
};

static struct redan_slice hex_of(struct world *world, const EVP_MD *md, struct redan_slice bytes)
{
    uint8_t sum[EVP_MAX_MD_SIZE];
    struct redan_buf buf;

    world_sum_of(md, bytes, sum);
    world_begin(world, &buf);
    for (int i = 0; i < EVP_MD_get_size(md); i++)
        redan_buf_printf(&buf, "%02x", sum[i]);
    return world_end(world, &buf);
}

static void write_body(struct world *world, const char *kind, const struct redan_bundle *bundle,
                       const struct parts *p, bool tiled, struct redan_buf *out)
{
    if (tiled) {
        redan_buf_printf(out,
                         "{\"apiVersion\":\"0.0.2\",\"kind\":\"%s\",\"spec\":{\"hashedRekordV002\":"
                         "{\"data\":{\"algorithm\":"
                         "\"%s\",\"digest\":\"%.*s\"},\"signature\":{\"content\":\"%.*s\","
                         "\"verifier\":{\"keyDetails\":"
                         "\"PKIX_ECDSA_P256_SHA_256\",\"%s\":{\"rawBytes\":\"%.*s\"}}}}}}",
                         kind, p->common, REDAN_FMT(p->digest), REDAN_FMT(p->signature),
                         p->bare ? "publicKey" : "x509Certificate", REDAN_FMT(p->der));
        return;
    }
    if (strcmp(kind, "hashedrekord") == 0) {
        redan_buf_printf(out,
                         "{\"apiVersion\":\"0.0.1\",\"kind\":\"hashedrekord\",\"spec\":{\"data\":{"
                         "\"hash\":{\"algorithm\":\"%s\","
                         "\"value\":\"%.*s\"}},\"signature\":{\"content\":\"%.*s\",\"publicKey\":{"
                         "\"content\":\"%.*s\"}}}}",
                         p->word, REDAN_FMT(p->hex), REDAN_FMT(p->signature), REDAN_FMT(p->pem));
        return;
    }
    if (strcmp(kind, "dsse") == 0) {
        redan_buf_printf(out,
                         "{\"apiVersion\":\"0.0.1\",\"kind\":\"dsse\",\"spec\":{\"envelopeHash\":{"
                         "\"algorithm\":\"sha256\",\"value\":"
                         "\"%.*s\"},\"payloadHash\":{\"algorithm\":\"sha256\",\"value\":\"%.*s\"},"
                         "\"signatures\":[{\"signature\":"
                         "\"%.*s\",\"verifier\":\"%.*s\"}]}}",
                         REDAN_FMT(p->hex), REDAN_FMT(p->payload_hex), REDAN_FMT(p->signature),
                         REDAN_FMT(p->pem));
        return;
    }
    struct redan_slice twice = world_base64(world, p->signature);
    struct redan_slice payload = world_base64(world, world_base64(world, bundle->dsse.payload));
    redan_buf_printf(out,
                     "{\"apiVersion\":\"0.0.2\",\"kind\":\"intoto\",\"spec\":{\"content\":{"
                     "\"envelope\":{\"payload\":\"%.*s\","
                     "\"payloadType\":\"%.*s\",\"signatures\":[{\"publicKey\":\"%.*s\",\"sig\":\"%."
                     "*s\"}]},\"hash\":{\"algorithm\":"
                     "\"sha256\",\"value\":\"%.*s\"},\"payloadHash\":{\"algorithm\":\"sha256\","
                     "\"value\":\"%.*s\"}}}}",
                     REDAN_FMT(payload), REDAN_FMT(bundle->dsse.payload_type), REDAN_FMT(p->pem),
                     REDAN_FMT(twice), REDAN_FMT(p->hex), REDAN_FMT(p->payload_hex));
}

/* One replacement, which must find its place. */
static struct redan_slice swap(struct world *world, struct redan_slice text, const char *from,
                               const char *to)
{
    struct redan_buf buf;

    if (!from)
        return text;
    const char *at = memmem(text.at, text.len, from, strlen(from));
    CHECK(at);
    world_begin(world, &buf);
    redan_buf_add(&buf, text.at, (size_t)(at - text.at));
    redan_buf_text(&buf, to);
    at += strlen(from);
    redan_buf_add(&buf, at, text.len - (size_t)(at - text.at));
    return world_end(world, &buf);
}

static void enter(struct world *world, const struct world_plan *plan, struct redan_slice message,
                  struct redan_bundle *bundle)
{
    struct redan_bundle_log *entry = redan_take(world->ctx, sizeof(*entry));
    const EVP_MD *md = world_hash_of(world->signers[plan->signer]);
    bool tiled =
        plan->log == WORLD_TILES || plan->log == WORLD_TILES_EC || plan->log == WORLD_TILES_RSA;
    const char *kind = plan->kind ? plan->kind : plan->dsse && !tiled ? "dsse" : "hashedrekord";
    uint8_t sum[EVP_MAX_MD_SIZE];
    struct parts p = {.signature = world_base64(world, bundle->signature), .bare = plan->bare};
    struct redan_buf buf;

    CHECK(entry);
    if (!md)
        md = EVP_sha256();
    world_sum_of(md, message, sum);
    int bits = 8 * EVP_MD_get_size(md);
    p.word = bits == 256 ? "sha256" : bits == 384 ? "sha384" : "sha512";
    p.common = bits == 256 ? "SHA2_256" : bits == 384 ? "SHA2_384" : "SHA2_512";
    p.digest = world_base64(world, world_keep(world, sum, (size_t)EVP_MD_get_size(md)));
    p.hex = hex_of(world, md, message);
    p.payload_hex = hex_of(world, EVP_sha256(), bundle->dsse.payload);
    p.der =
        plan->bare ? world_spki_of(world, world->signers[plan->signer]) : bundle->certificates[0];
    p.pem = world_base64(world, world_pem(world, plan->bare ? "PUBLIC KEY" : "CERTIFICATE", p.der));
    p.der = world_base64(world, p.der);
    world_begin(world, &buf);
    write_body(world, kind, bundle, &p, tiled, &buf);
    entry->body = swap(world, world_end(world, &buf), plan->swap_from, plan->swap_to);
    entry->kind = redan_slice_of(kind);
    entry->version = tiled || strcmp(kind, "intoto") == 0 ? REDAN_S("0.0.2") : REDAN_S("0.0.1");
    entry->log_id = world_keep(world, world->logs[plan->log].id, REDAN_DIGEST_LEN);
    entry->index = tiled ? PLACE : BASE + PLACE;
    if (!plan->no_proof)
        prove(world, plan, entry);
    if (!tiled) {
        entry->has_time = true;
        entry->time = WORLD_START + plan->integrated;
        if (!plan->no_promise)
            promise(world, plan, entry);
    }
    bundle->logs = entry;
    bundle->log_count = 1;
}

/* ---- bundles ---- */

static struct redan_slice default_payload(struct world *world)
{
    struct redan_slice hex = hex_of(world, EVP_sha256(), REDAN_S(WORLD_ARTEFACT));
    struct redan_buf buf;

    world_begin(world, &buf);
    redan_buf_printf(&buf,
                     "{\"_type\":\"https://in-toto.io/Statement/"
                     "v1\",\"subject\":[{\"name\":\"a\",\"digest\":{\"sha256\":"
                     "\"%.*s\"}}],\"predicateType\":\"https://example.com/p/v1\",\"predicate\":{}}",
                     REDAN_FMT(hex));
    return world_end(world, &buf);
}

static struct redan_slice envelope(struct world *world, const struct world_plan *plan,
                                   struct redan_bundle *bundle)
{
    struct redan_dsse *dsse = &bundle->dsse;
    struct redan_buf buf;

    dsse->payload_type =
        redan_slice_of(plan->payload_type ? plan->payload_type : REDAN_DSSE_INTOTO);
    dsse->payload = plan->payload ? redan_slice_of(plan->payload) : default_payload(world);
    bundle->is_dsse = true;
    world_begin(world, &buf);
    redan_buf_printf(&buf,
                     plan->old_pae ? "DSSEV1 %zu %.*s %zu b'%.*s'" : "DSSEv1 %zu %.*s %zu %.*s",
                     dsse->payload_type.len, REDAN_FMT(dsse->payload_type), dsse->payload.len,
                     REDAN_FMT(dsse->payload));
    return world_end(world, &buf);
}

static void sign_message(struct world *world, const struct world_plan *plan,
                         struct redan_slice message, struct redan_bundle *bundle)
{
    EVP_PKEY *key = world->signers[plan->signer];
    const EVP_MD *md = world_hash_of(key);

    if (plan->other_hash)
        md = plan->hash == REDAN_HASH_SHA256   ? EVP_sha256()
             : plan->hash == REDAN_HASH_SHA384 ? EVP_sha384()
                                               : EVP_sha512();
    bundle->signature = world_sign(world, key, md, message);
    if (!plan->dsse) {
        const EVP_MD *of = md ? md : EVP_sha256();

        bundle->has_digest = true;
        bundle->digest_hash = EVP_MD_get_size(of) == 32   ? REDAN_HASH_SHA256
                              : EVP_MD_get_size(of) == 48 ? REDAN_HASH_SHA384
                                                          : REDAN_HASH_SHA512;
        bundle->digest.len = (uint8_t)EVP_MD_get_size(of);
        world_sum_of(of, message, bundle->digest.bytes);
        return;
    }
    bundle->dsse.signatures = redan_take(world->ctx, sizeof(*bundle->dsse.signatures));
    CHECK(bundle->dsse.signatures);
    bundle->dsse.signatures[0].bytes = bundle->signature;
    bundle->dsse.count = 1;
}

void world_bundle(struct world *world, const struct world_plan *plan, struct redan_bundle *bundle)
{
    struct redan_slice message = REDAN_S(WORLD_ARTEFACT);

    *bundle = (struct redan_bundle){.version = REDAN_BUNDLE_V03,
                                    .material = plan->bare  ? REDAN_BUNDLE_KEY
                                                : plan->pki ? REDAN_BUNDLE_CHAINED
                                                            : REDAN_BUNDLE_CERTIFICATE};
    if (plan->bare) {
        bundle->hint = hex_of(world, EVP_sha256(), world->signer_pem[plan->signer]);
    } else {
        bundle->certificates = redan_take_array(world->ctx, 2, sizeof(*bundle->certificates));
        CHECK(bundle->certificates);
        bundle->certificates[bundle->certificate_count++] = world_make_leaf(world, plan);
        if (plan->pki)
            bundle->certificates[bundle->certificate_count++] =
                world_der_of(world, world->pki.below);
    }
    if (plan->dsse)
        message = envelope(world, plan, bundle);
    sign_message(world, plan, message, bundle);
    if (!plan->no_log)
        enter(world, plan, message, bundle);
    bundle->stamp_count = plan->stamps;
    bundle->stamps = redan_take_array(world->ctx, plan->stamps + 1, sizeof(*bundle->stamps));
    CHECK(bundle->stamps);
    for (size_t i = 0; i < plan->stamps; i++)
        bundle->stamps[i] = world_make_stamp(world, plan, bundle->signature);
}

/* ---- the trust root ---- */

static void write_log(struct world *world, struct redan_buf *out, const struct log *log,
                      const char *details, const char *from)
{
    redan_buf_printf(
        out,
        "{\"baseUrl\":\"https://"
        "%s\",\"hashAlgorithm\":\"SHA2_256\",\"publicKey\":{\"rawBytes\":\"%.*s\","
        "\"keyDetails\":\"%s\",\"validFor\":{\"start\":\"%s\"}},\"logId\":{\"keyId\":\"%.*s\"}}",
        log->host, REDAN_FMT(world_base64(world, log->spki)), details, from,
        REDAN_FMT(world_base64(world, world_keep(world, log->id, REDAN_DIGEST_LEN))));
}

static void write_authority(struct world *world, struct redan_buf *out,
                            const struct authority *authority, const char *until)
{
    redan_buf_printf(out,
                     "{\"subject\":{\"organization\":\"Example\",\"commonName\":\"x\"},\"uri\":"
                     "\"https://ca.example.com\",\"certChain\":"
                     "{\"certificates\":[{\"rawBytes\":\"%.*s\"},{\"rawBytes\":\"%.*s\"}]},"
                     "\"validFor\":{\"start\":"
                     "\"2026-01-01T00:00:00Z\",\"end\":\"%s\"}}",
                     REDAN_FMT(world_base64(world, world_der_of(world, authority->below))),
                     REDAN_FMT(world_base64(world, world_der_of(world, authority->root))), until);
}

static struct redan_slice write_root(struct world *world)
{
    static const char from[] = "2026-02-01T00:00:00Z";
    struct redan_buf buf;

    world_begin(world, &buf);
    redan_buf_text(
        &buf,
        "{\"mediaType\":\"application/vnd.dev.sigstore.trustedroot+json;version=0.1\",\"tlogs\":[");
    write_log(world, &buf, &world->logs[WORLD_REKOR1], "PKIX_ECDSA_P256_SHA_256", from);
    redan_buf_char(&buf, ',');
    write_log(world, &buf, &world->logs[WORLD_TILES], "PKIX_ED25519", from);
    redan_buf_char(&buf, ',');
    write_log(world, &buf, &world->logs[WORLD_TILES_EC], "PKIX_ECDSA_P256_SHA_256", from);
    redan_buf_char(&buf, ',');
    write_log(world, &buf, &world->logs[WORLD_TILES_RSA], "PKIX_RSA_PKCS1V15_2048_SHA256", from);
    redan_buf_text(&buf, "],\"certificateAuthorities\":[");
    write_authority(world, &buf, &world->pki, "2026-03-01T00:00:00Z"); /* another, in its time */
    redan_buf_char(&buf, ',');
    write_authority(world, &buf, &world->fulcio, "2027-01-01T00:00:00Z");
    redan_buf_text(&buf, "],\"ctlogs\":[");
    write_log(world, &buf, &world->ct, "PKIX_ECDSA_P256_SHA_256", from);
    redan_buf_text(&buf, "],\"timestampAuthorities\":[");
    write_authority(world, &buf, &world->stamper, "2027-01-01T00:00:00Z");
    redan_buf_text(&buf, "]}");
    return world_end(world, &buf);
}

static void make_signers(struct world *world)
{
    for (enum world_signer i = WORLD_P256; i < WORLD_SIGNERS; i++) {
        world->signers[i] = world_make_key(i);
        struct redan_slice der = world_spki_of(world, world->signers[i]);
        world->signer_pem[i] = world_pem(world, "PUBLIC KEY", der);
        CHECK(redan_spki_parse(world->ctx, der, &world->signer_spki[i]) == REDAN_OK);
    }
}

struct world *world_new(struct redan_ctx *ctx)
{
    struct world *world = calloc(1, sizeof(*world));

    CHECK(world);
    world->ctx = ctx;
    ctx->now = WORLD_START;
    make_signers(world);
    world_make_log(world, &world->logs[WORLD_REKOR1], "rekor.example.com", WORLD_P256);
    world_make_log(world, &world->logs[WORLD_TILES], "tiles.example.com", WORLD_ED25519);
    world_make_log(world, &world->logs[WORLD_TILES_EC], "tiles-ec.example.com", WORLD_P256);
    world_make_log(world, &world->logs[WORLD_TILES_RSA], "tiles-rsa.example.com", WORLD_RSA);
    world_make_log(world, &world->logs[WORLD_LOG_ABROAD], "rekor.example.com", WORLD_P256);
    world_make_log(world, &world->ct, "ct.example.com", WORLD_P256);
    world_make_log(world, &world->ct_abroad, "ct.example.com", WORLD_P256);
    world_make_authority(world, &world->fulcio, "Test Fulcio", false);
    world_make_authority(world, &world->pki, "Test organisation", false);
    world_make_authority(world, &world->stamper, "Test TSA", true);
    world_make_authority(world, &world->stamper_abroad, "Test TSA", true);
    struct redan_slice anchor = world_der_of(world, world->pki.root);
    world->anchor_pem = world_pem(world, "CERTIFICATE", anchor);
    CHECK(redan_certificate_parse(ctx, anchor, &world->anchor) == REDAN_OK);
    world->root_text = write_root(world);
    if (redan_trust_root_parse(ctx, world->root_text, &world->root) != REDAN_OK) {
        (void)fprintf(stderr, "%s\n", ctx->failure.text);
        abort();
    }
    return world;
}

static void free_authority(struct authority *authority)
{
    X509_free(authority->root);
    X509_free(authority->below);
    EVP_PKEY_free(authority->root_key);
    EVP_PKEY_free(authority->below_key);
}

void world_free(struct world *world)
{
    for (size_t i = 0; i < WORLD_SIGNERS; i++) {
        EVP_PKEY_free(world->signers[i]);
        redan_spki_free(world->signer_spki[i]);
    }
    for (size_t i = 0; i < WORLD_LOGS; i++)
        EVP_PKEY_free(world->logs[i].key);
    EVP_PKEY_free(world->ct.key);
    EVP_PKEY_free(world->ct_abroad.key);
    free_authority(&world->fulcio);
    free_authority(&world->pki);
    free_authority(&world->stamper);
    free_authority(&world->stamper_abroad);
    redan_certificate_free(world->anchor);
    redan_trust_root_done(&world->root);
    free(world);
}

const struct redan_trust_root *world_root(const struct world *world)
{
    return &world->root;
}

struct redan_slice world_root_text(const struct world *world)
{
    return world->root_text;
}

struct redan_slice world_signer_pem(const struct world *world, enum world_signer signer)
{
    return world->signer_pem[signer];
}

const struct redan_spki *world_signer(const struct world *world, enum world_signer signer)
{
    return world->signer_spki[signer];
}

struct redan_certificate *const *world_anchor(const struct world *world)
{
    return &world->anchor;
}

struct redan_slice world_anchor_pem(const struct world *world)
{
    return world->anchor_pem;
}

const struct redan_trust_log *world_log(const struct world *world, enum world_log log)
{
    return &world->root.logs[log];
}
