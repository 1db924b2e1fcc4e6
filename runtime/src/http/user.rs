//! `/api/user/current`: who the proxy says is calling.

use axum::Json;
use axum::http::header;
use axum::response::IntoResponse;
use tellr_api::CurrentUser;

use super::identity::Identity;

/// The caller.
pub(super) async fn current(identity: Identity) -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], Json(CurrentUser::from(identity)))
}
