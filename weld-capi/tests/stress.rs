//! Programs that do to libweld what nobody should, or very often: calls in any order with any handles, threads, memory.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use libtest_mimic::Arguments;

fn main() {
    let args = Arguments::from_args();
    let library = support::library();
    libtest_mimic::run(&args, support::trials("weld-capi/tests/c", &library)).exit();
}
