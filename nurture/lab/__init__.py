"""The rules in virtual time: `simulation.simulate` lives leads' whole lives by the functions that production calls.

`acts` are what people do, `behaviour` how they come to do it, `records` what is told of it.
"""
