#![forbid(unsafe_code)]
//! How much memory a run may take when nobody says.

/// Three quarters of the memory of the machine, or of what this process is allowed of it; `None` when unknown.
pub fn default_limit() -> Option<u64> {
    let machine = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| total(&text));
    let allowed =
        std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse().ok());
    let bytes: u64 = [machine, allowed].into_iter().flatten().min()?;
    Some(bytes / 4 * 3)
}

/// `MemTotal` of `/proc/meminfo` in bytes.
fn total(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::total;

    #[test]
    fn the_total_is_read() {
        assert_eq!(total("MemFree: 1 kB\nMemTotal:       16 kB\n"), Some(16384));
        assert_eq!(total("MemFree: 1 kB\n"), None);
        assert_eq!(total("MemTotal: many kB"), None);
    }
}
