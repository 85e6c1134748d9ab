/* Command lines of the programs: one table of options, from which the help comes too. */
#ifndef FRAUD_CLI_H
#define FRAUD_CLI_H

#include "base/ctx.h"

enum fraud_option_kind {
    FRAUD_TEXT,   /* const char * */
    FRAUD_COUNT,  /* uint64_t within low .. high */
    FRAUD_NUMBER, /* double within low .. high */
    FRAUD_WORD,   /* const char *, one of `words` */
};

struct fraud_option {
    const char *name; /* with its dashes */
    enum fraud_option_kind kind;
    size_t offset; /* in the caller's struct */
    double low;
    double high;
    const char *const *words; /* ends with NULL */
    const char *help;
};

struct fraud_cli {
    const char *program;
    const char *about;
    const struct fraud_option *options;
    size_t count;
};

/* Fill `settings`, which holds the defaults. REDAN_E_USAGE says what is wrong and what to do. */
REDAN_NODISCARD enum redan_status fraud_cli_parse(struct redan_ctx *ctx,
                                                  const struct fraud_cli *cli, int argc,
                                                  char **argv, void *settings);
/* True when --help is among the arguments; the help is printed then. */
bool fraud_cli_help(const struct fraud_cli *cli, int argc, char **argv);
/* Print the context's failure to standard error; the program's exit code: 2 usage, 3 all else. */
int fraud_cli_failed(const struct fraud_cli *cli, const struct redan_ctx *ctx);
/* All of a program: help, options into `settings`, a context that may hold `memory` bytes (0: as many as any), and `run` with both. Its exit code. */
int fraud_cli_main(const struct fraud_cli *cli, int argc, char **argv, size_t memory,
                   void *settings, enum redan_status (*run)(struct redan_ctx *ctx, void *settings));
/* A finite decimal number, all of the text. */
bool fraud_cli_number(const char *text, double *value);

#endif
