//! What the platform runs to start the app: the word after `sh -c` in `app.yaml`.
//!
//! Each way ends with `exec`, so that no shell is left in between and the platform's SIGTERM reaches the server.

use crate::spec::{AppSource, Binary};

/// The package's program is on the PATH: the platform has installed `requirements.txt` in its build.
const INSTALLED: &str = "tellr-app init-db && exec tellr-app serve";

/// The shell command that starts an app from `source`.
pub fn command(source: &AppSource) -> String {
    match source {
        AppSource::Package(_) | AppSource::Wheel(_) => INSTALLED.to_owned(),
        AppSource::Binary(binary) => unpacked(binary),
    }
}

/// Joins and unpacks the program, checks its digest, and only then runs it.
///
/// It writes below `/tmp` alone, into a folder of its own: the app's folder may be read-only, and another instance may
/// be starting. Folders that starts before have left are removed when they are an hour old; the programs in them
/// run on without their files.
fn unpacked(binary: &Binary) -> String {
    let parts: Vec<&str> = binary.parts().iter().map(|part| part.file_name.as_str()).collect();
    let parts = parts.join(" ");
    let sha256 = binary.sha256();
    format!(
        r#"set -eu
fail() {{ echo "tellr: the app cannot start: $1" >&2; exit 1; }}
find /tmp -maxdepth 1 -name 'tellr-app.*' -user "$(id -u)" -mmin +60 -exec rm -rf {{}} + || true
folder=$(mktemp -d /tmp/tellr-app.XXXXXXXX) || fail 'no folder can be made in /tmp'
program=$folder/tellr-app
for part in {parts}; do
  [ -r "$part" ] || fail "the file $part of its program is missing; run tellr update with the same program again"
done
cat {parts} | gzip -dc > "$program" || {{ rm -rf "$folder"; fail 'its program cannot be unpacked: a part is damaged, or /tmp is full; run tellr update with the same program again'; }}
echo "{sha256}  $program" | sha256sum -c --status || {{ rm -rf "$folder"; fail 'its program is not the one that was deployed (sha256 {sha256}): a part is damaged; run tellr update with the same program again'; }}
chmod 700 "$program"
"$program" init-db
exec "$program" serve
"#
    )
}
