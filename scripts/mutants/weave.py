"""Every mutant of a crate at its place behind a switch, in a copy of the tree that is built until all compiles."""
import collections
import dataclasses
import fnmatch
import hashlib
import json
import pathlib
import re
import subprocess
import sys

import tree_sitter
import tree_sitter_rust

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_rust.language()))
# What the compiler says of a value that its function cannot give, that nothing makes so, or that has no such operator.
NO_SUCH_VALUE = {"E0061", "E0271", "E0277", "E0283", "E0308", "E0369", "E0433", "E0599", "E0624", "arithmetic_overflow"}
# Names of the project for a `Result`, of which cargo-mutants does not know that it is one.
RESULTS = ("Step",)

SWITCH = """
#[allow(warnings, clippy::all, clippy::pedantic)]
mod mutant_switch {
    use std::fs::File;
    use std::io::Write;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, Ordering};

    static STATE: OnceLock<(Option<u32>, Option<File>)> = OnceLock::new();
    static REACHED: [AtomicBool; COUNT] = [const { AtomicBool::new(false) }; COUNT];

    pub(crate) fn on(number: u32) -> bool {
        let (active, log) = STATE.get_or_init(|| {
            let number = std::env::var("OWNSIGHT_MUTANT").ok().map(|text| text.parse().expect("a number"));
            let log = std::env::var_os("OWNSIGHT_MUTANTS_REACHED")
                .map(|path| File::options().append(true).create(true).open(path).expect("a log"));
            (number, log)
        });
        if let Some(log) = log {
            if !REACHED[number as usize].swap(true, Ordering::Relaxed) {
                (&*log).write_all(format!("{number}\\n").as_bytes()).expect("a log");
            }
        }
        *active == Some(number)
    }
}
"""


@dataclasses.dataclass
class Mutant:
    number: int
    key: str
    file: str
    name: str
    genre: str
    replacement: str
    start: tuple
    end: tuple


def listed(package, exclude, only):
    command = ["cargo-mutants", "mutants", "--list", "--json", "-p", package]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    seen = collections.Counter()
    mutants = []
    for entry in json.loads(done.stdout):
        file = entry["file"]
        if any(fnmatch.fnmatch(file, glob) for glob in exclude):
            continue
        if only and not any(fnmatch.fnmatch(file, glob) for glob in only):
            continue
        for name in RESULTS:
            if given := re.fullmatch(rf"{name}::from_iter\(\[(.*)\]\)", entry["replacement"]):
                plain = f"Ok({given.group(1)})"
                entry["name"] = entry["name"].replace(entry["replacement"], plain)
                entry["replacement"] = plain
        lines = [line for line in entry["diff"].splitlines()[2:] if not line.startswith("@@")]
        identity = "\n".join([file, entry["genre"], entry["replacement"], *lines])
        seen[identity] += 1
        key = hashlib.sha256(f"{identity}\n{seen[identity]}".encode()).hexdigest()[:20]
        start, end = ((entry["span"][at]["line"], entry["span"][at]["column"]) for at in ("start", "end"))
        mutants.append(
            Mutant(len(mutants), key, file, entry["name"], entry["genre"], entry["replacement"], start, end)
        )
    return mutants


class Weaver:
    """One file with its mutants behind switches."""

    def __init__(self, source, mutants):
        self.source = source
        self.root = PARSER.parse(source).root_node
        self.lines = source.split(b"\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.places = {"operator": {}, "unary": {}, "guard": {}, "arm": {}, "field": {}}
        self.functions = []
        # Of `&&` beside a `let`, for which there is no other operator.
        self.chained = set()
        self.look(self.root)
        self.at = collections.defaultdict(list)
        self.unplaced = []
        for mutant in mutants:
            node = self.place(mutant)
            if node is None:
                chained = mutant.genre == "BinaryOperator" and self.byte(mutant.start) in self.chained
                self.unplaced.append((mutant, "beside a let" if chained else "no place"))
            else:
                self.at[node.id].append(mutant)

    def byte(self, place):
        line, column = place
        text = self.lines[line - 1].decode()
        return self.starts[line - 1] + len(text[: column - 1].encode())

    def look(self, node):
        kind = node.type
        if kind in ("binary_expression", "compound_assignment_expr"):
            self.places["operator"][node.child_by_field_name("operator").start_byte] = node
        elif kind == "let_chain":
            self.chained.update(child.start_byte for child in node.children if not child.is_named)
        elif kind == "unary_expression":
            self.places["unary"][node.start_byte] = node
        elif kind == "match_arm":
            self.places["arm"][node.start_byte] = node
            condition = node.child_by_field_name("pattern").child_by_field_name("condition")
            if condition:
                self.places["guard"][condition.start_byte] = node
        elif kind == "struct_expression":
            for field in node.child_by_field_name("body").named_children:
                self.places["field"][field.start_byte] = node
        elif kind == "function_item":
            self.functions.append(node.child_by_field_name("body"))
        for child in node.children:
            self.look(child)

    def place(self, mutant):
        start = self.byte(mutant.start)
        match mutant.genre:
            case "FnValue":
                end = self.byte(mutant.end)
                around = [body for body in self.functions if body.start_byte <= start and end <= body.end_byte]
                return min(around, key=lambda body: body.end_byte - body.start_byte, default=None)
            case "BinaryOperator":
                return self.places["operator"].get(start)
            case "UnaryOperator":
                return self.places["unary"].get(start)
            case "MatchArmGuard":
                return self.places["guard"].get(start)
            case "MatchArm":
                return self.places["arm"].get(start)
            case "StructField":
                return self.places["field"].get(start)
        return None

    def text(self, node):
        return self.source[node.start_byte : node.end_byte]

    def woven(self):
        return self.render(self.root, self.source[: self.root.start_byte]) + self.source[self.root.end_byte :]

    def render(self, node, before=b""):
        parts, position = [before], node.start_byte
        for child in node.children:
            parts.append(self.source[position : child.start_byte])
            parts.append(self.render(child))
            position = child.end_byte
        parts.append(self.source[position : node.end_byte])
        text = b"".join(parts)
        mutants = self.at.get(node.id)
        if not mutants:
            return text
        if node.type == "block":
            returns = b"".join(
                marked(m, b"if %s { return %s; }" % (on(m), m.replacement.encode())) for m in mutants
            )
            return b"{ " + returns + text[1:]
        if node.type == "match_arm":
            return self.arm(node, mutants)
        branches = b"".join(b"if %s { %s } else " % (on(m), marked(m, self.changed(node, m))) for m in mutants)
        around = b",".join(b"%d" % m.number for m in mutants)
        return b"(/*(%s*/%s{ %s }/*%s)*/)" % (around, branches, text, around)

    def changed(self, node, mutant):
        """What stands there in the mutant."""
        if mutant.genre == "BinaryOperator":
            left, right = (self.text(node.child_by_field_name(side)) for side in ("left", "right"))
            if node.type == "binary_expression":
                left, right = b"(%s)" % left, b"(%s)" % right
            return b"%s %s %s" % (left, mutant.replacement.encode(), right)
        start, end = self.byte(mutant.start), self.byte(mutant.end)
        rest = self.source[end : node.end_byte]
        if mutant.genre == "StructField":
            rest = re.sub(rb"^\s*,", b"", rest)
        return self.source[node.start_byte : start] + mutant.replacement.encode() + rest

    def arm(self, node, mutants):
        pattern = node.child_by_field_name("pattern")
        condition = pattern.child_by_field_name("condition")
        value = self.render(node.child_by_field_name("value"))
        guard = b"(%s)" % self.render(condition) if condition else b"true"
        for mutant in mutants:
            switch = on(mutant)
            if mutant.replacement == "true":
                guard = b"(%s || %s)" % (switch, guard)
            else:
                guard = b"(!%s && %s)" % (switch, guard)
            guard = marked(mutant, guard)
        if condition:
            bare = self.source[node.start_byte : condition.start_byte]
        else:
            bare = self.source[node.start_byte : pattern.end_byte] + b" if "
        tail = self.source[node.child_by_field_name("value").end_byte : node.end_byte]
        return bare + guard + b" => " + value + tail


def on(mutant):
    return b"crate::mutant_switch::on(%d)" % mutant.number


def marked(mutant, text):
    return b"/*<%d*/%s/*%d>*/" % (mutant.number, text, mutant.number)


class Tree:
    """The copy of the tree that is built."""

    def __init__(self, work, package, mutants):
        self.path = work / "tree"
        self.mutants = mutants
        self.package = package
        self.out = set()
        self.sources = {}
        self.place_files()

    def place_files(self):
        names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
        kept = {name.decode() for name in names.split(b"\0") if name}
        for path in self.path.rglob("*"):
            relative = path.relative_to(self.path)
            if path.is_file() and relative.parts[0] != "target" and str(relative) not in kept:
                path.unlink()
        for name in kept:
            if (ROOT / name).is_file():
                write(self.path / name, (ROOT / name).read_bytes(), like=ROOT / name)

    def weave(self):
        """Writes all mutants that are not out. Gives those that no place was found for."""
        by_file = collections.defaultdict(list)
        for mutant in self.mutants:
            by_file[mutant.file].append(mutant)
        root = f"crates/{self.package.removeprefix('ownsight-')}/src/lib.rs"
        unplaced = []
        for file in {root, *by_file}:
            source = (ROOT / file).read_bytes()
            weaver = Weaver(source, [m for m in by_file[file] if m.number not in self.out])
            unplaced += weaver.unplaced
            woven = weaver.woven()
            if file == root:
                woven += self.switch()
            self.sources[file] = woven
            write(self.path / file, woven)
        # A test that takes a file of the crate by its path is a crate of its own, and needs a switch of its own.
        for test in sorted((ROOT / root).parent.parent.glob("tests/*.rs")):
            source = test.read_bytes()
            if b'#[path = "../src/' in source:
                write(self.path / test.relative_to(ROOT), source + self.switch())
        return unplaced

    def switch(self):
        return SWITCH.replace("COUNT", str(max(len(self.mutants), 1))).encode()

    def blamed(self, message):
        """The mutants that an error of the compiler speaks of: those whose text it points into, or that lie around it; and
        whether it is their own text."""
        spans = sorted(message["spans"], key=lambda span: not span["is_primary"])
        spans = [span for span in spans if span["file_name"] in self.sources]
        own, whole = (rb"/\*<(\d+)\*/", rb"/\*(\d+)>\*/"), (rb"/\*\(([\d,]+)\*/", rb"/\*([\d,]+)\)\*/")
        for marks in (own, whole):
            for span in spans:
                source = self.sources[span["file_name"]]
                around = enclosing(source, *marks, span["byte_start"], span["byte_end"])
                if around:
                    return around, marks is own
        for span in spans:
            source = self.sources[span["file_name"]]
            found = functions_around(source, span["byte_start"])
            if found:
                return found, False
        return set(), False

    def build(self, parts):
        """Builds until all compiles; gives the test programs with their folders, and what was left out, and why."""
        unviable, unwoven = {}, {}
        for mutant, why in self.weave():
            (unviable if why == "beside a let" else unwoven)[mutant.number] = why
            self.out.add(mutant.number)
        while True:
            command = ["cargo", "test", "--no-run", "--locked", "--message-format=json"]
            command += [word for part in parts for word in ("-p", f"ownsight-{part}")]
            done = subprocess.run(command, cwd=self.path, capture_output=True, text=True)
            messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
            if done.returncode == 0:
                return programs(messages), unviable, unwoven
            blamed = {}
            errors = [m["message"] for m in messages if m["reason"] == "compiler-message"]
            errors = [m for m in errors if m["level"] == "error" and m["spans"]]
            for error in errors:
                why = (error["code"] or {}).get("code", "") or error["message"]
                numbers, own = self.blamed(error)
                for number in numbers - self.out:
                    blamed.setdefault(number, why if own else f"{why} around it")
            if not blamed:
                sys.exit(f"the copy does not build:\n{done.stderr[-4000:]}" + "".join(e["rendered"] for e in errors[:5]))
            for number, why in blamed.items():
                # All else may be for want of a switch: a constant cannot look at one, nor can a function with two values of
                # some type that is not named.
                sure = why in NO_SUCH_VALUE and "-> impl " not in self.mutants[number].name
                (unviable if sure else unwoven)[number] = why
            self.out |= set(blamed)
            print(f"  {len(blamed)} do not compile", flush=True)
            self.weave()


def write(path, content, like=None):
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if like:
        path.chmod(like.stat().st_mode & 0o777)


def enclosing(source, opened, closed, start, end):
    """The numbers of the innermost marks around these bytes."""
    best = None
    begins = {}
    for found in re.finditer(opened + b"|" + closed, source):
        if found.group(1):
            begins.setdefault(found.group(1), []).append(found.start())
            continue
        begin = begins[found.group(2)].pop()
        if begin <= start and end <= found.end() and (best is None or found.end() - begin < best[0]):
            best = (found.end() - begin, found.group(2))
    return {int(number) for number in best[1].split(b",")} if best else set()


def functions_around(source, position):
    """The numbers of all mutants of the innermost function around this byte that has some."""
    best = None
    stack = [PARSER.parse(source).root_node]
    while stack:
        node = stack.pop()
        if not node.start_byte <= position <= node.end_byte:
            continue
        if node.type == "function_item":
            numbers = re.findall(rb"mutant_switch::on\((\d+)\)", source[node.start_byte : node.end_byte])
            if numbers and (best is None or node.end_byte - node.start_byte < best[0]):
                best = (node.end_byte - node.start_byte, {int(number) for number in numbers})
        stack.extend(node.children)
    return best[1] if best else set()


def programs(messages):
    found = []
    for message in messages:
        if message["reason"] == "compiler-artifact" and message["executable"] and message["profile"]["test"]:
            found.append((message["executable"], str(pathlib.Path(message["manifest_path"]).parent)))
    return found
