//! The words by which pages name the sources of inputs. A clause names a
//! source if it has one of its phrases and every other word only says which
//! one is meant. It refuses statements (`incident resolved`): they are no place
//! where anything could be looked up.

/// What a phrase names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Rollback,
    MergeRequest,
    Timeline,
    Alerts,
    Metrics,
    Logs,
    Reproduction,
    SmokeTests,
    CriticalTests,
    Evidence,
    Tests,
    Prerequisites,
    Verification,
    Monitoring,
    Completion,
    Ticket,
    Fix,
    Main,
    Production,
    Person,
    Incident,
}

/// Phrases of lower-case words. The first kind with a phrase in a clause
/// wins: `production logs` are logs.
const PHRASES: &[(Kind, &str)] = &[
    (
        Kind::Rollback,
        "rollback, rollback plan, roll back plan, rollback command, rollbackplan, way back, \
         previous version, plan de reversión, kế hoạch rollback",
    ),
    (
        Kind::MergeRequest,
        "merge request, merge requests, pull request, pull requests, mr, pr, review comments, \
         review feedback, reviews",
    ),
    (
        Kind::Timeline,
        "timeline, time line, chronology, journal, incident log, event log, zeitleiste, \
         zeitverlauf, chronologie, cronología, cronologia, dòng thời gian, zaman çizelgesi, \
         хронология, oś czasu, tijdlijn",
    ),
    (
        Kind::Alerts,
        "alert, alerts, alarm, alarms, pager, pagerduty, opsgenie, alarme, alertes, alertas, \
         cảnh báo, uyarılar, алерты, оповещения, alerty, meldungen",
    ),
    (
        Kind::Metrics,
        "metric, metrics, error rate, error rates, latency, throughput, dashboard, dashboards, \
         grafana, prometheus, datadog, telemetry, monitoring data, monitoring, graphs, charts, \
         kpi, kpis, apm, metriken, kennzahlen, métriques, métricas, metriche, chỉ số, \
         metrikler, метрики, metryki",
    ),
    (
        Kind::Logs,
        "log, logs, logging, stack trace, stack traces, stacktrace, stacktraces, traceback, \
         tracebacks, trace, traces, error message, error messages, error output, errors, \
         error, exception, exceptions, crash report, crash reports, sentry, kibana, loki, \
         splunk, protokoll, protokolle, logdateien, journaux, registros, nhật ký, günlükler, \
         логи, журналы, dzienniki",
    ),
    (
        Kind::Reproduction,
        "reproduction, reproduction steps, repro, repro steps, steps to reproduce, reproducer, \
         failing test, quick test, incident specific, incident specific test, \
         incident specific tests, reproduktion, reproducción, reprodução, tái hiện, \
         воспроизведение",
    ),
    (
        Kind::SmokeTests,
        "smoke test, smoke tests, smoke, smoke suite, smoketests, rauchtests, pruebas de humo, \
         дымовые тесты",
    ),
    (
        Kind::CriticalTests,
        "critical test, critical tests, regression test, regression tests, kritische tests",
    ),
    (
        Kind::Evidence,
        "evidence, verification results, verification result, verification report, \
         verification output, gate results, quality gates, quality gate results, nachweise, \
         preuves, evidencia, bằng chứng",
    ),
    (
        Kind::Tests,
        "test, tests, test suite, test results, test result, test report, testergebnisse, \
         pruebas, testes, тесты, testy",
    ),
    (Kind::Prerequisites, "prerequisites, preconditions, voraussetzungen, requisitos previos"),
    (Kind::Verification, "verification checklist, minimum verification, verification criteria"),
    (Kind::Monitoring, "monitoring checklist, monitoring criteria"),
    (
        Kind::Completion,
        "completion criteria, completion checklist, definition of done, exit criteria, \
         abschlusskriterien",
    ),
    (
        Kind::Ticket,
        "ticket, tickets, jira, jira issue, github issue, gitlab issue, issue, story, \
         user story, bug report, work item, backlog item, acceptance criteria, \
         akzeptanzkriterien, ticketbeschreibung, critères d acceptation, \
         criterios de aceptación, critérios de aceitação, tiêu chí chấp nhận, \
         kabul kriterleri, критерии приёмки, критерии приемки, тикет, задача, zgłoszenie",
    ),
    (
        Kind::Fix,
        "commit, commits, diff, patch, fix, hotfix, change, changes, change set, changeset, \
         implementation, changed files, modified files, what changed, hotfix branch, \
         fix branch, code changes, änderung, änderungen, korrektur, correctif, correction, \
         corrección, correção, bản sửa, bản vá, düzeltme, исправление, коммит, poprawka",
    ),
    (Kind::Main, "main, main branch, master, master branch, trunk, develop branch"),
    (
        Kind::Production,
        "production, prod, live, production branch, production tag, release tag, \
         release branch, release, tree, deployed version, current version, version, tag, \
         codebase, code base, source code, code, repository, repo, source tree, produktion, \
         produktionszweig, produktionsstand, producción, produção, produzione, sản xuất, \
         prodüksiyon, canlı, продакшен, прод, produkcja, productie, mã nguồn",
    ),
    (
        Kind::Person,
        "on call, oncall, on call engineer, tech lead, team lead, engineering manager, \
         manager, reviewer, reviewers, incident commander, incident lead, product owner, \
         reporter, support team, support",
    ),
    (
        Kind::Incident,
        "incident, incidents, incident record, incident report, incident details, \
         incident description, outage, bug description, bug, problem, problem description, \
         error description, severity, impact, arguments, user input, user request, \
         user description, störung, vorfall, incidente, sự cố, olay, инцидент, incydent, panne",
    ),
];

/// Words that only say which one is meant.
const MODIFIERS: &str = "a, an, the, of, in, on, from, for, to, with, at, by, as, its, our, this, that, these, \
    all, any, or, s, during, since, around, before, after, via, see, der, die, das, des, \
    den, dem, im, aus, vom, von, zum, zur, le, la, les, l, du, de, d, el, los, las, del, \
    o, os, da, do, của, từ, из, в, z, w, van, het, production, prod, live, incident, \
    incidents, outage, hotfix, fix, deploy, deployment, release, application, app, apps, \
    service, services, server, system, container, pod, database, api, user, customer, \
    business, health, error, errors, key, code, branch, tag, version, tree, commit, run, \
    runs, ticket, tickets, jira, github, gitlab, linear, tracker, issue, bug, pipeline, \
    ci, monitoring, verification, test, tests, review, post, pre, störung, incidente, \
    produktion, produktions, sự, cố, sản, xuất, current, currently, latest, last, recent, \
    relevant, related, affected, original, linked, associated, corresponding, given, \
    provided, actual, applied, committed, merged, deployed, released, final, verified, \
    proposed, initial, existing, known, full, raw, new, specific, smoke, critical, \
    stable, good, aktuelle, aktueller, letzte, description, summary, details, detail, \
    info, information, data, content, contents, text, body, title, id, number, link, url, \
    file, files, record, records, report, reports, history, list, output, outputs, \
    result, results, status, state, snapshot, entries, lines, comments, comment, \
    acceptance, criteria, criterion, requirements, scope, plan, steps, command, checkout, \
    notes, message, messages, beschreibung, akzeptanzkriterien, descripción, descrição, \
    mô, tả, sentry, kibana, grafana, prometheus, datadog, pagerduty, opsgenie, loki, \
    splunk, slack, from";

/// Words that ask for the acceptance criteria of a ticket.
pub(super) const ACCEPTANCE: &str = "acceptance, akzeptanzkriterien, acceptation, aceptación, aceitação, kabul, приёмки, \
    приемки, chấp";

/// Words that ask for the description of a ticket.
pub(super) const DESCRIPTION: &str = "description, summary, body, details, detail, beschreibung, ticketbeschreibung, \
    descripción, descrição, descrizione, opis";

/// Words that make a clause a statement.
const STATEMENT: &str = "is, are, was, were, be, been, must, should, shall, may, can, cannot, not, no, never, \
    again, without, resolved, gone, works, work, passes, pass, passed, restored, normal, \
    over, reproducible, helps, stops, ist, sind, nicht, kein, keine, behoben, est, sont, \
    pas, đã, không, решён, решен, не";

/// The same for scripts that put no spaces between words.
const UNSPACED: &[(Kind, &str)] = &[
    (Kind::Rollback, "ロールバック, 回滚, 回滾, 롤백"),
    (Kind::Timeline, "タイムライン, 时间线, 時間線, 时间轴, 타임라인"),
    (Kind::Alerts, "アラート, 警报, 警報, 告警, 알림, 경보"),
    (Kind::Metrics, "メトリクス, 指标, 指標, 메트릭, 지표"),
    (Kind::Logs, "ログ, 日志, 日誌, 로그"),
    (Kind::Reproduction, "再現手順, 复现, 重現, 재현"),
    (Kind::SmokeTests, "スモークテスト, 冒烟测试, 冒煙測試, 스모크 테스트"),
    (Kind::Tests, "テスト, 测试, 測試, 테스트"),
    (Kind::Ticket, "チケット, 工单, 工單, 受け入れ基準, 验收标准, 驗收標準, 티켓, 이슈"),
    (Kind::Fix, "コミット, 修正内容, 差分, 提交, 修复, 修復, 커밋, 수정"),
    (Kind::Production, "本番, 生产, 生產, 代码库, コードベース, 운영, 코드베이스"),
    (Kind::Incident, "インシデント, 障害, 事故, 故障, 事件, 장애, 인시던트"),
];

/// Endings that make such a clause a statement.
const UNSPACED_STATEMENT: &str = "解決, 解决, ない, 不再, 没有, 完了, 해결, 正常";

/// The phrases of a row.
pub(super) fn each(phrases: &'static str) -> impl Iterator<Item = &'static str> {
    phrases.split(", ")
}

/// A clause in words: lower case, without what joins them.
pub(super) fn words(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    parts.map(str::to_lowercase).collect()
}

/// The parts of a cell that may each name a source.
pub(super) fn clauses(text: &str) -> Vec<&str> {
    const JOINS: &[&str] =
        &[" and ", " plus ", " und ", " et ", " y ", " e ", " và ", " ve ", " и ", " i ", " en ", " with "];
    let mut parts = vec![text];
    for join in JOINS {
        parts = parts.into_iter().flat_map(|part| part.split(join)).collect();
    }
    let signs = |c: char| matches!(c, '+' | ',' | ';' | '&' | '、' | '，' | '；' | '\n');
    let parts = parts.into_iter().flat_map(|part| part.split(signs));
    let trimmed = parts.map(|part| {
        let part = part.trim();
        part.strip_prefix("and ").unwrap_or(part).trim().trim_end_matches("<br>").trim_end_matches("<br/>")
    });
    trimmed.filter(|part| !part.is_empty()).collect()
}

/// The kind of source that a clause names, with its words.
pub(super) fn kind_of(clause: &str) -> Option<(Kind, Vec<String>)> {
    let words = words(clause);
    if words.is_empty() || is_statement(&words) {
        return None;
    }
    if clause.chars().any(is_unspaced) {
        let kind = UNSPACED.iter().find(|(_, phrases)| each(phrases).any(|phrase| clause.contains(phrase)));
        let statement = each(UNSPACED_STATEMENT).any(|word| clause.contains(word));
        let short = clause.chars().count() <= 16;
        return kind.filter(|_| short && !statement).map(|(kind, _)| (*kind, words));
    }
    let is_kind = |phrases: &'static str| each(phrases).any(|phrase| names(&words, phrase));
    let kind = PHRASES.iter().find(|(_, phrases)| is_kind(phrases)).map(|(kind, _)| *kind)?;
    Some((kind, words))
}

fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// The words have the phrase, and nothing else of their own.
fn names(words: &[String], phrase: &str) -> bool {
    let phrase: Vec<&str> = phrase.split(' ').collect();
    let at =
        words.windows(phrase.len().max(1)).position(|window| window.iter().zip(&phrase).all(|(a, b)| a == b));
    at.is_some_and(|at| {
        let rest = words.iter().enumerate().filter(|(index, _)| *index < at || *index >= at + phrase.len());
        rest.into_iter().all(|(_, word)| is_modifier(word))
    })
}

fn is_modifier(word: &str) -> bool {
    each(MODIFIERS).any(|known| known == word) || word.chars().all(|c| c.is_ascii_digit())
}

fn is_statement(words: &[String]) -> bool {
    words.iter().any(|word| each(STATEMENT).any(|known| known == word))
}

/// Whether a statement is about the incident, so that its record helps.
pub(super) fn is_about_the_incident(clause: &str) -> bool {
    let words = words(clause);
    let incident = |(kind, _): &&(Kind, &str)| *kind == Kind::Incident;
    let spaced = PHRASES.iter().filter(incident).flat_map(|(_, phrases)| each(phrases));
    let unspaced = UNSPACED.iter().filter(incident).flat_map(|(_, phrases)| each(phrases));
    spaced.into_iter().any(|phrase| words.iter().any(|word| word == phrase))
        || unspaced.into_iter().any(|phrase| clause.contains(phrase))
}

/// The role that a clause names, in kebab-case.
pub(super) fn role_in(words: &[String]) -> String {
    let joined = words.join(" ");
    let roles = [
        ("on call", "on-call"),
        ("oncall", "on-call"),
        ("tech lead", "tech-lead"),
        ("team lead", "team-lead"),
        ("manager", "manager"),
        ("reviewer", "reviewer"),
        ("incident commander", "incident-commander"),
        ("incident lead", "incident-commander"),
        ("product owner", "product-owner"),
        ("reporter", "reporter"),
        ("support", "support"),
    ];
    roles.iter().find(|(phrase, _)| joined.contains(phrase)).map_or("on-call", |(_, role)| role).to_owned()
}
