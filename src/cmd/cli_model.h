/* The model of a command line: the file or folder that is signed or verified, what is left out of it, and where its signature lies. */
#ifndef REDAN_CMD_CLI_MODEL_H
#define REDAN_CMD_CLI_MODEL_H

#include "cmd/cli.h"
#include "io/tree.h"

/* The rows of every command that hashes a model. */
#define REDAN_MODEL_OPTIONS                                                                     \
    {"ignore-paths", 0, "PATH", "a file or folder of the model to leave out; may be repeated"}, \
        {"ignore-git-paths", 0, NULL,                                                           \
         "leave out .git, .gitattributes, .github, .gitignore at the top (as is done)"},        \
        {"no-ignore-git-paths", 0, NULL, "do not leave them out"},                              \
    {                                                                                           \
        "allow-symlinks", 0, NULL, "follow symbolic links, and hash what they lead to"          \
    }

struct redan_cli_model {
    struct redan_slice path;  /* as given, without slashes at its end */
    struct redan_slice whole; /* absolute, without "." and ".." */
    struct redan_slice name;  /* the last part of that */
    bool there;
    bool folder;
    bool links;
    bool keep_git;
    struct redan_slice *ignore; /* below the model */
    size_t ignore_count;
};

/* A model may have two million files, and its signature 256 MiB: more than other commands may hold. */
void redan_cli_model_room(struct redan_cli *cli);
/* Reads the rows above. What --ignore-paths names is meant from here and counts only inside the model, as the reference client has it; what lies elsewhere is
 * said. `must` refuses a model that is not there. */
REDAN_NODISCARD enum redan_status redan_cli_model_open(struct redan_cli *cli,
                                                       struct redan_slice path, bool must,
                                                       struct redan_cli_model *model);
/* Where `path`, meant from here, lies below the model, whether it is there or not; empty when it lies elsewhere, "." when it is the model. */
REDAN_NODISCARD enum redan_status redan_cli_model_below(struct redan_cli *cli,
                                                        const struct redan_cli_model *model,
                                                        struct redan_slice path,
                                                        struct redan_slice *below);
/* The signature that goes with a model where nobody names one: MODEL/model.sig, and FILE.sig beside a file. */
REDAN_NODISCARD enum redan_status redan_cli_model_signature(struct redan_cli *cli,
                                                            const struct redan_cli_model *model,
                                                            struct redan_slice *path);

/* A line on a terminal that says how far the hashing is. */
struct redan_cli_progress {
    bool watched;
    double begun;
    double shown;
};
void redan_cli_progress_begin(const struct redan_cli *cli, struct redan_cli_progress *progress);
void redan_cli_progress(struct redan_cli_progress *progress, uint64_t bytes, uint64_t total);
void redan_cli_progress_end(struct redan_cli_progress *progress); /* the line goes */

/* "1 file", "3 files"; "1.2 GB" (powers of ten). For people. */
void redan_cli_count(struct redan_buf *out, uint64_t count, const char *what);
void redan_cli_size(struct redan_buf *out, uint64_t bytes);
/* Bytes as "8M" (powers of two, K M G) or "1000000000". */
bool redan_cli_size_parse(struct redan_slice text, uint64_t *bytes);

#endif
