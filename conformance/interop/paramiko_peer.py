"""paramiko, in either role; libraries.py says what it is told."""

import socket
import sys
import threading
import time

import paramiko

KINDS = {"ssh-ed25519": paramiko.Ed25519Key, "ssh-rsa": paramiko.RSAKey, "ecdsa-sha2": paramiko.ECDSAKey}


def private_key(path):
    with open(path + ".pub", encoding="utf-8") as file:
        name = file.read().split()[0]
    return next(kind for start, kind in KINDS.items() if name.startswith(start)).from_private_key_file(path)


def log_in(port, user, key, source, target, rekey, compress, command):
    transport = paramiko.Transport(socket.create_connection(("127.0.0.1", int(port)), timeout=60))
    try:
        transport.use_compression(compress != "0")
        transport.start_client(timeout=60)
        transport.auth_publickey(user, private_key(key))
        channel = transport.open_session(timeout=60)
        channel.exec_command(command)
        with open(source, "rb") as file:
            data = file.read()
        errors = []

        def send():
            half = int(rekey) or len(data)
            channel.sendall(data[:half])
            if half < len(data):
                transport.renegotiate_keys()
                channel.sendall(data[half:])
            channel.shutdown_write()

        def read_errors():
            while block := channel.recv_stderr(4096):
                errors.append(block)

        threads = [threading.Thread(target=work, daemon=True) for work in (send, read_errors)]
        for thread in threads:
            thread.start()
        with open(target, "wb") as file:
            while block := channel.recv(65536):
                file.write(block)
        for thread in threads:
            thread.join(60)
        status = channel.recv_exit_status()
        host_key = transport.get_remote_server_key().get_base64()
        return ["ok", str(status), host_key, b"".join(errors).decode().strip()]
    finally:
        transport.close()


def client():
    for line in sys.stdin:
        try:
            answer = log_in(*line.rstrip("\n").split("\t")[1:])
        except Exception as failure:  # whatever it is, the test shall know
            answer = ["failed", repr(failure).replace("\t", " ").replace("\n", " ")]
        print("\t".join(answer), flush=True)


class Server(paramiko.ServerInterface):
    def __init__(self, authorized):
        self.authorized = authorized

    def get_allowed_auths(self, username):
        return "publickey"

    def check_auth_publickey(self, username, key):
        return paramiko.AUTH_SUCCESSFUL if key.get_base64() in self.authorized else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED if kind == "session" else paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_env_request(self, channel, name, value):
        return True

    def check_channel_exec_request(self, channel, command):
        if command != COMMAND:
            return False
        threading.Thread(target=echo, args=(channel,), daemon=True).start()
        return True


COMMAND = b"cat; echo done >&2; exit 7"
rekey_after = 0


def echo(channel):
    count = 0
    while block := channel.recv(65536):
        if rekey_after and count < rekey_after <= count + len(block):
            channel.transport.renegotiate_keys()
        count += len(block)
        channel.sendall(block)
    channel.sendall_stderr(b"done\n")
    channel.send_exit_status(7)
    channel.close()


def serve(connection, keys, authorized):
    transport = paramiko.Transport(connection)
    try:
        transport.get_security_options().compression = ("none", "zlib@openssh.com")
        for key in keys:
            transport.add_server_key(key)
        transport.start_server(server=Server(authorized))
        while transport.is_active():
            time.sleep(0.05)
    except (paramiko.SSHException, EOFError, OSError) as failure:
        print(repr(failure), file=sys.stderr, flush=True)
    finally:
        transport.close()


def server(rekey, authorized_keys, *host_keys):
    global rekey_after
    rekey_after = int(rekey)
    paramiko.Transport.load_server_moduli()
    with open(authorized_keys, encoding="utf-8") as file:
        authorized = {line.split()[1] for line in file}
    keys = [private_key(path) for path in host_keys]
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"listening\t{listener.getsockname()[1]}", flush=True)

    def accept():
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0], keys, authorized), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    paramiko.util.logging.getLogger("paramiko").addHandler(paramiko.util.logging.StreamHandler(sys.stderr))
    if sys.argv[1] == "client":
        client()
    else:
        server(*sys.argv[2:])
