/* redan guard learn --from PROFILE --history LOGS: bounds of honest callers, class by class. */
#ifndef REDAN_CMD_GUARD_CALIBRATE_H
#define REDAN_CMD_GUARD_CALIBRATE_H

#include "cmd/command.h"

REDAN_NODISCARD enum redan_status redan_cli_guard_calibrate(struct redan_cli *cli);

#endif
