"""The benchmark: peers, workloads, load, figures, report. Not part of the wheel."""
