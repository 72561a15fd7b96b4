/* cli: parse, run one command, write what it made, say how it ended. */
#include "common/cli/cli.h"
#include "common/cli/talk.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>

volatile sig_atomic_t cli_stop_signal = 0;
volatile sig_atomic_t cli_progress_wanted = 0;

static void on_stop(int number)
{
    cli_stop_signal = number;
}

static void on_progress(int number)
{
    (void)number;
    cli_progress_wanted = 1;
}

static void out_of_memory(size_t wanted)
{
    static const char text[] = "error: no memory\n";
    (void)wanted;
    (void)sys->write(2, text, sizeof text - 1);
    sys->quit(ERR_SYSTEM);
}

/*
 * A closed standard descriptor would be taken by the next file that is opened, and talk would be
 * written into it. Put something harmless there: 0 and 2 read as empty, a write to 1 still fails.
 */
static void fill_standard_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        struct stat st;
        if (sys->fstat(fd, &st) != 0 && errno == EBADF)
            (void)sys->openat(AT_FDCWD, "/dev/null", fd == 2 ? O_WRONLY : O_RDONLY, 0);
    }
}

static const struct cli_option *find_name(const struct cli_option *list, struct str name)
{
    for (; list && list->name; list++)
        if (str_eq(str_from(list->name), name))
            return list;
    return NULL;
}

static const struct cli_option *find_letter(const struct cli_option *list, char letter)
{
    for (; list && list->name; list++)
        if (list->letter == letter)
            return list;
    return NULL;
}

static bool unknown_option(const struct cli *cli, struct str name, struct err *err)
{
    struct str known[128];
    size_t count = 0;
    const struct cli_option *lists[] = {cli->command ? cli->command->options : NULL,
                                        cli_common_options};
    for (size_t l = 0; l < 2; l++)
        for (const struct cli_option *o = lists[l]; o && o->name && count < 128; o++)
            known[count++] = str_from(o->name);
    struct str best[1];
    err_set(err, ERR_USAGE, 901, "unknown option --%s", text_shown(cli->arena, name));
    if (text_nearest(name, known, count, best, 1))
        err_hint(err, "did you mean --%.*s?", STR_ARG(best[0]));
    else
        err_hint(err, "see %s --help", cli->program->name);
    return false;
}

static bool choose(const struct cli *cli, const char *option, const char *value,
                   const char *const *words, int *choice, struct err *err)
{
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], value) == 0) {
            *choice = i;
            return true;
        }
    }
    struct buf list = {.arena = cli->arena};
    for (int i = 0; words[i]; i++)
        buf_printf(&list, "%s%s", i ? ", " : "", words[i]);
    buf_byte(&list, 0);
    err_set(err, ERR_USAGE, 902, "--%s takes one of: %s", option, (const char *)list.at);
    return false;
}

static void decide_colour(struct cli *cli, int choice)
{
    const char *none = sys->env("NO_COLOR");
    const char *term = sys->env("TERM");
    bool wanted = !(none && *none) && !(term && strcmp(term, "dumb") == 0);
    cli->colour_out = choice == 1 || (choice == 0 && wanted && sys->is_terminal(1));
    cli->colour_err = choice == 1 || (choice == 0 && wanted && sys->is_terminal(2));
}

static bool take_common(struct cli *cli, const struct cli_option *o, const char *value,
                        struct err *err)
{
    static const char *const formats[] = {"text", "json", "csv", NULL};
    static const char *const colours[] = {"auto", "always", "never", NULL};
    static const char *const progress[] = {"auto", "bar", "line", "json", "none", NULL};
    int choice = 0;
    switch (o->id) {
    case CLI_QUIET:
        cli->quiet++;
        return true;
    case CLI_VERBOSE:
        cli->verbose++;
        return true;
    case CLI_FORMAT:
        if (!choose(cli, o->name, value, formats, &choice, err))
            return false;
        cli->format = choice == 0 ? TABLE_TEXT : choice == 1 ? TABLE_JSON : TABLE_CSV;
        return true;
    case CLI_JSON:
        cli->format = TABLE_JSON;
        return true;
    case CLI_OUTPUT:
        cli->output = value;
        return true;
    case CLI_OVERWRITE:
        cli->existing = FILE_OVERWRITE;
        return true;
    case CLI_COLOR:
        if (!choose(cli, o->name, value, colours, &choice, err))
            return false;
        decide_colour(cli, choice);
        return true;
    case CLI_PROGRESS:
        if (!choose(cli, o->name, value, progress, &choice, err))
            return false;
        cli->progress = (enum cli_progress)choice;
        return true;
    case CLI_NO_INPUT:
        cli->no_input = true;
        return true;
    case CLI_LOG_FILE:
        cli->log_path = value;
        return true;
    default:
        return true;
    }
}

static bool is_reserved(const struct cli_command *c, int id)
{
    for (const int *r = c ? c->reserved : NULL; r && *r; r++)
        if (*r == id)
            return true;
    return false;
}

/* One option with its value; help and version only note themselves in *special. */
static bool take_option(struct cli *cli, const struct cli_option *o, const char *value,
                        int *special, struct err *err)
{
    if (o->id <= CLI_MAN_PAGE) {
        *special = o->id;
        return true;
    }
    if (o->id < CLI_OWN)
        return take_common(cli, o, value, err);
    if (is_reserved(cli->command, o->id)) {
        err_set(err, ERR_USAGE, 903, "--%s: not in this version", o->name);
        return false;
    }
    cli->given[cli->given_count++] = (struct cli_given){o, value};
    return true;
}

struct words {
    char **at;
    int count;
    int next;
};

static bool take_long(struct cli *cli, struct words *w, struct str word, int *special,
                      struct err *err)
{
    struct str name;
    struct str value;
    bool has_value = str_cut(word, '=', &name, &value);
    const struct cli_option *o = find_name(cli->command ? cli->command->options : NULL, name);
    if (!o)
        o = find_name(cli_common_options, name);
    if (!o)
        return unknown_option(cli, name, err);
    const char *given = NULL;
    if (o->arg && has_value)
        given = (const char *)value.at; /* the tail of a NUL-terminated word */
    else if (o->arg && w->next < w->count)
        given = w->at[w->next++];
    if (o->arg && !given) {
        err_set(err, ERR_USAGE, 904, "--%s needs a value: %s", o->name, o->arg);
        return false;
    }
    if (!o->arg && has_value) {
        err_set(err, ERR_USAGE, 904, "--%s takes no value", o->name);
        return false;
    }
    return take_option(cli, o, given, special, err);
}

static bool take_letters(struct cli *cli, struct words *w, const char *letters, int *special,
                         struct err *err)
{
    for (; *letters; letters++) {
        const struct cli_option *o =
            find_letter(cli->command ? cli->command->options : NULL, *letters);
        if (!o)
            o = find_letter(cli_common_options, *letters);
        if (!o)
            return unknown_option(cli, str_make(letters, 1), err);
        if (!o->arg) {
            if (!take_option(cli, o, NULL, special, err))
                return false;
            continue;
        }
        const char *value = letters[1] ? letters + 1 : w->next < w->count ? w->at[w->next++] : NULL;
        if (!value) {
            err_set(err, ERR_USAGE, 904, "-%c needs a value: %s", *letters, o->arg);
            return false;
        }
        return take_option(cli, o, value, special, err);
    }
    return true;
}

static bool take_command(struct cli *cli, struct str name, struct err *err)
{
    struct str known[64];
    size_t count = 0;
    for (const struct cli_command *c = cli->program->commands; c->name; c++) {
        if (str_eq(str_from(c->name), name)) {
            cli->command = c;
            return true;
        }
        if (count < 64)
            known[count++] = str_from(c->name);
    }
    struct str best[1];
    err_set(err, ERR_USAGE, 905, "unknown command \"%s\"", text_shown(cli->arena, name));
    if (text_nearest(name, known, count, best, 1))
        err_hint(err, "did you mean %s %.*s?", cli->program->name, STR_ARG(best[0]));
    else
        err_hint(err, "see %s --help", cli->program->name);
    return false;
}

static bool parse(struct cli *cli, struct words *w, int *special, struct err *err)
{
    bool options = true;
    while (w->next < w->count) {
        char *word = w->at[w->next++];
        bool done = true;
        if (options && strcmp(word, "--") == 0)
            options = false;
        else if (options && word[0] == '-' && word[1] == '-')
            done = take_long(cli, w, str_from(word + 2), special, err);
        else if (options && word[0] == '-' && word[1])
            done = take_letters(cli, w, word + 1, special, err);
        else if (!cli->command)
            done = take_command(cli, str_from(word), err);
        else
            cli->arguments[cli->argument_count++] = word;
        if (!done)
            return false;
    }
    return true;
}

static bool check_usage(const struct cli *cli, struct err *err)
{
    const struct cli_command *c = cli->command;
    if (!c) {
        err_set(err, ERR_USAGE, 906, "no command was given");
        err_hint(err, "see %s --help", cli->program->name);
        return false;
    }
    if (c->readiness == CLI_RESERVED) {
        err_set(err, ERR_USAGE, 903, "%s: not in this version", c->name);
        return false;
    }
    if (cli->argument_count < c->least || cli->argument_count > c->most) {
        err_set(err, ERR_USAGE, 907, "%s: %s arguments", c->name,
                cli->argument_count < c->least ? "too few" : "too many");
        err_hint(err, "usage: %s %s %s", cli->program->name, c->name, c->arguments);
        return false;
    }
    return true;
}

/* Before the command does anything. A file that comes up later is not overwritten either. */
static bool output_is_free(const struct cli *cli, struct err *err)
{
    struct stat st;
    if (!cli->output || cli->existing == FILE_OVERWRITE ||
        cli->command->output != CLI_OUTPUT_TEXT ||
        sys->fstatat(AT_FDCWD, cli->output, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return true;
    return file_in_the_way(cli->output, err);
}

static bool write_output(struct cli *cli, struct err *err)
{
    bool to_file = cli->output && cli->command && cli->command->output == CLI_OUTPUT_TEXT;
    struct err failed = {0};
    if (to_file ? file_replace(cli->output, buf_str(&cli->out), 0666, cli->existing, &failed)
                : cli_flush(cli, &failed))
        return true;
    if (cli->stands) {
        cli_warn(cli, "the change is done and stands, but its result could not be written: %s",
                 failed.text);
        return true;
    }
    *err = failed;
    return false;
}

static bool run(struct cli *cli, struct words *w, struct err *err)
{
    int special = 0;
    /* Help and version win over any mistake that follows them, as people expect of -h. */
    bool parsed = parse(cli, w, &special, err);
    if (special) {
        *err = (struct err){0};
        if (special == CLI_VERSION)
            buf_printf(&cli->out, "%s %s\n", cli->program->name, KEYRETIRE_VERSION);
        else if (special == CLI_MAN_PAGE)
            cli_man_page(&cli->out, cli->program);
        else if (special == CLI_HELP)
            cli_help_short(&cli->out, cli->program, cli->command);
        else
            cli_help_long(&cli->out, cli->program, cli->command);
        return cli_flush(cli, err);
    }
    /* The log is opened last: no mistake may be written down in a file of somebody's. */
    if (!parsed || !check_usage(cli, err) || !cli_spares_words(cli, err) ||
        !cli_open_log(cli, err) || !output_is_free(cli, err))
        return false;
    if (cli->program->before && !cli->program->before(cli, err))
        return false;
    if (!cli->command->run(cli, err)) {
        if (cli->format == TABLE_TEXT) {
            struct err ignored = {0};
            (void)cli_flush(cli, &ignored); /* what was found before the error */
        }
        return false;
    }
    return write_output(cli, err);
}

int cli_main(const struct cli_program *program, int argc, char **argv)
{
    struct arena arena = {0};
    struct err err = {0};
    arena_out_of_memory = out_of_memory;
    fill_standard_descriptors();
    (void)sys->on_signal(SIGINT, on_stop);
    (void)sys->on_signal(SIGTERM, on_stop);
    (void)sys->on_signal(SIGHUP, on_stop);
    (void)sys->on_signal(SIGUSR1, on_progress);
    (void)sys->on_signal(SIGPIPE, SIG_IGN);
    struct cli cli = {.arena = &arena, .program = program, .log_fd = -1, .out.arena = &arena};
    decide_colour(&cli, 0);
    cli.given = ARENA_ARRAY(&arena, (size_t)argc + 1, struct cli_given);
    cli.arguments = ARENA_ARRAY(&arena, (size_t)argc + 1, const char *);
    struct words words = {argv, argc, 1};
    int status = run(&cli, &words, &err) ? cli.status : err.kind;
    if (err_is(&err))
        cli_print_error(&cli, &err);
    if (cli.log_fd >= 0)
        (void)sys->close(cli.log_fd);
    arena_free(&arena);
    return status;
}

const char *cli_value(const struct cli *cli, int id)
{
    for (size_t i = cli->given_count; i > 0; i--)
        if (cli->given[i - 1].option->id == id)
            return cli->given[i - 1].value;
    return NULL;
}

bool cli_flag(const struct cli *cli, int id)
{
    for (size_t i = 0; i < cli->given_count; i++)
        if (cli->given[i].option->id == id)
            return true;
    return false;
}

bool cli_number(const struct cli *cli, int id, uint64_t least, uint64_t most, uint64_t *value,
                struct err *err)
{
    for (size_t i = 0; i < cli->given_count; i++) {
        if (cli->given[i].option->id != id)
            continue;
        uint64_t n;
        if (!str_to_u64(str_from(cli->given[i].value), &n) || n < least || n > most) {
            err_set(err, ERR_USAGE, 908, "--%s takes a whole number from %llu to %llu",
                    cli->given[i].option->name, (unsigned long long)least,
                    (unsigned long long)most);
            return false;
        }
        *value = n;
    }
    return true;
}
