"""Which OpenSSH is installed here, and what its versions do differently.

A comparison with the installed OpenSSH expects what 10.x does. What an older one does otherwise stands here, with the first
version that does as 10.x, and so does what our programs do otherwise. Known from 9.2 (Debian 12), 10.0 (Debian 13) and the
release notes.

    if openssh_has("penalties for sources"): …
"""

import functools
import re
import subprocess

from peers.cases import Failure
from peers.workspace import find_program


@functools.cache
def openssh_version():
    """(9, 2) where `ssh -V` says OpenSSH_9.2p1. Versions are compared as tuples."""
    said = subprocess.run([find_program("ssh"), "-V"], check=True, capture_output=True, text=True).stderr
    found = re.match(r"OpenSSH_(\d+)\.(\d+)", said)
    if not found:
        raise Failure(f"ssh -V does not tell its version: {said}")
    return int(found[1]), int(found[2])


# Since when OpenSSH has it.
SINCE = {
    "ssh -Q CASignatureAlgorithms": (9, 3),
    "ObscureKeystrokeTiming": (9, 5),
    "Ed25519 keys in PKCS#8": (9, 8),  # 9.6 by its own account, but Debian's could not be built with them
    "no DSA": (9, 8),
    "penalties for sources": (9, 8),
    "'Not allowed at this time'": (9, 8),  # for all that sshd drops; before: 'Exceeded MaxStartups'
    "ssh-keyscan's comments on standard output": (9, 8),  # before: on standard error
    "the file's name in ssh-keygen's prompts": (9, 9),
    "today's default algorithms": (10, 0),  # before: CTR in front of GCM, and finite fields in sshd's default
    "invaliduser in PerSourcePenalties": (10, 3),
    "dropping without a first and a last line": (10, 0),  # before: 'beginning' and 'exited MaxStartups throttling'
}


def openssh_has(what):
    """`what` is a key of SINCE."""
    return openssh_version() >= SINCE[what]


ALGORITHMS_SINCE = {"mlkem768x25519-sha256": (9, 9)}


def newer_algorithms():
    """The names of ours that the installed OpenSSH need not have."""
    return {name for name, since in ALGORITHMS_SINCE.items() if openssh_version() < since}


# Values of the versions, the newest first.
# The reason that sshd's log gives for a connection that MaxStartups drops.
DROPPED = [((10, 0), "Maxstartups"), ((9, 8), "past Maxstartups"), ((0, 0), "past MaxStartups")]
OUR_DROPPED = "past MaxStartups"  # as before, and with the first and the last line
# The default of IPQoS, for interactive and for other traffic. 9.2 and 10.0 are as Debian patches them.
IPQOS = [((10, 1), "ef none"), ((10, 0), "ef cs1"), ((0, 0), "lowdelay throughput")]
OUR_IPQOS = "lowdelay throughput"  # not yet as 10.x


def of_installed(values):
    """The installed version's value, of such a list."""
    return next(value for since, value in values if openssh_version() >= since)


# --- What -G and -T print -------------------------------------------------------------------------------------------

# Lines, or keywords, that OpenSSH does not print before.
PRINTED_SINCE = {
    "persourcepenalties": (9, 8),
    "persourcepenaltyexemptlist": (9, 8),
    "channeltimeout none": (10, 0),
}
PENALTIES = "persourcepenalties crash:90 authfail:5 noauth:1{} grace-exceeded:10 refuseconnection:10 max:600 min:15"
PENALTIES += " max-sources4:65536 max-sources6:65536 overflow:permissive overflow6:permissive"
# Lines of our programs, as 10.x prints them; None: not at all.
OURS = {
    f"ipqos {OUR_IPQOS}": f"ipqos {IPQOS[0][1]}",  # not yet
    "rekeylimit 1073741824 3600": "rekeylimit 0 0",  # RFC 4253 section 9: after a gigabyte and after an hour
    "enableescapecommandline yes": "enableescapecommandline no",  # ~C works in glassh without being asked for
    "passwordfile none": None,  # our own keyword
}


def printed_before():
    """The lines that the installed version prints otherwise than the newest 10.x, and what that one prints."""
    lines = {f"ipqos {of_installed(IPQOS)}": f"ipqos {IPQOS[0][1]}"}
    if not openssh_has("invaliduser in PerSourcePenalties"):
        lines[PENALTIES.format("")] = PENALTIES.format(" invaliduser:5")
    return lines


def _comparable(line):
    return all(openssh_version() >= since for name, since in PRINTED_SINCE.items() if name in (line, line.split(" ")[0]))


def printed_by_openssh(lines):
    """The lines that the installed OpenSSH printed, as 10.x prints them; without those that only newer versions print."""
    return [printed_before().get(line, line) for line in lines if _comparable(line)]


def printed_by_us(lines):
    """The lines that our program printed, which are 10.x's but for OURS; without those that only newer versions print."""
    return [line for line in (OURS.get(line, line) for line in lines) if line and _comparable(line)]
