/* The two headers of a ZIP member, with their extra fields. */
#include <string.h>

#include "format/zip.h"

enum {
    EXTRA_ZIP64 = 0x0001,
    EXTRA_UNICODE = 0x7075,
};

static uint64_t number(struct redan_slice s, size_t at, size_t size)
{
    uint64_t v = 0;

    for (size_t i = size; i > 0; i--)
        v = v << 8 | (uint8_t)s.at[at + i - 1];
    return v;
}

/* APPNOTE 4.5.3: 64-bit values stand there for those fields that are saturated, in this order. */
static void take_zip64(struct zip_header *header, struct redan_slice field, bool central)
{
    uint64_t *values[] = {&header->unpacked, &header->packed, central ? &header->local : NULL};
    size_t at = 0;

    for (size_t i = 0; i < REDAN_COUNT(values); i++) {
        if (!values[i] || *values[i] != UINT32_MAX)
            continue;
        if (field.len - at < 8)
            return;
        *values[i] = number(field, at, 8);
        at += 8;
    }
    header->saturated = false;
}

/* APPNOTE 4.6.9: it holds when its checksum is that of the header's name. */
static void take_unicode(struct zip_header *header, struct redan_slice whole,
                         struct redan_slice field)
{
    if (field.len < 5 || field.at[0] != 1)
        return;
    if (number(field, 1, 4) == redan_crc32(0, whole))
        header->unicode = redan_slice_sub(field, 5, ZIP_NAME);
}

static void take_extra(struct zip_header *header, struct redan_slice name, struct redan_slice extra,
                       bool central)
{
    while (extra.len >= 4) {
        uint64_t id = number(extra, 0, 2);
        struct redan_slice field = redan_slice_sub(extra, 4, (size_t)number(extra, 2, 2));
        if (id == EXTRA_ZIP64)
            take_zip64(header, field, central);
        else if (id == EXTRA_UNICODE)
            take_unicode(header, name, field);
        extra = redan_slice_sub(extra, 4 + field.len, extra.len);
    }
}

static enum redan_status finish(struct redan_source_reader *in, struct zip_header *header,
                                size_t name_len, size_t extra_len, uint64_t at, bool central)
{
    /* both at once: a second read could take the first's bytes away */
    struct redan_slice both = redan_source_bytes(in, (uint64_t)name_len + extra_len);
    struct redan_slice name = redan_slice_sub(both, 0, name_len);

    if (in->failed)
        return in->status != REDAN_OK ? in->status : REDAN_E_SYNTAX;
    header->name = redan_slice_sub(name, 0, ZIP_NAME);
    header->name_len = name_len;
    header->unicode = (struct redan_slice){"", 0};
    header->saturated = header->packed == UINT32_MAX || header->unpacked == UINT32_MAX;
    header->len = in->pos - at;
    take_extra(header, name, redan_slice_sub(both, name_len, extra_len), central);
    return REDAN_OK;
}

enum redan_status redan_zip_read_local(struct zip *zip, uint64_t at, struct zip_header *header)
{
    struct redan_source_reader in;

    *header = (struct zip_header){.local = at};
    redan_source_reader_init(&in, zip->ctx, zip->source, at, zip->size);
    if (redan_source_u32le(&in) != ZIP_LOCAL)
        return in.status != REDAN_OK ? in.status : REDAN_E_SYNTAX;
    (void)redan_source_u16le(&in); /* version needed */
    header->flags = redan_source_u16le(&in);
    header->method = redan_source_u16le(&in);
    (void)redan_source_u32le(&in); /* time and date */
    header->crc = redan_source_u32le(&in);
    header->packed = redan_source_u32le(&in);
    header->unpacked = redan_source_u32le(&in);
    size_t name_len = redan_source_u16le(&in);
    size_t extra_len = redan_source_u16le(&in);
    return finish(&in, header, name_len, extra_len, at, false);
}

enum redan_status redan_zip_read_central(struct zip *zip, uint64_t at, struct zip_header *header)
{
    struct redan_source_reader in;

    *header = (struct zip_header){.local = 0};
    redan_source_reader_init(&in, zip->ctx, zip->source, at, zip->size);
    if (redan_source_u32le(&in) != ZIP_CENTRAL)
        return in.status != REDAN_OK ? in.status : REDAN_E_SYNTAX;
    header->made_by = redan_source_u16le(&in);
    (void)redan_source_u16le(&in); /* version needed */
    header->flags = redan_source_u16le(&in);
    header->method = redan_source_u16le(&in);
    (void)redan_source_u32le(&in); /* time and date */
    header->crc = redan_source_u32le(&in);
    header->packed = redan_source_u32le(&in);
    header->unpacked = redan_source_u32le(&in);
    size_t name_len = redan_source_u16le(&in);
    size_t extra_len = redan_source_u16le(&in);
    header->comment_len = redan_source_u16le(&in);
    (void)redan_source_u32le(&in); /* disk, internal attributes */
    header->attributes = redan_source_u32le(&in);
    header->local = redan_source_u32le(&in);
    REDAN_TRY(finish(&in, header, name_len, extra_len, at, true));
    header->len += header->comment_len;
    return REDAN_OK;
}
