/* template: parses text:prefix{id}separator, and reads values by it. */
#include "formats/envelope/template.h"
#include "common/text.h"
#include "formats/envelope/value.h"

static void read_value(const struct envelope *e, struct str text, struct envelope_value *value)
{
    const struct envelope_template *t = e->form;
    if (!str_starts(text, t->prefix))
        return;
    struct str rest = str_slice(text, t->prefix.len, text.len);
    size_t window = ENVELOPE_NAME_MAX + t->separator.len;
    size_t id = str_search(str_slice(rest, 0, window), t->separator);
    bool separated = id < rest.len && id < window;
    if (!separated && t->prefix.len < TEMPLATE_PREFIX_LEAST)
        return;
    value_name(value, separated ? str_slice(rest, 0, id) : STR(""));
    if (value->alien && t->prefix.len < TEMPLATE_PREFIX_LEAST) {
        value_open(value);
        return;
    }
    bool whole = separated && !value->alien && rest.len > id + t->separator.len;
    bool cut = !separated ? rest.len <= ENVELOPE_NAME_MAX : rest.len == id + t->separator.len;
    value->len = text.len;
    value->shape = whole ? VALUE_WHOLE : cut ? VALUE_CUT : VALUE_BROKEN;
}

/* Bytes that an id may hold too cannot end it. */
static bool begins_like_id(struct str separator)
{
    struct envelope_value value;
    value_open(&value);
    value_name(&value, str_slice(separator, 0, 1));
    return !value.alien;
}

bool template_make(struct arena *arena, struct str text, const struct envelope **made,
                   struct err *err)
{
    static const struct str kind = ENVELOPE_BYTES("text:");
    static const struct str id = ENVELOPE_BYTES("{id}");
    struct str form = str_slice(text, kind.len, text.len);
    size_t at = str_search(form, id);
    if (!str_starts(text, kind) || at == form.len || form.len > TEMPLATE_MOST) {
        err_set(err, ERR_USAGE, 460, "the envelope %s is not text:prefix{id}separator",
                text_shown(arena, text));
        return false;
    }
    struct envelope_template *t = ARENA_NEW(arena, struct envelope_template);
    struct envelope *e = ARENA_NEW(arena, struct envelope);
    t->prefix = arena_copy(arena, str_slice(form, 0, at));
    t->separator = arena_copy(arena, str_slice(form, at + id.len, form.len));
    if (t->separator.len == 0 || str_search(t->separator, id) < t->separator.len ||
        begins_like_id(t->separator)) {
        err_set(err, ERR_USAGE, 461, "the envelope %s does not tell where its id ends",
                text_shown(arena, text));
        return false;
    }
    *e = (struct envelope){.name = arena_text(arena, text),
                           .caps = ENVELOPE_NAMES_KEY,
                           .sniff = value_sniff,
                           .classify = value_classify,
                           .read = read_value,
                           .form = t};
    if (t->prefix.len >= TEMPLATE_PREFIX_LEAST) {
        e->constants = &t->prefix;
        e->constant_count = 1;
    } else {
        e->caps |= ENVELOPE_DECLARED;
    }
    *made = e;
    return true;
}
