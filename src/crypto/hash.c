/* Running digests of every hash we know: OpenSSL's through EVP, BLAKE3 through its own library where it is installed. */
#include "crypto/hash.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/dl.h"
#include "base/hex.h"

/* libblake3 1.x: blake3_hasher is 1,912 bytes there; we give it more than twice that, on a cache line. */
enum { BLAKE3_STATE = 4096, BLAKE3_ALIGN = 64, BLAKE3_LEN = 32 };

struct blake3 {
    struct redan_dl library;
    const char *(*version)(void);
    void (*init)(void *state);
    void (*update)(void *state, const void *bytes, size_t len);
    void (*finalize)(const void *state, uint8_t *out, size_t len);
};

/* OpenSSL allocates for itself, outside the context's count; so its wrappers are its memory too. */
struct redan_hasher {
    enum redan_hash hash;
    EVP_MD *md; /* fetched once: a fetch costs as much as a short message */
    EVP_MD_CTX *state;
    struct blake3 blake3;
    void *room; /* of BLAKE3's state, before alignment */
    bool begun;
};

static const struct {
    const char *name; /* as manifests spell it */
    const char *evp;  /* NULL: not OpenSSL's */
    uint8_t len;
} hashes[REDAN_HASH_COUNT] = {
    [REDAN_HASH_SHA256] = {"sha256", "SHA256", 32},
    [REDAN_HASH_SHA384] = {"sha384", "SHA384", 48},
    [REDAN_HASH_SHA512] = {"sha512", "SHA512", 64},
    [REDAN_HASH_BLAKE2B] = {"blake2b", "BLAKE2B512", 64},
    [REDAN_HASH_BLAKE3] = {"blake3", NULL, BLAKE3_LEN},
};

static enum redan_status refused(struct redan_ctx *ctx)
{
    ERR_clear_error();
    return redan_fail(ctx, REDAN_E_CRYPTO, 0, "the cryptographic library refused the digest");
}

const char *redan_hash_name(enum redan_hash hash)
{
    return hashes[hash].name;
}

bool redan_hash_of(struct redan_slice name, enum redan_hash *hash)
{
    for (size_t i = 0; i < REDAN_HASH_COUNT; i++) {
        if (redan_slice_is(name, hashes[i].name)) {
            *hash = (enum redan_hash)i;
            return true;
        }
    }
    return false;
}

size_t redan_hash_len(enum redan_hash hash)
{
    return hashes[hash].len;
}

static enum redan_status blake3_open(struct redan_ctx *ctx, struct blake3 *blake3)
{
    static const char *const names[] = {"libblake3.so.0", NULL};
    const struct redan_dl_symbol table[] = {{"blake3_version", (void *)&blake3->version},
                                            {"blake3_hasher_init", (void *)&blake3->init},
                                            {"blake3_hasher_update", (void *)&blake3->update},
                                            {"blake3_hasher_finalize", (void *)&blake3->finalize},
                                            {NULL, NULL}};

    REDAN_TRY(redan_dl_open(ctx, names,
                            "BLAKE3 needs libblake3.so.0, which is not on this machine: install "
                            "libblake3-0 (Debian releases after 13), or choose sha256",
                            &blake3->library));
    enum redan_status status = redan_dl_bind(ctx, &blake3->library, table);
    if (status == REDAN_OK && !redan_slice_starts(redan_slice_of(blake3->version()), REDAN_S("1.")))
        status = redan_fail(ctx, REDAN_E_UNSUPPORTED, 0,
                            "libblake3.so.0 here is of version %.20s, and only 1.x is known: "
                            "choose sha256",
                            blake3->version());
    if (status != REDAN_OK)
        redan_dl_done(&blake3->library);
    return status;
}

enum redan_status redan_hash_ready(struct redan_ctx *ctx, enum redan_hash hash)
{
    struct blake3 blake3 = {.library = {NULL}};

    if (hashes[hash].evp)
        return REDAN_OK;
    REDAN_TRY(blake3_open(ctx, &blake3));
    redan_dl_done(&blake3.library);
    return REDAN_OK;
}

static void *blake3_state(const struct redan_hasher *hasher)
{
    uintptr_t past = (uintptr_t)hasher->room % BLAKE3_ALIGN;

    return (char *)hasher->room + (past ? BLAKE3_ALIGN - past : 0);
}

static enum redan_status open_hash(struct redan_ctx *ctx, struct redan_hasher *hasher)
{
    const char *evp = hashes[hasher->hash].evp;

    if (!evp) {
        hasher->room = OPENSSL_zalloc(BLAKE3_STATE + BLAKE3_ALIGN);
        if (!hasher->room)
            return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for a digest");
        return blake3_open(ctx, &hasher->blake3);
    }
    hasher->md = EVP_MD_fetch(NULL, evp, NULL);
    hasher->state = EVP_MD_CTX_new();
    return hasher->md && hasher->state ? REDAN_OK : refused(ctx);
}

enum redan_status redan_hasher_new_of(struct redan_ctx *ctx, enum redan_hash hash,
                                      struct redan_hasher **hasher)
{
    struct redan_hasher *made = OPENSSL_zalloc(sizeof(*made));

    if (!made)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for a digest");
    made->hash = hash;
    enum redan_status status = open_hash(ctx, made);
    if (status != REDAN_OK) {
        redan_hasher_free(made);
        return status;
    }
    *hasher = made;
    return REDAN_OK;
}

enum redan_status redan_hasher_new(struct redan_ctx *ctx, struct redan_hasher **hasher)
{
    return redan_hasher_new_of(ctx, REDAN_HASH_SHA256, hasher);
}

static bool begin(struct redan_hasher *hasher)
{
    if (hasher->begun)
        return true;
    if (hasher->room)
        hasher->blake3.init(blake3_state(hasher));
    else if (EVP_DigestInit_ex2(hasher->state, hasher->md, NULL) != 1)
        return false;
    hasher->begun = true;
    return true;
}

enum redan_status redan_hasher_add(struct redan_ctx *ctx, struct redan_hasher *hasher,
                                   struct redan_slice bytes)
{
    if (!begin(hasher))
        return refused(ctx);
    if (bytes.len == 0)
        return REDAN_OK;
    if (hasher->room)
        hasher->blake3.update(blake3_state(hasher), bytes.at, bytes.len);
    else if (EVP_DigestUpdate(hasher->state, bytes.at, bytes.len) != 1)
        return refused(ctx);
    return REDAN_OK;
}

enum redan_status redan_hasher_end_sum(struct redan_ctx *ctx, struct redan_hasher *hasher,
                                       struct redan_sum *sum)
{
    struct redan_sum out = {.len = hashes[hasher->hash].len};

    _Static_assert(REDAN_SUM_MAX >= EVP_MAX_MD_SIZE, "the library may write that much");
    if (!begin(hasher))
        return refused(ctx);
    if (hasher->room)
        hasher->blake3.finalize(blake3_state(hasher), out.bytes, out.len);
    else if (EVP_DigestFinal_ex(hasher->state, out.bytes, NULL) != 1)
        return refused(ctx);
    hasher->begun = false;
    *sum = out;
    return REDAN_OK;
}

enum redan_status redan_hasher_end(struct redan_ctx *ctx, struct redan_hasher *hasher,
                                   struct redan_digest *digest)
{
    struct redan_sum sum;

    if (hashes[hasher->hash].len != REDAN_DIGEST_LEN)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "a digest by %s has more than %d bytes",
                          hashes[hasher->hash].name, REDAN_DIGEST_LEN);
    REDAN_TRY(redan_hasher_end_sum(ctx, hasher, &sum));
    memcpy(digest->bytes, sum.bytes, REDAN_DIGEST_LEN);
    return REDAN_OK;
}

void redan_hasher_free(struct redan_hasher *hasher)
{
    if (!hasher)
        return;
    EVP_MD_CTX_free(hasher->state);
    EVP_MD_free(hasher->md);
    OPENSSL_clear_free(hasher->room, BLAKE3_STATE + BLAKE3_ALIGN);
    redan_dl_done(&hasher->blake3.library);
    OPENSSL_free(hasher);
}

void redan_hasher_drop(struct redan_hasher **hasher)
{
    redan_hasher_free(*hasher);
    *hasher = NULL;
}

enum redan_status redan_hash_all(struct redan_ctx *ctx, enum redan_hash hash,
                                 struct redan_slice bytes, struct redan_sum *sum)
{
    REDAN_DEFER(redan_hasher_drop) struct redan_hasher *hasher = NULL;

    REDAN_TRY(redan_hasher_new_of(ctx, hash, &hasher));
    REDAN_TRY(redan_hasher_add(ctx, hasher, bytes));
    return redan_hasher_end_sum(ctx, hasher, sum);
}

bool redan_sum_eq(const struct redan_sum *a, const struct redan_sum *b)
{
    return a->len == b->len && a->len <= REDAN_SUM_MAX &&
           CRYPTO_memcmp(a->bytes, b->bytes, a->len) == 0;
}

void redan_sum_hex(const struct redan_sum *sum, char hex[REDAN_SUM_HEX])
{
    redan_hex_put(hex, sum->bytes, redan_min_size(sum->len, REDAN_SUM_MAX));
}

bool redan_sum_parse_hex(struct redan_slice text, enum redan_hash hash, struct redan_sum *sum)
{
    struct redan_sum out = {.len = hashes[hash].len};

    if (!redan_hex_parse_lower(text, out.bytes, out.len))
        return false;
    *sum = out;
    return true;
}
