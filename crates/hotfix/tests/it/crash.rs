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
    Act {
        who: MIKA,
        args: &[
            "start",
            INCIDENT,
            "-m",
            TITLE,
            "--alert",
            "shop-sign-in-errors",
            "--authorized-by",
            "Priya Raman <priya.raman@shop.example>",
            "--since",
        ],
        ends: &[0],
        resume: &["run", "--until", "prepare", "--incident", INCIDENT],
    },
    Act { who: MIKA, args: &["reproduce", "--", "ops/reproduce"], ends: &[0], resume: RUN },
    Act {
        who: MIKA,
        args: &["ship", "--note", "Session shards take the whole customer name."],
        ends: &[3],
        resume: RUN,
    },
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

/// Of the kill points in runs of their own, every so-manieth is sampled.
const SAMPLE: usize = 33;
/// Which of those.
const SEED: usize = 20;

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
            self.act(number);
        }
    }
}

/// Plays some of the acts, without a kill.
pub fn act(stage: &mut Stage, numbers: std::ops::Range<usize>) {
    let mut play = Play { stage, fate: Fate::default() };
    numbers.for_each(|number| play.act(number));
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
    let text = std::fs::read_to_string(stage.folder().join("kill.log")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// A run without a kill: what the world is to look like, and every kill point.
struct Model {
    stage: Stage,
    kept: Kept,
    wanted: Facts,
    labels: Vec<String>,
}

fn model() -> Model {
    let mut stage = Stage::build();
    let kept = stage.keep("incident");
    let (wanted, _) = play(&mut stage, &kept, 0, Fate::default());
    let labels = labels(&stage);
    Model { stage, kept, wanted, labels }
}

impl Model {
    /// The whole run, killed at each of these places in turn.
    fn killed_at(&mut self, labels: impl IntoIterator<Item = String>) {
        let kills: VecDeque<String> = labels.into_iter().collect();
        let count = kills.len();
        let (found, fate) = play(&mut self.stage, &self.kept, 0, Fate { kills, ..Fate::default() });
        assert_eq!(fate.kills.front(), None, "the run never came to this kill point");
        assert_eq!(fate.killed, count);
        assert_eq!(differences(&self.wanted, &found), Vec::<String>::new());
    }

    fn at(&self, place: &str) -> Vec<String> {
        self.labels.iter().filter(|l| l.ends_with(place)).cloned().collect()
    }
}

/// An outcome that was written is not looked up: so the places before it need
/// a run of their own.
#[test]
fn a_run_that_is_killed_everywhere_ends_in_the_same_world() {
    let begun = Instant::now();
    let mut model = model();
    let before_outcome = model.at(":before-outcome");
    let others: Vec<String> = model.labels.iter().filter(|l| !before_outcome.contains(l)).cloned().collect();
    assert_eq!(model.labels.len(), 4 * before_outcome.len());
    model.killed_at(others);
    model.killed_at(before_outcome);
    without_probes_things_are_done_twice(&mut model);
    tell(&format!("{} kill points, {:?}", model.labels.len(), begun.elapsed()));
    each_in_a_run_of_its_own(&mut model);
    tell(&format!("all of it: {:?}", begun.elapsed()));
}

/// One kill in each run, from the act on in which it comes: a seeded sample of
/// the places, or every one where `HOTFIX_CRASH` is `all`.
fn each_in_a_run_of_its_own(model: &mut Model) {
    let all = std::env::var("HOTFIX_CRASH").is_ok_and(|v| v == "all");
    let stage = &mut model.stage;
    stage.restore(&model.kept);
    let mut places = Vec::new();
    for act in 0..ACTS.len() {
        let kept = stage.keep(&format!("before-{act}"));
        let _ = std::fs::remove_file(stage.folder().join("kill.log"));
        stage.operate();
        self::act(stage, act..act + 1);
        stage.stop();
        places.push((act, kept, labels(stage)));
    }
    let mut number = 0;
    for (act, kept, labels) in places {
        for label in labels {
            number += 1;
            if !all && number % SAMPLE != SEED {
                continue;
            }
            let fate = Fate { kills: [label.clone()].into(), ..Fate::default() };
            let (found, fate) = play(stage, &kept, act, fate);
            assert_eq!((fate.killed, fate.kills.len()), (1, 0), "{label}");
            assert_eq!(differences(&model.wanted, &found), Vec::<String>::new(), "killed at {label}");
        }
    }
    let sampled = if all { "" } else { ", of which a sample ran" };
    tell(&format!("{number} kill points in runs of their own{sampled}"));
    assert_eq!(number, model.labels.len());
}

/// A line that is seen although the test passes.
fn tell(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "crash test: {line}");
}

/// With the probes switched off, what took place before the kill takes place
/// again: the test would see it.
fn without_probes_things_are_done_twice(model: &mut Model) {
    let twice = ["notify/message", "notify/status-page", "deploy/deploy", "follow-up/ticket"];
    let before_outcome = model.at(":before-outcome").into_iter();
    let kills: VecDeque<String> = before_outcome.filter(|l| twice.iter().any(|t| l.starts_with(t))).collect();
    let fate = Fate { kills, no_probe: true, ..Fate::default() };
    let (found, _) = play(&mut model.stage, &model.kept, 0, fate);
    let differs = differences(&model.wanted, &found);
    let doubled = differs.iter().filter(|d| d.starts_with("2 instead of 1")).count();
    assert!(doubled >= 8, "{differs:#?}");
    assert!(differs.contains(&"2 instead of 1: deployed v1.4.3".to_owned()), "{differs:#?}");
    assert!(differs.iter().any(|d| d.contains("ticket SPF-1292")), "{differs:#?}");
}

/// Other ways to be cut short; they share a world.
#[test]
fn what_is_cut_short_elsewhere_goes_on_as_well() {
    let mut stage = Stage::build();
    let kept = stage.keep("incident");
    a_start_never_froze_its_plan(&mut stage, &kept);
    a_deploy_outlives_the_run(&mut stage, &kept);
    a_record_is_torn(&mut stage, &kept);
}

/// Whoever deploys kills us and goes on: the deploy is waited for, not repeated.
fn a_deploy_outlives_the_run(stage: &mut Stage, kept: &Kept) {
    stage.restore(kept);
    let deploy = stage.paths().deploy();
    let text = std::fs::read_to_string(&deploy).unwrap();
    let flag = stage.folder().join("kill-once");
    std::fs::write(&flag, "").unwrap();
    // Two parents up: the shell that tells how we end, and the program.
    let kill = format!(
        "#!/bin/sh\nif rm '{0}' 2>/dev/null; then kill -9 $(ps -o ppid= -p $PPID); sleep 0.5; fi\n",
        flag.display()
    );
    std::fs::write(&deploy, text.replacen("#!/bin/sh\n", &kill, 1)).unwrap();
    stage.operate();
    let mut play = Play { stage, fate: Fate::default() };
    play.acts(0);
    assert_eq!(play.fate.killed, 1);
    let facts = facts::of(stage);
    assert_eq!(facts.get("deployed v1.4.3"), Some(&1));
    assert_eq!(facts.get("the run is \"closed\""), Some(&1));
    stage.stop();
}

/// A record that was torn off in the middle is as if it had never been.
fn a_record_is_torn(stage: &mut Stage, kept: &Kept) {
    stage.restore(kept);
    stage.operate();
    let mut play = Play { stage, fate: Fate::default() };
    (0..5).for_each(|number| play.act(number));
    let journal = stage.run_folder().join("journal.jsonl");
    let bytes = std::fs::read(&journal).unwrap();
    let last = bytes[..bytes.len() - 1].iter().rposition(|b| *b == b'\n').unwrap();
    std::fs::write(&journal, &bytes[..last + 40]).unwrap();
    let mut play = Play { stage, fate: Fate::default() };
    play.acts(5);
    stage.run(&MIKA, &["log", "--verify", "--incident", INCIDENT]).ended(&[0]);
    assert_eq!(facts::of(stage).get("the run is \"closed\""), Some(&1));
    stage.stop();
}

/// A start that was cut short before its plan was frozen never began.
fn a_start_never_froze_its_plan(stage: &mut Stage, kept: &Kept) {
    stage.restore(kept);
    let mut play = Play { stage, fate: Fate::default() };
    play.act(0);
    let journal = stage.run_folder().join("journal.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();
    let first: Vec<&str> = text.split_inclusive('\n').take(2).collect();
    let folder = stage.run_folder();
    let name = folder.strip_prefix(stage.paths().root()).unwrap().to_owned();
    stage.restore(kept);
    let folder = stage.paths().root().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("journal.jsonl"), first.concat()).unwrap();
    let mut play = Play { stage, fate: Fate::default() };
    play.act(0);
    assert!(stage.worktree().join("src/auth.rs").exists());
}
