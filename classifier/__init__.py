"""SCORED: listing texts in, probabilities with their reasons out; verdicts in, better models out.

`gazetteer/` knows the law's substances, `reading/` finds them in a text, `evidence` makes numbers of what
was read, `embedding` of what the text sounds like; one logistic regression weighs both. It may import
`listings` and nothing else of ours. scikit-learn and the embedder are known to this package only.
"""
