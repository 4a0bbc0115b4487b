"""What rules had blocked, looked at again when the hub has learned how far P(malicious) can be believed.

What is due on a name is noted when its evidence moves (``shield.project``). A calibration moves no evidence and every
probability, so after each the open decisions that rules made are walked, a portion a call, and those that no longer
reach the threshold end: through the fuse, as whatever a machine ends.
"""
