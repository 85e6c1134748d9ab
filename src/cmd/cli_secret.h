/* Passphrases: from the terminal with its echo off, or from a descriptor; never from arguments or the environment. */
#ifndef REDAN_CMD_CLI_SECRET_H
#define REDAN_CMD_CLI_SECRET_H

#include "cmd/cli.h"

/* The row that every command with a private key has. */
#define REDAN_SECRET_OPTION                                                                       \
    {                                                                                             \
        "passphrase-fd", 0, "N", "read passphrases from this descriptor, one line each, in order" \
    }

/* One passphrase into `secret`, which is set up here and cleansed by redan_buf_done: a line of the descriptor that --passphrase-fd names,
 * else what is typed at the terminal. "Passphrase WHAT: " asks for it; `twice` asks again and compares. Empty ones are refused. Without a
 * terminal and without --passphrase-fd it is REDAN_E_USAGE: nothing waits for an answer that cannot come. */
REDAN_NODISCARD enum redan_status redan_cli_secret(struct redan_cli *cli, struct redan_slice what,
                                                   bool twice, struct redan_buf *secret);

#endif
