/* SHA-256 (FIPS 180-4) with the SHA extensions of x86-64, two messages interleaved: the one piece of hashing that is ours. */
#include "crypto/sha256_pair.h"

#include <assert.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

/* AVX for its three operands alone: no copies before each step, and 2 % more speed. */
#define SHA_TARGET __attribute__((target("sha,avx")))
#define SHA_STEP static inline __attribute__((always_inline)) SHA_TARGET

enum { SHANI = 1 << 29 }; /* CPUID.7.0:EBX */

/* 4.2.2 */
static const uint32_t constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/* A message in registers: the state as the rounds want it, and sixteen words of the schedule (6.2.2). */
struct message {
    __m128i abef;
    __m128i cdgh;
    __m128i w[4];
};

SHA_STEP __m128i load(const void *bytes)
{
    return _mm_loadu_si128((const __m128i_u *)bytes);
}

SHA_STEP void enter(struct message *m, const uint32_t state[8])
{
    __m128i abcd = _mm_shuffle_epi32(load(state), 0xb1);
    __m128i efgh = _mm_shuffle_epi32(load(state + 4), 0x1b);

    m->abef = _mm_alignr_epi8(abcd, efgh, 8);
    m->cdgh = _mm_blend_epi16(efgh, abcd, 0xf0);
}

SHA_STEP void leave(const struct message *m, uint32_t state[8])
{
    __m128i feba = _mm_shuffle_epi32(m->abef, 0x1b);
    __m128i dchg = _mm_shuffle_epi32(m->cdgh, 0xb1);

    _mm_storeu_si128((__m128i_u *)(void *)state, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i_u *)(void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

SHA_STEP void fetch(struct message *m, const char *block)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);

    m->w[0] = _mm_shuffle_epi8(load(block), swap);
    m->w[1] = _mm_shuffle_epi8(load(block + 16), swap);
    m->w[2] = _mm_shuffle_epi8(load(block + 32), swap);
    m->w[3] = _mm_shuffle_epi8(load(block + 48), swap);
}

/* Rounds 4i to 4i+3. */
SHA_STEP void rounds(struct message *m, const int i)
{
    __m128i wk = _mm_add_epi32(m->w[i % 4], load(constants + 4 * i));

    m->cdgh = _mm_sha256rnds2_epu32(m->cdgh, m->abef, wk);
    m->abef = _mm_sha256rnds2_epu32(m->abef, m->cdgh, _mm_shuffle_epi32(wk, 0x0e));
}

/* Words 4i+16 to 4i+19 of the schedule, in the place of words 4i to 4i+3. */
SHA_STEP void schedule(struct message *m, const int i)
{
    __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(m->w[i % 4], m->w[(i + 1) % 4]),
                                _mm_alignr_epi8(m->w[(i + 3) % 4], m->w[(i + 2) % 4], 4));

    m->w[i % 4] = _mm_sha256msg2_epu32(sum, m->w[(i + 3) % 4]);
}

SHA_STEP void both(struct message *a, struct message *b, const int i)
{
    rounds(a, i);
    rounds(b, i);
    if (i < 12) {
        schedule(a, i);
        schedule(b, i);
    }
}

SHA_STEP void one(struct message *m, const int i)
{
    rounds(m, i);
    if (i < 12)
        schedule(m, i);
}

#define SIXTEEN(step)                                                                        \
    step(0) step(1) step(2) step(3) step(4) step(5) step(6) step(7) step(8) step(9) step(10) \
        step(11) step(12) step(13) step(14) step(15)

bool redan_sha256_pair_usable(void)
{
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;

    return __builtin_cpu_supports("avx") && __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & SHANI;
}

SHA_TARGET void redan_sha256_pair_add(struct redan_sha256_lane *a, const char *a_bytes,
                                      struct redan_sha256_lane *b, const char *b_bytes,
                                      size_t blocks)
{
    struct message x;
    struct message y;

    enter(&x, a->state);
    enter(&y, b->state);
    for (size_t n = 0; n < blocks; n++) {
        const __m128i x_abef = x.abef, x_cdgh = x.cdgh, y_abef = y.abef, y_cdgh = y.cdgh;
        fetch(&x, a_bytes + n * REDAN_SHA256_BLOCK);
        fetch(&y, b_bytes + n * REDAN_SHA256_BLOCK);
#define STEP(i) both(&x, &y, i);
        SIXTEEN(STEP)
#undef STEP
        x.abef = _mm_add_epi32(x.abef, x_abef);
        x.cdgh = _mm_add_epi32(x.cdgh, x_cdgh);
        y.abef = _mm_add_epi32(y.abef, y_abef);
        y.cdgh = _mm_add_epi32(y.cdgh, y_cdgh);
    }
    leave(&x, a->state);
    leave(&y, b->state);
    a->bytes += (uint64_t)blocks * REDAN_SHA256_BLOCK;
    b->bytes += (uint64_t)blocks * REDAN_SHA256_BLOCK;
}

SHA_TARGET void redan_sha256_lane_add(struct redan_sha256_lane *lane, const char *bytes,
                                      size_t blocks)
{
    struct message m;

    enter(&m, lane->state);
    for (size_t n = 0; n < blocks; n++) {
        const __m128i abef = m.abef, cdgh = m.cdgh;
        fetch(&m, bytes + n * REDAN_SHA256_BLOCK);
#define STEP(i) one(&m, i);
        SIXTEEN(STEP)
#undef STEP
        m.abef = _mm_add_epi32(m.abef, abef);
        m.cdgh = _mm_add_epi32(m.cdgh, cdgh);
    }
    leave(&m, lane->state);
    lane->bytes += (uint64_t)blocks * REDAN_SHA256_BLOCK;
}

#else /* another processor: never called, because nothing is usable */

bool redan_sha256_pair_usable(void)
{
    return false;
}

void redan_sha256_pair_add(struct redan_sha256_lane *a, const char *a_bytes,
                           struct redan_sha256_lane *b, const char *b_bytes, size_t blocks)
{
    (void)a;
    (void)a_bytes;
    (void)b;
    (void)b_bytes;
    (void)blocks;
    assert(!"redan_sha256_pair_usable said no");
}

void redan_sha256_lane_add(struct redan_sha256_lane *lane, const char *bytes, size_t blocks)
{
    (void)lane;
    (void)bytes;
    (void)blocks;
    assert(!"redan_sha256_pair_usable said no");
}

#endif

void redan_sha256_lane_begin(struct redan_sha256_lane *lane)
{
    /* 5.3.3 */
    *lane = (struct redan_sha256_lane){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void redan_sha256_lane_end(struct redan_sha256_lane *lane, struct redan_slice rest,
                           struct redan_digest *digest)
{
    enum { LENGTH = 8 }; /* 5.1.1: the message's bits, in the last eight bytes */
    char last[2 * REDAN_SHA256_BLOCK] = {0};
    uint64_t bits = (lane->bytes + rest.len) * 8;

    assert(rest.len < REDAN_SHA256_BLOCK);
    if (rest.len)
        memcpy(last, rest.at, rest.len);
    last[rest.len] = (char)0x80;
    size_t blocks = rest.len + 1 + LENGTH <= REDAN_SHA256_BLOCK ? 1 : 2;
    for (size_t i = 0; i < LENGTH; i++)
        last[blocks * REDAN_SHA256_BLOCK - 1 - i] = (char)(bits >> (8 * i));
    redan_sha256_lane_add(lane, last, blocks);
    for (size_t i = 0; i < REDAN_DIGEST_LEN; i++)
        digest->bytes[i] = (uint8_t)(lane->state[i / 4] >> (24 - 8 * (i % 4)));
}
