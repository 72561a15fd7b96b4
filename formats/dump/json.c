/* json: one byte, run or token at a time; the stack is a bit for each depth. */
#include "formats/dump/json.h"
#include "common/text.h"

bool json_blank(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!json_is_blank(s.at[i]))
            return false;
    return true;
}

void json_open(struct json *j)
{
    j->key = (struct str){0};
    j->problem = NULL;
    j->limit = false;
    j->due = JSON_DUE_RECORD;
    j->inside = JSON_BETWEEN;
    j->depth = 0;
}

void json_value_open(struct json *j)
{
    json_open(j);
    j->objects[0] = 1;
    j->depth = 1;
    j->due = JSON_DUE_COLON;
}

static enum json_event bad(struct json *j, const char *problem)
{
    j->problem = problem;
    return JSON_BAD;
}

static enum json_event too_much(struct json *j, const char *problem)
{
    j->limit = true;
    return bad(j, problem);
}

/* ---- writing ---- */

/* The whole of a few bytes: a step has room for them. */
static void put(struct copy_text *out, struct str bytes)
{
    if (out)
        (void)copy_text_put(out, bytes);
}

static void put_byte(struct copy_text *out, unsigned char byte)
{
    put(out, str_make(&byte, 1));
}

/* Structure is only written inside of a value. */
static void put_mark(struct json *j, struct copy_text *out, unsigned char mark)
{
    if (j->depth > 1)
        put_byte(out, mark);
}

/* ---- objects and arrays ---- */

static bool in_object(const struct json *j)
{
    unsigned level = j->depth - 1;
    return j->objects[level / 64] >> level % 64 & 1;
}

static bool go_in(struct json *j, bool object)
{
    unsigned level = j->depth;
    if (level == JSON_DEPTH_MAX)
        return false;
    uint64_t bit = UINT64_C(1) << level % 64;
    j->objects[level / 64] = object ? j->objects[level / 64] | bit : j->objects[level / 64] & ~bit;
    j->depth++;
    j->due = object ? JSON_DUE_FIRST_KEY : JSON_DUE_FIRST_ITEM;
    return true;
}

/* Behind a value of any kind: which is one of the record's when it is not inside of another. */
static enum json_event value_over(struct json *j)
{
    j->due = JSON_DUE_MORE;
    return j->depth == 1 ? JSON_VALUE : JSON_MORE;
}

static enum json_event go_out(struct json *j, struct copy_text *out, unsigned char mark)
{
    put_mark(j, out, mark);
    if (--j->depth > 0)
        return value_over(j);
    j->due = JSON_DUE_NOTHING;
    return JSON_RECORD;
}

/* ---- strings ---- */

static bool is_shown(const struct json *j)
{
    return j->depth > 1 || !j->in_key;
}

static void begin_string(struct json *j, struct copy_text *out, bool key)
{
    j->inside = JSON_IN_STRING;
    j->in_key = key;
    j->key_length = 0;
    put_mark(j, out, '"');
}

static enum json_event end_string(struct json *j, struct copy_text *out)
{
    j->inside = JSON_BETWEEN;
    put_mark(j, out, '"');
    if (!j->in_key)
        return value_over(j);
    j->due = JSON_DUE_COLON;
    if (j->depth > 1)
        return JSON_MORE;
    j->key = str_make(j->key_bytes, j->key_length);
    return JSON_KEY;
}

/* Bytes of a string, as far as there is room: how many were taken. */
static size_t put_text(struct json *j, struct copy_text *out, struct str bytes)
{
    if (is_shown(j))
        return out ? copy_text_put(out, bytes) : bytes.len;
    size_t room = JSON_KEY_MAX - j->key_length;
    size_t n = bytes.len < room ? bytes.len : room;
    memcpy(j->key_bytes + j->key_length, bytes.at, n);
    j->key_length += n;
    return n;
}

/* Is one of eight bytes a quote, a backslash or a control character? Now and then yes for nothing.
 */
static bool may_end_run(uint64_t eight)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t quote = eight ^ (ones * '"');
    uint64_t backslash = eight ^ (ones * '\\');
    uint64_t low = (eight - ones * ' ') & ~eight;
    uint64_t zero = ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash);
    return ((low | zero) & (ones * 0x80)) != 0;
}

static size_t run_length(struct str s)
{
    size_t n = 0;
    for (; n + 8 <= s.len; n += 8) {
        uint64_t eight;
        memcpy(&eight, s.at + n, 8);
        if (may_end_run(eight))
            break;
    }
    while (n < s.len && s.at[n] != '"' && s.at[n] != '\\' && s.at[n] >= ' ')
        n++;
    return n;
}

static void pass(struct str *bytes, size_t n)
{
    *bytes = str_slice(*bytes, n, bytes->len);
}

static enum json_event in_string(struct json *j, struct str *bytes, struct copy_text *out)
{
    size_t run = run_length(*bytes);
    size_t taken = run ? put_text(j, out, str_slice(*bytes, 0, run)) : 0;
    pass(bytes, taken);
    if (taken < run)
        return is_shown(j) ? JSON_FULL : too_much(j, "a key is too long");
    if (bytes->len == 0)
        return JSON_MORE;
    unsigned char c = bytes->at[0];
    if (c < ' ')
        return bad(j, "a control character stands in a string");
    if (c == '"' && out && copy_text_room(out) < JSON_STEP)
        return JSON_FULL;
    pass(bytes, 1);
    if (c == '"')
        return end_string(j, out);
    j->inside = JSON_IN_ESCAPE;
    return JSON_MORE;
}

static enum json_event put_code(struct json *j, struct copy_text *out, uint32_t code)
{
    unsigned char utf8[TEXT_UTF8_MOST];
    struct str text = str_make(utf8, text_utf8_put(code, utf8));
    j->inside = JSON_IN_STRING;
    return put_text(j, out, text) == text.len ? JSON_MORE : too_much(j, "a key is too long");
}

static enum json_event in_escape(struct json *j, struct str *bytes, struct copy_text *out)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    unsigned char c = bytes->at[0];
    const char *letter = c ? memchr(letters, c, sizeof letters - 1) : NULL;
    pass(bytes, 1);
    if (letter)
        return put_code(j, out, (unsigned char)meant[letter - letters]);
    if (c != 'u')
        return bad(j, "a backslash stands before a letter that has no meaning there");
    j->inside = JSON_IN_DIGITS;
    j->digits = 0;
    j->code = j->high = 0;
    return JSON_MORE;
}

static enum json_event in_digits(struct json *j, struct str *bytes, struct copy_text *out)
{
    int digit = ascii_hex(bytes->at[0]);
    if (digit < 0)
        return bad(j, "\\u lacks its four digits");
    pass(bytes, 1);
    j->code = j->code << 4 | (unsigned)digit;
    if (++j->digits < 4)
        return JSON_MORE;
    bool high = j->code >= 0xd800 && j->code < 0xdc00;
    bool low = j->code >= 0xdc00 && j->code < 0xe000;
    if (low != (j->high != 0))
        return bad(j, "half of a surrogate pair stands alone");
    if (low)
        return put_code(j, out, 0x10000 + ((j->high - 0xd800) << 10 | (j->code - 0xdc00)));
    if (!high)
        return put_code(j, out, j->code);
    j->high = j->code;
    j->inside = JSON_AT_LOW;
    return JSON_MORE;
}

/* \ and u of the second half. */
static enum json_event at_low(struct json *j, struct str *bytes)
{
    bool first = j->inside == JSON_AT_LOW;
    if (bytes->at[0] != (first ? '\\' : 'u'))
        return bad(j, "half of a surrogate pair stands alone");
    pass(bytes, 1);
    j->inside = first ? JSON_AT_LOW_U : JSON_IN_DIGITS;
    j->digits = 0;
    j->code = 0;
    return JSON_MORE;
}

/* ---- numbers and words ---- */

/* What a number has come to; the ends that RFC 8259, section 6, allows come last. */
enum number { SIGN, POINT, EXPONENT, EXPONENT_SIGN, ZERO, WHOLE, PART, POWER, NO_NUMBER };

static enum number number_next(unsigned at, unsigned char c)
{
    bool digit = ascii_digit(c);
    switch ((enum number)at) {
    case SIGN:
        return digit ? (c == '0' ? ZERO : WHOLE) : NO_NUMBER;
    case WHOLE:
        if (digit)
            return WHOLE;
        /* fall through */
    case ZERO:
        if (c == '.')
            return POINT;
        return (c | 0x20) == 'e' ? EXPONENT : NO_NUMBER;
    case PART:
        if ((c | 0x20) == 'e')
            return EXPONENT;
        /* fall through */
    case POINT:
        return digit ? PART : NO_NUMBER;
    case EXPONENT:
        if (c == '-' || c == '+')
            return EXPONENT_SIGN;
        /* fall through */
    case EXPONENT_SIGN:
    case POWER:
        return digit ? POWER : NO_NUMBER;
    case NO_NUMBER:
        break;
    }
    return NO_NUMBER;
}

static bool is_word_byte(unsigned char c)
{
    return ascii_alpha(c) || ascii_digit(c) || c == '-' || c == '+' || c == '.';
}

static const char no_value[] = "a value is none of JSON";

static enum json_event in_number(struct json *j, struct str *bytes, struct copy_text *out)
{
    for (; bytes->len > 0 && is_word_byte(bytes->at[0]); pass(bytes, 1)) {
        unsigned char c = bytes->at[0];
        if (out && copy_text_room(out) < 2)
            return JSON_FULL;
        if (j->number == SIGN && c == 'I') {
            j->inside = JSON_IN_WORD;
            j->word_length = 0;
            return JSON_MORE;
        }
        j->number = number_next(j->number, c);
        if (j->number == NO_NUMBER)
            return bad(j, no_value);
        put_byte(out, c);
    }
    if (bytes->len == 0)
        return JSON_MORE;
    if (j->number < ZERO)
        return bad(j, no_value);
    j->inside = JSON_BETWEEN;
    return value_over(j);
}

static enum json_event in_word(struct json *j, struct str *bytes, struct copy_text *out)
{
    for (; bytes->len > 0 && is_word_byte(bytes->at[0]); pass(bytes, 1)) {
        if (j->word_length == JSON_WORD_MAX)
            return bad(j, no_value);
        j->word[j->word_length++] = bytes->at[0];
    }
    if (bytes->len == 0)
        return JSON_MORE;
    struct str word = str_make(j->word, j->word_length);
    if (str_eq(word, STR("null")) && j->depth == 1) {
        if (out)
            copy_text_null(out);
    } else if (str_eq(word, STR("null")) || str_eq(word, STR("true")) ||
               str_eq(word, STR("false")) || str_eq(word, STR("NaN")) ||
               str_eq(word, STR("Infinity"))) {
        put(out, word);
    } else {
        return bad(j, no_value);
    }
    j->inside = JSON_BETWEEN;
    return value_over(j);
}

/* ---- between tokens ---- */

static enum json_event begin_value(struct json *j, struct str *bytes, struct copy_text *out)
{
    unsigned char c = bytes->at[0];
    if (c == '{' || c == '[') {
        if (!go_in(j, c == '{'))
            return too_much(j, "objects and arrays stand in one another too deep");
        put_mark(j, out, c);
        pass(bytes, 1);
    } else if (c == '"') {
        begin_string(j, out, false);
        pass(bytes, 1);
    } else if (c == '-' || ascii_digit(c)) {
        j->inside = JSON_IN_NUMBER;
        j->number = SIGN;
        if (c == '-') {
            put_byte(out, c);
            pass(bytes, 1);
        }
    } else if (ascii_alpha(c)) {
        j->inside = JSON_IN_WORD;
        j->word_length = 0;
    } else {
        return bad(j, "a value is missing");
    }
    return JSON_MORE;
}

static enum json_event behind_value(struct json *j, struct copy_text *out, unsigned char c)
{
    if (c == ',') {
        put_mark(j, out, c);
        j->due = in_object(j) ? JSON_DUE_KEY : JSON_DUE_VALUE;
        return JSON_MORE;
    }
    if (c == (in_object(j) ? '}' : ']'))
        return go_out(j, out, c);
    return bad(j, "a comma or the end of the object or array is missing");
}

static enum json_event at_key(struct json *j, struct copy_text *out, unsigned char c)
{
    if (c == '}' && j->due == JSON_DUE_FIRST_KEY)
        return go_out(j, out, c);
    if (c != '"')
        return bad(j, "a key is missing");
    begin_string(j, out, true);
    return JSON_MORE;
}

static enum json_event between(struct json *j, struct str *bytes, struct copy_text *out)
{
    unsigned char c = bytes->at[0];
    if (json_is_blank(c)) {
        pass(bytes, 1);
        return JSON_MORE;
    }
    if (j->due == JSON_DUE_VALUE || (j->due == JSON_DUE_FIRST_ITEM && c != ']'))
        return begin_value(j, bytes, out);
    pass(bytes, 1);
    switch (j->due) {
    case JSON_DUE_RECORD:
        if (c != '{')
            return bad(j, "the line is no object");
        (void)go_in(j, true);
        return JSON_MORE;
    case JSON_DUE_FIRST_KEY:
    case JSON_DUE_KEY:
        return at_key(j, out, c);
    case JSON_DUE_COLON:
        if (c != ':')
            return bad(j, "a colon is missing behind a key");
        put_mark(j, out, c);
        j->due = JSON_DUE_VALUE;
        return JSON_MORE;
    case JSON_DUE_FIRST_ITEM:
        return go_out(j, out, c);
    case JSON_DUE_MORE:
        return behind_value(j, out, c);
    case JSON_DUE_VALUE:
    case JSON_DUE_NOTHING:
        break;
    }
    return bad(j, "something stands behind the object on its line");
}

enum json_event json_step(struct json *j, struct str *bytes, struct copy_text *out)
{
    enum json_event e = JSON_MORE;
    while (e == JSON_MORE && bytes->len > 0) {
        if (out && copy_text_room(out) < JSON_STEP)
            return JSON_FULL;
        switch (j->inside) {
        case JSON_BETWEEN:
            e = between(j, bytes, out);
            break;
        case JSON_IN_STRING:
            e = in_string(j, bytes, out);
            break;
        case JSON_IN_ESCAPE:
            e = in_escape(j, bytes, out);
            break;
        case JSON_IN_DIGITS:
            e = in_digits(j, bytes, out);
            break;
        case JSON_AT_LOW:
        case JSON_AT_LOW_U:
            e = at_low(j, bytes);
            break;
        case JSON_IN_NUMBER:
            e = in_number(j, bytes, out);
            break;
        case JSON_IN_WORD:
            e = in_word(j, bytes, out);
            break;
        }
    }
    return e;
}
