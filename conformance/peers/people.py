"""Throwaway users of this machine, with homes of their own: who sits at the client, and whose account is on the server.

Making a user takes root; a script that needs one calls become_root() first. The users are gone when the block ends.
"""

import contextlib
import os
import pwd
import secrets
import subprocess
import sys
import time

from peers.cases import Failure
from peers.workspace import find_program


def become_root():
    """Starts this script again through sudo if need be."""
    if os.getuid() == 0:
        return
    kept = [f"{name}={os.environ[name]}" for name in ("GLASSH_PROGRAMS", "GLASSH_KEY_TOOL") if name in os.environ]
    os.execv(find_program("sudo"), ["sudo", "-n", "env", *kept, sys.executable, "-u", *sys.argv])


def administer(*command, input=None):
    """useradd and its kin. Another test may hold the files' lock, and a user's last process may still be ending."""
    for _ in range(100):
        done = subprocess.run([find_program(command[0]), *command[1:]], input=input or "", capture_output=True, text=True,
                              check=False)
        if done.returncode == 0:
            return
        if "lock" not in done.stderr and "currently used" not in done.stderr:
            break
        time.sleep(0.1)
    raise Failure(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")


class Person:
    """A user, with a home directory that only they can write to."""

    def __init__(self, name, home, path):
        self.name, self.home = name, home
        entry = pwd.getpwnam(name)
        self.uid, self.gid = entry.pw_uid, entry.pw_gid
        self.environment = {"HOME": home, "USER": name, "LOGNAME": name, "SHELL": "/bin/sh", "LC_ALL": "C", "TERM": "dumb",
                            "PATH": path}
        os.makedirs(home)
        os.chown(home, self.uid, self.gid)
        os.chmod(home, 0o755)

    def process_options(self):
        """For subprocess: what makes a process this user's."""
        return {"user": self.uid, "group": self.gid, "extra_groups": [], "cwd": self.home, "env": dict(self.environment)}

    def become(self, terminal):
        """Makes this process that user's, with its terminal. Returns the environment to use."""
        os.chown(terminal, self.uid, -1)
        os.setgroups([])
        os.setgid(self.gid)
        os.setuid(self.uid)
        os.chdir(self.home)
        return dict(self.environment)

    def file(self, name):
        return os.path.join(self.home, name)

    def read(self, name):
        with open(self.file(name), encoding="utf-8") as file:
            return file.read()

    def write(self, name, text, mode=0o644):
        with open(self.file(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chown(self.file(name), self.uid, self.gid)
        os.chmod(self.file(name), mode)
        return self.file(name)

    def mode(self, name):
        return os.stat(self.file(name)).st_mode & 0o7777


@contextlib.contextmanager
def person(directory, role, password=None, path="/usr/bin:/bin"):
    """A new user whose home is directory/role. Without a password nobody can log in with one."""
    name = f"glassh-{role[:8]}-{secrets.token_hex(4)}"
    home = os.path.join(directory, role)
    administer("useradd", "--no-create-home", "--home-dir", home, "--shell", "/bin/sh", name)
    try:
        # A locked account is one that sshd lets nobody into, whatever the method.
        administer("chpasswd", input=f"{name}:{password or secrets.token_hex(16)}\n")
        yield Person(name, home, path)
    finally:
        administer("userdel", "--force", name)  # a server of theirs may still be about to end
