/* stream: the kinds by their first bytes, and the decoder for each. */
#include "formats/stream/stream.h"

#define MIB UINT64_C(1048576)

struct stream_limits stream_limits_default(void)
{
    return (struct stream_limits){.max_window = 128 * MIB};
}

const char *stream_name(enum stream_kind kind)
{
    switch (kind) {
    case STREAM_GZIP:
        return "gzip";
    case STREAM_ZSTD:
        return "zstd";
    case STREAM_LZ4:
        return "lz4";
    case STREAM_XZ:
        return "xz";
    case STREAM_BZIP2:
        return "bzip2";
    case STREAM_UTF16LE:
        return "utf16le";
    case STREAM_UTF16BE:
        return "utf16be";
    case STREAM_TAR:
        return "tar";
    case STREAM_ZIP:
        return "zip";
    case STREAM_NONE:
        break;
    }
    return "none";
}

bool stream_is_compression(enum stream_kind kind)
{
    return kind >= STREAM_GZIP && kind <= STREAM_UTF16BE;
}

struct source *stream_source(enum stream_kind kind, struct source *below,
                             const struct stream_limits *limits, struct err *err)
{
    struct source *s = NULL;
    switch (kind) {
    case STREAM_GZIP:
        s = inflate_source(below, limits, err);
        break;
    case STREAM_ZSTD:
        s = zstd_source(below, limits, err);
        break;
    case STREAM_LZ4:
        s = lz4_source(below, limits, err);
        break;
    case STREAM_XZ:
        s = xz_source(below, limits, err);
        break;
    case STREAM_BZIP2:
        s = bzip2_source(below, limits, err);
        break;
    case STREAM_UTF16LE:
    case STREAM_UTF16BE:
        s = utf16_source(below, kind, err);
        break;
    case STREAM_TAR:
    case STREAM_ZIP:
    case STREAM_NONE:
        err_set(err, ERR_INTERNAL, 205, "no decoder for %s", stream_name(kind));
        source_close(below);
        break;
    }
    return bounded_source(s, limits->budget, err);
}

static bool skippable(struct str head)
{
    return head.len >= 8 && (head.at[0] & 0xf0) == 0x50 && head.at[1] == 0x2a &&
           head.at[2] == 0x4d && head.at[3] == 0x18;
}

static bool is_zstd(struct str head)
{
    return str_starts(head, STR("\x28\xb5\x2f\xfd"));
}

static bool is_lz4(struct str head)
{
    return str_starts(head, STR("\x04\x22\x4d\x18"));
}

/*
 * zstd and lz4 share their skippable frames. The first frame of data decides, and when it lies
 * beyond the head: zstd, because its parallel compressors begin with such a frame and lz4's do not.
 */
static enum stream_kind after_skippable(struct str head)
{
    while (skippable(head)) {
        uint32_t len = (uint32_t)head.at[4] | (uint32_t)head.at[5] << 8 |
                       (uint32_t)head.at[6] << 16 | (uint32_t)head.at[7] << 24;
        size_t frame = 8 + (size_t)len;
        if (frame >= head.len)
            return STREAM_ZSTD;
        head = str_slice(head, frame, head.len);
    }
    if (is_lz4(head))
        return STREAM_LZ4;
    return is_zstd(head) || head.len < 4 ? STREAM_ZSTD : STREAM_NONE;
}

/* BZh, the block size, then the magic of a block (pi) or of the end (root of pi). */
static bool is_bzip2(struct str head)
{
    if (head.len < 10 || !str_starts(head, STR("BZh")) || head.at[3] < '1' || head.at[3] > '9')
        return false;
    struct str magic = str_slice(head, 4, 10);
    return str_eq(magic, STR("\x31\x41\x59\x26\x53\x59")) ||
           str_eq(magic, STR("\x17\x72\x45\x38\x50\x90"));
}

/* Local header, end of an empty archive, and the two marks of one that was or could be split. */
static bool is_zip(struct str head)
{
    return str_starts(head, STR("PK\x03\x04")) || str_starts(head, STR("PK\x05\x06")) ||
           str_starts(head, STR("PK\x07\x08")) || str_starts(head, STR("PK00PK\x03\x04"));
}

enum { TAR_BLOCK = 512, TAR_CHECKSUM = 148, TAR_MAGIC = 257 };

/* Octal digits between optional spaces and a space or NUL, as every tar writes its numbers. */
static bool tar_octal(struct str field, uint32_t *value)
{
    size_t i = 0;
    while (i < field.len && field.at[i] == ' ')
        i++;
    size_t first = i;
    for (*value = 0; i < field.len && field.at[i] >= '0' && field.at[i] <= '7'; i++)
        *value = *value * 8 + (uint32_t)(field.at[i] - '0');
    return i > first && (i == field.len || field.at[i] == ' ' || field.at[i] == 0);
}

/*
 * The checksum is the sum of the header's bytes with its own field as spaces; old tars added signed
 * bytes. A v7 header has no magic, so its name and mode must look like a name and a mode too.
 */
static bool is_tar(struct str head)
{
    if (head.len < TAR_BLOCK)
        return false;
    uint32_t stated = 0;
    if (!tar_octal(str_slice(head, TAR_CHECKSUM, TAR_CHECKSUM + 8), &stated))
        return false;
    uint32_t plain = 0;
    int32_t with_sign = 0;
    for (size_t i = 0; i < TAR_BLOCK; i++) {
        bool own = i >= TAR_CHECKSUM && i < TAR_CHECKSUM + 8;
        unsigned char c = own ? ' ' : head.at[i];
        plain += c;
        with_sign += c < 128 ? c : c - 256;
    }
    if (stated != plain && (int64_t)stated != with_sign)
        return false;
    if (str_eq(str_slice(head, TAR_MAGIC, TAR_MAGIC + 5), STR("ustar")))
        return true;
    uint32_t mode = 0;
    return head.at[0] > ' ' && tar_octal(str_slice(head, 100, 108), &mode) && head.at[99] == 0;
}

enum { UTF16_LOOK = 16 };

/*
 * Text in UTF-16: by its mark (which one in UTF-32 begins with too), or evident without one: ASCII
 * in every other byte of the start, and NUL between. A pg_dump archive that a redirection rewrote
 * as UTF-16 is no text any more; who looks at its first bytes will name it.
 */
static enum stream_kind utf16_kind(struct str head)
{
    if (str_starts(head, STR("\xff\xfe")))
        return str_starts(head, STR("\xff\xfe\0\0")) ||
                       str_starts(head, STR("\xff\xfeP\0G\0D\0M\0P\0"))
                   ? STREAM_NONE
                   : STREAM_UTF16LE;
    if (str_starts(head, STR("\xfe\xff")))
        return str_starts(head, STR("\xfe\xff\0P\0G\0D\0M\0P")) ? STREAM_NONE : STREAM_UTF16BE;
    size_t n = head.len < UTF16_LOOK ? head.len & ~(size_t)1 : UTF16_LOOK;
    size_t ascii[2] = {0, 0};
    size_t zeros[2] = {0, 0};
    for (size_t i = 0; i < n; i++) {
        unsigned char c = head.at[i];
        zeros[i % 2] += c == 0;
        ascii[i % 2] += (c >= ' ' && c < 0x7f) || ascii_space(c);
    }
    if (n < 4)
        return STREAM_NONE;
    if (ascii[0] == n / 2 && zeros[1] == n / 2)
        return STREAM_UTF16LE;
    return ascii[1] == n / 2 && zeros[0] == n / 2 ? STREAM_UTF16BE : STREAM_NONE;
}

/* A file of a few bytes that ends inside the signature of a compressed stream: it was cut off. */
static enum stream_kind begun(struct str head)
{
    static const struct {
        struct str signature;
        enum stream_kind kind;
    } starts[] = {
        {{(const unsigned char *)"\x1f\x8b\x08", 3}, STREAM_GZIP},
        {{(const unsigned char *)"\x28\xb5\x2f\xfd", 4}, STREAM_ZSTD},
        {{(const unsigned char *)"\x04\x22\x4d\x18", 4}, STREAM_LZ4},
        {{(const unsigned char *)"\xfd"
                                 "7zXZ\0",
          6},
         STREAM_XZ},
        {{(const unsigned char *)"BZh", 3}, STREAM_BZIP2},
        {{(const unsigned char *)"PK\x03\x04", 4}, STREAM_ZIP},
    };
    for (size_t i = 0; head.len > 0 && i < sizeof starts / sizeof starts[0]; i++)
        if (str_starts(starts[i].signature, head))
            return starts[i].kind;
    bool bzip2 = head.len > 3 && head.len < 10 && str_starts(head, STR("BZh")) &&
                 head.at[3] >= '1' && head.at[3] <= '9';
    struct str magic = str_slice(head, 4, head.len);
    return bzip2 && (str_starts(STR("\x31\x41\x59\x26\x53\x59"), magic) ||
                     str_starts(STR("\x17\x72\x45\x38\x50\x90"), magic))
               ? STREAM_BZIP2
               : STREAM_NONE;
}

enum stream_kind stream_sniff(struct str head)
{
    enum stream_kind cut = begun(head);
    if (cut != STREAM_NONE)
        return cut;
    if (str_starts(head, STR("\x1f\x8b\x08")))
        return STREAM_GZIP;
    if (is_zstd(head))
        return STREAM_ZSTD;
    if (is_lz4(head))
        return STREAM_LZ4;
    if (skippable(head))
        return after_skippable(head);
    if (str_starts(head, STR("\xfd"
                             "7zXZ\0")))
        return STREAM_XZ;
    if (is_bzip2(head))
        return STREAM_BZIP2;
    if (is_zip(head))
        return STREAM_ZIP;
    return is_tar(head) ? STREAM_TAR : utf16_kind(head);
}
