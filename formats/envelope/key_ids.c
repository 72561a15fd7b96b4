/* key_ids: a sorted list with repeated keys. */
#include "formats/envelope/key_ids.h"

#include <stdlib.h>

static int by_id(const void *a, const void *b)
{
    const struct key_id *x = a;
    const struct key_id *y = b;
    int order = str_cmp(x->id, y->id);
    return order ? order : (x->known > y->known) - (x->known < y->known);
}

void key_ids_make(struct key_id *list, size_t count, struct key_ids *into)
{
    if (count > 1)
        qsort(list, count, sizeof *list, by_id);
    *into = (struct key_ids){list, count};
}

size_t key_ids_first(const struct key_ids *ids, struct str id)
{
    for (size_t i = 0; i < ids->count; i++) /* a keyring has few keys */
        if (str_eq_nocase(ids->list[i].id, id))
            return i;
    return ids->count;
}
