/* audit: lines chained by SHA-256, appended once, read and proven. */
#include "applier/audit.h"
#include "applier/part_file.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>

static const char log_name[] = "audit.log";
static const char no_hash[] = "0000000000000000000000000000000000000000000000000000000000000000";

/* ---- the form of a line ---- */

static void add_member(struct buf *b, const char *field, struct str value)
{
    buf_printf(b, ",\"%s\":", field);
    text_json(b, value);
}

static void add_list(struct buf *b, const char *field, const struct str *values, size_t count)
{
    buf_printf(b, ",\"%s\":[", field);
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_byte(b, ',');
        text_json(b, values[i]);
    }
    buf_byte(b, ']');
}

static void add_lines(struct buf *b, const char *field, struct str lines)
{
    struct str line;
    const char *between = "";
    buf_printf(b, ",\"%s\":[", field);
    while (str_line(&lines, &line)) {
        buf_text(b, between);
        text_json(b, line);
        between = ",";
    }
    buf_byte(b, ']');
}

static void add_targets(struct buf *b, const struct begin *begin)
{
    buf_text(b, ",\"targets\":[");
    for (size_t i = 0; i < begin->target_count; i++) {
        const struct begin_target *t = &begin->targets[i];
        char before[SHA256_HEX + 1], after[SHA256_HEX + 1];
        sha256_hex(&t->before, before);
        sha256_hex(&t->after, after);
        buf_printf(b, "%s{\"path\":", i ? "," : "");
        text_json(b, t->path);
        buf_printf(b, ",\"sha256_before\":\"%s\",\"sha256_after\":\"%s\"}", before,
                   begin->operation == TXN_PURGE ? "" : after);
    }
    buf_byte(b, ']');
}

static void add_who(struct buf *b, const struct who *who)
{
    add_member(b, "user", str_from(who->user));
    buf_printf(b, ",\"uid\":%lu", (unsigned long)who->uid);
    add_member(b, "real_user", str_from(who->real_user));
    buf_printf(b, ",\"real_uid\":%lu", (unsigned long)who->real_uid);
    add_member(b, "sudo_user", str_from(who->sudo_user));
    buf_printf(b, ",\"process\":%ld", (long)who->process);
    add_member(b, "host", str_from(who->host));
    add_member(b, "program", str_from(who->program));
}

/* "START/END" in UTC. */
static struct str audit_window(struct arena *a, const struct begin *begin)
{
    char start[UTC_TEXT], end[UTC_TEXT];
    return str_from(arena_printf(a, "%s/%s", utc_text(begin->window.start, start),
                                 utc_text(begin->window.end, end)));
}

/* Everything up to ,"hash": */
static void add_body(struct buf *b, const struct audit_event *e, size_t sequence, const char *prev)
{
    const struct begin *begin = e->begin;
    char utc[UTC_TEXT];
    char plan[SHA256_HEX + 1] = "", policy[SHA256_HEX + 1] = "";
    if (begin->has_plan)
        sha256_hex(&begin->plan, plan);
    if (begin->has_policy)
        sha256_hex(&begin->policy, policy);
    buf_printf(b, "{\"seq\":%zu,\"time\":\"%s\",\"event\":\"closed\",\"txid\":\"%s\"", sequence,
               utc_text(e->time, utc), e->txid);
    add_member(b, "operation", str_from(txn_operation_name(begin->operation)));
    add_member(b, "outcome", str_from(e->outcome));
    add_who(b, &begin->who);
    add_member(b, "plan", str_from(plan));
    add_member(b, "policy", str_from(policy));
    add_member(b, "window",
               change_window_is(&begin->window) ? audit_window(b->arena, begin) : STR(""));
    add_member(b, "reverses", str_from(begin->reverses));
    add_lines(b, "approvals", begin->approvals);
    add_list(b, "versions", begin->versions, begin->version_count);
    add_list(b, "kept", begin->kept, begin->kept_count);
    add_targets(b, begin);
    add_member(b, "backup", str_from(e->backup_file ? e->backup_file : ""));
    buf_printf(b, ",\"started\":\"%s\"", utc_text(begin->time, utc));
    add_member(b, "closed_by", str_from(e->closed_by));
    buf_printf(b, ",\"prev\":\"%s\"", prev);
}

/* ---- reading ---- */

/* Skips a JSON string that starts at `at`; gives back the index behind it, or 0. */
static size_t string_end(struct str s, size_t at)
{
    if (at >= s.len || s.at[at] != '"')
        return 0;
    for (size_t i = at + 1; i < s.len; i++) {
        if (s.at[i] == '\\')
            i++;
        else if (s.at[i] == '"')
            return i + 1;
    }
    return 0;
}

/* Skips any value of ours: string, number, or a list or object without limit of width. */
static size_t value_end(struct str s, size_t at)
{
    size_t depth = 0;
    for (size_t i = at; i < s.len;) {
        unsigned char c = s.at[i];
        if (c == '"') {
            i = string_end(s, i);
            if (i == 0)
                return 0;
        } else if (c == '[' || c == '{') {
            depth++;
            i++;
        } else if (depth && (c == ']' || c == '}')) {
            depth--;
            i++;
        } else if (!depth && (c == ',' || c == '}')) {
            return i;
        } else {
            i++;
            continue;
        }
        if (!depth)
            return i;
    }
    return 0;
}

/* The bytes of a member's value as they stand. */
static bool member(struct str line, const char *field, struct str *raw)
{
    size_t at = 1;
    if (line.len < 2 || line.at[0] != '{')
        return false;
    for (;;) {
        size_t name_end = string_end(line, at);
        if (name_end == 0 || name_end >= line.len || line.at[name_end] != ':')
            return false;
        struct str name = str_slice(line, at + 1, name_end - 1);
        size_t end = value_end(line, name_end + 1);
        if (end == 0)
            return false;
        *raw = str_slice(line, name_end + 1, end);
        if (str_eq(name, str_from(field)))
            return true;
        if (end >= line.len || line.at[end] != ',')
            return false;
        at = end + 1;
    }
}

/* The text at the start of `rest`, which begins with a quote; what follows it stays in rest. */
static void add_text(struct buf *plain, struct str *rest)
{
    size_t i = 1;
    for (; i < rest->len && rest->at[i] != '"'; i++) {
        unsigned char c = rest->at[i];
        if (c != '\\' || i + 1 == rest->len) {
            buf_byte(plain, c);
            continue;
        }
        c = rest->at[++i];
        if (c == 'n' || c == 't')
            buf_byte(plain, c == 'n' ? '\n' : '\t');
        else if (c == 'u')
            buf_text(plain, "\\u"); /* stays visible as it is */
        else
            buf_byte(plain, c);
    }
    *rest = str_slice(*rest, i < rest->len ? i + 1 : i, rest->len);
}

struct str audit_field(struct arena *a, struct str line, const char *field)
{
    struct str raw;
    struct buf plain = {.arena = a};
    if (!member(line, field, &raw) || raw.len == 0)
        return str_make("", 0);
    if (raw.at[0] != '"' && raw.at[0] != '[')
        return raw;
    for (raw = str_slice(raw, raw.at[0] == '[', raw.len); raw.len && raw.at[0] == '"';
         raw = str_slice(raw, str_starts(raw, STR(",")), raw.len)) {
        if (plain.len)
            buf_byte(&plain, ' ');
        add_text(&plain, &raw);
    }
    return buf_str(&plain);
}

static bool damaged(size_t line, const char *what, struct err *err)
{
    err_set(err, ERR_CORRUPT, 851, "line %zu of the audit log %s", line, what);
    err_hint(err,
             "keep STATE/audit.log as evidence, out of the folder, and run keyretire recover: it "
             "writes the log again from the journals; compare the two");
    return false;
}

static bool hash_of(struct str body, char hex[SHA256_HEX + 1], struct err *err)
{
    struct sha256 digest;
    if (!crypto_sha256(body, &digest, err))
        return false;
    sha256_hex(&digest, hex);
    return true;
}

static bool line_read(struct str text, size_t number, const char *prev, struct audit_line *line,
                      struct err *err)
{
    static const size_t tail = sizeof ",\"hash\":\"\"}" - 1 + SHA256_HEX;
    struct str txid, before, sequence;
    uint64_t n;
    *line = (struct audit_line){.text = text};
    if (text.len <= tail || text.len > AUDIT_LINE_MAX)
        return damaged(number, "is no line of ours", err);
    struct str body = str_slice(text, 0, text.len - tail);
    struct str hash = str_slice(text, text.len - 2 - SHA256_HEX, text.len - 2);
    if (!hash_of(body, line->hash, err))
        return false;
    if (!str_starts(str_slice(text, body.len, text.len), STR(",\"hash\":\"")) ||
        !str_eq(hash, str_from(line->hash)) || !str_ends(text, STR("\"}")))
        return damaged(number, "was changed: its hash does not fit", err);
    if (!member(text, "seq", &sequence) || !str_to_u64(sequence, &n) || n != number ||
        !member(text, "prev", &before) || before.len != SHA256_HEX + 2 ||
        !str_eq(str_slice(before, 1, before.len - 1), str_from(prev)))
        return damaged(
            number, "does not follow the line before it: a line was removed, added or moved", err);
    if (!member(text, "txid", &txid) || txid.len != TXID_HEX + 2 ||
        !txid_is(str_slice(txid, 1, txid.len - 1)))
        return damaged(number, "names no transaction", err);
    memcpy(line->txid, txid.at + 1, TXID_HEX);
    return true;
}

bool audit_parse(struct str log, struct arena *a, struct audit_lines *lines, struct err *err)
{
    const char *prev = no_hash;
    *lines = (struct audit_lines){0};
    while (log.len) {
        size_t end = str_find(log, '\n');
        /* Zeros are what a file system leaves of a line whose bytes never came. */
        bool zeros = str_find(str_slice(log, 0, end), 0) < end;
        if (end == log.len || (zeros && end + 1 == log.len)) {
            lines->torn = true;
            return true;
        }
        lines->at = arena_grow(a, lines->at, lines->count, &lines->room, sizeof *lines->at);
        struct audit_line *line = &lines->at[lines->count];
        if (!line_read(str_slice(log, 0, end), lines->count + 1, prev, line, err))
            return false;
        prev = line->hash;
        lines->count++;
        log = str_slice(log, end + 1, log.len);
    }
    return true;
}

/* The log, or nothing where there is none yet. *fd stays open when it is asked for. */
static bool log_read(int dir, struct arena *a, int flags, int *fd, struct str *log, struct err *err)
{
    *log = str_make("", 0);
    *fd = sys->openat(dir, log_name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (*fd < 0 && errno == ENOENT)
        return true;
    if (*fd < 0) {
        err_sys(err, ERR_SYSTEM, 850, errno, "open the audit log");
        return false;
    }
    if (file_read_fd(a, *fd, "the audit log", log, err))
        return true;
    (void)sys->close(*fd);
    *fd = -1;
    return false;
}

static bool log_lines(int dir, struct arena *a, struct audit_lines *lines, struct err *err)
{
    struct str log;
    int fd;
    *lines = (struct audit_lines){0};
    if (dir < 0)
        return true;
    bool done = log_read(dir, a, O_RDONLY, &fd, &log, err);
    if (fd >= 0)
        (void)sys->close(fd); /* read-only */
    return done && audit_parse(log, a, lines, err);
}

bool audit_read(const struct state *state, struct arena *a, struct audit_lines *lines,
                struct err *err)
{
    return log_lines(state->dir, a, lines, err);
}

bool audit_head(int dir, struct arena *a, char hex[SHA256_HEX + 1], struct err *err)
{
    struct audit_lines lines;
    hex[0] = 0;
    if (!log_lines(dir, a, &lines, err))
        return false;
    if (lines.count)
        memcpy(hex, lines.at[lines.count - 1].hash, SHA256_HEX + 1);
    return true;
}

bool audit_has(const struct audit_lines *lines, const char *txid)
{
    for (size_t i = lines->count; i-- > 0;)
        if (strcmp(lines->at[i].txid, txid) == 0)
            return true;
    return false;
}

/* ---- writing ---- */

/* A new log's name must be durable too. */
static bool append(int dir, int fd, struct str line, off_t at, bool fresh, struct err *err)
{
    if (sys->ftruncate(fd, at) != 0 || sys->lseek(fd, at, SEEK_SET) != at) {
        err_sys(err, ERR_SYSTEM, 852, errno, "cut the torn end of the audit log");
        return false;
    }
    if (!file_write_all(fd, line, "the audit log", err))
        return false;
    if (sys->fsync(fd) != 0 || (fresh && sys->fsync(dir) != 0)) {
        err_sys(err, ERR_SYSTEM, 852, errno, "fsync the audit log");
        return false;
    }
    return true;
}

bool audit_add(int dir, struct arena *a, const struct audit_event *event, struct err *err)
{
    struct audit_lines lines;
    struct str log;
    struct buf line = {.arena = a};
    char hex[SHA256_HEX + 1];
    int fd;
    if (!log_read(dir, a, O_RDWR | O_CREAT, &fd, &log, err))
        return false;
    bool done = audit_parse(log, a, &lines, err);
    if (done && !audit_has(&lines, event->txid)) {
        size_t whole = 0;
        for (size_t i = 0; i < lines.count; i++)
            whole += lines.at[i].text.len + 1;
        add_body(&line, event, lines.count + 1,
                 lines.count ? lines.at[lines.count - 1].hash : no_hash);
        done = hash_of(buf_str(&line), hex, err);
        buf_printf(&line, ",\"hash\":\"%s\"}\n", hex);
        if (done && whole + line.len > AUDIT_MAX) {
            err_set(err, ERR_SYSTEM, 853, "the audit log is full (%zu bytes)", whole);
            done = false;
        }
        done = done && append(dir, fd, buf_str(&line), (off_t)whole, lines.count == 0, err);
    }
    if (sys->close(fd) != 0 && done) {
        err_sys(err, ERR_SYSTEM, 852, errno, "close the audit log");
        done = false;
    }
    return done;
}

/* ---- proof ---- */

static bool chain_has(const struct audit_lines *lines, const char *hash)
{
    for (size_t i = 0; i < lines->count; i++)
        if (strcmp(lines->at[i].hash, hash) == 0)
            return true;
    return false;
}

bool audit_verify(const struct state *state, struct arena *a, size_t *count,
                  struct txn_notes *notes, struct err *err)
{
    struct audit_lines lines;
    struct txn_list list = {0};
    size_t missing = 0;
    *count = 0;
    bool done = log_lines(state->dir, a, &lines, err);
    *count = lines.count;
    if (!done || !txn_list_read(state, a, &list, err))
        return false;
    if (lines.torn)
        txn_note(notes, a,
                 "the last line was being written when the machine stopped; recover "
                 "writes it again from the journal");
    for (size_t i = 0; i < list.count; i++) {
        const struct txn_info *t = &list.at[i];
        if (t->audit_head[0] && !chain_has(&lines, t->audit_head)) {
            err_set(
                err, ERR_CORRUPT, 854,
                "the audit log lost lines: the journal of transaction %s names one that is gone",
                t->txid);
            return false;
        }
        bool closed = t->outcome == TXN_COMMITTED || t->outcome == TXN_ABORTED;
        if (!closed || audit_has(&lines, t->txid))
            continue;
        /* One may be missing, of the last command; any other was there when a later one began. */
        if (++missing > 1) {
            err_set(err, ERR_CORRUPT, 854, "the audit log has no line of transaction %s", t->txid);
            return false;
        }
        txn_note(notes, a,
                 "transaction %s is closed and its line not yet written: keyretire "
                 "recover writes it",
                 t->txid);
    }
    return true;
}
