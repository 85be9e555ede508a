"""Spellings of letters, words, numbers, units, prices and CAS numbers.

The lowest layer, beside `store`. Everything here is pure: text in, values out. It imports none of our
packages.
"""
