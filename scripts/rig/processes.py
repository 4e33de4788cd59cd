"""How much memory and CPU processes take while a run goes on, and a picture of it."""
import os
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")
COLOURS = ["#3b6fd4", "#c2571a", "#2f8f5b", "#8a4fbf"]


def resident(pid):
    """Bytes in memory that are the process's own, or `None` if there is none."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return None


def cpu(pid):
    """Seconds of CPU of the process and of those of its children that ended, or `None` if there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return sum(int(ticks) for ticks in fields[11:15]) / TICKS
    except (OSError, ValueError, IndexError):
        return None


class Meter(threading.Thread):
    """Looks at programs every few seconds. A program that is started anew goes on in the same line."""

    def __init__(self, programs, every):
        super().__init__(daemon=True)
        self.programs, self.every, self.ended = programs, every, threading.Event()
        self.began = time.monotonic()
        self.memory = {program.name: [] for program in programs}  # (seconds since the beginning, bytes, pid)
        self.cpu = {program.name: {} for program in programs}     # pid: seconds

    def now(self):
        return time.monotonic() - self.began

    def run(self):
        while not self.ended.wait(self.every):
            for program in self.programs:
                if not program.runs():
                    continue
                pid = program.process.pid
                bytes_, seconds = resident(pid), cpu(pid)
                if bytes_ is not None:
                    self.memory[program.name].append((self.now(), bytes_, pid))
                if seconds is not None:
                    self.cpu[program.name][pid] = seconds

    def cores(self, name):
        """The part of a core that it took on average."""
        return sum(self.cpu[name].values()) / max(self.now(), 1)


def growth(samples, warm_up):
    """Bytes an hour by which the last process of a line grew, and over how many hours: from the median of the first third of
    its time after the warm-up (seconds) to that of the last. `None` if it ran for too short."""
    its = [(at, bytes_) for at, bytes_, pid in samples if pid == samples[-1][2]] if samples else []
    its = [(at, bytes_) for at, bytes_ in its if at >= its[0][0] + warm_up]
    third = len(its) // 3
    if third < 5:
        return None
    middle = lambda part: tuple(sorted(values)[len(values) // 2] for values in zip(*part))
    (from_, before), (to, after) = middle(its[:third]), middle(its[-third:])
    hours = (to - from_) / 3600
    return (after - before) / hours, hours


def plot(meter, marks):
    """An SVG: memory over time, with a mark (seconds, seconds, text) for each disturbance."""
    width, height, left, bottom = 960, 360, 60, 40
    seconds = max(meter.now(), 1)
    top = max((bytes_ for samples in meter.memory.values() for _, bytes_, _ in samples), default=1) / 1e6 * 1.1
    x = lambda at: left + at / seconds * (width - left - 10)
    y = lambda bytes_: height - bottom - bytes_ / 1e6 / top * (height - bottom - 40)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
             f'<rect width="{width}" height="{height}" fill="#fff"/>']
    for from_, to, text in marks:
        parts.append(f'<rect x="{x(from_):.1f}" y="40" width="{max(x(to) - x(from_), 1):.1f}" height="{height - bottom - 40}" '
                     f'fill="#0001"><title>{text}</title></rect>')
    step = next(step for step in (5, 10, 20, 50, 100, 200, 500, 1000) if top / step <= 8)
    for megabytes in range(0, int(top) + 1, step):
        parts.append(f'<line x1="{left}" x2="{width - 10}" y1="{y(megabytes * 1e6):.1f}" y2="{y(megabytes * 1e6):.1f}" stroke="#ddd"/>'
                     f'<text x="{left - 8}" y="{y(megabytes * 1e6) + 4:.1f}" text-anchor="end">{megabytes} MB</text>')
    minutes = max(1, round(seconds / 60 / 12))
    for minute in range(0, int(seconds / 60) + 1, minutes):
        parts.append(f'<text x="{x(minute * 60):.1f}" y="{height - 16}" text-anchor="middle">{minute} min</text>')
    for number, (name, samples) in enumerate(meter.memory.items()):
        colour, line, last = COLOURS[number % len(COLOURS)], "", None
        for at, bytes_, pid in samples:
            line += f"{'L' if pid == last else 'M'}{x(at):.1f} {y(bytes_):.1f}"
            last = pid
        parts.append(f'<path d="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
                     f'<text x="{left + 10 + 150 * number}" y="24" fill="{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
