# Sourced by functional tests. A case prints "ok NAME", "not ok NAME" or "skip NAME: why".
# shellcheck shell=bash
set -uo pipefail
: "${VALLUM_CHECKOUT:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
: "${VALLUM:=$VALLUM_CHECKOUT/build-asan/cmd/vallum}"
WORK=$(mktemp -d)
PIDS=()
FAILURES=0

finish() {
  local pid
  for pid in "${PIDS[@]}"; do
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  rm -rf "$WORK"
  [ "$FAILURES" -eq 0 ] || exit 1
}
trap finish EXIT
# No test fetches the public feeds.
export VALLUM_ADVISORY_UPDATES=off

# What waits for a program waits longer for one under valgrind, which is some twenty times as slow.
PATIENCE=1
[ -z "${VALLUM_WRAPPER:-}" ] || PATIENCE=10

# vallum ARGS...: the program under test, under valgrind where the slice asks for it.
vallum() { ${VALLUM_WRAPPER:-} "$VALLUM" "$@"; }

ok() { echo "ok $*"; }
not_ok() {
  echo "not ok $*"
  FAILURES=$((FAILURES + 1))
}
skip() { echo "skip $*"; }

# check NAME COMMAND...: ok when the command succeeds.
check() {
  local name=$1
  shift
  if "$@" >"$WORK/check.out" 2>&1; then
    ok "$name"
  else
    not_ok "$name"
    sed 's/^/    /' "$WORK/check.out" | tail -n 20
  fi
}

# exits NAME STATUS COMMAND...: ok when the command ends with that status; output in $WORK/out and $WORK/err.
exits() {
  local name=$1 want=$2 got
  shift 2
  "$@" >"$WORK/out" 2>"$WORK/err" </dev/null
  got=$?
  if [ "$got" -eq "$want" ]; then
    ok "$name"
  else
    not_ok "$name (exit $got, expected $want)"
    tail -n 10 "$WORK/err" | sed 's/^/    /'
  fi
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# wait_port PORT: until something listens there, ten seconds at most.
wait_port() {
  local i
  for ((i = 0; i < 100; i++)); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return 0; fi
    sleep 0.1
  done
  return 1
}

# start_postgresql ARGS...: one of its own, until descriptor 9 is closed; its address is in pg.url, why there is none in pg.err.
start_postgresql() {
  local i
  [ -p hold ] || mkfifo hold
  : >pg.url
  python3 "$VALLUM_CHECKOUT/tests/servers/postgresql.py" "$@" <hold >pg.url 2>pg.err &
  PIDS+=($!)
  exec 9>hold
  for ((i = 0; i < 300; i++)); do
    [ -s pg.url ] && return 0
    kill -0 "${PIDS[-1]}" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}

# start_registry PORT [CONFIG-LINES]: Debian's docker-registry on loopback, data in $WORK.
start_registry() {
  local port=$1
  mkdir -p "$WORK/registry"
  cat >"$WORK/registry.yml" <<YML
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $WORK/registry}, delete: {enabled: true}}
http: {addr: "127.0.0.1:$port"}
${2:-}
YML
  docker-registry serve "$WORK/registry.yml" >"$WORK/registry.log" 2>&1 &
  PIDS+=($!)
  wait_port "$port"
}
