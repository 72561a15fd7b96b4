/* base64: three bytes to four digits and back. */
#include "formats/keyring/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int digit_of(unsigned char c)
{
    const char *hit = c ? strchr(alphabet, c) : NULL;
    return hit ? (int)(hit - alphabet) : -1;
}

struct str base64_encode(struct arena *a, struct str text)
{
    unsigned char *into = arena_array(a, text.len / 3 + 1, 4);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i += 3) {
        size_t left = text.len - i;
        uint32_t bits = (uint32_t)text.at[i] << 16;
        if (left > 1)
            bits |= (uint32_t)text.at[i + 1] << 8;
        if (left > 2)
            bits |= text.at[i + 2];
        into[len++] = (unsigned char)alphabet[bits >> 18];
        into[len++] = (unsigned char)alphabet[bits >> 12 & 63];
        into[len++] = left > 1 ? (unsigned char)alphabet[bits >> 6 & 63] : '=';
        into[len++] = left > 2 ? (unsigned char)alphabet[bits & 63] : '=';
    }
    return str_make(into, len);
}

bool base64_decode(struct arena *a, struct str raw, struct str *text)
{
    unsigned char *into = arena_array(a, raw.len / 4 + 1, 3);
    size_t len = 0;
    if (raw.len % 4 != 0)
        return false;
    for (size_t i = 0; i < raw.len; i += 4) {
        size_t digits = 4;
        uint32_t bits = 0;
        while (i + 4 == raw.len && digits > 2 && raw.at[i + digits - 1] == '=')
            digits--;
        for (size_t d = 0; d < 4; d++) {
            int value = d < digits ? digit_of(raw.at[i + d]) : 0;
            if (value < 0)
                return false;
            bits = bits << 6 | (uint32_t)value;
        }
        if ((digits == 2 && (bits & 0xFFFF)) || (digits == 3 && (bits & 0xFF)))
            return false;
        for (size_t d = 0; d + 1 < digits; d++)
            into[len++] = (unsigned char)(bits >> (16 - 8 * d));
    }
    *text = str_make(into, len);
    return true;
}
