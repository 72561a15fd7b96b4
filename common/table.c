/* table: four ways to write the same rows. */
#include "common/table.h"
#include "common/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void table_heading(struct table *t, const char *name)
{
    t->headings =
        arena_grow(t->arena, t->headings, t->columns, &t->heading_room, sizeof *t->headings);
    t->headings[t->columns++] = arena_copy(t->arena, str_from(name));
}

static struct cell *add_cell(struct table *t, enum cell_kind kind)
{
    t->cells = arena_grow(t->arena, t->cells, t->cell_count, &t->cell_room, sizeof *t->cells);
    struct cell *c = &t->cells[t->cell_count++];
    c->kind = kind;
    return c;
}

void table_null(struct table *t)
{
    (void)add_cell(t, CELL_NULL);
}

void table_text(struct table *t, struct str text)
{
    add_cell(t, CELL_TEXT)->as.text = text;
}

void table_integer(struct table *t, int64_t n)
{
    add_cell(t, CELL_INTEGER)->as.integer = n;
}

void table_count(struct table *t, uint64_t n)
{
    add_cell(t, CELL_COUNT)->as.count = n;
}

void table_real(struct table *t, double n)
{
    add_cell(t, CELL_REAL)->as.real = n;
}

void table_boolean(struct table *t, bool yes)
{
    add_cell(t, CELL_BOOLEAN)->as.boolean = yes;
}

/* ---- width ---- */

struct range {
    uint32_t first, last;
};

static bool in_ranges(uint32_t p, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count && p >= ranges[i].first; i++)
        if (p <= ranges[i].last)
            return true;
    return false;
}

/* The large blocks of Unicode's East Asian Width W and F, and of general category Mn. */
static size_t point_width(uint32_t p)
{
    static const struct range wide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},
                                        {0xA960, 0xA97F},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
                                        {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
                                        {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
    static const struct range joined[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},
                                          {0x064B, 0x065F}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
                                          {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};
    if (in_ranges(p, joined, sizeof joined / sizeof joined[0]))
        return 0;
    return in_ranges(p, wide, sizeof wide / sizeof wide[0]) ? 2 : 1;
}

size_t text_width(struct str visible)
{
    size_t width = 0;
    for (size_t i = 0; i < visible.len;) {
        uint32_t p = 0;
        size_t len = text_utf8(visible, i, &p);
        width += len ? point_width(p) : 1;
        i += len ? len : 1;
    }
    return width;
}

/* ---- text ---- */

static bool is_number(const struct cell *c)
{
    return c->kind == CELL_INTEGER || c->kind == CELL_COUNT || c->kind == CELL_REAL;
}

static struct str shown(struct arena *a, const struct cell *c)
{
    char digits[32];
    switch (c->kind) {
    case CELL_NULL:
        return STR("-");
    case CELL_TEXT:
        return str_from(text_shown(a, c->as.text));
    case CELL_BOOLEAN:
        return c->as.boolean ? STR("yes") : STR("no");
    case CELL_COUNT:
        return arena_copy(a, str_from(text_count(c->as.count, digits)));
    case CELL_INTEGER: {
        bool negative = c->as.integer < 0;
        uint64_t size = negative ? 0 - (uint64_t)c->as.integer : (uint64_t)c->as.integer;
        return str_from(arena_printf(a, "%s%s", negative ? "-" : "", text_count(size, digits)));
    }
    case CELL_REAL:
        return str_from(arena_printf(a, "%.2f", c->as.real));
    }
    return STR("");
}

static void add_spaces(struct buf *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_byte(out, ' ');
}

struct layout {
    size_t *width;
    bool *right;
};

/* A column of numbers; nulls between them are no matter, nothing but nulls is no number. */
static bool is_right(const struct table *t, size_t column)
{
    bool some = false;
    for (size_t i = column; i < t->cell_count; i += t->columns) {
        if (t->cells[i].kind == CELL_NULL)
            continue;
        if (!is_number(&t->cells[i]))
            return false;
        some = true;
    }
    return some;
}

static void write_line(struct buf *out, const struct table *t, const struct layout *l,
                       const struct str *texts)
{
    add_spaces(out, t->indent);
    size_t owed = 0; /* spaces are written only when something follows them */
    for (size_t c = 0; c < t->columns; c++) {
        size_t pad = l->width[c] - text_width(texts[c]);
        if (l->right[c])
            owed += pad;
        if (texts[c].len) {
            add_spaces(out, owed);
            owed = 0;
        }
        buf_add(out, texts[c]);
        owed += l->right[c] ? 2 : pad + 2;
    }
    buf_byte(out, '\n');
}

static void write_text(struct buf *out, const struct table *t)
{
    if (t->columns == 0)
        return;
    struct layout l = {ARENA_ARRAY(t->arena, t->columns, size_t),
                       ARENA_ARRAY(t->arena, t->columns, bool)};
    struct str *texts = ARENA_ARRAY(t->arena, t->cell_count, struct str);
    for (size_t c = 0; c < t->columns; c++) {
        l.right[c] = is_right(t, c);
        l.width[c] = text_width(t->headings[c]);
    }
    for (size_t i = 0; i < t->cell_count; i++) {
        texts[i] = shown(t->arena, &t->cells[i]);
        size_t width = text_width(texts[i]);
        if (width > l.width[i % t->columns])
            l.width[i % t->columns] = width;
    }
    write_line(out, t, &l, t->headings);
    for (size_t row = 0; row < table_rows(t); row++)
        write_line(out, t, &l, texts + row * t->columns);
}

/* ---- JSON ---- */

static void real_json(struct buf *out, double n)
{
    char digits[40] = "null";
    for (int precision = 15; isfinite(n) && precision <= 17; precision++) {
        (void)snprintf(digits, sizeof digits, "%.*g", precision, n);
        if (strtod(digits, NULL) == n)
            break;
    }
    buf_text(out, digits);
    if (isfinite(n) && strpbrk(digits, ".e") == NULL)
        buf_text(out, ".0"); /* a real stays one */
}

void cell_json(struct buf *out, const struct cell *c)
{
    switch (c->kind) {
    case CELL_NULL:
        buf_text(out, "null");
        break;
    case CELL_TEXT:
        text_json(out, c->as.text);
        break;
    case CELL_INTEGER:
        buf_printf(out, "%lld", (long long)c->as.integer);
        break;
    case CELL_COUNT:
        buf_printf(out, "%llu", (unsigned long long)c->as.count);
        break;
    case CELL_REAL:
        real_json(out, c->as.real);
        break;
    case CELL_BOOLEAN:
        buf_text(out, c->as.boolean ? "true" : "false");
        break;
    }
}

static void write_object(struct buf *out, const struct table *t, size_t row)
{
    buf_byte(out, '{');
    for (size_t c = 0; c < t->columns; c++) {
        if (c)
            buf_text(out, ",");
        text_json(out, t->headings[c]);
        buf_byte(out, ':');
        cell_json(out, &t->cells[row * t->columns + c]);
    }
    buf_byte(out, '}');
}

static void write_json(struct buf *out, const struct table *t)
{
    size_t rows = table_rows(t);
    buf_byte(out, '[');
    for (size_t row = 0; row < rows; row++) {
        buf_text(out, row ? ",\n" : "\n");
        write_object(out, t, row);
    }
    buf_text(out, rows ? "\n]\n" : "]\n");
}

static void write_json_lines(struct buf *out, const struct table *t)
{
    for (size_t row = 0; row < table_rows(t); row++) {
        write_object(out, t, row);
        buf_byte(out, '\n');
    }
}

/* ---- CSV ---- */

static void cell_csv(struct buf *out, const struct table *t, const struct cell *c)
{
    if (c->kind == CELL_TEXT)
        text_csv(out, str_from(text_shown(t->arena, c->as.text)));
    else if (c->kind != CELL_NULL)
        cell_json(out, c);
}

static void write_csv(struct buf *out, const struct table *t)
{
    for (size_t c = 0; c < t->columns; c++) {
        if (c)
            buf_byte(out, ',');
        text_csv(out, t->headings[c]);
    }
    buf_text(out, "\r\n");
    for (size_t i = 0; i < table_rows(t) * t->columns; i++) {
        if (i % t->columns)
            buf_byte(out, ',');
        cell_csv(out, t, &t->cells[i]);
        if (i % t->columns + 1 == t->columns)
            buf_text(out, "\r\n");
    }
}

void table_write(struct buf *out, const struct table *t, enum table_format format)
{
    switch (format) {
    case TABLE_TEXT:
        write_text(out, t);
        break;
    case TABLE_JSON:
        write_json(out, t);
        break;
    case TABLE_JSON_LINES:
        write_json_lines(out, t);
        break;
    case TABLE_CSV:
        write_csv(out, t);
        break;
    }
}
