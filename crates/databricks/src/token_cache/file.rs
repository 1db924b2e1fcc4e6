//! Reading and replacing a private file.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

/// A cache larger than this is none.
const LARGEST: u64 = 4 * 1024 * 1024;

/// The text of a file; `None` when there is no file.
pub(super) fn read(path: &Path) -> Result<Option<String>, String> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("it cannot be read: {error}")),
    };
    let mut text = String::new();
    let length = file.take(LARGEST + 1).read_to_string(&mut text);
    match length {
        Ok(length) if length as u64 > LARGEST => Err(format!("it is larger than {LARGEST} bytes")),
        Ok(_) => Ok(Some(text)),
        Err(error) => Err(format!("it cannot be read: {error}")),
    }
}

/// Makes the folder of `path`, for its owner only.
pub(super) fn make_folder(path: &Path) -> Result<(), String> {
    let Some(folder) = path.parent() else { return Ok(()) };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder).map_err(|error| format!("its folder cannot be made: {error}"))
}

/// Replaces a file in one step, readable by its owner only. Whoever reads at the same time sees the old text or the new.
pub(super) fn write_privately(path: &Path, content: &[u8]) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("it cannot be written: {error}");
    // people keep such files elsewhere and link to them: the link stays
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().unwrap_or_else(|| Path::new("."));
    // such a file is made with mode 0600
    let mut file = tempfile::Builder::new()
        .prefix(".token-cache-")
        .tempfile_in(folder)
        .map_err(|error| failed(&error))?;
    file.write_all(content).and_then(|()| file.as_file().sync_all()).map_err(|error| failed(&error))?;
    file.persist(&target).map(drop).map_err(|error| failed(&error.error))
}
