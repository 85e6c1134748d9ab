/* The program: find the command, read its options by its table, run it, print once. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cli.h"

enum { OPTIONS_MAX = 48, FIRST_LONG = 256 };

struct parser {
    struct option longs[OPTIONS_MAX + 1];
    const struct redan_option *options[OPTIONS_MAX];
    char letters[2 * OPTIONS_MAX + 2];
    size_t count;
};

static void add_options(struct parser *p, const struct redan_option *options)
{
    size_t n = strlen(p->letters);

    for (const struct redan_option *o = options; o && o->name && p->count < OPTIONS_MAX; o++) {
        p->options[p->count] = o;
        int takes = !o->arg            ? no_argument
                    : o->arg[0] == '[' ? optional_argument
                                       : required_argument;
        p->longs[p->count] = (struct option){o->name, takes, NULL, FIRST_LONG + (int)p->count};
        if (o->letter) {
            p->letters[n++] = o->letter;
            if (o->arg)
                p->letters[n++] = ':';
            p->letters[n] = '\0';
        }
        p->count++;
    }
}

static const struct redan_option *chosen(const struct parser *p, int code)
{
    if (code >= FIRST_LONG)
        return p->options[code - FIRST_LONG];
    for (size_t i = 0; i < p->count; i++) {
        if (p->options[i]->letter == (char)code)
            return p->options[i];
    }
    return NULL;
}

/* 0, or the exit code of a usage error (said). argv[0] is the command's last word. */
static int parse(struct redan_cli *cli, int argc, char **argv)
{
    struct parser p = {.letters = ":"};

    add_options(&p, cli->command->options);
    add_options(&p, redan_common_options);
    cli->values = redan_take_array(&cli->ctx, (size_t)argc + 1, sizeof(*cli->values));
    cli->args = redan_take_array(&cli->ctx, (size_t)argc + 1, sizeof(*cli->args));
    if (!cli->values || !cli->args)
        return redan_cli_failed(cli);
    opterr = 0;
    for (;;) {
        int code = getopt_long(argc, argv, p.letters, p.longs, NULL);
        if (code == -1)
            break;
        if (code == ':')
            return redan_cli_usage(cli, "%s needs a value", argv[optind - 1]);
        const struct redan_option *option = code == '?' ? NULL : chosen(&p, code);
        if (!option)
            return redan_cli_usage(cli, "unknown option %s", argv[optind - 1]);
        cli->values[cli->value_count++] = (struct redan_cli_value){
            option, option->arg ? redan_slice_of(optarg) : (struct redan_slice){"", 0}};
    }
    for (int i = optind; i < argc; i++)
        cli->args[cli->arg_count++] = redan_slice_of(argv[i]);
    return 0;
}

static int check_args(struct redan_cli *cli)
{
    const struct redan_command *c = cli->command;
    struct redan_slice colour = redan_cli_value(cli, "colour");
    const char *plain = getenv("NO_COLOR");

    if (cli->arg_count < c->least)
        return redan_cli_usage(cli, "an argument is missing: redan %s %s", c->name, c->args);
    if (cli->arg_count > c->most)
        return redan_cli_usage(cli, "\"%.*s\" is one argument too many",
                               REDAN_FMT(cli->args[c->most]));
    cli->json = redan_cli_has(cli, "json");
    if (colour.len == 0 || redan_slice_is(colour, "auto"))
        cli->colour = !cli->json && !(plain && *plain) && isatty(STDOUT_FILENO) == 1;
    else if (redan_slice_is(colour, "always"))
        cli->colour = true;
    else if (!redan_slice_is(colour, "never"))
        return redan_cli_usage(cli, "--colour takes auto, always or never");
    return 0;
}

/* Everything that was to be said, or the reason why it could not be. */
static int flush(struct redan_cli *cli, int code)
{
    struct redan_slice text = redan_buf_view(&cli->out);

    if (redan_buf_ok(&cli->ctx, &cli->out, "the answer") != REDAN_OK)
        return redan_cli_failed(cli);
    if (!cli->painted)
        redan_cli_clean(cli->out.data, cli->out.len);
    if (fwrite(text.at, 1, text.len, stdout) != text.len || fflush(stdout) != 0) {
        (void)fprintf(stderr, "redan: standard output: %s\n", strerror(errno));
        return REDAN_EXIT_UNDONE;
    }
    return code;
}

static int run(struct redan_cli *cli, int argc, char **argv)
{
    int code = parse(cli, argc, argv);

    if (code == 0 && redan_cli_has(cli, "help")) {
        redan_cli_help(&cli->out, cli->command);
        return flush(cli, REDAN_EXIT_CLEAN);
    }
    if (code == 0)
        code = check_args(cli);
    if (code != 0)
        return cli->command->refusal ? cli->command->refusal : code;
    return flush(cli, cli->command->run(cli));
}

/* No command, the first word of several, or a request for help. */
static int orient(struct redan_cli *cli, int argc, char **argv)
{
    static const struct redan_command none = {.name = "help", .args = "", .summary = ""};
    const char *word = argc > 1 ? argv[1] : "";
    bool help = strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
    int used = 0;

    cli->command = &none;
    if (help && argc > 2) {
        const struct redan_command *command = redan_cli_find(argc - 1, argv + 1, &used);
        if (command) {
            redan_cli_help(&cli->out, command);
            return flush(cli, REDAN_EXIT_CLEAN);
        }
        word = argv[2];
    } else if (help || argc < 2) {
        redan_cli_overview(&cli->out);
        return flush(cli, help ? REDAN_EXIT_CLEAN : REDAN_EXIT_USAGE);
    }
    if (redan_cli_group(&cli->out, word)) {
        (void)fprintf(stderr, "redan %s: one more word is needed\n", word);
        return flush(cli, REDAN_EXIT_USAGE);
    }
    if (word[0] == '-') {
        (void)fprintf(stderr, "redan: options follow the command: redan COMMAND %s\n", word);
        return REDAN_EXIT_USAGE;
    }
    (void)fprintf(stderr, "redan: unknown command \"%s\"; redan --help lists them\n", word);
    return REDAN_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct redan_cli cli = {0};
    char version[] = "version";
    int used = 0;

    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        argv[1] = version;
    redan_ctx_init(&cli.ctx, NULL);
    redan_buf_init(&cli.out, &cli.ctx, (size_t)256 << 20);
    cli.command = redan_cli_find(argc, argv, &used);
    int code = cli.command ? run(&cli, argc - used, argv + used) : orient(&cli, argc, argv);
    redan_buf_done(&cli.out);
    redan_ctx_done(&cli.ctx);
    return code;
}
