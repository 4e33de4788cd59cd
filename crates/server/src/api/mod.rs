//! The HTTP API for people and programs, as `docs/http-api.md` has it.
//!
//! Handlers translate between HTTP and the gate, and decide nothing. What the gate answers becomes a body in
//! [`answers`] and nowhere else, against the credentials of the very request.

mod account;
mod answers;
mod camera_tests;
mod cameras;
mod changes;
mod credentials;
mod description;
mod devices;
mod events;
mod export;
mod homes;
mod input;
mod invitation_codes;
mod invitations;
mod links;
mod operator;
mod people;
mod problems;
mod ranges;
mod restored;
mod sessions;
mod shares;
mod shown;
mod streams;
mod tokens;
mod upload_devices;

use axum::Router;
use axum::http::header::{CONTENT_TYPE, VARY, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;
use description::Description;

pub(crate) use streams::{Lasting, Streams};

fn described() -> (Router<AppState>, utoipa::openapi::OpenApi) {
    let (router, mut description) = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(sessions::list, sessions::sign_in, sessions::sign_out_everywhere))
        .routes(routes!(sessions::notice))
        .routes(routes!(sessions::end))
        .routes(routes!(sessions::sign_out))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::end))
        .routes(routes!(links::open))
        .routes(routes!(links::redeem))
        .routes(routes!(links::sheet))
        .routes(routes!(account::me, account::rename, account::erase))
        .routes(routes!(account::change_password))
        .routes(routes!(homes::home, homes::change, homes::erase))
        .routes(routes!(homes::days))
        .routes(routes!(homes::day))
        .routes(routes!(restored::restored, restored::confirm))
        .routes(routes!(people::people))
        .routes(routes!(people::invite))
        .routes(routes!(people::withdraw))
        .routes(routes!(people::change, people::remove))
        .routes(routes!(shares::offer))
        .routes(routes!(shares::change, shares::end))
        .routes(routes!(shares::held))
        .routes(routes!(shares::leave))
        .routes(routes!(invitations::open))
        .routes(routes!(invitations::redeem))
        .routes(routes!(invitations::accept))
        .routes(routes!(invitation_codes::create))
        .routes(routes!(invitation_codes::refuse))
        .routes(routes!(invitation_codes::confirm))
        .routes(routes!(invitation_codes::open))
        .routes(routes!(invitation_codes::redeem))
        .routes(routes!(invitation_codes::ask))
        .routes(routes!(events::list))
        .routes(routes!(export::archive))
        .routes(routes!(changes::stream))
        .routes(routes!(events::event, events::change, events::erase))
        .routes(routes!(events::thumbnail))
        .routes(routes!(events::video))
        .routes(routes!(cameras::list))
        .routes(routes!(cameras::add))
        .routes(routes!(cameras::camera, cameras::change, cameras::erase))
        .routes(routes!(cameras::still))
        .routes(routes!(camera_tests::begin))
        .routes(routes!(camera_tests::test, camera_tests::cancel))
        .routes(routes!(camera_tests::still))
        .routes(routes!(camera_tests::confirm))
        .routes(routes!(devices::list, devices::pair))
        .routes(routes!(devices::device, devices::rename, devices::remove))
        .routes(routes!(devices::settle))
        .routes(routes!(upload_devices::add))
        .routes(routes!(operator::begin))
        .routes(routes!(operator::visit, operator::leave))
        .routes(routes!(operator::lockdowns, operator::close))
        .routes(routes!(operator::lift))
        .routes(routes!(operator::record))
        .split_for_parts();
    description::complete(&mut description);
    (router, description)
}

/// The API's routes, and its description.
pub(crate) fn router(state: AppState) -> Router {
    let (router, description) = described();
    // It has text keys only, and so always a JSON form.
    let description = serde_json::to_string(&description).unwrap_or_default();
    let describe = move || async move { ([(CONTENT_TYPE, "application/json")], description) };
    router.route("/api/v1/openapi.json", get(describe)).layer(map_response(complete)).with_state(state)
}

/// What every answer of the API has beside what all answers have.
async fn complete(mut response: Response) -> Response {
    // Nothing may be stored at all. A cache that stores in spite of it must at least not answer one session with
    // what it kept for another.
    let vary = HeaderValue::from_static("cookie, authorization, ownsight-client-half");
    let is_unauthorized = response.status() == StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    headers.insert(VARY, vary);
    if is_unauthorized {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::description::PUBLIC;

    #[test]
    fn every_operation_says_who_may_ask() {
        let (_, description) = super::described();
        let text = serde_json::to_value(&description).unwrap();
        let mut public = Vec::new();
        let mut operations = 0;
        for (path, item) in text["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                operations += 1;
                assert!(
                    operation["description"].is_string() || operation["summary"].is_string(),
                    "{method} {path}"
                );
                let responses = operation["responses"].as_object().unwrap();
                assert!(responses.values().all(|response| response["description"] != ""), "{method} {path}");
                if operation["security"].is_null() {
                    public.push((method.clone(), path.clone()));
                } else {
                    assert!(
                        responses["401"]["content"]["application/problem+json"].is_object(),
                        "{method} {path}"
                    );
                }
            }
        }
        let mut expected = PUBLIC.map(|(method, path)| (method.to_owned(), path.to_owned())).to_vec();
        expected.sort();
        public.sort();
        assert_eq!(public, expected);
        assert_eq!(operations, 75);
    }
}
