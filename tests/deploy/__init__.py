"""Tests of deploy/: the shipped files, on real daemons."""
