#!/usr/bin/env python3
"""Tries the mutants that `cargo mutants` lists for one crate, with one build for all of them instead of one for each.

A copy of the tree gets every mutant at its place behind a switch, `if on(7) { mutant } else { code }`, and is built
once; a mutant is then a number in the environment. Each test first runs alone without a mutant, which shows that it
passes, how long it takes and which switches it reaches. A mutant is then tried by the tests that reach it, the quick
ones first, each in a process of its own, until one fails twice in a row, or does not end.

What does not compile behind a switch is left out and named: a value of a type that has none such does not compile as a
mutant either; the few others, in constants, are left to `cargo mutants` itself, with --constants and a build each.

Outcomes are kept in the folder of --work: what was caught is not tried again as long as its lines stay as they are.

Set-up: cargo install cargo-mutants; python3 -m venv V && V/bin/pip install -r scripts/requirements-mutants.txt, then
V/bin/python scripts/mutants seal --work FOLDER.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

from trial import CAUGHT, Order, Outcomes, judge, look_at, tests_of
from weave import Tree, listed


def constants(options, package, mutants, outcomes, tree):
    """Has `cargo mutants` try what has no place for a switch."""
    left = [m for m in mutants if outcomes.of.get(m.key, {}).get("outcome") == "unwoven"]
    if not left:
        return
    tree.place_files()
    command = ["cargo-mutants", "mutants", "--in-place", "--package", package, "--no-shuffle", "--colors", "never"]
    command += ["--timeout", "300", "--output", str(options.work / "constants")]
    command += [word for part in options.tests or [options.part] for word in ("--test-package", f"ownsight-{part}")]
    command += [word for mutant in left for word in ("--re", f"^{re.escape(mutant.name)}$")]
    # Left-out fields come along whatever is asked for: of these files only.
    command += [word for file in sorted({mutant.file for mutant in left}) for word in ("--file", file)]
    subprocess.run(command, cwd=tree.path, check=False)
    by_name = {mutant.name: mutant for mutant in left}
    for outcome in (*CAUGHT, "missed", "unviable"):
        for name in (options.work / "constants" / "mutants.out" / f"{outcome}.txt").read_text().splitlines():
            if name in by_name:
                outcomes.keep(by_name[name], outcome, "cargo mutants")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", help="a crate, as seal or gate")
    parser.add_argument("--tests", action="append", metavar="PART", help="crates whose tests try them; the crate's own")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="a folder for the copy and the outcomes")
    parser.add_argument("--exclude", action="append", default=[], metavar="GLOB", help="files without mutants")
    parser.add_argument("--file", action="append", default=[], metavar="GLOB", help="only mutants of these files")
    parser.add_argument("--budget", type=float, default=float("inf"), metavar="SECONDS",
                        help="of tests for one mutant; one that they do not see is called alive and not missed")
    parser.add_argument("--first", action="append", default=[], metavar="NAME",
                        help="part of the name of tests that are tried first, as of new ones")
    parser.add_argument("--report", action="store_true", help="say what is known, and try nothing")
    parser.add_argument("--constants", action="store_true", help="try those that have no place for a switch, one by one")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    package = f"ownsight-{options.part}"
    mutants = listed(package, options.exclude, options.file)
    outcomes = Outcomes(options.work / f"{options.part}.jsonl")
    if options.report:
        outcomes.report(mutants)
        return
    tree = Tree(options.work, package, mutants)
    if options.constants:
        constants(options, package, mutants, outcomes, tree)
        outcomes.report(mutants)
        return
    settled = (*CAUGHT, "unviable")
    done = {m.number for m in mutants if outcomes.of.get(m.key, {}).get("outcome") in settled}
    print(f"{len(mutants)} mutants of {options.part}, {len(mutants) - len(done)} to try", flush=True)
    tree.out |= done
    built, unviable, unwoven = tree.build(options.tests or [options.part])
    for outcome, numbers in (("unviable", unviable), ("unwoven", unwoven)):
        for number, why in numbers.items():
            outcomes.keep(mutants[number], outcome, why)
    woven = [m for m in mutants if m.number not in tree.out]
    # What was tried before comes last.
    woven.sort(key=lambda mutant: mutant.key in outcomes.of)
    tests = list(tests_of(built))
    print(f"{len(woven)} woven; {len(tests)} tests run alone", flush=True)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        broken = [why for why in pool.map(look_at, tests) if why]
        if broken:
            sys.exit("\n".join(broken))
        by_switch = collections.defaultdict(list)
        for test in tests:
            for number in test.reaches:
                by_switch[number].append(test)
        print(f"they took {sum(test.seconds for test in tests):.0f} s, one after the other", flush=True)

        order = Order(outcomes, options.first)

        def tried(mutant):
            if mutant.number not in by_switch:
                outcomes.keep(mutant, "unreached")
                return "unreached", mutant
            outcome, by = judge(mutant, by_switch[mutant.number], order, options.budget)
            outcomes.keep(mutant, outcome, by)
            return outcome, mutant

        for count, (outcome, mutant) in enumerate(pool.map(tried, woven), 1):
            if outcome != "caught":
                print(f"{count:5} {outcome:10}{mutant.name}", flush=True)
    outcomes.report(mutants)


if __name__ == "__main__":
    main()
