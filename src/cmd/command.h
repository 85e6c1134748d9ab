/* The commands, for their table. */
#ifndef REDAN_CMD_COMMAND_H
#define REDAN_CMD_COMMAND_H

#include "cmd/cli.h"

extern const struct redan_command redan_cmd_approve;
extern const struct redan_command redan_cmd_check;
extern const struct redan_command redan_cmd_digest;
extern const struct redan_command redan_cmd_evidence_add;
extern const struct redan_command redan_cmd_evidence_import;
extern const struct redan_command redan_cmd_evidence_list;
extern const struct redan_command redan_cmd_evidence_run;
extern const struct redan_command redan_cmd_evidence_show;
extern const struct redan_command redan_cmd_keys_list;
extern const struct redan_command redan_cmd_keys_new;
extern const struct redan_command redan_cmd_keys_show;
extern const struct redan_command redan_cmd_keys_sign;
extern const struct redan_command redan_cmd_lint;
extern const struct redan_command redan_cmd_next;
extern const struct redan_command redan_cmd_release_pin;
extern const struct redan_command redan_cmd_version;

#endif
