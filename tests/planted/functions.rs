//! C functions with a memory: what an optimizer does to calls shows in their results.

use std::path::PathBuf;
use std::process::Command;

const SOURCE: &str = "#include <stdint.h>
static __thread int64_t calls;
void planted_reset(int64_t *x, int64_t *out) { calls = 0; *out = *x; }
void planted_next(int64_t *x, int64_t *out) { calls++; *out = calls; }
";

/// The library, made by the first test that asks.
pub fn path() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("planted");
    let made = folder.join("libplanted.so");
    if made.exists() {
        return made;
    }
    std::fs::create_dir_all(&folder).unwrap();
    let own = |name: &str| folder.join(format!("{:?}-{name}", std::thread::current().id()));
    std::fs::write(own("planted.c"), SOURCE).unwrap();
    let status = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .arg(own("planted.so"))
        .arg(own("planted.c"))
        .status();
    assert!(status.expect("cc, which links Rust programs, is there").success());
    std::fs::rename(own("planted.so"), &made).unwrap();
    made
}
