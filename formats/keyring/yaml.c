/* yaml: which nodes of a YAML file are entries, form by form. */
#include "formats/keyring/yaml.h"
#include "formats/keyring/flask_env.h"
#include "formats/keyring/yaml_parts.h"

static bool is_scalar(const struct yaml_tree *t, size_t node, const char *text)
{
    return node != SIZE_MAX && t->at[node].kind == YAML_SCALAR &&
           str_eq(t->at[node].value, str_from(text));
}

static bool has_role(struct str name)
{
    struct str version;
    return keyring_role(name, &version) != ROLE_NONE;
}

/* ---- Flask ---- */

static bool take_version(struct yaml_reader *r, size_t k)
{
    const struct yaml_tree *t = &r->tree;
    size_t map = yaml_value(t, k);
    size_t first = r->ours.count;
    if (!yaml_text(r, k) || !yaml_plain_map(r, map))
        return false;
    for (size_t f = map + 1; f < t->at[map].next; f = yaml_next_name(t, f)) {
        struct str name = flask_entry_name(r->a, t->at[f].value, t->at[k].value);
        if (name.len == 0)
            continue;
        if (!yaml_clean(r, f) || !yaml_text(r, yaml_value(t, f)))
            return false;
        (void)yaml_add(r, name, yaml_value(t, f), 0);
    }
    if (r->ours.count == first || t->at[k].value.len == 0)
        return yaml_refuse(r, 516, "a version without a key", k);
    return yaml_close_pair(r, first, k, MEMBER_LINES);
}

static bool take_single(struct yaml_reader *r, size_t k)
{
    size_t first = r->ours.count;
    struct str name = yaml_at(r, k)->value;
    if (str_starts(name, STR("ENCRYPTION_ENV_CHECKSUM")) || str_starts(name, STR("FLASK_")))
        return yaml_refuse(r, 516, "a name that has no meaning in a Flask configuration", k);
    if (!yaml_clean(r, k) || !yaml_text(r, yaml_value(&r->tree, k)))
        return false;
    (void)yaml_add(r, name, yaml_value(&r->tree, k), 0);
    return yaml_close_pair(r, first, k, MEMBER_NOT);
}

static bool take_keys(struct yaml_reader *r, size_t k)
{
    size_t map = yaml_value(&r->tree, k);
    r->known[k] = true;
    if (!yaml_clean(r, k) || !yaml_plain_map(r, map))
        return false;
    for (size_t v = map + 1; v < r->tree.at[map].next; v = yaml_next_name(&r->tree, v))
        if (!take_version(r, v))
            return false;
    return true;
}

static bool load_flask(struct arena *a, struct str content, struct bindings *all, struct err *err)
{
    struct yaml_reader r;
    size_t keys = SIZE_MAX;
    size_t singles = 0;
    if (!yaml_open(&r, a, content, all, err))
        return false;
    if (r.tree.documents > 1)
        return yaml_refuse(&r, 516, "a configuration of Flask's is one document, not several", 0);
    if (r.tree.count == 0 || !yaml_plain_map(&r, 0))
        return r.tree.count > 0 ? false : yaml_emit(&r);
    for (size_t k = 0 + 1; k < r.tree.at[0].next; k = yaml_next_name(&r.tree, k)) {
        struct str name = r.tree.at[k].value;
        bool is_keys = str_eq(name, FLASK_KEYS);
        if (!flask_name_is_ours(name))
            continue;
        if (is_keys)
            keys = k;
        singles += !is_keys && !str_eq(name, STR("ACTIVE_ENCRYPTION_VERSION"));
        if (!(is_keys ? take_keys(&r, k) : take_single(&r, k)))
            return false;
    }
    if (keys != SIZE_MAX && singles)
        return yaml_refuse(&r, 516, "two forms of the keyring in one file", keys);
    return yaml_emit(&r);
}

/* ---- Kubernetes ---- */

/* One variable of an environment; those of Flask's that are objects come with their parts. */
static bool take_variable(struct yaml_reader *r, size_t first, struct str content)
{
    struct bindings one = {0};
    struct binding b = r->ours.items[first];
    *bindings_add(r->a, &one) = b;
    if (b.encoded || !flask_env_expand(r->a, content, &one, r->err))
        return b.encoded;
    if (one.count == 1)
        return true;
    r->all->bad_line = b.line;
    err_set(r->err, ERR_REFUSED, 511, "an object under a FLASK_ name in YAML");
    return false;
}

static bool take_data(struct yaml_reader *r, size_t k, size_t place)
{
    struct enclosed *e = ARENA_NEW(r->a, struct enclosed);
    size_t value = yaml_value(&r->tree, k);
    bool ours = has_role(yaml_at(r, k)->value);
    bool done = yaml_at(r, value)->kind == YAML_SCALAR && yaml_base64(r, value, e);
    if (!ours)
        return !done || !flask_names_in(e->text) || yaml_inner_env(r, k, value, true, place);
    size_t first = r->ours.count;
    if (!yaml_clean(r, k) || !yaml_clean(r, value))
        return false;
    if (!done || !yaml_is_utf8(e->text))
        return yaml_refuse(r, 516, "a value under data is no base64 of a text", value);
    struct binding *b = yaml_add(r, yaml_at(r, k)->value, value, place);
    b->value = e->text;
    b->value_raw = e->raw;
    b->encoded = true;
    return yaml_close_pair(r, first, k, MEMBER_NOT);
}

static bool take_string(struct yaml_reader *r, size_t k, size_t place)
{
    size_t value = yaml_value(&r->tree, k);
    size_t first = r->ours.count;
    if (!has_role(yaml_at(r, k)->value))
        return yaml_at(r, value)->kind != YAML_SCALAR ||
               !flask_names_in(yaml_at(r, value)->value) ||
               yaml_inner_env(r, k, value, false, place);
    if (!yaml_clean(r, k) || !yaml_text(r, value))
        return false;
    (void)yaml_add(r, yaml_at(r, k)->value, value, place);
    return take_variable(r, first, r->tree.content) && yaml_close_pair(r, first, k, MEMBER_NOT);
}

static bool take_secret(struct yaml_reader *r, size_t root, size_t number)
{
    const struct yaml_tree *t = &r->tree;
    char *name = arena_printf(r->a, "secret %zu", number);
    size_t place = bindings_place(r->a, &r->ours, str_from(name));
    if (!yaml_plain_map(r, root))
        return false;
    for (size_t k = root + 1; k < t->at[root].next; k = yaml_next_name(t, k)) {
        size_t map = yaml_value(t, k);
        bool encoded = str_eq(t->at[k].value, STR("data"));
        if (!encoded && !str_eq(t->at[k].value, STR("stringData")))
            continue;
        if (is_scalar(t, map, "") || is_scalar(t, map, "null"))
            continue;
        if (!yaml_plain_map(r, map))
            return false;
        for (size_t n = map + 1; n < t->at[map].next; n = yaml_next_name(t, n))
            if (!(encoded ? take_data(r, n, place) : take_string(r, n, place)))
                return false;
    }
    return true;
}

static bool load_secret(struct arena *a, struct str content, struct bindings *all, struct err *err)
{
    struct yaml_reader r;
    size_t number = 0;
    if (!yaml_open(&r, a, content, all, err))
        return false;
    for (size_t root = 0; root < r.tree.count; root = yaml_behind(&r.tree, root))
        if (is_scalar(&r.tree, yaml_find(&r.tree, root, STR("kind")), "Secret") &&
            !take_secret(&r, root, ++number))
            return false;
    return yaml_emit(&r);
}

/* ---- Compose ---- */

/* Compose replaces $NAME and ${NAME} from its own environment. */
static void note_dollar(struct binding *b)
{
    b->from_environment = str_find(b->value, '$') < b->value.len;
}

static bool take_environment_name(struct yaml_reader *r, size_t k, size_t place)
{
    size_t first = r->ours.count;
    if (!yaml_clean(r, k) || !yaml_text(r, yaml_value(&r->tree, k)))
        return false;
    note_dollar(yaml_add(r, yaml_at(r, k)->value, yaml_value(&r->tree, k), place));
    return take_variable(r, first, r->tree.content) && yaml_close_pair(r, first, k, MEMBER_NOT);
}

/* NAME=value; a name alone takes its value from the environment of Compose. */
static bool take_environment_item(struct yaml_reader *r, size_t item, struct str name, size_t place)
{
    const struct yaml_node *n = yaml_at(r, item);
    size_t first = r->ours.count;
    if (!yaml_clean(r, item))
        return false;
    struct binding *b = yaml_add(r, name, item, place);
    bool whole = yaml_text_span(&r->tree, n, &b->value_raw.start, &b->value_raw.end);
    b->has_value = name.len < n->value.len;
    b->value = str_slice(n->value, name.len + 1, n->value.len);
    if (whole && b->has_value)
        b->value_raw.start += name.len + 1;
    note_dollar(b);
    return take_variable(r, first, r->tree.content) && yaml_close_item(r, first, item);
}

static bool take_list(struct yaml_reader *r, size_t list, size_t place)
{
    for (size_t i = list + 1; i < yaml_at(r, list)->next; i = yaml_behind(&r->tree, i)) {
        struct str name, value;
        if (yaml_at(r, i)->kind != YAML_SCALAR)
            continue;
        (void)str_cut(yaml_at(r, i)->value, '=', &name, &value);
        if (has_role(name) && !take_environment_item(r, i, name, place))
            return false;
    }
    return true;
}

static bool take_service(struct yaml_reader *r, size_t service)
{
    const struct yaml_tree *t = &r->tree;
    size_t map = yaml_value(t, service);
    size_t env = yaml_find(t, map, STR("environment"));
    size_t before = r->ours.count;
    char *name = arena_printf(r->a, "service %.*s", STR_ARG(t->at[service].value));
    if (env == SIZE_MAX)
        return true;
    size_t place = bindings_place(r->a, &r->ours, str_from(name));
    if (t->at[env].kind == YAML_LIST && !take_list(r, env, place))
        return false;
    if (t->at[env].kind == YAML_MAP)
        for (size_t k = env + 1; k < t->at[env].next; k = yaml_next_name(t, k))
            if (t->at[k].kind == YAML_SCALAR && has_role(t->at[k].value) &&
                !take_environment_name(r, k, place))
                return false;
    if (r->ours.count == before)
        return true;
    return yaml_clean(r, service) && yaml_distinct_map(r, map) &&
           (t->at[env].kind == YAML_LIST ? yaml_clean(r, env) : yaml_plain_map(r, env));
}

static bool load_compose(struct arena *a, struct str content, struct bindings *all, struct err *err)
{
    struct yaml_reader r;
    if (!yaml_open(&r, a, content, all, err))
        return false;
    size_t services = yaml_find(&r.tree, 0, STR("services"));
    if (r.tree.documents > 1)
        return yaml_refuse(&r, 516, "a Compose file is one document, not several", 0);
    if (services == SIZE_MAX || !yaml_distinct_map(&r, 0) || !yaml_distinct_map(&r, services))
        return services != SIZE_MAX ? false : yaml_emit(&r);
    for (size_t s = services + 1; s < r.tree.at[services].next; s = yaml_next_name(&r.tree, s))
        if (!take_service(&r, s))
            return false;
    return yaml_emit(&r);
}

/* ---- */

const struct keyring_syntax *keyring_yaml_form(struct arena *a, struct str content)
{
    struct yaml_tree t;
    struct err unread = {0};
    if (!yaml_tree_read(a, content, &t, &unread) || t.count == 0)
        return &keyring_flask_yaml;
    for (size_t root = 0; root < t.count; root = yaml_behind(&t, root))
        if (is_scalar(&t, yaml_find(&t, root, STR("kind")), "Secret") &&
            yaml_find(&t, root, STR("apiVersion")) != SIZE_MAX)
            return &keyring_secret_yaml;
    return yaml_find(&t, 0, STR("services")) != SIZE_MAX ? &keyring_compose : &keyring_flask_yaml;
}

const struct keyring_syntax keyring_flask_yaml = {
    .name = "flask-yaml", .is_flask = true, .load = load_flask, .edit = yaml_edit};
const struct keyring_syntax keyring_secret_yaml = {
    .name = "kubernetes", .load = load_secret, .edit = yaml_edit};
const struct keyring_syntax keyring_compose = {
    .name = "compose", .load = load_compose, .edit = yaml_edit};
