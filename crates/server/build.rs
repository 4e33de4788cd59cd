//! Lists the web app's files, so that they are in the binary and nothing is read at run time.

#![expect(clippy::expect_used, reason = "a build that cannot read its own files must stop")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Not part of what is served.
const LEFT_OUT: [&str; 3] = ["tests", "package.json", "README.md"];

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the folder")).join("web");
    println!("cargo::rerun-if-changed=web");
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    files.sort();
    let mut code = String::from("[\n");
    for file in &files {
        let path = root.join(file);
        writeln!(code, "    ({file:?}, include_bytes!({:?}).as_slice()),", path.display().to_string())
            .expect("a string takes everything");
    }
    code.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names a folder for what is made"));
    fs::write(out.join("web_files.rs"), code).expect("the folder can be written");
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("the web app is there") {
        let path = entry.expect("the folder can be read").path();
        let name = path.strip_prefix(root).expect("it is below").to_string_lossy().into_owned();
        if LEFT_OUT.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            files.push(name);
        }
    }
}
