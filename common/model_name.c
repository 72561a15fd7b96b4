/* model_name: "pkg.mod:Class" taken apart, and Flask-SQLAlchemy's rule from class to table. */
#include "common/model_name.h"
#include "common/buf.h"
#include "common/text.h"

bool model_name_is_identifier(struct str s)
{
    if (s.len == 0 || ascii_digit(s.at[0]))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_alpha(s.at[i]) && !ascii_digit(s.at[i]) && s.at[i] != '_' && s.at[i] < 0x80)
            return false;
    return true;
}

static bool is_dotted_name(struct str s)
{
    struct str part;
    struct str rest = s;
    for (bool more = true; more;) {
        more = str_cut(rest, '.', &part, &rest);
        if (!model_name_is_identifier(part))
            return false;
    }
    return true;
}

static size_t last_dot(struct str s)
{
    size_t at = s.len;
    while (at > 0 && s.at[at - 1] != '.')
        at--;
    return at; /* one past the dot; 0 without one */
}

bool model_name_parse(struct str text, struct model_name *out, struct err *err)
{
    struct model_name name = {{0}, {0}};
    if (!str_cut(text, ':', &name.module, &name.class_name)) {
        size_t at = last_dot(text);
        name.module = str_slice(text, 0, at ? at - 1 : 0);
        name.class_name = str_slice(text, at, text.len);
    }
    if (is_dotted_name(name.module) && is_dotted_name(name.class_name)) {
        *out = name;
        return true;
    }
    struct arena scratch = {0};
    err_set(err, ERR_USAGE, 401, "\"%.200s\" names no model", text_shown(&scratch, text));
    err_hint(err, "a model is written module:Class, for example app.models.user:User");
    arena_free(&scratch);
    return false;
}

struct str model_name_text(struct arena *a, struct model_name name)
{
    struct buf b = {.arena = a};
    buf_add(&b, name.module);
    buf_byte(&b, ':');
    buf_add(&b, name.class_name);
    return buf_str(&b);
}

static bool is_upper(unsigned char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(unsigned char c)
{
    return c >= 'a' && c <= 'z';
}

/*
 * Bytes of the UTF-8 character at s[at] whose lower case is known here: ASCII and Latin-1, which
 * covers class names with accents. 0: Python may lower it in a way we would have to guess.
 */
static size_t lowered_character(struct str s, size_t at, unsigned char into[2])
{
    unsigned char first = s.at[at];
    if (first < 0x80) {
        into[0] = ascii_lower(first);
        return 1;
    }
    if ((first != 0xC2 && first != 0xC3) || at + 1 >= s.len || (s.at[at + 1] & 0xC0) != 0x80)
        return 0;
    into[0] = first;
    into[1] = s.at[at + 1];
    if (first == 0xC3 && into[1] <= 0x9E && into[1] != 0x97) /* U+00C0 to U+00DE without U+00D7 */
        into[1] = (unsigned char)(into[1] + 0x20);
    return 2;
}

/*
 * re.sub(r"((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))", r"_\1", name).lower().lstrip("_"): a capital
 * starts a word when it follows a small letter or digit, or when a small letter follows it.
 */
bool model_name_table(struct arena *a, struct str class_name, struct str *table, struct err *err)
{
    struct str name = str_slice(class_name, last_dot(class_name), class_name.len);
    struct buf b = {.arena = a};
    for (size_t i = 0; i < name.len;) {
        unsigned char lowered[2];
        size_t len = lowered_character(name, i, lowered);
        if (len == 0) {
            err_set(err, ERR_NOT_FOUND, 407,
                    "the naming rule is not known for the class name %.200s", text_shown(a, name));
            err_hint(err, "name its table in a file for --map");
            return false;
        }
        bool follows = i > 0 && (is_lower(name.at[i - 1]) || ascii_digit(name.at[i - 1]));
        bool leads = i > 0 && i + 1 < name.len && is_lower(name.at[i + 1]);
        if (is_upper(name.at[i]) && (follows || leads))
            buf_byte(&b, '_');
        buf_add(&b, str_make(lowered, len));
        i += len;
    }
    struct str out = buf_str(&b);
    while (out.len && out.at[0] == '_')
        out = str_slice(out, 1, out.len);
    if (out.len == 0) { /* a class named "_" */
        err_set(err, ERR_NOT_FOUND, 407, "the naming rule leaves no name for the class %.200s",
                text_shown(a, name));
        err_hint(err, "name its table in a file for --map");
        return false;
    }
    *table = out;
    return true;
}
