/* main: lean_vault, its commands and what its help says. */
#include "applier/vault/commands.h"
#include "applier/vault/confine.h"
#include "applier/vault/spool.h"
#include "common/sys.h"

static const char *const program_examples[] = {
    "make a vault; the management key is typed unseen",
    "lean_vault init",
    "from a script: one line of standard input",
    "lean_vault init <management.key",
    "which keys are there, for a program",
    "lean_vault list --json",
    "hand one key to a program",
    "OPENROUTER_API_KEY=$(lean_vault get my-key) ./app",
    NULL,
};

static const char *const add_examples[] = {
    "a key that spends at most 10 USD a day and 100 a month",
    "lean_vault add my-key --daily-limit 10 --monthly-limit 100",
    NULL,
};
static const char *const remove_examples[] = {
    "rehearse",
    "lean_vault remove my-key --dry-run",
    "from a script: no question",
    "lean_vault remove my-key --force --json",
    "without network: it stays alive, on record",
    "lean_vault remove my-key --local-only",
    NULL,
};
static const char *const spool_examples[] = {
    "on the host without network",
    "lean_vault remove my-key --spool /media/spool --key ~/.ssh/id_ed25519",
    "on the other",
    "lean_vault spool run /media/spool --allowed-signers ~/allowed_signers",
    "back again: the answer is read",
    "lean_vault remove my-key --spool /media/spool",
    NULL,
};
static const char *const limits_examples[] = {
    "at most 100 dollars a month and 10 a day, told at half and at 80 percent",
    "lean_vault update-limits my-key --monthly-limit 100 --daily-limit 10 --alert-threshold "
    "0.5,0.8",
    "no daily limit any more",
    "lean_vault update-limits my-key --daily-limit none",
    NULL,
};
static const char *const usage_examples[] = {
    "one key, asked now",
    "lean_vault get-usage my-key",
    "all keys, without a request, for a script that stops at 80 percent",
    "lean_vault get-usage --cached --fail-at 0.8 --json",
    "from exports that keycensus read",
    "keycensus scan activity.csv -o activity.db\n  lean_vault get-usage --report activity.db",
    NULL,
};

static const struct cli_command commands[] = {
    {.name = "init",
     .arguments = "",
     .summary = "make a vault with the management key of OpenRouter",
     .text = "The key is read without echo, or as one line of standard input when that is no "
             "terminal. An existing vault is refused; an existing master key is taken over.",
     .options = change_options,
     .run = command_init},
    {.name = "add",
     .arguments = "KEY [--monthly-limit USD] [--daily-limit USD]",
     .summary = "create a key at OpenRouter and keep it in the vault",
     .text = "The key is created under a name of its own, KEY with a mark behind it, which is on "
             "the disk before anything is sent: whatever interrupts the command, the next one "
             "finds the key and revokes it, or finds it in the vault. get prints its value.\n\n"
             "Limits are enforced by OpenRouter. With both, the key has a daily limit that sync "
             "tightens as the month goes on.",
     .examples = add_examples,
     .options = add_options,
     .least = 1,
     .most = 1,
     .run = command_add},
    {.name = "get",
     .arguments = "KEY",
     .summary = "print the value of a key, and nothing else",
     .options = local_options,
     .least = 1,
     .most = 1,
     .output = CLI_OUTPUT_RESULT,
     .run = command_get},
    {.name = "list",
     .arguments = "",
     .summary = "list the keys with their limits and what was last known of their spend",
     .options = local_options,
     .run = command_list},
    {.name = "remove",
     .arguments = "KEY [--force] [--dry-run] [--local-only]",
     .summary = "revoke a key at OpenRouter and take it out of the vault",
     .text = "The key is found in the vault, asked for at OpenRouter and shown with today's spend "
             "before the question; one that is still in use is confirmed by typing its name. Then "
             "it is disabled, taken out of the vault, and deleted, in one transaction: what is "
             "interrupted is finished or taken back by the next command. A key that was revoked "
             "already is taken out with a note.\n\n"
             "--force does not ask; it skips no step. --local-only sends nothing and leaves a "
             "tombstone, so that doctor can revoke the key later. --dry-run only looks.",
     .examples = remove_examples,
     .options = remove_options,
     .least = 1,
     .most = 1,
     .run = command_remove},
    {.name = "rotate",
     .arguments = "KEY",
     .summary = "give a key a new value, with the limits that it has",
     .text = "A new key is created as add does it; the old one is revoked only when the new one "
             "is in the vault. Both work until then. What is interrupted is finished or taken "
             "back by the next command.",
     .options = remote_options,
     .least = 1,
     .most = 1,
     .run = command_rotate},
    {.name = "update-limits",
     .arguments = "KEY [--monthly-limit USD|none] [--daily-limit USD|none] [--alert-threshold "
                  "SHARE]...",
     .summary = "change what a key may spend, here and at OpenRouter",
     .text = "OpenRouter knows one limit and one interval for a key. With both limits set it is "
             "told the daily one, or what the month still leaves when that is less, and sync tells "
             "it anew as the month goes on; with one, that one. Days and months are those of "
             "UTC.\n\n"
             "Amounts are dollars with at most six decimals; none takes a limit away. Where "
             "nothing is left the key is disabled, on record, and enabled again by sync when the "
             "next month begins or a limit is raised.",
     .examples = limits_examples,
     .options = limits_options,
     .least = 1,
     .most = 1,
     .run = command_update_limits},
    {.name = "get-usage",
     .arguments = "[KEY] [--cached] [--report R.db] [--fail-at SHARE]",
     .summary = "show what keys spent today and this month, and as of when",
     .text = "OpenRouter is asked, unless --cached shows what was last known, or --report what a "
             "keycensus report of activity exports says; both need no network. OpenRouter's "
             "figures come late: they are never less than what was known before. With --fail-at "
             "the exit status is 24 when that share of a key's own limit is spent.",
     .examples = usage_examples,
     .options = usage_options,
     .most = 1,
     .run = command_get_usage},
    {.name = "usage",
     .arguments = "",
     .summary = "show the account's credits",
     .options = remote_options,
     .run = command_usage},
    {.name = "sync",
     .arguments = "",
     .summary = "fetch what all keys spent, tighten their limits, send alerts",
     .text = "For a timer: applier/vault/systemd has one. Each key's spend is kept in the vault; "
             "its limit at OpenRouter becomes what is left; a key of which nothing is left is "
             "disabled, on record, and enabled again when something is. A key that its owner "
             "disabled stays so.\n\n"
             "Alerts go to the places that DIR/alerts.conf names, a line each: command /PATH "
             "[WORD]..., file /PATH, or syslog; without that file to standard error. Each key, "
             "window and threshold is told once, and kept until every place has taken it.",
     .options = remote_options,
     .run = command_sync},
    {.name = "alerts",
     .arguments = "list | test | ack [ALERT|KEY]",
     .summary = "list the alerts, try where they go, acknowledge them",
     .text = "test sends an alert of no key to every place of DIR/alerts.conf. ack ends the "
             "delivery of an alert, of those of a key, or of all; it says nothing of later ones.",
     .options = change_options,
     .least = 1,
     .most = 2,
     .run = command_alerts},
    {.name = "doctor",
     .arguments = "",
     .summary = "finish what was interrupted, then say what is wrong and what resolves it",
     .text = "The vault is looked at, then OpenRouter is asked whether it agrees: keys of the "
             "vault that are gone, keys that no vault here holds, and tombstones, each with its "
             "hash. A tombstone whose key is gone leaves the vault; one whose key is alive is "
             "revoked when that is confirmed, or with --force. Keys that the vault does not know "
             "are never touched. Exits 23 while the two disagree.",
     .options = doctor_options,
     .run = command_doctor},
    {.name = "migrate",
     .arguments = "",
     .summary = "take a vault of the original program to the schema with limits and usage",
     .text = "Sends no request. The vault as it was is kept in the folder backups. The original "
             "program can still read the new one.",
     .options = change_options,
     .run = command_migrate},
    {.name = "rotate-master",
     .arguments = "",
     .summary = "give the vault a new master key and seal everything with it anew",
     .text = "The vault and the file of its master key change in one transaction: after a crash "
             "both are old or both are new. The vault itself remembers the earlier master keys, "
             "so that an earlier vault in the folder backups can still be opened. The API keys "
             "stay what they are; lean_vault rotate changes one of those.",
     .options = change_options,
     .run = command_rotate_master},
    {.name = "spool",
     .arguments = "run DIR --allowed-signers FILE",
     .summary = "carry out the requests of a host without network",
     .text = "remove KEY --spool DIR --key FILE writes a request there, signed by ssh-keygen -Y "
             "in the namespace " SPOOL_NAMESPACE ". DIR is carried here, spool run shows each "
             "request's name and hash and asks; DIR is carried back, and the same remove takes the "
             "key out of its vault. A request can look at one key, disable it and delete it, is "
             "used once, and expires after seven days; it holds no key. The management key is that "
             "of the vault here.",
     .examples = spool_examples,
     .options = spool_options,
     .least = 1,
     .most = 2,
     .run = command_spool},
    {.name = "version",
     .arguments = "",
     .summary = "print the version",
     .options = local_options,
     .run = command_version},
    {0},
};

static const char *const files[] = {
    "~/.lean_vault/secrets.vault",
    "the vault, encrypted; mode 0600 in a folder of mode 0700",
    "~/.lean_vault/.secret_vault.key",
    "the master key, 32 bytes, mode 0600; without it nothing opens the vault",
    "~/.lean_vault/alerts.conf",
    "where alerts go, a line each: command /PATH, file /PATH, syslog",
    "~/.lean_vault/backups",
    "earlier states of the vault, encrypted as they were",
    NULL,
};

static const char *const exits[] = {
    "20", "OpenRouter could not be asked; a later try can help",
    "21", "OpenRouter refused",
    "22", "OpenRouter was asked too often; a later try can help",
    "23", "OpenRouter and the vault disagree; lean_vault doctor says how",
    "24", "a share of a limit is spent (--fail-at)",
    NULL,
};

static const struct cli_program program = {
    .name = "lean_vault",
    .letter = 'L',
    .summary = "keep API keys of OpenRouter, remove and revoke them safely, limit what they spend",
    .text = "lean_vault keeps API keys in an encrypted vault and knows each by the hash that "
            "OpenRouter gave it. Every change of the vault is one journaled transaction: whatever "
            "happens in between, the vault is the old one or the new one, and a key that is "
            "removed is revoked or on record as not yet revoked. It never prints a key but by get.",
    .examples = program_examples,
    .commands = commands,
    .files = files,
    .exits = exits,
    .before = vault_confine_calls,
};

int main(int argc, char **argv)
{
    (void)sys->no_core_dumps(); /* secrets are in memory */
    file_share_by(sys->umask(077));
    return cli_main(&program, argc, argv);
}
