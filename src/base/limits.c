/* The default bounds, each with its reason. */
#include "base/limits.h"

#include <stdint.h>

const struct redan_limits redan_limits_default = {
    .memory = (size_t)1 << 30, /* a hostile document stays far below a small machine's memory */
    .yaml = (size_t)4 << 20,   /* a threat model of a thousand threats is 400 KB */
    .json = (size_t)64 << 20,  /* the SARIF report of a large scan */
    .xml = (size_t)16 << 20,   /* the JUnit report of 50,000 tests */
    .depth = 32,               /* people do not nest deeper; attackers do */
    .nodes = 2000000,          /* about 128 MB of tree */
    .yaml_nodes = 250000,      /* about 30 MB; a threat model of a thousand threats has 40,000 */
    .file = (size_t)128 << 20, /* what is read whole; digests stream instead */
    .files = 1000000,          /* a sharded model with its tokenizer is a few hundred */
    .records = 100000,         /* eleven years of hourly heartbeats */
    .record =
        (size_t)4 << 20, /* an honest one is a few KB; there may be many, and anybody may add one */
    .record_nodes = 50000,      /* about 4 MB of tree */
    .output = (size_t)16 << 20, /* a child's or a server's answer */
    .whole = (size_t)16 << 20,  /* a scan stays under 64 MB with two of them */
    .rewinds = 16,
    .unpacked = (size_t)64 << 20, /* a megabyte of bomb is given up within a second */
    .unpack_ratio = 64,
    .members = 200000,
    .containers = 8,
    .pickle_ops = 200000000, /* a minute of work */
    .pickle_memo = 16000000,
    .pickle_cells = 4000000, /* 64 MB each for the stack, the lists and what they hold */
    .scan_findings = 200,
    .sealed = SIZE_MAX,      /* the machine's memory is the bound, and is asked for first */
    .held = (size_t)2 << 30, /* two shards of the usual size */
    .workers = 0,
};
