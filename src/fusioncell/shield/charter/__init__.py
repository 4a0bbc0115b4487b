"""The charter: the closed policy of what may be blocked, and how it is changed: by N of M named people, on the record.

The first policy ships with the hub. A change is proposed, approved by as many distinct people as the policy in force
asks for, and adopted; each step is an entry of the record's chain. An adoption that the approvals before it do not
carry is passed over by every replay, whoever wrote it.
"""

from fusioncell.shield.charter.first import FIRST
from fusioncell.shield.charter.read import digest_of, policy_text, read_policy

__all__ = ["FIRST", "digest_of", "policy_text", "read_policy"]
