#!/usr/bin/env bash
# Builds the images of the demonstration: the order service of a fictitious shop, on Debian packages; 1.0 with npm packages that
# are years old, 1.1 with what mended them. Use: scripts/demo_image.sh FOLDER [1.0|1.1]. The image is FOLDER/image or
# FOLDER/image-1.1 (an OCI layout); a second run keeps it. Needs a network or, for what it fetched before, none.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ $# -ge 1 ] || die "demo_image.sh: the first argument is the folder to build in"
mkdir -p "$1"
work=$(cd "$1" && pwd)
release=${2:-1.0}

# What the image's system is made of. Debian 13 gave some packages other names: the first one that apt knows is taken.
system="base-files base-passwd bash ca-certificates debianutils libc6 libcrypt1
  libexpat1 libgcc-s1 libsqlite3-0|libsqlite3-0t64 libssl3|libssl3t64 libtinfo6 openssl tzdata zlib1g"
# What the libraries of Debian 13 need besides.
trixie="libzstd1 openssl-provider-legacy"
# Old on purpose: each has published advisories.
modules="lodash@4.17.11 minimist@0.0.8 express@4.16.0 jsonwebtoken@8.3.0 axios@0.18.0 moment@2.19.1 ejs@2.5.6
  handlebars@4.0.11"
app=app image=image
case $release in
  1.0) ;;
  1.1)
    modules="lodash@4.18.1 minimist@1.2.8 express@4.22.1 jsonwebtoken@9.0.3 axios@1.13.5 moment@2.30.1 ejs@3.1.10
      handlebars@4.7.10"
    app=app-1.1 image=image-1.1 ;;
  *) die "demo_image.sh: there is no release $release of the demonstration" "It has 1.0 and 1.1." ;;
esac

has_candidate() { apt-cache policy "$1" 2>/dev/null | awk '/Candidate:/ {found = $2 != "(none)"} END {exit !found}'; }

# fetch_debs: all packages of the list into debs/, or nothing.
fetch_debs() {
  local choice name chosen list=()
  [ ! -e "$work/debs/complete" ] || return 0
  has_candidate base-files || quiet "reading package lists" $SUDO apt-get -qq update ||
    die "apt knows no packages and cannot fetch its lists" "Check the network and /etc/apt/sources.list."
  for choice in $system; do
    chosen=""
    for name in ${choice//|/ }; do
      if has_candidate "$name"; then chosen=$name && break; fi
    done
    [ -n "$chosen" ] || die "apt knows none of the packages $choice" "This demonstration needs Debian 12 or 13."
    list+=("$chosen")
    [ "$chosen" != libssl3t64 ] || for name in $trixie; do has_candidate "$name" && list+=("$name"); done
  done
  # Debian has several of these; the library tells which one is its own.
  list+=("$(apt-cache show --no-all-versions libgcc-s1 |
    awk 'match($0, /gcc-[0-9]+-base/) && !seen++ {print substr($0, RSTART, RLENGTH)}')")
  rm -rf "$work/debs"
  mkdir -p "$work/debs"
  (cd "$work/debs" && quiet "downloading ${#list[@]} Debian packages" apt-get -qq -o APT::Sandbox::User="$(id -un)" download "${list[@]}") ||
    die "the Debian packages of the demonstration image could not be downloaded" "Check the network; what apt says stands above."
  touch "$work/debs/complete"
}

# fetch_modules: node_modules with its lock file into app/, or nothing.
fetch_modules() {
  [ ! -e "$work/$app.complete" ] || return 0
  command -v npm >/dev/null || die "npm is not installed" "Run scripts/setup.sh demo."
  rm -rf "$work/$app"
  mkdir -p "$work/$app"
  cat >"$work/$app/package.json" <<JSON
{
  "name": "orders",
  "version": "$release.0",
  "description": "Takes the orders of a shop that does not exist",
  "private": true,
  "license": "UNLICENSED",
  "main": "server.js"
}
JSON
  cat >"$work/$app/server.js" <<'JS'
'use strict';
const express = require('express');
const _ = require('lodash');

const orders = [];
const app = express();
app.use(express.json());
app.get('/orders', (request, response) => response.json(_.sortBy(orders, 'number')));
app.post('/orders', (request, response) => {
  orders.push(Object.assign({ number: orders.length + 1 }, request.body));
  response.status(201).end();
});
app.listen(8080);
JS
  # shellcheck disable=SC2086
  (cd "$work/$app" && quiet "downloading npm packages" npm install --ignore-scripts --no-audit --no-fund --no-update-notifier \
    --save-exact --loglevel=error --fetch-retries=1 --fetch-retry-maxtimeout=10000 --fetch-timeout=60000 $modules) ||
    die "the npm packages of the demonstration image could not be downloaded" "Check the network; what npm says stands above."
  touch "$work/$app.complete"
}

if [ ! -e "$work/$image/complete" ]; then
  fetch_debs
  fetch_modules
  quiet "building the image" python3 "$VALLUM_ROOT/scripts/demo_image.py" "$work/debs" "$work/$app" "$work/$image" ||
    die "the demonstration image could not be built" "Remove $work and run again."
fi
