/* rollback: old image, or the removed versions put into the file as it is now. */
#include "applier/rollback.h"
#include "common/text.h"

#include <stdio.h>

/* The versions of the backup that this archived file holds. */
static size_t versions_in(struct load *load, const struct backup *b, const struct keyring *archived,
                          struct str **names)
{
    size_t count = 0;
    *names = ARENA_ARRAY(load->run, b->version_count + 1, struct str);
    for (size_t i = 0; i < b->version_count; i++)
        if (keyring_find(archived, b->versions[i]))
            (*names)[count++] = b->versions[i];
    return count;
}

static bool put_back(struct load *load, const struct backup *b, const struct backup_target *t,
                     struct loaded_file *file, struct rollback_file *what, struct txn_target *into,
                     struct err *err)
{
    struct keyring archived;
    struct str *names;
    if (!keyring_load(&load->keys, file->keyring.syntax, what->path, t->image, &archived, err)) {
        err_context(err, "the archived image");
        return false;
    }
    size_t count = versions_in(load, b, &archived, &names);
    if (!keyring_insert(&load->keys, &file->keyring, t->image, names, count, &what->edit, err))
        return false;
    what->how = "changed since: the removed versions are put back into it";
    *into = (struct txn_target){.path = file->path,
                                .before = file->digest,
                                .image = what->edit.after,
                                .form = file->keyring.syntax->name};
    return crypto_sha256(what->edit.after, &into->after, err);
}

static bool is_image_of_removal(struct load *load, const struct backup *b,
                                const struct backup_target *t, const struct loaded_file *file)
{
    struct keyring archived;
    struct str *names;
    struct keyring_edit edit;
    struct err ignored = {0};
    if (!keyring_load(&load->keys, file->keyring.syntax, file->given, t->image, &archived,
                      &ignored))
        return false;
    size_t count = versions_in(load, b, &archived, &names);
    return count && keyring_remove(&load->keys, &archived, names, count, &edit, &ignored) &&
           str_eq(edit.after, file->content);
}

static bool roll_one(struct load *load, const struct backup *b, const struct backup_target *t,
                     struct rollback_file *what, struct txn_target *into, struct err *err)
{
    struct loaded_file *file = ARENA_NEW(load->run, struct loaded_file);
    what->path = arena_text(load->run, t->path);
    if (!load_named(load, what->path, t->form, file, err)) {
        if (err->kind == ERR_NOT_FOUND) /* the archive is never unpacked to a path */
            (void)snprintf(err->hint, sizeof err->hint,
                           b->sealed ? "put a file back there first; age -d -i FILE %s | tar -xO "
                                       "prints the archived one"
                                     : "put a file back there first; tar -xOf %s prints the "
                                       "archived one",
                           b->path);
        return false;
    }
    if (strcmp(file->path, what->path) != 0) {
        err_set(err, ERR_REFUSED, 933, "%s now is a symbolic link to another file",
                text_shown(load->run, t->path));
        err_hint(err, "put a file in the place of the link; tar -xOf %s prints the archived one",
                 b->path);
        return false;
    }
    if (sha256_eq(&file->digest, &t->digest)) {
        what->how = "is as it was: nothing to do";
        return true;
    }
    if (!is_image_of_removal(load, b, t, file))
        return put_back(load, b, t, file, what, into, err);
    what->how = "as it was";
    *into = (struct txn_target){.path = file->path,
                                .before = file->digest,
                                .after = t->digest,
                                .image = t->image,
                                .form = file->keyring.syntax->name};
    return true;
}

static void note_kept(struct load *load, const struct backup *b, struct rollback_plan *p)
{
    struct loaded_file file;
    struct err ignored = {0};
    if (p->kept || !load_named(load, p->files[0].path, b->targets[0].form, &file, &ignored))
        return;
    p->kept = ARENA_ARRAY(load->run, file.keyring.version_count, struct str);
    for (size_t i = 0; i < file.keyring.version_count; i++) {
        bool back = false;
        for (size_t v = 0; v < b->version_count; v++)
            back |= str_eq(b->versions[v], file.keyring.versions[i].name);
        if (!back)
            p->kept[p->kept_count++] = arena_copy(load->run, file.keyring.versions[i].name);
    }
}

bool rollback_make(struct load *load, const struct backup *b, struct rollback_plan *p,
                   struct err *err)
{
    *p = (struct rollback_plan){0};
    p->targets = ARENA_ARRAY(load->run, b->target_count, struct txn_target);
    p->files = ARENA_ARRAY(load->run, b->target_count, struct rollback_file);
    for (size_t i = 0; i < b->target_count; i++) {
        struct txn_target *t = &p->targets[p->target_count];
        if (!roll_one(load, b, &b->targets[i], &p->files[p->file_count++], t, err))
            return false;
        p->target_count += t->path != NULL && !sha256_eq(&t->before, &t->after);
        if (t->path && sha256_eq(&t->before, &t->after))
            *t = (struct txn_target){0};
    }
    if (p->target_count == 0) {
        err_set(err, ERR_STALE, 930, "nothing to put back: every file holds these versions");
        return false;
    }
    note_kept(load, b, p);
    return true;
}
