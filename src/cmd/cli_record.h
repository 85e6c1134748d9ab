/* Signing and storing, for the commands that leave something behind. */
#ifndef REDAN_CMD_CLI_RECORD_H
#define REDAN_CMD_CLI_RECORD_H

#include "cmd/cli_sign.h"
#include "cmd/cli_system.h"

/* Sign `draft` with --key or --ssh-key, stamp it with --tsa where given, and put it into the evidence store under a lock, so that the producer's numbers
 * stay one after the other. Says where it went. */
REDAN_NODISCARD enum redan_status redan_cli_record(struct redan_cli *cli,
                                                   const struct redan_system *system,
                                                   struct redan_draft *draft);
/* The same where the options that name the signing key have other names. */
REDAN_NODISCARD enum redan_status redan_cli_record_with(struct redan_cli *cli,
                                                        const struct redan_system *system,
                                                        struct redan_draft *draft, const char *key,
                                                        const char *ssh_key);
/* That what was seen at `path` is what the release pins as the query's subject; REDAN_E_USAGE with the command that pins it. */
REDAN_NODISCARD enum redan_status redan_cli_pinned(struct redan_cli *cli,
                                                   const struct redan_query *query,
                                                   struct redan_slice path,
                                                   const struct redan_digest *seen);
/* Add an RFC 3161 stamp by the authority at --tsa to the envelope's last signature; nothing without --tsa. */
REDAN_NODISCARD enum redan_status redan_cli_stamp(struct redan_cli *cli,
                                                  struct redan_dsse *envelope);

/* The rows that every recording command has. */
#define REDAN_RECORD_OPTIONS                                                                      \
    REDAN_SIGN_OPTIONS, {"mode", 0, "MODE", "enforce (default) or observe: how the control ran"}, \
        {"ledger", 0, "ENV/STREAM", "where it ran; by default where the query asks"},             \
    {                                                                                             \
        "tsa", 0, "URL", "time-stamping authority (RFC 3161); without a stamp E2 is the most"     \
    }
/* Read --mode, --ledger and --n into the draft. */
REDAN_NODISCARD enum redan_status redan_cli_draft(struct redan_cli *cli, struct redan_draft *draft);

#endif
