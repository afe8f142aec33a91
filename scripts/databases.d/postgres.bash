# PostgreSQL: a primary and streaming replicas that each have a replication slot.

postgres_bin=$(find /usr/lib/postgresql/*/bin -maxdepth 0 2>/dev/null | sort -V | tail -n 1 || true)

postgres_url() { echo "postgres://duly:$password@127.0.0.1:$1/postgres"; } # PORT

postgres_sql() { # MEMBER SQL
  PGPASSWORD=$password PGCONNECT_TIMEOUT=10 "$postgres_bin/psql" --no-psqlrc --quiet --no-align --tuples-only \
    --set ON_ERROR_STOP=1 --host 127.0.0.1 --port "$(port "$1")" --username duly --dbname postgres --command "$2"
}

postgres_ready() { "$postgres_bin/pg_isready" --quiet --host 127.0.0.1 --port "$(port "$1")"; } # MEMBER

postgres_create() {
  local member data=$cluster/primary/data
  [ -x "$postgres_bin/initdb" ] || fail "PostgreSQL is not installed: scripts/need postgres"
  install -m 600 /dev/stdin "$cluster/password" <<<"$password"
  if [ ${#as_server[@]} -gt 0 ]; then chown nobody "$cluster/password"; fi
  "${as_server[@]}" "$postgres_bin/initdb" --pgdata "$data" --username duly --pwfile "$cluster/password" \
    --auth scram-sha-256 --encoding UTF8 --locale C.UTF-8 --no-sync >"$cluster/primary/log" 2>&1 ||
    explain primary "initdb failed"
  postgres_settings >>"$data/postgresql.conf"

  # A copy of a server that never ran is a base backup, and the quickest.
  for member in $replicas; do
    "${as_server[@]}" cp -a "$data" "$cluster/$member/data"
    postgres_follow "$member"
  done
  for member in primary $replicas; do postgres_launch "$member"; done
  wait_ready primary
  for member in $replicas; do postgres_slot "$member"; done
  for member in $replicas; do postgres_wait_streaming "$member"; done
}

postgres_settings() {
  cat <<END
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
shared_buffers = ${memory}B
timezone = 'UTC'
wal_level = replica
max_wal_senders = 10
hot_standby_feedback = on
# A replica asks again soon when its primary comes back.
wal_retrieve_retry_interval = 200ms
# In files of the data directory, not in /dev/shm where a killed server would leave them.
dynamic_shared_memory_type = mmap
END
  # Not synchronous_commit = off: that would lose commits at `kill`, and feed replicas late.
  if [ "$durable" = no ]; then printf 'fsync = off\nfull_page_writes = off\n'; fi
}

postgres_launch() { launch "$1" "$postgres_bin/postgres" -D "$cluster/$1/data" -p "$(port "$1")"; } # MEMBER

# Makes a data directory that of a replica of the leader. The last line about a setting wins.
postgres_follow() { # MEMBER
  cat >>"$cluster/$1/data/postgresql.auto.conf" <<END
primary_conninfo = 'host=127.0.0.1 port=$(port "$(leader)") user=duly password=$password application_name=$1'
primary_slot_name = '$1'
END
  "${as_server[@]}" touch "$cluster/$1/data/standby.signal"
}

postgres_slot() { # MEMBER
  postgres_sql "$(leader)" "SELECT pg_create_physical_replication_slot('$1', true)
    WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = '$1')" >/dev/null
}

postgres_wait_streaming() { # MEMBER
  wait_ready "$1"
  wait_until "$1" "it does not follow $(leader)" postgres_streams "$1"
}

postgres_streams() { # MEMBER
  [ "$(postgres_sql "$1" "SELECT status FROM pg_stat_wal_receiver")" = streaming ]
}

postgres_lag() { # MEMBER SECONDS
  postgres_sql "$1" "ALTER SYSTEM SET recovery_min_apply_delay = '$2s'"
  postgres_sql "$1" "SELECT pg_reload_conf()" >/dev/null
}

postgres_promote() { # MEMBER
  postgres_lag "$1" 0
  postgres_sql "$1" "SELECT pg_promote()" >/dev/null
}

postgres_copy() { # MEMBER
  postgres_slot "$1"
  PGPASSWORD=$password "${as_server[@]}" "$postgres_bin/pg_basebackup" --pgdata "$cluster/$1/data" --checkpoint fast --no-sync \
    --host 127.0.0.1 --port "$(port "$(leader)")" --username duly --no-slot --wal-method stream >>"$cluster/$1/log" 2>&1 ||
    explain "$1" "pg_basebackup failed"
  postgres_follow "$1"
  postgres_launch "$1"
  postgres_wait_streaming "$1"
}

# A killed postmaster leaves its lock file, whose process id may soon be another's, and a segment of
# System V memory that nobody else removes.
postgres_sweep() { # DIRECTORY
  local lock segment
  { find "$1" -name postmaster.pid 2>/dev/null || true; } | while read -r lock; do
    segment=$(sed -n '7s/.* //p' "$lock")
    if [ -n "$segment" ]; then ipcrm -m "$segment" 2>/dev/null || true; fi
    rm -f "$lock"
  done
}
