/* Inside the room: what reading, writing, making and comparing manifests share. */
#ifndef REDAN_SIGN_MANIFEST_PARTS_H
#define REDAN_SIGN_MANIFEST_PARTS_H

#include "sign/manifest.h"

#define REDAN_MANIFEST_EMPTY "https://redan.dev/oms/empty-files"

/* What a manifest of shards says of a file without bytes: one entry [0, 0), which is no resource. */
static inline bool redan_manifest_is_empty(const struct redan_manifest *manifest,
                                           const struct redan_manifest_entry *entry)
{
    return manifest->shards && entry->to == 0;
}

/* One file of a manifest: its entries by offset. */
struct redan_manifest_file {
    struct redan_slice path;
    const uint32_t *entries; /* indexes into manifest->entries */
    size_t count;
};
/* All files sorted by path, bytewise; in the arena. */
REDAN_NODISCARD enum redan_status redan_manifest_files(struct redan_ctx *ctx,
                                                       const struct redan_manifest *manifest,
                                                       struct redan_manifest_file **files,
                                                       size_t *count);

/* Why this is no path below a model as the specification wants it (6.1.2), or NULL. */
const char *redan_manifest_path_fault(struct redan_slice path);
/* The same for what is to be ignored (6.2.1): no patterns either, and never the model itself. */
const char *redan_manifest_ignore_fault(struct redan_slice path);
/* Whether `path` is `top` or lies below it; or one of many, sorted by redan_manifest_by_text. */
bool redan_manifest_below(struct redan_slice path, struct redan_slice top);
int redan_manifest_by_text(const void *a, const void *b);
bool redan_manifest_below_any(struct redan_slice path, const struct redan_slice *tops,
                              size_t count);
/* Each file once, its shards without gap or overlap, no two names that are one under NFC (UAX 15); REDAN_E_SCHEMA. Names that differ
 * in case alone become a remark. */
REDAN_NODISCARD enum redan_status redan_manifest_check_names(struct redan_ctx *ctx,
                                                             struct redan_manifest *manifest);
/* What is left out of a model: what the caller says (REDAN_E_USAGE when it is no such path), the signature, git's own. Sorted, each once; in
 * the arena. */
struct redan_manifest_ignore {
    const struct redan_slice *more;
    size_t more_count;
    const struct redan_slice *signed_more; /* what a manifest itself says */
    size_t signed_count;
    struct redan_slice signature;
    bool keep_git;
};
REDAN_NODISCARD enum redan_status redan_manifest_ignored(struct redan_ctx *ctx,
                                                         const struct redan_manifest_ignore *from,
                                                         struct redan_slice **list, size_t *count);
/* The specification's order (5.2.1): whole names by code points. */
void redan_manifest_sort(struct redan_manifest *manifest);
/* SHA-256 over the digests of the resources, in their order (6.5.1). */
REDAN_NODISCARD enum redan_status redan_manifest_root(struct redan_ctx *ctx,
                                                      const struct redan_manifest *manifest,
                                                      struct redan_digest *root);
/* One remark more; beyond sixteen they are left out. */
REDAN_NODISCARD enum redan_status redan_manifest_remark(struct redan_ctx *ctx,
                                                        struct redan_manifest *manifest,
                                                        const char *format, ...) REDAN_PRINTF(3, 4);

#endif
