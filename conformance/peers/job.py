"""What a shell does with a job, and no more: puts a program in the foreground of this terminal, and says how it stops and ends,
and whether the terminal is then as it was. Unlike a shell it never repairs the terminal. A line typed while the program is
stopped continues it.

    python3 job.py program argument ...        prints "job 123", "stopped restored", "ended 0 restored"; or "changed"
"""

import os
import signal
import sys
import termios


def main():
    before = termios.tcgetattr(0)

    def terminal():
        return "restored" if termios.tcgetattr(0) == before else "changed"

    usual = signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # whoever is not in the foreground may take it
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, usual)
        print(f"job {os.getpid()}", flush=True)
        os.execv(sys.argv[1], sys.argv[1:])
    while True:
        _, status = os.waitpid(child, os.WUNTRACED)
        os.tcsetpgrp(0, os.getpgrp())
        if not os.WIFSTOPPED(status):
            break
        print(f"stopped {terminal()}", flush=True)
        sys.stdin.readline()
        os.tcsetpgrp(0, child)
        os.kill(child, signal.SIGCONT)
    print(f"ended {os.waitstatus_to_exitcode(status)} {terminal()}", flush=True)


if __name__ == "__main__":
    main()
