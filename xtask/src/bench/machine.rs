//! The machine that figures were measured on.

use std::fs;
use std::thread::available_parallelism;

/// Processor, cores, system: what another reader needs to compare.
pub(super) fn describe() -> anyhow::Result<String> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = field(&cpu, "model name", ':').unwrap_or("unknown processor");
    let os = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let system = field(&os, "PRETTY_NAME", '=').unwrap_or("Linux").trim_matches('"');
    Ok(format!("{model}, {} cores, {system}", available_parallelism()?))
}

fn field<'a>(text: &'a str, name: &str, separator: char) -> Option<&'a str> {
    let mut pairs = text.lines().filter_map(|line| line.split_once(separator));
    pairs.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        assert_eq!(field("model\t: 1\nmodel name\t: Fast CPU\n", "model name", ':'), Some("Fast CPU"));
        assert_eq!(field("ID=debian\n", "NAME", '='), None);
    }
}
