#!/usr/bin/env bash
# A bare system of another release in build/elsewhere/RELEASE, with a clone of the last commit in it, where ./dev
# installs all that it needs: what a new user has. It has its own mounts and processes, and the host's network.
#
#   test/elsewhere.sh RELEASE [command…]    a command runs in the clone; without one: ./dev demo, then ./dev test
#
# The system and what was built in it stay, so a second run begins where the first ended. To begin anew: remove the
# directory. Root is needed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

project=/srv/glassh # in the other system

# Which archive has this release, and how it is checked: its package of keys, and the file in it.
archive_of() {
  case $1 in
    bookworm | trixie) echo "http://deb.debian.org/debian debian-archive-keyring debian-archive-keyring.gpg" ;;
    noble) echo "http://archive.ubuntu.com/ubuntu ubuntu-archive-keyring ubuntu-archive-keyring.gpg" ;;
    *) return 1 ;;
  esac
}

# make_system RELEASE DIRECTORY
make_system() {
  local archive package keys components=main
  read -r archive package keys < <(archive_of "$1")
  [ "$package" = debian-archive-keyring ] || components=main,universe
  [ -r "/usr/share/keyrings/$keys" ] || {
    echo "elsewhere: no /usr/share/keyrings/$keys here; it is in the package $package" >&2
    exit 1
  }
  rm -rf "$2" "$2.new"
  # Until it is whole it has another name.
  debootstrap --variant=minbase "--components=$components" "--keyring=/usr/share/keyrings/$keys" "$1" "$2.new" "$archive"
  mv "$2.new" "$2"
}

# clone_into DIRECTORY: the last commit, as a clone has it. What was built there stays.
clone_into() {
  local clone=$1$project
  [ -z "$(git status --porcelain)" ] || echo "elsewhere: what is not committed is not tried"
  [ -d "$clone/.git" ] || git clone -q . "$clone"
  git -C "$clone" fetch -q "$PWD" HEAD
  git -C "$clone" checkout -q --force --detach FETCH_HEAD
  git -C "$clone" clean -q -d --force
  git config --file "$1/root/.gitconfig" safe.directory "$project" # its owner has no name there
}

# Runs in mounts and processes of its own, which end with it: enter DIRECTORY COMMAND…
enter() {
  local root=$1 node
  shift
  mount -t proc proc "$root/proc"
  mount -t sysfs sysfs "$root/sys"
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
  for node in null zero full random urandom tty; do
    touch "$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
  done
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  for node in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${node%:*}" "$root/dev/${node#*:}"; done
  install -m 644 /etc/resolv.conf "$root/etc/resolv.conf"
  printf '127.0.0.1 localhost %s\n::1 localhost ip6-localhost ip6-loopback\n' "$(hostname)" >"$root/etc/hosts"
  exec chroot "$root" /usr/bin/env -i HOME=/root USER=root LOGNAME=root SHELL=/bin/bash LANG=C.UTF-8 "TERM=${TERM:-dumb}" \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    bash -c "cd $project"' && "$@"; exit' bash "$@" # this shell is process 1 there: it takes the orphans that end
}

if [ "${1:-}" = --enter ]; then
  shift
  enter "$@"
fi

release=${1:?"which release: bookworm, trixie or noble"}
shift
archive_of "$release" >/dev/null || {
  echo "elsewhere: no release \"$release\"; there are bookworm, trixie and noble" >&2
  exit 2
}
[ "$(id -u)" = 0 ] || {
  echo "elsewhere: only root can make another system" >&2
  exit 1
}
root=$PWD/build/elsewhere/$release
[ -d "$root" ] || make_system "$release" "$root"
clone_into "$root"
[ $# -gt 0 ] || set -- bash -c './dev demo && ./dev test'
[ "$1" != demo ] && [ "$1" != test ] || set -- ./dev "$@"
exec unshare --mount --pid --fork --kill-child bash "${BASH_SOURCE[0]}" --enter "$root" "$@"
