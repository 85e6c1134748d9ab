/* What the readers of the JSON bench share: the work, and one entry for each way of doing it. */
#ifndef REDAN_BENCH_JSON_H
#define REDAN_BENCH_JSON_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum work {
    TABULAR, /* lines {"client":text,"ts":number,"x":[30 numbers]}, 471 bytes in the mean */
    NAMED,   /* the same numbers under 30 keys of the same object */
    PROMPT,  /* lines with client, ts and a list of chat messages, 1,111 bytes in the mean */
    HEADER,  /* one object of tensors, as safetensors has it, 8 MB */
    WORKS
};

/* Every reader gives the sum of all numbers and of the lengths of all texts that are no keys; so they prove that they
 * read the same. -1 when something was refused. The bytes are followed by 64 others that may be read. */
typedef double read_all(enum work work, const char *data, size_t len);

read_all ours_pull;   /* vectors in one call */
read_all ours_tokens; /* token by token */
read_all ours_tree;
read_all jansson_read;
read_all jsonc_read;
read_all yajl_read;
read_all simdjson_read; /* on demand, document after document */
read_all simdjson_many; /* on demand, as a stream of documents; lines only */

/* `size` bytes of work, more or less, with room behind; `count` lines. NULL without memory. The caller frees it. */
char *make_data(enum work work, size_t size, size_t *len, size_t *count);

#ifdef __cplusplus
}
#endif

#endif
