/* The exported symbols of the scan: a thin face over the engine. */
#include "redan/scan.h"

#include <fcntl.h>

#include "format/format.h"
#include "io/os.h"
#include "scan/policy.h"

struct redan_scanner {
    struct redan_limits limits;
    struct redan_ctx lasting; /* of the tables */
    struct redan_scan_options options;
    struct redan_ctx ctx; /* of the last scan */
};

/* The handle itself is not part of what a context counts. */
static const struct redan_mem handle_memory = {.max = sizeof(struct redan_scanner)};

struct redan_scanner *redan_scanner_new(void)
{
    struct redan_mem memory = handle_memory;
    struct redan_scanner *scanner = redan_mem_take(&memory, sizeof(*scanner));

    if (!scanner)
        return NULL;
    *scanner = (struct redan_scanner){.limits = redan_limits_default};
    redan_ctx_init(&scanner->lasting, NULL);
    redan_ctx_init(&scanner->ctx, &scanner->limits);
    if (redan_scan_tables_builtin(&scanner->lasting, &scanner->options.tables) != REDAN_OK) {
        redan_scanner_free(scanner);
        return NULL;
    }
    redan_unpack_prepare(&scanner->lasting);
    return scanner;
}

void redan_scanner_free(struct redan_scanner *scanner)
{
    struct redan_mem memory = handle_memory;

    if (!scanner)
        return;
    redan_ctx_done(&scanner->ctx);
    redan_ctx_done(&scanner->lasting);
    memory.used = sizeof(*scanner);
    redan_mem_give(&memory, scanner, sizeof(*scanner));
}

int redan_scanner_limit(struct redan_scanner *scanner, enum redan_scan_limit limit,
                        unsigned long long value)
{
    static const struct {
        size_t offset;
        unsigned long long least, most;
    } rows[] = {
        [REDAN_LIMIT_MEMORY] = {offsetof(struct redan_limits, memory), 1 << 20, SIZE_MAX / 2},
        [REDAN_LIMIT_UNPACKED] = {offsetof(struct redan_limits, unpacked), 1, SIZE_MAX / 2},
        [REDAN_LIMIT_MEMBERS] = {offsetof(struct redan_limits, members), 1, SIZE_MAX / 2},
        [REDAN_LIMIT_DEPTH] = {offsetof(struct redan_limits, containers), 1, 64},
        [REDAN_LIMIT_FINDINGS] = {offsetof(struct redan_limits, scan_findings), 1, 10000},
    };

    if (!scanner || (size_t)limit >= REDAN_COUNT(rows) || value < rows[limit].least ||
        value > rows[limit].most)
        return 0;
    *(size_t *)(void *)((char *)&scanner->limits + rows[limit].offset) = (size_t)value;
    return 1;
}

int redan_scanner_deep(struct redan_scanner *scanner, int deep)
{
    if (!scanner)
        return 0;
    scanner->options.deep = deep != 0;
    return 1;
}

const char *redan_scanner_error(const struct redan_scanner *scanner)
{
    return scanner ? scanner->ctx.failure.text : "no scanner";
}

/* Arena texts end with a NUL, but an empty slice may point anywhere. */
static const char *text_of(struct redan_slice text)
{
    return text.len ? text.at : "";
}

static enum redan_status tell(struct redan_ctx *ctx, const struct redan_scan_artefact *artefact,
                              redan_scan_each *each, void *arg, bool *ended)
{
    for (const struct redan_finding *f = artefact->findings.first; f && !*ended; f = f->next) {
        const struct redan_scan_rule *rule = redan_scan_rule_of(f);
        struct redan_slice chain = {0};
        struct redan_slice fingerprint = {0};
        REDAN_TRY(redan_copy(ctx, f->subject, &chain));
        REDAN_TRY(redan_scan_fingerprint(ctx, f, &fingerprint));
        REDAN_TRY(redan_copy(ctx, fingerprint, &fingerprint));
        const struct redan_scan_note note = {
            .rule = f->rule->id,
            .title = f->rule->title,
            .severity = redan_severity_words[f->rule->severity],
            .level = (enum redan_scan_verdict)redan_scan_word_of(f->level),
            .chain = text_of(chain),
            .offset = f->offset,
            .detail = text_of(f->detail),
            .evidence = text_of(f->evidence),
            .evidence_size = f->evidence.len,
            .why = rule->why ? rule->why : "",
            .fix = f->rule->help,
            .fingerprint = text_of(fingerprint),
        };
        *ended = each(arg, &note) != 0;
    }
    return REDAN_OK;
}

static enum redan_status scan(struct redan_scanner *scanner, struct redan_source *source,
                              const char *name, redan_scan_each *each, void *arg,
                              struct redan_scan_outcome *outcome, bool *ended)
{
    struct redan_ctx *ctx = &scanner->ctx;
    struct redan_scan_artefact artefact;
    struct redan_slice reason = {0};
    struct redan_slice formats = {0};

    REDAN_TRY(redan_scan_source(ctx, &scanner->options, source, redan_slice_of(name), &artefact));
    REDAN_TRY(redan_copy(ctx, artefact.reason, &reason));
    REDAN_TRY(redan_copy(ctx, artefact.formats, &formats));
    if (each)
        REDAN_TRY(tell(ctx, &artefact, each, arg, ended));
    if (outcome)
        *outcome = (struct redan_scan_outcome){
            .verdict = (enum redan_scan_verdict)artefact.verdict,
            .coverage = (enum redan_scan_coverage)artefact.coverage,
            .reason = text_of(reason),
            .formats = text_of(formats),
            .size = artefact.size,
            .members = artefact.members,
            .findings = artefact.findings.count + artefact.more,
        };
    return REDAN_OK;
}

/* The outcome of a scan that was not done: nothing was read. */
static enum redan_scan_end end_of(struct redan_scanner *scanner, enum redan_status status,
                                  bool ended, struct redan_scan_outcome *outcome)
{
    if (status == REDAN_OK)
        return ended ? REDAN_SCAN_ENDED : REDAN_SCANNED;
    (void)redan_fail(&scanner->ctx, status, 0, "%s", redan_status_name(status));
    if (outcome)
        *outcome = (struct redan_scan_outcome){
            .coverage = REDAN_UNCOVERED, .reason = scanner->ctx.failure.text, .formats = ""};
    return status == REDAN_E_USAGE ? REDAN_SCAN_MISUSED : REDAN_SCAN_UNDONE;
}

static enum redan_scan_end misused(struct redan_scanner *scanner,
                                   struct redan_scan_outcome *outcome, const char *why)
{
    if (!scanner) {
        if (outcome)
            *outcome = (struct redan_scan_outcome){
                .coverage = REDAN_UNCOVERED, .reason = "no scanner", .formats = ""};
        return REDAN_SCAN_MISUSED;
    }
    return end_of(scanner, redan_fail(&scanner->ctx, REDAN_E_USAGE, 0, "%s", why), false, outcome);
}

/* What the last scan left goes; limits may have changed since. */
static void begin(struct redan_scanner *scanner)
{
    redan_ctx_done(&scanner->ctx);
    redan_ctx_init(&scanner->ctx, &scanner->limits);
}

enum redan_scan_end redan_scan_fd(struct redan_scanner *scanner, int fd, const char *name,
                                  redan_scan_each *each, void *arg,
                                  struct redan_scan_outcome *outcome)
{
    struct redan_source REDAN_DEFER(redan_source_done) source = {.fd = -1};
    bool ended = false;

    if (!scanner)
        return misused(scanner, outcome, "");
    begin(scanner);
    if (fd < 0)
        return misused(scanner, outcome, "no file is open");
    enum redan_status status = redan_source_file(&scanner->ctx, fd, &source);
    if (status == REDAN_OK)
        status = scan(scanner, &source, name, each, arg, outcome, &ended);
    return end_of(scanner, status, ended, outcome);
}

enum redan_scan_end redan_scan_file(struct redan_scanner *scanner, const char *path,
                                    redan_scan_each *each, void *arg,
                                    struct redan_scan_outcome *outcome)
{
    REDAN_DEFER(redan_os_close) int fd = -1;
    struct redan_source REDAN_DEFER(redan_source_done) source = {.fd = -1};
    struct stat st;
    char text[REDAN_OS_PATH];
    bool ended = false;

    if (!scanner)
        return misused(scanner, outcome, "");
    begin(scanner);
    struct redan_slice name = redan_slice_of(path);
    enum redan_status status = redan_os_path(&scanner->ctx, name, text);
    if (status == REDAN_OK)
        status = redan_os_open_file(&scanner->ctx, AT_FDCWD, text, name, true, &fd, &st);
    if (status == REDAN_OK)
        status = redan_source_file(&scanner->ctx, fd, &source);
    if (status == REDAN_OK)
        status = scan(scanner, &source, path, each, arg, outcome, &ended);
    return end_of(scanner, status, ended, outcome);
}

enum redan_scan_end redan_scan_memory(struct redan_scanner *scanner, const void *bytes, size_t size,
                                      const char *name, redan_scan_each *each, void *arg,
                                      struct redan_scan_outcome *outcome)
{
    struct redan_source REDAN_DEFER(redan_source_done) source = {.fd = -1};
    bool ended = false;

    if (!scanner)
        return misused(scanner, outcome, "");
    begin(scanner);
    if (!bytes && size > 0)
        return misused(scanner, outcome, "no bytes were given");
    redan_source_memory(&source, (struct redan_slice){size ? bytes : "", size});
    enum redan_status status = scan(scanner, &source, name, each, arg, outcome, &ended);
    return end_of(scanner, status, ended, outcome);
}
