/* A guard over plain memory and a folder of its own: the small profile of profile_fixture.h, and a policy as the test writes it. */
#ifndef REDAN_TESTS_GUARD_FIXTURE_H
#define REDAN_TESTS_GUARD_FIXTURE_H

#include "scratch.h"

#include "redan/guard.h"

enum { WORLD_MEMORY = 1 << 20, WORLD_NOW = 1790000000 };

struct world {
    struct scratch folder;
    void *memory;
    struct redan_guard *guard;
    unsigned long long time_ms;
};

/* The policy that most tests begin with; more can be put behind it. */
#define WORLD_HEAD                           \
    "schema: redan/guard/1\n"                \
    "id: small\n"                            \
    "profile: {file: profile.json}\n"        \
    "request:\n"                             \
    "  presets: [kserve-v1, oip-v2]\n"       \
    "  models: [fraud]\n"                    \
    "  pass: [\"/v2/health/*\", /metrics]\n" \
    "  bytes: 2048\n"                        \
    "  rows: 8\n"                            \
    "  depth: 8\n"
#define WORLD_RULES                                     \
    "rules:\n"                                          \
    "  - {id: schema, stage: schema, action: refuse}\n" \
    "  - {id: novelty, stage: out-of-distribution, alpha: 0.01, action: refuse}\n"
#define WORLD_BUDGET "  - {id: budget, stage: budget, rows: 3, per: 1m, action: refuse}\n"
#define WORLD_ROW "[12.5,3,20,0,0.2,\"pos\"]"
#define WORLD_BODY "{\"instances\":[" WORLD_ROW "]}"
#define WORLD_STRANGE "[500,30,30,1,1,\"web\"]"

/* The folder with its profile, and memory that is formatted; no guard yet. */
void world_make(struct world *w);
void world_drop(struct world *w);
void world_policy(struct world *w, const char *text);
/* With that policy in place of the last one. */
enum redan_guard_answer world_open(struct world *w, const char *text, enum redan_guard_mode mode);

/* The same; anything but REDAN_GUARD_OK fails the test. */
void world_open_ok(struct world *w, const char *text, enum redan_guard_mode mode);
/* Around a test whose state is a world. */
int world_setup(void **state);
int world_teardown(void **state);

/* A POST to the model "fraud" of kserve-v1 with this body, by this caller. */
struct redan_guard_request world_request(const struct world *w, const char *caller,
                                         const char *body);
struct redan_bytes world_bytes(const char *text);
/* Judge and end; the verdict's texts are gone, its status is told (200 when it was let through). */
unsigned world_ask(struct world *w, const struct redan_guard_request *request);
/* The value of a metric whose line begins with this. */
unsigned long long world_metric(struct world *w, const char *name);
/* The text of a file in the folder, in a static buffer; "" when it is not there. */
const char *world_text(struct world *w, const char *name);

#endif
