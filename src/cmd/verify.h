/* One verification: what is wanted, what the signatures say, how the files compare, and how that is told. */
#ifndef REDAN_CMD_VERIFY_H
#define REDAN_CMD_VERIFY_H

#include "cmd/cli_model.h"
#include "cmd/sign_wanted.h"

struct redan_verify_proof;

struct redan_verify {
    struct redan_cli *cli;
    bool artefact; /* --bundle: one file or digest, not a model */
    struct redan_slice target;
    struct redan_cli_model model;
    struct redan_sign_wanted who;
    struct redan_policy_vote *votes; /* one for each signature file */
    size_t vote_count;
    size_t agreed;
    struct redan_manifest_check check;
    struct redan_tree walked;
    struct redan_manifest_difference *differences;
    size_t difference_count;
    bool partial; /* some files are not looked at */
    struct redan_signed_thing thing;
    size_t files;
    bool refused;
    struct redan_slice reason; /* of a refusal */
    struct redan_slice *remarks;
    size_t remark_count;
    struct redan_verify_proof *proof; /* --for */
};

/* Read the options, keys and roots (verify_settings.c). */
REDAN_NODISCARD enum redan_status redan_verify_settings(struct redan_verify *verify);
/* Judge the signatures, then the files. A refusal is a result, not a status (verify_judge.c). */
REDAN_NODISCARD enum redan_status redan_verify_judge(struct redan_verify *verify);
/* The signature that counts and whose word the files are held to; NULL when none does. */
const struct redan_policy_vote *redan_verify_first(const struct redan_verify *verify);
/* verify_report.c */
REDAN_NODISCARD enum redan_status redan_verify_text(struct redan_verify *verify);
REDAN_NODISCARD enum redan_status redan_verify_json(struct redan_verify *verify);
/* --for (verify_evidence.c): the subject before, and the record after. */
REDAN_NODISCARD enum redan_status redan_verify_proof_begin(struct redan_verify *verify);
REDAN_NODISCARD enum redan_status redan_verify_proof_end(struct redan_verify *verify);
void redan_verify_proof_done(struct redan_verify_proof *proof); /* NULL is accepted */
void redan_verify_done(struct redan_verify *verify);

#endif
