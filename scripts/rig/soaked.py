"""What a soak knows of a home at its end, and the judge of it. Pure, so that it can be tried on made-up homes."""
import collections
import copy
import dataclasses

SECOND = 1_000_000


@dataclasses.dataclass
class Home:
    """Times are in microseconds."""
    name: str
    cameras: dict = dataclasses.field(default_factory=dict)     # camera: its name
    hole_max: dict = dataclasses.field(default_factory=dict)    # camera: seconds without event or gap at most; pushing ones have none
    acknowledged: set = dataclasses.field(default_factory=set)  # the server answered 2xx
    queued: set = dataclasses.field(default_factory=set)        # the agent's log or its queue says so
    shown: set = dataclasses.field(default_factory=set)         # was in a list while the run went on
    listed: list = dataclasses.field(default_factory=list)      # the list at the end
    opened: dict = dataclasses.field(default_factory=dict)      # event: None, or why it does not open
    gaps: list = dataclasses.field(default_factory=list)        # what the pages of the days say
    dropped: int = 0                                            # the agent had no room for them, it says
    unverified: int = 0
    ended_at: int = 0                                           # when the cameras were switched off
    complaints: list = dataclasses.field(default_factory=list)  # what was wrong on the way

    def holes(self):
        """Of each camera that must see something: the longest time (seconds), from its first event on, with neither an event nor
        a gap that is said. A camera without any event: all the time."""
        longest = {}
        for camera in self.hole_max:
            events = [(row["started_at"], row["ended_at"]) for row in self.listed if row["camera_id"] == camera]
            gaps = [(gap["from"], self.ended_at if gap["to"] is None else gap["to"]) for gap in self.gaps if gap["camera_id"] == camera]
            if not events:
                longest[camera] = float("inf")
                continue
            covered, hole = min(events)[0], 0
            for from_, to in sorted(events + gaps) + [(self.ended_at, self.ended_at)]:
                hole = max(hole, from_ - covered)
                covered = max(covered, to)
            longest[camera] = hole / SECOND
        return longest


def judge(home):
    """What is wrong with a home, each in a sentence."""
    wrong = list(home.complaints)
    listed = {row["id"] for row in home.listed}
    times = collections.Counter(row["id"] for row in home.listed)
    wrong += [f"{event} is in the list {count} times" for event, count in times.items() if count > 1]
    wrong += [f"{event} was acknowledged and is not there" for event in sorted(home.acknowledged - listed)]
    wrong += [f"{event} was shown once and is gone" for event in sorted(home.shown - home.acknowledged - listed)]
    lost = sorted(home.queued - listed - home.acknowledged)
    if len(lost) > home.dropped:
        wrong.append(f"{len(lost)} queued events are lost, and the agent says that it dropped {home.dropped}: {lost[:3]}")
    for row in home.listed:
        why = home.opened.get(row["id"], "nobody opened it")
        if why is not None:
            wrong.append(f"{row['id']} of {home.cameras.get(row['camera_id'])} is listed and does not open: {why}")
        if row["camera_id"] not in home.cameras:
            wrong.append(f"{row['id']} is of a camera that is not the home's")
    of_camera = collections.defaultdict(list)
    for row in home.listed:
        if row["camera_id"] in home.hole_max:
            of_camera[row["camera_id"]].append(row)
    for rows in of_camera.values():
        rows.sort(key=lambda row: (row["started_at"], row["id"]))
        wrong += [f"{one['id']} and {other['id']} show the same time of a camera"
                  for one, other in zip(rows, rows[1:]) if one["id"] != other["id"] and other["started_at"] < one["ended_at"]]
    wrong += [f"{home.cameras[camera]}: {hole:.0f} s with neither an event nor a gap that is said"
              for camera, hole in home.holes().items() if hole > home.hole_max[camera]]
    if home.unverified:
        wrong.append(f"{home.unverified} rows could not be verified")
    if not home.acknowledged:
        wrong.append("no event was acknowledged: nothing was tried")
    return wrong


def try_the_judge():
    """A good home passes, and each bad one is found out, and nothing else with it. How many there were."""
    def row(name, camera, start):
        return {"id": name, "camera_id": camera, "started_at": start * SECOND, "ended_at": (start + 12) * SECOND}

    rows = [row("one", "yard", 0), row("two", "yard", 50), row("three", "gate", 5), row("four", "yard", 150)]
    good = Home(
        "Mill", {"yard": "Yard", "gate": "Gate"}, {"yard": 60}, {"one", "two", "three", "four"}, {"one", "five"}, {"one"}, rows,
        {name: None for name in ("one", "two", "three", "four")},
        [{"camera_id": "yard", "from": 70 * SECOND, "to": 145 * SECOND}], dropped=1, ended_at=200 * SECOND)
    bad = [
        (lambda h: h.listed.pop(2), "three was acknowledged and is not there"),
        (lambda h: h.shown.add("six"), "six was shown once and is gone"),
        (lambda h: h.queued.add("six"), "2 queued events are lost, and the agent says that it dropped 1"),
        (lambda h: h.opened.update(two="it ends early"), "two of Yard is listed and does not open: it ends early"),
        (lambda h: h.opened.pop("two"), "two of Yard is listed and does not open: nobody opened it"),
        (lambda h: h.cameras.pop("gate"), "three is of a camera that is not the home's"),
        (lambda h: h.listed.append(h.listed[0]), "one is in the list 2 times"),
        (lambda h: h.listed[1].update(started_at=5 * SECOND), "one and two show the same time of a camera"),
        (lambda h: h.gaps.clear(), "Yard: 88 s with neither an event nor a gap that is said"),
        (lambda h: setattr(h, "ended_at", 300 * SECOND), "Yard: 138 s with neither an event nor a gap that is said"),
        (lambda h: h.hole_max.update(gate=300) or h.listed.pop(2) and h.acknowledged.discard("three"), "Gate: inf s with neither"),
        (lambda h: setattr(h, "unverified", 1), "1 rows could not be verified"),
        (lambda h: h.complaints.append("a page was wrong"), "a page was wrong"),
    ]
    if judge(good):
        raise AssertionError(f"the judge finds fault with a good home: {judge(good)}")
    for spoil, expected in bad:
        home = copy.deepcopy(good)
        spoil(home)
        found = judge(home)
        if len(found) != 1 or expected not in found[0]:
            raise AssertionError(f"the judge should say `{expected}`, and says {found}")
    if judge(Home("Barn")) != ["no event was acknowledged: nothing was tried"]:
        raise AssertionError("the judge is content with nothing")
    return len(bad) + 2
