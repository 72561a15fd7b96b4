/*
 * money: amounts of US dollars as integer micro-dollars, read and written as decimal text.
 *
 * The one idea: no amount is ever a floating-point number. What a person types is taken exactly or
 * refused; what a server says may have more decimals than we keep and is rounded against the
 * spender, so that a cap is reached too early rather than too late.
 *
 *     int64_t cap, spent;
 *     if (!money_parse(STR("12.50"), &cap)) ...                         12500000
 *     if (!money_read(STR("1.00000001"), MONEY_UP, &spent)) ...         1000001
 *     char text[MONEY_TEXT];
 *     money_text(spent, text)                                           "1.000001"
 *
 * Units: micro-dollars. MONEY_NONE stands for "no amount" (no cap, not known).
 * Errors: false; the caller knows what the amount was for. Threads: any.
 * Limits: MONEY_MAX, so that eight amounts can be added without a check. RFC 8259, section 6, for
 * the numbers of JSON.
 */
#ifndef APPLIER_VAULT_MONEY_H
#define APPLIER_VAULT_MONEY_H

#include "common/str.h"

enum {
    MONEY_DECIMALS = 6,
    MONEY_DOLLAR = 1000000, /* micro-dollars */
    MONEY_TEXT = 32         /* bytes of the printed form with its NUL */
};

#define MONEY_MAX  INT64_C(1000000000000000000) /* a million million dollars */
#define MONEY_NONE INT64_MIN

/*
 * Digits, perhaps a point and one to six decimals ("100", "12.5", "0.000001"): an amount as it is
 * typed. No sign, no exponent, no grouping, no currency; more decimals only when they are 0.
 */
bool money_parse(struct str text, int64_t *micros);

enum money_rounding {
    MONEY_UP,  /* towards more: what was spent */
    MONEY_DOWN /* towards less: what is left */
};
/* A number as JSON writes it, with sign and exponent, rounded to micro-dollars. */
bool money_read(struct str number, enum money_rounding rounding, int64_t *micros);

/* "12.50", "-0.000001": at least two decimals, no more than needed. "none" for MONEY_NONE. */
const char *money_text(int64_t micros, char into[MONEY_TEXT]);

/* The sum, clipped to what fits; neither is MONEY_NONE. */
int64_t money_add(int64_t a, int64_t b);

#endif
