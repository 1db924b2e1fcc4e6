//! The app's program as a source: which files are taken, and what becomes of them.

#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::expect_used, reason = "a test ends where it cannot go on")]

use std::io::Write;
use std::process::{Command, Stdio};

use deployer_wasm::app_files::{command, requirements_txt};
use deployer_wasm::spec::binary::{SIZE_LIMIT, is_part_of_the_app};
use deployer_wasm::spec::{AppSource, Binary, FIELDS, RawSpec};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

/// Where a program's headers lie in [`program`].
const SEGMENTS: usize = 64;
const SEGMENT_SIZE: usize = 56;
/// Where it lies in memory.
const ADDRESS: u64 = 0x40_0000;

/// `exit(0)`, in the machine's language.
const EXIT: &[u8] = &[0x31, 0xff, 0xb8, 60, 0, 0, 0, 0x0f, 0x05];

/// A statically linked program with `content` as its code.
fn program(content: &[u8]) -> Vec<u8> {
    let mut file = vec![0_u8; SEGMENTS];
    file[..8].copy_from_slice(b"\x7fELF\x02\x01\x01\x00");
    put(&mut file, 16, &2_u16.to_le_bytes()); // ET_EXEC
    put(&mut file, 18, &62_u16.to_le_bytes()); // EM_X86_64
    put(&mut file, 20, &1_u32.to_le_bytes());
    put(&mut file, 24, &(ADDRESS + 120).to_le_bytes()); // entry: behind the headers
    put(&mut file, 32, &64_u64.to_le_bytes()); // segments at
    put(&mut file, 52, &64_u16.to_le_bytes());
    put(&mut file, 54, &56_u16.to_le_bytes());
    put(&mut file, 56, &1_u16.to_le_bytes());
    put(&mut file, 58, &64_u16.to_le_bytes()); // size of a section header
    let length = u64::try_from(SEGMENTS + SEGMENT_SIZE + content.len()).expect("a length");
    file.extend(segment(1, 0, length)); // PT_LOAD
    file.extend(content);
    file
}

fn segment(kind: u32, offset: u64, length: u64) -> Vec<u8> {
    let mut header = vec![0_u8; SEGMENT_SIZE];
    put(&mut header, 0, &kind.to_le_bytes());
    put(&mut header, 4, &5_u32.to_le_bytes()); // may be read and run
    put(&mut header, 8, &offset.to_le_bytes());
    put(&mut header, 16, &(ADDRESS + offset).to_le_bytes());
    put(&mut header, 32, &length.to_le_bytes());
    put(&mut header, 40, &length.to_le_bytes());
    header
}

fn put(file: &mut [u8], at: usize, bytes: &[u8]) {
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

/// A program that names a loader and, if given, one version that it needs.
fn dynamic(loader: &str, version: Option<&str>) -> Vec<u8> {
    let mut file = program(b"");
    put(&mut file, 56, &2_u16.to_le_bytes());
    let loader_at = SEGMENTS + 2 * SEGMENT_SIZE;
    let name = format!("{loader}\0");
    file.extend(segment(
        3,
        u64::try_from(loader_at).expect("small"),
        u64::try_from(name.len()).expect("small"),
    ));
    file.extend(name.as_bytes());
    let Some(version) = version else { return file };
    let strings_at = file.len();
    let strings = format!("\0libc.so.6\0{version}\0");
    file.extend(strings.as_bytes());
    let needs_at = file.len();
    let mut needs = vec![0_u8; 32];
    put(&mut needs, 0, &1_u16.to_le_bytes());
    put(&mut needs, 2, &1_u16.to_le_bytes()); // one version
    put(&mut needs, 4, &1_u32.to_le_bytes()); // of libc.so.6
    put(&mut needs, 8, &16_u32.to_le_bytes());
    put(&mut needs, 16 + 8, &11_u32.to_le_bytes()); // its name
    file.extend(&needs);
    let sections_at = file.len();
    file.extend(vec![0_u8; 64]);
    file.extend(section(3, strings_at, strings.len(), 0));
    file.extend(section(0x6fff_fffe, needs_at, needs.len(), 1));
    put(&mut file, 40, &u64::try_from(sections_at).expect("small").to_le_bytes());
    put(&mut file, 60, &3_u16.to_le_bytes());
    put(&mut file, 62, &1_u16.to_le_bytes());
    file
}

fn section(kind: u32, offset: usize, length: usize, link: u32) -> Vec<u8> {
    let mut header = vec![0_u8; 64];
    put(&mut header, 4, &kind.to_le_bytes());
    put(&mut header, 24, &u64::try_from(offset).expect("small").to_le_bytes());
    put(&mut header, 32, &u64::try_from(length).expect("small").to_le_bytes());
    put(&mut header, 40, &link.to_le_bytes());
    header
}

const LOADER: &str = "/lib64/ld-linux-x86-64.so.2";

fn reason(content: &[u8]) -> String {
    let error = Binary::new(content).expect_err("refused");
    assert_eq!(error.field, "local_binary_path");
    let rule = FIELDS.iter().find(|field| field.key == error.field).map(|field| field.rule).expect("a field");
    let before = format!("`local_binary_path` must be {rule}, but ");
    error.message.strip_prefix(&before).expect("the rule comes first").to_owned()
}

#[test]
fn programs_that_run_on_databricks_apps_are_taken() {
    assert!(Binary::new(&program(b"code")).is_ok());
    for version in ["GLIBC_2.2.5", "GLIBC_2.34", "GLIBC_2.35", "GCC_4.2.0"] {
        assert!(Binary::new(&dynamic(LOADER, Some(version))).is_ok(), "{version}");
    }
}

#[test]
fn everything_else_is_refused_with_what_it_is() {
    let changed = |at: usize, bytes: &[u8]| {
        let mut file = program(b"code");
        put(&mut file, at, bytes);
        file
    };
    let mut cut = program(&[0; 100]);
    cut.truncate(150);
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "it is empty"),
        (b"hello".to_vec(), "it does not begin as one"),
        (b"#!/bin/sh\n".to_vec(), "it is a script"),
        (b"PK\x03\x04".to_vec(), "it is a ZIP archive; a wheel is given as `local_wheel_path`"),
        (b"\x1f\x8b\x08".to_vec(), "it is compressed with gzip; give the program itself"),
        (b"MZ".to_vec(), "it is a program for Windows"),
        (b"\xcf\xfa\xed\xfe".to_vec(), "it is a program for macOS"),
        (b"\x7fELF".to_vec(), "it is truncated"),
        (b"\x7fELF\x02\x01".to_vec(), "it is truncated or damaged: Invalid ELF header size or alignment"),
        (changed(4, b"\x01"), "it is not for a 64-bit little-endian machine"),
        (changed(5, b"\x02"), "it is not for a 64-bit little-endian machine"),
        (changed(18, &183_u16.to_le_bytes()), "it is for another machine: ARM"),
        (changed(18, &999_u16.to_le_bytes()), "it is for another machine: number 999"),
        (changed(16, &1_u16.to_le_bytes()), "it is an object file or a core dump, not a program"),
        (changed(24, &[0; 8]), "it is a library, not a program"),
        (changed(SEGMENTS, &[0]), "it is a library, not a program"),
        (cut, "it is truncated"),
        (
            changed(32, &u64::MAX.to_le_bytes()),
            "it is truncated or damaged: Invalid ELF program header size or alignment",
        ),
        (
            changed(40, &9999_u64.to_le_bytes()),
            "it is truncated or damaged: Invalid ELF section header offset/size/alignment",
        ),
        (
            dynamic("/lib/ld-musl-x86_64.so.1", None),
            "it needs the loader \"/lib/ld-musl-x86_64.so.1\", which Databricks Apps does not have; link it statically",
        ),
        (
            dynamic(LOADER, None),
            "it is linked dynamically, and its headers do not tell which glibc it needs; link it statically",
        ),
        (
            dynamic(LOADER, Some("GLIBC_2.36")),
            "it needs GLIBC_2.36, but Databricks Apps has glibc 2.35; build it for an older one or link it statically",
        ),
    ];
    for (content, expected) in cases {
        let reason = reason(&content);
        // the words after a colon are the library's
        assert!(
            reason.starts_with(expected.split(": Invalid").next().unwrap_or(expected)),
            "{reason} | {expected}"
        );
    }
    let huge = vec![0_u8; SIZE_LIMIT + 1];
    assert_eq!(reason(&huge), "it has more than 268435456 bytes");
}

#[test]
fn the_sources_exclude_each_other() {
    let values = [
        ("app_name", "tellr"),
        ("lakebase_name", "tellr-db"),
        ("schema_name", "app_data"),
        ("app_file_workspace_path", "/Workspace/Users/me@example.com/.apps/tellr"),
    ];
    let values = values.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let valid = RawSpec { values, binary: Some(program(b"code").into()), ..RawSpec::default() };
    assert!(matches!(valid.create().expect("valid").deployment.source, AppSource::Binary(_)));
    let mut with_version = valid.clone();
    with_version.values.insert("app_version".into(), "1.0.0".into());
    let with_wheel =
        RawSpec { wheel: Some(("databricks_tellr_app-1.0.0-x.whl".into(), Vec::new())), ..valid };
    for (raw, other) in [(with_version, "app_version"), (with_wheel, "local_wheel_path")] {
        let errors = raw.create().expect_err("both");
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(errors[0].field, "local_binary_path");
        assert!(errors[0].message.contains(other), "{}", errors[0].message);
    }
}

/// Bytes that no compression makes smaller, the same each time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(&mut next).take(length).collect()
}

#[test]
fn the_parts_fit_and_join_to_the_program() {
    let content = program(&noise(17 * 1024 * 1024));
    let binary = Binary::new(&content).expect("a program");
    assert_eq!(binary.parts().len(), 3);
    assert_eq!(binary.sha256(), format!("{:x}", Sha256::digest(&content)));
    let joined: Vec<u8> = binary.parts().iter().flat_map(|part| part.content.to_vec()).collect();
    let digest = format!("{:x}", Sha256::digest(&joined));
    for (number, part) in binary.parts().iter().enumerate() {
        assert!(part.content.len() <= 8 * 1024 * 1024);
        assert_eq!(part.file_name, format!("tellr-app-{}.gz.{number:02}", &digest[..12]));
        assert!(is_part_of_the_app(&part.file_name));
    }
    assert!(gunzip(&joined) == content, "the machine's own gzip reads it");
}

fn gunzip(file: &[u8]) -> Vec<u8> {
    let mut child =
        Command::new("gzip").arg("-dc").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("gzip");
    let mut stdin = child.stdin.take().expect("a pipe");
    let file = file.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&file));
    let output = child.wait_with_output().expect("gzip ends");
    writer.join().expect("no panic").expect("written");
    assert!(output.status.success());
    output.stdout
}

/// Another version of the compressor would give other parts for the same program, which costs an upload and nothing else;
/// this shows it.
#[test]
fn compression_is_the_same_everywhere() {
    let text: String =
        (0..5000).map(|number| format!("line {number} of a text that repeats itself\n")).collect();
    let binary = Binary::new(&program(text.as_bytes())).expect("a program");
    insta::assert_debug_snapshot!(binary.parts());
}

#[test]
fn names_of_others_are_not_taken_for_parts() {
    assert!(is_part_of_the_app("tellr-app-0123456789ab.gz.00"));
    for name in [
        "tellr-app",
        "tellr-app-0123456789ab.gz",
        "tellr-app-0123456789AB.gz.00",
        "tellr-app-0123456789abc.gz.00",
        "tellr-app-0123456789ab.gz.0",
        "tellr-app-0123456789ab.gz.000",
        "tellr-app-0123456789ab.gz.0x",
        "x/tellr-app-0123456789ab.gz.00",
        "tellr-app-../../../../a.gz.00",
    ] {
        assert!(!is_part_of_the_app(name), "{name}");
    }
}

#[test]
fn the_command_checks_before_it_runs() {
    let binary = AppSource::Binary(Binary::new(&program(b"code")).expect("a program"));
    insta::assert_snapshot!(command(&binary));
    insta::assert_snapshot!(requirements_txt(&binary), @r"
    # Generated by databricks-tellr
    # Nothing to install: the app is a program of its own, see app.yaml
    ");
}

/// A folder as the platform lays it out for an app with this program, and the command that starts it.
fn app_folder(binary: &Binary) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    for part in binary.parts() {
        std::fs::write(folder.path().join(&part.file_name), &part.content).expect("written");
    }
    (folder, command(&AppSource::Binary(binary.clone())))
}

fn start(folder: &tempfile::TempDir, command: &str) -> std::process::Child {
    let mut sh = Command::new("sh");
    sh.args(["-c", command]).current_dir(folder.path()).stderr(Stdio::piped()).spawn().expect("sh")
}

/// How the command ended, and what the app's log would show.
fn end(child: std::process::Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().expect("it ends");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn two_instances_may_start_at_once_and_write_nothing_into_the_source() {
    let binary = Binary::new(&program(EXIT)).expect("a program");
    let (folder, command) = app_folder(&binary);
    let running: Vec<_> = (0..4).map(|_| start(&folder, &command)).collect();
    for child in running {
        assert_eq!(end(child), (Some(0), String::new()));
    }
    let files: Vec<_> = folder.path().read_dir().expect("readable").collect();
    assert_eq!(files.len(), binary.parts().len(), "{files:?}");
}

#[test]
fn nothing_runs_whose_digest_is_wrong() {
    let binary = Binary::new(&program(EXIT)).expect("a program");
    let (folder, command) = app_folder(&binary);
    let part = folder.path().join(&binary.parts()[0].file_name);
    let mark = folder.path().join("mark");
    let script = format!("#!/bin/sh\ntouch {}\n", mark.display());
    let gzip = Command::new("gzip").arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut gzip = gzip.expect("gzip");
    gzip.stdin.take().expect("a pipe").write_all(script.as_bytes()).expect("written");
    let another = gzip.wait_with_output().expect("gzip ends").stdout;
    let whole = binary.parts()[0].content.to_vec();
    let mut damaged = whole.clone();
    damaged[40] ^= 0xff;
    for (content, expected) in [
        (another, format!("its program is not the one that was deployed (sha256 {})", binary.sha256())),
        (whole[..whole.len() - 9].to_vec(), "its program cannot be unpacked".to_owned()),
        (damaged, "its program cannot be unpacked".to_owned()),
        (b"junk".to_vec(), "its program cannot be unpacked".to_owned()),
    ] {
        std::fs::write(&part, content).expect("written");
        let (code, log) = end(start(&folder, &command));
        assert_eq!(code, Some(1), "{log}");
        let told = log.lines().last().unwrap_or_default();
        assert!(told.starts_with(&format!("tellr: the app cannot start: {expected}")), "{log}");
        assert!(told.ends_with("run tellr update with the same program again"), "{log}");
        assert!(!mark.exists());
    }
    std::fs::remove_file(&part).expect("removed");
    let (code, log) = end(start(&folder, &command));
    assert_eq!(code, Some(1));
    assert!(
        log.contains(&format!("the file {} of its program is missing", binary.parts()[0].file_name)),
        "{log}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn damaged_headers_never_panic(
        start in prop::sample::select(vec![program(b"code"), dynamic(LOADER, Some("GLIBC_2.34"))]),
        changes in prop::collection::vec((0_usize..500, any::<u8>()), 0..8),
        length in 0_usize..600,
    ) {
        let mut file = start;
        for (at, byte) in changes {
            if let Some(found) = file.get_mut(at) {
                *found = byte;
            }
        }
        file.truncate(length);
        _ = Binary::new(&file);
    }
}
