#!/usr/bin/env bash
# ./dev demo: glasshd with throwaway keys; a real OpenSSH client and our glassh log into it; the key exchange explained as it happens.
# Ends by itself. --stay leaves the server up and says how to connect. Everything lives in one temporary directory.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

stay=no
case "${1:-}" in
  '') ;;
  --stay) stay=yes ;;
  *) echo "usage: ./dev demo [--stay]" >&2 && exit 1 ;;
esac

programs=$PWD/build/bin
room=$(mktemp -d "${TMPDIR:-/tmp}/glassh-demo.XXXXXX")
server=
leave() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$room"
}
trap leave EXIT
trap 'exit 130' INT TERM

say() { printf '\n\033[1m%s\033[0m\n' "$*" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[0-9]*m//g'; fi; }

say "1. Throwaway keys: one for the host, one for you"
ssh-keygen -q -t ed25519 -N '' -C 'host key of the demo' -f "$room/host_key"
ssh-keygen -q -t ed25519 -N '' -C 'user key of the demo' -f "$room/user_key"
cp "$room/user_key.pub" "$room/authorized_keys"
ssh-keygen -l -f "$room/host_key.pub"

say "2. glasshd, as $(id -un), on a port that the system picks"
cat >"$room/sshd_config" <<CONFIG
ListenAddress 127.0.0.1
Port 0
HostKey $room/host_key
AuthorizedKeysFile $room/authorized_keys
StrictModes no
CONFIG
"$programs/glasshd" -D -e -f "$room/sshd_config" 2>"$room/server.log" &
server=$!
port=
for _ in $(seq 100); do
  port=$(sed -n 's/.*listening on 127\.0\.0\.1 port \([0-9]*\).*/\1/p' "$room/server.log" | head -n 1)
  [ -n "$port" ] && break
  kill -0 "$server" 2>/dev/null || { cat "$room/server.log" >&2 && exit 1; }
  sleep 0.1
done
[ -n "$port" ] || { echo "the server did not start:" >&2 && cat "$room/server.log" >&2 && exit 1; }
cat "$room/server.log"
printf '[127.0.0.1]:%s %s\n' "$port" "$(cut -d' ' -f1,2 "$room/host_key.pub")" >"$room/known_hosts"

options=(-F none -i "$room/user_key" -o IdentitiesOnly=yes -o UserKnownHostsFile="$room/known_hosts" -o GlobalKnownHostsFile=/dev/null -p "$port")

say "3. A real OpenSSH client logs in ($(ssh -V 2>&1))"
ssh "${options[@]}" -o IdentityAgent=none 127.0.0.1 'echo "hello from a session of glasshd, as $(id -un), over $SSH_CONNECTION"'
status=0
ssh "${options[@]}" -o IdentityAgent=none 127.0.0.1 'exit 37' || status=$?
echo "a command that ends with 37 ends with $status here as well"
[ "$status" = 37 ]

say "4. glassh logs in, and explains every packet (--trace -)"
"$programs/glassh" "${options[@]}" --trace "$room/trace" 127.0.0.1 'echo "hello from glassh"'
if [ -t 1 ]; then
  "$programs/glassh" "${options[@]}" --trace - 127.0.0.1 true
else
  cat "$room/trace"
fi
grep -q 'exchange hash' "$room/trace"

say "5. What the server noted"
cat "$room/server.log"

if [ "$stay" = yes ]; then
  say "The server stays up. From another terminal:"
  echo "  ssh ${options[*]} -o IdentityAgent=none 127.0.0.1"
  echo "  $programs/glassh ${options[*]} --trace - 127.0.0.1 date"
  echo "Ctrl-C ends it and removes $room."
  wait "$server"
fi
say "That was all: ./dev step walks the same exchange in a debugger."
