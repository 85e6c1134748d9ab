/* Between the parts of the ZIP reader: the archive as every reader of ZIP may see it, united (APPNOTE 6.3.10). */
#ifndef REDAN_FORMAT_ZIP_H
#define REDAN_FORMAT_ZIP_H

#include "format/unpack.h"

enum {
    ZIP_ENDS = 16,        /* end records that are looked at */
    ZIP_DIRECTORIES = 16, /* and directories */
    ZIP_NAME = 1024,      /* longer names are compared and shown cut */
    ZIP_SAME = 24,        /* defects of one kind that are told one by one */
    ZIP_CHECK = 1 << 20,  /* members up to this have their checksum proved */
    ZIP_CHECKS = 4096,    /* and so many of them */
    ZIP_DEFECTS = 40,     /* kinds of defects, at most */
};

enum {
    ZIP_LOCAL = 0x04034b50, /* PK\3\4 */
    ZIP_DESCRIPTOR = 0x08074b50,
    ZIP_CENTRAL = 0x02014b50,
    ZIP_SIGNATURE = 0x05054b50,
    ZIP_END = 0x06054b50,
    ZIP_END64 = 0x06064b50,
    ZIP_LOCATOR64 = 0x07064b50,
};

enum {
    ZIP_LOCAL_LEN = 30,
    ZIP_CENTRAL_LEN = 46,
    ZIP_END_LEN = 22,
    ZIP_END64_LEN = 56,
    ZIP_LOCATOR64_LEN = 20,
};

enum {
    ZIP_ENCRYPTED = 1,
    ZIP_STREAMED = 8, /* sizes stand behind the data */
    ZIP_PATCHED = 0x20,
    ZIP_STRONG = 0x40,
    ZIP_MASKED = 0x2000,
    ZIP_LOCKED = ZIP_ENCRYPTED | ZIP_PATCHED | ZIP_STRONG | ZIP_MASKED,
};

/* What one header, local or central, says. */
struct zip_header {
    uint16_t made_by; /* central only, as are the next three */
    uint32_t attributes;
    uint64_t local;
    uint16_t comment_len;
    uint16_t flags;
    uint16_t method;
    uint32_t crc;
    uint64_t packed;
    uint64_t unpacked;
    bool saturated;          /* a size was 2^32 - 1 and no 64-bit one stood for it */
    struct redan_slice name; /* cut at ZIP_NAME; borrowed until the next view */
    size_t name_len;
    struct redan_slice
        unicode; /* the name of an Info-ZIP Unicode Path field that fits the name's checksum; empty without one */
    uint64_t len; /* of the header with all its fields */
};

struct zip_entry {
    struct zip_header
        said;    /* by the directory; of an orphan, by its local header. `name` is kept and cut */
    uint64_t at; /* of the central header */
    uint64_t local; /* of the local header in the source */
    uint64_t data;
    uint64_t extent; /* packed bytes that belong to it, cut at the source's end */
    uint64_t end;    /* past the data and its descriptor */
    uint16_t local_flags;
    uint16_t local_method;
    uint64_t local_packed; /* 0 when it says nothing */
    bool found;            /* there is a local header */
    bool orphan;           /* and no central one */
};

struct zip_directory {
    uint64_t start;
    uint64_t size;  /* as the end record says */
    uint64_t count; /* the same */
    uint64_t base;  /* what local offsets count from */
    uint64_t end;   /* where its headers really end */
    bool wide;      /* counted in 64 bits */
};

struct zip_end {
    uint64_t at;
    uint64_t len;  /* with its comment */
    uint64_t at64; /* of its 64-bit record and locator; 0 without */
    uint64_t locator;
};

/* A stretch of the source that is accounted for. */
struct zip_region {
    uint64_t start;
    uint64_t end;
    size_t entry; /* its place among the entries, or SIZE_MAX */
};

struct zip {
    struct redan_ctx *ctx;
    struct redan_source *source;
    const struct redan_listener *to;
    uint64_t size;
    struct redan_arena kept; /* entries' names */
    struct zip_entry *entries;
    size_t count, cap;
    struct zip_directory directories[ZIP_DIRECTORIES];
    size_t directory_count;
    struct zip_end ends[ZIP_ENDS];
    size_t end_count;
    struct zip_region *regions;
    size_t region_count, region_cap;
    uint64_t check_left; /* bytes that proving checksums may still read or make */
    unsigned checks_left;
    uint64_t hunt_left;         /* bytes that looking for what no directory names may still read */
    unsigned told[ZIP_DEFECTS]; /* by place in redan_zip_defects */
};

extern const char *const redan_zip_defects[];

/* zip.c. Tell a defect, unless many of its kind were told. */
REDAN_NODISCARD enum redan_status redan_zip_defect(struct zip *zip, const char *what,
                                                   uint64_t offset, struct redan_slice name,
                                                   struct redan_slice text);
/* The four bytes at `offset` as a number; 0 past the end. */
REDAN_NODISCARD enum redan_status redan_zip_signature(struct zip *zip, uint64_t offset,
                                                      uint32_t *signature);
REDAN_NODISCARD enum redan_status redan_zip_keep(struct zip *zip, struct redan_slice text,
                                                 struct redan_slice *kept);
/* One more entry, cleared; it moves with the next. */
REDAN_NODISCARD enum redan_status redan_zip_add_entry(struct zip *zip, struct zip_entry **entry);

/* zip_header.c. REDAN_E_SYNTAX without a record when there is no such header. */
REDAN_NODISCARD enum redan_status redan_zip_read_local(struct zip *zip, uint64_t at,
                                                       struct zip_header *header);
REDAN_NODISCARD enum redan_status redan_zip_read_central(struct zip *zip, uint64_t at,
                                                         struct zip_header *header);

/* zip_end.c: find the end records and the directories that they point to. */
REDAN_NODISCARD enum redan_status redan_zip_find_ends(struct zip *zip);
/* The last end record at or before the source's end, for sniffing; false when there is none that points to a directory. */
bool redan_zip_ends_here(struct redan_ctx *ctx, struct redan_source *source, bool *exact);

/* zip_directory.c: walk one directory into entries. */
REDAN_NODISCARD enum redan_status redan_zip_walk_directory(struct zip *zip,
                                                           struct zip_directory *directory);

/* zip_entry.c: find an entry's local header and data and compare them with what the directory says. */
REDAN_NODISCARD enum redan_status redan_zip_locate(struct zip *zip, struct zip_entry *entry);
/* Where the entry's descriptor ends, when there is one at `at` (APPNOTE 4.3.9); `at` when there is none. */
REDAN_NODISCARD enum redan_status redan_zip_descriptor_end(struct zip *zip,
                                                           const struct zip_entry *entry,
                                                           uint64_t at, uint64_t *end);

/* zip_tell.c: tell the member, and what is wrong with it. */
REDAN_NODISCARD enum redan_status redan_zip_tell_entry(struct zip *zip,
                                                       const struct zip_entry *entry);

/* zip_gap.c: whatever no directory names. */
REDAN_NODISCARD enum redan_status redan_zip_sweep(struct zip *zip);
REDAN_NODISCARD enum redan_status redan_zip_add_region(struct zip *zip, uint64_t start,
                                                       uint64_t end, size_t entry);

/* zip_names.c: names that stand for several members. */
REDAN_NODISCARD enum redan_status redan_zip_compare_names(struct zip *zip);

#endif
