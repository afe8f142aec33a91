# MariaDB: a primary and GTID replicas, with the settings Duly's own start-up checks ask for.

mysql_url() { echo "mysql://duly:$password@127.0.0.1:$1/tests"; } # PORT

mysql_sql() { # MEMBER SQL
  mysql_client duly "$1" --database=mysql --batch --skip-column-names --execute "$2"
}

mysql_client() { # USER MEMBER OPTION…
  mariadb --defaults-file="$cluster/client.cnf" --user="$1" --port="$(port "$2")" "${@:3}"
}

mysql_ready() { mysql_sql "$1" "DO 1"; } # MEMBER

mysql_create() {
  local member data=$cluster/primary/data
  for tool in mariadbd mariadb-install-db mariadb mariabackup; do
    command -v "$tool" >/dev/null || fail "$tool is not installed: scripts/need mariadb"
  done
  (umask 077; printf '[client]\nhost=127.0.0.1\npassword=%s\nconnect_timeout=10\n' "$password" >"$cluster/client.cnf")
  for member in primary $replicas; do mysql_settings "$member"; done
  mysql_accounts | install -m 600 /dev/stdin "$cluster/accounts.sql"
  if [ ${#as_server[@]} -gt 0 ]; then chown nobody "$cluster/accounts.sql" "$cluster"/*/my.cnf; fi
  "${as_server[@]}" mariadb-install-db --no-defaults --datadir="$data" --tmpdir="$cluster/primary" --skip-test-db --skip-name-resolve \
    --innodb-flush-method=nosync --extra-file="$cluster/accounts.sql" >"$cluster/primary/log" 2>&1 ||
    explain primary "mariadb-install-db failed"

  for member in $replicas; do "${as_server[@]}" cp -a "$data" "$cluster/$member/data"; done
  for member in primary $replicas; do mysql_launch "$member"; done
  for member in primary $replicas; do wait_ready "$member"; done
  for member in $replicas; do mysql_follow "$member" ''; done
}

# These and an empty database are in every copy and in no binary log. `duly`, who is everyone's administrator, cannot write
# to a replica: a test that did would not notice. `operator`, who is ours, can. HAProxy asks without
# a password who takes the writes.
mysql_accounts() {
  cat <<END
FLUSH PRIVILEGES;
CREATE DATABASE tests CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE USER duly@'127.0.0.1' IDENTIFIED BY '$password';
GRANT ALL ON *.* TO duly@'127.0.0.1' WITH GRANT OPTION;
REVOKE READ_ONLY ADMIN ON *.* FROM duly@'127.0.0.1';
CREATE USER operator@'127.0.0.1' IDENTIFIED BY '$password';
GRANT ALL ON *.* TO operator@'127.0.0.1' WITH GRANT OPTION;
CREATE USER haproxy@'127.0.0.1';
END
}

mysql_settings() { # MEMBER
  local read_only=ON number=${1#replica}
  if [ "$1" = primary ]; then read_only=OFF number=0; fi
  cat >"$cluster/$1/my.cnf" <<END
[mariadbd]
datadir = $cluster/$1/data
# Not /tmp: a server that starts removes the temporary tables it finds, also those of another.
tmpdir = $cluster/$1
port = $(port "$1")
bind_address = 127.0.0.1
# In the data directory, where no path is too long for a socket.
socket = socket
skip_name_resolve = ON
max_connections = 300
innodb_buffer_pool_size = $memory
performance_schema = OFF
character_set_server = utf8mb4
default_time_zone = +00:00
innodb_snapshot_isolation = ON
innodb_flush_log_at_trx_commit = 1
sync_binlog = 1
server_id = $((number + 1))
log_bin = binlog
binlog_format = ROW
log_slave_updates = ON
gtid_strict_mode = ON
read_only = $read_only
END
  if [ "$binlog" = no ]; then printf 'skip_log_bin\n' >>"$cluster/$1/my.cnf"; fi
  # Says what a durable server says, writes when it writes, and never waits for the disk: no start-up
  # check needs an exception, and `kill` loses nothing.
  if [ "$durable" = no ]; then printf 'debug_no_sync = ON\ninnodb_flush_method = nosync\n' >>"$cluster/$1/my.cnf"; fi
}

mysql_launch() { launch "$1" "$(command -v mariadbd)" --defaults-file="$cluster/$1/my.cnf"; } # MEMBER

mysql_follow() { # MEMBER GTID
  mysql_client operator "$1" --execute "SET GLOBAL gtid_slave_pos = '$2';
    CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = $(port "$(leader)"), MASTER_USER = 'operator',
      MASTER_PASSWORD = '$password', MASTER_CONNECT_RETRY = 1, MASTER_USE_GTID = slave_pos;
    START SLAVE"
  wait_until "$1" "it does not follow $(leader)" mysql_streams "$1"
}

mysql_streams() { # MEMBER
  [ "$(mysql_status "$1" Slave_IO_Running) $(mysql_status "$1" Slave_SQL_Running)" = "Yes Yes" ]
}

mysql_status() { # MEMBER FIELD
  mysql_client operator "$1" --execute 'SHOW SLAVE STATUS\G' | sed -n "s/^ *$2: //p"
}

mysql_lag() { # MEMBER SECONDS
  mysql_client operator "$1" --execute "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = $2; START SLAVE"
}

# Everything received is applied first, a delayed replica's as late as it does.
mysql_promote() { # MEMBER
  mysql_client operator "$1" --execute "STOP SLAVE IO_THREAD; DO MASTER_GTID_WAIT('$(mysql_status "$1" Gtid_IO_Pos)', 60);
    STOP SLAVE; RESET SLAVE ALL; SET GLOBAL read_only = OFF"
  sed -i 's/^read_only = ON/read_only = OFF/' "$cluster/$1/my.cnf"
}

mysql_copy() { # MEMBER
  local data=$cluster/$1/data backup
  backup=("${as_server[@]}" mariabackup --defaults-file="$cluster/$(leader)/my.cnf" --tmpdir="$cluster/$1" --target-dir="$data")
  {
    MYSQL_PWD=$password "${backup[@]}" --backup --host=127.0.0.1 --port="$(port "$(leader)")" --user=operator &&
      "${backup[@]}" --prepare
  } >>"$cluster/$1/log" 2>&1 || explain "$1" "mariabackup failed"
  sed -i 's/^read_only = OFF/read_only = ON/' "$cluster/$1/my.cnf"
  mysql_launch "$1"
  wait_ready "$1"
  mysql_follow "$1" "$(cut -f 3 "$data/mariadb_backup_binlog_info" 2>/dev/null || cut -f 3 "$data/xtrabackup_binlog_info")"
}
