"""Sample values that several tests share."""
