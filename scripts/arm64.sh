#!/usr/bin/env bash
# Cross-compiles the tree with its unit tests for arm64 into build-arm64/. The libraries are Debian's arm64 packages, unpacked into a
# folder of their own: nothing foreign is installed on this machine. Run afterwards by qemu-user (tests/run.py does).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
root=$PWD/out/arm64
sysroot=$root/sysroot
libraries="libc6-dev libstdc++-12-dev libyaml-dev libexpat1-dev libtomlplusplus-dev libcurl4-openssl-dev libssl-dev libisal-dev
  zlib1g-dev libzstd-dev liblzma-dev libbz2-dev libarchive-dev libsqlite3-dev libre2-dev libvectorscan-dev libseccomp-dev
  libpq-dev libmicrohttpd-dev libgnutls28-dev libcmocka-dev"
mkdir -p "$root/state/lists/partial" "$root/cache/archives/partial"
: >"$root/status"

# apt with a state of its own, which thinks it is an arm64 machine with nothing installed.
apt_arm64() {
  apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o "Dir::State=$root/state" -o "Dir::State::status=$root/status" \
    -o "Dir::Cache=$root/cache" -o APT::Sandbox::User=root -o APT::Get::AllowUnauthenticated=false "$@"
}

wanted=$libraries
if [ "$(cat "$sysroot/.complete" 2>/dev/null)" != "$wanted" ]; then # a sysroot for an older list is made anew
  rm -rf "$sysroot"
  mkdir -p "$sysroot"
  quiet "arm64: reading package lists" apt_arm64 update
  # libstdc++'s version follows the suite.
  # shellcheck disable=SC2086
  apt_arm64 -s install --no-install-recommends $libraries >/dev/null 2>&1 || libraries=${libraries/libstdc++-12-dev/libstdc++-14-dev}
  # shellcheck disable=SC2086
  quiet "arm64: downloading libraries" apt_arm64 install --download-only --no-install-recommends -y $libraries
  (cd "$root/cache/archives" && quiet "arm64: downloading libyyjson" download_yyjson arm64)
  for deb in "$root"/cache/archives/*.deb; do dpkg-deb -x "$deb" "$sysroot"; done
  # Links that are absolute in the packages lead out of the folder.
  find "$sysroot" -type l -lname '/*' | while read -r link; do
    ln -sfn "$(realpath -m --relative-to="$(dirname "$link")" "$sysroot$(readlink "$link")")" "$link"
  done
  echo "$wanted" >"$sysroot/.complete"
fi

cat >"$root/cross.ini" <<INI
[binaries]
c = 'aarch64-linux-gnu-gcc'
cpp = 'aarch64-linux-gnu-g++'
ar = 'aarch64-linux-gnu-ar'
strip = 'aarch64-linux-gnu-strip'
pkg-config = 'pkg-config'
pkgconfig = 'pkg-config'
exe_wrapper = ['qemu-aarch64', '-L', '$sysroot']
[built-in options]
c_args = ['--sysroot=$sysroot']
cpp_args = ['--sysroot=$sysroot']
c_link_args = ['--sysroot=$sysroot']
cpp_link_args = ['--sysroot=$sysroot']
[properties]
sys_root = '$sysroot'
pkg_config_libdir = '$sysroot/usr/lib/aarch64-linux-gnu/pkgconfig:$sysroot/usr/share/pkgconfig'
[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
INI
[ -e build-arm64/build.ninja ] || quiet "arm64: configuring" meson setup build-arm64 --cross-file "$root/cross.ini" -Dbuildtype=debugoptimized
quiet "arm64: building" ninja -C build-arm64
