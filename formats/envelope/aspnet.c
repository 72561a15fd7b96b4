/*
 * aspnet: payloads of ASP.NET Core Data Protection: 09 F0 C9 F0, the key's GUID, and the cipher's.
 *
 * As text it is base64url, "CfDJ8...". The version is the GUID of key-<GUID>.xml without its
 * hyphens, 32 lower-case hexadecimal digits. Its first three fields are stored lowest byte first.
 * The cipher's keys derive from the master key, the purposes and a key modifier, and the purposes
 * are the application's: there is no proof.
 * Source: dotnet/aspnetcore, KeyManagement/KeyRingBasedDataProtector.cs, MAGIC_HEADER_V0, Protect;
 * Guid.TryWriteBytes.
 */
#include "formats/envelope/octets.h"
#include "formats/envelope/value.h"

/* As bytes, and what base64url makes of them. */
static const struct str constants[] = {ENVELOPE_BYTES("\x09\xf0\xc9\xf0"), ENVELOPE_BYTES("CfDJ8")};

enum { MAGIC = 4, GUID = 16, HEAD = MAGIC + GUID, BODY_LEAST = 28 /* nonce and tag */ };

static void read_value(const struct envelope *e, struct str text, struct envelope_value *value)
{
    static const char digits[] = "0123456789abcdef";
    static const unsigned char order[GUID] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    struct octets o;
    unsigned char guid[GUID];
    unsigned char name[2 * GUID];
    size_t len = octets_begin(text, &o);
    if (!octets_match(&o, 0, e->constants[0]))
        return;
    size_t have = octets_copy(&o, MAGIC, guid, GUID);
    for (size_t i = 0; have == GUID && i < GUID; i++) {
        name[2 * i] = (unsigned char)digits[guid[order[i]] >> 4];
        name[2 * i + 1] = (unsigned char)digits[guid[order[i]] & 15];
    }
    value_name(value, str_make(name, have == GUID ? sizeof name : 0));
    value_shape(value, o.exact && o.len >= HEAD + BODY_LEAST, len, text);
}

static const struct envelope_vector vectors[] = {
    {.cell = "CfDJ8EEhc4CP7IBLr5zE0tH_iQEAAQIDBAUGBwgJCgsMDQ4PhxSUJQ7rWxmbkWY-YrneNlQY_9Icm8_"
             "C7tQLbIJ9XAI",
     .class = CLASS_HINTED,
     .version = "80732141ec8f4b80af9cc4d2d1ff8901",
     .time = UTC_NONE,
     .made_with = "python3 cryptography 48.0.0 in its layout"},
    {.cell = "\\x09f0c9f0412173808fec804baf9cc4d2d1ff8901000102030405060708090a0b0c0d0e0f871494250e"
             "eb5b199b91663e62b9de365418ffd21c9bcfc2eed40b6c827d5c02",
     .class = CLASS_HINTED,
     .version = "80732141ec8f4b80af9cc4d2d1ff8901",
     .time = UTC_NONE,
     .made_with = "python3 cryptography 48.0.0 in its layout, as bytea"},
};

const struct envelope envelope_aspnet = {
    .name = "aspnet",
    .caps = ENVELOPE_NAMES_KEY,
    .constants = constants,
    .constant_count = sizeof constants / sizeof *constants,
    .sniff = value_sniff,
    .classify = value_classify,
    .read = read_value,
    .vectors = vectors,
    .vector_count = sizeof vectors / sizeof *vectors,
};
