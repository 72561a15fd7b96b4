/* keyring: from bindings to versions, refusing what the application would not start with. */
#include "formats/keyring/keyring.h"
#include "common/text.h"
#include "formats/keyring/config_form.h"
#include "formats/keyring/key_list.h"
#include "formats/keyring/keyring_parts.h"

static const struct {
    enum entry_role role;
    const char *prefix;
} versioned[] = {{ROLE_KEY, "ENCRYPTION_KEYS__"},
                 {ROLE_SALT_HASH, "ENCRYPTION_SALT_HASH__"},
                 {ROLE_SALT, "ENCRYPTION_SALT__"}};

const char *keyring_prefix(enum entry_role role)
{
    for (size_t i = 0; i < sizeof versioned / sizeof versioned[0]; i++)
        if (versioned[i].role == role)
            return versioned[i].prefix;
    return "";
}

/*
 * The same for a variable of Flask's from_prefixed_env, without its prefix: each "__" is a step
 * into a dictionary.
 */
static enum entry_role flask_role(struct str name, struct str *version)
{
    static const struct {
        const char *field;
        enum entry_role role;
    } fields[] = {{"__key", ROLE_KEY}, {"__salt", ROLE_SALT}, {"__salt_hash", ROLE_SALT_HASH}};
    struct str keys = STR("ENCRYPTION_KEYS");
    if (str_eq(name, STR("ACTIVE_ENCRYPTION_VERSION")))
        return ROLE_ACTIVE;
    if (str_eq(name, keys))
        return ROLE_WHOLE;
    if (!str_starts(name, STR("ENCRYPTION_KEYS__")))
        return str_starts(name, keys) || str_starts(name, STR("ENCRYPTION_SALT")) ? ROLE_FLASK
                                                                                  : ROLE_NONE;
    struct str rest = str_slice(name, keys.len + 2, name.len);
    size_t step = str_search(rest, STR("__"));
    *version = str_slice(rest, 0, step);
    if (step == rest.len)
        return ROLE_GROUP;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (str_eq(str_slice(rest, step, rest.len), str_from(fields[i].field)))
            return fields[i].role;
    return ROLE_FLASK;
}

enum entry_role keyring_role(struct str name, struct str *version)
{
    *version = (struct str){0};
    for (size_t i = 0; i < sizeof versioned / sizeof versioned[0]; i++) {
        struct str prefix = str_from(versioned[i].prefix);
        if (str_starts(name, prefix)) {
            *version = str_slice(name, prefix.len, name.len);
            return versioned[i].role;
        }
    }
    if (str_eq(name, STR("ACTIVE_ENCRYPTION_VERSION")))
        return ROLE_ACTIVE;
    if (str_eq(name, STR("ENCRYPTION_ENV_CHECKSUM")))
        return ROLE_CHECKSUM;
    return str_starts(name, STR("FLASK_")) ? flask_role(str_slice(name, 6, name.len), version)
                                           : ROLE_NONE;
}

static bool version_name_is_valid(struct str version)
{
    for (size_t i = 0; i < version.len; i++) {
        unsigned char c = version.at[i];
        if (!ascii_alpha(c) && !ascii_digit(c) && c != '.' && c != '_' && c != '-')
            return false;
    }
    return version.len >= 1 && version.len <= KEYRING_VERSION_LENGTH;
}

bool keyring_belongs(struct str name, const struct str *versions, size_t count)
{
    struct str version;
    enum entry_role role = keyring_role(name, &version);
    if (role != ROLE_KEY && role != ROLE_SALT && role != ROLE_SALT_HASH && role != ROLE_GROUP)
        return false;
    for (size_t i = 0; i < count; i++)
        if (str_eq_nocase(version, versions[i]))
            return true;
    return false;
}

/* What the user can do, by error; `explain` has the longer text. */
static const struct {
    int id;
    const char *text;
} hints[] = {
    {501, "restore the file from a backup, or name the right one"},
    {502, "is this the file that the application reads its keys from?"},
    {503, "save the file as UTF-8"},
    {504, "find out what changed; the application's own tool writes the checksum again"},
    {505, "restore the salt of this version from a backup"},
    {506, "add what is missing, or delete what is left of the version"},
    {507, "delete the line that is not meant"},
    {508, "set ACTIVE_ENCRYPTION_VERSION to the version that new values are encrypted with"},
    {510, "write the value out in the file"},
    {511, "write the key, salt and salt_hash of each version as strings, in single quotes"},
    {512, "close the quote, or delete the line"},
    {513, "rename the version, or delete the line"},
    {514, "save the file without a byte order mark"},
    {515, "give it its value, or delete the line"},
    {527,
     "write it as NAME=value or NAME='value': no export, blanks, escapes, $ or comment behind it"},
    {528, "write the entry out, without & * ! and <<"},
    {516, "write the values out as literals, each name once, at the top level of the file"},
    {517, "keep the keys in a file of their own, without such code"},
    {518, "does the application start with this file?"},
    {520, "activate another version first, or leave this one out"},
    {522, "write the value out in place of the reference"},
    {523, "close the quotes of the lines before it, then plan again"},
    {524, "let the application's own tool write the checksum"},
    {525, "decide which of the two values is right and delete the other entry"},
    {526, "make the files equal, or plan them apart"},
    {531, "is this the file that the application reads its keys from?"},
    {533, "write the keys out in plain characters, without escapes, quotes and references"},
    {535, "write the file as Magento does: one array of strings, numbers, true, false and null"},
    {536, "does the application start with this file?"},
    {534, "delete the key that is not meant"},
    {538, "keep one of them, or take the variable out of the application and of the file first"},
    {537, "keep these keys in a file of their own"},
};

bool keyring_at(const struct keyring *kr, const struct binding *b, struct err *err)
{
    if (b)
        err_place(err, "%s, line %zu", kr->name, b->line);
    else
        err_place(err, "%s", kr->name);
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
        if (hints[i].id == err->id)
            err_hint(err, "%s", hints[i].text);
    return false;
}

const char *keyring_names(struct arena *a, const struct keyring *kr)
{
    struct buf names = {.arena = a};
    for (size_t i = 0; i < kr->version_count; i++)
        buf_printf(&names, "%s%.*s", i ? ", " : "", STR_ARG(kr->versions[i].name));
    return arena_text(a, buf_str(&names));
}

static bool looks_like_a_name(struct str s)
{
    enum { NAME_LENGTH = 64 };
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_alpha(s.at[i]) && s.at[i] != '_' && (i == 0 || !ascii_digit(s.at[i])))
            return false;
    return s.len >= 1 && s.len <= NAME_LENGTH;
}

const char *keyring_shown(struct arena *a, const struct keyring *kr, const struct binding *b)
{
    struct str version;
    switch (keyring_role(b->key, &version)) {
    case ROLE_KEY:
    case ROLE_SALT:
    case ROLE_SALT_HASH:
        if (version_name_is_valid(version))
            return arena_text(a, b->key);
        if (str_starts(b->key, STR("FLASK_")))
            return "FLASK_ENCRYPTION_KEYS";
        return arena_text(a, str_slice(b->key, 0, b->key.len - version.len));
    case ROLE_GROUP:
        return version_name_is_valid(version) ? arena_text(a, b->key) : "FLASK_ENCRYPTION_KEYS";
    case ROLE_ACTIVE:
    case ROLE_CHECKSUM:
    case ROLE_WHOLE:
        return arena_text(a, b->key);
    case ROLE_FLASK:
        return arena_text(a, str_slice(b->key, 0, str_search(b->key, STR("__"))));
    case ROLE_NONE:
        break;
    }
    bool safe = b->has_value && !kr->bindings.broken && looks_like_a_name(b->key);
    return safe ? arena_text(a, b->key) : "";
}

/* The application's open() would raise on bytes that are not UTF-8, os.environ on a NUL. */
static bool check_text(const struct keyring *kr, struct err *err)
{
    struct str s = kr->content;
    size_t line = 1;
    uint32_t point;
    if (str_trim(s).len == 0) {
        err_set(err, ERR_CORRUPT, 501, "the configuration file is empty");
        return keyring_at(kr, NULL, err);
    }
    for (size_t at = 0; at < s.len;) {
        size_t len = text_utf8(s, at, &point);
        if (len == 0 || point == 0) {
            err_set(err, ERR_CORRUPT, 503, len ? "a NUL byte" : "bytes that are not UTF-8");
            err_place(err, "%s, line %zu, byte %zu", kr->name, line, at);
            return keyring_at(kr, NULL, err);
        }
        line += point == '\n' || (point == '\r' && !(at + 1 < s.len && s.at[at + 1] == '\n'));
        at += len;
    }
    return true;
}

size_t keyring_place(const struct binding *b)
{
    return 2 * b->place + (b->is_part || str_starts(b->key, STR("FLASK_")));
}

static struct key_version *version_slot(struct arena *a, struct keyring *kr, struct str version,
                                        size_t place)
{
    for (size_t i = 0; i < kr->version_count; i++)
        if (kr->versions[i].place == place && str_eq_nocase(kr->versions[i].name, version))
            return &kr->versions[i];
    if (kr->version_count == KEYRING_VERSIONS_MAX)
        return NULL;
    kr->versions =
        arena_grow(a, kr->versions, kr->version_count, &kr->version_room, sizeof *kr->versions);
    struct key_version *fresh = &kr->versions[kr->version_count++];
    *fresh =
        (struct key_version){.name = arena_lower(a, version), .place = place, .place_count = 1};
    return fresh;
}

/* Where the keyring keeps the entry of this role; NULL past the limit of versions. */
static const struct binding **role_slot(struct arena *a, struct keyring *kr, enum entry_role role,
                                        struct str version, size_t place)
{
    if (role == ROLE_ACTIVE)
        return &kr->actives[place];
    if (role == ROLE_CHECKSUM)
        return &kr->checksums[place];
    struct key_version *v = version_slot(a, kr, version, place);
    if (!v)
        return NULL;
    return role == ROLE_KEY ? &v->key : role == ROLE_SALT ? &v->salt : &v->salt_hash;
}

/* Flask puts each variable through json.loads first: what that takes has to be what we found in it,
 * and elsewhere it has to be a string that it does not take. */
static bool flask_value_holds(const struct binding *b, enum entry_role role)
{
    if (role == ROLE_WHOLE)
        return b->is_whole;
    if (role == ROLE_GROUP)
        return b->member == MEMBER_LINES;
    return b->is_part || !str_starts(b->key, STR("FLASK_")) || !flask_json_is_value(b->value);
}

/* What makes an entry of ours unusable whatever the others are. */
static bool check_entry(struct arena *a, const struct keyring *kr, const struct binding *b,
                        enum entry_role role, struct str version, struct err *err)
{
    const char *shown = keyring_shown(a, kr, b);
    if (role == ROLE_FLASK)
        err_set(err, ERR_REFUSED, 511, "%s has no meaning to Flask's reader of variables", shown);
    else if (b->kind == BINDING_SKIPPED)
        err_set(err, ERR_REFUSED, 512, "%s: the application cannot read this line", shown);
    else if (role != ROLE_ACTIVE && role != ROLE_CHECKSUM && role != ROLE_WHOLE &&
             !version_name_is_valid(version))
        err_set(err, ERR_REFUSED, 513, "%s is followed by something that is no version name",
                shown);
    else if (b->from_environment)
        err_set(err, ERR_REFUSED, 510, "the value of %s depends on the process environment", shown);
    else if (!b->has_value || (role == ROLE_KEY && b->value.len == 0))
        err_set(err, ERR_REFUSED, 515, "%s has no value", shown);
    else if (!flask_value_holds(b, role))
        err_set(err, ERR_REFUSED, 511, "the value of %s is not what Flask can use", shown);
    else
        return true;
    return keyring_at(kr, b, err);
}

/*
 * A quote that is never closed can swallow entries of ours together with whatever stops the
 * reading. The application does not see them, but keys in them would survive their removal.
 */
static bool check_skipped(const struct keyring *kr, const struct binding *b, struct err *err)
{
    struct str text = str_slice(binding_base(kr->content, b), b->entry.start, b->entry.end);
    struct str version;
    size_t line = b->line;
    for (size_t at = 0; at < text.len; line++) {
        size_t end = at;
        while (end < text.len && text.at[end] != '\n' && text.at[end] != '\r')
            end++;
        struct str one = str_trim(str_slice(text, at, end));
        if (str_starts(one, STR("export ")))
            one = str_trim(str_slice(one, 7, one.len));
        size_t name = 0;
        while (name < one.len && one.at[name] != '=' && !ascii_space(one.at[name]))
            name++;
        if (keyring_role(str_slice(one, 0, name), &version) != ROLE_NONE) {
            err_set(err, ERR_REFUSED, 512,
                    "an entry of the keyring stands in lines that the application cannot read");
            err_place(err, "%s, line %zu", kr->name, line);
            return keyring_at(kr, NULL, err);
        }
        at = end + (end + 1 < text.len && text.at[end] == '\r' && text.at[end + 1] == '\n') + 1;
    }
    return true;
}

/* Hands one binding to its slot; those that are not ours pass. */
static bool file_entry(struct arena *a, struct keyring *kr, const struct binding *b,
                       struct err *err)
{
    struct str version;
    struct str mark = STR("\xEF\xBB\xBF");
    if (b->kind == BINDING_COMMENT || b->kind == BINDING_CODE)
        return true;
    if (str_starts(b->key, mark) &&
        keyring_role(str_slice(b->key, mark.len, b->key.len), &version) != ROLE_NONE) {
        err_set(err, ERR_REFUSED, 514, "a byte order mark hides the first entry");
        return keyring_at(kr, b, err);
    }
    enum entry_role role = keyring_role(b->key, &version);
    if (role == ROLE_NONE)
        return b->kind != BINDING_SKIPPED || check_skipped(kr, b, err);
    if (!check_entry(a, kr, b, role, version, err))
        return false;
    if (role == ROLE_WHOLE || role == ROLE_GROUP)
        return true;
    const struct binding **slot = role_slot(a, kr, role, version, keyring_place(b));
    if (!slot) {
        err_set(err, ERR_CORRUPT, 500, "more than %d versions", KEYRING_VERSIONS_MAX);
        return keyring_at(kr, b, err);
    }
    if (*slot) {
        err_set(err, ERR_REFUSED, 507, "%s stands on line %zu already", keyring_shown(a, kr, b),
                (*slot)->line);
        return keyring_at(kr, b, err);
    }
    *slot = b;
    return true;
}

bool keyring_load(struct arena *a, const struct keyring_syntax *syntax, const char *name,
                  struct str content, struct keyring *kr, struct err *err)
{
    *kr = (struct keyring){.name = name, .syntax = syntax, .content = content};
    if (config_is_sealed(content, err) || !check_text(kr, err))
        return keyring_at(kr, NULL, err);
    if (!syntax->load(a, content, &kr->bindings, err)) {
        if (kr->bindings.bad_line)
            err_place(err, "%s, line %zu", kr->name, kr->bindings.bad_line);
        return keyring_at(kr, NULL, err);
    }
    kr->place_count = 2 * (kr->bindings.place_count ? kr->bindings.place_count : 1);
    kr->actives = ARENA_ARRAY(a, kr->place_count, const struct binding *);
    kr->checksums = ARENA_ARRAY(a, kr->place_count, const struct binding *);
    if (syntax->list)
        return key_list_load(a, kr, err);
    for (size_t i = 0; i < kr->bindings.count; i++)
        if (!file_entry(a, kr, &kr->bindings.items[i], err))
            return false;
    return keyring_check(a, kr, err);
}

const struct key_version *keyring_find(const struct keyring *kr, struct str version)
{
    for (size_t i = 0; i < kr->version_count; i++)
        if (str_eq_nocase(kr->versions[i].name, version))
            return &kr->versions[i];
    return NULL;
}
