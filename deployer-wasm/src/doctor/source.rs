//! Where the app's code comes from: a package index, a wheel or a program.

use super::check::Check;
use super::settings::Settings;
use super::versions::{is_older, newest};
use super::{APP_PACKAGE, Published, Surroundings};
use crate::spec::{AppVersion, Binary, RawSpec, Wheel};

const OTHER_SOURCES: &str = "a local wheel (`--wheel`) or program (`--binary`) needs no package index";

/// Whether the code is there.
pub(super) async fn check(
    raw: &RawSpec,
    settings: &Settings,
    surroundings: &dyn Surroundings,
    program_version: &str,
) -> Check {
    if raw.wheel.is_some() || raw.binary.is_some() {
        return local(raw);
    }
    match surroundings.published(APP_PACKAGE).await {
        Ok(published) => package(&published, settings.app_version.as_ref(), program_version),
        Err(reason) => Check::warning(
            "source",
            format!("{reason}; the app's build asks its own index, which may be another one"),
        )
        .advise(OTHER_SOURCES),
    }
}

/// A file of this machine, by the rules that a create applies.
fn local(raw: &RawSpec) -> Check {
    let version = raw.values.contains_key("app_version").then_some("app_version");
    let found = match (&raw.wheel, &raw.binary, version) {
        (Some((name, content)), None, None) => Wheel::new(name, content.clone())
            .map(|wheel| format!("the wheel {}, {} bytes", wheel.file_name(), wheel.content().len())),
        (None, Some(content), None) => Binary::new(content).map(|binary| {
            format!("a program of {} bytes, compressed in {} parts", binary.size(), binary.parts().len())
        }),
        _ => {
            let advice = "give one of `--app-version`, `--wheel` and `--binary`";
            return Check::missing("source", "more than one source of the app was given").advise(advice);
        }
    };
    match found {
        Ok(found) => Check::ok("source", found),
        Err(error) => Check::missing("source", error.message),
    }
}

fn package(published: &Published, wanted: Option<&AppVersion>, program_version: &str) -> Check {
    let index = &published.index;
    let Some(latest) = newest(&published.versions) else {
        let found = format!("{index} has no {APP_PACKAGE}");
        return Check::missing("source", found).advise(OTHER_SOURCES);
    };
    match wanted {
        Some(wanted) if published.versions.iter().any(|version| version == wanted.as_str()) => {
            Check::ok("source", format!("{index} has {APP_PACKAGE} {wanted}"))
        }
        Some(wanted) => {
            Check::missing("source", format!("{index} has no {APP_PACKAGE} {wanted}; its newest is {latest}"))
                .advise(format!("name a version that is there; {OTHER_SOURCES}"))
        }
        None if is_older(latest, program_version) => {
            let found = format!(
                "the newest {APP_PACKAGE} in {index} is {latest}, older than this program ({program_version})"
            );
            Check::warning("source", found).advise(OTHER_SOURCES)
        }
        None => Check::ok("source", format!("{index} has {APP_PACKAGE} {latest}, its newest")),
    }
}
