//! The guide's table of fields is the one that the engine checks.

#![cfg(not(target_arch = "wasm32"))]

use deployer_wasm::spec::FIELDS;

#[test]
fn the_guide_lists_every_field_as_it_is() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/deploying.md");
    let guide = std::fs::read_to_string(path).expect("the guide");
    for field in FIELDS {
        let default = field.default.map_or_else(String::new, |default| format!("`{default}`"));
        let row = format!(
            "| `--{}` | `{}` | {} | {default} | {} |",
            field.flag, field.key, field.description, field.rule
        );
        assert!(guide.contains(&row), "docs/deploying.md lacks the row\n{row}");
    }
}
