//! What a developer sees while they wait: one line a step, moving on a terminal, plain elsewhere.
//! Everything here goes to standard error, so standard output carries results alone.

use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The steps on the screen.
#[derive(Clone)]
pub(crate) struct Console {
    bars: MultiProgress,
    plain: bool,
}

impl Console {
    pub(crate) fn new() -> Self {
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let plain = bars.is_hidden();
        Self { bars, plain }
    }

    /// Begins a step; it shows as failed unless [`Step::done`] is reached.
    pub(crate) fn step(&self, name: &str) -> Step {
        let bar = self.bars.add(ProgressBar::new_spinner());
        bar.set_style(style(
            "{spinner:.cyan} {prefix} {elapsed:.dim} {wide_msg:.dim}",
        ));
        bar.set_prefix(name.to_owned());
        if self.plain {
            eprintln!("  … {name}");
        } else {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Step {
            console: self.clone(),
            bar,
            name: name.to_owned(),
            started: Instant::now(),
            over: false,
        }
    }

    /// A line between the steps.
    pub(crate) fn say(&self, line: &str) {
        if self.plain {
            eprintln!("{line}");
        } else {
            let _ = self.bars.println(line);
        }
    }
}

/// One step under way.
pub(crate) struct Step {
    console: Console,
    bar: ProgressBar,
    name: String,
    started: Instant,
    over: bool,
}

impl Step {
    /// Says what the step is busy with, if the terminal can show it.
    pub(crate) fn detail(&self, text: &str) {
        self.bar.set_message(text.to_owned());
    }

    pub(crate) fn done(mut self) {
        self.finish("✔");
    }

    fn finish(&mut self, mark: &str) {
        self.over = true;
        self.bar.finish_and_clear();
        self.console.bars.remove(&self.bar);
        let line = format!(
            "  {mark} {} ({})",
            self.name,
            seconds(self.started.elapsed())
        );
        self.console.say(&line);
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if !self.over {
            self.finish("✘");
        }
    }
}

pub(crate) fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        whole => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_people_say_them() {
        assert_eq!(seconds(Duration::from_millis(1_240)), "1.2 s");
        assert_eq!(seconds(Duration::from_secs(125)), "2 min 05 s");
    }
}
