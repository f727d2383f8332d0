//! The little that line heuristics know of languages.

/// What follows the last dot of a file's name.
pub(super) fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// A language by a file's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lang {
    Rust,
    Python,
    Go,
    JavaScript,
    Java,
    Ruby,
    Shell,
    Yaml,
    Sql,
    Markup,
    CLike,
    Other,
}

impl Lang {
    /// The language of a path.
    pub(super) fn of(path: &str) -> Lang {
        let name = path.rsplit('/').next().unwrap_or(path);
        match extension(name) {
            "rs" => Lang::Rust,
            "py" | "pyi" => Lang::Python,
            "go" => Lang::Go,
            "js" | "jsx" | "mjs" | "cjs" | "ts" | "tsx" | "mts" | "cts" | "vue" | "svelte" => {
                Lang::JavaScript
            }
            "java" => Lang::Java,
            "rb" | "rake" => Lang::Ruby,
            "sh" | "bash" | "zsh" | "toml" | "tf" | "conf" | "ini" | "properties" => Lang::Shell,
            "yml" | "yaml" | "haml" | "pug" | "coffee" | "nim" => Lang::Yaml,
            "sql" | "lua" => Lang::Sql,
            "html" | "xml" | "md" => Lang::Markup,
            "c" | "h" | "cc" | "cpp" | "hpp" | "cs" | "kt" | "kts" | "swift" | "scala" | "php" | "dart"
            | "css" | "scss" | "groovy" | "gradle" | "proto" => Lang::CLike,
            _ if matches!(name, "Makefile" | "GNUmakefile") => Lang::Yaml,
            _ => Lang::Other,
        }
    }

    /// Whether indentation means something.
    pub(super) fn indented(self) -> bool {
        matches!(self, Lang::Python | Lang::Yaml | Lang::Other)
    }

    /// Whether a line is nothing but a comment (or blank).
    pub(super) fn is_comment(self, line: &str) -> bool {
        let line = line.trim();
        let starts: &[&str] = match self {
            Lang::Python | Lang::Ruby | Lang::Shell | Lang::Yaml => &["#"],
            Lang::Sql => &["--"],
            Lang::Markup => &["<!--"],
            Lang::Other => &[],
            _ => &["//", "/*", "*/", "* "],
        };
        // A compiler's or linter's directive is code.
        let directive = line.starts_with("//go:") || line.starts_with("#!") || line.starts_with("//nolint");
        line.is_empty()
            || (!directive
                && ((line == "*" && starts.len() > 1) || starts.iter().any(|start| line.starts_with(start))))
    }
}
