/* TensorFlow's operators: which there are, and what those do that touch more than tensors. */
#include <stdlib.h>
#include <string.h>

#include "record/embedded.h"
#include "scan/graph.h"

extern const struct redan_embedded redan_tensorflow_ops[];

struct deed {
    const char *op;
    enum redan_tf_deed deed;
};

/* In the order of their bytes. */
static const struct deed deeds[] = {
    {"BigQueryReader", REDAN_TF_FEED},
    {"BigtableClient", REDAN_TF_FEED},
    {"CSVDataset", REDAN_TF_READ},
    {"CSVDatasetV2", REDAN_TF_READ},
    {"CreateSummaryDbWriter", REDAN_TF_LOG},
    {"CreateSummaryFileWriter", REDAN_TF_LOG},
    {"DataServiceDataset", REDAN_TF_FEED},
    {"DataServiceDatasetV2", REDAN_TF_FEED},
    {"DataServiceDatasetV3", REDAN_TF_FEED},
    {"DataServiceDatasetV4", REDAN_TF_FEED},
    {"DatasetFromGraph", REDAN_TF_NEST},
    {"DatasetToBigtable", REDAN_TF_NETWORK},
    {"DatasetToTFRecord", REDAN_TF_WRITE},
    {"DebugIdentity", REDAN_TF_DEBUG},
    {"DebugIdentityV2", REDAN_TF_DEBUG},
    {"DebugIdentityV3", REDAN_TF_DEBUG},
    {"DebugNanCount", REDAN_TF_DEBUG},
    {"DebugNumericSummary", REDAN_TF_DEBUG},
    {"DistributedSave", REDAN_TF_NETWORK},
    {"DumpTensor", REDAN_TF_WRITE},
    {"EagerPyFunc", REDAN_TF_PYTHON},
    {"ExperimentalCSVDataset", REDAN_TF_READ},
    {"ExperimentalDatasetToTFRecord", REDAN_TF_WRITE},
    {"ExperimentalLMDBDataset", REDAN_TF_READ},
    {"ExperimentalMatchingFilesDataset", REDAN_TF_READ},
    {"ExperimentalSqlDataset", REDAN_TF_READ},
    {"FileSystemSetConfiguration", REDAN_TF_FEED},
    {"FixedLengthRecordDataset", REDAN_TF_READ},
    {"FixedLengthRecordDatasetV2", REDAN_TF_READ},
    {"FixedLengthRecordReader", REDAN_TF_QUEUE},
    {"FixedLengthRecordReaderV2", REDAN_TF_QUEUE},
    {"GenerateBigQueryReaderPartitions", REDAN_TF_FEED},
    {"IgniteDataset", REDAN_TF_FEED},
    {"ImmutableConst", REDAN_TF_MAP},
    {"KafkaDataset", REDAN_TF_FEED},
    {"KinesisDataset", REDAN_TF_FEED},
    {"LMDBDataset", REDAN_TF_READ},
    {"LMDBReader", REDAN_TF_QUEUE},
    {"ListSnapshotChunksDataset", REDAN_TF_READ},
    {"LoadDataset", REDAN_TF_READ},
    {"MatchingFiles", REDAN_TF_READ},
    {"MatchingFilesDataset", REDAN_TF_READ},
    {"MergeV2Checkpoints", REDAN_TF_SAVE},
    {"PrintV2", REDAN_TF_PRINT},
    {"PyFunc", REDAN_TF_PYTHON},
    {"PyFuncStateless", REDAN_TF_PYTHON},
    {"ReadFile", REDAN_TF_READ},
    {"RecordInput", REDAN_TF_READ},
    {"RegisterDataset", REDAN_TF_NETWORK},
    {"RegisterDatasetV2", REDAN_TF_NETWORK},
    {"Restore", REDAN_TF_RESTORE},
    {"RestoreSlice", REDAN_TF_RESTORE},
    {"RestoreV2", REDAN_TF_RESTORE},
    {"Rpc", REDAN_TF_NETWORK},
    {"RpcCall", REDAN_TF_NETWORK},
    {"RpcClient", REDAN_TF_NETWORK},
    {"RpcServer", REDAN_TF_NETWORK},
    {"RpcServerRegister", REDAN_TF_NETWORK},
    {"RpcServerStart", REDAN_TF_NETWORK},
    {"Save", REDAN_TF_SAVE},
    {"SaveDataset", REDAN_TF_WRITE},
    {"SaveDatasetV2", REDAN_TF_WRITE},
    {"SaveSlices", REDAN_TF_SAVE},
    {"SaveV2", REDAN_TF_SAVE},
    {"SequenceFileDataset", REDAN_TF_READ},
    {"SnapshotChunkDataset", REDAN_TF_READ},
    {"SnapshotDataset", REDAN_TF_WRITE},
    {"SnapshotDatasetReader", REDAN_TF_READ},
    {"SnapshotDatasetV2", REDAN_TF_WRITE},
    {"SqlDataset", REDAN_TF_READ},
    {"TFRecordDataset", REDAN_TF_READ},
    {"TFRecordDatasetV2", REDAN_TF_READ},
    {"TFRecordReader", REDAN_TF_QUEUE},
    {"TFRecordReaderV2", REDAN_TF_QUEUE},
    {"TextLineDataset", REDAN_TF_READ},
    {"TextLineReader", REDAN_TF_QUEUE},
    {"TextLineReaderV2", REDAN_TF_QUEUE},
    {"TryRpc", REDAN_TF_NETWORK},
    {"WholeFileReader", REDAN_TF_QUEUE},
    {"WholeFileReaderV2", REDAN_TF_QUEUE},
    {"WriteFile", REDAN_TF_WRITE},
};

static int compare(const void *key, const void *entry)
{
    const struct redan_slice *op = key;
    const struct deed *deed = entry;

    return redan_slice_cmp(*op, redan_slice_of(deed->op));
}

enum redan_tf_deed redan_tf_deed(struct redan_slice op)
{
    const struct deed *deed = bsearch(&op, deeds, REDAN_COUNT(deeds), sizeof(deeds[0]), compare);

    return deed ? deed->deed : REDAN_TF_NOTHING;
}

/* The file is one name a line, sorted: halve it, and stand on the beginning of a line. */
bool redan_tf_knows(struct redan_slice op)
{
    struct redan_slice all = {redan_tensorflow_ops[0].bytes, redan_tensorflow_ops[0].len};
    size_t low = 0;
    size_t high = all.len;

    while (low < high) {
        size_t begin = low + (high - low) / 2;
        while (begin > low && all.at[begin - 1] != '\n')
            begin--;
        const char *end = memchr(all.at + begin, '\n', all.len - begin);
        size_t len = end ? (size_t)(end - all.at) - begin : all.len - begin;
        int order = redan_slice_cmp(op, (struct redan_slice){all.at + begin, len});
        if (order == 0)
            return true;
        if (order < 0)
            high = begin;
        else
            low = begin + len + 1;
    }
    return false;
}
