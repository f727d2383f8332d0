//! Which style checkers a project has, by the files that configure them.
//! What a project does not configure is not put upon it.

/// A checker that a project has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    /// The command that checks.
    pub command: &'static str,
    /// Why it is thought so.
    pub why: String,
}

/// One way to tell that a project has a checker.
struct Way {
    /// Files of which one is there.
    files: &'static [&'static str],
    /// What one of them holds; empty: being there is enough.
    holds: &'static [&'static str],
    command: &'static str,
}

const fn way(files: &'static [&'static str], holds: &'static [&'static str], command: &'static str) -> Way {
    Way { files, holds, command }
}

const ESLINT: &[&str] = &[
    "eslint.config.js",
    "eslint.config.mjs",
    "eslint.config.cjs",
    "eslint.config.ts",
    "eslint.config.mts",
    ".eslintrc",
    ".eslintrc.js",
    ".eslintrc.cjs",
    ".eslintrc.json",
    ".eslintrc.yml",
    ".eslintrc.yaml",
];
const PRETTIER: &[&str] = &[
    ".prettierrc",
    ".prettierrc.json",
    ".prettierrc.yml",
    ".prettierrc.yaml",
    ".prettierrc.js",
    ".prettierrc.cjs",
    ".prettierrc.mjs",
    ".prettierrc.toml",
    "prettier.config.js",
    "prettier.config.mjs",
    "prettier.config.cjs",
];
/// Where a project says what its pipeline runs.
const PIPELINES: &[&str] = &[
    ".github/workflows/ci.yml",
    ".github/workflows/ci.yaml",
    ".github/workflows/lint.yml",
    ".github/workflows/lint.yaml",
    ".github/workflows/test.yml",
    ".github/workflows/rust.yml",
    ".github/workflows/main.yml",
    ".gitlab-ci.yml",
    ".forgejo/workflows/ci.yml",
    ".gitea/workflows/ci.yml",
    "Makefile",
    "justfile",
    ".ci/run",
];

/// Runners of hooks: they run whatever else the project has.
const HOOKS: &[Way] = &[
    way(&["prek.toml"], &[], "prek run --files"),
    way(&[".pre-commit-config.yaml", ".pre-commit-config.yml"], &[], "pre-commit run --files"),
];

const CHECKERS: &[Way] = &[
    way(&["ruff.toml", ".ruff.toml"], &[], "ruff check"),
    way(&["pyproject.toml"], &["[tool.ruff"], "ruff check"),
    way(&["ruff.toml", ".ruff.toml"], &["[format"], "ruff format --check"),
    way(&["pyproject.toml"], &["[tool.ruff.format"], "ruff format --check"),
    way(&[".flake8"], &[], "flake8"),
    way(&["setup.cfg", "tox.ini"], &["[flake8]"], "flake8"),
    way(&["pyproject.toml"], &["[tool.black"], "black --check"),
    way(&["pyproject.toml"], &["[tool.isort"], "isort --check-only"),
    way(&[".isort.cfg"], &[], "isort --check-only"),
    way(&[".pylintrc", "pylintrc"], &[], "pylint"),
    way(&["pyproject.toml"], &["[tool.pylint"], "pylint"),
    way(ESLINT, &[], "npx --no-install eslint"),
    way(&["package.json"], &["\"eslintConfig\""], "npx --no-install eslint"),
    way(PRETTIER, &[], "npx --no-install prettier --check"),
    way(&["package.json"], &["\"prettier\": {", "\"prettier\": \""], "npx --no-install prettier --check"),
    way(&["biome.json", "biome.jsonc"], &[], "npx --no-install biome check"),
    way(
        &[".stylelintrc", ".stylelintrc.json", ".stylelintrc.js", "stylelint.config.js"],
        &[],
        "npx --no-install stylelint",
    ),
    way(&["rustfmt.toml", ".rustfmt.toml"], &[], "cargo fmt --all --check"),
    way(PIPELINES, &["cargo fmt"], "cargo fmt --all --check"),
    way(&["clippy.toml", ".clippy.toml"], &[], "cargo clippy --all-targets"),
    way(&["Cargo.toml"], &["lints.clippy"], "cargo clippy --all-targets"),
    way(PIPELINES, &["cargo clippy"], "cargo clippy --all-targets"),
    way(&[".golangci.yml", ".golangci.yaml", ".golangci.toml", ".golangci.json"], &[], "golangci-lint run"),
    way(&["go.mod"], &[], "gofmt -l"),
    way(&[".shellcheckrc"], &[], "shellcheck"),
    way(PIPELINES, &["shellcheck"], "shellcheck"),
    way(&[".rubocop.yml"], &[], "bundle exec rubocop"),
    way(&["phpcs.xml", "phpcs.xml.dist", ".phpcs.xml", ".phpcs.xml.dist"], &[], "vendor/bin/phpcs"),
    way(&[".clang-format", "_clang-format"], &[], "clang-format --dry-run -Werror"),
    way(&[".hadolint.yaml", ".hadolint.yml"], &[], "hadolint"),
    way(&[".yamllint", ".yamllint.yml", ".yamllint.yaml"], &[], "yamllint"),
    way(
        &[".markdownlint.json", ".markdownlint.yaml", ".markdownlint.yml"],
        &[],
        "npx --no-install markdownlint",
    ),
];

/// The checkers of a project. `read` gives the text of a file at its top, if
/// it is there.
pub fn checkers(read: &dyn Fn(&str) -> Option<String>) -> Vec<Detected> {
    let found =
        |ways: &'static [Way]| -> Vec<Detected> { ways.iter().filter_map(|way| way.look(read)).collect() };
    let hooks = found(HOOKS);
    if let Some(first) = hooks.into_iter().next() {
        return vec![first];
    }
    let mut out: Vec<Detected> = Vec::new();
    for one in found(CHECKERS) {
        if !out.iter().any(|other| other.command == one.command) {
            out.push(one);
        }
    }
    out
}

impl Way {
    fn look(&self, read: &dyn Fn(&str) -> Option<String>) -> Option<Detected> {
        self.files.iter().find_map(|file| {
            let text = read(file)?;
            let part = self.holds.iter().find(|part| text.contains(*part));
            let why = match part {
                Some(part) => format!("{file} has `{part}`"),
                None if self.holds.is_empty() => format!("there is {} {file}", article(file)),
                None => return None,
            };
            Some(Detected { command: self.command, why })
        })
    }
}

fn article(file: &str) -> &'static str {
    let first = file.trim_start_matches(['.', '_']).chars().next();
    if first.is_some_and(|c| "aeiou".contains(c.to_ascii_lowercase())) { "an" } else { "a" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(files: &[(&str, &str)]) -> Vec<&'static str> {
        let read =
            |name: &str| files.iter().find(|(file, _)| *file == name).map(|(_, text)| (*text).to_owned());
        checkers(&read).into_iter().map(|one| one.command).collect()
    }

    #[test]
    fn what_projects_have() {
        for (files, expected) in [
            (&[][..], &[][..]),
            (&[("pyproject.toml", "[tool.ruff.lint]\n")], &["ruff check"]),
            (&[("pyproject.toml", "[project]\n")], &[]),
            (
                &[("setup.cfg", "[flake8]\n"), ("pyproject.toml", "[tool.black]\n")],
                &["flake8", "black --check"],
            ),
            (&[(".pre-commit-config.yaml", ""), (".flake8", "")], &["pre-commit run --files"]),
            (
                &[("Cargo.toml", "[lints.clippy]\n"), ("rustfmt.toml", "")],
                &["cargo fmt --all --check", "cargo clippy --all-targets"],
            ),
            (&[("Cargo.toml", "[package]\n")], &[]),
            (
                &[(".github/workflows/ci.yml", "- run: cargo clippy\n- run: shellcheck x\n")],
                &["cargo clippy --all-targets", "shellcheck"],
            ),
            (&[("go.mod", ""), (".golangci.yml", "")], &["golangci-lint run", "gofmt -l"]),
            (
                &[("eslint.config.mjs", ""), ("package.json", "{\"eslintConfig\": {}}")],
                &["npx --no-install eslint"],
            ),
        ] {
            assert_eq!(commands(files), expected, "{files:?}");
        }
        let read = |name: &str| (name == "eslint.config.js").then(String::new);
        assert_eq!(checkers(&read)[0].why, "there is an eslint.config.js");
    }
}
