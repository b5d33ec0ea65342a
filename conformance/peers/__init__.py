"""What the scripts with real peers share: cases, temporary workspaces, servers, clients, packets made by hand.

    from peers import Cases, Workspace, start_glasshd, glassh, ssh
"""

from peers.cases import PATIENCE, Cases, expect, expect_equal, wait_until  # noqa: F401
from peers.clients import client_options, glassh, ssh  # noqa: F401
from peers.servers import expect_log, start_glasshd, start_sshd  # noqa: F401
from peers.workspace import USER, Workspace, find_program  # noqa: F401
