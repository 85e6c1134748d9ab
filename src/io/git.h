/* Reading a git repository through the installed git: objects and names only, so that nothing which the repository configures is run. */
#ifndef REDAN_IO_GIT_H
#define REDAN_IO_GIT_H

#include "base/ctx.h"

/* A place in a repository. */
struct redan_git {
    struct redan_slice folder; /* where git is run: any folder of the work tree */
    struct redan_slice prefix; /* that folder from the top: "" or "serving/redan/" */
};

/* REDAN_E_ABSENT when the folder belongs to no repository, or git is not installed; the failure says which. */
REDAN_NODISCARD enum redan_status redan_git_open(struct redan_ctx *ctx, struct redan_slice folder,
                                                 struct redan_git *git);
/* The commit that a revision names ("main", "HEAD~1"), as hexadecimal digits. REDAN_E_ABSENT when there is none, REDAN_E_USAGE for what
 * can be no revision: one that begins with "-", or holds blanks or control characters. */
REDAN_NODISCARD enum redan_status redan_git_commit(struct redan_ctx *ctx,
                                                   const struct redan_git *git,
                                                   struct redan_slice revision,
                                                   struct redan_slice *commit);
/* Where two commits parted. REDAN_E_ABSENT when they have nothing in common, or a shallow clone lacks it. */
REDAN_NODISCARD enum redan_status redan_git_merge_base(struct redan_ctx *ctx,
                                                       const struct redan_git *git,
                                                       struct redan_slice a, struct redan_slice b,
                                                       struct redan_slice *commit);
/* A file of a commit, its path from the top. REDAN_E_ABSENT when there is none; REDAN_E_UNSUPPORTED for a link, a folder or a submodule. */
REDAN_NODISCARD enum redan_status redan_git_read(struct redan_ctx *ctx, const struct redan_git *git,
                                                 struct redan_slice commit, struct redan_slice path,
                                                 size_t max, struct redan_slice *bytes);
/* Every file of a commit below a folder, as paths from the top. None when the folder is not there. */
REDAN_NODISCARD enum redan_status
redan_git_files(struct redan_ctx *ctx, const struct redan_git *git, struct redan_slice commit,
                struct redan_slice folder, struct redan_slice **paths, size_t *count);
/* The files in which a commit and the index differ, as paths from the top: what was committed since, and what is staged. Files that are
 * changed but not staged are not among them: to compare those, git would run the repository's filters. */
REDAN_NODISCARD enum redan_status redan_git_changed(struct redan_ctx *ctx,
                                                    const struct redan_git *git,
                                                    struct redan_slice commit,
                                                    struct redan_slice **paths, size_t *count);

#endif
