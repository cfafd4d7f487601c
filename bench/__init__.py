"""Benchmarks: how many mails a second, and what each costs, beside others on the same machine in the same run."""
