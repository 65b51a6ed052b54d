#!/usr/bin/env bash
# Makes the peer and the benchmark image with the tools in SHARED/tools/peer-trivy: bench/peer.sh SHARED WORK. Takes what is
# there already. Needs root, apt, npm and about 3 GB.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"
[ $# -eq 2 ] || die "peer.sh: two arguments, the folder of shared data and the one to work in"
tools=$(cd "$1" && pwd)/tools/peer-trivy
[ -d "$tools" ] || die "there is no $tools" "Name the folder of shared data with VALLUM_SHARED."
mkdir -p "$2"
WORK=$(cd "$2" && pwd)
FEEDS=$(cd "$1" && pwd)/feeds
export WORK FEEDS

install_missing() {
  local missing=() pair
  for pair in debootstrap:debootstrap go:golang-go zstd:zstd sqlite3:sqlite3 skopeo:skopeo python3:python3; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  command -v npm >/dev/null || missing+=(npm)
  [ ${#missing[@]} -eq 0 ] || quiet "installing ${missing[*]}" $SUDO env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq install -y --no-install-recommends "${missing[@]}"
}

# upx-ucl is in Debian 13 and in the backports of 12: the package is unpacked, not installed.
find_upx() {
  UPXBIN=$(command -v upx-ucl || echo "$WORK/upx/usr/bin/upx-ucl")
  export UPXBIN
  [ ! -x "$UPXBIN" ] || return 0
  local tmp mirror suite opts
  tmp=$WORK/upx-apt
  mirror=$(apt-get indextargets --format '$(SITE) $(REPO_URI) $(CODENAME)' | awk '$2 ~ /debian\/?$/ && $2 !~ /security/ {print $2; exit}')
  mkdir -p "$tmp/lists/partial" "$tmp/cache/archives/partial"
  opts=(-o "Dir::Etc::sourcelist=$tmp/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$tmp/lists"
    -o "Dir::Cache=$tmp/cache" -o APT::Sandbox::User=root -qq)
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
  [ "$suite" != bookworm ] || suite=bookworm-backports
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$mirror" "$suite" >"$tmp/sources.list"
  quiet "reading the package list of $suite" apt-get "${opts[@]}" update
  (cd "$tmp" && quiet "downloading upx-ucl" apt-get "${opts[@]}" download upx-ucl)
  dpkg-deb -x "$tmp"/upx-ucl_*.deb "$WORK/upx"
}

install_missing
if [ ! -x "$WORK/trivy" ]; then
  find_upx
  quiet "making the peer" "$tools/get-trivy.sh"
fi
[ -s "$WORK/cache/db/metadata.json" ] || quiet "making the peer's database from the feeds" "$tools/mkdb.sh"
if [ ! -e "$WORK/img/complete" ]; then
  quiet "making the root file system of the benchmark image" "$tools/mkroot.sh"
  quiet "making the benchmark images" python3 "$tools/mkimg.py"
  touch "$WORK/img/complete"
fi
[ -x "$WORK/floor" ] || quiet "building the peer's floor" cc -O2 "$tools/floor.c" -lisal -lzstd -lcrypto -lpthread -o "$WORK/floor"
