"""Who may do what in the review app, and what keeps everyone else out.

`people` names the user of a request and checks their role; `forms` ties every write to a page drawn for its
session; `headers` guards each answer; `entering` logs people in and out. `settings.Safety` holds what an
operator may set. To add a route: ask for one of `people.TheViewer`, `TheReviewer`, `TheLead`, `TheAdmin`; a
route that asks for none fails a test.
"""
