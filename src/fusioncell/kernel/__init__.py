"""The vocabulary of the hub: pure values and ports, no I/O, no policy of any one room.

What is *not* here: drivers, clocks that tick by themselves, randomness that cannot be seeded, SQL.
"""
