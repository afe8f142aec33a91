# Proxies in front of the member that takes the writes.

start_proxy() { # MEMBER ENGINE
  [ "$engine" = "$2" ] || fail "$1 goes in front of $2, and $cluster runs $engine"
  if [ ! -d "$cluster/$1" ]; then new_member "$1"; fi
  "$(kind "$1")_launch" "$1"
  wait_ready "$1"
  write_env
  echo "DULY_TEST_$(kind "$1" | tr a-z A-Z)_URL=$(member_url "$1")"
}

pgbouncer_ready() { postgres_ready "$1"; } # MEMBER

pgbouncer_launch() { # MEMBER, pgbouncer-MODE
  local member=$cluster/$1
  command -v pgbouncer >/dev/null || fail "pgbouncer is not installed: scripts/need pgbouncer"
  (umask 077; echo "\"duly\" \"$password\"" >"$member/userlist.txt")
  cat >"$member/pgbouncer.ini" <<END
[databases]
* = host=127.0.0.1 port=$(port "$(leader)")

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $(port "$1")
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $member/userlist.txt
pool_mode = ${1#pgbouncer-}
default_pool_size = 50
max_client_conn = 1000
# Drivers set it on every connection, and PgBouncer knows only a few such parameters.
ignore_startup_parameters = extra_float_digits
END
  if [ ${#as_server[@]} -gt 0 ]; then chown nobody "$member/userlist.txt"; fi
  launch "$1" "$(command -v pgbouncer)" "$member/pgbouncer.ini"
}

# Until it has asked them all it may lead to a replica.
haproxy_ready() { [ "$(mysql_sql "$1" "SELECT @@read_only")" = 0 ]; } # MEMBER

# The operator's recipe with our ports in place of its addresses.
haproxy_launch() { # MEMBER
  local recipe=$repository/deploy/haproxy/mysql.cfg config=$cluster/haproxy/mysql.cfg number=0 member
  command -v haproxy >/dev/null || fail "haproxy is not installed: scripts/need haproxy"
  local edits=(-e "s/^\( *bind\) .*/\1 127.0.0.1:$(port "$1")/")
  for member in primary replica1 replica2; do
    number=$((number + 1))
    case " primary $replicas " in
      *" $member "*) edits+=(-e "s/10\.0\.0\.1$number:3306/127.0.0.1:$(port "$member")/") ;;
      *) edits+=(-e "/10\.0\.0\.1$number:3306/d") ;;
    esac
  done
  sed "${edits[@]}" "$recipe" >"$config"
  if grep -q '10\.0\.0\.1[0-9]*:' "$config"; then fail "$recipe names an address that is no member here"; fi
  launch "$1" "$(command -v haproxy)" -db -f "$config"
}
