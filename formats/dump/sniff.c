/* sniff: signatures first, then what the first words of a text look like. */
#include "formats/dump/sniff.h"
#include "formats/dump/json_lines.h"

enum { SNIFF_TEXT = 8 * 1024, CONTROL_SHARE = 20 /* one byte in so many */ };

/* ---- signatures ---- */

static const struct signature {
    struct str bytes;
    enum dump_kind kind;
} signatures[] = {
    {{(const unsigned char *)"PGDMP", 5}, DUMP_PG_CUSTOM},
    {{(const unsigned char *)"\xff\xfeP\0G\0D\0M\0P\0", 12}, DUMP_PG_CUSTOM_UTF16},
    {{(const unsigned char *)"\xfe\xff\0P\0G\0D\0M\0P", 12}, DUMP_PG_CUSTOM_UTF16},
    {{(const unsigned char *)"\xff\xfe\0\0", 4}, DUMP_UTF32_TEXT},
    {{(const unsigned char *)"\0\0\xfe\xff", 4}, DUMP_UTF32_TEXT},
    {{(const unsigned char *)"PGCOPY\n\377\r\n\0", 11}, DUMP_BINARY_COPY},
    {{(const unsigned char *)"SQLite format 3\0", 16}, DUMP_SQLITE},
    {{(const unsigned char *)"PAR1", 4}, DUMP_PARQUET},
};

/* The stream is shorter than the signature: it was cut off there, and is no short table (S1). */
static bool ends_within(struct str head, struct str signature)
{
    return head.len > 0 && str_starts(signature, head);
}

static bool is_binary(struct str head)
{
    size_t controls = 0;
    for (size_t i = 0; i < head.len; i++) {
        if (head.at[i] == 0)
            return true;
        controls += head.at[i] < ' ' && !ascii_space(head.at[i]);
    }
    return controls * CONTROL_SHARE > head.len;
}

/* ---- SQL ---- */

/* The next word of letters, or one other byte; white space before it is passed. */
static struct str next_word(struct str *rest)
{
    struct str text = str_trim(*rest);
    size_t n = 0;
    while (n < text.len &&
           (ascii_alpha(text.at[n]) || text.at[n] == '_' || (n && ascii_digit(text.at[n]))))
        n++;
    if (!n && text.len)
        n = 1;
    *rest = str_slice(text, n, text.len);
    return str_slice(text, 0, n);
}

static bool is_one_of(struct str word, const char *list)
{
    struct str rest = str_from(list);
    struct str one;
    for (bool more = true; more;) {
        more = str_cut(rest, ' ', &one, &rest);
        if (str_eq_nocase(word, one))
            return true;
    }
    return false;
}

#define OBJECTS                                                                                    \
    "or table unlogged temp temporary global local schema database role user group function "      \
    "procedure extension sequence view materialized index unique type domain foreign server "      \
    "aggregate operator cast collation trigger rule policy publication subscription event "        \
    "language statistics text tablespace conversion access recursive constraint transform large "  \
    "default system routine procedural trusted"

/* First words of statements, and what may stand behind each so that it is no CSV header. */
static const struct opening {
    const char *first;
    const char *second;
} openings[] = {
    {"create alter drop", OBJECTS},
    {"insert merge", "into"},
    {"delete", "from"},
    {"comment security", "on label"},
    {"start", "transaction"},
    {"lock truncate", "table only"},
    {"begin commit rollback", "; transaction work isolation"},
    {"pragma", "foreign_keys journal_mode synchronous"},
};

/* One line that ends in a semicolon, as a statement does and a CSV header does not. */
static bool line_is_statement(struct str text)
{
    struct str line = str_trim(str_slice(text, 0, str_find(text, '\n')));
    return is_one_of(str_slice(text, 0, str_find(text, ' ')),
                     "set reset select do call with update values grant revoke analyze vacuum "
                     "refresh use show explain copy") &&
           str_ends(line, STR(";"));
}

/* COPY name ... FROM | TO on its line. */
static bool line_is_copy(struct str text)
{
    struct str line = str_slice(text, 0, str_find(text, '\n'));
    if (!is_one_of(next_word(&line), "copy") || !line.len || !ascii_space(line.at[0]))
        return false;
    while (line.len)
        if (is_one_of(next_word(&line), "from to"))
            return true;
    return false;
}

static bool starts_statement(struct str text)
{
    struct str rest = text;
    struct str first = next_word(&rest);
    struct str second = next_word(&rest);
    for (size_t i = 0; i < sizeof openings / sizeof openings[0]; i++)
        if (is_one_of(first, openings[i].first) && is_one_of(second, openings[i].second))
            return true;
    if (is_one_of(first, "with do select") && is_one_of(second, "$ pg_catalog set_config"))
        return true;
    return line_is_statement(text) || line_is_copy(text);
}

static bool starts_meta_command(struct str text)
{
    if (text.at[0] != '\\')
        return false;
    struct str rest = str_slice(text, 1, text.len);
    return is_one_of(next_word(&rest), "connect c restrict set echo qecho encoding i ir include "
                                       "copy pset timing unset if warn o unrestrict cd") &&
           (!rest.len || ascii_space(rest.at[0]));
}

static size_t count_bytes(struct str s, unsigned char byte)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += s.at[i] == byte;
    return n;
}

/* Does text[at] stand in a cell of several lines, behind an odd number of quotes? */
static bool is_quoted(struct str text, size_t at)
{
    return count_bytes(str_slice(text, 0, at), '"') % 2;
}

static bool is_mysql(struct str text)
{
    static const char *const marks[] = {
        "-- MySQL dump",  "-- MariaDB dump", "-- phpMyAdmin SQL",     "/*!40", "/*M!", "/*!999999",
        "CREATE TABLE `", "INSERT INTO `",   "DROP TABLE IF EXISTS `"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        struct str mark = str_from(marks[i]);
        size_t at = str_search(text, mark);
        bool line = at == 0 || (at < text.len && text.at[at - 1] == '\n');
        if (at < text.len && line && !is_quoted(text, at))
            return true;
    }
    return false;
}

/* The shell's .dump, and Python's iterdump, which lacks the first line. */
static bool is_sqlite_script(struct str text)
{
    struct str line = str_trim(str_slice(text, 0, str_find(text, '\n')));
    return str_eq_nocase(line, STR("PRAGMA foreign_keys=OFF;")) ||
           str_eq(line, STR("BEGIN TRANSACTION;"));
}

/* ---- tables drawn for people ---- */

/* ---+---, or +---+---+ of a box; `bars` counts the pluses between. */
static bool is_ruler(struct str line, size_t *bars)
{
    size_t dashes = 0;
    *bars = 0;
    for (size_t i = 0; i < line.len; i++) {
        dashes += line.at[i] == '-';
        *bars += line.at[i] == '+' && i > 0 && i + 1 < line.len;
        if (line.at[i] != '-' && line.at[i] != '+')
            return false;
    }
    return dashes >= 3;
}

/*
 * The heading of psql stands above a ruler as wide as the heading, with a plus below each bar; of
 * the boxes, between two rulers; psql's expanded form has a line for each record instead. Nothing
 * in such text says where a value ends, so it is not read as a table.
 */
static bool is_drawn_table(struct str text, bool indented)
{
    struct str rest = text;
    struct str first;
    struct str second;
    size_t bars = 0;
    struct str head = str_slice(text, 0, str_find(text, '\n'));
    if (str_starts(head, STR("-[ RECORD ")) ||
        (str_starts(head, STR("*****")) && str_search(head, STR(". row *")) < head.len))
        return true;
    if (!str_line(&rest, &first) || !str_line(&rest, &second))
        return false;
    if (first.len > 4 && first.at[0] == '+' && is_ruler(first, &bars))
        return str_starts(second, STR("|")) && count_bytes(second, '|') == bars + 2;
    return indented && is_ruler(second, &bars) && second.at[0] == '-' &&
           count_bytes(first, '|') == bars && second.len >= str_trim(first).len + 2;
}

/* ---- any text ---- */

/* A script that opens with something unheard of still has lines that no table has. */
static bool has_statement_line(struct str text)
{
    struct str rest = text;
    struct str line;
    while (str_line(&rest, &line)) {
        bool begins = str_starts(line, STR("INSERT INTO ")) ||
                      str_starts(line, STR("CREATE TABLE ")) ||
                      (str_starts(line, STR("COPY ")) && str_ends(line, STR(" FROM stdin;")));
        if (begins && !is_quoted(text, (size_t)(line.at - text.at)))
            return true;
    }
    return false;
}

/* `indented`: a space stood before it. */
static enum dump_kind sniff_text(struct str text, bool indented)
{
    if (is_drawn_table(text, indented))
        return DUMP_DRAWN_TABLE;
    if (is_sqlite_script(text))
        return DUMP_SQLITE_SCRIPT;
    if (is_mysql(text))
        return DUMP_MYSQL;
    if (ends_within(text, STR("--")) || ends_within(text, STR("/*")) ||
        str_starts(text, STR("--")) || str_starts(text, STR("/*")) || starts_meta_command(text) ||
        starts_statement(text) || has_statement_line(text))
        return DUMP_PLAIN_SQL;
    switch (json_shape(text)) {
    case JSON_LINES:
        return DUMP_JSON_LINES;
    case JSON_DOCUMENT:
        return DUMP_JSON;
    case JSON_NONE:
        break;
    }
    return text.at[0] == '<' ? DUMP_UNKNOWN : DUMP_CSV;
}

enum dump_kind dump_sniff(struct str head)
{
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++)
        if (str_starts(head, signatures[i].bytes) || ends_within(head, signatures[i].bytes))
            return signatures[i].kind;
    if (is_binary(head))
        return DUMP_UNKNOWN;
    if (str_starts(head, STR("\xef\xbb\xbf")))
        head = str_slice(head, 3, head.len);
    size_t space = 0;
    while (space < head.len && ascii_space(head.at[space]))
        space++;
    if (space == head.len)
        return DUMP_EMPTY;
    return sniff_text(str_slice(head, space, space + SNIFF_TEXT),
                      space > 0 && head.at[space - 1] == ' ');
}

/* ---- what is said of a kind ---- */

static const struct kind_text {
    const char *name;
    const char *problem; /* NULL: it is read */
    const char *hint;
} kinds[DUMP_KIND_COUNT] = {
    [DUMP_UNKNOWN] = {"unknown", "the input is of no kind that is known here",
                      "give a dump or archive of pg_dump, a dump of mysqldump or SQLite, a CSV "
                      "file or JSON Lines; what packs them may be unknown here, too"},
    [DUMP_EMPTY] = {"empty", "the input is empty",
                    "see whether the dump or export that made it ended without an error"},
    [DUMP_PLAIN_SQL] = {"plain-sql", NULL, NULL},
    [DUMP_CSV] = {"csv", NULL, NULL},
    [DUMP_PG_CUSTOM] = {"pg-archive", NULL, NULL},
    [DUMP_PG_CUSTOM_UTF16] = {"pg-archive-utf16",
                              "the input is a pg_dump archive that was ruined by a redirection, "
                              "which rewrote it as UTF-16",
                              "make the dump again, with -f FILE or --file=FILE instead of > FILE"},
    [DUMP_UTF32_TEXT] = {"utf32", "the input is text in UTF-32, which is not read in this version",
                         "convert it: iconv -f UTF-32 -t UTF-8 FILE"},
    [DUMP_BINARY_COPY] = {"binary-copy", NULL, NULL},
    [DUMP_SQLITE] = {"sqlite",
                     "an SQLite database is read from a file of its own only, neither packed nor "
                     "from a pipe",
                     "unpack it, and name the file"},
    [DUMP_SQLITE_SCRIPT] = {"sqlite-dump", NULL, NULL},
    [DUMP_MYSQL] = {"mysqldump", NULL, NULL},
    [DUMP_JSON_LINES] = {"json-lines", NULL, NULL},
    [DUMP_JSON] = {"json", "the input is JSON, and not an object a line",
                   "write it so: jq -c '.[]' FILE > FILE.jsonl for an array, jq -c . for objects"},
    [DUMP_DRAWN_TABLE] = {"drawn-table",
                          "the input is a table drawn for people, in which nothing says where a "
                          "value ends",
                          "export it as CSV: psql --csv -c 'select * from t', or \\copy t to "
                          "'t.csv' csv header"},
    [DUMP_PARQUET] = {"parquet", "the input is a Parquet file, which is not read in this version",
                      "export the table as CSV"},
};

const char *dump_kind_name(enum dump_kind kind)
{
    return kinds[kind].name;
}

bool dump_is_text(enum dump_kind kind)
{
    return kind == DUMP_PLAIN_SQL || kind == DUMP_MYSQL || kind == DUMP_CSV ||
           kind == DUMP_JSON_LINES;
}

bool dump_accept(enum dump_kind kind, struct err *err)
{
    if (!kinds[kind].problem)
        return true;
    err_set(err, ERR_CORRUPT, kind == DUMP_EMPTY ? 301 : 300, "%s", kinds[kind].problem);
    err_hint(err, "%s", kinds[kind].hint);
    return false;
}
