//! The reset that a deployer orders: once, and only once.

use crate::postgres::Database;
use crate::program::{init_db, run, text};

/// Runs `init-db` with this reset ordered and gives whether it was carried out.
async fn reset(url: &str, id: &str) -> bool {
    let done = init_db(&[("DATABASE_URL", url), ("TELLR_DATABASE_RESET_ID", id)]).await;
    done["reset"].as_bool().unwrap()
}

/// Whether the mark that a test made is still there.
async fn is_marked(database: &Database) -> bool {
    database.ask("SELECT to_regclass('app_data.mark') IS NOT NULL").await.unwrap() == "true"
}

async fn mark(database: &Database) {
    database.run("CREATE TABLE app_data.mark (id INTEGER)").await;
}

#[tokio::test]
async fn each_id_resets_once_however_often_the_app_starts() {
    let database = Database::create().await;
    let url = database.url();
    init_db(&[("DATABASE_URL", &url)]).await;
    let first_key = database.ask("SELECT key_value FROM app_data.encryption_keys").await;
    mark(&database).await;

    assert!(reset(&url, "one").await);
    assert!(!is_marked(&database).await);
    let key = database.ask("SELECT key_value FROM app_data.encryption_keys").await;
    assert!(key.is_some() && key != first_key);

    mark(&database).await;
    assert!(!reset(&url, "one").await, "a restart");
    assert!(is_marked(&database).await);
    init_db(&[("DATABASE_URL", &url)]).await;
    assert!(is_marked(&database).await, "no id, no reset");

    assert!(reset(&url, "two").await, "a new order");
    assert!(!is_marked(&database).await);

    mark(&database).await;
    assert!(!reset(&url, "one").await, "back to the deployment before");
    assert!(is_marked(&database).await);
    let ids = "SELECT string_agg(id, ' ' ORDER BY reset_at) FROM app_data.database_resets";
    assert_eq!(database.ask(ids).await.unwrap(), "one two");
}

#[tokio::test]
async fn an_empty_database_counts_as_reset() {
    let database = Database::create().await;
    assert!(reset(&database.url(), "one").await);
    mark(&database).await;
    assert!(!reset(&database.url(), "one").await);
    assert!(is_marked(&database).await);
}

#[tokio::test]
async fn several_instances_at_once_reset_once() {
    let database = Database::create().await;
    let url = database.url();
    init_db(&[("DATABASE_URL", &url)]).await;
    let all = futures::future::join_all((0..6).map(|_| reset(&url, "one"))).await;
    assert_eq!(all.iter().filter(|done| **done).count(), 1);
}

#[tokio::test]
async fn the_python_originals_tables_go_with_a_reset() {
    let database = Database::create().await;
    database.run("CREATE SCHEMA app_data; CREATE TABLE app_data.user_sessions (id SERIAL PRIMARY KEY)").await;
    assert!(reset(&database.url(), "one").await);
    assert_eq!(database.ask("SELECT to_regclass('app_data.user_sessions')").await, None);
}

/// A schema of the deployer's in which the app may create, as the deployer's schema step makes it.
async fn schema_of_the_deployer(database: &Database) -> (String, String) {
    let (deployer, app) = (database.create_role("deployer").await, database.create_role("app").await);
    database.run(&format!("CREATE SCHEMA app_data AUTHORIZATION {deployer}")).await;
    database.run_as(&deployer, &format!("GRANT USAGE, CREATE ON SCHEMA app_data TO {app}")).await;
    (deployer, app)
}

#[tokio::test]
async fn in_a_schema_of_the_deployers_what_is_ours_goes_and_the_rest_stays() {
    let database = Database::create().await;
    let (deployer, app) = schema_of_the_deployer(&database).await;
    let url = database.url_of(&app, "pw");
    init_db(&[("DATABASE_URL", &url)]).await;
    database
        .run_as(
            &app,
            r#"SET search_path = app_data;
               CREATE TYPE mood AS ENUM ('good', 'bad');
               CREATE DOMAIN short AS text CHECK (length(value) < 9);
               CREATE SEQUENCE numbers;
               CREATE TABLE decks (id SERIAL PRIMARY KEY, feeling mood, name short);
               CREATE TABLE "odd ""name" (deck INTEGER REFERENCES decks);
               CREATE VIEW happy AS SELECT * FROM decks WHERE feeling = 'good';
               CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM decks;
               CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * n';
               CREATE PROCEDURE nothing() LANGUAGE sql AS 'SELECT 1';
               CREATE AGGREGATE total(integer) (SFUNC = int4pl, STYPE = integer);
               CREATE TABLE mark (id INTEGER)"#,
        )
        .await;
    database.run_as(&deployer, "CREATE TABLE app_data.of_the_deployer (id INTEGER)").await;

    assert!(reset(&url, "one").await);
    assert!(!is_marked(&database).await);
    let left = format!(
        "SELECT string_agg(o.identity, ' ' ORDER BY o.identity) FROM pg_depend d
         CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) o
         JOIN pg_shdepend s ON s.classid = d.classid AND s.objid = d.objid AND s.deptype = 'o'
         WHERE d.refobjid = 'app_data'::regnamespace AND s.refobjid = '{app}'::regrole"
    );
    assert_eq!(
        database.ask(&left).await.unwrap(),
        "app_data.database_resets app_data.encryption_keys app_data.tellr_migrations"
    );
    assert_eq!(
        database.ask("SELECT to_regclass('app_data.of_the_deployer')").await.unwrap(),
        "app_data.of_the_deployer"
    );
    let owner = "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'app_data'";
    assert_eq!(database.ask(owner).await.unwrap(), deployer);

    database.run_as(&app, "CREATE TABLE app_data.mark (id INTEGER)").await;
    assert!(!reset(&url, "one").await);
    assert!(is_marked(&database).await);
}

#[tokio::test]
async fn a_reset_that_fails_half_way_has_not_happened() {
    let database = Database::create().await;
    let (deployer, app) = schema_of_the_deployer(&database).await;
    let url = database.url_of(&app, "pw");
    // a key that the app may not read: everything works until the very last step
    database
        .run_as(
            &deployer,
            "CREATE TABLE app_data.encryption_keys (id INTEGER PRIMARY KEY, key_value TEXT NOT NULL, created_at TIMESTAMP NOT NULL)",
        )
        .await;
    database.run_as(&app, "CREATE TABLE app_data.mark (id INTEGER)").await;
    let failed = run(&["init-db"], &[("DATABASE_URL", &url), ("TELLR_DATABASE_RESET_ID", "one")]).await;
    assert_eq!(failed.status.code(), Some(1));
    assert!(text(&failed).contains("reading the encryption key failed"), "{}", text(&failed));
    assert!(is_marked(&database).await, "the drop was rolled back");
    assert_eq!(database.ask("SELECT to_regclass('app_data.database_resets')").await, None);

    database.run_as(&deployer, &format!("GRANT SELECT, INSERT ON app_data.encryption_keys TO {app}")).await;
    assert!(reset(&url, "one").await, "it is still due");
    assert!(!is_marked(&database).await);
}

#[tokio::test]
async fn a_reset_that_could_not_remove_the_data_is_refused() {
    let database = Database::create().await;
    let (deployer, earlier) = schema_of_the_deployer(&database).await;
    init_db(&[("DATABASE_URL", &database.url_of(&earlier, "pw"))]).await;
    let app = database.create_role("app").await;
    database.run_as(&deployer, &format!("GRANT USAGE, CREATE ON SCHEMA app_data TO {app}")).await;
    database
        .run_as(&earlier, &format!("GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA app_data TO {app}"))
        .await;
    let url = database.url_of(&app, "pw");
    let refused = run(&["init-db"], &[("DATABASE_URL", &url), ("TELLR_DATABASE_RESET_ID", "one")]).await;
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused);
    assert!(
        said.contains(&format!("its tables belong to role {earlier}")) && said.contains("hint: "),
        "{said}"
    );
    init_db(&[("DATABASE_URL", &url)]).await;
}
