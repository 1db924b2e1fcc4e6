//! Renewal in time that is stepped, not waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// Issues `login-1`, `login-2`, … with a life, or fails while `failing` is above zero.
#[derive(Default)]
struct Workspace {
    life: Duration,
    takes: Duration,
    calls: AtomicU32,
    failing: AtomicU32,
}

#[async_trait]
impl IssueLogin for Arc<Workspace> {
    async fn issue(&self) -> Result<Login, CredentialError> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::time::sleep(self.takes).await;
        if self.failing.load(Ordering::SeqCst) > 0 {
            self.failing.fetch_sub(1, Ordering::SeqCst);
            return Err(CredentialError::NoHost("the test".to_owned()));
        }
        Ok(Login {
            host: "localhost".to_owned(),
            user: "app".to_owned(),
            password: Secret::new(format!("login-{call}")),
            expires: Timestamp::now() + self.life,
        })
    }
}

fn credentials(workspace: &Arc<Workspace>) -> Arc<Credentials> {
    credentials_and_log(workspace).0
}

/// Credentials and the passwords that whoever opens connections was told.
fn credentials_and_log(workspace: &Arc<Workspace>) -> (Arc<Credentials>, Arc<Mutex<Vec<String>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    let credentials = Credentials::new(Arc::clone(workspace), move |login| {
        listener.lock().unwrap().push(login.password.expose().to_owned());
    });
    (Arc::new(credentials), told)
}

fn calls(workspace: &Workspace) -> u32 {
    workspace.calls.load(Ordering::SeqCst)
}

#[test]
fn the_margin_is_a_fifth_of_the_life_and_ten_minutes_at_most() {
    assert_eq!(renewal_margin(Duration::from_secs(3600)), Duration::from_secs(600));
    assert_eq!(renewal_margin(Duration::from_secs(300)), Duration::from_secs(60));
    assert_eq!(renewal_margin(Duration::from_secs(2)), Duration::from_millis(400));
    assert_eq!(renewal_margin(Duration::ZERO), Duration::ZERO);
}

#[test]
fn retries_slow_down_to_a_limit() {
    assert_eq!(retry_delay(1), FIRST_RETRY);
    assert_eq!(retry_delay(2), FIRST_RETRY * 2);
    assert_eq!(retry_delay(u32::MAX), LONGEST_RETRY);
}

#[tokio::test(start_paused = true)]
async fn many_callers_cause_one_call() {
    let workspace = Arc::new(Workspace {
        life: Duration::from_secs(3600),
        takes: Duration::from_millis(50),
        ..Default::default()
    });
    let (credentials, told) = credentials_and_log(&workspace);
    let callers: Vec<_> = (0..20)
        .map(|_| {
            tokio::spawn({
                let credentials = Arc::clone(&credentials);
                async move { credentials.current().await }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    assert_eq!(calls(&workspace), 1);
    assert_eq!(*told.lock().unwrap(), ["login-1"]);
}

#[tokio::test(start_paused = true)]
async fn a_login_is_renewed_before_it_expires_even_if_it_lives_two_seconds() {
    for life in [2, 5, 300, 3600] {
        let workspace = Arc::new(Workspace { life: Duration::from_secs(life), ..Default::default() });
        let credentials = credentials(&workspace);
        let renewing = tokio::spawn({
            let credentials = Arc::clone(&credentials);
            async move { credentials.keep_fresh().await }
        });
        let end = Instant::now() + Duration::from_secs(life * 10);
        tokio::time::sleep(Duration::from_millis(1)).await;
        while Instant::now() < end {
            assert!(credentials.is_valid(), "a gap with a life of {life} s");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        renewing.abort();
        let calls = calls(&workspace);
        assert!((10..=14).contains(&calls), "{calls} calls in ten lives of {life} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_while_the_old_login_is_valid_is_tried_again_before_it_expires() {
    let workspace = Arc::new(Workspace { life: Duration::from_secs(3600), ..Default::default() });
    let (credentials, told) = credentials_and_log(&workspace);
    credentials.current().await.unwrap();
    workspace.failing.store(5, Ordering::SeqCst);
    let renewing = tokio::spawn({
        let credentials = Arc::clone(&credentials);
        async move { credentials.keep_fresh().await }
    });
    tokio::time::sleep(Duration::from_secs(3600 - 60)).await;
    assert!(credentials.is_valid());
    assert_eq!(*told.lock().unwrap(), ["login-1", "login-7"], "five failures between them");
    renewing.abort();
}

#[tokio::test(start_paused = true)]
async fn while_the_workspace_fails_callers_share_the_failure() {
    let workspace = Arc::new(Workspace { life: Duration::from_secs(60), ..Default::default() });
    workspace.failing.store(u32::MAX, Ordering::SeqCst);
    let credentials = credentials(&workspace);
    for _ in 0..50 {
        assert!(credentials.current().await.is_err());
    }
    assert_eq!(calls(&workspace), 1, "not one call for each caller");
    workspace.failing.store(0, Ordering::SeqCst);
    tokio::time::sleep(FIRST_RETRY).await;
    credentials.current().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_workspace_that_never_answers_is_not_waited_for_for_ever() {
    let workspace = Arc::new(Workspace { takes: Duration::from_secs(u32::MAX.into()), ..Default::default() });
    let error = credentials(&workspace).current().await.unwrap_err();
    assert!(matches!(error, CredentialError::TimedOut(_)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn logins_that_are_over_at_once_are_not_asked_for_without_pause() {
    let workspace = Arc::new(Workspace { life: Duration::ZERO, ..Default::default() });
    let credentials = credentials(&workspace);
    let renewing = tokio::spawn(async move { credentials.keep_fresh().await });
    tokio::time::sleep(Duration::from_secs(10)).await;
    renewing.abort();
    assert!(calls(&workspace) <= 42, "{} calls in 10 s", calls(&workspace));
}

#[tokio::test(start_paused = true)]
async fn whoever_opens_connections_is_told_of_each_login() {
    let workspace = Arc::new(Workspace { life: Duration::from_secs(10), ..Default::default() });
    let (credentials, told) = credentials_and_log(&workspace);
    credentials.current().await.unwrap();
    tokio::time::sleep(Duration::from_secs(11)).await;
    credentials.current().await.unwrap();
    assert_eq!(*told.lock().unwrap(), ["login-1", "login-2"]);
}
