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

releases="bookworm trixie"
archive=http://deb.debian.org/debian
keys=/usr/share/keyrings/debian-archive-keyring.gpg

die() {
  echo "elsewhere: $*" >&2
  exit 2
}

# make_system RELEASE DIRECTORY: in mounts of its own, so that none is left if it is killed. Until it is whole, the
# directory has another name.
make_system() {
  rm -rf --one-file-system "$2.new"
  unshare --mount debootstrap --variant=minbase "--keyring=$keys" "$1" "$2.new" "$archive"
  mv "$2.new" "$2"
}

# ours ARGUMENTS…: git, also in a clone that belongs to another user. The git programs that git starts read this file, too.
ours() {
  GIT_CONFIG_GLOBAL=$PWD/build/elsewhere/gitconfig git "$@"
}

# clone_into DIRECTORY: the last commit, as a clone has it. What was built there stays.
clone_into() {
  local clone=$1$project
  printf '[safe]\n\tdirectory = *\n' >build/elsewhere/gitconfig
  [ -z "$(ours status --porcelain)" ] || echo "elsewhere: what is not committed is not tried"
  [ -d "$clone/.git" ] || ours clone -q . "$clone"
  ours -C "$clone" fetch -q "$PWD" HEAD
  ours -C "$clone" checkout -q --force --detach FETCH_HEAD
  ours -C "$clone" clean -q -d --force
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
  [ ! -r /etc/resolv.conf ] || install -m 644 /etc/resolv.conf "$root/etc/resolv.conf"
  local variable network=()
  for variable in http_proxy https_proxy no_proxy; do
    [ -z "${!variable:-}" ] || network+=("$variable=${!variable}")
  done
  printf '127.0.0.1 localhost %s\n::1 localhost ip6-localhost ip6-loopback\n' "$(hostname)" >"$root/etc/hosts"
  exec chroot "$root" /usr/bin/env -i HOME=/root USER=root LOGNAME=root SHELL=/bin/bash LANG=C.UTF-8 "TERM=${TERM:-dumb}" "${network[@]}" \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    bash -c "cd $project"' && "$@"; exit' bash "$@" # this shell is process 1 there: it takes the orphans that end
}

if [ "${1:-}" = --enter ]; then
  shift
  enter "$@"
fi

usage="./dev elsewhere RELEASE [command…]; RELEASE is one of: $releases"
[ $# -gt 0 ] || die "which release? $usage"
release=$1
shift
[[ " $releases " == *" $release "* ]] || die "no release \"$release\". $usage"
[ "$(id -u)" = 0 ] || die "only root can make another system"
if [ "${1:-}" = --check ]; then exit; fi
[ -r $keys ] || die "no $keys here; it is in the package debian-archive-keyring"
root=$PWD/build/elsewhere/$release
mkdir -p "${root%/*}"
exec 9>"$root.lock" # held as long as anything runs there
flock -n 9 || die "another run uses $root"
[ -d "$root" ] || make_system "$release" "$root"
clone_into "$root"
[ $# -gt 0 ] || set -- bash -c './dev demo && ./dev test'
[ "$1" != demo ] && [ "$1" != test ] || set -- ./dev "$@"
exec unshare --mount --pid --fork --kill-child bash "${BASH_SOURCE[0]}" --enter "$root" "$@"
