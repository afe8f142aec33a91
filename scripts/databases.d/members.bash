# What every member of a cluster has, whatever it runs: a directory, a port, a command that starts
# it, a log, and processes that are found again even when their parents were killed.
#
#   DIR/settings            engine, password, durable, replicas: written once, sourced
#   DIR/leader              the member that takes the writes
#   DIR/MEMBER/command      one word a line; `resume` runs it again
#   DIR/MEMBER/port, pid, log, data/

fail() { echo "scripts/databases: $*" >&2; exit 1; }

# Database servers refuse to run as root.
as_server=()
if [ "$(id -u)" -eq 0 ]; then as_server=(setpriv --reuid=nobody --regid=nogroup --clear-groups --); fi

new_cluster() { # ENGINE DIR DURABLE REPLICAS
  case "$2" in *[!A-Za-z0-9/._-]*) fail "$2: use only letters, digits and / . _ - in the directory's name" ;; esac
  mkdir -p "$2"
  cluster=$(realpath "$2")
  [ -z "$(ls -A "$cluster")" ] || fail "$cluster is not empty: stop what runs there and remove it first"
  # Whatever stops this before it is done takes along what it had started.
  trap '[ $? -eq 0 ] || stop_cluster "$cluster"' EXIT
  trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
  engine=$1 durable=$3 replicas=$4 password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  (umask 077; printf '%s\n' "engine=$engine" "password=$password" "durable=$durable" "memory=$memory" "replicas='$replicas'" >"$cluster/settings")
  echo primary >"$cluster/leader"
  if [ ${#as_server[@]} -gt 0 ]; then chown nobody:nogroup "$cluster"; fi
  "${as_server[@]}" test -w "$cluster" || fail "the user nobody, who runs the servers for root, cannot reach $cluster: chmod a+x the folders above it"
  for member in primary $replicas; do new_member "$member"; done
}

open_cluster() { # DIR
  cluster=$(realpath -m "$1")
  [ -f "$cluster/settings" ] || fail "no cluster in $cluster: scripts/databases start postgres|mysql $1"
  # shellcheck source=/dev/null
  source "$cluster/settings"
}

new_member() { # MEMBER
  "${as_server[@]}" mkdir -m 700 "$cluster/$1"
  claim_port "$1"
}

# A claim is a link to the member's directory, so it is void once that directory is gone. The
# range lies below the ports Linux hands to outgoing connections.
claim_port() { # MEMBER
  local claims lock port
  claims=/tmp/duly-ports-$(id -u)
  (umask 077; mkdir -p "$claims")
  [ -O "$claims" ] || fail "$claims belongs to someone else"
  exec {lock}>"$claims/lock"
  flock -w 30 "$lock" || fail "$claims/lock is held by another process"
  find "$claims" -xtype l -delete
  for port in $(shuf -i 20000-29999); do
    if [ -e "$claims/$port" ] || (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue; fi
    ln -sfn "$cluster/$1" "$claims/$port"
    break
  done
  exec {lock}>&-
  echo "$port" >"$cluster/$1/port"
}

leader() { cat "$cluster/leader"; }
port() { cat "$cluster/$1/port"; } # MEMBER

# launch MEMBER [WORD…]: the words, or those it was last launched with.
launch() {
  local member=$cluster/$1 command
  shift
  if [ $# -gt 0 ]; then printf '%s\n' "$@" >"$member/command"; fi
  mapfile -t command <"$member/command"
  [ -z "$(processes_of "$member")" ] || fail "$member runs already"
  # In a session of its own, so that Ctrl-C reaches the caller only, who decides.
  (cd "$member" && { setsid "${as_server[@]}" "${command[@]}" </dev/null >>log 2>&1 & echo $! >pid; })
}

kind() { # MEMBER
  case "$1" in pgbouncer-*) echo pgbouncer ;; haproxy) echo haproxy ;; *) echo "$engine" ;; esac
}

wait_ready() { # MEMBER
  wait_until "$1" "it was not ready" "$(kind "$1")_ready" "$1"
}

# wait_until MEMBER COMPLAINT COMMAND…: until the command succeeds, at most 60 s, and not longer than
# the member runs.
wait_until() {
  local member=$1 complaint=$2 start=$SECONDS
  shift 2
  until "$@" >/dev/null 2>&1; do
    readlink "/proc/$(cat "$cluster/$member/pid")/cwd" >/dev/null || explain "$member" "$complaint: it stopped by itself"
    [ $((SECONDS - start)) -lt 60 ] || explain "$member" "$complaint after 60 s"
    sleep 0.05
  done
}

explain() { # MEMBER WHAT
  tail -n 60 "$cluster/$1/log" >&2
  fail "$1 in $cluster: $2"
}

# The servers that work in a directory, also those whose parent was killed and those whose
# directory was removed.
processes_of() { # DIRECTORY
  local link pid
  { find /proc/[0-9]* -maxdepth 1 -name cwd \( -lname "$1" -o -lname "$1/*" \) 2>/dev/null || true; } | while read -r link; do
    pid=${link#/proc/} pid=${pid%/cwd}
    case "$(cat "/proc/$pid/comm" 2>/dev/null)" in postgres | mariadbd | pgbouncer | haproxy) echo "$pid" ;; esac
  done
}

signal_member() { # SIGNAL MEMBER
  # The first process first: a stopped one makes no children that the list below would miss.
  kill "-$1" "$(cat "$cluster/$2/pid")"
  # One of the others may have ended meanwhile; that is all right.
  processes_of "$cluster/$2" | xargs -r kill "-$1" 2>/dev/null || true
}

# As if the machine had lost its power, and returns once nothing is left.
end_all() { # DIRECTORY
  local start=$SECONDS left
  while left=$(processes_of "$1") && [ -n "$left" ]; do
    [ $((SECONDS - start)) -lt 30 ] || fail "cannot end $left in $1"
    xargs kill -KILL <<<"$left" 2>/dev/null || true
  done
  postgres_sweep "$1"
}

stop_cluster() { # DIR
  local directory
  directory=$(realpath -m "$1")
  [ "$directory" != / ] || fail "stop needs a cluster's directory"
  end_all "$directory"
}

member_sql() { "${engine}_sql" "$@"; } # MEMBER SQL

member_url() { "${engine}_url" "$(port "$1")"; } # MEMBER

write_env() {
  local member name running others=()
  running=$(processes_of "$cluster")
  for member in primary $replicas; do
    if [ "$member" != "$(leader)" ]; then others+=("$(member_url "$member")"); fi
  done
  install -m 600 /dev/null "$cluster/env.$$"
  {
    echo "DULY_TEST_DATABASE_URL=$(member_url "$(leader)")"
    echo "DULY_TEST_REPLICA_URLS=$(IFS=,; echo "${others[*]}")"
    for member in "$cluster"/*/port; do
      member=$(basename "$(dirname "$member")") name=$(tr a-z- A-Z_ <<<"$member")
      echo "${name}_URL=$(member_url "$member")"
      echo "${name}_PORT=$(port "$member")"
      echo "${name}_PID=$(grep -Fx "$(cat "$cluster/$member/pid" 2>/dev/null)" <<<"$running" || true)"
    done
  } >"$cluster/env.$$"
  mv "$cluster/env.$$" "$cluster/env"
}
