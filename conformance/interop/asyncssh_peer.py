"""asyncssh, in either role, with all the algorithms that it has; libraries.py says what it is told."""

import asyncio
import sys

import asyncssh
from asyncssh.encryption import get_encryption_algs
from asyncssh.kex import get_kex_algs
from asyncssh.mac import get_mac_algs

COMMAND = "cat; echo done >&2; exit 7"


def algorithms():
    names = {"kex_algs": get_kex_algs(), "encryption_algs": get_encryption_algs(), "mac_algs": get_mac_algs()}
    return {what: [name.decode() for name in list_ if not name.startswith(b"gss-")] for what, list_ in names.items()}


def rekeying(rekey):
    return {"rekey_bytes": int(rekey)} if int(rekey) else {}


async def log_in(port, user, key, source, target, rekey, compress, command):
    seen = []

    class Client(asyncssh.SSHClient):
        def validate_host_public_key(self, host, addr, port, key):
            seen.append(key.export_public_key().decode().split()[1])
            return True

    with open(source, "rb") as file:
        data = file.read()
    compression = ["zlib@openssh.com", "none"] if compress != "0" else ["none"]
    async with asyncssh.connect("127.0.0.1", int(port), username=user, client_keys=[key], known_hosts=b"", config=None,
                                agent_path=None, client_factory=Client, compression_algs=compression, login_timeout=60,
                                **algorithms(), **rekeying(rekey)) as connection:
        result = await connection.run(command, input=data, encoding=None)
    with open(target, "wb") as file:
        file.write(result.stdout)
    return ["ok", str(result.exit_status), seen[0], result.stderr.decode().strip()]


async def client():
    while line := await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline):
        try:
            answer = await log_in(*line.rstrip("\n").split("\t")[1:])
        except Exception as failure:  # whatever it is, the test shall know
            answer = ["failed", repr(failure).replace("\t", " ").replace("\n", " ")]
        print("\t".join(answer), flush=True)


async def echo(process):
    if process.command != COMMAND:
        process.exit(1)
        return
    while block := await process.stdin.read(65536):
        process.stdout.write(block)
        await process.stdout.drain()
    process.stderr.write(b"done\n")
    process.exit(7)


async def server(rekey, authorized_keys, *host_keys):
    listener = await asyncssh.listen("127.0.0.1", 0, server_host_keys=list(host_keys),
                                     authorized_client_keys=authorized_keys, config=None,
                                     process_factory=echo, encoding=None, allow_pty=False,
                                     compression_algs=["none", "zlib@openssh.com"], **algorithms(), **rekeying(rekey))
    print(f"listening\t{listener.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    listener.close()


if __name__ == "__main__":
    if sys.argv[1] == "client":
        asyncio.run(client())
    else:
        asyncio.run(server(*sys.argv[2:]))
