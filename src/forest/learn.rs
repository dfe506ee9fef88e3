//! Learning from verdicts.

/// What verdicts taught.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Learned {}
