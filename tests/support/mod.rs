//! What several test programs share: all engines on one program, and fixtures.

pub mod engines;
pub mod fixture;
pub mod watchdog;
