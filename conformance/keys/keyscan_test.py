"""glassh-keyscan beside ssh-keyscan: the same keys from the same servers, many at once, and some that never answer."""

import os
import socket
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import (Cases, Workspace, client_options, expect, expect_equal, find_program, glassh, ssh, start_glasshd,
                   start_sshd)
from peers.openssh_versions import openssh_has
from peers.workspace import our_program

HOSTS = 50


def keyscan(*arguments):
    return [our_program("glassh-keyscan"), *map(str, arguments)]


def ssh_keyscan(*arguments):
    return [find_program("ssh-keyscan"), *map(str, arguments)]


def lines(result):
    """The keys, without the comments."""
    return sorted(line for line in result.out.decode().splitlines() if not line.startswith("#"))


def comments(text):
    """ssh-keyscan says one for each type of key, and it knows more types."""
    return {line for line in text.splitlines() if line.startswith("#")}


def same(workspace, *arguments, status=0):
    """Both programs, and the same answer."""
    ours, theirs = workspace.run(keyscan(*arguments)), workspace.run(ssh_keyscan(*arguments))
    expect_equal((ours.status, lines(ours)), (theirs.status, lines(theirs)), ours, theirs)
    their_comments = theirs.out.decode() if openssh_has("ssh-keyscan's comments on standard output") else theirs.err
    expect_equal(comments(ours.out.decode()), comments(their_comments), ours, theirs)
    expect_equal(comments(ours.err), set(), ours)
    expect_equal(ours.status, status, ours)
    return ours


def compare(cases, workspace, name, server):
    with cases.case(f"the keys of {name}, as ssh-keyscan finds them"):
        result = same(workspace, "-p", server.port, "127.0.0.1")
        expect_equal(lines(result), sorted(server.known_hosts().splitlines()))
        expect_equal(len(comments(result.out.decode())), 1, result)
    with cases.case(f"the keys of {name}: one type, and two"):
        expect_equal(len(lines(same(workspace, "-t", "ed25519", "-p", server.port, "127.0.0.1"))), 1)
        expect_equal(len(lines(same(workspace, "-t", "rsa,ecdsa", "-p", server.port, "127.0.0.1"))), 2)
    for kind, their_status in (("ecdsa-sk", 1), ("dsa", 255 if openssh_has("no DSA") else 1)):
        with cases.case(f"the keys of {name}: {kind} is a type that is never found"):
            ours, theirs = (workspace.run(scan("-t", kind, "-p", server.port, "127.0.0.1")) for scan in (keyscan, ssh_keyscan))
            expect_equal((ours.status, ours.out), (1, b""), ours)
            expect(f"keys of type {kind} are not supported; none will be found" in ours.err, ours)
            expect_equal((theirs.status, lines(theirs)), (their_status, []), theirs)
    with cases.case(f"the keys of {name}: -q leaves the comments out"):
        result = workspace.run(keyscan("-q", "-p", server.port, "127.0.0.1"))
        expect_equal((len(lines(result)), comments(result.out.decode()), result.err), (3, set(), ""), result)


def lists(cases, workspace, server):
    with cases.case("a list of hosts with names, comments and an address that refuses: as ssh-keyscan reads it"):
        path = workspace.file("list", "# hosts\n\n127.0.0.1 one.example,two.example\n127.0.0.1 # this one again\n"
                                      "  127.0.0.1\tthree.example\n127.0.0.9 refused.example\n")
        expect_equal(len(lines(same(workspace, "-t", "ed25519", "-p", server.port, "-f", path))), 4)
    with cases.case("the next address of a list is tried when the first refuses"):
        path = workspace.file("list", "127.0.0.9,127.0.0.1 named.example\n")
        result = workspace.run(keyscan("-t", "rsa", "-p", server.port, "-f", path))
        expect_equal((result.status, lines(result)[0].split()[0]), (0, f"[named.example]:{server.port}"), result)
    with cases.case("standard input is a list as well, and a network stands for its addresses"):
        result = workspace.run(keyscan("-t", "ed25519", "-p", server.port, "-f", "-", "127.0.0.0/30"), input=b"127.0.0.1 here\n")
        expect_equal([line.split()[0] for line in lines(result)], [f"[127.0.0.1]:{server.port}", f"[here]:{server.port}"], result)
    with cases.case("hashed lines are found by ssh-keygen, and every client trusts them"):
        result = workspace.run(keyscan("-H", "-p", server.port, "127.0.0.1"))
        expect(all(line.startswith("|1|") for line in lines(result)) and len(lines(result)) == 3, result)
        known_hosts = workspace.file("scanned", result.out.decode())
        found = workspace.run([find_program("ssh-keygen"), "-F", f"[127.0.0.1]:{server.port}", "-f", known_hosts])
        expect_equal((found.status, found.out.count(b"found: line")), (0, 3), found)
        for client in (ssh, glassh):
            options = client_options(workspace, server, known_hosts=known_hosts)
            expect_equal(workspace.run(client(*options, "127.0.0.1", "exit 6")).status, 6)


def wrong_words(cases, workspace, server):
    for what, arguments, status, words in (
        ("a type that does not exist", ["-t", "foo", "127.0.0.1"], 255, 'Unknown key type "foo"'),
        ("no host", [], 1, "usage: "),
        ("a port that is none", ["-p", "0", "127.0.0.1"], 1, "Bad port '0'"),
        ("a list that is not there", ["-f", "/nonexistent/list"], 255, "/nonexistent/list: No such file"),
        ("a name that does not exist", ["no-such-host.invalid"], 1, "getaddrinfo no-such-host.invalid: "),
        ("certificates", ["-c", "127.0.0.1"], 1, "certificates are not supported yet"),
        ("a network that begins in the middle", ["-p", server.port, "127.0.0.1/30"], 1, "127.0.0.1/30: "),
    ):
        with cases.case(f"{what}: said, with exit status {status}"):
            result = workspace.run(keyscan(*arguments))
            expect_equal((result.status, result.out), (status, b""), result)
            expect(words in result.err, f"no '{words}' in", result)


def many(cases, workspace):
    with cases.case(f"{HOSTS} hosts at once; one is silent and one refuses: all the others are there in time"):
        with socket.socket() as silent:
            silent.bind(("127.0.2.1", 0))
            silent.listen(200)
            port = silent.getsockname()[1]
            hosts = [f"127.0.1.{number}" for number in range(1, HOSTS + 1)]
            server = start_glasshd(workspace, [f"ListenAddress {host}:{port}" for host in hosts])
            path = workspace.file("many", "\n".join(["127.0.2.1", "127.0.2.2", *hosts]) + "\n")
            began = time.monotonic()
            ours = workspace.run(keyscan("-T", 6, "-p", port, "-f", path))
            took = time.monotonic() - began
        wanted = "".join(server.known_hosts(host=f"[{host}]:{port}") for host in hosts)
        expect(ours.status == 0 and lines(ours) == sorted(wanted.splitlines()), ours)
        expect(6 <= took < 17, f"took {took:.1f} seconds; one wait after the other would take 18")


def main():
    cases = Cases()
    with Workspace() as workspace:
        with cases.case("sshd and glasshd start and serve"):
            servers = {"sshd": start_sshd(workspace), "glasshd": start_glasshd(workspace)}
            for name, server in servers.items():
                compare(cases, workspace, name, server)
            lists(cases, workspace, servers["sshd"])
            wrong_words(cases, workspace, servers["sshd"])
            many(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
