/* main: keycensus, its commands and what its help says. */
#include "analyzer/commands.h"

static const char *const program_examples[] = {
    "which key versions does this dump use?",
    "keycensus scan dump.sql.gz --env-file .env.crypto -o report.db",
    "read the answer",
    "keycensus show report.db",
    "what is in this file, before a long scan?",
    "keycensus inspect dump.sql.zst",
    NULL,
};
static const char *const scan_examples[] = {
    "every column of every table of a compressed dump",
    "keycensus scan dump.sql.zst --env-file .env.crypto -o report.db",
    "and state that one column must be there and must hold nothing else",
    "keycensus scan dump.sql --model app.models:User --column otp_secret -o report.db",
    "prove every label, on a host that cannot decrypt (keyretire verification-keys)",
    "keycensus scan dump.sql.zst --verify-keys verification.keys -o report.db",
    "from a pipe, which has no time of its own",
    "pg_dump app | keycensus scan - --dump-time 2026-05-01T10:00:00Z -o report.db",
    "a folder of CSV exports",
    "keycensus scan exports/*.csv -o report.db",
    NULL,
};
static const char *const show_examples[] = {
    "for people", "keycensus show report.db", "for programs", "keycensus show report.db --json",
    NULL,
};
static const char *const diff_examples[] = {
    "does anything still write with an old version?",
    "keycensus diff last-week.db today.db",
    "for scripts: exit 10 when they differ",
    "keycensus diff old.db new.db --detailed-exitcode --json",
    NULL,
};
static const char *const inspect_examples[] = {"tables and sizes", "keycensus inspect dump.sql.gz",
                                               NULL};
static const char *const models_examples[] = {"which tables and columns do the models have?",
                                              "keycensus models src/", NULL};

static const char *const selftest_examples[] = {
    "which envelopes does this version know, and which can it prove?", "keycensus selftest",
    "for programs", "keycensus selftest --json", NULL};

static const struct cli_command commands[] = {
    {.name = "scan",
     .arguments = "INPUT... -o report.db",
     .summary = "read dumps and exports, write the report of key versions in use",
     .text =
         "INPUT is a file, the folder of pg_dump -Fd, or - for standard input; several make one "
         "report. What it is, is told "
         "from its bytes: a dump or archive of pg_dump, a dump of mysqldump or mariadb-dump, "
         "SQLite's .dump, CSV, "
         "TSV or JSON Lines, in UTF-8 or UTF-16, a binary COPY file; gzip, zstd, lz4, xz or bzip2 "
         "around it; an SQLite database, as a plain file only; tar and zip with "
         "such files in them. "
         "Memory does not grow with the input.\n\n"
         "Every column of every table is scanned. --table, --model and --column declare what must "
         "be there: a declared table or column that is missing ends the scan (exit 6), and in a "
         "declared column every cell is accounted for.\n\n"
         "What this version does not read (INSERT of what is no literal) is "
         "refused or "
         "marks the report incomplete by name; it never counts as zero rows. A truncated or "
         "damaged "
         "input leaves a report that is marked incomplete (exit 3 or 12).\n\n"
         "A database of MySQL or MariaDB is the report's database, and its schema is empty. Its "
         "dump "
         "tells when it was completed without a time zone, so that its data counts as up to 14 "
         "hours "
         "older; --dump-time says when it was. Tables that --ignore-table left out leave no trace: "
         "--tables of plan names those that there must be.\n\n"
         "No key is needed, no plaintext is made, and the report holds no cell text.\n\n"
         "A label is only a claim. With --verify-keys, or --verify where the keys may be, every "
         "value is attributed by its MAC: verified, legacy-verified (no label), mislabelled (both "
         "versions are in use), or orphan (no key made it). The keys are derived before the input "
         "is read, and never stored.\n\n"
         "A map file has lines `pkg.mod:Class = [schema.]table` and `pkg.mod:Class.attr = column`; "
         "# starts a comment.",
     .examples = scan_examples,
     .options = scan_options,
     .reserved = scan_reserved,
     .least = 1,
     .most = 1000000,
     .output = CLI_OUTPUT_RESULT,
     .run = command_scan},
    {.name = "show",
     .arguments = "report.db",
     .summary = "show a report",
     .text = "The report is an SQLite file; its views are described in its table _doc. The exit "
             "status is 3 when the report is incomplete.",
     .examples = show_examples,
     .options = show_options,
     .least = 1,
     .most = 1,
     .run = command_show},
    {.name = "diff",
     .arguments = "OLD NEW",
     .summary = "what changed between two reports",
     .text =
         "Per table its coverage and rows; per column what was recognised; per key version and per "
         "class of values how many; keys of the env file, jobs, findings and the declared scope. "
         "What was found is compared, not who scanned it or when: two censuses of equal data "
         "differ in nothing. Reports of earlier versions of this program can be compared with "
         "those of now.\n\n"
         "A version that is not the active one and grew, or was written with after the active one "
         "came into use, is marked stale-writer: a process with an old configuration may be "
         "running. less-seen marks a table or a column with ciphertext that the newer report has "
         "not.\n\n"
         "The exit status is 3 when one of the reports is incomplete: what it did not read may "
         "look like a difference.",
     .examples = diff_examples,
     .options = diff_options,
     .least = 2,
     .most = 2,
     .run = command_diff},
    {.name = "inspect",
     .arguments = "INPUT...",
     .summary = "tables, sizes and formats of an input; no row is decoded",
     .examples = inspect_examples,
     .options = inspect_options,
     .least = 1,
     .most = 1000000,
     .run = command_inspect},
    {.name = "models",
     .arguments = "SOURCE-DIR",
     .summary = "the models of a Python source tree, with their tables and columns",
     .text =
         "The source is scanned, never run. What is named by an expression and not by a literal is "
         "listed as unresolved.",
     .examples = models_examples,
     .options = models_options,
     .least = 1,
     .most = 1,
     .run = command_models},
    {.name = "selftest",
     .arguments = "",
     .summary = "run the built-in vectors of every envelope",
     .text = "A vector is a stored value that is known from elsewhere: made_with names the library "
             "and its version, or says that it was computed from the documented layout. Each must "
             "be given its class and version; where it has a proof, its key must prove it and the "
             "same key with one bit changed must not. The exit status is 1 when one is read "
             "wrongly.",
     .examples = selftest_examples,
     .most = 0,
     .run = command_selftest},
    {.name = "html", .readiness = CLI_RESERVED},
    {.name = "export", .readiness = CLI_RESERVED},
    {.name = "shards", .readiness = CLI_RESERVED},
    {.name = "merge", .readiness = CLI_RESERVED},
    {0},
};

static const struct cli_program program = {
    .name = "keycensus",
    .letter = 'K',
    .summary = "find out which encryption key versions stored data still uses",
    .text = "keycensus streams a database export on a host that needs neither the database nor the "
            "keys, "
            "and writes an SQLite report: for every column, which key versions its values name, "
            "how many "
            "rows, when they were written, and everything that it could not account for. keyretire "
            "plans "
            "the removal of unused versions from that report.",
    .examples = program_examples,
    .commands = commands,
};

int main(int argc, char **argv)
{
    return cli_main(&program, argc, argv);
}
