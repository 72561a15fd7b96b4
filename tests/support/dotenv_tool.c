/*
 * dotenv_tool: the keyring on standard input and output, so that python-dotenv, Flask and others
 * can be asked the same (tests/e2e/dotenv_property.t, flask_property.t).
 *
 *     syntax FORM LF                     of all that follows; python-dotenv until then
 *     parse N LF, N bytes                the bindings
 *     load N LF, N bytes                 versions and active version
 *     remove V1,V2 N LF, N bytes         the edited file and its masked diff
 *     insert V1,V2 N M LF, N + M bytes   the same, out of an archived file
 *
 * One line of JSON for each request; bytes are hex.
 */
#include "common/text.h"
#include "formats/keyring/key_list.h"

#include <stdio.h>

static const struct keyring_syntax *syntax = &keyring_dotenv;

enum { VERSIONS_MAX = 64, REQUEST_MAX = 8 * 1024 * 1024 };

static void put_hex(struct buf *out, struct str s)
{
    buf_byte(out, '"');
    for (size_t i = 0; i < s.len; i++)
        buf_printf(out, "%02x", s.at[i]);
    buf_byte(out, '"');
}

static void put_error(struct buf *out, const struct err *err)
{
    buf_printf(out, "{\"exit\":%d,\"id\":%d,\"text\":", err->kind, err->id);
    text_json(out, str_from(err->text));
    buf_text(out, ",\"place\":");
    text_json(out, str_from(err->place));
    buf_text(out, ",\"hint\":");
    text_json(out, str_from(err->hint));
    buf_text(out, "}");
}

static void put_binding(struct buf *out, const struct binding *b)
{
    static const char *const kinds[] = {"entry", "comment", "skipped", "code"};
    buf_printf(out, "{\"kind\":\"%s\",\"key\":", kinds[b->kind]);
    put_hex(out, b->key);
    buf_text(out, ",\"value\":");
    if (b->has_value)
        put_hex(out, b->value);
    else
        buf_text(out, "null");
    buf_printf(out, ",\"start\":%zu,\"end\":%zu,\"line\":%zu,\"lines\":%zu,\"environment\":%s",
               b->entry.start, b->entry.end, b->line, b->lines,
               b->from_environment ? "true" : "false");
    buf_text(out, ",\"refs\":[");
    for (size_t i = 0; i < b->ref_count; i++) {
        buf_text(out, i ? "," : "");
        put_hex(out, b->refs[i]);
    }
    buf_text(out, "]}");
}

static bool answer_parse(struct arena *a, struct str content, struct buf *out, struct err *err)
{
    struct bindings all = {0};
    if (!syntax->load(a, content, &all, err))
        return false;
    buf_text(out, "{\"bindings\":[");
    for (size_t i = 0; i < all.count; i++) {
        buf_text(out, i ? "," : "");
        put_binding(out, &all.items[i]);
    }
    buf_text(out, "]}");
    return true;
}

static void put_keyring(struct buf *out, const struct keyring *kr)
{
    buf_text(out, "{\"active\":");
    text_json(out, kr->versions[kr->active].name);
    buf_printf(out, ",\"checksum\":%s,\"versions\":[", kr->checksums[0] ? "true" : "false");
    for (size_t i = 0; i < kr->version_count; i++) {
        buf_text(out, i ? "," : "");
        text_json(out, kr->versions[i].name);
    }
    buf_text(out, "]}");
}

static void put_edit(struct buf *out, const struct keyring_edit *edit)
{
    struct buf shown = {.arena = out->arena};
    keyring_edit_show(&shown, edit);
    buf_text(out, "{\"after\":");
    put_hex(out, edit->after);
    buf_text(out, ",\"show\":");
    text_json(out, buf_str(&shown));
    buf_text(out, "}");
}

static bool answer(struct arena *a, struct str command, struct str versions, struct str content,
                   struct str archived, struct buf *out, struct err *err)
{
    struct str names[VERSIONS_MAX];
    struct str name;
    struct keyring kr;
    struct keyring_edit edit;
    size_t count = 0;
    if (str_eq(command, STR("parse")))
        return answer_parse(a, content, out, err);
    if (!keyring_load(a, syntax, "file", content, &kr, err))
        return false;
    if (str_eq(command, STR("load"))) {
        put_keyring(out, &kr);
        return true;
    }
    while (versions.len && count < VERSIONS_MAX) {
        str_cut(versions, ',', &name, &versions);
        names[count++] = name;
    }
    bool done = str_eq(command, STR("insert"))
                    ? keyring_insert(a, &kr, archived, names, count, &edit, err)
                    : keyring_remove(a, &kr, names, count, &edit, err);
    if (done)
        put_edit(out, &edit);
    return done;
}

static struct str read_bytes(struct arena *a, size_t n)
{
    void *at = arena_alloc(a, n);
    return str_make(at, fread(at, 1, n, stdin));
}

int main(void)
{
    char line[4096];
    char form[256];
    struct arena forms = {0};
    while (fgets(line, sizeof line, stdin)) {
        struct arena a = {.wipe = true};
        struct buf out = {.arena = &a};
        struct err err = {0};
        char command[16] = "";
        char versions[2048] = "";
        size_t n = 0;
        size_t m = 0;
        if (sscanf(line, "syntax %255s", form) == 1) {
            syntax = keyring_form(&forms, arena_copy(&forms, str_from(form)));
            if (!syntax)
                return 2;
            continue;
        }
        if (sscanf(line, "insert %2047s %zu %zu", versions, &n, &m) == 3)
            (void)snprintf(command, sizeof command, "insert");
        else if (sscanf(line, "remove %2047s %zu", versions, &n) == 2)
            (void)snprintf(command, sizeof command, "remove");
        else if (sscanf(line, "%15s %zu", command, &n) != 2)
            return 2;
        if (n > REQUEST_MAX || m > REQUEST_MAX)
            return 2;
        struct str content = read_bytes(&a, n);
        struct str archived = read_bytes(&a, m);
        if (!answer(&a, str_from(command), str_from(versions), content, archived, &out, &err)) {
            out.len = 0;
            put_error(&out, &err);
        }
        buf_byte(&out, '\n');
        (void)fwrite(out.at, 1, out.len, stdout);
        (void)fflush(stdout);
        arena_free(&a);
    }
    arena_free(&forms);
    return 0;
}
