/* load: files in, data out. */
#include "applier/load.h"
#include "applier/remarks.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"
#include "formats/keyring/config_form.h"
#include "formats/keyring/key_list.h"

#include <errno.h>

static bool load_source(struct load *in, const char *path, struct plan_source *source,
                        struct err *err)
{
    struct report *r = ARENA_NEW(in->run, struct report);
    if (!report_read(path, in->run, r, err))
        return false;
    *source = (struct plan_source){.path = path, .report = r, .kept_until = UTC_NONE};
    return true;
}

/* "old.db", or "old.db:UNTIL=2027-01-01T00:00:00Z" for a backup that is destroyed then. */
static bool load_retained(struct load *in, const char *text, struct plan_source *source,
                          struct err *err)
{
    static const char mark[] = ":UNTIL=";
    struct str whole = str_from(text);
    size_t at = str_search(whole, str_from(mark));
    int64_t until = UTC_NONE;
    if (at < whole.len && !utc_parse(str_slice(whole, at + sizeof mark - 1, whole.len), &until)) {
        err_set(err, ERR_USAGE, 936,
                "--retained %s: no time stands behind UNTIL=", text_shown(in->run, whole));
        err_hint(err, "for example --retained old.db:UNTIL=2027-01-01T00:00:00Z");
        return false;
    }
    if (!load_source(in, arena_text(in->run, str_slice(whole, 0, at)), source, err))
        return false;
    source->kept_until = until;
    return true;
}

bool load_reports(struct load *in, const char *const *reports, size_t report_count,
                  const char *const *retained, size_t retained_count, struct err *err)
{
    if (report_count + retained_count > LOAD_REPORTS_MAX) {
        err_set(err, ERR_USAGE, 927, "more than %d reports", LOAD_REPORTS_MAX);
        return false;
    }
    in->reports = ARENA_ARRAY(in->run, report_count, struct plan_source);
    in->retained = ARENA_ARRAY(in->run, retained_count, struct plan_source);
    for (; in->report_count < report_count; in->report_count++)
        if (!load_source(in, reports[in->report_count], &in->reports[in->report_count], err))
            return false;
    for (; in->retained_count < retained_count; in->retained_count++)
        if (!load_retained(in, retained[in->retained_count], &in->retained[in->retained_count],
                           err))
            return false;
    return true;
}

static bool open_regular(const char *path, const char *given, int *fd, struct err *err)
{
    struct stat st;
    *fd = sys->openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | SYS_NO_LINKS, 0);
    if (*fd < 0) {
        err_sys(err, ERR_SYSTEM, 921, errno, "open %s", given);
        err_hint(err, "the user who runs this must be able to read the file");
        return false;
    }
    if (sys->fstat(*fd, &st) != 0)
        err_sys(err, ERR_SYSTEM, 921, errno, "stat %s", given);
    else if (S_ISDIR(st.st_mode))
        err_set(err, ERR_CORRUPT, 921, "%s: is a folder, not a file", given);
    else if (!S_ISREG(st.st_mode))
        err_set(err, ERR_CORRUPT, 921, "%s: is no regular file", given);
    if (!err_is(err))
        return true;
    err_hint(err,
             "--env-file names the file that holds ENCRYPTION_KEYS__..., --config another form");
    (void)sys->close(*fd);
    return false;
}

bool load_file(struct load *in, struct load_name name, struct loaded_file *file, struct err *err)
{
    char real[4096];
    int fd;
    const char *path = name.path;
    const struct keyring_syntax *syntax = name.syntax;
    file->given = path;
    if (!sys->realpath(path, real)) {
        err_sys(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM, 921, errno, "open %s", path);
        err_hint(
            err,
            "--env-file names the file that holds ENCRYPTION_KEYS__..., --config another form");
        return false;
    }
    file->path = arena_text(in->run, str_from(real));
    if (!open_regular(file->path, path, &fd, err))
        return false;
    bool done = file_read_fd(&in->keys, fd, path, &file->content, err);
    (void)sys->close(fd); /* read-only: nothing can be lost here */
    if (done && !syntax)
        syntax = config_form(&in->keys, str_from(file->path), file->content);
    return done && crypto_sha256(file->content, &file->digest, err) &&
           keyring_load(&in->keys, syntax, path, file->content, &file->keyring, err);
}

bool load_named(struct load *in, const char *path, struct str form, struct loaded_file *file,
                struct err *err)
{
    const struct keyring_syntax *syntax = keyring_form(&in->keys, form);
    if (syntax)
        return load_file(in, (struct load_name){path, syntax}, file, err);
    err_set(err, ERR_CORRUPT, 939, "%s is a file of the form \"%s\", which is not known here", path,
            text_shown(in->run, form));
    err_hint(err, "take the version of keyretire that wrote this");
    return false;
}

/* What apply would refuse is said at once. A staging name is only remarked: an open transaction of
 * this very file may have left it, and recovery comes before apply. */
static bool add_remarks(struct load *in, const struct loaded_file *file, struct plan_file *to,
                        struct err *err)
{
    enum { STAGED = 735 };
    struct txn_notes notes = {0};
    struct err refused = {0};
    if (!txn_target_check(file->path, in->run, &notes, &refused)) {
        if (refused.kind == ERR_REFUSED && refused.id != STAGED) {
            *err = refused;
            return false;
        }
    }
    struct remarks remarks = {.a = in->run};
    for (size_t i = 0; i < notes.count; i++)
        remarks_add(&remarks, "%s", notes.at[i]);
    if (err_is(&refused))
        remarks_add(&remarks, "%s", refused.text);
    remarks_of_git(&remarks, file->path);
    remarks_of_places(&remarks, &file->keyring);
    remarks_of_text(&remarks, &file->keyring);
    remarks_of_folder(&remarks, file->path, &file->keyring);
    to->remarks = remarks.at;
    to->remark_count = remarks.count;
    return true;
}

/* Which place wins for a version that lives in several: plan_file.remarks has room for it. */
static void remark_winner(struct load *in, size_t at)
{
    const struct keyring *kr = &in->files[at].keyring;
    struct buf names = {.arena = in->run};
    if (!kr->syntax->is_flask)
        return;
    for (size_t v = 0; v < kr->version_count; v++) {
        bool shared = false;
        for (size_t i = 0; i < in->file_count; i++)
            shared |= !in->files[i].keyring.syntax->is_flask &&
                      keyring_find(&in->files[i].keyring, kr->versions[v].name);
        if (shared)
            buf_printf(&names, "%s%.*s", names.len ? ", " : "", STR_ARG(kr->versions[v].name));
    }
    if (names.len == 0)
        return;
    struct plan_file *to = &in->plan_files[at];
    struct str *remarks = ARENA_ARRAY(in->run, to->remark_count + 1, struct str);
    for (size_t i = 0; i < to->remark_count; i++)
        remarks[i] = to->remarks[i];
    remarks[to->remark_count++] =
        str_from(arena_printf(in->run,
                              "Flask's own configuration wins over the environment: of the places "
                              "that hold %.*s, the application reads this one",
                              STR_ARG(buf_str(&names))));
    to->remarks = remarks;
}

static bool describe(struct load *in, struct loaded_file *file, struct plan_file *to,
                     unsigned iterations, struct err *err)
{
    return keyring_fingerprints(&file->keyring, iterations, err) &&
           plan_file_of(&file->keyring, file->path, in->run, to, err) &&
           add_remarks(in, file, to, err);
}

bool load_files(struct load *in, const struct load_name *names, size_t count, unsigned iterations,
                struct err *err)
{
    if (count > LOAD_FILES_MAX) {
        err_set(err, ERR_USAGE, 927, "more than %d configuration files", LOAD_FILES_MAX);
        return false;
    }
    in->keys.wipe = true;
    in->files = ARENA_ARRAY(in->run, count, struct loaded_file);
    in->plan_files = ARENA_ARRAY(in->run, count, struct plan_file);
    for (size_t i = 0; i < count; i++) {
        struct loaded_file *file = &in->files[in->file_count];
        if (!load_file(in, names[i], file, err) ||
            !describe(in, file, &in->plan_files[in->file_count], iterations, err))
            return false;
        bool again = false;
        for (size_t j = 0; j < in->file_count; j++)
            again |= strcmp(in->files[j].path, file->path) == 0;
        in->file_count += !again; /* one file named twice is one file */
    }
    for (size_t i = 0; i < in->file_count; i++)
        remark_winner(in, i);
    for (size_t i = 0; i + 1 < in->file_count; i++)
        if (!keyring_agree(&in->files[i].keyring, &in->files[i + 1].keyring, err))
            return false;
    return true;
}

static const char *kept_plan_path(const struct state *state, struct arena *a,
                                  const struct sha256 *digest)
{
    char hex[SHA256_HEX + 1];
    sha256_hex(digest, hex);
    return arena_printf(a, "%s/plans/%s.plan", state->path, hex);
}

/* Which of the files a committed plan was about, changed or not; how many of them were not yet
 * known. */
static size_t mark_known(const struct load *in, const struct txn_info *info,
                         const struct plan *plan, bool *known)
{
    size_t fresh = 0;
    for (size_t f = 0; f < in->file_count; f++) {
        struct str path = str_from(in->files[f].path);
        bool named = false;
        for (size_t i = 0; i < info->target_count; i++)
            named |= str_eq(str_from(info->targets[i].path), path);
        for (size_t i = 0; plan && i < plan->target_count; i++)
            named |= str_eq(plan->targets[i].path, path);
        fresh += named && !known[f];
        known[f] |= named;
    }
    return fresh;
}

/* *plan is NULL when the text is gone. */
static bool read_kept(struct load *in, const struct state *state, const struct txn_info *info,
                      struct plan **plan, struct err *err)
{
    struct str text;
    struct plan_id id;
    struct err gone = {0};
    *plan = NULL;
    if (!file_read(in->run, kept_plan_path(state, in->run, &info->plan), &text, &gone)) {
        if (gone.kind == ERR_NOT_FOUND)
            return true;
        *err = gone;
    } else if (plan_identify(text, &id, err)) {
        if (!sha256_eq(&id.digest, &info->plan))
            err_set(err, ERR_CORRUPT, 935, "it is not the plan that was applied");
        *plan = ARENA_NEW(in->run, struct plan);
        if (!err_is(err) && plan_read(text, in->run, *plan, err))
            return true;
    }
    err_context(err, "the plan of transaction %s, kept in the state folder", info->txid);
    err_hint(err, "put %s back; without it, what was seen then cannot be compared",
             kept_plan_path(state, in->run, &info->plan));
    return false;
}

bool load_applied_plan(struct arena *a, const struct state *state, const struct txn_info *info,
                       struct plan **plan, struct err *err)
{
    struct load in = {.run = a};
    return read_kept(&in, state, info, plan, err);
}

bool load_previous(struct load *in, const struct state *state, struct plan_previous *previous,
                   struct err *err)
{
    struct txn_list list = {0};
    bool *known = ARENA_ARRAY(in->run, in->file_count, bool);
    size_t left = in->file_count;
    *previous = (struct plan_previous){0};
    if (!txn_list_read(state, in->run, &list, err))
        return false;
    for (size_t i = list.count; i > 0 && left > 0; i--) {
        const struct txn_info *info = &list.at[i - 1];
        struct plan *plan;
        if (info->operation != TXN_APPLY || info->outcome != TXN_COMMITTED || !info->has_plan)
            continue;
        if (!read_kept(in, state, info, &plan, err))
            return false;
        size_t fresh = mark_known(in, info, plan, known);
        left -= fresh;
        previous->lost |= fresh && !plan;
        if (fresh && plan) {
            struct plan_previous was = plan_remember(plan, in->run);
            plan_previous_join(previous, &was, in->run);
        }
    }
    return true;
}

bool load_keep_plan(const struct state *state, const struct plan_id *id, struct str text,
                    struct err *err)
{
    struct arena scratch = {0};
    if (sys->mkdirat(state->dir, "plans", 0700) != 0 && errno != EEXIST) {
        err_sys(err, ERR_SYSTEM, 104, errno, "create %s/plans", state->path);
        return false;
    }
    if (sys->fsync(state->dir) != 0) { /* also when another was killed right after making it */
        err_sys(err, ERR_SYSTEM, 104, errno, "fsync %s", state->path);
        return false;
    }
    const char *path = kept_plan_path(state, &scratch, &id->digest);
    bool done = file_replace(path, text, 0600, FILE_OVERWRITE, err);
    arena_free(&scratch);
    return done;
}

void load_free(struct load *in)
{
    arena_free(&in->keys);
}
