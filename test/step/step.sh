#!/usr/bin/env bash
# ./dev step: gdb on the program that runs a key exchange in one process. Arguments go to gdb.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
echo "Stopped at the first handler: docs/STEPPING.md is the walk. 'next' goes on, 'bt' says where you are, 'continue' to the next handler."
exec gdb -q -x test/step/step.gdb "$@" build/debug/test/step
