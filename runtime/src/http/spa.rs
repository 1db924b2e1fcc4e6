//! The single-page app inside the binary. A debug build reads `frontend/dist` from disk instead.

use axum::extract::Request;
use axum::response::Response;
use rust_embed::RustEmbed;

use super::assets;

/// What `cargo xtask frontend` built; empty when nothing was.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../frontend/dist"]
#[allow_missing = true]
struct Frontend;

/// Answers everything that isn't under `/api`.
pub(super) async fn serve(request: Request) -> Response {
    assets::respond::<Frontend>(request.method(), request.uri(), request.headers())
}
