//! `Range` (RFC 9110, section 14): one range of bytes of a GET. What is malformed, or asks for several, is passed over;
//! so is any with `If-Range`, because answers have no validator that it could name.

use axum::http::header::{IF_RANGE, RANGE};
use axum::http::{HeaderMap, Method};
use ownsight_gate::RangeAsked;

pub(crate) fn asked(method: &Method, headers: &HeaderMap) -> Option<RangeAsked> {
    if method != Method::GET || headers.contains_key(IF_RANGE) {
        return None;
    }
    let mut values = headers.get_all(RANGE).into_iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    parse(value.to_str().ok()?)
}

fn parse(value: &str) -> Option<RangeAsked> {
    let (unit, range) = value.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") || range.contains(',') {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    match (first, last) {
        ("", last) => Some(RangeAsked::Last(number(last)?)),
        (first, "") => Some(RangeAsked::From(number(first)?)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(RangeAsked::FromTo(first, last))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_get_has_a_range() {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, "bytes=5-9".parse().unwrap());
        assert_eq!(asked(&Method::GET, &headers), Some(RangeAsked::FromTo(5, 9)));
        assert_eq!(asked(&Method::HEAD, &headers), None);
        headers.insert(IF_RANGE, "\"a\"".parse().unwrap());
        assert_eq!(asked(&Method::GET, &headers), None);
        headers.remove(IF_RANGE);
        headers.append(RANGE, "bytes=5-9".parse().unwrap());
        assert_eq!(asked(&Method::GET, &headers), None);
    }

    #[test]
    fn one_range_is_taken_and_everything_else_passed_over() {
        assert_eq!(parse("bytes=0-"), Some(RangeAsked::From(0)));
        assert_eq!(parse("bytes=5-9"), Some(RangeAsked::FromTo(5, 9)));
        assert_eq!(parse("Bytes=-7"), Some(RangeAsked::Last(7)));
        assert_eq!(parse("bytes=99999999999999999999-"), Some(RangeAsked::From(u64::MAX)));
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=9-5",
            "bytes=a-b",
            "bytes=0-1,3-4",
            "lines=0-1",
            "bytes=+1-2",
        ] {
            assert_eq!(parse(value), None, "{value}");
        }
    }
}
