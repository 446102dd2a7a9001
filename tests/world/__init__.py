"""A simulated world: servers, recipients and three users, months in a second, and everything goes wrong.

The program runs as it is, command by command; servers and mailboxes are seeded state machines behind its
ports. A seed repeats everything: `python -m tests.world --seed 7`.
"""
