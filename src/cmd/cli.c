/* What commands ask of the command line, and how they speak. */
#include "cmd/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "codec/json.h"

struct redan_slice redan_cli_value(const struct redan_cli *cli, const char *name)
{
    for (size_t i = cli->value_count; i > 0; i--) {
        if (strcmp(cli->values[i - 1].option->name, name) == 0)
            return cli->values[i - 1].value;
    }
    return (struct redan_slice){"", 0};
}

bool redan_cli_has(const struct redan_cli *cli, const char *name)
{
    struct redan_slice value;

    return redan_cli_value_at(cli, name, 0, &value);
}

bool redan_cli_value_at(const struct redan_cli *cli, const char *name, size_t index,
                        struct redan_slice *value)
{
    for (size_t i = 0; i < cli->value_count; i++) {
        if (strcmp(cli->values[i].option->name, name) != 0)
            continue;
        if (index == 0) {
            *value = cli->values[i].value;
            return true;
        }
        index--;
    }
    return false;
}

static int exit_of(enum redan_status status)
{
    switch (status) {
    case REDAN_OK:
        return REDAN_EXIT_CLEAN;
    case REDAN_E_USAGE:
        return REDAN_EXIT_USAGE;
    case REDAN_E_MEMORY:
    case REDAN_E_LIMIT:
    case REDAN_E_SYNTAX:
    case REDAN_E_SCHEMA:
    case REDAN_E_ABSENT:
    case REDAN_E_EXISTS:
    case REDAN_E_IO:
    case REDAN_E_CRYPTO:
    case REDAN_E_SIGNATURE:
    case REDAN_E_UNSUPPORTED:
        break;
    }
    return REDAN_EXIT_UNDONE;
}

void redan_cli_clean(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool c1 = c == 0xc2 && i + 1 < len && (unsigned char)text[i + 1] < 0xa0;
        if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f || c1)
            text[i] = '?';
        if (c1)
            text[i + 1] = '?';
    }
}

int redan_cli_failed(struct redan_cli *cli)
{
    struct redan_failure *f = &cli->ctx.failure;

    redan_cli_clean(f->name, strlen(f->name));
    redan_cli_clean(f->text, strlen(f->text));
    (void)fprintf(stderr, "redan %s: ", cli->command->name);
    if (f->name[0])
        (void)fprintf(stderr, "%s:", f->name);
    if (f->line)
        (void)fprintf(stderr, "%u:%u:", f->line, f->column);
    else if (f->name[0] && f->offset)
        (void)fprintf(stderr, "byte %llu:", (unsigned long long)f->offset);
    (void)fprintf(stderr, "%s%s\n", f->name[0] ? " " : "",
                  f->text[0] ? f->text : redan_status_name(f->status));
    return exit_of(f->status == REDAN_OK ? REDAN_E_IO : f->status);
}

int redan_cli_usage(struct redan_cli *cli, const char *format, ...)
{
    va_list args;

    (void)fprintf(stderr, "redan %s: ", cli->command->name);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fprintf(stderr, "\nsee: redan %s --help\n", cli->command->name);
    return REDAN_EXIT_USAGE;
}

void redan_cli_say(const struct redan_cli *cli, const char *format, ...)
{
    va_list args;

    if (redan_cli_has(cli, "quiet"))
        return;
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
}

void redan_cli_object(struct redan_cli *cli, const struct redan_cli_field *fields, size_t count)
{
    if (!cli->json)
        return;
    for (size_t i = 0; i < count; i++) {
        redan_buf_printf(&cli->out, "%s\"%s\": ", i ? ", " : "{", fields[i].name);
        redan_json_string_add(&cli->out, fields[i].value);
    }
    redan_buf_text(&cli->out, "}\n");
}
