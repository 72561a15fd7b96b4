/* model_find: which class a name means, across modules, imports and re-exports. */
#include "analyzer/model_index.h"
#include "common/text.h"

#include <stdlib.h>

enum {
    FIND_DEPTH = 8,    /* imports followed from one to the next */
    FIND_VISITS = 256, /* modules looked into for one name */
    NEAREST_MAX = 16
};

/* The classes a name may mean; a second, different one makes it ambiguous. */
struct matches {
    struct py_class *first;
    struct py_class *second;
    size_t visits;
};

static void add_match(struct matches *found, struct py_class *c)
{
    if (!found->first)
        found->first = c;
    else if (found->first != c && !found->second)
        found->second = c;
}

struct str dotted_last(struct str dotted)
{
    size_t at = dotted.len;
    while (at > 0 && dotted.at[at - 1] != '.')
        at--;
    return str_slice(dotted, at, dotted.len);
}

/* "a.b.c" -> "a.b"; "a" -> "". */
static struct str without_last(struct str dotted)
{
    size_t last = dotted_last(dotted).len;
    return str_slice(dotted, 0, dotted.len > last ? dotted.len - last - 1 : 0);
}

static struct str join_dotted(struct arena *a, struct str left, struct str right)
{
    if (left.len == 0 || right.len == 0)
        return left.len ? left : right;
    return str_from(arena_printf(a, "%.*s.%.*s", STR_ARG(left), STR_ARG(right)));
}

struct str class_last_name(const struct py_class *c)
{
    return dotted_last(c->name);
}

struct str class_spec(struct model_index *ix, const struct py_class *c)
{
    return model_name_text(ix->arena, (struct model_name){c->module->dotted, c->name});
}

static int by_last_part(const void *left, const void *right)
{
    const struct py_module *a = *(struct py_module *const *)left;
    const struct py_module *b = *(struct py_module *const *)right;
    int order = str_cmp(dotted_last(a->dotted), dotted_last(b->dotted));
    return order ? order : str_cmp(a->path, b->path);
}

void model_sort_modules(struct model_index *ix)
{
    if (ix->module_count)
        qsort(ix->modules, ix->module_count, sizeof(struct py_module *), by_last_part);
}

/* First module whose last part is not before the one wanted. */
static size_t first_with_last_part(const struct model_index *ix, struct str wanted)
{
    size_t low = 0;
    size_t high = ix->module_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (str_cmp(dotted_last(ix->modules[middle]->dotted), wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Bytes of the tail that two dotted names share when one is the tail of the other; else 0. */
static size_t shared_tail(struct str wanted, struct str module)
{
    struct str longer = wanted.len > module.len ? wanted : module;
    struct str shorter = wanted.len > module.len ? module : wanted;
    if (shorter.len == 0 || !str_ends(longer, shorter))
        return 0;
    if (longer.len == shorter.len)
        return SIZE_MAX; /* the very name: nothing shares more */
    return longer.at[longer.len - shorter.len - 1] == '.' ? shorter.len : 0;
}

static void find_in_module(struct model_index *ix, struct py_module *m, struct str dotted,
                           unsigned depth, struct matches *found);

/* In every module that fits the dotted name best. */
static void find_in_modules(struct model_index *ix, struct str module, struct str class_name,
                            unsigned depth, struct matches *found)
{
    struct str last = dotted_last(module);
    size_t from = first_with_last_part(ix, last);
    size_t most = 0;
    size_t to = from;
    if (class_name.len == 0)
        return;
    for (; to < ix->module_count && str_eq(dotted_last(ix->modules[to]->dotted), last); to++) {
        size_t shared = shared_tail(module, ix->modules[to]->dotted);
        most = shared > most ? shared : most;
    }
    for (size_t i = from; most && i < to; i++)
        if (shared_tail(module, ix->modules[i]->dotted) == most)
            find_in_module(ix, ix->modules[i], class_name, depth, found);
}

/* The dotted name of an import's module; leading dots count from the importing package. */
static struct str absolute_module(struct arena *a, const struct py_module *m, struct str text)
{
    size_t dots = 0;
    while (dots < text.len && text.at[dots] == '.')
        dots++;
    if (dots == 0)
        return text;
    struct str package = m->package;
    for (size_t up = 1; up < dots; up++)
        package = without_last(package);
    return join_dotted(a, package, str_slice(text, dots, text.len));
}

static void follow_import(struct model_index *ix, struct py_module *m, const struct py_import *imp,
                          struct str dotted, unsigned depth, struct matches *found)
{
    struct str head;
    struct str tail;
    struct str module = absolute_module(ix->arena, m, imp->module);
    str_cut(dotted, '.', &head, &tail);
    if (imp->local.len == 0) { /* from module import * */
        find_in_modules(ix, module, dotted, depth, found);
    } else if (str_eq(imp->local, head) && imp->name.len == 0) { /* import module */
        find_in_modules(ix, join_dotted(ix->arena, module, without_last(tail)), dotted_last(tail),
                        depth, found);
    } else if (str_eq(imp->local, head)) { /* from module import name */
        find_in_modules(ix, module, join_dotted(ix->arena, imp->name, tail), depth, found);
        if (!found->first && tail.len) { /* the name is a module itself */
            struct str inner = join_dotted(ix->arena, module, imp->name);
            find_in_modules(ix, join_dotted(ix->arena, inner, without_last(tail)),
                            dotted_last(tail), depth, found);
        }
    }
}

static void find_in_module(struct model_index *ix, struct py_module *m, struct str dotted,
                           unsigned depth, struct matches *found)
{
    if (found->visits++ >= FIND_VISITS || depth >= FIND_DEPTH)
        return;
    bool here = false;
    for (struct py_class *c = m->classes; c; c = c->next)
        if (str_eq(c->name, dotted)) {
            add_match(found, c);
            here = true;
        }
    for (size_t i = 0; !here && i < m->import_count; i++)
        follow_import(ix, m, &m->imports[i], dotted, depth + 1, found);
}

struct py_class *model_find_class(struct model_index *ix, struct model_name name, struct err *err)
{
    struct matches found = {0};
    find_in_modules(ix, name.module, name.class_name, 0, &found);
    if (!found.second)
        return found.first;
    struct arena scratch = {0};
    const struct py_class *a = found.first;
    const struct py_class *b = found.second;
    err_set(err, ERR_USAGE, 404, "the model %s is found twice",
            text_shown(&scratch, model_name_text(&scratch, name)));
    err_place(err, "%s:%u and %s:%u", text_shown(&scratch, a->module->path), (unsigned)a->line,
              text_shown(&scratch, b->module->path), (unsigned)b->line);
    err_hint(err, "write more of the module's name, give a narrower --source, or name its table "
                  "with --map");
    arena_free(&scratch);
    return NULL;
}

/* Of names that are equally near the one in the module asked for is the likelier. */
static void same_module_first(struct str module, struct str *specs, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct str before;
        struct str after;
        str_cut(specs[i], ':', &before, &after);
        if (!str_eq(before, module))
            continue;
        struct str moved = specs[i];
        for (size_t k = i; k > 0; k--)
            specs[k] = specs[k - 1];
        specs[0] = moved;
    }
}

size_t model_nearest(struct model_index *ix, struct model_name name, struct str *best, size_t most)
{
    size_t total = 0;
    for (size_t i = 0; i < ix->module_count; i++)
        total += ix->modules[i]->class_count;
    struct arena scratch = {0};
    struct str *names = ARENA_ARRAY(&scratch, total, struct str);
    const struct py_class **classes = ARENA_ARRAY(&scratch, total, const struct py_class *);
    size_t count = 0;
    for (size_t i = 0; i < ix->module_count; i++)
        for (const struct py_class *c = ix->modules[i]->classes; c; c = c->next) {
            classes[count] = c;
            names[count++] = class_last_name(c);
        }
    struct str close[NEAREST_MAX];
    size_t found = text_nearest(dotted_last(name.class_name), names, count, close,
                                most < NEAREST_MAX ? most : NEAREST_MAX);
    for (size_t f = 0; f < found; f++)
        for (size_t i = 0; i < count; i++)
            if (names[i].at == close[f].at)
                best[f] = class_spec(ix, classes[i]);
    same_module_first(name.module, best, found);
    arena_free(&scratch);
    return found;
}

/* A class of the same file, defined before this one: the last such definition is the one in force.
 */
static struct py_class *earlier_in_file(const struct py_class *of, struct str name)
{
    struct py_class *found = NULL;
    for (struct py_class *c = of->module->classes; c && c != of; c = c->next)
        if (str_eq(c->name, name))
            found = c;
    return found;
}

static struct py_class *base_class(struct model_index *ix, const struct py_class *of,
                                   struct py_base *base)
{
    if (base->looked_up || base->text.len == 0)
        return base->found;
    base->looked_up = true;
    base->found = earlier_in_file(of, base->text);
    if (base->found)
        return base->found;
    struct matches matches = {0};
    for (size_t i = 0; i < of->module->import_count; i++)
        follow_import(ix, of->module, &of->module->imports[i], base->text, 1, &matches);
    if (matches.second)
        model_add_note(ix, of->module->path, of->line,
                       arena_printf(ix->arena, "the base class %.*s of %.*s is found twice",
                                    STR_ARG(base->text), STR_ARG(of->name)));
    else if (matches.first != of)
        base->found = matches.first;
    return base->found;
}

/* Where the depth-first walk of class_lineage stands in one class. */
struct visit {
    struct py_class *class_;
    size_t bases_left;
};

static bool is_seen(struct py_class *const *seen, size_t count, const struct py_class *c)
{
    for (size_t i = 0; i < count; i++)
        if (seen[i] == c)
            return true;
    return false;
}

/*
 * Reverse postorder with the bases taken from the right: every class stands before its bases and
 * the left ones before the right, which is Python's order (C3) wherever both are possible.
 */
void class_lineage(struct model_index *ix, struct py_class *c, struct lineage *out)
{
    struct py_class *seen[MODEL_ANCESTORS_MAX];
    struct visit stack[MODEL_ANCESTORS_MAX];
    struct py_class *done[MODEL_ANCESTORS_MAX];
    size_t seen_count = 0;
    size_t depth = 0;
    size_t done_count = 0;
    out->cut = false;
    seen[seen_count++] = c;
    stack[depth++] = (struct visit){c, c->base_count};
    while (depth > 0) {
        struct visit *at = &stack[depth - 1];
        if (at->bases_left == 0) {
            done[done_count++] = at->class_;
            depth--;
            continue;
        }
        struct py_class *base = base_class(ix, at->class_, &at->class_->bases[--at->bases_left]);
        if (!base || is_seen(seen, seen_count, base))
            continue;
        if (seen_count == MODEL_ANCESTORS_MAX) {
            out->cut = true;
            continue;
        }
        seen[seen_count++] = base;
        stack[depth++] = (struct visit){base, base->base_count};
    }
    out->count = done_count;
    for (size_t i = 0; i < done_count; i++)
        out->of[i] = done[done_count - 1 - i];
}
