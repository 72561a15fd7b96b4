/*
 * commands: what each command of keyretire does, as main's table names it, and what they share.
 */
#ifndef APPLIER_COMMANDS_H
#define APPLIER_COMMANDS_H

#include "applier/consent.h"
#include "applier/load.h"
#include "common/cli/cli.h"
#include "formats/keyring/transit.h"

enum retire_option {
    OPT_REPORT = CLI_OWN,
    OPT_RETAINED,
    OPT_ENV_FILE,
    OPT_CONFIG,
    OPT_KEEP_VERSIONS,
    OPT_DIALECT,
    OPT_KEYRING,
    OPT_PROTECT,
    OPT_ONLY,
    OPT_ORDER,
    OPT_ACCEPT,
    OPT_ACCEPT_UNVERSIONED,
    OPT_MAX_REPORT_AGE,
    OPT_MIN_CLEAN_CENSUS,
    OPT_TABLES,
    OPT_DATABASES,
    OPT_KDF_ITERATIONS,
    OPT_WINDOW,
    OPT_APPROVALS,
    OPT_ALLOWED_SIGNERS,
    OPT_MODEL,
    OPT_COLUMN,
    OPT_DRY_RUN,
    OPT_YES,
    OPT_SIG,
    OPT_REVOKED,
    OPT_KEY,
    OPT_AS,
    OPT_STATE_DIR,
    OPT_BACKUP_DIR,
    OPT_ENCRYPT_TO,
    OPT_IDENTITY,
    OPT_LOCK_TIMEOUT,
    OPT_RETAIN_UNTIL,
    OPT_VERIFY,
    OPT_DETAILED_EXITCODE
};

extern const struct cli_option plan_options[], review_options[], apply_options[], state_options[],
    status_options[], approve_options[], rollback_options[], backups_options[], log_options[],
    check_options[], cleanup_options[], verification_options[];

bool command_plan(struct cli *cli, struct err *err);
bool command_show(struct cli *cli, struct err *err);
bool command_diff(struct cli *cli, struct err *err);
bool command_verify(struct cli *cli, struct err *err);
bool command_explain(struct cli *cli, struct err *err);
bool command_check(struct cli *cli, struct err *err);
bool command_approve(struct cli *cli, struct err *err);
bool command_apply(struct cli *cli, struct err *err);
bool command_cleanup_keys(struct cli *cli, struct err *err);
bool command_status(struct cli *cli, struct err *err);
bool command_recover(struct cli *cli, struct err *err);
bool command_rollback(struct cli *cli, struct err *err);
bool command_log(struct cli *cli, struct err *err);
bool command_backups(struct cli *cli, struct err *err);
bool command_verification_keys(struct cli *cli, struct err *err);

/* All values of an option that may be given several times, in order. */
size_t option_values(const struct cli *cli, int id, const char ***values);
/* --state-dir, --backup-dir, --lock-timeout. */
bool option_state(const struct cli *cli, struct state_options *options, struct err *err);

/* --retain-until; UTC_NONE when it is not given. */
bool option_retain_until(const struct cli *cli, int64_t *time, struct err *err);

/* --encrypt-to, tried with age; '' when it is not given. */
bool option_seal_to(const struct cli *cli, struct str *recipients, struct err *err);

/* review_commands.c: the plan that the first argument names. */
struct read_plan {
    struct plan plan;
    struct str text;
    struct plan_id id;
};
bool read_plan_file(struct cli *cli, struct read_plan *p, struct err *err);

/* plan_command.c: reports and files of the options -> plan with its edits, text and id. */
struct built_plan {
    struct load load;
    struct transit_key transit; /* of --keyring vault, where there is no text to apply */
    struct plan plan;
    struct buf text;
    struct plan_id id;
};
/* How the env files are read: --dialect, else python-dotenv, with --keyring; 922, 530. */
bool option_syntax(const struct cli *cli, const struct keyring_syntax **syntax, struct err *err);
/* The same; NULL where the options are wrong, which others say. */
const struct keyring_syntax *env_syntax(const struct cli *cli);
/* The files of --env-file and --config, in that order, and their paths alone. */
size_t option_files(const struct cli *cli, struct load_name **names, const char ***paths);

bool build_plan(struct cli *cli, const struct load_name *files, size_t file_count,
                const struct plan_scope *scope, struct built_plan *built, struct err *err);
void free_plan(struct built_plan *built);
/* Whether the options make sense by themselves, before anything is opened or made. */
bool plan_options_hold(const struct cli *cli, struct err *err);

/* apply_command.c: check, show, ask, change, report; the plan is that of `consent`. */
enum apply_mode { APPLY_FOR_REAL, APPLY_DRY_RUN };
bool apply_plan(struct cli *cli, struct consent *consent, enum apply_mode mode, struct err *err);

/* open_state.c. For a change: finishes what was interrupted, and says so; from then on a signal
 * asks the transaction, not the command line, to stop. */
bool open_for_change(struct cli *cli, struct state *state, struct err *err);
/* The same, and the caller says what was recovered; filled as far as it came when it fails. */
bool open_recovered(struct cli *cli, struct state *state, struct txn_recovery *recovery,
                    struct err *err);
bool open_for_reading(struct cli *cli, struct state *state, struct err *err);
void say_notes(struct cli *cli, const struct txn_notes *notes);
/* "v1 v2" */
struct str names_of(struct arena *a, const struct str *names, size_t count);
/* rollback_command.c: puts back what a backup holds, by a transaction of its own. */
bool put_back(struct cli *cli, const char *which, enum txn_operation operation, struct err *err);
/* The operation result of the seeds. */
struct operation {
    const char *txid;        /* NULL in a dry run */
    const char *backup_file; /* or NULL */
    int64_t started;
    const struct str *removed, *kept;
    size_t removed_count, kept_count;
    size_t before, after; /* versions in the configuration */
    int64_t retain_until; /* of the backup, as asked for now; UTC_NONE */
    enum apply_mode mode;
};
void print_operation_json(struct buf *out, const struct operation *op);

#endif
