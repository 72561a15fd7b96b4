#!/bin/sh
# check-layers: common <- formats <- analyzer | applier; a third-party header in one file only, never
# in a header of ours; analyzer and applier never meet.
cd "$(dirname "$0")/../.." || exit 1
bad=0
say() {
    echo "check-layers: $*" >&2
    bad=1
}
forbid() { # folder, what it must not include
    found=$(grep -rnE "#include \"($2)/" "$1" --include='*.[ch]')
    [ -z "$found" ] || say "$1 includes above its layer:
$found"
}
forbid common 'formats|analyzer|applier|tests'
forbid formats 'analyzer|applier|tests'
forbid analyzer 'applier|tests'
forbid applier 'analyzer|tests'

# Ours is rooted and quoted; <...> is the C library, the kernel, or a library named below.
libraries='sqlite3|zlib|isa-l|isa-l/[a-z_0-9]+|zstd|lz4frame|bzlib|lzma|archive|archive_entry|xxhash|openssl/[a-z]+|curl/curl|jansson|yaml'
in_headers=$(grep -rnE "#include <($libraries)\.h>" common formats analyzer applier --include='*.h')
[ -z "$in_headers" ] || say "a library's header inside a header of ours:
$in_headers"
allowed() { # library header pattern, files that may include it
    pattern=$1
    shift
    found=$(grep -rlE "#include <($pattern)\.h>" common formats analyzer applier --include='*.c')
    for file in $found; do
        case " $* " in
        *" $file "*) ;;
        *) say "$file includes <$pattern.h>; it belongs in: $*" ;;
        esac
    done
}
allowed sqlite3 common/db.c
allowed 'xxhash' common/hash.c
allowed 'openssl/[a-z]+' common/crypto.c
allowed zlib formats/stream/inflate_zlib.c
allowed 'isa-l|isa-l/[a-z_0-9]+' formats/stream/inflate_isal.c
allowed zstd formats/stream/zstd.c
allowed lz4frame formats/stream/lz4.c
allowed bzlib formats/stream/bzip2.c
allowed yaml formats/yaml/yaml_tree.c
allowed lzma formats/stream/xz.c
allowed 'curl/curl' applier/vault/http.c
allowed jansson applier/vault/answer.c
allowed 'archive|archive_entry' formats/stream/container.c applier/backup.c applier/backup_tar.c

# Only main, cli and progress print; main alone leaves.
printing=$(grep -rnE '\b(printf|puts|putchar|fprintf|fputs|perror|fwrite)\(' common formats analyzer applier --include='*.c' |
    grep -vE '\b(snprintf|vsnprintf|buf_printf|arena_printf)\(')
[ -z "$printing" ] || say "standard I/O outside cli:
$printing"
talking=$(grep -rnE '\b(cli_say|cli_warn|cli_detail|cli_ask|cli_ask_text|talk_write)\(' formats common --include='*.c' |
    grep -vE '^common/(cli/|progress\.c)')
[ -z "$talking" ] || say "talk below main:
$talking"
[ $bad = 0 ] && echo "check-layers: ok"
exit $bad
