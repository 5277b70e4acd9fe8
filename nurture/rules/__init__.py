"""Pure decisions: values in, values out. `now` is an argument; there is no session, no clock, no environment.

`life.apply` is the whole of it; the other files are its parts, a noun each.
"""
