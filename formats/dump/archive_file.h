/*
 * archive_file: what the files of an archive in directory or tar format are, by their names.
 *
 * pg_dump writes toc.dat, NNNN.dat for each table with data, blob_OID.dat and a list of these, and
 * in a tar restore.sql. A suffix says how a file is compressed. Only beside a toc.dat do the names
 * mean this.
 *
 *     struct archive_file f = archive_file_named(STR("4012.dat.gz"));
 *     f.role == ARCHIVE_ROLE_DATA, f.packing == STREAM_GZIP, f.name is "4012.dat"
 *
 * Source: pg_backup_directory.c, _ArchiveEntry, _StartLO, _LoadLOs; pg_backup_tar.c, the same and
 * _CloseArchive.
 */
#ifndef FORMATS_DUMP_ARCHIVE_FILE_H
#define FORMATS_DUMP_ARCHIVE_FILE_H

#include "formats/stream/stream.h"

enum archive_role {
    ARCHIVE_ROLE_NONE,
    ARCHIVE_ROLE_TOC,
    ARCHIVE_ROLE_DATA,        /* of one table */
    ARCHIVE_ROLE_OBJECT,      /* one large object */
    ARCHIVE_ROLE_OBJECT_LIST, /* "OID FILE" a line */
    ARCHIVE_ROLE_SCRIPT       /* a copy of the table of contents for people; brings no rows */
};

struct archive_file {
    enum archive_role role;
    enum stream_kind packing; /* STREAM_NONE, or by its suffix */
    struct str name;          /* without that suffix, as the table of contents has it */
};

struct archive_file archive_file_named(struct str name);
/* A line of the list. False: it is none. */
bool archive_object_line(struct str line, struct str *file);
/* The number of a large object in the name of its file. */
bool archive_object_number(struct str name, uint64_t *oid);
/* The entry's number in the name of a list; false: it has none (blobs.toc). */
bool archive_list_number(struct str name, uint64_t *id);
/* Is this the restore.sql of pg_dump, by its first bytes? */
bool archive_script_begins(struct str head);

#endif
