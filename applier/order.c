/* order: letters and a number, or the user's list. */
#include "applier/order.h"

/* The letters that a name begins with; the rest follows them. */
static struct str letters_of(struct str name, struct str *rest)
{
    size_t n = 0;
    while (n < name.len && ascii_alpha(name.at[n]))
        n++;
    *rest = str_slice(name, n, name.len);
    return str_slice(name, 0, n);
}

static bool is_plain_number(struct str s)
{
    if (s.len == 0 || (s.at[0] == '0' && s.len > 1))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_digit(s.at[i]))
            return false;
    return true;
}

/* The digits of a version that stands in one row with the active one. */
static bool number_of(struct str name, struct str active, struct str *digits)
{
    struct str active_digits;
    struct str series = letters_of(active, &active_digits);
    return str_eq(letters_of(name, digits), series) && is_plain_number(*digits);
}

/* Without leading zeros the longer number is the greater one. */
static bool number_less(struct str a, struct str b)
{
    return a.len != b.len ? a.len < b.len : str_cmp(a, b) < 0;
}

static size_t rank_by_number(struct str active, const struct str *names, size_t count, size_t which)
{
    struct str digits, other;
    if (!number_of(names[which], active, &digits))
        return ORDER_NONE;
    size_t older = 0;
    for (size_t i = 0; i < count; i++)
        if (number_of(names[i], active, &other) && number_less(other, digits))
            older++;
    return older;
}

static size_t rank_by_list(const struct str *order, size_t order_count, struct str name)
{
    for (size_t i = 0; i < order_count; i++)
        if (str_eq(order[i], name))
            return i;
    return ORDER_NONE;
}

bool order_versions(struct str active, const struct str *order, size_t order_count,
                    const struct str *names, size_t count, size_t *ranks, struct err *err)
{
    bool active_ordered = false;
    for (size_t i = 0; i < count; i++) {
        ranks[i] = order_count ? rank_by_list(order, order_count, names[i])
                               : rank_by_number(active, names, count, i);
        if (str_eq(names[i], active))
            active_ordered = ranks[i] != ORDER_NONE;
    }
    if (active_ordered)
        return true;
    err_set(err, ERR_REFUSED, 604, "the order of the active version \"%.*s\" is not known",
            STR_ARG(active));
    err_hint(err,
             order_count
                 ? "add the active version to the --order file, one version a line, oldest first"
                 : "give --order FILE with one version a line, oldest first");
    return false;
}
