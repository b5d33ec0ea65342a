"""A user of this machine for one test, with a real password in /etc/shadow. Only root can make one."""

import os
import subprocess
import time

from peers.workspace import find_program


class Account:
    """`with Account("secret") as account`: account.name, account.home; gone with its home when the block ends."""

    def __init__(self, password):
        self.name = f"glassh{os.getpid()}"
        self._password = password

    def __enter__(self):
        subprocess.run([find_program("useradd"), "-m", "-s", "/bin/sh", self.name], check=True, stdin=subprocess.DEVNULL)
        self.home = os.path.expanduser("~" + self.name)
        subprocess.run([find_program("chpasswd")], check=True, input=f"{self.name}:{self._password}\n".encode())
        return self

    def __exit__(self, *_):
        for _ in range(50):  # while a session of the user is still ending, userdel refuses
            done = subprocess.run([find_program("userdel"), "-r", self.name], check=False, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            if done.returncode in (0, 6):  # 6: no such user
                return
            time.sleep(0.1)
        raise RuntimeError(f"cannot remove the user {self.name}: {done.stderr.decode(errors='replace')}")

    def authorize(self, *keys):
        """These lines are the user's authorized_keys."""
        directory = os.path.join(self.home, ".ssh")
        path = os.path.join(directory, "authorized_keys")
        os.makedirs(directory, mode=0o700, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(key + "\n" for key in keys))
        for each in (directory, path):
            subprocess.run([find_program("chown"), self.name, each], check=True)
