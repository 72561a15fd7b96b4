/* key_kinds: whose keys stand in a row, how each is written, and the names of their forms. */
#include "common/text.h"
#include "formats/keyring/base64.h"
#include "formats/keyring/key_list.h"
#include "formats/keyring/php_array.h"

/* ---- keys ---- */

/* Base64 in either alphabet, with or without its padding. */
static bool read_base64(struct arena *a, struct str text, size_t length, struct str *bytes)
{
    unsigned char *plain = arena_alloc(a, text.len + 3);
    size_t len = 0;
    for (; len < text.len; len++)
        plain[len] = text.at[len] == '-' ? '+' : text.at[len] == '_' ? '/' : text.at[len];
    while (len % 4)
        plain[len++] = '=';
    return base64_decode(a, str_make(plain, len), bytes) && bytes->len == length;
}

static bool read_laravel(struct arena *a, struct str text, struct key_material *m)
{
    struct str mark = STR("base64:");
    struct str digits = str_slice(text, mark.len, text.len);
    if (str_starts(text, mark))
        return read_base64(a, digits, 32, &m->bytes) || read_base64(a, digits, 16, &m->bytes);
    *m = (struct key_material){text, true};
    return text.len == 16 || text.len == 32;
}

static bool read_fernet(struct arena *a, struct str text, struct key_material *m)
{
    return read_base64(a, text, 32, &m->bytes);
}

static bool read_cloak(struct arena *a, struct str text, struct key_material *m)
{
    struct str mark = STR("k1.aesgcm256.");
    return str_starts(text, mark) &&
           read_base64(a, str_slice(text, mark.len, text.len), 32, &m->bytes);
}

static bool read_magento(struct arena *a, struct str text, struct key_material *m)
{
    struct str mark = STR("base64");
    if (str_starts(text, mark) &&
        read_base64(a, str_slice(text, mark.len, text.len), 32, &m->bytes))
        return true;
    *m = (struct key_material){text, true};
    return text.len > 0;
}

/* ---- kinds ---- */

static const struct key_list_kind kinds[] = {
    {.name = "laravel",
     .owner = "Laravel",
     .expected = "base64: and 16 or 32 bytes in base64, as `artisan key:generate` writes it",
     .variables = {"APP_KEY", "APP_PREVIOUS_KEYS"},
     .variables_least = 2,
     .allows_empty = true,
     .read = read_laravel},
    {.name = "prisma",
     .owner = "prisma-field-encryption",
     .expected = "k1.aesgcm256. and 32 bytes in base64, as `cloak generate` writes it",
     .variables = {"PRISMA_FIELD_ENCRYPTION_KEY", "PRISMA_FIELD_DECRYPTION_KEYS"},
     .variables_least = 2,
     .naming = NAMED_BY_TEXT,
     .allows_empty = true,
     .names_values = true,
     .read = read_cloak},
    {.name = "multifernet",
     .owner = "Fernet",
     .expected = "32 bytes in base64url, as Fernet.generate_key() gives them",
     .variables = {"FERNET_KEYS"},
     .variables_least = 1,
     .allows_blanks = true,
     .read = read_fernet},
    {.name = "magento",
     .owner = "Magento",
     .expected = "characters without white space, one key a line",
     .variables = {"crypt/key"},
     .variables_least = 1,
     .naming = NAMED_BY_PLACE,
     .active = ACTIVE_LAST,
     .names_values = true,
     .read = read_magento},
};

enum { MAGENTO = 3 };
const struct key_list key_list_magento = {
    .kind = &kinds[MAGENTO],
    .variables = {{(const unsigned char *)"crypt/key", sizeof "crypt/key" - 1}},
    .variable_count = 1};

const struct key_list_kind *key_list_kind(struct str name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (str_eq(name, str_from(kinds[i].name)))
            return &kinds[i];
    return NULL;
}

const struct key_list_kind *key_list_guess(const struct bindings *all)
{
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (size_t i = 0; i < all->count; i++)
            if (all->items[i].kind == BINDING_ENTRY &&
                str_eq(all->items[i].key, str_from(kinds[k].variables[0])))
                return &kinds[k];
    return NULL;
}

/* ---- forms ---- */

static bool is_variable(struct str s)
{
    enum { VARIABLE_LENGTH = 128 };
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_alpha(s.at[i]) && s.at[i] != '_' && (i == 0 || !ascii_digit(s.at[i])))
            return false;
    return s.len >= 1 && s.len <= VARIABLE_LENGTH;
}

static void usual_variables(struct key_list *list)
{
    for (size_t i = 0; i < KEY_LIST_VARIABLES && list->kind->variables[i]; i++)
        list->variables[list->variable_count++] = str_from(list->kind->variables[i]);
}

static bool given_variables(struct key_list *list, struct str text)
{
    struct str rest = text;
    bool more = true;
    while (more) {
        struct str name;
        more = str_cut(rest, ',', &name, &rest);
        if (list->variable_count == KEY_LIST_VARIABLES || !is_variable(name) ||
            (list->variable_count && str_eq(name, list->variables[0])))
            return false;
        list->variables[list->variable_count++] = name;
    }
    return list->variable_count >= list->kind->variables_least;
}

static const char *form_name(struct arena *a, const struct keyring_syntax *base,
                             const struct key_list *list)
{
    struct buf name = {.arena = a};
    buf_printf(&name, "%s+%s", base->name, list->kind->name);
    for (size_t i = 0; i < list->variable_count; i++)
        buf_printf(&name, "%c%.*s", i ? ',' : ':', STR_ARG(list->variables[i]));
    return arena_text(a, buf_str(&name));
}

const struct keyring_syntax *key_list_syntax(struct arena *a, const struct keyring_syntax *base,
                                             struct str spec, struct err *err)
{
    struct str name, variables;
    struct key_list *list = ARENA_NEW(a, struct key_list);
    struct keyring_syntax *syntax = ARENA_NEW(a, struct keyring_syntax);
    bool given = str_cut(arena_copy(a, spec), ':', &name, &variables);
    list->kind = key_list_kind(name);
    if (list->kind == key_list_magento.kind && !given)
        return &keyring_php;
    if (!list->kind || !base->is_env_file || list->kind == key_list_magento.kind) {
        err_set(err, ERR_USAGE, 530, "--keyring takes no \"%s\"", text_shown(a, spec));
        err_hint(err,
                 "laravel, prisma, multifernet:VARIABLE (with --env-file) or named, the usual");
        return NULL;
    }
    if (!given)
        usual_variables(list);
    else if (!given_variables(list, variables)) {
        err_set(err, ERR_USAGE, 530, "--keyring %s takes %zu variable%s", list->kind->name,
                list->kind->variables_least, list->kind->variables_least == 1 ? " or two" : "s");
        err_hint(err, "first that of the active key, behind a comma that of the others: "
                      "laravel:APP_KEY,APP_PREVIOUS_KEYS");
        return NULL;
    }
    *syntax = *base;
    syntax->list = list;
    syntax->name = form_name(a, base, list);
    return syntax;
}

const struct keyring_syntax *keyring_form(struct arena *a, struct str form)
{
    struct str base, spec;
    struct err none = {0};
    if (!str_cut(form, '+', &base, &spec))
        return keyring_syntax_find(form);
    const struct keyring_syntax *syntax = keyring_syntax_find(base);
    return syntax ? key_list_syntax(a, syntax, spec, &none) : NULL;
}
