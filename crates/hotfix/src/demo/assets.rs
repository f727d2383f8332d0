//! The texts of the demo: the shop's sources, its operations, and changes to both.

use super::world::WorldError;
use std::path::Path;

/// A file of the shop's repository.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Its path in the repository.
    pub path: &'static str,
    /// What it holds.
    pub text: &'static str,
}

/// The shop's repository as released in v1.4.2. Files in `ops/` are programs.
pub const SHOP: &[Asset] = &[
    Asset { path: ".gitignore", text: include_str!("assets/shop/gitignore") },
    Asset { path: "README.md", text: include_str!("assets/shop/README.md") },
    Asset { path: "src/main.rs", text: include_str!("assets/shop/src/main.rs") },
    Asset { path: "src/auth.rs", text: include_str!("assets/shop/src/auth.rs") },
    Asset { path: "src/metrics.rs", text: include_str!("assets/shop/src/metrics.rs") },
    Asset { path: "src/log.rs", text: LOG },
    Asset { path: "tests/client.rs", text: include_str!("assets/shop/tests/client.rs") },
    Asset { path: "tests/reproduce.rs", text: include_str!("assets/shop/tests/reproduce.rs") },
    Asset { path: "tests/smoke.rs", text: include_str!("assets/shop/tests/smoke.rs") },
    Asset { path: "ops/build", text: include_str!("assets/shop/ops/build") },
    Asset { path: "ops/test", text: include_str!("assets/shop/ops/test") },
    Asset { path: "ops/reproduce", text: include_str!("assets/shop/ops/reproduce") },
    Asset { path: "ops/smoke", text: include_str!("assets/shop/ops/smoke") },
    Asset { path: "ops/style", text: include_str!("assets/shop/ops/style") },
];

/// The module that writes log lines; the probe uses it too.
pub const LOG: &str = include_str!("assets/shop/src/log.rs");

/// The source of `production/probe`.
pub const PROBE: &str = include_str!("assets/probe.rs");

/// The script `production/deploy`.
pub const DEPLOY: &str = include_str!("assets/production/deploy");

/// The incident's ticket.
pub const TICKET: &str = include_str!("assets/SPF-1290.md");

/// One piece of text in one file, before and after a change.
#[derive(Clone, Copy, Debug)]
pub struct Edit {
    /// The file's path in the repository.
    pub path: &'static str,
    /// What must be there, once.
    pub before: &'static str,
    /// What takes its place.
    pub after: &'static str,
}

impl Edit {
    /// The way back.
    pub const fn reversed(self) -> Edit {
        Edit { path: self.path, before: self.after, after: self.before }
    }

    /// Makes the change in a text.
    pub fn apply_to(&self, text: &str) -> Result<String, WorldError> {
        match text.matches(self.before).count() {
            1 => Ok(text.replacen(self.before, self.after, 1)),
            found => Err(WorldError::Edit { path: self.path, found }),
        }
    }

    /// Makes the change in a checkout, as an editor would.
    pub fn apply(&self, checkout: &Path) -> Result<(), WorldError> {
        let path = checkout.join(self.path);
        let text = std::fs::read_to_string(&path).map_err(WorldError::at(&path))?;
        std::fs::write(&path, self.apply_to(&text)?).map_err(WorldError::at(&path))
    }
}

/// Makes some changes in a checkout, as an editor would.
pub fn apply(edits: &[Edit], checkout: &Path) -> Result<(), WorldError> {
    edits.iter().try_for_each(|edit| edit.apply(checkout))
}

/// Repairs SPF-1290: any character may stand in a name.
pub const FIX: &[Edit] = &[
    Edit {
        path: "src/auth.rs",
        before: "        let digit = character.to_digit(36)?;
        sum = sum.wrapping_mul(36).wrapping_add(digit);
    }
    Some((sum / 7) as usize % SHARDS)
",
        after: "        // Any character may stand in a name, not only letters and digits.
        sum = sum.wrapping_mul(31).wrapping_add(u32::from(character));
    }
    (!user.is_empty()).then_some(sum as usize % SHARDS)
",
    },
    Edit {
        path: "src/auth.rs",
        before: "    #[test]
    fn every_shard_is_used() {
",
        after: "    #[test]
    fn a_name_may_hold_a_hyphen() {
        let session = Auth::new().sign_in(&token(\"anna-lena\")).unwrap();
        assert_eq!(session.user, \"anna-lena\");
    }

    #[test]
    fn every_shard_is_used() {
",
    },
];

/// Looks like a repair of SPF-1290 and passes every check before the deploy;
/// but a full shard then lets nobody in, and sessions are kept for ever.
pub const BAD_FIX: &[Edit] = &[
    Edit {
        path: "src/auth.rs",
        before: "        let digit = character.to_digit(36)?;
",
        after: "        let digit = character.to_digit(36).unwrap_or_default();
",
    },
    Edit {
        path: "src/auth.rs",
        before: "        if sessions.len() >= SHARD_CAPACITY {
            sessions.pop_front();
        }
",
        after: "        // Names with a hyphen share a shard now; they must not sign each other out.
        if sessions.len() >= SHARD_CAPACITY {
            return Err(AuthError::Broken { user: user.to_string(), what: \"no room for a session\" });
        }
",
    },
    FIX[1],
];

/// The change of v1.4.1.
pub const NAMED_TIMEOUT: &[Edit] = &[
    Edit {
        path: "src/main.rs",
        before: "const WORKERS: usize = 8;
",
        after: "const WORKERS: usize = 8;

/// How long we wait for a slow client.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(2);
",
    },
    Edit {
        path: "src/main.rs",
        before: "        stream.set_nodelay(true)?;
",
        after: "        stream.set_read_timeout(Some(CLIENT_TIMEOUT))?;
        stream.set_write_timeout(Some(CLIENT_TIMEOUT))?;
        stream.set_nodelay(true)?;
",
    },
];

/// How releases are made, written down before v1.4.2.
pub const RELEASES_DOC: &[Edit] = &[Edit {
    path: "README.md",
    before: "| `ops/style FILES…` | the compiler's findings |
",
    after: "| `ops/style FILES…` | the compiler's findings |

## Releases

`production` is what runs. A release is a merge of `main` into `production`
and a tag. Repairs in a hurry go to `production` first and come back to `main`.
",
}];

/// The change of v1.4.2, which brings the incident.
pub const SHARDED_SESSIONS: &[Edit] = &[
    Edit {
        path: "src/auth.rs",
        before: "/// So many sessions are kept; then the oldest goes.
const CAPACITY: usize = 384;
",
        after: "/// Sessions live in shards, so that sign-ins do not queue for one lock.
const SHARDS: usize = 8;

/// A full shard lets its oldest session go.
const SHARD_CAPACITY: usize = 48;
",
    },
    Edit {
        path: "src/auth.rs",
        before: "    sessions: Mutex<VecDeque<Session>>,
",
        after: "    shards: Vec<Mutex<VecDeque<Session>>>,
",
    },
    Edit {
        path: "src/auth.rs",
        before: "            sessions: Mutex::default(),
",
        after: "            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
",
    },
    Edit {
        path: "src/auth.rs",
        before: "        if user.len() > 64 {
            return Err(AuthError::Broken { user: user.to_string(), what: \"subject too long\" });
        }
        let id",
        after: "        let Some(shard) = shard_of(user) else {
            return Err(AuthError::Broken { user: user.to_string(), what: \"malformed subject\" });
        };
        let id",
    },
    Edit {
        path: "src/auth.rs",
        before: "self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() >= CAPACITY {
",
        after: "self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() >= SHARD_CAPACITY {
",
    },
    Edit {
        path: "src/auth.rs",
        before: "/// The user whom a token names, if the signature is ours.
",
        after: "/// The shard that keeps a user's session.
fn shard_of(user: &str) -> Option<usize> {
    let mut sum: u32 = 0;
    for character in user.chars() {
        let digit = character.to_digit(36)?;
        sum = sum.wrapping_mul(36).wrapping_add(digit);
    }
    Some((sum / 7) as usize % SHARDS)
}

/// The user whom a token names, if the signature is ours.
",
    },
    Edit {
        path: "src/auth.rs",
        before: "    #[test]
    fn a_forged_token_is_refused() {
",
        after: "    #[test]
    fn every_shard_is_used() {
        let shards: std::collections::BTreeSet<_> =
            (0..200).filter_map(|number| shard_of(&format!(\"user{number}\"))).collect();
        assert_eq!(shards.len(), SHARDS);
    }

    #[test]
    fn a_forged_token_is_refused() {
",
    },
];

/// Main, after v1.4.2: tokens may come with spaces around them.
pub const TRIMMED_TOKENS: &[Edit] = &[
    Edit {
        path: "src/auth.rs",
        before: "//! A token is `<user>.<signature>`.
",
        after: "//! A token is `<user>.<signature>`. Mail programs like to break the line after
//! it, so white space around it does not count.
",
    },
    Edit {
        path: "src/auth.rs",
        before: "    let (user, signature) = token.rsplit_once('.').ok_or(AuthError::Refused)?;
",
        after: "    let token = token.trim_matches(['+', ' ', '\\t']);
    let (user, signature) = token.rsplit_once('.').ok_or(AuthError::Refused)?;
",
    },
    Edit {
        path: "src/auth.rs",
        before: "    #[test]
    fn a_guest_needs_no_token() {
",
        after: "    #[test]
    fn spaces_around_a_token_do_not_count() {
        let padded = format!(\"+{}++\", token(\"marta\"));
        assert_eq!(Auth::new().sign_in(&padded).unwrap().user, \"marta\");
    }

    #[test]
    fn a_guest_needs_no_token() {
",
    },
];

/// Main, after v1.4.2: the wish list.
pub const WISH_LIST: &[Edit] = &[
    Edit {
        path: "src/main.rs",
        before: "            _ => (\"other\",",
        after: "            \"/wishes\" => (\"/wishes\", self.wishes()),
            _ => (\"other\",",
    },
    Edit {
        path: "src/main.rs",
        before: "    /// Somebody else's token is their problem",
        after: "    fn wishes(&self) -> Answer {
        Answer::json(200, \"{\\\"wishes\\\":[]}\\n\".into())
    }

    /// Somebody else's token is their problem",
    },
    Edit {
        path: "README.md",
        before: "| `/healthz`,",
        after: "| `/wishes` | the wish list (empty, for now) |
| `/healthz`,",
    },
];

/// Main, after v1.4.2: room for more sessions.
pub const MORE_SESSIONS: &[Edit] = &[Edit {
    path: "src/auth.rs",
    before: "const SHARD_CAPACITY: usize = 48;
",
    after: "const SHARD_CAPACITY: usize = 64;
",
}];
