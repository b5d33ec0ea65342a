"""Our half of a login: the program that offers nothing but the choice, and what its trace says was negotiated."""

import os
import re

from interop.plan import HOST_KEY_KINDS, NO_COMPRESSION
from peers import client_options, expect, expect_equal, glassh, start_glasshd

SIZE = 400 * 1024
SIZE_FOR_A_LATE_REKEY = 4 * 1024 * 1024
REKEY = "256K"  # so once on the way of SIZE bytes there and back, even if much of them is under way at once
COMMAND = "cat; echo done >&2; exit 7"
STATUS, STDERR = 7, "done"


def settings(choice):
    there, mac_there, back, mac_back = choice.directions()
    lines = {"KexAlgorithms": choice.kex, "HostKeyAlgorithms": choice.host_key,
             "Ciphers": ",".join(dict.fromkeys((there, back))), "MACs": ",".join(dict.fromkeys((mac_there, mac_back))),
             "Compression": "no" if choice.compression == NO_COMPRESSION else "yes"}
    if choice.rekey == "us":
        lines["RekeyLimit"] = REKEY
    return lines


def serve(workspace, choice):
    """glasshd for one login."""
    trace = workspace.fresh("trace")
    lines = [f"{name} {value}" for name, value in settings(choice).items()]
    # Debian's bash reads ~/.bashrc if it is the first shell of an SSH session. Not all peers can say that it is not.
    lines += ["PermitRootLogin yes", "SetEnv SHLVL=1"]
    server = start_glasshd(workspace, lines, ["--trace", trace], [HOST_KEY_KINDS[choice.host_key]])
    server.trace = trace
    return server


def log_in(workspace, choice, port, known_hosts, user, data):
    """glassh into the peer's server. Returns the path of the trace."""
    trace = workspace.fresh("trace")
    flags = [part for name, value in settings(choice).items() for part in ("-o", f"{name}={value}")]
    path = workspace.fresh("known_hosts")
    workspace.file(os.path.basename(path), known_hosts)
    options = client_options(workspace, known_hosts=path, user=user, key=choice.user_key)
    arguments = glassh("--trace", trace, "-p", str(port), *flags, *options, "127.0.0.1", COMMAND)
    result = workspace.run(arguments, input=data)
    details = lambda: f"{result}\n{tail(trace)}"  # noqa: E731
    expect_equal(result.status, STATUS, details)
    expect(STDERR in result.err.split(), "what the command wrote to stderr did not arrive", details)
    expect_equal(len(result.out), len(data), details)
    expect(result.out == data, "what came back is not what was sent", details)
    return trace


def expect_negotiated(trace, choice, aead):
    """Every key exchange of the connection chose this, and where there shall be more than one there was."""
    with open(trace, encoding="utf-8", errors="replace") as file:
        text = file.read()
    blocks = re.findall(r"^--- negotiation: (.*\n(?:^ {6}.*\n)*)", text, re.MULTILINE)
    wanted = {"key exchange": choice.kex, "host key": choice.host_key}
    there, back = choice.directions()[:2], choice.directions()[2:]
    for direction, (cipher, mac) in (("client to server", there), ("server to client", back)):
        wanted[f"cipher, {direction}"] = cipher
        wanted[f"MAC, {direction}"] = "none, for the cipher brings its own" if cipher in aead else mac
        wanted[f"compression, {direction}"] = choice.compression
    for block in blocks:
        said = dict(line.strip().split(": ", 1) for line in block.splitlines() if ": " in line)
        for what, name in wanted.items():
            expect_equal(said.get(what, NO_COMPRESSION), name, what, block)  # of no compression nothing is said
    if choice.rekey == "nobody":
        expect_equal(len(blocks), 1, "negotiations")
        return
    changed = min(len(re.findall(f"^{arrow} packet .*SSH_MSG_NEWKEYS", text, re.MULTILINE))
                  for arrow in (">>> sent", "<<< received"))
    # One that was still going on when the command ended need not be complete.
    expect(changed >= 2 and len(blocks) - changed <= 1, f"{len(blocks)} negotiations, {changed} times new keys")
    kexinits = re.findall(r"^(>>> sent|<<< received) packet .*SSH_MSG_KEXINIT", text, re.MULTILINE)
    first_of_rekey = kexinits[2]
    began = ">>> sent" if choice.rekey == "us" else "<<< received"
    expect_equal(first_of_rekey, began, "who began the second exchange")


def was_talked_to_during_rekey(text):
    """RFC 4253 section 7.1 [4253-7.1-30]: whether that is why we ended the connection."""
    return re.search(r"SSH_MSG_CHANNEL_\w+ \(\d+\) may not come .*, between KEXINIT and NEWKEYS", text)


def tail(trace):
    with open(trace, encoding="utf-8", errors="replace") as file:
        return "our trace:\n" + "".join(file.readlines()[-40:])
