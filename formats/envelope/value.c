/* value: from one value to the verdict on a cell. */
#include "formats/envelope/value.h"

enum { READ_AGAIN_MOST = 16 }; /* times the bytes of a cell, when its values overlap */

void value_open(struct envelope_value *value)
{
    value->shape = VALUE_NONE;
    value->len = 0;
    value->closed = false;
    value->named = false;
    value->alien = false;
    value->name_len = 0;
    value->time = UTC_NONE;
}

static bool is_name_byte(unsigned char c)
{
    return ascii_alpha(c) || ascii_digit(c) || c == '_' || c == '-' || c == '.';
}

void value_name(struct envelope_value *value, struct str name)
{
    value->named = true;
    value->alien = name.len == 0 || name.len > ENVELOPE_NAME_MAX;
    for (size_t i = 0; i < name.len && !value->alien; i++)
        value->alien = !is_name_byte(name.at[i]);
    value->name_len = value->alien ? 0 : (unsigned char)name.len;
    if (value->name_len > 0)
        memcpy(value->name, name.at, name.len);
}

/* Where the next constant begins, from `from` on; the end when there is none. */
static size_t next_constant(const struct envelope *e, struct str cell, size_t from)
{
    for (size_t at = from; at < cell.len; at++)
        for (size_t i = 0; i < e->constant_count; i++)
            if (cell.at[at] == e->constants[i].at[0] &&
                str_starts(str_slice(cell, at, cell.len), e->constants[i]))
                return at;
    return cell.len;
}

bool value_sniff(const struct envelope *e, struct str cell)
{
    struct envelope_value value;
    if (next_constant(e, cell, 0) < cell.len)
        return true;
    value_open(&value);
    e->read(e, cell, &value);
    return value.shape != VALUE_NONE;
}

/* Every key that the id may mean; false: no key has it. */
static bool count_ids(struct verdict *v, const struct reading *r, struct str id, int64_t time)
{
    size_t first = r->ids && id.len > 0 ? key_ids_first(r->ids, id) : 0;
    size_t i = first;
    for (; r->ids && i < r->ids->count && str_eq_nocase(r->ids->list[i].id, id); i++)
        verdict_use(v, r, USE_KNOWN, r->known->names[r->ids->list[i].known], time);
    return i > first;
}

static void count_use(struct verdict *v, const struct reading *r,
                      const struct envelope_value *value)
{
    struct str name = str_make(value->name, value->name_len);
    enum use_kind kind = !value->named ? USE_BARE : value->alien ? USE_OTHER : USE_UNKNOWN;
    v->counted = true;
    if (kind != USE_UNKNOWN || !count_ids(v, r, name, value->time))
        verdict_use(v, r, kind, name, value->time);
}

/* Truncated before unversioned before hinted. */
static void add_embedded(struct verdict *v, const struct envelope_value *value)
{
    enum value_class class = value->named ? CLASS_HINTED_EMBEDDED : CLASS_UNVERSIONED_EMBEDDED;
    if (value->shape != VALUE_WHOLE)
        class = CLASS_TRUNCATED_EMBEDDED;
    if (v->class == CLASS_PLAINTEXT || class > v->class)
        v->class = class;
}

/*
 * The values that stand in the cell; gives back how many. The bytes of a value that names no key,
 * or ends by itself, are passed over. Those of another are looked through again, since what follows
 * may have been read into it: "vault:v1:AAAvault:v2:..." uses both.
 */
static size_t classify_parts(const struct envelope *e, const struct reading *r, struct str cell,
                             struct verdict *v)
{
    size_t found = 0;
    uint64_t spent = 0;
    for (size_t at = 0; (at = next_constant(e, cell, at)) < cell.len;) {
        struct envelope_value value;
        value_open(&value);
        e->read(e, str_slice(cell, at, cell.len), &value);
        spent += value.len;
        if (spent > (uint64_t)READ_AGAIN_MOST * cell.len) { /* made to be slow: refused */
            value_name(&value, STR(""));
            value.shape = VALUE_BROKEN;
        }
        bool over = value.shape != VALUE_NONE && (value.closed || !value.named);
        at += over ? value.len : 1;
        if (value.shape == VALUE_NONE)
            continue;
        found++;
        count_use(v, r, &value);
        add_embedded(v, &value);
        if (spent > (uint64_t)READ_AGAIN_MOST * cell.len)
            break;
    }
    return found;
}

void value_classify(const struct envelope *e, const struct reading *r, struct str cell,
                    struct verdict *v)
{
    struct envelope_value value;
    verdict_open(v);
    v->class = cell.len == 0 ? CLASS_EMPTY : CLASS_PLAINTEXT;
    if (cell.len == 0)
        return;
    value_open(&value);
    e->read(e, cell, &value);
    bool all = value.len == cell.len;
    if (all && value.shape == VALUE_WHOLE)
        v->class = value.named ? CLASS_HINTED : CLASS_UNVERSIONED;
    else if (all && value.shape == VALUE_CUT)
        v->class = CLASS_TRUNCATED;
    else if (classify_parts(e, r, cell, v) <= 1 && value.shape == VALUE_BROKEN)
        v->class = CLASS_MALFORMED;
    if (v->class != CLASS_PLAINTEXT && v->use_count == 0)
        count_use(v, r, &value);
}

void value_shape(struct envelope_value *value, bool whole, size_t len, struct str text)
{
    value->len = len;
    value->shape = whole ? VALUE_WHOLE : len == text.len ? VALUE_CUT : VALUE_BROKEN;
}

bool value_is_whole(const struct envelope *e, struct str cell)
{
    struct envelope_value value;
    value_open(&value);
    e->read(e, cell, &value);
    return value.shape == VALUE_WHOLE && value.len == cell.len;
}
