//! A deployment that the Python original made: recognised, its data announced, then replaced in place.

mod fixture;

use std::collections::BTreeMap;

use anyhow::ensure;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use system_tests::checks::SCHEMA;
use system_tests::{Kind, LocalWorkspace, Settings};

use fixture::Original;

const TABLES: [&str; 6] = [
    "encryption_keys",
    "image_assets",
    "session_messages",
    "session_slide_decks",
    "slide_style_library",
    "user_sessions",
];

/// Everything about the original's tables: definition, owner, storage, and each row with the transaction that wrote it.
const FACTS: &str = "SELECT c.relname::text AS name, jsonb_build_object(
        'owner', pg_get_userbyid(c.relowner),
        'storage', c.relfilenode::text,
        'columns', (SELECT jsonb_agg(jsonb_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                        pg_get_expr(d.adbin, d.adrelid)) ORDER BY a.attnum)
                    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
                    WHERE a.attrelid = c.oid AND a.attnum > 0),
        'constraints', (SELECT jsonb_agg(pg_get_constraintdef(o.oid) ORDER BY o.conname) FROM pg_constraint o WHERE o.conrelid = c.oid),
        'indexes', (SELECT jsonb_agg(pg_get_indexdef(i.indexrelid) ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid),
        'triggers', (SELECT jsonb_agg(pg_get_triggerdef(t.oid) ORDER BY t.tgname) FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
    ) AS facts
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = ANY ($2) ORDER BY 1";

async fn live(kind: Kind) -> anyhow::Result<()> {
    let workspace = LocalWorkspace::start(Settings::default())?;
    let original = Original::make(&workspace, kind).await?;
    let deployment = &original.deployment;
    let app = deployment.app(&workspace).await?;
    let before = Seen::look(&workspace, &original).await?;

    let plan = [vec!["plan".to_owned()], deployment.flags("update", &[])].concat();
    let planned = workspace.tellr(&plan).await?.successful()?;
    ensure!(planned.result["refusals"] == json!([]), "{}", planned.result);
    let warnings = planned.result["warnings"].to_string();
    ensure!(warnings.contains("Python original") && warnings.contains("untouched"), "{warnings}");
    ensure!(Seen::look(&workspace, &original).await? == before, "a plan has changed something");

    let updated = workspace.tellr(&deployment.flags("update", &[])).await?.successful()?;
    ensure!(updated.result["url"] == app["url"], "another address: {}", updated.result);
    deployment.assert_healthy(&workspace).await?;
    let after = Seen::look(&workspace, &original).await?;
    ensure!(after.tables == before.tables, "{:#?}\nbecame {:#?}", before.tables, after.tables);
    for (who, rows) in &before.rows {
        ensure!(after.rows.get(who) == Some(rows), "{who} read {rows:#?}\nnow {:#?}", after.rows.get(who));
    }
    ensure!(after.permissions == before.permissions, "{} became {}", before.permissions, after.permissions);
    assert_kept(&app, &deployment.app(&workspace).await?)?;

    // What was taken over is then an ordinary deployment.
    workspace.tellr(&deployment.flags("update", &[])).await?.successful()?;
    deployment.assert_healthy(&workspace).await?;
    let again = Seen::look(&workspace, &original).await?;
    ensure!(again == after, "{after:#?}\nbecame {again:#?}");
    Ok(())
}

/// Scopes and resources of before are all there, and the app's principal is the same.
fn assert_kept(before: &Value, after: &Value) -> anyhow::Result<()> {
    for list in ["user_api_scopes", "resources"] {
        for entry in before[list].as_array().into_iter().flatten() {
            let kept = after[list].as_array().is_some_and(|entries| entries.contains(entry));
            ensure!(kept, "{list} lost {entry}: {}", after[list]);
        }
    }
    for field in ["service_principal_client_id", "url", "id", "compute_size", "description"] {
        ensure!(before[field] == after[field], "{field}: {} became {}", before[field], after[field]);
    }
    Ok(())
}

/// What must be the same before and after.
#[derive(Debug, PartialEq)]
struct Seen {
    tables: BTreeMap<String, Value>,
    /// Who reads what: rows as Postgres writes them, by table.
    rows: BTreeMap<&'static str, BTreeMap<&'static str, Vec<String>>>,
    permissions: Value,
}

impl Seen {
    async fn look(workspace: &LocalWorkspace, original: &Original) -> anyhow::Result<Self> {
        let deployment = &original.deployment;
        let mut deployer = deployment.database(workspace).await?;
        let tables = sqlx::query(FACTS).bind(SCHEMA).bind(TABLES.map(str::to_owned)).fetch_all(&mut deployer);
        let found = tables.await?;
        let tables = found.iter().map(|row| Ok((row.try_get("name")?, row.try_get("facts")?)));
        let tables = tables.collect::<Result<BTreeMap<_, _>, sqlx::Error>>()?;
        ensure!(tables.len() == TABLES.len(), "tables are missing: {:?}", tables.keys());
        let mut rows = BTreeMap::from([("deployer", read_all(deployer).await?)]);
        for (who, principal) in [("app", &original.app), ("reader", &original.reader)] {
            let connection = workspace.connect_as(principal, deployment.kind, &deployment.lakebase).await?;
            rows.insert(who, read_all(connection).await?);
        }
        let permissions = workspace.get(&format!("/api/2.0/permissions/apps/{}", deployment.app)).await?;
        Ok(Self { tables, rows, permissions })
    }
}

async fn read_all(mut connection: PgConnection) -> anyhow::Result<BTreeMap<&'static str, Vec<String>>> {
    let mut all = BTreeMap::new();
    for table in TABLES {
        let query = format!("SELECT xmin || ' ' || t::text FROM {SCHEMA}.{table} t ORDER BY 1");
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(&mut connection).await?;
        ensure!(!rows.is_empty(), "{table} is empty");
        all.insert(table, rows);
    }
    connection.close().await?;
    Ok(all)
}

#[tokio::test]
async fn autoscaling_taken_over_from_the_python_original() {
    live(Kind::Autoscaling).await.unwrap();
}

#[tokio::test]
async fn provisioned_taken_over_from_the_python_original() {
    live(Kind::Provisioned).await.unwrap();
}
