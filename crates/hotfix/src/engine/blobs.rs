//! What is kept beside a journal: outputs and results, compressed, readable by
//! their owner only, named by the digest of what they hold. The journal knows
//! the digests, so a blob that was changed is not believed; one that was
//! removed breaks nothing.

use crate::error::Failure;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use hotfix_core::digest;
use hotfix_core::journal::Blob;
use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// A larger blob is not read, in bytes.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// Writes a blob. What it holds must have no secrets in it by now.
pub fn keep(folder: &Path, name: &str, bytes: &[u8]) -> Result<Blob, Failure> {
    let digest = digest::of_bytes(bytes);
    let blobs = folder.join("blobs");
    std::fs::create_dir_all(&blobs)?;
    let file_name = format!("{}-{name}.gz", &digest[..16]);
    let path = blobs.join(&file_name);
    if !path.exists() {
        let temporary = blobs.join(format!(".{file_name}-{}", std::process::id()));
        let file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&temporary)?;
        let mut writer = GzEncoder::new(file, Compression::default());
        writer.write_all(bytes)?;
        writer.finish()?.sync_data()?;
        std::fs::rename(&temporary, &path)?;
    }
    Ok(Blob { digest, path: format!("blobs/{file_name}") })
}

/// Reads a blob, if it is there and still what it was.
pub fn read(folder: &Path, blob: &Blob) -> Option<Vec<u8>> {
    // The path comes from a journal, which others may have written.
    let name = blob.path.strip_prefix("blobs/").filter(|n| !n.contains('/') && !n.starts_with('.'))?;
    let path = folder.join("blobs").join(name);
    let raw = std::fs::File::open(&path).ok()?;
    let mut bytes = Vec::new();
    if path.extension().is_some_and(|e| e == "gz") {
        GzDecoder::new(raw).take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
    } else {
        raw.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
    }
    (digest::of_bytes(&bytes) == blob.digest).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn what_is_kept_is_compressed_private_and_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let text = "a line that repeats\n".repeat(10_000);
        let blob = keep(dir.path(), "output", text.as_bytes()).unwrap();
        let path = dir.path().join(&blob.path);
        let about = std::fs::metadata(&path).unwrap();
        assert!(about.len() < 5_000, "{}", about.len());
        assert_eq!(about.permissions().mode() & 0o777, 0o600);
        assert_eq!(read(dir.path(), &blob).unwrap(), text.as_bytes());
        assert_eq!(keep(dir.path(), "output", text.as_bytes()).unwrap(), blob);
    }

    #[test]
    fn a_blob_that_was_changed_or_removed_is_not_believed() {
        let dir = tempfile::tempdir().unwrap();
        let blob = keep(dir.path(), "results", b"{}").unwrap();
        let other = keep(dir.path(), "results", b"{\"forged\":1}").unwrap();
        std::fs::copy(dir.path().join(&other.path), dir.path().join(&blob.path)).unwrap();
        assert_eq!(read(dir.path(), &blob), None);
        std::fs::remove_file(dir.path().join(&blob.path)).unwrap();
        assert_eq!(read(dir.path(), &blob), None);
        let outside = Blob { path: "blobs/../journal.jsonl".to_owned(), ..blob };
        assert_eq!(read(dir.path(), &outside), None);
    }

    #[test]
    fn blobs_of_before_were_not_compressed() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("blobs")).unwrap();
        std::fs::write(dir.path().join("blobs/x-output"), "old").unwrap();
        let blob = Blob { digest: digest::of_bytes(b"old"), path: "blobs/x-output".to_owned() };
        assert_eq!(read(dir.path(), &blob).unwrap(), b"old");
    }
}
