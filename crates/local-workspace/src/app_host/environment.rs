//! The environment of a running app: the machine's minimum, the platform's variables, `app.yaml`'s.
//!
//! Nothing of the workspace's own environment gets in, which may hold credentials.

use std::path::Path;

/// Where the machine's certificates are, if it says so; no secrets, and TLS may not work without.
const PASSED_ON: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// What a process needs to run on this machine at all; also the environment of the build.
pub(crate) fn minimal(venv: &Path, home: &Path) -> Vec<(String, String)> {
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", venv.join("bin").display());
    let mut env = vec![
        pair("PATH", path),
        pair("VIRTUAL_ENV", venv.display()),
        pair("HOME", home.display()),
        pair("LANG", "C.UTF-8"),
        pair("PYTHONUNBUFFERED", 1),
    ];
    for name in PASSED_ON {
        if let Ok(value) = std::env::var(name) {
            env.push(pair(name, value));
        }
    }
    env
}

/// The port, for the app and for the frameworks the platform knows.
///
/// The platform's frameworks listen on all interfaces. Here they listen on loopback only: nothing but the proxy
/// in front checks who is calling.
pub(crate) fn port_variables(port: u16) -> Vec<(String, String)> {
    const LOOPBACK: &str = "127.0.0.1";
    vec![
        pair("DATABRICKS_APP_PORT", port),
        pair("PORT", port),
        pair("UVICORN_HOST", LOOPBACK),
        pair("UVICORN_PORT", port),
        pair("FLASK_RUN_HOST", LOOPBACK),
        pair("FLASK_RUN_PORT", port),
        pair("GRADIO_SERVER_NAME", LOOPBACK),
        pair("GRADIO_SERVER_PORT", port),
        pair("GRADIO_ANALYTICS_ENABLED", "false"),
        pair("STREAMLIT_SERVER_ADDRESS", LOOPBACK),
        pair("STREAMLIT_SERVER_PORT", port),
        pair("STREAMLIT_SERVER_HEADLESS", "true"),
        pair("STREAMLIT_BROWSER_GATHER_USAGE_STATS", "false"),
    ]
}

/// Replaces `$DATABRICKS_APP_PORT`, the only variable the platform knows in a command.
pub(crate) fn substitute_port(word: &str, port: u16) -> String {
    word.replace("$DATABRICKS_APP_PORT", &port.to_string())
}

fn pair(name: &str, value: impl std::fmt::Display) -> (String, String) {
    (name.to_owned(), value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_minimal() {
        let env = minimal(Path::new("/v"), Path::new("/h"));
        let names: Vec<&str> = env.iter().map(|(name, _)| name.as_str()).collect();
        let allowed =
            ["PATH", "VIRTUAL_ENV", "HOME", "LANG", "PYTHONUNBUFFERED", "SSL_CERT_FILE", "SSL_CERT_DIR"];
        assert!(names.iter().all(|name| allowed.contains(name)), "{names:?}");
        assert!(env[0].1.starts_with("/v/bin:"));
    }

    #[test]
    fn only_the_port_is_substituted() {
        assert_eq!(substitute_port("--port=$DATABRICKS_APP_PORT", 8000), "--port=8000");
        assert_eq!(substitute_port("$HOME `x` ${PATH}", 8000), "$HOME `x` ${PATH}");
    }
}
