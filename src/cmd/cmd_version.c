/* redan version. */
#include "cmd/command.h"
#include "redan/version.h"

static int run(struct redan_cli *cli)
{
    if (cli->json)
        redan_buf_text(&cli->out, "{\"redan\": \"" REDAN_VERSION "\"}\n");
    else
        redan_buf_text(&cli->out, "redan " REDAN_VERSION "\n");
    return REDAN_EXIT_CLEAN;
}

const struct redan_command redan_cmd_version = {
    .name = "version",
    .args = "",
    .summary = "the program's version",
    .run = run,
};
