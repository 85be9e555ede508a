"""ALARMS: what is looked for, how an ordinary day looks, and who is told.

`checks` finds what is wrong now, from the ledger and the store; `bands` learns from a source's own history
what is ordinary; `watch` turns findings into alarms that are raised once and resolved when well again;
`messages` tells people, through apprise, in a digest and not in their quiet hours.
"""
