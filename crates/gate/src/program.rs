//! What program somebody signed in with, in a few words, from what it says of itself (RFC 9110, section 10.1.5). A hint for the
//! person whose account it is: whoever signs in can say anything.

const CHARACTERS_MAX: usize = 40;

/// Later ones say the names of earlier ones, too.
const BROWSERS: [(&str, &str); 6] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// `Firefox on Linux`, or the program's own first name; `None` where it says nothing that can be shown.
pub(crate) fn name(user_agent: &str) -> Option<String> {
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser} on {system}")),
        (Some(browser), None) => Some(browser.to_owned()),
        (None, _) => {
            let first = user_agent.split(['/', ' ', '(']).next().unwrap_or_default();
            let plain: String = first.chars().filter(char::is_ascii_graphic).take(CHARACTERS_MAX).collect();
            (!plain.is_empty()).then_some(plain)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn programs_have_names_that_people_know() {
        let cases = [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8.5.0", "curl"),
            ("ownsight 0.1.0", "ownsight"),
        ];
        for (user_agent, expected) in cases {
            assert_eq!(name(user_agent).as_deref(), Some(expected));
        }
        for nothing in ["", " ", "/1.0", "\u{7}\u{7}"] {
            assert_eq!(name(nothing), None, "{nothing:?}");
        }
        assert_eq!(name(&"x".repeat(500)).unwrap().len(), 40);
    }
}
