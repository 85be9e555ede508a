"""SCORED: listing texts in, probabilities with their reasons out; verdicts in, better models out.

The rooms, each of which may import those before it: `measures`; `gazetteer/` knows the substances of the law;
`reading/` finds them in a text; `features/` makes numbers of a reading, an embedding and the words; `model/`
weighs them in one logistic regression; `explain/` finds the reasons of a score; `scoring`; `training/`;
`evaluation/`. The package may import `store` and `text` and nothing else of ours. It alone knows scikit-learn
and the embedder.
"""
