//! Opening the browser without showing the secret to others on this machine.

use std::io::Write as _;

use databricks::Secret;
use tempfile::NamedTempFile;

use crate::printer::Printer;

/// A file that only this user can read and that leads a browser to the page. Programs are started with it, since what a
/// program is started with can be read by everybody. It is gone when this is dropped.
pub(super) struct Opening(#[expect(dead_code, reason = "held until the end")] NamedTempFile);

impl Opening {
    /// Opens the page in the user's browser; a warning if that cannot be done.
    pub(super) fn of(address: &Secret, printer: &Printer) -> Option<Self> {
        match write(address).and_then(|file| open::that_detached(file.path()).map(|()| file)) {
            Ok(file) => Some(Self(file)),
            Err(error) => {
                printer.warning(&format!("no browser could be opened: {error}"));
                None
            }
        }
    }
}

fn write(address: &Secret) -> std::io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix("tellr-ui-").suffix(".html").tempfile()?;
    write!(
        file,
        "<!doctype html><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\">\
         <title>Tellr</title><meta http-equiv=\"refresh\" content=\"0; url={}\">",
        address.expose()
    )?;
    file.flush()?;
    Ok(file)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_file_leads_to_the_page_and_is_its_users_own() {
        let file = write(&Secret::new("http://127.0.0.1:1/#secret=abc")).unwrap();
        let text = std::fs::read_to_string(file.path()).unwrap();
        assert!(text.contains("0; url=http://127.0.0.1:1/#secret=abc"), "{text}");
        assert_eq!(file.as_file().metadata().unwrap().permissions().mode() & 0o077, 0);
    }
}
