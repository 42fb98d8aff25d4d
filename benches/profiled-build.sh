#!/usr/bin/env bash
# Builds the program with a profile of itself: an instrumented build does the bench's days, and the compiler then knows which ways the
# job goes and how often. The outputs are the same, and come sooner (README, Performance). It takes some fifteen minutes on two cores,
# three builds, and 2 GB more in the target folder.
#
#   rustup component add llvm-tools
#   benches/profiled-build.sh [PROGRAM]
#
# PROGRAM, where the program is put, is profiled/antom-recon in the target folder unless given. What RUSTFLAGS has in the
# environment holds for the program as well: with RUSTFLAGS=-Ctarget-cpu=native it runs on processors like this one only.
# ROWS=100000 makes smaller days.
set -euo pipefail
program=${1:+$(realpath -m "$1")}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rows=${ROWS:-300000} flags=${RUSTFLAGS:-}
host=$(rustc -vV | sed -n 's/^host: //p')
merge=$(rustc --print sysroot)/lib/rustlib/$host/bin/llvm-profdata
if [ ! -x "$merge" ]; then
  echo "there is no \`$merge\`; install it with: rustup component add llvm-tools" >&2
  exit 2
fi
target=$(cargo metadata --format-version 1 --no-deps --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
program=${program:-$target/profiled/antom-recon}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# What the job does is the same whatever somebody's environment says to it.
for name in $(compgen -e ANTOM_RECON_ || true); do unset "$name"; done
export ANTOM_RECON_LOG=error

# With a target named, flags are for the program and not for what runs during the build.
build() {
  RUSTFLAGS="$flags $1" cargo build --release --locked --package antom-recon --target "$host" --target-dir "$target/profiled"
}

# Does the days of a folder anew: nothing archived, nothing recorded.
run() {
  local day=$1
  shift
  rm -rf "$day"/{out,archive,bench.db,bench.db-wal,bench.db-shm}
  for date in "$@"; do
    "$folder/instrumented" run --date "$date" --config "$day/antom-recon.toml" "${limit[@]}" >"$folder/said"
  done
}

cargo build --release --locked --package lab --target-dir "$target"
"$target/release/lab" bench --rows "$rows" --threads 2 --dir "$folder/settled" --keep >/dev/null
"$target/release/lab" bench --rows $((rows / 3)) --threads 2 --next-day --shares --dir "$folder/waiting" --keep >/dev/null

build "-Cprofile-generate=$folder/profiles"
cp "$target/profiled/$host/release/antom-recon" "$folder/instrumented"
for limit in "" 128MB; do
  limit=(${limit:+--memory-limit "$limit"})
  run "$folder/settled" 2026-11-18
  run "$folder/waiting" 2026-11-17 2026-11-18
done
"$folder/instrumented" verify --config "$folder/waiting/antom-recon.toml" >"$folder/said"

"$merge" merge -o "$folder/profile" "$folder/profiles"
# Another profile is another flag, so that cargo builds again.
profile=$target/profiled/$(sha256sum "$folder/profile" | cut -c 1-16).profdata
cp "$folder/profile" "$profile"
build "-Cprofile-use=$profile"
mkdir -p "$(dirname "$program")"
cp "$target/profiled/$host/release/antom-recon" "$program"
echo "$program"
