/* The keyring on disk, for the commands that read it, and the root's signatures beside it. */
#ifndef REDAN_CMD_CLI_KEYS_H
#define REDAN_CMD_CLI_KEYS_H

#include "attest/keyring.h"
#include "cmd/cli.h"
#include "cmd/cli_sign.h"

/* The folder that holds keys.yaml: --dir, else the system's found from here, else redan/. It need not exist. */
REDAN_NODISCARD enum redan_status redan_cli_keys_folder(struct redan_cli *cli,
                                                        struct redan_slice *folder);
/* Read keys.yaml of a folder; `present` is false and the ring empty when there is none. Problems are a failure that names the first. */
REDAN_NODISCARD enum redan_status redan_cli_keyring(struct redan_cli *cli,
                                                    struct redan_slice folder, bool *present,
                                                    struct redan_keyring *ring);
/* A key file whose key must be one of the root's and valid; or, with `former`, of the root before it, which hands over. */
REDAN_NODISCARD enum redan_status redan_cli_root_signer(struct redan_cli *cli,
                                                        const struct redan_keyring *ring,
                                                        struct redan_slice path, bool keygen,
                                                        bool former,
                                                        struct redan_cli_signer *signer);
/* The text of keys.dsse.json or org.dsse.json over the bytes of keys.yaml or org.yaml (`name`), with these signers' signatures and those that
 * are there already over the same bytes. `found` receives how many of the ring's root have signed. */
REDAN_NODISCARD enum redan_status
redan_cli_root_sign(struct redan_cli *cli, const struct redan_keyring *ring,
                    struct redan_slice folder, struct redan_slice name, struct redan_slice bytes,
                    const struct redan_cli_signer *signers, size_t count,
                    struct redan_slice *signature, uint64_t *found);
/* Put it beside the file. */
REDAN_NODISCARD enum redan_status redan_cli_root_write(struct redan_cli *cli,
                                                       struct redan_slice folder,
                                                       struct redan_slice name,
                                                       struct redan_slice signature);

/* Every key as a line of an allowed_signers file (ssh-keygen(1)), for the namespace of Redan; a compromised one is left out, and said so. */
void redan_cli_allowed_signers(struct redan_buf *out, const struct redan_keyring *ring);

#endif
