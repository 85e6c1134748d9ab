/* The GGML files before GGUF (ggml, ggmf, ggjt, ggla): known kinds are walked to their end, others are named. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "format/format_table.h"

enum {
    DIMS_MOST = 4,
    NAME_MOST = 256,
    WORD_MOST = 1 << 16, /* of a vocabulary */
    VERSION_MOST = 3,
    WORDS_MOST = 1 << 20,
    TENSORS_MOST = 1 << 16,
};

static const char *const extensions[] = {".ggml", ".ggjt", ".ggmf", NULL};
static const char *const defects[] = {"ggml-version", NULL};

/* What stands between the magic and the tensors. */
struct kind {
    const char *magic; /* as it lies in the file */
    const char *title;
    unsigned
        numbers; /* of 32 bits; the first is the size of the vocabulary, unless it is counted */
    bool version, mel, counted, score, words, aligned;
};
static const struct kind kinds[] = {
    {"lmgg", "llama", 7, .words = true},
    {"fmgg", "llama", 7, .version = true, .words = true, .score = true},
    {"tjgg", "llama", 7, .version = true, .words = true, .score = true, .aligned = true},
    {"lmgg", "whisper", 11, .mel = true, .words = true, .counted = true},
    {"lmgg", "gpt-2", 6, .words = true, .counted = true},
    {"lmgg", "gpt-j", 7, .words = true, .counted = true},
    {"lmgg", "gpt-neox", 7, .words = true},
    {"algg", "lora", 2, .version = true, .aligned = true},
};
static const char *const magics[] = {"lmgg", "fmgg", "tjgg", "algg"};
static const char *const swapped[] = {"GGML", "GGMF", "GGJT", "GGLA"};

/* Elements and bytes of a block by type: since May 2023, and before. */
struct block {
    uint8_t elements, bytes;
};
static const struct block blocks[2][10] = {
    {{1, 4},
     {1, 2},
     {32, 18},
     {32, 20},
     {16, 10},
     {16, 12},
     {32, 22},
     {32, 24},
     {32, 34},
     {32, 40}},
    {{1, 4},
     {1, 2},
     {32, 20},
     {32, 24},
     {16, 10},
     {16, 12},
     {32, 22},
     {32, 24},
     {32, 36},
     {32, 40}},
};
/* k-quants: 10 to 15 */
static const uint16_t super[] = {84, 110, 144, 176, 210, 292};

static bool begins(struct redan_slice head, const char *magic)
{
    return head.len >= 8 && memcmp(head.at, magic, 4) == 0;
}

static bool printable(struct redan_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((s.at[i] < ' ' && s.at[i] != '\n' && s.at[i] != '\r' && s.at[i] != '\t') ||
            s.at[i] == 0x7f)
            return false;
    }
    return true;
}

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    if (probe->head.len < 8 || printable(redan_slice_sub(probe->head, 4, 4)))
        return REDAN_SNIFF_NO;
    for (size_t i = 0; i < REDAN_COUNT(magics); i++) {
        if (begins(probe->head, magics[i]) || begins(probe->head, swapped[i]))
            return REDAN_SNIFF_YES;
    }
    return REDAN_SNIFF_NO;
}

static void words(struct redan_source_reader *in, const struct kind *kind, uint32_t count)
{
    if (kind->counted)
        count = redan_source_u32le(in);
    if (count > WORDS_MOST)
        in->failed = true;
    for (uint32_t i = 0; i < count && !in->failed; i++) {
        uint32_t len = redan_source_u32le(in);

        if (len > WORD_MOST)
            in->failed = true;
        redan_source_skip(in, len);
        if (kind->score)
            redan_source_skip(in, 4);
    }
}

static void mel(struct redan_source_reader *in)
{
    uint64_t rows = redan_source_u32le(in), columns = redan_source_u32le(in);

    redan_source_skip(in, rows <= UINT16_MAX && columns <= UINT16_MAX ? rows * columns * 4
                                                                      : UINT64_MAX);
}

static bool tensor_bytes(const uint32_t *dims, uint32_t count, uint32_t type, size_t age,
                         uint64_t *bytes)
{
    uint64_t elements = 1, block = 256, size = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (__builtin_mul_overflow(elements, (uint64_t)dims[i], &elements))
            return false;
    }
    if (type < REDAN_COUNT(blocks[0])) {
        block = blocks[age][type].elements;
        size = blocks[age][type].bytes;
    } else if (type - REDAN_COUNT(blocks[0]) < REDAN_COUNT(super)) {
        size = super[type - REDAN_COUNT(blocks[0])];
    } else {
        return false;
    }
    return elements % block == 0 && !__builtin_mul_overflow(elements / block, size, bytes);
}

static void tensor(struct redan_source_reader *in, const struct kind *kind, size_t age)
{
    uint32_t dims[DIMS_MOST] = {0};
    uint32_t count = redan_source_u32le(in), name = redan_source_u32le(in);
    uint32_t type = redan_source_u32le(in);
    uint64_t bytes = 0;

    if (count > DIMS_MOST || name == 0 || name > NAME_MOST) {
        in->failed = true;
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        dims[i] = redan_source_u32le(in);
    redan_source_skip(in, name);
    if (!in->failed && kind->aligned && in->pos % 32)
        redan_source_skip(in, 32 - in->pos % 32);
    if (!tensor_bytes(dims, count, type, age, &bytes))
        in->failed = true;
    redan_source_skip(in, bytes);
}

/* Whether the whole file is of this kind, from magic to the last tensor. */
static bool walk(struct redan_ctx *ctx, struct redan_source *source, const struct kind *kind,
                 size_t age, uint64_t size)
{
    struct redan_source_reader in;
    uint32_t count = 0, tensors = 0;

    redan_source_reader_init(&in, ctx, source, kind->version ? 8 : 4, UINT64_MAX);
    for (unsigned i = 0; i < kind->numbers; i++) {
        uint32_t number = redan_source_u32le(&in);
        count = i == 0 ? number : count;
    }
    if (kind->mel)
        mel(&in);
    if (kind->words)
        words(&in, kind, count);
    while (!in.failed && in.pos < size && tensors++ < TENSORS_MOST)
        tensor(&in, kind, age);
    return !in.failed && in.pos == size;
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct redan_source_reader in;
    struct redan_slice head = {0};
    char magic[8] = {0};
    bool odd = true;
    uint64_t size = 0;

    (void)name;
    REDAN_TRY(redan_source_measure(ctx, source, &size));
    redan_source_reader_init(&in, ctx, source, 0, UINT64_MAX);
    head = redan_source_bytes(&in, 8);
    REDAN_TRY(redan_source_ok(&in, "the GGML header"));
    memcpy(magic, head.at, sizeof(magic));
    head = (struct redan_slice){magic, sizeof(magic)};
    uint32_t version = (uint32_t)(uint8_t)magic[4] | (uint32_t)(uint8_t)magic[5] << 8 |
                       (uint32_t)(uint8_t)magic[6] << 16 | (uint32_t)(uint8_t)magic[7] << 24;
    for (size_t i = 0; i < REDAN_COUNT(kinds); i++) {
        if (!begins(head, kinds[i].magic))
            continue;
        odd = kinds[i].version && (version < 1 || version > VERSION_MOST);
        for (size_t age = 0; age < REDAN_COUNT(blocks) && !odd; age++) {
            if (walk(ctx, source, &kinds[i], age, size))
                return REDAN_OK;
        }
    }
    if (odd && (version < 1 || version > VERSION_MOST)) {
        char text[64];

        (void)snprintf(text, sizeof(text), "version %" PRIu32, version);
        REDAN_TRY(redan_tell_defect(to, "ggml-version", 4, redan_slice_of(text)));
    }
    return redan_tell_unread(to, REDAN_UNREAD_UNSUPPORTED, 0, size,
                             REDAN_S("a GGML file of a kind that is not known"));
}

const struct redan_format redan_format_ggml = {
    .name = "ggml",
    .title = "GGML weights",
    .extensions = extensions,
    .sniff = sniff,
    .read = read,
    .defects = defects,
};
