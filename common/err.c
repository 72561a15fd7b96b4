/* err: first error wins, context is put in front of it. */
#include "common/err.h"

#include <stdarg.h>
#include <stdio.h>

static const struct err_entry entries[] = {
#define ERROR(id, title, meaning) {id, title, meaning},
#include "common/errors.def"
#undef ERROR
};

const struct err_entry *err_entries(size_t *count)
{
    *count = sizeof entries / sizeof entries[0];
    return entries;
}

const struct err_entry *err_lookup(int id)
{
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
        if (entries[i].id == id)
            return &entries[i];
    return NULL;
}

static void begin(struct err *e, int kind, int id, const char *format, va_list args)
    __attribute__((format(printf, 4, 0)));

static void begin(struct err *e, int kind, int id, const char *format, va_list args)
{
    e->kind = kind;
    e->id = id;
    (void)vsnprintf(e->text, sizeof e->text, format, args);
}

void err_set(struct err *e, int kind, int id, const char *format, ...)
{
    if (err_is(e))
        return;
    va_list args;
    va_start(args, format);
    begin(e, kind, id, format, args);
    va_end(args);
}

void err_sys(struct err *e, int kind, int id, int errnum, const char *format, ...)
{
    if (err_is(e))
        return;
    va_list args;
    va_start(args, format);
    begin(e, kind, id, format, args);
    va_end(args);
    char reason[128] = "";
    (void)strerror_r(errnum, reason, sizeof reason);
    size_t used = strlen(e->text);
    (void)snprintf(e->text + used, sizeof e->text - used, ": %s", reason);
}

void err_context(struct err *e, const char *format, ...)
{
    if (!err_is(e))
        return;
    char joined[sizeof e->text] = "";
    va_list args;
    va_start(args, format);
    int used = vsnprintf(joined, sizeof joined, format, args);
    va_end(args);
    if (used < 0 || (size_t)used >= sizeof joined)
        return;
    size_t at = (size_t)used;
    size_t room = sizeof joined - at - 3; /* ": " and the NUL; a longer cause is cut at its end */
    size_t cause = strlen(e->text);
    if (at + 3 >= sizeof joined)
        return;
    memcpy(joined + at, ": ", 2);
    if (cause > room)
        cause = room;
    memcpy(joined + at + 2, e->text, cause);
    joined[at + 2 + cause] = 0;
    memcpy(e->text, joined, sizeof joined);
}

void err_place(struct err *e, const char *format, ...)
{
    if (!err_is(e) || e->place[0])
        return;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(e->place, sizeof e->place, format, args);
    va_end(args);
}

void err_hint(struct err *e, const char *format, ...)
{
    if (!err_is(e) || e->hint[0])
        return;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(e->hint, sizeof e->hint, format, args);
    va_end(args);
}
