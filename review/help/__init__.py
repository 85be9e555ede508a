"""Help in place: the labelling guide, the glossary, the first-day tour and the API's reference."""
