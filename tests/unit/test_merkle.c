/* Audit paths against the recursive definition of RFC 6962 2.1, and all that is not one. */
#include "test.h"

#include "crypto/merkle.h"

enum { LARGEST = 40 };

static void hash_node(struct redan_ctx *ctx, const struct redan_digest *a,
                      const struct redan_digest *b, struct redan_digest *out)
{
    char bytes[1 + 2 * REDAN_DIGEST_LEN] = {1};

    memcpy(bytes + 1, a->bytes, REDAN_DIGEST_LEN);
    memcpy(bytes + 1 + REDAN_DIGEST_LEN, b->bytes, REDAN_DIGEST_LEN);
    assert_ok(redan_sha256(ctx, (struct redan_slice){bytes, sizeof(bytes)}, out));
}

/* The largest power of two below n. */
static size_t split(size_t n)
{
    size_t k = 1;

    while (k * 2 < n)
        k *= 2;
    return k;
}

/* RFC 6962 2.1: MTH(D[n]). */
static void root_of(struct redan_ctx *ctx, const struct redan_digest *leaves, size_t n,
                    struct redan_digest *root)
{
    struct redan_digest a;
    struct redan_digest b;

    if (n == 1) {
        *root = leaves[0];
        return;
    }
    root_of(ctx, leaves, split(n), &a);
    root_of(ctx, leaves + split(n), n - split(n), &b);
    hash_node(ctx, &a, &b, root);
}

/* RFC 6962 2.1.1: PATH(m, D[n]), leaf first. */
static size_t path_of(struct redan_ctx *ctx, size_t m, const struct redan_digest *leaves, size_t n,
                      struct redan_digest *path)
{
    if (n == 1)
        return 0;
    size_t k = split(n);
    size_t count =
        m < k ? path_of(ctx, m, leaves, k, path) : path_of(ctx, m - k, leaves + k, n - k, path);
    if (m < k)
        root_of(ctx, leaves + k, n - k, &path[count]);
    else
        root_of(ctx, leaves, k, &path[count]);
    return count + 1;
}

struct forest {
    struct redan_ctx ctx;
    struct redan_digest leaves[LARGEST];
};

static int set_up(void **state)
{
    static struct forest forest;

    redan_ctx_init(&forest.ctx, NULL);
    for (size_t i = 0; i < LARGEST; i++) {
        char entry = (char)i;
        char bytes[2] = {0, (char)i};
        struct redan_digest plain;
        assert_ok(
            redan_merkle_leaf(&forest.ctx, (struct redan_slice){&entry, 1}, &forest.leaves[i]));
        assert_ok(redan_sha256(&forest.ctx, (struct redan_slice){bytes, 2}, &plain));
        assert_true(redan_digest_eq(&plain, &forest.leaves[i]));
    }
    *state = &forest;
    return 0;
}

static int tear_down(void **state)
{
    redan_ctx_done(&((struct forest *)*state)->ctx);
    return 0;
}

/* Whether the path leads to the root; a refusal must be recorded as one. */
static bool leads(struct redan_ctx *ctx, const struct redan_digest *leaf, uint64_t index,
                  uint64_t size, const struct redan_digest *path, size_t count,
                  const struct redan_digest *root)
{
    struct redan_digest got;
    enum redan_status status = redan_merkle_root(ctx, leaf, index, size, path, count, &got);

    assert_true(status == REDAN_OK || status == REDAN_E_SIGNATURE);
    assert_int_equal(ctx->failure.status, status);
    redan_fail_clear(ctx);
    return status == REDAN_OK && redan_digest_eq(&got, root);
}

static void test_every_leaf(void **state)
{
    struct forest *forest = *state;
    struct redan_ctx *ctx = &forest->ctx;
    size_t refused = 0;

    for (size_t n = 1; n <= LARGEST; n++) {
        struct redan_digest root;
        root_of(ctx, forest->leaves, n, &root);
        for (size_t m = 0; m < n; m++) {
            struct redan_digest path[REDAN_MERKLE_PATH + 1] = {{{0}}};
            const struct redan_digest *leaf = &forest->leaves[m];
            size_t count = path_of(ctx, m, forest->leaves, n, path);
            assert_true(leads(ctx, leaf, m, n, path, count, &root));
            for (size_t other = 0; other < n + 2; other++) /* another place, or none */
                assert_int_equal(leads(ctx, leaf, other, n, path, count, &root), other == m);
            for (size_t len = 0; len <= count + 3; len++) /* another length */
                assert_int_equal(leads(ctx, leaf, m, n, path, len, &root), len == count);
            for (size_t i = 0; i < count; i++) { /* another sibling, and their order */
                path[i].bytes[i % REDAN_DIGEST_LEN] ^= 1;
                assert_false(leads(ctx, leaf, m, n, path, count, &root));
                path[i].bytes[i % REDAN_DIGEST_LEN] ^= 1;
                refused++;
            }
            if (count > 1) {
                struct redan_digest first = path[0];
                path[0] = path[1];
                path[1] = first;
                assert_false(leads(ctx, leaf, m, n, path, count, &root));
            }
            assert_false(leads(ctx, &root, m, n, path, count, &root) && n > 1);
        }
    }
    assert_true(refused > 1000);
}

/* Trees too large to build: two paths that agree pin the walk, for indices up to 2^64. */
static void test_large(void **state)
{
    struct forest *forest = *state;
    struct redan_ctx *ctx = &forest->ctx;
    struct redan_digest path[REDAN_MERKLE_PATH + 1] = {{{0}}};
    struct redan_digest got;
    static const struct {
        uint64_t index, size;
        size_t count; /* of the only path that fits */
    } rows[] = {
        {0, 1, 0},
        {0, UINT64_MAX, 64},
        {UINT64_MAX - 1, UINT64_MAX, 63}, /* the right edge: one sibling for each bit that is set */
        {UINT64_MAX - 2, UINT64_MAX, 64},
        {(uint64_t)1 << 63, ((uint64_t)1 << 63) + 1, 1},
        {0, ((uint64_t)1 << 63) + 1, 64},
        {0, (uint64_t)1 << 63, 63},
    };

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        for (size_t count = 0; count <= REDAN_MERKLE_PATH + 1; count++) {
            enum redan_status want = count == rows[i].count ? REDAN_OK : REDAN_E_SIGNATURE;
            enum redan_status status = redan_merkle_root(ctx, &forest->leaves[0], rows[i].index,
                                                         rows[i].size, path, count, &got);
            if (status != want)
                print_error("row %zu, %zu\n", i, count);
            assert_int_equal(status, want);
            redan_fail_clear(ctx);
        }
    }
    assert_int_equal(redan_merkle_root(ctx, &forest->leaves[0], 0, 0, path, 0, &got),
                     REDAN_E_SIGNATURE);
    redan_fail_clear(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_leaf),
        cmocka_unit_test(test_large),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
