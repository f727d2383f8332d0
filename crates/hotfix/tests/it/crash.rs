//! The run is killed (SIGKILL) before and after every effect's record and
//! outcome, and resumed; the world must end the same, each effect once.

use crate::facts::{self, Facts, differences};
use crate::harness::{Kept, Said, Stage};
use hotfix::demo::world::{INCIDENT, JONAS, MIKA, PRIYA, Person, TITLE};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

/// One thing that somebody does.
struct Act {
    who: Person,
    args: &'static [&'static str],
    /// How it may end.
    ends: &'static [i32],
    /// What goes on with it after a kill.
    resume: &'static [&'static str],
}

const RUN: &[&str] = &["run", "--incident", INCIDENT];
const RUN_WAIT: &[&str] = &["run", "--wait", "--incident", INCIDENT];

/// The incident from its start to its end. The edit comes before `ship`.
const ACTS: &[Act] = &[
    Act { who: MIKA, args: &["start", INCIDENT, "-m", TITLE, "--alert", "shop-sign-in-errors", "--authorized-by", "Priya Raman <priya.raman@shop.example>", "--since"], ends: &[0], resume: RUN },
    Act { who: MIKA, args: &["reproduce", "--", "ops/reproduce"], ends: &[0], resume: RUN },
    Act { who: MIKA, args: &["ship", "--note", "Session shards take the whole customer name."], ends: &[3], resume: RUN },
    Act { who: PRIYA, args: &["approve", "--mr", "1"], ends: &[0], resume: &[] },
    Act { who: MIKA, args: RUN_WAIT, ends: &[3], resume: RUN_WAIT },
    Act { who: JONAS, args: &["approve", "--mr", "1"], ends: &[0], resume: &[] },
    Act { who: MIKA, args: &["report", "--edit"], ends: &[0], resume: RUN_WAIT },
    Act { who: MIKA, args: &["done", "follow-up", "--temporary"], ends: &[0], resume: RUN_WAIT },
    Act { who: MIKA, args: RUN_WAIT, ends: &[0], resume: RUN_WAIT },
    Act { who: MIKA, args: &["close"], ends: &[0], resume: &["close"] },
];

/// The act before which Mika makes the change.
const SHIP: usize = 2;

/// What is to be killed, and how the verbs look doubtful effects up.
#[derive(Default)]
struct Fate {
    kills: VecDeque<String>,
    killed: usize,
    no_probe: bool,
}

struct Play<'s> {
    stage: &'s mut Stage,
    fate: Fate,
}

impl Play<'_> {
    fn log(&self) -> PathBuf {
        self.stage.folder().join("kill.log")
    }

    fn verb(&mut self, who: &Person, args: &[&str]) -> Said {
        let since = self.stage.since.to_string();
        let mut args = args.to_vec();
        if args[0] == "start" {
            args.push(&since);
        }
        let mut command: Command = self.stage.hotfix(who, &args);
        let analysis = concat!(env!("CARGO_MANIFEST_DIR"), "/src/demo/assets/analysis.md");
        command.env("GIT_EDITOR", format!("cp '{analysis}'")).env("HOTFIX_KILL_LOG", self.log());
        if let Some(label) = self.fate.kills.front() {
            command.env("HOTFIX_KILL_AT", label);
        }
        if self.fate.no_probe {
            command.env("HOTFIX_NO_PROBE", "1");
        }
        let said = Stage::output(&mut command);
        if said.killed {
            self.fate.kills.pop_front();
            self.fate.killed += 1;
        }
        said
    }

    /// An act, resumed for as long as it is killed.
    fn act(&mut self, number: usize) {
        let act = &ACTS[number];
        if number == SHIP {
            self.stage.edit();
        }
        let mut said = self.verb(&act.who, act.args);
        let was_killed = said.killed;
        while said.killed {
            said = self.verb(&act.who, act.resume);
        }
        let ends = if was_killed { &[0, 3][..] } else { act.ends };
        let fine = said.status.is_some_and(|s| ends.contains(&s));
        assert!(fine, "`{}` ended with {:?}\n{}", act.args.join(" "), said.status, said.err);
    }

    fn acts(&mut self, from: usize) {
        for number in from..ACTS.len() {
            let begun = Instant::now();
            self.act(number);
            eprintln!("  {:>5} ms {}", begun.elapsed().as_millis(), ACTS[number].args[0]);
        }
    }
}

/// Plays from a kept world on, and tells what the world looks like then.
fn play(stage: &mut Stage, kept: &Kept, from: usize, fate: Fate) -> (Facts, Fate) {
    stage.restore(kept);
    stage.operate();
    let mut play = Play { stage, fate };
    play.acts(from);
    let fate = play.fate;
    stage.run(&MIKA, &["log", "--verify", "--incident", INCIDENT]).ended(&[0]);
    let facts = facts::of(stage);
    stage.stop();
    (facts, fate)
}

fn labels(stage: &Stage) -> Vec<String> {
    let text = std::fs::read_to_string(stage.folder().join("kill.log")).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_run_that_is_killed_everywhere_ends_in_the_same_world() {
    let begun = Instant::now();
    let mut stage = Stage::build();
    let kept = stage.keep("incident");
    eprintln!("world after {:?}", begun.elapsed());
    let (wanted, _) = play(&mut stage, &kept, 0, Fate::default());
    let labels = labels(&stage);
    eprintln!("{} kill points; the run without a kill came after {:?}", labels.len(), begun.elapsed());
    for l in &labels { eprintln!("{l}"); }
    for before in [false, true] {
        let kills: VecDeque<String> = labels.iter().filter(|l| l.ends_with(":before-outcome") == before).cloned().collect();
        let count = kills.len();
        let (found, fate) = play(&mut stage, &kept, 0, Fate { kills, ..Fate::default() });
        assert_eq!(fate.kills.front(), None, "never reached");
        assert_eq!(fate.killed, count);
        assert_eq!(differences(&wanted, &found), Vec::<String>::new());
        eprintln!("{count} kills, {:?}", begun.elapsed());
    }
}
