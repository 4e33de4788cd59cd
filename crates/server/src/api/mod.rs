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
mod devices;
mod events;
mod homes;
mod links;
mod problems;
mod ranges;
mod sessions;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) use changes::Streams;

#[derive(OpenApi)]
#[openapi(info(
    title = "Ownsight",
    description = "The API for people and programs. Rules that a table of fields cannot say are in docs/http-api.md.",
    license(name = "Apache-2.0", identifier = "Apache-2.0")
))]
struct Description;

fn described() -> (Router<AppState>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(sessions::sign_in, sessions::sign_out_everywhere))
        .routes(routes!(sessions::sign_out))
        .routes(routes!(links::open))
        .routes(routes!(links::redeem))
        .routes(routes!(account::me, account::rename))
        .routes(routes!(account::change_password))
        .routes(routes!(homes::home, homes::change))
        .routes(routes!(homes::days))
        .routes(routes!(homes::day))
        .routes(routes!(events::list))
        .routes(routes!(changes::stream))
        .routes(routes!(events::event, events::erase))
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
        .split_for_parts()
}

/// The API's routes, and its description.
pub(crate) fn router(state: AppState) -> Router {
    let (router, description) = described();
    // It has text keys only, and so always a JSON form.
    let description = serde_json::to_string(&description).unwrap_or_default();
    let describe = move || async move { ([(CONTENT_TYPE, "application/json")], description) };
    router.route("/api/v1/openapi.json", get(describe)).with_state(state)
}

/// The paths and methods of the API's description.
#[cfg(test)]
mod tests {
    #[test]
    fn every_operation_is_described_once() {
        let (_, description) = super::described();
        let text = serde_json::to_value(&description).unwrap();
        let paths = text["paths"].as_object().unwrap();
        let operations: usize = paths.values().map(|path| path.as_object().unwrap().len()).sum();
        assert_eq!((paths.len(), operations), (24, 34), "{:?}", paths.keys());
    }
}
