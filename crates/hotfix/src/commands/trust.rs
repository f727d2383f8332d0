//! `hotfix trust`: once for each repository, the commands of its config may run.

use super::{Answer, Session};
use crate::error::{Failure, exit};
use crate::settings::{self, Trust};
use crate::ui::{GOOD, NAME, styled};

/// Carries the verb out.
pub fn run(session: &Session<'_>) -> Answer {
    let config = settings::config(&session.repo)?;
    let commands = config.value.commands();
    if session.ui.json {
        let granted = Trust::of(&session.repo, &config.value).is_granted() || session.global.yes;
        if session.global.yes && !session.global.dry_run {
            Trust::grant(&session.repo, &config.value)?;
        }
        session.ui.document(&serde_json::json!({"schema": "hotfix.trust/1", "source": config.source, "commands": commands, "trusted": granted}));
        return Ok(exit::DONE);
    }
    session.ui.answer(format!("{} can make these commands run:", config.source));
    for command in &commands {
        session.ui.answer(format!("  {}", styled(NAME, command)));
    }
    if commands.is_empty() {
        session.ui.answer("  none");
        return Ok(exit::DONE);
    }
    if session.global.dry_run {
        session.ui.answer("nothing was carried out");
        return Ok(exit::DONE);
    }
    if !session.global.yes && !session.ui.confirm("may they run on this machine, for this clone?") {
        return Err(Failure::usage("HF0203", "they were not allowed")
            .try_this("when you have read them", "hotfix trust --yes"));
    }
    Trust::grant(&session.repo, &config.value)?;
    session.ui.say(format!("{} they may run; a changed config asks again", styled(GOOD, "✓")));
    Ok(exit::DONE)
}
