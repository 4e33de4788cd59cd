//! XML from cameras, with limits: no document type (so no entities of its own), so many bytes, nodes and levels.
//!
//! roxmltree reads it: a tree that only reads is what short answers need, it refuses document types unless told
//! otherwise, its limit on nodes is checked while it reads, and neither reading nor dropping recurses. What that limit
//! does not count takes time that grows with its square: namespaces in scope are searched one by one, and copied for each
//! element that declares another, and attributes of an element are compared with each other. So both are counted before.
//! Elements are found by their local name: makers differ in prefixes and even in namespaces, and nothing here depends on
//! which is meant.

use roxmltree::{Document, Node, ParsingOptions};

/// Longest answer that is read, in bytes.
pub(crate) const BYTES_MAX: usize = 256 << 10;
/// Most elements, texts and comments.
const NODES_MAX: u32 = 16_384;
/// Most declarations of namespaces. Real answers have some fifty, most in their root.
const NAMESPACES_MAX: usize = 512;
/// Most attributes, and whatever else has a `=`.
const ATTRIBUTES_MAX: usize = 8_192;
/// Most levels. Real answers have some ten.
const LEVELS_MAX: usize = 64;
/// Longest text that is kept, in characters.
const TEXT_MAX: usize = 128;

/// Why bytes are not read as XML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum XmlError {
    #[error("the answer has more than {BYTES_MAX} bytes")]
    TooLong,
    #[error("the answer is not UTF-8")]
    NotText,
    #[error("the answer is nested deeper than {LEVELS_MAX} levels")]
    TooDeep,
    #[error(
        "the answer has more than {NODES_MAX} elements, {ATTRIBUTES_MAX} attributes or {NAMESPACES_MAX} namespaces"
    )]
    TooMany,
    #[error("the answer declares a document type, which is never read")]
    DocumentType,
    #[error("the answer is not XML")]
    Malformed,
}

/// Reads an answer.
pub(crate) fn parse(bytes: &[u8]) -> Result<Document<'_>, XmlError> {
    if bytes.len() > BYTES_MAX {
        return Err(XmlError::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| XmlError::NotText)?;
    let text = text.trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t']);
    let more_than = |what: &str, most: usize| text.matches(what).nth(most).is_some();
    if more_than("xmlns", NAMESPACES_MAX) || more_than("=", ATTRIBUTES_MAX) {
        return Err(XmlError::TooMany);
    }
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::NodesLimitReached => XmlError::TooMany,
        roxmltree::Error::DtdDetected => XmlError::DocumentType,
        _ => XmlError::Malformed,
    })?;
    let too_deep = document
        .descendants()
        .filter(|node| node.first_child().is_none())
        .any(|leaf| leaf.ancestors().nth(LEVELS_MAX).is_some());
    if too_deep { Err(XmlError::TooDeep) } else { Ok(document) }
}

/// All elements of this local name below `node`, in order.
pub(crate) fn all<'a, 'input: 'a>(
    node: Node<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.descendants().filter(move |inner| inner.is_element() && inner.tag_name().name() == name)
}

/// The first element of this local name below `node`.
pub(crate) fn first<'a, 'input: 'a>(node: Node<'a, 'input>, name: &'static str) -> Option<Node<'a, 'input>> {
    all(node, name).next()
}

/// The text of the first element of this local name, trimmed; `None` if there is none or it is empty.
pub(crate) fn text<'a>(node: Node<'a, '_>, name: &'static str) -> Option<&'a str> {
    first(node, name).and_then(|found| found.text()).map(str::trim).filter(|text| !text.is_empty())
}

/// A text from a camera as it is shown to people: printable, and not longer than it is worth.
pub(crate) fn shown(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(TEXT_MAX).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_read() {
        let deep = format!("{}{}", "<a>".repeat(LEVELS_MAX + 1), "</a>".repeat(LEVELS_MAX + 1));
        let deepest = format!("{}{}", "<a>".repeat(20_000), "</a>".repeat(20_000));
        let many = format!("<a>{}</a>", "<b/>".repeat(NODES_MAX as usize));
        let declared = (0..560).map(|n| format!(" xmlns:n{n}='u'")).collect::<Vec<_>>().concat();
        let namespaces = format!("<r{declared}>{}</r>", r#"<a xmlns="a"/>"#.repeat(560));
        let assigned = (0..=ATTRIBUTES_MAX).map(|n| format!(" a{n}=''")).collect::<Vec<_>>().concat();
        let attributes = format!("<a{assigned}/>");
        let laughs = r#"<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>"#;
        let outside = r#"<!DOCTYPE a [<!ENTITY b SYSTEM "http://192.0.2.1/b">]><a>&b;</a>"#;
        for (bytes, error) in [
            (deep.as_bytes(), XmlError::TooDeep),
            (deepest.as_bytes(), XmlError::TooMany),
            (many.as_bytes(), XmlError::TooMany),
            (namespaces.as_bytes(), XmlError::TooMany),
            (attributes.as_bytes(), XmlError::TooMany),
            (laughs.as_bytes(), XmlError::DocumentType),
            (outside.as_bytes(), XmlError::DocumentType),
            (&vec![b' '; BYTES_MAX + 1], XmlError::TooLong),
            (b"\xff\xfe<a/>", XmlError::NotText),
            (b"<a>&c;</a>", XmlError::Malformed),
            (b"<a><b></a>", XmlError::Malformed),
            (b"", XmlError::Malformed),
        ] {
            assert_eq!(parse(bytes).err(), Some(error), "{:.60}", String::from_utf8_lossy(bytes));
        }
        let fits = format!("{}{}", "<a>".repeat(LEVELS_MAX - 1), "</a>".repeat(LEVELS_MAX - 1));
        assert!(parse(fits.as_bytes()).is_ok());
    }

    #[test]
    fn names_are_local_and_texts_trimmed() {
        let document = parse(b"\xef\xbb\xbf\n<x:a xmlns:x='u'><x:b> c&amp;d </x:b><b/></x:a>").unwrap();
        assert_eq!(text(document.root(), "b"), Some("c&d"));
        assert_eq!(all(document.root(), "b").count(), 2);
        assert_eq!(text(document.root(), "c"), None);
        assert_eq!(shown(" a\u{7}b\n"), "ab");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
            let _ = parse(&bytes).map(|document| document.descendants().count());
        }

        #[test]
        fn any_tags_are_read_or_refused(text in "(<[/!?]?[a-c:]{0,3}( x='[&a;#]{0,4}')?/?>|&[a-z#0-9]{0,4};|]]>|<!--|-->|[a ]){0,60}") {
            let _ = parse(text.as_bytes()).map(|document| document.descendants().count());
        }
    }
}
