#!/usr/bin/env python3
"""The job beside DuckDB and Polars, on the same day, on this machine.

    benches/compare.py --rows 1000000 10000000 --runs 5

For each number of rows: makes the bench's day once, then runs the job, DuckDB and Polars in turn, each as a process of its own
with as many threads. Before anything is compared, the three must have found the same discrepancies: the same kind, movement,
currency and amounts, row by row, and the same counts and sums of what matched.

Two times are told of each. The whole process, from its start to its end: the job also fetches and archives the reports, proves
them, records the run in its database and remembers; the others also start Python and load themselves. The same work: what all
three do, which is to parse, match, classify and write; of the job it is the sum of these stages as `summary.json` has them
(reading the ledger and looking back included), of the others the time from before they open the files until all is written.
Processor time and memory are those of the whole process.

DuckDB and Polars come from PyPI, into an environment of their own in the working folder. Needs Python 3.9 with `venv`, cargo,
and some 700 bytes of disk for each row asked for; everything is removed afterwards unless `--keep`.
"""

import argparse
import csv
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGES = ["duckdb==2.0.1", "polars==2.1.0"]
DATE, PLATFORM = "2026-11-18", "2188120000000001"
# The stages that the other programs have as well.
CORE = ["parse", "ledger", "recall", "match", "match again", "classify", "write"]
# Bytes of disk per row: the day's three files, the archive, the memory, and room.
BYTES_PER_ROW = 700
OURS, PEERS = "ours", ["duckdb", "polars"]
# What was timed, and how it is called.
TIMES = {"wall": "whole process", "core": "the same work"}


def main():
    options = arguments()
    work = options.dir or Path(tempfile.mkdtemp(prefix="antom-recon-compare-"))
    work.mkdir(parents=True, exist_ok=True)
    is_ours = not any(work.iterdir())
    try:
        lab = options.lab or built()
        python = options.python or environment(work)
        results = {"machine": machine(python, options.threads, options.flag), "runs": options.runs, "sizes": []}
        for rows in options.rows:
            results["sizes"].append(size(lab, python, work, rows, options))
        growth(results["sizes"])
        if options.json:
            options.json.write_text(json.dumps(results, indent=2) + "\n")
        table(results)
    finally:
        # What somebody else has in the folder stays.
        if is_ours and not options.keep:
            shutil.rmtree(work, ignore_errors=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000], help="lines in each report, entries in the ledger")
    parser.add_argument("--runs", type=int, default=3, help="how often each program runs, in turn")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--flag", action="append", default=[], help="a flag for the job's run, such as --flag=--without-memory")
    parser.add_argument("--memory-limit", action="append", default=[], metavar="SIZE",
                        help="run the job once more in each turn within so much memory, such as --memory-limit 512MB")
    parser.add_argument("--dir", type=Path, help="a new or empty folder to work in [default: one for temporary files]")
    parser.add_argument("--keep", action="store_true", help="keep that folder, and the day in it for the next time")
    parser.add_argument("--json", type=Path, help="write every measurement to this file")
    parser.add_argument("--lab", type=Path, help="a built `lab` [default: build one]")
    parser.add_argument("--program", type=Path, help="another build of the job, as of profiled-build.sh [default: that of `lab`]")
    parser.add_argument("--python", type=Path, help="a Python that has duckdb and polars [default: install them]")
    return parser.parse_args()


def built():
    """The laboratory, which contains the job, in a release build."""
    subprocess.run(["cargo", "build", "--release", "--locked", "-p", "lab"], cwd=HERE.parent, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target"))
    return target / "release/lab"


def environment(work):
    """A Python with the other programs."""
    folder = work / "python"
    python = folder / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return python


def machine(python, threads, flags):
    versions = "import duckdb, polars; print(duckdb.__version__, polars.__version__)"
    duckdb, polars = subprocess.run([python, "-c", versions], check=True, capture_output=True, text=True).stdout.split()
    cpu, memory = "unknown", 0
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.split(":", 1)[1].strip()
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal"):
            memory = int(line.split()[1]) // 1024
    return {
        "cpu": cpu, "cores": os.cpu_count(), "memory_mib": memory, "kernel": platform.release(), "threads": threads,
        "flags": flags, "python": platform.python_version(), "duckdb": duckdb, "polars": polars,
        "date": time.strftime("%Y-%m-%d"), "load_at_start": os.getloadavg()[0],
    }


def size(lab, python, work, rows, options):
    """All runs with so many rows."""
    day = work / f"day-{rows}"
    if not (day / "ledger.csv").exists():
        free, needed = shutil.disk_usage(work).free, rows * BYTES_PER_ROW
        if free < needed * 5 // 4:
            sys.exit(f"`{work}` has {free // 10**9} GB free; {rows} rows need {needed * 5 // 4 // 10**9}; name another with --dir")
        # Runs the job once as well: whoever comes first has a cold disk, and nobody measures that.
        made = [lab, "bench", "--rows", str(rows), "--threads", str(options.threads), "--dir", day, "--keep"]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, env=quiet())
    limited = {f"{OURS}, {limit}": ["--memory-limit", limit] for limit in options.memory_limit}
    runs = {name: [] for name in [OURS, *limited, *PEERS]}
    for at in range(options.runs):
        print(f"{rows} rows, run {at + 1} of {options.runs}", file=sys.stderr)
        ran, found = ours(lab, day, options)
        runs[OURS].append(ran)
        for name, flags in limited.items():
            ran, same = ours(lab, day, options, flags)
            runs[name].append(ran)
            agree(found, same, name)
        for name in PEERS:
            ran, theirs = peer(python, name, day, options.threads)
            runs[name].append(ran)
            agree(found, theirs, name)
    if not options.keep:
        shutil.rmtree(day)
    return {"rows": rows, "runs": runs, "found": Counter(kind for kind, *_ in found[0]),
            "ratios": {name: {time: ratios(runs[name], runs[OURS], time) for time in TIMES} for name in runs if name != OURS}}


def quiet():
    """The environment without what it says to the job, which logs errors only."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("ANTOM_RECON_")}
    return {**own, "ANTOM_RECON_LOG": "error"}


def measured(command, **more):
    """Runs a process and gives its wall seconds, seconds of processor time and peak memory."""
    started = time.monotonic()
    process = subprocess.Popen(command, **more)
    output = process.stdout.read() if process.stdout else None
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    if status != 0:
        sys.exit(f"`{' '.join(str(word) for word in command)}` ended with {os.waitstatus_to_exitcode(status)}")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss * 1024 / 1e6}, output


def ours(lab, day, options, more=()):
    """The job on a fresh desk: nothing archived, nothing recorded."""
    for name in ["out", "archive", "bench.db", "bench.db-wal", "bench.db-shm"]:
        path = day / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    flags = ["--threads", str(options.threads), "--config", day / "antom-recon.toml", *options.flag, *more]
    job = [options.program] if options.program else [lab, "job", "--"]
    ran, _ = measured([*job, "run", "--date", DATE, *flags], env=quiet(), stdout=subprocess.DEVNULL)
    outputs = day / "out" / PLATFORM / DATE
    timings = json.loads((outputs / "summary.json").read_text())["timings"]
    if not {"parse", "ledger", "match", "classify", "write"} <= timings.keys():
        sys.exit(f"summary.json has the stages {', '.join(timings)}; {', '.join(CORE)} were expected")
    ran["core"] = sum(timings[name]["seconds"] for name in CORE if name in timings)
    ran["stages"] = timings
    rows, matched = [], {}
    with open(outputs / "discrepancies.csv", newline="") as file:
        for row in csv.DictReader(file):
            rows.append((row["kind"], row["entry_type"], row["request_id"], row["currency"],
                         minor(row["ledger_amount"]), minor(row["report_amount"]), row["ledger_entry_id"]))
    with open(outputs / "control_totals.csv", newline="") as file:
        for row in csv.DictReader(file):
            if row["side"] == "ledger":
                count, total = matched.get(row["currency"], [0, 0])
                matched[row["currency"]] = [count + int(row["matched"]), total + int(minor(row["matched_sum"]))]
    return ran, (sorted(rows), matched)


def minor(amount):
    """An amount with its currency's own places in smallest units."""
    return amount and str(int(Decimal(amount).scaleb(-Decimal(amount).as_tuple().exponent)))


def peer(python, name, day, threads):
    out = day / f"{name}.csv"
    ran, output = measured([python, HERE / "peers.py", name, day, out, str(threads)], stdout=subprocess.PIPE)
    with open(out, newline="") as file:
        rows = [(row["kind"], row["type"], row["request_id"], row["currency"], row["ledger_amount"], row["report_amount"],
                 row["entry_id"]) for row in csv.DictReader(file)]
    out.unlink()
    said = json.loads(output)
    ran["core"] = said["seconds"]
    return ran, (sorted(rows), said["matched"])


def agree(ours, theirs, name):
    """Ends the comparison unless both found the same."""
    for what, one, other in zip(["discrepancies", "matched counts and sums"], ours, theirs):
        if one != other:
            differ = sorted(set(map(str, one)) ^ set(map(str, other)))[:5] if isinstance(one, list) else [one, other]
            sys.exit(f"{name} and the job do not agree on {what}: {differ}")
    if not ours[0] or not ours[1]:
        sys.exit("nothing was found: there is nothing to compare")


def spread(values):
    values = sorted(values)
    middle = len(values) // 2
    median = values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2
    return [values[0], median, values[-1]]


def ratios(theirs, ours, time):
    """Runs that stand side by side are compared with each other: what else the machine did was the same."""
    return spread([their[time] / our[time] for their, our in zip(theirs, ours)])


def growth(sizes):
    """How many times as long the largest size takes as the smallest, by medians."""
    first, last = sizes[0], sizes[-1]
    if len(sizes) > 1:
        median = lambda size, name, time: spread([run[time] for run in size["runs"][name]])[1]
        last["growth"] = {name: {time: median(last, name, time) / median(first, name, time) for time in TIMES}
                          for name in last["runs"]}


LABELS = {"duckdb": "DuckDB", "polars": "Polars"}


def label(name):
    return LABELS.get(name) or name.replace(OURS, "antom-recon", 1)


def shown(values):
    return " - ".join(f"{value:.2f}" for value in values)


def table(results):
    about = results["machine"]
    flags = f", the job with {' '.join(about['flags'])}" if about["flags"] else ""
    print(f"{about['cpu']}, {about['cores']} cores, {about['memory_mib']} MiB, Linux {about['kernel']}; {about['threads']} threads "
          f"each{flags}; DuckDB {about['duckdb']}, Polars {about['polars']}; {about['date']}, load {about['load_at_start']:.1f}")
    for size in results["sizes"]:
        found = ", ".join(f"{count:,} {kind}" for kind, count in sorted(size["found"].items()))
        print(f"\n{size['rows']:,} lines a side, {results['runs']} runs in turn, min - median - max")
        print(f"All agree on every row: {found}")
        print(f"  {'seconds':20}{TIMES['wall']:>24}{TIMES['core']:>24}{'CPU s':>9}{'peak MB':>9}")
        for name, runs in size["runs"].items():
            times = "".join(f"{shown(spread([run[time] for run in runs])):>24}" for time in TIMES)
            cpu, peak = spread([run["cpu"] for run in runs])[1], max(run["peak_mb"] for run in runs)
            print(f"  {label(name):20}{times}{cpu:>9.2f}{peak:>9,.0f}")
        print("  times as long")
        for name, values in size["ratios"].items():
            print(f"  {label(name):20}" + "".join(f"{shown(values[time]):>24}" for time in TIMES))
        if "growth" in size:
            print(f"  times as long as with {results['sizes'][0]['rows']:,}")
            for name, values in size["growth"].items():
                print(f"  {label(name):20}" + "".join(f"{values[time]:>24.1f}" for time in TIMES))


if __name__ == "__main__":
    main()
