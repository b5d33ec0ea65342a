"""X11 forwarding with a real X server (Xvfb) and real clients: trusted and untrusted, through one hop and two, with our
programs and OpenSSH's at either end."""

import contextlib
import hashlib
import os
import re
import secrets
import shlex
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import (PATIENCE, Cases, Workspace, client_options, expect, expect_equal, find_program, start_glasshd,
                   start_sshd, wait_until)
from peers.workspace import end_process, our_program

SETTINGS = ["X11Forwarding yes", "AcceptEnv XAUTHORITY SHLVL"]
TRUSTED, UNTRUSTED = ["-Y"], ["-X", "-o", "ForwardX11Trusted=no"]


class XServer:
    """Xvfb at a display of its own, which lets in whoever knows its cookie."""

    def __init__(self, workspace):
        self.authority = workspace.fresh("Xauthority")
        self.cookie = secrets.token_hex(16)
        self.xauth("add", ":0", ".", self.cookie)
        read_end, write_end = os.pipe()
        self.process = workspace.start(
            [find_program("Xvfb"), "-displayfd", str(write_end), "-auth", self.authority, "-nolisten", "tcp", "-noreset",
             "-screen", "0", "640x480x24", "+extension", "SECURITY"],
            pass_fds=[write_end], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write_end)
        with os.fdopen(read_end) as number:
            self.display = ":" + number.readline().strip()
        expect(self.display != ":", "Xvfb did not start")
        self.xauth("add", self.display, ".", self.cookie)
        self.env = {"DISPLAY": self.display, "XAUTHORITY": self.authority}

    def xauth(self, *arguments):
        subprocess.run([find_program("xauth"), "-q", "-f", self.authority, *arguments], check=True, stdin=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)


def program(name):
    return our_program(name) if name.startswith("glassh") else find_program(name)


def words(workspace, client, server, *flags, authority=None):
    """A client's command line up to the host. What the server's xauth writes goes to a file of its own."""
    authority = authority or workspace.fresh("remote-Xauthority")
    options = [flag for flag in client_options(workspace, server) if flag != "-T"]
    return [program(client), "-T", *flags, *options, "-o", f"SetEnv=XAUTHORITY={authority}", "127.0.0.1"]


def one_hop(cases, workspace, x, client, name, server):
    for what, flags in (("trusted", TRUSTED), ("untrusted", UNTRUSTED)):
        with cases.case(f"{client} to {name}, {what}: xdpyinfo sees the display, the server never its cookie "
                        "[4251-9.5.3-3] [4254-6.3.1-1]"):
            result = workspace.run([*words(workspace, client, server, *flags),
                                    "echo $DISPLAY; cat $XAUTHORITY | od -An -tx1 | tr -d ' \\n'; echo; xdpyinfo"], env=x.env)
            expect_equal(result.status, 0, result)
            display, authority, *info = result.out.decode().splitlines()
            expect(re.fullmatch(r"localhost:\d+\.0", display), result)
            expect("4d49542d4d414749432d434f4f4b49452d31" in authority, result)  # MIT-MAGIC-COOKIE-1
            expect(x.cookie not in authority, "the real cookie went to the server", result)
            expect(any("dimensions:    640x480 pixels" in line for line in info), result)
            # The X server hides from those whom it does not trust what they may not use.
            expect_equal("    SECURITY" in info, what == "trusted", result)


def two_hops(cases, workspace, x, clients, names, servers):
    for first, second in ((TRUSTED, TRUSTED), (UNTRUSTED, TRUSTED)):
        kinds = ["trusted" if flags is TRUSTED else "untrusted" for flags in (first, second)]
        with cases.case(f"two hops, {clients[0]} to {names[0]} ({kinds[0]}), {clients[1]} to {names[1]} ({kinds[1]})"):
            inner = shlex.join([*words(workspace, clients[1], servers[1], *second), "echo $DISPLAY; xdpyinfo"])
            result = workspace.run([*words(workspace, clients[0], servers[0], *first), "echo $DISPLAY; " + inner], env=x.env)
            expect_equal(result.status, 0, result)
            near, far, *info = result.out.decode().splitlines()
            expect(near != far and near.startswith("localhost:") and far.startswith("localhost:"), result)
            expect(any("dimensions:    640x480 pixels" in line for line in info), result)
            expect_equal("    SECURITY" in info, first is TRUSTED, result)
    # Only the first hop's fake cookie is let through, so a new one of the X server's would be good for nothing.
    with cases.case(f"two hops, {clients[0]} to {names[0]}, {clients[1]} to {names[1]}: only the first may be untrusted"):
        inner = shlex.join([*words(workspace, clients[1], servers[1], *UNTRUSTED), "echo ${DISPLAY-none}"])
        result = workspace.run([*words(workspace, clients[0], servers[0], *TRUSTED), inner], env=x.env)
        expect_equal((result.status, result.out), (0, b"none\n"), result)
        expect("untrusted X11 forwarding setup failed: xauth key data not generated" in result.err, result)


def pictures(cases, workspace, x, pairs):
    size = 640 * 480 * 4  # what is before that, xwd does not always fill
    logo = workspace.start([find_program("xlogo"), "-name", "background", "-geometry", "640x480+0+0"], env=x.env)

    def picture():
        shown = workspace.run([find_program("xwd"), "-root", "-silent"], env=x.env).out[-size:]
        return shown if len(shown) == size and len(set(shown[::4])) > 1 else None

    wait_until(picture, "there is a logo to see")
    direct = hashlib.sha256(picture()).hexdigest()
    for client, name, server in pairs:
        with cases.case(f"{client} to {name}: eight at once get the whole screen, byte for byte"):
            command = f"for i in 1 2 3 4 5 6 7 8; do (xwd -root -silent | tail -c {size} | sha256sum) & done; wait"
            result = workspace.run([*words(workspace, client, server, "-Y"), command], env=x.env)
            expect_equal([line.split()[0] for line in result.out.decode().splitlines()], [direct] * 8, result)
    end_process(logo)


def strangers(cases, workspace, x, client, name, server):
    with cases.case(f"{client} to {name}: who does not know the fake cookie does not get to the display"):
        wrong = workspace.fresh("wrong-Xauthority")
        command = (f"xauth -q -f {wrong} add $DISPLAY . {secrets.token_hex(16)}; xauth -q -f {wrong} add $(echo $DISPLAY | "
                   f"sed s/localhost/unix/) . {x.cookie}; XAUTHORITY={wrong} xdpyinfo; XAUTHORITY=/dev/null xdpyinfo; "
                   "xdpyinfo | grep -c dimensions")
        result = workspace.run([*words(workspace, client, server, "-Y"), command], env=x.env)
        expect_equal((result.status, result.out), (0, b"1\n"), result)
        expect_equal(result.err.count("X11 connection rejected because of wrong authentication."), 2, result)


def refusals(cases, workspace, x, client):
    show = "echo ${DISPLAY-none}"
    key = workspace.public_key("user-ed25519")
    for settings, options in (
        (["X11Forwarding no"], ""), ([], "no-X11-forwarding"), ([], "restrict"), (["DisableForwarding yes"], ""),
        (["DisableForwarding yes"], "X11-forwarding"), (["XAuthLocation none"], ""),
    ):
        with cases.case(f"{client}, {' '.join(settings) or options}: no display, and the session works"):
            keys = workspace.fresh("keys")
            workspace.file(os.path.basename(keys), f"{options} {key}\n")
            server = start_glasshd(workspace, [*settings, f"AuthorizedKeysFile {keys}", *SETTINGS])
            result = workspace.run([*words(workspace, client, server, "-Y"), show], env=x.env)
            expect_equal((result.status, result.out), (0, b"none\n"), result)
            expect("X11 forwarding request failed on channel 0" in result.err, result)
            server.stop()


def wishes(cases, workspace, x, client, server):
    show = "echo ${DISPLAY-none}"

    def display(*flags, env=x.env):
        result = workspace.run([*words(workspace, client, server, *flags), show], env=env)
        expect_equal(result.status, 0, result)
        return result.out.decode().strip() != "none", result.err

    with cases.case(f"{client}: -X, -Y, -x and ForwardX11, of which the last flag counts"):
        for flags, wanted in (([], False), (["-x"], False), (["-X"], True), (["-Y"], True), (["-X", "-x"], False),
                              (["-x", "-Y"], True), (["-o", "ForwardX11=yes"], True), (["-x", "-o", "ForwardX11=yes"], False)):
            expect_equal(display(*flags)[0], wanted, flags)
    with cases.case(f"{client}: without DISPLAY, without xauth, and with an X server that makes no cookies"):
        there, err = display("-X", env={})
        expect(not there and "X11" not in err, err)
        there, err = display("-Y", "-o", "XAuthLocation=/nonexistent")
        expect(there and "Warning: No xauth data; using fake authentication data for X11 forwarding." in err, err)
        there, err = display(*UNTRUSTED, "-o", "XAuthLocation=/nonexistent")
        expect(not there and "untrusted X11 forwarding setup failed: xauth key data not generated" in err, err)
        there, err = display("-Y", env={"DISPLAY": "$(id):0"})
        expect(not there and 'DISPLAY "$(id):0" invalid; disabling X11 forwarding' in err, err)
    with cases.case(f"{client}: a server whose key has changed gets no display, even if it is let pass"):
        known_hosts = workspace.fresh("known_hosts")
        workspace.file(os.path.basename(known_hosts), f"[127.0.0.1]:{server.port} {workspace.public_key('somebody-else')}\n")
        line = [flag.replace("StrictHostKeyChecking=yes", "StrictHostKeyChecking=no") for flag in words(workspace, client, server, "-Y")]
        line = [f"UserKnownHostsFile={known_hosts}" if flag.startswith("UserKnownHostsFile=") else flag for flag in line]
        result = workspace.run([*line, show], env=x.env)
        expect_equal((result.status, result.out), (0, b"none\n"), result)
        expect("X11 forwarding is disabled to avoid man-in-the-middle attacks." in result.err, result)


def survivors(cases, workspace, x, client, name, server):
    """RFC 4254 section 6.3.1 [4254-6.3.1-2]"""
    with cases.case(f"{client} to {name}: a program that stays keeps its display, and the client with it; nobody new gets in"):
        ports = workspace.fresh("ports")
        command = f"echo $DISPLAY > {ports}; exec xlogo </dev/null >/dev/null 2>&1 &\n"
        command += "until xwininfo -name xlogo >/dev/null 2>&1; do sleep 0.05; done; exit 5"
        process = workspace.start([*words(workspace, client, server, "-Y"), command], env=x.env, stderr=subprocess.DEVNULL)

        def shown():
            tree = workspace.run([find_program("xwininfo"), "-root", "-tree"], env=x.env)
            return b'"xlogo"' in tree.out

        wait_until(shown, "the logo is on the display")
        with open(ports, encoding="ascii") as file:
            port = 6000 + int(re.search(r":(\d+)", file.read())[1])

        def shut():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) != 0

        wait_until(shut, "nobody new gets in")
        expect(shown() and process.poll() is None, "the program or the client has gone with its session")
        window = workspace.run([find_program("xwininfo"), "-name", "xlogo"], env=x.env)
        number = re.search(r"Window id: (0x[0-9a-f]+)", window.out.decode())[1]
        workspace.run([find_program("xkill"), "-id", number], env=x.env)
        expect_equal(process.wait(PATIENCE), 5)


def hijack(cases, workspace, x, client):
    """Past vulnerability 90: a display of which somebody else has one family is left alone."""
    with cases.case(f"{client}: glasshd leaves alone a display of which somebody has one address family"):
        with contextlib.ExitStack() as stack:
            first = stack.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            number = first.getsockname()[1] - 6000
            first.listen()
            server = start_glasshd(workspace, [f"X11DisplayOffset {number}", *SETTINGS])
            stack.callback(server.stop)
            result = workspace.run([*words(workspace, client, server, "-Y"), "echo $DISPLAY; xdpyinfo | grep -c dimensions"],
                                   env=x.env)
            expect_equal(result.status, 0, result)
            display = int(re.match(rb"localhost:(\d+)", result.out)[1])
            expect(display > number, result)
            first.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                first.accept()
                expect(False, "somebody else was connected to")


def main():
    cases = Cases()
    with Workspace() as workspace:
        x = XServer(workspace)
        glasshds = [start_glasshd(workspace, SETTINGS) for _ in range(2)]
        sshds = [start_sshd(workspace, SETTINGS) for _ in range(2)]
        pairs = (("glassh", "glasshd", glasshds[0]), ("glassh", "sshd", sshds[0]), ("ssh", "glasshd", glasshds[0]))
        for pair in pairs:
            one_hop(cases, workspace, x, *pair)
        two_hops(cases, workspace, x, ("glassh", "glassh"), ("glasshd", "glasshd"), glasshds)
        two_hops(cases, workspace, x, ("glassh", "glassh"), ("sshd", "sshd"), sshds)
        two_hops(cases, workspace, x, ("ssh", "glassh"), ("glasshd", "sshd"), (glasshds[0], sshds[1]))
        two_hops(cases, workspace, x, ("glassh", "ssh"), ("sshd", "glasshd"), (sshds[0], glasshds[1]))
        for pair in pairs:
            strangers(cases, workspace, x, *pair)
            survivors(cases, workspace, x, *pair)
        pictures(cases, workspace, x, pairs)
        for client in ("glassh", "ssh"):
            refusals(cases, workspace, x, client)
            wishes(cases, workspace, x, client, glasshds[0])
            hijack(cases, workspace, x, client)
        end_process(x.process)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
