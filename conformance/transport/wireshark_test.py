"""Wireshark reads our connections with our key logs: curve25519-sha256 with aes128-gcm, recorded by a relay.

The server writes the key log in one run, the client in the other; tshark must then show the command of the exec request, its
output and its exit status, and no packet whose MAC it finds wrong.
"""

import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import Cases, Workspace, client_options, expect, expect_equal, find_program, glassh, ssh, start_glasshd, start_sshd
from peers.capture import CaptureFile, CapturingRelay

SUITE = ["-o", "KexAlgorithms=curve25519-sha256", "-o", "HostKeyAlgorithms=ssh-ed25519", "-c", "aes128-gcm@openssh.com"]
COMMAND = "echo words-for-wireshark; echo other-words >&2; exit 21"


def record(workspace, client, server, flags=()):
    """The path of a capture of one session."""
    path = workspace.fresh("session.pcap")
    with CapturingRelay(CaptureFile(path), server.port) as relay:
        # Wireshark 4.0 takes every user key for an RSA key, so this one is.
        options = client_options(workspace, server, key="rsa")
        options[options.index("-p") + 1] = str(relay.port)
        known_hosts = workspace.fresh("known_hosts")
        with open(known_hosts, "w", encoding="utf-8") as file:
            file.write(server.known_hosts(host=f"[127.0.0.1]:{relay.port}"))
        result = workspace.run(client(*flags, *SUITE, "-o", f"UserKnownHostsFile={known_hosts}", *options, "127.0.0.1", COMMAND))
    expect_equal((result.status, result.out), (21, b"words-for-wireshark\n"), result, server.log_tail)
    return path


def tshark(workspace, capture, key_log, *output):
    keys = ["-o", f"ssh.keylog_file:{key_log}"] if key_log else []
    result = workspace.run([find_program("tshark"), "-n", "-r", capture, *keys, "-Y", "ssh", *output],
                           env={"HOME": workspace.path, "XDG_CONFIG_HOME": workspace.path})
    expect_equal(result.status, 0, result)
    return result.out.decode(errors="replace")


def dissect(workspace, capture, key_log=None):
    """What the packet details show, and the payloads of the connection's packets, which the details cut short."""
    return tshark(workspace, capture, key_log, "-O", "ssh"), tshark(workspace, capture, key_log, "-T", "fields", "-e",
                                                                    "ssh.payload")


def look_at(workspace, capture, key_log):
    shown, payloads = dissect(workspace, capture, key_log)
    with open(key_log, encoding="ascii") as file:
        details = ["key log:", file.read(), "tshark shows:", shown[-12000:]]
    for line in ("Service Name: ssh-userauth", "Service Name: ssh-connection", "Channel type name: session",
                 "Channel request name: exec", "Channel request name: exit-status", "Exit status: 0x00000015"):
        expect(line in shown, f"no '{line}':", *details)
    for text in (COMMAND, "words-for-wireshark\n", "other-words\n"):
        expect(text.encode().hex() in payloads, f"no {text!r} in the payloads:", payloads, *details)
    wrong = re.findall(r".*(?:Malformed|incorrect|invalid|Status: Bad).*", shown)
    expect(not wrong, *wrong, *details)
    right = shown.count("[MAC Status: Good]")
    expect(right >= 15, f"only {right} MACs were checked", *details)


def main():
    cases = Cases()
    with Workspace() as workspace:
        for name, client, starts in (("ssh and glasshd", ssh, start_glasshd), ("glassh and sshd", glassh, start_sshd)):
            with cases.case(f"{name}: tshark reads the session with our key log"):
                key_log = workspace.fresh("keys")
                ours = ["--keylog", key_log]
                server = starts(workspace, flags=ours) if starts is start_glasshd else starts(workspace)
                capture = record(workspace, client, server, ours if client is glassh else [])
                server.stop()  # glasshd has then written all that it had to write
                look_at(workspace, capture, key_log)
            with cases.case(f"{name}: without the key log tshark sees nothing of it"):
                shown, payloads = dissect(workspace, capture)
                expect("Key Exchange Init" in shown, shown[:12000])
                expect("Channel request name: exec" not in shown and COMMAND.encode().hex() not in payloads, shown[:12000])
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
