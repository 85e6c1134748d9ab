/* Certificates, their transparency and their stamps in the wild: sigstore-conformance and the public trust root, where
 * the samples are. */
#include "test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hex.h"
#include "codec/json.h"
#include "crypto/timestamp.h"

enum { MOST = 32, FILE_MAX = 1 << 20, BUNDLES = 200 };

struct authorities {
    struct redan_certificate *chain[MOST][REDAN_CERTIFICATES_MAX];
    size_t length[MOST];
    int64_t from[MOST], until[MOST];
    size_t count;
};

struct root {
    struct authorities cas, stampers;
    struct redan_ct_log logs[MOST];
    struct redan_spki *keys[MOST];
    size_t log_count;
};

static const char *samples(void)
{
    const char *named = getenv("REDAN_SAMPLES");

    return named && *named ? named : REDAN_SOURCE "/../shared/samples";
}

/* An empty slice when there is no such file. */
static struct redan_slice read_file(struct redan_ctx *ctx, const char *name)
{
    char path[1024];
    char *bytes = redan_take(ctx, FILE_MAX);

    (void)snprintf(path, sizeof(path), "%s/signing/sigstore-conformance/%s", samples(), name);
    FILE *file = fopen(path, "rbe");
    if (!file)
        return (struct redan_slice){0};
    size_t len = fread(bytes, 1, FILE_MAX, file);
    (void)fclose(file);
    return (struct redan_slice){bytes, len};
}

/* Line breaks in base64 are dropped: what is decoded is looked at here, not how it was written. */
static struct redan_slice decode(struct redan_ctx *ctx, struct redan_slice text)
{
    char *plain = redan_take(ctx, text.len + 1);
    struct redan_slice bytes = {0};
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] != '\n' && text.at[i] != '\r')
            plain[n++] = text.at[i];
    assert_ok(redan_base64_parse(ctx, (struct redan_slice){plain, n}, &bytes));
    return bytes;
}

static int64_t milliseconds(const struct redan_node *window, const char *end, int64_t otherwise)
{
    struct redan_slice text = redan_node_text(window, end);
    int64_t seconds = 0;

    return redan_time_parse(text, &seconds) ? seconds * 1000 : otherwise;
}

static void read_authorities(struct redan_ctx *ctx, const struct redan_node *list,
                             struct authorities *all)
{
    for (const struct redan_node *a = list ? list->first : NULL; a; a = a->next) {
        const struct redan_node *chain =
            redan_node_get(redan_node_get(a, "certChain"), "certificates");
        size_t n = 0;
        for (const struct redan_node *c = chain->first; c; c = c->next)
            assert_ok(redan_certificate_parse(ctx, decode(ctx, redan_node_text(c, "rawBytes")),
                                              &all->chain[all->count][n++]));
        all->length[all->count] = n;
        all->from[all->count] = milliseconds(redan_node_get(a, "validFor"), "start", 0);
        all->until[all->count] = milliseconds(redan_node_get(a, "validFor"), "end", INT64_MAX);
        all->count++;
    }
}

static void read_root(struct redan_ctx *ctx, struct redan_slice text, struct root *root)
{
    const struct redan_node *tree = NULL;

    assert_ok(redan_json_parse(ctx, text, &tree));
    read_authorities(ctx, redan_node_get(tree, "certificateAuthorities"), &root->cas);
    read_authorities(ctx, redan_node_get(tree, "timestampAuthorities"), &root->stampers);
    const struct redan_node *logs = redan_node_get(tree, "ctlogs");
    for (const struct redan_node *l = logs ? logs->first : NULL; l; l = l->next) {
        const struct redan_node *key = redan_node_get(l, "publicKey");
        const struct redan_node *window = redan_node_get(key, "validFor");
        struct redan_slice bytes = decode(ctx, redan_node_text(key, "rawBytes"));
        struct redan_spki **made = &root->keys[root->log_count];
        bool bare = redan_slice_is(redan_node_text(key, "keyDetails"), "PKCS1_RSA_PKCS1V5");
        assert_ok(bare ? redan_spki_parse_rsa(ctx, bytes, made)
                       : redan_spki_parse(ctx, bytes, made));
        root->logs[root->log_count++] = (struct redan_ct_log){
            .id = decode(ctx, redan_node_text(redan_node_get(l, "logId"), "keyId")),
            .key = *made,
            .from = milliseconds(window, "start", 0),
            .until = milliseconds(window, "end", INT64_MAX)};
    }
}

static void drop_authorities(struct authorities *all)
{
    for (size_t i = 0; i < all->count; i++)
        for (size_t k = 0; k < all->length[i]; k++)
            redan_certificate_free(all->chain[i][k]);
}

static void drop_root(struct root **at)
{
    struct root *root = *at;

    drop_authorities(&root->cas);
    drop_authorities(&root->stampers);
    for (size_t i = 0; i < root->log_count; i++)
        redan_spki_free(root->keys[i]);
}

/* What a bundle says, as far as this room judges it. */
struct bundle {
    struct redan_certificate *leaf; /* NULL: signed by a bare key */
    struct redan_slice signature;
    struct redan_slice stamps[MOST];
    size_t stamp_count;
    int64_t logged; /* integratedTime, 0 when there is none */
};

static bool read_bundle(struct redan_ctx *ctx, struct redan_slice text, struct bundle *bundle)
{
    const struct redan_node *tree = NULL;

    if (redan_json_parse(ctx, text, &tree) != REDAN_OK) {
        redan_fail_clear(ctx);
        return false;
    }
    const struct redan_node *material = redan_node_get(tree, "verificationMaterial");
    const struct redan_node *leaf = redan_node_get(material, "certificate");
    const struct redan_node *chain =
        redan_node_get(redan_node_get(material, "x509CertificateChain"), "certificates");
    leaf = leaf || !chain ? leaf : chain->first;
    if (leaf)
        assert_ok(redan_certificate_parse(ctx, decode(ctx, redan_node_text(leaf, "rawBytes")),
                                          &bundle->leaf));
    const struct redan_node *dsse = redan_node_get(tree, "dsseEnvelope");
    struct redan_slice signature =
        dsse ? redan_node_text(redan_node_get(dsse, "signatures")->first, "sig")
             : redan_node_text(redan_node_get(tree, "messageSignature"), "signature");
    if (redan_base64_parse(ctx, signature, &bundle->signature) != REDAN_OK) {
        redan_fail_clear(ctx);
        return false;
    }
    const struct redan_node *stamps =
        redan_node_get(redan_node_get(material, "timestampVerificationData"), "rfc3161Timestamps");
    for (const struct redan_node *s = stamps ? stamps->first : NULL; s; s = s->next)
        bundle->stamps[bundle->stamp_count++] = decode(ctx, redan_node_text(s, "signedTimestamp"));
    const struct redan_node *logs = redan_node_get(material, "tlogEntries");
    uint64_t seconds = 0;
    if (logs && logs->first)
        (void)redan_slice_u64(redan_node_text(logs->first, "integratedTime"), &seconds);
    bundle->logged = (int64_t)seconds;
    return true;
}

static enum redan_status check_stamps(struct redan_ctx *ctx, const struct bundle *bundle,
                                      struct root *root, int64_t *at)
{
    struct redan_timestamp_authority all[MOST];

    for (size_t i = 0; i < root->stampers.count; i++)
        all[i] =
            (struct redan_timestamp_authority){root->stampers.chain[i], root->stampers.length[i],
                                               root->stampers.from[i], root->stampers.until[i]};
    for (size_t i = 0; i < bundle->stamp_count; i++) {
        int64_t time = 0;
        REDAN_TRY(redan_timestamp_verify_response(ctx, bundle->stamps[i], bundle->signature, all,
                                                  root->stampers.count, &time));
        *at = time / 1000;
    }
    return REDAN_OK;
}

static enum redan_status check_leaf(struct redan_ctx *ctx, const struct bundle *bundle,
                                    struct root *root, int64_t at)
{
    const struct redan_certificate *issuer = NULL;
    struct redan_certificate_facts facts;
    size_t good = 0;

    REDAN_TRY(redan_certificate_facts(ctx, bundle->leaf, &facts));
    assert_true(facts.name_count == 1 && facts.oidc_issuer.len && !facts.oidc_conflict);
    assert_true(facts.has_key_usage && facts.digital_signature && facts.code_signing);
    assert_false(facts.ca);
    for (size_t i = 0; i < root->cas.count && !issuer; i++) {
        size_t n = root->cas.length[i];
        redan_fail_clear(ctx);
        if (at * 1000 < root->cas.from[i] || at * 1000 > root->cas.until[i])
            continue;
        (void)!redan_certificate_chain(ctx, bundle->leaf, root->cas.chain[i], n - 1,
                                       &root->cas.chain[i][n - 1], 1, at, &issuer);
    }
    if (!issuer) {
        redan_fail_clear(ctx);
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "no authority holds");
    }
    return redan_certificate_scts(ctx, bundle->leaf, issuer, root->logs, root->log_count, &good);
}

static enum redan_status judge(struct redan_ctx *ctx, const char *name, bool *looked_at)
{
    struct root *root REDAN_DEFER(drop_root) = redan_take(ctx, sizeof(*root));
    struct bundle bundle = {.leaf = NULL};
    char path[512];

    (void)snprintf(path, sizeof(path), "assets/bundle-verify/%s/trusted_root.json", name);
    struct redan_slice text = read_file(ctx, path);
    read_root(ctx, text.len ? text : read_file(ctx, "roots/trusted_root.json"), root);
    (void)snprintf(path, sizeof(path), "assets/bundle-verify/%s/bundle.sigstore.json", name);
    text = read_file(ctx, path);
    *looked_at = text.len && read_bundle(ctx, text, &bundle) && (bundle.leaf || bundle.stamp_count);
    if (!*looked_at)
        return REDAN_OK;
    int64_t at = bundle.logged;
    enum redan_status status = check_stamps(ctx, &bundle, root, &at);
    if (status == REDAN_OK && bundle.leaf)
        status = check_leaf(ctx, &bundle, root, at);
    redan_certificate_free(bundle.leaf);
    return status;
}

/* Cases that this room alone must refuse, and by what. */
static const struct {
    const char *name, *says;
} refused[] = {
    {"invalid-ct-key_fail", "not in the trust root"},
    {"integrated-time-in-future_fail", "no authority holds"},
    {"intoto-expired-certificate_fail", "no authority holds"},
    {"intoto-set-outside-signing-cert-validity_fail", "no authority holds"},
    {"intoto-tsa-timestamp-outside-cert-validity_fail", "no authority holds"},
    {"rekor2-timestamp-outside-trust-root-tsa-validity_fail", "did not count"},
    {"rekor2-timestamp-outside-tsa-cert-validity_fail", "has expired"},
    {"rekor2-timestamp-payload-mismatch_fail", "over other bytes"},
    {"rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail", "does not have"},
    {"rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail", "does not have"},
    {"rekor2-timestamp-with-incorrect-time_fail", "no authority holds"},
    {"bundle-from-wrong-instance_fail", "no authority holds"},
};

static void test_conformance(void **state)
{
    char path[1024];
    size_t good = 0;
    size_t bad = 0;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/signing/sigstore-conformance/assets/bundle-verify",
                   samples());
    DIR *dir = opendir(path);
    if (!dir) {
        print_message("no samples in %s; REDAN_SAMPLES names their folder\n", path);
        skip();
    }
    for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        struct redan_ctx ctx;
        bool looked_at = false;
        const char *says = NULL;
        size_t len = strlen(entry->d_name);
        bool fails = len > 5 && strcmp(entry->d_name + len - 5, "_fail") == 0;
        if (entry->d_name[0] == '.' || strchr(entry->d_name, '.') == entry->d_name + 1)
            continue;
        for (size_t i = 0; i < REDAN_COUNT(refused); i++)
            says = strcmp(refused[i].name, entry->d_name) == 0 ? refused[i].says : says;
        if (fails && !says) /* for another room to refuse */
            continue;
        redan_ctx_init(&ctx, NULL);
        enum redan_status got = judge(&ctx, entry->d_name, &looked_at);
        if ((got == REDAN_OK) == (says != NULL) || (says && !strstr(ctx.failure.text, says)))
            print_error("%s: %s\n", entry->d_name, ctx.failure.text);
        assert_int_equal(got, says ? REDAN_E_SIGNATURE : REDAN_OK);
        assert_true(!says || (looked_at && strstr(ctx.failure.text, says)));
        good += looked_at && !says;
        bad += says != NULL;
        redan_ctx_done(&ctx);
    }
    (void)closedir(dir);
    print_message("%zu accepted, %zu refused\n", good, bad);
    assert_true(good >= 15);
    assert_int_equal(bad, REDAN_COUNT(refused));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_conformance)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
