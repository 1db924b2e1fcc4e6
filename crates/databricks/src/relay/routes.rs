//! The calls that pass: those of the deploy engine, its checks and the lists that a page offers to choose from.

use http::Method;

use super::route::Kind;

/// One call that passes. `*` stands for one segment of the path.
pub(super) struct Route {
    pub(super) method: Method,
    pub(super) path: &'static str,
    /// The parameters that it may have.
    pub(super) query: &'static [&'static str],
    pub(super) kind: Kind,
}

const fn route(method: Method, path: &'static str, query: &'static [&'static str]) -> Route {
    Route { method, path, query, kind: Kind::Signed }
}

const fn special(method: Method, path: &'static str, kind: Kind) -> Route {
    Route { method, path, query: NO, kind }
}

const NO: &[&str] = &[];
const PAGED: &[&str] = &["page_token"];
const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PATCH: Method = Method::PATCH;
const DELETE: Method = Method::DELETE;

/// All of them. What is not here does not pass: no reading of tokens or secrets, no deleting of databases.
pub(super) const ROUTES: &[Route] = &[
    special(GET, "/.well-known/databricks-config", Kind::Anonymous),
    route(GET, "/api/2.0/preview/scim/v2/Me", NO),
    route(GET, "/api/2.0/apps", PAGED),
    route(POST, "/api/2.0/apps", NO),
    route(GET, "/api/2.0/apps/*", NO),
    route(DELETE, "/api/2.0/apps/*", NO),
    route(POST, "/api/2.0/apps/*/update", NO),
    route(GET, "/api/2.0/apps/*/update", NO),
    route(POST, "/api/2.0/apps/*/start", NO),
    route(POST, "/api/2.0/apps/*/deployments", NO),
    route(GET, "/api/2.0/apps/*/deployments", PAGED),
    route(GET, "/api/2.0/apps/*/deployments/*", NO),
    route(GET, "/api/2.0/permissions/apps/*", NO),
    route(PATCH, "/api/2.0/permissions/apps/*", NO),
    route(POST, "/api/2.0/workspace/mkdirs", NO),
    special(POST, "/api/2.0/workspace/import", Kind::Upload),
    route(GET, "/api/2.0/workspace/export", &["path", "direct_download"]),
    route(POST, "/api/2.0/workspace/delete", NO),
    route(GET, "/api/2.0/workspace/get-status", &["path"]),
    route(GET, "/api/2.0/workspace/list", &["path", "page_token"]),
    route(GET, "/api/2.0/postgres/projects", PAGED),
    route(POST, "/api/2.0/postgres/projects", &["project_id"]),
    route(GET, "/api/2.0/postgres/projects/*", NO),
    route(GET, "/api/2.0/postgres/projects/*/operations/*", NO),
    route(GET, "/api/2.0/postgres/projects/*/branches/*/endpoints", PAGED),
    special(POST, "/api/2.0/postgres/credentials", Kind::EndpointCredential),
    route(GET, "/api/2.0/database/instances", PAGED),
    route(POST, "/api/2.0/database/instances", NO),
    route(GET, "/api/2.0/database/instances/*", NO),
    special(POST, "/api/2.0/database/credentials", Kind::InstanceCredential),
];
