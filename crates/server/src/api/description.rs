//! The API's description (OpenAPI), from the handlers, with what holds for all of them: who may ask, and problems.

use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};

/// What can be asked for without a session. Everything else is 401 then.
pub(super) const PUBLIC: [(&str, &str); 9] = [
    ("post", "/api/v1/sessions"),
    ("post", "/api/v1/links/open"),
    ("post", "/api/v1/links/redeem"),
    ("post", "/api/v1/links/sheet"),
    ("post", "/api/v1/invitations/open"),
    ("post", "/api/v1/invitations/redeem"),
    ("post", "/api/v1/invitation-codes/open"),
    ("post", "/api/v1/invitation-codes/redeem"),
    ("post", "/api/v1/operator/visits"),
];

/// What takes a visit of the operator, and nobody's session.
const OF_THE_OPERATOR: &str = "/api/v1/operator/";

/// What the description begins with.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ownsight",
        description = "The API for people and programs. Rules that a table of fields cannot say are in docs/http-api.md.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(ProblemDetails))
)]
pub(super) struct Description;

/// What is wrong, and what to do (RFC 9457).
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the description of what `http::Problem` writes")]
struct ProblemDetails {
    /// An address that stands for the code.
    r#type: String,
    /// Decides what to do.
    code: String,
    /// A few words, the same each time.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What is wrong this time.
    detail: String,
    /// What to do.
    remedy: String,
    /// Finds the line in the server's log; empty where nothing is found.
    reference: String,
    /// The field of the request that is not acceptable.
    field: Option<String>,
    /// What is closed, since when and why.
    lockdown: Option<ownsight_gate::views::Lockdown>,
}

/// Adds to each operation what holds for all.
pub(super) fn complete(description: &mut utoipa::openapi::OpenApi) {
    let components = description.components.get_or_insert_default();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The token of a sign-in, or one that a person made for a program."))
        .build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    let s = ApiKeyValue::with_description(
        "s",
        "A browser's session: the value of its sign-in, beside the two cookies whose names carry the installation.",
    );
    components.add_security_scheme("page", SecurityScheme::ApiKey(ApiKey::Query(s)));
    let s = ApiKeyValue::with_description(
        "s",
        "A visit of the operator: the value of its begin, beside two cookies of its own. No session is one.",
    );
    components.add_security_scheme("operator", SecurityScheme::ApiKey(ApiKey::Query(s)));
    for (path, item) in &mut description.paths.paths {
        let operations = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                let who: &[&str] = match path.as_str() {
                    path if PUBLIC.contains(&(method, path)) => &[],
                    path if path.starts_with(OF_THE_OPERATOR) => &["operator"],
                    _ => &["bearer", "page"],
                };
                complete_operation(operation, who);
            }
        }
    }
}

fn complete_operation(operation: &mut Operation, who: &[&str]) {
    let problem = || {
        let schema = RefOr::Ref(Ref::from_schema_name("ProblemDetails"));
        ContentBuilder::new().schema(Some(schema)).build()
    };
    let responses = &mut operation.responses.responses;
    if !who.is_empty() {
        responses.entry("401".to_owned()).or_insert_with(|| ResponseBuilder::new().build().into());
        let schemes = who.iter().map(|name| SecurityRequirement::new(*name, [] as [&str; 0]));
        operation.security = Some(schemes.collect());
    }
    for (status, response) in responses.iter_mut() {
        let RefOr::T(response) = response else { continue };
        if status.starts_with(['4', '5']) {
            response.content.insert("application/problem+json".to_owned(), RefOr::T(problem()));
        }
        if response.description.is_empty() {
            meaning(status).clone_into(&mut response.description);
        }
    }
}

/// What a status means wherever it is answered.
fn meaning(status: &str) -> &'static str {
    match status {
        "200" => "As asked.",
        "201" => "It was made.",
        "202" => "It was begun.",
        "204" => "Done.",
        "206" => "The range that was asked for.",
        "401" => "Not signed in.",
        "403" => "Not with this.",
        "404" => "Nothing is here, or it belongs to somebody else: the same answer.",
        "409" => "Not as things are now.",
        "416" => "The range lies outside of what there is.",
        "423" => "An operator has closed this; `lockdown` says since when and why.",
        "422" => "Something that was sent is not acceptable.",
        "429" => "Too many; come back after `Retry-After`.",
        _ => "Not now; come back after `Retry-After`.",
    }
}
