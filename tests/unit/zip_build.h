/* ZIP archives with any lie in any header, for tests of those who read them. */
#ifndef REDAN_TESTS_ZIP_BUILD_H
#define REDAN_TESTS_ZIP_BUILD_H

#include "base/buf.h"

enum { ZIP_BUILD_MEMBERS = 8 };

/* What a header says instead of the truth; a field of -1 says the truth. */
struct zip_lie {
    const char *name; /* NULL: the truth */
    size_t name_len;  /* 0: its length as text */
    int64_t flags;
    int64_t method;
    int64_t crc;
    int64_t packed;
    int64_t unpacked;
    int64_t offset; /* central only */
};
#define ZIP_TRUTH      \
    ((struct zip_lie){ \
        .flags = -1, .method = -1, .crc = -1, .packed = -1, .unpacked = -1, .offset = -1})

struct zip_member {
    const char *name;
    struct redan_slice bytes;
    bool deflated;
    bool streamed; /* sizes in a descriptor behind the data */
    bool hidden;   /* no central header */
    bool absent;   /* no local header nor data */
    uint32_t attributes;
    uint16_t made_by;
    uint16_t pad; /* bytes of an extra field that aligns */
    bool zip64;   /* both sizes in a 64-bit field of the local header */
    bool descriptor_lies;
    struct zip_lie local;
    struct zip_lie central;
    struct redan_slice before; /* bytes that stand before its local header */
};

struct zip_build {
    struct zip_member members[ZIP_BUILD_MEMBERS];
    size_t count;
    struct redan_slice prefix; /* not counted by the offsets */
    struct redan_slice comment;
    struct redan_slice trailing;
    bool zip64;      /* a 64-bit end record and its locator */
    bool zip64_lies; /* ... that counts one member less */
    bool no_end;
    int64_t count_said; /* -1: the truth; as are the next two */
    int64_t size_said;
    int64_t offset_said;
};

/* An archive of no members and no lies. */
struct zip_build zip_build_new(void);
/* One more member without lies. */
struct zip_member *zip_build_member(struct zip_build *zip, const char *name,
                                    struct redan_slice bytes);
/* The archive's bytes at the end of `out`. */
void zip_build_add(struct redan_buf *out, const struct zip_build *zip);

#endif
