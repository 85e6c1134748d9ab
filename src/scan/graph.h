/* What the detectors of graphs share: paths that leave the model, operators of TensorFlow. */
#ifndef REDAN_SCAN_GRAPH_H
#define REDAN_SCAN_GRAPH_H

#include "scan/detector.h"

enum redan_graph_path {
    REDAN_GRAPH_INSIDE,    /* beside the model or below */
    REDAN_GRAPH_ABOVE,     /* one folder up */
    REDAN_GRAPH_OUTSIDE,   /* further up, absolute, on another drive or machine */
    REDAN_GRAPH_SENSITIVE, /* where keys, passwords, start-up files lie */
};

/* Where a path leads, as POSIX and as Windows would read it. */
enum redan_graph_path redan_graph_path(struct redan_slice path);
/* Whether a text is one path to where keys, passwords and start-up files lie, and nothing else. */
bool redan_graph_sensitive(struct redan_slice text);

enum {
    REDAN_GRAPH_FUNCTIONS = 8192, /* a power of two */
    REDAN_GRAPH_STRANGE = 2048,
    REDAN_GRAPH_NAMED = 32,
    REDAN_GRAPH_NAME = 96,
};

/* Operators that no runtime has may be functions of the graph, which come later: kept until it is over. */
struct redan_graph_names {
    uint64_t functions[REDAN_GRAPH_FUNCTIONS]; /* hashes; 0 is free */
    size_t function_count;
    size_t strange_count;
    struct {
        uint64_t hash, at;
    } strange[REDAN_GRAPH_STRANGE];
    struct {
        size_t len, domain_len;
        char name[REDAN_GRAPH_NAME], domain[REDAN_GRAPH_NAME];
    } named[REDAN_GRAPH_NAMED]; /* the first of `strange` */
};

/* A hash of a name within its domain, which no file can foresee; never 0. */
uint64_t redan_graph_hash(struct redan_scan *scan, struct redan_slice domain,
                          struct redan_slice name);
/* A function that the graph defines, and an operator that nobody knows. `names` points to NULL at first; its memory goes with what is being read. */
REDAN_NODISCARD enum redan_status
redan_graph_defines(struct redan_scan *scan, struct redan_graph_names **names, uint64_t hash);
REDAN_NODISCARD enum redan_status redan_graph_uses(struct redan_scan *scan,
                                                   struct redan_graph_names **names,
                                                   const struct redan_fact *fact, uint64_t hash);
/* When the graph is over: find each that it does not define. */
REDAN_NODISCARD enum redan_status redan_graph_settle(struct redan_scan *scan,
                                                     const struct redan_graph_names *names,
                                                     const struct redan_scan_rule *rule);

enum redan_tf_deed {
    REDAN_TF_NOTHING,
    REDAN_TF_PYTHON,  /* calls a Python function */
    REDAN_TF_WRITE,   /* writes a file */
    REDAN_TF_SAVE,    /* writes a checkpoint: honest in a saver */
    REDAN_TF_RESTORE, /* reads one */
    REDAN_TF_READ,    /* reads a file */
    REDAN_TF_QUEUE,   /* reads files for training */
    REDAN_TF_LOG,     /* writes summaries of a training */
    REDAN_TF_NETWORK, /* speaks to another machine */
    REDAN_TF_FEED,    /* is fed by a service of other machines */
    REDAN_TF_DEBUG,   /* shows tensors to a debugger */
    REDAN_TF_PRINT,
    REDAN_TF_MAP,  /* maps a file as a tensor */
    REDAN_TF_NEST, /* runs a graph that is in a constant */
};

enum redan_tf_deed redan_tf_deed(struct redan_slice op);
/* Whether TensorFlow or one of the add-ons it is usually run with has an operator of this name. */
bool redan_tf_knows(struct redan_slice op);

#endif
