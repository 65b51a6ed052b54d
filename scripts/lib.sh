# Sourced by the project's scripts: messages and quiet commands. Not to be run.
# shellcheck shell=bash
VALLUM_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SUDO=""
[ "$(id -u)" -eq 0 ] || SUDO="sudo"

say() { printf '%s\n' "$*" >&2; }

# die WHAT CURE: says what failed and what to do about it.
die() {
  printf 'error: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf '  %s\n' "$2" >&2
  exit 1
}

# quiet WHAT COMMAND...: runs COMMAND with its output kept back; shows it only where the command fails.
quiet() {
  local what=$1 log
  shift
  log=$(mktemp)
  [ -t 2 ] && printf '%s …\r' "$what" >&2
  if "$@" >"$log" 2>&1 </dev/null; then
    printf '%s: done\n' "$what" >&2
    rm -f "$log"
  else
    local rc=$?
    printf '%s: FAILED (exit %d): %s\n' "$what" "$rc" "$*" >&2
    tail -n 40 "$log" >&2
    rm -f "$log"
    return "$rc"
  fi
}
