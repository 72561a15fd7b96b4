#!/bin/sh
# check-sys BUILD OBJECT...: common/sys.o is the only object of ours that reaches for the kernel.
# nm over every other object must show none of the calls below; common/sandbox.o gives up rights by
# prctl and system calls that have no name in the C library, and is allowed these two.
build=$1
shift
calls='open open64 openat openat64 creat read pread pread64 readv write pwrite pwrite64 writev close
fsync fdatasync sync syncfs truncate ftruncate ftruncate64 lseek lseek64 stat fstat lstat fstatat stat64 fstat64 lstat64
fstatat64 statx rename renameat renameat2 link linkat unlink unlinkat remove mkdir mkdirat rmdir symlink readlink
readlinkat realpath getcwd chdir opendir fdopendir readdir readdir64 closedir scandir nftw chown fchown chmod fchmod
fchmodat setxattr fsetxattr getxattr fgetxattr flistxattr ioctl fcntl fcntl64 flock lockf mmap mmap64 munmap sendfile
copy_file_range splice socket connect bind send recv fork vfork execve execv execvp system popen posix_spawn kill
clock_gettime gettimeofday time nanosleep usleep sleep getrandom rand random srand arc4random getenv secure_getenv
setenv getpid getuid geteuid getpwuid getpwuid_r gethostname uname sysconf sigaction signal isatty umask prctl
setrlimit syscall exit _exit printf fprintf puts putchar fputs fputc fwrite fopen fopen64 fdopen fclose fread fgets
perror memfd_create close_range dup dup2 dup3 wait waitpid wait4 waitid pipe pipe2 execve fexecve execl execlp
posix_spawnp clone signalfd tmpfile mkstemp statfs fstatfs posix_fadvise posix_fadvise64'
pattern=$(printf '%s\n' $calls | paste -sd'|')
bad=0
checked=0
for object in "$@"; do
    [ "$object" = "$build/common/sys.o" ] && continue
    found=$(nm -u "$object" | awk '{print $2}' | sed 's/@.*//; s/^__\(.*\)_chk$/\1/; s/^__\(.*\)_2$/\1/' |
        grep -xE "$pattern" | sort -u | paste -sd' ')
    [ "$object" = "$build/common/sandbox.o" ] && [ "$found" = "prctl syscall" ] && found=
    checked=$((checked + 1))
    if [ -n "$found" ]; then
        echo "check-sys: $object calls $found directly; go through sys->" >&2
        bad=1
    fi
done
# A check that sees nothing must not pass: sys.o itself has to be caught by the same pattern.
seen=$(nm -u "$build/common/sys.o" | awk '{print $2}' | sed 's/@.*//' | grep -cxE "$pattern")
if [ "$checked" -lt 20 ] || [ "$seen" -lt 20 ]; then
    echo "check-sys: looked at $checked objects and saw $seen calls in sys.o; the check is broken" >&2
    bad=1
fi
[ $bad = 0 ] && echo "check-sys: ok, $checked objects, $seen calls in sys.o alone"
exit $bad
