//! The schema step, through the port.

use databricks::Secret;

use super::wait::Look;
use super::{Run, Step};
use crate::error::Cause;
use crate::repeat::repeatedly;
use crate::schema::{AppRole, DatabaseAddress, ResetDone, SchemaError, SchemaPort};
use crate::spec::SchemaName;

/// Does a schema operation, again if the connection was lost: each of them is safe to repeat.
async fn again<T, Acting>(step: &Step<'_>, act: impl Fn() -> Acting) -> Result<T, SchemaError>
where
    Acting: Future<Output = Result<T, SchemaError>>,
{
    let tell = |error: &SchemaError| step.progress(&format!("trying again: {error}"));
    repeatedly(&step.engine.timing, act, SchemaError::is_passing, tell).await
}

impl Run<'_> {
    pub(super) async fn prepare_schema(
        &mut self,
        step: &Step<'_>,
        schema: &SchemaName,
    ) -> Result<String, Cause> {
        let (at, role) = self.address_and_role(step).await?;
        let port = self.port()?;
        again(step, || port.prepare(&at, schema, &role)).await?;
        Ok(format!("{schema} is there and the app may use it"))
    }

    pub(super) async fn reset_schema(
        &mut self,
        step: &Step<'_>,
        schema: &SchemaName,
        reset_id: &str,
    ) -> Result<String, Cause> {
        let (at, role) = self.address_and_role(step).await?;
        let port = self.port()?;
        Ok(match again(step, || port.reset(&at, schema, &role, reset_id)).await? {
            ResetDone::Now => format!("{schema} is empty and the app may use it"),
            ResetDone::Before => {
                format!("{schema} was emptied before, by this same request; nothing was dropped")
            }
        })
    }

    pub(super) async fn drop_schema(
        &mut self,
        step: &Step<'_>,
        schema: &SchemaName,
    ) -> Result<String, Cause> {
        let at = self.database_address().await?;
        let port = self.port()?;
        again(step, || port.drop_schema(&at, schema)).await?;
        Ok(format!("{schema} is gone"))
    }

    pub(super) async fn keep_encryption_key(
        &mut self,
        step: &Step<'_>,
        schema: &SchemaName,
        key: &Secret,
    ) -> Result<String, Cause> {
        let (at, role) = self.address_and_role(step).await?;
        let port = self.port()?;
        again(step, || port.keep_encryption_key(&at, schema, &role, key)).await?;
        Ok(format!("{schema} keeps the key"))
    }

    fn port(&self) -> Result<&dyn SchemaPort, SchemaError> {
        self.engine.schema.as_deref().ok_or(SchemaError::Unavailable)
    }

    /// Address and token of the database; a token is minted only when there is none that is fresh.
    async fn database_address(&mut self) -> Result<DatabaseAddress, Cause> {
        if let Some(address) = self.address.as_ref().filter(|address| address.is_fresh()) {
            return Ok(address.clone());
        }
        let database =
            self.lakebase.as_ref().ok_or_else(|| Cause::NotAsExpected("there is no database".into()))?;
        let address = self.engine.address(database, &self.plan.user_name).await?;
        self.address = Some(address.clone());
        Ok(address)
    }

    /// The database, and the app's role in it as soon as the platform has made it.
    async fn address_and_role(&mut self, step: &Step<'_>) -> Result<(DatabaseAddress, AppRole), Cause> {
        let at = self.database_address().await?;
        let client_id = self.app.as_ref().and_then(|app| app.service_principal_client_id.as_deref());
        let role = client_id.and_then(AppRole::parse).ok_or_else(|| {
            Cause::NotAsExpected(format!(
                "the app's service principal has no usable client id: {client_id:?}"
            ))
        })?;
        let port = self.port()?;
        let what = format!("the app's Postgres role {}", role.as_str());
        let found = step
            .until(self.engine.timing.role, &what, || async {
                let there = port.has_role(&at, &role).await?;
                Ok(if there { Look::Done(()) } else { Look::NotYet(format!("waiting for {what}")) })
            })
            .await;
        match found {
            Ok(()) => Ok((at, role)),
            Err(Cause::Databricks(databricks::Error::Timeout(_))) => {
                let seconds = self.engine.timing.role.as_secs();
                Err(SchemaError::NoRole { role: role.as_str().to_owned(), seconds }.into())
            }
            Err(other) => Err(other),
        }
    }
}
