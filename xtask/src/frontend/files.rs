//! The files of a built page.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use sha2::{Digest, Sha256};

/// Contents by path relative to the root of the site.
#[derive(Default)]
pub(super) struct Files {
    by_path: BTreeMap<String, Vec<u8>>,
}

impl Files {
    /// Adds a file under a fixed name.
    pub(super) fn add(&mut self, path: impl Into<String>, content: Vec<u8>) {
        self.by_path.insert(path.into(), content);
    }

    /// Adds a file as `{stem}-{hash of the content}.{extension}` and gives that path: such a file may be cached for ever.
    pub(super) fn add_hashed(&mut self, stem: &str, extension: &str, content: Vec<u8>) -> String {
        let hash: String =
            Sha256::digest(&content).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let path = format!("{stem}-{hash}.{extension}");
        self.add(path.clone(), content);
        path
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.by_path.iter().map(|(path, content)| (path.as_str(), content.as_slice()))
    }

    pub(super) fn len(&self) -> usize {
        self.by_path.len()
    }

    /// Bytes that a first visit transfers: the smallest form of each file.
    pub(super) fn first_load(&self) -> usize {
        let originals = self.iter().filter(|(path, _)| !is_variant(path));
        originals
            .map(|(path, content)| self.by_path.get(&format!("{path}.br")).map_or(content.len(), Vec::len))
            .sum()
    }

    /// Makes the folder hold exactly these files and gives how many had to be written.
    pub(super) fn write_to(&self, folder: &Path) -> anyhow::Result<usize> {
        for path in paths_below(folder)? {
            let is_ours = path
                .strip_prefix(folder)
                .ok()
                .and_then(Path::to_str)
                .is_some_and(|path| self.by_path.contains_key(path));
            if !is_ours {
                fs::remove_file(&path).with_context(|| format!("{} cannot be removed", path.display()))?;
            }
        }
        let mut changed = 0;
        for (path, content) in self.iter() {
            changed += usize::from(write_if_changed(&folder.join(path), content)?);
        }
        Ok(changed)
    }
}

/// Whether the path is that of a compressed copy.
pub(super) fn is_variant(path: &str) -> bool {
    path.ends_with(".br") || path.ends_with(".gz")
}

pub(super) fn write_if_changed(path: &Path, content: &[u8]) -> anyhow::Result<bool> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(false);
    }
    let context = || format!("{} cannot be written", path.display());
    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).with_context(context)?;
    fs::write(path, content).with_context(context)?;
    Ok(true)
}

/// Every file below a folder; none if there is no such folder.
fn paths_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() { paths.extend(paths_below(&path)?) } else { paths.push(path) }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_made_to_hold_exactly_the_files_and_equal_ones_stay_untouched() {
        let folder = tempfile::tempdir().unwrap();
        let stale = folder.path().join("assets/old.js");
        fs::create_dir_all(stale.parent().unwrap()).unwrap();
        fs::write(&stale, "old").unwrap();
        let mut files = Files::default();
        files.add("index.html", b"page".to_vec());
        let script = files.add_hashed("assets/boot", "js", b"start()".to_vec());
        assert_eq!(files.write_to(folder.path()).unwrap(), 2);
        assert!(!stale.exists());
        assert_eq!(fs::read(folder.path().join(script)).unwrap(), b"start()");
        let written = fs::metadata(folder.path().join("index.html")).unwrap().modified().unwrap();
        assert_eq!(files.write_to(folder.path()).unwrap(), 0);
        assert_eq!(fs::metadata(folder.path().join("index.html")).unwrap().modified().unwrap(), written);
    }

    #[test]
    fn the_name_follows_the_content() {
        let mut files = Files::default();
        let first = files.add_hashed("a", "js", b"1".to_vec());
        assert_eq!(first, files.add_hashed("a", "js", b"1".to_vec()));
        assert_ne!(first, files.add_hashed("a", "js", b"2".to_vec()));
        assert_eq!(first.len(), "a-0123456789abcdef.js".len());
    }

    #[test]
    fn the_first_load_counts_the_smallest_form_of_each_file() {
        let mut files = Files::default();
        files.add("a.js", vec![0; 1000]);
        files.add("a.js.br", vec![0; 200]);
        files.add("a.js.gz", vec![0; 300]);
        files.add("b.svg", vec![0; 100]);
        assert_eq!(files.first_load(), 300);
    }
}
