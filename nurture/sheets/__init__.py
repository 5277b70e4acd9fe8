"""CSV files of leads: bytes in, people out, and whatever cannot be taken with its line and the reason.

Knows nothing of databases, so that `leads import` and `simulate --leads` read a file the same way. A file is read as a
stream; none of it is kept.
"""
