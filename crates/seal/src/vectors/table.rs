//! The table of purposes in `docs/key-chain.md`.

use std::fmt::Write as _;

use super::assert_golden;
use crate::Purpose;

const BEGIN: &str = "<!-- purposes: begin (made from seal::Purpose) -->\n";
const END: &str = "<!-- purposes: end -->";
const PATH: &str = "../../docs/key-chain.md";

fn table() -> String {
    let mut table =
        String::from("| label | form | from | context | what it is for |\n| --- | --- | --- | --- | --- |\n");
    for purpose in Purpose::ALL {
        let fields: Vec<_> = purpose.fields().iter().map(|field| field.name()).collect();
        let fields = if fields.is_empty() { "–".to_owned() } else { fields.join(", ") };
        let (label, form, parent) = (purpose.label(), purpose.form().word(), purpose.parent());
        writeln!(table, "| `{label}` | {form} | {parent} | {fields} | {} |", purpose.meaning()).unwrap();
    }
    table
}

#[test]
fn the_documents_table_is_the_enum() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(PATH);
    let document = std::fs::read_to_string(path).unwrap();
    let (before, rest) = document.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    assert_golden(PATH, &format!("{before}{BEGIN}{}{END}{after}", table()));
}
