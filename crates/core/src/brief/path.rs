//! Paths that a page names: where they lie in the repository, if they lie in
//! it at all. They are looked up in a tree of git's, never on the disk, so a
//! link cannot lead out. What holds secrets by its name is refused.

use crate::text::count;

/// The path from the repository's top; none where it leads out of it or is no
/// path of a repository.
pub fn within(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains(['\\', '\0']) {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    (!parts.is_empty() && !parts.iter().any(|part| part.eq_ignore_ascii_case(".git")))
        .then(|| parts.join("/"))
}

/// Whether a file holds secrets by its name.
pub fn is_secret(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    let endings = [".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".ppk"];
    let names =
        [".netrc", ".npmrc", ".pypirc", ".pgpass", ".git-credentials", "credentials", "credentials.json"];
    let starts = [".env", "id_rsa", "id_ed25519", "id_ecdsa", "id_dsa", "secrets."];
    let shown = ["example", "sample", "template", "pub"];
    let ending = name.rsplit_once('.').map(|(_, ending)| ending).unwrap_or_default();
    endings.iter().any(|ending| name.ends_with(ending))
        || names.contains(&name.as_str())
        || (starts.iter().any(|start| name.starts_with(start)) && !shown.contains(&ending))
}

/// The paths that a pattern names, of those there are.
pub fn matching<'p>(pattern: &str, paths: &[&'p str]) -> Vec<&'p str> {
    let glob = globset::GlobBuilder::new(pattern).literal_separator(true).build();
    let Ok(glob) = glob.map(|glob| glob.compile_matcher()) else { return Vec::new() };
    paths.iter().copied().filter(|path| glob.is_match(path)).collect()
}

/// A listing of a tree that stays readable however large the tree is: its
/// files, or its folders with how many files each holds.
pub fn listing(paths: &[&str], most: usize) -> String {
    if paths.len() <= most {
        return paths.join("\n");
    }
    let folders = |depth: usize| {
        let mut counts: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
        for path in paths {
            let mut parts: Vec<&str> = path.split('/').collect();
            let is_file = parts.len() <= depth;
            parts.truncate(depth);
            let name = if is_file { (*path).to_owned() } else { format!("{}/", parts.join("/")) };
            *counts.entry(name).or_default() += 1;
        }
        counts
    };
    let deepest = (1..=6).rev().map(folders).find(|counts| counts.len() <= most);
    let counts = deepest.unwrap_or_else(|| folders(1));
    let lines = counts.into_iter().map(|(name, files)| {
        if name.ends_with('/') { format!("{name}  ({})", count(files, "file")) } else { name }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_out() {
        let rows = [
            ("", "docs/run.md", Some("docs/run.md")),
            (".hotfix/workflows", "../../docs/run.md", Some("docs/run.md")),
            (".hotfix/workflows", "../../../etc/passwd", None),
            ("", "../x", None),
            ("", "/etc/passwd", None),
            ("", "a/../../x", None),
            ("", "a\\..\\x", None),
            ("", ".git/config", None),
            ("", "sub/.GIT/config", None),
            ("", "./", None),
            ("docs", "./a//b", Some("docs/a/b")),
        ];
        for (folder, path, expected) in rows {
            assert_eq!(within(folder, path).as_deref(), expected, "{folder} {path}");
        }
    }

    #[test]
    fn files_with_secrets_are_known_by_their_names() {
        for path in
            [".env", "deploy/.env.production", "certs/server.pem", "id_rsa", ".npmrc", "config/credentials"]
        {
            assert!(is_secret(path), "{path}");
        }
        for path in ["src/env.rs", ".env.example", "id_rsa.pub", "docs/secrets.md/x", "keys.rs"] {
            assert!(!is_secret(path), "{path}");
        }
    }

    #[test]
    fn a_large_tree_is_told_by_its_folders() {
        let all: Vec<String> = (0..500).map(|n| format!("src/part{}/file{n}.rs", n % 4)).collect();
        let mut paths: Vec<&str> = all.iter().map(String::as_str).collect();
        paths.push("README.md");
        assert_eq!(listing(&paths[..2], 10), "src/part0/file0.rs\nsrc/part1/file1.rs");
        let told = listing(&paths, 10);
        assert_eq!(told.lines().count(), 5, "{told}");
        assert!(told.contains("src/part0/  (125 files)") && told.contains("README.md\n"), "{told}");
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(folder in "[a./]{0,12}", path in "([./a\\\\*\\[]|\\PC){0,24}") {
            if let Some(inside) = within(&folder, &path) {
                proptest::prop_assert!(!inside.starts_with('/') && !inside.split('/').any(|part| part == ".."));
            }
            let _ = (is_secret(&path), matching(&path, &["a/b", "c"]));
        }
    }
}
