"""BY HAND: the command line, and the one place where the other packages are put together.

One thin file per command: parse, call one function, print. Commands are imported when they are used.
"""
