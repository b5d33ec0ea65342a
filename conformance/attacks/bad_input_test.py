"""What is wrong with a command line, a file or a network is said in one clear line, and the exit status is not 0."""

import os
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import PATIENCE, USER, Cases, Workspace, client_options, expect, expect_equal, glassh, start_glasshd
from peers.servers import free_port, glasshd_configuration
from peers.workspace import our_program


def complaint(result, status, *words, lines=1):
    """So many lines on standard error, and all the words in them."""
    said = [line for line in result.err.splitlines() if line.strip()]
    expect_equal(result.status, status, result)
    expect_equal(result.out, b"", result)
    expect_equal(len(said), lines, result)
    for word in words:
        expect(word in result.err, f"no '{word}' in:", result)


def server_cases(cases, workspace):
    configuration = glasshd_configuration(workspace)
    garbage = workspace.file("garbage-key", "this is no key\n")
    os.chmod(garbage, 0o600)

    def glasshd(*arguments):
        # One that starts all the same fails the case after the timeout.
        return workspace.run([our_program("glasshd"), "-D", "-e", *arguments], timeout=PATIENCE)

    with cases.case("glasshd: a busy port"), socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        result = glasshd("-f", configuration, "-p", str(port))
        complaint(result, 255, str(port), "Address already in use", lines=len(result.err.splitlines()))
        expect(len(result.err.splitlines()) <= 2, result)

    table = [
        ("a configuration file that is not there", None, 255, ["/nonexistent/conf", "no such file"]),
        ("a keyword that nobody knows", "NoSuchKeyword yes", 255, ["{conf}:2", "NoSuchKeyword"]),
        ("a keyword that must not be ignored", "ChrootDirectory /srv", 255, ["{conf}:2", "ChrootDirectory"]),
        ("a value that is none", "Port many", 255, ["{conf}:2", "many"]),
        ("a value that is missing", "Ciphers", 255, ["{conf}:2", "Ciphers"]),
        ("a cipher that is none", "Ciphers aes128-xyz", 255, ["{conf}:2", "aes128-xyz"]),
    ]
    for what, line, status, words in table:
        with cases.case(f"glasshd: {what}"):
            path = "/nonexistent/conf"
            if line is not None:
                path = workspace.fresh("conf")
                workspace.file(os.path.basename(path), f"# line 1\n{line}\n")
            complaint(glasshd("-f", path), status, *[word.format(conf=path) for word in words])
    for what, key in (("that is not there", "/nonexistent/key"), ("that is no key", garbage)):
        with cases.case(f"glasshd: a host key {what}"):
            # As with sshd: which key and why, and then that none is left.
            result = glasshd("-f", "none", "-p", "0", "-h", key)
            complaint(result, 1, key, "no hostkeys available", lines=2)
    with cases.case("glasshd: -t says what is wrong and listens to nothing"):
        path = workspace.file("wrong.conf", "Port 0\nBanana yes\n")
        complaint(workspace.run([our_program("glasshd"), "-t", "-f", path]), 1, f"{path}:2", "Banana")


def client_cases(cases, workspace, server):
    def run(*arguments):
        return workspace.run(glassh(*arguments), timeout=PATIENCE)

    options = client_options(workspace, server)
    port = options.index("-p")
    elsewhere = options[:port] + options[port + 2:]
    with cases.case("glassh: an unknown host"):
        complaint(run(*options, "no-such-host.invalid", "true"), 255, "no-such-host.invalid", "resolve")
    with cases.case("glassh: a refused connection"):
        nobody = free_port()
        complaint(run("-p", str(nobody), *elsewhere, "127.0.0.1", "true"), 255, str(nobody), "Connection refused")
    with cases.case("glassh: a server that is none"), socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        complaint(run("-o", "ConnectTimeout=1", "-p", str(silent.getsockname()[1]), *elsewhere, "127.0.0.1", "true"), 255,
                  "timed out", lines=2)
    with cases.case("glassh: a key that is not there"):
        missing = client_options(workspace, server, key="/nonexistent/key")
        complaint(run(*missing, "127.0.0.1", "true"), 255, "/nonexistent/key", "Permission denied (publickey)", lines=2)
    with cases.case("glassh: a key that is none"):
        garbage = client_options(workspace, server, key=workspace.file("garbage-key"))
        complaint(run(*garbage, "127.0.0.1", "true"), 255, "garbage-key", "Permission denied (publickey)", lines=2)
    with cases.case("glassh: a configuration file that is not there"):
        complaint(run("-F", "/nonexistent/config", "127.0.0.1"), 255, "/nonexistent/config")
    for what, line, word in (("a keyword that nobody knows", "NoSuchKeyword yes", "nosuchkeyword"),
                             ("a keyword that must not be ignored", "Tunnel yes", "tunnel"),
                             ("a value that is none", "Port many", "many"),
                             ("a cipher that is none", "Ciphers aes128-xyz", "aes128-xyz")):
        with cases.case(f"glassh: {what}"):
            path = workspace.fresh("config")
            workspace.file(os.path.basename(path), f"Host *\n  {line}\n")
            result = run("-F", path, "127.0.0.1", "true")
            complaint(result, 255, f"{path}:2")
            expect(word in result.err.lower(), result)
    for what, arguments, word in (("a bad -o", ["-o", "Banana=yes"], "banana"), ("a bad port", ["-p", "many"], "many"),
                                  ("a bad cipher", ["-c", "aes128-xyz"], "aes128-xyz")):
        with cases.case(f"glassh: {what}"):
            result = run("-F", "none", *arguments, "127.0.0.1", "true")
            complaint(result, 255)
            expect(word in result.err.lower(), result)
    with cases.case("glassh: no algorithm in common"):
        result = run("-c", "aes128-ctr", *options, "127.0.0.1", "true")
        complaint(result, 255, "Unable to negotiate", "chacha20-poly1305@openssh.com", lines=2)
    with cases.case(f"glassh: after all this, {USER} logs in"):
        result = run(*options, "127.0.0.1", "exit 3")
        expect_equal(result.status, 3, result)


def main():
    cases = Cases()
    with Workspace() as workspace:
        server_cases(cases, workspace)
        with cases.case("glasshd starts and serves"):
            server = start_glasshd(workspace, ["Ciphers chacha20-poly1305@openssh.com"])
            client_cases(cases, workspace, server)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
