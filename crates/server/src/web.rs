//! The web app: its files are in the binary, under a path that carries the hash of their content.
//!
//! A new build has new addresses, so that a browser keeps files for ever and never mixes two versions; the shell,
//! which names them, is never kept.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use data_encoding::HEXLOWER;

use crate::http::Problem;

static FILES: &[(&str, &[u8])] = &include!(concat!(env!("OUT_DIR"), "/web_files.rs"));

const SHELL: &str = "index.html";
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
                      media-src 'self'; connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// Pages of the app: the same shell at each of their addresses.
const PAGES: [&str; 10] = [
    "/",
    "/sign-in",
    "/setup",
    "/invite",
    "/join",
    "/h/{*rest}",
    "/account",
    "/shared",
    "/shared/{*rest}",
    "/admin",
];

/// The first 16 hex digits of a hash over names and contents of all files.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let mut context = sha256();
    for (name, content) in FILES {
        context.update(&(name.len() as u64).to_be_bytes());
        context.update(name.as_bytes());
        context.update(&(content.len() as u64).to_be_bytes());
        context.update(content);
    }
    HEXLOWER.encode(context.finish().as_ref()).chars().take(16).collect()
});

fn sha256() -> aws_lc_rs::digest::Context {
    aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256)
}

static SHELL_TEXT: LazyLock<String> = LazyLock::new(|| {
    let bytes = find(SHELL).unwrap_or_default();
    String::from_utf8_lossy(bytes).replace("__HASH__", &HASH)
});

/// The app's pages and files.
pub(crate) fn router() -> Router {
    let mut router = Router::new().route("/assets/{hash}/{*name}", get(asset)).route(
        "/favicon.ico",
        get(|| async { Redirect::permanent(&format!("/assets/{}/icons/favicon.svg", *HASH)) }),
    );
    for page in PAGES {
        router = router.route(page, get(shell));
    }
    router
}

async fn shell() -> Response {
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)];
    (headers, SHELL_TEXT.as_str()).into_response()
}

async fn asset(Path((hash, name)): Path<(String, String)>) -> Response {
    // A former build's page asks for files that are gone: better nothing than a mixture.
    let file = if hash == *HASH && name != SHELL { find(&name) } else { None };
    let Some(content) = file else { return Problem::not_found().into_response() };
    let headers = [
        (CONTENT_TYPE, content_type(&name)),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, content).into_response()
}

fn find(name: &str) -> Option<&'static [u8]> {
    let place = FILES.binary_search_by(|(other, _)| (*other).cmp(name)).ok()?;
    FILES.get(place).map(|(_, content)| *content)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webmanifest") => "application/manifest+json",
        Some("json") => "application/json",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_names_files_that_are_there() {
        assert!(!SHELL_TEXT.contains("__HASH__"));
        let prefix = format!("/assets/{}/", *HASH);
        let named: Vec<_> = SHELL_TEXT.split('"').filter_map(|part| part.strip_prefix(&prefix)).collect();
        assert!(named.len() >= 2, "{named:?}");
        for name in named {
            assert!(find(name).is_some(), "{name}");
        }
    }

    #[test]
    fn nothing_is_inline_so_that_the_policy_holds() {
        assert!(
            !SHELL_TEXT.contains(" style=")
                && !SHELL_TEXT.contains("<style")
                && !SHELL_TEXT.contains(" onclick=")
        );
    }
}
