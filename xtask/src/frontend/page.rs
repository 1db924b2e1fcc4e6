//! `index.html`: the template with the built assets in it.

use anyhow::ensure;

/// Where the template wants the built assets.
const PLACEHOLDER: &str = "<!-- boot -->";

/// Paths of the built assets, relative to the root of the site.
pub(super) struct Assets {
    /// What stands before the paths in the page.
    pub(super) base: &'static str,
    /// The policy that the page carries itself.
    pub(super) security_policy: Option<&'static str>,
    pub(super) wasm_path: String,
    pub(super) glue_path: String,
    pub(super) boot_path: String,
    pub(super) style_path: String,
}

/// Puts the assets into the template and takes out the lines that are there for Trunk.
/// All of it is external: the page's security policy allows no inline script.
pub(super) fn fill(template: &str, assets: &Assets) -> anyhow::Result<String> {
    ensure!(template.matches(PLACEHOLDER).count() == 1, "index.html needs `{PLACEHOLDER}` exactly once");
    let Assets { base, security_policy, wasm_path, glue_path, boot_path, style_path } = assets;
    let policy = security_policy
        .map(|policy| format!(r#"<meta http-equiv="Content-Security-Policy" content="{policy}">"#));
    let links = [
        format!(r#"<link rel="stylesheet" href="{base}{style_path}">"#),
        format!(
            r#"<link rel="preload" href="{base}{wasm_path}" as="fetch" type="application/wasm" crossorigin>"#
        ),
        format!(r#"<link rel="modulepreload" href="{base}{glue_path}">"#),
        format!(r#"<script type="module" src="{base}{boot_path}"></script>"#),
    ];
    let lines: Vec<String> = policy.into_iter().chain(links).collect();
    let mut page = String::with_capacity(template.len() + 512);
    for line in template.lines().filter(|line| !line.contains("data-trunk")) {
        match line.split_once(PLACEHOLDER) {
            None => page.push_str(line),
            Some((indent, rest)) => {
                page.push_str(indent);
                page.push_str(&lines.join(&format!("\n{indent}")));
                page.push_str(rest);
            }
        }
        page.push('\n');
    }
    Ok(page)
}

/// The script that starts the module, and says so in the page if it cannot be started. It finds both files beside itself.
pub(super) fn boot_script(glue_path: &str, wasm_path: &str) -> String {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let (glue, wasm) = (name(glue_path), name(wasm_path));
    format!(
        r#"import start from "./{glue}";
function tell(words, error) {{
  console.error(error);
  const message = document.createElement("p");
  message.setAttribute("role", "alert");
  message.textContent = words;
  document.body.prepend(message);
}}
// a module that has stopped answers nothing any more
for (const [kind, thrown] of [["error", "error"], ["unhandledrejection", "reason"]]) {{
  addEventListener(kind, (event) => {{
    if (event[thrown] instanceof WebAssembly.RuntimeError) {{
      tell("This page has stopped because of a mistake in it. Please load it again.", event[thrown]);
    }}
  }}, {{ once: true }});
}}
try {{
  await start({{ module_or_path: new URL("./{wasm}", import.meta.url) }});
}} catch (error) {{
  tell(`Tellr could not start in this browser: ${{error}}`, error);
}}
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assets() -> Assets {
        Assets {
            base: "/",
            security_policy: None,
            wasm_path: "assets/tellr_bg-1.wasm".into(),
            glue_path: "assets/tellr-2.js".into(),
            boot_path: "assets/boot-3.js".into(),
            style_path: "assets/styles-4.css".into(),
        }
    }

    #[test]
    fn the_assets_take_the_placeholders_place_and_trunks_lines_go() {
        let template =
            "<head>\n  <link data-trunk rel=\"css\" href=\"styles.css\">\n  <!-- boot -->\n</head>\n";
        let page = fill(template, &assets()).unwrap();
        assert_eq!(
            page,
            r#"<head>
  <link rel="stylesheet" href="/assets/styles-4.css">
  <link rel="preload" href="/assets/tellr_bg-1.wasm" as="fetch" type="application/wasm" crossorigin>
  <link rel="modulepreload" href="/assets/tellr-2.js">
  <script type="module" src="/assets/boot-3.js"></script>
</head>
"#
        );
    }

    #[test]
    fn a_page_for_any_folder_names_its_assets_relatively_and_carries_its_policy_before_them() {
        let assets = Assets { base: "", security_policy: Some("default-src 'none'"), ..assets() };
        let page = fill("<!-- boot -->\n", &assets).unwrap();
        let lines: Vec<&str> = page.lines().collect();
        assert_eq!(
            lines[..2],
            [
                r#"<meta http-equiv="Content-Security-Policy" content="default-src 'none'">"#,
                r#"<link rel="stylesheet" href="assets/styles-4.css">"#,
            ]
        );
    }

    #[test]
    fn a_template_without_its_placeholder_is_refused() {
        assert!(fill("<head></head>", &assets()).unwrap_err().to_string().contains("exactly once"));
        assert!(fill("<!-- boot --><!-- boot -->", &assets()).is_err());
    }

    #[test]
    fn the_boot_script_names_both_files() {
        let script = boot_script("assets/tellr-2.js", "assets/tellr_bg-1.wasm");
        assert!(script.starts_with("import start from \"./tellr-2.js\";\n"));
        assert!(script.contains("new URL(\"./tellr_bg-1.wasm\", import.meta.url)"));
    }
}
