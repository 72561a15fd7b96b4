/* options: the option lists of lean_vault's commands, and the values several commands read. */
#include "applier/vault/commands.h"
#include "common/utc.h"

#define PLACE_OPTION                                                                               \
    {                                                                                              \
        OPT_VAULT_DIR, "vault-dir", 0, "DIR", "the vault's folder (default ~/.lean_vault)"         \
    }
#define CHANGE_OPTIONS                                                                             \
    PLACE_OPTION,                                                                                  \
    {                                                                                              \
        OPT_LOCK_TIMEOUT, "lock-timeout", 0, "DURATION",                                           \
            "how long to wait for another lean_vault (default 2s)"                                 \
    }
#define REMOTE_OPTIONS                                                                             \
    CHANGE_OPTIONS,                                                                                \
        {OPT_ENDPOINT, "endpoint", 0, "URL",                                                       \
         "the API's base (default https://openrouter.ai/api/v1); http:// for this host only"},     \
        {OPT_TIMEOUT, "timeout", 0, "DURATION", "of one request (default 30s)"},                   \
        {OPT_CA_FILE, "ca-file", 0, "FILE",                                                        \
         "certificates to trust in place of the system's (PEM)"},                                  \
    {                                                                                              \
        OPT_RETRIES, "retries", 0, "N", "of a request that may be repeated (default 4)"            \
    }
#define LIMIT_OPTIONS(none)                                                                        \
    {OPT_MONTHLY_LIMIT, "monthly-limit", 0, "USD" none, "most to spend in a UTC month"},           \
        {OPT_DAILY_LIMIT, "daily-limit", 0, "USD" none, "most to spend in a UTC day"},             \
    {                                                                                              \
        OPT_ALERT_THRESHOLD, "alert-threshold", 0, "SHARE",                                        \
            "alert at this share of a limit (0.80); may be repeated"                               \
    }

const struct cli_option local_options[] = {PLACE_OPTION, {0}};
const struct cli_option change_options[] = {CHANGE_OPTIONS, {0}};
const struct cli_option remote_options[] = {REMOTE_OPTIONS, {0}};
const struct cli_option add_options[] = {
    LIMIT_OPTIONS(""),
    {OPT_EXPIRES, "expires", 0, "DATE", "when the key ends by itself (2027-01-31)"},
    REMOTE_OPTIONS,
    {0}};
const struct cli_option remove_options[] = {
    {OPT_FORCE, "force", 0, NULL, "do not ask; skips no step"},
    {OPT_DRY_RUN, "dry-run", 0, NULL, "look and say what would happen; change nothing"},
    {OPT_LOCAL_ONLY, "local-only", 0, NULL,
     "leave the key alive at OpenRouter; a tombstone keeps its hash"},
    {OPT_SPOOL, "spool", 0, "DIR", "without network: requests go there as files"},
    {OPT_KEY, "key", 0, "FILE", "with --spool: the SSH key that signs the request"},
    REMOTE_OPTIONS,
    {0}};
const struct cli_option doctor_options[] = {
    {OPT_FORCE, "force", 0, NULL, "revoke the keys of tombstones without asking"},
    {OPT_LOCAL, "local", 0, NULL, "look at the vault alone; only recovery may make requests"},
    REMOTE_OPTIONS,
    {0}};
const struct cli_option limits_options[] = {LIMIT_OPTIONS("|none"), REMOTE_OPTIONS, {0}};
const struct cli_option usage_options[] = {
    {OPT_CACHED, "cached", 0, NULL, "what the vault remembers, with its age; no request"},
    {OPT_REPORT, "report", 0, "R.db", "a keycensus report of activity exports; no request"},
    {OPT_FAIL_AT, "fail-at", 0, "SHARE", "exit 24 when this share of a limit is spent (0.8)"},
    REMOTE_OPTIONS,
    {0}};

const struct cli_option spool_options[] = {
    {OPT_SPOOL, "spool", 0, "DIR", "the folder with the requests"},
    {OPT_ALLOWED_SIGNERS, "allowed-signers", 0, "FILE",
     "who may ask, as ssh-keygen(1) describes it"},
    {OPT_FORCE, "force", 0, NULL, "do not ask; skips no check"},
    REMOTE_OPTIONS,
    {0}};

bool option_lock_timeout(const struct cli *cli, unsigned *ms, struct err *err)
{
    enum { MOST = 24 * 60 * 60 };
    const char *given = cli_value(cli, OPT_LOCK_TIMEOUT);
    int64_t seconds;
    *ms = STATE_LOCK_TIMEOUT_MS;
    if (!given)
        return true;
    if (!utc_parse_duration(str_from(given), &seconds) || seconds > MOST) {
        err_set(err, ERR_USAGE, 929, "--lock-timeout takes a duration such as 10s, at most 24h");
        return false;
    }
    *ms = (unsigned)seconds * 1000;
    return true;
}
