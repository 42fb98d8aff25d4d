#!/usr/bin/env bash
# Measures fetching against the `sftp` command: one file of 500 MB and ten of 50 MB, from a private OpenSSH server on loopback.
# MB=100 makes one of 100 and ten of 10, ROUNDS=1 measures once in place of three times, CIPHERS=… leaves the server these alone.
#
#   cargo build --release -p antom-recon
#   crates/lab/bench-fetch.sh [PROGRAM] [FOLDER]
#
# PROGRAM is target/release/antom-recon unless given. FOLDER, some 3 GB, is made and removed again; one that exists is refused. The
# time is that of the whole command: for `sftp` with writing the file, for the program with hashing, packing and flushing it into the archive.
# PORT=2222 in the environment leads both through that port, on which a `lab wire` may wait for the server's.
set -euo pipefail

program=$(realpath "${1:-target/release/antom-recon}")
rounds=${ROUNDS:-3} megabytes=${MB:-500}
# All of the folder is deleted in the end, so that nobody's files may be in it.
if [ -n "${2:-}" ]; then mkdir "$2"; fi
folder=$(realpath "${2:-$(mktemp -d)}")
cd "$folder"
server=
finish() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  cd /
  rm -rf "$folder"
}
trap finish EXIT

merchant=2188120000000001
tree="$folder/tree/v1/settlements/$merchant"
one=2026-11-19 ten=2026-11-20

# Lines like those of transaction details, until there are so many MB, and the last line of every report.
report() {
  perl -e '
    my ($bytes, $line, $size) = ($ARGV[0] * 1000000, 0, 0);
    srand 7;
    while ($size < $bytes) {
      my $id = sprintf "%012d", $line++;
      my $text = sprintf "2159110%s,Alipay_SG,seller%d,20261119194010800001%s,,pay%s%06d,,PAYMENT,2026-11-19T%02d:%02d:%02d+08:00,"
        . "CASHIER_PAYMENT,%d.%02d,USD\n", $id, rand 900, $id, $id, rand 1000000, rand 24, rand 60, rand 60, rand 3000, rand 100;
      $size += length $text;
      print $text;
    }
    print "<END>\n";
  ' "$1"
}

mkdir -p "$tree/20261119" "$tree/20261120" got
report "$megabytes" >"$tree/20261119/transactionItems_20261119_000.csv"
for part in 0 1 2 3 4 5 6 7 8 9; do
  report $((megabytes / 10)) >"$tree/20261120/transactionItems_20261120_00$part.csv"
done

for key in host user; do
  ssh-keygen -q -t ed25519 -N '' -C bench -f "$key"
done
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
cat >sshd.conf <<CONF
Port $port
ListenAddress 127.0.0.1
HostKey $folder/host
PidFile none
AuthorizedKeysFile $folder/user.pub
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
${CIPHERS:+Ciphers $CIPHERS}
CONF
/usr/sbin/sshd -D -e -f sshd.conf 2>sshd.log &
server=$!
for _ in $(seq 100); do
  perl -MIO::Socket::INET -e "exit !IO::Socket::INET->new('127.0.0.1:$port')" && break
  sleep 0.1
done
line=${PORT:-$port}
if [ "$line" != "$port" ]; then
  echo "the server listens on port $port; lead port $line there, then press Enter" && read -r _
fi

cat >antom-recon.toml <<CONF
[merchant]
platform_merchant_id = "$merchant"
[source]
host = "127.0.0.1"
port = $line
username = "$(id -un)"
private_key_file = "user"
host_key = "$(ssh-keygen -lf host.pub | cut -d' ' -f2)"
root = "$folder/tree/v1/settlements"
connections = ${CONNECTIONS:-4}
CONF

# Runs a command, its output out of the way, and prints what all bytes in its time come to, in MB/s.
measure() {
  local started ended
  sync
  started=$(date +%s%N)
  "$@" >output 2>&1 || { cat output >&2; return 1; }
  ended=$(date +%s%N)
  echo $((megabytes * 1000000000 / (ended - started)))
}

by_sftp() {
  local day=${1//-/}
  rm -f got/*
  sftp -q -P "$line" -i user -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
    -b <(echo "get $tree/$day/* got/") "$(id -un)@127.0.0.1"
}

by_fetch() {
  "$program" fetch --date "$1"
}

printf '%-22s %10s %10s %8s\n' 'MB/s' sftp fetch ratio
for round in $(seq "$rounds"); do
  for date in "$one" "$ten"; do
    name="one file of $megabytes MB"
    [ "$date" = "$one" ] || name="ten files of $((megabytes / 10)) MB"
    rm -rf archive out antom-recon.db*
    theirs=$(measure by_sftp "$date")
    ours=$(measure by_fetch "$date")
    printf '%-22s %10d %10d %7d%%\n' "$name" "$theirs" "$ours" $((100 * ours / theirs))
  done
done
