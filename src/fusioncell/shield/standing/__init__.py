"""Standing approvals: what two people sign for some months, so that a thousand names a day are not read one by one.

A rule says whose evidence, how sure, from how many independent origins, in which categories, how many names a day, for
how long. Nothing that a guard stands against passes. Each decision cites its rule; a sample of each day is looked at by
a person; above its cap or its rate of mistakes the rule stops itself.
"""
