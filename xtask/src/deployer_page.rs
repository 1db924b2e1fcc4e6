//! The deployer's page: the engine and its screens as one WebAssembly module, behind the shell in `www/`.

use crate::frontend::{self, Mode, Page};
use crate::repository::Repository;

/// The page lies in any folder of any server, and carries its own security policy: scripts and styles are its own files,
/// nothing is evaluated but WebAssembly, and calls go over TLS or to this machine.
const PAGE: Page = Page {
    package: "tellr-deployer-ui",
    shell: "www",
    dist: "deployer-ui/dist",
    base: "",
    security_policy: Some(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
         connect-src 'self' https: http://127.0.0.1:* http://localhost:*; form-action 'none'; base-uri 'none'",
    ),
    // The design asks for 250 KB. The engine alone is more; what makes it so large is told in docs/deployer-page.md.
    limit: 720_000,
};

/// Builds the page into `deployer-ui/dist`.
pub(crate) fn run(repository: &Repository, mode: Mode) -> anyhow::Result<()> {
    frontend::build(repository, &PAGE, mode)
}
