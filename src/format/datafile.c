/* Data files that lie beside models: tables, databases, records, checkpoints of raw numbers, tokenizer pieces. Those that need an engine of their own to be
 * read are named as not read. */
#include <string.h>

#include "format/format_table.h"
#include "format/peek.h"

static enum redan_status unsupported(const struct redan_listener *to, const char *what)
{
    return redan_tell_unread(to, REDAN_UNREAD_UNSUPPORTED, 0, 0, redan_slice_of(what));
}

static bool starts(const struct redan_probe *probe, const char *bytes, size_t len)
{
    return redan_slice_starts(probe->head, (struct redan_slice){bytes, len});
}

/* --- documents and databases: known, not read --- */

static enum redan_sniff pdf_sniff(const struct redan_probe *probe)
{
    return starts(probe, "%PDF-1.", 7) || starts(probe, "%PDF-2.", 7) ? REDAN_SNIFF_YES
                                                                      : REDAN_SNIFF_NO;
}

static enum redan_status pdf_read(struct redan_ctx *ctx, struct redan_source *source,
                                  struct redan_slice name, const struct redan_listener *to)
{
    (void)ctx;
    (void)source;
    (void)name;
    return unsupported(to, "PDF document");
}

static enum redan_sniff sqlite_sniff(const struct redan_probe *probe)
{
    return starts(probe, "SQLite format 3\0", 16) ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static enum redan_status sqlite_read(struct redan_ctx *ctx, struct redan_source *source,
                                     struct redan_slice name, const struct redan_listener *to)
{
    (void)ctx;
    (void)source;
    (void)name;
    return unsupported(to, "SQLite database");
}

static enum redan_sniff arrow_sniff(const struct redan_probe *probe)
{
    return starts(probe, "ARROW1\0\0", 8) || starts(probe, "FEA1", 4) ? REDAN_SNIFF_YES
                                                                      : REDAN_SNIFF_NO;
}

static enum redan_status arrow_read(struct redan_ctx *ctx, struct redan_source *source,
                                    struct redan_slice name, const struct redan_listener *to)
{
    (void)ctx;
    (void)source;
    (void)name;
    return unsupported(to, "Arrow table");
}

static enum redan_sniff parquet_sniff(const struct redan_probe *probe)
{
    return starts(probe, "PAR1", 4) || starts(probe, "PARE", 4) ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static enum redan_status parquet_read(struct redan_ctx *ctx, struct redan_source *source,
                                      struct redan_slice name, const struct redan_listener *to)
{
    (void)ctx;
    (void)source;
    (void)name;
    return unsupported(to, "Parquet table");
}

/* Finder's notes on a folder; and LMDB, whose first page has this magic behind its head. */
static enum redan_sniff finder_sniff(const struct redan_probe *probe)
{
    return starts(probe, "\0\0\0\1Bud1", 8) ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static enum redan_status finder_read(struct redan_ctx *ctx, struct redan_source *source,
                                     struct redan_slice name, const struct redan_listener *to)
{
    (void)name;
    return redan_peek_runs(ctx, source, 0, source->size, REDAN_S("text"), to);
}

static enum redan_sniff lmdb_sniff(const struct redan_probe *probe)
{
    return redan_peek_u32le(probe->head, 16) == 0xbeefc0de ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static enum redan_status lmdb_read(struct redan_ctx *ctx, struct redan_source *source,
                                   struct redan_slice name, const struct redan_listener *to)
{
    (void)ctx;
    (void)source;
    (void)name;
    return unsupported(to, "LMDB database");
}

/* Python's compiled modules: a magic of the version that ends in a line end, flags, a time, then marshalled code. PEP 552 */
static enum redan_sniff pyc_sniff(const struct redan_probe *probe)
{
    uint16_t magic = redan_peek_u16le(probe->head, 0);

    return probe->head.len >= 17 && redan_peek_u16le(probe->head, 2) == 0x0a0d &&
                   ((magic >= 3000 && magic < 4000 && redan_peek_u32le(probe->head, 4) < 4 &&
                     (probe->head.at[16] & 0x7f) == 'c') ||
                    (magic >= 60000 && probe->head.at[8] == 'c'))
               ? REDAN_SNIFF_YES
               : REDAN_SNIFF_NO;
}

static enum redan_status pyc_read(struct redan_ctx *ctx, struct redan_source *source,
                                  struct redan_slice name, const struct redan_listener *to)
{
    (void)ctx;
    (void)source;
    (void)name;
    return unsupported(to, "Python byte code");
}

/* --- TFRecord: a length, its masked CRC-32C, the bytes, theirs --- */

static uint32_t masked_crc(struct redan_slice bytes)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= (uint8_t)bytes.at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

static enum redan_sniff tfrecord_sniff(const struct redan_probe *probe)
{
    return probe->head.len >= 16 && redan_peek_u32le(probe->head, 8) ==
                                        masked_crc(redan_slice_sub(probe->head, 0, 8))
               ? REDAN_SNIFF_YES
               : REDAN_SNIFF_NO;
}

static enum redan_status tfrecord_read(struct redan_ctx *ctx, struct redan_source *source,
                                       struct redan_slice name, const struct redan_listener *to)
{
    struct redan_source_reader in;

    (void)name;
    redan_source_reader_init(&in, ctx, source, 0, source->size);
    while (!in.failed && in.pos < in.end) {
        uint64_t len = redan_source_u64le(&in);
        uint64_t from = in.pos + 4;

        redan_source_skip(&in, 4);
        redan_source_skip(&in, len);
        redan_source_skip(&in, 4);
        if (!in.failed)
            REDAN_TRY(redan_peek_blob(ctx, source, from, len, REDAN_S("record"), to));
    }
    if (!in.failed)
        return REDAN_OK;
    if (in.status != REDAN_OK)
        return redan_source_ok(&in, "a record");
    return redan_tell_unread(to, REDAN_UNREAD_DAMAGED, in.pos, 0, REDAN_S("a record is cut short"));
}

/* --- TensorFlow checkpoints: an index that is a LevelDB table, and raw numbers beside it --- */

static enum redan_sniff index_sniff(const struct redan_probe *probe)
{
    struct redan_slice view = {0};
    uint64_t size = probe->source->size;

    /* the first entry has an empty key and BundleHeaderProto as its value */
    if (size == REDAN_SOURCE_UNKNOWN || size < 48 || probe->head.at[0] || probe->head.at[1] ||
        probe->head.at[2] < 2 || (probe->head.at[3] != 0x08 && probe->head.at[3] != 0x1a))
        return REDAN_SNIFF_NO;
    if (redan_source_view(probe->ctx, probe->source, size - 8, 8, &view) != REDAN_OK)
        return REDAN_SNIFF_NO;
    return redan_peek_u64le(view, 0) == 0xdb4775248b80fb57 ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static enum redan_status index_read(struct redan_ctx *ctx, struct redan_source *source,
                                    struct redan_slice name, const struct redan_listener *to)
{
    (void)name;
    return redan_peek_runs(ctx, source, 0, source->size, REDAN_S("text"), to);
}

/* Raw numbers have no magic; their name is the only sign, and nothing that loads them runs them. Text is never that. */
static enum redan_sniff shard_sniff(const struct redan_probe *probe)
{
    struct redan_slice name = probe->name;

    return name.len > 20 && memmem(name.at, name.len, ".data-", 6) &&
                   memmem(name.at, name.len, "-of-", 4) && !redan_peek_text(probe->head)
               ? REDAN_SNIFF_MAYBE
               : REDAN_SNIFF_NO;
}

static enum redan_status shard_read(struct redan_ctx *ctx, struct redan_source *source,
                                    struct redan_slice name, const struct redan_listener *to)
{
    (void)ctx;
    (void)source;
    (void)name;
    (void)to;
    return REDAN_OK;
}

/* --- SentencePiece: pieces of text with a score. sentencepiece_model.proto --- */

static uint64_t varint(struct redan_source_reader *in)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t c = redan_source_u8(in);
        v |= (uint64_t)(c & 0x7f) << shift;
        if (!(c & 0x80))
            return v;
    }
    in->failed = true;
    return 0;
}

/* One field: its number and, when it has bytes, how many; others are passed over. */
static unsigned field(struct redan_source_reader *in, uint64_t *len)
{
    uint64_t tag = varint(in);

    *len = 0;
    switch (tag & 7) {
    case 0:
        (void)varint(in);
        break;
    case 1:
        redan_source_skip(in, 8);
        break;
    case 2:
        *len = varint(in);
        break;
    case 5:
        redan_source_skip(in, 4);
        break;
    default:
        in->failed = true;
    }
    return tag >> 3 > 0 && tag >> 3 < 1000 ? (unsigned)(tag >> 3) : 0;
}

/* A piece: text in field 1, a score, perhaps a type. */
static bool piece(struct redan_source_reader *in, uint64_t len)
{
    uint64_t end = in->pos + len;
    uint64_t n = 0;
    bool text = false;

    while (!in->failed && in->pos < end) {
        unsigned number = field(in, &n);
        if (number == 0 || number > 3 || (number > 1 && n > 0))
            return false;
        text = text || number == 1;
        redan_source_skip(in, n);
    }
    return text && in->pos == end;
}

static enum redan_sniff pieces_sniff(const struct redan_probe *probe)
{
    struct redan_source memory;
    struct redan_source_reader in;
    uint64_t len = 0;

    redan_source_memory(&memory, probe->head);
    redan_source_reader_init(&in, probe->ctx, &memory, 0, probe->head.len);
    for (int i = 0; i < 3; i++) {
        if (field(&in, &len) != 1 || len < 7 || len > 512 || in.failed || !piece(&in, len))
            return REDAN_SNIFF_NO;
    }
    return REDAN_SNIFF_YES;
}

static enum redan_status pieces_read(struct redan_ctx *ctx, struct redan_source *source,
                                     struct redan_slice name, const struct redan_listener *to)
{
    struct redan_source_reader in;
    uint64_t len = 0;

    (void)name;
    redan_source_reader_init(&in, ctx, source, 0, source->size);
    while (!in.failed && in.pos < in.end) {
        if (field(&in, &len) == 0)
            in.failed = true;
        redan_source_skip(&in, len);
    }
    if (!in.failed)
        return REDAN_OK;
    if (in.status != REDAN_OK)
        return redan_source_ok(&in, "tokenizer pieces");
    REDAN_TRY(redan_tell_unread(to, REDAN_UNREAD_DAMAGED, in.pos, 0,
                                REDAN_S("tokenizer pieces are cut short")));
    return redan_peek_runs(ctx, source, in.pos, source->size, REDAN_S("unparsed text"), to);
}

static const char *const pdf_names[] = {".pdf", NULL};
static const char *const sqlite_names[] = {".sqlite", ".sqlite3", NULL};
static const char *const arrow_names[] = {".arrow", ".feather", NULL};
static const char *const parquet_names[] = {".parquet", NULL};
static const char *const lmdb_names[] = {".mdb", NULL};
static const char *const tfrecord_names[] = {".tfrecord", ".tfrecords", NULL};

static const char *const pyc_names[] = {".pyc", NULL};

const struct redan_format redan_format_pyc = {.name = "pyc",
                                              .title = "compiled Python",
                                              .extensions = pyc_names,
                                              .sniff = pyc_sniff,
                                              .read = pyc_read};
const struct redan_format redan_format_pdf = {.name = "pdf",
                                              .title = "a PDF document",
                                              .extensions = pdf_names,
                                              .sniff = pdf_sniff,
                                              .read = pdf_read};
const struct redan_format redan_format_sqlite = {.name = "sqlite",
                                                 .title = "an SQLite database",
                                                 .extensions = sqlite_names,
                                                 .sniff = sqlite_sniff,
                                                 .read = sqlite_read};
const struct redan_format redan_format_arrow = {.name = "arrow",
                                                .title = "an Arrow table",
                                                .extensions = arrow_names,
                                                .sniff = arrow_sniff,
                                                .read = arrow_read};
const struct redan_format redan_format_parquet = {.name = "parquet",
                                                  .title = "a Parquet table",
                                                  .extensions = parquet_names,
                                                  .sniff = parquet_sniff,
                                                  .read = parquet_read};
const struct redan_format redan_format_finder = {.name = "finder",
                                                 .title = "the notes of a file manager",
                                                 .sniff = finder_sniff,
                                                 .read = finder_read};
const struct redan_format redan_format_lmdb = {.name = "lmdb",
                                               .title = "an LMDB database",
                                               .extensions = lmdb_names,
                                               .sniff = lmdb_sniff,
                                               .read = lmdb_read};
const struct redan_format redan_format_tfrecord = {.name = "tfrecord",
                                                   .title = "TFRecord records",
                                                   .extensions = tfrecord_names,
                                                   .sniff = tfrecord_sniff,
                                                   .read = tfrecord_read};
const struct redan_format redan_format_tf_index = {.name = "tf-index",
                                                   .title = "the index of a TensorFlow checkpoint",
                                                   .sniff = index_sniff,
                                                   .read = index_read};
const struct redan_format redan_format_tf_shard = {.name = "tf-shard",
                                                   .title =
                                                       "the numbers of a TensorFlow checkpoint",
                                                   .sniff = shard_sniff,
                                                   .read = shard_read};
const struct redan_format redan_format_sentencepiece = {.name = "sentencepiece",
                                                        .title = "SentencePiece tokenizer pieces",
                                                        .sniff = pieces_sniff,
                                                        .read = pieces_read};
