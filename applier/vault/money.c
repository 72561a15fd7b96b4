/* money: decimal digits to an integer and back. */
#include "applier/vault/money.h"

#include <stdio.h>

/* Digits of a number's text that are looked at; nobody writes more. */
enum { NUMBER_LEN_MAX = 400, EXPONENT_MAX = 400 };

bool money_parse(struct str text, int64_t *micros)
{
    struct str whole, fraction;
    uint64_t dollars, millionths = 0;
    bool point = str_cut(text, '.', &whole, &fraction);
    if (!str_to_u64(whole, &dollars) || dollars > (uint64_t)MONEY_MAX / MONEY_DOLLAR ||
        (point && fraction.len == 0))
        return false;
    for (size_t i = 0; i < MONEY_DECIMALS || i < fraction.len; i++) {
        unsigned char digit = i < fraction.len ? fraction.at[i] : '0';
        if (!ascii_digit(digit) || (i >= MONEY_DECIMALS && digit != '0'))
            return false;
        if (i < MONEY_DECIMALS)
            millionths = millionths * 10 + (uint64_t)(digit - '0');
    }
    uint64_t sum = dollars * MONEY_DOLLAR + millionths;
    if (sum > (uint64_t)MONEY_MAX)
        return false;
    *micros = (int64_t)sum;
    return true;
}

/* ---- numbers of JSON ---- */

/* A number taken apart: its digits without the point, and how many of them stand before it. */
struct number {
    bool negative;
    unsigned char digits[NUMBER_LEN_MAX];
    size_t count;
    long point; /* may be negative, or beyond the last digit */
};

/* The digits at the beginning of *rest, at least one, are added and taken off. */
static bool take_digits(struct number *n, struct str *rest)
{
    size_t taken = 0;
    while (taken < rest->len && ascii_digit(rest->at[taken])) {
        n->digits[n->count++] = rest->at[taken];
        taken++;
    }
    *rest = str_slice(*rest, taken, rest->len);
    return taken > 0;
}

static bool take_byte(struct str *rest, unsigned char byte)
{
    if (rest->len == 0 || rest->at[0] != byte)
        return false;
    *rest = str_slice(*rest, 1, rest->len);
    return true;
}

/* "e-05"; an exponent beyond EXPONENT_MAX counts as that, which moves every digit away. */
static bool take_exponent(struct str *rest, long *exponent)
{
    if (!take_byte(rest, 'e') && !take_byte(rest, 'E'))
        return true;
    bool negative = take_byte(rest, '-');
    if (!negative)
        (void)take_byte(rest, '+');
    if (rest->len == 0)
        return false;
    for (size_t i = 0; i < rest->len; i++) {
        if (!ascii_digit(rest->at[i]))
            return false;
        if (*exponent <= EXPONENT_MAX)
            *exponent = *exponent * 10 + (rest->at[i] - '0');
    }
    if (negative)
        *exponent = -*exponent;
    *rest = str_slice(*rest, rest->len, rest->len);
    return true;
}

static bool take_number(struct str text, struct number *n)
{
    struct str rest = text;
    long exponent = 0;
    n->negative = take_byte(&rest, '-');
    if (text.len > NUMBER_LEN_MAX || !take_digits(n, &rest) ||
        (n->count > 1 && n->digits[0] == '0'))
        return false;
    n->point = (long)n->count;
    if (take_byte(&rest, '.') && !take_digits(n, &rest))
        return false;
    if (!take_exponent(&rest, &exponent))
        return false;
    n->point += exponent;
    return rest.len == 0;
}

bool money_read(struct str number, enum money_rounding rounding, int64_t *micros)
{
    struct number n = {0};
    uint64_t sum = 0;
    bool more = false; /* something stands behind the last place that is kept */
    if (!take_number(number, &n))
        return false;
    long kept = n.point + MONEY_DECIMALS;
    for (long i = 0; i < kept || i < (long)n.count; i++) {
        unsigned digit = i < (long)n.count ? (unsigned)(n.digits[i] - '0') : 0;
        if (i >= kept) {
            more = more || digit != 0;
            continue;
        }
        sum = sum * 10 + digit;
        if (sum > (uint64_t)MONEY_MAX)
            return false;
    }
    /* Away from zero where that is the wanted direction. */
    if (more && (rounding == MONEY_UP) != n.negative)
        sum++;
    if (sum > (uint64_t)MONEY_MAX)
        return false;
    *micros = n.negative ? -(int64_t)sum : (int64_t)sum;
    return true;
}

/* ---- text ---- */

const char *money_text(int64_t micros, char into[MONEY_TEXT])
{
    enum { CENTS = 2 };
    if (micros == MONEY_NONE) {
        (void)snprintf(into, MONEY_TEXT, "none");
        return into;
    }
    uint64_t size = micros < 0 ? 0 - (uint64_t)micros : (uint64_t)micros;
    int len = snprintf(into, MONEY_TEXT, "%s%llu.%06llu", micros < 0 ? "-" : "",
                       (unsigned long long)(size / MONEY_DOLLAR),
                       (unsigned long long)(size % MONEY_DOLLAR));
    for (int drop = MONEY_DECIMALS - CENTS; drop > 0 && into[len - 1] == '0'; drop--)
        into[--len] = 0;
    return into;
}

int64_t money_add(int64_t a, int64_t b)
{
    if (b > 0 && a > MONEY_MAX - b)
        return MONEY_MAX;
    if (b < 0 && a < -MONEY_MAX - b)
        return -MONEY_MAX;
    return a + b;
}
