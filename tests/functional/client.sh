# Sourced by tests of the command line against a running vallumd, after lib.sh.
# shellcheck shell=bash
export VALLUM HOME=$WORK XDG_STATE_HOME=$WORK/state XDG_CACHE_HOME=$WORK/cache
unset XDG_CONFIG_HOME VALLUM_SERVER VALLUM_TOKEN VALLUM_CA_FILE VALLUM_CONTEXTS VALLUM_CONFIG
VALLUMD=$(dirname "$VALLUM")/vallumd
CONTEXTS=$HOME/.config/vallum/contexts.yaml
cd "$WORK" || exit 1
[ -x "$VALLUMD" ] || { skip "vallumd is not built here"; exit 0; }

# start NAME ARGS...: starts a server and waits until it listens; sets PID, URL and PRINT, its fingerprint.
start() {
  local name=$1 i
  shift
  : >"$WORK/$name.log"
  "$VALLUMD" --data "$WORK/$name" --listen 127.0.0.1:0 "$@" 2>"$WORK/$name.log" &
  PID=$!
  PIDS+=("$PID")
  for ((i = 0; i < 300; i++)); do
    URL=$(sed -n 's/.*listens on \(https:[^,]*\),.*/\1/p' "$WORK/$name.log")
    PRINT=$(sed -n 's/.*authority: \(sha256:[0-9a-f]*\).*/\1/p' "$WORK/$name.log")
    [ -n "$URL" ] && return 0
    kill -0 "$PID" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}
# says NAME EXPECTED COMMAND...: standard output is exactly this.
says() {
  local name=$1 want=$2 got
  shift 2
  got=$("$@" 2>"$WORK/err" </dev/null)
  if [ "$got" = "$want" ]; then ok "$name"; else
    not_ok "$name"
    printf '    expected: %s\n    got:      %s\n' "$want" "$got"
    sed 's/^/    /' "$WORK/err"
  fi
}
# has NAME PATTERN: standard error of the last exits holds it.
has() { check "... $1" grep -qE "$2" "$WORK/err"; }
