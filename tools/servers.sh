#!/bin/sh
# What tests need beside Python. As root on Debian it is installed; elsewhere it is named, and the
# tests that need it skip and say so. With REQUIRE_SERVERS=1 a skip for a missing server fails.
set -eu

missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"

[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # shellcheck disable=SC2086  # a list of package names
  apt-get install -y -qq --no-install-recommends $missing fonts-inter >/dev/null
else
  echo "Not installed:$missing. Tests that need it are skipped."
  echo "On Debian or Ubuntu: sudo apt-get install$missing fonts-inter"
fi
