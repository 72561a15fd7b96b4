/*
 * cli: the command line of a program, from one option table.
 *
 * A program is a const table of commands with their options; the parser, the short help, the long
 * help and the man page all come from it, so they cannot disagree. A command gets a struct cli with
 * what was given, in order, and writes its data to cli->out; nothing below main and cli prints.
 *
 *     static bool run_show(struct cli *cli, struct err *err) { ... buf_printf(&cli->out, ...) ... }
 *     static const struct cli_command commands[] = {{.name = "show", .run = run_show, ...}, {0}};
 *     int main(int argc, char **argv) { return cli_main(&program, argc, argv); }
 *
 * Data goes to standard output (or to -o FILE, atomically), talk to standard error. With --json an
 * error leaves standard output empty.
 * Errors: a command's err_kind is the exit status; see `exit_lines` for the list that help prints.
 * A command that is done but has something to say by its exit status (incomplete, pending) sets
 * cli->status and gives back true, so that its output is still written.
 */
#ifndef COMMON_CLI_H
#define COMMON_CLI_H

#include "common/buf.h"
#include "common/err.h"
#include "common/file.h"
#include "common/table.h"

#include <signal.h>

struct cli;

/* Ids of the common options; a program's own start at CLI_OWN. */
enum cli_common {
    CLI_HELP = 1,
    CLI_LONG_HELP,
    CLI_VERSION,
    CLI_MAN_PAGE,
    CLI_QUIET,
    CLI_VERBOSE,
    CLI_FORMAT,
    CLI_JSON,
    CLI_OUTPUT,
    CLI_OVERWRITE,
    CLI_COLOR,
    CLI_PROGRESS,
    CLI_NO_INPUT,
    CLI_LOG_FILE,
    CLI_OWN
};

struct cli_option {
    int id;
    const char *name; /* without the dashes; NULL ends a list */
    char letter;      /* short form, or 0 */
    const char *arg;  /* what the value is called; NULL: a flag */
    const char *help;
};

enum cli_readiness { CLI_READY, CLI_RESERVED /* named by the contract, not in this version */ };

enum cli_output {
    CLI_OUTPUT_TEXT,  /* cli writes cli->out to -o FILE or standard output */
    CLI_OUTPUT_RESULT /* -o names what the command itself makes (a report, a plan) */
};

struct cli_command {
    const char *name;
    const char *arguments;       /* "INPUT... -o report.db", for the usage line */
    const char *summary;         /* one line */
    const char *text;            /* paragraphs of the long help, separated by blank lines */
    const char *const *examples; /* pairs: what it does, the command line; NULL-terminated */
    const struct cli_option *options;
    const int *reserved;  /* option ids of this command that answer `not in this version`; 0 ends */
    unsigned least, most; /* positional arguments */
    enum cli_readiness readiness;
    enum cli_output output;
    bool (*run)(struct cli *cli, struct err *err);
};

struct cli_program {
    const char *name;
    char letter; /* of error ids: K, R, V */
    const char *summary;
    const char *text;
    const char *const *examples;
    const struct cli_command *commands;
    const char *const *files; /* pairs: path, what it is; for the man page */
    const char *const *exits; /* pairs: exit status, what it means; those not common to all */
    bool (*before)(struct cli *cli, struct err *err); /* any command runs; may be NULL */
};

struct cli_given {
    const struct cli_option *option;
    const char *value; /* NULL for a flag */
};

enum cli_progress { PROGRESS_AUTO, PROGRESS_BAR, PROGRESS_LINE, PROGRESS_JSON, PROGRESS_NONE };

struct cli {
    struct arena *arena;
    const struct cli_program *program;
    const struct cli_command *command;
    struct cli_given *given; /* the command's own options, in the order given */
    size_t given_count;
    const char **arguments;
    size_t argument_count;

    unsigned quiet, verbose;
    enum table_format format;
    const char *output;          /* -o, or NULL */
    enum file_existing existing; /* --overwrite */
    bool colour_out, colour_err; /* decided: terminal, NO_COLOR, --color */
    enum cli_progress progress;
    bool no_input;
    const char *log_path; /* --log-file, or NULL */
    int log_fd;           /* the same once it is open, else -1 */

    struct buf out;
    int status;  /* exit status of a command that succeeded; 0 unless it says otherwise */
    bool stands; /* something was changed for good: an output that fails is a warning, no failure */
};

/* Parses, runs, prints; the exit status of the process. */
int cli_main(const struct cli_program *program, int argc, char **argv);

/* The last value given for an option, or NULL; whether a flag was given. */
const char *cli_value(const struct cli *cli, int id);
bool cli_flag(const struct cli *cli, int id);
/* A whole number within [least, most]; false with ERR_USAGE otherwise. Not given: `value` stays. */
bool cli_number(const struct cli *cli, int id, uint64_t least, uint64_t most, uint64_t *value,
                struct err *err);

/*
 * ERR_USAGE 934 when -o or --log-file names this file, which the command reads or changes. cli_main
 * has asked about every argument and every value of an option.
 */
bool cli_spares(struct cli *cli, const char *path, struct err *err);

/* Talk on standard error (and the log file): a line each. */
void cli_say(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cli_detail(struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* -v */
void cli_warn(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints an error value as cli_main does; for errors that do not end the command. */
void cli_print_error(struct cli *cli, const struct err *e);
/* Writes cli->out to standard output now (and empties it): before a question is asked. */
bool cli_flush(struct cli *cli, struct err *err);

/*
 * Asks on standard error, reads a line from standard input. True for yes, y, sim, s. Anything else,
 * the end of the input and --no-input are false with ERR_ANSWERED_NO.
 */
bool cli_ask(struct cli *cli, const char *question, struct err *err);
/* The same, but the answer must be exactly `wanted`. */
bool cli_ask_text(struct cli *cli, const char *question, const char *wanted, struct err *err);
/*
 * One line of standard input that is not shown while it is typed; into a wiping arena, without its
 * white space at either end. ERR_ANSWERED_NO when there is none, ERR_USAGE 911 for a long one.
 */
bool cli_read_secret(struct cli *cli, const char *prompt, struct arena *secrets, struct str *secret,
                     struct err *err);
/* Whether a person can be asked: standard input is a terminal and --no-input was not given. */
bool cli_has_person(const struct cli *cli);

/* The number of the signal that asked us to stop, or 0. Set by SIGINT, SIGTERM, SIGHUP. */
extern volatile sig_atomic_t cli_stop_signal;
/* Raised by SIGUSR1 (print one progress line); whoever prints it sets it back to 0. */
extern volatile sig_atomic_t cli_progress_wanted;

/* cli_help.c */
void cli_help_short(struct buf *b, const struct cli_program *p, const struct cli_command *c);
void cli_help_long(struct buf *b, const struct cli_program *p, const struct cli_command *c);
void cli_man_page(struct buf *b, const struct cli_program *p);
extern const struct cli_option cli_common_options[];

#endif
