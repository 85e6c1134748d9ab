/* Which of TensorFlow's messages the bytes are: none has a magic, so the first nodes decide. */
#include <stdlib.h>
#include <string.h>

#include "format/tensorflow.h"

enum { FIELDS = 64, NODES = 4 };

static bool is_word(struct redan_slice s, const char *marks)
{
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

        if (!letter && (c == '\0' || !strchr(marks, c)))
            return false;
    }
    return true;
}

/* NodeDef: a name and an operator, both words. */
static bool is_node(const struct redan_wire *around, const struct redan_wire_field *at)
{
    struct redan_wire wire;
    struct redan_wire_field field;
    bool name = false;
    bool op = false;

    redan_wire_init(&wire, around->ctx, around->source, at->offset, at->length);
    for (size_t i = 0; i < FIELDS && redan_wire_next(&wire, &field); i++) {
        if (!redan_wire_fits("-bbbbbbb", &field, true))
            return false;
        if (field.number == 1)
            name = is_word(redan_wire_text(&wire, &field, 4096), "_./\\>-");
        if (field.number == 2)
            op = is_word(redan_wire_text(&wire, &field, 4096), "_./>-:");
        if (name && op)
            return true;
    }
    return false;
}

/* GraphDef: nodes, and a library of functions. */
static bool is_graph(struct redan_ctx *ctx, struct redan_source *source, uint64_t offset,
                     uint64_t length)
{
    struct redan_wire wire;
    struct redan_wire_field field;
    size_t nodes = 0;

    redan_wire_init(&wire, ctx, source, offset, length);
    for (size_t i = 0; i < FIELDS && nodes < NODES && redan_wire_next(&wire, &field); i++) {
        if (!redan_wire_fits("-bbvbb", &field, true))
            return false;
        if (field.number != 1)
            continue;
        if (!is_node(&wire, &field))
            return false;
        nodes++;
    }
    return nodes > 0 && !wire.fault;
}

/* A message with a graph as its field 2. */
static bool is_around_graph(struct redan_ctx *ctx, struct redan_source *source, uint64_t offset,
                            uint64_t length)
{
    struct redan_wire wire;
    struct redan_wire_field field;

    redan_wire_init(&wire, ctx, source, offset, length);
    for (size_t i = 0; i < FIELDS && redan_wire_next(&wire, &field); i++) {
        if (!redan_wire_fits("-bbbbbbb", &field, true))
            return false;
        if (field.number == 2 && is_graph(ctx, source, field.offset, field.length))
            return true;
    }
    return false;
}

enum redan_tf_outermost redan_tf_sniff(struct redan_ctx *ctx, struct redan_source *source,
                                       uint64_t offset, uint64_t length)
{
    struct redan_wire wire;
    struct redan_wire_field field;

    redan_wire_init(&wire, ctx, source, offset, length);
    for (size_t i = 0; i < FIELDS && redan_wire_next(&wire, &field); i++) {
        bool saved = redan_wire_fits("-vb", &field, true);

        if (!saved && !redan_wire_fits("-bbbbbbb", &field, true) &&
            !redan_wire_fits("-bbvbb", &field, true))
            return REDAN_TF_NONE;
        if (field.number == 1 && field.type == REDAN_WIRE_BYTES && is_node(&wire, &field))
            return is_graph(ctx, source, offset, length) ? REDAN_TF_GRAPH : REDAN_TF_NONE;
        if (field.number != 2 || field.type != REDAN_WIRE_BYTES)
            continue;
        if (is_graph(ctx, source, field.offset, field.length))
            return REDAN_TF_META_GRAPH;
        if (is_around_graph(ctx, source, field.offset, field.length))
            return REDAN_TF_SAVED_MODEL;
    }
    return REDAN_TF_NONE;
}

static int compare(const void *key, const void *entry)
{
    const struct redan_slice *op = key;
    const struct {
        const char *op;
        int input;
    } *known = entry;

    return redan_slice_cmp(*op, redan_slice_of(known->op));
}

int redan_tf_path_input(struct redan_slice op)
{
    static const struct {
        const char *op;
        int input;
    } paths[] = {
        {"CSVDataset", 0},
        {"CSVDatasetV2", 0},
        {"CacheDataset", 1},
        {"CacheDatasetV2", 1},
        {"CreateSummaryDbWriter", 1},
        {"CreateSummaryFileWriter", 1},
        {"DatasetToTFRecord", 1},
        {"ExperimentalCSVDataset", 0},
        {"ExperimentalDatasetToTFRecord", 1},
        {"FixedLengthRecordDataset", 0},
        {"FixedLengthRecordDatasetV2", 0},
        {"InitializeTableFromTextFile", 1},
        {"InitializeTableFromTextFileV2", 1},
        {"LMDBDataset", 0},
        {"LoadDataset", 0},
        {"MatchingFiles", 0},
        {"MatchingFilesDataset", 0},
        {"MergeV2Checkpoints", 1},
        {"ReadFile", 0},
        {"ReaderReadUpToV2", 1},
        {"Restore", 0},
        {"RestoreSlice", 0},
        {"RestoreV2", 0},
        {"Save", 0},
        {"SaveDataset", 1},
        {"SaveDatasetV2", 1},
        {"SaveSlices", 0},
        {"SaveV2", 0},
        {"ShardedFilename", 0},
        {"SnapshotDataset", 1},
        {"SnapshotDatasetV2", 1},
        {"SqlDataset", 1},
        {"TFRecordDataset", 0},
        {"TFRecordDatasetV2", 0},
        {"TextLineDataset", 0},
        {"WriteFile", 0},
    };
    const void *found = bsearch(&op, paths, REDAN_COUNT(paths), sizeof(paths[0]), compare);

    return found ? paths[((const char *)found - (const char *)paths) / (ptrdiff_t)sizeof(paths[0])]
                       .input
                 : -1;
}

bool redan_tf_leads_away(struct redan_slice s)
{
    for (size_t i = 0; i + 2 < s.len; i++) {
        if (memcmp(s.at + i, "://", 3) == 0 || memcmp(s.at + i, "../", 3) == 0)
            return true;
    }
    return s.len > 1 && (s.at[0] == '/' || s.at[0] == '~');
}
