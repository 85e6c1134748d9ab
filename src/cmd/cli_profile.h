/* A reference profile written where --out says, signed when there is a key. */
#ifndef REDAN_CMD_CLI_PROFILE_H
#define REDAN_CMD_CLI_PROFILE_H

#include "cmd/cli_sign.h"
#include "inference/profile.h"

/* Sign with --key or --ssh-key (neither: the bare statement), write in one step, and say so. `profile->digest` is set. */
REDAN_NODISCARD enum redan_status
redan_cli_profile_save(struct redan_cli *cli, struct redan_profile *profile, bool *is_signed);
/* A statement as a file: in an envelope when --key or --ssh-key is given, bare otherwise. */
REDAN_NODISCARD enum redan_status redan_cli_statement_sign(struct redan_cli *cli,
                                                           struct redan_slice payload,
                                                           struct redan_buf *out, bool *is_signed);

#endif
