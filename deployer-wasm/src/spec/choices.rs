//! Fields with a fixed list of values.

use serde::Serialize;

use super::field::{Field, FieldError};

/// Which of the two kinds of Lakebase holds the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LakebaseType {
    /// A project of Lakebase Autoscaling, the platform's default.
    Autoscaling,
    /// An instance of Lakebase Provisioned, which the platform is retiring.
    Provisioned,
}

impl LakebaseType {
    /// Reads `autoscaling` or `provisioned`.
    pub fn parse(value: &str) -> Result<Self, FieldError> {
        match value {
            "autoscaling" => Ok(Self::Autoscaling),
            "provisioned" => Ok(Self::Provisioned),
            _ => Err(FieldError::broken(Field::named("lakebase_type"), value)),
        }
    }

    /// The word in app.yaml, in results and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Autoscaling => "autoscaling",
            Self::Provisioned => "provisioned",
        }
    }
}

/// Capacity of a new database, in the words of Lakebase Provisioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum LakebaseCompute {
    /// One capacity unit.
    #[serde(rename = "CU_1")]
    Cu1,
    /// Two capacity units.
    #[serde(rename = "CU_2")]
    Cu2,
    /// Four capacity units.
    #[serde(rename = "CU_4")]
    Cu4,
    /// Eight capacity units.
    #[serde(rename = "CU_8")]
    Cu8,
}

impl LakebaseCompute {
    /// Reads `CU_1`, `CU_2`, `CU_4` or `CU_8`.
    pub fn parse(value: &str) -> Result<Self, FieldError> {
        match value {
            "CU_1" => Ok(Self::Cu1),
            "CU_2" => Ok(Self::Cu2),
            "CU_4" => Ok(Self::Cu4),
            "CU_8" => Ok(Self::Cu8),
            _ => Err(FieldError::broken(Field::named("lakebase_compute"), value)),
        }
    }

    /// The platform's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cu1 => "CU_1",
            Self::Cu2 => "CU_2",
            Self::Cu4 => "CU_4",
            Self::Cu8 => "CU_8",
        }
    }

    /// Least and most compute units of an Autoscaling project of about this capacity; they lie at most 8 apart, as the
    /// service demands.
    pub fn autoscaling_limits(self) -> (f64, f64) {
        match self {
            Self::Cu1 => (0.5, 2.0),
            Self::Cu2 => (1.0, 4.0),
            Self::Cu4 => (2.0, 8.0),
            Self::Cu8 => (4.0, 12.0),
        }
    }
}

/// Who makes the database schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SchemaSetup {
    /// The deployer, over a Postgres connection; the deploying person owns the schema and grants the app its rights.
    Engine,
    /// The app, at its next start, as owner of the schema: the way of a page that cannot open a Postgres connection.
    App,
}

impl SchemaSetup {
    /// Reads `engine` or `app`.
    pub fn parse(value: &str) -> Result<Self, FieldError> {
        match value {
            "engine" => Ok(Self::Engine),
            "app" => Ok(Self::App),
            _ => Err(FieldError::broken(Field::named("schema_setup"), value)),
        }
    }
}
