"""Which tests reach a mutant, and whether one of them sees it."""
import collections
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import time

# A test that takes longer than this under a mutant, beyond five times its own time, does not end.
PATIENCE = 15
# So much of a crate's tests is tried in one process at most.
BATCH_SECONDS = 8
# What ends with a test that fails, or does not end.
CAUGHT = ("caught", "timeout")


@dataclasses.dataclass
class Test:
    program: str
    folder: str
    name: str
    seconds: float = 0.0
    reaches: frozenset = frozenset()


def run(program, folder, names, environment, patience):
    """Whether all of these tests passed; None if they did not end. And those that failed."""
    command = [program, "--exact", "--test-threads=2", *names]
    with tempfile.TemporaryFile() as output:
        started = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            env={**os.environ, **environment}, start_new_session=True,
        )
        try:
            code = started.wait(patience)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            try:
                os.killpg(started.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            started.wait()
        output.seek(0)
        text = output.read().decode(errors="replace")
    failed = re.findall(r"^test (\S+)(?: - should panic)? \.\.\. FAILED$", text, re.MULTILINE)
    return (None if code is None else code == 0), failed, text


def tests_of(built):
    for program, folder in built:
        names = []
        for more in ([], ["--ignored"]):
            command = [program, "--list", "--format", "terse", *more]
            done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
            names.append({line.removesuffix(": test") for line in done.stdout.splitlines() if line.endswith(": test")})
        yield from (Test(program, folder, name) for name in sorted(names[0] - names[1]))


def look_at(test):
    """Runs a test without a mutant."""
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "reached"
        for _ in range(2):
            began = time.monotonic()
            passed, _, text = run(test.program, test.folder, [test.name], {"OWNSIGHT_MUTANTS_REACHED": str(log)}, 300)
            test.seconds = time.monotonic() - began
            if passed:
                break
        reached = log.read_text().split() if log.exists() else []
    test.reaches = frozenset(int(number) for number in reached)
    return None if passed else f"{test.name} fails without a mutant:\n{text[-2000:]}"


class Order:
    """Which tests are tried first: those that saw other mutants of the same file, then the quick ones."""

    def __init__(self, outcomes, first):
        self.lock = threading.Lock()
        self.first = first
        self.seen = collections.Counter()
        for entry in outcomes.of.values():
            if entry["outcome"] in CAUGHT:
                self.seen[entry["name"].split(":")[0], entry["by"]] += 1

    def note(self, mutant, name):
        with self.lock:
            self.seen[mutant.file, name] += 1

    def batches(self, mutant, tests):
        """More and more tests of one program at a time, with the seconds that they take."""
        with self.lock:
            part = pathlib.Path(mutant.file).stem

            def rank(test):
                likely = self.seen[mutant.file, test.name] + (part in test.name)
                return (not any(name in test.name for name in self.first), -likely, test.seconds)

            tests = sorted(tests, key=rank)
        size = 1
        while tests:
            batch, seconds = [], 0.0
            for test in tests:
                if test.program != tests[0].program or len(batch) == size:
                    continue
                if batch and seconds + test.seconds > BATCH_SECONDS:
                    break
                batch.append(test)
                seconds += test.seconds
            yield batch, seconds
            chosen = {id(test) for test in batch}
            tests = [test for test in tests if id(test) not in chosen]
            size *= 2


def judge(mutant, tests, order, budget):
    """(outcome, which test saw it)"""
    environment = {"OWNSIGHT_MUTANT": str(mutant.number)}
    spent = 0.0
    for batch, seconds in order.batches(mutant, tests):
        if spent and spent + seconds > budget:
            return "alive", None
        spent += seconds
        program, folder = batch[0].program, batch[0].folder
        names = [test.name for test in batch]
        passed, failed, _ = run(program, folder, names, environment, PATIENCE + 5 * seconds)
        if passed:
            continue
        if passed is None and len(batch) == 1:
            order.note(mutant, names[0])
            return "timeout", names[0]
        # Again, and alone: a test may fail for another reason than the mutant.
        for test in [test for test in batch if test.name in failed] or batch:
            again, _, _ = run(program, folder, [test.name], environment, PATIENCE + 5 * test.seconds)
            if not again:
                order.note(mutant, test.name)
                return "timeout" if again is None else "caught", test.name
    return "missed", None


class Outcomes:
    """What is known from earlier runs, by what the mutant changes."""

    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()
        self.of = {}
        if path.exists():
            for line in path.read_text().splitlines():
                entry = json.loads(line)
                self.of[entry["key"]] = entry

    def keep(self, mutant, outcome, by=None):
        entry = {"key": mutant.key, "name": mutant.name, "outcome": outcome, "by": by}
        with self.lock:
            self.of[mutant.key] = entry
            with self.path.open("a") as file:
                file.write(json.dumps(entry) + "\n")

    def report(self, mutants):
        counts = collections.Counter(self.of.get(m.key, {"outcome": "untried"})["outcome"] for m in mutants)
        for mutant in mutants:
            outcome = self.of.get(mutant.key, {"outcome": "untried"})["outcome"]
            if outcome in ("missed", "alive", "unreached", "unwoven", "untried"):
                print(f"{outcome:10}{mutant.name}")
        print(f"{len(mutants)} mutants: " + ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
