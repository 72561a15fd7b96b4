/* pyexpr: spans of tokens taken apart by counting brackets. */
#include "analyzer/pyexpr.h"
#include "common/buf.h"

enum {
    SHOWN_MAX = 160, /* bytes of an expression that a listing shows */
    STRIP_MAX = 32   /* pairs of parentheses around one expression */
};

static int bracket_step(const struct py_token *t)
{
    if (t->kind != PY_OP || t->text.len != 1)
        return 0;
    switch (t->text.at[0]) {
    case '(':
    case '[':
    case '{':
        return 1;
    case ')':
    case ']':
    case '}':
        return -1;
    default:
        return 0;
    }
}

size_t py_find_op(struct py_span s, const char *op)
{
    size_t depth = 0;
    for (size_t i = 0; i < s.count; i++) {
        if (depth == 0 && py_is_op(&s.at[i], op))
            return i;
        int step = bracket_step(&s.at[i]);
        if (step > 0)
            depth++;
        else if (step < 0 && depth > 0)
            depth--;
    }
    return s.count;
}

size_t py_close(struct py_span s, size_t open)
{
    size_t depth = 0;
    for (size_t i = open; i < s.count; i++) {
        int step = bracket_step(&s.at[i]);
        if (step > 0)
            depth++;
        else if (step < 0 && --depth == 0)
            return i + 1;
    }
    return s.count;
}

struct py_span py_strip(struct py_span s)
{
    for (int pairs = 0; pairs < STRIP_MAX; pairs++) {
        if (s.count < 2 || !py_is_op(&s.at[0], "(") || !py_is_op(&s.at[s.count - 1], ")") ||
            py_close(s, 0) != s.count)
            break;
        s = (struct py_span){s.at + 1, s.count - 2};
    }
    return s;
}

bool py_text(struct arena *a, struct py_span s, struct str *value)
{
    struct buf b = {.arena = a};
    s = py_strip(s);
    bool wants = true; /* a literal must come: at the start and behind a + */
    for (size_t i = 0; i < s.count; i++) {
        struct str piece;
        if (!wants && py_is_op(&s.at[i], "+")) {
            wants = true;
            continue;
        }
        if (!py_string_value(a, &s.at[i], &piece))
            return false;
        buf_add(&b, piece);
        wants = false;
    }
    *value = buf_str(&b);
    return !wants;
}

size_t py_dotted(struct py_span s)
{
    if (s.count == 0 || s.at[0].kind != PY_NAME)
        return 0;
    size_t n = 1;
    while (n + 1 < s.count && py_is_op(&s.at[n], ".") && s.at[n + 1].kind == PY_NAME)
        n += 2;
    return n;
}

struct str py_dotted_text(struct arena *a, struct py_span s)
{
    struct buf b = {.arena = a};
    size_t n = py_dotted(s);
    for (size_t i = 0; i < n; i++)
        buf_add(&b, s.at[i].text);
    return buf_str(&b);
}

struct str py_last_name(struct py_span s)
{
    size_t n = py_dotted(s);
    return n ? s.at[n - 1].text : STR("");
}

bool py_call(struct py_span s, struct str *last_name, struct py_span *arguments)
{
    size_t n = py_dotted(s);
    if (n == 0 || n >= s.count || !py_is_op(&s.at[n], "("))
        return false;
    size_t end = py_close(s, n);
    bool closed = end > n + 1 && py_is_op(&s.at[end - 1], ")");
    *last_name = s.at[n - 1].text;
    *arguments = (struct py_span){s.at + n + 1, end - n - 1 - (closed ? 1 : 0)};
    return true;
}

bool py_next_argument(struct py_span *rest, struct py_argument *arg)
{
    if (rest->count == 0)
        return false;
    *arg = (struct py_argument){.keyword = STR("")};
    size_t end = py_find_op(*rest, ",");
    struct py_span s = {rest->at, end};
    *rest = py_skip(*rest, end + 1);
    if (s.count && (py_is_op(&s.at[0], "*") || py_is_op(&s.at[0], "**"))) {
        arg->stars = s.at[0].text.len;
        s = py_skip(s, 1);
    } else if (s.count >= 2 && s.at[0].kind == PY_NAME && py_is_op(&s.at[1], "=")) {
        arg->keyword = s.at[0].text;
        s = py_skip(s, 2);
    }
    arg->value = s;
    return true;
}

bool py_keyword(struct py_span arguments, const char *keyword, struct py_span *value)
{
    struct py_argument arg;
    while (py_next_argument(&arguments, &arg))
        if (str_eq(arg.keyword, str_from(keyword))) {
            *value = arg.value;
            return true;
        }
    return false;
}

struct str py_shown(struct arena *a, struct py_span s)
{
    struct buf b = {.arena = a};
    for (size_t i = 0; i < s.count && b.len <= SHOWN_MAX; i++) {
        bool words = i > 0 && s.at[i].kind != PY_OP && s.at[i - 1].kind != PY_OP;
        if (words)
            buf_byte(&b, ' ');
        if (s.at[i].kind == PY_STRING)
            buf_text(&b, "'...'");
        else
            buf_add(&b, str_slice(s.at[i].text, 0, SHOWN_MAX));
        if (py_is_op(&s.at[i], ","))
            buf_byte(&b, ' ');
    }
    if (b.len <= SHOWN_MAX)
        return buf_str(&b);
    b.len = SHOWN_MAX;
    buf_text(&b, "...");
    return buf_str(&b);
}

bool py_mentions(struct py_span s, struct str part)
{
    for (size_t i = 0; i < s.count; i++)
        if (s.at[i].kind == PY_NAME && str_search(s.at[i].text, part) < s.at[i].text.len)
            return true;
    return false;
}
