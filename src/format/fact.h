/* What a format reader tells: facts about bytes, without judgement. Detectors (src/scan) judge. */
#ifndef REDAN_FORMAT_FACT_H
#define REDAN_FORMAT_FACT_H

#include "base/source.h"

struct redan_pickle_event;
struct redan_pickle;
struct redan_object;

enum redan_fact_kind {
    REDAN_FACT_MEMBER, /* bytes with a life of their own, to be looked at next: name, part */
    REDAN_FACT_DEFECT, /* the bytes contradict their format: what (one of the format's `defects`), text (the detail) */
    REDAN_FACT_UNREAD, /* bytes that were not looked at, and why: what (one of the words below), text, offset, number (bytes) */
    REDAN_FACT_LINK, /* a path or address that loading follows: what ("tar-symlink", "onnx-external-data" ...), name (whose), text (target) */
    REDAN_FACT_CLASS, /* a class or function that loading looks up by name: what ("keras-layer", "hydra-target" ...), module, name, text */
    REDAN_FACT_OPERATOR, /* an operator of a graph: what ("onnx", "tensorflow", "tflite" ...), module (domain), name, text (node) */
    REDAN_FACT_CODE, /* code that loading or use runs: what ("python-lambda", "marshal", "torchscript", "r", "lua", "elf" ...), name, text */
    REDAN_FACT_TEMPLATE, /* a template that using the model renders: what ("jinja"), name (the key or file), text (whole), number 1 when the text only looks like one */
    REDAN_FACT_TEXT,     /* text for people or programs in metadata: name (key), text (value) */
    REDAN_FACT_OBJECT,   /* one map of a JSON or YAML document: object */
    REDAN_FACT_PICKLE,   /* one event of the pickle machine: pickle, event */
};

/* Reasons of REDAN_FACT_UNREAD. */
#define REDAN_UNREAD_BUDGET "budget"           /* a limit was reached; text says which */
#define REDAN_UNREAD_DAMAGED "damaged"         /* cannot be decoded */
#define REDAN_UNREAD_ENCRYPTED "encrypted"     /* needs a key */
#define REDAN_UNREAD_UNSUPPORTED "unsupported" /* known, and not readable here; text names it */
#define REDAN_UNREAD_OPAQUE "opaque"           /* of no format that we know */

/* How a member's bytes are had from those of its container. */
enum redan_packing {
    REDAN_PACK_NONE,
    REDAN_PACK_DEFLATE, /* raw RFC 1951, as in zip */
    REDAN_PACK_ZLIB,
    REDAN_PACK_GZIP, /* every member of a multi-member file */
    REDAN_PACK_BZIP2,
    REDAN_PACK_XZ,
    REDAN_PACK_LZMA,     /* .lzma alone */
    REDAN_PACK_LZMA_RAW, /* zip method 14 */
    REDAN_PACK_LZ4,
    REDAN_PACK_ZSTD,
    REDAN_PACK_BASE64, /* blanks and line ends are passed over; standard and URL alphabets */
    REDAN_PACK_HEX,
    REDAN_PACK_LATIN1, /* bytes as UTF-8 text, each a character: how protocol 2 pickles spell bytes */
    REDAN_PACK_ARCHIVE, /* the `index`-th entry of a 7z, rar, cab or cpio archive, through libarchive */
    REDAN_PACK_COUNT
};

struct redan_part {
    struct redan_slice
        memory; /* when set, these bytes instead of the container's: borrowed during the call, copied by the listener */
    uint64_t offset; /* of the packed bytes in the source being read */
    uint64_t size;   /* packed */
    enum redan_packing packing;
    uint64_t index; /* REDAN_PACK_ARCHIVE */
    uint64_t
        unpacked; /* what the container says of the size; REDAN_SOURCE_UNKNOWN when it says nothing */
    const char *
        format; /* when the container's own rules make the bytes a known format ("pickle", "json"); else NULL and the bytes decide */
};

struct redan_fact {
    enum redan_fact_kind kind;
    const char *what; /* a stable lower-case word with hyphens; static */
    uint64_t offset;  /* in the source being read */
    uint64_t number;
    struct redan_slice module;
    struct redan_slice name;
    struct redan_slice text; /* as it stands in the file: not escaped, may hold anything */
    struct redan_part part;
    const struct redan_object *object;
    struct redan_pickle *pickle;
    const struct redan_pickle_event *event;
};

/* Who listens. Slices of a fact are borrowed during the call. Anything but REDAN_OK ends the reading and is passed up. */
struct redan_listener {
    enum redan_status (*tell)(void *arg, const struct redan_fact *fact);
    void *arg;
};

/* Shorthands for readers. */
REDAN_NODISCARD enum redan_status redan_tell(const struct redan_listener *to,
                                             const struct redan_fact *fact);
REDAN_NODISCARD enum redan_status redan_tell_defect(const struct redan_listener *to,
                                                    const char *what, uint64_t offset,
                                                    struct redan_slice detail);
REDAN_NODISCARD enum redan_status redan_tell_unread(const struct redan_listener *to,
                                                    const char *what, uint64_t offset,
                                                    uint64_t bytes, struct redan_slice detail);

#endif
