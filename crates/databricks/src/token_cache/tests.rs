use std::fs;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

const PATIENCE: Duration = Duration::from_secs(5);

fn token(access: &str) -> CachedToken {
    CachedToken {
        access_token: Secret::new(access),
        refresh_token: Some(Secret::new(format!("refresh-{access}"))),
        expiry: Some("2026-11-23T13:00:00Z".parse().unwrap()),
    }
}

fn keys(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|&key| key.to_owned()).collect()
}

const HOST: &str = "https://w.example.com";

#[tokio::test]
async fn what_is_stored_is_found_in_the_official_form_and_private() {
    let home = tempfile::tempdir().unwrap();
    let cache = TokenCache::in_home(home.path());
    assert_eq!(cache.find(&keys(&[HOST])).unwrap(), None);
    cache.store(&keys(&["work", HOST]), &token("a"), PATIENCE).await.unwrap();
    assert_eq!(cache.find(&keys(&[HOST])).unwrap(), Some(token("a")));
    let written: Value = serde_json::from_str(&fs::read_to_string(cache.path()).unwrap()).unwrap();
    let entry = serde_json::json!({"access_token": "a", "token_type": "Bearer", "refresh_token": "refresh-a", "expiry": "2026-11-23T13:00:00Z"});
    assert_eq!(written, serde_json::json!({"version": 1, "tokens": {"work": entry, HOST: entry}}));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(cache.path()), 0o600);
        assert_eq!(mode(cache.path().parent().unwrap()), 0o700);
    }
}

#[tokio::test]
async fn entries_of_others_and_unknown_fields_stay() {
    let home = tempfile::tempdir().unwrap();
    let cache = TokenCache::in_home(home.path());
    fs::create_dir(home.path().join(".databricks")).unwrap();
    let before = r#"{"version": 1, "tokens": {"other": {"access_token": "x", "new_field": [1]},
        "work": {"access_token": "a", "refresh_token": "refresh-a", "expiry": "2026-11-23T14:00:00.0+01:00", "kept": true},
        "copy": {"access_token": "a", "refresh_token": "refresh-a", "expiry": "2026-11-23T13:00:00Z"}, "odd": 7}}"#;
    fs::write(cache.path(), before).unwrap();
    let old = cache.find(&keys(&["gone", "work"])).unwrap().unwrap();
    assert_eq!(old, token("a"), "an expiry with an offset is the same moment");
    cache.replace(&old, &token("b")).unwrap();
    let written: Value = serde_json::from_str(&fs::read_to_string(cache.path()).unwrap()).unwrap();
    assert_eq!(written["tokens"]["other"]["new_field"][0], 1);
    assert_eq!(written["tokens"]["odd"], 7);
    assert_eq!(written["tokens"]["work"]["kept"], true);
    assert_eq!(written["tokens"]["copy"]["refresh_token"], "refresh-b", "no copy keeps a used refresh token");

    assert!(cache.remove(&keys(&["work"]), PATIENCE).await.unwrap());
    assert!(!cache.remove(&keys(&["work"]), PATIENCE).await.unwrap());
    let left: Value = serde_json::from_str(&fs::read_to_string(cache.path()).unwrap()).unwrap();
    let left: Vec<&String> = left["tokens"].as_object().unwrap().keys().collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_token_without_end_and_one_of_unreadable_end() {
    let read = |expiry: &str| {
        CachedToken::read(&serde_json::json!({"access_token": "a", "expiry": expiry})).unwrap().expiry
    };
    assert_eq!(read("0001-01-01T00:00:00Z"), None);
    assert_eq!(read("soon"), Some(Timestamp::UNIX_EPOCH));
    assert_eq!(CachedToken::read(&serde_json::json!({"refresh_token": "r"})), None);
}

#[tokio::test]
async fn another_format_is_refused_and_not_overwritten() {
    let home = tempfile::tempdir().unwrap();
    let cache = TokenCache::in_home(home.path());
    fs::create_dir(home.path().join(".databricks")).unwrap();
    for (text, reason) in [
        (r#"{"version": 2, "tokens": {}}"#, "it has format 2, and this program knows format 1"),
        (r#"{"tokens": {}}"#, "it does not say its format"),
        (r#"{"version": 1, "tokens": []}"#, "its `tokens` is not an object"),
        ("not JSON", "it is not the JSON that is expected"),
    ] {
        fs::write(cache.path(), text).unwrap();
        let error = cache.store(&keys(&[HOST]), &token("a"), PATIENCE).await.unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(fs::read_to_string(cache.path()).unwrap(), text);
    }
}

#[tokio::test]
async fn who_holds_the_lock_is_waited_for_until_the_deadline() {
    let home = tempfile::tempdir().unwrap();
    let cache = TokenCache::in_home(home.path());
    let held = cache.lock(PATIENCE).await.unwrap();
    let error = cache.store(&keys(&[HOST]), &token("a"), Duration::ZERO).await.unwrap_err();
    assert!(error.to_string().contains("another program has held its lock"), "{error}");
    drop(held);
    cache.store(&keys(&[HOST]), &token("a"), Duration::ZERO).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_to_the_file_stays_a_link() {
    let home = tempfile::tempdir().unwrap();
    let cache = TokenCache::in_home(home.path());
    fs::create_dir(home.path().join(".databricks")).unwrap();
    let elsewhere = home.path().join("elsewhere.json");
    fs::write(&elsewhere, r#"{"version": 1, "tokens": {}}"#).unwrap();
    std::os::unix::fs::symlink(&elsewhere, cache.path()).unwrap();
    cache.store(&keys(&[HOST]), &token("a"), PATIENCE).await.unwrap();
    assert!(fs::symlink_metadata(cache.path()).unwrap().is_symlink());
    assert!(fs::read_to_string(&elsewhere).unwrap().contains("refresh-a"));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(\\{\"version\": ?1,)?(\"tokens\":|[{}\\[\\]:,\"]|\\PC){0,40}") {
        let _ = read_tokens(&text);
    }
}
