/*
 * mysql_parts: what the files that read scripts of MySQL and MariaDB share. Not for others: they
 * include sql.h. Events, queue and names are those of sql_parts.h; only the statements differ.
 *
 * mysql.c          which statement it is; USE, SET, DELIMITER
 * mysql_table.c    CREATE and ALTER TABLE, views
 * mysql_insert.c   INSERT and REPLACE
 * mysql_comment.c  what comments tell: header, trailer, database, WHERE
 *
 * Databases are what PostgreSQL calls databases; there are no schemas: the schema is always ''.
 * Source: mysqldump.c of MariaDB 10.11 and MySQL 8.0; sql_yacc.yy; mysql.cc.
 */
#ifndef FORMATS_DUMP_MYSQL_PARTS_H
#define FORMATS_DUMP_MYSQL_PARTS_H

#include "formats/dump/sql_parts.h"

/*
 * The name of a table of the present database. One of another database: *name is empty. The first
 * name that tells its database tells the present one.
 */
bool mysql_table_name(struct sql_reader *r, struct str *name, struct err *err);

/* The present token is the statement's first word. */
bool mysql_create(struct sql_reader *r, struct err *err);
bool mysql_alter(struct sql_reader *r, struct err *err);
bool mysql_insert(struct sql_reader *r, struct err *err);

#endif
