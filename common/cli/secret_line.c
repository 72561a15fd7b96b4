/* secret_line: a secret typed without being shown, or piped in. */
#include "common/cli/talk.h"
#include "common/sys.h"

enum { SECRET_LINE_MAX = 4096 };

/* Byte by byte, so that nothing of the next line is taken. The number of bytes, or -1. */
static int read_line(unsigned char *into)
{
    int len = 0;
    while (len < SECRET_LINE_MAX) {
        ssize_t n = cli_stop_signal ? -1 : sys->read(0, into + len, 1);
        if (n < 0)
            return -1;
        if (n == 0 || into[len] == '\n')
            return len;
        len++;
    }
    return len;
}

bool cli_read_secret(struct cli *cli, const char *prompt, struct arena *secrets, struct str *secret,
                     struct err *err)
{
    unsigned char *line = arena_alloc(secrets, SECRET_LINE_MAX + 1);
    bool person = cli_has_person(cli);
    if (cli->no_input) {
        err_set(err, ERR_ANSWERED_NO, 910, "a secret is needed, and --no-input was given");
        return false;
    }
    if (person) {
        /* Where that fails it is shown: no reason to stop. */
        (void)sys->terminal_echo(0, SYS_ECHO_OFF);
        talk_write(str_from(prompt));
        talk_write(STR(" "));
    }
    int len = read_line(line);
    if (person) {
        (void)sys->terminal_echo(0, SYS_ECHO_ON);
        talk_write(STR("\n"));
    }
    int number = (int)cli_stop_signal;
    if (len < 0 && number)
        err_set(err, ERR_SIGNAL + number, 910, "stopped by signal %d: nothing was done", number);
    else if (len == SECRET_LINE_MAX)
        err_set(err, ERR_USAGE, 911, "the line is longer than any key");
    else if (len <= 0 || str_trim(str_make(line, (size_t)len)).len == 0)
        err_set(err, ERR_ANSWERED_NO, 910, "nothing was given on standard input: nothing was done");
    else
        *secret = str_trim(str_make(line, (size_t)len));
    return !err_is(err);
}
