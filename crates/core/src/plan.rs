//! The workflow compiled for one incident.
