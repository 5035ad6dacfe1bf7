//! Cold starts of `poll-orders`, with one tick of a connection that is gone: the start itself, then the first invocation,
//! which reads the table and deletes schedules, over TLS.
//!
//! On Lambda a start has the processor for itself and the first invocation only its share by memory; so the share is
//! enforced from the first invocation on if this machine lets us, and else computed from the processor time.

mod aws;
mod runtime_api;
mod share;

use crate::{StartArguments, median, peers};
use anyhow::{Context as _, Result, bail, ensure};
use comfy_table::{Cell, CellAlignment, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use runtime_api::{RuntimeApi, StartTiming};
use serde::Serialize;
use share::Share;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::Command;

const FUNCTION: &str = "poll-orders";
const ENDS_WITHIN: Duration = Duration::from_secs(60);

/// One program that is started.
struct Candidate {
    name: String,
    program: PathBuf,
    arguments: Vec<String>,
}

/// One start.
#[derive(Debug, Clone, Copy, Serialize)]
struct Sample {
    init_ms: f64,
    init_cpu_ms: f64,
    first_ms: f64,
    first_cpu_ms: f64,
    aws_calls: f64,
    resident_mb: f64,
}

/// The medians of a candidate's starts.
#[derive(Debug, Serialize)]
struct Line {
    name: String,
    #[serde(flatten)]
    median: Sample,
    program_mb: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Report {
    starts: u32,
    memory_mb: u32,
    /// Whether the share was enforced; else `first_ms` is processor time ÷ share.
    throttled: bool,
    lines: Vec<Line>,
}

pub(crate) async fn run(arguments: &StartArguments) -> Result<()> {
    let candidates = candidates(arguments).await?;
    let runtime = RuntimeApi::serve().await?;
    let share = Share::of(arguments.memory);
    let bar = ProgressBar::new(u64::from(arguments.starts) * candidates.len() as u64);
    bar.set_style(ProgressStyle::with_template(
        "{wide_bar} {pos}/{len} {msg}",
    )?);
    let mut samples = vec![Vec::new(); candidates.len()];
    // In turns, so that a busy moment of the machine meets all of them.
    for round in 0..=arguments.starts {
        for (candidate, samples) in candidates.iter().zip(&mut samples) {
            bar.set_message(candidate.name.clone());
            let sample = start(candidate, &runtime, &share).await?;
            // The first round only brings the programs into memory.
            if round > 0 {
                samples.push(sample);
                bar.inc(1);
            }
        }
    }
    bar.finish_and_clear();
    let lines = candidates.iter().zip(&samples);
    let report = Report {
        starts: arguments.starts,
        memory_mb: arguments.memory,
        throttled: share.is_enforced(),
        lines: lines.map(|(one, samples)| Line::of(one, samples)).collect(),
    };
    if let Some(file) = &arguments.json {
        std::fs::write(file, serde_json::to_string_pretty(&report)?)?;
    }
    report.print()
}

async fn candidates(arguments: &StartArguments) -> Result<Vec<Candidate>> {
    let rust = |name: &str, program: PathBuf| Candidate {
        name: name.to_owned(),
        program,
        arguments: Vec::new(),
    };
    let mut candidates = vec![rust("this release", build("target", None).await?)];
    if arguments.jitter {
        let program = build("target/bench/jitter", Some("0")).await?;
        candidates.push(rust("the same with jitter entropy", program));
    }
    if let Some(program) = &arguments.against {
        candidates.push(rust(
            &program.display().to_string(),
            program.canonicalize()?,
        ));
    }
    if !arguments.no_peer {
        candidates.push(Candidate {
            name: "Python peer".to_owned(),
            program: peers::python().await?,
            arguments: vec![peers::script("start")],
        });
    }
    Ok(candidates)
}

async fn build(target: &str, no_jitter: Option<&str>) -> Result<PathBuf> {
    eprintln!("{FUNCTION} as a release, in {target}");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--package", FUNCTION]);
    cargo.args(["--target-dir", target]);
    if let Some(value) = no_jitter {
        cargo.env("AWS_LC_SYS_NO_JITTER_ENTROPY", value);
    }
    peers::run(&mut cargo).await?;
    Ok(Path::new(target).join("release").join(FUNCTION))
}

async fn start(candidate: &Candidate, runtime: &RuntimeApi, share: &Share) -> Result<Sample> {
    let started = Instant::now();
    let mut child = Command::new(&candidate.program)
        .args(&candidate.arguments)
        .env_clear()
        .envs(runtime.variables())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{} did not start", candidate.program.display()))?;
    let pid = child.id().context("it ended at once")?;
    let name = &candidate.name;
    let answered = async {
        tokio::select! {
            timing = runtime.one_start(pid, started, share) => timing,
            status = child.wait() => bail!("{name} ended by itself: {}", status?),
        }
    };
    let timing = tokio::time::timeout(ENDS_WITHIN, answered).await;
    let timing = timing.with_context(|| format!("{name} answered nothing"))??;
    let resident_mb = resident_mb(pid);
    child.kill().await?;
    let StartTiming {
        init,
        first,
        aws_calls,
        waiting,
    } = timing;
    drop(waiting);
    let first_cpu_ms = first.cpu_ms;
    Ok(Sample {
        init_ms: init.ms,
        init_cpu_ms: init.cpu_ms,
        first_ms: if share.is_enforced() {
            first.ms
        } else {
            first_cpu_ms / share.part()
        },
        first_cpu_ms,
        aws_calls: aws_calls as f64,
        resident_mb,
    })
}

/// The most memory that it ever had, if the system reports it.
fn resident_mb(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok());
    kilobytes.unwrap_or(0.0) / 1_024.0
}

impl Line {
    fn of(candidate: &Candidate, samples: &[Sample]) -> Self {
        let median = |value: fn(&Sample) -> f64| median(samples.iter().map(value).collect());
        let is_program = candidate.arguments.is_empty();
        let bytes = std::fs::metadata(&candidate.program).map(|file| file.len() as f64);
        Self {
            name: candidate.name.clone(),
            median: Sample {
                init_ms: median(|one| one.init_ms),
                init_cpu_ms: median(|one| one.init_cpu_ms),
                first_ms: median(|one| one.first_ms),
                first_cpu_ms: median(|one| one.first_cpu_ms),
                aws_calls: median(|one| one.aws_calls),
                resident_mb: median(|one| one.resident_mb),
            },
            program_mb: bytes.ok().filter(|_| is_program).map(|bytes| bytes / 1e6),
        }
    }

    fn cells(&self, best: f64) -> Vec<Cell> {
        let Sample {
            init_ms,
            init_cpu_ms,
            first_ms,
            first_cpu_ms,
            aws_calls,
            resident_mb,
        } = self.median;
        let numbers = [
            format!("{:.1}", (init_ms + first_ms) / best),
            format!("{init_ms:.0}"),
            format!("{init_cpu_ms:.0}"),
            format!("{first_ms:.0}"),
            format!("{first_cpu_ms:.0}"),
            format!("{aws_calls:.0}"),
            format!("{resident_mb:.0}"),
            self.program_mb
                .map_or("–".to_owned(), |size| format!("{size:.1}")),
        ];
        let numbers = numbers.map(|number| Cell::new(number).set_alignment(CellAlignment::Right));
        std::iter::once(Cell::new(&self.name))
            .chain(numbers)
            .collect()
    }
}

impl Report {
    fn print(&self) -> Result<()> {
        let how = if self.throttled {
            "the first invocation with the share of the processor that Lambda gives"
        } else {
            "the first invocation computed as processor time ÷ Lambda's share"
        };
        let ours = self.lines.first().context("nothing was started")?.median;
        ensure!(self.starts > 0, "nothing was started");
        let mut table = Table::new();
        table.load_style(presets::UTF8_BORDERS_ONLY).set_header([
            "Cold start",
            "Times ours",
            "Init ms",
            "CPU ms",
            "First ms",
            "CPU ms",
            "AWS calls",
            "RSS MB",
            "Program MB",
        ]);
        for line in &self.lines {
            table.add_row(line.cells(ours.init_ms + ours.first_ms));
        }
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "{FUNCTION}, median of {} starts, {} MB: {how}\n{table}",
            self.starts, self.memory_mb
        )?;
        Ok(())
    }
}
