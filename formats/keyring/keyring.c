/* keyring: from bindings to versions, refusing what the application would not start with. */
#include "formats/keyring/keyring.h"
#include "common/text.h"
#include "formats/keyring/keyring_parts.h"

#include <stdlib.h>

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
    if (str_starts(name, STR("FLASK_ENCRYPTION_KEYS")) ||
        str_starts(name, STR("FLASK_ENCRYPTION_SALT")) ||
        str_eq(name, STR("FLASK_ACTIVE_ENCRYPTION_VERSION")))
        return ROLE_FLASK;
    return ROLE_NONE;
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
    if (role != ROLE_KEY && role != ROLE_SALT && role != ROLE_SALT_HASH)
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
    {511, "move the versions to names without FLASK_, or leave this file out"},
    {512, "close the quote, or delete the line"},
    {513, "rename the version, or delete the line"},
    {514, "save the file without a byte order mark"},
    {515, "give it its value, or delete the line"},
    {527,
     "write it as NAME=value or NAME='value': no export, blanks, escapes, $ or comment behind it"},
    {516, "write the values out as literals, each name once, at the top level of the file"},
    {517, "keep the keys in a file of their own, without such code"},
    {518, "does the application start with this file?"},
    {520, "activate another version first, or leave this one out"},
    {522, "write the value out in place of the reference"},
    {523, "close the quotes of the lines before it, then plan again"},
    {524, "let the application's own tool write the checksum"},
    {525, "decide which of the two values is right and delete the other entry"},
    {526, "make the files equal, or plan them apart"},
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
        return arena_text(a, str_slice(b->key, 0, b->key.len - version.len));
    case ROLE_ACTIVE:
    case ROLE_CHECKSUM:
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

static struct key_version *version_slot(struct arena *a, struct keyring *kr, struct str version)
{
    for (size_t i = 0; i < kr->version_count; i++)
        if (str_eq_nocase(kr->versions[i].name, version))
            return &kr->versions[i];
    if (kr->version_count == KEYRING_VERSIONS_MAX)
        return NULL;
    kr->versions =
        arena_grow(a, kr->versions, kr->version_count, &kr->version_room, sizeof *kr->versions);
    struct key_version *fresh = &kr->versions[kr->version_count++];
    *fresh = (struct key_version){.name = arena_lower(a, version)};
    return fresh;
}

/* Where the keyring keeps the entry of this role; NULL past the limit of versions. */
static const struct binding **role_slot(struct arena *a, struct keyring *kr, enum entry_role role,
                                        struct str version)
{
    if (role == ROLE_ACTIVE)
        return &kr->active_entry;
    if (role == ROLE_CHECKSUM)
        return &kr->checksum;
    struct key_version *v = version_slot(a, kr, version);
    if (!v)
        return NULL;
    return role == ROLE_KEY ? &v->key : role == ROLE_SALT ? &v->salt : &v->salt_hash;
}

/* What makes an entry of ours unusable whatever the others are. */
static bool check_entry(struct arena *a, const struct keyring *kr, const struct binding *b,
                        enum entry_role role, struct str version, struct err *err)
{
    const char *shown = keyring_shown(a, kr, b);
    if (role == ROLE_FLASK)
        err_set(err, ERR_REFUSED, 511, "%s: names with FLASK_ are not in this version", shown);
    else if (b->kind == BINDING_SKIPPED)
        err_set(err, ERR_REFUSED, 512, "%s: the application cannot read this line", shown);
    else if (role != ROLE_ACTIVE && role != ROLE_CHECKSUM && !version_name_is_valid(version))
        err_set(err, ERR_REFUSED, 513, "%s is followed by something that is no version name",
                shown);
    else if (b->from_environment)
        err_set(err, ERR_REFUSED, 510, "the value of %s depends on the process environment", shown);
    else if (!b->has_value || (role == ROLE_KEY && b->value.len == 0))
        err_set(err, ERR_REFUSED, 515, "%s has no value", shown);
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
    struct str text = str_slice(kr->content, b->entry.start, b->entry.end);
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
    const struct binding **slot = role_slot(a, kr, role, version);
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

static int by_version_name(const void *a, const void *b)
{
    const struct key_version *one = a;
    const struct key_version *other = b;
    return str_cmp(one->name, other->name);
}

static bool check_complete(struct arena *a, const struct keyring *kr, struct err *err)
{
    bool any = false;
    for (size_t i = 0; i < kr->version_count; i++)
        any |= kr->versions[i].key != NULL;
    if (!any) {
        err_set(err, ERR_CORRUPT, 502, "the configuration file has no keys");
        return keyring_at(kr, NULL, err);
    }
    for (size_t i = 0; i < kr->version_count; i++) {
        const struct key_version *v = &kr->versions[i];
        const struct binding *there = v->key ? v->key : v->salt ? v->salt : v->salt_hash;
        if (v->key && v->salt)
            continue;
        err_set(err, ERR_REFUSED, 506, "%s has no %s%.*s beside it", keyring_shown(a, kr, there),
                keyring_prefix(v->key ? ROLE_SALT : ROLE_KEY), STR_ARG(v->name));
        return keyring_at(kr, there, err);
    }
    return true;
}

/* The application strips the active version, quotes included; it does not strip a row's prefix. */
static struct str stripped(struct str s)
{
    while (s.len && (ascii_space(s.at[0]) || s.at[0] == '"' || s.at[0] == '\''))
        s = str_slice(s, 1, s.len);
    while (s.len &&
           (ascii_space(s.at[s.len - 1]) || s.at[s.len - 1] == '"' || s.at[s.len - 1] == '\''))
        s.len--;
    return s;
}

static bool find_active(struct arena *a, struct keyring *kr, struct err *err)
{
    struct str wanted = kr->active_entry ? stripped(kr->active_entry->value) : (struct str){0};
    if (wanted.len == 0 && kr->version_count == 1)
        return true;
    if (wanted.len == 0) {
        err_set(err, ERR_REFUSED, 508, "%zu versions, and ACTIVE_ENCRYPTION_VERSION is not set",
                kr->version_count);
        return keyring_at(kr, kr->active_entry, err);
    }
    const struct key_version *found = keyring_find(kr, wanted);
    if (found) {
        kr->active = (size_t)(found - kr->versions);
        return true;
    }
    err_set(err, ERR_REFUSED, 509, "ACTIVE_ENCRYPTION_VERSION names a version that is not there");
    err_hint(err, "the versions of this file are %s", keyring_names(a, kr));
    return keyring_at(kr, kr->active_entry, err);
}

static bool check_salts(struct arena *a, struct keyring *kr, struct err *err)
{
    for (size_t i = 0; i < kr->version_count; i++) {
        struct key_version *v = &kr->versions[i];
        struct sha256 digest;
        char hex[SHA256_HEX + 1];
        v->salt_bytes = salt_decode(a, v->salt->value);
        if (!crypto_sha256(v->salt_bytes, &digest, err))
            return false;
        sha256_hex(&digest, hex);
        if (!v->salt_hash || str_eq(v->salt_hash->value, str_from(hex)))
            continue;
        err_set(err, ERR_CORRUPT, 505, "%s is not the SHA-256 of the salt",
                keyring_shown(a, kr, v->salt_hash));
        return keyring_at(kr, v->salt_hash, err);
    }
    return true;
}

static bool check_checksum(struct arena *a, const struct keyring *kr, struct err *err)
{
    char hex[SHA256_HEX + 1];
    if (!kr->checksum)
        return true;
    for (size_t i = 0; i < kr->bindings.count; i++) {
        const struct binding *b = &kr->bindings.items[i];
        if (!b->from_environment)
            continue;
        const char *shown = keyring_shown(a, kr, b);
        err_set(err, ERR_REFUSED, 510,
                "the value of %s is under the checksum and depends on the process environment",
                shown[0] ? shown : "an entry");
        return keyring_at(kr, b, err);
    }
    if (!keyring_checksum(a, &kr->bindings, hex, err))
        return false;
    if (str_eq(kr->checksum->value, str_from(hex)))
        return true;
    err_set(err, ERR_CORRUPT, 504, "ENCRYPTION_ENV_CHECKSUM does not fit the entries");
    return keyring_at(kr, kr->checksum, err);
}

const struct keyring_syntax *keyring_flask_form(struct str content)
{
    struct str text = str_trim(content);
    if (str_starts(text, STR("\xEF\xBB\xBF")))
        text = str_trim(str_slice(text, 3, text.len));
    return str_starts(text, STR("{")) ? &keyring_flask_json : &keyring_flask_py;
}

/* The structure first: a file that misses an entry says so, not that its checksum is wrong. */
bool keyring_load(struct arena *a, const struct keyring_syntax *syntax, const char *name,
                  struct str content, struct keyring *kr, struct err *err)
{
    *kr = (struct keyring){.name = name, .syntax = syntax, .content = content};
    if (!check_text(kr, err))
        return false;
    if (!syntax->load(a, content, &kr->bindings, err)) {
        if (kr->bindings.bad_line)
            err_place(err, "%s, line %zu", kr->name, kr->bindings.bad_line);
        return keyring_at(kr, NULL, err);
    }
    for (size_t i = 0; i < kr->bindings.count; i++)
        if (!file_entry(a, kr, &kr->bindings.items[i], err))
            return false;
    if (kr->version_count)
        qsort(kr->versions, kr->version_count, sizeof *kr->versions, by_version_name);
    return check_complete(a, kr, err) && find_active(a, kr, err) && check_salts(a, kr, err) &&
           check_checksum(a, kr, err);
}

const struct key_version *keyring_find(const struct keyring *kr, struct str version)
{
    for (size_t i = 0; i < kr->version_count; i++)
        if (str_eq_nocase(kr->versions[i].name, version))
            return &kr->versions[i];
    return NULL;
}
