//! The only wall clock. In a demo's world it may run faster than real time;
//! nowhere else.

use super::interrupt;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The name of the file that makes a folder a demo's world.
pub const WORLD_FILE: &str = "world.json";

/// Tells the time and waits.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    world: Option<World>,
}

#[derive(Debug, Clone)]
struct World {
    folder: PathBuf,
    started_real: Timestamp,
    started: Timestamp,
    scale: f64,
}

#[derive(Deserialize)]
struct WorldFile {
    schema: String,
    started_real: Timestamp,
    started: Timestamp,
    scale: f64,
}

impl Clock {
    /// Real time, or the scaled time of the demo's world that this folder
    /// lies in. A world counts only if the remote lies inside it too.
    pub fn of(folder: &Path, remote: Option<&str>) -> Clock {
        let world = folder.ancestors().find_map(read_world);
        let inside = |w: &World| {
            let remote =
                remote.and_then(|r| Path::new(r.strip_prefix("file://").unwrap_or(r)).canonicalize().ok());
            remote.is_some_and(|r| w.folder.canonicalize().is_ok_and(|w| r.starts_with(w)))
        };
        Clock { world: world.filter(inside) }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        let real = Timestamp::now();
        let Some(world) = &self.world else { return real };
        let passed = real.duration_since(world.started_real).as_secs_f64() * world.scale;
        SignedDuration::try_from_secs_f64(passed)
            .ok()
            .and_then(|d| world.started.checked_add(d).ok())
            .unwrap_or(real)
    }

    /// How long ago a file was written.
    pub fn age_of(&self, file: &Path) -> Option<SignedDuration> {
        let written = Timestamp::try_from(std::fs::metadata(file).ok()?.modified().ok()?).ok()?;
        let scale = self.world.as_ref().map_or(1.0, |w| w.scale);
        SignedDuration::try_from_secs_f64(Timestamp::now().duration_since(written).as_secs_f64() * scale).ok()
    }

    /// The demo's world, and how much faster its clock runs.
    pub fn world(&self) -> Option<(&Path, f64)> {
        self.world.as_ref().map(|w| (w.folder.as_path(), w.scale))
    }

    /// Waits until a time, or until somebody asks to stop; false then.
    pub fn sleep_until(&self, until: Timestamp) -> bool {
        let scale = self.world.as_ref().map_or(1.0, |w| w.scale);
        loop {
            if interrupt::asked() {
                return false;
            }
            let left = until.duration_since(self.now()).as_secs_f64() / scale;
            if left <= 0.0 {
                return true;
            }
            std::thread::sleep(Duration::from_secs_f64(left.clamp(0.001, 0.1)));
        }
    }
}

/// The year that it is, for time stamps that name none.
pub fn year() -> i16 {
    Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).year()
}

fn read_world(folder: &Path) -> Option<World> {
    let text = std::fs::read(folder.join(WORLD_FILE)).ok()?;
    let file: WorldFile = serde_json::from_slice(&text).ok()?;
    let sane = file.schema == "hotfix.world/1" && file.scale.is_finite() && file.scale >= 1.0;
    sane.then(|| World {
        folder: folder.to_owned(),
        started_real: file.started_real,
        started: file.started,
        scale: file.scale,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_world_with_its_remote_inside_scales() {
        let dir = tempfile::tempdir().unwrap();
        let started = Timestamp::now();
        let text = format!(
            r#"{{"schema":"hotfix.world/1","started_real":"{started}","started":"2026-03-01T03:00:00Z","scale":1000}}"#
        );
        std::fs::write(dir.path().join(WORLD_FILE), text).unwrap();
        let clone = dir.path().join("clone");
        let origin = dir.path().join("origin.git");
        std::fs::create_dir_all(&clone).unwrap();
        std::fs::create_dir_all(&origin).unwrap();
        let outside = tempfile::tempdir().unwrap();
        assert!(Clock::of(&clone, None).world().is_none());
        assert!(Clock::of(&clone, Some("https://example.org/x.git")).world().is_none());
        assert!(Clock::of(&clone, outside.path().to_str()).world().is_none());
        let clock = Clock::of(&clone, origin.to_str());
        assert_eq!(clock.world().map(|(_, s)| s), Some(1000.0));
        assert!(clock.now() < "2026-03-02T00:00:00Z".parse().unwrap());
        let later = clock.now() + SignedDuration::from_secs(20);
        assert!(clock.sleep_until(later) && clock.now() >= later);
    }
}
