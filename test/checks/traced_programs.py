#!/usr/bin/python3
"""Makes a directory of programs in which glasshd runs under strace(1), for test/checks/system_calls.py.

    test/checks/traced_programs.py build/bin /tmp/traced     then GLASSH_PROGRAMS=/tmp/traced, and the traces are in /tmp/traced/calls

Each glasshd writes a file of its own. It keeps its process number, its descriptors and its parent, so tests need not know. The
programs that it starts are let go as they begin. GLASSH_UNTRACED=1 in the environment runs it as it is: for a test that traces
it itself. The directory is readable for other users, since tests start glasshd as some of them.
"""

import os
import shutil
import sys

# Whatever may wait, touches files or makes descriptors; not epoll_wait(2), where a thread waits for all that it serves, nor futex(2).
CALLS = ("%file,%network,%process,read,write,readv,writev,pread64,pwrite64,preadv,pwritev,preadv2,pwritev2,sendfile,splice,tee,vmsplice,"
         "copy_file_range,fcntl,dup,dup2,dup3,close,close_range,pipe,pipe2,eventfd2,timerfd_create,signalfd4,inotify_init1,pidfd_open,"
         "epoll_create1,memfd_create,ioctl,poll,ppoll,select,pselect6,prctl,flock,fsync,fdatasync,sync,syncfs,ftruncate,fallocate,"
         "getdents64,nanosleep,clock_nanosleep,pause,rt_sigsuspend,rt_sigtimedwait,semop,semtimedop,io_uring_enter,io_getevents")

SCRIPT = """#!/bin/sh
[ -z "$GLASSH_UNTRACED" ] || exec {directory}/untraced-glasshd "$@"
preload=$LD_PRELOAD
unset LD_PRELOAD
exec strace -DDD -f -qq -s 16 -b execve -o "$(mktemp {directory}/calls/XXXXXXXX)" -e trace={calls} \\
  ${{preload:+-E "LD_PRELOAD=$preload"}} {directory}/untraced-glasshd "$@"
"""


def main(programs, directory):
    programs, directory = os.path.abspath(programs), os.path.abspath(directory)
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    os.chmod(directory, 0o755)
    for name in os.listdir(programs):
        if name != "glasshd":
            os.symlink(os.path.join(programs, name), os.path.join(directory, name))
    shutil.copy(os.path.join(programs, "glasshd"), os.path.join(directory, "untraced-glasshd"))
    calls = os.path.join(directory, "calls")
    os.mkdir(calls)
    os.chmod(calls, 0o1777)
    script = os.path.join(directory, "glasshd")
    with open(script, "w", encoding="ascii") as file:
        file.write(SCRIPT.format(directory=directory, calls=CALLS))
    os.chmod(script, 0o755)
    print("ok - glasshd runs under strace")


if __name__ == "__main__":
    main(*sys.argv[1:])
