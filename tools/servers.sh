#!/bin/sh
# What tests need beside Python. As root on Debian it is installed; elsewhere it is named, and the
# tests that need it skip and say so. With REQUIRE_SERVERS=1 a skip for a missing server fails.
# No service is left running: tests start servers of their own, on free ports, in folders of theirs.
set -eu

missing=""
for program in chromium redis-server prometheus prometheus-alertmanager; do
  command -v "$program" >/dev/null 2>&1 || missing="$missing $program"
done
set -- /usr/lib/postgresql/*/bin/postgres
[ -x "$1" ] || command -v postgres >/dev/null 2>&1 || missing="$missing postgresql"

[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "Not installed:$missing. Tests that need it are skipped."
  echo "On Debian or Ubuntu: sudo apt-get install$missing fonts-inter"
  exit 0
fi

# Debian starts what it installs, unless this file says no (invoke-rc.d(8)); one that is there stays.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086  # a list of package names
apt-get install -y -qq --no-install-recommends $missing fonts-inter >/dev/null

# Nor at the next start of the machine: only what was installed just now.
if [ -d /run/systemd/system ]; then
  for name in $missing; do
    [ "$name" = chromium ] || systemctl disable --quiet "$name" 2>/dev/null || true
  done
fi
