/*
 * model_name: the way a model is written, and the table it has where nothing else is known.
 *
 * A model is named as the application names it, module and class: "app.models.user:User". Where
 * neither a map nor the source says which table that is, Flask-SQLAlchemy's own rule does.
 *
 *     struct model_name name;
 *     if (model_name_parse(STR("app.models.user:UserProfile"), &name, err) &&
 *         model_name_table(&run, name.class_name, &table, err)) ...      table is user_profile
 *
 * "app.models.user.UserProfile" means the same: without a colon the last part is the class.
 * Ownership: the parts borrow from the text given.
 * Errors: 401 (ERR_USAGE) for a text that names no model, 407 (ERR_NOT_FOUND) for a class name the
 * rule is not known to handle.
 * Source of the rule: flask_sqlalchemy/model.py, camel_to_snake_case.
 */
#ifndef COMMON_MODEL_NAME_H
#define COMMON_MODEL_NAME_H

#include "common/arena.h"
#include "common/err.h"

struct model_name {
    struct str module;     /* "app.models.user" */
    struct str class_name; /* "User", or "Outer.Inner" behind a colon */
};

/* Letters, digits, underscores and bytes above ASCII, no digit first: one part of a dotted name. */
bool model_name_is_identifier(struct str s);
bool model_name_parse(struct str text, struct model_name *out, struct err *err);
/* "pkg.mod:Class" whichever way it was written. */
struct str model_name_text(struct arena *a, struct model_name name);
/* The table of a class by the naming rule; of "Outer.Inner" the last part counts. */
bool model_name_table(struct arena *a, struct str class_name, struct str *table, struct err *err);

#endif
