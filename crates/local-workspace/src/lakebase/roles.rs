//! The SQL that makes roles and the database look as they do on the platform.

use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Executor, PgConnection, PgPool, Row};

use super::RoleGrants;
use super::cluster::ADMIN;
use super::error::LakebaseError;

/// The database that every Lakebase instance has.
pub(crate) const DATABASE: &str = "databricks_postgres";
/// The group role of those who may do everything with an instance.
pub(crate) const SUPERUSER_GROUP: &str = "databricks_superuser";

/// PostgreSQL cuts longer names, which would make two roles one.
const LONGEST_NAME: usize = 63;

/// Refuses names that are no role on the platform either, or are ours.
pub(crate) fn check_name(role: &str) -> Result<(), LakebaseError> {
    let rule = if role.is_empty() {
        "a name is needed"
    } else if role.len() > LONGEST_NAME {
        "a name has at most 63 bytes"
    } else if role.chars().any(char::is_control) {
        "a name has no control characters"
    } else if role.starts_with("pg_") || role == ADMIN || role == SUPERUSER_GROUP {
        "the name is reserved"
    } else {
        return Ok(());
    };
    Err(LakebaseError::RoleName { role: role.to_owned(), rule })
}

/// `name` as an SQL identifier.
fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `text` as an SQL string.
fn literal(text: &str) -> String {
    // an E string reads the same whatever standard_conforming_strings is
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// What makes the group role with its rights, and the database.
pub(crate) fn instance_statements() -> [String; 3] {
    let (database, group) = (identifier(DATABASE), identifier(SUPERUSER_GROUP));
    [
        format!("CREATE ROLE {group} NOLOGIN"),
        format!("GRANT pg_read_all_data, pg_write_all_data, pg_monitor TO {group}"),
        format!("CREATE DATABASE {database} OWNER {group}"),
    ]
}

/// Makes the group role and the database, unless they are there: clusters made by older versions lack them. `admin` is
/// connected to `postgres`.
pub(crate) async fn prepare_instance(admin: &mut PgConnection) -> Result<(), sqlx::Error> {
    let [create_group, grant_to_group, create_database] = instance_statements();
    if !exists(&mut *admin, "SELECT 1 FROM pg_roles WHERE rolname = $1", SUPERUSER_GROUP).await? {
        execute(&mut *admin, create_group).await?;
        execute(&mut *admin, grant_to_group).await?;
    }
    if !exists(&mut *admin, "SELECT 1 FROM pg_database WHERE datname = $1", DATABASE).await? {
        execute(&mut *admin, create_database).await?;
    }
    Ok(())
}

/// Makes `role` unless it is there, and gives it what `grants` says; takes nothing away.
pub(crate) async fn ensure(pool: &PgPool, role: &str, grants: RoleGrants) -> Result<(), sqlx::Error> {
    let name = identifier(role);
    if !role_exists(pool, role).await? {
        execute(pool, format!("CREATE ROLE {name} LOGIN")).await?;
    }
    if grants.databricks_superuser {
        // attributes are not inherited from a group. Before PostgreSQL 16, CREATEROLE reaches further
        // than on the platform: up to programs run as the server's user
        let version: i32 =
            sqlx::query_scalar("SELECT current_setting('server_version_num')::int").fetch_one(pool).await?;
        let create_role = if version >= 160_000 { "CREATEROLE" } else { "" };
        execute(pool, format!("ALTER ROLE {name} CREATEDB BYPASSRLS {create_role}")).await?;
        execute(pool, format!("GRANT {} TO {name}", identifier(SUPERUSER_GROUP))).await?;
    }
    if grants.connect_and_create {
        execute(pool, format!("GRANT CONNECT, CREATE ON DATABASE {} TO {name}", identifier(DATABASE)))
            .await?;
    }
    Ok(())
}

/// Whether `role` exists.
pub(crate) async fn role_exists(pool: &PgPool, role: &str) -> Result<bool, sqlx::Error> {
    exists(pool, "SELECT 1 FROM pg_roles WHERE rolname = $1", role).await
}

/// Sets the password the server knows, and until when it lets new sessions in with it.
pub(crate) async fn set_password(
    pool: &PgPool,
    role: &str,
    password: &str,
    until: Timestamp,
) -> Result<(), sqlx::Error> {
    let (name, password, until) = (identifier(role), literal(password), literal(&until.to_string()));
    execute(pool, format!("ALTER ROLE {name} PASSWORD {password} VALID UNTIL {until}")).await
}

/// Whether `role` owns anything in any database.
pub(crate) async fn owns_objects(pool: &PgPool, role: &str) -> Result<bool, sqlx::Error> {
    let owned = "SELECT 1 FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid \
         WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype = 'o' AND r.rolname = $1 LIMIT 1";
    exists(pool, owned, role).await
}

/// The databases in which `role` holds privileges.
pub(crate) async fn databases_with_privileges(pool: &PgPool, role: &str) -> Result<Vec<String>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT DISTINCT b.datname::text FROM pg_shdepend d \
         JOIN pg_roles r ON r.oid = d.refobjid JOIN pg_database b ON b.oid = d.dbid OR (d.dbid = 0 AND b.datname = $2) \
         WHERE d.refclassid = 'pg_authid'::regclass AND r.rolname = $1",
    )
    .bind(role)
    .bind(DATABASE)
    .fetch_all(pool)
    .await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

/// Takes from `role` all privileges in the database that `admin` is connected to.
pub(crate) async fn drop_privileges(admin: &mut PgConnection, role: &str) -> Result<(), sqlx::Error> {
    execute(admin, format!("DROP OWNED BY {}", identifier(role))).await
}

/// Ends the sessions of `role` and drops it.
pub(crate) async fn drop_role(pool: &PgPool, role: &str) -> Result<(), sqlx::Error> {
    let name = identifier(role);
    // no new session gets in between
    execute(pool, format!("ALTER ROLE {name} NOLOGIN")).await?;
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1")
        .bind(role)
        .execute(pool)
        .await?;
    execute(pool, format!("DROP ROLE {name}")).await
}

async fn exists<'e>(
    executor: impl Executor<'e, Database = sqlx::Postgres>,
    query: &'static str,
    name: &str,
) -> Result<bool, sqlx::Error> {
    Ok(sqlx::query(query).bind(name).fetch_optional(executor).await?.is_some())
}

/// `sql` is built in this module only, from [`identifier`] and [`literal`].
async fn execute<'e>(
    executor: impl Executor<'e, Database = sqlx::Postgres>,
    sql: String,
) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(executor).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted() {
        assert_eq!(identifier(r#"a"; DROP DATABASE x; --"#), r#""a""; DROP DATABASE x; --""#);
        assert_eq!(literal(r"a\'b"), r"E'a\\\'b'");
    }

    #[test]
    fn names_that_cannot_be_roles_are_refused() {
        for name in ["", "pg_read_all_data", ADMIN, SUPERUSER_GROUP, "a\0b", &"x".repeat(64)] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        for name in ["deployer@example.com", "0b9f1c1e-8f0b-4d2e-9d56-5d1f1a2b3c4d", r#"o'neil "the" \ruler"#]
        {
            assert!(check_name(name).is_ok(), "{name:?}");
        }
    }
}
