/* Files that are one packed stream: gzip, zlib, bzip2, xz, LZMA, LZ4, Zstandard. What they hold is their one member. */
#include <string.h>

#include "format/format_table.h"

enum {
    TRY = 1024,      /* unpacked bytes without an error: no chance */
    ZFILE_HEAD = 21, /* joblib before 0.10: "ZF", then a length as text of 19 characters */
};

static bool starts(struct redan_slice head, const char *magic, size_t len)
{
    return head.len >= len && memcmp(head.at, magic, len) == 0;
}

/* Whether the first bytes unpack: all of a short file, or enough of a long one. */
static bool unpacks(const struct redan_probe *probe, enum redan_packing packing)
{
    struct redan_source REDAN_DEFER(redan_source_done) bytes = {.fd = -1};
    struct redan_part part = {
        .memory = probe->head, .packing = packing, .unpacked = REDAN_SOURCE_UNKNOWN};
    bool whole = probe->source->size == probe->head.len;

    if (redan_unpack(probe->ctx, NULL, &part, &bytes) != REDAN_OK)
        return false;
    return whole ? !bytes.broken && bytes.size > 0 : bytes.size >= TRY;
}

static enum redan_sniff sniff_gzip(const struct redan_probe *probe)
{
    /* RFC 1952 2.3.1: reserved flags are zero */
    bool fits = probe->head.len >= 10 && starts(probe->head, "\x1f\x8b\x08", 3) &&
                ((uint8_t)probe->head.at[3] & 0xe0) == 0;

    return fits ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static enum redan_sniff sniff_zlib(const struct redan_probe *probe)
{
    const uint8_t *b = (const uint8_t *)probe->head.at;

    /* RFC 1950 2.2: deflate, a window up to 32 KiB, a header divisible by 31, no dictionary */
    if (probe->head.len < 8 || (b[0] & 0x0f) != 8 || b[0] >> 4 > 7 ||
        (b[0] << 8 | b[1]) % 31 != 0 || (b[1] & 0x20))
        return REDAN_SNIFF_NO;
    return unpacks(probe, REDAN_PACK_ZLIB) ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static enum redan_sniff sniff_zfile(const struct redan_probe *probe)
{
    bool fits = probe->head.len > ZFILE_HEAD && starts(probe->head, "ZF0x", 4);

    return fits ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static enum redan_sniff sniff_bzip2(const struct redan_probe *probe)
{
    struct redan_slice h = probe->head;
    bool fits = h.len >= 10 && starts(h, "BZh", 3) && h.at[3] >= '1' && h.at[3] <= '9' &&
                (memcmp(h.at + 4, "1AY&SY", 6) == 0 ||
                 memcmp(h.at + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0); /* of an empty one */

    return fits ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static enum redan_sniff sniff_xz(const struct redan_probe *probe)
{
    return starts(probe->head, "\xfd\x37zXZ\0", 6) ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

/* The header of LZMA-alone has no magic: what every writer puts there, and data that decode. */
static enum redan_sniff sniff_lzma(const struct redan_probe *probe)
{
    const uint8_t *b = (const uint8_t *)probe->head.at;
    uint32_t window = 0;
    uint64_t size = 0;

    if (probe->head.len < 18 || b[0] != 0x5d || b[13] != 0)
        return REDAN_SNIFF_NO;
    for (size_t i = 4; i > 0; i--)
        window = window << 8 | b[i];
    for (size_t i = 12; i > 4; i--)
        size = size << 8 | b[i];
    uint32_t top = window;
    while (top & (top - 1))
        top &= top - 1;
    bool usual = window >= 4096 && (window == top || window == top + top / 2);
    if ((!usual && window != UINT32_MAX) || (size != UINT64_MAX && size >> 38))
        return REDAN_SNIFF_NO;
    return unpacks(probe, REDAN_PACK_LZMA) ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

/* The mark behind skippable frames (RFC 8878 3.1.2); LZ4 and Zstandard share them. */
static bool frame_after_skippable(const struct redan_probe *probe, const char *mark)
{
    enum { FRAMES = 256 };
    uint64_t at = 0;
    struct redan_slice head = redan_slice_sub(probe->head, 0, 8);

    for (size_t i = 0; i < FRAMES && head.len == 8 && ((uint8_t)head.at[0] & 0xf0) == 0x50 &&
                       memcmp(head.at + 1, "\x2a\x4d\x18", 3) == 0;
         i++) {
        at += 8;
        for (size_t k = 0; k < 4; k++)
            at += (uint64_t)(uint8_t)head.at[4 + k] << (8 * k);
        if (redan_source_view(probe->ctx, probe->source, at, 8, &head) != REDAN_OK) {
            redan_fail_clear(probe->ctx);
            return false;
        }
    }
    return starts(head, mark, 4);
}

static enum redan_sniff sniff_lz4(const struct redan_probe *probe)
{
    return frame_after_skippable(probe, "\x04\x22\x4d\x18") ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static enum redan_sniff sniff_lz4_legacy(const struct redan_probe *probe)
{
    return starts(probe->head, "\x02\x21\x4c\x18", 4) ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static enum redan_sniff sniff_zstd(const struct redan_probe *probe)
{
    return frame_after_skippable(probe, "\x28\xb5\x2f\xfd") ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

/* "model.pkl.gz" holds "model.pkl". */
static struct redan_slice inner_name(struct redan_slice name, const char *const *endings)
{
    for (size_t i = name.len; i > 0; i--) {
        if (name.at[i - 1] == '/') {
            name = redan_slice_sub(name, i, name.len);
            break;
        }
    }
    for (size_t i = 0; endings[i]; i++) {
        struct redan_slice ending = redan_slice_of(endings[i]);
        if (name.len > ending.len && redan_slice_ends(name, ending))
            return redan_slice_sub(name, 0, name.len - ending.len);
    }
    return name;
}

static enum redan_status tell_packed(struct redan_source *source, struct redan_slice name,
                                     uint64_t from, enum redan_packing packing,
                                     const char *const *endings, const struct redan_listener *to)
{
    uint64_t size = source->size == REDAN_SOURCE_UNKNOWN ? source->size : source->size - from;

    return redan_tell(to, &(struct redan_fact){.kind = REDAN_FACT_MEMBER,
                                               .what = "packed",
                                               .name = inner_name(name, endings),
                                               .part = {.offset = from,
                                                        .size = size,
                                                        .packing = packing,
                                                        .unpacked = REDAN_SOURCE_UNKNOWN}});
}

/* joblib before 0.10; Python 2 wrote a blank more. */
static enum redan_status read_zfile(struct redan_ctx *ctx, struct redan_source *source,
                                    struct redan_slice name, const struct redan_listener *to)
{
    static const char *const endings[] = {".z", NULL};
    struct redan_slice next = {0};

    REDAN_TRY(redan_source_view(ctx, source, ZFILE_HEAD, 1, &next));
    uint64_t from = ZFILE_HEAD + (redan_slice_is(next, " ") ? 1 : 0);
    return tell_packed(source, name, from, REDAN_PACK_ZLIB, endings, to);
}

static enum redan_status read_lz4_legacy(struct redan_ctx *ctx, struct redan_source *source,
                                         struct redan_slice name, const struct redan_listener *to)
{
    (void)ctx;
    (void)name;
    return redan_tell_unread(to, REDAN_UNREAD_UNSUPPORTED, 0, source->size,
                             REDAN_S("the legacy frame of lz4"));
}

const struct redan_format redan_format_zfile = {
    .name = "zfile", .title = "joblib zfile", .sniff = sniff_zfile, .read = read_zfile};
const struct redan_format redan_format_lz4_legacy = {.name = "lz4-legacy",
                                                     .title = "LZ4 legacy frame",
                                                     .sniff = sniff_lz4_legacy,
                                                     .read = read_lz4_legacy};

/* The others differ by their mark alone. */
#define PACKED(id, words, packing, ...)                                                          \
    static const char *const endings_##id[] = {__VA_ARGS__, NULL};                               \
    static enum redan_status read_##id(struct redan_ctx *ctx, struct redan_source *source,       \
                                       struct redan_slice name, const struct redan_listener *to) \
    {                                                                                            \
        (void)ctx;                                                                               \
        return tell_packed(source, name, 0, packing, endings_##id, to);                          \
    }                                                                                            \
    const struct redan_format redan_format_##id = {.name = #id,                                  \
                                                   .title = words,                               \
                                                   .extensions = endings_##id,                   \
                                                   .sniff = sniff_##id,                          \
                                                   .read = read_##id}

PACKED(gzip, "gzip stream", REDAN_PACK_GZIP, ".gz");
PACKED(zlib, "zlib stream", REDAN_PACK_ZLIB, ".z", ".zlib");
PACKED(bzip2, "bzip2 stream", REDAN_PACK_BZIP2, ".bz2");
PACKED(xz, "xz stream", REDAN_PACK_XZ, ".xz");
PACKED(lzma, "LZMA stream", REDAN_PACK_LZMA, ".lzma");
PACKED(lz4, "LZ4 frames", REDAN_PACK_LZ4, ".lz4");
PACKED(zstd, "Zstandard frames", REDAN_PACK_ZSTD, ".zst", ".zstd");
