//! Whether a file is a program that runs on the machines of Databricks Apps: Ubuntu 22.04 on x86-64, with glibc 2.35.

use object::LittleEndian;
use object::elf::{EM_386, EM_AARCH64, EM_ARM, EM_RISCV, EM_X86_64, ET_DYN, ET_EXEC, FileHeader64, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader, SectionTable};

type Header = FileHeader64<LittleEndian>;

/// The dynamic loader of those machines.
const LOADER: &[u8] = b"/lib64/ld-linux-x86-64.so.2";

/// The glibc of those machines.
const GLIBC: (u32, u32) = (2, 35);

/// The most version records that are looked at; a real program has a few dozen.
const MOST_VERSIONS: usize = 10_000;

const ENDIAN: LittleEndian = LittleEndian;

/// Checks a file's headers, as far as they tell; the error is what is wrong, as a clause about "it".
pub(super) fn check(content: &[u8]) -> Result<(), String> {
    check_identity(content)?;
    let damaged = |error: object::Error| format!("it is truncated or damaged: {error}");
    let header = Header::parse(content).map_err(damaged)?;
    check_machine(header)?;
    let segments = header.program_headers(ENDIAN, content).map_err(damaged)?;
    let mut loader = None;
    let mut loads = false;
    for segment in segments {
        if segment.p_type(ENDIAN) == PT_LOAD {
            segment.data(ENDIAN, content).map_err(|()| "it is truncated".to_owned())?;
            loads = true;
        }
        loader = loader.or(segment.interpreter(ENDIAN, content).map_err(damaged)?);
    }
    if !loads || header.e_entry(ENDIAN) == 0 {
        return Err("it is a library, not a program".into());
    }
    let sections = header.sections(ENDIAN, content).map_err(damaged)?;
    match loader {
        None => Ok(()),
        Some(LOADER) => check_glibc(&sections, content),
        Some(other) => Err(format!(
            "it needs the loader {:?}, which Databricks Apps does not have; link it statically",
            String::from_utf8_lossy(&other[..other.len().min(80)])
        )),
    }
}

fn check_identity(content: &[u8]) -> Result<(), String> {
    const LOOKS_LIKE: [(&[u8], &str); 7] = [
        (b"", "it is empty"),
        (b"PK\x03\x04", "it is a ZIP archive; a wheel is given as `local_wheel_path`"),
        (b"\x1f\x8b", "it is compressed with gzip; give the program itself"),
        (b"#!", "it is a script"),
        (b"MZ", "it is a program for Windows"),
        (b"\xcf\xfa\xed\xfe", "it is a program for macOS"),
        (b"\xca\xfe\xba\xbe", "it is a program for macOS"),
    ];
    if content.starts_with(b"\x7fELF") {
        return match content.get(4..6) {
            Some([2, 1]) => Ok(()),
            Some(_) => Err("it is not for a 64-bit little-endian machine".into()),
            None => Err("it is truncated".into()),
        };
    }
    let looks_like = |(start, _): &&(&[u8], &str)| {
        if start.is_empty() { content.is_empty() } else { content.starts_with(start) }
    };
    let reason = LOOKS_LIKE.iter().find(looks_like).map_or("it does not begin as one", |(_, reason)| reason);
    Err(reason.into())
}

fn check_machine(header: &Header) -> Result<(), String> {
    let machine = match header.e_machine(ENDIAN) {
        EM_X86_64 => None,
        EM_AARCH64 | EM_ARM => Some("ARM".to_owned()),
        EM_386 => Some("32-bit x86".to_owned()),
        EM_RISCV => Some("RISC-V".to_owned()),
        other => Some(format!("number {other}")),
    };
    if let Some(machine) = machine {
        return Err(format!("it is for another machine: {machine}"));
    }
    match header.e_type(ENDIAN) {
        ET_EXEC | ET_DYN => Ok(()),
        _ => Err("it is an object file or a core dump, not a program".into()),
    }
}

fn check_glibc(sections: &SectionTable<'_, Header>, content: &[u8]) -> Result<(), String> {
    let damaged = |error: object::Error| format!("its list of needed versions is damaged: {error}");
    let Some((mut needs, strings)) = sections.gnu_verneed(ENDIAN, content).map_err(damaged)? else {
        return Err(
            "it is linked dynamically, and its headers do not tell which glibc it needs; link it statically"
                .into(),
        );
    };
    let strings = sections.strings(ENDIAN, content, strings).map_err(damaged)?;
    let mut looked_at = 0;
    while let Some((_, mut versions)) = needs.next().map_err(damaged)? {
        while let Some(version) = versions.next().map_err(damaged)? {
            looked_at += 1;
            let name = version.name(ENDIAN, strings).map_err(damaged)?;
            if looked_at > MOST_VERSIONS || is_too_new(name) {
                return Err(format!(
                    "it needs {}, but Databricks Apps has glibc {}.{}; build it for an older one or link it statically",
                    String::from_utf8_lossy(&name[..name.len().min(40)]),
                    GLIBC.0,
                    GLIBC.1
                ));
            }
        }
    }
    Ok(())
}

/// Whether a version name such as `GLIBC_2.36` is of a newer glibc. Names of features (`GLIBC_ABI_DT_RELR`) came later.
fn is_too_new(name: &[u8]) -> bool {
    let Some(version) = name.strip_prefix(b"GLIBC_") else { return false };
    let text = String::from_utf8_lossy(version);
    let mut numbers = text.split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) > GLIBC,
        _ => text != "PRIVATE",
    }
}

#[cfg(test)]
mod tests {
    use super::is_too_new;

    #[test]
    fn versions_are_compared_as_numbers() {
        for name in ["GLIBC_2.36", "GLIBC_2.100", "GLIBC_3.0", "GLIBC_ABI_DT_RELR"] {
            assert!(is_too_new(name.as_bytes()), "{name}");
        }
        for name in ["GLIBC_2.2.5", "GLIBC_2.35", "GLIBC_2.4", "GLIBC_PRIVATE", "GCC_3.0", ""] {
            assert!(!is_too_new(name.as_bytes()), "{name}");
        }
    }
}
