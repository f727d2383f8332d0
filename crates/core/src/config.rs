//! `.hotfix/config.toml`, typed.
