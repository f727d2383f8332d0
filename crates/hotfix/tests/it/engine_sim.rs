//! The engine over a journal in memory and a scripted world, for thousands of
//! seeded histories: faults of every kind, and a crash at any append.

use hotfix::engine::effects::{Engine, Journal, Time};
use hotfix::engine::{Durable as _, PerformError, Performer, Stop, Values};
use hotfix::error::{Failure, exit};
use hotfix_core::effect::{Action, Effect, EffectId, Outcome, Probe};
use hotfix_core::journal::{Actor, Event, Record};
use hotfix_core::run::RunState;
use jiff::Timestamp;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

/// Histories that are tried.
const HISTORIES: u64 = 4000;

/// A sequence that is the same for the same seed (splitmix64).
struct Dice(Cell<u64>);

impl Dice {
    fn below(&self, limit: u64) -> u64 {
        self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let mut mixed = self.0.get();
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn one_in(&self, odds: u64) -> bool {
        self.below(odds) == 0
    }
}

/// The world: how often each effect took place, and what goes wrong in it.
struct World {
    dice: Dice,
    /// Whether anything goes wrong.
    calm: Cell<bool>,
    taken: RefCell<BTreeMap<EffectId, u32>>,
    performed: Cell<u32>,
    /// The program is dead: nothing is written any more.
    dead: Cell<bool>,
}

impl World {
    fn new(seed: u64) -> World {
        let dice = Dice(Cell::new(seed));
        World {
            dice,
            calm: Cell::new(false),
            taken: RefCell::default(),
            performed: Cell::new(0),
            dead: Cell::new(false),
        }
    }

    fn take(&self, effect: &Effect) {
        *self.taken.borrow_mut().entry(effect.id.clone()).or_default() += 1;
    }

    fn count(&self, id: &EffectId) -> u32 {
        self.taken.borrow().get(id).copied().unwrap_or_default()
    }
}

impl Performer for World {
    fn perform(&self, effect: &Effect) -> Result<Values, PerformError> {
        assert!(!self.dead.get(), "a dead program performs nothing");
        self.performed.set(self.performed.get() + 1);
        match if self.calm.get() { 9 } else { self.dice.below(12) } {
            0 => Err(PerformError::Failed("no".into())),
            1 => Err(PerformError::Transient("not now".into())),
            2 => Err(PerformError::Unsure("lost, not taken".into())),
            3 => {
                self.take(effect);
                Err(PerformError::Unsure("lost, taken".into()))
            }
            4 => {
                self.dead.set(true);
                Err(PerformError::Unsure("died before".into()))
            }
            5 => {
                self.take(effect);
                self.dead.set(true);
                Ok(Values::new())
            }
            _ => {
                self.take(effect);
                Ok(value(effect))
            }
        }
    }

    fn probe(&self, effect: &Effect) -> Probe {
        if self.dead.get() {
            return Probe::Unknown("nobody is there to ask".into());
        }
        if cannot_be_probed(effect) {
            return Probe::Unknown("nothing tells".into());
        }
        match self.count(&effect.id) {
            _ if !self.calm.get() && self.dice.one_in(6) => Probe::InProgress("it to end".into()),
            0 => Probe::Absent,
            _ => Probe::TookPlace(value(effect)),
        }
    }
}

impl Time for World {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn pause(&self, _: Duration) {}
}

fn value(effect: &Effect) -> Values {
    [("name".to_owned(), effect.id.name.clone().into())].into()
}

fn cannot_be_probed(effect: &Effect) -> bool {
    effect.id.subject == "mute"
}

/// A journal in memory; the program may die before or after any append.
struct Memory<'w> {
    records: Vec<Record>,
    state: RunState,
    world: &'w World,
}

impl Journal for Memory<'_> {
    fn state(&self) -> &RunState {
        &self.state
    }

    fn refresh(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn append(&mut self, at: Timestamp, event: Event) -> Result<Record, Failure> {
        let lost = || Failure::failed("DEAD", "the program is dead");
        if self.world.dead.get() {
            return Err(lost());
        }
        let dies = !self.world.calm.get() && self.world.dice.one_in(10);
        if dies && self.world.dice.one_in(2) {
            self.world.dead.set(true);
            return Err(lost());
        }
        let by = Actor { tool: "t".into(), host: "h".into(), person: "P <p@x>".into(), simulated: false };
        let seq = self.records.len() as u64 + 1;
        let record = Record { seq, at, by, attempt: 1, prev: String::new(), event };
        self.state.apply(&record);
        self.records.push(record.clone());
        if dies {
            self.world.dead.set(true);
            return Err(lost());
        }
        Ok(record)
    }
}

/// What a run wants: required and best-effort effects, some that nothing can tell of.
fn wanted() -> Vec<Effect> {
    let effect = |number: usize| {
        let subject = if number % 4 == 3 { "mute" } else { "told" };
        let id = EffectId {
            attempt: 1,
            step: "step".into(),
            name: format!("effect-{number}"),
            subject: subject.into(),
        };
        let text = String::new();
        let what =
            Action::Message { channel: "c".into(), about: "a".into(), text: text.clone(), marker: text };
        Effect { id, required: number % 2 == 1, what }
    };
    (0..8).map(effect).collect()
}

/// One process of the program: from the journal as it lies there to its end.
fn process(journal: &mut Memory<'_>, world: &World) -> Result<(), Stop> {
    let mut engine = Engine::new(journal, world, world, &|_| {});
    engine.refresh()?;
    engine.settle_all()?;
    for effect in wanted() {
        let given = engine.effect(effect.clone())?;
        assert!(given.is_empty() || given == value(&effect), "{given:?}");
    }
    Ok(())
}

/// A person looks the effect up, and says what became of it.
fn person_settles(journal: &mut Memory<'_>, world: &World) {
    let doubtful =
        journal.state.in_doubt().into_iter().find(|e| e.effect.required && cannot_be_probed(&e.effect));
    let effect =
        doubtful.expect("only a required effect that nothing can tell of asks a person").effect.clone();
    let outcome = match world.count(&effect.id) {
        0 => Outcome::Failed { error: "a person says so".into() },
        _ => Outcome::Succeeded { value: value(&effect) },
    };
    let calm = world.calm.replace(true);
    journal.append(Timestamp::UNIX_EPOCH, Event::EffectOutcome { id: effect.id, outcome }).unwrap();
    world.calm.set(calm);
}

/// Processes one after the other until one comes to the end; how many it took.
fn live(journal: &mut Memory<'_>, world: &World) -> u32 {
    for number in 1..400 {
        match process(journal, world) {
            Ok(()) => return number,
            Err(Stop::Failed(failure)) if failure.code == "HF0403" => {
                assert_eq!(failure.exit, exit::IN_DOUBT);
                if !world.dead.get() {
                    person_settles(journal, world);
                }
            }
            Err(Stop::Failed(failure)) => {
                assert!(["HF0404", "DEAD"].contains(&failure.code), "{}", failure.message);
            }
            Err(Stop::Waiting(waits)) => assert!(!waits.is_empty()),
            Err(Stop::Interrupted) => panic!("nobody interrupts here"),
        }
        world.dead.set(false);
        twice_is_never(journal, world);
    }
    panic!("the run never came to its end");
}

fn twice_is_never(journal: &Memory<'_>, world: &World) {
    for effect in wanted() {
        assert!(world.count(&effect.id) <= 1, "{} took place twice: {:#?}", effect.id, journal.records);
    }
}

#[test]
fn in_every_history_each_effect_takes_place_once() {
    let mut processes = 0;
    for seed in 0..HISTORIES {
        let world = World::new(seed);
        let mut journal = Memory { records: Vec::new(), state: RunState::default(), world: &world };
        processes += live(&mut journal, &world);
        for effect in wanted() {
            let count = world.count(&effect.id);
            match journal.state.effects.get(&effect.id).and_then(|e| e.outcome.as_ref()) {
                Some(Outcome::Succeeded { .. }) => assert_eq!(count, 1, "seed {seed}: {}", effect.id),
                Some(Outcome::Failed { .. }) => {
                    assert!(count == 0 && !effect.required, "seed {seed}: {} was given up", effect.id);
                }
                // Best-effort, and nothing can tell: shown, and it blocks nothing.
                None => assert!(!effect.required || !cannot_be_probed(&effect), "seed {seed}: {}", effect.id),
            }
            assert!(!effect.required || count == 1, "seed {seed}: {} was lost", effect.id);
        }
        given_back(&mut journal, &world, seed);
    }
    eprintln!("{HISTORIES} histories, {processes} processes");
}

/// Everything has its outcome: another process performs nothing.
fn given_back(journal: &mut Memory<'_>, world: &World, seed: u64) {
    let (records, performed) = (journal.records.len(), world.performed.get());
    world.calm.set(true);
    process(journal, world).unwrap();
    assert_eq!(world.performed.get(), performed, "seed {seed}");
    assert_eq!(journal.records.len(), records, "seed {seed}");
}

#[test]
fn a_required_effect_that_nothing_can_tell_of_asks_a_person() {
    let world = World::new(0);
    world.calm.set(true);
    let mut journal = Memory { records: Vec::new(), state: RunState::default(), world: &world };
    let effect = wanted().into_iter().find(|e| e.required && cannot_be_probed(e)).unwrap();
    journal.append(Timestamp::UNIX_EPOCH, Event::EffectRequested { effect: effect.clone() }).unwrap();
    for _ in 0..3 {
        let Err(Stop::Failed(failure)) = process(&mut journal, &world) else { panic!("it must ask") };
        assert_eq!((failure.code, failure.exit), ("HF0403", 4));
        assert_eq!(world.performed.get(), 0);
    }
    person_settles(&mut journal, &world);
    process(&mut journal, &world).unwrap();
    assert_eq!(world.count(&effect.id), 1);
}
