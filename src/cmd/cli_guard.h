/* What `redan guard config` and `redan guard run` share: their options, and the configuration made of them. */
#ifndef REDAN_CMD_CLI_GUARD_H
#define REDAN_CMD_CLI_GUARD_H

#include "cmd/cli.h"
#include "guard/nginx_config.h"

#define REDAN_GUARD_NGINX_OPTIONS                                                                  \
    {"upstream", 'u', "URL",                                                                       \
     "the model server: http://HOST:PORT, https://HOST:PORT or unix:/PATH"},                       \
        {"upstream-ca", 0, "FILE",                                                                 \
         "https: certificates that may have signed the upstream's; by default the system's"},      \
        {"policy", 'p', "FILE", "the guard's policy"},                                             \
        {"listen", 'l', "ADDRESS", "where callers come: PORT, ADDRESS:PORT or unix:/PATH; 8080"},  \
        {"status", 0, "ADDRESS",                                                                   \
         "where metrics and admit are, on this machine alone; 127.0.0.1:9151, or none"},           \
        {"identity", 0, "VARIABLE",                                                                \
         "who calls, as nginx knows it: '$http_x_caller'; by default what goes with the policy's " \
         "kind of identity"},                                                                      \
        {"mode", 0, "MODE", "observe or enforce, whatever the policy says"},                       \
        {"zone-size", 0, "SIZE", "memory for the state of callers; 16m"},                          \
        {"workers", 0, "COUNT", "worker processes, or auto (one per processor), the default"},     \
        {"user", 0, "NAME", "whom workers run as, when nginx is started by root"},                 \
        {"tls-cert", 0, "FILE", "certificate chain of the endpoint; with --tls-key"},              \
        {"tls-key", 0, "FILE", "its private key"},                                                 \
        {"client-ca", 0, "FILE", "certificates that may have signed the callers'"},                \
        {"log", 0, NULL, "each request as a line of JSON on standard output"},                     \
    {                                                                                              \
        "module", 0, "FILE", "the nginx module; by default the one installed with redan"           \
    }

struct redan_cli_guard {
    struct redan_policy policy;
    struct redan_nginx_config config;
    struct redan_buf text; /* the configuration */
};

/* Reads the policy and writes the configuration. `running`: the module must exist, and workers run as root where root starts them and --user says nothing. Call _done in any case. */
REDAN_NODISCARD enum redan_status redan_cli_guard_config(struct redan_cli *cli, bool running,
                                                         struct redan_cli_guard *guard);
void redan_cli_guard_done(struct redan_cli_guard *guard);

#endif
