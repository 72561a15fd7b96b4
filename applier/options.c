/* options: the option lists of keyretire's commands, and the values several commands read. */
#include "applier/commands.h"
#include "applier/seal.h"
#include "common/text.h"
#include "formats/keyring/key_list.h"

#define STATE_OPTIONS                                                                              \
    {OPT_STATE_DIR, "state-dir", 0, "DIR", "journals, audit log and backups"},                     \
    {                                                                                              \
        OPT_BACKUP_DIR, "backup-dir", 0, "DIR", "backups (default: STATE/backups)"                 \
    }
#define LOCK_OPTION                                                                                \
    {                                                                                              \
        OPT_LOCK_TIMEOUT, "lock-timeout", 0, "DURATION",                                           \
            "how long to wait for a lock (default 2s)"                                             \
    }
#define ENV_FILE_OPTION                                                                            \
    {                                                                                              \
        OPT_ENV_FILE, "env-file", 0, "FILE",                                                       \
            "an env file with ENCRYPTION_KEYS__...; may be repeated"                               \
    }
#define CONFIG_OPTION                                                                              \
    {                                                                                              \
        OPT_CONFIG, "config", 0, "FILE",                                                           \
            "a configuration of Flask's (Python, JSON, YAML), a Kubernetes Secret, a Compose "     \
            "file or Magento's env.php; may be repeated"                                           \
    }
#define YES_OPTION                                                                                 \
    {                                                                                              \
        OPT_YES, "yes", 0, NULL, "do not ask; skips no rule"                                       \
    }
#define DRY_RUN_OPTION                                                                             \
    {                                                                                              \
        OPT_DRY_RUN, "dry-run", 0, NULL, "show what would happen; change nothing, take no lock"    \
    }
#define CHANGE_OPTIONS                                                                             \
    DRY_RUN_OPTION, YES_OPTION, STATE_OPTIONS, LOCK_OPTION,                                        \
    {                                                                                              \
        OPT_DETAILED_EXITCODE, "detailed-exitcode", 0, NULL,                                       \
            "with --dry-run: exit 10 when versions would be removed"                               \
    }
#define DIALECT_OPTION                                                                             \
    {                                                                                              \
        OPT_DIALECT, "dialect", 0, "NAME",                                                         \
            "who reads the env files: python-dotenv (the default), node, systemd, bash, docker"    \
    }
#define KEYRING_OPTION                                                                             \
    {                                                                                              \
        OPT_KEYRING, "keyring", 0, "KIND[:VARIABLES]",                                             \
            "how keys stand in the env files: named (the default), or in a row: laravel, prisma, " \
            "multifernet:VARIABLE, magento; vault[:MOUNT]: of Vault's transit engine (plan only)"  \
    }
#define SEAL_OPTION                                                                                \
    {                                                                                              \
        OPT_ENCRYPT_TO, "encrypt-to", 0, "RECIPIENT",                                              \
            "seal the backup with age: age1..., an SSH public key, or a file of them; may be "     \
            "repeated"                                                                             \
    }
#define IDENTITY_OPTION                                                                            \
    {                                                                                              \
        OPT_IDENTITY, "identity", 0, "FILE", "opens sealed backups: an identity file of age"       \
    }
#define RETAIN_UNTIL_OPTION                                                                        \
    {                                                                                              \
        OPT_RETAIN_UNTIL, "retain-until", 0, "DATE",                                               \
            "the backup is not destroyed before (2027-01-31, or 2027-01-31T18:00:00Z)"             \
    }
#define RETAINED_OPTION                                                                            \
    {                                                                                              \
        OPT_RETAINED, "retained", 0, "OLD.db[:UNTIL=TIME]",                                        \
            "report of a stored backup, not of live data, and when that backup is destroyed "      \
            "(2027-01-01T00:00:00Z); may be repeated"                                              \
    }
#define ITERATIONS_OPTION                                                                          \
    {                                                                                              \
        OPT_KDF_ITERATIONS, "kdf-iterations", 0, "N",                                              \
            "of the application's key derivation (default 100000)"                                 \
    }
#define PLAN_OPTIONS                                                                               \
    RETAINED_OPTION, RETAIN_UNTIL_OPTION,                                                          \
        {OPT_KEEP_VERSIONS, "keep-versions", 0, "N",                                               \
         "how many of the newest versions to keep (default 3)"},                                   \
        {OPT_PROTECT, "protect", 0, "vN", "never remove it; a list or repeated"},                  \
        {OPT_ONLY, "only", 0, "v1,v2", "remove nothing but these"},                                \
        {OPT_ORDER, "order", 0, "FILE", "versions, one a line, oldest first"},                     \
        {OPT_ACCEPT, "accept", 0, "CODE[@PLACE][=COUNT]:REASON",                                   \
         "accept a blocker; PLACE is schema.table.column"},                                        \
        {OPT_ACCEPT_UNVERSIONED, "accept-unversioned", 0, "REASON",                                \
         "short for --accept unversioned:REASON"},                                                 \
        {OPT_MAX_REPORT_AGE, "max-report-age", 0, "7d|none", "how old the data may be"},           \
        {OPT_MIN_CLEAN_CENSUS, "min-clean-census", 0, "N[:INTERVAL]",                              \
         "refuse unless N --report are clean censuses of the same databases, INTERVAL apart "      \
         "(2:7d); the earlier ones may be of any age"},                                            \
        {OPT_TABLES, "tables", 0, "FILE", "the inventory of tables that must have been read"},     \
        {OPT_DATABASES, "databases", 0, "a,b", "the databases that the keyring serves"},           \
        ITERATIONS_OPTION, DIALECT_OPTION, KEYRING_OPTION

const struct cli_option plan_options[] = {
    {OPT_REPORT, "report", 0, "R.db", "a report of keycensus on live data; may be repeated"},
    ENV_FILE_OPTION,
    CONFIG_OPTION,
    PLAN_OPTIONS,
    STATE_OPTIONS,
    {OPT_WINDOW, "window", 0, "START/END",
     "when it may be applied: times with their offsets, or START/PT4H"},
    {OPT_APPROVALS, "approvals", 0, "N",
     "how many people must approve it (with --allowed-signers: 1)"},
    {OPT_ALLOWED_SIGNERS, "allowed-signers", 0, "FILE",
     "who may approve: an allowed_signers file of ssh-keygen"},
    {OPT_REVOKED, "revoked", 0, "FILE", "revoked keys: a KRL, or public keys, one a line"},
    {0},
};

const struct cli_option review_options[] = {
    STATE_OPTIONS,
    {OPT_DETAILED_EXITCODE, "detailed-exitcode", 0, NULL, "exit 10 when versions would be removed"},
    {0},
};

const struct cli_option apply_options[] = {
    CHANGE_OPTIONS,
    {OPT_SIG, "sig", 0, "FILE",
     "an approval, beside those that lie with the plan; may be repeated"},
    RETAIN_UNTIL_OPTION,
    SEAL_OPTION,
    {0},
};

const struct cli_option approve_options[] = {
    {OPT_KEY, "key", 0, "FILE",
     "the private key to sign with, or a public one whose key an agent holds"},
    {OPT_AS, "as", 0, "NAME", "the signature is PLAN.NAME.sig (default: the login name)"},
    {OPT_YES, "yes", 0, NULL, "do not ask for the plan's id"},
    {0},
};

const struct cli_option cleanup_options[] = {
    {OPT_REPORT, "report", 0, "R.db", "a report of keycensus on live data; may be repeated"},
    {OPT_MODEL, "model", 0, "M:Class", "the model (mandatory)"},
    {OPT_COLUMN, "column", 0, "NAME", "its encrypted column (mandatory)"},
    ENV_FILE_OPTION,
    CONFIG_OPTION,
    PLAN_OPTIONS,
    CHANGE_OPTIONS,
    SEAL_OPTION,
    {0},
};

const struct cli_option state_options[] = {STATE_OPTIONS, LOCK_OPTION, {0}};

const struct cli_option status_options[] = {
    STATE_OPTIONS,
    LOCK_OPTION,
    {OPT_DETAILED_EXITCODE, "detailed-exitcode", 0, NULL, "exit 10 when a transaction is open"},
    {0},
};

const struct cli_option rollback_options[] = {
    YES_OPTION,          DRY_RUN_OPTION, STATE_OPTIONS,   LOCK_OPTION,
    RETAIN_UNTIL_OPTION, SEAL_OPTION,    IDENTITY_OPTION, {0},
};

const struct cli_option backups_options[] = {
    YES_OPTION,      DRY_RUN_OPTION, STATE_OPTIONS,   LOCK_OPTION, RETAIN_UNTIL_OPTION,
    RETAINED_OPTION, SEAL_OPTION,    IDENTITY_OPTION, {0},
};

const struct cli_option log_options[] = {
    {OPT_VERIFY, "verify", 0, NULL, "check the chain of hashes"},
    {OPT_STATE_DIR, "state-dir", 0, "DIR", "journals, audit log and backups"},
    {0},
};

const struct cli_option check_options[] = {
    {OPT_REPORT, "report", 0, "R.db", "a report of keycensus; may be repeated"},
    ENV_FILE_OPTION,
    CONFIG_OPTION,
    DIALECT_OPTION,
    KEYRING_OPTION,
    ITERATIONS_OPTION,
    STATE_OPTIONS,
    IDENTITY_OPTION,
    {0},
};

const struct cli_option verification_options[] = {
    ENV_FILE_OPTION, CONFIG_OPTION, DIALECT_OPTION, KEYRING_OPTION, ITERATIONS_OPTION, {0}};

size_t option_values(const struct cli *cli, int id, const char ***values)
{
    size_t count = 0;
    *values = ARENA_ARRAY(cli->arena, cli->given_count + 1, const char *);
    for (size_t i = 0; i < cli->given_count; i++)
        if (cli->given[i].option->id == id)
            (*values)[count++] = cli->given[i].value;
    return count;
}

static const struct keyring_syntax *option_dialect(const struct cli *cli)
{
    const char *name = cli_value(cli, OPT_DIALECT);
    const struct keyring_syntax *syntax =
        name ? keyring_syntax_find(str_from(name)) : &keyring_dotenv;
    return syntax && syntax->is_env_file ? syntax : NULL;
}

bool option_syntax(const struct cli *cli, const struct keyring_syntax **syntax, struct err *err)
{
    const char *keyring = cli_value(cli, OPT_KEYRING);
    *syntax = option_dialect(cli);
    if (!*syntax) {
        err_set(err, ERR_USAGE, 922, "--dialect takes no \"%s\"",
                text_shown(cli->arena, str_from(cli_value(cli, OPT_DIALECT))));
        err_hint(err, "python-dotenv (the default), node, systemd, bash or docker");
        return false;
    }
    if (keyring && strcmp(keyring, "named") != 0)
        *syntax = key_list_syntax(cli->arena, *syntax, str_from(keyring), err);
    return *syntax != NULL;
}

const struct keyring_syntax *env_syntax(const struct cli *cli)
{
    const struct keyring_syntax *syntax = NULL;
    struct err none = {0};
    return option_syntax(cli, &syntax, &none) ? syntax : NULL;
}

size_t option_files(const struct cli *cli, struct load_name **names, const char ***paths)
{
    size_t count = 0;
    *names = ARENA_ARRAY(cli->arena, cli->given_count + 1, struct load_name);
    *paths = ARENA_ARRAY(cli->arena, cli->given_count + 1, const char *);
    for (size_t i = 0; i < cli->given_count; i++) {
        int id = cli->given[i].option->id;
        if (id != OPT_ENV_FILE && id != OPT_CONFIG)
            continue;
        (*paths)[count] = cli->given[i].value;
        (*names)[count++] =
            (struct load_name){cli->given[i].value, id == OPT_ENV_FILE ? env_syntax(cli) : NULL};
    }
    return count;
}

bool option_retain_until(const struct cli *cli, int64_t *time, struct err *err)
{
    const char *text = cli_value(cli, OPT_RETAIN_UNTIL);
    *time = UTC_NONE;
    if (!text || utc_parse_date(str_from(text), time))
        return true;
    err_set(err, ERR_USAGE, 948, "--retain-until takes a date, not \"%s\"",
            text_shown(cli->arena, str_from(text)));
    err_hint(err, "for example 2027-01-31, or 2027-01-31T18:00:00Z");
    return false;
}

bool option_seal_to(const struct cli *cli, struct str *recipients, struct err *err)
{
    const char **given;
    size_t count = option_values(cli, OPT_ENCRYPT_TO, &given);
    return seal_recipients(cli->arena, given, count, recipients, err) &&
           (recipients->len == 0 || seal_try(*recipients, err));
}

bool option_state(const struct cli *cli, struct state_options *options, struct err *err)
{
    int64_t seconds;
    const char *timeout = cli_value(cli, OPT_LOCK_TIMEOUT);
    *options = (struct state_options){
        .state_dir = cli_value(cli, OPT_STATE_DIR),
        .backup_dir = cli_value(cli, OPT_BACKUP_DIR),
        .lock_timeout_ms = STATE_LOCK_TIMEOUT_MS,
        .identity = cli_value(cli, OPT_IDENTITY),
    };
    if (!timeout)
        return true;
    if (!utc_parse_duration(str_from(timeout), &seconds) || seconds > 86400) {
        err_set(err, ERR_USAGE, 929, "--lock-timeout takes a duration of at most 1d, such as 30s");
        return false;
    }
    options->lock_timeout_ms = (unsigned)seconds * 1000;
    return true;
}
