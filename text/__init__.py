"""SPELT AND COUNTED: how letters, words, numbers, units, prices and CAS numbers are written.

The ground floor beside `store`. Everything here is pure: text in, values out. It imports none of our other packages.
"""
