"""What an auditor of the blocking looks at, in one place: who or what decided, what was looked at, what was undone.

All of it is counted by the database over the decisions of a period, and told as far as the auditor may see it. What is
addressed to auditors beside what every member reads: ``shield.model.OVERSIGHT``.
"""

from fusioncell.shield.auditing.model import Report

__all__ = ["Report"]
