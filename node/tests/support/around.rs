//! What a node's process finds around it: a small disk of its own, and a clock that can be set.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::skipped;

/// Nothing unless it is said.
#[derive(Default)]
pub struct Around {
    pub disk: Option<SmallDisk>,
    pub clock: Option<Clock>,
    /// Another program than this build's; else `DM3_NODE` may name one.
    pub program: Option<PathBuf>,
}

impl Around {
    /// The command that runs the program so.
    pub fn command(&self) -> tokio::process::Command {
        let named = || std::env::var_os("DM3_NODE").map(PathBuf::from);
        let program = self.program.clone().or_else(named);
        let program = program.unwrap_or_else(|| env!("CARGO_BIN_EXE_dm3-node").into());
        let mut command = match &self.disk {
            Some(disk) => disk.command(&program),
            None => Command::new(program),
        };
        if let Some(clock) = &self.clock {
            clock.set_for(&mut command);
        }
        command.into()
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout == b"0\n"
}

/// A file system of its own in memory, in a mount namespace that nobody else sees. It ends with this.
pub struct SmallDisk {
    /// Where it is, for who lives in the namespace.
    folder: PathBuf,
    holder: Child,
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

impl SmallDisk {
    /// Puts one over an empty folder; `None` where the machine allows nobody to mount anything.
    pub fn mount(folder: &Path, megabytes: u32) -> Option<Self> {
        // It ends with its standard input, so also if the tests are killed.
        let script = "mount -t tmpfs -o size=\"$2\"m none \"$1\" && echo mounted && exec cat";
        let holder = Command::new("unshare")
            .args(if is_root() { &["--mount"][..] } else { &["--user", "--map-root-user", "--mount"] })
            .args(["sh", "-c", script, "sh"])
            .arg(folder)
            .arg(megabytes.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        if let Ok(mut holder) = holder {
            let mut said = String::new();
            BufReader::new(holder.stdout.take().unwrap()).read_line(&mut said).unwrap();
            let mounted = Self { folder: folder.to_owned(), holder };
            if said.trim() == "mounted" {
                return Some(mounted);
            }
        }
        skipped("this machine lets nobody mount a disk of its own (unshare --mount)");
        None
    }

    /// A file of it, as the tests see it.
    pub fn file(&self, name: &str) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(self.folder.strip_prefix("/").unwrap()).join(name)
    }

    /// Takes what is left, to the last byte.
    pub fn fill(&self) {
        use std::io::Write as _;
        let mut file = std::fs::File::options().append(true).create(true).open(self.file("ballast")).unwrap();
        for size in [1 << 20, 4096, 1] {
            let piece = vec![0; size];
            while file.write(&piece).is_ok_and(|written| written > 0) {}
        }
    }

    /// Gives back what was taken.
    pub fn clear(&self) {
        let _ = std::fs::remove_file(self.file("ballast"));
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.holder.id().to_string(), "--mount"]);
        if !is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg(program);
        command
    }
}

/// A clock that goes on as the machine's does, so many days beside it; libfaketime tells it to one process alone.
pub struct Clock {
    file: PathBuf,
    library: PathBuf,
}

impl Clock {
    /// Keeps the days in a file; `None` where libfaketime is not installed.
    pub fn in_folder(folder: &Path) -> Option<Self> {
        let libraries = std::fs::read_dir("/usr/lib").unwrap().filter_map(Result::ok);
        let library = libraries
            .map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"))
            .find(|library| library.exists());
        let Some(library) = library else {
            skipped("no clock can be set on this machine (sudo apt-get install libfaketime)");
            return None;
        };
        let clock = Self { file: folder.join("clock"), library };
        clock.set(0);
        Some(clock)
    }

    /// Puts it so many days ahead of the machine's, or behind it. Also while the process runs.
    pub fn set(&self, days: i64) {
        // Renamed into place, so that it is never read half.
        let half = self.file.with_extension("half");
        std::fs::write(&half, format!("{days:+}d\n")).unwrap();
        std::fs::rename(half, &self.file).unwrap();
    }

    fn set_for(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAKETIME_TIMESTAMP_FILE", &self.file)
            .env("FAKETIME_CACHE_DURATION", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("NO_FAKE_STAT", "1");
    }
}
