"""JUDGED: the web app in which people look at flagged listings and give verdicts.

In comes the store: the queue, each listing with its score and reasons. Out goes a verdict, a new row.
The app computes nothing about the model; it shows what is stored, so that what a reviewer saw is what the
database says they saw. It imports `listings` only, and is the only package that knows FastAPI.

`review.web.app.create_app` builds the app, `review.web.serve.serve` runs it.
"""
