/* What pickles may import and call, and what they never should: tables by exact name, compiled in from catalog/pickle-*.tsv or read from a text. */
#ifndef REDAN_SCAN_POLICY_H
#define REDAN_SCAN_POLICY_H

#include "scan/scan.h"

enum redan_policy_kind {
    /* of no row */
    REDAN_POLICY_UNKNOWN, /* a module of a package that nobody knows */
    REDAN_POLICY_PACKAGE, /* of a package that has rows */
    REDAN_POLICY_PYTHON,  /* of Python's own library */
    REDAN_POLICY_MAIN,    /* of the program that loads it: __main__ */
    REDAN_POLICY_SCRIPT,  /* of a TorchScript archive: __torch__ */
    REDAN_POLICY_MODULE,  /* a module as a value */
    REDAN_POLICY_PATH,    /* reached through a module or a dunder attribute of another */
    /* allowed: the words of the tables */
    REDAN_POLICY_IMPORT,
    REDAN_POLICY_CLASS,
    REDAN_POLICY_CALL,
    REDAN_POLICY_UNPICKLE,
    REDAN_POLICY_GETATTR,
    REDAN_POLICY_RECONSTRUCT,
    REDAN_POLICY_NEWOBJ,
    REDAN_POLICY_LATIN1,
    REDAN_POLICY_PARTIAL,
    REDAN_POLICY_GETTER,
    REDAN_POLICY_SUBSCRIPT,
    REDAN_POLICY_UFUNC,
    REDAN_POLICY_BYTES,
    REDAN_POLICY_APPLY,
    REDAN_POLICY_RV, /* a class whose state holds a text that it runs */
    REDAN_POLICY_CODE,
    REDAN_POLICY_TYPEWORD,
    REDAN_POLICY_IMPORTER,
    /* denied */
    REDAN_POLICY_DENY_EXEC,
    REDAN_POLICY_DENY_TAMPER,
    REDAN_POLICY_DENY_LOAD,
    REDAN_POLICY_DENY_IMPORT,
    REDAN_POLICY_DENY_REFLECT,
    REDAN_POLICY_DENY_FILE,
    REDAN_POLICY_DENY_NET,
    REDAN_POLICY_DENY_ENV,
    REDAN_POLICY_DENY_CODE,
    REDAN_POLICY_KINDS,
};

struct redan_policy {
    enum redan_policy_kind kind;
    struct redan_slice detail; /* allowed: what stands after ":" of the use; denied: what it does */
    bool shaped;               /* CALL: `detail` holds argument shapes */
};

static inline bool redan_policy_denies(enum redan_policy_kind kind)
{
    return kind >= REDAN_POLICY_DENY_EXEC;
}
static inline bool redan_policy_allows(enum redan_policy_kind kind)
{
    return kind >= REDAN_POLICY_IMPORT && kind < REDAN_POLICY_DENY_EXEC;
}

/* The tables that are compiled in; they live in the context's arena and are only read afterwards. */
REDAN_NODISCARD enum redan_status
redan_scan_tables_builtin(struct redan_ctx *ctx, const struct redan_scan_tables **tables);
/* The same with a text on top, whose rows go before those of the same name; `alone`: the text is all. A bad line is REDAN_E_SYNTAX with its number. */
REDAN_NODISCARD enum redan_status redan_scan_tables_parse(struct redan_ctx *ctx,
                                                          struct redan_slice text, bool alone,
                                                          const struct redan_scan_tables **tables);
size_t redan_scan_tables_rows(const struct redan_scan_tables *tables);

/* What the tables say of `module.name`, as a pickle spells them. */
struct redan_policy redan_policy_of(const struct redan_scan_tables *tables,
                                    struct redan_slice module, struct redan_slice name);
/* Whether the tables have a row that allows exactly this. */
bool redan_policy_knows(const struct redan_scan_tables *tables, struct redan_slice module,
                        struct redan_slice name);

#endif
