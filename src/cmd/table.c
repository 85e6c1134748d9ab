/* The commands, in the order in which a newcomer meets them: a new one is one file and one line here. */
#include "cmd/command.h"

const struct redan_command *const redan_commands[] = {
    &redan_cmd_check,
    &redan_cmd_next,
    &redan_cmd_lint,
    &redan_cmd_release_pin,
    &redan_cmd_evidence_add,
    &redan_cmd_evidence_import,
    &redan_cmd_evidence_run,
    &redan_cmd_evidence_list,
    &redan_cmd_evidence_show,
    &redan_cmd_approve,
    &redan_cmd_keys_new,
    &redan_cmd_keys_list,
    &redan_cmd_keys_show,
    &redan_cmd_keys_sign,
    &redan_cmd_digest,
    &redan_cmd_version,
    NULL,
};
