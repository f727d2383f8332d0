//! Models on disk. A model is written beside its place and then put there, so
//! that whoever reads it meanwhile sees the old one or the new one whole.

use super::LogError;
use super::error::Help;
use hotfix_logdiff::{Model, ModelError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

/// A file larger than this is no model, in bytes.
const LARGEST: u64 = 1 << 30;

/// Reads a model.
pub fn load(name: &str) -> Result<Model, LogError> {
    let failed =
        |reason: String, help| LogError::Model { name: name.to_owned(), tried: "read", reason, help };
    let look = |e: std::io::Error| failed(e.to_string(), Help::Look);
    let about = std::fs::metadata(name).map_err(look)?;
    if !about.is_file() || about.len() > LARGEST {
        return Err(failed("it is no file that a model was saved to".to_owned(), Help::Look));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(name).map_err(look)?;
    file.take(LARGEST).read_to_end(&mut bytes).map_err(look)?;
    Model::from_bytes(&bytes).map_err(|e| {
        let help = if e == ModelError::NotAModel { Help::NotAModel } else { Help::LearnAgain };
        let reason = match e {
            ModelError::NotAModel if bytes.is_empty() => "it is empty".to_owned(),
            ModelError::NotAModel => "it is none".to_owned(),
            other => other.to_string(),
        };
        failed(reason, help)
    })
}

/// Whether a file is a model, of whatever version. Pipes are not looked into.
pub fn is_one(path: &Path) -> bool {
    let is_file = std::fs::metadata(path).is_ok_and(|about| about.is_file());
    let Some(file) = is_file.then(|| std::fs::File::open(path).ok()).flatten() else { return false };
    let mut head = Vec::new();
    file.take(64).read_to_end(&mut head).is_ok()
        && !matches!(Model::from_bytes(&head), Err(ModelError::NotAModel))
}

/// Writes a model. A file that is there keeps its rights.
pub fn save(model: &Model, name: &str) -> Result<(), LogError> {
    let failed = |e: std::io::Error| LogError::Model {
        name: name.to_owned(),
        tried: "written",
        reason: e.to_string(),
        help: Help::Look,
    };
    // Through a link, to what it names.
    let path = std::fs::canonicalize(name).unwrap_or_else(|_| PathBuf::from(name));
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".hotfix-model-").tempfile_in(folder).map_err(failed)?;
    file.write_all(&model.to_bytes()).map_err(failed)?;
    if let Ok(about) = std::fs::metadata(&path) {
        file.as_file().set_permissions(about.permissions()).map_err(failed)?;
    }
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&path).map_err(|e| failed(e.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_model_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.bin");
        let name = path.display().to_string();
        let mut model = Model::new();
        model.learn(b"INFO served 7\n");
        model.finish();
        save(&model, &name).unwrap();
        let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600, "what a log says is not for everybody");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        save(&model, &name).unwrap();
        assert_eq!(mode(), 0o640);
        assert!(load(&name).unwrap().knows("INFO served 9"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn what_is_no_model_is_told_with_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let name = |file: &str| folder.path().join(file).display().to_string();
        let told = |file: &str| load(&name(file)).unwrap_err().to_string();
        assert!(told("none").contains("No such file"));
        std::fs::write(name("log"), "INFO served 7\n").unwrap();
        assert!(told("log").contains("it is none"), "{}", told("log"));
        std::fs::write(name("empty"), "").unwrap();
        assert!(told("empty").contains("it is empty"));
        assert!(load(&folder.path().display().to_string()).is_err());
        assert!(save(&Model::new(), "/no/such/folder/m.bin").is_err());
    }
}
