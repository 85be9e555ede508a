"""Confine a process for good: Landlock where the kernel has it, and limits of resources everywhere.

Landlock is called directly, because the kernel's interface is three calls and libc wraps none of them
(https://docs.kernel.org/userspace-api/landlock.html, read in December 2026).
"""

from __future__ import annotations

import ctypes
import os
import sys

_CREATE_RULESET, _RESTRICT_SELF = 444, 446
"""Numbers of the system calls, the same on every architecture that has them."""
_ASK_VERSION = 1
_NO_NEW_PRIVILEGES = 38
"""PR_SET_NO_NEW_PRIVS: no program that this process may start gains rights."""

_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
"""Versions of Landlock with the number of their rights over files, such as read, execute and remove."""
_NETWORK_SINCE, _NETWORK_RIGHTS = 4, 0b11
"""Bind and connect with TCP."""
_SCOPES_SINCE, _SCOPES = 6, 0b11
"""Abstract Unix sockets of other processes, and signals to them."""


class _Ruleset(ctypes.Structure):
    """`struct landlock_ruleset_attr`: the rights that are denied unless a rule grants them."""

    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    )


def landlock_version() -> int:
    """Return the version of Landlock in this kernel, or 0 if it has none."""
    if sys.platform != "linux":
        return 0
    return max(0, int(_libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)))


def confine() -> None:
    """Keep this process from opening, starting, changing or signalling anything from now on.

    What is open stays open. Resource limits forbid new files, sockets, processes and bytes in files. They do
    not forbid to remove or rename files, to start another program in place of this one, or to signal other
    processes of the user; and root may lift them. Landlock forbids all this, to root too.

    Raises:
        OSError: If the kernel has Landlock and refuses it.
    """
    import resource

    _deny_all(landlock_version())
    limits = (
        resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NPROC,
    )  # fmt: skip
    for limit in limits:
        resource.setrlimit(limit, (0, 0))


def _deny_all(version: int) -> None:
    """Enter a Landlock domain without any rule, which denies each right that this version knows."""
    if not version:
        return
    libc = _libc()
    rights = max(count for since, count in _FILE_RIGHTS.items() if since <= version)
    ruleset = _Ruleset(
        files=(1 << rights) - 1,
        network=_NETWORK_RIGHTS if version >= _NETWORK_SINCE else 0,
        scopes=_SCOPES if version >= _SCOPES_SINCE else 0,
    )
    fields = 1 + (version >= _NETWORK_SINCE) + (version >= _SCOPES_SINCE)
    size = ctypes.c_size_t(fields * ctypes.sizeof(ctypes.c_uint64))
    descriptor = _succeed(libc.syscall(_CREATE_RULESET, ctypes.byref(ruleset), size, 0))
    try:
        _succeed(libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
        _succeed(libc.syscall(_RESTRICT_SELF, descriptor, 0))
    finally:
        os.close(descriptor)


def _succeed(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
