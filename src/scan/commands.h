/* Commands in text: what a shell, Python, Lua or R would be made to run, where a model's text has no reason to hold any. */
#ifndef REDAN_SCAN_COMMANDS_H
#define REDAN_SCAN_COMMANDS_H

#include "base/slice.h"

enum redan_command {
    REDAN_COMMAND_NONE,
    REDAN_COMMAND_RUNS, /* starts a program, evaluates code */
    REDAN_COMMAND_SEIZE, /* gives the machine away or wipes it: a reverse shell, a hidden PowerShell, rm -rf / */
};

/* The gravest command in a text; `seen` is where it stands in it, cut to what is worth showing. */
enum redan_command redan_command_in(struct redan_slice text, struct redan_slice *seen);
/* An address under a name that speaks of sending or fetching: "callback=https://..."; `name` may be empty. */
bool redan_command_address(struct redan_slice name, struct redan_slice text,
                           struct redan_slice *seen);

#endif
