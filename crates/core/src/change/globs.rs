//! Lists of path patterns, read as in `.gitignore`.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// A list of patterns.
pub(super) struct Globs {
    set: GlobSet,
    /// For each glob of the set, the pattern it was made from.
    origin: Vec<String>,
    /// Patterns that are no globs.
    pub(super) bad: Vec<String>,
}

impl Globs {
    /// Reads patterns: without a slash they match at any depth, and a
    /// folder stands for all below it.
    pub(super) fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Globs {
        let mut builder = GlobSetBuilder::new();
        let (mut origin, mut bad) = (Vec::new(), Vec::new());
        for pattern in patterns {
            let clean = pattern.trim().trim_start_matches("./").trim_end_matches('/');
            let rooted = clean.trim_start_matches('/');
            if rooted.is_empty() {
                bad.push(pattern.to_owned());
                continue;
            }
            let base = if clean.contains('/') { rooted.to_owned() } else { format!("**/{rooted}") };
            for glob in [base.clone(), format!("{base}/**")] {
                match GlobBuilder::new(&glob).literal_separator(true).build() {
                    Ok(glob) => {
                        builder.add(glob);
                        origin.push(pattern.to_owned());
                    }
                    Err(_) if bad.last().is_some_and(|last| last == pattern) => {}
                    Err(_) => bad.push(pattern.to_owned()),
                }
            }
        }
        match builder.build() {
            Ok(set) => Globs { set, origin, bad },
            Err(_) => Globs { set: GlobSet::empty(), bad: origin, origin: Vec::new() },
        }
    }

    /// The pattern that a path matches.
    pub(super) fn matching(&self, path: &str) -> Option<&str> {
        let first = self.set.matches(path).into_iter().min()?;
        self.origin.get(first).map(String::as_str)
    }

    /// Whether a path matches.
    pub(super) fn has(&self, path: &str) -> bool {
        self.set.is_match(path)
    }
}
