#![forbid(unsafe_code)]
mod examples;
mod properties;

use super::{Unformatted, format};
use crate::diag::SourceId;

/// The canonical form, or why there is none.
fn formatted(text: &str) -> String {
    match format(SourceId::default(), text) {
        Ok(formatted) => formatted,
        Err(Unformatted::Rejected(messages)) => panic!("{text}\nis rejected: {:?}", messages.first_error()),
        Err(Unformatted::Internal(why)) => panic!("{text}\n{why}"),
    }
}
