/* Inside scan: what the parts of the judgement of pickles share. */
#ifndef REDAN_SCAN_PICKLE_JUDGE_H
#define REDAN_SCAN_PICKLE_JUDGE_H

#include "format/pickle.h"
#include "scan/detector.h"
#include "scan/policy.h"

enum {
    REDAN_JUDGE_CACHE = 128,  /* policies by a global's number; a power of two */
    REDAN_JUDGE_WAITING = 24, /* names that were looked up and not used yet */
    REDAN_JUDGE_NAME = 96,
    REDAN_JUDGE_TEXTS = 16, /* a power of two */
    REDAN_JUDGE_TEXT = 32,
};

/* A name that is worth a word when nothing calls it until the end. */
struct redan_judge_waiting {
    uint32_t id; /* + 1; 0 when free */
    enum redan_policy_kind kind;
    uint64_t offset;
    struct redan_slice detail; /* of the tables */
    char name[REDAN_JUDGE_NAME * 2];
};

/* One file or member; cleared when it begins. */
struct redan_judge {
    struct {
        uint32_t id; /* + 1 */
        struct redan_policy policy;
    } cache[REDAN_JUDGE_CACHE];
    struct {
        uint64_t at; /* + 1 */
        size_t len;
        char bytes[REDAN_JUDGE_TEXT];
    } texts
        [REDAN_JUDGE_TEXTS]; /* short ones that a memo brings back again and again from far away */
    struct redan_judge_waiting waiting[REDAN_JUDGE_WAITING];
    size_t waiting_count;
    unsigned nested; /* constants handed over as things of their own */
    bool overrun;    /* a frame ends after the file */
    uint64_t overrun_at;
};

/* What is being judged. */
struct redan_judging {
    struct redan_scan *scan;
    struct redan_judge *state;
    struct redan_pickle *pickle;
    const struct redan_pickle_event *event;
};

/* What a text looks like, the harmless first. */
enum redan_says {
    REDAN_SAYS_NOTHING,
    REDAN_SAYS_WORD, /* one word that is also the name of a command */
    REDAN_SAYS_PATH,
    REDAN_SAYS_ADDRESS,
    REDAN_SAYS_CODE,
    REDAN_SAYS_COMMAND,
};
enum redan_says redan_says_of(struct redan_slice text);
/* Whether a name tells that it runs, loads or fetches things: "exec_cmd", "runCommand", "unpickle". */
bool redan_name_tells(struct redan_slice name);
/* Whether a constant that begins like this is a thing of its own, how it is spelled, and whether that is a pickle. */
bool redan_pickle_nested(struct redan_ctx *ctx, struct redan_slice head, uint64_t size, bool binary,
                         enum redan_packing *packing, bool *pickle);

extern const struct redan_scan_rule redan_pkl_runs, redan_pkl_denied, redan_pkl_named,
    redan_pkl_called, redan_pkl_instance, redan_pkl_imported, redan_pkl_path, redan_pkl_dynamic,
    redan_pkl_smuggled, redan_pkl_result, redan_pkl_extension, redan_pkl_shape, redan_pkl_code,
    redan_pkl_loads, redan_pkl_nested, redan_pkl_frame, redan_pkl_divergent, redan_pkl_garbage,
    redan_pkl_tamper, redan_pkl_name, redan_pkl_storage, redan_pkl_expands;
extern const struct redan_scan_rule *const redan_pkl_rules[];

/* What arguments hold. */
struct redan_held {
    enum redan_says says;
    struct redan_pickle_value text; /* the one that says it, else the first */
    bool any_text;
    bool name;    /* a global of which no row says anything good */
    bool unknown; /* what a call gave, or what cannot be known */
    struct redan_slice module_of, name_of;
};
/* Everything in the arguments, within bounds; `deep`: also within lists and maps. */
void redan_held_look(const struct redan_judging *j, const struct redan_pickle_value *args,
                     bool deep, struct redan_held *held);
/* A finding about a name: "os.system(id)" is the evidence, with the text that is worth seeing. `held` may be NULL. */
REDAN_NODISCARD enum redan_status
redan_judge_tell(const struct redan_judging *j, const struct redan_scan_rule *rule,
                 enum redan_level level, struct redan_slice module, struct redan_slice name,
                 const struct redan_held *held, const char *what);
/* A known function whose arguments are none of its own. */
REDAN_NODISCARD enum redan_status redan_judge_odd(const struct redan_judging *j,
                                                  struct redan_slice module,
                                                  struct redan_slice name,
                                                  const struct redan_held *held);
REDAN_NODISCARD enum redan_status redan_judge_denied(const struct redan_judging *j,
                                                     const struct redan_policy *policy,
                                                     struct redan_slice module,
                                                     struct redan_slice name,
                                                     const struct redan_pickle_value *args);
/* Functions with rules of their own: getattr, partial, encode ... (pickle_special.c). */
REDAN_NODISCARD enum redan_status redan_judge_special(const struct redan_judging *j,
                                                      enum redan_policy_kind kind,
                                                      struct redan_slice module,
                                                      struct redan_slice name,
                                                      const struct redan_pickle_value *args);
/* getattr(class, "__new__") of a class whose objects saved models hold: how protocols 2 and 3 write NEWOBJ_EX. The class is `of`. */
bool redan_judge_is_new(const struct redan_judging *j, const struct redan_pickle_value *value,
                        struct redan_pickle_value *of);

struct redan_policy redan_judge_policy(const struct redan_judging *j,
                                       const struct redan_pickle_value *value,
                                       struct redan_slice module, struct redan_slice name);
/* A text of at most REDAN_JUDGE_TEXT bytes; empty when it is longer. */
struct redan_slice redan_judge_text(const struct redan_judging *j,
                                    const struct redan_pickle_value *value);
REDAN_NODISCARD enum redan_status redan_judge_call(const struct redan_judging *j);
/* An object of this class is made without arguments. */
REDAN_NODISCARD enum redan_status redan_judge_instance(const struct redan_judging *j,
                                                       const struct redan_pickle_value *of);
/* How arguments fit the shapes of a row. */
bool redan_shape_fits(struct redan_pickle *pickle, struct redan_slice shapes,
                      const struct redan_pickle_value *args, bool *free_text);

#endif
