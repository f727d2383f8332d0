//! Reports for the tests: a good day, a bad one, one that has just begun, and
//! one full of spite.

use hotfix_core::finding::{Finding, Hint};
use hotfix_core::gate::{self, Verdict};
use hotfix_core::incident::Incident;
use hotfix_core::journal::{
    Approval, Evidence, Identity, MergeRequestState, Reading, WaitingFor, WaitingKind,
};
use hotfix_core::report::{Analysis, Moment, Prevention, Report, RollbackPart, Signal};
use hotfix_core::status::{
    DeployPart, EffectsPart, GatePart, MergeRequestPart, NextPart, ObligationPart, RunPart, Status,
    VoidedPart, WaiverPart, WorkflowPart,
};
use jiff::{SignedDuration, Timestamp};

const FIX: &str = "9f2c4b7a10d3e58c6b7f00112233445566778899";
const OLD: &str = "41aa0c9be2d771f3a8b9c0d1e2f3041526374859";
const DIFF: &str = include_str!("fixture.diff");

/// A time on the fixture's night.
pub fn at(clock: &str) -> Timestamp {
    format!("2026-11-22T{clock}Z").parse().unwrap()
}

fn moment(clock: &str, kind: &str, what: &str, seq: u64, key: bool) -> Moment {
    Moment { at: at(clock), kind: kind.into(), what: what.into(), seq, key }
}

/// A number between 0 and 1 that looks like chance and is none.
fn wobble(i: u32) -> f64 {
    (f64::from(i) * 12.9898).sin().mul_add(43_758.547, 0.5).rem_euclid(1.0)
}

/// Readings every 15 seconds from 02:30 to 03:42, by their number.
fn readings(check: &str, figures: impl Fn(u32, Timestamp, &mut Reading)) -> Vec<Reading> {
    let reading = |i: u32| {
        let at = at("02:30:00") + SignedDuration::from_secs(i64::from(i) * 15);
        let mut r =
            Reading { check: check.into(), at, errors: None, total: None, value: None, missing: None };
        figures(i, at, &mut r);
        if (110..114).contains(&i) {
            r = Reading { errors: None, total: None, value: None, missing: Some("timeout".into()), ..r };
        }
        r
    };
    (0..288).map(reading).collect()
}

fn during(at_: Timestamp) -> bool {
    at_ > at("02:58:20") && at_ < at("03:26:20")
}

fn signals() -> Vec<Signal> {
    let errors = readings("sign-in requests", |i, at, r| {
        let total = (380.0 + 90.0 * wobble(i)).round();
        let rate = if during(at) { 0.27 + 0.06 * wobble(i + 7) } else { 0.002 * wobble(i + 3) };
        (r.total, r.errors) = (Some(total), Some((total * rate).round()));
    });
    let latency = readings("sign-in latency, ms", |i, at, r| {
        r.value = Some(if during(at) { 61.0 } else { 48.0 } + 9.0 * wobble(i));
    });
    let new = readings("log templates", |i, at, r| {
        r.errors = Some(if during(at) && i % 6 == 0 { (3.0 * wobble(i)).round() } else { 0.0 });
    });
    let signal = |check: &str, kind: &str, readings, verdict: &str| Signal {
        check: check.into(),
        kind: kind.into(),
        readings,
        deploys: vec![(at("03:26:10"), "v1.4.3".into())],
        began_at: Some(at("02:58:20")),
        verdict: Some(verdict.into()),
    };
    vec![
        signal(
            "sign-in requests",
            "error-rate",
            errors,
            "back to normal: 0.1 % against 0.1 % before the incident, margin 0.6 %; a rise of 0.3 points would have shown",
        ),
        signal("sign-in latency, ms", "value", latency, "equivalent to the baseline within 1.5 times"),
        signal("log templates", "new-errors", new, "no new error since the deploy"),
    ]
}

fn evidence(command: &str, exit_status: i32, clock: &str) -> Evidence {
    Evidence {
        kind: "command".into(),
        command: Some(command.into()),
        exit_status: Some(exit_status),
        commit: Some(FIX.into()),
        tree: None,
        at: at(clock),
        duration: Some(SignedDuration::from_secs(7)),
        digest: Some("sha256:7d9e21f0aa34bc5517e0".into()),
        path: None,
        environment: None,
    }
}

fn gates() -> Vec<GatePart> {
    gate::BUILT_IN.iter().map(gate_part).collect()
}

fn findings(id: &str) -> Vec<Finding> {
    let one = Finding {
        rule: "lines".into(),
        file: "src/names.rs".into(),
        line: Some(12),
        column: Some(5),
        message: "84 lines changed, the budget is 60; largest: src/names.rs (84)".into(),
        binding: true,
        hints: vec![Hint::run("or let it pass under your name", "hotfix waive change.size --reason \"why\"")],
    };
    if id == "change.size" { vec![one] } else { Vec::new() }
}

fn gate_part(built_in: &gate::BuiltIn) -> GatePart {
    let (verdict, summary) = match built_in.id {
        "change.size" => {
            (Verdict::Waived, "waived by Tomas Berg <tomas@example.org>: the test data counts as lines")
        }
        "mr.pipeline" | "monitor.metrics" => (Verdict::NotApplicable, "nothing is configured for it"),
        "logs.no-new-errors" => (Verdict::Unknown, "the baseline's log could not be read"),
        "report.complete" => (Verdict::Pending, "not evaluated yet"),
        _ => (Verdict::Pass, built_in.passes_when),
    };
    let evidence = match built_in.id {
        "repro.fails-before" => vec![evidence("./sign-in --name 'Anne-Marie'", 1, "03:09:12")],
        "repro.passes-after" => vec![evidence("./sign-in --name 'Anne-Marie'", 0, "03:16:40")],
        "tests.critical" => vec![
            evidence("cargo test --package accounts -- sign_in", 0, "03:17:02"),
            evidence(
                "cargo test --package accounts -- sign_in names::with_hyphens names::with_apostrophes --exact --include-ignored",
                0,
                "03:17:31",
            ),
        ],
        _ => Vec::new(),
    };
    GatePart {
        logs: (built_in.id == "monitor.new-errors").then(|| Box::new(super::logs::fixture::answer())),
        findings: findings(built_in.id),
        id: built_in.id.into(),
        step: "verify".into(),
        verdict,
        required: built_in.required,
        binding: built_in.default != gate::Default::Advisory,
        summary: summary.into(),
        details: if verdict == Verdict::Unknown {
            vec!["var/log/app.log: permission denied".into()]
        } else {
            Vec::new()
        },
        evidence,
        waiver: (verdict == Verdict::Waived).then(|| WaiverPart {
            by: "Tomas Berg <tomas@example.org>".into(),
            reason: "the test data counts as lines".into(),
            at: at("03:14:00"),
            self_waived: false,
        }),
        criteria: (built_in.id == "tests.smoke").then(|| "Smoke tests are green".into()),
    }
}

fn approval(by: &str, clock: &str, identity: Identity, simulated: bool) -> Approval {
    Approval {
        number: 12,
        by: by.into(),
        commit: FIX.into(),
        at: at(clock),
        identity,
        simulated,
        approved: true,
        note: Some("Small and tested. Go.".into()),
    }
}

fn merge_request() -> MergeRequestPart {
    MergeRequestPart {
        role: "production".into(),
        id: "12".into(),
        url: "https://git.example.org/accounts/-/merge_requests/12".into(),
        title: "SPF-1290 fix: accept hyphens in names at sign-in".into(),
        labels: vec!["urgent".into(), "hotfix".into()],
        source: "hotfix/incident-SPF-1290".into(),
        target: "release/hotfix/v1.4.3".into(),
        state: MergeRequestState::Merged,
        commit: FIX.into(),
        merge_commit: Some("c0ffee12345678900987654321abcdefabcdef12".into()),
        approvals: vec![
            approval("Mei Tanaka <mei@example.org>", "03:21:30", Identity::Signed, false),
            approval("Review Script <review@example.org>", "03:22:05", Identity::Asserted, true),
        ],
        voided: vec![VoidedPart {
            by: "Mei Tanaka <mei@example.org>".into(),
            commit: OLD.into(),
            reason: "the branch has a new commit".into(),
        }],
    }
}

fn timeline() -> Vec<Moment> {
    vec![
        moment(
            "03:04:05",
            "incident",
            "Ana Díaz <ana@example.org> started a hotfix for SPF-1290 (P1): Sign-in fails for customers with a hyphen in their name",
            1,
            true,
        ),
        moment("03:04:06", "step", "attempt 1: branch hotfix/incident-SPF-1290 from v1.4.2", 4, false),
        moment(
            "03:09:12",
            "gate",
            "repro.fails-before: pass (the reproduction fails on the base)",
            11,
            false,
        ),
        moment(
            "03:14:00",
            "person",
            "Tomas Berg <tomas@example.org> waived change.size: the test data counts as lines",
            16,
            true,
        ),
        moment(
            "03:16:40",
            "gate",
            "repro.passes-after: pass (the reproduction passes on the fix)",
            19,
            false,
        ),
        moment("03:17:31", "gate", "tests.critical: pass (84 tests, as on the base)", 21, false),
        moment("03:18:10", "effect", "commit (9f2c4b7a10)", 24, true),
        moment("03:18:40", "effect", "push (hotfix/incident-SPF-1290)", 27, false),
        moment(
            "03:20:02",
            "person",
            "the approval of Mei Tanaka <mei@example.org> no longer holds: the branch has a new commit",
            31,
            false,
        ),
        moment("03:21:30", "person", "Mei Tanaka <mei@example.org> approved 9f2c4b7a10", 33, true),
        moment(
            "03:22:05",
            "person",
            "Review Script <review@example.org> (simulated) approved 9f2c4b7a10",
            34,
            true,
        ),
        moment("03:24:15", "effect", "merge (release/hotfix/v1.4.3)", 39, true),
        moment("03:26:10", "effect", "deploy (v1.4.3)", 44, true),
        moment(
            "03:41:40",
            "incident",
            "resolved: the monitoring says that production is back to normal",
            71,
            true,
        ),
        moment("03:55:12", "effect", "port (main)", 76, false),
        moment("09:12:44", "note", "Support has told the customers who wrote.", 80, false),
    ]
}

fn analysis() -> Analysis {
    let measure = |measure: &str, owner: &str, due: &str| Prevention {
        measure: measure.into(),
        owner: owner.into(),
        due: due.into(),
    };
    Analysis {
        summary: Some("Customers with a hyphen in their name could not sign in for 43 minutes. A stricter check of names in v1.4.2 refused them; v1.4.3 accepts them again.".into()),
        impact: Some("About a third of all sign-ins failed. Support had **14 messages**, nobody lost data.".into()),
        root_cause: Some("The check `valid_name` was rewritten in v1.4.2 and lost the hyphen from its set of letters.\n\nNothing caught it:\n\n- no test had a name with a hyphen\n- the canary runs with generated names, which are letters only".into()),
        fix: Some("`valid_name` accepts hyphens and apostrophes again, and a test has the names that customers really have.".into()),
        detection: Some("The alert on failed sign-ins fired five minutes after the deploy of v1.4.2.".into()),
        prevention: vec![
            measure("Take the names of the canary from real ones, without their owners", "Mei Tanaka", "2026-12-05"),
            measure("Let the alert fire at 5 % within one minute", "Tomas Berg", "2026-11-27"),
        ],
        lessons: vec!["Well: the way back was ready before the deploy.".into(), "Badly: the alert took five minutes.".into(), "Lucky: it was night for most customers.".into()],
    }
}

fn obligation(id: &str, what: &str, due: &str, state: &str, how: Option<&str>) -> ObligationPart {
    ObligationPart {
        id: id.into(),
        what: what.into(),
        due: due.parse().unwrap(),
        state: state.into(),
        blocks_close: true,
        how: how.map(Into::into),
    }
}

fn status() -> Status {
    Status {
        schema: hotfix_core::status::SCHEMA.into(),
        incident: Incident {
            key: "SPF-1290".into(),
            title: "Sign-in fails for customers with a hyphen in their name".into(),
            severity: "P1".into(),
        },
        run: RunPart {
            id: "01JD9X4M7Q".into(),
            attempt: 1,
            state: "resolved".into(),
            started_at: Some(at("03:04:05")),
            resolved_at: Some(at("03:41:40")),
            workflow: WorkflowPart {
                name: "Hotfix".into(),
                source: "docs/hotfix.md".into(),
                digest: "4b227777d4dd1fc61c6f884f48641d02b4d121d3fd328cb08b5531fcacdabf8a".into(),
                unreviewed: false,
            },
            plan_digest: "ef2d127de37b942baad06145e54b0c619a1f22327b2ebbcfbec78f5564afe39d".into(),
            clock_scale: None,
        },
        worktree: None,
        steps: Vec::new(),
        gates: gates(),
        merge_requests: vec![merge_request()],
        deploys: vec![DeployPart {
            version: "v1.4.3".into(),
            commit: FIX.into(),
            at: at("03:26:10"),
            state: "live".into(),
        }],
        waiting_for: Vec::new(),
        obligations: vec![
            obligation(
                "review",
                "one reviewer's review of the merge request",
                "2026-11-23T03:41:40Z",
                "open",
                None,
            ),
            obligation(
                "port",
                "the fix on main",
                "2026-11-24T03:41:40Z",
                "met",
                Some("cherry-picked as 77aa12bc90"),
            ),
        ],
        effects: EffectsPart { requested: 9, succeeded: 9, failed: 0, in_doubt: 0 },
        port_forecast: None,
        change: None,
        notices: Vec::new(),
        next: None,
    }
}

/// A P1 that ended well.
pub fn fixture() -> Report {
    Report {
        schema: hotfix_core::report::SCHEMA.into(),
        status: status(),
        made_at: at("09:20:00"),
        author: "Ana Díaz <ana@example.org>".into(),
        began_at: Some(at("02:58:20")),
        deployed_at: Some(at("03:26:10")),
        time_to_restore: Some(at("03:41:40").duration_since(at("02:58:20"))),
        analysis: analysis(),
        timeline: timeline(),
        signals: signals(),
        rolled_back: None,
        diff: Some(DIFF.into()),
        clock_scale: None,
    }
}

/// The same in a demo, with a fix that made it worse and was rolled back.
pub fn rolled_back() -> Report {
    let mut r = fixture();
    let (fix, back) = (at("03:26:10"), at("03:31:30"));
    r.status.run.state = "rolled-back".into();
    r.status.run.resolved_at = None;
    r.time_to_restore = None;
    r.clock_scale = Some(60.0);
    r.rolled_back = Some(RollbackPart {
        from: "v1.4.3".into(),
        to: "v1.4.2".into(),
        reason: "sign-in requests: 58 % errors, proven worse than the incident's 30 %".into(),
        asked: false,
        at: back,
    });
    let deploy = |version: &str, at, state: &str| DeployPart {
        version: version.into(),
        commit: OLD.into(),
        at,
        state: state.into(),
    };
    r.status.deploys = vec![deploy("v1.4.3", fix, "rolled-back"), deploy("v1.4.2", back, "live")];
    for signal in &mut r.signals {
        signal.deploys.push((back, "v1.4.2".into()));
        signal.verdict = Some("worse than the incident: rolled back".into());
    }
    for reading in &mut r.signals[0].readings {
        let share = if reading.at > fix && reading.at < back { 0.58 } else { 0.3 };
        reading.errors =
            reading.total.filter(|_| reading.at > fix).map(|t| (t * share).round()).or(reading.errors);
    }
    r.timeline.truncate(13);
    r.timeline.push(moment("03:31:30", "production", "rolled back from v1.4.3 to v1.4.2: sign-in requests: 58 % errors, proven worse than the incident's 30 %", 58, true));
    for gate in r.status.gates.iter_mut().filter(|g| g.id.starts_with("monitor.error")) {
        (gate.verdict, gate.summary) =
            (Verdict::Fail, "58 % errors, proven worse than the incident's 30 %".into());
    }
    r.analysis = Analysis::default();
    r.status.effects = EffectsPart { requested: 11, succeeded: 9, failed: 1, in_doubt: 1 };
    r.status.next = Some(NextPart { step: "retry".into(), command: "hotfix retry".into() });
    r
}

/// A run that has just begun: nothing is known.
pub fn just_begun() -> Report {
    let mut r = fixture();
    r.status.run.state = "waiting".into();
    r.status.run.resolved_at = None;
    r.made_at = at("03:04:09");
    (r.began_at, r.deployed_at, r.time_to_restore) = (None, None, None);
    r.analysis = Analysis::default();
    r.timeline.truncate(1);
    r.signals.iter_mut().for_each(|s| {
        *s = Signal { readings: vec![], deploys: vec![], began_at: None, verdict: None, ..s.clone() }
    });
    r.diff = None;
    let s = &mut r.status;
    (s.gates, s.merge_requests, s.deploys, s.obligations) = (vec![], vec![], vec![], vec![]);
    s.waiting_for = vec![WaitingFor {
        kind: WaitingKind::Person,
        what: "the command that shows the incident".into(),
        how: "hotfix reproduce -- CMD…".into(),
        until: None,
    }];
    s.effects = EffectsPart { requested: 0, succeeded: 0, failed: 0, in_doubt: 0 };
    r
}

/// What hostile texts hold.
pub const SPITE: &str = "<script>alert(1)</script>\u{1b}[31m|`**x**\u{202e}\" onload=\"x\n## Root cause\nboo";

/// Every text from outside is hostile.
pub fn hostile() -> Report {
    let mut r = fixture();
    let spite = || SPITE.to_owned();
    r.author = spite();
    let s = &mut r.status;
    (s.incident.title, s.incident.severity) = (spite(), spite());
    (s.run.workflow.name, s.run.id, s.notices) = (spite(), spite(), vec![spite()]);
    for m in &mut s.merge_requests {
        (m.title, m.url, m.labels) = (spite(), "javascript:alert(1)".into(), vec![spite()]);
        m.approvals.iter_mut().for_each(|a| (a.by, a.note) = (spite(), Some(spite())));
        m.voided.iter_mut().for_each(|v| (v.by, v.reason) = (spite(), spite()));
    }
    for g in &mut s.gates {
        (g.summary, g.details, g.criteria) = (spite(), vec![spite()], Some(spite()));
        let hints = vec![Hint::run(spite(), spite())];
        g.findings =
            vec![Finding { rule: spite(), file: spite(), message: spite(), hints, ..Finding::default() }];
        g.evidence.iter_mut().for_each(|e| e.command = Some(spite()));
        g.logs = g.logs.take().map(|_| Box::new(super::logs::fixture::hostile()));
        g.waiver.iter_mut().for_each(|w| (w.by, w.reason) = (spite(), spite()));
    }
    s.deploys.iter_mut().for_each(|d| d.version = spite());
    s.obligations.iter_mut().for_each(|o| (o.what, o.how) = (spite(), Some(spite())));
    for signal in &mut r.signals {
        (signal.check, signal.verdict) = (spite(), Some(spite()));
        signal.deploys.iter_mut().for_each(|d| d.1 = spite());
    }
    r.timeline.iter_mut().for_each(|m| m.what = spite());
    r.diff = Some(format!("+++ b/x\n+{SPITE}\n+```\n+````"));
    let a = &mut r.analysis;
    (a.summary, a.impact, a.root_cause, a.fix) = (Some(spite()), Some(spite()), Some(spite()), Some(spite()));
    a.prevention = vec![Prevention { measure: spite(), owner: spite(), due: spite() }];
    a.lessons = vec![spite()];
    r.rolled_back =
        Some(RollbackPart { from: spite(), to: spite(), reason: spite(), asked: true, at: at("03:30:00") });
    r
}
