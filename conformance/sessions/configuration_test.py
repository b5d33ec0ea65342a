"""What is in force: glassh -G beside ssh -G, and glasshd -T -C beside sshd -T -C, for the same files.

Whatever ours prints, OpenSSH 10 prints as well, in the same order and with the same value. What ours or an older OpenSSH
prints otherwise is in peers/openssh_versions.py. Lists of algorithms are compared by compression_test.py.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import Cases, Workspace, expect, find_program
from peers.openssh_versions import printed_by_openssh, printed_by_us
from peers.servers import need_separation_directory
from peers.workspace import our_program

ALGORITHMS = {"ciphers", "macs", "kexalgorithms", "hostkeyalgorithms", "pubkeyacceptedalgorithms"}

# (what it shows, the file, flags)
CLIENT = [
    ("an empty file", "", []),
    ("full names", "CanonicalDomains A.example b.example\nCanonicalizeMaxDots 2\nCanonicalizeFallbackLocal no\n", []),
    ("permitted aliases", "CanonicalizePermittedCNAMEs *.a:*.b,*.c *\nProxyCommand x\n", []),
    ("names that are full already", "CanonicalizeHostname always\nCanonicalizeMaxDots 0\nHost a.b\n  Port 5\nMatch canonical\n  User x\n",
     ["a.b"]),
    ("Host blocks, negated", "Host foo bar\n  Port 1\nHost *.x !bad.x\n  User u\nHost f* !foo\n  User never\nHost *\n  User last\n", []),
    ("the first value", "Port 3\nUser a\nPort 4\nUser b\n", ["-p", "2"]),
    ("HostName", "HostName %h.Example\n", []),
    ("Match host after HostName", "HostName %h.x\nMatch host foo.x\n  Port 5\nMatch originalhost foo\n  User x\n", []),
    ("Match in capital letters", "Match host foo\n  Port 5\nMatch originalhost FOO\n  User x\nHost foo\n  BatchMode yes\n", ["FOO"]),
    ("Match user and localuser", "Match user bob localuser *\n  Port 6\nMatch !user bob\n  Port 7\n", ["-l", "bob"]),
    ("Match exec", "Match exec \"test %h = foo -a %p = 22\"\n  Port 7\nMatch !exec false\n  User x\n", []),
    ("Match final and canonical", "HostName bar\nHost bar\n  Port 5\nMatch final\n  User x\n  HostName no\nMatch canonical\n"
     "  ConnectTimeout 3\nMatch !final\n  ServerAliveInterval 9\n", []),
    ("Match all", "Match all\n  Port 5\nMatch final all\n  User z\nMatch !all\n  User y\n", []),
    ("ProxyJump", "ProxyJump a,u@b:4,127.0.0.1\n", []),
    ("ProxyJump before ProxyCommand", "ProxyJump ssh://u@a:5\nProxyCommand x\n", []),
    ("ProxyCommand before ProxyJump", "ProxyCommand nc %h %p # c\nProxyJump a\n", []),
    ("-J before the file", "ProxyJump a\n", ["-J", "[::1]:3"]),
    ("-J none", "ProxyCommand x\nMatch final\n  ProxyJump a\n", ["-J", "none"]),
    ("where from", "BindAddress 192.0.2.1\n", ["-B", "eth0"]),
    ("quotes, equals signs, comments", "User=\"a b\" # c\nIdentityFile '/x y'\nRemoteCommand = echo \"a  b\" # kept\nPort =  7\n", []),
    ("tokens and variables", "IdentityFile ~/%u/%%\nUserKnownHostsFile ~/a %d/%k ${HOME}/b\nIdentityAgent %d/%n\n", []),
    ("yes and no", "BatchMode yes\nCheckHostIP true\nHashKnownHosts yes\nIdentitiesOnly yes\nPubkeyAuthentication no\n"
     "PasswordAuthentication false\nStdinNull yes\nVisualHostKey yes\nStrictHostKeyChecking accept-new\n", []),
    ("sessions", "RequestTTY force\nSessionType none\nSendEnv A B*\nSendEnv C\nSetEnv X=1 Y=\"a b\"\n", []),
    ("times", "ConnectTimeout 1m\nServerAliveInterval 1h\nAddKeysToAgent confirm 1h30m\n", []),
    ("words", "FingerprintHash md5\nLogLevel verbose\nAddressFamily inet6\nHostKeyAlias Zed\nPreferredAuthentications password,x\n"
     "KbdInteractiveDevices pam\nIgnoreUnknown Foo*\nFooBar 1\n", []),
    ("flags", "", ["-4", "-N", "-n", "-T", "-A", "-l", "me", "-i", "/k", "-oIdentityFile=/l", "-vv"]),
    ("forwards", "LocalForward 8080 localhost:80\nLocalForward [::1]:8081 [::2]:80\n"
     "RemoteForward 0 localhost:80\nRemoteForward 1081\nRemoteForward *:9000 h:1\nDynamicForward 1080\nDynamicForward *:1082\n"
     "PermitRemoteOpen a:1 h:*\nGatewayPorts yes\nExitOnForwardFailure yes\nStreamLocalBindMask 0077\nStreamLocalBindUnlink yes\n", []),
    ("forwards cleared", "LocalForward 8080 localhost:80\nClearAllForwardings yes\n", ["-D", "3"]),
    ("X11", "ForwardX11 yes\nForwardX11Trusted no\nForwardX11Timeout 1h\nXAuthLocation /x\n", []),
    ("terminals", "EscapeChar ^A\nForkAfterAuthentication yes\nSessionType none\nPermitLocalCommand yes\nLocalCommand echo %h # x\n", []),
    ("the socket", "IPQoS af21 cs1\nTCPKeepAlive no\n", []),
]
SERVER = [
    ("a small file", "", "user=ann,host=h,addr=192.0.2.1"),
    ("numbers and times", "MaxAuthTries 3\nMaxSessions 4\nMaxStartups 9:50:20\nLoginGraceTime 1m\nClientAliveInterval 1m\n"
     "ClientAliveCountMax 2\n", "user=ann,host=h,addr=192.0.2.1"),
    ("limits before the login", "MaxStartups 7\nPerSourceMaxStartups 3\nPerSourceNetBlockSize 24:56\nLoginGraceTime 0\n",
     "user=ann,host=h,addr=192.0.2.1"),
    ("who gets in", "AllowUsers a b@192.0.2.0/24\nDenyUsers c\nAllowGroups g\nDenyGroups h\nPermitRootLogin prohibit-password\n"
     "PermitEmptyPasswords yes\nAuthenticationMethods publickey,password password\n", "user=ann,host=h,addr=192.0.2.1"),
    ("Match User and Group", "Match User ann,!bob\n  MaxAuthTries 2\n  Banner /b\nMatch User bob\n  ForceCommand no\nMatch Group root\n"
     "  ForceCommand echo \"a\" # b\n", "user=root,host=h,addr=192.0.2.1"),
    ("Match Address and Host", "Match Address 192.0.2.0/24,!192.0.2.7\n  AcceptEnv A B\nMatch Address 192.0.2.1 Host *.example\n"
     "  PermitTTY no\n", "user=ann,host=a.example,addr=192.0.2.1"),
    ("Match LocalPort and LocalAddress", "Match LocalPort 22 LocalAddress 10.0.0.0/8\n  MaxSessions 1\nMatch All\n  AllowAgentForwarding no\n",
     "user=ann,host=h,addr=192.0.2.1,laddr=10.1.1.1,lport=22"),
    ("subsystems and environment", "Subsystem sftp /usr/lib/openssh/sftp-server -l INFO\nSubsystem x cat\nAcceptEnv LANG LC_*\n"
     "PermitUserEnvironment A,B\nSetEnv X=1 Y=2\n", "user=ann,host=h,addr=192.0.2.1"),
    ("forwarding", "AllowTcpForwarding local\nAllowStreamLocalForwarding remote\nPermitOpen a:1 [::1]:2 b:*\nPermitListen 8080 h:*\n"
     "GatewayPorts clientspecified\nStreamLocalBindMask 0077\nStreamLocalBindUnlink yes\nX11Forwarding yes\nX11DisplayOffset 5\n"
     "X11UseLocalhost no\nDisableForwarding yes\n", "user=ann,host=h,addr=192.0.2.1"),
    ("sessions", "PermitUserRC no\nPrintMotd no\nPrintLastLog no\nPermitTTY no\nExposeAuthInfo yes\nBanner /b\n"
     "UnusedConnectionTimeout 5m\nChannelTimeout session=1h direct-tcpip=5\n", "user=ann,host=h,addr=192.0.2.1"),
    ("the socket", "IPQoS ef\nTCPKeepAlive no\n", "user=ann,host=h,addr=192.0.2.1"),
]


def lines_of(result, ignored):
    lines = [line for line in result.out.decode().splitlines() if " " in line]
    return [line for line in lines if line.split(" ")[0] not in ignored]


def compare(ours, theirs, ignored=ALGORITHMS):
    """Each of our lines stands among theirs, in their order."""
    expect(ours.status == theirs.status == 0, f"{ours.status} {ours.err}", f"{theirs.status} {theirs.err}")
    mine = printed_by_us(lines_of(ours, ignored))
    keywords = {line.split(" ")[0] for line in mine}
    others = [line for line in printed_by_openssh(lines_of(theirs, ignored)) if line.split(" ")[0] in keywords]
    missing = [line for line in mine if line not in others]
    extra = [line for line in others if line not in mine]
    expect(len(mine) > 20, ours)
    expect(not missing and not extra, f"ours only: {missing}", f"OpenSSH's only: {extra}")
    differing = [f"{one} / {other}" for one, other in zip(mine, others) if one != other]
    expect(mine == others, "the order differs, ours / OpenSSH's:", *differing[:3])


def client_cases(cases, workspace):
    for what, text, flags in CLIENT:
        with cases.case(f"-G: {what}"):
            path = workspace.file("ssh_config", text)
            host = flags[-1:] if flags and flags[-1] in ("FOO", "a.b") else ["foo"]
            words = ["-F", path, "-G", *[flag for flag in flags if flag not in host], *host]
            ignored = ALGORITHMS | (set() if "IdentityFile" in text or "-i" in flags else {"identityfile"})
            compare(workspace.run([our_program("glassh"), *words]), workspace.run([find_program("ssh"), *words]), ignored)


def server_cases(cases, workspace):
    need_separation_directory(workspace)
    common = f"HostKey {workspace.key('host-ed25519')}\nPort 2222\nListenAddress 127.0.0.1\nPidFile none\nUsePAM no\n"
    for what, text, connection in SERVER:
        with cases.case(f"-T -C: {what}"):
            path = workspace.file("sshd_config", common + text)
            words = ["-T", "-f", path, "-C", connection]
            compare(workspace.run([our_program("glasshd"), *words]), workspace.run([find_program("sshd"), *words]))


def file_cases(cases, workspace):
    with cases.case("-G: Include, in a block and with a pattern"):
        directory = workspace.fresh("conf.d")
        os.mkdir(directory)
        for name, text in (("10-a", "Port 1\nHost bar\nUser no\n"), ("20-b", "Port 2\nUser b\n"), ("other", "nonsense\n")):
            workspace.file(os.path.join(os.path.basename(directory), name), text)
        path = workspace.file("ssh_config", f"Host bar\nInclude {directory}/2*\nHost foo\nInclude {directory}/[12]*\nBatchMode yes\n")
        words = ["-F", path, "-G", "foo"]
        compare(workspace.run([our_program("glassh"), *words]), workspace.run([find_program("ssh"), *words]),
                ALGORITHMS | {"identityfile"})


def main():
    cases = Cases()
    with Workspace() as workspace:
        client_cases(cases, workspace)
        file_cases(cases, workspace)
        server_cases(cases, workspace)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
