/* What `redan guard replay` says: a screen for people, and an object for programs. */
#ifndef REDAN_CMD_REPLAY_REPORT_H
#define REDAN_CMD_REPLAY_REPORT_H

#include "cmd/cli.h"
#include "guard/replay.h"

/* `listed` callers at most. */
REDAN_NODISCARD enum redan_status redan_replay_text(struct redan_cli *cli,
                                                    const struct redan_edition *edition,
                                                    const struct redan_replay_report *report,
                                                    size_t listed);
REDAN_NODISCARD enum redan_status redan_replay_json(struct redan_cli *cli,
                                                    const struct redan_edition *edition,
                                                    const struct redan_replay_report *report,
                                                    size_t listed);

#endif
