/* One run of `redan scan`: what was asked, what goes out, what came of it. */
#ifndef REDAN_CMD_SCAN_RUN_H
#define REDAN_CMD_SCAN_RUN_H

#include "cmd/cli.h"
#include "cmd/scan_crew.h"
#include "cmd/scan_report.h"
#include "cmd/scan_walk.h"
#include "io/spool.h"

enum redan_scan_form { REDAN_SCAN_TEXT, REDAN_SCAN_JSON, REDAN_SCAN_SARIF };

struct redan_scan_tables;

struct redan_scan_run {
    struct redan_cli *cli;
    struct redan_ctx turn; /* of one artefact */
    struct redan_scan_options engine;
    struct redan_limits limits;
    struct redan_scan_policy *policy;     /* NULL for none */
    struct redan_scan_baseline *baseline; /* NULL for none */
    struct redan_slice baseline_path;
    struct redan_digest tables; /* of the tables' text */
    enum redan_scan_word fail_on;
    struct redan_scan_walk_options walk;
    unsigned jobs;
    double seconds;
    bool allow_uninspected;
    bool verbose;
    bool colour;

    enum redan_scan_form form;
    struct redan_growing out;
    struct redan_buf text; /* what goes out next */
    uint64_t hidden;       /* artefacts that the text has no room for */
    struct redan_scan_explained explained;
    bool with_sarif; /* beside the form above */
    struct redan_growing sarif_file;
    struct redan_buf sarif_text;
    struct redan_scan_sarif sarif;

    struct redan_scan_tally tally;
    struct redan_list
        found; /* of redan_scan_accepted: with --update-baseline, what nobody has accepted yet */
    size_t found_room;
    bool prepared; /* what few files need is loaded */
    bool watched;  /* a person looks at a terminal */
    double shown;  /* when progress was last shown */

    struct redan_list
        opened; /* of redan_scan_opened: with --for, every file that was handed to a worker */
    size_t opened_room;
};

/* A file as its descriptor showed it when it was opened. */
struct redan_scan_opened {
    struct redan_slice path;
    struct stat st;
};

/* Read the options, files and all, and open what goes out. _done is for REDAN_DEFER. */
REDAN_NODISCARD enum redan_status redan_scan_settings(struct redan_cli *cli,
                                                      struct redan_scan_run *run);
void redan_scan_run_done(struct redan_scan_run *run);
/* The tables of --tables, or those built in (scan_tables.c). */
REDAN_NODISCARD enum redan_status redan_scan_tables_choose(struct redan_scan_run *run);
/* Walk, scan, report (scan_run.c). */
REDAN_NODISCARD enum redan_status redan_scan_run_all(struct redan_scan_run *run);
/* One result of a worker, judged, counted and reported (scan_judge.c). */
REDAN_NODISCARD enum redan_status redan_scan_result(struct redan_scan_run *run,
                                                    struct redan_crew *crew,
                                                    const struct redan_crew_result *result);
/* The baseline anew, with what was found (scan_judge.c). */
REDAN_NODISCARD enum redan_status redan_scan_baseline_write(struct redan_scan_run *run);
int redan_scan_exit(const struct redan_scan_run *run);

/* --for: what a record needs before the scan, and the record after it (scan_evidence.c). */
struct redan_scan_proof;
REDAN_NODISCARD enum redan_status redan_scan_proof_begin(struct redan_scan_run *run,
                                                         struct redan_scan_proof **proof);
REDAN_NODISCARD enum redan_status redan_scan_proof_end(struct redan_scan_run *run,
                                                       struct redan_scan_proof *proof);
void redan_scan_proof_done(struct redan_scan_proof **proof);

#endif
