//! Where a value of the Redis protocol ends (RESP 2 and 3), without reading what it is.

/// Values in values, at most.
const DEPTH_MAX: usize = 16;
/// The longest line: a type, a length, an error's text.
const LINE_BYTES_MAX: usize = 64 << 10;
/// The longest content.
const BULK_BYTES_MAX: usize = 64 << 20;
/// Values in one value, at most.
const ITEMS_MAX: usize = 1 << 20;

/// Bytes that are not of this protocol, or larger than is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

/// The length in bytes of the first value; `None` if it is not there as a whole yet.
pub fn frame_len(bytes: &[u8]) -> Result<Option<usize>, Broken> {
    let mut at = 0;
    // How many values are still to come, in each value that is open.
    let mut open = vec![1_usize];
    while let Some(left) = open.last_mut() {
        if *left == 0 {
            open.pop();
            continue;
        }
        *left -= 1;
        let Some(line) = line(bytes.get(at..).unwrap_or_default())? else { return Ok(None) };
        at += line.len() + 2;
        let (&kind, rest) = line.split_first().ok_or(Broken)?;
        match kind {
            b'+' | b'-' | b':' | b'_' | b',' | b'#' | b'(' => {}
            b'$' | b'=' | b'!' => {
                if let Some(length) = length(rest, BULK_BYTES_MAX)? {
                    at += length + 2;
                    if bytes.len() < at {
                        return Ok(None);
                    }
                    if bytes.get(at - 2..at) != Some(b"\r\n") {
                        return Err(Broken);
                    }
                }
            }
            b'*' | b'~' | b'>' | b'%' | b'|' => {
                let pairs = if matches!(kind, b'%' | b'|') { 2 } else { 1 };
                let items = length(rest, ITEMS_MAX)?.unwrap_or(0) * pairs;
                // Attributes stand before the value that they belong to.
                if kind == b'|'
                    && let Some(left) = open.last_mut()
                {
                    *left += 1;
                }
                open.push(items);
                if open.len() > DEPTH_MAX {
                    return Err(Broken);
                }
            }
            _ => return Err(Broken),
        }
    }
    Ok(Some(at))
}

/// The strings of a request: its command and arguments. `None` for what is none.
pub(crate) fn request(frame: &[u8]) -> Option<Vec<&[u8]>> {
    let (count, mut rest) = header(frame, b'*')?;
    let mut strings = Vec::with_capacity(count.min(64));
    for _ in 0..count {
        let (length, after) = header(rest, b'$')?;
        let (string, after) = after.split_at_checked(length)?;
        strings.push(string);
        rest = after.strip_prefix(b"\r\n")?;
    }
    Some(strings)
}

/// The first content in a reply that is longer than nothing: where a bit can be changed without changing the form.
pub(crate) fn first_content(frame: &[u8]) -> Option<std::ops::Range<usize>> {
    let mut at = 0;
    while at < frame.len() {
        let line = line(frame.get(at..)?).ok()??;
        at += line.len() + 2;
        if let Some((b'$', rest)) = line.split_first()
            && let Some(length) = length(rest, BULK_BYTES_MAX).ok()?
        {
            // Generations and the like are short; what is worth hitting is a value.
            if length > 16 {
                return Some(at..at + length);
            }
            at += length + 2;
        }
    }
    None
}

fn header(bytes: &[u8], kind: u8) -> Option<(usize, &[u8])> {
    let line = line(bytes).ok()??;
    let (first, rest) = line.split_first()?;
    let count = length(rest, BULK_BYTES_MAX).ok()??;
    (*first == kind).then_some((count, bytes.get(line.len() + 2..)?))
}

/// Up to the next end of line, without it.
fn line(bytes: &[u8]) -> Result<Option<&[u8]>, Broken> {
    let window = bytes.get(..LINE_BYTES_MAX).unwrap_or(bytes);
    match window.windows(2).position(|pair| pair == b"\r\n") {
        Some(end) => Ok(bytes.get(..end)),
        None if bytes.len() >= LINE_BYTES_MAX => Err(Broken),
        None => Ok(None),
    }
}

/// A length; `None` is what is null.
fn length(digits: &[u8], max: usize) -> Result<Option<usize>, Broken> {
    if digits == b"-1" {
        return Ok(None);
    }
    let text = std::str::from_utf8(digits).map_err(|_| Broken)?;
    let length = text.parse::<usize>().map_err(|_| Broken)?;
    if length <= max { Ok(Some(length)) } else { Err(Broken) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VALUES: [&[u8]; 15] = [
        b"+OK\r\n",
        b"-ERR no\r\n",
        b":-12\r\n",
        b"$5\r\nva\r\nl\r\n",
        b"$0\r\n\r\n",
        b"$-1\r\n",
        b"*-1\r\n",
        b"*0\r\n",
        b"*2\r\n$-1\r\n*1\r\n:1\r\n",
        b"%1\r\n+a\r\n:1\r\n",
        b"~1\r\n_\r\n",
        b">2\r\n+x\r\n#t\r\n",
        b"=5\r\ntxt:a\r\n",
        b"|1\r\n+ttl\r\n:1\r\n+OK\r\n",
        b",1.5\r\n",
    ];

    #[test]
    fn a_value_ends_where_it_ends() {
        for value in VALUES {
            assert_eq!(frame_len(value), Ok(Some(value.len())), "{value:?}");
            let followed = [value, b"+NEXT\r\n"].concat();
            assert_eq!(frame_len(&followed), Ok(Some(value.len())), "{value:?}");
            for cut in 0..value.len() {
                assert_eq!(frame_len(&value[..cut]), Ok(None), "{value:?} {cut}");
            }
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for bytes in [&b"?\r\n"[..], b"\r\n", b"$x\r\n", b"$-2\r\n", b"$1\r\nabc", b"$99999999999\r\n"] {
            assert_eq!(frame_len(bytes), Err(Broken), "{bytes:?}");
        }
        assert_eq!(frame_len(&b"*1\r\n".repeat(DEPTH_MAX)), Err(Broken));
        assert_eq!(frame_len(&vec![b'+'; LINE_BYTES_MAX]), Err(Broken));
    }

    #[test]
    fn a_request_is_its_strings() {
        assert_eq!(request(b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"), Some(vec![&b"GET"[..], b"k"]));
        assert_eq!(request(b"*2\r\n$3\r\nGET\r\n:1\r\n"), None);
        assert_eq!(request(b"+OK\r\n"), None);
    }

    #[test]
    fn content_is_found_behind_what_is_short() {
        let frame = b"*2\r\n$2\r\nab\r\n$20\r\n01234567890123456789\r\n";
        assert_eq!(&frame[first_content(frame).unwrap()], b"01234567890123456789");
        assert_eq!(first_content(b"*1\r\n$2\r\nab\r\n"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(Some(length)) = frame_len(&bytes) {
                prop_assert!(length <= bytes.len());
                prop_assert_eq!(frame_len(&bytes[..length]), Ok(Some(length)));
            }
            let _ = (request(&bytes), first_content(&bytes));
        }
    }
}
