/* The judge against a Sigstore of our own: what is believed, and what is not of logs. */
#include "judge_fixture.h"

#include <stdio.h>

#include "base/hex.h"

/* ---- what is believed ---- */

static void bend_v01(struct trial *t)
{
    t->bundle.version = REDAN_BUNDLE_V01;
    t->bundle.material = REDAN_BUNDLE_CHAINED;
}

static void bend_regex(struct trial *t)
{
    t->wanted.identity = (struct redan_slice){0};
    t->wanted.identity_regex = REDAN_S("a(nn|xel)@example\\.(com|org)");
    t->wanted.issuer = (struct redan_slice){0};
    t->wanted.issuer_regex = REDAN_S("https://.*example[.]com");
}

static void bend_no_ct(struct trial *t)
{
    t->wanted.no_ct = true;
}

static void bend_uri(struct trial *t)
{
    t->wanted.identity = REDAN_S("https://ci.example.com/x");
}

static void bend_name(struct trial *t)
{
    t->wanted.identity = REDAN_S("ann");
}

static void bend_log_ends_then(struct trial *t)
{
    t->logs[WORLD_REKOR1].until = (int64_t)WORLD_START * 1000;
    t->logs[WORLD_REKOR1].from = (int64_t)WORLD_START * 1000;
}

static void bend_tsa_ends_then(struct trial *t)
{
    t->stampers[0].until = ((int64_t)WORLD_START + 5) * 1000;
}

static void bend_der_hint(struct trial *t)
{
    struct redan_digest id;
    char hex[REDAN_DIGEST_HEX];

    redan_spki_id(t->wanted.key, &id);
    redan_digest_hex(&id, hex);
    assert_ok(redan_copy(t->ctx, redan_slice_of(hex), &t->bundle.hint));
}

static void bend_pki_identity(struct trial *t)
{
    t->wanted.identity = REDAN_S(WORLD_IDENTITY);
}

static void bend_no_digest(struct trial *t)
{
    t->bundle.has_digest = false;
}

#define OTHER_LINE "\xe2\x80\x94 witness.example.org AAECAwQFBgcICQ==\n"
#define NAMESAKE "\xe2\x80\x94 tiles.example.com AAECAwQFBgcICQ==\n"

static void test_believed(void **state)
{
    static const struct row rows[] = {
        {"keyless, Rekor v1", {.from = 0}, NULL, NULL},
        {"version 0.1, a promise alone", {.no_proof = true}, bend_v01, NULL},
        {"version 0.1, both", {.from = 0}, bend_v01, NULL},
        {"version 0.2", {.from = 0}, bend_v02, NULL},
        {"proof alone, with a stamp", {.no_promise = true, .stamps = 1}, NULL, NULL},
        {"Rekor v2", {.log = WORLD_TILES, .stamps = 1}, NULL, NULL},
        {"Rekor v2, ECDSA", {.log = WORLD_TILES_EC, .stamps = 1}, NULL, NULL},
        {"Rekor v2, RSA", {.log = WORLD_TILES_RSA, .stamps = 2}, NULL, NULL},
        {"Rekor v2, a bare stamp",
         {.log = WORLD_TILES, .stamps = 1, .stamp_bare = true},
         NULL,
         NULL},
        {"Rekor v2, envelope", {.log = WORLD_TILES, .stamps = 1, .dsse = true}, NULL, NULL},
        {"witnesses around",
         {.log = WORLD_TILES, .stamps = 1, .before = OTHER_LINE, .after = OTHER_LINE},
         NULL,
         NULL},
        {"a namesake with another key",
         {.log = WORLD_TILES, .stamps = 1, .before = NAMESAKE},
         NULL,
         NULL},
        {"dsse 0.0.1", {.dsse = true}, NULL, NULL},
        {"intoto 0.0.2", {.dsse = true, .kind = "intoto"}, NULL, NULL},
        {"P-384", {.signer = WORLD_P384}, NULL, NULL},
        {"P-521 in Rekor v2", {.signer = WORLD_P521, .log = WORLD_TILES, .stamps = 1}, NULL, NULL},
        {"P-384, envelope in Rekor v2",
         {.signer = WORLD_P384, .dsse = true, .log = WORLD_TILES, .stamps = 1},
         NULL,
         NULL},
        {"RSA", {.signer = WORLD_RSA}, NULL, NULL},
        {"Ed25519, envelope", {.signer = WORLD_ED25519, .dsse = true}, NULL, NULL},
        {"patterns", {.from = 0}, bend_regex, NULL},
        {"both issuers, equal", {.issuer_old = WORLD_ISSUER}, NULL, NULL},
        {"the old issuer alone", {.issuer = "", .issuer_old = WORLD_ISSUER}, NULL, NULL},
        {"a URI", {.san = "critical,URI:https://ci.example.com/x"}, bend_uri, NULL},
        {"a user's name", {.san = "otherName:1.3.6.1.4.1.57264.1.7;UTF8:ann"}, bend_name, NULL},
        {"the second of two names",
         {.san = "email:bob@example.com,email:" WORLD_IDENTITY},
         NULL,
         NULL},
        {"no promise of transparency, none wanted", {.no_sct = true}, bend_no_ct, NULL},
        {"a digest alone", {.from = 0}, bend_digest_only, NULL},
        {"no messageDigest", {.from = 0}, bend_no_digest, NULL},
        {"first second of the leaf", {.from = 0, .until = 600}, NULL, NULL},
        {"last second of the leaf", {.from = -600, .until = 0}, NULL, NULL},
        {"last millisecond of the log's key", {.from = 0}, bend_log_ends_then, NULL},
        {"last millisecond of the stamper", {.stamps = 1, .stamp_at = 5}, bend_tsa_ends_then, NULL},
        {"log and stamp asked for", {.stamps = 1}, bend_needs, NULL},
        {"a key", {.bare = true, .no_log = true}, NULL, NULL},
        {"a key and a log", {.bare = true}, NULL, NULL},
        {"a key in Rekor v2, no time", {.bare = true, .log = WORLD_TILES}, NULL, NULL},
        {"a key, a log and a stamp", {.bare = true, .stamps = 1}, bend_needs, NULL},
        {"a key, envelope", {.bare = true, .dsse = true}, NULL, NULL},
        {"a key and a log nobody knows, no root",
         {.bare = true, .log = WORLD_LOG_ABROAD},
         bend_no_root,
         NULL},
        {"Ed25519 key over a file",
         {.bare = true, .signer = WORLD_ED25519, .no_log = true},
         NULL,
         NULL},
        {"RSA key over a file", {.bare = true, .signer = WORLD_RSA, .no_log = true}, NULL, NULL},
        {"no hint", {.bare = true, .no_log = true}, bend_no_hint, NULL},
        {"a hint of the DER", {.bare = true, .no_log = true}, bend_der_hint, NULL},
        {"the key itself", {.bare = true, .no_log = true}, bend_pem, NULL},
        {"a model, P-256", {.bare = true, .dsse = true, .no_log = true}, bend_oms, NULL},
        {"a model, P-384",
         {.bare = true, .dsse = true, .no_log = true, .signer = WORLD_P384},
         bend_oms,
         NULL},
        {"a model, P-521",
         {.bare = true, .dsse = true, .no_log = true, .signer = WORLD_P521},
         bend_oms,
         NULL},
        {"a model, Ed25519",
         {.bare = true, .dsse = true, .no_log = true, .signer = WORLD_ED25519},
         bend_oms,
         NULL},
        {"a model, certificate", {.pki = true, .dsse = true, .no_log = true}, bend_oms, NULL},
        {"a model, a CA's certificate",
         {.pki = true, .dsse = true, .no_log = true, .basic = "critical,CA:TRUE"},
         bend_oms,
         NULL},
        {"a model, code signing alone",
         {.pki = true, .dsse = true, .no_log = true, .usage = ""},
         bend_oms,
         NULL},
        {"a model, signatures alone",
         {.pki = true, .dsse = true, .no_log = true, .extended = ""},
         bend_oms,
         NULL},
        {"an expired certificate, stamped in time",
         {.pki = true, .dsse = true, .no_log = true, .stamps = 1},
         bend_later,
         NULL},
        {"a certificate's name",
         {.pki = true, .dsse = true, .no_log = true},
         bend_pki_identity,
         NULL},
        {"a certificate over a file", {.pki = true, .no_log = true}, NULL, NULL},
        {"OMS 0.2",
         {.pki = true,
          .dsse = true,
          .no_log = true,
          .old_pae = true,
          .signer = WORLD_P384,
          .other_hash = true,
          .payload = "{\"predicateType\":\"https://model_signing/Digests/v0.1\"}"},
         bend_oms,
         NULL},
    };

    judge_run(state, rows, REDAN_COUNT(rows));
}

/* ---- log entries ---- */

static void bend_promise(struct trial *t)
{
    t->bundle.logs->promise = judge_flipped(t, t->bundle.logs->promise, 20);
}

static void bend_time(struct trial *t)
{
    t->bundle.logs->time++;
}

static void bend_index(struct trial *t)
{
    t->bundle.logs->index++;
}

static void bend_body(struct trial *t)
{
    t->bundle.logs->body = judge_flipped(t, t->bundle.logs->body, 40);
}

static void bend_body_v01(struct trial *t)
{
    bend_v01(t);
    bend_body(t);
}

static void bend_proof_index(struct trial *t)
{
    t->bundle.logs->proof_index--;
    t->bundle.logs->index--;
}

static void bend_proof_outside(struct trial *t)
{
    t->bundle.logs->proof_index = t->bundle.logs->index = t->bundle.logs->proof_size;
}

static void bend_proof_size(struct trial *t)
{
    t->bundle.logs->proof_size = 4;
}

static void bend_proof_root(struct trial *t)
{
    t->bundle.logs->proof_root.bytes[31] ^= 1;
}

static void bend_path(struct trial *t)
{
    t->bundle.logs->proof_path[0].bytes[0] ^= 1;
}

static void bend_path_short(struct trial *t)
{
    t->bundle.logs->proof_count--;
}

static void bend_path_long(struct trial *t)
{
    t->bundle.logs->proof_count++;
}

static void bend_no_proof(struct trial *t)
{
    t->bundle.logs->has_proof = false;
}

static void bend_no_checkpoint(struct trial *t)
{
    t->bundle.logs->checkpoint = (struct redan_slice){0};
}

static void bend_no_entry(struct trial *t)
{
    t->bundle.log_count = 0;
}

static void bend_two_entries(struct trial *t)
{
    struct redan_bundle_log *logs = redan_take_array(t->ctx, 2, sizeof(*logs));

    logs[0] = logs[1] = t->bundle.logs[0];
    t->bundle.logs = logs;
    t->bundle.log_count = 2;
}

static void bend_no_time(struct trial *t)
{
    t->bundle.logs->has_time = false;
    t->bundle.logs->time = 0;
}

static void bend_tiled_time(struct trial *t)
{
    t->bundle.logs->has_time = true;
    t->bundle.logs->time = WORLD_START;
}

static void bend_tiled_promise(struct trial *t)
{
    t->bundle.logs->promise = t->bundle.signature;
}

static void bend_tiled_index(struct trial *t)
{
    t->bundle.logs->index++;
}

static void bend_kind(struct trial *t)
{
    t->bundle.logs->kind = REDAN_S("dsse");
}

static void bend_kind_version(struct trial *t)
{
    t->bundle.logs->version = REDAN_S("0.0.3");
}

static void bend_other_log(struct trial *t)
{
    t->bundle.logs->log_id = world_log(t->world, WORLD_TILES_EC)->id;
}

static void bend_v01_no_promise(struct trial *t)
{
    bend_v01(t);
    t->bundle.logs->promise = (struct redan_slice){0};
}

/* The checkpoint's text with another end: its signature is then over something else, or another log's. */
static void resign(struct trial *t, const char *text, enum world_log log, const char *name)
{
    struct redan_slice line = world_note_line(t->world, log, name, redan_slice_of(text));

    assert_ok(redan_format(t->ctx, &t->bundle.logs->checkpoint, "%s\n%.*s", text, REDAN_FMT(line)));
}

static void bend_note_size(struct trial *t)
{
    char text[256];
    char *end = memmem(t->bundle.logs->checkpoint.at, t->bundle.logs->checkpoint.len, "\n\n", 2);

    assert_non_null(end);
    (void)snprintf(text, sizeof(text), "%.*s\n", (int)(end - t->bundle.logs->checkpoint.at),
                   t->bundle.logs->checkpoint.at);
    char *size = strstr(text, "\n5\n");
    assert_non_null(size);
    size[1] = '6';
    resign(t, text, WORLD_TILES, NULL);
}

static void bend_note_root(struct trial *t)
{
    resign(t, "tiles.example.com\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", WORLD_TILES,
           NULL);
}

static void bend_note_other_log(struct trial *t)
{
    resign(t, "tiles.example.com\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
           WORLD_TILES_EC, NULL);
}

static void bend_note_name(struct trial *t)
{
    resign(t, "tiles.example.com\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", WORLD_TILES,
           "tiles.example.org");
}

/* The tree as it was proved, under the words of `origin`. */
static void reword(struct trial *t, const char *origin, enum world_log log, const char *name)
{
    const struct redan_slice note = t->bundle.logs->checkpoint;
    const char *first = memchr(note.at, '\n', note.len);
    const char *end = memmem(note.at, note.len, "\n\n", 2);
    char text[256];

    assert_non_null(first);
    assert_non_null(end);
    (void)snprintf(text, sizeof(text), "%s%.*s\n", origin, (int)(end - first), first);
    resign(t, text, log, name);
}

static void bend_note_origin(struct trial *t)
{
    reword(t, "tiles.example.org", WORLD_TILES, NULL);
}

static void bend_note_origin_1(struct trial *t)
{
    reword(t, "other.example.org", WORLD_REKOR1, NULL);
}

static void bend_note_tree(struct trial *t)
{
    reword(t, "rekor.local - x", WORLD_REKOR1, "rekor.local");
}

static void bend_note_own_name(struct trial *t)
{
    reword(t, "rekor.local - 12", WORLD_REKOR1, "rekor.local");
}

static void bend_note_two_names(struct trial *t)
{
    reword(t, "rekor.local - 12", WORLD_REKOR1, NULL);
}

static void bend_note_signature(struct trial *t)
{
    struct redan_slice text = t->bundle.logs->checkpoint;
    struct redan_slice copy = {0};

    assert_ok(redan_copy(t->ctx, text, &copy));
    char *at = (char *)(uintptr_t)copy.at + copy.len - 20;
    *at = *at == 'B' ? 'C' : 'B'; /* still base64 */
    t->bundle.logs->checkpoint = copy;
}

static void bend_log_ended(struct trial *t)
{
    t->logs[WORLD_REKOR1].until = (int64_t)WORLD_START * 1000 - 1;
}

static void bend_log_begins(struct trial *t)
{
    t->logs[WORLD_REKOR1].from = (int64_t)WORLD_START * 1000 + 1;
}

/* Another namesake, whose hint is the log's own: then the signature must be too. */
static void bend_forged_twin(struct trial *t)
{
    struct redan_slice encoded = {0};
    struct redan_buf REDAN_DEFER(redan_buf_done) buf = {0};
    char sixty_eight[68] = {0};

    memcpy(sixty_eight, world_log(t->world, WORLD_TILES)->id.at, 4);
    redan_buf_init(&buf, t->ctx, 1000);
    redan_base64_add(&buf, (struct redan_slice){sixty_eight, sizeof(sixty_eight)});
    encoded = redan_buf_view(&buf);
    assert_ok(redan_format(t->ctx, &t->bundle.logs->checkpoint,
                           "%.*s\xe2\x80\x94 tiles.example.com %.*s\n",
                           REDAN_FMT(t->bundle.logs->checkpoint), REDAN_FMT(encoded)));
}

static void test_entries(void **state)
{
    static const struct row rows[] = {
        {"a promise with a bit turned", {.from = 0}, bend_promise, "promise"},
        {"another time", {.from = 0}, bend_time, "promise"},
        {"another index", {.from = 0}, bend_index, "promise"},
        {"another body, v0.1", {.no_proof = true}, bend_body_v01, "promise"},
        {"another body", {.from = 0}, bend_body, "does not lead"},
        {"another leaf", {.log = WORLD_TILES, .stamps = 1}, bend_proof_index, "inclusion proof"},
        {"a leaf outside the tree",
         {.log = WORLD_TILES, .stamps = 1},
         bend_proof_outside,
         "entry 5 of a log of 5"},
        {"another size", {.log = WORLD_TILES, .stamps = 1}, bend_proof_size, "inclusion proof"},
        {"another root", {.log = WORLD_TILES, .stamps = 1}, bend_proof_root, "does not lead"},
        {"another path", {.log = WORLD_TILES, .stamps = 1}, bend_path, "does not lead"},
        {"a short path", {.log = WORLD_TILES, .stamps = 1}, bend_path_short, "too short"},
        {"a long path", {.log = WORLD_TILES, .stamps = 1}, bend_path_long, "too long"},
        {"no proof", {.from = 0}, bend_no_proof, "no inclusion proof"},
        {"no proof, Rekor v2",
         {.log = WORLD_TILES, .stamps = 1},
         bend_no_proof,
         "no inclusion proof"},
        {"no checkpoint", {.from = 0}, bend_no_checkpoint, "no checkpoint"},
        {"no entry", {.stamps = 1}, bend_no_entry, "0 log entries"},
        {"two entries", {.from = 0}, bend_two_entries, "2 log entries"},
        {"a promise without time", {.from = 0}, bend_no_time, "no time"},
        {"Rekor v2 with a time", {.log = WORLD_TILES, .stamps = 1}, bend_tiled_time, "never give"},
        {"Rekor v2 with a promise",
         {.log = WORLD_TILES, .stamps = 1},
         bend_tiled_promise,
         "no time"},
        {"two indices", {.log = WORLD_TILES, .stamps = 1}, bend_tiled_index, "index 4"},
        {"another kind", {.from = 0}, bend_kind, "is called \"dsse\""},
        {"another version", {.from = 0}, bend_kind_version, "is called \"hashedrekord\" 0.0.3"},
        {"an unknown log", {.log = WORLD_LOG_ABROAD}, NULL, "none of the trust root's 4"},
        {"another log's id",
         {.log = WORLD_TILES, .stamps = 1},
         bend_other_log,
         "not of the log tiles-ec"},
        {"v0.1 without promise", {.from = 0}, bend_v01_no_promise, "must have the log's promise"},
        {"a checkpoint of another size",
         {.log = WORLD_TILES, .stamps = 1},
         bend_note_size,
         "of a log of 6"},
        {"a checkpoint of another root",
         {.log = WORLD_TILES, .stamps = 1},
         bend_note_root,
         "not the checkpoint's"},
        {"a checkpoint of another log",
         {.log = WORLD_TILES, .stamps = 1},
         bend_note_other_log,
         "not signed by the log"},
        {"a checkpoint of another name",
         {.log = WORLD_TILES, .stamps = 1},
         bend_note_name,
         "not signed by the log"},
        {"a checkpoint of another origin",
         {.log = WORLD_TILES, .stamps = 1},
         bend_note_origin,
         "is of \"tiles.example.org\""},
        {"the same of Rekor v1", {.from = 0}, bend_note_origin_1, "is of \"other.example.org\""},
        {"no tree in the origin", {.from = 0}, bend_note_tree, "is of \"rekor.local - x\""},
        {"another name than the origin's",
         {.from = 0},
         bend_note_two_names,
         "not signed by the log"},
        {"Rekor v1 under a name of its own", {.from = 0}, bend_note_own_name, NULL},
        {"a forged checkpoint",
         {.log = WORLD_TILES, .stamps = 1},
         bend_note_signature,
         "checkpoint's signature"},
        {"a forged twin",
         {.log = WORLD_TILES, .stamps = 1},
         bend_forged_twin,
         "checkpoint's signature"},
        {"the log's key had ended", {.from = 0}, bend_log_ended, "does not count at"},
        {"the log's key had not begun", {.from = 0}, bend_log_begins, "does not count at"},
        {"a key in a log nobody knows",
         {.bare = true, .log = WORLD_LOG_ABROAD},
         NULL,
         "none of the trust root's"},
        {"a key, two indices", {.bare = true, .log = WORLD_TILES}, bend_tiled_index, "index 4"},
    };

    judge_run(state, rows, REDAN_COUNT(rows));
}

/* ---- what the log wrote down ---- */

static void test_bodies(void **state)
{
    static const struct row rows[] = {
        {"another digest",
         {.swap_from = "\"value\":\"", .swap_to = "\"value\":\"0"},
         NULL,
         "no proper \"value\""},
        {"another algorithm",
         {.swap_from = "\"sha256\"", .swap_to = "\"sha512\""},
         NULL,
         "another algorithm"},
        {"another signature",
         {.swap_from = "\"content\":\"ME", .swap_to = "\"content\":\"MF"},
         NULL,
         "another signature"},
        {"not base64",
         {.swap_from = "\"content\":\"ME", .swap_to = "\"content\":\"M!"},
         NULL,
         "not base64"},
        {"no spec", {.swap_from = "\"spec\"", .swap_to = "\"spek\""}, NULL, "no proper"},
        {"a key twice",
         {.swap_from = "{\"apiVersion\"", .swap_to = "{\"kind\":\"x\",\"apiVersion\""},
         NULL,
         "the same key twice"},
        {"v2: another digest",
         {.log = WORLD_TILES,
          .stamps = 1,
          .swap_from = "\"digest\":\"",
          .swap_to = "\"digest\":\"AAAA"},
         NULL,
         "another content"},
        {"v2: another algorithm",
         {.log = WORLD_TILES, .stamps = 1, .swap_from = "SHA2_256\"", .swap_to = "SHA2_512\""},
         NULL,
         "another algorithm"},
        {"v2: another signature",
         {.log = WORLD_TILES,
          .stamps = 1,
          .swap_from = "\"content\":\"ME",
          .swap_to = "\"content\":\"MF"},
         NULL,
         "another signature"},
        {"v2: another certificate",
         {.log = WORLD_TILES,
          .stamps = 1,
          .swap_from = "\"rawBytes\":\"MII",
          .swap_to = "\"rawBytes\":\"MIJ"},
         NULL,
         "another certificate"},
        {"v2: both verifiers",
         {.log = WORLD_TILES,
          .stamps = 1,
          .swap_from = "\"verifier\":{",
          .swap_to = "\"verifier\":{\"publicKey\":{},"},
         NULL,
         "no proper \"verifier\""},
        {"v2: a bare key",
         {.log = WORLD_TILES,
          .stamps = 1,
          .swap_from = "\"x509Certificate\"",
          .swap_to = "\"publicKey\""},
         NULL,
         "by a bare key"},
        {"dsse: another payload",
         {.dsse = true,
          .swap_from = "payloadHash\":{\"algorithm\":\"sha256",
          .swap_to = "payloadHash\":{\"algorithm\":\"sha384"},
         NULL,
         "another algorithm"},
        {"dsse: two signatures",
         {.dsse = true, .swap_from = "\"signatures\":[", .swap_to = "\"signatures\":[{},"},
         NULL,
         "exactly one signature"},
        {"dsse: another signature",
         {.dsse = true, .swap_from = "\"signature\":\"ME", .swap_to = "\"signature\":\"MF"},
         NULL,
         "another signature"},
        {"dsse: a key",
         {.dsse = true,
          .swap_from = "\"verifier\":\"LS0tLS1CRUdJTiBDRVJU",
          .swap_to = "\"verifier\":\"LS0tLS1CRUdJTiBQRVJU"},
         NULL,
         "found"},
        {"intoto: another payload type",
         {.dsse = true, .kind = "intoto", .swap_from = "vnd.in-toto", .swap_to = "vnd.on-toto"},
         NULL,
         "another payload type"},
        {"intoto: two signatures",
         {.dsse = true,
          .kind = "intoto",
          .swap_from = "\"signatures\":[",
          .swap_to = "\"signatures\":[{},"},
         NULL,
         "exactly one signature"},
        {"intoto: another signature",
         {.dsse = true, .kind = "intoto", .swap_from = "\"sig\":\"TUV", .swap_to = "\"sig\":\"TUZ"},
         NULL,
         "another signature"},
        {"an envelope in a record of files",
         {.dsse = true, .kind = "hashedrekord"},
         NULL,
         "cannot be about"},
        {"a file in a record of envelopes", {.kind = "dsse"}, NULL, "cannot be about"},
        {"a kind of tomorrow",
         {.swap_from = "\"0.0.1\"", .swap_to = "\"0.0.9\""},
         NULL,
         "is called"},
    };

    judge_run(state, rows, REDAN_COUNT(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_believed),
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_bodies),
    };

    return cmocka_run_group_tests(tests, judge_setup, judge_teardown);
}
