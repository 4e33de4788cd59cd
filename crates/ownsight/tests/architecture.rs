//! What the documents say of the code is so: arrows between parts, paths, and nothing left over.
//!
//! Everything is read from the checkout, without cargo, so that it takes no time and no network.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// A file of code that is longer has more than one idea in it.
const LINES_MAX: usize = 600;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// All files below a folder of the project, in order, without what builds and tools put there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()).collect();
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let name = entry.file_name();
        if entry.file_type().unwrap().is_dir() {
            if !["target", "node_modules", ".git", "__pycache__"].iter().any(|left_out| name == *left_out) {
                found.extend(files(&entry.path()));
            }
        } else {
            found.push(entry.path());
        }
    }
    found
}

/// Texts that we wrote: path from the root, and contents. Third-party code and test data are not ours to judge.
fn own_texts() -> Vec<(String, String)> {
    let root = root();
    let folders = [".ci", "crates", "docs", "footage", "packaging", "scripts"].map(|name| root.join(name));
    let at_root =
        fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let all = folders.iter().flat_map(|folder| files(folder)).chain(at_root);
    all.filter_map(|path| {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        let foreign = ["/vendor/", "/testdata/", "Cargo.lock"].iter().any(|part| name.contains(part));
        if foreign { None } else { Some((name, fs::read_to_string(&path).ok()?)) }
    })
    .collect()
}

fn is_of(name: &str, kind: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == kind)
}

fn manifests() -> BTreeMap<String, Table> {
    let parts = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    parts
        .filter(|path| path.join("Cargo.toml").exists())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, read(&path.join("Cargo.toml")).parse().unwrap())
        })
        .collect()
}

/// Names in a table of dependencies.
fn dependencies(manifest: &Table, table: &str) -> BTreeSet<String> {
    let table = manifest.get(table).and_then(Value::as_table);
    table.into_iter().flat_map(|table| table.keys().cloned()).collect()
}

/// Our own parts among them.
fn parts(dependencies: &BTreeSet<String>) -> BTreeSet<String> {
    dependencies.iter().filter_map(|name| name.strip_prefix("ownsight-")).map(str::to_owned).collect()
}

/// What stands in backticks.
fn code_spans(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

#[test]
fn parts_use_what_the_map_says() {
    let map = read(&root().join("ARCHITECTURE.md"));
    let table = map.split("<!-- arrows: begin -->").nth(1).expect("a table of arrows");
    let table = table.split("<!-- arrows: end -->").next().unwrap();
    let mut said: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = row.split('|').skip(1);
        let part = code_spans(cells.next().unwrap()).next().unwrap().to_owned();
        let uses = code_spans(cells.next().unwrap()).map(str::to_owned).collect();
        assert_eq!(said.insert(part.clone(), uses), None, "`{part}` has two rows");
    }
    let real: BTreeMap<String, BTreeSet<String>> = manifests()
        .into_iter()
        .map(|(part, manifest)| (part, parts(&dependencies(&manifest, "dependencies"))))
        .collect();
    assert_eq!(real, said, "left: Cargo.toml; right: ARCHITECTURE.md");
}

#[test]
fn what_answers_the_network_can_name_no_key() {
    let manifests = manifests();
    let server = &manifests["server"];
    for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
        for part in ["seal", "registry", "vault", "ledger"] {
            assert!(
                !parts(&dependencies(server, table)).contains(part),
                "`server` uses `{part}` in [{table}]"
            );
        }
    }
}

#[test]
fn what_reads_from_cameras_holds_no_key() {
    let manifests = manifests();
    let ciphers = ["ownsight-seal", "aws-lc-rs", "hpke", "argon2"];
    for part in ["camera", "camera-sim", "onvif"] {
        let uses = dependencies(&manifests[part], "dependencies");
        for cipher in ciphers {
            assert!(!uses.contains(cipher), "`{part}` uses `{cipher}`");
        }
    }
    let agent = dependencies(&manifests["agent"], "dependencies");
    assert!(!agent.contains("ownsight-seal"), "an agent seals through `device` only");
}

#[test]
fn the_barriers_are_switchable_in_tests_only() {
    for (part, manifest) in manifests() {
        for table in ["dependencies", "build-dependencies"] {
            let dependencies = manifest.get(table).and_then(Value::as_table);
            let seal = dependencies.and_then(|table| table.get("ownsight-seal"));
            let features = seal.and_then(|seal| seal.get("features")).and_then(Value::as_array);
            let on = features.into_iter().flatten().any(|feature| feature.as_str() == Some("barriers"));
            assert!(!on, "`{part}` switches seal's barriers on in [{table}]");
        }
    }
}

#[test]
fn one_crate_brings_sqlite() {
    let lock: Table = read(&root().join("Cargo.lock")).parse().unwrap();
    let packages = lock["package"].as_array().unwrap();
    let named = |name: &str| packages.iter().filter(|package| package["name"].as_str() == Some(name)).count();
    assert_eq!(named("libsqlite3-sys"), 1);
    for other in ["sqlx", "sqlite3-sys", "libsql", "libsql-ffi"] {
        assert_eq!(named(other), 0, "{other} is in the tree");
    }
}

#[test]
fn paths_in_documents_exist() {
    let root = root();
    let mut dead = Vec::new();
    for (name, text) in own_texts().iter().filter(|(name, _)| is_of(name, "md")) {
        let ours = ["crates/", "docs/", "scripts/", "footage/", "packaging/", ".ci/"];
        for path in code_spans(text).filter(|span| ours.iter().any(|folder| span.starts_with(folder))) {
            // A placeholder, a pattern or a command with arguments begins with a path, perhaps.
            let path = path.split([' ', ':', '#']).next().unwrap();
            if !path.contains(['<', '*', '…', '{']) && path != "crates/" && !root.join(path).exists() {
                dead.push(format!("{name} names {path}"));
            }
        }
        let folder = root.join(name).parent().unwrap().to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap();
            if !path.is_empty() && !path.contains("://") && !folder.join(path).exists() {
                dead.push(format!("{name} links to {link}"));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
}

#[test]
fn nothing_is_left_over() {
    // In two halves, so that this file does not find itself.
    let markers = [("to", "do!("), ("unimple", "mented!("), ("FIX", "ME"), ("TO", "DO"), ("XX", "X")];
    let mut found = Vec::new();
    for (name, text) in own_texts() {
        for (number, line) in text.lines().enumerate() {
            for (head, tail) in markers {
                let marker = format!("{head}{tail}");
                let mut words = line.split(|character: char| !character.is_alphanumeric());
                let hit = if marker.ends_with('(') {
                    line.contains(&marker)
                } else {
                    words.any(|word| word == marker)
                };
                if hit {
                    found.push(format!("{name}:{}: {marker}", number + 1));
                }
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn files_of_code_have_one_idea() {
    let long: Vec<_> = own_texts()
        .iter()
        .filter(|(name, _)| name.starts_with("crates/") && name.contains("/src/") && is_of(name, "rs"))
        .filter(|(_, text)| text.lines().count() > LINES_MAX)
        .map(|(name, text)| format!("{name}: {} lines", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn each_file_of_code_says_what_it_is_for() {
    let silent: Vec<_> = own_texts()
        .into_iter()
        .filter(|(name, _)| name.starts_with("crates/") && is_of(name, "rs"))
        // Their names say it.
        .filter(|(name, _)| !name.contains("/must_not_compile/"))
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(name, _)| name)
        .collect();
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn nothing_names_a_machine_or_a_package_host() {
    // In two halves, as above.
    let names = [
        ("index.", "crates.io"),
        ("static.", "crates.io"),
        ("registry.", "npmjs.org"),
        ("files.", "pythonhosted.org"),
        ("deb.", "debian.org"),
        ("/ro", "ot/"),
        ("/wo", "rk/"),
        ("/Us", "ers/"),
        ("file:/", "//"),
    ];
    let mut found = Vec::new();
    for (name, text) in own_texts() {
        for (head, tail) in names {
            let wanted = format!("{head}{tail}");
            if let Some(line) = text.lines().position(|line| line.contains(&wanted)) {
                found.push(format!("{name}:{}: {wanted}", line + 1));
            }
        }
    }
    let lock: Table = read(&root().join("Cargo.lock")).parse().unwrap();
    for package in lock["package"].as_array().unwrap() {
        let source = package.get("source").and_then(Value::as_str);
        let usual = "registry+https://github.com/rust-lang/crates.io-index";
        if source.is_some_and(|source| source != usual) {
            found.push(format!("Cargo.lock: {} comes from {}", package["name"], source.unwrap()));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn messages_in_the_troubleshooting_page_are_real() {
    let code: String = own_texts()
        .into_iter()
        .filter(|(name, _)| name.contains("/src/") || name.contains("/web/"))
        .map(|(_, text)| text.replace("\\'", "'").replace("\\\"", "\""))
        .collect();
    // A long text goes on behind a backslash, at the next line's first word.
    let mut joined = String::with_capacity(code.len());
    for (index, piece) in code.split("\\\n").enumerate() {
        joined.push_str(if index == 0 { piece } else { piece.trim_start() });
    }
    let page = read(&root().join("docs/troubleshooting.md"));
    let invented: Vec<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .filter(|message| message.split('…').any(|piece| !joined.contains(piece.trim())))
        .collect();
    assert!(invented.is_empty(), "{invented:#?}");
}
