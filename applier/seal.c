/* seal: what is asked of age, and what its answers mean. */
#include "applier/seal.h"
#include "common/child.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"

#ifndef KEYRETIRE_AGE
#define KEYRETIRE_AGE "/usr/bin/age"
#endif
#ifndef KEYRETIRE_AGE_KEYGEN
#define KEYRETIRE_AGE_KEYGEN "/usr/bin/age-keygen"
#endif

static const char *const keygen_words[] = {"age-keygen", NULL};
static const char *const close_words[] = {"age", "-R", CHILD_FILE_1, NULL};
static const char *const open_words[] = {"age", "-d", "-i", CHILD_FILE_1, NULL};

static const char secret_mark[] = "AGE-SECRET-KEY-1";
static const char public_mark[] = "# public key: ";

static bool are_words(const char *const *words, const char *const *wanted)
{
    size_t i = 0;
    while (words[i] && wanted[i] && strcmp(words[i], wanted[i]) == 0)
        i++;
    return !words[i] && !wanted[i];
}

bool seal_may_ask(const struct child *c)
{
    if (c->environment && c->environment[0])
        return false;
    if (strcmp(c->program, KEYRETIRE_AGE_KEYGEN) == 0)
        return are_words(c->arguments, keygen_words);
    return strcmp(c->program, KEYRETIRE_AGE) == 0 &&
           (are_words(c->arguments, close_words) || are_words(c->arguments, open_words));
}

bool seal_is(struct str bytes)
{
    return str_starts(bytes, STR("age-encryption.org/v1\n"));
}

/* ---- recipients ---- */

static bool is_recipient(struct str text)
{
    return str_starts(text, STR("age1")) || str_starts(text, STR("ssh-"));
}

static bool add_lines(struct buf *lines, size_t *count, struct str text, struct err *err)
{
    struct str line;
    while (str_line(&text, &line)) {
        line = str_trim(line);
        if (line.len == 0 || line.at[0] == '#')
            continue;
        if (!is_recipient(line) || str_find(line, 0) < line.len) { /* maybe a secret: not shown */
            err_set(err, ERR_USAGE, 831, "a recipient is age1... or an SSH public key");
            err_hint(err, "never the identity itself; age-keygen -y FILE prints its recipient");
            return false;
        }
        if (++*count > SEAL_RECIPIENTS_MAX) {
            err_set(err, ERR_USAGE, 831, "more than %d recipients", SEAL_RECIPIENTS_MAX);
            return false;
        }
        buf_add(lines, line);
        buf_byte(lines, '\n');
    }
    return true;
}

bool seal_recipients(struct arena *a, const char *const *given, size_t count,
                     struct str *recipients, struct err *err)
{
    struct buf lines = {.arena = a};
    size_t found = 0;
    *recipients = STR("");
    for (size_t i = 0; i < count; i++) {
        struct str text = str_from(given[i]);
        size_t before = found;
        bool is_secret = str_starts(text, str_from(secret_mark));
        if (!is_recipient(text) && !is_secret && !file_read(a, given[i], &text, err)) {
            err_context(err, "--encrypt-to");
            return false;
        }
        if (!add_lines(&lines, &found, text, err))
            return false;
        if (found == before) {
            err_set(err, ERR_USAGE, 831, "--encrypt-to %s names no recipient",
                    text_shown(a, str_from(given[i])));
            return false;
        }
    }
    *recipients = buf_str(&lines);
    return true;
}

/* ---- age ---- */

/* The first line of what age said, fit to be shown; it names no key. */
static const char *said(struct arena *a, const struct child_result *r)
{
    struct str rest = r->talk, line;
    if (!str_line(&rest, &line) || line.len == 0)
        return arena_printf(a, "it ended with status %d", r->status);
    return text_shown(a, str_slice(line, 0, line.len < 200 ? line.len : 200));
}

static bool run(struct arena *a, const struct child *c, struct child_result *r, struct err *err)
{
    if (child_run(a, c, r, err))
        return true;
    err_context(err, "sealed backups need age");
    return false;
}

/* Its text, and the recipient that stands in it. */
static bool make_identity(struct arena *wiping, struct str *identity, struct str *recipient,
                          struct err *err)
{
    const struct child c = {
        .program = KEYRETIRE_AGE_KEYGEN, .arguments = keygen_words, .package = "age"};
    struct child_result r;
    struct str rest, line;
    *recipient = STR("");
    *identity = STR("");
    if (!run(wiping, &c, &r, err))
        return false;
    rest = r.out;
    while (str_line(&rest, &line)) {
        if (str_starts(line, str_from(public_mark)))
            *recipient = str_slice(line, sizeof public_mark - 1, line.len);
        else if (str_starts(line, str_from(secret_mark)))
            *identity = line;
    }
    if (r.status == 0 && recipient->len && identity->len)
        return true;
    err_set(err, ERR_SYSTEM, 832, "age-keygen made no one-time identity: %s", said(wiping, &r));
    return false;
}

bool seal_close(struct arena *wiping, struct str recipients, struct str plain, struct str *sealed,
                struct str *once, struct err *err)
{
    struct buf lines = {.arena = wiping};
    struct str recipient;
    struct child_result r;
    if (!make_identity(wiping, once, &recipient, err))
        return false;
    buf_add(&lines, recipients);
    buf_add(&lines, recipient);
    buf_byte(&lines, '\n');
    const struct child c = {.program = KEYRETIRE_AGE,
                            .arguments = close_words,
                            .input = plain,
                            .files = {buf_str(&lines)},
                            .file_count = 1,
                            .package = "age"};
    if (!run(wiping, &c, &r, err))
        return false;
    *sealed = r.out;
    if (r.status == 0 && seal_is(r.out))
        return true;
    err_set(err, ERR_SYSTEM, 832, "age did not seal the backup: %s", said(wiping, &r));
    return false;
}

bool seal_open(struct arena *wiping, struct str identity, struct str sealed, struct str *plain,
               struct err *err)
{
    const struct child c = {.program = KEYRETIRE_AGE,
                            .arguments = open_words,
                            .input = sealed,
                            .files = {identity},
                            .file_count = 1,
                            .package = "age"};
    struct child_result r;
    if (!run(wiping, &c, &r, err))
        return false;
    *plain = r.out;
    if (r.status == 0)
        return true;
    err_set(err, ERR_REFUSED, 833, "the sealed backup does not open: %s", said(wiping, &r));
    err_hint(err, "--identity names the file with the identity of a recipient; what is damaged "
                  "opens with none");
    return false;
}

bool seal_try(struct str recipients, struct err *err)
{
    struct arena wiping = {.wipe = true};
    struct str sealed, once, plain;
    static const char text[] = "keyretire";
    bool done = seal_close(&wiping, recipients, str_from(text), &sealed, &once, err) &&
                seal_open(&wiping, once, sealed, &plain, err);
    if (done && !str_eq(plain, str_from(text))) {
        err_set(err, ERR_SYSTEM, 832, "what age sealed does not open as it was");
        done = false;
    }
    arena_free(&wiping);
    return done;
}
