/* begin: the text of a BEGIN record, written and read. */
#include "applier/begin.h"
#include "common/sys.h"

#include <stdio.h>

#ifndef KEYRETIRE_VERSION
#define KEYRETIRE_VERSION "unknown"
#endif

static const char first_line[] = "keyretire transaction 1";

bool txid_is(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_digit(s.at[i]) && (s.at[i] < 'a' || s.at[i] > 'f'))
            return false;
    return s.len == TXID_HEX;
}

static unsigned hex_value(unsigned char c)
{
    return ascii_digit(c) ? (unsigned)(c - '0') : (unsigned)(ascii_lower(c) - 'a') + 10u;
}

static bool hex_digit(unsigned char c)
{
    return ascii_digit(c) || (c >= 'a' && c <= 'f');
}

uint64_t txid_seed(const char *txid)
{
    uint64_t seed = 0;
    for (size_t i = 0; i < TXID_HEX && txid[i]; i++)
        seed = seed << 4 | hex_value((unsigned char)txid[i]);
    return seed;
}

bool begin_txid(struct str text, char txid[TXID_HEX + 1], struct err *err)
{
    struct sha256 digest;
    char hex[SHA256_HEX + 1];
    if (!crypto_sha256(text, &digest, err))
        return false;
    sha256_hex(&digest, hex);
    memcpy(txid, hex, TXID_HEX);
    txid[TXID_HEX] = 0;
    return true;
}

/* ---- lines ---- */

void line_escape(struct buf *b, struct str s)
{
    if (s.len == 0)
        buf_byte(b, '%');
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] <= ' ' || s.at[i] >= 0x7F || s.at[i] == '%')
            buf_printf(b, "%%%02x", s.at[i]);
        else
            buf_byte(b, s.at[i]);
    }
}

bool line_unescape(struct arena *a, struct str s, struct str *plain)
{
    if (str_eq(s, STR("%"))) {
        *plain = str_make("", 0);
        return true;
    }
    unsigned char *into = arena_alloc(a, s.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] <= ' ' || s.at[i] >= 0x7F)
            return false;
        if (s.at[i] != '%') {
            into[n++] = s.at[i];
            continue;
        }
        if (s.len - i < 3 || !hex_digit(s.at[i + 1]) || !hex_digit(s.at[i + 2]))
            return false;
        into[n++] = (unsigned char)(hex_value(s.at[i + 1]) << 4 | hex_value(s.at[i + 2]));
        i += 2;
    }
    *plain = str_make(into, n);
    return n > 0;
}

bool line_word(struct str *rest, const char *word, struct str *value)
{
    size_t end = str_find(*rest, '\n');
    size_t n = strlen(word);
    if (end == rest->len || end < n + 1 || memcmp(rest->at, word, n) != 0 || rest->at[n] != ' ')
        return false;
    *value = str_slice(*rest, n + 1, end);
    *rest = str_slice(*rest, end + 1, rest->len);
    return true;
}

static void add_escaped(struct buf *b, const char *word, struct str value)
{
    buf_printf(b, "%s ", word);
    line_escape(b, value);
    buf_byte(b, '\n');
}

void line_digest(struct buf *b, const struct sha256 *digest)
{
    char hex[SHA256_HEX + 1];
    sha256_hex(digest, hex);
    buf_text(b, hex);
}

/* ---- who ---- */

void who_ask(struct arena *a, struct who *who)
{
    char name[256];
    who->uid = sys->geteuid();
    who->real_uid = sys->getuid();
    who->process = sys->getpid();
    who->user = arena_text(a, str_from(sys->user_name(who->uid, name)));
    who->real_user = arena_text(a, str_from(sys->user_name(who->real_uid, name)));
    who->host = arena_text(a, str_from(sys->host_name(name)));
    const char *sudo = sys->env("SUDO_USER");
    who->sudo_user = arena_text(a, str_slice(str_from(sudo ? sudo : ""), 0, 255));
    who->program = "keyretire " KEYRETIRE_VERSION;
}

const char *who_text(struct arena *a, const struct who *who)
{
    const char *text = arena_printf(a, "%s (uid %lu)", who->user[0] ? who->user : "unknown",
                                    (unsigned long)who->uid);
    if (who->real_uid != who->uid)
        text = arena_printf(a, "%s, started by %s (uid %lu)", text, who->real_user,
                            (unsigned long)who->real_uid);
    if (who->sudo_user[0])
        text = arena_printf(a, "%s, sudo by %s", text, who->sudo_user);
    return text;
}

static void who_write(struct buf *text, const struct who *who)
{
    add_escaped(text, "user", str_from(who->user));
    add_escaped(text, "real-user", str_from(who->real_user));
    add_escaped(text, "sudo-user", str_from(who->sudo_user));
    add_escaped(text, "host", str_from(who->host));
    add_escaped(text, "program", str_from(who->program));
    buf_printf(text, "uid %lu\n", (unsigned long)who->uid);
    buf_printf(text, "real-uid %lu\n", (unsigned long)who->real_uid);
    buf_printf(text, "process %ld\n", (long)who->process);
}

/* ---- write ---- */

void begin_write(struct buf *text, const struct begin *b)
{
    char utc[UTC_TEXT];
    buf_printf(text, "%s\noperation %s\nplan ", first_line, txn_operation_name(b->operation));
    if (b->has_plan)
        line_digest(text, &b->plan);
    else
        buf_text(text, "none");
    buf_printf(text, "\nreverses %s\n", b->reverses[0] ? b->reverses : "none");
    buf_printf(text, "time %s\nrandom ", utc_text(b->time, utc));
    for (size_t i = 0; i < BEGIN_RANDOM; i++)
        buf_printf(text, "%02x", b->random[i]);
    buf_printf(text, "\naudit %s\n", b->audit_head[0] ? b->audit_head : "none");
    who_write(text, &b->who);
    add_escaped(text, "backups", b->backup_folder);
    if (b->has_policy) {
        buf_text(text, "policy ");
        line_digest(text, &b->policy);
        buf_byte(text, '\n');
    }
    if (change_window_is(&b->window)) {
        char end[UTC_TEXT];
        buf_printf(text, "window %s %s\n", utc_text(b->window.start, utc),
                   utc_text(b->window.end, end));
    }
    if (b->has_retain_until)
        buf_printf(text, "retain-until %s\n", utc_text(b->retain_until, utc));
    if (b->act_note.len)
        add_escaped(text, "act", b->act_note);
    for (size_t i = 0; i < b->target_count; i++) {
        const struct begin_target *t = &b->targets[i];
        buf_text(text, "target ");
        line_digest(text, &t->before);
        buf_byte(text, ' ');
        line_digest(text, &t->after);
        buf_printf(text, " %llu %llu ", (unsigned long long)t->size_before,
                   (unsigned long long)t->size_after);
        line_escape(text, t->path);
        buf_byte(text, '\n');
    }
    for (size_t i = 0; i < b->version_count; i++)
        add_escaped(text, "version", b->versions[i]);
    for (size_t i = 0; i < b->kept_count; i++)
        add_escaped(text, "kept", b->kept[i]);
    struct str rest = b->approvals;
    struct str line;
    while (str_line(&rest, &line))
        add_escaped(text, "approval", line);
    buf_text(text, "end\n");
}

/* ---- read ---- */

static bool read_text(struct arena *a, struct str *rest, const char *word, const char **into)
{
    struct str value, plain;
    if (!line_word(rest, word, &value) || !line_unescape(a, value, &plain) ||
        str_find(plain, 0) < plain.len)
        return false;
    *into = arena_text(a, plain);
    return true;
}

static bool read_number(struct str *rest, const char *word, uint64_t most, uint64_t *into)
{
    struct str value;
    return line_word(rest, word, &value) && str_to_u64(value, into) && *into <= most;
}

static bool who_read(struct arena *a, struct str *rest, struct who *who)
{
    uint64_t uid = 0, real_uid = 0, process = 0;
    bool done = read_text(a, rest, "user", &who->user) &&
                read_text(a, rest, "real-user", &who->real_user) &&
                read_text(a, rest, "sudo-user", &who->sudo_user) &&
                read_text(a, rest, "host", &who->host) &&
                read_text(a, rest, "program", &who->program) &&
                read_number(rest, "uid", UINT32_MAX, &uid) &&
                read_number(rest, "real-uid", UINT32_MAX, &real_uid) &&
                read_number(rest, "process", INT32_MAX, &process);
    who->uid = (uid_t)uid;
    who->real_uid = (uid_t)real_uid;
    who->process = (pid_t)process;
    return done;
}

bool line_operation(struct str value, enum txn_operation *operation)
{
    for (int i = TXN_APPLY; i <= TXN_VAULT; i++) {
        *operation = (enum txn_operation)i;
        if (str_eq(value, str_from(txn_operation_name(*operation))))
            return true;
    }
    return false;
}

static bool read_random(struct str value, unsigned char random[BEGIN_RANDOM])
{
    if (value.len != 2 * (size_t)BEGIN_RANDOM)
        return false;
    for (size_t i = 0; i < value.len; i++) {
        if (!hex_digit(value.at[i]))
            return false;
        unsigned high = (unsigned)random[i / 2] << 4;
        random[i / 2] = (unsigned char)(high | hex_value(value.at[i]));
    }
    return true;
}

static bool read_window(struct str value, struct change_window *w)
{
    struct str start, end;
    w->given = value;
    return str_cut(value, ' ', &start, &end) && utc_parse(start, &w->start) &&
           utc_parse(end, &w->end) && w->start < w->end;
}

static bool read_head(struct arena *a, struct str *rest, struct begin *b)
{
    struct str value;
    struct sha256 digest;
    size_t n = sizeof first_line - 1;
    if (rest->len <= n || memcmp(rest->at, first_line, n) != 0 || rest->at[n] != '\n')
        return false;
    *rest = str_slice(*rest, n + 1, rest->len);
    if (!line_word(rest, "operation", &value) || !line_operation(value, &b->operation))
        return false;
    if (!line_word(rest, "plan", &value))
        return false;
    b->has_plan = !str_eq(value, STR("none"));
    if (b->has_plan && !sha256_from_hex(value, &b->plan))
        return false;
    if (!line_word(rest, "reverses", &value) || !(txid_is(value) || str_eq(value, STR("none"))))
        return false;
    if (txid_is(value))
        memcpy(b->reverses, value.at, TXID_HEX);
    if (!line_word(rest, "time", &value) || !utc_parse(value, &b->time))
        return false;
    if (!line_word(rest, "random", &value) || !read_random(value, b->random))
        return false;
    if (!line_word(rest, "audit", &value))
        return false;
    if (sha256_from_hex(value, &digest))
        sha256_hex(&digest, b->audit_head);
    else if (!str_eq(value, STR("none")))
        return false;
    if (!who_read(a, rest, &b->who) || !line_word(rest, "backups", &value) ||
        !line_unescape(a, value, &b->backup_folder))
        return false;
    b->has_policy = line_word(rest, "policy", &value);
    if (b->has_policy && !sha256_from_hex(value, &b->policy))
        return false;
    if (line_word(rest, "window", &value) && !read_window(value, &b->window))
        return false;
    b->has_retain_until = line_word(rest, "retain-until", &value);
    if (b->has_retain_until && !utc_parse(value, &b->retain_until))
        return false;
    return !line_word(rest, "act", &value) || line_unescape(a, value, &b->act_note);
}

static bool read_target(struct arena *a, struct str line, struct begin_target *t)
{
    struct str before, after, size_before, size_after, path;
    if (!str_cut(line, ' ', &before, &line) || !str_cut(line, ' ', &after, &line) ||
        !str_cut(line, ' ', &size_before, &line) || !str_cut(line, ' ', &size_after, &path))
        return false;
    return sha256_from_hex(before, &t->before) && sha256_from_hex(after, &t->after) &&
           str_to_u64(size_before, &t->size_before) && str_to_u64(size_after, &t->size_after) &&
           line_unescape(a, path, &t->path) && t->path.len > 1 && t->path.at[0] == '/' &&
           t->path.at[t->path.len - 1] != '/' && str_find(t->path, 0) == t->path.len;
}

static bool read_names(struct arena *a, struct str *rest, const char *word, struct str **names,
                       size_t *count)
{
    size_t room = 0;
    struct str value;
    while (line_word(rest, word, &value)) {
        if (*count == TXN_NAMES_MAX)
            return false;
        *names = arena_grow(a, *names, *count, &room, sizeof **names);
        if (!line_unescape(a, value, &(*names)[(*count)++]))
            return false;
    }
    return true;
}

static bool read_lists(struct arena *a, struct str *rest, struct begin *b)
{
    size_t room = 0;
    struct str value;
    while (line_word(rest, "target", &value)) {
        if (b->target_count == TXN_TARGETS_MAX)
            return false;
        b->targets = arena_grow(a, b->targets, b->target_count, &room, sizeof *b->targets);
        if (!read_target(a, value, &b->targets[b->target_count++]))
            return false;
    }
    if (b->target_count == 0 || !read_names(a, rest, "version", &b->versions, &b->version_count) ||
        !read_names(a, rest, "kept", &b->kept, &b->kept_count))
        return false;
    struct buf approvals = {.arena = a};
    while (line_word(rest, "approval", &value)) {
        struct str plain;
        if (!line_unescape(a, value, &plain))
            return false;
        buf_add(&approvals, plain);
        buf_byte(&approvals, '\n');
    }
    b->approvals = buf_str(&approvals);
    return str_eq(*rest, STR("end\n"));
}

bool begin_read(struct arena *a, struct str text, struct begin *b, struct err *err)
{
    struct str rest = text;
    *b = (struct begin){0};
    if (read_head(a, &rest, b) && read_lists(a, &rest, b))
        return true;
    err_set(err, ERR_CORRUPT, 703, "the BEGIN record does not read at byte %zu",
            text.len - rest.len);
    return false;
}
