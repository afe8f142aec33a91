# Proves that the clusters do what tests rely on: `scripts/databases check`, in less than a minute.

check() {
  local engine number job status=0
  jobs=()
  folder=$(mktemp -d)
  chmod 711 "$folder"
  trap 'for job in "${jobs[@]}"; do kill -- "-$job" 2>/dev/null || true; done; wait; stop_cluster "$folder"; rm -rf "$folder"' EXIT
  trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
  set -m # each job is a group of processes, which ends as one

  for engine in postgres mysql; do
    for number in 1 2; do
      run start "$engine" "$folder/$engine$number" >/dev/null & jobs+=($!)
    done
  done
  for job in "${jobs[@]}"; do wait "$job" || fail "a cluster did not start"; done
  proves "four clusters at once have ports of their own" test "$(cat "$folder"/*/*/port | sort -u | wc -l)" -eq 12

  jobs=()
  for engine in postgres mysql; do
    check_engine "$folder/${engine}1" "$folder/${engine}2" & jobs+=($!)
  done
  check_interrupted "$folder/interrupted" & jobs+=($!)
  for job in "${jobs[@]}"; do wait "$job" || status=1; done
  [ "$status" -eq 0 ] || fail "the check failed"
  echo "databases: proven in $SECONDS s"
}

run() { "$0" "$@"; }

proves() { # WHAT COMMAND…
  local what=$1
  shift
  "$@" >/dev/null || fail "not so: $what"
}

refuses() { # WHAT COMMAND…
  local what=$1
  shift
  if "$@" >/dev/null 2>&1; then fail "not so: $what"; fi
}

eventually() { # COMMAND…, at most 30 s
  local start=$SECONDS
  until "$@" >/dev/null 2>&1; do
    [ $((SECONDS - start)) -lt 30 ] || return 1
    sleep 0.05
  done
}

insert() { run sql "$1" "$2" "INSERT INTO duly_check VALUES ($3)"; } # DIR MEMBER NUMBER

has() { [ -n "$(run sql "$1" "$2" "SELECT id FROM duly_check WHERE id = $3")" ]; } # DIR MEMBER NUMBER

sees() { eventually has "$@"; } # DIR MEMBER NUMBER

check_engine() { # DIR DIR-OF-ANOTHER
  open_cluster "$1"
  check_replication "$1" "$2"
  check_pauses "$1"
  if [ "$engine" = postgres ]; then check_pgbouncer "$1"; else check_haproxy "$1"; fi
  check_promotion "$1"

  run kill "$1" replica2
  run freeze "$1" primary
  run stop "$1"
  run stop "$2"
  refuses "$engine: stop leaves processes" is_running "$1"
  refuses "$engine: stop leaves processes" is_running "$2"
}

check_replication() { # DIR DIR-OF-ANOTHER
  # In the database every cluster has, so that the other one would show it.
  run sql "$1" primary "CREATE TABLE duly_check (id INT PRIMARY KEY)"
  insert "$1" primary 1
  proves "$engine: replica1 receives what the primary is told" sees "$1" replica1 1
  proves "$engine: replica2 receives what the primary is told" sees "$1" replica2 1
  refuses "$engine: a replica takes no writes" insert "$1" replica1 2
  refuses "$engine: clusters share nothing" has "$2" primary 1

  run kill "$1" primary
  refuses "$engine: a killed member is gone" has "$1" primary 1
  run resume "$1" primary
  proves "$engine: a resumed member is as it was" has "$1" primary 1
  insert "$1" primary 3
  proves "$engine: replicas find a resumed primary" sees "$1" replica1 3
}

check_pauses() { # DIR
  run lag "$1" replica1 3600
  insert "$1" primary 4
  proves "$engine: the other replica keeps up" sees "$1" replica2 4
  refuses "$engine: a lagging replica is behind" has "$1" replica1 4
  run lag "$1" replica1 0
  proves "$engine: a replica that lags no more catches up" sees "$1" replica1 4

  run freeze "$1" replica2
  refuses "$engine: a frozen member does not answer" timeout 1 "$0" sql "$1" replica2 "SELECT 1"
  run thaw "$1" replica2
  proves "$engine: a thawed member answers" has "$1" replica2 4
}

check_pgbouncer() { # DIR
  run start pgbouncer "$1" --mode session >/dev/null
  insert "$1" pgbouncer-session 10
  run start pgbouncer "$1" --mode transaction >/dev/null
  insert "$1" pgbouncer-transaction 11
  proves "pgbouncer leads to the primary" has "$1" primary 10
  proves "pgbouncer leads to the primary" has "$1" primary 11
}

check_haproxy() { # DIR
  run start haproxy "$1" >/dev/null
  insert "$1" haproxy 10
  proves "haproxy leads to the primary" has "$1" primary 10
}

check_promotion() { # DIR
  run kill "$1" primary
  run promote "$1" replica1
  insert "$1" replica1 20
  proves "$engine: env names who takes the writes" grep -q "^DULY_TEST_DATABASE_URL=.*:$(cat "$1/replica1/port")/" "$1/env"
  if [ "$engine" = mysql ]; then proves "haproxy leads to the promoted one" sees "$1" haproxy 20; fi

  run resume "$1" primary
  insert "$1" primary 21
  if [ "$engine" = mysql ]; then
    proves "haproxy sees the old primary come back" eventually grep -q "writer/one is UP" "$1/haproxy/log"
    for _ in 1 2 3 4; do refuses "haproxy goes back to it" has "$1" haproxy 21; done
  fi

  for member in primary replica2; do
    run rejoin "$1" "$member"
    proves "$engine: $member rejoins" sees "$1" "$member" 20
    refuses "$engine: $member still has what it alone had" has "$1" "$member" 21
  done
  insert "$1" replica1 22
  proves "$engine: primary follows the promoted one" sees "$1" primary 22
  proves "$engine: replica2 follows the promoted one" sees "$1" replica2 22
}

# A caller that is told to end takes its servers along, whether they are starting or in use.
check_interrupted() { # DIR
  local job
  mkdir -m 711 "$1" "$1/tests"
  "$0" start mysql "$1/starting" >/dev/null 2>&1 & job=$!
  eventually is_running "$1/starting"
  kill -TERM "$job"
  refuses "an interrupted start succeeds" wait "$job"
  refuses "an interrupted start leaves servers" is_running "$1/starting"

  # shellcheck disable=SC2016
  printf '#!/bin/sh\necho $$ >%s/pid\nexec sleep 600\n' "$1" >"$1/cargo"
  chmod +x "$1/cargo"
  TMPDIR=$1/tests CARGO=$1/cargo ENGINE=postgres "$repository/scripts/test-rust" >/dev/null 2>&1 & job=$!
  proves "the tests start" eventually test -s "$1/pid"
  proves "the tests have servers" is_running "$1/tests"
  kill -TERM "$job"
  refuses "interrupted tests succeed" wait "$job"
  refuses "interrupted tests leave servers" is_running "$1/tests"
  refuses "interrupted tests go on" kill -0 "$(cat "$1/pid")"
  proves "interrupted tests leave no files" rmdir "$1/tests"
}

is_running() { [ -n "$(processes_of "$1")" ]; } # DIR
