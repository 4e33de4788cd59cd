//! `WWW-Authenticate`: how a camera asks for a password, and what it calls itself there.

use std::iter::Peekable;
use std::str::Chars;

/// Most challenges of one header that are read.
const CHALLENGES_MAX: usize = 8;

/// One way of giving a password that a camera takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// `Digest`, `Basic`, or what else it names.
    pub(crate) scheme: String,
    pub(crate) realm: Option<String>,
}

/// The challenges of one header. What does not follow RFC 7235 is read as far as it does.
pub(super) fn challenges(value: &str) -> Vec<Challenge> {
    let mut found: Vec<Challenge> = Vec::new();
    let mut rest = value.chars().peekable();
    loop {
        while rest.next_if(|c| *c == ',' || c.is_whitespace()).is_some() {}
        let word = token(&mut rest);
        while rest.next_if(|c| c.is_whitespace()).is_some() {}
        if rest.next_if_eq(&'=').is_some() {
            while rest.next_if(|c| c.is_whitespace()).is_some() {}
            let text = if rest.next_if_eq(&'"').is_some() { quoted(&mut rest) } else { token(&mut rest) };
            if let Some(challenge) = found.last_mut().filter(|_| word.eq_ignore_ascii_case("realm")) {
                challenge.realm.get_or_insert(text);
            }
        } else if word.is_empty() {
            // Nothing is left, or a character that has no place here.
            if rest.next().is_none() {
                return found;
            }
        } else if found.len() < CHALLENGES_MAX {
            found.push(Challenge { scheme: word, realm: None });
        } else {
            return found;
        }
    }
}

fn token(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut word = String::new();
    while let Some(c) = rest.next_if(|c| !c.is_whitespace() && !matches!(c, ',' | '=' | '"')) {
        word.push(c);
    }
    word
}

fn quoted(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut text = String::new();
    while let Some(c) = rest.next() {
        match c {
            '"' => break,
            '\\' => text.extend(rest.next()),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn challenge(scheme: &str, realm: Option<&str>) -> Challenge {
        Challenge { scheme: scheme.into(), realm: realm.map(str::to_owned) }
    }

    #[test]
    fn challenges_are_read_as_cameras_write_them() {
        for (value, expected) in [
            (
                r#"Digest realm="Login to 4K04B2EPAG7D2A6", nonce="a=b,c", algorithm="MD5""#,
                vec![challenge("Digest", Some("Login to 4K04B2EPAG7D2A6"))],
            ),
            (r#"Basic realm="/""#, vec![challenge("Basic", Some("/"))]),
            (
                r#"Digest qop="auth", REALM = "IP Camera(23435)", Basic realm="a \"b\"""#,
                vec![challenge("Digest", Some("IP Camera(23435)")), challenge("Basic", Some(r#"a "b""#))],
            ),
            ("Digest realm=cam, realm=other", vec![challenge("Digest", Some("cam"))]),
            ("Digest", vec![challenge("Digest", None)]),
            (r#"realm="x""#, vec![]),
            (r#"Digest realm="not closed"#, vec![challenge("Digest", Some("not closed"))]),
            ("", vec![]),
        ] {
            assert_eq!(challenges(value), expected, "{value}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read_to_its_end(value in "[a-zA-Z=,\" \\\\]{0,200}|.{0,200}") {
            prop_assert!(challenges(&value).len() <= CHALLENGES_MAX);
        }
    }
}
