/* Signed certificate timestamps by logs of our own: those that hold, and all that do not. */
#include "test.h"

#include <stdio.h>

#include "pki.h"

enum { LOGS = 4, MADE = 1704153600 }; /* when the timestamps are made, seconds */

struct world {
    struct redan_ctx ctx;
    EVP_PKEY *ca_key, *leaf_key, *log_keys[LOGS];
    X509 *ca;
    struct redan_certificate *issuer, *other;
    struct redan_ct_log logs[LOGS];
    char ids[LOGS][REDAN_DIGEST_LEN];
};

static int set_up(void **state)
{
    static struct world w;
    static const char *const kinds[LOGS] = {"P-256", "RSA:2048", "P-384", "ED25519"};
    struct pki_spec spec = {.name = "ca",
                            .extensions = {{"basicConstraints", true, "CA:TRUE", NULL, 0}}};

    redan_ctx_init(&w.ctx, NULL);
    w.ca_key = pki_key("P-384");
    w.leaf_key = pki_key("P-256");
    spec.key = w.leaf_key;
    X509 *other = pki_make(&spec);
    spec.key = w.ca_key;
    w.ca = pki_make(&spec);
    w.issuer = pki_read(&w.ctx, w.ca);
    w.other = pki_read(&w.ctx, other);
    X509_free(other);
    for (size_t i = 0; i < LOGS; i++) {
        struct redan_spki *spki = NULL;
        struct redan_digest id;
        w.log_keys[i] = pki_key(kinds[i]);
        assert_ok(redan_spki_parse(&w.ctx, pki_spki(&w.ctx, w.log_keys[i]), &spki));
        redan_spki_id(spki, &id);
        memcpy(w.ids[i], id.bytes, REDAN_DIGEST_LEN);
        w.logs[i] = (struct redan_ct_log){.id = {w.ids[i], REDAN_DIGEST_LEN},
                                          .key = spki,
                                          .from = (int64_t)PKI_FROM * 1000,
                                          .until = INT64_MAX};
    }
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < LOGS; i++) {
        redan_spki_free((struct redan_spki *)(uintptr_t)w->logs[i].key);
        EVP_PKEY_free(w->log_keys[i]);
    }
    redan_certificate_free(w->issuer);
    redan_certificate_free(w->other);
    X509_free(w->ca);
    EVP_PKEY_free(w->ca_key);
    EVP_PKEY_free(w->leaf_key);
    redan_ctx_done(&w->ctx);
    return 0;
}

/* One timestamp, with what is wrong about it. */
struct promise {
    size_t log;             /* 1-based; 0 ends the list */
    size_t signer;          /* 1-based: another log's key signs; 0: the log's own */
    const char *extensions; /* of static CT */
    int64_t shift;          /* milliseconds from MADE */
    uint8_t version, hash, kind;
    bool damaged, padded, cut;
};

static void put16(struct redan_buf *out, size_t n)
{
    redan_buf_char(out, (char)(uint8_t)(n >> 8));
    redan_buf_char(out, (char)(uint8_t)n);
}

static void put(struct redan_buf *out, struct redan_slice bytes)
{
    put16(out, bytes.len);
    redan_buf_slice(out, bytes);
}

static void put_time(struct redan_buf *out, uint64_t t)
{
    for (int i = 56; i >= 0; i -= 8)
        redan_buf_char(out, (char)(uint8_t)(t >> i));
}

/* RFC 6962 3.2, written independently of what is tested. */
static void add_sct(struct world *w, struct redan_buf *list, const struct promise *p,
                    struct redan_slice tbs)
{
    struct redan_buf text REDAN_DEFER(redan_buf_done) = {0};
    struct redan_buf sct REDAN_DEFER(redan_buf_done) = {0};
    struct redan_slice extensions = redan_slice_of(p->extensions);
    uint64_t time = (uint64_t)((int64_t)MADE * 1000 + p->shift);
    struct redan_digest issuer;
    EVP_PKEY *key = w->log_keys[(p->signer ? p->signer : p->log) - 1];

    assert_ok(redan_sha256(&w->ctx, pki_spki(&w->ctx, w->ca_key), &issuer));
    redan_buf_init(&text, &w->ctx, 1 << 20);
    redan_buf_init(&sct, &w->ctx, 1 << 16);
    redan_buf_add(&text, "\0\0", 2);
    put_time(&text, time);
    redan_buf_add(&text, "\0\1", 2);
    redan_buf_add(&text, issuer.bytes, REDAN_DIGEST_LEN);
    redan_buf_char(&text, '\0');
    put(&text, tbs);
    put(&text, extensions);
    struct redan_slice signature = pki_sign(
        &w->ctx, key, EVP_PKEY_is_a(key, "ED25519") ? NULL : "SHA256", redan_buf_view(&text));
    redan_buf_char(&sct, (char)p->version);
    redan_buf_add(&sct, w->ids[p->log - 1], REDAN_DIGEST_LEN);
    put_time(&sct, time);
    put(&sct, extensions);
    redan_buf_char(&sct, (char)(p->hash ? p->hash : 4));
    redan_buf_char(&sct, (char)(p->kind ? p->kind : p->log == 2 ? 1 : 3));
    if (p->damaged)
        ((char *)(uintptr_t)signature.at)[signature.len - 1] ^= 1;
    put(&sct, signature);
    if (p->padded)
        redan_buf_char(&sct, '\0');
    put(list, redan_slice_sub(redan_buf_view(&sct), 0, sct.len - p->cut));
}

static struct redan_certificate *make_leaf(struct world *w, const struct promise *promises,
                                           const char *tail)
{
    struct redan_buf list REDAN_DEFER(redan_buf_done) = {0};
    struct redan_buf all REDAN_DEFER(redan_buf_done) = {0};
    struct pki_spec spec = {.key = w->leaf_key,
                            .issuer = w->ca,
                            .signer = w->ca_key,
                            .extensions = {{"keyUsage", true, "digitalSignature", NULL, 0}}};
    X509 *before = pki_make(&spec);
    struct redan_slice tbs = pki_tbs(&w->ctx, before);

    redan_buf_init(&list, &w->ctx, 1 << 16);
    redan_buf_init(&all, &w->ctx, 1 << 16);
    for (size_t i = 0; promises[i].log; i++)
        add_sct(w, &list, &promises[i], tbs);
    put(&all, redan_buf_view(&list));
    redan_buf_text(&all, tail);
    X509 *after = pki_make_with_scts(&spec, redan_buf_view(&all));
    struct redan_certificate *made = pki_read(&w->ctx, after);
    X509_free(before);
    X509_free(after);
    return made;
}

enum { ROW = 4 };

static const struct {
    const char *what;
    struct promise promises[ROW];
    const char *tail;
    size_t good; /* 0: refused */
    enum redan_status status;
    const char *says;
    int64_t from, until; /* of every log, milliseconds from MADE; 0: always */
    bool other_issuer, no_logs;
} rows[] = {
    {.what = "ECDSA", .promises = {{.log = 1}}, .good = 1},
    {.what = "RSA", .promises = {{.log = 2}}, .good = 1},
    {.what = "P-384", .promises = {{.log = 3}}, .good = 1},
    {.what = "extensions", .promises = {{.log = 1, .extensions = "\x01\x02\x03"}}, .good = 1},
    {.what = "two logs", .promises = {{.log = 1}, {.log = 2}}, .good = 2},
    {.what = "two of one", .promises = {{.log = 1}, {.log = 1, .shift = 5}}, .good = 1},
    {.what = "a bad one first", .promises = {{.log = 1, .damaged = true}, {.log = 2}}, .good = 1},
    {.what = "a version of the future beside one",
     .promises = {{.log = 1, .version = 7}, {.log = 2}},
     .good = 1},
    {.what = "nothing but that",
     .promises = {{.log = 1, .version = 7}},
     .status = REDAN_E_SIGNATURE,
     .says = "not in the trust root"},
    {.what = "a damaged signature",
     .promises = {{.log = 1, .damaged = true}},
     .status = REDAN_E_SIGNATURE,
     .says = "do not verify"},
    {.what = "another log's key",
     .promises = {{.log = 1, .signer = 3}},
     .status = REDAN_E_SIGNATURE,
     .says = "do not verify"},
    {.what = "an unknown log",
     .promises = {{.log = 1}},
     .no_logs = true,
     .status = REDAN_E_SIGNATURE,
     .says = "not in the trust root"},
    {.what = "the first millisecond", .promises = {{.log = 1}}, .until = 1, .good = 1},
    {.what = "the last millisecond", .promises = {{.log = 1, .shift = 1}}, .until = 1, .good = 1},
    {.what = "early",
     .promises = {{.log = 1, .shift = -1}},
     .until = 1,
     .status = REDAN_E_SIGNATURE,
     .says = "did not count"},
    {.what = "late",
     .promises = {{.log = 1, .shift = 2}},
     .until = 1,
     .status = REDAN_E_SIGNATURE,
     .says = "did not count"},
    {.what = "another issuer",
     .promises = {{.log = 1}},
     .other_issuer = true,
     .status = REDAN_E_SIGNATURE,
     .says = "do not verify"},
    {.what = "Ed25519, which RFC 6962 does not have",
     .promises = {{.log = 4}},
     .status = REDAN_E_SIGNATURE,
     .says = "do not verify"},
    {.what = "SHA-1 named",
     .promises = {{.log = 1, .hash = 2}},
     .status = REDAN_E_SIGNATURE,
     .says = "do not verify"},
    {.what = "RSA named for ECDSA",
     .promises = {{.log = 1, .kind = 1}},
     .status = REDAN_E_SIGNATURE,
     .says = "do not verify"},
    {.what = "an empty list", .status = REDAN_E_SYNTAX, .says = "cannot be read"},
    {.what = "bytes after the list",
     .promises = {{.log = 1}},
     .tail = "x",
     .status = REDAN_E_SYNTAX,
     .says = "cannot be read"},
    {.what = "bytes after one",
     .promises = {{.log = 1, .padded = true}},
     .status = REDAN_E_SYNTAX,
     .says = "cannot be read"},
    {.what = "one that is cut short",
     .promises = {{.log = 1, .cut = true}},
     .status = REDAN_E_SYNTAX,
     .says = "cannot be read"},
};

static void test_rows(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_certificate *leaf REDAN_DEFER(redan_certificate_drop) =
            make_leaf(w, rows[i].promises, rows[i].tail ? rows[i].tail : "");
        struct redan_ct_log logs[LOGS];
        size_t good = 0;
        memcpy(logs, w->logs, sizeof(logs));
        for (size_t k = 0; k < LOGS && rows[i].until; k++) {
            logs[k].from = (int64_t)MADE * 1000 + rows[i].from;
            logs[k].until = (int64_t)MADE * 1000 + rows[i].until;
        }
        enum redan_status got =
            redan_certificate_scts(&w->ctx, leaf, rows[i].other_issuer ? w->other : w->issuer, logs,
                                   rows[i].no_logs ? 0 : LOGS, &good);
        if (got != rows[i].status || good != rows[i].good ||
            (rows[i].says && !strstr(w->ctx.failure.text, rows[i].says)))
            print_error("%s: %zu %s\n", rows[i].what, good, w->ctx.failure.text);
        assert_int_equal(got, rows[i].status);
        assert_int_equal(good, rows[i].good);
        assert_int_equal(w->ctx.failure.status, rows[i].status);
        assert_true(!rows[i].says || strstr(w->ctx.failure.text, rows[i].says));
        redan_fail_clear(&w->ctx);
    }
}

static void test_none(void **state)
{
    struct world *w = *state;
    size_t good = 0;

    assert_int_equal(redan_certificate_scts(&w->ctx, w->issuer, w->issuer, w->logs, LOGS, &good),
                     REDAN_E_SIGNATURE);
    assert_non_null(strstr(w->ctx.failure.text, "no signed certificate timestamp"));
    redan_fail_clear(&w->ctx);
}

static void test_memory_refused(void **state)
{
    struct world *w = *state;
    static const struct promise two[] = {{.log = 1}, {.log = 2}, {.log = 0}};
    struct redan_certificate *leaf REDAN_DEFER(redan_certificate_drop) = make_leaf(w, two, "");
    enum redan_status got = REDAN_E_MEMORY;
    uint64_t n = 1;

    for (; got != REDAN_OK; n++) {
        struct redan_ctx ctx;
        size_t good = 0;
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        got = redan_certificate_scts(&ctx, leaf, w->issuer, w->logs, LOGS, &good);
        assert_true(got == REDAN_OK ? good == 2 : got == REDAN_E_MEMORY);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
        assert_true(n < 100);
    }
    assert_true(n > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_memory_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
