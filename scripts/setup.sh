#!/usr/bin/env bash
# Installs what a build, the tests or the demonstration need and the machine lacks. Debian 12 and 13.
# Use: scripts/setup.sh build|demo|test|all...   Safe to run again; asks apt only when something is missing.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

build="gcc g++ meson ninja-build pkg-config libyaml-dev libexpat1-dev libtomlplusplus-dev libcurl4-openssl-dev libssl-dev
  libisal-dev zlib1g-dev libzstd-dev liblzma-dev libbz2-dev libarchive-dev libsqlite3-dev libre2-dev libvectorscan-dev
  libseccomp-dev libpq-dev libmicrohttpd-dev libgnutls28-dev libcmocka-dev scdoc ca-certificates"
demo="docker-registry skopeo python3 dpkg-dev"
tests="docker-registry skopeo postgresql python3 python3-aiosmtpd python3-cryptography python3-jsonschema python3-yaml rsyslog rsyslog-gnutls curl openssl strace clang-19 libclang-rt-19-dev clang-format-19 git rpm zstd zip pmccabe"
full="clang-tidy-19 llvm-19 cppcheck valgrind gcovr crossbuild-essential-arm64 qemu-user debsecan chromium azure-cli
  composer php-cli pacman-package-manager erlang-base golang-go libhivex-bin python3-debian python3-requests python3-yaml"

want=""
for set in "$@"; do
  case $set in
    build) want+=" $build" ;;
    demo)  want+=" $build $demo" ;;
    test)  want+=" $build $tests" ;;
    all)   want+=" $build $demo $tests $full" ;;
    *) die "setup.sh: no set of packages is named '$set'" "Use build, demo, test or all." ;;
  esac
done

# Debian 12 has no yyjson: the two packages of Debian 13 need only libc6.
install_yyjson() {
  pkg-config --exists yyjson 2>/dev/null && return 0
  if [ -n "$(apt-cache policy libyyjson-dev 2>/dev/null | awk '/Candidate:/ && $2 != "(none)" {print $2}')" ]; then
    apt_install libyyjson-dev
    return
  fi
  local tmp
  tmp=$(mktemp -d)
  trap 'rm -rf "$tmp"' RETURN
  chmod 755 "$tmp"
  (cd "$tmp" && quiet "downloading libyyjson of Debian 13" download_yyjson "$(dpkg --print-architecture)")
  quiet "installing libyyjson" $SUDO dpkg -i "$tmp"/libyyjson*.deb
}

apt_install() {
  local missing=()
  local p
  for p in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -q '^installed$' || missing+=("$p")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ -z "${APT_UPDATED:-}" ]; then
    quiet "reading package lists" $SUDO apt-get -qq update
    APT_UPDATED=1
  fi
  quiet "installing ${#missing[@]} packages" $SUDO env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq install -y --no-install-recommends "${missing[@]}"
}

command -v apt-get >/dev/null || die "setup: this machine has no apt-get" \
  "Install by hand: $(echo $want libyyjson-dev)"
# The tests start PostgreSQL themselves: installing it should neither make nor start a cluster of the machine's.
case " $* " in
  *" test "* | *" all "*)
    if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
      $SUDO mkdir -p /etc/postgresql-common
      echo "create_main_cluster = false" | $SUDO tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi ;;
esac
# npm may have come with another source's nodejs, which Debian's npm package conflicts with.
case " $* " in *" build "*) ;; *) command -v npm >/dev/null || want+=" npm" ;; esac
# shellcheck disable=SC2086
apt_install $(printf '%s\n' $want | sort -u)
install_yyjson

# Schemas of report formats, for tests/functional/test_reports. Fetched by npm, never kept in the tree; without them that test says
# what it skipped.
install_schemas() {
  local dir="$VALLUM_ROOT/out/schemas"
  local want=(ajv@8.20.0 ajv-formats@3.0.1 ajv-draft-04@1.0.0 @cyclonedx/cyclonedx-library@10.3.0 @microsoft/jest-sarif@1.0.0-beta.0)
  [ "$(cat "$dir/stamp" 2>/dev/null)" = "${want[*]}" ] && return 0
  mkdir -p "$dir"
  echo '{"private": true}' >"$dir/package.json"
  if quiet "fetching schemas of report formats" npm --prefix "$dir" install --ignore-scripts --no-audit --no-fund --no-package-lock \
    "${want[@]}"; then
    echo "${want[*]}" >"$dir/stamp"
  else
    say "setup: the schemas could not be fetched; the report tests skip what needs them."
  fi
}
# cel-spec's conformance tests, for tests/functional/test_cel where the foreign cases are absent.
install_cel_spec() {
  local dir="$VALLUM_ROOT/out/cel-spec" want=@bufbuild/cel-spec@0.6.1
  [ "$(cat "$dir/stamp" 2>/dev/null)" = "$want" ] && return 0
  mkdir -p "$dir"
  echo '{"private": true}' >"$dir/package.json"
  if quiet "fetching the tests of cel-spec" npm --prefix "$dir" install --ignore-scripts --no-audit --no-fund --no-package-lock "$want"; then
    echo "$want" >"$dir/stamp"
  else
    say "setup: the tests of cel-spec could not be fetched; test_cel skips them where the foreign cases are absent."
  fi
}
# JMESPath's compliance cases, for tests/functional/test_jmespath; later versions of the package leave them out.
install_jmespath() {
  local dir="$VALLUM_ROOT/out/jmespath" want=jmespath@0.15.0
  [ "$(cat "$dir/stamp" 2>/dev/null)" = "$want" ] && return 0
  mkdir -p "$dir"
  echo '{"private": true}' >"$dir/package.json"
  if quiet "fetching the cases of JMESPath" npm --prefix "$dir" install --ignore-scripts --no-audit --no-fund --no-package-lock "$want"; then
    echo "$want" >"$dir/stamp"
  else
    say "setup: JMESPath's cases could not be fetched; test_jmespath says so."
  fi
}
# Microsoft's client library, for tests/functional/test_arm_sdk.
install_clients() {
  local dir="$VALLUM_ROOT/out/clients" want=@azure/arm-security@5.0.0
  [ "$(cat "$dir/stamp" 2>/dev/null)" = "$want" ] && return 0
  mkdir -p "$dir"
  echo '{"private": true}' >"$dir/package.json"
  if quiet "fetching Azure's client library" npm --prefix "$dir" install --ignore-scripts --no-audit --no-fund --no-package-lock "$want"; then
    echo "$want" >"$dir/stamp"
  else
    say "setup: Azure's client library could not be fetched; test_arm_sdk says so."
  fi
}
# What makes portal/dist and drives it in Chromium, for tests/functional/test_portal.
install_portal() {
  local dir="$VALLUM_ROOT/portal"
  cmp -s "$dir/package-lock.json" "$dir/node_modules/.vallum-lock" && return 0
  if quiet "fetching what the portal is made with" npm --prefix "$dir" ci --ignore-scripts --no-audit --no-fund; then
    cp "$dir/package-lock.json" "$dir/node_modules/.vallum-lock"
  else
    say "setup: the portal's packages could not be fetched; test_portal skips itself."
  fi
}
# Prometheus, for tests/functional/test_prometheus: its programs alone, for the package would start a service.
install_prometheus() {
  local dir="$VALLUM_ROOT/out/prometheus" tmp
  [ -x "$dir/usr/bin/promtool" ] && return 0
  tmp=$(mktemp -d)
  chmod 755 "$tmp"
  mkdir -p "$dir"
  (cd "$tmp" && quiet "fetching Prometheus" apt-get -qq download prometheus) && dpkg -x "$tmp"/prometheus_*.deb "$dir" ||
    say "setup: Prometheus could not be fetched; test_prometheus says so."
  rm -rf "$tmp"
}
# Files of others and two readers of them, for tests/functional/test_other_readers_npm, which has the list. Of most packages a file or
# two is kept; the whole is some 90 MB, and what has to be fetched some 140.
install_other_readers() {
  local dir="$VALLUM_ROOT/out/other-readers" list="$VALLUM_ROOT/tests/functional/other_readers_npm.py" want
  want=$(python3 "$list" files; python3 "$list" reader cdxgen; python3 "$list" reader trivy)
  [ "$(cat "$dir/stamp" 2>/dev/null)" = "$want" ] && return 0
  rm -rf "$dir"
  mkdir -p "$dir/files"
  echo '{"private": true}' >"$dir/package.json"
  if quiet "fetching other readers of project files" npm --prefix "$dir" install --ignore-scripts --omit=optional --no-audit --no-fund \
    --no-package-lock $(python3 "$list" reader cdxgen) && quiet "fetching files for them" fetch_other_files "$dir" "$list"; then
    echo "$want" >"$dir/stamp"
  else
    say "setup: other readers or their files could not be fetched; test_other_readers_npm says what it skipped."
  fi
}
# keep_of_package SPEC FOLDER PATH...: those files of an npm package, without its first folder.
keep_of_package() {
  local spec=$1 folder=$2 tmp name
  shift 2
  tmp=$(mktemp -d)
  name=$(npm pack --silent --ignore-scripts --pack-destination "$tmp" "$spec") && mkdir -p "$folder" &&
    tar -xzf "$tmp/$name" -C "$folder" --strip-components=1 --wildcards --no-anchored "${@/#/*/}"
  local rc=$?
  rm -rf "$tmp"
  return $rc
}
fetch_other_files() {
  local dir=$1 list=$2 spec folder paths path rc=0
  # shellcheck disable=SC2086
  while read -r spec folder paths; do
    keep_of_package "$spec" "$dir/files/$folder" $paths </dev/null || rc=1
  done < <(python3 "$list" files)
  [ "$(uname -m)" = x86_64 ] || return $rc
  read -r spec path < <(python3 "$list" reader trivy)
  keep_of_package "$spec" "$dir/plugins" "$path" && mv "$dir/plugins/$path" "$dir/trivy" && rm -r "$dir/plugins" || rc=1
  return $rc
}
# Packages and upstream archives of Debian, for tests/functional/test_other_readers_debian: looked into, never installed. Names of
# Debian 12 and 13: what a release has not is passed over, and the test says what it misses.
install_strangers() {
  local dir="$VALLUM_ROOT/out/strangers" stamp p failed="" have=()
  local want=(apache2-bin base-files bash busybox curl git haproxy icinga-php-library icinga-php-thirdparty libcurl4 libcurl4t64 libnode108
    libnode115 libphp8.2-embed libphp8.4-embed libpython3.11 libpython3.13 libruby3.1 libruby3.3 libssl3 libssl3t64 lighttpd
    mariadb-client-core mariadb-server-core memcached nginx openjdk-17-jre-headless openjdk-21-jre-headless openssl perl-base
    php-composer-semver php8.2-cgi php8.2-cli php8.4-cgi php8.4-cli postgresql-client-15 postgresql-client-17
    pypy3-lib python3.11-minimal python3.13-minimal varnish wordpress wordpress-plugin-http-authentication
    wordpress-xrds-simple golang-github-containers-image-dev golang-github-gin-gonic-gin-dev golang-github-go-git-go-git-dev
    golang-github-prometheus-common-dev golang-github-spf13-cobra-dev golang-github-spf13-viper-dev golang-google-grpc-dev)
  local sources=(cloud-init erlang-cf erlang-getopt erlang-idna libguestfs rabbitmq-server)
  stamp="$(. /etc/os-release && echo "$VERSION_CODENAME") ${want[*]} ${sources[*]}"
  [ "$(cat "$dir/stamp" 2>/dev/null)" = "$stamp" ] && return 0
  rm -rf "$dir" && mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
  (cd "$dir" && . /etc/os-release && printf '%s\n' "Types: deb-src" "URIs: $(debian_mirror)" "Suites: $VERSION_CODENAME" \
    "Components: main" "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg" >own.sources)
  local apt=(apt-get -qq -o "Dir::Etc::sourcelist=$dir/own.sources" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$dir/lists"
    -o "Dir::Cache=$dir/cache" -o APT::Sandbox::User=root)
  (cd "$dir" && quiet "reading the list of source packages" "${apt[@]}" update) || return 0
  for p in "${sources[@]}"; do
    (cd "$dir" && quiet "fetching the source of $p" "${apt[@]}" source --download-only --tar-only "$p") || failed=1
  done
  mapfile -t have < <(apt-cache policy "${want[@]}" 2>/dev/null | awk '/^[^ ]/ {p = substr($1, 1, length($1) - 1)} /Candidate:/ && $2 != "(none)" {print p}')
  (cd "$dir" && quiet "fetching ${#have[@]} packages" apt-get -qq -o APT::Sandbox::User=root download "${have[@]}") || failed=1
  (cd "$dir" && quiet "fetching getos" npm pack --silent getos@3.2.1 && tar -xzf getos-3.2.1.tgz && mv package getos) || failed=1
  rm -rf "$dir/lists" "$dir/cache" "$dir/own.sources"
  if [ -z "$failed" ]; then
    echo "$stamp" >"$dir/stamp"
  else
    say "setup: not all could be fetched that readers are compared with; test_other_readers_debian says what it misses."
  fi
}
case " $* " in *" test "*|*" all "*) install_schemas; install_cel_spec; install_jmespath; install_clients ;; esac
case " $* " in *" all "*) install_portal; install_prometheus; install_other_readers; install_strangers ;; esac
