/* Reads the event of GitHub Actions and the variables of GitLab to tell a fork's proposal from one of the house. */
#include "cmd/cli_fork.h"

#include <stdlib.h>

#include "codec/json.h"
#include "io/file.h"

enum { EVENT_MOST = 32 << 20 }; /* GitHub caps a payload at 25 MB */

static struct redan_slice variable(const char *name)
{
    return redan_slice_of(getenv(name));
}

static enum redan_status found(struct redan_ctx *ctx, struct redan_fork *fork, const char *what,
                               struct redan_slice name)
{
    fork->is = true;
    return redan_format(ctx, &fork->why, "%s%.*s", what, REDAN_FMT(redan_slice_sub(name, 0, 200)));
}

static bool is_fork(const struct redan_node *repository)
{
    const struct redan_node *flag = redan_node_get(repository, "fork");
    bool truth = false;

    return flag && redan_node_bool(flag, &truth) && truth;
}

/* Two repositories of an event, by their full names. Without both nobody can tell. */
static enum redan_status compare(struct redan_ctx *ctx, const struct redan_node *head,
                                 const struct redan_node *base, struct redan_fork *fork)
{
    struct redan_slice theirs = redan_node_text(head, "full_name");
    struct redan_slice ours = redan_node_text(base, "full_name");

    if (theirs.len == 0 || ours.len == 0) /* a deleted fork is null */
        return found(ctx, fork, "a pull request from a repository that the event does not name",
                     (struct redan_slice){"", 0});
    if (!redan_slice_eq(theirs, ours))
        return found(ctx, fork, "a pull request from the fork ", theirs);
    /* a repository that is itself a fork of something else says so on both sides */
    if (is_fork(head) && !is_fork(base))
        return found(ctx, fork, "a pull request from the fork ", theirs);
    return REDAN_OK;
}

/* A payload, by what stands in it rather than by the name of the event. */
static enum redan_status judge_event(struct redan_ctx *ctx, const struct redan_node *event,
                                     struct redan_fork *fork)
{
    const struct redan_node *request = redan_node_get(event, "pull_request");
    const struct redan_node *run = redan_node_get(event, "workflow_run");
    const struct redan_node *issue = redan_node_get(event, "issue");

    if (request)
        return compare(ctx, redan_node_get(redan_node_get(request, "head"), "repo"),
                       redan_node_get(redan_node_get(request, "base"), "repo"), fork);
    if (run)
        return compare(ctx, redan_node_get(run, "head_repository"),
                       redan_node_get(event, "repository"), fork);
    if (redan_node_get(issue, "pull_request"))
        return found(ctx, fork, "a comment on a pull request, which does not say whose it is",
                     (struct redan_slice){"", 0});
    return REDAN_OK;
}

static bool about_request(struct redan_slice event)
{
    return event.len == 0 || redan_slice_starts(event, REDAN_S("pull_request")) ||
           redan_slice_is(event, "workflow_run") || redan_slice_is(event, "issue_comment");
}

static enum redan_status github(struct redan_ctx *ctx, struct redan_fork *fork)
{
    struct redan_slice path = variable("GITHUB_EVENT_PATH");
    struct redan_slice name = variable("GITHUB_EVENT_NAME");
    struct redan_slice text = {0};
    const struct redan_node *event = NULL;
    enum redan_status status = REDAN_E_ABSENT;

    if (path.len == 0 && name.len == 0)
        return REDAN_OK;
    if (path.len && !redan_slice_is(path, "-"))
        status = redan_file_read(ctx, path, EVENT_MOST, true, &text);
    if (status == REDAN_OK)
        status = redan_json_parse(ctx, text, &event);
    if (status == REDAN_E_MEMORY)
        return status;
    redan_fail_clear(ctx);
    if (status == REDAN_OK && event->kind == REDAN_NODE_MAP)
        REDAN_TRY(judge_event(ctx, event, fork));
    bool read = status == REDAN_OK && event->kind == REDAN_NODE_MAP;
    bool named = read && (redan_node_get(event, "pull_request") ||
                          redan_node_get(event, "workflow_run") || redan_node_get(event, "issue"));
    if (fork->is || named || (read && name.len == 0) || !about_request(name))
        return REDAN_OK;
    return found(ctx, fork, "a pull request whose event cannot be read",
                 (struct redan_slice){"", 0});
}

/* In a fork's own pipeline CI_PROJECT_ID is the fork; in the parent's it is the parent: so each is held against the source. */
static enum redan_status gitlab(struct redan_ctx *ctx, struct redan_fork *fork)
{
    struct redan_slice source = variable("CI_MERGE_REQUEST_SOURCE_PROJECT_ID");
    struct redan_slice here = variable("CI_PROJECT_ID");
    struct redan_slice target = variable("CI_MERGE_REQUEST_PROJECT_ID");
    bool request = redan_slice_is(variable("CI_PIPELINE_SOURCE"), "merge_request_event");

    if (fork->is || (source.len == 0 && !request))
        return REDAN_OK;
    if (source.len == 0 || (here.len == 0 && target.len == 0))
        return found(ctx, fork, "a merge request whose project is not told",
                     (struct redan_slice){"", 0});
    if ((here.len && !redan_slice_eq(source, here)) ||
        (target.len && !redan_slice_eq(source, target)))
        return found(ctx, fork, "a merge request from the fork with project number ", source);
    return REDAN_OK;
}

enum redan_status redan_cli_fork(struct redan_cli *cli, struct redan_fork *fork)
{
    *fork = (struct redan_fork){0};
    if (redan_cli_has(cli, "fork"))
        return found(&cli->ctx, fork, "a proposal from outside (--fork)",
                     (struct redan_slice){"", 0});
    REDAN_TRY(github(&cli->ctx, fork));
    return gitlab(&cli->ctx, fork);
}

enum redan_status redan_cli_refuse_fork(struct redan_cli *cli)
{
    struct redan_fork fork;

    REDAN_TRY(redan_cli_fork(cli, &fork));
    if (!fork.is)
        return REDAN_OK;
    return redan_fail(&cli->ctx, REDAN_E_UNSUPPORTED, 0,
                      "this is %.*s: nothing of it is executed; run it after the merge",
                      REDAN_FMT(fork.why));
}
