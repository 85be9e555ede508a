"""Score listing texts as probabilities with reasons, and train better models from verdicts.

Each part may import only the parts before it:

- `measures`: figures of scores against labels.
- `gazetteer/`: the substances that the law controls, with their names.
- `reading/`: finds these substances in a text.
- `features/`: turns a reading, an embedding and the words of a text into numbers.
- `model/`: weighs these numbers in one logistic regression.
- `explain/`: finds the reasons for a score.
- `scoring`, `training/` and `evaluation`.

Of this project, the package may import only `store` and `text`. No other package uses scikit-learn or the
embedder.
"""
