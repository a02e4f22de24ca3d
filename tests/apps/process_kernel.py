"""What the kernel says of the process that the application lives in: proc(5), prctl(2), getrlimit(2)."""

import ctypes
import fcntl
import os
import resource
import signal
import stat
from pathlib import Path
from typing import Any

STATUS = """
    Name Umask State Tgid Ngid TracerPid Uid Gid Groups Kthread VmLck VmPin CoreDumping THP_enabled SigPnd ShdPnd
    SigBlk SigIgn SigCgt CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp Seccomp_filters Cpus_allowed Mems_allowed
"""
"""Lines of /proc/self/status; the others are sizes of memory, counters and the numbers of processes."""
STAT = {"ppid": 4, "group": 5, "session": 6, "tty": 7, "foreground": 8, "priority": 18, "nice": 19, "threads": 20,
        "exit signal": 38, "realtime": 40, "policy": 41}  # fmt: skip
"""Fields of /proc/self/stat, by their number in proc(5)."""
FILES = ("cgroup", "comm", "limits", "oom_score_adj", "personality", "timerslack_ns", "coredump_filter", "loginuid",
         "autogroup", "uid_map", "setgroups", "timers")  # fmt: skip
PRCTL = {"PDEATHSIG": 2, "DUMPABLE": 3, "KEEPCAPS": 7, "SECUREBITS": 27, "CHILD_SUBREAPER": 37, "NO_NEW_PRIVS": 39,
         "THP_DISABLE": 42, "TIMERSLACK": 30}  # fmt: skip
"""Options of prctl(2) that ask; the first and the fifth write an int."""
NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts")
WRITES = ("PDEATHSIG", "CHILD_SUBREAPER")


def shown() -> dict[str, Any]:
    """Return it, without what no two processes have in common."""
    pid = str(os.getpid())
    parent = str(os.getppid())
    fields = ["", "", *Path("/proc/self/stat").read_text().rpartition(")")[2].split()]
    named = {name: fields[number - 1] for name, number in STAT.items()}
    lines = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    return {
        "status": {name: lines[name].replace(pid, "PID") for name in STATUS.split() if name in lines},
        "stat": {name: {pid: "PID", parent: "PARENT"}.get(value, value) for name, value in named.items()},
        "cmdline": Path("/proc/self/cmdline").read_bytes().rstrip(b"\0").decode(),
        "files": {name: _text(f"/proc/self/{name}") for name in FILES},
        "owner": Path("/proc/self/environ").stat().st_uid,
        "environ": _text("/proc/self/environ").replace("\0", ""),  # the title is in its place (setproctitle)
        "ns": [_link(f"ns/{name}") for name in NAMESPACES],
        "links": [_link(name) for name in ("cwd", "root", "exe")],
        "prctl": {name: _asked(name) for name in PRCTL},
        "rlimits": {n: resource.getrlimit(getattr(resource, n)) for n in dir(resource) if n.startswith("RLIMIT_")},
        "descriptors": _descriptors(),
        "pipes": [fcntl.fcntl(fd, fcntl.F_GETPIPE_SZ) for fd in (0, 1, 2)],
        "mapped for all": sorted(_mapped()),
        "ids": [os.getresuid(), os.getresgid(), sorted(os.getgroups()), _umask()],
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
        "pending": sorted(signal.sigpending()),
        "timers": [signal.getitimer(which) for which in (0, 1, 2)],
        "scheduling": [os.sched_getscheduler(0), sorted(os.sched_getaffinity(0)), os.getpriority(os.PRIO_PROCESS, 0)],
    }


def _text(path: str) -> str:
    try:
        return Path(path).read_bytes().decode(errors="replace")
    except OSError as error:
        return str(error.strerror)


def _link(name: str) -> str:
    try:
        return str(Path(f"/proc/self/{name}").readlink())
    except OSError as error:  # it became another user, so these are root's (prctl(2), PR_SET_DUMPABLE)
        return str(error.strerror)


def _asked(name: str) -> int | list[int]:
    value = ctypes.c_int()
    if name in WRITES:
        ctypes.CDLL(None).prctl(PRCTL[name], ctypes.byref(value), 0, 0, 0)
        return value.value
    return int(ctypes.CDLL(None).prctl(PRCTL[name], 0, 0, 0, 0))


def _umask() -> int:
    before = os.umask(0o077)
    os.umask(before)
    return before


def _descriptors() -> list[list[Any]]:
    """Return what is open: its kind, its flags, whether it is inherited; not the directory that is being read."""
    found: list[list[Any]] = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            link, number = str(entry.readlink()), int(entry.name)
            flags = (Path("/proc/self/fdinfo") / entry.name).read_text().split("flags:")[1].split()[0]
            kind = "file" if stat.S_ISREG(os.fstat(number).st_mode) else link.partition(":")[0]
        except FileNotFoundError:
            continue
        found.append([min(number, 3), kind, flags, os.get_inheritable(number)])
    return sorted(found)


def _mapped() -> set[str]:
    """Return the names of the mappings that processes may have in common."""
    lines = [line.split(maxsplit=5) for line in Path("/proc/self/maps").read_text().splitlines()]
    return {words[5] for words in lines if words[1].endswith("s")}
