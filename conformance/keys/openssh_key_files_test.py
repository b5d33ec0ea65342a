#!/usr/bin/python3
"""Key files, signatures, known_hosts and authorized keys: what OpenSSH's ssh-keygen and our own code make of each other's.

GLASSH_KEY_TOOL names the program made of test/support/key_tool_main.cpp. Nothing is read of the user's own ~/.ssh.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

TOOL = os.environ["GLASSH_KEY_TOOL"]
ALGORITHMS = {"ssh-ed25519": ["ssh-ed25519"], "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
              "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"], "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
              "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"]}
KINDS = [("ssh-ed25519", "ed25519", 256), ("ecdsa-sha2-nistp256", "ecdsa", 256),
         ("ecdsa-sha2-nistp384", "ecdsa", 384), ("ecdsa-sha2-nistp521", "ecdsa", 521), ("ssh-rsa", "rsa", 2048),
         ("ssh-rsa", "rsa", 3072)]
failures = 0
home = None


def run(*words, stdin=b""):
    """(exit status, stdout, stderr)"""
    done = subprocess.run([str(word) for word in words], input=stdin, capture_output=True, timeout=120,
                          env={"HOME": str(home), "PATH": os.environ["PATH"]})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def output(*words, stdin=b""):
    status, out, err = run(*words, stdin=stdin)
    if status != 0:
        raise AssertionError(f"{' '.join(map(str, words))}: {err.strip() or out.strip() or status}")
    return out


def case(what, action):
    global failures
    try:
        action()
        print(f"ok - {what}")
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        failures += 1
        print(f"not ok - {what}: {error}")


def equal(ours, theirs):
    if ours != theirs:
        raise AssertionError(f"{ours!r} is not {theirs!r}")


def refused(why, *words, stdin=b""):
    status, out, err = run(*words, stdin=stdin)
    if status == 0:
        raise AssertionError(f"{' '.join(map(str, words))} succeeded: {out.strip()}")
    if why not in err:
        raise AssertionError(f"{err.strip()!r} does not say {why!r}")


def words_of(line, count):
    return " ".join(line.split()[:count])


def check_ours(path):
    """ssh-keygen reads what we wrote."""
    equal(output("ssh-keygen", "-y", "-f", path).strip(), (path.parent / (path.name + ".pub")).read_text().strip())
    line, fingerprint = output(TOOL, "show", path).splitlines()
    equal(fingerprint, output("ssh-keygen", "-l", "-f", path).strip())
    equal(fingerprint, output("ssh-keygen", "-l", "-f", str(path) + ".pub").strip())
    equal(line, output("ssh-keygen", "-y", "-f", path).strip())
    equal(oct(path.stat().st_mode & 0o777), "0o600")


def check_theirs(path):
    """We read what ssh-keygen wrote."""
    public = (path.parent / (path.name + ".pub")).read_text().strip()
    line, fingerprint = output(TOOL, "show", path).splitlines()
    equal(line, public)
    equal(fingerprint, output("ssh-keygen", "-l", "-f", path).strip())


def check_converted(path, form):
    copy = path.with_name(path.name + "." + form)
    copy.write_bytes(path.read_bytes())
    copy.chmod(0o600)
    output("ssh-keygen", "-p", "-q", "-P", "", "-N", "", "-m", form, "-f", copy)
    if "OPENSSH" in copy.read_text():
        raise AssertionError("ssh-keygen did not convert the file")
    equal(words_of(output(TOOL, "show", copy), 2), words_of(output("ssh-keygen", "-y", "-f", path), 2))


def check_passphrase(path):
    copy = path.with_name(path.name + ".locked")
    copy.write_bytes(path.read_bytes())
    copy.chmod(0o600)
    output("ssh-keygen", "-p", "-q", "-P", "", "-N", "secret", "-f", copy)
    refused("passphrase", TOOL, "show", copy)
    output("ssh-keygen", "-p", "-q", "-P", "secret", "-N", "", "-f", copy)
    equal(words_of(output(TOOL, "show", copy), 2), words_of(output("ssh-keygen", "-y", "-f", path), 2))


def check_comment(path):
    copy = path.with_name(path.name + ".comment")
    copy.write_bytes(path.read_bytes())
    copy.chmod(0o600)
    for comment in ("", "x", "other words"):
        output("ssh-keygen", "-c", "-q", "-P", "", "-C", comment, "-f", copy)
        equal(output(TOOL, "show", copy).splitlines()[0].split(" ", 2)[2], comment)


def check_our_signature(path, algorithm):
    """ssh-keygen verifies what we sign."""
    signers, signature = home / "signers", home / "signature"
    signers.write_text("me " + words_of((path.parent / (path.name + ".pub")).read_text(), 2) + "\n")
    signature.write_text(output(TOOL, "sign", algorithm, path, "test", stdin=b"glass"))
    verify = ("ssh-keygen", "-Y", "verify", "-f", signers, "-I", "me", "-n", "test", "-s", signature)
    output(*verify, stdin=b"glass")
    status, _, _ = run(*verify, stdin=b"grass")
    if status == 0:
        raise AssertionError("ssh-keygen verifies another message as well")


def check_their_signature(path):
    """We verify what ssh-keygen signs; its RSA signatures are rsa-sha2-512."""
    message = home / "message"
    message.write_bytes(b"glass")
    (home / "message.sig").unlink(missing_ok=True)
    output("ssh-keygen", "-Y", "sign", "-q", "-f", path, "-n", "test", message)
    algorithm = "rsa-sha2-512" if "rsa" in path.name else output("ssh-keygen", "-y", "-f", path).split()[0]
    verify = (TOOL, "verify", algorithm, str(path) + ".pub", "test", home / "message.sig")
    output(*verify, stdin=b"glass")
    refused("signature is wrong", *verify, stdin=b"grass")


def check_mode(path):
    for mode in (0o640, 0o644):
        path.chmod(mode)
        refused(f"{mode:04o}", TOOL, "show", path)
        refused("UNPROTECTED", "ssh-keygen", "-y", "-f", path)
    path.chmod(0o600)


def check_our_known_hosts(path, form):
    """ssh-keygen -F finds what we remember."""
    known = home / f"known_hosts.{form}"
    public = str(path) + ".pub"
    for host, port, name in (("Example.com", 22, "example.com"), ("example.org", 2222, "[example.org]:2222"),
                             ("10.0.0.7", 22, "10.0.0.7"), ("::1", 2222, "[::1]:2222")):
        output(TOOL, "remember", known, host, port, public, form)
        found = output("ssh-keygen", "-F", name, "-f", known).splitlines()
        equal(words_of(found[-1].split(" ", 1)[1], 2), words_of(pathlib.Path(public).read_text(), 2))
        equal(output(TOOL, "find", known, host, port, public).strip(), "match")
    status, _, _ = run("ssh-keygen", "-F", "example.net", "-f", known)
    equal(status, 1)
    if form == "hashed" and "example" in known.read_text():
        raise AssertionError("a name is to be read")


def check_their_known_hosts(path, other):
    """We find what ssh-keygen -H hashed."""
    known = home / "known_hosts.theirs"
    public = words_of(pathlib.Path(str(path) + ".pub").read_text(), 2)
    known.write_text(f"example.com {public}\n[example.org]:2222 {public}\n")
    output("ssh-keygen", "-q", "-H", "-f", known)
    if "example" in known.read_text():
        raise AssertionError("ssh-keygen hashed nothing")
    for key, host, port, expected in ((path, "EXAMPLE.com", 22, "match"), (path, "example.org", 2222, "match"),
                                      (path, "example.org", 22, "unknown"), (other, "example.com", 22, "changed")):
        equal(output(TOOL, "find", known, host, port, str(key) + ".pub").strip(), expected)


def check_authorized(path, other):
    authorized = home / "authorized_keys"
    authorized.write_text("# mine\nrestrict " + pathlib.Path(str(other) + ".pub").read_text() +
                          pathlib.Path(str(path) + ".pub").read_text())
    equal(output(TOOL, "authorized", authorized, str(path) + ".pub").strip(), "3")
    equal(output(TOOL, "authorized", authorized, str(other) + ".pub").strip(), "2")


def main():
    for key_type, short, bits in KINDS:
        name = f"{short}{bits}"
        ours, theirs = home / f"ours_{name}", home / f"theirs_{name}"
        case(f"{name}: made by us", lambda: output(TOOL, "generate", key_type, bits, ours, "a comment"))
        case(f"{name}: made by ssh-keygen",
             lambda: output("ssh-keygen", "-q", "-t", short, "-b", bits, "-N", "", "-C", "their comment", "-f", theirs))
        case(f"{name}: ssh-keygen reads our file", lambda: check_ours(ours))
        case(f"{name}: we read ssh-keygen's file", lambda: check_theirs(theirs))
        for form in ("PEM", "PKCS8") if short != "ed25519" else ():
            case(f"{name}: we read ssh-keygen's {form} form", lambda: check_converted(theirs, form))
        case(f"{name}: ssh-keygen locks our file and unlocks it", lambda: check_passphrase(ours))
        case(f"{name}: ssh-keygen changes the comment of our file", lambda: check_comment(ours))
        for algorithm in ALGORITHMS[key_type]:
            case(f"{name}: ssh-keygen verifies our {algorithm}", lambda: check_our_signature(ours, algorithm))
        case(f"{name}: we verify ssh-keygen's signature", lambda: check_their_signature(theirs))
        case(f"{name}: a file that others may read is refused by both", lambda: check_mode(ours))
        case(f"{name}: found in authorized_keys", lambda: check_authorized(ours, theirs))
        for form in ("plain", "hashed"):
            case(f"{name}: ssh-keygen finds what we remember, {form}", lambda: check_our_known_hosts(ours, f"{form}"))
            (home / f"known_hosts.{form}").unlink(missing_ok=True)
        case(f"{name}: we find what ssh-keygen hashed", lambda: check_their_known_hosts(theirs, ours))
    return 1 if failures else 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="glassh-test-") as directory:
        home = pathlib.Path(directory)
        status = main()
    sys.exit(status)
