#!/bin/sh
# Runs a private Postgres until its standard input ends: it cannot outlive the tests that hold the other end,
# however they end. Prints the URL of a superuser when the server answers. Options after the first are given to
# the server, as `-c fsync=off`.
#
#   postgres.sh PORT [option…] < pipe
#
# A line `crash` kills the server without warning; `start` starts it again, and prints the URL again.
set -eu
port=$1
shift

say() {
  echo "postgres: $1" >&2
  exit 1
}

# Debian keeps the programs off the path, a folder for each version.
for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V -r); do
  PATH=$PATH:$folder
done
command -v initdb >/dev/null && command -v postgres >/dev/null ||
  say 'Postgres is missing: sudo apt-get install postgresql'

# It refuses to run as root.
as=''
if [ "$(id -u)" = 0 ]; then
  id postgres >/dev/null 2>&1 || say 'the user postgres is missing: sudo apt-get install postgresql'
  as='setpriv --reuid=postgres --regid=postgres --init-groups'
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/dm3-postgres-XXXXXX")
server=''
end() {
  trap - EXIT
  [ -z "$server" ] || { kill -INT "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
  rm -rf "$folder"
}
trap end EXIT
trap 'exit 1' HUP INT TERM

password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
printf '%s' "$password" >"$folder/password"
[ -z "$as" ] || chown -R postgres "$folder"
cd "$folder"
$as initdb --pgdata="$folder/data" --username=dm3 --pwfile="$folder/password" --auth=scram-sha-256 \
  --encoding=UTF8 --locale=C --no-sync >"$folder/log" 2>&1 || { cat "$folder/log" >&2; say 'initdb failed'; }

export PGPASSWORD="$password"

start() {
  $as postgres -D "$folder/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories='' \
    -c max_connections=200 "$@" </dev/null >>"$folder/log" 2>&1 &
  server=$!
  tries=0
  until psql -h 127.0.0.1 -p "$port" -U dm3 -d postgres -Atqc 'SELECT 1' >/dev/null 2>&1; do
    kill -0 "$server" 2>/dev/null || { cat "$folder/log" >&2; say 'the server ended at once'; }
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || say 'the server does not answer'
    sleep 0.1
  done
  echo "postgres://dm3:$password@127.0.0.1:$port/postgres"
}

start "$@"
while read -r word; do
  case $word in
    crash)
      # The processes it leaves go by themselves, and before them no other server starts.
      children=$(pgrep -P "$server" || true)
      kill -KILL "$server"
      wait "$server" 2>/dev/null || true
      for child in $children; do
        while kill -0 "$child" 2>/dev/null; do sleep 0.02; done
      done
      ;;
    start) start "$@" ;;
  esac
done
