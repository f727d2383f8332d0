//! Why bytes are no model.

/// Why [`crate::Model::from_bytes`] refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// They do not start like a model.
    #[error("not a model of log templates: it does not start with its mark")]
    NotAModel,
    /// They were written by another version, whose templates do not compare.
    #[error("a model of format {found}, this is {expected}: learn it again from its logs")]
    Version {
        /// The format of the bytes.
        found: u32,
        /// The format that this library reads and writes.
        expected: u32,
    },
    /// They are cut short or changed.
    #[error("the model is damaged at byte {at}: {what}")]
    Damaged {
        /// Where.
        at: usize,
        /// What is wrong there.
        what: &'static str,
    },
}
