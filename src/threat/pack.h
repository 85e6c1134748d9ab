/* An auditor's bundle: everything that a verdict stands on, in one archive that is verified on another machine. */
#ifndef REDAN_THREAT_PACK_H
#define REDAN_THREAT_PACK_H

#include "io/ustar.h"
#include "record/verdict.h"
#include "threat/system.h"

#define REDAN_PACK_SCHEMA "redan/pack/1"

enum {
    REDAN_PACK_MOST = 64 << 20
}; /* bytes of a whole pack; its files are at most REDAN_USTAR_FILES */

/* What the manifest says; nothing of it is signed, so all of it is a claim. */
struct redan_pack_claim {
    struct redan_slice tool;    /* "redan 0.1.0" */
    int64_t made;               /* when */
    struct redan_slice system;  /* its id */
    struct redan_digest root;   /* canonical root of the threat model */
    struct redan_slice verdict; /* "pass" ... at that time */
    struct redan_digest catalog;
    struct redan_slice stride; /* name of the application threat model's file; empty for none */
};

struct redan_pack {
    struct redan_pack_claim claim;
    struct redan_ustar_file *files; /* without the manifest, by name */
    size_t count;
    struct redan_ustar_file *judged; /* those of them that a check reads */
    size_t judged_count;
};

/* Read the files of a loaded system's folder and its verdict into an archive; `tool` names this program. Symbolic links and odd files are refused, and
 * so is anything that holds a private key. The same folder, verdict and time give the same bytes. */
REDAN_NODISCARD enum redan_status redan_pack_make(struct redan_ctx *ctx,
                                                  const struct redan_system *system,
                                                  const struct redan_verdict *verdict,
                                                  struct redan_slice tool, struct redan_buf *out);

/* An archive taken apart; everything borrows from `text`. Every file must be one that a pack holds, and have the size and digest of the manifest, which is
 * itself spelled in one way only. REDAN_E_SYNTAX or REDAN_E_SCHEMA says what is wrong. */
REDAN_NODISCARD enum redan_status redan_pack_read(struct redan_ctx *ctx, struct redan_slice text,
                                                  struct redan_pack *pack);

/* Whether the catalogue in the pack is, byte for byte, the one compiled in. */
bool redan_pack_same_catalog(const struct redan_pack *pack);

/* Inside the room: the text of MANIFEST.json for these files. */
REDAN_NODISCARD enum redan_status redan_pack_manifest(struct redan_ctx *ctx,
                                                      const struct redan_pack_claim *claim,
                                                      const struct redan_ustar_file *files,
                                                      size_t count, struct redan_slice *text);
/* Whether a check of a folder reads a file of this name, though redan would have named it otherwise. */
bool redan_pack_misnamed(struct redan_slice name);
/* Whether a file of this name belongs into a pack; `judged` tells whether a check reads it. */
bool redan_pack_knows(struct redan_slice name, struct redan_slice stride, bool *judged);

#endif
