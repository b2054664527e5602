//! Queries to the operating system: CPU time and memory of a process, and this process's limit of open files.

pub(crate) use platform::{allow_open_files, cpu_of, own_cpu, resident_kb};

#[cfg(target_os = "linux")]
mod platform {
    use std::time::Duration;
    use std::{fs, io};

    use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
    use nix::sys::time::TimeValLike;
    use nix::time::{ClockId, clock_gettime};
    use nix::unistd::Pid;

    use crate::error::Error;

    /// Returns the user and system time of a process, including threads that have ended.
    ///
    /// It reads the process's CPU clock, which is exact to nanoseconds and up to date. `/proc/PID/stat` counts in ticks of 10 ms,
    /// which is too coarse; `/proc/PID/task/*/schedstat` has nanoseconds, but lacks a running thread's time since the last tick,
    /// and the time of threads that have ended. None of them counts the kernel's work for the process in interrupts.
    pub(crate) fn cpu_of(pid: i32) -> Result<Duration, Error> {
        let time = ClockId::pid_cpu_clock_id(Pid::from_raw(pid)).and_then(clock_gettime);
        let time = time.map_err(Error::os(format!("reading the CPU clock of process {pid}")))?;
        Ok(time.into())
    }

    /// Returns the user and system time of this process.
    pub(crate) fn own_cpu() -> Result<Duration, Error> {
        let usage = getrusage(UsageWho::RUSAGE_SELF).map_err(Error::os("reading this process's usage"))?;
        let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
        Ok(Duration::from_micros(u64::try_from(micros).unwrap_or_default()))
    }

    /// Returns the resident memory of a process, in units of 1024 bytes.
    pub(crate) fn resident_kb(pid: i32) -> Result<u64, Error> {
        let path = format!("/proc/{pid}/status");
        let status = fs::read_to_string(&path).map_err(Error::os(format!("reading {path}")))?;
        resident_in(&status).ok_or_else(|| Error::os(path)(io::Error::other("it has no line VmRSS")))
    }

    /// Raises this process's limit of open files to the hard limit.
    ///
    /// # Errors
    /// The hard limit is less than `needed`, or the operating system refuses.
    pub(crate) fn allow_open_files(needed: u64) -> Result<(), Error> {
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(Error::os("reading the limit of open files"))?;
        if hard < needed {
            let lack = format!("{needed} open files are needed, but the hard limit is {hard}: raise it (ulimit -Hn)");
            return Err(Error::os("raising the limit of open files")(io::Error::other(lack)));
        }
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard).map_err(Error::os("raising the limit of open files"))
    }

    fn resident_in(status: &str) -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_cpu_clock_of_a_process_goes_on() {
            let own = i32::try_from(std::process::id()).unwrap();
            let before = cpu_of(own).unwrap();
            while cpu_of(own).unwrap() == before {}
            assert!(own_cpu().is_ok());
        }

        #[test]
        fn no_process_has_no_clock() {
            // Higher than any process id of Linux.
            assert!(matches!(cpu_of(1 << 23), Err(Error::Os { .. })));
            assert!(matches!(resident_kb(1 << 23), Err(Error::Os { .. })));
        }

        #[test]
        fn resident_memory_is_read_from_its_line() {
            assert_eq!(resident_in("Name:\tworkerd\nVmRSS:\t   97412 kB\nRssAnon:\t 1 kB\n"), Some(97_412));
            assert_eq!(resident_in("Name:\tkthreadd\n"), None);
            assert!(resident_kb(i32::try_from(std::process::id()).unwrap()).unwrap() > 0);
        }

        #[test]
        fn more_files_than_can_be_open_are_an_error() {
            assert!(matches!(allow_open_files(u64::MAX), Err(Error::Os { .. })));
            allow_open_files(1).unwrap();
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::io;
    use std::time::Duration;

    use crate::error::Error;

    pub fn cpu_of(_pid: i32) -> Result<Duration, Error> {
        Err(only_linux())
    }

    pub fn own_cpu() -> Result<Duration, Error> {
        Err(only_linux())
    }

    pub fn resident_kb(_pid: i32) -> Result<u64, Error> {
        Err(only_linux())
    }

    pub fn allow_open_files(_needed: u64) -> Result<(), Error> {
        Err(only_linux())
    }

    fn only_linux() -> Error {
        Error::os("measuring a process")(io::Error::new(io::ErrorKind::Unsupported, "supported on Linux only"))
    }
}
