/*
 * magento: "<line>:<cipher>:<base64>" of Magento's and Adobe Commerce's Encryptor.
 *
 * <line> is the place of the key in crypt/key of app/etc/env.php, from 0: a key that leaves must
 * leave an empty line, or every later number means another key. Cipher 2 may have its iv before the
 * base64 ("0:2:<iv>:<base64>"), and the oldest form is "<cipher>:<base64>" with the first key.
 * Cipher 3 is nonce[12], ciphertext, tag[16] of ChaCha20-Poly1305; the older ones have no MAC.
 * There is no proof here. Ordinary data looks like it: only a column that declares it has it.
 * Source: magento/magento2, lib/internal/Magento/Framework/Encryption/Encryptor.php, encrypt,
 * decrypt; Adapter/SodiumChachaIetf.php.
 */
#include "formats/envelope/octets.h"
#include "formats/envelope/value.h"

enum { NUMBER_MOST = 4, IV_LENGTH = 32, CIPHER_SODIUM = 3, SODIUM_LEAST = 28, BLOCK_LEAST = 8 };

/* Digits and a ':' behind them; their number, 0 when it is not so. */
static size_t take_number(struct str text, size_t at)
{
    size_t n = 0;
    while (at + n < text.len && n <= NUMBER_MOST && ascii_digit(text.at[at + n]))
        n++;
    return n <= NUMBER_MOST && at + n < text.len && text.at[at + n] == ':' ? n : 0;
}

static void read_value(const struct envelope *e, struct str text, struct envelope_value *value)
{
    struct octets o;
    (void)e;
    size_t line = take_number(text, 0);
    if (line == 0)
        return;
    size_t at = line + 1;
    size_t cipher = take_number(text, at);
    unsigned char kind = text.at[cipher ? at : 0];
    at += cipher ? cipher + 1 : 0;
    if (cipher && text.len > at + IV_LENGTH && text.at[at + IV_LENGTH] == ':')
        at += IV_LENGTH + 1;
    size_t len = octets_base64(str_slice(text, at, text.len), &o);
    value_name(value, cipher ? str_slice(text, 0, line) : STR("0"));
    size_t least = kind == '0' + CIPHER_SODIUM ? SODIUM_LEAST : BLOCK_LEAST;
    value_shape(value, o.exact && o.len >= least, at + len, text);
}

static const struct envelope_vector vectors[] = {
    {.cell = "1:3:AAECAwQFBgcICQoLS9r9wWKkAQYzeUb5Z0PLPN7levuzq/DRUjcN+lX0UG8=",
     .class = CLASS_HINTED,
     .version = "1",
     .time = UTC_NONE,
     .made_with = "python3 cryptography 48.0.0 in its layout"},
    {.cell = "0:2:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
     .class = CLASS_HINTED,
     .version = "0",
     .time = UTC_NONE,
     .made_with = "written by hand from its layout"},
};

const struct envelope envelope_magento = {
    .name = "magento",
    .caps = ENVELOPE_NAMES_KEY | ENVELOPE_DECLARED,
    .sniff = value_sniff,
    .classify = value_classify,
    .read = read_value,
    .vectors = vectors,
    .vector_count = sizeof vectors / sizeof *vectors,
};
