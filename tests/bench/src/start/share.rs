//! A function's share of a processor, as Lambda gives it by memory, through the kernel's control groups.

use std::fs;
use std::path::PathBuf;

/// Lambda gives a whole processor at this memory, and less in proportion.
const WHOLE_AT_MB: f64 = 1_769.0;
const PERIOD_US: u32 = 20_000;

/// A control group of our own, removed at the end.
pub(crate) struct Share {
    part: f64,
    /// `None` if this machine lets us make none.
    group: Option<PathBuf>,
}

impl Share {
    pub(crate) fn of(memory_mb: u32) -> Self {
        let part = f64::from(memory_mb) / WHOLE_AT_MB;
        Self {
            part,
            group: group(part),
        }
    }

    pub(crate) fn part(&self) -> f64 {
        self.part
    }

    pub(crate) fn is_enforced(&self) -> bool {
        self.group.is_some()
    }

    /// From now on this process gets no more than its share.
    pub(crate) fn enforce(&self, pid: u32) {
        if let Some(group) = &self.group {
            // A process that has just ended has nothing to throttle; the start reports it.
            let _ = fs::write(group.join("cgroup.procs"), pid.to_string());
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if let Some(group) = &self.group {
            let _ = fs::remove_dir(group);
        }
    }
}

/// A new group with this part of one processor, by the second version of control groups or the first.
fn group(part: f64) -> Option<PathBuf> {
    let quota = (f64::from(PERIOD_US) * part).round();
    let name = format!("stallkeeper-bench-{}", std::process::id());
    let second = PathBuf::from("/sys/fs/cgroup").join(&name);
    let first = PathBuf::from("/sys/fs/cgroup/cpu").join(&name);
    let settings = [
        (second, vec![("cpu.max", format!("{quota} {PERIOD_US}"))]),
        (
            first,
            vec![
                ("cpu.cfs_period_us", PERIOD_US.to_string()),
                ("cpu.cfs_quota_us", quota.to_string()),
            ],
        ),
    ];
    for (group, files) in settings {
        let parent_is_there = group.parent().is_some_and(|parent| parent.is_dir());
        if !parent_is_there || fs::create_dir(&group).is_err() {
            continue;
        }
        let set = |(file, value): &(&str, String)| {
            let file = group.join(file);
            file.exists() && fs::write(file, value).is_ok()
        };
        if files.iter().all(set) {
            return Some(group);
        }
        let _ = fs::remove_dir(&group);
    }
    None
}
