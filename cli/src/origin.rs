//! Where this program runs, as the journal tells others, and whether a process that it names is gone.
//!
//! A process is named by what no other process ever shares: the machine's boot, the namespace of process numbers (a
//! container has its own), the number and the time it was started. Where any of these cannot be told, nothing is claimed,
//! and a silent run is recognised by its silence.

use deployer_wasm::engine::Origin;

/// Overrides the name of the machine: machines of a build service are called something else each time.
const NAME: &str = "TELLR_ORIGIN";

/// This process.
pub(crate) fn origin() -> Origin {
    let given = std::env::var(NAME).ok().filter(|name| !name.trim().is_empty());
    let named = given.or_else(host_name).unwrap_or_else(|| "an unnamed machine".into());
    // It goes into messages of other people.
    let name = named.chars().filter(|c| !c.is_control()).take(100).collect();
    Origin { name, process: this_process(), program: concat!("tellr ", env!("CARGO_PKG_VERSION")).into() }
}

fn host_name() -> Option<String> {
    nix::unistd::gethostname().ok()?.into_string().ok()
}

/// Whether the process that [`origin`] named is certainly gone from this machine.
pub(crate) fn is_gone(process: &str) -> bool {
    let (Some(place), Some([boot, namespace, number, started])) = (place(), parts(process)) else {
        return false;
    };
    place == (boot.to_owned(), namespace.to_owned()) && start_time(number).as_deref() != Some(started)
}

fn this_process() -> Option<String> {
    let (boot, namespace) = place()?;
    let number = std::process::id().to_string();
    let started = start_time(&number)?;
    Some(format!("{boot} {namespace} {number} {started}"))
}

fn parts(process: &str) -> Option<[&str; 4]> {
    let parts: Vec<&str> = process.split(' ').collect();
    let parts: [&str; 4] = parts.try_into().ok()?;
    parts[2].chars().all(|c| c.is_ascii_digit()).then_some(parts)
}

/// This boot of this machine, and the namespace of process numbers.
#[cfg(target_os = "linux")]
fn place() -> Option<(String, String)> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = std::fs::read_link("/proc/self/ns/pid").ok()?;
    Some((boot.trim().to_owned(), namespace.to_str()?.to_owned()))
}

/// When a process was started, in ticks since the boot.
#[cfg(target_os = "linux")]
fn start_time(number: &str) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    // The second field is the program's name in brackets and may hold anything; a zombie runs no more.
    let (_, fields) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    if fields.first() == Some(&"Z") {
        return None;
    }
    fields.get(19).map(|&ticks| ticks.to_owned())
}

#[cfg(not(target_os = "linux"))]
fn place() -> Option<(String, String)> {
    None
}

#[cfg(not(target_os = "linux"))]
fn start_time(_: &str) -> Option<String> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_not_gone() {
        assert!(!is_gone(&this_process().unwrap()));
    }

    #[test]
    fn a_process_that_has_ended_is_gone_and_one_elsewhere_is_not_claimed_to_be() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let (boot, namespace) = place().unwrap();
        let number = child.id().to_string();
        let process = format!("{boot} {namespace} {number} {}", start_time(&number).unwrap());
        assert!(!is_gone(&process));
        child.kill().unwrap();
        // Not reaped yet: it is a zombie, and gone all the same.
        while start_time(&number).is_some() {
            std::thread::yield_now();
        }
        assert!(is_gone(&process));
        child.wait().unwrap();
        assert!(is_gone(&process));
        assert!(!is_gone(&process.replace(&boot, "another-boot")));
    }

    #[test]
    fn nonsense_claims_nothing() {
        for text in ["", "a b c d", "a b ../../1 d", "1 2 3"] {
            assert!(!is_gone(text), "{text}");
        }
    }
}
