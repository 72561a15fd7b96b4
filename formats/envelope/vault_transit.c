/*
 * vault_transit: what HashiCorp Vault's transit engine gives back, "vault:v3:" and base64.
 *
 * The version is that of the transit key, which the value does not name; it is counted as "v3". The
 * bytes are nonce[12], ciphertext, tag[16] for aes*-gcm96 and chacha20-poly1305, another layout for
 * rsa; the keys never leave Vault, so there is no proof.
 * Source: hashicorp/vault, sdk/helper/keysutil/policy.go, getVersionPrefix, EncryptWithFactory:
 * "vault:v" + version + ":" + standard base64 with padding.
 */
#include "formats/envelope/octets.h"
#include "formats/envelope/value.h"

enum {
    VERSION_DIGITS_MOST = 10,
    BYTES_LEAST = 28 /* nonce and tag of an empty plaintext; rsa has more */
};

static const struct str constants[] = {ENVELOPE_BYTES("vault:v")};

static void read_value(const struct envelope *e, struct str text, struct envelope_value *value)
{
    size_t at = e->constants[0].len;
    size_t from = at - 1; /* of the name, its v */
    if (!str_starts(text, e->constants[0]))
        return;
    while (at < text.len && ascii_digit(text.at[at]))
        at++;
    size_t digits = at - e->constants[0].len;
    bool ends = at == text.len;
    if (digits > VERSION_DIGITS_MOST || (!ends && (digits == 0 || text.at[at] != ':')))
        return;
    value_name(value, digits ? str_slice(text, from, at) : STR(""));
    value_shape(value, false, at, text);
    if (ends)
        return;
    struct octets o;
    size_t len = octets_base64(str_slice(text, at + 1, text.len), &o);
    value_shape(value, o.exact && o.len >= BYTES_LEAST, at + 1 + len, text);
}

static const struct envelope_vector vectors[] = {
    /* No Vault is to be had as a package; python3 cryptography 48.0.0 AES-GCM in its layout. */
    {.cell = "vault:v3:AAECAwQFBgcICQoLcEc/Ly6/APCHWtCJi72U68auvx12YOzNqOveGle+aGg=",
     .class = CLASS_HINTED,
     .version = "v3",
     .time = UTC_NONE,
     .made_with = "python3 cryptography 48.0.0, Vault's layout"},
};

const struct envelope envelope_vault_transit = {
    .name = "vault-transit",
    .caps = ENVELOPE_NAMES_KEY,
    .constants = constants,
    .constant_count = sizeof constants / sizeof *constants,
    .sniff = value_sniff,
    .classify = value_classify,
    .read = read_value,
    .vectors = vectors,
    .vector_count = sizeof vectors / sizeof *vectors,
};
