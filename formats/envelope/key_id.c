/*
 * key_id: the id that stands in a column beside the ciphertext's.
 *
 * Every cell of such a column is the id of the key that made its sibling: a name, a number, a UUID
 * (counted without its hyphens). What it is the id of, the column that declares it says. White
 * space around it is not part of it; anything else is counted as (other).
 * Source: none; the layout is the application's.
 */
#include "formats/envelope/value.h"

enum { UUID_TEXT = 36, UUID_DIGITS = 32 };

static bool is_uuid(struct str id)
{
    for (size_t i = 0; i < id.len; i++) {
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? id.at[i] != '-' : ascii_hex(id.at[i]) < 0)
            return false;
    }
    return id.len == UUID_TEXT;
}

static void read_value(const struct envelope *e, struct str text, struct envelope_value *value)
{
    struct str id = str_trim(text);
    (void)e;
    if (is_uuid(id)) {
        unsigned char digits[UUID_DIGITS];
        size_t n = 0;
        for (size_t i = 0; i < id.len; i++)
            if (id.at[i] != '-')
                digits[n++] = id.at[i];
        value_name(value, str_make(digits, n));
    } else {
        value_name(value, id);
    }
    value->len = text.len;
    value->shape = value->alien ? VALUE_BROKEN : VALUE_WHOLE;
}

static const struct envelope_vector vectors[] = {
    {.cell = "v3",
     .class = CLASS_HINTED,
     .version = "v3",
     .time = UTC_NONE,
     .made_with = "written by hand"},
    {.cell = "80732141-ec8f-4b80-af9c-c4d2d1ff8901",
     .class = CLASS_HINTED,
     .version = "80732141ec8f4b80af9cc4d2d1ff8901",
     .time = UTC_NONE,
     .made_with = "written by hand"},
};

const struct envelope envelope_key_id = {
    .name = "key-id",
    .caps = ENVELOPE_NAMES_KEY | ENVELOPE_DECLARED,
    .sniff = value_sniff,
    .classify = value_classify,
    .read = read_value,
    .vectors = vectors,
    .vector_count = sizeof vectors / sizeof *vectors,
};
