/* What the decoders are to undo, made by the libraries' own encoders. */
#include "pack.h"

#include <bzlib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "test.h"

static void with_zlib(struct redan_buf *out, int bits, struct redan_slice bytes)
{
    z_stream z = {.zalloc = NULL};

    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t bound = deflateBound(&z, bytes.len) + 64;
    char *to = redan_buf_room(out, bound);
    assert_non_null(to);
    memcpy(&z.next_in, &bytes.at, sizeof(z.next_in));
    z.avail_in = (uInt)bytes.len;
    z.next_out = (Bytef *)to;
    z.avail_out = (uInt)bound;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    redan_buf_grew(out, z.total_out);
    assert_int_equal(deflateEnd(&z), Z_OK);
}

static void with_bzip2(struct redan_buf *out, struct redan_slice bytes)
{
    unsigned len = (unsigned)(bytes.len + bytes.len / 100 + 700);
    char *to = redan_buf_room(out, len);
    char *from = NULL;

    assert_non_null(to);
    memcpy(&from, &bytes.at, sizeof(from));
    assert_int_equal(BZ2_bzBuffToBuffCompress(to, &len, from, (unsigned)bytes.len, 1, 0, 0), BZ_OK);
    redan_buf_grew(out, len);
}

static void with_lzma(struct redan_buf *out, enum redan_packing packing, struct redan_slice bytes)
{
    lzma_options_lzma options = {.dict_size = 0};
    lzma_stream z = LZMA_STREAM_INIT;
    lzma_filter filters[] = {{.id = LZMA_FILTER_LZMA1, .options = &options},
                             {.id = LZMA_VLI_UNKNOWN}};
    size_t bound = bytes.len + bytes.len / 3 + 1024;
    lzma_ret said = LZMA_OK;

    assert_false(lzma_lzma_preset(&options, 1));
    if (packing == REDAN_PACK_LZMA_RAW) {
        uint8_t properties[5];
        assert_int_equal(lzma_properties_encode(filters, properties), LZMA_OK);
        redan_buf_add(out, "\x09\x14\x05\x00", 4);
        redan_buf_add(out, properties, 5);
        said = lzma_raw_encoder(&z, filters);
    } else if (packing == REDAN_PACK_LZMA) {
        said = lzma_alone_encoder(&z, &options);
    } else {
        said = lzma_easy_encoder(&z, 1, LZMA_CHECK_CRC32);
    }
    assert_int_equal(said, LZMA_OK);
    z.next_in = (const uint8_t *)bytes.at;
    z.avail_in = bytes.len;
    z.next_out = (uint8_t *)redan_buf_room(out, bound);
    assert_non_null(z.next_out);
    z.avail_out = bound;
    assert_int_equal(lzma_code(&z, LZMA_FINISH), LZMA_STREAM_END);
    redan_buf_grew(out, z.total_out);
    lzma_end(&z);
}

static void with_lz4(struct redan_buf *out, struct redan_slice bytes)
{
    size_t bound = LZ4F_compressFrameBound(bytes.len, NULL);
    char *to = redan_buf_room(out, bound);

    assert_non_null(to);
    size_t len = LZ4F_compressFrame(to, bound, bytes.at, bytes.len, NULL);
    assert_false(LZ4F_isError(len));
    redan_buf_grew(out, len);
}

static void with_zstd(struct redan_buf *out, struct redan_slice bytes)
{
    size_t bound = ZSTD_compressBound(bytes.len);
    char *to = redan_buf_room(out, bound);

    assert_non_null(to);
    size_t len = ZSTD_compress(to, bound, bytes.at, bytes.len, 3);
    assert_false(ZSTD_isError(len));
    redan_buf_grew(out, len);
}

static void with_base64(struct redan_buf *out, struct redan_slice bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < bytes.len; i += 3) {
        uint32_t bits = 0;
        size_t n = redan_min_size(3, bytes.len - i);
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (k < n ? (uint8_t)bytes.at[i + k] : 0U);
        for (size_t k = 0; k < 4; k++)
            redan_buf_char(out, k <= n ? digits[bits >> (18 - 6 * k) & 63] : '=');
        if (i % 57 == 54)
            redan_buf_text(out, "\r\n");
    }
}

void pack_add(struct redan_buf *out, enum redan_packing packing, struct redan_slice bytes)
{
    static const int bits[REDAN_PACK_COUNT] = {
        [REDAN_PACK_DEFLATE] = -15, [REDAN_PACK_ZLIB] = 15, [REDAN_PACK_GZIP] = 15 + 16};

    if (bits[packing])
        with_zlib(out, bits[packing], bytes);
    else if (packing == REDAN_PACK_BZIP2)
        with_bzip2(out, bytes);
    else if (packing >= REDAN_PACK_XZ && packing <= REDAN_PACK_LZMA_RAW)
        with_lzma(out, packing, bytes);
    else if (packing == REDAN_PACK_LZ4)
        with_lz4(out, bytes);
    else if (packing == REDAN_PACK_ZSTD)
        with_zstd(out, bytes);
    else if (packing == REDAN_PACK_BASE64)
        with_base64(out, bytes);
    else if (packing == REDAN_PACK_HEX)
        for (size_t i = 0; i < bytes.len; i++)
            redan_buf_printf(out, i % 2 ? "%02X" : "%02x", (unsigned)(uint8_t)bytes.at[i]);
    else if (packing == REDAN_PACK_LATIN1)
        for (size_t i = 0; i < bytes.len; i++) {
            uint8_t c = (uint8_t)bytes.at[i];
            if (c >= 0x80)
                redan_buf_char(out, (char)(0xc0 | c >> 6));
            redan_buf_char(out, (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c));
        }
    else
        fail_msg("no packing %d", (int)packing);
    assert_int_equal(out->fail, REDAN_OK);
}

uint32_t pack_crc32(struct redan_slice bytes)
{
    return (uint32_t)crc32(0, (const Bytef *)bytes.at, (uInt)bytes.len);
}
