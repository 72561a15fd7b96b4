/* secret: derive, fingerprint, wipe. */
#define _GNU_SOURCE
#include "common/secret.h"
#include "common/crypto.h"
#include "common/sys.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

enum { DERIVE_THREADS_MAX = 64 };

void secret_wipe(void *at, size_t n)
{
    if (n)
        explicit_bzero(at, n);
}

bool secret_derive(struct secret *s, struct str password, struct str salt, unsigned iterations,
                   struct err *err)
{
    return crypto_pbkdf2(password, salt, iterations, s->derived, sizeof s->derived, err);
}

/* What the threads share. */
struct derivation {
    const struct secret_wanted *wanted;
    size_t count;
    unsigned iterations;
    atomic_size_t next;
    atomic_bool failed;
};

static void *derive_some(void *context)
{
    struct derivation *d = context;
    for (;;) {
        size_t i = atomic_fetch_add(&d->next, 1);
        struct err err = {0};
        if (i >= d->count)
            return NULL;
        const struct secret_wanted *w = &d->wanted[i];
        if (!secret_derive(w->into, w->password, w->salt, d->iterations, &err))
            atomic_store(&d->failed, true);
    }
}

bool secret_derive_all(const struct secret_wanted *wanted, size_t count, unsigned iterations,
                       struct err *err)
{
    struct derivation d = {.wanted = wanted, .count = count, .iterations = iterations};
    pthread_t threads[DERIVE_THREADS_MAX];
    size_t most = sys->processors() - 1;
    size_t started = 0;
    sigset_t every;
    sigset_t before;
    if (most > count)
        most = count;
    (void)sigfillset(&every); /* signals are the caller's */
    (void)pthread_sigmask(SIG_SETMASK, &every, &before);
    while (started + 1 < count && started < most && started < DERIVE_THREADS_MAX &&
           pthread_create(&threads[started], NULL, derive_some, &d) == 0)
        started++; /* without threads this one does it all */
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)derive_some(&d);
    for (size_t i = 0; i < started; i++)
        (void)pthread_join(threads[i], NULL);
    if (atomic_load(&d.failed))
        err_set(err, ERR_INTERNAL, 150, "PBKDF2: the cryptographic library failed");
    return !atomic_load(&d.failed);
}

bool secret_fingerprint(const struct secret *s, struct fingerprint *fp, struct err *err)
{
    static const char domain[] = "keyretire-fp-v1";
    unsigned char joined[sizeof domain - 1 + SECRET_DERIVED];
    memcpy(joined, domain, sizeof domain - 1);
    memcpy(joined + sizeof domain - 1, s->derived, SECRET_DERIVED);
    struct sha256 digest;
    bool done = crypto_sha256(str_make(joined, sizeof joined), &digest, err);
    secret_wipe(joined, sizeof joined);
    if (!done)
        return false;
    char hex[SHA256_HEX + 1];
    sha256_hex(&digest, hex);
    memcpy(fp->hex, hex, FINGERPRINT_HEX);
    fp->hex[FINGERPRINT_HEX] = 0;
    return true;
}
