/* Whether what is judged came from a fork: from somebody who may propose a change, and whose word does not count here. */
#ifndef REDAN_CMD_CLI_FORK_H
#define REDAN_CMD_CLI_FORK_H

#include "cmd/cli.h"

struct redan_fork {
    bool is;
    struct redan_slice why; /* "a pull request from the fork mallory/app" */
};

/* From --fork, and from what GitHub and GitLab put into the environment. An event about a pull request that cannot be read counts as a fork's: the
 * doubt is on the stranger's side. */
REDAN_NODISCARD enum redan_status redan_cli_fork(struct redan_cli *cli, struct redan_fork *fork);
/* A failure where a fork's proposal is looked at: nothing of it is executed. */
REDAN_NODISCARD enum redan_status redan_cli_refuse_fork(struct redan_cli *cli);

#endif
