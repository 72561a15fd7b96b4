/*
 * commands: what each command of lean_vault does, as main's table names it, and what they share.
 */
#ifndef APPLIER_VAULT_COMMANDS_H
#define APPLIER_VAULT_COMMANDS_H

#include "applier/vault/vault_file.h"
#include "common/cli/cli.h"

enum vault_option {
    OPT_VAULT_DIR = CLI_OWN,
    OPT_LOCK_TIMEOUT,
    OPT_ENDPOINT,
    OPT_TIMEOUT,
    OPT_RETRIES,
    OPT_CA_FILE,
    OPT_SPOOL,
    OPT_KEY,
    OPT_ALLOWED_SIGNERS,
    OPT_MONTHLY_LIMIT,
    OPT_DAILY_LIMIT,
    OPT_ALERT_THRESHOLD,
    OPT_EXPIRES,
    OPT_FORCE,
    OPT_DRY_RUN,
    OPT_LOCAL_ONLY,
    OPT_LOCAL,
    OPT_CACHED,
    OPT_REPORT,
    OPT_FAIL_AT
};

extern const struct cli_option local_options[], change_options[], remote_options[], add_options[],
    remove_options[], limits_options[], usage_options[], doctor_options[], spool_options[];

bool command_init(struct cli *cli, struct err *err);
bool command_list(struct cli *cli, struct err *err);
bool command_get(struct cli *cli, struct err *err);
bool command_add(struct cli *cli, struct err *err);
bool command_remove(struct cli *cli, struct err *err);
bool command_rotate(struct cli *cli, struct err *err);
bool command_migrate(struct cli *cli, struct err *err);
bool command_rotate_master(struct cli *cli, struct err *err);
bool command_doctor(struct cli *cli, struct err *err);
bool command_version(struct cli *cli, struct err *err);
bool command_update_limits(struct cli *cli, struct err *err);
bool command_sync(struct cli *cli, struct err *err);
bool command_get_usage(struct cli *cli, struct err *err);
bool command_usage(struct cli *cli, struct err *err);
bool command_alerts(struct cli *cli, struct err *err);
bool command_spool(struct cli *cli, struct err *err);
/* remove with --spool. */
bool remove_by_spool(struct cli *cli, struct err *err);
/* The folder of requests that a command is about, or NULL. */
const char *spool_of(const struct cli *cli);

/*
 * The vault of --vault-dir, opened; what recovery did is said. From here on only the vault folder
 * and -o's can be opened (confine.h).
 */
bool open_vault(struct cli *cli, struct vault_file *f, enum vault_use use, struct err *err);
/* The same with what finishes an interrupted act (applier/txn.h); session.h is for most. */
bool open_vault_with(struct cli *cli, struct vault_file *f, enum vault_use use,
                     bool (*act_open)(void *context, struct str note, struct participant **act,
                                      struct err *err),
                     void *act_context, struct err *err);
/* Warnings of a transaction, on standard error. */
void say_warnings(struct cli *cli, const struct txn_notes *notes);
/* The limits that options name, over those of `l`; *any: whether one did. */
bool option_limits(const struct cli *cli, struct limits *l, bool *any, struct err *err);
/* --lock-timeout in milliseconds. */
bool option_lock_timeout(const struct cli *cli, unsigned *ms, struct err *err);

#endif
