#!/usr/bin/python3
"""Drives gdb over the program of ./dev step: the handlers come in order, the backtrace is ours, two runs print the same bytes.

Usage: step_test.py PROGRAM   (built for debugging; run from anywhere)
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# RFC 4253 sections 7 to 9: whose handler runs when, client and server in one process.
EXPECTED = ["on_kexinit", "on_kexinit", "on_init", "provide_signature", "on_reply", "accept_host_key", "on_newkeys", "on_newkeys"]

failures = 0


def case(name, passed, detail=""):
    global failures
    print(("ok - " if passed else "not ok - ") + "step: " + name)
    if not passed:
        failures += 1
        print("    " + detail.replace("\n", "\n    ")[-3000:])


def drive(program):
    commands = ["-ex", "set pagination off", "-x", "test/step/step.gdb"]
    for _ in EXPECTED:
        commands += ["-ex", "echo \\n@stop\\n", "-ex", "bt", "-ex", "info args", "-ex", "print stage_", "-ex", "continue"]
    run = subprocess.run(["gdb", "--batch", "-nx", "-iex", "set debuginfod enabled off"] + commands + [program], cwd=ROOT, text=True,
                         stdin=subprocess.DEVNULL, capture_output=True, timeout=240, errors="replace")
    return run.stdout + run.stderr


def main():
    program = os.path.abspath(sys.argv[1])
    output = drive(program)
    stops = output.split("@stop\n")[1:]
    handlers, strangers = [], []
    for stop in stops:
        frames = re.findall(r"^#\d+ .*$", stop, re.M)
        if not frames:
            continue
        found = re.search(r"glassh::KeyExchange::(\w+)", frames[0])
        handlers.append(found.group(1) if found else frames[0])
        strangers += [frame for frame in frames if ROOT + "/" not in frame and " at test/" not in frame and not re.search(
            r" at (\.\./)*(proto|crypto|transport|auth|channels|server|client|test)/", frame.replace(ROOT + "/", ""))]
    case("the handlers are visited in order", handlers == EXPECTED, "%s\n%s" % (handlers, output))
    case("every frame of every backtrace is ours", handlers != [] and not strangers, "\n".join(strangers))
    case("a payload prints as bytes", re.search(r"payload = \d+ bytes: 14", output) is not None, output)
    case("a stage prints in words", "= sent kexinit" in output and "= awaiting host key" in output, output)
    packet = subprocess.run(["gdb", "--batch", "-nx", "-x", "test/step/step.gdb", "-ex", "packet payload", program], cwd=ROOT, text=True,
                            stdin=subprocess.DEVNULL, capture_output=True, timeout=120, errors="replace").stdout
    case("the packet command names the message", "SSH_MSG_KEXINIT (20)" in packet and "curve25519-sha256" in packet.replace("\n", "") or
         "SSH_MSG_KEXINIT (20)" in packet and "curve255" in packet, packet)
    first, second = (subprocess.run([program], capture_output=True, timeout=60) for _ in range(2))
    case("it ends well", first.returncode == 0, first.stdout.decode(errors="replace"))
    case("two runs print the same bytes", first.stdout == second.stdout and len(first.stdout) > 2000)
    other = subprocess.run([program, "2"], capture_output=True, timeout=60)
    case("another seed prints others", other.stdout != first.stdout and other.returncode == 0)
    return 1 if failures else 0


sys.exit(main())
