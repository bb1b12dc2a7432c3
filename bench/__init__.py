"""Benchmarks: the importer beside its floor and its peers, in one run (`make bench`). Ships nothing."""
