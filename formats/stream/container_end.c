/* container_end: end-of-archive blocks of tar, central directory of zip (APPNOTE.TXT 4.3). */
#include "formats/stream/container_end.h"
#include "common/hash.h"

#include <inttypes.h>

enum { TAR_END = 1024 /* two zero blocks of 512 */ };

/* Signatures of the zip records, and the lengths of their fixed parts */
#define ZIP_SIG_CENTRAL UINT32_C(0x02014b50)
#define ZIP_SIG_END     UINT32_C(0x06054b50)
#define ZIP_SIG_END64   UINT32_C(0x06064b50)
#define ZIP_SIG_LOCATOR UINT32_C(0x07064b50)
#define ZIP_NONE32      UINT32_C(0xffffffff) /* the value stands in the zip64 fields */
enum {
    ZIP_END = 22,
    ZIP_END64 = 56,
    ZIP_END64_BEFORE_SIZE = 12, /* signature and size, which its size does not count */
    ZIP_LOCATOR = 20,
    ZIP_EXTRA_ZIP64 = 1,
    ZIP_NONE16 = 0xffff,
    ZIP_ENCRYPTED = 1 << 0, /* flags */
    ZIP_DESCRIPTOR = 1 << 3 /* checksum and lengths stand behind the data */
};

/* What the end records say of the directory. */
struct directory {
    uint64_t count;
    uint64_t size;
    uint64_t offset;
};

enum pull container_cut(const struct intake *in, const char *name, const char *where,
                        struct err *err)
{
    err_set(err, ERR_INCOMPLETE, 210, "the %s archive is cut off after byte %" PRIu64 ", %s", name,
            in->read, where);
    err_hint(err, "copy the file again, or pack it again; compare its size with the original's");
    return PULL_FAILED;
}

enum pull container_damaged(const struct intake *in, const char *name, const char *what,
                            struct err *err)
{
    err_set(err, ERR_CORRUPT, 211, "the %s archive is damaged near byte %" PRIu64 ": %s", name,
            intake_position(in), what);
    err_hint(err, "copy the file again, or pack it again");
    return PULL_FAILED;
}

static enum pull container_trailing(const struct intake *in, const char *name, struct err *err)
{
    err_set(err, ERR_CORRUPT, 212,
            "other bytes follow the end of the %s archive, from byte %" PRIu64, name,
            intake_position(in));
    err_hint(err, "if it is a second archive, give each by itself");
    return PULL_FAILED;
}

enum pull tar_end(struct intake *in, struct err *err)
{
    uint64_t zeros = 0;
    enum pull p;
    while ((p = intake_want(in, 1, err)) == PULL_OK) {
        size_t n = 0;
        while (n < in->left && in->at[n] == 0)
            n++;
        zeros += n;
        intake_use(in, n);
        if (in->left > 0 && zeros < TAR_END)
            return container_damaged(in, "tar",
                                     "an end mark is due and something else stands there", err);
        if (in->left > 0)
            return container_trailing(in, "tar", err);
    }
    if (p == PULL_END && zeros < TAR_END)
        return container_cut(in, "tar", "before its end mark", err);
    return p;
}

/*
 * Of the flags only those that change how the data is read. They are compared because libarchive
 * believes the local header: without its descriptor flag a streamed member would look empty.
 */
void zip_member_add(struct member_list *list, const struct zip_member *m)
{
    unsigned flags = m->flags & (ZIP_ENCRYPTED | ZIP_DESCRIPTOR);
    uint32_t crc = flags & ZIP_DESCRIPTOR ? 0 : m->crc;
    uint64_t facts[] = {m->offset, flags, m->method, crc};
    list->count++;
    list->sum += hash_xxh3_64(m->name, hash_xxh3_64(str_make(facts, sizeof facts), 0));
}

struct zip_member zip_local_header(const unsigned char *at)
{
    return (struct zip_member){.flags = (unsigned)little_endian(at + 6, 2),
                               .method = (unsigned)little_endian(at + 8, 2),
                               .crc = (uint32_t)little_endian(at + 14, 4),
                               .name = str_make(at + ZIP_LOCAL, (size_t)little_endian(at + 26, 2))};
}

/* OK: n bytes are there; anything else is the answer of zip_end. */
static enum pull zip_want(struct intake *in, size_t n, struct err *err)
{
    enum pull p = intake_want(in, n, err);
    return p == PULL_END ? container_cut(in, "zip", "in its central directory", err) : p;
}

static enum pull zip_wrong(const struct intake *in, const char *what, struct err *err)
{
    return container_damaged(in, "zip", what, err);
}

static bool is_directory(const unsigned char *at)
{
    uint32_t sig = (uint32_t)little_endian(at, 4);
    return sig == ZIP_SIG_CENTRAL || sig == ZIP_SIG_END || sig == ZIP_SIG_END64;
}

/* libarchive found a signature of these, and stands there or, after a skipped member, before it. */
static enum pull find_directory(struct intake *in, struct err *err)
{
    enum pull p;
    while ((p = zip_want(in, 4, err)) == PULL_OK && !is_directory(in->at))
        intake_use(in, 1);
    return p;
}

/* The member's place of a central record; its zip64 field holds only what overflowed, in order. */
static bool central_offset(const unsigned char *at, uint64_t *offset)
{
    *offset = little_endian(at + 42, 4);
    if (*offset != ZIP_NONE32)
        return true;
    size_t before = (little_endian(at + 24, 4) == ZIP_NONE32 ? 8U : 0U) +
                    (little_endian(at + 20, 4) == ZIP_NONE32 ? 8U : 0U);
    struct str extra =
        str_make(at + ZIP_CENTRAL + little_endian(at + 28, 2), (size_t)little_endian(at + 30, 2));
    while (extra.len >= 4) {
        size_t len = (size_t)little_endian(extra.at + 2, 2);
        if (little_endian(extra.at, 2) == ZIP_EXTRA_ZIP64 && extra.len - 4 >= len &&
            len >= before + 8) {
            *offset = little_endian(extra.at + 4 + before, 8);
            return true;
        }
        extra = str_slice(extra, 4 + len, extra.len);
    }
    return false;
}

/* Reads central records as long as they follow each other. */
static enum pull read_directory(struct intake *in, struct member_list *listed, struct err *err)
{
    for (;;) {
        enum pull p = zip_want(in, 4, err);
        if (p != PULL_OK || little_endian(in->at, 4) != ZIP_SIG_CENTRAL)
            return p;
        p = zip_want(in, ZIP_CENTRAL, err);
        if (p != PULL_OK)
            return p;
        size_t name = (size_t)little_endian(in->at + 28, 2);
        size_t len = ZIP_CENTRAL + name + (size_t)little_endian(in->at + 30, 2) +
                     (size_t)little_endian(in->at + 32, 2);
        p = zip_want(in, len, err);
        if (p != PULL_OK)
            return p;
        struct zip_member m = {.flags = (unsigned)little_endian(in->at + 8, 2),
                               .method = (unsigned)little_endian(in->at + 10, 2),
                               .crc = (uint32_t)little_endian(in->at + 16, 4),
                               .name = str_make(in->at + ZIP_CENTRAL, name)};
        if (!central_offset(in->at, &m.offset))
            return zip_wrong(in, "a member's place is missing in the central directory", err);
        zip_member_add(listed, &m);
        intake_use(in, len);
    }
}

/* The zip64 end record and its locator, where they are; `found` says so. */
static enum pull read_end64(struct intake *in, struct directory *says, bool *found, struct err *err)
{
    *found = false;
    enum pull p = zip_want(in, 4, err);
    if (p != PULL_OK || little_endian(in->at, 4) != ZIP_SIG_END64)
        return p;
    uint64_t place = intake_position(in);
    p = zip_want(in, ZIP_END64, err);
    if (p != PULL_OK)
        return p;
    uint64_t size = little_endian(in->at + 4, 8);
    if (size < ZIP_END64 - ZIP_END64_BEFORE_SIZE || size > ZIP_RECORD_MOST)
        return zip_wrong(in, "a zip64 end record of impossible length", err);
    if (little_endian(in->at + 16, 4) != 0 || little_endian(in->at + 20, 4) != 0 ||
        little_endian(in->at + 24, 8) != little_endian(in->at + 32, 8))
        return zip_wrong(in, "it is one part of several", err);
    *says = (struct directory){little_endian(in->at + 32, 8), little_endian(in->at + 40, 8),
                               little_endian(in->at + 48, 8)};
    size_t len = (size_t)size + ZIP_END64_BEFORE_SIZE;
    p = zip_want(in, len, err);
    if (p != PULL_OK)
        return p;
    intake_use(in, len);
    p = zip_want(in, ZIP_LOCATOR, err);
    if (p != PULL_OK)
        return p;
    if (little_endian(in->at, 4) != ZIP_SIG_LOCATOR || little_endian(in->at + 8, 8) != place)
        return zip_wrong(in, "its zip64 locator is wrong", err);
    intake_use(in, ZIP_LOCATOR);
    *found = true;
    return PULL_OK;
}

/* A field of the end record says what zip64 says, or that zip64 says it. */
static bool agrees(uint64_t field, uint64_t none, uint64_t wide)
{
    return field == none || field == wide;
}

static enum pull read_end(struct intake *in, struct directory *says, bool zip64, struct err *err)
{
    enum pull p = zip_want(in, ZIP_END, err);
    if (p != PULL_OK)
        return p;
    if (little_endian(in->at, 4) != ZIP_SIG_END)
        return zip_wrong(in, "its end record is missing", err);
    struct directory own = {little_endian(in->at + 10, 2), little_endian(in->at + 12, 4),
                            little_endian(in->at + 16, 4)};
    uint64_t disks = little_endian(in->at + 4, 4);
    if ((disks != 0 && !(zip64 && disks == ZIP_NONE32)) ||
        little_endian(in->at + 8, 2) != own.count)
        return zip_wrong(in, "it is one part of several", err);
    if (zip64 &&
        !(agrees(own.count, ZIP_NONE16, says->count) && agrees(own.size, ZIP_NONE32, says->size) &&
          agrees(own.offset, ZIP_NONE32, says->offset)))
        return zip_wrong(in, "its two end records do not agree", err);
    if (!zip64)
        *says = own;
    size_t comment = (size_t)little_endian(in->at + 20, 2);
    p = zip_want(in, ZIP_END + comment, err);
    if (p == PULL_OK)
        intake_use(in, ZIP_END + comment);
    return p;
}

enum pull zip_end(struct intake *in, const struct member_list *seen, struct err *err)
{
    struct member_list listed = {0};
    struct directory says = {0};
    bool zip64 = false;
    enum pull p = find_directory(in, err);
    uint64_t start = intake_position(in);
    if (p == PULL_OK)
        p = read_directory(in, &listed, err);
    uint64_t size = intake_position(in) - start;
    if (p == PULL_OK)
        p = read_end64(in, &says, &zip64, err);
    if (p == PULL_OK)
        p = read_end(in, &says, zip64, err);
    if (p != PULL_OK)
        return p;
    if (says.count != listed.count || says.size != size || says.offset != start)
        return zip_wrong(in, "its end record does not fit its central directory", err);
    if (listed.count != seen->count || listed.sum != seen->sum)
        return zip_wrong(in, "its central directory lists other members than were found", err);
    p = intake_want(in, 1, err);
    return p == PULL_OK ? container_trailing(in, "zip", err) : p;
}
