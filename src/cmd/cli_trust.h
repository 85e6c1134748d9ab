/* The Sigstore trust root of a command: where it comes from, and how old what it says is. */
#ifndef REDAN_CMD_CLI_TRUST_H
#define REDAN_CMD_CLI_TRUST_H

#include "cmd/cli.h"
#include "codec/node.h"
#include "sign/trust_root.h"

enum { REDAN_TRUST_TEXT = 4 << 20 }; /* bytes of a trusted_root.json */

#define REDAN_TRUST_OPTION                                                              \
    {                                                                                   \
        "trust-root", 0, "FILE",                                                        \
            "trusted_root.json; else the one that was installed, else the built-in one" \
    }

struct redan_cli_trust {
    struct redan_trust_root root;
    struct redan_slice source; /* the file, or "built in" */
    bool loaded;
    bool given; /* by --trust-root */
};

/* --trust-root, else $XDG_CONFIG_HOME/redan/trusted_root.json (~/.config), else /etc/redan/trusted_root.json, else the one that is built in. The first that is
 * there is the one: what cannot be read is a failure, never a reason to look further. */
REDAN_NODISCARD enum redan_status redan_cli_trust_open(struct redan_cli *cli,
                                                       struct redan_cli_trust *trust);
/* The one that is in force without --trust-root. */
REDAN_NODISCARD enum redan_status redan_cli_trust_present(struct redan_cli *cli,
                                                          struct redan_cli_trust *trust);
void redan_cli_trust_done(struct redan_cli_trust *trust);
/* Where redan trust update puts one. REDAN_E_USAGE without a home. */
REDAN_NODISCARD enum redan_status redan_cli_trust_place(struct redan_cli *cli,
                                                        struct redan_slice *path);
/* "built in, newest entry of 2026-01-02 (10 months old)". */
void redan_cli_trust_line(struct redan_buf *out, const struct redan_cli *cli,
                          const struct redan_cli_trust *trust);

/* One log or authority of a trust root (cli_trust_list.c). */
struct redan_cli_trusted {
    const char *
        kind; /* "log", "certificate transparency log", "certificate authority", "time-stamping authority" */
    struct redan_slice
        id; /* lower hex: of a log its id, of an authority the SHA-256 of its certificates */
    struct redan_slice url;
    struct redan_slice what; /* the log's key, the authority's anchor */
    int64_t from;            /* seconds */
    int64_t until;           /* INT64_MAX: no end */
};
REDAN_NODISCARD enum redan_status redan_cli_trust_list(struct redan_ctx *ctx,
                                                       const struct redan_trust_root *root,
                                                       struct redan_cli_trusted **list,
                                                       size_t *count);
/* The one of the same kind and id in another list, or NULL. */
const struct redan_cli_trusted *redan_cli_trust_find(const struct redan_cli_trusted *list,
                                                     size_t count,
                                                     const struct redan_cli_trusted *like);
/* "log  https://...  since 2021-01-12, until ...  ECDSA P-256  HEX", without a newline. */
void redan_cli_trusted_line(struct redan_buf *out, const struct redan_cli_trusted *trusted);
/* The same as a member of a JSON list. */
REDAN_NODISCARD enum redan_status redan_cli_trusted_node(struct redan_ctx *ctx,
                                                         const struct redan_cli_trusted *trusted,
                                                         struct redan_node *list);

#endif
