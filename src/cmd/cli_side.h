/* The two sides of a difference: documents from files, folders, git revisions and approved steps, read and never run. */
#ifndef REDAN_CMD_CLI_SIDE_H
#define REDAN_CMD_CLI_SIDE_H

#include "cmd/cli_system.h"
#include "io/git.h"
#include "threat/diff.h"

enum { REDAN_SIDE_DOCUMENTS = 3 };           /* by enum redan_diff_document */
extern const char *const redan_side_files[]; /* "threatmodel.yaml" "org.yaml" "keys.yaml", NULL */

struct redan_side {
    struct redan_slice name; /* for people: "main (3f2a91c0d6e7)", "redan", "approval 2" */
    struct {
        bool known;                    /* whether this side can say what was there */
        const struct redan_node *root; /* NULL: there was none */
        struct redan_slice text;
        struct redan_slice file; /* as people name it */
    } documents[REDAN_SIDE_DOCUMENTS];
};

/* The documents in a system's folder; those that are not there are known to be absent. */
REDAN_NODISCARD enum redan_status
redan_side_folder(struct redan_cli *cli, struct redan_slice folder, struct redan_side *side);
/* The same at a commit, which `name` named. */
REDAN_NODISCARD enum redan_status
redan_side_commit(struct redan_cli *cli, const struct redan_git *git, struct redan_slice commit,
                  struct redan_slice name, struct redan_side *side);
/* An approved step: its threat model, and its organisation file where history/ has it. */
REDAN_NODISCARD enum redan_status redan_side_step(struct redan_cli *cli,
                                                  const struct redan_system *system,
                                                  const struct redan_history_step *step,
                                                  struct redan_side *side);
/* What an argument names: "sha256:..." an approved root, else a folder, else a file, else a revision. `folder` is the system's, found when
 * it is needed. */
REDAN_NODISCARD enum redan_status redan_side_named(struct redan_cli *cli, struct redan_slice text,
                                                   struct redan_side *side);
/* The differences of the documents that both sides know; `there` says which were compared. */
struct redan_side_diffs {
    bool there[REDAN_SIDE_DOCUMENTS];
    struct redan_diff diffs[REDAN_SIDE_DOCUMENTS];
    size_t loosened; /* in all */
};
REDAN_NODISCARD enum redan_status redan_side_compare(struct redan_cli *cli,
                                                     const struct redan_side *before,
                                                     const struct redan_side *after,
                                                     struct redan_side_diffs *diffs);
/* As members of a tree: {"threat-model": {...}, "org": ...}. */
REDAN_NODISCARD enum redan_status redan_side_tree(struct redan_cli *cli,
                                                  const struct redan_side_diffs *diffs,
                                                  struct redan_node *documents);

#endif
