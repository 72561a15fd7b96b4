/*
 * pg_enigma: values of the PostgreSQL extension, "ENIGMAv1", the key's id in eight digits, a line
 * feed and an armoured message.
 *
 * The message is of PGP or of RSA ("-----BEGIN PGP MESSAGE-----", "-----BEGIN RSA ENCRYPTED-----")
 * and ends with the END line of its BEGIN line. The version is the number without its zeros. It is
 * encrypted to a public key: there is no proof.
 * Source: SoftwareLibreMx/pg_enigma, as its values stand in public dumps.
 */
#include "formats/envelope/value.h"

static const struct str constants[] = {ENVELOPE_BYTES("ENIGMAv1")};

enum { ID_DIGITS = 8 };

/* Behind the armoured message that begins at `at`; false: it has no end, or is none. */
static bool armour_ends(struct str text, size_t at, size_t *end)
{
    static const struct str first = ENVELOPE_BYTES("-----BEGIN ");
    struct str rest = str_slice(text, at, text.len);
    size_t title = str_search(str_slice(rest, first.len, rest.len), STR("-----"));
    size_t last = str_search(rest, STR("-----END "));
    if (!str_starts(rest, first) || last + first.len - 2 + title + 5 > rest.len)
        return false;
    struct str named = str_slice(rest, first.len, first.len + title);
    if (!str_starts(str_slice(rest, last + first.len - 2, rest.len), named))
        return false;
    *end = at + last + first.len - 2 + title + 5;
    while (*end < text.len && text.at[*end] == '\n')
        (*end)++;
    return true;
}

static void read_value(const struct envelope *e, struct str text, struct envelope_value *value)
{
    size_t at = e->constants[0].len;
    if (!str_starts(text, e->constants[0]))
        return;
    size_t from = at;
    size_t end = from + ID_DIGITS < text.len ? from + ID_DIGITS : text.len;
    while (at < end && ascii_digit(text.at[at]))
        at++;
    bool named = at - from == ID_DIGITS;
    if (!named && at < text.len)
        return;
    while (from + 1 < at && text.at[from] == '0')
        from++;
    value_name(value, named ? str_slice(text, from, at) : STR(""));
    bool line = at < text.len && text.at[at] == '\n';
    bool whole = line && armour_ends(text, at + 1, &end);
    bool cut = at == text.len || line;
    value->closed = whole;
    value_shape(value, whole, whole ? end : cut ? text.len : at, text);
}

static const struct envelope_vector vectors[] = {
    {.cell = "ENIGMAv100000003\n-----BEGIN RSA "
             "ENCRYPTED-----\nkpVcOWujS5JLsBC0lxQl/hM2GHzoAkyNV6YEm7FG7MnZVeSDJ0cbJcr3PrMCc/"
             "17G1r2j9WG0+xp472+b1WiT/YmPJNeQ/0dnrREI8lv/+hAjwKoRHs2I/qJ/Viizy/"
             "ieIqjJJwqK9wGMRVvVcspnH696SnctxLwFbpyRfRtFA0=\n-----END RSA ENCRYPTED-----",
     .class = CLASS_HINTED,
     .version = "3",
     .time = UTC_NONE,
     .made_with = "python3 cryptography 48.0.0 in its layout"},
};

const struct envelope envelope_pg_enigma = {
    .name = "pg-enigma",
    .caps = ENVELOPE_NAMES_KEY,
    .constants = constants,
    .constant_count = sizeof constants / sizeof *constants,
    .sniff = value_sniff,
    .classify = value_classify,
    .read = read_value,
    .vectors = vectors,
    .vector_count = sizeof vectors / sizeof *vectors,
};
