/* copy: escapes of the COPY text format. */
#include "formats/dump/copy.h"

struct copy_fields copy_fields(struct str record)
{
    return (struct copy_fields){record, true};
}

bool copy_next(struct copy_fields *f, struct str *raw)
{
    if (!f->more)
        return false;
    f->more = str_cut(f->rest, '\t', raw, &f->rest);
    return true;
}

bool copy_is_end(struct str line)
{
    return line.len >= 2 && line.at[0] == '\\' && line.at[1] == '.' &&
           (line.len == 2 || (line.len == 3 && line.at[2] == '\r'));
}

/* \x and one or two hex digits at raw[at]; without a digit it is the letter x. */
static size_t unescape_hex(struct str raw, size_t at, unsigned char *value)
{
    int high = at < raw.len ? ascii_hex(raw.at[at]) : -1;
    if (high < 0) {
        *value = 'x';
        return at;
    }
    int low = at + 1 < raw.len ? ascii_hex(raw.at[at + 1]) : -1;
    *value = (unsigned char)(low < 0 ? high : high * 16 + low);
    return low < 0 ? at + 1 : at + 2;
}

/* One to three octal digits at raw[at]; the ninth bit is lost, as in the server. */
static size_t unescape_octal(struct str raw, size_t at, unsigned char *value)
{
    unsigned sum = 0;
    size_t end = at + 3 < raw.len ? at + 3 : raw.len;
    while (at < end && raw.at[at] >= '0' && raw.at[at] <= '7')
        sum = sum * 8 + (unsigned)(raw.at[at++] - '0');
    *value = (unsigned char)(sum & 0xff);
    return at;
}

/* The escape whose backslash stands before raw[at]; gives back where the next byte is. */
static size_t unescape_one(struct str raw, size_t at, unsigned char *value)
{
    unsigned char c = raw.at[at];
    switch (c) {
    case 'b':
        *value = '\b';
        break;
    case 'f':
        *value = '\f';
        break;
    case 'n':
        *value = '\n';
        break;
    case 'r':
        *value = '\r';
        break;
    case 't':
        *value = '\t';
        break;
    case 'v':
        *value = '\v';
        break;
    case 'x':
        return unescape_hex(raw, at + 1, value);
    default:
        if (c >= '0' && c <= '7')
            return unescape_octal(raw, at, value);
        *value = c;
        break;
    }
    return at + 1;
}

bool copy_unescape(struct str raw, unsigned char *into, size_t *len)
{
    *len = 0;
    if (copy_is_null(raw))
        return false;
    size_t out = 0;
    size_t at = 0;
    while (at < raw.len) {
        size_t run = str_find(str_slice(raw, at, raw.len), '\\');
        memmove(into + out, raw.at + at, run);
        out += run;
        at += run;
        if (at == raw.len)
            break;
        if (++at == raw.len)
            break; /* a lone backslash at the end is dropped, as in the server */
        at = unescape_one(raw, at, &into[out]);
        out++;
    }
    *len = out;
    return true;
}
