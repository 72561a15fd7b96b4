#!/usr/bin/python3
"""Compares what strace saw of some folders with what went through common/sys.

trace.py REAL.strace TABLE.strace CALLS.log FOLDER...

TABLE.strace is of a program that writes "NUMBER NAME" to CALLS.log before each call of the table, so both stand in
one trace, in order. REAL.strace is of the real program: the same calls of the same files with the same outcome.
"""
import re
import sys

LINE = re.compile(r'^(\w+)\((.*)\)\s+= (.*)$')
# What the kernel calls it, and what the table does.
NAMES = {'pread64': {'pread'}, 'newfstatat': {'fstatat', 'fstat'}, 'getdents64': {'readdir'}, 'fstatfs': {'filesystem'},
         'ioctl': {'inode_flags'}, 'fcntl': {'lock_ofd', 'lease', 'lock_owner'}, 'readlink': {'realpath', 'readlinkat'},
         'mkdir': {'mkdirat'}, 'renameat': {'renameat2'},  # as glibc does without flags
         'openat2': {'openat'}}  # with SYS_NO_LINKS
# How the program starts, and what common/sandbox.c says about folders; neither changes anything.
OTHERS = {'execve', 'landlock_add_rule'}
# One call of the C library that takes several of the kernel's.
INSIDE = {'opendir_fd': {'newfstatat', 'fstat', 'fcntl'}, 'closedir': {'close'}, 'readdir': {'getdents64'},
          'realpath': {'readlink', 'newfstatat', 'lstat', 'getcwd'}}
# The table answers these from what it has, or they touch no file.
SILENT = {'readdir', 'random', 'realpath', 'opendir_fd', 'helper', 'spawn', 'wait_child', 'memory_file', 'getcwd'}


def calls(path):
    for line in open(path, errors='replace'):
        found = LINE.match(line)
        if found and found.group(1) not in OTHERS:
            yield found.groups()


def inside(arguments, folders):
    # "3</dir>, "name"" is a name in a folder; a descriptor is the path that strace -y shows.
    paths = re.findall(r'<(/[^>]*)>', arguments) + re.findall(r'"(/[^"]*)"', arguments)
    return any(p == f or p.startswith(f + '/') for p in paths for f in folders)


def plain(text):
    text = re.sub(r'\b[0-9a-f]{16}\b', 'TXID', text)
    text = re.sub(r'\d{8}T\d{6}Z', 'TIME', text)
    return re.sub(r'\.\d+\.tmp\b', '.PID.tmp', text)


def paths_of(name, arguments, result):
    """The call, the files and whether it went well; not the bytes, sizes and times."""
    names = re.findall(r'<(/[^>]*)>', arguments)
    if name not in ('write', 'read', 'pread64'):
        names += re.findall(r'"([^"]*)"', arguments)
    failed = result.split()[1] if result.startswith('-1') else ''
    return plain(' '.join([name, *names, failed]))


def main():
    real_file, table_file, log, *folders = sys.argv[1:]
    real = [paths_of(*c) for c in calls(real_file) if inside(c[1], folders)]
    table, asked, wrong, marker, answered = [], 0, [], None, True
    for name, arguments, result in calls(table_file):
        if name == 'write' and '<' + log + '>' in arguments:
            if not answered and marker not in SILENT:
                wrong.append(f'the table was asked for {marker}, and the kernel was not')
            marker = re.search(r'"\d+ (\w+)\\n"', arguments).group(1)
            asked += 1
            answered = False
            continue
        fits = marker in NAMES.get(name, {name}) or name == marker or name in INSIDE.get(marker, ())
        answered = answered or fits
        if not inside(arguments, folders):
            continue
        table.append(paths_of(name, arguments, result))
        if not fits:
            wrong.append(f'{name}({arguments}) = {result}: the table was last asked for {marker}')
    for a, b in zip(real, table):
        if a != b:
            wrong.append(f'the real program: {a}; with the table: {b}')
            break
    if len(real) != len(table):
        wrong.append(f'{len(real)} calls of the real program, {len(table)} with the table')
    if len(real) < 30:
        wrong.append(f'only {len(real)} calls')
    for line in wrong[:10]:
        print('#', line)
    print(f'# {len(real)} calls of the kernel in these folders; {asked} through the table in all')
    return bool(wrong)


if __name__ == '__main__':
    sys.exit(main())
