//! Signs of a new feature: dependencies and public interface that were not
//! there before. Their counterpart, public interface that is gone, is a sign
//! of refactoring: whoever used it will notice.

use super::super::reading::Reading;
use super::super::{FileChange, Finding, Rules, excerpt, manifest};
use super::surface::{self, Offer, Surface};
use super::{Sign, Tally};
use std::collections::BTreeSet;

/// The signs in the files that count.
pub(super) fn findings(
    readings: &[&Reading<'_>],
    surfaces: &[Surface<'_>],
    rules: &Rules<'_>,
    tally: &mut Tally,
) -> Vec<Finding> {
    let binding = rules.policy.no_features;
    let mut out = Vec::new();
    for reading in readings {
        out.extend(dependencies(reading.file, rules, tally));
    }
    let before = surface::keys(surfaces.iter().map(|surface| &surface.old));
    let mut told = BTreeSet::new();
    for surface in surfaces {
        let file = surface.file;
        tally.signatures += surface.changed_signatures();
        let new: Vec<&Offer> = surface.new.iter().filter(|offer| !before.contains(&offer.key())).collect();
        for offer in &new {
            // What belongs to something new is told with it.
            let inside = new.iter().any(|other| offer.belongs_to(other));
            if !inside && told.insert(offer.key()) {
                let rule = format!("new-{}", offer.kind.replace(' ', "-"));
                let message = format!("new public {} `{}`", offer.kind, excerpt(&offer.name));
                out.push(sign(file, &rule, offer).finding(message, rules.base, binding));
            }
        }
        for (offer, parameter) in surface.wider() {
            let message = format!("new parameter `{}` of `{}`", excerpt(&parameter), excerpt(&offer.name));
            out.push(sign(file, "new-parameter", offer).finding(message, rules.base, binding));
        }
    }
    out
}

/// Public interface that is gone.
pub(super) fn removed(surfaces: &[Surface<'_>], rules: &Rules<'_>) -> Vec<Finding> {
    let after = surface::keys(surfaces.iter().map(|surface| &surface.new));
    let mut out = Vec::new();
    for surface in surfaces {
        let gone: Vec<&Offer> = surface.old.iter().filter(|offer| !after.contains(&offer.key())).collect();
        for offer in gone.iter().filter(|offer| !gone.iter().any(|other| offer.belongs_to(other))) {
            let message = format!("removed public {} `{}`", offer.kind, excerpt(&offer.name));
            let sign = sign(surface.file, "removed-public", offer);
            out.push(sign.finding(message, rules.base, rules.policy.no_refactoring));
        }
    }
    out
}

fn sign<'a>(file: &'a FileChange, rule: &'a str, offer: &Offer) -> Sign<'a> {
    Sign { file, rule, line: offer.line, column: offer.column }
}

fn dependencies(file: &FileChange, rules: &Rules<'_>, tally: &mut Tally) -> Vec<Finding> {
    let Some(found) = manifest::dependencies(file) else { return Vec::new() };
    tally.versions.extend(found.changed);
    tally.for_tools.extend(found.new_for_tools);
    if found.unread {
        tally.unread.insert(file.path.clone());
    }
    let of = |(name, line): (String, Option<u32>)| {
        let sign = Sign { file, rule: "new-dependency", line, column: None };
        sign.finding(format!("new dependency `{}`", excerpt(&name)), rules.base, rules.policy.no_features)
    };
    found.new.into_iter().map(of).collect()
}
