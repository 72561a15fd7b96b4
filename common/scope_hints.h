/*
 * scope_hints: the errors for a table or a column that was named and is not there.
 *
 * Most of them are slips that a look at the real names resolves, so the hint shows the nearest.
 * In Flask code the Python property often is `otp_secret` where the column is `_otp_secret`; that
 * slip is told apart, because the user is right about the application and wrong about the database.
 *
 *     scope_unknown_column(err, STR("public.usuarios"), STR("otp_secret"), names, count);
 *     err_place(err, "dump.sql.zst, COPY header at byte %llu ...", at);
 *
 * Errors: 411 and 412, both ERR_NOT_FOUND. Names are shown with text_visible.
 */
#ifndef COMMON_SCOPE_HINTS_H
#define COMMON_SCOPE_HINTS_H

#include "common/err.h"

struct scope_table {
    struct str schema; /* may be empty: the input knows none, or the user gave none */
    struct str table;
};

void scope_unknown_table(struct err *err, struct scope_table wanted,
                         const struct scope_table *candidates, size_t count);
/* `table` is for the message, as the user knows it. */
void scope_unknown_column(struct err *err, struct str table, struct str wanted,
                          const struct str *candidates, size_t count);

#endif
