/* talk: messages, errors and questions. */
#include "common/cli/talk.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"
#include "common/utc.h"

#include <errno.h>
#include <stdarg.h>

enum { ANSWER_MAX = 512 };

void talk_write(struct str text)
{
    struct err ignored = {0};
    (void)file_write_all(2, text, "standard error", &ignored);
}

static void log_line(const struct cli *cli, struct str text)
{
    char when[UTC_TEXT];
    struct err ignored = {0};
    if (cli->log_fd < 0)
        return;
    struct str line = str_from(arena_printf(cli->arena, "%s %s: %.*s", utc_text(sys->now(), when),
                                            cli->program->name, STR_ARG(text)));
    (void)file_write_all(cli->log_fd, line, "log file", &ignored);
}

static void say(const struct cli *cli, const char *lead, const char *format, va_list args,
                bool shown) __attribute__((format(printf, 3, 0)));

static void say(const struct cli *cli, const char *lead, const char *format, va_list args,
                bool shown)
{
    struct buf line = {.arena = cli->arena};
    buf_text(&line, lead);
    text_visible(&line, str_from(arena_vprintf(cli->arena, format, args)));
    buf_byte(&line, '\n');
    if (shown)
        talk_write(buf_str(&line));
    log_line(cli, buf_str(&line));
}

void cli_say(struct cli *cli, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(cli, "", format, args, cli->quiet == 0);
    va_end(args);
}

void cli_detail(struct cli *cli, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(cli, "", format, args, cli->verbose > 0);
    va_end(args);
}

void cli_warn(struct cli *cli, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(cli, cli->colour_err ? "\033[33mwarning:\033[0m " : "warning: ", format, args, true);
    va_end(args);
}

void cli_print_error(struct cli *cli, const struct err *e)
{
    struct buf b = {.arena = cli->arena};
    buf_printf(&b, "%s: %serror[%c%04d]:%s ", cli->program->name, cli->colour_err ? "\033[31m" : "",
               cli->program->letter, e->id, cli->colour_err ? "\033[0m" : "");
    text_visible(&b, str_from(e->text)); /* a name in it may not have been made visible before */
    if (e->place[0]) {
        buf_text(&b, "\n  in: ");
        text_visible(&b, str_from(e->place));
    }
    if (e->hint[0]) {
        buf_text(&b, "\n  hint: ");
        text_visible(&b, str_from(e->hint));
    }
    buf_byte(&b, '\n');
    if (e->kind != ERR_SIGNAL + SIGPIPE) /* whoever reads no further knows it */
        talk_write(buf_str(&b));
    log_line(cli, buf_str(&b));
}

bool cli_flush(struct cli *cli, struct err *err)
{
    struct str text = buf_str(&cli->out);
    cli->out = (struct buf){.arena = cli->arena};
    if (text.len == 0)
        return true;
    while (text.len > 0) {
        ssize_t n = sys->write(1, text.at, text.len);
        if (n < 0 && errno == EPIPE) { /* the reader has seen enough, as with `| head` */
            err_set(err, ERR_SIGNAL + SIGPIPE, 909, "standard output was closed");
            return false;
        }
        if (n < 0) {
            err_sys(err, ERR_SYSTEM, 104, errno, "write to standard output");
            return false;
        }
        text = str_slice(text, (size_t)n, text.len);
    }
    return true;
}

bool cli_has_person(const struct cli *cli)
{
    return !cli->no_input && sys->is_terminal(0);
}

/* One line of standard input, byte by byte so that nothing of the next one is taken. */
static bool read_answer(const struct cli *cli, const char *question, char answer[ANSWER_MAX],
                        struct err *err)
{
    size_t len = 0;
    if (cli->no_input) {
        err_set(err, ERR_ANSWERED_NO, 910, "a question needs an answer, and --no-input was given");
        err_hint(err, "--yes answers it with yes");
        return false;
    }
    talk_write(str_from(question));
    talk_write(STR(" "));
    for (;;) {
        char c;
        ssize_t n = cli_stop_signal ? -1 : sys->read(0, &c, 1);
        int number = (int)cli_stop_signal;
        if (n < 0 && number) { /* half an answer is none */
            talk_write(STR("\n"));
            err_set(err, ERR_SIGNAL + number, 910, "stopped by signal %d: nothing was done",
                    number);
            return false;
        }
        if (n <= 0 && len == 0) {
            talk_write(STR("\n"));
            err_set(err, ERR_ANSWERED_NO, 910,
                    "no answer: standard input ended, so nothing was done");
            err_hint(err, "--yes answers it with yes");
            return false;
        }
        if (n <= 0 || c == '\n')
            break;
        if (len + 1 < ANSWER_MAX)
            answer[len++] = c;
    }
    answer[len] = 0;
    struct str trimmed = str_trim(str_make(answer, len));
    memmove(answer, trimmed.at, trimmed.len);
    answer[trimmed.len] = 0;
    return true;
}

bool cli_ask(struct cli *cli, const char *question, struct err *err)
{
    static const struct str yes[] = {{(const unsigned char *)"yes", 3},
                                     {(const unsigned char *)"y", 1},
                                     {(const unsigned char *)"sim", 3},
                                     {(const unsigned char *)"s", 1}};
    char answer[ANSWER_MAX];
    if (!read_answer(cli, question, answer, err))
        return false;
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        if (str_eq_nocase(str_from(answer), yes[i]))
            return true;
    err_set(err, ERR_ANSWERED_NO, 910, "answered no: nothing was done");
    return false;
}

bool cli_ask_text(struct cli *cli, const char *question, const char *wanted, struct err *err)
{
    char answer[ANSWER_MAX];
    if (!read_answer(cli, question, answer, err))
        return false;
    if (strcmp(answer, wanted) == 0)
        return true;
    err_set(err, ERR_ANSWERED_NO, 910, "the answer was not \"%s\": nothing was done", wanted);
    return false;
}
