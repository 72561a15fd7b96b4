/*
 * container_end: the proof that a tar or zip is whole.
 *
 * libarchive takes a missing end for an end, and reads a zip without its central directory. So what
 * begins where libarchive stopped is read here, up to the last byte of the input.
 *
 *     struct member_list seen = {0};
 *     ...for every member: zip_member_add(&seen, &member)...
 *     enum pull p = zip_end(&in, &seen, err);      or tar_end(&in, err); END: whole
 *
 * The intake stands where the end is due, and ends up at its end. Both read only; no member data
 * passes here. Private to formats/stream.
 */
#ifndef FORMATS_STREAM_CONTAINER_END_H
#define FORMATS_STREAM_CONTAINER_END_H

#include "formats/stream/intake.h"

/* The longest record of a central directory, with its three variable parts; fits into an intake. */
enum { ZIP_LOCAL = 30, ZIP_CENTRAL = 46, ZIP_RECORD_MOST = ZIP_CENTRAL + 3 * 65535 };

/*
 * What a member's local header and its central record both say. Two lists with the same count and
 * sum hold the same members, in any order.
 */
struct zip_member {
    uint64_t offset; /* of the local header */
    struct str name;
    unsigned flags;
    unsigned method;
    uint32_t crc; /* in a local header only where the flags do not put it behind the data */
};
struct member_list {
    uint64_t count;
    uint64_t sum; /* of a hash of the above, modulo 2^64 */
};
void zip_member_add(struct member_list *list, const struct zip_member *m);
/* Reads the local header at `at`, its name included; only the offset is left to the caller. */
struct zip_member zip_local_header(const unsigned char *at);

/* Two zero blocks of 512 bytes, then nothing but zero bytes. */
enum pull tar_end(struct intake *in, struct err *err);
/*
 * The central directory, its end record (with that of zip64) and the comment. The directory may
 * begin a little later, where libarchive left the data descriptor of a skipped member; where it
 * begins must be where the end record says.
 */
enum pull zip_end(struct intake *in, const struct member_list *seen, struct err *err);

/* Set the error and give PULL_FAILED. `name` is tar or zip, the others are phrases. */
enum pull container_cut(const struct intake *in, const char *name, const char *where,
                        struct err *err);
enum pull container_damaged(const struct intake *in, const char *name, const char *what,
                            struct err *err);

#endif
