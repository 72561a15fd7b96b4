/* main: keyretire, its commands and what its help says. */
#include "applier/commands.h"
#include "applier/confine.h"
#include "applier/policy.h"
#include "common/sys.h"

static const char *const program_examples[] = {
    "plan the removal of unused versions",
    "keyretire plan --report report.db --env-file instance/.env.crypto -o plan.txt",
    "look at it",
    "keyretire show plan.txt",
    "rehearse it",
    "keyretire apply plan.txt --dry-run",
    "do it",
    "keyretire apply plan.txt",
    "take it back",
    "keyretire rollback TXID",
    "all in one, for one model and column",
    "keyretire cleanup-keys --report report.db --model app.models:User --column otp_secret",
    NULL,
};
static const char *const plan_examples[] = {
    "keep the newest three",
    "keyretire plan --report report.db --env-file .env.crypto -o plan.txt",
    "two files that share their keys, and the inventory of tables that must have been read",
    "keyretire plan --report report.db --env-file a/.env.crypto --env-file b/.env.crypto --tables "
    "tables.txt "
    "-o plan.txt",
    "accept three rows that have no version name",
    "keyretire plan --report report.db --env-file .env.crypto --accept "
    "unversioned@public.users.otp=3:\"ticket 812\" -o plan.txt",
    NULL,
};
static const char *const apply_examples[] = {
    "rehearse",
    "keyretire apply plan.txt --dry-run",
    "from a script; no rule is skipped",
    "keyretire apply plan.txt --yes --json",
    NULL,
};
static const char *const approve_examples[] = {
    "ask two people of a list",
    "keyretire plan --report report.db --env-file .env.crypto --approvals 2 --allowed-signers "
    "/etc/keyretire/allowed_signers -o plan.txt",
    "approve it",
    "keyretire approve plan.txt --key ~/.ssh/id_ed25519 --as ana",
    NULL,
};
static const char *const cleanup_examples[] = {
    "rehearse",
    "keyretire cleanup-keys --report report.db --model app.models:User --column otp_secret "
    "--dry-run",
    NULL,
};
static const char *const explain_examples[] = {
    "by number, or by the code of a blocker", "keyretire explain R0744\n  keyretire explain orphan",
    NULL};
static const char *const backups_examples[] = {
    "what there is",
    "keyretire backups list",
    "is one whole and the one its transaction made?",
    "keyretire backups verify TXID",
    "destroy one that was to be kept until the end of January",
    "keyretire backups purge TXID --retain-until 2027-01-31",
    NULL,
};

static const char *const verification_examples[] = {
    "prove the labels of a dump on a host without the keys",
    "keyretire verification-keys --env-file instance/.env.crypto -o verification.keys",
    "there",
    "keycensus scan dump.sql.zst --verify-keys verification.keys -o report.db",
    NULL,
};

static const struct cli_command commands[] = {
    {.name = "plan",
     .arguments = "--report R.db... --env-file F... [--config F]... -o plan.txt",
     .summary = "plan what may leave the configuration, with a reason for every version",
     .text =
         "A version stays when it is active, in use in any report, newer than the active one, "
         "the target of a "
         "job that has not cleanly finished, protected, or of unknown order; of the rest the "
         "newest stay until "
         "--keep-versions is reached. A blocked plan is written with its blockers, removes "
         "nothing, and exits 4.\n\n"
         "Every file that holds versions is named, by --env-file or --config: a version leaves all "
         "of "
         "them in one transaction. Flask's own configuration wins over the environment, which the "
         "plan says.\n\n"
         "The plan is plain text, complete in itself and free of key material: what is "
         "reviewed is what is applied. "
         "Equal inputs give equal bytes.",
     .examples = plan_examples,
     .options = plan_options,
     .output = CLI_OUTPUT_RESULT,
     .run = command_plan},
    {.name = "show",
     .arguments = "plan.txt",
     .summary = "show a plan as a reviewer needs it",
     .options = review_options,
     .least = 1,
     .most = 1,
     .run = command_show},
    {.name = "diff",
     .arguments = "plan.txt",
     .summary = "show which lines of which files change, every value masked",
     .options = review_options,
     .least = 1,
     .most = 1,
     .run = command_diff},
    {.name = "verify",
     .arguments = "plan.txt",
     .summary = "say what changed since a plan was made, and who approved it",
     .options = review_options,
     .least = 1,
     .most = 1,
     .run = command_verify},
    {.name = "approve",
     .arguments = "plan.txt --key FILE [--as NAME]",
     .summary = "sign a plan, after showing it and its masked diff",
     .text = "Needs the plan's text and nothing else, on any machine. The signature is made by "
             "ssh-keygen -Y sign in the namespace " APPROVAL_NAMESPACE
             " and lies beside the plan as PLAN.NAME.sig. It is of these very bytes: any change of "
             "the plan voids it.\n\n"
             "apply counts people: distinct keys and distinct principals of the list of allowed "
             "signers that the plan names. An entry that has expired, a revoked key and a "
             "principal that is a pattern do not count.",
     .examples = approve_examples,
     .options = approve_options,
     .least = 1,
     .most = 1,
     .run = command_approve},
    {.name = "apply",
     .arguments = "plan.txt [--dry-run] [--yes]",
     .summary = "do what the plan says, in one transaction over all files",
     .text = "All files change or none does, whatever happens in between: the change is journaled, "
             "the old files are "
             "archived and the archive is read back before anything is decided, and an interrupted "
             "change is finished or "
             "taken back by the next command (or by recover). A file that somebody edits meanwhile "
             "is never overwritten.\n\n"
             "--yes answers the question beforehand. It skips no rule.",
     .examples = apply_examples,
     .options = apply_options,
     .least = 1,
     .most = 1,
     .run = command_apply},
    {.name = "cleanup-keys",
     .arguments = "--report R.db --model M:Class --column c [--keep-versions 3] [--env-file F]... "
                  "[--config F]... [--dry-run] [--yes]",
     .summary = "plan, show, ask and apply in one",
     .text = "Without --env-file and --config the file is instance/.env.crypto, else .env.crypto. "
             "The model is "
             "resolved by what the "
             "scan declared, else by Flask-SQLAlchemy's naming rule. The model and column say what "
             "must be there; every "
             "column of every table of the report counts.",
     .examples = cleanup_examples,
     .options = cleanup_options,
     .run = command_cleanup_keys},
    {.name = "status",
     .arguments = "",
     .summary = "list transactions, open ones included, with who approved them",
     .options = status_options,
     .run = command_status},
    {.name = "recover",
     .arguments = "",
     .summary = "finish or take back what was interrupted",
     .text = "Exits 0 when nothing was to do or a transaction was finished, 8 when one was taken "
             "back, 9 when a file "
             "holds what nobody may lose; the choices are then printed.",
     .options = state_options,
     .run = command_recover},
    {.name = "rollback",
     .arguments = "TXID",
     .summary = "put back what a transaction removed",
     .text = "A file that is still what the transaction made of it gets its old bytes back; one "
             "that changed since gets "
             "the removed versions back and keeps everything else.",
     .options = rollback_options,
     .least = 1,
     .most = 1,
     .run = command_rollback},
    {.name = "log",
     .arguments = "[--verify]",
     .summary = "who changed what, when; --verify checks the chain of hashes",
     .options = log_options,
     .run = command_log},
    {.name = "backups",
     .arguments = "list | show ID | verify ID | restore ID | purge ID",
     .summary = "the archives of what was",
     .text = "ID is a TXID, a unique prefix of one, or the archive's file name. An archive holds "
             "all keys in clear, unless it was sealed (--encrypt-to): guard it as you guard the "
             "configuration. --identity opens a sealed one; without it list, show and verify say "
             "what its transaction's journal knows.\n\n"
             "list shows the versions that an archive holds, the stored dumps that need them, and "
             "the time before which it is not to be destroyed.\n\n"
             "purge destroys one archive, and leaves a record of it and of what may remain "
             "elsewhere. It refuses an archive without a horizon (--retain-until, or the ends of "
             "the stored dumps that its plan was told of), one whose horizon is not over, and one "
             "with the last archived copy of a key that a stored dump still needs.",
     .examples = backups_examples,
     .options = backups_options,
     .least = 1,
     .most = 2,
     .run = command_backups},
    {.name = "check",
     .arguments = "--report R.db --env-file F [--config F]...",
     .summary = "can this configuration read this dump?",
     .text =
         "Exits 4 and names the versions when the data needs a key that a file lacks, or, where "
         "the report was verified, another key than the files have. For a version that a "
         "transaction removed it names the transaction, the archive that has the key, and the "
         "command that puts it back.",
     .options = check_options,
     .run = command_check},
    {.name = "explain",
     .arguments = "CODE",
     .summary = "what an error or a blocker means and what to do",
     .examples = explain_examples,
     .least = 1,
     .most = 1,
     .run = command_explain},
    {.name = "verification-keys",
     .arguments = "--env-file F -o V",
     .summary = "what keycensus scan --verify-keys proves values with",
     .text = "Derives the key of every version and writes its name, its fingerprint and the half "
             "that makes the MAC, to a file that only this user can read. On the host where the "
             "dump is, that file proves which key made a value, and cannot decrypt it: the other "
             "half stays here. It could forge values, so guard it as you guard the configuration, "
             "and make it anew when versions change.",
     .examples = verification_examples,
     .options = verification_options,
     .output = CLI_OUTPUT_RESULT,
     .run = command_verification_keys},
    {0},
};

static const char *const files[] = {
    KEYRETIRE_POLICY,
    "minima that every plan on this machine has to meet (keyretire explain R0951)",
    "/var/lib/keyretire",
    "journals, audit log and backups, for root",
    "$XDG_STATE_HOME/keyretire",
    "the same for other users (default ~/.local/state/keyretire)",
    "instance/.env.crypto, .env.crypto",
    "where cleanup-keys looks for the keys",
    NULL,
};

static const struct cli_program program = {
    .name = "keyretire",
    .letter = 'R',
    .summary = "remove encryption keys that no stored data needs any more",
    .text = "keyretire plans from the reports of keycensus which key versions may leave the "
            "configuration, lets people "
            "review the plan, and removes them in a journaled two-phase commit with archived "
            "backups. It never touches "
            "a database and never prints a byte of a configuration value.",
    .examples = program_examples,
    .commands = commands,
    .files = files,
    .before = confine_calls,
};

int main(int argc, char **argv)
{
    (void)sys->no_core_dumps();     /* configuration files are read into memory */
    file_share_by(sys->umask(077)); /* only plans and approvals are for others as well */
    return cli_main(&program, argc, argv);
}
