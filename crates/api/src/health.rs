//! Is the server alive (`GET /api/health`), and can it work (`GET /api/health/ready`)?

use serde::{Deserialize, Serialize};

/// The name that the service gives itself; monitors of the Python original look for it.
pub const SERVICE_NAME: &str = "AI Slide Generator";

/// Answer of `GET /api/health`: the process is up. Says nothing about the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Always `healthy`: a server that isn't doesn't answer.
    pub status: HealthState,
    /// Always [`SERVICE_NAME`].
    pub service: String,
    /// Version of the running package, e.g. `0.1.0`.
    pub version: String,
}

/// Whether the process is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// It answers.
    Healthy,
}

/// Answer of `GET /api/health/ready`: 200 when `ready`, 503 when `unavailable`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Readiness {
    /// Whether requests that need the database will be served.
    pub status: ReadinessState,
    /// What the last look at the database found.
    pub database: DatabaseStatus,
}

/// Whether the server can do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadinessState {
    /// The database answers and its schema is the one this version needs.
    Ready,
    /// Something is missing; [`DatabaseStatus::message`] says what.
    Unavailable,
}

/// What one look at the database found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatabaseStatus {
    /// The finding in one word.
    pub state: DatabaseState,
    /// The schema that holds this app's tables.
    pub schema: String,
    /// Number of the last migration applied to the schema; absent when it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<i64>,
    /// How long the look took, in milliseconds.
    pub latency_ms: f64,
    /// What is wrong and what to do; absent when nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The database in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseState {
    /// It answers and holds the schema that this version needs.
    Ready,
    /// It answers, but the schema is absent or older than this version needs: `init-db` has not run.
    Unprepared,
    /// It doesn't answer, or refuses us.
    Unavailable,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_keeps_the_field_names_of_the_original() {
        let health = Health {
            status: HealthState::Healthy,
            service: SERVICE_NAME.to_owned(),
            version: "1.2.3".to_owned(),
        };
        assert_eq!(
            serde_json::to_string(&health).unwrap(),
            r#"{"status":"healthy","service":"AI Slide Generator","version":"1.2.3"}"#
        );
    }

    #[test]
    fn readiness_leaves_out_what_is_not_known() {
        let readiness = Readiness {
            status: ReadinessState::Unavailable,
            database: DatabaseStatus {
                state: DatabaseState::Unprepared,
                schema: "app_data".to_owned(),
                schema_version: None,
                latency_ms: 1.5,
                message: None,
            },
        };
        let json = serde_json::to_string(&readiness).unwrap();
        assert_eq!(
            json,
            r#"{"status":"unavailable","database":{"state":"unprepared","schema":"app_data","latency_ms":1.5}}"#
        );
        assert_eq!(serde_json::from_str::<Readiness>(&json).unwrap(), readiness);
    }
}
