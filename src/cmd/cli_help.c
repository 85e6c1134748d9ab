/* Help from the tables: the same rows that parse the options explain them. */
#include <string.h>

#include "cmd/cli.h"

enum { WIDTH = 80, HELP_COLUMN = 28, NAME_COLUMN = 19 };

const struct redan_option redan_common_options[] = {
    {"dir", 'C', "DIR", "the system's folder; by default redan/ here or above"},
    {"json", 0, NULL, "answer as JSON"},
    {"colour", 0, "WHEN", "auto, always or never"},
    {"quiet", 'q', NULL, "no remarks on standard error"},
    {"help", 'h', NULL, "this text"},
    {NULL, 0, NULL, NULL},
};

/* Words, broken before the edge of the screen; further lines begin at `indent`. `at` is the column before, where a blank is
 * needed unless it is the indent; returns the column after. */
static size_t words(struct redan_buf *out, struct redan_slice text, size_t at, size_t indent)
{
    while (text.len) {
        struct redan_slice word = {0};
        (void)redan_slice_cut(text, ' ', &word, &text);
        if (at > indent && at + 1 + word.len > WIDTH) {
            redan_buf_char(out, '\n');
            redan_buf_repeat(out, ' ', indent);
            at = indent;
        } else if (at > indent) {
            redan_buf_char(out, ' ');
            at++;
        }
        redan_buf_slice(out, word);
        at += word.len;
    }
    return at;
}

static void flow(struct redan_buf *out, const char *text, size_t indent)
{
    (void)words(out, redan_slice_of(text), indent, indent);
    redan_buf_char(out, '\n');
}

static void option_line(struct redan_buf *out, const struct redan_option *o)
{
    size_t start = out->len;

    if (o->letter)
        redan_buf_printf(out, "  -%c, --%s", o->letter, o->name);
    else
        redan_buf_printf(out, "      --%s", o->name);
    if (o->arg)
        redan_buf_printf(out, "%s%s", o->arg[0] == '[' ? "" : " ", o->arg);
    size_t taken = out->len - start;
    if (taken >= HELP_COLUMN) {
        redan_buf_char(out, '\n');
        taken = 0;
    }
    redan_buf_repeat(out, ' ', HELP_COLUMN - taken);
    flow(out, o->help, HELP_COLUMN);
}

/* A lesson: lines that begin with a blank are shown as they are, the others are paragraphs. */
static void lesson(struct redan_buf *out, struct redan_slice text)
{
    size_t at = 0;

    while (text.len) {
        struct redan_slice line = {0};
        (void)redan_slice_cut(text, '\n', &line, &text);
        bool plain = line.len > 0 && line.at[0] != ' ';
        if (at > 0 && !plain)
            redan_buf_char(out, '\n');
        if (plain) {
            at = words(out, line, at, 0);
            continue;
        }
        at = 0;
        redan_buf_slice(out, line);
        redan_buf_char(out, '\n');
    }
    if (at > 0)
        redan_buf_char(out, '\n');
}

void redan_cli_help(struct redan_buf *out, const struct redan_command *command)
{
    redan_buf_printf(out, "usage: redan %s [options]%s%s\n\n", command->name,
                     command->args[0] ? " " : "", command->args);
    flow(out, command->summary, 0);
    if (command->text) {
        redan_buf_char(out, '\n');
        lesson(out, redan_slice_of(command->text));
    }
    redan_buf_text(out, "\noptions\n");
    for (const struct redan_option *o = command->options; o && o->name; o++)
        option_line(out, o);
    for (const struct redan_option *o = redan_common_options; o->name; o++)
        option_line(out, o);
}

static void command_line(struct redan_buf *out, const struct redan_command *command)
{
    redan_buf_printf(out, "  %-16s ", command->name);
    flow(out, command->summary, NAME_COLUMN);
}

void redan_cli_overview(struct redan_buf *out)
{
    redan_buf_text(
        out, "redan: may this release of an ML system ship?\n\n"
             "A threat model in YAML names controls; signed evidence proves them; redan check\n"
             "puts both together and fails the release when a claim has no proof.\n\n"
             "usage: redan COMMAND [options] [arguments]\n\ncommands\n");
    for (size_t i = 0; redan_commands[i]; i++)
        command_line(out, redan_commands[i]);
    redan_buf_text(out,
                   "\nredan COMMAND --help teaches the command. Exit codes: 0 clean, 1 findings,\n"
                   "2 usage, 3 could not finish (treat as failure).\n");
}

bool redan_cli_group(struct redan_buf *out, const char *word)
{
    size_t len = strlen(word);
    size_t before = out->len;

    for (size_t i = 0; redan_commands[i]; i++) {
        const char *name = redan_commands[i]->name;
        if (strncmp(name, word, len) == 0 && name[len] == ' ')
            command_line(out, redan_commands[i]);
    }
    return out->len > before;
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
