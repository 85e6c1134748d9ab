/* Reads "--name value" by table. */
#include "cli.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool fraud_cli_number(const char *text, double *value)
{
    char *end = NULL;
    double number = strtod(text, &end);

    if (*text == '\0' || *end != '\0' || strspn(text, "0123456789.eE+-") != strlen(text) ||
        !isfinite(number))
        return false;
    *value = number;
    return true;
}

static enum redan_status set_count(struct redan_ctx *ctx, const struct fraud_option *option,
                                   const char *text, void *place)
{
    uint64_t value = 0;

    if (!redan_slice_u64(redan_slice_of(text), &value) || (double)value < option->low ||
        (double)value > option->high)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "%s %s: give a whole number from %.0f to %.0f",
                          option->name, text, option->low, option->high);
    memcpy(place, &value, sizeof(value));
    return REDAN_OK;
}

static enum redan_status set_number(struct redan_ctx *ctx, const struct fraud_option *option,
                                    const char *text, void *place)
{
    double value = 0;

    if (!fraud_cli_number(text, &value) || value < option->low || value > option->high)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "%s %s: give a number from %g to %g", option->name,
                          text, option->low, option->high);
    memcpy(place, &value, sizeof(value));
    return REDAN_OK;
}

static enum redan_status set_word(struct redan_ctx *ctx, const struct fraud_option *option,
                                  const char *text, void *place)
{
    char known[200] = "";
    size_t len = 0;

    for (const char *const *word = option->words; *word; word++) {
        if (strcmp(text, *word) == 0) {
            memcpy(place, word, sizeof(*word));
            return REDAN_OK;
        }
        int n = snprintf(known + len, sizeof(known) - len, "%s%s", len ? ", " : "", *word);
        len = n < 0 ? len : redan_min_size(len + (size_t)n, sizeof(known) - 1);
    }
    return redan_fail(ctx, REDAN_E_USAGE, 0, "%s %s: give one of %s", option->name, text, known);
}

static enum redan_status set(struct redan_ctx *ctx, const struct fraud_option *option,
                             const char *text, void *place)
{
    switch (option->kind) {
    case FRAUD_COUNT:
        return set_count(ctx, option, text, place);
    case FRAUD_NUMBER:
        return set_number(ctx, option, text, place);
    case FRAUD_WORD:
        return set_word(ctx, option, text, place);
    case FRAUD_TEXT:
        break;
    }
    memcpy(place, &text, sizeof(text));
    return REDAN_OK;
}

enum redan_status fraud_cli_parse(struct redan_ctx *ctx, const struct fraud_cli *cli, int argc,
                                  char **argv, void *settings)
{
    for (int i = 1; i < argc; i++) {
        const struct fraud_option *option = NULL;
        for (size_t k = 0; k < cli->count && !option; k++)
            option = strcmp(argv[i], cli->options[k].name) == 0 ? &cli->options[k] : NULL;
        if (!option)
            return redan_fail(ctx, REDAN_E_USAGE, 0, "unknown argument %s; %s --help lists them",
                              argv[i], cli->program);
        char *place = (char *)settings + option->offset;
        if (i + 1 >= argc)
            return redan_fail(ctx, REDAN_E_USAGE, 0, "%s needs a value: %s", argv[i], option->help);
        REDAN_TRY(set(ctx, option, argv[++i], place));
    }
    return REDAN_OK;
}

bool fraud_cli_help(const struct fraud_cli *cli, int argc, char **argv)
{
    bool asked = false;

    for (int i = 1; i < argc; i++)
        asked = asked || strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
    if (!asked)
        return false;
    printf("%s: %s\n\n", cli->program, cli->about);
    for (size_t k = 0; k < cli->count; k++)
        printf("  %-16s %s\n", cli->options[k].name, cli->options[k].help);
    return true;
}

int fraud_cli_failed(const struct fraud_cli *cli, const struct redan_ctx *ctx)
{
    const struct redan_failure *failure = &ctx->failure;

    (void)fprintf(stderr, "%s: ", cli->program);
    if (failure->name[0])
        (void)fprintf(stderr, "%s: ", failure->name);
    if (failure->line)
        (void)fprintf(stderr, "line %u: ", failure->line);
    (void)fprintf(stderr, "%s\n", failure->text);
    return failure->status == REDAN_E_USAGE ? 2 : 3;
}

int fraud_cli_main(const struct fraud_cli *cli, int argc, char **argv, size_t memory,
                   void *settings, enum redan_status (*run)(struct redan_ctx *ctx, void *settings))
{
    REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {.now = 0};
    struct redan_limits limits = redan_limits_default;

    if (fraud_cli_help(cli, argc, argv))
        return 0;
    if (memory)
        limits.memory = memory;
    redan_ctx_init(&ctx, &limits);
    if (fraud_cli_parse(&ctx, cli, argc, argv, settings) != REDAN_OK ||
        run(&ctx, settings) != REDAN_OK)
        return fraud_cli_failed(cli, &ctx);
    return 0;
}
