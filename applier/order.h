/*
 * order: which of two key versions is the newer one.
 *
 * By default a version can be ordered when it is the active version's letters followed by a decimal
 * number without leading zeros; v10 comes after v9, and "v2-prod" is unordered. A list given by the
 * user (oldest first) replaces that rule, and then a version that is not listed is unordered.
 *
 *     size_t ranks[count];
 *     if (!order_versions(active, order, order_count, names, count, ranks, err)) ...
 *     ranks[i] < ranks[j]: i is older;   ranks[i] == ORDER_NONE: nobody knows
 *
 * Numbers may have any length: they are compared as digits, not as integers.
 * Errors: 604 (ERR_REFUSED) when the active version itself cannot be ordered.
 */
#ifndef APPLIER_ORDER_H
#define APPLIER_ORDER_H

#include "common/arena.h"
#include "common/err.h"

#define ORDER_NONE SIZE_MAX

/* All names lower-cased and different from each other. */
bool order_versions(struct str active, const struct str *order, size_t order_count,
                    const struct str *names, size_t count, size_t *ranks, struct err *err);

#endif
