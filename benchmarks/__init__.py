"""The figures of the README, each measured beside its floor: the same answer, by hand and without the house."""
