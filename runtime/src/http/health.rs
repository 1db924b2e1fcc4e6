//! `/api/health`: the process is up. `/api/health/ready`: it can work. Open to everyone, because monitors ask.

use std::sync::Mutex;
use std::sync::PoisonError;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use tellr_api::{
    DatabaseState, DatabaseStatus, Health, HealthState, Readiness, ReadinessState, SERVICE_NAME,
};

use super::App;
use crate::store::StoreError;

/// Says that the process answers.
pub(super) async fn health() -> Json<Health> {
    Json(Health {
        status: HealthState::Healthy,
        service: SERVICE_NAME.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// Looks at the database: 200 when requests will be served, else 503.
pub(super) async fn ready(State(app): State<App>) -> impl IntoResponse {
    let database = app.look_at_database().await;
    let (code, status) = match database.state {
        DatabaseState::Ready => (StatusCode::OK, ReadinessState::Ready),
        _ => (StatusCode::SERVICE_UNAVAILABLE, ReadinessState::Unavailable),
    };
    (code, [(header::CACHE_CONTROL, "no-store")], Json(Readiness { status, database }))
}

impl App {
    /// Looks at the database and logs what was found if it is news.
    pub(crate) async fn look_at_database(&self) -> DatabaseStatus {
        let (database, error) = self.store.status().await;
        self.readiness.note(database.state, database.message.as_deref(), error);
        database
    }
}

/// What the last look found, so that a change is logged once and not with every probe.
#[derive(Default)]
pub(super) struct LastReadiness(Mutex<Option<DatabaseState>>);

impl LastReadiness {
    fn note(&self, state: DatabaseState, message: Option<&str>, error: Option<StoreError>) {
        let before = self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(state);
        if before == Some(state) {
            return;
        }
        match (state, error) {
            (DatabaseState::Ready, _) => tracing::info!("the database is ready"),
            (_, Some(error)) => {
                tracing::warn!(?state, %error, hint = error.hint(), "the database is not ready")
            }
            (_, None) => tracing::warn!(?state, message, "the database is not ready"),
        }
    }
}
