/* blob: one secret, sealed and opened. */
#include "applier/vault/blob.h"
#include "common/secret.h"
#include "common/sys.h"
#include "formats/keyring/base64.h"

static bool derive(const struct master_key *master, const unsigned char *salt,
                   unsigned char key[GCM_KEY], struct err *err)
{
    return crypto_pbkdf2(str_make(master->bytes, MASTER_KEY_BYTES), str_make(salt, BLOB_SALT),
                         BLOB_ROUNDS, key, GCM_KEY, err);
}

bool blob_open(struct arena *secrets, const struct master_key *master, struct str text,
               struct str *plain, struct err *err)
{
    struct str raw;
    unsigned char key[GCM_KEY];
    if (text.len > (size_t)BLOB_PLAIN_MAX * 2 || !base64_decode(secrets, text, &raw) ||
        raw.len < BLOB_HEAD + GCM_TAG) {
        err_set(err, ERR_CORRUPT, 1001, "it is no encrypted text of a vault");
        return false;
    }
    struct str sealed = str_slice(raw, BLOB_HEAD, raw.len);
    unsigned char *into = arena_alloc(secrets, sealed.len);
    bool done = derive(master, raw.at, key, err) &&
                crypto_gcm_open(key, raw.at + BLOB_SALT, sealed, into, err);
    secret_wipe(key, sizeof key);
    if (done)
        *plain = str_make(into, sealed.len - GCM_TAG);
    else if (!err_is(err))
        err_set(err, ERR_CORRUPT, 1002, "the master key does not open it, or it was changed");
    return done;
}

bool blob_seal_with(struct arena *secrets, const struct master_key *master,
                    const unsigned char head[BLOB_HEAD], struct str plain, struct str *text,
                    struct err *err)
{
    unsigned char key[GCM_KEY];
    if (plain.len > BLOB_PLAIN_MAX) {
        err_set(err, ERR_REFUSED, 1003, "a vault holds at most %d bytes", BLOB_PLAIN_MAX);
        return false;
    }
    unsigned char *raw = arena_alloc(secrets, BLOB_HEAD + plain.len + GCM_TAG);
    memcpy(raw, head, BLOB_HEAD);
    bool done = derive(master, head, key, err) &&
                crypto_gcm_seal(key, head + BLOB_SALT, plain, raw + BLOB_HEAD, err);
    secret_wipe(key, sizeof key);
    if (done)
        *text = base64_encode(secrets, str_make(raw, BLOB_HEAD + plain.len + GCM_TAG));
    return done;
}

bool blob_seal(struct arena *secrets, const struct master_key *master, struct str plain,
               struct str *text, struct err *err)
{
    unsigned char head[BLOB_HEAD];
    if (sys->random(head, sizeof head) != 0) {
        err_set(err, ERR_SYSTEM, 767, "the system gave no random bytes");
        return false;
    }
    return blob_seal_with(secrets, master, head, plain, text, err);
}
