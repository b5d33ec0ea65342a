"""OpenSSH's ssh and our glassh, kept away from everything that the user of this machine has configured."""

import os

from peers.workspace import USER, find_program, our_program


def client_options(workspace, server=None, known_hosts=None, user=USER, key="ed25519", batch=True):
    """Flags for either client: who logs in with which key, and which host keys are trusted."""
    if known_hosts is None:
        known_hosts = workspace.fresh("known_hosts")
        workspace.file(os.path.basename(known_hosts), server.known_hosts() if server else "")
    options = {
        "UserKnownHostsFile": known_hosts,
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes" if batch else "ask",
        "BatchMode": "yes" if batch else "no",
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "UpdateHostKeys": "no",
        "SendEnv": "SHLVL",
        "ControlPath": "none",
    }
    flags = ["-F", "none", "-T", "-l", user]
    if key:
        flags += ["-i", workspace.key("user-" + key, key) if key in ("ed25519", "ecdsa", "rsa") else key]
    if server:
        flags += ["-p", str(server.port)]
    for name, value in options.items():
        flags += ["-o", f"{name}={value}"]
    return flags


def glassh(*arguments):
    return [our_program("glassh"), *arguments]


def ssh(*arguments):
    return [find_program("ssh"), *arguments]
