/* The command line: one table of commands, one table of options per command, one way to talk to people. */
#ifndef REDAN_CMD_CLI_H
#define REDAN_CMD_CLI_H

#include "base/buf.h"
#include "base/ctx.h"

enum { REDAN_EXIT_CLEAN = 0, REDAN_EXIT_FINDINGS = 1, REDAN_EXIT_USAGE = 2, REDAN_EXIT_UNDONE = 3 };

struct redan_option {
    const char *name; /* "root"; --root */
    char letter;      /* 0 for none */
    const char *arg;  /* "FINGERPRINT"; "[=FILE]" where it may be left out; NULL for a flag */
    const char *help;
};

struct redan_cli;

struct redan_command {
    const char *name;                   /* "check", "evidence add" */
    const char *args;                   /* "[DIR...]" */
    const char *summary;                /* one line */
    const char *text;                   /* the lesson of --help; may be NULL */
    const struct redan_option *options; /* ended by a NULL name; may be NULL */
    size_t least;                       /* positional arguments */
    size_t most;
    int (*run)(struct redan_cli *cli); /* an exit code */
    int refusal; /* the exit code of usage errors, where 2 may be another program's; 0 elsewhere */
};

extern const struct redan_command *const redan_commands[]; /* NULL-terminated */

struct redan_cli_value {
    const struct redan_option *option;
    struct redan_slice value; /* empty for a flag */
};

struct redan_cli {
    struct redan_ctx ctx;
    const struct redan_command *command;
    struct redan_cli_value *values;
    size_t value_count;
    struct redan_slice *args; /* positional */
    size_t arg_count;
    struct redan_buf out; /* what goes to standard output, in one piece at the end */
    bool colour;
    bool json;
    bool painted;   /* what goes out holds our own colours */
    bool simulated; /* --at was given */
};

/* Options that every command has. */
extern const struct redan_option redan_common_options[];

/* The last value of an option, or an empty slice. */
struct redan_slice redan_cli_value(const struct redan_cli *cli, const char *name);
bool redan_cli_has(const struct redan_cli *cli, const char *name);
/* The value with this number (0 first) of an option that may be repeated; false past the last. */
bool redan_cli_value_at(const struct redan_cli *cli, const char *name, size_t index,
                        struct redan_slice *value);
/* Say on standard error what the context's failure was, and return the exit code for it. */
int redan_cli_failed(struct redan_cli *cli);
/* A usage error: one sentence and where the help is. Returns REDAN_EXIT_USAGE. */
int redan_cli_usage(struct redan_cli *cli, const char *format, ...) REDAN_PRINTF(2, 3);
/* With --json, one object of texts as the answer of a command that did something; else nothing. */
struct redan_cli_field {
    const char *name;
    struct redan_slice value;
};
void redan_cli_object(struct redan_cli *cli, const struct redan_cli_field *fields, size_t count);
/* A remark on standard error that is not a failure ("wrote FILE"). Silent with --quiet. */
void redan_cli_say(const struct redan_cli *cli, const char *format, ...) REDAN_PRINTF(2, 3);

/* Blank out control characters, which could repaint a terminal; line breaks and tabs stay. */
void redan_cli_clean(char *text, size_t len);

/* The help of one command, or of all (cli_help.c). */
void redan_cli_help(struct redan_buf *out, const struct redan_command *command);
void redan_cli_overview(struct redan_buf *out);
/* The commands that begin with this word; false when there are none. */
bool redan_cli_group(struct redan_buf *out, const char *word);
const struct redan_command *redan_cli_find(int argc, char **argv, int *used);

#endif
