//! The deployer's page: the engine and its screens as one WebAssembly module, behind the shell in `www/`.

use crate::frontend::{self, Page, SingleFile};
use crate::repository::Repository;
use crate::webassembly::Mode;

/// The page as one file, which the Python package carries.
pub(crate) const SINGLE_FILE: &str = "dist/tellr-deployer.html";

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
    // The design asks for 250 KB; docs/deployer-page.md tells what takes the rest.
    limit: 460_000,
    single_file: Some(SingleFile {
        template: "notebook.html",
        script: "notebook.js",
        path: SINGLE_FILE,
        further_policy: "img-src data:; connect-src https: http://127.0.0.1:* http://localhost:*; form-action 'none'; \
                         base-uri 'none'",
        limit: 1_000_000,
    }),
};

/// Builds the page into `deployer-ui/dist`, and as one file into `dist`.
pub(crate) fn run(repository: &Repository, mode: Mode) -> anyhow::Result<()> {
    frontend::build(repository, &PAGE, mode)
}
