/*
 * report_shell: a private folder, and other programs asked about the files in it, for the tests of
 * the report. The expected values of those tests come from sqlite3 and python3, not from us.
 */
#ifndef TESTS_UNIT_REPORT_SHELL_H
#define TESTS_UNIT_REPORT_SHELL_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHELL_TEXT = 64 * 1024 };

/* A new folder; removed by shell_remove. */
static inline void shell_folder(char into[64])
{
    (void)snprintf(into, 64, "/tmp/keyretire-test-XXXXXX");
    if (!mkdtemp(into))
        abort();
}

/* What a shell command prints, without its last newline. The text is good until the next call. */
static inline const char *shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline const char *shell(const char *format, ...)
{
    static char text[SHELL_TEXT];
    char command[8192];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(command, sizeof command, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof command)
        abort();
    FILE *out = popen(command, "r");
    if (!out)
        abort();
    size_t n = fread(text, 1, sizeof text - 1, out);
    while (n > 0 && text[n - 1] == '\n')
        n--;
    text[n] = 0;
    if (pclose(out) < 0)
        abort();
    return text;
}

/* One SQL statement put to a report by the sqlite3 program; columns are joined by |. */
#define SQL(path, statement) shell("sqlite3 -batch -bail '%s' \"%s\" 2>&1", path, statement)

static inline void shell_remove(const char *folder)
{
    (void)shell("rm -rf '%s'", folder);
}

#endif
