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

# Where the machine's apt has Debian from.
debian_mirror() {
  apt-get indextargets --format '$(SITE) $(REPO_URI) $(CODENAME)' 2>/dev/null |
    awk '$2 ~ /debian\/?$/ && $2 !~ /security/ {print $2; exit}'
}

# download_yyjson ARCHITECTURE: libyyjson0 and libyyjson-dev of Debian 13 into the working folder, through the machine's own apt
# source with the suite name replaced. The user's sources stay as they are.
download_yyjson() {
  local state mirror keys=/usr/share/keyrings/debian-archive-keyring.gpg
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || die "no Debian archive is in the apt sources, so yyjson cannot be fetched" \
    "Install libyyjson-dev by hand, or add the Debian archive to /etc/apt/sources.list."
  state=$(mktemp -d)
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  : >"$state/status"
  printf 'deb [signed-by=%s] %s trixie main\n' "$keys" "$mirror" >"$state/sources.list"
  local opts=(-o "Dir::Etc::sourcelist=$state/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$state/lists"
    -o "Dir::State::status=$state/status" -o "Dir::Cache=$state/cache" -o "APT::Architecture=$1" -o "APT::Architectures::=$1"
    -o APT::Sandbox::User=root -qq)
  $SUDO apt-get "${opts[@]}" update && $SUDO apt-get "${opts[@]}" download libyyjson0 libyyjson-dev
  local rc=$?
  $SUDO rm -rf "$state"
  return $rc
}
