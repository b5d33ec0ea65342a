"""A machine on which name servers, group lists and paths hang while the test wants it: test/support/preload/slow_system.cpp.

    slow = SlowSystem(workspace)
    server = start_glasshd(workspace, env=slow.environment)
    slow.hang() …  slow.go_on()
"""

import contextlib
import os

from peers.cases import wait_until

SLOW_LIBRARY = os.environ.get("GLASSH_SLOW_LIBRARY", "")


class SlowSystem:
    def __init__(self, workspace):
        self._gate = workspace.fresh("gate")
        self.directory = workspace.fresh("hangs")  # each path with this in it hangs
        os.mkdir(self.directory)
        self.environment = {"LD_PRELOAD": SLOW_LIBRARY, "SLOW_SYSTEM_GATE": self._gate,
                            "SLOW_SYSTEM_MARK": self.directory}

    def hang(self, what=""):
        """Names that end in .silent.test, and paths; or, with "groups", the lists of groups."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._gate + ".waiting")
        with open(self._file(what), "wb"):
            pass

    def go_on(self, what=""):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._file(what))

    def _file(self, what):
        return self._gate + ("." + what if what else "")

    def hanging(self):
        """The calls that have hung since hang()."""
        with contextlib.suppress(FileNotFoundError), open(self._gate + ".waiting", encoding="utf-8") as file:
            return file.read().splitlines()
        return []

    def wait_for(self, count, *details):
        wait_until(lambda: len(self.hanging()) >= count, f"{count} calls hang", *details)
