use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

/// Tells the way of the job: bars on a terminal, plain lines in a pipe; and times its steps.
pub struct Progress {
    terminal: bool,
    timings: BTreeMap<String, u128>,
}

/// One numbered step of the job.
pub struct Step {
    name: &'static str,
    started: Instant,
}

/// Work of a known length inside a step.
pub struct Bar(ProgressBar);

impl Progress {
    pub fn new() -> Self {
        Self {
            terminal: std::io::stderr().is_terminal(),
            timings: BTreeMap::new(),
        }
    }

    /// Begins step `number`; `name` is its key in the summary's timings.
    #[expect(clippy::unused_self, reason = "a step belongs to the job that this tells")]
    pub fn begin(&self, number: usize, name: &'static str, title: &str) -> Step {
        println!("\n{number}. {title}");
        Step {
            name,
            started: Instant::now(),
        }
    }

    /// One line of what happened.
    #[expect(clippy::unused_self, reason = "a line belongs to the job that this tells")]
    pub fn say(&self, line: impl AsRef<str>) {
        println!("   {}", line.as_ref());
    }

    pub fn end(&mut self, step: &Step) {
        let millis = step.started.elapsed().as_millis();
        println!("   ({})", seconds(millis));
        self.timings.insert(step.name.to_owned(), millis);
    }

    /// A bar over `length` things, invisible in a pipe.
    pub fn bar(&self, length: usize, what: &'static str) -> Bar {
        let bar = if self.terminal {
            ProgressBar::new(length as u64)
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("   {msg} {bar:30} {human_pos}/{human_len} ({eta})")
            .expect("the template is well formed");
        bar.set_style(style);
        bar.set_message(what);
        Bar(bar)
    }

    /// Milliseconds by step.
    pub const fn timings(&self) -> &BTreeMap<String, u128> {
        &self.timings
    }
}

impl Bar {
    pub fn advance(&self) {
        self.0.inc(1);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// `1234` milliseconds as `1,234 s`.
fn seconds(millis: u128) -> String {
    format!("{},{:03} s", millis / 1000, millis % 1000)
}
