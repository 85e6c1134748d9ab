/* The keyring on disk, for the commands that read and change it. */
#ifndef REDAN_CMD_CLI_KEYS_H
#define REDAN_CMD_CLI_KEYS_H

#include "attest/keyring.h"
#include "cmd/cli.h"

/* The folder that holds keys.yaml: --dir, else the system's found from here, else redan/. It need not exist. */
REDAN_NODISCARD enum redan_status redan_cli_keys_folder(struct redan_cli *cli,
                                                        struct redan_slice *folder);
/* Read keys.yaml of a folder; `present` is false and the ring empty when there is none. Problems are a failure that names the first. */
REDAN_NODISCARD enum redan_status redan_cli_keyring(struct redan_cli *cli,
                                                    struct redan_slice folder, bool *present,
                                                    struct redan_keyring *ring);
/* Sign the bytes of keys.yaml or org.yaml with a root key, into keys.dsse.json or org.dsse.json beside it; signatures that are there already
 * over the same bytes stay. `count` receives how many there are now. */
REDAN_NODISCARD enum redan_status
redan_cli_root_sign(struct redan_cli *cli, struct redan_slice folder, struct redan_slice name,
                    struct redan_slice bytes, const struct redan_key *key, size_t *count);
/* A private key from a file, which must be one of the root's. */
REDAN_NODISCARD enum redan_status redan_cli_root_key(struct redan_cli *cli,
                                                     const struct redan_keyring *ring,
                                                     struct redan_slice path,
                                                     struct redan_key **key);

#endif
