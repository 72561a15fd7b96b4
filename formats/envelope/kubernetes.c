/*
 * kubernetes: secrets at rest, "k8s:enc:<provider>:<version>:<key name>:" and bytes to the end.
 *
 * Providers are aescbc, aesgcm, secretbox and kms; the key name is that of the
 * EncryptionConfiguration (of the plugin, for kms). The bytes are what the provider adds, with no
 * end of their own. aescbc has no MAC and aesgcm authenticates the object's path in etcd, which a
 * value does not hold: there is no proof.
 * Source: kubernetes/kubernetes, apiserver/pkg/server/options/encryptionconfig/config.go, the
 * prefixes ("k8s:enc:aescbc:v1:", ...); apiserver/pkg/storage/value/encrypt/aes/aes.go.
 */
#include "formats/envelope/value.h"

static const struct str constants[] = {ENVELOPE_BYTES("k8s:enc:")};

enum { NAME_FIELDS = 3, BODY_LEAST = 16 /* an iv */ };

static void read_value(const struct envelope *e, struct str text, struct envelope_value *value)
{
    size_t at = e->constants[0].len;
    size_t from = at;
    unsigned colons = 0;
    if (!str_starts(text, e->constants[0]))
        return;
    for (; at < text.len && colons < NAME_FIELDS; at++) {
        if (text.at[at] != ':')
            continue;
        if (++colons < NAME_FIELDS)
            from = at + 1;
    }
    bool named = colons == NAME_FIELDS;
    value_name(value, named ? str_slice(text, from, at - 1) : STR(""));
    value_shape(value, named && text.len - at >= BODY_LEAST, text.len, text);
}

static const struct envelope_vector vectors[] = {
    {.cell =
         "k8s:enc:aescbc:v1:key1:"
         "\310\311\312\313\314\315\316\317\320\321\322\323\324\325\326\327\260Y\301#"
         "\203c\314\252\271h\366\252\325\376\232\002\0374E\221\211\344HGk\017\335*\023\300\315\345",
     .class = CLASS_HINTED,
     .version = "key1",
     .time = UTC_NONE,
     .made_with = "python3 cryptography 48.0.0 in its layout"},
};

const struct envelope envelope_kubernetes = {
    .name = "kubernetes",
    .caps = ENVELOPE_NAMES_KEY,
    .constants = constants,
    .constant_count = sizeof constants / sizeof *constants,
    .sniff = value_sniff,
    .classify = value_classify,
    .read = read_value,
    .vectors = vectors,
    .vector_count = sizeof vectors / sizeof *vectors,
};
