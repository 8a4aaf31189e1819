"""What is derived from the secrets, and what the records are protected with."""
