//! The settings of an app that a client may change.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::resources::AppResource;
use crate::rest::ApiError;

/// The mutable fields of an app. What a body leaves out is empty here: `PATCH` replaces all of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct AppSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) budget_policy_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) usage_policy_id: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) resources: Vec<AppResource>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) user_api_scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) forward_user_access_token: Option<bool>,
    /// Passed through: some SDKs know more sizes than others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) compute_size: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) compute_min_instances: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) compute_max_instances: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) git_repository: Option<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) telemetry_export_destinations: Vec<Value>,
}

impl AppSettings {
    /// Fills in what the platform fills in.
    pub(crate) fn with_defaults(mut self) -> AppSettings {
        self.compute_size.get_or_insert_with(|| "MEDIUM".to_owned());
        self
    }

    /// Takes each field that `mask` names (comma-joined) from `new`.
    ///
    /// # Errors
    /// 400 for an empty mask and for a field that cannot be updated.
    pub(crate) fn merge(&mut self, mask: &str, new: &AppSettings) -> Result<(), ApiError> {
        let fields: Vec<&str> = mask.split(',').map(str::trim).filter(|field| !field.is_empty()).collect();
        if fields.is_empty() {
            return Err(ApiError::invalid_parameter("update_mask is required and must not be empty"));
        }
        for field in fields {
            match field {
                "description" => self.description.clone_from(&new.description),
                "budget_policy_id" => self.budget_policy_id.clone_from(&new.budget_policy_id),
                "usage_policy_id" => self.usage_policy_id.clone_from(&new.usage_policy_id),
                "resources" => self.resources.clone_from(&new.resources),
                "user_api_scopes" => self.user_api_scopes.clone_from(&new.user_api_scopes),
                "forward_user_access_token" => self.forward_user_access_token = new.forward_user_access_token,
                "compute_size" => self.compute_size.clone_from(&new.compute_size),
                "compute_min_instances" => self.compute_min_instances = new.compute_min_instances,
                "compute_max_instances" => self.compute_max_instances = new.compute_max_instances,
                "git_repository" => self.git_repository.clone_from(&new.git_repository),
                "telemetry_export_destinations" => {
                    self.telemetry_export_destinations.clone_from(&new.telemetry_export_destinations);
                }
                other => {
                    return Err(ApiError::invalid_parameter(format!(
                        "update_mask names an unknown field: {other}"
                    )));
                }
            }
        }
        Ok(())
    }

    /// The fields as they appear in an app's JSON.
    pub(crate) fn to_json(&self) -> Result<Map<String, Value>, ApiError> {
        match serde_json::to_value(self) {
            Ok(Value::Object(map)) => Ok(map),
            Ok(_) | Err(_) => Err(ApiError::internal("the app's settings cannot be written as JSON")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_replaces_what_it_names_and_no_more() -> Result<(), String> {
        let mut settings = AppSettings {
            description: Some("old".to_owned()),
            user_api_scopes: vec!["sql".to_owned()],
            ..AppSettings::default()
        };
        let new = AppSettings { compute_size: Some("LARGE".to_owned()), ..AppSettings::default() };
        settings.merge("compute_size, user_api_scopes", &new).map_err(|error| error.message().to_owned())?;
        assert_eq!(settings.description.as_deref(), Some("old"));
        assert_eq!(settings.compute_size.as_deref(), Some("LARGE"));
        assert!(settings.user_api_scopes.is_empty());
        assert!(settings.merge("name", &new).is_err());
        assert!(settings.merge(" ,", &new).is_err());
        Ok(())
    }
}
