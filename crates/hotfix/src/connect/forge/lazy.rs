//! A forge whose kind is not known before it is first needed: `start` works
//! offline, so nobody is asked until then.

use super::{Forge, ForgeError, Health, Listed, MergeOrder, Review};
use crate::error::Failure;
use hotfix_core::effect::MergeRequestDraft;
use hotfix_core::forge::{Kind, Pipeline, Readiness};
use hotfix_core::journal::{Approval, MergeRequestView};
use std::cell::OnceCell;

/// A forge that is made when it is first needed.
pub struct Lazy {
    name: String,
    make: Box<dyn Fn() -> Result<Box<dyn Forge>, Failure>>,
    made: OnceCell<Box<dyn Forge>>,
}

impl Lazy {
    /// A forge to be made later.
    pub fn new(name: String, make: impl Fn() -> Result<Box<dyn Forge>, Failure> + 'static) -> Lazy {
        Lazy { name, make: Box::new(make), made: OnceCell::new() }
    }

    fn forge(&self) -> Result<&dyn Forge, ForgeError> {
        if let Some(made) = self.made.get() {
            return Ok(made.as_ref());
        }
        let made = (self.make)().map_err(|f| {
            let hint = f.hints.iter().find_map(|h| h.command.clone());
            ForgeError::Unreachable(hint.map_or(f.message.clone(), |h| format!("{} ({h})", f.message)))
        })?;
        Ok(self.made.get_or_init(|| made).as_ref())
    }
}

impl Forge for Lazy {
    fn kind(&self) -> Kind {
        // Whatever it is, it is none of refs on the remote.
        self.forge().map_or(Kind::Gitlab, Forge::kind)
    }

    fn name(&self) -> String {
        self.made.get().map_or_else(|| self.name.clone(), |f| f.name())
    }

    fn refresh(&self) -> Result<(), ForgeError> {
        self.forge()?.refresh()
    }

    fn ensure_label(&self, name: &str) -> Result<(), ForgeError> {
        self.forge()?.ensure_label(name)
    }

    fn has_label(&self, name: &str) -> Result<bool, ForgeError> {
        self.forge()?.has_label(name)
    }

    fn open(&self, marker: &str, draft: &MergeRequestDraft) -> Result<MergeRequestView, ForgeError> {
        self.forge()?.open(marker, draft)
    }

    fn of_branch(&self, source: &str) -> Result<Vec<Listed>, ForgeError> {
        self.forge()?.of_branch(source)
    }

    fn update(&self, number: u64, draft: &MergeRequestDraft) -> Result<MergeRequestView, ForgeError> {
        self.forge()?.update(number, draft)
    }

    fn view(&self, number: u64) -> Result<MergeRequestView, ForgeError> {
        self.forge()?.view(number)
    }

    fn body(&self, number: u64) -> Result<String, ForgeError> {
        self.forge()?.body(number)
    }

    fn reviews(&self, number: u64) -> Result<Vec<Approval>, ForgeError> {
        self.forge()?.reviews(number)
    }

    fn review(&self, review: &Review<'_>) -> Result<Approval, ForgeError> {
        self.forge()?.review(review)
    }

    fn pipeline(&self, number: u64, commit: &str) -> Result<Pipeline, ForgeError> {
        self.forge()?.pipeline(number, commit)
    }

    fn job_log(&self, id: u64) -> Result<Option<String>, ForgeError> {
        self.forge()?.job_log(id)
    }

    fn readiness(&self, number: u64) -> Result<Readiness, ForgeError> {
        self.forge()?.readiness(number)
    }

    fn merge(&self, order: &MergeOrder<'_>) -> Result<MergeRequestView, ForgeError> {
        self.forge()?.merge(order)
    }

    fn authors(&self, number: u64) -> Result<Vec<String>, ForgeError> {
        self.forge()?.authors(number)
    }

    fn health(&self) -> Result<Health, ForgeError> {
        self.forge()?.health()
    }
}
