#!/usr/bin/env bash
# Counts the instructions that the core takes for each line, on fixed data and one thread, and holds them against those that are kept
# in `instructions.txt`. The counts do not depend on how busy the machine is. It prints and never fails for a number: compilers
# and libraries differ. `instructions.sh --keep` writes the counts to the file.
#
# Needs valgrind. Builds the modules of the core and their few dependencies, optimized, into the usual target folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
kept=instructions.txt
# Enough for several blocks of each file, few enough for a minute on a slow machine.
payments=20000

cargo build --release --locked --package benches --bin instructions
program=$(cargo metadata --format-version 1 --no-deps --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release/instructions

# All instructions of a part, with making the texts and whatever it needs before.
count() {
  local said
  said=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$payments" 2>&1) || {
    echo "$said" >&2
    return 1
  }
  sed -n 's/.*Collected : \([0-9]*\).*/\1/p' <<<"$said"
}

texts=$(count texts)
transactions=$(($(count transactions) - texts))
settlements=$(($(count settlements) - texts))
ledger=$(($(count ledger) - texts))
parsed=$(count parsed)
matched=$(($(count matched) - parsed))

counts=$(
  echo "transactions $((transactions / payments))"
  echo "settlements $((settlements / payments))"
  echo "ledger $((ledger / payments))"
  # Three sides take part.
  echo "matching $((matched / payments / 3))"
)
if [ "${1:-}" = --keep ]; then
  printf '%s\n' "$counts" >"$kept"
fi
printf '%-14s %20s %8s %8s\n' 'core, by part' 'instructions a line' kept ratio
while read -r part now; do
  then=$(sed -n "s/^$part \([0-9]*\)$/\1/p" "$kept" 2>/dev/null || true)
  ratio=
  if [ -n "$then" ]; then ratio=$(awk -v now="$now" -v then="$then" 'BEGIN { printf "%.3f", now / then }'); fi
  printf '%-14s %20s %8s %8s\n' "$part" "$now" "${then:-none}" "$ratio"
done <<<"$counts"
