//! Places where the crash tests kill the program. In ordinary builds there is
//! nothing here.

/// A place where a crash test may kill the program.
#[cfg(feature = "failpoints")]
pub fn reached(effect: &hotfix_core::effect::EffectId, place: &str) {
    use std::io::Write as _;
    let label = format!("{}/{}/{}:{place}", effect.step, effect.name, kind_of(&effect.subject));
    if let Some(log) = std::env::var_os("HOTFIX_KILL_LOG")
        && let Ok(mut file) = std::fs::OpenOptions::new().create(true).append(true).open(log)
    {
        let _ = file.write_all(format!("{label}\n").as_bytes());
    }
    if std::env::var("HOTFIX_KILL_AT").is_ok_and(|at| at == label) {
        crate::sys::process::kill_self();
    }
}

/// Object ids differ from run to run; the place is the same.
#[cfg(feature = "failpoints")]
fn kind_of(subject: &str) -> String {
    let is_id = |word: &str| word.len() >= 10 && word.bytes().all(|b| b.is_ascii_hexdigit());
    subject.split([' ', ':', '>']).map(|w| if is_id(w) { "id" } else { w }).collect::<Vec<_>>().join(" ")
}

/// A place where a crash test may kill the program.
#[cfg(not(feature = "failpoints"))]
pub fn reached(_effect: &hotfix_core::effect::EffectId, _place: &str) {}

/// Whether a crash test has switched the probes off.
pub fn probes_are_off() -> bool {
    cfg!(feature = "failpoints") && std::env::var_os("HOTFIX_NO_PROBE").is_some()
}
