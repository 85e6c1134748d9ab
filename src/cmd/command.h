/* The commands, for their table. */
#ifndef REDAN_CMD_COMMAND_H
#define REDAN_CMD_COMMAND_H

#include "cmd/cli.h"

extern const struct redan_command redan_cmd_approve;
extern const struct redan_command redan_cmd_check;
extern const struct redan_command redan_cmd_diff;
extern const struct redan_command redan_cmd_digest;
extern const struct redan_command redan_cmd_evidence_add;
extern const struct redan_command redan_cmd_evidence_import;
extern const struct redan_command redan_cmd_evidence_list;
extern const struct redan_command redan_cmd_evidence_run;
extern const struct redan_command redan_cmd_evidence_show;
extern const struct redan_command redan_cmd_guard_config;
extern const struct redan_command redan_cmd_guard_learn;
extern const struct redan_command redan_cmd_guard_probes;
extern const struct redan_command redan_cmd_guard_replay;
extern const struct redan_command redan_cmd_guard_run;
extern const struct redan_command redan_cmd_hook_install;
extern const struct redan_command redan_cmd_inspect;
extern const struct redan_command redan_cmd_keys_add;
extern const struct redan_command redan_cmd_keys_extract;
extern const struct redan_command redan_cmd_keys_list;
extern const struct redan_command redan_cmd_keys_new;
extern const struct redan_command redan_cmd_keys_revoke;
extern const struct redan_command redan_cmd_keys_rotate;
extern const struct redan_command redan_cmd_keys_show;
extern const struct redan_command redan_cmd_keys_sign;
extern const struct redan_command redan_cmd_lint;
extern const struct redan_command redan_cmd_new;
extern const struct redan_command redan_cmd_next;
extern const struct redan_command redan_cmd_pin;
extern const struct redan_command redan_cmd_org_new;
extern const struct redan_command redan_cmd_pack;
extern const struct redan_command redan_cmd_release_pin;
extern const struct redan_command redan_cmd_pr;
extern const struct redan_command redan_cmd_review;
extern const struct redan_command redan_cmd_run;
extern const struct redan_command redan_cmd_scan;
extern const struct redan_command redan_cmd_scan_disasm;
extern const struct redan_command redan_cmd_scan_explain;
extern const struct redan_command redan_cmd_scan_tables;
extern const struct redan_command redan_cmd_sign;
extern const struct redan_command redan_cmd_trust_show;
extern const struct redan_command redan_cmd_trust_update;
extern const struct redan_command redan_cmd_verify;
extern const struct redan_command redan_cmd_version;

#endif
