/* Pictures and sound that lie beside models: walked to their end, so that what was appended to them shows. */
#include <string.h>

#include "format/format_table.h"
#include "format/peek.h"

static const char *const defects[] = {"trailing-data", NULL};

/* The end that a walk came to; damage when it did not come. */
static enum redan_status end_at(struct redan_ctx *ctx, struct redan_source *source,
                                const struct redan_source_reader *in, const char *what,
                                const struct redan_listener *to)
{
    if (!in->failed)
        return redan_peek_trailing(ctx, source, in->pos, to);
    if (in->status != REDAN_OK)
        return redan_source_ok(in, what);
    return redan_tell_unread(to, REDAN_UNREAD_DAMAGED, in->pos, 0, redan_slice_of(what));
}

/* --- PNG, RFC 2083 3.2 --- */

static enum redan_sniff png_sniff(const struct redan_probe *probe)
{
    return redan_slice_starts(probe->head, REDAN_S("\x89PNG\r\n\x1a\n")) ? REDAN_SNIFF_YES
                                                                         : REDAN_SNIFF_NO;
}

static enum redan_status png_read(struct redan_ctx *ctx, struct redan_source *source,
                                  struct redan_slice name, const struct redan_listener *to)
{
    struct redan_source_reader in;
    bool last = false;

    (void)name;
    redan_source_reader_init(&in, ctx, source, 8, source->size);
    while (!last && !in.failed) {
        uint64_t len = redan_source_u32be(&in);
        struct redan_slice type = redan_source_bytes(&in, 4);

        last = redan_slice_is(type, "IEND");
        redan_source_skip(&in, len + 4); /* and the check sum */
    }
    return end_at(ctx, source, &in, "a PNG picture", to);
}

/* --- JPEG, T.81 B.1 --- */

static enum redan_sniff jpeg_sniff(const struct redan_probe *probe)
{
    return probe->head.len > 3 && redan_slice_starts(probe->head, REDAN_S("\xff\xd8\xff")) &&
                   (uint8_t)probe->head.at[3] >= 0xc0
               ? REDAN_SNIFF_YES
               : REDAN_SNIFF_NO;
}

/* Entropy-coded bytes up to the next marker that is neither stuffing nor a restart; its code, or 0 at the end. */
static uint8_t scan_data(struct redan_source_reader *in)
{
    while (!in->failed) {
        (void)redan_source_until(in, (char)0xff, REDAN_SOURCE_VIEW);
        uint8_t c = redan_source_u8(in);
        while (c == 0xff)
            c = redan_source_u8(in);
        if (c && (c < 0xd0 || c > 0xd7))
            return c;
    }
    return 0;
}

static enum redan_status jpeg_read(struct redan_ctx *ctx, struct redan_source *source,
                                   struct redan_slice name, const struct redan_listener *to)
{
    struct redan_source_reader in;
    uint8_t marker = 0;

    (void)name;
    redan_source_reader_init(&in, ctx, source, 2, source->size);
    while (!in.failed && marker != 0xd9) {
        if (marker != 0xda) {
            if (redan_source_u8(&in) != 0xff)
                in.failed = true;
            do {
                marker = redan_source_u8(&in);
            } while (marker == 0xff);
        } else {
            marker = scan_data(&in);
        }
        if (marker == 0xd9 || marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8))
            continue;
        uint64_t len = redan_source_u16be(&in);
        redan_source_skip(&in, len < 2 ? 0 : len - 2);
    }
    return end_at(ctx, source, &in, "a JPEG picture", to);
}

/* --- GIF89a 17 to 27 --- */

static enum redan_sniff gif_sniff(const struct redan_probe *probe)
{
    return redan_slice_starts(probe->head, REDAN_S("GIF87a")) ||
                   redan_slice_starts(probe->head, REDAN_S("GIF89a"))
               ? REDAN_SNIFF_YES
               : REDAN_SNIFF_NO;
}

static void gif_colours(struct redan_source_reader *in, uint8_t flags)
{
    if (flags & 0x80)
        redan_source_skip(in, 3u << ((flags & 7) + 1));
}

static void gif_blocks(struct redan_source_reader *in)
{
    uint8_t len = 0;

    do {
        len = redan_source_u8(in);
        redan_source_skip(in, len);
    } while (len && !in->failed);
}

static enum redan_status gif_read(struct redan_ctx *ctx, struct redan_source *source,
                                  struct redan_slice name, const struct redan_listener *to)
{
    struct redan_source_reader in;
    uint8_t kind = 0;

    (void)name;
    redan_source_reader_init(&in, ctx, source, 10, source->size);
    uint8_t flags = redan_source_u8(&in);
    redan_source_skip(&in, 2);
    gif_colours(&in, flags);
    while (!in.failed && (kind = redan_source_u8(&in)) != 0x3b) {
        if (kind == 0x2c) {
            redan_source_skip(&in, 8);
            flags = redan_source_u8(&in);
            gif_colours(&in, flags);
        } else if (kind != 0x21) {
            in.failed = true;
        }
        redan_source_skip(&in, 1);
        gif_blocks(&in);
    }
    return end_at(ctx, source, &in, "a GIF picture", to);
}

/* --- RIFF: WebP, WAV, AVI --- */

static enum redan_sniff riff_sniff(const struct redan_probe *probe)
{
    struct redan_slice kind = redan_slice_sub(probe->head, 8, 4);

    return redan_slice_starts(probe->head, REDAN_S("RIFF")) &&
                   (redan_slice_is(kind, "WEBP") || redan_slice_is(kind, "WAVE") ||
                    redan_slice_is(kind, "AVI "))
               ? REDAN_SNIFF_YES
               : REDAN_SNIFF_NO;
}

static enum redan_status riff_read(struct redan_ctx *ctx, struct redan_source *source,
                                   struct redan_slice name, const struct redan_listener *to)
{
    struct redan_source_reader in;

    (void)name;
    redan_source_reader_init(&in, ctx, source, 4, source->size);
    uint64_t size = redan_source_u32le(&in);
    redan_source_skip(&in, size);
    if (!in.failed)
        redan_source_skip(&in, size & 1 && source->size - in.pos == 1 ? 1 : 0);
    return end_at(ctx, source, &in, "a RIFF file", to);
}

/* --- recognised, and without anything that runs --- */

static enum redan_status nothing(struct redan_ctx *ctx, struct redan_source *source,
                                 struct redan_slice name, const struct redan_listener *to)
{
    (void)ctx;
    (void)source;
    (void)name;
    (void)to;
    return REDAN_OK;
}

static enum redan_sniff sound_sniff(const struct redan_probe *probe)
{
    struct redan_slice head = probe->head;

    if (redan_slice_starts(head, REDAN_S("fLaC")) || redan_slice_starts(head, REDAN_S("OggS")))
        return REDAN_SNIFF_YES;
    return head.len > 10 && redan_slice_starts(head, REDAN_S("ID3")) && head.at[3] >= 2 &&
                   head.at[3] <= 4
               ? REDAN_SNIFF_YES
               : REDAN_SNIFF_NO;
}

static enum redan_sniff film_sniff(const struct redan_probe *probe)
{
    struct redan_slice head = probe->head;

    return (head.len >= 12 && redan_slice_is(redan_slice_sub(head, 4, 4), "ftyp") &&
            redan_peek_u32be(head, 0) < 256) ||
                   redan_slice_starts(head, REDAN_S("\x1a\x45\xdf\xa3"))
               ? REDAN_SNIFF_YES
               : REDAN_SNIFF_NO;
}

static enum redan_sniff font_sniff(const struct redan_probe *probe)
{
    struct redan_slice head = probe->head;

    if (redan_slice_starts(head, REDAN_S("wOFF")) || redan_slice_starts(head, REDAN_S("wOF2")) ||
        redan_slice_starts(head, REDAN_S("OTTO")))
        return REDAN_SNIFF_YES;
    /* a table directory: a version, a number of tables, and tags in letters */
    return head.len >= 28 && redan_peek_u32be(head, 0) == 0x10000 && head.at[4] == 0 &&
                   head.at[5] > 0 && (uint8_t)head.at[5] < 64 &&
                   redan_peek_text(redan_slice_sub(head, 12, 4)) &&
                   redan_peek_text(redan_slice_sub(head, 28, 4))
               ? REDAN_SNIFF_YES
               : REDAN_SNIFF_NO;
}

static const char *const png_names[] = {".png", NULL};
static const char *const jpeg_names[] = {".jpg", ".jpeg", NULL};
static const char *const gif_names[] = {".gif", NULL};
static const char *const riff_names[] = {".webp", ".wav", ".avi", NULL};
static const char *const sound_names[] = {".flac", ".ogg", ".mp3", ".opus", NULL};
static const char *const film_names[] = {".mp4", ".mov", ".m4a", ".mkv", ".webm", NULL};
static const char *const font_names[] = {".ttf", ".otf", ".woff", ".woff2", NULL};

const struct redan_format redan_format_png = {.name = "png",
                                              .title = "a PNG picture",
                                              .extensions = png_names,
                                              .sniff = png_sniff,
                                              .read = png_read,
                                              .defects = defects};
const struct redan_format redan_format_jpeg = {.name = "jpeg",
                                               .title = "a JPEG picture",
                                               .extensions = jpeg_names,
                                               .sniff = jpeg_sniff,
                                               .read = jpeg_read,
                                               .defects = defects};
const struct redan_format redan_format_gif = {.name = "gif",
                                              .title = "a GIF picture",
                                              .extensions = gif_names,
                                              .sniff = gif_sniff,
                                              .read = gif_read,
                                              .defects = defects};
const struct redan_format redan_format_riff = {.name = "riff",
                                               .title = "a WebP, WAV or AVI file",
                                               .extensions = riff_names,
                                               .sniff = riff_sniff,
                                               .read = riff_read,
                                               .defects = defects};
const struct redan_format redan_format_sound = {.name = "sound",
                                                .title = "compressed sound",
                                                .extensions = sound_names,
                                                .sniff = sound_sniff,
                                                .read = nothing};
const struct redan_format redan_format_film = {.name = "film",
                                               .title = "a film",
                                               .extensions = film_names,
                                               .sniff = film_sniff,
                                               .read = nothing};
const struct redan_format redan_format_font = {.name = "font",
                                               .title = "a font",
                                               .extensions = font_names,
                                               .sniff = font_sniff,
                                               .read = nothing};
