/* What most commands begin with: the catalogue, the pinned root, the system's folder. */
#ifndef REDAN_CMD_CLI_SYSTEM_H
#define REDAN_CMD_CLI_SYSTEM_H

#include "cmd/cli.h"
#include "threat/system.h"

/* --root, else REDAN_ROOT, else /etc/redan/root. Nothing pinned is no failure; something that is no fingerprint is. */
REDAN_NODISCARD enum redan_status redan_cli_pin(struct redan_cli *cli, struct redan_pin *pin);
/* --at TIME sets the context's clock. */
REDAN_NODISCARD enum redan_status redan_cli_clock(struct redan_cli *cli);
/* The folder that --dir names, or that is found from here. */
REDAN_NODISCARD enum redan_status redan_cli_folder(struct redan_cli *cli,
                                                   struct redan_slice *folder);

/* A loaded system; redan_cli_system_done is for REDAN_DEFER. */
struct redan_cli_system {
    struct redan_system system;
};
REDAN_NODISCARD enum redan_status redan_cli_load(struct redan_cli *cli,
                                                 struct redan_cli_system *loaded);
void redan_cli_system_done(struct redan_cli_system *loaded);
/* Like load, and a form with problems is a failure that names the first. */
REDAN_NODISCARD enum redan_status redan_cli_load_sound(struct redan_cli *cli,
                                                       struct redan_cli_system *loaded);
/* The model's controls, and those of the organisation that it stands on. */
REDAN_NODISCARD enum redan_status redan_cli_controls(struct redan_cli *cli,
                                                     const struct redan_system *system,
                                                     const struct redan_control **controls,
                                                     size_t *count);
/* The query that "control/evidence" names. */
REDAN_NODISCARD enum redan_status redan_cli_query(struct redan_cli *cli,
                                                  const struct redan_system *system,
                                                  struct redan_slice name,
                                                  const struct redan_query **query);

#endif
