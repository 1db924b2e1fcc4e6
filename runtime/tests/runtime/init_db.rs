//! `tellr-app init-db`.

use sqlx::Connection;

use crate::postgres::{Database, unique};
use crate::program::{init_db, run, text};

const PYTHON_KEY: &str = "cHl0aG9uLW9yaWdpbmFsLWtleS0zMi1ieXRlcy1sb24=";
const OTHER_KEY: &str = "b3RoZXIta2V5LW90aGVyLWtleS1vdGhlci1rZXktMTI=";

#[tokio::test]
async fn an_empty_database_gets_everything() {
    let database = Database::create().await;
    let done = init_db(&[("DATABASE_URL", &database.url()), ("LAKEBASE_SCHEMA", "tellr")]).await;
    assert_eq!(done["created_schema"], true);
    assert_eq!(done["reset"], false);
    assert_eq!(done["encryption_key"], "Generated");
    assert_eq!(done["schema_version"], 1);
    let tables =
        "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'tellr'";
    assert_eq!(database.ask(tables).await.unwrap(), "database_resets encryption_keys tellr_migrations");
    let key = database.ask("SELECT key_value FROM tellr.encryption_keys WHERE id = 1").await.unwrap();
    assert_eq!(key.len(), 44, "a Fernet key");
    let elsewhere = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(database.ask(elsewhere).await.unwrap(), "0", "nothing outside the schema");
}

/// A person's role is called by their e-mail address, which is no name that SQL takes unquoted.
#[tokio::test]
async fn a_role_that_is_an_address_prepares_the_database() {
    let database = Database::create().await;
    let role = format!("{}@example.com", unique("first.last"));
    database.run(&format!("CREATE ROLE \"{role}\" LOGIN PASSWORD 'pw'")).await;
    database.run(&format!("GRANT CREATE ON DATABASE {} TO \"{role}\"", database.name)).await;
    let done = init_db(&[("DATABASE_URL", &database.url_of(&role, "pw"))]).await;
    assert_eq!(done["created_schema"], true);
}

#[tokio::test]
async fn again_changes_nothing() {
    let database = Database::create().await;
    let url = database.url();
    let environment = [("DATABASE_URL", url.as_str())];
    init_db(&environment).await;
    let state = "SELECT k.key_value || k.created_at || m.installed_on || m.execution_time \
                 FROM app_data.encryption_keys k, app_data.tellr_migrations m";
    let before = database.ask(state).await.unwrap();
    let done = init_db(&environment).await;
    assert_eq!(done["created_schema"], false);
    assert_eq!(done["encryption_key"], "Kept");
    assert_eq!(database.ask(state).await.unwrap(), before);
}

#[tokio::test]
async fn several_at_once_do_it_once() {
    let database = Database::create().await;
    let url = database.url();
    let environment = [("DATABASE_URL", url.as_str())];
    let all = futures::future::join_all((0..8).map(|_| init_db(&environment))).await;
    assert_eq!(all.iter().filter(|done| done["created_schema"] == true).count(), 1);
    assert_eq!(all.iter().filter(|done| done["encryption_key"] == "Generated").count(), 1);
    assert_eq!(database.ask("SELECT count(*) FROM app_data.encryption_keys").await.unwrap(), "1");
}

#[tokio::test]
async fn schemas_of_one_database_do_not_touch_each_other() {
    let database = Database::create().await;
    for schema in ["one", "two", "user"] {
        let done = init_db(&[("DATABASE_URL", &database.url()), ("LAKEBASE_SCHEMA", schema)]).await;
        assert_eq!(done["encryption_key"], "Generated", "{schema}");
    }
    let keys = "SELECT count(DISTINCT key_value) FROM (SELECT key_value FROM one.encryption_keys \
                UNION ALL SELECT key_value FROM two.encryption_keys \
                UNION ALL SELECT key_value FROM \"user\".encryption_keys) AS k";
    assert_eq!(database.ask(keys).await.unwrap(), "3");
}

#[tokio::test]
async fn what_the_python_original_left_stays() {
    let database = Database::create().await;
    database
        .run(&format!(
            "CREATE SCHEMA app_data;
             CREATE TABLE app_data.user_sessions (id SERIAL PRIMARY KEY, title VARCHAR(255));
             INSERT INTO app_data.user_sessions (title) VALUES ('a deck');
             CREATE TABLE app_data.encryption_keys
                (id INTEGER PRIMARY KEY, key_value TEXT NOT NULL, created_at TIMESTAMP NOT NULL);
             INSERT INTO app_data.encryption_keys VALUES (1, '{PYTHON_KEY}', '2026-01-02 03:04:05');
             CREATE TABLE app_data._sqlx_migrations (version BIGINT, of_somebody_else TEXT);
             INSERT INTO app_data._sqlx_migrations VALUES (99, 'theirs')"
        ))
        .await;
    let done = init_db(&[("DATABASE_URL", &database.url())]).await;
    assert_eq!(done["encryption_key"], "Kept");
    assert_eq!(database.ask("SELECT title FROM app_data.user_sessions").await.unwrap(), "a deck");
    let key = "SELECT key_value || ' ' || created_at FROM app_data.encryption_keys";
    assert_eq!(database.ask(key).await.unwrap(), format!("{PYTHON_KEY} 2026-01-02 03:04:05"));
    let theirs = "SELECT version || of_somebody_else FROM app_data._sqlx_migrations";
    assert_eq!(database.ask(theirs).await.unwrap(), "99theirs");
}

#[tokio::test]
async fn a_key_is_imported_once_and_another_one_is_refused() {
    let database = Database::create().await;
    let url = database.url();
    let with = |key: &'static str| [("DATABASE_URL", url.as_str()), ("GOOGLE_OAUTH_ENCRYPTION_KEY", key)];
    assert_eq!(init_db(&with(PYTHON_KEY)).await["encryption_key"], "Imported");
    assert_eq!(init_db(&with(PYTHON_KEY)).await["encryption_key"], "Kept");
    let refused = run(&["init-db"], &with(OTHER_KEY)).await;
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused);
    assert!(said.contains("GOOGLE_OAUTH_ENCRYPTION_KEY") && said.contains("hint: "), "{said}");
    assert!(!said.contains(OTHER_KEY) && !said.contains(PYTHON_KEY), "{said}");
    let kept = database.ask("SELECT key_value FROM app_data.encryption_keys").await.unwrap();
    assert_eq!(kept, PYTHON_KEY);
}

#[tokio::test]
async fn a_schema_that_the_deployer_made_needs_no_rights_on_the_database() {
    let database = Database::create().await;
    let (deployer, app) = (database.create_role("deployer").await, database.create_role("app").await);
    database.run(&format!("CREATE SCHEMA app_data AUTHORIZATION {deployer}")).await;
    database.run_as(&deployer, &format!("GRANT USAGE, CREATE ON SCHEMA app_data TO {app}")).await;
    let url = database.url_of(&app, "pw");
    for created in [false, false] {
        assert_eq!(init_db(&[("DATABASE_URL", &url)]).await["created_schema"], created);
    }
    let owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'encryption_keys'";
    assert_eq!(database.ask(owner).await.unwrap(), app);
}

#[tokio::test]
async fn missing_rights_are_explained_and_leave_nothing_behind() {
    let database = Database::create().await;
    let app = database.create_role("app").await;
    let refused = run(&["init-db"], &[("DATABASE_URL", &database.url_of(&app, "pw"))]).await;
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused);
    let reason = format!(
        "creating schema \"app_data\" failed: permission denied for database {} (SQLSTATE 42501)",
        database.name
    );
    assert!(said.contains(&reason), "{said}");
    assert!(said.contains("hint: the app's role needs CREATE on the database"), "{said}");
    let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = 'app_data'";
    assert_eq!(database.ask(schemas).await.unwrap(), "0");
}

#[tokio::test]
async fn a_wrong_password_is_explained_and_not_repeated() {
    let database = Database::create().await;
    let app = database.create_role("app").await;
    let refused = run(&["init-db"], &[("DATABASE_URL", &database.url_of(&app, "wrong-secret"))]).await;
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused);
    assert!(said.contains("hint: the database doesn't know the app's role"), "{said}");
    assert!(!said.contains("wrong-secret"), "{said}");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_waited_for_and_then_given_up() {
    let gone = unique("gone");
    let url = format!("postgres://nobody@127.0.0.1:1/{gone}");
    let refused = run(&["init-db", "--connect-timeout", "1"], &[("DATABASE_URL", &url)]).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains("no connection to the database"), "{}", text(&refused));
}

#[tokio::test]
async fn another_session_that_holds_the_lock_is_named_as_the_reason() {
    let database = Database::create().await;
    let mut holder = database.connect().await;
    sqlx::query("SELECT pg_advisory_lock(hashtextextended('tellr init-db app_data', 0))")
        .execute(&mut holder)
        .await
        .unwrap();
    let url = database.url();
    let environment = [("DATABASE_URL", url.as_str())];
    let refused = run(&["init-db", "--lock-timeout", "1"], &environment).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains("locking schema \"app_data\" was blocked for 1 s"), "{}", text(&refused));
    // another schema has a lock of its own
    init_db(&[("DATABASE_URL", &url), ("LAKEBASE_SCHEMA", "other")]).await;
    holder.close().await.unwrap();
    init_db(&environment).await;
}

#[tokio::test]
async fn a_schema_from_the_future_is_left_as_it_is() {
    let database = Database::create().await;
    let url = database.url();
    init_db(&[("DATABASE_URL", &url)]).await;
    database
        .run(
            "INSERT INTO app_data.tellr_migrations (version, description, success, checksum, execution_time)
             VALUES (9000, 'from the future', true, '\\x00', 0)",
        )
        .await;
    assert_eq!(init_db(&[("DATABASE_URL", &url)]).await["schema_version"], 9000);
}

#[tokio::test]
async fn a_wrong_environment_is_refused_before_anything_happens() {
    let database = Database::create().await;
    let environment = [
        ("DATABASE_URL", database.url()),
        ("LAKEBASE_SCHEMA", "x\"; DROP SCHEMA public; --".to_owned()),
        ("TELLR_DATABASE_RESET_ID", "a b".to_owned()),
    ];
    let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let refused = run(&["init-db"], &environment).await;
    assert_eq!(refused.status.code(), Some(2));
    let said = text(&refused);
    assert!(said.contains("LAKEBASE_SCHEMA") && said.contains("TELLR_DATABASE_RESET_ID"), "{said}");
}
