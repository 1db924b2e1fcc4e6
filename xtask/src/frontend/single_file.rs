//! A page as one file: for places where nothing may be fetched, such as the output of a notebook's cell.

use std::path::Path;

use anyhow::{Context, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::{compress, files, read};
use crate::repository::Repository;
use crate::say;
use crate::webassembly::{Bound, Mode};

/// Where the template wants the built parts.
const PLACEHOLDER: &str = "<!-- boot -->";

/// How a page becomes one file.
pub(crate) struct SingleFile {
    /// Its template, in the page's shell.
    pub(crate) template: &'static str,
    /// The script that starts it, in the page's shell.
    pub(crate) script: &'static str,
    /// Where it goes.
    pub(crate) path: &'static str,
    /// What its security policy says besides that only its own style and script count.
    pub(crate) further_policy: &'static str,
    /// The most bytes it may have as shipped.
    pub(crate) limit: usize,
}

impl SingleFile {
    /// Writes it.
    pub(super) fn write(
        &self,
        repository: &Repository,
        shell: &Path,
        bound: &Bound,
        mode: Mode,
    ) -> anyhow::Result<()> {
        let part = |name: &str| {
            String::from_utf8(read(&shell.join(name))?).with_context(|| format!("{name} is not UTF-8"))
        };
        let (template, script, style) = (part(self.template)?, part(self.script)?, part("styles.css")?);
        let module = STANDARD.encode(compress::gzip(&bound.wasm)?);
        let script = format!("{}\n{script}", bound.glue);
        let page = fill(&template, &style, &module, &script, self.further_policy)?;
        let (size, limit) = (page.len(), self.limit);
        ensure!(
            mode == Mode::Development || size <= limit,
            "{} has {size} bytes, more than {limit}",
            self.path
        );
        let path = repository.path(self.path);
        files::write_if_changed(&path, page.as_bytes())?;
        say::line(&format!("{} ({:.1} KB)", path.display(), size as f64 / 1000.0));
        Ok(())
    }
}

/// Puts the parts into the template. The policy names style and script by their digests: no other runs.
fn fill(
    template: &str,
    style: &str,
    module: &str,
    script: &str,
    further_policy: &str,
) -> anyhow::Result<String> {
    let Some((head, rest)) = template.split_once(PLACEHOLDER) else {
        anyhow::bail!("the template of the single file needs `{PLACEHOLDER}`")
    };
    ensure!(!style.to_ascii_lowercase().contains("</style"), "the style sheet would end too early");
    // the same text to JavaScript, in strings and comments, but not the end of the element
    let script = script.replace("</script", r"<\/script").replace("<!--", r"<\!--");
    let (style_digest, script_digest) = (digest(style), digest(&script));
    Ok(format!(
        r#"{head}<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src '{script_digest}' 'wasm-unsafe-eval'; style-src '{style_digest}'; {further_policy}">
  <style>{style}</style>
  <script type="application/gzip" id="module">{module}</script>
  <script type="module">{script}</script>{rest}"#
    ))
}

fn digest(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_lies_inside_and_is_named_by_its_digest() {
        let page = fill("<head><!-- boot --></head>", "a{}", "H4sI", "start()", "base-uri 'none'").unwrap();
        let policy = format!(
            "default-src 'none'; script-src '{}' 'wasm-unsafe-eval'; style-src '{}'; base-uri 'none'",
            digest("start()"),
            digest("a{}")
        );
        assert!(page.contains(&format!(r#"content="{policy}""#)), "{page}");
        assert!(page.contains("<style>a{}</style>") && page.contains(">start()</script></head>"), "{page}");
        assert!(page.contains(r#"id="module">H4sI</script>"#), "{page}");
    }

    #[test]
    fn no_part_ends_its_element_early() {
        let page = fill("<!-- boot -->", "", "", "f('</script><!--')", "").unwrap();
        assert!(page.contains(r"f('<\/script><\!--')"), "{page}");
        assert!(page.contains(&digest(r"f('<\/script><\!--')")), "{page}");
        assert!(fill("<!-- boot -->", "</STYLE>", "", "", "").is_err());
    }

    #[test]
    fn a_template_without_its_placeholder_is_refused() {
        assert!(fill("<head></head>", "", "", "", "").is_err());
    }

    #[test]
    fn digests_are_what_browsers_compute() {
        assert_eq!(digest(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }
}
