"""A user of this machine for one test, with a real password in /etc/shadow. Only root can make one."""

import os
import shutil

from peers.people import administer


class Account:
    """`with Account("secret") as account`: account.name, account.home; gone with its home when the block ends."""

    def __init__(self, password):
        self.name = f"glassh{os.getpid()}"
        self._password = password

    def __enter__(self):
        administer("useradd", "-m", "-s", "/bin/sh", self.name)
        self.home = os.path.expanduser("~" + self.name)
        administer("chpasswd", input=f"{self.name}:{self._password}\n")
        return self

    def __exit__(self, *_):
        administer("userdel", "-r", self.name)

    def authorize(self, *keys):
        """These lines are the user's authorized_keys."""
        directory = os.path.join(self.home, ".ssh")
        path = os.path.join(directory, "authorized_keys")
        os.makedirs(directory, mode=0o700, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(key + "\n" for key in keys))
        for each in (directory, path):
            shutil.chown(each, self.name)
