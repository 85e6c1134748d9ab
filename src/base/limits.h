/* Every bound in one place. A context is born with one of these and never exceeds it. */
#ifndef REDAN_BASE_LIMITS_H
#define REDAN_BASE_LIMITS_H

#include <stddef.h>

struct redan_limits {
    size_t memory;       /* bytes that one context may hold at once */
    size_t yaml;         /* bytes of one YAML document */
    size_t json;         /* bytes of one JSON document */
    size_t xml;          /* bytes of one XML document */
    size_t depth;        /* nesting of any document, folder or container */
    size_t nodes;        /* nodes of one parsed document */
    size_t yaml_nodes;   /* of one YAML document; `nodes` where that is less */
    size_t file;         /* bytes of one file that is read whole into memory */
    size_t files;        /* files of one tree walk */
    size_t records;      /* evidence records of one system */
    size_t record;       /* bytes of one signed file: a record, an approval, a summary */
    size_t record_nodes; /* nodes of what is signed in it */
    size_t output;       /* bytes captured from a child process or an HTTP answer */
    size_t
        whole; /* bytes of a model file, or of what was unpacked, that is held in memory at once */
    unsigned rewinds;     /* how often one unpacking may begin anew */
    size_t unpacked;      /* bytes that unpacking one artefact may yield, whatever its size */
    size_t unpack_ratio;  /* and so many times its size on top */
    size_t members;       /* members of all containers of one artefact */
    size_t containers;    /* containers within containers */
    size_t pickle_ops;    /* opcodes of one artefact */
    size_t pickle_memo;   /* entries of one pickle's memo */
    size_t pickle_cells;  /* values that one pickle may keep at once */
    size_t scan_findings; /* findings of one artefact that are told one by one */
    size_t sealed;        /* bytes of one verified copy of a signed file */
    size_t held;          /* bytes of verified copies that are kept for the next read */
    unsigned workers;     /* threads of the pool; 0 means one per processor this process may use */
};

/* The defaults: large enough for a bank's portfolio, small enough for a laptop. */
extern const struct redan_limits redan_limits_default;

#endif
