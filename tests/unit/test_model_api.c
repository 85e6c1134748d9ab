/* Verified models as a program of others sees them: the public header, against the shared library. */
#include "scratch.h"

#include <pthread.h>
#include <sys/stat.h>

#include "redan/model.h"
#include "sign_fixture.h"

/* A world of its own for each test: a folder that is signed, one file that is, and keys. */
struct world {
    struct scratch s;
    struct redan_ctx ctx;
    struct redan_key *key;
    struct redan_key *stranger;
    struct redan_slice pem;
    struct redan_slice stranger_pem;
    char model[SCRATCH_PATH + 512];
    char signature[SCRATCH_PATH + 512];
};

static void keep_path(struct world *w, char path[SCRATCH_PATH + 512], const char *name)
{
    (void)snprintf(path, SCRATCH_PATH + 512, "%s", scratch_at(&w->s, name));
}

static int world_make(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    scratch_make(&w->s);
    redan_ctx_init(&w->ctx, NULL);
    assert_ok(redan_key_new(&w->ctx, REDAN_KEY_P256, &w->key));
    assert_ok(redan_key_new(&w->ctx, REDAN_KEY_P256, &w->stranger));
    assert_ok(sign_fixture_pem(&w->ctx, w->key, &w->pem));
    assert_ok(sign_fixture_pem(&w->ctx, w->stranger, &w->stranger_pem));
    scratch_folder(&w->s, "m");
    scratch_folder(&w->s, "m/sub");
    scratch_text(&w->s, "m/weights.bin", "weights, version 1");
    scratch_text(&w->s, "m/sub/config.json", "{}");
    keep_path(w, w->model, "m");
    keep_path(w, w->signature, "s.sig");
    assert_ok(sign_fixture(&w->ctx, w->key, w->model, w->signature, NULL));
    *state = w;
    return 0;
}

static int world_drop(void **state)
{
    struct world *w = *state;

    redan_key_free(w->key);
    redan_key_free(w->stranger);
    redan_ctx_done(&w->ctx);
    scratch_drop(&w->s);
    free(w);
    return 0;
}

static struct redan_trust *trusting(struct redan_slice pem)
{
    struct redan_trust *trust = redan_trust_new();

    assert_non_null(trust);
    assert_int_equal(redan_trust_key(trust, pem.at, pem.len), 1);
    assert_string_equal(redan_trust_error(trust), "");
    return trust;
}

static void assert_holds(int fd, const char *text)
{
    char bytes[64] = {0};

    assert_true(fd >= 0);
    assert_int_equal(read(fd, bytes, sizeof(bytes) - 1), strlen(text));
    assert_string_equal(bytes, text);
    assert_int_equal(pwrite(fd, "x", 1, 0), -1);
    assert_int_equal(close(fd), 0);
}

static void test_folder(void **state)
{
    struct world *w = *state;
    struct redan_trust *trust = trusting(w->pem);
    struct redan_model *model = NULL;
    char bytes[8];
    size_t got = 0;
    int fd = -1;

    assert_int_equal(redan_model_open(w->model, w->signature, trust, &model), REDAN_MODEL_VERIFIED);
    redan_trust_free(trust); /* the model lives on without it */
    assert_string_equal(redan_model_error(model), "");
    assert_int_equal(redan_model_count(model), 2);
    assert_string_equal(redan_model_name(model, 0), "sub/config.json");
    assert_string_equal(redan_model_name(model, 1), "weights.bin");
    assert_null(redan_model_name(model, 2));
    assert_int_equal(strncmp(redan_model_signer(model), "key sha256:", 11), 0);
    assert_int_equal(strncmp(redan_model_root(model), "sha256:", 7), 0);
    assert_int_equal(strlen(redan_model_root(model)), 71);
    assert_int_equal(redan_model_fd(model, "weights.bin", &fd), REDAN_MODEL_VERIFIED);
    assert_holds(fd, "weights, version 1");
    assert_int_equal(redan_model_read(model, "weights.bin", 9, bytes, 7, &got),
                     REDAN_MODEL_VERIFIED);
    assert_int_equal(got, 7);
    assert_memory_equal(bytes, "version", 7);

    static const char *const unsigned_names[] = {
        NULL, "", "nothing", "sub", "../s.sig", "/etc/passwd", "./weights.bin"};
    for (size_t i = 0; i < REDAN_COUNT(unsigned_names); i++) {
        assert_int_equal(redan_model_fd(model, unsigned_names[i], &fd), REDAN_MODEL_MISUSED);
        assert_non_null(strstr(redan_model_error(model), "no signed file of the model"));
    }
    assert_int_equal(redan_model_fd(model, "weights.bin", NULL), REDAN_MODEL_MISUSED);
    assert_int_equal(redan_model_read(model, "weights.bin", 0, NULL, 1, &got), REDAN_MODEL_MISUSED);

    /* swapped after it was opened, and put right again */
    scratch_text(&w->s, "m/weights.bin", "weights, version 2");
    fd = -5;
    assert_int_equal(redan_model_fd(model, "weights.bin", &fd), REDAN_MODEL_REFUSED);
    assert_int_equal(fd, -5);
    assert_non_null(strstr(redan_model_error(model), "weights.bin is not what was signed"));
    assert_int_equal(redan_model_fd(model, "sub/config.json", &fd), REDAN_MODEL_VERIFIED);
    assert_string_equal(redan_model_error(model), "");
    assert_holds(fd, "{}");
    scratch_text(&w->s, "m/weights.bin", "weights, version 1");
    assert_int_equal(redan_model_fd(model, "weights.bin", &fd), REDAN_MODEL_VERIFIED);
    assert_holds(fd, "weights, version 1");
    assert_int_equal(unlink(scratch_at(&w->s, "m/weights.bin")), 0);
    assert_int_equal(redan_model_fd(model, "weights.bin", &fd), REDAN_MODEL_REFUSED);
    assert_non_null(strstr(redan_model_error(model), "is not there"));
    redan_model_free(model);
}

static void test_single(void **state)
{
    struct world *w = *state;
    struct redan_trust *trust = trusting(w->pem);
    struct redan_model *model = NULL;
    char path[SCRATCH_PATH + 512];
    int fd = -1;

    scratch_text(&w->s, "one.bin", "alone");
    keep_path(w, path, "one.bin");
    assert_ok(sign_fixture(&w->ctx, w->key, path, scratch_at(&w->s, "one.bin.sig"), NULL));
    assert_int_equal(redan_model_open(path, NULL, trust, &model), REDAN_MODEL_VERIFIED);
    assert_int_equal(redan_model_count(model), 1);
    assert_int_equal(redan_model_fd(model, NULL, &fd), REDAN_MODEL_VERIFIED);
    assert_holds(fd, "alone");
    assert_int_equal(redan_model_fd(model, "one.bin", &fd), REDAN_MODEL_VERIFIED);
    assert_holds(fd, "alone");
    redan_model_free(model);
    redan_trust_free(trust);
}

/* The signature's usual places. */
static void test_default_signature(void **state)
{
    struct world *w = *state;
    struct redan_trust *trust = trusting(w->pem);
    struct redan_model *model = NULL;
    const struct redan_manifest_options options = {.hash = REDAN_HASH_SHA256,
                                                   .signature = REDAN_S("model.sig")};
    char path[SCRATCH_PATH + 513];

    assert_int_equal(redan_model_open(w->model, NULL, trust, &model), REDAN_MODEL_REFUSED);
    assert_non_null(strstr(redan_model_error(model), "model.sig"));
    redan_model_free(model);
    assert_ok(sign_fixture(&w->ctx, w->key, w->model, scratch_at(&w->s, "m/model.sig"), &options));
    (void)snprintf(path, sizeof(path), "%s/", w->model);
    assert_int_equal(redan_model_open(path, NULL, trust, &model), REDAN_MODEL_VERIFIED);
    assert_int_equal(redan_model_count(model), 2);
    redan_model_free(model);
    redan_trust_free(trust);
}

static void test_refused(void **state)
{
    struct world *w = *state;
    struct redan_trust *trust = trusting(w->stranger_pem);
    struct redan_model *model = NULL;
    int fd = -1;
    size_t got = 0;

    assert_int_equal(redan_model_open(w->model, w->signature, trust, &model), REDAN_MODEL_REFUSED);
    assert_true(strlen(redan_model_error(model)) > 0);
    assert_int_equal(redan_model_count(model), 0);
    assert_null(redan_model_name(model, 0));
    assert_string_equal(redan_model_signer(model), "");
    assert_string_equal(redan_model_root(model), "");
    assert_int_equal(redan_model_fd(model, "weights.bin", &fd), REDAN_MODEL_MISUSED);
    assert_int_equal(redan_model_read(model, "weights.bin", 0, &fd, 1, &got), REDAN_MODEL_MISUSED);
    assert_int_equal(fd, -1);
    redan_model_free(model);

    scratch_text(&w->s, "s.sig", "{}");
    assert_int_equal(redan_model_open(w->model, w->signature, trust, &model), REDAN_MODEL_REFUSED);
    redan_model_free(model);
    redan_trust_free(trust);
    trust = trusting(w->pem);
    assert_int_equal(redan_trust_demand(trust, 0, 1), 1);
    assert_ok(sign_fixture(&w->ctx, w->key, w->model, w->signature, NULL));
    assert_int_equal(redan_model_open(w->model, w->signature, trust, &model), REDAN_MODEL_REFUSED);
    assert_non_null(strstr(redan_model_error(model), "timestamp"));
    redan_model_free(model);
    redan_trust_free(trust);
}

static void test_misused(void **state)
{
    static const char nonsense[] = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
    struct world *w = *state;
    struct redan_trust *trust = redan_trust_new();
    struct redan_model *model = NULL;

    /* nobody is trusted yet */
    assert_int_equal(redan_model_open(w->model, w->signature, trust, &model), REDAN_MODEL_MISUSED);
    assert_non_null(strstr(redan_model_error(model), "nobody is trusted"));
    redan_model_free(model);
    assert_int_equal(redan_model_open(w->model, w->signature, NULL, &model), REDAN_MODEL_MISUSED);
    redan_model_free(model);
    assert_int_equal(redan_trust_key(trust, nonsense, strlen(nonsense)), 0);
    assert_true(strlen(redan_trust_error(trust)) > 0);
    assert_int_equal(redan_model_open(w->model, w->signature, trust, &model), REDAN_MODEL_MISUSED);
    redan_model_free(model);
    /* one that failed stays distrustful, and nobody is added to one that trusts */
    assert_int_equal(redan_trust_key(trust, w->pem.at, w->pem.len), 0);
    assert_int_equal(redan_model_open(w->model, w->signature, trust, &model), REDAN_MODEL_MISUSED);
    redan_model_free(model);
    redan_trust_free(trust);
    trust = trusting(w->pem);
    assert_int_equal(redan_trust_key(trust, w->stranger_pem.at, w->stranger_pem.len), 0);
    assert_non_null(strstr(redan_trust_error(trust), "said already"));
    redan_trust_free(trust);

    trust = trusting(w->pem);
    assert_int_equal(redan_model_open(NULL, w->signature, trust, &model), REDAN_MODEL_MISUSED);
    redan_model_free(model);
    assert_int_equal(redan_model_open("", w->signature, trust, &model), REDAN_MODEL_MISUSED);
    redan_model_free(model);
    assert_int_equal(redan_model_open(w->model, w->signature, trust, NULL), REDAN_MODEL_MISUSED);
    assert_int_equal(redan_model_open_many(w->model, NULL, 0, trust, &model), REDAN_MODEL_MISUSED);
    redan_model_free(model);
    redan_trust_free(trust);

    assert_int_equal(redan_trust_key(NULL, "x", 1), 0);
    assert_int_equal(redan_trust_roots(NULL, "x", 1, NULL), 0);
    assert_int_equal(redan_trust_identity(NULL, "a", "b", NULL, 0), 0);
    assert_int_equal(redan_trust_policy(NULL, "a"), 0);
    assert_int_equal(redan_trust_demand(NULL, 1, 1), 0);
    assert_string_equal(redan_trust_error(NULL), "no trust");
    redan_trust_free(NULL);
    redan_model_free(NULL);
    assert_int_equal(redan_model_count(NULL), 0);
    assert_null(redan_model_name(NULL, 0));
    assert_int_equal(redan_model_fd(NULL, "a", NULL), REDAN_MODEL_MISUSED);
    assert_int_equal(redan_model_read(NULL, "a", 0, NULL, 0, NULL), REDAN_MODEL_MISUSED);
    assert_string_equal(redan_model_signer(NULL), "");
    assert_string_equal(redan_model_root(NULL), "");
    assert_string_equal(redan_model_error(NULL), "no model");
}

/* A name and its issuer, with the root that is built in, and with none that is one. */
static void test_identity(void **state)
{
    struct world *w = *state;
    struct redan_trust *trust = redan_trust_new();
    struct redan_model *model = NULL;

    assert_int_equal(
        redan_trust_identity(trust, "a@example.org", "https://issuer.example", NULL, 0), 1);
    assert_int_equal(redan_model_open(w->model, w->signature, trust, &model), REDAN_MODEL_REFUSED);
    redan_model_free(model);
    redan_trust_free(trust);
    trust = redan_trust_new();
    assert_int_equal(redan_trust_identity(trust, "a@example.org", NULL, NULL, 0), 0);
    redan_trust_free(trust);
    trust = redan_trust_new();
    assert_int_equal(redan_trust_identity(trust, "a@example.org", "https://issuer.example", "{", 1),
                     0);
    assert_true(strlen(redan_trust_error(trust)) > 0);
    redan_trust_free(trust);
    trust = redan_trust_new();
    assert_int_equal(redan_trust_roots(trust, "no certificate", 14, NULL), 0);
    redan_trust_free(trust);
}

/* Two of three must have signed. */
static void test_policy(void **state)
{
    static const char policy[] = "schema: redan/verify-policy/1\n"
                                 "quorum: 2\n"
                                 "signers:\n"
                                 "  - {id: ann, method: key, key: ann.pem}\n"
                                 "  - {id: bob, method: key, key: bob.pem}\n";
    struct world *w = *state;
    struct redan_model *model = NULL;
    char second[SCRATCH_PATH + 512];
    int fd = -1;

    scratch_file(&w->s, "ann.pem", w->pem.at, w->pem.len);
    scratch_file(&w->s, "bob.pem", w->stranger_pem.at, w->stranger_pem.len);
    scratch_text(&w->s, "policy.yaml", policy);
    keep_path(w, second, "bob.sig");
    assert_ok(sign_fixture(&w->ctx, w->stranger, w->model, second, NULL));
    struct redan_trust *trust = redan_trust_new();
    if (!redan_trust_policy(trust, scratch_at(&w->s, "policy.yaml")))
        fail_msg("%s", redan_trust_error(trust));
    assert_int_equal(redan_trust_demand(trust, 1, 1), 0); /* the policy says that itself */
    const char *const both[] = {w->signature, second};
    assert_int_equal(redan_model_open_many(w->model, both, 1, trust, &model), REDAN_MODEL_REFUSED);
    redan_model_free(model);
    if (redan_model_open_many(w->model, both, 2, trust, &model) != REDAN_MODEL_VERIFIED)
        fail_msg("%s", redan_model_error(model));
    assert_string_equal(redan_model_signer(model), "ann, bob");
    assert_int_equal(redan_model_fd(model, "weights.bin", &fd), REDAN_MODEL_VERIFIED);
    assert_holds(fd, "weights, version 1");
    redan_model_free(model);
    redan_trust_free(trust);
    trust = redan_trust_new();
    assert_int_equal(redan_trust_policy(trust, scratch_at(&w->s, "none.yaml")), 0);
    redan_trust_free(trust);
}

/* One trust, several threads with a model each. */
struct loader {
    const struct redan_trust *trust;
    const struct world *w;
    unsigned good;
};

static void *load(void *arg)
{
    struct loader *l = arg;

    for (int i = 0; i < 20; i++) {
        struct redan_model *model = NULL;
        int fd = -1;
        char bytes[19] = {0};
        if (redan_model_open(l->w->model, l->w->signature, l->trust, &model) ==
                REDAN_MODEL_VERIFIED &&
            redan_model_fd(model, "weights.bin", &fd) == REDAN_MODEL_VERIFIED &&
            read(fd, bytes, 18) == 18 && strcmp(bytes, "weights, version 1") == 0)
            l->good++;
        if (fd >= 0)
            (void)close(fd);
        redan_model_free(model);
    }
    return NULL;
}

static void test_threads(void **state)
{
    enum { THREADS = 4 };
    struct world *w = *state;
    struct redan_trust *trust = trusting(w->pem);
    struct loader loaders[THREADS];
    pthread_t threads[THREADS];

    for (size_t i = 0; i < THREADS; i++) {
        loaders[i] = (struct loader){.trust = trust, .w = w};
        assert_int_equal(pthread_create(&threads[i], NULL, load, &loaders[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(loaders[i].good, 20);
    }
    redan_trust_free(trust);
}

static void test_shards(void **state)
{
    struct world *w = *state;
    struct redan_trust *trust = trusting(w->pem);
    struct redan_model *model = NULL;
    const struct redan_manifest_options options = {
        .hash = REDAN_HASH_SHA256, .shards = true, .shard_size = 10};
    char bytes[18];
    size_t got = 0;

    assert_ok(sign_fixture(&w->ctx, w->key, w->model, w->signature, &options));
    if (redan_model_open(w->model, w->signature, trust, &model) != REDAN_MODEL_VERIFIED)
        fail_msg("%s", redan_model_error(model));
    assert_int_equal(redan_model_count(model), 2);
    scratch_text(&w->s, "m/weights.bin", "weights, version 2"); /* in the second shard */
    assert_int_equal(redan_model_read(model, "weights.bin", 0, bytes, 10, &got),
                     REDAN_MODEL_VERIFIED);
    assert_int_equal(got, 10);
    assert_memory_equal(bytes, "weights, v", 10);
    assert_int_equal(redan_model_read(model, "weights.bin", 8, bytes, 10, &got),
                     REDAN_MODEL_REFUSED);
    assert_non_null(strstr(redan_model_error(model), "in bytes 10 to 18"));
    redan_model_free(model);
    redan_trust_free(trust);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_make, world_drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(test_folder),  IN_WORLD(test_single),  IN_WORLD(test_default_signature),
        IN_WORLD(test_refused), IN_WORLD(test_misused), IN_WORLD(test_identity),
        IN_WORLD(test_policy),  IN_WORLD(test_threads), IN_WORLD(test_shards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
