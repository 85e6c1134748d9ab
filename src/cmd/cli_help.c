/* Help from the tables: the same rows that parse the options explain them. */
#include <string.h>

#include "cmd/cli.h"

enum { HELP_COLUMN = 26 };

const struct redan_option redan_common_options[] = {
    {"dir", 'C', "DIR", "the system's folder; by default redan/ here or above"},
    {"json", 0, NULL, "answer as JSON"},
    {"colour", 0, "WHEN", "auto, always or never"},
    {"quiet", 'q', NULL, "no remarks on standard error"},
    {"help", 'h', NULL, "this text"},
    {NULL, 0, NULL, NULL},
};

static void option_line(struct redan_buf *out, const struct redan_option *o)
{
    size_t start = out->len;

    if (o->letter)
        redan_buf_printf(out, "  -%c, --%s", o->letter, o->name);
    else
        redan_buf_printf(out, "      --%s", o->name);
    if (o->arg)
        redan_buf_printf(out, " %s", o->arg);
    size_t taken = out->len - start;
    if (taken >= HELP_COLUMN) {
        redan_buf_char(out, '\n');
        taken = 0;
    }
    redan_buf_repeat(out, ' ', HELP_COLUMN + 2 - taken);
    redan_buf_printf(out, "%s\n", o->help);
}

void redan_cli_help(struct redan_buf *out, const struct redan_command *command)
{
    redan_buf_printf(out, "usage: redan %s%s%s%s\n\n%s\n", command->name,
                     command->options ? " [options]" : "", command->args[0] ? " " : "",
                     command->args, command->summary);
    if (command->text)
        redan_buf_printf(out, "\n%s\n", command->text);
    redan_buf_text(out, "\noptions\n");
    for (const struct redan_option *o = command->options; o && o->name; o++)
        option_line(out, o);
    for (const struct redan_option *o = redan_common_options; o->name; o++)
        option_line(out, o);
}

void redan_cli_overview(struct redan_buf *out)
{
    redan_buf_text(
        out, "redan: may this release of an ML system ship?\n\n"
             "A threat model in YAML names controls; signed evidence proves them; redan check\n"
             "puts both together and fails the release when a claim has no proof.\n\n"
             "usage: redan COMMAND [options] [arguments]\n\ncommands\n");
    for (size_t i = 0; redan_commands[i]; i++)
        redan_buf_printf(out, "  %-16s %s\n", redan_commands[i]->name, redan_commands[i]->summary);
    redan_buf_text(out,
                   "\nredan COMMAND --help teaches the command. Exit codes: 0 clean, 1 findings,\n"
                   "2 usage, 3 could not finish (treat as failure).\n");
}

const struct redan_command *redan_cli_find(int argc, char **argv, int *used)
{
    const struct redan_command *best = NULL;

    *used = 0;
    for (size_t i = 0; redan_commands[i]; i++) {
        const char *name = redan_commands[i]->name;
        const char *space = strchr(name, ' ');
        size_t first = space ? (size_t)(space - name) : strlen(name);
        if (argc < 2 || strlen(argv[1]) != first || strncmp(argv[1], name, first) != 0)
            continue;
        if (!space && *used < 1) {
            best = redan_commands[i];
            *used = 1;
        } else if (space && argc > 2 && strcmp(argv[2], space + 1) == 0) {
            best = redan_commands[i];
            *used = 2;
        }
    }
    return best;
}
