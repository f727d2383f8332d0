//! Each source to where it is looked up. What was found once is not shown
//! again: a later input names the one that has it.

use super::{found, missing, record, repository, short_line, signals};
use crate::commands::OpenRun;
use crate::steps::tools::without_secrets;
use hotfix_core::brief::{BriefInput, Known, Part, Source, Text, TicketPart, sources, ticket_parts};
use hotfix_core::plan::Plan;
use hotfix_core::run::RunState;
use hotfix_core::text::printable;
use hotfix_core::workflow::{Input, Step};

/// Looks sources up for one step of a run.
pub struct Resolver<'a> {
    /// The run.
    pub run: &'a OpenRun<'a>,
    /// Its plan.
    pub plan: &'a Plan,
    /// The step of the page.
    pub page: Option<&'a Step>,
    seen: Vec<(Source, String)>,
}

impl<'a> Resolver<'a> {
    /// For a step of a run.
    pub fn new(run: &'a OpenRun<'a>, plan: &'a Plan, page: Option<&'a Step>) -> Self {
        Resolver { run, plan, page, seen: Vec::new() }
    }

    /// What is known of the run.
    pub fn state(&self) -> &RunState {
        self.run.state()
    }

    /// An input that the page maps.
    pub fn mapped(&mut self, input: &Input) -> BriefInput {
        let known = Known { steps: &self.plan.steps, links: &input.links };
        let all = sources(&input.source, known);
        self.input(&input.name, &input.source, Some(input.line), all)
    }

    /// An input that is of use, where the page maps none.
    pub fn useful(&mut self, name: &str, words: &str) -> BriefInput {
        self.input(name, words, None, sources(words, Known::default()))
    }

    fn input(&mut self, name: &str, words: &str, line: Option<u32>, sources: Vec<Source>) -> BriefInput {
        let parts = sources.into_iter().map(|source| self.part(name, source)).collect();
        let words = without_secrets(&short_line(words, 300));
        BriefInput { name: short_line(name, 80), source: words, line, parts }
    }

    fn part(&mut self, name: &str, source: Source) -> Part {
        let before = self.seen.iter().find(|(seen, of)| *seen == source && of != name);
        if let Some((_, before)) = before {
            let mut part = found(source, "", Text::head(""));
            (part.text, part.same_as) = (None, Some(before.clone()));
            return part;
        }
        let part = self.look_up(source.clone());
        if part.text.is_some() && !matches!(source, Source::Literal { .. }) {
            self.seen.push((source, short_line(name, 80)));
        }
        part
    }

    fn look_up(&self, source: Source) -> Part {
        match source {
            Source::Literal { text } => literal(text),
            Source::Ticket { key, part } => self.ticket(key, part),
            Source::Incident => record::incident(self),
            Source::Timeline => record::timeline(self),
            Source::Output { step } => record::output(self, step),
            Source::Reproduction => record::reproduction(self),
            Source::Tests { scope } => record::tests(self, scope),
            Source::Evidence => record::evidence(self),
            Source::MergeRequest => record::merge_request(self),
            Source::Rollback => record::rollback(self),
            Source::Criteria { list } => record::criteria(self, list),
            Source::Person { role } => record::person(self, role),
            Source::Production => repository::production(self),
            Source::Branch { name } => repository::branch(self, name),
            Source::Fix => repository::fix(self),
            Source::File { path } => repository::file(self, path),
            Source::Address { url } => address(url),
            Source::Logs => signals::logs(self),
            Source::Metrics => signals::metrics(self),
            Source::Alerts => signals::alerts(self),
        }
    }

    fn ticket(&self, key: Option<String>, part: TicketPart) -> Part {
        let incident = self.state().incident.as_ref().map(|i| i.key.clone()).unwrap_or_default();
        let wanted = key.clone().unwrap_or(incident);
        let source = Source::Ticket { key, part };
        let from = format!("ticket {wanted}");
        let Some(tracker) = &self.run.tools.tracker else {
            let mut part = missing(source, from, "no tracker is configured");
            part.hint = Some(format!("name it in the config ([tracker]), or open {wanted} yourself"));
            return part;
        };
        let ticket = match tracker.read(&wanted) {
            Ok(Some(ticket)) => ticket,
            Ok(None) => {
                let mut part = missing(source, from, format!("the tracker has no ticket {wanted}"));
                part.hint = Some("ask whoever reported the incident".to_owned());
                return part;
            }
            Err(error) => {
                return missing(
                    source,
                    from,
                    format!("the tracker cannot be read: {}", short_line(&error, 200)),
                );
            }
        };
        let (description, criteria) = ticket_parts(&ticket.text);
        let open = if ticket.open { "open" } else { "closed" };
        let from = format!("ticket {} ({open})", short_line(&ticket.key, 64));
        let text = match part {
            TicketPart::Whole => format!("{}\n\n{}", ticket.title, ticket.text),
            TicketPart::Description => format!("{}\n\n{description}", ticket.title),
            TicketPart::AcceptanceCriteria => criteria.unwrap_or_default(),
        };
        if text.is_empty() {
            let why = "the ticket has no acceptance criteria (a heading or label of that name)";
            let mut part = missing(source, from, why);
            part.hint = Some("the incident is over when its reproduction no longer fails".to_owned());
            return part;
        }
        found(source, from, Text::head(super::clean(&text)))
    }
}

/// The page's own words.
fn literal(text: String) -> Part {
    let shown = without_secrets(&printable(&text));
    let mut part = found(Source::Literal { text }, "the page", Text::head(shown));
    part.outside = false;
    part
}

/// An address is shown and not fetched: a page must not send requests.
fn address(url: String) -> Part {
    let shown = without_secrets(&short_line(&url, 300));
    let mut part = missing(Source::Address { url }, shown.clone(), "an address is not fetched");
    part.hint = Some(format!("open it yourself: {shown}"));
    part
}
