/* keys.yaml being changed: what is added, and its signing by the root. */
#ifndef REDAN_CMD_CLI_RING_H
#define REDAN_CMD_CLI_RING_H

#include "cmd/cli_keys.h"

enum { REDAN_RING_SIGNERS = 16, REDAN_RING_YEAR = 365 * 86400 };

/* The rows of every command that changes keys.yaml. */
#define REDAN_RING_OPTIONS                                                                \
    {"sign-with", 0, "FILE", "a root key, to sign the changed keyring; may be repeated"}, \
        REDAN_SECRET_OPTION

struct redan_cli_ring {
    struct redan_slice folder;
    struct redan_keyring ring;
    bool present;                                        /* keys.yaml was there */
    struct redan_cli_signer signers[REDAN_RING_SIGNERS]; /* those of --sign-with */
    size_t signer_count;
    struct redan_keyring saved;   /* after saving: the ring as it was read back */
    struct redan_slice signature; /* and keys.dsse.json; empty when nobody signed */
    uint64_t signed_by;           /* how many of its root's keys have */
};

/* Read keys.yaml and the keys of --sign-with, which must be the root's when there is one already. redan_cli_ring_done is for REDAN_DEFER,
 * after every failure too. */
REDAN_NODISCARD enum redan_status redan_cli_ring_open(struct redan_cli *cli,
                                                      struct redan_cli_ring *edit);
void redan_cli_ring_done(struct redan_cli_ring *edit);
/* The same, and an absent keys.yaml is a failure. */
REDAN_NODISCARD enum redan_status redan_cli_ring_open_old(struct redan_cli *cli,
                                                          struct redan_cli_ring *edit);

/* A list or texts with one more at the end. */
REDAN_NODISCARD enum redan_status redan_cli_append(struct redan_ctx *ctx, struct redan_list *list,
                                                   size_t size, const void *item);
REDAN_NODISCARD enum redan_status
redan_cli_append_text(struct redan_ctx *ctx, struct redan_texts *texts, struct redan_slice text);
/* A holder, unless it is there: of kind --service, called --name. */
REDAN_NODISCARD enum redan_status redan_cli_ring_holder(struct redan_cli *cli,
                                                        struct redan_cli_ring *edit,
                                                        struct redan_slice holder);
/* The holder takes every role that --role names, with its --quorum. */
REDAN_NODISCARD enum redan_status
redan_cli_ring_roles(struct redan_cli *cli, struct redan_cli_ring *edit, struct redan_slice holder);
/* A key, valid from now until --until, or for `life` seconds when that is not given. An empty id becomes HOLDER-N. */
REDAN_NODISCARD enum redan_status
redan_cli_ring_key(struct redan_cli *cli, struct redan_cli_ring *edit, struct redan_slice id,
                   struct redan_slice holder, const struct redan_key *key, int64_t life,
                   struct redan_slice *made);
/* Whether what would be saved reads back without a problem: asked before anything else is written. */
REDAN_NODISCARD enum redan_status redan_cli_ring_try(struct redan_cli *cli,
                                                     const struct redan_cli_ring *edit);
/* Raise the version, and write keys.yaml with the root's signatures: nothing is written when it would not read back, or when a
 * signature cannot be made. Says what is still missing. Once. */
REDAN_NODISCARD enum redan_status redan_cli_ring_save(struct redan_cli *cli,
                                                      struct redan_cli_ring *edit);
/* Sign org.yaml as well, where there is one: after saving, and when its signatures may no longer be enough. */
REDAN_NODISCARD enum redan_status redan_cli_ring_org(struct redan_cli *cli,
                                                     struct redan_cli_ring *edit);

/* A new key of --type. */
REDAN_NODISCARD enum redan_status redan_cli_key_make(struct redan_cli *cli, struct redan_key **key);
/* Its private half into a new file of mode 0600, under a passphrase with --passphrase. */
REDAN_NODISCARD enum redan_status
redan_cli_key_write(struct redan_cli *cli, const struct redan_key *key, struct redan_slice path);
/* A public key from a file: OpenSSH's line or PEM. */
REDAN_NODISCARD enum redan_status
redan_cli_key_public(struct redan_cli *cli, struct redan_slice path, struct redan_key **key);

#endif
