/* What is signed: the files of a model with their digests, hashed, remembered, or told by a store. */
#ifndef REDAN_CMD_SIGN_FILES_H
#define REDAN_CMD_SIGN_FILES_H

#include "cmd/cli_model.h"
#include "sign/known.h"
#include "sign/manifest.h"

struct redan_sign_files {
    struct redan_cli_model model;
    struct redan_slice signature; /* where it goes */
    struct redan_slice below;     /* that, below the model; empty elsewhere */
    struct redan_manifest_options options;
    struct redan_known *known; /* NULL without --cache */
    struct redan_cli_progress progress;
    struct redan_tree walked;
    struct redan_manifest manifest;
    size_t count;   /* files */
    uint64_t bytes; /* of them all */
    bool bytes_known;
    size_t reused;
    size_t sampled;
};

/* Read the options; nothing is hashed. */
REDAN_NODISCARD enum redan_status redan_sign_files_open(struct redan_cli *cli,
                                                        struct redan_sign_files *files);
/* Hash, or take what is known. Fills the manifest and the counts. */
REDAN_NODISCARD enum redan_status redan_sign_files_hash(struct redan_cli *cli,
                                                        struct redan_sign_files *files);
/* Once the signature is written: keep the digests for the next time. */
REDAN_NODISCARD enum redan_status redan_sign_files_remember(struct redan_cli *cli,
                                                            struct redan_sign_files *files);
void redan_sign_files_done(struct redan_sign_files *files);
/* How many files a manifest is about: pieces of one count once. */
size_t redan_sign_files_count(const struct redan_manifest *manifest);

#endif
