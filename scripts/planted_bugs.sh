#!/usr/bin/env bash
# Shows that the fuzzers find bugs: plants one line of tests/planted/TARGET.patch into a copy of the sources, builds fuzz_TARGET and
# runs it from its corpus for at most 60 seconds: a bounds check of bbolt's pages, an empty tag of an image reference, an off-by-one in
# the decoder of layer indexes. Prints "found" or "not found" a target; exit 1 where one is not found.
# Use: scripts/planted_bugs.sh [BUILD]   BUILD: a folder in which to work, out/planted by default.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
seconds=60
work=${1:-out/planted}
mkdir -p "$work"
work=$(cd "$work" && pwd)

# corpus_of TARGET: room_folder_name stands for src/room/folder/corpus/name.
corpus_of() {
  local dir name
  for dir in src/*/corpus/* src/*/*/corpus/*; do
    name=${dir#src/}
    name=${name/corpus\//}
    [ "${name//[^a-z0-9]/_}" != "$1" ] || printf '%s\n' "$dir"
  done
}

# Files that did not change keep their times, so that a second run compiles little.
rm -rf "$work/fresh"
mkdir -p "$work/tree" "$work/fresh"
git ls-files -z | while IFS= read -r -d '' f; do [ ! -e "$f" ] || printf '%s\0' "$f"; done | tar --null -T - -cf - | tar -xf - -C "$work/fresh"
for patch in tests/planted/*.patch; do
  patch -s -p1 -d "$work/fresh" <"$patch" || die "$patch does not apply" "The code has moved on: plant the same mistake anew."
done
(cd "$work/fresh" && find . -type f -print0) | while IFS= read -r -d '' f; do
  cmp -s "$work/fresh/$f" "$work/tree/$f" || install -D "$work/fresh/$f" "$work/tree/$f"
done
targets=()
for patch in tests/planted/*.patch; do targets+=("$(basename "$patch" .patch)"); done

cc=clang-19 cxx=clang++-19
if command -v ccache >/dev/null; then cc="ccache $cc" cxx="ccache $cxx"; fi
[ -e "$work/build/build.ninja" ] || CC=$cc CXX=$cxx quiet "planted bugs: configuring" meson setup "$work/build" "$work/tree" \
  -Dfuzzers=true -Dtests=false -Db_sanitize=address,undefined -Db_lundef=false
quiet "planted bugs: building" ninja -C "$work/build" "${targets[@]/#/src/fuzz_}"

missed=0
for target in "${targets[@]}"; do
  program=$work/build/src/fuzz_$target
  corpus=$(corpus_of "$target")
  [ -d "$corpus" ] || die "fuzz_$target has no corpus"
  scratch=$(mktemp -d "$work/found.XXXXXX")
  # As it stands the corpus must not show the bug: it is to be found, not known.
  if ! "$program" -runs=0 "-artifact_prefix=$scratch/" "$corpus" >"$work/$target.log" 2>&1; then
    printf '%s: the corpus alone shows the bug\n' "$target"
  fi
  began=$(date +%s)
  if "$program" "-max_total_time=$seconds" -timeout=20 -rss_limit_mb=2048 -print_funcs=0 "-artifact_prefix=$scratch/" "$scratch" "$corpus" \
    >"$work/$target.log" 2>&1; then
    printf '%s: not found within %d s\n' "$target" "$seconds"
    missed=1
  elif grep -q 'ERROR: AddressSanitizer\|runtime error\|deadly signal' "$work/$target.log"; then
    printf '%s: found after %d s: %s\n' "$target" $(($(date +%s) - began)) "$(grep -m1 '^SUMMARY' "$work/$target.log" | cut -c1-150)"
  else
    printf '%s: ended otherwise, see %s\n' "$target" "$work/$target.log"
    missed=1
  fi
  rm -rf "$scratch"
done
exit $missed
