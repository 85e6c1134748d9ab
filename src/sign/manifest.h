/* What an OpenSSF Model Signing signature says: the manifest of a model's files (model-signing-spec v1.0, and the forms before it). */
#ifndef REDAN_SIGN_MANIFEST_H
#define REDAN_SIGN_MANIFEST_H

#include "base/buf.h"
#include "crypto/hash.h"
#include "io/tree.h"

#define REDAN_OMS_PREDICATE "https://model_signing/signature/v1.0"
#define REDAN_OMS_PREDICATE_OLD "https://model_signing/Digests/v0.1"

enum {
    REDAN_MANIFEST_ENTRIES = 2000000,
    REDAN_MANIFEST_NAME = 4096,
    REDAN_MANIFEST_DEPTH = 32,
};
#define REDAN_MANIFEST_SHARD UINT64_C(1000000000) /* bytes, the reference's default */

/* Left out at the top of every model (6.2): .git, .gitattributes, .github, .gitignore. */
enum { REDAN_MANIFEST_GIT = 4 };
extern const struct redan_slice redan_manifest_git[REDAN_MANIFEST_GIT];

/* One resource: a file, or a range of one. */
struct redan_manifest_entry {
    struct redan_slice
        path; /* below the model, "/" between, checked: relative, no "", ".", "..", NUL, backslash; "." only for a model that is one file in the reference's spelling */
    uint64_t from; /* shards: [from, to) in bytes; files: 0 and UINT64_MAX */
    uint64_t to;
    struct redan_sum sum;
};

struct redan_manifest {
    struct redan_slice name; /* of the subject; informative */
    bool old;                /* Digests/v0.1: no serialization, no root of its own */
    bool shards;
    uint64_t shard_size; /* bytes; 0 without shards */
    enum redan_hash hash;
    bool links;                 /* allow_symlinks */
    struct redan_slice *ignore; /* ignore_paths: relative, checked */
    size_t ignore_count;
    struct redan_manifest_entry *entries; /* in the order of the payload, which the root is over */
    size_t count;
    struct redan_digest root;
    struct redan_slice *remarks; /* accepted, and worth saying: another order, another spelling */
    size_t remark_count;
};

/* A payload that a signature was verified over. Strict: one subject, its sha256 the root recomputed in list order, names unique and checked, digests lower hex of the hash's length,
 * algorithm = hash_type (or the reference's "sha256-sharded-N"), shard ranges of each file without gap or overlap, at least one resource, predicate v1.x. REDAN_E_SCHEMA recorded with the reason.
 * Decided divergences: sign.md 1.2; docs/sign.md says each. */
REDAN_NODISCARD enum redan_status redan_manifest_parse(struct redan_ctx *ctx,
                                                       struct redan_slice payload,
                                                       struct redan_manifest *manifest);
/* The payload in the specification's form: compact JSON, resources sorted by name. `manifest->entries` are sorted and `root` is set. Deterministic: same files, same bytes. */
REDAN_NODISCARD enum redan_status redan_manifest_write(struct redan_ctx *ctx,
                                                       struct redan_manifest *manifest,
                                                       struct redan_slice *payload);

/* How a model's files become a manifest. */
struct redan_manifest_options {
    bool shards;
    uint64_t shard_size; /* 0: the default */
    enum redan_hash hash;
    bool links; /* follow symbolic links to files and folders, and hash what they lead to */
    const struct redan_slice *ignore; /* paths below the model, files or folders */
    size_t ignore_count;
    bool keep_git; /* do not leave out .git, .gitattributes, .github, .gitignore at the top */
    struct redan_slice
        signature; /* the signature file's own path below the model, left out; empty when it lies elsewhere */
    bool
        dot_name; /* a model that is one file is called "." as the reference client does, instead of its base name */
    const struct redan_tree_options *tree; /* progress and known digests; may be NULL */
    struct redan_tree *
        walked; /* receives what was walked, ranges with it, for a cache and for counts; may be NULL */
};
/* Hash a model. An empty model is REDAN_E_SCHEMA; a name that is not UTF-8, a link without `links`, a pipe, an unreadable folder are the walk's failures. */
REDAN_NODISCARD enum redan_status redan_manifest_make(struct redan_ctx *ctx,
                                                      struct redan_slice model,
                                                      const struct redan_manifest_options *options,
                                                      struct redan_manifest *manifest);

/* How files differ from a manifest. */
enum redan_manifest_fault {
    REDAN_MANIFEST_CHANGED, /* other bytes, or another length */
    REDAN_MANIFEST_MISSING,
    REDAN_MANIFEST_EXTRA, /* not signed */
};
extern const char *const redan_manifest_fault_words[]; /* "changed", "missing", "extra", NULL */

struct redan_manifest_difference {
    enum redan_manifest_fault fault;
    struct redan_slice path;
    struct redan_slice wanted; /* "sha256:...", empty for extra */
    struct redan_slice found;  /* empty for missing */
};

struct redan_manifest_check {
    bool ignore_unsigned;             /* files beside the signed ones are no fault */
    const struct redan_slice *ignore; /* beyond what the manifest itself ignores */
    size_t ignore_count;
    bool keep_git; /* as in signing: .git and the like must be signed too */
    bool links;    /* links are followed only where this AND the manifest allow them */
    struct redan_slice signature; /* path below the model of the signature file */
    const struct redan_slice
        *only; /* partial verification: these files (exact paths, or folders); empty: all */
    size_t only_count;
    const struct redan_tree_options *tree;
    struct redan_tree *walked; /* receives what was hashed; may be NULL */
};
/* Hash what the manifest names and compare. REDAN_OK with count 0: the model is what was signed. Differences sorted by path; the status is for what could not be read. */
REDAN_NODISCARD enum redan_status
redan_manifest_compare(struct redan_ctx *ctx, const struct redan_manifest *manifest,
                       struct redan_slice model, const struct redan_manifest_check *check,
                       struct redan_manifest_difference **differences, size_t *count);

#endif
