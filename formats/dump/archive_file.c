/* archive_file: names of files. */
#include "formats/dump/archive_file.h"

static bool all_digits(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_digit(s.at[i]))
            return false;
    return s.len > 0;
}

/* What stands between the two; false when the name is not made so. */
static bool between(struct str name, struct str before, struct str after, struct str *middle)
{
    if (name.len < before.len + after.len || !str_starts(name, before) || !str_ends(name, after))
        return false;
    *middle = str_slice(name, before.len, name.len - after.len);
    return true;
}

static enum archive_role role_of(struct str name)
{
    struct str middle;
    if (str_eq(name, STR("toc.dat")))
        return ARCHIVE_ROLE_TOC;
    if (str_eq(name, STR("restore.sql")))
        return ARCHIVE_ROLE_SCRIPT;
    if (between(name, STR("blob_"), STR(".dat"), &middle) && all_digits(middle))
        return ARCHIVE_ROLE_OBJECT;
    if (between(name, STR("blobs"), STR(".toc"), &middle) &&
        (middle.len == 0 || (middle.at[0] == '_' && all_digits(str_slice(middle, 1, middle.len)))))
        return ARCHIVE_ROLE_OBJECT_LIST;
    if (between(name, STR(""), STR(".dat"), &middle) && all_digits(middle))
        return ARCHIVE_ROLE_DATA;
    return ARCHIVE_ROLE_NONE;
}

struct archive_file archive_file_named(struct str name)
{
    static const struct {
        struct str suffix;
        enum stream_kind packing;
    } suffixes[] = {{{(const unsigned char *)".gz", 3}, STREAM_GZIP},
                    {{(const unsigned char *)".lz4", 4}, STREAM_LZ4},
                    {{(const unsigned char *)".zst", 4}, STREAM_ZSTD}};
    struct archive_file f = {.name = name};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (f.packing == STREAM_NONE && str_ends(name, suffixes[i].suffix)) {
            f.packing = suffixes[i].packing;
            f.name = str_slice(name, 0, name.len - suffixes[i].suffix.len);
        }
    f.role = role_of(f.name);
    return f;
}

bool archive_object_line(struct str line, struct str *file)
{
    struct str oid;
    return str_cut(line, ' ', &oid, file) && all_digits(oid) &&
           archive_file_named(*file).role == ARCHIVE_ROLE_OBJECT;
}

bool archive_object_number(struct str name, uint64_t *oid)
{
    struct str middle;
    return between(name, STR("blob_"), STR(".dat"), &middle) && str_to_u64(middle, oid);
}

bool archive_list_number(struct str name, uint64_t *id)
{
    struct str middle;
    return between(name, STR("blobs_"), STR(".toc"), &middle) && str_to_u64(middle, id);
}

bool archive_script_begins(struct str head)
{
    return str_starts(head, STR("--\n-- NOTE:\n--\n-- File paths need to be edited."));
}
