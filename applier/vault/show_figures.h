/*
 * show_figures: amounts, times and ages, in one way for every command that shows spend.
 *
 *     json_money(&out, "month_spend", micros)       ,"month_spend":45.20
 *     json_age(&out, as_of, now)                    ,"as_of":"...","age_seconds":12
 *     money_cell(&table, micros)
 *
 * JSON numbers are the exact decimals; null where nothing is known.
 */
#ifndef APPLIER_VAULT_SHOW_FIGURES_H
#define APPLIER_VAULT_SHOW_FIGURES_H

#include "applier/vault/limits.h"
#include "common/table.h"

void json_money(struct buf *b, const char *name, int64_t micros);
void json_time(struct buf *b, const char *name, int64_t time);
void json_age(struct buf *b, int64_t as_of, int64_t now);
/* month_spend, day_spend, month_left, day_left, with the windows they are of. */
void json_usage(struct buf *b, const struct limits *l, const struct usage *u);

void money_cell(struct table *t, int64_t micros);
void time_cell(struct table *t, int64_t time);
void age_cell(struct table *t, int64_t as_of, int64_t now);

#endif
