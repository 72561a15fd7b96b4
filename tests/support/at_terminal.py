#!/usr/bin/env python3
"""Runs a command at a terminal of its own, types a line into it, and prints what the terminal showed.

at_terminal.py LINE COMMAND...
"""
import os
import pty
import sys

pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown = b""
typed = False
while True:
    try:
        got = os.read(terminal, 4096)
    except OSError:  # the terminal ends with its last process
        break
    if not got:
        break
    shown += got
    if not typed and b":" in shown:
        os.write(terminal, sys.argv[1].encode() + b"\n")
        typed = True
sys.stdout.buffer.write(shown)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
