/*
 * Any cell before every envelope: no crash; a value lies within the bytes that were read; a verdict
 * holds names of versions and nothing else of the cell; what is counted was sniffed; a proof with a
 * key that made nothing fails. The first byte says which envelope's vector the rest is laid over,
 * so that the mutations begin at values that hold.
 */
#include "formats/envelope/template.h"
#include "formats/envelope/value.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CELL_ROOM = 1 << 16, OFFSET_STEP = 8 };

static bool is_name(const struct key_use *u)
{
    for (size_t i = 0; i < u->len; i++) {
        unsigned char c = u->name[i];
        bool fits = (c >= 'a' && c <= 'z') || ascii_digit(c) || c == '_' || c == '-' || c == '.';
        if (!fits)
            return false;
    }
    return u->len <= ENVELOPE_NAME_MAX;
}

static void judge(const struct envelope *e, struct str cell)
{
    static const struct key_names nobody;
    static const unsigned char key[32] = {1};
    const struct reading r = {.known = &nobody, .simd = simd_best(), .time_limit = INT64_MAX};
    struct verdict v;
    e->classify(e, &r, cell, &v);
    if (v.class == CLASS_NULL || (v.use_count > 0 && !v.counted && e->read) ||
        v.use_count > ENVELOPE_USES_MAX + 2)
        abort();
    if (v.counted && e->read && !e->sniff(e, cell))
        abort();
    for (size_t i = 0; i < v.use_count; i++)
        if (!is_name(&v.uses[i]))
            abort();
    if (e->verify &&
        (e->verify(e, str_make(key, 32), cell) || e->verify(e, str_make(key, 16), cell)))
        abort();
    if (!e->read)
        return;
    struct envelope_value value;
    value_open(&value);
    e->read(e, cell, &value);
    if ((value.shape == VALUE_NONE) != (value.len == 0) && cell.len > 0)
        abort();
    if (value.len > cell.len)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned char room[CELL_ROOM];
    static const struct envelope *form;
    static struct arena arena;
    struct err err = {0};
    size_t count;
    const struct envelope *const *all = envelopes(&count);
    if (!form && !template_make(&arena, STR("text:enc_{id}$"), &form, &err))
        abort();
    if (size < 2 || size > CELL_ROOM / 2)
        return 0;
    const struct envelope *base = all[data[0] % count];
    const struct envelope_vector *x = &base->vectors[data[0] / count % base->vector_count];
    size_t len = strlen(x->cell);
    size_t at = (size_t)data[1] * OFFSET_STEP % (len + 1);
    memcpy(room, x->cell, len);
    memcpy(room + at, data + 2, size - 2);
    len = at + size - 2 > len ? at + size - 2 : len;
    for (size_t i = 0; i < count; i++) {
        judge(all[i], str_make(data + 2, size - 2));
        judge(all[i], str_make(room, len));
    }
    judge(form, str_make(data + 2, size - 2));
    return 0;
}
