"""The error tree: every error that a user can cause or meet.

::

    OlatError
    ├── UsageError         a flag or an argument that cannot be meant            exit 2
    ├── SessionError       the capture is not what its manifest says             exit 2
    ├── PipelineError      a definition cannot run as written                    exit 2
    ├── CalibrationError   none is valid for this device and day, or it misfits  exit 2
    ├── FileError          a file cannot be read as what it should be            exit 1
    ├── SolveError         the data cannot determine the answer                  exit 1
    ├── GpuError           no GPU can be used, or its memory does not suffice    exit 1
    ├── FarmError          tasks failed, or no worker could be had               exit 3
    ├── StorageError       the disk is full, read-only or failing                exit 4
    └── LockedError        another run works on this session                     exit 5

A message says where, what was found, what was needed, and what to do. Kernels raise
``ValueError`` only.
"""

from __future__ import annotations

from typing import ClassVar


class OlatError(Exception):
    """Base of everything that olat raises on purpose."""

    exit_code: ClassVar[int] = 1


class UsageError(OlatError):
    """A flag or an argument that cannot be meant."""

    exit_code = 2


class SessionError(OlatError):
    """The capture is not what its manifest says."""

    exit_code = 2


class PipelineError(OlatError):
    """A definition cannot run as written."""

    exit_code = 2


class CalibrationError(OlatError):
    """Nothing certified is valid for a device on a day, or it does not fit the session."""

    exit_code = 2


class FileError(OlatError):
    """A file cannot be read as what it should be."""


class SolveError(OlatError):
    """The data cannot determine the answer."""


class GpuError(OlatError):
    """No GPU can be used, or its memory does not suffice."""


class FarmError(OlatError):
    """Tasks failed on workers, or no worker could be had."""

    exit_code = 3


class StorageError(OlatError):
    """The disk is full, read-only or failing."""

    exit_code = 4


class LockedError(OlatError):
    """Another run works on this session."""

    exit_code = 5
