/* flask_names: names, lines and spans that the readers of Flask's forms share. */
#include "formats/keyring/flask_names.h"

static const struct {
    const char *field;
    const char *prefix;
} fields[] = {{"key", "ENCRYPTION_KEYS__"},
              {"salt", "ENCRYPTION_SALT__"},
              {"salt_hash", "ENCRYPTION_SALT_HASH__"}};

static const char *const ours[] = {"ENCRYPTION_KEY", "ENCRYPTION_SALT", "ACTIVE_ENCRYPTION_VERSION",
                                   "ENCRYPTION_ENV_CHECKSUM"};

bool flask_name_is_ours(struct str name)
{
    if (str_starts(name, STR("FLASK_")))
        name = str_slice(name, 6, name.len);
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (str_starts(name, str_from(ours[i])))
            return true;
    return false;
}

bool flask_names_in(struct str text)
{
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (str_search(text, str_from(ours[i])) < text.len)
            return true;
    return false;
}

struct str flask_entry_name(struct arena *a, struct str field, struct str version)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        struct str prefix = str_from(fields[i].prefix);
        if (!str_eq(field, str_from(fields[i].field)))
            continue;
        unsigned char *name = arena_alloc(a, prefix.len + version.len);
        memcpy(name, prefix.at, prefix.len);
        if (version.len)
            memcpy(name + prefix.len, version.at, version.len);
        return str_make(name, prefix.len + version.len);
    }
    return STR("");
}

static bool is_line_end(unsigned char c)
{
    return c == '\n' || c == '\r';
}

static bool is_blank(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\f' || c == '\v';
}

size_t flask_line_at(struct flask_lines *lines, size_t at)
{
    struct str s = lines->content;
    for (; lines->at < at && lines->at < s.len; lines->at++)
        lines->line +=
            s.at[lines->at] == '\n' ||
            (s.at[lines->at] == '\r' && !(lines->at + 1 < s.len && s.at[lines->at + 1] == '\n'));
    return lines->line;
}

void flask_add_gap(struct arena *a, struct flask_lines *lines, struct span gap, unsigned char mark,
                   struct bindings *all)
{
    struct str s = lines->content;
    for (size_t at = gap.start; at < gap.end;) {
        size_t end = at;
        while (end < gap.end && !is_line_end(s.at[end]))
            end++;
        size_t from = at;
        size_t to = end;
        while (from < to && is_blank(s.at[from]))
            from++;
        while (to > from && is_blank(s.at[to - 1]))
            to--;
        if (from < to) {
            struct binding *b = bindings_add(a, all);
            b->kind = mark && s.at[from] == mark ? BINDING_COMMENT : BINDING_CODE;
            b->entry = (struct span){from, to};
            b->line = flask_line_at(lines, from);
            b->lines = 1;
        }
        at = end + (end < gap.end);
    }
}

struct span flask_member_span(struct str content, struct span body, size_t end, unsigned char mark)
{
    size_t start = body.start;
    while (start > 0 && is_blank(content.at[start - 1]))
        start--;
    while (end < content.len && is_blank(content.at[end]))
        end++;
    if (mark && end < content.len && content.at[end] == mark)
        while (end < content.len && !is_line_end(content.at[end]))
            end++;
    struct span inner = {body.start, end};
    if ((start > 0 && !is_line_end(content.at[start - 1])) || end == content.len ||
        !is_line_end(content.at[end]))
        return inner;
    bool pair = content.at[end] == '\r' && end + 1 < content.len && content.at[end + 1] == '\n';
    return (struct span){start, end + (pair ? 2 : 1)};
}

void flask_close_member(struct bindings *all, size_t leader, struct span whole, struct span body)
{
    struct binding *b = &all->items[leader];
    b->entry = whole;
    b->body_end = body.end;
    for (size_t i = leader + 1; i < all->count; i++)
        all->items[i].entry = (struct span){whole.end, whole.end};
}
