//! The tests of a change on the base: a new test shows the incident there, if
//! it fails without the fix. Tests in files of their own are taken over as
//! files, Rust's `mod tests` at the end of a source as that part of it.

use crate::change::is_test_path;

/// The paths of a change that are tests in files of their own.
pub fn test_files(changed: &[String]) -> Vec<String> {
    changed.iter().filter(|p| is_test_path(p)).cloned().collect()
}

/// A Rust source of the base with the fix's test module; none where the fix
/// has no other tests, or where they cannot be told from the rest.
pub fn rust_source(base: &str, fix: &str) -> Option<String> {
    let new = test_module(fix)?;
    let old = test_module(base);
    let before = old.map_or(base, |at| &base[..at]);
    if old.is_some_and(|at| base[at..].trim_end() == fix[new..].trim_end()) {
        return None;
    }
    let gap = if before.is_empty() || before.ends_with("\n\n") { "" } else { "\n" };
    Some(format!("{before}{gap}{}", &fix[new..]))
}

/// Where the test module begins, if it is the last thing in the source.
fn test_module(source: &str) -> Option<usize> {
    let mut begin = None;
    let mut open = false;
    let mut at = 0;
    for line in source.split_inclusive('\n') {
        let text = line.trim_end();
        match text {
            "#[cfg(test)]" if !open => begin = Some(at),
            "}" if open => {
                open = false;
                if source[at + line.len()..].trim().is_empty() {
                    return begin;
                }
                begin = None;
            }
            _ if open => {}
            _ if begin.is_some() => {
                let module = text.starts_with("mod ")
                    || text.starts_with("pub mod ")
                    || text.starts_with("pub(crate) mod ");
                if module && text.ends_with('{') {
                    open = true;
                } else if !text.starts_with("#[") {
                    begin = None;
                }
            }
            _ => {}
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str =
        "pub fn f() -> u32 {\n    1\n}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn a() {}\n}\n";

    #[test]
    fn the_test_module_alone_is_taken_over() {
        let fix = BASE
            .replace("    1\n", "    2\n")
            .replace("    fn a() {}\n", "    fn a() {}\n    #[test]\n    fn b() {}\n");
        let over = rust_source(BASE, &fix).unwrap();
        assert!(over.contains("    1\n") && over.contains("fn b()"), "{over}");
        assert_eq!(rust_source(BASE, &BASE.replace("    1\n", "    2\n")), None, "no other tests");
        let first = rust_source(
            "pub fn f() {}\n",
            "pub fn f() { g() }\n\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n}\n",
        );
        assert_eq!(first.unwrap(), "pub fn f() {}\n\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n}\n");
    }

    #[test]
    fn what_cannot_be_told_apart_is_left() {
        for fix in [
            "pub fn f() {}\n",
            "#[cfg(test)]\nmod tests {\n}\n\npub fn after() {}\n",
            "#[cfg(test)]\nuse x;\n",
            "#[cfg(test)]\nmod tests;\n",
        ] {
            assert_eq!(rust_source(BASE, fix), None, "{fix}");
        }
    }

    #[test]
    fn files_of_their_own() {
        let changed = ["src/a.rs", "tests/it.rs", "shop/test_a.py"].map(str::to_owned);
        assert_eq!(test_files(&changed), ["tests/it.rs", "shop/test_a.py"]);
    }
}
