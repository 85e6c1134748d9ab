/* A whole small system on disk, with real keys, records and approvals, for the tests of the checks. */
#ifndef REDAN_TESTS_THREAT_FIXTURE_H
#define REDAN_TESTS_THREAT_FIXTURE_H

#include "scratch.h"

#include "threat/verdict.h"

enum { NOW = 1795500000, DAY = 86400 }; /* 2026-11-24T06:00:00Z */

/* Who holds which key; the table in threat_fixture.c has the rest. */
enum fixture_key {
    KEY_ROOT,
    KEY_OKAFOR,    /* ML lead */
    KEY_OKAFOR_2,  /* the same person's key, retired thirty days from NOW */
    KEY_OKAFOR_3,  /* and the one that is found stolen then */
    KEY_LINDQVIST, /* security lead */
    KEY_BOARD_1,
    KEY_BOARD_1B, /* the same person's second key */
    KEY_BOARD_2,
    KEY_MOREAU,        /* of the board, and owner of the plan */
    KEY_CI,            /* the producer */
    KEY_EARLY,         /* valid from 2027 */
    KEY_OLD,           /* until 2026-06 */
    KEY_LOST,          /* revoked: compromised */
    KEY_PEER,          /* of the peers, another body */
    KEY_LEFT,          /* was security lead once, holds no role; the key ends sixty days from NOW */
    KEY_ML_ELSEWHERE,  /* ML lead of another system */
    KEY_SEC_ELSEWHERE, /* security lead of another system */
    KEY_ALIAS,         /* the ML lead under a second id, in the role of the security lead */
    KEY_BOARD_1_ALIAS, /* KEY_BOARD_1's holder under a second id */
    KEY_CI_RETIRED,    /* the producer's other keys: this one is retired thirty days from NOW */
    KEY_CI_SHORT,      /* and this one expires then */
    KEY_COUNT,
};

struct fixture {
    struct redan_ctx ctx; /* what the making takes; its clock is when things are made */
    struct scratch dir;
    struct redan_catalog catalog;
    struct redan_keyring ring;
    struct redan_key *keys[KEY_COUNT];
    struct redan_problems problems;
    struct redan_threat_model model; /* as last written */
    struct redan_org org;
};

/* One threat of each resolution; everything that it asks for is in fixture_records and fixture_approvals. */
extern const char fixture_model[];
extern const char fixture_org[];

/* What is recorded: in this order, by KEY_CI. */
struct fixture_record {
    const char *query;
    const char *observed;
};
extern const struct fixture_record fixture_records[]; /* ended by a NULL query */

/* What is signed: `about` is a threat, or NULL for the release. */
struct fixture_approval {
    enum fixture_key key;
    const char *role;
    const char *about;
};
extern const struct fixture_approval fixture_approvals[]; /* ended by a NULL role */

enum fixture_pin { PIN_OURS, PIN_NONE, PIN_OTHER };

/* An empty folder with signed keys.yaml and org.yaml. */
void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);
/* `text` with the one place where `from` stands replaced by `to`; in the fixture's arena. NULL `from` changes nothing. */
const char *fixture_edit(struct fixture *f, const char *text, const char *from, const char *to);
/* keys.yaml with another version, signed. */
void fixture_write_keys(struct fixture *f, unsigned version);
/* Write org.yaml and sign it. */
void fixture_write_org(struct fixture *f, const char *text);
/* Write threatmodel.yaml; its form must be sound. */
void fixture_write_model(struct fixture *f, const char *text);
void fixture_record_add(struct fixture *f, const char *query, const char *observed);
/* By another key; an organisation's proof for these systems, none for the one at hand. */
void fixture_record_add_by(struct fixture *f, enum fixture_key key, const char *query,
                           const char *observed, const struct redan_texts *covers);
/* The system as it lies there, in the fixture's arena and at its time; redan_system_done is the caller's. */
void fixture_load(struct fixture *f, enum fixture_pin pin, struct redan_system *system);
/* What the next approval of the release says. */
void fixture_next(struct fixture *f, struct redan_approval_step *step);
/* One lead's signature over a step, whatever it says; `root` NULL for the threat model as last written. */
void fixture_approve_step(struct fixture *f, enum fixture_key key, const char *role,
                          const struct redan_digest *root, const struct redan_approval_step *step);
/* Both leads, as redan approve does it: the next step, and its texts kept in history/. */
void fixture_approve_release(struct fixture *f);
/* `until` 0 for none. */
void fixture_approve(struct fixture *f, enum fixture_key key, enum redan_approval_kind kind,
                     const char *role, const char *about, int64_t until);
/* All of fixture_records and fixture_approvals but the one query and the one role or threat that are named; NULL for none. */
void fixture_fill(struct fixture *f, const char *unrecorded, const char *unsigned_);

/* What a check at a time said: the word, the rules raised ("TM001 TM003", sorted), and the first finding's text. */
struct fixture_outcome {
    enum redan_word word;
    char rules[128];
    char detail[512];
    char action[512];
};
/* What the checks say of a loaded system. */
void fixture_judge(struct redan_ctx *ctx, const struct redan_system *system,
                   const struct redan_artefact *artefact, struct fixture_outcome *outcome);
void fixture_check(struct fixture *f, enum fixture_pin pin, int64_t now,
                   const struct redan_artefact *artefact, struct fixture_outcome *outcome);

#endif
